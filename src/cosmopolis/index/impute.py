"""Fill gaps by an estimate; what has data is never touched.

An estimate is not data: the log of a build says how many there are, and an uncertainty analysis should vary
the method. For panels `along` fills a unit's series from its own years.
"""

from collections.abc import Callable, Sequence
from typing import Any, Literal

import numpy as np
import polars as pl
from numpy.typing import NDArray

from cosmopolis.errors import FormatError, SpecError, UnknownNameError, hint_near

Floats = NDArray[np.float64]


def mean(values: Floats) -> Floats:
    """Fill gaps with the mean of the units that have data, column by column.

    Examples
    --------
    >>> mean(np.array([1.0, np.nan, 3.0])).tolist()
    [1.0, 2.0, 3.0]
    """
    return _filled(values, _nanmean)


def median(values: Floats) -> Floats:
    """Fill gaps with the median of the units that have data, column by column.

    Examples
    --------
    >>> median(np.array([1.0, np.nan, 2.0, 9.0])).tolist()
    [1.0, 2.0, 2.0, 9.0]
    """
    return _filled(values, _nanmedian)


def group_mean(values: Floats, groups: Sequence[str | None]) -> Floats:
    """Fill gaps with the mean of the unit's group; gaps stay where the group has no data, or there is none.

    Parameters
    ----------
    values
        Of shape (units,) or (units, indicators).
    groups
        A name a unit, null for none.

    Examples
    --------
    >>> group_mean(np.array([1.0, np.nan, 5.0, np.nan]), ["a", "a", "b", "c"]).tolist()
    [1.0, 1.0, 5.0, nan]
    """
    return _grouped(values, groups, mean)


def group_median(values: Floats, groups: Sequence[str | None]) -> Floats:
    """Fill gaps with the median of the unit's group, otherwise as `group_mean`.

    Examples
    --------
    >>> group_median(np.array([1.0, 2.0, 9.0, np.nan]), ["a", "a", "a", "a"]).tolist()
    [1.0, 2.0, 9.0, 2.0]
    """
    return _grouped(values, groups, median)


def em(values: Floats, *, prior: float = 0.01, tolerance: float = 1e-6, rounds: int = 200) -> Floats:
    """Fill gaps with what a unit's other indicators lead to expect, by expectation–maximisation.

    Indicators are taken as jointly normal, with means μ and covariances Σ. Expectation: a unit's gaps m given
    its data o are x_m = μ_m + Σ_mo Σ_oo⁻¹ (x_o − μ_o), with the covariance left over added to the sums.
    Maximisation: μ and Σ from the filled table, with a prior worth `prior` · n units that have the observed
    variances and no correlation, which keeps Σ regular where units are few. Until no filled value moves by
    more than `tolerance` standard deviations. Without a prior and with gaps in one indicator this is the
    regression of that indicator on the others.

    Parameters
    ----------
    values
        Units × indicators.
    prior
        At least 0.
    tolerance
        In standard deviations.
    rounds
        Most rounds; an error if they are not enough.

    Raises
    ------
    SpecError
        If an indicator has fewer than two different values, or the rounds are not enough.

    Notes
    -----
    A. P. Dempster, N. M. Laird, D. B. Rubin (1977), *JRSS B* 39; R. J. A. Little, D. B. Rubin (2002),
    *Statistical Analysis with Missing Data*, section 11.2; the prior is that of J. Honaker, G. King (2010),
    *AJPS* 54.

    Examples
    --------
    >>> em(np.array([[1.0, 2.0], [2.0, 4.0], [3.0, np.nan]]), prior=0.0).round(3).tolist()
    [[1.0, 2.0], [2.0, 4.0], [3.0, 6.0]]
    """
    if values.ndim != 2:  # noqa: PLR2004 - rows and columns
        raise FormatError("em: got one column, but a gap is estimated from the other columns; give a matrix")
    if prior < 0 or tolerance <= 0 or rounds < 1:
        raise SpecError("em: expected prior of at least 0, tolerance above 0 and at least one round")
    gaps = np.isnan(values)
    if not gaps.any():
        return values.copy()
    centre = _nanmean(values)
    spread = np.sqrt(_nanmean((values - centre) ** 2))
    if not (spread > 0).all():
        at = int(np.flatnonzero(~(spread > 0))[0])
        raise SpecError(f"em: column {at + 1} has fewer than two different values; leave it out first")
    scaled = (values - centre) / spread
    filled = np.where(gaps, 0.0, scaled)
    patterns, which = np.unique(gaps, axis=0, return_inverse=True)
    rows = [np.flatnonzero(which == one) for one in range(len(patterns))]
    units, width = values.shape
    mu, sigma = np.zeros(width), np.eye(width)
    for turn in range(rounds):
        before, extra = filled.copy(), np.zeros((width, width))
        for pattern, members in zip(patterns, rows, strict=True):
            if not pattern.any():
                continue
            lost, seen = np.flatnonzero(pattern), np.flatnonzero(~pattern)
            slope = np.linalg.pinv(sigma[np.ix_(seen, seen)], hermitian=True) @ sigma[np.ix_(seen, lost)]
            filled[np.ix_(members, lost)] = mu[lost] + (scaled[np.ix_(members, seen)] - mu[seen]) @ slope
            left = sigma[np.ix_(lost, lost)] - sigma[np.ix_(lost, seen)] @ slope
            extra[np.ix_(lost, lost)] += len(members) * left
        mu = filled.mean(axis=0)
        off = filled - mu
        sigma = (off.T @ off + extra + prior * units * np.eye(width)) / (units * (1.0 + prior))
        if turn and np.abs(filled - before).max() <= tolerance:  # the first turn knows no correlation
            return np.where(gaps, centre + spread * filled, values)
    raise SpecError(
        f"em: {rounds} rounds were not enough; give more rounds, or a larger prior than {prior:g}"
    )


