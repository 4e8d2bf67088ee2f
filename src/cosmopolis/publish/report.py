"""The report: one self-contained HTML page a language that opens from disk and loads nothing.

Draws the figures, sets the pages by their templates, and puts the glyphs used into each. Names are data:
everything goes through autoescape, and the page's own policy lets no script but its own run.
"""

import base64
import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib import resources
from pathlib import Path
from typing import Any

import polars as pl
from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from cosmopolis.publish import charts, fonts, maps, network_pages, notes, render, sureness, words
from cosmopolis.publish.chapter.model import Chapter
from cosmopolis.publish.geometry import Frame, outlines
from cosmopolis.publish.innovation.chapter import chapter as innovation
from cosmopolis.publish.network_pages import NetworkPage
from cosmopolis.publish.production.chapter import chapter as production
from cosmopolis.publish.result import Result
from cosmopolis.publish.view import View, headline, lede, region_rows, top_cities
from cosmopolis.publish.words import LANGUAGES, Words

_SYSTEM_FAMILY = "sans-serif"
_SCORE_EXPONENT = 2.0
_PARTS_BEFORE = 4
"""Numbered parts of the report before its chapters."""

_SYNTHETIC = "SYNTHETIC"
"""What the title of a simulated source begins with: pages that it reaches say so at the top of each."""


@dataclass(frozen=True, kw_only=True)
class Figure:
    """A drawing and the words around it."""

    number: str
    drawing: Markup
    label: str
    notes: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class _Desk:
    """What all drawings of a report share."""

    land: maps.Land
    frame: Frame
    config: Mapping[str, Any]


def write(result: Result, folder: Path) -> dict[str, Path]:
    """Write the report in every language.

    Parameters
    ----------
    result
        What to write of.
    folder
        Where to; made if it is not there. Files of the same names are written over.

    Returns
    -------
    files
        Language and path: `report.en.html`, `report.zh.html`.

    Raises
    ------
    FormatError
        If the borders are not GeoJSON, or the font file is not a font.
    """
    polygons, lines = outlines(result.borders)
    family = _SYSTEM_FAMILY
    if result.font is not None:
        family = fonts.family_of(result.font)
        render.register_font(result.font)
    desk = _Desk(
        land=maps.Land(polygons=polygons, lines=lines),
        frame=Frame(centre=result.shown.centre),
        config=charts.config(family),
    )
    templates = environment()
    views = {language: View(result, Words(language)) for language in LANGUAGES}
    bodies = {
        language: templates.get_template("body.html").render(_context(view, desk))
        for language, view in views.items()
    }
    cut = None
    if result.font is not None:
        cut = fonts.cut(
            result.font, [*bodies.values(), words.all_text(), *result.edition.title.values(), family]
        )
    folder.mkdir(parents=True, exist_ok=True)
    files = {}
    for language, view in views.items():
        text = page(templates, view, Markup(bodies[language]), family=family, cut=cut)  # noqa: S704 - autoescaped
        files[language] = folder / f"report.{language}.html"
        files[language].write_text(text, encoding="utf-8", newline="\n")
    return files


