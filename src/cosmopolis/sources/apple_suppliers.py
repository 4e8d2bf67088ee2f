"""Apple's supplier list, 2012 to 2022, gathered into one table: who makes something for Apple, and where.

How precisely a row says where changes over the years, and each row here says it (`precision`):

=========== =====================================================================================
2012–2018   an address, of which the commas are lost: street, city, division, country in a row
2020–2022   a province, state or prefecture and no more (`division`); "Yamagata" is not the city there. Of
            a few rows a town (`city`)
any year    the country alone (`country`), where the address is missing, `NA` or the country's name
=========== =====================================================================================

2019 was not published. Until 2018 a row is a site, from 2020 on a supplier in a division, however many sites
it has there. No row is made more precise here than the list is; what is found of an address is said by
`cosmopolis.pipeline.production.suppliers`. The areas of the world, whose labels are Chinese, are passed over,
for the country says more. One division under two spellings in the list gets one (`SAME`). Names of suppliers
stay as they are, though they change ("3M", "3M Company").
"""

import csv
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Final

from cosmopolis.sources.raw import Raw
from cosmopolis.sources.text import Reject, csv_line, path_of, raw_of, read_text, wrong_format

SOURCE = "apple-suppliers"
FILE = "apple-supplier-list.csv"
CUSTOMER: Final = "Apple"

COLUMNS: Final = ("year", "supplier_name", "country_area", "country", "supplier_address")
"""Columns of the file, all of them needed."""

LAST_YEAR_OF_ADDRESSES: Final = 2018
"""From the list after it on, the publisher gives a division at most."""

COUNTRIES: Final[Mapping[str, str]] = {
    "Australia": "AU",
    "Austria": "AT",
    "Belgium": "BE",
    "Brazil": "BR",
    "Cambodia": "KH",
    "Canada": "CA",
    "China": "CN",
    "Costa Rica": "CR",
    "Czech": "CZ",
    "Finland": "FI",
    "France": "FR",
    "Germany": "DE",
    "Hong Kong": "HK",
    "Hungary": "HU",
    "India": "IN",
    "Indonesia": "ID",
    "Ireland": "IE",
    "Israel": "IL",
    "Italy": "IT",
    "Japan": "JP",
    "Korea": "KR",
    "Malaysia": "MY",
    "Malta": "MT",
    "Mauritius": "MU",
    "Mexico": "MX",
    "Morocco": "MA",
    "Netherlands": "NL",
    "Norway": "NO",
    "Philippines": "PH",
    "Poland": "PL",
    "Portugal": "PT",
    "Puerto Rico": "PR",
    "Singapore": "SG",
    "Spain": "ES",
    "Taiwan": "TW",
    "Thailand": "TH",
    "USA": "US",
    "United Kingdom": "GB",
    "Vietnam": "VN",
}
"""ISO 3166-1 alpha-2 of the list's countries; another name is quarantined, not guessed."""

SAME: Final[Mapping[str, str]] = {
    "Antwerp Province": "Antwerp",
    "Auvergne-Rhone-Alpes": "Auvergne-Rhône-Alpes",
    "Baden-Wuerttemberg": "Baden-Württemberg",
    "Centre-Val De Loire": "Centre-Val de Loire",
    "Chonburi": "Chon Buri",
    "Gyeongsangbuk-do": "Gyeongsangbuk-Do",
    "Haiphong": "Hai Phong",
    "Haredia": "Heredia",
    "Ho Chi Minh City": "Ho Chi Minh",
    "Inner Mongolia Autonomous Region (IMAR)": "Inner Mongolia",
    "Jawa Barat": "West Java",
    "Lop Buri": "Lopburi",
    "Malacca (Melaka)": "Melaka",
    "Nilgata": "Niigata",
    "Phra Nakhon Si Ayutthaya": "Ayutthaya",
    "Provence-Alpes-Cote D’Azur": "Provence-Alpes-Côte d’Azur",
    "Provence-Alpes-Còte D'Azur": "Provence-Alpes-Côte d’Azur",
    "South Chungcheong": "Chungcheongnam-Do",
    "Tarlac State": "Tarlac",
    "Tok yo": "Tokyo",
    "Zlin": "Zlín Region",
}
"""Spellings of the list that mean a division which it spells in another way, too."""

