"""Section on Industry 4.0: cities that invent it beside cities that put it to work."""

import polars as pl

from cosmopolis.measures import industry
from cosmopolis.publish import network_pages
from cosmopolis.publish.chapter import maps
from cosmopolis.publish.chapter.model import Block, Column, Figure, Key, Section, Table, row
from cosmopolis.publish.chapter.studio import Studio
from cosmopolis.publish.maps import Node, short
from cosmopolis.publish.production import figures
from cosmopolis.publish.production.desk import Desk, heading

KINDS = ("firms", "lighthouses", "patents", "class counts")
"""Kinds of source that a section without data asks for."""

_KINDS_OF = {
    "headquarters": ("firms",),
    "plants": ("firms", "offices", "legal entities"),
    "lighthouses": ("lighthouses",),
}
_PATENT_KINDS = {"copatenting": "patents", "patent_classes": "class counts"}

ROLES = ("inventor", "implementer")

_MEASURES = ("headquarters", "patents", "lighthouses", "plants")
_LABELS = 8
_FIRSTS = 10


def section(desk: Desk, studio: Studio) -> Section:
    """Make the section."""
    w = desk.words
    rows = desk.table("industry40").filter(pl.col("count") > 0)
    if rows.is_empty():
        return Section(
            anchor="production-industry40",
            title=w("production.industry40"),
            lead="",
            missing=desk.missing("production.no_industry40", KINDS),
        )
    pairs = _pairs(rows)
    return Section(
        anchor="production-industry40",
        title=w("production.industry40"),
        lead=finding(desk, rows),
        blocks=(_block(desk, studio, rows, pairs),),
        cautions=(w("production.industry40_caution"),),
        sources=desk.sources(_kinds(desk, rows)),
        biases=desk.biases([kind for kind in _kinds(desk, rows) if kind in _KINDS_OF["headquarters"]]),
    )


def _kinds(desk: Desk, rows: pl.DataFrame) -> tuple[str, ...]:
    """Return the kinds of source that the shown measures come from."""
    measures = set(rows["measure"].to_list())
    found = [kind for measure in _MEASURES if measure in measures for kind in _KINDS_OF.get(measure, ())]
    if "patents" in measures:
        totals = desk.view.result.tables.get("field_totals")
        fields = desk.settings.get("industry40_fields") or ()
        network = None if totals is None else industry.patent_network(totals, fields)
        found += [_PATENT_KINDS[network]] if network is not None else list(_PATENT_KINDS.values())
    return tuple(dict.fromkeys(found))


def _pairs(rows: pl.DataFrame) -> list[tuple[str, str]]:
    """Return roles with their measures, inventors first."""
    found = set(rows.select("role", "measure").iter_rows())

    def place(pair: tuple[str, str]) -> tuple[int, int, str]:
        role, measure = pair
        return (
            ROLES.index(role) if role in ROLES else len(ROLES),
            _MEASURES.index(measure) if measure in _MEASURES else len(_MEASURES),
            measure,
        )

    return sorted(found, key=place)


def _of(desk: Desk, rows: pl.DataFrame, role: str, measure: str) -> pl.DataFrame:
    """Return the rows of a role and measure in their last year, by rank."""
    mine = desk.last(rows.filter((pl.col("role") == role) & (pl.col("measure") == measure)))
    return mine.sort("count", "city_id", descending=[True, False])


def finding(desk: Desk, rows: pl.DataFrame) -> str:
    """Say who is first on each side, and how many of the first are on both."""
    w, pairs = desk.words, _pairs(rows)
    text = []
    for role, measure in pairs:
        first = _of(desk, rows, role, measure).row(0, named=True)
        text.append(
            w(
                f"industry40_first.{role}" if w.has(f"industry40_first.{role}") else "industry40_first.other",
                measure=w.or_id("industry40_measure", measure),
                year=desk.year(_of(desk, rows, role, measure)),
                city=desk.city(first["city_id"]),
                n=first["count"],
                share=desk.percent(first["share"]),
            )
        )
    sides = [
        {
            city
            for role, measure in pairs
            if role == side
            for city in _of(desk, rows, role, measure)["city_id"].head(_FIRSTS).to_list()
        }
        for side in ROLES
    ]
    if all(sides):
        both = len(sides[0] & sides[1])
        key = "production.both_sides" if both else "production.no_both_sides"
        text.append(w(key, **({"n": both} if both else {}), first=_FIRSTS))
    else:
        text += [
            w(f"industry40_without.{side}") for side, cities in zip(ROLES, sides, strict=True) if not cities
        ]
    return w.sentences(text)


