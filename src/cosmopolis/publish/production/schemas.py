"""The tables of a result that the chapter on production and services reads, with the columns it asks for.

All are optional: a section whose tables are missing or empty says so in one line. Measures that make them
stand in `cosmopolis.measures`.
"""

from collections.abc import Mapping

import polars as pl

from cosmopolis.measures.complexity import COMPLEXITY
from cosmopolis.measures.downscale import DOWNSCALED
from cosmopolis.measures.financial_centres import FINANCIAL_CENTRES
from cosmopolis.measures.headquarters import HEADQUARTERS
from cosmopolis.measures.industry import INDUSTRY_40, INDUSTRY_CENTRES, INDUSTRY_STRUCTURE
from cosmopolis.measures.input_output import SUPPLY_DEPENDENCE, SUPPLY_TIES
from cosmopolis.measures.interlocking import (
    HINTERWORLDS,
    INTERLOCKING_CITIES,
    INTERLOCKING_LINKS,
    ROSTER_CHANGES,
)
from cosmopolis.measures.poles import INDUSTRY_GROUPS, INDUSTRY_VERDICTS
from cosmopolis.measures.power import OWNERSHIP_CITIES
from cosmopolis.measures.suppliers import (
    SUPPLIER_CHANGES,
    SUPPLIER_PLACES,
    SUPPLIER_RADIUS,
    SUPPLIER_SPREAD,
    SUPPLIER_STRATEGY,
)
from cosmopolis.measures.trade_partners import TRADE_DIVERSITY, TRADE_NEARNESS, TRADE_TRENDS

SCHEMAS: Mapping[str, pl.Schema] = {
    "headquarters": HEADQUARTERS,
    "financial_centres": FINANCIAL_CENTRES,
    "industry_structure": INDUSTRY_STRUCTURE,
    "industry_centres": INDUSTRY_CENTRES,
    "industry_verdicts": INDUSTRY_VERDICTS,
    "industry_groups": INDUSTRY_GROUPS,
    "complexity": COMPLEXITY,
    "ownership_cities": OWNERSHIP_CITIES,
    "ownership_precision": pl.Schema({"source": pl.String, "level": pl.String, "rows": pl.Int64}),
    "interlocking_cities": INTERLOCKING_CITIES,
    "interlocking_links": INTERLOCKING_LINKS,
    "hinterworlds": HINTERWORLDS,
    "roster_changes": ROSTER_CHANGES,
    "supplier_places": SUPPLIER_PLACES,
    "supplier_radius": SUPPLIER_RADIUS,
    "supplier_spread": SUPPLIER_SPREAD,
    "supplier_strategy": SUPPLIER_STRATEGY,
    "supplier_changes": SUPPLIER_CHANGES,
    "trade_diversity": TRADE_DIVERSITY,
    "trade_nearness": TRADE_NEARNESS,
    "trade_trends": TRADE_TRENDS,
    "supply_ties": SUPPLY_TIES,
    "supply_dependence": SUPPLY_DEPENDENCE,
    "downscaled": DOWNSCALED,
    "industry40": INDUSTRY_40,
}
"""By name; more columns may be there."""

_ROSTER = ("roster", "sector", "year", "label")

KEYS: Mapping[str, tuple[str, ...]] = {
    "firms": ("firm",),
    "basket_firms": ("basket", "firm"),
    "firm_sources": ("source",),
    "headquarters": ("group", "year", "city_id"),
    "financial_centres": ("year", "city_id"),
    "industry_structure": ("basket", "year", "measure", "network"),
    "industry_centres": ("basket", "year", "city_id"),
    "industry_verdicts": ("basket", "year"),
    "industry_groups": ("basket", "year", "group"),
    "complexity": ("level", "field_system", "year", "kind", "key"),
    "ownership_cities": ("field", "year", "city_id"),
    "ownership_precision": ("source", "level"),
    "ownership_firms": ("field", "year"),
    "interlocking_cities": _ROSTER,
    "interlocking_links": ("roster", "year", "origin", "destination"),
    "hinterworlds": ("roster", "year", "city_id", "other"),
    "roster_changes": ("from_roster", "to_roster", "label"),
    "supplier_places": ("customer", "year", "precision", "country", "division", "city_id"),
    "supplier_radius": ("customer", "centre", "year", "km"),
    "supplier_spread": ("customer", "year", "level"),
    "supplier_strategy": ("customer", "year"),
    "supplier_changes": ("customer", "from_year", "to_year", "level", "place"),
    "trade_diversity": ("country", "year", "flow", "basis"),
    "trade_nearness": ("country", "year", "flow", "measure", "basis"),
    "trade_shifts": ("country", "flow", "measure", "from_year", "to_year"),
    "political_distance": ("year", "country", "other", "measure"),
    "trade_trends": ("country", "flow", "measure", "span"),
    "supply_ties": ("year", "origin", "origin_sector", "destination", "destination_sector"),
    "supply_dependence": ("year", "country", "on"),
    "downscaled": ("measure", "year", "city_id", "rule"),
    "industry40": ("role", "measure", "year", "city_id"),
}
"""The columns that name a row of each table, those among them that the chapter does not read."""

CITY_COLUMNS: Mapping[str, tuple[str, ...]] = {
    "firms": ("city_id",),
    "basket_firms": ("city_id",),
    "headquarters": ("city_id",),
    "financial_centres": ("city_id",),
    "industry_centres": ("city_id",),
    "industry_verdicts": ("first", "second"),
    "industry_groups": ("city_id",),
    "ownership_cities": ("city_id",),
    "interlocking_cities": ("city_id", "part_of"),
    "interlocking_links": ("origin", "destination"),
    "hinterworlds": ("city_id", "other"),
    "roster_changes": ("city_id",),
    "supplier_places": ("city_id",),
    "supplier_radius": ("centre",),
    "downscaled": ("city_id",),
    "industry40": ("city_id",),
}
"""The columns that name a row of `cities`; where a city is not known they are empty."""
