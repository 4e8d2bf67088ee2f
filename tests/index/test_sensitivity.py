"""Sensitivity of a built index: Sobol indices worked out in full, parts left out by hand."""

import itertools

import numpy as np
import polars as pl
import pytest
from scipy import stats

from cosmopolis.errors import SpecError, UnknownNameError
from cosmopolis.index import engine, sensitivity, spec
from cosmopolis.index.engine import Built
from cosmopolis.index.variations import Choice, LeaveOut, Noise, Variation

SPEC = """
id = "v"
[[node]]
id = "links"
parent = "v"
weight = 2
[[node]]
id = "people"
parent = "v"
[[indicator]]
id = "air"
parent = "links"
[[indicator]]
id = "sea"
parent = "links"
[[indicator]]
id = "papers"
parent = "people"
[[indicator]]
id = "visits"
parent = "people"
[[step]]
name = "treat"
[[step]]
name = "normalise"
[[step]]
name = "aggregate"
"""
CODES = ("air", "sea", "papers", "visits")


@pytest.fixture(scope="module")
def built() -> Built:
    rng = np.random.default_rng(4)
    frame = pl.DataFrame({"unit": [f"U{at:02}" for at in range(14)]}).with_columns(
        pl.Series(code, np.round(rng.lognormal(2.0, 1.0, 14), 3)) for code in CODES
    )
    return engine.build(spec.from_toml(SPEC), frame)


CHOICES: list[Variation] = [
    Choice("normalise", ["min-max", "percentile-rank"]),
    Choice("aggregate", ["arithmetic", "geometric"]),
    LeaveOut(["air", "sea", "visits"]),
]


def _every_outcome(built: Built) -> np.ndarray[tuple[int, ...], np.dtype[np.float64]]:
    """Return ranks for every combination of levels, by the engine: 2 × 2 × 4 × units."""
    out = np.empty((2, 2, 4, len(built.units)))
    left = (None, "air", "sea", "visits")
    for i, j, k in itertools.product(range(2), range(2), range(4)):
        again = built.rebuild(step="normalise", method=("min-max", "percentile-rank")[i])
        again = again.rebuild(step="aggregate", method=("arithmetic", "geometric")[j])
        if left[k] is not None:
            again = again.rebuild(spec=again.spec.without(str(left[k])))
        out[i, j, k] = again.ranks["v"].to_numpy()
    return out


def _in_full(y: np.ndarray[tuple[int, ...], np.dtype[np.float64]]) -> tuple[list[float], list[float], float]:
    """Return S and T of equally likely levels from their definitions, by sums over all combinations."""
    first, total = [], []
    for axis in range(3):
        others = tuple(a for a in range(3) if a != axis)
        first.append(float(y.mean(axis=others).var() / y.var()))
        total.append(float(1 - y.mean(axis=axis).var() / y.var()))
    return first, total, float(y.var())


def test_indices_equal_those_worked_out_in_full(built: Built) -> None:
    got = sensitivity.analyse(built, CHOICES, n=4096, seed=2)
    y = _every_outcome(built)
    nominal = built.ranks["v"].to_numpy()
    first, total, _ = _in_full(np.abs(y - nominal).mean(axis=3))
    assert got.mean_shift["first"].to_list() == pytest.approx(first, abs=0.03)
    assert got.mean_shift["total"].to_list() == pytest.approx(total, abs=0.03)
    weighed = np.zeros(6)
    for at, unit in enumerate(built.units):
        mine = got.units.filter(pl.col("unit") == unit)
        if y[..., at].var() > 0:
            first, total, variance = _in_full(y[..., at])
            assert mine["deviation"][0] == pytest.approx(variance**0.5, rel=0.05)
            assert mine["first"].to_list() == pytest.approx(first, abs=0.06)
            assert mine["total"].to_list() == pytest.approx(total, abs=0.06)
            weighed += variance * np.array([*first, *total])
        else:
            assert mine["first"].null_count() == 3
    weighed /= sum(float(y[..., at].var()) for at in range(14))
    assert got.all_ranks["first"].to_list() == pytest.approx(weighed[:3].tolist(), abs=0.03)
    assert got.all_ranks["total"].to_list() == pytest.approx(weighed[3:].tolist(), abs=0.03)


