"""Vega-Lite specifications to inline SVG, offline, small, accessible, and safe to put into a page.

vl-convert draws; what comes out is parsed and written anew: numbers rounded, ids made unique, sizes
left to the page's style, a title and a description put in. No address is ever loaded.
"""

import re
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import orjson
import vl_convert
from markupsafe import Markup

from cosmopolis.publish.charts import Spec
from cosmopolis.publish.words import clean

VEGA_LITE = "6.1"
"""The version of Vega-Lite that is drawn with, of those that vl-convert holds."""

_SVG = "http://www.w3.org/2000/svg"
_XLINK = "http://www.w3.org/1999/xlink"
_NUMBER = re.compile(r"-?\d+\.\d+(?:e-?\d+)?")
_URL = re.compile(r"url\(#([^)]*)\)")
_ROUNDED = frozenset(
    {"d", "transform", "x", "y", "x1", "x2", "y1", "y2", "cx", "cy", "r", "width", "height", "dx", "dy"}
)
_LEFT_OUT = frozenset(
    {"class", "role", "pointer-events", "font-family", "aria-hidden", "stroke-miterlimit", "version"}
)
_DEFAULTS = frozenset({("opacity", "1"), ("transform", "translate(0,0)")})
_KEPT = frozenset(
    {"svg", "g", "path", "rect", "line", "circle", "text", "tspan", "defs", "clipPath", "use"}
    | {"linearGradient", "radialGradient", "stop"}
)


def register_font(font: Path) -> None:
    """Let vl-convert measure texts with a font file (with every font of its folder)."""
    vl_convert.register_font_directory(str(font.parent))


def svg(spec: Spec, *, config: Mapping[str, Any], id: str, title: str, description: str) -> Markup:  # noqa: A002
    """Draw a chart as an SVG element to put into an HTML page.

    Parameters
    ----------
    spec
        A Vega-Lite specification with its data inside.
    config
        The Vega-Lite configuration.
    id
        Prefix of every id in the drawing; unique in the page.
    title, description
        What a screen reader says of it.

    Returns
    -------
    drawing
        An `<svg>` element without fixed size; all text and attributes escaped.

    Raises
    ------
    ValueError
        If the specification cannot be drawn: a defect of the chart.
    """
    view, inside = _drawn(orjson.dumps(_cleaned(spec)), orjson.dumps(dict(config)), id)
    root = ET.Element(
        "svg", {"viewBox": view, "role": "img", "aria-labelledby": f"{id}-title {id}-description"}
    )
    for tag, name, text in (("title", "title", title), ("desc", "description", description)):
        ET.SubElement(root, tag, {"id": f"{id}-{name}"}).text = clean(text)
    head, end, _ = ET.tostring(root, encoding="unicode", short_empty_elements=False).rpartition("</svg>")
    return Markup(head + inside + end)  # noqa: S704 - written by ElementTree, escaped


@lru_cache(maxsize=32)
def _drawn(spec: bytes, config: bytes, id: str) -> tuple[str, str]:  # noqa: A002
    """Draw a specification: its view and its inside; one without words is drawn once for all languages."""
    drawn = vl_convert.vegalite_to_svg(
        orjson.loads(spec), vl_version=VEGA_LITE, config=orjson.loads(config), allowed_base_urls=[]
    )
    root = ET.fromstring(drawn)  # noqa: S314 - drawn by ourselves, holds no document type
    view = root.attrib["viewBox"]
    _tidy(root, _Ids(id))
    return _rounded(view), "".join(ET.tostring(child, encoding="unicode") for child in root)


def _cleaned(value: Any) -> Any:  # noqa: ANN401 - any JSON
    """Take control characters out of every text, which XML cannot hold."""
    if isinstance(value, str):
        return value if value.isprintable() else clean(value)
    if isinstance(value, Mapping):
        return {key: _cleaned(part) for key, part in value.items()}
    if isinstance(value, list | tuple):
        if _is_numbers(value) or (value and _is_numbers(value[0])):
            return value  # a point, or a line of points
        return [_cleaned(part) for part in value]
    return value


def _is_numbers(value: object) -> bool:
    return isinstance(value, list | tuple) and bool(value) and isinstance(value[0], float)


class _Ids:
    """New names for the ids of a drawing, numbered as they come: Vega counts on from drawing to drawing."""

    def __init__(self, prefix: str) -> None:
        self._prefix = prefix
        self._new: dict[str, str] = {}

    def __call__(self, old: str) -> str:
        """Return the new name of an id, always the same for the same."""
        return self._new.setdefault(old, f"{self._prefix}-{len(self._new) + 1}")


def _tidy(element: ET.Element, ids: _Ids) -> None:
    """Drop names of spaces, what is not drawn and what styles give; round numbers; prefix ids."""
    element.tag = element.tag.removeprefix(f"{{{_SVG}}}")
    attributes = [(name.removeprefix(f"{{{_XLINK}}}"), value) for name, value in element.attrib.items()]
    element.attrib.clear()
    for name, value in attributes:
        kept = _attribute(name, value, ids)
        if kept is not None and (name, kept) not in _DEFAULTS:
            element.attrib[name] = kept
    for child in list(element):
        tag = child.tag.removeprefix(f"{{{_SVG}}}")
        empty = tag == "path" and child.get("d", "") in {"", "M0,0h0v0h0Z"}
        if tag in _KEPT and not empty:
            _tidy(child, ids)
        if tag not in _KEPT or empty or (tag in {"g", "text"} and not child.text and not len(child)):
            element.remove(child)


def _attribute(name: str, value: str, ids: _Ids) -> str | None:
    """Return what an attribute becomes; None if it is left out."""
    if name in _LEFT_OUT or name.startswith(("aria-", "on")):
        return None
    if name == "id":
        return ids(value)
    if name == "href":
        return f"#{ids(value[1:])}" if value.startswith("#") else None
    if name in _ROUNDED:
        return _rounded(value)
    return _URL.sub(lambda match: f"url(#{ids(match.group(1))})", value)


def _rounded(text: str) -> str:
    """Round each number of an attribute to one decimal."""
    return _NUMBER.sub(_round, text)


def _round(match: re.Match[str]) -> str:
    number = f"{float(match.group()):.1f}".removesuffix(".0")
    return "0" if number == "-0" else number
