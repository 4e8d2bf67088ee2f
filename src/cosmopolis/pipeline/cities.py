"""Second step of the build: the gazetteer's cities, the resolver, the countries and their groups."""

from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path

import polars as pl

from cosmopolis.edition import Edition
from cosmopolis.errors import SourceUnavailableError
from cosmopolis.pipeline.cache import StepCache
from cosmopolis.pipeline.records import Shelf
from cosmopolis.places import airports, cities, countries, gazetteer
from cosmopolis.places.countries import Countries
from cosmopolis.places.gazetteer import Gazetteer
from cosmopolis.places.resolve import Resolver
from cosmopolis.settings import CitySettings

NEEDED = ("geonames", "country-names")
"""Sources without which there are no cities, and so no edition."""

_REGION_WITHIN = {"Channel Islands": "Northern Europe"}
"""Intermediate regions of M49 that are too small to be shown alone."""


@dataclass(frozen=True, kw_only=True)
class Atlas:
    """Where things lie: the gazetteer, the countries and the resolver over both.

    Attributes
    ----------
    key
        What it was made from, for the steps that use it.
    """

    gazetteer: Gazetteer
    countries: Countries
    resolver: Resolver
    key: str

    def cities(self) -> pl.DataFrame:
        """Return the table `cities` of the result, with the M49 region of each city's country."""
        regions = self.countries.table.select(
            "country", region=pl.col("subregion").replace(_REGION_WITHIN).fill_null("")
        )
        return (
            self.gazetteer.cities.join(regions, on="country", how="left", maintain_order="left")
            .with_columns(pl.col("region").replace("", None))
            .select(
                "city_id",
                "name",
                "name_zh",
                "country",
                "region",
                "latitude",
                "longitude",
                "population",
                "places",
            )
        )


def make_atlas(
    shelf: Shelf, steps: StepCache, settings: CitySettings, exceptions: Path | None = None
) -> Atlas:
    """Build the gazetteer, or take it from the cache, and make the resolver.

    Raises
    ------
    SourceUnavailableError
        If a source is missing without which there are no cities.
    """
    for source in NEEDED:
        if not shelf.has(source):
            why = shelf.missing.get(source, "it is not among the edition's sources")
            raise SourceUnavailableError(f"there are no cities without the source {source!r}: {why}")
    known = countries.build(shelf.part("country-names", "countries"), shelf.part("geonames", "countries"))
    rule = _rule(shelf, settings, exceptions)
    has_airports = shelf.has("airports")
    key = steps.key(
        "atlas",
        {
            "geonames": shelf.keys["geonames"],
            "countries": shelf.keys["country-names"],
            "airports": shelf.keys.get("airports"),
            "settings": str(settings),
            "exceptions": [tuple(e) for e in rule.exceptions],
        },
    )
    folder = steps.step(
        "atlas", key, partial(_make, shelf=shelf, rule=rule, known=known, has_airports=has_airports)
    )
    places = Gazetteer.load(folder)
    divisions = pl.read_parquet(folder / "divisions.parquet")
    resolver = Resolver(gazetteer=places, countries=known, divisions=divisions)
    return Atlas(gazetteer=places, countries=known, resolver=resolver, key=key)


def _rule(shelf: Shelf, settings: CitySettings, exceptions: Path | None) -> cities.CityRule:
    """Make the rule of the merge from an edition's settings and the countries' capitals and people."""
    table = shelf.part("geonames", "countries")
    capitals = dict(table.filter(pl.col("capital").is_not_null()).select("country", "capital").iter_rows())
    return cities.CityRule(
        **{name: value for name, value in asdict(settings).items() if name != "exceptions"},
        capitals=capitals,
        exceptions=cities.read_exemptions(exceptions) if exceptions else cities.built_in_exemptions(),
        country_people=_people(table),
    )


def _people(table: pl.DataFrame) -> dict[str, int]:
    """People of each country, where the gazetteer says."""
    return dict(table.filter(pl.col("population") > 0).select("country", "population").iter_rows())


def _make(folder: Path, *, shelf: Shelf, rule: cities.CityRule, known: Countries, has_airports: bool) -> None:
    """Build and save the gazetteer and the names of divisions."""
    places = gazetteer.build(shelf.part("geonames", "places"), rule=rule)
    places.save(folder)
    divisions = shelf.part("geonames", "divisions").select("country", "admin1", "name")
    if has_airports:
        resolver = Resolver(gazetteer=places, countries=known, divisions=divisions)
        learnt = airports.divisions_of(shelf.part("airports", "airports"), resolver)
        named = divisions["country"].unique()
        divisions = pl.concat([divisions, learnt.filter(~pl.col("country").is_in(named.implode()))])
    divisions.sort(pl.all()).write_parquet(folder / "divisions.parquet")


def country_groups(shelf: Shelf) -> pl.DataFrame:
    """Return the table `country_groups`: `group, group_name, country`."""
    schema = {"group": pl.String, "group_name": pl.String, "country": pl.String}
    if not shelf.has("country-groups"):
        return pl.DataFrame(schema=schema)
    return shelf.part("country-groups", "memberships").select(*schema).sort("group", "country")


def capital_cities(shelf: Shelf, atlas: Atlas) -> pl.Series:
    """Return the cities that hold a national capital."""
    table = shelf.part("geonames", "countries").filter(pl.col("capital").is_not_null())
    answers = atlas.resolver.resolve(table, text="capital", country="country")
    return answers["city_id"].drop_nulls().unique().sort()


def open_atlas(edition: Edition, shelf: Shelf, steps: StepCache) -> Atlas:
    """Make the atlas of an edition."""
    own = edition.cities.exceptions
    return make_atlas(shelf, steps, edition.cities, edition.path(own) if own else None)
