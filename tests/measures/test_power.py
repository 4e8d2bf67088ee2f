"""Power of cities: dense algebra and closed forms against the sparse sums, firms drawn anew."""

from fractions import Fraction

import networkx as nx
import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.sparse import csr_array

from cosmopolis.errors import FormatError, SpecError
from cosmopolis.measures import power
from cosmopolis.networks.links import LINKS
from cosmopolis.networks.ownership import BRANCH, HEADQUARTERS, branches

MATRICES = st.integers(2, 6).flatmap(
    lambda n: st.lists(st.lists(st.integers(0, 3), min_size=n, max_size=n), min_size=n, max_size=n)
)


def _links(*rows: tuple[int, int, float]) -> pl.DataFrame:
    full = [("ownership", "offices", 2020, a, b, w, 1) for a, b, w in rows]
    return pl.DataFrame(full, schema=LINKS, orient="row")


def _sparse(rows: list[list[int]]) -> csr_array:
    matrix = np.array(rows, dtype=np.float64)
    np.fill_diagonal(matrix, 0.0)
    return csr_array(matrix)


@settings(max_examples=80, deadline=None)
@given(MATRICES)
def test_the_spectral_radius_is_that_of_dense_algebra(rows: list[list[int]]) -> None:
    matrix = _sparse(rows)
    # A matrix whose circles all close has eigenvalues of full precision only up to the n-th root of 1e-16.
    dense = float(np.abs(np.linalg.eigvals(matrix.toarray())).max())
    assert power.spectral_radius(matrix) == pytest.approx(dense, rel=1e-7, abs=2e-2 if dense < 0.1 else 1e-7)


def test_without_a_circle_the_radius_is_zero_exactly() -> None:
    assert power.spectral_radius(_sparse([[0, 3, 2], [0, 0, 1], [0, 0, 0]])) == 0.0


@settings(max_examples=60, deadline=None)
@given(MATRICES, st.sampled_from([-0.9, -0.5, 0.0, 0.5, 0.9]))
def test_recursive_power_is_the_solution_of_dense_algebra(rows: list[list[int]], share: float) -> None:
    matrix = _sparse(rows)
    found = power.beta_centrality(matrix, share=share)
    dense, n = matrix.toarray(), matrix.shape[0]
    if not dense.any():
        assert not found.any()
        return
    radius = power.spectral_radius(matrix)
    beta = share / (radius or dense.sum(axis=1).max())
    solved = np.linalg.solve(np.eye(n) - beta * dense, dense.sum(axis=1))
    assert found == pytest.approx(solved * np.sqrt(n / (solved @ solved)), rel=1e-6, abs=1e-8)
    assert found @ found == pytest.approx(n)


def test_recursive_power_of_an_undirected_network_is_that_of_katz() -> None:
    graph = nx.karate_club_graph()
    matrix = csr_array(nx.to_scipy_sparse_array(graph, weight=None, dtype=np.float64))
    radius = power.spectral_radius(matrix)
    katz = np.array(
        list(nx.katz_centrality_numpy(graph, alpha=0.5 / radius, weight=None, normalized=False).values())
    )
    walks = katz - 1.0  # Katz counts the way of no steps too
    assert power.beta_centrality(matrix) == pytest.approx(walks * np.sqrt(34 / (walks @ walks)), rel=1e-8)


def test_a_chain_of_command_in_closed_form() -> None:
    # A -> B -> C: no circle, the largest out-degree is 1, so beta is 1/2: c = (3/2, 1, 0) up to a factor.
    found = power.beta_centrality(_sparse([[0, 1, 0], [0, 0, 1], [0, 0, 0]]))
    factor = float(Fraction(3) / (Fraction(9, 4) + 1)) ** 0.5
    assert found == pytest.approx(np.array([1.5, 1.0, 0.0]) * factor)


