"""What every step of production and services works with, and what each of them gives."""

from dataclasses import dataclass, field

import polars as pl

from cosmopolis.edition import Edition
from cosmopolis.networks.links import COUNTRY_LINKS, LINKS
from cosmopolis.pipeline.cities import Atlas
from cosmopolis.pipeline.records import Shelf
from cosmopolis.sources.catalog import Catalog


@dataclass(frozen=True, kw_only=True)
class Desk:
    """What every step here works with."""

    edition: Edition
    catalog: Catalog
    shelf: Shelf
    atlas: Atlas

    def of_kind(self, kind: str, *parts: str) -> list[str]:
        """Return the edition's sources of a kind that are there and have these parts, in their order."""
        return [
            name
            for name in self.edition.sources
            if self.catalog.source(name).kind == kind
            and self.shelf.has(name)
            and set(parts) <= set(self.shelf.parts_of(name))
        ]


@dataclass(frozen=True, kw_only=True)
class Made:
    """What a step gives.

    Attributes
    ----------
    links, country_links
        By `cosmopolis.networks.links`.
    tables
        By name, in the order of their keys: see docs/tables.md.
    """

    links: pl.DataFrame = field(default_factory=LINKS.to_frame)
    country_links: pl.DataFrame = field(default_factory=COUNTRY_LINKS.to_frame)
    tables: dict[str, pl.DataFrame] = field(default_factory=dict)
