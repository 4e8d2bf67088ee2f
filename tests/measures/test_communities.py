"""Communities: published modularity, planted groups found again, closed forms, the same bytes every time."""

import random
import tomllib
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import igraph as ig
import networkx as nx
import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cosmopolis.errors import FormatError, SpecError, UnknownNameError
from cosmopolis.measures import communities
from cosmopolis.networks.links import LINKS

GOLDEN: dict[str, Any] = tomllib.loads(
    (Path(__file__).parents[1] / "golden" / "innovation.toml").read_text(encoding="utf-8")
)["karate"]


def _links(edges: list[tuple[int, int, float]]) -> pl.DataFrame:
    rows = [("coauthorship", "ai", 2024, a, b, w, 1) for a, b, w in edges]
    return pl.DataFrame(rows, schema=LINKS, orient="row")


def _karate() -> pl.DataFrame:
    graph = nx.karate_club_graph()
    return _links([(a, b, float(d["weight"])) for a, b, d in graph.edges(data=True)])


def _groups(cities: pl.DataFrame) -> set[frozenset[int]]:
    parts = cities.group_by("community").agg("city_id")["city_id"].to_list()
    return {frozenset(part) for part in parts}


def test_the_karate_club_falls_into_its_four_groups() -> None:
    found = communities.find(_karate(), weighted=False)
    expected: dict[str, set[int]] = {}
    for node, name in enumerate(GOLDEN["partition"]):
        expected.setdefault(name, set()).add(node)
    assert _groups(found.cities) == {frozenset(group) for group in expected.values()}
    assert found.modularity == pytest.approx(GOLDEN["modularity"], abs=GOLDEN["tolerance"])
    assert found.agreed


def test_the_weighted_karate_club_has_its_modularity() -> None:
    found = communities.find(_karate())
    assert found.communities.height == 4
    assert found.modularity == pytest.approx(GOLDEN["modularity_weighted"], abs=GOLDEN["tolerance"])


def _ring(cliques: int, size: int) -> pl.DataFrame:
    edges = [
        (c * size + a, c * size + b, 1.0)
        for c in range(cliques)
        for a in range(size)
        for b in range(a + 1, size)
    ]
    edges += [(c * size, ((c + 1) % cliques) * size + 1, 1.0) for c in range(cliques)]
    return _links(edges)


def test_each_clique_of_a_ring_is_a_community() -> None:
    found = communities.find(_ring(6, 5))
    assert _groups(found.cities) == {frozenset(range(5 * c, 5 * c + 5)) for c in range(6)}
    # each clique has 10 links inside and 1 to the next: Q = 10/11 - 1/6
    assert found.modularity == pytest.approx(10 / 11 - 1 / 6, abs=1e-12)
    assert found.cities["stability"].unique().to_list() == [1.0]
    assert found.communities.rows() == [(c, 5, 1.0) for c in range(1, 7)]


def test_below_the_resolution_limit_groups_are_unsure_and_a_higher_resolution_mends_it() -> None:
    """Fortunato & Barthélemy: in a ring of many cliques, pairs of cliques have the larger modularity."""
    unsure = communities.find(_ring(30, 5))
    assert unsure.cities["stability"].min() < 0.9  # type: ignore[operator]
    sure = communities.find(_ring(30, 5), resolution=5.0)
    assert sure.communities.rows() == [(c, 5, 1.0) for c in range(1, 31)]


