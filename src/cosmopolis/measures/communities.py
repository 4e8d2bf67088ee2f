"""Communities of cities: groups that work together more than the strengths of their cities explain.

Leiden finds one good partition of many, by chance, and the same seed gives another on another system. So it
is run many times with named seeds, and the runs are brought to a consensus; how often cities fell together
says how sure a community is. Networks are undirected here, add up the directions first
(`cosmopolis.networks.links.undirected`). What role a city plays in its community is in `roles`.
"""

import math
import random
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from threading import Lock

import igraph as ig
import numpy as np
import polars as pl
from numpy.typing import NDArray
from scipy.optimize import linear_sum_assignment
from scipy.sparse import csr_matrix

from cosmopolis.errors import FormatError, SpecError
from cosmopolis.networks.links import check, nodes, require

RUNS = 50
"""Seeded runs of Leiden behind a consensus; with 50, a share of runs is known to about ± 0.14 (95 %)."""

RESOLUTION = 1.0
"""γ of modularity: 1 is Newman & Girvan's; more gives more and smaller communities."""

THRESHOLD = 0.5
"""Cities that fell together in a smaller share of runs have no tie in the consensus network: the majority."""

LEAST_OVERLAP = 0.1
"""Communities of two windows with a smaller Jaccard index are not one community at two times."""

SEED = "communities"

_ROUNDS_MAX = 20  # consensus is usually reached in two or three
_COMMUNITIES = {"community": pl.Int64, "cities": pl.Int64, "stability": pl.Float64}
_MATCHES = {"community": pl.Int64, "matched": pl.Int64, "common": pl.Int64, "jaccard": pl.Float64}

_generator_of_igraph = Lock()  # igraph has one random number generator for the whole process

Labels = NDArray[np.int64]
Floats = NDArray[np.float64]


@dataclass(frozen=True, kw_only=True)
class Communities:
    """A consensus partition of one network.

    Attributes
    ----------
    cities
        `city_id`, `community` (1, 2, …; the community with most cities is 1, of equal ones that with the
        smallest city id), `stability`; sorted by city.
    communities
        `community`, `cities` (how many), `stability` (mean of its cities); sorted.
    modularity
        Of the consensus on the network; not a number where there are no links.
    runs, rounds
        Runs of Leiden in each round, and rounds until all runs agreed.
    agreed
        Whether they did; if not, the partition that most runs of the last round found.
    """

    cities: pl.DataFrame
    communities: pl.DataFrame
    modularity: float
    runs: int
    rounds: int
    agreed: bool


@dataclass(frozen=True, kw_only=True)
class _Net:
    """An undirected network of n vertices: each edge once, vertices' strengths with what is inside them."""

    n: int
    tails: Labels
    heads: Labels
    weights: Floats
    strengths: Floats


def find(
    links: pl.DataFrame,
    *,
    weighted: bool = True,
    runs: int = RUNS,
    resolution: float = RESOLUTION,
    threshold: float = THRESHOLD,
    seed: str = SEED,
) -> Communities:
    """Find the communities of one undirected network, as a consensus of seeded runs.

    1. Leiden seeks the partition with the largest modularity
       Q = 1/2m Σ_ij (w_ij − γ s_i s_j / 2m) δ(c_i, c_j), s_i = Σ_j w_ij, 2m = Σ_i s_i, in `runs` runs.
    2. D_ij is the share of runs in which i and j fell together. Shares below `threshold` become 0, but a
       city left without a tie keeps its largest.
    3. Leiden is run as often on D. If all runs agree, theirs is the consensus; if not, back to 2.

    The stability of a city is the mean of D_ij, as first found on the network, over the other cities of
    its community; of a city alone, the share of runs in which it was alone.

    Parameters
    ----------
    links
        Of one network, field and window; each pair once, in either direction. Links of weight zero are none.
    weighted
        Whether w_ij is the weight, or 1 for every link.
    runs
        From 1.
    resolution
        γ, above 0.
    threshold
        Between 0 and 1.
    seed
        Name of the draws.

    Raises
    ------
    SpecError
        If a setting is out of bounds.
    FormatError
        If the links are unsound, a pair stands in both directions for instance.

    Notes
    -----
    Traag, Waltman & van Eck (2019), From Louvain to Leiden, *Scientific Reports* 9, 5233. Lancichinetti &
    Fortunato (2012), Consensus clustering in complex networks, *Scientific Reports* 2, 336. Modularity
    cannot see communities much smaller than √(2m): Fortunato & Barthélemy (2007), *PNAS* 104, 36–41.

    Examples
    --------
    >>> from cosmopolis.networks.links import LINKS
    >>> ties = [(1, 2), (1, 3), (2, 3), (4, 5), (4, 6), (5, 6), (3, 4)]
    >>> rows = [("coauthorship", "ai", 2024, a, b, 1.0, 1) for a, b in ties]
    >>> found = find(pl.DataFrame(rows, schema=LINKS, orient="row"))
    >>> found.cities["community"].to_list(), round(found.modularity, 4)
    ([1, 1, 1, 2, 2, 2], 0.3571)
    """
    _check_settings(runs, resolution, threshold)
    strong = check(links).filter(pl.col("weight") > 0).sort("origin", "destination")
    ids = nodes(strong)
    if ids.is_empty():
        return Communities(
            cities=pl.DataFrame(
                schema={"city_id": ids.dtype, "community": pl.Int64, "stability": pl.Float64}
            ),
            communities=pl.DataFrame(schema=_COMMUNITIES),
            modularity=math.nan,
            runs=runs,
            rounds=0,
            agreed=True,
        )
    net = _network(strong, ids, weighted=weighted)
    first = _runs(net, runs, resolution=resolution, name=f"{seed}/0")
    labels, rounds, agreed = first, 0, False
    while True:
        atoms, of_vertex = np.unique(labels, axis=1, return_inverse=True)
        agreed = atoms.shape[1] == len(np.unique(labels[0]))
        if agreed or rounds == _ROUNDS_MAX:
            break
        rounds += 1
        again = _runs(
            _consensus(atoms, np.bincount(of_vertex), threshold),
            runs,
            resolution=resolution,
            name=f"{seed}/{rounds}",
        )
        labels = again[:, of_vertex]
    partition = canonical(labels[0]) if agreed else _most_found(labels, net, resolution)
    stability = _stability(first, partition)
    cities = pl.DataFrame({"city_id": ids, "community": partition, "stability": stability})
    return Communities(
        cities=cities,
        communities=_describe(partition, stability),
        modularity=_modularity(net, partition, resolution),
        runs=runs,
        rounds=rounds,
        agreed=agreed,
    )


