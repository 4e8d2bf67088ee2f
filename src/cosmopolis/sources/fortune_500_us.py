"""The Fortune 500 of the United States, 2015 to 2018: rank, revenue, sector and headquarters by year.

A CSV file. The rows of 2017 name no city and are quarantined by `admit`. A company is known by its name:
one that changed it is another here.
"""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Final

import polars as pl

from cosmopolis.sources.delimited import Delimited, raw_block
from cosmopolis.sources.own_tables import stripped
from cosmopolis.sources.raw import Raw
from cosmopolis.sources.text import path_of

SOURCE = "fortune-500-us"
FILE = "fortune500_us_2015_2018_hq.csv"

NEEDED: Final = (
    "year",
    "rank",
    "company",
    "sector",
    "industry",
    "hq_city",
    "hq_state",
    "employees",
    "revenues_musd",
    "website",
)
"""Columns that are read."""


def read(files: Mapping[str, Path]) -> Iterator[Raw]:
    """Read the part `companies` for the table `company`.

    Parameters
    ----------
    files
        `fortune500_us_2015_2018_hq.csv`.
    """
    return _parts(path_of(files, FILE, source=SOURCE))


def _parts(path: Path) -> Iterator[Raw]:
    """Give the rows block by block."""
    expected = "a CSV file with the columns " + ", ".join(NEEDED)
    table = Delimited(path=path, source=SOURCE, needed=NEEDED, expected=expected, separator=",")
    place = pl.concat_str(
        [stripped("hq_city"), stripped("hq_state"), pl.lit("United States")], separator=", "
    )
    for block, rejects in table.blocks():
        rows = block.select(
            "row",
            "year",
            "rank",
            company=stripped("company"),
            name=stripped("company"),
            headquarters=place,
            country_text=pl.lit("United States"),
            sector=stripped("sector"),
            industry=stripped("industry"),
            revenue_musd=stripped("revenues_musd"),
            employees=stripped("employees"),
            website=stripped("website"),
        )
        yield raw_block(SOURCE, "companies", "company", rows, rejects)
