"""The register of firms in a small invented world: one firm of many lists, every row accounted for."""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import polars as pl
import pytest
from production_desk import desk_of

from cosmopolis.edition import load
from cosmopolis.measures.financial_centres import FINANCIAL_CENTRES
from cosmopolis.measures.headquarters import FIRMS as BY_SECTOR
from cosmopolis.measures.headquarters import HEADQUARTERS
from cosmopolis.networks.links import kind
from cosmopolis.pipeline.desk import Desk
from cosmopolis.pipeline.production import companies, firms, investors

OWN = """name,year,city,country,sector,industry,size,exchanges,status,market_value_musd
Acorn Timber plc,2026,Alder,XA,Energy,Gas,mega,LSE;NYQ,,
Birch Software,2026,Linden-Königsberg,Bosquia,Information Technology,Software,large,FRA;LSE,,
Cedar Chips,2026,Elm,XB,Information Technology,Semiconductors,small,NYQ,,
Dogwood,2026,Saint Ivy,XB,Financials,Banks,,,delisted,
Elder,2026,Nowhere,XB,Financials,Banks,,,,
Fern Bank,2026,Moss,XB,Financials,Banks,,,,
"""
UNICORNS = """Company,Valuation,Date Joined,Industry,City,Country,Investor 1,Investor 2,Investor 3,Investor 4
Birch Software AG,$2B,01-02-2020,Internet software & services,Linden-Königsberg,Bosquia,Oak Capital,,,
Hazel,$3B,01-02-2021,Fintech,Elm,Bosquia,,,,
"""
LISTS: Mapping[str, Mapping[str, str]] = {
    "company-table": {"own.csv": OWN},
    "unicorns": {"unicorn_companies_2022.csv": UNICORNS},
}
BASKETS = """
[chips]
name = { en = "Chips", zh = "芯片" }
note = { en = "Ours.", zh = "自选。" }
sectors = ["information_technology"]
sizes = ["large", "small"]
firms = [
  { name = "Acorn Timber", country = "XA", sector = "timber" },
  { name = "Cedar Chips", country = "XB", sector = "chips" },
  { name = "Ivy & Partners", country = "XB", sector = "law", city = "Saint Ivy" },
  { name = "Yew", country = "XB", sector = "law" },
]
"""


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    made = desk_of(tmp_path, LISTS)
    (tmp_path / "own.toml").write_text(BASKETS, encoding="utf-8")
    production = replace(made.edition.production, baskets="own.toml")
    return replace(made, edition=replace(made.edition, production=production, folder=tmp_path))


def test_a_firm_of_two_lists_is_one(desk: Desk) -> None:
    _, register = firms.make(desk)
    frame = register.frame.filter(~pl.col("firm").str.starts_with(firms.BASKETS))
    assert frame.schema == firms.REGISTER
    assert frame.select("firm", "city_id", "country", "sector", "size", "market_value_musd").rows() == [
        ("company-table:Acorn Timber plc", 1, "XA", "energy", "mega", None),
        ("company-table:Birch Software", 10, "XB", "information_technology", "large", 2000.0),
        ("company-table:Cedar Chips", 4, "XB", "information_technology", "small", None),
        ("unicorns:Hazel 01-02-2021", 4, "XB", "financials", None, 3000.0),
    ]
    assert frame["sources"].to_list()[1] == ["company-table", "unicorns"]
    assert frame["exchanges"].to_list() == [["LSE", "NYQ"], ["FRA", "LSE"], ["NYQ"], []]


