"""Growth: closed forms, exact intervals by another way, coverage, and windows."""

import math

import numpy as np
import polars as pl
import pytest
from scipy import stats

from cosmopolis.errors import FormatError
from cosmopolis.measures import windows
from cosmopolis.measures.growth import FIELD_GROWTH, growth
from cosmopolis.networks.links import LINKS
from cosmopolis.streams import stream

WINDOWS = ((2000, 2004), (2005, 2009))


def _totals(rows: list[tuple[str, int, int, int]]) -> pl.DataFrame:
    schema = {"field": pl.String, "year": pl.Int64, "city_id": pl.Int64, "count": pl.Int64}
    return pl.DataFrame(rows, schema=schema, orient="row")


def test_a_constant_rate_is_found() -> None:
    """Windows of equal length of a count that grows by 100 e^(0.1 t) grow by 0.1 a year."""
    rows = [("a", 2000 + t, 1, round(1e9 * math.exp(0.1 * t))) for t in range(15)]
    got = growth(_totals(rows), network="x", windows=windows.consecutive(2000, 2014))
    assert got.select("from_year", "to_year").rows() == [(2000, 2009), (2005, 2014)]
    assert got["growth"].to_list() == pytest.approx([0.1, 0.1], abs=1e-8)


def test_windows_of_unequal_length_are_compared_by_year() -> None:
    rows = [("a", year, 1, 6) for year in range(2000, 2006)]
    got = growth(_totals(rows), network="x", windows=[(2000, 2003), (2004, 2005)])
    assert got.row(0)[5:8] == (24, 12, 0.0)


def test_bounds_are_those_of_an_exact_binomial_test() -> None:
    rows = [("a", 2001, 1, 4), ("a", 2006, 1, 9), ("a", 2001, 2, 30), ("a", 2006, 2, 11)]
    got = growth(_totals(rows), network="x", windows=WINDOWS, level=0.9)
    for first, last, value, low, high in got.select("count_from", "count_to", "growth", "low", "high").rows():
        exact = stats.binomtest(last, first + last).proportion_ci(0.9)
        assert value == pytest.approx(math.log(last / first) / 5)
        assert low == pytest.approx(math.log(exact.low / (1 - exact.low)) / 5)
        assert high == pytest.approx(math.log(exact.high / (1 - exact.high)) / 5)


def test_intervals_cover_few_records() -> None:
    n = 1000
    first, last = stream("growth", 1).poisson(4.0, n), stream("growth", 2).poisson(4.0 * math.exp(0.5), n)
    rows = [("a", 2000, c, int(x)) for c, x in enumerate(first)]
    rows += [("a", 2005, c, int(x)) for c, x in enumerate(last)]
    got = growth(_totals(rows), network="x", windows=WINDOWS)
    low, high = got["low"].fill_null(-np.inf).to_numpy(), got["high"].fill_null(np.inf).to_numpy()
    held = float(((low <= 0.1) & (high >= 0.1)).mean())
    assert 0.95 - 3 * math.sqrt(0.05 * 0.95 / n) <= held < 1.0


def test_from_nothing_and_to_nothing() -> None:
    rows = [("a", 2006, 1, 3), ("a", 2001, 2, 3), ("a", 1999, 3, 3)]
    got = growth(_totals(rows), network="x", windows=WINDOWS).select(
        "city_id", "count_from", "count_to", "growth", "low", "high"
    )
    bound = math.log(0.025 ** (1 / 3) / (1 - 0.025 ** (1 / 3))) / 5  # the lower bound of three of three
    assert got.row(0) == (1, 0, 3, None, pytest.approx(bound), None)
    assert got.row(1) == (2, 3, 0, None, None, pytest.approx(-bound))
    assert got.height == 2  # city 3 has nothing in either window


def test_windows_out_of_order_are_refused() -> None:
    with pytest.raises(FormatError, match="begins before the one before it has ended"):
        growth(_totals([]), network="x", windows=[(2005, 2009), (2000, 2004)])


def test_nothing_gives_an_empty_table() -> None:
    assert growth(_totals([]), network="x", windows=WINDOWS).schema == FIELD_GROWTH


def test_windows_are_cut_from_the_end() -> None:
    assert windows.consecutive(2000, 2024)[0] == (2000, 2004)
    assert windows.consecutive(2000, 2024)[-1] == (2020, 2024)
    assert len(windows.consecutive(2000, 2024)) == 5
    assert windows.consecutive(2000, 2003) == ()
    with pytest.raises(FormatError, match="windows of 0 years"):
        windows.consecutive(2000, 2003, years=0)


def test_links_and_totals_of_windows_add_up() -> None:
    rows = [("x", "a", year, 1, 2, 0.1, 1) for year in range(2000, 2010)]
    got = windows.of_links(pl.DataFrame(rows, schema=LINKS, orient="row"), WINDOWS)
    assert got.rows() == [("x", "a", 2000, 2004, 1, 2, 0.5, 5), ("x", "a", 2005, 2009, 1, 2, 0.5, 5)]
    totals = pl.DataFrame({"field": "a", "year": [2000, 2003, 2010], "city_id": 1, "count": 2}).with_columns(
        fractional=pl.lit(0.5)
    )
    assert windows.of_totals(totals, WINDOWS).rows() == [("a", 2000, 2004, 1, 4, 1.0)]
    with pytest.raises(FormatError, match="the window 2004–2000"):
        windows.of_totals(totals, [(2004, 2000)])
