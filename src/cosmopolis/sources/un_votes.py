"""Votes of countries in the General Assembly of the United Nations, 1946 to 2019, after Erik Voeten.

The data of the R package unvotes as gzipped tables: `un_votes.csv.gz` has a row for each roll call and
country that voted yes, abstained or voted no (who was absent has none), `un_roll_calls.csv.gz` says in which
session each was. A year is the session's, which begins in September: year = session + 1945, as Voeten
counts; the roll call may have been held in the spring after.

Countries have two letters of ISO 3166-1, of their time. Three have none: the Federal Republic of Germany is
Germany (DE) and the Yemen Arab Republic is Yemen (YE), whose seats went on; Zanzibar, a member for some
months of 1963 with two votes, stays without. Czechoslovakia (CS), the German Democratic Republic (DD) and the
Yemen of the south (YD) stay by themselves; YU is Yugoslavia to 1992 and Serbia (RS) after; Russia (RU) is the
Soviet Union before, and Taiwan (TW) voted for China to 1971.
"""

from collections.abc import Iterator, Mapping
from pathlib import Path

import polars as pl

from cosmopolis.sources.delimited import Delimited, raw_block
from cosmopolis.sources.former_countries import FORMER
from cosmopolis.sources.own_tables import stripped
from cosmopolis.sources.raw import Raw
from cosmopolis.sources.text import path_of, read_gzip_text, wrong_format

SOURCE = "un-votes"
VOTES = "un_votes.csv.gz"
ROLL_CALLS = "un_roll_calls.csv.gz"

YEAR_BEFORE_SESSION_1 = 1945

CODES: Mapping[str, int] = {"yes": 1, "abstain": 2, "no": 3}
"""Votes as numbers; the distance between yes and no is twice that between either and an abstention."""

NAMED: Mapping[str, str] = {"Federal Republic of Germany": "DE", "Yemen Arab Republic": "YE"}
"""Countries that the file gives no letters."""

_COLUMNS = ("rcid", "country", "country_code", "vote")
_EXPECTED = "a gzipped table that begins with the columns rcid and session"


def _sessions(path: Path) -> dict[str, int]:
    """Read the session of each roll call: the first two cells of each line.

    Descriptions further on hold quotation marks as R writes them, which no reader of tables takes apart.
    """
    lines = read_gzip_text(path, source=SOURCE, expected=_EXPECTED).splitlines()
    if not lines or [cell.strip('"') for cell in lines[0].split(",")[:2]] != ["rcid", "session"]:
        raise wrong_format(SOURCE, path, f"begins with {lines[0][:60] if lines else ''!r}", _EXPECTED)
    cells = (line.split(",", 2) for line in lines[1:])
    return {call[0]: int(call[1]) for call in cells if len(call) > 2 and call[1].isdigit()}  # noqa: PLR2004


def read(files: Mapping[str, Path]) -> Iterator[Raw]:
    """Read the part `votes` for the table `vote`, block by block.

    A vote in a roll call of no session has no year and is quarantined.

    Parameters
    ----------
    files
        `un_votes.csv.gz` and `un_roll_calls.csv.gz`.
    """
    sessions = _sessions(path_of(files, ROLL_CALLS, source=SOURCE))
    years = {call: session + YEAR_BEFORE_SESSION_1 for call, session in sessions.items()}
    votes = Delimited(
        path=path_of(files, VOTES, source=SOURCE),
        source=SOURCE,
        needed=_COLUMNS,
        expected="a gzipped table with the columns " + ", ".join(_COLUMNS),
        separator=",",
    )
    return _parts(votes, years)


def _parts(votes: Delimited, years: Mapping[str, int]) -> Iterator[Raw]:
    """Give the votes block by block, dated by the year of each roll call."""
    letters: pl.Expr = pl.coalesce(
        stripped("country_code"), pl.col("country").replace_strict(dict(NAMED), default=None)
    )
    for state in (state for state in FORMER if state.then == "SRB"):
        gone = (letters == state.iso2) & (pl.col("year") > state.last_year)
        letters = pl.when(gone).then(pl.lit("RS")).otherwise(letters)
    for block, rejects in votes.blocks():
        dated = block.with_columns(
            year=stripped("rcid").replace_strict(dict(years), default=None, return_dtype=pl.Int64)
        )
        rows = dated.select(
            "row",
            roll_call="rcid",
            year="year",
            country=letters,
            vote=pl.col("vote").replace({word: str(code) for word, code in CODES.items()}),
        )
        yield raw_block(SOURCE, "votes", "vote", rows, rejects)
