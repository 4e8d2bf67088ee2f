"""Weights: each method recomputed in another way, on published numbers where there are any."""

import math

import hypothesis.extra.numpy as hnp
import numpy as np
import polars as pl
import pytest
from hypothesis import assume, settings
from hypothesis import given as drawn
from hypothesis import strategies as st

from cosmopolis.errors import FormatError, SpecError, UnknownNameError
from cosmopolis.index import correlation, importance, weigh
from cosmopolis.index.correlation import Matrix, Vector
from cosmopolis.index.tree import Tree, parse

ABC = ["a", "b", "c"]


def _values(seed: int = 7, units: int = 40) -> Matrix:
    rng = np.random.default_rng(seed)
    common = rng.normal(size=units)
    x = np.column_stack(
        [common + rng.normal(size=units), common + 2 * rng.normal(size=units), rng.normal(size=units)]
    )
    return np.asarray((x - x.min(axis=0)) / (x.max(axis=0) - x.min(axis=0)))


def _with_gaps() -> Matrix:
    x = _values()
    x[3, 0] = x[8, 1] = x[9, 1] = np.nan
    return x


def test_given_weights_follow_the_codes_not_the_order() -> None:
    assert weigh.given(ABC, {"c": 2, "a": 1, "b": 1}).tolist() == [0.25, 0.25, 0.5]
    assert weigh.given(ABC, {"c": float(np.float64(2)), "a": 0, "b": 0}).tolist() == [0.0, 0.0, 1.0]


@pytest.mark.parametrize(
    ("weights", "error", "words"),
    [
        (
            {"a": 1, "b": 1, "cc": 1},
            UnknownNameError,
            "got a weight for 'cc', which is not here; did you mean 'c'",
        ),
        ({"a": 1, "b": 1}, SpecError, "no weight for 'c'; give one, 0 to leave it out"),
        ({"a": 1, "b": -1, "c": 1}, SpecError, "got -1 as weight of 'b', but expected a number of 0 or more"),
        ({"a": 1, "b": math.nan, "c": 1}, SpecError, "got nan as weight of 'b'"),
        ({"a": 1, "b": True, "c": 1}, SpecError, "got True as weight of 'b'"),
        ({"a": 0, "b": 0, "c": 0}, SpecError, "every weight is 0"),
    ],
)
def test_given_weights_that_do_not_fit_are_refused(
    weights: dict[str, float], error: type, words: str
) -> None:
    with pytest.raises(error, match=words):
        weigh.given(ABC, weights)


def test_principal_components_are_those_of_a_singular_value_decomposition() -> None:
    x = _with_gaps()
    whole = x[~np.isnan(x).any(axis=1)]
    z = (whole - whole.mean(axis=0)) / whole.std(axis=0, ddof=1)
    _, singular, rows = np.linalg.svd(z)
    found = correlation.components(x)
    assert found.units == 37
    assert found.eigenvalues == pytest.approx(singular**2 / (len(whole) - 1))
    assert found.eigenvalues.sum() == pytest.approx(3)
    assert weigh.pca(x) == pytest.approx(rows[0] ** 2)
    assert (found.loadings.sum(axis=0) >= 0).all()


def test_principal_components_say_what_is_wrong() -> None:
    flat = _values()
    flat[:, 1] = 0.1 + 0.2
    flat[:, 2] = 5.0
    with pytest.raises(SpecError, match=r"no variance in 'b', 'c', the same for the 40 units"):
        weigh.pca(flat, codes=ABC)
    gaps = _values()
    gaps[2:, 1] = np.nan
    with pytest.raises(
        SpecError, match=r"got 2 units with data in all 3 indicators.*'b' lacks data for most, 38 of 40"
    ):
        weigh.pca(gaps, codes=ABC)
    square = np.array([[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]])
    with pytest.raises(SpecError, match="first two are equally strong"):
        weigh.pca(square)


