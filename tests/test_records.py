"""Records: every row that comes in is admitted or quarantined with its reason, and the ledger proves it."""

from typing import Any

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cosmopolis.errors import LedgerError, UnknownNameError
from cosmopolis.ledger import Ledger
from cosmopolis.record_tables import TABLES
from cosmopolis.records import Admitted, admit, quarantine_unused, table_named
from cosmopolis.sources.raw import QUARANTINE_SCHEMA, VALUE_CHARACTERS_MAX, Raw, quarantine_rows


def _raw(
    rows: list[dict[str, Any]],
    *,
    table: str = "metropolitan_airport",
    schema: dict[str, Any] | None = None,
    rejects: list[tuple[int, str, Any, str]] | None = None,
) -> Raw:
    """Make a part of texts; rejects take the numbers that the rows leave free."""
    columns = {column.name: pl.String for column in TABLES[table].columns} | (schema or {})
    frame = pl.DataFrame(rows, schema={"row": pl.Int64, **columns})
    away = quarantine_rows("s", "p", rejects or [])
    rows_in = frame.height + away["row"].n_unique()
    return Raw(source="s", part="p", table=table, frame=frame, rejects=away, rows_in=rows_in)


def _metropolitan(row: int, iata: str | None = "QAA", **cells: str | None) -> dict[str, Any]:
    return {"row": row, "iata": iata, "metropolitan_code": "QAL", "city": "Alder", "country": "XA", **cells}


def _reasons(admitted: Admitted) -> list[tuple[int, str, str | None, str]]:
    return admitted.quarantine.select("row", "column", "value", "reason").rows()


def test_texts_are_stripped_and_typed() -> None:
    row = {
        "row": 1,
        "iata": " QAA ",
        "name": "Old Field",
        "city": " ",
        "country": "XA",
        "latitude": "1.5",
        "longitude": "2",
    }
    assert admit(_raw([row], table="airport")).frame.rows() == [
        (1, "QAA", "Old Field", None, None, "XA", 1.5, 2.0)
    ]


def test_the_first_wrong_column_of_the_table_is_named() -> None:
    rows = [
        _metropolitan(1, "Q-A", country="xa"),
        _metropolitan(2, "QBB", country="xa"),
        _metropolitan(3, None),
        _metropolitan(4, "QCC"),
    ]
    admitted = admit(_raw(rows))
    assert admitted.frame["row"].to_list() == [4]
    assert _reasons(admitted) == [
        (1, "iata", "Q-A", "iata is not three capital letters or digits"),
        (2, "country", "xa", "country is not two capital letters"),
        (3, "iata", None, "iata is missing"),
    ]


@pytest.mark.parametrize(
    ("latitude", "reason"),
    [
        ("north", "latitude is not a number"),
        ("nan", "latitude is not a finite number"),
        ("-inf", "latitude is not a finite number"),
        ("-90.5", "latitude is below -90"),
        ("91", "latitude is above 90"),
        (None, "latitude is missing"),
        ("  ", "latitude is missing"),
    ],
)
def test_numbers_out_of_place(latitude: str | None, reason: str) -> None:
    row = {"row": 1, "iata": "QAA", "name": "N", "country": "XA", "latitude": latitude, "longitude": "2"}
    admitted = admit(_raw([row], table="airport"))
    assert admitted.frame.is_empty()
    assert [(line[0], line[1], line[3]) for line in _reasons(admitted)] == [(1, "latitude", reason)]


def test_of_rows_with_one_key_the_first_stays() -> None:
    rows = [_metropolitan(3), _metropolitan(5, "QBB"), _metropolitan(7), _metropolitan(9)]
    admitted = admit(_raw(rows))
    assert admitted.frame["row"].to_list() == [3, 5]
    assert _reasons(admitted) == [
        (7, "iata", "QAA", "the same as row 3"),
        (9, "iata", "QAA", "the same as row 3"),
    ]


def test_a_broken_row_does_not_claim_its_key() -> None:
    admitted = admit(_raw([_metropolitan(1, country="xa"), _metropolitan(2)]))
    assert admitted.frame["row"].to_list() == [2]


def test_rejects_of_the_reader_come_along() -> None:
    admitted = admit(_raw([_metropolitan(2)], rejects=[(1, "row", "?" * 999, "row is not CSV")]))
    assert (admitted.rows_in, admitted.frame.height) == (2, 1)
    assert _reasons(admitted) == [(1, "row", "?" * VALUE_CHARACTERS_MAX, "row is not CSV")]
    assert admitted.quarantine.schema == QUARANTINE_SCHEMA


def test_a_reader_without_a_column_is_a_defect() -> None:
    raw = _raw([_metropolitan(1)])
    short = Raw(
        source="s",
        part="p",
        table=raw.table,
        frame=raw.frame.rename({"city": "town"}),
        rejects=raw.rejects,
        rows_in=1,
    )
    with pytest.raises(UnknownNameError, match="reader of 's', part 'p': no column 'city'"):
        admit(short)


def test_a_table_that_is_not_there() -> None:
    with pytest.raises(UnknownNameError, match="did you mean 'place'"):
        table_named("places")


@pytest.mark.parametrize("name", TABLES)
def test_tables_have_their_keys_among_their_columns(name: str) -> None:
    table = table_named(name)
    columns = [column.name for column in table.columns]
    assert table.name == name
    assert len(set(columns)) == len(columns)
    assert set(table.key) <= set(columns)
    assert {column.name for column in table.columns if column.required} >= set(table.key)


