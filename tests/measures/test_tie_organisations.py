"""Organisations behind ties: cases by hand, the definition read another way, and the account of records."""

import itertools
from collections import Counter
from collections.abc import Iterator

import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from cosmopolis.engines.duckdb import Engine
from cosmopolis.errors import SpecError, UnknownNameError
from cosmopolis.measures import tie_organisations

SHANGHAI, NEW_YORK, SHENZHEN, MUNICH = 1796236, 5128581, 1795565, 2867714
ROWS = {
    "item": pl.String,
    "year": pl.Int64,
    "field": pl.String,
    "city_id": pl.Int64,
    "organisation": pl.String,
}
PAIRS = {
    "field": pl.String,
    "from_year": pl.Int64,
    "to_year": pl.Int64,
    "origin": pl.Int64,
    "destination": pl.Int64,
}

Row = tuple[str, int, str, int, str | None]


@pytest.fixture(scope="module")
def engine() -> Iterator[Engine]:
    with Engine(threads=2) as engine:
        yield engine


def _ask(
    engine: Engine, rows: list[Row], pairs: list[tuple[str, int, int, int, int]], most: int = 10
) -> tie_organisations.Behind:
    engine.register("records", pl.DataFrame(rows, schema=ROWS, orient="row"))
    asked = pl.DataFrame(pairs, schema=PAIRS, orient="row")
    return tie_organisations.behind(engine, "records", asked, network="copatenting", most=most)


def test_one_firm_in_both_cities_is_marked(engine: Engine) -> None:
    rows: list[Row] = [
        ("a", 2011, "materials", SHANGHAI, "GE"),
        ("a", 2011, "materials", NEW_YORK, "GE"),
        ("b", 2012, "materials", SHANGHAI, "GE"),
        ("b", 2012, "materials", NEW_YORK, "GE"),
        ("c", 2012, "materials", SHANGHAI, "IBM"),
        ("c", 2012, "materials", NEW_YORK, "IBM"),
        ("c", 2012, "materials", NEW_YORK, "Columbia"),
        ("d", 2013, "materials", SHENZHEN, "Huawei"),
        ("d", 2013, "materials", MUNICH, "Huawei"),
    ]
    pairs = [("materials", 2010, 2014, SHANGHAI, NEW_YORK), ("materials", 2010, 2014, SHENZHEN, MUNICH)]
    found = _ask(engine, rows, pairs)
    columns = (
        "origin",
        "organisation_origin",
        "organisation_destination",
        "count",
        "position",
        "same_organisation",
    )
    assert found.organisations.select(columns).rows() == [
        (SHENZHEN, "Huawei", "Huawei", 1, 1, True),
        (SHANGHAI, "GE", "GE", 2, 1, True),
        (SHANGHAI, "IBM", "Columbia", 1, 2, False),
        (SHANGHAI, "IBM", "IBM", 1, 2, True),
    ]
    assert found.coverage.select("records", "named", "same", "organisation_pairs").rows() == [
        (1, 1, 1, 1),
        (3, 3, 3, 3),
    ]


def test_ends_stand_in_the_order_of_the_question(engine: Engine) -> None:
    rows: list[Row] = [("a", 2020, "ai", 1, "A"), ("a", 2020, "ai", 2, "B")]
    for origin, destination, ends in ((1, 2, ("A", "B")), (2, 1, ("B", "A"))):
        found = _ask(engine, rows, [("ai", 2020, 2020, origin, destination)]).organisations
        assert found.select("organisation_origin", "organisation_destination").row(0) == ends


def test_records_without_organisations_are_counted_not_guessed(engine: Engine) -> None:
    rows: list[Row] = [
        ("a", 2020, "ai", 1, "A"),
        ("a", 2020, "ai", 2, None),
        ("b", 2020, "ai", 1, None),
        ("b", 2020, "ai", 2, None),
        ("c", 2020, "ai", 1, "A"),
        ("c", 2020, "ai", 1, None),
        ("c", 2020, "ai", 2, "B"),
        ("d", 2020, "ai", 1, "A"),
    ]
    found = _ask(engine, rows, [("ai", 2016, 2020, 1, 2), ("ai", 2016, 2020, 1, 9)])
    assert found.coverage.select("destination", "records", "named", "same").rows() == [
        (2, 3, 1, 0),
        (9, 0, 0, 0),
    ]
    assert found.organisations["count"].to_list() == [1]


