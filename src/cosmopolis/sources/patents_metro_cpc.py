"""Patent classes of 2,169 metropolitan areas, by year: sparse matrices of areas and four-digit CPC classes.

Straccamore, Bruno, Monechi and Loreto, *Urban economic fitness and complexity from patent data*, Scientific
Reports 13 (2023) 3655. A file is a year in the MatrixMarket form; rows and columns are numbered from 1 by the
lines of the two lists. What a reader of the numbers has to know:

- They count how often a class stands on patents of an area (activations), not patents: a patent with three
  classes counts three times.
- 2012 is the last full year. 2013 has less than two thirds of it and 2014 less than half: the rest had not
  been published when they were taken.
- Five names stand for several areas: Guangzhou four times (Shenzhen, Foshan and Dongguan are named nowhere,
  and the one of the four with the most counts has most of them in wireless networks), Rochester, Springfield,
  Taizhou and Zhijiang twice. Which is which is not told: rows of areas of a doubled name become rejects.
- An area across a border stands once for each country, under the same name: `Tijuana_US` is San Diego.
- Patents were located by the name of the place, and homonyms went astray: in 2010 `London_CA` has five times
  the counts of `London_GB` and twice those of `Toronto_CA`.

`Osaka [Kyoto]_JP` becomes the area `Osaka [Kyoto]` in the country `JP`. The list's incomes (GDP per head) are
not read.
"""

import re
from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Final

import polars as pl

from cosmopolis.errors import FormatError
from cosmopolis.sources.delimited import raw_block
from cosmopolis.sources.lines import LineFile
from cosmopolis.sources.raw import Raw
from cosmopolis.sources.text import Reject, csv_rows, path_of, read_bytes, read_text, wrong_format

SOURCE = "patents-metro-cpc"
AREAS: Final = "straccamore_MAs_list_gdp_1990_2014.csv"
CLASSES: Final = "straccamore_cpc4_list.csv"

_NAME = re.compile(r"(?:.*/)?MA_tec_anno_(?P<year>\d{4})\.mtx\.gz")
_FIRST = b"%%MatrixMarket matrix coordinate"
_EXPECTED = "a MatrixMarket file of coordinates, areas by classes"
_SMALL_BYTES = 100_000  # whatever stands in a matrix's place, such as a web page, is no longer
_CELLS = ("_area", "_class", "count")


def _areas(path: Path) -> pl.DataFrame:
    """Read the list of areas: their number, name, country and whether the name is theirs alone."""
    text = read_text(path, source=SOURCE, expected="the CSV list of metropolitan areas")
    rejects: list[Reject] = []
    lines = [
        (row, cells["MA"])
        for row, cells in csv_rows(text, ("MA",), source=SOURCE, path=path, rejects=rejects)
    ]
    if rejects:
        got = f"cannot be read at area {rejects[0][0]} ({rejects[0][3]})"
        raise wrong_format(SOURCE, path, got, "the CSV list of metropolitan areas")
    times = Counter(name for _, name in lines)
    rows = [
        (row, area, country, name, times[name])
        for row, name in lines
        for area, _, country in (name.rpartition("_"),)
    ]
    schema = {
        "_area": pl.Int64,
        "area": pl.String,
        "country": pl.String,
        "_name": pl.String,
        "_times": pl.Int64,
    }
    return pl.DataFrame(rows, schema=schema, orient="row")


def _classes(path: Path) -> pl.DataFrame:
    """Read the list of classes: their number and symbol."""
    text = read_text(path, source=SOURCE, expected="the list of CPC classes, one a line below '4D_tec'")
    rejects: list[Reject] = []
    lines = csv_rows(text, ("4D_tec",), source=SOURCE, path=path, rejects=rejects)
    rows = [(row, cells["4D_tec"]) for row, cells in lines]
    return pl.DataFrame(rows, schema={"_class": pl.Int64, "class": pl.String}, orient="row")


