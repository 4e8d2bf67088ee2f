"""Charts of the report as Vega-Lite specifications, made by Altair, and the look that all share.

A specification is a plain dict with its data inside, the same for every way of showing it; texts come
in as words, so that it is made once for each language. Rendering is `cosmopolis.publish.render`.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import altair as alt

from cosmopolis.index.drawing import ticks

INK = "#1b2733"
MUTED = "#5a6672"
RULE = "#c9d1d8"
LAND = "#e7eaed"
BAR = "#9fb8c6"
ACCENT = "#0b4f6c"
"""The report's one accent: dark, so that it reads in grey."""
CONTRAST = "#d55e00"
"""Vermilion of the palette of Okabe and Ito (2008), told from the accent by every kind of eye."""

Spec = dict[str, Any]


@dataclass(frozen=True, kw_only=True)
class RankDot:
    """A city of the figure of intervals; `label` is its interval as text, or says that there is none."""

    name: str
    rank: int
    low: int | None
    high: int | None
    label: str


def config(family: str) -> Mapping[str, Any]:
    """Return the Vega-Lite configuration that every chart shares.

    Parameters
    ----------
    family
        Name of the font that texts are measured with.
    """
    text = {"font": family, "fontWeight": "normal", "color": INK}
    return {
        "aria": False,
        "background": "transparent",
        "font": family,
        "padding": 0,
        "view": {"stroke": None},
        "text": text,
        "axis": {
            "labelColor": INK,
            "titleColor": MUTED,
            "labelFontSize": 12,
            "titleFontSize": 12,
            "titleFontWeight": "normal",
            "domainColor": RULE,
            "tickColor": RULE,
            "gridColor": "#e6eaee",
            "labelLimit": 400,
        },
        "legend": {
            "labelColor": INK,
            "titleColor": MUTED,
            "labelFontSize": 12,
            "titleFontSize": 12,
            "titleFontWeight": "normal",
            "titleLimit": 420,
            "labelLimit": 300,
            "direction": "horizontal",
            "orient": "bottom",
            "layout": {"bottom": {"anchor": "start", "margin": 40}},
        },
    }


def finished(chart: alt.TopLevelMixin, datasets: Mapping[str, Sequence[Mapping[str, Any]]]) -> Spec:
    """Return a chart as a dict and put its data in by name.

    The parts were validated as they were made; the tests validate the whole.
    """
    spec: Spec = chart.to_dict(validate=False)
    spec["datasets"] = {name: list(rows) for name, rows in datasets.items()}
    return spec


def region_bars(rows: Sequence[Mapping[str, Any]]) -> Spec:
    """Chart how many of the first cities each world region has.

    Parameters
    ----------
    rows
        `region` (name to show), `cities` (count, and its text `label`), in the order to show.
    """
    base = alt.Chart(alt.NamedData(name="rows"))
    y = alt.Y("region:N", sort=None, title=None, axis=alt.Axis(domain=False, ticks=False, labelPadding=8))
    x = alt.X("cities:Q", axis=None)
    bars = base.mark_bar(color=ACCENT, height={"band": 0.68}).encode(x=x, y=y)
    labels = base.mark_text(align="left", dx=5, fontSize=12, color=INK).encode(x=x, y=y, text="label:N")
    return finished(alt.layer(bars, labels).properties(width=330, height=alt.Step(25)), {"rows": rows})


def rank_intervals(dots: Sequence[RankDot], *, title: str) -> Spec:
    """Chart ranks as dots and their intervals as bars; a hollow dot has none.

    Names are texts and not the axis's, for two cities may have the same.

    Parameters
    ----------
    dots
        The cities, in the order to show.
    title
        Of the axis.
    """
    rows = [
        {"row": n, "name": dot.name, "rank": dot.rank, "low": dot.low, "high": dot.high, "label": dot.label}
        for n, dot in enumerate(dots)
    ]
    most = max((max(dot.rank, dot.high or 1) for dot in dots), default=1)
    known = "isValid(datum.low) && isValid(datum.high)"
    base = alt.Chart(alt.NamedData(name="rows"))
    y = alt.Y("row:O", axis=None)
    axis = alt.Axis(
        values=ticks(most), orient="top", titleAnchor="start", format="d", domain=False, ticks=False
    )
    scale = alt.Scale(domain=[1, max(most, 2)], nice=False)  # of every layer, or their union starts at zero
    x = alt.X("rank:Q", title=title, scale=scale, axis=axis)
    bars = (
        base.transform_filter(known)
        .mark_rule(strokeWidth=5, color=BAR, strokeCap="butt")
        .encode(x=alt.X("low:Q", scale=scale), x2="high:Q", y=y)
    )
    points = base.mark_point(filled=True, size=44, stroke=ACCENT, strokeWidth=1.5, opacity=1).encode(
        x=x, y=y, fill=alt.condition(known, alt.value(ACCENT), alt.value("#ffffff"))
    )
    names = base.mark_text(align="right", fontSize=12, color=INK, limit=140).encode(
        x=alt.value(-12), y=y, text="name:N"
    )
    end = base.transform_calculate(end="max(datum.rank, isValid(datum.high) ? datum.high : 0)")
    labels = end.mark_text(align="left", dx=8, fontSize=10, color=MUTED).encode(
        x=alt.X("end:Q", scale=scale), y=y, text="label:N"
    )
    chart = alt.layer(bars, points, names, labels).properties(width=250, height=alt.Step(19))
    return finished(chart, {"rows": rows})
