"""The command `network interlocking`: long and wide tables, years and sectors, what it says of errors."""

import re
from pathlib import Path

import polars as pl
import pytest
from world.run import run

WIDE = "city,KPMG,HSBC,Law & Co\nA,5,4,3\nB,4,3,\nC,2,0,2\nD,0,3,1\n"
LONG = "city,firm,value\n" + "".join(
    f"{city},{firm},{value}\n"
    for city, values in {"A": (5, 4, 3), "B": (4, 3, 0), "C": (2, 0, 2), "D": (0, 3, 1)}.items()
    for firm, value in zip(("KPMG", "HSBC", "Law & Co"), values, strict=True)
)
SECTORS = "sector,accountancy,banking,law\n"


def _file(folder: Path, text: str, name: str = "roster.csv") -> Path:
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return path


@pytest.mark.parametrize("text", [WIDE, LONG, WIDE.replace("city", "Town"), LONG.replace("city", "City")])
def test_a_roster_in_any_form(tmp_path: Path, text: str) -> None:
    out, cities = tmp_path / "links.parquet", tmp_path / "cities.csv"
    answer = run("network", "interlocking", _file(tmp_path, text), "--out", out, "--cities", cities)
    assert (answer.status, answer.out) == (0, "")
    assert answer.err == "cosmopolis: 9 offices of 3 firms in 4 cities gave 6 links\n"
    links = pl.read_parquet(out)
    assert links.columns[:7] == ["network", "field", "year", "origin", "destination", "weight", "count"]
    assert links.select("network", "field", "year").unique().rows() == [("interlocking", "all", None)]
    assert links["weight"].to_list() == [32, 16, 15, 8, 9, 2]
    assert links["count"].to_list() == [2, 2, 2, 1, 1, 1]
    table = pl.read_csv(cities)
    assert table.select("sector", "city", "gnc", "rank", "class").rows() == [
        ("all", "A", 63.0, 1, "alpha++"),
        ("all", "B", 49.0, 2, "alpha+"),
        ("all", "C", 26.0, 3, "alpha-"),
        ("all", "D", 26.0, 3, "alpha-"),
    ]
    assert (table["rank_low"] <= table["rank"]).all()
    assert (table["rank_high"] >= table["rank"]).all()


def test_sectors_and_years_are_networks_of_their_own(tmp_path: Path) -> None:
    header, *rows = WIDE.splitlines()
    lines = [header.replace("city", "city,country,year"), SECTORS.replace("sector,", "sector,,,")]
    lines += [row.replace(",", ",XA,2020,", 1) for row in rows]
    lines += [row.replace(",", ",XA,2010,", 1) for row in rows[:2]]
    out, cities = tmp_path / "links.csv", tmp_path / "cities.parquet"
    file = _file(tmp_path, "\n".join(lines))
    answer = run("network", "interlocking", file, "--out", out, "--cities", cities)
    assert answer.status == 0, answer.err
    assert answer.err == "cosmopolis: 14 offices of 3 firms in 4 cities gave 7 links\n"
    links = pl.read_csv(out)
    assert links.group_by("year", maintain_order=True).len().rows() == [(2010, 1), (2020, 6)]
    table = pl.read_parquet(cities)
    found = table.group_by("year", "sector", maintain_order=True).agg(pl.col("gnc").sum())
    assert found.rows() == [
        (2010, "all", 64.0),
        (2010, "accountancy", 40.0),
        (2010, "banking", 24.0),
        (2010, "law", 0.0),
        (2020, "all", 164.0),
        (2020, "accountancy", 76.0),
        (2020, "banking", 66.0),
        (2020, "law", 22.0),
    ]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (
            "city,firm,value\nA,x,5\nB,x,two\n",
            "'two' in row 2 of 'value' is none, expected 0 (no office) to 5",
        ),
        ("city,firm,valeu\nA,x,5\n", "no column 'value'; did you mean 'valeu'?"),
        ("city,x,y\nA,5,1\nA,2,3\n", "the city 'A' has 2 rows of the matrix; give each city one row"),
        ("city,x,sector\nA,5,law\n", "column 'sector' of the matrix would be read as a firm"),
        ("city\nA\n", "expected a long table (city, firm, value) or a matrix with the cities"),
        ("city;x\nA;5\n", "the separator must be a comma"),
        ("city,x\n", "has no rows below its header"),
        ("city,x,y\nA,2,3\n", "has one city, 'A', and a network needs two that share a firm"),
        ("city,year,x\nA,2010,3\nA,2020,3\n", "has one city in each year, and a network needs two"),
        ("city,x\n,2\n", "row 1 names no city; fill it in or leave the row out"),
        ("city,year,x\nA,soon,2\n", "column 'year' has 'soon', expected whole numbers"),
        ("city,year,x\nA,,2\n", "row 1 has no year; fill it in, or take the column 'year' out"),
        (
            "city,firm,value,year\nA,x,2,2020\nA,x,3,2020\n",
            "year 2020: service values: 1 offices stand twice",
        ),
    ],
)
def test_what_is_said_of_wrong_tables(tmp_path: Path, text: str, words: str) -> None:
    answer = run("network", "interlocking", _file(tmp_path, text))
    assert answer.status == 1
    assert answer.out == ""
    assert re.fullmatch(r"cosmopolis: error: .*\n", answer.err)
    assert words in answer.err
    assert "roster.csv" in answer.err


