"""Organisations of the Research Organization Registry, as a union of the records it released since 2022.

A gzipped CSV file, a line an organisation with its newest record: id, name, kinds, country, and the city
with GeoNames id and the coordinates of that place. The union has no acronyms, aliases or parents, and
lacks organisations whose record has not changed since 2022; the registry's own dump, which has them all,
is the source `ror-dump`. A record that was withdrawn, a duplicate or a mistake, becomes a reject; one of
an organisation that no longer is stays, since papers of its time name it.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Final

from cosmopolis.sources.raw import Raw
from cosmopolis.sources.text import Reject, csv_rows, path_of, raw_of, read_gzip_text

SOURCE = "ror"
FILE = "ror_records_union.csv.gz"

ID_BEFORE: Final = "https://ror.org/"
"""What stands before the short id."""

_NEEDED = ("ror", "name", "status", "types", "city", "iso2", "lat", "lon", "geonames_id")


def read(files: Mapping[str, Path]) -> tuple[Raw, ...]:
    """Read the part `organisations` for the table `organisation`.

    Parameters
    ----------
    files
        `ror_records_union.csv.gz`.
    """
    path = path_of(files, FILE, source=SOURCE)
    text = read_gzip_text(path, source=SOURCE, expected="a gzipped CSV file of organisations")
    rejects: list[Reject] = []
    rows = []
    for row, cells in csv_rows(text, _NEEDED, source=SOURCE, path=path, rejects=rejects):
        if cells["status"] == "withdrawn":
            rejects.append((row, "status", cells["ror"], "status says that the record was withdrawn"))
            continue
        short = cells["ror"].removeprefix(ID_BEFORE)
        kinds = [kind.strip().lower() for kind in cells["types"].split(";") if kind.strip()]
        at = (cells["geonames_id"], cells["city"], cells["lat"], cells["lon"])
        rows.append((row, short, short, cells["name"], None, kinds, cells["iso2"], *at, None))
    return (raw_of(SOURCE, "organisations", "organisation", rows, rejects),)
