"""Industry in an edition: poles, groups of cities, complexity and Industry 4.0 of an invented world."""

import gzip
from dataclasses import replace
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from production_desk import desk_of

from cosmopolis.errors import SpecError
from cosmopolis.measures.specialisation import FIELD_TOTALS
from cosmopolis.pipeline.desk import Desk
from cosmopolis.pipeline.parts import close_records, write
from cosmopolis.pipeline.production import industry
from cosmopolis.pipeline.production.firms import REGISTER, Firms
from cosmopolis.sources import patents_metro_cpc, readers

# Cities of places_world: Alder 1, Elm 4, Oak 5 and 6, Saint Ivy 9, Linden-Königsberg 10; Moss is a village.
LIGHTHOUSES = """firm,year,factory,city,country
Acme,2019,One,Saint Ivy,XB
Acme,2021,Two,Saint Ivy,XB
Acme,2022,Two,Saint Ivy,XB
Bolt,2022,,Alder,XA
Bolt,2022,,Moss,XB
Bolt,2022,,Nowhere,XB
"""
SEATS = {1: 24, 9: 7, 10: 4, 5: 2, None: 3}


def _firms(seats: dict[int | None, int] | None = None) -> Firms:
    """Make a register in which all firms but the last are in the basket of technology."""
    cities = [city for city, n in (seats or SEATS).items() for _ in range(n)]
    frame = pl.DataFrame(
        [
            {
                "firm": f"f{i:02}", "name": f"Firm number {i:02}", "city_id": city,
                "country": "XA" if city in {1, 5} else "XB",
                "sector": ("energy", "materials", "financials")[i % 3 if city == 1 else 0],
                "exchanges": [], "sources": ["company-table"],
            }
            for i, city in enumerate(cities)
        ],
        schema=REGISTER,
    )  # fmt: skip
    baskets = pl.DataFrame(
        [("technology", firm) for firm in frame["firm"]] + [("industry_4_0", "f00"), ("industry_4_0", "f30")],
        schema=["basket", "firm"],
        orient="row",
    )
    return Firms(frame=frame, names=frame.select("firm", "name", "country"), baskets=baskets, year=2025)


def _with(desk: Desk, **settings: Any) -> Desk:  # noqa: ANN401
    production = replace(desk.edition.production, **settings)
    return replace(desk, edition=replace(desk.edition, production=production))


def test_a_basket_has_its_structure_centres_and_verdict(tmp_path: Path) -> None:
    tables = industry.make(desk_of(tmp_path, {}), _firms()).tables
    assert set(tables) == {
        "industry_structure", "industry_centres", "industry_verdicts", "complexity", "industry40",
    }  # fmt: skip
    of_basket = pl.col("basket") == "technology"
    verdict = tables["industry_verdicts"].filter(of_basket).row(0, named=True)
    assert (verdict["verdict"], verdict["first"], verdict["second"]) == ("unipolar", 1, 9)
    assert (verdict["gap"], verdict["firms"], verdict["year"]) == (24 / 7, 37, 2025)
    structure = dict(tables["industry_structure"].filter(of_basket).select("measure", "value").rows())
    assert structure["firms"] == 37  # three have a headquarters in no city
    assert structure["first_share"] == 24 / 37
    assert "core_fit" not in structure
    centres = tables["industry_centres"].filter(of_basket)
    assert centres.select("city_id", "firms", "role", "branches").rows() == [
        (1, 24, "first", None), (9, 7, "other", None), (10, 4, "other", None), (5, 2, "other", None),
    ]  # fmt: skip
    assert tables["industry40"].select("city_id", "measure", "count").rows() == [
        (1, "headquarters", 1),
        (9, "headquarters", 1),
    ]