def test_intervals_hold_the_estimates_and_the_same_seed_gives_the_same_bytes(built: Built) -> None:
    chosen = [*CHOICES, Noise(0.4)]
    one, two = (sensitivity.analyse(built, chosen, n=256, seed=2, threads=threads) for threads in (1, 4))
    for table in ("mean_shift", "all_ranks", "units"):
        assert getattr(one, table).write_csv(float_precision=17) == getattr(two, table).write_csv(
            float_precision=17
        )
    assert one.runs == 256 * 6
    for which in ("first", "total"):
        inside = one.mean_shift.select(
            (pl.col(f"{which}_low") <= pl.col(which)) & (pl.col(which) <= pl.col(f"{which}_high"))
        )
        assert inside.to_series().all()
    assert one.units["unit"].to_list() == [unit for unit in built.units for _ in range(4)]


def test_units_looked_at_in_parts_are_as_at_once(built: Built, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = sensitivity.analyse(built, CHOICES, n=64, seed=2)
    monkeypatch.setattr(sensitivity, "_UNITS", 4)
    parts = sensitivity.analyse(built, CHOICES, n=64, seed=2)
    assert parts.units.equals(whole.units)
    assert parts.mean_shift.equals(whole.mean_shift)
    assert parts.all_ranks["total"].to_list() == pytest.approx(whole.all_ranks["total"].to_list())


def test_what_changes_nothing_has_no_effect(built: Built) -> None:
    same = Choice("normalise", ["min-max", {"range": [0, 50]}], name="range")
    got = sensitivity.analyse(built, [same, Noise(0.3)], n=64, seed=1)
    assert got.mean_shift.row(0) == ("range", *[0.0] * 6)
    none = sensitivity.analyse(built, [same], n=8, seed=1)
    assert none.mean_shift["total"].null_count() == 1
    assert none.all_ranks["total"].null_count() == 1


def test_other_nodes_and_no_intervals(built: Built) -> None:
    got = sensitivity.analyse(built, [LeaveOut("indicators"), Noise(0.3)], n=64, node="people", resamples=0)
    assert got.mean_shift["first_low"].null_count() == 2
    with pytest.raises(UnknownNameError, match="did you mean 'people'"):
        sensitivity.analyse(built, [Noise(0.3)], n=64, node="peple")
    with pytest.raises(SpecError, match="power of 2"):
        sensitivity.analyse(built, [Noise(0.3)], n=100)
    with pytest.raises(SpecError, match="nothing to vary"):
        sensitivity.analyse(built, [])


def test_drop_one_equals_leaving_out_by_hand(built: Built) -> None:
    got = sensitivity.drop_one(built)
    assert got["code"].to_list() == [*CODES, "links", "people"]
    assert got["kind"].to_list() == ["indicator"] * 4 + ["node"] * 2
    before = built.ranks["v"].to_numpy()
    for row in got.iter_rows(named=True):
        after = built.rebuild(spec=built.spec.without(row["code"])).ranks["v"].to_numpy()
        shift = np.abs(after - before)
        assert row["mean_shift"] == pytest.approx(shift.mean())
        assert row["most_shift"] == shift.max()
        assert row["most_moved"] == (built.units[int(shift.argmax())] if shift.max() else None)
        assert row["correlation"] == pytest.approx(stats.spearmanr(before, after).statistic)


def test_drop_one_takes_names_and_refuses_others(built: Built) -> None:
    assert sensitivity.drop_one(built, codes=["sea"])["code"].to_list() == ["sea"]
    with pytest.raises(UnknownNameError, match="did you mean 'sea'"):
        sensitivity.drop_one(built, codes=["seaa"])
    within = sensitivity.drop_one(built, codes=["papers", "sea"], node="people")
    assert within["most_shift"].to_list()[1] == 0
    alone = engine.build(
        spec.from_toml("id = 'v'\n[[indicator]]\nid = 'a'\nparent = 'v'"),
        pl.DataFrame({"unit": [1, 2], "a": [1.0, 2.0]}),
    )
    with pytest.raises(SpecError, match="nothing is left"):
        sensitivity.drop_one(alone)


def test_correlation_of_ranks_is_spearmans_also_with_ties() -> None:
    a, b = np.array([1, 2, 2, 4, 5, 5, 5]), np.array([2, 1, 3, 3, 6, 7, 5])
    one, other = sensitivity._middle(a), sensitivity._middle(b)  # noqa: SLF001
    got = float((one * other).sum() / np.sqrt((one**2).sum() * (other**2).sum()))
    assert got == pytest.approx(stats.spearmanr(a, b).statistic)
