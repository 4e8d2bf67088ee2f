"""Service values of GaWC in Pajek's form: an invented network, broken ones, the real one's known answers."""

import os
import tomllib
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from cosmopolis.errors import FormatError
from cosmopolis.networks import interlocking
from cosmopolis.records import admit
from cosmopolis.sources import gawc_2000

GOLDEN: dict[str, Any] = tomllib.loads(
    (Path(__file__).parents[1] / "golden" / "production.toml").read_text(encoding="utf-8")
)["interlocking"]["gawc_2000"]

MATRIX = '% by hand\r\n*vertices 5 2\r\n 1 "Alder"\r\n 2 "Barcelona"\r\n 3 "Acme"\r\n 4 "J & Co"\r\n 5 "Bosk\r\n*matrix\r\n 5 0 2\r\n 0 4 1\r\n'  # noqa: E501
SECTORS = "% 0 - city\r\n*vertices 5\r\n 0\r\n 0\r\n 5\r\n 3\r\n 5\r\n"


def _files(folder: Path, matrix: str = MATRIX, sectors: str = SECTORS) -> dict[str, Path]:
    texts = {gawc_2000.MATRIX: matrix, gawc_2000.SECTORS: sectors}
    for name, text in texts.items():
        (folder / name).write_bytes(text.encode())
    return {name: folder / name for name in texts}


def test_a_cell_of_the_matrix_is_a_row(tmp_path: Path) -> None:
    (raw,) = gawc_2000.read(_files(tmp_path))
    admitted = admit(raw)
    assert admitted.quarantine.is_empty()
    assert admitted.frame.select("row", "year", "city", "country", "firm", "value", "sector").rows() == [
        (1, 2000, "Alder", None, "Acme", 5.0, "law"),
        (2, 2000, "Alder", None, "J & Co", 0.0, "banking and finance"),
        (3, 2000, "Alder", None, "Bosk", 2.0, "law"),
        (4, 2000, "Barcelona", "ES", "Acme", 0.0, "law"),
        (5, 2000, "Barcelona", "ES", "J & Co", 4.0, "banking and finance"),
        (6, 2000, "Barcelona", "ES", "Bosk", 1.0, "law"),
    ]


@pytest.mark.parametrize(
    ("old", "new", "row", "column"),
    [
        ("5 0 2", "5 0", 1, "value"),
        ("0 4 1", "0 4 1 1", 4, "value"),
        ("0 4 1", "0 four 1", 5, "value"),
        ("0 4 1", "0 9 1", 5, "value"),
        ("0 4 1\r\n", "0 4 1\r\n1 1 1\r\n", 7, "row"),
    ],
)
def test_a_broken_line_costs_itself_alone(tmp_path: Path, old: str, new: str, row: int, column: str) -> None:
    (raw,) = gawc_2000.read(_files(tmp_path, MATRIX.replace(old, new)))
    admitted = admit(raw)
    assert admitted.quarantine.select("row", "column").rows() == [(row, column)]
    assert admitted.rows_in == admitted.frame.height + 1


@pytest.mark.parametrize(
    ("matrix", "sectors", "words"),
    [
        ("", SECTORS, "is empty"),
        ("<html>", SECTORS, "is a web page"),
        ('["gone"]', SECTORS, "begins with"),
        (MATRIX.replace("*vertices 5 2", "*vertices 5 5"), SECTORS, "labels for 5 vertices"),
        (MATRIX.replace("*vertices 5 2", "*vertices 7 2"), SECTORS, "5 labels for 7 vertices"),
        (MATRIX.replace("*matrix", "*arcs"), SECTORS, r"has no \*matrix"),
        (MATRIX[: MATRIX.index(" 0 4 1")], SECTORS, "breaks off after 1 of 2 lines"),
        (MATRIX, SECTORS[:-3], "has 4 numbers, but expected a partition of Pajek with 5"),
        (MATRIX, "gone", "has 0 numbers"),
    ],
)
def test_a_file_that_is_something_else(tmp_path: Path, matrix: str, sectors: str, words: str) -> None:
    with pytest.raises(FormatError, match=words) as caught:
        gawc_2000.read(_files(tmp_path, matrix, sectors))
    assert "cosmopolis sources pull gawc-2000" in str(caught.value)


@pytest.mark.real
def test_the_known_connectivities() -> None:
    data = Path(os.environ.get("COSMOPOLIS_DATA", Path(__file__).parents[3] / "shared" / "data"))
    files = {name: data / gawc_2000.SOURCE / name for name in (gawc_2000.MATRIX, gawc_2000.SECTORS)}
    if not all(path.is_file() for path in files.values()):
        pytest.skip(f"COSMOPOLIS_DATA names no folder that holds {gawc_2000.SOURCE} with {sorted(files)}")
    (raw,) = gawc_2000.read(files)
    admitted = admit(raw)
    assert (admitted.frame.height, admitted.quarantine.height) == (315 * 100, 0)
    assert set(gawc_2000.COUNTRY_OF) <= set(admitted.frame["city"])
    one = interlocking.roster(admitted.frame)
    assert (len(one.cities), len(one.firms), len(one.value)) == (315, 100, GOLDEN["offices"])
    found = interlocking.connectivity(one)
    first = found.head(len(GOLDEN["gnc"]))
    assert dict(first.select("city", "gnc").iter_rows()) == GOLDEN["gnc"]
    sums = interlocking.by_sector(one).group_by("city").agg(pl.col("gnc").sum())
    both = found.join(sums, on="city", suffix="_sectors")
    assert both["gnc"].equals(both["gnc_sectors"], check_names=False)
    firms = admitted.frame.unique("firm")["sector"].value_counts().sort("sector")
    assert firms["count"].to_list() == [
        18,
        15,
        23,
        11,
        16,
        17,
    ]  # as `sort WorldCities.clu | uniq -c` has them
