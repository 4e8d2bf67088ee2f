"""The roll-up: an example worked by hand, a recomputation in plain Python, and what must not matter."""

import copy
import random
import tomllib
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cosmopolis.errors import FormatError, UnknownNameError
from cosmopolis.index import aggregate, normalise, ranks
from cosmopolis.index.rollup import COVERAGE, INDICATORS, SCORES, Rolled, roll_up
from cosmopolis.index.tree import Tree, parse

GOLDEN: dict[str, Any] = tomllib.loads(
    (Path(__file__).parents[1] / "golden" / "index.toml").read_text(encoding="utf-8")
)
TREE = parse(GOLDEN["tree"])
UNITS = (1, 2, 3, 4)

Table = dict[str, dict[int, float]]


def _frame(values: Table) -> pl.DataFrame:
    return pl.DataFrame(
        [(name, city, x) for name, of in values.items() for city, x in of.items()],
        schema={"indicator": pl.String, "city_id": pl.Int64, "value": pl.Float64},
        orient="row",
    )


def _table(frame: pl.DataFrame, key: str, value: str) -> Table:
    """Return {key: {city: value}} without nulls."""
    got: Table = {}
    for name, city, x in frame.select(key, "city_id", value).rows():
        got.setdefault(name, {})
        if x is not None:
            got[name][city] = x
    return got


def _numbers(table: dict[str, dict[str, float]]) -> Table:
    return {name: {int(city): x for city, x in of.items()} for name, of in table.items()}


VALUES = _numbers(GOLDEN["values"])


def _rolled(values: Table = VALUES, tree: Tree = TREE, units: tuple[int, ...] = UNITS) -> Rolled:
    return roll_up(tree, _frame(values), units=units, year=2024)


def test_the_example_worked_by_hand() -> None:
    rolled = _rolled()
    expected = GOLDEN["expected"]
    assert _table(rolled.indicators, "indicator", "normalised") == _numbers(expected["normalised"])
    for column in ("score", "rank"):
        got = _table(rolled.scores, "node", column)
        assert got == {node: pytest.approx(of) for node, of in _numbers(expected[column]).items()}
    shares = _table(rolled.coverage, "node", "weight_share")
    assert shares == {node: pytest.approx(of) for node, of in _numbers(expected["weight_share"]).items()}


def test_tables_have_the_columns_of_the_contract_and_every_row() -> None:
    rolled = _rolled()
    for frame, schema, rows in (
        (rolled.indicators, INDICATORS, 12),
        (rolled.scores, SCORES, 12),
        (rolled.coverage, COVERAGE, 12),
    ):
        assert frame.schema == schema
        assert frame.height == rows
        assert frame.equals(frame.sort(frame.columns[:4]))
    assert rolled.scores["rank_low"].null_count() == rolled.scores["rank_high"].null_count() == 12
    years = dict(rolled.indicators.select("indicator", "year").unique().rows())
    assert years == {"air": 2022, "delay": 2024, "papers": 2024}


def _plain(tree: Tree, values: Table, units: tuple[int, ...]) -> tuple[Table, Table]:
    """Scores and shares by recursion over one city at a time, with nothing of the product but the tree."""
    scaled: Table = {}
    for indicator in tree.indicators:
        known = {c: indicator.direction * x for c, x in values[indicator.id].items() if c in units}
        if not known:
            scaled[indicator.id] = {}
            continue
        least, most = min(known.values()), max(known.values())
        scaled[indicator.id] = {
            c: 50.0 if most == least else 100 * (y - least) / (most - least) for c, y in known.items()
        }
    leaves = {indicator.id for indicator in tree.indicators}

    def visit(name: str, city: int, scores: Table, shares: Table) -> tuple[float | None, float]:
        if name in leaves:
            return scaled[name].get(city), 1.0
        children = [
            (child.weight, *visit(child.id, city, scores, shares))
            for child in tree.entries
            if child.parent == name
        ]
        known = [(w, x, q) for w, x, q in children if x is not None]
        share = sum(w * q for w, _, q in known) / sum(w for w, _, _ in children)
        score = sum(w * x for w, x, _ in known) / sum(w for w, _, _ in known) if known else None
        if share < tree.floor - 1e-9:
            score = None
        scores.setdefault(name, {})
        shares.setdefault(name, {})[city] = share
        if score is not None:
            scores[name][city] = score
        return score, share

    scores: Table = {}
    shares: Table = {}
    for city in units:
        visit(tree.id, city, scores, shares)
    return scores, shares


