"""Scales: each recomputed in plain Python, direction first, each level equal to the one below."""

import math
import statistics
from collections.abc import Callable
from typing import Any

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cosmopolis.errors import FormatError, SpecError, UnknownNameError
from cosmopolis.index import catalogue, engine, normalise, spec
from cosmopolis.index.tree import parse

NAN = math.nan
X = [3.0, NAN, 8.0, 5.0, 5.0, 1.0]
KNOWN = [x for x in X if not math.isnan(x)]
LOW, HIGH, N = min(KNOWN), max(KNOWN), len(KNOWN)


def _below(y: float, direction: int) -> int:
    return sum(direction * other < direction * y for other in KNOWN)


def _worst(direction: int) -> float:
    return LOW if direction > 0 else HIGH


FORMULAS: dict[str, tuple[dict[str, Any], Callable[[float, int], float]]] = {
    "min-max": ({"range": (1, 100)}, lambda x, d: 1 + 99 * abs(x - _worst(d)) / (HIGH - LOW)),
    "best": ({}, lambda x, d: 100 * (1 - abs(x - (HIGH + LOW - _worst(d))) / (HIGH - LOW))),
    "z-score": (
        {"mean": 50.0, "deviation": 10.0},
        lambda x, d: 50 + 10 * d * (x - statistics.fmean(KNOWN)) / statistics.stdev(KNOWN),
    ),
    "percentile-rank": ({}, lambda x, d: 100 * _below(x, d) / (N - 1)),
    "rank": ({}, lambda x, d: 1 + _below(x, d)),
    "borda": ({}, _below),
    "reference": ({"reference": 3}, lambda x, d: 100 * (x - _worst(d)) / (5.0 - _worst(d))),
    "target": ({"target": 6.0}, lambda x, d: 100 * (x - _worst(d)) / (6.0 - _worst(d))),
    "fraction": ({"scale": 1.0}, lambda x, d: x / HIGH if d > 0 else LOW / x),
    "goalposts": (
        {"goalposts": (2.0, 7.0)},
        lambda x, d: 100 * min(1, max(0, (x - 2) / 5 if d > 0 else (7 - x) / 5)),
    ),
    "none": ({}, lambda x, d: d * x),
}


def test_every_method_of_the_catalogue_is_tested() -> None:
    assert set(FORMULAS) == set(catalogue.METHODS["normalise"])


@pytest.mark.parametrize("direction", [1, -1])
@pytest.mark.parametrize("method", FORMULAS)
def test_by_the_formula(method: str, direction: int) -> None:
    settings, formula = FORMULAS[method]
    found = normalise.array(np.array(X), method=method, direction=direction, **settings)
    for x, s in zip(X, found, strict=True):
        assert math.isnan(s) if math.isnan(x) else s == pytest.approx(formula(x, direction)), x


@pytest.mark.parametrize("method", FORMULAS)
def test_each_level_equals_the_one_below(method: str) -> None:
    settings, _ = FORMULAS[method]
    table = np.column_stack([X, X[::-1]])
    if method == "reference":
        settings = {"reference": 0}
    vectors = [
        normalise.array(c, method=method, direction=d, **settings)
        for c, d in zip(table.T, (1, -1), strict=True)
    ]
    matrix = normalise.array(table, method=method, direction=[1, -1], **settings)
    assert np.array_equal(matrix, np.column_stack(vectors), equal_nan=True)
    frame = pl.DataFrame({"unit": [*"ABCDEF"], "a": table[:, 0], "b": table[:, 1]}).with_columns(
        pl.col("a", "b").fill_nan(None)
    )
    wide = normalise.wide(frame, method=method, direction=[1, -1], **settings)
    beside: dict[str, Any] = {"goalposts": [2, 7], "target": 6}
    chosen = spec.from_mapping(
        {
            "id": "v",
            "indicator": [
                {"id": "a", "parent": "v", **beside},
                {"id": "b", "parent": "v", "direction": -1, **beside},
            ],
        }
    )
    own = {k: v for k, v in settings.items() if k not in {"goalposts", "target", "reference"}}
    if method == "reference":
        own["unit"] = "A"
    steps = [catalogue.step("normalise", method, own), catalogue.step("aggregate")]
    assert engine.build(chosen, frame, steps=steps).table("normalise").equals(wide)
    assert wide["a"].to_list() == [None if math.isnan(s) else s for s in vectors[0]]


