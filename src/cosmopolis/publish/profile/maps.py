"""Maps of one city's ties: the whole world, or the part of it in which all its partners lie.

Projection, ground and labels are those of `cosmopolis.publish.maps`; only the window is a profile's own.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import altair as alt
import numpy as np
from markupsafe import Markup
from numpy.typing import NDArray

from cosmopolis.publish.chapter.maps import network_layers
from cosmopolis.publish.charts import INK, Spec, finished
from cosmopolis.publish.geometry import Frame, equal_earth, great_circle, place_labels
from cosmopolis.publish.maps import Land, Node, Tie, short
from cosmopolis.publish.words import clean

WIDTH = 360
"""Pixels: a telephone's width, and a third of a page's."""

ZOOM_MOST = 7.0
"""Beyond, outlines of land are too coarse to be told."""

ZOOM_LEAST = 1.6
"""Below, the whole world is shown: a cut would save little room."""

_FILLED = 0.72
"""Share of the window's width and height that the ends fill at most; names need the rest."""

_CITY_AREA, _PARTNER_AREA = 60.0, 9.0
_LABEL_PIXELS = 11.0
_ROOM = 1.1
"""Names are given a little more room than they are estimated to need: the edge of the map cuts them."""

_ANCHORS = {"left": "start", "center": "middle", "right": "end"}


@dataclass(frozen=True, kw_only=True)
class Window(Frame):
    """A map's frame that may show a part of the world: enlarged, around a middle latitude and longitude.

    Attributes
    ----------
    zoom
        1 for the whole world.
    latitude
        At the middle of the frame, degrees.
    """

    zoom: float = 1.0
    latitude: float = 0.0

    @property
    def scale(self) -> float:
        """Pixels for one radius of the sphere."""
        return self.zoom * Frame(width=self.width, margin=self.margin).scale

    @property
    def height(self) -> int:
        """Pixels of the whole world's height, whatever the zoom."""
        return Frame(width=self.width, margin=self.margin).height

    @property
    def shift(self) -> float:
        """Pixels by which the equator lies below the middle of the frame."""
        _, y = equal_earth(np.array([0.0]), np.array([self.latitude]))
        return self.scale * float(y[0])

    def pixels(self, longitude: Sequence[float], latitude: Sequence[float]) -> NDArray[np.float64]:
        """Return pixels `(n, 2)`, x to the right and y down from the upper left corner."""
        turned = (np.asarray(longitude, dtype=np.float64) - self.centre + 180.0) % 360.0 - 180.0
        x, y = equal_earth(turned, np.asarray(latitude, dtype=np.float64))
        return np.column_stack(
            [self.width / 2 + self.scale * x, self.height / 2 + self.shift - self.scale * y]
        )


def window(nodes: Sequence[Node], *, centre: float, width: int = WIDTH) -> Window:
    """Return the window around some points; the whole world where they lie far apart.

    Parameters
    ----------
    nodes
        The city first: longitudes are taken from it the shorter way round.
    centre
        Meridian at the middle of the whole world, degrees.

    Examples
    --------
    >>> near = [Node(name="", latitude=48.1, longitude=lon, value=1) for lon in (11.6, 16.4)]
    >>> window(near, centre=11).zoom, window(near[:1], centre=11).zoom
    (7.0, 1.0)
    """
    whole = Window(width=width, centre=centre)
    if len(nodes) < 2:  # noqa: PLR2004 - one point has no extent
        return whole
    home = nodes[0].longitude
    east = [(node.longitude - home + 180.0) % 360.0 - 180.0 for node in nodes]
    middle = home + (min(east) + max(east)) / 2
    latitudes = [node.latitude for node in nodes]
    around = Window(width=width, centre=(middle + 180.0) % 360.0 - 180.0)
    at = around.pixels([node.longitude for node in nodes], latitudes)
    spans = at.max(axis=0) - at.min(axis=0)
    room = np.array([width, around.height]) * _FILLED
    zoom = float(np.min(room / np.maximum(spans, 1e-9)))
    if zoom < ZOOM_LEAST:
        return whole
    return Window(
        width=width,
        centre=round(around.centre, 2),
        zoom=round(min(zoom, ZOOM_MOST), 2),
        latitude=round((min(latitudes) + max(latitudes)) / 2, 2),
    )


def ties_map(nodes: Sequence[Node], ties: Sequence[Tie], land: Land, *, frame: Window) -> Spec:
    """Map a city and its ties, without names (those are `names`), so that one drawing serves all languages.

    Parameters
    ----------
    nodes
        The city first, then its partners, the strongest first.
    ties
        Links to draw; width grows with the square root of the weight, so that weak ones are seen.
    """
    most = max((tie.weight for tie in ties), default=1.0)
    layers = [
        *network_layers(land, most=most),
        alt.Chart(alt.sphere()).mark_geoshape(filled=False, stroke="#9aa5af", strokeWidth=0.7),
    ]
    for layer in layers:
        layer.mark.clip = True
    points = [
        {"longitude": node.longitude, "latitude": node.latitude, "area": area}
        for node, area in reversed(list(zip(nodes, _areas(nodes), strict=True)))
    ]
    chart = (
        alt.layer(*layers)
        .project(
            type="equalEarth",
            scale=frame.scale,
            translate=[frame.width / 2, frame.height / 2 + frame.shift],
            rotate=[-frame.centre, 0, 0],
        )
        .properties(width=frame.width, height=frame.height)
    )
    ordered = sorted(ties, key=lambda tie: (tie.weight, tie.origin, tie.destination))
    datasets = {
        "land": land.polygons,
        "ties": [great_circle(tie.origin, tie.destination, weight=tie.weight) for tie in ordered],
        "nodes": points,
    }
    if land.lines:
        datasets["lines"] = land.lines
    return finished(chart, datasets)


def _areas(nodes: Sequence[Node]) -> list[float]:
    return [_CITY_AREA, *[_PARTNER_AREA] * (len(nodes) - 1)]


def names(nodes: Sequence[Node], *, frame: Window, most: int) -> Markup:
    """Write the names of the first points beside their symbols, as a group to put into the map's drawing.

    Parameters
    ----------
    most
        How many at most; fewer where there is no room.
    """
    placed = place_labels(
        [short(node.name) for node in nodes],
        frame.pixels([node.longitude for node in nodes], [node.latitude for node in nodes]),
        [float(np.sqrt(area / np.pi)) for area in _areas(nodes)],
        frame=frame,
        most=most,
        size=_LABEL_PIXELS * _ROOM,
    )
    texts = Markup("").join(
        Markup('<text x="{}" y="{}" dy=".35em" text-anchor="{}">{}</text>').format(
            label.x, label.y, _ANCHORS[label.align], clean(label.text)
        )
        for label in placed
    )
    return Markup(
        '<g font-size="{}" fill="{}" stroke="#ffffff" stroke-width="2.6" stroke-linejoin="round" '
        'paint-order="stroke">{}</g>'
    ).format(_LABEL_PIXELS, INK, texts)


def named(drawing: Markup, group: Markup) -> Markup:
    """Put a group of names on top of a drawing."""
    head, end, tail = drawing.rpartition("</svg>")
    return Markup(head) + group + Markup(end) + Markup(tail)  # noqa: S704 - parts of what is safe already
