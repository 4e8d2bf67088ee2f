"""Means and ballots: one score from several, with weights.

Vectors of one unit's values (`arithmetic`, `geometric`, `harmonic`, `power`) and tables of children × units
(`of`, `copeland`). A value that is not a number is left out with its weight. Weights are at least 0; only
their ratios matter.
"""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from cosmopolis.errors import FormatError, SpecError
from cosmopolis.index.tree import Method

Floats = NDArray[np.float64]
_BLOCK = 256  # units compared with all others at a time


class ValueRangeError(SpecError):
    """A mean meets a value that it cannot take; `child` is the place of the value among the children."""

    def __init__(self, message: str, child: int) -> None:
        super().__init__(message)
        self.child = child


def arithmetic(values: Floats, weights: Floats) -> float:
    """Return Σ w x / Σ w: a weakness is made up for by a strength of the same weighted size.

    Examples
    --------
    >>> arithmetic(np.array([1.0, 100.0]), np.array([1.0, 1.0]))
    50.5
    """
    return power(values, weights, p=1.0)


def geometric(values: Floats, weights: Floats) -> float:
    """Return exp(Σ w ln x / Σ w): a weakness costs more the weaker it is; values must be above 0.

    Examples
    --------
    >>> round(geometric(np.array([1.0, 100.0]), np.array([1.0, 1.0])), 9)
    10.0
    """
    return power(values, weights, p=0.0)


def harmonic(values: Floats, weights: Floats) -> float:
    """Return Σ w / Σ (w / x): harder still on a weakness; values must be above 0.

    Examples
    --------
    >>> round(harmonic(np.array([1.0, 3.0]), np.array([1.0, 1.0])), 9)
    1.5
    """
    return power(values, weights, p=-1.0)


def power(values: Floats, weights: Floats, *, p: float) -> float:
    """Return (Σ w x^p / Σ w)^(1/p), with p = 0 the geometric mean.

    The lower p, the less a strength makes up for a weakness; p = 1 is arithmetic, p = −1 harmonic. Values
    must be above 0 for p ≤ 0, else at least 0, except for p = 1.

    Raises
    ------
    SpecError
        If a value cannot be taken.

    Notes
    -----
    G. H. Hardy, J. E. Littlewood, G. Pólya (1934), *Inequalities*, chapter 2.

    Examples
    --------
    >>> power(np.array([1.0, 7.0]), np.array([1.0, 1.0]), p=2.0)
    5.0
    """
    x, w = np.asarray(values, dtype=np.float64), np.asarray(weights, dtype=np.float64)
    if x.shape != w.shape or x.ndim != 1:
        raise FormatError(
            f"got values of shape {x.shape} and weights of {w.shape}; expected one weight a value"
        )
    return float(_power(np.where(w > 0, x, np.nan)[:, None], w, p)[0])


def copeland(values: Floats, weights: Floats) -> Floats:
    """Return each unit's net number of duels won, of all n − 1: wins less losses.

    Unit a wins over b if the weights of the indicators in which a is ahead, and half of those in which they
    are level, are more than half of the weights for which both have data. Where they share none it is a draw.
    How far ahead does not count, so no strength makes up for a weakness by its size. All pairs are compared:
    time grows with the square of the number of units.

    Parameters
    ----------
    values
        Units × indicators.
    weights
        Of the indicators.

    Notes
    -----
    A. H. Copeland (1951); OECD & JRC (2008), section 6.6 and its outranking matrix.

    Examples
    --------
    >>> copeland(np.array([[1.0, 9.0], [2.0, 8.0], [3.0, 7.0]]), np.array([2.0, 1.0])).tolist()
    [-2.0, 0.0, 2.0]
    """
    n = len(values)
    out = np.zeros(n)
    for start in range(0, n, _BLOCK):
        block = values[start : start + _BLOCK]
        margin = np.zeros((len(block), n))
        for column, weight in enumerate(weights):
            # The sign of a difference that is not a number is no vote.
            with np.errstate(invalid="ignore"):
                difference = block[:, column, None] - values[None, :, column]
            margin += weight * np.nan_to_num(np.sign(difference))
        # Votes of decimal weights may cancel to a rounding error, which decides no duel.
        margin[np.abs(margin) <= 1e-12 * weights.sum()] = 0.0
        out[start : start + _BLOCK] = np.sign(margin).sum(axis=1)
    return out


