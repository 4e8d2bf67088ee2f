"""Does a short yearly series rise, fall or hold steady? A rank test, a robust slope, and a verdict in words.

"Steady" is a statement of its own, that the slope is small, and not the mere lack of proof that it is not
zero; what is neither proved to move nor proved to hold is `unclear`. Country pairs are folded and compared
in `country_trends`.
"""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import accumulate

import numpy as np
import polars as pl
from numpy.typing import NDArray
from scipy import stats

from cosmopolis.errors import FormatError
from cosmopolis.networks.links import require

Floats = NDArray[np.float64]

VERDICTS = ("rising", "steady", "falling", "unclear", "too_few")
"""What may be said of a series."""

BAND = 0.01
"""Slope a year, as a part of the series' mean, up to which it counts as steady."""

CHANGE = 0.10
"""Change over all years, as a part of the mean, from which a series is not steady, however small a year's."""

YEARS_MIN = 5
"""Years below which nothing is said: with four, no order of values is rarer than 1 in 12."""

EXACT_MAX = 60
"""Years up to which the null distribution is exact; beyond it the normal one is taken."""

_SERIAL_MIN = 10  # years from which a correlation of neighbouring years can be told at all
_SERIAL_MAX = 0.95  # of the correlation: what wanders more than this has no slope to speak of

TREND = pl.Schema(
    {
        "from_year": pl.Int64,
        "to_year": pl.Int64,
        "years": pl.Int64,
        "mean": pl.Float64,
        "slope": pl.Float64,
        "low": pl.Float64,
        "high": pl.Float64,
        "p_value": pl.Float64,
        "serial": pl.Float64,
        "verdict": pl.String,
    }
)
"""Columns of a trend."""


@dataclass(frozen=True, kw_only=True)
class Trend:
    """What a series does.

    Attributes
    ----------
    from_year, to_year, years
        First and last year with data, and how many there are.
    mean
        Of the values, in their unit.
    slope, low, high
        Theil–Sen slope and its interval, in units a year.
    p_value
        Mann–Kendall, two-sided.
    serial
        r, the correlation of neighbouring years; None below ten years.
    verdict
        One of `VERDICTS`.
    """

    from_year: int | None
    to_year: int | None
    years: int
    mean: float | None
    slope: float | None
    low: float | None
    high: float | None
    p_value: float | None
    serial: float | None
    verdict: str


