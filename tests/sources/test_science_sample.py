"""The sample of works: whose affiliation is whose, and in which country."""

import csv
from pathlib import Path

import pytest

from cosmopolis.errors import FormatError
from cosmopolis.records import admit
from cosmopolis.sources import science_sample
from cosmopolis.sources.raw import Raw

COLUMNS = ("id", "title", "publication_year", *(f"authorships.{name}" for name in ("author_position", "institutions", "countries", "affiliations")))  # fmt: skip # noqa: E501
ALDER = (
    "{'id': 'https://openalex.org/I1', 'display_name': 'Alder U', 'country_code': 'XA', 'lineage': ['I1']}"
)
BIRCH = (
    "{'id': 'https://openalex.org/I2', 'display_name': 'Birch U', 'country_code': 'XB', 'lineage': ['I2']}"
)


def _at(text: str, *institutions: int) -> str:
    ids = [f"https://openalex.org/I{number}" for number in institutions]
    return str({"raw_affiliation_string": text, "institution_ids": ids})


def _read(folder: Path, *works: tuple[str, ...]) -> Raw:
    path = folder / science_sample.FILE
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(COLUMNS)
        writer.writerows((f"https://openalex.org/W{n}", *work) for n, work in enumerate(works, start=1))
    (raw,) = science_sample.read({science_sample.FILE: path})
    return raw


def test_one_slot_for_each_author(tmp_path: Path) -> None:
    slots = f"{_at('Dept of Wood | Alder U', 1)}||{_at('Free lance')}"
    raw = _read(tmp_path, ("On\nbark", "2021", "first|middle|last", ALDER, "XA||XC", slots))
    assert (raw.part, raw.table, raw.rows_in) == ("affiliations", "affiliation", 3)
    admitted = admit(raw)
    work = "https://openalex.org/W1"
    assert admitted.frame.rows() == [
        (1, work, 2021, 1, "Dept of Wood | Alder U", "XA", None, None),
        (3, work, 2021, 3, "Free lance", "XC", None, None),
    ]
    assert admitted.quarantine.select("row", "reason").rows() == [
        (2, "text is missing: affiliation, organisation, institution and city are all empty")
    ]


def test_more_slots_than_authors_hide_the_author(tmp_path: Path) -> None:
    slots = "|".join((_at("Alder U", 1), _at("Both", 1, 2), _at("Nowhere")))
    raw = _read(tmp_path, ("Leaves", "2022", "first|last", f"{ALDER}|{BIRCH}", "XA|XB", slots))
    assert admit(raw).frame.select("author", "text", "country").rows() == [
        (None, "Alder U", "XA"),
        (None, "Both", None),
        (None, "Nowhere", None),
    ]


def test_a_work_without_affiliation_is_one_row(tmp_path: Path) -> None:
    raw = _read(
        tmp_path, ("Roots", "1926", "first", "", "", ""), ("Twigs", "2001", "first|last", "", "|", "|")
    )
    assert raw.rows_in == 2
    assert raw.rejects.select("row", "column", "value", "reason").rows() == [
        (1, "text", "https://openalex.org/W1", "text is missing: the work has no affiliation"),
        (2, "text", "https://openalex.org/W2", "text is missing: the work has no affiliation"),
    ]


def test_an_open_quotation_mark_costs_one_work(tmp_path: Path) -> None:
    path = tmp_path / science_sample.FILE
    good = f'https://openalex.org/W2,Bark,2020,first,"{ALDER}",XA,"{_at("Alder U", 1)}"\n'
    bad = 'https://openalex.org/W1,"Bark,2020,first,,,\n'
    path.write_text(",".join(COLUMNS) + "\n" + bad + good, encoding="utf-8")
    (raw,) = science_sample.read({science_sample.FILE: path})
    assert raw.frame["row"].to_list() == [2]
    assert raw.rejects.select("row", "column").rows() == [(1, "id")]


def test_a_missing_column_is_named(tmp_path: Path) -> None:
    path = tmp_path / science_sample.FILE
    path.write_text("id,publication_years\n", encoding="utf-8")
    with pytest.raises(FormatError, match=r"no column 'publication_year'.*did you mean 'publication_years'"):
        science_sample.read({science_sample.FILE: path})
