"""Section on structure: communities on a map and in a table, and the roles that cities play."""

import math
from collections.abc import Sequence

import polars as pl

from cosmopolis.publish import network_pages
from cosmopolis.publish.chapter import maps
from cosmopolis.publish.chapter.backbone import beyond_chance, strongest
from cosmopolis.publish.chapter.desk import finite
from cosmopolis.publish.chapter.model import Block, Column, Figure, Key, Section, Table, row
from cosmopolis.publish.chapter.studio import Studio
from cosmopolis.publish.innovation.topics import Desk, Topic
from cosmopolis.publish.maps import Node, short

ROLES = ("R7", "R6", "R5", "R4", "R3", "R2", "R1")
"""Hubs first."""

_NAMED = 8
"""Cities named for a community or a role."""

_TIES = 200
_LEAST_MEMBERS = 2
_WIDTH = 1080


def section(desk: Desk, studio: Studio) -> Section:
    """Make the section."""
    w = desk.words
    table = desk.in_last(desk.table("communities"))
    blocks = []
    for topic in desk.topics:
        mine = _labelled(topic.of(table))
        if mine.is_empty():
            blocks.append(Block(title=topic.name, missing=desk.no_ties(topic, "innovation.no_communities")))
            continue
        blocks.append(_block(desk, studio, topic, mine))
    return Section(
        anchor="innovation-communities",
        title=w("innovation.communities"),
        lead=w("innovation.communities_lead"),
        blocks=tuple(blocks),
        cautions=(w("innovation.communities_caution"), w("innovation.roles_caution")),
    )


def _labelled(rows: pl.DataFrame) -> pl.DataFrame:
    """Return the cities that have a community, under the label that lasts over windows where there is one."""
    if "lineage" in rows.columns:
        rows = rows.with_columns(community=pl.coalesce("lineage", "community"))
    return rows.filter(pl.col("community").is_not_null())


def _strengths(desk: Desk, topic: Topic, window: tuple[int, int]) -> dict[int, float]:
    """Return the sum of each city's ties in a window."""
    links = topic.of(desk.table("link_measures")).filter(
        (pl.col("from_year") == window[0]) & (pl.col("to_year") == window[1]) & (pl.col("weight") > 0)
    )
    ends = pl.concat(
        [links.select(pl.col(end).alias("city_id"), "weight") for end in ("origin", "destination")]
    )
    return dict(
        ends.sort("city_id", "weight")
        .group_by("city_id", maintain_order=True)
        .agg(pl.col("weight").sum())
        .iter_rows()
    )


def _block(desk: Desk, studio: Studio, topic: Topic, rows: pl.DataFrame) -> Block:
    window: tuple[int, int] = rows.select("from_year", "to_year").row(0)
    years = desk.years(window)
    strengths = _strengths(desk, topic, window)
    strength = pl.Series(
        "strength", [strengths.get(city, 0.0) for city in rows["city_id"].to_list()], pl.Float64
    )
    rows = rows.with_columns(strength).sort("strength", "city_id", descending=[True, False])
    groups = _groups(rows)
    figure = _map(desk, studio, topic, rows, groups=groups, window=window)
    return Block(
        title=topic.name,
        sentences=sentences(desk, rows, len(groups)),
        figures=(figure,),
        tables=tuple(
            table
            for table in (
                _communities_table(desk, topic, rows, groups, years=years),
                _roles_table(desk, topic, rows, years),
            )
            if table.rows
        ),
    )


def _groups(rows: pl.DataFrame) -> list[int]:
    """Return the communities of two or more cities, those with most ties first."""
    sizes = (
        rows.group_by("community")
        .agg(pl.len().alias("cities"), pl.col("strength").sum().round(6))
        .filter(pl.col("cities") >= _LEAST_MEMBERS)
        .sort("strength", "community", descending=[True, False])
    )
    return sizes["community"].to_list()


def _name(desk: Desk, rows: pl.DataFrame, community: int) -> str:
    """Name a community by its city with most ties and its label."""
    first = rows.filter(pl.col("community") == community)["city_id"][0]
    return desk.words("innovation.community", city=desk.view.city(first), label=str(community))


