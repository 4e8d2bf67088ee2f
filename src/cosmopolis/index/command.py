"""Build an index from a file and write its tables: what `cosmopolis index` does."""

import importlib.util
import sys
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import orjson
import polars as pl

from cosmopolis.errors import ResultError, SpecError
from cosmopolis.index import data, excel, spec
from cosmopolis.index.engine import Built, build
from cosmopolis.index.spec import Spec

WORKBOOK = ".xlsx"


def run(spec_path: Path, out: Path | None = None) -> int:
    """Build the index of a specification, write its tables and print where they are.

    Parameters
    ----------
    spec_path
        A TOML file that names its data, or a workbook with sheets `data` and `metadata`.
    out
        Folder to write to; `out/<index>` if not given. Written are `scores`, `indicators`, `results` and
        `weights` as Parquet and CSV, `log.json`, and `index.xlsx` (one for each year of a panel) where
        xlsxwriter is installed.

    Returns
    -------
    status
        0; errors are raised.

    Raises
    ------
    SpecError, UnknownNameError, FormatError
        If the specification or the data are not right.
    ResultError
        If the tables cannot be written.
    """
    chosen, frame = read(Path(spec_path))
    built = years(chosen, frame)
    folder = Path("out") / chosen.tree.id if out is None else Path(out)
    write(built, folder)
    for year, one in built.items():
        for stage in one.stages:
            when = "" if year is None else f"{year} "
            sys.stderr.write(f"{when}{stage.label}: {stage.message}\n")
    sys.stdout.write(f"{folder}\n")
    return 0


def read(path: Path) -> tuple[Spec, pl.DataFrame]:
    """Read a specification and its data from TOML or from a workbook.

    Raises
    ------
    SpecError
        If the file is not there or of neither kind.
    """
    if not path.is_file():
        raise SpecError(f"there is no specification {path}; give a TOML file or an .xlsx")
    if path.suffix.lower() == WORKBOOK:
        return excel.read(path)
    chosen = spec.load(path)
    return chosen, data.read(chosen, path.parent)


def years(chosen: Spec, frame: pl.DataFrame) -> dict[int | None, Built]:
    """Build every year of the data, ascending; the one year is null where there is no column of years.

    With `scale = "pooled"` in the specification's data every year is scaled by the least and greatest values
    of all years as they enter normalising; otherwise each year by its own.

    Raises
    ------
    SpecError
        As of `engine.build`; also if a row has no year.
    """
    column = chosen.place.year
    if column is None:
        return {None: build(chosen, frame)}
    if column not in frame.columns:
        return {None: build(chosen, data.from_frame(frame, chosen))}
    of = data.numbers(frame[column], tuple(range(1, frame.height + 1)), where=f"data of {chosen.tree.id!r}")
    if np.isnan(of).any() or (of != np.floor(of)).any():
        raise SpecError(f"data of {chosen.tree.id!r}: every row needs a whole year in the column {column!r}")
    each: dict[int | None, Built] = {
        int(year): build(chosen, data.from_frame(frame, chosen, year=int(year))) for year in np.unique(of)
    }
    return _pooled(each) if chosen.place.scale == "pooled" and len(each) > 1 else each


def write(built: Mapping[int | None, Built], folder: Path) -> None:
    """Write the tables of a build, with a column `year` where there are years.

    Raises
    ------
    ResultError
        If a file cannot be written.
    """
    tables = {
        "scores": _stacked({year: one.scores for year, one in built.items()}),
        "indicators": _stacked({year: one.indicators for year, one in built.items()}),
        "results": _stacked({year: one.results for year, one in built.items()}),
        "weights": _stacked({year: one.weights for year, one in built.items()}),
    }
    log = [
        {**({} if year is None else {"year": year}), **row, "report": stage.report.to_dicts()}
        for year, one in built.items()
        for row, stage in zip(one.log.to_dicts(), one.stages, strict=True)
    ]
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for name, table in tables.items():
            table.write_parquet(folder / f"{name}.parquet")
            table.write_csv(folder / f"{name}.csv")
        (folder / "log.json").write_bytes(
            orjson.dumps(log, option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE)
        )
    except OSError as error:
        raise ResultError(f"cannot write to {folder}: {error.strerror or error}") from None
    if importlib.util.find_spec("xlsxwriter") is not None:
        for year, one in built.items():
            excel.write(one, folder / ("index.xlsx" if year is None else f"index-{year}.xlsx"))


def _pooled(each: dict[int | None, Built]) -> dict[int | None, Built]:
    """Scale every year by the least and greatest values of all."""
    bounds: dict[str, tuple[float, float]] = {}
    for one in each.values():
        for code, (low, high) in one.bounds().items():
            least, most = bounds.get(code, (low, high))
            bounds[code] = (min(low, least), max(high, most))
    out: dict[int | None, Built] = {}
    for year, one in each.items():
        own = {code: ends for code, ends in bounds.items() if code in one.stages[-1].codes}
        stage = next((s for s in one.stages if s.step.name == "normalise"), None)
        if stage is None or stage.step.method != "min-max":
            raise SpecError("data.scale = 'pooled' needs the step 'normalise' with the method 'min-max'")
        settings = {"range": stage.step.settings["range"]} if "range" in stage.step.settings else {}
        out[year] = one.rebuild(step=stage.label, method="goalposts", bounds=own, clip=False, **settings)
    return out


def _stacked(frames: Mapping[int | None, pl.DataFrame]) -> pl.DataFrame:
    """Put the years' tables under each other, with their year first."""
    if None in frames:
        return frames[None]
    parts = [
        frame.select(pl.lit(year, dtype=pl.Int64).alias("year"), pl.all()) for year, frame in frames.items()
    ]
    return pl.concat(parts, how="diagonal")
