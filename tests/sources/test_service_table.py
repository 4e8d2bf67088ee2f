"""Service values of one's own: long and wide tables give the same rows, in all the forms of files."""

import gzip
import zipfile
from pathlib import Path

import polars as pl
import pytest

from cosmopolis.errors import FormatError
from cosmopolis.records import admit
from cosmopolis.sources import service_table

LONG = """City,Country,Firm,Value,Sector,Year
Alder,XA,Acme,5,law,2020
Alder,XA,Bosk,2,ads,2020
Saint Ivy,Bosquia,Acme,2,law,2020
Saint Ivy,Bosquia,Bosk,0,ads,2020
"""
WIDE = """Town,Country,Acme,Bosk
sector,,law,ads
Alder,XA,5,2
Saint Ivy,Bosquia,2,
"""


def _rows(files: dict[str, Path]) -> pl.DataFrame:
    parts = [admit(raw) for raw in service_table.read(files)]
    assert all(part.rows_in == part.frame.height + part.quarantine["row"].n_unique() for part in parts)
    rows = pl.concat([part.frame for part in parts])
    away = pl.concat([part.quarantine for part in parts])
    assert pl.concat([rows["row"], away["row"].unique()]).is_unique().all()
    return rows


def _told(rows: pl.DataFrame) -> list[tuple[object, ...]]:
    return rows.select("city", "country", "firm", "value", "sector", "year").rows()


EXPECTED = [
    ("Alder", "XA", "Acme", 5.0, "law", 2020),
    ("Alder", "XA", "Bosk", 2.0, "ads", 2020),
    ("Saint Ivy, Bosquia", None, "Acme", 2.0, "law", 2020),
    ("Saint Ivy, Bosquia", None, "Bosk", 0.0, "ads", 2020),
]


def test_long_and_wide_are_the_same(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text(LONG, encoding="utf-8")
    (tmp_path / "roster-2020.csv").write_text(WIDE, encoding="utf-8")
    assert _told(_rows({"a.csv": tmp_path / "a.csv"})) == EXPECTED
    assert _told(_rows({"roster-2020.csv": tmp_path / "roster-2020.csv"})) == EXPECTED


@pytest.mark.parametrize("form", ["tsv", "gz", "zip", "parquet", "bom"])
def test_all_forms_of_files(tmp_path: Path, form: str) -> None:
    name = {"gz": "r-2020.csv.gz", "zip": "r-2020.zip", "bom": "r-2020.csv"}.get(form, f"r-2020.{form}")
    path = tmp_path / name
    if form == "tsv":
        path.write_text(WIDE.replace(",", "\t"), encoding="utf-8")
    elif form == "gz":
        path.write_bytes(gzip.compress(WIDE.encode()))
    elif form == "zip":
        with zipfile.ZipFile(path, "w") as archive:
            archive.writestr("inside.csv", WIDE)
    elif form == "parquet":
        pl.read_csv(WIDE.encode(), infer_schema=False).write_parquet(path)
    else:
        path.write_text(WIDE, encoding="utf-8-sig")
    assert _told(_rows({name: path})) == EXPECTED


def test_years_stand_in_the_table_or_in_the_name_of_the_file(tmp_path: Path) -> None:
    (tmp_path / "2018.csv").write_text("city,Acme\nAlder,3\n", encoding="utf-8")
    (tmp_path / "a-2020.csv").write_text("city,year,Acme\nAlder,,4\nBirch,2012,1\n", encoding="utf-8")
    (tmp_path / "no.csv").write_text("city,firm,value\nAlder,Acme,5\n", encoding="utf-8")
    files = {name: tmp_path / name for name in ("2018.csv", "a-2020.csv", "no.csv")}
    assert _rows(files).select("row", "city", "year", "value").rows() == [
        (1, "Alder", 2018, 3.0),
        (2, "Alder", 2020, 4.0),
        (3, "Birch", 2012, 1.0),
    ]
    away = pl.concat([admit(raw).quarantine for raw in service_table.read(files)])
    assert away.select("row", "column").rows() == [(4, "year")]


def test_a_broken_cell_of_a_matrix_costs_itself_alone(tmp_path: Path) -> None:
    path = tmp_path / "r-2020.csv"
    path.write_text("city,Acme,Bosk\nAlder,7,2\nBirch\nElm,1,x\nAlder,1,1\n", encoding="utf-8")
    (admitted,) = (admit(raw) for raw in service_table.read({path.name: path}))
    assert admitted.quarantine.select("row", "column").rows() == [
        (1, "value"),
        (3, "acme"),
        (6, "value"),
        (8, "year+city+firm"),
    ]
    assert admitted.frame.select("row", "city", "firm", "value").rows() == [
        (2, "Alder", "Bosk", 2.0),
        (5, "Elm", "Acme", 1.0),
        (7, "Alder", "Acme", 1.0),
    ]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("city\nAlder\n", "has no column 'firm' in its first line"),
        ("city,firm,score\nAlder,Acme,3\n", "has no column 'value' in its first line"),
        ("city,Acme,acme \nAlder,1,2\n", "has the column 'acme' twice"),
        ("city,Acme,\nAlder,1,2\n", "has a column without a name"),
    ],
)
def test_a_table_that_is_none(tmp_path: Path, text: str, words: str) -> None:
    path = tmp_path / "r.csv"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(FormatError, match=words):
        list(service_table.read({"r.csv": path}))
