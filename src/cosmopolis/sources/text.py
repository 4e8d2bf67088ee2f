"""What the readers share: opening files, taking JSON and CSV apart row by row, making a `Raw` of rows.

The rule behind all of it: a file that is not in its format as a whole raises `FormatError`; one row that
cannot be taken apart becomes a reject with column, value and reason, and the next row is read. No value is
judged here (see `cosmopolis.records`).
"""

import csv
import gc
import gzip
import json
import zlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from itertools import accumulate, chain
from pathlib import Path
from typing import Any, TypeAlias

import orjson
import polars as pl
import pyarrow as pa

from cosmopolis.errors import FormatError, UnknownNameError, hint_near
from cosmopolis.records import table_named
from cosmopolis.sources.raw import Raw, quarantine_rows

Reject: TypeAlias = tuple[int, str, Any, str]
"""A row that could not be taken apart: row, column, value, reason."""

SHOWN_CHARACTERS = 40
"""How much of a wrong file's beginning is shown in the error."""

INTEGER_MAX = 2**63 - 1
"""The largest integer that a table holds."""

_KINDS: Mapping[Any, frozenset[type]] = {
    pl.String: frozenset({str}),
    pl.Int64: frozenset({int}),
    pl.Float64: frozenset({int, float}),
}


def path_of(files: Mapping[str, Path], name: str, *, source: str) -> Path:
    """Return where the file of that name lies.

    Raises
    ------
    UnknownNameError
        If the source's files hold none of that name.
    """
    if name not in files:
        raise UnknownNameError(
            f"{source}: got the files {sorted(files)}, but the reader needs {name!r}" + hint_near(name, files)
        )
    return files[name]


def wrong_format(source: str, path: Path, got: str, expected: str) -> FormatError:
    """Make the error for a file that as a whole is not in the format of its reader."""
    return FormatError(
        f"{source}: {path.name} {got}, but expected {expected}; remove the file and run "
        f"`cosmopolis sources pull {source}` to get it again"
    )


def _beginning(data: bytes) -> str:
    start = data[: 4 * SHOWN_CHARACTERS].decode("utf-8", errors="replace").strip()
    if not start:
        return "is empty"
    if start.lower().startswith(("<!doctype", "<html", "<?xml")):
        return f"is a web page (it begins with {start[:SHOWN_CHARACTERS]!r})"
    return f"begins with {start[:SHOWN_CHARACTERS]!r}"


def read_bytes(path: Path, *, source: str, expected: str) -> bytes:
    """Read a file whole; an empty file and a web page in its place are not in any reader's format."""
    data = path.read_bytes()
    got = _beginning(data)
    if got.startswith("is "):
        raise wrong_format(source, path, got, expected)
    return data


def read_text(path: Path, *, source: str, expected: str) -> str:
    """Read a UTF-8 file whole, without its byte order mark."""
    data = read_bytes(path, source=source, expected=expected)
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        got = f"is not UTF-8 text (at byte {error.start})"
        raise wrong_format(source, path, got, expected) from error


def read_gzip_text(path: Path, *, source: str, expected: str) -> str:
    """Read a gzipped UTF-8 file whole, without its byte order mark."""
    data = read_bytes(path, source=source, expected=expected)
    try:
        return gzip.decompress(data).decode("utf-8-sig")
    except (gzip.BadGzipFile, EOFError, zlib.error) as error:
        got = f"{_beginning(data)} and is not a whole gzip file ({error})"
        raise wrong_format(source, path, got, expected) from error
    except UnicodeDecodeError as error:
        got = f"is not gzipped UTF-8 text (at byte {error.start})"
        raise wrong_format(source, path, got, expected) from error


@contextmanager
def collector_at_rest() -> Iterator[None]:
    """Keep the garbage collector from walking again and again over a large tree that has no cycles.

    Reading a big JSON file takes a third of the time without it. Works as a decorator too.
    """
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()


