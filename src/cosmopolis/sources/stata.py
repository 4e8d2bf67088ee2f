"""Stata files: the columns that a reader needs, with what may be wrong with the file said."""

from pathlib import Path
from typing import TYPE_CHECKING

from cosmopolis.errors import SourceUnavailableError
from cosmopolis.sources.text import read_bytes, wrong_format

if TYPE_CHECKING:
    import polars as pl


def read_stata(path: Path, columns: tuple[str, ...], *, source: str, without: str) -> "pl.DataFrame":
    """Read some columns of a Stata file (`.dta`).

    Parameters
    ----------
    columns
        Names that the file must have.
    without
        What the program does without this file, to be said where the library is missing.

    Raises
    ------
    SourceUnavailableError
        If the library that reads Stata files is not installed.
    FormatError
        If the file is no Stata file, breaks off or lacks a column.
    """
    try:
        import pyreadstat  # noqa: PLC0415 - an extra, needed only here
    except ModuleNotFoundError as error:
        raise SourceUnavailableError(
            f"{source}: {path.name} is a Stata file, which needs pyreadstat: install it, or Cosmopolis with "
            f"the extra `stata`; without it {without}"
        ) from error
    expected = "a Stata file with the columns " + ", ".join(columns)
    read_bytes(path, source=source, expected=expected)
    try:
        frame, about = pyreadstat.read_dta(str(path), output_format="polars")
    except (pyreadstat.ReadstatError, pyreadstat.PyreadstatError, ValueError, OSError) as error:
        raise wrong_format(source, path, f"cannot be read ({error})", expected) from error
    lost = [name for name in columns if name not in frame.columns]
    if lost:
        raise wrong_format(source, path, f"has no column {lost[0]!r}", expected)
    if about.number_rows != frame.height:
        got = f"says that it has {about.number_rows} rows and holds {frame.height}"
        raise wrong_format(source, path, got, expected)
    selected: pl.DataFrame = frame.select(columns)
    return selected
