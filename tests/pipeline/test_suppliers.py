"""Suppliers in an edition: every site gets a place as precise as its list, and none is dropped."""

from collections.abc import Mapping
from pathlib import Path

import polars as pl
import pytest
import world
from production_desk import firms_of
from world.facts import ALDER, BIRCH, ELMSTEAD

from cosmopolis.edition import Edition, load
from cosmopolis.errors import SpecError
from cosmopolis.pipeline.cache import StepCache
from cosmopolis.pipeline.cities import open_atlas
from cosmopolis.pipeline.desk import Desk
from cosmopolis.pipeline.production import suppliers
from cosmopolis.pipeline.production.firms import Firms
from cosmopolis.pipeline.records import read_sources
from cosmopolis.sources import catalog

SOURCES = ("geonames", "country-names", "supplier-table")

TABLE = """customer,supplier,year,address,city,division,country,latitude,longitude
Oak,Fir,2018,1 Mill Lane,Alder,,GB,,
Oak,Fir,2018,2 Mill Lane,Elmstead,,GB,,
Oak,Yew,2018,3 Mill Lane,Birch,North,XB,,
Oak,Yew,2018,4 Mill Lane,Birch,north,XB,,
Oak,Yew,2018,Somewhere unheard of,,,XB,,
Oak,Yew,2018,,,,,51.0,0.01
Oak,Fir,2020,,,Alder,GB,,
Oak,Yew,2020,,,North,XB,,
Oak,Yew,2020,,,,Nowhere,,
"""
CENTRE = '\n[production.centres]\nOak = "Alder, Arborea"\n'


def _desk(folder: Path, *, settings: str = CENTRE, table: str = TABLE) -> Desk:
    made = world.save(folder, edition=world.edition_text(SOURCES) + settings)
    (made.mirror / "supplier-table").mkdir()
    (made.mirror / "supplier-table" / "table.csv").write_text(table, encoding="utf-8")
    return _open(load(str(made.edition)), catalog.load(made.catalog), made.mirror, folder / "cache")


def _open(edition: Edition, entries: catalog.Catalog, mirror: Path, cache: Path) -> Desk:
    steps = StepCache(folder=cache / "steps")
    shelf = read_sources(
        [entries.source(name) for name in edition.sources],
        steps,
        mirror=mirror,
        cache=cache,
        offline=True,
        progress=False,
    )
    return Desk(edition=edition, catalog=entries, shelf=shelf, atlas=open_atlas(edition, shelf, steps))


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Desk:
    return _desk(tmp_path_factory.mktemp("suppliers"))


@pytest.fixture(scope="module")
def tables(desk: Desk) -> Mapping[str, pl.DataFrame]:
    return suppliers.make(desk, Firms()).tables


def test_each_site_is_as_precise_as_its_list_and_what_was_found(desk: Desk) -> None:
    rows = desk.shelf.part("supplier-table", "sites")
    sited = suppliers.place_sites(rows, desk.atlas)
    assert sited.select("precision", "country", "division", "city_id").rows() == [
        ("address", "GB", None, ALDER),
        ("address", "GB", None, ELMSTEAD),
        ("address", "XB", "North", BIRCH),
        ("address", "XB", "North", BIRCH),
        ("country", "XB", None, None),
        ("address", "GB", None, ALDER),
        ("division", "GB", "Alder", None),  # the division, not the city of its name
        ("division", "XB", "North", None),
        (None, None, None, None),
    ]
    assert (sited["reason"].is_null() == sited["city_id"].is_not_null()).all()


def test_every_row_is_used_or_quarantined(desk: Desk, tables: Mapping[str, pl.DataFrame]) -> None:
    assert tables["supplier_places"]["sites"].sum() == 8
    for source in ("geonames", "country-names"):
        desk.shelf.use_all(source)
    entry = desk.shelf.ledger.entries()["supplier-table"]
    assert tuple(entry.values()) == (9, 8, 1)


def test_a_division_is_bounded_by_its_country(tables: Mapping[str, pl.DataFrame]) -> None:
    radius = tables["supplier_radius"].filter(year=2020)
    assert radius["share"].drop_nulls().is_empty()
    assert radius["placed"].unique().to_list() == [0.0]
    drawn = radius.filter(km=20.0)
    assert drawn["low"].item() == 0.0
    assert drawn["high"].item() == 1.0  # a draw of the one supplier in Arborea, where the centre is
    assert radius.filter(km=10_000.0)["low"].item() == 1.0  # both countries lie within
    assert tables["supplier_radius"]["centre"].unique().to_list() == [ALDER]
    assert tables["supplier_radius"]["centre_place"].unique().to_list() == [None]  # the city itself


def test_years_compare_at_the_levels_that_both_have(tables: Mapping[str, pl.DataFrame]) -> None:
    assert tables["supplier_changes"]["level"].unique().to_list() == ["country"]
    assert tables["supplier_changes"].select("from_year", "to_year").unique().rows() == [(2018, 2020)]


def test_without_lists_there_is_nothing(tmp_path: Path) -> None:
    made = world.save(tmp_path, edition=world.edition_text(SOURCES[:2]))
    desk = _open(load(str(made.edition)), catalog.load(made.catalog), made.mirror, tmp_path / "cache")
    made_of = suppliers.make(desk, Firms())
    assert not made_of.tables
    assert made_of.links.is_empty()


def test_without_a_centre_there_are_no_radii(tmp_path: Path) -> None:
    tables = suppliers.make(_desk(tmp_path, settings=""), Firms()).tables
    assert tables["supplier_radius"].is_empty()
    assert tables["supplier_strategy"]["regional"].drop_nulls().is_empty()
    assert tables["supplier_spread"].height


def test_the_headquarters_of_the_firm_is_the_centre_where_the_edition_names_none(tmp_path: Path) -> None:
    tables = suppliers.make(_desk(tmp_path, settings=""), firms_of(("Oak", BIRCH, "XB"))).tables
    assert tables["supplier_radius"]["centre"].unique().to_list() == [BIRCH]
    assert tables["supplier_radius"].filter(year=2018, km=20.0)["share"].item() == pytest.approx(2 / 5)


def test_a_centre_that_means_no_place_is_told(tmp_path: Path) -> None:
    desk = _desk(tmp_path, settings=CENTRE.replace("Alder, Arborea", "Allder Nowhere"))
    with pytest.raises(
        SpecError, match=r"\[production.centres\]: Oak is 'Allder Nowhere', which means no place"
    ):
        suppliers.make(desk, Firms())