def read_json(path: Path, kind: type, *, source: str, expected: str) -> Any:  # noqa: ANN401 - what it holds
    """Read a JSON file whose outermost value must be of the kind `dict` or `list`."""
    data = read_bytes(path, source=source, expected=expected)
    try:
        value = orjson.loads(data)
    except orjson.JSONDecodeError as error:
        got = f"{_beginning(data)} and is not JSON ({error})"
        raise wrong_format(source, path, got, expected) from error
    if not isinstance(value, kind):
        got = f"holds a JSON {type(value).__name__}"
        raise wrong_format(source, path, got, expected)
    return value


def read_json_members(path: Path, mark: str, *, source: str, expected: str) -> list[Any]:
    """Read a JSON file that is one object whose members are the rows, those with equal keys included.

    A parser keeps the last of two members with equal keys and says nothing. Here the name of a field that
    each row must have, `mark`, is counted in the text: if there is one for each member, none was lost; if
    not, the file is read again by a slower parser that keeps them all.
    """
    members = read_json(path, dict, source=source, expected=expected)
    data = path.read_bytes()
    if data.count(f'"{mark}":'.encode()) == len(members):
        return list(members.values())
    outermost: list[tuple[str, Any]] = []

    def keep(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        outermost[:] = pairs  # the outermost object is closed last
        return dict(pairs)

    json.loads(data, object_pairs_hook=keep)
    return [member for _, member in outermost]


def read_features(path: Path, *, source: str, expected: str) -> list[Any]:
    """Read the features of a GeoJSON FeatureCollection."""
    collection = read_json(path, dict, source=source, expected=expected)
    features = collection.get("features")
    if not isinstance(features, list):
        got = f"is JSON of type {collection.get('type')!r} without a list of 'features'"
        raise wrong_format(source, path, got, expected)
    return features


def feature_parts(feature: object) -> tuple[dict[str, Any], dict[str, Any]] | None:
    """Return a GeoJSON feature's properties and geometry, empty where missing; None if it is no feature."""
    if not isinstance(feature, dict):
        return None
    properties, geometry = feature.get("properties"), feature.get("geometry")
    return (
        properties if isinstance(properties, dict) else {},
        geometry if isinstance(geometry, dict) else {},
    )


def csv_line(line: str) -> list[str]:
    """Take one line of a CSV file apart; raises `csv.Error` if it cannot be."""
    return next(csv.reader([line], strict=True))


def csv_rows(
    text: str, needed: Sequence[str], *, source: str, path: Path, rejects: list[Reject]
) -> Iterator[tuple[int, dict[str, str]]]:
    """Take a CSV file with a header and without line breaks in its cells apart, line by line.

    Each line stands for itself, so that a quotation mark that is never closed costs one row and not the
    rest of the file. Empty lines are no rows.

    Parameters
    ----------
    text
        The file.
    needed
        Columns that the header must have.
    rejects
        Where lines go that cannot be taken apart.

    Raises
    ------
    FormatError
        If the header lacks a needed column.
    """
    lines = [line.removesuffix("\r") for line in text.split("\n")]
    expected = "a CSV file with the columns " + ", ".join(repr(name) for name in needed)
    try:
        header = csv_line(lines[0])
    except (csv.Error, StopIteration) as error:
        raise wrong_format(source, path, _beginning(text.encode()), expected) from error
    for name in needed:
        if name not in header:
            got = f"has no column {name!r} in its first line" + hint_near(name, header)
            raise wrong_format(source, path, got, expected)
    row = 0
    for line in lines[1:]:
        if not line:
            continue
        row += 1
        try:
            cells = csv_line(line)
        except csv.Error as error:
            rejects.append((row, "row", line, f"row is not a line of CSV: {error}"))
            continue
        if len(cells) != len(header):
            column = header[min(len(cells), len(header) - 1)]
            reason = f"{column} is out of place: the row has {len(cells)} fields, not {len(header)}"
            rejects.append((row, column, line, reason))
            continue
        yield row, dict(zip(header, cells, strict=True))


def _plain(value: object) -> str | None:
    """Write a value as text that any table can hold."""
    return None if value is None else str(value).encode("utf-8", "backslashreplace").decode()


def _lists(name: str, values: list[Any], dtype: pl.List) -> pl.Series:
    """Make a column of lists by way of its flat values and offsets, many times faster than list by list."""
    flat = pl.Series(list(chain.from_iterable(value or () for value in values)), dtype=dtype.inner)
    ends = pa.array(accumulate((len(value or ()) for value in values), initial=0), pa.int64())
    missing = pa.array([value is None for value in values], pa.bool_())
    column = pl.from_arrow(pa.LargeListArray.from_arrays(ends, flat.to_arrow(), mask=missing))
    return pl.Series(name, column, dtype=dtype)


def _series(name: str, values: list[Any], dtype: pl.DataType | type[pl.DataType]) -> pl.Series:
    """Make a column: typed where every value is of the type, else text for `admit` to judge."""
    try:
        if isinstance(dtype, pl.List):
            return _lists(name, values, dtype)
        if set(map(type, values)) <= {*_KINDS[dtype], type(None)}:
            return pl.Series(name, values, dtype=dtype)
    except (TypeError, UnicodeEncodeError, OverflowError):  # such as an integer of more than 64 bits
        pass
    if isinstance(dtype, pl.List):
        texts = [None if value is None else [_plain(item) for item in value] for value in values]
        return _lists(name, texts, pl.List(pl.String))
    return pl.Series(name, [_plain(value) for value in values], dtype=pl.String)


def _are_lists_of(values: Sequence[Any], kinds: frozenset[type]) -> bool:
    """Say whether each value is missing or a list whose members a table can hold as one of the kinds."""
    lists = [value for value in values if value is not None]
    if not {list}.issuperset(map(type, lists)):
        return False
    members = list(chain.from_iterable(lists))
    if not kinds.issuperset(map(type, members)):
        return False
    return int not in kinds or not members or (min(members) >= -INTEGER_MAX and max(members) <= INTEGER_MAX)


def raw_of(
    source: str, part: str, table: str, rows: Iterable[tuple[Any, ...]], rejects: Iterable[Reject] = ()
) -> Raw:
    """Make a `Raw` of rows `(row, *values in the order of the table's columns)`.

    A cell that should be a list and is none, or has members of another kind, rejects its row; every other
    wrong value stays in the frame, as text.
    """
    columns = table_named(table).columns
    kept, away = list(rows), list(rejects)
    for place, column in enumerate(columns, start=1):
        if isinstance(column.dtype, pl.List):
            kinds = _KINDS[column.dtype.inner]
            if not _are_lists_of([cells[place] for cells in kept], kinds):
                bad = {cells[0] for cells in kept if not _are_lists_of([cells[place]], kinds)}
                kind = str(column.dtype.inner).removesuffix("64").lower()
                reason = f"{column.name} is not a list of type {kind}"
                away += [(cells[0], column.name, cells[place], reason) for cells in kept if cells[0] in bad]
                kept = [cells for cells in kept if cells[0] not in bad]
    values: list[list[Any]] = [list(column) for column in zip(*kept, strict=True)]
    if not kept:
        values = [[] for _ in range(len(columns) + 1)]
    frame = pl.DataFrame(
        [
            pl.Series("row", values[0], dtype=pl.Int64),
            *(_series(c.name, cells, c.dtype) for c, cells in zip(columns, values[1:], strict=True)),
        ]
    )
    quarantine = quarantine_rows(source, part, [(row, c, _plain(value), why) for row, c, value, why in away])
    rows_in = frame.height + quarantine["row"].n_unique()
    return Raw(source=source, part=part, table=table, frame=frame, rejects=quarantine, rows_in=rows_in)
