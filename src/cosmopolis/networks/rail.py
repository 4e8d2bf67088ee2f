"""Railway reach: pairs of cities joined by no more than a stated length of track.

Infrastructure, not timetables: trains, speeds, gauges and borders are not known here.
"""

from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.typing import NDArray
from scipy.sparse import csr_matrix
from scipy.sparse.csgraph import connected_components, dijkstra
from scipy.spatial import KDTree

from cosmopolis.errors import FormatError
from cosmopolis.networks.links import UNUSED, Built, account, finish, require
from cosmopolis.places.geometry import chord_of, km_of, unit_vectors

DISTANCES = pl.Schema({"origin": pl.Int64, "destination": pl.Int64, "rail_km": pl.Float64})
"""Columns of the shortest ways by rail, one row a pair, origin < destination."""

_BATCH = 25  # cities searched at once: the distance table of a batch is what takes the memory
_KM_DECIMALS = 3


@dataclass(frozen=True, kw_only=True)
class RailBuilt(Built):
    """Railway links with the length of each pair's way.

    Attributes
    ----------
    distances
        By `DISTANCES`: the way of each link in km, rounded to a metre.
    snapped
        `city_id`, `rail_nodes`: each city and how many nodes of the graph lie within its reach.
    """

    distances: pl.DataFrame
    snapped: pl.DataFrame


def rail(
    nodes: pl.DataFrame,
    cities: pl.DataFrame,
    *,
    year: int,
    reach_km: float = 500.0,
    snap_km: float = 15.0,
) -> RailBuilt:
    """Find the pairs of cities that track of at most `reach_km` joins.

    d_ab = min over nodes i within `snap_km` of a and j within `snap_km` of b of
    |a i| + d(i, j) + |j b|, with d the shortest way along edges (Dijkstra 1959, *Numerische Mathematik* 1,
    269–271) and |·| straight lines on the sphere. A link of weight 1 stands where d_ab ≤ `reach_km`: a
    length is a distance and no strength, so it is kept apart, in `distances`. All nodes near a city
    count, not the nearest alone, since maps of tracks come in unconnected pieces. No way leads through
    a city, only along track.

    Parameters
    ----------
    nodes
        `row`, `node` (ids), `latitude`, `longitude`, `neighbours` (lists of ids), `distances_km` (lists as
        long). An edge may stand at one of its ends or at both; of several the shortest counts.
    cities
        `city_id`, `latitude`, `longitude`.
    year
        Year of the graph's vintage.
    reach_km
        Longest way that makes a link, in km. Default: about what a day trip by fast train covers.
    snap_km
        How far from a city's point its stations may lie, in km.

    Returns
    -------
    built
        Undirected links `rail`, field `reach`. Used are the nodes of every connected piece of the graph
        that has a city on it.

    Raises
    ------
    FormatError
        If an edge leads to a node that is not there, or has a negative length.

    Examples
    --------
    >>> nodes = pl.DataFrame({
    ...     "row": [1, 2], "node": [0, 1], "latitude": [0.0, 0.0], "longitude": [0.0, 1.0],
    ...     "neighbours": [[1], [0]], "distances_km": [[120.0], [120.0]],
    ... })
    >>> cities = pl.DataFrame({"city_id": [8, 9], "latitude": [0.0, 0.0], "longitude": [0.0, 1.0]})
    >>> rail(nodes, cities, year=2024).distances.rows()
    [(8, 9, 120.0)]
    """
    require(
        nodes, ["row", "node", "latitude", "longitude", "neighbours", "distances_km"], what="railway nodes"
    )
    require(cities, ["city_id", "latitude", "longitude"], what="cities")
    nodes, cities = nodes.sort("node"), cities.sort("city_id")
    tails, heads, lengths = _edges(nodes)
    city, stop, access = _snap(nodes, cities, snap_km)
    distance = _search(
        (tails, heads, lengths), (city, stop, access), nodes.height, cities.height, reach_km=reach_km
    )
    first, second = np.nonzero(np.triu(np.isfinite(distance), k=1))
    ids = cities["city_id"].to_numpy()
    distances = pl.DataFrame(
        {
            "origin": ids[first],
            "destination": ids[second],
            "rail_km": distance[first, second].round(_KM_DECIMALS),
        },
        schema=DISTANCES,
    ).sort("origin", "destination")
    ones = (pl.lit(1).alias("weight"), pl.lit(1).alias("count"))
    links = finish(
        distances.select(pl.lit(year).alias("year"), "origin", "destination", *ones),
        network="rail",
        field="reach",
    )
    graph = csr_matrix((np.ones(len(tails)), (tails, heads)), shape=(nodes.height, nodes.height))
    _, piece = connected_components(graph, directed=False)
    used = nodes["row"].filter(pl.Series(np.isin(piece, piece[stop]))).sort()
    return RailBuilt(
        links=links,
        used=used,
        unused=account(
            nodes["row"],
            used,
            UNUSED.to_frame(),
            otherwise="no city of the sample lies on this piece of the railway graph",
        ),
        distances=distances,
        snapped=cities.select(
            "city_id", pl.Series("rail_nodes", np.bincount(city, minlength=cities.height), dtype=pl.Int64)
        ),
    )


