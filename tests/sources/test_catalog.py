"""The built-in catalogue is complete, a user's is laid over it, and errors teach."""

import re
from pathlib import Path

import pytest

from cosmopolis.errors import SpecError, UnknownNameError
from cosmopolis.sources.catalog import load, parse_locator
from cosmopolis.sources.readers import READERS

HASH = "0" * 64
OWN = f"""
[harbours]
title.en = "Harbours"
title.zh = "港口"
publisher = "Nobody"
citation = "Nobody, invented."
url = "https://example.org/"
licence = "not stated"
years = [2020]
kind = "ports"
scope = "index"
coverage.countries = ["XX", "YY"]
coverage.kinds = ["harbours"]
coverage.years = [2019, 2020]
coverage.note.en = "Invented."
coverage.note.zh = "虚构。"
locators = ["pypi:harbours==1.2!harbours/data/{{name}}"]
files = [{{ name = "ports.csv", size = 3, sha256 = "{HASH}" }}]
"""


def write(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "own.toml"
    path.write_text(text, "utf-8")
    return path


def test_built_in_catalogue_is_complete() -> None:
    catalog = load()
    assert set(catalog) == {*READERS, "cjk-font"}
    for source in catalog.values():
        assert set(source.title) == {"en", "zh"}
        assert source.publisher
        assert source.citation
        assert source.licence
        assert source.url.startswith("https://")
        assert source.years
        assert set(source.coverage["note"]) == {"en", "zh"}
        assert source.bias == {} or set(source.bias) == {"en", "zh"}
        assert re.search("[\u4e00-\u9fff]", source.title["zh"] + source.bias.get("zh", ""))
        for file in source.files:
            assert re.fullmatch("[0-9a-f]{64}", file.sha256)
            assert file.size > 0
            assert all(parse_locator(locator).member for locator in file.locators)


def test_built_in_scopes_and_countries() -> None:
    catalog = load()
    assert catalog.source("science-sample").scope == "show"
    assert catalog.source("geonames").coverage["countries"] == "world"
    assert len(catalog.source("icio-2022").coverage["countries"]) == 80
    assert set(catalog.source("listed-firms").coverage["countries"]) == {
        *("NL", "BE", "FR", "DE", "GB", "ES", "FI", "SE", "CH", "JP", "US")
    }


def test_no_registry_host_stands_in_the_catalogue() -> None:
    for source in load().values():
        for file in source.files:
            assert all(locator.startswith("pypi:") for locator in file.locators)


def test_unknown_source_names_the_nearest() -> None:
    with pytest.raises(UnknownNameError, match="did you mean 'geonames'"):
        load().source("geoname")


def test_own_catalogue_adds_a_source(tmp_path: Path) -> None:
    source = load(write(tmp_path, OWN)).source("harbours")
    assert source.files[0].locators == ("pypi:harbours==1.2!harbours/data/ports.csv",)
    assert source.coverage["countries"] == ("XX", "YY")
    assert source.coverage["years"] == (2019, 2020)
    assert source.size == 3


def test_own_catalogue_swaps_a_carrier_in_three_lines(tmp_path: Path) -> None:
    text = '[ports]\nlocators = ["https://example.org/{name}"]\npublisher = "Somebody"\n'
    before, after = load().source("ports"), load(write(tmp_path, text)).source("ports")
    assert after.files[0].locators == ("https://example.org/ports.geojson",)
    assert [file.sha256 for file in after.files] == [file.sha256 for file in before.files]
    assert (after.publisher, after.title) == ("Somebody", before.title)


def test_own_catalogue_swaps_one_file(tmp_path: Path) -> None:
    text = (
        f'[ports]\nbias.en = "None."\nfiles = [{{ name = "ports.geojson", sha256 = "{HASH}", size = 9, '
        'locators = ["file:///data/ports.geojson"] }]\n'
    )
    before, after = load().source("ports"), load(write(tmp_path, text)).source("ports")
    assert after.files[0].sha256 == HASH
    assert after.files[0].locators == ("file:///data/ports.geojson",)
    assert after.files[1:] == before.files[1:]
    assert after.bias == {"en": "None.", "zh": before.bias["zh"]}


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (("publisher", "publsher"), r"unknown key 'publsher'; did you mean 'publisher'\?"),
        (('licence = "not stated"\n', ""), "licence missing; required are title"),
        (('title.zh = "港口"\n', ""), "title: zh missing"),
        (('scope = "index"', 'scope = "idx"'), r"scope is 'idx'; did you mean 'index'\?"),
        ((HASH, "0" * 63), "expected 64 hexadecimal digits"),
        (("size = 3", 'size = "3"'), "size is '3'; expected the file's length"),
        (("pypi:harbours==1.2!", "pypi:harbours!"), "has no known form"),
        (("pypi:harbours==1.2!", "pypi:harbours==newest!"), "has no known form"),
        (("!harbours/data/", "!../"), "must be relative and without"),
        (('"ports.csv"', '"../ports.csv"'), "expected a plain file name"),
        (('"ports.csv"', '"quays/ports.csv"'), "expected a plain file name without '/'"),
        (('"XX", "YY"', '"XXX"'), "country 'XXX' is not two capital letters"),
        (("[2019, 2020]", "[2020, 2019]"), "expected the first and the last year"),
        (("years = [2020]", 'years = "2020"'), "expected a list of years"),
        (("[harbours]", "[archives]"), "an id is made of small letters"),
        (("[harbours]", 'x = 1\n["harbours"]'), "'x' stands outside a source"),
        (("[harbours]", "[harbours"), "not TOML"),
        ((OWN.splitlines()[-1], ""), "no files; expected at least one of `files`, or `folder`"),
        (("\nfiles", '\nfolder.patterns = ["*.gz"]\nfiles'), "both files and a folder"),
        ((OWN.splitlines()[-1], "folder.patterns = []"), "no patterns"),
        ((OWN.splitlines()[-1], "folder.pattern = ['*']"), "did you mean 'patterns'"),
        ((OWN.splitlines()[-1], 'folder = "*.gz"'), "expected a table such as"),
        ((OWN.splitlines()[-1], 'folder.patterns = ["../*.gz"]'), "must be relative and without"),
        ((OWN.splitlines()[-1], 'folder = { patterns = ["*"], single = 1 }'), "expected true or false"),
    ],
)
def test_errors_teach(change: tuple[str, str], message: str, tmp_path: Path) -> None:
    assert change[0] in OWN
    with pytest.raises(SpecError, match=message) as caught:
        load(write(tmp_path, OWN.replace(*change, 1)))
    assert "own.toml" in str(caught.value)


