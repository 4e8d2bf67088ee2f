"""Golden: COINr's ASEM example, from TOML and from Excel, as published and as plainly recomputed.

Published: github.com/bluefoxr/COINr, docs/articles/results.html (scores) and weights.html (correlations),
version 1.0.0; MIT. The input files stand beside the project and are not part of it.
"""

import csv
import math
import os
import statistics
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest

from cosmopolis.index import command, data, engine, spec
from cosmopolis.index.engine import Built

ROOT = Path(os.environ.get("COSMOPOLIS_DATA", Path(__file__).resolve().parents[2].parent / "shared" / "data"))
ASEM = ROOT / "coinr-asem"
pytestmark = pytest.mark.skipif(not ASEM.is_dir(), reason="the ASEM files are not beside the project")

STEPS = """
[[step]]
name = "denominate"
[[step]]
name = "impute"
method = "group-mean"
group = "EurAsia_group"
[[step]]
name = "screen"
units = 0.9
[[step]]
name = "treat"
[[step]]
name = "normalise"
[[step]]
name = "aggregate"
"""

NODES = [
    "Index",
    "Conn",
    "Sust",
    "Physical",
    "ConEcFin",
    "Political",
    "Instit",
    "P2P",
    "Environ",
    "Social",
    "SusEcFin",
]
PUBLISHED = {
    "CHE": (1, 68.38, 62.79, 73.98, 63.41, 32.87, 74.78, 85.94, 56.93, 77.21, 87.85, 56.88),
    "NLD": (2, 64.82, 61.94, 67.70, 64.87, 46.62, 84.55, 71.74, 41.92, 58.73, 86.58, 57.78),
    "DNK": (3, 64.80, 57.10, 72.51, 50.52, 30.43, 78.13, 75.35, 51.04, 69.83, 86.40, 61.29),
    "NOR": (4, 64.47, 57.44, 71.50, 58.18, 25.70, 80.03, 89.46, 33.80, 70.90, 87.00, 56.59),
    "BEL": (5, 63.54, 63.99, 63.09, 71.97, 48.22, 80.84, 75.60, 43.32, 53.01, 86.17, 50.09),
    "SWE": (6, 63.00, 53.87, 72.12, 51.51, 23.87, 80.98, 74.51, 38.50, 66.37, 87.74, 62.27),
    "IND": (45, 39.79, 28.60, 50.99, 18.78, 6.38, 51.90, 59.84, 6.07, 75.34, 22.74, 54.88),
}
POINTS = {
    "Flights": 1,
    "Bord": 3,
    "Gas": 3,
    "Services": 4,
    "FDI": 2,
    "ForPort": 3,
    "CostImpEx": 1,
    "Tariff": 3,
    "StMob": 2,
    "CultServ": 3,
    "Forest": 2,
    "Poverty": 3,
    "NGOs": 3,
    "FemLab": 1,
    "PubDebt": 1,
}


def _toml(folder: Path) -> Path:
    """Write a specification whose tree stands in TOML, from the rows of the metadata."""
    lines = [
        'id = "Index"',
        "[data]",
        f"file = {str(ASEM / 'ASEM_iData.csv')!r}",
        'unit = "uCode"',
        'name = "uName"',
    ]
    with (ASEM / "ASEM_iMeta.csv").open(encoding="utf-8") as file:
        for row in csv.DictReader(file):
            if row["Type"] == "Aggregate" and row["Parent"]:
                lines += ["[[node]]", f"id = {row['iCode']!r}", f"parent = {row['Parent']!r}"]
            if row["Type"] == "Indicator":
                lines += ["[[indicator]]", f"id = {row['iCode']!r}", f"parent = {row['Parent']!r}"]
                lines += [f"direction = {row['Direction']}", f"weight = {row['Weight']}"]
                lines += [f"denominator = {row['Denominator']!r}"] if row["Denominator"] else []
    path = folder / "asem.toml"
    path.write_text("\n".join(lines) + STEPS, encoding="utf-8")
    return path


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Built:
    chosen, frame = command.read(_toml(tmp_path_factory.mktemp("asem")))
    return engine.build(chosen, frame)


