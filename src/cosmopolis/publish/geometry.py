"""Plane geometry of world maps: the Equal Earth projection, outlines fit to draw, labels that keep apart.

Charts are projected by Vega; the projection stands here as well because labels must be placed before
anything is drawn. Great circles and the cut at the map's edge are Vega's (d3-geo's) work.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cosmopolis.errors import FormatError

_A1, _A2, _A3, _A4 = 1.340264, -0.081106, 0.000893, 0.003796
_SQRT3_HALF = np.sqrt(3.0) / 2.0

Point = tuple[float, float]
Ring = list[Point]


def equal_earth(
    longitude: NDArray[np.float64], latitude: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Project degrees to the plane by Equal Earth.

    With sin θ = (√3/2) sin φ: x = 2√3 λ cos θ / (3 (9 A4 θ⁸ + 7 A3 θ⁶ + 3 A2 θ² + A1)),
    y = A4 θ⁹ + A3 θ⁷ + A2 θ³ + A1 θ.

    Parameters
    ----------
    longitude, latitude
        Degrees, of the same shape; longitude from the map's centre.

    Returns
    -------
    x, y
        In radii of the sphere, y upwards; |x| ≤ 2.707, |y| ≤ 1.318.

    References
    ----------
    Šavrič, Patterson, Jenny (2019), The Equal Earth map projection, Int. J. Geogr. Inf. Sci. 33(3).

    Examples
    --------
    >>> x, y = equal_earth(np.array([180.0]), np.array([0.0]))
    >>> round(float(x[0]), 4), float(y[0])
    (2.7066, 0.0)
    """
    theta = np.arcsin(_SQRT3_HALF * np.sin(np.radians(latitude)))
    t2 = theta * theta
    t6 = t2 * t2 * t2
    slope = _A1 + 3 * _A2 * t2 + t6 * (7 * _A3 + 9 * _A4 * t2)
    x = np.radians(longitude) * np.cos(theta) / (_SQRT3_HALF * slope)
    y = theta * (_A1 + _A2 * t2 + t6 * (_A3 + _A4 * t2))
    return x, y


@dataclass(frozen=True, kw_only=True)
class Frame:
    """A map's size in pixels and the meridian at its middle, in degrees.

    `scale` is pixels to the sphere's radius, so that the sphere fills the width but for the margin.
    """

    width: int = 1080
    centre: float = 11.0
    margin: int = 4

    @property
    def scale(self) -> float:
        """Pixels for one radius of the sphere."""
        edge, _ = equal_earth(np.array([180.0]), np.array([0.0]))
        return (self.width - 2 * self.margin) / (2 * float(edge[0]))

    @property
    def height(self) -> int:
        """Pixels from pole to pole and the margins."""
        _, pole = equal_earth(np.array([0.0]), np.array([90.0]))
        return int(np.ceil(2 * float(pole[0]) * self.scale)) + 2 * self.margin

    def pixels(self, longitude: Sequence[float], latitude: Sequence[float]) -> NDArray[np.float64]:
        """Return pixels `(n, 2)`, x to the right and y down from the upper left corner."""
        turned = (np.asarray(longitude, dtype=np.float64) - self.centre + 180.0) % 360.0 - 180.0
        x, y = equal_earth(turned, np.asarray(latitude, dtype=np.float64))
        return np.column_stack([self.width / 2 + self.scale * x, self.height / 2 - self.scale * y])


def _thinned(ring: Sequence[Sequence[float]], step: float) -> Ring:
    """Leave out points nearer than `step` degrees to the one before; first and last always stay."""
    points = [(round(float(p[0]), 2), round(float(p[1]), 2)) for p in ring]
    kept = points[:1]
    for point in points[1:-1]:
        if abs(point[0] - kept[-1][0]) >= step or abs(point[1] - kept[-1][1]) >= step:
            kept.append(point)
    return kept + points[-1:] if len(points) > 1 else kept


def _wound(ring: Ring, *, clockwise: bool) -> Ring:
    """Turn a ring round if it runs the other way."""
    doubled = sum(a[0] * b[1] - b[0] * a[1] for a, b in zip(ring, ring[1:] + ring[:1], strict=True))
    return ring if (doubled < 0) == clockwise else ring[::-1]


def _rings(polygon: Sequence[Sequence[Sequence[float]]], step: float) -> list[Ring]:
    """Thin a polygon's rings, its outside clockwise and its holes the other way."""
    made = []
    for n, ring in enumerate(polygon):
        thin = _thinned(ring, step)
        if len(thin) < 4:  # noqa: PLR2004 - a closed ring has four points; a small island keeps its own
            thin = [(float(p[0]), float(p[1])) for p in ring]
        made.append(_wound(thin, clockwise=n == 0))
    return made


def _parts(geometry: Mapping[str, Any]) -> Iterable[tuple[str, Any]]:
    """Take a GeoJSON geometry apart into polygons and lines; points are no part of an outline."""
    kind = geometry.get("type")
    if kind == "GeometryCollection":
        for part in geometry["geometries"]:
            yield from _parts(part)
    elif kind in {"Polygon", "LineString"}:
        yield str(kind), geometry["coordinates"]
    elif kind in {"MultiPolygon", "MultiLineString"}:
        for part in geometry["coordinates"]:
            yield str(kind).removeprefix("Multi"), part