def _block(desk: Desk, studio: Studio, rows: pl.DataFrame, pairs: list[tuple[str, str]]) -> Block:
    drawn = _maps(desk, studio, rows, pairs) if len(pairs) > 1 else _map(desk, studio, rows, pairs[0])
    return Block(
        figures=(drawn,),
        tables=tuple(_table(desk, _of(desk, rows, *pair), pair) for pair in pairs),
        beside=True,
    )


def _name(desk: Desk, pair: tuple[str, str]) -> str:
    w = desk.words
    return w(
        "common.colon",
        label=w.or_id("industry40_role", pair[0]),
        text=w.or_id("industry40_measure", pair[1]),
    )


def _map(desk: Desk, studio: Studio, rows: pl.DataFrame, pair: tuple[str, str]) -> Figure:
    """Draw the only role and measure there is on a map as wide as the page."""
    w, mine = desk.words, _of(desk, rows, *pair)
    return figures.city_map(
        desk,
        studio,
        list(mine.select("city_id", "count").iter_rows()),
        label=w("production.industry40_map", title=_name(desk, pair), year=desk.year(mine)),
        node_title=w.or_id("industry40_measure", pair[1]),
    )


def _maps(desk: Desk, studio: Studio, rows: pl.DataFrame, pairs: list[tuple[str, str]]) -> Figure:
    """Draw each role and measure on a map of its own, on its own scale."""
    w = desk.words
    at = network_pages.places(desk.view, "city")
    panels, keys = [], []
    for pair in pairs:
        mine = _of(desk, rows, *pair)
        nodes = [
            Node(name=short(desk.city(c)), longitude=at[c][0], latitude=at[c][1], value=float(n))
            for c, n in mine.select("city_id", "count").iter_rows()
            if c in at
        ][: desk.view.result.shown.links]
        scale = maps.Scale(node=max((node.value for node in nodes), default=1.0), tie=1.0)
        title = _name(desk, pair)
        spec = maps.panel(
            nodes, (), studio.small_land, frame=studio.frame(maps.PANEL_WIDTH), scale=scale, labels=_LABELS
        )
        description = network_pages.described(w, nodes, 0)
        panels.append(studio.panel(spec, title=title, description=description, above=title))
        steps = sorted({max(1, round(v)) for v in maps.round_steps(scale.node)})
        keys.append(Key(title=title, entries=tuple((maps.node_symbol(v, scale), w.amount(v)) for v in steps)))
    return studio.figure(
        *panels,
        label=w("production.industry40_figure"),
        shape="maps",
        keys=tuple(keys),
        notes=(w("chapter.projection"), w.said(desk.view.result.borders_note) or w("map.borders")),
    )


def _table(desk: Desk, rows: pl.DataFrame, pair: tuple[str, str]) -> Table:
    w = desk.words
    return Table(
        caption=w("production.captioned", title=_name(desk, pair), year=desk.year(rows)),
        columns=(
            Column(label=w("production.rank_interval"), number=True),
            Column(label=w("common.city")),
            Column(label=heading(w.or_id("industry40_measure", pair[1])), number=True),
            Column(label=w("chapter.share"), number=True),
        ),
        rows=tuple(
            row(
                desk.rank(entry["rank"], entry["rank_low"], entry["rank_high"]),
                desk.city_cell(entry["city_id"]),
                w.whole(entry["count"]),
                desk.percent(entry["share"]),
            )
            for entry in rows.head(_FIRSTS).iter_rows(named=True)
        ),
        head=1,
        note=desk.drawn("records"),
    )
