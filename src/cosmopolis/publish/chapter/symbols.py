"""Symbols of keys as small drawings: squares, circles, lines and the shapes of communities.

They are only looked at: the text that stands beside each says the same.
"""

import math
from collections.abc import Mapping

from markupsafe import Markup

_SIDE = 16
_SHAPES: Mapping[str, str] = {
    "circle": "M8,2.5A5.5,5.5 0 1,1 7.99,2.5Z",
    "square": "M3,3H13V13H3Z",
    "triangle-up": "M8,2.5L14,13H2Z",
    "triangle-down": "M8,13.5L14,3H2Z",
    "diamond": "M8,1.5L13,8L8,14.5L3,8Z",
    "cross": "M6,2H10V6H14V10H10V14H6V10H2V6H6Z",
    "wedge": "M8,1.5L11.5,14H4.5Z",
}


def _drawing(inside: str, *, width: float = _SIDE, height: float = _SIDE) -> Markup:
    return Markup(  # noqa: S704 - numbers and names of our own
        f'<svg viewBox="0 0 {width:g} {height:g}" width="{width:g}" height="{height:g}" '
        f'aria-hidden="true" focusable="false">{inside}</svg>'
    )


def shape(name: str, colour: str) -> Markup:
    """Draw the symbol of a community."""
    return _drawing(f'<path d="{_SHAPES[name]}" fill="{colour}"/>')


def swatch(colour: str) -> Markup:
    """Draw a square of a colour."""
    return shape("square", colour)


def circle(area: float, colour: str) -> Markup:
    """Draw a circle of an area in square pixels."""
    radius = math.sqrt(area / math.pi)
    side = max(2 * radius + 2, 8)
    return _drawing(
        f'<circle cx="{side / 2:.1f}" cy="{side / 2:.1f}" r="{radius:.1f}" fill="{colour}"/>',
        width=round(side, 1),
        height=round(side, 1),
    )


def line(width: float, colour: str) -> Markup:
    """Draw a line of a width in pixels."""
    return _drawing(
        f'<path d="M1,8H27" stroke="{colour}" stroke-width="{width:.1f}" stroke-opacity="0.7" fill="none"/>',
        width=28,
    )
