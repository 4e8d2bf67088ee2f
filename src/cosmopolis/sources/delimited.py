"""Big tables of text, one line a row, read block by block with bounded memory: plain, gzip or zip.

The first line names the columns. Cells stand between tabs, bars, commas or semicolons and may be in double
quotes. Each line stands for itself, so that a quotation mark that is never closed costs one row and not the
rest of the file; a cell with a line break in it costs the lines that it goes over. A file that breaks off
gives the rows before the break and one reject that says why. What a column means is the reader's business.
"""

import csv
import zipfile
import zlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import polars as pl
import pyarrow as pa
import pyarrow.csv as pc

from cosmopolis.errors import FormatError, hint_near
from cosmopolis.records import table_named
from cosmopolis.sources.lines import BLOCK_BYTES, LineFile
from cosmopolis.sources.raw import Raw, Start, quarantine_rows
from cosmopolis.sources.text import Reject, read_bytes, wrong_format

_ZIP = b"PK\x03\x04"
_BROKEN_ZIP = (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError)
_SMALL_BYTES = 1_000_000  # a web page or an error message in the file's place is no longer than this
_PIECE_BYTES = 1 << 20


@dataclass(frozen=True, kw_only=True)
class Delimited:
    r"""A table of text.

    Attributes
    ----------
    path
        The file; how it is packed is told by its first bytes.
    source
        Id of the source, for messages.
    needed, optional
        Columns that are read, in small letters where `folded`; one that is optional and not there is null.
    expected
        What the file should be, for messages.
    separator
        One character.
    folded
        Whether names of columns are compared without regard to capitals.
    block_bytes
        Rows are handed over in blocks of about this length.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = Path(folder) / "trees.tsv"
    ...     _ = path.write_text('tree\theight\n"Oak"\t30\nElm\n', encoding="utf-8")
    ...     table = Delimited(path=path, source="trees", needed=("tree", "height"), expected="a table")
    ...     [(block.rows(), rejects) for block, rejects in table.blocks()]
    [([(1, 'Oak', '30')], [(2, 'height', 'Elm', 'height is out of place: the row has 1 fields, not 2')])]
    """

    path: Path
    source: str
    needed: tuple[str, ...]
    expected: str
    optional: tuple[str, ...] = ()
    separator: str = "\t"
    folded: bool = False
    block_bytes: int = BLOCK_BYTES

    def blocks(self) -> Iterator[tuple[pl.DataFrame, list[Reject]]]:
        """Read the file once.

        Yields
        ------
        block, rejects
            `row` (from 1; empty lines are none) and the columns, all text; and the rows that cannot be
            taken apart. At least one block, if an empty one.

        Raises
        ------
        FormatError
            If the file is no such table or its first line lacks a needed column.
        """
        if self.path.stat().st_size <= _SMALL_BYTES:
            read_bytes(self.path, source=self.source, expected=self.expected)
        pieces = _Pieces(self)
        header: list[str] = []
        row = 0
        for piece in pieces:
            lines = piece
            if not header:
                first, _, lines = piece.partition(b"\n")
                header = self._header(first)
            block, rejects, row = self._taken_apart(lines, header, row)
            yield block, rejects
        if not header:
            got = f"cannot be opened ({pieces.broken})" if pieces.broken else "is empty"
            raise wrong_format(self.source, self.path, got, self.expected)
        if pieces.broken:
            why = f"row is missing: the file breaks off here ({pieces.broken})"
            yield self._no_rows(), [(row + 1, "row", None, why)]

    def _header(self, line: bytes) -> list[str]:
        """Take the first line apart and look whether it has what is needed."""
        try:
            names = self._cells(line.decode("utf-8-sig").removesuffix("\r"))
        except UnicodeDecodeError as error:
            got = f"is not UTF-8 text (at byte {error.start})"
            raise wrong_format(self.source, self.path, got, self.expected) from error
        except csv.Error as error:
            got = f"has a first line that is no row of a table ({error})"
            raise wrong_format(self.source, self.path, got, self.expected) from error
        names = [name.strip().lower() if self.folded else name.strip() for name in names]
        for name in self.needed:
            if name not in names:
                got = f"has no column {name!r} in its first line" + hint_near(name, names)
                raise wrong_format(self.source, self.path, got, self.expected)
        return names

    def _cells(self, line: str) -> list[str]:
        return next(csv.reader([line], delimiter=self.separator, strict=True), [])

    def _taken_apart(
        self, piece: bytes, header: Sequence[str], row: int
    ) -> tuple[pl.DataFrame, list[Reject], int]:
        """Take a run of lines apart: at once, or where one of them cannot be, each in the way it needs."""
        rejects: list[Reject] = []
        if (whole := self._at_once(piece, header)) is not None:
            block = whole.with_row_index("row", offset=row + 1).with_columns(pl.col("row").cast(pl.Int64))
            return block, rejects, row + block.height
        try:
            texts: list[str | None] = list(piece.decode().split("\n"))
        except UnicodeDecodeError:
            texts = [_text(line) for line in piece.split(b"\n")]
        raw = pl.Series("line", texts, dtype=pl.String).str.strip_suffix("\r")
        lines = raw.filter((raw != "").fill_null(value=True)).to_frame().with_row_index("row", offset=row + 1)
        lines = lines.with_columns(pl.col("row").cast(pl.Int64))
        last = row + lines.height
        mark = pl.col("line").str.contains('"', literal=True)
        fits = pl.col("line").str.count_matches(self.separator, literal=True) == len(header) - 1
        cell = f'(?:"(?:[^"{self._class}]|"")*"|[^"{self._class}]*)'
        quoted = pl.col("line").str.contains(rf"^{cell}(?:[{self._class}]{cell}){{{len(header) - 1}}}$")
        way = pl.when(fits & ~mark).then(0).when(fits & quoted).then(1).otherwise(2).fill_null(2)
        sorted_out = lines.with_columns(way.alias("way")).partition_by("way", as_dict=True)
        empty = lines.clear()
        plain, in_quotes, others = (sorted_out.get((key,), empty) for key in range(3))
        frames = [self._split(plain, header, quoted=False), self._split(in_quotes, header, quoted=True)]
        for number, line in others.select("row", "line").iter_rows():
            cells = self._by_hand(number, line, header, rejects)
            if cells is not None:
                frames.append(cells.select(pl.lit(number, dtype=pl.Int64).alias("row"), pl.all()))
        return pl.concat(frames).sort("row"), rejects, last

    def _at_once(self, piece: bytes, header: Sequence[str]) -> pl.DataFrame | None:
        """Take good lines apart; None if one of them has another number of cells, or is empty or no text."""
        lines = piece.count(b"\n") + (not piece.endswith(b"\n"))
        fault = self._fault(piece.removesuffix(b"\n").rpartition(b"\n")[2])
        if "unexpected end" in fault or (
            fault and piece.endswith(b"\n")
        ):  # Arrow takes these at the very end
            return None
        try:
            table = pc.read_csv(
                pa.BufferReader(piece),
                read_options=pc.ReadOptions(
                    column_names=[str(place) for place in range(len(header))], block_size=len(piece) + 1
                ),
                parse_options=pc.ParseOptions(delimiter=self.separator, newlines_in_values=False),
                convert_options=pc.ConvertOptions(
                    column_types=dict.fromkeys(map(str, range(len(header))), pa.large_string()),
                    include_columns=[
                        str(place) for place in range(len(header)) if header[place] in self._read
                    ],
                    strings_can_be_null=False,
                ),
            )
        except pa.ArrowInvalid:
            return None
        if table.num_rows != lines:  # empty lines, or a line break in a cell
            return None
        return pl.DataFrame(table).select(
            pl.col(str(header.index(name))).alias(name)
            if name in header
            else pl.lit(None, dtype=pl.String).alias(name)
            for name in self._read
        )

    def _fault(self, line: bytes) -> str:
        """Say what is wrong with the quotation marks of a line; nothing where they are well placed."""
        try:
            self._cells(line.decode("utf-8", "replace"))
        except csv.Error as error:
            return str(error)
        return ""

    @property
    def _read(self) -> tuple[str, ...]:
        return (*self.needed, *self.optional)

    @property
    def _class(self) -> str:
        """The separator inside a character class of a regular expression."""
        return {"\t": r"\t"}.get(self.separator, self.separator)

    def _by_hand(
        self, number: int, line: str | None, header: Sequence[str], rejects: list[Reject]
    ) -> pl.DataFrame | None:
        """Take one line apart that is not plain, or say why it cannot be."""
        if line is None:
            rejects.append((number, "row", None, "row is not UTF-8 text"))
            return None
        whole = self._at_once(line.encode(), header)
        if whole is not None:
            return whole
        try:
            cells = self._cells(line)
        except csv.Error as error:
            rejects.append((number, "row", line, f"row cannot be taken apart: {error}"))
            return None
        column = header[min(len(cells), len(header) - 1)]
        reason = f"{column} is out of place: the row has {len(cells)} fields, not {len(header)}"
        rejects.append((number, column, line, reason))
        return None

    def _split(self, lines: pl.DataFrame, header: Sequence[str], *, quoted: bool) -> pl.DataFrame:
        """Split lines of which it is known that they have a cell for each column."""
        parts = pl.col("line").str.split_exact(self.separator, len(header) - 1)
        columns = []
        for name in self._read:
            if name not in header:
                columns.append(pl.lit(None, dtype=pl.String).alias(name))
                continue
            value = parts.struct.field(f"field_{header.index(name)}")
            if quoted:
                bare = value.str.slice(1, value.str.len_chars() - 2).str.replace_all('""', '"', literal=True)
                value = pl.when(value.str.starts_with('"')).then(bare).otherwise(value)
            columns.append(value.alias(name))
        return lines.select("row", *columns)

    def _no_rows(self) -> pl.DataFrame:
        return pl.DataFrame(schema={"row": pl.Int64, **dict.fromkeys(self._read, pl.String)})


