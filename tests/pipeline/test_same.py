"""Same in, same out: the bytes of a result depend on its inputs and on nothing else."""

import json
import shutil
from pathlib import Path
from typing import Any

import pytest
import world
from world.run import environ, run, spawn


def _bytes(out: Path) -> dict[str, bytes]:
    return {p.relative_to(out).as_posix(): p.read_bytes() for p in sorted(out.rglob("*")) if p.is_file()}


def _times(out: Path) -> dict[str, int]:
    return {path.relative_to(out).as_posix(): path.stat().st_mtime_ns for path in (out, *out.rglob("*"))}


def _manifest(out: Path) -> dict[str, Any]:
    read: dict[str, Any] = json.loads((out / "manifest.json").read_text(encoding="utf-8"))
    return read


@pytest.fixture
def copy(built: Path, tmp_path: Path) -> Path:
    """Copy the result of the synthetic world, to be damaged."""
    return Path(shutil.copytree(built, tmp_path / "tiny"))


def test_another_machine_makes_the_same_bytes(built: Path, tmp_path: Path) -> None:
    """Other cache, folders, order of files, hash seed, clock's zone, locale and number of threads."""
    files = world.files()
    other = world.save(tmp_path / "elsewhere", {source: files[source] for source in reversed(world.SOURCES)})
    (tmp_path / "cache").mkdir()
    (other.mirror / "geonames").rename(tmp_path / "cache" / "geonames")  # fetched before
    (tmp_path / "here").mkdir()
    answer = spawn(
        *("build", "../elsewhere/edition.toml", "--offline", "--quiet"),
        cwd=tmp_path / "here",
        env=environ(
            COSMOPOLIS_CACHE=str(tmp_path / "cache"),
            COSMOPOLIS_MIRROR=str(other.mirror),
            PYTHONHASHSEED="20",
            TZ="Pacific/Kiritimati",
            LC_ALL="tr_TR.UTF-8",
            POLARS_MAX_THREADS="1",
            OMP_NUM_THREADS="1",
        ),
    )
    assert answer.status == 0, answer.err
    assert answer.err == ""
    out = tmp_path / "here" / "out" / "tiny"
    assert answer.out == f"{out}/report/report.en.html\n"
    assert _manifest(out)["tables"] == _manifest(built)["tables"]
    made, expected = _bytes(out), _bytes(built)
    assert set(made) == set(expected)
    assert [name for name in expected if made[name] != expected[name]] == []


def test_nothing_changed_and_nothing_is_written(built: Path, tiny: world.World) -> None:
    before = _times(built)
    answer = run("build", tiny.edition, "--mirror", tiny.mirror, "--offline", "--out", built)
    assert answer.status == 0
    assert answer.err.startswith("cosmopolis: unchanged (")
    assert answer.out == f"{built}/report/report.en.html\n"
    assert _times(built) == before


def test_a_whole_result_passes_the_check(built: Path) -> None:
    answer = run("check", built)
    assert answer.status == 0
    assert answer.out == f"{built}: {len(_manifest(built)['files'])} files are as the manifest says\n"


def _flip(out: Path) -> str:
    path = out / "tables" / "links.parquet"
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(data)
    return "tables/links.parquet: is not what the manifest says"


def _remove(out: Path) -> str:
    (out / "report" / "report.zh.html").unlink()
    return "report/report.zh.html: is missing"


def _add(out: Path) -> str:
    (out / "tables" / "extra.csv").write_text("a\n1\n", encoding="utf-8")
    return "tables/extra.csv: is not in the manifest"


def _empty(out: Path) -> str:
    (out / "quarantine" / "ports.parquet").write_bytes(b"")
    return "quarantine/ports.parquet: is not what the manifest says"


@pytest.mark.parametrize("damage", [_flip, _remove, _add, _empty])
def test_damage_is_noticed_by_check(copy: Path, damage: Any) -> None:  # noqa: ANN401 - one of the above
    said = damage(copy)
    answer = run("check", copy)
    assert answer.status == 1
    assert answer.out == ""
    assert answer.err == f"cosmopolis: {said}\n"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("{", "cannot be read as JSON"),
        ("[]", "does not list its files"),
        ('{"files": 3}', "does not list its files"),
    ],
)
def test_a_manifest_that_is_none_is_noticed_by_check(copy: Path, text: str, said: str) -> None:
    (copy / "manifest.json").write_text(text, encoding="utf-8")
    assert said in run("check", copy).error


def test_a_folder_that_is_no_result_is_told(tmp_path: Path) -> None:
    assert "is no result of Cosmopolis" in run("check", tmp_path).error
    assert "is no result of Cosmopolis" in run("check", tmp_path / "nowhere").error


@pytest.mark.usefixtures("no_drawing")
def test_damage_is_mended_by_build(built: Path, copy: Path, tiny: world.World) -> None:
    _flip(copy)
    _add(copy)
    again = ("build", tiny.edition, "--mirror", tiny.mirror, "--offline", "--out", copy)
    answer = run(*again)
    assert answer.status == 0
    assert answer.err.startswith("cosmopolis: built (")
    assert run("check", copy).status == 0
    assert _manifest(copy)["tables"] == _manifest(built)["tables"]
    (copy / "manifest.json").write_text("{", encoding="utf-8")
    assert run(*again).status == 0
    assert run("check", copy).status == 0


@pytest.mark.usefixtures("no_drawing")
def test_what_the_catalogue_says_is_an_input(tmp_path: Path) -> None:
    """Coverage decides on zero or no data, so another coverage makes another result."""
    small = world.save(tmp_path)
    build = ("build", small.edition, "--mirror", small.mirror, "--offline", "--out", tmp_path / "out")
    assert run(*build).err.startswith("cosmopolis: built (")
    first = _manifest(tmp_path / "out")
    text = small.catalog.read_text(encoding="utf-8")
    small.catalog.write_text(text.replace('["GB", "XB"]', '["GB"]'), encoding="utf-8")
    assert run(*build).err.startswith("cosmopolis: built (")
    second = _manifest(tmp_path / "out")
    assert second["inputs"] == first["inputs"]
    assert second["tables"]["tables/indicators.parquet"] != first["tables"]["tables/indicators.parquet"]
    assert run(*build).err.startswith("cosmopolis: unchanged (")


@pytest.mark.usefixtures("no_drawing")
def test_a_file_of_the_users_own_is_an_input(tmp_path: Path) -> None:
    square = {"type": "Polygon", "coordinates": [[[0, 0], [0, 9], [9, 9], [0, 0]]]}
    feature = {"type": "Feature", "properties": {"name": "Arborea"}, "geometry": square}
    own = {"type": "FeatureCollection", "features": [feature]}
    text = world.edition_text().replace('# borders = "borders.geojson"', 'borders = "borders.geojson"')
    small = world.save(tmp_path, edition=text)
    build = ("build", small.edition, "--mirror", small.mirror, "--offline", "--out", tmp_path / "out")
    assert "'borders.geojson' cannot be read" in run(*build).error
    (tmp_path / "borders.geojson").write_text(json.dumps(own), encoding="utf-8")
    assert run(*build).err.startswith("cosmopolis: built (")
    (tmp_path / "borders.geojson").write_text(json.dumps(own) + "\n", encoding="utf-8")
    assert run(*build).err.startswith("cosmopolis: built (")
