"""Every engine gives the same frames, to the last integer and the last type.

Each behaviour is proved on each engine against what is written here or counted another way, never on one
engine against the other alone.
"""

from pathlib import Path
from typing import TYPE_CHECKING, Any

import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pairs_oracle import recount
from polars.testing import assert_frame_equal

from cosmopolis.engines import ENGINES, open_engine
from cosmopolis.engines.projection import PAIR_COLUMNS, SHARE_UNITS, TOTAL_COLUMNS, Projection
from cosmopolis.errors import FormatError, UnknownNameError

if TYPE_CHECKING:
    from cosmopolis.engines import Engine

ROWS = pl.Schema({"item": pl.Int64, "year": pl.Int64, "field": pl.String, "city_id": pl.Int64})
TEXTS = pl.Schema({"item": pl.String, "year": pl.Int64, "field": pl.String, "city_id": pl.String})
SQL = "SELECT item, year, field, city_id FROM papers"
LEAST, MOST = -(2**63), 2**63 - 1


def _rows(*rows: tuple[Any, ...], schema: pl.Schema = ROWS) -> pl.DataFrame:
    return pl.DataFrame(rows, schema=schema, orient="row")


def _project(engine: "Engine", rows: pl.DataFrame, largest_record: int | None = None) -> Projection:
    """Project rows and hold the answer against a recount of the same rows."""
    engine.register("papers", rows)
    got = engine.project(SQL, largest_record=largest_record)
    pairs, totals = recount(rows, largest_record)
    city = pl.String if rows.schema["city_id"] == pl.String else pl.Int64
    kinds = [pl.String, pl.Int64, city, city, pl.Int64, pl.Int64, pl.Int64]
    assert got.pairs.schema == dict(zip(PAIR_COLUMNS, kinds, strict=True))
    assert got.totals.schema == dict(zip(TOTAL_COLUMNS, [*kinds[:3], *kinds[4:]], strict=True))
    assert got.pairs.rows() == [(*key, *sums) for key, sums in pairs.items()]
    assert got.totals.rows() == [(*key, *sums) for key, sums in totals.items()]
    whole = rows.drop_nulls()
    sizes = whole.group_by("item", "year", "field").agg(n=pl.col("city_id").n_unique())["n"]
    assert got.records == len(sizes)
    assert got.singles == (sizes == 1).sum()
    assert got.capped == (0 if largest_record is None else (sizes > largest_record).sum())
    assert got.null_rows == rows.height - whole.height
    return got


CASES = {
    "the toy": _rows(
        *((k, 2020, "ai", city) for k, n in enumerate([2, 3, 1, 4]) for city in range(n))
    ),
    "nothing": _rows(),
    "nothing, texts": _rows(schema=TEXTS),
    "one city": _rows((1, 2020, "ai", 7)),
    "an empty cell in every column": _rows(
        (None, 2020, "ai", 1), (1, None, "ai", 1), (1, 2020, None, 1), (1, 2020, "ai", None),
        (1, 2020, "ai", 2), (1, 2020, "ai", 3), (None, None, None, None),
    ),
    "nothing but empty cells": _rows((None, None, None, None), (1, None, "ai", 2)),
    "a year that is missing": _rows((1, None, "ai", 1), (1, None, "ai", 2), (2, 2021, "ai", 1)),
    "affiliations named twice": _rows(*[(1, 2020, "ai", city) for city in (1, 2, 2, 1, 3, 1)] * 5),
    "an item in two fields": _rows(*((1, 2020, field, c) for field in ("ai", "brain") for c in (1, 2, 3))),
    "an item in two years": _rows(*((1, year, "ai", c) for year in (2019, 2020) for c in (1, 2, 3))),
    "an item split over fields": _rows((1, 2020, "ai", 1), (1, 2020, "brain", 2), (1, 2020, "brain", 3)),
    "ties": _rows(*((k, 2020, "ai", c) for k in range(6) for c in (k % 3, (k + 1) % 3))),
    "ids at the ends of 64 bits": _rows(
        *((item, 2020, "ai", c) for item in (LEAST, -1, MOST) for c in (LEAST, LEAST + 1, 0, MOST))
    ),
    "years before and after": _rows(*((k, y, "ai", c) for k, y in enumerate((-500, 9999)) for c in (1, 2))),
    "texts of many scripts": _rows(
        *(
            (item, 2020, field, city)
            for item, field in (("论文①", "量子"), ("🧪", "ai"), ("e\u0301", "ai"), ("é", "ai"), ("", ""))
            for city in ("北京", "München", "Mu\u0308nchen", "🏙️", "a", "B", "", "\U0010ffff", "\uffff")
        ),
        schema=TEXTS,
    ),
    "text items, number cities": pl.DataFrame(
        [("W1", 2020, "ai", 5), ("W1", 2020, "ai", 4), ("W10", 2020, "ai", 4), ("W2", 2020, "ai", 5)],
        schema={**ROWS, "item": pl.String}, orient="row",
    ),
    "number items, text cities": pl.DataFrame(
        [(1, 2020, "ai", "b"), (1, 2020, "ai", "a"), (2, 2020, "ai", "a")],
        schema={**ROWS, "city_id": pl.String}, orient="row",
    ),
}  # fmt: skip


