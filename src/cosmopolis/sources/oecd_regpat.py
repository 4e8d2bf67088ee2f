"""OECD REGPAT and Citations: EPO and PCT applications, regions of inventors and applicants, who cites whom.

Text tables with cells between bars, a line of names first, in three kinds:

===================================  ==================================================================
`202308_EPO_Inv_reg.txt`, `PCT_…`    an inventor of an application, with address, region and country
`202308_EPO_App_reg.txt`, `PCT_…`    an applicant, likewise
`202308_EPO_IPC.txt`, `PCT_…`        an IPC symbol of an application, with its priority year
`202308_EPO_CITATIONS.txt`, `WO_…`   an application that cites another (the OECD Citations database)
===================================  ==================================================================

Names of files and columns are taken without regard to capitals; tables may be split (`…_1.txt`) and packed. A
patent is an application by its PATSTAT id (`appln_id`), which the tables of inventors, classes and citations
share; it is dated by its priority, the year nearest to the invention.

A region is not a city. REGPAT places people in TL3 regions (`reg_code`, kept as `region`); the city is told
by the address, to which recent editions add a column `city`. Someone whose address may lie in several regions
has a line for each, with shares: here these are several parties of one name and address, which count once in
a city.

The columns are those that public programs read of the editions of 2016, 2018 and 2023 (inventors, IPC) and
of 2017 (citations of US patents, whose table the others follow). Of the table of applicants none was found:
that its column of names is `app_name`, as `inv_name` is the inventors', is an assumption, and the error
says so if it is wrong.
"""

import re
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Final

import polars as pl

from cosmopolis.errors import UnknownNameError
from cosmopolis.sources.buckets import BUCKETS, Buckets
from cosmopolis.sources.delimited import Delimited, raw_block
from cosmopolis.sources.own_tables import address, stripped
from cosmopolis.sources.raw import Raw
from cosmopolis.sources.text import Reject

SOURCE = "oecd-regpat"

OFFICES: Final = {"epo": "EP", "ep": "EP", "pct": "WO", "wo": "WO", "us": "US"}
"""Office of the applications of a table, by the name of its file."""

INVENTORS, APPLICANTS, CLASSES, CITATIONS = "inv_reg", "app_reg", "ipc", "citations"

COLUMNS: Final[Mapping[str, tuple[str, ...]]] = {
    INVENTORS: ("appln_id", "inv_name", "address", "reg_code", "ctry_code"),
    APPLICANTS: ("appln_id", "app_name", "address", "reg_code", "ctry_code"),
    CLASSES: ("appln_id", "prio_year", "ipc"),
    CITATIONS: ("citing_appln_id", "cited_appln_id"),
}
"""Columns that each kind of table must have."""

_OPTIONAL: Final[Mapping[str, tuple[str, ...]]] = {
    INVENTORS: ("city",),
    APPLICANTS: ("city",),
    CLASSES: (),
    CITATIONS: ("citing_pub_date",),
}
_FILE = re.compile(
    r"(?:.*/)?(?:\d{6}_)?(?P<office>epo|ep|pct|wo|us)_(?P<kind>inv_reg|app_reg|ipc|citations)(?:_\w+)?\.txt(?:\.gz|\.zip)?",
    re.IGNORECASE,
)
_PADDED = r"^([A-HY]\d\d[A-Z])0*(\d{1,4}/\d+)$"
_CLASS_ROW = {
    "row": pl.Int64,
    "patent": pl.String,
    "year": pl.String,
    "office": pl.String,
    "class": pl.String,
}


def read(files: Mapping[str, Path]) -> Iterator[Raw]:
    """Read the parts `classes`, `citations`, `patents` and `parties`, each in blocks.

    `classes` holds the lines of IPC symbols that cannot be taken apart; the others are in the lists of the
    patents. A patent's row is the number of its first such line. `parties` has the inventors and, with
    row numbers that go on, the applicants. `citations` are dated by the publication of the citing one.

    Parameters
    ----------
    files
        The tables; those of inventors and of IPC symbols must be there.

    Raises
    ------
    UnknownNameError
        If they are not.
    FormatError
        If a file is no such table.
    """
    tables: dict[str, list[tuple[str, Path]]] = {kind: [] for kind in COLUMNS}
    for name in sorted(files):
        if match := _FILE.fullmatch(name):
            tables[match["kind"].lower()].append((OFFICES[match["office"].lower()], files[name]))
    if missing := [kind for kind in (INVENTORS, CLASSES) if not tables[kind]]:
        raise UnknownNameError(
            f"{SOURCE}: got {', '.join(sorted(files)) or 'no file'}, but the reader needs "
            f"{' and '.join(f'PCT_{kind}.txt or EPO_{kind}.txt' for kind in missing)} too"
        )
    return _parts(tables)


