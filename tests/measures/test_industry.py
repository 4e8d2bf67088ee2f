"""The spread of an industry: its measures taken one by one, roles of cities, and a planted network."""

from itertools import product
from typing import Any

import polars as pl
import pytest

from cosmopolis.errors import UnknownNameError
from cosmopolis.measures import concentration, industry, poles, structure
from cosmopolis.measures.poles import Rule
from cosmopolis.networks.links import LINKS
from cosmopolis.streams import stream

COUNTS = {1: 30, 2: 12, 3: 9, 4: 4, 5: 1, 6: 1}


def _firms(counts: dict[int, int]) -> pl.DataFrame:
    cities = [city for city, n in counts.items() for _ in range(n)]
    return pl.DataFrame({"firm": [f"f{i:03}" for i in range(len(cities))], "city_id": cities})


def _offices(firms: pl.DataFrame, branches: dict[str, list[int]]) -> pl.DataFrame:
    rows = [("headquarters", firm, city) for firm, city in firms.select("firm", "city_id").iter_rows()]
    rows += [("branch", firm, city) for firm, cities in branches.items() for city in cities]
    return pl.DataFrame(rows, schema=["role", "firm", "city_id"], orient="row")


def _table(firms: pl.DataFrame, ties: pl.DataFrame | None, rule: Rule) -> dict[str, Any]:
    found = poles.seats(firms, rule=rule)
    frame = industry.structure_table(found, ties, basket="b", year=2025, rule=rule)
    assert frame.schema == industry.INDUSTRY_STRUCTURE
    return {
        m: (value, low, high)
        for m, value, low, high in frame.select("measure", "value", "low", "high").rows()
    }


def test_the_measures_of_concentration_are_those_of_their_module() -> None:
    got, counts = _table(_firms(COUNTS), None, Rule()), list(COUNTS.values())
    expected = {
        "firms": 57.0,
        "cities": 6.0,
        "hhi": concentration.hhi(counts),
        "effective_cities": concentration.effective_number(counts),
        "first_share": 30 / 57,
        "second_share": 12 / 57,
        "gap": 2.5,
        "gini": concentration.gini(counts),
        "shannon": concentration.shannon(counts),
        "theil_t": concentration.theil_t(counts),
    }
    assert {name: value for name, (value, *_) in got.items()} == pytest.approx(expected)
    for name, (value, low, high) in got.items():
        if name in {"firms", "cities"}:
            assert low is None
            assert high is None
        else:
            assert low < value < high, name


def test_intervals_hold_a_planted_share() -> None:
    """In worlds of 200 firms with 30 % in the first city, nine in ten intervals hold the 30 %."""
    shares, held = [0.3] + [0.7 / 14] * 14, 0
    for seed in range(40):
        counts = stream("planted", seed).multinomial(200, shares)
        rule = Rule(draws=100, seed=f"s{seed}")
        _, low, high = _table(_firms(dict(enumerate(counts.tolist()))), None, rule)["first_share"]
        held += low <= 0.3 <= high
    assert held >= 32  # of 40, 36 expected; fewer than 32 by chance in 2 of 100


def test_one_city_alone_has_no_gap() -> None:
    got = _table(_firms({1: 5}), None, Rule())
    assert "gap" not in got
    assert got["hhi"] == (1.0, 1.0, 1.0)
    assert _table(_firms({}), None, Rule()) == {"firms": (0.0, None, None), "cities": (0.0, None, None)}


def test_ties_are_branches_elsewhere_of_the_basket() -> None:
    firms = _firms({1: 2, 2: 1})
    offices = _offices(firms, {"f000": [1, 7, 7, 8], "f002": [1], "other": [9]})
    assert industry.ties_of(offices, firms).rows() == [
        ("f000", 1, 7, 2.0),
        ("f000", 1, 8, 1.0),
        ("f002", 2, 1, 1.0),
    ]


