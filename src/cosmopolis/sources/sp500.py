"""The companies of the index S&P 500 in August 2026, with sector and headquarters.

A CSV file made of an encyclopaedia's table. Where two headquarters are named, the first counts; marks of
footnotes ("[2]") are left out. The place names an American state or, for firms abroad, a country.
"""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Final

import polars as pl

from cosmopolis.sources.delimited import Delimited, raw_block
from cosmopolis.sources.own_tables import stripped
from cosmopolis.sources.raw import Raw
from cosmopolis.sources.text import path_of

SOURCE = "sp500"
FILE = "constituents.csv"
YEAR: Final = 2026

NEEDED: Final = ("Symbol", "Security", "GICS Sector", "GICS Sub-Industry", "Headquarters Location")
"""Columns that are read."""


def read(files: Mapping[str, Path]) -> Iterator[Raw]:
    """Read the part `companies` for the table `company`.

    Parameters
    ----------
    files
        `constituents.csv`.
    """
    return _parts(path_of(files, FILE, source=SOURCE))


def _parts(path: Path) -> Iterator[Raw]:
    """Give the rows block by block."""
    expected = "a CSV file with the columns " + ", ".join(NEEDED)
    table = Delimited(path=path, source=SOURCE, needed=NEEDED, expected=expected, separator=",")
    first = pl.col("Headquarters Location").str.split(";").list.first().str.replace_all(r"\[\d+\]", "")
    place = first.str.strip_chars()
    for block, rejects in table.blocks():
        rows = block.select(
            "row",
            company=stripped("Symbol"),
            year=pl.lit(str(YEAR)),
            name=stripped("Security"),
            headquarters=pl.when(~place.is_in(["", "none"])).then(place),
            sector=stripped("GICS Sector"),
            industry=stripped("GICS Sub-Industry"),
        )
        yield raw_block(SOURCE, "companies", "company", rows, rejects)
