"""Chooses among candidates, or says that none stands out, and writes the answers down."""

from typing import Final

import polars as pl

from cosmopolis.places._lookup import Lookup
from cosmopolis.places._questions import Questions
from cosmopolis.places._settings import TRUST, WAYS
from cosmopolis.places.geometry import km_between, nearest

ANSWER_SCHEMA: Final = pl.Schema(
    {
        "place_id": pl.Int64,
        "place_name": pl.String,
        "place_country": pl.String,
        "place_latitude": pl.Float64,
        "place_longitude": pl.Float64,
        "city_id": pl.Int64,
        "city_name": pl.String,
        "confidence": pl.Float64,
        "way": pl.String,
    }
)
"""Columns that are added to the rows that were asked for."""

SURE_SCHEMA: Final = pl.Schema({"q": pl.UInt32, "ix": pl.UInt32, "way": pl.String, "share": pl.Float64})
"""Decided questions: number, row of the place, way, share of the evidence."""

UNSURE_SCHEMA: Final = pl.Schema({"q": pl.UInt32, "reason": pl.String, "candidates": pl.String})
"""Questions that are not decided although something fits, and why."""

_CANDIDATES_MAX = 5
_NEAR_LEAST = 1e-12
_ORDER: Final = {way: i for i, way in enumerate(WAYS)}


