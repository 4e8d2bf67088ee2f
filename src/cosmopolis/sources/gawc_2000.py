"""Service values of 100 firms in 315 cities, 2000: GaWC data set 11 in the form of Pajek, by V. Batagelj.

`WorldCities.mat` is a two-mode network: `*vertices 415 315`, a line for each city and then each firm, and
after `*matrix` a line for each city with a value for each firm, 0 (no office) to 5 (headquarters).
`WorldCities.clu` has the sector of each firm, in the same order; cities have 0. Lines end in CR LF, and the
quotation mark of the last label is never closed. `WorldCities.net` has the same once more, with mixed ends of
lines, and is not read.

Labels are those of the file, with its misspellings ("Abijan", "Yaonde"), so that a number can be looked up
in the literature. Of the original 316 cities one is missing.
"""

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

from cosmopolis.sources.raw import Raw
from cosmopolis.sources.text import Reject, path_of, raw_of, read_text, wrong_format

SOURCE = "gawc-2000"
MATRIX = "WorldCities.mat"
SECTORS = "WorldCities.clu"

YEAR: Final = 2000
"""Year in which the offices were looked up."""

SECTOR_NAMES: Final = {
    "1": "accountancy",
    "2": "advertising",
    "3": "banking and finance",
    "4": "insurance",
    "5": "law",
    "6": "management consultancy",
}
"""Sectors as the file's first lines explain their numbers."""

COUNTRY_OF: Final = {
    "Aberdeen": "GB",
    "Banda Seri Begawan": "BN",
    "Barcelona": "ES",
    "Cincinnatti": "US",
    "Columbus": "US",
    "Hyderabad": "IN",
    "Islamabad": "PK",
    "Kingston": "JM",
    "Labuan": "MY",
    "Manchester": "GB",
    "Norwich": "GB",
    "Pittsburg": "US",
    "Plymouth": "GB",
    "Ruwi": "OM",
    "San Jose (Ca)": "US",
    "San Jose (Cr)": "CR",
    "St Louis": "US",
    "Venice": "IT",
    "Yaonde": "CM",
}
"""Countries of labels that fit several places, where a list of the world's business cities can mean but one.
Read by us; the file has none. Doubtful ones (Georgetown, Hamilton, Newcastle, Richmond, Rochester, Valencia,
Wilmington) are left to the resolver."""

_HEAD = re.compile(r"\*vertices\s+(?P<all>\d+)\s+(?P<cities>\d+)\s*", re.IGNORECASE)
_LABEL = re.compile(r'\s*(?P<number>\d+)\s+"(?P<label>[^"]*)"?')
_EXPECTED = "a two-mode network of Pajek: *vertices <all> <cities>, labels, *matrix and a line for each city"


def read(files: Mapping[str, Path]) -> tuple[Raw, ...]:
    """Read the part `values` for the table `service_value`.

    A row is a cell of the matrix, numbered line by line, those without an office included: a 0 says that it
    was looked for. A line that has not a value for each firm is a reject.

    Parameters
    ----------
    files
        `WorldCities.mat` and `WorldCities.clu`.
    """
    path = path_of(files, MATRIX, source=SOURCE)
    labels, cities, lines = _taken_apart(path)
    firms = labels[cities:]
    sectors = _sectors(path_of(files, SECTORS, source=SOURCE), len(labels))[cities:]
    rows: list[tuple[Any, ...]] = []
    rejects = list[Reject]()
    for place, line in enumerate(lines):
        first = place * len(firms) + 1
        cells = line.split()
        if place >= cities:
            rejects.append((first, "row", line, f"row is one line more than the {cities} cities"))
        elif len(cells) != len(firms):
            reason = f"value is out of place: the line has {len(cells)} values, not {len(firms)}"
            rejects.append((first, "value", line, reason))
        else:
            city = labels[place]
            rows += [
                (row, YEAR, city, COUNTRY_OF.get(city), firm, cell, sector)
                for row, (firm, cell, sector) in enumerate(zip(firms, cells, sectors, strict=True), first)
            ]
    return (raw_of(SOURCE, "values", "service_value", rows, rejects),)


def _told(path: Path) -> Iterator[str]:
    """Give the lines of a file of Pajek without comments and empty ones."""
    text = read_text(path, source=SOURCE, expected=_EXPECTED)
    return (line for line in text.splitlines() if line.strip() and not line.lstrip().startswith("%"))


def _taken_apart(path: Path) -> tuple[list[str], int, list[str]]:
    """Return the labels, the number of cities and the lines of the matrix."""
    lines = list(_told(path))
    head = _HEAD.fullmatch(lines[0]) if lines else None
    if head is None:
        raise wrong_format(SOURCE, path, f"begins with {lines[0][:40] if lines else ''!r}", _EXPECTED)
    every, cities = int(head["all"]), int(head["cities"])
    found = [_LABEL.fullmatch(line.rstrip()) for line in lines[1 : every + 1]]
    labels = [match["label"] for match in found if match]
    rest = lines[every + 1 :]
    if len(labels) != every or not cities < every:
        raise wrong_format(SOURCE, path, f"has {len(labels)} labels for {every} vertices", _EXPECTED)
    if not rest or rest[0].strip().lower() != "*matrix":
        raise wrong_format(SOURCE, path, "has no *matrix after its labels", _EXPECTED)
    if len(rest) - 1 < cities:
        raise wrong_format(SOURCE, path, f"breaks off after {len(rest) - 1} of {cities} lines", _EXPECTED)
    return labels, cities, rest[1:]


def _sectors(path: Path, vertices: int) -> list[str | None]:
    """Return the sector of each vertex; none for cities."""
    expected = f"a partition of Pajek with {vertices} numbers"
    lines = [line.strip() for line in _told(path)]
    if len(lines) != vertices + 1 or not lines[0].lower().startswith("*vertices"):
        raise wrong_format(SOURCE, path, f"has {max(len(lines) - 1, 0)} numbers", expected)
    return [SECTOR_NAMES.get(number) for number in lines[1:]]
