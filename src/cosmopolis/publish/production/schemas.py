"""The tables of a result that the chapter on production and services reads, with the columns it asks for.

All are optional: a section whose tables are missing or empty says so in one line. Measures that make them
stand in `cosmopolis.measures`.
"""

from collections.abc import Mapping

import polars as pl

_TEXT, _WHOLE, _NUMBER = pl.String, pl.Int64, pl.Float64
_RANK = {"rank": _WHOLE, "rank_low": _WHOLE, "rank_high": _WHOLE}
_TREND = {
    "from_year": _WHOLE,
    "to_year": _WHOLE,
    "slope": _NUMBER,
    "low": _NUMBER,
    "high": _NUMBER,
    "p_value": _NUMBER,
    "verdict": _TEXT,
}

SCHEMAS: Mapping[str, pl.Schema] = {
    "firms": pl.Schema(
        {
            "firm": _TEXT,
            "name": _TEXT,
            "city_id": _WHOLE,
            "country": _TEXT,
            "sector": _TEXT,
            "industry": _TEXT,
            "size": _TEXT,
            "listings": _WHOLE,
            "sources": _TEXT,
        }
    ),
    "headquarters": pl.Schema(
        {
            "group": _TEXT,
            "city_id": _WHOLE,
            "year": _WHOLE,
            "firms": _WHOLE,
            "share": _NUMBER,
            "location_quotient": _NUMBER,
            **_RANK,
        }
    ),
    "financial_centres": pl.Schema(
        {
            "city_id": _WHOLE,
            "year": _WHOLE,
            "exchanges": _WHOLE,
            "listings": _WHOLE,
            "foreign": _WHOLE,
            "home_cities": _WHOLE,
            "strength": _NUMBER,
            **_RANK,
        }
    ),
    "industry_structure": pl.Schema(
        {
            "basket": _TEXT,
            "year": _WHOLE,
            "measure": _TEXT,
            "value": _NUMBER,
            "low": _NUMBER,
            "high": _NUMBER,
        }
    ),
    "industry_centres": pl.Schema(
        {
            "basket": _TEXT,
            "year": _WHOLE,
            "city_id": _WHOLE,
            "firms": _WHOLE,
            "share": _NUMBER,
            "branches": _WHOLE,
            "role": _TEXT,
            "core": pl.Boolean,
            **_RANK,
        }
    ),
    "industry_verdicts": pl.Schema(
        {
            "basket": _TEXT,
            "year": _WHOLE,
            "verdict": _TEXT,
            "first": _WHOLE,
            "second": _WHOLE,
            "gap": _NUMBER,
            "gap_low": _NUMBER,
            "gap_high": _NUMBER,
        }
    ),
    "industry_groups": pl.Schema(
        {
            "basket": _TEXT,
            "year": _WHOLE,
            "group": _TEXT,
            "name": _TEXT,
            "name_zh": _TEXT,
            "city_id": _WHOLE,
            "cities": _WHOLE,
            "firms": _WHOLE,
            "share": _NUMBER,
            **_RANK,
            "verdict": _TEXT,
        }
    ),
    "complexity": pl.Schema(
        {
            "level": _TEXT,
            "field_system": _TEXT,
            "year": _WHOLE,
            "kind": _TEXT,
            "key": _TEXT,
            "value": _NUMBER,
            "diversity": _WHOLE,
            "rank": _WHOLE,
        }
    ),
    "ownership_cities": pl.Schema(
        {
            "field": _TEXT,
            "year": _WHOLE,
            "city_id": _WHOLE,
            "headquarters": _WHOLE,
            "branches": _WHOLE,
            "power": _NUMBER,
            "prestige": _NUMBER,
            "closeness": _NUMBER,
            "betweenness": _NUMBER,
            "recursive_power": _NUMBER,
            **_RANK,
        }
    ),
    "ownership_precision": pl.Schema({"source": _TEXT, "level": _TEXT, "rows": _WHOLE}),
    "interlocking_cities": pl.Schema(
        {
            "roster": _TEXT,
            "sector": _TEXT,
            "year": _WHOLE,
            "label": _TEXT,
            "city_id": _WHOLE,
            "gnc": _NUMBER,
            "relative": _NUMBER,
            **_RANK,
            "rank_low_codes": _WHOLE,
            "rank_high_codes": _WHOLE,
            "firms": _WHOLE,
            "class": _TEXT,
            "part_of": _WHOLE,
        }
    ),
    "interlocking_links": pl.Schema(
        {
            "roster": _TEXT,
            "year": _WHOLE,
            "origin": _WHOLE,
            "destination": _WHOLE,
            "weight": _NUMBER,
            "proportional": _NUMBER,
            "distance": _NUMBER,
            "firms": _WHOLE,
            "sdsm_p": _NUMBER,
            "sdsm_q": _NUMBER,
        }
    ),
    "hinterworlds": pl.Schema(
        {
            "roster": _TEXT,
            "year": _WHOLE,
            "city_id": _WHOLE,
            "other": _WHOLE,
            "links": _NUMBER,
            "expected": _NUMBER,
            "residual": _NUMBER,
            "position": _WHOLE,
            "standardised": _NUMBER,
        }
    ),
    "roster_changes": pl.Schema(
        {
            "from_roster": _TEXT,
            "to_roster": _TEXT,
            "city_id": _WHOLE,
            "label": _TEXT,
            "relative_from": _NUMBER,
            "relative_to": _NUMBER,
            "change": _NUMBER,
            "standardised": _NUMBER,
            "class_from": _TEXT,
            "class_to": _TEXT,
        }
    ),
    "supplier_places": pl.Schema(
        {
            "customer": _TEXT,
            "year": _WHOLE,
            "precision": _TEXT,
            "country": _TEXT,
            "division": _TEXT,
            "city_id": _WHOLE,
            "sites": _WHOLE,
            "suppliers": _WHOLE,
        }
    ),
    "supplier_radius": pl.Schema(
        {
            "customer": _TEXT,
            "centre": _WHOLE,
            "year": _WHOLE,
            "km": _NUMBER,
            "share": _NUMBER,
            "low": _NUMBER,
            "high": _NUMBER,
            "sites": _WHOLE,
            "placed": _NUMBER,
        }
    ),
    "supplier_spread": pl.Schema(
        {
            "customer": _TEXT,
            "year": _WHOLE,
            "level": _TEXT,
            "places": _WHOLE,
            "effective_number": _NUMBER,
            "shannon": _NUMBER,
            "hhi": _NUMBER,
            "low": _NUMBER,
            "high": _NUMBER,
        }
    ),
    "supplier_strategy": pl.Schema(
        {
            "customer": _TEXT,
            "year": _WHOLE,
            "regional": _NUMBER,
            "regional_low": _NUMBER,
            "regional_high": _NUMBER,
            "multi_site": _NUMBER,
            "multi_site_low": _NUMBER,
            "multi_site_high": _NUMBER,
            "reading": _TEXT,
        }
    ),
    "supplier_changes": pl.Schema(
        {
            "customer": _TEXT,
            "from_year": _WHOLE,
            "to_year": _WHOLE,
            "level": _TEXT,
            "place": _TEXT,
            "entries": _WHOLE,
            "exits": _WHOLE,
            "stayed": _WHOLE,
        }
    ),
    "trade_diversity": pl.Schema(
        {
            "country": _TEXT,
            "year": _WHOLE,
            "flow": _TEXT,
            "partners": _WHOLE,
            "hhi": _NUMBER,
            "effective_number": _NUMBER,
            "shannon": _NUMBER,
            "theil_t": _NUMBER,
            "theil_l": _NUMBER,
            "coverage": _NUMBER,
        }
    ),
    "trade_nearness": pl.Schema(
        {
            "country": _TEXT,
            "year": _WHOLE,
            "flow": _TEXT,
            "measure": _TEXT,
            "value": _NUMBER,
            "covered": _NUMBER,
        }
    ),
    "trade_trends": pl.Schema({"country": _TEXT, "flow": _TEXT, "measure": _TEXT, **_TREND}),
    "supply_ties": pl.Schema(
        {
            "year": _WHOLE,
            "origin": _TEXT,
            "origin_sector": _TEXT,
            "destination": _TEXT,
            "destination_sector": _TEXT,
            "value_musd": _NUMBER,
            "share": _NUMBER,
        }
    ),
    "supply_dependence": pl.Schema(
        {
            "year": _WHOLE,
            "country": _TEXT,
            "on": _TEXT,
            "direct_share": _NUMBER,
            "upstream_share": _NUMBER,
            "rank": _WHOLE,
        }
    ),
    "downscaled": pl.Schema(
        {"measure": _TEXT, "year": _WHOLE, "city_id": _WHOLE, "value": _NUMBER, "rule": _TEXT}
    ),
    "industry40": pl.Schema(
        {
            "city_id": _WHOLE,
            "role": _TEXT,
            "measure": _TEXT,
            "year": _WHOLE,
            "count": _WHOLE,
            "share": _NUMBER,
            **_RANK,
        }
    ),
}
"""By name, with the columns that are read; more may be there."""

_ROSTER = ("roster", "sector", "year", "label")

KEYS: Mapping[str, tuple[str, ...]] = {
    "firms": ("firm",),
    "headquarters": ("group", "year", "city_id"),
    "financial_centres": ("year", "city_id"),
    "industry_structure": ("basket", "year", "measure"),
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
    "trade_diversity": ("country", "year", "flow"),
    "trade_nearness": ("country", "year", "flow", "measure"),
    "trade_shifts": ("country", "flow", "measure", "from_year", "to_year"),
    "trade_trends": ("country", "flow", "measure", "from_year", "to_year"),
    "supply_ties": ("year", "origin", "origin_sector", "destination", "destination_sector"),
    "supply_dependence": ("year", "country", "on"),
    "downscaled": ("measure", "year", "city_id", "rule"),
    "industry40": ("role", "measure", "year", "city_id"),
}
"""The columns that name a row of each table; two that the chapter does not read are among them."""

CITY_COLUMNS: Mapping[str, tuple[str, ...]] = {
    "firms": ("city_id",),
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
