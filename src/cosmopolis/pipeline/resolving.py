"""The command `resolve`: a table of texts in, the same rows with places and cities out."""

import sys
from pathlib import Path

import polars as pl

from cosmopolis.errors import FormatError, ResultError, SpecError, UnknownNameError, hint_near
from cosmopolis.pipeline.cache import StepCache
from cosmopolis.pipeline.cities import make_atlas
from cosmopolis.pipeline.records import read_sources
from cosmopolis.places.resolve import ANSWER_SCHEMA
from cosmopolis.settings import CitySettings
from cosmopolis.sources.catalog import load as load_catalog
from cosmopolis.sources.fetch import default_cache

_SUFFIXES = (".csv", ".parquet")
_SOURCES = ("geonames", "country-names", "airports")


def read_table(path: Path) -> pl.DataFrame:
    """Read a CSV file (all columns as text) or a Parquet file.

    Raises
    ------
    FormatError
        If the file is not there, or is neither.
    """
    if not path.is_file():
        raise FormatError(f"there is no file {path}")
    try:
        if path.suffix.lower() == ".parquet":
            return pl.read_parquet(path)
        return pl.read_csv(path, infer_schema=False, encoding="utf8")
    except (pl.exceptions.PolarsError, OSError, UnicodeDecodeError) as error:
        first = str(error).splitlines()[0]
        raise FormatError(f"{path} cannot be read as a CSV (UTF-8) or Parquet table: {first}") from error


def check_suffix(path: Path | None) -> None:
    """Raise `FormatError` if the name of a file to write does not say how."""
    if path is not None and path.suffix.lower() not in _SUFFIXES:
        raise FormatError(
            f"cannot write {path}: the name says how; expected one that ends in .csv or .parquet"
        )


def write_table(frame: pl.DataFrame, path: Path | None) -> None:
    """Write a table as its name says, Parquet or CSV; to standard output where no path is given."""
    check_suffix(path)
    if path is None:
        sys.stdout.flush()
        sys.stdout.buffer.write(frame.write_csv().encode())  # UTF-8, whatever the terminal is set to
        sys.stdout.buffer.flush()
        return
    draft = path.with_name(f".{path.name}.part")
    try:
        if path.suffix.lower() == ".parquet":
            frame.write_parquet(draft)
        else:
            frame.write_csv(draft)
        draft.replace(path)
    except OSError as error:
        raise ResultError(f"cannot write {path}: {error.strerror or error}") from error
    finally:
        draft.unlink(missing_ok=True)


def resolve_file(
    file: Path,
    *,
    name: str,
    country: str | None,
    latitude: str | None,
    longitude: str | None,
    out: Path | None,
    mirror: Path | None,
    cache: Path | None,
    offline: bool,
    catalog_path: Path | None = None,
) -> int:
    """Resolve a column of a file and write its rows, in order, with the answers added.

    Raises
    ------
    UnknownNameError
        If a column is not in the file.
    FormatError
        If the file has a column that would be added, holds lists where a text is expected, or cannot be
        read.
    SpecError
        If one of latitude and longitude is given and the other is not.
    """
    if (latitude is None) != (longitude is None):
        raise SpecError("--latitude and --longitude go together: got one, expected both or neither")
    frame = read_table(file)
    for column in (name, country, latitude, longitude):
        if column is None:
            continue
        if column not in frame.columns:
            raise UnknownNameError(f"{file} has no column {column!r}" + hint_near(column, frame.columns))
        if frame.schema[column].is_nested():
            raise FormatError(
                f"{file}: column {column!r} is {frame.schema[column]}, expected a text or number"
            )
    taken = [column for column in ANSWER_SCHEMA if column in frame.columns]
    if taken:
        raise FormatError(f"{file} has a column {taken[0]!r} already, which is to be added; rename it")
    home = cache or default_cache()
    catalog = load_catalog(catalog_path)
    steps = StepCache(folder=home / "steps")
    wanted = [catalog.source(source) for source in _SOURCES]
    shelf = read_sources(wanted, steps, mirror=mirror, cache=home, offline=offline, progress=True)
    atlas = make_atlas(shelf, steps, CitySettings())
    answers = atlas.resolver.resolve(
        frame, text=name, country=country, latitude=latitude, longitude=longitude
    )
    write_table(frame.hstack(answers.select(*ANSWER_SCHEMA)), out)
    found = answers.filter(pl.col("way") != "unresolved").height
    sys.stderr.write(f"cosmopolis: {found} of {frame.height} rows resolved\n")
    return 0
