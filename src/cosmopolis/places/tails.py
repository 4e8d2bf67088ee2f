"""Reads addresses whose commas are lost: "43-1 Yawatabara-machi Takasaki Gunma Japan".

From the end: the country, a division of it, and right before them the city. So the tail is cut off first, and
only what stands before it is asked for a city. That matters where a division bears a city's name: the whole
line "11-1 Showa-cho Kure Hiroshima Japan" names Hiroshima, but the address lies in Kure. A division alone
gives no city, but for those that are cities by law (`divisions_that_are_cities.csv`).

Addresses with commas are for `cosmopolis.places.resolve` itself.
"""

import csv
from collections.abc import Mapping
from functools import lru_cache
from importlib import resources
from typing import Final

import polars as pl

from cosmopolis.places.countries import keys_of
from cosmopolis.places.names import normal_form
from cosmopolis.places.resolve import Resolver

TAILED = pl.Schema(
    {
        "division": pl.String,
        "place_id": pl.Int64,
        "city_id": pl.Int64,
        "way": pl.String,
        "reason": pl.String,
    }
)
"""What is told of each address: `way` is `tail` (the words before country and division), `division` (one
that is a city), or `inside` (words farther inside); `reason` where there is no city."""

_COUNTRY_WORDS: Final = (3, 2, 1)
_DIVISION_WORDS: Final = (5, 4, 3, 2, 1)
_CITY_WORDS: Final = (3, 2, 1)
_WHOLE_NAME: Final = ("exact", "alternate", "normal", "spelling")
_CODE_LETTERS: Final = 2  # "CA" is a code, and no word of an address without commas
_STREET: Final = frozenset(
    {
        "area",
        "ave",
        "avenue",
        "blvd",
        "boulevard",
        "building",
        "district",
        "drive",
        "estate",
        "factory",
        "floor",
        "highway",
        "hwy",
        "industrial",
        "jalan",
        "lane",
        "lot",
        "moo",
        "no",
        "park",
        "parkway",
        "phase",
        "plant",
        "rd",
        "road",
        "science",
        "sector",
        "soi",
        "st",
        "street",
        "technology",
        "unit",
        "village",
        "way",
        "zone",
    }
)
"""Last words of what is no town."""


@lru_cache(maxsize=1)
def divisions_that_are_cities() -> frozenset[tuple[str, str]]:
    """Return country and key of the first-level divisions that are cities by law."""
    text = resources.files("cosmopolis.places").joinpath("divisions_that_are_cities.csv").read_text("utf-8")
    rows = list(csv.DictReader(text.splitlines()))
    keys = division_keys(pl.Series([row["division"] for row in rows]))
    return frozenset(zip((row["country"] for row in rows), keys, strict=True))


def division_keys(names: pl.Series) -> list[str]:
    """Return the form in which spellings of one division fall together: no spaces, accents or capitals.

    Examples
    --------
    >>> division_keys(pl.Series(["Gyeonggi-Do", "Gyeonggi do", "Guang- dong", "Zlín Region"]))
    ['gyeonggido', 'gyeonggido', 'guangdong', 'zlinregion']
    """
    return (
        names.to_frame("name").select(normal_form(pl.col("name")).str.replace_all(" ", ""))["name"].to_list()
    )


def read_tails(
    frame: pl.DataFrame, resolver: Resolver, *, text: str, country: str, divisions: pl.DataFrame
) -> pl.DataFrame:
    """Find the division and the city that addresses without commas end in.

    Parameters
    ----------
    frame
        Any table.
    text, country
        Columns with the address, and with its country (ISO 3166-1 alpha-2).
    divisions
        `country, name`: divisions that addresses may name, beside those that the resolver knows.

    Returns
    -------
    tails
        A row for each row of `frame`, in its order: `TAILED`.
    """
    asked = frame.select(text=pl.col(text), country=pl.col(country))
    distinct = asked.unique(maintain_order=True).with_row_index("q")
    of_resolver = resolver.divisions.select("country", "name")
    hints = _known(of_resolver)
    cut = _cut(distinct, resolver, _known(pl.concat([divisions, of_resolver])))
    is_hint = [pair in hints for pair in cut.select("country", "key").iter_rows()]
    cut = cut.with_columns(is_hint=pl.Series(is_hint, dtype=pl.Boolean))
    found = _decided(cut, resolver)
    told = distinct.join(found, on="q", how="left", maintain_order="left")
    joined = asked.join(told, on=["text", "country"], how="left", nulls_equal=True, maintain_order="left")
    return joined.select(TAILED.names()).match_to_schema(TAILED)


