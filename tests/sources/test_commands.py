"""`cosmopolis sources list|pull|check` tell what a reader needs and exit as they should."""

import io
from pathlib import Path

import pytest
from index_server import IndexServer, sha256

from cosmopolis.errors import UnknownNameError
from cosmopolis.sources.catalog import load
from cosmopolis.sources.commands import run

PORTS = b"port,country\nXXAAA,XX\nXXBBB,XX\n"


@pytest.fixture
def own(tmp_path: Path) -> Path:
    """Write a catalogue with one source that can be had and one that cannot."""
    entry = """
[{id}]
title.en = "Harbours"
title.zh = "港口"
publisher = "Nobody"
citation = "Invented."
url = "https://example.org/"
licence = "not stated"
years = [2020]
kind = "ports"
scope = "show"
coverage = {{ countries = "world", kinds = ["ports"], years = [2020, 2020], note = {{ en = "x", zh = "x" }} }}
locators = ["pypi:harbours==1.2!harbours/data/{{name}}"]
files = [{{ name = "{file}", size = {size}, sha256 = "{sha256}" }}]
"""
    text = [
        entry.format(id=source_id, file=file, size=len(PORTS), sha256=sha256(PORTS))
        for source_id, file in (("harbours", "ports.csv"), ("no-harbours", "none.csv"))
    ]
    path = tmp_path / "own.toml"
    path.write_text("".join(text), "utf-8")
    return path


def test_list_shows_every_source(tmp_path: Path) -> None:
    out = io.StringIO()
    assert run("list", cache=tmp_path, out=out) == 0
    lines = out.getvalue().splitlines()
    assert lines[0].split() == ["id", "state", "size", "years", "scope", "licence"]
    for source in load().values():
        line = next(line for line in lines if line.startswith(source.id + " "))
        assert "not here" in line
        assert (source.spdx or source.licence) in line
        assert f"    {source.title['en']} | {source.publisher}" in lines
    assert lines[-1].startswith(f"{len(load())} sources, ")


def test_pull_goes_on_after_a_failure(index: IndexServer, own: Path, tmp_path: Path) -> None:
    out, cache = io.StringIO(), tmp_path / "cache"
    ids = ["no-harbours", "harbours"]
    assert run("pull", ids, cache=cache, catalog_path=own, out=out) == 1
    lines = out.getvalue().splitlines()
    assert len(lines) == 3
    assert lines[0].startswith(
        "source 'no-harbours': 1 of 1 files cannot be had: none.csv [cache: not there; pypi:"
    )
    assert "has no member 'harbours/data/none.csv'" in lines[0]
    assert lines[1] == "harbours: here, 1 file, 31 B"
    assert lines[2] == "1 of 2 sources cannot be had"
    assert index.file_requests() == 2
    assert run("pull", ["harbours"], cache=cache, offline=True, catalog_path=own, out=out) == 0


def test_check_tells_good_damaged_and_missing(index: IndexServer, own: Path, tmp_path: Path) -> None:
    cache = tmp_path / "cache"
    run("pull", ["harbours"], cache=cache, catalog_path=own, out=io.StringIO())
    out = io.StringIO()
    assert run("check", ["harbours", "no-harbours"], cache=cache, catalog_path=own, out=out) == 0
    assert out.getvalue() == "harbours: 1 good\nno-harbours: 1 missing\n"
    (cache / "harbours" / "ports.csv").write_bytes(PORTS[::-1])
    out = io.StringIO()
    assert run("check", ["harbours"], cache=cache, catalog_path=own, out=out) == 1
    assert "harbours: 1 damaged\n    damaged: " in out.getvalue()
    assert "its hash is wrong" in out.getvalue()
    assert index.file_requests() == 1


def test_list_tells_where_a_source_is(index: IndexServer, own: Path, tmp_path: Path) -> None:
    cache, mirror = tmp_path / "cache", tmp_path / "mirror"
    run("pull", ["harbours"], cache=cache, catalog_path=own, out=io.StringIO())
    assert index.file_requests() == 1
    out = io.StringIO()
    run("list", ["harbours"], cache=cache, catalog_path=own, out=out)
    assert out.getvalue().splitlines()[1] == "harbours  cached  31 B  2020   show   not stated"
    (cache / "harbours").rename(tmp_path / "harbours")
    mirror.mkdir()
    (tmp_path / "harbours").rename(mirror / "harbours")
    out = io.StringIO()
    run("list", ["harbours"], mirror=mirror, cache=cache, catalog_path=own, out=out)
    assert out.getvalue().splitlines()[1].split()[1] == "mirror"


def test_unknown_names_are_told(tmp_path: Path) -> None:
    with pytest.raises(UnknownNameError, match="did you mean 'geonames'"):
        run("pull", ["geonames", "geoname"], cache=tmp_path)
    with pytest.raises(UnknownNameError, match="did you mean 'pull'"):
        run("pul", cache=tmp_path)
    assert list(tmp_path.iterdir()) == []
