"""The edition `mirror` from real registers, rosters, suppliers and trade, where this machine has them."""

import json
from pathlib import Path

import polars as pl
import pytest
from real_mirror import link_sources
from world.killed import draw_nothing, write_no_page
from world.run import run

from cosmopolis.edition import load
from cosmopolis.publish import report
from cosmopolis.publish.profile import page

pytestmark = pytest.mark.real


@pytest.fixture(scope="module")
def result(real_files: tuple[Path, ...], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Build the edition without its drawings."""
    mirror = link_sources("mirror", real_files, tmp_path_factory.mktemp("real"))
    out = tmp_path_factory.mktemp("mirror") / "out"
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(report, "write", draw_nothing)
        patch.setattr(page, "write", write_no_page)
        answer = run("build", "mirror", "--mirror", mirror, "--offline", "--out", out, "--quiet")
    assert answer.status == 0, answer.err
    assert answer.err == ""
    return out


def table(result: Path, name: str) -> pl.DataFrame:
    return pl.read_parquet(result / "tables" / f"{name}.parquet")


def named(result: Path, city: int) -> str:
    return str(table(result, "cities").filter(pl.col("city_id") == city)["name"].item())


def test_every_account_is_even(result: Path) -> None:
    ledger = json.loads((result / "manifest.json").read_text(encoding="utf-8"))["ledger"]
    assert set(ledger) == set(load("mirror").sources) - {"cjk-font"}
    for source, entry in ledger.items():
        assert entry["rows_in"] == entry["rows_used"] + entry["rows_quarantined"] > 0
        away = pl.read_parquet(result / "quarantine" / f"{source}.parquet")
        assert away.height == entry["rows_quarantined"]
        assert (away["reason"].str.len_chars() > 0).all()


def test_the_roster_of_2000_has_the_connectivity_that_is_known(result: Path) -> None:
    # computed from the same 315 cities; within 0.1 % of the published numbers, which are over 316
    whole = table(result, "interlocking_cities").filter(pl.col("sector") == "all")
    known = {"London": 63_354, "New York": 61_859, "Hong Kong": 44_799, "Singapore": 40_891}
    found = dict(whole.filter(pl.col("label").is_in(list(known))).select("label", "gnc").iter_rows())
    assert found == known


def test_the_network_of_technology_has_one_pole(result: Path) -> None:
    row = table(result, "industry_verdicts").filter(pl.col("basket") == "technology").row(0, named=True)
    assert row["verdict"] == "unipolar"
    assert named(result, row["first"]) == "San Francisco"
    assert row["gap_low"] > 1


def test_suppliers_of_one_firm_are_far_from_it(result: Path) -> None:
    radius = table(result, "supplier_radius").filter(pl.col("year") == 2018).sort("km")
    assert radius["share"].is_sorted()
    near = radius.filter(pl.col("km") == 60).row(0, named=True)
    assert near["low"] <= near["share"] <= near["high"] < 0.05
    late = table(result, "supplier_radius").filter(pl.col("year") >= 2020)
    assert late["share"].null_count() == late.height  # provinces alone: no distance


def test_every_rank_of_cities_has_an_interval_around_it(result: Path) -> None:
    for name in ("headquarters", "financial_centres", "ownership_cities", "industry_centres"):
        ranks = table(result, name).drop_nulls("rank_low")
        assert ranks.height
        assert ranks.filter(~pl.col("rank").is_between("rank_low", "rank_high")).is_empty()


def test_trade_is_told_for_countries_and_brought_down_by_a_rule_that_is_said(result: Path) -> None:
    assert set(table(result, "downscaled")["rule"].unique()) == {"people"}
    world = table(result, "trade_nearness").filter(pl.col("country") == "*")
    assert set(world["measure"].unique()) == {"distance_km", "ideal_point_distance", "vote_agreement"}
    assert world["covered"].is_between(0, 1).all()


def test_most_indicators_have_data_for_the_first_cities(result: Path) -> None:
    scores = table(result, "scores").filter((pl.col("node") == "vitality") & (pl.col("rank") <= 10))
    first = {named(result, city) for city in scores["city_id"].to_list()}
    assert {"London", "New York", "Tokyo", "Shanghai", "Hong Kong"} <= first
    services = table(result, "scores").filter((pl.col("node") == "services") & pl.col("rank").is_not_null())
    assert services.height > 500
