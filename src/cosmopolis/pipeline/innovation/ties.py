"""Items become ties: pairs of cities and of countries by field and year, and what each city has.

Sums stay whole numbers (`engines.projection.SHARE_UNITS`) until a year or a window is complete, so that the
engine, the number of threads and the order of rows change nothing.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import polars as pl

from cosmopolis.engines.projection import SHARE_UNITS
from cosmopolis.networks.links import finish
from cosmopolis.pipeline.innovation.items import Items

if TYPE_CHECKING:
    from cosmopolis.engines import Engine

_WEIGHTS = {"full": "count", "fractional": "fractional_units", "refined": "refined_units"}


@dataclass(frozen=True, kw_only=True)
class Ties:
    """The ties of one network.

    Attributes
    ----------
    network
        `coauthorship` or `copatenting`.
    counting
        How a record is shared among its pairs: see `cosmopolis.networks.cooccurrence`.
    pairs, totals
        Whole sums by field and year, as `engines.projection.Projection` has them.
    country_pairs
        The same between countries: a record counts once for two countries, however many cities.
    capped
        Records in more cities than the edition's largest record: they make no pairs.
    """

    network: str
    counting: str
    pairs: pl.DataFrame
    totals: pl.DataFrame
    country_pairs: pl.DataFrame
    capped: int

    def links(self) -> pl.DataFrame:
        """Return the links between cities by year."""
        return finish(_weighed(self.pairs, self.counting), network=self.network)

    def country_links(self) -> pl.DataFrame:
        """Return the links between countries by year; the weight is the number of records."""
        return finish(_weighed(self.country_pairs, "full"), network=self.network)

    def of_fields(self, fields: Mapping[str, str]) -> "Ties":
        """Return the ties of some fields, under the names that they map to."""
        kept = pl.col("field").is_in(sorted(fields))
        renamed = pl.col("field").replace(dict(fields))
        frames = {
            name: getattr(self, name).filter(kept).with_columns(field=renamed)
            for name in ("pairs", "totals", "country_pairs")
        }
        return Ties(network=self.network, counting=self.counting, capped=self.capped, **frames)


def _weighed(pairs: pl.DataFrame, counting: str) -> pl.DataFrame:
    """Give pairs their weight: whole units become records at the very end."""
    units = pl.col(_WEIGHTS[counting])
    weight = units.cast(pl.Float64) if counting == "full" else units / SHARE_UNITS
    return pairs.select("field", "year", "origin", "destination", "count", weight=weight)


def tie(
    items: Items,
    engine: "Engine",
    countries: pl.DataFrame,
    *,
    counting: str,
    largest_record: int | None = None,
) -> Ties:
    """Count the items of a network.

    Parameters
    ----------
    countries
        `city_id, country`: the country of each city.
    """
    cities = engine.project(
        f"SELECT item, year, field, city_id FROM {items.view}",  # noqa: S608 - our own name
        largest_record=largest_record,
    )
    codes = countries.select("country").unique().sort("country").with_row_index("code")
    coded = countries.join(codes, on="country").select("city_id", pl.col("code").cast(pl.Int64))
    engine.register("city_codes", coded.sort("city_id"))
    between = engine.project(
        f"SELECT i.item, i.year, i.field, c.code AS city_id FROM {items.view} i "  # noqa: S608 - our own name
        "JOIN city_codes c ON c.city_id = i.city_id",
        largest_record=largest_record,
    )
    names = dict(zip(codes["code"].cast(pl.Int64).to_list(), codes["country"].to_list(), strict=True))
    ends = pl.col("origin", "destination").replace_strict(names, return_dtype=pl.String)
    return Ties(
        network=items.network,
        counting=counting,
        pairs=cities.pairs,
        totals=cities.totals,
        country_pairs=between.pairs.with_columns(ends),
        capped=cities.capped,
    )
