"""DuckDB, the engine of a single machine.

Three verbs: make an engine with its limits, register a frame under a name, run a query. There is no SQL
here; each query stands once, beside the network that it makes, in plain ANSI SQL.
"""

import re
import tempfile
from types import TracebackType
from typing import Self

import duckdb
import polars as pl

from cosmopolis.errors import UnknownNameError, hint_near

_NAME = re.compile(r"^[a-z][a-z0-9_]*$")


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
        self._names: list[str] = []

    def __enter__(self) -> Self:
        """Return the engine itself."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close the engine whatever happened."""
        self.close()

    def register(self, name: str, frame: pl.DataFrame) -> None:
        """Make a frame known to queries under a name of small letters, digits and underscores."""
        if not _NAME.match(name):
            raise ValueError(
                f"got the table name {name!r}, but expected small letters, digits and underscores"
            )
        self._connection.register(name, frame.to_arrow())
        if name not in self._names:
            self._names.append(name)

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
        try:
            frame: pl.DataFrame = self._connection.sql(sql).pl()
        except duckdb.CatalogException as error:
            missing = re.search(r"Table with name (\S+) does not exist", str(error))
            if missing is None:
                raise
            name = missing.group(1)
            raise UnknownNameError(
                f"the query names the table {name!r}, which is not registered" + hint_near(name, self._names)
            ) from error
        if frame.select(order).is_duplicated().any():
            raise ValueError(
                f"got rows that agree in all of {', '.join(order)}, but an answer needs a total order; "
                "name more columns in `order`"
            )
        return frame.sort(order, nulls_last=False)

    def close(self) -> None:
        """Give back the memory and remove the temporary folder; a second call does nothing."""
        self._connection.close()
        self._spill.cleanup()
