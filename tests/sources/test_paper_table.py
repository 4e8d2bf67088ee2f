"""A table of papers of one's own, CSV and Parquet."""

import gzip
from pathlib import Path

import polars as pl
import pytest

from cosmopolis.errors import FormatError
from cosmopolis.records import admit
from cosmopolis.sources import paper_table

ROWS = """Work,Year,Title,Field,Author,Affiliation,City,Country,Institution,Remark
p1,2011,On Alders,T10028; robots,1,"Alder U, Alderton",Alderton,XA,,x
p1,2011,,,2,Birch U,Birch,Bosquia,https://ror.org/0abc00001,x
p2,2012,On Birches,,,,Birch,XB,https://openalex.org/I7,x
p3,2012,On Cedars,,,,,,0abc00002,x
p4,2012,On Docks,,,,,XB,,x
"""


def read(files: dict[str, Path]) -> dict[str, pl.DataFrame]:
    """Read and admit, part by part."""
    parts: dict[str, list[pl.DataFrame]] = {}
    for raw in paper_table.read(files):
        parts.setdefault(raw.part, []).append(admit(raw).frame)
    return {part: pl.concat(frames) for part, frames in parts.items()}


def test_works_and_addresses(tmp_path: Path) -> None:
    (tmp_path / "papers.csv").write_text(ROWS, encoding="utf-8")
    parts = read({"papers.csv": tmp_path / "papers.csv"})
    assert parts["works"].select("row", "work", "year", "title", "topics", "keywords").rows() == [
        (1, "p1", 2011, "On Alders", ["T10028"], ["robots"]),
        (3, "p2", 2012, "On Birches", None, None),
        (4, "p3", 2012, "On Cedars", None, None),
        (5, "p4", 2012, "On Docks", None, None),
    ]
    columns = ("row", "work", "author", "text", "country", "institution")
    assert parts["affiliations"].select(columns).rows() == [
        (1, "p1", 1, "Alder U, Alderton", "XA", None),
        (2, "p1", 2, "Birch U, Birch, Bosquia", None, "0abc00001"),
        (3, "p2", None, "Birch", "XB", "I7"),
        (4, "p3", None, "0abc00002", None, "0abc00002"),
    ]


def test_parquet_and_gzip_say_the_same(tmp_path: Path) -> None:
    plain, packed, columns = (tmp_path / name for name in ("a.csv", "a.csv.gz", "a.parquet"))
    plain.write_text(ROWS, encoding="utf-8")
    packed.write_bytes(gzip.compress(ROWS.encode(), mtime=0))
    pl.read_csv(plain).write_parquet(columns)
    want = read({"a.csv": plain})
    for path in (packed, columns):
        got = read({path.name: path})
        for part, frame in want.items():
            assert got[part].equals(frame), (path.name, part)


def test_a_work_of_two_files_is_one(tmp_path: Path) -> None:
    for name in ("b.csv", "a.csv"):
        (tmp_path / name).write_text(
            f"work,year,affiliation\nshared,2011,{name}\n{name},2011,x\n", encoding="utf-8"
        )
    parts = read({name: tmp_path / name for name in ("b.csv", "a.csv")})
    assert parts["works"].select("row", "work").rows() == [(1, "shared"), (2, "a.csv"), (4, "b.csv")]
    assert parts["affiliations"]["text"].to_list() == ["a.csv", "x", "b.csv", "x"]


def test_a_parquet_file_that_is_none(tmp_path: Path) -> None:
    path = tmp_path / "a.parquet"
    path.write_bytes(b"work,year\n")
    with pytest.raises(FormatError, match=r"a\.parquet cannot be opened"):
        list(paper_table.read({"a.parquet": path}))
    pl.DataFrame({"work": [["p1"]], "yeer": [2011]}).write_parquet(path)
    with pytest.raises(FormatError, match="has no column 'work' of plain values"):
        list(paper_table.read({"a.parquet": path}))


def test_the_example_of_the_docs(tmp_path: Path) -> None:
    text = (Path(__file__).parents[2] / "docs" / "formats.md").read_text(encoding="utf-8")
    told = text.split("## Papers")[1].split("## Patents")[0]
    path = tmp_path / "papers.csv"
    path.write_text(told.split("```csv\n")[1].split("```")[0], encoding="utf-8")
    parts = read({path.name: path})
    assert parts["works"].select("work", "year", "venue").rows() == [
        ("p1", 2011, "ICRA"),
        ("p2", 2012, "Annals of Ash"),
    ]
    assert parts["affiliations"].select("work", "text", "country", "organisation").rows() == [
        ("p1", "Alder University, Alder", "XA", "Alder University"),
        ("p1", "Birch Labs, Bosk, Birchland", "XB", "Birch Labs"),
        ("p2", "Alder University, Alder", "XA", "Alder University"),
    ]
    assert all(f"`{name}`" in told for name in (*paper_table.NEEDED, *paper_table.OPTIONAL))
