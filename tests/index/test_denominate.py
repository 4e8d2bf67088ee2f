"""Ratios: recomputed by hand, and each level equal to the one below."""

import math

import numpy as np
import polars as pl
import pytest

from cosmopolis.errors import UnknownNameError
from cosmopolis.index import catalogue, denominate, engine, spec

TOTALS = [8.0, None, 3.0, 6.0]
PEOPLE = [4.0, 2.0, 0.0, None]


def _floats(values: list[float | None]) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    return np.array([math.nan if v is None else v for v in values], dtype=np.float64)


def test_a_ratio_by_hand() -> None:
    found = denominate.ratio(_floats(TOTALS), _floats(PEOPLE), scale=10.0)
    assert found[0] == 20.0
    assert np.isnan(found[1:]).all()  # no data, nothing to divide by, no denominator


def test_each_level_equals_the_one_below() -> None:
    vector = denominate.ratio(_floats(TOTALS), _floats(PEOPLE))
    matrix = denominate.ratio(np.column_stack([_floats(TOTALS)] * 2), _floats(PEOPLE))
    frame = pl.DataFrame({"unit": [*"ABCD"], "x": TOTALS})
    wide = denominate.wide(frame, {"x": "people"}, by=pl.DataFrame({"unit": [*"ABCD"], "people": PEOPLE}))
    chosen = spec.from_toml(
        'id = "v"\n[[indicator]]\nid = "x"\nparent = "v"\ndenominator = "people"\n'
        '[[indicator]]\nid = "y"\nparent = "v"'
    )
    whole = engine.build(
        chosen,
        frame.with_columns(pl.Series("people", PEOPLE), y=pl.Series([1.0, 2.0, 3.0, 4.0])),
        steps=[
            catalogue.step("denominate"),
            catalogue.step("normalise", "none"),
            catalogue.step("aggregate"),
        ],
    )
    assert np.array_equal(matrix[:, 1], vector, equal_nan=True)
    assert wide["x"].to_list() == [2.0, None, None, None]
    assert whole.table("denominate")["x"].equals(wide["x"])
    assert "2 values lost" in whole.stage("denominate").message


def test_the_rows_of_the_denominators_need_not_be_in_order() -> None:
    wide = denominate.wide(
        pl.DataFrame({"unit": ["A", "B"], "x": [8.0, 9.0]}),
        {"x": "people"},
        by=pl.DataFrame({"unit": ["B", "A"], "people": [3.0, 4.0]}),
    )
    assert wide["x"].to_list() == [2.0, 3.0]


def test_unknown_names_are_said() -> None:
    frame = pl.DataFrame({"unit": ["A"], "people": [1.0]})
    with pytest.raises(UnknownNameError, match="no column 'peple'; did you mean 'people'"):
        denominate.wide(frame, {"people": "peple"}, by=frame)
