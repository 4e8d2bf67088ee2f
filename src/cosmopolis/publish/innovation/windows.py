"""Section of maps by window: each field's network on one scale, window after window."""

import math
from collections.abc import Sequence

import polars as pl

from cosmopolis.publish import network_pages
from cosmopolis.publish.chapter import maps
from cosmopolis.publish.chapter.backbone import P_VALUES, beyond_chance, strongest
from cosmopolis.publish.chapter.model import Block, Column, Key, Panel, Section, Table, row
from cosmopolis.publish.chapter.studio import Studio
from cosmopolis.publish.innovation.fields import LEAST_RECORDS
from cosmopolis.publish.innovation.topics import Desk, Topic
from cosmopolis.publish.maps import Node, Tie, short

PANEL_TIES = 120
"""Ties on a small map at most: more become a grey cloth at a third of a page's width."""

_PANEL_NODES = 80
_PANEL_LABELS = 7
Window = tuple[int, int]


def section(desk: Desk, studio: Studio) -> Section:
    """Make the section."""
    w = desk.words
    return Section(
        anchor="innovation-maps",
        title=w("innovation.maps"),
        lead=w("innovation.maps_lead"),
        blocks=tuple(_block(desk, studio, topic) for topic in desk.topics),
        cautions=(w("map.projection"), w.said(desk.view.result.borders_note) or w("map.borders")),
    )


def _block(desk: Desk, studio: Studio, topic: Topic) -> Block:
    w = desk.words
    links = topic.of(desk.table("link_measures")).filter(pl.col("weight") > 0)
    if links.is_empty():
        return Block(title=topic.name, missing=desk.no_ties(topic, "innovation.no_links"))
    totals = {window: desk.totals(topic, window) for window in desk.windows}
    shown = tuple(window for window in desk.windows if totals[window].height)
    of_window: dict[Window, pl.DataFrame] = {
        window: links.filter((pl.col("from_year") == window[0]) & (pl.col("to_year") == window[1]))
        for window in shown
    }
    kept = {
        window: beyond_chance(table, significance=desk.significance) for window, table in of_window.items()
    }
    tested_none = all(column and table.is_empty() for table, column in kept.values())
    records = math.fsum(value for table in totals.values() for value in table["fractional"].to_list())
    if tested_none and records < LEAST_RECORDS:
        missing = w("innovation.maps_few", n=round(records), least=LEAST_RECORDS)
        return Block(title=topic.name, missing=missing)
    most = min(PANEL_TIES, desk.view.result.shown.links)
    drawn = {window: strongest(table, most) for window, (table, _) in kept.items()}
    scale = maps.Scale(
        node=_greatest([table["fractional"] for table in totals.values()]),
        tie=_greatest([table["weight"] for table in drawn.values()]),
    )
    panels, body = [], []
    at = network_pages.places(desk.view, "city")
    for window in shown:
        years, table = desk.years(window), of_window[window]
        nodes = tuple(
            Node(
                name=short(desk.view.city(city_id)),
                longitude=at[city_id][0],
                latitude=at[city_id][1],
                value=value,
            )
            for city_id, value in totals[window]
            .select("city_id", "fractional")
            .head(_PANEL_NODES)
            .iter_rows()
            if city_id in at and value > 0
        )
        ties = network_pages.ties_of(drawn[window], at)
        if nodes or ties:
            panels.append(
                _panel(
                    desk,
                    studio,
                    topic,
                    years=years,
                    nodes=nodes,
                    ties=ties,
                    scale=scale,
                    every=kept[window][0].height,
                )
            )
        cities = pl.concat([table["origin"], table["destination"]]).n_unique()
        body.append(
            row(
                years,
                w.whole(totals[window].filter(pl.col("fractional") > 0).height),
                w.whole(cities),
                w.whole(table.height),
                w.whole(kept[window][0].height) if kept[window][1] else w.no_data,
                w.amount(round(float(table.sort("origin", "destination")["weight"].sum()), 1)),
            )
        )
    columns = {column for _, column in kept.values() if column}
    tested = {window for window, (_, column) in kept.items() if column}
    notes = [
        w("innovation.maps_key", unit=desk.unit(topic.network)),
        w(
            "innovation.backbone",
            test=w.joined([w(f"backbone_test.{c}") for c in P_VALUES if c in columns]),
            level=f"{desk.significance:g}",
        )
        if columns
        else w("innovation.no_backbone"),
        w(
            "innovation.backbone_some",
            windows=w.joined([desk.years(x) for x in shown if x not in tested and of_window[x].height]),
        )
        if columns and any(x not in tested and of_window[x].height for x in shown)
        else "",
        w("innovation.maps_most", n=most),
    ]
    label = w("innovation.maps_figure", topic=topic.name)
    figures = []
    if panels:
        keys = _keys(desk, topic, scale)
        figures.append(studio.figure(*panels, label=label, shape="maps", keys=keys, notes=tuple(notes)))
    return Block(
        title=topic.name,
        sentences=_sentences(desk, of_window),
        figures=tuple(figures),
        tables=(
            Table(
                caption=w("innovation.maps_table", topic=topic.name),
                columns=(
                    Column(label=w("chapter.window")),
                    Column(label=w("innovation.cities_with_records"), number=True),
                    Column(label=w("network.cities"), number=True),
                    Column(label=w("network.links"), number=True),
                    Column(label=w("innovation.beyond_chance"), number=True),
                    Column(label=w("network.total"), number=True),
                ),
                rows=tuple(body),
            ),
        ),
    )


