"""Weights and audit of COINr's ASEM example against the numbers of its published articles.

The articles are "Statistical analysis", "Weights" and "Presenting results" of COINr's documentation.
"""

import os
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from cosmopolis.index import describe, importance, weigh
from cosmopolis.index.audit import Audit, audit, of, profile, profile_of
from cosmopolis.index.catalogue import step
from cosmopolis.index.correlation import Matrix, Vector, alpha, components, correlations
from cosmopolis.index.engine import build
from cosmopolis.index.flags import Thresholds
from cosmopolis.index.metadata import tree_of
from cosmopolis.index.spec import Place, make
from cosmopolis.index.treat import matrix as treated
from cosmopolis.index.tree import Tree

FOLDER = Path(os.environ.get("COSMOPOLIS_DATA", Path(__file__).parents[3] / "shared" / "data")) / "coinr-asem"
pytestmark = pytest.mark.skipif(
    not FOLDER.is_dir(),
    reason="COINr's ASEM example is not here; COSMOPOLIS_DATA names the folder that holds coinr-asem",
)
DENOMINATORS = ("Area", "Energy", "GDP", "Population")


@dataclass(frozen=True, kw_only=True)
class Asem:
    """The example, built here in a few lines: divide, fill with group means, treat, 0 to 100, plain means."""

    tree: Tree
    units: list[str]
    raw: Matrix
    normalised: Matrix
    scores: dict[str, Vector]
    denominators: dict[str, Vector]

    def columns(self, node: str, table: str = "raw") -> tuple[list[str], Matrix]:
        """Return the indicators right below a node."""
        at = [(j, i.id) for j, i in enumerate(self.tree.indicators) if i.parent == node]
        return [code for _, code in at], getattr(self, table)[:, [j for j, _ in at]]

    def children(self, node: str) -> tuple[list[str], Matrix]:
        """Return the scores of the nodes right below a node."""
        codes = [child.id for child in self.tree.children(node)]
        return codes, np.column_stack([self.scores[code] for code in codes])


@pytest.fixture(scope="module")
def asem() -> Asem:
    data = pl.read_csv(FOLDER / "ASEM_iData.csv").sort("uCode")
    tree = tree_of(pl.read_csv(FOLDER / "ASEM_iMeta.csv").to_dicts())
    raw = _numbers(data, [indicator.id for indicator in tree.indicators])
    denominators = dict(zip(DENOMINATORS, _numbers(data, list(DENOMINATORS)).T, strict=True))
    filled = np.empty_like(raw)
    groups = data["EurAsia_group"].to_numpy()
    for j, indicator in enumerate(tree.indicators):
        x = raw[:, j] / denominators[indicator.denominator] if indicator.denominator else raw[:, j].copy()
        for group in ("Asia", "Europe"):
            x[np.isnan(x) & (groups == group)] = np.nanmean(x[groups == group])
        filled[:, j] = x
    smooth = treated(filled, tuple(indicator.id for indicator in tree.indicators))[0]
    y = smooth * np.array([indicator.direction for indicator in tree.indicators])
    normalised = 100 * (y - y.min(axis=0)) / (y.max(axis=0) - y.min(axis=0))
    scores = {indicator.id: normalised[:, j] for j, indicator in enumerate(tree.indicators)}
    for node in tree.upward():
        scores[node] = np.mean([scores[child.id] for child in tree.children(node)], axis=0)
    return Asem(
        tree=tree,
        units=data["uCode"].to_list(),
        raw=raw,
        normalised=normalised,
        scores=scores,
        denominators=denominators,
    )


def _numbers(data: pl.DataFrame, codes: list[str]) -> Matrix:
    return data.select(pl.col(codes).cast(pl.Float64).fill_null(float("nan"))).to_numpy()


@pytest.fixture(scope="module")
def made(asem: Asem) -> Audit:
    return audit(
        asem.tree,
        units=asem.units,
        values=asem.raw,
        normalised=asem.normalised,
        scores=asem.scores,
        denominators=asem.denominators,
    )


