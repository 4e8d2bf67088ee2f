"""Maps of chapters: small ones by window on one scale, and one coloured by community.

Projection, ground and labels are those of `cosmopolis.publish.maps`.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import altair as alt
import numpy as np
from markupsafe import Markup

from cosmopolis.publish.chapter import symbols
from cosmopolis.publish.charts import ACCENT, CONTRAST, MUTED, Spec, finished
from cosmopolis.publish.geometry import Frame, great_circle, place_labels
from cosmopolis.publish.maps import Land, Node, Tie, ground, label_layers, label_sets

PANEL_WIDTH = 360
"""Pixels: a telephone's width, and a third of a page's."""

_PANEL_LABEL_PIXELS = 11.0
_LABEL_PIXELS = 12.0
_PANEL_AREA = (3.0, 130.0)
_PANEL_LINE = (0.3, 2.6)
_COMMUNITY_AREA = (16.0, 280.0)
_LINE_OPACITY = 0.4

COLOURS = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#8a6d00", "#56b4e9", "#1b2733")
"""Palette of Okabe and Ito (2008), their yellow darkened to be seen on white: told apart by every eye."""
SHAPES = ("circle", "square", "triangle-up", "diamond", "cross", "triangle-down", "wedge")
"""A shape for each colour, for whoever sees none."""
REST_COLOUR, REST_SHAPE = "#9aa5af", "circle"


@dataclass(frozen=True, kw_only=True)
class Scale:
    """The greatest values that the panels of a figure share."""

    node: float
    tie: float


def _projected(layers: Sequence[alt.Chart], frame: Frame) -> alt.TopLevelMixin:
    return (
        alt.layer(
            *layers, alt.Chart(alt.sphere()).mark_geoshape(filled=False, stroke="#9aa5af", strokeWidth=0.7)
        )
        .project(
            type="equalEarth",
            scale=frame.scale,
            translate=[frame.width / 2, frame.height / 2],
            rotate=[-frame.centre, 0, 0],
        )
        .properties(width=frame.width, height=frame.height)
    )


def _area(value: float, most: float, span: tuple[float, float]) -> float:
    """Return a symbol's area: it grows with the value from `span`'s first to its last."""
    share = min(max(value, 0.0) / most, 1.0) if most > 0 else 0.0
    return span[0] + share * (span[1] - span[0])


def _points(nodes: Sequence[Node], most: float, span: tuple[float, float]) -> list[dict[str, Any]]:
    return [
        {
            "longitude": node.longitude,
            "latitude": node.latitude,
            "area": round(_area(node.value, most, span), 3),
        }
        for node in reversed(nodes)
    ]


def _arcs(ties: Sequence[Tie]) -> list[dict[str, Any]]:
    ordered = sorted(ties, key=lambda tie: (tie.weight, tie.origin, tie.destination))
    return [great_circle(tie.origin, tie.destination, weight=tie.weight) for tie in ordered]


def _named(
    nodes: Sequence[Node], radii: Sequence[float], *, frame: Frame, most: int, size: float
) -> Mapping[str, list[dict[str, Any]]]:
    at = frame.pixels([node.longitude for node in nodes], [node.latitude for node in nodes])
    return label_sets(
        place_labels([node.name for node in nodes], at, radii, frame=frame, most=most, size=size)
    )


def network_layers(land: Land, *, most: float) -> list[alt.Chart]:
    """Return the layers of a small map: land, links of a width by the root of their weight, cities by area.

    Parameters
    ----------
    most
        The weight of the widest line.
    """
    width = alt.StrokeWidth(
        "properties.weight:Q",
        scale=alt.Scale(type="sqrt", domain=[0, most or 1.0], range=list(_PANEL_LINE)),
        legend=None,
    )
    return [
        *ground(land),
        alt.Chart(alt.NamedData(name="ties"))
        .mark_geoshape(filled=False, stroke=ACCENT, opacity=_LINE_OPACITY, strokeCap="round")
        .encode(width),
        alt.Chart(alt.NamedData(name="nodes"))
        .mark_circle(fill=CONTRAST, stroke="#ffffff", strokeWidth=0.4, opacity=0.92)
        .encode(
            longitude=alt.Longitude("longitude:Q"),
            latitude=alt.Latitude("latitude:Q"),
            size=alt.Size("area:Q", scale=None, legend=None),
        ),
    ]


def panel(
    nodes: Sequence[Node], ties: Sequence[Tie], land: Land, *, frame: Frame, scale: Scale, labels: int
) -> Spec:
    """Map one window of a network on the scale that all its panels share.

    Parameters
    ----------
    nodes
        Most important first; the first are labelled.
    ties
        Links to draw; width grows with the square root of the weight, so that weak ones are seen.
    scale
        Greatest values over all panels.
    labels
        How many cities are named at most.
    """
    layers = [
        *network_layers(land, most=scale.tie),
        *label_layers(frame, size=_PANEL_LABEL_PIXELS),
    ]
    radii = [float(np.sqrt(_area(node.value, scale.node, _PANEL_AREA) / np.pi)) for node in nodes]
    datasets = {
        "land": land.polygons,
        "ties": _arcs(ties),
        "nodes": _points(nodes, scale.node, _PANEL_AREA),
        **_named(nodes, radii, frame=frame, most=labels, size=_PANEL_LABEL_PIXELS),
    }
    if land.lines:
        datasets["lines"] = land.lines
    return finished(_projected(layers, frame), datasets)


def node_symbol(value: float, scale: Scale) -> Markup:
    """Draw the circle of a value for the key of the panels."""
    return symbols.circle(_area(value, scale.node, _PANEL_AREA), CONTRAST)


def tie_symbol(value: float, scale: Scale) -> Markup:
    """Draw the line of a weight for the key of the panels."""
    low, high = _PANEL_LINE
    return symbols.line(low + (high - low) * float(np.sqrt(value / (scale.tie or 1.0))), ACCENT)


@dataclass(frozen=True, kw_only=True)
class Member:
    """A city of a map of communities: its point and its community's place in the key, None for the rest."""

    node: Node
    group: int | None


