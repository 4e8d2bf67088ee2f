"""Screening: shares by hand, and each level equal to the one below."""

import numpy as np
import polars as pl
import pytest

from cosmopolis.errors import SpecError, UnknownNameError
from cosmopolis.index import catalogue, engine, screen, spec

NAN = np.nan
TABLE = np.array([[1.0, NAN, 3.0, 4.0], [NAN, NAN, NAN, 1.0], [5.0, 6.0, 7.0, 8.0], [2.0, 2.0, 2.5, NAN]])
FRAME = pl.DataFrame({"unit": [*"ABCD"], **{f"x{k}": TABLE[:, k] for k in range(4)}}).with_columns(
    pl.all().exclude("unit").fill_nan(None)
)
SPEC = spec.from_toml('id = "v"\n' + "".join(f'[[indicator]]\nid = "x{k}"\nparent = "v"\n' for k in range(4)))


def _built(**settings: object) -> engine.Built:
    steps = [
        catalogue.step("screen", None, settings),
        catalogue.step("normalise"),
        catalogue.step("aggregate"),
    ]
    return engine.build(SPEC, FRAME, steps=steps)


def test_each_level_equals_the_one_below() -> None:
    by_hand = [sum(x == x for x in row) / 4 >= 0.75 for row in TABLE.tolist()]  # noqa: PLR0124 - NaN
    assert by_hand == [True, False, True, True]
    assert [bool(screen.keep(row, share=0.75)) for row in TABLE] == by_hand
    assert screen.keep(TABLE, share=0.75).tolist() == by_hand
    kept, dropped = screen.wide(FRAME, share=0.75)
    assert kept["unit"].to_list() == ["A", "C", "D"]
    built = _built(units=0.75)
    assert list(built.units) == kept["unit"].to_list()
    assert built.stage("screen").report.equals(dropped)
    assert dropped.row(0) == ("B", 0.25, "has data for 25% of the indicators, below 75%")


def test_indicators_go_too_and_units_may_be_kept() -> None:
    built = _built(indicators=0.75, units=0.9, keep=["B"])
    assert built.codes == ("x0", "x2", "x3")
    assert built.units == ("A", "B", "C")
    assert "indicators dropped: x1" in built.stage("screen").message


def test_a_share_that_is_the_threshold_but_for_rounding_reaches_it() -> None:
    assert screen.keep(np.array([[1.0] * 7 + [NAN] * 3]), share=0.1 * 7).tolist() == [True]


@pytest.mark.parametrize(
    ("settings", "error", "words"),
    [
        ({}, SpecError, "say how much data is enough"),
        ({"units": 90}, SpecError, "got a share of 90"),
        ({"unit": 0.9}, UnknownNameError, "no setting 'unit'; did you mean 'units'"),
        ({"units": 0.9, "keep": ["E"]}, UnknownNameError, "no unit 'E' to keep"),
    ],
)
def test_what_cannot_be_is_said(settings: dict[str, object], error: type[Exception], words: str) -> None:
    with pytest.raises(error, match=words):
        _built(**settings)