@pytest.mark.parametrize("rows", CASES.values(), ids=CASES.keys())
def test_a_projection_of(rows: pl.DataFrame, engine: "Engine") -> None:
    _project(engine, rows)


@pytest.mark.parametrize("name", ENGINES)
@pytest.mark.parametrize("largest_record", [1999, 2000])
def test_a_projection_of_one_huge_record(
    largest_record: int, name: str, request: pytest.FixtureRequest
) -> None:
    """One record in 2,000 cities among small ones: 2 million pairs, or none; with the default settings."""
    if name == "spark":
        request.getfixturevalue("spark")
    rows = pl.DataFrame(
        {"item": [1] * 2000 + [2, 2, 3, 3], "city_id": [*range(2000), 0, 1, 5, 6]}
    ).with_columns(year=2020, field=pl.lit("physics"))
    with open_engine(name, threads=2) as engine:
        engine.register("papers", rows)
        got = engine.project(SQL, largest_record=largest_record)
    capped = largest_record == 1999
    assert got.pairs.height == (2 if capped else 2000 * 1999 // 2)
    assert got.pairs["count"].sum() == got.pairs.height + (0 if capped else 2)
    assert got.totals["count"].to_list() == [2, 2, 1, 1, 1, 2, 2, *[1] * 1993]
    assert (got.records, got.singles, got.capped, got.null_rows) == (3, 0, int(capped), 0)
    if not capped:
        shares = got.pairs.filter(pl.col("destination") > 6)
        assert shares["refined_units"].unique().to_list() == [round(2 * SHARE_UNITS / (2000 * 1999))]
        assert shares["fractional_units"].unique().to_list() == [round(SHARE_UNITS / 1999)]


VALUES = st.tuples(
    st.integers(0, 9) | st.none(),
    st.integers(2000, 2002) | st.none(),
    st.sampled_from(["ai", "量子", "brain"]) | st.none(),
    st.integers(-3, 9) | st.none(),
)


@settings(
    max_examples=8,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(rows=st.lists(VALUES, min_size=5, max_size=80), largest_record=st.sampled_from([None, 2, 3]))
def test_any_rows(engine: "Engine", rows: list[tuple[Any, ...]], largest_record: int | None) -> None:
    _project(engine, _rows(*rows), largest_record)


@pytest.mark.usefixtures("spark")
def test_rows_of_an_item_may_come_to_the_kernel_in_different_batches() -> None:
    """Spark cuts a part of the rows into batches wherever it likes; a pair across a cut counts too."""
    rows = _rows(
        *((1, 2020, "ai", c) for c in range(9)), *((k, 2020, "ai", c) for k in (2, 3) for c in (1, 2))
    )
    cut = {"spark.sql.shuffle.partitions": "1", "spark.sql.execution.arrow.maxRecordsPerBatch": "2"}
    with open_engine("spark", threads=2, settings=cut) as engine:
        assert _project(engine, rows).pairs.height == 9 * 8 // 2


def test_a_projection_of_files_with_rows_in_any_order(engine: "Engine", tmp_path: Path) -> None:
    rows = _rows(*((k // 3, 2000 + k // 60, "ai", k * 7 % 11) for k in range(200)))
    mixed = rows.sample(fraction=1, shuffle=True, seed=1)
    folder = tmp_path / "a [b] {c}? 城"
    folder.mkdir()
    paths = [folder / f"part {k}*.parquet" for k in range(3)]
    for k, path in enumerate(paths):
        mixed[k * 70 : (k + 1) * 70].write_parquet(path)
    engine.register("papers", paths)
    from_files = engine.project("SELECT field, city_id, item, year, 1 AS other FROM papers")
    assert_frame_equal(from_files.pairs, _project(engine, rows).pairs)


def test_a_file_that_is_not_there(engine: "Engine", tmp_path: Path) -> None:
    with pytest.raises(FormatError, match=r"there is no file .*none\.parquet"):
        engine.register("papers", [tmp_path / "none.parquet"])
    with pytest.raises(FormatError, match="got no Parquet file for the table 'papers'"):
        engine.register("papers", [])


def test_a_column_that_is_missing_or_of_the_wrong_kind(engine: "Engine") -> None:
    engine.register("papers", _rows((1, 2020, "ai", 1)))
    with pytest.raises(UnknownNameError, match="no column 'city_id'; did you mean 'city'"):
        engine.project("SELECT item, year, field, city_id AS city FROM papers")
    with pytest.raises(FormatError, match="column 'year' is double, expected whole numbers"):
        engine.project("SELECT item, CAST(year AS DOUBLE) AS year, field, city_id FROM papers")
    with pytest.raises(FormatError, match="expected at least 2"):
        engine.project(SQL, largest_record=1)


FRAME = pl.DataFrame(
    {
        "text": ["慕尼黑", None, "b", "B", "é", "e\u0301", "", "🏙️"],
        "whole": [MOST, LEAST, 0, None, 1, 2, 3, 3],
        "part": [0.1, -0.0, 1e300, None, float("inf"), 2.0, 3.0, 3.0],
        "is": [True, False, None, True, True, True, True, True],
    },
    schema_overrides={"whole": pl.Int64},
)


def test_rows_come_back_as_they_went_in_and_in_order(engine: "Engine") -> None:
    engine.register("t", FRAME)
    for order in (("text",), ("whole", "text"), ("part", "text"), ("is", "text")):
        got = engine.query("SELECT * FROM t", order=order)
        assert_frame_equal(got, FRAME.sort(order, nulls_last=False))
        assert got[order[0]][0] is None


def test_a_days_and_times_and_lists_come_back(engine: "Engine") -> None:
    frame = pl.DataFrame(
        {
            "n": [1, 2, 3],
            "texts": [["a", "b"], [], None],
            "wholes": [[1, 2**40], None, []],
            "day": ["2020-02-29", "0001-01-01", None],
            "time": ["2026-03-29 02:30:00.123456", None, "1900-01-01 00:00:00"],
        }
    ).with_columns(pl.col("day").str.to_date(), pl.col("time").str.to_datetime())
    engine.register("t", frame)
    assert_frame_equal(engine.query("SELECT * FROM t", order=("n",)), frame)


def test_unsigned_numbers_and_categories_become_plain(engine: "Engine") -> None:
    frame = pl.DataFrame(
        {"n": pl.Series([1, 2**32 - 1], dtype=pl.UInt32), "c": pl.Series(["b", "a"], dtype=pl.Categorical)}
    )
    engine.register("t", frame)
    expected = frame.cast({"n": pl.Int64, "c": pl.String})
    assert_frame_equal(engine.query("SELECT n, c FROM t", order=("n",)), expected)


def test_sums_counts_and_means_have_the_same_types(engine: "Engine") -> None:
    engine.register("t", pl.DataFrame({"g": ["a", "a", "b", None], "n": [3, None, 5, 7]}))
    got = engine.query(
        f"SELECT g, COUNT(*) AS rows_, COUNT(n) AS known, {engine.dialect.whole_sum('n')} AS total, "  # noqa: S608 - ours
        "AVG(n) AS mean, MIN(n) AS least, COUNT(DISTINCT n) AS kinds FROM t GROUP BY g",
        order=("g",),
    )
    expected = pl.DataFrame(
        [(None, 1, 1, 7, 7.0, 7, 1), ("a", 2, 1, 3, 3.0, 3, 1), ("b", 1, 1, 5, 5.0, 5, 1)],
        schema={
            "g": pl.String, "rows_": pl.Int64, "known": pl.Int64, "total": pl.Int64,
            "mean": pl.Float64, "least": pl.Int64, "kinds": pl.Int64,
        },
        orient="row",
    )  # fmt: skip
    assert_frame_equal(got, expected)


def test_a_sum_that_does_not_fit_is_an_error(engine: "Engine") -> None:
    engine.register("t", pl.DataFrame({"n": [MOST, 1]}))
    with pytest.raises(Exception, match=r"(?i)overflow|out of range"):
        engine.query(f"SELECT {engine.dialect.whole_sum('n')} AS total FROM t", order=("total",))  # noqa: S608 - ours


def test_lists_become_rows(engine: "Engine") -> None:
    engine.register("t", pl.DataFrame({"n": [1, 2, 3], "texts": [["a", "b", "a"], [], None]}))
    got = engine.query(
        f"SELECT n, text, COUNT(*) AS times FROM (SELECT n, {engine.dialect.unnest}(texts) AS text FROM t) "  # noqa: S608 - ours
        "AS u GROUP BY n, text",
        order=("n", "text"),
    )
    assert got.rows() == [(1, "a", 2), (1, "b", 1)]


def test_joins_on_texts_are_by_bytes(engine: "Engine") -> None:
    """Neither case nor accents are folded, and spaces at the end count."""
    texts = ["é", "e\u0301", "E", "e", "e ", "北京"]
    engine.register("a", pl.DataFrame({"x": texts}))
    got = engine.query("SELECT l.x AS x, r.x AS y FROM a AS l JOIN a AS r ON l.x = r.x", order=("x", "y"))
    assert got.rows() == sorted((x, x) for x in texts)


def test_rows_that_are_kept_stay_as_they_were(engine: "Engine") -> None:
    engine.register("t", pl.DataFrame({"n": [1, 2]}))
    engine.keep("kept", "SELECT n * 10 AS n FROM t")
    engine.register("t", pl.DataFrame({"n": [5]}))
    assert engine.query("SELECT n FROM kept", order=("n",)).rows() == [(10,), (20,)]
    engine.keep("kept", "SELECT n + 1 AS n FROM kept")
    assert engine.query("SELECT n FROM kept", order=("n",)).rows() == [(11,), (21,)]
    with pytest.raises(UnknownNameError, match="did you mean 'kept'"):
        engine.keep("other", "SELECT n FROM kep")


def test_an_order_that_leaves_ties_is_refused(engine: "Engine") -> None:
    engine.register("t", pl.DataFrame({"a": [1, 1, None, None], "b": [1, 2, 3, 4]}))
    with pytest.raises(ValueError, match="total order"):
        engine.query("SELECT a, b FROM t WHERE a IS NULL", order=("a",))


def test_a_missing_table_is_named_with_near_ones(engine: "Engine") -> None:
    engine.register("many_items", pl.DataFrame({"a": [1]}))
    for run in (lambda sql: engine.query(sql, order=("a",)), engine.project):
        with pytest.raises(UnknownNameError, match=r"'many_item'.*did you mean 'many_items'"):
            run("SELECT a FROM many_item")


def test_a_name_registered_again_is_replaced(engine: "Engine", tmp_path: Path) -> None:
    engine.register("t", pl.DataFrame({"a": [1]}))
    engine.register("t", pl.DataFrame({"a": ["x"]}))
    assert engine.query("SELECT a FROM t", order=("a",)).rows() == [("x",)]
    pl.DataFrame({"b": [2.5]}).write_parquet(tmp_path / "b.parquet")
    engine.register("t", [tmp_path / "b.parquet"])
    assert engine.query("SELECT b FROM t", order=("b",)).rows() == [(2.5,)]
    engine.keep("t", "SELECT b + b AS c FROM t")
    assert engine.query("SELECT c FROM t", order=("c",)).rows() == [(5.0,)]
    engine.register("t", [tmp_path / "b.parquet"])
    engine.register("t", pl.DataFrame({"d": [3]}))
    assert engine.query("SELECT d FROM t", order=("d",)).rows() == [(3,)]


@pytest.mark.parametrize("name", ["T", "a b", "", "1a", "t; DROP"])
def test_a_name_that_is_no_plain_word_is_refused(name: str, engine: "Engine") -> None:
    with pytest.raises(ValueError, match="table name"):
        engine.register(name, pl.DataFrame({"a": [1]}))
