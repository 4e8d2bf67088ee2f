"""Private companies valued at a billion US dollars or more in March 2022, with city and investors.

A CSV file of CB Insights' list as Maven Analytics gave it out. Valuations are whole billions ("$180B").
A row without a city stands in a city state or territory, whose name is taken for the place; one in a country
that is none stays without a city. Two firms may share a name: a company is known by name and date.
"""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Final

import polars as pl

from cosmopolis.sources.delimited import Delimited, raw_block
from cosmopolis.sources.own_tables import stripped
from cosmopolis.sources.raw import Raw
from cosmopolis.sources.text import path_of

SOURCE = "unicorns"
FILE = "unicorn_companies_2022.csv"
YEAR: Final = 2022

NEEDED: Final = (
    "Company",
    "Valuation",
    "Date Joined",
    "Industry",
    "City",
    "Country",
    "Investor 1",
    "Investor 2",
    "Investor 3",
    "Investor 4",
)
"""Columns that are read."""

CITY_STATES: Final = ("Hong Kong", "Macau", "Monaco", "Singapore")
"""Countries and territories that are one city."""

_UNITS_MUSD: Final = {"M": 1.0, "B": 1_000.0, "T": 1_000_000.0}


def read(files: Mapping[str, Path]) -> Iterator[Raw]:
    """Read the part `companies` for the table `company`.

    Parameters
    ----------
    files
        `unicorn_companies_2022.csv`.
    """
    return _parts(path_of(files, FILE, source=SOURCE))


def _parts(path: Path) -> Iterator[Raw]:
    """Give the rows block by block."""
    expected = "a CSV file with the columns " + ", ".join(NEEDED)
    table = Delimited(path=path, source=SOURCE, needed=NEEDED, expected=expected, separator=",")
    for block, rejects in table.blocks():
        yield raw_block(SOURCE, "companies", "company", _companies(block), rejects)


def _companies(block: pl.DataFrame) -> pl.DataFrame:
    """Name the columns as the record table does."""
    city, country = stripped("City"), stripped("Country")
    investors = pl.concat_list([stripped(f"Investor {n}") for n in range(1, 5)]).list.drop_nulls()
    return block.select(
        "row",
        company=pl.concat_str(
            [stripped("Company"), stripped("Date Joined")], separator=" ", ignore_nulls=True
        ),
        year=pl.lit(str(YEAR)),
        name=stripped("Company"),
        headquarters=pl.when(city.is_not_null())
        .then(pl.concat_str([city, country], separator=", ", ignore_nulls=True))
        .when(country.is_in(CITY_STATES))
        .then(country),
        country_text=country,
        industry=stripped("Industry"),
        market_value_musd=_millions("Valuation"),
        investors=investors,
    )


def _millions(name: str) -> pl.Expr:
    """Write "$180B" in million US dollars; what is no such amount stays as it is, for `admit` to judge."""
    text = stripped(name)
    digits = text.str.extract(r"^\$([0-9.]+)[MBT]$").cast(pl.Float64, strict=False)
    unit = text.str.extract(r"([MBT])$").replace_strict(_UNITS_MUSD, default=None, return_dtype=pl.Float64)
    return pl.coalesce((digits * unit).cast(pl.String), text)
