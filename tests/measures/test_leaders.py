"""Leaders of regions: sums by hand, ties, and shares that add up."""

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cosmopolis.errors import SpecError, UnknownNameError
from cosmopolis.measures import leaders

CITIES = pl.DataFrame(
    {"city_id": [1, 2, 3, 4, 5], "region": ["Asia", "Asia", "Europe", "Asia", None]},
)
WINDOWS = [(2015, 2019), (2020, 2024)]


def _totals(rows: list[tuple[str, int, int, float]]) -> pl.DataFrame:
    schema = {"field": pl.String, "year": pl.Int64, "city_id": pl.Int64, "fractional": pl.Float64}
    frame = pl.DataFrame(rows, schema=schema, orient="row")
    return frame.with_columns(count=pl.col("fractional").ceil().cast(pl.Int64))


def test_years_of_a_window_are_added_and_ranked_in_each_region() -> None:
    totals = _totals(
        [
            ("ai", 2019, 1, 9.0),
            ("ai", 2020, 1, 1.0),
            ("ai", 2021, 1, 2.0),
            ("ai", 2024, 2, 5.0),
            ("ai", 2022, 3, 4.0),
            ("ai", 2025, 4, 99.0),
        ]
    )
    found = leaders.region_leaders(totals, CITIES, network="coauthorship", windows=WINDOWS)
    assert found.rows() == [
        ("coauthorship", "ai", 2015, 2019, "Asia", 1, 1, 9, 9.0, 1.0),
        ("coauthorship", "ai", 2020, 2024, "Asia", 1, 2, 5, 5.0, 0.625),
        ("coauthorship", "ai", 2020, 2024, "Asia", 2, 1, 3, 3.0, 0.375),
        ("coauthorship", "ai", 2020, 2024, "Europe", 1, 3, 4, 4.0, 1.0),
    ]


def test_equal_amounts_share_a_position_though_sums_differ_in_the_last_bit() -> None:
    totals = _totals(
        [("ai", 2020 + k, 1, 0.1) for k in range(3)] + [("ai", 2020, 2, 0.3), ("ai", 2020, 4, 0.2)]
    )
    found = leaders.region_leaders(totals, CITIES, network="x", windows=WINDOWS)
    assert found.select("position", "city_id").rows() == [(1, 1), (1, 2), (3, 4)]
    short = leaders.region_leaders(totals, CITIES, network="x", windows=WINDOWS, most=1)
    assert short.select("position", "city_id", "share").rows() == [(1, 1, pytest.approx(0.375))]


def test_a_city_without_a_region_leads_nowhere_but_has_its_share() -> None:
    totals = _totals([("ai", 2020, 1, 1.0), ("ai", 2020, 5, 2.0), ("ai", 2020, 77, 1.0)])
    found = leaders.region_leaders(totals, CITIES, network="x", windows=WINDOWS)
    assert found["city_id"].to_list() == [1]
    shares = leaders.region_shares(totals, CITIES, network="x", windows=WINDOWS)
    assert shares.select("region", "cities", "fractional", "share").rows() == [
        ("Asia", 1, 1.0, 0.25),
        (None, 2, 3.0, 0.75),
    ]


@settings(max_examples=40, deadline=None)
@given(
    st.lists(
        st.tuples(st.sampled_from(["ai", "robots"]), st.integers(2014, 2026), st.integers(1, 6)),
        unique=True,
        max_size=30,
    )
)
def test_shares_add_up_and_order_does_not_matter(keys: list[tuple[str, int, int]]) -> None:
    totals = _totals([(*key, (key[2] * 7 + key[1]) % 5 / 3) for key in keys])
    found = leaders.region_leaders(totals, CITIES, network="x", windows=WINDOWS)
    shares = leaders.region_shares(totals, CITIES, network="x", windows=WINDOWS)
    for frame, group in ((found, ["field", "from_year", "region"]), (shares, ["field", "from_year"])):
        sums = frame.group_by(group).agg(pl.col("share").sum())["share"].to_list()
        assert sums == pytest.approx([1.0] * len(sums))
    again = leaders.region_leaders(totals.reverse(), CITIES.reverse(), network="x", windows=WINDOWS[::-1])
    assert again.equals(found)


def test_wrong_input_is_refused() -> None:
    with pytest.raises(UnknownNameError, match="cities: no column 'region'"):
        leaders.region_leaders(_totals([]), CITIES.drop("region"), network="x", windows=WINDOWS)
    with pytest.raises(SpecError, match="got most = 0"):
        leaders.region_leaders(_totals([]), CITIES, network="x", windows=WINDOWS, most=0)
