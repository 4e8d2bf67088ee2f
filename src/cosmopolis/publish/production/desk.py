"""What the sections of the chapter share: last years, ranks with intervals, cities, sources, settings."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import polars as pl

from cosmopolis.firms import baskets
from cosmopolis.firms.baskets import Basket
from cosmopolis.firms.sectors import sectors
from cosmopolis.publish.chapter.desk import ChapterDesk, finite
from cosmopolis.publish.chapter.model import Cell
from cosmopolis.publish.production.schemas import SCHEMAS
from cosmopolis.publish.sureness import level
from cosmopolis.publish.words import clean

FIRST = 12
"""Rows of a chart: more cannot be told apart at a glance."""

_SIGNIFICANCE = 0.05
_COUNTRIES = ("CN", "US", "DE", "JP", "GB", "FR", "IN", "KR")
"""Countries shown where the edition names none: large traders of three world regions."""

_NAME_MOST = 60


def heading(text: str) -> str:
    """Write a text with a capital, where it stands at the head of something.

    Examples
    --------
    >>> heading("lighthouse factories")
    'Lighthouse factories'
    """
    return text[:1].upper() + text[1:]


@dataclass(frozen=True)
class Desk(ChapterDesk):
    """A view with what the chapter reads from it."""

    schemas = SCHEMAS

    @cached_property
    def settings(self) -> Mapping[str, Any]:
        """The edition's settings of production; empty where it says nothing."""
        found = self.view.result.edition.settings.get("production")
        return found if isinstance(found, Mapping) else {}

    @property
    def significance(self) -> float:
        """Level below which a tie is beyond chance."""
        return float(self.settings.get("significance", _SIGNIFICANCE))

    @property
    def rows(self) -> int:
        """Rows of a short table."""
        return self.view.result.shown.rows

    def last(self, table: pl.DataFrame) -> pl.DataFrame:
        """Return a table's rows of its last year."""
        return table if table.is_empty() else table.filter(pl.col("year") == table["year"].max())

    def year(self, table: pl.DataFrame, column: str = "year") -> str:
        """Write the last year of a table."""
        last = table[column].max() if table.height else None
        return self.words.no_data if last is None else str(last)

    def span(self, table: pl.DataFrame) -> tuple[int, int]:
        """Return the first and the last year of a table."""
        years = table["year"].unique().sort().to_list()
        return int(years[0]), int(years[-1])

    def rank(self, rank: int | None, low: int | None, high: int | None) -> str:
        """Write a rank with its interval: 3 (2–5)."""
        w = self.words
        if rank is None or low is None or high is None:
            return w.whole(rank)
        return w("production.rank", rank=rank, low=low, high=high)

    def value(self, value: float | None, low: float | None, high: float | None, *, digits: int = 2) -> str:
        """Write a number with its interval, the number alone where there is none."""
        text, bounds = self.words.number(value, digits=digits), self.bounds(low, high, digits=digits)
        return self.words("production.with_bounds", value=text, bounds=bounds) if bounds else text

    def percent_bounds(self, value: float | None, low: float | None, high: float | None) -> str:
        """Write a share with its interval."""
        if value is None:
            return self.words.no_data
        bounds = self.percent_range(low, high)
        if not bounds:
            return self.percent(value)
        return self.words("production.with_bounds", value=self.percent(value), bounds=bounds)

    def percent_range(self, low: float | None, high: float | None) -> str:
        """Write an interval of shares; empty without bounds."""
        if finite(low) is None or finite(high) is None or low is None or high is None:
            return ""
        return self.words("chapter.bounds", low=self.percent(low), high=self.percent(high))

    def city(self, city_id: int | None, label: str = "") -> str:
        """Name a city, by what the source calls it where no city was found."""
        return clean(label) or self.words.no_data if city_id is None else self.view.city(city_id)

    def city_cell(self, city_id: int | None, label: str = "") -> Cell:
        """Return a cell with a city's name and its country below."""
        known = None if city_id is None else self.view.cities.get(city_id)
        small = known.country if known else "" if city_id is not None else self.words("production.no_city")
        return Cell(text=self.city(city_id, label), small=small)

    def basket(self, basket: str) -> str:
        """Name a basket of firms; empty where it is none of the built-in ones."""
        return self.words.said(self._baskets[basket].name) if basket in self._baskets else ""

    def basket_note(self, basket: str) -> str:
        """Say what a basket holds; empty where it is none of the built-in ones."""
        return self.words.said(self._baskets[basket].note) if basket in self._baskets else ""

    @cached_property
    def _baskets(self) -> Mapping[str, Basket]:
        return {one.id: one for one in baskets.load()}

    def sector(self, sector: str) -> str:
        """Name a sector of firms; its id where it is none of the built-in ones."""
        known = sectors().get(sector)
        return self.words.said(known["name"]) if known else self.named(sector)

    def roster(self, roster: str) -> str:
        """Name a roster of offices."""
        return self.words.or_id("roster_name", clean(roster))

    def named(self, text: str) -> str:
        """Write a name of the data, cut where it would fill a page."""
        known = clean(text)
        return known if len(known) <= _NAME_MOST else known[: _NAME_MOST - 1].rstrip() + "…"

    def countries(self, table: pl.DataFrame, *, most: int) -> list[str]:
        """Return the countries to show of a table: those that the edition names, else large traders."""
        there = set(table["country"].to_list())
        asked = self.settings.get("countries") or _COUNTRIES
        found = [str(code) for code in asked if code in there]
        return (found or sorted(there - {"*"}))[:most]

    def sources(self, kinds: Sequence[str]) -> tuple[tuple[str, str], ...]:
        """Return the sources of some kinds that the edition used: their ids and titles."""
        return tuple(
            (note.source.id, self.view.source_title(note.source.id))
            for note in self.view.result.sources
            if note.source.kind in kinds and note.state == "used"
        )

    def biases(self, kinds: Sequence[str]) -> tuple[tuple[str, str], ...]:
        """Return titles of the sources of some kinds, and what the catalogue says of the lean of each."""
        found = self.view.biases(source for source, _ in self.sources(kinds))
        return tuple((bias.title, bias.text) for bias in found)

    def leaning(self, kinds: Sequence[str]) -> str:
        """Say that a finding holds for the sources used alone; empty where none is known to lean."""
        return self.words("production.leaning") if self.biases(kinds) else ""

    def missing(self, key: str, kinds: Sequence[str]) -> str:
        """Say why a section has nothing to show, and which sources were asked for and not had."""
        w = self.words
        reasons = [
            w("common.colon", label=self.view.source_title(note.source.id), text=note.reason)
            for note in self.view.result.sources
            if note.state == "no data" and note.source.kind in kinds
        ]
        return w.sentences([w(key), w("common.semicolon").join(reasons)])

    def drawn(self, key: str) -> str:
        """Say what the intervals of ranks hold, `key` saying what was drawn anew."""
        draws = self.settings.get("draws")
        share = self.words.share(level(self.view))
        if not isinstance(draws, int):
            return self.words(f"drawn_anew.{key}", share=share)
        return self.words("production.draws", n=draws, text=self.words(f"drawn_anew.{key}", share=share))