def test_the_index_and_its_two_halves_correlate_as_published(asem: Asem, made: Audit) -> None:
    assert asem.scores["Index"][asem.units.index("CHE")] == pytest.approx(68.38, abs=0.005)
    found = made.correlations.filter((pl.col("other") == "Index") & pl.col("code").is_in(["Conn", "Sust"]))
    assert dict(found.select("code", "r").rows()) == pytest.approx(
        {"Conn": 0.9397805, "Sust": 0.8382873}, abs=5e-8
    )
    assert found["relation"].to_list() == ["parent", "parent"]


def test_nominal_weights_multiply_down_the_tree(made: Audit) -> None:
    whole = dict(made.weights.select("code", "whole").rows())
    assert whole["Goods"] == pytest.approx(0.02)
    assert whole["Renew"] == pytest.approx(0.033333, abs=5e-7)
    leaves = made.weights.filter(pl.col("code").is_in(made.indicators["code"].to_list()))
    assert leaves["whole"].sum() == pytest.approx(1)
    assert leaves["effective_whole"].sum() == pytest.approx(1)


def test_effective_weights_of_a_plain_mean_need_no_rescaling(asem: Asem, made: Audit) -> None:
    y = asem.scores["Index"]
    expected = {code: 0.5 * np.cov(asem.scores[code], y)[0, 1] / y.var(ddof=1) for code in ("Conn", "Sust")}
    found = made.weights.filter(pl.col("parent") == "Index")
    assert dict(found.select("code", "effective").rows()) == pytest.approx(expected)
    assert dict(found.select("code", "effective_whole").rows()) == pytest.approx(expected)


def test_principal_weights_of_the_pillars(asem: Asem) -> None:
    published = {
        "Physical": 0.5117970,
        "ConEcFin": 0.3049926,
        "Political": 0.3547671,
        "Instit": 0.5081540,
        "P2P": 0.5108455,
        "Environ": 0.6513188,
        "Social": -0.7443677,
        "SusEcFin": 0.1473108,
    }
    for node in ("Conn", "Sust"):
        codes, values = asem.children(node)
        loadings = components(values, codes=codes).loadings[:, 0]
        theirs = np.array([published[code] for code in codes])
        assert loadings * np.sign(loadings @ theirs) == pytest.approx(theirs, abs=5e-7)
        assert weigh.pca(values) == pytest.approx(theirs**2, abs=1e-6)


def test_weights_for_two_halves_that_count_the_same(asem: Asem) -> None:
    found = weigh.balance(asem.tree, asem.scores, {"Conn": 1, "Sust": 1})["Index"]
    # COINr's search stops where the correlations are 0.8971 and 0.8925; ours goes on until they are equal.
    _, halves = asem.children("Index")
    theirs = halves @ np.array([0.3902439, 0.6097561])
    assert correlations(halves, theirs[:, None])[0][:, 0] == pytest.approx([0.8971336, 0.8925119], abs=5e-7)
    assert found.matched
    assert found.weights == pytest.approx([0.39, 0.61], abs=0.01)
    r = correlations(halves, importance.mean(halves, found.weights)[:, None])[0][:, 0]
    assert r[0] == pytest.approx(r[1], abs=1e-4)
    # The halves correlate at 0.60, so that no weights of 0 or more make one count for less than 0.60 / 1.60.
    out_of_reach = weigh.balance(asem.tree, asem.scores, {"Conn": 1, "Sust": 2})["Index"]
    between = correlations(halves)[0][0, 1]
    assert not out_of_reach.matched
    assert out_of_reach.reached[0] == pytest.approx(between / (1 + between), abs=1e-4)
    assert out_of_reach.residual == pytest.approx(between / (1 + between) - 1 / 3, abs=1e-4)


