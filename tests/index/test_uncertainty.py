"""Uncertainty of a built index: against the engine itself built again each time, and what must not matter."""

import math
from typing import Any

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cosmopolis.errors import SpecError, UnknownNameError
from cosmopolis.index import draws, engine, spec, uncertainty, variants
from cosmopolis.index.engine import Built
from cosmopolis.index.uncertainty import Uncertain
from cosmopolis.index.variations import (
    Choice,
    Dirichlet,
    LeaveOut,
    Missing,
    Noise,
    Resampled,
    Variation,
    WeightSets,
)

SPEC = """
id = "v"
floor = 0.4
[[node]]
id = "links"
parent = "v"
weight = 2
[[node]]
id = "people"
parent = "v"
floor = 0.5
[[indicator]]
id = "air"
parent = "links"
[[indicator]]
id = "sea"
parent = "links"
weight = 3
[[indicator]]
id = "delay"
parent = "links"
direction = -1
[[indicator]]
id = "papers"
parent = "people"
[[indicator]]
id = "visits"
parent = "people"
[[step]]
name = "screen"
units = 0.5
[[step]]
name = "impute"
method = "median"
[[step]]
name = "treat"
[[step]]
name = "normalise"
[[step]]
name = "aggregate"
"""
CODES = ("air", "sea", "delay", "papers", "visits")


def _frame(units: int = 12, gaps: float = 0.1, seed: int = 1) -> pl.DataFrame:
    rng = np.random.default_rng(seed)
    values = np.round(rng.lognormal(2.0, 0.8, (units, 5)), 3)
    values[rng.random(values.shape) < gaps] = np.nan
    values[:3] = np.round(rng.lognormal(2.0, 0.8, (3, 5)), 3)
    frame = pl.DataFrame({"unit": [f"U{at:02}" for at in range(units)]})
    return frame.with_columns(pl.Series(c, values[:, at]).fill_nan(None) for at, c in enumerate(CODES))


def _built(frame: pl.DataFrame | None = None, text: str = SPEC) -> Built:
    return engine.build(spec.from_toml(text), _frame() if frame is None else frame)


def _bytes(got: Uncertain) -> list[bytes]:
    tables = [
        frame.write_csv(float_precision=17).encode() for frame in (got.intervals, got.chances, got.varied)
    ]
    return tables + [table.tobytes() for table in got.ranks.values()]


ALL: list[Variation] = [
    Choice("normalise", ["min-max", "percentile-rank"]),
    Choice("treat", [{"points": 5}, "none"]),
    Choice("aggregate", ["arithmetic", "geometric", {"method": "power", "p": 0.5}, "copeland"]),
    Choice("impute", ["median", "mean"]),
    Noise(0.3),
    LeaveOut("indicators"),
    Missing(0.05, draws=3),
]


def test_every_replication_equals_the_engine_built_again() -> None:
    """Slow way: rebuild with each level, weights and parts by the engine's own means."""
    built = _built()
    n, seed = 40, 3
    chosen = [v for v in ALL if not isinstance(v, Missing)]
    got = uncertainty.analyse(built, chosen, n=n, seed=seed, keep=["v", "links", "people"])
    levels = np.column_stack([uncertainty._levels(built, one, n, seed) for one in chosen])  # noqa: SLF001
    plan = variants.lay_out(built, chosen, levels, seed=seed).plan
    for r in range(n):
        again = built
        for at, one in enumerate(chosen):
            if isinstance(one, Choice):
                option = one.options[levels[r, at]]
                how: dict[str, Any] = dict(option) if isinstance(option, dict) else {"method": option}
                again = again.rebuild(step=one.step, **how)
        entries = plan.branches.entries
        weights = dict(zip(entries[:-1], plan.weights[plan.weighting[r]].tolist(), strict=False))
        if plan.dropped[r] >= 0:
            weights[entries[plan.dropped[r]]] = 0.0
        again = again.rebuild(spec=again.spec.reweighted(weights))
        assert again.units == got.units
        for node in ("v", "links", "people"):
            expected = again.ranks[node].fill_null(65535).to_list()
            assert got.ranks[node][:, r].tolist() == expected


def test_missing_data_and_resampled_records_are_built_anew() -> None:
    built = _built(_frame(gaps=0.0))

    def draw(rng: np.random.Generator) -> np.ndarray[Any, np.dtype[np.float64]]:
        return rng.lognormal(2.0, 0.8, (12, 2))

    records = Resampled(["sea", "visits"], draw, draws=4)
    got = uncertainty.analyse(built, [records], n=30, seed=2)
    assert got.builds == 4
    tables = set()
    for level in range(4):
        rng = draws.stream("records", 2, block=level)
        new = draw(rng)
        frame = _frame(gaps=0.0).with_columns(pl.Series("sea", new[:, 0]), pl.Series("visits", new[:, 1]))
        tables.add(tuple(_built(frame).ranks["v"].to_list()))
    assert {tuple(column) for column in got.ranks["v"].T.tolist()} == tables
    struck = uncertainty.analyse(built, [Missing(0.2, draws=5)], n=30, seed=2)
    assert struck.builds == 5
    assert len({tuple(column) for column in struck.ranks["v"].T.tolist()}) == 5


