"""Figures that several sections share: world maps of cities, bars of the first, lines by year."""

from collections.abc import Mapping, Sequence
from itertools import pairwise

from cosmopolis.publish import maps as world
from cosmopolis.publish import network_pages
from cosmopolis.publish.chapter import charts
from cosmopolis.publish.chapter.model import Figure, Panel
from cosmopolis.publish.chapter.studio import Studio
from cosmopolis.publish.maps import Node, Tie
from cosmopolis.publish.production.desk import FIRST, Desk

_WIDTH = 1080


def city_map(
    desk: Desk,
    studio: Studio,
    values: Sequence[tuple[int, float]],
    *,
    label: str,
    node_title: str,
    ties: Sequence[Tie] = (),
    tie_title: str = "",
    notes: Sequence[str] = (),
) -> Figure:
    """Map cities by a value, and ties between them.

    Parameters
    ----------
    values
        City and value, most important first; cities whose place is not known are counted in a note.
    label
        What the figure shows.
    node_title, tie_title
        Titles of the two legends.
    notes
        What is said below, before the projection.
    """
    w, shown = desk.words, desk.view.result.shown
    at = network_pages.places(desk.view, "city")
    nodes = [
        Node(name=world.short(desk.view.city(c)), longitude=at[c][0], latitude=at[c][1], value=float(value))
        for c, value in values
        if c in at and value > 0
    ][: shown.links]
    spec = world.world_map(
        nodes,
        ties,
        studio.land,
        frame=studio.frame(_WIDTH),
        node_title=node_title,
        tie_title=tie_title,
        labels=shown.labels,
    )
    description = network_pages.described(w, nodes, len(ties))
    said = (
        *notes,
        w("map.projection" if ties else "chapter.projection"),
        w.said(desk.view.result.borders_note) or w("map.borders"),
    )
    panel = studio.panel(spec, title=label, description=description)
    return studio.figure(panel, label=label, shape="map", notes=said)


def first_bars(
    desk: Desk,
    studio: Studio,
    rows: Sequence[tuple[str, float, str]],
    *,
    label: str,
    notes: Sequence[str] = (),
) -> Figure:
    """Chart the first of something as bars: name, value and the value's text."""
    w = desk.words
    bars = [charts.Bar(name=name, value=value, label=text) for name, value, text in rows[:FIRST]]
    items = w("common.semicolon").join(f"{bar.name} {bar.label}" for bar in bars[:5])
    panel = studio.panel(charts.bars(bars), title=label, description=w("chapter.bars_alt", items=items))
    return studio.figure(panel, label=label, shape="chart", notes=tuple(notes))


def series(
    name: str, values: Mapping[int, tuple[float, float | None, float | None]] | Mapping[int, float]
) -> charts.Series:
    """Make a line of values by year, each with bounds or alone."""
    years = sorted(values)
    whole = [values[year] for year in years]
    cells = [value if isinstance(value, tuple) else (value, None, None) for value in whole]
    return charts.Series(
        name=name,
        years=years,
        values=[cell[0] for cell in cells],
        low=[cell[1] for cell in cells],
        high=[cell[2] for cell in cells],
    )


def line_panel(
    desk: Desk,
    studio: Studio,
    lines: Sequence[charts.Series],
    *,
    title: str,
    subject: str,
    percent: bool = False,
    zero: bool = True,
    note: str = "",
    years: tuple[int, int] | None = None,
    domain: tuple[float, float] | None = None,
    small: bool = False,
) -> Panel:
    """Draw values by year on an axis that holds their bounds.

    Parameters
    ----------
    lines
        At most three, each with a year or more.
    title, note
        What everybody reads above and below.
    subject
        What the panel is of, for a screen reader.
    percent, zero
        Whether values are shares, and whether the axis begins at zero.
    years, domain
        Ends of the axes, where panels are compared.
    small
        Whether for a grid of many.
    """
    w = desk.words
    every = [
        v for line in lines for part in (line.values, line.low, line.high) for v in part if v is not None
    ]
    if domain is None:
        domain = charts.span_of(every, zero=zero)
        if percent:
            domain = (max(domain[0], 0.0), min(domain[1], 1.0))
    known = [year for line in lines for year in line.years]
    steps = [after - year for line in lines for year, after in pairwise(line.years)]
    spec = charts.lines(
        lines,
        years=years or (min(known), max(known)),
        domain=domain,
        percent=percent,
        every=min(steps, default=1),
        **({"width": 150, "names": 26} if small else {}),
    )

    def text(value: float) -> str:
        return desk.percent(value) if percent else w.amount(value)

    said = [
        w(
            "chapter.line_alt",
            name=line.name.strip() or title,
            first=text(line.values[0]),
            from_year=str(line.years[0]),
            last=text(line.values[-1]),
            to_year=str(line.years[-1]),
        )
        for line in lines
        if line.years
    ]
    return studio.panel(
        spec,
        title=w("chapter.panel_title", topic=subject, years=title),
        description=w.sentences([*said, note]),
        above=title,
        below=note,
    )
