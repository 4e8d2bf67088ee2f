"""Suppliers' sites of one's own: what a row says of where, and what may go wrong with one."""

from pathlib import Path

import polars as pl
import pytest

from cosmopolis.errors import FormatError, UnknownNameError
from cosmopolis.records import admit
from cosmopolis.sources import supplier_table

HEAD = "Customer,supplier,year,address,city,division,country,precision,latitude,longitude,note\n"


def _read(folder: Path, **texts: str) -> tuple[pl.DataFrame, pl.DataFrame]:
    for name, text in texts.items():
        (folder / f"{name}.csv").write_text(text, encoding="utf-8")
    files = {f"{name}.csv": folder / f"{name}.csv" for name in texts}
    parts = [admit(raw) for raw in supplier_table.read(files)]
    for part in parts:
        assert part.frame.height + part.quarantine["row"].n_unique() == part.rows_in
    return pl.concat([p.frame for p in parts]), pl.concat([p.quarantine for p in parts])


@pytest.mark.parametrize(
    ("row", "told"),
    [
        (
            "Oak,Elm,2020,1 Mill Lane,Alder,North,XA,,,,",
            ("1 Mill Lane, Alder, North", "XA", "North", "address"),
        ),
        ("Oak,Elm,2020,,Alder,,Arborea,,,,", ("Alder, Arborea", None, None, "city")),
        ("Oak,Elm,2020,,,Alder,XA,,,,", ("Alder", "XA", "Alder", "division")),
        ("Oak,Elm,2020,,,,XA,,,,", ("XA", "XA", None, "country")),
        ("Oak,Elm,2020,,,,,,10.5,10,", ("10.5 10", None, None, "address")),
        ("Oak,Elm,2020,,Alder,,XA,Division,,,", ("Alder", "XA", None, "division")),
    ],
)
def test_how_precise_a_row_is(tmp_path: Path, row: str, told: tuple[str | None, ...]) -> None:
    rows, away = _read(tmp_path, sites=HEAD + row + "\n")
    assert away.is_empty()
    assert rows.select("text", "country", "division", "precision").row(0) == told


def test_rows_are_numbered_through_all_files(tmp_path: Path) -> None:
    row = "Oak,Elm,2020,,Alder,,XA,,,,\n"
    rows, _ = _read(tmp_path, b=HEAD + row, a=HEAD + row * 2)
    assert rows["row"].to_list() == [1, 2, 3]


@pytest.mark.parametrize(
    ("broken", "column"),
    [
        (",Elm,2020,,Alder,,XA,,,,", "customer"),
        ("Oak,,2020,,Alder,,XA,,,,", "supplier"),
        ("Oak,Elm,soon,,Alder,,XA,,,,", "year"),
        ("Oak,Elm,2020,,,,,,,,", "text"),
        ("Oak,Elm,2020,,Alder,,XA,vague,,,", "precision"),
        ("Oak,Elm,2020,,Alder,,XA,,95,10,", "latitude"),
        ("Oak,Elm,2020,,Alder,,XA", "precision"),
    ],
)
def test_a_broken_row_is_quarantined_and_the_others_are_used(
    tmp_path: Path, broken: str, column: str
) -> None:
    good = "Oak,Elm,2020,,Alder,,XA,,,,\n"
    rows, away = _read(tmp_path, sites=HEAD + good + broken + "\n" + good)
    assert rows["row"].to_list() == [1, 3]
    assert away.select("row", "column").rows() == [(2, column)]
    assert away["reason"].item().startswith(f"{column} ")


def test_no_file_and_another_file(tmp_path: Path) -> None:
    with pytest.raises(UnknownNameError, match="at least one table"):
        supplier_table.read({})
    with pytest.raises(FormatError, match="has no column 'supplier'"):
        _read(tmp_path, sites="customer,suplier,year\nOak,Elm,2020\n")
