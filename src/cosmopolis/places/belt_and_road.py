"""The countries that have signed a Belt and Road cooperation document with China: a table of facts.

Each row of `belt_and_road.csv` says what one public page states, and names that page. The table is
incomplete: it has 125 countries. A report of 2023 speaks of 152; at most 124 of the 125 can be among them
(Colombia signed in 2025), so 28 or more are missing. Of the 52 signatories that China counts in Africa
(August 2024) the table has 33, of the 22 in Latin America and the Caribbean (June 2023) 20; the Arab
countries, the Pacific islands and central and eastern Europe are complete by the pages' own counts.
What to know before using it:

- A blank is "unknown", never "no". The day, month or year of 49 signings is unknown.
- A country without a row is unknown too: it may have signed. Do not count it as outside.
- `signed` is the date of the first such document known to us; an earlier one may exist. Where a page
  gives only a weekday, the day was worked out from the page's date; the note says so.
- Where a page says only that a country joined or is listed, `document` is blank. China's list has
  countries that have not confirmed it themselves (Austria, Niger, Russia): the notes say which.
- A document may have run out without notice. Only what a page reports as given up has a date in `left`,
  the month in which notice was given; the document itself may run on for some months.
- Sources differ in weight, from the governments' own pages to encyclopedias: read the citation. A title in
  square brackets is our description of a page whose title was not seen.

This is not the list of the initiative's corridors, nor of the members of a bank or a forum.
"""

import csv
import re
from collections.abc import Iterable
from datetime import date
from functools import lru_cache
from importlib import resources
from pathlib import Path
from typing import Final

import polars as pl
from babel import Locale

from cosmopolis.errors import SpecError, hint_near

FACTS_SCHEMA: Final = pl.Schema(
    {
        "country": pl.String,
        "document": pl.String,
        "signed": pl.String,
        "year": pl.Int64,
        "left": pl.String,
        "citation": pl.String,
        "url": pl.String,
        "note": pl.String,
    }
)
"""Columns of the table; all but `country`, `citation` and `url` may be null."""

DOCUMENTS: Final = (
    "cooperation agreement",
    "cooperation document",
    "cooperation plan",
    "memorandum of agreement",
    "memorandum of arrangement",
    "memorandum of understanding",
    "protocol",
)
"""Kinds of document, as the cited pages call them; `cooperation document` where a page names no kind."""

_FILE = "belt_and_road.csv"
_COLUMNS = ("country", "document", "signed", "left", "citation", "url", "note")
_DATE = re.compile(r"\d{4}(?:-\d{2}(?:-\d{2})?)?", re.ASCII)
_WEB = re.compile(r"https?://\S+")
_CODE = re.compile(r"[A-Z]{2}")
_NO_COUNTRIES = frozenset(
    {"AC", "CP", "CQ", "DG", "EA", "EU", "EZ", "IC", "QO", "TA", "UN", "XA", "XB", "ZZ"}
)
"""Codes of the Unicode territory list that are not ISO 3166-1; XK stays, as everywhere in this project."""


@lru_cache(maxsize=1)
def table() -> pl.DataFrame:
    """Return the table that ships with the package.

    Returns
    -------
    facts
        Columns of `FACTS_SCHEMA`, in the order of `country` (ISO 3166-1 alpha-2). `signed` and `left`
        are `YYYY`, `YYYY-MM` or `YYYY-MM-DD`, as exact as the page cited; `year` is the year of `signed`.
        Null is unknown.

    Examples
    --------
    >>> table().filter(pl.col("country") == "NZ").select("document", "signed", "year").row(0)
    ('memorandum of arrangement', '2017-03-27', 2017)
    """
    text = resources.files("cosmopolis.places").joinpath(_FILE).read_text(encoding="utf-8")
    return _parse(text.splitlines(), _FILE)


def read(path: Path) -> pl.DataFrame:
    """Read another table of the same form: columns country, document, signed, left, citation, url, note.

    Raises
    ------
    SpecError
        If a column is missing, a code or kind of document is unknown, a date is no date, a country stands
        twice, or a row has no citation or address.
    """
    return _parse(path.read_text(encoding="utf-8-sig").splitlines(), str(path))


