"""The engine: data checked, steps logged and replaced, and the properties that any index must have."""

import math
from typing import Any

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cosmopolis import index
from cosmopolis.errors import CosmopolisError, SpecError, UnknownNameError
from cosmopolis.index import data, engine, spec
from cosmopolis.index.catalogue import step

TOML = """
id = "v"
[[node]]
id = "links"
parent = "v"
[[node]]
id = "money"
parent = "v"
weight = 2
[[indicator]]
id = "air"
parent = "links"
denominator = "people"
[[indicator]]
id = "delay"
parent = "links"
direction = -1
[[indicator]]
id = "banks"
parent = "money"
[[step]]
name = "denominate"
[[step]]
name = "impute"
method = "group-mean"
group = "region"
[[step]]
name = "treat"
[[step]]
name = "normalise"
[[step]]
name = "aggregate"
"""
SPEC = spec.from_toml(TOML)
FRAME = pl.DataFrame(
    {
        "unit": ["D", "A", "C", "B"],
        "air": [8.0, 1.0, 6.0, 9.0],
        "delay": [9.0, 5.0, None, 1.0],
        "banks": [3, 1, 4, 1],
        "people": [2.0, 1.0, 2.0, 1.0],
        "region": ["n", "s", "n", "s"],
        "mayor": ["x", "y", "z", "w"],
    }
)


def test_a_small_index_by_hand() -> None:
    built = engine.build(SPEC, FRAME)
    # air 1 9 3 4 -> 0 100 25 37.5; delay (C by its region's D) 5 1 9 9 -> 50 100 0 0; banks 1 1 4 3.
    links = [25.0, 100.0, 12.5, 18.75]
    money = [0.0, 0.0, 100.0, 200 / 3]
    root = [(a + 2 * b) / 3 for a, b in zip(links, money, strict=True)]
    assert built.units == ("A", "B", "C", "D")
    assert built.nodes == ("links", "money", "v")
    assert built.node_scores == pytest.approx(np.column_stack([links, money, root]))
    assert built.results["unit"].to_list() == ["C", "D", "B", "A"]
    assert built.labels == ("denominate", "impute", "treat", "normalise", "aggregate")
    assert built.data.unused == ("mayor",)
    assert built.changes("impute").rows() == [("delay", "C", None, 9.0)]
    assert built.table("raw")["air"].to_list() == [1.0, 9.0, 6.0, 8.0]


def test_the_tables_have_every_row_in_order() -> None:
    built = engine.build(SPEC, FRAME)
    assert built.scores.columns == ["node", "unit", "score", "rank", "weight_share"]
    assert built.scores.select("node", "unit").rows() == sorted(built.scores.select("node", "unit").rows())
    assert built.scores.filter(pl.col("node") == "money")["rank"].to_list() == [3, 3, 1, 2]
    assert built.indicators.height == 12
    row = built.indicators.filter((pl.col("indicator") == "delay") & (pl.col("unit") == "C")).row(0)
    assert row == ("delay", "C", None, 9.0, 0.0)
    effective = dict(built.weights.select("code", "effective").rows())
    assert effective == pytest.approx(
        {"money": 2 / 3, "links": 1 / 3, "air": 1 / 6, "delay": 1 / 6, "banks": 2 / 3}
    )
    assert built.log["step"].to_list() == list(built.labels)
    assert built.log["settings"].to_list()[1] == "group = 'region'"


def test_a_vector_a_frame_and_a_whole_index_agree() -> None:
    built = engine.build(SPEC, FRAME)
    again = engine.build(SPEC, data.from_frame(FRAME, SPEC))
    assert again.scores.equals(built.scores)
    by_columns = index.build(SPEC, FRAME.to_dict(as_series=False))
    assert by_columns.scores.equals(built.scores)


def test_ranks_come_from_unrounded_scores() -> None:
    chosen = spec.from_toml('id = "v"\n[[indicator]]\nid = "x"\nparent = "v"')
    values = [1.0, 1.0 + 1e-12, 1.0 - 1e-12, 5.0, 0.0]
    built = engine.build(chosen, pl.DataFrame({"unit": [*"ABCDE"], "x": values}))
    assert built.ranks["v"].to_list() == [3, 2, 4, 1, 5]


