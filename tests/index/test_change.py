"""The split of a change: brute force, exact sums, signs, and worlds with one known difference."""

from collections.abc import Mapping
from fractions import Fraction
from itertools import permutations

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from cosmopolis.errors import FormatError, UnknownNameError
from cosmopolis.index.change import PARTS, Change, Side, complete, decompose, shapley

Values = Mapping[tuple[str, str], float]
Weights = Mapping[str, float]
World = Side[Values, Weights]

UNITS = ("a", "b", "c", "d")
CODES = ("p", "q")
VALUES: dict[tuple[str, str], float] = {
    ("a", "p"): 1.0, ("b", "p"): 4.0, ("c", "p"): 9.0, ("d", "p"): 12.0,
    ("a", "q"): 7.0, ("b", "q"): 5.0, ("c", "q"): 3.0, ("d", "q"): 6.0,
}  # fmt: skip
WEIGHTS: dict[str, float] = {"p": 1.0, "q": 1.0}


def build(values: Values, sample: pl.Series, weights: Weights) -> pl.DataFrame:
    """Min–max over the sample, then the weighted mean of what there is."""
    units = sample.to_list()
    scaled: dict[str, dict[str, float]] = {}
    for code in weights:
        known = {u: values[u, code] for u in units if (u, code) in values}
        low, high = min(known.values(), default=0.0), max(known.values(), default=0.0)
        scaled[code] = {u: 50.0 if high == low else 100 * (x - low) / (high - low) for u, x in known.items()}
    scores: list[float | None] = []
    for u in units:
        has = [code for code in weights if u in scaled[code] and weights[code] > 0]
        total = sum(weights[code] for code in has)
        scores.append(sum(weights[c] * scaled[c][u] for c in has) / total if has else None)
    return pl.DataFrame({"unit": sample, "score": scores}, schema_overrides={"score": pl.Float64})


def _world(values: Values = VALUES, sample: tuple[str, ...] = UNITS, weights: Weights = WEIGHTS) -> World:
    return Side(data=dict(values), sample=list(sample), method=dict(weights))


def _only(change: Change, part: str) -> bool:
    """Say whether a part is the whole change of every unit, and the others are exactly 0."""
    units = change.units
    for of in ("score", "rank"):
        for other in PARTS:
            column = units[f"{of}_by_{other}"]
            expected = units[f"{of}_change"] if other == part else 0.0 * column
            if not (column == expected).all():
                return False
    return bool((units["score_change"] != 0).any())


# --- worlds that differ in one known thing


def test_a_revised_value_is_data_and_nothing_else() -> None:
    change = decompose(build, _world(), _world({**VALUES, ("b", "p"): 11.0}))
    assert _only(change, "data")
    moved = change.units.filter(pl.col("score_change") != 0)
    assert moved["unit"].to_list() == ["b"]
    assert change.apart.is_empty()


def test_a_unit_that_comes_is_sample_and_nothing_else() -> None:
    values = {**VALUES, ("e", "p"): 40.0, ("e", "q"): 1.0}
    change = decompose(build, _world(values), _world(values, (*UNITS, "e")))
    assert _only(change, "sample")
    assert change.units["unit"].to_list() == list(UNITS)
    assert change.apart.select("unit", "kind", "rank_from").rows() == [("e", "entered", None)]
    assert (change.units["common_rank_from"] == change.units["common_rank_to"]).all()


def test_a_weight_is_method_and_nothing_else() -> None:
    assert _only(decompose(build, _world(), _world(weights={"p": 3.0, "q": 1.0})), "method")


def test_the_same_twice_changes_nothing() -> None:
    change = decompose(build, _world(), _world())
    numbers = change.units.select(pl.col("^.*(change|by_).*$").cast(pl.Float64))
    assert (numbers.to_numpy() == 0).all()
    assert change.units["orders"].to_list() == [6] * 4


# --- the split itself