@pytest.mark.parametrize("share", [-1.0, 1.0, 7.0, float("nan")])
def test_a_share_that_does_not_converge_is_refused(share: float) -> None:
    with pytest.raises(SpecError, match="expected a number between -1 and 1"):
        power.beta_centrality(_sparse([[0, 1], [1, 0]]), share=share)


def test_alter_measures_are_sums_over_neighbours() -> None:
    graph = nx.karate_club_graph()
    central, powerful = power.alter_measures(
        csr_array(nx.to_scipy_sparse_array(graph, weight=None, dtype=float))
    )
    degree = dict(graph.degree())
    for node in graph:
        assert central[node] == sum(degree[other] for other in graph[node])
        assert powerful[node] == pytest.approx(sum(1 / degree[other] for other in graph[node]))


def test_positions_by_hand() -> None:
    frame = power.positions(_links((1, 2, 3.0), (2, 3, 1.0)), cities=pl.Series([4]))
    assert frame.select("city_id", "power", "prestige", "betweenness").rows() == [
        (1, 3.0, 0.0, 0.0),
        (2, 1.0, 3.0, 1.0),
        (3, 0.0, 1.0, 0.0),
        (4, 0.0, 0.0, 0.0),
    ]
    # 1 reaches two of three others in 1 + 2 steps: 2 * 2 / (3 * 3).
    assert frame["closeness"].to_list() == pytest.approx([4 / 9, 1 / 3, 0.0, 0.0])
    # Ties without direction: degrees 3, 4, 1; city 2 has 3 * 3 + 1 * 1 and 3 / 3 + 1 / 1.
    assert frame["alter_centrality"].to_list() == pytest.approx([12.0, 10.0, 4.0, 0.0])
    assert frame["alter_power"].to_list() == pytest.approx([0.75, 2.0, 0.25, 0.0])
    assert frame["recursive_power"][3] == 0.0


def _offices(*rows: tuple[str, str, int]) -> pl.DataFrame:
    full = [(row, "offices", 2020, *rest, None) for row, rest in enumerate(rows, start=1)]
    schema = {
        "row": pl.Int64, "field": pl.String, "year": pl.Int64, "firm": pl.String, "role": pl.String,
        "city_id": pl.Int64, "value": pl.Float64,
    }  # fmt: skip
    return pl.DataFrame(full, schema=schema, orient="row")


def _table(offices: pl.DataFrame, **options: float) -> pl.DataFrame:
    settings_ = {"draws": 200, "level": 0.9, **options}
    return power.ownership_cities(
        offices,
        branches(offices).links,
        draws=int(settings_["draws"]),
        level=settings_["level"],
        seed="test",
    )


def test_cities_count_firms_and_branches_of_their_own_too() -> None:
    table = _table(
        _offices(
            ("Acme", HEADQUARTERS, 1), ("Acme", BRANCH, 1), ("Acme", BRANCH, 2), ("Beta", HEADQUARTERS, 1),
            ("Beta", HEADQUARTERS, 1),
        )
    )  # fmt: skip
    assert table.schema == power.OWNERSHIP_CITIES
    assert table.select("city_id", "headquarters", "branches", "power", "prestige", "rank").rows() == [
        (1, 2, 1, 1.0, 0.0, 1),
        (2, 0, 1, 0.0, 1.0, None),
    ]


def test_one_firm_says_nothing_of_how_sure_a_rank_is() -> None:
    """Beta has a headquarters and no branch elsewhere: every draw ranks by Acme alone."""
    rows = [("Acme", HEADQUARTERS, 1), ("Acme", BRANCH, 2), ("Beta", HEADQUARTERS, 3), ("Beta", BRANCH, 3)]
    table = _table(_offices(*rows))
    assert table.select("city_id", "rank", "rank_low", "rank_high").rows() == [
        (1, 1, None, None),
        (2, None, None, None),
        (3, None, None, None),
    ]
    two = _table(_offices(*rows, ("Beta", BRANCH, 2)))
    assert two["rank"].to_list() == [1, None, 1]
    assert two["rank_low"].to_list() == [1, None, 1]
    assert two["rank_high"].to_list() == [2, None, 2]


