"""The chapter as a whole: its sections in order, and the findings that stand before them."""

from collections.abc import Mapping
from typing import Any

from cosmopolis.publish.geometry import outlines
from cosmopolis.publish.innovation import (
    countries,
    fields,
    nearness,
    placing,
    structure,
    ties,
    windows,
)
from cosmopolis.publish.innovation.model import Chapter
from cosmopolis.publish.innovation.studio import Studio
from cosmopolis.publish.innovation.topics import Desk
from cosmopolis.publish.maps import Land
from cosmopolis.publish.view import View

_SMALL_STEP = 0.6
"""Degrees within which points of an outline count as one on a small map: half a pixel."""

_SOURCE_KINDS = ("papers", "patents", "organisations", "country cooperation", "class counts")


def chapter(view: View, *, land: Land, config: Mapping[str, Any], number: int) -> Chapter | None:
    """Make the chapter on innovation.

    Parameters
    ----------
    view
        A result in one language.
    land
        Outlines for wide maps.
    config
        The Vega-Lite configuration that all charts share.
    number
        Of its first figure.

    Returns
    -------
    chapter
        None if the result has no table `field_totals`, or an empty one.
    """
    totals = view.result.tables.get("field_totals")
    if totals is None or totals.is_empty():
        return None
    polygons, lines = outlines(view.result.borders, step=_SMALL_STEP)
    studio = Studio(
        land=land,
        small_land=Land(polygons=polygons, lines=lines),
        centre=view.result.shown.centre,
        config=config,
        words=view.words,
        number=number,
    )
    desk = Desk(view)
    sections = (
        placing.section(desk, studio),
        fields.section(desk, studio),
        windows.section(desk, studio),
        nearness.section(desk, studio),
        ties.section(desk, studio),
        ties.gravity(desk, studio),
        countries.section(desk, studio),
        structure.section(desk, studio),
        fields.regions(desk, studio),
        fields.citations(desk, studio),
    )
    w = view.words
    return Chapter(
        title=w("innovation.title"),
        lead=w("innovation.lead", topics=w.joined([topic.name for topic in desk.topics])),
        findings=_findings(desk),
        sections=sections,
        sources=tuple(
            (note.source.id, view.source_title(note.source.id))
            for note in view.result.sources
            if note.source.kind in _SOURCE_KINDS and note.state == "used"
        ),
        figures=studio.number - number,
    )


def _findings(desk: Desk) -> tuple[tuple[str, tuple[str, ...]], ...]:
    """Return what the sections find of each field, by its name."""
    found = []
    for topic in desk.topics:
        if fields.shown_only(desk, topic):
            continue
        said = countries.sentences(desk, topic)
        texts = (
            fields.leading(desk, topic),
            nearness.finding(desk, topic),
            ties.strongest_sentence(desk, topic),
            desk.words.sentences(said if said != (desk.words("innovation.no_trend"),) else ()),
        )
        found.append((topic.name, tuple(text for text in texts if text)))
    return tuple(found)
