"""What each step of production and services gives."""

from dataclasses import dataclass, field

import polars as pl

from cosmopolis.networks.links import COUNTRY_LINKS, LINKS


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
