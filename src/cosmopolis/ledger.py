"""The ledger: it counts every row of every source, from the file to the tables, and proves that none is lost.

For each source, rows in = rows used + rows quarantined. What a row must be like is not known here (see
`cosmopolis.records`), nor why a step had no use for it: the steps say so.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import polars as pl

from cosmopolis.errors import LedgerError
from cosmopolis.records import Admitted
from cosmopolis.sources.raw import QUARANTINE_SCHEMA

_TWIN = r"^the same as row (\d+)$"  # the reason of `cosmopolis.records.admit`


@dataclass(frozen=True, kw_only=True)
class FileRows:
    """The rows of a part in one file of a folder source, whose quarantine stays on the disk.

    Attributes
    ----------
    file
        Name of the file below the source's folder.
    before
        What is added to a row's number in the file to have its number in the part.
    rows_in, rows_quarantined
        Rows in the file, and those of them that stand in `quarantine`.
    quarantine
        A Parquet file by `QUARANTINE_SCHEMA`, one line for each row, with row numbers of the file.
    starts
        `(file, before)` of each file, where several were read together and rows are numbered through all.
    """

    file: str
    before: int
    rows_in: int
    rows_quarantined: int
    quarantine: Path
    starts: tuple[tuple[str, int], ...] = ()

    def lines(self, part: str) -> pl.LazyFrame:
        """Return the quarantined lines as they are told to a reader, the part followed by the file."""
        lines = pl.scan_parquet(self.quarantine)
        if self.starts:
            return _by_file(lines.collect(), part, self.starts).lazy()
        return lines.with_columns(pl.lit(_named(part, self.file)).alias("part"))

    def places(self) -> tuple[tuple[str, int], ...]:
        """Return the files with what is before the rows of each in the part."""
        starts = self.starts or ((self.file, 0),)
        return tuple((file, self.before + before) for file, before in starts)


@dataclass(kw_only=True)
class Ledger:
    """Counts every row of every source from the file to the tables.

    `open` counts the rows of a part, `use` those that reached a table, `quarantine` those that did not.
    A row is named by source, part and row number, so that it is counted once however often it is met.

    The parts of a folder source are opened by `open_files`: their rows have numbers that go on from file to
    file, and what the reading quarantined stays in files, to be looked at when it is written. A part of
    hundreds of millions of rows is settled by `count` in place of `use` and `quarantine`: as many rows used,
    as many set aside for each reason. The proof is the same, rows in = used + quarantined, part by part.
    """

    _rows_in: dict[tuple[str, str], int] = field(default_factory=dict)
    _used: dict[tuple[str, str], list[pl.Series]] = field(default_factory=dict)
    _quarantine: dict[str, list[pl.DataFrame]] = field(default_factory=dict)
    _files: dict[tuple[str, str], tuple[FileRows, ...]] = field(default_factory=dict)
    _counts: dict[tuple[str, str], tuple[int, dict[str, int]]] = field(default_factory=dict)

    def open(self, admitted: Admitted) -> pl.DataFrame:
        """Count a part's rows in, put its quarantined rows away and return the rest."""
        key = (admitted.source, admitted.part)
        if key in self._rows_in:
            raise LedgerError(f"part {admitted.part!r} of {admitted.source!r} was counted in twice")
        self._rows_in[key] = admitted.rows_in
        self.quarantine(admitted.quarantine)
        return admitted.frame

    def open_files(self, source: str, part: str, files: Sequence[FileRows]) -> None:
        """Count in the rows of a part that lies in several files."""
        if (source, part) in self._rows_in:
            raise LedgerError(f"part {part!r} of {source!r} was counted in twice")
        self._rows_in[source, part] = sum(file.rows_in for file in files)
        self._files[source, part] = tuple(files)

    def count(self, source: str, part: str, *, used: int, aside: Mapping[str, int]) -> None:
        """Settle a part by numbers: so many rows used, so many set aside for each reason.

        What was quarantined when the part was read is counted already and does not belong in here.
        """
        if (source, part) in self._counts:
            raise LedgerError(f"part {part!r} of {source!r} was settled twice")
        self._counts[source, part] = used, {reason: rows for reason, rows in sorted(aside.items()) if rows}

    def use(self, source: str, part: str, rows: pl.Series) -> None:
        """Say that these rows of a part stand behind a table."""
        self._used.setdefault((source, part), []).append(rows.cast(pl.Int64).unique())

    def quarantine(self, lines: pl.DataFrame) -> None:
        """Put rows away that are not used, with the reason in each."""
        if not lines.is_empty():
            for (source,), group in lines.group_by(["source"], maintain_order=True):
                self._quarantine.setdefault(str(source), []).append(group)

    def lines(self, source: str) -> pl.LazyFrame:
        """Return a source's quarantine, in the order of part, row and column; empty where nothing is.

        Of a folder source `part` is followed by the file, `works:updated_date=…/part_000.gz`, and `row` is
        the number in that file. Rows that are settled by numbers are one line for each reason, without a
        row, and `value` says how many.
        """
        by_part: dict[str, list[pl.LazyFrame]] = {}
        for (of, part), files in self._files.items():
            if of == source:
                for file in files:
                    if file.rows_quarantined:
                        for name, told in _apart(file, part):
                            by_part.setdefault(name, []).append(told)
        for (part,), group in self._later(source).group_by(["part"], maintain_order=True):
            by_part.setdefault(str(part), []).append(group.lazy())
        for (of, part), (_, aside) in self._counts.items():
            if of == source and aside:
                by_part.setdefault(part, []).append(_set_aside(source, part, aside).lazy())
        empty = QUARANTINE_SCHEMA.to_frame().lazy()
        ordered = [
            frames[0]
            if len(frames) == 1
            else pl.concat(frames).sort("row", "column", nulls_last=True, maintain_order=True)
            for _, frames in sorted(by_part.items())
        ]
        return pl.concat([empty, *(frame.match_to_schema(QUARANTINE_SCHEMA) for frame in ordered)])

    def _later(self, source: str) -> pl.DataFrame:
        """Return the lines that steps put away, one for each row, as they are told to a reader."""
        lines = (
            pl.concat([QUARANTINE_SCHEMA.to_frame(), *self._quarantine.get(source, [])])
            .unique(["part", "row"], keep="first", maintain_order=True)
            .sort("part", "row", "column")
        )
        told = []
        for (part,), group in lines.group_by(["part"], maintain_order=True):
            files = self._files.get((source, str(part)))
            places = [place for file in files or () for place in file.places()]
            told.append(_by_file(group, str(part), places) if places else group)
        return pl.concat([lines.clear(), *told])

    def sources(self) -> list[str]:
        """Name the sources that have rows."""
        return sorted({source for source, _ in self._rows_in} | set(self._quarantine))

    def tables(self) -> dict[str, pl.DataFrame]:
        """Return each source's quarantine: see `lines`, which does not read it into memory."""
        return {source: self.lines(source).collect() for source in self.sources()}

    def reasons(self, source: str) -> dict[str, int]:
        """Count a source's quarantined rows by reason, the reasons in their order."""
        lines = self.lines(source).filter(pl.col("row").is_not_null())
        counted = lines.group_by("reason").len().collect(engine="streaming")
        counts = dict(zip(counted["reason"].to_list(), counted["len"].to_list(), strict=True))
        for (of, _), (_, aside) in self._counts.items():
            if of == source:
                for reason, rows in aside.items():
                    counts[reason] = counts.get(reason, 0) + rows
        return dict(sorted(counts.items()))

    def _settled(self, source: str, part: str) -> tuple[int, int, pl.Series]:
        """Return how many rows of a part were used, how many quarantined, and those that were both."""
        files = self._files.get((source, part), ())
        read = sum(file.rows_quarantined for file in files)
        later = pl.concat([QUARANTINE_SCHEMA.to_frame(), *self._quarantine.get(source, [])])
        away = later.filter(pl.col("part") == part)["row"].unique()
        used = pl.concat([pl.Series(dtype=pl.Int64), *self._used.get((source, part), [])]).unique()
        if (source, part) in self._counts:
            if len(used) or len(away):
                raise LedgerError(
                    f"{source!r}, part {part!r}: settled by numbers and row by row; expected one of the two"
                )
            count, aside = self._counts[source, part]
            return count, read + sum(aside.values()), used
        if not len(used) and not len(away):
            return 0, read, used
        away = pl.concat([away, *(_rows_away(file) for file in files)]).unique()
        return len(used), len(away), used.filter(used.is_in(away.implode()))

    def entries(self) -> dict[str, dict[str, int]]:
        """Return rows in, used and quarantined for each source.

        Raises
        ------
        LedgerError
            If for a source rows in are not rows used plus rows quarantined; the message names the part
            and some of the rows.
        """
        entries: dict[str, dict[str, int]] = {}
        for (source, part), rows_in in sorted(self._rows_in.items()):
            used, away, both = self._settled(source, part)
            if len(both) or used + away != rows_in:
                raise LedgerError(
                    f"{source!r}, part {part!r}: {rows_in} rows in, but {used} used and {away} "
                    f"quarantined, {len(both)} of them both (such as rows {both.sort().head(3).to_list()}); "
                    "a reader or a step loses rows or counts them twice"
                )
            entry = entries.setdefault(source, {"rows_in": 0, "rows_used": 0, "rows_quarantined": 0})
            entry["rows_in"] += rows_in
            entry["rows_used"] += used
            entry["rows_quarantined"] += away
        return entries


