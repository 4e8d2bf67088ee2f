"""Addresses without commas: the tail is read from its end, and a division's namesake is no city."""

import polars as pl
import pytest
from places_world import PLACES, synthetic_countries

from cosmopolis.places import gazetteer
from cosmopolis.places.resolve import Resolver
from cosmopolis.places.tails import division_keys, divisions_that_are_cities, read_tails

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
