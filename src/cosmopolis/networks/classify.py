"""Place works and patents in frontier fields.

The rules are SQL that every engine runs, so that hundreds of millions of records are placed where they lie;
`classify_works` and `classify_patents` do the same for a frame, through DuckDB.

Not here: what defines a field (`cosmopolis.networks.fields`), or how the fields' records become networks
(`cosmopolis.networks.cooccurrence`).
"""

# ruff: noqa: S608 - what is put into the queries are this module's own names and the caller's table

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING, Final, Protocol

import polars as pl

from cosmopolis.engines import duckdb
from cosmopolis.errors import UnknownNameError, hint_near
from cosmopolis.networks.fields import ALL, BARRED, Fields, built_in
from cosmopolis.networks.links import require

if TYPE_CHECKING:
    from cosmopolis.engines import Engine


class Registers(Protocol):
    """What is asked of an engine: to know a frame by a name (see `cosmopolis.engines`)."""

    def register(self, name: str, frame: pl.DataFrame) -> None:
        """Make a frame known."""


MARKS: Final = "field_marks"
SYMBOLS: Final = "field_symbols"
"""Names under which `register` gives the two tables to an engine."""

WORK_MARKS: Final = {"topics": "topic", "keywords": "keyword", "venue": "venue"}
"""Columns of works that place them, and the kind of mark that stands in each."""

ENDED_SQL: Final = """
CASE WHEN symbol LIKE '%/%' OR CHAR_LENGTH(symbol) <= 4 THEN CONCAT(symbol, '$') ELSE CONCAT(symbol, '/$') END
"""
"""A symbol with an end to it, so that prefixes of main groups and whole subgroups can be told apart."""


def register(engine: Registers, fields: Fields) -> None:
    """Give an engine the tables of marks and of symbols that the queries here join with."""
    engine.register(MARKS, fields.marks())
    engine.register(SYMBOLS, fields.symbols())


def works_sql(
    table: str = "works",
    *,
    columns: Sequence[str] = tuple(WORK_MARKS),
    unnest: str = "UNNEST",
    everything: bool = False,
) -> str:
    """Write the query that places works in fields.

    Parameters
    ----------
    table
        A table with `work` (unique) and `columns`, or a query in brackets.
    columns
        Which of `topics`, `keywords` (lists of texts) and `venue` the table has.
    unnest
        The engine's function that makes rows of a list (`engine.dialect.unnest`).
    everything
        Whether each work is in the field `all` too.

    Returns
    -------
    sql
        A `SELECT` of `work` and `field`, each pair once. Needs `register`.

    Raises
    ------
    UnknownNameError
        If a column is none of those that place works.
    """
    parts = []
    for column in columns:
        if column not in WORK_MARKS:
            raise UnknownNameError(f"{column!r} places no works" + hint_near(column, WORK_MARKS))
        value = column if column == "venue" else f"{unnest}({column})"
        parts.append(
            f"SELECT work, '{WORK_MARKS[column]}' AS kind, LOWER(TRIM(value)) AS code "
            f"FROM (SELECT work, {value} AS value FROM {table} AS t) AS {column}_values"
        )
    if not parts:
        raise UnknownNameError(f"no column places the works; give at least one of {', '.join(WORK_MARKS)}")
    query = f"""
SELECT codes.work AS work, m.field AS field
FROM ({" UNION ALL ".join(parts)}) AS codes
JOIN {MARKS} AS m ON m.kind = codes.kind AND m.code = codes.code
GROUP BY codes.work, m.field
HAVING MAX(m.weight) <> {BARRED}
"""
    return query + (
        f"UNION ALL SELECT work, '{ALL}' AS field FROM {table} AS every_work" if everything else ""
    )


def classes_sql(table: str = "classes") -> str:
    """Write the query that places symbols in fields.

    Of a field's symbols that a symbol begins with the longest decides. A symbol that is given more coarsely
    than a field's (`H01M` where the field has `H01M10`) is not in it.

    Parameters
    ----------
    table
        A table with `symbol` in capitals without spaces, each once, or a query in brackets.

    Returns
    -------
    sql
        A `SELECT` of `symbol` and `field`, each pair once. Needs `register`.
    """
    return f"""
SELECT k.symbol AS symbol, f.field AS field
FROM (SELECT symbol, {ENDED_SQL.strip()} AS ended FROM {table} AS c) AS k
JOIN {SYMBOLS} AS f
    ON f.section = SUBSTRING(k.ended, 1, 1) AND f.prefix = SUBSTRING(k.ended, 1, f.length)
GROUP BY k.symbol, f.field
HAVING MAX(CASE WHEN f.included = 1 THEN f.length ELSE 0 END)
     > MAX(CASE WHEN f.included = 1 THEN 0 ELSE f.length END)
"""


