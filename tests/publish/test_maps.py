"""Maps as they are drawn: great circles, cut at the map's edge, never straight across."""

import itertools
import math
import re
from xml.etree import ElementTree as ET

import altair as alt
import pytest

from cosmopolis.publish import charts, render
from cosmopolis.publish.geometry import Frame
from cosmopolis.publish.maps import Land, Node, Tie, world_map

SQUARE = {
    "type": "Feature",
    "properties": {},
    "geometry": {"type": "Polygon", "coordinates": [[[0, 0], [0, 9], [9, 9], [9, 0], [0, 0]]]},
}
CONFIG = charts.config("sans-serif")
FRAME = Frame()


def _drawn(ties: list[Tie], nodes: list[Node] | None = None, *, labels: int = 9) -> ET.Element:
    spec = world_map(
        nodes or [],
        ties,
        Land(polygons=[SQUARE]),
        frame=FRAME,
        node_title="Nodes",
        tie_title="Ties",
        labels=labels,
    )
    drawing = render.svg(spec, config=CONFIG, id="m", title="Map", description="A map")
    return ET.fromstring(str(drawing))  # noqa: S314 - drawn by ourselves


def _lines(root: ET.Element) -> list[list[list[tuple[float, float]]]]:
    """Return the pieces of each link as points."""
    found = []
    for path in root.iter("path"):
        if path.get("stroke") == charts.ACCENT and path.get("fill") in {None, "none"}:
            pieces = path.get("d", "").split("M")[1:]
            found.append(
                [
                    [(float(x), float(y)) for x, y in re.findall(r"(-?[\d.]+),(-?[\d.]+)", piece)]
                    for piece in pieces
                ]
            )
    return found


def test_across_the_pacific_by_both_edges() -> None:
    tie = Tie(origin=(-118.2, 34.0), destination=(139.7, 35.7), weight=1.0)
    (pieces,) = _lines(_drawn([tie]))
    assert len(pieces) == 2
    ends = FRAME.pixels([-118.2, 139.7], [34.0, 35.7])
    edge_left = min(x for piece in pieces for x, _ in piece)
    edge_right = max(x for piece in pieces for x, _ in piece)
    assert edge_left < ends[0, 0] - 50
    assert edge_right > ends[1, 0] + 50
    middle = [x for piece in pieces for x, _ in piece if ends[0, 0] + 1 < x < ends[1, 0] - 1]
    assert not middle


@pytest.mark.parametrize(
    "tie",
    [
        Tie(origin=(-118.2, 34.0), destination=(139.7, 35.7), weight=1.0),
        Tie(origin=(-70.7, -33.4), destination=(151.2, -33.9), weight=1.0),
        Tie(origin=(179.0, 10.0), destination=(-179.0, -10.0), weight=1.0),
        Tie(origin=(-0.1, 51.5), destination=(103.8, 1.3), weight=1.0),
        Tie(origin=(-74.0, 40.7), destination=(116.4, 39.9), weight=1.0),
    ],
)
def test_no_line_runs_straight_across(tie: Tie) -> None:
    """Each line has short steps only, and is as long on the sphere as the great circle."""
    (pieces,) = _lines(_drawn([tie]))
    for piece in pieces:
        for (x0, y0), (x1, y1) in itertools.pairwise(piece):
            # Along the pole line a short step on the sphere is long on the map.
            near_pole = min(y0, y1) < 30 or max(y0, y1) > FRAME.height - 30
            assert near_pole or math.hypot(x1 - x0, y1 - y0) < FRAME.width / 4
    assert len(pieces) <= 2


def test_symbols_stand_where_the_projection_says() -> None:
    nodes = [
        Node(name="A", longitude=100.0, latitude=60.0, value=9.0),
        Node(name="B", longitude=-60.0, latitude=-30.0, value=4.0),
    ]
    root = _drawn([], nodes)
    drawn = [
        tuple(float(n) for n in re.findall(r"-?[\d.]+", path.get("transform", "")))
        for path in root.iter("path")
        if path.get("fill") == charts.CONTRAST and path.get("transform")
    ]
    for x, y in FRAME.pixels([100.0, -60.0], [60.0, -30.0]):
        assert any(math.hypot(x - px, y - py) < 0.2 for px, py in drawn), (x, y, drawn)


def test_names_and_legends_are_drawn_as_text() -> None:
    nodes = [
        Node(name="<b>&", longitude=0, latitude=0, value=9),
        Node(name="B", longitude=9, latitude=0, value=1),
    ]
    ties = [Tie(origin=(0, 0), destination=(9, 0), weight=w) for w in (1.0, 5.0)]
    texts = [text.text for text in _drawn(ties, nodes).iter("text")]
    assert {"<b>&", "Nodes", "Ties"} <= set(texts)


def test_specifications_are_valid_vega_lite() -> None:
    nodes = [
        Node(name="A", longitude=0, latitude=0, value=9),
        Node(name="B", longitude=9, latitude=0, value=1),
    ]
    ties = [Tie(origin=(0, 0), destination=(9, 0), weight=w) for w in (1.0, 5.0)]
    land = Land(polygons=[SQUARE], lines=[SQUARE])
    spec = world_map(nodes, ties, land, frame=FRAME, node_title="N", tie_title="T", labels=2)
    bars = charts.region_bars([{"region": "R", "cities": 1, "label": "1"}])
    config = {name: dict(part) if isinstance(part, dict) else part for name, part in CONFIG.items()}
    del config["legend"]["layout"]  # goes through to Vega, whose own the setting is
    for made in (spec, bars):
        alt.Chart.from_dict(made | {"config": config}, validate=True)


def test_nothing_to_draw_is_still_a_map() -> None:
    assert _drawn([]).get("viewBox")


def test_strength_shows_as_width_and_the_strong_on_top() -> None:
    ties = [
        Tie(origin=(0, 0), destination=(50, 0), weight=9.0),
        Tie(origin=(0, 10), destination=(50, 10), weight=1.0),
    ]
    widths = [
        float(path.get("stroke-width", "1"))
        for path in _drawn(ties).iter("path")
        if path.get("stroke") == charts.ACCENT and "M" in path.get("d", "")
    ]
    assert widths[0] < widths[1]
