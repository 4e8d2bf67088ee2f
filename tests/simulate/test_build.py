"""Synthetic records with true cities are built into an edition, and it finds the planted cities."""

import json
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from world.killed import draw_nothing, write_no_page
from world.run import run

from cosmopolis.edition import load
from cosmopolis.publish import report
from cosmopolis.publish.profile import page
from cosmopolis.sources import catalog
from cosmopolis.sources.fetch import states

PLACES = ("geonames", "country-names", "country-groups", "airports")
WORKS = 4000

pytestmark = pytest.mark.real


@pytest.fixture(scope="module")
def mirror(real_files: tuple[Path, ...], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with the gazetteer, and with synthetic records in its cities."""
    folder = tmp_path_factory.mktemp("synthetic")
    entries = catalog.load()
    for name in PLACES:
        for place in real_files:
            found = states(entries.source(name), mirror=place, cache=folder)
            if all(state.state == "present" for state in found):
                (folder / name).symlink_to(place.absolute() / name, target_is_directory=True)
                break
        else:
            pytest.skip(f"the real source {name!r} is not on this machine: `cosmopolis sources pull` gets it")
    (folder / "SYNTHETIC").write_text("", encoding="utf-8")
    answer = run("simulate", folder, "--works", WORKS, "--mirror", folder, "--cities", 80)
    assert answer.status == 0, answer.err
    assert "80 cities of the gazetteer" in answer.out
    return folder


@pytest.fixture(scope="module")
def result(mirror: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Build the synthetic edition without its drawings."""
    out = tmp_path_factory.mktemp("built") / "synthetic"
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(report, "write", draw_nothing)
        patch.setattr(page, "write", write_no_page)
        edition = mirror / "edition.toml"
        answer = run("build", edition, "--mirror", mirror, "--offline", "--out", out, "--quiet")
    assert answer.status == 0, answer.err
    assert answer.err == ""
    return out


def test_every_account_is_even_and_every_file_has_its_hash(result: Path, mirror: Path) -> None:
    manifest = json.loads((result / "manifest.json").read_text(encoding="utf-8"))
    assert set(manifest["ledger"]) == set(load(str(mirror / "edition.toml")).sources)
    for entry in manifest["ledger"].values():
        assert entry["rows_in"] == entry["rows_used"] + entry["rows_quarantined"] > 0
    (facts,) = manifest["inputs"]["openalex"].values()
    (path,) = (mirror / "openalex").glob("works/*/*.gz")
    assert facts["size"] == path.stat().st_size
    away = pl.read_parquet(result / "quarantine" / "openalex.parquet")
    counted = away.filter(pl.col("row").is_null())["value"].str.extract(r"(\d+)").cast(pl.Int64).sum()
    named = away.filter(pl.col("row").is_not_null()).height
    assert counted + named == manifest["ledger"]["openalex"]["rows_quarantined"]


def test_every_record_is_placed_in_its_planted_city(result: Path, mirror: Path) -> None:
    truth = json.loads((mirror / "truth.json").read_text(encoding="utf-8"))
    placement = pl.read_parquet(result / "tables" / "placement.parquet").filter(source="openalex")
    assert placement.select("way", "records").rows() == [("ror", WORKS)]
    totals = pl.read_parquet(result / "tables" / "field_totals.parquet").filter(network="coauthorship")
    planted = pl.DataFrame(truth["cities"]).select("city_id", "share")
    assert set(totals["city_id"]) <= set(planted["city_id"])
    in_fields = 1 - truth["fields"]["other"]
    seen = planted.join(totals.group_by("city_id").agg(pl.col("count").sum()), on="city_id", how="left")
    expected = (WORKS * in_fields * seen["share"]).to_numpy()
    z = (seen["count"].fill_null(0).to_numpy() - expected) / np.sqrt(expected)
    assert np.abs(z).max() < 4.5  # once in 100,000
