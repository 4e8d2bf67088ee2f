"""How central each city is in one network, computed by igraph.

A link's weight is a strength (routes, firms, works): `strength`, `eigenvector` and `pagerank` use it as it
is. Ways are counted in steps unless the measure's name ends in `_weighted`; there a link is 1/weight long,
so that a strong tie is short. Links of weight zero are no links. A city without links has value zero, but
for `pagerank`, which gives every node a share.

Betweenness and closeness on a few hundred sampled cities are not those of the whole world: ways through
cities outside the sample are missing.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import igraph as ig
import numpy as np
import polars as pl
from numpy.typing import NDArray
from scipy.sparse import csr_matrix
from scipy.sparse.linalg import eigsh

from cosmopolis.errors import UnknownNameError, hint_near
from cosmopolis.networks.links import check, nodes

DAMPING = 0.85
"""PageRank's chance of following a link instead of jumping (Brin & Page 1998)."""

EIGENVECTOR_DECIMALS = 10
"""Eigenvector values are rounded to this many decimals: beyond, linear algebra libraries disagree."""

_PAGERANK_STEPS = 400  # 0.85 ** 400 is 6e-29
_PAGERANK_MOVED = 1e-15  # no node moves any more
_SAME_EIGENVALUE = 1e-9  # relative: nearer eigenvalues of two parts of a network are one
_DENSE_NODES_MAX = 64  # below, a full decomposition is as fast, and Lanczos wants more nodes


@dataclass(frozen=True, kw_only=True)
class Graph:
    """A network as igraph has it, with the ids of its vertices and the weights of its edges."""

    ids: pl.Series
    graph: ig.Graph
    weights: NDArray[np.float64]
    directed: bool

    @property
    def lengths(self) -> list[float]:
        """Lengths of the edges, 1/weight."""
        return _floats(1.0 / self.weights)


def _floats(values: NDArray[np.float64]) -> list[float]:
    """Return an array as a list."""
    return [float(value) for value in values]


def _build(links: pl.DataFrame, ids: pl.Series | None, *, directed: bool) -> Graph:
    """Make the graph; vertices ascend by id, edges by their ends, whatever order the links come in."""
    strong = check(links).filter(pl.col("weight") > 0).sort("origin", "destination")
    ends = nodes(strong)
    vertices = ends if ids is None else pl.concat([ends, ids.cast(ends.dtype)]).unique().sort()
    place = pl.DataFrame({"id": vertices, "at": np.arange(len(vertices))})
    edges = (
        strong.select("origin", "destination")
        .join(place, left_on="origin", right_on="id", how="left", maintain_order="left")
        .join(place, left_on="destination", right_on="id", how="left", maintain_order="left", suffix="_to")
        .select("at", "at_to")
    )
    return Graph(
        ids=vertices.alias("city_id"),
        graph=ig.Graph(n=len(vertices), edges=edges.rows(), directed=directed),
        weights=strong["weight"].to_numpy().astype(np.float64),
        directed=directed,
    )


def _betweenness(g: Graph, lengths: list[float] | None = None) -> Sequence[float]:
    """Sum, over pairs of other nodes, the share of shortest ways that lead through the node."""
    found: list[float] = g.graph.betweenness(directed=g.directed, weights=lengths)
    return found


def _closeness(g: Graph, lengths: list[float] | None = None) -> Sequence[float]:
    """Return closeness to the reachable nodes, scaled by the share of nodes that is reachable."""
    n = g.graph.vcount()
    raw = np.array(g.graph.closeness(mode="out", weights=lengths, normalized=True), dtype=np.float64)
    if g.directed:
        reached = np.array(g.graph.neighborhood_size(order=n, mode="out"), dtype=np.float64)
    else:
        parts = g.graph.connected_components()
        reached = np.array(parts.sizes(), dtype=np.float64)[parts.membership]
    return _floats(np.nan_to_num(raw) * (reached - 1.0) / max(n - 1, 1))


def _harmonic(g: Graph, lengths: list[float] | None = None) -> Sequence[float]:
    """Mean of 1/distance to every other node."""
    found = g.graph.harmonic_centrality(mode="out", weights=lengths, normalized=True)
    return _floats(np.nan_to_num(np.array(found, dtype=np.float64)))


def _strength(g: Graph, mode: str) -> Sequence[float]:
    """Sum the weights of a node's links."""
    found: list[float] = g.graph.strength(mode=mode, weights=g.weights.tolist())
    return found


