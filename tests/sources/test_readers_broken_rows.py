"""Every source with a row broken in turn: counted, quarantined with a reason, never an exception.

Each case is a file in the true format with a good row, a broken one and another good row. Whatever is wrong
with the one, the rows in are the rows used plus the rows quarantined, the two good rows are used, and the
quarantine names the column. A file that is something else altogether raises a `FormatError` that says what
was got and what was expected.
"""

import gzip
import zipfile
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pytest
import shapefile
from broken_rows import CASES, Case

from cosmopolis.errors import FormatError, UnknownNameError
from cosmopolis.ledger import Ledger
from cosmopolis.records import admit
from cosmopolis.sources import (
    country_names,
    financedatabase,
    fortune_500_us,
    fortune_global_500,
    gleif_sample,
    icml_nips_iclr,
    openalex_country_coauthorship,
    paperlists,
    patents_metro_cpc,
    patentsview_sample,
    readers,
    ror,
    sp500,
    tcs_offices,
    unicorns,
)

BREAKS = [(case, what) for case in CASES for what in case.broken]


def _write(folder: Path, texts: Mapping[str, str]) -> dict[str, Path]:
    for name, text in texts.items():
        if name.endswith(".gz"):
            (folder / name).write_bytes(gzip.compress(text.encode(), mtime=0))
        elif name.endswith(".zip"):
            with zipfile.ZipFile(folder / name, "w") as archive:
                archive.writestr(zipfile.ZipInfo("WrldCo2011.net"), text)
        else:
            (folder / name).write_text(text, encoding="utf-8")
    return {name: folder / name for name in texts}


def _files(folder: Path, case: Case, rows: tuple[str, ...]) -> dict[str, Path]:
    text = case.before + case.between.join(rows) + case.after
    return _write(folder, {**case.others, case.file: text})


@pytest.mark.parametrize(
    ("case", "what"),
    BREAKS,
    ids=[f"{case.source}-{case.part}-{what.replace(' ', '_')}" for case, what in BREAKS],
)
def test_a_broken_row_is_counted_and_quarantined(tmp_path: Path, case: Case, what: str) -> None:
    row, column = case.broken[what]
    files = _files(tmp_path, case, (case.good[0], row, case.good[1]))
    ledger = Ledger()
    parts = {raw.part: admit(raw) for raw in readers.read(case.source, files)}
    for part, admitted in parts.items():
        ledger.use(case.source, part, ledger.open(admitted)["row"])
    ledger.entries()  # raises if a row was lost or counted twice
    broken = parts[case.part]
    assert broken.rows_in == 3 + case.elsewhere
    assert broken.quarantine.select("row", "column").rows() == [(2, column)]
    reason = broken.quarantine["reason"].item()
    assert reason.startswith(f"{column} ") or reason == "the same as row 1"


@pytest.mark.parametrize("case", CASES, ids=[f"{case.source}-{case.part}-{case.file}" for case in CASES])
def test_good_rows_are_used(tmp_path: Path, case: Case) -> None:
    filler = () if "graph=[" not in case.before else (case.good[0],)
    parts = {
        raw.part: raw for raw in readers.read(case.source, _files(tmp_path, case, (*filler, *case.good)))
    }
    admitted = admit(parts[case.part])
    assert admitted.frame.height >= 2
    assert set(admitted.quarantine["column"]) <= ({"iata"} if case.source == "air-routes-2022" else set())


def _valid(folder: Path, source: str) -> dict[str, Path]:
    """Write a valid set of files of a source."""
    if source == "icio-2022":
        path = folder / "bench_cache.npz"
        np.savez(path, A=np.eye(1), omb=np.ones(1), go=np.ones(1), countries=["XAA"], sectors=["A01"])
        return {path.name: path}
    if source == "world-borders":
        with shapefile.Writer(str(folder / "naturalearth_lowres"), shapeType=shapefile.POLYGON) as writer:
            writer.field("name", "C", 80)
            writer.field("iso_a3", "C", 80)
            for name in ("Arborea", "Bosk", "Copse"):
                writer.poly([[[0, 0], [0, 2], [2, 2], [2, 0], [0, 0]]])
                writer.record(name, "XAA")
        (folder / "naturalearth_lowres.cpg").write_text("UTF-8", encoding="ascii")
        return {path.name: path for path in folder.iterdir()}
    files: dict[str, Path] = {}
    for case in CASES:
        if case.source == source:
            rows = case.good if "graph=[" not in case.before else (case.good[0], *case.good)
            files |= {name: path for name, path in _files(folder, case, rows).items() if name not in files}
    return files


