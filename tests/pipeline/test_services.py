"""Services in an edition: rosters of an invented world become tables and links, every row counted."""

from pathlib import Path

import polars as pl
import pytest
from production_desk import desk_of

from cosmopolis.measures import interlocking as measures
from cosmopolis.networks import interlocking
from cosmopolis.networks.links import check
from cosmopolis.pipeline.production import services
from cosmopolis.pipeline.production.made import Made

# Cities of places_world: Alder 1 (with Birch and Elm), Saint Ivy 9, Linden-Königsberg 10; Moss is a village.
ROSTER = """city,country,year,Acme,Bosk,Copse
sector,,,law,ads,law
Alder,XA,2020,5,4,3
Birch,XA,2020,2,0,0
Saint Ivy,XB,2020,4,3,0
Linden-Königsberg,XB,2020,2,0,2
Atlantis,,2020,0,3,1
Moss,XB,2020,0,0,2
"""
EARLIER = """city,country,firm,value,sector
Alder,XA,Acme,5,law
Sankt Ivy,XB,Acme,1,law
Sankt Ivy,XB,Dell,3,law
Linden-Königsberg,XB,Dell,2,law
Linden-Königsberg,XB,Acme,2,ads
"""


def test_a_roster_becomes_tables_and_links(tmp_path: Path) -> None:
    desk = desk_of(tmp_path, {"service-table": {"roster.csv": ROSTER}})
    made = services.make(desk)
    cities = made.tables["interlocking_cities"]
    assert cities.schema == measures.INTERLOCKING_CITIES
    assert cities["roster"].unique().to_list() == ["service-table"]
    assert cities.group_by("sector", maintain_order=True).len().rows() == [("all", 6), ("ads", 6), ("law", 6)]
    labels = ["Alder", "Atlantis", "Birch", "Linden-Königsberg", "Moss", "Saint Ivy"]
    table = pl.DataFrame(
        {
            "city": labels,
            "Acme": [5, 0, 2, 2, 0, 4],
            "Bosk": [4, 3, 0, 0, 0, 3],
            "Copse": [3, 1, 0, 2, 2, 0],
        }
    )
    whole = cities.filter(pl.col("sector") == "all")
    expected = interlocking.connectivity(table)
    assert whole.select("label", "gnc", "rank").rows() == expected.select("city", "gnc", "rank").rows()
    places = {label: (city, part) for label, city, part in whole.select("label", "city_id", "part_of").rows()}
    assert places == {
        "Alder": (1, None),
        "Atlantis": (None, None),
        "Birch": (None, 1),
        "Linden-Königsberg": (10, None),
        "Moss": (None, None),
        "Saint Ivy": (9, None),
    }
    links = made.tables["interlocking_links"]
    assert links.schema == measures.INTERLOCKING_LINKS
    # Alder–Saint Ivy 20 + 12, Alder–Linden 10 + 6, Saint Ivy–Linden 8, as without the labels of no city.
    assert links.select("origin", "destination", "weight", "firms").rows() == [
        (1, 9, 32.0, 2),
        (1, 10, 16.0, 2),
        (9, 10, 8.0, 1),
    ]
    assert links["sdsm_p"].is_between(0, 1).all()
    assert check(made.links).select("network", "field", "year", "weight", "count").rows() == [
        ("interlocking", "service-table", 2020, 32.0, 2),
        ("interlocking", "service-table", 2020, 16.0, 2),
        ("interlocking", "service-table", 2020, 8.0, 1),
    ]
    hinterworlds = made.tables["hinterworlds"]
    assert hinterworlds.schema == measures.HINTERWORLDS
    own = hinterworlds.filter(pl.col("city_id") == 1)
    assert own["position"].to_list() == [1, 2]
    assert sorted(own["other"]) == [9, 10]
    assert made.tables["roster_changes"].is_empty()


def test_every_row_is_counted_and_labels_without_a_city_are_told(tmp_path: Path) -> None:
    desk = desk_of(tmp_path, {"service-table": {"roster.csv": ROSTER}})
    services.make(desk)
    assert desk.shelf.ledger.entries()["service-table"] == {
        "rows_in": 18,
        "rows_used": 12,
        "rows_quarantined": 6,
    }
    lines = desk.shelf.ledger.tables()["service-table"]
    told = lines.filter(pl.col("value") == "Atlantis")["reason"].unique().to_list()
    assert told == ["no place of this name is known; its offices count in the connectivity, under the label"]
    village = lines.filter(pl.col("value") == "Moss")["reason"].unique().to_list()
    assert len(village) == 1
    assert "which belongs to no city; its offices count" in village[0]
    # Cells are numbered line by line; the first line has the sectors.
    assert lines["row"].sort().to_list() == [16, 17, 18, 19, 20, 21]


def test_two_years_are_two_rosters_and_their_change_is_told(tmp_path: Path) -> None:
    files = {"a-2010.csv": EARLIER, "b-2020.csv": ROSTER}
    desk = desk_of(tmp_path, {"service-table": files})
    made = services.make(desk)
    assert made.tables["interlocking_cities"]["roster"].unique().sort().to_list() == [
        "service-table 2010",
        "service-table 2020",
    ]
    assert made.links.select("field", "year").unique().sort("year").rows() == [
        ("service-table", 2010),
        ("service-table", 2020),
    ]
    changes = made.tables["roster_changes"]
    assert changes.schema == measures.ROSTER_CHANGES
    assert changes.select("from_roster", "to_roster", "city_id", "label").rows() == [
        ("service-table 2010", "service-table 2020", 1, "Alder"),
        ("service-table 2010", "service-table 2020", 9, "Saint Ivy"),
        ("service-table 2010", "service-table 2020", 10, "Linden-Königsberg"),
    ]
    # In 2010 one row names another sector of Acme: it is set aside, and Linden keeps Dell alone.
    lines = desk.shelf.ledger.tables()["service-table"]
    assert lines.filter(pl.col("column") == "sector").select("row", "value", "reason").rows() == [
        (5, "ads", "the firm Acme stands in the sector law before")
    ]
    before = made.tables["interlocking_cities"].filter(pl.col("year") == 2010, pl.col("sector") == "all")
    assert dict(before.select("label", "gnc").iter_rows()) == {
        "Sankt Ivy": 5.0 + 6.0,
        "Linden-Königsberg": 6.0,
        "Alder": 5.0,
    }
    first = changes.row(0, named=True)
    assert first["change"] == first["relative_to"] - first["relative_from"]


def test_a_large_roster_is_not_asked_for_chance(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(interlocking, "BACKBONE_CITIES", 3)
    made = services.make(desk_of(tmp_path, {"service-table": {"roster.csv": ROSTER}}))
    links = made.tables["interlocking_links"]
    assert links.schema == measures.INTERLOCKING_LINKS
    assert links["sdsm_p"].null_count() == links.height == 3


def test_without_a_roster_nothing_is_made(tmp_path: Path) -> None:
    made = services.make(desk_of(tmp_path, {}))
    assert made.links.equals(Made().links)
    assert made.tables == {}
