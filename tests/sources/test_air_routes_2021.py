"""Air Routes in Gremlin: chains of steps over three files."""

from pathlib import Path

import pytest

from cosmopolis.errors import FormatError
from cosmopolis.records import admit
from cosmopolis.sources import air_routes_2021

NODES = (
    'g.addV("version").property(id,"0").property("code","9.9").property("desc","By: A; all (rights) "free"")'
).replace('"free"', "free") + (
    '.addV("airport").property(id,"1").property("type","airport").property("code","QAA")'
    '.property("desc","Alder (Old), Field").property("region","XA-N").property("runways",5)'
    '.property("country","XA").property("city","Alder").property("lat",10.5d).property("lon",-20.25d)\n'
    'g.addV("airport").property(id,"2").property("code","QBB").property("desc","Birch")'
    '.property("country","XA").property("lat",1d).property("lon",2d)'
)
EDGES_1 = (
    'g.addE("route").property(id,"4").from(V("1")).to(V("2")).property("dist",809)\n'
    'g.addE("route").property(id,"5").from(V("2")).to(V("1")).property("dist",809)\n'
)
EDGES_2 = (
    'g.addE("contains").property(id,"6").from(V("0")).to(V("1"))'
    '.addE("route").property(id,"7").from(V("2")).to(V("3")).property("dist",9)'
)


def _files(folder: Path, *texts: str) -> dict[str, Path]:
    for name, text in zip(air_routes_2021.FILES, texts, strict=True):
        (folder / name).write_text(text, encoding="utf-8")
    return {name: folder / name for name in air_routes_2021.FILES}


def test_airports_and_routes(tmp_path: Path) -> None:
    airports, routes = air_routes_2021.read(_files(tmp_path, NODES, EDGES_1, EDGES_2))
    assert (airports.part, airports.table, airports.rows_in) == ("airports", "airport", 3)
    assert admit(airports).frame.rows() == [
        (2, "QAA", "Alder (Old), Field", "Alder", "XA-N", "XA", 10.5, -20.25),
        (3, "QBB", "Birch", None, None, "XA", 1.0, 2.0),
    ]
    assert airports.rejects.select("row", "reason").rows() == [(1, "label is version, not airport")]
    assert (routes.part, routes.table, routes.rows_in) == ("routes", "air_route", 4)
    assert admit(routes).frame.rows() == [(1, 2021, "QAA", "QBB", None), (2, 2021, "QBB", "QAA", None)]
    assert routes.rejects.select("row", "column", "value").rows() == [
        (3, "label", "contains"),
        (4, "destination", "3"),
    ]


def test_two_nodes_with_one_identity(tmp_path: Path) -> None:
    twice = NODES + '\ng.addV("airport").property(id,"2").property("code","QCC")'
    airports, _ = air_routes_2021.read(_files(tmp_path, twice, EDGES_1, EDGES_2))
    assert airports.rows_in == 4
    assert (4, "identity is the same as that of row 3") in airports.rejects.select("row", "reason").rows()


def test_a_file_that_is_something_else(tmp_path: Path) -> None:
    with pytest.raises(FormatError, match=r"1_edges_part_1\.txt begins with 'hello', but expected Gremlin"):
        air_routes_2021.read(_files(tmp_path, NODES, "hello", EDGES_2))
