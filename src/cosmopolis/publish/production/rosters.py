"""What the section on services says of hinterworlds, and of change from one roster to another."""

import polars as pl

from cosmopolis.publish.chapter.model import Block, Cell, Column, Table, row
from cosmopolis.publish.production.desk import Desk

_CITIES = 6
_EACH = 4
_MOVES = 8


def hinterworlds(desk: Desk, roster: str) -> tuple[Block, ...]:
    """Show with which cities each of the first is tied more, and less, than its size says."""
    w = desk.words
    rows = desk.last(desk.table("hinterworlds").filter(pl.col("roster") == roster))
    rows = rows.drop_nulls("standardised")
    if rows.is_empty():
        return ()
    body = []
    for city in _first(desk, roster, rows):
        mine = rows.filter(pl.col("city_id") == city)
        over = mine.filter(pl.col("standardised") > 0).sort("standardised", "other", descending=[True, False])
        under = mine.filter(pl.col("standardised") < 0).sort("standardised", "other")
        body.append(row(desk.city(city), *(_others(desk, side.head(_EACH)) for side in (over, under))))
    return (
        Block(
            title=w("production.hinterworlds"),
            sentences=(w("production.hinterworlds_lead"),),
            tables=(
                Table(
                    caption=w(
                        "production.hinterworlds_table", roster=desk.roster(roster), year=desk.year(rows)
                    ),
                    columns=(
                        Column(label=w("common.city")),
                        Column(label=w("production.over_linked")),
                        Column(label=w("production.under_linked")),
                    ),
                    rows=tuple(body),
                    note=w("production.hinterworlds_note"),
                    wide=True,
                ),
            ),
        ),
    )


def _first(desk: Desk, roster: str, rows: pl.DataFrame) -> list[int]:
    """Return the cities to show in the order of the roster's ranking."""
    there = set(rows["city_id"].to_list())
    ranked = (
        desk.table("interlocking_cities")
        .filter((pl.col("roster") == roster) & pl.col("city_id").is_in(sorted(there)))
        .sort("year", "gnc", "city_id", descending=[True, True, False], nulls_last=True)
    )
    order = ranked["city_id"].unique(maintain_order=True).to_list()
    return (order or sorted(there))[:_CITIES]


def _others(desk: Desk, rows: pl.DataFrame) -> Cell:
    w = desk.words
    items = tuple(
        w(
            "production.residual",
            name=desk.city(entry["other"]),
            residual=("+" if entry["standardised"] > 0 else "") + w.number(entry["standardised"], digits=2),
        )
        for entry in rows.iter_rows(named=True)
    )
    return Cell(text="" if items else w.no_data, items=items)


def changes(desk: Desk) -> tuple[Block, ...]:
    """Show who gained and who lost between two rosters; relative to the whole change, not in raw counts."""
    w, table = desk.words, desk.table("roster_changes").drop_nulls("standardised")
    blocks = []
    pairs = table.select("from_roster", "to_roster").unique().sort("from_roster", "to_roster")
    for before, after in pairs.iter_rows():
        mine = table.filter((pl.col("from_roster") == before) & (pl.col("to_roster") == after))
        gains = mine.filter(pl.col("standardised") > 0).sort(
            "standardised", "label", descending=[True, False]
        )
        losses = mine.filter(pl.col("standardised") < 0).sort("standardised", "label")
        tables = tuple(
            _moves(desk, side.head(_MOVES), w(key))
            for side, key in ((gains, "production.gains"), (losses, "production.losses"))
            if side.height
        )
        moved = int((mine["class_from"] != mine["class_to"]).fill_null(value=True).sum())
        first = gains["label"][0] if gains.height else ""
        blocks.append(
            Block(
                title=w("production.changes_title", before=desk.roster(before), after=desk.roster(after)),
                sentences=(
                    w(
                        "production.roster_changed",
                        n=mine.height,
                        moved=moved,
                        city=desk.city(gains["city_id"][0], first) if gains.height else w.no_data,
                    ),
                ),
                tables=tables,
                beside=True,
            )
        )
    return tuple(blocks)


def _moves(desk: Desk, rows: pl.DataFrame, caption: str) -> Table:
    w = desk.words

    def classed(name: str | None) -> str:
        return w.or_id("roster_class", name) if name else w("production.no_class")

    return Table(
        caption=caption,
        columns=(
            Column(label=w("common.city")),
            Column(label=w("production.relative"), number=True),
            Column(label=w("production.standardised"), number=True),
            Column(label=w("production.class")),
        ),
        rows=tuple(
            row(
                desk.city(entry["city_id"], entry["label"]),
                w(
                    "production.moved",
                    before=desk.percent(entry["relative_from"]),
                    after=desk.percent(entry["relative_to"]),
                ),
                ("+" if entry["standardised"] > 0 else "") + w.number(entry["standardised"], digits=2),
                w("production.moved", before=classed(entry["class_from"]), after=classed(entry["class_to"]))
                if entry["class_from"] != entry["class_to"]
                else classed(entry["class_to"]),
            )
            for entry in rows.iter_rows(named=True)
        ),
        note=w("production.standardised_note"),
    )
