"""Finds names that are spelt otherwise than in the gazetteer, in the country that is known.

Whole names were looked for before (`_wholes`). Only names that share the country, and the spoken form or the
first or last letters, are compared.
"""

import numpy as np
import polars as pl
from rapidfuzz import fuzz, process

from cosmopolis.places._lookup import Lookup, head_hash, spoken_hash, tail_hash
from cosmopolis.places._questions import Questions
from cosmopolis.places._vocabulary import vocabulary
from cosmopolis.places._weights import CANDIDATE, fit_of_name, weighed
from cosmopolis.places._wholes import stripped

_STEM_LETTERS_MIN = 3
_ENDING_LETTERS_MAX = 4
_LENGTHS_APART_MAX = 2
_SPOKEN_SIMILARITY = 60.0
_SIMILARITY_STEP = 1.6


def by_spoken_form(questions: Questions, lookup: Lookup) -> pl.DataFrame:
    """Find parts that are another romanisation of a name ("Tonghae"), or spaced otherwise ("Prachinburi")."""
    asked = _in_known_country(questions, letters_min=lookup.rule.run_letters)
    found = lookup.pointed(asked, lookup.by_spoken, spoken_hash())
    # Hashes of spoken forms may meet by chance, forms themselves may not: the letters must be alike too.
    found = found.filter(_likeness(found) >= _SPOKEN_SIMILARITY)
    found = found.with_columns(fit=fit_of_name(lookup), way=pl.lit("spelling"))
    return weighed(found, questions, lookup).select(CANDIDATE)


def by_adjective(questions: Questions, lookup: Lookup) -> pl.DataFrame:
    """Find the town of which a district's name is the adjective: "Gatchinsky District"."""
    words = vocabulary()
    asked = (
        stripped(_in_known_country(questions, letters_min=lookup.rule.word_letters), words.area)
        .filter(pl.col("country").is_in(words.adjective_countries))
        .with_columns(stem=pl.col("key").str.replace(words.adjective, ""))
        .filter((pl.col("stem") != pl.col("key")) & (pl.col("stem").str.len_chars() >= _STEM_LETTERS_MIN))
    )
    found = lookup.pointed(asked, lookup.by_head, head_hash("stem"))
    ending = pl.col("name_key").str.len_chars() - pl.col("stem").str.len_chars()
    found = found.filter(
        pl.col("name_key").str.starts_with(pl.col("stem")) & (ending <= _ENDING_LETTERS_MAX)
    ).with_columns(fit=fit_of_name(lookup), way=pl.lit("part"))
    return weighed(found, questions, lookup).select(CANDIDATE)


def by_likeness(questions: Questions, lookup: Lookup) -> pl.DataFrame:
    """Find parts that are within few letters of the name of a large place."""
    rule = lookup.rule
    asked = _in_known_country(questions, letters_min=rule.word_letters)
    found = pl.concat([lookup.pointed(asked, lookup.by_ends, end) for end in (head_hash(), tail_hash())])
    apart = pl.col("key").str.len_chars().cast(pl.Int64) - pl.col("name_key").str.len_chars().cast(pl.Int64)
    found = found.filter(apart.abs() <= _LENGTHS_APART_MAX)
    found = found.with_columns(_likeness(found)).filter(pl.col("likeness") >= rule.fuzzy_similarity)
    found = found.with_columns(
        fit=fit_of_name(lookup) * pl.lit(_SIMILARITY_STEP).pow(pl.col("likeness") - 100.0),
        way=pl.lit("fuzzy"),
    )
    return weighed(found, questions, lookup).select(CANDIDATE)


def _in_known_country(questions: Questions, *, letters_min: int) -> pl.DataFrame:
    """Keep parts of some length that are no hint, with the country where it is known."""
    return (
        questions.segments.filter(~pl.col("is_hint") & (pl.col("key").str.len_chars() >= letters_min))
        .join(questions.hints.select("q", country="hint"), on="q", how="inner", maintain_order="left")
        .filter(pl.col("country").is_not_null())
    )


def _likeness(pairs: pl.DataFrame) -> pl.Series:
    """Similarity of `key` and `name_key`, 0..100: 100 * (1 - indel distance / letters of both)."""
    likeness = process.cpdist(
        pairs["key"].to_list(), pairs["name_key"].to_list(), scorer=fuzz.ratio, dtype=np.float64
    )
    return pl.Series("likeness", likeness, dtype=pl.Float64)
