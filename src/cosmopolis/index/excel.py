"""Specifications and results as Excel workbooks, for institutes that keep their indicators there.

A workbook to be read has a sheet `data` (a row a unit) and a sheet `metadata` (a row an entry, see
`metadata`); a sheet `steps` (`step, method, settings`) and a sheet `settings` (`key, value`) may be there.
The extra `excel`: fastexcel reads and xlsxwriter writes; the rest of the index does without.
"""

import importlib
import tomllib
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import polars as pl

from cosmopolis.errors import FormatError, ResultError, SpecError, UnknownNameError, hint_near
from cosmopolis.index import metadata, spec
from cosmopolis.index.engine import Built
from cosmopolis.index.spec import Place, Spec

UNIT_COLUMNS = ("unit", "uCode")
NAME_COLUMNS = ("name", "uName")
YEAR_COLUMNS = ("year", "Time")
"""Columns of the data that are taken for code, name and year of a unit if `settings` says nothing."""

_SETTINGS = ("floor", "range", "aggregation", "allow", "unit", "name", "year", "scale")
_CREATED = datetime(1980, 1, 1, tzinfo=UTC)  # the same in every file, so that equal results are equal files
_NEEDS = "install cosmopolis[excel], or keep data and specification as CSV and TOML"


def read(path: Path) -> tuple[Spec, pl.DataFrame]:
    """Read a specification and its data from a workbook.

    Returns
    -------
    spec, data
        For `engine.build`.

    Raises
    ------
    SpecError, UnknownNameError
        If the file or a sheet is not there, or says what cannot be.
    FormatError
        If it is no workbook.
    """
    sheets = _sheets(path)
    for name in ("data", "metadata"):
        if name not in sheets:
            raise SpecError(f"{path.name}: there is no sheet {name!r}" + hint_near(name, sheets))
    table = sheet(path, "data")
    settings = _settings(path) if "settings" in sheets else {}
    place = Place(
        file=path.name,
        sheet="data",
        unit=_column(settings, "unit", UNIT_COLUMNS, table) or UNIT_COLUMNS[0],
        name=_column(settings, "name", NAME_COLUMNS, table),
        year=_column(settings, "year", YEAR_COLUMNS, table),
        scale=str(settings.get("scale", spec.SCALES[0])),
    )
    if place.scale not in spec.SCALES:
        raise SpecError(
            f"{path.name}: there is no scale {place.scale!r}" + hint_near(place.scale, spec.SCALES)
        )
    tree = metadata.tree_of(sheet(path, "metadata").to_dicts(), where=f"{path.name}, metadata")
    beside = {
        key: value for key, value in settings.items() if key in {"floor", "range", "aggregation", "allow"}
    }
    steps = _steps(path) if "steps" in sheets else []
    return spec.complete(tree, {**beside, "step": steps}, place=place, where=f"index {tree.id!r}"), table


def sheet(path: Path, name: str) -> pl.DataFrame:
    """Read one sheet, its first row as names of columns; columns without name and content are left out.

    Raises
    ------
    SpecError
        If the file or the sheet is not there.
    FormatError
        If it is no workbook.
    """
    sheets = _sheets(path)
    if name not in sheets:
        raise SpecError(f"{path.name}: there is no sheet {name!r}" + hint_near(name, sheets))
    table = pl.read_excel(path, sheet_name=name, engine="calamine", raise_if_empty=False)
    unnamed = [
        c for c in table.columns if c.startswith("__UNNAMED__") and table[c].null_count() == table.height
    ]
    return table.drop(unnamed)


def write(built: Built, path: Path) -> None:
    """Write the tables of a build as a workbook: results, ranks, values by step, weights, log and reports.

    The same build gives the same file, byte for byte.

    Raises
    ------
    ResultError
        If the file cannot be written.
    """
    frames: dict[str, pl.DataFrame] = {
        "results": built.results,
        "ranks": built.ranks,
        "weights": built.weights,
        "log": built.log,
        "raw": built.table("raw"),
        **{stage.label: built.table(stage.label) for stage in built.stages if stage.label != "aggregate"},
        **{f"{stage.label} report": stage.report for stage in built.stages if stage.report.width},
    }
    write_frames(frames, path)