def decide(
    candidates: pl.DataFrame, asked: pl.DataFrame, questions: Questions, lookup: Lookup
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Choose the best candidate of each question, where one stands out.

    Parameters
    ----------
    candidates
        By `_weights.CANDIDATE`.
    asked
        `q, latitude, longitude`.

    Returns
    -------
    sure, unsure
        By `SURE_SCHEMA` and `UNSURE_SCHEMA`.
    """
    rule = lookup.rule
    ranked = _ranked(candidates, asked, lookup)
    best = ranked.unique("q", keep="first", maintain_order=True)
    by_main_name = pl.col("is_main") & (pl.col("trust") <= _ORDER["normal"])
    needed = (
        pl.when(pl.col("hint").is_null() | pl.col("either"))
        .then(rule.accept_alone)
        .when(by_main_name)
        .then(rule.accept)
        .otherwise(rule.accept_other)
    )
    best = (
        best.join(_shares(ranked, lookup), on="q", how="left", maintain_order="left")
        .join(questions.hints.select("q", "hint", "either"), on="q", how="left", maintain_order="left")
        .with_columns(
            pl.col("share").fill_null(1.0),
            way=pl.col("trust").replace_strict({i: way for way, i in _ORDER.items()}, return_dtype=pl.String),
        )
        .with_columns(stands_out=pl.col("share") >= needed)
    )
    sure = best.filter("stands_out").select(SURE_SCHEMA.names())
    unsure = _listed(ranked.join(best.filter(~pl.col("stands_out")), on="q", how="semi"), lookup)
    return sure, unsure.select(
        "q", pl.lit("several places fit and none stands out").alias("reason"), "candidates"
    )


def _ranked(candidates: pl.DataFrame, asked: pl.DataFrame, lookup: Lookup) -> pl.DataFrame:
    """Put each question's candidates in the order of their weight, coordinates weighed in."""
    ranked = (
        candidates.with_columns(trust=pl.col("way").replace_strict(_ORDER, return_dtype=pl.Int8))
        .group_by("q", "ix")
        .agg(
            pl.col("weight").max(), pl.col("trust").min(), pl.col("is_main").any(), pl.col("city_id").first()
        )
    )
    located = asked.filter(pl.col("latitude").is_not_null() & pl.col("longitude").is_not_null())
    if not located.is_empty():
        spots = lookup.places[ranked["ix"]].select("latitude", "longitude")
        at = located.select("q", at_latitude="latitude", at_longitude="longitude")
        ranked = ranked.hstack(spots).join(at, on="q", how="left", maintain_order="left")
        km = km_between(
            pl.col("latitude"), pl.col("longitude"), pl.col("at_latitude"), pl.col("at_longitude")
        )
        near = (-km / lookup.rule.near_km).exp() + _NEAR_LEAST
        ranked = ranked.with_columns(weight=pl.col("weight") * near.fill_null(1.0))
    return ranked.select("q", "ix", "weight", "trust", "is_main", "city_id").sort(
        "q", "weight", "ix", descending=[False, True, False]
    )


def _shares(ranked: pl.DataFrame, lookup: Lookup) -> pl.DataFrame:
    """Share of the evidence that lies with the best candidate and those around it: `q, share`.

    Questions with one candidate are left out.
    """
    rivals = ranked.filter(pl.len().over("q") > 1)
    spots = lookup.places[rivals["ix"]].select("latitude", "longitude")
    rivals = rivals.select("q", "ix", "weight", "city_id").hstack(spots)
    first = rivals.unique("q", keep="first", maintain_order=True)
    joined = rivals.join(
        first.select("q", best_city="city_id", best_latitude="latitude", best_longitude="longitude"),
        on="q",
        how="left",
        maintain_order="left",
    )
    km = km_between(
        pl.col("latitude"), pl.col("longitude"), pl.col("best_latitude"), pl.col("best_longitude")
    )
    close = (km <= lookup.rule.same_km) | (pl.col("city_id") == pl.col("best_city")).fill_null(value=False)
    return joined.group_by("q", maintain_order=True).agg(
        share=(pl.when(close).then("weight").otherwise(0.0).sum() / pl.col("weight").sum()).round(9)
    )


def _listed(ranked: pl.DataFrame, lookup: Lookup) -> pl.DataFrame:
    """Write the first candidates of each question as text."""
    first = ranked.filter(pl.int_range(pl.len()).over("q") < _CANDIDATES_MAX)
    named = first.select("q").hstack(
        lookup.places[first["ix"]].select("place_id", "name", "country", "population")
    )
    text = pl.format("{} ({}, {}, {})", "name", "country", "place_id", "population")
    return named.group_by("q", maintain_order=True).agg(candidates=text.str.join("; "))


def by_coordinates(asked: pl.DataFrame, lookup: Lookup) -> pl.DataFrame:
    """Take the nearest place to the coordinates; by `SURE_SCHEMA`.

    Parameters
    ----------
    asked
        `q, hint, latitude, longitude` of questions for which no name was found.
    """
    on_earth = asked.filter(
        pl.col("latitude").is_between(-90, 90) & pl.col("longitude").is_between(-180, 180)
    )
    empty = SURE_SCHEMA.to_frame()
    if on_earth.is_empty():
        return empty
    ix, km = nearest(
        lookup.places["latitude"].to_numpy(),
        lookup.places["longitude"].to_numpy(),
        on_earth["latitude"].to_numpy(),
        on_earth["longitude"].to_numpy(),
    )
    found = on_earth.select("q", "hint").with_columns(
        pl.Series("ix", ix, dtype=pl.UInt32),
        pl.Series("km", km),
        way=pl.lit("coordinates"),
        share=pl.lit(1.0),
    )
    found = found.hstack(lookup.places[found["ix"]].select("country"))
    fits = (pl.col("km") <= lookup.rule.near_km) & (
        pl.col("hint").is_null() | (pl.col("hint") == pl.col("country"))
    )
    return pl.concat([empty, found.filter(fits).select(SURE_SCHEMA.names())])


def written(
    asked: pl.DataFrame, found: pl.DataFrame, doubtful: pl.DataFrame, unknown: pl.DataFrame, lookup: Lookup
) -> pl.DataFrame:
    """Write the answers in the order of the questions: `q`, `ANSWER_SCHEMA`, `reason`, `candidates`."""
    found = found.sort("q")
    named = found.hstack(
        lookup.places[found["ix"]].select("place_id", "name", "country", "latitude", "longitude", "city_id")
    ).join(
        lookup.gazetteer.cities.select("city_id", city_name="name"),
        on="city_id",
        how="left",
        maintain_order="left",
    )
    trust = pl.col("way").replace_strict(TRUST, return_dtype=pl.Float64)
    placed = named.select(
        "q",
        place_id="place_id",
        place_name="name",
        place_country="country",
        place_latitude="latitude",
        place_longitude="longitude",
        city_id="city_id",
        city_name="city_name",
        confidence=(trust * pl.col("share")).round(4),
        way="way",
    )
    answers = (
        asked.select("q", "text", "country")
        .join(placed, on="q", how="left", maintain_order="left")
        .join(doubtful, on="q", how="left", maintain_order="left")
        .join(unknown.select("q", strange=pl.lit(value=True)), on="q", how="left", maintain_order="left")
    )
    missed = pl.col("place_id").is_null()
    why = (
        pl.when(~missed)
        .then(pl.lit(None, dtype=pl.String))
        .when(pl.col("text").is_null() | (pl.col("text").str.strip_chars() == ""))
        .then(pl.lit("no text"))
        .when("strange")
        .then(pl.format("country {} is not known", "country"))
        .when(pl.col("reason").is_not_null())
        .then("reason")
        .otherwise(pl.lit("no place of this name is known"))
    )
    return answers.select(
        "q",
        *(name for name in ANSWER_SCHEMA if name not in {"confidence", "way"}),
        pl.col("confidence").fill_null(0.0),
        pl.col("way").fill_null("unresolved"),
        reason=why,
        candidates=pl.when(missed).then("candidates"),
    )