def trend(
    years: Sequence[int],
    values: Sequence[float | None],
    *,
    level: float = 0.95,
    band: float = BAND,
    years_min: int = YEARS_MIN,
) -> Trend:
    """Test a series for a trend.

    S = Σ_{i<j} sign(x_j − x_i), whose null distribution is exact, ties included; slope = median of
    (x_j − x_i)/(t_j − t_i) over all pairs, and its interval lies between the slopes of those ranks that the
    null distribution of S gives. Verdict, in this order:

    * `too_few`: fewer years with data than `years_min`, or than an interval needs, or a mean of 0.
    * `steady`: the interval lies within ± `band` · |mean| a year, and the slope over all years comes to less
      than a tenth of the mean (`CHANGE`): many small steps one way are a trend.
    * `rising`, `falling`: the interval lies above, below 0 and p < 1 − `level`.
    * `unclear`: all else.

    Where neighbouring years are correlated, years carry less news than their number says: the variance of S
    is multiplied by 1 + 2/(n(n−1)(n−2)) Σ_k (n−k)(n−k−1)(n−k−2) r^k, as for a first-order process, and the
    normal distribution is taken. r is the correlation of neighbouring years' ranks after a parabola is taken
    out (so that a bent trend is not taken for wandering), less its bias: (n r₁ + 3)/(n − 6), used if above 0.
    Below ten years it cannot be told and is taken as none: read a verdict on so few years with that in mind.

    A series that rises and then falls is `unclear` as a whole; test its last years by themselves.

    Parameters
    ----------
    years, values
        Of the same length; each year once, in any order, gaps allowed; None and NaN are no data.
    level
        Of the interval.
    band
        A part of the mean, a year.

    Raises
    ------
    FormatError
        If a year stands twice.

    Notes
    -----
    Mann (1945), *Econometrica* 13, 245–259; Kendall (1975), *Rank Correlation Methods*; Theil (1950); Sen
    (1968), *JASA* 63, 1379–1389; Hamed & Rao (1998), *Journal of Hydrology* 204, 182–196. Steady as an
    equivalence: Schuirmann (1987), *J. Pharmacokinetics and Biopharmaceutics* 15, 657–680; there the interval
    of 90 % is used, so that this verdict, with 95 %, is on the strict side.

    Examples
    --------
    >>> trend(range(2000, 2006), [1.0, 2.0, 3.0, 4.0, 5.0, 6.0]).verdict
    'rising'
    >>> trend(range(2000, 2010), [5.00, 5.01, 4.99, 5.02, 5.0, 4.98, 5.01, 5.0, 4.99, 5.0]).verdict
    'steady'
    >>> trend(range(2000, 2006), [1.0, 9.0, 2.0, 8.0, 3.0, 7.0]).verdict
    'unclear'
    """
    if len(set(years)) != len(years) or len(years) != len(values):
        raise FormatError(
            f"got {len(years)} years, {len(set(years))} of them different, and {len(values)} values; "
            "expected one value for each year"
        )
    known = sorted(
        (t, float(x)) for t, x in zip(years, values, strict=True) if x is not None and not math.isnan(x)
    )
    n = len(known)
    times = np.array([t for t, _ in known], dtype=np.float64)
    x = np.array([v for _, v in known], dtype=np.float64)
    mean = math.fsum(x) / n if n else None
    ends = (known[0][0], known[-1][0]) if n else (None, None)
    none = Trend(
        from_year=ends[0], to_year=ends[1], years=n, mean=mean, slope=None, low=None, high=None,
        p_value=None, serial=None, verdict="too_few",
    )  # fmt: skip
    if n < max(years_min, 2) or not mean:
        return none
    slopes = _slopes(times, x)
    slope = float(np.median(slopes))
    serial = _serial(times, x)
    factor = _inflation(n, serial)
    rank = _rank(n, level, factor)
    if rank < 1 and factor == 1.0:
        return none
    # too few years for their correlation: the slope can be anything
    low, high = (float(slopes[rank - 1]), float(slopes[-rank])) if rank else (-math.inf, math.inf)
    p = _p_value(x, factor)
    edge = band * abs(mean)
    small = abs(slope) * float(np.ptp(times)) < CHANGE * abs(mean)
    if -edge <= low and high <= edge and small:
        verdict = "steady"
    elif p < 1.0 - level and (low > 0 or high < 0):
        verdict = "rising" if low > 0 else "falling"
    else:
        verdict = "unclear"
    return Trend(
        from_year=ends[0], to_year=ends[1], years=n, mean=mean, slope=slope,
        low=low if rank else None, high=high if rank else None, p_value=p, serial=serial, verdict=verdict,
    )  # fmt: skip


def table(
    frame: pl.DataFrame,
    keys: Sequence[str],
    *,
    value: str = "value",
    level: float = 0.95,
    band: float = BAND,
    years_min: int = YEARS_MIN,
) -> pl.DataFrame:
    """Test each series of a table.

    Parameters
    ----------
    frame
        `keys`, `year` and the column `value`.
    keys
        Columns that name a series.

    Returns
    -------
    frame
        `keys` and the columns of `TREND`, sorted by `keys`.
    """
    require(frame, [*keys, "year", value], what="yearly values")
    series = frame.sort(*keys, "year").group_by(keys, maintain_order=True).agg("year", value)
    trends = [
        trend(years, values, level=level, band=band, years_min=years_min)
        for years, values in zip(series["year"].to_list(), series[value].to_list(), strict=True)
    ]
    columns = [
        pl.Series(name, [getattr(one, name) for one in trends], dtype=dtype) for name, dtype in TREND.items()
    ]
    return series.select(keys).with_columns(columns)


def mann_kendall(values: Iterable[float]) -> tuple[int, float]:
    """Return S and its two-sided p-value, without regard to correlation between years.

    Examples
    --------
    >>> mann_kendall([1.0, 2.0, 3.0, 4.0])  # 2 of the 24 orders are as extreme
    (6, 0.08333333333333333)
    """
    x = np.asarray(list(values), dtype=np.float64)
    return _score(x), _p_value(x, 1.0)


