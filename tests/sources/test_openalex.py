"""OpenAlex: works and affiliations of the snapshot, in its present and its older shape."""

import gzip
import json
import os
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from openalex_works import author, institution, topic, work, write

from cosmopolis.records import Admitted, admit
from cosmopolis.sources import openalex
from cosmopolis.sources.lines import LineFile

ONE, TWO = institution(1, "XA", ror="041kmwe10"), institution(2, "XB")


def read(path: Path, *, block_bytes: int = 1000) -> dict[str, Admitted]:
    """Read a file in small blocks and put the blocks of each part together."""
    parts: dict[str, list[Admitted]] = {}
    for raw in openalex.read_lines(LineFile(path, name="part_0", block_bytes=block_bytes)):
        assert raw.rows_in == raw.frame.height + raw.rejects["row"].n_unique()
        parts.setdefault(raw.part, []).append(admit(raw))
    return {
        part: Admitted(
            source="openalex",
            part=part,
            frame=pl.concat([block.frame for block in blocks]),
            quarantine=pl.concat([block.quarantine for block in blocks]),
            rows_in=sum(block.rows_in for block in blocks),
        )
        for part, blocks in parts.items()
    }


def slots(tmp_path: Path, *authors: dict[str, Any]) -> list[tuple[Any, ...]]:
    found = read(write(tmp_path / "part_0.gz", [work(7, *authors)]))["affiliations"].frame
    return found.select("author", "text", "country", "organisation", "institution").rows()


def test_a_work_and_its_columns(tmp_path: Path) -> None:
    lines = [
        work(
            1,
            topics=[topic(5, 1702, 17), topic(6, 1702, 17), topic(7, 2204, 22)],
            keywords=[{"id": "https://openalex.org/keywords/robot-arm", "display_name": "Robot arm"}],
            cited_by_count=9,
            counts_by_year=[{"year": 2022, "cited_by_count": 4}, {"year": 2021, "cited_by_count": 5}],
            referenced_works=["https://openalex.org/W8", "https://openalex.org/W9"],
        ),
        work(2, title=None, primary_location=None, topics=[], keywords=None),
    ]
    found = read(write(tmp_path / "part_0.gz", lines))["works"]
    assert found.frame.rows() == [
        (
            *(1, "W1", 2020, "On 1", "Annals"),
            ["T5", "T6", "T7", "subfields/1702", "subfields/2204", "fields/17", "fields/22"],
            ["robot-arm"],
            *(9, [2022, 2021], [4, 5], ["W8", "W9"]),
        ),
        (2, "W2", 2020, "On 2", None, [], [], None, [], [], []),
    ]


def test_each_institution_of_an_author_with_the_address_that_names_it(tmp_path: Path) -> None:
    said = (("Lab A, Alder", [2, 1]), ("Lab B, Birch", [1]))
    assert slots(tmp_path, author(*said, at=(ONE, TWO)), author(("Birch", []), at=(TWO,))) == [
        (1, "Lab A, Alder", "XA", "Institute 1", "041kmwe10"),
        (1, "Lab A, Alder", "XB", "Institute 2", "I2"),
        (2, "Institute 2", "XB", "Institute 2", "I2"),
        (2, "Birch", "XB", None, None),
    ]


def test_an_address_without_institution_is_a_row_with_the_author_s_only_country(tmp_path: Path) -> None:
    assert slots(
        tmp_path,
        author(("Alder", []), ("Birch", []), countries=["XA"]),
        author(("Cedar", []), countries=["XA", "XB"]),
        author(("Alder", [1]), ("Elsewhere", []), at=(institution(1, None),)),
    ) == [
        (1, "Alder", "XA", None, None),
        (1, "Birch", "XA", None, None),
        (2, "Cedar", None, None, None),
        (3, "Alder", None, "Institute 1", "I1"),
        (3, "Elsewhere", None, None, None),
    ]


