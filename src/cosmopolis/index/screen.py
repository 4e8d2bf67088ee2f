"""Leave out units, or indicators, with too little data to be judged.

What is left out is named with its share; nothing goes silently.
"""

import numpy as np
import polars as pl
from numpy.typing import NDArray

from cosmopolis.errors import SpecError

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]

SHARE_ROUNDING = 1e-12
"""A share that is the threshold but for rounding reaches it."""


def availability(values: Floats) -> Floats:
    """Return the share of indicators with data, for each unit.

    a_u = (number of indicators with data for u) / (number of indicators)

    Parameters
    ----------
    values
        Units × indicators, or one unit's values.

    Examples
    --------
    >>> availability(np.array([[1.0, np.nan], [1.0, 2.0]])).tolist()
    [0.5, 1.0]
    """
    return np.asarray((~np.isnan(values)).mean(axis=-1), dtype=np.float64)


def keep(values: Floats, *, share: float) -> Flags:
    """Say which units have data for at least a share of the indicators; transpose to ask it of indicators.

    Raises
    ------
    SpecError
        If the share is not from 0 to 1.

    Examples
    --------
    >>> keep(np.array([[1.0, np.nan], [1.0, 2.0]]), share=0.9).tolist()
    [False, True]
    """
    if not 0 <= share <= 1:
        raise SpecError(f"screen: got a share of {share:g}, but expected 0 to 1")
    return np.asarray(availability(values) >= share - SHARE_ROUNDING, dtype=np.bool_)


def wide(frame: pl.DataFrame, *, share: float) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Split a wide frame into units that stay and units that go.

    Returns
    -------
    kept
        Rows of the frame.
    dropped
        `unit`, `availability`, `reason`.

    Examples
    --------
    >>> kept, dropped = wide(pl.DataFrame({"unit": ["A", "B"], "x": [1.0, None]}), share=0.5)
    >>> kept["unit"].to_list(), dropped["reason"].to_list()
    (['A'], ['has data for 0% of the indicators, below 50%'])
    """
    values = frame.drop(frame.columns[0]).cast(pl.Float64).fill_null(np.nan).to_numpy()
    stays = keep(values, share=share)
    return frame.filter(pl.Series(stays)), reasons(frame[frame.columns[0]], values, stays, share=share)


def reasons(units: pl.Series, values: Floats, stays: Flags, *, share: float) -> pl.DataFrame:
    """Name the units that go: `unit`, `availability` (0..1), `reason`, in the order of the rows."""
    shares = availability(values)[~stays]
    limit = f"{100 * share:.3g}%"
    return pl.DataFrame(
        {
            "unit": units.filter(pl.Series(~stays)),
            "availability": shares,
            "reason": [f"has data for {100 * one:.3g}% of the indicators, below {limit}" for one in shares],
        },
        schema={"unit": units.dtype, "availability": pl.Float64(), "reason": pl.String()},
    )
