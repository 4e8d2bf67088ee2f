"""Charts of chapters as Vega-Lite specifications: bars, intervals, and lines with bands.

Names and numbers come in as texts in the reader's language; what years and axes need is plain numerals.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import altair as alt

from cosmopolis.publish.charts import ACCENT, BAR, CONTRAST, INK, MUTED, Spec, finished

_NAMES_WIDTH = 150
_PLOT_WIDTH = 250
_ROW = 21
_TENS = (0.001, 0.01, 0.1, 1, 10, 100, 1000, 10_000)
_TENS_AND_THREES = (0.03, 0.1, 0.3, 1, 3, 10, 30, 100)
_HUNDREDS = (0.0001, 0.01, 1, 100, 10_000)
_WIDE, _WIDEST = 100.0, 20_000.0
"""Greatest value over the least up to which an axis is numbered by tens and threes, and by tens."""
_BAND_OPACITY = 0.16
_DASHES = ((1, 0), (5, 3), (1.5, 2.5))
_LINE_COLOURS = (ACCENT, CONTRAST, MUTED)
_WAY_COLOURS = (
    *("#0b4f6c", "#3f86a6"),
    *("#b34700", "#d98547", "#f0bf94"),
    *("#00694d", "#4aa287", "#9fd0bf"),
    *("#7a4a86", "#b08fb9"),
    "#8a8a8a",
)
"""By organisation's id, by text, by organisation's name, by coordinates: shades within a kind."""
_LIGHT = {"#f0bf94", "#9fd0bf", "#b08fb9", "#d98547"}
_NOT_PLACED = "#d5dbe0"


@dataclass(frozen=True, kw_only=True)
class Bar:
    """A row of a bar chart: name, value and the value's text; `mark` is a tick to compare with."""

    name: str
    value: float
    label: str
    mark: float | None = None


@dataclass(frozen=True, kw_only=True)
class Dot:
    """A row of a chart of intervals; without bounds the dot is hollow."""

    name: str
    value: float
    low: float | None
    high: float | None
    label: str


@dataclass(frozen=True, kw_only=True)
class Series:
    """A line: its name, and by year a value with bounds, None where there are none."""

    name: str
    years: Sequence[int]
    values: Sequence[float]
    low: Sequence[float | None]
    high: Sequence[float | None]


@dataclass(frozen=True, kw_only=True)
class Part:
    """A part of a stacked bar: the bar's name, the part's place in the key, its share.

    The place is None for what found no city.
    """

    bar: str
    place: int | None
    share: float


def _names(base: alt.Chart, y: alt.Y, width: int) -> alt.Chart:
    names: alt.Chart = base.mark_text(align="right", fontSize=12, color=INK, limit=width).encode(
        x=alt.value(-8), y=y, text=alt.Text("name:N")
    )
    return names


def bars(rows: Sequence[Bar], *, names_width: int = _NAMES_WIDTH) -> Spec:
    """Chart values as bars with their texts; a tick across a bar is what it is compared with."""
    data = [
        {"row": n, "name": row.name, "value": row.value, "label": row.label, "mark": row.mark}
        for n, row in enumerate(rows)
    ]
    most = max((max(row.value, row.mark or 0.0) for row in rows), default=1.0) or 1.0
    base = alt.Chart(alt.NamedData(name="rows"))
    y = alt.Y("row:O", axis=None)
    scale = alt.Scale(domain=[0, most], nice=False)
    bar = base.mark_bar(color=ACCENT, height={"band": 0.66}).encode(
        x=alt.X("value:Q", axis=None, scale=scale), y=y
    )
    known = base.transform_filter("isValid(datum.mark)")
    tick = known.mark_tick(color=CONTRAST, thickness=2.5, size=_ROW - 3, opacity=1).encode(
        x=alt.X("mark:Q", scale=scale), y=y
    )
    end = base.transform_calculate(end="max(datum.value, isValid(datum.mark) ? datum.mark : 0)")
    labels = end.mark_text(align="left", dx=6, fontSize=11, color=INK).encode(
        x=alt.X("end:Q", scale=scale), y=y, text=alt.Text("label:N")
    )
    layers = [bar, tick, labels, _names(base, y, names_width)]
    if all(row.mark is None for row in rows):
        layers.remove(tick)
    plot = _NAMES_WIDTH + _PLOT_WIDTH - names_width - 40
    return finished(alt.layer(*layers).properties(width=plot, height=alt.Step(_ROW)), {"rows": data})


