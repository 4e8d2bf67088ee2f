"""Tables of text in blocks: cells as the csv module reads each line, whatever the blocks and the packing."""

import csv
import gzip
import io
import zipfile
from pathlib import Path

import polars as pl
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from cosmopolis.errors import FormatError
from cosmopolis.sources.delimited import Delimited, raw_block
from cosmopolis.sources.text import Reject

TREES = "tree\theight\tnote\nOak\t30\told\nElm\t20\t\n\nAsh\t15\tyoung\n"


def _table(path: Path, **more: object) -> Delimited:
    about = {"source": "trees", "needed": ("tree", "height"), "expected": "a table of trees", **more}
    return Delimited(path=path, **about)  # type: ignore[arg-type]


def _read(path: Path, **more: object) -> tuple[list[tuple[object, ...]], list[Reject]]:
    rows: list[tuple[object, ...]] = []
    rejects: list[Reject] = []
    for block, away in _table(path, **more).blocks():
        assert block.schema["row"] == pl.Int64
        rows += block.rows()
        rejects += away
    return rows, rejects


def _save(folder: Path, text: str | bytes, name: str = "trees.tsv") -> Path:
    path = folder / name
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    return path


GOOD = [(1, "Oak", "30"), (2, "Elm", "20"), (3, "Ash", "15")]


def test_rows_are_numbered_without_the_header_and_empty_lines(tmp_path: Path) -> None:
    assert _read(_save(tmp_path, TREES)) == (GOOD, [])
    assert _read(_save(tmp_path, TREES.replace("\n", "\r\n"))) == (GOOD, [])
    assert _read(_save(tmp_path, TREES.rstrip("\n"))) == (GOOD, [])
    assert _read(_save(tmp_path, "\ufeff" + TREES)) == (GOOD, [])


