"""Filling gaps: recomputed by hand, never touching data, each level equal to the one below."""

import math
import statistics

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cosmopolis.errors import FormatError, SpecError, UnknownNameError
from cosmopolis.index import catalogue, engine, impute, spec

NAN = math.nan
X = np.array([1.0, NAN, 4.0, 10.0, NAN, 2.0])
Y = np.array([2.0, 3.0, NAN, 20.0, 9.0, 4.5])
GROUPS = ["a", "a", "a", "b", "b", None]
FRAME = pl.DataFrame({"unit": [*"ABCDEF"], "x": X, "y": Y, "group": GROUPS}).with_columns(
    pl.col("x", "y").fill_nan(None)
)
SPEC = spec.from_toml(
    'id = "v"\n[[indicator]]\nid = "x"\nparent = "v"\n[[indicator]]\nid = "y"\nparent = "v"\n'
)


def test_by_hand() -> None:
    known = [x for x in X if not math.isnan(x)]
    assert impute.mean(X)[1] == statistics.fmean(known)
    assert impute.median(X)[1] == statistics.median(known)
    assert impute.group_mean(X, GROUPS)[[1, 4]].tolist() == [2.5, 10.0]
    assert impute.group_median(Y, GROUPS)[2] == 2.5
    assert np.isnan(impute.group_mean(np.array([1.0, NAN]), ["a", None])[1])


@pytest.mark.parametrize("method", list(impute.METHODS))
def test_each_level_equals_the_one_below_and_data_are_not_touched(method: str) -> None:
    groups = (GROUPS,) if method.startswith("group-") else ()
    table = np.column_stack([X, Y])
    matrix = impute.METHODS[method](table, *groups)
    if method != "em":
        assert np.array_equal(matrix[:, 0], impute.METHODS[method](X, *groups), equal_nan=True)
    wide = impute.wide(FRAME.select("unit", "x", "y"), method=method, groups=GROUPS if groups else None)
    settings = {"group": "group"} if groups else {}
    whole = engine.build(
        SPEC,
        FRAME,
        steps=[
            catalogue.step("impute", method, settings),
            catalogue.step("normalise"),
            catalogue.step("aggregate"),
        ],
    )
    assert np.array_equal(wide.drop("unit").fill_null(NAN).to_numpy(), matrix, equal_nan=True)
    assert whole.table("impute").equals(wide)
    there = ~np.isnan(table)
    assert np.array_equal(matrix[there], table[there])
    assert whole.stage("impute").changed == 3


def test_em_of_one_gap_is_a_regression() -> None:
    draw = np.random.default_rng(11)
    table = draw.normal(size=(40, 3)) @ np.array([[1.0, 0.5, 0.2], [0.0, 1.0, 0.7], [0.0, 0.0, 0.4]])
    true, table[7, 2] = table[7, 2], NAN
    others = np.delete(table, 7, axis=0)
    design = np.column_stack([np.ones(39), others[:, :2]])
    slope, *_ = np.linalg.lstsq(design, others[:, 2], rcond=None)
    expected = float(np.array([1.0, *table[7, :2]]) @ slope)
    found = float(impute.em(table, prior=0.0, tolerance=1e-12, rounds=2000)[7, 2])
    assert found == pytest.approx(expected, abs=1e-8)
    assert abs(found - true) < 1.5
    assert float(impute.em(table, prior=1e6)[7, 2]) == pytest.approx(others[:, 2].mean(), abs=1e-3)


def test_em_says_what_it_cannot() -> None:
    with pytest.raises(SpecError, match="column 1 has fewer than two"):
        impute.em(np.array([[1.0, 2.0], [1.0, NAN]]))
    with pytest.raises(SpecError, match="1 rounds were not enough"):
        impute.em(np.column_stack([X, Y]), rounds=1)
    with pytest.raises(FormatError, match="give a matrix"):
        impute.em(X)


def test_along_years() -> None:
    years = [2015, 2016, 2018, 2020]
    assert impute.along(np.array([1.0, NAN, NAN, 6.0]), years).tolist() == [1.0, 2.0, 4.0, 6.0]
    assert impute.along(np.array([NAN, 1.0, NAN, NAN]), years, how="last").tolist()[1:] == [1.0, 1.0, 1.0]
    one = impute.along(np.array([NAN, 1.0, NAN, NAN]), years)
    assert np.isnan(one[[0, 2, 3]]).all()
    assert impute.along(np.array([NAN, 1.0, NAN, NAN]), years, ends=True).tolist() == [1.0] * 4
    assert np.isnan(impute.along(np.full(4, NAN), years)).all()
    table = impute.along(np.array([[1.0, NAN, NAN, 6.0], [NAN] * 4]), years)
    assert table[0].tolist() == [1.0, 2.0, 4.0, 6.0]
    with pytest.raises(FormatError, match="ascending years"):
        impute.along(X, [1, 1, 2, 3, 4, 5])
    with pytest.raises(UnknownNameError, match="did you mean 'linear'"):
        impute.along(X, range(6), how="linar")  # type: ignore[arg-type]


def test_a_group_is_needed() -> None:
    steps = [catalogue.step("impute", "group-mean"), catalogue.step("normalise"), catalogue.step("aggregate")]
    with pytest.raises(SpecError, match="'x' has gaps and no group"):
        engine.build(SPEC, FRAME, steps=steps)
    with pytest.raises(UnknownNameError, match="did you mean 'mean'"):
        impute.wide(FRAME.select("unit", "x"), method="meen")


@given(st.lists(st.one_of(st.none(), st.floats(-1e6, 1e6)), min_size=1, max_size=30))
def test_the_mean_lies_within_the_data(values: list[float | None]) -> None:
    x = np.array([NAN if v is None else v for v in values])
    filled = impute.mean(x)
    known = x[~np.isnan(x)]
    if len(known):
        assert filled.min() >= known.min() - 1e-9 * abs(known.min())
        assert filled.max() <= known.max() + 1e-9 * abs(known.max())
    else:
        assert np.isnan(filled).all()
