"""The shape of a network as a whole: how far it hangs on one city, on a core, and who ties with whom.

One number for each network, where `centrality` has one for each city. Links count whichever way they go and
however strong they are, but where a measure's name or argument says otherwise. Which cities belong to the
network is for the caller to say (`nodes`): a city without links makes a network less connected and, as a
rule, more centralised.
"""

import heapq
import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import igraph as ig
import numpy as np
import polars as pl
from numpy.typing import NDArray

from cosmopolis.errors import UnknownNameError, hint_near
from cosmopolis.measures import centrality
from cosmopolis.networks.links import check, undirected
from cosmopolis.networks.links import nodes as ends_of

Floats = NDArray[np.float64]
Places = NDArray[np.int64]

CENTRALISATIONS: Mapping[str, str] = {
    "betweenness": "betweenness",
    "closeness": "closeness",
    "degree": "degree",
    "degree_in": "degree_in",
    "degree_out": "degree_out",
}
"""Kinds of centralisation, and the measure of `centrality` that each is of."""

STARTS = 12
"""From the grown cores of so many first sizes the search for a core begins anew."""

_DIRECTED = ("degree_in", "degree_out")
_LEAST_CITIES = 3  # a star of two has no centre
_BETTER = 1e-12  # fits nearer than this are equal, so that rounding decides nothing


def centralisation(links: pl.DataFrame, *, kind: str = "degree", nodes: pl.Series | None = None) -> float:
    """Return Freeman's centralisation: how far the network is like a star.

    C = Σ_i (c_max − c_i) / max, where c is the centrality and max the largest sum that a network of n cities
    can have, that of the star: (n − 1)(n − 2) for the degree, (n − 1)²(n − 2)/2 for betweenness,
    (n − 1)(n − 2)/(2n − 3) for closeness, and (n − 1)² for the degree out or in, of links with a direction.

    Parameters
    ----------
    links
        Of one network, field and year. Their directions are put together but for `degree_in`, `degree_out`.
    kind
        One of `CENTRALISATIONS`. For closeness in networks of several parts see `centrality`.
    nodes
        Cities that belong to the network though they may have no link.

    Returns
    -------
    centralisation
        0 (all cities equally central) to 1 (a star); no unit. Not a number for fewer than three cities.

    Raises
    ------
    UnknownNameError
        If there is no such kind.

    Notes
    -----
    Freeman (1979), Centrality in social networks: conceptual clarification, *Social Networks* 1(3), 215–239.

    Examples
    --------
    >>> from cosmopolis.networks.links import LINKS
    >>> star = pl.DataFrame(
    ...     [("air", "routes", 2022, 1, b, 1.0, 1) for b in (2, 3, 4)], schema=LINKS, orient="row")
    >>> centralisation(star), centralisation(star, kind="betweenness")
    (1.0, 1.0)
    """
    if kind not in CENTRALISATIONS:
        raise UnknownNameError(f"there is no centralisation by {kind!r}" + hint_near(kind, CENTRALISATIONS))
    directed = kind in _DIRECTED
    ties = check(links) if directed else undirected(check(links))
    measure = CENTRALISATIONS[kind]
    found = centrality.table(ties, directed=directed, nodes=nodes, measures=[measure])["value"]
    return _centralised(found.to_numpy(), kind)


def _centralised(values: Floats, kind: str) -> float:
    """Return the centralisation of cities with such centralities."""
    n = len(values)
    if n < _LEAST_CITIES:
        return math.nan
    most = {
        "betweenness": (n - 1) ** 2 * (n - 2) / 2,
        "closeness": (n - 1) * (n - 2) / (2 * n - 3),
        "degree": (n - 1) * (n - 2),
    }.get(kind, (n - 1) ** 2)
    return math.fsum(values.max() - values) / most


