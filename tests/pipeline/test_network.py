"""The command `network`: the toy by hand, any labels, totals and measures, what it says of wrong input."""

from pathlib import Path

import polars as pl
import pytest
from world.run import run

TOY = [list("AB"), list("ABC"), list("A"), list("ABCD")]
PAIRS = [("A", "B"), ("A", "C"), ("A", "D"), ("B", "C"), ("B", "D"), ("C", "D")]
WEIGHTS = {
    "full": [3, 2, 1, 2, 1, 1],
    "fractional": [1 / 3 + 1 / 2 + 1, 1 / 3 + 1 / 2, 1 / 3, 1 / 3 + 1 / 2, 1 / 3, 1 / 3],
    "refined": [1 / 6 + 1 / 3 + 1, 1 / 6 + 1 / 3, 1 / 6, 1 / 6 + 1 / 3, 1 / 6, 1 / 6],
}


def _write(frame: pl.DataFrame, path: Path) -> Path:
    if path.suffix == ".csv":
        frame.write_csv(path)
    else:
        frame.write_parquet(path)
    return path


@pytest.fixture
def toy() -> pl.DataFrame:
    rows = [(f"p{k}", city) for k, cities in enumerate(TOY) for city in cities]
    return pl.DataFrame(rows, schema={"item": pl.String, "city": pl.String}, orient="row")


@pytest.mark.parametrize("kind", ["csv", "parquet"])
@pytest.mark.parametrize("counting", list(WEIGHTS))
def test_the_toy_from_file_to_file(tmp_path: Path, toy: pl.DataFrame, counting: str, kind: str) -> None:
    file, out = _write(toy, tmp_path / f"toy.{kind}"), tmp_path / "links.parquet"
    answer = run("network", "cooccurrence", file, "--counting", counting, "--out", out)
    assert (answer.status, answer.out) == (0, "")
    assert answer.err == "cosmopolis: 4 records, 1 of them in one city, gave 6 links\n"
    links = pl.read_parquet(out)
    assert links.columns == ["network", "field", "year", "origin", "destination", "weight", "count"]
    assert links.select("network", "field", "year").unique().rows() == [("cooccurrence", "all", None)]
    assert links.select("origin", "destination").rows() == PAIRS
    assert links["weight"].to_list() == pytest.approx(WEIGHTS[counting], rel=1e-15)
    assert links["count"].to_list() == WEIGHTS["full"]


def test_numbers_stay_numbers_and_years_and_fields_stay_apart(tmp_path: Path) -> None:
    rows = pl.DataFrame(
        {
            "item": [9, 9, 7, 7, 8, None],
            "city": [10, 9, 10, 9, 9, 9],
            "year": [2021, 2021, 2020, 2020, 2020, 2020],
            "field": ["é", "é", "ai", "ai", "ai", "ai"],
        }
    )
    out, cities = tmp_path / "links.csv", tmp_path / "cities.csv"
    answer = run(
        "network", "cooccurrence", _write(rows, tmp_path / "r.parquet"), "--out", out, "--cities", cities
    )
    assert answer.status == 0
    assert answer.err.endswith("gave 2 links; left out for want of item, city, year or field: 1\n")
    assert pl.read_csv(out).rows() == [
        ("cooccurrence", "ai", 2020, 9, 10, 1.0, 1),
        ("cooccurrence", "é", 2021, 9, 10, 1.0, 1),
    ]
    table = pl.read_csv(cities)
    assert table.select("field", "year", "city", "count", "shared", "fractional", "degree", "hhi").rows() == [
        ("ai", 2020, 9, 2, 1, 1.5, 1.0, 1.0),
        ("ai", 2020, 10, 1, 1, 0.5, 1.0, 1.0),
        ("é", 2021, 9, 1, 1, 0.5, 1.0, 1.0),
        ("é", 2021, 10, 1, 1, 0.5, 1.0, 1.0),
    ]


def test_a_capped_record_is_told_and_counts_in_the_totals(tmp_path: Path, toy: pl.DataFrame) -> None:
    file, cities = _write(toy, tmp_path / "toy.csv"), tmp_path / "cities.csv"
    answer = run("network", "cooccurrence", file, "--largest-record", "3", "--cities", cities)
    assert answer.status == 0
    assert "; 1 records in more than 3 cities made no link\n" in answer.err
    assert [line.split(",")[3:5] for line in answer.out.splitlines()[1:]] == [
        ["A", "B"],
        ["A", "C"],
        ["B", "C"],
    ]
    table = pl.read_csv(cities)
    assert table.select("city", "count", "degree").rows() == [
        ("A", 4, 2.0),
        ("B", 3, 2.0),
        ("C", 2, 2.0),
        ("D", 1, None),
    ]


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["coocurrence", "toy.csv"], "no network of the kind 'coocurrence'; did you mean 'cooccurrence'?"),
        (["cooccurrence", "toy.csv", "--counting", "fraction"], "did you mean 'fractional'"),
        (["cooccurrence", "none.csv"], "there is no file none.csv"),
        (["cooccurrence", "none.parquet"], "there is no file none.parquet"),
        (["cooccurrence", "toy.csv", "--out", "links.xlsx"], "expected one that ends in .csv or .parquet"),
        (["cooccurrence", "toy.csv", "--out", "lost/links.csv"], "there is no folder lost; make it first"),
        (["cooccurrence", "points.csv"], "the separator must be a comma"),
        (["cooccurrence", "latin.csv"], "latin.csv is not in UTF-8; save it as CSV in UTF-8"),
        (["cooccurrence", "toy.csv", "--largest-record", "1"], "expected at least 2"),
        (["cooccurrence", "town.csv"], "town.csv has no column 'city'"),
        (["cooccurrence", "years.csv"], "column 'year' has 'soon', expected whole numbers"),
        (["cooccurrence", "toy.csv", "--cites", "c.csv"], "did you mean '--cities'"),
    ],
)
def test_what_is_wrong_is_said_in_one_line(
    tmp_path: Path, toy: pl.DataFrame, monkeypatch: pytest.MonkeyPatch, arguments: list[str], words: str
) -> None:
    monkeypatch.chdir(tmp_path)
    _write(toy, Path("toy.csv"))
    _write(toy.rename({"city": "cities"}), Path("town.csv"))
    _write(toy.with_columns(year=pl.lit("soon")), Path("years.csv"))
    Path("points.csv").write_text("item;city\np;A\n", encoding="utf-8")
    Path("latin.csv").write_bytes("item,city\np,Zürich\n".encode("latin-1"))
    answer = run("network", *arguments)
    assert (answer.status, answer.out) == (1, "")
    assert answer.err.count("\n") == 1
    assert words in answer.err
