"""JSON Lines, decoded block by block into typed records, with a reason for each line that is none."""

from collections.abc import Iterator
from typing import Generic, TypeVar

import msgspec
import polars as pl

from cosmopolis.sources.lines import LineFile
from cosmopolis.sources.raw import VALUE_CHARACTERS_MAX, Raw, quarantine_rows

_Record = TypeVar("_Record")

WrongLine = tuple[int, bytes, str]
"""A line that is no record: its place in the block from 0, its text, the reason."""


class Decoder(Generic[_Record]):
    r"""Decodes lines into records of a type; what the type does not name is passed over.

    Parameters
    ----------
    record
        A `msgspec.Struct`.
    name
        What a record is called in reasons.

    Examples
    --------
    >>> class Ship(msgspec.Struct):
    ...     id: str
    >>> good, wrong, lines = Decoder(Ship, name="a ship").decode(b'{"id": "A"}\n{"id": 2}\n')
    >>> good, lines
    ([(0, Ship(id='A'))], 2)
    >>> wrong[0][2]
    'the line is not a ship: Expected `str`, got `int` - at `$.id`'
    """

    def __init__(self, record: type[_Record], *, name: str) -> None:
        self._decoder, self._name = msgspec.json.Decoder(record), name

    def decode(self, block: bytes) -> tuple[list[tuple[int, _Record]], list[WrongLine], int]:
        """Decode the lines of a block.

        Returns
        -------
        records
            `(line, record)`, lines counted from 0; empty lines are counted and give nothing.
        wrong
            Each line that is no record.
        lines
            How many lines the block has.
        """
        lines = block.count(b"\n") + (not block.endswith(b"\n"))
        try:
            records = self._decoder.decode_lines(block)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            records = []
        if len(records) == lines:
            return list(enumerate(records)), [], lines
        good: list[tuple[int, _Record]] = []
        wrong: list[WrongLine] = []
        for number, line in enumerate(block.removesuffix(b"\n").split(b"\n")):
            if not line.strip():
                continue
            try:
                good.append((number, self._decoder.decode(line)))
            except msgspec.ValidationError as error:
                wrong.append((number, line, f"the line is not {self._name}: {error}"))
            except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
                wrong.append((number, line, f"the line is not JSON: {error}"))
        return good, wrong, lines


def rejected_lines(source: str, part: str, wrong: list[WrongLine], *, before: int) -> pl.DataFrame:
    """Quarantine lines that are no records; `before` lines stand before the block."""
    rows = [
        (before + 1 + line, "row", text[:VALUE_CHARACTERS_MAX].decode("utf-8", "replace"), reason)
        for line, text, reason in wrong
    ]
    return quarantine_rows(source, part, rows)


def broken_off(
    lines: LineFile, source: str, part: str, table: str, empty: pl.DataFrame, *, before: int
) -> Iterator[Raw]:
    """Give the one row that a file which breaks off costs, after the `before` lines that were read."""
    if lines.broken:
        reason = f"the file breaks off: {lines.broken}; the {before} lines before were read"
        rejects = quarantine_rows(source, part, [(before + 1, "row", lines.name, reason)])
        frame = empty.clear().insert_column(0, pl.Series("row", [], dtype=pl.Int64))
        yield Raw(source=source, part=part, table=table, frame=frame, rejects=rejects, rows_in=1)
