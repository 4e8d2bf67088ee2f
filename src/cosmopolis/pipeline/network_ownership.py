"""The command `network ownership`: a table of offices with any labels in, links and power of cities out.

Nothing is resolved here: cities are what the table calls them. Offices of an edition become networks in
`cosmopolis.pipeline.production.ownership`.
"""

import sys
from pathlib import Path
from typing import Final

import polars as pl

from cosmopolis.errors import FormatError, UnknownNameError, hint_near
from cosmopolis.measures import power
from cosmopolis.networks import ownership
from cosmopolis.networks.links import Built
from cosmopolis.pipeline.network_tables import filled, read_rows, years_of
from cosmopolis.pipeline.resolving import write_table
from cosmopolis.settings import IntervalSettings, ProductionSettings
from cosmopolis.sources.office_table import ROLES

NEEDED: Final = ("firm", "role", "city")
OPTIONAL: Final = ("value", "year", "sector")
"""Columns that a table must and may have."""

ALL: Final = "all"
"""The field of a table without sectors."""


def ownership_file(file: Path, *, out: Path | None, cities: Path | None) -> int:
    """Make the links from headquarters to branches, and the power and prestige of the cities.

    Parameters
    ----------
    file
        CSV or Parquet with `firm`, `role` (see `cosmopolis.sources.office_table.ROLES`) and `city`, and
        optionally `value` (size of a branch), `year` and `sector`, each of which has a network of its own.
    out
        CSV or Parquet for the links `network, field, year, origin, destination, weight, count`; standard
        output if none is given.
    cities
        CSV or Parquet for the measures of `cosmopolis.measures.power.ownership_cities`, the intervals of
        ranks by firms drawn anew.

    Raises
    ------
    UnknownNameError
        If a column is not there.
    FormatError
        If the file cannot be read or has no rows, or a role, year or value is none.

    Notes
    -----
    Each row of a branch is a branch: rows that repeat another count too, and how many do so is told. Links of
    weight 0, whose branches are all of size 0, are left out and told.
    """
    rows = _rows(read_rows(file), file)
    whole = rows.drop_nulls(["firm", "role", "city_id"])
    built = ownership.branches(whole)
    links = built.links.filter(pl.col("weight") > 0)
    write_table(links, out)
    if cities is not None:
        table = power.ownership_cities(
            whole.drop("again"),
            links,
            draws=ProductionSettings().draws,
            level=IntervalSettings().level,
            seed=ProductionSettings().seed,
        )
        write_table(table.rename({"city_id": "city"}), cities)
    _tell(rows, whole, built, links)
    return 0


def _rows(frame: pl.DataFrame, file: Path) -> pl.DataFrame:
    """Give the rows their types and names."""
    for column in NEEDED:
        if column not in frame.columns:
            raise UnknownNameError(f"{file} has no column {column!r}" + hint_near(column, frame.columns))
    for column in (*NEEDED, *OPTIONAL):
        if column in frame.columns and frame.schema[column].is_nested():
            dtype = frame.schema[column]
            raise FormatError(f"{file}: column {column!r} is {dtype}, expected a text or number")
    if frame.is_empty():
        raise FormatError(f"{file} has no rows below its header; expected headquarters and branches")
    plain = [name for name, dtype in frame.schema.items() if not dtype.is_nested()]
    city = pl.col("city") if frame.schema["city"].is_integer() else filled("city")
    word = filled("role").str.to_lowercase()
    rows = frame.with_row_index("row", offset=1).select(
        pl.col("row").cast(pl.Int64),
        field=filled("sector") if "sector" in frame.columns else pl.lit(ALL),
        year=_year(frame, file),
        firm=filled("firm"),
        role=word.replace_strict(ROLES, default=None, return_dtype=pl.String),
        city_id=city,
        value=_value(frame, file),
        word=word,
        again=~pl.struct(plain).is_first_distinct(),
    )
    wrong = rows.filter(pl.col("role").is_null() & pl.col("word").is_not_null())
    if not wrong.is_empty():
        got = wrong["word"][0]
        raise FormatError(
            f"{file}: column 'role' has {got!r} (row {wrong['row'][0]}), expected headquarters or branch"
            + hint_near(str(got), ROLES)
        )
    return rows.drop("word").with_columns(pl.col("field").fill_null(ALL))


def _year(frame: pl.DataFrame, file: Path) -> pl.Series:
    """Return the years; null in every row of a table without."""
    if "year" not in frame.columns:
        return pl.Series("year", [None] * frame.height, dtype=pl.Int64)
    if frame.schema["year"] == pl.String:
        return years_of(frame["year"], file)
    if not frame.schema["year"].is_integer():
        raise FormatError(f"{file}: column 'year' is {frame.schema['year']}, expected whole numbers")
    return frame["year"].cast(pl.Int64)


def _value(frame: pl.DataFrame, file: Path) -> pl.Series:
    """Return the sizes of branches; null in every row of a table without."""
    if "value" not in frame.columns:
        return pl.Series("value", [None] * frame.height, dtype=pl.Float64)
    text = frame.select(filled("value")).to_series()
    values = text.cast(pl.Float64, strict=False)
    bad = text.is_not_null() & ((values >= 0) & values.is_finite()).fill_null(value=False).not_()
    if bad.any():
        at = int(bad.arg_true()[0])
        raise FormatError(f"{file}: column 'value' has {text[at]!r} (row {at + 1}), expected a number from 0")
    return values


def _tell(rows: pl.DataFrame, whole: pl.DataFrame, built: Built, links: pl.DataFrame) -> None:
    """Say on standard error what went in and what did not."""
    firms, origins = whole["firm"].n_unique(), links["origin"].n_unique()
    words = [f"{whole.height} offices of {firms} firms gave {links.height} links from {origins} cities"]
    if empty := built.links.height - links.height:
        words.append(f"left out for weight 0: {empty} links")
    again = whole.filter(pl.col("again") & (pl.col("role") == ownership.BRANCH)).height
    if again:
        words.append(f"rows of branches that repeat another row, each counted as a branch: {again}")
    reasons = built.unused.group_by("reason").len().sort("reason")
    words += [f"{reason}: {count}" for reason, count in reasons.iter_rows()]
    if left := rows.height - whole.height:
        words.append(f"left out for want of firm, role or city: {left}")
    sys.stderr.write(f"cosmopolis: {'; '.join(words)}\n")
