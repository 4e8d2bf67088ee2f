"""Poles: planted worlds with one, two and many, and the lead counted another way."""

import math

import numpy as np
import polars as pl
import pytest

from cosmopolis.errors import SpecError
from cosmopolis.measures import poles
from cosmopolis.measures.poles import Rule
from cosmopolis.streams import stream


def _firms(counts: dict[int, int]) -> pl.DataFrame:
    cities = [city for city, n in counts.items() for _ in range(n)]
    return pl.DataFrame({"firm": [f"f{i}" for i in range(len(cities))], "city_id": cities})


def _said(counts: dict[int, int], rule: Rule | None = None) -> dict[str, object]:
    rule = rule or Rule()
    frame = poles.verdict(poles.seats(_firms(counts), rule=rule), basket="b", year=2025, rule=rule)
    assert frame.schema == poles.INDUSTRY_VERDICTS
    return frame.row(0, named=True)


@pytest.mark.parametrize(
    ("counts", "verdict"),
    [
        ({1: 60, 2: 12, 3: 10, 4: 9}, "unipolar"),
        ({1: 60, 2: 55, 3: 9, 4: 8}, "bipolar"),
        (dict.fromkeys(range(1, 9), 60), "multipolar"),
        ({1: 6, 2: 3, 3: 2, 4: 1}, "unclear"),  # twice the second, but by three firms
        ({1: 65, 2: 35, 3: 30}, "unclear"),  # nearly twice: chance may have it either way
        ({1: 8}, "unclear"),  # too few
        ({1: 20}, "unipolar"),  # no second
    ],
)
def test_planted_worlds(counts: dict[int, int], verdict: str) -> None:
    assert _said(counts)["verdict"] == verdict


def test_the_gap_and_its_bounds_counted_firm_by_firm() -> None:
    """Draw cities of firms one by one with the same shares; the quantiles agree within the draws' noise."""
    counts = {5: 40, 3: 25, 9: 20, 7: 5}
    rule = Rule(draws=4000)
    said = _said(counts, rule)
    assert said["gap"] == 40 / 25
    assert said["second_gap"] == 25 / 20
    assert (said["first"], said["second"], said["firms"]) == (5, 3, 90)
    cities = np.repeat([5, 3, 9, 7], [40, 25, 20, 5])
    draw = stream("another", 1)
    gaps = []
    for _ in range(4000):
        sample = draw.choice(cities, 90)
        mine = (sample == 5).sum()
        gaps.append(mine / max((sample == other).sum() for other in (3, 9, 7)))
    low, high = np.quantile(gaps, [0.05, 0.95])
    assert said["gap_low"] == pytest.approx(low, abs=0.06)
    assert said["gap_high"] == pytest.approx(high, abs=0.12)


def test_no_verdict_without_draws_and_none_without_firms() -> None:
    none = _said({1: 60, 2: 3}, Rule(draws=0))
    assert none["verdict"] == "unclear"
    assert none["gap_low"] is None
    empty = poles.seats(_firms({}), rule=Rule())
    assert poles.verdict(empty, basket="b", year=2025, rule=Rule()).is_empty()
    assert poles.drawn_ranks(empty, rule=Rule()).is_empty()


def test_the_order_of_firms_does_not_matter() -> None:
    firms = _firms({4: 9, 2: 9, 8: 3})
    one, two = (poles.seats(f, rule=Rule()) for f in (firms, firms.reverse()))
    assert one.cities.to_list() == two.cities.to_list() == [2, 4, 8]
    assert (one.drawn == two.drawn).all()
    assert (one.drawn.sum(axis=1) == 21).all()


def test_ranks_and_their_bounds() -> None:
    frame = poles.drawn_ranks(poles.seats(_firms({4: 90, 2: 10, 8: 10, 6: 1}), rule=Rule()), rule=Rule())
    assert frame.select("city_id", "firms", "rank").rows() == [(4, 90, 1), (2, 10, 2), (8, 10, 2), (6, 1, 4)]
    assert frame["share"].sum() == pytest.approx(1.0)
    assert frame.select("rank_low", "rank_high").rows() == [(1, 1), (2, 3), (2, 3), (4, 4)]


def test_a_firm_stands_once_and_has_a_city() -> None:
    twice = pl.DataFrame({"firm": ["a", "a"], "city_id": [1, 2]})
    for firms in (twice, pl.DataFrame({"firm": ["a"], "city_id": [None]})):
        with pytest.raises(SpecError, match="each once, with its city"):
            poles.seats(firms, rule=Rule())


def test_a_group_of_cities_is_one_city_among_the_others() -> None:
    firms = _firms({1: 30, 2: 25, 3: 40, 4: 10})
    groups = {"bay": ("Bay", "湾区", [1, 2, 99]), "none": ("None", "无", [77])}
    got = poles.groups(firms, groups, basket="b", year=2025, rule=Rule())
    assert got.schema == poles.INDUSTRY_GROUPS
    row = got.row(0, named=True)
    assert got.height == 1
    assert (row["group"], row["name_zh"], row["city_id"], row["cities"]) == ("bay", "湾区", 1, 2)
    assert (row["firms"], row["rank"], row["first"], row["second"]) == (55, 1, 1, 3)
    by_hand = _said({1: 55, 3: 40, 4: 10})
    assert {key: row[key] for key in ("verdict", "gap", "gap_low", "gap_high")} == {
        key: by_hand[key] for key in ("verdict", "gap", "gap_low", "gap_high")
    }
    assert math.isclose(row["share"], 55 / 105)


def _verdicts(shares: list[float], firms: int, worlds: int = 100) -> list[str]:
    """Draw worlds of so many firms and tell the verdict of each."""
    said = []
    for seed in range(worlds):
        counts = stream("worlds", seed).multinomial(firms, shares)
        frame = pl.DataFrame({"city_id": range(len(shares)), "count": counts})
        found = poles.counted(frame, rule=Rule(seed=f"draws {seed}"))
        said.append(str(poles.verdict(found, basket="b", year=2025, rule=Rule())["verdict"].item()))
    return said


@pytest.mark.parametrize("firms", [12, 30, 80, 250])
@pytest.mark.parametrize("shares", [[0.2, 0.2] + [0.03] * 20, [0.05] * 20])
def test_a_pole_is_seldom_seen_where_there_is_none(shares: list[float], firms: int) -> None:
    assert _verdicts(shares, firms).count("unipolar") <= 10  # 5 of 100 expected at most; more in 1 of 100


def test_a_pole_is_mostly_seen_where_there_is_one() -> None:
    said = _verdicts([0.3, 0.1] + [0.03] * 20, 250)
    assert said.count("unipolar") >= 90
