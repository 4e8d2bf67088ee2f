"""Where the raw, big stages run: the same few verbs on every engine.

An engine takes frames in (`register`), runs one query of plain ANSI SQL and gives a Polars frame in a
stated total order (`query`). What a query means stands with the network that needs it, never here.
`duckdb` is the engine of a single machine, `spark` that of a cluster; both give the same frames.
"""

from typing import TYPE_CHECKING, Any, TypeAlias

from cosmopolis.errors import UnknownNameError, hint_near

if TYPE_CHECKING:
    from cosmopolis.engines import duckdb, spark

    Engine: TypeAlias = duckdb.Engine | spark.Engine


ENGINES = ("duckdb", "spark")
"""Names of the engines; the first is the default."""


def check_engine(name: str) -> None:
    """Raise if an engine cannot be opened here, before any work is done.

    Raises
    ------
    UnknownNameError
        If there is no such engine.
    EngineError
        If what it needs is missing or too old.
    """
    if name not in ENGINES:
        raise UnknownNameError(f"there is no engine {name!r}" + hint_near(name, ENGINES))
    if name == "spark":
        from cosmopolis.engines import _spark_session  # noqa: PLC0415 - imported only where it is used

        _spark_session.check()


def open_engine(name: str, **limits: Any) -> "duckdb.Engine | spark.Engine":  # noqa: ANN401 - each engine has its own
    """Open an engine by its name; close it, or use it in a `with`.

    Parameters
    ----------
    name
        One of `ENGINES`.
    limits
        What the engine's class takes: `threads` and `memory_mb`, and more for Spark.

    Raises
    ------
    UnknownNameError
        If there is no such engine.
    EngineError
        If it cannot run here.

    Examples
    --------
    >>> with open_engine("duckdb", threads=1) as engine:
    ...     engine.query("SELECT 1 + 1 AS n", order=("n",)).item()
    2
    """
    check_engine(name)
    if name == "spark":
        from cosmopolis.engines import spark  # noqa: PLC0415

        return spark.Engine(**limits)
    from cosmopolis.engines import duckdb  # noqa: PLC0415

    return duckdb.Engine(**limits)