def assortativity(links: pl.DataFrame) -> float:
    """Return the degree assortativity: whether cities of many ties are tied to others of many.

    r = correlation of the degrees at the two ends of a link, each link taken both ways (Newman's equation 4),
    by igraph.

    Parameters
    ----------
    links
        Of one network, field and year; their directions are put together.

    Returns
    -------
    assortativity
        −1 (hubs with leaves alone) to 1; no unit. Not a number without links or where all degrees are equal.

    Notes
    -----
    Newman (2002), Assortative mixing in networks, *Physical Review Letters* 89, 208701.

    Examples
    --------
    >>> from cosmopolis.networks.links import LINKS
    >>> star = pl.DataFrame(
    ...     [("air", "routes", 2022, 1, b, 1.0, 1) for b in (2, 3, 4)], schema=LINKS, orient="row")
    >>> assortativity(star)
    -1.0
    """
    return _assorted(_Net.of(links, None, weighted=False))


def _assorted(net: "_Net") -> float:
    """Return the assortativity of a network."""
    if not len(net.weights) or len(np.unique(net.degrees())) == 1:
        return math.nan
    edges = list(zip(net.tails.tolist(), net.heads.tolist(), strict=True))
    return float(ig.Graph(n=net.n, edges=edges).assortativity_degree(directed=False))


@dataclass(frozen=True, kw_only=True)
class CorePeriphery:
    """A network parted into core and periphery.

    Attributes
    ----------
    fit
        Correlation of the ties with the ideal pattern, −1 to 1; not a number where it has none.
    core
        Cities of the core, ascending; empty where there is no fit.
    cities
        How many cities the network has.
    """

    fit: float
    core: pl.Series
    cities: int


def core_periphery(
    links: pl.DataFrame, *, weighted: bool = False, nodes: pl.Series | None = None
) -> CorePeriphery:
    """Part a network into a core and a periphery, as near to the ideal pattern as a search finds.

    In the ideal, cities of the core are tied to all, and those of the periphery to the core alone: δ_ij = 1
    if i or j is in the core, else 0. The fit is Pearson's correlation of a_ij with δ_ij over all pairs i < j;
    the core is what makes it largest. For a given size of the core, that is the core which touches most ties,
    a problem without a fast exact answer (largest coverage by k vertices).

    The search. (1) The core grows city by city, each time by the one that touches most ties not yet touched.
    At each size it touches at least 1 − 1/e = 63 % of the ties that the best core of that size does
    (Nemhauser, Wolsey & Fisher 1978, *Mathematical Programming* 14, 265–294). (2) The same with cities in the
    order of their strength. (3) From the best core of each of the two, and from those of the first sizes
    (`STARTS`), the city is added, taken away or exchanged for another that raises the fit most, until none
    does. The best core of all is returned.

    So: the same links give the same core, whatever their order; it is a local optimum, which no change of one
    city and no exchange of two betters; a network that has the ideal pattern has fit 1 and its core is found.
    That there is no better core elsewhere is not promised; the tests see on small networks, core by core,
    how often there is. Of equally good moves the city with the smaller id goes first.

    Parameters
    ----------
    links
        Of one network, field and year; their directions are put together.
    weighted
        Whether a_ij is the weight of the link; else 1 where there is one.
    nodes
        Cities that belong to the network though they may have no link.

    Returns
    -------
    core_periphery
        Without fit where there are fewer than three cities, or all pairs are tied alike.

    Notes
    -----
    Borgatti & Everett (2000), Models of core/periphery structures, *Social Networks* 21(4), 375–395, the
    discrete model with ties between core and periphery. A fit says how alike the network is to the pattern,
    not that the pattern is beyond chance: one city with very many ties brings a high fit by itself.

    Examples
    --------
    >>> from cosmopolis.networks.links import LINKS
    >>> star = pl.DataFrame(
    ...     [("air", "routes", 2022, 1, b, 1.0, 1) for b in (2, 3, 4)], schema=LINKS, orient="row")
    >>> found = core_periphery(star)
    >>> round(found.fit, 6), found.core.to_list()
    (1.0, [1])
    """
    return _parted(_Net.of(links, nodes, weighted=weighted))


def _parted(net: "_Net") -> CorePeriphery:
    """Part a network into core and periphery."""
    none = CorePeriphery(fit=math.nan, core=net.ids.clear(), cities=net.n)
    if net.n < _LEAST_CITIES or not net.spread > 0:
        return none
    best, best_fit = np.zeros(net.n, dtype=np.bool_), -math.inf
    for start in _starts(net):
        core = _climb(net, start)
        fit = net.fit(int(core.sum()), net.touched(core))
        if fit > best_fit + _BETTER:
            best, best_fit = core, fit
    return CorePeriphery(fit=min(1.0, best_fit), core=net.ids.filter(pl.Series(best)), cities=net.n)


