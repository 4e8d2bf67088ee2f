"""Votes and ideal points of the United Nations: years, codes of former states, and the real files."""

import gzip
import sys
from pathlib import Path
from typing import Any

import polars as pl
import pyreadstat
import pytest

from cosmopolis.errors import FormatError, SourceUnavailableError
from cosmopolis.records import admit
from cosmopolis.sources import un_ideal_points, un_votes
from cosmopolis.sources.catalog import load

CALLS = (
    '"rcid","session","importantvote","date","descr"\n'
    '3,1,0,1946-01-01,"A \\LONE MARK\\\\,""\n7,45,0,1990-01-01,"x"\n9,55,0,2000-01-01,"x"\n'
)
VOTES = """"rcid","country","country_code","vote"
3,"Arborea","XA","yes"
3,"Yugoslavia","YU","abstain"
7,"Federal Republic of Germany",,"no"
7,"Yemen Arab Republic",,"yes"
7,"Zanzibar",,"yes"
9,"Yugoslavia","YU","no"
9,"Namibia","NA","yes"
"""
POINTS = ("ccode", "iso3c", "countryname", "year", "idealpointall")
ROWS = [
    (678, "YAR", "Yemen Arab Republic", 1989.0, -0.5),
    (680, "YAR", "Yemen People's Republic", 1989.0, -1.5),
    (345, "YUG", "Yugoslavia", 1992.0, 0.25),
    (345, "YUG", "Yugoslavia", 2020.0, 0.5),
    (365, "RUS", "Russia", 1960.0, -2.0),
]
DATA = Path(__file__).parents[3] / "shared" / "data"


def _votes(folder: Path) -> dict[str, Path]:
    (folder / un_votes.VOTES).write_bytes(gzip.compress(VOTES.encode()))
    (folder / un_votes.ROLL_CALLS).write_bytes(gzip.compress(CALLS.encode()))
    return {name: folder / name for name in (un_votes.VOTES, un_votes.ROLL_CALLS)}


def _points(folder: Path, rows: list[tuple[Any, ...]]) -> pl.DataFrame:
    path = folder / un_ideal_points.FILE
    pyreadstat.write_dta(pl.DataFrame(rows, schema=list(POINTS), orient="row"), str(path))
    (raw,) = un_ideal_points.read({path.name: path})
    assert raw.rows_in == len(rows)
    return admit(raw).frame


def _real(source: str) -> dict[str, Path]:
    files = {file.name: DATA / source / file.name for file in load()[source].files}
    if not all(path.is_file() for path in files.values()):
        pytest.skip(f"the files of {source} are not in the folder of real data")
    return files


def test_votes_get_years_and_countries(tmp_path: Path) -> None:
    (raw,) = un_votes.read(_votes(tmp_path))
    admitted = admit(raw)
    assert admitted.frame.rows() == [
        (1, 3, 1946, "XA", 1),
        (2, 3, 1946, "YU", 2),
        (3, 7, 1990, "DE", 3),
        (4, 7, 1990, "YE", 1),
        (6, 9, 2000, "RS", 3),
        (7, 9, 2000, "NA", 1),  # Namibia, no missing value
    ]
    assert admitted.quarantine.select("row", "column", "reason").rows() == [
        (5, "country", "country is missing")
    ]


def test_roll_calls_that_are_another_table(tmp_path: Path) -> None:
    files = _votes(tmp_path)
    files[un_votes.ROLL_CALLS].write_bytes(gzip.compress(b"session,rcid\n1,3\n"))
    with pytest.raises(FormatError, match="begins with 'session,rcid', but expected a gzipped table"):
        un_votes.read(files)


def test_points_of_former_states(tmp_path: Path) -> None:
    assert _points(tmp_path, ROWS).rows() == [
        (1, 1989, "YEM", -0.5),
        (2, 1989, "YMD", -1.5),
        (3, 1992, "YUG", 0.25),
        (4, 2020, "SRB", 0.5),
        (5, 1960, "RUS", -2.0),
    ]


@pytest.mark.parametrize(
    ("row", "column"),
    [
        ((1, "", "", 2000.0, 1.0), "country"),
        ((1, "XA", "", 2000.0, 1.0), "country"),
        ((1, "XAA", "", 2000.5, 1.0), "year"),
        ((1, "XAA", "", 2000.0, None), "ideal_point"),
        ((365, "RUS", "Russia", 1960.0, 1.0), "year+country"),
    ],
)
def test_a_broken_point_is_quarantined(tmp_path: Path, row: tuple[Any, ...], column: str) -> None:
    path = tmp_path / un_ideal_points.FILE
    pyreadstat.write_dta(pl.DataFrame([*ROWS, row], schema=list(POINTS), orient="row"), str(path))
    (raw,) = un_ideal_points.read({path.name: path})
    assert admit(raw).quarantine.select("row", "column").rows() == [(6, column)]


def test_points_without_the_estimate(tmp_path: Path) -> None:
    path = tmp_path / un_ideal_points.FILE
    pyreadstat.write_dta(pl.DataFrame({"ccode": [1], "iso3c": ["XAA"], "year": [2000.0]}), str(path))
    with pytest.raises(FormatError, match="has no column 'idealpointall', but expected a Stata file"):
        un_ideal_points.read({path.name: path})


def test_without_the_library_the_error_says_what_to_do(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / un_ideal_points.FILE
    path.write_bytes(b"x")
    monkeypatch.setitem(sys.modules, "pyreadstat", None)
    with pytest.raises(
        SourceUnavailableError, match="the extra `stata`; without it measures do without ideal"
    ):
        un_ideal_points.read({path.name: path})


@pytest.mark.real
def test_the_real_votes() -> None:
    """Every vote is there, each in a roll call that is; countries vote in the years of their seats."""
    parts = [admit(raw) for raw in un_votes.read(_real("un-votes"))]
    votes = pl.concat([part.frame for part in parts])
    away = pl.concat([part.quarantine for part in parts])
    assert votes.height + away.height == 870_109
    assert away.select("column", "reason").unique().rows() == [("country", "country is missing")]
    assert (votes["roll_call"].n_unique(), votes["year"].min(), votes["year"].max()) == (6_203, 1946, 2019)
    assert votes.filter(year=1964)["roll_call"].n_unique() == 1  # session 19
    years = {code: votes.filter(country=code)["year"].to_list() for code in ("DD", "DE", "YU", "RS")}
    assert (min(years["DD"]), max(years["DD"])) == (1973, 1989)
    assert (min(years["DE"]), max(years["DE"])) == (1973, 2019)
    assert max(years["YU"]) <= 1992 < min(years["RS"])


@pytest.mark.real
def test_the_real_points() -> None:
    """The release of July 2025 is not that of April 2020 (USA 2.694793, Canada 1.416297 in 2019)."""
    (raw,) = un_ideal_points.read(_real("un-ideal-points"))
    admitted = admit(raw)
    assert (raw.rows_in, admitted.frame.height, admitted.quarantine.height) == (11_440, 11_232, 208)
    points = dict(admitted.frame.filter(year=2019).select("country", "ideal_point").iter_rows())
    assert points["USA"] == pytest.approx(2.546309, abs=5e-7)  # as the file has them
    assert points["CAN"] == pytest.approx(1.304510, abs=5e-7)
    assert max(points, key=lambda code: points[code]) in {"USA", "ISR"}
    assert not admitted.frame["country"].is_in(["YAR"]).any()
