"""Addresses without commas: the tail is read from its end, and a division's namesake is no city."""

from pathlib import Path

import polars as pl
import pytest
from places_world import PLACES, synthetic_countries
from real_mirror import DATA

from cosmopolis.pipeline.cities import Atlas
from cosmopolis.pipeline.production.suppliers import place_sites
from cosmopolis.places import gazetteer
from cosmopolis.places.resolve import Resolver
from cosmopolis.places.tails import division_keys, divisions_that_are_cities, read_tails
from cosmopolis.records import admit
from cosmopolis.sources import apple_suppliers

DIVISIONS = pl.DataFrame({"country": ["XA", "XA", "XB"], "name": ["Oak", "North Wood", "Far Moor"]})
"""A division that bears the name of two towns; two that bear none's."""


@pytest.fixture(scope="module")
def resolver() -> Resolver:
    return Resolver(gazetteer=gazetteer.build(PLACES), countries=synthetic_countries())


@pytest.mark.parametrize(
    ("address", "country", "told"),
    [
        ("12 Mill Lane Birch North Wood Arborea", "XA", ("North Wood", 3)),
        ("12 Mill Lane Birch Arborea", "XA", (None, 3)),
        ("12 Mill Lane Birch NorthWood Republic of Arborea", "XA", ("North Wood", 3)),
        ("Oak Works Saint Ivy Far Moor Bosquia", "XB", ("Far Moor", 9)),
        ("12 Mill Lane Somewhere Oak Arborea", "XA", ("Oak", None)),
        ("12 Mill Lane Birch Oak Arborea", "XA", ("Oak", 3)),
        ("12 Nowhere At All Arborea", "XA", (None, None)),
    ],
)
def test_an_address_is_read_from_its_end(
    resolver: Resolver, address: str, country: str, told: tuple[str | None, int | None]
) -> None:
    frame = pl.DataFrame({"text": [address], "country": [country]})
    found = read_tails(frame, resolver, text="text", country="country", divisions=DIVISIONS)
    assert found.select("division", "place_id").row(0) == told
    city = found["city_id"].item()
    assert found["way"].item() == (None if city is None else "tail")
    assert (found["reason"].item() is None) == (city is not None)


def test_rows_keep_their_order_and_equal_ones_get_equal_answers(resolver: Resolver) -> None:
    texts = ["1 Lane Birch Arborea", "2 Lane Elm Bosquia", "1 Lane Birch Arborea", None]
    frame = pl.DataFrame({"text": texts, "country": ["XA", "XB", "XA", "XA"]})
    found = read_tails(frame, resolver, text="text", country="country", divisions=DIVISIONS.clear())
    assert found["place_id"].to_list() == [3, 4, 3, None]


def test_spellings_of_a_division_fall_together() -> None:
    spellings = pl.Series(["Guang- dong", "GuangDong", "Guangdong"])
    assert set(division_keys(spellings)) == {"guangdong"}
    assert ("CN", "shanghai") in divisions_that_are_cities()
    assert ("JP", "hiroshima") not in divisions_that_are_cities()


@pytest.mark.real
@pytest.mark.parametrize(
    ("address", "country", "town", "way"),
    [
        ("7 Invented-cho Kure Hiroshima Japan", "JP", "Kure", "tail"),
        ("7 Invented-cho Hiroshima Japan", "JP", None, None),  # the prefecture, for all that is said
        ("No 7 Invented Road Kunshan Jiangsu China", "CN", "Kunshan", "tail"),
        ("No 7 Invented Road Songjiang District Shanghai China", "CN", "Shanghai", "division"),
        ("7 Invented Road South Portland Maine United States", "US", "South Portland", "tail"),
        ("7 Invented Road Springfield Ohio USA", "US", "Springfield", "tail"),
    ],
)
def test_towns_of_the_real_world(
    real_resolver: Resolver, address: str, country: str, town: str | None, way: str | None
) -> None:
    names = {"JP": ["Hiroshima"], "CN": ["Jiangsu", "Shanghai"], "US": ["Maine", "Ohio"]}[country]
    divisions = pl.DataFrame({"country": [country] * len(names), "name": names})
    frame = pl.DataFrame({"text": [address], "country": [country]})
    found = read_tails(frame, real_resolver, text="text", country="country", divisions=divisions)
    places = real_resolver.gazetteer.places.select("place_id", "name", "admin1")
    named = found.join(places, on="place_id", how="left")
    assert named["name"].item() == town
    if named["city_id"].item() is not None:
        assert named["way"].item() == way
    if town == "Springfield":
        assert named["admin1"].item() == "OH"


@pytest.mark.real
def test_the_real_lists_of_suppliers(real_resolver: Resolver, real_files: tuple[Path, ...]) -> None:
    found = [
        p for f in (*real_files, DATA) if (p := f / apple_suppliers.SOURCE / apple_suppliers.FILE).is_file()
    ]
    if not found:
        pytest.skip("apple-supplier-list.csv is not on this machine: COSMOPOLIS_DATA names its folder")
    (raw,) = apple_suppliers.read({apple_suppliers.FILE: found[0]})
    rows = admit(raw).frame
    atlas = Atlas(
        gazetteer=real_resolver.gazetteer,
        countries=real_resolver.countries,
        resolver=real_resolver,
        key="",
    )
    sited = place_sites(rows, atlas)
    early = rows["year"] <= apple_suppliers.LAST_YEAR_OF_ADDRESSES
    assert sited.filter(early)["place_id"].is_not_null().mean() > 0.9  # type: ignore[operator]
    assert sited["precision"].null_count() == 0
    told = rows.select("year", said="precision").hstack(sited)
    vague = told.filter(~early & pl.col("said").is_in(["division", "country"])).drop_nulls("city_id")
    cities = real_resolver.gazetteer.cities.group_by("country").len()
    alone = cities.filter(pl.col("len") == 1)["country"]
    assert vague["country"].is_in(alone.implode()).all()  # no division is a city, but in a city state
    assert vague.height > 0