def shape(links: pl.DataFrame) -> tuple[dict[str, float], pl.Series]:
    """Measure a network from headquarters to branches, or any other with a direction, in one go.

    Parameters
    ----------
    links
        Of one network, field and year, directed.

    Returns
    -------
    values
        `centralisation` (of the degree, directions put together), `centralisation_out` (of the degree out),
        `core_fit`, `core_size` (not a number without a core) and `assortativity`, as the functions of this
        module give them.
    core
        Cities of the core.

    Examples
    --------
    >>> from cosmopolis.networks.links import LINKS
    >>> star = pl.DataFrame(
    ...     [("air", "routes", 2022, 1, b, 1.0, 1) for b in (2, 3, 4)], schema=LINKS, orient="row")
    >>> shape(star)[0]["centralisation_out"]
    1.0
    """
    net = _Net.of(links, None, weighted=False)
    leaving = links.filter(pl.col("weight") > 0)["origin"]
    out = np.bincount(net.ids.search_sorted(leaving).to_numpy(), minlength=net.n).astype(np.float64)
    found = _parted(net)
    values = {
        "centralisation": _centralised(net.degrees(), "degree"),
        "centralisation_out": _centralised(out, "degree_out"),
        "core_fit": found.fit,
        "core_size": float(len(found.core)) if len(found.core) else math.nan,
        "assortativity": _assorted(net),
    }
    return values, found.core


@dataclass(frozen=True, kw_only=True)
class _Net:
    """An undirected network of n cities: each pair once, with a weight; and where each city's ties lie."""

    ids: pl.Series
    n: int
    tails: Places
    heads: Places
    weights: Floats
    total: float
    spread: float

    @classmethod
    def of(cls, links: pl.DataFrame, nodes: pl.Series | None, *, weighted: bool) -> "_Net":
        """Take links in; cities ascend by id, pairs by their ends."""
        ties = undirected(check(links).filter(pl.col("weight") > 0))
        ends = ends_of(ties)
        ids = ends if nodes is None else pl.concat([ends, nodes.cast(ends.dtype)]).unique().sort()
        tails, heads = (
            ids.search_sorted(ties[end]).to_numpy().astype(np.int64) for end in ("origin", "destination")
        )
        weights = ties["weight"].to_numpy().astype(np.float64)
        weights = weights if weighted else np.ones_like(weights)
        pairs = len(ids) * (len(ids) - 1) / 2
        total = math.fsum(weights)
        squares = math.fsum(weights * weights)
        spread = squares / pairs - (total / pairs) ** 2 if pairs else 0.0
        alike = len(weights) == pairs and len(np.unique(weights)) <= 1
        return cls(
            ids=ids.alias("city_id"),
            n=len(ids),
            tails=tails,
            heads=heads,
            weights=weights,
            total=total,
            spread=0.0 if alike else spread,
        )

    def degrees(self) -> Floats:
        """Count each city's links."""
        ends = np.concatenate([self.tails, self.heads])
        return np.bincount(ends, minlength=self.n).astype(np.float64)

    def touched(self, core: NDArray[np.bool_]) -> float:
        """Sum the weights of links with an end in the core."""
        return math.fsum(self.weights[core[self.tails] | core[self.heads]])

    def fit(self, size: int, touched: float) -> float:
        """Return the correlation with the ideal pattern of a core of some size that touches such ties."""
        pairs = self.n * (self.n - 1) / 2
        ones = size * (size - 1) / 2 + size * (self.n - size)
        share = ones / pairs
        if not 0 < share < 1:
            return -math.inf
        covariance = touched / pairs - share * self.total / pairs
        return covariance / math.sqrt(self.spread * share * (1 - share))

    def to(self, inside: NDArray[np.bool_]) -> Floats:
        """Sum the weights of each city's links to the cities of a set."""
        heads = np.bincount(self.tails, weights=self.weights * inside[self.heads], minlength=self.n)
        tails = np.bincount(self.heads, weights=self.weights * inside[self.tails], minlength=self.n)
        return np.add(heads, tails, dtype=np.float64)


