"""Counts of patent classes by metropolitan area: which city an area is, and what each city has by field.

Activations of classes, not patents, and no ties: a patent with three classes counts three times.
"""

import polars as pl

from cosmopolis.networks.classify import classify_classes
from cosmopolis.pipeline.innovation.items import PLACEMENT, Desk

NETWORK = "patent_classes"
"""Name under which these totals stand beside those of networks."""

TOTALS = pl.Schema(
    {
        "field": pl.String,
        "year": pl.Int64,
        "city_id": pl.Int64,
        "count": pl.Int64,
        "shared": pl.Int64,
        "fractional": pl.Float64,
    }
)
"""Columns of the totals; `shared` is null, since the counts say nothing of ties."""


def class_totals(desk: Desk) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Add the classes of each field up by city and year, and count how the areas were placed.

    Returns
    -------
    totals
        By `TOTALS`, for years from the edition's first to its last class year.
    placement
        By `PLACEMENT`; a record is an area.
    """
    totals, placements = [TOTALS.to_frame()], [PLACEMENT.to_frame()]
    settings = desk.edition.innovation
    for source in desk.of_kind("class counts", "counts"):
        rows = desk.shelf.part(source, "counts")
        areas = rows.select("area", "country").unique().sort("area", "country")
        answers = desk.atlas.resolver.resolve(areas, text="area", country="country")
        placed = areas.hstack(answers.select("city_id", reason=pl.coalesce("reason", "place_name")))
        fields = classify_classes(rows["class"], desk.fields)
        judged = (
            rows.select("row", "area", "country", "year", "class", "count")
            .join(placed, on=["area", "country"], how="left", maintain_order="left")
            .with_columns(
                why=pl.when(~pl.col("class").is_in(fields["class"].implode()))
                .then(pl.lit("its class is in no field of the edition"))
                .when(~pl.col("year").is_between(settings.first_year, settings.last_class_year))
                .then(pl.lit("its year is outside those of the edition, or not complete"))
                .when(pl.col("city_id").is_null())
                .then(pl.lit("the area is not known as a city"))
            )
        )
        used = judged.filter(pl.col("why").is_null())
        lines = judged.drop_nulls("why").select(
            "row",
            column=pl.lit("area"),
            value=pl.col("area"),
            reason="why",
        )
        desk.shelf.account(source, "counts", used["row"], lines, otherwise="it stands behind no table")
        counted = (
            used.join(fields, on="class")
            .group_by("field", "year", "city_id")
            .agg(pl.col("count").sum().round().cast(pl.Int64))
        )
        totals.append(
            counted.with_columns(
                shared=pl.lit(None, dtype=pl.Int64), fractional=pl.col("count").cast(pl.Float64)
            ).match_to_schema(TOTALS)
        )
        way = pl.when(pl.col("city_id").is_null()).then(pl.lit("none")).otherwise(pl.lit("text"))
        placements.append(
            rows.join(placed, on=["area", "country"])
            .group_by(pl.lit(source).alias("source"), way.alias("way"))
            .agg(rows=pl.len().cast(pl.Int64), records=pl.struct("area", "country").n_unique().cast(pl.Int64))
            .match_to_schema(PLACEMENT)
        )
    return (
        pl.concat(totals).sort("field", "year", "city_id"),
        pl.concat(placements).sort("source", "way"),
    )
