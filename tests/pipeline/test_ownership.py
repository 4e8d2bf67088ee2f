"""Ownership in an edition: an invented world of offices and trees of entities, every row counted."""

from pathlib import Path

import pytest
from production_desk import desk_of, firms_of

from cosmopolis.pipeline.desk import Desk
from cosmopolis.pipeline.production import ownership
from cosmopolis.pipeline.production.firms import Firms
from cosmopolis.pipeline.production.made import Made

# Cities of places_world: Alder 1, Oak 5 and 6, Saint Ivy 9, Linden-Königsberg 10; Moss (8) is a village.
OFFICES = """firm,role,year,place,country,latitude,longitude
Acme,headquarters,2020,Alder,XA,,
Acme,branch,2020,Saint Ivy,XB,,
Acme,branch,2020,Linden-Königsberg,XB,,
Acme,branch,2020,Moss,XB,,
Acme,branch,2020,Nowhere,XB,,
Acme,branch,2020,Nowhere,,,
Found,branch,2020,Saint Ivy,XB,,
Lost,branch,2020,Saint Ivy,XB,,
Home,headquarters,2020,Saint Ivy,XB,,
Home,branch,2020,Saint Ivy,XB,,
"""


def _counts(desk: Desk, source: str) -> dict[str, int]:
    return desk.shelf.ledger.entries()[source]


def test_offices_become_links_precision_and_a_full_account(tmp_path: Path) -> None:
    desk = desk_of(tmp_path, {"office-table": {"offices.csv": OFFICES}})
    made, placed = ownership.make(desk, firms_of(("Found", 1, "XA")))
    assert made.links.select("field", "year", "origin", "destination", "weight").rows() == [
        ("offices", 2020, 1, 9, 2.0),
        ("offices", 2020, 1, 10, 1.0),
    ]
    assert made.country_links.select("origin", "destination", "weight").rows() == [("XA", "XB", 5.0)]
    assert made.tables["ownership_precision"].rows() == [
        ("office-table", "city", 7),
        ("office-table", "town", 1),
        ("office-table", "country", 1),
        ("office-table", "none", 1),
    ]
    assert made.tables["ownership_firms"].rows() == [("offices", 2020, 4, 3, 8, 4)]
    table = made.tables["ownership_cities"]
    assert table.select("city_id", "headquarters", "branches", "power", "prestige").rows() == [
        (1, 2, 0, 3.0, 0.0),
        (9, 1, 3, 0.0, 2.0),
        (10, 0, 1, 0.0, 1.0),
    ]
    assert placed.schema == ownership.OFFICES_PLACED
    assert placed.group_by("name").len().sort("name").rows() == [("Acme", 3), ("Found", 2), ("Home", 2)]
    assert _counts(desk, "office-table") == {"rows_in": 10, "rows_used": 8, "rows_quarantined": 2}
    reasons = desk.shelf.ledger.tables()["office-table"].select("row", "reason").rows()
    assert [row for row, _ in reasons] == [6, 8]
    assert reasons[1][1] == "no city is known to hold the firm's headquarters"


LEI = "ALDER000000000000"
ENTITIES = f"""LEI,Entity.LegalName,Entity.HeadquartersAddress.City,Entity.HeadquartersAddress.Country,\
Entity.LegalAddress.Country,Entity.EntityStatus,Registration.RegistrationStatus
{LEI}011,Top,Alder,XA,XA,ACTIVE,ISSUED
{LEI}012,Middle,Saint Ivy,XB,XB,ACTIVE,ISSUED
{LEI}013,Leaf,Oak,XA,XA,ACTIVE,ISSUED
{LEI}014,Under a circle,Alder,XA,XA,ACTIVE,ISSUED
{LEI}015,Alone,Alder,XA,XA,ACTIVE,ISSUED
{LEI}016,Closed,Alder,XA,XA,INACTIVE,LAPSED
{LEI}017,Abroad,Moss,XB,XB,ACTIVE,ISSUED
{LEI}018,Orphan,Alder,XA,XA,ACTIVE,ISSUED
"""
TIES = "".join(
    f"{LEI}{child},{LEI}{parent},IS_{kind}_CONSOLIDATED_BY,{status}\n"
    for child, parent, kind, status in (
        ("012", "011", "DIRECTLY", "ACTIVE"),
        ("013", "012", "DIRECTLY", "ACTIVE"),
        ("013", "011", "ULTIMATELY", "ACTIVE"),
        ("014", "020", "DIRECTLY", "ACTIVE"),
        ("020", "021", "DIRECTLY", "ACTIVE"),
        ("021", "020", "DIRECTLY", "ACTIVE"),
        ("016", "011", "DIRECTLY", "ACTIVE"),
        ("015", "011", "DIRECTLY", "INACTIVE"),
        ("017", "011", "ULTIMATELY", "ACTIVE"),
        ("018", "022", "DIRECTLY", "ACTIVE"),
    )
)
TIES = (
    "Relationship.StartNode.NodeID,Relationship.EndNode.NodeID,Relationship.RelationshipType,"
    f"Relationship.RelationshipStatus\n{TIES}"
)


def _gleif(folder: Path) -> tuple[Desk, Made]:
    desk = desk_of(folder, {"gleif": {"x-lei2-x.csv": ENTITIES, "x-rr-x.csv": TIES}})
    return desk, ownership.make(desk, Firms())[0]