def test_any_step_can_be_done_otherwise_and_equals_a_new_build() -> None:
    built = engine.build(SPEC, FRAME)
    for label, method, others in (
        ("impute", "mean", {}),
        ("treat", "none", {}),
        ("normalise", "z-score", {"mean": 100.0}),
        ("normalise", None, {"range": [1, 10]}),
        ("aggregate", "geometric", {}),
        ("aggregate", "power", {"p": 0.5}),
    ):
        if (label, method) == ("aggregate", "geometric"):
            assert "not [0, 100]" in built.rebuild(step=label, method=method).stage("normalise").message
        again = built.rebuild(step=label, method=method, **others)
        place = built.labels.index(label)
        steps = list(built.spec.steps)
        steps[place] = step(label, method or steps[place].method, others)
        assert again.scores.equals(engine.build(SPEC, FRAME, steps=steps).scores)
        assert again.log.equals(engine.build(SPEC, FRAME, steps=steps).log)
        assert again.rebuild(
            step=label, method=built.spec.steps[place].method, **built.spec.steps[place].settings
        ).scores.equals(built.scores)


def test_steps_before_the_one_replaced_are_not_done_again() -> None:
    built = engine.build(SPEC, FRAME)
    again = built.rebuild(step="normalise", method="rank")
    assert again.stages[2] is built.stages[2]
    assert again.stages[3] is not built.stages[3]


def test_the_data_or_the_specification_may_be_replaced() -> None:
    built = engine.build(SPEC, FRAME)
    assert built.rebuild(spec=SPEC.without("delay")).codes == ("air", "banks")
    assert built.rebuild(data=FRAME.filter(pl.col("unit") != "A")).units == ("B", "C", "D")
    both = built.rebuild(step="treat", method="none", data=FRAME.head(3))
    assert both.stage("treat").step.method == "none"
    assert len(both.units) == 3


def test_a_step_done_twice_has_two_labels() -> None:
    steps = [step("denominate"), step("impute", "group-mean", {"group": "region"}), step("impute", "median")]
    built = engine.build(SPEC, FRAME, steps=[*steps, step("normalise"), step("aggregate")])
    assert built.labels[1:3] == ("impute", "impute-2")
    assert built.rebuild(step="impute-2", method="mean").stage("impute-2").step.method == "mean"


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"step": "imputed"}, "no step 'imputed'; did you mean 'impute'"),
        ({"step": "screen", "units": 0.9}, "has no step 'screen'"),
        ({"step": "normalise", "method": "zscore"}, "no method 'zscore'; did you mean 'z-score'"),
        ({"step": "normalise", "rang": [0, 1]}, "no setting 'rang'; did you mean 'range'"),
        ({"step": "impute", "method": "mean", "group": "region"}, "no setting 'group'; it has no settings"),
        ({}, "nothing to replace"),
        ({"method": "rank"}, "no step that they are for"),
        ({"step": "impute", "group": "mayor"}, "the data were read without mayor"),
        ({"step": "treat", "spec": SPEC}, "a step or a specification, not both"),
    ],
)
def test_what_cannot_be_rebuilt_is_said(change: dict[str, Any], words: str) -> None:
    with pytest.raises(CosmopolisError, match=words):
        engine.build(SPEC, FRAME).rebuild(**change)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"air": ["8", "n/a", "6", "9"]}, "'air' has the text 'n/a' for unit 'B', but expected a number"),
        ({"people": [2.0, 1.0, math.inf, 1.0]}, "'people' has inf for unit 'C'"),
        ({"air": [True, False, True, True]}, "'air' holds Boolean, but expected numbers"),
        ({"delay": [None] * 4}, "'delay' has no data for any unit"),
        ({"banks": [2, 2, 2, 2]}, "'banks' has zero variance, the same value for all units"),
        ({"unit": ["A", "A", "B", "C"]}, "unit 'A' stands more than once"),
        ({"unit": ["A", None, "B", "C"]}, "has no unit"),
        ({"unit": [1.5, 2.5, 3.5, 4.5]}, "units in 'unit' are Float64"),
    ],
)
def test_bad_data_have_one_clear_error(change: dict[str, list[Any]], words: str) -> None:
    frame = FRAME.sort("unit").with_columns(pl.Series(name, column) for name, column in change.items())
    with pytest.raises(SpecError, match=words) as raised:
        engine.build(SPEC, frame)
    assert "\n" not in str(raised.value)


def test_a_missing_column_is_said() -> None:
    with pytest.raises(UnknownNameError, match="no column 'people'; did you mean 'peoples'"):
        engine.build(SPEC, FRAME.rename({"people": "peoples"}))


def test_what_is_allowed_is_no_error() -> None:
    allowed = spec.from_toml('allow = ["constant", "all-missing"]\n' + TOML)
    built = engine.build(allowed, FRAME.with_columns(banks=2, delay=pl.lit(None)))
    assert built.normalised[:, 2].tolist() == [50.0] * 4
    assert built.weight_shares[0].tolist() == [0.5, 1.0, (0.5 + 2) / 3]


