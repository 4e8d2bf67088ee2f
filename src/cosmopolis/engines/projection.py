"""The projection: rows of item and city to weighted pairs of cities, in one pass over sorted rows.

A record is an item in one field and year; it stands in n distinct cities. Each pair of its cities gains one
in `count`, 1/(n − 1) in fractional and 2/(n (n − 1)) in refined counting; each of its cities gains one in
its totals. Shares are whole numbers of `SHARE_UNITS`, so that all sums are of integers: any order of rows,
any threads, any engine and any partition give the same numbers.

Where the rows come from, and what a weight means, is not known here.
"""

import tempfile
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from cosmopolis.errors import FormatError, UnknownNameError, hint_near

if TYPE_CHECKING:
    from cosmopolis.engines._runs import Chunk, Layout, Run

SHARE_UNITS = 5_354_228_880
"""Units of one: the least common multiple of 1 … 24; shares of records with up to 24 cities are whole."""

ROW_COLUMNS = ("item", "year", "field", "city_id")
"""Columns of the rows."""

PAIR_COLUMNS = ("field", "year", "origin", "destination", "count", "fractional_units", "refined_units")
"""Columns of the pairs, which are sorted by the first four; origin < destination."""

TOTAL_COLUMNS = ("field", "year", "city_id", "count", "shared", "fractional_units")
"""Columns of the totals of cities, which are sorted by the first three."""

_KINDS = {
    "item": ("whole numbers", "text"),
    "year": ("whole numbers",),
    "field": ("text",),
    "city_id": ("whole numbers", "text"),
}
_SUM_COLUMNS = ("count", "shared", "fractional_units", "refined_units")
_PAIR, _TOTAL, _ACCOUNT = 0, 1, 2
_NO_CAP = 2**62
_MOST_COUNT = (2**63 - 1) // SHARE_UNITS
_YEAR_LIMIT = 2**31
_WORDS_A_ROW = 3
_BATCH_ROWS = 1 << 20
_FIRST_SLOTS = 1 << 12


class UnsortedItemsError(FormatError):
    """Items descend within the rows, so that the rows of one may lie apart."""


@dataclass(frozen=True, kw_only=True)
class Projection:
    """What a projection gives.

    Attributes
    ----------
    pairs
        By `PAIR_COLUMNS`: records that name both cities, and the units of their shares.
    totals
        By `TOTAL_COLUMNS`: records in the city, those of them in other cities too, and Σ 1/n in units.
    records, singles
        Records, and those in one city only.
    capped
        Records in more cities than `largest_record`: they count in the totals and make no pairs.
    null_rows
        Rows without item, year, field or city, which are left out.
    """

    pairs: pl.DataFrame
    totals: pl.DataFrame
    records: int
    singles: int
    capped: int
    null_rows: int


