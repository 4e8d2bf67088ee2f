"""Organisations by their ids and names, and the city where each of them sits.

A register is made of `organisation` records (ROR, OpenAlex) and of a reviewed table, `organisations.csv`, for
organisations that records of science name in other ways than a register does, or that it lacks. It finds
an organisation by its id or by its name as a whole; it never guesses by likeness. What an address means
and which of several ways counts is decided in `cosmopolis.places.institutions`.

Names are compared by `organisation_key`: `Univ. of Alder`, `The University of Alder` and `Universität Alder`
are one. A name stands for a city only where all organisations of that name in the country are in one
city; acronyms of up to four letters only where the country is known or the reviewed table has them.
"""

import csv
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from importlib import resources
from typing import Final

import polars as pl

from cosmopolis.places.geometry import km_between
from cosmopolis.places.names import normal_form
from cosmopolis.places.resolve import Resolver

ACRONYM_LETTERS_MAX: Final = 4
"""A name of so many letters or fewer is taken for an acronym, which many organisations share."""

SITES: Final = ("one", "likely", "unlikely", "many")
"""Where an organisation works: at its seat; there, unless addresses of others say otherwise; there, only if
they say so; in many places, whatever they say."""

SEAT_ONLY: Final = ("unlikely", "many")
"""Those of `SITES` whose seat is a guess."""

_ONE_SITE_KIND: Final = "education"
_UNLIKELY_KIND: Final = "company"

ORGANISATIONS_SCHEMA: Final = pl.Schema(
    {
        "organisation": pl.String,
        "ror": pl.String,
        "name": pl.String,
        "known_as": pl.String,
        "key": pl.String,
        "country": pl.String,
        "place_id": pl.Int64,
        "city_id": pl.Int64,
        "sites": pl.String,
    }
)
"""Columns of `Register.organisations`."""

_KNOWN: Final = (
    "organisation",
    "ror",
    "name",
    "other_names",
    "country",
    "place_id",
    "city_id",
    "sites",
    "reviewed",
)

_FAR_KM: Final = 50.0
"""A place of a record's city name farther than this from the record's coordinates is a homonym."""

_SAME: Final = {
    "university": "univ univers universitat universite universidad universidade universita universiteit "
    "universitet universitetet uniwersytet univerzita universitesi universitas universitate universities",
    "institute": "inst institut instituto istituto institutet instytut institutes",
    "laboratory": "lab labs laboratories laboratoire laboratorio laboratorium",
    "center": "centre centro zentrum centrum ctr",
    "technology": "technol technologies technologie tecnologia tecnologias tech",
    "technical": "technische technischen techn tecnica technique technicka",
    "polytechnic": "politecnico polytechnique politecnica polytech polytechnical",
    "college": "coll",
    "academy": "acad academia akademie",
    "science": "sci sciences",
    "department": "dept departement departamento dipartimento",
    "national": "natl nat nacional nazionale nationale",
    "engineering": "eng engn",
    "artificial intelligence": "ai",
    "and": "et und y e",
}
_DROPPED: Final = "the of at for in and de di der des du del della dell do da la le les el los fur von an"
_COMMON: Final = (
    "department school faculty college center institute laboratory group division unit section team "
    "program state key national joint advanced applied general computer computing computational "
    "computation science engineering technology technical mathematics mathematical statistics "
    "statistical physics chemistry biology medicine electrical electronic electronics mechanical "
    "mechatronics automation robotics robot robotic control systems system information intelligent "
    "intelligence artificial machine learning vision data software communication communications network "
    "networks research development innovation industrial industry management business economics "
    "linguistics language natural processing studies graduate and human interaction digital media "
    "university academy cognitive brain neural autonomous aerospace civil materials energy security "
    "cybersecurity health institutes"
)
_LEGAL: Final = (
    "inc incorporated ltd limited llc gmbh corp corporation co company plc ag sa sas spa srl bv nv ab oy kk "
    "pte pvt group holding holdings"
)


