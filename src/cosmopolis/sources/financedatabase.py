"""Listed companies of the world, one row each: headquarters, sector, class of market value, exchanges.

A gzipped CSV file made of FinanceDatabase (Jeroen Bouma), whose rows are symbols: here those of one company
are one row, with the exchanges of all of them. A row without a city is quarantined by `admit`; one of which
no symbol is traded any more has the status `delisted`. `source` says when a company was last seen
(`csv_2026-08-16`), and its year is the row's.

The code LSE stands for two things: a listing in London, and a quotation there of a share that is listed
elsewhere, whose symbol begins with a zero ("0I47.L"). A company with symbols of the second kind alone gets
the code of London's international order book, IOB, instead.

Market value is a class only, worded "Mega Cap" … "Nano Cap". Private firms are absent.
"""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Final

import polars as pl

from cosmopolis.sources.delimited import Delimited, raw_block
from cosmopolis.sources.own_tables import members, stripped
from cosmopolis.sources.raw import Raw
from cosmopolis.sources.text import path_of

SOURCE = "financedatabase"
FILE = "companies.csv.gz"

NEEDED: Final = (
    "company_id",
    "name",
    "sector",
    "industry",
    "country",
    "state",
    "city",
    "website",
    "market_cap",
    "isin",
    "any_active",
    "all_exchanges",
    "all_symbols",
    "source",
)
"""Columns that are read."""

STATUS: Final = {"True": "active", "False": "delisted"}
"""Status of a company by whether any of its symbols is traded."""


def read(files: Mapping[str, Path]) -> Iterator[Raw]:
    """Read the part `companies` for the table `company`, block by block.

    Parameters
    ----------
    files
        `companies.csv.gz`.
    """
    return _parts(path_of(files, FILE, source=SOURCE))


def _parts(path: Path) -> Iterator[Raw]:
    """Give the rows block by block."""
    expected = "a gzipped CSV file with the columns " + ", ".join(NEEDED)
    table = Delimited(path=path, source=SOURCE, needed=NEEDED, expected=expected, separator=",")
    for block, rejects in table.blocks():
        yield raw_block(SOURCE, "companies", "company", _companies(block), rejects)


def _companies(block: pl.DataFrame) -> pl.DataFrame:
    """Name the columns as the record table does."""
    place = pl.concat_str(
        [stripped("city"), stripped("state"), stripped("country")], separator=", ", ignore_nulls=True
    )
    size = stripped("market_cap")
    venues, symbols = members("all_exchanges"), pl.col("all_symbols").fill_null("")
    is_listed = symbols.str.contains(r"(?:^|;)\s*[^0;\s][^;]*\.L(?:;|$)")
    quoted = venues.list.eval(pl.element().replace("LSE", "IOB")).list.unique().list.sort()
    return block.select(
        "row",
        company=stripped("company_id"),
        year=pl.col("source").str.extract(r"_(\d{4})-"),
        name=stripped("name"),
        headquarters=pl.when(stripped("city").is_not_null()).then(place),
        country_text=stripped("country"),
        sector=stripped("sector"),
        industry=stripped("industry"),
        size=size.str.strip_suffix(" Cap").str.to_lowercase(),
        exchanges=pl.when(is_listed).then(venues).otherwise(quoted),
        isin=stripped("isin"),
        website=stripped("website"),
        status=stripped("any_active").replace(STATUS),
    )