def _rows_away(file: FileRows) -> pl.Series:
    """Return the numbers, in the part, of the rows that the reading of a file quarantined."""
    rows = pl.scan_parquet(file.quarantine).select("row").collect()["row"]
    return (rows.unique() + file.before).alias("row")


def _set_aside(source: str, part: str, aside: Mapping[str, int]) -> pl.DataFrame:
    """Make the lines of rows that are settled by numbers."""
    lines = [
        (source, part, None, "", f"{rows} row{'' if rows == 1 else 's'}", reason)
        for reason, rows in aside.items()
    ]
    return pl.DataFrame(lines, schema=QUARANTINE_SCHEMA, orient="row")


def _named(part: str, file: str) -> str:
    """Write a part and the file; the part alone where the rows are of no one file."""
    return f"{part}:{file}" if file else part


def _apart(file: FileRows, part: str) -> list[tuple[str, pl.LazyFrame]]:
    """Give the lines of a file by the name of their part; of files that were read together, file by file."""
    lines = file.lines(part)
    if not file.starts:
        return [(_named(part, file.file), lines)]
    groups = lines.collect().group_by(["part"], maintain_order=True)
    return [(str(name), group.lazy()) for (name,), group in groups]


def _by_file(lines: pl.DataFrame, part: str, places: Sequence[tuple[str, int]]) -> pl.DataFrame:
    """Tell lines with row numbers of a part by the file and the number there.

    A row that is the same as another is told by that one's file and number too.
    """
    starts = pl.DataFrame(list(places), schema={"file": pl.String, "before": pl.Int64}, orient="row").sort(
        "before", maintain_order=True
    )
    names = pl.Series([_named(part, name) for name in starts["file"]], dtype=pl.String)
    at, row = _looked_up(starts["before"], lines["row"])
    twins = lines["reason"].str.extract(_TWIN).cast(pl.Int64)
    twin_at, twin_row = _looked_up(starts["before"], twins)
    of = pl.DataFrame({"file": starts["file"].gather(twin_at), "row": twin_row})
    same = of.select(
        pl.when(pl.col("file") != "")
        .then(pl.format("the same as row {} of {}", "row", "file"))
        .otherwise(pl.format("the same as row {}", "row"))
    ).to_series()
    reason = same.zip_with(twins.is_not_null(), lines["reason"]).alias("reason")
    return lines.with_columns(names.gather(at).alias("part"), row.alias("row"), reason)


def _looked_up(starts: pl.Series, rows: pl.Series) -> tuple[pl.Series, pl.Series]:
    """Return which file each row of a part is in, and its number there; null stays null."""
    at = pl.Series(starts.search_sorted(rows.fill_null(1), side="left"), dtype=pl.Int64) - 1
    at = at.to_frame("at").select(pl.when(rows.is_not_null()).then("at")).to_series()
    return at, rows - starts.gather(at)
