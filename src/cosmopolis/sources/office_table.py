"""A table of firms' offices of your own, as `docs/formats.md` describes it.

Any number of files in the source's folder, CSV, TSV (both plain, gzipped or alone in a zip archive) or
Parquet, read in the order of their names. A row is an office, a plant or a subsidiary of one firm in one
place: the headquarters or a branch. Only `firm`, `role` and `year` must be there, and of `place` and `city`
one or both. `value` is the size of a branch in whatever unit the table has (employees, floor space); a branch
without one counts 1.
"""

from collections.abc import Iterator, Mapping
from functools import partial
from pathlib import Path
from typing import Final

import polars as pl

from cosmopolis.sources.delimited import raw_block
from cosmopolis.sources.own_tables import CODE, address, numbered, own_blocks, stripped, town
from cosmopolis.sources.raw import Raw

SOURCE = "office-table"

NEEDED: Final = ("firm", "role", "year")
"""Columns that a table must have."""

OPTIONAL: Final = ("place", "city", "country", "latitude", "longitude", "value", "sector", "kind")
"""Columns that it may have; others are passed over."""

ROLES: Final[Mapping[str, str]] = {
    "headquarters": "headquarters",
    "head office": "headquarters",
    "hq": "headquarters",
    "总部": "headquarters",
    "branch": "branch",
    "office": "branch",
    "plant": "branch",
    "subsidiary": "branch",
    "分支": "branch",
    "分支机构": "branch",
    "分公司": "branch",
    "子公司": "branch",
}
"""Words of the column `role`, in small letters; another word sends its row to quarantine."""

_EXPECTED: Final = "a table of offices with the columns firm, role and year (docs/formats.md)"


def read(files: Mapping[str, Path]) -> Iterator[Raw]:
    """Read the part `offices` for the table `office`, rows numbered through all files.

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
        raw_block(SOURCE, "offices", "office", _offices(rows), away, starts=(start,))
        for start, rows, away in numbered(files, source=SOURCE, blocks=blocks)
    )


def _offices(rows: pl.DataFrame) -> pl.DataFrame:
    """Give each row its text and the role that its word means."""
    country = stripped("country")
    word = stripped("role").str.to_lowercase()
    return rows.select(
        "row",
        "year",
        "value",
        "latitude",
        "longitude",
        firm=stripped("firm"),
        role=word.replace(ROLES),
        text=address([stripped("place"), town()], country),
        country=pl.when(country.str.contains(CODE)).then(country),
        sector=stripped("sector"),
        kind=stripped("kind"),
    )
