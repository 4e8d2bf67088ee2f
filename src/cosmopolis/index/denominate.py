"""Divide indicators by a measure of size, so that big units are not better for being big.

Which indicators are divided by what is the tree's choice; a ratio in the source stays as it is.
"""

from collections.abc import Mapping

import numpy as np
import polars as pl
from numpy.typing import NDArray

from cosmopolis.errors import UnknownNameError, hint_near

Floats = NDArray[np.float64]


def ratio(values: Floats, by: Floats, *, scale: float = 1.0) -> Floats:
    """Return scale · x / d; no data where either has none, or d is 0.

    Parameters
    ----------
    values
        Of shape (units,) or (units, indicators).
    by
        d, of the same shape or (units,).
    scale
        Such as 1000 for "a thousand inhabitants".

    Notes
    -----
    OECD & JRC (2008), *Handbook on Constructing Composite Indicators*, section 5.

    Examples
    --------
    >>> ratio(np.array([8.0, 3.0]), np.array([4.0, 0.0])).tolist()
    [2.0, nan]
    """
    below = by[:, None] if by.ndim < values.ndim else by
    known = np.where(below == 0.0, np.nan, below)
    return np.asarray(values / known * scale, dtype=np.float64)


def wide(
    frame: pl.DataFrame, denominators: Mapping[str, str], *, by: pl.DataFrame, scale: float = 1.0
) -> pl.DataFrame:
    """Divide columns of a wide frame.

    Parameters
    ----------
    frame
        `unit` and a column a code.
    denominators
        Column of `by` for each code to divide.
    by
        `unit` and a column a denominator; a unit that it lacks has no ratio.

    Raises
    ------
    UnknownNameError
        If a code or a denominator is not there.

    Examples
    --------
    >>> wide(
    ...     pl.DataFrame({"unit": ["A"], "air": [8.0]}), {"air": "people"},
    ...     by=pl.DataFrame({"unit": ["A"], "people": [4.0]}),
    ... )["air"].to_list()
    [2.0]
    """
    for code, name in denominators.items():
        for wanted, there in ((code, frame.columns), (name, by.columns)):
            if wanted not in there:
                raise UnknownNameError(f"there is no column {wanted!r}" + hint_near(wanted, there))
    unit = frame.columns[0]
    beside = frame.select(unit).join(by, on=unit, how="left", maintain_order="left")
    return frame.with_columns(
        pl.Series(
            code,
            ratio(_floats(frame[code]), _floats(beside[name]), scale=scale),
        ).fill_nan(None)
        for code, name in denominators.items()
    )


def _floats(column: pl.Series) -> Floats:
    return column.cast(pl.Float64).fill_null(np.nan).to_numpy()