def _edges(nodes: pl.DataFrame) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.float64]]:
    """Return tails, heads (positions in `nodes`, tail < head) and lengths in km of the edges."""
    edges = (
        nodes.select("node", "neighbours", "distances_km")
        .explode("neighbours", "distances_km")
        .drop_nulls()
        .filter(pl.col("node") != pl.col("neighbours"))
    )
    unknown = edges.filter(~pl.col("neighbours").is_in(nodes["node"].implode()))
    for bad, words in (
        (unknown, "leads to a node that is not there"),
        (edges.filter(~(pl.col("distances_km") >= 0)), "has a length that is not a number ≥ 0"),
    ):
        if not bad.is_empty():
            raise FormatError(
                f"railway graph: {bad.height} edges are unsound; the first {words}: {bad.row(0)}"
            )
    edges = (
        edges.group_by(
            pl.min_horizontal("node", "neighbours").alias("tail"),
            pl.max_horizontal("node", "neighbours").alias("head"),
        )
        .agg(pl.col("distances_km").min())
        .sort("tail", "head")
    )
    ids = nodes["node"].to_numpy()
    return (
        np.searchsorted(ids, edges["tail"].to_numpy()).astype(np.int64),
        np.searchsorted(ids, edges["head"].to_numpy()).astype(np.int64),
        edges["distances_km"].to_numpy().astype(np.float64),
    )


def _snap(
    nodes: pl.DataFrame, cities: pl.DataFrame, snap_km: float
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.float64]]:
    """Return city, node (positions) and straight length in km for each node near a city."""
    if nodes.is_empty() or cities.is_empty():
        none = np.empty(0, dtype=np.int64)
        return none, none, np.empty(0)
    at, to = (
        unit_vectors(points["latitude"].to_numpy(), points["longitude"].to_numpy())
        for points in (cities, nodes)
    )
    near = KDTree(to).query_ball_point(at, chord_of(snap_km))
    city = np.repeat(np.arange(len(near)), [len(found) for found in near]).astype(np.int64)
    stop = np.array([node for found in near for node in sorted(found)], dtype=np.int64)
    chord = np.linalg.norm(to[stop] - at[city], axis=1)
    return city, stop, km_of(chord)


def _search(
    track: tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.float64]],
    access: tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.float64]],
    n_nodes: int,
    n_cities: int,
    *,
    reach_km: float,
) -> NDArray[np.float64]:
    """Return the cities × cities table of shortest ways in km, infinite beyond reach.

    Each city is two vertices, one that is only left and one that is only entered, so that no way leads
    through a city.
    """
    tails, heads, lengths = track
    city, stop, straight = access
    leave, enter = n_nodes + city, n_nodes + n_cities + city
    size = n_nodes + 2 * n_cities
    start = np.concatenate([tails, heads, leave, stop])
    end = np.concatenate([heads, tails, stop, enter])
    km = np.concatenate([lengths, lengths, straight, straight])
    graph = csr_matrix((km, (start, end)), shape=(size, size))
    found = [np.empty((0, n_cities))]
    for begin in range(0, n_cities, _BATCH):
        sources = n_nodes + np.arange(begin, min(begin + _BATCH, n_cities))
        ways = dijkstra(graph, directed=True, indices=sources, limit=reach_km)
        found.append(ways[:, n_nodes + n_cities :].copy())
    return np.vstack(found)
