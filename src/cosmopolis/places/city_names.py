"""The names by which readers know cities, English and Chinese.

GeoNames gives each place one main name and a heap of alternates that carry no language. The English name
is the main name, the Chinese one is chosen among the alternates by `chinese_names`; where either is not
what a reader expects, the reviewed table `city_names.csv` says it.
"""

import csv
from functools import lru_cache
from importlib import resources

import polars as pl

from cosmopolis.places.names import simplified


@lru_cache(maxsize=1)
def reviewed_names() -> tuple[dict[int, str], dict[int, str]]:
    """Read the reviewed names that ship with the package: English and Chinese, by city."""
    text = resources.files("cosmopolis.places").joinpath("city_names.csv").read_text(encoding="utf-8")
    rows = list(csv.DictReader(text.splitlines()))
    en = {int(row["city_id"]): row["name"] for row in rows if row["name"]}
    zh = {int(row["city_id"]): row["name_zh"] for row in rows if row["name_zh"]}
    return en, zh


def shown_names(cities: pl.DataFrame) -> tuple[pl.Series, pl.Series]:
    """Give the names of cities as a reader expects them: `name` and `name_zh`.

    Parameters
    ----------
    cities
        `city_id, name, country, alternates`.
    """
    en, zh = reviewed_names()
    names = [en.get(city, name) for city, name in cities.select("city_id", "name").iter_rows()]
    chosen = chinese_names(cities.select(pl.col("city_id").alias("place_id"), "country", "alternates"))
    names_zh = [zh.get(city, name) for city, name in zip(cities["city_id"], chosen, strict=True)]
    return pl.Series("name", names, dtype=pl.String), pl.Series("name_zh", names_zh, dtype=pl.String)


def chinese_names(places: pl.DataFrame) -> pl.Series:
    """Choose the Chinese name among alternates that carry no language.

    Names of Han characters only are written in simplified form; the one that most spellings agree on
    wins, then one that was simplified already, then the shortest, then the first in code order. A
    trailing 市 is dropped where something of two characters is left. Null where there is none.
    """
    named = (
        places.select("place_id", pl.col("alternates").alias("name"))
        .explode("name", empty_as_null=False)
        .filter(pl.col("name").str.contains(r"^[\p{Han}·]{2,}$"))
    )
    simple = named.with_columns(simplified(named["name"]).alias("simple"))
    best = (
        simple.with_columns(
            pl.when(pl.col("simple").str.contains(r"^.{2,}市$"))
            .then(pl.col("simple").str.replace("市$", ""))
            .otherwise("simple")
            .alias("short"),
            same=pl.col("simple") == pl.col("name"),
        )
        .group_by("place_id", "short")
        .agg(pl.len().alias("votes"), pl.col("same").any())
        .with_columns(length=pl.col("short").str.len_chars())
        .sort("place_id", "votes", "same", "length", "short", descending=[False, True, True, False, False])
        .unique("place_id", keep="first", maintain_order=True)
    )
    return places.select("place_id").join(best, on="place_id", how="left", maintain_order="left")["short"]