def _entries(path: Path, areas: int, classes: int) -> Iterator[tuple[pl.Series, str]]:
    """Give the lines of a matrix after its head, and at the end why it is not whole, if it is not."""
    if path.stat().st_size <= _SMALL_BYTES:
        read_bytes(path, source=SOURCE, expected=_EXPECTED)
    file = LineFile(path, name=path.name)
    size: tuple[int, ...] | None = None
    found = 0
    for block in file:
        lines = block.split(b"\n")
        if size is None:
            if not lines[0].startswith(_FIRST):
                raise wrong_format(SOURCE, path, f"begins with {lines[0][:40]!r}", _EXPECTED)
            head = next(
                (place for place, line in enumerate(lines) if not line.startswith(b"%")), len(lines) - 1
            )
            size = tuple(int(cell) if cell.isdigit() else -1 for cell in lines[head].split())
            lines = lines[head + 1 :]
            if size[:2] != (areas, classes) or len(size) != len(_CELLS):
                got = f"is of the size {lines and ' × '.join(map(str, size[:2]))}"
                expected = f"{areas} areas × {classes} classes, as the two lists have them"
                raise wrong_format(SOURCE, path, got, expected)
        texts = pl.Series(
            "line", [line.decode("utf-8", "replace").strip() for line in lines], dtype=pl.String
        )
        texts = texts.filter(texts != "")
        found += texts.len()
        yield texts, ""
    if size is None:
        raise wrong_format(SOURCE, path, f"cannot be opened ({file.broken or 'it is empty'})", _EXPECTED)
    if file.broken or found < size[2]:
        why = file.broken or f"it announces {size[2]} entries and has {found}"
        yield (
            pl.Series("line", [], dtype=pl.String),
            f"row is missing: the file for the year is not whole ({why})",
        )


def _taken_apart(lines: pl.DataFrame) -> tuple[pl.DataFrame, list[Reject]]:
    """Take entries apart: two numbers and a count."""
    cells = lines.with_columns(pl.col("line").str.extract_all(r"\S+").alias("_cells"))
    good = cells.filter(pl.col("_cells").list.len() == len(_CELLS))
    others = cells.filter(pl.col("_cells").list.len() != len(_CELLS))
    rejects: list[Reject] = [
        (row, "row", line, "row is not an area, a class and a count")
        for row, line in others.select("row", "line").rows()
    ]
    frame = good.select(
        "row",
        *(
            pl.col("_cells").list.get(place).cast(pl.Int64, strict=False).alias(name)
            for place, name in enumerate(_CELLS[:2])
        ),
        pl.col("_cells").list.get(2).alias("count"),
    )
    return frame, rejects


def _known(
    frame: pl.DataFrame, areas: pl.DataFrame, classes: pl.DataFrame
) -> tuple[pl.DataFrame, list[Reject]]:
    """Write names for numbers; entries whose area or class is not told are rejects."""
    named = frame.join(areas, on="_area", how="left").join(classes, on="_class", how="left").sort("row")
    no_area = pl.col("_times").is_null()
    several = pl.col("_times") > 1
    no_class = pl.col("class").is_null()
    away: list[Reject] = []
    for column, value, reason, is_bad in (
        ("area", "_area", pl.lit("area is no line of the list"), no_area),
        ("area", "_name", pl.format("area is one of {} that the list calls {}", "_times", "_name"), several),
        ("class", "_class", pl.lit("class is no line of the list"), no_class & ~no_area & ~several),
    ):
        bad = named.filter(is_bad).select("row", pl.col(value).alias("value"), reason.alias("reason"))
        away += [(row, column, value, why) for row, value, why in bad.rows()]
    return named.filter(~no_area & ~several & ~no_class), away


def read(files: Mapping[str, Path]) -> Iterator[Raw]:
    """Read the part `counts` for the table `class_count`, a block for each year.

    Rows are numbered through all years, in their order.

    Parameters
    ----------
    files
        The two lists and any number of matrices `MA_tec_anno_<year>.mtx.gz`, in a folder or not.
    """
    areas = _areas(path_of(files, AREAS, source=SOURCE))
    classes = _classes(path_of(files, CLASSES, source=SOURCE))
    matrices = {int(match["year"]): path for name, path in files.items() if (match := _NAME.fullmatch(name))}
    if not matrices:
        raise FormatError(
            f"{SOURCE}: got {sorted(files)}, but expected a file such as 'MA_tec_anno_2010.mtx.gz'"
        )
    return _counts(matrices, areas, classes)


def _counts(matrices: Mapping[int, Path], areas: pl.DataFrame, classes: pl.DataFrame) -> Iterator[Raw]:
    """Read the matrices one after the other."""
    last = 0
    for year, path in sorted(matrices.items()):
        for texts, broken in _entries(path, areas.height, classes.height):
            lines = texts.to_frame().with_row_index("row", offset=last + 1)
            lines = lines.with_columns(pl.col("row").cast(pl.Int64))
            last += lines.height
            frame, rejects = _taken_apart(lines)
            kept, away = _known(frame, areas, classes)
            rejects += away
            if broken:
                last += 1
                rejects.append((last, "row", str(year), broken))
            kept = kept.with_columns(pl.lit(year, dtype=pl.Int64).alias("year"))
            yield raw_block(SOURCE, "counts", "class_count", kept, rejects)