def test_the_headquarters_is_that_of_the_newest_lists_and_of_these_the_one_that_most_name() -> None:
    held = (("a", 2026, 7), ("b", 2026, 5), ("c", 2019, 5), ("d", 2018, 3), ("e", 2017, 3), ("f", 2016, 3))
    rows = pl.DataFrame(
        [
            {"source": source, "row": 1, "year": year, "firm": "a:Oak", "name": "Oak", "city_id": city}
            for source, year, city in held
        ]
    )
    rest = {name: None for name in companies.PLACED.names() if name not in rows.columns}
    rows = rows.with_columns(**{name: pl.lit(None, companies.PLACED[name]) for name in rest})
    for lists in (list("abcdef"), list("fedcba")):
        assert firms.register_of(rows, lists)["city_id"].to_list() == [5]
    assert firms.register_of(rows.filter(pl.col("source") != "b"), list("abcdef"))["city_id"].to_list() == [7]


def test_every_row_is_accounted_for_with_its_reason(desk: Desk) -> None:
    made, _ = firms.make(desk)
    entries = desk.shelf.ledger.entries()
    assert entries["company-table"] == {"rows_in": 6, "rows_used": 3, "rows_quarantined": 3}
    assert entries["unicorns"] == {"rows_in": 2, "rows_used": 2, "rows_quarantined": 0}
    lines = desk.shelf.ledger.lines("company-table").collect().select("row", "column", "reason").rows()
    assert lines == [
        (4, "status", "no share of the company is traded any more"),
        (5, "headquarters", "no place of this name is known"),
        (6, "headquarters", "the place found is Moss (XB, GeoNames 8), which belongs to no city"),
    ]
    assert made.tables["firm_sources"].rows() == [
        ("company-table", 6, 4, 1, 3, 1, 0),
        ("unicorns", 2, 2, 0, 2, 1, 0),
    ]
    assert made.tables["firm_sources"].schema == companies.SOURCES


def test_codes_of_exchanges_that_are_not_known_are_counted(tmp_path: Path) -> None:
    own = OWN.replace("LSE;NYQ", "LSE;XXX;NYQ").replace("small,NYQ", "small,QQQ;XXX")
    own = own.replace(",,,delisted", ",,YYY,delisted")  # counted nowhere, nor is what it was listed on
    made, register = firms.make(desk_of(tmp_path, {"company-table": {"own.csv": own}}))
    sources = made.tables["firm_sources"]
    assert sources.select("source", "placed", "unknown_exchanges").rows() == [("company-table", 4, 3)]
    assert "XXX" in register.frame["exchanges"].explode(empty_as_null=False).to_list()


def test_baskets_hold_what_the_file_says(desk: Desk) -> None:
    made, register = firms.make(desk)
    assert made.tables["basket_firms"].select("name", "firm", "city_id", "way").rows() == [
        ("Ivy & Partners", "baskets:Ivy & Partners", 9, "file"),
        ("Acorn Timber", "company-table:Acorn Timber plc", 1, "name"),
        ("Birch Software", "company-table:Birch Software", 10, "kind"),
        ("Cedar Chips", "company-table:Cedar Chips", 4, "name"),
        ("Yew", None, None, "none"),
    ]
    assert register.baskets["firm"].to_list() == [
        "baskets:Ivy & Partners",
        "company-table:Acorn Timber plc",
        "company-table:Birch Software",
        "company-table:Cedar Chips",
    ]


def test_groups_of_headquarters(desk: Desk) -> None:
    made, _ = firms.make(desk)
    table = made.tables["headquarters"]
    assert table.schema == HEADQUARTERS
    counted = {
        (group, year): dict(part.select("city_id", "firms").iter_rows())
        for (group, year), part in table.group_by("group", "year")
    }
    assert counted["all", 2026] == {1: 1, 4: 2, 10: 1}  # a firm that a basket alone knows is not in it
    assert counted["chips", 2026] == {1: 1, 4: 1, 9: 1, 10: 1}
    assert counted["information_technology", 2026] == {4: 1, 10: 1}
    assert counted["size:mega", 2026] == {1: 1}
    assert counted["list:unicorns", 2022] == {4: 1, 10: 1}
    assert table["rank_low"].null_count() == 0


