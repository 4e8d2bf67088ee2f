"""PatentsView bulk tables of granted patents of the United States, with disambiguated inventors and places.

Six tables of tab-separated lines (`g_patent.tsv`, …), each as such, gzipped or in a zip archive of its own as
it is downloaded. They are read block by block; of the largest (classes, citations) what is needed of each
patent is put into a temporary folder by the last digit of its number and brought together from there, so that
memory follows the number of patents and not of lines.

Columns are those of PatentsView's own export (views `patentsview_export_granted` of its database), found by
name in the first line: more columns, or another order, do no harm.

What it is and is not: patents granted since 1976, dated by their grant; withdrawn ones become rejects.
Inventors' home towns are those at grant; assignees, the owners at grant, stand for applicants. Classes are
the current CPC, which design and plant patents do not have. Citations are those of later US patents alone.
"""

import tempfile
from collections.abc import Generator, Iterator, Mapping
from pathlib import Path
from typing import Final

import polars as pl

from cosmopolis.errors import FormatError, UnknownNameError
from cosmopolis.sources.buckets import BUCKETS, Buckets, bucket_of
from cosmopolis.sources.delimited import Delimited, raw_block
from cosmopolis.sources.patentsview_sample import OFFICE, place_text
from cosmopolis.sources.raw import Raw
from cosmopolis.sources.text import Reject

SOURCE = "patentsview"

COLUMNS: Final[Mapping[str, tuple[str, ...]]] = {
    "g_patent": ("patent_id", "patent_date"),
    "g_location_disambiguated": (
        "location_id",
        "disambig_city",
        "disambig_state",
        "disambig_country",
        "latitude",
        "longitude",
    ),
    "g_inventor_disambiguated": (
        "patent_id",
        "inventor_sequence",
        "disambig_inventor_name_first",
        "disambig_inventor_name_last",
        "location_id",
    ),
    "g_assignee_disambiguated": (
        "patent_id",
        "assignee_sequence",
        "disambig_assignee_individual_name_first",
        "disambig_assignee_individual_name_last",
        "disambig_assignee_organization",
        "location_id",
    ),
    "g_cpc_current": ("patent_id", "cpc_sequence", "cpc_group"),
    "g_us_patent_citation": ("patent_id", "citation_patent_id"),
}
"""Tables and the columns that are read of each; the first three tables must be there."""

NEEDED: Final = ("g_patent", "g_location_disambiguated", "g_inventor_disambiguated")

_CLASS_ROW = {"patent": pl.String, "order": pl.Int32, "class": pl.String}

FORMS: Final = (".tsv", ".tsv.gz", ".tsv.zip")
"""How a table's file may end."""


def _paths(files: Mapping[str, Path]) -> dict[str, Path]:
    """Return where each table lies.

    Raises
    ------
    UnknownNameError
        If a needed table is not there.
    FormatError
        If one is there twice.
    """
    paths: dict[str, Path] = {}
    for name, path in files.items():
        table, dot, rest = name.rpartition("/")[2].partition(".")
        if table not in COLUMNS or dot + rest not in FORMS:
            continue
        if table in paths:
            raise FormatError(
                f"{SOURCE}: got {table} twice, as {paths[table].name!r} and {path.name!r}, but expected it "
                "once; keep the newer one alone"
            )
        paths[table] = path
    if missing := [table for table in NEEDED if table not in paths]:
        raise UnknownNameError(
            f"{SOURCE}: got {', '.join(sorted(files)) or 'no file'}, but the reader needs "
            f"{', '.join(table + '.tsv.zip' for table in missing)} too (zip, gz or tsv)"
        )
    return paths


def _blocks(paths: Mapping[str, Path], table: str) -> Iterator[tuple[pl.DataFrame, list[Reject]]]:
    """Read a table; nothing where it is not there."""
    if table not in paths:
        return
    columns = COLUMNS[table]
    expected = f"PatentsView's table {table} with the columns " + ", ".join(map(repr, columns))
    yield from Delimited(
        path=paths[table],
        source=SOURCE,
        needed=columns,
        optional=("withdrawn",) if table == "g_patent" else (),
        expected=expected,
    ).blocks()


def read(files: Mapping[str, Path]) -> Iterator[Raw]:
    """Read the parts `places`, `classes`, `citations`, `patents` and `parties`, each in blocks.

    `places` and `classes` hold the lines of the tables of places and classes that cannot be taken apart; the
    others are in the rows of parties and in the lists of patents. `citations` (table `patent_citation`) is
    dated by the grant of the citing patent; `citations` of a patent counts them. `parties` (`patent_party`)
    has the inventors and, with row numbers that go on, the assignees.

    Parameters
    ----------
    files
        The tables of `COLUMNS`, as `.tsv`, `.tsv.gz` or `.tsv.zip`.

    Raises
    ------
    UnknownNameError
        If a table that is needed is not there.
    FormatError
        If one is there twice or is no such table.
    """
    return _parts(_paths(files))


def _parts(paths: Mapping[str, Path]) -> Iterator[Raw]:
    """Read the tables one after the other."""
    places = yield from _places(paths)
    with tempfile.TemporaryDirectory(prefix="cosmopolis-", ignore_cleanup_errors=True) as folder:
        patents, away = _patents(paths)
        classes = Buckets(Path(folder), "classes", _CLASS_ROW)
        yield from _classes(paths, classes)
        cited = Buckets(Path(folder), "cited", {"patent": pl.String})
        yield from _citations(paths, patents, cited)
        yield raw_block(SOURCE, "patents", "patent", patents.clear(), away)
        counted = "g_us_patent_citation" in paths
        for bucket in range(BUCKETS):
            yield _patents_of(bucket, patents, classes, cited, counted=counted)
    yield from _parties(paths, places)


