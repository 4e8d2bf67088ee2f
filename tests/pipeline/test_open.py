"""The edition `open` from the real sources, where this machine has them: even accounts, plausible cities."""

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

FIRST = 25
EXPECTED = ("London", "New York", "Tokyo", "Paris", "Singapore", "Shanghai")
"""Cities that a reader expects among the first of any ranking of this kind."""

pytestmark = pytest.mark.real


@pytest.fixture(scope="module")
def mirror(real_files: tuple[Path, ...], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with links to the files of every source of the edition; skip where one is not here."""
    return link_sources("open", real_files, tmp_path_factory.mktemp("real"))


@pytest.fixture(scope="module")
def result(mirror: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Build the edition without its drawings."""
    out = tmp_path_factory.mktemp("open") / "open"
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(report, "write", draw_nothing)
        patch.setattr(page, "write", write_no_page)
        answer = run("build", "open", "--mirror", mirror, "--offline", "--out", out, "--quiet")
    assert answer.status == 0, answer.err
    assert answer.err == ""
    return out


def test_every_account_is_even(result: Path) -> None:
    ledger = json.loads((result / "manifest.json").read_text(encoding="utf-8"))["ledger"]
    assert set(ledger) == set(load("open").sources) - {"cjk-font"}
    for source, entry in ledger.items():
        assert entry["rows_in"] == entry["rows_used"] + entry["rows_quarantined"] > 0
        away = pl.read_parquet(result / "quarantine" / f"{source}.parquet")
        assert away.height == entry["rows_quarantined"]
        assert not away.select("part", "row").is_duplicated().any()
        assert (away["reason"].str.len_chars() > 0).all()


def test_the_first_cities_are_those_a_reader_expects(result: Path) -> None:
    scores = pl.read_parquet(result / "tables" / "scores.parquet").filter(pl.col("node") == "vitality")
    names = pl.read_parquet(result / "tables" / "cities.parquet").select("city_id", "name", "name_zh")
    first = scores.filter(pl.col("rank") <= FIRST).join(names, on="city_id", how="left")
    assert set(EXPECTED) <= set(first["name"])
    assert first["name_zh"].is_not_null().all()
    assert 400 <= scores.height <= 600


def test_nobody_is_counted_twice_and_no_link_stands_twice(result: Path) -> None:
    cities = pl.read_parquet(result / "tables" / "cities.parquet")
    assert not cities["city_id"].is_duplicated().any()
    assert (cities["population"] < 60_000_000).all()  # no city of the world has more people
    links = pl.read_parquet(result / "tables" / "links.parquet")
    assert not links.select(links.columns[:5]).is_duplicated().any()
    assert set(links["network"]) == {"air", "sea", "rail", "listings", "coauthorship"}