def community_map(
    members: Sequence[Member], ties: Sequence[Tie], land: Land, *, frame: Frame, labels: int
) -> Spec:
    """Map cities by community: a colour and a shape for each, grey for those beyond the palette.

    Parameters
    ----------
    members
        Most important first.
    """
    most = max((member.node.value for member in members), default=1.0)
    points = [
        {
            "longitude": member.node.longitude,
            "latitude": member.node.latitude,
            "area": round(_area(member.node.value, most, _COMMUNITY_AREA), 3),
            "colour": REST_COLOUR if member.group is None else COLOURS[member.group],
            "shape": REST_SHAPE if member.group is None else SHAPES[member.group],
        }
        for member in reversed(members)
    ]
    layers = [
        *ground(land),
        alt.Chart(alt.NamedData(name="ties")).mark_geoshape(
            filled=False, stroke=MUTED, strokeWidth=0.5, opacity=0.28
        ),
        alt.Chart(alt.NamedData(name="nodes"))
        .mark_point(filled=True, stroke="#ffffff", strokeWidth=0.5, opacity=0.95)
        .encode(
            longitude=alt.Longitude("longitude:Q"),
            latitude=alt.Latitude("latitude:Q"),
            size=alt.Size("area:Q", scale=None),
            fill=alt.Fill("colour:N", scale=None),
            shape=alt.Shape("shape:N", scale=None),
        ),
        *label_layers(frame, size=_LABEL_PIXELS),
    ]
    nodes = [member.node for member in members]
    radii = [float(np.sqrt(_area(node.value, most, _COMMUNITY_AREA) / np.pi)) for node in nodes]
    datasets = {
        "land": land.polygons,
        "ties": _arcs(ties),
        "nodes": points,
        **_named(nodes, radii, frame=frame, most=labels, size=_LABEL_PIXELS),
    }
    if land.lines:
        datasets["lines"] = land.lines
    return finished(_projected(layers, frame), datasets)


def community_symbol(group: int | None) -> Markup:
    """Draw the symbol of a community for the key."""
    if group is None:
        return symbols.shape(REST_SHAPE, REST_COLOUR)
    return symbols.shape(SHAPES[group], COLOURS[group])


def round_steps(most: float) -> list[float]:
    """Return three round values up to a greatest one.

    Examples
    --------
    >>> round_steps(730.0)
    [20.0, 100.0, 500.0]
    """
    power = 1.0
    while power * 10 <= most:
        power *= 10
    while power > most and power > 1e-6:  # noqa: PLR2004 - weights are no smaller
        power /= 10
    top = next(power * m for m in (5, 2, 1) if power * m <= most * 1.0000001) if most > 0 else 1.0
    return [round(top / 25, 6), round(top / 5, 6), round(top, 6)]