def test_branches_of_the_basket_make_its_network(tmp_path: Path) -> None:
    """Of offices of several years the last counts; of fields that which knows most firms, and no other."""
    rows: list[tuple[str, int, str, str, int | None]] = []
    rows += [("offices", 2020, f"Firm number {i:02}", "branch", 9) for i in range(10)]
    rows += [("research", 2020, f"Firm number {i:02}", "branch", 5) for i in range(9)]
    rows += [("suppliers", 2020, f"Firm number {i:02}", "branch", 4) for i in range(20)]
    rows += [
        ("offices", 2019, "Firm number 00", "branch", 10),
        ("offices", 2020, "Firm number 00", "branch", 4),
        ("offices", 2020, "Firm number 01", "branch", None),
        ("offices", 2020, "Firm number 30", "branch", 1),
        ("offices", 2020, "Nobody knows", "branch", 5),
        ("offices", 2020, "Firm number 02", "headquarters", 4),
    ]
    offices = pl.DataFrame(rows, schema=["field", "year", "name", "role", "city_id"], orient="row")
    tables = industry.make(desk_of(tmp_path, {}), _firms(), offices=offices).tables
    centres = tables["industry_centres"].filter(pl.col("basket") == "technology")
    assert dict(centres.select("city_id", "branches").rows()) == {1: 1, 9: 10, 10: 0, 5: 0}
    structure = tables["industry_structure"].filter(pl.col("basket") == "technology")
    named = {
        m: (value, network) for m, value, network in structure.select("measure", "value", "network").rows()
    }
    assert named["network_firms"] == (11.0, "offices")
    assert named["network_branches"] == (12.0, "offices")
    assert {"centralisation", "core_fit", "assortativity"} <= set(named)
    plants = tables["industry40"].filter(pl.col("measure") == "plants")
    assert plants.select("city_id", "role", "count").sort("city_id").rows() == [
        (1, "implementer", 1), (4, "implementer", 1), (9, "implementer", 1),
    ]  # fmt: skip


def test_groups_of_cities_by_name(tmp_path: Path) -> None:
    group = {
        "en": "Ivy Valley",
        "zh": "艾维谷",
        "cities": ["Saint Ivy, Bosquia", "Linden-Königsberg, Bosquia"],
    }
    desk = _with(desk_of(tmp_path, {}), city_groups={"valley": group})
    row = industry.make(desk, _firms()).tables["industry_groups"].filter(pl.col("basket") == "technology")
    assert row.select("name_zh", "city_id", "cities", "firms", "rank", "gap").row(0) == (
        "艾维谷", 9, 2, 11, 2, 24 / 11,
    )  # fmt: skip


def test_a_group_with_a_city_that_is_none(tmp_path: Path) -> None:
    group = {"en": "Ivy Valley", "zh": "艾维谷", "cities": ["Saint Ivy, Bosquia", "Oak"]}
    desk = _with(desk_of(tmp_path, {}), city_groups={"valley": group})
    with pytest.raises(SpecError, match=r"city_groups.valley: no city is found for 'Oak'.*division"):
        industry.make(desk, _firms())


def test_lighthouses_are_counted_once_and_every_row_is_told_of(tmp_path: Path) -> None:
    desk = desk_of(tmp_path, {"lighthouse-table": {"list.csv": LIGHTHOUSES}})
    made = industry.make(desk, Firms())
    assert set(made.tables) == {"industry40"}
    assert made.tables["industry40"].drop("share", "rank_low", "rank_high").rows() == [
        (9, "implementer", "lighthouses", 2022, 2, 1),
        (1, "implementer", "lighthouses", 2022, 1, 2),
    ]
    entry = desk.shelf.ledger.entries()["lighthouse-table"]
    assert entry == {"rows_in": 6, "rows_used": 4, "rows_quarantined": 2}
    away = desk.shelf.ledger.tables()["lighthouse-table"]
    assert away["row"].to_list() == [5, 6]
    assert away["reason"][0] == "the place found is Moss (XB, GeoNames 8), which belongs to no city"


