"""Placement: the city of an affiliation, by the organisation's id, its address or its name.

A row says who an author works for: an id of a register, a name of the organisation, an address as written, or
some of these. Ways, in the order in which they are tried:

======================= ===================================================================================
ror                     the row's ROR id; `openalex_institution` its OpenAlex id
text                    a part of the address is the name of a place
supplied                the compiler of the list adds a place, in square brackets after the address
organisation_name       a part of the address, or the organisation, is a name in the register
organisation_elsewhere  the addresses of other rows of the same organisation name one city
text_part               a name of a place inside the name of an institution ("Alderton University")
organisation_seat       the organisation has many sites; its seat is one of them
none                    nothing of this
======================= ===================================================================================

The id goes first where the organisation is a school or university. A research institute, an office or a firm
may work elsewhere than at its seat, so that its address goes before its id. An organisation of many sites
(a large firm, an academy of institutes) sits in one place and works in many: its id and its name are a
guess, and its seat comes last and counts only if `PlacementRule.seats` says so.

Each distinct row is looked at once. Not here: which organisations there are (`cosmopolis.places.register`),
what a text alone means (`cosmopolis.places.resolve`).
"""

from dataclasses import dataclass
from typing import Final

import polars as pl

from cosmopolis.places._addresses import Asked, by_address, by_part_of_name, by_supplied, taken_apart
from cosmopolis.places.names import normal_form
from cosmopolis.places.register import SEAT_ONLY, Register, organisation_key
from cosmopolis.places.resolve import Resolver

