"""The data of an index: units × indicators, with the columns that steps need beside them, checked.

No number is changed here. A cell is a number or no data; anything else is one clear error.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from dataclasses import field as made
from pathlib import Path

import numpy as np
import polars as pl
from numpy.typing import NDArray

from cosmopolis.errors import SpecError, UnknownNameError, hint_near
from cosmopolis.index import files
from cosmopolis.index.spec import Spec

Floats = NDArray[np.float64]
Unit = str | int

NO_DATA = ("", "NA", "NaN", "nan")
"""Texts that mean no data in a column of numbers, and in it only: as a code `NA` is Namibia."""


@dataclass(frozen=True, kw_only=True)
class Data:
    """Values of indicators for units.

    Attributes
    ----------
    units
        Codes of the units, ascending.
    codes
        Of the indicators, in the order of the tree.
    values
        Units × indicators; not a number is no data.
    extras
        Denominators by column, a value a unit.
    groups
        Groups by column, a name a unit, null where there is none.
    names
        Of units, by code; may be empty.
    unused
        Columns of the frame that the specification does not ask for.
    """

    units: tuple[Unit, ...]
    codes: tuple[str, ...]
    values: Floats
    extras: Mapping[str, Floats] = made(default_factory=dict)
    groups: Mapping[str, tuple[str | None, ...]] = made(default_factory=dict)
    names: Mapping[Unit, str] = made(default_factory=dict)
    unused: tuple[str, ...] = ()


def read(spec: Spec, folder: Path) -> pl.DataFrame:
    """Read the file of data that a specification names.

    Raises
    ------
    SpecError
        If it names none, or the file is not there.
    """
    if spec.place.file is None:
        raise SpecError(
            f"index {spec.tree.id!r} names no file of data; add [data] with file = '...', or give a frame"
        )
    path = folder / spec.place.file
    if path.suffix.lower() == ".xlsx":
        from cosmopolis.index import excel  # noqa: PLC0415 - an extra; only where an Excel file is named

        return excel.sheet(path, spec.place.sheet or "data")
    return files.frame(path)


def from_frame(frame: pl.DataFrame, spec: Spec, *, year: int | None = None) -> Data:
    r"""Take what a specification asks for from a frame, and refuse what cannot be.

    Parameters
    ----------
    frame
        A row for each unit (and year): the columns of `spec.place`, one for each indicator, denominator and
        group. Cells of a CSV may be text; in columns of numbers `NO_DATA` is no data.
    year
        To take from the column `spec.place.year`; null where there is one year only.

    Raises
    ------
    UnknownNameError
        If a column is missing.
    SpecError
        Text in a column of numbers, a number that is not finite, a unit twice or without code; an indicator
        without any data, unless `spec.allow` says so.

    Examples
    --------
    >>> from cosmopolis.index.spec import from_toml
    >>> spec = from_toml("id = 'x'\n[[indicator]]\nid = 'air'\nparent = 'x'")
    >>> found = from_frame(pl.DataFrame({"unit": ["B", "A"], "air": ["2", "1.5"]}), spec)
    >>> found.units, found.values.ravel().tolist()
    (('A', 'B'), [1.5, 2.0])
    """
    where = f"data of {spec.tree.id!r}"
    wanted = [spec.place.unit, *(c for c in (spec.place.name, spec.place.year) if c is not None)]
    columns = [*wanted, *spec.codes, *spec.denominators, *spec.groups]
    for column in columns:
        if column not in frame.columns:
            raise UnknownNameError(f"{where}: no column {column!r}" + hint_near(column, frame.columns))
    if year is not None:
        frame = _of_year(frame, spec, year, where)
    frame = _by_unit(frame, spec, where)
    units = tuple(frame[spec.place.unit].to_list())
    values = np.column_stack([numbers(frame[code], units, where=where) for code in spec.codes])
    extras = {name: numbers(frame[name], units, where=where) for name in spec.denominators}
    found = Data(
        units=units,
        codes=spec.codes,
        values=values,
        extras=extras,
        groups={name: tuple(frame[name].cast(pl.String).to_list()) for name in spec.groups},
        names=dict(zip(units, frame[spec.place.name].cast(pl.String).to_list(), strict=True))
        if spec.place.name
        else {},
        unused=tuple(name for name in frame.columns if name not in columns),
    )
    check(found, allow=spec.allow, where=where)
    return found


def numbers(column: pl.Series, units: tuple[Unit, ...], *, where: str = "the data") -> Floats:
    """Return a column as numbers, not a number for no data.

    Raises
    ------
    SpecError
        If a cell is text, truth or not finite; the message names the unit.

    Examples
    --------
    >>> numbers(pl.Series("air", ["1", "NA", None]), ("A", "B", "C")).tolist()
    [1.0, nan, nan]
    """
    if column.dtype == pl.String:
        known = column.str.strip_chars()
        known = pl.select(pl.when(known.is_in(NO_DATA)).then(None).otherwise(known)).to_series()
        parsed = known.cast(pl.Float64, strict=False)
        bad = (parsed.is_null() & known.is_not_null()).arg_true()
        if len(bad):
            at = int(bad[0])
            raise SpecError(
                f"{where}: column {column.name!r} has the text {column[at]!r} for unit {units[at]!r}, but "
                "expected a number; leave the cell empty where there is no data"
            )
    elif column.dtype.is_numeric() or column.dtype == pl.Null:
        parsed = column.cast(pl.Float64)
    else:
        raise SpecError(f"{where}: column {column.name!r} holds {column.dtype}, but expected numbers")
    out = parsed.fill_null(np.nan).to_numpy().astype(np.float64)
    infinite = np.flatnonzero(np.isinf(out))
    if len(infinite):
        raise SpecError(
            f"{where}: column {column.name!r} has {out[infinite[0]]} for unit {units[infinite[0]]!r}, but "
            "expected a finite number; leave the cell empty where there is no data"
        )
    return out


def check(data: Data, *, allow: tuple[str, ...] = (), where: str = "the data") -> None:
    """Raise a SpecError if there are no units or an indicator has no data.

    Whether an indicator tells units apart is asked by the step `normalise`, which alone needs it.

    Parameters
    ----------
    allow
        Of `spec.ALLOWANCES`: what is not an error.
    """
    if not data.units:
        raise SpecError(f"{where}: there are no units")
    empty = np.flatnonzero(np.isnan(data.values).all(axis=0))
    if len(empty) and "all-missing" not in allow:
        raise SpecError(
            f"{where}: indicator {data.codes[empty[0]]!r} has no data for any unit; leave it out, or say "
            "allow = ['all-missing'] to keep its weight in sight"
        )


def _of_year(frame: pl.DataFrame, spec: Spec, year: int, where: str) -> pl.DataFrame:
    column = spec.place.year
    if column is None:
        raise SpecError(
            f"{where}: got year {year}, but the specification names no column of years (data.year)"
        )
    of = numbers(frame[column], tuple(range(len(frame))), where=where)
    years = sorted({int(one) for one in of if not np.isnan(one)})
    if year not in years:
        raise UnknownNameError(f"{where}: no rows of the year {year}; there are {', '.join(map(str, years))}")
    return frame.filter(pl.Series(of == year))


def _by_unit(frame: pl.DataFrame, spec: Spec, where: str) -> pl.DataFrame:
    """Sort rows by unit; each must stand once."""
    name = spec.place.unit
    column = frame[name]
    if column.dtype.is_integer():
        column = column.cast(pl.Int64)
    elif column.dtype != pl.String:
        raise SpecError(f"{where}: units in {name!r} are {column.dtype}, but expected text or whole numbers")
    if column.null_count():
        raise SpecError(f"{where}: row {int(column.is_null().arg_true()[0]) + 1} has no unit in {name!r}")
    frame = frame.with_columns(column).sort(name)
    twice = frame[name].filter(frame[name].is_duplicated())
    if len(twice):
        tail = "" if spec.place.year is None else "; choose one year"
        raise SpecError(f"{where}: unit {twice[0]!r} stands more than once in {name!r}{tail}")
    return frame