def test_an_institution_that_is_all_null_is_none(tmp_path: Path) -> None:
    names = ("id", "display_name", "ror", "country_code")
    empty: dict[str, Any] = {**dict.fromkeys(names), "lineage": []}
    said = [{"raw_affiliation_string": "Alder", "institution_ids": [None]}]
    assert slots(tmp_path, author(at=(empty,), affiliations=said), author(at=(empty, ONE))) == [
        (1, "Alder", None, None, None),
        (2, "Institute 1", "XA", "Institute 1", "041kmwe10"),
    ]


def test_an_author_of_whom_nothing_is_known_is_quarantined(tmp_path: Path) -> None:
    lines = [work(1, author(), author(("Alder", [])), author(("", [])))]
    found = read(write(tmp_path / "part_0.gz", lines))["affiliations"]
    assert found.rows_in == 3
    assert found.frame["row"].to_list() == [2]
    reason = "text is missing: the author has no affiliation"
    assert found.quarantine.select("row", "column", "value", "reason").rows() == [
        (1, "text", "W1, author 1", reason),
        (3, "text", "W1, author 3", reason),
    ]


def test_the_older_shape(tmp_path: Path) -> None:
    old = {
        "id": "https://openalex.org/W3",
        "display_name": "On 3",
        "publication_year": 2015,
        "host_venue": {"id": "https://openalex.org/V1", "display_name": "Acta"},
        "keywords": [{"keyword": "robots", "score": 0.5}],
        "primary_topic": {
            "id": "https://openalex.org/T5",
            "subfield": {"id": 1702},
            "field": {"id": 17},
        },
        "authorships": [
            {"institutions": [ONE], "raw_affiliation_string": "Lab, Alder"},
            {"institutions": [ONE, TWO], "raw_affiliation_string": "Lab, Alder; Birch"},
            {"institutions": [], "raw_affiliation_string": "Cedar"},
            {
                "institutions": [],
                "raw_affiliation_strings": ["Dogwood", "Elm"],
                "raw_affiliation_string": "x",
            },
            {"institutions": [], "raw_affiliation_string": None},
        ],
    }
    found = read(write(tmp_path / "part_0.gz", [old]))
    assert found["works"].frame.select("title", "venue", "topics", "keywords").rows() == [
        ("On 3", "Acta", ["T5", "subfields/1702", "fields/17"], ["robots"])
    ]
    assert found["affiliations"].frame.select("author", "text", "country", "institution").rows() == [
        (1, "Lab, Alder", "XA", "041kmwe10"),
        (2, "Institute 1", "XA", "041kmwe10"),
        (2, "Institute 2", "XB", "I2"),
        (3, "Cedar", None, None),
        (4, "Dogwood", None, None),
        (4, "Elm", None, None),
    ]
    assert found["affiliations"].quarantine["row"].to_list() == [7]


BROKEN = {
    "no JSON": ('{"id": "https://openalex.org/W9", ', "row", "the line is not JSON"),
    "a list": ("[1]", "row", "the line is not a work: Expected `object`, got `array`"),
    "no id": (json.dumps({"publication_year": 2020}), "row", "missing required field `id`"),
    "another year": (json.dumps(work(9, year="soon")), "row", "at `$.publication_year`"),
    "no year": (json.dumps(work(9, year=None)), "year", "year is missing"),
    "too early": (json.dumps(work(9, year=20)), "year", "year is below 1500"),
    "the same work": (json.dumps(work(1)), "work", "the same as row 1"),
    "half a letter": ('{"id": "\\ud800"}', "row", "the line is not JSON"),
    "a deep nest": ("[" * 5000, "row", "the line is not"),
}


@pytest.mark.parametrize("what", BROKEN)
def test_a_broken_line_costs_one_row(tmp_path: Path, what: str) -> None:
    text, column, reason = BROKEN[what]
    path = write(tmp_path / "part_0.gz", [work(1), text, "", work(3)])
    found = read(path, block_bytes=10_000_000)["works"]
    assert found.rows_in == 3
    assert found.frame["row"].to_list() == [1, 4]
    ((row, named, why),) = found.quarantine.select("row", "column", "reason").rows()
    assert (row, named) == (2, column)
    assert reason in why


