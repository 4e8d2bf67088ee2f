"""Pairs of countries: contiguity, common official language, colonial past and distance, from CEPII's GeoDist.

A Stata file with a row for each ordered pair of 224 countries and territories, of about 2004. Countries are
named by ISO 3166-1 alpha-3 codes of that time; those that have been replaced by one other code are written
as today (`RENAMED`). What has come since (Montenegro, South Sudan, Kosovo) is not in it, and the Netherlands
Antilles, which are no more, still are. A country with itself has no border, language or colony here: 0.
"""

from collections.abc import Mapping
from pathlib import Path

from cosmopolis.sources.raw import Raw
from cosmopolis.sources.stata import read_stata
from cosmopolis.sources.text import path_of, raw_of

SOURCE = "cepii-geodist"
FILE = "dist_cepii.dta"

RENAMED: Mapping[str, str] = {"PAL": "PSE", "ROM": "ROU", "TMP": "TLS", "YUG": "SRB", "ZAR": "COD"}
"""Codes of the file that ISO has replaced, or that never were ISO's; YUG is Serbia, then with Montenegro."""

_COLUMNS = ("iso_o", "iso_d", "contig", "comlang_off", "colony", "dist")


def read(files: Mapping[str, Path]) -> tuple[Raw, ...]:
    """Read the part `pairs` for the table `country_pair`.

    Parameters
    ----------
    files
        `dist_cepii.dta`.

    Raises
    ------
    SourceUnavailableError
        If the library that reads Stata files is not installed.
    """
    path = path_of(files, FILE, source=SOURCE)
    frame = read_stata(path, _COLUMNS, source=SOURCE, without="measures do without common languages")
    rows = [
        (row, RENAMED.get(origin, origin), RENAMED.get(destination, destination), *map(_whole, flags), km)
        for row, (origin, destination, *flags, km) in enumerate(frame.iter_rows(), start=1)
    ]
    return (raw_of(SOURCE, "pairs", "country_pair", rows),)


def _whole(value: object) -> object:
    """Turn 1.0 into 1: Stata may store a dummy as a floating number."""
    return int(value) if isinstance(value, float) and value.is_integer() else value
