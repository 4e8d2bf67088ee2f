"""A chart of two axes with an interval on each, as a Vega-Lite specification."""

from collections.abc import Sequence
from dataclasses import dataclass

import altair as alt

from cosmopolis.publish.chapter.charts import span_of
from cosmopolis.publish.charts import ACCENT, BAR, INK, MUTED, Spec, finished

_SIDE = 300

_ENDS = (0.05, 0.1, 0.2, 0.25, 0.3, 0.4, 0.5, 0.6, 0.75, 0.8, 1.0)
"""Where the axis of shares may end."""

_NEAR = 1.5
"""A turn is shown where it is within so many times the largest value."""

_ROOM = {"left": 0, "top": 4, "right": 4, "bottom": 8}
"""Pixels around the drawing, so that no letter of a title is cut."""


@dataclass(frozen=True, kw_only=True)
class Dot:
    """A point with its name and, where they are known, the bounds of both values."""

    name: str
    x: float
    y: float
    x_low: float | None = None
    x_high: float | None = None
    y_low: float | None = None
    y_high: float | None = None


def end_of_shares(dots: Sequence[Dot], turn: float) -> float:
    """Return where the axis of shares ends: a round share above all values, and above a turn that is near.

    Examples
    --------
    >>> end_of_shares([Dot(name="a", x=0.11, y=1.0, x_high=0.14)], 0.5)
    0.2
    >>> end_of_shares([Dot(name="a", x=0.4, y=1.0)], 0.5)
    0.6
    """
    most = max(v for dot in dots for v in (dot.x, dot.x_high or 0.0))
    least = max(most, turn) if turn <= most * _NEAR else most
    return next((end for end in _ENDS if end > least), 1.0)


def scatter(
    dots: Sequence[Dot], *, x_title: str, y_title: str, turns: tuple[float, float], joined: bool = False
) -> Spec:
    """Chart points of a share and a number from one on, with a cross of their intervals.

    Parameters
    ----------
    dots
        In the order in which a line joins them, where asked for.
    x_title, y_title
        Of the axes: across from 0 to `end_of_shares`, and up from 1.
    turns
        Where a line crosses each axis: what lies beyond reads otherwise. One beyond the axis is not drawn.
    joined
        Whether a line goes from each to the next: one thing by year.
    """
    rows = [
        {
            "n": n,
            "name": dot.name,
            "x": dot.x,
            "y": dot.y,
            "x_low": dot.x_low,
            "x_high": dot.x_high,
            "y_low": dot.y_low,
            "y_high": dot.y_high,
        }
        for n, dot in enumerate(dots)
    ]
    most = max(v for dot in dots for v in (dot.y, dot.y_high or 0.0, turns[1]))
    top = span_of([1.0, most], zero=False)[1]
    end = end_of_shares(dots, turns[0])
    across = alt.Scale(domain=[0, end], nice=False)
    up = alt.Scale(domain=[1, top], nice=False)
    x_axis = alt.Axis(
        tickCount=5,
        format=".0%",
        title=x_title,
        titleAnchor="start",
        titlePadding=8,
        domain=False,
        ticks=False,
    )
    y_axis = alt.Axis(
        tickCount=5,
        format=",~r",
        title=y_title,
        titleAngle=0,
        titleAlign="left",
        titleX=-30,
        titleY=-12,
        domain=False,
        ticks=False,
    )
    x = alt.X("x:Q", scale=across, axis=x_axis)
    y = alt.Y("y:Q", scale=up, axis=y_axis)
    base = alt.Chart(alt.NamedData(name="dots"))
    turn = alt.Chart(alt.NamedData(name="turns"))
    layers = [
        turn.transform_filter(f"datum.x <= {end}")
        .mark_rule(color=MUTED, strokeDash=[2, 2])
        .encode(x=alt.X("x:Q", scale=across)),
        turn.mark_rule(color=MUTED, strokeDash=[2, 2]).encode(y=alt.Y("y:Q", scale=up)),
        base.transform_filter("isValid(datum.x_low) && isValid(datum.x_high)")
        .mark_rule(color=BAR, strokeWidth=2.5)
        .encode(x=alt.X("x_low:Q", scale=across), x2=alt.X2("x_high:Q"), y=alt.Y("y:Q", scale=up)),
        base.transform_filter("isValid(datum.y_low) && isValid(datum.y_high)")
        .mark_rule(color=BAR, strokeWidth=2.5)
        .encode(y=alt.Y("y_low:Q", scale=up), y2=alt.Y2("y_high:Q"), x=alt.X("x:Q", scale=across)),
    ]
    if joined:
        layers.append(
            base.mark_line(color=ACCENT, strokeWidth=1.2, opacity=0.6).encode(
                x=x, y=y, order=alt.Order("n:Q")
            )
        )
    layers += [
        base.mark_point(
            filled=True, size=44, fill=ACCENT, stroke="#ffffff", strokeWidth=0.8, opacity=1
        ).encode(x=x, y=y),
        base.mark_text(align="left", dx=7, dy=-7, fontSize=11, color=INK).encode(
            x=x, y=y, text=alt.Text("name:N")
        ),
    ]
    chart = alt.layer(*layers).properties(width=_SIDE, height=_SIDE, padding=_ROOM)
    return finished(chart, {"dots": rows, "turns": [{"x": turns[0], "y": turns[1]}]})
