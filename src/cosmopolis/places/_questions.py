"""Takes a text apart: parts that may be places, and the country and division that the text itself names."""

from dataclasses import dataclass, replace

import polars as pl

from cosmopolis.places._lookup import Lookup
from cosmopolis.places._vocabulary import DIGITS, SPLIT, SPLIT_HAN, vocabulary
from cosmopolis.places.names import normal_form

_CODE_LETTERS_MAX = 3


@dataclass(frozen=True, kw_only=True)
class Questions:
    """Texts taken apart.

    Attributes
    ----------
    segments
        Parts that may be places: `q, position, parts, segment, key, is_hint`; a text of several parts
        stands there as a whole too, at position -1.
    hints
        `q, hint, either, divisions`: the country, given or read from the text; whether the text may mean a
        division of the same name instead; the divisions named (a list of `US.GA`).
    of_divisions
        `q` of texts that are a division's name and nothing else.
    """

    segments: pl.DataFrame
    hints: pl.DataFrame
    of_divisions: pl.DataFrame

    def of(self, q: pl.Series) -> "Questions":
        """Keep some questions."""
        return replace(self, segments=self.segments.filter(pl.col("q").is_in(q.implode())))


def taken_apart(asked: pl.DataFrame, lookup: Lookup) -> Questions:
    """Split texts into parts and take the hints out.

    Parameters
    ----------
    asked
        `q, text, hint`: number, text, and the country where it was given.
    """
    parts = _parts(asked)
    tail = parts.with_columns(tail=pl.col("key").str.replace_all(DIGITS, "").str.strip_chars()).filter(
        pl.col("parts") > 1
    )
    named = (
        tail.join(lookup.country_keys, left_on="tail", right_on="key", how="inner")
        .select("q", "position", "is_country")
        .sort("q", "position")
    )
    regions = _regions(tail, lookup)
    countries = asked.select("q", given="hint").join(
        _inferred_countries(named, regions), on="q", how="left", maintain_order="left"
    )
    region = _fitting_regions(regions, countries)
    of_region = region.group_by("q").agg(
        divisions=pl.format("{}.{}", "country", "admin1").unique().sort(),
        from_region=pl.col("country").min(),
    )
    hints = (
        countries.join(of_region, on="q", how="left")
        .select(
            "q",
            "divisions",
            hint=pl.coalesce("given", "inferred", "from_region"),
            either=pl.col("given").is_null() & pl.col("either").fill_null(value=False),
        )
        .sort("q")
    )
    is_hint = pl.concat([named.select("q", "position"), region.select("q", "position")]).unique()
    parts = parts.join(
        is_hint.with_columns(is_hint=pl.lit(value=True)),
        on=["q", "position"],
        how="left",
        maintain_order="left",
    ).with_columns(pl.col("is_hint").fill_null(value=False))
    kept = ["q", "position", "parts", "segment", "key", "is_hint"]
    segments = pl.concat([parts.select(kept), _wholes(asked).select(kept)]).sort("q", "position")
    return Questions(segments=segments, hints=hints, of_divisions=_of_divisions(parts, hints, lookup))


def _of_divisions(parts: pl.DataFrame, hints: pl.DataFrame, lookup: Lookup) -> pl.DataFrame:
    """Find texts that are a division's name and nothing else, in the country that is known: `q`."""
    names = lookup.division_keys.filter(pl.col("key").str.len_chars() > _CODE_LETTERS_MAX)
    return (
        parts.filter(pl.col("parts") == 1)
        .select("q", "key")
        .join(hints.select("q", country="hint"), on="q", how="inner")
        .join(names, on=["country", "key"], how="semi")
        .select("q")
        .sort("q")
    )


def _parts(asked: pl.DataFrame) -> pl.DataFrame:
    """Cut each text: `q, position, parts, segment, key`."""
    split = asked.select(
        "q",
        segment=pl.col("text")
        .fill_null("")
        .str.replace_all(SPLIT, "\x1f")
        .str.replace_all(SPLIT_HAN, "$1\x1f")
        .str.split("\x1f"),
    )
    return (
        split.explode("segment")
        .with_columns(pl.col("segment").str.strip_chars())
        .filter(pl.col("segment") != "")
        .with_columns(
            key=normal_form(pl.col("segment")),
            position=pl.int_range(pl.len()).over("q"),
            parts=pl.len().over("q").cast(pl.Int64),
        )
    )


def _wholes(asked: pl.DataFrame) -> pl.DataFrame:
    """Texts of several parts as one: "Washington, D.C." is a name."""
    return asked.filter(pl.col("text").str.contains(SPLIT)).select(
        "q",
        segment=pl.col("text").str.strip_chars(),
        key=normal_form(pl.col("text")),
        position=pl.lit(-1, dtype=pl.Int64),
        parts=pl.lit(1, dtype=pl.Int64),
        is_hint=pl.lit(value=False),
    )


def _regions(tail: pl.DataFrame, lookup: Lookup) -> pl.DataFrame:
    """Find parts that name a division: `q, position, country, admin1`.

    A text's first part names the place, unless it says that it is a division ("广东省深圳市").
    """
    short = pl.col("tail").str.replace(vocabulary().area, "").str.strip_chars()
    later = tail.filter(pl.col("position") > 0).select("q", "position", key="tail")
    said = tail.with_columns(key=short).filter(pl.col("key") != pl.col("tail"))
    return (
        pl.concat([later, said.select("q", "position", "key")])
        .join(lookup.division_keys, on="key", how="inner")
        .select("q", "position", "country", "admin1")
        .unique()
        .sort(pl.all())
    )


def _inferred_countries(named: pl.DataFrame, regions: pl.DataFrame) -> pl.DataFrame:
    """Find the country a text itself names: `q, inferred, either`.

    Georgia in "Atlanta, Georgia, U.S." is a division of another country named; of several countries left
    the first counts ("Woking, United Kingdom (offices) Dublin, Ireland (domicile)"). Where the same
    part may as well be a division ("Atlanta, Georgia", "Stanford, CA"), it is `either`.
    """
    others = named.select("q", other="is_country", elsewhere="position")
    as_region = (
        regions.join(others, on="q", how="inner")
        .filter((pl.col("country") == pl.col("other")) & (pl.col("position") != pl.col("elsewhere")))
        .select("q", "position")
        .unique()
    )
    first = (
        named.join(as_region, on=["q", "position"], how="anti")
        .sort("q", "position")
        .unique("q", keep="first", maintain_order=True)
        .rename({"is_country": "inferred"})
    )
    either = regions.join(first, on=["q", "position"], how="semi").select("q", either=True).unique()
    return first.join(either, on="q", how="left", maintain_order="left").drop("position")


def _fitting_regions(regions: pl.DataFrame, countries: pl.DataFrame) -> pl.DataFrame:
    """Keep divisions of the country that is known; where none is, those whose names point to one country."""
    target = (
        pl.when(pl.col("given").is_null() & pl.col("either"))
        .then(None)
        .otherwise(pl.coalesce("given", "inferred"))
    )
    return (
        regions.join(countries, on="q", how="inner")
        .with_columns(target=target)
        .filter(pl.col("target").is_null() | (pl.col("target") == pl.col("country")))
        .filter((pl.col("country").n_unique().over("q") == 1) | pl.col("either"))
    )
