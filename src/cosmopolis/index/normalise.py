"""Bring indicators of different units to one scale, direction first.

Outliers are not treated here: one extreme city presses all others together, see `docs/methods/index.md`.
"""

import polars as pl

from cosmopolis.errors import FormatError
from cosmopolis.index.tree import Transform, Tree

SAME_VALUE_SHARE = 1e-12
"""Values whose span is below this share of the largest are all the same, but for rounding."""


def transform(values: pl.Series, how: Transform) -> pl.Series:
    """Return x, √x or ln(1 + x); null stays null.

    Raises
    ------
    FormatError
        If a value is not finite, or is negative where the root or the logarithm is to be taken.

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
    least = min(known.to_list(), default=0.0)
    if least < 0:
        raise FormatError(
            f"{values.name!r} has negative values, such as {least}, of which no root or logarithm is taken; "
            "use transform = 'none'"
        )
    return x.sqrt() if how == "sqrt" else x.log1p()


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
