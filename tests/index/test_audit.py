"""Audit: each table recomputed in another way, and each rule on the smallest case that breaks it."""

import math
from collections.abc import Mapping

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from cosmopolis.errors import FormatError, UnknownNameError
from cosmopolis.index import describe, flags
from cosmopolis.index.audit import Audit, audit, profile
from cosmopolis.index.correlation import Matrix, Vector, alpha, components, correlations, covariances
from cosmopolis.index.flags import Thresholds
from cosmopolis.index.importance import mean
from cosmopolis.index.tree import LANGUAGES, Tree, parse

UNITS = [f"u{n:02}" for n in range(40)]


def _tree(weights: Mapping[str, float] | None = None) -> Tree:
    """Two nodes of two indicators each."""
    given_weights = weights or {}

    def entry(code: str, parent: str) -> dict[str, object]:
        return {
            "id": code,
            "parent": parent,
            "weight": given_weights.get(code, 1),
            "name": {"en": code.upper(), "zh": f"指标{code}"},
        }

    leaf = {"direction": 1, "unit": {"en": "x", "zh": "x"}, "sources": []}
    return parse(
        {
            "id": "root",
            "name": {"en": "Index", "zh": "指数"},
            "floor": 0.0,
            "node": [entry("m", "root"), entry("n", "root")],
            "indicator": [
                entry(code, node) | leaf for code, node in (("a", "m"), ("b", "m"), ("c", "n"), ("d", "n"))
            ],
        }
    )


def _values() -> Matrix:
    rng = np.random.default_rng(5)
    one, two = rng.normal(size=(2, 40))
    parts = [one + 0.6 * rng.normal(size=40), one + 0.6 * rng.normal(size=40)]
    parts += [two + 0.6 * rng.normal(size=40), two + 0.6 * rng.normal(size=40)]
    return np.column_stack(parts) + 10


def _scores(x: Matrix, tree: Tree) -> dict[str, Vector]:
    weights = {entry.id: float(entry.weight) for entry in tree.entries}
    m = mean(x[:, :2], np.array([weights["a"], weights["b"]]))
    n = mean(x[:, 2:], np.array([weights["c"], weights["d"]]))
    return {"m": m, "n": n, "root": mean(np.column_stack([m, n]), np.array([weights["m"], weights["n"]]))}


def _audit(x: Matrix, *, tree: Tree | None = None, **settings_of: object) -> Audit:
    shape = tree or _tree()
    return audit(shape, units=UNITS, values=x, normalised=x, scores=_scores(x, shape), **settings_of)  # type: ignore[arg-type]


def _kinds(found: Audit) -> list[tuple[str, str, str | None]]:
    return found.findings.select("kind", "code", "other").rows()


@pytest.mark.parametrize("kind", ["pearson", "spearman", "kendall"])
@pytest.mark.parametrize("gaps", [False, True])
def test_correlations_are_those_of_the_units_that_two_have_in_common(kind: str, gaps: bool) -> None:  # noqa: FBT001
    x = _values().round(1)
    if gaps:
        x[3, 0] = x[4, 1] = x[5, 1] = np.nan
    r, n = correlations(x, kind=kind)  # type: ignore[arg-type]
    right, n_right = correlations(x[:, :1], x[:, 1:], kind=kind)  # type: ignore[arg-type]
    way = {"pearson": stats.pearsonr, "spearman": stats.spearmanr, "kendall": stats.kendalltau}[kind]
    for i in range(4):
        for j in range(4):
            both = ~np.isnan(x[:, i]) & ~np.isnan(x[:, j])
            assert r[i, j] == pytest.approx(way(x[both, i], x[both, j]).statistic)
            assert n[i, j] == both.sum()
    assert right[0] == pytest.approx(r[0, 1:])
    assert n_right.tolist() == [n[0, 1:].tolist()]


def test_a_correlation_of_what_does_not_vary_is_not_defined() -> None:
    r, n = correlations(np.array([[1.0, 2.0, np.nan], [1.0, 3.0, 1.0], [1.0, 5.0, 1.0]]))
    assert np.isnan(r[0]).all()
    assert np.isnan(r[1, 2])
    assert n.tolist() == [[3, 3, 2], [3, 3, 2], [2, 2, 2]]
    with pytest.raises(UnknownNameError, match="no correlation 'pearsn'; did you mean 'pearson'"):
        correlations(np.eye(3), kind="pearsn")  # type: ignore[arg-type]