def test_listings_leave_venues_out_that_quote_unasked(desk: Desk) -> None:
    """No exchange of the reviewed table lies in the invented world: centres are none, and no link is made."""
    made, _ = firms.make(desk)
    assert made.tables["financial_centres"].equals(FINANCIAL_CENTRES.to_frame())
    assert made.links.is_empty()


def test_cities_are_tied_by_investors_in_common() -> None:
    rows = pl.DataFrame(
        [
            ("s", 2022, 1, ["Oak Capital", "Elm", "Ash"]),
            ("s", 2022, 1, ["Oak Capital"]),
            ("s", 2022, 2, ["OAK CAPITAL, LLC", "Elm"]),
            ("s", 2022, 3, ["Elm", None]),
            ("s", 2022, 4, None),
            ("t", 2022, 4, ["Ash"]),
        ],
        schema={
            "source": pl.String,
            "year": pl.Int64,
            "city_id": pl.Int64,
            "investors": pl.List(pl.String),
        },
        orient="row",
    )
    found = investors.links(rows)
    assert found.select("network", "field", "origin", "destination", "weight", "count").rows() == [
        ("investment", "s", 1, 2, 1.5, 2),  # Oak alone 1, Elm of three cities 1/2
        ("investment", "s", 1, 3, 0.5, 1),
        ("investment", "s", 2, 3, 0.5, 1),
    ]
    assert investors.links(rows.tail(2)).is_empty()
    assert kind("investment", "s").directed is False


def test_a_firm_is_found_by_any_of_its_names(desk: Desk) -> None:
    _, register = firms.make(desk)
    names = pl.Series(["BIRCH SOFTWARE", "Acorn Timber", "Ivy & Partners", "Yew"])
    assert register.find(names)["firm"].to_list() == [
        "company-table:Birch Software",
        "company-table:Acorn Timber plc",
        "baskets:Ivy & Partners",
        None,
    ]


def test_sector_groups_for_the_index(desk: Desk) -> None:
    _, register = firms.make(desk)
    by_sector = register.by_sector_group()
    assert by_sector.schema == BY_SECTOR
    technology = by_sector.filter(pl.col("sector") == "technology")["firm"].unique().sort().to_list()
    assert technology == ["company-table:Birch Software", "company-table:Cedar Chips"]


def test_how_like_names_must_be_is_a_setting(desk: Desk) -> None:
    loose = replace(desk.edition.production, name_likeness=0.3)
    _, register = firms.make(desk)
    _, looser = firms.make(replace(desk, edition=replace(desk.edition, production=loose)))
    names, countries = pl.Series(["Birch Timber"]), pl.Series(["XB"])
    assert register.find(names, countries)["firm"].to_list() == [None]
    assert looser.find(names, countries)["firm"].to_list() == ["company-table:Birch Software"]


def test_groups_that_indicators_count(desk: Desk) -> None:
    _, register = firms.make(desk)
    counted = register.counted()
    assert counted.schema == BY_SECTOR
    groups = {
        str(sector): part["firm"].n_unique()
        for (sector,), part in counted.group_by("sector")
        if ":" in str(sector)
    }
    assert groups == {"list:company-table": 3, "list:unicorns": 2, "basket:chips": 4}


def test_no_list_gives_nothing(tmp_path: Path) -> None:
    made, register = firms.make(desk_of(tmp_path, {}))
    assert (made.tables, made.links.height, register.frame.height) == ({}, 0, 0)
    assert register.find(pl.Series(["Acorn"])).rows() == [(None, None)]


def test_the_built_in_baskets_are_those_of_an_edition_that_names_none(tmp_path: Path) -> None:
    assert not load("open").production.baskets
    made, _ = firms.make(desk_of(tmp_path, LISTS))
    assert made.tables["basket_firms"]["basket"].unique().sort().to_list() == [
        "industry_4_0",
        "services",
        "technology",
    ]
