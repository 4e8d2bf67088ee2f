"""Read tables from CSV and Parquet, cells of a CSV as the text that they are.

What a cell means is decided by the reader of data, column by column: in a column of codes `NA` is a code,
in a column of numbers it is no data.
"""

from pathlib import Path
from typing import Any

import polars as pl

from cosmopolis.errors import FormatError, SpecError


def frame(path: Path) -> pl.DataFrame:
    """Read a CSV (all columns as text, empty cells null) or a Parquet file.

    Raises
    ------
    SpecError
        If the file is not there or its ending is not known.
    FormatError
        If it cannot be read as what its ending says.
    """
    if not path.is_file():
        raise SpecError(f"there is no data file {path}; a path in a specification starts at its folder")
    ending = path.suffix.lower()
    if ending not in {".csv", ".parquet"}:
        raise SpecError(f"got the data file {path.name}, but expected .csv, .parquet or .xlsx")
    try:
        return pl.read_parquet(path) if ending == ".parquet" else pl.read_csv(path, infer_schema=False)
    except (pl.exceptions.PolarsError, OSError) as error:
        first = str(error).splitlines()[0]
        raise FormatError(f"cannot read {path.name} as {ending[1:]}: {first}") from None


def rows(path: Path) -> list[dict[str, Any]]:
    """Read the rows of a file, see `frame`."""
    return frame(path).to_dicts()