TOWNS: Final = frozenset(
    {
        ("Belgium", "Oudenaarde"),
        ("China", "Huanghua"),
        ("France", "Grenoble"),
        ("Germany", "Dresden"),
        ("Germany", "Nabern"),
        ("Germany", "Reutlingen"),
        ("Israel", "Migdal HaEmek"),
        ("Mauritius", "Ebene"),
        ("Netherlands", "Nijmegen"),
    }
)
"""Where the list names a town in place of a division: names that no first-level division of theirs bears."""

_EXPECTED: Final = "a CSV file with the columns " + ", ".join(COLUMNS)
_EMPTY: Final = frozenset({"", "NA"})
_LINES_MAX: Final = 4  # a row goes over two lines where a name does; more and a quotation mark is not closed
_TIDY: Final = re.compile(r"\s+")
_BREAK: Final = re.compile(r"(?<=\w)- (?=\w)")  # "Rhône- Alpes": where a line of the printed list ended


def read(files: Mapping[str, Path]) -> tuple[Raw, ...]:
    """Read the part `sites` for the table `supplier_site`.

    Parameters
    ----------
    files
        `apple-supplier-list.csv`.

    Raises
    ------
    UnknownNameError
        If that file is not there.
    FormatError
        If the file is no such table.
    """
    path = path_of(files, FILE, source=SOURCE)
    text = read_text(path, source=SOURCE, expected=_EXPECTED)
    rows, rejects = [], list[Reject]()
    for row, line, cells in _records(text, path):
        if isinstance(cells, str):
            rejects.append((row, "row", line, cells))
            continue
        if len(cells) != len(COLUMNS):
            column = COLUMNS[min(len(cells), len(COLUMNS) - 1)]
            reason = f"{column} is out of place: the row has {len(cells)} fields, not {len(COLUMNS)}"
            rejects.append((row, column, line, reason))
            continue
        year, supplier, _, country, address = (_TIDY.sub(" ", cell).strip() for cell in cells)
        if country not in COUNTRIES:
            reason = "country is not one of those of the list, and none is guessed"
            rejects.append((row, "country", country, reason))
            continue
        place, precision = _place(year, country, address)
        name = supplier.removesuffix("(continued)").strip() or None
        division = place if precision == "division" else None
        rows.append(
            (row, _whole(year), CUSTOMER, name, place, COUNTRIES[country], division, precision, None, None)
        )
    return (raw_of(SOURCE, "sites", "supplier_site", rows, rejects),)


def _records(text: str, path: Path) -> Iterator[tuple[int, str, list[str] | str]]:
    """Give number, text and cells of each row, or the reason why it cannot be taken apart.

    A cell may have line breaks. A quotation mark that is never closed costs its own line.
    """
    lines = [line.removesuffix("\r") for line in text.split("\n")]
    try:
        header = csv_line(lines[0])
    except (csv.Error, StopIteration) as error:
        raise wrong_format(
            SOURCE, path, f"has a first line that is no row of CSV ({error})", _EXPECTED
        ) from error
    if tuple(header) != COLUMNS:
        raise wrong_format(SOURCE, path, f"has the columns {', '.join(header)}", _EXPECTED)
    at, row = 1, 0
    while at < len(lines):
        if not lines[at]:
            at += 1
            continue
        row += 1
        cells: list[str] | str = ""
        for end in range(at + 1, min(at + _LINES_MAX, len(lines)) + 1):
            whole = "\n".join(lines[at:end])
            try:
                cells = next(csv.reader(whole.splitlines(keepends=True), strict=True))
            except csv.Error as error:
                cells = cells or f"row is not a line of CSV: {error}"
                continue
            break
        else:
            end = at + 1
            whole = lines[at]
        yield row, whole, cells
        at = end


def _place(year: str, country: str, address: str) -> tuple[str, str]:
    """Return the text to look up, and how precise the list is here."""
    place = _BREAK.sub("-", address).strip(" ,")
    if place in _EMPTY or place == country:
        return country, "country"
    if year.isdigit() and int(year) <= LAST_YEAR_OF_ADDRESSES:
        return place, "address"
    return SAME.get(place, place), "city" if (country, place) in TOWNS else "division"


def _whole(year: str) -> int | str:
    return int(year) if re.fullmatch(r"\d{1,9}", year, re.ASCII) else year
