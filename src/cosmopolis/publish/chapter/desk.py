"""What the sections of any chapter read from: a view, optional tables, and numbers written as texts.

A chapter's own desk has its schemas and adds what its sections share.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

import polars as pl

from cosmopolis.publish.view import View
from cosmopolis.publish.words import Words


@dataclass(frozen=True)
class ChapterDesk:
    """A view with what a chapter reads from it.

    Attributes
    ----------
    schemas
        The chapter's tables by name, with the columns that are read; all are optional.
    """

    view: View

    schemas: ClassVar[Mapping[str, pl.Schema]] = {}

    @property
    def words(self) -> Words:
        """The words of the page's language."""
        return self.view.words

    def table(self, name: str) -> pl.DataFrame:
        """Return a table of the chapter; an empty one where the result has none."""
        found = self.view.result.tables.get(name)
        return found if found is not None else pl.DataFrame(schema=self.schemas[name])

    def years(self, window: tuple[int, int]) -> str:
        """Write a window."""
        return str(window[0]) if window[0] == window[1] else f"{window[0]}–{window[1]}"

    def pair(self, origin: str, destination: str) -> str:
        """Write two ends of a tie."""
        return self.words("chapter.pair", origin=origin, destination=destination)

    def country_pair(self, origin: str, destination: str) -> str:
        """Name the two countries of a tie."""
        return self.pair(self.view.country(origin), self.view.country(destination))

    def percent(self, value: float, *, digits: int = 1) -> str:
        """Write a share or a rate in per cent."""
        return self.words.number(100 * value, digits=digits) + "%"

    def change(self, value: float) -> str:
        """Write a yearly change in per cent with its sign."""
        return ("+" if value > 0 else "") + self.percent(value)

    def bounds(self, low: float | None, high: float | None, *, digits: int = 2) -> str:
        """Write an interval of numbers; empty without bounds."""
        if low is None or high is None or not (math.isfinite(low) and math.isfinite(high)):
            return ""
        w = self.words
        return w("chapter.bounds", low=w.number(low, digits=digits), high=w.number(high, digits=digits))


def finite(value: float | None) -> float | None:
    """Return a number, None where it is none."""
    return value if value is not None and math.isfinite(value) else None
