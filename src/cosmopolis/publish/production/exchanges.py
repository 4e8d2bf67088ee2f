"""Section on financial centres: cities whose exchanges list the firms of other cities and countries."""

import polars as pl

from cosmopolis.publish.chapter.model import Block, Column, Section, Table, row
from cosmopolis.publish.chapter.studio import Studio
from cosmopolis.publish.production import figures
from cosmopolis.publish.production.desk import Desk

KINDS = ("firms",)


def section(desk: Desk, studio: Studio) -> Section:
    """Make the section."""
    w = desk.words
    rows = desk.last(desk.table("financial_centres").drop_nulls("strength"))
    rows = rows.sort("strength", "listings", "city_id", descending=[True, True, False])
    if rows.is_empty():
        return Section(
            anchor="production-finance",
            title=w("production.finance"),
            lead="",
            missing=desk.missing("production.no_finance", KINDS),
        )
    first = rows.row(0, named=True)
    year = desk.year(rows)
    bars = [
        (
            desk.city(entry["city_id"]),
            float(entry["strength"]),
            w(
                "production.strength_rank",
                value=w.amount(entry["strength"]),
                rank=desk.rank(entry["rank"], entry["rank_low"], entry["rank_high"]),
            ),
        )
        for entry in rows.filter(pl.col("strength") > 0).iter_rows(named=True)
    ]
    table = Table(
        caption=w("production.finance_table", year=year),
        columns=(
            Column(label=w("production.rank_interval"), number=True),
            Column(label=w("common.city")),
            Column(label=w("production.exchanges"), number=True),
            Column(label=w("production.listings"), number=True),
            Column(label=w("production.foreign"), number=True),
            Column(label=w("production.home_cities"), number=True),
        ),
        rows=tuple(
            row(
                desk.rank(entry["rank"], entry["rank_low"], entry["rank_high"]),
                desk.city_cell(entry["city_id"]),
                w.whole(entry["exchanges"]),
                w.whole(entry["listings"]),
                w.whole(entry["foreign"]),
                w.whole(entry["home_cities"]),
            )
            for entry in rows.head(desk.rows).iter_rows(named=True)
        ),
        head=1,
        note=desk.drawn("firms"),
    )
    return Section(
        anchor="production-finance",
        title=w("production.finance"),
        lead=w(
            "production.first_finance",
            year=year,
            city=desk.city(first["city_id"]),
            rank=desk.rank(first["rank"], first["rank_low"], first["rank_high"]),
            n=rows.height,
            listings=first["listings"],
            foreign=first["foreign"],
            cities=first["home_cities"],
        ),
        blocks=(
            Block(
                figures=(
                    figures.first_bars(
                        desk,
                        studio,
                        bars,
                        label=w("production.finance_figure", year=year),
                        notes=(w("production.finance_key"),),
                    ),
                )
                if bars
                else (),
                tables=(table,),
            ),
        ),
        cautions=(w("production.finance_caution"),),
        sources=desk.sources(KINDS),
    )
