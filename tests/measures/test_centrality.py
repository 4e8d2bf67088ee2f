"""Centralities: published numbers, another library on random networks, and identical bytes on repeat."""

import random
import tomllib
from pathlib import Path
from typing import Any

import networkx as nx
import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cosmopolis.errors import FormatError, UnknownNameError
from cosmopolis.measures.centrality import measures_of, table
from cosmopolis.networks.links import LINKS

GOLDEN: dict[str, Any] = tomllib.loads(
    (Path(__file__).parents[1] / "golden" / "measures.toml").read_text(encoding="utf-8")
)["karate"]


def _links(edges: list[tuple[int, int, float]]) -> pl.DataFrame:
    rows = [("air", "routes", 2022, a, b, w, 1) for a, b, w in edges]
    return pl.DataFrame(rows, schema=LINKS, orient="row")


def _values(frame: pl.DataFrame, measure: str) -> dict[int, float]:
    return dict(frame.filter(pl.col("measure") == measure).select("city_id", "value").rows())


def _karate(*, weighted: bool = False) -> pl.DataFrame:
    graph = nx.karate_club_graph()
    return _links([(a, b, float(d["weight"]) if weighted else 1.0) for a, b, d in graph.edges(data=True)])


def test_betweenness_of_the_karate_club() -> None:
    got = _values(table(_karate(), directed=False), "betweenness")
    for node, value in GOLDEN["betweenness"].items():
        assert got[int(node)] == pytest.approx(value, abs=GOLDEN["tolerance"])


EDGES = st.dictionaries(
    st.tuples(st.integers(0, 8), st.integers(0, 8)).filter(lambda e: e[0] != e[1]),
    st.sampled_from([1.0, 2.0, 4.0, 0.5]),
    max_size=24,
)


def _reference(graph: Any, *, directed: bool) -> dict[str, dict[int, float]]:  # noqa: ANN401
    """Compute by networkx; its directed closeness looks inward, so the graph is turned."""
    turned = graph.reverse() if directed else graph
    n = graph.number_of_nodes()
    harmonic = {
        name: {v: h / max(n - 1, 1) for v, h in nx.harmonic_centrality(turned, distance=km).items()}
        for name, km in (("harmonic", None), ("harmonic_weighted", "km"))
    }
    return {
        "degree": dict(graph.degree()),
        "strength": dict(graph.degree(weight="weight")),
        "betweenness": nx.betweenness_centrality(graph, normalized=False),
        "betweenness_weighted": nx.betweenness_centrality(graph, normalized=False, weight="km"),
        "closeness": nx.closeness_centrality(turned),
        "closeness_weighted": nx.closeness_centrality(turned, distance="km"),
        "pagerank": nx.pagerank(graph, alpha=0.85, weight="weight", tol=1e-14, max_iter=1000),
        **harmonic,
    }


@settings(max_examples=60, deadline=None)
@given(EDGES, st.booleans())
def test_agrees_with_another_library(edges: dict[tuple[int, int], float], directed: bool) -> None:  # noqa: FBT001
    if not directed:
        edges = {(min(e), max(e)): w for e, w in edges.items()}
    graph = nx.DiGraph() if directed else nx.Graph()
    graph.add_nodes_from(range(9))
    graph.add_edges_from((a, b, {"weight": w, "km": 1 / w}) for (a, b), w in edges.items())
    got = table(
        _links([(a, b, w) for (a, b), w in edges.items()]), directed=directed, nodes=pl.Series(range(9))
    )
    for measure, expected in _reference(graph, directed=directed).items():
        assert _values(got, measure) == {v: pytest.approx(x, abs=1e-9) for v, x in expected.items()}, measure
    if directed:
        assert _values(got, "strength_in") == dict(graph.in_degree(weight="weight"))
        assert _values(got, "degree_out") == dict(graph.out_degree())


@settings(max_examples=60, deadline=None)
@given(EDGES)
def test_the_eigenvector_solves_its_equation(edges: dict[tuple[int, int], float]) -> None:
    edges = {(min(e), max(e)): w for e, w in edges.items()}
    matrix = np.zeros((9, 9))
    for (a, b), w in edges.items():
        matrix[a, b] = matrix[b, a] = w
    links = _links([(a, b, w) for (a, b), w in edges.items()])
    got = table(links, directed=False, nodes=pl.Series(range(9)), measures=["eigenvector"])
    x = got["value"].to_numpy()
    top = np.linalg.eigvalsh(matrix)[-1]
    assert np.abs(matrix @ x - top * x).max() < 1e-7
    assert (x >= 0).all()
    assert x.max() == (1.0 if edges else 0.0)


