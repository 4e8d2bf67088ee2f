"""Innovation in a whole build: papers and patents of a synthetic world become networks and tables."""

import json
from pathlib import Path
from typing import Any

import polars as pl
import pytest
import world
from world.facts import ALDER, ASPEN, BEECH, BIRCH, CEDAR, DOGWOOD
from world.killed import draw_nothing, write_no_page
from world.run import run

from cosmopolis.engines import check_engine
from cosmopolis.errors import EngineError
from cosmopolis.networks.links import COUNTRY_LINKS
from cosmopolis.pipeline.innovation.tables import country_trends_table
from cosmopolis.publish import report
from cosmopolis.publish.innovation.schemas import KEYS
from cosmopolis.publish.profile import page
from cosmopolis.settings import InnovationSettings

SOURCES = (*world.SOURCES, "paper-table", "patent-table")

SETTINGS = """
[innovation]
frontiers = ["robotics", "artificial_intelligence", "new_materials", "intelligent_manufacturing"]
first_year = 2018
last_year = 2023
window_years = 3
gravity_cities = 10
runs = 5
pairs = 3
inside_pairs = 2

[innovation.panels]
robotics = ["icra", "iros"]
"""

PAPERS = """work,year,title,venue,organisation,city,country
a,2022,First,ICRA,Alder University,Alder,GB
a,2022,First,ICRA,Birch Institute,Birch,XB
a,2022,First,ICRA,Alder Forge,Alder,GB
b,2022,Second,ICRA,Alder University,Alder,GB
b,2022,Second,ICRA,Birch Institute,Birch,XB
b,2022,Second,ICRA,Cedar College,Cedar,XC
b,2022,Second,ICRA,Alder Forge,Alder,GB
b,2022,Second,ICRA,Alder Hospital,Alder,GB
c,2022,Third,ICRA,Alder University,Alder,GB
d,2022,Fourth,ICRA,Alder University,Alder,GB
d,2022,Fourth,ICRA,Birch Institute,Birch,XB
d,2022,Fourth,ICRA,Cedar College,Cedar,XC
d,2022,Fourth,ICRA,Dogwood Labs,Dogwood,XD
d,2022,Fourth,ICRA,Dogwood Labs,Dogwood,XD
e,2022,first!,ICRA,Alder University,Alder,GB
f,2019,Fifth,IROS,Aspen Works,Aspen,GB
f,2019,Fifth,IROS,Beech Works,Beech,XB
g,2019,Sixth,ICRA,Aspen Works,Aspen,GB
h,2010,Too old,ICRA,Alder University,Alder,GB
i,2022,No field,Annals of Ash,Alder University,Alder,GB
j,2022,Seventh,NeurIPS,Alder University,Alder,GB
j,2022,Seventh,NeurIPS,Alder University,Nowhere at all,GB
k,2022,Eighth,ICRA,,Nowhere at all,XB
"""
"""a to d are the known toy of the counting, e is a again; only 2019 has both venues of the panel."""

OWN_ORDERS = {"city_organisations", "frontier_fields", "region_leaders", "tie_organisations"}
"""Tables that are not in the order of their keys."""

PATENTS = """patent,year,place,country,applicant,class,cited
EP1,2021,Alder,GB,Alder Mills,B25J9/16,
EP1,2021,Birch,XB,,,
EP2,2023,Alder,GB,Alder Mills,B25J9/16,EP1
EP2,2023,Birch,XB,,,
EP3,2023,Cedar,XC,Cedar Saws;Birch Boards,B25J9/16,EP1;US7;EP3
EP4,2023,Cedar,XC,Cedar Saws,A47J31/00,EP2
"""


def catalog_lines() -> str:
    """Return what the catalogue says of the two tables."""
    return "".join(
        f'[{source}]\ntitle = {{ en = "Synthetic {source}", zh = "合成 {source}" }}\nscope = "index"\n'
        for source in ("paper-table", "patent-table")
    )


