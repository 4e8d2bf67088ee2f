"""What a step says of the rows that it did not use: no city was found, or no link came of them.

Every step that gives records their cities says it in the same words. Where a place lies is not decided here
(see `cosmopolis.places.resolve`), nor are rows counted (see `cosmopolis.pipeline.records.Shelf.account`).
"""

import polars as pl

from cosmopolis.networks.links import Built

REASONS = pl.Schema({"row": pl.Int64, "column": pl.String, "value": pl.String, "reason": pl.String})
"""Columns of the lines that `Shelf.account` takes: a row that was not used, and why."""


def not_placed(frame: pl.DataFrame, answers: pl.DataFrame, column: str) -> pl.DataFrame:
    """Say for each row without a city why: the place is not known, or it belongs to no city.

    Parameters
    ----------
    frame
        Records with `row` and the column that was resolved.
    answers
        What the resolver answered, row for row.
    column
        The column that was resolved.

    Returns
    -------
    lines
        By `REASONS`, for the rows without a city, in their order.
    """
    said = frame.select("row", value=pl.col(column).cast(pl.String)).hstack(answers)
    known = pl.format(
        "the place found is {} ({}, GeoNames {}), which belongs to no city",
        "place_name",
        "place_country",
        "place_id",
    )
    several = pl.format("{}: {}", "reason", "candidates")
    return said.filter(pl.col("city_id").is_null()).select(
        "row",
        pl.lit(column).alias("column"),
        "value",
        reason=pl.when(pl.col("place_id").is_not_null())
        .then(known)
        .when(pl.col("candidates").is_not_null())
        .then(several)
        .otherwise("reason"),
    )


def unused(built: Built, column: str) -> pl.DataFrame:
    """Return lines, by `REASONS`, for the rows that stand behind no link."""
    return built.unused.select(
        "row", pl.lit(column).alias("column"), pl.lit(None, dtype=pl.String).alias("value"), "reason"
    )
