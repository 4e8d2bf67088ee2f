"""GeoNames: populated places with their names in many scripts, countries, states of the United States.

The files are JSON objects whose members are the rows: `cities500.json` (places of 500 people and more,
parts of cities among them), `countries.json` (with the capital's name) and, if given, `us_states.json`.
Population and coordinates stand as GeoNames gives them; 0 people often means that nobody counted.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from cosmopolis.sources.raw import Raw
from cosmopolis.sources.text import Reject, collector_at_rest, path_of, raw_of, read_json_members

SOURCE = "geonames"

_Entries = list[tuple[int, dict[str, Any]]]


def _entries(path: Path, mark: str, expected: str) -> tuple[_Entries, list[Reject]]:
    """Give the members of a JSON object numbers from 1; those that are no objects are rejects."""
    members = read_json_members(path, mark, source=SOURCE, expected=f"a JSON object of {expected}")
    numbered = list(enumerate(members, start=1))
    rejects: list[Reject] = [
        (row, mark, entry, f"{mark} cannot be read: the row is not an object")
        for row, entry in numbered
        if not isinstance(entry, dict)
    ]
    return [(row, entry) for row, entry in numbered if isinstance(entry, dict)], rejects


@collector_at_rest()
def read(files: Mapping[str, Path]) -> tuple[Raw, ...]:
    """Read the parts `places`, `countries` and, where the file is given, `divisions`.

    Parameters
    ----------
    files
        `cities500.json`, `countries.json` and optionally `us_states.json`.

    Returns
    -------
    parts
        Rows for the tables `place`, `country` and `division`.
    """
    fields = (
        "geonameid",
        "name",
        "countrycode",
        "admin1code",
        "latitude",
        "longitude",
        "population",
        "alternatenames",
    )
    entries, rejects = _entries(path_of(files, "cities500.json", source=SOURCE), "geonameid", "places")
    rows = [(row, *map(entry.get, fields)) for row, entry in entries]
    del entries  # most of the memory
    parts = [raw_of(SOURCE, "places", "place", rows, rejects)]
    entries, rejects = _entries(path_of(files, "countries.json", source=SOURCE), "iso", "countries")
    rows = [
        (row, *map(entry.get, ("iso", "iso3", "name", "capital", "population"))) for row, entry in entries
    ]
    parts.append(raw_of(SOURCE, "countries", "country", rows, rejects))
    if "us_states.json" in files:
        entries, rejects = _entries(files["us_states.json"], "code", "states")
        rows = [(row, "US", entry.get("code"), entry.get("name")) for row, entry in entries]
        parts.append(raw_of(SOURCE, "divisions", "division", rows, rejects))
    return tuple(parts)