def members(year: int | None = None, *, facts: pl.DataFrame | None = None) -> list[str]:
    """Name the countries known to have signed.

    Parameters
    ----------
    year
        Only those known to have signed by the end of this year and not known to have left by then; a
        country whose year of signing is unknown is left out. None for all that are not known to have left.
    facts
        A table from `read`; the built-in one where none is given.

    Returns
    -------
    countries
        Codes in their order. A lower bound: a country that is not named may have signed.

    Examples
    --------
    >>> members(2014)
    ['MV']
    >>> "IT" in members(2022), "IT" in members()
    (True, False)
    """
    rows = table() if facts is None else facts
    if year is None:
        kept = rows.filter(pl.col("left").is_null())
    else:
        left = pl.col("left").str.head(4).cast(pl.Int64)
        kept = rows.filter((pl.col("year") <= year) & (left.is_null() | (left > year)))
    return kept["country"].sort().to_list()


def _parse(lines: Iterable[str], where: str) -> pl.DataFrame:
    reader = csv.DictReader(lines)
    missing = [name for name in _COLUMNS if name not in (reader.fieldnames or ())]
    if missing:
        raise SpecError(
            f"{where}: no column {', '.join(missing)}; expected are {', '.join(_COLUMNS)} in the first line"
        )
    rows: dict[str, dict[str, str | int | None]] = {}
    for line in reader:
        at = f"{where}, line {reader.line_num}"
        if None in line:
            raise SpecError(f"{at}: more values than columns; put a value with a comma in quotes")
        values = {name: (line[name] or "").strip() for name in _COLUMNS}
        _check(values, at)
        country = values["country"]
        if country in rows:
            raise SpecError(f"{at}: {country} has a row already; give each country one row")
        signed = values["signed"]
        rows[country] = {name: value or None for name, value in values.items()}
        rows[country]["year"] = int(signed[:4]) if signed else None
    return pl.DataFrame(list(rows.values()), schema=FACTS_SCHEMA).sort("country")


def _check(values: dict[str, str], at: str) -> None:
    """Refuse a row that is wrong, and say how to mend it."""
    country, document = values["country"], values["document"]
    if country not in _codes():
        raise SpecError(
            f"{at}: country is {country!r}, expected an ISO 3166-1 alpha-2 code in capital letters"
            + hint_near(country, _codes())
        )
    if document and document not in DOCUMENTS:
        raise SpecError(
            f"{at}: document is {document!r}, expected a known kind, or nothing where unknown"
            + hint_near(document, DOCUMENTS)
        )
    for name in ("signed", "left"):
        _check_date(values[name], f"{at}: {name}")
    signed, left = values["signed"], values["left"]
    exactness = min(len(signed), len(left))
    if left[:exactness] < signed[:exactness]:
        raise SpecError(f"{at}: {country} left on {left}, before it signed on {signed}; mend one of them")
    if not values["citation"]:
        raise SpecError(
            f"{at}: {country} has no citation; name the page (publisher, title, date) that says so"
        )
    if not _WEB.fullmatch(values["url"]):
        raise SpecError(
            f"{at}: url is {values['url']!r}, expected the address of the page cited (https://...)"
        )


def _check_date(text: str, what: str) -> None:
    """Refuse what is neither nothing nor a year, month or day of the calendar."""
    if not text:
        return
    first_day = f"{text}-01-01"[: len("YYYY-MM-DD")]
    try:
        real = _DATE.fullmatch(text) is not None and bool(date.fromisoformat(first_day))
    except ValueError:
        real = False
    if not real:
        raise SpecError(f"{what} is {text!r}, expected YYYY, YYYY-MM or YYYY-MM-DD, or nothing where unknown")


@lru_cache(maxsize=1)
def _codes() -> frozenset[str]:
    """Codes of countries and territories, from the Unicode territory list."""
    territories = Locale.parse("en").territories
    return frozenset(code for code in map(str, territories) if _CODE.fullmatch(code)) - _NO_COUNTRIES