def test_the_same_seed_gives_the_same_bytes_on_any_threads() -> None:
    built = _built()
    first, *others = [uncertainty.analyse(built, ALL, n=300, seed=5, threads=t) for t in (1, 2, 7)]
    assert all(_bytes(other) == _bytes(first) for other in others)
    assert _bytes(uncertainty.analyse(built, ALL, n=300, seed=6)) != _bytes(first)


def test_more_replications_go_on_where_fewer_ended() -> None:
    built = _built()
    few, many = (uncertainty.analyse(built, ALL, n=n, seed=5) for n in (50, 2000))
    assert (many.ranks["v"][:, :50] == few.ranks["v"]).all()


@pytest.mark.parametrize(
    "none",
    [
        [Noise(0.0)],
        [Dirichlet(1e12)],
        [WeightSets([{}])],
        [Choice("normalise", ["min-max"])],
        [Choice("treat", [{"points": 5}])],
        [LeaveOut([])],
        [Missing(0.0, draws=2)],
    ],
)
def test_no_variation_gives_the_index_as_built_without_width(none: list[Variation]) -> None:
    built = _built()
    table = uncertainty.analyse(built, none, n=20).intervals
    assert table["rank"].equals(table["rank_low"], null_equal=True)
    assert table["rank"].equals(table["rank_high"], null_equal=True)
    same = table.drop_nulls("score")
    for column in ("score_low", "score_median", "score_high"):
        assert same[column].to_numpy() == pytest.approx(same["score"].to_numpy(), rel=1e-5)
    nominal = built.scores.select("node", "unit", "score", "rank").sort("node", "unit")
    assert table.select("node", "unit", "score", "rank").equals(nominal, null_equal=True)


@settings(max_examples=15, deadline=None)
@given(seed=st.integers(0, 1000))
def test_who_dominates_is_first_always(seed: int) -> None:
    best = {"unit": "AAA", "air": 9e3, "sea": 9e3, "delay": 1e-3, "papers": 9e3, "visits": 9e3}
    frame = pl.concat([_frame(gaps=0.0, seed=seed), pl.DataFrame([best])])
    parts = [v for v in ALL if not isinstance(v, Missing)]
    # After winsorising others may be level with the best; they are never ahead.
    got = uncertainty.analyse(_built(frame), parts, n=60, seed=seed, top=[1])
    mine = got.intervals.filter(pl.col("unit") == "AAA")
    assert mine["rank_high"].to_list() == [1, 1, 1]
    assert got.chances.filter(pl.col("unit") == "AAA")["probability"].to_list() == [1.0, 1.0, 1.0]
    assert all(got.probability_ahead("AAA", other) >= 0.5 for other in got.units)


@settings(max_examples=15, deadline=None)
@given(scale=st.floats(0.001, 1000), shift=st.integers(0, 10))
def test_units_of_measurement_and_order_of_rows_do_not_matter(scale: float, shift: int) -> None:
    frame = _frame()
    other = frame.with_columns(pl.col("sea") * scale)
    other = pl.concat([other[shift:], other[:shift]])
    chosen: list[Variation] = [Noise(0.3), Choice("normalise", ["min-max", "z-score"])]
    one, two = (uncertainty.analyse(_built(f), chosen, n=50, seed=1).intervals for f in (frame, other))
    assert one.select("node", "unit", "rank_median").equals(two.select("node", "unit", "rank_median"))


def test_probabilities() -> None:
    got = uncertainty.analyse(_built(), [Noise(0.5), Choice("normalise", ["min-max", "rank"])], n=400, seed=1)
    ranked = got.ranks["v"].astype(int)
    for a, b in (("U00", "U05"), ("U03", "U07"), ("U02", "U02")):
        i, j = got.units.index(a), got.units.index(b)
        wins = sum(
            1.0 if x < y else 0.5 if x == y else 0.0 for x, y in zip(ranked[i], ranked[j], strict=True)
        )
        assert got.probability_ahead(a, b) == wins / 400
        assert got.probability_ahead(a, b) + got.probability_ahead(b, a) == pytest.approx(1.0)
    top = got.chances.filter((pl.col("node") == "v") & (pl.col("top") == 10))
    for unit, probability in top.select("unit", "probability").rows():
        assert got.probability_top(unit, 10) == probability
    with pytest.raises(UnknownNameError, match="no unit 'U99'"):
        got.probability_ahead("U00", "U99")
    with pytest.raises(UnknownNameError, match="'links' were not kept"):
        got.probability_ahead("U00", "U01", node="links")


def test_scores_on_different_scales_are_not_summed_up() -> None:
    apart = uncertainty.analyse(_built(), [Choice("normalise", ["min-max", "z-score"])], n=20)
    assert not apart.one_scale
    assert apart.intervals["score_low"].null_count() == apart.intervals.height
    assert uncertainty.analyse(_built(), [Choice("aggregate", ["arithmetic", "geometric"])], n=20).one_scale


