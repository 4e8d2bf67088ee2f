"""Suppliers: closed forms, properties, and that years are compared at the levels that they share."""

import math
from collections.abc import Mapping

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cosmopolis.measures import suppliers
from cosmopolis.measures.suppliers import HALF_GIRTH_KM, SITES, SupplierRule

RULE = SupplierRule(draws=50)


def _sites(*rows: Mapping[str, object]) -> pl.DataFrame:
    plain = {"customer": "Oak", "year": 2018, "least_km": 0.0, "most_km": HALF_GIRTH_KM, "country": "XA"}
    full = [{**dict.fromkeys(SITES.names()), **plain, **row} for row in rows]
    return pl.DataFrame(full, schema=SITES)


def _centre(city: int | None = 1) -> pl.DataFrame:
    frame = pl.DataFrame({"customer": ["Oak"], "city_id": [city], "place": ["Little Alder"]})
    return frame.with_columns(pl.col("city_id").cast(pl.Int64))


@st.composite
def _lists(draw: st.DrawFn) -> pl.DataFrame:
    def site(number: int) -> dict[str, object]:
        placed = draw(st.booleans())
        first, second = sorted((draw(st.floats(0, 20_000)), draw(st.floats(0, 20_000))))
        return {
            "supplier": f"s{draw(st.integers(0, 3))}",
            "city_id": number if placed else None,
            "distance_km": first if placed else None,
            "least_km": first,
            "most_km": second,
            "country": draw(st.sampled_from(["XA", "XB"])),
        }

    return _sites(*(site(number) for number in range(draw(st.integers(1, 12)))))


@given(_lists())
def test_the_share_never_falls_with_the_radius_and_all_lies_within_half_the_girth(
    sites: pl.DataFrame,
) -> None:
    radii = [0.0, 10.0, 500.0, 5_000.0, 19_999.0, HALF_GIRTH_KM]
    frame = suppliers.radius(sites, _centre(), radii_km=radii, rule=RULE)
    for name in ("share", "low", "high"):
        values = frame[name].drop_nulls().to_list()
        assert values == sorted(values)
    assert frame.select("low", "high").row(-1) == (1.0, 1.0)
    assert frame["share"][-1] in {None, 1.0}
    assert (frame["low"] <= frame["high"]).all()
    held = frame.drop_nulls("share")
    assert ((held["low"] <= held["share"]) & (held["share"] <= held["high"])).all()


@given(_lists(), st.floats(0, 20_000))
def test_wherever_the_unplaced_sites_lie_the_share_is_within_its_bounds(
    sites: pl.DataFrame, km: float
) -> None:
    d, least, most = (
        sites[name].fill_null(math.nan).to_numpy() for name in ("distance_km", "least_km", "most_km")
    )
    _, low, high = suppliers.share_within(d, least, most, km)
    for told in (least, most, (least + most) / 2):  # three worlds that the bounds allow
        whole = np.where(np.isfinite(d), d, told)
        share = float((whole <= km).mean())
        assert low - 1e-12 <= share <= high + 1e-12


def test_the_share_within_a_radius_by_hand() -> None:
    km = (10.0, 50.0, 70.0, 900.0)
    sites = _sites(*({"supplier": f"s{d}", "city_id": 1, "distance_km": d} for d in km))
    frame = suppliers.radius(sites, _centre(), radii_km=[60.0, 100.0], rule=RULE)
    assert frame["share"].to_list() == [0.5, 0.75]
    assert frame.select("customer", "centre", "year", "sites", "placed").row(0) == ("Oak", 1, 2018, 4, 1.0)
    assert frame["centre_place"].unique().to_list() == ["Little Alder"]
    assert frame["low"][0] < 0.5 < frame["high"][0]


def test_a_site_of_which_only_the_country_is_known_widens_the_bounds_and_is_put_nowhere() -> None:
    placed = [{"supplier": "a", "city_id": 1, "distance_km": 10.0} for _ in range(4)]
    vague = {"supplier": "a", "least_km": 300.0, "most_km": 900.0}
    frame = suppliers.radius(_sites(*placed, vague), _centre(), radii_km=[100.0, 500.0, 1000.0], rule=RULE)
    assert frame["share"].to_list() == [0.8, 1.0, 1.0]  # out at 100 km, not known at 500, in at 1,000
    assert frame["low"].to_list() == [0.8, 0.8, 1.0]  # one supplier: every draw is the list itself
    assert frame["high"].to_list() == [0.8, 1.0, 1.0]
    assert frame["placed"].to_list() == [0.8] * 3


def test_a_year_of_divisions_has_bounds_and_no_share() -> None:
    sites = _sites(
        {"supplier": "a", "division": "North"}, {"supplier": "b", "city_id": 1, "distance_km": 1.0}
    )
    frame = suppliers.radius(sites, _centre(), radii_km=[100.0], rule=RULE)
    assert frame["share"].to_list() == [None]
    assert frame["high"].to_list() == [1.0]
    assert suppliers.radius(sites, _centre(None), radii_km=[100.0], rule=RULE).is_empty()


def test_spread_in_closed_form() -> None:
    cities = [1] * 20 + [2] * 50 + [3] * 20 + [4] * 10
    sites = _sites(*({"supplier": f"s{i}", "city_id": c} for i, c in enumerate(cities)))
    by_city = suppliers.spread(sites, rule=RULE).filter(level="city")
    assert by_city["hhi"].item() == pytest.approx(0.34)
    assert by_city["effective_number"].item() == pytest.approx(2.941176, abs=1e-6)
    shannon = -sum(s * math.log(s) for s in (0.2, 0.5, 0.2, 0.1))
    assert by_city["shannon"].item() == pytest.approx(shannon)
    assert by_city.select("places", "sites", "covered").row(0) == (4, 100, 1.0)
    low, high = by_city.select("low", "high").row(0)
    assert 2 < low < 2.95 < high < 4