SOMETHING_ELSE = {
    "empty": (b"", "is empty"),
    "blank": (b" \n", "is empty"),
    "web page": (b"<!DOCTYPE html><html><title>Not found</title></html>", "is a web page"),
    "text": ("No such file. Ask Alder & Co. (é)".encode("latin-1"), ""),
    "bytes": (bytes(range(256)), ""),
    "other JSON": (b'{"error": "gone"}', ""),
    "a list of JSON": (b'["gone"]', ""),
}
READ_FILES = {
    "apple-suppliers": ("apple-supplier-list.csv",),
    "supplier-table": ("sites.csv",),
    "geonames": ("cities500.json", "countries.json", "us_states.json"),
    "country-names": (country_names.FILE,),
    "country-groups": ("oak.json",),
    "airports": ("airports.csv", "iata_macs.csv"),
    "air-routes-2022": ("airports_full.txt",),
    "air-routes-2021": ("0_nodes.txt", "1_edges_part_1.txt", "2_edges_part_2.txt"),
    "openflights-2014": ("routes.json", "airports.json"),
    "ports": ("ports.geojson", "marnet_searoute.geojson"),
    "railways": ("world_railways.py",),
    "listed-firms": ("indices_data.py",),
    "icio-2022": ("bench_cache.npz",),
    "science-sample": ("open alex dataset.csv",),
    "paperlists": paperlists.FILES,
    "icml-nips-iclr": (icml_nips_iclr.FILE,),
    "openalex-country-coauthorship": (openalex_country_coauthorship.FILE,),
    "paper-table": ("papers.csv",),
    "oecd-regpat": ("EPO_Inv_reg.txt", "EPO_IPC.txt", "EPO_CITATIONS.txt.gz"),
    "patent-table": ("patents.csv",),
    "patentsview": (
        "g_inventor_disambiguated.tsv",
        "g_us_patent_citation.tsv.gz",
        "g_patent.tsv",
        "g_location_disambiguated.tsv",
    ),
    "patents-metro-cpc": (
        "MA_tec_anno_2010.mtx.gz",
        patents_metro_cpc.AREAS,
        patents_metro_cpc.CLASSES,
    ),
    "patentsview-sample": (
        patentsview_sample.INVENTORS,
        patentsview_sample.ASSIGNEES,
        patentsview_sample.CLASSES,
    ),
    "company-table": ("companies.csv",),
    "financedatabase": (financedatabase.FILE,),
    "fortune-500-us": (fortune_500_us.FILE,),
    "fortune-global-500": (fortune_global_500.FILE,),
    "gleif": ("2026-lei2-golden-copy.csv", "2026-rr-golden-copy.csv"),
    "gleif-sample": (gleif_sample.ENTITIES, gleif_sample.TIES),
    "lighthouse-table": ("lighthouses.csv",),
    "office-table": ("offices.csv",),
    "ror": (ror.FILE,),
    "service-table": ("services.csv",),
    "sp500": (sp500.FILE,),
    "tcs-offices": (tcs_offices.FILE,),
    "bilateral-trade": ("penppml_trade.csv.gz", "bilateral_trade_value_2015_BTV.csv"),
    "trade-table": ("trade.csv",),
    "un-votes": ("un_votes.csv.gz", "un_roll_calls.csv.gz"),
    "unicorns": (unicorns.FILE,),
    "world-borders": tuple(f"naturalearth_lowres.{kind}" for kind in ("shp", "shx", "dbf", "cpg")),
}
"""Every file that a reader opens, by source."""

ROWS_OF_TEXT = {("geonames", "other JSON"), ("openflights-2014", "a list of JSON")}
"""Where other JSON is in the format of the file, though each of its rows is broken."""


ELSEWHERE = {
    "cepii-geodist",
    "gawc-2000",
    "openalex",
    "openalex-institutions",
    "openalex-sample",
    "ror-dump",
    "un-ideal-points",
}
"""Sources whose rows are broken in the test of their own reader."""


def test_every_source_is_broken_here() -> None:
    assert sorted({*READ_FILES, *ELSEWHERE}) == list(readers.READERS)


@pytest.mark.parametrize("what", SOMETHING_ELSE)
@pytest.mark.parametrize(("source", "name"), [(s, name) for s, names in READ_FILES.items() for name in names])
def test_a_file_that_is_something_else(tmp_path: Path, source: str, name: str, what: str) -> None:
    files = _valid(tmp_path, source)
    assert readers.read(source, files)
    content, got = SOMETHING_ELSE[what]
    files[name].write_bytes(content)
    if (source, what) in ROWS_OF_TEXT:
        assert any(raw.rejects["row"].to_list() == [1] for raw in readers.read(source, files))
        return
    with pytest.raises(FormatError) as caught:
        list(readers.read(source, files))
    message = str(caught.value)
    assert message.startswith(f"{source}: ")
    assert got in message
    assert "but expected" in message
    assert f"cosmopolis sources pull {source}" in message


@pytest.mark.parametrize("source", READ_FILES)
def test_a_file_that_is_cut_off(tmp_path: Path, source: str) -> None:
    """Half a file either is not in the format or has its last row in quarantine: nothing else happens."""
    files = _valid(tmp_path, source)
    name = READ_FILES[source][0]
    content = files[name].read_bytes()
    for length in range(1, len(content), max(1, len(content) // 60)):
        files[name].write_bytes(content[:length])
        try:
            parts = list(readers.read(source, files))
        except FormatError:
            continue
        for raw in parts:
            admitted = admit(raw)
            assert admitted.rows_in == admitted.frame.height + admitted.quarantine["row"].n_unique()


def test_a_shape_that_is_cut_off_is_one_row(tmp_path: Path) -> None:
    files = _valid(tmp_path, "world-borders")
    shapes = files["naturalearth_lowres.shp"]
    shapes.write_bytes(shapes.read_bytes()[:-20])
    (raw,) = readers.read("world-borders", files)
    assert raw.rows_in == 3
    assert raw.frame["name"].to_list() == ["Arborea", "Bosk"]
    assert raw.rejects.select("row", "column").rows() == [(3, "geometry")]


def test_a_source_without_reader() -> None:
    with pytest.raises(UnknownNameError, match="no reader for source 'port'; did you mean 'ports'"):
        readers.read("port", {})


@pytest.mark.parametrize("source", READ_FILES)
def test_a_source_without_files(source: str) -> None:
    with pytest.raises(UnknownNameError, match=source):
        readers.read(source, {})