def _places(paths: Mapping[str, Path]) -> Generator[Raw, None, pl.DataFrame]:
    """Read the table of places whole, and hand over what of it cannot be taken apart."""
    frames: list[pl.DataFrame] = []
    for block, rejects in _blocks(paths, "g_location_disambiguated"):
        frames.append(
            block.select(
                "location_id",
                place_text("disambig_city", "disambig_state").alias("text"),
                pl.col("disambig_country").alias("country"),
                pl.col("latitude").cast(pl.Float64, strict=False),
                pl.col("longitude").cast(pl.Float64, strict=False),
            )
        )
        yield raw_block(SOURCE, "places", "patent_party", block.clear().select("row"), rejects)
    return pl.concat(frames).unique("location_id", keep="first", maintain_order=True)


def _patents(paths: Mapping[str, Path]) -> tuple[pl.DataFrame, list[Reject]]:
    """Read number and date of every patent that was not withdrawn."""
    frames, away = [], list[Reject]()
    for block, rejects in _blocks(paths, "g_patent"):
        withdrawn = (pl.col("withdrawn").str.strip_chars() == "1").fill_null(value=False)
        numbers = block.filter(withdrawn).select("row", "patent_id").rows()
        away += [
            (row, "patent", number, "patent is withdrawn: it was never in force") for row, number in numbers
        ]
        frames.append(
            block.filter(~withdrawn).select(
                "row",
                pl.col("patent_id").alias("patent"),
                pl.col("patent_date").str.extract(r"^\s*(\d{4})-\d\d-\d\d", 1).cast(pl.Int64).alias("year"),
                pl.lit(OFFICE).alias("office"),
            )
        )
        away += rejects
    return pl.concat(frames), away


def _classes(paths: Mapping[str, Path], classes: Buckets) -> Iterator[Raw]:
    """Put the classes away by patent."""
    for block, rejects in _blocks(paths, "g_cpc_current"):
        classes.add(
            block.select(
                pl.col("patent_id").alias("patent"),
                pl.col("cpc_sequence").cast(pl.Int32, strict=False).alias("order"),
                pl.col("cpc_group").alias("class"),
            )
        )
        yield raw_block(SOURCE, "classes", "patent", block.clear().select("row"), rejects)


def _citations(paths: Mapping[str, Path], patents: pl.DataFrame, cited: Buckets) -> Iterator[Raw]:
    """Hand over the citations, and put the numbers cited away to be counted."""
    years = patents.select("patent", "year").unique("patent", keep="first")
    for block, rejects in _blocks(paths, "g_us_patent_citation"):
        named = block.select(
            "row", pl.col("patent_id").alias("citing"), pl.col("citation_patent_id").alias("cited")
        )
        dated = named.join(years, left_on="citing", right_on="patent", how="left", maintain_order="left")
        cited.add(named.select(pl.col("cited").alias("patent")))
        yield raw_block(SOURCE, "citations", "patent_citation", dated, rejects)


def _patents_of(
    bucket: int, patents: pl.DataFrame, classes: Buckets, cited: Buckets, *, counted: bool
) -> Raw:
    """Bring the patents of a bucket together with their classes and the citations that they received."""
    listed = (
        classes.bucket(bucket)
        .sort("patent", "order", nulls_last=True, maintain_order=True)
        .group_by("patent", maintain_order=True)
        .agg(pl.col("class").unique(maintain_order=True).alias("classes"))
        .collect()
    )
    counts = cited.counts(bucket, "citations")
    frame = (
        patents.filter(bucket_of("patent") == bucket)
        .join(listed, on="patent", how="left", maintain_order="left")
        .join(counts, on="patent", how="left", maintain_order="left")
    )
    received = pl.col("citations").fill_null(0) if counted else pl.lit(None, dtype=pl.Int64)
    return raw_block(SOURCE, "patents", "patent", frame.with_columns(received.alias("citations")))


def _parties(paths: Mapping[str, Path], places: pl.DataFrame) -> Iterator[Raw]:
    """Hand over the inventors, then the assignees."""
    last = 0
    for table, role, order in (
        ("g_inventor_disambiguated", "inventor", "inventor_sequence"),
        ("g_assignee_disambiguated", "applicant", "assignee_sequence"),
    ):
        shift, person = last, "disambig_" + table.split("_")[1]
        names = [name for name in COLUMNS[table] if name.startswith(person) and "_name_" in name]
        name = pl.concat_str(names, separator=" ", ignore_nulls=True).str.strip_chars()
        if role == "applicant":
            firm = pl.col("disambig_assignee_organization").str.strip_chars()
            name = pl.when(firm != "").then(firm).otherwise(name)
        for block, rejects in _blocks(paths, table):
            moved = [(row + shift, column, value, reason) for row, column, value, reason in rejects]
            frame = block.select(
                pl.col("row") + shift,
                pl.col("patent_id").alias("patent"),
                pl.lit(role).alias("role"),
                pl.col(order).alias("order"),
                name.alias("name"),
                "location_id",
            ).join(places, on="location_id", how="left", maintain_order="left")
            last = max([last, *frame["row"].top_k(1), *(row for row, *_ in moved)])
            yield raw_block(SOURCE, "parties", "patent_party", frame, moved)