def _pagerank(g: Graph) -> Sequence[float]:
    """Return the share of time that a walker spends at each node.

    By power iteration, each sum in the order of the nodes: igraph's solver gives last digits that change
    from run to run, and the tables must not.
    """
    n = g.graph.vcount()
    if n == 0:
        return []
    tails, heads = np.array(g.graph.get_edgelist(), dtype=np.int64).reshape(-1, 2).T
    weights = g.weights
    if not g.directed:
        tails, heads, weights = (
            np.concatenate([tails, heads]),
            np.concatenate([heads, tails]),
            np.tile(weights, 2),
        )
    matrix = csr_matrix((weights, (heads, tails)), shape=(n, n))
    strength = np.bincount(tails, weights=weights, minlength=n)
    leaving = np.divide(1.0, strength, out=np.zeros(n), where=strength > 0)
    stuck = strength == 0
    rank = np.full(n, 1.0 / max(n, 1))
    for _ in range(_PAGERANK_STEPS):
        jumps = (1.0 - DAMPING + DAMPING * float(rank[stuck].sum())) / n
        step = jumps + DAMPING * (matrix @ (rank * leaving))
        moved = float(np.abs(step - rank).sum())
        rank = step / float(step.sum())
        if moved < _PAGERANK_MOVED:
            break
    return _floats(rank)


def _leading(matrix: csr_matrix) -> tuple[float, NDArray[np.float64]]:
    """Return the largest eigenvalue of a connected network and its eigenvector, largest entry 1."""
    n = matrix.shape[0]
    if n <= _DENSE_NODES_MAX:
        values, vectors = np.linalg.eigh(matrix.toarray())
        value, vector = values[-1], vectors[:, -1]
    else:
        values, vectors = eigsh(matrix, k=1, which="LA", v0=np.ones(n), tol=0)
        value, vector = values[0], vectors[:, 0]
    vector = np.abs(vector)
    return float(value), vector / vector.max()


def _eigenvector(g: Graph) -> Sequence[float]:
    """Return the leading eigenvector of the strongest connected part, zero elsewhere."""
    n = g.graph.vcount()
    result = np.zeros(n)
    if len(g.weights) == 0:
        return _floats(result)
    edges = np.array(g.graph.get_edgelist())
    tails, heads = np.concatenate([edges[:, 0], edges[:, 1]]), np.concatenate([edges[:, 1], edges[:, 0]])
    weights = np.tile(g.weights / g.weights.max(), 2)
    matrix = csr_matrix((weights, (tails, heads)), shape=(n, n))
    parts = [np.sort(part) for part in g.graph.connected_components() if len(part) > 1]
    # An eigenvalue is at most the largest strength: a part below the best so far need not be solved.
    bound = [float(matrix[part].sum(axis=1).max()) for part in parts]
    found: list[tuple[float, NDArray[np.int64], NDArray[np.float64]]] = []
    best = 0.0
    for i in sorted(range(len(parts)), key=lambda i: (-bound[i], i)):
        if bound[i] < best * (1.0 - _SAME_EIGENVALUE):
            break
        value, vector = _leading(matrix[parts[i]][:, parts[i]])
        best = max(best, value)
        found.append((value, parts[i], vector))
    for value, part, vector in found:
        if value >= best * (1.0 - _SAME_EIGENVALUE):
            result[part] = vector.round(EIGENVECTOR_DECIMALS)
    return _floats(result)


_BOTH: Mapping[str, Callable[[Graph], Sequence[float]]] = {
    "degree": lambda g: [float(d) for d in g.graph.degree()],
    "strength": lambda g: _strength(g, "all"),
    "betweenness": _betweenness,
    "betweenness_weighted": lambda g: _betweenness(g, g.lengths),
    "closeness": _closeness,
    "closeness_weighted": lambda g: _closeness(g, g.lengths),
    "harmonic": _harmonic,
    "harmonic_weighted": lambda g: _harmonic(g, g.lengths),
    "pagerank": _pagerank,
}
_UNDIRECTED: Mapping[str, Callable[[Graph], Sequence[float]]] = {**_BOTH, "eigenvector": _eigenvector}
_DIRECTED: Mapping[str, Callable[[Graph], Sequence[float]]] = {
    **_BOTH,
    "degree_in": lambda g: [float(d) for d in g.graph.degree(mode="in")],
    "degree_out": lambda g: [float(d) for d in g.graph.degree(mode="out")],
    "strength_in": lambda g: _strength(g, "in"),
    "strength_out": lambda g: _strength(g, "out"),
}