def intervals(
    rows: Sequence[Dot],
    *,
    title: str,
    middle: float,
    log: bool,
    percent: bool,
    names_width: int = _NAMES_WIDTH,
) -> Spec:
    """Chart values as dots and their intervals as bars, with a line at what means "no difference".

    Parameters
    ----------
    title
        Of the axis.
    middle
        Where the line stands: 0 for growth, 1 for a ratio.
    log
        Whether the axis is logarithmic.
    percent
        Whether the axis is written in per cent.
    """
    data = [
        {"row": n, "name": r.name, "value": r.value, "low": r.low, "high": r.high, "label": r.label}
        for n, r in enumerate(rows)
    ]
    every = [v for r in rows for v in (r.value, r.low, r.high) if v is not None] + [middle]
    low, high = min(every), max(every)
    if log:
        domain = [low / 1.1, high * 1.1]
        spans = ((_WIDE, _TENS_AND_THREES), (_WIDEST, _TENS), (math.inf, _HUNDREDS))
        steps = next(steps for most, steps in spans if high / low <= most)
        values = [v for v in steps if domain[0] <= v <= domain[1]]
        axis = alt.Axis(
            values=values, format="~r", orient="top", titleAnchor="start", domain=False, ticks=False
        )
        scale = alt.Scale(type="log", domain=domain, nice=False)
    else:
        pad = 0.04 * (high - low or 1.0)
        axis = alt.Axis(
            tickCount=5,
            format="+.0%" if percent else "~r",
            orient="top",
            titleAnchor="start",
            domain=False,
            ticks=False,
        )
        scale = alt.Scale(domain=[low - pad, high + pad], nice=False)
    known = "isValid(datum.low) && isValid(datum.high)"
    base = alt.Chart(alt.NamedData(name="rows"))
    y = alt.Y("row:O", axis=None)
    x = alt.X("value:Q", title=title, scale=scale, axis=axis)
    line = (
        alt.Chart(alt.NamedData(name="middle"))
        .mark_rule(color=MUTED, strokeDash=[2, 2])
        .encode(x=alt.X("x:Q", scale=scale))
    )
    bar = (
        base.transform_filter(known)
        .mark_rule(strokeWidth=5, color=BAR, strokeCap="butt")
        .encode(x=alt.X("low:Q", scale=scale), x2=alt.X2("high:Q"), y=y)
    )
    dot = base.mark_point(filled=True, size=44, stroke=ACCENT, strokeWidth=1.5, opacity=1).encode(
        x=x, y=y, fill=alt.condition(known, alt.value(ACCENT), alt.value("#ffffff"))
    )
    plot = _NAMES_WIDTH + _PLOT_WIDTH - names_width - 50
    labels = base.mark_text(align="left", fontSize=11, color=INK).encode(
        x=alt.value(plot + 8), y=y, text=alt.Text("label:N")
    )
    chart = alt.layer(line, bar, dot, labels, _names(base, y, names_width))
    return finished(
        chart.properties(width=plot, height=alt.Step(_ROW - 1)), {"rows": data, "middle": [{"x": middle}]}
    )


def stacked(parts: Sequence[Part], bars_in_order: Sequence[str]) -> Spec:
    """Chart shares that add up to one as stacked bars; what is not placed is grey and last."""
    rows = []
    for n, bar in enumerate(bars_in_order):
        start = 0.0
        for part in (part for part in parts if part.bar == bar):
            colour = _NOT_PLACED if part.place is None else way_colour(part.place)
            text = f"{part.share:.0%}" if part.share >= 0.07 else ""  # noqa: PLR2004 - narrower has no room
            rows.append(
                {
                    "row": n,
                    "name": bar,
                    "start": start,
                    "end": start + part.share,
                    "colour": colour,
                    "text": text,
                }
                | {"ink": INK if part.place is None or colour in _LIGHT else "#ffffff"}
            )
            start += part.share
    base = alt.Chart(alt.NamedData(name="rows"))
    y = alt.Y("row:O", axis=None)
    scale = alt.Scale(domain=[0, 1], nice=False)
    bar_layer = base.mark_bar(height={"band": 0.62}, stroke="#ffffff", strokeWidth=1).encode(
        x=alt.X("start:Q", scale=scale, axis=None),
        x2=alt.X2("end:Q"),
        y=y,
        color=alt.Color("colour:N", scale=None),
    )
    inside = (
        base.transform_calculate(middle="(datum.start + datum.end) / 2")
        .mark_text(fontSize=11)
        .encode(
            x=alt.X("middle:Q", scale=scale),
            y=y,
            text=alt.Text("text:N"),
            color=alt.Color("ink:N", scale=None),
        )
    )
    names = (
        alt.Chart(alt.NamedData(name="names"))
        .mark_text(align="left", baseline="bottom", dy=-16, fontSize=12, color=INK, limit=400)
        .encode(x=alt.value(0), y=y, text=alt.Text("name:N"))
    )
    chart = alt.layer(bar_layer, inside, names).properties(width=420, height=alt.Step(46))
    return finished(
        chart, {"rows": rows, "names": [{"row": n, "name": b} for n, b in enumerate(bars_in_order)]}
    )


def way_colour(place: int | None) -> str:
    """Return the colour of a part of a stacked bar."""
    return _NOT_PLACED if place is None else _WAY_COLOURS[min(place, len(_WAY_COLOURS) - 1)]


