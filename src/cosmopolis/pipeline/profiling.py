"""`cosmopolis profile`: read a result folder and write the pages on a city; which cities a build writes of.

Reads and writes files; what stands on a page is `cosmopolis.publish.profile`.
"""

import re
import sys
from collections.abc import Callable, Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any, TextIO

import polars as pl

from cosmopolis.edition import Edition
from cosmopolis.errors import ResultError, SpecError, UnknownNameError
from cosmopolis.pipeline import comparing
from cosmopolis.pipeline import folder as result_folder
from cosmopolis.pipeline.cities import Atlas
from cosmopolis.publish import assets
from cosmopolis.publish.profile.change import Since
from cosmopolis.publish.profile.finding import find
from cosmopolis.publish.result import CountryNote, Result

FOLDER = "profiles"
"""Folder of a result with the pages that the build writes."""


class Tables(Mapping[str, pl.DataFrame]):
    """The tables of a result folder, each read when it is asked for."""

    def __init__(self, folder: Path) -> None:
        self._files = {path.stem: path for path in sorted(folder.glob("*.parquet"))}
        self._read = cache(self._table)

    def __getitem__(self, name: str) -> pl.DataFrame:
        """Return a table; raises `KeyError` as every mapping does."""
        return self._read(name)

    def __iter__(self) -> Iterator[str]:
        """Go through the names."""
        return iter(self._files)

    def __len__(self) -> int:
        """Count the tables."""
        return len(self._files)

    def __contains__(self, name: object) -> bool:
        """Say whether there is such a table, without reading it."""
        return name in self._files

    def _table(self, name: str) -> pl.DataFrame:
        path = self._files[name]
        try:
            return pl.read_parquet(path)
        except (OSError, pl.exceptions.PolarsError) as error:
            raise ResultError(f"{path} cannot be read: {error}; build the edition again") from error


def read_result(folder: Path) -> Result:
    """Read a result as the pages need it, from what the build wrote into its folder.

    Raises
    ------
    ResultError
        If the folder has no assets of this version, or a table cannot be read.
    """
    return assets.read(folder / assets.FOLDER, Tables(folder / "tables"))


def run(
    folder: Path,
    city: str,
    *,
    out: Path | None = None,
    before: Path | None = None,
    stream: TextIO | None = None,
) -> int:
    """Write the pages on a city, one a language, and print their paths.

    Where a name is of several cities and one of them is ranked, a line on standard error says which it is.

    Parameters
    ----------
    folder
        Of a result.
    city
        Its name in either language, its GeoNames id, or "name, country".
    out
        Folder to write to; where none is named, a folder beside the result with `-profiles` added to its
        name, for a file more in the result would make its manifest untrue.
    before
        Folder of an earlier result of the same index, whose change up to this one is told.
    stream
        Where the paths go; standard output where none is named.

    Returns
    -------
    status
        0.

    Raises
    ------
    ResultError
        If a folder holds no result, a file of it is not what its manifest says, or nothing can be written.
    UnknownNameError
        If no city or more than one is meant.

    Examples
    --------
    >>> run(Path("out/open"), "Munich, Germany")  # doctest: +SKIP
    out/open-profiles/2867714.en.html
    out/open-profiles/2867714.zh.html
    0
    """
    from cosmopolis.publish.profile import page  # noqa: PLC0415 - charts are imported when drawn

    place = out or folder.absolute().parent / f"{_plain(folder)}-profiles"
    result_folder.check_outside(place, folder, *([before] if before else []))
    _check(folder)
    result = read_result(folder)
    id_ = city_of(city, result, say=_warn)
    since = _since(before, folder) if before else None
    try:
        files = page.write(result, [id_], place, since=since)
    except OSError as error:
        raise ResultError(
            f"cannot write to {place}: {error.strerror or error}; choose another --out"
        ) from error
    for path in files:
        print(path, file=stream or sys.stdout)
    return 0


def _warn(line: str) -> None:
    sys.stderr.write(f"{line}\n")


def _since(before: Path, folder: Path) -> Since:
    """Compare a result with an earlier one, which is named by its manifest and not by its folder."""
    comparison, _ = comparing.compared(before, folder)
    manifest = result_folder.read_manifest(before)
    return Since(comparison=comparison, title=manifest.get("title", {}), hash=str(manifest.get("hash", "")))


def city_of(text: str, result: Result, *, say: Callable[[str], None] | None = None) -> int:
    """Return the city of a result that a text means; `say` is told which of several of one name was taken."""
    ranked = _ranked(result.table("scores"), result.index.id)
    return find(text, result.table("cities"), result.countries, ranked=ranked, say=say)


def named(edition: Edition, atlas: Atlas) -> tuple[int, ...]:
    """Return the cities that an edition's `[report] profiles` names.

    Raises
    ------
    SpecError
        If one is not known, or more than one is meant.
    """
    cities = atlas.cities().filter(pl.col("population") > 0)
    try:
        return tuple(find(text, cities, country_notes(atlas)) for text in edition.report.profiles)
    except UnknownNameError as error:
        raise SpecError(f"edition {edition.id!r}, [report], profiles: {error}") from error


def chosen(edition: Edition, atlas: Atlas, scores: pl.DataFrame) -> tuple[int, ...]:
    """Return the cities that a build writes pages on: the first of the ranking, then those named."""
    first = (
        scores.filter((pl.col("index") == edition.index.id) & (pl.col("node") == edition.index.id))
        .drop_nulls("rank")
        .sort("rank", "city_id")["city_id"]
        .head(edition.report.profile_top)
        .to_list()
    )
    return tuple(dict.fromkeys([*first, *named(edition, atlas)]))


def country_notes(atlas: Atlas) -> dict[str, CountryNote]:
    """Return the names of countries by code."""
    return {
        row["country"]: CountryNote(
            name={"en": row["name"], "zh": row["name_zh"] or row["name"]}, region=row["subregion"] or ""
        )
        for row in atlas.countries.table.iter_rows(named=True)
    }


def _ranked(scores: pl.DataFrame, index: str) -> frozenset[int]:
    rows = scores.filter((pl.col("index") == index) & (pl.col("node") == index)).drop_nulls("rank")
    return frozenset(rows["city_id"].to_list())


def _check(folder: Path) -> None:
    """Make sure that tables and assets are those that were published."""
    manifest: dict[str, Any] = result_folder.read_manifest(folder)
    for line in result_folder.differences(folder, manifest):
        if line.startswith(("tables/", f"{assets.FOLDER}/")) and ".csv:" not in line:
            raise ResultError(f"{folder}: {line}; build the edition again")


def _plain(folder: Path) -> str:
    """Return a folder's name with what is safe in a file's name."""
    return re.sub(r"[^\w.-]+", "_", folder.absolute().name) or "result"
