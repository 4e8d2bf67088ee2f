"""Railway reach on a hand-made line, and against a plain search on a random graph."""

import math
import random

import networkx as nx
import numpy as np
import polars as pl
import pytest

from cosmopolis.errors import FormatError
from cosmopolis.measures.distance import great_circle_km
from cosmopolis.networks.rail import rail

# 0 -100- 1 -100- 2 and, apart from them, 3 -50- 4; node 5 is alone.
NODES = pl.DataFrame(
    {
        "row": [1, 2, 3, 4, 5, 6],
        "node": [0, 1, 2, 3, 4, 5],
        "latitude": [0.0, 0.0, 0.0, 0.05, 0.0, 60.0],
        "longitude": [0.0, 1.0, 2.0, 2.0, 3.0, 60.0],
        "neighbours": [[1], [0, 2], [1, 2], [4], [3], []],
        "distances_km": [[100.0], [100.0, 100.0], [100.0, 0.0], [50.0], [50.0], []],
    }
)
CITIES = pl.DataFrame(
    {
        "city_id": [10, 11, 12, 13, 14],
        "latitude": [0.0, 0.0, 0.0, 0.0, -50.0],
        "longitude": [0.0, 1.0, 2.0, 3.0, 0.0],
    }
)


def _ways(**settings: float) -> dict[tuple[int, int], float]:
    distances = rail(NODES, CITIES, year=2024, **settings).distances
    return {(o, d): km for o, d, km in distances.rows()}


def test_ways_follow_track_and_every_stop_near_a_city_counts() -> None:
    off_line = float(great_circle_km(0.0, 2.0, 0.05, 2.0))
    assert _ways() == {
        (10, 11): 100.0,
        (10, 12): 200.0,
        (11, 12): 100.0,
        (12, 13): pytest.approx(50.0 + off_line, abs=5e-4),
    }


def test_no_way_leads_through_a_city() -> None:
    assert (11, 13) not in _ways(reach_km=5000)


def test_reach_is_a_setting_and_its_bound_is_inside() -> None:
    assert _ways(reach_km=100.0, snap_km=1.0) == {(10, 11): 100.0, (11, 12): 100.0}


def test_links_have_weight_one_and_rows_are_accounted_for() -> None:
    built = rail(NODES, CITIES, year=2024)
    assert set(built.links["weight"]) == {1.0}
    assert built.links.select("network", "field", "year").unique().rows() == [("rail", "reach", 2024)]
    assert built.used.to_list() == [1, 2, 3, 4, 5]
    assert built.unused["row"].to_list() == [6]
    assert built.snapped.rows() == [(10, 1), (11, 1), (12, 2), (13, 1), (14, 0)]


def test_cities_far_from_any_track_give_no_links() -> None:
    far = CITIES.filter(pl.col("city_id") == 14)
    built = rail(NODES, far, year=2024)
    assert built.links.is_empty()
    assert built.used.is_empty()
    assert built.unused.height == NODES.height


def test_order_of_rows_does_not_matter() -> None:
    assert rail(NODES.reverse(), CITIES.reverse(), year=2024).distances.equals(
        rail(NODES, CITIES, year=2024).distances
    )


@pytest.mark.parametrize(
    ("column", "value", "words"),
    [("neighbours", [99], "a node that is not there"), ("distances_km", [-1.0], "not a number ≥ 0")],
)
def test_an_unsound_edge_is_refused(column: str, value: list[float], words: str) -> None:
    broken = NODES.with_columns(
        pl.Series(column, [value, *NODES[column].to_list()[1:]], dtype=NODES.schema[column])
    )
    with pytest.raises(FormatError, match=words):
        rail(broken, CITIES, year=2024)


def test_ways_agree_with_another_library_on_a_random_graph() -> None:
    draw = random.Random("rail")  # noqa: S311 - no secret
    points = [(draw.uniform(-1, 1), draw.uniform(-1, 1)) for _ in range(40)]
    graph = nx.Graph()
    graph.add_nodes_from(range(40))
    for _ in range(60):
        a, b = draw.sample(range(40), 2)
        graph.add_edge(a, b, km=draw.uniform(1, 80))
    nodes = pl.DataFrame(
        {
            "row": range(1, 41),
            "node": range(40),
            "latitude": [p[0] for p in points],
            "longitude": [p[1] for p in points],
            "neighbours": [list(graph[i]) for i in range(40)],
            "distances_km": [[graph[i][j]["km"] for j in graph[i]] for i in range(40)],
        },
        schema_overrides={"neighbours": pl.List(pl.Int64), "distances_km": pl.List(pl.Float64)},
    )
    cities = pl.DataFrame(
        [(100 + i, draw.uniform(-1, 1), draw.uniform(-1, 1)) for i in range(8)],
        schema=["city_id", "latitude", "longitude"],
        orient="row",
    )
    access = great_circle_km(
        cities["latitude"].to_numpy()[:, None],
        cities["longitude"].to_numpy()[:, None],
        nodes["latitude"].to_numpy()[None, :],
        nodes["longitude"].to_numpy()[None, :],
    )
    ways = dict(nx.all_pairs_dijkstra_path_length(graph, weight="km"))
    expected = {}
    for a in range(8):
        for b in range(a + 1, 8):
            best = min(
                (
                    access[a, i] + ways[i].get(j, math.inf) + access[b, j]
                    for i in np.flatnonzero(access[a] <= 30)
                    for j in np.flatnonzero(access[b] <= 30)
                ),
                default=math.inf,
            )
            if best <= 150:
                expected[100 + a, 100 + b] = pytest.approx(best, abs=6e-4)
    got = rail(nodes, cities, year=2024, reach_km=150, snap_km=30).distances
    assert {(o, d): km for o, d, km in got.rows()} == expected
    assert expected
