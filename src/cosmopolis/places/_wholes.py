"""Finds parts of a text that are a name as a whole, with or without the words that stand around names."""

import polars as pl

from cosmopolis.places._lookup import Lookup
from cosmopolis.places._questions import Questions
from cosmopolis.places._vocabulary import DIGITS, vocabulary
from cosmopolis.places._weights import CANDIDATE, fit_of_name, supported, weighed

_ADDRESS_PARTS_MIN = 4
_ALIKE = {"ş": "ș", "ţ": "ț", "Ş": "Ș", "Ţ": "Ț", "’": "'", "‘": "'", "ʼ": "'", "ʻ": "'", "`": "'", "–": "-"}
"""Signs that are typed for one another: names that differ in them alone are the same by letter."""


def by_name(questions: Questions, lookup: Lookup) -> pl.DataFrame:
    """Find whole parts that are a name.

    A text that is a division's name means a place only by its main name, or where the place is about the
    largest there: Aragón is no village that was once called so.
    """
    found = fitting(questions.segments, questions, lookup, territories=True)
    of_division = pl.col("q").is_in(questions.of_divisions["q"].implode())
    large = pl.col("ix").is_in(lookup.main_of_divisions["ix"].implode())
    return found.filter(~of_division | large | pl.col("is_main"))


def by_town_name(questions: Questions, lookup: Lookup) -> pl.DataFrame:
    """Find whole parts that are a name without "City of", postcodes or 市."""
    towns = stripped(questions.segments, vocabulary().town)
    return fitting(towns, questions, lookup, territories=True)


def by_area_name(questions: Questions, lookup: Lookup) -> pl.DataFrame:
    """Find whole parts that are a town's name with the word for an area: "Călărași District"."""
    words = vocabulary()
    towns = stripped(stripped(questions.segments, words.area), words.town, changed=False)
    found = fitting(towns, questions, lookup).with_columns(way=pl.lit("part"))
    return found.filter(~pl.col("country").is_in(words.no_town_countries))


def stripped(segments: pl.DataFrame, pattern: str, *, changed: bool = True) -> pl.DataFrame:
    """Take words and postcodes off the keys of parts; keep those that changed, or all."""
    short = (
        pl.col("key")
        .str.replace_all(DIGITS, " ")
        .str.strip_chars()
        .str.replace_all(pattern, "")
        .str.strip_chars()
    )
    left = segments.with_columns(short=short).filter(pl.col("short").str.len_chars() > 1)
    if changed:
        left = left.filter(pl.col("short") != pl.col("key"))
    return left.with_columns(key="short").drop("short")


def fitting(
    segments: pl.DataFrame,
    questions: Questions,
    lookup: Lookup,
    *,
    first_is_place: bool = True,
    territories: bool = False,
) -> pl.DataFrame:
    """Find parts whose key is a name's: candidates, the way by how far the letters agree.

    `first_is_place` and `territories` are explained in `_weights`.
    """
    rule = lookup.rule
    by_letter = _alike("name") == _alike("segment")
    role = (
        pl.when(pl.col("position") < 0)
        .then(rule.whole_weight)
        .when(pl.col("parts") >= _ADDRESS_PARTS_MIN)  # of an address the town comes late
        .then(1.0 + pl.col("position"))
        .otherwise(1.0)
    )
    found = lookup.find(segments).with_columns(
        way=pl.when(by_letter & pl.col("is_main"))
        .then(pl.lit("exact"))
        .when(by_letter)
        .then(pl.lit("alternate"))
        .otherwise(pl.lit("normal")),
        fit=fit_of_name(lookup)
        * role
        * pl.when(by_letter).then(1.0).otherwise(rule.letters_weight)
        * pl.when("is_hint").then(rule.hint_weight).otherwise(1.0),
    )
    candidates = weighed(found, questions, lookup, territories=territories)
    return supported(candidates, lookup, first_is_place=first_is_place).select(CANDIDATE)


def _alike(column: str) -> pl.Expr:
    """Write signs that are typed for one another as one."""
    return pl.col(column).str.replace_many(list(_ALIKE), list(_ALIKE.values()))
