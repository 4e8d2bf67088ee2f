"""Places merge into cities by the rule, on an invented map and on the reviewed lists of the real one."""

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from places_world import PLACES

from cosmopolis.errors import SpecError
from cosmopolis.places.cities import CityRule, merge_places
from cosmopolis.places.city_names import chinese_names
from cosmopolis.places.exemptions import Exemption, read_exemptions
from cosmopolis.places.resolve import Resolver

PLAIN = CityRule(exceptions=())

MERGED = [
    ("Yokohama", "JP", "Tokyo"),
    ("Kawasaki", "JP", "Tokyo"),
    ("Chiyoda", "JP", "Tokyo"),
    ("Islington", "GB", "London"),
    ("Croydon", "GB", "London"),
    ("Brooklyn", "US", "New York"),
    ("Newark", "US", "New York"),
    ("Jersey City", "US", "New York"),
    ("Oakland", "US", "San Francisco"),
    ("Palo Alto", "US", "San Francisco"),
    ("San Jose", "US", "San Francisco"),
    ("Incheon", "KR", "Seoul"),
    ("Kowloon", "HK", "Hong Kong"),
    ("Pudong", "CN", "Shanghai"),
    ("Gurugram", "IN", "Delhi"),
    ("Noida", "IN", "Delhi"),
    ("Giza", "EG", "Cairo"),
    ("Quezon City", "PH", "Manila"),
    ("Makati City", "PH", "Manila"),
    ("Boulogne-Billancourt", "FR", "Paris"),
    ("Potsdam", "DE", "Berlin"),
]
"""Place (the most populous of its name), its country, and the city that it must belong to."""

APART = [
    (("Hong Kong", "HK"), ("Shenzhen", "CN")),
    (("Macau", "MO"), ("Zhuhai", "CN")),
    (("Singapore", "SG"), ("Johor Bahru", "MY")),
    (("Copenhagen", "DK"), ("Malmö", "SE")),
    (("Suzhou", "CN"), ("Shanghai", "CN")),
    (("Foshan", "CN"), ("Guangzhou", "CN")),
    (("Dongguan", "CN"), ("Shenzhen", "CN")),
    (("Kyoto", "JP"), ("Osaka", "JP")),
    (("Baltimore", "US"), ("Washington", "US")),
    (("Rotterdam", "NL"), ("The Hague", "NL")),
    (("Rotterdam", "NL"), ("Amsterdam", "NL")),
    (("The Hague", "NL"), ("Amsterdam", "NL")),
    (("Düsseldorf", "DE"), ("Köln", "DE")),
    (("Cambridge", "GB"), ("London", "GB")),
    (("San Diego", "US"), ("Tijuana", "MX")),
]
"""Pairs of places that must lie in different cities."""


def _city_of(places: pl.DataFrame, name: str, country: str) -> int | None:
    """City of the most populous place of a name."""
    found = places.filter((pl.col("name") == name) & (pl.col("country") == country))
    assert not found.is_empty(), f"the gazetteer has no {name} in {country}"
    city: int | None = found.sort("population", descending=True)["city_id"][0]
    return city


def test_a_neighbour_joins_the_larger_city_in_its_own_country() -> None:
    places, cities = merge_places(PLACES, rule=PLAIN)
    city = dict(places.select("place_id", "city_id").iter_rows())
    assert city[2] == 1, "a suburb joins"
    assert city[3] == 1, "a smaller city within reach joins"
    assert city[4] == 4, "a border keeps a city apart"
    assert city[7] == 5, "a village joins the city that it lies near"
    assert city[8] is None, "a village in nobody's reach belongs to no city"
    assert cities.filter(pl.col("city_id") == 1)["places"].item() == 3


def test_a_capital_is_a_city_whatever_its_size() -> None:
    places, _ = merge_places(PLACES, rule=CityRule(exceptions=(), capitals={"XB": "Moss"}))
    assert places.filter(pl.col("place_id") == 8)["city_id"].item() == 8


def test_people_are_counted_once() -> None:
    _, cities = merge_places(PLACES, rule=PLAIN)
    people = dict(cities.select("city_id", "population").iter_rows())
    assert people[1] == 4_900_000, (
        "the suburb in the core's own division is in the core's count, Birch is not"
    )
    capped = merge_places(PLACES, rule=CityRule(exceptions=(), country_people={"XA": 4_500_000}))[1]
    assert capped.filter(pl.col("city_id") == 1)["population"].item() == 4_500_000


