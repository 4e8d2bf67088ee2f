"""A table of papers of your own: one row for each address of each author, as `docs/formats.md` describes it.

Any number of files in the source's folder, CSV, TSV (both plain, gzipped or alone in a zip archive) or
Parquet, read in the order of their names. Names of columns are taken without regard to capitals; a row
needs `work` and `year`, and of `affiliation`, `organisation`, `city` and `institution` at least one, or it
goes to quarantine. Rows of one `work` are one paper: its title, venue, field and citations are those of its
first row, the row that `works` has; later rows of it are rows of `affiliations` alone.
"""

from collections.abc import Iterator, Mapping
from functools import partial
from pathlib import Path
from typing import Final

import polars as pl

from cosmopolis.sources.delimited import raw_block
from cosmopolis.sources.own_tables import CODE, members, numbered, own_blocks, stripped
from cosmopolis.sources.raw import Raw, Start
from cosmopolis.sources.text import Reject

SOURCE = "paper-table"

NEEDED: Final = ("work", "year")
"""Columns that a table must have."""

OPTIONAL: Final = (
    "title",
    "venue",
    "field",
    "citations",
    "author",
    "affiliation",
    "organisation",
    "institution",
    "city",
    "country",
)
"""Columns that it may have; others are passed over."""

_TOPIC: Final = r"^(?i:T\d+|(?:domains|fields|subfields)/\d+)$"
_ID_BEFORE: Final = r"^https?://(?:ror\.org|openalex\.org)/"
_EXPECTED: Final = "a table of papers with the columns work and year (docs/formats.md)"


def read(files: Mapping[str, Path]) -> Iterator[Raw]:
    """Read the parts `works` and `affiliations`, block by block; rows are numbered through all files.

    Parameters
    ----------
    files
        The tables, by name.
    """
    blocks = partial(own_blocks, source=SOURCE, needed=NEEDED, optional=OPTIONAL, expected=_EXPECTED)
    return _parts(numbered(files, source=SOURCE, blocks=blocks))


def _parts(blocks: Iterator[tuple[Start, pl.DataFrame, list[Reject]]]) -> Iterator[Raw]:
    """Give the parts of all files."""
    known = pl.Series("work", [], dtype=pl.String)
    for start, rows, away in blocks:
        works = _works(rows, known)
        known = pl.concat([known, works["work"]])
        yield raw_block(SOURCE, "works", "work", works, starts=(start,))
        yield raw_block(SOURCE, "affiliations", "affiliation", _affiliations(rows), away, starts=(start,))


def _some(lists: pl.Expr) -> pl.Expr:
    """Make lists without members null."""
    return pl.when(lists.list.len() > 0).then(lists)


def _works(rows: pl.DataFrame, known: pl.Series) -> pl.DataFrame:
    """Give the first row of each work that is not known yet; rows without a work stay, to be quarantined."""
    named = rows.with_columns(work=stripped("work"))
    first = named.filter(pl.col("work").is_null() | pl.col("work").is_first_distinct())
    fresh = first.join(known.to_frame(), on="work", how="anti", maintain_order="left")
    fields = members("field")
    return fresh.select(
        "row",
        "work",
        "year",
        "title",
        "venue",
        topics=_some(fields.list.eval(pl.element().filter(pl.element().str.contains(_TOPIC)))),
        keywords=_some(fields.list.eval(pl.element().filter(~pl.element().str.contains(_TOPIC)))),
        citations="citations",
    )


def _affiliations(rows: pl.DataFrame) -> pl.DataFrame:
    """Give the address of each row: what it says of place and country goes into the text."""
    affiliation, city, country = stripped("affiliation"), stripped("city"), stripped("country")
    is_code = country.str.contains(CODE)
    said = pl.concat_str(
        [pl.coalesce(affiliation, stripped("organisation")), city], separator=", ", ignore_nulls=True
    )
    told = pl.concat_str([pl.lit(", "), affiliation, pl.lit(",")]).str.to_lowercase()
    lacks = ~told.str.contains(pl.format(", {},", city.str.to_lowercase()), literal=True)
    address = pl.when(affiliation.is_null() | lacks.fill_null(value=False)).then(said).otherwise(affiliation)
    whole = pl.concat_str([address, pl.when(~is_code).then(country)], separator=", ", ignore_nulls=True)
    institution = stripped("institution").str.replace(_ID_BEFORE, "")
    return rows.select(
        "row",
        work=stripped("work"),
        year="year",
        author="author",
        text=pl.coalesce(pl.when(address != "").then(whole), institution),
        country=pl.when(is_code).then(country),
        organisation=stripped("organisation"),
        institution=institution,
    )