@settings(max_examples=40, deadline=None)
@given(st.floats(-1e6, 1e6), st.floats(1e-4, 1e4))
def test_correlations_do_not_hang_on_the_units_of_measurement(shift: float, scale: float) -> None:
    x = _values()
    moved = x * np.array([scale, 1, 1, 1]) + np.array([shift, 0, 0, 0])
    assert correlations(moved)[0] == pytest.approx(correlations(x)[0], abs=1e-6)


def test_alpha_by_the_variance_of_the_sum_and_over_gaps() -> None:
    x = _values()
    expected = 4 / 3 * (1 - x.var(axis=0, ddof=1).sum() / x.sum(axis=1).var(ddof=1))
    assert list(alpha(x)) == pytest.approx([expected, 40])
    assert list(alpha(x, gaps="listwise")) == pytest.approx([expected, 40])
    x[0, 0] = np.nan
    whole = x[1:]
    listwise = 4 / 3 * (1 - whole.var(axis=0, ddof=1).sum() / whole.sum(axis=1).var(ddof=1))
    assert list(alpha(x, gaps="listwise")) == pytest.approx([listwise, 39])
    assert alpha(x)[0] != pytest.approx(listwise)
    assert covariances(x)[0][0, 1] == pytest.approx(np.cov(x[1:, 0], x[1:, 1])[0, 1])
    assert math.isnan(alpha(x[:, :1])[0])
    assert math.isnan(alpha(np.ones((5, 2)))[0])
    with pytest.raises(UnknownNameError, match="no way 'casewise' with gaps"):
        alpha(x, gaps="casewise")  # type: ignore[arg-type]


def test_availability_is_counted_by_unit_node_and_indicator() -> None:
    x = _values()
    x[0, :2] = x[1, 2] = x[2, 0] = np.nan
    found = _audit(x, tree=_tree({"a": 3}))
    assert found.units.head(3).select("n", "availability", "weight_share").rows() == [
        (2, 0.5, 0.5),
        (3, 0.75, 0.75),
        (3, 0.75, pytest.approx(1 - 0.375)),
    ]
    first = found.availability.filter(pl.col("unit") == "u00")
    assert dict(first.select("node", "availability").rows()) == {"m": 0.0, "n": 1.0, "root": 0.5}
    assert found.indicators["n"].to_list() == [38, 39, 39, 40]
    assert describe.availability(x)[1].tolist() == found.indicators["availability"].to_list()
    assert dict(found.nodes.select("node", "thin_units").rows()) == {"m": 2, "n": 1, "root": 1}
    assert [row[1] for row in _kinds(found) if row[0] == "thin_units"] == ["m", "n", "root"]


def test_a_row_of_the_distribution() -> None:
    x = np.array([[0.0], [1.0], [2.0], [3.0], [3.0], [np.nan], [40.0], [-1.0]])
    row = describe.distribution(x, ["a"]).row(0, named=True)
    known = np.array([0.0, 1, 2, 3, 3, 40, -1])
    assert row["mean"] == pytest.approx(known.mean())
    assert row["sd"] == pytest.approx(stats.tstd(known))
    assert row["skewness"] == pytest.approx(stats.skew(known, bias=False))
    assert row["kurtosis"] == pytest.approx(stats.kurtosis(known, bias=False))
    assert (row["q1"], row["median"], row["q3"]) == (0.5, 2.0, 3.0)
    assert (row["n"], row["distinct"], row["outside"], row["passes"]) == (7, 6, 1, False)
    assert (row["zeros"], row["negatives"]) == (pytest.approx(1 / 7), pytest.approx(1 / 7))
    wide = pl.DataFrame({"unit": range(8), "a": x[:, 0]}).with_columns(pl.col("a").fill_nan(None))
    assert describe.frame(wide).equals(describe.distribution(x, ["a"]))


def test_an_indicator_without_data_has_numbers_of_nothing() -> None:
    row = describe.distribution(np.full((4, 1), np.nan), ["a"]).row(0, named=True)
    assert {key for key, value in row.items() if value is None} >= {
        "mean",
        "sd",
        "min",
        "median",
        "zeros",
        "skewness",
    }
    assert (row["n"], row["availability"], row["distinct"], row["outside"]) == (0, 0.0, 0, 0)


def test_components_of_a_node_stand_in_the_tables() -> None:
    x = _values()
    found = _audit(x)
    theirs = components(x[:, :2])
    here = found.components.filter(pl.col("node") == "m")
    assert here["eigenvalue"].to_list() == pytest.approx(theirs.eigenvalues.tolist())
    assert here["cumulative"].to_list()[-1] == pytest.approx(1)
    first = found.loadings.filter((pl.col("node") == "m") & (pl.col("component") == 1))
    assert dict(first.select("code", "loading").rows()) == pytest.approx({"a": 0.5**0.5, "b": 0.5**0.5})


