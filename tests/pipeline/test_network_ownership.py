"""The command `network ownership`: any labels, words of roles, measures, what it says of wrong input."""

from pathlib import Path

import polars as pl
import pytest
from world.run import run

ROWS = """firm,role,city,value,year,sector
Acme,Headquarters,London,,2020,bank
Acme,branch,Paris,2,2020,bank
Acme,branch,Paris,0.5,2020,bank
Bosk,总部,上海,,2020,law
Bosk,office,London,,2020,law
Bosk,branch,上海,,2020,law
Cedar,branch,Rome,,2020,law
,branch,Rome,,2020,law
"""


def _file(folder: Path, text: str = ROWS) -> Path:
    path = folder / "offices.csv"
    path.write_text(text, encoding="utf-8")
    return path


@pytest.mark.parametrize("kind", ["csv", "parquet"])
def test_offices_from_file_to_file(tmp_path: Path, kind: str) -> None:
    out, cities = tmp_path / f"links.{kind}", tmp_path / f"cities.{kind}"
    answer = run("network", "ownership", _file(tmp_path), "--out", out, "--cities", cities)
    assert (answer.status, answer.out) == (0, "")
    assert answer.err == (
        "cosmopolis: 7 offices of 3 firms gave 2 links from 2 cities; both ends lie in the same city: 1; "
        "no city is known to hold the firm's headquarters: 1; left out for want of firm, role or city: 1\n"
    )
    read = pl.read_csv if kind == "csv" else pl.read_parquet
    assert read(out).rows() == [
        ("ownership", "bank", 2020, "London", "Paris", 2.5, 2),
        ("ownership", "law", 2020, "上海", "London", 1.0, 1),
    ]
    table = read(cities)
    assert table.select("field", "city", "headquarters", "branches", "power", "prestige", "rank").rows() == [
        ("bank", "London", 1, 0, 2.5, 0.0, 1),
        ("bank", "Paris", 0, 2, 0.0, 2.5, None),
        ("law", "London", 0, 1, 0.0, 1.0, None),
        ("law", "Rome", 0, 1, 0.0, 0.0, None),
        ("law", "上海", 1, 1, 1.0, 0.0, 1),
    ]
    assert table["rank_low"].null_count() == table.height  # each sector has the branches of one firm


def test_two_firms_give_an_interval_and_cities_without_power_no_rank(tmp_path: Path) -> None:
    rows = "firm,role,city\nA,hq,x\nA,branch,y\nB,hq,z\nB,branch,y\nB,branch,w\n"
    cities = tmp_path / "cities.csv"
    answer = run(
        "network", "ownership", _file(tmp_path, rows), "--out", tmp_path / "l.csv", "--cities", cities
    )
    assert answer.status == 0
    table = pl.read_csv(cities).select("city", "power", "rank", "rank_low", "rank_high")
    assert table.rows() == [
        ("w", 0.0, None, None, None),
        ("x", 1.0, 2, 1, 2),
        ("y", 0.0, None, None, None),
        ("z", 2.0, 1, 1, 2),
    ]


def test_repeated_branches_and_links_of_weight_0_are_told(tmp_path: Path) -> None:
    rows = (
        "firm,role,city,value,note\nA,hq,x,,\nA,hq,x,,\nA,branch,y,2,\nA,branch,y,2,\nA,branch,y,2,other\n"
        "A,branch,z,0,\n"
    )
    out, cities = tmp_path / "links.csv", tmp_path / "cities.csv"
    answer = run("network", "ownership", _file(tmp_path, rows), "--out", out, "--cities", cities)
    assert answer.err == (
        "cosmopolis: 6 offices of 1 firms gave 1 links from 1 cities; left out for weight 0: 1 links; "
        "rows of branches that repeat another row, each counted as a branch: 1\n"
    )
    assert pl.read_csv(out).select("origin", "destination", "weight", "count").rows() == [("x", "y", 6.0, 3)]
    table = pl.read_csv(cities)
    assert table.select("city", "branches", "prestige", "closeness").rows() == [
        ("x", 0, 0.0, 0.5),
        ("y", 3, 6.0, 0.0),
        ("z", 1, 0.0, 0.0),
    ]


def test_three_columns_are_enough_and_the_links_go_to_standard_output(tmp_path: Path) -> None:
    answer = run("network", "ownership", _file(tmp_path, "firm,role,city\nA,hq,1\nA,branch,2\n"))
    assert answer.out == (
        "network,field,year,origin,destination,weight,count\nownership,all,,1,2,1.0,1\n"
    )  # fmt: skip


def test_whole_numbers_in_parquet_stay_ids(tmp_path: Path) -> None:
    rows = pl.DataFrame({"firm": [1, 1], "role": ["hq", "branch"], "city": [5, 3], "year": [2020, 2020]})
    rows.write_parquet(tmp_path / "offices.parquet")
    out = tmp_path / "links.parquet"
    assert run("network", "ownership", tmp_path / "offices.parquet", "--out", out).status == 0
    assert pl.read_parquet(out).select("origin", "destination", "year").rows() == [(5, 3, 2020)]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("firm,roll,city\nA,hq,x\n", "has no column 'role'; did you mean 'roll'"),
        (
            "firm,role,city\nA,branches,x\n",
            "column 'role' has 'branches' (row 1), expected headquarters or branch",
        ),
        ("firm,role,city,value\nA,hq,x,many\n", "column 'value' has 'many' (row 1), expected a number"),
        ("firm,role,city\n", "has no rows below its header; expected headquarters and branches"),
        (
            "firm,role,city,value\nA,hq,x,\nA,branch,y,-3\n",
            "column 'value' has '-3' (row 2), expected a number",
        ),
        ("firm,role,city,year\nA,hq,x,soon\n", "column 'year' has 'soon', expected whole numbers"),
    ],
)
def test_wrong_input_is_answered(tmp_path: Path, text: str, words: str) -> None:
    answer = run("network", "ownership", _file(tmp_path, text))
    assert answer.status != 0
    assert words in answer.err


def test_options_of_another_kind_are_refused(tmp_path: Path) -> None:
    answer = run("network", "ownership", _file(tmp_path), "--counting", "fractional")
    assert answer.status != 0
    assert "--counting and --largest-record belong to the kind cooccurrence, not to ownership" in answer.err
    assert "did you mean 'ownership'" in run("network", "owner-ship", _file(tmp_path)).err