def _parts(tables: Mapping[str, list[tuple[str, Path]]]) -> Iterator[Raw]:
    with tempfile.TemporaryDirectory(prefix="cosmopolis-", ignore_cleanup_errors=True) as folder:
        classes = Buckets(Path(folder), "classes", _CLASS_ROW)
        for block, rejects, office in _blocks(tables, CLASSES):
            classes.add(_class_rows(block, office))
            yield raw_block(SOURCE, "classes", "patent", block.clear().select("row"), rejects)
        cited = Buckets(Path(folder), "cited", {"patent": pl.String})
        for block, rejects, _ in _blocks(tables, CITATIONS):
            rows = block.select(
                "row", citing=_id("citing_appln_id"), cited=_id("cited_appln_id"), year=_date_year()
            )
            cited.add(rows.select(patent="cited").drop_nulls())
            yield raw_block(SOURCE, "citations", "patent_citation", rows, rejects)
        for bucket in range(BUCKETS):
            yield _patents(bucket, classes, cited, counted=bool(tables[CITATIONS]))
    last = 0
    for kind, role in ((INVENTORS, "inventor"), (APPLICANTS, "applicant")):
        before = last
        for block, rejects, _ in _blocks(tables, kind):
            away = [(row + before, column, value, reason) for row, column, value, reason in rejects]
            parties = _parties(block.with_columns(pl.col("row") + before), kind, role)
            last = max([last, *parties["row"].tail(1), *(row for row, *_ in away)])
            yield raw_block(SOURCE, "parties", "patent_party", parties, away)


def _blocks(
    tables: Mapping[str, list[tuple[str, Path]]], kind: str
) -> Iterator[tuple[pl.DataFrame, list[Reject], str]]:
    """Read all tables of a kind as one, rows numbered through them, each block with its office."""
    last = 0
    for office, path in tables[kind]:
        before = last
        table = Delimited(
            path=path,
            source=SOURCE,
            needed=COLUMNS[kind],
            optional=_OPTIONAL[kind],
            expected=f"a table of REGPAT with the columns {', '.join(map(repr, COLUMNS[kind]))} between bars",
            separator="|",
            folded=True,
        )
        for block, rejects in table.blocks():
            rows = block.with_columns(pl.col("row") + before)
            away = [(row + before, column, value, reason) for row, column, value, reason in rejects]
            last = max([last, *rows["row"].tail(1), *(row for row, *_ in away)])
            yield rows, away, office


def _id(column: str) -> pl.Expr:
    """Take an id of an application; 0 and an empty cell stand for one that is not known."""
    return pl.when(~stripped(column).str.contains(r"^0*$")).then(stripped(column))


def _date_year() -> pl.Expr:
    """Take the year of a date such as 20110305, 2011-03-05 or 05/03/2011."""
    return stripped("citing_pub_date").str.extract(r"(?:^|\D)((?:1[89]|20)\d\d)", 1)


def _class_rows(block: pl.DataFrame, office: str) -> pl.DataFrame:
    """Write symbols as `A61K31/00`, without spaces and zeros before the main group."""
    symbol = pl.col("ipc").str.replace_all(" ", "", literal=True).str.to_uppercase()
    return block.select(
        "row",
        patent=_id("appln_id"),
        year=stripped("prio_year"),
        office=pl.lit(office),
        **{"class": symbol.str.replace(_PADDED, "$1$2")},
    )


def _patents(bucket: int, classes: Buckets, cited: Buckets, *, counted: bool) -> Raw:
    """Bring the applications of a bucket together with their symbols and the citations received."""
    rows = classes.bucket(bucket).collect()
    named = rows.drop_nulls("patent").group_by("patent", maintain_order=True)
    patents = named.agg(
        pl.col("row", "year", "office").first(),
        pl.col("class").filter(pl.col("class") != "").unique(maintain_order=True).alias("classes"),
    )
    nameless = rows.filter(pl.col("patent").is_null()).select("row", "patent", "year", "office")
    received = patents.join(cited.counts(bucket, "citations"), on="patent", how="left", maintain_order="left")
    number = pl.col("citations").fill_null(0) if counted else pl.lit(None, dtype=pl.Int64)
    frame = pl.concat([received.with_columns(citations=number), nameless], how="diagonal").sort("row")
    return raw_block(SOURCE, "patents", "patent", frame)


def _parties(block: pl.DataFrame, kind: str, role: str) -> pl.DataFrame:
    """Write who and where: the address, and the city where the address does not have it."""
    place, city = stripped("address"), stripped("city")
    has_city = place.str.to_lowercase().str.contains(city.str.to_lowercase(), literal=True)
    town = pl.when(~has_city.fill_null(value=False)).then(city)
    return block.select(
        "row",
        patent=_id("appln_id"),
        role=pl.lit(role),
        name=stripped("inv_name" if kind == INVENTORS else "app_name"),
        text=address([place, town], pl.lit(None, dtype=pl.String)),
        country=stripped("ctry_code"),
        region=stripped("reg_code"),
    )