def _known(divisions: pl.DataFrame) -> Mapping[tuple[str, str], str]:
    """Map country and key of each division to its name, the first in the order given."""
    names = divisions.drop_nulls().unique(maintain_order=True)
    keys = division_keys(names["name"])
    known: dict[tuple[str, str], str] = {}
    for country, name, key in zip(names["country"], names["name"], keys, strict=True):
        known.setdefault((country, key), name)
    return known


def _cut(distinct: pl.DataFrame, resolver: Resolver, known: Mapping[tuple[str, str], str]) -> pl.DataFrame:
    """Cut the tail off: `q, country, before, division, key`."""
    words = _without_country(distinct, resolver)
    tails = [
        (q, country, size, " ".join(words[q][-size:]))
        for q, country in distinct.select("q", "country").iter_rows()
        for size in _DIVISION_WORDS
        if size < len(words[q])
    ]
    keys = division_keys(pl.Series([tail for *_, tail in tails], dtype=pl.String))
    longest: dict[int, tuple[int, str]] = {}
    for (q, country, size, _), key in zip(tails, keys, strict=True):
        if (country, key) in known:
            longest.setdefault(q, (size, key))
    rows = []
    for q, country in distinct.select("q", "country").iter_rows():
        size, key = longest.get(q, (0, ""))
        before = " ".join(words[q][: len(words[q]) - size])
        rows.append((q, country, before, known.get((country, key)), key or None))
    columns = {"country": pl.String, "before": pl.String, "division": pl.String, "key": pl.String}
    return pl.DataFrame(rows, schema={"q": pl.UInt32, **columns}, orient="row")


def _without_country(distinct: pl.DataFrame, resolver: Resolver) -> dict[int, list[str]]:
    """Give the words of each address without those at its end that name the country, unless they are all."""
    words = {q: (address or "").split() for q, address in distinct.select("q", "text").iter_rows()}
    tails = [
        (q, country, size, " ".join(words[q][-size:]))
        for q, country in distinct.select("q", "country").iter_rows()
        for size in _COUNTRY_WORDS
        if size < len(words[q])
    ]
    longest: dict[int, int] = {}
    for (q, country, size, tail), key in zip(tails, keys_of(tail for *_, tail in tails), strict=True):
        if len(tail) > _CODE_LETTERS and resolver.countries.keys.get(key) == country:
            longest.setdefault(q, size)
    return {q: words[q][: len(words[q]) - longest.get(q, 0)] for q in words}


def _decided(cut: pl.DataFrame, resolver: Resolver) -> pl.DataFrame:
    """Find the city of each: `q` and `TAILED`."""
    laws = pl.DataFrame(
        sorted(divisions_that_are_cities()), schema=["country", "key"], orient="row"
    ).with_columns(is_city=pl.lit(value=True))
    cut = cut.join(laws, on=["country", "key"], how="left", maintain_order="left")
    by_law = _resolved(cut.filter("is_city"), resolver, text=pl.col("division")).with_columns(
        way=pl.lit("division")
    )
    rest = cut.filter(pl.col("is_city").is_null())
    by_tail = _before_the_tail(rest, resolver)
    rest = rest.join(by_tail, on="q", how="anti", maintain_order="left")
    inside = _in_its_division(_resolved(rest, resolver, text=pl.col("before")), by_tail, cut, resolver)
    inside = inside.with_columns(way=pl.lit("inside"))
    kept = ["q", "place_id", "city_id", "way", "reason"]
    found = pl.concat([by_law.select(kept), by_tail.select(kept), inside.select(kept)])
    return (
        cut.select("q", "division")
        .join(found, on="q", how="left", maintain_order="left")
        .with_columns(
            way=pl.when(pl.col("city_id").is_not_null()).then("way"),
            reason=pl.when(pl.col("city_id").is_null()).then(
                pl.coalesce("reason", pl.lit("the address names no city that is known"))
            ),
        )
        .select("q", *TAILED.names())
    )


