"""Records as files: what a reader gives is checked, written block by block, and kept.

Of a folder source each file's records are kept by themselves, under a key of the file's name, length and
time and of the reader's code: a file that has not changed is not read again, a new or changed one alone is
read, one that is gone is not looked at. Files are read in several processes. What is kept is whole: it is
made in a draft beside its place and renamed at the end. Which steps are built from records is not known here.
"""

import json
import multiprocessing
import os
import shutil
import sys
import tempfile
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
from polars.exceptions import ComputeError
from tqdm import tqdm

from cosmopolis.errors import ResultError
from cosmopolis.pipeline.cache import hash_of
from cosmopolis.pipeline.folder import cannot_write, file_hash
from cosmopolis.records import admit, table_named
from cosmopolis.sources import readers
from cosmopolis.sources.lines import LineFile
from cosmopolis.sources.raw import QUARANTINE_SCHEMA, Raw

LISTING = "parts.json"
"""File of a folder of records that says what parts it has."""

ROWS_TOGETHER = 122_880
"""Rows that are written at once: the length of DuckDB's row groups."""

_FORM = 2  # of what is written: a change here makes all kept records void
_POOL_BYTES = 8_000_000  # below this a second process takes longer to start than it saves
_LOOK_SECONDS = 0.2  # between two moves of the progress bar
_DAY_SECONDS = 86_400.0
_NEAR_PARENTS = 3  # folders above a file that tell whether its disk is there: those of its source


@dataclass(frozen=True, kw_only=True)
class PartCount:
    """Rows of one part in one folder of records.

    Attributes
    ----------
    rows_in
        Rows of the part in the file: those admitted plus those quarantined.
    rows_quarantined
        Rows that stand in the quarantine.
    last_row
        The highest row number: numbers may have gaps where a file has empty lines.
    starts
        `[file, before]` of each file, where rows are numbered through several: see
        `cosmopolis.sources.raw.Start`.
    """

    part: str
    table: str
    rows_in: int
    rows_quarantined: int
    last_row: int
    starts: Sequence[tuple[str, int]] = ()


@dataclass(frozen=True, kw_only=True)
class Records:
    """A folder of records, made of one file of a source (of all its files, where `file` is empty)."""

    folder: Path
    file: str
    parts: tuple[PartCount, ...]
    inputs: dict[str, dict[str, Any]]  # sha256 and size, by the file's name

    def frame_path(self, part: str) -> Path:
        """Where the admitted rows of a part lie, a Parquet file."""
        return self.folder / f"{part}.parquet"

    def quarantine_path(self, part: str) -> Path:
        """Where the quarantine of a part lies, a Parquet file."""
        return self.folder / f"{part}.quarantine.parquet"


