"""What goes wrong around a build: sources missing or damaged, places taken or read-only, broken keepings."""

import errno
import json
import os
import shutil
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import polars as pl
import pytest
import world
from world.killed import draw_nothing, write_no_page
from world.run import KILLED, run, spawn

from cosmopolis.pipeline.folder import PARTS
from cosmopolis.publish import report
from cosmopolis.publish.profile import page
from cosmopolis.publish.result import Result

NEEDED = ("geonames", "country-names")
OPTIONAL = tuple(source for source in world.SOURCES if source not in NEEDED)
FEW = (*NEEDED, "airports", "air-routes-2022")

INDICATORS = {
    "air-routes-2022": {"air_destinations", "air_betweenness"},
    "openflights-2014": {"air_carriers"},
    "ports": {"sea_links"},
    "railways": {"rail_reach"},
    "listed-firms": {
        "technology_headquarters",
        "production_headquarters",
        "service_headquarters",
        "listing_reach",
    },
    "icio-2022": {"trade"},
}
"""Indicators that rest on a source."""

LINKS = {
    "air-routes-2022": ("air", "routes", 2022),
    "air-routes-2021": ("air", "routes", 2021),
    "openflights-2014": ("air", "carriers", 2014),
    "ports": ("sea", "port_pairs", 2024),
    "railways": ("rail", "reach", 2024),
    "listed-firms": ("listings", "firms", 2026),
    "science-sample": ("coauthorship", "bibliometrics", 2021),
}
"""A network, field and year that rests on a source."""


@pytest.fixture
def few(tmp_path: Path) -> world.World:
    """Write a synthetic edition of few sources, to be damaged."""
    return world.save(tmp_path / "few", edition=world.edition_text(FEW))


def _build(of: world.World, out: Path, *more: object) -> tuple[object, ...]:
    return ("build", of.edition, "--mirror", of.mirror, "--offline", "--out", out, *more)


def _manifest(out: Path) -> dict[str, Any]:
    read: dict[str, Any] = json.loads((out / "manifest.json").read_text(encoding="utf-8"))
    return read


# --- sources