def share_units(parts: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return 1/parts in units, to the nearest unit, halves up; 0 for 0 parts.

    Exact where `parts` divides `SHARE_UNITS`: 1 … 24, and n (n − 1)/2 for n ≤ 24.

    Examples
    --------
    >>> share_units(np.array([1, 3, 25])).tolist()
    [5354228880, 1784742960, 214169155]
    """
    whole = np.maximum(parts, 1)
    return np.where(parts > 0, (2 * SHARE_UNITS + whole) // (2 * whole), 0).astype(np.int64)


class Projector:
    """Takes rows batch by batch, in which items ascend, and gives their projection.

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
    """

    def __init__(
        self,
        *,
        largest_record: int | None = None,
        threads: int = 2,
        memory_mb: int = 1024,
        schema: pa.Schema | None = None,
    ) -> None:
        from cosmopolis.engines import _columns, _grouping  # noqa: PLC0415 - Numba takes its time

        if largest_record is not None and largest_record < 2:  # noqa: PLR2004 - a pair
            raise FormatError(
                f"got largest_record={largest_record}, expected at least 2, or nothing for no cap"
            )
        if threads < 1 or memory_mb < 1:
            raise ValueError(f"got threads={threads} and memory_mb={memory_mb}, but both must be 1 or more")
        self._columns, self._grouping = _columns, _grouping
        self._cap = _NO_CAP if largest_record is None else largest_record
        self._threads = threads
        self._bytes = memory_mb << 20
        self._items: Any = None
        self._fields = _columns.TextCodes()
        self._groups = _columns.IntegerCodes()
        self._cities: Any = _columns.IntegerCodes()
        self._schema: pa.Schema | None = None
        self._words = np.empty(0, np.uint32)
        self._edges = [0]
        self._at = 0
        self._segment = np.empty(0, np.uint64)
        self._held, self._last = 0, 0
        self._account = np.zeros(5, np.int64)
        self._null_rows = 0
        self._runs: list[Run] = []
        self._totals: list[pl.DataFrame] = []
        self._folder: tempfile.TemporaryDirectory[str] | None = None
        self._flushed_events = 0
        if schema is not None:
            self._expect(schema)

    @property
    def has_text_cities(self) -> bool:
        """Whether cities are texts."""
        return isinstance(self._cities, self._columns.TextCodes)

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

    def _add(self, batch: pa.RecordBatch) -> None:
        """Take rows that fit in the space for a batch."""
        item, year, field, city = self._whole(batch)
        if len(item) == 0:
            return
        items = self._columns.integers(item, "item") if self._items is None else self._items.number(item)
        if items is None:
            raise UnsortedItemsError("the items descend")
        years = self._columns.integers(year, "year")
        if (np.abs(years) >= _YEAR_LIMIT).any():
            raise FormatError(f"column 'year' has {years[np.argmax(np.abs(years))]}, expected a year")
        codes = self._fields.code(field).astype(np.int64)
        groups = self._groups.code((codes << 32) + (years + _YEAR_LIMIT))
        cities = self._cities.code(city if self.has_text_cities else self._columns.integers(city, "city_id"))
        self._group(items, groups, cities)

    def _expect(self, schema: pa.Schema) -> None:
        """Check the columns of the rows, and choose how to code them."""
        for name in ROW_COLUMNS:
            if name not in schema.names:
                raise UnknownNameError(f"rows: no column {name!r}" + hint_near(name, schema.names))
        is_text = self._columns.is_text
        for name, kinds in _KINDS.items():
            kind = schema.field(name).type
            if not (
                ("text" in kinds and is_text(kind))
                or ("whole numbers" in kinds and pa.types.is_integer(kind))
            ):
                raise FormatError(f"column {name!r} is {kind}, expected {' or '.join(kinds)}")
        if is_text(schema.field("city_id").type):
            self._cities = self._columns.TextCodes()
        if is_text(schema.field("item").type):
            self._items = self._columns.TextItems()
        self._schema = schema

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

    def _group(self, items: NDArray[np.int64], groups: NDArray[np.int32], cities: NDArray[np.int32]) -> None:
        """Write the records of a batch into the buffer."""
        rows = self._held + len(items)
        if len(self._segment) < rows:
            held = self._segment[: self._held]
            self._segment = np.empty(rows + _BATCH_ROWS, np.uint64)
            self._segment[: len(held)] = held
        if self._at + _WORDS_A_ROW * rows > len(self._words):
            self._flush()
            most = max(_WORDS_A_ROW * (rows + _BATCH_ROWS), self._bytes // 4 // self._words.itemsize)
            if len(self._words) < most:
                self._words = np.empty(most, np.uint32)  # the system gives memory as it is touched
        self._held, self._last, self._at, wrong = self._grouping.group_rows(
            items,
            groups,
            cities,
            self._segment,
            self._held,
            self._last,
            self._words,
            self._at,
            self._cap,
            self._account,
        )
        if wrong >= 0:
            raise UnsortedItemsError("the items descend")
        self._edges.append(self._at)
        if (int(self._account[self._grouping.EVENTS]) - self._flushed_events) * 8 * 4 > self._bytes:
            self._flush()

    def _flush(self) -> None:
        """Make a run of the records in the buffer."""
        from cosmopolis.engines._runs import RunMaker  # noqa: PLC0415 - Numba takes its time

        if self._at == 0:
            return
        edges = np.array(self._edges)
        wanted = np.arange(self._threads + 1) * self._at // self._threads
        near = edges[np.abs(edges[:, None] - wanted).argmin(axis=0)]
        with ThreadPoolExecutor(self._threads) as pool:
            maker = RunMaker(
                self._words,
                near.tolist(),
                groups=self._group_order(),
                cities=self._cities.order(),
                largest=int(self._account[self._grouping.LARGEST]),
                cap=self._cap,
                total_units=share_units,
                pool=pool,
            )
            run, totals = maker.make()
        self._runs.append(run)
        self._totals.append(self._labelled_totals(totals, run.layout))
        self._at, self._edges = 0, [0]
        self._flushed_events = int(self._account[self._grouping.EVENTS])
        if sum(run.bytes_held for run in self._runs) > self._bytes // 2:
            self._spill()

    def _spill(self) -> None:
        """Move the runs in memory to the temporary folder."""
        if self._folder is None:
            self._folder = tempfile.TemporaryDirectory(prefix="cosmopolis-", ignore_cleanup_errors=True)
        for k, run in enumerate(self._runs):
            if run.file is None:
                run.spill(Path(self._folder.name) / f"{k}.run")

    def _group_parts(self) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Return the code of the field and the year of each group, by its code."""
        labels = self._groups.labels()
        return labels >> 32, (labels & 0xFFFFFFFF) - _YEAR_LIMIT

    def _group_order(self) -> NDArray[np.int64]:
        """Return the codes of groups in the order of field and year."""
        fields, years = self._group_parts()
        rank = np.empty(len(self._fields.labels()), np.int64)
        order = self._fields.order()
        rank[order] = np.arange(len(order))
        return np.lexsort((years, rank[fields]))

    def _labelled_totals(self, rows: NDArray[np.int64], layout: "Layout") -> pl.DataFrame:
        """Name field, year and city of totals."""
        fields, years = self._group_parts()
        groups = layout.groups[rows[:, 0]]
        cities = layout.cities[rows[:, 1]]
        return pl.DataFrame(
            {
                "field": pl.Series(self._fields.labels(), dtype=pl.String).gather(fields[groups]),
                "year": years[groups],
                "city_id": pl.Series(self._cities.labels()).gather(cities),
                "count": rows[:, 2],
                "shared": rows[:, 3],
                "fractional_units": rows[:, 4],
            }
        )

    def finish(self) -> Projection:
        """Return the projection of all rows taken."""
        self._at = self._grouping.write_rest(
            self._segment, self._held, self._words, self._at, self._cap, self._account
        )
        self._held = 0
        self._edges.append(self._at)
        self._flush()
        self._words = np.empty(0, np.uint32)
        text = self.has_text_cities
        schema = _pairs_schema(text_cities=text)
        frames = [schema.to_frame(), *self._pair_frames()]
        totals = [_totals_schema(text_cities=text).to_frame(), *self._totals]
        account = self._account.tolist()
        grouping = self._grouping
        return Projection(
            pairs=pl.concat(frames),
            totals=_sum_totals(pl.concat(totals)) if len(self._totals) != 1 else self._totals[0],
            records=account[grouping.RECORDS],
            singles=account[grouping.SINGLES],
            capped=account[grouping.CAPPED],
            null_rows=self._null_rows,
        )

    def _pair_frames(self) -> Iterator[pl.DataFrame]:
        """Yield the pairs in order, in frames of moderate size."""
        from cosmopolis.engines import _runs  # noqa: PLC0415 - Numba takes its time

        if not self._runs:
            return
        layout = _runs.Layout(
            groups=self._group_order(),
            cities=self._cities.order(),
            sizes=np.unique(np.concatenate([run.layout.sizes for run in self._runs])),
        )
        layout.check()
        fractional, refined = (
            share_units(layout.sizes - 1),
            share_units(layout.sizes * (layout.sizes - 1) // 2),
        )
        fields, years = self._group_parts()
        fields, years = fields[layout.groups], years[layout.groups]
        field_labels = pl.Series(self._fields.labels(), dtype=pl.String).gather(fields)
        year_labels = pl.Series(years)
        city_labels = pl.Series(self._cities.labels()).gather(layout.cities)
        for chunks in _runs.merged(self._runs, layout):
            codes, sums = _settled(_runs.merge_chunks(chunks), layout, fractional, refined)
            yield pl.DataFrame(
                {
                    "field": field_labels.gather(pl.Series(codes[0])),
                    "year": year_labels.gather(pl.Series(codes[0])),
                    "origin": city_labels.gather(pl.Series(codes[1])),
                    "destination": city_labels.gather(pl.Series(codes[2])),
                    "count": sums[0],
                    "fractional_units": sums[1],
                    "refined_units": sums[2],
                }
            )


def _settled(
    chunk: "Chunk", layout: "Layout", fractional: NDArray[np.int64], refined: NDArray[np.int64]
) -> tuple[NDArray[np.uint32], NDArray[np.int64]]:
    """Return group, origin, destination, and count and units, of each pair of a chunk."""
    from cosmopolis.engines import _pairs  # noqa: PLC0415 - Numba takes its time

    codes = np.empty((3, len(chunk.keys)), np.uint32)
    sums = np.empty((3, len(chunk.keys)), np.int64)
    size = _pairs.settle(
        chunk.keys,
        chunk.counts,
        layout.city_bits,
        layout.class_bits,
        fractional,
        refined,
        _MOST_COUNT,
        codes,
        sums,
    )
    if size < 0:
        raise OverflowError(
            f"a pair of cities has more than {_MOST_COUNT} records, the most that its units can count; "
            "project fewer years at a time"
        )
    return codes[:, :size], sums[:, :size]


def _pairs_schema(*, text_cities: bool) -> pl.Schema:
    """Return the columns of pairs with their types."""
    city: type[pl.DataType] = pl.String if text_cities else pl.Int64
    kinds: list[type[pl.DataType]] = [pl.String, pl.Int64, city, city, pl.Int64, pl.Int64, pl.Int64]
    return pl.Schema(dict(zip(PAIR_COLUMNS, kinds, strict=True)))


def _totals_schema(*, text_cities: bool) -> pl.Schema:
    """Return the columns of totals with their types."""
    city: type[pl.DataType] = pl.String if text_cities else pl.Int64
    kinds: list[type[pl.DataType]] = [pl.String, pl.Int64, city, pl.Int64, pl.Int64, pl.Int64]
    return pl.Schema(dict(zip(TOTAL_COLUMNS, kinds, strict=True)))


def _sum_totals(totals: pl.DataFrame) -> pl.DataFrame:
    """Add up totals of the same field, year and city, and sort them."""
    keys = list(TOTAL_COLUMNS[:3])
    return totals.group_by(keys).agg(pl.col(*TOTAL_COLUMNS[3:]).sum()).sort(keys)


def project_batches(
    batches: Iterable[pa.RecordBatch],
    *,
    largest_record: int | None = None,
    threads: int = 2,
    memory_mb: int = 1024,
) -> Projection:
    """Project rows in which items ascend: see `Projector`.

    Examples
    --------
    >>> rows = pa.record_batch({
    ...     "item": [1, 1, 2, 2, 2], "year": [2020] * 5, "field": ["ai"] * 5, "city_id": [7, 8, 7, 8, 9],
    ... })
    >>> project_batches([rows], threads=1).pairs.select("origin", "destination", "count").rows()
    [(7, 8, 2), (7, 9, 1), (8, 9, 1)]
    """
    schema = batches.schema if isinstance(batches, pa.RecordBatchReader) else None
    projector = Projector(largest_record=largest_record, threads=threads, memory_mb=memory_mb, schema=schema)
    for batch in batches:
        projector.add(batch)
    return projector.finish()


def partial_schema(*, text_cities: bool = False) -> pa.Schema:
    """Return the columns of partial sums: see `partial_sums`."""
    city = pa.string() if text_cities else pa.int64()
    return pa.schema(
        [
            ("part", pa.int8()),
            ("field", pa.string()),
            ("year", pa.int64()),
            ("origin", city),
            ("destination", city),
            *((name, pa.int64()) for name in _SUM_COLUMNS),
        ]
    )


def partial_sums(
    batches: Iterable[pa.RecordBatch],
    *,
    largest_record: int | None = None,
    threads: int = 1,
    text_cities: bool | None = None,
) -> Iterator[pa.RecordBatch]:
    """Project the rows of whole items, in any order, and yield sums to be added to those of others.

    The kernel of an engine of many machines: each works on the rows of its own items.

    Parameters
    ----------
    batches
        Rows by `ROW_COLUMNS`; all rows of an item are in this call.
    largest_record, threads
        As for `Projector`.
    text_cities
        Whether cities are texts, for a call without any batch; else the first batch says it.

    Yields
    ------
    sums
        By `partial_schema`. `part` is 0 for a pair (`count`, `fractional_units`, `refined_units`); 1 for the
        totals of a city in `origin` (`count`, `shared`, `fractional_units`); 2 for the account, with
        records in `count`, singles in `shared`, capped in `fractional_units` and null rows in
        `refined_units`.
    """
    rows = list(batches)
    text = _has_text_cities(rows[0].schema) if rows else bool(text_cities)
    try:
        done = project_batches(rows, largest_record=largest_record, threads=threads)
    except UnsortedItemsError:
        table = pa.Table.from_batches(rows)
        ordered = table.take(pc.sort_indices(table, sort_keys=[("item", "ascending")]))
        done = project_batches(ordered.to_batches(), largest_record=largest_record, threads=threads)
    schema = partial_schema(text_cities=text)
    zero = pl.lit(0, dtype=pl.Int64)
    city = pl.String if text else pl.Int64
    frames = (
        done.pairs.with_columns(shared=zero, part=pl.lit(_PAIR, dtype=pl.Int8)),
        done.totals.rename({"city_id": "origin"}).with_columns(
            part=pl.lit(_TOTAL, dtype=pl.Int8), destination=pl.lit(None, dtype=city), refined_units=zero
        ),
        pl.DataFrame(
            [(_ACCOUNT, None, None, None, None, done.records, done.singles, done.capped, done.null_rows)],
            schema={
                "part": pl.Int8,
                "field": pl.String,
                "year": pl.Int64,
                "origin": city,
                "destination": city,
                **dict.fromkeys(_SUM_COLUMNS, pl.Int64),
            },
            orient="row",
        ),
    )
    for frame in frames:
        yield from frame.select(schema.names).to_arrow().cast(schema).to_batches()


def _has_text_cities(schema: pa.Schema) -> bool:
    """Say whether the cities of rows are texts."""
    from cosmopolis.engines._columns import is_text  # noqa: PLC0415 - Numba takes its time

    return "city_id" in schema.names and is_text(schema.field("city_id").type)


def combine(sums: pa.Table | pl.DataFrame) -> Projection:
    """Add up partial sums of any number of parts, in any order, and sort them.

    Parameters
    ----------
    sums
        By `partial_schema`, added up already or not.
    """
    frame = sums if isinstance(sums, pl.DataFrame) else pl.DataFrame(pl.from_arrow(sums))
    kinds = frame.partition_by("part", as_dict=True, include_key=False)
    text = frame.schema["origin"] == pl.String
    pairs = kinds.get((_PAIR,), frame.drop("part").clear())
    totals = kinds.get((_TOTAL,), frame.drop("part").clear())
    account = kinds.get((_ACCOUNT,), frame.drop("part").clear())
    keys = list(PAIR_COLUMNS[:4])
    pair_sums = pairs.group_by(keys).agg(pl.col(*PAIR_COLUMNS[4:]).sum()).sort(keys)
    records, singles, capped, null_rows = account.select(pl.col(*_SUM_COLUMNS).sum()).row(0)
    return Projection(
        pairs=pair_sums.match_to_schema(_pairs_schema(text_cities=text)),
        totals=_sum_totals(totals.rename({"origin": "city_id"}).select(TOTAL_COLUMNS)),
        records=records,
        singles=singles,
        capped=capped,
        null_rows=null_rows,
    )
