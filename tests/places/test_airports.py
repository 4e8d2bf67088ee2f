"""An airport goes to the city that it serves, by the sources' words."""

import polars as pl
import pytest

from cosmopolis.places.airports import cities_served, divisions_of
from cosmopolis.places.resolve import Resolver

AIRPORTS = pl.DataFrame(
    {
        "iata": ["AAA", "BBB", "CCC", "DDD"],
        "city": ["Fern", "Alder", None, "Nowhere"],
        "division": ["Northshire", "Northshire", None, None],
        "country": ["XA", "XA", "XB", "XB"],
        "latitude": [10.3, 10.5, 10.0, 0.0],
        "longitude": [10.0, 10.0, 10.21, -150.0],
    }
)
METROPOLITAN = pl.DataFrame({"iata": ["AAA"], "city": ["Alder"], "country": ["XA"]})


def test_the_metropolitan_city_goes_before_the_airports_own_then_words_then_coordinates(
    tiny_resolver: Resolver,
) -> None:
    served = cities_served(AIRPORTS, METROPOLITAN, tiny_resolver)
    assert served["iata"].to_list() == ["AAA", "BBB", "CCC", "DDD"]
    assert served["place_id"].to_list() == [1, 1, 4, None]
    assert served["way"].to_list()[2:] == ["coordinates", "unresolved"]


def test_divisions_are_learnt_from_airports(tiny_resolver: Resolver) -> None:
    learnt = divisions_of(AIRPORTS.head(1), tiny_resolver)
    assert learnt.rows() == [("XA", "03", "Northshire")]


@pytest.mark.real
@pytest.mark.parametrize(
    ("iata", "city"),
    [
        ("AMS", "Amsterdam"),
        ("NRT", "Tokyo"),
        ("MXP", "Milan"),
        ("LTN", "London"),
        ("EWR", "New York"),
        ("SJC", "San Francisco"),
        ("ICN", "Seoul"),
        ("HKG", "Hong Kong"),
        ("BWI", "Baltimore"),
    ],
)
def test_known_airports(
    real_resolver: Resolver, real_parts: dict[str, dict[str, pl.DataFrame]], iata: str, city: str
) -> None:
    part = real_parts["airports"]
    served = cities_served(part["airports"], part["metropolitan"], real_resolver)
    assert served.filter(pl.col("iata") == iata)["city_name"].item() == city