def test_entropy_by_hand() -> None:
    x = np.array([[1.0, 2.0, 0.0], [1.0, 2.0, 4.0], [2.0, 2.0, np.nan]])
    first = 1 + (2 * 0.25 * math.log(0.25) + 0.5 * math.log(0.5)) / math.log(3)
    third = 1.0  # all in one of two units
    expected = np.array([first, 0.0, third]) / (first + third)
    assert weigh.entropy(x) == pytest.approx(expected)
    assert weigh.entropy(x * np.array([1000.0, 1.0, 0.01])) == pytest.approx(expected)


@pytest.mark.parametrize(
    ("x", "words"),
    [
        ([[1.0, -2.0], [2.0, 1.0]], "'b' has negative values, such as -2"),
        ([[1.0, 0.0], [2.0, 0.0]], "'b' is 0 for every unit"),
        ([[1.0, np.nan], [2.0, 1.0]], "'b' has data for 1 units"),
        ([[1.0, 2.0], [1.0, 2.0]], "every indicator has the same value"),
    ],
)
def test_entropy_refuses_what_are_no_shares(x: list[list[float]], words: str) -> None:
    with pytest.raises(SpecError, match=words):
        weigh.entropy(np.array(x), codes=ABC)


def test_critic_by_hand() -> None:
    x = _values()
    r = np.atleast_2d(np.corrcoef(x.T))
    content = [x[:, j].std() * sum(1 - r[j, k] for k in range(3)) for j in range(3)]
    assert weigh.critic(x) == pytest.approx(np.array(content) / sum(content))


def test_critic_over_gaps_uses_the_units_that_two_have_in_common() -> None:
    x = _with_gaps()
    content = []
    for j in range(3):
        conflict = 0.0
        for k in range(3):
            both = ~np.isnan(x[:, j]) & ~np.isnan(x[:, k])
            conflict += 1 - np.corrcoef(x[both, j], x[both, k])[0, 1]
        known = x[~np.isnan(x[:, j]), j]
        content.append(float(known.std(ddof=1)) * conflict)
    assert weigh.critic(x) == pytest.approx(np.array(content) / sum(content))


def test_critic_says_what_is_wrong() -> None:
    x = _values()
    with pytest.raises(SpecError, match="no variance in 'b'"):
        weigh.critic(x * np.array([1.0, 0.0, 1.0]), codes=ABC)
    with pytest.raises(SpecError, match="all indicators run exactly together"):
        weigh.critic(np.column_stack([x[:, 0], 2 * x[:, 0] + 1]))
    apart = x.copy()
    apart[:20, 0] = apart[20:, 1] = np.nan
    with pytest.raises(SpecError, match="'a' and 'b' have 0 units in common"):
        weigh.critic(apart, codes=ABC)
    flat = x.copy()
    flat[:20, 0] = np.nan
    flat[20:, 1] = 0.5
    with pytest.raises(SpecError, match="'a' or 'b' does not vary over the 20 units that have both"):
        weigh.critic(flat, codes=ABC)


def test_effective_weights_split_the_variance_of_the_scores() -> None:
    x, w = _values(), np.array([0.5, 0.3, 0.2])
    y = x @ w
    expected = [w[j] * float(np.cov(x[:, j], y)[0, 1]) / np.var(y, ddof=1) for j in range(3)]
    assert sum(expected) == pytest.approx(1)
    assert importance.effective(x, w) == pytest.approx(expected)
    assert importance.mean(x, w) == pytest.approx(y)


def test_importance_by_correlation_and_by_its_square() -> None:
    x, w = _values(), np.array([0.5, 0.3, 0.2])
    r = np.array([np.corrcoef(x[:, j], x @ w)[0, 1] for j in range(3)])
    assert importance.importance(x, w) == pytest.approx(r / r.sum())
    assert importance.importance(x, w, kind="determination") == pytest.approx(r**2 / (r**2).sum())
    with pytest.raises(UnknownNameError, match="did you mean 'correlation'"):
        importance.importance(x, w, kind="corelation")  # type: ignore[arg-type]


def test_a_mean_over_gaps_is_over_what_there_is() -> None:
    x = np.array([[1.0, np.nan], [3.0, 5.0], [np.nan, np.nan]])
    assert importance.mean(x, np.array([0.75, 0.25])) == pytest.approx([1.0, 3.5, np.nan], nan_ok=True)


