"""What the kinds of the command `network` share: reading a table, and the columns of its rows."""

from pathlib import Path

import polars as pl

from cosmopolis.errors import FormatError
from cosmopolis.pipeline.resolving import read_table


def read_rows(file: Path) -> pl.DataFrame:
    """Read a CSV file; say what to do where it is not in UTF-8 or its separator is no comma."""
    try:
        frame = read_table(file)
    except FormatError as error:
        if file.is_file() and "utf" in str(error.__cause__).lower():
            raise FormatError(f"{file} is not in UTF-8; save it as CSV in UTF-8") from error
        raise
    if frame.width == 1 and ";" in frame.columns[0]:
        raise FormatError(f"{file} has one column, {frame.columns[0]!r}; the separator must be a comma")
    return frame


def years_of(column: pl.Series, file: Path) -> pl.Series:
    """Read years that are written as text; an empty cell stays empty."""
    text = column.str.strip_chars()
    years = text.cast(pl.Int64, strict=False)
    wrong = text.filter(years.is_null() & text.is_not_null() & (text != ""))
    if not wrong.is_empty():
        raise FormatError(f"{file}: column 'year' has {wrong[0]!r}, expected whole numbers")
    return years.alias("year")


def filled(name: str) -> pl.Expr:
    """Return a column as text without spaces around it, null where it is empty."""
    text = pl.col(name).cast(pl.String).str.strip_chars()
    return pl.when(text != "").then(text)