def organisation_key(name: pl.Expr) -> pl.Expr:
    """Give the key under which names of organisations are compared.

    The normal form, footnote marks at either end taken off, words of one meaning written alike, words
    such as `the`, `of` and `at` and the legal form at the end left out.

    Examples
    --------
    >>> names = ["The Univ. of Alder1", "Universität Alder", "Alder Robots Co., Ltd."]
    >>> pl.DataFrame({"name": names}).select(organisation_key(pl.col("name")))["name"].to_list()
    ['university alder', 'university alder', 'alder robots']
    """
    bare = (
        name.str.replace_all(r"[*†‡§¶∗⋆⋄♯#^]+", " ")
        .str.replace(r"^\s*\d{1,2}\s*(\p{Lu}\p{L})", "$1")
        .str.replace(r"(\p{Ll}{3}|\p{Lu}{3}|\))\d$", "$1")
    )
    key = normal_form(bare)
    for word, others in _SAME.items():
        key = key.str.replace_all(rf"\b(?:{others.replace(' ', '|')})\b", word)
    key = key.str.replace_all(rf"\b(?:{_DROPPED.replace(' ', '|')})\b", " ")
    key = key.str.replace_all(r"\s+", " ").str.strip_chars()
    return key.str.replace(rf"(\w)(?: (?:{_LEGAL.replace(' ', '|')}))+$", "$1")


def _says_nothing(key: pl.Expr) -> pl.Expr:
    """Say whether a key is made of words that any department bears, or begins as a ministry does."""
    return key.str.contains(rf"^(?:(?:{_COMMON.replace(' ', '|')})(?: |$))+$|^ministry ")


@lru_cache(maxsize=1)
def reviewed_organisations() -> pl.DataFrame:
    """Read the reviewed table that ships with the package: `name, other_names, country, city, sites`.

    A name without a city, which is of `many` sites, is one that organisations in several cities go by: it
    stands for no city even where a register knows only one of them.
    """
    text = resources.files("cosmopolis.places").joinpath("organisations.csv").read_text(encoding="utf-8")
    rows = list(csv.DictReader(text.splitlines()))
    return pl.DataFrame(
        rows, schema=dict.fromkeys(("name", "other_names", "country", "city", "sites"), pl.String)
    )


@dataclass(frozen=True, kw_only=True)
class Register:
    """Organisations and their names.

    Attributes
    ----------
    organisations
        `ORGANISATIONS_SCHEMA`, one row each; `key` is one for all branches of a firm and for all records of
        one organisation; place and city are null where the place is not known, or belongs
        to no city. `known_as` is the name that a reader sees, without a firm's country; `sites` is one of
        `SITES`.
    names
        `key, country, organisation, rank`: keys that stand for one city in their country; `rank` 0 for the
        reviewed table, 1 for main names, 2 for others.
    """

    organisations: pl.DataFrame
    names: pl.DataFrame

    def by_id(self, ids: pl.Series) -> pl.DataFrame:
        """Find organisations by ROR or OpenAlex id: `institution` and `ORGANISATIONS_SCHEMA`, where found."""
        asked = pl.DataFrame({"institution": ids}).unique(maintain_order=True).drop_nulls()
        own = asked.join(
            self.organisations, left_on="institution", right_on="organisation", how="inner", coalesce=False
        )
        of_ror = asked.join(own, on="institution", how="anti").join(
            self.organisations.drop_nulls("ror").unique("ror", keep="first", maintain_order=True),
            left_on="institution",
            right_on="ror",
            how="inner",
            coalesce=False,
        )
        return pl.concat([own, of_ror.select(own.columns)]).sort("institution")

    def by_name(self, asked: pl.DataFrame, *, territories: pl.DataFrame | None = None) -> pl.DataFrame:
        """Find organisations by the key of a name.

        Parameters
        ----------
        asked
            `q, key, country`; the country is null where it is not known.
        territories
            `territory, country`: a territory's organisations are looked for under the country too.

        Returns
        -------
        found
            `q` and `ORGANISATIONS_SCHEMA`, for those found.
        """
        names = self.names
        if territories is not None:
            abroad = names.join(territories, left_on="country", right_on="territory", how="inner")
            abroad = abroad.select("key", "organisation", "rank", country="country_right")
            names = pl.concat([names, abroad.select(names.columns)])
        long_enough = (pl.col("rank") == 0) | (pl.col("key").str.len_chars() > ACRONYM_LETTERS_MAX)
        there = asked.drop_nulls("country").join(names, on=["key", "country"], how="inner")
        anywhere = asked.filter(pl.col("country").is_null()).drop("country")
        anywhere = anywhere.join(names.filter(long_enough).drop("country"), on="key", how="inner")
        columns = ["q", "key", "organisation", "rank"]
        found = pl.concat([there.select(columns), anywhere.select(columns)])
        found = _in_one_city(found, ["q", "key"], self.organisations).select("q", "key", "organisation")
        return found.drop("key").join(
            self.organisations, on="organisation", how="left", maintain_order="left"
        )


