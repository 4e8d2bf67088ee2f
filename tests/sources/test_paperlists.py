"""Lists of papers: slots of authors, indices of the compiler, papers that did not appear."""

import gzip
import os
from pathlib import Path

import pytest

from cosmopolis.records import admit
from cosmopolis.sources import paperlists
from cosmopolis.sources.paperlists import address_with, authors_of, by_slot, slots_of
from cosmopolis.sources.raw import Raw

HEADER = (
    "venue,year,id,title,status,authors,aff,aff_unique_norm,aff_campus_unique,aff_country_unique,"
    "aff_campus_idx,aff_country_idx,aff_unique_idx,git_version"
)


def read(folder: Path, *lines: str, more: tuple[str, ...] = ()) -> dict[str, Raw]:
    """Read two files of lines."""
    files = {}
    for name, given in zip(paperlists.FILES, (lines, more), strict=True):
        text = "\n".join([HEADER, *given]) + "\n"
        (folder / name).write_bytes(gzip.compress(text.encode(), mtime=0))
        files[name] = folder / name
    return {raw.part: raw for raw in paperlists.read(files)}


def test_a_paper_with_all_that_may_be_in_it(tmp_path: Path) -> None:
    line = (
        "oak,2011,7,On Alders,Poster,Ann;Bo;Cy;Ann;Bo;Cy,"
        '"Alder U, Alderton + Birch Lab; ;Cedar U, Bosquia",'
        "Alder University;Birch Laboratory;Cedar University,Alderton;Cedarville,Arborea;Bosquia,"
        "0;1,0+0;1,0+1;2,HEAD"
    )
    parts = read(tmp_path, line)
    assert parts["works"].frame.select("row", "work", "year", "title", "venue").rows() == [
        (1, "oak-2011-7", "2011", "On Alders", "oak")
    ]
    affiliations = admit(parts["affiliations"])
    assert affiliations.rows_in == 4
    assert affiliations.frame.select("work", "author", "text", "organisation").rows() == [
        ("oak-2011-7", 1, "Alder U, Alderton [Arborea]", "Alder University"),
        ("oak-2011-7", 1, "Birch Lab [Arborea]", "Birch Laboratory"),
        ("oak-2011-7", 3, "Cedar U, Bosquia [Cedarville]", "Cedar University"),
    ]
    assert affiliations.quarantine.select("row", "column").rows() == [(3, "text")]


@pytest.mark.parametrize(
    ("values", "index", "slots", "expected"),
    [
        ("A;B", "0;1", "x;y", [["A"], ["B"]]),
        ("A;B", "0+1;1", "x+y;z", [["A", "B"], ["B"]]),
        ("A;", "0;1", "x;", [["A"], [None]]),  # empty slots counted
        ("A;B", "0;1", "x;;y", [["A"], [None], ["B"]]),  # and left out
        ("A;B", "1", "x;y", [[None], [None]]),  # an index that has lost slots
        ("A;B", "0;;", "x;y;z", [["A"], [None], [None]]),
        ("A;B", "0;1", "x+y;z", [[None, None], ["B"]]),  # one code for two addresses
        ("A", "7;0", "x;y", [[None], ["A"]]),  # a code that is none
        ("A", "one;-1", "x;y", [[None], [None]]),
        ("Unknown;B", "0;1", "x;y", [[None], ["B"]]),
        ("", "", "x", [[None]]),
    ],
)
def test_an_index_is_used_where_it_fits(
    values: str, index: str, slots: str, expected: list[list[str | None]]
) -> None:
    assert by_slot(values, index, slots_of(slots)) == expected


def test_authors_are_told_only_where_there_are_as_many_as_slots(tmp_path: Path) -> None:
    line = "oak,2011,7,On Alders,Poster,Ann;Bo;Cy,Alder U;Birch U,,,,,,,HEAD"
    assert read(tmp_path, line)["affiliations"].frame["author"].to_list() == [None, None]


@pytest.mark.parametrize(
    ("names", "count"),
    [("Ann", 1), ("Ann;Ann", 1), ("Ann;Bo", 2), ("Ann;Bo;Ann", 3), ("Ann; Bo;Ann;Bo", 2), ("", 1)],
)
def test_a_list_of_authors_may_be_written_twice(names: str, count: int) -> None:
    assert authors_of(names) == count


def test_what_the_address_says_is_not_supplied() -> None:
    assert address_with("Alder U, ALDERTON", "Alderton", None) == "Alder U, ALDERTON"
    assert address_with("", "Alderton") == ""


def test_papers_that_did_not_appear_and_titles_that_are_none(tmp_path: Path) -> None:
    parts = read(
        tmp_path,
        "oak,2011,1,On Alders,Desk Reject,Ann,Alder U;Birch U,,,,,,,HEAD",
        "oak,2011,,Poster,Poster,Ann,Alder U,,,,,,,HEAD",
        more=("elm,2012,,On Elms,Oral,Ann,Elm U,,,,,,,HEAD",),
    )
    works = parts["works"]
    assert works.rows_in == 3
    assert works.rejects.select("row", "column", "value").rows() == [(1, "status", "Desk Reject")]
    assert works.frame.select("row", "work", "title").rows() == [
        (2, "oak-2011-row2", ""),
        (3, "elm-2012-row3", "On Elms"),
    ]
    affiliations = parts["affiliations"]
    assert affiliations.frame.select("row", "work").rows() == [(3, "oak-2011-row2"), (4, "elm-2012-row3")]
    assert affiliations.rejects["row"].to_list() == [1, 2]


def test_a_paper_listed_again_is_no_second_work(tmp_path: Path) -> None:
    line = "oak,2011,1,On Alders,Poster,Ann,Alder U,,,,,,,HEAD"
    works = admit(read(tmp_path, line, line)["works"])
    assert works.frame.height == 1
    assert works.quarantine["reason"].to_list() == ["the same as row 1"]


@pytest.mark.real
def test_the_real_lists() -> None:
    data = Path(os.environ.get("COSMOPOLIS_DATA", Path(__file__).parents[3] / "shared" / "data"))
    folder = data / "paperlists"
    if not folder.is_dir():
        pytest.skip(f"{folder} is not there; COSMOPOLIS_DATA names the folder that holds paperlists")
    works, affiliations = (
        admit(raw) for raw in paperlists.read({name: folder / name for name in paperlists.FILES})
    )
    # counted from the files apart, with a plain reader of CSV: 108,526 lines, 2,382 of them not published
    assert works.rows_in == 108_526
    assert works.quarantine.filter(works.quarantine["column"] == "status").height == 2_382
    years = works.frame.group_by("venue", "year").len()
    counted = {(venue, year): count for venue, year, count in years.iter_rows()}
    assert (counted["icra", 2016], counted["iros", 2016], counted["cvpr", 2024]) == (48, 825, 2_708)
    assert ("nips", 2023) not in counted
    assert set(affiliations.frame["work"]) <= set(works.frame["work"])
    assert affiliations.rows_in == affiliations.frame.height + affiliations.quarantine["row"].n_unique()