def test_units_that_another_choice_screens_have_no_rank_there() -> None:
    frame = _frame(gaps=0.0).with_columns(
        pl.when(pl.col("unit") == "U04").then(None).otherwise(pl.col("air", "sea")).name.keep()
    )
    got = uncertainty.analyse(
        _built(frame), [Choice("screen", [{"units": 0.5}, {"units": 0.9}])], n=200, seed=1
    )
    row = got.intervals.filter((pl.col("unit") == "U04") & (pl.col("node") == "v")).row(0, named=True)
    assert 0.3 < row["present"] < 0.7
    assert row["rank"] is not None
    assert math.isnan(got.probability_ahead("U04", "U00")) is False
    strict = _built(frame, SPEC.replace("units = 0.5", "units = 0.9"))
    wider = uncertainty.analyse(strict, [Choice("screen", [{"units": 0.5}, {"units": 0.9}])], n=200, seed=1)
    row = wider.intervals.filter((pl.col("unit") == "U04") & (pl.col("node") == "v")).row(0, named=True)
    assert row["rank"] is None
    assert row["rank_low"] is not None


def test_sets_of_weights_and_the_parts_left_out_are_those_named() -> None:
    built = _built()
    sets = WeightSets([{"links": 0.0}, {"people": 0.0}])
    got = uncertainty.analyse(built, [sets], n=50, seed=1, keep=["v", "links", "people"])
    seen = {tuple(column) for column in got.ranks["v"].T.tolist()}
    assert seen == {tuple(got.ranks[node][:, 0].tolist()) for node in ("links", "people")}
    left = uncertainty.analyse(built, [LeaveOut("nodes", nothing=False)], n=50, seed=1)
    assert {tuple(column) for column in left.ranks["v"].T.tolist()} == seen


@pytest.mark.parametrize(
    ("variation", "error", "message"),
    [
        ([], SpecError, "nothing to vary"),
        ([Choice("impuet", ["mean"])], UnknownNameError, "did you mean 'impute'"),
        ([Choice("denominate", ["ratio"])], UnknownNameError, "no step 'denominate'"),
        ([Choice("normalise", ["minmax"])], UnknownNameError, "did you mean 'min-max'"),
        ([Choice("treat", [{"point": 3}])], UnknownNameError, "did you mean 'points'"),
        ([Choice("normalise", [])], SpecError, "nothing to choose from"),
        ([Noise(0.1), Dirichlet()], SpecError, "more than one way|called 'weights'"),
        ([Noise(0.1), Dirichlet(name="other")], SpecError, "more than one way"),
        ([Noise({"lnks": 0.1})], UnknownNameError, "did you mean 'links'"),
        ([Noise(1.5)], SpecError, "noise factor"),
        ([Dirichlet(nodes=["air"])], UnknownNameError, "no node 'air'"),
        ([WeightSets([{"airr": 1.0}])], SpecError, "did you mean 'air'"),
        ([WeightSets([{"air": -1.0}])], SpecError, "at least 0"),
        ([LeaveOut(["seas"])], UnknownNameError, "did you mean 'sea'"),
        ([LeaveOut(["v"])], UnknownNameError, "no code 'v'"),
        ([Missing(1.0)], SpecError, "below 1"),
        ([Resampled(["aire"], lambda rng: rng.random((12, 1)))], UnknownNameError, "did you mean 'air'"),
        ([Resampled(["air"], lambda rng: rng.random(3))], SpecError, r"12 units × 1"),
        ([Choice("aggregate", ["harmonic"])], SpecError, "harmonic"),
    ],
)
def test_what_is_not_there_is_refused(
    variation: list[Variation], error: type[Exception], message: str
) -> None:
    built = _built().rebuild(step="normalise", method="z-score")
    with pytest.raises(error, match=message):
        uncertainty.analyse(built, variation, n=5)


def test_too_many_tables_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(variants, "VARIANTS_MOST_BYTES", 1000)
    with pytest.raises(SpecError, match="take fewer draws"):
        uncertainty.analyse(_built(), [Missing(0.1, draws=50)], n=50)


def test_nodes_and_keep_are_checked() -> None:
    with pytest.raises(UnknownNameError, match="did you mean 'links'"):
        uncertainty.analyse(_built(), [Noise()], n=5, nodes=["link"])
    with pytest.raises(UnknownNameError, match="keep"):
        uncertainty.analyse(_built(), [Noise()], n=5, nodes=["v"], keep=["links"])
    with pytest.raises(SpecError, match="at least 1 replication"):
        uncertainty.analyse(_built(), [Noise()], n=0)
    got = uncertainty.analyse(_built(), [Noise()], n=5, nodes=["links"], top=[])
    assert got.intervals["node"].unique().to_list() == ["links"]
    assert got.chances.is_empty()


def test_whole_numbers_as_units() -> None:
    frame = _frame().with_columns(pl.int_range(12, dtype=pl.Int64).alias("unit"))
    got = uncertainty.analyse(_built(frame), [Noise()], n=10)
    assert got.intervals.schema["unit"] == pl.Int64
    assert 0.0 <= got.probability_ahead(0, 3) <= 1.0
