"""What the steps of a build that make networks of one theme work with."""

from dataclasses import dataclass

from cosmopolis.edition import Edition
from cosmopolis.pipeline.cities import Atlas
from cosmopolis.pipeline.records import Shelf
from cosmopolis.sources.catalog import Catalog


@dataclass(frozen=True, kw_only=True)
class Desk:
    """An edition, its sources and records, and where places lie."""

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
