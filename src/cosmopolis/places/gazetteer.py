"""The gazetteer: populated places with their city, and every name by which a place is known.

Built once from the `place` records and kept as three frames; `save` and `load` put them on disk, so that
a run which changes nothing does not build them again.
"""

from dataclasses import dataclass
from pathlib import Path

import polars as pl

from cosmopolis.places.cities import CityRule, merge_places
from cosmopolis.places.names import HAN, normal_form, simplified

_CODE = r"^[A-Z]{2,3}$"
_LINK = r"^https?:"


@dataclass(frozen=True, kw_only=True)
class Gazetteer:
    """Places, cities and names.

    Attributes
    ----------
    places
        `place_id, name, country, admin1, latitude, longitude, population, city_id`; `city_id` is null
        where a place belongs to no city. In the order of `place_id`.
    cities
        `city_id, name, name_zh, country, latitude, longitude, population, places`, in the order of
        `city_id`; `places` counts the places merged into it, its core included.
    names
        `key, name, place_id, is_main`: the normal form, the spelling, and whether it is the place's
        main name. In the order of `key`, `place_id`.
    """

    places: pl.DataFrame
    cities: pl.DataFrame
    names: pl.DataFrame

    def save(self, folder: Path) -> None:
        """Write the frames into a folder."""
        folder.mkdir(parents=True, exist_ok=True)
        for name in ("places", "cities", "names"):
            frame: pl.DataFrame = getattr(self, name)
            frame.write_parquet(folder / f"{name}.parquet", compression="lz4")

    @classmethod
    def load(cls, folder: Path) -> "Gazetteer":
        """Read what `save` wrote."""
        places, cities, names = (
            pl.read_parquet(folder / f"{n}.parquet") for n in ("places", "cities", "names")
        )
        return cls(places=places, cities=cities, names=names)


def build(places: pl.DataFrame, *, rule: CityRule | None = None) -> Gazetteer:
    """Make the gazetteer from `place` records.

    Parameters
    ----------
    places
        Columns of the record table `place`.
    rule
        How places are merged into cities; the default rule where none is given.
    """
    places = places.sort("place_id")
    merged, cities = merge_places(places, rule=rule or CityRule())
    kept = ["place_id", "name", "country", "admin1", "latitude", "longitude", "population", "city_id"]
    return Gazetteer(places=merged.select(kept), cities=cities, names=_names(places, cities))


def _names(places: pl.DataFrame, cities: pl.DataFrame) -> pl.DataFrame:
    """List every spelling of every place under its normal form, simplified Han included."""
    alternates = (
        places.select("place_id", pl.col("alternates").alias("name"))
        .explode("name", empty_as_null=False)
        .filter(pl.col("name").is_not_null() & ~pl.col("name").str.contains(_LINK))
    )
    main = places.select("place_id", "name")
    shown = cities.select(pl.col("city_id").alias("place_id"), "name", "name_zh")
    spellings = pl.concat(
        [
            main.with_columns(is_main=pl.lit(value=True)),
            shown.select("place_id", "name", is_main=pl.lit(value=True)),
            shown.select(
                "place_id", pl.col("name_zh").alias("name"), is_main=pl.lit(value=False)
            ).drop_nulls(),
            alternates.with_columns(is_main=pl.lit(value=False)),
        ]
    )
    han = spellings.filter(pl.col("name").str.contains(HAN))
    simple = han.with_columns(simplified(han["name"])).filter(pl.col("name") != han["name"])
    spellings = pl.concat([spellings, simple]).unique(["place_id", "name"], keep="first", maintain_order=True)
    return (
        spellings.select(
            pl.when(pl.col("name").str.contains(_CODE))
            .then("name")
            .otherwise(normal_form(pl.col("name")))
            .alias("key"),
            "name",
            "place_id",
            "is_main",
        )
        .filter(pl.col("key") != "")
        .sort("key", "place_id", "is_main", "name", descending=[False, False, True, False])
    )
