"""The tables of a result as files: Parquet and CSV, and a Frictionless data package that describes them.

The same tables give the same bytes: no clock, no machine's setting and no order of a dict gets in. The
result folder, its hashes and the manifest are the build's.
"""

import hashlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import orjson
import polars as pl

from cosmopolis.publish.innovation import schemas as innovation
from cosmopolis.publish.production import schemas as production
from cosmopolis.publish.result import Result, said
from cosmopolis.publish.words import LANGUAGES, Words

_KEYS: Mapping[str, tuple[str, ...]] = {
    "cities": ("city_id",),
    "links": ("network", "field", "year", "origin", "destination"),
    "country_links": ("network", "field", "year", "origin", "destination"),
    "network_measures": ("network", "field", "year", "city_id", "measure"),
    "indicators": ("index", "indicator", "year", "city_id"),
    "scores": ("index", "node", "year", "city_id"),
    "coverage": ("index", "node", "year", "city_id"),
    "country_groups": ("group", "country"),
    "belt_and_road": ("country",),
    **innovation.KEYS,
    **production.KEYS,
}
"""The columns that name a row of each table."""

_CITY_COLUMNS: Mapping[str, tuple[str, ...]] = {
    "links": ("origin", "destination"),
    "network_measures": ("city_id",),
    "indicators": ("city_id",),
    "scores": ("city_id",),
    "coverage": ("city_id",),
    **innovation.CITY_COLUMNS,
    **production.CITY_COLUMNS,
}
"""The columns that name a row of `cities`."""

_ORGANISATION_COLUMNS: Mapping[str, tuple[str, ...]] = {
    "tie_organisations": ("organisation_origin", "organisation_destination"),
    "city_organisations": ("organisation_origin", "organisation_destination"),
}
"""The columns that name a row of `organisations`."""

_FORMULA_STARTS = r"^[=+\-@\t\r]"
_ROW_GROUP_ROWS = 1 << 17
_PAGE_BYTES = 1 << 20


def write(result: Result, folder: Path) -> dict[str, Path]:
    """Write every table as Parquet and CSV and the data package that describes them.

    Parameters
    ----------
    result
        What to write.
    folder
        Where to; made if it is not there. Files of the same names are written over.

    Returns
    -------
    files
        Name of each file written (`cities.parquet`, `cities.csv`, ..., `datapackage.json`) and its path.
    """
    folder.mkdir(parents=True, exist_ok=True)
    files: dict[str, Path] = {}
    resources = []
    for name, table in result.tables.items():
        parquet, csv = folder / f"{name}.parquet", folder / f"{name}.csv"
        write_parquet(table, parquet)
        write_csv(table, csv)
        files |= {parquet.name: parquet, csv.name: csv}
        resources.append(_resource(name, table, result, csv))
    package = folder / "datapackage.json"
    package.write_bytes(orjson.dumps(_package(result, resources), option=orjson.OPT_INDENT_2) + b"\n")
    return files | {package.name: package}


def write_parquet(table: pl.DataFrame | pl.LazyFrame, file: Path) -> None:
    """Write a table as Parquet with every setting of the writer given, so that the bytes do not vary.

    A lazy table is written piece by piece, without being read into memory.
    """
    write = table.sink_parquet if isinstance(table, pl.LazyFrame) else table.rechunk().write_parquet
    write(
        file,
        compression="zstd",
        compression_level=6,
        statistics=True,
        row_group_size=_ROW_GROUP_ROWS,
        data_page_size=_PAGE_BYTES,
    )


def write_csv(table: pl.DataFrame, file: Path) -> None:
    """Write a table as CSV (UTF-8, comma, line feed), safe to open in a spreadsheet.

    A text that begins with `=`, `+`, `-`, `@`, a tab or a carriage return has an apostrophe put before it.
    Lists are written as JSON.
    """
    safe = []
    for name, dtype in table.schema.items():
        column = pl.col(name)
        if isinstance(dtype, pl.List | pl.Array | pl.Struct):
            as_json = [None if v is None else orjson.dumps(v).decode() for v in table[name].to_list()]
            column = pl.lit(pl.Series(name, as_json, dtype=pl.String))
        elif dtype == pl.String or isinstance(dtype, pl.Categorical | pl.Enum):
            text = column.cast(pl.String)
            column = pl.when(text.str.contains(_FORMULA_STARTS)).then("'" + text).otherwise(text)
        safe.append(column.alias(name))
    table.select(safe).write_csv(file, separator=",", line_terminator="\n", quote_style="necessary")