def _brute_force(worlds: dict[tuple[int, int, int], float]) -> list[Fraction]:
    """Average what each thing does over the orders in which the three are swapped, in exact fractions."""
    parts = [Fraction(0)] * 3
    for order in permutations(range(3)):
        at = [0, 0, 0]
        for thing in order:
            before = Fraction(worlds[tuple(at)])  # type: ignore[index]
            at[thing] = 1
            parts[thing] += Fraction(worlds[tuple(at)]) - before  # type: ignore[index]
    return [part / 6 for part in parts]


RANKS = arrays(np.int64, (2, 2, 2, 3), elements=st.integers(1, 10_000))
SCORES = arrays(np.float64, (2, 2, 2, 3), elements=st.floats(-100, 100))


@given(st.one_of(RANKS, SCORES))
def test_parts_are_the_brute_force_average_and_add_up_exactly(numbers: np.ndarray) -> None:
    worlds = numbers.astype(np.float64)
    shares = shapley(worlds)
    size = float(np.abs(worlds).max())
    for unit in range(3):
        table = {at: float(worlds[(*at, unit)]) for at in np.ndindex(2, 2, 2)}
        expected = [float(x) for x in _brute_force(table)]
        assert shares.parts[unit] == pytest.approx(expected, abs=1e-12 * size)
        for order in permutations(range(3)):
            x, y, z = shares.parts[unit, list(order)]
            assert (x + y) + z == shares.total[unit]
    assert shares.total == pytest.approx(worlds[1, 1, 1] - worlds[0, 0, 0], abs=1e-12 * size)


@given(RANKS)
def test_a_change_of_ranks_is_whole(numbers: np.ndarray) -> None:
    shares = shapley(numbers.astype(np.float64))
    assert (shares.total == numbers[1, 1, 1] - numbers[0, 0, 0]).all()


@given(st.one_of(RANKS, SCORES))
def test_swapping_the_sides_flips_the_signs(numbers: np.ndarray) -> None:
    worlds = numbers.astype(np.float64)
    there, back = shapley(worlds), shapley(worlds[::-1, ::-1, ::-1])
    assert (there.total == -back.total).all()
    assert (there.parts[:, :2] == -back.parts[:, :2]).all()
    assert (there.parts[:, 2] == -back.parts[:, 2]).all()


@given(RANKS, st.permutations([0, 1, 2]))
def test_the_order_of_the_three_does_not_matter(numbers: np.ndarray, order: list[int]) -> None:
    worlds = numbers.astype(np.float64)
    turned = shapley(np.moveaxis(worlds, order, [0, 1, 2]))
    assert shapley(worlds).parts[:, order] == pytest.approx(turned.parts, abs=1e-8)


def test_orders_through_a_mixture_without_a_value_are_left_out() -> None:
    worlds = np.zeros((2, 2, 2, 1))
    worlds[1] += 2.0
    worlds[:, 1] += 4.0
    worlds[:, :, 1] += 8.0
    worlds[0, 0, 1] = np.nan  # the method cannot be swapped first
    shares = shapley(worlds)
    assert shares.orders.tolist() == [4]
    assert shares.parts.tolist() == [[2.0, 4.0, 8.0]]
    worlds[0, 1, 0] = worlds[1, 0, 0] = np.nan
    shares = shapley(worlds)
    assert shares.orders.tolist() == [0]
    assert shares.total.tolist() == [14.0]
    assert np.isnan(shares.parts).all()


def test_what_rebuilding_does_not_reproduce_is_method() -> None:
    worlds = np.zeros((2, 2, 2, 1))
    worlds[1] += 2.0
    shares = shapley(worlds, ends=(np.array([1.0]), np.array([7.0])))
    assert shares.parts.tolist() == [[2.0, 0.0, 4.0]]
    assert shares.total.tolist() == [6.0]


def test_shapes_and_infinities_are_refused() -> None:
    with pytest.raises(ValueError, match="expected"):
        shapley(np.zeros((2, 2, 3)))
    with pytest.raises(ValueError, match="expected"):
        shapley(np.zeros((2, 2, 2, 3)), ends=(np.zeros(2), np.zeros(3)))
    with pytest.raises(ValueError, match="infinite"):
        shapley(np.full((2, 2, 2, 1), np.inf))


# --- worlds


