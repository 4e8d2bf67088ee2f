"""Roles: published numbers, closed forms, the definition read another way, and limits of roles."""

import tomllib
from pathlib import Path
from typing import Any

import networkx as nx
import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.sparse import csr_matrix

from cosmopolis.errors import SpecError
from cosmopolis.measures import roles
from cosmopolis.networks.links import LINKS

GOLDEN: dict[str, Any] = tomllib.loads(
    (Path(__file__).parents[1] / "golden" / "innovation.toml").read_text(encoding="utf-8")
)


def _links(edges: list[tuple[int, int, float]]) -> pl.DataFrame:
    rows = [("coauthorship", "ai", 2024, a, b, w, 1) for a, b, w in edges]
    return pl.DataFrame(rows, schema=LINKS, orient="row")


def _karate() -> tuple[pl.DataFrame, pl.DataFrame]:
    graph = nx.karate_club_graph()
    names = [int(name) for name in GOLDEN["karate"]["partition"]]
    links = _links([(a, b, float(d["weight"])) for a, b, d in graph.edges(data=True)])
    return links, pl.DataFrame({"city_id": list(range(34)), "community": names})


def test_the_karate_club() -> None:
    found = roles.table(*_karate(), weighted=False)
    golden = GOLDEN["karate_roles"]
    for node in ("0", "2", "31", "33"):
        z, p = golden[node]
        row = found.row(int(node), named=True)
        assert row["within_z"] == pytest.approx(z, abs=golden["tolerance"])
        assert row["participation"] == pytest.approx(p, abs=golden["tolerance"])
    assert found["role"][33] == "R6"  # the only hub: z above 2.5, P between 0.30 and 0.75
    assert found.filter(pl.col("role").is_in(["R5", "R6", "R7"]))["city_id"].to_list() == [33]


def test_the_deviation_is_that_of_a_population() -> None:
    """With the divisor n - 1, node 33 would not be a hub."""
    links, cities = _karate()
    z = roles.table(links, cities, weighted=False)["within_z"][33]
    n = cities.filter(community=2).height
    assert z > 2.5 > z * np.sqrt((n - 1) / n)


@pytest.mark.parametrize("case", GOLDEN["participation"]["cases"])
def test_participation_as_published(case: dict[str, Any]) -> None:
    golden = GOLDEN["participation"]
    got = roles.participation(csr_matrix(np.array(case["matrix"], dtype=float)), golden["labels"])
    assert got == pytest.approx(case["values"], abs=golden["tolerance"])


def test_weights_count_only_when_asked() -> None:
    links = _links([(1, 2, 9.0), (1, 3, 1.0), (2, 4, 1.0)])
    cities = pl.DataFrame({"city_id": [1, 2, 3, 4], "community": [1, 1, 2, 2]})
    weighted, plain = (roles.table(links, cities, weighted=w).row(0, named=True) for w in (True, False))
    assert weighted["participation"] == pytest.approx(1 - 0.81 - 0.01)
    assert plain["participation"] == pytest.approx(0.5)


def test_alone_or_without_links_a_city_has_z_and_p_zero() -> None:
    links = _links([(1, 2, 1.0)])
    cities = pl.DataFrame({"city_id": [1, 2, 9], "community": [1, 2, 2]})
    found = roles.table(links, cities)
    assert found["participation"].to_list() == [0.0, 0.0, 0.0]
    assert found["within_z"].to_list() == [0.0, 0.0, 0.0]
    assert found["role"].to_list() == ["R1", "R1", "R1"]


def test_equal_sums_of_thirds_have_z_zero() -> None:
    """Sums of the same weights in another order differ in the last bit, and that is no deviation."""
    edges = [
        (a, b, w) for (a, b), w in zip([(1, 2), (3, 4), (1, 3), (2, 4)], [0.1, 0.1, 0.7, 0.7], strict=True)
    ]
    edges += [(1, 4, 0.2), (2, 3, 0.2)]
    cities = pl.DataFrame({"city_id": [1, 2, 3, 4], "community": [1, 1, 1, 1]})
    assert roles.table(_links(edges), cities)["within_z"].to_list() == [0.0] * 4


@settings(max_examples=50, deadline=None)
@given(
    st.dictionaries(
        st.tuples(st.integers(0, 7), st.integers(0, 7)).filter(lambda e: e[0] < e[1]),
        st.sampled_from([1.0, 2.0, 5.0]),
        min_size=1,
        max_size=20,
    ),
    st.lists(st.integers(1, 3), min_size=8, max_size=8),
)
def test_the_definition_read_another_way(edges: dict[tuple[int, int], float], labels: list[int]) -> None:
    cities = pl.DataFrame({"city_id": list(range(8)), "community": labels})
    found = roles.table(_links([(a, b, w) for (a, b), w in edges.items()]), cities)
    tie = {city: dict.fromkeys((1, 2, 3), 0.0) for city in range(8)}
    for (a, b), w in edges.items():
        tie[a][labels[b]] += w
        tie[b][labels[a]] += w
    for city in range(8):
        k = sum(tie[city].values())
        p = 1 - sum((x / k) ** 2 for x in tie[city].values()) if k else 0.0
        inside = [tie[c][labels[c]] for c in range(8) if labels[c] == labels[city]]
        mean = sum(inside) / len(inside)
        deviation = (sum((x - mean) ** 2 for x in inside) / len(inside)) ** 0.5
        z = (tie[city][labels[city]] - mean) / deviation if deviation else 0.0
        row = found.row(city, named=True)
        assert row["participation"] == pytest.approx(p, abs=1e-12)
        assert row["within_z"] == pytest.approx(z, abs=1e-9)


def test_limits_belong_to_the_role_below_but_that_of_hubs() -> None:
    p = np.array([0.0, 0.05, 0.0501, 0.62, 0.7, 0.80, 0.81])
    assert roles.role(np.full(7, 2.49), p) == ["R1", "R1", "R2", "R2", "R3", "R3", "R4"]
    p = np.array([0.0, 0.30, 0.31, 0.75, 0.76])
    assert roles.role(np.full(5, 2.5), p) == ["R5", "R5", "R6", "R6", "R7"]
    own = roles.Thresholds(hub=1.0, others=(0.1, 0.2, 0.3), hubs=(0.4, 0.5))
    assert roles.role(np.array([1.0, 0.0]), np.array([0.45, 0.25]), thresholds=own) == ["R6", "R3"]


@pytest.mark.parametrize("limits", [{"others": (0.5, 0.4, 0.8)}, {"hubs": (0.3, 1.2)}])
def test_limits_that_do_not_grow_are_refused(limits: dict[str, Any]) -> None:
    with pytest.raises(SpecError, match="limits of P that grow"):
        roles.Thresholds(**limits)


def test_a_city_without_community_and_a_wrong_matrix_are_refused() -> None:
    with pytest.raises(SpecError, match="1 cities with links have no community, the first is 2"):
        roles.table(_links([(1, 2, 1.0)]), pl.DataFrame({"city_id": [1], "community": [1]}))
    with pytest.raises(SpecError, match="got a matrix of 2 × 2 and 3 labels"):
        roles.within_z(csr_matrix(np.ones((2, 2))), [1, 2, 3])
