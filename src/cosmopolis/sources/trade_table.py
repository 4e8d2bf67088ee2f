"""Trade between countries of your own: a table `year, origin, destination, value_musd`, in one or more files.

A row is what one country sells to another in a year, in million US dollars; three letters of ISO 3166-1, of
today or of old (`former_countries`). A pair that is not there did not trade.
"""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Final

import polars as pl

from cosmopolis.errors import UnknownNameError
from cosmopolis.sources.bilateral_trade import today
from cosmopolis.sources.delimited import raw_block
from cosmopolis.sources.own_tables import own_blocks, stripped
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
    if not files:
        raise UnknownNameError(f"{SOURCE}: got no file, but the reader needs at least one table")
    return _parts(files)


def _parts(files: Mapping[str, Path]) -> Iterator[Raw]:
    """Give the rows of all files."""
    before = 0
    for name in sorted(files):
        last = before
        for block, rejects in own_blocks(
            files[name], source=SOURCE, needed=NEEDED, optional=(), expected=_EXPECTED
        ):
            year = stripped("year").cast(pl.Int64, strict=False)
            rows = block.select(
                pl.col("row") + before,
                year=stripped("year"),
                origin=today("origin", year),
                destination=today("destination", year),
                value_musd=stripped("value_musd"),
            )
            away = [(before + row, *rest) for row, *rest in rejects]
            last = max([last, *rows["row"].tail(1), *(row for row, *_ in away)])
            yield raw_block(SOURCE, "trade", "country_trade", rows, away)
        before = last
