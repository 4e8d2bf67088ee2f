"""The command `network cooccurrence`: a table of items and cities in, the links of a network out.

For ties already in cities' names, ids or any other labels; nothing is resolved. A network of an edition is
made in `networks`.
"""

import sys
from pathlib import Path

import polars as pl

from cosmopolis.engines.duckdb import Engine
from cosmopolis.engines.projection import SHARE_UNITS, Projection
from cosmopolis.errors import FormatError, SpecError, UnknownNameError, hint_near
from cosmopolis.measures import centrality, concentration
from cosmopolis.networks.cooccurrence import weight
from cosmopolis.pipeline.network_tables import read_rows, years_of
from cosmopolis.pipeline.resolving import write_table
from cosmopolis.settings import COUNTINGS

_NETWORK = "cooccurrence"
_KEYS = ["field", "year"]


def cooccurrence_file(
    file: Path,
    *,
    out: Path | None,
    cities: Path | None,
    counting: str,
    largest_record: int | None,
    threads: int = 2,
) -> int:
    """Make the links of cities that stand in one item, and the measures of the cities.

    Parameters
    ----------
    file
        CSV or Parquet with `item` and `city`, and optionally `year` (whole numbers) and `field`.
    out
        CSV or Parquet for the links `network, field, year, origin, destination, weight, count`; standard
        output if none is given.
    cities
        CSV or Parquet for one row a city, field and year: its records (`count`), those with other cities
        (`shared`), Σ 1/n of its records (`fractional`), and the measures of its ties.
    counting
        See `cosmopolis.networks.cooccurrence.links`.
    largest_record
        Most cities of a record that makes links; those above are told and count in the totals of cities.

    Raises
    ------
    UnknownNameError
        If the counting or a column is not known.
    FormatError
        If the file cannot be read, or has a year that is no whole number.
    SpecError
        If the cap is less than 2.
    """
    if counting not in COUNTINGS:
        raise UnknownNameError(f"there is no counting {counting!r}" + hint_near(counting, COUNTINGS))
    if largest_record is not None and largest_record < 2:  # noqa: PLR2004 - a pair
        raise SpecError(f"--largest-record is {largest_record}, expected at least 2, or left out for no cap")
    with Engine(threads=threads) as engine:
        projection, has_year = _project(file, engine, largest_record)
    links = _links(projection, counting, has_year=has_year)
    write_table(links, out)
    if cities is not None:
        write_table(_measured(projection, links, has_year=has_year), cities)
    _tell(projection, links, largest_record)
    return 0


def _project(file: Path, engine: Engine, largest_record: int | None) -> tuple[Projection, bool]:
    """Project the rows of a file; Parquet is read a part at a time."""
    if file.suffix.lower() == ".parquet" and file.is_file():
        try:
            schema = pl.read_parquet_schema(file)
        except (pl.exceptions.PolarsError, OSError) as error:
            raise FormatError(f"{file} cannot be read as a Parquet table: {error}") from error
        engine.register("rows", [file])
    else:
        frame = read_rows(file)
        schema = dict(frame.schema)
        if "year" in frame.columns:
            frame = frame.with_columns(years_of(frame["year"], file))
            schema["year"] = pl.Int64()
        engine.register("rows", frame)
    for column in ("item", "city"):
        if column not in schema:
            raise UnknownNameError(f"{file} has no column {column!r}" + hint_near(column, schema))
    for column in ("item", "city", "field"):
        if column in schema and schema[column].is_nested():
            raise FormatError(f"{file}: column {column!r} is {schema[column]}, expected a text or number")
    has_year = "year" in schema
    if has_year and not schema["year"].is_integer():
        raise FormatError(f"{file}: column 'year' is {schema['year']}, expected whole numbers")
    labels = {
        name: name if schema[name].is_integer() else f"CAST({name} AS VARCHAR)" for name in ("item", "city")
    }
    field = "'all'"
    if "field" in schema:
        field = "field" if schema["field"] == pl.String else "CAST(field AS VARCHAR)"
    year = "year" if has_year else "0"
    query = (
        f"SELECT {labels['item']} AS item, {year} AS year, {field} AS field, {labels['city']} AS city_id "  # noqa: S608
        "FROM rows"
    )
    return engine.project(query, largest_record=largest_record), has_year


def _links(projection: Projection, counting: str, *, has_year: bool) -> pl.DataFrame:
    """Write the pairs as links, which are sorted already."""
    return projection.pairs.select(
        pl.lit(_NETWORK).alias("network"),
        "field",
        pl.col("year") if has_year else pl.lit(None, dtype=pl.Int64).alias("year"),
        "origin",
        "destination",
        weight(counting).alias("weight"),
        "count",
    )


def _measured(projection: Projection, links: pl.DataFrame, *, has_year: bool) -> pl.DataFrame:
    """Put the measures of every city beside its totals; a city without ties has no measures of them."""
    totals = projection.totals.select(
        "field",
        pl.col("year") if has_year else pl.lit(None, dtype=pl.Int64).alias("year"),
        pl.col("city_id"),
        "count",
        "shared",
        fractional=pl.col("fractional_units") / float(SHARE_UNITS),
    )
    names = sorted({*centrality.measures_of(directed=False), *concentration.MEASURES})
    parts = []
    for (field, year), group in links.group_by(_KEYS, maintain_order=True):
        both = pl.concat(
            [centrality.table(group, directed=False), concentration.table(group, directed=False)]
        )
        wide = both.pivot("measure", index="city_id", values="value", maintain_order=True)
        parts.append(
            wide.select(
                pl.lit(field, dtype=pl.String).alias("field"),
                pl.lit(year, dtype=pl.Int64).alias("year"),
                "city_id",
                *names,
            )
        )
    if not parts:
        parts = [totals.select(*_KEYS, "city_id", *(pl.lit(None, dtype=pl.Float64).alias(n) for n in names))]
    keys = [*_KEYS, "city_id"]
    every = totals.join(pl.concat(parts).unique(keys), on=keys, how="left", nulls_equal=True)
    return every.sort(keys).rename({"city_id": "city"})


def _tell(projection: Projection, links: pl.DataFrame, largest_record: int | None) -> None:
    """Say on standard error what went in and what did not."""
    words = [
        f"{projection.records} records, {projection.singles} of them in one city, gave {links.height} links"
    ]
    if largest_record is not None:
        words.append(f"{projection.capped} records in more than {largest_record} cities made no link")
    if projection.null_rows:
        words.append(f"left out for want of item, city, year or field: {projection.null_rows}")
    sys.stderr.write(f"cosmopolis: {'; '.join(words)}\n")