CELL = st.one_of(st.none(), st.integers(-50, 50).map(float), st.just(0.0))
ROWS = st.lists(st.tuples(CELL, CELL, CELL), min_size=1, max_size=8)


def _drawn(rows: list[tuple[float | None, ...]]) -> Table:
    values: Table = {indicator.id: {} for indicator in TREE.indicators}
    for city, row in enumerate(rows, start=1):
        for indicator, value in zip(TREE.indicators, row, strict=True):
            if value is not None:
                values[indicator.id][city] = value
    return values


def _close(got: Table, expected: Table) -> bool:
    return got == {name: pytest.approx(of, abs=1e-9) for name, of in expected.items()}


@settings(max_examples=60, deadline=None)
@given(ROWS)
def test_agrees_with_a_recomputation_in_plain_python(rows: list[tuple[float | None, ...]]) -> None:
    values, units = _drawn(rows), tuple(range(1, len(rows) + 1))
    rolled = _rolled(values, units=units)
    scores, shares = _plain(TREE, values, units)
    assert _close(_table(rolled.scores, "node", "score"), scores)
    assert _close(_table(rolled.coverage, "node", "weight_share"), shares)


@settings(max_examples=40, deadline=None)
@given(ROWS, st.randoms(use_true_random=False))
def test_the_order_of_cities_and_rows_does_not_matter(
    rows: list[tuple[float | None, ...]], mixer: random.Random
) -> None:
    values, units = _drawn(rows), list(range(1, len(rows) + 1))
    first = _rolled(values, units=tuple(units))
    mixer.shuffle(units)
    mixed = _frame(values).sample(fraction=1, shuffle=True, seed=mixer.randint(0, 99))
    again = roll_up(TREE, mixed, units=units, year=2024)
    assert again.scores.equals(first.scores)
    assert again.indicators.equals(first.indicators)
    assert again.coverage.equals(first.coverage)


@settings(max_examples=40, deadline=None)
@given(ROWS, st.floats(1e-3, 1e3))
def test_the_unit_of_an_indicator_does_not_matter(
    rows: list[tuple[float | None, ...]], factor: float
) -> None:
    values, units = _drawn(rows), tuple(range(1, len(rows) + 1))
    scaled = {**values, "air": {city: factor * x for city, x in values["air"].items()}}
    first, again = _rolled(values, units=units), _rolled(scaled, units=units)
    assert _close(_table(again.scores, "node", "score"), _table(first.scores, "node", "score"))


@settings(max_examples=40, deadline=None)
@given(ROWS, st.sampled_from([0.25, 2.0, 1024.0]))
def test_only_the_ratios_of_weights_matter(rows: list[tuple[float | None, ...]], factor: float) -> None:
    changed = copy.deepcopy(GOLDEN["tree"])
    for entry in changed["node"]:
        entry["weight"] *= factor
    values, units = _drawn(rows), tuple(range(1, len(rows) + 1))
    again = roll_up(parse(changed), _frame(values), units=units, year=2024)
    assert again.scores.equals(_rolled(values, units=units).scores)


@settings(max_examples=40, deadline=None)
@given(ROWS)
def test_scores_stay_in_the_range_and_the_floor_holds(rows: list[tuple[float | None, ...]]) -> None:
    rolled = _rolled(_drawn(rows), units=tuple(range(1, len(rows) + 1)))
    known = rolled.scores["score"].drop_nulls()
    assert known.is_between(0, 100).all()
    both = rolled.scores.join(rolled.coverage, on=["node", "city_id"])
    assert (both["score"].is_null() == (both["weight_share"] < TREE.floor - 1e-9)).all()
    assert (both["score"].is_null() == both["rank"].is_null()).all()


def test_cities_outside_the_sample_play_no_part() -> None:
    more = {**VALUES, "air": {**VALUES["air"], 99: 1e9}}
    assert _rolled(more).scores.equals(_rolled().scores)