def test_other_years_fields_and_repeated_rows_do_not_count(engine: Engine) -> None:
    rows: list[Row] = [
        ("a", 2015, "ai", 1, "A"),
        ("a", 2015, "ai", 2, "B"),
        ("a", 2020, "robots", 1, "A"),
        ("a", 2020, "robots", 2, "B"),
        ("b", 2016, "ai", 1, "A"),
        ("b", 2016, "ai", 1, "A"),
        ("b", 2016, "ai", 2, "B"),
        ("c", 2017, "ai", 1, "A"),
        ("c", 2018, "ai", 2, "B"),
    ]
    found = _ask(engine, rows, [("ai", 2016, 2020, 1, 2)])
    assert found.organisations["count"].to_list() == [1]
    assert found.coverage["records"].to_list() == [1]


def test_equals_share_a_position_and_the_list_is_cut_by_name(engine: Engine) -> None:
    names = ["D", "C", "B", "A"]
    rows: list[Row] = [("x", 2020, "ai", 2, "Z")]
    rows += [("x", 2020, "ai", 1, name) for name in names]
    rows += [("y", 2020, "ai", 1, "C"), ("y", 2020, "ai", 2, "Z")]
    found = _ask(engine, rows, [("ai", 2020, 2020, 1, 2)], most=3)
    assert found.organisations.select("organisation_origin", "count", "position").rows() == [
        ("C", 2, 1),
        ("A", 1, 2),
        ("B", 1, 2),
    ]
    assert found.coverage["organisation_pairs"].to_list() == [4]


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.lists(
        st.tuples(
            st.sampled_from("pqr"),
            st.sampled_from([2019, 2020]),
            st.just("ai"),
            st.integers(1, 3),
            st.sampled_from(["A", "B", "北京大学", None]),
        ),
        max_size=25,
    )
)
def test_the_definition_read_another_way(engine: Engine, rows: list[Row]) -> None:
    pairs = [("ai", 2019, 2020, a, b) for a, b in itertools.combinations((1, 2, 3), 2)]
    found = _ask(engine, rows, pairs, most=100).organisations
    records: dict[tuple[str, int], set[tuple[int, str]]] = {}
    for item, year, _, city, organisation in rows:
        if organisation is not None:
            records.setdefault((item, year), set()).add((city, organisation))
    expected: Counter[tuple[int, int, str, str]] = Counter()
    for present in records.values():
        for (a, one), (b, other) in itertools.product(present, repeat=2):
            if a < b:
                expected[a, b, one, other] += 1
    columns = ("origin", "destination", "organisation_origin", "organisation_destination", "count")
    assert {row[:4]: row[4] for row in found.select(columns).iter_rows()} == dict(expected)


def test_wrong_questions_are_refused(engine: Engine) -> None:
    with pytest.raises(SpecError, match="stands more than once"):
        _ask(engine, [], [("ai", 2020, 2020, 1, 2)] * 2)
    with pytest.raises(SpecError, match="is of one city"):
        _ask(engine, [], [("ai", 2020, 2020, 1, 1)])
    with pytest.raises(SpecError, match="got most = 0"):
        _ask(engine, [], [("ai", 2020, 2020, 1, 2)], most=0)
    asked = pl.DataFrame([("ai", 2020, 2020, 1, 2)], schema=PAIRS, orient="row")
    with pytest.raises(UnknownNameError, match="'recods', which is not registered; did you mean 'records'"):
        tie_organisations.behind(engine, "recods", asked, network="x")
    with pytest.raises(UnknownNameError, match="pairs: no column 'field'"):
        tie_organisations.behind(engine, "records", asked.drop("field"), network="x")