def _before_the_tail(cut: pl.DataFrame, resolver: Resolver) -> pl.DataFrame:
    """Find the city that the last words before the tail name; three words before two before one.

    The division goes along where the resolver knows it as one; of others it would think that a city is meant.
    """
    rows = []
    for q, country, before, division, is_hint in cut.select(
        "q", "country", "before", "division", "is_hint"
    ).iter_rows():
        words = before.split()
        for size in _CITY_WORDS:
            name = " ".join(words[-size:])
            if size <= len(words) and not _is_street(name):
                rows.append((q, size, country, name, f"{name}, {division}" if is_hint else name))
    columns = {"country": pl.String, "name": pl.String, "asked": pl.String}
    schema = {"q": pl.UInt32, "size": pl.Int64, **columns}
    asked = pl.DataFrame(rows, schema=schema, orient="row")
    found = asked.hstack(
        resolver.resolve(asked, text="asked", country="country").drop("place_country", "city_name")
    ).filter(pl.col("way").is_in(_WHOLE_NAME))
    names = resolver.gazetteer.names.select("place_id", "key").filter(
        pl.col("place_id").is_in(found["place_id"].unique().implode())
    )
    said = (
        found.with_columns(spoken=pl.format(" {} ", normal_form(pl.col("name"))))
        .join(names, on="place_id", how="left")
        .filter(pl.col("spoken").str.contains(pl.format(" {} ", "key"), literal=True))
    )
    best = said.sort("q", "size", descending=[False, True]).unique("q", keep="first", maintain_order=True)
    return best.select("q", "place_id", "city_id", "reason", way=pl.lit("tail"))


def _in_its_division(
    inside: pl.DataFrame, by_tail: pl.DataFrame, cut: pl.DataFrame, resolver: Resolver
) -> pl.DataFrame:
    """Keep what was found farther inside an address if it lies where the address's division does.

    Where that is, the gazetteer says of the places found before the same division: those of most addresses.
    Of a division before which no place was found, nothing is kept; nor is a place with the division's name.
    """
    where = resolver.gazetteer.places.select("place_id", "admin1")
    most = (
        cut.join(by_tail.select("q", "place_id"), on="q", how="inner", maintain_order="left")
        .join(where, on="place_id", how="left", maintain_order="left")
        .drop_nulls(["key", "admin1"])
        .group_by("country", "key", "admin1")
        .len()
        .sort("country", "key", "len", "admin1", descending=[False, False, True, False])
        .unique(["country", "key"], keep="first", maintain_order=True)
        .select("country", "key", most="admin1")
    )
    told = inside.join(most, on=["country", "key"], how="left", maintain_order="left").join(
        where, on="place_id", how="left", maintain_order="left"
    )
    fits = (pl.col("most") == pl.col("admin1")) & (pl.col("place_key") != pl.col("key"))
    return told.filter(pl.col("key").is_null() | fits.fill_null(value=False))


def _is_street(name: str) -> bool:
    """Say whether words are a street's or an estate's rather than a town's."""
    words = name.lower().split()
    return words[-1] in _STREET or any(letter.isdigit() for letter in name)


def _resolved(asked: pl.DataFrame, resolver: Resolver, *, text: pl.Expr) -> pl.DataFrame:
    """Resolve a text of each row: `q, country, key, place_id, city_id, reason, place_key`."""
    rows = asked.with_columns(asked=text)
    answers = resolver.resolve(rows, text="asked", country="country")
    place_keys = pl.Series("place_key", division_keys(answers["place_name"]), dtype=pl.String)
    return (
        rows.select("q", "country", "key")
        .hstack(answers.select("place_id", "city_id", "reason"))
        .hstack([place_keys])
    )
