"""OpenAlex: institutions of the snapshot become organisations."""

import json
from pathlib import Path
from typing import Any

import pytest
from openalex_works import ADDRESS, institution, write

from cosmopolis.records import Admitted, admit
from cosmopolis.sources import openalex_institutions
from cosmopolis.sources.lines import LineFile


def seat(number: int, **other: Any) -> dict[str, Any]:  # noqa: ANN401
    return {
        **institution(number, "XA", ror=f"0aaaaaa{number:02d}"),
        "display_name_alternatives": ["Institut", f"Institute {number}", "Institut"],
        "display_name_acronyms": ["IN"],
        "geo": {
            "city": "Alder",
            "geonames_city_id": "11",
            "region": None,
            "country_code": "XA",
            "latitude": 1.5,
            "longitude": 2,
        },
        "associated_institutions": [],
        **other,
    }


def read(tmp_path: Path, *lines: Any) -> list[Admitted]:  # noqa: ANN401
    path = write(tmp_path / "part_0.gz", list(lines))
    return [admit(raw) for raw in openalex_institutions.read_lines(LineFile(path, name="part_0"))]


def test_an_institution_and_its_columns(tmp_path: Path) -> None:
    parents = [
        {"id": f"{ADDRESS}I7", "ror": "https://ror.org/0aaaaaa07", "relationship": "parent"},
        {"id": f"{ADDRESS}I8", "ror": None, "relationship": "parent"},
        {"id": f"{ADDRESS}I9", "ror": "https://ror.org/0aaaaaa09", "relationship": "child"},
    ]
    (found,) = read(tmp_path, seat(1, associated_institutions=parents))
    assert (found.part, found.rows_in) == ("organisations", 1)
    ((row, *cells),) = found.frame.rows()
    assert row == 1
    assert cells == [
        *("0aaaaaa01", "0aaaaaa01", "Institute 1", ["Institut", "IN"], ["education"]),
        *("XA", 11, "Alder", 1.5, 2.0, ["0aaaaaa07", "I8"]),
    ]


def test_without_ror_it_has_openalex_s_own_id_and_the_parents_of_its_lineage(tmp_path: Path) -> None:
    own = seat(1, ror=None, lineage=[f"{ADDRESS}I1", f"{ADDRESS}I5"], associated_institutions=None)
    (found,) = read(tmp_path, own)
    assert found.frame.select("organisation", "ror", "parents").rows() == [("I1", None, ["I5"])]


@pytest.mark.parametrize(
    ("line", "column"),
    [
        ("{", "row"),
        (json.dumps({"id": 3}), "row"),
        (json.dumps(seat(2, display_name=None)), "name"),
        (json.dumps(seat(2, country_code=None, geo=None)), "country"),
        (json.dumps(seat(2, country_code="xa")), "country"),
        (json.dumps(seat(1)), "organisation"),
        (json.dumps(seat(2, geo={"latitude": 91.0})), "latitude"),
    ],
)
def test_a_broken_line_costs_one_row(tmp_path: Path, line: str, column: str) -> None:
    (found,) = read(tmp_path, seat(1), line, seat(3))
    assert found.rows_in == 3
    assert found.frame["row"].to_list() == [1, 3]
    assert found.quarantine.select("row", "column").rows() == [(2, column)]


def test_half_a_file(tmp_path: Path) -> None:
    path = write(tmp_path / "part_0.gz", [seat(n) for n in range(1, 90)])
    path.write_bytes(path.read_bytes()[:-30])
    blocks = [admit(raw) for raw in openalex_institutions.read_lines(LineFile(path, name="part_0"))]
    rows = sum(block.frame.height for block in blocks)
    assert rows < 89
    assert blocks[-1].quarantine.select("row", "column").rows() == [(rows + 1, "row")]
