"""Trees of parents: planted trees are found, circles are told, and every tie is followed or has a reason."""

import random

import networkx as nx
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cosmopolis.errors import UnknownNameError
from cosmopolis.networks.ownership_trees import CYCLE, SELF_TIE, ultimate_parents

TIES = pl.Schema(
    {"row": pl.Int64, "child": pl.String, "parent": pl.String, "kind": pl.String, "year": pl.Int64}
)


def _ties(*rows: tuple[str, str, str] | tuple[str, str, str, int | None]) -> pl.DataFrame:
    full = [(n, *row[:3], row[3] if len(row) > 3 else None) for n, row in enumerate(rows, start=1)]
    return pl.DataFrame(full, schema=TIES, orient="row")


def _tops(frame: pl.DataFrame) -> dict[str, str | None]:
    return dict(ultimate_parents(frame).parents.select("entity", "ultimate").iter_rows())


def test_direct_ties_are_followed_to_the_top() -> None:
    trees = ultimate_parents(_ties(("c", "b", "direct"), ("b", "a", "direct"), ("e", "d", "direct")))
    assert trees.parents.select("entity", "ultimate", "steps").rows() == [
        ("a", "a", 0),
        ("b", "a", 1),
        ("c", "a", 2),
        ("d", "d", 0),
        ("e", "d", 1),
    ]
    assert trees.unused.is_empty()


def test_a_reported_ultimate_parent_stands_in_for_a_missing_direct_one() -> None:
    trees = ultimate_parents(_ties(("c", "b", "ultimate"), ("b", "a", "direct"), ("b", "z", "ultimate")))
    assert dict(trees.parents.select("entity", "ultimate").iter_rows())["c"] == "a"
    assert trees.disagreeing == 2  # c is told b, b is told z; both stand under a
    assert trees.unused.is_empty()


def test_of_two_direct_parents_the_later_and_then_the_first_counts() -> None:
    frame = _ties(
        ("a", "p", "direct", 2010), ("a", "q", "direct", 2015), ("a", "r", "direct"), ("b", "s", "direct"),
        ("b", "t", "direct"),
    )  # fmt: skip
    trees = ultimate_parents(frame)
    assert {entity: top for entity, top in _tops(frame).items() if entity in "ab"} == {"a": "q", "b": "s"}
    assert trees.unused.rows() == [
        (1, "the entity's direct parent is told by row 2"),
        (3, "the entity's direct parent is told by row 2"),
        (5, "the entity's direct parent is told by row 4"),
    ]


def test_circles_are_told_and_who_leads_into_one_has_no_top() -> None:
    frame = _ties(
        ("a", "b", "direct"), ("b", "c", "direct"), ("c", "a", "direct"), ("d", "a", "direct"),
        ("e", "e", "direct"), ("g", "f", "direct"),
    )  # fmt: skip
    trees = ultimate_parents(frame)
    assert _tops(frame) == {"a": None, "b": None, "c": None, "d": None, "e": "e", "f": "f", "g": "f"}
    assert trees.parents.filter(pl.col("ultimate").is_null())["reason"].n_unique() == 1
    assert trees.unused.rows() == [(1, CYCLE), (2, CYCLE), (3, CYCLE), (5, SELF_TIE)]


def test_no_ties_give_no_trees() -> None:
    trees = ultimate_parents(_ties())
    assert trees.parents.is_empty()
    assert trees.unused.is_empty()


def test_a_missing_column_is_named() -> None:
    with pytest.raises(UnknownNameError, match="no column 'kind'"):
        ultimate_parents(_ties().drop("kind"))


def test_a_long_chain_has_its_top() -> None:
    length = 3000
    frame = _ties(*((f"{n:05}", f"{n + 1:05}", "direct") for n in range(length)))
    top, steps = ultimate_parents(frame).parents.select("ultimate", "steps").row(0)
    assert (top, steps) == (f"{length:05}", length)


@settings(max_examples=80, deadline=None)
@given(st.lists(st.integers(0, 11), min_size=1, max_size=12), st.randoms(use_true_random=False))
def test_against_walking_up_one_by_one(parents: list[int], shuffle: random.Random) -> None:
    rows = [(f"{child:02}", f"{parent:02}", "direct") for child, parent in enumerate(parents)]
    frame = _ties(*rows)
    trees = ultimate_parents(frame)
    graph = nx.DiGraph((child, parent) for child, parent, _ in rows if child != parent)
    circles = {node for part in nx.strongly_connected_components(graph) if len(part) > 1 for node in part}
    above = {child: parent for child, parent, _ in rows if child != parent}
    for entity, ultimate, steps, _, _ in trees.parents.iter_rows():
        at, walked = entity, 0
        while at in above and at not in circles:
            at, walked = above[at], walked + 1
        assert (ultimate, steps) == ((None, None) if at in circles else (at, walked))
    told = dict(trees.unused.iter_rows())
    for row, (child, parent, _) in enumerate(rows, start=1):
        assert told.get(row) == (SELF_TIE if child == parent else CYCLE if child in circles else None)
    order = list(range(len(rows)))
    shuffle.shuffle(order)
    assert ultimate_parents(frame[order]).parents.equals(trees.parents)
