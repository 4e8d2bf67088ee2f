"""Finds names inside a part of a text: one of two names, the head of a name, words of an institution."""

from typing import Final

import polars as pl

from cosmopolis.places._lookup import Lookup
from cosmopolis.places._questions import Questions
from cosmopolis.places._vocabulary import vocabulary
from cosmopolis.places._weights import CANDIDATE, fit_of_name, weighed
from cosmopolis.places._wholes import fitting
from cosmopolis.places.names import HAN, normal_form

_RUN_WORDS: Final = (1, 2, 3)
_RUN_HAN: Final = (2, 3, 4, 5)
_LONGER_RUN_WEIGHT = 8.0
_PLAIN_WORDS_MAX = 4
_HEAD_WORDS_MAX = 3
_MARK = "\x1f"


def by_pair(questions: Questions, lookup: Lookup) -> pl.DataFrame:
    """Find the two names of a merged town: "Nuneaton and Bedworth", "Rapperswil-Jona".

    Two that lie near each other speak for each other; only main names count.
    """
    words = vocabulary()
    halves = (
        questions.segments.filter((pl.col("position") >= 0) & ~pl.col("is_hint"))
        .with_columns(
            segment=pl.col("segment").str.to_lowercase().str.replace_all(words.pair, _MARK).str.split(_MARK)
        )
        .filter(pl.col("segment").list.len() == 2)  # noqa: PLR2004 - a pair
        .explode("segment")
        .with_columns(pl.col("segment").str.strip_chars())
        .with_columns(position=pl.int_range(pl.len()).over("q"), key=normal_form(pl.col("segment")))
        .filter(
            (pl.col("key").str.len_chars() >= lookup.rule.run_letters) & ~pl.col("key").is_in(words.common)
        )
    )
    found = fitting(halves, questions, lookup, first_is_place=False)
    return found.filter("is_main").with_columns(way=pl.lit("part"))


def by_head(questions: Questions, lookup: Lookup) -> pl.DataFrame:
    """Find a name by its head, without the water, hill or region that follows: "Hattersheim am Main"."""
    head = pl.col("key").str.replace(vocabulary().locative, "")
    heads = (
        questions.segments.filter(~pl.col("is_hint"))
        .with_columns(head=head)
        .filter(
            (pl.col("head") != pl.col("key"))
            & (pl.col("head").str.len_chars() >= lookup.rule.run_letters)
            & (pl.col("head").str.count_matches(" ") < _HEAD_WORDS_MAX)
        )
    )
    found = fitting(heads.with_columns(key="head").drop("head"), questions, lookup)
    return found.with_columns(way=pl.lit("part"))


def by_words(questions: Questions, lookup: Lookup) -> pl.DataFrame:
    """Find words inside a part that are the name of a place of some size; the longest run of words wins.

    In a plain name ("Rotorua Lakes") only main names of larger places count: what is left of a village's
    name is seldom that village.
    """
    words, rule = vocabulary(), lookup.rule
    asked = _asked_of_words(questions)
    is_han = pl.col("key").str.contains(HAN)
    asked = pl.concat(
        [_runs(asked.filter(~is_han), size, separator=" ") for size in _RUN_WORDS]
        + [_runs(asked.filter(is_han), size, separator="") for size in _RUN_HAN]
    )
    letters_min = pl.when(is_han).then(min(_RUN_HAN)).otherwise(rule.run_letters)
    asked = asked.filter(~pl.col("key").is_in(words.common) & (pl.col("key").str.len_chars() >= letters_min))
    found = lookup.find(asked).with_columns(
        fit=fit_of_name(lookup) * pl.lit(_LONGER_RUN_WEIGHT).pow(pl.col("size")), way=pl.lit("part")
    )
    found = weighed(found, questions, lookup)
    found = found.with_columns(lookup.places[found["ix"]]["population"])
    large = pl.col("population") >= rule.part_people
    long_name = (pl.col("size") > 1) | (pl.col("key").str.len_chars() > rule.word_letters)
    elsewhere = pl.col("no_town") & pl.col("country").is_in(words.no_town_countries)
    usable = (
        pl.when("plain")
        .then(large & pl.col("is_main"))
        .when(pl.col("hint").is_null())
        .then(large & (pl.col("is_main") | (pl.col("population") >= rule.part_alone_people)))
        .otherwise(large | long_name)
    )
    return found.filter(usable & ~elsewhere).select(CANDIDATE)


def _asked_of_words(questions: Questions) -> pl.DataFrame:
    """Cut parts into words, Han ones into characters: `q, key, word, plain, no_town`."""
    words = vocabulary()
    is_han = pl.col("key").str.contains(HAN)
    return (
        questions.segments.filter((pl.col("position") >= 0) & ~pl.col("is_hint"))
        .with_columns(
            word=pl.when(is_han).then(pl.col("key").str.split("")).otherwise(pl.col("key").str.split(" ")),
            no_town=pl.col("key").str.contains(words.no_town),
        )
        .with_columns(
            plain=(pl.col("parts") == 1)
            & ~is_han
            & (pl.col("word").list.len() <= _PLAIN_WORDS_MAX)
            & ~pl.col("key").str.contains(words.institution)
        )
        .select("q", "key", "plain", "no_town", pl.col("word").list.filter(pl.element() != ""))
    )


def _runs(asked: pl.DataFrame, size: int, *, separator: str) -> pl.DataFrame:
    """Join each run of `size` neighbouring words of a part: `q, key, size, plain, no_town`."""
    pieces = [f"w{k}" for k in range(size)]
    count = pl.col("word").list.len()
    cut = asked.filter(count >= size).select(
        "q",
        "plain",
        "no_town",
        *(pl.col("word").list.slice(k).list.head(count - size + 1).alias(w) for k, w in enumerate(pieces)),
    )
    return (
        cut.explode(pieces)
        .select(
            "q",
            "plain",
            "no_town",
            key=pl.concat_str(pieces, separator=separator),
            size=pl.lit(size, dtype=pl.Int64),
        )
        .unique(maintain_order=True)
    )


def by_word_of_name(questions: Questions, lookup: Lookup) -> pl.DataFrame:
    """Find parts that are one word of a longer main name in the country that is known ("Greccio")."""
    long_word = (pl.col("key").str.len_chars() >= lookup.rule.word_letters) & ~pl.col("key").str.contains(" ")
    asked = questions.segments.filter(~pl.col("is_hint") & long_word)
    found = lookup.pointed(asked, lookup.by_word, pl.col("key").hash(seed=0))
    same = pl.concat_str(pl.lit(" "), "name_key", pl.lit(" ")).str.contains(
        pl.concat_str(pl.lit(" "), "key", pl.lit(" ")), literal=True
    )
    found = found.filter(same).with_columns(fit=fit_of_name(lookup), way=pl.lit("part"))
    return weighed(found, questions, lookup).filter(pl.col("hint").is_not_null()).select(CANDIDATE)