def _totals(*rows: tuple[str, str, int, int, int]) -> pl.DataFrame:
    named = [
        {"network": n, "field": f, "year": y, "city_id": c, "count": k, "fractional": float(k)}
        for n, f, y, c, k in rows
    ]
    return pl.DataFrame(named, schema=FIELD_TOTALS)


def test_patents_are_those_of_the_field_in_the_last_window(tmp_path: Path) -> None:
    field = "intelligent_manufacturing"
    totals = _totals(
        ("patent_classes", field, 2012, 1, 5), ("patent_classes", field, 2010, 1, 2),
        ("patent_classes", field, 2012, 9, 1), ("patent_classes", field, 2000, 9, 99),
        ("patent_classes", "robotics", 2012, 9, 99), ("coauthorship", field, 2012, 9, 99),
        ("copatenting", field, 2018, 1, 50),  # names fewer cities
    )  # fmt: skip
    made = industry.make(desk_of(tmp_path, {}), Firms(), field_totals=totals)
    assert made.tables["industry40"].select("city_id", "role", "measure", "year", "count").rows() == [
        (1, "inventor", "patents", 2012, 7),
        (9, "inventor", "patents", 2012, 1),
    ]


def test_complexity_counts_what_is_not_too_little(tmp_path: Path) -> None:
    desk = _with(desk_of(tmp_path, {}), complexity_firms=4)
    table = industry.make(desk, _firms()).tables["complexity"]
    cities = table.filter((pl.col("level") == "city") & (pl.col("kind") == "eci"))
    assert sorted(cities["key"]) == ["1", "10", "9"]  # city 5 has two firms
    assert set(table["field_system"]) == {"sectors"}
    assert set(table.filter(pl.col("kind") == "pci")["key"]) == {"energy", "financials", "materials"}


def test_complexity_of_patent_classes_by_the_areas_that_are_cities(tmp_path: Path) -> None:
    """Four areas, one of them nowhere; the last full year is 2012."""
    home = tmp_path / "patents-metro-cpc"
    home.mkdir()
    matrix = "%%MatrixMarket matrix coordinate real general\n%\n4 3 7\n"
    cells = "1 1 4\n1 2 4\n1 3 9\n2 1 3\n2 2 4\n3 1 3\n4 1 9\n"
    texts = {
        patents_metro_cpc.AREAS: "MA,cntr\nAlder_XA,XA\nSaint Ivy_XB,XB\nElm_XB,XB\nNowhere_XB,XB\n",
        patents_metro_cpc.CLASSES: "4D_tec\nA01B\nB25J\nG05B\n",
        "MA_tec_anno_2012.mtx.gz": matrix + cells,
        "MA_tec_anno_2013.mtx.gz": matrix + cells.replace("9", "900"),
    }
    paths = {name: home / name for name in texts}
    for name, text in texts.items():
        data = text.encode()
        paths[name].write_bytes(gzip.compress(data) if name.endswith(".gz") else data)
    desk = _with(desk_of(tmp_path, {}), complexity_patents=1)
    records = tmp_path / "records"
    records.mkdir()
    close_records(records, write(records, readers.read("patents-metro-cpc", paths)))
    desk.shelf.add("patents-metro-cpc", "key", records)
    desk = replace(desk, edition=replace(desk.edition, sources=("patents-metro-cpc",)))
    table = industry.make(desk, Firms()).tables["complexity"]
    assert table["year"].unique().to_list() == [2012]
    assert set(table["field_system"]) == {"patent classes"}
    cities = table.filter((pl.col("level") == "city") & (pl.col("kind") == "eci"))
    assert sorted(cities["key"]) == ["1", "4", "9"]
    countries = table.filter((pl.col("level") == "country") & (pl.col("kind") == "eci"))
    assert sorted(countries["key"]) == ["XA", "XB"]  # the area that is nowhere lies in its country


def test_nothing_is_made_of_nothing(tmp_path: Path) -> None:
    made = industry.make(desk_of(tmp_path, {}), Firms())
    assert made.tables == {}
    assert made.links.is_empty()
