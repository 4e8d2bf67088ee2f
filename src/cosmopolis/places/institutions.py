"""Placement: the city of an affiliation, by the organisation's id, its address or its name.

A row says who an author works for: an id of a register, a name of the organisation, an address as written, or
some of these. Ways, in the order in which they are tried:

===================== =====================================================================================
ror                   the row's ROR id; `openalex_institution` its OpenAlex id
text                  a part of the address is the name of a place
organisation_name     a part of the address, or the organisation, is a name in the register
organisation_elsewhere  other rows of the same organisation name one city
text_part             a name of a place inside the name of an institution ("Alderton University")
supplied              the compiler of the list adds a place, in square brackets after the address
organisation_seat     the organisation has many sites; its seat is one of them
none                  nothing of this
===================== =====================================================================================

An organisation of many sites (a firm, an academy of institutes) sits in one place and works in many: its id
and its name are a guess, so the address goes before its id, and the seat comes last and counts only if
`PlacementRule.seats` says so.

Each distinct row is looked at once. Not here: which organisations there are (`cosmopolis.places.register`),
what a text alone means (`cosmopolis.places.resolve`).
"""

from dataclasses import dataclass
from typing import Final

import polars as pl

from cosmopolis.places._vocabulary import SPLIT, vocabulary
from cosmopolis.places.names import normal_form
from cosmopolis.places.register import Register, organisation_key
from cosmopolis.places.resolve import Resolver

WAYS: Final = (
    "ror",
    "openalex_institution",
    "text",
    "organisation_name",
    "organisation_elsewhere",
    "text_part",
    "supplied",
    "organisation_seat",
    "none",
)
"""Ways in which an affiliation is placed, in the order in which they are tried; the last is none."""

ROW_COLUMNS: Final = ("institution", "organisation", "text", "country")
"""What a row says: ids and names, any of them null."""

PLACED_SCHEMA: Final = pl.Schema(
    {
        "city_id": pl.Int64,
        "place_id": pl.Int64,
        "way": pl.String,
        "reason": pl.String,
        "organisation_key": pl.String,
        "organisation_name": pl.String,
    }
)
"""Columns of the answer: `reason` says why there is no city; all spellings of an organisation share a key."""

_WHOLE_NAME: Final = ("exact", "alternate", "normal", "spelling")
"""Ways of the resolver by which a part of the text is a place's name as a whole."""

_SUPPLIED: Final = r"^(.*\S)?\s*\[([^\[\]]*)\]$"
"""An address, and what the compiler of its list added."""

_LETTERS: Final = r"^[\p{Lu}&.\d -]{1,6}$"
"""A part of an address that is an acronym: `MOE`, `CAI`, `NY 10021`."""

_NOBODY: Final = (
    r"(?i)\b(?:unknown|not (?:specified|provided|available)|independent (?:researcher|scholar)|unaffiliated|"
    r"affiliation)\b"
)
"""What a list writes where there is no organisation."""

_STRENGTH: Final = (
    "university|polytechnic|school of mines",
    "institute|academy|college|society|council|agency",
    "laboratory|center|hospital|corporation|research",
)
"""Words by which the organisation is told from its departments, from the strongest."""

_CITY_STATE_CITIES_MAX: Final = 2
"""A country with so few cities is a city state: its name in an address is the city's."""

_STATE_LAST: Final = ("CA", "US")

_LAST: Final = 1_000
"""Position of the organisation's name after all parts of the address."""

_PART_PEOPLE: Final = 100_000
_WELL_KNOWN_PEOPLE: Final = 500_000
"""Least people of a place whose main name, and any name, is looked for inside names of institutions."""

_ACRONYM: Final = r"\s*\([\p{Lu}\d&-]{2,8}\)"
"""An acronym in brackets after the name it stands for: no place, though a place may bear its letters."""