def test_one_supplier_in_a_division_counts_once_above_the_level_of_cities() -> None:
    three = [{"supplier": "a", "city_id": c, "division": "North"} for c in (1, 2, 3)]
    other = {"supplier": "b", "city_id": 4, "country": "XB", "division": "South"}
    frame = suppliers.spread(_sites(*three, other), rule=RULE)
    assert dict(frame.select("level", "sites").iter_rows()) == {"city": 4, "division": 2, "country": 2}
    country = frame.filter(level="country")
    assert country["effective_number"].item() == pytest.approx(2)  # 3 : 1 by sites would be 1.6


def test_a_level_that_too_few_sites_reach_is_left_out() -> None:
    sites = _sites(*({"supplier": f"s{i}", "city_id": 1 if i < 7 else None} for i in range(10)))
    assert suppliers.spread(sites, rule=RULE)["level"].to_list() == ["country"]
    loose = SupplierRule(draws=50, known=0.7)
    assert suppliers.spread(sites, rule=loose)["level"].to_list() == ["city", "country"]


@pytest.mark.parametrize(
    ("regional", "countries", "told"),
    [(1.0, 1, "regional"), (0.0, 4, "multi_site"), (0.0, 1, "neither"), (None, 4, "unclear")],
)
def test_the_two_axes(regional: float | None, countries: int, told: str) -> None:
    at_home = None if regional is None else regional > 0
    rows = [
        {"supplier": f"s{i}", "country": f"X{chr(65 + c)}", "in_region": at_home}
        for i in range(30)
        for c in range(countries)
    ]
    frame = suppliers.strategy(_sites(*rows), rule=RULE)
    assert frame["multi_site"].item() == pytest.approx(countries)
    assert frame["regional"].item() == regional
    assert frame["reading"].item() == told


def test_both_axes_may_be_high_at_once() -> None:
    rows = [{"supplier": f"s{i}", "country": f"X{c}", "in_region": True} for i in range(9) for c in "AB"]
    assert suppliers.strategy(_sites(*rows), rule=RULE)["reading"].item() == "both"


def test_places_come_and_go_at_levels_that_both_years_reach() -> None:
    addresses = [
        {"year": 2018, "supplier": "a", "city_id": 1, "division": "North"},
        {"year": 2018, "supplier": "b", "city_id": 2, "division": "South"},
    ]
    divisions = [
        {"year": 2020, "supplier": "a", "division": "North"},
        {"year": 2020, "supplier": "c", "country": "XB", "division": "East"},
    ]
    frame = suppliers.changes(_sites(*addresses, *divisions), rule=RULE)
    assert "city" not in frame["level"]
    assert frame.filter(level="division").drop("customer", "level").rows() == [
        (2018, 2020, "XA North", 0, 0, 1, 1, 1),
        (2018, 2020, "XA South", 0, 1, 0, 1, 0),
        (2018, 2020, "XB East", 1, 0, 0, 0, 1),
    ]
    total = frame.select("entries", "exits", "stayed").sum_horizontal()
    assert total.unique().to_list() == [1]


def test_a_country_whose_divisions_one_year_does_not_tell_has_no_exits_of_divisions() -> None:
    rows: list[Mapping[str, object]] = [
        {
            "year": year,
            "supplier": f"s{i}",
            "division": f"d{i}" if year == 2020 or i < 8 else None,
            "country": "XB" if i >= 8 else "XA",
        }
        for year in (2020, 2021)
        for i in range(10)
    ]
    frame = suppliers.changes(_sites(*rows), rule=RULE)
    told = frame.filter(level="division")
    assert told["exits"].sum() == 0
    assert not told["place"].str.starts_with("XB").any()
    assert frame.filter(level="country")["place"].to_list() == ["XA", "XB"]


def test_years_of_different_customers_are_not_compared() -> None:
    rows = [{"customer": c, "year": y, "supplier": "a"} for c, y in (("Oak", 2018), ("Elm", 2019))]
    assert suppliers.changes(_sites(*rows), rule=RULE).is_empty()


def test_places_are_counted_as_precisely_as_they_are_known() -> None:
    rows: list[Mapping[str, object]] = [
        {"supplier": "a", "precision": "address", "city_id": 1},
        {"supplier": "b", "precision": "address", "city_id": 1},
        {"supplier": "b", "precision": "division", "division": "North"},
    ]
    frame = suppliers.places(_sites(*rows))
    assert frame.drop("customer", "year", "country").rows() == [
        ("address", None, 1, 2, 2),
        ("division", "North", None, 1, 1),
    ]


def test_the_order_of_rows_changes_nothing() -> None:
    rows: list[Mapping[str, object]] = [
        {"supplier": f"s{i % 4}", "city_id": i % 3, "distance_km": 40.0 * i} for i in range(12)
    ]
    sites, turned = _sites(*rows), _sites(*reversed(rows))
    for measure in (suppliers.spread, suppliers.strategy):
        assert measure(sites, rule=RULE).equals(measure(turned, rule=RULE))
    one, other = (suppliers.radius(s, _centre(), radii_km=[100.0], rule=RULE) for s in (sites, turned))
    assert one.equals(other)
