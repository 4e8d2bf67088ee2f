"""OECD REGPAT and Citations: tables between bars, several of a kind, joined by the application's id."""

import gzip
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType

import polars as pl
import pytest

from cosmopolis.errors import FormatError, UnknownNameError
from cosmopolis.records import admit
from cosmopolis.sources import oecd_regpat

TABLES = {
    # as the edition of 2016 has them: names of columns with capitals, no column of cities
    "201602_PCT_Inv_reg.txt": """PCT_Nbr|PCT_App|Appln_id|Inv_name|Address|\
Reg_code|Ctry_code|Reg_share|Inv_share
WO2011000001|WO1|101|ASH, Ada|1 Elm St, Alder|XA001|XA|.5|1
WO2011000001|WO1|101|ASH, Ada|1 Elm St, Alder|XA002|XA|.5|1
WO2012000002|WO2|102|BIRCH, Ben||XB001|XB|1|1
""",
    # as that of 2023: with a column of cities
    "202308_EPO_Inv_reg.txt": """app_nbr|appln_id|pub_nbr|person_id|inv_name|\
address|city|postal_code|reg_code|ctry_code
EP2010|201|EP1|7|Cedar, Cy|2 Oak Rd|Copse|C1|XC001|XC
EP2010|201|EP1|8|"Date, ""D"" E"|Dale 3|Dale|D1|XC002|XC
""",
    "202308_EPO_App_reg.txt": """app_nbr|appln_id|pub_nbr|person_id|app_name|\
address|city|postal_code|reg_code|ctry_code
EP2010|201|EP1|9|Cedar AG|4 Oak Rd|Copse|C1|XC001|XC
""",
    "PCT_IPC.txt": """PCT_Nbr|Appln_id|Prio_Year|App_Year|IPC
WO2011000001|101|2009|2010|G06N003/02
WO2011000001|101|2009|2010|H01M  10/05
WO2011000001|101|2009|2010|G06N3/02
WO2012000002|102|0|2011|
""",
    "EPO_IPC_1.txt": """appln_id|prio_year|app_year|ipc
201|2008|2009|B25J9/16
|2008|2009|B25J9/16
""",
    "WO_CITATIONS.txt": """citing_pub_nbr|citing_pub_date|citing_appln_id|cited_pub_nbr|cited_appln_id
WO2011000001|20110305|101|EP1|201
WO2012000002|2012-03-05|102|EP1|201
WO2012000002|2012-03-05|102|US1|0
""",
    "readme.txt": "REGPAT, a fiction",
}


def _save(
    folder: Path, leave: tuple[str, ...] = (), more: Mapping[str, str] = MappingProxyType({})
) -> dict[str, Path]:
    files = {}
    for name, text in {**TABLES, **more}.items():
        if name not in leave:
            files[name] = folder / name
            data = text.replace("\n", "\r\n").encode()
            files[name].write_bytes(gzip.compress(data) if name.endswith(".gz") else data)
    return files


def _parts(files: Mapping[str, Path]) -> dict[str, tuple[pl.DataFrame, pl.DataFrame]]:
    parts: dict[str, list[tuple[pl.DataFrame, pl.DataFrame]]] = {}
    for raw in oecd_regpat.read(files):
        admitted = admit(raw)
        assert admitted.frame.height + admitted.quarantine["row"].n_unique() == admitted.rows_in
        parts.setdefault(raw.part, []).append((admitted.frame, admitted.quarantine))
    joined = {}
    for part, pairs in parts.items():
        frame, away = (pl.concat(frames).sort("row") for frames in zip(*pairs, strict=True))
        assert pl.concat([frame["row"], away["row"]]).is_unique().all()
        joined[part] = (frame, away)
    return joined


def test_applications_with_their_classes_and_citations(tmp_path: Path) -> None:
    patents, away = _parts(_save(tmp_path))["patents"]
    assert patents.rows() == [
        (1, "201", 2008, "EP", ["B25J9/16"], 2),
        (3, "101", 2009, "WO", ["G06N3/02", "H01M10/05"], 0),
    ]
    assert away.select("row", "column", "value").rows() == [(2, "patent", None), (6, "year", "0")]


def test_people_have_a_region_and_an_address_with_the_city(tmp_path: Path) -> None:
    parties, away = _parts(_save(tmp_path))["parties"]
    assert parties.select("row", "patent", "role", "name", "text", "country", "region").rows() == [
        (1, "101", "inventor", "ASH, Ada", "1 Elm St, Alder", "XA", "XA001"),
        (2, "101", "inventor", "ASH, Ada", "1 Elm St, Alder", "XA", "XA002"),
        (4, "201", "inventor", "Cedar, Cy", "2 Oak Rd, Copse", "XC", "XC001"),
        (5, "201", "inventor", 'Date, "D" E', "Dale 3", "XC", "XC002"),
        (6, "201", "applicant", "Cedar AG", "4 Oak Rd, Copse", "XC", "XC001"),
    ]
    assert away.select("row", "column").rows() == [(3, "text")]


def test_citations_are_dated_by_the_citing_publication(tmp_path: Path) -> None:
    citations, away = _parts(_save(tmp_path))["citations"]
    assert citations.rows() == [(1, "101", "201", 2011), (2, "102", "201", 2012)]
    assert away.select("row", "column").rows() == [(3, "cited")]


def test_without_citations_none_are_counted(tmp_path: Path) -> None:
    parts = _parts(_save(tmp_path, leave=("WO_CITATIONS.txt", "202308_EPO_App_reg.txt")))
    assert set(parts) == {"classes", "patents", "parties"}
    assert parts["patents"][0]["citations"].to_list() == [None, None]


def test_a_broken_line_of_classes_is_counted(tmp_path: Path) -> None:
    more = {"EPO_IPC_2.txt.gz": "appln_id|prio_year|ipc\n202|2008\n203|2009|H01M4/86\n"}
    parts = _parts(_save(tmp_path, more=more))
    assert parts["classes"][1].select("row", "column").rows() == [(3, "ipc")]
    assert parts["patents"][0]["patent"].to_list() == ["201", "203", "101"]


def test_tables_that_are_not_there(tmp_path: Path) -> None:
    with pytest.raises(UnknownNameError, match=r"the reader needs PCT_ipc\.txt or EPO_ipc\.txt too"):
        oecd_regpat.read(_save(tmp_path, leave=("PCT_IPC.txt", "EPO_IPC_1.txt")))
    files = _save(tmp_path, more={"EPO_IPC_3.txt": "appln_id|ipc\n1|H01M\n"})
    with pytest.raises(FormatError, match="has no column 'prio_year' in its first line"):
        _parts(files)
