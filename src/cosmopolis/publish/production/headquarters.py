"""Sections on headquarters by sector and size of the firm, and on economic complexity in short."""

from collections.abc import Sequence
from typing import Any

import polars as pl

from cosmopolis.publish.chapter.model import Block, Cell, Column, Section, Table, row
from cosmopolis.publish.chapter.studio import Studio
from cosmopolis.publish.production import figures
from cosmopolis.publish.production.desk import Desk

KINDS = ("firms",)

_ALL = "all"
_LIST = "list:"
"""What begins the name of a group that is a source's list of one year."""

_SIZE = "size:"
_SIZES = ("mega", "large", "mid", "small", "micro", "nano")
"""Classes of size in their order; others come after, by name."""

_FIRSTS = 3
_MOST = 12
_COMPLEX = 8


def section(desk: Desk, studio: Studio) -> Section:
    """Make the section on headquarters."""
    w = desk.words
    table = desk.table("headquarters").filter(pl.col("firms") > 0)
    rows = desk.last(table.filter(~pl.col("group").str.starts_with(_LIST)))
    complexity = _complexity(desk)
    if rows.is_empty() and not complexity:
        return Section(
            anchor="production-headquarters",
            title=w("production.sectors"),
            lead="",
            missing=desk.missing("production.no_headquarters", KINDS),
        )
    blocks = [_block(desk, studio, rows)] if rows.height else []
    return Section(
        anchor="production-headquarters",
        title=w("production.sectors"),
        lead=w.sentences([finding(desk, rows), desk.leaning(KINDS)])
        if rows.height
        else w("production.complexity_lead"),
        biases=desk.biases(KINDS),
        blocks=(*blocks, *complexity),
        cautions=(w("production.headquarters_caution"),),
        sources=desk.sources(KINDS),
    )


def _groups(rows: pl.DataFrame) -> tuple[list[str], list[str]]:
    """Return the sectors, those with most firms first, and the classes of size in their order."""
    sums = rows.group_by("group").agg(pl.col("firms").sum()).sort("firms", "group", descending=[True, False])
    every = sums["group"].to_list()
    sizes = [group for group in every if group.startswith(_SIZE)]

    def place(group: str) -> tuple[int, str]:
        size = group.removeprefix(_SIZE)
        return (_SIZES.index(size) if size in _SIZES else len(_SIZES), size)

    sectors = [group for group in every if group != _ALL and not group.startswith(_SIZE)]
    return sectors, sorted(sizes, key=place)


def group_name(desk: Desk, group: str) -> str:
    """Name a group of firms: a sector, a basket or a class of size."""
    w = desk.words
    if group.startswith(_SIZE):
        return w.or_id("firm_size", group.removeprefix(_SIZE))
    if group == _ALL:
        return w("production.all_firms")
    return desk.basket(group) or desk.sector(group)


def _of(rows: pl.DataFrame, group: str) -> pl.DataFrame:
    return rows.filter(pl.col("group") == group).sort("firms", "city_id", descending=[True, False])


def finding(desk: Desk, rows: pl.DataFrame) -> str:
    """Say which city has most headquarters of all, and how many sectors it leads."""
    w = desk.words
    sectors, _ = _groups(rows)
    every = _of(rows, _ALL)
    text = []
    if every.height:
        first = every.row(0, named=True)
        text.append(
            w(
                "production.most_headquarters",
                year=desk.year(rows),
                n=int(every["firms"].sum()),
                city=desk.city(first["city_id"]),
                firms=first["firms"],
                share=desk.percent(first["share"]),
                rank=desk.rank(first["rank"], first["rank_low"], first["rank_high"]),
            )
        )
    leaders: dict[int, int] = {}
    sectors = [group for group in sectors if not desk.basket(group)]
    for group in sectors:
        city = _of(rows, group)["city_id"][0]
        leaders[city] = leaders.get(city, 0) + 1
    if leaders:
        city, led = min(leaders.items(), key=lambda item: (-item[1], item[0]))
        text.append(w("production.leads_sectors", city=desk.city(city), some=led, n=len(sectors)))
    return w.sentences(text)


