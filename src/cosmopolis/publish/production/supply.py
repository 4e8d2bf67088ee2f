"""Section on supply: ties between industries of countries, who depends on whom, and downscaled numbers."""

import polars as pl

from cosmopolis.publish.chapter.model import Block, Cell, Column, Section, Table, row
from cosmopolis.publish.chapter.studio import Studio
from cosmopolis.publish.production import figures
from cosmopolis.publish.production.desk import FIRST, Desk

KINDS = ("trade", "bilateral trade")

_FIRSTS = 3
_COUNTRIES = 12


def section(desk: Desk, studio: Studio) -> Section:
    """Make the section."""
    w = desk.words
    ties = desk.last(desk.table("supply_ties").drop_nulls("value_musd"))
    depends = desk.table("supply_dependence").drop_nulls("upstream_share")
    depends = desk.last(depends.filter(pl.col("on") != pl.col("country")))
    lower = _downscaled(desk, studio)
    if ties.is_empty() and depends.is_empty() and not lower:
        return Section(
            anchor="production-supply",
            title=w("production.supply"),
            lead="",
            missing=desk.missing("production.no_supply", KINDS),
        )
    tables = tuple(
        table for table in (_dependence_table(desk, depends), _ties_table(desk, ties)) if table.rows
    )
    return Section(
        anchor="production-supply",
        title=w("production.supply"),
        lead=finding(desk, ties, depends) or w("production.downscaled_rule"),
        blocks=(*((Block(tables=tables),) if tables else ()), *lower),
        cautions=(w("production.supply_caution"),),
        sources=desk.sources(KINDS),
    )


def finding(desk: Desk, ties: pl.DataFrame, depends: pl.DataFrame) -> str:
    """Say on whom most countries depend first, and which tie between industries is the largest."""
    w = desk.words
    text = []
    if depends.height:
        firsts = (
            depends.sort("country", "upstream_share", "on", descending=[False, True, False])
            .group_by("country", maintain_order=True)
            .head(1)
        )
        counted = firsts.group_by("on").len("n").sort("n", "on", descending=[True, False])
        on, some = counted.row(0)
        text.append(
            w(
                "production.depend_on",
                year=desk.year(depends),
                country=desk.view.country(on),
                some=int(some),
                n=firsts.height,
            )
        )
    if ties.height:
        best = _ordered(ties).row(0, named=True)
        text.append(
            w(
                "production.largest_tie",
                year=desk.year(ties),
                origin=_industry(desk, best["origin"], best["origin_sector"]),
                destination=_industry(desk, best["destination"], best["destination_sector"]),
                value=w.compact(best["value_musd"] * 1e6),
            )
        )
    return w.sentences(text)


def _ordered(ties: pl.DataFrame) -> pl.DataFrame:
    """Return ties between two countries, the largest first."""
    keys = ("origin", "origin_sector", "destination", "destination_sector")
    abroad = ties.filter(pl.col("origin") != pl.col("destination"))
    return (abroad if abroad.height else ties).sort("value_musd", *keys, descending=[True, *[False] * 4])


def _industry(desk: Desk, country: str, sector: str) -> str:
    w = desk.words
    return w(
        "production.industry_of", country=desk.view.country(country), sector=w.or_id("icio_sector", sector)
    )


def _dependence_table(desk: Desk, rows: pl.DataFrame) -> Table:
    """List, for some countries, the three on which each depends most."""
    w = desk.words
    body = []
    asked = desk.countries(rows, most=_COUNTRIES)
    for country in asked:
        mine = rows.filter(pl.col("country") == country)
        mine = mine.sort("upstream_share", "on", descending=[True, False]).head(_FIRSTS)
        cells = [
            Cell(
                text=desk.view.country(entry["on"]),
                small=w(
                    "production.upstream",
                    upstream=desk.percent(entry["upstream_share"]),
                    direct=desk.percent(entry["direct_share"])
                    if entry["direct_share"] is not None
                    else w.no_data,
                ),
            )
            for entry in mine.iter_rows(named=True)
        ]
        body.append(row(desk.view.country(country), *cells, *[Cell(text="")] * (_FIRSTS - len(cells))))
    return Table(
        caption=w("production.dependence_table", year=desk.year(rows)),
        columns=(
            Column(label=w("common.country")),
            Column(label=w("chapter.first")),
            Column(label=w("chapter.second")),
            Column(label=w("chapter.third")),
        ),
        rows=tuple(body),
        note=w("production.dependence_note"),
        wide=True,
    )


def _ties_table(desk: Desk, rows: pl.DataFrame) -> Table:
    w = desk.words
    body = [
        row(
            _industry(desk, entry["origin"], entry["origin_sector"]),
            _industry(desk, entry["destination"], entry["destination_sector"]),
            w.whole(round(entry["value_musd"])),
            desk.percent(entry["share"]) if entry["share"] is not None else w.no_data,
        )
        for entry in _ordered(rows).head(desk.rows).iter_rows(named=True)
    ]
    return Table(
        caption=w("production.ties_table", year=desk.year(rows)),
        columns=(
            Column(label=w("production.seller")),
            Column(label=w("production.buyer")),
            Column(label=w("production.musd"), number=True),
            Column(label=w("production.input_share"), number=True),
        ),
        rows=tuple(body),
        note=w("production.ties_note"),
        wide=True,
    )


def _downscaled(desk: Desk, studio: Studio) -> tuple[Block, ...]:
    """Show what was brought down from countries to cities, marked so in every title."""
    w, table = desk.words, desk.table("downscaled").drop_nulls("value")
    drawn, rules = [], set()
    for measure, rule in table.select("measure", "rule").unique().sort("measure", "rule").iter_rows():
        mine = desk.last(table.filter((pl.col("measure") == measure) & (pl.col("rule") == rule)))
        mine = mine.sort("value", "city_id", descending=[True, False]).head(FIRST)
        bars = [
            (desk.city(city), float(value), w.amount(value))
            for city, value in mine.select("city_id", "value").iter_rows()
        ]
        label = w(
            "production.downscaled_figure",
            measure=w.or_id("downscaled_measure", measure),
            year=desk.year(mine),
            rule=w.or_id("downscale_rule", rule),
        )
        drawn.append(figures.first_bars(desk, studio, bars, label=label))
        rules.add(rule)
    if not drawn:
        return ()
    return (
        Block(
            title=w("production.downscaled"),
            sentences=(w("production.downscaled_rule"),),
            figures=tuple(drawn),
        ),
    )
