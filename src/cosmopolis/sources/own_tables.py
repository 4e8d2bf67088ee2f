"""Tables that users make themselves, CSV, TSV or Parquet: text cells in columns found by name.

Text tables may be gzipped or alone in a zip archive. Names of columns are taken without regard to capitals;
columns that are not asked for are passed over. What a column means is the reader's business
(`cosmopolis.sources.paper_table`, `cosmopolis.sources.patent_table`; `docs/formats.md`).
"""

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Final

import polars as pl

from cosmopolis.errors import UnknownNameError, hint_near
from cosmopolis.sources.delimited import Delimited
from cosmopolis.sources.raw import Start
from cosmopolis.sources.text import Reject, wrong_format

CODE: Final = r"^[A-Z]{2}$"
"""A country's code; whatever else stands in a column of countries is a name, for the text."""

_ROWS: Final = 1_000_000  # rows of a Parquet file at a time
_SEPARATORS: Final = {".tsv": "\t", ".tab": "\t"}


def numbered(
    files: Mapping[str, Path],
    *,
    source: str,
    blocks: Callable[[Path], Iterator[tuple[pl.DataFrame, list[Reject]]]],
) -> Iterator[tuple[Start, pl.DataFrame, list[Reject]]]:
    """Read the tables of a source one after another, in the order of their names, rows numbered through all.

    Parameters
    ----------
    files
        The tables, by name.
    blocks
        What reads one of them: `own_blocks` with all but the path given.

    Returns
    -------
    parts
        The table and how many rows stand before it, a block of its rows, and the rows that cannot be taken
        apart.

    Raises
    ------
    UnknownNameError
        If there is no file.
    """
    if not files:
        raise UnknownNameError(f"{source}: got no file, but the reader needs at least one table")
    return _numbered(files, blocks)


def _numbered(
    files: Mapping[str, Path], blocks: Callable[[Path], Iterator[tuple[pl.DataFrame, list[Reject]]]]
) -> Iterator[tuple[Start, pl.DataFrame, list[Reject]]]:
    before = 0
    for name in sorted(files):
        last = before
        for block, rejects in blocks(files[name]):
            rows = block.with_columns(pl.col("row") + before)
            away = [(row + before, column, value, reason) for row, column, value, reason in rejects]
            last = max([last, *rows["row"].tail(1), *(row for row, *_ in away)])
            yield Start(file=name, before=before), rows, away
        before = last


def own_blocks(
    path: Path, *, source: str, needed: tuple[str, ...], optional: tuple[str, ...], expected: str
) -> Iterator[tuple[pl.DataFrame, list[Reject]]]:
    """Read a table block by block.

    Parameters
    ----------
    needed, optional
        Columns in small letters. One that is needed must be there; an optional one that is not there is null.
    expected
        What the file should be, for messages.

    Yields
    ------
    block, rejects
        `row` (from 1) and the columns as text; and the rows that cannot be taken apart.

    Raises
    ------
    FormatError
        If the file is no such table or a needed column is not there.
    """
    if path.suffix.lower() == ".parquet":
        yield from _parquet(path, source, needed, optional, expected)
        return
    suffixes = [suffix.lower() for suffix in path.suffixes]
    separator = next((_SEPARATORS[suffix] for suffix in suffixes if suffix in _SEPARATORS), ",")
    table = Delimited(
        path=path,
        source=source,
        needed=needed,
        optional=optional,
        expected=expected,
        separator=separator,
        folded=True,
    )
    yield from table.blocks()


def _parquet(
    path: Path, source: str, needed: tuple[str, ...], optional: tuple[str, ...], expected: str
) -> Iterator[tuple[pl.DataFrame, list[Reject]]]:
    """Give the rows of a Parquet file as those of a CSV file; a column of lists or records is not there."""
    try:
        schema = pl.scan_parquet(path).collect_schema()
    except (pl.exceptions.PolarsError, OSError) as error:
        got = f"cannot be opened ({str(error).splitlines()[0]})"
        raise wrong_format(source, path, got, expected) from error
    names = {name.strip().lower(): name for name, dtype in schema.items() if not dtype.is_nested()}
    for name in needed:
        if name not in names:
            got = f"has no column {name!r} of plain values" + hint_near(name, names)
            raise wrong_format(source, path, got, expected)
    columns = [
        (pl.col(names[name]).cast(pl.String) if name in names else pl.lit(None, dtype=pl.String)).alias(name)
        for name in (*needed, *optional)
    ]
    table = pl.scan_parquet(path).select(columns)
    height = pl.scan_parquet(path).select(pl.len()).collect().item()
    for start in range(0, max(height, 1), _ROWS):
        block = table.slice(start, _ROWS).collect()
        yield block.with_row_index("row", offset=start + 1).with_columns(pl.col("row").cast(pl.Int64)), []


def stripped(name: str) -> pl.Expr:
    """Take the spaces around a cell away; null where nothing is left."""
    text = pl.col(name).str.strip_chars()
    return pl.when(text != "").then(text)


def members(name: str) -> pl.Expr:
    """Split a cell at its semicolons into a list without empty members; null stays null.

    Examples
    --------
    >>> frame = pl.DataFrame({"class": ["G06N; H01M;", None]})
    >>> frame.select(members("class"))["class"].to_list()
    [['G06N', 'H01M'], None]
    """
    values = pl.col(name).str.split(";").list.eval(pl.element().str.strip_chars())
    return values.list.eval(pl.element().filter(pl.element() != ""))


def town() -> pl.Expr:
    """Take the column `city` where the column `place` does not name the city already; else null."""
    place, city = stripped("place"), stripped("city")
    told = pl.concat_str([pl.lit(", "), place, pl.lit(",")]).str.to_lowercase()
    has_city = told.str.contains(pl.format(", {},", city.str.to_lowercase()), literal=True)
    return pl.when(~has_city.fill_null(value=False)).then(city)


def address(parts: list[pl.Expr], country: pl.Expr) -> pl.Expr:
    """Write an address: its parts and, where it is a name and no code, the country; null without a part."""
    told = pl.concat_str(parts, separator=", ", ignore_nulls=True)
    whole = pl.concat_str(
        [told, pl.when(~country.str.contains(CODE)).then(country)], separator=", ", ignore_nulls=True
    )
    return pl.when(told != "").then(whole)
