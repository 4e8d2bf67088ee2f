"""`cosmopolis sources list|pull|check` tell what a reader needs and exit as they should."""

import io
from dataclasses import replace
from pathlib import Path

import pytest
from index_server import IndexServer, sha256

from cosmopolis.errors import UnknownNameError
from cosmopolis.sources import commands
from cosmopolis.sources.catalog import Catalog, Folder, load
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


def test_what_only_a_mirror_has_is_asked_for_by_name(
    index: IndexServer, own: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert index
    pulled = load(own)["harbours"]
    quays = replace(pulled, id="quays", files=(replace(pulled.files[0], locators=()),))
    lanes = replace(
        quays, id="lanes", files=(), folder=Folder(patterns=("*.gz",)), obtain="copy it to {mirror}"
    )
    sources = {source.id: source for source in (pulled, quays, lanes)}
    monkeypatch.setattr(commands, "load", lambda _: Catalog(sources=sources))

    def pull(*ids: str) -> tuple[int, str]:
        out = io.StringIO()
        return run("pull", ids, cache=tmp_path / "cache", out=out), out.getvalue()

    status, told = pull()
    assert status == 0
    assert "harbours: here, 1 file, 31 B" in told
    assert "2 more sources are had from a mirror alone" in told
    for name, how in (
        ("quays", "give a --mirror with quays/ports.csv"),
        ("lanes", "copy it to MIRROR/lanes"),
    ):
        status, told = pull(name)
        assert status == 1
        assert how in told


def test_a_folder_is_listed_and_checked(own: Path, tmp_path: Path) -> None:
    text = own.read_text("utf-8").split("[no-harbours]")[0]
    files = text[text.index("files = ") :].splitlines()[0]
    own.write_text(text.replace(files, 'folder.patterns = ["*.gz"]'), "utf-8")
    (tmp_path / "harbours").mkdir()
    (tmp_path / "harbours" / "a.gz").write_bytes(PORTS)
    for action, told in (
        ("list", "harbours mirror folder 2020"),
        ("check", "harbours: 1 here, no hash known"),
        ("pull", "harbours: here, 1 file, 31 B"),
    ):
        out = io.StringIO()
        status = run(action, ["harbours"], mirror=tmp_path, cache=tmp_path / "c", catalog_path=own, out=out)
        assert status == 0
        assert told in " ".join(out.getvalue().split())
