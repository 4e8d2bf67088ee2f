"""The kernel of replications against a plain loop, and what must not matter to it."""

import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cosmopolis.errors import SpecError
from cosmopolis.index import draws, intervals, replicate
from cosmopolis.index.designs import Branches, Design, Floats, design

NAN = float("nan")


def _tree(floors: tuple[float, float, float] = (0.0, 0.0, 0.0)) -> Branches:
    """Two nodes of three and two indicators below the root, which has an indicator of its own too."""
    return Branches(
        indicators=("a", "b", "c", "d", "e", "f"),
        nodes=("left", "right", "root"),
        children=((0, 1, 2), (3, 4), (6, 7, 5)),
        weights=np.array([1.0, 2.0, 1.0, 3.0, 1.0, 0.5, 2.0, 1.0, 1.0]),
        floors=floors,
    )


def _plain_mean(
    x: list[float], w: list[float], q: list[float], power: float, floor: float
) -> tuple[float, float]:
    """Return mean and share with data of one unit at one node, as in the textbook."""
    total = sum(w)
    known = [(xi, wi, qi) for xi, wi, qi in zip(x, w, q, strict=True) if wi > 0 and not math.isnan(xi)]
    share = sum(wi * qi for _, wi, qi in known) / total if total else 0.0
    if not known or share < floor - 1e-9:
        return NAN, share
    weight = sum(wi for _, wi, _ in known)
    if power == 0:
        return math.exp(sum(wi * math.log(xi) for xi, wi, _ in known) / weight), share
    return (sum(wi * xi**power for xi, wi, _ in known) / weight) ** (1 / power), share


def _plain(plan: Design, r: int, unit: int) -> list[float]:
    """Return the scores of one unit at all nodes in one replication."""
    tree = plan.branches
    k = len(tree.indicators)
    w = [float(x) for x in plan.weights[plan.weighting[r]]]
    if plan.dropped[r] >= 0:
        w[plan.dropped[r]] = 0.0
    x = [float(plan.values[leaf, plan.variant[r], unit]) for leaf in range(k)]
    q = [1.0] * k
    for node, children in enumerate(tree.children):
        if all(w[c] <= 0 for c in children):
            w[k + node] = 0.0
        power = plan.methods[plan.method[r]][node]
        assert not callable(power)
        score, share = _plain_mean(
            [x[c] for c in children],
            [w[c] for c in children],
            [q[c] for c in children],
            power,
            plan.floors[plan.method[r]][node],
        )
        x.append(score)
        q.append(share)
    return x[k:]


def _random(
    seed: int,
    *,
    n: int = 40,
    units: int = 7,
    gaps: float = 0.2,
    floors: tuple[float, float, float] = (0.0, 0.0, 0.0),
) -> Design:
    tree, rng = _tree(floors), np.random.default_rng(seed)
    values = rng.uniform(1.0, 100.0, (3, units, 6))
    values[rng.random(values.shape) < gaps] = NAN
    return design(
        tree,
        values,
        weights=draws.noisy_weights(tree.weights, 5, factor=0.5, seed=seed),
        methods=[(1.0, 1.0, 1.0), (0.0, 1.0, -1.0), (1.0, 2.0, 0.0)],
        floors=[floors, floors, (floors[0] / 2, *floors[1:])],
        variant=rng.integers(0, 3, n),
        weighting=rng.integers(0, 5, n),
        method=rng.integers(0, 3, n),
        dropped=rng.integers(-1, 8, n),
    )


@pytest.mark.parametrize("gaps", [0.0, 0.3])
@pytest.mark.parametrize("floors", [(0.0, 0.0, 0.0), (0.5, 0.8, 0.6)])
def test_the_kernel_equals_a_plain_loop(gaps: float, floors: tuple[float, float, float]) -> None:
    plan = _random(3, gaps=gaps, floors=floors)
    got = replicate.scores(plan, nodes=[0, 1, 2])
    slow = np.array([[_plain(plan, r, unit) for unit in range(plan.units)] for r in range(plan.n)])
    for node in range(3):
        assert got[node] == pytest.approx(slow[:, :, node], rel=1e-12, nan_ok=True)
        ranked = replicate.ranks(got[node])
        for r in range(plan.n):
            row = got[node][r]
            expected = [
                65535 if math.isnan(x) else 1 + sum(y > x for y in row.tolist()) for x in row.tolist()
            ]
            assert ranked[r].tolist() == expected


