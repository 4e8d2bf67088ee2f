"""Nothing is lost: with broken rows in a source, rows in are still rows used plus rows quarantined.

The readers' tests break rows one by one; here the rows of all those cases go the whole way, in an edition
of that source and the two that no edition can do without: the broken ones stand in the result's quarantine,
and every source's account is even.
"""

import io
import json
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import polars as pl
import pytest
import world
from broken_rows import CASES, Case
from world import facts
from world.run import run

SOURCES = tuple(source for source in world.SOURCES if source != "cjk-font")

BEFORE = {
    ("geonames", "places"): len(facts.PLACES),
    ("geonames", "countries"): len(facts.COUNTRIES),
    ("geonames", "divisions"): 1,
    ("country-names", "countries"): len(facts.COUNTRIES) + 1,
}
"""Rows of the parts without which there are no cities: there the rows of the cases come at the end."""

Row = tuple[str, int]
"""Part and number of a row."""

pytestmark = pytest.mark.usefixtures("no_drawing")


def _rows(case: Case) -> list[str]:
    """Return the case's rows, all broken ones between two good ones; of a list of positions only one."""
    broken = [row for row, _ in case.broken.values()]
    return [case.good[0], *(broken[:1] if case.source == "railways" else broken), case.good[1]]


def _file(case: Case) -> bytes:
    """Return the case's file with its rows, at the end of the synthetic file where that is needed."""
    rows = case.between.join(_rows(case))
    if (case.source, case.part) not in BEFORE:
        return (case.before + rows + case.after).encode()
    text = world.files()[case.source][case.file].decode().rstrip().removesuffix(case.after)
    return (text + case.between + rows + case.after).encode()


def _rounds() -> list[tuple[Case, ...]]:
    """Gather the cases of each source of this world, those of one file one after the other.

    Papers and patents go the whole way in `test_innovation`.
    """
    rounds: dict[tuple[str, int], list[Case]] = {}
    here = [case for case in CASES if case.source in world.SOURCES]
    for case in here:
        of_file = [other for other in here if (other.source, other.file) == (case.source, case.file)]
        rounds.setdefault((case.source, of_file.index(case)), []).append(case)
    return [tuple(cases) for cases in rounds.values()]


def _broken(cases: tuple[Case, ...]) -> tuple[dict[str, bytes], set[Row]]:
    """Return a source's files with broken rows, and which rows these are."""
    files: dict[str, bytes] = {}
    expected: set[Row] = set()
    for case in cases:
        before = BEFORE.get((case.source, case.part), 0)
        if not before:
            files = {**{name: text.encode() for name, text in case.others.items()}, **files}
        expected |= {(case.part, before + n) for n in range(2, len(_rows(case)))}
    first_group = min(world.files()["country-groups"])
    named = {"oak.json": first_group}
    return files | {named.get(case.file, case.file): _file(case) for case in cases}, expected


def _broken_trade() -> bytes:
    """Return the input–output table with one flow that is no number."""
    file = io.BytesIO()
    with np.load(io.BytesIO(world.files()["icio-2022"]["bench_cache.npz"])) as archive:
        arrays = dict(archive)
    arrays["A"][1, 2] = np.nan
    np.savez(file, **arrays)
    return file.getvalue()


def _cut_borders() -> bytes:
    return world.files()["world-borders"]["naturalearth_lowres.shp"][:-20]


def _even(result: Path) -> Mapping[str, Mapping[str, int]]:
    """Return the ledger of a result after seeing that every account in it is even."""
    ledger: dict[str, dict[str, int]] = json.loads((result / "manifest.json").read_text("utf-8"))["ledger"]
    for source, entry in ledger.items():
        away = pl.read_parquet(result / "quarantine" / f"{source}.parquet")
        assert entry["rows_in"] == entry["rows_used"] + entry["rows_quarantined"]
        assert away.height == entry["rows_quarantined"]
    return ledger


def _build(folder: Path, source: str, files: Mapping[str, bytes], expected: set[Row]) -> None:
    """Build the world with other files of one source; see that broken rows are put away and all is even."""
    sources = tuple(name for name in SOURCES if name in {"geonames", "country-names", source})
    broken = world.save(folder, world.changed(source, files), edition=world.edition_text(sources))
    out = folder / "out"
    answer = run("build", broken.edition, "--mirror", broken.mirror, "--offline", "--out", out, "--quiet")
    assert answer.status == 0, answer.err
    assert answer.err == ""
    assert set(_even(out)) == set(sources)
    away = pl.read_parquet(out / "quarantine" / f"{source}.parquet")
    assert expected <= set(away.select("part", "row").iter_rows())


@pytest.mark.parametrize(
    "cases",
    _rounds(),
    ids=lambda cases: "-".join([cases[0].source, *dict.fromkeys(case.part for case in cases)]),
)
def test_broken_rows_go_the_whole_way(tmp_path: Path, cases: tuple[Case, ...]) -> None:
    _build(tmp_path, cases[0].source, *_broken(cases))


def test_a_broken_flow_goes_the_whole_way(tmp_path: Path) -> None:
    _build(tmp_path, "icio-2022", {"bench_cache.npz": _broken_trade()}, {("flows", 2)})


def test_a_broken_outline_goes_the_whole_way(tmp_path: Path) -> None:
    files = {"naturalearth_lowres.shp": _cut_borders()}
    _build(tmp_path, "world-borders", files, {("borders", len(facts.COUNTRIES))})


def test_every_source_is_broken_here() -> None:
    assert {case.source for cases in _rounds() for case in cases} | {"icio-2022", "world-borders"} == set(
        SOURCES
    )


@pytest.mark.parametrize(
    "sources",
    [
        ("geonames", "country-names"),
        ("geonames", "country-names", "airports"),
        ("geonames", "country-names", "air-routes-2022"),
        ("geonames", "country-names", "openflights-2014", "ports", "icio-2022"),
    ],
    ids=lambda sources: f"{len(sources)}-{sources[-1]}",
)
def test_an_edition_of_few_sources_is_even(tmp_path: Path, sources: tuple[str, ...]) -> None:
    small = world.save(tmp_path, edition=world.edition_text(sources))
    out = tmp_path / "out"
    answer = run("build", small.edition, "--mirror", small.mirror, "--offline", "--out", out, "--quiet")
    assert answer.status == 0, answer.err
    assert set(_even(out)) == set(sources)
