"""Patent classes of metropolitan areas: matrices whose rows and columns are lines of two lists."""

import gzip
from collections.abc import Mapping
from pathlib import Path

import polars as pl
import pytest
from scipy.io import mmread

from cosmopolis.errors import FormatError
from cosmopolis.records import Admitted, admit
from cosmopolis.sources import patents_metro_cpc

HEAD = "%%MatrixMarket matrix coordinate real general\n%\n"
AREAS = "MA,cntr,GDPpc_1990\nAlder [Ash]_XA,XA,1\nBirch_XB,XB,2\nCedar_XC,XC,3\nBirch_XB,XB,2\n"
CLASSES = "4D_tec\nA01B\nA01C\n"


def _save(folder: Path, matrices: Mapping[str, str]) -> dict[str, Path]:
    texts = {patents_metro_cpc.AREAS: AREAS, patents_metro_cpc.CLASSES: CLASSES, **matrices}
    paths = {}
    for name, text in texts.items():
        path = folder / name.replace("/", "-")
        path.write_bytes(gzip.compress(text.encode()) if name.endswith(".gz") else text.encode())
        paths[name] = path
    return paths


def _admitted(files: Mapping[str, Path]) -> tuple[pl.DataFrame, pl.DataFrame, int]:
    parts: list[Admitted] = [admit(raw) for raw in patents_metro_cpc.read(files)]
    assert {part.part for part in parts} == {"counts"}
    frame, away = (pl.concat([getattr(part, name) for part in parts]) for name in ("frame", "quarantine"))
    return frame, away, sum(part.rows_in for part in parts)


def test_numbers_become_names_and_rows_go_on_over_the_years(tmp_path: Path) -> None:
    matrices = {
        "folder/MA_tec_anno_2011.mtx.gz": f"{HEAD}4 2 1\n3 2 7.000000000000000e+00\n",
        "folder/MA_tec_anno_2009.mtx.gz": f"{HEAD}4 2 2\n1 1 4.0\n3 1 1.5\n",
    }
    frame, away, rows_in = _admitted(_save(tmp_path, matrices))
    assert frame.rows() == [
        (1, "Alder [Ash]", "XA", 2009, "A01B", 4.0),
        (2, "Cedar", "XC", 2009, "A01B", 1.5),
        (3, "Cedar", "XC", 2011, "A01C", 7.0),
    ]
    assert (away.height, rows_in) == (0, 3)


def test_areas_of_one_name_are_not_told_apart(tmp_path: Path) -> None:
    matrix = f"{HEAD}4 2 3\n2 1 1\n4 1 2\n1 1 3\n"
    frame, away, rows_in = _admitted(_save(tmp_path, {"MA_tec_anno_2009.mtx.gz": matrix}))
    assert frame["row"].to_list() == [3]
    assert away.select("row", "column", "value").rows() == [(1, "area", "Birch_XB"), (2, "area", "Birch_XB")]
    assert set(away["reason"]) == {"area is one of 2 that the list calls Birch_XB"}
    assert rows_in == 3


def test_a_matrix_that_is_cut_short_says_so(tmp_path: Path) -> None:
    matrix = f"{HEAD}4 2 3\n1 1 1\n1 2 2\n"
    frame, away, rows_in = _admitted(_save(tmp_path, {"MA_tec_anno_2009.mtx.gz": matrix}))
    assert frame.height == 2
    assert away.select("row", "column", "value").rows() == [(3, "row", "2009")]
    assert "announces 3 entries and has 2" in away["reason"].item()
    assert rows_in == 3


@pytest.mark.parametrize(
    ("matrix", "message"),
    [
        (f"{HEAD}4 3 1\n1 1 1\n", "4 × 3, but expected 4 areas × 2 classes"),
        (f"{HEAD}4 2\n1 1 1\n", "but expected 4 areas × 2 classes"),
        ("1 1 1\n", "a MatrixMarket file"),
        (HEAD, "but expected 4 areas × 2 classes"),
    ],
)
def test_a_matrix_that_does_not_fit_the_lists(tmp_path: Path, matrix: str, message: str) -> None:
    with pytest.raises(FormatError, match=message):
        _admitted(_save(tmp_path, {"MA_tec_anno_2009.mtx.gz": matrix}))


def test_no_matrix_at_all(tmp_path: Path) -> None:
    with pytest.raises(FormatError, match=r"expected a file such as 'MA_tec_anno_2010\.mtx\.gz'"):
        _admitted(_save(tmp_path, {}))


@pytest.mark.real
def test_the_real_counts_are_those_that_scipy_reads(real_files: tuple[Path, ...]) -> None:
    homes = [folder / "patents-metro-cpc" for folder in real_files]
    home = next((folder for folder in homes if (folder / patents_metro_cpc.AREAS).is_file()), None)
    if home is None:
        pytest.skip("no mirror with patents-metro-cpc (COSMOPOLIS_MIRROR)")
    name = "MA_x_cpc4/MA_tec_anno_2010.mtx.gz"
    lists = (patents_metro_cpc.AREAS, patents_metro_cpc.CLASSES)
    frame, away, rows_in = _admitted({file: home / file for file in (name, *lists)})
    with gzip.open(home / name) as stream:
        matrix = mmread(stream).tocsr()
    assert rows_in == matrix.nnz
    areas = (home / patents_metro_cpc.AREAS).read_text(encoding="utf-8").splitlines()[1:]
    names = [line.rpartition("]_")[0] or line for line in areas]
    tokyo = next(place for place, line in enumerate(names) if line.startswith("Tokyo_JP"))
    assert frame.filter(pl.col("area") == "Tokyo")["count"].sum() == matrix[tokyo].sum()
    doubled = [place for place, line in enumerate(areas) if line.startswith("Guangzhou_CN")]
    lost = away.filter(pl.col("value") == "Guangzhou_CN").height
    assert (len(doubled), lost) == (4, sum(matrix[place].nnz for place in doubled))
    in_2010 = dict(
        frame.group_by("area", "country")
        .agg(pl.col("count").sum())
        .select(pl.concat_str("area", "country", separator="_"), "count")
        .rows()
    )
    # what the catalogue says of homonyms
    assert 5 < in_2010["London_CA"] / in_2010["London_GB"] < 5.5
    assert 1.9 < in_2010["London_CA"] / in_2010["Toronto_CA"] < 2
    assert not {"San Diego_US", "Shenzhen_CN", "Hong Kong_CN"} & set(in_2010)
    assert 0.2 < in_2010["Tokyo_JP"] / matrix.sum() < 0.22
