"""2,214 patents of the United States as PatentsView's interface gives them: inventors, assignees, classes.

Recorded answers to test queries, not a sample of anything: two hundred patents of the first week of 2000, a
thousand of 2007 and a thousand of 2018 in the order of their numbers, and a few more. Three tables of
tab-separated lines. There are no citations and no coordinates.

There is no grant date either. Utility patents are numbered in the order of their grant, so the number tells
the year: `FIRST_NUMBERS` has the first number of each year. Numbers from the first of 2020 on have no year
here, because the first number of 2021 could not be verified, nor have other kinds of patents (designs,
plants, reissues), which are numbered by themselves: they become rejects.

Assignees, the owners at grant, are the applicants.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Final

import polars as pl

from cosmopolis.sources.delimited import Delimited, raw_block
from cosmopolis.sources.raw import Raw
from cosmopolis.sources.text import Reject, path_of

SOURCE = "patentsview-sample"
OFFICE = "US"

INVENTORS: Final = "patentsview_api_sample_inventors.tsv.gz"
ASSIGNEES: Final = "patentsview_api_sample_assignees.tsv.gz"
CLASSES: Final = "patentsview_api_sample_cpc.tsv.gz"

FIRST_YEAR: Final = 1980
FIRST_NUMBERS: Final = (
    *(4180867, 4242757, 4308622, 4366579, 4423523, 4490855, 4562596, 4633526, 4716594, 4794652),
    *(4890335, 4980927, 5077836, 5175886, 5274846, 5377359, 5479658, 5590420, 5704062, 5855021),
    *(6009555, 6167569, 6334220, 6502244, 6671884, 6836899, 6981282, 7155746, 7313829, 7472428),
    *(7640598, 7861317, 8087094, 8341762, 8621662, 8925112, 9226437, 9532496, 9854721, 10165721),
    10524402,
)
"""Number of the first utility patent of each year from 1980 to 2020.

U.S. Patent and Trademark Office, "Table of Issue Years and Patent Numbers, for Selected Document Types Issued
Since 1836", as public programs copy it; dates of single patents in the tests bear it out.
"""

_LOCATION = ("location_id", "city", "state", "country")
_COLUMNS: Mapping[str, tuple[str, ...]] = {
    INVENTORS: ("patent_id", "inventor_sequence", "name_first", "name_last", *_LOCATION),
    ASSIGNEES: ("patent_id", "assignee_sequence", "organization", *_LOCATION),
    CLASSES: ("patent_id", "cpc_sequence", "cpc_group"),
}


def year_of_number(number: pl.Expr) -> pl.Expr:
    """Tell the year of grant of a utility patent by its number; null where it cannot be told.

    Examples
    --------
    >>> numbers = pl.DataFrame({"patent": ["6009554", "6009555", "D345678", "10524402"]})
    >>> numbers.select(year=year_of_number(pl.col("patent")))["year"].to_list()
    [1999, 2000, None, None]
    """
    value = number.cast(pl.Int64, strict=False)
    year = pl.lit(None, dtype=pl.Int64)
    for place, first in enumerate(FIRST_NUMBERS[:-1]):
        year = pl.when(value >= first).then(FIRST_YEAR + place).otherwise(year)
    return pl.when(value < FIRST_NUMBERS[-1]).then(year)


def _table(files: Mapping[str, Path], name: str) -> tuple[pl.DataFrame, list[Reject]]:
    """Read one of the tables."""
    table = Delimited(
        path=path_of(files, name, source=SOURCE),
        source=SOURCE,
        needed=_COLUMNS[name],
        expected="a table of tab-separated lines with the columns " + ", ".join(map(repr, _COLUMNS[name])),
    )
    blocks, rejects = zip(*table.blocks(), strict=True)
    return pl.concat(blocks), [reject for some in rejects for reject in some]


def place_text(city: str, state: str) -> pl.Expr:
    """Write city and state as `City, State`; the state alone is no place."""
    has = [pl.col(name).str.strip_chars() != "" for name in (city, state)]
    return pl.when(has[0] & has[1]).then(pl.format("{}, {}", city, state)).when(has[0]).then(pl.col(city))


def _shifted(rejects: list[Reject], rows: int) -> list[Reject]:
    return [(row + rows, column, value, reason) for row, column, value, reason in rejects]


def read(files: Mapping[str, Path]) -> tuple[Raw, ...]:
    """Read the parts `patents`, `parties` and `classes`.

    `patents` (table `patent`) has a row for each patent that any of the tables names, in the order in which
    they name it. `parties` (`patent_party`) has the inventors and, with row numbers that go on, the
    assignees. `classes` holds the lines of the table of classes that cannot be taken apart; the others are in
    the lists of the patents.

    Parameters
    ----------
    files
        The three tables.
    """
    inventors, inventors_away = _table(files, INVENTORS)
    assignees, assignees_away = _table(files, ASSIGNEES)
    classes, classes_away = _table(files, CLASSES)
    last = max([0, *inventors["row"], *(row for row, *_ in inventors_away)])
    parties = pl.concat(
        [
            inventors.select(
                "row",
                pl.col("patent_id").alias("patent"),
                pl.lit("inventor").alias("role"),
                pl.col("inventor_sequence").alias("order"),
                pl.concat_str("name_first", "name_last", separator=" ").str.strip_chars().alias("name"),
                place_text("city", "state").alias("text"),
                "country",
            ),
            assignees.select(
                pl.col("row") + last,
                pl.col("patent_id").alias("patent"),
                pl.lit("applicant").alias("role"),
                pl.col("assignee_sequence").alias("order"),
                pl.col("organization").alias("name"),
                place_text("city", "state").alias("text"),
                "country",
            ),
        ]
    )
    return (
        _patents([inventors, assignees, classes], classes),
        raw_block(
            SOURCE, "parties", "patent_party", parties, [*inventors_away, *_shifted(assignees_away, last)]
        ),
        raw_block(SOURCE, "classes", "patent", classes.clear().select("row"), classes_away),
    )


def _patents(tables: list[pl.DataFrame], classes: pl.DataFrame) -> Raw:
    """Make the rows of patents: number, year by the number, classes in their order."""
    numbers = pl.concat([table.select("patent_id") for table in tables]).unique(maintain_order=True)
    rows = numbers.with_row_index("row", offset=1).select(
        pl.col("row").cast(pl.Int64),
        pl.col("patent_id").alias("patent"),
        year_of_number(pl.col("patent_id")).alias("year"),
        pl.lit(OFFICE).alias("office"),
    )
    lists = (
        classes.sort(pl.col("cpc_sequence").cast(pl.Int64, strict=False), "row", nulls_last=True)
        .group_by(pl.col("patent_id").alias("patent"), maintain_order=True)
        .agg(pl.col("cpc_group").unique(maintain_order=True).alias("classes"))
    )
    dated = rows.filter(pl.col("year").is_not_null() | (pl.col("patent").str.strip_chars() == ""))
    reason = "year is not told: there is no date, and the number is none of a utility patent of 1980-2019"
    rejects: list[Reject] = [
        (row, "year", number, reason)
        for row, number in rows.join(dated, on="row", how="anti").select("row", "patent").sort("row").rows()
    ]
    kept = dated.join(lists, on="patent", how="left", maintain_order="left")
    return raw_block(SOURCE, "patents", "patent", kept, rejects)
