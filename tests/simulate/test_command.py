"""`cosmopolis simulate`: the same bytes for a seed, marked synthetic everywhere, nothing else overwritten."""

import gzip
import hashlib
import json
import re
from pathlib import Path

import polars as pl
import pytest
from world.run import run

from cosmopolis.edition import load as load_edition
from cosmopolis.errors import SpecError
from cosmopolis.simulate.names import OTHER, classes_of, mix, topics_of
from cosmopolis.simulate.plan import Plan, invented_cities
from cosmopolis.sources.catalog import load as load_catalog


def hashes(folder: Path) -> dict[str, str]:
    return {
        path.relative_to(folder).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


@pytest.mark.parametrize("form", ["openalex", "table"])
def test_a_seed_gives_the_same_bytes(tmp_path: Path, form: str) -> None:
    for name, seed in (("a", 1), ("b", 1), ("c", 2)):
        answer = run("simulate", tmp_path / name, "--works", 300, "--seed", seed, "--format", form)
        assert answer.status == 0, answer.err
        assert "300 synthetic works and 30 patents in 60 invented cities" in answer.out
    one, again, other = (hashes(tmp_path / name) for name in "abc")
    assert one == again
    assert one.keys() == other.keys()
    same = {name for name in one if one[name] == other[name]}
    assert same <= {"SYNTHETIC", "edition.toml", "patentsview/g_us_patent_citation.tsv.gz"}  # not drawn


def test_every_file_says_that_it_is_synthetic(tmp_path: Path) -> None:
    assert run("simulate", tmp_path / "dir", "--works", 200).status == 0
    for path in (tmp_path / "dir").rglob("*"):
        if path.is_file():
            data = gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()
            lines = [line for line in data.decode().splitlines() if line]
            assert re.search("synthetic", "\n".join(lines), re.IGNORECASE), path
            if path.suffix == ".gz":
                lines = lines[1:] if path.name.endswith(".tsv.gz") else lines  # less the names of columns
                assert all(re.search("synthetic", line, re.IGNORECASE) for line in lines), path
    catalog = load_catalog(tmp_path / "dir" / "catalog.toml")
    for name in ("openalex", "openalex-institutions", "patentsview"):
        source = catalog.source(name)
        assert source.title["en"].startswith("SYNTHETIC")
        assert source.title["zh"].startswith("合成数据")
        assert "synthetic" in source.citation.lower()
        assert source.bias["zh"]
    edition = load_edition(str(tmp_path / "dir" / "edition.toml"))
    assert edition.title["en"].startswith("SYNTHETIC")
    assert edition.title["zh"].startswith("合成数据")
    assert set(edition.sources) >= {"openalex", "openalex-institutions", "patentsview"}


def test_the_table_says_so_in_every_row(tmp_path: Path) -> None:
    assert run("simulate", tmp_path / "dir", "--works", 200, "--format", "table", "--patents", 0).status == 0
    rows = pl.read_parquet(tmp_path / "dir" / "paper-table" / "*.parquet")
    assert rows["organisation"].str.starts_with("Synthetic").all()
    assert not (tmp_path / "dir" / "patentsview").exists()
    assert json.loads((tmp_path / "dir" / "truth.json").read_text())["synthetic"] is True


def test_a_second_run_replaces_the_first(tmp_path: Path) -> None:
    folder = tmp_path / "dir"
    assert run("simulate", folder, "--works", 200).status == 0
    assert run("simulate", folder, "--works", 100, "--format", "table", "--patents", 0).status == 0
    assert {path.name for path in folder.iterdir() if path.is_dir()} == {"paper-table"}


def test_a_folder_with_something_else_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "mine").write_text("mine")
    answer = run("simulate", tmp_path, "--works", 10)
    assert (answer.status, answer.out) == (1, "")
    assert "holds no synthetic records; it is left alone" in answer.err
    assert [path.name for path in tmp_path.iterdir()] == ["mine"]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--works", "10", "--format", "tables"], "did you mean 'table'"),
        (["--works", "-1"], "works is -1, expected a whole number from 0"),
        (["--works", "10", "--seed", "-1"], "seed"),
        (["--works", "10", "--cities", "2"], "got 2 cities, expected more than 3"),
        (["--works", "10", "--cities", "900"], "got 900 invented cities, expected 1 to 200"),
        ([], "--works"),
    ],
)
def test_errors_teach(tmp_path: Path, options: list[str], message: str) -> None:
    answer = run("simulate", tmp_path / "dir", *options)
    assert answer.status == 1
    assert message in answer.err
    assert not (tmp_path / "dir" / "truth.json").exists()


def test_nothing_asked_nothing_made(tmp_path: Path) -> None:
    assert run("simulate", tmp_path / "dir", "--works", 0).status == 0


def test_a_plan_that_cannot_be() -> None:
    cities = invented_cities(10)
    with pytest.raises(SpecError, match="communities"):
        Plan(works=1, cities=cities, communities=11)
    with pytest.raises(SpecError, match="shock year"):
        Plan(works=1, cities=cities, shock_year=1999)


def test_shares_sum_to_the_mean_number_of_cities() -> None:
    plan = Plan(works=1, cities=invented_cities(12), further=(0.1, 0.2, 0.3, 0.4))
    assert float(plan.shares.sum()) == pytest.approx(1 + 0.2 + 2 * 0.3 + 3 * 0.4, abs=1e-12)
    assert (plan.pair_law == plan.pair_law.T).all()


@pytest.mark.parametrize("kind", ["science", "technology"])
def test_a_mix_sums_to_one_and_each_field_has_its_mark(kind: str) -> None:
    shares = mix(kind)
    assert sum(shares.values()) == pytest.approx(1, abs=1e-9)
    assert min(shares.values()) > 0
    marks = topics_of(shares) if kind == "science" else classes_of(shares)
    assert len(marks) == len(shares) == len(set(marks))
    assert list(shares)[-1] == OTHER