def test_goalposts_and_targets_go_through_the_same_transform() -> None:
    chosen = spec.from_toml(
        'id = "v"\n[[indicator]]\nid = "x"\nparent = "v"\ntransform = "ln"\ngoalposts = [100, 75000]'
    )
    built = engine.build(chosen, {"unit": ["A", "B"], "x": [100.0, 1000.0]})
    assert [s.name for s in chosen.steps] == ["transform", "normalise", "aggregate"]
    assert built.node_scores[:, 0] == pytest.approx([0.0, 100 * math.log(10) / math.log(750)])


def test_a_logarithm_of_the_treatment_and_goalposts_do_not_go_together() -> None:
    chosen = spec.from_toml(
        'id = "v"\n[[indicator]]\nid = "x"\nparent = "v"\ngoalposts = [0, 9]\n[[step]]\nname = "treat"\n'
        '[[step]]\nname = "normalise"\nmethod = "goalposts"\n[[step]]\nname = "aggregate"'
    )
    with pytest.raises(SpecError, match="took the logarithm of 'x', whose goalposts"):
        engine.build(chosen, {"unit": [*range(60)], "x": [1.5**k for k in range(60)]})


def test_the_scale_of_one_build_can_be_kept_for_another() -> None:
    built = engine.build(SPEC, FRAME)
    later = built.rebuild(data=FRAME.with_columns(banks=pl.Series([3, 1, 7, 1])))
    frozen = later.rebuild(step="normalise", method="goalposts", bounds=built.bounds(), clip=False)
    assert frozen.normalised[:, 2].tolist() == [0.0, 0.0, 200.0, pytest.approx(200 / 3)]
    assert built.rebuild(
        step="normalise", method="goalposts", bounds=built.bounds(), clip=False
    ).node_scores == pytest.approx(built.node_scores)


def test_an_indicator_may_have_its_own_scale() -> None:
    text = TOML.replace('id = "banks"', 'id = "banks"\nnormalisation = { method = "rank" }')
    assert engine.build(spec.from_toml(text), FRAME).normalised[:, 2].tolist() == [1.0, 1.0, 4.0, 3.0]


def test_the_geometric_mean_has_its_own_range() -> None:
    text = TOML.replace('id = "links"\nparent', 'id = "links"\naggregation = "geometric"\nparent')
    built = engine.build(spec.from_toml(text), FRAME)
    assert "to [1, 100], not [0, 100], as the mean of 'links' takes no 0" in built.stage("normalise").message
    assert built.normalised.min() == 1.0
    assert built.tree.range == (1.0, 100.0)
    with pytest.raises(SpecError, match=r"node 'links', child 'air': a geometric mean meets the value 0"):
        built.rebuild(step="normalise", range=[0, 10])


def test_weights_given_equal_and_noisy() -> None:
    steps = [*SPEC.steps[:-1], step("weigh", "given", {"weights": {"air": 3}}), SPEC.steps[-1]]
    built = engine.build(SPEC, FRAME, steps=steps)
    assert built.weights.filter(pl.col("code") == "air")["share"].item() == 0.75
    assert built.rebuild(step="weigh", method="equal").tree.effective_weights() == {
        "air": 0.25,
        "delay": 0.25,
        "banks": 0.5,
    }
    noisy = built.rebuild(step="weigh", method="noisy", factor=0.25, seed=4)
    assert noisy.scores.equals(built.rebuild(step="weigh", method="noisy", factor=0.25, seed=4).scores)
    assert not noisy.scores.equals(built.rebuild(step="weigh", method="noisy", factor=0.25, seed=5).scores)
    with pytest.raises(SpecError, match="needs seed"):
        built.rebuild(step="weigh", method="noisy", factor=0.25)
    with pytest.raises(SpecError, match="'air': got weight = -1"):
        built.rebuild(step="weigh", weights={"air": -1})
    with pytest.raises(UnknownNameError, match="no node 'link'; did you mean 'links'"):
        built.rebuild(step="weigh", method="entropy", nodes=["link"])


UNITS = st.integers(5, 20)


