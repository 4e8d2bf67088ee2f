"""Networks of countries in Pajek's form."""

import os
import zipfile
from pathlib import Path

import polars as pl
import pytest

from cosmopolis.errors import FormatError
from cosmopolis.records import admit
from cosmopolis.sources import openalex_country_coauthorship as coauthorship

FIRST = (
    '\ufeff% mat2Pajek Tue \r\n*vertices 2 \r\n1 "XA"\r\n2 "XB"\r\n*arcs\r\n1 1 7 \r\n1 2 3 \r\n2 1 3 \r\n'
)
SECOND = '*vertices 3\r1 "XA"\r2 "XC"\r3 "XB"\r*arcs\r2 3 1\r'


def packed(folder: Path, **texts: str) -> dict[str, Path]:
    """Write networks into a zip file."""
    path = folder / coauthorship.FILE
    with zipfile.ZipFile(path, "w") as archive:
        for name, text in texts.items():
            archive.writestr(name.replace("__", "."), text)
    return {coauthorship.FILE: path}


def test_arcs_of_all_years_with_any_line_ends(tmp_path: Path) -> None:
    files = packed(
        tmp_path, WrldCo2012__net=SECOND, WrldCo2011__net=FIRST, WrldCo2011T__vec="7", notes__txt=""
    )
    (raw,) = coauthorship.read(files)
    assert admit(raw).frame.rows() == [
        (1, 2011, "XA", "XA", 7),
        (2, 2011, "XA", "XB", 3),
        (3, 2011, "XB", "XA", 3),
        (4, 2012, "XC", "XB", 1),
    ]


def test_a_zip_file_of_other_things(tmp_path: Path) -> None:
    with pytest.raises(FormatError, match="is a zip file that holds no network"):
        coauthorship.read(packed(tmp_path, readme__txt="Nothing."))


@pytest.mark.real
def test_the_real_networks_are_whole() -> None:
    data = Path(os.environ.get("COSMOPOLIS_DATA", Path(__file__).parents[3] / "shared" / "data"))
    path = data / coauthorship.SOURCE / coauthorship.FILE
    if not path.is_file():
        pytest.skip(f"{path} is not there; COSMOPOLIS_DATA names the folder that holds {coauthorship.SOURCE}")
    (raw,) = coauthorship.read({coauthorship.FILE: path})
    admitted = admit(raw)
    assert admitted.quarantine.is_empty()
    frame = admitted.frame
    assert sorted(frame["year"].unique()) == list(range(1990, 2024))
    assert frame.filter(pl.col("year") == 2023).height == 30_903  # arcs, as `wc` counts them
    turned = frame.select("year", origin="destination", destination="origin", turned="works")
    both = frame.join(turned, on=["year", "origin", "destination"], how="left")
    assert both["turned"].null_count() == 0
    with zipfile.ZipFile(path) as archive:  # the vectors tell the works of each country a second time
        for year in (1990, 2007, 2023):
            names = archive.read(f"WrldCo{year}.net").decode("utf-8-sig").splitlines()
            codes = [line.split('"')[1] for line in names if '"' in line]
            vector = archive.read(f"WrldCo{year}T.vec").decode("utf-8-sig").splitlines()
            counts = [int(line) for line in vector if line.strip().isdigit()]
            own = frame.filter((pl.col("year") == year) & (pl.col("origin") == pl.col("destination")))
            told = dict(zip(codes, counts, strict=True))
            assert dict(own.select("origin", "works").rows()) == {c: n for c, n in told.items() if n}