def test_values_that_are_no_codes_are_told(tmp_path: Path) -> None:
    out, cities = tmp_path / "links.csv", tmp_path / "cities.csv"
    options = ("--out", out, "--cities", cities)
    file = _file(tmp_path, WIDE.replace("A,5,4", "A,7,4.5").replace("B,4", "B,9"))
    answer = run("network", "interlocking", file, *options)
    assert answer.status == 0
    assert answer.err.splitlines()[0] == (
        "cosmopolis: 2 values lie outside 0 to 5 (the largest is 9; an edition sets such rows aside) and 1 "
        "values are no whole numbers: connectivity counts them as they are, and the interval by codes is not "
        "given where they count"
    )
    table = pl.read_csv(cities)
    assert table["rank_low_codes"].null_count() == table.height
    assert table["rank_low"].null_count() == 0
    assert "values" not in run("network", "interlocking", _file(tmp_path, WIDE), *options).err


def test_spaces_make_no_second_city_and_a_sector_without_ties_has_no_first(tmp_path: Path) -> None:
    rows = "city,firm,value,sector\n London ,x,5,law\nLondon,y,3,ads\nParis,y,2,ads\n"
    cities = tmp_path / "cities.csv"
    answer = run(
        "network", "interlocking", _file(tmp_path, rows), "--out", tmp_path / "l.csv", "--cities", cities
    )
    assert answer.err == "cosmopolis: 3 offices of 2 firms in 2 cities gave 1 links\n"
    assert pl.read_csv(cities).select("sector", "city", "gnc", "rank").rows() == [
        ("all", "London", 6.0, 1),
        ("all", "Paris", 6.0, 1),
        ("ads", "London", 6.0, 1),
        ("ads", "Paris", 6.0, 1),
        ("law", "London", 0.0, None),
        ("law", "Paris", 0.0, None),
    ]


def test_a_year_of_one_city_is_told(tmp_path: Path) -> None:
    file = _file(tmp_path, "city,year,x\nA,2010,3\nA,2020,3\nB,2020,1\n")
    answer = run("network", "interlocking", file, "--out", tmp_path / "links.csv")
    assert answer.status == 0
    assert answer.err.splitlines()[0] == "cosmopolis: no network of 2010: the roster has one city"


def test_a_large_roster_is_not_asked_for_chance(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("cosmopolis.networks.interlocking.BACKBONE_CITIES", 3)
    out = tmp_path / "links.parquet"
    answer = run("network", "interlocking", _file(tmp_path, WIDE), "--out", out)
    assert answer.status == 0
    assert "4 cities are more than 3: sdsm_p and sdsm_q are left empty" in answer.err
    links = pl.read_parquet(out)
    assert links["sdsm_p"].null_count() == links["sdsm_q"].null_count() == links.height == 6
