"""The whole way of production and services: every step in its order, and what they give put together."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import polars as pl

from cosmopolis.measures.headquarters import FIRMS
from cosmopolis.networks.links import COUNTRY_LINKS, LINKS
from cosmopolis.pipeline.desk import Desk
from cosmopolis.pipeline.production import (
    firms,
    industry,
    listings,
    ownership,
    services,
    suppliers,
    trade,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

    from cosmopolis.edition import Edition
    from cosmopolis.pipeline.cities import Atlas
    from cosmopolis.pipeline.production.made import Made
    from cosmopolis.pipeline.records import Shelf
    from cosmopolis.sources.catalog import Catalog


@dataclass(frozen=True, kw_only=True)
class Production:
    """Networks and tables of production and services.

    Attributes
    ----------
    links, country_links
        By `cosmopolis.networks.links`.
    tables
        By name: see docs/tables.md.
    headquarters
        By `cosmopolis.measures.headquarters.FIRMS`: what indicators and the sample count.
    """

    links: pl.DataFrame = field(default_factory=LINKS.to_frame)
    country_links: pl.DataFrame = field(default_factory=COUNTRY_LINKS.to_frame)
    tables: dict[str, pl.DataFrame] = field(default_factory=dict)
    headquarters: pl.DataFrame = field(default_factory=FIRMS.to_frame)


def weave(
    edition: Edition, catalog: Catalog, shelf: Shelf, atlas: Atlas, innovation: Mapping[str, pl.DataFrame]
) -> Production:
    """Make every network and table of production and services that the edition's sources allow.

    Parameters
    ----------
    innovation
        Tables of innovation: the inventors' side of Industry 4.0 is read off the patents there.
    """
    desk = Desk(edition=edition, catalog=catalog, shelf=shelf, atlas=atlas)
    lists, register = firms.make(desk)
    listed, counted = _listings(desk, lists, register)
    branches, offices = ownership.make(desk, register)
    sold = trade.intermediate(shelf, atlas) if shelf.has("icio-2022") else COUNTRY_LINKS.to_frame()
    steps: tuple[Made, ...] = (
        lists,
        branches,
        services.make(desk),
        industry.make(desk, register, offices=offices, field_totals=innovation.get("field_totals")),
        suppliers.make(desk, register),
        trade.make(desk, register),
    )
    tables = {name: table for made in steps for name, table in made.tables.items()}
    return Production(
        links=pl.concat([listed, *(made.links for made in steps if made is not lists)]),
        country_links=pl.concat([sold, *(made.country_links for made in steps)]),
        tables=dict(sorted(tables.items())),
        headquarters=counted,
    )


def _listings(desk: Desk, lists: Made, register: firms.Firms) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Return the links to exchanges, and the firms that indicators count.

    Firms of stock indices make a network of their own (`firms`), quotations and all, where no other list is
    there; else that of the register (`companies`) stands, which has them all.
    """
    links, counted = LINKS.to_frame(), FIRMS.to_frame()
    if desk.shelf.has(listings.SOURCE):
        links, counted = listings.listings(desk.shelf, desk.atlas)
    if register.frame["sources"].explode().is_in([listings.SOURCE, firms.BASKETS]).all():
        return links, counted
    return lists.links, register.counted()
