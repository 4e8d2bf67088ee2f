"""Apple's supplier lists: what each row says of where, and what may go wrong with a row."""

from pathlib import Path

import polars as pl
import pytest
from real_mirror import DATA

from cosmopolis.errors import FormatError, UnknownNameError
from cosmopolis.records import Admitted, admit
from cosmopolis.sources import apple_suppliers

HEAD = "year,supplier_name,country_area,country,supplier_address\n"


def _read(folder: Path, text: str) -> Admitted:
    path = folder / apple_suppliers.FILE
    path.write_text(text, encoding="utf-8")
    (raw,) = apple_suppliers.read({path.name: path})
    admitted = admit(raw)
    assert admitted.frame.height + admitted.quarantine["row"].n_unique() == admitted.rows_in
    return admitted


@pytest.mark.parametrize(
    ("row", "told"),
    [
        (
            "2018,Elm,歐洲,France,1 Rue Verte Nantes France",
            ("1 Rue Verte Nantes France", "FR", None, "address"),
        ),
        ("2020,Elm,中港澳,China,Guangdong", ("Guangdong", "CN", "Guangdong", "division")),
        ("2020,Elm,東北亞（不含中港澳台）,Japan,Tok yo", ("Tokyo", "JP", "Tokyo", "division")),
        (
            "2021,Elm,歐洲,France,Auvergne-Rhône- Alpes",
            ("Auvergne-Rhône-Alpes", "FR", "Auvergne-Rhône-Alpes", "division"),
        ),
        ("2021,Elm,歐洲,Netherlands,Nijmegen", ("Nijmegen", "NL", None, "city")),
        ("2020,Elm,西亞,Israel,NA", ("Israel", "IL", None, "country")),
        ("2016,Elm,西亞,Israel,", ("Israel", "IL", None, "country")),
        ("2022,Elm,東南亞,Singapore,Singapore", ("Singapore", "SG", None, "country")),
    ],
)
def test_each_row_says_how_precise_it_is(tmp_path: Path, row: str, told: tuple[str | None, ...]) -> None:
    admitted = _read(tmp_path, HEAD + row + "\n")
    assert admitted.frame.select("text", "country", "division", "precision").row(0) == told


def test_a_name_over_two_lines_is_one_row(tmp_path: Path) -> None:
    admitted = _read(
        tmp_path,
        HEAD
        + '2020,"Elm Holdings\nIncorporated",中港澳,China,"\nJiangsu"\r\n'
        + "2020,Oak (continued),歐洲,Malta,NA\n",
    )
    assert admitted.frame.select("row", "supplier", "text").rows() == [
        (1, "Elm Holdings Incorporated", "Jiangsu"),
        (2, "Oak", "Malta"),
    ]


@pytest.mark.parametrize(
    ("broken", "column", "reason"),
    [
        ('2018,"Elm,歐洲,France,Nantes', "row", "row is not a line of CSV"),
        ("2018,Elm,歐洲,France", "supplier_address", "supplier_address is out of place"),
        ("2018,Elm,歐洲,Arborea,Alder", "country", "country is not one of those of the list"),
        ("2018,,歐洲,France,Nantes", "supplier", "supplier is missing"),
        ("201x,Elm,歐洲,France,Nantes", "year", "year is not"),
        ("18,Elm,歐洲,France,Nantes", "year", "year is"),
    ],
)
def test_a_broken_row_is_quarantined_and_the_others_are_used(
    tmp_path: Path, broken: str, column: str, reason: str
) -> None:
    good = "2018,Elm,歐洲,France,1 Rue Verte Nantes France\n"
    admitted = _read(tmp_path, HEAD + good + broken + "\n" + good * 5)
    assert admitted.frame["row"].to_list() == [1, 3, 4, 5, 6, 7]
    (line,) = admitted.quarantine.select("row", "column", "reason").rows()
    assert line[:2] == (2, column)
    assert line[2].startswith(reason)


def test_another_file_is_refused(tmp_path: Path) -> None:
    path = tmp_path / apple_suppliers.FILE
    path.write_text("year,supplier\n2018,Elm\n", encoding="utf-8")
    with pytest.raises(FormatError, match=r"has the columns year, supplier, but expected a CSV file with"):
        apple_suppliers.read({path.name: path})
    with pytest.raises(UnknownNameError, match="apple-supplier-list"):
        apple_suppliers.read({})


@pytest.mark.real
def test_the_real_lists(real_files: tuple[Path, ...]) -> None:
    places = [*real_files, DATA]
    found = [p for place in places if (p := place / apple_suppliers.SOURCE / apple_suppliers.FILE).is_file()]
    if not found:
        pytest.skip("apple-supplier-list.csv is not on this machine: COSMOPOLIS_DATA names its folder")
    (raw,) = apple_suppliers.read({apple_suppliers.FILE: found[0]})
    admitted = admit(raw)
    assert admitted.rows_in == 7558  # data/INDEX.md of the file
    assert admitted.quarantine.is_empty()
    rows = admitted.frame
    assert sorted(rows["year"].unique()) == [*range(2012, 2019), 2020, 2021, 2022]
    early = rows.filter(pl.col("year") <= apple_suppliers.LAST_YEAR_OF_ADDRESSES)
    late = rows.filter(pl.col("year") > apple_suppliers.LAST_YEAR_OF_ADDRESSES)
    assert early["precision"].unique().to_list() == ["address"]
    assert "address" not in late["precision"]
    without = late.filter((pl.col("year") == 2020) & (pl.col("precision") == "country"))
    assert without.height == 16
