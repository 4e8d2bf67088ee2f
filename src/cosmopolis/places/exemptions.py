"""The reviewed table of exceptions to the merge of places into cities, one row with its reason each.

======== ===================================================================================
core     this place opens a city before all others, so that the city bears its name
merge    joins the city whose id is the row's value
part     the same, and its people stand in that city's own number already
apart    opens a city although it lies within the reach of a larger one
reach    reaches so many km
doubt    the gazetteer's number of people contradicts itself: counted as none
======== ===================================================================================

A row says what the world is, not what would suit a figure: a reader who knows the place must be able to
check its reason. The built-in table is `exceptions.csv`; an edition may bring its own.
"""

import csv
from functools import lru_cache
from importlib import resources
from pathlib import Path
from typing import NamedTuple

from cosmopolis.errors import SpecError, hint_near

ACTIONS = ("core", "merge", "part", "apart", "reach", "doubt")
"""What a row can say."""

JOINS = ("merge", "part")
"""Actions whose value is the id of a city's core."""


class Exemption(NamedTuple):
    """One row of the table of exceptions."""

    action: str
    place_id: int
    value: str
    reason: str


@lru_cache(maxsize=1)
def built_in_exemptions() -> tuple[Exemption, ...]:
    """Read the reviewed table that ships with the package."""
    text = resources.files("cosmopolis.places").joinpath("exceptions.csv").read_text(encoding="utf-8")
    return _parsed(text.splitlines(), "exceptions.csv")


def read_exemptions(path: Path) -> tuple[Exemption, ...]:
    """Read a table of exceptions: columns action, place_id, value, reason.

    Raises
    ------
    SpecError
        If the file cannot be read, an action is not known, an id is no number, a reach is no length, a
        reason is missing, or a place is told two things that cannot both be.
    """
    try:
        text = path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise SpecError(f"exceptions {path} cannot be read: {error}") from error
    return _parsed(text.splitlines(), str(path))


def _parsed(lines: list[str], where: str) -> tuple[Exemption, ...]:
    """Check every row of the table."""
    rows: list[Exemption] = []
    told: dict[int, int] = {}
    for number, line in enumerate(csv.DictReader(lines), start=2):
        row = _checked(line, f"{where}, line {number}")
        if row.action not in {"reach", "doubt"} and told.setdefault(row.place_id, number) != number:
            raise SpecError(
                f"{where}, line {number}: place {row.place_id} has a row already, line {told[row.place_id]}; "
                "a place is core, merged, part or apart, and only one of them"
            )
        rows.append(row)
    return tuple(rows)


def _checked(line: dict[str, str | None], where: str) -> Exemption:
    """Check one row."""
    action, place, value, reason = (
        (line.get(column) or "").strip() for column in ("action", "place_id", "value", "reason")
    )
    if action not in ACTIONS:
        raise SpecError(f"{where}: action is {action!r}" + hint_near(action, ACTIONS))
    if not place.isdecimal() or (action in JOINS and not value.isdecimal()):
        raise SpecError(
            f"{where}: place_id and the value of a {action} are GeoNames ids, got {place!r} and {value!r}"
        )
    if action in JOINS and place == value:
        raise SpecError(f"{where}: place {place} cannot join itself; expected the id of a city's core")
    if action == "reach" and not _is_length(value):
        raise SpecError(f"{where}: the value of a reach is a number of km above 0, got {value!r}")
    if not reason:
        raise SpecError(f"{where}: every exception gives its reason")
    return Exemption(action, int(place), value, reason)


def _is_length(value: str) -> bool:
    """Say whether a text is a number of km above 0."""
    try:
        return 0.0 < float(value) < float("inf")
    except ValueError:
        return False
