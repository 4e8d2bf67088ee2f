"""The Global 500 of the magazine Fortune, 2019: rank, revenue, sector and headquarters.

A table of text with tabs. American headquarters stand with the state as the Associated Press shortens it
("Bentonville, Ark."), which is spelt out here; others with the country, or alone where the city is known
to everybody. Letters with accents went through a Chinese code page ("D眉sseldorf") and are mended. The file
ends with the character of old programs for its end (Ctrl-Z): that row is a reject.
"""

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Final

import polars as pl

from cosmopolis.sources.delimited import Delimited, raw_block
from cosmopolis.sources.own_tables import stripped
from cosmopolis.sources.raw import Raw
from cosmopolis.sources.text import Reject, path_of

SOURCE = "fortune-global-500"
FILE = "fortune_global500_2019_hq.tsv"
YEAR: Final = 2019

NEEDED: Final = (
    "Rank",
    "Company",
    "Revenues",
    "Employees",
    "Country",
    "Sector",
    "Industry",
    "HQ Location",
    "Company Website",
)
"""Columns that are read."""

AP_STATES: Final[Mapping[str, str]] = {
    "Ala.": "Alabama",
    "Ariz.": "Arizona",
    "Ark.": "Arkansas",
    "Calif.": "California",
    "Colo.": "Colorado",
    "Conn.": "Connecticut",
    "D.C.": "District of Columbia",
    "Del.": "Delaware",
    "Fla.": "Florida",
    "Ga.": "Georgia",
    "Ill.": "Illinois",
    "Ind.": "Indiana",
    "Kan.": "Kansas",
    "Ky.": "Kentucky",
    "La.": "Louisiana",
    "Md.": "Maryland",
    "Mass.": "Massachusetts",
    "Mich.": "Michigan",
    "Minn.": "Minnesota",
    "Miss.": "Mississippi",
    "Mo.": "Missouri",
    "Mont.": "Montana",
    "N.C.": "North Carolina",
    "N.D.": "North Dakota",
    "N.H.": "New Hampshire",
    "N.J.": "New Jersey",
    "N.M.": "New Mexico",
    "N.Y.": "New York",
    "Neb.": "Nebraska",
    "Nev.": "Nevada",
    "Okla.": "Oklahoma",
    "Ore.": "Oregon",
    "Pa.": "Pennsylvania",
    "R.I.": "Rhode Island",
    "S.C.": "South Carolina",
    "S.D.": "South Dakota",
    "Tenn.": "Tennessee",
    "Vt.": "Vermont",
    "Va.": "Virginia",
    "W.Va.": "West Virginia",
    "Wash.": "Washington",
    "Wis.": "Wisconsin",
    "Wyo.": "Wyoming",
}
"""States as the Associated Press Stylebook shortens them; it spells the others out."""

_STATES = "|".join(re.escape(short) for short in sorted(AP_STATES, key=len, reverse=True))
_END = "\x1a"


def read(files: Mapping[str, Path]) -> Iterator[Raw]:
    """Read the part `companies` for the table `company`.

    Parameters
    ----------
    files
        `fortune_global500_2019_hq.tsv`.
    """
    return _parts(path_of(files, FILE, source=SOURCE))


def _parts(path: Path) -> Iterator[Raw]:
    """Give the rows block by block."""
    expected = "a text table with tabs and the columns " + ", ".join(NEEDED)
    table = Delimited(path=path, source=SOURCE, needed=NEEDED, expected=expected)
    for block, rejects in table.blocks():
        ends = block.filter(pl.col("Rank") == _END)["row"].to_list()
        away: list[Reject] = [(row, "row", None, "row is the mark of the file's end") for row in ends]
        rows = block.filter(~pl.col("row").is_in(ends))
        yield raw_block(SOURCE, "companies", "company", _companies(rows), [*rejects, *away])


def mended(text: str | None) -> str | None:
    """Turn characters of the code page GBK back into the UTF-8 letters that were read by it.

    Examples
    --------
    >>> mended("D眉sseldorf"), mended("Bern"), mended("北京")
    ('Düsseldorf', 'Bern', '北京')
    """
    if text is None or text.isascii():
        return text
    try:
        return text.encode("gbk").decode("utf-8")
    except UnicodeError:
        return text


def number(name: str) -> pl.Expr:
    """Take the dollar sign, commas and spaces out of a number; null where there is none or a dash.

    Examples
    --------
    >>> pl.DataFrame({"x": ["$1,234.50 ", "-"]}).select(number("x"))["x"].to_list()
    ['1234.50', None]
    """
    text = pl.col(name).str.replace_all(r"[$,\\s]", "").str.strip_chars()
    return pl.when(~text.is_in(["", "-"])).then(text)


def _companies(rows: pl.DataFrame) -> pl.DataFrame:
    """Name the columns as the record table does, and write states and countries out."""
    rows = rows.with_columns(
        pl.Series(name, [mended(text) for text in rows[name].to_list()], dtype=pl.String)
        for name in ("Company", "HQ Location")
    )
    place, country = stripped("HQ Location"), stripped("Country")
    city, state = place.str.extract(rf"^(.*), (?:{_STATES})$"), place.str.extract(rf", ({_STATES})$")
    american = pl.concat_str([city, state.replace(AP_STATES), pl.lit("United States")], separator=", ")
    alone = ~place.str.contains(",", literal=True)
    return rows.select(
        "row",
        company=stripped("Rank"),
        year=pl.lit(str(YEAR)),
        name=stripped("Company"),
        headquarters=pl.when(state.is_not_null())
        .then(american)
        .when(alone)
        .then(pl.format("{}, {}", place, country.str.split("/").list.first()))
        .otherwise(place),
        country_text=country,
        sector=stripped("Sector"),
        industry=stripped("Industry"),
        rank=number("Rank"),
        revenue_musd=number("Revenues"),
        employees=number("Employees"),
        website=stripped("Company Website"),
    )