def test_effective_weights_of_indicators_add_up_to_those_of_nodes() -> None:
    x = _values()
    found = _audit(x, tree=_tree({"m": 3, "a": 2}))
    whole = dict(found.weights.select("code", "effective_whole").rows())
    nominal = dict(found.weights.select("code", "whole").rows())
    assert nominal == pytest.approx({"m": 0.75, "n": 0.25, "a": 0.5, "b": 0.25, "c": 0.125, "d": 0.125})
    assert whole["a"] + whole["b"] == pytest.approx(whole["m"])
    assert whole["m"] + whole["n"] == pytest.approx(1)
    y = _scores(x, _tree({"m": 3, "a": 2}))["root"]
    assert whole["a"] == pytest.approx(0.5 * np.cov(x[:, 0], y)[0, 1] / y.var(ddof=1))


def test_relations_of_pairs() -> None:
    pairs = {(row[0], row[1]): row[2] for row in _audit(_values()).correlations.rows()}
    assert pairs["a", "b"] == pairs["m", "n"] == "siblings"
    assert pairs["a", "m"] == pairs["n", "root"] == "parent"
    assert pairs["a", "root"] == "ancestor"
    assert pairs["a", "c"] == pairs["a", "n"] == "apart"
    assert len(pairs) == 7 * 6 / 2


def test_a_sound_index_has_few_findings() -> None:
    assert _kinds(_audit(_values(), thresholds=Thresholds(alpha=0.0, dimensions=2))) == []


def test_a_copy_is_redundant_and_a_reversal_opposed_and_negative() -> None:
    x = _values()
    x[:, 1] = 2 * x[:, 0] + 1
    x[:, 3] = 20 - x[:, 2] * 0.5
    found = _audit(x)
    assert {("redundant", "a", "b"), ("opposed", "c", "d"), ("negative", "d", "n")} <= set(_kinds(found))
    said = found.findings.filter(pl.col("kind") == "redundant").row(0, named=True)
    assert (said["node"], said["value"], said["threshold"]) == ("m", pytest.approx(1), 0.92)
    assert said["en"].startswith("A and B say the same (correlation 1.00, threshold 0.92)")
    assert said["zh"].startswith("“指标a”与“指标b”内容重复（相关系数1.00，阈值0.92）")


def test_what_hardly_varies_is_silent_and_counts_for_less_than_its_weight() -> None:
    x = _values()
    quiet = x.copy()
    quiet[:, 1] = 10 + 0.001 * np.random.default_rng(2).normal(size=40)
    found = _audit(quiet)
    assert ("silent", "b", "m") in _kinds(found)
    loud = x.copy()
    loud[:, 1] = 10 + (x[:, 1] - 10) * 0.25
    assert ("underweight", "b", "m") in _kinds(_audit(loud))


def test_distributions_are_flagged() -> None:
    x = np.abs(_values())
    x[0, 0] = 1000
    x[:25, 1] = 0
    x[:, 2] = np.arange(40) % 3
    x[:30, 3] = np.nan
    kinds = {(kind, code) for kind, code, _ in _kinds(_audit(x))}
    assert {("outliers", "a"), ("zeros", "b"), ("few_values", "c"), ("thin", "d")} <= kinds


def test_no_data_and_no_variance_are_flagged_and_nothing_crashes() -> None:
    x = _values()
    x[:, 0] = np.nan
    x[:, 2] = 7.0
    found = _audit(x)
    kinds = {(kind, code) for kind, code, _ in _kinds(found)}
    assert {("no_data", "a"), ("constant", "c")} <= kinds
    assert found.correlations.filter(pl.col("code") == "a")["r"].null_count() == 6
    assert found.components.filter(pl.col("node").is_in(["m", "n"])).is_empty()
    for table in (found.indicators, found.weights, found.correlations, found.nodes, found.sizes):
        numbers = table.select(pl.col(pl.Float64))
        assert not numbers.fill_null(0).select(pl.any_horizontal(pl.all().is_nan()).any()).item()


def test_size_is_only_asked_of_what_is_divided_by_nothing() -> None:
    x = _values()
    area = {"area": x[:, 0] * 3}
    assert ("size", "a", "area") in _kinds(_audit(x, denominators=area))
    assert ("size", "a", "area") in _kinds(_audit(x / x[:, :1] * 1.0, raw=x, denominators=area))
    assert _audit(x).sizes.is_empty()


def test_few_units_are_not_judged() -> None:
    x = _values()
    x[8:] = np.nan
    found = _audit(x)
    kinds = _kinds(found)
    assert ("not_judged", "root", None) in kinds
    assert not {"redundant", "opposed", "silent", "negative", "inconsistent"} & {kind for kind, *_ in kinds}


