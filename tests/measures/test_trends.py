"""Trends: the null distribution by counting, another library, planted slopes, and the words for them."""

import math
from itertools import permutations

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from cosmopolis.errors import FormatError
from cosmopolis.measures import trends
from cosmopolis.measures.trends import mann_kendall, trend
from cosmopolis.streams import stream


@given(st.lists(st.integers(0, 3), min_size=1, max_size=6))
def test_the_p_value_is_the_part_of_orders_as_extreme(values: list[int]) -> None:
    """All orders are looked at, ties included."""
    score, p = mann_kendall(values)
    scores = [
        sum(int(np.sign(b - a)) for i, a in enumerate(order) for b in order[i + 1 :])
        for order in permutations(values)
    ]
    assert score == sum(int(np.sign(b - a)) for i, a in enumerate(values) for b in values[i + 1 :])
    assert p == pytest.approx(sum(abs(s) >= abs(score) for s in scores) / len(scores))


@given(st.permutations(list(range(12))))
def test_agrees_with_another_library_where_there_are_no_ties(order: list[int]) -> None:
    other = stats.kendalltau(range(12), order, method="exact")
    assert mann_kendall(order)[1] == pytest.approx(other.pvalue, rel=1e-9)


def test_the_normal_approximation_meets_the_exact_distribution() -> None:
    draw = stream("trends", 1)
    for _ in range(20):
        x = draw.integers(0, 30, 50).astype(float)
        exact, normal = trends._p_value(x, 1.0), trends._p_value(x, 1.0 + 1e-12)  # noqa: SLF001
        assert normal == pytest.approx(exact, abs=0.004)


def test_the_slope_and_its_interval_agree_with_another_library() -> None:
    """That one takes the normal quantile; on 40 years the ranks of the bounds differ by a few of 780."""
    draw = stream("trends", 2)
    years = np.arange(1980, 2020)
    like = 0
    for _ in range(20):
        x = 0.3 * (years - 1980) + draw.normal(0, 1, 40)
        other = stats.theilslopes(x, years, 0.95)
        got = trend(years.tolist(), x.tolist())
        assert got.slope == pytest.approx(other.slope)
        assert got.low is not None
        assert got.high is not None
        assert got.serial is not None
        if got.serial > 0:  # years that seem to hang together: wider
            assert got.low <= other.low_slope
            assert got.high >= other.high_slope
        else:
            like += 1
            assert got.low == pytest.approx(other.low_slope, abs=2e-3)
            assert got.high == pytest.approx(other.high_slope, abs=2e-3)
    assert like > 3


@pytest.mark.parametrize("n", [5, 8, 20])
def test_intervals_cover_the_planted_slope_as_often_as_they_say(n: int) -> None:
    runs, inside = 400, 0
    draw = stream("trends", n)
    for _ in range(runs):
        got = trend(range(n), (5.0 + 0.2 * np.arange(n) + draw.normal(0, 1, n)).tolist())
        assert got.low is not None
        assert got.high is not None
        inside += got.low <= 0.2 <= got.high
    assert inside >= stats.binom.ppf(0.001, runs, 0.95)


@pytest.mark.parametrize("correlation", [0.0, 0.3, 0.6])
def test_years_that_hang_together_do_not_make_a_trend(correlation: float) -> None:
    """Without the correction the plain test calls up to three in ten of these worlds a trend."""
    n, runs = 30, 300
    draw = stream("serial", 1)
    plain = corrected = 0
    for _ in range(runs):
        noise = [draw.normal(0, 1 / math.sqrt(1 - correlation**2))]
        for _ in range(n - 1):
            noise.append(correlation * noise[-1] + draw.normal(0, 1))
        plain += mann_kendall(noise)[1] < 0.05
        corrected += trend(range(n), [100 + e for e in noise]).verdict in {"rising", "falling"}
    assert corrected / runs <= 0.12
    if correlation == 0.6:
        assert plain / runs > 0.2


