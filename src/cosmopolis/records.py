"""The record tables: their columns and checks, and the quarantine of what fails them.

`admit` turns what a reader hands over into a typed table; a row that breaks a check goes to quarantine
with the column, the value and the reason. That nothing is lost is proved by `cosmopolis.ledger`.

Nothing here knows a file format (see `cosmopolis.sources`) or what a place is (see
`cosmopolis.places`).
"""

from collections.abc import Mapping
from dataclasses import dataclass

import polars as pl

from cosmopolis.errors import UnknownNameError, hint_near
from cosmopolis.sources.raw import QUARANTINE_SCHEMA, VALUE_CHARACTERS_MAX, Raw

_COUNTRY = r"^[A-Z]{2}$"


@dataclass(frozen=True, kw_only=True)
class Column:
    """One column of a record table and what its values must be.

    Attributes
    ----------
    name
        Name in the table.
    dtype
        Polars type that the text is cast to.
    required
        Whether a missing value sends the row to quarantine.
    low, high
        Bounds of a number, both included.
    pattern
        A regular expression that a text must match.
    """

    name: str
    dtype: pl.DataType | type[pl.DataType]
    required: bool = True
    low: float | None = None
    high: float | None = None
    pattern: str | None = None


@dataclass(frozen=True, kw_only=True)
class Table:
    """A record table: its columns, and the columns that together name a row (none: rows may repeat)."""

    name: str
    columns: tuple[Column, ...]
    key: tuple[str, ...] = ()


def _latitude(*, required: bool = True) -> Column:
    return Column(name="latitude", dtype=pl.Float64, required=required, low=-90, high=90)


def _longitude(*, required: bool = True) -> Column:
    return Column(name="longitude", dtype=pl.Float64, required=required, low=-180, high=180)


def _text(name: str, *, required: bool = True, pattern: str | None = None) -> Column:
    return Column(name=name, dtype=pl.String, required=required, pattern=pattern)


def _texts(name: str, *, required: bool = False) -> Column:
    return Column(name=name, dtype=pl.List(pl.String), required=required)


def _numbers(name: str) -> Column:
    return Column(name=name, dtype=pl.List(pl.Int64), required=False)


def _count(name: str) -> Column:
    return Column(name=name, dtype=pl.Int64, required=False, low=0)


def _year() -> Column:
    return Column(name="year", dtype=pl.Int64, low=1500, high=2200)