def _by_coverage(net: _Net) -> Places:
    """Order the cities so that each touches most of what those before it do not."""
    neighbours: list[list[tuple[int, float]]] = [[] for _ in range(net.n)]
    for tail, head, weight in zip(net.tails.tolist(), net.heads.tolist(), net.weights.tolist(), strict=True):
        neighbours[tail].append((head, weight))
        neighbours[head].append((tail, weight))
    rest = net.to(np.ones(net.n, dtype=np.bool_))
    taken = [False] * net.n
    waiting = [(-float(rest[city]), city) for city in range(net.n)]
    heapq.heapify(waiting)
    order = []
    while waiting:
        told, city = heapq.heappop(waiting)
        if taken[city] or -told > rest[city]:  # an older line; a newer one stands further back
            continue
        taken[city] = True
        order.append(city)
        for other, weight in neighbours[city]:
            if not taken[other]:
                rest[other] -= weight
                heapq.heappush(waiting, (-float(rest[other]), other))
    return np.array(order, dtype=np.int64)


def _by_strength(net: _Net) -> Places:
    """Order the cities by strength, then id."""
    strengths = net.to(np.ones(net.n, dtype=np.bool_))
    return np.lexsort((np.arange(net.n), -strengths)).astype(np.int64)


def _starts(net: _Net) -> Iterator[NDArray[np.bool_]]:
    """Give the cores from which the search begins."""
    for order in (_by_coverage(net), _by_strength(net)):
        rank = np.empty(net.n, dtype=np.int64)
        rank[order] = np.arange(net.n)
        yield rank < _best_size(net, rank)
        for size in range(1, min(STARTS, net.n - 2) + 1):
            yield rank < size


def _best_size(net: _Net, rank: Places) -> int:
    """Return how many cities, first by rank, make the core with the best fit; of equal ones the smallest."""
    first = np.minimum(rank[net.tails], rank[net.heads])  # a link is touched from here on
    touched = np.cumsum(np.bincount(first, weights=net.weights, minlength=net.n))
    best, best_fit = 1, -math.inf
    for size in range(1, net.n - 1):
        fit = net.fit(size, float(touched[size - 1]))
        if fit > best_fit + _BETTER:
            best, best_fit = size, fit
    return best


def _climb(net: _Net, core: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Add, take away or exchange one city at a time while that raises the fit."""
    core = core.copy()
    fit = net.fit(int(core.sum()), net.touched(core))
    while True:
        moved = _best_move(net, core)
        if moved is None:
            return core
        new = net.fit(int(moved.sum()), net.touched(moved))
        if new <= fit + _BETTER:
            return core
        core, fit = moved, new


def _best_move(net: _Net, core: NDArray[np.bool_]) -> NDArray[np.bool_] | None:
    """Return the core after the one change that raises the fit most; None where no change can be made."""
    gains = net.to(~core)  # of a city outside: ties touched anew; of one inside: those that it alone touches
    touched, size = net.touched(core), int(core.sum())
    outside, inside = np.flatnonzero(~core), np.flatnonzero(core)
    moves: list[tuple[float, tuple[int, ...]]] = []
    if len(outside):
        new = int(outside[np.argmax(gains[outside])])
        moves.append((net.fit(size + 1, touched + float(gains[new])), (new,)))
    if len(inside):
        old = int(inside[np.argmin(gains[inside])])
        moves.append((net.fit(size - 1, touched - float(gains[old])), (old,)))
    if len(outside) and len(inside):
        moves.append((net.fit(size, touched + float(gains[new] - gains[old])), (new, old)))
        across = np.flatnonzero(core[net.tails] != core[net.heads])
        if len(across):  # the link between the two stays touched when they are exchanged
            tails, heads = net.tails[across], net.heads[across]
            news, olds = np.where(core[tails], heads, tails), np.where(core[tails], tails, heads)
            change = gains[news] - gains[olds] + net.weights[across]
            at = int(np.argmax(change))
            moves.append((net.fit(size, touched + float(change[at])), (int(news[at]), int(olds[at]))))
    best_fit, best = -math.inf, None
    for fit, cities in moves:
        if fit > best_fit + _BETTER:
            best_fit, best = fit, cities
    if best is None:
        return None
    moved = core.copy()
    moved[list(best)] = ~moved[list(best)]
    return moved