def test_intervals_equal_a_plain_sort() -> None:
    plan = _random(4, n=101, floors=(0.4, 0.4, 0.4))
    got = intervals.summarise(plan, level=0.8, top=(1, 3), keep=(0, 1, 2))
    tables = replicate.scores(plan, nodes=[0, 1, 2])
    for node in range(3):
        ranked = replicate.ranks(tables[node])
        assert (got.ranks[node] == ranked.T).all()
        for unit in range(plan.units):
            score = sorted(x for x in tables[node][:, unit].tolist() if not math.isnan(x))
            rank = sorted(x for x in ranked[:, unit].tolist() if x < 65535)
            assert got.present[node, unit] == len(score) / 101
            low, high = math.floor(0.1 * (len(score) - 1) + 1e-9), math.ceil(0.9 * (len(score) - 1) - 1e-9)
            assert got.score_low[node, unit] == score[low]
            assert got.score_high[node, unit] == score[high]
            assert got.rank_low[node, unit] == rank[low]
            assert got.rank_high[node, unit] == rank[high]
            assert got.rank_median[node, unit] == np.median(rank)
            assert got.score_median[node, unit] == pytest.approx(np.median(score))
            assert got.top[1, node, unit] == sum(x <= 3 for x in rank) / 101


def _all(summary: intervals.Summary) -> list[bytes]:
    parts = [getattr(summary, name) for name in ("present", "score_low", "score_median", "score_high", "top")]
    parts += [summary.rank_low, summary.rank_median, summary.rank_high, *summary.ranks.values()]
    return [part.tobytes() for part in parts]


def test_threads_blocks_and_memory_change_no_bit(monkeypatch: pytest.MonkeyPatch) -> None:
    plan = _random(5, n=300)
    expected = _all(intervals.summarise(plan, top=(2,), threads=1))
    for threads, cells, memory in ((2, 65_536, 10**9), (5, 50, 10**9), (3, 1000, 300 * 10 * 4), (1, 7, 1)):
        monkeypatch.setattr(replicate, "_CELLS", cells)
        got = intervals.summarise(plan, top=(2,), threads=threads, memory_bytes=memory)
        assert _all(got) == expected


def test_a_units_score_does_not_depend_on_the_others() -> None:
    plan = _random(6, units=9)
    some = design(
        plan.branches,
        np.moveaxis(plan.values, 0, 2)[:, [2, 5], :],
        weights=plan.weights,
        methods=plan.methods,
        floors=plan.floors,
        variant=plan.variant,
        weighting=plan.weighting,
        method=plan.method,
        dropped=plan.dropped,
    )
    whole, part = replicate.scores(plan)[2], replicate.scores(some)[2]
    assert whole[:, [2, 5]].tobytes() == part.tobytes()


@settings(max_examples=30, deadline=None)
@given(seed=st.integers(0, 10_000), shift=st.permutations(range(7)))
def test_the_order_of_units_does_not_matter(seed: int, shift: list[int]) -> None:
    plan = _random(seed, n=10)
    values = np.moveaxis(plan.values, 0, 2)[:, shift, :]
    other = Design(**{**_parts(plan), "values": np.ascontiguousarray(np.moveaxis(values, 2, 0))})
    assert np.array_equal(replicate.scores(plan)[2][:, shift], replicate.scores(other)[2], equal_nan=True)


@settings(max_examples=30, deadline=None)
@given(seed=st.integers(0, 10_000), gaps=st.sampled_from([0.0, 0.3]))
def test_who_dominates_all_is_first_in_every_replication(seed: int, gaps: float) -> None:
    """Above all others in each indicator, in whatever way these are weighed, averaged or left out."""
    plan = _random(seed, n=60, gaps=gaps)
    values = plan.values.copy()
    values[:, :, 4] = 101.0
    got = intervals.summarise(Design(**{**_parts(plan), "values": values}), top=(1,))
    assert (got.rank_low[:, 4] == 1).all()
    assert (got.rank_high[:, 4] == 1).all()
    assert (got.top[0, 2, 4] == 1.0).all()


@settings(max_examples=30, deadline=None)
@given(seed=st.integers(0, 10_000), factor=st.floats(0.01, 100))
def test_weights_count_by_their_ratio(seed: int, factor: float) -> None:
    plan = _random(seed, n=20)
    scaled = Design(**{**_parts(plan), "weights": plan.weights * factor})
    assert replicate.scores(scaled)[2] == pytest.approx(replicate.scores(plan)[2], rel=1e-9, nan_ok=True)


@settings(max_examples=30, deadline=None)
@given(seed=st.integers(0, 10_000))
def test_weight_zero_is_left_out(seed: int) -> None:
    plan = _random(seed, n=20, gaps=0.0)
    weights = plan.weights.copy()
    weights[:, 1] = 0.0
    nothing = Design(**{**_parts(plan), "weights": weights, "dropped": np.full(20, -1)})
    dropped = Design(**{**_parts(plan), "dropped": np.full(20, 1)})
    assert replicate.scores(nothing)[2].tobytes() == replicate.scores(dropped)[2].tobytes()


def test_no_variation_gives_intervals_of_no_width() -> None:
    plan = _random(7, n=50, gaps=0.1)
    zeros = {name: np.zeros(50, dtype=np.int64) for name in ("variant", "weighting", "method")}
    got = intervals.summarise(Design(**{**_parts(plan), **zeros, "dropped": np.full(50, -1)}))
    assert got.score_low.tobytes() == got.score_high.tobytes()
    assert got.rank_low.tobytes() == got.rank_high.tobytes() == got.rank_median.tobytes()


