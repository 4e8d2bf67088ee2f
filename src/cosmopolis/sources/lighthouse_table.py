"""A table of lighthouse factories of your own, as `docs/formats.md` describes it.

A lighthouse is a factory that puts automated and networked manufacturing to use on a large scale, as a list
of such factories says: that of the World Economic Forum's Global Lighthouse Network, say, or a national one.
Any number of files in the source's folder, CSV, TSV (both plain, gzipped or alone in a zip archive) or
Parquet, read in the order of their names. A row is one factory in the year from which it is on the list. Only
`firm` and `year` must be there, and of `place` and `city` one or both.
"""

from collections.abc import Iterator, Mapping
from functools import partial
from pathlib import Path
from typing import Final

import polars as pl

from cosmopolis.sources.delimited import raw_block
from cosmopolis.sources.own_tables import CODE, address, numbered, own_blocks, stripped
from cosmopolis.sources.raw import Raw

SOURCE = "lighthouse-table"

NEEDED: Final = ("firm", "year")
"""Columns that a table must have."""

OPTIONAL: Final = ("factory", "place", "city", "country", "latitude", "longitude")
"""Columns that it may have; others are passed over."""

_EXPECTED: Final = "a table of factories with the columns firm and year (docs/formats.md)"


def read(files: Mapping[str, Path]) -> Iterator[Raw]:
    """Read the part `factories` for the table `lighthouse`, rows numbered through all files.

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
        raw_block(SOURCE, "factories", "lighthouse", _factories(rows), away, starts=(start,))
        for start, rows, away in numbered(files, source=SOURCE, blocks=blocks)
    )


def _factories(rows: pl.DataFrame) -> pl.DataFrame:
    """Write one text of where a factory lies; a point alone is its own text."""
    country = stripped("country")
    point = pl.when(stripped("latitude").is_not_null()).then(pl.format("{} {}", "latitude", "longitude"))
    return rows.select(
        "row",
        "year",
        "latitude",
        "longitude",
        firm=stripped("firm"),
        factory=stripped("factory"),
        text=pl.coalesce(address([stripped("place"), stripped("city")], country), point),
        country=pl.when(country.str.contains(CODE)).then(country),
    )