class _Writer:
    """Writes the frames of one part one after the other into a Parquet file, many rows at a time."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._writer: pq.ParquetWriter | None = None
        self._held: list[pl.DataFrame] = []

    def add(self, frame: pl.DataFrame) -> None:
        """Write a frame, or hold it until there are more rows."""
        self._held.append(frame)
        if sum(held.height for held in self._held) >= ROWS_TOGETHER:
            self._write()

    def _write(self) -> None:
        table = pl.concat(self._held).to_arrow(compat_level=pl.CompatLevel.oldest())
        self._held = []
        if self._writer is None:
            self._writer = pq.ParquetWriter(self.path, table.schema, compression="zstd", compression_level=1)
        self._writer.write_table(table, row_group_size=ROWS_TOGETHER)

    def close(self) -> None:
        """Write what is held; a part always has a file, if an empty one."""
        if self._held:
            self._write()
        if self._writer is not None:
            self._writer.close()


def write_frame(path: Path, frame: pl.DataFrame) -> None:
    """Write a frame as the records of a part are written."""
    writer = _Writer(path)
    writer.add(frame)
    writer.close()


@dataclass(kw_only=True)
class _Part:
    """A part that is being written."""

    source: str
    name: str
    table: str
    rows: _Writer
    away: _Writer
    rows_in: int = 0
    rows_quarantined: int = 0
    last_row: int = 0
    blocks: int = 0
    starts: dict[tuple[str, int], None] = field(default_factory=dict)

    def add(self, raw: Raw) -> None:
        """Check and write a block of rows."""
        admitted = admit(raw)
        self.rows.add(admitted.frame)
        self.away.add(admitted.quarantine)
        self.rows_in += admitted.rows_in
        self.rows_quarantined += admitted.quarantine["row"].n_unique()
        numbers = pl.concat([admitted.frame["row"], admitted.quarantine["row"]])
        self.last_row = max([self.last_row, *numbers.top_k(1)])
        self.starts.update(dict.fromkeys((start.file, start.before) for start in raw.starts))
        self.blocks += 1

    def close(self) -> PartCount:
        """Write the rest."""
        self.rows.close()
        self.away.close()
        if self.blocks > 1:
            self._part_twins()
        return PartCount(
            part=self.name,
            table=self.table,
            rows_in=self.rows_in,
            rows_quarantined=self.rows_quarantined,
            last_row=self.last_row,
            starts=tuple(self.starts),
        )

    def _part_twins(self) -> None:
        """Quarantine the rows whose key stands in an earlier block."""
        key = table_named(self.table).key
        if not key:
            return
        named = pl.scan_parquet(self.rows.path).select("row", *key)
        twins = (
            named.with_columns(pl.col("row").first().over(key).alias("first"))
            .filter(pl.col("row") != pl.col("first"))
            .select(
                pl.lit(self.source).alias("source"),
                pl.lit(self.name).alias("part"),
                "row",
                pl.lit("+".join(key)).alias("column"),
                pl.concat_str([pl.col(column).cast(pl.String) for column in key], separator=" ").alias(
                    "value"
                ),
                pl.format("the same as row {}", "first").alias("reason"),
            )
            .collect()
            .match_to_schema(QUARANTINE_SCHEMA)
        )
        if twins.is_empty():
            return
        kept = pl.read_parquet(self.rows.path).filter(~pl.col("row").is_in(twins["row"].implode()))
        away = pl.concat([pl.read_parquet(self.away.path), twins]).sort("row", "column", "reason")
        write_frame(self.rows.path, kept)
        write_frame(self.away.path, away)
        self.rows_quarantined += twins.height


def write(folder: Path, raws: Iterable[Raw]) -> tuple[PartCount, ...]:
    """Check rows and write them, a Parquet file for each part and one for its quarantine.

    Blocks of the same part follow one another in its file. Of rows that share their table's key the first
    stays, as within one block (`cosmopolis.records.admit`).
    """
    parts: dict[str, _Part] = {}
    for raw in raws:
        if raw.part not in parts:
            parts[raw.part] = _Part(
                source=raw.source,
                name=raw.part,
                table=raw.table,
                rows=_Writer(folder / f"{raw.part}.parquet"),
                away=_Writer(folder / f"{raw.part}.quarantine.parquet"),
            )
        parts[raw.part].add(raw)
    return tuple(part.close() for part in parts.values())


def open_records(folder: Path) -> Records:
    """Open a folder of records that is whole.

    Raises
    ------
    OSError, ValueError
        If it is none.
    """
    listing = json.loads((folder / LISTING).read_text(encoding="utf-8"))
    return Records(
        folder=folder,
        file=listing["file"],
        parts=tuple(PartCount(**count) for count in listing["parts"]),
        inputs=listing["inputs"],
    )


def close_records(folder: Path, parts: Iterable[PartCount], *, file: str = "", **more: Any) -> None:  # noqa: ANN401
    """Write the listing of a folder of records, which makes it whole."""
    listing = {"file": file, "parts": [asdict(part) for part in parts], "inputs": {}, **more}
    (folder / LISTING).write_text(json.dumps(listing), encoding="utf-8")


def keep_folder(
    source_id: str, files: Mapping[str, Path], home: Path, *, progress: bool = True, jobs: int | None = None
) -> tuple[Records, ...]:
    """Return the records of a folder source, reading what is new or has changed.

    Parameters
    ----------
    source_id
        A source whose reader has `read_lines` is read file by file, another all files together.
    files
        Paths by name below the source's folder.
    home
        Folder of kept records, of all sources.
    progress
        Show a bar on stderr, where that is a terminal.
    jobs
        Processes to read in; as many as Polars has threads where none is named.

    Returns
    -------
    records
        One for each file, in the order of `files`.

    Raises
    ------
    ResultError
        If the records cannot be written, or a process that reads was ended from outside.
    FormatError
        If a file as a whole is not in the format of the source.
    """
    code = readers.code_hash(source_id)
    whole = not readers.reads_file_by_file(source_id)
    units = {"": dict(files)} if whole else {name: {name: path} for name, path in files.items()}
    places = {
        name: home
        / source_id
        / hash_of([_FORM, source_id, code, {n: _stamp(p) for n, p in unit.items()}])[:32]
        for name, unit in units.items()
    }
    lacking = {name: unit for name, unit in units.items() if not _is_whole(places[name])}
    try:
        if lacking:
            (home / source_id).mkdir(parents=True, exist_ok=True)
            _sweep(home / source_id)
            tasks = [
                _Task(source_id=source_id, name=name, files=unit, place=places[name], code=code)
                for name, unit in lacking.items()
            ]
            _make_all(tasks, progress=progress, jobs=jobs or pl.thread_pool_size())
            _remove_outdated(home / source_id, keep=set(places.values()), code=code)
        return tuple(open_records(place) for place in places.values())
    except BrokenProcessPool as error:
        raise ResultError(
            f"source {source_id!r}: a process that read its files was ended from outside (too little memory, "
            "or a script of your own without `if __name__ == '__main__':`?); what was read is kept: run "
            "again, with fewer --jobs"
        ) from error
    except (OSError, ComputeError, pa.ArrowException) as error:
        raise cannot_write(f"the records of {source_id!r} to {home}", error, "--cache") from error


@dataclass(frozen=True, kw_only=True)
class _Task:
    """Files to read into one folder of records."""

    source_id: str
    name: str
    files: dict[str, Path]
    place: Path
    code: str

    @property
    def size(self) -> int:
        return sum(path.stat().st_size for path in self.files.values())


def _stamp(path: Path) -> list[int]:
    """Return what tells a changed file from an unchanged one, without reading it: length and time."""
    stat = path.stat()
    return [stat.st_size, stat.st_mtime_ns]


def _is_whole(place: Path) -> bool:
    """Say whether kept records are all there; their bytes are not looked at, of which there may be a lot."""
    try:
        listing = json.loads((place / LISTING).read_text(encoding="utf-8"))
        lengths: dict[str, int] = listing["lengths"]
        return all((place / name).stat().st_size == length for name, length in lengths.items())
    except (OSError, ValueError, KeyError):
        return False


def _make(task: _Task, moved: Any = None) -> None:  # noqa: ANN401 - a shared number or none
    """Read a task's files into a draft, and let it take its place."""

    def count(length: int) -> None:
        if moved is not None:
            with moved.get_lock():
                moved.value += length

    draft = Path(tempfile.mkdtemp(prefix=".draft-", dir=task.place.parent))
    try:
        stamps = {name: _stamp(path) for name, path in task.files.items()}
        if task.name:
            lines = LineFile(task.files[task.name], name=task.name, moved=count)
            parts = write(draft, readers.read_lines(task.source_id, lines))
            inputs = {task.name: {"sha256": lines.sha256, "size": lines.size}}
        else:
            parts = write(draft, readers.read(task.source_id, task.files))
            inputs = {
                name: {"sha256": file_hash(path), "size": path.stat().st_size}
                for name, path in task.files.items()
            }
            count(task.size)
        close_records(
            draft,
            parts,
            file=task.name,
            inputs=inputs,
            code=task.code,
            stamps={str(task.files[name].absolute()): stamp for name, stamp in stamps.items()},
            lengths={path.name: path.stat().st_size for path in draft.iterdir()},
        )
        shutil.rmtree(task.place, ignore_errors=True)  # damaged, or it would not be made again
        try:
            draft.rename(task.place)
        except OSError:
            if not _is_whole(task.place):  # else another build made the same meanwhile
                raise
    finally:
        shutil.rmtree(draft, ignore_errors=True)


