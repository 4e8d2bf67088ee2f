"""Spark, the engine of a cluster: the same verbs and the same answers as DuckDB's.

Spark reads, filters and joins; the compiled kernel of `projection` runs in its Python workers, each on whole
items, and Spark adds up the whole numbers that come out. On one machine it is slower than DuckDB: it is for
what does not fit there. How to run it is told in docs/spark.md.
"""

import os
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Self

import polars as pl

from cosmopolis.engines import _spark_session
from cosmopolis.engines.dialect import SPARK
from cosmopolis.engines.frames import check_name, in_order, not_registered, plain
from cosmopolis.errors import EngineError, FormatError, UnknownNameError, hint_near

if TYPE_CHECKING:
    import pyarrow as pa
    from pyspark.sql import DataFrame, SparkSession

    from cosmopolis.engines.projection import Projection

MASTER = "COSMOPOLIS_SPARK_MASTER"
"""Variable of the environment that names the master where none is given."""

BATCH_ROWS = 65_536
"""Rows that Spark hands to the kernel at a time, and the kernel to Spark: some megabytes."""

PART_BYTES = "16m"
"""What Spark aims at for one part of the rows or of the sums, as sent between workers: a million rows."""

_SETTINGS = {
    "spark.sql.ansi.enabled": "true",  # a sum that does not fit is an error, never another number
    "spark.sql.session.timeZone": "UTC",
    "spark.sql.timestampType": "TIMESTAMP_NTZ",  # times without a zone stay so, as in DuckDB
    "spark.sql.execution.arrow.maxRecordsPerBatch": str(BATCH_ROWS),
    "spark.sql.adaptive.advisoryPartitionSizeInBytes": PART_BYTES,
    "spark.sql.adaptive.coalescePartitions.parallelismFirst": "false",  # else parts are few and large
}

_SUMS = ("count", "shared", "fractional_units", "refined_units")
"""Columns of partial sums that Spark adds up; the others say of what they are sums."""

_SQL_TYPES = {"int8": "TINYINT", "int64": "BIGINT", "string": "STRING"}

_GLOB = str.maketrans({character: f"\\{character}" for character in "\\*?[]{}"})

_ATTEMPTS = 4
"""How often a task of one machine's Spark is tried, as on a cluster: memory may be short for a moment."""


