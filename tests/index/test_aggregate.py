"""Means and ballots: each recomputed in plain Python, each level equal to the one below."""

import math
from itertools import pairwise, permutations
from typing import Any

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cosmopolis.errors import FormatError, SpecError
from cosmopolis.index import aggregate, catalogue, engine, means, spec
from cosmopolis.index.tree import Method

NAN = math.nan
TABLE = np.array(
    [[10.0, 40.0, 90.0], [20.0, NAN, 30.0], [NAN, NAN, NAN], [50.0, 50.0, 50.0], [60.0, 5.0, 70.0]]
)
WEIGHTS = [1.0, 2.0, 3.0]
FRAME = pl.DataFrame({"unit": [*"ABCDE"], **{f"x{k}": TABLE[:, k] for k in range(3)}}).with_columns(
    pl.all().exclude("unit").fill_nan(None)
)


def _mean(values: list[float], weights: list[float], p: float) -> float:
    total = math.fsum(weights)
    if p == 0:
        return math.exp(math.fsum(w * math.log(v) for v, w in zip(values, weights, strict=True)) / total)
    return float((math.fsum(w * v**p for v, w in zip(values, weights, strict=True)) / total) ** (1 / p))


def _duels(rows: list[list[float]], weights: list[float]) -> list[float]:
    out = [0.0] * len(rows)
    for a, b in permutations(range(len(rows)), 2):
        ahead = sum(w for x, y, w in zip(rows[a], rows[b], weights, strict=True) if x > y)
        behind = sum(w for x, y, w in zip(rows[a], rows[b], weights, strict=True) if x < y)
        out[a] += (ahead > behind) - (ahead < behind)
    return out


def _tree(**root: Any) -> spec.Spec:  # noqa: ANN401
    return spec.from_mapping(
        {
            "id": "v",
            **root,
            "indicator": [{"id": f"x{k}", "parent": "v", "weight": WEIGHTS[k]} for k in range(3)],
        }
    )


POWERS = {"arithmetic": 1.0, "geometric": 0.0, "harmonic": -1.0, "power": 0.5}


@pytest.mark.parametrize("name", POWERS)
def test_each_level_equals_the_one_below(name: str) -> None:
    p = POWERS[name]
    method = Method(name=name, settings={"p": p} if name == "power" else {})
    expected = []
    for row in TABLE.tolist():
        known = [(v, w) for v, w in zip(row, WEIGHTS, strict=True) if not math.isnan(v)]
        expected.append(_mean([v for v, _ in known], [w for _, w in known], p) if known else NAN)
    vectors = [means.power(row, np.array(WEIGHTS), p=p) for row in TABLE]
    assert vectors == pytest.approx(expected, nan_ok=True)
    function = {"arithmetic": means.arithmetic, "geometric": means.geometric, "harmonic": means.harmonic}.get(
        name
    )
    if function is not None:
        assert function(TABLE[0], np.array(WEIGHTS)) == vectors[0]
    node, share = aggregate.combine(TABLE.T, np.ones(TABLE.T.shape), np.array(WEIGHTS), method=method)
    assert np.array_equal(node, vectors, equal_nan=True)
    assert share == pytest.approx([1, 4 / 6, 0, 1, 1])
    tree = _tree().tree
    wide = aggregate.wide(FRAME, tree, method=method)
    assert np.array_equal(wide["v"].fill_null(NAN).to_numpy(), node, equal_nan=True)
    steps = [catalogue.step("normalise", "none"), catalogue.step("aggregate", name, method.settings)]
    whole = engine.build(_tree(), FRAME, steps=steps)
    assert np.array_equal(whole.node_scores[:, 0], node, equal_nan=True)
    assert whole.weight_shares[:, 0] == pytest.approx(share)


def test_copeland_by_hand() -> None:
    rows = [[10.0, 40.0, 90.0], [20.0, 40.0, 30.0], [50.0, 50.0, 50.0], [60.0, 5.0, 70.0]]
    duels = _duels(rows, WEIGHTS)
    assert means.copeland(np.array(rows), np.array(WEIGHTS)).tolist() == duels
    steps = [catalogue.step("normalise", "none"), catalogue.step("aggregate", "copeland")]
    frame = pl.DataFrame({"unit": [*"ABCD"], **{f"x{k}": [row[k] for row in rows] for k in range(3)}})
    whole = engine.build(_tree(), frame, steps=steps)
    assert whole.node_scores[:, 0].tolist() == [100 * (d + 3) / 6 for d in duels]


def test_copeland_leaves_out_what_either_has_no_data_for() -> None:
    draw = np.random.default_rng(2).normal(size=(300, 4))
    draw[np.random.default_rng(3).random(draw.shape) < 0.2] = NAN
    weights = [0.1, 0.2, 0.3, 0.4]
    found = means.copeland(draw, np.array(weights))
    plain = [0.0] * 300
    rows = draw.tolist()
    for a, b in permutations(range(300), 2):
        votes = math.fsum(w * ((x > y) - (x < y)) for x, y, w in zip(rows[a], rows[b], weights, strict=True))
        plain[a] += (votes > 1e-12) - (votes < -1e-12)
    assert found.tolist() == plain


