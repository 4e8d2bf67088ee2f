"""Works that two countries wrote together, by year, counted by Vladimir Batagelj from OpenAlex.

A zip file with three files of the program Pajek for each year: a network, a partition and a vector. Read
are the networks, `WrldCo<year>.net`: first the vertices, a number and a country's code each, then the arcs,
two numbers and a count. Each pair stands there twice, in both directions, and a loop is the number of the
country's own works, those written with others included. Some files begin with a byte order mark and some
with a comment, and lines end in all the ways there are.

Codes are ISO 3166-1 alpha-2 with XK for Kosovo and codes that are no longer in force (AN, TP). A pair
without an arc has no work together.
"""

import re
import zipfile
from collections.abc import Iterator, Mapping
from pathlib import Path

from cosmopolis.sources.raw import Raw
from cosmopolis.sources.text import Reject, path_of, raw_of, read_bytes, wrong_format

SOURCE = "openalex-country-coauthorship"
FILE = "openalex_country_coauthorship_1990_2023_pajek.zip"

_NETWORK = re.compile(r"(?:.*/)?WrldCo(?P<year>\d{4})\.net")
_VERTEX = re.compile(r'\s*(?P<number>\d+)\s+"(?P<code>[^"]*)"')
_EXPECTED = "a zip file with the networks WrldCo<year>.net of Pajek"


def _texts(path: Path) -> Iterator[tuple[int, str]]:
    """Give year and text of each network, by year."""
    read_bytes(path, source=SOURCE, expected=_EXPECTED)
    try:
        with zipfile.ZipFile(path) as archive:
            found = sorted(
                (int(m["year"]), name) for name in archive.namelist() if (m := _NETWORK.fullmatch(name))
            )
            texts = [(year, archive.read(name).decode("utf-8-sig")) for year, name in found]
    except (zipfile.BadZipFile, UnicodeDecodeError, EOFError, NotImplementedError, OSError) as error:
        raise wrong_format(SOURCE, path, f"cannot be read ({error})", _EXPECTED) from error
    if not texts:
        raise wrong_format(SOURCE, path, "is a zip file that holds no network", _EXPECTED)
    yield from texts


def _arcs(text: str) -> Iterator[tuple[str, str, str] | tuple[str, str]]:
    """Give origin, destination and count of each arc, or the line and the reason that it has none."""
    codes: dict[str, str] = {}
    section = ""
    for line in text.splitlines():
        if not line.strip() or line.lstrip().startswith("%"):
            continue
        if line.lstrip().startswith("*"):
            section = line.strip("* \t").split()[0].lower() if line.strip("* \t") else ""
        elif section == "vertices":
            if vertex := _VERTEX.match(line):
                codes[vertex["number"]] = vertex["code"]
            else:
                yield line, "row is not a number and a code in quotation marks"
        else:
            cells = line.split()
            if len(cells) != 3:  # noqa: PLR2004 - from, to, count
                yield line, f"row is not an arc: it has {len(cells)} fields, not 3"
            elif not {cells[0], cells[1]} <= codes.keys():
                yield line, "row is an arc of a vertex that is not in the list"
            else:
                yield codes[cells[0]], codes[cells[1]], cells[2]


def read(files: Mapping[str, Path]) -> tuple[Raw, ...]:
    """Read the part `country_works` for the table `country_works`.

    A row is an arc, numbered through all years; a line that is neither vertex nor arc is a reject.

    Parameters
    ----------
    files
        `openalex_country_coauthorship_1990_2023_pajek.zip`.
    """
    path = path_of(files, FILE, source=SOURCE)
    rows, rejects = [], list[Reject]()
    row = 0
    for year, text in _texts(path):
        for arc in _arcs(text):
            row += 1
            if len(arc) == 2:  # noqa: PLR2004 - line and reason
                rejects.append((row, "row", *arc))
            else:
                rows.append((row, year, *arc))
    return (raw_of(SOURCE, "country_works", "country_works", rows, rejects),)
