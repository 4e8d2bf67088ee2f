"""First step of the build: files are obtained, read and checked; every row is counted."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

import polars as pl

from cosmopolis.errors import FormatError, SourceUnavailableError
from cosmopolis.pipeline.cache import StepCache
from cosmopolis.records import Admitted, Ledger, admit
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
    """

    files: dict[str, dict[str, Path]] = field(default_factory=dict)
    missing: dict[str, str] = field(default_factory=dict)
    keys: dict[str, str] = field(default_factory=dict)
    ledger: Ledger = field(default_factory=Ledger)
    _folders: dict[str, Path] = field(default_factory=dict)
    _parts: dict[str, list[str]] = field(default_factory=dict)

    def has(self, *sources: str) -> bool:
        """Say whether all these sources are there."""
        return all(source in self._folders for source in sources)

    def part(self, source: str, part: str) -> pl.DataFrame:
        """Return the admitted rows of a part; empty columns are not invented: the source must be there."""
        return pl.read_parquet(self._folders[source] / f"{part}.parquet")

    def add(self, source: str, key: str, folder: Path) -> None:
        """Take a source's records in and count their rows."""
        self._folders[source], self.keys[source] = folder, key
        listing = json.loads((folder / "parts.json").read_text(encoding="utf-8"))
        self._parts[source] = [entry["part"] for entry in listing]
        for entry in listing:
            self.ledger.open(
                Admitted(
                    source=source,
                    part=entry["part"],
                    frame=pl.DataFrame(),
                    quarantine=pl.read_parquet(folder / f"{entry['part']}.quarantine.parquet"),
                    rows_in=entry["rows_in"],
                )
            )

    def use_all(self, source: str, *parts: str) -> None:
        """Say that every admitted row of some parts (of all, if none are named) stands behind a table."""
        for part in parts or self._parts[source]:
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

    A source that cannot be had, or whose file is not in its format, is set down as missing with the
    reason; the build goes on without it.
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
            if source.kind not in _NO_ROWS:
                key = steps.key("records", {f.name: f.sha256 for f in source.files})
                make = partial(_read_into, source=source, files=files)
                shelf.add(source.id, key, steps.step(f"records-{source.id}", key, make))
            shelf.files[source.id] = dict(files)
        except FormatError as error:
            shelf.missing[source.id] = str(error)
    return shelf


def _read_into(folder: Path, *, source: Source, files: Mapping[str, Path]) -> None:
    """Read and admit one source into a folder."""
    listing = []
    for raw in readers.read(source.id, files):
        admitted = admit(raw)
        admitted.frame.write_parquet(folder / f"{raw.part}.parquet", compression="lz4")
        admitted.quarantine.write_parquet(folder / f"{raw.part}.quarantine.parquet", compression="lz4")
        listing.append({"part": raw.part, "rows_in": admitted.rows_in})
    (folder / "parts.json").write_text(json.dumps(listing), encoding="utf-8")
