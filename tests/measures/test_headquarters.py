"""Headquarters by group: counts, quotients and ranks by hand, bounds that hold the rank."""

import random

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cosmopolis.errors import UnknownNameError
from cosmopolis.measures import headquarters
from cosmopolis.measures.headquarters import HEADQUARTERS, rank_bounds, table


def _groups(*rows: tuple[str, str, int]) -> pl.DataFrame:
    return pl.DataFrame(
        [(group, 2026, firm, city) for group, firm, city in rows],
        schema={"group": pl.String, "year": pl.Int64, "firm": pl.String, "city_id": pl.Int64},
        orient="row",
    )


WORLD = _groups(
    ("all", "a", 1),
    ("all", "b", 1),
    ("all", "c", 1),
    ("all", "d", 2),
    ("all", "e", 2),
    ("all", "f", 3),
    ("wood", "a", 1),
    ("wood", "d", 2),
    ("wood", "d", 2),  # told twice, counts once
    ("wood", "e", 2),
)


def test_counts_quotients_and_ranks_by_hand() -> None:
    frame = table(WORLD, draws=0, level=0.9, seed="t")
    assert frame.schema == HEADQUARTERS
    assert frame.drop("year", "rank_low", "rank_high").rows() == [
        ("all", 1, 3, 3 / 6, 1.0, 1),
        ("all", 2, 2, 2 / 6, 1.0, 2),
        ("all", 3, 1, 1 / 6, 1.0, 3),
        ("wood", 2, 2, 2 / 3, (2 / 3) / (2 / 6), 1),
        ("wood", 1, 1, 1 / 3, (1 / 3) / (3 / 6), 2),
    ]
    assert frame["rank_low"].null_count() == frame.height


def test_years_without_all_firms_have_no_quotient() -> None:
    older = WORLD.filter(pl.col("group") == "wood").with_columns(year=pl.lit(2015, dtype=pl.Int64))
    frame = table(pl.concat([WORLD, older]), draws=0, level=0.9, seed="t")
    assert frame.filter(pl.col("year") == 2015)["location_quotient"].null_count() == 2
    assert frame.filter(pl.col("year") == 2026)["location_quotient"].null_count() == 0


def test_no_firms_give_an_empty_table() -> None:
    assert table(WORLD.clear(), draws=20, level=0.9, seed="t").equals(HEADQUARTERS.to_frame())


def test_a_lead_beyond_chance_is_certain_and_a_narrow_one_is_not() -> None:
    firms = [(1, 400), (2, 100), (3, 98), (4, 1)]
    rows = [("all", f"{city}:{n}", city) for city, many in firms for n in range(many)]
    bounds = table(_groups(*rows), draws=400, level=0.9, seed="t").select("city_id", "rank_low", "rank_high")
    assert bounds.rows() == [(1, 1, 1), (2, 2, 3), (3, 2, 3), (4, 4, 4)]


@settings(max_examples=30, deadline=None)
@given(counts=st.lists(st.integers(1, 30), min_size=1, max_size=8), order=st.randoms())
def test_bounds_hold_the_rank_and_the_order_of_rows_does_not_matter(
    counts: list[int], order: random.Random
) -> None:
    rows = [("all", f"{city}:{n}", city) for city, many in enumerate(counts) for n in range(many)]
    frame = table(_groups(*rows), draws=30, level=0.8, seed="t")
    assert (frame["rank_low"] <= frame["rank"]).all()
    assert (frame["rank_high"] >= frame["rank"]).all()
    order.shuffle(rows)
    assert table(_groups(*rows), draws=30, level=0.8, seed="t").equals(frame)


def test_another_seed_gives_other_draws() -> None:
    rows = [("all", f"{city}:{n}", city) for city in range(40) for n in range(5 + city % 7)]
    one, other = (table(_groups(*rows), draws=25, level=0.5, seed=seed) for seed in ("one", "other"))
    assert one["rank"].equals(other["rank"])
    assert not one["rank_low"].equals(other["rank_low"])


def test_bounds_are_rounded_outwards() -> None:
    drawn = np.array([[3, 1], [3, 1], [1, 3]])
    low, high = rank_bounds(drawn, np.array([1, 2]), level=0.5)
    assert (low.to_list(), high.to_list()) == ([1, 1], [2, 2])


def test_a_missing_column_is_named() -> None:
    with pytest.raises(UnknownNameError, match="no column 'group'"):
        table(WORLD.drop("group"), draws=0, level=0.9, seed="t")


def test_sector_groups_by_words() -> None:
    firms = pl.DataFrame(
        {"row": [1, 2], "firm": ["a", "b"], "city_id": [1, 1], "industries": [["Software"], ["Gas"]]}
    )
    counted = headquarters.count(headquarters.firms_by_sector(firms), "technology")
    assert counted.rows() == [(1, 1.0)]
