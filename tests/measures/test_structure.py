"""The shape of networks: closed forms, other libraries, and every core of small networks by brute force."""

import math
from itertools import combinations
from typing import Any

import networkx as nx
import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cosmopolis.errors import UnknownNameError
from cosmopolis.measures import structure
from cosmopolis.networks.links import LINKS
from cosmopolis.streams import stream

UNDIRECTED = ("betweenness", "closeness", "degree")
EDGES = st.sets(
    st.tuples(st.integers(0, 6), st.integers(0, 6)).filter(lambda e: e[0] < e[1]), min_size=1, max_size=21
)


def _links(edges: Any) -> pl.DataFrame:  # noqa: ANN401 - any edges, with weights or without
    rows = [("air", "routes", 2022, e[0], e[1], float(e[2]) if len(e) > 2 else 1.0, 1) for e in edges]
    return pl.DataFrame(rows, schema=LINKS, orient="row")


def _fit(weights: dict[tuple[int, int], float], n: int, core: tuple[int, ...]) -> float:
    """Correlate ties with the ideal pattern, pair by pair, as the paper writes it."""
    pairs = list(combinations(range(n), 2))
    ties = [weights.get(pair, 0.0) for pair in pairs]
    ideal = [float(a in core or b in core) for a, b in pairs]
    if len(set(ties)) == 1 or len(set(ideal)) == 1:
        return -math.inf
    return float(np.corrcoef(ties, ideal)[0, 1])


@pytest.mark.parametrize("kind", UNDIRECTED)
@pytest.mark.parametrize("n", [3, 4, 9])
def test_a_star_is_one_and_a_ring_is_nothing(kind: str, n: int) -> None:
    star, ring = nx.star_graph(n - 1), nx.cycle_graph(n)
    assert structure.centralisation(_links(star.edges), kind=kind) == pytest.approx(1.0)
    assert structure.centralisation(_links(ring.edges), kind=kind) == pytest.approx(0.0, abs=1e-15)


def test_a_star_of_links_that_go_out() -> None:
    star = _links(nx.star_graph(5).edges)
    assert structure.centralisation(star, kind="degree_out") == 1.0
    assert structure.centralisation(star, kind="degree_in") == 1 / 25  # 0 at the centre, else 1


def test_a_path_of_three_links_by_hand() -> None:
    """Degrees 1 2 2 1, betweenness 0 2 2 0, closeness 3/6 3/4 3/4 3/6."""
    path = _links(nx.path_graph(4).edges)
    assert structure.centralisation(path) == pytest.approx(2 / 6)
    assert structure.centralisation(path, kind="betweenness") == pytest.approx(4 / 9)
    assert structure.centralisation(path, kind="closeness") == pytest.approx(0.5 / (6 / 5))


@settings(deadline=None, max_examples=30)
@given(EDGES)
def test_centralisation_by_another_library(edges: set[tuple[int, int]]) -> None:
    graph = nx.Graph(sorted(edges))
    n = graph.number_of_nodes()
    if n < 3:
        assert math.isnan(structure.centralisation(_links(edges)))
        return
    most = {"degree": n - 2, "betweenness": n - 1, "closeness": (n - 1) * (n - 2) / (2 * n - 3)}
    of = {
        "degree": nx.degree_centrality(graph),
        "betweenness": nx.betweenness_centrality(graph),
        "closeness": nx.closeness_centrality(graph),
    }
    for kind, values in of.items():
        c = np.array(list(values.values()))
        got = structure.centralisation(_links(edges), kind=kind)
        assert got == pytest.approx((c.max() - c).sum() / most[kind], abs=1e-9)


@settings(deadline=None, max_examples=30)
@given(EDGES)
def test_assortativity_by_another_library(edges: set[tuple[int, int]]) -> None:
    graph = nx.Graph(sorted(edges))
    got = structure.assortativity(_links(edges))
    if len({d for _, d in graph.degree()}) == 1:
        assert math.isnan(got)
    else:
        assert got == pytest.approx(nx.degree_pearson_correlation_coefficient(graph), abs=1e-9)


