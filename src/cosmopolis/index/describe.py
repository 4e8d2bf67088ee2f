"""What a table of indicators looks like: availability, distribution, outliers, and where a unit stands in it.

Units × indicators, not a number is no data. Nothing is judged here (that is `cosmopolis.index.audit`) and
nothing changed (outliers are treated by `cosmopolis.index.treat`).
"""

from collections.abc import Sequence
from typing import Literal, get_args

import numpy as np
import polars as pl
from numpy.typing import NDArray

from cosmopolis.errors import UnknownNameError, hint_near
from cosmopolis.index.correlation import Matrix, Vector, checked, constant
from cosmopolis.index.treat import KURTOSIS, SKEWNESS, kurtosis, passes, skewness

Order = Literal["position", "points"]

FENCE = 1.5
"""Interquartile ranges beyond the quartiles from which a value is outside: Tukey (1977)."""


def availability(values: Matrix) -> tuple[Vector, Vector]:
    """Return the share of indicators that each unit has data for, and of units that each indicator has.

    Examples
    --------
    >>> by_unit, by_indicator = availability(np.array([[1.0, np.nan], [2.0, 3.0]]))
    >>> by_unit.tolist(), by_indicator.tolist()
    ([0.5, 1.0], [1.0, 0.5])
    """
    known = ~np.isnan(checked(values))
    n, k = known.shape
    return known.sum(axis=1) / k, known.sum(axis=0) / max(n, 1)


def outside(values: Vector, *, fence: float = FENCE) -> NDArray[np.bool_]:
    """Say which values are outside the fences: x < q₁ − f (q₃ − q₁) or x > q₃ + f (q₃ − q₁).

    Quartiles are interpolated linearly between the ordered values; what has no data is not outside.

    Examples
    --------
    >>> outside(np.array([1.0, 2.0, 3.0, 4.0, 50.0, np.nan])).tolist()
    [False, False, False, False, True, False]
    """
    known = values[~np.isnan(values)]
    if not len(known):
        return np.zeros(values.shape, dtype=np.bool_)
    low, high = np.quantile(known, [0.25, 0.75])
    found: NDArray[np.bool_] = (values < low - fence * (high - low)) | (values > high + fence * (high - low))
    return found


def distribution(
    values: Matrix,
    codes: Sequence[str],
    *,
    fence: float = FENCE,
    skew: float = SKEWNESS,
    kurt: float = KURTOSIS,
) -> pl.DataFrame:
    """Describe each indicator by one row.

    Parameters
    ----------
    values
        Of any unit of measurement.
    codes
        Of the columns.
    fence
        As of `outside`.
    skew, kurt
        Gate of outliers: an indicator passes if its |skewness| or its kurtosis is below.

    Returns
    -------
    frame
        `code`, `n` (units with data), `availability` (0..1), `mean`, `sd` (divided by n − 1), `min`, `q1`,
        `median`, `q3`, `max`, `skewness`, `kurtosis` (type 2, as of `cosmopolis.index.treat`), `zeros` and
        `negatives` (shares of those with data), `distinct` (number of different values), `outside` (number
        outside the fences), `passes` (the gate); null where a number is not defined.

    Examples
    --------
    >>> distribution(np.array([[1.0], [2.0], [0.0], [np.nan]]), ["air"]).select("n", "mean", "zeros").row(0)
    (3, 1.0, 0.3333333333333333)
    """
    table = checked(values)
    gate = passes(table, skew=skew, kurt=kurt)
    moments = np.column_stack([skewness(table), kurtosis(table)])
    rows = []
    for j, code in enumerate(codes):
        x = table[~np.isnan(table[:, j]), j]
        quartiles = np.quantile(x, [0.0, 0.25, 0.5, 0.75, 1.0]) if len(x) else np.full(5, np.nan)
        least, q1, median, q3, most = quartiles.tolist()
        rows.append(
            {
                "code": code,
                "n": len(x),
                "availability": len(x) / max(len(table), 1),
                "mean": float(x.mean()) if len(x) else None,
                "sd": float(x.std(ddof=1)) if len(x) > 1 else None,
                "min": least,
                "q1": q1,
                "median": median,
                "q3": q3,
                "max": most,
                "skewness": float(moments[j, 0]),
                "kurtosis": float(moments[j, 1]),
                "zeros": float((x == 0).mean()) if len(x) else None,
                "negatives": float((x < 0).mean()) if len(x) else None,
                "distinct": len(np.unique(x)),
                "outside": int(outside(x, fence=fence).sum()),
                "passes": bool(gate[j]) or constant(x),
            }
        )
    numbers = ("mean", "sd", "min", "q1", "median", "q3", "max", "skewness", "kurtosis", "zeros", "negatives")
    schema: dict[str, type[pl.DataType]] = {"code": pl.String, "n": pl.Int64, "availability": pl.Float64}
    schema |= dict.fromkeys(numbers, pl.Float64)
    schema |= {"distinct": pl.Int64, "outside": pl.Int64, "passes": pl.Boolean}
    return pl.DataFrame(rows, schema=schema).with_columns(pl.col(numbers).fill_nan(None))


