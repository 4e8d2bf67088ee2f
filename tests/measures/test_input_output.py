"""Input–output: the inverse by hand, the series, random economies read another way, who depends on whom."""

import tomllib
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
from numpy.typing import NDArray

from cosmopolis.errors import FormatError
from cosmopolis.measures import input_output
from cosmopolis.streams import stream

GOLDEN: dict[str, Any] = tomllib.loads(
    (Path(__file__).parents[1] / "golden" / "production.toml").read_text(encoding="utf-8")
)["leontief"]
INPUTS: dict[str, pl.DataType | type[pl.DataType]] = {
    "year": pl.Int64,
    "country": pl.String,
    "sector": pl.String,
    "output_musd": pl.Float64,
    "origins": pl.List(pl.String),
    "origin_sectors": pl.List(pl.String),
    "values_musd": pl.List(pl.Float64),
}
Row = tuple[int, str, str, float, list[str], list[str], list[float]]


def _inputs(*rows: Row) -> pl.DataFrame:
    return pl.DataFrame(rows, schema=INPUTS, orient="row")


def _random(seed: int, countries: int = 4, sectors: int = 3) -> tuple[pl.DataFrame, NDArray[np.float64]]:
    """Return an economy as a table, and its flows as a matrix, nodes by country and sector."""
    draw = stream("test input-output", seed)
    nodes = [(f"C{k}", f"s{q}") for k in range(countries) for q in range(sectors)]
    flows = draw.random((len(nodes), len(nodes))) * (draw.random((len(nodes), len(nodes))) < 0.6)
    output = flows.sum(axis=0) / draw.uniform(0.2, 0.7, len(nodes)) + 0.1
    rows: list[Row] = []
    for j, (country, sector) in enumerate(nodes):
        held = np.flatnonzero(flows[:, j])
        names = [nodes[i] for i in held]
        rows.append(
            (2022, country, sector, float(output[j]), [a for a, _ in names], [b for _, b in names],
             flows[held, j].tolist())
        )  # fmt: skip
    return _inputs(*rows), np.vstack([flows, output])


def test_the_inverse_by_hand() -> None:
    found = input_output.upstream(np.array(GOLDEN["coefficients"]), np.eye(2))
    assert np.allclose(found.needed, np.array(GOLDEN["inverse"]) - np.eye(2), atol=1e-12)
    assert found.bound < 1e-12


@pytest.mark.parametrize("seed", range(4))
def test_the_sum_of_all_rounds(seed: int) -> None:
    """(L − I) Y is T Y + T² Y + …; dependence is its parts by country."""
    table, matrix = _random(seed)
    flows, output = matrix[:-1], matrix[-1]
    made = input_output.economy(table)
    assert np.allclose(made.coefficients, flows / output)
    owner = np.repeat(np.eye(4), 3, axis=0)  # nodes by country
    term, total = owner * output[:, np.newaxis], np.zeros((12, 4))
    first = flows / output @ term
    for _ in range(400):
        term = flows / output @ term
        total += term
    direct, whole = owner.T @ first, owner.T @ total
    found = input_output.dependence(table)
    assert found.height == 16
    for country, on, musd, at_first, in_all in found.select(
        "country", "on", "direct_musd", "direct_share", "upstream_share"
    ).iter_rows():
        k, c = int(country[1:]), int(on[1:])
        assert musd == pytest.approx(direct[c, k], abs=1e-6)
        assert at_first == pytest.approx(direct[c, k] / direct[:, k].sum(), abs=1e-12)
        assert in_all == pytest.approx(whole[c, k] / whole[:, k].sum(), abs=6e-9)
    ranks = found.filter(pl.col("on") != pl.col("country")).sort("country", "rank")
    for _, group in ranks.group_by("country"):
        assert group["rank"].to_list() == [1, 2, 3]
        assert group["upstream_share"].is_sorted(descending=True)
    assert found.filter(pl.col("on") == pl.col("country"))["rank"].null_count() == 4


def test_the_error_is_within_the_bound(monkeypatch: pytest.MonkeyPatch) -> None:
    """A solver that is off by a hundredth is found out, and by no less than it is off."""
    coefficients = np.array(GOLDEN["coefficients"])
    exact = np.array(GOLDEN["inverse"]) - np.eye(2)
    monkeypatch.setattr(np.linalg, "solve", lambda *_: exact * 1.01)
    found = input_output.upstream(coefficients, np.eye(2))
    off = np.abs(found.needed - exact).sum(axis=0) / np.abs(found.needed).sum(axis=0)
    assert off.max() <= found.bound < 20 * off.max()


def test_inputs_known_by_country_alone_go_by_output() -> None:
    made = input_output.economy(
        _inputs(
            (2022, "A", "x", 100.0, ["B", "D"], ["rest", "rest"], [40.0, 5.0]),
            (2022, "B", "x", 30.0, [], [], []),
            (2022, "B", "y", 10.0, ["E"], ["z"], [1.0]),
        )
    )
    nodes = list(zip(made.countries, made.sectors, strict=True))
    assert nodes == [("A", "x"), ("B", "x"), ("B", "y"), ("D", "rest"), ("E", "z")]
    assert np.allclose(made.coefficients[:, 0], [0, 0.3, 0.1, 0.05, 0])
    assert np.allclose(made.coefficients[:, 2], [0, 0, 0, 0, 0.1])
    assert not made.coefficients[:, 3:].any()  # what sells without a row buys nothing


def test_the_largest_ties_cross_a_border() -> None:
    rows = _inputs(
        (2022, "A", "x", 100.0, ["A", "B", "C", "B"], ["x", "x", "x", "rest"], [50.0, 5.0, 5.0, 20.0]),
        (2022, "B", "x", 100.0, ["A"], ["x"], [7.0]),
        (2021, "B", "x", 100.0, ["A"], ["x"], [1.0]),
    )
    found = input_output.supply_ties(rows, largest=2)
    assert found.drop("share").rows() == [
        (2021, "A", "x", "B", "x", 1.0),
        (2022, "A", "x", "B", "x", 7.0),
        (2022, "B", "x", "A", "x", 5.0),  # of equal ones the first by name
    ]
    assert found["share"].to_list() == [1.0, 1.0, 5.0 / 80.0]
    with pytest.raises(FormatError, match="got largest = 0"):
        input_output.supply_ties(rows, largest=0)


def test_an_industry_that_spends_all_it_earns() -> None:
    rows = _inputs((2022, "A", "x", 10.0, ["A"], ["x"], [10.0]), (2022, "B", "x", 10.0, [], [], []))
    assert input_output.overspent(rows).to_list() == [True, False]
    with pytest.raises(
        FormatError, match="A x buys inputs for its whole output of 10 million dollars or more"
    ):
        input_output.dependence(rows)
    with pytest.raises(FormatError, match="expected none below 0 and sums below 1"):
        input_output.upstream(np.array([[1.0]]), np.array([[1.0]]))


def test_years_and_industries_that_stand_twice() -> None:
    row: Row = (2022, "A", "x", 10.0, ["B"], ["x"], [1.0])
    with pytest.raises(FormatError, match="got inputs of 1 years and 2 rows"):
        input_output.economy(_inputs(row, row))
    both = input_output.dependence(_inputs(row, (2021, "A", "x", 10.0, ["C"], ["x"], [1.0])))
    assert both.filter(direct_share=1.0).select("year", "on").rows() == [(2021, "C"), (2022, "B")]
    assert input_output.dependence(_inputs()).schema == input_output.SUPPLY_DEPENDENCE
