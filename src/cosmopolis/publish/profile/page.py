"""The pages on a city: one self-contained HTML page a language, with the look and policy of the report.

Draws what the sections ask for, sets the pages by their template, and puts the glyphs used into each.
"""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from markupsafe import Markup

from cosmopolis.publish import charts, fonts, render, report
from cosmopolis.publish.chapter.model import Section
from cosmopolis.publish.chapter.studio import Studio
from cosmopolis.publish.geometry import outlines
from cosmopolis.publish.maps import Land
from cosmopolis.publish.profile import chain, change, firms, peers, standing, ties
from cosmopolis.publish.profile.change import Since
from cosmopolis.publish.profile.subject import Subject
from cosmopolis.publish.result import Result
from cosmopolis.publish.view import View
from cosmopolis.publish.words import LANGUAGES, Words

_SYSTEM_FAMILY = "sans-serif"
_STEP, _SMALL_STEP = 0.12, 0.6
"""Degrees within which points of an outline count as one: half a pixel, enlarged and small."""


def write(
    result: Result,
    cities: Sequence[int],
    folder: Path,
    *,
    since: Since | None = None,
    report_folder: str = "",
) -> list[Path]:
    """Write the pages on some cities in every language.

    Parameters
    ----------
    result
        What to write of.
    cities
        Ids of cities of the result.
    folder
        Where to; made if it is not there. Files of the same names are written over.
    since
        An earlier result to tell the change from; None: nothing is said of changes.
    report_folder
        Where the report lies, seen from the pages, to link to it; empty: no link.

    Returns
    -------
    files
        `<city_id>.<language>.html` for every city and language. The same result gives the same bytes.

    Raises
    ------
    FormatError
        If the borders are not GeoJSON, or the font file is not a font.
    """
    family = _SYSTEM_FAMILY
    if result.font is not None:
        family = fonts.family_of(result.font)
        render.register_font(result.font)
    lands = []
    for step in (_STEP, _SMALL_STEP):
        polygons, lines = outlines(result.borders, step=step)
        lands.append(Land(polygons=polygons, lines=lines))
    views = {language: View(result, Words(language)) for language in LANGUAGES}
    templates = report.environment()
    folder.mkdir(parents=True, exist_ok=True)
    files = []
    for city in cities:
        bodies = {}
        for language, view in views.items():
            context = _context(Subject(view, city), _studio(view, lands, family), since, report_folder)
            bodies[language] = templates.get_template("profile.html").render(context)
        around = [_page_words(view, city, family) for view in views.values()]
        # Cut once for both languages: cutting takes longer than all else, and names are shown in both.
        cut = None
        if result.font is not None:
            cut = fonts.cut(result.font, [*bodies.values(), *around], quick=True)
        for language, view in views.items():
            text = report.page(
                templates,
                view,
                Markup(bodies[language]),  # noqa: S704 - autoescaped
                family=family,
                cut=_said_missing(cut, bodies[language]),
                title=_title(view, city),
            )
            files.append(folder / f"{city}.{language}.html")
            files[-1].write_text(text, encoding="utf-8", newline="\n")
    return files


def _said_missing(cut: fonts.Subset | None, body: str) -> fonts.Subset | None:
    """Return a font's part that names only the missing characters of one page."""
    if cut is None:
        return None
    there = set(body)
    return replace(cut, missing=tuple(one for one in cut.missing if one in there))


def _title(view: View, city: int) -> str:
    return view.words("profile.title", city=view.city(city))


def _page_words(view: View, city: int, family: str) -> str:
    """Return the words that a page has around its body."""
    w = view.words
    keys = ("common.synthetic", "common.top", "method.offline", "method.font_none")
    said = [*(w(key) for key in keys), w("method.font_embedded", family=family), _title(view, city)]
    return "".join(said)


def _studio(view: View, lands: Sequence[Land], family: str) -> Studio:
    return Studio(
        land=lands[0],
        small_land=lands[1],
        centre=view.result.shown.centre,
        config=charts.config(family),
        words=view.words,
        number=1,
        prefix="profile",
    )


def _sections(subject: Subject, studio: Studio, since: Since | None) -> tuple[Section, ...]:
    return (
        standing.section(subject, studio),
        ties.section(subject, studio),
        chain.section(subject, studio),
        firms.section(subject, studio),
        peers.section(subject, studio),
        *([change.section(subject, since)] if since else []),
    )


def _context(subject: Subject, studio: Studio, since: Since | None, report_folder: str) -> dict[str, object]:
    """Gather what the body's template shows."""
    w, result = subject.words, subject.view.result
    other = next(language for language in LANGUAGES if language != w.language)
    locator = ties.locator(subject, studio)
    sections = _sections(subject, studio, since)
    return {
        "w": w,
        "result": result,
        "subject": subject,
        "city": subject.city,
        "locator": locator,
        "headline": standing.headline(subject, standing.standings(subject)),
        "sections": sections,
        "other_language": other,
        "other_tag": Words(other).tag,
        "report": f"{report_folder}/report.{w.language}.html" if report_folder else "",
        "edition": w.said(result.edition.title),
        "people": w.compact(subject.row["population"] or None),
        "places": subject.row["places"],
        "used": [note.source for note in result.sources if note.state == "used"],
        "citation": report.citation(subject.view),
    }
