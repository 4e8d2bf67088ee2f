"""`cosmopolis new`: a folder that says what to do next, and its documentation."""

import re
import tomllib
from pathlib import Path

import pytest
from world.run import run

from cosmopolis import edition
from cosmopolis.pipeline.indicators import check_indicators
from cosmopolis.pipeline.starting import OWN_TABLES, OwnTable, id_of, templates
from cosmopolis.sources import catalog

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