def test_unreadable_catalogue_is_told(tmp_path: Path) -> None:
    with pytest.raises(SpecError, match=r"missing\.toml cannot be read"):
        load(tmp_path / "missing.toml")


def test_file_given_twice_is_told(tmp_path: Path) -> None:
    entry = f'{{ name = "ports.csv", size = 3, sha256 = "{HASH}" }}'
    path = write(tmp_path, OWN)
    assert len(load(path).source("harbours").files) == 1
    path.write_text(OWN.replace(entry, f"{entry}, {entry.replace('size = 3', 'size = 4')}"), "utf-8")
    with pytest.raises(SpecError, match="given twice"):
        load(path)


def test_a_folder_source_has_patterns_in_place_of_files(tmp_path: Path) -> None:
    folder = 'folder.patterns = ["works/*/part_*.gz", "*.jsonl"]\nobtain = "copy it to {mirror}"'
    source = load(write(tmp_path, OWN.replace(OWN.splitlines()[-1], folder))).source("harbours")
    assert source.folder is not None
    assert (source.folder.patterns, source.folder.single) == (("works/*/part_*.gz", "*.jsonl"), False)
    assert (source.files, source.size, source.obtain) == ((), 0, "copy it to {mirror}")


def test_a_file_without_a_place_is_known_but_not_fetched(tmp_path: Path) -> None:
    text = OWN.replace('locators = ["pypi:harbours==1.2!harbours/data/{name}"]', "")
    assert load(write(tmp_path, text)).source("harbours").files[0].locators == ()
