"""Bring indicators of different units to one scale, direction first.

`array` and `wide` take any method of `index.scales`; `min_max` and `frame` are what the editions of cities
use. Outliers are not treated here: one extreme city presses all others together, see
`docs/methods/index.md`.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from cosmopolis.errors import FormatError, SpecError, UnknownNameError, hint_near
from cosmopolis.index import scales
from cosmopolis.index.catalogue import METHODS
from cosmopolis.index.scales import SAME_VALUE_SHARE
from cosmopolis.index.tree import Transform, Tree

__all__ = ["SAME_VALUE_SHARE", "array", "frame", "min_max", "transform", "transformed", "wide"]

Floats = NDArray[np.float64]
Bounds = tuple[float, float] | tuple[Floats, Floats]


def transformed(values: Floats, how: Transform, *, what: str = "values") -> Floats:
    """Return x, √x, ln(1 + x) or ln x of an array; not a number stays so.

    Raises
    ------
    FormatError
        If a value is negative, or for `ln` not above 0.

    Examples
    --------
    >>> transformed(np.array([4.0, np.nan]), "sqrt").tolist()
    [2.0, nan]
    """
    if how == "none":
        return values
    known = values[~np.isnan(values)]
    least = known.min(initial=np.inf)
    if least < 0 or (how == "ln" and least <= 0):
        raise FormatError(
            f"{what!r} has values such as {least:g}, of which no {how} is taken; use "
            + ("'log1p' or " if least == 0 else "")
            + "transform = 'none'"
        )
    with np.errstate(invalid="ignore"):
        function = {"sqrt": np.sqrt, "log1p": np.log1p, "ln": np.log}[how]
        return np.asarray(function(values), dtype=np.float64)


def array(
    values: Floats,
    *,
    method: str = "min-max",
    direction: int | Sequence[int] = 1,
    range: tuple[float, float] = (0.0, 100.0),  # noqa: A002 - the word of a specification
    goalposts: Bounds | None = None,
    target: float | Floats | None = None,
    reference: int | None = None,
    clip: bool | None = None,
    mean: float = 0.0,
    deviation: float = 1.0,
    scale: float = 100.0,
) -> Floats:
    """Turn the direction of a vector or matrix, then bring each column to scale.

    y = direction · x; then the method on y, see `index.scales`.

    Parameters
    ----------
    values
        Of shape (units,) or (units, indicators); not a number is no data.
    method
        A name of `catalogue.METHODS["normalise"]`.
    direction
        1 or -1, one for all or one a column.
    range
        Low and high of `min-max`, `best`, `percentile-rank`, `reference`, `target` and `goalposts`.
    goalposts
        (low, high) in the unit of x, low < high whatever the direction; each one for all or one a column.
    target
        In the unit of x.
    reference
        Row of the unit that is the reference.
    clip
        Whether scores stay in the range; if not given, true for `goalposts` and else false.
    mean, deviation
        Of `z-score`.
    scale
        Score of the best under `fraction`.

    Raises
    ------
    UnknownNameError
        If there is no such method.
    SpecError
        If the method needs what is not given, or cannot be used on the values.

    Examples
    --------
    >>> array(np.array([2.0, 4.0, 3.0]), direction=-1).tolist()
    [100.0, 0.0, 50.0]
    """
    if method not in METHODS["normalise"]:
        raise UnknownNameError(
            f"there is no way to normalise {method!r}" + hint_near(method, METHODS["normalise"])
        )
    turn = np.asarray(direction, dtype=np.float64)
    if not np.isin(turn, (1.0, -1.0)).all():
        raise ValueError(f"got direction={direction}, but expected 1 (more is better) or -1 (less is)")
    low, high = range
    y = turn * values
    own: dict[str, dict[str, float]] = {
        "z-score": {"mean": mean, "deviation": deviation},
        "fraction": {"scale": scale},
    }
    if method in scales.RANGED:
        out = scales.RANGED[method](y, low=low, high=high)
    elif method in scales.PLAIN:
        out = scales.PLAIN[method](y, **own.get(method, {}))
    elif method == "goalposts":
        if goalposts is None:
            raise SpecError("goalposts: none are given; give (low, high) in the indicator's unit")
        ends = turn * np.asarray(goalposts[0]), turn * np.asarray(goalposts[1])
        worst, best = np.minimum(*ends), np.maximum(*ends)
        out = scales.goalposts(y, worst, best, low=low, high=high, clip=clip is None or clip)
    elif method == "none":
        out = y
    else:
        to = _aim(method, values, target, reference)
        out = scales.distance(y, turn * to, low=low, high=high, clip=bool(clip))
    return out


def _aim(method: str, values: Floats, target: float | Floats | None, reference: int | None) -> Floats:
    """Return what distances are measured to: the target, or the values of the reference unit."""
    to = target if method == "target" else (None if reference is None else values[reference])
    if to is None or np.isnan(to).any():
        raise SpecError(f"{method}: an indicator has no {method} value; give one, or use another method")
    return np.asarray(to, dtype=np.float64)


def wide(frame: pl.DataFrame, **settings: Any) -> pl.DataFrame:  # noqa: ANN401 - as of `array`
    """Normalise the columns of a wide frame, `unit` and a column a code, all alike.

    Parameters
    ----------
    settings
        Those of `array`; `direction` one for all, or one a column in the order of the columns.

    Examples
    --------
    >>> wide(pl.DataFrame({"unit": ["A", "B", "C"], "x": [1.0, None, 3.0]}))["x"].to_list()
    [0.0, None, 100.0]
    """
    codes = frame.columns[1:]
    values = frame.select(pl.col(codes).cast(pl.Float64).fill_null(np.nan)).to_numpy()
    scaled = array(values, **settings)
    return frame.with_columns(pl.Series(code, scaled[:, at]).fill_nan(None) for at, code in enumerate(codes))


def transform(values: pl.Series, how: Transform) -> pl.Series:
    """Return x, √x, ln(1 + x) or ln x; null stays null.

    Raises
    ------
    FormatError
        If a value is not finite, is negative where the root or the logarithm is to be taken, or is 0 for ln.

    Examples
    --------
    >>> transform(pl.Series([0.0, None]), "log1p").to_list()
    [0.0, None]
    """
    x = values.cast(pl.Float64)
    known = x.drop_nulls()
    if not known.is_finite().all():
        raise FormatError(
            f"{values.name!r} has values that are not finite; write null where there is no data"
        )
    if how == "none":
        return x
    least = min(known.to_list(), default=1.0)
    if least < 0:
        raise FormatError(
            f"{values.name!r} has negative values, such as {least}, of which no root or logarithm is taken; "
            "use transform = 'none'"
        )
    if how == "ln" and least == 0:
        raise FormatError(
            f"{values.name!r} has the value 0, of which no ln is taken; use transform = 'log1p'"
        )
    if how == "sqrt":
        return x.sqrt()
    return x.log() if how == "ln" else x.log1p()


def min_max(values: pl.Series, *, direction: int = 1, low: float = 0.0, high: float = 100.0) -> pl.Series:
    """Stretch the values over a range; the best city gets `high`, the worst `low`.

    y = direction · x, s = low + (high − low) (y − min y) / (max y − min y), over the cities with data; null
    stays null. Where all cities with data have the same value the indicator tells none apart, and each gets
    the middle of the range: it then moves no rank among cities that all have data, and its weight still
    counts as covered.

    Parameters
    ----------
    values
        Of any unit; null means no data, zero is zero.
    direction
        1 where more is better, -1 where less is.

    Returns
    -------
    scaled
        Without unit, `low`..`high`.

    Notes
    -----
    OECD & JRC (2008), *Handbook on Constructing Composite Indicators*, section 5.

    Examples
    --------
    >>> min_max(pl.Series([2.0, None, 4.0, 3.0]), direction=-1).to_list()
    [100.0, None, 0.0, 50.0]
    """
    if direction not in {1, -1}:
        raise ValueError(f"got direction={direction}, but expected 1 (more is better) or -1 (less is)")
    y = direction * transform(values, "none")
    known = y.drop_nulls().to_list()
    if not known:
        return y
    least, most = min(known), max(known)
    if most - least <= SAME_VALUE_SHARE * max(abs(least), abs(most)):
        return y * 0.0 + (low + high) / 2.0
    # Clipping takes off the last bit that rounding may add beyond the bounds.
    scaled: pl.Series = low + (high - low) * ((y - least) / (most - least))
    return scaled.clip(low, high)


def frame(values: pl.DataFrame, tree: Tree) -> pl.DataFrame:
    """Transform and normalise every indicator of a tree.

    Parameters
    ----------
    values
        `indicator`, `city_id`, `value`: one row for each of the two, with null where there is no data.

    Returns
    -------
    frame
        The rows of `values` with `treated` (transformed, in the indicator's unit or its logarithm) and
        `normalised` (in the range of the tree), sorted by indicator and city.
    """
    low, high = tree.range
    parts = []
    for indicator in tree.indicators:
        part = values.filter(pl.col("indicator") == indicator.id).sort("city_id")
        treated = transform(part["value"].alias(indicator.id), indicator.transform)
        scaled = min_max(treated, direction=indicator.direction, low=low, high=high)
        parts.append(part.with_columns(treated.alias("treated"), scaled.alias("normalised")))
    return pl.concat(parts).sort("indicator", "city_id")
