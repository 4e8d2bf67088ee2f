"""Sea ports with the countries they serve, and the sea lanes between them with their named passages.

Two GeoJSON files. A port has its UN/LOCODE, whose first two letters are the country (ISO 3166-1 alpha-2);
for most ports nobody recorded which countries they serve, and `serves` is then null, which is not "none".
Some codes stand twice under two names (of the same harbour, or by mistake); the first stays. Lanes east of
the antimeridian may have longitudes above 180 so that no line runs across the map.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from cosmopolis.sources.raw import Raw
from cosmopolis.sources.text import Reject, feature_parts, path_of, raw_of, read_features

SOURCE = "ports"

_LETTERS = 2  # of a UN/LOCODE that name the country


def _position(coordinates: object) -> tuple[Any, Any]:
    """Return longitude and latitude of a GeoJSON position, two Nones if it is none."""
    if isinstance(coordinates, list) and len(coordinates) >= 2:  # noqa: PLR2004 - longitude, latitude
        return coordinates[0], coordinates[1]
    return None, None


def _ports(path: Path) -> Raw:
    features = read_features(path, source=SOURCE, expected="a GeoJSON FeatureCollection of ports")
    rows, rejects = [], list[Reject]()
    for row, feature in enumerate(features, start=1):
        parts = feature_parts(feature)
        if parts is None:
            rejects.append((row, "port", feature, "port cannot be read: the row is not a feature"))
            continue
        port, geometry = parts
        longitude, latitude = _position(geometry.get("coordinates"))
        code = port.get("port")
        country = code[:_LETTERS] if isinstance(code, str) else None
        rows.append((row, code, port.get("name"), country, latitude, longitude, port.get("to_cty")))
    return raw_of(SOURCE, "ports", "port", rows, rejects)


def _lanes(path: Path) -> Raw:
    features = read_features(path, source=SOURCE, expected="a GeoJSON FeatureCollection of sea lanes")
    lines: list[tuple[Any, Any]] = []  # passage and positions
    for feature in features:
        parts = feature_parts(feature)
        passage, geometry = (None, {}) if parts is None else (parts[0].get("passage"), parts[1])
        positions = geometry.get("coordinates")
        if geometry.get("type") == "MultiLineString" and isinstance(positions, list) and positions:
            lines += [(passage, line) for line in positions]
        else:
            lines.append((passage, positions if geometry.get("type") == "LineString" else feature))
    rows, rejects = [], list[Reject]()
    for row, (passage, positions) in enumerate(lines, start=1):
        if isinstance(positions, list) and positions and all(_position(p) != (None, None) for p in positions):
            longitudes, latitudes = zip(*map(_position, positions), strict=True)
            rows.append((row, passage, list(longitudes), list(latitudes)))
        else:
            reason = "longitudes cannot be read: the row is not a line of positions"
            rejects.append((row, "longitudes", positions, reason))
    return raw_of(SOURCE, "lanes", "sea_lane", rows, rejects)


def read(files: Mapping[str, Path]) -> tuple[Raw, ...]:
    """Read the parts `ports` (table `port`) and `lanes` (table `sea_lane`).

    A row of `lanes` is one line; a MultiLineString has a row for each of its lines.

    Parameters
    ----------
    files
        `ports.geojson` and `marnet_searoute.geojson`.
    """
    return (
        _ports(path_of(files, "ports.geojson", source=SOURCE)),
        _lanes(path_of(files, "marnet_searoute.geojson", source=SOURCE)),
    )