@settings(deadline=None, max_examples=30)
@given(st.sets(st.tuples(st.integers(0, 6), st.integers(0, 6)).filter(lambda e: e[0] != e[1]), min_size=1))
def test_the_shape_is_what_each_function_gives(edges: set[tuple[int, int]]) -> None:
    links = _links(sorted(edges))
    values, core = structure.shape(links)
    found = structure.core_periphery(links)
    assert core.to_list() == found.core.to_list()
    assert values == pytest.approx(
        {
            "centralisation": structure.centralisation(links),
            "centralisation_out": structure.centralisation(links, kind="degree_out"),
            "core_fit": found.fit,
            "core_size": float(len(core)) if len(core) else math.nan,
            "assortativity": structure.assortativity(links),
        },
        nan_ok=True,
    )


def test_cities_without_links_count_where_they_are_named() -> None:
    pair = _links([(1, 2)])
    assert math.isnan(structure.centralisation(pair))
    assert structure.centralisation(pair, nodes=pl.Series([1, 2, 3, 4])) == pytest.approx(2 / 6)
    assert structure.core_periphery(pair, nodes=pl.Series([1, 2, 3, 4])).cities == 4


def test_a_kind_that_is_none() -> None:
    with pytest.raises(UnknownNameError, match="did you mean 'closeness'"):
        structure.centralisation(_links([(1, 2)]), kind="closenes")


@pytest.mark.parametrize(("n", "k"), [(6, 1), (9, 3), (30, 7), (12, 10)])
def test_the_ideal_pattern_is_found(n: int, k: int) -> None:
    """Any k of n cities are tied to all; their ids are spread over the others'."""
    core = sorted(stream("core", n).permutation(n)[:k].tolist())
    edges = [(a, b) for a, b in combinations(range(n), 2) if a in core or b in core]
    found = structure.core_periphery(_links(edges))
    assert found.fit == pytest.approx(1.0)
    assert found.core.to_list() == core


def test_directions_and_order_do_not_matter() -> None:
    edges = [(1, 2), (2, 1), (3, 2), (2, 4), (4, 5), (1, 6)]
    once = [(1, 2), (2, 3), (2, 4), (4, 5), (1, 6)]
    first, second = (structure.core_periphery(_links(e)) for e in (edges[::-1], once))
    assert first.fit == second.fit
    assert first.core.to_list() == second.core.to_list()


@pytest.mark.parametrize("edges", [[], [(1, 2)], [(1, 2), (1, 3), (2, 3)]])
def test_no_pattern_without_difference(edges: list[tuple[int, int]]) -> None:
    found = structure.core_periphery(_links(edges))
    assert math.isnan(found.fit)
    assert found.core.is_empty()


def _random(seed: int, n: int, *, weighted: bool) -> dict[tuple[int, int], float]:
    draw = stream("networks", seed)
    density = 0.2 + 0.6 * draw.random()
    return {
        pair: float(draw.integers(1, 9)) if weighted else 1.0
        for pair in combinations(range(n), 2)
        if draw.random() < density
    }


@pytest.mark.parametrize("weighted", [False, True])
def test_every_core_of_small_networks(weighted: bool) -> None:  # noqa: FBT001
    """The fit is the correlation; no core one city or one exchange away is better; few anywhere are."""
    n, best_found, tried = 7, 0, 40
    cores = [core for k in range(1, n) for core in combinations(range(n), k)]
    for seed in range(tried):
        weights = _random(seed, n, weighted=weighted)
        found = structure.core_periphery(
            _links([(*pair, w) for pair, w in weights.items()]), weighted=weighted, nodes=pl.Series(range(n))
        )
        mine = tuple(found.core.to_list())
        fits = {core: _fit(weights, n, core) for core in cores}
        assert found.fit == pytest.approx(fits[mine], abs=1e-9)
        for core, fit in fits.items():
            changed = set(core) ^ set(mine)
            one = len(changed) == 1 or (len(changed) == 2 and len(core) == len(mine))
            assert not one or fit <= found.fit + 1e-9
        best_found += found.fit >= max(fits.values()) - 1e-9
    assert best_found >= 0.95 * tried
