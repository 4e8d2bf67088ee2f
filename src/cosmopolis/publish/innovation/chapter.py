"""The chapter as a whole: its sections in order, and the findings that stand before them."""

from collections.abc import Mapping
from typing import Any

from cosmopolis.publish.chapter.model import Chapter
from cosmopolis.publish.chapter.studio import Studio
from cosmopolis.publish.innovation import (
    countries,
    fields,
    nearness,
    placing,
    structure,
    ties,
    windows,
)
from cosmopolis.publish.innovation.topics import Desk
from cosmopolis.publish.maps import Land
from cosmopolis.publish.view import View

_SOURCE_KINDS = ("papers", "patents", "organisations", "country cooperation", "class counts")


def chapter(
    view: View,
    *,
    land: Land,
    config: Mapping[str, Any],
    number: int,
    outlines: dict[str, str] | None = None,
) -> Chapter | None:
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
    outlines
        Those that are on the page already, to be used again; the chapter's own are put in.

    Returns
    -------
    chapter
        None if the result has no table `field_totals`, or an empty one.
    """
    totals = view.result.tables.get("field_totals")
    if totals is None or totals.is_empty():
        return None
    studio = Studio.open(
        view, land=land, config=config, number=number, prefix="innovation", outlines=outlines
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
        anchor="innovation",
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
