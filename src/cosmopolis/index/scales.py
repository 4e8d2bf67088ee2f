"""Scales: from an indicator, more being better, to numbers that can be averaged.

Each function takes a vector (units,) or a matrix (units, indicators) and works column by column over what
has data; not a number stays so. Direction is turned before, by `normalise.array`. A column of equal values
tells no unit apart and gets the middle of the scale; whether that is an error is the caller's business.
"""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from cosmopolis.errors import SpecError

Floats = NDArray[np.float64]

SAME_VALUE_SHARE = 1e-12
"""Values whose span is below this share of the largest are all the same, but for rounding."""


def bounds(y: Floats) -> tuple[Floats, Floats]:
    """Return least and greatest value of each column; not a number where there is no data.

    Examples
    --------
    >>> [b.item() for b in bounds(np.array([3.0, np.nan, 1.0]))]
    [1.0, 3.0]
    """
    known = ~np.isnan(y)
    some = known.any(axis=0)
    least = np.where(some, np.where(known, y, np.inf).min(axis=0, initial=np.inf), np.nan)
    most = np.where(some, np.where(known, y, -np.inf).max(axis=0, initial=-np.inf), np.nan)
    return least, most


def constant(y: Floats) -> NDArray[np.bool_]:
    """Say of each column whether it has data and all values are the same, but for rounding.

    Examples
    --------
    >>> constant(np.array([[1.0, 1.0], [1.0, 2.0]])).tolist()
    [True, False]
    """
    least, most = bounds(y)
    size = np.maximum(np.abs(least), np.abs(most))
    return np.asarray(most - least <= SAME_VALUE_SHARE * size, dtype=np.bool_)


def min_max(y: Floats, *, low: float = 0.0, high: float = 100.0) -> Floats:
    """Stretch each column over a range: low + (high − low)(y − min y)/(max y − min y).

    Notes
    -----
    OECD & JRC (2008), *Handbook on Constructing Composite Indicators*, section 5. The distance to the best
    unit, 1 − (max y − y)/(max y − min y), is the same thing.

    Examples
    --------
    >>> min_max(np.array([2.0, np.nan, 4.0, 3.0])).tolist()
    [0.0, nan, 100.0, 50.0]
    """
    least, most = bounds(y)
    same = constant(y)
    span = np.where(same, 1.0, most - least)
    # Clipping takes off the last bit that rounding may add beyond the bounds.
    scaled = np.clip(low + (high - low) * ((y - least) / span), low, high)
    return np.where(same & ~np.isnan(y), (low + high) / 2.0, scaled)


def z_score(y: Floats, *, mean: float = 0.0, deviation: float = 1.0) -> Floats:
    """Give each column a mean and a standard deviation: mean + deviation (y − ȳ)/s, s over n − 1.

    Notes
    -----
    OECD & JRC (2008), section 5.2.

    Examples
    --------
    >>> z_score(np.array([1.0, 2.0, 3.0]), mean=100.0, deviation=10.0).tolist()
    [90.0, 100.0, 110.0]
    """
    if deviation <= 0:
        raise SpecError(f"z-score: got deviation = {deviation:g}, but expected a number above 0")
    known = ~np.isnan(y)
    n = np.maximum(known.sum(axis=0), 1)
    off = y - np.where(known, y, 0.0).sum(axis=0) / n
    variance = np.where(known, off * off, 0.0).sum(axis=0) / np.maximum(n - 1, 1)
    same = constant(y)
    return np.asarray(
        mean + deviation * np.where(same & known, 0.0, off / np.where(same, 1.0, np.sqrt(variance))),
        dtype=np.float64,
    )


def rank(y: Floats) -> Floats:
    """Return 1 + number of units with a lower value: the worst gets 1, the best up to n; equals share.

    Notes
    -----
    OECD & JRC (2008), section 5.1.

    Examples
    --------
    >>> rank(np.array([5.0, 7.0, 5.0, np.nan, 9.0])).tolist()
    [1.0, 3.0, 1.0, nan, 4.0]
    """
    table = y[:, None] if y.ndim == 1 else y
    out = np.full(table.shape, np.nan)
    for at, column in enumerate(table.T):
        known = ~np.isnan(column)
        out[known, at] = 1.0 + np.searchsorted(np.sort(column[known]), column[known], side="left")
    return out[:, 0] if y.ndim == 1 else out