@pytest.mark.parametrize("kind", ["correlation", "determination", "covariance"])
@pytest.mark.parametrize("target", [{"a": 1, "b": 1, "c": 1}, {"a": 3, "b": 2, "c": 2}])
def test_optimised_weights_reach_the_target(kind: importance.Importance, target: dict[str, float]) -> None:
    x = _values()
    found = weigh.optimised(x, target, codes=ABC, kind=kind)
    again = importance.importance(x, found.weights, kind=kind)
    assert found.matched
    assert found.residual <= 1e-4
    assert again == pytest.approx([target[code] / sum(target.values()) for code in ABC], abs=1e-4)
    assert found.weights.sum() == pytest.approx(1)
    assert (weigh.optimised(x, target, codes=ABC, kind=kind).weights == found.weights).all()


def test_a_target_out_of_reach_is_said_to_be() -> None:
    one = _values()[:, 0]
    found = weigh.optimised(np.column_stack([one, one * 2]), {"a": 9, "b": 1}, codes=["a", "b"])
    assert not found.matched
    assert found.residual == pytest.approx(0.4)
    assert found.reached == pytest.approx([0.5, 0.5])


def test_a_target_may_be_set_for_scores_further_up() -> None:
    x = _values()

    def index(values: Matrix, weights: Vector) -> Vector:
        return np.asarray(0.5 * (values[:, :2] @ weights) + 0.5 * x[:, 2])

    found = weigh.optimised(x[:, :2], {"a": 1, "b": 1}, codes=["a", "b"], aggregation=index)
    y = index(x[:, :2], found.weights)
    assert np.corrcoef(x[:, 0], y)[0, 1] == pytest.approx(np.corrcoef(x[:, 1], y)[0, 1], abs=1e-4)


def test_a_target_by_code_is_checked() -> None:
    x = _values()
    with pytest.raises(UnknownNameError, match="target importance for 'd'"):
        weigh.optimised(x, {"a": 1, "b": 1, "d": 1}, codes=ABC)
    with pytest.raises(SpecError, match="got 0 as target importance of 'b'"):
        weigh.optimised(x, {"a": 1, "b": 0, "c": 1}, codes=ABC)
    with pytest.raises(SpecError, match="no variance in 'c'"):
        weigh.optimised(x * np.array([1, 1, 0]), {"a": 1, "b": 1, "c": 1}, codes=ABC)
    with pytest.raises(FormatError, match="got 2 targets, but expected one for each of 3"):
        importance.optimised(x, np.ones(2))
    assert weigh.optimised(x[:, :1], {"a": 1}, codes=["a"]).weights.tolist() == [1.0]


def test_noise_stays_within_its_factor_and_hangs_on_the_seed() -> None:
    w = np.array([0.5, 0.3, 0.2])
    drawn_weights = np.array([weigh.noisy(w, 0.25, np.random.default_rng(seed)) for seed in range(200)])
    ratios = drawn_weights / w
    assert drawn_weights.sum(axis=1) == pytest.approx(np.ones(200))
    assert ratios.max() <= 1.25 / 0.75
    assert ratios.min() >= 0.75 / 1.25
    assert drawn_weights.mean(axis=0) == pytest.approx(w, abs=0.01)
    assert (weigh.noisy(w, 0.25, np.random.default_rng(3)) == drawn_weights[3]).all()
    with pytest.raises(SpecError, match=r"got factor = 1\.5"):
        weigh.noisy(w, 1.5, np.random.default_rng(1))


@pytest.mark.parametrize("method", ["equal", "pca", "entropy", "critic", "optimised", "given"])
def test_matrix_frame_and_tree_agree(method: weigh.Method) -> None:
    x = _values()
    by_code = {"a": 1, "b": 2, "c": 3} if method in {"optimised", "given"} else None
    of_matrix = weigh.matrix(x, ABC, method=method, weights=by_code)
    wide = pl.DataFrame({"unit": [f"u{i:02}" for i in range(40)], **{c: x[:, j] for j, c in enumerate(ABC)}})
    of_frame = weigh.frame(wide, method=method, weights=by_code)
    of_tree = weigh.tree(_flat(), dict(zip(ABC, x.T, strict=True)), method=method, weights=by_code)
    assert of_frame["code"].to_list() == ABC
    assert of_frame["weight"].to_list() == of_matrix.tolist() == list(of_tree.values())
    assert of_matrix.sum() == pytest.approx(1)
    assert (of_matrix >= 0).all()