def _random(seed: int, n: int) -> pl.DataFrame:
    draw = np.random.default_rng(seed)
    return pl.DataFrame(
        {
            "unit": [f"u{at:02}" for at in range(n)],
            **{code: draw.lognormal(size=n) for code in ("air", "delay", "banks", "people")},
            "region": ["ns"[at % 2] for at in range(n)],
        }
    )


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 10_000), UNITS, st.randoms(use_true_random=False))
def test_the_order_of_rows_and_columns_does_not_matter(seed: int, n: int, shuffle: Any) -> None:  # noqa: ANN401
    frame = _random(seed, n)
    rows, columns = [*range(n)], [*frame.columns]
    shuffle.shuffle(rows)
    shuffle.shuffle(columns)
    again = engine.build(SPEC, frame[rows].select(columns))
    assert again.scores.equals(engine.build(SPEC, frame).scores)


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 10_000), UNITS, st.sampled_from([0.001, 3.6, 1e6]))
def test_the_unit_of_measurement_does_not_matter(seed: int, n: int, factor: float) -> None:
    frame = _random(seed, n)
    scaled = frame.with_columns(pl.col("air", "delay", "banks") * factor)
    first, second = engine.build(SPEC, frame), engine.build(SPEC, scaled)
    assert second.node_scores == pytest.approx(first.node_scores, abs=1e-8)


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 10_000), UNITS)
def test_an_indicator_of_weight_0_changes_nothing(seed: int, n: int) -> None:
    text = TOML + '[[indicator]]\nid = "people"\nparent = "links"\nweight = 0\n'
    frame = _random(seed, n)
    with_it, without = engine.build(spec.from_toml(text), frame), engine.build(SPEC, frame)
    assert with_it.scores.equals(without.scores)


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 10_000), UNITS, st.sampled_from(["arithmetic", "geometric", "harmonic"]))
def test_to_be_best_in_one_more_indicator_loses_no_rank(seed: int, n: int, method: str) -> None:
    frame = _random(seed, n).with_columns(more=pl.Series([9.0, *[1.0 + k / n for k in range(n - 1)]]))
    text = TOML + '[[indicator]]\nid = "more"\nparent = "links"\n'
    before = engine.build(SPEC, frame).rebuild(step="aggregate", method=method)
    after = engine.build(spec.from_toml(text), frame).rebuild(step="aggregate", method=method)
    # An indicator in which all others are dominated by the first: at its node it comes no later than before.
    assert after.ranks["links"][0] <= before.ranks["links"][0]


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 10_000), UNITS)
def test_who_is_nowhere_worse_ranks_no_lower(seed: int, n: int) -> None:
    built = engine.build(SPEC, _random(seed, n))
    for a in range(n):
        ahead = (built.normalised >= built.normalised[a]).all(axis=1)
        assert (built.node_scores[ahead, -1] >= built.node_scores[a, -1] - 1e-9).all()


# Human Development Index: UNDP, Human Development Report 2010-2023/24, technical note 1.
HDI = """
id = "hdi"
range = [0, 1]
aggregation = "geometric"
[[node]]
id = "education"
parent = "hdi"
[[indicator]]
id = "life"
parent = "hdi"
goalposts = [20, 85]
[[indicator]]
id = "expected"
parent = "education"
goalposts = [0, 18]
[[indicator]]
id = "schooling"
parent = "education"
goalposts = [0, 15]
[[indicator]]
id = "income"
parent = "hdi"
goalposts = [100, 75000]
transform = "ln"
"""


def test_the_human_development_index_by_its_technical_note() -> None:
    rows = {
        "A": (82.0, 16.0, 12.0, 50_000.0),
        "B": (60.0, 9.0, 5.0, 2_000.0),
        "C": (90.0, 20.0, 13.5, 120_000.0),
    }
    columns = dict(
        zip(("life", "expected", "schooling", "income"), zip(*rows.values(), strict=True), strict=True)
    )
    built = index.build(index.from_toml(HDI), {"unit": [*rows], **columns})
    for at, (life, expected, schooling, income) in enumerate(rows.values()):
        health = min(1.0, (life - 20) / (85 - 20))
        education = (min(1.0, expected / 18) + min(1.0, schooling / 15)) / 2
        money = min(1.0, (math.log(income) - math.log(100)) / (math.log(75_000) - math.log(100)))
        assert built.node_scores[at, -1] == pytest.approx((health * education * money) ** (1 / 3))
        assert built.normalised[at, 0] == pytest.approx(health)


def test_the_life_expectancy_index_of_the_2012_note() -> None:
    text = HDI.replace("[20, 85]", "[20, 83.57]")
    columns = {"life": [55.0], "expected": [9.0], "schooling": [5.0], "income": [2_000.0]}
    built = index.build(index.from_toml(text), {"unit": ["A"], **columns})
    assert round(float(built.normalised[0, 0]), 3) == 0.551


def test_a_target_importance_that_cannot_be_reached_is_said() -> None:
    def indicator(name: str) -> dict[str, object]:
        return {"id": name, "parent": "i"}

    spec = index.from_mapping({"id": "i", "indicator": [indicator("a"), indicator("b")]})
    frame = pl.DataFrame({"unit": ["p", "q", "r", "s"], "a": [1.0, 2.0, 3.0, 5.0], "b": [1.0, 2.5, 3.0, 5.5]})
    steps = [
        index.step("normalise", "min-max"),
        index.step("weigh", "optimised", {"weights": {"a": 1, "b": 9}}),
        index.step("aggregate", "arithmetic"),
    ]
    said = index.build(spec, frame, steps=steps).log.filter(pl.col("step") == "weigh")["message"].item()
    assert "at 'i' no weights reach the target" in said
