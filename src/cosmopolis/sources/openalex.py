"""Works of the OpenAlex snapshot: what was published, by whom, at which institutions.

The snapshot is a folder of gzip-compressed JSON Lines, `works/updated_date=…/part_….gz`, a work a line; a
mirror gets it with the AWS command line, no account needed. It is read file by file, never through the
API. A work that changed has moved to a newer partition, so that a mirror that is brought up to date must
delete what the bucket no longer has (`aws s3 sync --delete`), or a work is there twice; works that were
merged into others (`merged_ids`) are gone from the partitions in the same way.

Works are taken as OpenAlex has them, retracted ones and the records of repositories (`is_xpac`) included:
what counts is the edition's choice, by field, year and place.
"""

from collections.abc import Iterator

import polars as pl

from cosmopolis.sources._openalex_works import WORKS, affiliation_columns, work_columns
from cosmopolis.sources.json_lines import broken_off, rejected_lines
from cosmopolis.sources.lines import LineFile
from cosmopolis.sources.raw import QUARANTINE_SCHEMA, Raw
from cosmopolis.sources.text import collector_at_rest

SOURCE = "openalex"

_NOTHING = "text is missing: the author has no affiliation"


def _unaffiliated(part: str, slots: pl.DataFrame) -> pl.DataFrame:
    """Quarantine the authors of whom neither an institution nor an address is known."""
    return slots.select(
        pl.lit(SOURCE).alias("source"),
        pl.lit(part).alias("part"),
        "row",
        pl.lit("text").alias("column"),
        pl.format("{}, author {}", "work", "author").alias("value"),
        pl.lit(_NOTHING).alias("reason"),
    ).match_to_schema(QUARANTINE_SCHEMA)


@collector_at_rest()
def _parts(block: bytes, works_before: int, slots_before: int) -> tuple[Raw, Raw, int]:
    """Take one block apart; returns its works, its affiliations and how many lines it has."""
    good, wrong, lines = WORKS.decode(block)
    works = [work for _, work in good]
    rows = pl.Series("row", [works_before + 1 + line for line, _ in good], dtype=pl.Int64)
    slots = affiliation_columns(works)
    numbers = pl.int_range(slots_before + 1, slots_before + 1 + slots.height, dtype=pl.Int64, eager=True)
    slots = slots.insert_column(0, numbers.alias("row"))
    placed = slots.filter(pl.col("text").is_not_null())
    return (
        Raw(
            source=SOURCE,
            part="works",
            table="work",
            frame=work_columns(works).insert_column(0, rows),
            rejects=rejected_lines(SOURCE, "works", wrong, before=works_before),
            rows_in=len(works) + len(wrong),
        ),
        Raw(
            source=SOURCE,
            part="affiliations",
            table="affiliation",
            frame=placed,
            rejects=_unaffiliated("affiliations", slots.filter(pl.col("text").is_null())),
            rows_in=slots.height,
        ),
        lines,
    )


def read_lines(lines: LineFile) -> Iterator[Raw]:
    """Read one file of works: the parts `works` and `affiliations`, in turn, block by block.

    A row of `works` is the line's number. A row of `affiliations` is one institution of one author, or one
    address of an author to which OpenAlex found no institution; `institution` is the ROR id where there is
    one, else OpenAlex's own, and `text` the address that names the institution, else its name. An author of
    whom nothing is known is one row, quarantined. Where the file breaks off, that is one row of `works`.

    Parameters
    ----------
    lines
        A file of the snapshot.

    Yields
    ------
    raw
        Rows with numbers that go on from block to block.
    """
    works_before = slots_before = 0
    for block in lines:
        works, slots, count = _parts(block, works_before, slots_before)
        works_before += count
        slots_before += slots.rows_in
        yield works
        yield slots
    yield from broken_off(lines, SOURCE, "works", "work", work_columns([]), before=works_before)