def measures_of(*, directed: bool) -> tuple[str, ...]:
    """Return the names of the measures for directed or undirected networks, sorted."""
    return tuple(sorted(_DIRECTED if directed else _UNDIRECTED))


def table(
    links: pl.DataFrame,
    *,
    directed: bool,
    nodes: pl.Series | None = None,
    measures: Sequence[str] | None = None,
) -> pl.DataFrame:
    """Measure every city of one network.

    With w_ij the weights, A_ij = 1 where w_ij > 0, d_ij the length of the shortest way from i to j, σ_st
    the number of shortest ways from s to t and σ_st(i) of those through i, n nodes, r_i nodes reachable
    from i, i itself among them:

    * `degree` k_i = Σ_j A_ij, `strength` s_i = Σ_j w_ij (unit of the weight); in directed networks over
      both directions, `_in` and `_out` for one.
    * `betweenness` b_i = Σ_{s≠i≠t} σ_st(i) / σ_st, over unordered pairs in undirected networks; not
      normalised, unit: pairs (Freeman 1977, *Sociometry* 40, 35–41; Brandes 2001, *Journal of Mathematical
      Sociology* 25, 163–177).
    * `closeness` c_i = (r_i − 1)² / ((n − 1) Σ_j d_ij) over reachable j (Wasserman & Faust 1994, *Social
      Network Analysis*): the plain form praises a city for lying in a small separate part.
    * `harmonic` h_i = Σ_{j≠i} (1/d_ij) / (n − 1), 1/∞ = 0 (Marchiori & Latora 2000, *Physica A* 285,
      539–546).
    * `eigenvector` λ x_i = Σ_j w_ij x_j with the largest λ, largest x = 1 (Bonacich 1972, *Journal of
      Mathematical Sociology* 2, 113–120); undirected only, and zero outside the part with the largest λ.
    * `pagerank` p_i = (1 − d)/n + d Σ_j p_j w_ji / s_j, d = 0.85, Σ p = 1 (Brin & Page 1998, *Computer
      Networks* 30, 107–117).

    Ways in directed networks start at the city.

    Parameters
    ----------
    links
        Of one network, field and year.
    directed
        Whether origin and destination are different roles.
    nodes
        Cities that belong to the network though they may have no link.
    measures
        Names from `measures_of`; all of them if none are given.

    Returns
    -------
    frame
        `city_id`, `measure`, `value`, sorted by city and measure.

    Raises
    ------
    UnknownNameError
        If a measure is not known, or is not defined for the kind of network.
    FormatError
        If the links are unsound, a pair stands twice for instance.

    Examples
    --------
    >>> from cosmopolis.networks.links import LINKS
    >>> path = pl.DataFrame(
    ...     [("air", "routes", 2022, 1, 2, 4.0, 4), ("air", "routes", 2022, 2, 3, 1.0, 1)],
    ...     schema=LINKS, orient="row",
    ... )
    >>> table(path, directed=False, measures=["betweenness"]).rows()
    [(1, 'betweenness', 0.0), (2, 'betweenness', 1.0), (3, 'betweenness', 0.0)]
    """
    known = _DIRECTED if directed else _UNDIRECTED
    wanted = sorted(set(known if measures is None else measures))
    for name in wanted:
        if name in known:
            continue
        if name in _DIRECTED or name in _UNDIRECTED:
            kind = "directed" if directed else "undirected"
            raise UnknownNameError(
                f"measure {name!r} is not defined for {kind} networks" + hint_near(name, known)
            )
        raise UnknownNameError(f"there is no measure {name!r}" + hint_near(name, known))
    graph = _build(links, nodes, directed=directed)
    frames = [
        pl.DataFrame(
            {"city_id": graph.ids, "measure": name, "value": pl.Series(known[name](graph), dtype=pl.Float64)},
            schema={"city_id": graph.ids.dtype, "measure": pl.String, "value": pl.Float64},
        )
        for name in wanted
    ]
    empty = pl.DataFrame(schema={"city_id": graph.ids.dtype, "measure": pl.String, "value": pl.Float64})
    return pl.concat([empty, *frames]).sort("city_id", "measure")