def _opened(*rows: dict[str, Any]) -> tuple[Ledger, pl.DataFrame]:
    ledger = Ledger()
    return ledger, ledger.open(admit(_raw(list(rows))))


def test_the_ledger_counts_each_row_once() -> None:
    ledger, frame = _opened(_metropolitan(1), _metropolitan(2, "QBB"), _metropolitan(3, None))
    ledger.use("s", "p", frame["row"])
    ledger.use("s", "p", frame["row"].head(1))
    assert ledger.entries() == {"s": {"rows_in": 3, "rows_used": 2, "rows_quarantined": 1}}
    assert ledger.tables()["s"]["row"].to_list() == [3]


def test_a_lost_row_is_an_error_that_names_the_part() -> None:
    ledger, frame = _opened(_metropolitan(1), _metropolitan(2, "QBB"))
    ledger.use("s", "p", frame["row"].head(1))
    with pytest.raises(LedgerError, match="'s', part 'p': 2 rows in, but 1 used and 0 quarantined"):
        ledger.entries()


def test_a_row_used_and_quarantined_is_an_error() -> None:
    ledger, frame = _opened(_metropolitan(1), _metropolitan(2, "QBB"))
    ledger.use("s", "p", frame["row"])
    ledger.quarantine(quarantine_rows("s", "p", [(2, "city", "Alder", "city is unknown")]))
    with pytest.raises(LedgerError, match=r"1 of them both \(such as rows \[2\]\)"):
        ledger.entries()


def test_a_part_cannot_be_opened_twice() -> None:
    admitted = admit(_raw([_metropolitan(1)]))
    ledger = Ledger()
    ledger.open(admitted)
    with pytest.raises(LedgerError, match="counted in twice"):
        ledger.open(admitted)


def test_a_source_without_rows_has_an_empty_quarantine() -> None:
    ledger, _ = _opened()
    assert ledger.entries() == {"s": {"rows_in": 0, "rows_used": 0, "rows_quarantined": 0}}
    assert ledger.tables()["s"].schema == QUARANTINE_SCHEMA


def test_what_a_step_had_no_use_for() -> None:
    ledger, frame = _opened(_metropolitan(1), _metropolitan(2, "QBB"), _metropolitan(3, "QCC"))
    used = frame["row"].filter(frame["iata"] == "QBB")
    ledger.use("s", "p", used)
    rest = quarantine_unused(frame, used, source="s", part="p", column="iata", reason="iata has no route")
    ledger.quarantine(rest)
    assert rest.rows() == [
        ("s", "p", 1, "iata", "QAA", "iata has no route"),
        ("s", "p", 3, "iata", "QCC", "iata has no route"),
    ]
    assert ledger.entries()["s"] == {"rows_in": 3, "rows_used": 1, "rows_quarantined": 2}


_cell = st.none() | st.text(max_size=4) | st.sampled_from(["QAA", "QBB", "XA", "90", "-1e9", "nan"])


@st.composite
def _parts(draw: st.DrawFn) -> Raw:
    """Draw a part of any table: text of any kind in its cells, some rows rejected by the reader."""
    table = draw(st.sampled_from([name for name in TABLES if not _has_lists(name)]))
    columns = [column.name for column in TABLES[table].columns]
    numbers = draw(st.lists(st.integers(1, 40), unique=True, max_size=12).map(sorted))
    kept = [number for number in numbers if draw(st.booleans())]
    rows = [{"row": number, **{column: draw(_cell) for column in columns}} for number in kept]
    rejects = [(number, columns[0], draw(_cell), "broken") for number in numbers if number not in kept]
    return _raw(rows, table=table, rejects=rejects)


def _has_lists(name: str) -> bool:
    return any(isinstance(column.dtype, pl.List) for column in TABLES[name].columns)


@given(_parts(), st.randoms(use_true_random=False))
def test_rows_in_are_rows_used_plus_rows_quarantined(raw: Raw, random: Any) -> None:  # noqa: ANN401 - a drawn Random
    admitted = admit(raw)
    ledger = Ledger()
    frame = ledger.open(admitted)
    assert frame.columns == ["row", *(column.name for column in TABLES[raw.table].columns)]
    used = [row for row in frame["row"] if random.random() < 0.5]  # a later step drops some, with a reason
    ledger.use("s", "p", pl.Series(used, dtype=pl.Int64))
    column = TABLES[raw.table].columns[0].name
    ledger.quarantine(
        quarantine_unused(
            frame, pl.Series(used, dtype=pl.Int64), source="s", part="p", column=column, reason="not needed"
        )
    )
    entry = ledger.entries()["s"]
    assert entry["rows_in"] == raw.rows_in == entry["rows_used"] + entry["rows_quarantined"]
    lines = ledger.tables()["s"]
    assert lines.height == entry["rows_quarantined"]
    assert lines["reason"].null_count() == 0


@given(_parts())
def test_admitted_rows_pass_when_they_are_admitted_again(raw: Raw) -> None:
    frame = admit(raw).frame
    again = admit(
        Raw(
            source="s",
            part="p",
            table=raw.table,
            frame=frame,
            rejects=QUARANTINE_SCHEMA.to_frame(),
            rows_in=frame.height,
        )
    )
    assert again.frame.equals(frame)
    assert again.quarantine.is_empty()
