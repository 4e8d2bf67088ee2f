"""Ties inside cities: planted truth, the definition read another way, and the account of records."""

import itertools
from collections import Counter
from collections.abc import Iterator

import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from cosmopolis.engines.duckdb import Engine
from cosmopolis.errors import SpecError, UnknownNameError
from cosmopolis.measures import city_organisations

MUNICH, BERLIN = 2867714, 2950159
ROWS = {
    "item": pl.String,
    "year": pl.Int64,
    "field": pl.String,
    "city_id": pl.Int64,
    "organisation": pl.String,
}
SPANS = {"field": pl.String, "from_year": pl.Int64, "to_year": pl.Int64}

Row = tuple[str | None, int | None, str, int | None, str | None]


@pytest.fixture(scope="module")
def engine() -> Iterator[Engine]:
    with Engine(threads=2) as engine:
        yield engine


def _ask(
    engine: Engine, rows: list[Row], *spans: tuple[str, int, int], most: int = 10
) -> city_organisations.Inside:
    engine.register("records", pl.DataFrame(rows, schema=ROWS, orient="row"))
    asked = pl.DataFrame(spans or [("ai", 2020, 2024)], schema=SPANS, orient="row")
    return city_organisations.inside(engine, "records", asked, network="coauthorship", most=most)


def _pairs(found: city_organisations.Inside) -> list[tuple[object, ...]]:
    return found.organisations.drop("network", "field", "from_year", "to_year").rows()


def _records(found: city_organisations.Inside) -> list[tuple[object, ...]]:
    return found.records.drop("network", "field", "from_year", "to_year").rows()


def test_planted_ties_come_out(engine: Engine) -> None:
    rows: list[Row] = [
        ("a", 2020, "ai", MUNICH, "TU"),
        ("a", 2020, "ai", MUNICH, "LMU"),
        ("a", 2020, "ai", MUNICH, "LMU"),  # a second address of the same
        ("b", 2024, "ai", MUNICH, "LMU"),
        ("b", 2024, "ai", MUNICH, "TU"),
        ("b", 2024, "ai", MUNICH, "Siemens"),
        ("b", 2024, "ai", BERLIN, "Siemens"),
        ("c", 2022, "ai", MUNICH, "TU"),
        ("d", 2022, "ai", MUNICH, None),
        ("d", 2022, "ai", MUNICH, "TU"),  # one known and one not: no pair
        ("e", 2022, "ai", MUNICH, None),
        ("f", 2022, "ai", MUNICH, "TU"),  # the two stand in two cities
        ("f", 2022, "ai", BERLIN, "LMU"),
    ]
    found = _ask(engine, rows)
    assert found.organisations.schema == city_organisations.CITY_ORGANISATIONS
    assert found.records.schema == city_organisations.CITY_INSIDE
    assert _pairs(found) == [
        (MUNICH, "LMU", "TU", 2, 1),
        (MUNICH, "LMU", "Siemens", 1, 2),
        (MUNICH, "Siemens", "TU", 1, 2),
    ]
    assert _records(found) == [(MUNICH, 6, 3, 5, 2), (BERLIN, 2, 2, 2, 0)]
    assert found.records.row(0)[:4] == ("coauthorship", "ai", 2020, 2024)


def test_other_years_fields_and_rows_without_item_or_city_do_not_count(engine: Engine) -> None:
    rows: list[Row] = []
    for item, year, field, city in (
        ("a", 2019, "ai", 1),
        ("b", 2025, "ai", 1),
        ("c", 2022, "robotics", 1),
        (None, 2022, "ai", 1),
        ("d", None, "ai", 1),
        ("e", 2022, "ai", None),
    ):
        rows += [(item, year, field, city, "A"), (item, year, field, city, "B")]
    found = _ask(engine, rows)
    assert found.organisations.is_empty()
    assert found.records.is_empty()


def test_an_item_in_two_years_is_two_records(engine: Engine) -> None:
    rows: list[Row] = [("a", year, "ai", 1, name) for year in (2021, 2022) for name in "AB"]
    rows += [("b", 2021, "ai", 1, "A"), ("b", 2022, "ai", 1, "B")]
    found = _ask(engine, rows)
    assert _pairs(found) == [(1, "A", "B", 2, 1)]
    assert _records(found) == [(1, 4, 2, 4, 2)]


