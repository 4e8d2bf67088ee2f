"""Offices of one's own and of one firm: roles in words, places from their columns, rows through all files."""

import re
from pathlib import Path

import polars as pl
import pytest
from real_mirror import DATA

from cosmopolis.errors import FormatError, UnknownNameError
from cosmopolis.record_tables import TABLES
from cosmopolis.records import Admitted, admit
from cosmopolis.sources import office_table, tcs_offices


def _admitted(files: dict[str, Path]) -> Admitted:
    parts = [admit(raw) for raw in office_table.read(files)]
    frame, away = pl.concat([p.frame for p in parts]), pl.concat([p.quarantine for p in parts])
    assert pl.concat([frame["row"], away["row"]]).is_unique().all()
    rows = sum(part.rows_in for part in parts)
    assert rows == frame.height + away.height
    return Admitted(source="office-table", part="offices", frame=frame, quarantine=away, rows_in=rows)


def test_roles_and_places(tmp_path: Path) -> None:
    path = tmp_path / "offices.csv"
    path.write_text(
        "Firm,Role,Year,Place,City,Country,Value,Sector,Latitude,Longitude\n"
        "Acme,HQ,2020,,Alder,XA,,law,1.5,2\n"
        'Acme,Branch,2020,"1 Elm St, Bosk",Bosk,Birchland,12.5,law,,\n'
        "橡树集团,总部,2020,Copse,,,,,,\n"
        "橡树集团,分公司,2020,Pier,Alder,XA,,,,\n"
        "Acme,owner,2020,Alder,,,,,,\n"
        "Acme,branch,2020,,,XA,,,,\n"
        "Acme,branch,soon,Alder,,,,,,\n"
        "Acme,branch,2020,Alder,,,-3,,,\n",
        encoding="utf-8",
    )
    admitted = _admitted({"offices.csv": path})
    columns = ("row", "firm", "role", "text", "country", "value", "sector", "latitude")
    assert admitted.frame.select(columns).rows() == [
        (1, "Acme", "headquarters", "Alder", "XA", None, "law", 1.5),
        (2, "Acme", "branch", "1 Elm St, Bosk, Birchland", None, 12.5, "law", None),
        (3, "橡树集团", "headquarters", "Copse", None, None, None, None),
        (4, "橡树集团", "branch", "Pier, Alder", "XA", None, None, None),
    ]
    roles = (
        "headquarters (or head office, hq, 总部) or branch (or office, plant, subsidiary, 分支, 分支机构, "
    )
    assert admitted.quarantine.select("row", "column", "reason").rows() == [
        (5, "role", f"role is not {roles}分公司, 子公司)"),
        (6, "text", "text is missing: place and city are both empty"),
        (7, "year", "year is not a whole number"),
        (8, "value", "value is below 0"),
    ]


def test_every_word_of_a_role_stands_in_the_reason() -> None:
    role = next(column for column in TABLES["office"].columns if column.name == "role")
    words = re.split(r" \(or |\) or |, |\)", role.says)
    assert sorted(filter(None, words)) == sorted(office_table.ROLES)


def test_rows_go_on_from_file_to_file(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("firm,role,year,city\nAcme,hq,2020,Alder\nAcme,hq\n", encoding="utf-8")
    pl.DataFrame({"firm": ["Acme"], "role": ["plant"], "year": [2021], "city": ["Bosk"]}).write_parquet(
        tmp_path / "b.parquet"
    )
    admitted = _admitted({name: tmp_path / name for name in ("b.parquet", "a.csv")})
    assert admitted.frame.select("row", "role", "text", "year").rows() == [
        (1, "headquarters", "Alder", 2020),
        (3, "branch", "Bosk", 2021),
    ]
    assert admitted.quarantine["row"].to_list() == [2]


def test_what_is_no_table_of_offices(tmp_path: Path) -> None:
    with pytest.raises(UnknownNameError, match="needs at least one table"):
        office_table.read({})
    path = tmp_path / "offices.csv"
    path.write_text("firm,rolle,year\n", encoding="utf-8")
    with pytest.raises(FormatError, match="has no column 'role'"):
        list(office_table.read({"offices.csv": path}))


def test_offices_of_one_firm(tmp_path: Path) -> None:
    path = tmp_path / tcs_offices.FILE
    path.write_text(
        "firm,area,geo,location,office_type,address,lat,lng\n"
        'Acme,India,Pune,Alder Park,Office,"1 Elm St",18.5,73.9\n'
        'Acme,North America,USA,New York - 2,"Office;Centre",x,40.7,-74\n'
        "Acme,Europe,France,Liverpool - Shannon court,Office,x,53.4,-3\n"
        "Acme,Europe,France,Lille,Office,x,north,3\n",
        encoding="utf-8",
    )
    (raw,) = tcs_offices.read({tcs_offices.FILE: path})
    admitted = admit(raw)
    assert admitted.frame.select("role", "text", "country", "latitude", "kind", "year").rows() == [
        ("branch", "Pune, India", "IN", 18.5, "Office", 2022),
        ("branch", "New York, USA", None, 40.7, "Office;Centre", 2022),
        ("branch", "Liverpool, Shannon court, France", None, 53.4, "Office", 2022),
    ]
    assert admitted.quarantine.select("row", "column").rows() == [(4, "latitude")]


@pytest.mark.real
def test_the_real_offices_of_one_firm(real_files: tuple[Path, ...]) -> None:
    places = [place / tcs_offices.SOURCE / tcs_offices.FILE for place in (*real_files, DATA)]
    path = next((at for at in places if at.is_file()), None)
    if path is None:
        pytest.skip("the offices of Tata Consultancy Services are not on this machine")
    (raw,) = tcs_offices.read({tcs_offices.FILE: path})
    admitted = admit(raw)
    assert (admitted.frame.height, admitted.quarantine.height) == (282, 0)
    assert admitted.frame.filter(pl.col("country") == "IN").height == 144
