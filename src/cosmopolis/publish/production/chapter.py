"""The chapter as a whole: its sections in order, and what each finds."""

from collections.abc import Mapping
from typing import Any

from cosmopolis.publish.chapter.model import Chapter
from cosmopolis.publish.chapter.studio import Studio
from cosmopolis.publish.maps import Land
from cosmopolis.publish.production import (
    exchanges,
    factories,
    headquarters,
    industry,
    ownership,
    services,
    suppliers,
    supply,
    trade,
)
from cosmopolis.publish.production.desk import Desk
from cosmopolis.publish.production.schemas import SCHEMAS
from cosmopolis.publish.view import View

_SECTIONS = (industry, headquarters, factories, suppliers, trade, supply, services, ownership, exchanges)
"""In the order of the page."""


def chapter(
    view: View,
    *,
    land: Land,
    config: Mapping[str, Any],
    number: int,
    outlines: dict[str, str] | None = None,
) -> Chapter | None:
    """Make the chapter on production and services.

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
        None if no section has anything to show.
    """
    tables = (view.result.tables.get(name) for name in SCHEMAS)
    if all(table is None or table.is_empty() for table in tables):
        return None
    studio = Studio.open(
        view, land=land, config=config, number=number, prefix="production", outlines=outlines
    )
    desk = Desk(view)
    sections = tuple(module.section(desk, studio) for module in _SECTIONS)
    shown = [section for section in sections if not section.missing]
    if not shown:
        return None
    w = view.words
    return Chapter(
        anchor="production",
        title=w("production.title"),
        lead=w("production.lead"),
        findings=tuple((section.title, (section.lead,)) for section in shown if section.lead),
        sections=sections,
        sources=(),
        figures=studio.number - number,
        links=tuple(
            (f"../profiles/{city}.{w.language}.html", view.city(city)) for city in view.result.profiles
        ),
    )
