"""GeoNames: three JSON objects of rows; equal keys are not lost."""

import json
from pathlib import Path
from typing import Any

import pytest

from cosmopolis.errors import UnknownNameError
from cosmopolis.records import admit
from cosmopolis.sources import geonames

ALDER = {
    "geonameid": 11,
    "name": "Alder",
    "latitude": 10.5,
    "longitude": -20,
    "countrycode": "XA",
    "population": 1200,
    "timezone": "Etc/UTC",
    "admin1code": "03",
    "alternatenames": ["Alder", "桤木", "Ольха"],
}
BIRCH = ALDER | {"geonameid": 12, "name": "Birch", "population": 0, "admin1code": "", "alternatenames": []}
COUNTRIES = {
    "XA": {"geonameid": 1, "name": "Arborea", "iso": "XA", "iso3": "XAA", "capital": "Alder", "population": 5}
}


def _write(folder: Path, **texts: str) -> dict[str, Path]:
    files = {f"{name}.json": folder / f"{name}.json" for name in texts}
    for name, text in texts.items():
        files[f"{name}.json"].write_text(text, encoding="utf-8")
    return files


def _files(folder: Path, places: dict[str, Any], **more: str) -> dict[str, Path]:
    return _write(folder, cities500=json.dumps(places), countries=json.dumps(COUNTRIES), **more)


def test_places_and_countries(tmp_path: Path) -> None:
    places, countries = geonames.read(_files(tmp_path, {"11": ALDER, "12": BIRCH}))
    assert (places.part, places.table, places.rows_in) == ("places", "place", 2)
    assert admit(places).frame.rows() == [
        (1, 11, "Alder", "XA", "03", 10.5, -20.0, 1200, ["Alder", "桤木", "Ольха"]),
        (2, 12, "Birch", "XA", None, 10.5, -20.0, 0, []),
    ]
    assert (countries.part, countries.table) == ("countries", "country")
    assert admit(countries).frame.rows() == [(1, "XA", "XAA", "Arborea", "Alder", 5)]


def test_divisions_only_where_the_file_is_given(tmp_path: Path) -> None:
    states = json.dumps({"QA": {"code": "QA", "name": "Quasar", "fips": "99", "geonameid": 7}})
    parts = geonames.read(_files(tmp_path, {"11": ALDER}, us_states=states))
    assert [part.part for part in parts] == ["places", "countries", "divisions"]
    assert admit(parts[2]).frame.rows() == [(1, "US", "QA", "Quasar")]


def test_places_with_equal_keys_are_both_counted(tmp_path: Path) -> None:
    alder = json.dumps(ALDER)
    twice = f'{{"11": {alder}, "11": {json.dumps(BIRCH)}}}'
    places, _ = geonames.read(_write(tmp_path, cities500=twice, countries=json.dumps(COUNTRIES)))
    assert places.rows_in == 2
    assert places.frame["name"].to_list() == ["Alder", "Birch"]


def test_one_wrong_value_leaves_the_others_as_they_are(tmp_path: Path) -> None:
    crowded = BIRCH | {"population": "many", "geonameid": 2**70}
    places, _ = geonames.read(_files(tmp_path, {"11": ALDER, "12": crowded}))
    admitted = admit(places)
    assert admitted.frame["population"].to_list() == [1200]
    assert admitted.quarantine.select("row", "column", "reason").rows() == [
        (2, "place_id", "place_id is not a whole number")
    ]


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    files = _write(tmp_path, cities500="{}", country="{}")
    with pytest.raises(UnknownNameError, match=r"'countries\.json'; did you mean 'country\.json'"):
        geonames.read(files)
