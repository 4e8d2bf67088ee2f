"""A table of companies of your own: one row a company and year, as `docs/formats.md` describes it.

Any number of files in the source's folder, CSV, TSV (both plain, gzipped or alone in a zip archive) or
Parquet, read in the order of their names. Names of columns are taken without regard to capitals; a row
needs `name`, `year` and `city` or `headquarters`, or it goes to quarantine. Lists (`exchanges`, `investors`)
stand between semicolons. Without `company` the name is the company's id.
"""

from collections.abc import Iterator, Mapping
from functools import partial
from pathlib import Path
from typing import Final

import polars as pl

from cosmopolis.sources.delimited import raw_block
from cosmopolis.sources.own_tables import address, members, numbered, own_blocks, stripped
from cosmopolis.sources.raw import Raw

SOURCE = "company-table"

NEEDED: Final = ("name", "year")
"""Columns that a table must have."""

OPTIONAL: Final = (
    "company",
    "headquarters",
    "city",
    "country",
    "sector",
    "industry",
    "size",
    "rank",
    "revenue_musd",
    "market_value_musd",
    "employees",
    "exchanges",
    "investors",
    "isin",
    "lei",
    "website",
    "status",
)
"""Columns that it may have; others are passed over."""

_SAME: Final = ("sector", "industry", "rank", "revenue_musd", "market_value_musd", "employees")
_CODES: Final = ("isin", "lei", "website")
_EXPECTED: Final = "a table of companies with the columns name and year (docs/formats.md)"


def read(files: Mapping[str, Path]) -> Iterator[Raw]:
    """Read the part `companies` for the table `company`; rows are numbered through all files.

    Parameters
    ----------
    files
        The tables, by name.
    """
    blocks = partial(own_blocks, source=SOURCE, needed=NEEDED, optional=OPTIONAL, expected=_EXPECTED)
    return (
        raw_block(SOURCE, "companies", "company", _companies(rows), away, starts=(start,))
        for start, rows, away in numbered(files, source=SOURCE, blocks=blocks)
    )


def _companies(rows: pl.DataFrame) -> pl.DataFrame:
    """Name the columns as the record table does; a country that is a name goes into the place too."""
    country = stripped("country")
    place = address([pl.coalesce(stripped("headquarters"), stripped("city"))], country)
    return rows.select(
        "row",
        *(stripped(name) for name in (*_SAME, *_CODES)),
        company=pl.coalesce(stripped("company"), stripped("name")),
        year=stripped("year"),
        name=stripped("name"),
        headquarters=place,
        country_text=country,
        size=stripped("size").str.to_lowercase(),
        exchanges=members("exchanges"),
        investors=members("investors"),
        status=stripped("status").str.to_lowercase(),
    )
