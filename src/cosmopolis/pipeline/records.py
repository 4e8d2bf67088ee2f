"""First step of the build: files are obtained, read and checked; every row is counted."""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import polars as pl

from cosmopolis.errors import FormatError, SourceUnavailableError, UnknownNameError, hint_near
from cosmopolis.ledger import FileRows, Ledger
from cosmopolis.pipeline.cache import StepCache, hash_of
from cosmopolis.pipeline.newest import newest
from cosmopolis.pipeline.parts import Records, close_records, keep_folder, open_records, write
from cosmopolis.records import Admitted
from cosmopolis.sources import fetch, readers
from cosmopolis.sources.catalog import Source
from cosmopolis.sources.raw import VALUE_CHARACTERS_MAX

_NO_ROWS = {"font"}
"""Kinds of sources that are files to use, not rows to read."""


@dataclass(kw_only=True)
class Shelf:
    """The records of an edition, part by part, with the ledger of their rows.

    Attributes
    ----------
    files
        Local files of each source that was to be had.
    missing
        Each source that was not, with the reason.
    keys
        Key of each source's records, for the steps that read them.
    inputs
        SHA-256 and size of each file of a folder source, as it was read; of other sources the catalogue
        has them.
    """

    files: dict[str, dict[str, Path]] = field(default_factory=dict)
    missing: dict[str, str] = field(default_factory=dict)
    keys: dict[str, str] = field(default_factory=dict)
    inputs: dict[str, dict[str, dict[str, Any]]] = field(default_factory=dict)
    ledger: Ledger = field(default_factory=Ledger)
    _records: dict[str, tuple[Records, ...]] = field(default_factory=dict)
    _rows: dict[tuple[str, str], tuple[FileRows, ...]] = field(default_factory=dict)

    def has(self, *sources: str) -> bool:
        """Say whether all these sources are there."""
        return all(source in self._records for source in sources)

    def parts_of(self, source: str) -> list[str]:
        """Name the parts of a source, in their order."""
        return list(dict.fromkeys(count.part for records in self._records[source] for count in records.parts))

    def scan(self, source: str, part: str) -> list[Path]:
        """Return the Parquet files of a part, to be read by an engine: one for each file of the source.

        `row` is the number in that file; the column is unique in the part only where there is one file.

        Raises
        ------
        UnknownNameError
            If the source has no such part.
        """
        paths = [
            records.frame_path(part)
            for records in self._records[source]
            if any(count.part == part for count in records.parts)
        ]
        if not paths:
            valid = self.parts_of(source)
            raise UnknownNameError(f"source {source!r} has no part {part!r}" + hint_near(part, valid))
        return paths

    def part(self, source: str, part: str) -> pl.DataFrame:
        """Return the admitted rows of a part, those of all its files, with row numbers that go on.

        Empty columns are not invented: the source must be there.
        """
        frames = [pl.read_parquet(path) for path in self.scan(source, part)]
        if (source, part) in self._rows:
            frames = [
                frame.with_columns(pl.col("row") + rows.before)
                for frame, rows in zip(frames, self._rows[source, part], strict=True)
            ]
        return pl.concat(frames)

    def counts(self, source: str, part: str) -> tuple[int, int]:
        """Return how many rows of a part were admitted and how many were quarantined when it was read."""
        found = [c for records in self._records[source] for c in records.parts if c.part == part]
        away = sum(count.rows_quarantined for count in found)
        return sum(count.rows_in for count in found) - away, away

    def add(self, source: str, key: str, folder: Path) -> None:
        """Take a source's records in and count their rows."""
        records = open_records(folder)
        self._records[source], self.keys[source] = (records,), key
        for count in records.parts:
            self.ledger.open(
                Admitted(
                    source=source,
                    part=count.part,
                    frame=pl.DataFrame(),
                    quarantine=pl.read_parquet(records.quarantine_path(count.part)),
                    rows_in=count.rows_in,
                )
            )

    def add_folder(self, source: str, kept: Sequence[Records]) -> None:
        """Take the records of a folder source in, file by file, and count their rows."""
        self._records[source] = tuple(kept)
        self.inputs[source] = {name: facts for records in kept for name, facts in records.inputs.items()}
        self.keys[source] = hash_of([[records.folder.parent.name, records.folder.name] for records in kept])
        for part in self.parts_of(source):
            before, rows = 0, []
            for records in kept:
                for count in records.parts:
                    if count.part == part:
                        away = records.quarantine_path(part)
                        rows.append(
                            FileRows(
                                file=records.file,
                                before=before,
                                rows_in=count.rows_in,
                                rows_quarantined=count.rows_quarantined,
                                quarantine=away,
                                starts=tuple((name, rows_before) for name, rows_before in count.starts),
                            )
                        )
                        before += count.last_row
            self._rows[source, part] = tuple(rows)
            self.ledger.open_files(source, part, rows)

    def use_all(self, source: str, *parts: str) -> None:
        """Say that every admitted row of some parts (of all, if none are named) stands behind a table."""
        for part in parts or self.parts_of(source):
            if (source, part) in self._rows:
                self.ledger.count(source, part, used=self.counts(source, part)[0], aside={})
            else:
                self.ledger.use(source, part, self.part(source, part)["row"])

    def account(
        self, source: str, part: str, used: pl.Series, lines: pl.DataFrame, *, otherwise: str
    ) -> None:
        """Count a part's rows as used, or quarantine them with the reason in `lines`, else with `otherwise`.

        Parameters
        ----------
        used
            Numbers of the rows that were used.
        lines
            `row, column, value, reason` of rows that were not; the first line of a row counts. Where it
            gives no value, that of the column stands.
        """
        frame = self.part(source, part)
        self.ledger.use(source, part, used)
        rest = frame.filter(~pl.col("row").is_in(used.cast(pl.Int64).unique().implode()))
        reasons = lines.select("row", "column", "value", "reason").unique(
            "row", keep="first", maintain_order=True
        )
        said = rest.select("row").join(reasons, on="row", how="left", maintain_order="left")
        for column in sorted(set(said["column"].drop_nulls()) & set(frame.columns)):
            said = said.with_columns(
                value=pl.when(pl.col("column") == column)
                .then(pl.coalesce("value", _texts(rest[column])))
                .otherwise("value")
            )
        self.ledger.quarantine(
            said.select(
                pl.lit(source).alias("source"),
                pl.lit(part).alias("part"),
                "row",
                pl.col("column").fill_null(""),
                "value",
                pl.col("reason").fill_null(otherwise),
            )
        )


