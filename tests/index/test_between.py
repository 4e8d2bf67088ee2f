"""The change between two builds of the engine: one known difference returns just that, for any units."""

import dataclasses
from typing import Any

import numpy as np
import polars as pl
import pytest

from cosmopolis.errors import SpecError
from cosmopolis.index import between, engine
from cosmopolis.index.catalogue import step
from cosmopolis.index.change import PARTS, Change
from cosmopolis.index.engine import Built
from cosmopolis.index.spec import Spec, from_toml

SPEC = from_toml("""
id = "v"
[[node]]
id = "links"
parent = "v"
[[indicator]]
id = "air"
parent = "links"
denominator = "people"
[[indicator]]
id = "sea"
parent = "links"
group = "region"
[[indicator]]
id = "delay"
parent = "v"
direction = -1
[[step]]
name = "denominate"
[[step]]
name = "impute"
method = "group-mean"
[[step]]
name = "normalise"
[[step]]
name = "aggregate"
""")
FRAME = pl.DataFrame(
    {
        "unit": ["A", "B", "C", "D", "E"],
        "region": ["n", "n", "s", "s", "s"],
        "people": [2.0, 4.0, 5.0, 1.0, 3.0],
        "air": [10.0, 8.0, 40.0, 3.0, 12.0],
        "sea": [1.0, None, 7.0, 3.0, 6.0],
        "delay": [5.0, 2.0, 9.0, 1.0, 4.0],
    }
)


def _built(spec: Spec = SPEC, frame: pl.DataFrame = FRAME) -> Built:
    return engine.build(spec, frame)


def _with(**cells: Any) -> pl.DataFrame:  # noqa: ANN401 - values of a column
    is_b = pl.col("unit") == "B"
    columns = [pl.when(is_b).then(pl.lit(x)).otherwise(c).alias(c) for c, x in cells.items()]
    return FRAME.with_columns(columns)


def _row(**cells: Any) -> pl.DataFrame:  # noqa: ANN401 - values of a row
    return pl.concat([FRAME, pl.DataFrame([cells], schema=FRAME.schema)])


NEW = _row(unit="F", region="n", people=1.0, air=90.0, sea=0.0, delay=3.0)
STEPS = {name: tuple(step(name, method) if s.name == name else s for s in SPEC.steps) for name, method in
         (("aggregate", "power"), ("impute", "median"), ("normalise", "percentile-rank"))}  # fmt: skip


@pytest.mark.parametrize(
    ("later", "part"),
    [
        (_built(frame=_with(delay=8.0)), "data"),
        (_built(frame=_with(sea=5.0)), "data"),
        (_built(frame=_with(people=9.0)), "data"),
        (_built(frame=_with(region="s")), "data"),
        (_built(frame=NEW), "sample"),
        (_built(frame=FRAME.filter(pl.col("unit") != "C")), "sample"),
        (_built(SPEC.reweighted({"delay": 3.0})), "method"),
        (_built(SPEC.without("air")), "method"),
        (_built(dataclasses.replace(SPEC, steps=STEPS["impute"])), "method"),
        (_built(dataclasses.replace(SPEC, steps=STEPS["normalise"])), "method"),
    ],
    ids=["value", "gap", "denominator", "group", "unit+", "unit-", "weight", "indicator-", "impute", "scale"],
)
def test_one_known_thing_returns_just_that_thing(later: Built, part: str) -> None:
    for change in (between.builds(_built(), later), between.builds(later, _built())):
        _check(change, part)


def _check(change: Change, part: str) -> None:
    units = change.units
    assert (units["score_change"] != 0).any()
    for of in ("score", "rank"):
        for name in PARTS:
            expected = units[f"{of}_change"] if name == part else 0 * units[f"{of}_change"]
            assert units[f"{of}_by_{name}"].to_list() == expected.to_list()


def test_a_new_indicator_is_method() -> None:
    frame = FRAME.with_columns(rail=pl.Series([1.0, 9.0, 2.0, 4.0, 0.0]))
    spec = from_toml('id = "v"\n[[indicator]]\nid = "air"\nparent = "v"')
    more = from_toml(
        'id = "v"\n[[indicator]]\nid = "rail"\nparent = "v"\n[[indicator]]\nid = "air"\nparent = "v"'
    )
    _check(between.builds(_built(spec), _built(more, frame)), "method")


def test_everything_at_once_adds_up() -> None:
    frame = pl.concat([_with(delay=8.0, sea=2.0).filter(pl.col("unit") != "E"), NEW.tail(1)])
    a, b = _built(), _built(SPEC.reweighted({"delay": 3.0}), frame)
    change = between.builds(a, b)
    assert change.units["unit"].to_list() == ["A", "B", "C", "D"]
    assert change.apart.select("unit", "kind").rows() == [("F", "entered"), ("E", "left")]
    for of in ("score", "rank"):
        parts = [change.units[f"{of}_by_{part}"] for part in PARTS]
        assert (parts[0] + parts[1] + parts[2] == change.units[f"{of}_change"]).all()
    for built, end in ((a, "from"), (b, "to")):
        root = built.scores.filter(pl.col("node") == "v").join(change.units, on="unit")
        assert root["score"].to_numpy() == pytest.approx(root[f"score_{end}"].to_numpy())
        assert root["rank"].to_list() == root[f"rank_{end}"].to_list()


def test_units_may_be_numbers() -> None:
    numbers = FRAME.with_columns(unit=pl.Series([10, 9, 8, 7, 6]))
    a = _built(frame=numbers)
    b = _built(frame=numbers.filter(pl.col("unit") > 6))
    change = between.builds(a, b)
    assert change.units["unit"].to_list() == [7, 8, 9, 10]
    assert (change.units["score_by_sample"].to_numpy() == change.units["score_change"].to_numpy()).all()


def test_a_mixture_without_data_of_an_indicator_is_built() -> None:
    gone = FRAME.with_columns(sea=pl.lit(None, dtype=pl.Float64))
    b = _built(dataclasses.replace(SPEC, allow=("all-missing",)), gone)
    change = between.builds(_built(), b)
    assert change.units["orders"].to_list() == [6] * 5
    assert np.isfinite(change.units["score_by_data"].to_numpy()).all()


def test_other_indexes_and_units_are_refused() -> None:
    other = from_toml('id = "w"\n[[indicator]]\nid = "air"\nparent = "w"')
    with pytest.raises(SpecError, match="of the indexes 'v' and 'w'"):
        between.builds(_built(), _built(other))
    numbers = FRAME.with_columns(unit=pl.Series([1, 2, 3, 4, 5]))
    with pytest.raises(SpecError, match="texts in one build and numbers in the other"):
        between.builds(_built(), _built(frame=numbers))