def _in_one_city(found: pl.DataFrame, by: list[str], organisations: pl.DataFrame) -> pl.DataFrame:
    """Keep, of organisations under one name, the first of the best rank if that rank is in one city."""
    spots = organisations.select("organisation", spot=pl.coalesce("city_id", "place_id"))
    ranked = found.join(spots, on="organisation", how="left").filter(
        pl.col("rank") == pl.col("rank").min().over(by)
    )
    alone = ranked.filter(pl.col("spot").n_unique().over(by) == 1).drop("spot")
    return alone.sort(*by, "organisation").unique(by, keep="first", maintain_order=True)


def build(organisations: Iterable[pl.DataFrame], resolver: Resolver) -> Register:
    """Make the register.

    A record's place is the one of its GeoNames id; where the gazetteer has none of that id, the one that the
    record's city, country and coordinates resolve to. Of two records with one id the first counts.

    Parameters
    ----------
    organisations
        Record tables `organisation`, the one to be trusted most first.
    resolver
        Finds the cities.
    """
    reviewed = _reviewed(resolver)
    listed = [_placed(records, resolver) for records in organisations]
    known = pl.concat([reviewed, *listed]).unique("organisation", keep="first", maintain_order=True)
    known = known.with_columns(known_as=_without_country(known, resolver))
    names = _names(known)
    table = _known_as_reviewed(known, names).select(list(ORGANISATIONS_SCHEMA)).sort("organisation")
    single = _in_one_city(names, ["key", "country"], table).select("key", "country", "organisation", "rank")
    return Register(organisations=table, names=single)


def _placed(records: pl.DataFrame, resolver: Resolver) -> pl.DataFrame:
    """Find place and city of each record."""
    places = resolver.gazetteer.places.select("place_id", "city_id")
    direct = records.join(places, on="place_id", how="left", maintain_order="left").with_columns(
        known=pl.col("place_id").is_in(places["place_id"].implode())
    )
    rest = direct.filter(~pl.col("known").fill_null(value=False))
    joined = direct.join(
        _by_city_name(rest, resolver).unique("organisation", keep="first", maintain_order=True),
        on="organisation",
        how="left",
        maintain_order="left",
    )
    known = pl.col("known").fill_null(value=False)
    return joined.with_columns(
        place_id=pl.when(known).then("place_id").otherwise("told_place"),
        city_id=pl.when(known).then("city_id").otherwise("told_city"),
        sites=pl.when(pl.col("kinds").list.contains(_UNLIKELY_KIND))
        .then(pl.lit("unlikely"))
        .when(pl.col("kinds").list.contains(_ONE_SITE_KIND))
        .then(pl.lit("one"))
        .otherwise(pl.lit("likely")),
        reviewed=pl.lit(value=False),
    ).select(*_KNOWN)


