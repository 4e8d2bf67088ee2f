"""The command line: what it lists, what it imports, how it says what is wrong; `resolve` and `sources`."""

import csv
import io
import subprocess
import sys
from pathlib import Path

import polars as pl
import pytest
import world
from world import facts
from world.run import Answer, environ, run, spawn

from cosmopolis import __version__

COMMANDS = ("build", "sources", "resolve", "network", "check")
ADDED = (
    *("place_id", "place_name", "place_country", "place_latitude", "place_longitude"),
    *("city_id", "city_name", "confidence", "way"),
)
"""Columns that `resolve` adds, in their order."""

HEAVY = ("polars", "duckdb", "numba", "altair", "numpy", "scipy", "igraph", "vl_convert", "pyarrow", "httpx")


# --- the command as a whole


def test_help_lists_the_commands() -> None:
    answer = run("--help")
    assert (answer.status, answer.err) == (0, "")
    assert all(f"\n    {command} " in answer.out for command in COMMANDS)
    assert run().out == answer.out


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_has_help(command: str) -> None:
    answer = run(command, "--help")
    assert (answer.status, answer.err) == (0, "")
    assert answer.out.startswith(f"usage: cosmopolis {command} ")


def test_the_version_is_told() -> None:
    assert run("--version").out == f"cosmopolis {__version__}\n"


@pytest.mark.parametrize("arguments", [["--help"], ["--version"], ["build", "--help"], ["bild"]])
def test_nothing_heavy_is_imported_to_help(arguments: list[str]) -> None:
    program = (
        "import sys\nfrom cosmopolis.cli import main\n"
        f"try:\n    main({arguments!r})\nexcept SystemExit:\n    pass\n"
        f"print(sorted(set(sys.modules) & set({HEAVY!r})), file=sys.stderr)"
    )
    done = subprocess.run(  # noqa: S603 - our own program
        [sys.executable, "-c", program], env=environ(), capture_output=True, check=True, text=True
    )
    assert done.stderr.splitlines()[-1] == "[]"


WRONG = {
    "command": (["bild"], "there is no command 'bild'; did you mean 'build'?; `cosmopolis --help` tells how"),
    "option": (["build", "--ofline"], "there is no option '--ofline'; did you mean '--offline'"),
    "option of all": (["--versoin"], "there is no option '--versoin'; did you mean '--version'?"),
    "argument": (["build", "open", "two"], "there is no further argument 'two'"),
    "action": (["sources", "pul"], "there is no action 'pul'; did you mean 'pull'?"),
    "source": (
        ["sources", "list", "prots"],
        "there is no source 'prots' in the catalogue; did you mean 'ports'",
    ),
    "engine": (["build", "--engine", "sprak"], "there is no engine 'sprak'"),
    "jobs": (["build", "--jobs", "0"], "--jobs is 0, expected a whole number of at least 1"),
    "jobs no number": (["build", "--jobs", "two"], "argument --jobs: invalid int value: 'two'"),
    "no value": (["build", "--out"], "argument --out: expected one argument"),
    "no column": (["resolve", "x.csv"], "the following arguments are required: --name"),
    "edition": (["build", "opne"], "there is no edition 'opne': neither a built-in name nor a file"),
    "folder": (["check", "nowhere"], "nowhere is no result of Cosmopolis: it has no manifest.json"),
}
"""Arguments that are wrong, and how the one line about them begins."""


@pytest.mark.parametrize("what", WRONG)
def test_what_is_wrong_is_said_in_one_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, what: str
) -> None:
    monkeypatch.chdir(tmp_path)
    arguments, said = WRONG[what]
    assert run(*arguments).error.startswith(said)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no head")
def test_a_pipe_that_is_closed_is_no_error(tmp_path: Path) -> None:
    program = f"{sys.executable} -m cosmopolis sources list | head -n 1"
    done = subprocess.run(  # noqa: S602 - our own program
        program,
        shell=True,
        env=environ(COSMOPOLIS_CACHE=str(tmp_path)),
        capture_output=True,
        check=True,
        text=True,
    )
    assert done.stdout.startswith("id ")
    assert done.stderr == ""


# --- sources


def _sources(tiny: world.World, *arguments: object) -> Answer:
    return run("sources", *arguments, "--catalog", tiny.catalog, "--mirror", tiny.mirror, "--offline")


def test_sources_are_listed_with_origin_and_state(tiny: world.World) -> None:
    answer = _sources(tiny, "list")
    assert answer.status == 0
    lines = answer.out.splitlines()
    assert lines[0].split() == ["id", "state", "size", "years", "scope", "licence"]
    states = {line.split()[0]: line.split()[1] for line in lines[1:-1:2]}
    assert states == dict.fromkeys(world.SOURCES, "mirror") | states
    assert "    Synthetic ports | " in answer.out


