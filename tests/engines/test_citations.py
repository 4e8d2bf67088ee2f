"""Citations received, on every engine: by hand, by a recount of sets, and what has no data."""

import random
from typing import TYPE_CHECKING, Any

import polars as pl
import pytest

from cosmopolis.errors import FormatError, UnknownNameError
from cosmopolis.measures.citations import RECEIVED, TOP, Span, flows, received, top

if TYPE_CHECKING:
    from cosmopolis.engines import Engine

ITEMS = pl.Schema({"item": pl.String, "year": pl.Int64, "field": pl.String, "city_id": pl.Int64})
PAPERS = pl.DataFrame(
    [
        ("p", 2000, "ai", 1), ("p", 2000, "ai", 2), ("p", 2000, "ai", 2),  # named twice
        ("q", 2000, "ai", 1), ("r", 2003, "ai", 2), ("s", 2000, "ai", 3),
        ("q", None, "ai", 1), (None, 2000, "ai", 1), ("q", 2000, "ai", None),
    ],
    schema=ITEMS,
    orient="row",
)  # fmt: skip


def _frame(rows: list[tuple[Any, ...]], **columns: type[pl.DataType]) -> pl.DataFrame:
    return pl.DataFrame(rows, schema=columns, orient="row")


def test_totals_of_a_source_go_to_every_city_whole_and_shared(engine: "Engine") -> None:
    engine.register("items", PAPERS)
    counts = [("p", 6), ("q", 0), ("r", None), ("x", 99)]
    engine.register("counts", _frame(counts, item=pl.String, citations=pl.Int64))
    got = received(engine, basis="counts")
    assert got.schema == RECEIVED
    assert got.rows() == [
        ("ai", 2000, 1, 2, 2, 6, 3.0),
        ("ai", 2000, 2, 1, 1, 6, 3.0),
        ("ai", 2000, 3, 1, 0, None, None),  # s has no data
        ("ai", 2003, 2, 1, 0, None, None),
    ]


def test_windows_after_publication(engine: "Engine") -> None:
    engine.register("items", PAPERS)
    yearly = [
        ("p", 1999, 50),
        ("p", 2000, 1),
        ("p", 2002, 2),
        ("p", 2003, 40),
        ("q", 2000, 0),
        ("r", 2003, 7),
    ]
    engine.register("yearly", _frame(yearly, item=pl.String, year=pl.Int64, citations=pl.Int64))
    got = received(engine, basis="yearly", span=Span(years=3, first=1999, last=2004))
    assert got.rows() == [
        ("ai", 2000, 1, 2, 2, 3, 1.5),
        ("ai", 2000, 2, 1, 1, 3, 1.5),
        ("ai", 2000, 3, 1, 0, None, None),
        ("ai", 2003, 2, 1, 0, None, None),  # its third year, 2005, has not come
    ]
    early = received(engine, basis="yearly", span=Span(years=3, first=2001, last=2005))
    assert early["citations"].to_list() == [None, None, None, 7]  # 2000 was not covered


def test_citations_within_the_set(engine: "Engine") -> None:
    """A record that nobody in the set cites has 0; citing twice or oneself counts once or not."""
    engine.register("items", PAPERS)
    cites: list[tuple[Any, ...]] = [("r", "p", 2003), ("r", "p", 2003), ("z", "p", 2009)]
    cites += [("q", "q", 2000), ("r", "q", 2003)]
    cites += [(None, "p", 2001), ("r", None, 2003)]
    engine.register("cites", _frame(cites, citing=pl.String, cited=pl.String, year=pl.Int64))
    got = received(engine, basis="cites")
    assert got.rows() == [
        ("ai", 2000, 1, 2, 2, 3, 2.0),
        ("ai", 2000, 2, 1, 1, 2, 1.0),
        ("ai", 2000, 3, 1, 1, 0, 0.0),
        ("ai", 2003, 2, 1, 1, 0, 0.0),
    ]
    near = received(engine, basis="cites", span=Span(years=5, first=1990, last=2005))
    assert near.select("citations").to_series().to_list() == [2, 1, 0, None]


def test_flows_by_hand(engine: "Engine") -> None:
    engine.register("items", PAPERS)
    cites = [("r", "p", 2003), ("r", "p", 2003), ("r", "q", 2003), ("p", "s", 2000), ("z", "p", 2003)]
    engine.register("cites", _frame(cites, citing=pl.String, cited=pl.String, year=pl.Int64))
    assert flows(engine).rows() == [
        ("citation", "ai", 2000, 1, 3, 0.5, 1),  # p of cities 1 and 2 cites s
        ("citation", "ai", 2000, 2, 3, 0.5, 1),
        ("citation", "ai", 2003, 2, 1, 1.5, 2),  # r of city 2 cites p (half of it in 1) and q
    ]


