"""Years as an axis: series filled along time, one scale for all years, trends.

A panel is a long frame `unit, year, code, value`, a row for each of the first three at most; null, or no row,
is no data. Scores of two years can be compared only on the same goalposts: least and greatest of one named
year or edition (frozen), or of all years together (pooled). On a scale made anew each year a unit that stood
still falls when others rise. Whole indices over years are built in `years`; here are series and frames.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import polars as pl
from numpy.typing import NDArray
from scipy.special import stdtrit

from cosmopolis.errors import FormatError, SpecError, UnknownNameError, hint_near
from cosmopolis.index import impute, normalise

Floats = NDArray[np.float64]
Goalposts = Mapping[str, tuple[float, float]]

COLUMNS = ("unit", "year", "code", "value")
"""Columns of a panel, in this order."""

_KEYS = ("unit", "year", "code")
_LEAST_FOR_INTERVAL = 3  # a line through two points has no error to judge it by


@dataclass(frozen=True, kw_only=True)
class Trend:
    """How series went, one number a series; not a number where there are too few values.

    Attributes
    ----------
    known
        Years with data.
    first_year, last_year
        Of those; not a number without any.
    growth
        Mean yearly growth between them, a share a year (0.02 is 2 %).
    slope
        Of the line fitted to all values, units of the value a year.
    low, high
        Interval of the slope.
    """

    known: NDArray[np.int64]
    first_year: Floats
    last_year: Floats
    growth: Floats
    slope: Floats
    low: Floats
    high: Floats


def growth(values: Floats, years: Sequence[int]) -> Floats:
    """Return the mean yearly growth between the first and the last year with data (CAGR).

    g = (x_T / x_0)^(1 / (T − 0)) − 1. It looks at two values only, and at nothing between. Without two
    years of data, or where one of the two is not above 0, it is not a number.

    Parameters
    ----------
    values
        One series (years,) or units × years.
    years
        Ascending, each once.

    Returns
    -------
    growth
        Share a year, of the shape of `values` without its last axis.

    Raises
    ------
    FormatError
        If the years are not ascending or not as many as the values.

    Examples
    --------
    >>> round(float(growth(np.array([100.0, np.nan, 121.0]), [2020, 2021, 2022])), 12)
    0.1
    """
    return trend(values, years).growth.reshape(values.shape[:-1])


def trend(values: Floats, years: Sequence[int], *, level: float = 0.95) -> Trend:
    """Fit a straight line to each series by least squares, with an interval of its slope.

    b = Σ (t − t̄)(x − x̄) / Σ (t − t̄)², se² = Σ e² / (n − 2) / Σ (t − t̄)², interval b ± t_{n−2} · se,
    over the years with data. The slope needs two years, the interval three. It takes the deviations as
    independent of one another; those of neighbouring years seldom are, and the true interval is then wider.

    Parameters
    ----------
    values
        One series (years,) or units × years.
    years
        Ascending, each once.
    level
        Of the interval, between 0 and 1.

    Returns
    -------
    trend
        Arrays with a number a series.

    Raises
    ------
    FormatError
        If the years are not ascending or not as many as the values.
    SpecError
        If the level is not between 0 and 1.

    Notes
    -----
    N. R. Draper, H. Smith (1998), *Applied Regression Analysis*, 3rd ed., chapter 1.

    Examples
    --------
    >>> found = trend(np.array([1.0, 3.0, 5.0]), [2020, 2021, 2022])
    >>> float(found.slope[0]), float(found.low[0]), float(found.high[0])
    (2.0, 2.0, 2.0)
    """
    if not 0 < level < 1:
        raise SpecError(f"got the level {level}, but expected one between 0 and 1, such as 0.95")
    at = _axis(values, years)
    x = np.atleast_2d(values).astype(np.float64)
    known = ~np.isnan(x)
    n = known.sum(axis=1)
    count = np.maximum(n, 1)
    x0 = np.where(known, x, 0.0)
    t = np.where(known, at - (known @ at / count)[:, None], 0.0)
    off = np.where(known, x0 - (x0.sum(axis=1) / count)[:, None], 0.0)
    width = (t * t).sum(axis=1)
    slope = np.divide((t * off).sum(axis=1), width, out=np.full(len(x), np.nan), where=n > 1)
    left = ((off - np.where(known, np.nan_to_num(slope)[:, None] * t, 0.0)) ** 2).sum(axis=1)
    judged = n >= _LEAST_FOR_INTERVAL
    free = np.where(judged, n - 2, 1)
    error = np.sqrt(np.divide(left / free, width, out=np.full(len(x), np.nan), where=judged))
    reach = stdtrit(free, (1 + level) / 2) * error
    return Trend(
        known=n.astype(np.int64),
        **_between(x, known, at),
        slope=slope,
        low=slope - reach,
        high=slope + reach,
    )


def trends(panel: pl.DataFrame, *, level: float = 0.95) -> pl.DataFrame:
    """Tell how each unit's series of each code went.

    Parameters
    ----------
    panel
        `unit`, `year`, `code`, `value`: of indicators, or scores with the node as code.
    level
        Of the interval of the slope.

    Returns
    -------
    trends
        `unit`, `code`, `known`, `first_year`, `last_year`, `growth`, `slope`, `slope_low`, `slope_high`,
        sorted by unit and code; see `Trend` for units.

    Examples
    --------
    >>> rows = [("A", 2020, "x", 1.0), ("A", 2022, "x", 5.0)]
    >>> panel = pl.DataFrame(rows, schema=COLUMNS, orient="row")
    >>> trends(panel).select("known", "slope", "slope_low").rows()
    [(2, 2.0, None)]
    """
    keys, years, table = _table(check(panel))
    found = trend(table, years, level=level)
    return keys.with_columns(
        known=pl.Series(found.known, dtype=pl.Int64),
        first_year=pl.Series(found.first_year).fill_nan(None).cast(pl.Int64),
        last_year=pl.Series(found.last_year).fill_nan(None).cast(pl.Int64),
        growth=pl.Series(found.growth).fill_nan(None),
        slope=pl.Series(found.slope).fill_nan(None),
        slope_low=pl.Series(found.low).fill_nan(None),
        slope_high=pl.Series(found.high).fill_nan(None),
    )


def fill(
    panel: pl.DataFrame,
    *,
    how: Literal["linear", "last"] = "linear",
    ends: bool = False,
    years: Sequence[int] | None = None,
) -> pl.DataFrame:
    """Fill the gaps of each series from the unit's own other years (`impute.along`).

    A series with one value is held where values are repeated (`last`, or `ends`), else left as it is; one
    without any stays without. What has data is never touched.

    Parameters
    ----------
    panel
        `unit`, `year`, `code`, `value`.
    how, ends
        See `impute.along`: `last` looks back only, so that a year never rests on later ones.
    years
        The axis; the years of the panel where none are named. Those named must include them.

    Returns
    -------
    filled
        The panel with a row for every unit, year and code, sorted by these, and `filled`: whether the value
        is an estimate.

    Raises
    ------
    FormatError
        If the panel has a unit, year and code twice, or years that are not named.

    Examples
    --------
    >>> rows = [("A", 2020, "x", 1.0), ("A", 2022, "x", 5.0)]
    >>> panel = pl.DataFrame(rows, schema=COLUMNS, orient="row")
    >>> fill(panel, years=[2020, 2021, 2022]).select("year", "value", "filled").rows()
    [(2020, 1.0, False), (2021, 3.0, True), (2022, 5.0, False)]
    """
    keys, axis, table = _table(check(panel), years)
    filled = impute.along(table, axis, how=how, ends=ends) if len(table) else table
    n_series, n_years = table.shape
    rows = keys.select(pl.all().repeat_by(n_years).explode()) if n_series else keys
    return (
        rows.with_columns(
            year=pl.Series(np.tile(np.array(axis, dtype=np.int64), n_series)),
            value=pl.Series(filled.ravel()).fill_nan(None),
            filled=pl.Series((np.isnan(table) & ~np.isnan(filled)).ravel()),
        )
        .select(*COLUMNS, "filled")
        .sort(_KEYS)
    )


def goalposts(panel: pl.DataFrame, *, year: int | None = None) -> dict[str, tuple[float, float]]:
    """Return the least and greatest value of each code, of one year (frozen) or of all (pooled).

    Frozen goalposts do not move when a year is added, so published scores stay; later values may lie beyond
    them. Pooled ones hold all, and move with every new extreme.

    Parameters
    ----------
    year
        To freeze; all years together where none is named.

    Returns
    -------
    goalposts
        (least, greatest) by code, in the unit of the values; a code without data has none.

    Raises
    ------
    UnknownNameError
        If the panel has no such year.

    Examples
    --------
    >>> rows = [("A", 2020, "x", 1.0), ("B", 2020, "x", 2.0), ("A", 2021, "x", 9.0)]
    >>> panel = pl.DataFrame(rows, schema=COLUMNS, orient="row")
    >>> goalposts(panel, year=2020), goalposts(panel)
    ({'x': (1.0, 2.0)}, {'x': (1.0, 9.0)})
    """
    known = check(panel)
    if year is not None:
        years = known["year"].unique().sort().to_list()
        if year not in years:
            raise UnknownNameError(f"the panel has no year {year}; there are {', '.join(map(str, years))}")
        known = known.filter(pl.col("year") == year)
    found = (
        known.drop_nulls("value")
        .group_by("code")
        .agg(least=pl.col("value").min(), most=pl.col("value").max())
        .sort("code")
    )
    return {code: (least, most) for code, least, most in found.rows()}


def scale(
    panel: pl.DataFrame,
    posts: Goalposts,
    *,
    directions: Mapping[str, int] | None = None,
    low: float = 0.0,
    high: float = 100.0,
    clip: bool = False,
) -> pl.DataFrame:
    """Bring every year to the same scale.

    s = low + (high − low)(x − L)/(H − L) where more is better, low + (high − low)(H − x)/(H − L) where less
    is, with the goalposts L < H of the code. Where L = H the code tells none apart by them, and is the
    middle of the range.

    Parameters
    ----------
    posts
        (L, H) of every code with data: `goalposts`, or set by hand.
    directions
        1 or -1 by code; 1 where none is named.
    clip
        Whether to hold values beyond the goalposts at the ends of the range. Without it progress beyond the
        best of the frozen year stays to be seen, and scores may lie outside the range.

    Returns
    -------
    scaled
        The panel with `value` on the scale, sorted by unit, year and code.

    Raises
    ------
    UnknownNameError
        If a code with data has no goalposts, or directions name a code that the panel has not.
    SpecError
        If L > H, or a direction is neither 1 nor -1.

    Examples
    --------
    >>> rows = [("A", 2020, "x", 2.0), ("A", 2021, "x", 6.0)]
    >>> panel = pl.DataFrame(rows, schema=COLUMNS, orient="row")
    >>> scale(panel, {"x": (0.0, 4.0)})["value"].to_list()
    [50.0, 150.0]
    """
    known = check(panel)
    codes = known["code"].unique().sort().to_list()
    for code in directions or {}:
        if code not in codes:
            raise UnknownNameError(f"directions: the panel has no code {code!r}" + hint_near(code, codes))
    parts = [known.clear()]
    for code in codes:
        part = known.filter(pl.col("code") == code)
        if part["value"].null_count() < part.height:
            direction = (directions or {}).get(code, 1)
            scaled = _scaled(part["value"], code, posts, direction, bounds=(low, high), clip=clip)
            part = part.with_columns(scaled)
        parts.append(part)
    return pl.concat(parts).sort(_KEYS)


def check(panel: pl.DataFrame) -> pl.DataFrame:
    """Return a panel as `unit`, `year`, `code`, `value`, sorted; not a number becomes null.

    Raises
    ------
    UnknownNameError
        If a column is missing.
    FormatError
        If years are not whole numbers, a key is null or stands twice, or a value is not a finite number.
    """
    for column in COLUMNS:
        if column not in panel.columns:
            raise UnknownNameError(f"the panel has no column {column!r}" + hint_near(column, panel.columns))
    if not panel["year"].dtype.is_integer():
        raise FormatError(f"years are {panel['year'].dtype}, but expected whole numbers, such as 2024")
    if not (panel["value"].dtype.is_numeric() or panel["value"].dtype == pl.Null):
        raise FormatError(f"values are {panel['value'].dtype}, but expected numbers")
    keyed = panel.select(
        "unit", pl.col("year").cast(pl.Int64), "code", pl.col("value").cast(pl.Float64).fill_nan(None)
    ).sort(_KEYS)
    if keyed.select(pl.any_horizontal(pl.col(_KEYS).is_null()).any()).item():
        raise FormatError("a row of the panel has no unit, year or code; leave it out or say what it is")
    twice = keyed.filter(pl.struct(_KEYS).is_duplicated())
    if not twice.is_empty():
        unit, year, code, _ = twice.row(0)
        raise FormatError(f"unit {unit!r} has more than one value of {code!r} in {year}; give one")
    if keyed["value"].is_infinite().any():
        unit, year, code, value = keyed.filter(pl.col("value").is_infinite()).row(0)
        raise FormatError(f"unit {unit!r} has {value} of {code!r} in {year}; leave out what is no data")
    return keyed


def _scaled(
    values: pl.Series, code: str, posts: Goalposts, direction: int, *, bounds: tuple[float, float], clip: bool
) -> pl.Series:
    if code not in posts:
        raise UnknownNameError(f"there are no goalposts of {code!r}" + hint_near(code, posts))
    least, most = posts[code]
    if not least <= most:
        raise SpecError(f"goalposts of {code!r}: got ({least:g}, {most:g}), but expected the lower one first")
    if direction not in {1, -1}:
        raise SpecError(f"{code!r}: got direction {direction}, but expected 1 (more is better) or -1")
    if least == most:
        return values * 0.0 + sum(bounds) / 2.0
    scaled = normalise.array(
        values.fill_null(float("nan")).to_numpy(),
        method="goalposts",
        direction=direction,
        goalposts=posts[code],
        range=bounds,
        clip=clip,
    )
    return pl.Series(values.name, scaled).fill_nan(None)


def _axis(values: Floats, years: Sequence[int]) -> Floats:
    """Return the years as numbers, ascending and as many as the values."""
    at = np.array(years, dtype=np.float64)
    if values.shape[-1:] != at.shape or (np.diff(at) <= 0).any():
        got = values.shape[-1] if values.ndim else 0
        raise FormatError(f"got {got} values for the years {list(years)}; expected as many, ascending")
    return at


def _between(x: Floats, known: NDArray[np.bool_], at: Floats) -> dict[str, Floats]:
    """Return first and last year with data, and the growth between."""
    has = known.any(axis=1)
    if not has.any():
        nothing = np.full(len(x), np.nan)
        return {"first_year": nothing, "last_year": nothing, "growth": nothing}
    rows = np.arange(len(x))
    first, last = known.argmax(axis=1), x.shape[1] - 1 - known[:, ::-1].argmax(axis=1)
    start, end = x[rows, first], x[rows, last]
    grown = has & (last > first) & (start > 0) & (end > 0)
    ratio = np.divide(end, start, out=np.full(len(x), np.nan), where=grown)
    span = np.where(grown, at[last] - at[first], 1.0)
    return {
        "first_year": np.where(has, at[first], np.nan),
        "last_year": np.where(has, at[last], np.nan),
        "growth": ratio ** (1.0 / span) - 1.0,
    }


def _table(panel: pl.DataFrame, years: Sequence[int] | None = None) -> tuple[pl.DataFrame, list[int], Floats]:
    """Return the series `unit, code`, the years, and series × years."""
    there = panel["year"].unique().sort().to_list()
    axis = there if years is None else sorted(set(years))
    for year in there:
        if year not in axis:
            raise FormatError(f"the panel has the year {year}, which is not among those named; name it too")
    keys = panel.select("unit", "code").unique().sort("unit", "code")
    table = np.full((keys.height, len(axis)), np.nan)
    row = pl.DataFrame(keys).with_row_index("row")
    placed = panel.join(row, on=["unit", "code"], how="left", maintain_order="left")
    column = {year: at for at, year in enumerate(axis)}
    known = placed.drop_nulls("value")
    table[known["row"].to_numpy(), [column[y] for y in known["year"]]] = known["value"].to_numpy()
    return keys, axis, table