def modularity(
    links: pl.DataFrame, cities: pl.DataFrame, *, weighted: bool = True, resolution: float = RESOLUTION
) -> float:
    """Return the modularity of any partition of a network: see `find`.

    Parameters
    ----------
    links
        As for `find`.
    cities
        `city_id`, `community` (any whole numbers); every city with a link must be there.

    Raises
    ------
    SpecError
        If a city has no community.

    Examples
    --------
    >>> from cosmopolis.networks.links import LINKS
    >>> pair = pl.DataFrame([("air", "routes", 2022, 1, 2, 4.0, 4)], schema=LINKS, orient="row")
    >>> modularity(pair, pl.DataFrame({"city_id": [1, 2], "community": [1, 2]}))
    -0.5
    """
    strong = check(links).filter(pl.col("weight") > 0).sort("origin", "destination")
    ids = nodes(strong)
    known = ids.to_frame().join(cities, on="city_id", how="left", maintain_order="left")["community"]
    if known.has_nulls():
        lost = ids.filter(known.is_null())
        raise SpecError(
            f"{len(lost)} cities with links have no community, the first is {lost[0]}; "
            "give the partition of the whole network"
        )
    if ids.is_empty():
        return math.nan
    return _modularity(_network(strong, ids, weighted=weighted), known.to_numpy(), resolution)


def canonical(labels: Labels) -> Labels:
    """Return a partition with labels 1, 2, …, larger communities first, of equal ones the earlier.

    Parameters
    ----------
    labels
        Any labels, one for each vertex; vertices ascend by id.

    Examples
    --------
    >>> canonical(np.array([7, 3, 3, 9])).tolist()
    [2, 1, 1, 3]
    """
    _, first, inverse, sizes = np.unique(labels, return_index=True, return_inverse=True, return_counts=True)
    order = np.lexsort((first, -sizes))
    place = np.empty(len(order), dtype=np.int64)
    place[order] = np.arange(1, len(order) + 1)
    return place[inverse]


