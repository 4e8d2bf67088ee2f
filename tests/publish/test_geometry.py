"""Equal Earth keeps areas; rings are wound for d3; labels keep apart."""

import numpy as np
import pytest

from cosmopolis.errors import FormatError
from cosmopolis.publish.geometry import Frame, equal_earth, outlines, place_labels


def test_projection_keeps_areas() -> None:
    """The determinant of the Jacobian is cos φ, that of the sphere, everywhere."""
    longitude, latitude = np.meshgrid(np.linspace(-170, 170, 18), np.linspace(-85, 85, 18))
    h = 1e-4
    x1, y1 = equal_earth(longitude + h, latitude)
    x0, y0 = equal_earth(longitude - h, latitude)
    x3, y3 = equal_earth(longitude, latitude + h)
    x2, y2 = equal_earth(longitude, latitude - h)
    step = 2 * np.radians(h)
    determinant = ((x1 - x0) * (y3 - y2) - (x3 - x2) * (y1 - y0)) / step**2
    np.testing.assert_allclose(determinant, np.cos(np.radians(latitude)), rtol=1e-5, atol=1e-7)


def test_projection_extent() -> None:
    x, y = equal_earth(np.array([180.0, 0.0]), np.array([0.0, 90.0]))
    assert x[0] == pytest.approx(2.70663, abs=1e-5)
    assert y[1] == pytest.approx(1.31736, abs=1e-5)


def test_frame_turns_to_its_centre() -> None:
    frame = Frame(width=1000, centre=150.0)
    pixels = frame.pixels([150.0, -31.0, -29.0], [0.0, 0.0, 0.0])
    assert pixels[0, 0] == pytest.approx(500)
    assert pixels[1, 0] > 990
    assert pixels[2, 0] < 10


def _area(ring: list[tuple[float, float]]) -> float:
    return sum(a[0] * b[1] - b[0] * a[1] for a, b in zip(ring, ring[1:] + ring[:1], strict=True)) / 2


@pytest.mark.parametrize("turn", [1, -1])
def test_rings_run_clockwise_and_holes_the_other_way(turn: int) -> None:
    outer = [[0.0, 0.0], [10.0, 0.0], [10.0, 10.0], [0.0, 10.0], [0.0, 0.0]][::turn]
    hole = [[4.0, 4.0], [6.0, 4.0], [6.0, 6.0], [4.0, 6.0], [4.0, 4.0]][::turn]
    land, lines = outlines({"type": "Polygon", "coordinates": [outer, hole]})
    (polygon,) = land[0]["geometry"]["coordinates"]
    assert _area(polygon[0]) < 0 < _area(polygon[1])
    assert not lines


def test_small_islands_and_open_lines_stay() -> None:
    island = [[0.0, 0.0], [0.01, 0.0], [0.01, 0.01], [0.0, 0.0]]
    dashes = [[[0.0, 0.0], [1.0, 1.0]], [[2.0, 2.0], [3.0, 3.0]]]
    collection = {
        "type": "GeometryCollection",
        "geometries": [
            {"type": "MultiPolygon", "coordinates": [[island]]},
            {"type": "MultiLineString", "coordinates": dashes},
            {"type": "Point", "coordinates": [0, 0]},
        ],
    }
    land, lines = outlines({"type": "Feature", "geometry": collection})
    assert len(land[0]["geometry"]["coordinates"][0][0]) == 4
    assert len(lines[0]["geometry"]["coordinates"]) == 2


def test_no_geojson_is_an_error_that_teaches() -> None:
    with pytest.raises(FormatError, match=r"'Topology'.*FeatureCollection"):
        outlines({"type": "Topology"})


def test_labels_keep_apart_and_inside() -> None:
    rng = np.random.default_rng(20260101)
    frame = Frame(width=400)
    at = np.column_stack([rng.uniform(0, frame.width, 300), rng.uniform(0, frame.height, 300)])
    labels = place_labels([f"City {n}" for n in range(300)], at, [4.0] * 300, frame=frame, most=60)
    assert 10 < len(labels) <= 60
    boxes = []
    for label in labels:
        width = 11 * 0.5 * len(label.text)
        left = label.x - {"left": 0, "right": width, "center": width / 2}[label.align]
        boxes.append((left, label.y - 5, left + width, label.y + 5))
    for n, a in enumerate(boxes):
        assert a[0] >= 0
        assert a[2] <= frame.width
        for b in boxes[:n]:
            assert not (a[0] < b[2] and b[0] < a[2] and a[1] < b[3] and b[1] < a[3])


def test_the_first_named_come_first() -> None:
    frame = Frame(width=400)
    labels = place_labels(
        ["First", "Second"], np.array([[200.0, 100.0], [200.0, 100.0]]), [3, 3], frame=frame, most=1
    )
    assert [label.text for label in labels] == ["First"]
