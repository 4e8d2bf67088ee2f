"""The projection against a self-join and exact fractions, however the rows come, are cut and are kept."""

import itertools
import math
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pairs_oracle import recount

from cosmopolis.engines import _projector, _runs
from cosmopolis.engines.duckdb import Engine
from cosmopolis.engines.projection import (
    PAIR_COLUMNS,
    ROW_COLUMNS,
    SHARE_UNITS,
    TOTAL_COLUMNS,
    Projection,
    UnsortedItemsError,
    combine,
    partial_schema,
    partial_sums,
    project_batches,
    share_units,
)
from cosmopolis.errors import FormatError, UnknownNameError

SCHEMA = pl.Schema({"item": pl.Int64, "year": pl.Int64, "field": pl.String, "city_id": pl.Int64})

FIELDS = st.sampled_from(["ai", "量子", "brain"])
ROWS = st.lists(
    st.tuples(
        st.integers(0, 12) | st.none(),
        st.integers(2000, 2002) | st.none(),
        FIELDS | st.none(),
        st.integers(-3, 9) | st.none(),
    ),
    max_size=80,
)


def _frame(rows: list[tuple[Any, ...]], *, text: bool = False) -> pl.DataFrame:
    frame = pl.DataFrame(rows, schema=SCHEMA, orient="row")
    if text:
        frame = frame.with_columns(
            pl.format("p{}é", "item").alias("item"), pl.format("城{}", "city_id").alias("city_id")
        )
    return frame


def _sums(frame: pl.DataFrame, keys: int) -> dict[tuple[Any, ...], tuple[int, ...]]:
    return {tuple(row[:keys]): tuple(row[keys:]) for row in frame.rows()}


def _agrees(got: Projection, rows: pl.DataFrame, largest_record: int | None = None) -> None:
    pairs, totals = recount(rows, largest_record)
    assert list(got.pairs.columns) == list(PAIR_COLUMNS)
    assert list(got.totals.columns) == list(TOTAL_COLUMNS)
    assert list(_sums(got.pairs, 4).items()) == list(pairs.items())
    assert list(_sums(got.totals, 3).items()) == list(totals.items())
    assert got.null_rows == rows.height - rows.drop_nulls().height


def _cut(rows: pl.DataFrame, cuts: list[int]) -> list[pa.RecordBatch]:
    edges = [0, *sorted(min(c, rows.height) for c in cuts), rows.height]
    parts = [rows[a:b] for a, b in itertools.pairwise(edges)]
    return [batch for part in parts for batch in part.to_arrow().to_batches()]


def test_the_toy_in_units() -> None:
    papers = [[1, 2], [1, 2, 3], [1], [1, 2, 3, 4]]
    rows = _frame([(k, 2020, "ai", city) for k, cities in enumerate(papers) for city in cities])
    with Engine(threads=1) as engine:
        engine.register("rows", rows)
        got = engine.project("SELECT * FROM rows")
    half, third, sixth = Fraction(1, 2), Fraction(1, 3), Fraction(1, 6)
    assert {
        (origin, destination): (count, Fraction(fractional, SHARE_UNITS), Fraction(refined, SHARE_UNITS))
        for _, _, origin, destination, count, fractional, refined in got.pairs.rows()
    } == {
        (1, 2): (3, 1 + half + third, 1 + third + sixth),
        (1, 3): (2, half + third, third + sixth),
        (1, 4): (1, third, sixth),
        (2, 3): (2, half + third, third + sixth),
        (2, 4): (1, third, sixth),
        (3, 4): (1, third, sixth),
    }
    assert (got.records, got.singles, got.capped, got.null_rows) == (4, 1, 0, 0)


@settings(max_examples=30, deadline=None)
@given(
    rows=ROWS,
    text=st.booleans(),
    threads=st.sampled_from([1, 2]),
    most=st.sampled_from([None, 2, 3]),
)
def test_any_rows_in_any_order_give_what_a_self_join_gives(
    rows: list[tuple[Any, ...]], *, text: bool, threads: int, most: int | None
) -> None:
    frame = _frame(rows, text=text)
    with Engine(threads=threads) as engine:
        engine.register("rows", frame)
        _agrees(engine.project("SELECT * FROM rows", largest_record=most), frame, most)


@settings(max_examples=30, deadline=None)
@given(rows=ROWS, cuts=st.lists(st.integers(0, 80), max_size=8), text=st.booleans())
def test_batches_may_be_cut_anywhere(rows: list[tuple[Any, ...]], cuts: list[int], *, text: bool) -> None:
    frame = _frame(rows, text=text).sort("item", nulls_last=True)
    _agrees(project_batches(_cut(frame, cuts)), frame)


