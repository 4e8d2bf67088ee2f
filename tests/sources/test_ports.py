"""Ports and sea lanes: two GeoJSON files."""

import json
from pathlib import Path
from typing import Any

from cosmopolis.records import admit
from cosmopolis.sources import ports


def _feature(geometry: dict[str, Any] | None, **properties: object) -> dict[str, Any]:
    return {"type": "Feature", "geometry": geometry, "properties": properties}


def _point(longitude: float, latitude: float) -> dict[str, Any]:
    return {"type": "Point", "coordinates": [longitude, latitude]}


def _files(folder: Path, harbours: list[Any], lanes: list[Any]) -> dict[str, Path]:
    for name, features in (("ports.geojson", harbours), ("marnet_searoute.geojson", lanes)):
        text = json.dumps({"type": "FeatureCollection", "features": features})
        (folder / name).write_text(text, encoding="utf-8")
    return {name: folder / name for name in ("ports.geojson", "marnet_searoute.geojson")}


def test_ports_and_the_countries_they_serve(tmp_path: Path) -> None:
    served = _feature(_point(-20.5, 10), cty="Arborea", name="Alder", port="XAALD", t=1, to_cty=["XB", "XC"])
    unknown = _feature(_point(3, 4), cty="Bosk", name="Birch", port="XBBIR", t=None)
    again = _feature(_point(3, 4.5), cty="Bosk", name="Birch East", port="XBBIR", t=None)
    harbours, _ = ports.read(_files(tmp_path, [served, unknown, again], []))
    assert (harbours.part, harbours.table, harbours.rows_in) == ("ports", "port", 3)
    admitted = admit(harbours)
    assert admitted.frame.rows() == [
        (1, "XAALD", "Alder", "XA", 10.0, -20.5, ["XB", "XC"]),
        (2, "XBBIR", "Birch", "XB", 4.0, 3.0, None),
    ]
    assert admitted.quarantine.select("row", "reason").rows() == [(3, "the same as row 2")]


def test_each_line_of_a_lane_is_a_row(tmp_path: Path) -> None:
    strait = _feature({"type": "LineString", "coordinates": [[187.5, 64], [180, 62.1]]}, passage="strait")
    lines = _feature({"type": "MultiLineString", "coordinates": [[[1, 2], [3, 4]], [[5, 6], [7, 8]]]})
    _, lanes = ports.read(_files(tmp_path, [], [strait, lines, _feature(_point(1, 2))]))
    assert (lanes.part, lanes.table, lanes.rows_in) == ("lanes", "sea_lane", 4)
    assert admit(lanes).frame.rows() == [
        (1, "strait", [187.5, 180.0], [64.0, 62.1]),
        (2, None, [1.0, 3.0], [2.0, 4.0]),
        (3, None, [5.0, 7.0], [6.0, 8.0]),
    ]
    assert lanes.rejects.select("row", "column").rows() == [(4, "longitudes")]