@pytest.mark.parametrize("source", OPTIONAL)
def test_a_missing_source_is_a_gap_and_no_crash(
    tmp_path: Path, source: str, built: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    drawn: list[Result] = []

    def remember(result: Result, folder: Path) -> dict[str, Path]:
        drawn.append(result)
        return draw_nothing(result, folder)

    monkeypatch.setattr(report, "write", remember)
    monkeypatch.setattr(page, "write", write_no_page)
    without = world.save(tmp_path)
    shutil.rmtree(without.mirror / source)
    answer = run(*_build(without, tmp_path / "out"))
    assert answer.status == 0, answer.err
    told, *_ = answer.err.splitlines()
    assert told.startswith(f"cosmopolis: no data from {source}: source {source!r}: ")
    assert "mirror: not there; cache: not there; offline: no other place was asked" in told
    manifest = _manifest(tmp_path / "out")
    assert set(manifest["missing"]) == {source}
    assert source not in manifest["inputs"]
    assert source not in manifest["ledger"]
    assert not (tmp_path / "out" / "quarantine" / f"{source}.parquet").exists()
    (result,) = drawn
    assert [gap.what["en"] for gap in result.gaps if "Synthetic" in gap.what["en"]] == [f"Synthetic {source}"]
    values = pl.read_parquet(tmp_path / "out" / "tables" / "indicators.parquet")
    known = set(values.filter(pl.col("value").is_not_null())["indicator"])
    whole = pl.read_parquet(built / "tables" / "indicators.parquet")
    expected = set(whole.filter(pl.col("value").is_not_null())["indicator"])
    assert known == expected - INDICATORS.get(source, set())
    links = pl.read_parquet(tmp_path / "out" / "tables" / "links.parquet")
    there = set(links.select("network", "field", "year").iter_rows())
    assert all((of in there) == (name != source) for name, of in LINKS.items())


def test_a_gap_is_said_in_the_report(tmp_path: Path) -> None:
    """Drawn as it is: no ports, no networks at all, no borders and no typeface."""
    small = world.save(tmp_path, edition=world.edition_text((*NEEDED, "ports")))
    shutil.rmtree(small.mirror / "ports")
    answer = run(*_build(small, tmp_path / "out"))
    assert answer.status == 0, answer.err
    for language, title in (("en", "Synthetic ports"), ("zh", "合成 ports")):
        text = (tmp_path / "out" / "report" / f"report.{language}.html").read_text(encoding="utf-8")
        assert title in text
        assert "offline: no other place was asked" in text
        assert str(tmp_path) not in text


@pytest.mark.parametrize("source", NEEDED)
def test_without_places_there_is_no_edition(tmp_path: Path, source: str) -> None:
    without = world.save(tmp_path)
    shutil.rmtree(without.mirror / source)
    answer = spawn(*_build(without, tmp_path / "out", "--cache", tmp_path / "cache"))
    assert answer.error.startswith(f"there are no cities without the source {source!r}: ")
    assert f"give a --mirror with {source}/" in answer.error
    assert not (tmp_path / "out").exists()


@pytest.mark.usefixtures("no_drawing")
@pytest.mark.parametrize(
    ("content", "why"),
    [(b"cut off", "it is 7 bytes long, expected "), (None, "its hash is wrong: sha256 ")],
)
def test_a_damaged_file_is_refused(few: world.World, tmp_path: Path, content: bytes | None, why: str) -> None:
    path = few.mirror / "air-routes-2022" / "airports_full.txt"
    path.write_bytes(path.read_bytes().replace(b"Old", b"New") if content is None else content)
    answer = run(*_build(few, tmp_path / "out"))
    assert answer.status == 0
    assert "no data from air-routes-2022: source 'air-routes-2022': 1 of 1 files cannot be had" in answer.err
    assert why in answer.err


@pytest.mark.usefixtures("no_drawing")
def test_a_file_that_is_something_else_is_a_gap(tmp_path: Path) -> None:
    files = world.changed("ports", {"ports.geojson": b"<!DOCTYPE html><html>gone</html>"})
    other = world.save(tmp_path, files)
    answer = run(*_build(other, tmp_path / "out"))
    assert answer.status == 0
    assert "cosmopolis: no data from ports: ports: ports.geojson is a web page" in answer.err
    assert str(tmp_path) not in (tmp_path / "out" / "manifest.json").read_text("utf-8").replace("out", "")


@pytest.mark.usefixtures("no_drawing")
def test_a_source_that_comes_back_fills_its_gap(few: world.World, tmp_path: Path) -> None:
    path = few.mirror / "air-routes-2022"
    path.rename(tmp_path / "away")
    assert "no data from air-routes-2022" in run(*_build(few, tmp_path / "out")).err
    (tmp_path / "away").rename(path)
    assert run(*_build(few, tmp_path / "out")).err.startswith("cosmopolis: built (")
    assert _manifest(tmp_path / "out")["missing"] == {}


# --- the place of the result


def test_a_folder_that_is_no_result_is_left_alone(few: world.World, tmp_path: Path) -> None:
    out = tmp_path / "mine"
    out.mkdir()
    (out / "manifest.json").write_text('{"name": "a page of mine"}', encoding="utf-8")
    (out / "thesis.txt").write_text("years of work", encoding="utf-8")
    assert "is no result of Cosmopolis; it is left alone" in run(*_build(few, out)).error
    assert {path.name for path in out.iterdir()} == {"manifest.json", "thesis.txt"}
    assert (out / "thesis.txt").read_text(encoding="utf-8") == "years of work"


def test_a_file_in_the_place_is_left_alone(few: world.World, tmp_path: Path) -> None:
    out = tmp_path / "mine"
    out.write_text("mine", encoding="utf-8")
    assert "is no result of Cosmopolis; it is left alone" in run(*_build(few, out)).error
    assert out.read_text(encoding="utf-8") == "mine"


@pytest.mark.usefixtures("no_drawing")
def test_an_empty_folder_is_taken(few: world.World, tmp_path: Path) -> None:
    out = tmp_path / "a [strange] *name"
    out.mkdir()
    beside = tmp_path / ".a s *name.new-1"
    beside.mkdir()
    assert run(*_build(few, out)).status == 0
    assert set(PARTS) < {path.name for path in out.iterdir()}
    assert beside.is_dir()


def test_a_parent_that_is_a_file(few: world.World, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("mine", encoding="utf-8")
    assert "cannot write beside" in run(*_build(few, tmp_path / "file" / "out")).error
    assert "choose another --out" in run(*_build(few, tmp_path / "file" / "deeper" / "out")).error


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root may write everywhere")
def test_a_parent_that_is_read_only(few: world.World, tmp_path: Path) -> None:
    (tmp_path / "shut").mkdir(mode=0o555)
    assert "cannot write beside" in run(*_build(few, tmp_path / "shut" / "out")).error


def _read_only(*_: object, **__: object) -> str:
    raise OSError(errno.EROFS, os.strerror(errno.EROFS))


@pytest.mark.parametrize("step", ["the lock", "a draft"])
def test_a_disk_that_is_read_only(
    few: world.World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    (tmp_path / "disk").mkdir()
    if step == "the lock":
        monkeypatch.setattr(Path, "mkdir", _read_only)
    else:
        monkeypatch.setattr(tempfile, "mkdtemp", _read_only)
    out = tmp_path / "disk" / "deeper" / "out"
    error = run(*_build(few, out, "--cache", tmp_path / "cache")).error
    assert "choose another --" in error
    assert "Read-only file system" in error


@pytest.mark.usefixtures("no_drawing")
def test_an_old_result_stays_when_the_new_cannot_be_written(
    few: world.World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    out = tmp_path / "out"
    assert run(*_build(few, out)).status == 0
    before = (out / "manifest.json").read_bytes()
    few.edition.write_text(world.edition_text(FEW, largest="3"), encoding="utf-8")
    rename = Path.rename

    def fails_once(self: Path, target: Path) -> Path:
        if self.name.startswith(".out.new-"):
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        return rename(self, target)

    monkeypatch.setattr(Path, "rename", fails_once)
    assert f"cannot write the result to {out}: No space left on device" in run(*_build(few, out)).error
    assert (out / "manifest.json").read_bytes() == before
    assert run("check", out).status == 0
    assert [path.name for path in tmp_path.glob(".out.*") if path.name != ".out.lock"] == []


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no limits of this kind")
@pytest.mark.parametrize("limit", [1_000, 6_000])
def test_a_disk_that_is_full(few: world.World, tmp_path: Path, limit: int) -> None:
    """No file may be longer than the limit: what a full disk looks like to a program."""
    job = {
        "at": 0,
        "folder": "nowhere",
        "limit": limit,
        "said": str(tmp_path / "said"),
        "arguments": [str(a) for a in _build(few, tmp_path / "out", "--cache", tmp_path / "cache")],
    }
    (tmp_path / "jobs.json").write_text(json.dumps([job]), encoding="utf-8")
    answer = spawn(tmp_path / "jobs.json", script=KILLED)
    assert answer.out == "[1]\n", answer.err
    said = (tmp_path / "said").read_text(encoding="utf-8")
    assert said.startswith("cosmopolis: error: ")
    assert "make room on the disk" in said
    assert "Traceback" not in said
    assert not (tmp_path / "out").exists()
    assert [p.name for p in tmp_path.glob(".out.*") if p.name != ".out.lock"] == []


# --- what is kept between builds


def _cut(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-7])


def _flip(path: Path) -> None:
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(data)


@pytest.mark.usefixtures("no_drawing")
@pytest.mark.parametrize(
    ("kept", "damage"),
    [
        ("records-geonames-*/places.parquet", _cut),
        ("records-geonames-*/places.parquet", _flip),
        ("records-airports-*/parts.json", _cut),
        ("records-airports-*/airports.parquet", Path.unlink),
        ("atlas-*/names.parquet", _flip),
        ("atlas-*/step.json", _cut),
        ("atlas-*/step.json", Path.unlink),
    ],
)
def test_a_kept_step_that_is_damaged_is_made_anew(
    few: world.World, tmp_path: Path, kept: str, damage: Callable[[Path], None]
) -> None:
    cache = tmp_path / "cache"
    for out in ("first", "second"):
        answer = run(*_build(few, tmp_path / out, "--cache", cache, "--quiet"))
        assert answer.status == 0, answer.err
        (path,) = (cache / "steps").glob(kept)
        if out == "first":
            right = path.read_bytes()
            damage(path)
        else:
            assert path.read_bytes() == right
    assert _manifest(tmp_path / "second") == _manifest(tmp_path / "first")


def test_a_cache_that_is_a_file(few: world.World, tmp_path: Path) -> None:
    (tmp_path / "cache").write_text("mine", encoding="utf-8")
    assert "choose another --cache" in run(*_build(few, tmp_path / "o", "--cache", tmp_path / "cache")).error


def test_a_mirror_that_is_not_there(few: world.World, tmp_path: Path) -> None:
    error = run("build", few.edition, "--mirror", tmp_path / "nowhere", "--offline").error
    assert "is no folder; expected <source-id>/<file> inside it" in error