def _map(
    desk: Desk,
    studio: Studio,
    topic: Topic,
    rows: pl.DataFrame,
    *,
    groups: list[int],
    window: tuple[int, int],
) -> Figure:
    w, view, shown = desk.words, desk.view, desk.view.result.shown
    years = desk.years(window)
    at = network_pages.places(view, "city")
    group_of = dict(zip(groups, range(len(maps.COLOURS)), strict=False))
    members = [
        maps.Member(
            node=Node(
                name=short(view.city(city)), longitude=at[city][0], latitude=at[city][1], value=strength
            ),
            group=group_of.get(community),
        )
        for city, community, strength in rows.select("city_id", "community", "strength")
        .head(shown.links)
        .iter_rows()
        if city in at
    ]
    links = topic.of(desk.table("link_measures")).filter(
        (pl.col("from_year") == window[0]) & (pl.col("to_year") == window[1]) & (pl.col("weight") > 0)
    )
    kept, _ = beyond_chance(links, significance=desk.significance)
    ties = network_pages.ties_of(strongest(kept, min(_TIES, shown.links)), at)
    label = w("innovation.communities_figure", topic=topic.name, years=years)
    entries = [
        (maps.community_symbol(group), _name(desk, rows, community)) for community, group in group_of.items()
    ]
    if any(member.group is None for member in members):
        entries.append((maps.community_symbol(None), w("innovation.other_communities")))
    panel = studio.panel(
        maps.community_map(members, ties, studio.land, frame=studio.frame(_WIDTH), labels=shown.labels),
        title=label,
        description=network_pages.described(w, [member.node for member in members], len(ties)),
    )
    return studio.figure(
        panel,
        label=label,
        shape="map",
        keys=(Key(entries=tuple(entries)),),
        notes=(w("innovation.communities_key", n=len(ties)), w("map.projection")),
    )


def sentences(desk: Desk, rows: pl.DataFrame, communities: int) -> tuple[str, ...]:
    """Say how many communities there are, how sure they are, and which hubs tie them together."""
    w = desk.words
    stability = [value for value in rows["stability"].to_list() if finite(value) is not None]
    text = [
        w(
            "innovation.communities_found",
            years=desk.years(rows.select("from_year", "to_year").row(0)),
            cities=rows.height,
            n=communities,
        )
    ]
    if stability:
        low, high = min(stability), max(stability)
        if high - low < 5e-4:  # noqa: PLR2004 - one number for the whole network
            text.append(w("innovation.stability", stability=w.number(low, digits=2)))
        else:
            text.append(
                w(
                    "innovation.stability_cities",
                    stability=w.number(_mean(stability), digits=2),
                    low=w.number(low, digits=2),
                )
            )
    hubs = rows.filter(pl.col("role").is_in(["R6", "R7"]))
    names = [desk.view.city(city) for city in hubs["city_id"].head(_NAMED).to_list()]
    if names:
        text.append(w("innovation.connectors", names=w.joined(names), n=len(names)))
    return tuple(text)


def _mean(values: Sequence[float]) -> float:
    """Return the mean: the stability of a community is that of its cities.

    Examples
    --------
    >>> _mean([1.0, 1.0, 0.25])
    0.75
    """
    return math.fsum(values) / len(values)


def _communities_table(
    desk: Desk, topic: Topic, rows: pl.DataFrame, groups: list[int], *, years: str
) -> Table:
    w = desk.words
    body = []
    for label in groups[: desk.view.result.shown.rows]:
        mine = rows.filter(pl.col("community") == label)
        names = [desk.view.city(city) for city in mine["city_id"].head(_NAMED).to_list()]
        stability = [value for value in mine["stability"].to_list() if finite(value) is not None]
        body.append(
            row(
                _name(desk, rows, label),
                w.whole(mine.height),
                w.number(_mean(stability), digits=2) if stability else w.no_data,
                w.joined(names),
            )
        )
    return Table(
        caption=w("innovation.communities_table", topic=topic.name, years=years),
        columns=(
            Column(label=w("innovation.community_head")),
            Column(label=w("innovation.members"), number=True),
            Column(label=w("innovation.stability_head"), number=True),
            Column(label=w("innovation.first_members")),
        ),
        rows=tuple(body),
        note=w.sentences([w("innovation.stability_note"), w("innovation.stability_key")]),
    )


def _roles_table(desk: Desk, topic: Topic, rows: pl.DataFrame, years: str) -> Table:
    w = desk.words
    body = []
    for role in ROLES:
        mine = rows.filter(pl.col("role") == role)
        if mine.height:
            names = [desk.view.city(city) for city in mine["city_id"].head(_NAMED).to_list()]
            body.append(row(w(f"city_role.{role}"), w.whole(mine.height), w.joined(names)))
    return Table(
        caption=w("innovation.roles_table", topic=topic.name, years=years),
        columns=(
            Column(label=w("innovation.role")),
            Column(label=w("innovation.members"), number=True),
            Column(label=w("innovation.first_members")),
        ),
        rows=tuple(body),
        note=w("innovation.roles_note"),
    )