def environment() -> Environment:
    """Return the templates' environment: everything escaped, nothing undefined."""
    return Environment(
        loader=PackageLoader("cosmopolis.publish", "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )


def page(
    templates: Environment,
    view: View,
    body: Markup,
    *,
    family: str,
    cut: fonts.Subset | None,
    title: str = "",
) -> str:
    """Put a body into its page, with style, script, font and the policy that nothing is loaded.

    Parameters
    ----------
    templates
        As `environment` gives them.
    family, cut
        Name of the font and the part of it that goes into the page; None: the reader's own fonts.
    title
        Of the page; the edition's where none is given.
    """
    folder = resources.files("cosmopolis.publish") / "templates"
    style = (folder / "report.css").read_text(encoding="utf-8")
    script = (folder / "report.js").read_text(encoding="utf-8")
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode("ascii")
    w = view.words
    if cut is None:
        type_notes = [w("method.font_none")]
    else:
        type_notes = [w("method.font_embedded", family=family)]
        if cut.missing:
            type_notes.append(w("method.font_missing", characters=" ".join(cut.missing)))
    return templates.get_template("page.html").render(
        w=w,
        title=title or w.said(view.result.edition.title),
        policy=(
            f"default-src 'none'; style-src 'unsafe-inline'; font-src data:; script-src 'sha256-{digest}'; "
            "base-uri 'none'; form-action 'none'"
        ),
        font_rule=Markup(cut.rule) if cut else "",  # noqa: S704 - base64 and constants
        stack=Markup(f'"{fonts.FAMILY}", {fonts.FALLBACK}' if cut else fonts.FALLBACK),  # noqa: S704 - constants
        style=Markup(style),  # noqa: S704 - our own file
        script=Markup(script),  # noqa: S704 - our own file
        body=body,
        synthetic=any(n.source.title["en"].startswith(_SYNTHETIC) for n in view.result.sources),
        type_notes=type_notes,
    )


def citation(view: View) -> str:
    """Say how a page of the result is cited: edition, version and hash of what it was made from."""
    result = view.result
    return view.words(
        "cover.citation",
        title=view.words.said(result.edition.title),
        id=result.edition.id,
        year=str(result.edition.year),
        version=result.version,
        hash=result.hash[:16],
    )


def _context(view: View, desk: _Desk) -> dict[str, Any]:
    """Gather what the body's template shows."""
    result, w = view.result, view.words
    pages = network_pages.pages(view)
    regions = region_rows(view)
    top = result.shown.top
    other = next(language for language in LANGUAGES if language != w.language)
    intervals = _interval_figure(view, desk)
    before = 0 if intervals is None else 1
    world, world_lead = _world_map(view, desk, number=1 + before)
    chapters = _chapters(view, desk, number=3 + before + len(pages))
    index_sources = [source for note in result.index.indicators for source in note.sources]
    return {
        "w": w,
        "result": result,
        "other_language": other,
        "other_tag": Words(other).tag,
        "title": w.said(result.edition.title),
        "citation": citation(view),
        "sample_rule": w.said(result.edition.sample_rule),
        "headline": w.sentences([headline(view), sureness.lead(view)]),
        "lede": [text for text in (sureness.rivals(view), *lede(view)) if text],
        "index_name": w.said(result.index.name),
        "dimensions": [w.said(node.name) for node in result.index.dimensions],
        "year": str(view.year),
        "ranking": view.ranking,
        "profiles": {city: view.city(city) for city in result.profiles},
        "top": top,
        "unranked": len(view.ranking) - len(view.ranked),
        "partial": any(cell.share for row in view.ranking for cell in row.dimensions),
        "index_biases": view.biases(index_sources),
        "world": world,
        "world_lead": world_lead,
        "regions": regions,
        "regions_figure": _region_figure(view, desk, number=2 + before),
        "top_ties": len(top_cities(view)) if len(top_cities(view)) > top else 0,
        "pages": [
            (page, _network_map(view, desk, page, number=n)) for n, page in enumerate(pages, start=3 + before)
        ],
        "chapters": chapters,
        "before": _PARTS_BEFORE,
        "after": _PARTS_BEFORE + len(chapters) + 1,
        "dimension_rows": notes.dimension_rows(view),
        "indicators": notes.indicator_cards(view),
        "sources": notes.source_cards(view),
        "ledger": notes.ledger_sum(view),
        "gaps": notes.gap_rows(view),
        "settings": notes.setting_rows(view),
        "intervals": intervals,
        "bounds_text": lambda bounds: sureness.bounds_text(view, bounds),
        "findings": sureness.findings(view),
        "varied": sureness.varied(view),
        "part": sureness.part(view),
        "level": w.share(sureness.level(view)),
    }


def _chapters(view: View, desk: _Desk, *, number: int) -> tuple[Chapter, ...]:
    """Make the chapters that the result has tables for, their figures numbered on from `number`."""
    made: list[Chapter] = []
    outlines: dict[str, str] = {}
    for make in (innovation, production):
        chapter = make(view, land=desk.land, config=desk.config, number=number, outlines=outlines)
        if chapter is not None:
            made.append(chapter)
            number += chapter.figures
    return tuple(made)


def _interval_figure(view: View, desk: _Desk) -> Figure | None:
    """Draw the first cities' ranks with their intervals; None if no city has one."""
    w = view.words
    if not any(row.bounds for row in view.ranked):
        return None
    dots = sureness.chart_rows(view)
    title = w("intervals.figure", n=len(dots))
    hollow = w("intervals.hollow") if any(dot.low is None for dot in dots) else ""
    items = w("common.semicolon").join(sureness.item(dot) for dot in dots[: network_pages.ALT_NAMES])
    drawing = render.svg(
        charts.rank_intervals(dots, title=w("intervals.axis")),
        config=desk.config,
        id="figure-intervals",
        title=title,
        description=w("intervals.alt", n=len(dots), items=items),
    )
    explained = (w("intervals.key", part=sureness.part(view)), hollow, sureness.varied(view))
    return Figure(
        number=w("common.figure", number="1"),
        drawing=drawing,
        label=title,
        notes=tuple(note for note in explained if note),
    )


def _world_map(view: View, desk: _Desk, *, number: int) -> tuple[Figure, str]:
    """Draw the cities by score and the strongest links between them; return the figure and its lead."""
    w, result = view.words, view.result
    nodes = [
        maps.Node(
            name=row.city.name,
            latitude=row.city.latitude,
            longitude=row.city.longitude,
            value=row.score.value or 0.0,
        )
        for row in view.ranked
    ]
    ids = [row.city.id for row in view.ranked]
    ties: Sequence[maps.Tie] = ()
    lead, unit = w("map.lead_no_links"), ""
    for note in result.networks:
        if note.kind.level != "city":
            continue
        links = network_pages.links_of(view, note)
        year = network_pages.shown_year(note, links)
        among = links.filter(*(pl.col(c).is_in(ids) for c in ("origin", "destination")))
        if year is not None:
            among = among.filter(pl.col("year") == year)
        if among.height:
            strong = network_pages.strongest(among, result.shown)
            ties = network_pages.ties_of(strong, network_pages.places(view, "city"))
            name = network_pages.name_of_network(view, note)
            lead = w("map.lead", network=name, year=str(year), n=len(ties))
            unit = w.said(note.kind.weight)
            break
    spec = maps.world_map(
        nodes,
        ties,
        desk.land,
        frame=desk.frame,
        node_title=w("map.score_legend"),
        tie_title=w("map.link_legend", unit=unit),
        labels=result.shown.labels,
        exponent=_SCORE_EXPONENT,
    )
    drawing = render.svg(
        spec,
        config=desk.config,
        id="figure-world",
        title=w("map.title"),
        description=network_pages.described(w, nodes, len(ties)),
    )
    figure = Figure(
        number=w("common.figure", number=str(number)),
        drawing=drawing,
        label=w("map.title"),
        notes=map_notes(view, ties),
    )
    return figure, lead


def map_notes(view: View, ties: Sequence[maps.Tie], *, country: bool = False) -> tuple[str, ...]:
    """Return what is to be said below every map."""
    w = view.words
    said = [w("map.projection")]
    if len(ties) > 1 and len({tie.weight for tie in ties}) == 1:
        said.append(w("map.same_weight"))
    if country:
        said.append(w("map.country_place"))
    if view.result.borders.get("features", True):
        said.append(w.said(view.result.borders_note) or w("map.borders"))
    return tuple(said)


def _network_map(view: View, desk: _Desk, page: NetworkPage, *, number: int) -> Figure | None:
    """Draw a network; None if it has no links."""
    if not page.links:
        return None
    w, level = view.words, page.note.kind.level
    spec = maps.world_map(
        page.nodes,
        page.ties,
        desk.land,
        frame=desk.frame,
        node_title=w("map.strength_legend" if level == "city" else "map.country_legend"),
        tie_title=w("map.link_legend", unit=page.unit),
        labels=view.result.shown.labels,
    )
    drawn, every = len(page.ties), page.links_all
    kind = "all" if drawn == every else "equal" if page.equal else "strongest"
    caption = w(f"network_map.{kind}", name=page.name, year=page.year, n=drawn, all=w.whole(every))
    drawing = render.svg(
        spec,
        config=desk.config,
        id=f"figure-{page.anchor}",
        title=caption,
        description=network_pages.described(w, page.nodes, len(page.ties), level=level),
    )
    return Figure(
        number=w("common.figure", number=str(number)),
        drawing=drawing,
        label=caption,
        notes=map_notes(view, page.ties, country=level == "country"),
    )


def _region_figure(view: View, desk: _Desk, *, number: int) -> Figure | None:
    """Draw the first cities by region; None if no city has a rank."""
    w = view.words
    rows = [{"region": row.region, "cities": row.top, "label": w.whole(row.top)} for row in region_rows(view)]
    if not rows:
        return None
    title = w("regions.title", n=view.result.shown.top)
    items = [w("regions.item", region=row["region"], n=row["cities"]) for row in rows]
    drawing = render.svg(
        charts.region_bars(rows),
        config=desk.config,
        id="figure-regions",
        title=title,
        description=w("regions.alt", items=w("common.semicolon").join(items)),
    )
    return Figure(number=w("common.figure", number=str(number)), drawing=drawing, label=title, notes=())