class Engine:
    """A Spark session of its own, or the user's; close it, or use it in a `with`.

    Parameters
    ----------
    threads
        How many threads Spark may use on one machine. It changes the time, never the answer.
    memory_mb
        Memory of Spark's JVM in MB. The Python workers, one a thread, need some hundred MB each on top.
    master
        Where Spark runs, such as `spark://host:7077` or `yarn`; by default what the variable
        `COSMOPOLIS_SPARK_MASTER` says, else this machine with `threads` threads.
    session
        A Spark session of the user's. It is not stopped, its settings and tables are not changed, and
        `threads`, `memory_mb` and `master` do not count. Without one, the session that `spark-submit` or the
        user started in this process is taken, if there is one.
    settings
        More settings of Spark by name. Those of a machine or cluster count only where Spark must be
        started; those of a session (`spark.sql.…`) always.

    Raises
    ------
    EngineError
        If pyspark or Java is missing or too old, or Spark does not start.

    Notes
    -----
    Spark's pages are off, and a Spark on one machine listens on this machine's own address alone. Its files
    lie in a temporary folder that goes when the last engine is closed.
    """

    dialect = SPARK

    def __init__(
        self,
        *,
        threads: int = 2,
        memory_mb: int = 2048,
        master: str | None = None,
        session: "SparkSession | None" = None,
        settings: Mapping[str, str] | None = None,
    ) -> None:
        if threads < 1 or memory_mb < _spark_session.LEAST_MEMORY_MB:
            raise ValueError(
                f"got threads={threads} and memory_mb={memory_mb}, but Spark needs 1 thread and "
                f"{_spark_session.LEAST_MEMORY_MB} MB or more; leave them out for 2 threads and 2048 MB"
            )
        if session is None:
            self._started = _spark_session.acquire(
                master=master or os.environ.get(MASTER) or f"local[{threads}, {_ATTEMPTS}]",
                memory_mb=memory_mb,
                settings=settings or {},
            )
        else:
            self._started = session
        self._session = self._started.newSession()  # its own tables and settings, on the same Spark
        for name, value in (_SETTINGS | dict(settings or {})).items():
            if name in _SETTINGS or self._session.conf.isModifiable(name):
                self._session.conf.set(name, value)
        self._names: list[str] = []
        self._kept: list[DataFrame] = []

    def __enter__(self) -> Self:
        """Return the engine itself."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close the engine whatever happened."""
        self.close()

    def register(self, name: str, rows: pl.DataFrame | Sequence[Path | str]) -> None:
        """Make a frame or Parquet files known to queries.

        Parameters
        ----------
        name
            Small letters, digits and underscores; a name that is known already is replaced.
        rows
            A frame, or Parquet files of one schema. A path is a file that every worker can read under that
            name; a text may be any address that Spark reads, such as `s3a://bucket/folder/*.parquet`.

        Raises
        ------
        ValueError
            If the name is no plain word.
        FormatError
            If no file is given, or one is not there.
        """
        check_name(name)
        frame = self._frame(rows) if isinstance(rows, pl.DataFrame) else self._files(name, rows)
        frame.createOrReplaceTempView(name)
        if name not in self._names:
            self._names.append(name)

    def keep(self, name: str, sql: str) -> None:
        """Keep the rows of a query under a name, so that later queries read them and do not run it anew.

        They are kept in memory and, where it is short, on the workers' disks, until the engine is closed.
        """
        check_name(name)
        rows = self._rows(sql).persist()
        rows.createOrReplaceTempView(name)
        self._kept.append(rows)
        if name not in self._names:
            self._names.append(name)

    def query(self, sql: str, *, order: tuple[str, ...]) -> pl.DataFrame:
        """Run a query and sort its answer, which must fit into memory.

        Parameters
        ----------
        sql
            One `SELECT` (it may begin with `WITH`), without a final semicolon.
        order
            Columns to sort by. Together they must name a row, so that the order is total.

        Returns
        -------
        frame
            The rows, sorted ascending by `order`, empty cells first.

        Raises
        ------
        UnknownNameError
            If the query names a table that is not registered.
        ValueError
            If two rows agree in all columns of `order`: their order would be left to chance.
        """
        return in_order(_collect(self._rows(sql)), order)

    def project(self, sql: str, *, largest_record: int | None = None) -> "Projection":
        """Count the pairs of cities that stand together in items: see `projection`.

        Parameters
        ----------
        sql
            A `SELECT` with the columns `item`, `year`, `field` and `city_id`; others are ignored.
        largest_record
            A record in more than so many cities makes no pairs; it is counted in `totals` and `capped`.

        Returns
        -------
        projection
            Equal, to the last integer, to what DuckDB's engine gives.

        Raises
        ------
        UnknownNameError
            If the query names a table that is not registered, or a column is missing.
        FormatError
            If a column is of a kind that cannot be projected.
        """
        from pyspark.sql import functions  # noqa: PLC0415 - half a second

        from cosmopolis.engines._columns import is_text  # noqa: PLC0415 - Numba, when it is needed
        from cosmopolis.engines.projection import (  # noqa: PLC0415 - Numba, when it is needed
            ROW_COLUMNS,
            combine,
            partial_schema,
            partial_sums,
        )

        rows = self._rows(sql)
        for column in ROW_COLUMNS:
            if column not in rows.columns:
                raise UnknownNameError(f"rows: no column {column!r}" + hint_near(column, rows.columns))
        with _spark_session.working():
            kinds = rows.select(*ROW_COLUMNS).limit(0).toArrow().schema
        _check_kinds(kinds)
        text = is_text(kinds.field("city_id").type)
        kernel = partial(partial_sums, largest_record=largest_record, text_cities=text)
        list(kernel([]))  # raises here what would be raised in a worker
        schema = partial_schema(text_cities=text)
        whole = rows.select(*ROW_COLUMNS).repartition("item", "year", "field")  # whole records
        parts = _map(whole, kernel, schema)
        keys = [name for name in schema.names if name not in _SUMS]
        spread = parts.repartition(*keys)  # a part has no key twice
        sums = spread.groupBy(*keys).agg(*(functions.sum(name).alias(name) for name in _SUMS))
        return combine(_collect(sums))

    def close(self) -> None:
        """Give back what was kept, and end what the engine started; a second call does nothing."""
        while self._kept:
            self._kept.pop().unpersist()
        _spark_session.release(self._started)

    def _frame(self, frame: pl.DataFrame) -> "DataFrame":
        with _spark_session.working():
            return self._session.createDataFrame(plain(frame).to_arrow())

    def _files(self, name: str, paths: Sequence[Path | str]) -> "DataFrame":
        from pyspark.errors import AnalysisException  # noqa: PLC0415 - half a second

        if not paths:
            raise FormatError(f"got no Parquet file for the table {name!r}, expected at least one")
        places = []
        for path in paths:
            if isinstance(path, Path) and not path.is_file():
                raise FormatError(f"there is no file {path}")
            places.append(f"file:{path.absolute()}".translate(_GLOB) if isinstance(path, Path) else path)
        try:
            with _spark_session.quietly():
                return self._session.read.parquet(*places)
        except AnalysisException as error:
            raise FormatError(f"Spark cannot read {places[0]}: {error}") from error

    def _rows(self, sql: str) -> "DataFrame":
        """Let Spark read a query, and name the table that is missing."""
        from pyspark.errors import AnalysisException  # noqa: PLC0415 - half a second

        try:
            with _spark_session.quietly():
                return self._session.sql(sql)
        except AnalysisException as error:
            said = error.getMessageParameters() or {}
            if error.getCondition() != "TABLE_OR_VIEW_NOT_FOUND":
                raise EngineError(f"Spark does not understand the query: {error}") from error
            raise not_registered(said["relationName"].strip("`"), self._names) from error


def _check_kinds(kinds: "pa.Schema") -> None:
    """Raise `FormatError` if a column cannot be projected, before any work is done."""
    import pyarrow as pa  # noqa: PLC0415 - with the kernel

    from cosmopolis.engines._columns import integers, is_text  # noqa: PLC0415

    for column in kinds:
        if column.name in {"item", "field", "city_id"} and is_text(column.type):
            continue
        if column.name == "field":
            raise FormatError(f"column 'field' is {column.type}, expected text")
        integers(pa.array([], column.type), column.name)


def _map(
    rows: "DataFrame",
    kernel: "Callable[[Iterable[pa.RecordBatch]], Iterator[pa.RecordBatch]]",
    schema: "pa.Schema",
) -> "DataFrame":
    """Send each partition through the kernel, in one call for all of its batches."""
    columns = ", ".join(f"{part.name} {_SQL_TYPES[str(part.type)]}" for part in schema)
    with _spark_session.quietly():
        return rows.mapInArrow(kernel, columns)


def _collect(rows: "DataFrame") -> pl.DataFrame:
    """Let Spark do the work, and bring the answer here."""
    with _spark_session.working():
        return pl.DataFrame(rows.toArrow())