def test_a_random_world_is_counted_as_by_sets(engine: "Engine") -> None:
    draw = random.Random("citations")  # noqa: S311 - no secret
    cities = {f"w{k}": draw.sample(range(8), draw.randint(1, 5)) for k in range(60)}
    year = {item: draw.randint(2000, 2005) for item in cities}
    field = {item: draw.choice(["ai", "量子"]) for item in cities}
    rows = [(item, year[item], field[item], city) for item, where in cities.items() for city in where]
    pairs = [(draw.choice(list(cities)), draw.choice(list(cities))) for _ in range(400)]
    engine.register("items", pl.DataFrame(rows, schema=ITEMS, orient="row"))
    cites = [(a, b, year[a]) for a, b in pairs]
    engine.register("cites", _frame(cites, citing=pl.String, cited=pl.String, year=pl.Int64))
    expected: dict[tuple[str, int, int], tuple[int, float]] = {}
    for item, where in cities.items():
        n = len({a for a, b in pairs if b == item and a != b and year[item] <= year[a] < year[item] + 2})
        for city in where:
            key = (field[item], year[item], city)
            whole, shared = expected.get(key, (0, 0.0))
            expected[key] = (whole + n, shared + n / len(where))
    got = received(engine, basis="cites", span=Span(years=2, first=2000, last=2006))
    assert [tuple(row[:3]) for row in got.rows()] == sorted(expected)
    for row in got.iter_rows(named=True):
        whole, shared = expected[row["field"], row["year"], row["city_id"]]
        assert (row["citations"], row["fractional"]) == (whole, pytest.approx(shared))
    weight = sum(
        (1 - sum(c in cities[b] for c in cities[a]) / len(cities[a]) / len(cities[b]))
        for a, b in set(pairs)
        if a != b
    )
    assert flows(engine)["weight"].sum() == pytest.approx(weight)  # all but what stays within a city


def test_nothing_gives_empty_tables(engine: "Engine") -> None:
    engine.register("items", ITEMS.to_frame())
    engine.register("cites", _frame([], citing=pl.String, cited=pl.String, year=pl.Int64))
    assert received(engine, basis="cites").schema == RECEIVED
    assert flows(engine).is_empty()


def test_wrong_settings_are_answered(engine: "Engine") -> None:
    span = Span(years=5, first=2000, last=2010)
    with pytest.raises(UnknownNameError, match="there is no basis 'count'; did you mean 'counts'"):
        received(engine, basis="count")  # type: ignore[arg-type]
    with pytest.raises(FormatError, match="expected no span"):
        received(engine, basis="counts", span=span)
    with pytest.raises(FormatError, match="expected a span"):
        received(engine, basis="yearly")
    with pytest.raises(FormatError, match="at least one year"):
        received(engine, basis="cites", span=Span(years=0, first=2000, last=2010))


def test_the_top_list_with_ties_and_without_those_that_have_no_data() -> None:
    rows = [
        ("ai", 2000, 1, 5, 5, 10, 4.0), ("ai", 2001, 1, 5, 5, 2, 1.0), ("ai", 2000, 2, 3, 3, 9, 5.0),
        ("ai", 2000, 3, 1, 1, 1, 1.0), ("ai", 2000, 4, 1, 0, None, None), ("ai", 2000, 5, 1, 1, 0, 0.0),
        ("ai", 2009, 3, 1, 1, 90, 90.0), ("ai", 2001, 2, 2, 0, None, None),
    ]  # fmt: skip
    table = pl.DataFrame(rows, schema=RECEIVED, orient="row")
    got = top(table, windows=[(2000, 2004), (2005, 2009)], most=2)
    assert got.schema == TOP
    assert got.select("from_year", "position", "city_id", "records", "citations").rows() == [
        (2000, 1, 1, 10, 12),
        (2000, 1, 2, 5, 9),  # 5.0 each
        (2005, 1, 3, 1, 90),
    ]
    assert top(table, windows=[(2000, 2004)], amount="citations")["city_id"].to_list() == [1, 2, 3]
    with pytest.raises(UnknownNameError, match="there is no amount 'cited'"):
        top(table, windows=[], amount="cited")
