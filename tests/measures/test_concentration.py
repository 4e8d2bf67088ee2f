"""Concentration: a published example, closed forms, and the definitions read another way."""

import math
import tomllib
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cosmopolis.errors import FormatError
from cosmopolis.measures import concentration
from cosmopolis.networks.links import LINKS

GOLDEN: dict[str, Any] = tomllib.loads(
    (Path(__file__).parents[1] / "golden" / "measures.toml").read_text(encoding="utf-8")
)["concentration"]
PRODUCTION: dict[str, Any] = tomllib.loads(
    (Path(__file__).parents[1] / "golden" / "production.toml").read_text(encoding="utf-8")
)["concentration"]
VALUES = st.lists(st.floats(1e-3, 1e6), min_size=1, max_size=20)


def test_the_published_example() -> None:
    assert concentration.hhi(GOLDEN["values"]) == pytest.approx(GOLDEN["hhi"], abs=1e-12)
    number = concentration.effective_number(GOLDEN["values"])
    assert number == pytest.approx(GOLDEN["effective_number"], abs=5e-7)


@pytest.mark.parametrize("n", [1, 2, 7])
def test_closed_forms(n: int) -> None:
    equal, one = [3.0] * n, [0.0] * (n - 1) + [5.0]
    assert concentration.hhi(equal) == pytest.approx(1 / n)
    assert concentration.effective_number(equal) == pytest.approx(n)
    assert concentration.gini(equal) == pytest.approx(0.0, abs=1e-15)
    assert concentration.hhi(one) == 1.0
    assert concentration.gini(one) == pytest.approx(1 - 1 / n)


@given(VALUES)
def test_gini_is_half_the_relative_mean_difference(values: list[float]) -> None:
    x = np.array(values)
    expected = np.abs(x[:, None] - x[None, :]).sum() / (2 * len(x) ** 2 * x.mean())
    assert concentration.gini(values) == pytest.approx(expected, abs=1e-9)


@given(VALUES, st.floats(0.01, 100))
def test_unit_and_order_do_not_matter(values: list[float], factor: float) -> None:
    for measure in (concentration.hhi, concentration.gini, concentration.effective_number):
        scaled = measure([factor * v for v in reversed(values)])
        assert scaled == pytest.approx(measure(values), rel=1e-9, abs=1e-12)


@given(VALUES)
def test_shares_add_up_and_bounds_hold(values: list[float]) -> None:
    n = len(values)
    assert math.fsum(concentration.shares(values)) == pytest.approx(1.0)
    assert 1 / n - 1e-12 <= concentration.hhi(values) <= 1 + 1e-12
    assert -1e-12 <= concentration.gini(values) <= 1 - 1 / n + 1e-12


@pytest.mark.parametrize("values", [[], [0.0], [0.0, 0.0]])
def test_nothing_to_share_is_not_a_number(values: list[float]) -> None:
    for measure in (concentration.hhi, concentration.gini, concentration.effective_number):
        assert math.isnan(measure(values))


@pytest.mark.parametrize("values", [[-1.0, 2.0], [math.nan], [math.inf], [[1.0]]])
def test_values_that_are_no_amounts_are_refused(values: list[Any]) -> None:
    with pytest.raises(FormatError, match="leave out what has no data"):
        concentration.shares(values)


LINKS_OF_THREE = pl.DataFrame(
    [("listings", "firms", 2025, 1, 2, 3.0, 3), ("listings", "firms", 2025, 1, 3, 1.0, 1)],
    schema=LINKS,
    orient="row",
)


def test_the_table_takes_both_ends_or_the_origin_alone() -> None:
    both = concentration.table(LINKS_OF_THREE, directed=False)
    out = concentration.table(LINKS_OF_THREE, directed=True)
    assert both["city_id"].unique().sort().to_list() == [1, 2, 3]
    assert out.rows() == [
        (1, "effective_partners", 1.6),
        (1, "gini", 0.25),
        (1, "hhi", 0.625),
        (1, "partners", 2.0),
    ]
    assert both.filter(pl.col("city_id") == 1).equals(out)


