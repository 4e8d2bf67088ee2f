"""Trade between countries of your own: a table `year, origin, destination, value_musd`, in one or more files.

A row is what one country sells to another in a year, in million US dollars; three letters of ISO 3166-1, of
today or of old (`former_countries`). A pair that is not there did not trade.
"""

from collections.abc import Iterator, Mapping
from functools import partial
from pathlib import Path
from typing import Final

import polars as pl

from cosmopolis.sources.bilateral_trade import today
from cosmopolis.sources.delimited import raw_block
from cosmopolis.sources.own_tables import numbered, own_blocks, stripped
from cosmopolis.sources.raw import Raw

SOURCE: Final = "trade-table"

NEEDED: Final = ("year", "origin", "destination", "value_musd")
"""Columns that a table must have; others are passed over."""

_EXPECTED: Final = "a table of trade with the columns " + ", ".join(NEEDED) + " (docs/formats.md)"


def read(files: Mapping[str, Path]) -> Iterator[Raw]:
    """Read the part `trade` for the table `country_trade`; rows are numbered through all files.

    Parameters
    ----------
    files
        The tables, by name: CSV, TSV or Parquet.
    """
    blocks = partial(own_blocks, source=SOURCE, needed=NEEDED, optional=(), expected=_EXPECTED)
    return (
        raw_block(SOURCE, "trade", "country_trade", _trade(rows), away, starts=(start,))
        for start, rows, away in numbered(files, source=SOURCE, blocks=blocks)
    )


def _trade(rows: pl.DataFrame) -> pl.DataFrame:
    """Name the columns as the record table does; countries have the codes of today."""
    year = stripped("year").cast(pl.Int64, strict=False)
    return rows.select(
        "row",
        year=stripped("year"),
        origin=today("origin", year),
        destination=today("destination", year),
        value_musd=stripped("value_musd"),
    )
