"""What indicators count for in the scores, and the weights under which they count for what they should.

A weight is not an importance: an indicator with little spread, or at odds with the others, moves the scores
less than its weight says.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np
from scipy.optimize import least_squares

from cosmopolis.errors import FormatError, SpecError, UnknownNameError, hint_near
from cosmopolis.index.correlation import Matrix, Vector, checked, correlations, named, refuse_constant

Importance = Literal["correlation", "determination", "covariance"]


Aggregation = Callable[[Matrix, Vector], Vector]
"""Scores of units, from a units × children matrix and the children's weights."""

_LOGIT_BOUND = 12.0  # e^-12: a weight of less than a hundred thousandth of the largest is none


@dataclass(frozen=True, kw_only=True)
class Optimised:
    """Weights sought for a target, and how near to it they came.

    Attributes
    ----------
    weights
        All together 1.
    target, reached
        Importance of each column, asked for and obtained, each all together 1.
    residual
        Largest difference of the two, 0..1.
    matched
        Whether the residual is within the tolerance; where it is not, no weights reach the target.
    """

    weights: Vector
    target: Vector
    reached: Vector
    residual: float
    matched: bool


def mean(values: Matrix, weights: Vector) -> Vector:
    """Average each unit's values over the columns with data: Σ w_j x_ij / Σ w_j; not a number without any."""
    known = ~np.isnan(values)
    bottom = known @ weights
    with np.errstate(invalid="ignore", divide="ignore"):
        found: Vector = np.where(bottom > 0, np.where(known, values, 0.0) @ weights / bottom, np.nan)
    return found


def contributions(values: Matrix, weights: Vector) -> Matrix:
    """Split each unit's mean into the points that each column adds: w_j x_ij / Σ w over those with data.

    Returns
    -------
    points
        Units × columns; each row sums to the unit's mean. Not a number without data.

    Examples
    --------
    >>> contributions(np.array([[80.0, 40.0], [60.0, np.nan]]), np.array([1.0, 3.0])).tolist()
    [[20.0, 30.0], [60.0, nan]]
    """
    known = ~np.isnan(values)
    bottom = (known @ weights)[:, None]
    with np.errstate(invalid="ignore", divide="ignore"):
        points: Matrix = np.where(known & (bottom > 0), weights * values / bottom, np.nan)
    return points


def importance(
    values: Matrix, weights: Vector, scores: Vector | None = None, *, kind: Importance = "correlation"
) -> Vector:
    """Measure what each column counts for in the scores, as shares that sum to 1.

    `correlation`: r_j / Σ r. `determination`: r_j² / Σ r², r_j² being the share of the variance of the scores
    that a line on the column explains (the linear main effect). `covariance`: w_j cov(x_j, y) / Σ w cov(x,
    y), which for a weighted mean of columns with all data splits the variance of the scores without a rest.

    Parameters
    ----------
    values
        Units × columns.
    weights
        One a column.
    scores
        y, one a unit; the weighted mean if not given.

    Returns
    -------
    shares
        Negative where a column runs against the scores (not for `determination`).

    Notes
    -----
    Paruolo, Saisana and Saltelli (2013), *Journal of the Royal Statistical Society A* 176(3), 609-634.

    Examples
    --------
    >>> x = np.array([[0.0, 0.0], [10.0, 1.0], [0.0, 1.0], [10.0, 0.0]])
    >>> importance(x, np.array([0.5, 0.5]), kind="covariance").round(4).tolist()
    [0.9901, 0.0099]
    """
    y = mean(values, weights) if scores is None else scores
    r = correlations(values, y[:, None])[0][:, 0]
    return _shares(r, values, weights, y, kind)


def effective(values: Matrix, weights: Vector, scores: Vector | None = None) -> Vector:
    """Return the effective, variance-based weights: `importance` by covariance, to set beside the nominal."""
    return importance(values, weights, scores, kind="covariance")


