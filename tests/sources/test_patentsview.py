"""PatentsView's bulk tables: brought together over blocks and buckets, whatever way they are packed."""

import gzip
import zipfile
from collections.abc import Mapping
from functools import partial
from pathlib import Path

import polars as pl
import pytest

from cosmopolis.errors import FormatError, UnknownNameError
from cosmopolis.records import admit
from cosmopolis.sources import patentsview
from cosmopolis.sources.buckets import bucket_of
from cosmopolis.sources.delimited import Delimited

TABLES = {
    "g_patent": """"patent_id"|"patent_type"|"patent_date"|"patent_title"|"withdrawn"
"7000000"|"utility"|"2006-02-14"|"A ""new"" loom"|0
"D500001"|"design"|"2005-01-04"|"Chair"|0
"7000001"|"utility"|"2006-02-14"|"Taken back"|1
"7000012"|"utility"|"soon"|"No date"|0
""",
    "g_location_disambiguated": """location_id|disambig_city|disambig_state|disambig_country|latitude|\
longitude|county
l1|Alder|AL|XA|1.5|-2.25|x
l2|Bosk||XB|||
l3|Copse
""",
    "g_inventor_disambiguated": """patent_id|inventor_sequence|inventor_id|disambig_inventor_name_first|\
disambig_inventor_name_last|gender_code|location_id
7000000|0|i1|Ada|Ash|F|l1
7000000|1|i2|Ben|Birch|M|l2
D500001|0|i3||Cedar||l3
""",
    "g_assignee_disambiguated": """patent_id|assignee_sequence|assignee_id|\
disambig_assignee_individual_name_first|disambig_assignee_individual_name_last|disambig_assignee_organization|assignee_type|location_id
7000000|0|a1|||Alder Mills|2|l1
D500001|0|a2|Dan|Date||4|l2
""",
    "g_cpc_current": """patent_id|cpc_sequence|cpc_section|cpc_class|cpc_subclass|cpc_group|cpc_type
7000000|1|B|B25|B25J|B25J9/16|inventional
7000000|0|D|D03|D03D|D03D1/00|inventional
7000000|2|D|D03|D03D|D03D1/00|additional
7000012|0
""",
    "g_us_patent_citation": """patent_id|citation_sequence|citation_patent_id|citation_date|record_name
D500001|0|7000000|2001-01-01|Ash
7000000|0|6999999|2001-01-01|Old
7000012|0|7000000|2001-01-01|Ash
""",
}


def _save(folder: Path, form: str = ".tsv", leave: tuple[str, ...] = ()) -> dict[str, Path]:
    files = {}
    for table, text in TABLES.items():
        if table in leave:
            continue
        path = folder / f"{table}{form}"
        data = text.replace("|", "\t").encode()
        if form.endswith(".zip"):
            with zipfile.ZipFile(path, "w") as archive:
                archive.writestr(f"{table}.tsv", data)
        else:
            path.write_bytes(gzip.compress(data) if form.endswith(".gz") else data)
        files[path.name] = path
    return files


def _parts(files: Mapping[str, Path]) -> dict[str, tuple[pl.DataFrame, pl.DataFrame]]:
    parts: dict[str, list[tuple[pl.DataFrame, pl.DataFrame]]] = {}
    for raw in patentsview.read(files):
        admitted = admit(raw)
        assert admitted.frame.height + admitted.quarantine["row"].n_unique() == admitted.rows_in
        parts.setdefault(raw.part, []).append((admitted.frame, admitted.quarantine))
    joined = {}
    for part, pairs in parts.items():
        frame, away = (pl.concat(frames).sort("row") for frames in zip(*pairs, strict=True))
        assert pl.concat([frame["row"], away["row"]]).is_unique().all()
        joined[part] = (frame, away)
    return joined


@pytest.mark.parametrize("form", patentsview.FORMS)
@pytest.mark.parametrize("block_bytes", [1, 16_000_000])
def test_the_tables_are_brought_together(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, form: str, block_bytes: int
) -> None:
    monkeypatch.setattr(patentsview, "Delimited", partial(Delimited, block_bytes=block_bytes))
    parts = _parts(_save(tmp_path, form))
    patents, away = parts["patents"]
    assert patents.rows() == [
        (1, "7000000", 2006, "US", ["D03D1/00", "B25J9/16"], 2),
        (2, "D500001", 2005, "US", None, 0),
    ]
    assert away.select("row", "column", "value").rows() == [(3, "patent", "7000001"), (4, "year", None)]
    parties, away = parts["parties"]
    assert parties.select("row", "patent", "role", "order", "name", "text", "country").rows() == [
        (1, "7000000", "inventor", 0, "Ada Ash", "Alder, AL", "XA"),
        (2, "7000000", "inventor", 1, "Ben Birch", "Bosk", "XB"),
        (4, "7000000", "applicant", 0, "Alder Mills", "Alder, AL", "XA"),
        (5, "D500001", "applicant", 0, "Dan Date", "Bosk", "XB"),
    ]
    assert parties.filter(pl.col("text") == "Alder, AL").select("latitude", "longitude").unique().rows() == [
        (1.5, -2.25)
    ]
    assert away.select("row", "column").rows() == [(3, "text")]
    assert parts["citations"][0].rows() == [
        (1, "D500001", "7000000", 2005),
        (2, "7000000", "6999999", 2006),
        (3, "7000012", "7000000", None),
    ]
    assert parts["places"][1].select("row", "column").rows() == [(3, "disambig_state")]
    assert parts["classes"][1].select("row", "column").rows() == [(4, "cpc_section")]


def test_without_classes_and_citations(tmp_path: Path) -> None:
    leave = ("g_cpc_current", "g_us_patent_citation", "g_assignee_disambiguated")
    parts = _parts(_save(tmp_path, leave=leave))
    assert set(parts) == {"places", "patents", "parties"}
    assert parts["patents"][0].select("classes", "citations").rows() == [(None, None), (None, None)]
    assert set(parts["parties"][0]["role"]) == {"inventor"}


def test_a_table_that_is_not_there_or_there_twice(tmp_path: Path) -> None:
    with pytest.raises(UnknownNameError, match=r"the reader needs g_location_disambiguated\.tsv\.zip too"):
        patentsview.read(_save(tmp_path, leave=("g_location_disambiguated",)))
    files = _save(tmp_path) | _save(tmp_path, ".tsv.gz")
    with pytest.raises(FormatError, match=r"got g_patent twice, as 'g_patent\.tsv' and 'g_patent\.tsv\.gz'"):
        patentsview.read(files)


def test_a_column_that_is_not_there(tmp_path: Path) -> None:
    files = _save(tmp_path)
    text = files["g_patent.tsv"].read_text(encoding="utf-8").replace("patent_date", "date")
    files["g_patent.tsv"].write_text(text, encoding="utf-8")
    with pytest.raises(FormatError, match="has no column 'patent_date' in its first line"):
        _parts(files)


def test_buckets_are_by_the_last_digit() -> None:
    numbers = pl.DataFrame({"patent": ["7000000", "D500009", "PP12", "X", ""]})
    assert numbers.select(bucket_of("patent"))["bucket"].to_list() == [0, 9, 2, 10, 10]