def test_a_planted_network_has_its_core() -> None:
    """Firms of cities 1 and 2 have branches everywhere: the ideal pattern, fit 1."""
    firms = _firms({1: 12, 2: 12, 3: 3})
    everywhere = [1, 2, 3, 4, 5, 6, 7]
    offices = _offices(firms, {f"f{i:03}": everywhere for i in range(24)})
    ties = industry.ties_of(offices, firms)
    rule = Rule(draws=20)
    got = _table(firms, ties, rule)
    assert got["network_firms"] == (24.0, None, None)
    assert got["network_branches"] == (24 * 6.0, None, None)
    assert got["core_fit"][0] == pytest.approx(1.0)
    assert got["core_size"] == (2.0, None, None)
    links = pl.DataFrame(
        [("x", "y", 0, a, b, 1.0, 1) for a, b in product((1, 2), everywhere) if a != b],
        schema=LINKS,
        orient="row",
    )
    assert got["centralisation"][0] == structure.centralisation(links)
    assert got["centralisation_out"][0] == structure.centralisation(links, kind="degree_out")
    assert got["assortativity"][0] == structure.assortativity(links)
    frame = industry.centres(poles.seats(firms, rule=rule), ties, basket="b", year=2025, rule=rule)
    assert frame.schema == industry.INDUSTRY_CENTRES
    assert frame.select("city_id", "role", "branches", "core").rows() == [
        (1, "first", 12, True),
        (2, "secondary", 12, True),
        (3, "other", 24, False),
    ]


def test_secondary_centres_bring_the_first_to_half() -> None:
    frame = industry.centres(
        poles.seats(_firms({1: 30, 2: 20, 3: 15, 4: 15, 5: 12, 6: 8}), rule=Rule()),
        None, basket="b", year=2025, rule=Rule(),
    )  # fmt: skip
    assert dict(frame.select("city_id", "role").rows()) == {
        1: "first", 2: "secondary", 3: "other", 4: "other", 5: "other", 6: "other",
    }  # fmt: skip
    assert frame["branches"].null_count() == frame["core"].null_count() == 6
    wide = Rule(centres_share=0.6)
    roles = industry.centres(
        poles.seats(_firms({1: 30, 2: 20, 3: 15, 4: 15, 5: 12, 6: 8}), rule=wide),
        None, basket="b", year=2025, rule=wide,
    )["role"].to_list()  # fmt: skip
    assert roles == ["first", "secondary", "secondary", "secondary", "other", "other"]  # 4 has as many as 3


def test_cities_with_one_firm_are_no_centres() -> None:
    frame = industry.centres(
        poles.seats(_firms(dict.fromkeys(range(1, 6), 1)), rule=Rule()),
        None, basket="b", year=2025, rule=Rule(),
    )  # fmt: skip
    assert frame["role"].to_list() == ["first", "other", "other", "other", "other"]


def test_inventors_and_implementers_are_counts_of_their_own() -> None:
    counts = pl.DataFrame({"city_id": [3, 1, 2], "count": [10, 80, 0]})
    frame = industry.roles(counts, measure="lighthouses", year=2024, rule=Rule())
    assert frame.schema == industry.INDUSTRY_40
    assert frame.drop("share").rows() == [
        (1, "implementer", "lighthouses", 2024, 80, 1, 1, 1),
        (3, "implementer", "lighthouses", 2024, 10, 2, 2, 2),
    ]
    with pytest.raises(UnknownNameError, match="did you mean 'plants'"):
        industry.roles(counts, measure="plant", year=2024, rule=Rule())


def test_branches_of_a_few_firms_are_no_network_of_an_industry() -> None:
    firms = _firms({1: 20, 2: 5})
    few = industry.ties_of(_offices(firms, {f"f{i:03}": [2, 3, 4] for i in range(9)}), firms)
    rule = Rule(draws=10)
    assert not {"core_fit", "network_firms"} & set(_table(firms, few, rule))
    frame = industry.centres(poles.seats(firms, rule=rule), few, basket="b", year=2025, rule=rule)
    assert frame["branches"].null_count() == frame["core"].null_count() == 2
    more = industry.ties_of(_offices(firms, {f"f{i:03}": [2, 3, 4] for i in range(10)}), firms)
    found = poles.seats(firms, rule=rule)
    named = industry.structure_table(found, more, basket="b", year=2025, rule=rule, network="offices")
    assert dict(named.select("measure", "network").rows()) == {
        m: "offices" if m.startswith("network_") or m in industry.SHAPES else None for m in named["measure"]
    }
