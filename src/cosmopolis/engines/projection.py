"""The projection: rows of item and city to weighted pairs of cities, in one pass over sorted rows.

A record is an item in one field and year; it stands in n distinct cities. Each pair of its cities gains one
in `count`, 1/(n − 1) in fractional and 2/(n (n − 1)) in refined counting; each of its cities gains one in
its totals. Shares are whole numbers of `SHARE_UNITS`, so that all sums are of integers: any order of rows,
any threads, any engine and any partition give the same numbers.

Where the rows come from, and what a weight means, is not known here.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import polars as pl
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from cosmopolis.errors import FormatError

SHARE_UNITS = 5_354_228_880
"""Units of one: the least common multiple of 1 … 24; shares of records with up to 24 cities are whole."""

ROW_COLUMNS = ("item", "year", "field", "city_id")
"""Columns of the rows."""

PAIR_COLUMNS = ("field", "year", "origin", "destination", "count", "fractional_units", "refined_units")
"""Columns of the pairs, which are sorted by the first four; origin < destination."""

TOTAL_COLUMNS = ("field", "year", "city_id", "count", "shared", "fractional_units")
"""Columns of the totals of cities, which are sorted by the first three."""

_SUM_COLUMNS = ("count", "shared", "fractional_units", "refined_units")
_PAIR, _TOTAL, _ACCOUNT = 0, 1, 2


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


def pairs_schema(*, text_cities: bool) -> pl.Schema:
    """Return the columns of pairs with their types."""
    city: type[pl.DataType] = pl.String if text_cities else pl.Int64
    kinds: list[type[pl.DataType]] = [pl.String, pl.Int64, city, city, pl.Int64, pl.Int64, pl.Int64]
    return pl.Schema(dict(zip(PAIR_COLUMNS, kinds, strict=True)))


def totals_schema(*, text_cities: bool) -> pl.Schema:
    """Return the columns of totals with their types."""
    city: type[pl.DataType] = pl.String if text_cities else pl.Int64
    kinds: list[type[pl.DataType]] = [pl.String, pl.Int64, city, pl.Int64, pl.Int64, pl.Int64]
    return pl.Schema(dict(zip(TOTAL_COLUMNS, kinds, strict=True)))


def sum_totals(totals: pl.DataFrame) -> pl.DataFrame:
    """Add up totals of the same field, year and city, and sort them."""
    keys = list(TOTAL_COLUMNS[:3])
    return totals.group_by(keys).agg(pl.col(*TOTAL_COLUMNS[3:]).sum()).sort(keys)


def project_batches(
    batches: Iterable[pa.RecordBatch],
    *,
    largest_record: int | None = None,
    threads: int = 2,
    memory_mb: int = 1024,
    pairs_file: Path | None = None,
    field_labels: list[str] | None = None,
    schema: pa.Schema | None = None,
) -> Projection:
    """Project rows in which items ascend.

    Parameters
    ----------
    batches
        Rows by `ROW_COLUMNS`, cut anywhere.
    largest_record
        Most cities that a record may have and still make pairs; any number if none is given.
    threads
        How many threads sort and count. They change the time, never the answer.
    memory_mb
        Memory in MB for records and runs; beyond it, runs go to a temporary folder.
    pairs_file
        A Parquet file to which the pairs are written in order, a part at a time; `pairs` has no rows then.
    field_labels
        Texts that whole numbers in the column `field` stand for, from 1; fields are texts if none are given.
    schema
        Columns of the rows, which say of what kind an answer without rows is; else the first batch says it.

    Raises
    ------
    UnsortedItemsError
        If an item is less than the one before it.
    FormatError
        If a column is of a kind that cannot be projected, or there are too many fields, years and cities.
    UnknownNameError
        If a column is missing.
    OverflowError
        If a pair has so many records that its units exceed 63 bits.

    Examples
    --------
    >>> rows = pa.record_batch({
    ...     "item": [1, 1, 2, 2, 2], "year": [2020] * 5, "field": ["ai"] * 5, "city_id": [7, 8, 7, 8, 9],
    ... })
    >>> project_batches([rows], threads=1).pairs.select("origin", "destination", "count").rows()
    [(7, 8, 2), (7, 9, 1), (8, 9, 1)]
    """
    from cosmopolis.engines._projector import Projector  # noqa: PLC0415 - Numba takes its time

    with Projector(
        largest_record=largest_record,
        threads=threads,
        memory_mb=memory_mb,
        schema=schema,
        field_labels=field_labels,
    ) as projector:
        for batch in batches:
            projector.add(batch)
        return projector.finish(pairs_file)


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
        As for `project_batches`.
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
        pairs=pair_sums.match_to_schema(pairs_schema(text_cities=text)),
        totals=sum_totals(totals.rename({"origin": "city_id"}).select(TOTAL_COLUMNS)),
        records=records,
        singles=singles,
        capped=capped,
        null_rows=null_rows,
    )