def test_sources_in_the_mirror_need_no_network(tiny: world.World) -> None:
    answer = _sources(tiny, "pull", *world.SOURCES)
    assert answer.status == 0, answer.out
    assert "country-groups: here, 121 files, " in answer.out


def test_sources_are_checked(tiny: world.World, tmp_path: Path) -> None:
    assert _sources(tiny, "check", "ports", "airports").out == "ports: 2 good\nairports: 2 good\n"
    broken = world.save(tmp_path)
    (broken.mirror / "ports" / "ports.geojson").write_bytes(b"{}")
    answer = _sources(broken, "check", "ports")
    assert answer.status == 1
    assert "ports: 1 good, 1 damaged\n" in answer.out
    assert "it is 2 bytes long" in answer.out


def test_a_source_that_is_nowhere_is_told(tiny: world.World, tmp_path: Path) -> None:
    answer = run("sources", "pull", "ports", "--catalog", tiny.catalog, "--offline", "--cache", tmp_path)
    assert answer.status == 1
    assert "source 'ports': 2 of 2 files cannot be had" in answer.out


# --- resolve


def _resolve(tiny: world.World, file: Path, *arguments: object) -> Answer:
    places = ("--catalog", tiny.catalog, "--mirror", tiny.mirror, "--offline")
    return run("resolve", file, "--name", "name", *places, *arguments)


def _rows(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text, newline="")))


@pytest.fixture
def texts(tmp_path: Path) -> Path:
    """Write texts that mean a city, a place in none, one of two homonyms, and nothing."""
    rows = [
        ("7", "赤杨", ""),
        ("3", "Willow", "Copse"),
        ("9", "Birch, Bosk", ""),
        ("1", "Nowhere at all", "GB"),
        ("4", "Lonely Oak", "XD"),
        ("2", "", "GB"),
        ("8", "Alderham", "Arborea"),
    ]
    path = tmp_path / "texts.csv"
    with path.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([("id", "name", "country"), *rows])
    return path


def test_rows_keep_their_order_and_get_the_answers(tiny: world.World, texts: Path) -> None:
    answer = _resolve(tiny, texts, "--country", "country")
    assert answer.status == 0
    assert answer.err == "cosmopolis: 4 of 7 rows resolved\n"
    rows = _rows(answer.out)
    assert tuple(rows[0]) == ("id", "name", "country", *ADDED)
    assert [row["id"] for row in rows] == ["7", "3", "9", "1", "4", "2", "8"]
    cities = [facts.ALDER, None, facts.BIRCH, None, None, None, facts.ALDER]
    assert [row["city_id"] for row in rows] == ["" if city is None else str(city) for city in cities]
    by_id = {row["id"]: row for row in rows}
    assert (by_id["7"]["way"], by_id["7"]["city_name"]) == ("alternate", "Alder")
    assert (by_id["3"]["way"], by_id["3"]["place_id"]) == ("unresolved", "")  # a homonym is not guessed
    assert (by_id["4"]["way"], by_id["4"]["place_name"]) == ("exact", "Lonely Oak")  # but in no city
    assert (by_id["8"]["place_name"], by_id["8"]["city_name"]) == ("Alderham", "Alder")
    assert by_id["2"]["way"] == "unresolved"


def test_coordinates_tell_homonyms_apart(tiny: world.World, tmp_path: Path) -> None:
    file = tmp_path / "points.csv"
    file.write_text(
        "name,lat,lon\nWillow,2.0,18.1\nWillow,-3.0,12.1\nWillow,,\nWillow,x,y\n", encoding="utf-8"
    )
    rows = _rows(_resolve(tiny, file, "--latitude", "lat", "--longitude", "lon").out)
    cities = [str(facts.WILLOW_EAST), str(facts.WILLOW_WEST), "", ""]
    assert [row["city_id"] for row in rows] == cities
    error = _resolve(tiny, file, "--latitude", "lat").error
    assert error == "--latitude and --longitude go together: got one, expected both or neither"


def test_parquet_goes_in_and_out(tiny: world.World, texts: Path, tmp_path: Path) -> None:
    frame = pl.read_csv(texts).with_columns(pl.col("id") * 1.5)
    frame.write_parquet(tmp_path / "texts.parquet")
    out = tmp_path / "found.parquet"
    answer = _resolve(tiny, tmp_path / "texts.parquet", "--country", "country", "--out", out)
    assert (answer.status, answer.out) == (0, "")
    found = pl.read_parquet(out)
    assert found.columns == [*frame.columns, *ADDED]
    assert found.select(frame.columns).equals(frame)
    assert found.schema["city_id"] == pl.Int64
    assert _resolve(tiny, texts, "--country", "country", "--out", tmp_path / "found.csv").status == 0
    assert pl.read_csv(tmp_path / "found.csv")["city_id"].to_list() == found["city_id"].to_list()
    assert {p.name for p in tmp_path.iterdir()} == {
        "texts.csv",
        "texts.parquet",
        "found.parquet",
        "found.csv",
    }