def write_frames(frames: Mapping[str, pl.DataFrame], path: Path) -> None:
    """Write frames as the sheets of a workbook, in their order.

    Raises
    ------
    ResultError
        If the file cannot be written.
    """
    try:
        writer = importlib.import_module("xlsxwriter")
    except ModuleNotFoundError:
        raise ResultError(f"writing Excel needs xlsxwriter; {_NEEDS}") from None
    try:
        with writer.Workbook(path) as book:
            book.set_properties({"created": _CREATED})
            for name, frame in frames.items():
                plain = frame.with_columns(
                    pl.col(c).map_elements(str, return_dtype=pl.String)
                    for c, kind in frame.schema.items()
                    if kind.is_nested()
                )
                plain.write_excel(book, worksheet=name[:31], autofit=plain.height < 10_000)  # noqa: PLR2004 - speed
    except (OSError, writer.exceptions.XlsxWriterException) as error:
        raise ResultError(f"cannot write {path}: {error}") from None


def _sheets(path: Path) -> list[str]:
    try:
        reader = importlib.import_module("fastexcel")
    except ModuleNotFoundError:
        raise SpecError(f"reading {path.name} needs fastexcel; {_NEEDS}") from None
    if not path.is_file():
        raise SpecError(f"there is no workbook {path}")
    try:
        return list(reader.read_excel(path).sheet_names)
    except reader.FastExcelError as error:
        raise FormatError(f"cannot read {path.name} as Excel: {str(error).splitlines()[0]}") from None


def _column(settings: Mapping[str, Any], key: str, usual: tuple[str, ...], table: pl.DataFrame) -> str | None:
    """Return the column that settings name, or the usual one that is there."""
    if key in settings:
        return str(settings[key])
    return next((name for name in usual if name in table.columns), None)


def _settings(path: Path) -> dict[str, Any]:
    """Read the sheet `settings`: a key and a value of TOML, or plain text, in each row."""
    found: dict[str, Any] = {}
    where = f"{path.name}, settings"
    for row in _rows(path, "settings", ("key", "value")):
        key = str(row["key"])
        if key not in _SETTINGS:
            raise UnknownNameError(f"{where}: there is no setting {key!r}" + hint_near(key, _SETTINGS))
        found[key] = _value(row["value"])
    return found


def _steps(path: Path) -> list[dict[str, Any]]:
    """Read the sheet `steps`: a step a row, its settings written as in TOML."""
    found = []
    for row in _rows(path, "steps", ("step", "method", "settings")):
        try:
            settings = tomllib.loads(f"it = {{ {row['settings'] or ''} }}")["it"]
        except tomllib.TOMLDecodeError as error:
            raise SpecError(
                f"{path.name}, steps: got the settings {row['settings']!r}, but expected such as "
                f"group = 'region', units = 0.9: {error}"
            ) from None
        for key in ("name", "method"):
            if key in settings:
                raise SpecError(
                    f"{path.name}, steps: {key!r} has its own column; take it out of the settings"
                )
        method = {} if row["method"] is None else {"method": str(row["method"])}
        found.append({"name": str(row["step"]), **method, **settings})
    return found


def _rows(path: Path, name: str, columns: tuple[str, ...]) -> list[dict[str, Any]]:
    """Return the rows of a sheet with these columns; those whose first cell is empty are left out."""
    table = sheet(path, name)
    for column in table.columns:
        if column not in columns:
            raise SpecError(f"{path.name}, {name}: unknown column {column!r}" + hint_near(column, columns))
    missing = [pl.lit(None).alias(column) for column in columns if column not in table.columns]
    return table.with_columns(missing).filter(pl.col(columns[0]).is_not_null()).to_dicts()


def _value(cell: Any) -> Any:  # noqa: ANN401 - a cell may hold anything
    if not isinstance(cell, str):
        return cell
    try:
        return tomllib.loads(f"it = {cell}")["it"]
    except tomllib.TOMLDecodeError:
        return cell
