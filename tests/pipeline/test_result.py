"""The result of a build as users and scripts rely on it: tables, manifest, ledger, quarantine, report."""

import csv
import hashlib
import json
import re
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import polars as pl
import pytest
import world
from world import facts
from world.run import run

from cosmopolis.networks.links import registry
from cosmopolis.sources.raw import QUARANTINE_SCHEMA

COLUMNS = {
    "cities": "city_id, name, name_zh, country, region, latitude, longitude, population, places",
    "links": "network, field, year, origin, destination, weight, count",
    "indicators": "index, indicator, year, city_id, value, treated, normalised",
    "scores": "index, node, year, city_id, score, rank, rank_low, rank_high",
}
"""The tables of the contract, columns in their order."""


@pytest.fixture(scope="session")
def manifest(built: Path) -> dict[str, Any]:
    read: dict[str, Any] = json.loads((built / "manifest.json").read_text(encoding="utf-8"))
    return read


def _table(built: Path, name: str) -> pl.DataFrame:
    return pl.read_parquet(built / "tables" / f"{name}.parquet")


def _sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


@pytest.mark.parametrize("name", COLUMNS)
def test_columns_are_those_of_the_contract(built: Path, name: str) -> None:
    assert ", ".join(_table(built, name).columns) == COLUMNS[name]
    with (built / "tables" / f"{name}.csv").open(encoding="utf-8", newline="") as file:
        header, *rows = csv.reader(file)
    assert ", ".join(header) == COLUMNS[name]
    assert len(rows) == _table(built, name).height > 0


def test_the_package_describes_every_table(built: Path) -> None:
    package = json.loads((built / "tables" / "datapackage.json").read_text(encoding="utf-8"))
    described = {resource["name"]: resource for resource in package["resources"]}
    assert set(described) == {path.stem for path in (built / "tables").glob("*.parquet")}
    for name, resource in described.items():
        assert [field["name"] for field in resource["schema"]["fields"]] == _table(built, name).columns
        assert resource["hash"] == "sha256:" + _sha256(built / "tables" / resource["path"])
    assert package["title"].startswith("Synthetic world")


def test_cities_are_merged_and_named(built: Path) -> None:
    cities = _table(built, "cities").rows_by_key("city_id", named=True, unique=True)
    assert len(cities) == 13
    assert cities[facts.ALDER] == {
        "name": "Alder",
        "name_zh": "赤杨",
        "country": "GB",
        "region": "Northern Europe",
        "latitude": 51.0,
        "longitude": 0.0,
        "population": 8_009_000,  # Alderham is a part of the core; Alder Vale lies in another division
        "places": 3,
    }
    assert cities[facts.ASPEN]["name_zh"] == "白杨"
    assert cities[facts.BIRCH]["places"] == 2


def test_links_have_the_weights_that_can_be_counted_by_hand(built: Path) -> None:
    links = _table(built, "links")
    weights = {tuple(row[:5]): row[5] for row in links.iter_rows()}
    assert weights["air", "routes", 2022, facts.ALDER, facts.BIRCH] == 2
    assert weights["air", "routes", 2022, facts.ALDER, facts.ASPEN] == 1
    assert weights["air", "routes", 2021, facts.ALDER, facts.BIRCH] == 1
    assert weights["air", "carriers", 2014, facts.ALDER, facts.BIRCH] == 5
    assert weights["sea", "port_pairs", 2024, facts.ALDER, facts.BIRCH] == 1
    assert weights["rail", "reach", 2024, facts.ALDER, facts.ASPEN] == 1
    assert weights["listings", "firms", 2026, facts.ASPEN, facts.ALDER] == 2
    assert weights["coauthorship", "bibliometrics", 2021, facts.ALDER, facts.BIRCH] == 1
    assert ("sea", "port_pairs", 2024, facts.ELMSTEAD, facts.CEDAR) not in weights


def test_undirected_links_stand_once(built: Path) -> None:
    links = _table(built, "links")
    directed = {kind.network for kind in registry() if kind.directed}
    assert links.filter(pl.col("origin") == pl.col("destination")).is_empty()
    undirected = links.filter(~pl.col("network").is_in(directed))
    assert undirected.filter(pl.col("origin") >= pl.col("destination")).is_empty()
    assert not links.select(links.columns[:5]).is_duplicated().any()
    known = _table(built, "cities")["city_id"].implode()
    assert links["origin"].is_in(known).all()
    assert links["destination"].is_in(known).all()


def test_trade_is_between_countries(built: Path) -> None:
    weights = {(row[3], row[4]): row[5] for row in _table(built, "country_links").iter_rows()}
    bought = {"GB": 0.5 * (100 + 300), "XB": 0.5 * (80 + 240), "XC": 0.5 * (20 + 60)}
    assert weights == pytest.approx(
        {
            ("XB", "GB"): facts.TRADE_GOODS_ABROAD * bought["GB"],
            ("GB", "XB"): facts.TRADE_GOODS_ABROAD * bought["XB"],
            ("GB", "XC"): facts.TRADE_GOODS_ABROAD * bought["XC"],
        }
    )


