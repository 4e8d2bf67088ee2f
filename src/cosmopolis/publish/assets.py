"""What pages are made with and tables do not hold: notes, outlines of land, and a font cut to the names.

A result keeps them in its folder `assets`, so that a page on one city can be made later from the folder
alone, without sources, catalogue or network:

- `notes.json`: all of a `Result` but its tables, borders and font,
- `borders.json`: the land as GeoJSON, thinned to what a map shows,
- `font.otf`: the font with the glyphs of all words and of all names in the tables; not there where the
  edition has no font.

Reads and writes these files; what is shown of them is the pages' affair.
"""

import json
from collections.abc import Iterator, Mapping
from dataclasses import asdict, replace
from importlib import resources
from pathlib import Path
from typing import Any

import polars as pl

from cosmopolis.errors import ResultError, UnknownNameError
from cosmopolis.networks.links import Kind
from cosmopolis.publish import fonts, words
from cosmopolis.publish.geometry import outlines
from cosmopolis.publish.result import (
    CountryNote,
    EditionNote,
    GapNote,
    IndexNote,
    IndicatorNote,
    NetworkNote,
    NodeNote,
    Result,
    Shown,
    SourceNote,
)
from cosmopolis.sources.catalog import Source

FOLDER = "assets"
NOTES, BORDERS, FONT = "notes.json", "borders.json", "font.otf"

_GROUP_FILES = (
    ("cosmopolis.firms", "sectors.toml"),
    ("cosmopolis.firms", "baskets.toml"),
    ("cosmopolis.measures", "sectors.toml"),
)
"""Files that name groups of firms."""

_NAME_COLUMNS = ("name", "name_zh", "label", "sector", "industry", "customer")
"""Columns of any table whose texts a page may show."""


def write(result: Result, folder: Path) -> dict[str, Path]:
    """Write what pages are made with.

    Parameters
    ----------
    result
        What the pages will be about.
    folder
        Where to; made if it is not there.

    Returns
    -------
    files
        Name of each file written and its path. The same result gives the same bytes.

    Raises
    ------
    FormatError
        If the borders are not GeoJSON, or the font file is not a font.
    """
    folder.mkdir(parents=True, exist_ok=True)
    land, lines = outlines(result.borders)
    files = {name: folder / name for name in (NOTES, BORDERS)}
    _write_json(_notes(result), files[NOTES])
    _write_json({"type": "FeatureCollection", "features": [*land, *lines]}, files[BORDERS])
    if result.font is not None:
        files[FONT] = folder / FONT
        files[FONT].write_bytes(fonts.cut_file(result.font, _texts(result)))
    return files


def read(folder: Path, tables: Mapping[str, pl.DataFrame]) -> Result:
    """Read what `write` wrote and put it together with the tables.

    Raises
    ------
    ResultError
        If the folder is not there, or its notes are not those of this version.
    """
    path = folder / NOTES
    if not path.is_file():
        raise ResultError(
            f"{folder.parent} has no {FOLDER}/{NOTES}, which pages are made with: an earlier version built "
            "it; build the edition again"
        )
    try:
        notes = json.loads(path.read_text(encoding="utf-8"))
        borders = json.loads((folder / BORDERS).read_text(encoding="utf-8"))
        parts = _parts(notes)
    except (OSError, KeyError, TypeError, ValueError) as error:
        raise ResultError(
            f"{path} is not of this version ({type(error).__name__}: {error}); build the edition again"
        ) from error
    font = folder / FONT
    try:
        return Result(tables=tables, borders=borders, font=font if font.is_file() else None, **parts)
    except UnknownNameError as error:
        raise ResultError(
            f"{folder.parent} is not of this version: {error}; build the edition again"
        ) from error


def _write_json(value: object, path: Path) -> None:
    text = json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":"), default=str)
    path.write_text(text + "\n", encoding="utf-8", newline="\n")


def _notes(result: Result) -> dict[str, Any]:
    """Return all of a result that is neither a table nor a file, as plain values."""
    return {
        "edition": asdict(result.edition),
        "index": asdict(result.index),
        "networks": [asdict(note) for note in result.networks],
        "countries": {code: asdict(note) for code, note in result.countries.items()},
        "sources": [
            asdict(replace(note, source=replace(note.source, files=(), folder=None, obtain="")))
            for note in result.sources
        ],
        "gaps": [asdict(gap) for gap in result.gaps],
        "ledger": {source: dict(entry) for source, entry in result.ledger.items()},
        "quarantine": {source: dict(reasons) for source, reasons in result.quarantine.items()},
        "borders_note": dict(result.borders_note),
        "shown": asdict(result.shown),
        "profiles": list(result.profiles),
        "version": result.version,
        "hash": result.hash,
    }


def _parts(notes: Mapping[str, Any]) -> dict[str, Any]:
    """Return the parts of a result that notes hold."""
    index = notes["index"]
    return {
        "edition": EditionNote(**notes["edition"]),
        "index": IndexNote(
            id=index["id"],
            name=index["name"],
            nodes=tuple(NodeNote(**node) for node in index["nodes"]),
            indicators=tuple(
                IndicatorNote(**{**note, "sources": tuple(note["sources"])}) for note in index["indicators"]
            ),
        ),
        "networks": tuple(
            NetworkNote(**{**note, "kind": Kind(**note["kind"]), "sources": tuple(note["sources"])})
            for note in notes["networks"]
        ),
        "countries": {code: CountryNote(**note) for code, note in notes["countries"].items()},
        "sources": tuple(
            SourceNote(**{**note, "source": _source(note["source"])}) for note in notes["sources"]
        ),
        "gaps": tuple(GapNote(**gap) for gap in notes["gaps"]),
        "ledger": notes["ledger"],
        "quarantine": notes["quarantine"],
        "borders_note": notes["borders_note"],
        "shown": Shown(**notes["shown"]),
        "profiles": tuple(notes["profiles"]),
        "version": notes["version"],
        "hash": notes["hash"],
    }


def _source(plain: Mapping[str, Any]) -> Source:
    """Return a source, its lists as the tuples that they were."""
    coverage = dict(plain["coverage"])
    for key in ("countries", "kinds", "years"):
        if isinstance(coverage.get(key), list):
            coverage[key] = tuple(coverage[key])
    return Source(**{**plain, "years": tuple(plain["years"]), "files": (), "coverage": coverage})


def _texts(result: Result) -> Iterator[str]:
    """Give every text that a page on a city may show."""
    yield words.all_text()
    yield json.dumps(_notes(result), ensure_ascii=False, default=str)
    for package, file in _GROUP_FILES:
        yield resources.files(package).joinpath(file).read_text(encoding="utf-8")
    for table in result.tables.values():
        for column in _NAME_COLUMNS:
            if column in table.columns and table.schema[column] == pl.String:
                yield "".join(table[column].drop_nulls().unique().to_list())
