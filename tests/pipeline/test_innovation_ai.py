"""The edition `innovation-ai` from the real lists of papers, where this machine has them."""

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

FIRST = 12
EXPECTED = ("Beijing", "San Francisco", "Shanghai", "Boston", "London", "Singapore")
"""Cities that a reader expects among the first in papers on artificial intelligence, 2020–2024."""

pytestmark = pytest.mark.real


@pytest.fixture(scope="module")
def result(real_files: tuple[Path, ...], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Build the edition without its drawings."""
    mirror = link_sources("innovation-ai", real_files, tmp_path_factory.mktemp("real"))
    out = tmp_path_factory.mktemp("innovation-ai") / "out"
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(report, "write", draw_nothing)
        patch.setattr(page, "write", write_no_page)
        answer = run("build", "innovation-ai", "--mirror", mirror, "--offline", "--out", out, "--quiet")
    assert answer.status == 0, answer.err
    assert answer.err == ""
    return out


def table(result: Path, name: str) -> pl.DataFrame:
    return pl.read_parquet(result / "tables" / f"{name}.parquet")


def names(result: Path) -> dict[int, str]:
    return dict(table(result, "cities").select("city_id", "name").iter_rows())


def test_every_account_is_even(result: Path) -> None:
    ledger = json.loads((result / "manifest.json").read_text(encoding="utf-8"))["ledger"]
    assert set(ledger) == set(load("innovation-ai").sources) - {"cjk-font"}
    for source, entry in ledger.items():
        assert entry["rows_in"] == entry["rows_used"] + entry["rows_quarantined"] > 0
        away = pl.read_parquet(result / "quarantine" / f"{source}.parquet")
        assert away.height == entry["rows_quarantined"]
        assert (away["reason"].str.len_chars() > 0).all()


def test_most_addresses_are_placed(result: Path) -> None:
    placed = table(result, "placement").filter(pl.col("source") == "paperlists")
    lost = placed.filter(pl.col("way").is_in(["none", "no_city"]))
    assert int(lost["rows"].sum()) / int(placed["rows"].sum()) < 0.2


def test_the_first_cities_are_those_a_reader_expects(result: Path) -> None:
    totals = table(result, "field_totals").filter(
        (pl.col("network") == "coauthorship")
        & (pl.col("field") == "artificial_intelligence")
        & pl.col("year").is_between(2020, 2024)
    )
    counts = totals.group_by("city_id").agg(pl.col("count").sum()).sort("count", descending=True)
    first = [names(result)[city] for city in counts["city_id"].head(FIRST)]
    assert set(EXPECTED) <= set(first)


def test_shares_of_a_field_and_year_add_up(result: Path) -> None:
    sums = table(result, "field_totals").group_by("network", "field", "year").agg(pl.col("share").sum())
    assert sums["share"].to_list() == pytest.approx([1.0] * sums.height, abs=1e-9)


def test_links_add_up_to_shared_records(result: Path) -> None:
    """Fractional counting: a city's links add up to its records that other cities share."""
    links = table(result, "links").filter(pl.col("network") == "coauthorship")
    keys = ["field", "year", "city_id"]
    ends = pl.concat(
        links.select("field", "year", "weight", city_id=pl.col(end)) for end in ("origin", "destination")
    )
    strengths = ends.group_by(keys).agg(pl.col("weight").sum())
    totals = table(result, "field_totals").filter(pl.col("network") == "coauthorship")
    both = totals.join(strengths, on=keys, how="left").with_columns(pl.col("weight").fill_null(0.0))
    assert (both["weight"] - both["shared"]).abs().max() < 1e-6  # type: ignore[operator]


def test_our_country_pairs_agree_with_another_count(result: Path) -> None:
    agreement = table(result, "country_agreement").filter(
        (pl.col("network") == "coauthorship") & pl.col("year").is_between(2018, 2022)
    )
    assert agreement.height > 0
    assert (agreement["spearman"] > 0.4).all()  # all fields of science there, two of them here
    assert (agreement["pearson_log"] > 0.4).all()


def test_no_citations_of_pct_patents_are_made_up(result: Path) -> None:
    totals = table(result, "field_totals")
    assert totals["citations"].null_count() == totals.height
    indicators = table(result, "indicators").filter(pl.col("indicator") == "pct_citations")
    assert indicators["value"].null_count() == indicators.height > 0
