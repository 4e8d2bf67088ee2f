"""Tables of one's own in several files: a quarantined row is told by its file and its number there."""

from collections.abc import Mapping
from pathlib import Path

import polars as pl
import pytest

from cosmopolis.ledger import Ledger
from cosmopolis.pipeline.parts import keep_folder
from cosmopolis.pipeline.records import Shelf


def _shelf(folder: Path, source: str, texts: Mapping[str, str]) -> Shelf:
    """Write files, read them twice (the second time from what was kept) and put them on a shelf."""
    for name, text in texts.items():
        (folder / name).write_text(text, encoding="utf-8")
    files = {name: folder / name for name in texts}
    keep_folder(source, files, folder / "parts", progress=False)
    shelf = Shelf()
    shelf.add_folder(source, keep_folder(source, files, folder / "parts", progress=False))
    return shelf


def _told(ledger: Ledger, source: str) -> list[tuple[str, int, str]]:
    return ledger.tables()[source].select("part", "row", "column").rows()


def test_rows_of_two_tables_are_told_by_file(tmp_path: Path) -> None:
    texts = {
        "offices.csv": "firm,role,year,city\nAcme,hq,2020,Alder\nAcme,owner,2020,Bosk\nElm,hq,2020,Nowhere\n",
        "zz.csv": "firm,role,year,city\nAcme,branch,2020,Bosk\nAcme,branch,2020,\nAcme,branch,2020,Nowhere\n",
    }
    shelf = _shelf(tmp_path, "office-table", texts)
    rows = shelf.part("office-table", "offices")
    assert rows["row"].to_list() == [1, 3, 4, 6]
    lines = pl.DataFrame(
        [(3, "text", None, "unknown"), (6, "text", None, "unknown")],
        schema={"row": pl.Int64, "column": pl.String, "value": pl.String, "reason": pl.String},
        orient="row",
    )
    shelf.account("office-table", "offices", pl.Series([1, 4]), lines, otherwise="-")
    assert _told(shelf.ledger, "office-table") == [
        ("offices:offices.csv", 2, "role"),
        ("offices:offices.csv", 3, "text"),
        ("offices:zz.csv", 2, "text"),
        ("offices:zz.csv", 3, "text"),
    ]
    assert shelf.ledger.entries()["office-table"]["rows_quarantined"] == 4


@pytest.mark.parametrize(
    ("source", "part", "lines"),
    [
        ("company-table", "companies", ("name,year,city", "{n},2020,Alder", ",2020,Alder")),
        ("lighthouse-table", "factories", ("firm,year,city", "{n},2020,Alder", ",2020,Alder")),
        ("supplier-table", "sites", ("customer,supplier,year,city", "A,{n},2020,Alder", "A,,2020,Alder")),
        ("service-table", "values", ("city,firm,value,year", "Alder,{n},3,2020", "Alder,,3,2020")),
        ("trade-table", "trade", ("year,origin,destination,value_musd", "20{n},DEU,CHN,1", "2020,,CHN,1")),
        ("paper-table", "affiliations", ("work,year,city", "{n},2020,Alder", "w,2020,")),
        ("patent-table", "parties", ("patent,year,place", "{n},2020,Alder", ",2020,Alder")),
    ],
)
def test_every_own_table_tells_the_file(
    tmp_path: Path, source: str, part: str, lines: tuple[str, str, str]
) -> None:
    header, good, bad = lines
    texts = {
        "a.csv": "\n".join([header, good.format(n=11), good.format(n=12), ""]),
        "b.csv": "\n".join([header, good.format(n=13), bad, good.format(n=14), ""]),
    }
    ledger = _shelf(tmp_path, source, texts).ledger
    assert (f"{part}:b.csv", 2) in {told[:2] for told in _told(ledger, source)}
    assert {told[:2] for told in _told(ledger, source)} <= {
        (f"{kind}:b.csv", 2) for kind in (part, "works", "patents")
    }


def test_a_company_that_stands_in_two_files(tmp_path: Path) -> None:
    texts = {
        "a.csv": "name,year,city\nElm,2020,Alder\nOak,2020,Alder\n",
        "b.csv": "name,year,city\nAsh,2020,Alder\nBay,2020,Bosk\nOak,2020,Bosk\n",
    }
    ledger = _shelf(tmp_path, "company-table", texts).ledger
    assert ledger.tables()["company-table"].select("part", "row", "reason").rows() == [
        ("companies:b.csv", 3, "the same as row 2 of a.csv")
    ]


def test_applicants_are_of_no_one_file(tmp_path: Path) -> None:
    texts = {
        "a.csv": "patent,year,place,applicant\nP1,2020,Alder,Acme\n",
        "b.csv": "patent,year,applicant\nP2,2020,Oak\n",
    }
    shelf = _shelf(tmp_path, "patent-table", texts)
    parties = shelf.part("patent-table", "parties")
    assert parties.select("row", "role", "name").rows() == [
        (1, "inventor", None),
        (3, "applicant", "Acme"),
        (4, "applicant", "Oak"),
    ]
    nothing = pl.DataFrame(
        schema={"row": pl.Int64, "column": pl.String, "value": pl.String, "reason": pl.String}
    )
    shelf.account("patent-table", "parties", pl.Series([1]), nothing, otherwise="no use")
    assert [told[:2] for told in _told(shelf.ledger, "patent-table")] == [("parties", 1), ("parties", 2)]


@pytest.mark.parametrize(
    ("source", "header", "row", "reason"),
    [
        (
            "company-table",
            "name,year,city",
            "Elm,2020,",
            "headquarters is missing: headquarters and city are both empty",
        ),
        (
            "company-table",
            "name,year,city",
            ",2020,Alder",
            "company is missing: neither a name nor an id is given",
        ),
        ("company-table", "name,year,city", "Elm,soon,Alder", "year is not a whole number"),
        (
            "company-table",
            "name,year,city,size",
            "Elm,2020,Alder,giant",
            "size is not mega, large, mid, small, micro or nano",
        ),
        ("office-table", "firm,role,year", "Elm,hq,2020", "text is missing: place and city are both empty"),
        (
            "supplier-table",
            "customer,supplier,year",
            "Elm,Oak,2020",
            "text is missing: address, city, division, country and coordinates are all empty",
        ),
        (
            "lighthouse-table",
            "firm,year",
            "Elm,2020",
            "text is missing: place, city and coordinates are all empty",
        ),
        (
            "paper-table",
            "work,year",
            "p1,2020",
            "text is missing: affiliation, organisation, institution and city are all empty",
        ),
        (
            "patent-table",
            "patent,year,inventor",
            "p1,2020,Ash",
            "text is missing: place and city are both empty",
        ),
        (
            "trade-table",
            "year,origin,destination,value_musd",
            "2020,Germany,CHN,1",
            "origin is not three capital letters",
        ),
        (
            "trade-table",
            "year,origin,destination,value_musd",
            "2020,DEU,CHN,lots",
            "value_musd is not a number",
        ),
    ],
)
def test_reasons_are_said_in_the_words_of_the_tables(
    tmp_path: Path, source: str, header: str, row: str, reason: str
) -> None:
    ledger = _shelf(tmp_path, source, {"own.csv": f"{header}\n{row}\n"}).ledger
    assert ledger.tables()[source].select("row", "reason").rows() == [(1, reason)]
