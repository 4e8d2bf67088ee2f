"""OpenFlights: a list of routes with carriers, and the airports of its time."""

import json
from pathlib import Path

from cosmopolis.records import admit
from cosmopolis.sources import openflights_2014

ROUTES = [
    {"from": "QAA", "to": "QBB", "airlines": ["Q1", "Q2"]},
    {"from": "QBB", "to": "QAA", "airlines": []},
]
AIRPORTS = [{"iata": "QAA", "icao": "XXAA", "name": "Old Field", "city": "Alder", "country": "XA", "lat": 1, "lon": 2.5}]  # fmt: skip # noqa: E501


def test_routes_with_their_carriers(tmp_path: Path) -> None:
    path = tmp_path / "routes.json"
    path.write_text(json.dumps(ROUTES), encoding="utf-8")
    (raw,) = openflights_2014.read({"routes.json": path})
    assert (raw.part, raw.table, raw.rows_in) == ("routes", "air_route", 2)
    assert admit(raw).frame.rows() == [(1, 2014, "QAA", "QBB", ["Q1", "Q2"]), (2, 2014, "QBB", "QAA", [])]


def test_airports_where_the_file_is_given(tmp_path: Path) -> None:
    files = {"routes.json": tmp_path / "routes.json", "airports.json": tmp_path / "airports.json"}
    files["routes.json"].write_text(json.dumps(ROUTES), encoding="utf-8")
    files["airports.json"].write_text(json.dumps(AIRPORTS), encoding="utf-8")
    _, airports = openflights_2014.read(files)
    assert (airports.part, airports.table) == ("airports", "airport")
    assert admit(airports).frame.rows() == [(1, "QAA", "Old Field", "Alder", None, "XA", 1.0, 2.5)]