def _block(desk: Desk, studio: Studio, rows: pl.DataFrame) -> Block:
    w = desk.words
    sectors, sizes = _groups(rows)
    every = _of(rows, _ALL)
    drawn = []
    if every.height:
        bars = [
            (
                desk.city(entry["city_id"]),
                float(entry["firms"]),
                w(
                    "production.bar_rank",
                    value=entry["firms"],
                    rank=desk.rank(entry["rank"], entry["rank_low"], entry["rank_high"]),
                ),
            )
            for entry in every.head(_MOST).iter_rows(named=True)
        ]
        label = w("production.headquarters_figure", year=desk.year(rows))
        drawn.append(
            figures.first_bars(desk, studio, bars, label=label, notes=(w("production.headquarters_bar"),))
        )
    tables = (
        _table(desk, rows, sectors, w("production.sector_table", year=desk.year(rows)), sheet=False),
        _table(desk, rows, sizes, w("production.size_table", year=desk.year(rows)), sheet=True),
    )
    return Block(figures=tuple(drawn), tables=tuple(table for table in tables if table.rows))


def _table(desk: Desk, rows: pl.DataFrame, groups: list[str], caption: str, *, sheet: bool) -> Table:
    """List the first cities of each group of firms; `sheet` sets the table beside the chart."""
    w = desk.words
    body = []
    for group in groups:
        mine = _of(rows, group)
        cells = [
            Cell(
                text=desk.city(entry["city_id"]),
                small=w(
                    "production.firms_share_rank",
                    n=entry["firms"],
                    share=desk.percent(entry["share"]),
                    rank=desk.rank(entry["rank"], entry["rank_low"], entry["rank_high"]),
                ),
            )
            for entry in mine.head(_FIRSTS).iter_rows(named=True)
        ]
        body.append(
            row(
                group_name(desk, group),
                w.whole(int(mine["firms"].sum())),
                *cells,
                *[Cell(text="")] * (_FIRSTS - len(cells)),
            )
        )
    return Table(
        caption=caption,
        columns=(
            Column(label=w("production.group")),
            Column(label=w("production.firms"), number=True),
            Column(label=w("chapter.first")),
            Column(label=w("chapter.second")),
            Column(label=w("chapter.third")),
        ),
        rows=tuple(body),
        note=w.sentences([w("production.firms_note"), desk.drawn("firms")]),
        wide=not sheet,
    )


def _complexity(desk: Desk) -> tuple[Block, ...]:
    """Return a block for each level and system of fields, short where the index ranks nobody."""
    w, table = desk.words, desk.table("complexity").drop_nulls("value")
    blocks = []
    systems = table.select("field_system", "level").unique().sort("field_system", "level")
    for system, level in systems.iter_rows():
        mine = desk.last(table.filter((pl.col("level") == level) & (pl.col("field_system") == system)))
        places, fields = (
            mine.filter((pl.col("kind") == kind) & pl.col("rank").is_not_null())
            .sort("rank", "key")
            .head(_COMPLEX)
            for kind in ("eci", "pci")
        )
        title = w("complexity_of." + level, system=w.or_id("field_system", system))
        year = desk.year(mine)
        if places.is_empty():
            blocks.append(Block(title=title, sentences=(w("production.no_axis", year=year),)))
            continue
        names = [_place(desk, level, key) for key in places["key"].head(_FIRSTS).to_list()]
        first = "common.city" if level == "city" else "common.country"
        tables = (
            _complexity_table(
                desk,
                [(_place(desk, level, entry["key"]), entry) for entry in places.iter_rows(named=True)],
                caption=w("production.eci_table", year=year),
                heads=(w(first), w("production.diversity")),
                note=w("production.complexity_note"),
            ),
            _complexity_table(
                desk,
                [(_field(desk, entry["key"]), entry) for entry in fields.iter_rows(named=True)],
                caption=w("production.pci_table", year=year),
                heads=(w("production.field"), w("production.ubiquity")),
            ),
        )
        blocks.append(
            Block(
                title=title,
                sentences=(w("production.most_complex", year=year, names=w.joined(names)),),
                tables=tuple(table for table in tables if table.rows),
                beside=True,
            )
        )
    return tuple(blocks)


def _complexity_table(
    desk: Desk,
    rows: Sequence[tuple[str, dict[str, Any]]],
    *,
    caption: str,
    heads: tuple[str, str],
    note: str = "",
) -> Table:
    w = desk.words
    return Table(
        caption=caption,
        columns=(
            Column(label=w("common.rank"), number=True),
            Column(label=heads[0]),
            Column(label=w("production.index"), number=True),
            Column(label=heads[1], number=True),
        ),
        rows=tuple(
            row(w.whole(entry["rank"]), name, w.number(entry["value"], digits=2), w.whole(entry["diversity"]))
            for name, entry in rows
        ),
        head=1,
        note=note,
    )


def _place(desk: Desk, level: str, key: str) -> str:
    """Name a city by its id or a country by its code, both as text."""
    if level != "city":
        return desk.view.country(key)
    return desk.city(int(key)) if key.isdecimal() else desk.named(key)


def _field(desk: Desk, key: str) -> str:
    return desk.sector(key)
