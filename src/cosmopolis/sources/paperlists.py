"""Papers of AI and robotics conferences with the addresses of their authors, as Paper Copilot lists them.

A line of the two files is a paper. Its addresses stand in one cell, `aff`: one slot for each author between
semicolons, and several addresses of one author between plus signs. What a reader has to know:

- The list of authors is often written twice, one after the other. `author` (from 1) is given where there are
  as many slots as authors, and is null where there are not: some files list each address once.
- The list's own compiler adds, for most years, what it took each address to mean: organisations
  (`aff_unique_norm`), places or campuses (`aff_campus_unique`) and countries (`aff_country_unique`), each a
  list of distinct values with an index of slots (`…_idx`). An index counts empty slots at some venues and
  leaves them out at others, and now and then has lost slots: it is used only where its length and its
  plus signs fit, else nothing is added.
- The organisation becomes `organisation`. Place and country are the compiler's reading and not the
  author's words: where the address lacks them they follow it in square brackets, as a librarian
  writes what the title page does not say: `Stanford University [Stanford, United States]`.
- Papers that were rejected or withdrawn are listed too at a few venues; they are no publications
  and become rejects.
- Some papers have no id: they are named after their venue, year and row. A title equal to the status is a
  column out of place, and no title.

Not here: what place an address means (`cosmopolis.places`), whether a paper stands in another list too
(`cosmopolis.networks.duplicates`).
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Final, TypeAlias

from cosmopolis.sources.raw import Raw
from cosmopolis.sources.text import Reject, csv_rows, path_of, raw_of, read_gzip_text

SOURCE = "paperlists"
FILES: Final = ("paperlists_ai_other_venues.csv.gz", "paperlists_robotics_icra_iros_2000_2023.csv.gz")

UNPUBLISHED: Final = ("Reject", "Desk Reject", "Withdraw")
"""Status of a paper that is listed but did not appear."""

UNKNOWN: Final = ("", "unknown", "n/a", "none")
"""What the compiler writes where it does not know."""

_NEEDED = (
    "venue",
    "year",
    "id",
    "title",
    "status",
    "authors",
    "aff",
    "aff_unique_norm",
    "aff_campus_unique",
    "aff_country_unique",
    "aff_campus_idx",
    "aff_country_idx",
    "aff_unique_idx",
)
_EXPECTED = "a gzipped CSV file of papers"
_PLUS = re.compile(r"\s*\+\s*")

Slots: TypeAlias = Sequence[Sequence[str]]
"""The addresses of each slot; an empty slot has one empty address."""


def slots_of(addresses: str) -> list[list[str]]:
    """Take the cell of addresses apart: slots, and the addresses of each.

    Examples
    --------
    >>> slots_of("Alder U + Birch Lab; ;Cedar U")
    [['Alder U', 'Birch Lab'], [''], ['Cedar U']]
    """
    return [[part.strip(" ,\t") for part in _PLUS.split(slot.strip())] for slot in addresses.split(";")]


def by_slot(values: str, index: str, slots: Slots) -> list[list[str | None]]:
    """Give each address of each slot its value of a list of distinct values with an index.

    Parameters
    ----------
    values
        Distinct values between semicolons.
    index
        For each slot, empty ones counted or left out, the place of its value in `values`; several between
        plus signs.
    slots
        The addresses.

    Returns
    -------
    by_address
        In the form of `slots`; None where the value is unknown or the index does not fit.

    Examples
    --------
    >>> by_slot("Alderton;", "0+1;0", [["A", "B"], [""], ["C"]])
    [['Alderton', None], [None], ['Alderton']]
    >>> by_slot("Alderton", "0", [["A", "B"], [""], ["C"]])
    [[None, None], [None], [None]]
    """
    known = [value.strip() for value in values.split(";")]
    codes = index.split(";")
    filled = [place for place, slot in enumerate(slots) if any(slot)]
    if len(codes) == len(slots):
        filled = list(range(len(slots)))
    given: list[list[str | None]] = [[None] * len(slot) for slot in slots]
    if len(codes) != len(filled):
        return given
    for place, code in zip(filled, codes, strict=True):
        numbers = code.split("+")
        if len(numbers) != len(slots[place]):
            continue
        for at, number in enumerate(numbers):
            if number.isascii() and number.isdigit() and int(number) < len(known):
                value = known[int(number)]
                given[place][at] = None if value.casefold() in UNKNOWN else value
    return given


def authors_of(names: str) -> int:
    """Count the authors of a list that may be written twice.

    Examples
    --------
    >>> authors_of("Ann Alder;Bo Birch;Ann Alder;Bo Birch"), authors_of("Ann Alder; Bo Birch")
    (2, 2)
    """
    listed = [name.strip() for name in names.split(";")]
    half = len(listed) // 2
    twice = len(listed) > 1 and listed[:half] == listed[half:]
    return half if twice else len(listed)


def address_with(address: str, *supplied: str | None) -> str:
    """Write an address, and after it in square brackets what another has supplied and it lacks.

    Examples
    --------
    >>> address_with("Alder U, Alderton", "Alderton", "Arborea")
    'Alder U, Alderton [Arborea]'
    """
    lacking = [text for text in supplied if text and text.casefold() not in address.casefold()]
    return f"{address} [{', '.join(lacking)}]" if address and lacking else address


def _addresses(cells: Mapping[str, str]) -> Iterator[tuple[int | None, str, str | None]]:
    """Give author, text and organisation of each address of a paper."""
    slots = slots_of(cells["aff"])
    organisations, campuses, countries = (
        by_slot(cells[f"aff_{what}"], cells[f"aff_{index}_idx"], slots)
        for what, index in (
            ("unique_norm", "unique"),
            ("campus_unique", "campus"),
            ("country_unique", "country"),
        )
    )
    one_each = authors_of(cells["authors"]) == len(slots)
    for place, slot in enumerate(slots):
        for at, address in enumerate(slot):
            text = address_with(address, campuses[place][at], countries[place][at])
            yield (place + 1 if one_each else None), text, organisations[place][at]


def read(files: Mapping[str, Path]) -> tuple[Raw, ...]:
    """Read the parts `works` for the table `work` and `affiliations` for the table `affiliation`.

    Rows of `works` are numbered through both files in their order, rows of `affiliations` through all
    addresses. A line that cannot be taken apart is a reject of both parts.

    Parameters
    ----------
    files
        The two files of `FILES`.
    """
    works, addresses = [], []
    away, addresses_away = list[Reject](), list[Reject]()
    before, number = 0, 0
    for name in FILES:
        path = path_of(files, name, source=SOURCE)
        text = read_gzip_text(path, source=SOURCE, expected=_EXPECTED)
        broken: list[Reject] = []
        lines = 0
        for line, cells in _lines(csv_rows(text, _NEEDED, source=SOURCE, path=path, rejects=broken), broken):
            row, lines = before + line, line
            if not isinstance(cells, dict):
                number += 1
                away.append((row, *cells))
                addresses_away.append((number, *cells))
                continue
            venue, year, status = cells["venue"], cells["year"], cells["status"]
            work = f"{venue}-{year}-{cells['id'] or f'row{row}'}"
            reject = ("status", status, "status says that the paper did not appear")
            unpublished = status in UNPUBLISHED
            if unpublished:
                away.append((row, *reject))
            else:
                title = cells["title"] if cells["title"] != status else ""
                works.append((row, work, year, title, venue, None, None, None, None, None, None))
            for author, address, organisation in _addresses(cells):
                number += 1
                if unpublished:
                    addresses_away.append((number, *reject))
                else:
                    addresses.append((number, work, year, author, address, None, organisation, None))
        before += lines
    return (
        raw_of(SOURCE, "works", "work", works, away),
        raw_of(SOURCE, "affiliations", "affiliation", addresses, addresses_away),
    )


def _lines(
    good: Iterator[tuple[int, dict[str, str]]], broken: list[Reject]
) -> Iterator[tuple[int, dict[str, str] | tuple[str, Any, str]]]:
    """Give lines in their order: the cells of a good one, or column, value and reason of a broken one.

    `broken` is filled while `good` is read.
    """
    told = 0
    for line, cells in good:
        for row, *reject in broken[told:]:
            yield row, (reject[0], reject[1], reject[2])
        told = len(broken)
        yield line, cells
    for row, *reject in broken[told:]:
        yield row, (reject[0], reject[1], reject[2])