def frame(wide: pl.DataFrame, *, fence: float = FENCE) -> pl.DataFrame:
    """Describe the indicators of a wide frame (`unit`, then one column a code), as `distribution`.

    Examples
    --------
    >>> frame(pl.DataFrame({"unit": ["A", "B"], "air": [1.0, None]}))["availability"].to_list()
    [0.5]
    """
    codes = [name for name in wide.columns if name != "unit"]
    values = wide.select(pl.col(codes).cast(pl.Float64).fill_null(float("nan"))).to_numpy()
    return distribution(values, codes, fence=fence)


def standing(values: Matrix, row: int) -> tuple[NDArray[np.int64], NDArray[np.int64], Vector]:
    """Say where one unit stands in each column.

    Parameters
    ----------
    values
        Units × columns, more is better.
    row
        Of the unit.

    Returns
    -------
    rank
        1 + number of units with a higher value; 0 without data.
    of
        Number of units with data.
    position
        Share of the other units that it is ahead of, ties counting half: 1 first alone, 0 last alone; not a
        number without data or without others. A rank shared with half of the units is no strength, and this
        shows it.

    Examples
    --------
    >>> rank, of, position = standing(np.array([[3.0], [1.0], [3.0], [np.nan]]), 0)
    >>> rank.tolist(), of.tolist(), position.tolist()
    ([1], [3], [0.75])
    """
    table = checked(values)
    own = table[row]
    of = (~np.isnan(table)).sum(axis=0)
    above, same = (table > own).sum(axis=0), (table == own).sum(axis=0)
    known = ~np.isnan(own)
    with np.errstate(invalid="ignore", divide="ignore"):
        position = np.where(known & (of > 1), (of - above - same + (same - 1) / 2) / (of - 1), np.nan)
    return np.where(known, above + 1, 0), of, position


def profile(
    values: Matrix,
    codes: Sequence[str],
    weights: Vector,
    row: int,
    *,
    count: int | None = 5,
    order: Order = "position",
) -> pl.DataFrame:
    """List the strengths and weaknesses of one unit.

    Parameters
    ----------
    values
        Units × indicators, normalised: more is better, one scale.
    codes, weights
        Of the columns; weights are shares of the whole.
    row
        Of the unit.
    count
        How many of each; null lists all indicators, as strengths where the unit is in the upper half.
    order
        `position`: by the share of the others that the unit is ahead of; ties by weight. `points`: by what
        the indicator adds to the score beside what it adds for the median unit, w_j (s_j − median s_j).

    Returns
    -------
    frame
        `kind` (`strength`, `weakness`), `code`, `value`, `rank`, `of`, `position`, `points`, `weight`;
        strengths first, the strongest first, then weaknesses, the weakest first. No indicator is both;
        what lies exactly in the middle is neither.

    Raises
    ------
    UnknownNameError
        If there is no such order.

    Examples
    --------
    >>> x = np.array([[9.0, 1.0], [5.0, 5.0], [1.0, 9.0]])
    >>> profile(x, ["air", "sea"], np.array([0.5, 0.5]), 0).select("kind", "code", "rank", "points").rows()
    [('strength', 'air', 1, 2.0), ('weakness', 'sea', 3, -2.0)]
    """
    if order not in get_args(Order):
        raise UnknownNameError(f"there is no order {order!r}" + hint_near(order, get_args(Order)))
    table = checked(values)
    rank, of, position = standing(table, row)
    middle = np.array(
        [float(np.median(x[~np.isnan(x)])) if (~np.isnan(x)).any() else np.nan for x in table.T]
    )
    points = weights * (table[row] - middle)
    every = pl.DataFrame(
        {
            "code": list(codes),
            "value": table[row],
            "rank": rank.astype(np.int64),
            "of": of.astype(np.int64),
            "position": position,
            "points": points,
            "weight": weights,
        }
    ).filter(pl.col("position").is_not_nan())
    by = pl.col("position") - 0.5 if order == "position" else pl.col("points")
    other = "points" if order == "position" else "position"
    parts = []
    for kind, sign in (("strength", 1), ("weakness", -1)):
        side = every.filter(sign * by > 0).sort(
            sign * by, pl.col("weight"), sign * pl.col(other), "code", descending=[True, True, True, False]
        )
        shown = side.head(len(every) if count is None else count)
        parts.append(shown.select(pl.lit(kind).alias("kind"), pl.all()))
    return pl.concat(parts)