@pytest.mark.parametrize("name", ["row", "text", "ix", "key", "reason", "candidates"])
def test_columns_of_any_name_go_through(tiny: world.World, tmp_path: Path, name: str) -> None:
    file = tmp_path / "names.csv"
    file.write_text(f"{name},name\n5,Alder\n6,Birch\n", encoding="utf-8")
    rows = _rows(_resolve(tiny, file).out)
    assert [(row[name], row["city_name"]) for row in rows] == [("5", "Alder"), ("6", "Birch")]


@pytest.mark.parametrize(
    "content",
    ["\ufeffname\nAlder\n", "name\r\nAlder\r\n", 'name\n"Alder"', "name\nAlder\n\n"],
    ids=["byte order mark", "Windows lines", "quotes", "empty line"],
)
def test_files_of_spreadsheets_are_read(tiny: world.World, tmp_path: Path, content: str) -> None:
    file = tmp_path / "sheet.csv"
    file.write_bytes(content.encode())
    first, *rest = _rows(_resolve(tiny, file).out)
    assert first["city_name"] == "Alder"
    assert all(row["way"] == "unresolved" for row in rest)


def test_a_file_without_rows_stays_one(tiny: world.World, tmp_path: Path) -> None:
    file = tmp_path / "none.csv"
    file.write_text("id,name\n", encoding="utf-8")
    answer = _resolve(tiny, file)
    assert answer.status == 0
    assert answer.out == ",".join(("id", "name", *ADDED)) + "\n"


UNREADABLE = {
    "empty": ("file.csv", b"", "cannot be read as a CSV (UTF-8) or Parquet table"),
    "blank": ("file.csv", b"\n\n", "cannot be read as a CSV"),
    "binary": ("file.csv", bytes(range(256)) * 3, "cannot be read as a CSV"),
    "Latin-1": ("file.csv", "name\nKöln\n".encode("latin-1"), "cannot be read as a CSV"),
    "ragged": ("file.csv", b"name\nAlder,GB,3\n", "cannot be read as a CSV"),
    "no Parquet": ("file.parquet", b"PAR1" + bytes(99), "cannot be read as a CSV (UTF-8) or Parquet table"),
    "empty Parquet": ("file.parquet", b"", "cannot be read as a CSV"),
    "other column": ("file.csv", b"nmae\nAlder\n", "has no column 'name'; did you mean 'nmae'?"),
    "semicolons": ("file.csv", b"name;land\nAlder;GB\n", "has no column 'name'; did you mean 'name;land'?"),
    "answered": ("file.csv", b"name,way\nAlder,exact\n", "has a column 'way' already, which is to be added"),
}
"""Files that cannot be resolved, and what must be said."""


@pytest.mark.parametrize("what", UNREADABLE)
def test_a_file_that_cannot_be_resolved_is_told(tiny: world.World, tmp_path: Path, what: str) -> None:
    name, content, said = UNREADABLE[what]
    (tmp_path / name).write_bytes(content)
    assert said in _resolve(tiny, tmp_path / name).error


def test_what_is_no_text_is_told(tiny: world.World, tmp_path: Path) -> None:
    pl.DataFrame({"name": [["Alder"]]}).write_parquet(tmp_path / "lists.parquet")
    assert "'name' is List(String), expected a text" in _resolve(tiny, tmp_path / "lists.parquet").error
    assert "there is no file" in _resolve(tiny, tmp_path / "nowhere.csv").error
    assert "there is no file" in _resolve(tiny, tmp_path).error


def test_where_nothing_can_be_written_is_told(tiny: world.World, texts: Path, tmp_path: Path) -> None:
    for out in (tmp_path / "nowhere" / "found.csv", tmp_path / "nowhere" / "found.parquet", tmp_path):
        assert f"cannot write {out}: " in _resolve(tiny, texts, "--out", out).error


def test_the_answers_are_utf_8_on_every_terminal(tiny: world.World, tmp_path: Path) -> None:
    file = tmp_path / "texts.csv"
    file.write_text("name\n赤杨\n", encoding="utf-8")
    answer = spawn(
        *("resolve", file, "--name", "name", "--catalog", tiny.catalog, "--mirror", tiny.mirror, "--offline"),
        env=environ(PYTHONIOENCODING="ascii", COSMOPOLIS_CACHE=str(tmp_path / "cache")),
    )
    assert answer.status == 0, answer.err
    assert _rows(answer.out)[0]["name"] == "赤杨"


def test_without_the_gazetteer_nothing_is_resolved(tiny: world.World, texts: Path, tmp_path: Path) -> None:
    answer = run(
        *(
            "resolve",
            texts,
            "--name",
            "name",
            "--catalog",
            tiny.catalog,
            "--offline",
            "--cache",
            tmp_path / "c",
        )
    )
    assert answer.error.startswith("there are no cities without the source 'geonames': ")