def test_different_ways_inside_one_level_and_a_weight_at_one_node() -> None:
    settings: dict[str, Any] = {
        "id": "v",
        "node": [
            {"id": "hard", "parent": "v", "aggregation": "geometric"},
            {"id": "soft", "parent": "v", "weight": 3},
        ],
        "indicator": [
            {"id": "x0", "parent": "hard"},
            {"id": "x1", "parent": "hard"},
            {"id": "x2", "parent": "soft"},
            {"id": "x3", "parent": "soft", "weight": 4},
        ],
    }
    frame = pl.DataFrame({"unit": ["A"], "x0": [4.0], "x1": [9.0], "x2": [10.0], "x3": [20.0]})
    steps = [catalogue.step("normalise", "none"), catalogue.step("aggregate")]
    built = engine.build(spec.from_mapping(settings), frame, steps=steps)
    assert dict(zip(built.nodes, built.node_scores[0], strict=True)) == pytest.approx(
        {"hard": 6.0, "soft": 18.0, "v": 15.0}
    )


def test_an_own_function_gets_values_and_weights_by_name() -> None:
    seen = []

    def worst(*, values: Any, weights: Any) -> float:  # noqa: ANN401
        seen.append((values.tolist(), weights.tolist()))
        return float(values.min())

    steps = [catalogue.step("normalise", "none"), catalogue.step("aggregate", worst)]
    built = engine.build(_tree(), FRAME, steps=steps)
    assert built.node_scores[:, 0] == pytest.approx([10.0, 20.0, NAN, 50.0, 5.0], nan_ok=True)
    assert seen[1] == ([20.0, 30.0], [0.25, 0.75])
    assert built.log["method"].to_list()[-1] == "own function worst"
    with pytest.raises(SpecError, match="gave 'much', but expected one finite number"):
        built.rebuild(step="aggregate", method=lambda *, values, weights: "much")  # type: ignore[arg-type, return-value]  # noqa: ARG005


def test_means_say_what_they_cannot_take() -> None:
    with pytest.raises(SpecError, match=r"a geometric mean meets the value 0.*normalise to \[1, 100\]"):
        means.geometric(np.array([0.0, 1.0]), np.array([1.0, 1.0]))
    with pytest.raises(SpecError, match=r"power 0\.5 meets the value -1"):
        means.power(np.array([-1.0, 1.0]), np.array([1.0, 1.0]), p=0.5)
    with pytest.raises(FormatError, match="expected one weight a value"):
        means.arithmetic(np.array([1.0]), np.array([1.0, 1.0]))
    with pytest.raises(SpecError, match="'p' is missing"):
        means.of(Method(name="power"), TABLE.T, np.array(WEIGHTS))
    assert means.geometric(np.array([0.0, 4.0]), np.array([0.0, 1.0])) == pytest.approx(4.0)


def test_below_the_floor_there_is_no_score() -> None:
    for name in ("arithmetic", "geometric", "copeland"):
        steps = [catalogue.step("normalise", "none"), catalogue.step("aggregate", name, {"floor": 0.7})]
        built = engine.build(_tree(), FRAME, steps=steps)
        assert np.isnan(built.node_scores[:, 0]).tolist() == [False, True, True, False, False]
        assert built.ranks["v"].to_list()[1] is None


POSITIVE = st.lists(st.tuples(st.floats(0.1, 1000), st.floats(0.01, 10)), min_size=1, max_size=12)


@given(POSITIVE)
def test_means_rise_with_their_power(pairs: list[tuple[float, float]]) -> None:
    x, w = (np.array(part) for part in zip(*pairs, strict=True))
    found = [means.power(x, w, p=p) for p in (-3.0, -1.0, 0.0, 0.5, 1.0, 2.0, 8.0)]
    assert x.min() <= found[0]
    assert found[-1] <= x.max()
    assert all(low <= high * (1 + 1e-9) for low, high in pairwise(found))


@given(POSITIVE, st.floats(0.5, 20), st.randoms(use_true_random=False))
def test_neither_size_of_weights_nor_order_of_children_matters(
    pairs: list[tuple[float, float]],
    factor: float,
    shuffle: Any,  # noqa: ANN401
) -> None:
    x, w = (np.array(part) for part in zip(*pairs, strict=True))
    order = [*range(len(x))]
    shuffle.shuffle(order)
    for p in (-1.0, 0.0, 1.0, 2.0):
        mean = means.power(x, w, p=p)
        assert means.power(x, factor * w, p=p) == pytest.approx(mean)
        assert means.power(x[order], w[order], p=p) == pytest.approx(mean)
        assert means.power(np.append(x, 5.0), np.append(w, 0.0), p=p) == mean
