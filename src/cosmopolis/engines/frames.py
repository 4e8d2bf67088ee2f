"""What every engine does alike: names of tables, types of frames that go in, order of those that come out."""

import re
from collections.abc import Iterable, Sequence

import polars as pl
import polars.selectors as cs

from cosmopolis.errors import UnknownNameError, hint_near

_NAME = re.compile(r"^[a-z][a-z0-9_]*$")


def check_name(name: str) -> None:
    """Raise `ValueError` if a name for a table is not of small letters, digits and underscores."""
    if not _NAME.match(name):
        raise ValueError(f"got the table name {name!r}, but expected small letters, digits and underscores")


def plain(frame: pl.DataFrame) -> pl.DataFrame:
    """Give columns the types that every engine has: no unsigned integers, no categories.

    Unsigned integers become Int64, categories become texts; all else stays.

    Raises
    ------
    polars.exceptions.InvalidOperationError
        If a number is greater than 2⁶³ − 1.

    Examples
    --------
    >>> plain(pl.DataFrame({"n": pl.Series([1], dtype=pl.UInt32)})).schema
    Schema([('n', Int64)])
    """
    texts = [name for name, dtype in frame.schema.items() if dtype in (pl.Categorical, pl.Enum)]
    return frame.with_columns(cs.unsigned_integer().cast(pl.Int64), pl.col(texts).cast(pl.String))


def not_registered(name: str, names: Iterable[str]) -> UnknownNameError:
    """Make the error of a query that names a table which is not there."""
    return UnknownNameError(
        f"the query names the table {name!r}, which is not registered" + hint_near(name, names)
    )


def in_order(frame: pl.DataFrame, order: Sequence[str]) -> pl.DataFrame:
    """Sort an answer ascending by columns that together name a row; empty cells come first.

    Raises
    ------
    ValueError
        If two rows agree in all columns of `order`: their order would be left to chance.
    """
    if frame.select(order).is_duplicated().any():
        raise ValueError(
            f"got rows that agree in all of {', '.join(order)}, but an answer needs a total order; "
            "name more columns in `order`"
        )
    return frame.sort(order, nulls_last=False)