def test_a_line_that_is_not_utf8(tmp_path: Path) -> None:
    good = json.dumps(work(1)).encode()
    (tmp_path / "part_0").write_bytes(good + b'\n{"id": "\xff"}\n' + good.replace(b"W1", b"W2"))
    found = read(tmp_path / "part_0", block_bytes=10_000_000)["works"]
    assert found.frame["row"].to_list() == [1, 3]
    assert found.quarantine["row"].to_list() == [2]


def test_half_a_file_is_used_up_to_the_break(tmp_path: Path) -> None:
    path = write(
        tmp_path / "part_0.gz", [work(number, author((f"Alder {number}", []))) for number in range(1, 3000)]
    )
    whole = path.read_bytes()
    path.write_bytes(whole[: len(whole) // 2])
    found = read(path, block_bytes=50_000)
    rows = found["works"].frame.height
    assert 0 < rows < 2999
    assert found["works"].frame["work"].to_list() == [f"W{number}" for number in range(1, rows + 1)]
    ((row, column, value, reason),) = (
        found["works"].quarantine.select("row", "column", "value", "reason").rows()
    )
    assert (row, column, value) == (rows + 1, "row", "part_0")
    assert "half a file" in reason
    assert f"the {rows} lines before were read" in reason
    assert found["affiliations"].frame["text"].to_list() == [
        f"Alder {number}" for number in range(1, rows + 1)
    ]


def test_a_web_page_in_place_of_a_part(tmp_path: Path) -> None:
    (tmp_path / "part_0").write_bytes(b"<!DOCTYPE html>\n<title>Gone</title>\n")
    found = read(tmp_path / "part_0")
    assert found["works"].rows_in == 2
    assert found["works"].frame.is_empty()
    assert found["affiliations"].rows_in == 0


@pytest.mark.parametrize("block_bytes", [300, 5000, 10_000_000])
def test_blocks_make_no_difference(tmp_path: Path, block_bytes: int) -> None:
    lines = [work(n, *[author((f"Alder {n}", [1]), at=(ONE,))] * (n % 4)) for n in range(1, 60)]
    path = write(tmp_path / "part_0.gz", [*lines[:20], "{", *lines[20:]])
    one, many = read(path, block_bytes=10_000_000), read(path, block_bytes=block_bytes)
    for part in ("works", "affiliations"):
        assert one[part].frame.equals(many[part].frame)
        assert one[part].quarantine.equals(many[part].quarantine)
        assert one[part].rows_in == many[part].rows_in


@pytest.mark.real
def test_real_works_by_an_independent_reading() -> None:
    data = Path(os.environ.get("COSMOPOLIS_DATA", Path(__file__).parents[3] / "shared" / "data"))
    path = data / "openalex-sample" / "works.jsonl.gz"
    if not path.is_file():
        pytest.skip(f"{path} is not there; COSMOPOLIS_DATA names the folder that holds openalex-sample")
    with gzip.open(path, "rt", encoding="utf-8") as stream:
        works = [json.loads(line) for line in stream]
    found = read(path, block_bytes=1_000_000)
    assert found["works"].rows_in == len(works)
    assert found["works"].frame["references"].list.len().sum() == sum(
        len(w["referenced_works"]) for w in works
    )
    assert found["works"].frame["citations"].sum() == sum(w["cited_by_count"] for w in works)
    people = [person for w in works for person in w["authorships"]]
    unknown = sum(not p["institutions"] and not p["raw_affiliation_strings"] for p in people)
    assert found["affiliations"].quarantine["reason"].value_counts().rows() == [
        ("text is missing: the author has no affiliation", unknown)
    ]
    named = found["affiliations"].frame.filter(pl.col("institution").is_not_null())
    assert named.height == sum(i["id"] is not None for p in people for i in p["institutions"])
    texts = found["affiliations"].frame.filter(pl.col("institution").is_null())
    assert texts.height == sum(not any(a["institution_ids"]) for p in people for a in p["affiliations"])
    rors = {i["ror"].removeprefix("https://ror.org/") for p in people for i in p["institutions"] if i["ror"]}
    assert {i for i in named["institution"] if not i.startswith("I")} == rors
