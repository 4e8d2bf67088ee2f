"""Service values of your own: which cities serve how much in the networks of firms, long or wide.

Any number of files in the source's folder, CSV, TSV (both plain, gzipped or alone in a zip archive) or
Parquet, read in the order of their names; `docs/formats.md` describes them.

* Long: the columns `city`, `firm`, `value`, and optionally `country`, `sector`, `year`: a row an office.
* Wide, the form of GaWC's own matrices: the first column has the cities, and each other column but `country`
  and `year` is a firm. An empty cell is no office. A first row whose city is the word `sector` has the
  sectors of the firms.

Where no year is told, it is the one in the file's name (`roster-2020.csv`). Values go from 0 (no office) to 5
(headquarters).
"""

import csv
import gzip
import re
import zipfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Final

import polars as pl

from cosmopolis.sources.delimited import raw_block
from cosmopolis.sources.own_tables import CODE, address, numbered, own_blocks, stripped
from cosmopolis.sources.raw import Raw
from cosmopolis.sources.text import Reject, wrong_format

SOURCE = "service-table"

NEEDED: Final = ("city", "firm", "value")
"""Columns that a long table must have; a table without `firm` and `value` is wide."""

OPTIONAL: Final = ("country", "sector", "year")
"""Columns that it may have; others are passed over. A wide table may have `country` and `year`."""

_EXPECTED: Final = (
    "a table with the columns city, firm and value, or a matrix with the cities in its first column and a "
    "column for each firm (docs/formats.md)"
)
_YEAR_IN_NAME: Final = re.compile(r"(?<!\d)(?:1[5-9]|2[01])\d\d(?!\d)")
_GZIP, _ZIP = b"\x1f\x8b", b"PK\x03\x04"
_SECTOR_ROW = "sector"


def read(files: Mapping[str, Path]) -> Iterator[Raw]:
    """Read the part `values` for the table `service_value`; rows are numbered through all files.

    A row is an office of a long table, or a cell of a matrix, numbered line by line.

    Parameters
    ----------
    files
        The tables, by name.

    Raises
    ------
    UnknownNameError
        If there is no file.
    FormatError
        If a file is no such table.
    """
    return (
        raw_block(SOURCE, "values", "service_value", _dated(rows, start.file), away, starts=(start,))
        for start, rows, away in numbered(files, source=SOURCE, blocks=_blocks)
    )


def _blocks(path: Path) -> Iterator[tuple[pl.DataFrame, list[Reject]]]:
    """Give the values of one file, long or wide."""
    columns = _columns(path)
    folded = [column.strip().lower() for column in columns]
    is_long = bool({"firm", "value"} & set(folded)) or set(folded[1:]) <= {"", *OPTIONAL}
    return _long(path) if is_long else _wide(path, columns)


def _dated(rows: pl.DataFrame, name: str) -> pl.DataFrame:
    """Make columns of the record; the year of a row that tells none is that of the file's name."""
    found = _YEAR_IN_NAME.search(name)
    country = stripped("country")
    return rows.select(
        "row",
        "value",
        city=address([stripped("city")], country),
        country=pl.when(country.str.contains(CODE)).then(country),
        firm=stripped("firm"),
        sector=stripped("sector"),
        year=pl.coalesce(stripped("year"), pl.lit(found[0] if found else None, dtype=pl.String)),
    )


def _long(path: Path) -> Iterator[tuple[pl.DataFrame, list[Reject]]]:
    """Give the offices of a long table."""
    return own_blocks(path, source=SOURCE, needed=NEEDED, optional=OPTIONAL, expected=_EXPECTED)


def _wide(path: Path, columns: list[str]) -> Iterator[tuple[pl.DataFrame, list[Reject]]]:
    """Give the cells of a matrix."""
    names = [column.strip() for column in columns]
    label = names[0].lower()
    firms = [name for name in names[1:] if name.lower() not in OPTIONAL]
    keys = [firm.lower() for firm in firms]
    twice = sorted({key for key in keys if keys.count(key) > 1} | ({label} & set(keys)))
    if twice or not all(keys):
        got = f"has the column {twice[0]!r} twice" if twice else "has a column without a name"
        raise wrong_format(SOURCE, path, got, _EXPECTED)
    told = {"country", "year"} & {name.lower() for name in names[1:]}
    sectors: dict[str, str | None] = {}
    for block, rejects in own_blocks(
        path, source=SOURCE, needed=(label,), optional=(*sorted(told), *keys), expected=_EXPECTED
    ):
        lines = block
        if block["row"].head(1).to_list() == [1]:
            city = block[label][0]
            if city is not None and city.strip().lower() == _SECTOR_ROW:
                sectors = {key: block[key][0] for key in keys}
                lines = block.slice(1)
        yield (
            _cells(lines, label, dict(zip(keys, firms, strict=True)), sectors),
            [((row - 1) * len(firms) + 1, *rest) for row, *rest in rejects],
        )


def _cells(
    lines: pl.DataFrame, label: str, firms: Mapping[str, str], sectors: Mapping[str, str | None]
) -> pl.DataFrame:
    """Put the cells of a matrix one below the other, line by line."""
    nothing = pl.lit(None, dtype=pl.String)
    order = pl.DataFrame(
        {
            "key": list(firms),
            "firm": list(firms.values()),
            "sector": pl.Series([sectors.get(key) for key in firms], dtype=pl.String),
            "place": pl.Series(range(1, len(firms) + 1), dtype=pl.Int64),
        }
    )
    named = lines.select(
        line="row",
        city=label,
        country="country" if "country" in lines.columns else nothing,
        year="year" if "year" in lines.columns else nothing,
        **{f"={key}": pl.col(key) for key in firms},
    )
    index = ["line", "city", "country", "year"]
    cells = named.unpivot(index=index, variable_name="key", value_name="value").with_columns(
        pl.col("key").str.slice(1), value=pl.coalesce(stripped("value"), pl.lit("0"))
    )
    return (
        cells.join(order, on="key", how="left")
        .with_columns(row=(pl.col("line") - 1) * len(firms) + pl.col("place"))
        .sort("row")
        .drop("line", "key", "place")
    )


def _columns(path: Path) -> list[str]:
    """Return the names of the columns; none where they cannot be read, of which `own_blocks` says why."""
    try:
        if path.suffix.lower() == ".parquet":
            return [name for name, dtype in pl.read_parquet_schema(path).items() if not dtype.is_nested()]
        line = _first_line(path).decode("utf-8-sig").rstrip("\r\n")
        separator = "\t" if {".tsv", ".tab"} & {suffix.lower() for suffix in path.suffixes} else ","
        return next(csv.reader([line], delimiter=separator, strict=True), [])
    except (pl.exceptions.PolarsError, OSError, EOFError, ValueError, csv.Error, zipfile.BadZipFile):
        return []


def _first_line(path: Path) -> bytes:
    """Return the first line of a text file, plain, gzipped or alone in a zip archive."""
    with path.open("rb") as stream:
        start = stream.read(len(_ZIP))
    if start == _ZIP:
        with zipfile.ZipFile(path) as archive, archive.open(archive.namelist()[0]) as member:
            return member.readline()
    if start.startswith(_GZIP):
        with gzip.open(path, "rb") as packed:
            return packed.readline()
    with path.open("rb") as stream:
        return stream.readline()