def _texts(values: pl.Series) -> pl.Series:
    """Write values of any type as text for the quarantine; lists as JSON."""
    if values.dtype.is_nested():
        lists = [
            None if value is None else json.dumps(value, ensure_ascii=False) for value in values.to_list()
        ]
        values = pl.Series(lists, dtype=pl.String)
    return values.cast(pl.String).str.slice(0, VALUE_CHARACTERS_MAX)


def read_sources(
    sources: Iterable[Source],
    steps: StepCache,
    *,
    mirror: Path | None,
    cache: Path,
    offline: bool,
    progress: bool,
) -> Shelf:
    """Obtain, read and check the sources of an edition.

    A source that cannot be had, whose file is not in its format, or whose reader wants a library that is
    not installed, is set down as missing with the reason; the build goes on without it. The records of
    folder sources are kept file by file, in `parts` beside the steps (`cosmopolis.pipeline.parts`).
    """
    shelf = Shelf()
    wanted = list(sources)
    for source, files in fetch.obtain_each(
        wanted, mirror=mirror, cache=cache, offline=offline, progress=progress
    ):
        if isinstance(files, SourceUnavailableError):
            shelf.missing[source.id] = str(files)
            continue
        try:
            if source.folder is not None:
                home = steps.folder.parent / "parts"
                kept = keep_folder(source.id, files, home, progress=progress)
                shelf.add_folder(source.id, newest(source.id, kept, home))
            elif source.kind not in _NO_ROWS:
                key = steps.key("records", {f.name: f.sha256 for f in source.files})
                make = partial(_read_into, source=source, files=files)
                shelf.add(source.id, key, steps.step(f"records-{source.id}", key, make))
            shelf.files[source.id] = dict(files)
        except (FormatError, SourceUnavailableError) as error:
            shelf.missing[source.id] = str(error)
    return shelf


def _read_into(folder: Path, *, source: Source, files: Mapping[str, Path]) -> None:
    """Read and admit one source into a folder."""
    close_records(folder, write(folder, readers.read(source.id, files)))