def _by_city_name(records: pl.DataFrame, resolver: Resolver) -> pl.DataFrame:
    """Find `organisation, told_place, told_city` by the city's name, by coordinates where that is far off."""
    given = records.with_columns(nothing=pl.lit(None, dtype=pl.String))
    at = {"country": "country", "latitude": "latitude", "longitude": "longitude"}
    named = resolver.resolve(given, text="city", **at)
    near = resolver.resolve(given, text="nothing", **at).select(near_place="place_id", near_city="city_id")
    away = km_between(
        pl.col("latitude"), pl.col("longitude"), pl.col("place_latitude"), pl.col("place_longitude")
    )
    is_far = (away > _FAR_KM).fill_null(value=False)
    return (
        given.select("organisation", "latitude", "longitude")
        .hstack(named.select("place_id", "city_id", "place_latitude", "place_longitude"))
        .hstack(near)
        .select(
            "organisation",
            told_place=pl.when(is_far).then("near_place").otherwise("place_id"),
            told_city=pl.when(is_far).then("near_city").otherwise("city_id"),
        )
    )


def _reviewed(resolver: Resolver) -> pl.DataFrame:
    """Resolve the reviewed table; its organisations are named by their key and country."""
    table = reviewed_organisations()
    answers = resolver.resolve(table, text="city", country="country")
    return table.select(
        organisation=pl.format("{}:{}", "country", organisation_key(pl.col("name"))),
        ror=pl.lit(None, dtype=pl.String),
        name="name",
        other_names=pl.col("other_names").str.split("|"),
        country="country",
        place_id=answers["place_id"],
        city_id=answers["city_id"],
        sites="sites",
        reviewed=pl.lit(value=True),
    ).select(*_KNOWN)


def _without_country(known: pl.DataFrame, resolver: Resolver) -> pl.Series:
    """Take an organisation's own country off the end of its name, where ROR writes it: `Alder (Arborea)`."""
    aside = known["name"].str.extract(r"\(([^()]+)\)$")
    said = pl.Series(resolver.countries.find_all(aside), dtype=pl.String)
    head = known["name"].str.extract(r"^(.*\S)\s*\([^()]+\)$")
    return pl.select(
        pl.when((said == known["country"]).fill_null(value=False)).then(head).otherwise(known["name"])
    ).to_series()


def _names(known: pl.DataFrame) -> pl.DataFrame:
    """List the keys of all names: `key, country, organisation, rank`; of a firm without its country too."""
    base = known.select("organisation", "country", "reviewed", "name", "known_as", "other_names")
    who = ["organisation", "country", "reviewed"]
    spelt = pl.concat(
        [
            base.select(*who, "name", other=pl.lit(value=False)),
            base.select(*who, name="known_as", other=pl.lit(value=False)),
            base.select(*who, name="other_names", other=pl.lit(value=True))
            .explode("name")
            .filter(pl.col("name").is_not_null() & (pl.col("name") != "")),
        ]
    )
    return (
        spelt.select(
            "country",
            "organisation",
            key=organisation_key(pl.col("name")),
            rank=pl.when("reviewed").then(0).when("other").then(2).otherwise(1).cast(pl.Int8),
        )
        .filter((pl.col("key") != "") & ((pl.col("rank") == 0) | ~_says_nothing(pl.col("key"))))
        .select("key", "country", "organisation", "rank")
        .unique()
        .sort("key", "country", "rank", "organisation")
    )


def _known_as_reviewed(known: pl.DataFrame, names: pl.DataFrame) -> pl.DataFrame:
    """Take name and sites of a record from the reviewed table, where that has it under one of its names."""
    said = (
        names.filter(pl.col("rank") == 0)
        .join(
            known.select("organisation", as_reviewed="known_as", reviewed_sites="sites"),
            on="organisation",
            how="left",
        )
        .select("key", "country", "as_reviewed", "reviewed_sites")
        .sort(pl.all())
        .unique(["key", "country"], keep="first", maintain_order=True)
    )
    return (
        known.with_columns(key=organisation_key(pl.col("known_as")))
        .join(said, on=["key", "country"], how="left", maintain_order="left")
        .with_columns(
            known_as=pl.coalesce("as_reviewed", "known_as"), sites=pl.coalesce("reviewed_sites", "sites")
        )
        .with_columns(key=organisation_key(pl.col("known_as")))
        .with_columns(
            pl.when(pl.col("sites").is_in(SEAT_ONLY))
            .then("key")
            .otherwise(pl.format("{}:{}", "country", "key"))
            .alias("key")
        )
    )
