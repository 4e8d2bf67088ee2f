"""The engine sorts every answer, refuses a doubtful order, and names what is missing."""

import polars as pl
import pytest

from cosmopolis.engines.duckdb import Engine
from cosmopolis.errors import UnknownNameError


def test_an_answer_has_the_stated_order() -> None:
    frame = pl.DataFrame({"a": [2, 1, 2], "b": ["x", "y", "a"]})
    with Engine(threads=2, memory_mb=64) as engine:
        engine.register("t", frame)
        got = engine.query("SELECT a, b FROM t", order=("a", "b"))
    assert got.rows() == [(1, "y"), (2, "a"), (2, "x")]


def test_an_order_that_leaves_ties_is_refused() -> None:
    with Engine() as engine:
        engine.register("t", pl.DataFrame({"a": [1, 1], "b": [1, 2]}))
        with pytest.raises(ValueError, match="total order"):
            engine.query("SELECT a, b FROM t", order=("a",))


def test_a_missing_table_is_named_with_near_ones() -> None:
    with Engine() as engine:
        engine.register("items", pl.DataFrame({"a": [1]}))
        with pytest.raises(UnknownNameError, match=r"'item'.*did you mean 'items'"):
            engine.query("SELECT a FROM item", order=("a",))


def test_a_name_registered_again_is_replaced() -> None:
    with Engine() as engine:
        engine.register("t", pl.DataFrame({"a": [1]}))
        engine.register("t", pl.DataFrame({"a": [5]}))
        assert engine.query("SELECT a FROM t", order=("a",)).rows() == [(5,)]


@pytest.mark.parametrize("name", ["T", "a b", "", "1a", "t; DROP"])
def test_a_name_that_is_no_plain_word_is_refused(name: str) -> None:
    with Engine() as engine, pytest.raises(ValueError, match="table name"):
        engine.register(name, pl.DataFrame({"a": [1]}))


@pytest.mark.parametrize("limits", [{"threads": 0}, {"memory_mb": 0}])
def test_limits_below_one_are_refused(limits: dict[str, int]) -> None:
    with pytest.raises(ValueError, match="must be 1 or more"):
        Engine(**limits)


def test_texts_and_nulls_come_back_as_they_went_in() -> None:
    frame = pl.DataFrame({"a": [1, 2], "b": ["慕尼黑", None]})
    with Engine() as engine:
        engine.register("t", frame)
        assert engine.query("SELECT a, b FROM t", order=("a",)).equals(frame)
