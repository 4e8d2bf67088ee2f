"""Outlines of countries for maps: Natural Earth 1:110m, or a border file of the user's own.

Only for drawing. Which country a place lies in is never taken from an outline, and which outline is drawn
is a setting of the edition: `from_geojson` reads the base map that a user must or wants to show. The
built-in outlines show who holds what in fact, as Natural Earth sees it: Kosovo (without a code), Somaliland
and Northern Cyprus (with codes of Natural Earth's own, SOL and CYN) stand apart in them.
"""

import codecs
import json
import warnings
from collections.abc import Mapping
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import shapefile

from cosmopolis.sources.raw import Raw
from cosmopolis.sources.text import (
    Reject,
    feature_parts,
    path_of,
    raw_of,
    read_bytes,
    read_features,
    wrong_format,
)

SOURCE = "world-borders"
STEM = "naturalearth_lowres"

NO_CODE = "-99"
"""What Natural Earth writes where a country has no ISO code; read as missing."""

GEOMETRIES = ("Polygon", "MultiPolygon", "LineString", "MultiLineString")
"""What can be drawn as a border. Lines too: some official maps draw a claim as a line of dashes."""

_SHAPE_MARK = b"\x00\x00\x27\x0a"
_NAMES = ("name", "name_en", "admin", "name_zh", "name_chn", "name_long", "country")
_CODES = ("iso_a3", "iso3", "iso_a3_eh", "adm0_a3", "soc", "iso")


def _geojson(geometry: Mapping[str, Any]) -> str:
    return json.dumps(geometry, sort_keys=True, separators=(",", ":"))


def _opened(files: Mapping[str, Path], stack: ExitStack) -> shapefile.Reader:
    """Open the parts of the shapefile; raises `FormatError` if they are no shapefile with the two fields."""
    expected = "the parts .shp, .shx, .dbf and .cpg of a shapefile with the fields 'name' and 'iso_a3'"
    paths = {kind: path_of(files, f"{STEM}.{kind}", source=SOURCE) for kind in ("shp", "shx", "dbf", "cpg")}
    for kind, path in paths.items():
        data = read_bytes(path, source=SOURCE, expected=expected)
        if kind in ("shp", "shx") and not data.startswith(_SHAPE_MARK):
            raise wrong_format(SOURCE, path, f"begins with {data[:4]!r}", expected)
    encoding = paths["cpg"].read_text(encoding="ascii", errors="replace").strip()
    try:
        codecs.lookup(encoding)
    except (LookupError, ValueError) as error:
        raise wrong_format(SOURCE, paths["cpg"], f"names the encoding {encoding[:40]!r}", expected) from error
    parts = {kind: stack.enter_context(paths[kind].open("rb")) for kind in ("shp", "shx", "dbf")}
    try:
        reader = shapefile.Reader(**parts, encoding=encoding)
        fields = [str(field[0]) for field in reader.fields]
    except Exception as error:  # the library raises whatever its parsing meets
        raise wrong_format(
            SOURCE, paths["dbf"], f"or another part cannot be read ({error})", expected
        ) from error
    if not {"name", "iso_a3"}.issubset(fields):
        raise wrong_format(SOURCE, paths["dbf"], f"has the fields {fields}", expected)
    return reader


def read(files: Mapping[str, Path]) -> tuple[Raw, ...]:
    """Read the part `borders` for the table `border` from a shapefile.

    Parameters
    ----------
    files
        `naturalearth_lowres.shp`, `.shx`, `.dbf` and `.cpg` (the encoding of the names).
    """
    rows, rejects = [], list[Reject]()
    with ExitStack() as stack:
        stack.enter_context(warnings.catch_warnings())
        warnings.simplefilter("ignore")  # on files cut off, which are seen row by row here
        reader = _opened(files, stack)
        for place in range(max(len(reader), reader.numRecords or 0)):
            try:
                record = reader.record(place)
                name, code = record["name"], record["iso_a3"]
            except Exception as error:  # noqa: BLE001 - as above
                rejects.append((place + 1, "name", None, f"name cannot be read ({error})"))
                continue
            try:
                geometry = reader.shape(place).__geo_interface__
            except Exception as error:  # noqa: BLE001 - as above
                rejects.append((place + 1, "geometry", name, f"geometry cannot be read ({error})"))
                continue
            if geometry.get("type") in GEOMETRIES and geometry.get("coordinates"):
                rows.append((place + 1, name, None if code == NO_CODE else code, _geojson(geometry)))
            else:
                reason = f"geometry is of type {geometry.get('type')}, not a polygon"
                rejects.append((place + 1, "geometry", name, reason))
    return (raw_of(SOURCE, "borders", "border", rows, rejects),)


def _text(properties: Mapping[str, Any], keys: tuple[str, ...]) -> str | None:
    """Return the first property, named in whatever case, that is a text."""
    by_key = {str(key).lower(): value for key, value in properties.items()}
    for key in keys:
        value = by_key.get(key)
        if isinstance(value, str) and value.strip() and value != NO_CODE:
            return value
    return None


def from_geojson(path: Path) -> Raw:
    """Read a border file of the user's own, for the same table as `read` gives.

    Parameters
    ----------
    path
        Any GeoJSON FeatureCollection of Polygon, MultiPolygon, LineString or MultiLineString. A name and a
        three-letter code are taken from the properties commonly used for them, and are null where there
        are none.

    Returns
    -------
    borders
        Rows for the table `border`; a feature of another kind is a reject. Coordinates and the direction of
        rings stay as they are.

    Raises
    ------
    FormatError
        If the file is no FeatureCollection.
    """
    rows, rejects = [], list[Reject]()
    expected = "a GeoJSON FeatureCollection of borders"
    for row, feature in enumerate(read_features(path, source=SOURCE, expected=expected), start=1):
        parts = feature_parts(feature)
        if parts is None:
            rejects.append((row, "geometry", feature, "geometry cannot be read: the row is not a feature"))
            continue
        properties, geometry = parts
        name = _text(properties, _NAMES)
        coordinates = geometry.get("coordinates")
        if geometry.get("type") in GEOMETRIES and isinstance(coordinates, list) and coordinates:
            rows.append((row, name, _text(properties, _CODES), _geojson(geometry)))
        else:
            kind = geometry.get("type", "missing")
            reason = f"geometry is {kind}, not one of {', '.join(GEOMETRIES)} with coordinates"
            rejects.append((row, "geometry", name, reason))
    return raw_of(SOURCE, "borders", "border", rows, rejects)