def _flat() -> Tree:
    words = {"en": "x", "zh": "x"}
    return parse(
        {
            "id": "root",
            "name": words,
            "floor": 0.0,
            "indicator": [
                {
                    "id": code,
                    "parent": "root",
                    "weight": 1,
                    "direction": 1,
                    "name": words,
                    "unit": words,
                    "sources": [],
                }
                for code in ABC
            ],
        }
    )


def test_a_method_is_checked() -> None:
    x = _values()
    with pytest.raises(UnknownNameError, match="no way to weigh 'entropie'; did you mean 'entropy'"):
        weigh.matrix(x, ABC, method="entropie")  # type: ignore[arg-type]
    with pytest.raises(SpecError, match="'given' needs weights by code"):
        weigh.matrix(x, ABC, method="given")
    with pytest.raises(SpecError, match="'pca' takes no weights"):
        weigh.matrix(x, ABC, method="pca", weights={"a": 1})
    with pytest.raises(FormatError, match=r"shape \(40, 3\), but expected units × 2"):
        weigh.matrix(x, ["a", "b"])
    with pytest.raises(UnknownNameError, match="no node 'rot'; did you mean 'root'"):
        weigh.tree(_flat(), dict(zip(ABC, x.T, strict=True)), nodes=["rot"])
    with pytest.raises(UnknownNameError, match="weight for 'd', which is not here"):
        weigh.tree(_flat(), {}, weights={"d": 1})
    with pytest.raises(SpecError, match="node 'root': CRITIC: no variance in 'c'"):
        weigh.tree(_flat(), {"a": x[:, 0], "b": x[:, 1], "c": x[:, 2] * 0}, method="critic")
    with pytest.raises(FormatError, match="infinity"):
        weigh.critic(np.array([[1.0, np.inf], [0.0, 1.0]]))


@settings(max_examples=30, deadline=None)
@drawn(
    hnp.arrays(np.float64, (12, 3), elements=st.integers(0, 10_000).map(lambda n: n / 100), unique=True),
    st.permutations(range(12)),
    st.permutations(range(3)),
)
def test_weights_do_not_hang_on_the_order_of_units_or_indicators(
    x: Matrix, rows: list[int], columns: list[int]
) -> None:
    assume(np.linalg.matrix_rank(x - x.mean(axis=0), tol=1e-6) > 1)
    for method in (weigh.pca, weigh.entropy, weigh.critic):
        assert method(x[rows][:, columns]) == pytest.approx(method(x)[columns], abs=1e-9)


@settings(max_examples=30, deadline=None)
@drawn(
    hnp.arrays(np.float64, (12, 3), elements=st.integers(0, 10_000).map(lambda n: n / 100), unique=True),
    st.floats(0.01, 1000),
    st.floats(-100, 100),
)
def test_principal_weights_do_not_hang_on_the_units_of_measurement(
    x: Matrix, scale: float, shift: float
) -> None:
    moved = x.copy()
    moved[:, 1] = moved[:, 1] * scale + shift
    assert weigh.pca(moved) == pytest.approx(weigh.pca(x), abs=1e-6)


def test_given_weights_at_a_node_override_only_what_they_name() -> None:
    assert weigh.tree(_flat(), {}, weights={"b": 2}) == {"a": 0.25, "b": 0.5, "c": 0.25}
    assert weigh.tree(_flat(), {}, method="equal", nodes=["root"]) == dict.fromkeys(ABC, 1 / 3)


def test_noise_at_a_node_hangs_on_the_seed_and_the_node_only() -> None:
    one = weigh.tree(_flat(), {}, method="noisy", factor=0.5, seed=1)
    assert one == weigh.tree(_flat(), {}, method="noisy", factor=0.5, seed=1, nodes=["root"])
    assert one != weigh.tree(_flat(), {}, method="noisy", factor=0.5, seed=2)
    assert sum(one.values()) == pytest.approx(1)
