"""The tables of a result that the chapter on innovation reads, with the columns that each must have.

All are optional: a section whose table is missing or empty says "no data". Measures that make them stand
in `cosmopolis.measures`.
"""

from collections.abc import Mapping

import polars as pl

from cosmopolis.measures.city_organisations import CITY_INSIDE, CITY_ORGANISATIONS
from cosmopolis.measures.gravity import GRAVITY
from cosmopolis.measures.growth import FIELD_GROWTH
from cosmopolis.measures.leaders import REGION_LEADERS
from cosmopolis.measures.nearness import NEARNESS
from cosmopolis.measures.specialisation import FIELD_TOTALS

_TOPIC = {"network": pl.String, "field": pl.String}
_WINDOW = {**_TOPIC, "from_year": pl.Int64, "to_year": pl.Int64}
_PAIR = {**_WINDOW, "origin": pl.Int64, "destination": pl.Int64}

SCHEMAS: Mapping[str, pl.Schema] = {
    "placement": pl.Schema({"source": pl.String, "way": pl.String, "rows": pl.Int64, "records": pl.Int64}),
    "field_totals": FIELD_TOTALS,
    "field_growth": FIELD_GROWTH,
    "link_measures": pl.Schema(
        {
            **_PAIR,
            "weight": pl.Float64,
            "count": pl.Int64,
            "salton": pl.Float64,
            "association": pl.Float64,
            "expected": pl.Float64,
            "ratio": pl.Float64,
            "ratio_low": pl.Float64,
            "ratio_high": pl.Float64,
            "disparity_p": pl.Float64,
            "sdsm_p": pl.Float64,
        }
    ),
    "gravity": GRAVITY,
    "gravity_pairs": pl.Schema(
        {
            **_PAIR,
            "count": pl.Int64,
            "expected": pl.Float64,
            "ratio": pl.Float64,
            "ratio_low": pl.Float64,
            "ratio_high": pl.Float64,
            "verdict": pl.String,
        }
    ),
    "nearness": NEARNESS,
    "country_trends": pl.Schema(
        {
            **_TOPIC,
            "origin": pl.String,
            "destination": pl.String,
            "from_year": pl.Int64,
            "to_year": pl.Int64,
            "slope": pl.Float64,
            "low": pl.Float64,
            "high": pl.Float64,
            "p_value": pl.Float64,
            "verdict": pl.String,
        }
    ),
    "tie_organisations": pl.Schema(
        {
            **_PAIR,
            "organisation_origin": pl.String,
            "organisation_destination": pl.String,
            "count": pl.Int64,
            "position": pl.Int64,
        }
    ),
    "tie_coverage": pl.Schema({**_PAIR, "records": pl.Int64, "named": pl.Int64}),
    "city_organisations": CITY_ORGANISATIONS,
    "city_inside": CITY_INSIDE,
    "communities": pl.Schema(
        {
            **_WINDOW,
            "city_id": pl.Int64,
            "community": pl.Int64,
            "stability": pl.Float64,
            "within_z": pl.Float64,
            "participation": pl.Float64,
            "role": pl.String,
        }
    ),
    "region_leaders": REGION_LEADERS,
    "country_agreement": pl.Schema({**_TOPIC, "year": pl.Int64, "pairs": pl.Int64, "spearman": pl.Float64}),
    "nearness_trends": pl.Schema(
        {
            **_TOPIC,
            "measure": pl.String,
            "from_year": pl.Int64,
            "to_year": pl.Int64,
            "slope": pl.Float64,
            "low": pl.Float64,
            "high": pl.Float64,
            "p_value": pl.Float64,
            "verdict": pl.String,
        }
    ),
    "organisations": pl.Schema({"organisation": pl.String, "name": pl.String}),
    "frontier_fields": pl.Schema({"field": pl.String, "name": pl.String, "name_zh": pl.String}),
}
"""By name, with the columns that are read; more may be there. The last two only give names."""

KEYS: Mapping[str, tuple[str, ...]] = {
    "placement": ("source", "way"),
    "field_totals": ("network", "field", "year", "city_id"),
    "field_growth": ("network", "field", "city_id", "from_year", "to_year"),
    "link_measures": ("network", "field", "from_year", "to_year", "origin", "destination"),
    "gravity": ("network", "field", "from_year", "to_year", "term"),
    "gravity_pairs": ("network", "field", "from_year", "to_year", "origin", "destination"),
    "nearness": ("network", "field", "year", "measure"),
    "country_trends": ("network", "field", "origin", "destination", "from_year", "to_year"),
    "tie_organisations": (
        "network",
        "field",
        "from_year",
        "to_year",
        "origin",
        "destination",
        "organisation_origin",
        "organisation_destination",
    ),
    "tie_coverage": ("network", "field", "from_year", "to_year", "origin", "destination"),
    "city_organisations": (
        "network",
        "field",
        "from_year",
        "to_year",
        "city_id",
        "organisation_origin",
        "organisation_destination",
    ),
    "city_inside": ("network", "field", "from_year", "to_year", "city_id"),
    "communities": ("network", "field", "from_year", "to_year", "city_id"),
    "region_leaders": ("network", "field", "from_year", "to_year", "region", "city_id"),
    "region_shares": ("network", "field", "from_year", "to_year", "region"),
    "country_agreement": ("network", "field", "year"),
    "nearness_trends": ("network", "field", "measure", "from_year", "to_year"),
    "organisations": ("organisation",),
    "frontier_fields": ("field",),
}
"""The columns that name a row of each table."""

CITY_COLUMNS: Mapping[str, tuple[str, ...]] = {
    "field_totals": ("city_id",),
    "field_growth": ("city_id",),
    "link_measures": ("origin", "destination"),
    "gravity_pairs": ("origin", "destination"),
    "tie_organisations": ("origin", "destination"),
    "tie_coverage": ("origin", "destination"),
    "city_organisations": ("city_id",),
    "city_inside": ("city_id",),
    "communities": ("city_id",),
    "region_leaders": ("city_id",),
}
"""The columns that name a row of `cities`."""