def test_the_sample_is_drawn_by_the_rule(built: Path) -> None:
    scores = _table(built, "scores")
    sample = scores.filter(pl.col("node") == "vitality")["city_id"].to_list()
    largest = [facts.ALDER, facts.ASPEN, facts.BIRCH, facts.BEECH, facts.CEDAR, facts.CYPRESS]
    assert sample == sorted([*largest, facts.DOGWOOD, facts.DAMSON, facts.ELMSTEAD])  # the last by its port


def test_scores_are_in_range_and_ranked_unrounded(built: Path) -> None:
    scores = _table(built, "scores")
    assert set(scores["node"]) == {"vitality", "innovation", "services", "connectivity"}
    known = scores.filter(pl.col("score").is_not_null())
    assert known["score"].is_between(0, 100).all()
    assert scores.filter(pl.col("score").is_null() != pl.col("rank").is_null()).is_empty()
    for _, node in known.group_by("node"):
        above = [sum(other > score for other in node["score"]) for score in node["score"]]
        assert node["rank"].to_list() == [1 + n for n in above]
    assert (scores["rank_low"].is_null() == scores["rank"].is_null()).all()


def test_absent_from_a_source_is_not_zero(built: Path) -> None:
    values = {
        (indicator, city): value
        for indicator, city, value in _table(built, "indicators")
        .select("indicator", "city_id", "value")
        .iter_rows()
    }
    assert values["technology_headquarters", facts.ELMSTEAD] == 0  # covered, no firm
    assert values["technology_headquarters", facts.CEDAR] is None  # the source has no index of Copse
    assert values["sea_links", facts.ELMSTEAD] == 2
    assert values["sea_links", facts.CYPRESS] == 0  # covered, no port
    assert values["sea_links", facts.ASPEN] is None  # a port of which nobody recorded what it serves
    assert values["sea_links", facts.DAMSON] is None  # a country that is not covered
    assert values["rail_reach", facts.ASPEN] == 1
    assert values["rail_reach", facts.ELMSTEAD] is None  # off the map of tracks
    assert values["air_destinations", facts.CYPRESS] == 0  # the whole world is covered
    assert values["science", facts.ALDER] is None
    assert values["trade", facts.DOGWOOD] is None


def test_indicators_bear_their_own_years(built: Path) -> None:
    years = dict(_table(built, "indicators").select("indicator", "year").unique().iter_rows())
    assert years["air_carriers"] == 2014
    assert years["air_destinations"] == 2022
    assert years["sea_links"] == 2024
    assert years["listing_reach"] == 2026


def test_the_manifest_leads_back_to_every_input(manifest: dict[str, Any]) -> None:
    assert set(manifest) >= {"inputs", "versions", "settings", "seeds", "tables", "ledger", "files", "hash"}
    expected = {
        source: {
            name: {"sha256": hashlib.sha256(data).hexdigest(), "size": len(data)}
            for name, data in members.items()
        }
        for source, members in world.files().items()
    }
    assert manifest["inputs"] == expected
    assert manifest["missing"] == {}
    assert manifest["settings"]["sample"]["largest"] == 8
    assert {"python", "cosmopolis", "polars", "igraph"} <= set(manifest["versions"])
    assert manifest["title"]["zh"] == "合成世界"


def test_the_manifest_has_the_hash_of_every_file(built: Path, manifest: dict[str, Any]) -> None:
    there = {path.relative_to(built).as_posix() for path in built.rglob("*") if path.is_file()}
    assert set(manifest["files"]) == there - {"manifest.json"}
    assert all(_sha256(built / name) == digest for name, digest in manifest["files"].items())
    assert set(manifest["tables"]) == {name for name in there if name.startswith("tables/")}
    assert all(manifest["files"][name] == digest for name, digest in manifest["tables"].items())


def test_no_machine_stands_in_the_result(built: Path, tiny: world.World, cache: Path) -> None:
    for name in ("manifest.json", "report/report.en.html", "tables/datapackage.json"):
        text = (built / name).read_text(encoding="utf-8")
        for folder in (tiny.folder, cache, built):
            assert str(folder) not in text


def test_rows_in_are_rows_used_and_rows_quarantined(built: Path, manifest: dict[str, Any]) -> None:
    ledger = manifest["ledger"]
    assert set(ledger) == set(world.SOURCES) - {"cjk-font"}  # a typeface has no rows
    assert {path.stem for path in (built / "quarantine").iterdir()} == set(ledger)
    for source, entry in ledger.items():
        assert set(entry) == {"rows_in", "rows_used", "rows_quarantined"}
        assert entry["rows_in"] == entry["rows_used"] + entry["rows_quarantined"] > 0
        away = pl.read_parquet(built / "quarantine" / f"{source}.parquet")
        assert away.schema == QUARANTINE_SCHEMA
        assert away.height == entry["rows_quarantined"]
        assert not away.select("part", "row").is_duplicated().any()
        assert (away["source"] == source).all()
        assert (away["reason"].str.len_chars() > 0).all()