def test_the_frame_of_editions_gives_the_same() -> None:
    words = {"en": "x", "zh": "x"}
    leaf = {"parent": "v", "weight": 1, "name": words, "unit": words, "sources": ["s"]}
    tree = parse(
        {
            "id": "v",
            "name": words,
            "floor": 0,
            "indicator": [{"id": "a", "direction": -1, "transform": "log1p", **leaf}],
        }
    )
    draw = np.random.default_rng(5).lognormal(size=500)
    long = pl.DataFrame({"indicator": ["a"] * 500, "city_id": range(500), "value": draw})
    y = normalise.transformed(draw, "log1p")
    found = normalise.frame(long, tree)
    assert found["treated"].to_numpy() == pytest.approx(y, rel=1e-15)
    again = normalise.array(found["treated"].to_numpy(), direction=-1)
    assert found["normalised"].to_numpy() == pytest.approx(again, rel=1e-13)


def test_equal_values_get_the_middle() -> None:
    same = np.array([0.1 * 3, 0.3, NAN])
    for method, middle in {"min-max": 50.0, "z-score": 0.0, "percentile-rank": 50.0}.items():
        found = normalise.array(same, method=method)
        assert found[:2] == pytest.approx([middle] * 2)
        assert math.isnan(found[2])


def test_transforms() -> None:
    assert normalise.transformed(np.array([4.0]), "sqrt").tolist() == [2.0]
    assert normalise.transform(pl.Series([math.e, None]), "ln").to_list() == [1.0, None]
    with pytest.raises(FormatError, match="of which no ln is taken; use 'log1p'"):
        normalise.transformed(np.array([0.0]), "ln")
    with pytest.raises(FormatError, match="has the value 0, of which no ln"):
        normalise.transform(pl.Series("x", [0.0]), "ln")


@pytest.mark.parametrize(
    ("settings", "error", "words"),
    [
        ({"method": "minmax"}, UnknownNameError, "did you mean 'min-max'"),
        ({"direction": 0}, ValueError, "expected 1 .* or -1"),
        ({"method": "goalposts"}, SpecError, "none are given"),
        ({"method": "target"}, SpecError, "no target value"),
        ({"method": "reference", "reference": 1}, SpecError, "no reference value"),
        ({"method": "target", "target": 1.0}, SpecError, "no better than the worst unit"),
        ({"method": "z-score", "deviation": 0.0}, SpecError, "expected a number above 0"),
    ],
)
def test_what_cannot_be_is_said(settings: dict[str, Any], error: type[Exception], words: str) -> None:
    with pytest.raises(error, match=words):
        normalise.array(np.array(X), **settings)


def test_a_fraction_needs_a_natural_zero() -> None:
    with pytest.raises(SpecError, match="values of one sign"):
        normalise.array(np.array([-1.0, 2.0]), method="fraction")
    with pytest.raises(SpecError, match="values of one sign"):
        normalise.array(np.array([0.0, 2.0]), method="fraction", direction=-1)


VALUES = st.lists(st.integers(-(2**20), 2**20), min_size=2, max_size=30, unique=True)


@given(VALUES, st.floats(0.01, 100), st.floats(-1000, 1000), st.randoms(use_true_random=False))
def test_neither_unit_of_measurement_nor_order_of_units_matters(
    values: list[int],
    factor: float,
    origin: float,
    shuffle: Any,  # noqa: ANN401
) -> None:
    x = np.array(values, dtype=np.float64)
    order = [*range(len(values))]
    shuffle.shuffle(order)
    for method in ("min-max", "z-score", "percentile-rank", "rank", "borda"):
        found = normalise.array(x, method=method)
        assert normalise.array(x[order], method=method) == pytest.approx(found[order], abs=1e-9)
        assert normalise.array(factor * x + origin, method=method) == pytest.approx(found, abs=1e-5)
