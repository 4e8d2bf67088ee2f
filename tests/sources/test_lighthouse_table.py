"""Lighthouse factories of one's own: columns in any order, one broken row of each kind, no file."""

from pathlib import Path

import polars as pl
import pytest

from cosmopolis.errors import FormatError, UnknownNameError
from cosmopolis.records import admit
from cosmopolis.sources import lighthouse_table, readers

GOOD = """Year,FIRM,factory,City,country,latitude,longitude,remarks
2019,Alder Works,Plant 1,Ash,XA,,,first of all
2021,"Bosk, AG",,,Birchland,48.1,11.6,
2022,Cedar Motors,Line 4,Cedar,Cedarland,,,
"""
BROKEN = """firm,year,city,country,latitude
,2020,Ash,XA,
Alder Works,,Ash,XA,
Alder Works,soon,Ash,XA,
Alder Works,2020,,,
Alder Works,2020,Ash,XA,98
"""


def _files(folder: Path, **texts: str) -> dict[str, Path]:
    paths = {f"{name}.csv": folder / f"{name}.csv" for name in texts}
    for name, text in texts.items():
        paths[f"{name}.csv"].write_text(text, encoding="utf-8")
    return paths


def test_a_table(tmp_path: Path) -> None:
    (raw,) = readers.read("lighthouse-table", _files(tmp_path, a=GOOD))
    assert (raw.part, raw.table) == ("factories", "lighthouse")
    assert admit(raw).frame.rows() == [
        (1, "Alder Works", "Plant 1", "Ash", "XA", None, None, 2019),
        (2, "Bosk, AG", None, "48.1 11.6", None, 48.1, 11.6, 2021),
        (3, "Cedar Motors", "Line 4", "Cedar, Cedarland", None, None, None, 2022),
    ]


def test_broken_rows_go_to_quarantine_each_with_its_column(tmp_path: Path) -> None:
    """And rows are numbered on through all files."""
    parts = [admit(raw) for raw in lighthouse_table.read(_files(tmp_path, a=GOOD, b=BROKEN))]
    away = pl.concat([part.quarantine for part in parts])
    assert away.select("row", "column").rows() == [
        (4, "firm"), (5, "year"), (6, "year"), (7, "text"), (8, "latitude"),
    ]  # fmt: skip
    assert away["reason"].null_count() == 0
    assert sum(part.rows_in for part in parts) == 8
    assert sum(part.frame.height for part in parts) == 3


def test_what_is_no_such_table(tmp_path: Path) -> None:
    with pytest.raises(UnknownNameError, match="at least one table"):
        lighthouse_table.read({})
    with pytest.raises(FormatError, match="'firm'"):
        list(lighthouse_table.read(_files(tmp_path, a="firms,year\nAlder Works,2020\n")))
