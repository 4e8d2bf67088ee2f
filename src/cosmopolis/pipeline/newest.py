"""Of records that stand in several files of a folder source, those of the last file count.

A snapshot that is partitioned by date of change has a record once, in its newest partition; but a mirror
that was brought up to date without deleting what the publisher removed has older versions of it too. They
would count twice. Here they are found by the key of their table, and quarantined with the rows that belong to
them (the affiliations of a work). How a file is read and kept stands in `cosmopolis.pipeline.parts`.
"""

import json
import shutil
import tempfile
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Final

import duckdb
import polars as pl

from cosmopolis.pipeline.cache import hash_of
from cosmopolis.pipeline.parts import LISTING, PartCount, Records, write_frame
from cosmopolis.records import table_named
from cosmopolis.sources.raw import QUARANTINE_SCHEMA

PREFIX: Final = "newest-"
"""Beginning of the names of folders that hold what was found."""

_FORM: Final = 1  # of what is written: a change here makes it void
_MEMORY_MB: Final = 1024  # of the search, which spills to disk beyond it


def newest(source_id: str, kept: Sequence[Records], home: Path) -> tuple[Records, ...]:
    """Return the records less those that stand in a later file too.

    Parameters
    ----------
    kept
        The records of each file, in the order of the files' names, the newest last.
    home
        Folder of kept records, of all sources; what is found is kept there.
    """
    tables = {count.part: count.table for records in kept for count in records.parts}
    keyed = {part: table_named(table).key for part, table in tables.items() if table_named(table).key}
    if len(kept) < 2 or not keyed:  # noqa: PLR2004 - it takes two
        return tuple(kept)
    name = hash_of([_FORM, source_id, [records.folder.name for records in kept]])[:32]
    place = home / source_id / f"{PREFIX}{name}"
    if not (place / LISTING).is_file():
        _find(source_id, kept, keyed, tables, place)
    cleaned: dict[str, list[dict[str, object]]] = json.loads((place / LISTING).read_text(encoding="utf-8"))
    return tuple(
        replace(
            records,
            folder=place / str(number),
            parts=tuple(PartCount(**count) for count in cleaned[str(number)]),  # type: ignore[arg-type]
        )
        if str(number) in cleaned
        else records
        for number, records in enumerate(kept)
    )


def _find(
    source_id: str,
    kept: Sequence[Records],
    keyed: dict[str, tuple[str, ...]],
    tables: dict[str, str],
    place: Path,
) -> None:
    """Look for older versions, and write the files that have some anew without them."""
    draft = Path(tempfile.mkdtemp(prefix=".draft-", dir=place.parent))
    try:
        older = {part: _older(kept, part, key, spill=draft / "spill") for part, key in keyed.items()}
        shutil.rmtree(draft / "spill", ignore_errors=True)
        numbers = sorted({number for frame in older.values() for number in frame["number"].unique()})
        listing = {
            str(number): [
                count.__dict__
                for count in _clean(
                    source_id,
                    kept[number],
                    number=number,
                    older=older,
                    tables=tables,
                    folder=draft / str(number),
                )
            ]
            for number in numbers
        }
        (draft / LISTING).write_text(json.dumps(listing), encoding="utf-8")
        for path in place.parent.glob(f"{PREFIX}*"):
            shutil.rmtree(path, ignore_errors=True)
        draft.rename(place)
    finally:
        shutil.rmtree(draft, ignore_errors=True)


def _older(kept: Sequence[Records], part: str, key: tuple[str, ...], *, spill: Path) -> pl.DataFrame:
    """Return `number` of the file, `row`, key and `reason` of each row that a later file has too."""
    paths = {n: r.frame_path(part) for n, r in enumerate(kept) if any(c.part == part for c in r.parts)}
    names = ", ".join(f'"{column}"' for column in key)
    with duckdb.connect(config={"memory_limit": f"{_MEMORY_MB}MB", "temp_directory": str(spill)}) as engine:
        files = pl.DataFrame(
            {"number": list(paths), "path": [str(path) for path in paths.values()]}
        ).to_arrow()
        engine.register("files", files)
        engine.read_parquet([str(path) for path in paths.values()], filename=True).create_view("rows")
        twins = engine.sql(
            f"WITH twice AS (SELECT {names} FROM rows GROUP BY {names} HAVING COUNT(*) > 1) "  # noqa: S608
            f"SELECT f.number, r.row, {names} FROM rows r SEMI JOIN twice USING ({names}) "
            "JOIN files f ON f.path = r.filename"
        )
        found: pl.DataFrame = twins.pl()
    last = pl.col("number") == pl.col("number").max().over(key)
    named = pl.DataFrame({"last": list(paths), "file": [kept[n].file for n in paths]})
    return (
        found.with_columns(
            last=pl.col("number").max().over(key), at=pl.col("row").filter(last).first().over(key)
        )
        .filter(~last)
        .join(named, on="last", how="left")
        .select(
            "number",
            "row",
            *key,
            reason=pl.format("a later file has it again: {}, row {}", "file", "at"),
        )
        .sort("number", "row")
    )


def _clean(
    source_id: str,
    records: Records,
    *,
    number: int,
    older: dict[str, pl.DataFrame],
    tables: dict[str, str],
    folder: Path,
) -> tuple[PartCount, ...]:
    """Write the parts of one file less what is older, with a longer quarantine; return their counts."""
    folder.mkdir()
    mine = {part: frame.filter(number=number) for part, frame in older.items()}
    counts = []
    for count in records.parts:
        frame = pl.read_parquet(records.frame_path(count.part))
        away = [mine[count.part].select("row", "reason")] if count.part in mine else []
        own = {column.name for column in table_named(count.table).columns}
        for part, frame_of_part in mine.items():
            key = table_named(tables[part]).key
            if part != count.part and set(key) <= own:
                reason = pl.lit(f"its {tables[part]} stands in a later file again").alias("reason")
                away.append(
                    frame.join(frame_of_part.select(key).unique(), on=key, how="semi").select("row", reason)
                )
        gone = pl.concat(away).unique("row", keep="first", maintain_order=True) if away else None
        lines = pl.read_parquet(records.quarantine_path(count.part))
        if gone is not None and not gone.is_empty():
            frame = frame.filter(~pl.col("row").is_in(gone["row"].implode()))
            lines = pl.concat([lines, _lines(source_id, count, gone)]).sort("row", "column", "reason")
        write_frame(folder / f"{count.part}.parquet", frame)
        write_frame(folder / f"{count.part}.quarantine.parquet", lines)
        more = 0 if gone is None else gone.height
        counts.append(replace(count, rows_quarantined=count.rows_quarantined + more))
    return tuple(counts)


def _lines(source_id: str, count: PartCount, gone: pl.DataFrame) -> pl.DataFrame:
    """Make the lines of the quarantine."""
    return gone.select(
        pl.lit(source_id).alias("source"),
        pl.lit(count.part).alias("part"),
        "row",
        pl.lit("+".join(table_named(count.table).key)).alias("column"),
        pl.lit(None, dtype=pl.String).alias("value"),
        "reason",
    ).match_to_schema(QUARANTINE_SCHEMA)
