"""Airports and landing fields of the world, and the airports that share a metropolitan area's code.

`airports.csv` lists some 28,000 landing places; only those with an IATA code can have a scheduled flight,
so the others fail the check of the table `airport` and end in quarantine. `iata_macs.csv` says which
airports IATA sells under one city's code (LON, NYC, TYO ...).
"""

from collections.abc import Mapping
from pathlib import Path

from cosmopolis.sources.raw import Raw
from cosmopolis.sources.text import Reject, csv_rows, path_of, raw_of, read_text

SOURCE = "airports"

_AIRPORT = ("iata", "name", "city", "subd", "country", "lat", "lon")
_METROPOLITAN = ("Airport Code", "City Code", "City Name", "Country")


def _part(files: Mapping[str, Path], name: str, part: str, table: str, columns: tuple[str, ...]) -> Raw:
    path = path_of(files, name, source=SOURCE)
    text = read_text(path, source=SOURCE, expected=f"a CSV file of {part}")
    rejects: list[Reject] = []
    lines = csv_rows(text, columns, source=SOURCE, path=path, rejects=rejects)
    rows = [(row, *(cells[column] for column in columns)) for row, cells in lines]
    return raw_of(SOURCE, part, table, rows, rejects)


def read(files: Mapping[str, Path]) -> tuple[Raw, ...]:
    """Read the parts `airports` (table `airport`) and `metropolitan` (table `metropolitan_airport`).

    Parameters
    ----------
    files
        `airports.csv` and `iata_macs.csv`.
    """
    return (
        _part(files, "airports.csv", "airports", "airport", _AIRPORT),
        _part(files, "iata_macs.csv", "metropolitan", "metropolitan_airport", _METROPOLITAN),
    )