def _kind(dtype: pl.DataType) -> str:
    """Return the Frictionless type of a column."""
    if dtype.is_integer():
        return "integer"
    if dtype.is_float():
        return "number"
    return "boolean" if dtype == pl.Boolean else "string"


def _words_of(key: str, specific: str, section: str) -> dict[str, str]:
    """Return words of a column in every language, those of its table before the general."""
    for name in (f"{section}.{specific}", f"{section}.{key}"):
        if Words("en").has(name):
            return {language: Words(language)(name) for language in LANGUAGES}
    return {}


def _field(table: str, name: str, dtype: pl.DataType) -> dict[str, Any]:
    """Describe a column."""
    field: dict[str, Any] = {"name": name, "type": _kind(dtype)}
    description = _words_of(name, f"{table}.{name}", "column")
    unit = _words_of(name, f"{table}.{name}", "column_unit")
    if description:
        field |= {"description": description["en"], "description_zh": description["zh"]}
    if unit:
        field |= {"unit": unit["en"], "unit_zh": unit["zh"]}
    return field


def _resource(name: str, table: pl.DataFrame, result: Result, csv: Path) -> dict[str, Any]:
    """Describe a table."""
    data = csv.read_bytes()
    schema: dict[str, Any] = {
        "fields": [_field(name, column, dtype) for column, dtype in table.schema.items()],
        "missingValues": [""],
    }
    key = _KEYS.get(name, ())
    if key and _names_rows(table, key):
        schema["primaryKey"] = list(key)
    foreign = _foreign_keys(name, table, result)
    if foreign:
        schema["foreignKeys"] = foreign
    titles = _words_of(name, name, "table")
    return {
        "name": name,
        **({"title": titles["en"], "title_zh": titles["zh"]} if titles else {}),
        "path": csv.name,
        "parquet": f"{name}.parquet",
        "profile": "tabular-data-resource",
        "format": "csv",
        "mediatype": "text/csv",
        "encoding": "utf-8",
        "bytes": len(data),
        "hash": f"sha256:{hashlib.sha256(data).hexdigest()}",
        "rows": table.height,
        "schema": schema,
    }


def _foreign_keys(name: str, table: pl.DataFrame, result: Result) -> list[dict[str, Any]]:
    """Return the columns of a table of which every value names a row of another table."""
    found = []
    for other, key, columns in (
        ("cities", "city_id", _CITY_COLUMNS),
        ("organisations", "organisation", _ORGANISATION_COLUMNS),
    ):
        if other not in result.tables:
            continue
        known = result.tables[other][key].implode()
        found += [
            {"fields": [column], "reference": {"resource": other, "fields": [key]}}
            for column in columns.get(name, ())
            if table[column].is_in(known).all()
        ]
    return found


def _names_rows(table: pl.DataFrame, key: tuple[str, ...]) -> bool:
    """Say whether a key has no empty cell and no row twice."""
    keys = table.select(key)
    empty = keys.select(pl.any_horizontal(pl.all().is_null() | (pl.all().cast(pl.String) == "")).any())
    return not empty.item() and not keys.is_duplicated().any()


def _package(result: Result, resources: list[dict[str, Any]]) -> dict[str, Any]:
    """Describe the whole: edition, sources and their licences, tables."""
    edition = result.edition
    words = {language: Words(language) for language in LANGUAGES}
    used = [note.source for note in result.sources if note.state == "used"]
    licences: dict[str, dict[str, str]] = {}
    for source in used:
        entry = {"title": source.licence}
        if source.spdx:
            entry = {"name": source.spdx, **entry}
        if source.licence_url:
            entry["path"] = source.licence_url
        if "name" in entry or "path" in entry:
            licences.setdefault(source.licence, entry)
    titles = {key: said(edition.title, key) for key in LANGUAGES}
    return {
        "profile": "tabular-data-package",
        "name": f"cosmopolis-{edition.id}-{edition.year}".lower().replace("_", "-"),
        "id": result.hash,
        "version": result.version,
        **{
            f"title{tail}": words[key]("package.title", title=titles[key])
            for key, tail in (("en", ""), ("zh", "_zh"))
        },
        **{
            f"description{tail}": words[key]("package.description", id=edition.id, year=str(edition.year))
            for key, tail in (("en", ""), ("zh", "_zh"))
        },
        "licenses": [licences[key] for key in sorted(licences)],
        "sources": [
            {
                "title": said(source.title, "en"),
                "title_zh": said(source.title, "zh"),
                "path": source.url,
                "publisher": source.publisher,
                "citation": source.citation,
                "licence": source.licence,
                "years": list(source.years),
            }
            for source in used
        ],
        "resources": resources,
    }
