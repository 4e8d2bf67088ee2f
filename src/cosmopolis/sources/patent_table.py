"""A table of patents of your own, as `docs/formats.md` describes it.

Any number of files in the source's folder, CSV, TSV (both plain, gzipped or alone in a zip archive) or
Parquet, read in the order of their names. A row says something of one patent: where one of its inventors
lives (`place`), who applied for it (`applicant`), a class (`class`), a patent that it cites (`cited`), or
several of these at once; a patent may have any number of rows. Only `patent` and `year` must be there. Cells
of `class`, `applicant` and `cited` may name several between semicolons.

Year and office of a patent are those of its first row. Citations received are those of a column `citations`;
where there is none, the patents of the table that cite it are counted. All but the inventors is held in
memory.
"""

from collections.abc import Iterator, Mapping
from functools import partial
from pathlib import Path
from typing import Final

import polars as pl

from cosmopolis.sources.delimited import raw_block
from cosmopolis.sources.own_tables import CODE, address, members, numbered, own_blocks, stripped, town
from cosmopolis.sources.raw import Raw, Start
from cosmopolis.sources.text import Reject

SOURCE = "patent-table"

NEEDED: Final = ("patent", "year")
"""Columns that a table must have."""

OPTIONAL: Final = (
    "office",
    "class",
    "inventor",
    "place",
    "city",
    "country",
    "latitude",
    "longitude",
    "region",
    "applicant",
    "applicant_place",
    "cited",
    "citations",
)
"""Columns that it may have; others are passed over."""

_EXPECTED: Final = "a table of patents with the columns patent and year (docs/formats.md)"
_TOLD = ("applicant", "class", "cited")


def read(files: Mapping[str, Path]) -> Iterator[Raw]:
    """Read the parts `parties`, `citations` and `patents`.

    `parties` (table `patent_party`) has the inventors, numbered as the rows of the tables through all files,
    and with numbers that go on the applicants; a row that has neither place nor applicant, class or cited
    patent is one of an inventor without place. The text of an applicant without `applicant_place` is its
    name.
    `citations` (`patent_citation`) are numbered from 1 and dated by the citing patent.

    Parameters
    ----------
    files
        The tables, by name.

    Raises
    ------
    UnknownNameError
        If there is no file.
    FormatError
        If a file is no such table.
    """
    blocks = partial(own_blocks, source=SOURCE, needed=NEEDED, optional=OPTIONAL, expected=_EXPECTED)
    return _parts(numbered(files, source=SOURCE, blocks=blocks))


def _parts(blocks: Iterator[tuple[Start, pl.DataFrame, list[Reject]]]) -> Iterator[Raw]:
    """Give the inventors file by file, then the rest."""
    kept: list[pl.DataFrame] = []
    starts: list[Start] = []
    last = 0
    for start, block, away in blocks:
        rows = block.with_columns(patent=stripped("patent"))
        last = max([last, *rows["row"].tail(1), *(row for row, *_ in away)])
        starts += [start] if start not in starts else []
        kept.append(rows.select("row", *NEEDED, "office", *_TOLD, "applicant_place", "citations"))
        yield raw_block(SOURCE, "parties", "patent_party", _inventors(rows), away, starts=(start,))
    table = pl.concat(kept)
    of_no_row = (Start(file="", before=last),)
    yield raw_block(SOURCE, "parties", "patent_party", _applicants(table, last), starts=of_no_row)
    citations = _citations(table)
    yield raw_block(SOURCE, "citations", "patent_citation", citations)
    yield raw_block(SOURCE, "patents", "patent", _patents(table, citations), starts=tuple(starts))


def _inventors(rows: pl.DataFrame) -> pl.DataFrame:
    """Give the inventor of each row that tells of one, or of nothing else."""
    country = stripped("country")
    text = address([stripped("place"), town()], country)
    tells = [stripped(name).is_not_null() for name in _TOLD]
    return (
        rows.with_columns(text=text)
        .filter(pl.col("text").is_not_null() | stripped("inventor").is_not_null() | ~pl.any_horizontal(tells))
        .select(
            "row",
            "patent",
            "text",
            "latitude",
            "longitude",
            role=pl.lit("inventor"),
            name=stripped("inventor"),
            country=pl.when(country.str.contains(CODE)).then(country),
            region=stripped("region"),
        )
    )


def _applicants(table: pl.DataFrame, before: int) -> pl.DataFrame:
    """Give each applicant of each patent once, in the order in which they are named."""
    named = table.select("patent", "applicant_place", name=members("applicant"))
    one = named.explode("name", empty_as_null=True).drop_nulls("name")
    firsts = one.unique(["patent", "name"], keep="first", maintain_order=True)
    return firsts.with_row_index("row", offset=before + 1).select(
        pl.col("row").cast(pl.Int64),
        "patent",
        "name",
        role=pl.lit("applicant"),
        text=pl.coalesce(stripped("applicant_place"), "name"),
    )


def _citations(table: pl.DataFrame) -> pl.DataFrame:
    """Give each patent that a patent cites once."""
    named = table.select(citing="patent", cited=members("cited"), year="year")
    one = named.explode("cited", empty_as_null=True).drop_nulls("cited")
    firsts = one.unique(["citing", "cited"], keep="first", maintain_order=True)
    return firsts.with_row_index("row", offset=1).with_columns(pl.col("row").cast(pl.Int64))


def _patents(table: pl.DataFrame, citations: pl.DataFrame) -> pl.DataFrame:
    """Give the first row of each patent, with the classes of all its rows and the citations received."""
    symbols = (
        table.select("patent", classes=members("class")).explode("classes", empty_as_null=True).drop_nulls()
    )
    classes = symbols.unique(maintain_order=True).group_by("patent", maintain_order=True).agg("classes")
    received = citations.group_by(pl.col("cited").alias("patent")).agg(
        pl.len().cast(pl.String).alias("received")
    )
    named = pl.col("patent").is_null() | pl.col("patent").is_first_distinct()
    firsts = table.filter(named).select(
        "row", "patent", "year", office=stripped("office"), told=stripped("citations")
    )
    counted = pl.lit("0") if citations.height else pl.lit(None, dtype=pl.String)
    return (
        firsts.join(classes, on="patent", how="left", maintain_order="left")
        .join(received, on="patent", how="left", maintain_order="left")
        .with_columns(citations=pl.coalesce("told", "received", counted))
    )
