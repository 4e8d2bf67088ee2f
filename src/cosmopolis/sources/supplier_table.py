"""A table of suppliers' sites of your own, as `docs/formats.md` describes it.

Any number of files in the source's folder, CSV, TSV (both plain, gzipped or alone in a zip archive) or
Parquet, read in the order of their names. A row is one site of one supplier for one customer in one year.
How precisely a row says where is the table's to say (`precision`), else it follows from the columns: an
address or coordinates, a city, a division, or the country alone. A row with a division and no city lies in
no city, whatever cities have the division's name.
"""

from collections.abc import Iterator, Mapping
from functools import partial
from pathlib import Path
from typing import Final

import polars as pl

from cosmopolis.sources.delimited import raw_block
from cosmopolis.sources.own_tables import CODE, address, numbered, own_blocks, stripped
from cosmopolis.sources.raw import Raw

SOURCE = "supplier-table"

NEEDED: Final = ("customer", "supplier", "year")
"""Columns that a table must have."""

OPTIONAL: Final = ("address", "city", "division", "country", "precision", "latitude", "longitude")
"""Columns that it may have; others are passed over."""

_EXPECTED: Final = "a table of sites with the columns customer, supplier and year (docs/formats.md)"


def read(files: Mapping[str, Path]) -> Iterator[Raw]:
    """Read the part `sites` for the table `supplier_site`, rows numbered through all files.

    Parameters
    ----------
    files
        The tables, by name.

    Raises
    ------
    UnknownNameError
        If there is no file.
    FormatError
        If a file is no such table.
    """
    blocks = partial(own_blocks, source=SOURCE, needed=NEEDED, optional=OPTIONAL, expected=_EXPECTED)
    return (
        raw_block(SOURCE, "sites", "supplier_site", _sites(rows), away, starts=(start,))
        for start, rows, away in numbered(files, source=SOURCE, blocks=blocks)
    )


def _sites(rows: pl.DataFrame) -> pl.DataFrame:
    """Write one text of where a site lies, and say how precise it is where the table does not."""
    street, city, division = stripped("address"), stripped("city"), stripped("division")
    country = stripped("country")
    told = (
        pl.when(street.is_not_null() | stripped("latitude").is_not_null())
        .then(pl.lit("address"))
        .when(city.is_not_null())
        .then(pl.lit("city"))
        .when(division.is_not_null())
        .then(pl.lit("division"))
        .otherwise(pl.lit("country"))
    )
    point = pl.when(stripped("latitude").is_not_null()).then(pl.format("{} {}", "latitude", "longitude"))
    return rows.select(
        "row",
        "year",
        "latitude",
        "longitude",
        customer=stripped("customer"),
        supplier=stripped("supplier"),
        text=pl.coalesce(address([street, city, division], country), point, country),
        country=pl.when(country.str.contains(CODE)).then(country),
        division=division,
        precision=pl.coalesce(stripped("precision").str.to_lowercase(), told),
    )
