"""Where countries stand by their votes in the United Nations: ideal points of Bailey, Strezhnev and Voeten.

A Stata file, the release of July 2025, with a row for each country and year 1946 to 2024. Of its three
estimates `idealpointall` is taken, from all votes. A point is a position on one axis, of mean 0 and standard
deviation about 1 over all rows, with the United States at its high end; each release estimates all years
anew, so that numbers of two releases differ: for 2019 this one gives the United States 2.546309 and Canada
1.304510, that of April 2020 gave 2.694793 and 1.416297. Rows without this estimate (all of 2024, and 17 of
a country and year without letters) are quarantined; 1964, with a single roll call, is not in the file.

Countries have three letters of ISO 3166-1. The file gives both Yemens before 1990 the letters YAR; they are
told apart by the number of the Correlates of War. The Federal Republic of Germany has those of Germany, the
Soviet Union those of Russia, and what has the letters of Yugoslavia after 1992 is Serbia.
"""

from collections.abc import Mapping
from pathlib import Path

from cosmopolis.sources.former_countries import iso3_of
from cosmopolis.sources.raw import Raw
from cosmopolis.sources.stata import read_stata
from cosmopolis.sources.text import path_of, raw_of

SOURCE = "un-ideal-points"
FILE = "IdealpointsJuly2025.dta"
ESTIMATE = "idealpointall"

SOUTH_YEMEN = 680
"""Number of the People's Republic of Yemen in the Correlates of War."""

_COLUMNS = ("ccode", "iso3c", "year", ESTIMATE)
_WITHOUT = "measures do without ideal points"


def read(files: Mapping[str, Path]) -> tuple[Raw, ...]:
    """Read the part `points` for the table `ideal_point`.

    Parameters
    ----------
    files
        `IdealpointsJuly2025.dta`.

    Raises
    ------
    SourceUnavailableError
        If the library that reads Stata files is not installed.
    """
    frame = read_stata(path_of(files, FILE, source=SOURCE), _COLUMNS, source=SOURCE, without=_WITHOUT)
    rows = []
    for row, (number, letters, stated, point) in enumerate(frame.iter_rows(), start=1):
        year = int(stated) if isinstance(stated, float) and stated.is_integer() else stated
        code = "YMD" if number == SOUTH_YEMEN else letters
        known = iso3_of(code, year) if isinstance(code, str) and isinstance(year, int) else code
        rows.append((row, year, known, point))
    return (raw_of(SOURCE, "points", "ideal_point", rows),)