def test_scores_and_ranks_are_those_published(built: Built) -> None:
    rows = {row["unit"]: row for row in built.results.to_dicts()}
    for unit, (rank, *scores) in PUBLISHED.items():
        assert rows[unit]["rank"] == rank
        assert [round(rows[unit][node], 2) for node in NODES] == scores, unit
    assert (rows["AUT"]["rank"], round(rows["AUT"]["Index"], 2)) == (7, 61.90)
    assert [round(rows["AUT"][node], 2) for node in ("Conn", "Sust")] == [55.43, 68.37]
    ranks = built.ranks.filter(pl.col("unit") == "IND").row(0, named=True)
    assert (ranks["Physical"], ranks["Environ"], ranks["Social"]) == (48, 6, 51)


def test_correlations_are_those_published(built: Built) -> None:
    scores = dict(zip(built.nodes, built.node_scores.T, strict=True))
    assert np.corrcoef(scores["Index"], scores["Conn"])[0, 1] == pytest.approx(0.9397805, abs=5e-8)
    assert np.corrcoef(scores["Index"], scores["Sust"])[0, 1] == pytest.approx(0.8382873, abs=5e-8)


def test_the_same_points_are_winsorised_and_no_logarithm_is_needed(built: Built) -> None:
    report = built.stage("treat").report
    found = {row["indicator"]: row["points"] for row in report.to_dicts() if row["treatment"] != "none"}
    assert found == POINTS
    assert set(report["treatment"].unique()) == {"none", "winsorised"}
    assert report["passed"].all()
    assert built.changes("treat").height == sum(POINTS.values())


def test_gaps_of_the_files_and_of_the_ratios_are_filled(built: Built) -> None:
    gaps = int(np.isnan(built.data.values).sum())
    in_denominators = sum(int(np.isnan(column).sum()) for column in built.data.extras.values())
    assert (gaps, in_denominators, gaps + in_denominators) == (63, 1, 64)
    # One missing denominator takes two ratios with it.
    assert built.stage("impute").changed == gaps + 2
    assert built.stage("screen").changed == 0


def test_all_units_agree_with_a_plain_recomputation(built: Built) -> None:
    expected = _plainly()
    assert len(expected) == len(built.units) == 51
    for row in built.results.to_dicts():
        for node in NODES:
            assert row[node] == pytest.approx(expected[row["unit"]][node], abs=1e-9)
            assert f"{row[node]:.2f}" == f"{expected[row['unit']][node]:.2f}"


def test_metadata_as_csv_gives_the_same(built: Built) -> None:
    text = '[data]\nfile = "ASEM_iData.csv"\nmetadata = "ASEM_iMeta.csv"\nunit = "uCode"\n' + STEPS
    chosen = spec.from_toml(text, folder=ASEM)
    assert chosen.codes == built.codes
    again = engine.build(chosen, data.read(chosen, ASEM))
    assert again.scores.equals(built.scores)


