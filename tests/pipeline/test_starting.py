"""`cosmopolis new`: a folder that says what to do next, and its documentation."""

import json
import re
import tomllib
from pathlib import Path

import polars as pl
import pytest
import world
from world import facts, formats
from world.facts import Country, Place
from world.killed import draw_nothing
from world.run import run

from cosmopolis import edition
from cosmopolis.pipeline.indicators import check_indicators
from cosmopolis.pipeline.starting import OWN_TABLES, OwnTable, id_of, templates
from cosmopolis.publish import report
from cosmopolis.records import admit
from cosmopolis.sources import catalog, readers

CITIES = (
    Place(101, "Munich", "DE", "02", 48.1, 11.6, 1_500_000),
    Place(102, "Stuttgart", "DE", "01", 48.8, 9.2, 630_000),
    Place(103, "Shenzhen", "CN", "30", 22.5, 114.1, 17_000_000),
    Place(104, "Shanghai", "CN", "23", 31.2, 121.5, 24_000_000),
    Place(105, "Shenyang", "CN", "19", 41.8, 123.4, 8_000_000),
    Place(106, "London", "GB", "ENG", 51.5, -0.1, 9_000_000),
    Place(107, "New York", "US", "NY", 40.7, -74.0, 8_000_000),
    Place(108, "Nagoya", "JP", "01", 35.2, 136.9, 2_300_000),
    Place(109, "Bengaluru", "IN", "19", 13.0, 77.6, 8_000_000),
    Place(110, "Singapore", "SG", "00", 1.3, 103.8, 5_600_000),
    Place(111, "Hong Kong", "HK", "00", 22.3, 114.2, 7_400_000),
    Place(112, "Debrecen", "HU", "05", 47.5, 21.6, 200_000),
    Place(113, "Prague", "CZ", "52", 50.1, 14.4, 1_300_000),
    Place(114, "Wroclaw", "PL", "72", 51.1, 17.0, 640_000),
)
"""The cities of the templates, in a small gazetteer."""

COUNTRIES = tuple(
    Country(code, code3, name, name, capital, "Synthetic region", (0.0, 0.0))
    for code, code3, name, capital in (
        ("DE", "DEU", "Germany", ""),
        ("CN", "CHN", "China", ""),
        ("GB", "GBR", "United Kingdom", "London"),
        ("US", "USA", "United States", ""),
        ("JP", "JPN", "Japan", ""),
        ("IN", "IND", "India", ""),
        ("SG", "SGP", "Singapore", "Singapore"),
        ("HK", "HKG", "Hong Kong", ""),
        ("HU", "HUN", "Hungary", ""),
        ("CZ", "CZE", "Czechia", "Prague"),
        ("PL", "POL", "Poland", ""),
    )
)

DOCS = Path(__file__).parents[2] / "docs" / "formats.md"
TITLES = {
    "paper-table": "Papers",
    "patent-table": "Patents",
    "company-table": "Companies",
    "office-table": "Offices",
    "service-table": "Service values",
    "supplier-table": "Suppliers' sites",
    "lighthouse-table": "Lighthouse factories",
    "trade-table": "Trade",
}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    answer = run("new", tmp_path / "My Cities")
    assert answer.status == 0, answer.err
    assert "an edition with 8 tables of invented rows" in answer.out
    assert f"--mirror '{tmp_path / 'My Cities' / 'mirror'}'" in answer.out
    return tmp_path / "My Cities"


def test_the_folder_has_an_edition_that_is_sound(folder: Path) -> None:
    made = edition.load(str(folder / "edition.toml"))
    assert made.id == "my-cities"
    assert made.title == {"en": "My Cities", "zh": "My Cities"}
    entries = catalog.load(folder / made.catalog)
    check_indicators(made, entries)
    own = {table.source for table in OWN_TABLES}
    assert own <= set(made.sources)
    for source in own:
        assert list((folder / "mirror" / source).iterdir())
        entry = entries.source(source)
        assert entry.title["en"].startswith("INVENTED ROWS")
        assert entry.title["zh"].startswith("虚构示例数据")
    text = tomllib.loads((folder / "catalog.toml").read_text(encoding="utf-8"))
    assert text.keys() == own


def test_the_readme_tells_the_next_commands_and_leaves_nothing_open(folder: Path) -> None:
    told = (folder / "README.md").read_text(encoding="utf-8")
    assert f"cosmopolis build '{folder}'/edition.toml --mirror '{folder}'/mirror" in told
    for table in OWN_TABLES:
        assert f"`mirror/{table.source}/`" in told
    for path in folder.rglob("*"):
        if path.is_file():
            assert not re.search(r"@(id|title|folder|tables)@", path.read_text(encoding="utf-8")), path


@pytest.mark.parametrize(
    ("name", "told"), [("My Cities 2026", "my-cities-2026"), ("城市", "edition"), ("_a.b_", "a-b")]
)
def test_the_id_follows_from_the_name(name: str, told: str) -> None:
    assert id_of(name) == told