WAYS: Final = (
    "ror",
    "openalex_institution",
    "text",
    "supplied",
    "organisation_name",
    "organisation_elsewhere",
    "text_part",
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

_ORGANISATION: Final = ("q", "by", "organisation", "key", "name", "place_id", "city_id", "sites")
"""Columns of organisations of rows: `by` is the way in which it was found, null where no register has it."""

ROWS_AT_ONCE = 500_000
"""So many distinct rows are read at once."""

_LAST: Final = 1_000
"""Position of the organisation's name after all parts of the address."""


@dataclass(frozen=True, kw_only=True)
class PlacementRule:
    """Settings of the placement; `docs/methods/places.md` gives the reason of each.

    Attributes
    ----------
    seats
        Whether the seat of an organisation of many sites stands for rows that name no city.
    seat_share
        Least share of the organisation's addresses that name a place which must name its seat, where there
        are `elsewhere_rows` of them; else its seat does not count even so.
    elsewhere_rows, elsewhere_share
        Other rows of an organisation place it where at least so many of them name a city, and this
        share of them the same.
    """

    seats: bool = False
    seat_share: float = 0.5
    elsewhere_rows: int = 5
    elsewhere_share: float = 0.9


def by_register(asked: Asked, register: Register, resolver: Resolver) -> pl.DataFrame:
    """Find the organisation by its name: `q` and the register's columns.

    Of the parts of the address, and of each with the one that follows ("University of Alder, Birch"), the
    first counts whose organisation does not work in many places, then the name of the organisation, then
    parts and names of organisations that do.
    """
    named = asked.rows.filter(pl.col("organisation").is_not_null()).select(
        "q", position=pl.lit(_LAST, dtype=pl.Int64), key=organisation_key(pl.col("organisation"))
    )
    first = asked.parts.select("q", "key", position=2 * pl.col("position") + 1)
    pairs = first.join(
        first.select("q", following="key", position=pl.col("position") - 2), on=["q", "position"], how="inner"
    ).select("q", pl.col("position") - 1, key=pl.format("{} {}", "key", "following"))
    keys = pl.concat([pairs, first.select(pairs.columns), named]).filter(pl.col("key") != "")
    keys = keys.join(asked.rows.select("q", country="hint"), on="q", how="left", maintain_order="left")
    questions = keys.select("key", "country").unique(maintain_order=True).with_row_index("question")
    territories = pl.DataFrame(
        list(resolver.countries.territories.items()), schema=["territory", "country"], orient="row"
    )
    found = register.by_name(questions.rename({"question": "q"}), territories=territories)
    return (
        keys.drop("key", "country")
        .with_columns(
            question=keys.join(
                questions, on=["key", "country"], how="left", nulls_equal=True, maintain_order="left"
            )["question"]
        )
        .join(found.rename({"q": "question"}), on="question", how="inner")
        .with_columns(is_many=pl.col("sites").is_in(SEAT_ONLY))
        .sort("q", "is_many", "position", "organisation")
        .unique("q", keep="first", maintain_order=True)
        .drop("question", "position", "is_many")
    )


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


@dataclass(frozen=True, kw_only=True)
class _Read:
    """What rows say, each by itself.

    Attributes
    ----------
    address, supplied, part
        Places of `by_address`, `by_supplied` and `by_part_of_name`.
    organisations
        By `_ORGANISATION`.
    """

    address: pl.DataFrame
    supplied: pl.DataFrame
    part: pl.DataFrame
    organisations: pl.DataFrame


def _read(distinct: pl.DataFrame, by_id: pl.DataFrame, register: Register, resolver: Resolver) -> _Read:
    """Read rows whose id does not settle the place."""
    asked = taken_apart(distinct, resolver)
    by_id = by_id.join(distinct.select("q"), on="q", how="semi", maintain_order="left")
    unknown = _only(asked, asked.rows.join(by_id, on="q", how="anti", maintain_order="left"))
    listed = pl.concat([by_id, _by_name(unknown, register, resolver)])
    own = _unlisted(_only(asked, asked.rows.join(listed, on="q", how="anti", maintain_order="left")))
    address, supplied = by_address(asked, register, resolver), by_supplied(asked, resolver)
    sure = listed.filter(pl.col("sites") == "one").drop_nulls("place_id")
    done = pl.concat([address.select("q"), supplied.select("q"), sure.select("q")])
    rest = asked.rows.join(done, on="q", how="anti", maintain_order="left")
    return _Read(
        address=address,
        supplied=supplied,
        part=by_part_of_name(_only(asked, rest), resolver),
        organisations=pl.concat([listed, own]).sort("q"),
    )


def _place_distinct(
    distinct: pl.DataFrame, register: Register, resolver: Resolver, rule: PlacementRule
) -> pl.DataFrame:
    """Place distinct rows: `q` and `PLACED_SCHEMA`; addresses are read by blocks, which bounds the memory."""
    spot = ["q", "place_id", "city_id"]
    by_id = _by_id(distinct, register)
    settled = by_id.filter(pl.col("sites") == "one").drop_nulls("place_id")
    to_read = distinct.join(settled, on="q", how="anti", maintain_order="left")
    blocks = [
        _read(to_read.slice(start, ROWS_AT_ONCE), by_id, register, resolver)
        for start in range(0, max(to_read.height, 1), ROWS_AT_ONCE)
    ]
    address = pl.concat([block.address for block in blocks])
    supplied = pl.concat([block.supplied for block in blocks])
    organisations = pl.concat([settled, *(block.organisations for block in blocks)])
    sure_address = address.filter("is_sure")
    known = _with_learnt_sites(organisations, address, distinct, rule)
    is_many = pl.col("sites").is_in(SEAT_ONLY)
    seats = known.filter(is_many).drop_nulls("place_id")
    at_seat = supplied.join(seats, on=["q", "place_id"], how="semi")
    sure = known.filter(~is_many).drop_nulls("place_id")
    part = _without_own_name(pl.concat([block.part for block in blocks]), known, resolver)
    ids = ("ror", "openalex_institution")
    of_id = sure.filter(~pl.col("learnt") & pl.col("by").is_in(ids))
    answers = [
        *((way, of_id.filter((pl.col("by") == way) & pl.col("one_site"))) for way in ids),
        ("text", sure_address),
        ("supplied", supplied.join(at_seat, on="q", how="anti", maintain_order="left")),
        *((way, of_id.filter(pl.col("by") == way)) for way in ids),
        ("organisation_name", sure.filter(~pl.col("learnt") & (pl.col("by") == "organisation_name"))),
        ("organisation_elsewhere", sure.filter("learnt")),
        ("text", address),
        ("text_part", part),
        ("organisation_seat", seats.filter(~pl.col("contradicted"))),
        ("contradicted", seats),
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
    no_place = ("contradicted",) if rule.seats else ("contradicted", "organisation_seat")
    best = best.with_columns(
        pl.when(pl.col("way").is_in(no_place)).then(None).otherwise(pl.col(column)).alias(column)
        for column in ("place_id", "city_id")
    )
    shown = _shown_names(known, distinct)
    return (
        distinct.select("q")
        .join(best, on="q", how="left", maintain_order="left")
        .join(shown, on="q", how="left", maintain_order="left")
        .with_columns(reason=_reason())
        .with_columns(way=pl.when(pl.col("place_id").is_null()).then(pl.lit("none")).otherwise("way"))
        .select("q", *PLACED_SCHEMA)
    )


def _without_own_name(part: pl.DataFrame, known: pl.DataFrame, resolver: Resolver) -> pl.DataFrame:
    """Leave out places that only the name of an organisation of many sites names: Hitachi is a firm there."""
    many = known.filter(pl.col("sites").is_in(SEAT_ONLY)).select("q", own=normal_form(pl.col("name")))
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
        .when(pl.col("way").is_in(["organisation_seat", "contradicted"]))
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


def _by_id(rows: pl.DataFrame, register: Register) -> pl.DataFrame:
    """Find the organisation of each row that has an id which the register knows: by `_ORGANISATION`."""
    ids = rows.drop_nulls("institution").select("q", "institution")
    found = register.by_id(ids["institution"])
    is_ror = pl.col("institution").str.starts_with("0")
    way = pl.when(is_ror).then(pl.lit("ror")).otherwise(pl.lit("openalex_institution"))
    listed = ids.join(found, on="institution", how="inner", maintain_order="left")
    return listed.with_columns(by=way, name="known_as").select(_ORGANISATION)


def _by_name(asked: Asked, register: Register, resolver: Resolver) -> pl.DataFrame:
    """Find the organisation of each row that names one of the register: by `_ORGANISATION`."""
    found = by_register(asked, register, resolver)
    return found.with_columns(by=pl.lit("organisation_name"), name="known_as").select(_ORGANISATION)


def _only(asked: Asked, rows: pl.DataFrame) -> Asked:
    """Keep some of the rows."""
    return Asked(
        rows=rows, parts=asked.parts.join(rows.select("q"), on="q", how="semi", maintain_order="left")
    )


def _unlisted(asked: Asked) -> pl.DataFrame:
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
    ).select(_ORGANISATION)


def _with_learnt_sites(
    organisations: pl.DataFrame, address: pl.DataFrame, distinct: pl.DataFrame, rule: PlacementRule
) -> pl.DataFrame:
    """Let the addresses that name a place say where an organisation works.

    Where at least `elsewhere_rows` rows name a place and `elsewhere_share` of them are in the same city, that
    is its city (`learnt`, if it is not the seat); a place without a city stands for itself. An organisation
    that the register thinks `likely` to have one site has many where fewer than half of those rows name
    its seat. One of `many` sites keeps them: those who name the city are not those who do not.
    """
    spot = pl.coalesce("city_id", "place_id")
    named = (
        organisations.select("q", "organisation", "key", seat=spot)
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
    is_learnt = pl.col("learnt_place").is_not_null() & (pl.col("sites") != "many")
    return (
        organisations.join(learnt, on="organisation", how="left", maintain_order="left")
        .join(_contradicted(named, rule), on="organisation", how="left", maintain_order="left")
        .with_columns(
            learnt=is_learnt & ~spot.eq_missing(pl.col("learnt_place")),
            one_site=pl.col("sites") == "one",
            contradicted=pl.col("contradicted").fill_null(value=False),
        )
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


def _contradicted(named: pl.DataFrame, rule: PlacementRule) -> pl.DataFrame:
    """Find organisations whose seat few of their addresses name: `organisation, contradicted`.

    Addresses of all branches are taken together, since who writes a firm's name alone may be at any of them.
    """
    everywhere = named.group_by("key", "spot").agg(pl.col("rows").sum())
    total = everywhere.group_by("key").agg(total=pl.col("rows").sum())
    seats = named.select("organisation", "key", spot="seat").unique()
    return (
        seats.join(everywhere, on=["key", "spot"], how="left")
        .join(total.filter(pl.col("total") >= rule.elsewhere_rows), on="key", how="inner")
        .select("organisation", contradicted=pl.col("rows").fill_null(0) < rule.seat_share * pl.col("total"))
    )