@dataclass(frozen=True, kw_only=True)
class PlacementRule:
    """Settings of the placement; `docs/methods/places.md` gives the reason of each.

    Attributes
    ----------
    seats
        Whether the seat of an organisation of many sites stands for rows that name no city.
    elsewhere_rows, elsewhere_share
        Other rows of an organisation place it where at least so many of them name a city, and this
        share of them the same.
    """

    seats: bool = False
    elsewhere_rows: int = 5
    elsewhere_share: float = 0.9


@dataclass(frozen=True, kw_only=True)
class _Asked:
    """Distinct rows taken apart.

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


def _taken_apart(distinct: pl.DataFrame, resolver: Resolver) -> _Asked:
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
            part=pl.col("raw")
            .fill_null("")
            .str.replace_all(_ACRONYM, "")
            .str.replace_all(SPLIT, "\x1f")
            .str.split("\x1f"),
        )
        .explode("part")
        .with_columns(pl.col("part").str.strip_chars(" .:\"'"))
        .filter(pl.col("part") != "")
        .with_columns(
            position=pl.int_range(pl.len()).over("q"),
            name=normal_form(pl.col("part")),
            key=organisation_key(pl.col("part")),
        )
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
    parts = parts.with_columns(
        is_area=pl.col("name").is_in(areas.implode()), is_town=pl.col("name").is_in(towns.implode())
    )
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
    return _Asked(
        rows=rows.select("q", "institution", "organisation", "raw", "supplied", "given", "hint"),
        parts=parts.select("q", "position", "part", "key", "is_institution", "is_area", "is_town"),
    )


def _answers(asked: pl.DataFrame, resolver: Resolver, *, text: str, country: str) -> pl.DataFrame:
    """Resolve a text of each row: `q, place_id, city_id, how, why`, in the order of `asked`."""
    found = resolver.resolve(asked, text=text, country=country)
    return asked.select("q").hstack(found.select("place_id", "city_id", how="way", why="reason"))


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


def by_address(asked: _Asked, register: Register, resolver: Resolver) -> pl.DataFrame:
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


def by_register(asked: _Asked, register: Register, resolver: Resolver) -> pl.DataFrame:
    """Find the organisation by its name: `q` and the register's columns.

    Of the parts of the address the first counts whose organisation does not work in many places, then the
    name of the organisation, then parts and names of organisations that do.
    """
    named = asked.rows.filter(pl.col("organisation").is_not_null()).select(
        "q", position=pl.lit(_LAST, dtype=pl.Int64), key=organisation_key(pl.col("organisation"))
    )
    keys = pl.concat([asked.parts.select("q", "position", "key"), named]).filter(pl.col("key") != "")
    keys = keys.join(asked.rows.select("q", country="hint"), on="q", how="left", maintain_order="left")
    questions = keys.select("key", "country").unique(maintain_order=True).with_row_index("question")
    territories = pl.DataFrame(
        list(resolver.countries.territories.items()), schema=["territory", "country"], orient="row"
    )
    found = register.by_name(questions.rename({"question": "q"}), territories=territories)
    return (
        keys.join(questions, on=["key", "country"], how="inner", nulls_equal=True)
        .join(
            found.drop("key").rename({"q": "question", "country": "seat_country"}), on="question", how="inner"
        )
        .with_columns(is_many=pl.col("sites") == "many")
        .sort("q", "is_many", "position", "organisation")
        .unique("q", keep="first", maintain_order=True)
        .drop("key", "question", "position", "is_many")
    )


def by_part_of_name(asked: _Asked, resolver: Resolver) -> pl.DataFrame:
    """Find the name of a place of some size inside the address: `q, place_id, city_id`.

    The place's main name must stand in the text, and the country be known, or the place be so large
    that its other names are well known: the name of a small one is more often a word of another meaning.
    """
    found = _resolved(asked.rows, resolver, text="raw", country="hint").filter(
        pl.col("how").is_in([*_WHOLE_NAME, "part"])
    )
    places = resolver.gazetteer.places.select("place_id", "population")
    said = (
        found.join(asked.rows.select("q", "raw", "hint"), on="q", how="left", maintain_order="left")
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


def by_supplied(asked: _Asked, resolver: Resolver) -> pl.DataFrame:
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


def place(
    rows: pl.DataFrame, register: Register, resolver: Resolver, *, rule: PlacementRule | None = None
) -> pl.DataFrame:
    """Place affiliations.

    Parameters
    ----------
    rows
        Any table with `ROW_COLUMNS`; a column `rows`, where there is one, says how many rows each stands for.
        What organisations do elsewhere is learnt from all of them, so give them all at once.
    register
        The organisations.
    resolver
        Finds places by name.
    rule
        Settings; the default rule where none is given.

    Returns
    -------
    placed
        A row for each row of `rows`, in its order: `PLACED_SCHEMA`.
    """
    rule = rule or PlacementRule()
    columns = list(ROW_COLUMNS)
    counted = rows.select(
        *(pl.col(column).cast(pl.String) for column in columns),
        rows=pl.col("rows") if "rows" in rows.columns else pl.lit(1),
    )
    distinct = (
        counted.group_by(columns).agg(pl.col("rows").sum()).sort(columns, nulls_last=True).with_row_index("q")
    )
    placed = _place_distinct(distinct, register, resolver, rule)
    return (
        counted.select(columns)
        .join(
            distinct.select("q", *columns).join(placed, on="q", how="left", maintain_order="left"),
            on=columns,
            how="left",
            nulls_equal=True,
            maintain_order="left",
        )
        .select(*PLACED_SCHEMA)
    )


def _place_distinct(
    distinct: pl.DataFrame, register: Register, resolver: Resolver, rule: PlacementRule
) -> pl.DataFrame:
    """Place distinct rows: `q` and `PLACED_SCHEMA`."""
    asked = _taken_apart(distinct, resolver)
    spot = ["q", "place_id", "city_id"]
    address, supplied = by_address(asked, register, resolver), by_supplied(asked, resolver)
    sure_address = address.filter("is_sure")
    known = _with_learnt_sites(_organisations(asked, register, resolver), address, distinct, rule)
    is_many = pl.col("sites") == "many"
    seats = known.filter(is_many).drop_nulls("place_id")
    at_seat = supplied.join(seats, on=["q", "place_id"], how="semi")
    sure = known.filter(~is_many).drop_nulls("place_id")
    done = pl.concat([address.select("q"), supplied.select("q"), sure.select("q")])
    rest = asked.rows.join(done, on="q", how="anti", maintain_order="left")
    part = _without_own_name(by_part_of_name(_only(asked, rest), resolver), known, resolver)
    answers = [
        *(
            (way, sure.filter(~pl.col("learnt") & (pl.col("by") == way)))
            for way in ("ror", "openalex_institution")
        ),
        ("text", sure_address),
        ("supplied", supplied.join(at_seat, on="q", how="anti", maintain_order="left")),
        ("organisation_name", sure.filter(~pl.col("learnt") & (pl.col("by") == "organisation_name"))),
        ("organisation_elsewhere", sure.filter("learnt")),
        ("text", address),
        ("text_part", part),
        ("organisation_seat", seats),
    ]
    best = (
        pl.concat(
            [
                found.select(spot).with_columns(order=pl.lit(at), way=pl.lit(way))
                for at, (way, found) in enumerate(answers)
            ]
        )
        .drop_nulls("place_id")
        .sort("q", "order")
        .unique("q", keep="first", maintain_order=True)
    )
    if not rule.seats:
        best = best.with_columns(
            pl.when(pl.col("way") == "organisation_seat").then(None).otherwise(pl.col(column)).alias(column)
            for column in ("place_id", "city_id")
        )
    shown = _shown_names(known, distinct)
    return (
        asked.rows.select("q")
        .join(best, on="q", how="left", maintain_order="left")
        .join(shown, on="q", how="left", maintain_order="left")
        .with_columns(reason=_reason())
        .with_columns(way=pl.when(pl.col("place_id").is_null()).then(pl.lit("none")).otherwise("way"))
        .select("q", *PLACED_SCHEMA)
    )


def _without_own_name(part: pl.DataFrame, known: pl.DataFrame, resolver: Resolver) -> pl.DataFrame:
    """Leave out places that only the name of an organisation of many sites names: Hitachi is a firm there."""
    many = known.filter(pl.col("sites") == "many").select("q", own=normal_form(pl.col("name")))
    named = part.join(many, on="q", how="inner").join(
        resolver.gazetteer.names.select("place_id", "key"), on="place_id", how="inner"
    )
    own = named.filter(pl.format(" {} ", "own").str.contains(pl.format(" {} ", "key"), literal=True))
    return part.join(own, on="q", how="anti", maintain_order="left")


def _reason() -> pl.Expr:
    """Say why a row has no city; null where it has one."""
    return (
        pl.when(pl.col("city_id").is_not_null())
        .then(None)
        .when(pl.col("place_id").is_not_null())
        .then(pl.lit("its place belongs to no city"))
        .when(pl.col("way") == "organisation_seat")
        .then(pl.lit("names no place, and its organisation works in many"))
        .when(pl.col("organisation_key").is_null())
        .then(pl.lit("names neither a place nor an organisation"))
        .otherwise(pl.lit("names no place that is known, nor an organisation of the register"))
    )


def _shown_names(known: pl.DataFrame, distinct: pl.DataFrame) -> pl.DataFrame:
    """Give the organisation of each row one name: `q, organisation_key, organisation_name`.

    The register's, else the spelling of most rows; of equally common ones the first in code order.
    """
    common = (
        known.join(distinct.select("q", "rows"), on="q", how="left")
        .group_by("key", "name")
        .agg(pl.col("rows").sum())
        .sort("key", "rows", "name", descending=[False, True, False])
        .unique("key", keep="first", maintain_order=True)
        .select("key", shown="name")
    )
    return known.join(common, on="key", how="left", maintain_order="left").select(
        "q", organisation_key="key", organisation_name="shown"
    )


def _organisations(asked: _Asked, register: Register, resolver: Resolver) -> pl.DataFrame:
    """Find the organisation of each row: by its id, else by a name in the register, else by its own name.

    Returns
    -------
    organisations
        `q, by, organisation, key, name, place_id, city_id, sites`; `by` is `ror`, `openalex_institution`,
        `organisation_name` or, for what the register does not have, null; `key` is one for all spellings.
    """
    ids = asked.rows.drop_nulls("institution").select("q", "institution")
    by_id = ids.join(register.by_id(ids["institution"]), on="institution", how="inner", maintain_order="left")
    by_id = by_id.with_columns(
        by=pl.when(pl.col("institution").str.starts_with("0"))
        .then(pl.lit("ror"))
        .otherwise(pl.lit("openalex_institution"))
    )
    rest = _only(asked, asked.rows.join(by_id, on="q", how="anti", maintain_order="left"))
    by_name = by_register(rest, register, resolver).with_columns(by=pl.lit("organisation_name"))
    columns = ["q", "by", "organisation", "known_as", "country", "place_id", "city_id", "sites"]
    listed = pl.concat([by_id.select(columns), by_name.select(columns)])
    own = organisation_key(pl.col("known_as"))
    listed = listed.select(
        "q",
        "by",
        "organisation",
        key=pl.when(pl.col("sites") == "many").then(own).otherwise(pl.format("{}:{}", "country", own)),
        name="known_as",
        place_id="place_id",
        city_id="city_id",
        sites="sites",
    )
    unlisted = _unlisted(_only(asked, asked.rows.join(listed, on="q", how="anti", maintain_order="left")))
    return pl.concat([listed, unlisted.select(listed.columns)]).sort("q")


def _only(asked: _Asked, rows: pl.DataFrame) -> _Asked:
    """Keep some of the rows."""
    return _Asked(
        rows=rows, parts=asked.parts.join(rows.select("q"), on="q", how="semi", maintain_order="left")
    )


def _unlisted(asked: _Asked) -> pl.DataFrame:
    """Name organisations that the register does not have as their rows do.

    The row's own organisation, else the part of its address with the strongest word: a university before an
    institute, an institute before a laboratory, the first part where none has any.
    """
    rank: pl.Expr = pl.lit(len(_STRENGTH))
    for at, words in reversed(list(enumerate(_STRENGTH))):
        rank = pl.when(pl.col("key").str.contains(rf"\b(?:{words})\b")).then(at).otherwise(rank)
    parts = (
        asked.parts.filter((pl.col("key") != "") & ~pl.col("is_area"))
        .with_columns(rank=rank)
        .sort("q", "rank", "position")
        .unique("q", keep="first", maintain_order=True)
        .select("q", "part", "key")
    )
    said = asked.rows.filter(~pl.col("organisation").str.contains(_NOBODY).fill_null(value=True))
    said = said.select("q", part="organisation", key=organisation_key(pl.col("organisation")))
    both = pl.concat([said.filter(pl.col("key") != ""), parts]).unique("q", keep="first", maintain_order=True)
    return both.select(
        "q",
        by=pl.lit(None, dtype=pl.String),
        organisation=pl.format("?{}", "key"),
        key="key",
        name="part",
        place_id=pl.lit(None, dtype=pl.Int64),
        city_id=pl.lit(None, dtype=pl.Int64),
        sites=pl.lit("likely"),
    )


def _with_learnt_sites(
    organisations: pl.DataFrame, address: pl.DataFrame, distinct: pl.DataFrame, rule: PlacementRule
) -> pl.DataFrame:
    """Let the addresses that name a place say where an organisation works.

    Where at least `elsewhere_rows` rows name a place and `elsewhere_share` of them are in the same city, that
    is its city (`learnt`, if it is not the seat); a place without a city stands for itself. An organisation
    that the register thinks `likely` to have one site has many where fewer than half of those rows name
    its seat.
    """
    spot = pl.coalesce("city_id", "place_id")
    named = (
        organisations.select("q", "organisation", seat=spot)
        .join(address.select("q", "city_id", spot=spot), on="q", how="inner")
        .join(distinct.select("q", "rows"), on="q", how="inner")
    )
    at_seat = pl.when(pl.col("spot") == pl.col("seat")).then("rows").otherwise(0).sum().over("organisation")
    learnt = (
        named.group_by("organisation", "seat", "spot", "city_id")
        .agg(pl.col("rows").sum())
        .with_columns(total=pl.col("rows").sum().over("organisation"), at_seat=at_seat)
        .sort("organisation", "rows", "spot", descending=[False, True, False])
        .unique("organisation", keep="first", maintain_order=True)
        .filter(pl.col("total") >= rule.elsewhere_rows)
        .select(
            "organisation",
            learnt_place=pl.when(pl.col("rows") >= rule.elsewhere_share * pl.col("total")).then("spot"),
            learnt_city=pl.when(pl.col("rows") >= rule.elsewhere_share * pl.col("total")).then("city_id"),
            doubtful=2 * pl.col("at_seat") < pl.col("total"),
        )
    )
    is_learnt = pl.col("learnt_place").is_not_null()
    return (
        organisations.join(learnt, on="organisation", how="left", maintain_order="left")
        .with_columns(learnt=is_learnt & ~spot.eq_missing(pl.col("learnt_place")))
        .with_columns(
            sites=pl.when(is_learnt)
            .then(pl.lit("one"))
            .when((pl.col("sites") == "likely") & pl.col("doubtful").fill_null(value=False))
            .then(pl.lit("many"))
            .otherwise("sites"),
            place_id=pl.when("learnt").then("learnt_place").otherwise("place_id"),
            city_id=pl.when("learnt").then("learnt_city").otherwise("city_id"),
        )
    )
