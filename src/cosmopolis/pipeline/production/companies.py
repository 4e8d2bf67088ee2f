"""Companies of every list of an edition, row by row, with the city of their headquarters.

Rows without a city and firms that are traded no more are quarantined here with the reason. Which rows are one
firm is told afterwards (`cosmopolis.pipeline.production.firms`).
"""

import polars as pl

from cosmopolis.firms.sectors import told_by_most
from cosmopolis.pipeline.cities import Atlas
from cosmopolis.pipeline.desk import Desk
from cosmopolis.pipeline.placing import REASONS, not_placed
from cosmopolis.pipeline.production import listings

KIND = "firms"
"""Kind of the sources, by the catalogue."""

PART = "companies"
"""Part of each of them."""

_COLUMNS: dict[str, pl.DataType | type[pl.DataType]] = {
    "source": pl.String,
    "row": pl.Int64,
    "company": pl.String,
    "year": pl.Int64,
    "name": pl.String,
    "city_id": pl.Int64,
    "country": pl.String,
    "sector": pl.String,
    "industry": pl.String,
    "size": pl.String,
    "market_value_musd": pl.Float64,
    "exchanges": pl.List(pl.String),
    "investors": pl.List(pl.String),
    "isin": pl.String,
    "website": pl.String,
}

PLACED = pl.Schema(_COLUMNS)
"""Columns of companies with a city; `country` is that of the city."""

SOURCES = pl.Schema(
    {
        "source": pl.String,
        "rows": pl.Int64,
        "placed": pl.Int64,
        "delisted": pl.Int64,
        "firms": pl.Int64,
        "shared": pl.Int64,
        "unknown_exchanges": pl.Int64,
    }
)
"""Columns of the table of lists: admitted rows, those with a city, those of firms that are traded no more,
firms, those of them that another list has too, and listings of firms that are counted, on codes of exchanges
that `networks/exchanges.toml` does not know."""


def sources_of(desk: Desk) -> list[str]:
    """Return the edition's lists of companies that are there, in its order."""
    return desk.of_kind(KIND, PART)


def placed(desk: Desk, source: str) -> tuple[pl.DataFrame, dict[str, int]]:
    """Give the companies of a list their cities, and account for every row of it.

    Returns
    -------
    companies
        By `PLACED`, in the order of `row`.
    counted
        Numbers of rows by `SOURCES`: `rows`, `placed`, `delisted`.
    """
    if source == listings.SOURCE:
        return _of_listings(desk)
    rows = desk.shelf.part(source, PART).sort("row")
    answers = resolve(desk.atlas, rows)
    gone = (rows["status"] == "delisted").fill_null(value=False)
    known = rows.hstack(answers.select("city_id", country="place_country"))
    used = known.filter(pl.col("city_id").is_not_null() & ~gone)
    lines = pl.concat(
        [
            rows.filter(gone)
            .select(
                "row",
                column=pl.lit("status"),
                value="status",
                reason=pl.lit("no share of the company is traded any more"),
            )
            .match_to_schema(REASONS),
            not_placed(rows, answers, "headquarters"),
        ]
    )
    desk.shelf.account(source, PART, used["row"], lines, otherwise="it stands behind no table")
    counted = {
        "rows": rows.height,
        "placed": known["city_id"].count(),
        "delisted": int(gone.sum()),
    }
    return used.with_columns(source=pl.lit(source)).select(list(PLACED)).match_to_schema(PLACED), counted


def resolve(atlas: Atlas, rows: pl.DataFrame) -> pl.DataFrame:
    """Resolve `headquarters` in the country of `country_text`; anywhere where nothing is found there."""
    country = pl.Series("country_hint", atlas.countries.find_all(rows["country_text"]), dtype=pl.String)
    inside = atlas.resolver.resolve(rows.hstack([country]), text="headquarters", country="country_hint")
    open_rows = inside["place_id"].is_null() & country.is_not_null()
    if not open_rows.any():
        return inside
    anywhere = atlas.resolver.resolve(rows.filter(open_rows), text="headquarters")
    better = anywhere["city_id"].is_not_null()
    order = rows["row"].filter(open_rows).filter(better)
    found = anywhere.filter(better).with_columns(order.alias("row"))
    kept = inside.with_columns(rows["row"]).filter(~pl.col("row").is_in(order.implode()))
    joined = pl.concat([kept, found.select(kept.columns)])
    return rows.select("row").join(joined, on="row", how="left", maintain_order="left").drop("row")


def _of_listings(desk: Desk) -> tuple[pl.DataFrame, dict[str, int]]:
    """Give the firms of stock indices; their rows are accounted for where their network is made."""
    rows, answers = listings.place_listings(desk.shelf, desk.atlas)
    known = rows.hstack(answers.select("city_id", country="place_country"))
    used = known.filter(pl.col("city_id").is_not_null())
    missing = [
        pl.lit(None, dtype=dtype).alias(name)
        for name, dtype in PLACED.items()
        if name not in {*used.columns, "source", "company", "name", "sector", "industry"}
    ]
    frame = used.with_columns(
        *missing,
        source=pl.lit(listings.SOURCE),
        company="firm",
        name="firm",
    ).hstack(told_by_most(used["industries"]))
    counted = {"rows": rows.height, "placed": used.height, "delisted": 0}
    return frame.select(list(PLACED)).match_to_schema(PLACED), counted
