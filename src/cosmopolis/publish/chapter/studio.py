"""Drawings of a chapter: every one an SVG with an id of its own, long outlines drawn once and used again.

Figures are numbered as they come. Specifications are made elsewhere.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from markupsafe import Markup

from cosmopolis.publish import geometry, render
from cosmopolis.publish.chapter.model import Figure, Key, Panel
from cosmopolis.publish.charts import Spec
from cosmopolis.publish.geometry import Frame
from cosmopolis.publish.maps import Land
from cosmopolis.publish.view import View
from cosmopolis.publish.words import Words

_OUTLINE = re.compile(r'<path ([^>]*?)d="([^"]{600,})"([^>]*?) ?/>')
"""A path so long that it is worth drawing once only: the land of a map."""

_SMALL_STEP = 0.6
"""Degrees within which points of an outline count as one on a small map: half a pixel."""

_WIDTH = re.compile(r'viewBox="0 0 ([\d.]+) ')


@dataclass
class Studio:
    """Where the drawings of one page are made.

    Attributes
    ----------
    land, small_land
        Outlines for wide maps, and thinner ones for panels.
    centre
        Meridian at the middle of maps, degrees.
    config
        The Vega-Lite configuration that all share.
    words
        Of the page.
    number
        Of the next figure.
    prefix
        What the ids of its drawings begin with.
    outlines
        Ids of outlines that are on the page already, by their looks and path.
    """

    land: Land
    small_land: Land
    centre: float
    config: Mapping[str, Any]
    words: Words
    number: int
    prefix: str
    outlines: dict[str, str] = field(default_factory=dict)
    _drawn: int = 0

    @classmethod
    def open(
        cls,
        view: View,
        *,
        land: Land,
        config: Mapping[str, Any],
        number: int,
        prefix: str,
        outlines: dict[str, str] | None = None,
    ) -> "Studio":
        """Open a studio for a chapter of a result; outlines of chapters before it are used again."""
        polygons, lines = geometry.outlines(view.result.borders, step=_SMALL_STEP)
        return cls(
            land=land,
            small_land=Land(polygons=polygons, lines=lines),
            centre=view.result.shown.centre,
            config=config,
            words=view.words,
            number=number,
            prefix=prefix,
            outlines={} if outlines is None else outlines,
        )

    def frame(self, width: int) -> Frame:
        """Return a map's frame of some width in pixels."""
        return Frame(width=width, centre=self.centre)

    def panel(self, spec: Spec, *, title: str, description: str, above: str = "", below: str = "") -> Panel:
        """Draw a specification; an outline that was drawn before on this page is only referred to.

        Parameters
        ----------
        title, description
            What a screen reader says of it.
        above, below
            What everybody reads above and below it.
        """
        self._drawn += 1
        drawing = render.svg(
            spec,
            config=self.config,
            id=f"{self.prefix}-{self._drawn}",
            title=title,
            description=description,
        )
        found = _WIDTH.search(drawing)
        return Panel(
            drawing=Markup(_OUTLINE.sub(self._share, str(drawing))),  # noqa: S704 - written by render, escaped
            width=round(float(found.group(1))) if found else 0,
            title=above,
            note=below,
        )

    def _share(self, match: re.Match[str]) -> str:
        before, outline, after = match.groups()
        looks = f"{before}{after}".strip()
        key = f"{looks}\n{outline}"
        if key in self.outlines:
            return f'<use href="#{self.outlines[key]}" />'
        self.outlines[key] = f"{self.prefix}-outline-{len(self.outlines) + 1}"
        return f'<path id="{self.outlines[key]}" {looks} d="{outline}" />'

    def figure(
        self,
        *panels: Panel,
        label: str,
        shape: str,
        keys: tuple[Key, ...] = (),
        notes: tuple[str, ...] = (),
    ) -> Figure:
        """Give a figure its number."""
        number = self.words("common.figure", number=str(self.number))
        self.number += 1
        return Figure(
            number=number,
            label=label,
            shape=shape,
            panels=panels,
            keys=keys,
            notes=tuple(note for note in notes if note),
        )
