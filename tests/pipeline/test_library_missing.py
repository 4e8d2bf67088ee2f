"""A reader whose library is not installed: its source is missing with the reason, and the build goes on."""

import sys
from hashlib import sha256
from pathlib import Path

import pytest

from cosmopolis.pipeline.cache import StepCache
from cosmopolis.pipeline.records import read_sources
from cosmopolis.sources.catalog import load


def test_without_the_library_a_source_is_missing_and_the_others_are_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "pyreadstat", None)
    contents = {
        ("cepii-geodist", "dist_cepii.dta"): b"never read",
        ("paper-table", "papers.csv"): b"work,year,affiliation\nsynthetic,2024,Alder\n",
    }
    entry = """[cepii-geodist]
files = [{{ name = "dist_cepii.dta", size = {size}, sha256 = "{sha256}" }}]
"""
    for (source, name), content in contents.items():
        folder = tmp_path / "mirror" / source
        folder.mkdir(parents=True)
        (folder / name).write_bytes(content)
    file = contents["cepii-geodist", "dist_cepii.dta"]
    own = tmp_path / "catalog.toml"
    own.write_text(entry.format(size=len(file), sha256=sha256(file).hexdigest()), encoding="utf-8")
    catalog = load(own)
    shelf = read_sources(
        [catalog.source("cepii-geodist"), catalog.source("paper-table")],
        StepCache(folder=tmp_path / "cache" / "steps"),
        mirror=tmp_path / "mirror",
        cache=tmp_path / "cache",
        offline=True,
        progress=False,
    )
    assert set(shelf.missing) == {"cepii-geodist"}
    assert "needs pyreadstat: install it" in shelf.missing["cepii-geodist"]
    assert (shelf.has("cepii-geodist"), shelf.has("paper-table")) == (False, True)
