"""DuckDB, the engine of a single machine.

Make an engine with its limits, register a frame or Parquet files under a name, run a query, or project the
rows that a query gives. There is no SQL here but what wraps a query; each query stands once, beside the
network that it makes, in plain ANSI SQL.
"""

import contextlib
import re
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Self

import duckdb
import polars as pl

from cosmopolis.engines.dialect import DUCKDB
from cosmopolis.engines.frames import check_name, in_order, not_registered, plain
from cosmopolis.errors import FormatError

if TYPE_CHECKING:
    import pyarrow as pa

    from cosmopolis.engines.projection import Projection

_BATCH_ROWS = 1_000_000
_ROWS = frozenset({"item", "year", "field", "city_id"})
_READING = frozenset({"READ_PARQUET", "PARQUET_SCAN", "PROJECTION", "FILTER"})
_MOST_LABELS = 64

_DRAFT = "_draft"  # no name that a caller may give


class Engine:
    """An in-memory DuckDB that spills to a temporary folder of its own; close it, or use it in a `with`.

    Parameters
    ----------
    threads
        How many threads a query may use. It changes the time, never the answer: sums in a query are of
        whole numbers, and every answer is sorted.
    memory_mb
        Memory in MB before a query spills to disk.

    Examples
    --------
    >>> import polars as pl
    >>> with Engine(threads=1) as engine:
    ...     engine.register("numbers", pl.DataFrame({"n": [3, 1, 2]}))
    ...     engine.query("SELECT n FROM numbers WHERE n > 1", order=("n",))["n"].to_list()
    [2, 3]
    """

    dialect = DUCKDB

    def __init__(self, *, threads: int = 2, memory_mb: int = 1024) -> None:
        if threads < 1 or memory_mb < 1:
            raise ValueError(
                f"got threads={threads} and memory_mb={memory_mb}, but both must be 1 or more; "
                "leave them out for 2 threads and 1024 MB"
            )
        self._spill = tempfile.TemporaryDirectory(prefix="cosmopolis-", ignore_cleanup_errors=True)
        self._connection = duckdb.connect(
            ":memory:",
            config={
                "threads": threads,
                "memory_limit": f"{memory_mb}MB",
                "temp_directory": self._spill.name,
                "autoinstall_known_extensions": False,
                "autoload_known_extensions": False,
            },
        )
        self._names: dict[str, str] = {}  # what stands under each name: FRAME, VIEW or TABLE
        self._threads, self._memory_mb = threads, memory_mb

    def __enter__(self) -> Self:
        """Return the engine itself."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close the engine whatever happened."""
        self.close()

    def register(self, name: str, frame: pl.DataFrame | Sequence[Path]) -> None:
        """Make a frame, or Parquet files of the same columns, known to queries under a name.

        The name is of small letters, digits and underscores. Unsigned integers become Int64, categories text.

        Raises
        ------
        FormatError
            If a file is not there, or no file is given.
        """
        check_name(name)
        if isinstance(frame, pl.DataFrame):
            rows = plain(frame).to_arrow()
            self._forget(name)
            self._connection.register(name, rows)
            self._names[name] = "FRAME"
        else:
            for path in frame:
                if not Path(path).is_file():
                    raise FormatError(f"there is no file {path}")
            if not frame:
                raise FormatError(f"got no Parquet file for the table {name!r}, expected at least one")
            files = self._connection.read_parquet([_literal(path) for path in frame])
            self._forget(name)
            files.create_view(name)
            self._names[name] = "VIEW"

    def keep(self, name: str, sql: str) -> None:
        """Keep the rows of a query under a name, so that later queries read them and do not run it anew.

        Examples
        --------
        >>> with Engine(threads=1) as engine:
        ...     engine.keep("squares", "SELECT n * n AS square FROM range(3) AS numbers(n)")
        ...     engine.query("SELECT MAX(square) AS most FROM squares", order=("most",)).item()
        4
        """
        check_name(name)
        self._relation(sql).create(_DRAFT)  # the query may read what the name stands for now
        self._forget(name)
        self._connection.execute(f"ALTER TABLE {_DRAFT} RENAME TO {name}")
        self._names[name] = "TABLE"

    def query(self, sql: str, *, order: tuple[str, ...]) -> pl.DataFrame:
        """Run a query and sort its answer.

        Parameters
        ----------
        sql
            One `SELECT` (it may begin with `WITH`), without a final semicolon.
        order
            Columns to sort by. Together they must name a row, so that the order is total.

        Returns
        -------
        frame
            The rows, sorted ascending by `order`.

        Raises
        ------
        UnknownNameError
            If the query names a table that is not registered.
        ValueError
            If two rows agree in all columns of `order`: their order would be left to chance.
        """
        frame: pl.DataFrame = self._relation(sql).pl()
        return in_order(frame, order)

    def project(self, sql: str, *, largest_record: int | None = None) -> "Projection":
        """Project the rows of a query: records to pairs of cities, and city totals.

        Parameters
        ----------
        sql
            One `SELECT` that gives `item` (whole number or text), `year` (whole number), `field` (text) and
            `city_id` (whole number or text). Rows may repeat, and come in any order; ascending items are
            quickest.
        largest_record
            Most cities that a record may have and still make pairs; any number if none is given.

        Returns
        -------
        projection
            See `cosmopolis.engines.projection`.

        Raises
        ------
        UnknownNameError
            If the query names a table that is not registered, or a column is missing.
        FormatError
            If a column is of a kind that cannot be projected.

        Examples
        --------
        >>> rows = {"item": [1, 1, 2], "year": [2020] * 3, "field": ["ai"] * 3, "city_id": [7, 8, 7]}
        >>> with Engine(threads=1) as engine:
        ...     engine.register("rows", pl.DataFrame(rows))
        ...     engine.project("SELECT * FROM rows").pairs.select("origin", "destination", "count").rows()
        [(7, 8, 1)]
        """
        return self._project(sql, largest_record, None)

    def project_to_file(
        self, sql: str, pairs_file: Path, *, largest_record: int | None = None
    ) -> "Projection":
        """Project the rows of a query as `project` does, and write the pairs to a Parquet file, in order.

        For more pairs than fit in memory. The answer's `pairs` has no rows; all else is in it.
        """
        return self._project(sql, largest_record, pairs_file)

    def _project(self, sql: str, largest_record: int | None, pairs_file: Path | None) -> "Projection":
        """Project the rows of a query; if items turn out to descend, the query sorts them."""
        from cosmopolis.engines.projection import (  # noqa: PLC0415 - imported only where it is used
            UnsortedItemsError,
            project_batches,
        )

        labels = self._cheap_labels(sql)
        text = sql
        if labels is not None:
            names = ", ".join("'" + label.replace("'", "''") + "'" for label in labels)
            text = (
                f"SELECT item, year, list_position([{names}], field) AS field, city_id "  # noqa: S608
                f"FROM ({sql}) AS rows"
            )
        for query in (text, f"SELECT * FROM ({text}) AS rows ORDER BY item"):  # noqa: S608
            try:
                with contextlib.closing(self._relation(query).to_arrow_reader(_BATCH_ROWS)) as reader:
                    return project_batches(
                        _ahead(reader),
                        schema=reader.schema,
                        largest_record=largest_record,
                        threads=self._threads,
                        memory_mb=self._memory_mb,
                        pairs_file=pairs_file,
                        field_labels=labels,
                    )
            except UnsortedItemsError:
                continue
        raise AssertionError("sorted items descend")

    def _cheap_labels(self, sql: str) -> list[str] | None:
        """Return the distinct fields of a query that only reads files, `None` for any other.

        Reading one column of files twice takes less time than handing its texts over.
        """
        columns = dict(
            zip(*(getattr(self._relation(sql), part) for part in ("columns", "types")), strict=True)
        )
        if str(columns.get("field")) != "VARCHAR" or not columns.keys() >= _ROWS:
            return None
        plan = self._connection.sql(f"EXPLAIN (FORMAT JSON) {sql}").fetchall()[0][1]
        if not set(re.findall(r'"name": *"([A-Z_ ]+?) *"', plan)) <= _READING:
            return None
        found = self._connection.sql(
            f"SELECT DISTINCT field FROM ({sql}) AS rows WHERE field IS NOT NULL LIMIT {_MOST_LABELS + 1}"  # noqa: S608
        ).fetchall()
        return sorted(label for (label,) in found) if 0 < len(found) <= _MOST_LABELS else None

    def _relation(self, sql: str) -> duckdb.DuckDBPyRelation:
        """Read a query; an unknown table is answered with the nearest known."""
        try:
            return self._connection.sql(sql)
        except duckdb.CatalogException as error:
            missing = re.search(r"Table with name (\S+) does not exist", str(error))
            if missing is None:
                raise
            raise not_registered(missing.group(1), self._names) from error

    def _forget(self, name: str) -> None:
        """Make a name free, whatever stands under it."""
        kind = self._names.pop(name, None)
        if kind == "FRAME":
            self._connection.unregister(name)
        elif kind is not None:
            self._connection.execute(f"DROP {kind} {name}")

    def close(self) -> None:
        """Give back the memory and remove the temporary folder; a second call does nothing."""
        self._connection.close()
        self._spill.cleanup()


def _literal(path: Path) -> str:
    """Return a path in which DuckDB sees no pattern."""
    return re.sub(r"([*?\[])", r"[\1]", str(path))


def _ahead(batches: Iterable["pa.RecordBatch"]) -> Iterator["pa.RecordBatch"]:
    """Yield batches, the next of which is read while the last is at work."""
    source = iter(batches)
    with ThreadPoolExecutor(1) as pool:
        job = pool.submit(next, source, None)
        while (batch := job.result()) is not None:
            job = pool.submit(next, source, None)
            yield batch