@settings(max_examples=20, deadline=None)
@given(rows=ROWS, parts=st.integers(1, 4), text=st.booleans())
def test_partial_sums_of_any_partition_of_the_items_add_up(
    rows: list[tuple[Any, ...]], parts: int, *, text: bool
) -> None:
    frame = _frame(rows, text=text)
    place = frame["item"].hash(7) % parts
    batches = [
        batch for k in range(parts) for batch in partial_sums(_cut(frame.filter(place.eq_missing(k)), [3, 9]))
    ]
    schema = partial_schema(text_cities=text)
    assert all(batch.schema == schema for batch in batches if batch.num_rows > 1 or not text)
    sums = pa.Table.from_batches([b.cast(schema) for b in batches], schema=schema)
    _agrees(combine(sums), frame)


def _random_rows(seed: int, *, records: int, cities: int, groups: int, most: int) -> pl.DataFrame:
    draw = np.random.Generator(np.random.Philox(seed))
    size = draw.integers(1, most + 1, records)
    item = np.repeat(np.arange(records), size)
    city = (draw.random(len(item)) ** 3 * cities).astype(np.int64) * 7 - 11
    group = np.repeat(draw.integers(0, groups, records), size)
    return pl.DataFrame(
        {
            "item": item,
            "year": 2000 + group // 3,
            "field": pl.Series(["c", "a", "b"]).gather(group % 3),
            "city_id": city,
        }
    ).match_to_schema(SCHEMA, integer_cast="upcast")


