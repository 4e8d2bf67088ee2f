"""World maps of cities and links as Vega-Lite specifications, made by Altair.

Equal Earth projection; links are lines of two ends that Vega (d3-geo) draws as great circles and cuts
at the map's edge. Symbols are scaled by area and links by width, each with a legend.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import altair as alt
import numpy as np

from cosmopolis.publish.charts import ACCENT, CONTRAST, INK, LAND, RULE, Spec, finished
from cosmopolis.publish.geometry import Frame, Label, great_circle, place_labels

LABEL_PIXELS = 12.0
SYMBOL_AREA = 60.0
"""Area in square pixels where all symbols have the same value."""
SYMBOL_AREA_MAX = 260.0
SYMBOL_AREA_MIN = 4.0
LINK_WIDTH = 0.8
"""Width in pixels where all links have the same weight."""
LINK_WIDTH_MAX = 3.4
LINK_WIDTH_MIN = 0.5


@dataclass(frozen=True, kw_only=True)
class Node:
    """A point of a map: where it stands, what it is called, and the number that its symbol shows."""

    name: str
    latitude: float
    longitude: float
    value: float


@dataclass(frozen=True, kw_only=True)
class Tie:
    """A line of a map between two `(longitude, latitude)` ends, and the number that its width shows."""

    origin: tuple[float, float]
    destination: tuple[float, float]
    weight: float


@dataclass(frozen=True, kw_only=True)
class Land:
    """Outlines to draw below: features of polygons and of open lines."""

    polygons: Sequence[Mapping[str, Any]]
    lines: Sequence[Mapping[str, Any]] = ()


_FORMAT = ",~r"
"""Numbers of legends: thousands set apart, no idle zeros."""

_ALIGNS: tuple[Literal["left", "center", "right"], ...] = ("left", "center", "right")


def _span(values: Sequence[float]) -> tuple[float, float]:
    """Return the least and the greatest value, (0, 1) of none."""
    return (min(values), max(values)) if values else (0.0, 1.0)


def ground(land: Land) -> list[alt.Chart]:
    """Return the layers below everything: sphere, meridians and parallels, land, boundaries."""
    layers = [
        alt.Chart(alt.sphere()).mark_geoshape(fill="#f8fafb", stroke=None),
        alt.Chart(alt.graticule(step=[30, 30])).mark_geoshape(
            filled=False, stroke=RULE, strokeWidth=0.4, opacity=0.6
        ),
        alt.Chart(alt.NamedData(name="land")).mark_geoshape(
            fill=LAND, stroke="#ffffff", strokeWidth=0.6, strokeJoin="round"
        ),
    ]
    if land.lines:
        layers.append(
            alt.Chart(alt.NamedData(name="lines")).mark_geoshape(
                filled=False, stroke="#9aa5af", strokeWidth=0.6
            )
        )
    return layers


def _symbol_scale(values: Sequence[float], exponent: float) -> tuple[alt.Scale, np.ndarray]:
    """Return the scale of symbols and each value's radius in pixels.

    Area grows with value^exponent from zero, and a little is added so that the smallest can be seen.
    """
    low, high = _span(values)
    if low == high or not values:
        return alt.Scale(domain=[high - 1, high], range=[SYMBOL_AREA_MIN, SYMBOL_AREA]), np.full(
            len(values), np.sqrt(SYMBOL_AREA / np.pi)
        )
    top = max(high, 0.0) or 1.0
    scale = alt.Scale(
        type="pow", exponent=exponent, domain=[0, top], range=[SYMBOL_AREA_MIN, SYMBOL_AREA_MAX], clamp=True
    )
    shares = (np.clip(np.asarray(values, dtype=np.float64), 0.0, None) / top) ** exponent
    areas = SYMBOL_AREA_MIN + shares * (SYMBOL_AREA_MAX - SYMBOL_AREA_MIN)
    return scale, np.sqrt(areas / np.pi)


def label_layers(frame: Frame, *, size: float = LABEL_PIXELS) -> list[alt.Chart]:
    """Return the layers of the labels, by alignment: a white edge below, the text above."""
    layers = []
    for align in _ALIGNS:
        base = alt.Chart(alt.NamedData(name=f"labels_{align}")).encode(
            x=alt.X("x:Q", scale=alt.Scale(domain=[0, frame.width], range=[0, frame.width]), axis=None),
            y=alt.Y("y:Q", scale=alt.Scale(domain=[0, frame.height], range=[0, frame.height]), axis=None),
            text=alt.Text("text:N"),
        )
        edge = base.mark_text(
            align=align,
            baseline="middle",
            fontSize=size,
            fill="#ffffff",
            stroke="#ffffff",
            strokeWidth=2.6,
            strokeJoin="round",
        )
        layers += [edge, base.mark_text(align=align, baseline="middle", fontSize=size, fill=INK)]
    return layers


def label_sets(placed: Sequence[Label]) -> dict[str, list[dict[str, Any]]]:
    """Return the data of the layers of the labels, by name."""
    return {
        f"labels_{align}": [
            {"x": label.x, "y": label.y, "text": label.text} for label in placed if label.align == align
        ]
        for align in _ALIGNS
    }


def _lines(ties: Sequence[Tie], title: str) -> alt.Chart:
    """Return the layer of links; their width needs a legend only where they differ."""
    low, high = _span([tie.weight for tie in ties])
    layer: alt.Chart = alt.Chart(alt.NamedData(name="ties")).mark_geoshape(
        filled=False, stroke=ACCENT, strokeWidth=LINK_WIDTH, opacity=0.42, strokeCap="round"
    )
    if ties and low < high:
        legend = alt.Legend(
            title=title,
            symbolType="stroke",
            symbolSize=500,
            symbolStrokeColor=ACCENT,
            values=_steps(low, high),
            format=_FORMAT,
        )
        scale = alt.Scale(domain=[low, high], range=[LINK_WIDTH_MIN, LINK_WIDTH_MAX])
        layer = layer.encode(alt.StrokeWidth("properties.weight:Q", scale=scale, legend=legend))
    return layer


def world_map(
    nodes: Sequence[Node],
    ties: Sequence[Tie],
    land: Land,
    *,
    frame: Frame,
    node_title: str,
    tie_title: str,
    labels: int,
    exponent: float = 1.0,
) -> Spec:
    """Map points and the links between them on the whole world.

    Parameters
    ----------
    nodes
        Most important first: the first are labelled, and drawn on top.
    ties
        Links to draw; the weak are drawn first.
    land
        What is drawn below.
    frame
        Size and middle meridian.
    node_title, tie_title
        Titles of the two legends.
    labels
        How many points are named at most; fewer where there is no room.
    exponent
        Symbol area grows with the value's power; above 1 sets the great apart where values are alike.
    """
    width, height = frame.width, frame.height
    layers = ground(land)
    ordered = sorted(ties, key=lambda tie: (tie.weight, tie.origin, tie.destination))
    features = [great_circle(tie.origin, tie.destination, weight=tie.weight) for tie in ordered]
    layers.append(_lines(ties, tie_title))
    values = [node.value for node in nodes]
    scale, radii = _symbol_scale(values, exponent)
    low, high = _span(values)
    legend = alt.Legend(title=node_title, symbolFillColor=CONTRAST, values=_steps(low, high), format=_FORMAT)
    points = [
        {"longitude": node.longitude, "latitude": node.latitude, "value": node.value}
        for node in reversed(nodes)
    ]
    layers.append(
        alt.Chart(alt.NamedData(name="nodes"))
        .mark_circle(fill=CONTRAST, stroke="#ffffff", strokeWidth=0.6, opacity=0.92)
        .encode(
            longitude="longitude:Q",
            latitude="latitude:Q",
            size=alt.Size("value:Q", scale=scale, legend=legend),
        )
    )
    placed = place_labels(
        [short(node.name) for node in nodes],
        frame.pixels([node.longitude for node in nodes], [node.latitude for node in nodes]),
        radii.tolist(),
        frame=frame,
        most=labels,
        size=LABEL_PIXELS,
    )
    layers += label_layers(frame)
    layers.append(alt.Chart(alt.sphere()).mark_geoshape(filled=False, stroke="#9aa5af", strokeWidth=0.9))
    chart = (
        alt.layer(*layers)
        .project(
            type="equalEarth",
            scale=frame.scale,
            translate=[width / 2, height / 2],
            rotate=[-frame.centre, 0, 0],
        )
        .properties(width=width, height=height)
    )
    datasets: dict[str, Sequence[Mapping[str, Any]]] = {
        "land": land.polygons,
        "ties": features,
        "nodes": points,
        **label_sets(placed),
    }
    if land.lines:
        datasets["lines"] = land.lines
    return finished(chart, datasets)


def short(name: str, *, most: int = 22) -> str:
    """Cut a label that would fill a map."""
    return name if len(name) <= most else name[: most - 1].rstrip() + "…"


def _steps(low: float, high: float, *, count: int = 5) -> list[float]:
    """Return round numbers above zero between two, for a legend: about `count`.

    Examples
    --------
    >>> _steps(3, 47)
    [10.0, 20.0, 30.0, 40.0]
    """
    if low >= high:
        return [high]
    rough = (high - low) / count
    power = 10.0 ** np.floor(np.log10(rough))
    step = next(float(m * power) for m in (1, 2, 2.5, 5, 10) if m * power >= rough * 0.999)
    first = int(np.ceil(low / step))
    return [round(n * step, 10) for n in range(max(first, 1), first + count + 2) if low <= n * step <= high]