def _text(line: bytes) -> str | None:
    try:
        return line.decode()
    except UnicodeDecodeError:
        return None


def raw_block(
    source: str,
    part: str,
    table: str,
    frame: pl.DataFrame,
    rejects: Iterable[Reject] = (),
    *,
    starts: tuple[Start, ...] = (),
) -> Raw:
    """Make a `Raw` of a block: columns of the table that the frame lacks are missing in every row."""
    missing = [
        pl.lit(None, dtype=column.dtype).alias(column.name)
        for column in table_named(table).columns
        if column.name not in frame.columns
    ]
    names = ("row", *(column.name for column in table_named(table).columns))
    quarantine = quarantine_rows(source, part, rejects)
    return Raw(
        source=source,
        part=part,
        table=table,
        frame=frame.with_columns(missing).select(names),
        rejects=quarantine,
        rows_in=frame.height + quarantine["row"].n_unique(),
        starts=starts,
    )


class _Pieces:
    """The bytes of a table in runs of whole lines; `broken` says afterwards why it ended before its end."""

    def __init__(self, table: Delimited) -> None:
        self._table = table
        self.broken = ""

    def __iter__(self) -> Iterator[bytes]:
        table = self._table
        with table.path.open("rb") as stream:
            zipped = stream.read(len(_ZIP)) == _ZIP
        if zipped:
            yield from self._unzipped()
            return
        lines = LineFile(table.path, name=table.path.name, block_bytes=table.block_bytes)
        yield from lines
        self.broken = lines.broken

    def _unzipped(self) -> Iterator[bytes]:
        """Give the one file inside a zip archive."""
        table = self._table
        held = b""
        try:
            with zipfile.ZipFile(table.path) as archive:
                members = [info for info in archive.infolist() if not info.is_dir()]
                if len(members) != 1:
                    got = f"is a zip archive of {len(members)} files"
                    raise wrong_format(
                        table.source, table.path, got, f"{table.expected}, alone in its archive"
                    )
                with archive.open(members[0]) as stream:
                    while piece := stream.read(min(table.block_bytes, _PIECE_BYTES)):
                        held += piece
                        end = held.rfind(b"\n") + 1
                        if end and len(held) >= table.block_bytes:
                            yield held[:end]
                            held = held[end:]
        except FormatError:
            raise
        except _BROKEN_ZIP as error:
            self.broken = f"the zip data is damaged ({error})"
            return
        if held:
            yield held
