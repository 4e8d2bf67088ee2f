"""How fast each city's records grow from one window of years to the next, with an interval for few."""

from collections.abc import Sequence
from itertools import pairwise

import numpy as np
import polars as pl

from cosmopolis.errors import FormatError
from cosmopolis.measures.chance import binomial_interval
from cosmopolis.measures.windows import Window
from cosmopolis.networks.links import require

FIELD_GROWTH = pl.Schema(
    {
        "network": pl.String,
        "field": pl.String,
        "city_id": pl.Int64,
        "from_year": pl.Int64,
        "to_year": pl.Int64,
        "count_from": pl.Int64,
        "count_to": pl.Int64,
        "growth": pl.Float64,
        "low": pl.Float64,
        "high": pl.Float64,
    }
)
"""Columns of the table of growth."""


def growth(
    totals: pl.DataFrame, *, network: str, windows: Sequence[Window], level: float = 0.95
) -> pl.DataFrame:
    """Compute the yearly growth of each city's records between consecutive windows.

    g = ln((c₂/t₂) / (c₁/t₁)) / Δ, with counts c and lengths t of the two windows and Δ the years between
    their middles: 0.05 is growth of 5.1 % a year (e^g − 1). Interval: given c₁ + c₂ of two Poisson counts,
    c₂ is binomial, whose exact interval gives that of the ratio (Przyborowski & Wilenski 1940, *Biometrika*
    31, 313–323).

    Parameters
    ----------
    totals
        `field`, `year`, `city_id`, `count`.
    windows
        Two or more, in the order of time; each is compared with the one before it.
    level
        Coverage, at least.

    Returns
    -------
    frame
        By `FIELD_GROWTH`: `from_year` is the first year of the earlier window, `to_year` the last of the
        later. `growth` is null where a count is 0, and so is a bound that is infinite. A city with nothing in
        either window has no row. Sorted by network, field, city_id, from_year.

    Notes
    -----
    Records of a growing list (a new venue, better coverage) grow without any city growing: compare with the
    growth of the field, or take a panel of venues.

    Examples
    --------
    >>> totals = pl.DataFrame(
    ...     {"field": "a", "year": [2000, 2001], "city_id": 1, "count": [10, 20]})
    >>> round(growth(totals, network="x", windows=[(2000, 2000), (2001, 2001)])["growth"][0], 4)  # ln 2
    0.6931
    """
    require(totals, ["field", "year", "city_id", "count"], what="totals")
    for (_, end), (start, _) in pairwise(windows):
        if start <= end:
            raise FormatError(
                f"got the windows {list(windows)}, of which one begins before the one before it has ended; "
                "expected windows in the order of time"
            )
    frames = [_between(totals, earlier, later, level=level) for earlier, later in pairwise(windows)]
    return (
        pl.concat([FIELD_GROWTH.to_frame().drop("network"), *frames])
        .with_columns(network=pl.lit(network))
        .match_to_schema(FIELD_GROWTH, missing_columns="raise")
        .sort("network", "field", "city_id", "from_year", "to_year")
    )


def _between(totals: pl.DataFrame, earlier: Window, later: Window, *, level: float) -> pl.DataFrame:
    """Compute growth from one window to another."""
    both = (
        totals.group_by("field", "city_id")
        .agg(
            count_from=pl.col("count").filter(pl.col("year").is_between(*earlier)).sum().cast(pl.Int64),
            count_to=pl.col("count").filter(pl.col("year").is_between(*later)).sum().cast(pl.Int64),
        )
        .filter(pl.col("count_from") + pl.col("count_to") > 0)
        .sort("field", "city_id")
    )
    span = (sum(later) - sum(earlier)) / 2.0
    lengths = (earlier[1] - earlier[0] + 1) / (later[1] - later[0] + 1)
    first = both["count_from"].to_numpy().astype(np.float64)
    last = both["count_to"].to_numpy().astype(np.float64)
    low, high = binomial_interval(last, first + last, level=level)
    with np.errstate(divide="ignore", invalid="ignore"):
        rates = [np.log(odds * lengths) / span for odds in (last / first, low / (1 - low), high / (1 - high))]
    value, below, above = (
        pl.Series(rate, nan_to_null=True).replace([np.inf, -np.inf], None) for rate in rates
    )
    return both.select(
        "field",
        pl.col("city_id").cast(pl.Int64),
        from_year=pl.lit(earlier[0], dtype=pl.Int64),
        to_year=pl.lit(later[1], dtype=pl.Int64),
        count_from="count_from",
        count_to="count_to",
        growth=value,
        low=below,
        high=above,
    )