def _greatest(columns: Sequence[pl.Series]) -> float:
    return max((float(column.max()) for column in columns if len(column)), default=1.0)  # type: ignore[arg-type]


def _panel(
    desk: Desk,
    studio: Studio,
    topic: Topic,
    *,
    years: str,
    nodes: Sequence[Node],
    ties: Sequence[Tie],
    scale: maps.Scale,
    every: int,
) -> Panel:
    w = desk.words
    title = w("chapter.panel_title", topic=topic.name, years=years)
    alt = network_pages.described(w, nodes, len(ties))
    spec = maps.panel(
        nodes,
        ties,
        studio.small_land,
        frame=studio.frame(maps.PANEL_WIDTH),
        scale=scale,
        labels=_PANEL_LABELS,
    )
    note = w("innovation.panel_note", drawn=len(ties), n=every)
    return studio.panel(spec, title=title, description=alt, above=years, below=note)


def _keys(desk: Desk, topic: Topic, scale: maps.Scale) -> tuple[Key, ...]:
    w, unit = desk.words, desk.unit(topic.network)
    return (
        Key(
            title=w("innovation.node_key", unit=unit),
            entries=tuple((maps.node_symbol(v, scale), w.amount(v)) for v in maps.round_steps(scale.node)),
        ),
        Key(
            title=w("innovation.tie_key", unit=unit),
            entries=tuple((maps.tie_symbol(v, scale), w.amount(v)) for v in maps.round_steps(scale.tie)),
        ),
    )


def _sentences(desk: Desk, of_window: dict[Window, pl.DataFrame]) -> tuple[str, ...]:
    w = desk.words
    with_links = [window for window, table in of_window.items() if table.height]
    first, last = with_links[0], with_links[-1]

    def counted(window: Window) -> tuple[int, int]:
        table = of_window[window]
        return pl.concat([table["origin"], table["destination"]]).n_unique(), table.height

    cities, ties = counted(last)
    if first == last:
        return (w("innovation.network_once", years=desk.years(last), cities=cities, n=ties),)
    cities_before, ties_before = counted(first)
    return (
        w(
            "innovation.network_grown",
            before=desk.years(first),
            after=desk.years(last),
            cities_before=cities_before,
            ties_before=ties_before,
            cities=cities,
            n=ties,
        ),
    )