@pytest.fixture
def small_cache(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let a group of more than 200 pair events be too large for the cache."""
    monkeypatch.setattr(_runs, "CACHE_EVENTS", 200)


@pytest.mark.usefixtures("small_cache")
@pytest.mark.parametrize("threads", [1, 2, 3])
@pytest.mark.parametrize("groups", [1, 4, 300])
def test_groups_larger_than_the_cache_give_the_same(groups: int, threads: int) -> None:
    rows = _random_rows(groups, records=1500, cities=60, groups=groups, most=7)
    _agrees(project_batches(_cut(rows, [100, 1000, 2500]), threads=threads), rows)


@pytest.fixture
def little_memory(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """Let memory hold some 250 words of records and no run: runs go to a folder inside the one returned."""
    monkeypatch.setattr(_projector, "WORDS_PART", 1 << 10)
    monkeypatch.setattr(_projector, "RUNS_PART", 1 << 40)
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    return tmp_path


@pytest.mark.parametrize("text", [False, True])
@pytest.mark.parametrize("groups", [1, 40])
def test_runs_on_disk_are_merged_to_the_same(little_memory: Path, groups: int, *, text: bool) -> None:
    rows = _random_rows(8, records=900, cities=80, groups=groups, most=6)
    if text:
        rows = rows.with_columns(pl.col("city_id").cast(pl.String))
    with _projector.Projector(memory_mb=1) as projector:
        for batch in _cut(rows, list(range(200, rows.height, 200))):
            projector.add(batch)
        got = projector.finish()
        runs = list(little_memory.glob("*/*.run"))
    assert len(runs) > 10
    _agrees(got, rows)
    assert not list(little_memory.iterdir())


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(rows=ROWS, cuts=st.lists(st.integers(0, 80), max_size=8))
def test_any_rows_give_the_same_run_by_run(
    little_memory: Path, rows: list[tuple[Any, ...]], cuts: list[int]
) -> None:
    assert little_memory.is_dir()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(_projector, "WORDS_PART", 1 << 14)  # room for one item of eight cities
        frame = _frame(rows).sort("item", nulls_last=True)
        _agrees(project_batches(_cut(frame, cuts), memory_mb=1), frame)


def test_an_item_larger_than_all_room_makes_room(little_memory: Path) -> None:
    rows = _frame(
        [(1, 2020, "ai", city % 400) for city in range(1000)] + [(2, 2020, "ai", 1), (2, 2020, "ai", 2)]
    )
    _agrees(project_batches(_cut(rows, [300, 650]), memory_mb=1), rows)
    assert not list(little_memory.iterdir())


def test_a_pair_of_more_records_than_units_can_count_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_projector, "_MOST_COUNT", 2)
    rows = _frame([(item, 2020, "ai", city) for item in range(3) for city in (1, 2)])
    with pytest.raises(OverflowError, match="more than 2 records"):
        project_batches(_cut(rows, []))


def test_more_cities_and_groups_than_a_key_can_hold_are_an_error() -> None:
    many = np.arange(2**25)
    layout = _runs.Layout(groups=many[: 2**15], cities=many, sizes=many[:1])
    with pytest.raises(FormatError, match="a key of 66 bits, but it has 64"):
        layout.check()


@pytest.mark.parametrize("fields", [3, 100])
def test_parquet_files_give_what_frames_give(tmp_path: Path, fields: int) -> None:
    rows = _random_rows(9, records=300, cities=30, groups=3, most=5)
    rows = rows.with_columns(field=pl.format("it's {}", pl.col("item") % fields))
    paths = [tmp_path / "a.parquet", tmp_path / "b.parquet"]
    for path, part in zip(paths, (rows[:444], rows[444:]), strict=True):
        part.write_parquet(path)
    out = tmp_path / "pairs.parquet"
    with Engine(threads=2) as engine:
        engine.register("rows", paths)
        got = engine.project("SELECT * FROM rows")
        written = engine.project_to_file("SELECT * FROM rows", out)
    _agrees(got, rows)
    assert pl.read_parquet(out).equals(got.pairs)
    assert written.pairs.is_empty()
    assert written.totals.equals(got.totals)


def test_a_huge_record_is_exact_to_the_unit() -> None:
    huge = pl.DataFrame({"item": 900, "year": 2001, "field": "b", "city_id": range(300)}, schema=SCHEMA)
    rows = pl.concat([_random_rows(3, records=50, cities=30, groups=2, most=30), huge])
    got = project_batches(_cut(rows, [10, 700]))
    _agrees(got, rows)
    capped = project_batches(_cut(rows, [10, 700]), largest_record=299)
    _agrees(capped, rows, 299)
    assert capped.capped == 1
    assert capped.totals.equals(got.totals)


def test_a_record_of_two_thousand_cities_gives_each_of_its_pairs_once() -> None:
    rows = pl.DataFrame({"item": 1, "year": 2001, "field": "b", "city_id": range(2000)}, schema=SCHEMA)
    pairs = project_batches(_cut(rows, [1999])).pairs
    assert pairs.height == math.comb(2000, 2)
    assert pairs.select("origin", "destination").is_unique().all()
    assert pairs["count"].unique().to_list() == [1]
    assert pairs["fractional_units"].unique().to_list() == [round(SHARE_UNITS / 1999)]


def test_the_same_integers_for_any_order_of_rows() -> None:
    rows = _random_rows(5, records=400, cities=40, groups=3, most=9)
    first = project_batches(_cut(rows, []))
    for seed in range(3):
        with Engine(threads=1 + seed % 2) as engine:
            engine.register("rows", rows.sample(fraction=1, shuffle=True, seed=seed))
            again = engine.project("SELECT city_id, field, year, item FROM rows")
        assert again.pairs.equals(first.pairs)
        assert again.totals.equals(first.totals)


def test_invariants_of_the_units() -> None:
    rows = _random_rows(6, records=2000, cities=50, groups=5, most=12)
    got = project_batches(_cut(rows, [777]))
    assert got.pairs["refined_units"].sum() == (got.records - got.singles) * SHARE_UNITS
    assert got.totals["fractional_units"].sum() == got.records * SHARE_UNITS
    turned = got.pairs.rename({"origin": "destination", "destination": "origin"})
    ends = pl.concat([got.pairs, turned.select(PAIR_COLUMNS)])
    of_city = ends.group_by("field", "year", city_id="origin").agg(pl.col("fractional_units").sum())
    both = got.totals.filter(pl.col("shared") > 0).join(of_city, on=TOTAL_COLUMNS[:3], suffix="_pairs")
    assert both.height == of_city.height
    assert (both["fractional_units_pairs"] == both["shared"] * SHARE_UNITS).all()


def test_units_are_exact_up_to_24_cities_and_nearest_beyond() -> None:
    for n in range(2, 25):
        assert int(share_units(np.array([n - 1]))[0]) * (n - 1) == SHARE_UNITS
        assert int(share_units(np.array([n * (n - 1) // 2]))[0]) * n * (n - 1) == 2 * SHARE_UNITS
    for parts in (29, 1_000, 499_500, 10**9):
        assert abs(int(share_units(np.array([parts]))[0]) * parts - SHARE_UNITS) * 2 <= parts


def test_no_rows_give_empty_tables_of_the_right_kinds() -> None:
    with Engine(threads=1) as engine:
        engine.register("rows", _frame([]))
        got = engine.project("SELECT * FROM rows")
    assert got.pairs.schema["origin"] == pl.Int64
    assert got.pairs.is_empty()
    assert got.totals.is_empty()
    assert combine(pa.Table.from_batches([*partial_sums([])])).records == 0


def test_descending_items_are_told_to_whoever_promised_that_they_ascend() -> None:
    rows = _frame([(2, 2020, "ai", 1), (1, 2020, "ai", 1)])
    with pytest.raises(UnsortedItemsError, match="descend"):
        project_batches(_cut(rows, [1]))


def test_wrong_rows_are_answered_with_what_was_expected() -> None:
    rows = _frame([(1, 2020, "ai", 1)])
    with pytest.raises(UnknownNameError, match="did you mean 'city'"):
        project_batches(rows.rename({"city_id": "city"}).to_arrow().to_batches())
    with pytest.raises(FormatError, match=r"'year' is double, expected whole numbers"):
        project_batches(rows.with_columns(pl.col("year").cast(pl.Float64)).to_arrow().to_batches())
    with pytest.raises(FormatError, match="'field' is int64, expected text"):
        project_batches(rows.with_columns(field=pl.lit(1, pl.Int64)).to_arrow().to_batches())
    with pytest.raises(FormatError, match="expected at least 2"):
        project_batches([], largest_record=1)
    assert set(ROW_COLUMNS) == set(SCHEMA)
