"""Air Routes in openCypher: statements become airports and routes, everything else is quarantined."""

from pathlib import Path

import pytest

from cosmopolis.errors import FormatError
from cosmopolis.records import admit
from cosmopolis.sources import air_routes_2022

STATEMENTS = r"""//Airports
CREATE (a1:airport {id:'1',code:'QAA',icao:'XXAA',city:'St. Alder\'s',desc:'Alder, Old Field',region:'XA-N',runways:5,country:'XA',lat:10.5,lon:-20.25})
CREATE (a2:airport {id:'2',code:'QBB',icao:'XXBB',city:'Birch',desc:'Birch (East)',region:'XA-S',runways:1,country:'XA',lat:-1.5,lon:2e1})

//Countries
CREATE (a3:country {id:'3',code:'XA', desc:'Arborea'})
//Routes
CREATE
(a1)-[:route {id: '4', dist: 809}]->(a2),
(a2)-[:route {id: '5', dist: 809}]->(a1),
(a3)-[:contains {id: '6'}]->(a1),
(a1)-[:route {id: '7', dist: 9}]->(a9),
(a3)-[:route {id: '8', dist: 9}]->(a1)
"""  # noqa: E501 - as in the file


def _files(folder: Path, text: str) -> dict[str, Path]:
    path = folder / air_routes_2022.FILE
    path.write_text(text, encoding="utf-8")
    return {path.name: path}


def test_airports_and_routes(tmp_path: Path) -> None:
    airports, routes = air_routes_2022.read(_files(tmp_path, STATEMENTS))
    assert (airports.part, airports.table, airports.rows_in) == ("airports", "airport", 3)
    assert admit(airports).frame.rows() == [
        (1, "QAA", "Alder, Old Field", "St. Alder's", "XA-N", "XA", 10.5, -20.25),
        (2, "QBB", "Birch (East)", "Birch", "XA-S", "XA", -1.5, 20.0),
    ]
    assert airports.rejects.select("row", "column", "value", "reason").rows() == [
        (3, "label", "country", "label is country, not airport")
    ]
    assert (routes.part, routes.table, routes.rows_in) == ("routes", "air_route", 5)
    assert admit(routes).frame.rows() == [(1, 2022, "QAA", "QBB", None), (2, 2022, "QBB", "QAA", None)]
    assert routes.rejects.select("row", "column", "value", "reason").rows() == [
        (3, "label", "contains", "label is contains, not route"),
        (4, "destination", "a9", "destination is unknown: there is no airport with the identity a9"),
        (5, "origin", "a3", "origin is unknown: node a3 is a country, not an airport"),
    ]


def test_a_file_without_any_node(tmp_path: Path) -> None:
    with pytest.raises(FormatError, match="has no statement that makes a node, but expected openCypher"):
        air_routes_2022.read(_files(tmp_path, "(a1)-[:route {id: '4'}]->(a2)\n"))
