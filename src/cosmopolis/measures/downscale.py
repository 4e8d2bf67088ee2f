"""Brings a country's number down to its cities by their share of people or of headquarters.

A number made so says more of the country than of the city; whatever rests on it is marked "downscaled".
"""

import polars as pl

from cosmopolis.networks.links import require

RULES = ("people", "headquarters")
"""By what a country's number may be shared among its cities."""

DOWNSCALED = pl.Schema(
    {
        "measure": pl.String,
        "year": pl.Int64,
        "city_id": pl.Int64,
        "value": pl.Float64,
        "rule": pl.String,
    }
)
"""Columns of the table of numbers that were brought down; `rule` is one of `RULES`."""


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


def by_headquarters(values: pl.DataFrame, firms: pl.DataFrame) -> pl.DataFrame:
    """Share a country's value among its cities: v_c = V_k · h_c / Σ_{d in k} h_d, h_c firms seated in c.

    It puts a country's trade where firms are led from, not where goods are made. Lists of firms know small
    and poor countries badly: where few firms are known, few cities share the whole.

    Parameters
    ----------
    values
        `country`, `value`.
    firms
        `city_id`, `country`: a row for each firm; one without a city says nothing.

    Returns
    -------
    frame
        `city_id, value`, in the order of `city_id`; cities without a firm, and those of countries without a
        value, are not there.

    Examples
    --------
    >>> firms = pl.DataFrame({"city_id": [1, 1, 1, 2, None], "country": ["XX"] * 5})
    >>> by_headquarters(pl.DataFrame({"country": ["XX"], "value": [8.0]}), firms)["value"].to_list()
    [6.0, 2.0]
    """
    require(values, ["country", "value"], what="values of countries")
    require(firms, ["city_id", "country"], what="firms")
    return (
        firms.drop_nulls(["city_id", "country"])
        .group_by("city_id", "country")
        .agg(firms=pl.len())
        .with_columns(all_firms=pl.col("firms").sum().over("country"))
        .join(values.select("country", "value"), on="country", how="inner")
        .with_columns(value=pl.col("value") * pl.col("firms") / pl.col("all_firms"))
        .sort("city_id", "country")
        .group_by("city_id", maintain_order=True)
        .agg(pl.col("value").sum())
    )
