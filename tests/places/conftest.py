"""The real gazetteer, where its files are at hand, and a tiny invented one."""

from pathlib import Path

import polars as pl
import pytest
from places_world import PLACES, synthetic_countries

from cosmopolis.errors import SourceUnavailableError
from cosmopolis.places import airports, countries, gazetteer
from cosmopolis.places.cities import CityRule
from cosmopolis.places.resolve import Resolver
from cosmopolis.records import admit
from cosmopolis.sources import fetch, readers
from cosmopolis.sources.catalog import load


@pytest.fixture(scope="session")
def tiny_resolver() -> Resolver:
    """Resolve against the synthetic gazetteer."""
    divisions = pl.DataFrame(
        {"country": ["XA", "XA"], "admin1": ["03", "04"], "name": ["Northshire", "Southshire"]}
    )
    return Resolver(
        gazetteer=gazetteer.build(PLACES, rule=CityRule(exceptions=())),
        countries=synthetic_countries(),
        divisions=divisions,
    )


def _real(source_id: str, folders: tuple[Path, ...]) -> dict[str, pl.DataFrame]:
    source = load().source(source_id)
    for folder in folders:
        try:
            files = fetch.obtain(source, mirror=folder, cache=folder, offline=True, progress=False)
        except SourceUnavailableError:
            continue
        return {raw.part: admit(raw).frame for raw in readers.read(source_id, files)}
    pytest.skip(f"the files of {source_id!r} are on this machine neither in the mirror nor in the cache")


@pytest.fixture(scope="session")
def real_parts(real_files: tuple[Path, ...]) -> dict[str, dict[str, pl.DataFrame]]:
    """Read the real gazetteer, countries and airports."""
    return {name: _real(name, real_files) for name in ("geonames", "country-names", "airports")}


@pytest.fixture(scope="session")
def real_resolver(real_parts: dict[str, dict[str, pl.DataFrame]]) -> Resolver:
    """Resolve against the real gazetteer, as an edition does."""
    listed = real_parts["geonames"]["countries"]
    rule = CityRule(
        capitals=dict(listed.drop_nulls("capital").select("country", "capital").iter_rows()),
        country_people=dict(
            listed.filter(pl.col("population") > 0).select("country", "population").iter_rows()
        ),
    )
    known = countries.build(real_parts["country-names"]["countries"], listed)
    places = gazetteer.build(real_parts["geonames"]["places"], rule=rule)
    divisions = real_parts["geonames"]["divisions"].select("country", "admin1", "name")
    first = Resolver(gazetteer=places, countries=known, divisions=divisions)
    learnt = airports.divisions_of(real_parts["airports"]["airports"], first)
    every = pl.concat([divisions, learnt.filter(pl.col("country") != "US")])
    return Resolver(gazetteer=places, countries=known, divisions=every)