def _large() -> pl.DataFrame:
    draw = random.Random("centrality")  # noqa: S311 - no secret
    graph = nx.barabasi_albert_graph(300, 3, seed=7)
    return _links([(a, b, float(draw.randint(1, 9))) for a, b in graph.edges()])


def test_repeated_runs_and_other_orders_give_the_same_bits() -> None:
    links = _large()
    first = table(links, directed=False)
    assert table(links, directed=False).equals(first)
    assert table(links.sample(fraction=1, shuffle=True, seed=1), directed=False).equals(first)


def test_the_eigenvector_of_a_larger_network_agrees_with_a_full_decomposition() -> None:
    links = _large()
    matrix = np.zeros((300, 300))
    for a, b, w in links.select("origin", "destination", "weight").rows():
        matrix[a, b] = matrix[b, a] = w
    vector = np.abs(np.linalg.eigh(matrix)[1][:, -1])
    got = table(links, directed=False, measures=["eigenvector"])["value"].to_numpy()
    assert np.abs(got - vector / vector.max()).max() < 1e-9


def test_the_eigenvector_of_a_slowly_mixing_network_is_found() -> None:
    n = 400  # a path: the two largest eigenvalues differ by 1e-4
    got = table(_links([(i, i + 1, 1.0) for i in range(n - 1)]), directed=False, measures=["eigenvector"])
    expected = np.sin(np.pi * np.arange(1, n + 1) / (n + 1))
    assert np.abs(got["value"].to_numpy() - expected / expected.max()).max() < 1e-6


def test_parts_of_equal_strength_share_the_eigenvector() -> None:
    got = table(_links([(1, 2, 2.0), (3, 4, 2.0), (5, 6, 1.0)]), directed=False, measures=["eigenvector"])
    assert got["value"].to_list() == [1.0, 1.0, 1.0, 1.0, 0.0, 0.0]


def test_an_isolated_city_has_value_zero_but_for_pagerank() -> None:
    got = table(_links([(1, 2, 1.0)]), directed=False, nodes=pl.Series([9]))
    of_nine = got.filter(pl.col("city_id") == 9)
    assert of_nine["measure"].to_list() == list(measures_of(directed=False))
    assert of_nine.filter(pl.col("measure") != "pagerank")["value"].to_list() == [0.0] * (of_nine.height - 1)
    assert got.filter(pl.col("measure") == "pagerank")["value"].sum() == pytest.approx(1.0)


def test_links_of_weight_zero_are_no_links() -> None:
    got = table(_links([(1, 2, 0.0), (2, 3, 1.0)]), directed=False, nodes=pl.Series([1]))
    assert _values(got, "degree") == {1: 0.0, 2: 1.0, 3: 1.0}


def test_no_links_and_no_nodes_give_an_empty_table() -> None:
    assert table(_links([]), directed=False).is_empty()


def test_labels_may_be_texts() -> None:
    frame = pl.DataFrame(
        {"network": "x", "field": "y", "year": 1, "origin": ["a"], "destination": ["b"], "weight": [1.0]}
    ).with_columns(pl.lit(1).alias("count"))
    assert table(frame, directed=True, measures=["degree_in"])["city_id"].to_list() == ["a", "b"]


@pytest.mark.parametrize(
    ("measures", "directed", "words"),
    [
        (["betweeness"], False, "there is no measure 'betweeness'; did you mean 'betweenness'"),
        (["eigenvector"], True, "'eigenvector' is not defined for directed networks"),
        (["strength_in"], False, "'strength_in' is not defined for undirected networks"),
    ],
)
def test_a_wrong_measure_is_answered_with_near_ones(
    measures: list[str],
    directed: bool,  # noqa: FBT001
    words: str,
) -> None:
    with pytest.raises(UnknownNameError, match=words):
        table(_karate(), directed=directed, measures=measures)


def test_two_years_at_once_are_refused() -> None:
    two = pl.concat([_links([(1, 2, 1.0)]), _links([(1, 2, 1.0)])])
    with pytest.raises(FormatError, match="more than once"):
        table(two, directed=False)


def test_pagerank_has_the_same_bits_every_time() -> None:
    rows = [(a, b, float((a * b) % 7 + 1)) for a in range(60) for b in range(a + 1, 60) if (a + b) % 3 == 0]
    links = _links(rows)
    first = table(links, directed=False, measures=("pagerank",))["value"].to_list()
    for _ in range(5):
        assert table(links, directed=False, measures=("pagerank",))["value"].to_list() == first