def _planted(groups: int, size: int, *, inside: float, between: float, name: str) -> pl.DataFrame:
    draw = random.Random(name)  # noqa: S311 - no secret
    n = groups * size
    return _links(
        [
            (a, b, float(draw.randint(1, 5)))
            for a in range(n)
            for b in range(a + 1, n)
            if draw.random() < (inside if a // size == b // size else between)
        ]
    )


def test_planted_groups_are_recovered() -> None:
    links = _planted(8, 25, inside=0.5, between=0.02, name="planted")
    found = communities.find(links)
    assert _groups(found.cities) == {frozenset(range(25 * g, 25 * g + 25)) for g in range(8)}


def test_a_city_between_two_groups_is_less_stable_than_the_others() -> None:
    clique = [(a, b, 1.0) for a in range(6) for b in range(a + 1, 6)]
    other = [(a + 10, b + 10, 1.0) for a, b, _ in clique]
    bridge = [(99, a, 1.0) for a in (0, 1, 10, 11)]
    cities = communities.find(_links(clique + other + bridge), runs=200).cities
    between = cities.filter(city_id=99)["stability"].item()
    others = cities.filter(pl.col("city_id") != 99)["stability"].to_list()
    assert 0.35 < between < 0.65
    assert min(others) > 0.9


def test_no_structure_gives_low_stability() -> None:
    draw = random.Random("none")  # noqa: S311 - no secret
    pairs = {(min(e), max(e)) for e in ((draw.randrange(150), draw.randrange(150)) for _ in range(900))}
    found = communities.find(_links([(a, b, 1.0) for a, b in pairs if a != b]))
    assert found.communities["stability"].mean() < 0.7  # type: ignore[operator]


def test_repeated_runs_other_orders_and_turned_links_give_the_same_bytes() -> None:
    links = _planted(6, 20, inside=0.3, between=0.1, name="noisy")
    first = communities.find(links)
    shuffled = links.sample(fraction=1, shuffle=True, seed=3)
    turned = shuffled.with_columns(origin="destination", destination="origin")
    for other in (links, shuffled, turned):
        again = communities.find(other)
        assert again.cities.equals(first.cities)
        assert again.communities.equals(first.communities)
        assert again.modularity == first.modularity
    assert not communities.find(links, seed="another").cities.equals(first.cities)


def test_threads_do_not_change_the_answer_and_igraph_keeps_its_own_generator() -> None:
    links = _planted(5, 16, inside=0.3, between=0.12, name="threads")
    first = communities.find(links, runs=20)
    with ThreadPoolExecutor(4) as pool:
        for found in pool.map(lambda _: communities.find(links, runs=20), range(8)):
            assert found.cities.equals(first.cities)
    random.seed(5)
    one = ig.Graph.Erdos_Renyi(n=50, m=100).get_edgelist()
    random.seed(5)
    communities.find(links, runs=2)
    assert ig.Graph.Erdos_Renyi(n=50, m=100).get_edgelist() == one


@settings(max_examples=60, deadline=None)
@given(
    st.dictionaries(
        st.tuples(st.integers(0, 9), st.integers(0, 9)).filter(lambda e: e[0] < e[1]),
        st.sampled_from([0.0, 0.5, 1.0, 3.0]),
        max_size=25,
    ),
    st.sampled_from([0.5, 1.0, 2.0]),
)
def test_a_partition_covers_the_linked_cities_and_has_the_modularity_of_networkx(
    edges: dict[tuple[int, int], float], resolution: float
) -> None:
    links = _links([(a, b, w) for (a, b), w in edges.items()])
    found = communities.find(links, runs=8, resolution=resolution)
    graph = nx.Graph()
    graph.add_weighted_edges_from((a, b, w) for (a, b), w in edges.items() if w)
    assert found.cities["city_id"].to_list() == sorted(graph)
    if not len(graph):
        assert np.isnan(found.modularity)
        assert found.communities.is_empty()
        return
    expected = nx.community.modularity(graph, _groups(found.cities), resolution=resolution)
    assert found.modularity == pytest.approx(expected, abs=1e-12)
    again = communities.modularity(links, found.cities, resolution=resolution)
    assert again == found.modularity
    assert found.cities["stability"].is_between(0, 1).all()
    sizes = found.communities["cities"].to_list()
    assert sizes == sorted(sizes, reverse=True)
    assert sum(sizes) == len(graph)
    for part in _groups(found.cities):  # Leiden's promise: communities hang together
        assert nx.is_connected(graph.subgraph(part))


def test_labels_go_by_size_then_by_the_smallest_city() -> None:
    ties = [(5, 6), (5, 7), (6, 7), (1, 2), (20, 21), (20, 22), (21, 22), (3, 4)]
    cities = communities.find(_links([(a, b, 1.0) for a, b in ties])).cities
    by_city = dict(cities.select("city_id", "community").iter_rows())
    assert by_city == {5: 1, 6: 1, 7: 1, 20: 2, 21: 2, 22: 2, 1: 3, 2: 3, 3: 4, 4: 4}


@pytest.mark.parametrize(
    ("setting", "words"),
    [
        ({"runs": 0}, "got runs = 0"),
        ({"resolution": 0.0}, "got resolution = 0.0"),
        ({"threshold": 1.5}, "got threshold = 1.5"),
    ],
)
def test_settings_out_of_bounds_are_refused(setting: dict[str, Any], words: str) -> None:
    with pytest.raises(SpecError, match=words):
        communities.find(_karate(), **setting)


def test_both_directions_of_a_pair_are_refused() -> None:
    with pytest.raises(FormatError, match=r"stands in both directions.*links\.undirected"):
        communities.find(_links([(1, 2, 1.0), (2, 1, 1.0)]))


def test_modularity_of_half_a_partition_is_refused() -> None:
    with pytest.raises(SpecError, match="1 cities with links have no community, the first is 2"):
        communities.modularity(_links([(1, 2, 1.0)]), pl.DataFrame({"city_id": [1], "community": [1]}))


def _cities(groups: dict[int, list[int]]) -> pl.DataFrame:
    rows = [(city, label) for label, members in groups.items() for city in members]
    return pl.DataFrame(rows, schema={"city_id": pl.Int64, "community": pl.Int64}, orient="row")


def test_communities_are_matched_by_the_best_pairing_of_all() -> None:
    # Greedy would give 1 to 1 (J = 4/10) and leave 2 to 2 nothing; together 1-2 and 2-1 overlap more.
    before = _cities({1: [1, 2, 3, 4, 5, 6, 7], 2: [8, 9, 10]})
    after = _cities({1: [1, 2, 3, 4, 8, 9, 10], 2: [5, 6, 7]})
    found = communities.match(before, after)
    assert found.select("community", "matched", "common").rows() == [(1, 2, 3), (2, 1, 3)]
    assert found["jaccard"].to_list() == pytest.approx([3 / 7, 3 / 7])


def test_a_community_without_a_forerunner_is_new() -> None:
    found = communities.match(_cities({1: [1, 2]}), _cities({1: [7, 8, 9], 2: [1, 2]}))
    assert found.rows() == [(1, None, 0, None), (2, 1, 2, 1.0)]
    scarce = communities.match(_cities({1: [1, 2, 3, 4]}), _cities({1: [1, 9, 10, 11]}), least=0.2)
    assert scarce["matched"].to_list() == [None]


def test_names_last_over_windows_and_are_not_used_again() -> None:
    windows = [
        _cities({1: [1, 2, 3], 2: [4, 5]}),
        _cities({1: [4, 5, 6], 2: [7, 8]}),
        _cities({1: [7, 8, 9], 2: [1, 2, 3]}),
    ]
    lineages = [
        dict(sorted(frame.select("community", "lineage").unique().iter_rows()))
        for frame in communities.track(windows)
    ]
    assert lineages == [{1: 1, 2: 2}, {1: 2, 2: 3}, {1: 3, 2: 4}]


def test_a_missing_column_is_named() -> None:
    with pytest.raises(UnknownNameError, match="before: no column 'community'"):
        communities.match(pl.DataFrame({"city_id": [1]}), _cities({1: [1]}))
