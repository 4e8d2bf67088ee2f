"""The record tables: their columns and checks, and the quarantine of what fails them.

`admit` turns what a reader hands over into a typed table; a row that breaks a check goes to quarantine
with the column, the value and the reason. That nothing is lost is proved by `cosmopolis.ledger`.

Nothing here knows a file format (see `cosmopolis.sources`) or what a place is (see
`cosmopolis.places`).
"""

from dataclasses import dataclass

import polars as pl

from cosmopolis.errors import UnknownNameError, hint_near
from cosmopolis.record_tables import TABLES, Column, Table
from cosmopolis.sources.raw import QUARANTINE_SCHEMA, VALUE_CHARACTERS_MAX, Raw

_KINDS = {"Int64": "a whole number", "Float64": "a number"}


@dataclass(frozen=True, kw_only=True)
class Admitted:
    """The rows of a part that passed every check, typed, and the quarantine of those that did not."""

    source: str
    part: str
    frame: pl.DataFrame
    quarantine: pl.DataFrame
    rows_in: int


def table_named(name: str) -> Table:
    """Return the record table of that name."""
    if name not in TABLES:
        raise UnknownNameError(f"there is no record table {name!r}" + hint_near(name, TABLES))
    return TABLES[name]


def _shown(column: str) -> pl.Expr:
    """Write a value of any type as text for the quarantine."""
    return pl.col(column).cast(pl.String, strict=False).str.slice(0, VALUE_CHARACTERS_MAX)


def _judge(frame: pl.DataFrame, column: Column) -> tuple[pl.Expr, list[tuple[pl.Expr, str]]]:
    """Return the typed column and the tests `(is_bad, reason)` that its values must not fail."""
    raw, name = pl.col(column.name), column.name
    tests: list[tuple[pl.Expr, str]] = []
    have, want = frame.schema[name], column.dtype
    if have == pl.String:
        text = raw.str.strip_chars()
        raw = pl.when(text != "").then(text)
    typed = raw if have == want else raw.cast(want, strict=False)
    if column.required:
        why = f": {column.missing}" if column.missing else ""
        tests.append((raw.is_null(), f"{name} is missing{why}"))
    if have != want:
        kind = _KINDS.get(str(want), f"of type {str(want).lower()}")
        tests.append((raw.is_not_null() & typed.is_null(), f"{name} is not {kind}"))
    if isinstance(want, type) and want == pl.Float64:
        tests.append((typed.is_not_null() & ~typed.is_finite(), f"{name} is not a finite number"))
    if column.low is not None:
        tests.append((typed < column.low, f"{name} is below {column.low:g}"))
    if column.high is not None:
        tests.append((typed > column.high, f"{name} is above {column.high:g}"))
    if column.pattern is not None:
        wrong = f"is not {column.says}" if column.says else f"does not look like {column.pattern}"
        tests.append((~typed.str.contains(column.pattern), f"{name} {wrong}"))
    return typed.alias(name), tests


def admit(raw: Raw) -> Admitted:
    """Type and check the rows of a part; what fails goes to quarantine, one line a row.

    The first failing column in the table's order is the one that is named. Of rows that share a key the
    first stays.

    Returns
    -------
    admitted
        `frame` has `row` and the table's columns, in the table's order.

    Raises
    ------
    UnknownNameError
        If the frame lacks a column of its table: a defect of the reader.
    """
    table = table_named(raw.table)
    for column in table.columns:
        if column.name not in raw.frame.columns:
            raise UnknownNameError(
                f"reader of {raw.source!r}, part {raw.part!r}: no column {column.name!r}"
                + hint_near(column.name, raw.frame.columns)
            )
    names = [column.name for column in table.columns]
    judged = [_judge(raw.frame, column) for column in table.columns]
    typed = raw.frame.select("row", *(expression for expression, _ in judged))
    verdict = pl.coalesce(
        pl.when(is_bad).then(
            pl.struct(
                pl.lit(name).alias("column"), _shown(name).alias("value"), pl.lit(reason).alias("reason")
            )
        )
        for name, (_, tests) in zip(names, judged, strict=True)
        for is_bad, reason in tests
    )
    marked = raw.frame.select("row", verdict.alias("verdict"))
    bad = marked.filter(pl.col("verdict").is_not_null()).unnest("verdict")
    good = typed.filter(marked["verdict"].is_null())
    if table.key:
        first = pl.col("row").first().over(table.key, mapping_strategy="group_to_rows")
        good = good.with_columns(first.alias("_first"))
        twice = good.filter(pl.col("row") != pl.col("_first")).select(
            "row",
            pl.lit("+".join(table.key)).alias("column"),
            pl.concat_str([pl.col(k).cast(pl.String) for k in table.key], separator=" ").alias("value"),
            pl.format("the same as row {}", "_first").alias("reason"),
        )
        good = good.filter(pl.col("row") == pl.col("_first")).drop("_first")
        bad = pl.concat([bad, twice])
    lines = bad.select(
        pl.lit(raw.source).alias("source"), pl.lit(raw.part).alias("part"), "row", "column", "value", "reason"
    )
    quarantine = pl.concat([raw.rejects, lines.match_to_schema(QUARANTINE_SCHEMA)]).sort(
        "row", "column", "reason"
    )
    return Admitted(source=raw.source, part=raw.part, frame=good, quarantine=quarantine, rows_in=raw.rows_in)


def quarantine_unused(
    admitted_rows: pl.DataFrame, used: pl.Series, *, source: str, part: str, column: str, reason: str
) -> pl.DataFrame:
    """Quarantine the rows of a table that a step had no use for, all for one reason.

    Parameters
    ----------
    admitted_rows
        A record table with `row` and `column`.
    used
        Numbers of the rows that were used.
    """
    rest = admitted_rows.filter(~pl.col("row").is_in(used.implode()))
    return rest.select(
        pl.lit(source).alias("source"),
        pl.lit(part).alias("part"),
        "row",
        pl.lit(column).alias("column"),
        _shown(column).alias("value"),
        pl.lit(reason).alias("reason"),
    )