NUMBERS = st.integers(0, 9).map(float)
TABLES = st.dictionaries(st.sampled_from([(u, c) for u in "abcdef" for c in CODES]), NUMBERS)
SAMPLES = st.sets(st.sampled_from("abcdef"), min_size=1).map(lambda s: tuple(sorted(s)))
WEIGHINGS = st.fixed_dictionaries({code: st.sampled_from([0.0, 1.0, 3.0]) for code in CODES})
WORLDS = st.builds(_world, TABLES, SAMPLES, WEIGHINGS)


@settings(deadline=None, max_examples=60)
@given(WORLDS, WORLDS)
def test_parts_of_worlds_add_up_and_flip(a: World, b: World) -> None:
    there, back = decompose(build, a, b), decompose(build, b, a)
    for of in ("score", "rank"):
        split = there.units.filter(pl.col("orders") > 0)
        parts = [split[f"{of}_by_{part}"] for part in PARTS]
        assert (parts[0] + parts[1] + parts[2] == split[f"{of}_change"]).all()
        names = [f"{of}_change", *(f"{of}_by_{part}" for part in PARTS)]
        for name in names:
            assert there.units[name].to_list() == [None if x is None else -x for x in back.units[name]]
    assert (there.units["rank_to"] - there.units["rank_from"] == there.units["rank_change"]).all()
    assert there.units["unit"].to_list() == back.units["unit"].to_list()
    turned = {"entered": "left", "left": "entered", "gained_rank": "lost_rank", "lost_rank": "gained_rank"}
    assert {(u, turned[k]) for u, k in there.apart.select("unit", "kind").rows()} == set(
        back.apart.select("unit", "kind").rows()
    )


def test_a_rank_that_was_lost_is_split_too() -> None:
    values = {key: x for key, x in VALUES.items() if key != ("a", "q")}
    b = _world(values, weights={"p": 0.0, "q": 1.0})
    lost = decompose(build, _world(), b).apart
    assert lost.rows() == [("a", "lost_rank", 2, None, -0.5, 0.0, -0.5)]


def test_ids_may_be_numbers_and_the_order_of_a_sample_does_not_matter() -> None:
    def by_id(values: Mapping[int, float], sample: pl.Series, factor: float) -> pl.DataFrame:
        return pl.DataFrame({"unit": sample, "score": [factor * values[u] for u in sample]})

    data = {1: 1.0, 2: 2.0}
    a = Side(data=data, sample=[2, 1], method=1.0)
    b = Side(data=data, sample=pl.Series([1, 2]), method=-1.0)
    assert decompose(by_id, a, b).units.select("unit", "rank_by_method").rows() == [(1, -1.0), (2, 1.0)]


def test_what_is_wrong_is_said() -> None:
    def outside(_: Values, __: pl.Series, ___: Weights) -> pl.DataFrame:
        return pl.DataFrame({"unit": ["z"], "score": [1.0]})

    def nameless(_: Values, sample: pl.Series, __: Weights) -> pl.DataFrame:
        return pl.DataFrame({"unit": sample, "scores": [1.0] * len(sample)})

    with pytest.raises(FormatError, match="'z' has a score and is not in the sample"):
        decompose(outside, _world(), _world())
    with pytest.raises(UnknownNameError, match="did you mean 'scores'"):
        decompose(nameless, _world(), _world())
    with pytest.raises(FormatError, match="the sample: 'a' stands more than once"):
        decompose(build, _world(sample=("a", "a")), _world())


def test_data_are_completed_only_where_a_side_cannot_speak() -> None:
    a = pl.DataFrame({"unit": ["x"], "code": ["p"], "value": [None]}, schema_overrides={"value": pl.Float64})
    b = pl.DataFrame({"unit": ["x", "x", "y"], "code": ["p", "q", "p"], "value": [1.0, 2.0, 3.0]})
    completed = complete(a, b, units=["x"], codes=["p"])
    assert completed.rows() == [("x", "p", None), ("x", "q", 2.0), ("y", "p", 3.0)]
    with pytest.raises(UnknownNameError, match="no column 'value'"):
        complete(a.drop("value"), b, units=["x"], codes=["p"])
