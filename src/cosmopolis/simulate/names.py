"""Names and ids of synthetic things, each of which says that it is one."""

from collections.abc import Iterable
from dataclasses import dataclass

import polars as pl

from cosmopolis.networks import fields as frontier
from cosmopolis.simulate.plan import Plan

VENUE = "Synthetic Annals (simulated)"
OTHER = "other"
"""The field of records that are in none."""

OTHER_TOPIC = ("T99999", "3312")
"""A topic that OpenAlex has not, and a subfield (sociology and political science) that no frontier has."""

OTHER_CLASS = "A47G1/00"
"""A CPC symbol (household and table equipment) that no frontier has."""


@dataclass(frozen=True, kw_only=True)
class Institutions:
    """The institutions of all cities, by city and place there; names and ids tell that they are synthetic.

    A ROR id has no letter `o`, so that none of these can be a true one; OpenAlex's ids have ten digits.
    """

    names: pl.Series
    rors: pl.Series
    ids: pl.Series
    cities: pl.Series
    countries: pl.Series
    city_places: pl.Series


def institutions(plan: Plan) -> Institutions:
    """Name the institutions of a plan's cities."""
    places = pl.int_range(plan.cities.height * plan.institutions, dtype=pl.Int64, eager=True)
    city, number = places // plan.institutions, places % plan.institutions + 1
    frame = pl.DataFrame({"place": places, "number": number, "city": plan.cities["name"].gather(city)})
    named = frame.select(
        names=pl.format("Synthetic Institute {} of {}", "number", "city"),
        rors=pl.format("0oo{}", pl.col("place").cast(pl.String).str.zfill(6)),
        ids=pl.format("I99{}", pl.col("place").cast(pl.String).str.zfill(8)),
    )
    return Institutions(
        names=named["names"],
        rors=named["rors"],
        ids=named["ids"],
        cities=frame["city"],
        countries=plan.cities["country"].gather(city),
        city_places=city,
    )


def topics_of(fields: Iterable[str]) -> list[tuple[str, str]]:
    """Return a topic and the subfield it is under for each field, such that it is in that field alone.

    A field that is defined by subfields has a topic that OpenAlex has not, in such a subfield.
    """
    built_in = frontier.built_in()
    marks = built_in.marks().filter(pl.col("kind") == "topic")
    of_code: dict[str, set[str]] = {}
    for code, field in marks.select("code", "field").iter_rows():
        of_code.setdefault(str(code), set()).add(str(field))
    found = []
    for place, name in enumerate(fields):
        if name == OTHER:
            found.append(OTHER_TOPIC)
            continue
        field = built_in.field(name)
        codes = [code for code in field.asjc if of_code[f"subfields/{code}"] == {name} and len(code) > 2]  # noqa: PLR2004
        topics = [topic for topic in field.topics if of_code[topic.lower()] == {name}]
        found.append((f"T9998{place}", codes[0]) if codes else (topics[0], OTHER_TOPIC[1]))
    return found


def classes_of(fields: Iterable[str]) -> list[str]:
    """Return a CPC symbol of each field of technology."""
    built_in = frontier.built_in()
    return [OTHER_CLASS if name == OTHER else _full(built_in.field(name).classes[0]) for name in fields]


def _full(symbol: str) -> str:
    """Make a subgroup of a symbol."""
    letters = 4
    if "/" in symbol:
        return symbol if not symbol.endswith("/") else f"{symbol}00"
    return f"{symbol:Z<{letters}}99/00" if len(symbol) < letters else f"{symbol}99/00"


def mix(kind: str) -> dict[str, float]:
    """Return the planted shares of the fields of a kind: three tenths other, the rest falling as 1/rank."""
    ids = frontier.built_in().ids(kind)
    total = sum(1 / rank for rank in range(1, len(ids) + 1))
    shares = {name: round(0.7 / rank / total, 4) for rank, name in enumerate(ids, start=1)}
    return {**shares, OTHER: round(1 - sum(shares.values()), 4)}