def optimised(
    values: Matrix,
    target: Vector,
    *,
    codes: Sequence[str] = (),
    kind: Importance = "correlation",
    aggregation: Aggregation = mean,
    tolerance: float = 1e-4,
) -> Optimised:
    """Seek the weights under which each column counts for what it is meant to count for.

    min_w Σ_j (I_j(w) − t_j)², w_j = exp θ_j / Σ exp θ, with I the `importance` of the columns for the scores
    that `aggregation` gives under w, and t the target, both all together 1. Least squares from two starts
    (target and equal weights), the better kept: the same in, the same out.

    Parameters
    ----------
    values
        Units × columns.
    target
        One a column, above 0; only the ratios matter.
    codes
        Of the columns, for errors.
    aggregation
        From values and weights to scores; give the way from these columns up to the index to balance them
        there.
    tolerance
        Largest difference from the target that counts as matched.

    Returns
    -------
    optimised
        With the residual: not every target can be reached, and the nearest weights are given then.

    Raises
    ------
    SpecError
        A target not above 0; a column that is the same for all units.
    FormatError
        Not one target a column.

    Notes
    -----
    Becker, Saisana, Paruolo and Vandecasteele (2017), *Ecological Indicators* 80, 12-22.

    Examples
    --------
    >>> x = np.array([[0.0, 0.0], [10.0, 1.0], [0.0, 1.0], [10.0, 0.0]])
    >>> found = optimised(x, np.array([1.0, 1.0]))
    >>> (found.weights * 11).round(3).tolist(), found.matched
    ([1.0, 10.0], True)
    """
    table = checked(values)
    if target.shape != (table.shape[1],):
        raise FormatError(
            f"got {target.size} targets, but expected one for each of {table.shape[1]} indicators"
        )
    if not (target > 0).all():
        at = int(np.argmin(target))
        raise SpecError(
            f"got {target[at]:g} as target importance of {named(at, codes)}, but expected a number above 0; "
            "leave out what is to count for nothing"
        )
    t: Vector = target / target.sum()
    refuse_constant(table, codes, "optimised weights", "all units with data")

    def difference(theta: Vector) -> Vector:
        w = _softmax(theta)
        shares = importance(table, w, aggregation(table, w), kind=kind)
        off: Vector = np.nan_to_num(shares - t, nan=1.0, posinf=1.0, neginf=-1.0)
        return off

    theta = np.zeros(0)
    if len(t) > 1:
        runs = [_least_squares(difference, start) for start in (np.log(t[:-1] / t[-1]), np.zeros(len(t) - 1))]
        theta = min(enumerate(runs), key=lambda run: (run[1][0], run[0]))[1][1]
    weights = _softmax(theta)
    reached = importance(table, weights, aggregation(table, weights), kind=kind)
    residual = float(np.abs(reached - t).max())
    return Optimised(
        weights=weights, target=t, reached=reached, residual=residual, matched=residual <= tolerance
    )


def _shares(r: Vector, values: Matrix, weights: Vector, y: Vector, kind: Importance) -> Vector:
    """Turn correlations with the scores into shares of importance."""
    if kind not in get_args(Importance):
        raise UnknownNameError(f"there is no importance {kind!r}" + hint_near(kind, get_args(Importance)))
    parts = r
    if kind == "determination":
        parts = r**2
    elif kind == "covariance":
        both = ~np.isnan(values) & ~np.isnan(y)[:, None]
        spread = np.full(values.shape[1], np.nan)
        for j in range(values.shape[1]):
            x, of_scores = values[both[:, j], j], y[both[:, j]]
            if len(x) > 1 and of_scores.std() > 0:
                spread[j] = x.std() / of_scores.std()
        # w cov(x, y) / var(y), each over the units that have both
        parts = weights * np.where(weights > 0, r * spread, 0.0)
    with np.errstate(invalid="ignore", divide="ignore"):
        shares: Vector = parts / np.nansum(parts)
    return shares


def _least_squares(difference: Callable[[Vector], Vector], start: Vector) -> tuple[float, Vector]:
    """Return the sum of squares reached from a start, rounded so that equal ends are equal, and where."""
    inside = np.clip(start, -_LOGIT_BOUND + 0.1, _LOGIT_BOUND - 0.1)
    found = least_squares(
        difference, inside, bounds=(-_LOGIT_BOUND, _LOGIT_BOUND), xtol=1e-12, ftol=1e-14, gtol=1e-14
    )
    return round(float(found.cost), 14), np.asarray(found.x, dtype=np.float64)


def _softmax(theta: Vector) -> Vector:
    """Return weights from logits; the last one's is 0."""
    full = np.append(theta, 0.0)
    powers = np.exp(full - full.max())
    weights: Vector = powers / powers.sum()
    return weights