def match(before: pl.DataFrame, after: pl.DataFrame, *, least: float = LEAST_OVERLAP) -> pl.DataFrame:
    """Say which community of an earlier window each community of a later one continues.

    Of all ways to pair communities, each at most once, the one with the largest sum of Jaccard indices
    J = |A ∩ B| / |A ∪ B| over their cities (Hungarian method); pairs with J < `least` are undone.

    Parameters
    ----------
    before, after
        `city_id`, `community`.

    Returns
    -------
    matches
        `community` (of `after`), `matched` (of `before`, null where it is new), `common` (cities in both;
        0 where new), `jaccard` (null where new); sorted.

    Notes
    -----
    Kuhn (1955), The Hungarian method, *Naval Research Logistics Quarterly* 2, 83–97, by SciPy.

    Examples
    --------
    >>> old = pl.DataFrame({"city_id": [1, 2, 3, 4], "community": [1, 1, 2, 2]})
    >>> new = pl.DataFrame({"city_id": [1, 2, 3, 4, 5], "community": [2, 2, 1, 1, 1]})
    >>> match(old, new).select("community", "matched", "common").rows()
    [(1, 2, 2), (2, 1, 2)]
    """
    for what, frame in (("before", before), ("after", after)):
        require(frame, ["city_id", "community"], what=what)
    sizes = [dict(sorted(frame.group_by("community").len().iter_rows())) for frame in (before, after)]
    old, new = (list(size) for size in sizes)
    both = before.join(after, on="city_id", suffix="_after").group_by("community", "community_after").len()
    common = np.zeros((len(old), len(new)), dtype=np.int64)
    for a, b, n in both.iter_rows():
        common[old.index(a), new.index(b)] = n
    union = np.array(list(sizes[0].values()))[:, None] + np.array(list(sizes[1].values()))[None, :] - common
    overlap = common / np.maximum(union, 1)
    pairs = {
        new[b]: (old[a], int(common[a, b]), float(overlap[a, b]))
        for a, b in zip(*linear_sum_assignment(overlap, maximize=True), strict=True)
        if overlap[a, b] >= least and common[a, b] > 0
    }
    rows = [(name, *pairs.get(name, (None, 0, None))) for name in new]
    return pl.DataFrame(rows, schema=_MATCHES, orient="row")


def track(windows: Sequence[pl.DataFrame], *, least: float = LEAST_OVERLAP) -> list[pl.DataFrame]:
    """Give communities names that last: a community that continues an earlier one keeps its name.

    Parameters
    ----------
    windows
        `city_id`, `community` and any other columns, in the order of time.

    Returns
    -------
    named
        The same with `lineage`: the label in the first window; later, that of the community continued, or
        the next number not used yet, smaller labels first. Windows are compared with the one before only.

    Examples
    --------
    >>> old = pl.DataFrame({"city_id": [1, 2, 3], "community": [1, 1, 2]})
    >>> new = pl.DataFrame({"city_id": [1, 3, 4], "community": [2, 1, 1]})
    >>> [frame["lineage"].to_list() for frame in track([old, new])]
    [[1, 1, 2], [1, 2, 2]]
    """
    named: list[pl.DataFrame] = []
    names: dict[int, int] = {}
    used = 0
    for place, window in enumerate(windows):
        labels = window["community"].unique().sort().to_list()
        earlier: dict[int, int] = {}
        if place:
            found = match(windows[place - 1], window, least=least).drop_nulls("matched")
            earlier = {new: names[old] for new, old in found.select("community", "matched").iter_rows()}
        names = {}
        for label in labels:
            if label not in earlier:
                used += 1
            names[label] = earlier.get(label, used)
        lineage = pl.col("community").replace_strict(names, return_dtype=pl.Int64).alias("lineage")
        named.append(window.with_columns(lineage))
    return named


def _check_settings(runs: int, resolution: float, threshold: float) -> None:
    """Raise if a setting is out of bounds."""
    if runs < 1:
        raise SpecError(f"got runs = {runs}, but a consensus needs at least 1 run; {RUNS} is the default")
    if not 0 < resolution < math.inf:
        raise SpecError(f"got resolution = {resolution}, but expected a number above 0, such as {RESOLUTION}")
    if not 0 <= threshold <= 1:
        raise SpecError(f"got threshold = {threshold}, but expected a share of runs between 0 and 1")


def _network(strong: pl.DataFrame, ids: pl.Series, *, weighted: bool) -> _Net:
    """Make the network; vertices ascend by id, edges by their ends, whatever order the links come in."""
    ends = [ids.search_sorted(strong[end]).to_numpy().astype(np.int64) for end in ("origin", "destination")]
    tails, heads = np.minimum(*ends), np.maximum(*ends)
    order = np.lexsort((heads, tails))
    weights: Floats = strong["weight"].to_numpy().astype(np.float64) if weighted else np.ones(strong.height)
    tails, heads, weights = tails[order], heads[order], weights[order]
    twice = tails * len(ids) + heads
    if len(np.unique(twice)) < len(twice):
        raise FormatError(
            "a pair of cities stands in both directions, but communities are of undirected networks; "
            "add the directions up first, by cosmopolis.networks.links.undirected"
        )
    strengths: Floats = np.zeros(len(ids))
    for ends_of in (tails, heads):
        strengths += np.bincount(ends_of, weights, len(ids))
    return _Net(n=len(ids), tails=tails, heads=heads, weights=weights, strengths=strengths)


