"""Country pairs: a Stata file, old codes, broken rows, and the real file."""

import sys
from pathlib import Path
from typing import Any

import polars as pl
import pyreadstat
import pytest

from cosmopolis.errors import FormatError, SourceUnavailableError
from cosmopolis.ledger import Ledger
from cosmopolis.records import admit
from cosmopolis.sources import cepii_geodist, readers
from cosmopolis.sources.raw import Raw

COLUMNS = ("iso_o", "iso_d", "contig", "comlang_off", "colony", "dist", "distcap")
GOOD = [("XAA", "XBB", 1, 0, 0, 12.5, 13.0), ("XBB", "XAA", 1, 0, 0, 12.5, 13.0)]


def _write(folder: Path, rows: list[tuple[Any, ...]], columns: tuple[str, ...] = COLUMNS) -> dict[str, Path]:
    path = folder / cepii_geodist.FILE
    pyreadstat.write_dta(pl.DataFrame(rows, schema=list(columns), orient="row"), str(path))
    return {path.name: path}


def _read(folder: Path, rows: list[tuple[Any, ...]]) -> Raw:
    (raw,) = readers.read("cepii-geodist", _write(folder, rows))
    return raw


def test_pairs_and_codes_of_old(tmp_path: Path) -> None:
    raw = _read(tmp_path, [*GOOD, ("ROM", "ZAR", 0, 1, 1, 5000.0, 5100.0)])
    assert (raw.part, raw.table, raw.rows_in) == ("pairs", "country_pair", 3)
    assert admit(raw).frame.rows() == [
        (1, "XAA", "XBB", 1, 0, 0, 12.5),
        (2, "XBB", "XAA", 1, 0, 0, 12.5),
        (3, "ROU", "COD", 0, 1, 1, 5000.0),
    ]


@pytest.mark.parametrize(
    ("row", "column"),
    [
        (("XA", "XBC", 0, 0, 0, 1.0, 1.0), "origin"),
        (("XAA", "", 0, 0, 0, 1.0, 1.0), "destination"),
        (("XAA", "XBC", 2, 0, 0, 1.0, 1.0), "contiguous"),
        (("XAA", "XBC", 0, None, 0, 1.0, 1.0), "common_language"),
        (("XAA", "XBC", 0, 0, -1, 1.0, 1.0), "colony"),
        (("XAA", "XBC", 0, 0, 0, -1.0, 1.0), "distance_km"),
        (("XAA", "XBB", 0, 0, 0, 1.0, 1.0), "origin+destination"),
    ],
)
def test_a_broken_row_is_counted_and_quarantined(tmp_path: Path, row: tuple[Any, ...], column: str) -> None:
    admitted = admit(_read(tmp_path, [GOOD[0], row, GOOD[1]]))
    ledger = Ledger()
    ledger.use("cepii-geodist", "pairs", ledger.open(admitted)["row"])
    assert ledger.entries()["cepii-geodist"]["rows_in"] == 3
    assert admitted.quarantine.select("row", "column").rows() == [(2, column)]


def test_a_file_without_a_column(tmp_path: Path) -> None:
    files = _write(tmp_path, [("XAA", "XBB", 1)], ("iso_o", "iso_d", "contig"))
    with pytest.raises(FormatError, match=r"dist_cepii\.dta has no column 'comlang_off', but expected"):
        cepii_geodist.read(files)


@pytest.mark.parametrize(
    ("content", "got"),
    [
        (b"", "is empty"),
        (b"<!DOCTYPE html><html></html>", "is a web page"),
        (bytes(range(256)), "cannot be read"),
    ],
)
def test_a_file_that_is_something_else(tmp_path: Path, content: bytes, got: str) -> None:
    path = tmp_path / cepii_geodist.FILE
    path.write_bytes(content)
    with pytest.raises(FormatError, match=got):
        cepii_geodist.read({path.name: path})


def test_a_file_that_is_cut_off_is_never_read_in_part(tmp_path: Path) -> None:
    files = _write(tmp_path, GOOD * 40)
    content = files[cepii_geodist.FILE].read_bytes()
    (whole,) = cepii_geodist.read(files)
    for length in range(1, len(content), max(1, len(content) // 60)):
        files[cepii_geodist.FILE].write_bytes(content[:length])
        try:
            (raw,) = cepii_geodist.read(files)
        except FormatError:
            continue
        assert raw.frame.equals(whole.frame)  # only what follows the rows was cut


def test_without_the_library_the_error_says_what_to_do(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    files = _write(tmp_path, GOOD)
    monkeypatch.setitem(sys.modules, "pyreadstat", None)
    with pytest.raises(SourceUnavailableError, match="needs pyreadstat: install it"):
        cepii_geodist.read(files)


@pytest.mark.real
def test_the_real_file(real_files: tuple[Path, ...]) -> None:
    """Every ordered pair of 224; facts that anybody can look up."""
    found = [folder / "cepii-geodist" / cepii_geodist.FILE for folder in real_files]
    paths = [path for path in found if path.is_file()]
    if not paths:
        pytest.skip("the file of CEPII GeoDist is neither in the mirror nor in the cache")
    (raw,) = cepii_geodist.read({cepii_geodist.FILE: paths[0]})
    admitted = admit(raw)
    assert (raw.rows_in, admitted.quarantine.height) == (224 * 224, 0)
    pairs = {(a, b): rest for _, a, b, *rest in admitted.frame.rows()}
    assert pairs["CHN", "SGP"][1] == 1
    assert pairs["CHN", "USA"][:3] == [0, 0, 0]
    assert pairs["ROU", "HUN"][0] == 1
    assert pairs["GBR", "IND"][2] == 1
    for (a, b), (contiguous, language, colony, km) in pairs.items():
        assert pairs[b, a] == [contiguous, language, colony, pytest.approx(km, rel=1e-6)]