def test_links_of_another_library_are_told_apart() -> None:
    offices = _offices(("Acme", HEADQUARTERS, 1), ("Acme", BRANCH, 2))
    frame = type("DataFrame", (), {"__module__": "pandas"})()
    with pytest.raises(FormatError, match="offices: expected a Polars frame, got a pandas DataFrame"):
        power.ownership_cities(frame, branches(offices).links, draws=1, level=0.9, seed="x")
    with pytest.raises(FormatError, match="links: expected a Polars frame, got a pandas DataFrame"):
        power.positions(frame)


def test_intervals_tell_a_city_of_one_firm_from_a_city_of_many() -> None:
    """City 1 has one firm of 30 branches, city 2 thirty of one: without its firm the first has no power."""
    one = [("Giant", HEADQUARTERS, 1), *(("Giant", BRANCH, 10 + n) for n in range(30))]
    many = [row for n in range(30) for row in ((f"f{n}", HEADQUARTERS, 2), (f"f{n}", BRANCH, 50 + n))]
    few = [row for n in range(9) for row in ((f"g{n}", HEADQUARTERS, 3), (f"g{n}", BRANCH, 90 + n))]
    table = _table(_offices(*one, *many, *few)).filter(pl.col("rank_low") < 4)
    bounds = {
        city: (low, high) for city, low, high in table.select("city_id", "rank_low", "rank_high").iter_rows()
    }
    cities = 3 + 30 + 30 + 9
    assert bounds[1][0] == 1
    assert 3 <= bounds[1][1] <= cities  # without its firm it has no power, as all the places of branches
    assert bounds[2] == (1, 2)
    assert bounds[3][0] >= 2
    assert (table["rank_low"] <= table["rank"]).all()
    assert (table["rank"] <= table["rank_high"]).all()


def test_draws_of_firms_are_those_of_an_independent_bootstrap() -> None:
    """The interval of a city is what counting each firm Poisson(1) times gives, drawn in another way."""
    rows = [row for n in range(12) for row in ((f"f{n}", HEADQUARTERS, n % 3), (f"f{n}", BRANCH, 5 + n % 2))]
    table = _table(_offices(*rows), draws=4000).filter(pl.col("city_id") < 3)
    rng = np.random.default_rng(7)
    strength = rng.poisson(4.0, size=(4000, 3))  # a city's four firms of one branch each, drawn together
    ranks = 1 + (strength[:, None, :] > strength[:, :, None]).sum(axis=2)
    expected = np.quantile(ranks, [0.05, 0.95], axis=0)
    assert table["rank_low"].to_list() == expected[0].tolist()
    assert table["rank_high"].to_list() == expected[1].tolist()


def test_no_draws_no_bounds_and_the_order_of_rows_does_not_matter() -> None:
    offices = _offices(
        ("Acme", HEADQUARTERS, 1), ("Acme", BRANCH, 2), ("Beta", HEADQUARTERS, 2), ("Beta", BRANCH, 1),
        ("Beta", BRANCH, 3),
    )  # fmt: skip
    assert _table(offices, draws=0)["rank_low"].null_count() == 3
    assert _table(offices.reverse()).equals(_table(offices))


def test_networks_of_nothing_and_a_wrong_level() -> None:
    empty = _offices()
    assert _table(empty).schema == power.OWNERSHIP_CITIES
    with pytest.raises(SpecError, match="got level = 0"):
        _table(empty, level=0.0)


def test_labels_of_cities_stay_labels() -> None:
    offices = _offices(("Acme", HEADQUARTERS, 1), ("Acme", BRANCH, 2)).with_columns(
        city_id=pl.Series(["b", "a"])
    )
    assert _table(offices).select("city_id", "power").rows() == [("a", 0.0), ("b", 1.0)]