def test_a_workbook_gives_the_same(built: Built, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    pytest.importorskip("fastexcel")
    pytest.importorskip("xlsxwriter")
    from cosmopolis.index import excel  # noqa: PLC0415

    null = {"infer_schema_length": 1000, "null_values": ["NA", ""]}
    steps = pl.DataFrame(
        {
            "step": ["denominate", "impute", "screen", "treat", "normalise", "aggregate"],
            "method": [None, "group-mean", None, None, None, None],
            "settings": [None, 'group = "EurAsia_group"', "units = 0.9", None, None, None],
        }
    )
    path = tmp_path / "asem.xlsx"
    excel.write_frames(
        {
            "data": pl.read_csv(ASEM / "ASEM_iData.csv", **null),  # type: ignore[arg-type]
            "metadata": pl.read_csv(ASEM / "ASEM_iMeta.csv", **null),  # type: ignore[arg-type]
            "steps": steps,
        },
        path,
    )
    assert command.run(path, tmp_path / "out") == 0
    assert capsys.readouterr().out == f"{tmp_path / 'out'}\n"
    scores = pl.read_parquet(tmp_path / "out" / "scores.parquet")
    merged = scores.join(built.scores, on=["node", "unit"], validate="1:1")
    assert merged.height == 51 * 11
    # A sheet holds 15 to 17 digits of a number.
    assert (merged["score"] - merged["score_right"]).abs().max() < 1e-9  # type: ignore[operator]
    assert (merged["rank"] == merged["rank_right"]).all()
    published = pl.read_excel(tmp_path / "out" / "index-2018.xlsx", sheet_name="results")
    assert published["unit"].to_list()[:7] == ["CHE", "NLD", "DNK", "NOR", "BEL", "SWE", "AUT"]


def test_each_year_of_the_panel_is_built(tmp_path: Path) -> None:
    text = f"[data]\nfile = {str(ASEM / 'ASEM_iData_p.csv')!r}\nmetadata = {str(ASEM / 'ASEM_iMeta.csv')!r}\n"
    text += 'unit = "uCode"\nyear = "Time"\n'
    path = tmp_path / "panel.toml"
    path.write_text(text + STEPS, encoding="utf-8")
    years = command.years(*command.read(path))
    assert sorted(year for year in years if year) == [2018, 2019, 2020, 2021, 2022]
    path.write_text(text + 'scale = "pooled"\n' + STEPS, encoding="utf-8")
    pooled = command.years(*command.read(path))
    table = np.concatenate([one.normalised for one in pooled.values()])
    assert table.min(axis=0) == pytest.approx(np.zeros(49))
    assert table.max(axis=0) == pytest.approx(np.full(49, 100.0))


def _plainly() -> dict[str, dict[str, float]]:
    """Build ASEM with nothing but the formulas, in lists of numbers."""
    with (ASEM / "ASEM_iData.csv").open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    with (ASEM / "ASEM_iMeta.csv").open(encoding="utf-8") as file:
        meta = list(csv.DictReader(file))
    scores: dict[str, list[float]] = {}
    for entry in (e for e in meta if e["Type"] == "Indicator"):
        column = [_number(row[entry["iCode"]]) for row in rows]
        if entry["Denominator"]:
            below = [_number(row[entry["Denominator"]]) for row in rows]
            column = [x / d if x is not None and d else None for x, d in zip(column, below, strict=True)]
        groups = [row["EurAsia_group"] for row in rows]
        centre = {
            group: statistics.fmean(
                x for x, g in zip(column, groups, strict=True) if g == group and x is not None
            )
            for group in set(groups)
        }
        full = [centre[g] if x is None else x for x, g in zip(column, groups, strict=True)]
        full = _drawn_in(full)
        turned = [x * int(entry["Direction"]) for x in full]
        low, high = min(turned), max(turned)
        scores[entry["iCode"]] = [100 * (x - low) / (high - low) for x in turned]
    for level in (2, 3, 4):
        for entry in (e for e in meta if e["Level"] == str(level)):
            below_it = [
                scores[e["iCode"]] for e in meta if e["Parent"] == entry["iCode"] and e["iCode"] in scores
            ]
            scores[entry["iCode"]] = [statistics.fmean(values) for values in zip(*below_it, strict=True)]
    return {row["uCode"]: {node: scores[node][at] for node in NODES} for at, row in enumerate(rows)}


def _number(cell: str) -> float | None:
    return None if cell in {"", "NA"} else float(cell)


def _shape(x: list[float]) -> tuple[float, float]:
    """Return skewness and kurtosis of type 2 of e1071."""
    n, mean = len(x), statistics.fmean(x)
    m: Any = {r: math.fsum((v - mean) ** r for v in x) / n for r in (2, 3, 4)}
    g1, g2 = m[3] / m[2] ** 1.5, m[4] / m[2] ** 2 - 3
    skew = g1 * math.sqrt(n * (n - 1)) / (n - 2)
    return skew, ((n + 1) * g2 + 6) * (n - 1) / ((n - 2) * (n - 3))


def _drawn_in(x: list[float]) -> list[float]:
    x = list(x)
    for _ in range(5):
        skew, kurt = _shape(x)
        if abs(skew) < 2 or kurt < 3.5:
            break
        end = max(x) if skew > 0 else min(x)
        rest = [v for v in x if v != end]
        x = [(max(rest) if skew > 0 else min(rest)) if v == end else v for v in x]
    skew, kurt = _shape(x)
    assert abs(skew) < 2 or kurt < 3.5
    return x