def test_a_title_may_have_any_letters(tmp_path: Path) -> None:
    name = 'a "city" \\ 城市'
    assert run("new", tmp_path / name).status == 0
    assert edition.load(str(tmp_path / name / "edition.toml")).title["en"] == "a -city- - 城市"


def test_a_folder_that_is_not_empty_is_left_alone(tmp_path: Path) -> None:
    mine = tmp_path / "mine"
    mine.mkdir()
    assert run("new", mine).status == 0  # an empty one is taken
    before = {path: path.read_bytes() for path in mine.rglob("*") if path.is_file()}
    answer = run("new", mine)
    assert answer.status == 1
    assert answer.err.startswith(f"cosmopolis: error: {mine} is not empty (it holds 'README.md' and 3 more)")
    assert before == {path: path.read_bytes() for path in mine.rglob("*") if path.is_file()}
    answer = run("new", mine / "README.md")
    assert answer.status == 1
    assert "is a file; expected the name of a new folder" in answer.err
    answer = run("new", mine / "README.md" / "below")
    assert answer.status == 1
    assert "cannot be written" in answer.err


@pytest.mark.parametrize("table", OWN_TABLES, ids=[table.source for table in OWN_TABLES])
def test_every_column_of_every_own_table_is_documented_and_in_its_template(table: OwnTable) -> None:
    text = DOCS.read_text(encoding="utf-8")
    section = text.split(f"\n## {TITLES[table.source]}\n")[1].split("\n## ")[0]
    lines = re.findall(r"^\| (`.*?) \| (yes|one of these|) ?\| .*\|$", section, re.MULTILINE)
    told = {name: needed for names, needed in lines for name in re.findall(r"`(\w+)`", names)}
    assert told.keys() == {*table.needed, *table.optional}
    assert {name for name, needed in told.items() if needed == "yes"} == set(table.needed)
    named = {column for columns in table.one_of for column in columns.split(" and ")}
    assert {name for name, needed in told.items() if needed == "one of these"} == named
    for path, rows in templates().items():
        if path.startswith(f"mirror/{table.source}/"):
            assert set(rows.splitlines()[0].split(",")) == {*table.needed, *table.optional}


def test_the_folder_builds_as_it_is_and_uses_every_row(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(facts, "PLACES", CITIES)
    monkeypatch.setattr(facts, "COUNTRIES", COUNTRIES)
    monkeypatch.setattr(report, "write", draw_nothing)
    groups = [file.name for file in catalog.load().source("country-groups").files]
    gazetteer = {
        "geonames": formats.geonames(),
        "country-names": formats.names(),
        "country-groups": formats.groups(groups),
    }
    for source, members in gazetteer.items():
        (folder / "mirror" / source).mkdir()
        for name, data in members.items():
            (folder / "mirror" / source / name).write_bytes(data)
    with (folder / "catalog.toml").open("a", encoding="utf-8") as file:
        file.write(world.catalog_text(gazetteer))
    with (folder / "edition.toml").open("a", encoding="utf-8") as file:
        file.write("\n[report]\nprofile_top = 0\n")  # pages of cities are drawings, too
    out = tmp_path / "out"
    answer = run("build", folder / "edition.toml", "--mirror", folder / "mirror", "--offline", "--out", out)
    assert answer.status == 0, answer.err
    ledger = json.loads((out / "manifest.json").read_text(encoding="utf-8"))["ledger"]
    for table in OWN_TABLES:
        counted = ledger[table.source]
        away = pl.read_parquet(out / "quarantine" / f"{table.source}.parquet")
        assert counted["rows_quarantined"] == 0, away.rows()
        assert counted["rows_used"] == counted["rows_in"] > 0
    scores = pl.read_parquet(out / "tables" / "scores.parquet")
    assert scores.filter(pl.col("score") > 0)["node"].n_unique() == 3
    for name in ("headquarters", "interlocking_cities", "ownership_cities", "supplier_radius", "industry40"):
        assert pl.read_parquet(out / "tables" / f"{name}.parquet").height, name


@pytest.mark.parametrize("table", OWN_TABLES, ids=[table.source for table in OWN_TABLES])
def test_the_examples_of_the_documentation_are_good(table: OwnTable, tmp_path: Path) -> None:
    section = DOCS.read_text(encoding="utf-8").split(f"\n## {TITLES[table.source]}\n")[1].split("\n## ")[0]
    examples = re.findall(r"```csv\n(.*?)```", section, re.DOTALL)
    assert examples
    for number, text in enumerate(examples):
        path = tmp_path / f"{number}.csv"
        path.write_text(text, encoding="utf-8")
        for raw in readers.read(table.source, {path.name: path}):
            admitted = admit(raw)
            assert admitted.quarantine.is_empty(), admitted.quarantine.rows()
            assert admitted.frame.height