@pytest.mark.parametrize(
    ("exemption", "expected"),
    [
        (Exemption("merge", 4, "1", "r"), "does not cross a border"),
        (Exemption("merge", 3, "2", "r"), "no city"),
    ],
)
def test_an_exemption_that_cannot_be_is_refused(exemption: Exemption, expected: str) -> None:
    with pytest.raises(SpecError, match=expected):
        merge_places(PLACES, rule=CityRule(exceptions=(exemption,)))


def test_exemptions_overrule_the_rule() -> None:
    rule = CityRule(exceptions=(Exemption("apart", 3, "", "r"), Exemption("reach", 5, "1", "r")))
    city = dict(merge_places(PLACES, rule=rule)[0].select("place_id", "city_id").iter_rows())
    assert city[3] == 3
    assert city[7] is None


def test_a_table_of_exemptions_gives_reasons(tmp_path: pytest.TempPathFactory) -> None:
    file = tmp_path / "own.csv"  # type: ignore[operator]
    file.write_text("action,place_id,value,reason\nmerg,1,2,because\n", encoding="utf-8")
    with pytest.raises(SpecError, match="did you mean 'merge'"):
        read_exemptions(file)
    file.write_text("action,place_id,value,reason\nmerge,1,2,\n", encoding="utf-8")
    with pytest.raises(SpecError, match="reason"):
        read_exemptions(file)


@given(st.permutations(range(PLACES.height)))
@settings(max_examples=25, deadline=None)
def test_the_order_of_rows_does_not_matter(order: list[int]) -> None:
    places, cities = merge_places(PLACES, rule=PLAIN)
    shuffled, same = merge_places(PLACES[order].sort("place_id"), rule=PLAIN)
    assert shuffled.equals(places)
    assert same.equals(cities)


def test_chinese_names_are_simplified_and_chosen_by_votes() -> None:
    places = pl.DataFrame(
        {
            "place_id": [1, 2, 3],
            "country": ["XA"] * 3,
            "alternates": [["東城", "东城", "东城市", "East"], ["X"], None],
        },
        schema_overrides={"alternates": pl.List(pl.String)},
    )
    assert chinese_names(places).to_list() == ["东城", None, None]


@pytest.mark.real
@pytest.mark.parametrize(("name", "country", "city"), MERGED)
def test_what_must_merge_merges(real_resolver: Resolver, name: str, country: str, city: str) -> None:
    gazetteer = real_resolver.gazetteer
    found = _city_of(gazetteer.places, name, country)
    assert gazetteer.cities.filter(pl.col("city_id") == found)["name"].item() == city


@pytest.mark.real
def test_cambridge_in_massachusetts_belongs_to_boston(real_resolver: Resolver) -> None:
    places = real_resolver.gazetteer.places
    cambridge = places.filter((pl.col("name") == "Cambridge") & (pl.col("admin1") == "MA"))
    boston = places.filter((pl.col("name") == "Boston") & (pl.col("admin1") == "MA"))
    assert cambridge["city_id"].to_list() == boston["place_id"].to_list()


@pytest.mark.real
@pytest.mark.parametrize(("one", "other"), APART)
def test_what_must_stay_apart_stays(
    real_resolver: Resolver, one: tuple[str, str], other: tuple[str, str]
) -> None:
    places = real_resolver.gazetteer.places
    a, b = _city_of(places, *one), _city_of(places, *other)
    assert a is not None
    assert b is not None
    assert a != b


@pytest.mark.real
@pytest.mark.parametrize(
    ("city", "least", "most"),
    [
        ("Hong Kong", 7_000_000, 7_600_000),
        ("Singapore", 5_000_000, 6_100_000),
        ("London", 8_900_000, 12_000_000),
        ("New York", 8_800_000, 20_000_000),
        ("Tokyo", 20_000_000, 38_000_000),
        ("Manila", 8_000_000, 15_000_000),
    ],
)
def test_no_one_is_counted_twice(real_resolver: Resolver, city: str, least: int, most: int) -> None:
    cities = real_resolver.gazetteer.cities
    people = cities.filter(pl.col("name") == city)["population"].max()
    assert isinstance(people, int)
    assert least <= people <= most


@pytest.mark.real
def test_no_city_crosses_a_border(real_resolver: Resolver) -> None:
    places = real_resolver.gazetteer.places.drop_nulls("city_id")
    cores = real_resolver.gazetteer.cities.select("city_id", core_country="country")
    assert places.join(cores, on="city_id").filter(pl.col("country") != pl.col("core_country")).is_empty()
