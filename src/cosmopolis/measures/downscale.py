"""Brings a country's number down to its cities by their share of people.

A number made so says more of the country than of the city; whatever rests on it is marked "downscaled".
"""

import polars as pl

from cosmopolis.networks.links import require


def by_people(values: pl.DataFrame, cities: pl.DataFrame) -> pl.DataFrame:
    """Share a country's value among its cities: v_c = V_k · p_c / Σ_{d in k} p_d.

    The cities are all those of the gazetteer, not only the ranked ones, so that a changed sample does not
    change a share.

    Parameters
    ----------
    values
        `country`, `value`.
    cities
        `city_id`, `country`, `population`.

    Returns
    -------
    frame
        `city_id, value`, in the order of `city_id`; cities of countries without a value are not there.

    Examples
    --------
    >>> cities = pl.DataFrame({"city_id": [1, 2], "country": ["XX", "XX"], "population": [30, 10]})
    >>> by_people(pl.DataFrame({"country": ["XX"], "value": [8.0]}), cities)["value"].to_list()
    [6.0, 2.0]
    """
    require(values, ["country", "value"], what="values of countries")
    require(cities, ["city_id", "country", "population"], what="cities")
    return (
        cities.select("city_id", "country", "population")
        .with_columns(people=pl.col("population").sum().over("country"))
        .filter(pl.col("people") > 0)
        .join(values.select("country", "value"), on="country", how="inner")
        .select("city_id", value=pl.col("value") * pl.col("population") / pl.col("people"))
        .sort("city_id")
    )