@pytest.mark.parametrize("block_bytes", [1, 7, 40, 16_000_000])
def test_gzip_and_zip_are_told_by_their_first_bytes(tmp_path: Path, block_bytes: int) -> None:
    assert _read(_save(tmp_path, gzip.compress(TREES.encode())), block_bytes=block_bytes) == (GOOD, [])
    with zipfile.ZipFile(tmp_path / "zipped", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("trees.tsv", TREES)
    assert _read(tmp_path / "zipped", block_bytes=block_bytes) == (GOOD, [])
    assert _read(_save(tmp_path, TREES), block_bytes=block_bytes) == (GOOD, [])


def test_columns_are_found_by_name_and_optional_ones_may_be_missing(tmp_path: Path) -> None:
    path = _save(tmp_path, "Height;TREE\n30;Oak\n")
    more = {"separator": ";", "folded": True, "optional": ("age",)}
    assert _read(path, **more) == ([(1, "Oak", "30", None)], [])


CELLS = st.one_of(
    st.text(st.sampled_from('ab"\t é'), max_size=4),
    st.sampled_from(["", '""', '"a"', '"a\tb"', '"a""b"', '5" pipe', '"', "a", '"ab', 'x"y"']),
)
LINES = st.lists(st.lists(CELLS, min_size=1, max_size=4).map("\t".join), max_size=12)


def _ends_in_quotes(line: str) -> bool:
    """Say whether a quotation mark that opens a cell of the line is never closed."""
    try:
        next(csv.reader([line], delimiter="\t", strict=True))
    except csv.Error as error:
        return "unexpected end" in str(error)
    return False


@settings(deadline=None, max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(LINES, st.sampled_from([1, 30, 16_000_000]))
@example(['"\t"a\tb"\t"', ""], 1)
def test_each_line_is_read_as_the_csv_module_reads_it_alone(
    tmp_path: Path, lines: list[str], block_bytes: int
) -> None:
    path = _save(tmp_path, "\n".join(["tree\theight\tnote", *lines]))
    rows, rejects = _read(path, needed=("tree", "height", "note"), block_bytes=block_bytes)
    expected = []
    for row, line in enumerate(filter(None, lines), start=1):
        cells = next(csv.reader([line], delimiter="\t"))
        if len(cells) == 3 and not _ends_in_quotes(line):
            expected.append((row, *cells))
    assert rows == expected
    numbers = [*(row for row, *_ in rows), *(row for row, *_ in rejects)]
    assert sorted(map(int, map(str, numbers))) == list(range(1, 1 + len(list(filter(None, lines)))))


@pytest.mark.parametrize(
    ("line", "column", "reason"),
    [
        ("Yew", "height", "the row has 1 fields, not 3"),
        ("Yew\t1\t2\t3", "note", "the row has 4 fields, not 3"),
        ('"Yew\t1\t2', "row", "row cannot be taken apart"),
    ],
)
def test_a_broken_line_is_one_reject(tmp_path: Path, line: str, column: str, reason: str) -> None:
    rows, rejects = _read(_save(tmp_path, f"tree\theight\tnote\nOak\t30\told\n{line}\nElm\t20\t\n"))
    assert rows == [(1, "Oak", "30"), (3, "Elm", "20")]
    assert [(reject[0], reject[1], reject[2]) for reject in rejects] == [(2, column, line)]
    assert reason in rejects[0][3]


def test_a_line_that_is_no_text_is_one_reject(tmp_path: Path) -> None:
    rows, rejects = _read(_save(tmp_path, b"tree\theight\nOak\t30\n\xff\xfe\t1\nElm\t20\n"))
    assert rows == [(1, "Oak", "30"), (3, "Elm", "20")]
    assert rejects == [(2, "row", None, "row is not UTF-8 text")]


@pytest.mark.parametrize("packed", ["gzip", "zip"])
def test_a_file_that_breaks_off_gives_its_rows_and_says_so(tmp_path: Path, packed: str) -> None:
    lines = "".join(f"tree {n * 7919 % 10007}\t{n}\n" for n in range(20_000))
    text = ("tree\theight\n" + lines).encode()
    if packed == "gzip":
        whole = gzip.compress(text)
        broken = whole[: len(whole) // 2]
    else:
        buffer = io.BytesIO()
        with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
            archive.writestr("trees.tsv", text)
        broken = bytearray(buffer.getvalue())  # type: ignore[assignment]
        broken[len(broken) // 2] ^= 0xFF  # type: ignore[index]
    (tmp_path / "trees.tsv").write_bytes(broken)
    rows, rejects = _read(tmp_path / "trees.tsv", block_bytes=1000)
    assert 0 < len(rows) < 20_000
    kept = [(n + 1, f"tree {n * 7919 % 10007}", str(n)) for n in range(1000)]
    assert rows[:1000] == kept
    ((row, column, _, reason),) = rejects[-1:]
    assert (row, column) == (rows[-1][0] + 1, "row")  # type: ignore[operator]
    assert "the file breaks off here" in reason


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"", "is empty"),
        (b"<!DOCTYPE html><html>", "is a web page"),
        (b"tree\tweight\n", "has no column 'height' in its first line; did you mean 'weight'"),
        (b"\xff\xfe", "is not UTF-8 text"),
        (b'"tree\theight\n', "first line that is no row"),
        (b"\x1f\x8bno", "cannot be opened"),
        (b"PK\x03\x04no", "cannot be opened"),
    ],
)
def test_something_else_is_no_table(tmp_path: Path, data: bytes, message: str) -> None:
    with pytest.raises(FormatError, match=message):
        _read(_save(tmp_path, data))


def test_a_zip_of_several_files_is_refused(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "zipped", "w") as archive:
        archive.writestr("a.tsv", TREES)
        archive.writestr("b.tsv", TREES)
    with pytest.raises(
        FormatError, match="is a zip archive of 2 files, but expected a table of trees, alone"
    ):
        _read(tmp_path / "zipped")


def test_a_block_has_every_column_of_its_table() -> None:
    raw = raw_block("trees", "counts", "class_count", pl.DataFrame({"row": [1, 2], "area": ["A", "B"]}))
    assert raw.frame.columns == ["row", "area", "country", "year", "class", "count"]
    assert raw.frame["count"].null_count() == raw.rows_in == 2
