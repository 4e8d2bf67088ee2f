"""Takes rows batch by batch and gives their projection: reads, makes runs, keeps or spills them, merges."""

import tempfile
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from itertools import chain, islice
from pathlib import Path
from types import TracebackType
from typing import Self

import numpy as np
import polars as pl
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from cosmopolis.engines import _columns, _pairs, _runs
from cosmopolis.engines import _grouping as g
from cosmopolis.engines._records import Records
from cosmopolis.engines.projection import (
    PAIR_COLUMNS,
    ROW_COLUMNS,
    SHARE_UNITS,
    Projection,
    UnsortedItemsError,
    pairs_schema,
    share_units,
    sum_totals,
    totals_schema,
)
from cosmopolis.errors import FormatError, UnknownNameError, hint_near

_KINDS = {
    "item": ("whole numbers", "text"),
    "year": ("whole numbers",),
    "field": ("text",),
    "city_id": ("whole numbers", "text"),
}
_NO_CAP = 2**62
_MOST_COUNT = (2**63 - 1) // SHARE_UNITS
_MOST_YEAR = 2**31 - 1
_BATCH_ROWS = 1 << 20
_FRAME_KEYS = 1 << 20

WORDS_PART = 4
"""One part in so many of the memory is for records."""

RUNS_PART = 2
"""One part in so many of the memory is for runs; beyond it they go to disk."""