def test_consistency_and_components_of_the_raw_data(asem: Asem) -> None:
    assert alpha(asem.columns("P2P")[1])[0] == pytest.approx(0.05126659, abs=5e-9)
    codes, values = asem.columns("Social")
    found = components(values)
    assert found.units == 51 - 14
    assert np.sqrt(found.eigenvalues) == pytest.approx(
        [2.2042, 1.1256, 0.9788, 0.78834, 0.77153, 0.56836, 0.42463, 0.36068, 0.25760], abs=5e-5
    )
    loadings = dict(zip(codes, np.abs(found.loadings[:, 0]), strict=True))
    assert [loadings[code] for code in ("CPI", "FemLab", "FreePress", "NGOs")] == pytest.approx(
        [0.417, 0.324, 0.401, 0.191], abs=5e-4
    )


def test_correlations_of_the_raw_data(asem: Asem) -> None:
    codes, values = asem.columns("Environ")
    r = correlations(values)[0]
    co2 = codes.index("CO2")
    assert [r[co2, codes.index(code)] for code in ("MatCon", "PrimEner", "Renew")] == pytest.approx(
        [0.7222051, 0.3268484, -0.5986338], abs=5e-8
    )


def test_pairs_beyond_a_threshold(made: Audit) -> None:
    near = made.correlations.filter(
        (pl.col("relation") == "siblings") & pl.col("other").is_in(made.indicators["code"])
    )
    high = near.filter(pl.col("r") > 0.75)
    assert {frozenset(row[:2]): round(row[2], 3) for row in high.select("code", "other", "r").rows()} == {
        frozenset({"CPI", "FreePress"}): 0.761,
        frozenset({"CPI", "NGOs"}): 0.768,
    }
    low = near.filter(pl.col("r") < -0.5)
    assert {frozenset(row[:2]): round(row[2], 3) for row in low.select("code", "other", "r").rows()} == {
        frozenset({"CostImpEx", "TBTs"}): -0.697,
        frozenset({"RTAs", "TBTs"}): -0.752,
        frozenset({"TIRcon", "TBTs"}): -0.623,
    }


def test_indicators_that_run_with_size(made: Audit) -> None:
    far = made.sizes.filter(pl.col("r").abs() > 0.7)
    assert {(row[0], row[1]): round(row[2], 2) for row in far.select("code", "other", "r").rows()} == {
        ("CultGood", "Energy"): 0.71,
        ("CultGood", "GDP"): 0.85,
        ("FDI", "Energy"): 0.74,
        ("FDI", "GDP"): 0.85,
        ("Goods", "GDP"): 0.80,
        ("PRemit", "GDP"): 0.71,
        ("Research", "GDP"): 0.78,
        ("Services", "GDP"): 0.77,
        ("StMob", "Energy"): 0.73,
        ("StMob", "GDP"): 0.84,
    }


def test_distribution_of_the_raw_data(made: Audit) -> None:
    shown = ("LPI", "Flights", "Ship", "Bord", "Elec")
    published = {
        "min": [2.07, 0.99, 0.0, 0.0, 0.0],
        "max": [4.23, 211, 21.2, 122, 110],
        "mean": [3.41, 38.6, 12.0, 23.6, 16.2],
        "median": [3.42, 25.6, 12.7, 18.0, 6.91],
        "sd": [0.538, 46.7, 6.84, 24.8, 22.7],
        "skewness": [-0.304, 2.10, -0.576, 2.15, 2.23],
        "kurtosis": [-0.657, 4.51, -0.681, 5.79, 5.79],
        "distinct": [51, 51, 43, 30, 46],
        "n": [51] * 5,
        "passes": [True, False, True, False, False],
    }
    rows = {row["code"]: row for row in made.indicators.iter_rows(named=True)}
    for column, theirs in published.items():
        assert [rows[code][column] for code in shown] == pytest.approx(theirs, rel=5e-3), column
    assert [1 - rows[code]["zeros"] for code in shown] == pytest.approx([1, 1, 0.824, 0.882, 0.922], abs=5e-4)