def outlines(borders: Mapping[str, Any], *, step: float = 0.12) -> tuple[list[dict[str, Any]], ...]:
    """Make borders fit to draw: rings wound as d3-geo wants them, points thinned.

    d3-geo fills what lies to the right of a ring's way, so that a ring wound as RFC 7946 says would
    fill the whole globe around a country.

    Parameters
    ----------
    borders
        A GeoJSON FeatureCollection (or a single Feature or geometry) in degrees.
    step
        Degrees within which points count as one; 0.12° is less than half a pixel of a 1080 pixel map.

    Returns
    -------
    land, lines
        Features of polygons and of open lines (boundaries that some base maps draw as lines).

    Raises
    ------
    FormatError
        If it is not GeoJSON.
    """
    kind = borders.get("type")
    if kind == "FeatureCollection":
        geometries = [feature.get("geometry") or {} for feature in borders.get("features", [])]
    elif kind == "Feature":
        geometries = [borders.get("geometry") or {}]
    elif "coordinates" in borders or "geometries" in borders:
        geometries = [borders]
    else:
        raise FormatError(
            f"borders: got an object of type {kind!r}, expected a GeoJSON FeatureCollection; "
            "give the edition's borders as GeoJSON with longitude and latitude in degrees"
        )
    land: list[dict[str, Any]] = []
    lines: list[dict[str, Any]] = []
    for geometry in geometries:
        polygons = [_rings(part, step) for kind, part in _parts(geometry) if kind == "Polygon"]
        strings = [_thinned(part, step) for kind, part in _parts(geometry) if kind == "LineString"]
        if polygons:
            land.append(_feature("MultiPolygon", polygons))
        if strings:
            lines.append(_feature("MultiLineString", strings))
    return land, lines


def _feature(kind: str, coordinates: object) -> dict[str, Any]:
    return {"type": "Feature", "properties": {}, "geometry": {"type": kind, "coordinates": coordinates}}


def great_circle(origin: Point, destination: Point, **properties: object) -> dict[str, Any]:
    """Return a GeoJSON line of two points; d3-geo draws it as the shorter great circle."""
    feature = _feature("LineString", [list(origin), list(destination)])
    feature["properties"] = properties
    return feature


def text_width(text: str, size: float) -> float:
    """Estimate a text's width in pixels: ideographs are an em wide, capitals 0.65, all else 0.54."""
    ems = sum(1.0 if ord(c) >= 0x2E80 else 0.65 if c.isupper() else 0.54 for c in text)  # noqa: PLR2004
    return ems * size


@dataclass(frozen=True, kw_only=True)
class Label:
    """A label that found room: its text, its anchor point in pixels, and how it is aligned there."""

    text: str
    x: float
    y: float
    align: str


def place_labels(
    names: Sequence[str],
    at: NDArray[np.float64],
    radii: Sequence[float],
    *,
    frame: Frame,
    most: int,
    size: float = 11.0,
) -> list[Label]:
    """Place labels beside their symbols so that none covers another, the first named first.

    Greedy: each label in turn takes the first of eight places (right, left, above, below, corners) that
    lies within the map and is free of labels and of the symbols of the first `most` points; if none is, one
    that covers symbols of less important points only; else the label is left out.

    Parameters
    ----------
    names, at, radii
        Label, pixels `(n, 2)` and symbol radius of each point, most important first.
    most
        How many labels at most.
    size
        Font size in pixels.

    Returns
    -------
    labels
        In the order of the names.
    """
    points = list(zip(names, at.tolist(), radii, strict=True))
    symbols = [(x - r, y - r, x + r, y + r) for _, (x, y), r in points[:most]]
    taken: list[tuple[float, float, float, float]] = []
    labels: list[Label] = []
    for n, (name, (px, py), radius) in enumerate(points):
        if len(labels) >= most:
            break
        width, gap, half = text_width(name, size), radius + 2.5, size * 0.62
        side = 0.7 * gap
        places = (
            (px + gap, py, "left"),
            (px - gap, py, "right"),
            (px, py - gap - half, "center"),
            (px, py + gap + half, "center"),
            (px + side, py - side - half * 0.7, "left"),
            (px + side, py + side + half * 0.7, "left"),
            (px - side, py - side - half * 0.7, "right"),
            (px - side, py + side + half * 0.7, "right"),
        )
        boxes = []
        for x, y, align in places:
            left = x - {"left": 0.0, "right": width, "center": width / 2}[align]
            boxes.append((left, y - half, left + width, y + half))
        free = [
            k
            for others in (symbols[:n] + symbols[n + 1 :], symbols[:n])
            for k, box in enumerate(boxes)
            if _inside(box, frame) and not any(_overlap(box, other) for other in taken + others)
        ]
        if free:
            x, y, align = places[free[0]]
            taken.append(boxes[free[0]])
            labels.append(Label(text=name, x=round(x, 1), y=round(y, 1), align=align))
    return labels


def _inside(box: tuple[float, float, float, float], frame: Frame) -> bool:
    return box[0] >= 0 and box[1] >= 0 and box[2] <= frame.width and box[3] <= frame.height


def _overlap(a: tuple[float, float, float, float], b: tuple[float, float, float, float]) -> bool:
    return a[0] < b[2] and b[0] < a[2] and a[1] < b[3] and b[1] < a[3]
