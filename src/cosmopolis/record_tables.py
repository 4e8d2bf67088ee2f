"""The record tables: the columns that each has, and what their values must be.

`cosmopolis.records` types and checks rows by them. A new kind of record is a new entry of `TABLES`.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import polars as pl

_COUNTRY = r"^[A-Z]{2}$"
_COUNTRY_3 = r"^[A-Z]{3}$"
_IN_WORDS = {
    _COUNTRY: "two capital letters",
    _COUNTRY_3: "three capital letters",
    r"^[A-Z0-9]{3}$": "three capital letters or digits",
}
_ROLES = (
    "headquarters (or head office, hq, 总部) or branch "
    "(or office, plant, subsidiary, 分支, 分支机构, 分公司, 子公司)"
)


@dataclass(frozen=True, kw_only=True)
class Column:
    """One column of a record table and what its values must be.

    Attributes
    ----------
    name
        Name in the table.
    dtype
        Polars type that the text is cast to.
    required
        Whether a missing value sends the row to quarantine.
    low, high
        Bounds of a number, both included.
    pattern
        A regular expression that a text must match.
    says
        What the pattern asks for, in words: a text that does not match is "not …".
    missing
        What it means that a required value is missing, in words that fit every source of the table.
    """

    name: str
    dtype: pl.DataType | type[pl.DataType]
    required: bool = True
    low: float | None = None
    high: float | None = None
    pattern: str | None = None
    says: str = ""
    missing: str = ""


@dataclass(frozen=True, kw_only=True)
class Table:
    """A record table: its columns, and the columns that together name a row (none: rows may repeat)."""

    name: str
    columns: tuple[Column, ...]
    key: tuple[str, ...] = ()


def _latitude(*, required: bool = True) -> Column:
    return Column(name="latitude", dtype=pl.Float64, required=required, low=-90, high=90)


def _longitude(*, required: bool = True) -> Column:
    return Column(name="longitude", dtype=pl.Float64, required=required, low=-180, high=180)


def _text(
    name: str, *, required: bool = True, pattern: str | None = None, says: str = "", missing: str = ""
) -> Column:
    says = says or _IN_WORDS.get(pattern or "", "")
    return Column(name=name, dtype=pl.String, required=required, pattern=pattern, says=says, missing=missing)


def _one_of(name: str, *words: str, required: bool = True, says: str = "") -> Column:
    """Make a column of a few words; in reasons they stand as `says` puts them."""
    told = says or f"{', '.join(words[:-1])} or {words[-1]}"
    return _text(name, required=required, pattern=rf"^({'|'.join(words)})$", says=told)


def _texts(name: str, *, required: bool = False) -> Column:
    return Column(name=name, dtype=pl.List(pl.String), required=required)


def _numbers(name: str) -> Column:
    return Column(name=name, dtype=pl.List(pl.Int64), required=False)


def _count(name: str) -> Column:
    return Column(name=name, dtype=pl.Int64, required=False, low=0)


def _year() -> Column:
    return Column(name="year", dtype=pl.Int64, low=1500, high=2200)


def _amount(name: str, *, required: bool = False, high: float | None = None) -> Column:
    return Column(name=name, dtype=pl.Float64, required=required, low=0, high=high)


TABLES: Mapping[str, Table] = {
    table.name: table
    for table in (
        Table(  # a populated place of a gazetteer
            name="place",
            columns=(
                Column(name="place_id", dtype=pl.Int64, low=1),
                _text("name"),
                _text("country", pattern=_COUNTRY),
                _text("admin1", required=False),
                _latitude(),
                _longitude(),
                Column(name="population", dtype=pl.Int64, low=0),
                _texts("alternates"),
            ),
            key=("place_id",),
        ),
        Table(  # a country or territory of the gazetteer
            name="country",
            columns=(
                _text("country", pattern=_COUNTRY),
                _text("iso3", required=False, pattern=_COUNTRY_3),
                _text("name"),
                _text("capital", required=False),
                Column(name="population", dtype=pl.Int64, required=False, low=0),
            ),
            key=("country",),
        ),
        Table(  # names, region and income group of a country
            name="country_name",
            columns=(
                _text("country", pattern=_COUNTRY),
                _text("iso3", pattern=_COUNTRY_3),
                _text("name"),
                _text("name_zh", required=False),
                _texts("other_names"),
                _text("region", required=False),
                _text("subregion", required=False),
                _text("income", required=False),
            ),
            key=("country",),
        ),
        Table(  # a country's membership in a group
            name="membership",
            columns=(_text("group"), _text("group_name"), _text("country", pattern=_COUNTRY)),
            key=("group", "country"),
        ),
        Table(  # a first-level division of a country
            name="division",
            columns=(_text("country", pattern=_COUNTRY), _text("admin1"), _text("name")),
            key=("country", "admin1"),
        ),
        Table(  # an airport with scheduled-service code
            name="airport",
            columns=(
                _text("iata", pattern=r"^[A-Z0-9]{3}$"),
                _text("name"),
                _text("city", required=False),
                _text("division", required=False),
                _text("country", pattern=_COUNTRY),
                _latitude(),
                _longitude(),
            ),
            key=("iata",),
        ),
        Table(  # an airport and the metropolitan area whose code it shares
            name="metropolitan_airport",
            columns=(
                _text("iata", pattern=r"^[A-Z0-9]{3}$"),
                _text("metropolitan_code", pattern=_COUNTRY_3),
                _text("city"),
                _text("country", pattern=_COUNTRY),
            ),
            key=("iata",),
        ),
        Table(  # a directed air route between two airports
            name="air_route",
            columns=(
                _year(),
                _text("origin", pattern=r"^[A-Z0-9]{3}$"),
                _text("destination", pattern=r"^[A-Z0-9]{3}$"),
                _texts("carriers"),
            ),
            key=("year", "origin", "destination"),
        ),
        Table(  # a sea port and the countries it serves
            name="port",
            columns=(
                _text("port", pattern=r"^[A-Z]{2}[A-Z0-9]{3}$"),
                _text("name"),
                _text("country", pattern=_COUNTRY),
                _latitude(),
                _longitude(),
                _texts("serves"),
            ),
            key=("port",),
        ),
        Table(  # a stretch of a sea lane
            name="sea_lane",
            columns=(
                _text("passage", required=False),
                Column(name="longitudes", dtype=pl.List(pl.Float64)),
                Column(name="latitudes", dtype=pl.List(pl.Float64)),
            ),
        ),
        Table(  # a node of a railway graph with its neighbours
            name="rail_node",
            columns=(
                Column(name="node", dtype=pl.Int64, low=0),
                _latitude(),
                _longitude(),
                Column(name="neighbours", dtype=pl.List(pl.Int64)),
                Column(name="distances_km", dtype=pl.List(pl.Float64)),
            ),
            key=("node",),
        ),
        Table(  # a firm's headquarters and the exchanges where it is listed
            name="listing",
            columns=(
                _year(),
                _text("firm"),
                _text("index"),
                _text("headquarters"),
                _text("country_text", required=False),
                _texts("industries"),
                _texts("exchanges"),
            ),
        ),
        Table(  # one affiliation of one author of one work
            name="affiliation",
            columns=(
                _text("work"),
                _year(),
                Column(name="author", dtype=pl.Int64, required=False, low=1),
                _text("text", missing="affiliation, organisation, institution and city are all empty"),
                _text("country", required=False, pattern=_COUNTRY),
                _text("organisation", required=False),
                _text("institution", required=False),
            ),
        ),
        Table(  # a paper, as its list or index knows it
            name="work",
            columns=(
                _text("work"),
                _year(),
                _text("title", required=False),
                _text("venue", required=False),
                _texts("topics"),
                _texts("keywords"),
                _count("citations"),
                _numbers("citation_years"),
                _numbers("citation_counts"),
                _texts("references"),
            ),
            key=("work",),
        ),
        Table(  # an organisation of a register, with the place where it sits
            name="organisation",
            columns=(
                _text("organisation"),
                _text("ror", required=False, pattern=r"^0[a-z0-9]{8}$"),
                _text("name"),
                _texts("other_names"),
                _texts("kinds"),
                _text("country", pattern=_COUNTRY),
                Column(name="place_id", dtype=pl.Int64, required=False, low=1),
                _text("city", required=False),
                _latitude(required=False),
                _longitude(required=False),
                _texts("parents"),
            ),
            key=("organisation",),
        ),
        Table(  # a patent
            name="patent",
            columns=(
                _text("patent"),
                _year(),
                _text("office", required=False),
                _texts("classes"),
                _count("citations"),
            ),
            key=("patent",),
        ),
        Table(  # an inventor or applicant of a patent, with an address
            name="patent_party",
            columns=(
                _text("patent"),
                _one_of("role", "inventor", "applicant"),
                Column(name="order", dtype=pl.Int64, required=False, low=0),
                _text("name", required=False),
                _text("text", missing="place and city are both empty"),
                _text("country", required=False, pattern=_COUNTRY),
                _latitude(required=False),
                _longitude(required=False),
                _text("region", required=False),
            ),
        ),
        Table(  # one patent names another
            name="patent_citation",
            columns=(
                _text("citing"),
                _text("cited"),
                Column(name="year", dtype=pl.Int64, required=False, low=1500, high=2200),
            ),
        ),
        Table(  # how much of a class an area has in a year
            name="class_count",
            columns=(
                _text("area"),
                _text("country", pattern=_COUNTRY),
                _year(),
                _text("class"),
                Column(name="count", dtype=pl.Float64, low=0),
            ),
            key=("area", "country", "year", "class"),
        ),
        Table(  # works that two countries wrote together
            name="country_works",
            columns=(
                _year(),
                _text("origin", pattern=_COUNTRY),
                _text("destination", pattern=_COUNTRY),
                Column(name="works", dtype=pl.Int64, low=0),
            ),
            key=("year", "origin", "destination"),
        ),
        Table(  # what two countries have in common, in this direction
            name="country_pair",
            columns=(
                _text("origin", pattern=_COUNTRY_3),
                _text("destination", pattern=_COUNTRY_3),
                Column(name="contiguous", dtype=pl.Int64, low=0, high=1),
                Column(name="common_language", dtype=pl.Int64, low=0, high=1),
                Column(name="colony", dtype=pl.Int64, low=0, high=1),
                Column(name="distance_km", dtype=pl.Float64, required=False, low=0),
            ),
            key=("origin", "destination"),
        ),
        Table(  # what one country's industries buy from one country and industry
            name="trade_flow",
            columns=(
                _year(),
                _text("origin", pattern=_COUNTRY_3),
                _text("sector"),
                _texts("destinations", required=True),
                Column(name="values_musd", dtype=pl.List(pl.Float64)),
            ),
            key=("year", "origin", "sector"),
        ),
        Table(  # a company as a list knows it, with its headquarters
            name="company",
            columns=(
                _text("company", missing="neither a name nor an id is given"),
                _year(),
                _text("name"),
                _text("headquarters", missing="headquarters and city are both empty"),
                _text("country_text", required=False),
                _text("sector", required=False),
                _text("industry", required=False),
                _one_of("size", "mega", "large", "mid", "small", "micro", "nano", required=False),
                Column(name="rank", dtype=pl.Int64, required=False, low=1),
                _amount("revenue_musd"),
                _amount("market_value_musd"),
                _count("employees"),
                _texts("exchanges"),
                _texts("investors"),
                _text("isin", required=False),
                _text("lei", required=False),
                _text("website", required=False),
                _one_of("status", "active", "delisted", required=False),
            ),
            key=("company", "year"),
        ),
        Table(  # an office or plant of a firm
            name="office",
            columns=(
                _text("firm"),
                _one_of("role", "headquarters", "branch", says=_ROLES),
                _text("text", missing="place and city are both empty"),
                _text("country", required=False, pattern=_COUNTRY),
                _latitude(required=False),
                _longitude(required=False),
                _amount("value"),
                _text("sector", required=False),
                _text("kind", required=False),
                _year(),
            ),
        ),
        Table(  # how much a city serves in the network of a firm
            name="service_value",
            columns=(
                _year(),
                _text("city"),
                _text("country", required=False, pattern=_COUNTRY),
                _text("firm"),
                _amount("value", required=True, high=5),
                _text("sector", required=False),
            ),
            key=("year", "city", "firm"),
        ),
        Table(  # a place where a supplier makes something for a customer
            name="supplier_site",
            columns=(
                _year(),
                _text("customer"),
                _text("supplier"),
                _text("text", missing="address, city, division, country and coordinates are all empty"),
                _text("country", required=False, pattern=_COUNTRY),
                _text("division", required=False),
                _one_of("precision", "address", "city", "division", "country"),
                _latitude(required=False),
                _longitude(required=False),
            ),
        ),
        Table(  # a factory that puts automated manufacturing to use
            name="lighthouse",
            columns=(
                _text("firm"),
                _text("factory", required=False),
                _text("text", missing="place, city and coordinates are all empty"),
                _text("country", required=False, pattern=_COUNTRY),
                _latitude(required=False),
                _longitude(required=False),
                _year(),
            ),
        ),
        Table(  # a legal entity of a register
            name="legal_entity",
            columns=(
                _text("lei", pattern=r"^[A-Z0-9]{18}[0-9]{2}$"),
                _text("name"),
                _text("text", required=False),
                _text("country", pattern=_COUNTRY),
                _text("legal_country", required=False, pattern=_COUNTRY),
                _text("status", required=False),
                _text("category", required=False),
            ),
            key=("lei",),
        ),
        Table(  # one legal entity consolidates another
            name="ownership_tie",
            columns=(
                _text("child", pattern=r"^[A-Z0-9]{18}[0-9]{2}$"),
                _text("parent", pattern=r"^[A-Z0-9]{18}[0-9]{2}$"),
                _one_of("kind", "direct", "ultimate"),
                Column(name="year", dtype=pl.Int64, required=False, low=1500, high=2200),
                _text("status", required=False),
            ),
        ),
        Table(  # goods that one country sells to another
            name="country_trade",
            columns=(
                _year(),
                _text("origin", pattern=_COUNTRY_3),
                _text("destination", pattern=_COUNTRY_3),
                _amount("value_musd", required=True),
            ),
            key=("year", "origin", "destination"),
        ),
        Table(  # what an industry of a country buys from each industry of each country
            name="industry_inputs",
            columns=(
                _year(),
                _text("country", pattern=_COUNTRY_3),
                _text("sector"),
                _amount("output_musd", required=True),
                _texts("origins", required=True),
                _texts("origin_sectors", required=True),
                Column(name="values_musd", dtype=pl.List(pl.Float64)),
            ),
            key=("year", "country", "sector"),
        ),
        Table(  # a country's vote in a roll call: 1 yes, 2 abstain, 3 no
            name="vote",
            columns=(
                Column(name="roll_call", dtype=pl.Int64, low=1),
                _year(),
                _text("country", pattern=_COUNTRY),
                Column(name="vote", dtype=pl.Int64, low=1, high=3),
            ),
            key=("roll_call", "country"),
        ),
        Table(  # where a country stands, by its votes
            name="ideal_point",
            columns=(
                _year(),
                _text("country", pattern=_COUNTRY_3),
                Column(name="ideal_point", dtype=pl.Float64),
            ),
            key=("year", "country"),
        ),
        Table(  # a country's outline for maps
            name="border",
            columns=(_text("name", required=False), _text("iso3", required=False), _text("geometry")),
        ),
    )
}
"""Every record table by its name."""
