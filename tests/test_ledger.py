"""The ledger proves rows in = used + quarantined, for rows that are named and for rows that are counted."""

from pathlib import Path

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cosmopolis.errors import LedgerError
from cosmopolis.ledger import FileRows, Ledger
from cosmopolis.sources.raw import QUARANTINE_SCHEMA, quarantine_rows


def file_rows(folder: Path, name: str, rows_in: int, away: list[int], *, before: int = 0) -> FileRows:
    path = folder / f"{name}.parquet"
    quarantine_rows("s", "p", [(row, "column", "value", "broken") for row in away]).write_parquet(path)
    return FileRows(file=name, before=before, rows_in=rows_in, rows_quarantined=len(away), quarantine=path)


@pytest.fixture
def ledger(tmp_path: Path) -> Ledger:
    ledger = Ledger()
    files = [
        file_rows(tmp_path, "a", 5, [2]),
        file_rows(tmp_path, "b", 0, [], before=5),
        file_rows(tmp_path, "c", 4, [1, 4], before=5),
    ]
    ledger.open_files("s", "p", files)
    return ledger


def test_a_part_settled_by_numbers(ledger: Ledger) -> None:
    ledger.count("s", "p", used=2, aside={"of no field": 3, "in no city": 1, "never": 0})
    assert ledger.entries() == {"s": {"rows_in": 9, "rows_used": 2, "rows_quarantined": 7}}
    assert ledger.reasons("s") == {"broken": 3, "in no city": 1, "of no field": 3}
    assert ledger.tables()["s"].drop("source").rows() == [
        ("p", None, "", "1 row", "in no city"),
        ("p", None, "", "3 rows", "of no field"),
        ("p:a", 2, "column", "value", "broken"),
        ("p:c", 1, "column", "value", "broken"),
        ("p:c", 4, "column", "value", "broken"),
    ]
    assert ledger.tables()["s"].schema == QUARANTINE_SCHEMA


@pytest.mark.parametrize(("used", "aside"), [(2, {"x": 3}), (6, {"x": 1}), (0, {}), (7, {})])
def test_numbers_that_do_not_add_up(ledger: Ledger, used: int, aside: dict[str, int]) -> None:
    ledger.count("s", "p", used=used, aside=aside)
    with pytest.raises(LedgerError, match="9 rows in"):
        ledger.entries()


def test_a_part_is_settled_once_and_in_one_way(ledger: Ledger) -> None:
    ledger.count("s", "p", used=6, aside={})
    with pytest.raises(LedgerError, match="settled twice"):
        ledger.count("s", "p", used=6, aside={})
    ledger.use("s", "p", pl.Series([1]))
    with pytest.raises(LedgerError, match="one of the two"):
        ledger.entries()
    with pytest.raises(LedgerError, match="counted in twice"):
        ledger.open_files("s", "p", [])


def test_rows_by_name_in_files(ledger: Ledger) -> None:
    ledger.use("s", "p", pl.Series([1, 3, 4, 7]))
    ledger.quarantine(quarantine_rows("s", "p", [(5, "c", None, "late"), (8, "c", None, "later")]))
    assert ledger.entries()["s"] == {"rows_in": 9, "rows_used": 4, "rows_quarantined": 5}
    assert ledger.tables()["s"].select("part", "row", "reason").rows() == [
        ("p:a", 2, "broken"),
        ("p:a", 5, "late"),
        ("p:c", 1, "broken"),
        ("p:c", 3, "later"),
        ("p:c", 4, "broken"),
    ]


def test_a_row_that_was_quarantined_when_read_and_is_used(ledger: Ledger) -> None:
    ledger.use("s", "p", pl.Series([1, 2, 3, 4, 5, 7, 8]))
    with pytest.raises(LedgerError, match=r"1 of them both \(such as rows \[2\]\)"):
        ledger.entries()


def test_files_that_were_read_together(tmp_path: Path) -> None:
    path = tmp_path / "away.parquet"
    lines = [(2, "c", None, "broken"), (5, "k", "x", "the same as row 1"), (8, "k", "y", "the same as row 7")]
    quarantine_rows("s", "p", lines).write_parquet(path)
    starts = (("a.csv", 0), ("empty.csv", 3), ("b.csv", 3), ("", 6))
    rows = FileRows(file="", before=0, rows_in=9, rows_quarantined=3, quarantine=path, starts=starts)
    ledger = Ledger()
    ledger.open_files("s", "p", [rows])
    ledger.use("s", "p", pl.Series([1, 4, 6, 7]))
    ledger.quarantine(quarantine_rows("s", "p", [(3, "c", None, "late"), (9, "c", None, "of no row")]))
    assert ledger.entries()["s"] == {"rows_in": 9, "rows_used": 4, "rows_quarantined": 5}
    assert ledger.tables()["s"].select("part", "row", "reason").rows() == [
        ("p", 2, "the same as row 1"),
        ("p", 3, "of no row"),
        ("p:a.csv", 2, "broken"),
        ("p:a.csv", 3, "late"),
        ("p:b.csv", 2, "the same as row 1 of a.csv"),
    ]


def test_a_folder_that_is_read_as_one_has_no_empty_file(tmp_path: Path) -> None:
    path = tmp_path / "away.parquet"
    quarantine_rows("s", "p", [(2, "c", None, "broken")]).write_parquet(path)
    ledger = Ledger()
    ledger.open_files("s", "p", [FileRows(file="", before=0, rows_in=3, rows_quarantined=1, quarantine=path)])
    ledger.use("s", "p", pl.Series([1]))
    ledger.quarantine(quarantine_rows("s", "p", [(3, "c", None, "late")]))
    assert ledger.tables()["s"].select("part", "row").rows() == [("p", 2), ("p", 3)]


@settings(deadline=None, max_examples=50)  # files are written
@given(
    spans=st.lists(st.tuples(st.integers(0, 6), st.integers(0, 3)), max_size=6),
    data=st.data(),
)
def test_every_row_is_told_by_its_own_file(
    tmp_path_factory: pytest.TempPathFactory, spans: list[tuple[int, int]], data: st.DataObject
) -> None:
    folder, before = tmp_path_factory.mktemp("ledger"), 0
    files: list[FileRows] = []
    truth: dict[int, tuple[str, int]] = {}
    for number, (rows, gap) in enumerate(spans):
        files.append(file_rows(folder, str(number), rows, [], before=before))
        truth |= {before + row: (f"p:{number}", row) for row in range(1, rows + 1)}
        before += rows + gap
    ledger = Ledger()
    ledger.open_files("s", "p", files)
    away = data.draw(st.sets(st.sampled_from(sorted(truth)))) if truth else set()
    ledger.use("s", "p", pl.Series(sorted(truth.keys() - away), dtype=pl.Int64))
    ledger.quarantine(quarantine_rows("s", "p", [(row, "c", None, "late") for row in sorted(away)]))
    entry = ledger.entries()["s"]
    assert (entry["rows_used"], entry["rows_quarantined"]) == (len(truth) - len(away), len(away))
    told = set(ledger.tables()["s"].select("part", "row").rows())
    assert told == {truth[row] for row in away}