def test_rows_in_are_the_rows_of_the_files(manifest: dict[str, Any]) -> None:
    rows = {source: entry["rows_in"] for source, entry in manifest["ledger"].items()}
    assert rows["geonames"] == len(facts.PLACES) + len(facts.COUNTRIES) + 1
    assert rows["country-names"] == len(facts.COUNTRIES) + 1
    assert rows["airports"] == len(facts.AIRPORTS) + 1 + 2
    assert rows["air-routes-2022"] == len(facts.AIRPORTS) + 1 + len(facts.ROUTES_2022) + 1
    assert rows["air-routes-2021"] == len(facts.AIRPORTS) + 1 + len(facts.ROUTES_2021)
    assert rows["openflights-2014"] == len(facts.AIRPORTS) + len(facts.ROUTES_2014)
    assert rows["ports"] == len(facts.PORTS) + len(facts.LANES)
    assert rows["railways"] == len(facts.RAILWAY_NODES)
    assert rows["listed-firms"] == len(facts.FIRMS) + 1
    assert rows["icio-2022"] == 2 * len(facts.TRADE_CODES) * len(facts.TRADE_SECTORS)  # flows and inputs
    assert rows["science-sample"] == sum(len(authors) for _, _, authors in facts.WORKS)
    assert rows["world-borders"] == len(facts.COUNTRIES)


def test_the_quarantine_says_why(built: Path) -> None:
    def away(source: str) -> set[tuple[Any, ...]]:
        lines = pl.read_parquet(built / "quarantine" / f"{source}.parquet")
        return set(lines.select("part", "row", "column", "value").iter_rows())

    assert ("routes", 15, "destination", "LOA") in away("air-routes-2022")
    assert ("airports", 11, "label", "country") in away("air-routes-2022")
    assert ("routes", 6, "destination", "ZZZ") in away("openflights-2014")
    assert ("companies", 6, "headquarters", "Willow , Copse") in away("listed-firms")
    assert ("companies", 7, "exchanges", "[]") in away("listed-firms")
    firms = pl.read_parquet(built / "quarantine" / "listed-firms.parquet")
    reason = firms.filter(pl.col("row") == 6)["reason"].item()
    assert str(facts.WILLOW_EAST) in reason  # a homonym is not guessed, its candidates are named
    assert str(facts.WILLOW_WEST) in reason


class _Page(HTMLParser):
    """Collects what a page would load, and the ids in it."""

    def __init__(self) -> None:
        super().__init__()
        self.loaded: list[str] = []
        self.ids: list[str] = []
        self.open: list[str] = []
        self.policy = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        for name, value in attrs:
            is_link = tag in {"a", "area"} and name == "href"
            if name in {"src", "srcset", "href", "xlink:href", "data", "poster", "action"} and not is_link:
                self.loaded.append(value or "")
            if name == "id":
                self.ids.append(value or "")
        if ("http-equiv", "Content-Security-Policy") in attrs:
            self.policy = dict(attrs)["content"] or ""
        self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        while self.open and self.open.pop() != tag:
            pass


@pytest.mark.parametrize("language", ["en", "zh"])
def test_the_report_opens_from_disk_and_loads_nothing(built: Path, language: str) -> None:
    text = (built / "report" / f"report.{language}.html").read_text(encoding="utf-8")
    page = _Page()
    page.feed(text)
    page.close()
    assert page.open == []
    assert [target for target in page.loaded if not target.startswith(("#", "data:"))] == []
    assert len(page.ids) == len(set(page.ids))
    assert re.search(r"url\((?!\s*[\"']?(#|data:))", text) is None
    assert "@import" not in text
    assert page.policy.startswith("default-src 'none';")
    assert {"en": "Synthetic world", "zh": "合成世界"}[language] in text
    assert {"en": "Birch", "zh": "白桦"}[language] in text
    assert text.count("<svg") >= 7  # the world, the regions and the networks


def test_a_source_of_one_topic_never_enters_an_index(tmp_path: Path) -> None:
    text = world.edition_text().replace('sources = ["ports"]', 'sources = ["science-sample"]', 1)
    small = world.save(tmp_path, edition=text)
    error = run("build", small.edition, "--mirror", small.mirror, "--offline", "--out", tmp_path / "x").error
    assert error == "indicator 'sea_links': the source 'science-sample' may be shown, never enters an index"
    assert not (tmp_path / "x").exists()