@pytest.fixture(scope="module")
def result(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Build the synthetic world with its papers and patents, without drawings."""
    folder = tmp_path_factory.mktemp("innovation")
    edition = world.edition_text(SOURCES) + SETTINGS
    made = world.save(folder, edition=edition)
    for source, text in (("paper-table", PAPERS), ("patent-table", PATENTS)):
        (made.mirror / source).mkdir()
        (made.mirror / source / "table.csv").write_text(text, encoding="utf-8")
    with made.catalog.open("a", encoding="utf-8") as catalog:
        catalog.write(catalog_lines())
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(report, "write", draw_nothing)
        patch.setattr(page, "write", write_no_page)
        answer = run("build", made.edition, "--mirror", made.mirror, "--offline", "--out", folder / "out")
    assert answer.status == 0, answer.err
    return folder / "out"


def table(result: Path, name: str) -> pl.DataFrame:
    return pl.read_parquet(result / "tables" / f"{name}.parquet")


def test_the_toy_of_the_counting_comes_out_of_a_build(result: Path) -> None:
    links = table(result, "links").filter(
        (pl.col("network") == "coauthorship") & (pl.col("field") == "robotics") & (pl.col("year") == 2022)
    )
    expected = {
        (ALDER, BIRCH): (3, 1 + 1 / 2 + 1 / 3),
        (ALDER, CEDAR): (2, 1 / 2 + 1 / 3),
        (BIRCH, CEDAR): (2, 1 / 2 + 1 / 3),
        (ALDER, DOGWOOD): (1, 1 / 3),
        (BIRCH, DOGWOOD): (1, 1 / 3),
        (CEDAR, DOGWOOD): (1, 1 / 3),
    }
    found = {
        (origin, destination): (count, weight)
        for origin, destination, count, weight in links.select(
            "origin", "destination", "count", "weight"
        ).iter_rows()
    }
    assert found.keys() == expected.keys()
    for pair, (count, weight) in expected.items():
        assert found[pair] == (count, pytest.approx(weight, abs=1e-12))


def test_totals_share_a_paper_out_among_its_cities(result: Path) -> None:
    totals = table(result, "field_totals").filter(
        (pl.col("network") == "coauthorship") & (pl.col("field") == "robotics") & (pl.col("year") == 2022)
    )
    rows = {row["city_id"]: row for row in totals.iter_rows(named=True)}
    assert rows[ALDER]["count"] == 4  # a, b, c, d; e is a again
    assert rows[ALDER]["shared"] == 3
    assert rows[ALDER]["fractional"] == pytest.approx(1 / 2 + 1 / 3 + 1 + 1 / 4, abs=1e-12)
    assert totals["fractional"].sum() == pytest.approx(4.0, abs=1e-9)
    assert totals["share"].sum() == pytest.approx(1.0, abs=1e-9)
    assert rows[ALDER]["citations"] is None
    assert rows[ALDER]["records_known"] == 0


def test_countries_count_a_paper_once(result: Path) -> None:
    links = table(result, "country_links").filter(
        (pl.col("network") == "coauthorship") & (pl.col("field") == "robotics") & (pl.col("year") == 2022)
    )
    counts = {tuple(row[:2]): row[2] for row in links.select("origin", "destination", "count").iter_rows()}
    assert counts[("GB", "XB")] == 3
    assert counts[("XC", "XD")] == 1


def test_trends_follow_the_panel_in_its_whole_years(result: Path) -> None:
    near = table(result, "nearness").filter(
        (pl.col("network") == "coauthorship") & (pl.col("field") == "robotics")
    )
    assert near["year"].unique().to_list() == [2019]  # 2022 has no paper of IROS
    panel = table(result, "country_links").filter(pl.col("network") == "coauthorship_panel")
    assert panel["year"].unique().to_list() == [2019]
    assert not table(result, "links")["field"].str.contains("panel").any()
    fields = table(result, "field_totals")["field"].unique().sort().to_list()
    assert fields == ["artificial_intelligence", "intelligent_manufacturing", "robotics"]


def test_every_row_is_used_or_has_its_reason(result: Path) -> None:
    ledger = json.loads((result / "manifest.json").read_text(encoding="utf-8"))["ledger"]
    for source, rows in (("paper-table", 11 + 23), ("patent-table", None)):
        entry = ledger[source]
        assert entry["rows_in"] == entry["rows_used"] + entry["rows_quarantined"]
        assert rows is None or entry["rows_in"] == rows
    away = pl.read_parquet(result / "quarantine" / "paper-table.parquet")
    works = {
        reason for part, reason in away.select("part", "reason").iter_rows() if str(part).startswith("works")
    }
    assert works == {
        "it stands in another list, or earlier in this one, too",
        "its year is outside those of the edition",
        "it is in no field of the edition",
        "none of its addresses lies in a city",
    }


def test_patents_stand_where_inventors_live_and_applicants_tie(result: Path) -> None:
    totals = table(result, "field_totals").filter(pl.col("network") == "copatenting")
    assert totals["field"].unique().to_list() == ["intelligent_manufacturing"]
    counts = totals.group_by("city_id").agg(pl.col("count").sum()).sort("city_id")
    assert counts.rows() == [(ALDER, 2), (BIRCH, 2), (CEDAR, 1)]
    ties = table(result, "tie_organisations").filter(pl.col("network") == "copatenting")
    (row,) = ties.to_dicts()
    assert (row["origin"], row["destination"], row["count"]) == (ALDER, BIRCH, 2)
    assert row["organisation_origin"] == row["organisation_destination"]
    names = dict(table(result, "organisations").iter_rows())
    assert names[row["organisation_origin"]] == "Alder Mills"


def test_citations_count_each_citing_patent_once_and_none_of_itself(result: Path) -> None:
    totals = table(result, "field_totals").filter(pl.col("network") == "copatenting")
    received = {(row["city_id"], row["year"]): row["citations"] for row in totals.iter_rows(named=True)}
    assert received[(ALDER, 2021)] == 2  # EP1, by EP2 and EP3
    assert received[(ALDER, 2023)] == 1  # EP2, by EP4, which is in no field itself
    assert received[(CEDAR, 2023)] == 0  # EP3 cites itself alone


def test_windows_have_their_tables(result: Path) -> None:
    measured = table(result, "link_measures").filter(pl.col("network") == "coauthorship")
    spans = measured.select("from_year", "to_year").unique().sort("from_year").rows()
    assert spans == [(2018, 2020), (2021, 2023)]
    tie = measured.filter((pl.col("origin") == ALDER) & (pl.col("destination") == BIRCH)).to_dicts()[0]
    assert tie["count"] == 3
    assert tie["salton"] == pytest.approx(3 / (4 * 3) ** 0.5)  # 4 papers name Alder, 3 Birch
    found = table(result, "communities").filter(pl.col("network") == "coauthorship")
    assert found.filter(pl.col("from_year") == 2018)["city_id"].to_list() == [ASPEN, BEECH]
    assert table(result, "frontier_fields")["field"].to_list()[0] in {"artificial_intelligence", "robotics"}


def test_ties_inside_a_city_are_told_and_named(result: Path) -> None:
    """Planted: forge and university of Alder share two papers, one of them with its hospital."""
    pairs = table(result, "city_organisations")
    papers = pairs.filter((pl.col("network") == "coauthorship") & (pl.col("field") == "robotics"))
    names = dict(table(result, "organisations").iter_rows())
    ends = ("organisation_origin", "organisation_destination")
    told = [
        (row["city_id"], row["from_year"], row["to_year"], {names[row[end]] for end in ends}, row["count"])
        for row in papers.iter_rows(named=True)
    ]
    assert told[0] == (ALDER, 2021, 2023, {"Alder University", "Alder Forge"}, 2)
    assert told[1][3:] == ({"Alder Forge", "Alder Hospital"}, 1)
    assert len(told) == 2  # of three: inside_pairs
    assert papers["position"].to_list() == [1, 2]
    assert all(row[end] in names for row in pairs.iter_rows(named=True) for end in ends)
    patents = pairs.filter(pl.col("network") == "copatenting")
    assert {frozenset(names[row[end]] for end in ends) for row in patents.iter_rows(named=True)} == {
        frozenset({"Cedar Saws", "Birch Boards"})
    }
    account = table(result, "city_inside").filter(pl.col("network") == "coauthorship")
    columns = ("city_id", "records", "organisations", "named", "joint")
    robotics = account.filter(pl.col("field") == "robotics").select(columns)
    assert robotics.filter(pl.col("city_id") == ALDER).rows() == [(ALDER, 4, 3, 4, 2)]
    assert robotics.filter(pl.col("city_id") != ALDER)["joint"].to_list() == [0, 0, 0]


def test_records_inside_cities_are_those_of_the_totals(result: Path) -> None:
    account, totals = table(result, "city_inside"), table(result, "field_totals")
    last = totals.filter(pl.col("year").is_between(2021, 2023) & (pl.col("network") != "patent_classes"))
    keys = ["network", "field", "city_id"]
    summed = last.group_by(keys).agg(pl.col("count").sum()).sort(keys)
    assert account.select(*keys, count="records").sort(keys).rows() == summed.rows()
    assert not account["field"].str.contains("panel").any()
    assert (account["joint"] <= account["named"]).all()
    assert (account["named"] <= account["records"]).all()


def test_an_edition_without_papers_has_no_such_tables(built: Path) -> None:
    assert not (built / "tables" / "field_totals.parquet").exists()


@pytest.mark.usefixtures("no_drawing")
def test_both_engines_make_tables_of_the_same_bytes(result: Path, tmp_path: Path) -> None:
    try:
        check_engine("spark")
    except EngineError as error:
        pytest.skip(f"Spark cannot run here: {error}")
    made = world.World(folder=result.parent)
    build = ("build", made.edition, "--mirror", made.mirror, "--offline", "--out", tmp_path / "out")
    answer = run(*build, "--engine", "spark")
    assert answer.status == 0, answer.err
    by_spark, by_duckdb = manifest(tmp_path / "out"), manifest(result)
    assert (by_spark["engine"], by_duckdb["engine"]) == ("spark", "duckdb")
    for told in ("tables", "ledger", "hash"):
        assert by_spark[told] == by_duckdb[told]
    assert run(*build).err.startswith("cosmopolis: unchanged (")
    assert manifest(tmp_path / "out")["engine"] == "spark"


def manifest(result: Path) -> dict[str, Any]:
    read: dict[str, Any] = json.loads((result / "manifest.json").read_text(encoding="utf-8"))
    return read


def test_the_data_package_describes_every_table_and_column(result: Path) -> None:
    package = json.loads((result / "tables" / "datapackage.json").read_text(encoding="utf-8"))
    found = {resource["name"]: resource for resource in package["resources"]}
    assert {"field_totals", "region_shares", "organisations", "frontier_fields"} <= found.keys()
    for name, resource in found.items():
        assert resource["title_zh"], name
        for field in resource["schema"]["fields"]:
            assert field["description"], (name, field)
            assert field["description_zh"], (name, field)
    for name in KEYS.keys() & found.keys():
        assert found[name]["schema"]["primaryKey"] == list(KEYS[name])
        if name not in OWN_ORDERS:
            rows = table(result, name).select(KEYS[name]).rows()
            assert rows == sorted(rows), name


def test_trends_of_countries_end_with_the_last_year_of_their_own_field() -> None:
    rows = [
        ("coauthorship", field, year, "CN", "US", 50.0, 50)
        for field, last in (("artificial_intelligence", 2024), ("robotics", 2023))
        for year in range(2000, last + 1)
    ]
    links = pl.DataFrame(rows, schema=COUNTRY_LINKS, orient="row")
    found = country_trends_table(links, InnovationSettings(recent_years=6))
    assert found.select("field", "from_year", "to_year", "years").rows() == [
        ("artificial_intelligence", 2000, 2024, 25),
        ("artificial_intelligence", 2019, 2024, 6),
        ("robotics", 2000, 2023, 24),
        ("robotics", 2018, 2023, 6),
    ]