def lines(
    series: Sequence[Series],
    *,
    years: tuple[int, int],
    domain: tuple[float, float],
    percent: bool,
    width: int = 205,
    names: int = 50,
    every: int = 1,
) -> Spec:
    """Chart values by year as lines with bands of their intervals; each is named at its end.

    Parameters
    ----------
    series
        At most three; told apart by colour, dashes and name.
    years, domain
        First and last of the axes, the same for all panels that are compared.
    percent
        Whether values are shares.
    width, names
        Pixels of the plot, and beside it of the names.
    every
        Years from one value to the next; where more have none, the line breaks.
    """
    rows: list[dict[str, Any]] = []
    ends: list[dict[str, Any]] = []
    for n, line in enumerate(series):
        before: int | None = None
        for year, value, low, high in zip(line.years, line.values, line.low, line.high, strict=True):
            if before is not None and year > before + every:
                # A year without a value breaks the line: nothing is known in between.
                rows.append({"year": before + 1, "value": None, "low": None, "high": None, "n": n})
            rows.append({"year": year, "value": value, "low": low, "high": high, "n": n})
            before = year
        if line.years:
            ends.append({"year": line.years[-1], "value": line.values[-1], "name": line.name, "n": n})
    _spread(ends, domain)
    span = years[1] - years[0]
    step = 10 if span > 12 else 5 if span > 6 else 2 if span > 2 else 1  # noqa: PLR2004 - labels need room
    ticks = [y for y in range(years[0], years[1] + 1) if y % step == 0] or [years[0]]
    x = alt.X(
        "year:Q",
        scale=alt.Scale(domain=list(years) if span else [years[0] - 1, years[0] + 1], nice=False),
        axis=alt.Axis(values=ticks, format="d", grid=False, title=None, labelFontSize=11, ticks=True),
    )
    number = _percent_format(domain[1]) if percent else ",~r"
    y = alt.Y(
        "value:Q",
        scale=alt.Scale(domain=list(domain), nice=False),
        axis=alt.Axis(
            tickCount=4, format=number, title=None, domain=False, ticks=False, labelFontSize=11, minExtent=36
        ),
    )
    layers = []
    for n in range(len(series)):
        colour, dash = _LINE_COLOURS[n % len(_LINE_COLOURS)], list(_DASHES[n % len(_DASHES)])
        base = alt.Chart(alt.NamedData(name="rows")).transform_filter(f"datum.n === {n}")
        layers.append(
            base.mark_area(color=colour, opacity=_BAND_OPACITY, line=False, clip=True).encode(
                x=x, y=alt.Y("low:Q", scale=alt.Scale(domain=list(domain), nice=False)), y2=alt.Y2("high:Q")
            )
        )
        layers.append(
            base.mark_line(color=colour, strokeWidth=1.8, strokeDash=dash, clip=True).encode(x=x, y=y)
        )
        layers.append(
            alt.Chart(alt.NamedData(name="ends"))
            .transform_filter(f"datum.n === {n}")
            .mark_text(align="left", dx=5, fontSize=11, color=colour)
            .encode(x=alt.X("year:Q"), y=alt.Y("at:Q"), text=alt.Text("name:N"))
        )
    # Room for names at the right, the same in every panel, so that their plots are of one size.
    room = (
        alt.Chart(alt.NamedData(name="room"))
        .mark_point(opacity=0)
        .encode(x=alt.value(width + names), y=alt.value(0))
    )
    chart = alt.layer(*layers, room).properties(width=width, height=130)
    return finished(chart, {"rows": rows, "ends": ends, "room": [{"x": 1}]})


def _percent_format(most: float) -> str:
    """Return how an axis of shares is numbered, with as many decimals as tell its steps apart.

    Examples
    --------
    >>> _percent_format(0.4), _percent_format(0.04), _percent_format(0.004)
    ('.0%', '.1%', '.2%')
    """
    return next((f".{n}%" for n, least in enumerate((0.08, 0.008)) if most >= least), ".2%")


def _spread(ends: list[dict[str, Any]], domain: tuple[float, float], *, gap: float = 0.1) -> None:
    """Set names at the ends of lines apart, each no nearer than a share of the axis, in place."""
    least = gap * (domain[1] - domain[0])
    ordered = sorted(ends, key=lambda end: (end["value"], end["n"]))
    for n, end in enumerate(ordered):
        end["at"] = end["value"] if n == 0 else max(end["value"], ordered[n - 1]["at"] + least)
    over = max((end["at"] for end in ordered), default=0.0) - domain[1]
    if over > 0:
        for end in ordered:
            end["at"] -= over


def span_of(values: Sequence[float], *, zero: bool) -> tuple[float, float]:
    """Return round bounds of an axis that hold some values, from zero where asked for.

    Examples
    --------
    >>> span_of([120.0, 480.0], zero=True)
    (0.0, 500.0)
    >>> span_of([0.42, 0.58], zero=False)
    (0.4, 0.6)
    """
    if not values:
        return (0.0, 1.0)
    low, high = (min(0.0, *values, 0.0) if zero else min(values)), max(values)
    if low == high:
        low, high = (low - 1.0, high + 1.0) if not zero else (low, high + 1.0)
    rough = (high - low) / 5
    power = 10.0 ** math.floor(math.log10(rough))
    step = next(m * power for m in (1, 2, 2.5, 5, 10) if m * power >= rough * 0.999)
    return (round(math.floor(low / step + 1e-9) * step, 10), round(math.ceil(high / step - 1e-9) * step, 10))
