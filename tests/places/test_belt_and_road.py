"""The Belt and Road table: what it holds, what it refuses, and who counts as a member when."""

from pathlib import Path

import polars as pl
import pytest

from cosmopolis.errors import SpecError
from cosmopolis.places import belt_and_road

HEADER = "country,document,signed,left,citation,url,note"
PAGE = "Invented Press, a page, 2020-01-01"
URL = "https://example.org/page"


def write(folder: Path, *rows: str, header: str = HEADER) -> Path:
    path = folder / "facts.csv"
    path.write_text("\n".join((header, *rows)) + "\n", encoding="utf-8")
    return path


def row(country: str, signed: str = "", left: str = "", document: str = "") -> str:
    return f'{country},{document},{signed},{left},"{PAGE}",{URL},'


def test_built_in_table_is_typed_sorted_and_cited() -> None:
    facts = belt_and_road.table()
    assert facts.schema == belt_and_road.FACTS_SCHEMA
    assert facts["country"].to_list() == sorted(set(facts["country"]))
    assert facts.select(pl.col("country", "citation", "url").null_count().cast(pl.Int64)).row(0) == (0, 0, 0)
    assert "CN" not in facts["country"]


def test_docstring_tells_how_complete_the_table_is() -> None:
    facts = belt_and_road.table()
    text = " ".join((belt_and_road.__doc__ or "").split())
    assert f"it has {facts.height} countries" in text
    assert f"of {facts['signed'].null_count()} signings is unknown" in text


def test_a_page_that_gives_no_kind_or_date_leaves_blanks() -> None:
    austria = belt_and_road.table().row(by_predicate=pl.col("country") == "AT", named=True)
    assert (austria["document"], austria["signed"], austria["year"], austria["left"]) == (None,) * 4
    assert "not published a confirmation" in austria["note"]


def test_those_that_left_are_members_only_before() -> None:
    assert "IT" not in belt_and_road.members(2018)
    assert "IT" in belt_and_road.members(2019)
    assert "IT" in belt_and_road.members(2022)
    assert "IT" not in belt_and_road.members(2023)
    assert {"IT", "PA"}.isdisjoint(belt_and_road.members())


def test_all_in_force_includes_those_of_unknown_date() -> None:
    facts = belt_and_road.table()
    assert belt_and_road.members() == facts.filter(pl.col("left").is_null())["country"].to_list()
    assert (
        len(belt_and_road.members(2100))
        == facts.filter(pl.col("year").is_not_null() & pl.col("left").is_null()).height
    )


def test_members_of_a_table_of_ones_own(tmp_path: Path) -> None:
    path = write(
        tmp_path, row("UY", "2018"), row("FJ", "2016-05", "2018-03"), row("AD"), row("LI", "2019-02-28")
    )
    facts = belt_and_road.read(path)
    assert facts["country"].to_list() == ["AD", "FJ", "LI", "UY"]
    assert facts["year"].to_list() == [None, 2016, 2019, 2018]
    assert belt_and_road.members(2015, facts=facts) == []
    assert belt_and_road.members(2017, facts=facts) == ["FJ"]
    assert belt_and_road.members(2018, facts=facts) == ["UY"]
    assert belt_and_road.members(2019, facts=facts) == ["LI", "UY"]
    assert belt_and_road.members(facts=facts) == ["AD", "LI", "UY"]


def test_an_empty_table_keeps_its_columns(tmp_path: Path) -> None:
    facts = belt_and_road.read(write(tmp_path))
    assert facts.schema == belt_and_road.FACTS_SCHEMA
    assert belt_and_road.members(facts=facts) == []


@pytest.mark.parametrize("code", ["", "ZZ", "EU", "UK", "fj", "FJI"])
def test_unknown_country_is_refused(tmp_path: Path, code: str) -> None:
    with pytest.raises(SpecError, match=r"line 3: country is .*ISO 3166-1"):
        belt_and_road.read(write(tmp_path, row("UY"), row(code)))


@pytest.mark.parametrize("column", ["signed", "left"])
@pytest.mark.parametrize(
    "text", ["2018-13", "2018-02-30", "18", "2018-1", "May 2018", "20180501", "2018-W05", "0000", "２０１８"]
)
def test_bad_date_is_refused(tmp_path: Path, column: str, text: str) -> None:
    with pytest.raises(SpecError, match=f"{column} is .*YYYY-MM-DD"):
        belt_and_road.read(write(tmp_path, row("UY", **{column: text})))


@pytest.mark.parametrize("text", ["2018", "2018-02", "2020-02-29"])
def test_good_date_is_kept_as_written(tmp_path: Path, text: str) -> None:
    facts = belt_and_road.read(write(tmp_path, row("UY", text)))
    assert facts["signed"].to_list() == [text]


def test_leaving_before_signing_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SpecError, match="before it signed"):
        belt_and_road.read(write(tmp_path, row("UY", "2018-05", "2017")))
    same_year = belt_and_road.read(write(tmp_path, row("UY", "2018-05", "2018")))
    assert belt_and_road.members(2018, facts=same_year) == []


@pytest.mark.parametrize("citation", ["", '"  "'])
def test_missing_citation_is_refused(tmp_path: Path, citation: str) -> None:
    with pytest.raises(SpecError, match="UY has no citation"):
        belt_and_road.read(write(tmp_path, f"UY,,,,{citation},{URL},"))


def test_missing_address_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SpecError, match="url is ''"):
        belt_and_road.read(write(tmp_path, f'UY,,,,"{PAGE}",,'))


def test_unknown_kind_of_document_is_refused_with_near_names(tmp_path: Path) -> None:
    with pytest.raises(SpecError, match="did you mean 'memorandum of understanding'"):
        belt_and_road.read(write(tmp_path, row("UY", document="memorandum of understandng")))


def test_second_row_of_a_country_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SpecError, match="line 3: UY has a row already"):
        belt_and_road.read(write(tmp_path, row("UY", "2018"), row("UY")))


def test_missing_column_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SpecError, match="no column citation, url"):
        belt_and_road.read(write(tmp_path, "UY,,,,", header="country,document,signed,left,note"))


def test_short_row_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SpecError, match="no citation"):
        belt_and_road.read(write(tmp_path, "UY,,2018"))


def test_comma_outside_quotes_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SpecError, match="more values than columns"):
        belt_and_road.read(write(tmp_path, f"UY,,2018,,Invented Press, a page,{URL},"))