def test_spans_are_counted_each_for_itself(engine: Engine) -> None:
    rows: list[Row] = [
        (f"{field}{year}", year, field, 1, name)
        for field in ("ai", "robotics")
        for year in (2010, 2020)
        for name in "AB"
    ]
    found = _ask(engine, rows, ("robotics", 2020, 2024), ("ai", 2006, 2010), ("ai", 2006, 2020))
    columns = ("field", "from_year", "to_year", "count")
    assert found.organisations.select(columns).rows() == [
        ("ai", 2006, 2010, 1),
        ("ai", 2006, 2020, 2),
        ("robotics", 2020, 2024, 1),
    ]


def test_equals_share_a_position_and_each_city_has_its_own_cut(engine: Engine) -> None:
    rows: list[Row] = [("x", 2020, "ai", city, name) for city in (1, 2) for name in "DCBA"]
    rows += [("y", 2020, "ai", 2, "C"), ("y", 2020, "ai", 2, "D")]
    found = _ask(engine, rows, most=2)
    assert _pairs(found) == [
        (1, "A", "B", 1, 1),
        (1, "A", "C", 1, 1),
        (2, "C", "D", 2, 1),
        (2, "A", "B", 1, 2),
    ]
    assert _records(found) == [(1, 1, 4, 1, 1), (2, 2, 4, 2, 2)]  # the cut is of the list alone


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.lists(
        st.tuples(
            st.sampled_from("pqr"),
            st.sampled_from([2019, 2020, 2021]),
            st.sampled_from(["ai", "robotics"]),
            st.integers(1, 2),
            st.sampled_from(["A", "a", "É", "北京大学", "😀", None]),
        ),
        max_size=30,
    ),
    st.integers(1, 4),
)
def test_the_definition_read_another_way(engine: Engine, rows: list[Row], most: int) -> None:
    found = _ask(engine, rows, ("ai", 2020, 2021), ("robotics", 2020, 2021), most=most)
    records: dict[tuple[str, int, str | None, int], set[str]] = {}
    for item, year, field, city, name in rows:
        if year is not None and year >= 2020 and city is not None:
            of_record = records.setdefault((field, city, item, year), set())
            if name is not None:
                of_record.add(name)
    counts: Counter[tuple[str, int, str, str]] = Counter()
    for (field, city, _, _), names in records.items():
        for one, other in itertools.combinations(sorted(names, key=str.encode), 2):
            counts[field, city, one, other] += 1
    expected = []
    for field, city in sorted({key[:2] for key in counts}):
        own = {key[2:]: n for key, n in counts.items() if key[:2] == (field, city)}
        order = sorted(own, key=lambda pair: (-own[pair], pair[0].encode(), pair[1].encode()))
        expected += [
            (field, city, *pair, own[pair], 1 + sum(n > own[pair] for n in own.values()))
            for pair in order[:most]
        ]
    assert found.organisations.drop("network", "from_year", "to_year").rows() == expected
    account = []
    for field, city in sorted({key[:2] for key in records}):
        own_records = [names for key, names in records.items() if key[:2] == (field, city)]
        account.append(
            (
                field,
                city,
                len(own_records),
                len(set().union(*own_records)),
                sum(len(names) >= 1 for names in own_records),
                sum(len(names) >= 2 for names in own_records),
            )
        )
    assert found.records.drop("network", "from_year", "to_year").rows() == account


def test_wrong_questions_are_refused(engine: Engine) -> None:
    with pytest.raises(SpecError, match="stands more than once"):
        _ask(engine, [], ("ai", 2020, 2020), ("ai", 2020, 2020))
    with pytest.raises(SpecError, match="got most = 0, but expected at least 1; 10 is the default"):
        _ask(engine, [], most=0)
    asked = pl.DataFrame([("ai", 2020, 2020)], schema=SPANS, orient="row")
    with pytest.raises(UnknownNameError, match="'recods', which is not registered; did you mean 'records'"):
        city_organisations.inside(engine, "recods", asked, network="x")
    with pytest.raises(UnknownNameError, match="spans: no column 'field'"):
        city_organisations.inside(engine, "records", asked.drop("field"), network="x")


def test_no_span_gives_empty_tables(engine: Engine) -> None:
    engine.register("records", pl.DataFrame([("a", 2020, "ai", 1, "A")], schema=ROWS, orient="row"))
    found = city_organisations.inside(engine, "records", pl.DataFrame(schema=SPANS), network="x")
    assert found.organisations.schema == city_organisations.CITY_ORGANISATIONS
    assert found.records.is_empty()
