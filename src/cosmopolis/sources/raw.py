"""What a reader hands over: rows as they stand in the file, and the rows it could not take apart.

A reader knows a file format. It does not judge values (that is `cosmopolis.records`), does not look at
other sources and does not drop anything: a row is in `frame` or in `rejects`.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import polars as pl

QUARANTINE_SCHEMA = pl.Schema(
    {
        "source": pl.String,
        "part": pl.String,
        "row": pl.Int64,
        "column": pl.String,
        "value": pl.String,
        "reason": pl.String,
    }
)
"""Columns of every quarantine table: one line for each row that was not used."""

VALUE_CHARACTERS_MAX = 300
"""A quarantined value is cut to this length, so that one broken line cannot fill the table."""


@dataclass(frozen=True, kw_only=True)
class Start:
    """Where a file begins among rows that are numbered through several files.

    Attributes
    ----------
    file
        Name of the file; empty for rows that are of no one file.
    before
        What is added to a row's number in the file to have its number in the part.
    """

    file: str
    before: int


@dataclass(frozen=True, kw_only=True)
class Raw:
    """The rows of one part of a source.

    Attributes
    ----------
    source
        Id of the source in the catalogue.
    part
        Name of the part, for sources with several kinds of rows (`airports`, `routes`); one word.
    table
        Name of the record table (`cosmopolis.record_tables.TABLES`) that the rows are meant for.
    frame
        Columns as the record table names them, still untyped where the file is text, and first
        `row` (Int64): the row's number in the file, from 1, unique in the part.
    rejects
        Rows that could not be taken apart, by `QUARANTINE_SCHEMA`.
    rows_in
        How many rows the part has in the file: `frame.height` plus the distinct rows of `rejects`.
    starts
        Where rows are numbered through several files: the files that these rows come from.
    """

    source: str
    part: str
    table: str
    frame: pl.DataFrame
    rejects: pl.DataFrame
    rows_in: int
    starts: tuple[Start, ...] = ()


def quarantine_rows(source: str, part: str, rows: Iterable[tuple[int, str, Any, str]]) -> pl.DataFrame:
    """Make a quarantine table from `(row, column, value, reason)` tuples."""
    lines: Sequence[tuple[str, str, int, str, str | None, str]] = [
        (source, part, row, column, None if value is None else str(value)[:VALUE_CHARACTERS_MAX], reason)
        for row, column, value, reason in rows
    ]
    return pl.DataFrame(lines, schema=QUARANTINE_SCHEMA, orient="row")
