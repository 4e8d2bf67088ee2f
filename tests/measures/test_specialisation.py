"""Shares and specialisation: closed forms, exact intervals by another way, and what adds up."""

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from cosmopolis.errors import UnknownNameError
from cosmopolis.measures import chance, specialisation
from cosmopolis.streams import stream

COUNTS = st.lists(st.lists(st.integers(0, 50), min_size=3, max_size=3), min_size=2, max_size=6)


def _totals(counts: list[list[int]], *, year: int = 2020) -> pl.DataFrame:
    """Make totals of cities (rows) by field (columns); nothing is a row that is not there."""
    rows = [
        (f"f{f}", year, c + 1, n, n // 2, n / 2)
        for c, row in enumerate(counts)
        for f, n in enumerate(row)
        if n
    ]
    schema = {
        "field": pl.String,
        "year": pl.Int64,
        "city_id": pl.Int64,
        "count": pl.Int64,
        "shared": pl.Int64,
        "fractional": pl.Float64,
    }
    return pl.DataFrame(rows, schema=schema, orient="row")


def test_a_table_by_hand() -> None:
    """City 1 has 1 + 3, city 2 has 4 + 0, so the world 5 + 3 of 8: (1/4)/(5/8) = 0.4 and so on."""
    got = specialisation.quotients(_totals([[1, 3], [4, 0]]))
    assert got.select("field", "city_id", "share", "rca").rows() == [
        ("f0", 1, 0.2, 0.4),
        ("f0", 2, 0.8, 1.6),
        ("f1", 1, 1.0, 2.0),
    ]


@given(COUNTS)
def test_shares_add_up_and_the_world_is_neither_specialised_nor_not(counts: list[list[int]]) -> None:
    got = specialisation.quotients(_totals(counts), amount="count")
    for (_,), group in got.group_by(["field"]):
        assert group["share"].sum() == pytest.approx(1.0)
    if got["field"].n_unique() < 2:
        assert got["rca"].null_count() == got.height
        return
    size = pl.DataFrame(
        {"city_id": range(1, len(counts) + 1), "size": [float(sum(row)) for row in counts]},
        schema_overrides={"city_id": pl.Int64},
    )
    weighted = got.join(size, on="city_id").with_columns(mean=pl.col("rca") * pl.col("size"))
    total = sum(sum(row) for row in counts)
    for (_,), group in weighted.group_by(["field"]):
        assert group["mean"].sum() / total == pytest.approx(1.0)  # Σ_c (x_c./x..) RCA_cf = 1


def test_years_do_not_meet() -> None:
    one, two = _totals([[1, 3], [4, 2]]), _totals([[9, 3], [4, 2]], year=2021)
    both = specialisation.quotients(pl.concat([one, two]))
    assert both.filter(pl.col("year") == 2020).equals(specialisation.quotients(one))


def test_an_amount_that_is_none() -> None:
    with pytest.raises(UnknownNameError, match="there is no amount 'counts'; did you mean 'count'"):
        specialisation.quotients(_totals([[1, 1]]), amount="counts")


def test_intervals_are_those_of_an_exact_binomial_test() -> None:
    counts = [[2, 0, 1], [5, 40, 7], [120, 30, 60], [1, 1, 0]]
    got = specialisation.intervals(_totals(counts), level=0.9)
    table = np.array(counts)
    world = table.sum(axis=0) / table.sum()
    assert got.height == (table > 0).sum()
    for field, _, city, rca, low, high, p in got.rows():
        f = int(field[1])
        x, n = int(table[city - 1, f]), int(table[city - 1].sum())
        test = stats.binomtest(x, n)
        exact = test.proportion_ci(0.9)
        assert (low, high) == pytest.approx((exact.low / world[f], exact.high / world[f]), rel=1e-9)
        assert rca == pytest.approx(x / n / world[f])
        tails = stats.binom.cdf(x, n, world[f]), stats.binom.sf(x - 1, n, world[f])
        assert p == pytest.approx(min(1.0, 2 * min(tails)), rel=1e-9)


def test_intervals_cover_small_counts() -> None:
    """Cities of 12 records with a planted share of twice the world's: at least 95 % of intervals hold 2."""
    draw = stream("specialisation", 1)
    x = draw.binomial(12, 0.2, 2000).astype(float)
    low, high = chance.binomial_interval(x, np.full(2000, 12.0))
    covered = ((low <= 0.2) & (high >= 0.2)).mean()
    assert 0.95 - 3 * np.sqrt(0.95 * 0.05 / 2000) <= covered < 1.0


def test_bounds_at_none_and_all() -> None:
    low, high = chance.binomial_interval(np.array([0.0, 5.0, 0.0]), np.array([5.0, 5.0, 0.0]))
    assert low.tolist() == pytest.approx([0.0, 0.025**0.2, 0.0])
    assert high.tolist() == pytest.approx([1 - 0.025**0.2, 1.0, 1.0])


def test_the_table_of_cities_by_field() -> None:
    totals = _totals([[2, 6], [8, 0]])
    cited = pl.DataFrame({"field": ["f0"], "year": [2020], "city_id": [1], "citations": [0]})
    got = specialisation.field_totals(totals, network="coauthorship", citations=cited)
    assert got.schema == specialisation.FIELD_TOTALS
    assert got.select("field", "city_id", "count", "shared", "citations", "share").rows() == [
        ("f0", 1, 2, 1, 0, 0.2),
        ("f0", 2, 8, 4, None, 0.8),
        ("f1", 1, 6, 3, None, 1.0),
    ]
    assert specialisation.field_totals(totals, network="x")["citations"].null_count() == 3
    assert specialisation.field_totals(totals.clear(), network="x").schema == specialisation.FIELD_TOTALS
