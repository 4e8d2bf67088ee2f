"""ROR's data dump: organisations of schema 1 and 2, alone or in a zip file."""

import json
import zipfile
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from cosmopolis.errors import FormatError
from cosmopolis.records import Admitted, admit
from cosmopolis.sources import ror_dump

PARENTS = [
    {"label": "Bosk", "type": "Parent", "id": "https://ror.org/0bbbbbb02"},
    {"label": "Copse", "type": "Child", "id": "https://ror.org/0cccccc03"},
]
SCHEMA_1: dict[str, Any] = {
    "id": "https://ror.org/0aaaaaa01",
    "name": "University of Alder",
    "status": "active",
    "types": ["Education"],
    "aliases": ["Alder University"],
    "acronyms": ["UA"],
    "labels": [{"label": "Universität Alder", "iso639": "de"}],
    "country": {"country_code": "XA", "country_name": "Arborea"},
    "addresses": [
        {"lat": 1.5, "lng": 2, "city": "Alder Town", "geonames_city": {"id": 11, "city": "Alder"}},
    ],
    "relationships": PARENTS,
}
SCHEMA_2: dict[str, Any] = {
    "id": "https://ror.org/0aaaaaa01",
    "status": "active",
    "types": ["education", "funder"],
    "names": [
        {"value": "Universität Alder", "types": ["label"], "lang": "de"},
        {"value": "UA", "types": ["acronym"], "lang": None},
        {"value": "University of Alder", "types": ["ror_display", "label"], "lang": "en"},
        {"value": "Alder University", "types": ["alias"], "lang": "en"},
    ],
    "locations": [
        {
            "geonames_id": 11,
            "geonames_details": {"name": "Alder", "country_code": "XA", "lat": 1.5, "lng": 2},
        },
        {"geonames_id": 12, "geonames_details": {"name": "Birch", "country_code": "XB", "lat": 3, "lng": 4}},
    ],
    "relationships": [{**one, "type": str(one["type"]).lower()} for one in PARENTS],
}


def read(path: Path) -> Admitted:
    (raw,) = ror_dump.read({path.name: path})
    return admit(raw)


def dump(tmp_path: Path, *records: object) -> Path:
    path = tmp_path / "v1.45-ror-data.json"
    path.write_text(json.dumps(records, ensure_ascii=False), "utf-8")
    return path


@pytest.mark.parametrize(
    ("record", "kinds", "names"),
    [
        (SCHEMA_1, ["education"], ["Universität Alder", "Alder University", "UA"]),
        (SCHEMA_2, ["education", "funder"], ["Universität Alder", "UA", "Alder University"]),
    ],
    ids=["schema 1", "schema 2"],
)
def test_an_organisation(tmp_path: Path, record: dict[str, Any], kinds: list[str], names: list[str]) -> None:
    found = read(dump(tmp_path, record))
    assert found.frame.rows() == [
        (
            *(1, "0aaaaaa01", "0aaaaaa01", "University of Alder", names, kinds),
            *("XA", 11, "Alder", 1.5, 2.0, ["0bbbbbb02"]),
        )
    ]


def test_withdrawn_records_are_quarantined_and_ended_ones_kept(tmp_path: Path) -> None:
    states = ("inactive", "withdrawn", "active")
    records = [
        {**SCHEMA_2, "id": f"https://ror.org/0aaaaaa0{n}", "status": state} for n, state in enumerate(states)
    ]
    found = read(dump(tmp_path, *records))
    assert found.frame["organisation"].to_list() == ["0aaaaaa00", "0aaaaaa02"]
    assert found.quarantine.select("row", "column", "value").rows() == [(2, "status", "0aaaaaa01")]


BROKEN = {
    "no object": (7, "row"),
    "no id": ({"names": []}, "row"),
    "another id": ({**SCHEMA_2, "id": "https://grid.ac/1"}, "ror"),
    "no name": ({**SCHEMA_2, "id": "https://ror.org/0dddddd04", "names": []}, "name"),
    "no place": ({**SCHEMA_2, "id": "https://ror.org/0dddddd04", "locations": []}, "country"),
    "names that are none": ({**SCHEMA_2, "names": "Alder"}, "row"),
    "twice": (SCHEMA_2, "organisation"),
    "far north": ({**SCHEMA_1, "id": "https://ror.org/0dddddd04", "addresses": [{"lat": 99.0}]}, "latitude"),
}


@pytest.mark.parametrize("what", BROKEN)
def test_a_broken_record_costs_one_row(tmp_path: Path, what: str) -> None:
    record, column = BROKEN[what]
    found = read(dump(tmp_path, SCHEMA_2, record, {**SCHEMA_1, "id": "https://ror.org/0eeeeee05"}))
    assert found.rows_in == 3
    assert found.frame["row"].to_list() == [1, 3]
    assert found.quarantine.select("row", "column").rows() == [(2, column)]


def zipped(tmp_path: Path, **members: object) -> Path:
    path = tmp_path / "v1.45-2024-04-11-ror-data.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(name.replace("__", "."), json.dumps(content))
    return path


def test_of_a_zip_file_the_newer_schema_is_read(tmp_path: Path) -> None:
    members = {"v1-ror-data__json": [SCHEMA_1], "v1-ror-data_schema_v2__json": [SCHEMA_2], "ror__csv": "id"}
    assert read(zipped(tmp_path, **members)).frame["kinds"].to_list() == [["education", "funder"]]
    (tmp_path / "old").mkdir()
    old = zipped(tmp_path / "old", **{"v1-ror-data__json": [SCHEMA_1], "ror__csv": "id"})
    assert read(old).frame["kinds"].to_list() == [["education"]]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "is not JSON"),
        (b"<!DOCTYPE html>", "is not JSON"),
        (b'{"items": []}', "holds a JSON dict"),
        (b"PK\x03\x04 half an archive", "is a damaged zip file"),
    ],
)
def test_a_file_that_is_something_else(tmp_path: Path, content: bytes, message: str) -> None:
    path = tmp_path / "ror.zip"
    path.write_bytes(content)
    with pytest.raises(FormatError, match=message):
        ror_dump.read({path.name: path})


def test_a_zip_file_without_json(tmp_path: Path) -> None:
    with pytest.raises(FormatError, match="has no JSON file in it"):
        read(zipped(tmp_path, ror__csv="id"))


def test_an_empty_dump_has_the_columns(tmp_path: Path) -> None:
    assert read(dump(tmp_path)).frame.schema["parents"] == pl.List(pl.String)
