"""What a candidate weighs against the others of its question.

A candidate is a row `q, ix`: question and row of a place. The ways of finding (`_wholes`, `_pieces`,
`_spellings`) say how well its name fits (`fit`); here its people, fame, division and neighbours weigh in.
"""

from typing import Final

import polars as pl

from cosmopolis.places._lookup import Lookup
from cosmopolis.places._questions import Questions
from cosmopolis.places.geometry import km_between

CANDIDATE: Final = ("q", "ix", "city_id", "country", "weight", "way", "is_main")
"""Columns of candidates; `is_main` says whether it was found by its main name."""

_SUPPORTERS_MAX = 20


def fit_of_name(lookup: Lookup) -> pl.Expr:
    """Fit of a name: a place's main one counts for more than its others."""
    return pl.when("is_main").then(1.0).otherwise(lookup.rule.other_weight)


def weighed(
    found: pl.DataFrame, questions: Questions, lookup: Lookup, *, territories: bool = False
) -> pl.DataFrame:
    """Weigh candidates `q, ix, fit, way, is_main` by place and division, and drop those in other countries.

    weight = fit * weight of the place (`Lookup.places`) * `division_weight` in a division that is named
    * `territory_weight` in a territory of the country that is known, where `territories` count at all.
    """
    rule = lookup.rule
    places = lookup.places[found["ix"]].select("country", "under", "admin1", "city_id", own="weight")
    hinted = found.drop("country", strict=False).hstack(places)
    hinted = hinted.join(questions.hints, on="q", how="left", maintain_order="left")
    in_division = (
        pl.col("divisions").list.contains(pl.format("{}.{}", "country", "admin1")).fill_null(value=False)
    )
    in_country = (pl.col("hint").is_null()) | (pl.col("hint") == pl.col("country"))
    in_territory = (pl.col("hint") == pl.col("under")).fill_null(value=False) & pl.lit(territories)
    instead = pl.col("either") & in_division
    raised = in_division & ~pl.col("either")
    return hinted.filter(in_country | in_territory | instead).with_columns(
        weight=pl.col("own")
        * pl.col("fit")
        * pl.when(raised).then(rule.division_weight).otherwise(1.0)
        * pl.when(in_country | instead).then(1.0).otherwise(rule.territory_weight)
    )


def supported(found: pl.DataFrame, lookup: Lookup, *, first_is_place: bool) -> pl.DataFrame:
    """Let candidates of different parts of a text that lie near each other speak for each other.

    Parameters
    ----------
    found
        Candidates with `position` (of the part in the text) and `is_hint`.
    first_is_place
        Of two parts that agree the first is the place and the others say where it is ("Fengxian
        (Shanghai)"): the first is raised, the others count as hints. Otherwise all are raised.
    """
    rule = lookup.rule
    several = found.filter((pl.col("position") >= 0) & ~pl.col("is_hint"))
    several = several.filter(pl.col("position").n_unique().over("q") > 1)
    if several.is_empty():
        return found
    spots = (
        several.select("q", "position", "ix", "weight")
        .hstack(lookup.places[several["ix"]].select("latitude", "longitude"))
        .sort("q", "position", "weight", "ix", descending=[False, False, True, False])
        .filter(pl.int_range(pl.len()).over("q", "position") < _SUPPORTERS_MAX)
    )
    pairs = spots.join(spots, on="q", suffix="_2").filter(pl.col("position") != pl.col("position_2"))
    km = km_between(pl.col("latitude"), pl.col("longitude"), pl.col("latitude_2"), pl.col("longitude_2"))
    near = (
        pairs.filter(km <= rule.support_km)
        .select("q", "position", "ix")
        .unique()
        .with_columns(later=pl.col("position") > pl.col("position").min().over("q"))
    )
    joined = found.join(near, on=["q", "position", "ix"], how="left", maintain_order="left")
    context = pl.col("later") if first_is_place else pl.lit(value=False)
    factor = (
        pl.when(pl.col("later").is_null())
        .then(1.0)
        .when(context)
        .then(rule.hint_weight)
        .otherwise(rule.support_weight)
    )
    return joined.with_columns(weight=pl.col("weight") * factor).drop("later")
