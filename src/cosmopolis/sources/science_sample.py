"""613 works of OpenAlex on one topic (bibliometrics), with the affiliations of their authors.

A sample of one topic: good to show how a network of co-authored works is made, unfit for any index.

The CSV file has a line a work (line breaks inside titles and abstracts apart) and packs lists into cells
with `|` between the members. What this loses and how it is read:

- An affiliation is a Python-like dictionary, `{'raw_affiliation_string': ..., 'institution_ids': [...]}`. An
  author without any has an empty slot.
- The slots of all authors stand in one list with nothing between one author and the next. Only when there
  are as many slots as authors does each author have exactly one, and `author` is the author's position
  (from 1). Otherwise, about one work in six, it cannot be known and is null.
- `country` is that of the affiliation's institutions, if they have one country between them; without an
  institution it is the author's, where author and country both can be told; else null.
"""

import ast
import csv
import io
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from cosmopolis.errors import hint_near
from cosmopolis.sources.raw import Raw
from cosmopolis.sources.text import Reject, csv_line, path_of, raw_of, read_text, wrong_format

SOURCE = "science-sample"
FILE = "open alex dataset.csv"

_WORK, _YEAR = "id", "publication_year"
_AUTHORS, _COUNTRIES = "authorships.author_position", "authorships.countries"
_AFFILIATIONS, _INSTITUTIONS = "authorships.affiliations", "authorships.institutions"
_NEEDED = (_WORK, _YEAR, _AUTHORS, _COUNTRIES, _AFFILIATIONS, _INSTITUTIONS)
_EXPECTED = "the CSV file of works with the columns " + ", ".join(repr(name) for name in _NEEDED)

_RECORD = re.compile(r"^(?=https://openalex\.org/W\d)", re.MULTILINE)
_SLOT = re.compile(r"\|(?=\{|\||$)")


def _works(text: str, header: list[str]) -> Iterator[dict[str, str] | tuple[str, Any, str]]:
    """Take the lines after the header apart: a work's cells, or the column, value and reason it is none.

    A work begins with its id at the beginning of a line, so that a broken cell costs one work.
    """
    for record in _RECORD.split(text):
        reader = csv.reader(io.StringIO(record, newline=""), strict=True)
        while True:
            try:
                cells = next(reader)
            except StopIteration:
                break
            except csv.Error as error:
                yield _WORK, record, f"id cannot be read: the row is not CSV ({error})"
                break
            if len(cells) == len(header):
                yield dict(zip(header, cells, strict=True))
            elif cells:
                column = header[min(len(cells), len(header) - 1)]
                reason = f"{column} is out of place: the row has {len(cells)} fields, not {len(header)}"
                yield column, record, reason


def _literal(text: str) -> dict[Any, Any] | None:
    """Read a dictionary's literal; None if it is none."""
    try:
        value = ast.literal_eval(text)
    except (ValueError, SyntaxError, TypeError, MemoryError, RecursionError):
        return None
    return value if isinstance(value, dict) else None


def _one_country(about: Mapping[str, Any], country_of: Mapping[str, str]) -> tuple[bool, str | None]:
    """Return whether an affiliation has institutions, and their country if it is one for all."""
    ids = about.get("institution_ids")
    if not isinstance(ids, list) or not ids:
        return False, None
    countries = {country_of[i] for i in ids if isinstance(i, str) and i in country_of}
    return True, countries.pop() if len(countries) == 1 else None


def _slots(work: Mapping[str, str]) -> Iterator[tuple[int | None, dict[Any, Any] | str | None, str | None]]:
    """Give author, affiliation (None: empty slot; text: cannot be read) and country for each slot."""
    slots = _SLOT.split(work[_AFFILIATIONS])
    authors, countries = work[_AUTHORS].split("|"), work[_COUNTRIES].split("|")
    one_each = len(slots) == len(authors)
    institutions = (_literal(slot) or {} for slot in _SLOT.split(work[_INSTITUTIONS]) if slot)
    country_of = {
        institution["id"]: institution["country_code"]
        for institution in institutions
        if isinstance(institution.get("id"), str) and isinstance(institution.get("country_code"), str)
    }
    for place, slot in enumerate(slots):
        author = place + 1 if one_each else None
        affiliation = _literal(slot) if slot else None
        known, country = _one_country(affiliation or {}, country_of)
        if not known and one_each and len(countries) == len(authors):
            country = countries[place] or None
        yield author, (slot if slot and affiliation is None else affiliation), country


def read(files: Mapping[str, Path]) -> tuple[Raw, ...]:
    """Read the part `affiliations` for the table `affiliation`.

    A row is one slot of one work; a work without any affiliation is one row, a reject, and so is a work
    that cannot be taken apart. An author without affiliation has a row without text, which `admit`
    quarantines.

    Parameters
    ----------
    files
        `open alex dataset.csv`.
    """
    path = path_of(files, FILE, source=SOURCE)
    text = read_text(path, source=SOURCE, expected=_EXPECTED)
    first, _, rest = text.partition("\n")
    try:
        header = csv_line(first.removesuffix("\r"))
    except csv.Error as error:
        raise wrong_format(SOURCE, path, f"has a first line that is not CSV ({error})", _EXPECTED) from error
    for name in _NEEDED:
        if name not in header:
            got = f"has no column {name!r} in its first line" + hint_near(name, header)
            raise wrong_format(SOURCE, path, got, _EXPECTED)
    rows, rejects = [], list[Reject]()
    row = 0
    for work in _works(rest, header):
        if isinstance(work, tuple):
            row += 1
            rejects.append((row, *work))
        elif not work[_AFFILIATIONS].strip("|"):
            row += 1
            rejects.append((row, "text", work[_WORK], "text is missing: the work has no affiliation"))
        else:
            for author, affiliation, country in _slots(work):
                row += 1
                if isinstance(affiliation, str):
                    reason = "text cannot be read: the affiliation is not a dictionary"
                    rejects.append((row, "text", affiliation, reason))
                else:
                    affiliated = (affiliation or {}).get("raw_affiliation_string")
                    rows.append((row, work[_WORK], work[_YEAR], author, affiliated, country, None, None))
    return (raw_of(SOURCE, "affiliations", "affiliation", rows, rejects),)