def _slopes(times: Floats, x: Floats) -> Floats:
    """Return the slopes between all pairs of years, ascending."""
    i, j = np.triu_indices(len(x), 1)
    return np.sort((x[j] - x[i]) / (times[j] - times[i]))


def _score(x: Floats) -> int:
    i, j = np.triu_indices(len(x), 1)
    return int(np.sign(x[j] - x[i]).sum())


@lru_cache(maxsize=1024)
def _orders(ties: tuple[int, ...]) -> tuple[int, ...]:
    """Return how many orders of values have 0, 1, 2 … inversions; `ties`: how often each value stands.

    Coefficients of the Gaussian multinomial, Π_{k≤n} (1 − q^k) / Π_g Π_{k≤t_g} (1 − q^k).
    """
    n = sum(ties)
    degree = (n * n - sum(t * t for t in ties)) // 2
    counts = [1] + [0] * degree
    upper = sorted(range(1, n + 1))
    lower = sorted(k for t in ties for k in range(1, t + 1))
    for k in upper:
        for at in range(degree, k - 1, -1):
            counts[at] -= counts[at - k]
    for k in lower:
        for at in range(k, degree + 1):
            counts[at] += counts[at - k]
    return tuple(counts)


def _p_value(x: Floats, factor: float) -> float:
    """Return the two-sided p-value of S."""
    n, score = len(x), _score(x)
    ties = tuple(sorted(np.unique(x, return_counts=True)[1].tolist()))
    if factor == 1.0 and n <= EXACT_MAX:
        orders = _orders(ties)
        total = sum(orders)
        fewest = (len(orders) - 1 - abs(score)) // 2  # inversions of the orders as extreme as this one
        one_side = sum(orders[: fewest + 1])
        return min(1.0, 2 * one_side / total) if score else 1.0
    deviation = math.sqrt(_variance(n, ties) * factor)
    if deviation == 0.0:
        return 1.0
    return float(min(1.0, 2.0 * stats.norm.sf(max(abs(score) - 1, 0) / deviation)))


def _variance(n: int, ties: Sequence[int]) -> float:
    """Return Var(S) = (n(n−1)(2n+5) − Σ t(t−1)(2t+5)) / 18."""
    return (n * (n - 1) * (2 * n + 5) - sum(t * (t - 1) * (2 * t + 5) for t in ties)) / 18.0


@lru_cache(maxsize=1024)
def _rank(n: int, level: float, factor: float) -> int:
    """Return the rank of the slope that bounds the interval from below; 0 if there is none.

    The interval from the slope of rank r to that of rank N − r + 1 misses the true slope only if fewer than r
    of the N pairs run against it: with r the largest such that P(inversions < r) ≤ (1 − level)/2.
    """
    tail = (1.0 - level) / 2.0
    if factor == 1.0 and n <= EXACT_MAX:
        orders = _orders((1,) * n)
        total = sum(orders)
        return sum(1 for below in accumulate(orders) if below / total <= tail)
    pairs = n * (n - 1) / 2.0
    reach = float(stats.norm.ppf(1.0 - tail)) * math.sqrt(_variance(n, ()) * factor)
    return max(0, math.floor((pairs - reach) / 2.0))


def _serial(times: Floats, x: Floats) -> float | None:
    """Return the correlation of neighbouring years less its bias, or None where there are too few."""
    n = len(x)
    if n < _SERIAL_MIN:
        return None
    t = (times - times.mean()) / np.ptp(times)
    design = np.column_stack([np.ones(n), t, t * t])
    rest = x - design @ np.linalg.lstsq(design, x, rcond=None)[0]
    ranks = stats.rankdata(np.round(rest / np.abs(x).max(), 9))
    centred = ranks - ranks.mean()
    spread = float(np.dot(centred, centred))
    if spread == 0.0:
        return 0.0
    first = float(np.dot(centred[1:], centred[:-1])) / spread
    return min((n * first + 3.0) / (n - 6.0), _SERIAL_MAX)


def _inflation(n: int, serial: float | None) -> float:
    """Return by how much correlated years widen the variance of S; 1 where they are not."""
    if serial is None or serial <= 0.0:
        return 1.0
    weights = ((n - k) * (n - k - 1) * (n - k - 2) * serial**k for k in range(1, n - 2))
    return 1.0 + 2.0 * math.fsum(weights) / (n * (n - 1) * (n - 2))