def test_the_two_theils_by_their_right_names() -> None:
    """REAT's `theil` gives L; both numbers recomputed with exact fractions of logarithms below."""
    values = PRODUCTION["values"]
    assert concentration.theil_l(values) == pytest.approx(PRODUCTION["theil_l"], abs=5e-8)
    assert concentration.theil_t(values) == pytest.approx(PRODUCTION["theil_t"], abs=5e-8)
    assert concentration.hhi(values) == pytest.approx(PRODUCTION["hhi"], abs=1e-12)
    assert concentration.shannon(values) == pytest.approx(PRODUCTION["shannon"], abs=5e-7)
    # shares .1 × 3, .2, .5 of five: L = (3 ln 2 + ln 1 + ln .4) / 5, T = .3 ln .5 + .2 ln 1 + .5 ln 2.5
    assert concentration.theil_l(values) == pytest.approx((3 * math.log(2) + math.log(0.4)) / 5, abs=1e-14)
    assert concentration.theil_t(values) == pytest.approx(
        0.3 * math.log(0.5) + 0.5 * math.log(2.5), abs=1e-14
    )


@pytest.mark.parametrize("n", [2, 7])
def test_bounds_of_the_entropies(n: int) -> None:
    equal, one = [3.0] * n, [0.0] * (n - 1) + [5.0]
    assert concentration.shannon(equal) == pytest.approx(math.log(n))
    assert concentration.shannon(one) == 0.0
    assert concentration.theil_t(equal) == concentration.theil_l(equal) == 0.0
    assert concentration.theil_t(one) == pytest.approx(math.log(n))
    assert concentration.theil_l(one) == math.inf
    assert concentration.hhi_normalised(equal) == pytest.approx(0.0, abs=1e-15)
    assert concentration.hhi_normalised(one) == pytest.approx(1.0)
    assert math.isnan(concentration.hhi_normalised([3.0]))


@given(VALUES)
def test_the_entropies_are_their_definitions_and_know_no_unit(values: list[float]) -> None:
    x = np.array(values)
    y = x / x.mean()
    assert concentration.theil_t(values) == pytest.approx(float(np.mean(y * np.log(y))), abs=1e-9)
    assert concentration.theil_l(values) == pytest.approx(float(np.mean(-np.log(y))), abs=1e-9)
    assert concentration.theil_t(values) == pytest.approx(
        math.log(len(x)) - concentration.shannon(values), abs=1e-9
    )
    for measure in (concentration.theil_t, concentration.theil_l, concentration.shannon):
        assert measure((1000 * x[::-1]).tolist()) == pytest.approx(measure(values), rel=1e-9, abs=1e-9)


@given(st.lists(st.tuples(st.floats(0, 1e6), st.integers(0, 3)), min_size=1, max_size=20))
def test_theil_t_adds_up_over_groups(rows: list[tuple[float, int]]) -> None:
    values, groups = [v for v, _ in rows], [g for _, g in rows]
    within, between = concentration.theil_t_parts(values, groups)
    if sum(values) == 0:
        assert math.isnan(within)
        assert math.isnan(between)
        return
    assert within + between == pytest.approx(concentration.theil_t(values), abs=1e-9)
    assert within >= 0
    assert between >= -1e-12
    alone = concentration.theil_t_parts(values, list(range(len(values))))
    assert alone == pytest.approx((0.0, concentration.theil_t(values)), abs=1e-9)


def test_each_value_needs_its_group() -> None:
    with pytest.raises(FormatError, match="1 groups of 2 values"):
        concentration.theil_t_parts([1, 2], ["a"])


@pytest.mark.parametrize("values", [[], [0.0], [0.0, 0.0]])
def test_no_entropy_of_nothing(values: list[float]) -> None:
    for measure in (
        concentration.shannon,
        concentration.theil_t,
        concentration.theil_l,
        concentration.hhi_normalised,
    ):
        assert math.isnan(measure(values))