def patents_sql(table: str = "patents", *, unnest: str = "UNNEST", everything: bool = False) -> str:
    """Write the query that places patents in fields: in each that one of its symbols is in.

    Each distinct symbol is placed once, however many patents have it.

    Parameters
    ----------
    table
        A table with `patent` (unique) and `classes` (list of texts), or a query in brackets.
    unnest, everything
        As in `works_sql`.

    Returns
    -------
    sql
        A `SELECT` of `patent` and `field`, each pair once. Needs `register`.
    """
    symbols = (
        "SELECT patent, UPPER(REPLACE(value, ' ', '')) AS symbol "
        f"FROM (SELECT patent, {unnest}(classes) AS value FROM {table} AS t) AS class_values"
    )
    query = f"""
SELECT DISTINCT p.patent AS patent, placed.field AS field
FROM ({symbols}) AS p
JOIN ({classes_sql(f"(SELECT DISTINCT symbol FROM ({symbols}) AS s)")}) AS placed ON placed.symbol = p.symbol
"""
    return query + (
        f"UNION ALL SELECT patent, '{ALL}' AS field FROM {table} AS every_patent" if everything else ""
    )


def classify_works(
    works: pl.DataFrame | pl.LazyFrame,
    fields: Fields | None = None,
    *,
    everything: bool = False,
    engine: "Engine | None" = None,
) -> pl.DataFrame:
    """Place works in fields of science.

    Parameters
    ----------
    works
        `work` and at least one of `topics`, `keywords`, `venue` (table `work` of the records).
    fields
        The built-in fields if none are given.
    everything
        Whether each work is in the field `all` too.
    engine
        Where the query runs; a DuckDB with default limits if none is given.

    Returns
    -------
    placed
        `work`, `field`, sorted; a work in no field is not there.

    Examples
    --------
    >>> topics = [["T10653"], ["subfields/1702", "T10020"], []]
    >>> works = pl.DataFrame({"work": ["a", "b", "c"], "topics": topics})
    >>> classify_works(works.with_columns(venue=pl.lit("CVPR"))).filter(pl.col("work") == "a").rows()
    [('a', 'artificial_intelligence'), ('a', 'robotics')]
    >>> classify_works(works).rows()
    [('a', 'robotics'), ('b', 'quantum_information')]
    """
    frame = works.lazy().collect()
    columns = [column for column in WORK_MARKS if column in frame.columns]
    require(frame, ["work", *(columns or ["topics"])], what="works")
    sql = partial(works_sql, columns=columns, everything=everything)
    return _run({"works": frame.select("work", *columns)}, sql, fields, engine)


def classify_patents(
    patents: pl.DataFrame | pl.LazyFrame,
    fields: Fields | None = None,
    *,
    everything: bool = False,
    engine: "Engine | None" = None,
) -> pl.DataFrame:
    """Place patents in fields of technology.

    Parameters
    ----------
    patents
        `patent` and `classes` (table `patent` of the records).
    fields, everything, engine
        As in `classify_works`.

    Returns
    -------
    placed
        `patent`, `field`, sorted; a patent in no field is not there.

    Examples
    --------
    >>> classes = [["H01L31/04", "B60L 50/60"], ["A47J31/00"]]
    >>> patents = pl.DataFrame({"patent": ["1", "2"], "classes": classes})
    >>> classify_patents(patents).rows()
    [('1', 'new_energy'), ('1', 'new_energy_vehicles')]
    """
    frame = patents.lazy().collect()
    require(frame, ["patent", "classes"], what="patents")
    sql = partial(patents_sql, everything=everything)
    return _run({"patents": frame.select("patent", "classes")}, sql, fields, engine)


def classify_classes(
    classes: pl.Series, fields: Fields | None = None, *, engine: "Engine | None" = None
) -> pl.DataFrame:
    """Place symbols in fields of technology, for tables that count by class.

    Parameters
    ----------
    classes
        CPC or IPC symbols.
    fields, engine
        As in `classify_works`.

    Returns
    -------
    placed
        `class` as it was given, `field`, sorted.

    Examples
    --------
    >>> classify_classes(pl.Series(["B25J", "H01M", "A47J"])).rows()
    [('B25J', 'intelligent_manufacturing'), ('H01M', 'new_energy_vehicles')]
    """
    given = classes.drop_nulls().unique().to_frame("class")
    frame = given.with_columns(pl.col("class").str.replace_all(" ", "").str.to_uppercase().alias("symbol"))
    table = {"classes": frame.select("symbol").unique()}
    placed = _run(table, lambda unnest: classes_sql(), fields, engine)  # noqa: ARG005 - there are no lists
    return frame.join(placed, on="symbol").select("class", "field").sort("class", "field")


def _run(
    table: Mapping[str, pl.DataFrame],
    sql: Callable[..., str],
    fields: Fields | None,
    engine: "Engine | None",
) -> pl.DataFrame:
    """Run a query over a named frame, on an engine of its own if none is given, sorted by its two columns."""
    if engine is None:
        with duckdb.Engine() as own:
            return _run(table, sql, fields, own)
    register(engine, fields or built_in())
    ((name, frame),) = table.items()
    engine.register(name, frame)
    return engine.query(sql(unnest=engine.dialect.unnest), order=(frame.columns[0], "field"))