def test_findings_are_in_the_order_of_their_words() -> None:
    x = _values()
    x[:, 1] = x[:, 0]
    x[:, 3] = 5.0
    kinds = _audit(x).findings["kind"].to_list()
    order = list(flags.words())
    assert kinds == sorted(kinds, key=order.index)


def test_every_rule_has_words_in_every_language() -> None:
    for kind, texts in flags.words().items():
        assert set(texts) <= {"value", "threshold", *LANGUAGES}, kind
        for language in LANGUAGES:
            assert texts[language].format(name="x", other="y", value="1", threshold="2")


def test_a_number_that_looks_like_its_threshold_gets_more_digits() -> None:
    x = _values()
    r = float(correlations(x)[0][0, 1])
    just_below = r - 1e-4
    found = _audit(x, thresholds=Thresholds(redundant=just_below))
    said = found.findings.filter((pl.col("kind") == "redundant") & (pl.col("code") == "a"))["en"].item()
    assert f"(correlation {r:.4f}, threshold {just_below:.2f})" in said


def test_standing_counts_ties_half() -> None:
    x = np.array([[5.0, 1.0, 2.0], [5.0, 1.0, 3.0], [1.0, 1.0, np.nan], [9.0, 1.0, 4.0]])
    rank, of, position = describe.standing(x, 0)
    assert rank.tolist() == [2, 1, 3]
    assert of.tolist() == [4, 4, 3]
    assert position == pytest.approx([1.5 / 3, 0.5, 0.0])
    rank, _, position = describe.standing(x, 2)
    assert rank.tolist() == [4, 1, 0]
    assert math.isnan(position[2])


def test_strengths_and_weaknesses() -> None:
    x = np.array([[9.0, 1.0, 5.0, 8.0], [5.0, 5.0, 5.0, 7.0], [1.0, 9.0, 5.0, 6.0]])
    weights = np.array([0.1, 0.2, 0.3, 0.4])
    found = describe.profile(x, list("abcd"), weights, 0)
    assert found.select("kind", "code", "rank", "of").rows() == [
        ("strength", "d", 1, 3),
        ("strength", "a", 1, 3),
        ("weakness", "b", 3, 3),
    ]
    by_points = describe.profile(x, list("abcd"), weights, 0, order="points")
    assert by_points["points"].to_list() == pytest.approx([0.4, 0.4, -0.8])
    assert describe.profile(x, list("abcd"), weights, 0, count=1)["code"].to_list() == ["d", "b"]
    with pytest.raises(UnknownNameError, match="no order 'point'; did you mean 'points'"):
        describe.profile(x, list("abcd"), weights, 0, order="point")  # type: ignore[arg-type]


def test_a_unit_is_looked_up_by_name() -> None:
    x = _values()
    found = profile(_tree(), units=UNITS, normalised=x, unit="u07", count=None)
    assert sorted(found["code"]) == ["a", "b", "c", "d"]
    with pytest.raises(UnknownNameError, match="no unit 'u77'"):
        profile(_tree(), units=UNITS, normalised=x, unit="u77")


def test_tables_that_do_not_fit_are_refused() -> None:
    x, tree = _values(), _tree()
    scores = _scores(x, tree)
    with pytest.raises(FormatError, match=r"got values of shape \(40, 3\), but expected \(40, 4\)"):
        audit(tree, units=UNITS, values=x[:, :3], normalised=x, scores=scores)
    with pytest.raises(FormatError, match=r"got normalised values of shape \(39, 4\)"):
        audit(tree, units=UNITS, values=x, normalised=x[1:], scores=scores)
    with pytest.raises(UnknownNameError, match="no scores of node 'n'"):
        audit(tree, units=UNITS, values=x, normalised=x, scores={"m": scores["m"], "root": scores["root"]})
    with pytest.raises(FormatError, match="scores of node 'm' of shape"):
        audit(tree, units=UNITS, values=x, normalised=x, scores=scores | {"m": scores["m"][1:]})


def test_an_audit_does_not_hang_on_the_order_of_the_units() -> None:
    x, tree = _values(), _tree()
    turn = np.random.default_rng(3).permutation(40)
    one = _audit(x)
    two = audit(
        tree,
        units=[UNITS[n] for n in turn],
        values=x[turn],
        normalised=x[turn],
        scores=_scores(x[turn], tree),
    )
    assert two.weights["effective"].to_list() == pytest.approx(one.weights["effective"].to_list())
    assert two.findings.select("kind", "code").equals(one.findings.select("kind", "code"))
