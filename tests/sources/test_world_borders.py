"""Borders: a shapefile with its encoding, or the user's own GeoJSON."""

import json
from pathlib import Path
from typing import Any

import pytest
import shapefile

from cosmopolis.errors import FormatError
from cosmopolis.records import admit
from cosmopolis.sources import world_borders

RING = [[0, 0], [0, 2], [2, 2], [2, 0], [0, 0]]
FAR = [[10, 0], [10, 2], [12, 2], [12, 0], [10, 0]]


def _shapefile(
    folder: Path, *outlines: tuple[str, str, list[Any]], encoding: str = "ISO-8859-1"
) -> dict[str, Path]:
    stem = folder / world_borders.STEM
    with shapefile.Writer(str(stem), shapeType=shapefile.POLYGON, encoding=encoding) as writer:
        writer.field("pop_est", "N", 24, 15)
        writer.field("name", "C", 80)
        writer.field("iso_a3", "C", 80)
        for name, code, rings in outlines:
            if rings:
                writer.poly(rings)
            else:
                writer.null()
            writer.record(1, name, code)
    stem.with_suffix(".cpg").write_text(encoding, encoding="ascii")
    return {path.name: path for path in folder.iterdir()}


def test_outlines_of_a_shapefile(tmp_path: Path) -> None:
    files = _shapefile(tmp_path, ("Arborée", "XAA", [RING]), ("Bosk", "-99", [RING, FAR]))
    (raw,) = world_borders.read(files)
    assert (raw.part, raw.table, raw.rows_in) == ("borders", "border", 2)
    rows = admit(raw).frame.rows()
    assert [row[:3] for row in rows] == [(1, "Arborée", "XAA"), (2, "Bosk", None)]
    one, two = (json.loads(row[3]) for row in rows)
    assert rows[0][3].startswith('{"coordinates":[[[')
    assert (one["type"], two["type"]) == ("Polygon", "MultiPolygon")
    assert one["coordinates"] == [RING]


def test_the_encoding_is_that_of_the_cpg_file(tmp_path: Path) -> None:
    (raw,) = world_borders.read(_shapefile(tmp_path, ("木国", "XAA", [RING]), encoding="gb18030"))
    assert raw.frame["name"].to_list() == ["木国"]


def test_an_empty_shape_is_a_reject(tmp_path: Path) -> None:
    (raw,) = world_borders.read(_shapefile(tmp_path, ("Arborea", "XAA", [RING]), ("Bosk", "XBB", [])))
    assert raw.rows_in == 2
    assert raw.rejects.select("row", "column", "value").rows() == [(2, "geometry", "Bosk")]


def test_an_encoding_that_nobody_knows(tmp_path: Path) -> None:
    files = _shapefile(tmp_path, ("Arborea", "XAA", [RING]))
    files["naturalearth_lowres.cpg"].write_text("treebark", encoding="ascii")
    with pytest.raises(FormatError, match="names the encoding 'treebark'"):
        world_borders.read(files)


def test_fields_that_are_missing(tmp_path: Path) -> None:
    stem = tmp_path / world_borders.STEM
    with shapefile.Writer(str(stem), shapeType=shapefile.POLYGON) as writer:
        writer.field("title", "C", 80)
        writer.poly([RING])
        writer.record("Arborea")
    stem.with_suffix(".cpg").write_text("UTF-8", encoding="ascii")
    with pytest.raises(FormatError, match=r"has the fields .*'title'"):
        world_borders.read({path.name: path for path in tmp_path.iterdir()})


def _geojson(folder: Path, *features: Any) -> Path:  # noqa: ANN401 - any JSON
    path = folder / "map.geojson"
    text = json.dumps({"type": "FeatureCollection", "features": features}, ensure_ascii=False)
    path.write_text(text, encoding="utf-8")
    return path


def test_a_border_file_of_the_users_own(tmp_path: Path) -> None:
    polygon = {"type": "Polygon", "coordinates": [RING]}
    dashes = {"type": "MultiLineString", "coordinates": [[[0, 0], [1, 1]], [[2, 2], [3, 3]]]}
    path = _geojson(
        tmp_path,
        {"type": "Feature", "properties": {"NAME": "木国", "SOC": "XAA"}, "geometry": polygon},
        {"type": "Feature", "properties": None, "geometry": dashes},
        {
            "type": "Feature",
            "properties": {"name": "Peak"},
            "geometry": {"type": "Point", "coordinates": [0, 0]},
        },
        "nothing",
    )
    raw = world_borders.from_geojson(path)
    assert raw.rows_in == 4
    assert admit(raw).frame.rows() == [
        (1, "木国", "XAA", '{"coordinates":[[[0,0],[0,2],[2,2],[2,0],[0,0]]],"type":"Polygon"}'),
        (2, None, None, '{"coordinates":[[[0,0],[1,1]],[[2,2],[3,3]]],"type":"MultiLineString"}'),
    ]
    assert raw.rejects.select("row", "column", "value").rows() == [
        (3, "geometry", "Peak"),
        (4, "geometry", "nothing"),
    ]


def test_a_geometry_alone_is_no_border_file(tmp_path: Path) -> None:
    path = tmp_path / "map.geojson"
    path.write_text(json.dumps({"type": "Polygon", "coordinates": [RING]}), encoding="utf-8")
    with pytest.raises(FormatError, match="of type 'Polygon' without a list of 'features'"):
        world_borders.from_geojson(path)
