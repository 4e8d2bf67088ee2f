"""Treat outliers, so that one extreme unit does not press all others together on the scale.

An indicator is left alone if its skewness or its kurtosis is moderate; else its extremes are drawn in one at
a time, and if five are not enough its logarithm is taken instead. What was done is reported by indicator and
by unit. Treatment is for comparing units; the values themselves remain in the tables.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from cosmopolis.errors import SpecError, UnknownNameError, hint_near

Floats = NDArray[np.float64]

SKEWNESS = 2.0
KURTOSIS = 3.5
"""An indicator passes if |skewness| or kurtosis is below; the values of the Handbook and of COINr."""
POINTS = 5
"""Most units whose value is drawn in before the logarithm is tried."""
LOG_OFFSET = 0.01
"""Share of the span by which values are kept off the logarithm of 0."""

REPORT = pl.Schema(
    {
        "indicator": pl.String,
        "treatment": pl.String,
        "points": pl.Int64,
        "skewness_before": pl.Float64,
        "kurtosis_before": pl.Float64,
        "skewness": pl.Float64,
        "kurtosis": pl.Float64,
        "passed": pl.Boolean,
    }
)
"""Columns of the report of a treatment, a row an indicator."""


@dataclass(frozen=True, kw_only=True)
class Treated:
    """One indicator after treatment.

    Attributes
    ----------
    values
        In the indicator's unit, or its logarithm.
    treatment
        `none`, `winsorised` or `log`.
    points
        Number of units whose value was drawn in.
    skewness_before, kurtosis_before, skewness, kurtosis
        Before and after; not a number where they are not defined.
    passed
        Whether the indicator passes in the end.
    """

    values: Floats
    treatment: str
    points: int
    skewness_before: float
    kurtosis_before: float
    skewness: float
    kurtosis: float
    passed: bool


def skewness(values: Floats) -> Floats:
    """Return the adjusted sample skewness of each column over what has data.

    G1 = g1 √(n(n−1)) / (n−2), g1 = m3 / m2^{3/2}, m_r = Σ (x − x̄)^r / n. Not a number for n < 3 or where all
    values are the same. It does not change with unit of measurement or origin.

    Notes
    -----
    Type 2 of D. N. Joanes, C. A. Gill (1998), *The Statistician* 47, as in SAS, SPSS and Excel.

    Examples
    --------
    >>> skewness(np.array([1.0, 2.0, 3.0, 10.0])).round(6).item()
    1.763633
    """
    n, _, m2, m3, _ = _moments(values)
    with np.errstate(divide="ignore", invalid="ignore"):
        out = m3 / m2**1.5 * np.sqrt(n * (n - 1.0)) / (n - 2.0)
    return np.asarray(np.where((n > 2) & (m2 > 0), out, np.nan), dtype=np.float64)  # noqa: PLR2004 - of the formula


def kurtosis(values: Floats) -> Floats:
    """Return the adjusted sample excess kurtosis of each column over what has data.

    G2 = ((n+1) g2 + 6)(n−1) / ((n−2)(n−3)), g2 = m4 / m2² − 3; 0 for a normal distribution. Not a number for
    n < 4 or where all values are the same.

    Notes
    -----
    As `skewness`.

    Examples
    --------
    >>> kurtosis(np.array([1.0, 2.0, 3.0, 10.0])).round(6).item()
    3.228
    """
    n, _, m2, _, m4 = _moments(values)
    with np.errstate(divide="ignore", invalid="ignore"):
        out = ((n + 1.0) * (m4 / m2**2 - 3.0) + 6.0) * (n - 1.0) / ((n - 2.0) * (n - 3.0))
    return np.asarray(np.where((n > 3) & (m2 > 0), out, np.nan), dtype=np.float64)  # noqa: PLR2004 - of the formula


def passes(values: Floats, *, skew: float = SKEWNESS, kurt: float = KURTOSIS) -> NDArray[np.bool_]:
    """Say of each column whether it needs no treatment: |skewness| < `skew` or kurtosis < `kurt`.

    A column on which either is not defined (few or equal values) needs none.

    Examples
    --------
    >>> passes(np.array([1.0, 2.0, 3.0, 10.0])).item()
    True
    """
    g1, g2 = skewness(values), kurtosis(values)
    return np.asarray((np.abs(g1) < skew) | (g2 < kurt) | np.isnan(g1) | np.isnan(g2), dtype=np.bool_)


def winsorise(
    values: Floats, *, points: int = POINTS, skew: float = SKEWNESS, kurt: float = KURTOSIS
) -> tuple[Floats, NDArray[np.bool_]]:
    """Draw in extremes of one column, one at a time, until it passes.

    While the column does not pass: on the side to which it is skewed now, all units with the extreme value
    get the next value. Stops before more than `points` units would have been moved.

    Parameters
    ----------
    values
        Of shape (units,).

    Returns
    -------
    drawn
        Values after drawing in, whether or not they pass.
    moved
        Units whose value was changed.

    Examples
    --------
    >>> drawn, moved = winsorise(np.array([1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 99.0]))
    >>> drawn.tolist(), int(moved.sum())
    ([1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 7.0], 1)
    """
    if points < 0:
        raise SpecError(f"winsorise: got points = {points}, but expected 0 or more")
    drawn, moved = values.copy(), np.zeros(len(values), dtype=np.bool_)
    while not passes(drawn, skew=skew, kurt=kurt).item():
        upper = skewness(drawn).item() >= 0
        extreme = np.nanmax(drawn) if upper else np.nanmin(drawn)
        at = drawn == extreme
        rest = drawn[~at & ~np.isnan(drawn)]
        if (moved | at).sum() > points or not len(rest):
            break
        drawn[at] = rest.max() if upper else rest.min()
        moved |= at
    return drawn, moved


def log(values: Floats) -> Floats:
    """Return ln(x − min x + 0.01 s) of each column, s = max x − min x, mirrored for a tail to the left.

    Skewed to the left: −ln(max x − x + 0.01 s). The order of units is kept, and up to a constant the result
    does not change with the unit of measurement. A column of equal values stays as it is.

    Examples
    --------
    >>> log(np.array([0.0, 100.0])).round(3).tolist()
    [0.0, 4.615]
    """
    known = ~np.isnan(values)
    least = np.where(known, values, np.inf).min(axis=0)
    most = np.where(known, values, -np.inf).max(axis=0)
    span = np.where(most > least, most - least, 1.0)
    left = np.nan_to_num(skewness(values)) < 0
    with np.errstate(invalid="ignore"):
        inner = np.where(left, most - values, values - least) + LOG_OFFSET * span
        out = np.where(left, -1.0, 1.0) * np.log(np.where(known, inner, 1.0))
    return np.where(known & (most > least), out, values)


def vector(
    values: Floats,
    *,
    method: str = "winsorise",
    skewness: float = SKEWNESS,
    kurtosis: float = KURTOSIS,
    points: int = POINTS,
    log: bool = True,
) -> Treated:
    """Treat one indicator.

    Parameters
    ----------
    values
        Of shape (units,).
    method
        `winsorise` (then, if that is not enough, the logarithm of the values as they were), `winsorise-only`
        (drawn in as far as `points` goes), `log` (if it does not pass) or `none`.
    skewness, kurtosis
        Below either the indicator passes.
    points
        Most units to draw in.
    log
        Whether `winsorise` may go on to the logarithm; without it the values stay as they were.

    Raises
    ------
    UnknownNameError
        If there is no such method.

    Examples
    --------
    >>> vector(np.array([1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 99.0])).treatment
    'winsorised'
    """
    if method not in METHODS:
        raise UnknownNameError(f"outliers cannot be treated by {method!r}" + hint_near(method, METHODS))
    gate = {"skew": skewness, "kurt": kurtosis}
    out, name, moved = values, "none", 0
    if method != "none" and not passes(values, **gate).item():
        if method.startswith("winsorise"):
            drawn, at = winsorise(values, points=points, **gate)
            if method == "winsorise-only" or passes(drawn, **gate).item():
                out, name, moved = drawn, "winsorised", int(at.sum())
        if name == "none" and (method == "log" or (method == "winsorise" and log)):
            out, name = _log(values), "log"
    return Treated(
        values=out,
        treatment=name if name == "log" or moved else "none",
        points=moved,
        skewness_before=_skewness(values).item(),
        kurtosis_before=_kurtosis(values).item(),
        skewness=_skewness(out).item(),
        kurtosis=_kurtosis(out).item(),
        passed=bool(passes(out, **gate).item()),
    )


METHODS = ("winsorise", "winsorise-only", "log", "none")
"""By the name that a specification uses."""

_log, _skewness, _kurtosis = log, skewness, kurtosis


def matrix(
    values: Floats,
    codes: tuple[str, ...],
    settings: Callable[[str], dict[str, Any]] = lambda _: {},
) -> tuple[Floats, pl.DataFrame]:
    """Treat every column of a matrix.

    Parameters
    ----------
    values
        Units × indicators.
    codes
        Of the columns.
    settings
        Gives those of `vector` for a code.

    Returns
    -------
    treated
        Of the same shape.
    report
        By `REPORT`, in the order of the columns.
    """
    each = [vector(values[:, at], **settings(code)) for at, code in enumerate(codes)]
    rows = [
        (
            code,
            one.treatment,
            one.points,
            one.skewness_before,
            one.kurtosis_before,
            one.skewness,
            one.kurtosis,
            one.passed,
        )
        for code, one in zip(codes, each, strict=True)
    ]
    report = pl.DataFrame(rows, schema=REPORT, orient="row").fill_nan(None)
    table = np.column_stack([one.values for one in each]) if each else values
    return table, report


def wide(frame: pl.DataFrame, **settings: Any) -> tuple[pl.DataFrame, pl.DataFrame]:  # noqa: ANN401 - as of `vector`
    """Treat the columns of a wide frame, `unit` and a column a code, all alike; and report.

    Examples
    --------
    >>> frame = pl.DataFrame({"unit": [*"ABCDEFGH"], "x": [1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 99.0]})
    >>> wide(frame)[1].select("indicator", "treatment", "points").row(0)
    ('x', 'winsorised', 1)
    """
    codes = tuple(frame.columns[1:])
    values = frame.select(pl.col(codes).cast(pl.Float64).fill_null(np.nan)).to_numpy()
    treated, report = matrix(values, codes, lambda _: settings)
    out = frame.with_columns(pl.Series(c, treated[:, at]).fill_nan(None) for at, c in enumerate(codes))
    return out, report


def _moments(values: Floats) -> tuple[Floats, Floats, Floats, Floats, Floats]:
    """Return n, mean and the central moments 2 to 4 of each column."""
    known = ~np.isnan(values)
    n = known.sum(axis=0).astype(np.float64)
    some = np.maximum(n, 1.0)
    centre = np.where(known, values, 0.0).sum(axis=0) / some
    off = np.where(known, values - centre, 0.0)
    # Equal values may differ from their own mean by rounding; a spread of that size is none.
    size = np.abs(np.where(known, values, 0.0)).max(axis=0, initial=0.0)
    off = np.where(np.abs(off).max(axis=0, initial=0.0) <= 1e-14 * size, 0.0, off)
    square = off * off
    return (
        n,
        centre,
        square.sum(axis=0) / some,
        (square * off).sum(axis=0) / some,
        (square**2).sum(axis=0) / some,
    )
