"""Draws records from a plan, block by block, as arrays of numbers; how they are written stands elsewhere."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from cosmopolis.simulate.plan import FURTHER_MAX, Floats, Integers, Plan
from cosmopolis.streams import stream

BLOCK_RECORDS = 50_000
"""Records drawn at a time, each block from a stream of its own."""

PEOPLE_MAX = 3
"""Authors or inventors of one record in one city: one to so many, as likely as each other."""

_NONE = -1


@dataclass(frozen=True, kw_only=True)
class Block:
    """Some records and the people behind them.

    Attributes
    ----------
    first
        Number of the first record, from 0.
    year, field, citations
        Of each record; `field` is a place in `Plan.fields`.
    record
        Of each person: the record's place in the block; people stand in the order of their records.
    person
        Number of each person within the record, from 1.
    institution
        Of each person: city × institutions + place there; −1 where none is known.
    city
        Of each person, a place in `Plan.cities`, where the institution is known or not.
    """

    first: int
    year: Integers
    field: Integers
    citations: Integers
    record: Integers
    person: Integers
    institution: Integers
    city: Integers


def blocks(plan: Plan, records: int, *, name: str) -> Iterator[Block]:
    """Draw so many records; `name` is that of the draws, so that works and patents differ."""
    for number, first in enumerate(range(0, records, BLOCK_RECORDS)):
        draws = stream(f"simulate {name}", plan.seed, block=number)
        yield _block(plan, first, min(BLOCK_RECORDS, records - first), draws)


def _pick(chances: Floats, draws: Floats) -> Integers:
    """Turn even draws into places by their chances."""
    ends = np.cumsum(chances)
    return np.minimum(np.searchsorted(ends / ends[-1], draws, side="right"), len(chances) - 1)


def _further(plan: Plan, first: Integers, number: Integers, draws: np.random.Generator) -> Integers:
    """Draw each record's further cities, all different; −1 where it has no more."""
    size = len(plan.meeting)
    ends = np.cumsum(plan.meeting, axis=1)
    flat = (ends / ends[:, -1:] + np.arange(size)[:, None]).ravel()  # row c lies between c and c + 1
    cities = np.full((len(first), FURTHER_MAX), _NONE, dtype=np.int64)
    wrong = np.flatnonzero(number)
    while len(wrong):
        found = np.searchsorted(
            flat, first[wrong, None] + draws.random((len(wrong), FURTHER_MAX)), side="right"
        )
        found = np.minimum(found - first[wrong, None] * size, size - 1)
        found[np.arange(FURTHER_MAX) >= number[wrong, None]] = _NONE
        cities[wrong] = found
        a, b, c = found.T
        twice = ((a == b) & (a != _NONE)) | ((a == c) & (c != _NONE)) | ((b == c) & (c != _NONE))
        wrong = wrong[twice]
    return cities


def _block(plan: Plan, first: int, records: int, draws: np.random.Generator) -> Block:
    """Draw one block."""
    years = np.arange(plan.years[0], plan.years[1] + 1)
    year = years[_pick(plan.by_year, draws.random(records))]
    field = _pick(np.fromiter(plan.fields.values(), dtype=np.float64), draws.random(records))
    citations = draws.geometric(0.15, records) - 1
    number = _pick(np.asarray(plan.further), draws.random(records))
    head = _pick(plan.first, draws.random(records))
    cities = np.column_stack([head, _further(plan, head, number, draws)])
    people = np.where(cities == _NONE, 0, draws.integers(1, PEOPLE_MAX + 1, cities.shape))
    city = np.repeat(cities.ravel(), people.ravel())
    of_record = people.sum(axis=1)
    record = np.repeat(np.arange(records), of_record)
    person = np.arange(len(record)) - np.repeat(np.cumsum(of_record) - of_record, of_record) + 1
    institution = city * plan.institutions + draws.integers(0, plan.institutions, len(city))
    # the first person of each city keeps the affiliation, so that no record loses a city
    heads = np.concatenate([[0], np.cumsum(people.ravel()[people.ravel() > 0])[:-1]])
    unknown = draws.random(len(city)) < plan.unaffiliated
    unknown[heads] = False
    institution[unknown] = _NONE
    return Block(
        first=first,
        year=year,
        field=field,
        citations=citations,
        record=record,
        person=person,
        institution=institution,
        city=city,
    )