def of(
    method: Method,
    values: Floats,
    weights: Floats,
    *,
    range: tuple[float, float] = (0.0, 100.0),  # noqa: A002 - the word of a specification
) -> Floats:
    """Return the score of each unit by a method.

    Parameters
    ----------
    method
        As in `catalogue.METHODS["aggregate"]`, or an own function of `values` and `weights`, which gets one
        unit's known values and their weights, together 1.
    values
        Children × units; not a number is left out.
    weights
        Of the children.
    range
        That the share of duels won, (C + n − 1) / 2(n − 1), is stretched over by `copeland`.
    """
    if callable(method.name):
        return _own(method.name, values, weights)
    if method.name == "copeland":
        low, high = range
        there = ~np.isnan(values).all(axis=0)
        duels = max(int(there.sum()) - 1, 1)
        out = np.full(values.shape[1], np.nan)
        out[there] = low + (high - low) * (copeland(values.T[there], weights) + duels) / (2.0 * duels)
        return out
    powers = {"arithmetic": 1.0, "geometric": 0.0, "harmonic": -1.0}
    if method.name == "power" and "p" not in method.settings:
        raise SpecError("power: the setting 'p' is missing; 1 is arithmetic, 0 geometric, -1 harmonic")
    return _power(values, weights, float(powers.get(method.name, method.settings.get("p", 1.0))))


def least_score(method: Method) -> float | None:
    """Return the least value that a method takes: 0, above 0 (as the least float), or null for any."""
    if callable(method.name) or method.name in {"arithmetic", "copeland"}:
        return None
    if method.name in {"geometric", "harmonic"} or float(method.settings.get("p", 1.0)) <= 0:
        return float(np.nextafter(0.0, 1.0))
    return None if float(method.settings.get("p", 1.0)) == 1.0 else 0.0


def _power(values: Floats, weights: Floats, p: float) -> Floats:
    """Return power means of each unit; children are added one by one, so units do not touch each other."""
    known = ~np.isnan(values)
    least = np.nextafter(0.0, 1.0) if p <= 0 else 0.0
    low = known & (values < least)
    if p != 1.0 and low.any():
        child, unit = (int(at[0]) for at in np.nonzero(low))
        kind = {0.0: "geometric mean", -1.0: "harmonic mean"}.get(p, f"mean of power {p:g}")
        raise ValueRangeError(
            f"a {kind} meets the value {values[child, unit]:g}, but takes only values "
            f"{'above' if p <= 0 else 'of at least'} 0; normalise to [1, 100], the default range under "
            "such a mean where none is given",
            child,
        )
    top, bottom = np.zeros(values.shape[1]), np.zeros(values.shape[1])
    size = np.fmax.reduce(values, axis=0, initial=0.0) if p not in {0.0, 1.0} else np.ones(values.shape[1])
    size = np.where(size > 0, size, 1.0)
    for value, there, weight in zip(values, known, weights, strict=True):
        x = np.where(there, value / size, 1.0)
        term = np.log(x) if p == 0 else (x if p == 1 else x**p)
        top += np.where(there, weight * term, 0.0)
        bottom += np.where(there, weight, 0.0)
    mean = top / np.where(bottom > 0, bottom, 1.0)
    if p == 0:
        mean = np.exp(mean)
    elif p != 1:
        mean = size * np.where(bottom > 0, mean, 1.0) ** (1.0 / p)
    # A mean lies between the least and the greatest; rounding may take it one bit beyond.
    mean = np.fmax(np.fmin(mean, np.fmax.reduce(values, axis=0)), np.fmin.reduce(values, axis=0))
    return np.asarray(np.where(bottom > 0, mean, np.nan), dtype=np.float64)


def _own(function: Callable[..., float], values: Floats, weights: Floats) -> Floats:
    out = np.full(values.shape[1], np.nan)
    for unit, column in enumerate(values.T):
        known = ~np.isnan(column)
        if known.any():
            found = function(values=column[known], weights=weights[known] / weights[known].sum())
            if not isinstance(found, int | float | np.floating | np.integer) or np.isinf(found):
                name = getattr(function, "__name__", repr(function))
                raise SpecError(f"own function {name!r} gave {found!r}, but expected one finite number")
            out[unit] = float(found)
    return out