def _runs(net: _Net, runs: int, *, resolution: float, name: str) -> Labels:
    """Run Leiden; a row of labels for each run.

    Modularity with γ is the constant Potts model with the strengths as node weights and γ/2m as resolution,
    which lets a vertex stand for several cities that are never apart. Vertices are shuffled for each run:
    of two equally good moves Leiden prefers one by the vertices' order, and that would look like stability.
    """
    labels = np.empty((runs, net.n), dtype=np.int64)
    weights = net.weights.tolist()
    potts = resolution / math.fsum(net.strengths)
    with _generator_of_igraph:
        try:
            for run in range(runs):
                draw = random.Random(f"{name}/{run}")  # noqa: S311 - no secret
                place = np.array(draw.sample(range(net.n), net.n), dtype=np.int64)
                ends = np.column_stack([place[net.tails], place[net.heads]])
                strengths = np.empty(net.n)
                strengths[place] = net.strengths
                ig.set_random_number_generator(draw)
                found = ig.Graph(n=net.n, edges=ends.tolist()).community_leiden(
                    "CPM",
                    weights=weights,
                    node_weights=strengths.tolist(),
                    resolution=potts,
                    n_iterations=-1,
                )
                labels[run] = np.array(found.membership)[place]
        finally:
            ig.set_random_number_generator(random)
    return labels


def _together(atoms: Labels) -> csr_matrix:
    """Count the runs in which two vertices fell together."""
    runs, n = atoms.shape
    width = int(atoms.max()) + 1
    columns = (np.arange(runs)[:, None] * width + atoms).ravel()
    member = csr_matrix(
        (np.ones(runs * n, dtype=np.int64), (np.tile(np.arange(n), runs), columns)), shape=(n, runs * width)
    )
    return member @ member.T


def _consensus(atoms: Labels, sizes: Labels, threshold: float) -> _Net:
    """Make the consensus network, a vertex for all cities that were never apart."""
    runs, n = atoms.shape
    counts = _together(atoms).tocoo()
    upper = counts.row < counts.col
    tails, heads, together = (part[upper].astype(np.int64) for part in (counts.row, counts.col, counts.data))
    order = np.lexsort((heads, tails))
    tails, heads, together = tails[order], heads[order], together[order]
    kept = together >= threshold * runs
    tied = (sizes > 1) | np.isin(np.arange(n), np.concatenate([tails[kept], heads[kept]]))
    for vertex in np.flatnonzero(~tied):
        own = np.flatnonzero((tails == vertex) | (heads == vertex))
        if len(own):
            kept[own[np.argmax(together[own])]] = True
    tails, heads, together = tails[kept], heads[kept], together[kept]
    weights = (together * sizes[tails] * sizes[heads]).astype(np.float64)
    within: Floats = (runs * sizes * (sizes - 1)).astype(np.float64)
    strengths: Floats = within + np.bincount(tails, weights, n) + np.bincount(heads, weights, n)
    return _Net(n=n, tails=tails, heads=heads, weights=weights, strengths=strengths)


def _most_found(labels: Labels, net: _Net, resolution: float) -> Labels:
    """Return the partition that most runs found; of equal ones the more modular, then the smaller labels."""
    found = Counter(tuple(canonical(row).tolist()) for row in labels)
    most = max(found.values())
    rivals = sorted(row for row, times in found.items() if times == most)
    return max((np.array(row) for row in rivals), key=lambda row: _modularity(net, row, resolution))


def _stability(first: Labels, partition: Labels) -> Floats:
    """Return the mean share of runs in which each vertex fell together with the others of its community."""
    runs, n = first.shape
    total = np.zeros(n, dtype=np.int64)
    alone = np.zeros(n, dtype=np.int64)
    for row in first:
        both = row * (n + 1) + partition
        _, inverse, sizes = np.unique(both, return_inverse=True, return_counts=True)
        total += sizes[inverse] - 1
        alone += np.bincount(row)[row] == 1
    others = np.bincount(partition)[partition] - 1
    stability: Floats = np.where(others > 0, total / (runs * np.maximum(others, 1)), alone / runs)
    return stability


def _modularity(net: _Net, partition: Labels, resolution: float) -> float:
    """Return Q, each sum exact."""
    twice = math.fsum(net.strengths)
    inside = net.weights[partition[net.tails] == partition[net.heads]]
    spread = [
        (math.fsum(net.strengths[partition == label]) / twice) ** 2 for label in np.unique(partition).tolist()
    ]
    return 2.0 * math.fsum(inside) / twice - resolution * math.fsum(spread)


def _describe(partition: Labels, stability: Floats) -> pl.DataFrame:
    """Count and rate the communities."""
    rows = [
        (label, int((partition == label).sum()), math.fsum(stability[partition == label]))
        for label in np.unique(partition).tolist()
    ]
    return pl.DataFrame(
        [(label, size, total / size) for label, size, total in rows], schema=_COMMUNITIES, orient="row"
    )