def test_verdicts() -> None:
    years = range(2000, 2012)
    draw = stream("verdicts", 1)
    rise = [10 + 0.5 * t + draw.normal(0, 0.3) for t in range(12)]
    flat = [10 + draw.normal(0, 0.05) for _ in range(12)]
    loose = [10 + draw.normal(0, 3.0) for _ in range(12)]
    assert trend(years, rise).verdict == "rising"
    assert trend(years, rise[::-1]).verdict == "falling"
    assert trend(years, flat).verdict == "steady"
    assert trend(years, loose).verdict == "unclear"  # not shown to move, and not shown to hold
    wobble = [9.8, 10.2] * 6
    assert trend(years, wobble, band=0.05).verdict == "steady"
    assert trend(years, wobble, band=0.001).verdict == "unclear"
    assert trend(range(4), [1, 2, 3, 4]).verdict == "too_few"
    assert trend(range(5), [1, 2, 3, 4, 5]).verdict == "rising"
    assert trend(range(4), [1, 2, 3, 4], years_min=4).verdict == "too_few"  # no interval of 95 % has four
    assert trend(years, [7.0] * 12).verdict == "steady"
    assert trend(years, [0.0] * 12).verdict == "too_few"
    slow = [100 + 0.2 * t for t in range(12)]
    assert trend(years, slow).verdict == "steady"  # a slope that is sure and small
    assert trend(years, slow, band=0.001).verdict == "rising"
    longer = [100 + 0.8 * t + draw.normal(0, 0.5) for t in range(24)]
    assert trend(range(10), longer[:10], band=0.02).verdict == "steady"  # 7 % in all
    assert trend(range(24), longer, band=0.02).verdict == "rising"  # as slow, and 17 % in all


@given(st.lists(st.floats(1, 100), min_size=5, max_size=12), st.floats(0.5, 50))
def test_the_unit_does_not_matter(values: list[float], factor: float) -> None:
    one, other = trend(range(len(values)), values), trend(range(len(values)), [factor * v for v in values])
    assert one.slope is not None
    assert other.slope == pytest.approx(factor * one.slope, rel=1e-9, abs=1e-9)


def test_turning_a_series_round_turns_the_verdict() -> None:
    draw = stream("turned", 1)
    word = {"rising": "falling", "falling": "rising"}
    for _ in range(50):
        x = (10 + draw.normal(0, 1, 9) + draw.normal(0, 0.5) * np.arange(9)).tolist()
        one, other = trend(range(9), x), trend(range(9), x[::-1])
        assert other.verdict == word.get(one.verdict, one.verdict)
        assert one.low is not None
        assert other.high == pytest.approx(-one.low)


def test_gaps_order_and_years_without_data() -> None:
    got = trend([2010, 2000, 2004, 2006, 2002, 2008], [6.0, 1.0, 3.0, math.nan, 2.0, None])
    assert got.verdict == "too_few"
    assert (got.from_year, got.to_year, got.years, got.mean) == (2000, 2010, 4, 3.0)
    gap = trend([2000, 2002, 2004, 2006, 2010, 2020], [0.0, 2.0, 4.0, 6.0, 10.0, 20.0])
    assert (gap.slope, gap.low, gap.high) == (1.0, 1.0, 1.0)
    with pytest.raises(FormatError, match="2 years, 1 of them different"):
        trend([2000, 2000], [1.0, 2.0])


def test_a_table_of_series() -> None:
    frame = pl.DataFrame(
        {
            "pair": ["b"] * 6 + ["a"] * 6,
            "year": [2005, 2000, 2001, 2002, 2003, 2004, *range(2000, 2006)],
            "value": [6.0, 1.0, 2.0, 3.0, 4.0, 5.0, *([2.0] * 6)],
        }
    )
    got = trends.table(frame, ["pair"])
    assert got.columns == ["pair", *trends.TREND]
    assert got.select("pair", "slope", "verdict").rows() == [("a", 0.0, "steady"), ("b", 1.0, "rising")]
    assert trends.table(frame.clear(), ["pair"]).is_empty()