def borda(y: Floats) -> Floats:
    """Return the number of units with a lower value, the points of Borda's count: `rank` − 1.

    Examples
    --------
    >>> borda(np.array([5.0, 7.0, 5.0])).tolist()
    [0.0, 2.0, 0.0]
    """
    return rank(y) - 1.0


def percentile_rank(y: Floats, *, low: float = 0.0, high: float = 100.0) -> Floats:
    """Return low + (high − low)(rank − 1)/(n − 1), n the number of units with data.

    Examples
    --------
    >>> percentile_rank(np.array([5.0, 70.0, 6.0])).tolist()
    [0.0, 100.0, 50.0]
    """
    n = np.maximum((~np.isnan(y)).sum(axis=0) - 1.0, 1.0)
    share = np.where(constant(y) & ~np.isnan(y), 0.5, borda(y) / n)
    return np.asarray(low + (high - low) * share, dtype=np.float64)


def distance(
    y: Floats, to: Floats | float, *, low: float = 0.0, high: float = 100.0, clip: bool = False
) -> Floats:
    """Return low + (high − low)(y − min y)/(t − min y): how far from the worst unit to a target t.

    Parameters
    ----------
    to
        t: one for all columns, or one a column, in the direction of y; above the least value.
    clip
        Whether who is beyond the target gets `high` and no more.

    Raises
    ------
    SpecError
        If a target is not above the least value.

    Notes
    -----
    Distance to a target or to a reference unit, as in COINr.

    Examples
    --------
    >>> distance(np.array([0.0, 5.0, 20.0]), 10.0).tolist()
    [0.0, 50.0, 200.0]
    """
    least, _ = bounds(y)
    if (np.asarray(to) <= least).any():
        at = int(np.flatnonzero(np.atleast_1d(np.asarray(to) <= least))[0])
        raise SpecError(
            f"column {at + 1}: got a target or reference no better than the worst unit; "
            "distances to it have no scale; choose another"
        )
    return goalposts(y, least, to, low=low, high=high, clip=clip)


def fraction(y: Floats, *, scale: float = 100.0) -> Floats:
    """Return the fraction of the best: scale · y / max y; where less is better (y = −x), scale · min x / x.

    Raises
    ------
    SpecError
        If values are of both signs, or one to divide by is 0: a fraction needs a natural zero.

    Examples
    --------
    >>> fraction(np.array([2.0, 4.0])).tolist(), fraction(np.array([-2.0, -4.0])).tolist()
    ([50.0, 100.0], [100.0, 50.0])
    """
    least, most = bounds(y)
    up = least >= 0
    bad = ((least < 0) & (most >= 0)) | (up & (most <= 0))
    if np.any(bad):
        at = int(np.flatnonzero(np.atleast_1d(bad))[0])
        raise SpecError(
            f"column {at + 1}: a fraction of the best needs values of one sign that are not 0 where they are "
            "divided by; use min-max or goalposts"
        )
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.asarray(scale * np.where(up, y / most, most / y), dtype=np.float64)


def goalposts(
    y: Floats,
    worst: Floats | float,
    best: Floats | float,
    *,
    low: float = 0.0,
    high: float = 100.0,
    clip: bool = True,
) -> Floats:
    """Return low + (high − low)(y − worst)/(best − worst), with the ends fixed and not taken from the data.

    Parameters
    ----------
    worst, best
        One for all columns, or one a column, in the direction of y; worst < best.
    clip
        Whether values beyond the goalposts are drawn to them.

    Notes
    -----
    UNDP, *Human Development Report*, technical note 1.

    Examples
    --------
    >>> goalposts(np.array([20.0, 52.5, 90.0]), 20.0, 85.0, high=1.0).tolist()
    [0.0, 0.5, 1.0]
    """
    share = (y - worst) / (np.asarray(best) - worst)
    scaled = np.asarray(low + (high - low) * share, dtype=np.float64)
    return np.clip(scaled, low, high) if clip else scaled


NEEDS_SPREAD = ("min-max", "z-score", "percentile-rank", "rank", "borda", "best")
"""Methods under which a column of equal values says nothing."""

RANGED: dict[str, Callable[..., Floats]] = {
    "min-max": min_max,
    "best": min_max,
    "percentile-rank": percentile_rank,
}
"""Methods that need the values and a range, by the name that a specification uses."""

PLAIN: dict[str, Callable[..., Floats]] = {
    "z-score": z_score,
    "rank": rank,
    "borda": borda,
    "fraction": fraction,
}
"""Methods that need the values and their own settings."""
