"""Patents of one's own: the table of the documentation, and what may go wrong with one."""

import re
from collections.abc import Mapping
from pathlib import Path

import polars as pl
import pytest

from cosmopolis.errors import FormatError, UnknownNameError
from cosmopolis.networks import fields
from cosmopolis.networks.classify import classify_patents, classify_works
from cosmopolis.records import admit
from cosmopolis.sources import paper_table, patent_table

FORMATS = (Path(__file__).parents[2] / "docs" / "formats.md").read_text(encoding="utf-8")
PAPERS, PATENTS, *_ = re.findall(r"```csv\n(.*?)```", FORMATS, re.DOTALL)
FIELDS = re.findall(r"```toml\n(.*?)```", FORMATS, re.DOTALL)[1]


def _files(folder: Path, **texts: str) -> dict[str, Path]:
    paths = {f"{name}.csv": folder / f"{name}.csv" for name in texts}
    for name, text in texts.items():
        paths[f"{name}.csv"].write_text(text, encoding="utf-8")
    return paths


def _parts(files: Mapping[str, Path]) -> dict[str, tuple[pl.DataFrame, pl.DataFrame]]:
    parts: dict[str, tuple[pl.DataFrame, pl.DataFrame]] = {}
    for raw in patent_table.read(files):
        admitted = admit(raw)
        rows = admitted.frame.height + admitted.quarantine["row"].n_unique()
        assert rows == admitted.rows_in
        pair = (admitted.frame, admitted.quarantine)
        before = parts.get(raw.part, pair)
        parts[raw.part] = (
            pair
            if raw.part not in parts
            else (
                pl.concat([before[0], pair[0]]),
                pl.concat([before[1], pair[1]]),
            )
        )
    for frame, away in parts.values():
        assert pl.concat([frame["row"], away["row"]]).is_unique().all()
    return parts


def test_the_table_of_the_documentation(tmp_path: Path) -> None:
    parts = _parts(_files(tmp_path, patents=PATENTS))
    parties, patents, citations = (parts[name][0] for name in ("parties", "patents", "citations"))
    assert parties.select("row", "patent", "role", "name", "text", "country").rows() == [
        (1, "EP1", "inventor", None, "Alder", "XA"),
        (2, "EP1", "inventor", None, "Bosk, Birchland", "XB"),
        (3, "EP2", "inventor", None, "Alder", "XA"),
        (4, "EP1", "applicant", "Alder Mills", "Alder Mills", None),
        (5, "EP1", "applicant", "Bosk AG", "Bosk AG", None),
        (6, "EP2", "applicant", "Alder Mills", "Alder Mills", None),
    ]
    assert patents.drop("office").rows() == [
        (1, "EP1", 2011, ["G06N10/20", "H01M4/86", "H01M10/05"], 1),
        (3, "EP2", 2013, ["B25J9/16"], 0),
    ]
    assert citations.rows() == [(1, "EP2", "EP1", 2013), (2, "EP2", "US7", 2013)]
    assert all(away.is_empty() for _, away in parts.values())


def test_the_papers_and_fields_of_the_documentation(tmp_path: Path) -> None:
    raws = {raw.part: admit(raw) for raw in paper_table.read(_files(tmp_path, papers=PAPERS))}
    assert {part: (rows.rows_in, rows.frame.height) for part, rows in raws.items()} == {
        "works": (2, 2),
        "affiliations": (3, 3),
    }
    own = fields.parse(FIELDS)
    assert classify_works(raws["works"].frame, own).rows() == [("p2", "trees")]
    patents = pl.DataFrame({"patent": ["a", "b"], "classes": [["B27B33/02", "A01B1/00"], ["B27G19/02"]]})
    assert classify_patents(patents, own).rows() == [("b", "saws")]


def test_one_patent_over_many_rows_and_files(tmp_path: Path) -> None:
    files = _files(
        tmp_path,
        b="PATENT,Year,Class,Cited,citations\nq,2012,H01M,,7\np,2099,G06N;;H01M ,q,\n",
        a="Patent,Year,City,Country,Latitude,Longitude,Office\np,2011,Alder,Arborea,1.5,2.5,EP\n",
    )
    parts = _parts(files)
    assert parts["patents"][0].rows() == [
        (1, "p", 2011, "EP", ["G06N", "H01M"], 0),
        (2, "q", 2012, None, ["H01M"], 7),
    ]
    shown = parts["parties"][0].select("row", "text", "country", "latitude", "longitude").rows()
    assert shown == [(1, "Alder, Arborea", None, 1.5, 2.5)]
    assert parts["citations"][0].select("citing", "cited").rows() == [("p", "q")]


@pytest.mark.parametrize(
    ("place", "city", "country", "text"),
    [
        ("1 Elm St, Alder", "Alder", "XA", "1 Elm St, Alder"),
        ("1 Elm St", "Alder", "XA", "1 Elm St, Alder"),
        ("", "Alder", "Arborea", "Alder, Arborea"),
        ("Alderton", "Alder", "", "Alderton, Alder"),
    ],
)
def test_an_address_is_put_together(tmp_path: Path, place: str, city: str, country: str, text: str) -> None:
    line = f'p,2011,"{place}",{city},{country}\n'
    parts = _parts(_files(tmp_path, patents=f"patent,year,place,city,country\n{line}"))
    assert parts["parties"][0]["text"].to_list() == [text]


def test_without_citations_in_the_table_none_are_counted(tmp_path: Path) -> None:
    parts = _parts(_files(tmp_path, patents="patent,year,place\np,2011,Alder\n"))
    assert parts["patents"][0]["citations"].to_list() == [None]


def test_parquet(tmp_path: Path) -> None:
    frame = pl.DataFrame({"patent": ["p"], "year": [2011], "place": ["Alder"], "extra": [[1, 2]]})
    frame.write_parquet(tmp_path / "patents.parquet")
    parts = _parts({"patents.parquet": tmp_path / "patents.parquet"})
    assert parts["parties"][0].select("patent", "text").rows() == [("p", "Alder")]
    pl.DataFrame({"patent": ["p"]}).write_parquet(tmp_path / "other.parquet")
    with pytest.raises(FormatError, match="has no column 'year'"):
        _parts({"other.parquet": tmp_path / "other.parquet"})


def test_no_table_at_all() -> None:
    with pytest.raises(UnknownNameError, match="patent-table: got no file"):
        _parts({})


@pytest.mark.parametrize(
    ("line", "column"),
    [
        ("EP3,2011,Al", "country"),
        ('EP3,2011,"Alder,XA,,', "row"),
        ("EP3,2011,Alder,XA,north,2", "latitude"),
        ("EP3,2011,Alder,XA,1,181", "longitude"),
        (",2011,Alder,XA,,", "patent"),
        ("EP3,2011,,XA,,", "text"),
        ("EP3,soon,Alder,XA,,", None),
    ],
)
def test_a_row_of_an_inventor_that_is_broken(tmp_path: Path, line: str, column: str | None) -> None:
    head = "patent,year,place,country,latitude,longitude"
    text = f"{head}\nEP1,2011,Alder,XA,,\n{line}\nEP2,2011,Bosk,XB,1,2"
    frame, away = _parts(_files(tmp_path, patents=text))["parties"]
    assert away.select("row", "column").rows() == ([(2, column)] if column else [])
    assert frame["row"].to_list() == ([1, 3] if column else [1, 2, 3])
