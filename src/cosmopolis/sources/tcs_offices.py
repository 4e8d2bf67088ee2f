"""282 offices of one firm in information technology, Tata Consultancy Services, with coordinates.

A CSV file, a line an office, as the firm's website had them about 2022: region, country (in India and Japan
the city), the name of the place, kinds of office, address, coordinates. Half of them are in India. No line
says which office is the headquarters ("Headquarter Office" in Beijing is that of China), so all are branches;
where the firm sits is taken from elsewhere.
"""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from cosmopolis.sources.raw import Raw
from cosmopolis.sources.text import Reject, csv_rows, path_of, raw_of, read_text

SOURCE = "tcs-offices"
FILE = "tcs_offices.csv"

YEAR: Final = 2022
"""The year of the file's version; offices have no dates of their own."""

_NEEDED = ("firm", "area", "geo", "location", "office_type", "lat", "lng")
_GIVES_CITIES = {"India": "IN", "Japan": "JP"}  # areas that are one country: there `geo` is the city
_DASH = re.compile(r"\s+-\s+(?:\d+$)?")  # "New York - 2", "Liverpool - Shannon court"


def read(files: Mapping[str, Path]) -> tuple[Raw, ...]:
    """Read the part `offices` for the table `office`.

    Parameters
    ----------
    files
        `tcs_offices.csv`.
    """
    path = path_of(files, FILE, source=SOURCE)
    text = read_text(path, source=SOURCE, expected="a CSV file of offices")
    rejects: list[Reject] = []
    rows = []
    for row, cells in csv_rows(text, _NEEDED, source=SOURCE, path=path, rejects=rejects):
        code = _GIVES_CITIES.get(cells["area"])
        town = cells["geo"] if code else _DASH.sub(", ", cells["location"]).strip(", ")
        place = ", ".join(part for part in (town, cells["area"] if code else cells["geo"]) if part)
        at = (cells["lat"], cells["lng"])
        rows.append(
            (row, cells["firm"], "branch", place, code, *at, None, None, cells["office_type"] or None, YEAR)
        )
    return (raw_of(SOURCE, "offices", "office", rows, rejects),)
