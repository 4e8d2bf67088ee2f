"""What an address says by itself: its parts, its country, and the places that it names.

Three ways, for `cosmopolis.places.institutions` to put in order: a part of the address that is a place's name
(`by_address`), a name of a large place inside the name of an institution (`by_part_of_name`), and what the
compiler of a list has supplied in square brackets (`by_supplied`). Which organisation an address means is
not asked here.
"""

from dataclasses import dataclass
from typing import Final

import polars as pl

from cosmopolis.places._vocabulary import SPLIT, vocabulary
from cosmopolis.places.names import normal_form
from cosmopolis.places.register import Register, organisation_key
from cosmopolis.places.resolve import Resolver

_WHOLE_NAME: Final = ("exact", "alternate", "normal", "spelling")
"""Ways of the resolver by which a part of the text is a place's name as a whole."""

_SUPPLIED: Final = r"^(.*\S)?\s*\[([^\[\]]*)\]$"
"""An address, and what the compiler of its list added."""

_LETTERS: Final = r"^[\p{Lu}&.\d -]{1,6}$"
"""A part of an address that is an acronym: `MOE`, `CAI`, `NY 10021`."""

_CITY_STATE_CITIES_MAX: Final = 2
"""A country with so few cities is a city state: its name in an address is the city's."""

_STATE_LAST: Final = ("CA", "US")
"""Countries where a division's name at the end of an address is not the city's of the same name."""

_PART_PEOPLE: Final = 100_000
_WELL_KNOWN_PEOPLE: Final = 500_000
"""Least people of a place whose main name, and any name, is looked for inside names of institutions."""

_ACRONYM: Final = r"\s*\([\p{Lu}\d&-]{2,8}\)"
"""An acronym in brackets after the name it stands for: no place, though a place may bear its letters."""


@dataclass(frozen=True, kw_only=True)
class Asked:
    """Distinct rows, their addresses taken apart.

    Attributes
    ----------
    rows
        `q, institution, organisation, raw, supplied, given, hint`: address and what was supplied to it; the
        country the row gives, and the one to look in.
    parts
        `q, position, part, key, is_institution, is_area, is_town`: the parts of the address, with the key
        of a name; whether it is an institution's name, or that of a country or first-level division, and
        then whether a city in it has the same name ("Singapore", "Kyoto").
    """

    rows: pl.DataFrame
    parts: pl.DataFrame


def taken_apart(distinct: pl.DataFrame, resolver: Resolver) -> Asked:
    """Split addresses into parts and find the country of each row.

    The country is the row's own, else the last part that is a country's name and no division's too, else
    the one supplied.
    """
    split = distinct.with_columns(
        raw=pl.coalesce(
            pl.col("text").str.extract(_SUPPLIED, 1),
            pl.when(~pl.col("text").str.contains(_SUPPLIED)).then("text"),
        ),
        supplied=pl.col("text").str.extract(_SUPPLIED, 2),
    )
    parts = (
        split.select(
            "q",
            part=pl.col("raw").fill_null("").str.replace_all(SPLIT, "\x1f").str.split("\x1f"),
        )
        .explode("part")
        .with_columns(pl.col("part").str.strip_chars(" .:\"'"))
        .filter(pl.col("part") != "")
        .with_columns(position=pl.int_range(pl.len()).over("q"))
    )
    read = (
        parts.select("part")
        .unique(maintain_order=True)
        .with_columns(name=normal_form(pl.col("part")), key=organisation_key(pl.col("part")))
        .with_columns(is_institution=pl.col("name").str.contains(vocabulary().institution))
    )
    divisions = resolver.divisions.select(normal_form(pl.col("name")))["name"]
    every = pl.DataFrame(list(resolver.countries.keys.items()), schema=["name", "country"], orient="row")
    keys = every.filter(
        ((pl.col("name").str.len_chars() > 2) | (pl.col("name") == "uk"))  # noqa: PLR2004 - codes are states too
        & ~pl.col("name").is_in(divisions.implode())
    )
    areas = pl.concat([every["name"], divisions])
    towns = _towns_of_areas(resolver)
    read = read.with_columns(
        is_area=pl.col("name").is_in(areas.implode()), is_town=pl.col("name").is_in(towns.implode())
    )
    parts = parts.join(read, on="part", how="left", maintain_order="left")
    own = (
        parts.join(keys, on="name", how="inner")
        .sort("q", "position")
        .group_by("q")
        .agg(own=pl.col("country").last())
    )
    last = split.select("q", name=normal_form(pl.col("supplied").str.split(",").list.last()))
    said = last.join(keys, on="name", how="inner").select("q", said="country")
    given = pl.Series("given", resolver.countries.find_all(split["country"]), dtype=pl.String)
    rows = (
        split.with_columns(given)
        .join(own, on="q", how="left", maintain_order="left")
        .join(said, on="q", how="left", maintain_order="left")
        .with_columns(hint=pl.coalesce("given", "own", "said"))
    )
    return Asked(
        rows=rows.select("q", "institution", "organisation", "raw", "supplied", "given", "hint"),
        parts=parts.select("q", "position", "part", "key", "is_institution", "is_area", "is_town"),
    )


