"""Tables: the same bytes every time, safe in a spreadsheet, described."""

import csv
import hashlib
import json
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import polars as pl
import pytest

from cosmopolis.engines import open_engine
from cosmopolis.engines.projection import pairs_schema, totals_schema
from cosmopolis.measures import (
    city_organisations,
    country_trends,
    growth,
    specialisation,
    tie_organisations,
)
from cosmopolis.measures.city_organisations import CITY_ORGANISATIONS
from cosmopolis.measures.tie_organisations import TIE_ORGANISATIONS
from cosmopolis.networks.links import COUNTRY_LINKS
from cosmopolis.pipeline.innovation import tables as measured
from cosmopolis.pipeline.innovation.items import PLACEMENT
from cosmopolis.pipeline.innovation.ties import Ties
from cosmopolis.publish import tables
from cosmopolis.publish.innovation.schemas import KEYS as INNOVATION_KEYS
from cosmopolis.publish.result import SCHEMAS, Result
from cosmopolis.settings import InnovationSettings

WINDOW_AND_PAIR = ("from_year", "to_year", "origin", "destination")


@pytest.fixture(scope="module")
def folder(result: Result, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("tables")
    tables.write(result, folder)
    return folder


@pytest.fixture(scope="module")
def package(folder: Path) -> dict[str, Any]:
    package: dict[str, Any] = json.loads((folder / "datapackage.json").read_bytes())
    return package


def test_same_bytes_twice(result: Result, folder: Path, tmp_path: Path) -> None:
    for name, file in tables.write(result, tmp_path).items():
        assert file.read_bytes() == (folder / name).read_bytes(), name


def test_same_bytes_however_the_table_lies_in_memory(result: Result, tmp_path: Path) -> None:
    table = result.table("links")
    halves = pl.concat([table.head(7), table.slice(7)], rechunk=False)
    tables.write_parquet(table, tmp_path / "a")
    tables.write_parquet(halves, tmp_path / "b")
    assert (tmp_path / "a").read_bytes() == (tmp_path / "b").read_bytes()


@pytest.mark.parametrize("name", SCHEMAS)
def test_parquet_holds_the_table(name: str, result: Result, folder: Path) -> None:
    assert pl.read_parquet(folder / f"{name}.parquet").equals(result.table(name))


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t", "\r"])
def test_no_text_is_a_formula(start: str, tmp_path: Path) -> None:
    tables.write_csv(
        pl.DataFrame({"name": [f"{start}1+1", "a", None], "x": [-1.5, 2.0, None]}), tmp_path / "t"
    )
    with (tmp_path / "t").open(newline="", encoding="utf-8") as file:
        rows = list(csv.reader(file))
    assert rows == [["name", "x"], [f"'{start}1+1", "-1.5"], ["a", "2.0"], ["", ""]]


def test_lists_are_json(tmp_path: Path) -> None:
    tables.write_csv(pl.DataFrame({"a": [["x", "y"], ["z"]]}), tmp_path / "t")
    with (tmp_path / "t").open(newline="", encoding="utf-8") as file:
        assert list(csv.reader(file)) == [["a"], ['["x","y"]'], ['["z"]']]


def test_every_column_is_described_in_both_languages(package: dict[str, Any]) -> None:
    for resource in package["resources"]:
        assert resource["title"]
        assert resource["title_zh"]
        for field in resource["schema"]["fields"]:
            assert field["description"], (resource["name"], field)
            assert field["description_zh"]


def test_types_hashes_and_keys(package: dict[str, Any], folder: Path, result: Result) -> None:
    by_name = {resource["name"]: resource for resource in package["resources"]}
    assert list(by_name) == list(result.tables)
    for resource in by_name.values():
        data = (folder / resource["path"]).read_bytes()
        assert resource["hash"] == f"sha256:{hashlib.sha256(data).hexdigest()}"
        assert resource["bytes"] == len(data)
        assert resource["schema"]["primaryKey"]
    kinds = {field["name"]: field["type"] for field in by_name["cities"]["schema"]["fields"]}
    assert kinds["city_id"] == "integer"
    assert kinds["latitude"] == "number"
    assert kinds["name"] == "string"
    units = {field["name"]: field.get("unit") for field in by_name["cities"]["schema"]["fields"]}
    assert units["latitude"] == "degrees"


def test_sources_with_licences_and_no_lost_one(package: dict[str, Any]) -> None:
    assert [source["title"] for source in package["sources"]] == ["Synthetic source synthetic-air"]
    assert package["licenses"] == [
        {
            "name": "CC-BY-4.0",
            "title": "CC BY 4.0",
            "path": "https://creativecommons.org/licenses/by/4.0/",
        }
    ]


def test_key_that_does_not_name_rows_is_not_said(changed: Callable[..., Result], tmp_path: Path) -> None:
    links = changed().table("links")
    tables.write(changed(links=pl.concat([links, links.head(1)])), tmp_path)
    package = json.loads((tmp_path / "datapackage.json").read_bytes())
    schema = next(r["schema"] for r in package["resources"] if r["name"] == "links")
    assert "primaryKey" not in schema


def test_package_name_is_one_that_frictionless_takes(package: dict[str, Any]) -> None:
    assert package["name"] == "cosmopolis-synthetic-2031"
    assert package["profile"] == "tabular-data-package"


def _innovation_tables() -> dict[str, pl.DataFrame]:
    """Make every table of innovation as the pipeline does, from no records at all."""
    settings = InnovationSettings()
    desk: Any = SimpleNamespace(edition=SimpleNamespace(innovation=settings))
    items: Any = SimpleNamespace(network="coauthorship", view="nothing")
    cities = pl.DataFrame(
        schema={
            "city_id": pl.Int64,
            "country": pl.String,
            "region": pl.String,
            "latitude": pl.Float64,
            "longitude": pl.Float64,
        }
    )
    ties = Ties(
        network="coauthorship",
        counting="refined",
        pairs=pl.DataFrame(schema=pairs_schema(text_cities=False)),
        totals=pl.DataFrame(schema=totals_schema(text_cities=False)),
        country_pairs=pl.DataFrame(schema=pairs_schema(text_cities=True)),
        capped=0,
    )
    amounts = measured.shares(ties.totals)
    terms, models = measured.gravity_tables(ties, cities, None, settings)
    by_chance = measured.chance(ties, items, desk)
    near = measured.nearness_table(ties, cities, settings)
    totals = specialisation.field_totals(amounts, network="coauthorship")
    with open_engine("duckdb") as engine:
        asked = pl.DataFrame(schema={"field": pl.String} | dict.fromkeys(WINDOW_AND_PAIR, pl.Int64))
        rows = {"item": pl.String, "year": pl.Int64, "field": pl.String, "city_id": pl.Int64}
        engine.register("nothing", pl.DataFrame(schema=rows | {"organisation_key": pl.String}))
        behind = tie_organisations.behind(
            engine, "nothing", asked, network="coauthorship", organisation="organisation_key"
        )
        within = city_organisations.inside(
            engine,
            "nothing",
            measured.last_windows(ties.totals, measured.windows(settings)),
            network="coauthorship",
            organisation="organisation_key",
        )
    return {
        "placement": PLACEMENT.to_frame(),
        "field_totals": measured.with_known(totals, None),
        "field_growth": growth.growth(amounts, network="coauthorship", windows=measured.windows(settings)),
        "gravity": terms,
        "gravity_pairs": measured.gravity_pairs(models, "coauthorship"),
        "link_measures": measured.links_of_windows(ties, models, by_chance, settings),
        "nearness": near,
        "nearness_trends": measured.nearness_trends(near, settings),
        "country_trends": measured.country_trends_table(COUNTRY_LINKS.to_frame(), settings),
        "country_agreement": country_trends.AGREEMENT.to_frame(),
        "communities": measured.community_table(ties, settings),
        **measured.leader_table(ties, cities, settings),
        "tie_organisations": behind.organisations,
        "tie_coverage": behind.coverage,
        "city_organisations": within.organisations,
        "city_inside": within.records,
    }


def test_every_column_of_innovation_is_described_and_has_its_key(
    changed: Callable[..., Result], tmp_path: Path
) -> None:
    made = _innovation_tables()
    assert made.keys() | {"organisations", "frontier_fields"} == INNOVATION_KEYS.keys()
    tables.write(changed(**made), tmp_path)
    package = json.loads((tmp_path / "datapackage.json").read_bytes())
    by_name = {resource["name"]: resource for resource in package["resources"]}
    for name in made:
        assert by_name[name]["title"]
        assert by_name[name]["title_zh"]
        schema = by_name[name]["schema"]
        assert schema["primaryKey"] == list(INNOVATION_KEYS[name])
        for field in schema["fields"]:
            assert field["description"], (name, field)
            assert field["description_zh"]


@pytest.mark.parametrize(
    ("name", "schema", "row"),
    [
        ("tie_organisations", TIE_ORGANISATIONS, ("x", "f", 2020, 2024, 1, 2, "a", "b", 1, 1, False)),
        ("city_organisations", CITY_ORGANISATIONS, ("x", "f", 2020, 2024, 1, "a", "b", 1, 1)),
    ],
)
def test_organisations_behind_ties_name_rows_of_their_table(
    changed: Callable[..., Result],
    tmp_path: Path,
    name: str,
    schema: pl.Schema,
    row: tuple[object, ...],
) -> None:
    ties = pl.DataFrame([row], schema=schema, orient="row")
    for known, expected in ((["a", "b"], ["origin", "destination"]), (["a"], ["origin"])):
        named = pl.DataFrame({"organisation": known, "name": known})
        tables.write(changed(**{name: ties, "organisations": named}), tmp_path)
        package = json.loads((tmp_path / "datapackage.json").read_bytes())
        said = next(r["schema"] for r in package["resources"] if r["name"] == name)
        found = [
            key["fields"][0] for key in said["foreignKeys"] if key["reference"]["resource"] == "organisations"
        ]
        assert found == [f"organisation_{end}" for end in expected]