def test_an_indicator_that_tells_no_city_apart_gives_the_middle() -> None:
    same = {**VALUES, "air": dict.fromkeys(UNITS, 7.0)}
    assert set(_table(_rolled(same).indicators, "indicator", "normalised")["air"].values()) == {50.0}


def test_an_indicator_without_any_data_leaves_its_weight_to_the_others() -> None:
    rolled = _rolled({**VALUES, "delay": {}})
    assert _table(rolled.scores, "node", "score")["links"] == {1: 100.0, 2: 50.0, 3: 0.0}
    assert _table(rolled.coverage, "node", "weight_share")["links"][1] == 0.75


def test_the_logarithm_shows_in_treated_not_in_value() -> None:
    changed = copy.deepcopy(GOLDEN["tree"])
    changed["indicator"][0]["transform"] = "log1p"
    got = roll_up(parse(changed), _frame(VALUES), units=UNITS, year=2024).indicators
    row = got.row(by_predicate=(pl.col("indicator") == "air") & (pl.col("city_id") == 2), named=True)
    assert row["value"] == 4.0
    assert row["treated"] == pytest.approx(1.6094379124341003)  # ln 5
    assert row["normalised"] == pytest.approx(100 * 1.6094379124341003 / 2.1972245773362196)  # ln 9


@pytest.mark.parametrize(
    ("values", "units", "error", "words"),
    [
        ({"airr": {1: 1.0}}, UNITS, UnknownNameError, "no indicator 'airr'; did you mean 'air'"),
        ({"air": {1: float("nan")}}, UNITS, FormatError, "'air' has values that are not finite"),
        ({"air": {1: 1.0}}, (1, 1), FormatError, "city 1 is in the sample more than once"),
    ],
)
def test_unsound_values_are_refused(
    values: Table, units: tuple[int, ...], error: type[Exception], words: str
) -> None:
    with pytest.raises(error, match=words):
        _rolled(values, units=units)


def test_two_values_for_one_city_are_refused() -> None:
    twice = pl.concat([_frame(VALUES), _frame({"air": {1: 3.0}})])
    with pytest.raises(FormatError, match="indicator 'air' has more than one value for city 1"):
        roll_up(TREE, twice, units=UNITS, year=2024)


def test_a_missing_column_is_named() -> None:
    with pytest.raises(UnknownNameError, match="no column 'value'"):
        roll_up(TREE, _frame(VALUES).drop("value"), units=UNITS, year=2024)


def test_vector_and_frame_agree() -> None:
    rolled = _rolled()
    air = rolled.indicators.filter(pl.col("indicator") == "air")
    assert normalise.min_max(air["value"]).to_list() == air["normalised"].to_list()
    links = {
        city: aggregate.weighted_mean(
            [
                _table(rolled.indicators, "indicator", "normalised")[name].get(city)
                for name in ("air", "delay")
            ],
            [3, 1],
            floor=0.5,
        )
        for city in UNITS
    }
    scores = rolled.scores.filter(pl.col("node") == "links")
    shares = rolled.coverage.filter(pl.col("node") == "links")
    assert [links[c][0] for c in UNITS] == scores["score"].to_list()
    assert [links[c][1] for c in UNITS] == shares["weight_share"].to_list()
    assert ranks.ranks(scores["score"]).to_list() == scores["rank"].to_list()


def test_ties_share_the_smallest_rank_and_ranks_are_of_unrounded_scores() -> None:
    assert ranks.ranks(pl.Series([1.0, 2.0, 2.0, 1.0 + 1e-12])).to_list() == [4, 1, 1, 3]


def test_less_is_better_turns_the_order_round() -> None:
    values = pl.Series([1.0, None, 3.0])
    assert normalise.min_max(values, direction=-1).to_list() == [100.0, None, 0.0]
    assert normalise.min_max(values, low=-1, high=1).to_list() == [-1.0, None, 1.0]
    with pytest.raises(ValueError, match="direction=2"):
        normalise.min_max(values, direction=2)


def test_values_equal_but_for_rounding_are_equal() -> None:
    assert normalise.min_max(pl.Series([0.1 + 0.2, 0.3])).to_list() == [50.0, 50.0]


def test_no_logarithm_of_negative_values() -> None:
    with pytest.raises(FormatError, match=r"such as -2.0, of which no root or logarithm"):
        normalise.transform(pl.Series("x", [-2.0]), "log1p")