def _towns_of_areas(resolver: Resolver) -> pl.Series:
    """List names of city states and divisions that a city in them has too, in normal form.

    Not of other countries ("Guanajuato, Mexico" is not in Mexico City), and not divisions of the United
    States and Canada, where such a name at the end of an address is the state's.
    """
    cities = resolver.gazetteer.cities.select("city_id", "country").join(
        resolver.gazetteer.places.select("admin1", city_id="place_id"), on="city_id", how="left"
    )
    named = cities.join(resolver.gazetteer.names.select("key", city_id="place_id"), on="city_id", how="inner")
    few = cities.group_by("country").len().filter(pl.col("len") <= _CITY_STATE_CITIES_MAX)
    states = pl.DataFrame(
        list(resolver.countries.keys.items()), schema=["key", "country"], orient="row"
    ).join(few, on="country", how="semi")
    divisions = resolver.divisions.filter(~pl.col("country").is_in(_STATE_LAST)).select(
        "country", "admin1", key=normal_form(pl.col("name"))
    )
    return pl.concat(
        [
            named.join(states, on=["key", "country"], how="semi")["key"],
            named.join(divisions, on=["key", "country", "admin1"], how="semi")["key"],
        ]
    ).unique()


def _resolved(asked: pl.DataFrame, resolver: Resolver, *, text: str, country: str) -> pl.DataFrame:
    """Resolve a text of each row: `q, place_id, city_id, how, place_name`, in the order of `asked`."""
    found = resolver.resolve(asked, text=text, country=country)
    return asked.select("q").hstack(found.select("place_id", "city_id", "place_name", how="way"))


def by_address(asked: Asked, register: Register, resolver: Resolver) -> pl.DataFrame:
    """Find a part of the address that is a place's name as a whole: `q, place_id, city_id, is_sure`.

    Left out first: parts that are names of institutions or in the register (unless a city has that name),
    and acronyms, since some village bears the letters of most of them. It is not sure where the only place
    named may be a division as well ("Ritsumeikan University, Kyoto, Japan").
    """
    names = register.names.select("key").unique()
    cities = resolver.gazetteer.cities.select(key=organisation_key(pl.col("name"))).unique()
    listed = names.join(cities, on="key", how="anti").with_columns(is_listed=pl.lit(value=True))
    is_acronym = pl.col("part").str.contains(_LETTERS) & ~pl.col("is_area")
    kept = (
        asked.parts.filter(~pl.col("is_institution") & ~is_acronym)
        .join(listed, on="key", how="left", maintain_order="left")
        .filter(pl.col("is_listed").is_null() | pl.col("is_area"))
        .group_by("q", maintain_order=True)
        .agg(
            address=pl.col("part").str.join(", "),
            is_sure=(~pl.col("is_area")).any(),
            is_town=pl.col("is_town").any(),
        )
        .filter(pl.col("is_sure") | pl.col("is_town"))
    )
    rows = asked.rows.join(kept, on="q", how="inner", maintain_order="left")
    first = _resolved(rows, resolver, text="address", country="given")
    first = first.filter(pl.col("how").is_in(_WHOLE_NAME))
    rest = rows.filter(pl.col("given").is_null() & pl.col("hint").is_not_null())
    rest = rest.join(first, on="q", how="anti", maintain_order="left")
    second = _resolved(rest, resolver, text="address", country="hint")
    second = second.filter(pl.col("how").is_in(_WHOLE_NAME))
    found = pl.concat([first, second]).select("q", "place_id", "city_id").sort("q")
    return found.join(kept.select("q", "is_sure"), on="q", how="left", maintain_order="left")


def by_part_of_name(asked: Asked, resolver: Resolver) -> pl.DataFrame:
    """Find the name of a place of some size inside the address: `q, place_id, city_id`.

    The place's main name must stand in the text, and the country be known, or the place be so large
    that its other names are well known: the name of a small one is more often a word of another meaning.
    """
    rows = asked.rows.with_columns(pl.col("raw").str.replace_all(_ACRONYM, ""))
    found = _resolved(rows, resolver, text="raw", country="hint").filter(
        pl.col("how").is_in([*_WHOLE_NAME, "part"])
    )
    places = resolver.gazetteer.places.select("place_id", "population")
    said = (
        found.join(rows.select("q", "raw", "hint"), on="q", how="left", maintain_order="left")
        .join(places, on="place_id", how="left", maintain_order="left")
        .with_columns(
            name=pl.format(" {} ", normal_form(pl.col("place_name"))),
            spoken=pl.format(" {} ", normal_form(pl.col("raw"))),
        )
    )
    by_name = pl.col("spoken").str.contains(pl.col("name"), literal=True)
    people = pl.col("population")
    large = (people >= _PART_PEOPLE) & pl.col("hint").is_not_null()
    kept = said.filter((by_name & large) | (people >= _WELL_KNOWN_PEOPLE))
    return kept.select("q", "place_id", "city_id").sort("q")


def by_supplied(asked: Asked, resolver: Resolver) -> pl.DataFrame:
    """Find the place that was supplied to the address: `q, place_id, city_id`."""
    areas = resolver.countries.keys.keys()
    divisions = resolver.divisions.select(normal_form(pl.col("name")))["name"]
    names = (
        asked.rows.drop_nulls("supplied")
        .select("q", "hint", part=pl.col("supplied").str.split(","))
        .explode("part")
        .with_columns(name=normal_form(pl.col("part")))
        .filter(
            (pl.col("name") != "")
            & ~pl.col("name").is_in(list(areas))
            & ~pl.col("name").is_in(divisions.implode())
        )
        .group_by("q", maintain_order=True)
        .agg(pl.col("hint").first(), place=pl.col("part").str.strip_chars().str.join(", "))
    )
    found = _resolved(names, resolver, text="place", country="hint")
    return found.filter(pl.col("how").is_in(_WHOLE_NAME)).select("q", "place_id", "city_id").sort("q")