class Projector:
    """Takes rows in which items ascend, and gives their projection; use it in a `with`.

    Parameters
    ----------
    largest_record
        Most cities that a record may have and still make pairs; any number if none is given.
    threads
        How many threads sort and count. They change the time, never the answer.
    memory_mb
        Memory in MB for records and runs before runs go to a temporary folder.
    schema
        Columns of the rows, which say what no rows at all would be; that of the first batch if none is given.
    field_labels
        Texts that whole numbers in the column `field` stand for, from 1.
    """

    def __init__(
        self,
        *,
        largest_record: int | None = None,
        threads: int = 2,
        memory_mb: int = 1024,
        schema: pa.Schema | None = None,
        field_labels: list[str] | None = None,
    ) -> None:
        if largest_record is not None and largest_record < 2:  # noqa: PLR2004 - a pair
            raise FormatError(f"got largest_record={largest_record}, expected at least 2, or no cap at all")
        if threads < 1 or memory_mb < 1:
            raise ValueError(f"got threads={threads} and memory_mb={memory_mb}, but both must be 1 or more")
        self._cap = _NO_CAP if largest_record is None else largest_record
        self._threads = threads
        self._bytes = memory_mb << 20
        self._pool = ThreadPoolExecutor(threads)
        self._records = Records(cap=self._cap, words=self._bytes // WORDS_PART // 4, flush=self._flush)
        self._items: _columns.TextItems | None = None
        self._fields = _columns.TextCodes()
        self._field_labels = field_labels
        self._cities: _columns.TextCodes | None = None
        self._schema: pa.Schema | None = None
        self._null_rows = 0
        self._runs: list[_runs.Run] = []
        self._totals: list[pl.DataFrame] = []
        self._folder: tempfile.TemporaryDirectory[str] | None = None
        if schema is not None:
            self._expect(schema)

    def __enter__(self) -> Self:
        """Return the projector itself."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """End the threads and remove the temporary folder."""
        self._pool.shutdown()
        if self._folder is not None:
            self._folder.cleanup()

    def add(self, batch: pa.RecordBatch) -> None:
        """Take some rows.

        Raises
        ------
        UnsortedItemsError
            If an item is less than the one before it; the projector is of no more use then.
        FormatError
            If a column is of a kind that cannot be projected.
        UnknownNameError
            If a column is missing.
        """
        if batch.schema != self._schema:
            if self._schema is not None:
                raise FormatError(f"got a batch of {batch.schema}, but the first was of {self._schema}")
            self._expect(batch.schema)
        for start in range(0, batch.num_rows, _BATCH_ROWS):
            self._add(batch.slice(start, _BATCH_ROWS))

    def _expect(self, schema: pa.Schema) -> None:
        """Check the columns of the rows, and choose how to code them."""
        for name, kinds in _KINDS.items():
            if name not in schema.names:
                raise UnknownNameError(f"rows: no column {name!r}" + hint_near(name, schema.names))
            kind = schema.field(name).type
            is_known = _columns.is_text(kind) if "text" in kinds else False
            is_whole = "whole numbers" in kinds or (name == "field" and self._field_labels is not None)
            if not is_known and not (is_whole and pa.types.is_integer(kind)):
                raise FormatError(f"column {name!r} is {kind}, expected {' or '.join(kinds)}")
        if _columns.is_text(schema.field("city_id").type):
            self._cities = _columns.TextCodes()
        if _columns.is_text(schema.field("item").type):
            self._items = _columns.TextItems()
        self._schema = schema

    def _add(self, batch: pa.RecordBatch) -> None:
        """Take rows that fit in the space for a batch."""
        item, year, field, city = self._whole(batch)
        if len(item) == 0:
            return
        items = _columns.integers(item, "item") if self._items is None else self._items.number(item)
        if items is None:
            raise UnsortedItemsError("the items descend, so that the rows of one may lie apart")
        years = _columns.integers(year, "year")
        for end in pc.min_max(year).as_py().values():
            if abs(end) > _MOST_YEAR:
                raise FormatError(f"column 'year' has {end}, expected a year")
        if self._field_labels is None:
            fields = self._fields.code(field)
        else:
            fields = field.cast(pa.int32()).to_numpy(zero_copy_only=False)
        cities = _columns.integers(city, "city_id") if self._cities is None else self._cities.code(city)
        self._records.read(items, years, fields, cities.astype(np.int64, copy=False))

    def _whole(self, batch: pa.RecordBatch) -> tuple[pa.Array, pa.Array, pa.Array, pa.Array]:
        """Return the columns of the rows that have no gap."""
        rows = batch.select(list(ROW_COLUMNS))
        if any(rows.column(k).null_count for k in range(len(ROW_COLUMNS))):
            full = pc.and_(
                pc.and_(rows.column(0).is_valid(), rows.column(1).is_valid()),
                pc.and_(rows.column(2).is_valid(), rows.column(3).is_valid()),
            )
            whole = rows.filter(full)
            self._null_rows += rows.num_rows - whole.num_rows
            rows = whole
        item, year, field, city = rows.columns
        return item, year, field, city

    def _flush(self) -> None:
        """Make a run of the records in memory."""
        records = self._records
        sizes = records.sizes
        maker = _runs.RunMaker(
            records.arena,
            records.used_blocks,
            records.group_events,
            groups=self._group_order(),
            cities=self._city_order(),
            sizes=sizes,
            cap=self._cap,
            total_units=share_units(sizes),
            pool=self._pool,
            threads=self._threads,
        )
        run, totals = maker.make()
        records.clear()
        self._runs.append(run)
        self._totals.append(self._labelled_totals(totals, run.layout))
        if sum(run.bytes_held for run in self._runs) > self._bytes // RUNS_PART:
            self._spill()

    def _spill(self) -> None:
        """Move the runs in memory to the temporary folder."""
        if self._folder is None:
            self._folder = tempfile.TemporaryDirectory(prefix="cosmopolis-", ignore_cleanup_errors=True)
        for k, run in enumerate(self._runs):
            if run.file is None:
                run.spill(Path(self._folder.name) / f"{k}.run")

    def _labels_of_fields(self) -> list[str]:
        """Return the texts of fields by code."""
        return self._fields.labels() if self._field_labels is None else ["", *self._field_labels]

    def _group_order(self) -> NDArray[np.int64]:
        """Return the codes of groups in the order of field and year."""
        fields, years = self._records.group_parts()
        return np.lexsort((years, _runs.rank_of(_columns.text_order(self._labels_of_fields()))[fields]))

    def _city_order(self) -> NDArray[np.int64]:
        """Return the codes of cities in the order of their labels."""
        labels = self._records.cities.labels()
        if self._cities is None:
            return np.argsort(labels)
        return np.argsort(_runs.rank_of(_columns.text_order(self._cities.labels()))[labels])

    def _city_labels(self) -> pl.Series:
        """Return the labels of cities by code."""
        labels = self._records.cities.labels()
        if self._cities is None:
            return pl.Series(labels)
        return pl.Series(self._cities.labels(), dtype=pl.String).gather(labels)

    def _group_labels(self, groups: NDArray[np.int64]) -> tuple[pl.Series, pl.Series]:
        """Return field and year of some groups."""
        fields, years = self._records.group_parts()
        labels = pl.Series(self._labels_of_fields(), dtype=pl.String)
        return labels.gather(fields[groups]), pl.Series(years[groups])

    def _labelled_totals(self, rows: NDArray[np.int64], layout: _runs.Layout) -> pl.DataFrame:
        """Name field, year and city of totals."""
        fields, years = self._group_labels(layout.groups)
        groups = pl.Series(rows[:, 0])
        return pl.DataFrame(
            {
                "field": fields.gather(groups),
                "year": years.gather(groups),
                "city_id": self._city_labels().gather(layout.cities[rows[:, 1]]),
                "count": rows[:, 2],
                "shared": rows[:, 3],
                "fractional_units": rows[:, 4],
            }
        )

    def finish(self, pairs_file: Path | None = None) -> Projection:
        """Return the projection of all rows taken; its pairs are written to a file if one is given."""
        nothing = np.empty(0, np.int64)
        self._records.read(nothing, nothing, nothing.astype(np.int32), nothing, finish=True)
        if self._records.state[g.BLOCKS]:
            self._flush()
        self._records.arena = np.empty(0, np.uint32)
        text = self._cities is not None
        frames = chain([pairs_schema(text_cities=text).to_frame()], self._pair_frames())
        pairs = pl.concat(frames) if pairs_file is None else _write_frames(frames, pairs_file)
        totals = [totals_schema(text_cities=text).to_frame(), *self._totals]
        state = self._records.state.tolist()
        return Projection(
            pairs=pairs,
            totals=self._totals[0] if len(self._totals) == 1 else sum_totals(pl.concat(totals)),
            records=state[g.RECORDS],
            singles=state[g.SINGLES],
            capped=state[g.CAPPED],
            null_rows=self._null_rows,
        )

    def _pair_frames(self) -> Iterator[pl.DataFrame]:
        """Yield the pairs in order, in frames of moderate size, some of which are made at the same time."""
        if not self._runs:
            return
        layout = _runs.Layout(
            groups=self._group_order(),
            cities=self._city_order(),
            sizes=np.unique(np.concatenate([run.layout.sizes for run in self._runs])),
        )
        layout.check()
        settler = _Settler(
            layout, self._group_labels(layout.groups), self._city_labels().gather(layout.cities)
        )
        waiting: list[Future[pl.DataFrame]] = []
        for lists in _gathered(_runs.merged(self._runs, layout)):
            waiting.append(self._pool.submit(settler.frame, lists))
            if len(waiting) > self._threads:
                yield waiting.pop(0).result()
        for job in waiting:
            yield job.result()


class _Settler:
    """Makes frames of pairs from sorted keys.

    Parameters
    ----------
    layout
        What the keys stand for.
    groups
        Field and year of each group.
    cities
        Label of each city.
    """

    def __init__(self, layout: _runs.Layout, groups: tuple[pl.Series, pl.Series], cities: pl.Series) -> None:
        self.layout = layout
        self.fields, self.years = groups
        self.cities = cities
        sizes = layout.sizes
        self.shares = (share_units(sizes - 1), share_units(sizes * (sizes - 1) // 2))

    def frame(self, lists: list[list[_runs.Chunk]]) -> pl.DataFrame:
        """Return the pairs of some lists of chunks, each of which is merged first."""
        chunks = [_runs.merge_chunks(chunks, self.layout.class_bits) for chunks in lists]
        size = sum(chunk.pairs for chunk in chunks)
        codes = [np.empty(size, np.uint32) for _ in range(3)]
        sums = [np.empty(size, np.int64) for _ in range(3)]
        at = 0
        for chunk in chunks:
            here = slice(at, at + chunk.pairs)
            is_counted = _pairs.settle(
                chunk.keys,
                chunk.counts,
                self.layout.widths,
                self.shares,
                _MOST_COUNT,
                codes[0][here],
                (codes[1][here], codes[2][here]),
                (sums[0][here], sums[1][here], sums[2][here]),
            )
            if not is_counted:
                raise OverflowError(
                    f"a pair of cities has more than {_MOST_COUNT} records, the most that its units can "
                    "count; project fewer years at a time"
                )
            at += chunk.pairs
        group, origin, destination = (pl.Series(values) for values in codes)
        columns = (
            self.fields.gather(group),
            self.years.gather(group),
            self.cities.gather(origin),
            self.cities.gather(destination),
            *(pl.Series(values) for values in sums),
        )
        return pl.DataFrame(dict(zip(PAIR_COLUMNS, columns, strict=True)))


def _gathered(lists: Iterator[list[_runs.Chunk]]) -> Iterator[list[list[_runs.Chunk]]]:
    """Put lists of chunks together until they are worth a frame."""
    held: list[list[_runs.Chunk]] = []
    size = 0
    for chunks in lists:
        held.append(chunks)
        size += sum(len(chunk.keys) for chunk in chunks)
        if size >= _FRAME_KEYS:
            yield held
            held, size = [], 0
    if held:
        yield held


def _write_frames(frames: Iterator[pl.DataFrame], file: Path) -> pl.DataFrame:
    """Write frames to one Parquet file, a group of rows each; returns the first frame, which has no rows."""
    import pyarrow.parquet as pq  # noqa: PLC0415 - only where a file is written

    (empty,) = islice(frames, 1)
    schema = empty.to_arrow().schema
    with pq.ParquetWriter(file, schema, compression="zstd") as target:
        for frame in frames:
            target.write_table(frame.to_arrow().cast(schema))
    return empty
