"""What readers share: columns stay typed where they can, and a line of CSV stands for itself."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cosmopolis.errors import FormatError
from cosmopolis.records import admit
from cosmopolis.sources.text import Reject, csv_rows, raw_of, read_json_members, read_text

JSON_LIKE = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(st.characters(codec=None)),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=6,
)


@given(st.lists(st.tuples(JSON_LIKE, JSON_LIKE, JSON_LIKE, JSON_LIKE), max_size=12))
def test_whatever_a_row_holds_it_is_counted(rows: list[tuple[object, ...]]) -> None:
    raw = raw_of("s", "p", "air_route", [(row, *cells) for row, cells in enumerate(rows, start=1)])
    admitted = admit(raw)
    assert raw.rows_in == len(rows)
    numbers = [*admitted.frame["row"], *admitted.quarantine["row"].unique()]
    assert sorted(numbers) == list(range(1, len(rows) + 1))


def test_lists_keep_what_is_missing_and_what_is_empty() -> None:
    rows = [(1, 2020, "QAA", "QBB", None), (2, 2020, "QAA", "QCC", []), (3, 2020, "QAA", "QDD", ["Q1"])]
    assert raw_of("s", "p", "air_route", rows).frame["carriers"].to_list() == [None, [], ["Q1"]]


def test_a_lone_surrogate_is_written_out() -> None:
    raw = raw_of("s", "p", "air_route", [(1, 2020, "QAA", "\ud800", ["\udfff", "Q1"])])
    assert raw.frame.rows() == [(1, 2020, "QAA", "\\ud800", ["\\udfff", "Q1"])]


def test_lines_of_csv_stand_for_themselves(tmp_path: Path) -> None:
    rejects: list[Reject] = []
    text = 'a,b\r\n1,"x, ""y"""\r\n\r\n2,"open\r\n3,\r\n4'
    rows = list(csv_rows(text, ["a"], source="s", path=tmp_path / "f.csv", rejects=rejects))
    assert rows == [(1, {"a": "1", "b": 'x, "y"'}), (3, {"a": "3", "b": ""})]
    assert [(row, column) for row, column, _, _ in rejects] == [(2, "row"), (4, "b")]


def test_members_with_equal_keys_are_all_read(tmp_path: Path) -> None:
    path = tmp_path / "f.json"
    path.write_text('{"1": {"id": 1, "more": {"x": 1}}, "1": {"id": 2}}', encoding="utf-8")
    assert read_json_members(path, "id", source="s", expected="rows") == [
        {"id": 1, "more": {"x": 1}},
        {"id": 2},
    ]


def test_text_that_is_not_utf8(tmp_path: Path) -> None:
    path = tmp_path / "f.csv"
    path.write_bytes(b"caf\xe9")
    with pytest.raises(FormatError, match=r"f\.csv is not UTF-8 text \(at byte 3\), but expected a table"):
        read_text(path, source="s", expected="a table")