def test_availability_by_unit_and_node(made: Audit) -> None:
    units = {row["unit"]: row for row in made.units.iter_rows(named=True)}
    assert (units["BGD"]["n"], units["BGD"]["zeros"]) == (49 - 6, 1)
    assert units["BGD"]["availability"] == pytest.approx(0.877551, abs=5e-7)
    assert [units[code]["zeros"] for code in ("AUS", "AUT", "BEL", "BGR")] == [3, 2, 2, 0]
    found = dict(made.availability.filter(pl.col("unit") == "BGD").select("node", "availability").rows())
    assert [found[node] for node in ("ConEcFin", "Instit", "P2P", "Physical")] == pytest.approx(
        [1, 0.8333333, 0.75, 0.875], abs=5e-8
    )


def test_strengths_and_weaknesses_of_a_unit(asem: Asem) -> None:
    directed = asem.raw * np.array([indicator.direction for indicator in asem.tree.indicators])
    found = profile(asem.tree, units=asem.units, normalised=directed, unit="ESP", count=None)
    ranks = dict(found.select("code", "rank").rows())
    assert {code: ranks[code] for code in ("CostImpEx", "Tourist", "Flights", "UNVote")} == {
        "CostImpEx": 1,
        "Tourist": 2,
        "Flights": 3,
        "UNVote": 3,
    }
    assert {code: ranks[code] for code in ("NEET", "Lang", "Forest", "TBTs", "PubDebt")} == {
        "NEET": 33,
        "Lang": 38,
        "Forest": 40,
        "TBTs": 40,
        "PubDebt": 43,
    }
    # A rank 1 shared with most of the others is no strength: the convention that nearly all have signed.
    assert describe.standing(directed, asem.units.index("ESP"))[0][_at(asem, "TIRcon")] == 1
    assert "TIRcon" not in found.filter(pl.col("kind") == "strength").head(10)["code"].to_list()


def _at(asem: Asem, code: str) -> int:
    return [indicator.id for indicator in asem.tree.indicators].index(code)


def test_thresholds_are_settings(asem: Asem, made: Audit) -> None:
    strict = audit(
        asem.tree,
        units=asem.units,
        values=asem.raw,
        normalised=asem.normalised,
        scores=asem.scores,
        thresholds=Thresholds(redundant=0.75),
    )
    assert "redundant" not in made.findings["kind"].to_list()
    assert strict.findings.filter(pl.col("kind") == "redundant").select("node", "code", "other").rows()[
        -2:
    ] == [
        ("Social", "FreePress", "CPI"),
        ("Social", "NGOs", "CPI"),
    ]


def test_the_audit_of_a_built_index_is_the_audit_of_its_arrays(asem: Asem, made: Audit) -> None:
    steps = (
        step("denominate"),
        step("impute", "group-mean", {"group": "EurAsia_group"}),
        step("screen", None, {"units": 0.9}),
        step("treat"),
        step("normalise"),
        step("aggregate"),
    )
    spec = make(asem.tree, steps=steps, place=Place(unit="uCode"))
    data = pl.read_csv(FOLDER / "ASEM_iData.csv")
    built = build(spec, data)
    found = of(built)
    assert found.correlations.drop("r").equals(made.correlations.drop("r"))
    assert found.correlations["r"].to_list() == pytest.approx(made.correlations["r"].to_list())
    assert found.weights["effective"].to_list() == pytest.approx(made.weights["effective"].to_list())
    assert found.sizes["r"].to_list() == pytest.approx(made.sizes["r"].to_list())
    assert found.units.equals(made.units)
    flagged = found.findings.filter(pl.col("kind") == "outliers")["code"].to_list()
    treated_codes = built.stage("treat").report.filter(pl.col("points") > 0)["indicator"].to_list()
    assert len(treated_codes) == 15
    # Filled gaps lie in the middle and make tails longer: one more is treated than has outliers itself.
    assert [code for code in treated_codes if code not in flagged] == ["PubDebt"]
    assert set(flagged) < set(treated_codes)
    assert profile_of(built, "ESP").equals(
        profile(built.tree, units=built.units, normalised=built.normalised, unit="ESP")
    )
