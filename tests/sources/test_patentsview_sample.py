"""The sample of United States patents: three tables, and years that are told by the number alone."""

from itertools import pairwise
from pathlib import Path

import polars as pl
import pytest

from cosmopolis.records import Admitted, admit
from cosmopolis.sources import patentsview_sample
from cosmopolis.sources.patentsview_sample import FIRST_NUMBERS, FIRST_YEAR, year_of_number

PLACE = "location_id city state country"
INVENTORS = f"""patent_id inventor_sequence inventor_id name_first name_last {PLACE}
6009555 0 a Ada Ash l1 Alder AL XA
6009555 1 b Ben Birch l2 Bosk - XB
10000000 0 c - Cedar l3 - CE XC
D345678 0 d Dan Date l4 Dale - XD
"""
ASSIGNEES = f"""patent_id assignee_sequence assignee_id assignee_type organization {PLACE}
6009555 0 f 2 Alder_Mills l1 Alder AL XA
7000000 0 g 3 Bosk_AG l2 Bosk - XB
"""
CLASSES = """patent_id cpc_sequence cpc_class cpc_subclass cpc_group
6009555 1 A42 A42B A42B3/22
6009555 0 A42 A42B A42B1/247
6009555 2 A42 A42B A42B1/247
8000000 0 G06
"""


def _tabs(text: str) -> str:
    """Write a table that is told here with spaces, `-` for an empty cell, as the files have it."""
    lines = (line.split(" ") for line in text.splitlines())
    return "".join("\t".join("" if cell == "-" else cell for cell in line) + "\n" for line in lines)


def _parts(folder: Path) -> dict[str, Admitted]:
    tables = {
        patentsview_sample.INVENTORS: INVENTORS,
        patentsview_sample.ASSIGNEES: ASSIGNEES,
        patentsview_sample.CLASSES: CLASSES,
    }
    files = {name: folder / name for name in tables}
    for name, text in tables.items():
        files[name].write_text(_tabs(text), encoding="utf-8")
    return {raw.part: admit(raw) for raw in patentsview_sample.read(files)}


def test_patents_have_a_year_by_their_number_and_classes_in_order(tmp_path: Path) -> None:
    patents = _parts(tmp_path)["patents"]
    assert patents.rows_in == 4
    assert patents.frame.rows() == [
        (1, "6009555", 2000, "US", ["A42B1/247", "A42B3/22"], None),
        (2, "10000000", 2018, "US", None, None),
        (4, "7000000", 2006, "US", None, None),
    ]
    assert patents.quarantine.select("row", "column", "value").rows() == [(3, "year", "D345678")]


def test_inventors_then_assignees_with_their_towns(tmp_path: Path) -> None:
    parties = _parts(tmp_path)["parties"]
    shown = parties.frame.select("row", "patent", "role", "order", "name", "text", "country").rows()
    assert shown == [
        (1, "6009555", "inventor", 0, "Ada Ash", "Alder, AL", "XA"),
        (2, "6009555", "inventor", 1, "Ben Birch", "Bosk", "XB"),
        (4, "D345678", "inventor", 0, "Dan Date", "Dale", "XD"),
        (5, "6009555", "applicant", 0, "Alder_Mills", "Alder, AL", "XA"),
        (6, "7000000", "applicant", 0, "Bosk_AG", "Bosk", "XB"),
    ]
    assert parties.quarantine.select("row", "column").rows() == [(3, "text")]
    assert parties.rows_in == 6


def test_a_line_of_classes_that_cannot_be_read_is_counted(tmp_path: Path) -> None:
    classes = _parts(tmp_path)["classes"]
    assert (classes.rows_in, classes.frame.height) == (1, 0)
    assert classes.quarantine.select("row", "column").rows() == [(4, "cpc_subclass")]


@pytest.mark.parametrize(
    ("number", "year"),
    [
        # No. 5,000,000 of 19 March 1991 and 10,000,000 of 19 June 2018: https://www.uspto.gov/patents/milestones
        ("5000000", 1991),
        ("10000000", 2018),
        # 6,167,568 on 26 December 2000 under the old kind A, 6,167,569 on 2 January 2001 as B1: USPTO records
        ("6167568", 2000),
        ("6167569", 2001),
        # 9,000,000 on 7 April and 9,027,161 on 5 May 2015: hjkwlaw.com/post/2015/05/11
        ("9000000", 2015),
        ("9027161", 2015),
        # 10,390,470 on 20 August 2019: hdp.com/blog/2019/08/25
        ("10390470", 2019),
        # US08621662-20140107.XML, a grant's file name as the USPTO gives it
        ("8621662", 2014),
        ("8621661", 2013),
        ("4180866", None),
        ("10524401", 2019),
        ("10524402", None),
        ("RE45678", None),
        ("", None),
    ],
)
def test_years_of_patents_whose_date_is_known(number: str, year: int | None) -> None:
    frame = pl.DataFrame({"patent": [number]})
    assert frame.select(year_of_number(pl.col("patent"))).item() == year


def test_numbers_grow_from_year_to_year() -> None:
    assert list(FIRST_NUMBERS) == sorted(set(FIRST_NUMBERS))
    assert FIRST_YEAR + len(FIRST_NUMBERS) - 1 == 2020
    counts = [after - before for before, after in pairwise(FIRST_NUMBERS)]
    assert 50_000 < min(counts) < max(counts) < 400_000


@pytest.mark.real
def test_the_real_sample(real_files: tuple[Path, ...]) -> None:
    homes = [folder / "patentsview-sample" for folder in real_files]
    home = next((folder for folder in homes if (folder / patentsview_sample.INVENTORS).is_file()), None)
    if home is None:
        pytest.skip("no mirror with patentsview-sample (COSMOPOLIS_MIRROR)")
    names = (patentsview_sample.INVENTORS, patentsview_sample.ASSIGNEES, patentsview_sample.CLASSES)
    parts = {raw.part: admit(raw) for raw in patentsview_sample.read({name: home / name for name in names})}
    assert {name: (part.rows_in, part.frame.height) for name, part in parts.items()} == {
        "patents": (2214, 2211),
        "parties": (5985 + 1960, 7916),
        "classes": (0, 0),
    }
    dated = parts["patents"].frame.filter(pl.col("patent") == "5116621")  # of 26 May 1992, by its own record
    assert dated["year"].item() == 1992