def along(
    values: Floats,
    years: Sequence[int],
    *,
    how: Literal["linear", "last"] = "linear",
    ends: bool = False,
) -> Floats:
    """Fill gaps of a series from the unit's own other years.

    `linear` draws a line between the known years before and after; `last` repeats the known year before.
    A series with one known year is that year's value where it is repeated; one without data stays so.

    Parameters
    ----------
    values
        One series (years,), or units × years.
    years
        Ascending, each once.
    ends
        Whether `linear` repeats the first and last known value beyond them; without it those gaps stay.

    Raises
    ------
    FormatError
        If the years are not ascending or as many as the values.
    UnknownNameError
        If there is no such way.

    Examples
    --------
    >>> along(np.array([np.nan, 1.0, np.nan, 5.0, np.nan]), [2014, 2015, 2017, 2019, 2020]).tolist()
    [nan, 1.0, 3.0, 5.0, nan]
    """
    if how not in {"linear", "last"}:
        raise UnknownNameError(f"a series cannot be filled {how!r}" + hint_near(how, ("linear", "last")))
    at = np.array(years, dtype=np.float64)
    if values.shape[-1] != len(at) or (np.diff(at) <= 0).any():
        raise FormatError(
            f"got {values.shape[-1]} values for the years {list(years)}; expected ascending years"
        )
    if values.ndim > 1:
        return np.array([along(row, years, how=how, ends=ends) for row in values]).reshape(values.shape)
    known = ~np.isnan(values)
    if not known.any():
        return values.copy()
    if how == "last":
        last = np.maximum.accumulate(np.where(known, np.arange(len(at)), -1))
        return np.where(last >= 0, values[np.maximum(last, 0)], np.nan)
    side = None if ends else np.nan
    line = np.interp(at, at[known], values[known], left=side, right=side)
    return np.where(known, values, line)


METHODS: dict[str, Callable[..., Floats]] = {
    "mean": mean,
    "median": median,
    "group-mean": group_mean,
    "group-median": group_median,
    "em": em,
}
"""By the name that a specification uses; those of groups take the groups second."""


def wide(
    frame: pl.DataFrame,
    *,
    method: str = "mean",
    groups: Sequence[str | None] | None = None,
    **settings: Any,  # noqa: ANN401 - each method has its own
) -> pl.DataFrame:
    """Fill the gaps of a wide frame, `unit` and a column a code.

    Raises
    ------
    UnknownNameError
        If there is no such method.

    Examples
    --------
    >>> wide(pl.DataFrame({"unit": ["A", "B"], "x": [1.0, None]}))["x"].to_list()
    [1.0, 1.0]
    """
    if method not in METHODS:
        raise UnknownNameError(f"gaps cannot be filled by {method!r}" + hint_near(method, METHODS))
    codes = frame.columns[1:]
    values = frame.select(pl.col(codes).cast(pl.Float64).fill_null(np.nan)).to_numpy()
    extra = (list(groups or [None] * len(values)),) if method.startswith("group-") else ()
    filled = METHODS[method](values, *extra, **settings)
    return frame.with_columns(pl.Series(code, filled[:, at]).fill_nan(None) for at, code in enumerate(codes))


def _filled(values: Floats, centre: Callable[[Floats], Floats]) -> Floats:
    return np.where(np.isnan(values), centre(values), values)


def _grouped(values: Floats, groups: Sequence[str | None], fill: Callable[[Floats], Floats]) -> Floats:
    if len(groups) != len(values):
        raise FormatError(f"got {len(groups)} groups, but expected one for each of {len(values)} units")
    out = values.copy()
    for name in sorted({group for group in groups if group is not None}):
        members = np.array([group == name for group in groups])
        out[members] = fill(values[members])
    return out


def _nanmean(values: Floats) -> Floats:
    known = ~np.isnan(values)
    count = known.sum(axis=0)
    total = np.where(known, values, 0.0).sum(axis=0)
    return np.asarray(np.where(count > 0, total / np.maximum(count, 1), np.nan), dtype=np.float64)


def _nanmedian(values: Floats) -> Floats:
    table = values if values.ndim > 1 else values[:, None]
    out = np.array([np.median(c[~np.isnan(c)]) if (~np.isnan(c)).any() else np.nan for c in table.T])
    return out if values.ndim > 1 else out[0]
