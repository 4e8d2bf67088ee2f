"""Firms in twenty stock indices: where they have their headquarters, what they do, where they are listed.

The file is a Python module with one literal, `INDICES = {'AEX': {'name': ..., 'companies': [{...}, ...]}}`.
It is read as text, company by company, and never imported or executed. A row is a company in an index, so
a firm that is in two indices has two rows.

Known bias, to be said beside every figure: the indices are of Europe, Japan and the United States; there is
none of China, India or Korea. A firm or city that is not named has no data here, not zero.

The year is that of the texts: ages written in them ("34 years ago (1991-09-21)") are right for
8 March 2026 and no other day, give or take one.
"""

import ast
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from cosmopolis.sources.raw import Raw
from cosmopolis.sources.text import Reject, path_of, raw_of, read_text, wrong_format

SOURCE = "listed-firms"
YEAR = 2026
FILE = "indices_data.py"

EXCHANGE_OF_SUFFIX: Mapping[str, str] = {
    "AS": "AMS",
    "BR": "EBR",
    "DE": "ETR",
    "F": "FRA",
    "HE": "HEL",
    "L": "LON",
    "MC": "BME",
    "ME": "MCX",
    "MI": "BIT",
    "PA": "EPA",
    "ST": "STO",
    "SW": "SWX",
    "T": "TYO",
}
"""Exchange codes as in `AMS:ABN` for the suffixes of symbols as in `ABN.AS`."""

EXCHANGE_OF_NAME: Mapping[str, str] = {
    "ASX": "ASX",
    "AMEX": "NYSEAMERICAN",
    "BIT": "BIT",
    "BMAD": "BME",
    "Euronext Amsterdam": "AMS",
    "Euronext Brussels": "EBR",
    "Euronext Paris": "EPA",
    "FWB": "FRA",
    "LSE": "LON",
    "NYSE": "NYSE",
    "NYSE American": "NYSEAMERICAN",
    "Nasdaq": "NASDAQ",
    "TYO": "TYO",
}
"""Exchange codes for the names in a text such as "NYSE : MMM"."""

_INDEX = re.compile(r"""(?:'(?P<one>[^']*)'|"(?P<two>[^"]*)"): \{'name': .{0,200}?'companies': \[""")
_COMPANY = re.compile(r", (?=\{'name': )")
_SYMBOL = re.compile(r"([A-Z]+):\S+")
_NAMED = re.compile("(" + "|".join(sorted(EXCHANGE_OF_NAME, key=len, reverse=True)) + r")\s*:")


def _exchanges(company: Mapping[str, Any], about: Mapping[str, Any]) -> list[str]:
    """Return the codes of the exchanges a company is listed on, each once, in alphabetical order.

    Taken from the symbols written `FRA:1N8`; only if there is none, from the suffixes of the others
    (`ASRNL.AS`); only if there is none either, the first exchange named in the text "traded as", which goes
    on to former listings.
    """
    symbols = company.get("symbols")
    quotes = [quote for quote in symbols if isinstance(quote, dict)] if isinstance(symbols, list) else []
    matches = (_SYMBOL.fullmatch(str(quote.get("google"))) for quote in quotes)
    if found := {match[1] for match in matches if match}:
        return sorted(found)
    others = [quote.get("yahoo") for quote in quotes] + [company.get("symbol")]
    suffixes = {str(symbol).rpartition(".")[2] for symbol in others if "." in str(symbol)}
    if found := {EXCHANGE_OF_SUFFIX[suffix] for suffix in suffixes if suffix in EXCHANGE_OF_SUFFIX}:
        return sorted(found)
    named = _NAMED.search(str(about.get("traded_as")))
    return [EXCHANGE_OF_NAME[named[1]]] if named else []


def _cells(row: int, index: str, company: Mapping[str, Any]) -> tuple[Any, ...]:
    """Return a company's row.

    `country` holds a country or, in the indices of the United States, the place of the headquarters
    ("Houston, Texas"), which a comma tells. The longer text about the firm goes first.
    """
    about = company.get("metadata")
    about = about if isinstance(about, dict) else {}
    country = company.get("country")
    is_place = isinstance(country, str) and "," in country
    headquarters = about.get("headquarters") or (country if is_place else None)
    country = None if is_place or country == "none" else country
    industries, exchanges = company.get("industries"), _exchanges(company, about)
    return row, YEAR, company.get("name"), index, headquarters, country, industries, exchanges


def _companies(text: str) -> Iterator[tuple[str, str]]:
    """Cut the literal into the texts of its companies, each with the name of its index."""
    heads = list(_INDEX.finditer(text))
    for head, after in zip(heads, [*heads[1:], None], strict=True):
        end = text.rfind("]", head.end(), after.start() if after else len(text))
        body = text[head.end() : end if end >= 0 else len(text)]
        for company in _COMPANY.split(body) if body.strip() else ():
            yield (head["one"] if head["one"] is not None else head["two"]), company


def read(files: Mapping[str, Path]) -> tuple[Raw, ...]:
    """Read the part `companies` for the table `listing`.

    A company without a text on its headquarters is quarantined by `admit`; one without an exchange has an
    empty list.

    Parameters
    ----------
    files
        `indices_data.py`.
    """
    path = path_of(files, FILE, source=SOURCE)
    expected = "a Python module with INDICES = {...: {'name': ..., 'companies': [...]}}"
    text = read_text(path, source=SOURCE, expected=expected)
    if not re.search(r"^INDICES = \{", text, re.MULTILINE) or not _INDEX.search(text):
        raise wrong_format(SOURCE, path, "has no indices with companies", expected)
    rows, rejects = [], list[Reject]()
    for row, (index, literal) in enumerate(_companies(text), start=1):
        try:
            company = ast.literal_eval(literal)
        except (ValueError, SyntaxError, TypeError, MemoryError, RecursionError) as error:
            reason = f"firm cannot be read: {type(error).__name__} in the company's text"
            rejects.append((row, "firm", literal, reason))
            continue
        if isinstance(company, dict):
            rows.append(_cells(row, index, company))
        else:
            rejects.append((row, "firm", literal, "firm cannot be read: the company is not a dictionary"))
    return (raw_of(SOURCE, "companies", "listing", rows, rejects),)
