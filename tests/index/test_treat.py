"""Outliers: moments against SciPy, drawing in by hand, each level equal to the one below."""

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from cosmopolis.errors import SpecError, UnknownNameError
from cosmopolis.index import catalogue, engine, spec, treat

ONE = np.array([1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 99.0])
LONG = 1.5 ** np.arange(60.0)
TABLE = np.column_stack([np.resize(ONE, 60) + np.arange(60.0) / 100.0, LONG, -LONG, np.arange(60.0)])
CODES = ("a", "b", "c", "d")
FRAME = pl.DataFrame({"unit": [f"u{at:02}" for at in range(60)], **dict(zip(CODES, TABLE.T, strict=True))})
SPEC = spec.from_toml('id = "v"\n' + "".join(f'[[indicator]]\nid = "{c}"\nparent = "v"\n' for c in CODES))


def _built(chosen: spec.Spec = SPEC, method: str | None = None, **settings: object) -> engine.Built:
    steps = [
        catalogue.step("treat", method, settings),
        catalogue.step("normalise"),
        catalogue.step("aggregate"),
    ]
    return engine.build(chosen, FRAME, steps=steps)


def test_moments_are_those_of_scipy() -> None:
    with_gap = np.append(LONG, np.nan)
    assert treat.skewness(with_gap).item() == pytest.approx(stats.skew(LONG, bias=False))
    assert treat.kurtosis(with_gap).item() == pytest.approx(stats.kurtosis(LONG, bias=False))
    assert np.isnan(treat.skewness(np.full(9, 0.1)))
    assert np.isnan(treat.kurtosis(np.array([1.0, 2.0, 4.0])))


def test_drawing_in_by_hand() -> None:
    x = np.array([*range(1, 21), 500.0, 400.0, 90.0, np.nan])
    drawn, moved = treat.winsorise(x)
    plain = x.copy()
    while not treat.passes(plain).item():
        top = np.nanmax(plain)
        plain[plain == top] = plain[plain < top].max()
    assert np.array_equal(drawn, plain, equal_nan=True)
    assert np.flatnonzero(moved).tolist() == np.flatnonzero((drawn != x) & ~np.isnan(x)).tolist()


def test_the_left_tail_is_drawn_in_too() -> None:
    drawn, moved = treat.winsorise(-ONE)
    assert drawn.tolist() == (-treat.winsorise(ONE)[0]).tolist()
    assert moved.sum() == 1


def test_units_that_share_the_extreme_move_together_or_not_at_all() -> None:
    x = np.array([*np.linspace(1, 2, 60), *[1e4] * 3])
    assert treat.winsorise(x, points=2)[1].sum() == 0
    assert treat.winsorise(x, points=3)[1].sum() == 3


def test_the_logarithm_is_of_the_values_as_they_were() -> None:
    found = treat.vector(LONG)
    assert (found.treatment, found.points) == ("log", 0)
    low, span = LONG.min(), LONG.max() - LONG.min()
    assert found.values == pytest.approx(np.log(LONG - low + 0.01 * span))
    assert treat.log(-LONG) == pytest.approx(-treat.log(LONG))
    assert treat.log(np.array([5.0, 5.0])).tolist() == [5.0, 5.0]
    kept = treat.vector(LONG, log=False)
    assert (kept.treatment, kept.passed) == ("none", False)
    assert kept.values is LONG
    only = treat.vector(LONG, method="winsorise-only")
    assert (only.treatment, only.points, only.passed) == ("winsorised", 5, False)


def test_each_level_equals_the_one_below() -> None:
    vectors = [treat.vector(column) for column in TABLE.T]
    matrix, report = treat.matrix(TABLE, CODES)
    wide, of_wide = treat.wide(FRAME)
    whole = _built()
    assert np.array_equal(np.column_stack([v.values for v in vectors]), matrix)
    assert np.array_equal(wide.drop("unit").to_numpy(), matrix)
    assert whole.table("treat").equals(wide)
    assert whole.stage("treat").report.equals(report)
    assert report.equals(of_wide)
    assert report["treatment"].to_list() == [v.treatment for v in vectors]
    assert report["treatment"].to_list()[1:] == ["log", "log", "none"]


def test_an_indicator_may_have_its_own_treatment() -> None:
    entries = [{"id": c, "parent": "v", **({"treatment": "none"} if c == "b" else {})} for c in CODES]
    chosen = spec.from_mapping({"id": "v", "indicator": entries})
    report = _built(chosen).stage("treat").report
    assert report["treatment"].to_list()[1:3] == ["none", "log"]


def test_wrong_names_and_numbers_are_said() -> None:
    with pytest.raises(UnknownNameError, match="did you mean 'winsorise'"):
        treat.vector(ONE, method="winsorize")
    with pytest.raises(UnknownNameError, match="no setting 'point'; did you mean 'points'"):
        _built(point=3)
    with pytest.raises(SpecError, match="points = -1"):
        treat.winsorise(ONE, points=-1)


@given(
    st.lists(st.integers(-1000, 1000), min_size=5, max_size=40),
    st.sampled_from([2.0, 0.5, 1024.0]),
    st.permutations(range(5)),
)
def test_neither_order_of_units_nor_unit_of_measurement_matters(
    values: list[int], factor: float, order: list[int]
) -> None:
    x = np.array(values, dtype=np.float64)
    found = treat.vector(x, log=False)
    turned = np.array([*order, *range(5, len(x))])
    again = treat.vector(x[turned], log=False)
    assert again.values == pytest.approx(found.values[turned])
    # Powers of two leave every bit of the fraction as it was.
    scaled = treat.vector(x * factor, log=False)
    assert scaled.values == pytest.approx(found.values * factor)
    assert scaled.points == found.points