TABLES: Mapping[str, Table] = {
    table.name: table
    for table in (
        Table(  # a populated place of a gazetteer
            name="place",
            columns=(
                Column(name="place_id", dtype=pl.Int64, low=1),
                _text("name"),
                _text("country", pattern=_COUNTRY),
                _text("admin1", required=False),
                _latitude(),
                _longitude(),
                Column(name="population", dtype=pl.Int64, low=0),
                _texts("alternates"),
            ),
            key=("place_id",),
        ),
        Table(  # a country or territory of the gazetteer
            name="country",
            columns=(
                _text("country", pattern=_COUNTRY),
                _text("iso3", required=False, pattern=r"^[A-Z]{3}$"),
                _text("name"),
                _text("capital", required=False),
                Column(name="population", dtype=pl.Int64, required=False, low=0),
            ),
            key=("country",),
        ),
        Table(  # names, region and income group of a country
            name="country_name",
            columns=(
                _text("country", pattern=_COUNTRY),
                _text("iso3", pattern=r"^[A-Z]{3}$"),
                _text("name"),
                _text("name_zh", required=False),
                _texts("other_names"),
                _text("region", required=False),
                _text("subregion", required=False),
                _text("income", required=False),
            ),
            key=("country",),
        ),
        Table(  # a country's membership in a group
            name="membership",
            columns=(_text("group"), _text("group_name"), _text("country", pattern=_COUNTRY)),
            key=("group", "country"),
        ),
        Table(  # a first-level division of a country
            name="division",
            columns=(_text("country", pattern=_COUNTRY), _text("admin1"), _text("name")),
            key=("country", "admin1"),
        ),
        Table(  # an airport with scheduled-service code
            name="airport",
            columns=(
                _text("iata", pattern=r"^[A-Z0-9]{3}$"),
                _text("name"),
                _text("city", required=False),
                _text("division", required=False),
                _text("country", pattern=_COUNTRY),
                _latitude(),
                _longitude(),
            ),
            key=("iata",),
        ),
        Table(  # an airport and the metropolitan area whose code it shares
            name="metropolitan_airport",
            columns=(
                _text("iata", pattern=r"^[A-Z0-9]{3}$"),
                _text("metropolitan_code", pattern=r"^[A-Z]{3}$"),
                _text("city"),
                _text("country", pattern=_COUNTRY),
            ),
            key=("iata",),
        ),
        Table(  # a directed air route between two airports
            name="air_route",
            columns=(
                _year(),
                _text("origin", pattern=r"^[A-Z0-9]{3}$"),
                _text("destination", pattern=r"^[A-Z0-9]{3}$"),
                _texts("carriers"),
            ),
            key=("year", "origin", "destination"),
        ),
        Table(  # a sea port and the countries it serves
            name="port",
            columns=(
                _text("port", pattern=r"^[A-Z]{2}[A-Z0-9]{3}$"),
                _text("name"),
                _text("country", pattern=_COUNTRY),
                _latitude(),
                _longitude(),
                _texts("serves"),
            ),
            key=("port",),
        ),
        Table(  # a stretch of a sea lane
            name="sea_lane",
            columns=(
                _text("passage", required=False),
                Column(name="longitudes", dtype=pl.List(pl.Float64)),
                Column(name="latitudes", dtype=pl.List(pl.Float64)),
            ),
        ),
        Table(  # a node of a railway graph with its neighbours
            name="rail_node",
            columns=(
                Column(name="node", dtype=pl.Int64, low=0),
                _latitude(),
                _longitude(),
                Column(name="neighbours", dtype=pl.List(pl.Int64)),
                Column(name="distances_km", dtype=pl.List(pl.Float64)),
            ),
            key=("node",),
        ),
        Table(  # a firm's headquarters and the exchanges where it is listed
            name="listing",
            columns=(
                _year(),
                _text("firm"),
                _text("index"),
                _text("headquarters"),
                _text("country_text", required=False),
                _texts("industries"),
                _texts("exchanges"),
            ),
        ),
        Table(  # one affiliation of one author of one work
            name="affiliation",
            columns=(
                _text("work"),
                _year(),
                Column(name="author", dtype=pl.Int64, required=False, low=1),
                _text("text"),
                _text("country", required=False, pattern=_COUNTRY),
                _text("organisation", required=False),
                _text("institution", required=False),
            ),
        ),
        Table(  # a paper, as its list or index knows it
            name="work",
            columns=(
                _text("work"),
                _year(),
                _text("title", required=False),
                _text("venue", required=False),
                _texts("topics"),
                _texts("keywords"),
                _count("citations"),
                _numbers("citation_years"),
                _numbers("citation_counts"),
                _texts("references"),
            ),
            key=("work",),
        ),
        Table(  # an organisation of a register, with the place where it sits
            name="organisation",
            columns=(
                _text("organisation"),
                _text("ror", required=False, pattern=r"^0[a-z0-9]{8}$"),
                _text("name"),
                _texts("other_names"),
                _texts("kinds"),
                _text("country", pattern=_COUNTRY),
                Column(name="place_id", dtype=pl.Int64, required=False, low=1),
                _text("city", required=False),
                _latitude(required=False),
                _longitude(required=False),
                _texts("parents"),
            ),
            key=("organisation",),
        ),
        Table(  # a patent
            name="patent",
            columns=(
                _text("patent"),
                _year(),
                _text("office", required=False),
                _texts("classes"),
                _count("citations"),
            ),
            key=("patent",),
        ),
        Table(  # an inventor or applicant of a patent, with an address
            name="patent_party",
            columns=(
                _text("patent"),
                _text("role", pattern=r"^(inventor|applicant)$"),
                Column(name="order", dtype=pl.Int64, required=False, low=0),
                _text("name", required=False),
                _text("text"),
                _text("country", required=False, pattern=_COUNTRY),
                _latitude(required=False),
                _longitude(required=False),
                _text("region", required=False),
            ),
        ),
        Table(  # one patent names another
            name="patent_citation",
            columns=(
                _text("citing"),
                _text("cited"),
                Column(name="year", dtype=pl.Int64, required=False, low=1500, high=2200),
            ),
        ),
        Table(  # how much of a class an area has in a year
            name="class_count",
            columns=(
                _text("area"),
                _text("country", pattern=_COUNTRY),
                _year(),
                _text("class"),
                Column(name="count", dtype=pl.Float64, low=0),
            ),
            key=("area", "country", "year", "class"),
        ),
        Table(  # works that two countries wrote together
            name="country_works",
            columns=(
                _year(),
                _text("origin", pattern=_COUNTRY),
                _text("destination", pattern=_COUNTRY),
                Column(name="works", dtype=pl.Int64, low=0),
            ),
            key=("year", "origin", "destination"),
        ),
        Table(  # what two countries have in common, in this direction
            name="country_pair",
            columns=(
                _text("origin", pattern=r"^[A-Z]{3}$"),
                _text("destination", pattern=r"^[A-Z]{3}$"),
                Column(name="contiguous", dtype=pl.Int64, low=0, high=1),
                Column(name="common_language", dtype=pl.Int64, low=0, high=1),
                Column(name="colony", dtype=pl.Int64, low=0, high=1),
                Column(name="distance_km", dtype=pl.Float64, required=False, low=0),
            ),
            key=("origin", "destination"),
        ),
        Table(  # what one country's industries buy from one country and industry
            name="trade_flow",
            columns=(
                _year(),
                _text("origin", pattern=r"^[A-Z]{3}$"),
                _text("sector"),
                _texts("destinations", required=True),
                Column(name="values_musd", dtype=pl.List(pl.Float64)),
            ),
            key=("year", "origin", "sector"),
        ),
        Table(  # a country's outline for maps
            name="border",
            columns=(
                _text("name", required=False),
                _text("iso3", required=False),
                _text("geometry"),
            ),
        ),
    )
}
"""Every record table by its name."""


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
        tests.append((raw.is_null(), f"{name} is missing"))
    if have != want:
        kind = str(want).removesuffix("64").lower()
        tests.append((raw.is_not_null() & typed.is_null(), f"{name} is not of type {kind}"))
    if isinstance(want, type) and want == pl.Float64:
        tests.append((typed.is_not_null() & ~typed.is_finite(), f"{name} is not a finite number"))
    if column.low is not None:
        tests.append((typed < column.low, f"{name} is below {column.low:g}"))
    if column.high is not None:
        tests.append((typed > column.high, f"{name} is above {column.high:g}"))
    if column.pattern is not None:
        tests.append((~typed.str.contains(column.pattern), f"{name} does not look like {column.pattern}"))
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