def test_subsidiaries_belong_to_the_top_of_their_tree(tmp_path: Path) -> None:
    desk, made = _gleif(tmp_path)
    links = made.links.select("field", "origin", "destination", "count").rows()
    assert links == [("subsidiaries", 1, 9, 1)]  # Oak is a name of two cities: only its country is known
    countries = made.country_links.select("origin", "destination", "weight").rows()
    assert countries == [("XA", "XB", 2.0)]
    tables = desk.shelf.ledger.tables()["gleif"]
    told = {(part, row): reason for part, row, reason in tables.select("part", "row", "reason").iter_rows()}
    assert told["entities", 4] == "the way up leads into a circle of ties"
    assert told["entities", 5] == "no tie of ownership names the entity"
    assert told["entities", 6] == "the entity is no longer active"
    assert told["entities", 8] == "the parent at the top is not among the entities of the source"
    assert told["ties", 5].startswith("the ties of these entities run in a circle")
    assert told["ties", 8] == "the relationship is inactive"
    assert told["ties", 10] == "the parent at the top is not among the entities of the source"
    assert ("ties", 1) not in told
    assert ("entities", 7) not in told  # its country is known, and stands behind the network of countries


def test_a_long_register_is_settled_by_numbers_alike(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "a").mkdir()
    (tmp_path / "b").mkdir()
    plain, _ = _gleif(tmp_path / "a")
    monkeypatch.setattr(ownership, "TOLD_MOST", 0)
    by_number, _ = _gleif(tmp_path / "b")
    assert _counts(by_number, "gleif") == _counts(plain, "gleif")
    assert by_number.shelf.ledger.reasons("gleif") == plain.shelf.ledger.reasons("gleif")


def test_where_few_places_are_known_there_is_no_network_between_cities(tmp_path: Path) -> None:
    rows = (
        "firm,role,year,place,country\nAcme,hq,2020,Alder,XA\nAcme,branch,2020,Saint Ivy,XB\n"
        "Acme,branch,2020,Nowhere,XB\nAcme,branch,2020,Nowhere,XA\n"
    )
    desk = desk_of(tmp_path, {"office-table": {"offices.csv": rows}})
    made, _ = ownership.make(desk, Firms())
    assert made.links.is_empty()
    assert made.tables["ownership_cities"].is_empty()
    assert made.country_links.select("origin", "destination", "weight").rows() == [("XA", "XB", 2.0)]
    lines = desk.shelf.ledger.tables()["office-table"]
    assert lines["row"].to_list() == [4]


def test_a_name_that_several_firms_bear_is_told_by_the_countries_of_the_branches(tmp_path: Path) -> None:
    rows = (
        "firm,role,year,place,country\nAcme,branch,2020,Alder,XA\nAcme,branch,2020,Linden-Königsberg,XB\n"
        "Twin,branch,2020,Alder,XA\nTwin,branch,2020,Saint Ivy,XB\n"
    )
    desk = desk_of(tmp_path, {"office-table": {"offices.csv": rows}})
    firms = firms_of(("Acme", 9, "XB"), ("Acme", 5, "XZ"), ("Twin", 1, "XA"), ("Twin", 9, "XB"))
    made, _ = ownership.make(desk, firms)
    assert made.links.select("origin", "destination").rows() == [(9, 1), (9, 10)]  # Acme's; Twin is two firms
    assert made.tables["ownership_firms"].select("firms", "firms_placed").rows() == [(2, 1)]


def test_research_companies_of_a_register_and_the_account_of_the_others(tmp_path: Path) -> None:
    lines = (
        "ror,name,status,types,city,iso2,lat,lon,geonames_id",
        "https://ror.org/0abc00001,Acme (Arborea),active,company,Alder,XA,10,10,1",
        "https://ror.org/0abc00002,Acme (Bosquia),active,company,Saint Ivy,XB,-51,61,9",
        "https://ror.org/0abc00003,Acme U,active,education,Alder,XA,10,10,1",
        "https://ror.org/0abc00004,Lost (Arborea),active,company,Alder,XA,10,10,1",
        "https://ror.org/0abc00005,Lost (Bosquia),active,company,Saint Ivy,XB,-51,61,9",
    )
    desk = desk_of(tmp_path, {"ror": {"ror_records_union.csv.gz": "\n".join(lines) + "\n"}})
    made, _ = ownership.make(desk, firms_of(("Acme", 1, "XA")))
    assert made.links.select("field", "origin", "destination").rows() == [("research", 1, 9)]
    assert made.tables["ownership_firms"].select("firms", "firms_placed", "branches").row(0) == (2, 1, 4)
    told = desk.shelf.ledger.tables()["ror"].select("row", "reason").rows()
    assert [row for row, _ in told] == [3, 4, 5]
    assert told[0][1].endswith("it is no national branch of a firm")
    assert told[1][1] == "no city is known to hold the firm's headquarters"
    assert _counts(desk, "ror") == {"rows_in": 5, "rows_used": 2, "rows_quarantined": 3}


def test_an_edition_without_sources_has_nothing(tmp_path: Path) -> None:
    made, placed = ownership.make(desk_of(tmp_path, {}), Firms())
    assert (made.links.height, made.country_links.height, made.tables) == (0, 0, {})
    assert placed.schema == ownership.OFFICES_PLACED


def test_the_same_bytes_in_any_run(tmp_path: Path) -> None:
    tables = []
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
        desk = desk_of(tmp_path / name, {"office-table": {"offices.csv": OFFICES}})
        tables.append(ownership.make(desk, firms_of(("Found", 1, "XA")))[0].tables["ownership_cities"])
    assert tables[0].equals(tables[1])
