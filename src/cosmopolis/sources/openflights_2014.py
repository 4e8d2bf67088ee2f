"""OpenFlights routes of 2014: directed pairs of airports with the carriers that fly between them.

A JSON list of `{"from": "AAE", "to": "CDG", "airlines": ["AH"]}` and, if given, one of the airports, among
them those that have moved or closed since. A carrier is named by its code; the number of carriers on a pair
is a weight, but not one of seats or flights.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from cosmopolis.sources.raw import Raw
from cosmopolis.sources.text import Reject, path_of, raw_of, read_json

SOURCE = "openflights-2014"
YEAR = 2014

_Objects = list[tuple[int, dict[str, Any]]]


def _objects(path: Path, column: str, expected: str) -> tuple[_Objects, list[Reject]]:
    """Give the members of a JSON list numbers from 1; those that are no objects are rejects."""
    members = list(enumerate(read_json(path, list, source=SOURCE, expected=expected), start=1))
    reason = f"{column} cannot be read: the row is not an object"
    rejects = [(row, column, member, reason) for row, member in members if not isinstance(member, dict)]
    return [(row, member) for row, member in members if isinstance(member, dict)], rejects


def read(files: Mapping[str, Path]) -> tuple[Raw, ...]:
    """Read the parts `routes` (table `air_route`) and, where the file is given, `airports` (`airport`).

    Parameters
    ----------
    files
        `routes.json` and optionally `airports.json`.
    """
    path = path_of(files, "routes.json", source=SOURCE)
    routes, rejects = _objects(path, "origin", "a JSON list of routes from one airport to another")
    rows: list[tuple[Any, ...]] = [
        (row, YEAR, route.get("from"), route.get("to"), route.get("airlines")) for row, route in routes
    ]
    parts = [raw_of(SOURCE, "routes", "air_route", rows, rejects)]
    if "airports.json" in files:
        airports, rejects = _objects(files["airports.json"], "iata", "a JSON list of airports")
        fields = ("iata", "name", "city", "division", "country", "lat", "lon")  # the file has no division
        rows = [(row, *map(airport.get, fields)) for row, airport in airports]
        parts.append(raw_of(SOURCE, "airports", "airport", rows, rejects))
    return tuple(parts)
