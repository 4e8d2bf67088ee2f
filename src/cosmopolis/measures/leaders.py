"""Which cities lead their region of the world in a field, and how much of the world each region has.

Regions are those of the cities' countries (M49 as the gazetteer's countries have them). What a city's amount
is was counted before; here amounts of windows are added, ranked and shared.
"""

from collections.abc import Sequence

import polars as pl

from cosmopolis.errors import SpecError
from cosmopolis.measures.windows import Window, of_totals
from cosmopolis.networks.links import require, sum_exactly

MOST = 10
"""Cities listed in a region."""

REGION_LEADERS = pl.Schema(
    {
        "network": pl.String,
        "field": pl.String,
        "from_year": pl.Int64,
        "to_year": pl.Int64,
        "region": pl.String,
        "position": pl.Int64,
        "city_id": pl.Int64,
        "count": pl.Int64,
        "fractional": pl.Float64,
        "share": pl.Float64,
    }
)
"""Columns of the table of leaders."""

REGION_SHARES = pl.Schema(
    {
        "network": pl.String,
        "field": pl.String,
        "from_year": pl.Int64,
        "to_year": pl.Int64,
        "region": pl.String,
        "cities": pl.Int64,
        "fractional": pl.Float64,
        "share": pl.Float64,
    }
)
"""Columns of the table of regions."""

_WINDOW = ["field", "from_year", "to_year"]
_EQUAL_DECIMALS = 9  # amounts that agree so far are equal: sums of thirds differ beyond


def region_leaders(
    totals: pl.DataFrame,
    cities: pl.DataFrame,
    *,
    network: str,
    windows: Sequence[Window],
    most: int = MOST,
) -> pl.DataFrame:
    """Rank the cities of each region by their records in a field and window.

    The amount of city i is f_i = Σ 1/n over its records, n the cities of a record, so that the amounts of a
    region add up. Its `share` is f_i over the sum of all cities of the region, listed or not. Its `position`
    is 1 + the number of cities of the region with a larger amount: equals share one, and are listed by id.

    Parameters
    ----------
    totals
        `field`, `year`, `city_id`, `count` (records), `fractional` (records).
    cities
        `city_id`, `region`. A city without a region, or not listed, leads nowhere.
    windows
        First and last years.
    most
        So many lines at most for a region; of equals at the end the smaller ids.

    Returns
    -------
    frame
        By `REGION_LEADERS`, sorted by network, field, window, region, position and city. Cities without
        records are not there.

    Examples
    --------
    >>> totals = pl.DataFrame(
    ...     {"field": "ai", "year": 2020, "city_id": [1, 2, 3], "count": 3, "fractional": [3.0, 0.5, 0.5]}
    ... )
    >>> cities = pl.DataFrame({"city_id": [1, 2, 3], "region": "Eastern Asia"})
    >>> found = region_leaders(totals, cities, network="coauthorship", windows=[(2020, 2024)])
    >>> found.select("position", "city_id", "share").rows()
    [(1, 1, 0.75), (2, 2, 0.125), (2, 3, 0.125)]
    """
    if most < 1:
        raise SpecError(f"got most = {most}, but expected at least 1; {MOST} is the default")
    amounts = _amounts(totals, cities, windows).drop_nulls("region")
    of_region = sum_exactly(amounts, [*_WINDOW, "region"], "fractional").rename({"fractional": "whole"})
    group = [*_WINDOW, "region"]
    ranked = (
        amounts.filter(pl.col("fractional") > 0)
        .join(of_region, on=group, how="left")
        .with_columns(
            share=pl.col("fractional") / pl.col("whole"),
            position=pl.col("fractional")
            .round(_EQUAL_DECIMALS)
            .rank("min", descending=True)
            .over(group)
            .cast(pl.Int64),
            network=pl.lit(network, dtype=pl.String),
        )
        .sort(*group, "position", "city_id")
    )
    return ranked.filter(pl.int_range(pl.len()).over(group) < most).select(
        pl.col(name).cast(dtype) for name, dtype in REGION_LEADERS.items()
    )


def region_shares(
    totals: pl.DataFrame, cities: pl.DataFrame, *, network: str, windows: Sequence[Window]
) -> pl.DataFrame:
    """Share out the records of each field and window among regions.

    Parameters
    ----------
    totals, cities, windows
        As for `region_leaders`.

    Returns
    -------
    frame
        By `REGION_SHARES`: the `cities` of the region with records, `fractional` (Σ f_i), `share` of the sum
        over all regions, that without a name (null) among them, so that shares add up to 1. Sorted.

    Examples
    --------
    >>> totals = pl.DataFrame(
    ...     {"field": "ai", "year": 2020, "city_id": [1, 2, 3], "count": 4, "fractional": [3.0, 1.0, 4.0]}
    ... )
    >>> cities = pl.DataFrame({"city_id": [1, 2, 3], "region": ["Eastern Asia", "Eastern Asia", None]})
    >>> found = region_shares(totals, cities, network="coauthorship", windows=[(2020, 2024)])
    >>> found.select("region", "cities", "share").rows()
    [('Eastern Asia', 2, 0.5), (None, 1, 0.5)]
    """
    amounts = _amounts(totals, cities, windows).filter(pl.col("fractional") > 0)
    group = [*_WINDOW, "region"]
    sums = sum_exactly(amounts, group, "fractional")
    number = amounts.group_by(group).agg(cities=pl.len().cast(pl.Int64))
    world = sum_exactly(amounts, _WINDOW, "fractional").rename({"fractional": "whole"})
    return (
        sums.join(number, on=group, how="left", nulls_equal=True)
        .join(world, on=_WINDOW, how="left")
        .with_columns(share=pl.col("fractional") / pl.col("whole"), network=pl.lit(network, dtype=pl.String))
        .sort(*group, nulls_last=True)
        .select(pl.col(name).cast(dtype) for name, dtype in REGION_SHARES.items())
    )


def _amounts(totals: pl.DataFrame, cities: pl.DataFrame, windows: Sequence[Window]) -> pl.DataFrame:
    """Add the totals of windows and give each city its region."""
    require(cities, ["city_id", "region"], what="cities")
    regions = cities.select("city_id", "region").unique("city_id", keep="first", maintain_order=True)
    return of_totals(totals, windows).join(regions, on="city_id", how="left", maintain_order="left")