def test_equal_units_tie_whatever_the_weights() -> None:
    """Also where they have the same value in different indicators: rounding does not part them."""
    tree = _tree()
    values = np.full((3, 6), 33.3)
    values[1, [0, 3]] = NAN
    values[2, [2, 5]] = NAN
    for power in (1.0, 0.0, -1.0, 2.0):
        weights = draws.noisy_weights(tree.weights, 200, factor=0.5, seed=1)
        plan = design(tree, values, weights=weights, methods=[(power,) * 3], weighting=np.arange(200))
        assert (replicate.ranks(replicate.scores(plan)[2]) == 1).all()


def test_a_node_with_nothing_left_is_left_out() -> None:
    """`right` has two children, of which one has weight 0 and the other is dropped."""
    tree = _tree()
    weights = tree.weights.copy()
    weights[4] = 0.0
    plan = design(tree, np.full((2, 6), 5.0) + np.arange(6), weights=weights, dropped=np.array([3, -1]))
    got = replicate.scores(plan, nodes=[0, 1, 2])
    assert np.isnan(got[1][0]).all()
    assert got[2][0] == pytest.approx((2 * got[0][0] + 0.5 * 10.0) / 2.5)
    assert got[2][1] == pytest.approx((2 * got[0][1] + 1 * 8.0 + 0.5 * 10.0) / 3.5)


def test_an_own_function_sees_values_and_weights() -> None:
    def least(values: Floats, weights: Floats) -> Floats:
        assert values.shape[1] == len(weights)
        out: Floats = np.fmin.reduce(values, axis=1)
        return out

    plan = _random(8, n=30)
    methods: Any = [(1.0, 1.0, least), (1.0, 1.0, 1.0), (1.0, 1.0, least)]
    plan = Design(**{**_parts(plan), "methods": tuple(methods)})
    got = replicate.scores(plan, nodes=[0, 1, 2])
    for r in range(30):
        w = plan.weights[plan.weighting[r]].copy()
        if plan.dropped[r] >= 0:
            w[plan.dropped[r]] = 0
        if plan.method[r] != 1:
            rows = [got[0][r], got[1][r], plan.values[5, plan.variant[r]]]
            parts = [row for row, weight in zip(rows, w[[6, 7, 5]], strict=True) if weight > 0]
            assert np.array_equal(got[2][r], np.fmin.reduce(np.array(parts)), equal_nan=True)


def test_ranks_of_more_units_than_sixteen_bits_hold() -> None:
    scores = np.arange(70_000.0)[np.newaxis]
    got = replicate.ranks(scores)
    assert got.dtype == np.uint32
    assert got[0, [0, -1]].tolist() == [70_000, 1]
    assert replicate.no_rank(got) == 2**32 - 1


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"values": np.ones((2, 5))}, "variants × units × 6"),
        ({"weights": np.ones(4)}, "9 entries"),
        ({"weights": -np.ones(9)}, "at least 0"),
        ({"weights": np.zeros(9)}, "nothing below 'root'"),
        ({"methods": [(1.0,)]}, "one method for each of 3 nodes"),
        ({"variant": np.array([1])}, "variant: expected 1 places from 0 to 0"),
        ({"dropped": np.array([8])}, "dropped: expected 1 places from -1 to 7"),
    ],
)
def test_parts_that_do_not_fit_are_refused(change: dict[str, Any], message: str) -> None:
    with pytest.raises(SpecError, match=message):
        design(_tree(), **{"values": np.ones((2, 6)), **change})


@pytest.mark.parametrize(
    ("power", "value", "message"),
    [
        (0.0, 0.0, "geometric mean meets the value 0, .* above 0"),
        (-1.0, -2.0, "harmonic"),
        (0.5, -1.0, "at least 0"),
    ],
)
def test_a_mean_refuses_values_it_is_not_made_for(power: float, value: float, message: str) -> None:
    values = np.full((2, 6), 3.0)
    values[0, 4] = value
    plan = design(_tree(), values, methods=[(1.0, power, 1.0)])
    with pytest.raises(SpecError, match=message):
        replicate.scores(plan)


def test_a_level_or_top_that_is_none_is_refused() -> None:
    for wrong, message in (
        ({"level": 0.0}, "level = 0.0"),
        ({"level": 90}, "share"),
        ({"top": [0]}, "from 1"),
    ):
        with pytest.raises(SpecError, match=message):
            intervals.summarise(_random(1), **wrong)


def _parts(plan: Design) -> dict[str, Any]:
    names = (
        "branches",
        "values",
        "weights",
        "methods",
        "floors",
        "variant",
        "weighting",
        "method",
        "dropped",
    )
    return {name: getattr(plan, name) for name in names}