_shared: list[Any] = []  # in a process that reads: the number of bytes read by all of them


def _share(moved: Any) -> None:  # noqa: ANN401
    _shared.append(moved)


def _make_apart(task: _Task) -> None:
    """Do a task in a process of its own."""
    _make(task, *_shared)


@contextmanager
def _one_thread_each() -> Iterator[None]:
    """Let processes that are started meanwhile have a single thread: they are the parallel ones."""
    before = os.environ.get("POLARS_MAX_THREADS")
    os.environ["POLARS_MAX_THREADS"] = "1"
    try:
        yield
    finally:
        if before is None:
            del os.environ["POLARS_MAX_THREADS"]
        else:
            os.environ["POLARS_MAX_THREADS"] = before


def _make_all(tasks: list[_Task], *, progress: bool, jobs: int) -> None:
    """Read every task's files, in several processes where that is quicker."""
    total = sum(task.size for task in tasks)
    bar = tqdm(
        total=total,
        desc=f"reading {tasks[0].source_id}",
        unit="B",
        unit_scale=True,
        disable=not (progress and sys.stderr.isatty()),
        leave=False,
    )
    context = multiprocessing.get_context("spawn")
    moved = context.Value("Q", 0)
    with bar:
        if min(jobs, len(tasks)) == 1 or total < _POOL_BYTES:
            for task in tasks:
                _make(task, moved)
                bar.update(moved.value - bar.n)
            return
        with (
            _one_thread_each(),
            ProcessPoolExecutor(
                min(jobs, len(tasks)), mp_context=context, initializer=_share, initargs=(moved,)
            ) as pool,
        ):
            largest_first = sorted(tasks, key=lambda task: (-task.size, task.name))
            open_ = {pool.submit(_make_apart, task) for task in largest_first}
            try:
                while open_:
                    done, open_ = wait(open_, timeout=_LOOK_SECONDS, return_when="FIRST_EXCEPTION")
                    bar.update(moved.value - bar.n)
                    _raise_of(done)
            except BaseException:
                pool.shutdown(wait=False, cancel_futures=True)
                raise


def _raise_of(done: Iterable[Future[None]]) -> None:
    for future in done:
        future.result()


def _sweep(folder: Path) -> None:
    """Remove the drafts that a reading which was killed left."""
    for path in folder.glob(".draft-*"):
        with suppress(OSError):
            if path.stat().st_mtime < time.time() - _DAY_SECONDS:
                shutil.rmtree(path, ignore_errors=True)


def _remove_outdated(folder: Path, *, keep: set[Path], code: str) -> None:
    """Remove records that nobody can ask for again: of files that changed or went, or of older code.

    Where the folder that a file lay in is gone too, it may be a disk that is not there today: they stay.
    """
    for path in sorted(set(folder.iterdir()) - keep):
        try:
            listing = json.loads((path / LISTING).read_text(encoding="utf-8"))
            files = {Path(name): stamp for name, stamp in listing["stamps"].items()}
        except (OSError, ValueError, KeyError):
            continue
        gone = [file for file in files if not file.exists()]
        changed = [file for file, stamp in files.items() if file not in gone and _stamp(file) != stamp]
        if (
            listing["code"] != code
            or changed
            or any(parent.exists() for file in gone for parent in file.parents[:_NEAR_PARENTS])
        ):
            shutil.rmtree(path, ignore_errors=True)
