"""The plan of many replications of an index: the tree as arrays, what is varied, and who takes what.

No scores are made here, see `replicate`, and nothing is drawn, see `draws`.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from cosmopolis.errors import SpecError
from cosmopolis.index.tree import Tree

Floats: TypeAlias = NDArray[np.float64]
Places: TypeAlias = NDArray[np.int64]
Method: TypeAlias = float | Callable[[Floats, Floats], Floats]
"""How a node comes from its children: the power p of a mean, (Σ w x^p / Σ w)^(1/p), which is 1 for the
arithmetic, 0 for the geometric, −1 for the harmonic mean; or a function of values (units × children, not a
number where there is none) and weights that gives a score for each unit."""

ARITHMETIC, GEOMETRIC, HARMONIC = 1.0, 0.0, -1.0


@dataclass(frozen=True, kw_only=True)
class Branches:
    """A tree as places: entries 0..k − 1 are the indicators, k..k + m − 1 the nodes, the root last.

    Attributes
    ----------
    indicators, nodes
        Codes; every node after those below it.
    children
        For each node the places of its children, in the order of the tree.
    weights
        Of each entry among its siblings; that of the root is not used.
    floors
        For each node the least share of weight with data, 0..1.
    """

    indicators: tuple[str, ...]
    nodes: tuple[str, ...]
    children: tuple[tuple[int, ...], ...]
    weights: Floats
    floors: tuple[float, ...]

    @property
    def entries(self) -> tuple[str, ...]:
        """Codes of indicators and nodes, in the order of places."""
        return self.indicators + self.nodes

    def below(self, wanted: Sequence[int]) -> tuple[int, ...]:
        """Return the nodes (0..m − 1) that must be scored to score those wanted, in order."""
        k, need = len(self.indicators), set(wanted)
        for node in reversed(range(len(self.nodes))):
            if node in need:
                need.update(child - k for child in self.children[node] if child >= k)
        return tuple(sorted(need))


def branches(tree: Tree) -> Branches:
    """Return a tree as places.

    Examples
    --------
    >>> from cosmopolis.index.tree import parse
    >>> words = {"en": "x", "zh": "x"}
    >>> leaf = {"weight": 1, "direction": 1, "name": words, "unit": words, "sources": ["s"]}
    >>> tree = parse({
    ...     "id": "v", "name": words, "floor": 0,
    ...     "node": [{"id": "n", "parent": "v", "weight": 2, "name": words}],
    ...     "indicator": [{"id": "a", "parent": "n", **leaf}, {"id": "b", "parent": "v", **leaf}],
    ... })
    >>> got = branches(tree)
    >>> got.entries, got.children, got.weights.tolist()
    (('a', 'b', 'n', 'v'), ((0,), (2, 1)), [1.0, 1.0, 2.0, 1.0])
    """
    indicators = tuple(indicator.id for indicator in tree.indicators)
    nodes = tree.upward()
    place = {code: at for at, code in enumerate((*indicators, *nodes))}
    weight: dict[str, float] = {entry.id: entry.weight for entry in tree.entries}
    return Branches(
        indicators=indicators,
        nodes=nodes,
        children=tuple(tuple(place[child.id] for child in tree.children(node)) for node in nodes),
        weights=np.array([weight.get(code, 1.0) for code in (*indicators, *nodes)], dtype=np.float64),
        floors=tuple(tree.floor_of(node) for node in nodes),
    )


@dataclass(frozen=True, kw_only=True)
class Design:
    """What is scored: V variants × W sets of weights × M ways of aggregating, and n replications of them.

    Attributes
    ----------
    branches
        The tree.
    values
        k × V × units: normalised, more is better, not a number is no data.
    weights
        W × (k + m), at least 0; an entry of weight 0 plays no part.
    methods, floors
        M tuples each, with a method and a least share of weight with data for each node.
    variant, weighting, method
        For each replication the place among V, W, M.
    dropped
        For each replication the place of the entry left out, −1 for none. A node whose children are all left
        out is left out too.
    """

    branches: Branches
    values: Floats
    weights: Floats
    methods: tuple[tuple[Method, ...], ...]
    floors: tuple[tuple[float, ...], ...]
    variant: Places
    weighting: Places
    method: Places
    dropped: Places

    @property
    def n(self) -> int:
        """Number of replications."""
        return len(self.variant)

    @property
    def units(self) -> int:
        """Number of units."""
        return int(self.values.shape[2])

    @cached_property
    def columns(self) -> dict[tuple[int, float], Floats]:
        """V × units table of each indicator raised to the powers (ln x for 0) that its parent needs."""
        met = np.unique(np.stack([self.variant, self.method]), axis=1)
        out: dict[tuple[int, float], Floats] = {}
        k = len(self.branches.indicators)
        for node, children in enumerate(self.branches.children):
            powers = np.array([_power(way[node]) for way in self.methods])
            for power in np.unique(powers).tolist():
                # Variants that never meet the power need not bear it: 0 has no logarithm.
                used = np.unique(met[0][powers[met[1]] == power])
                for child in children:
                    if child < k:
                        column = self.values[child]
                        if power != ARITHMETIC:
                            column = np.full(column.shape, np.nan)
                            column[used] = raise_to(self.values[child][used], power, self.branches, node)
                        out[child, power] = column
        return out

    @cached_property
    def complete(self) -> tuple[bool, ...]:
        """For each entry whether each unit has a score in each replication: no gap need be minded."""
        k, drops = len(self.branches.indicators), set(np.unique(self.dropped).tolist())
        known = [not bool(np.isnan(self.values[leaf]).any()) for leaf in range(k)]
        for node, children in enumerate(self.branches.children):
            w = self.weights[:, children]
            left = [np.delete(w, at, axis=1) for at, child in enumerate(children) if child in drops]
            stands = all(bool((part.sum(axis=1) > 0).all()) for part in (w, *left))
            own = any(callable(way[node]) for way in self.methods)
            known.append(stands and not own and all(known[child] for child in children))
        return tuple(known)


def design(
    tree: Branches,
    values: Floats,
    *,
    weights: Floats | None = None,
    methods: Sequence[Sequence[Method]] | None = None,
    floors: Sequence[Sequence[float]] | None = None,
    variant: Places | None = None,
    weighting: Places | None = None,
    method: Places | None = None,
    dropped: Places | None = None,
) -> Design:
    """Check the parts of a design and fill in what is not varied.

    Parameters
    ----------
    values
        V × units × k, or units × k for one variant.
    weights
        W × (k + m) or k + m; the tree's own if not given.
    methods, floors
        M × m; arithmetic means, and the tree's own floors, if not given.
    variant, weighting, method, dropped
        As in `Design`; without choice the first, and nothing dropped.

    Raises
    ------
    SpecError
        If shapes do not fit, a place points nowhere, a weight is below 0 or the root's weights are all 0.

    Examples
    --------
    >>> tree = Branches(
    ...     indicators=("a", "b"), nodes=("v",), children=((0, 1),), weights=np.ones(3), floors=(0.0,)
    ... )
    >>> plan = design(tree, np.array([[0.0, 10.0], [4.0, 4.0]]), weights=np.array([[1.0, 1, 1], [3, 1, 1]]),
    ...               weighting=np.array([0, 1]))
    >>> from cosmopolis.index.replicate import scores
    >>> scores(plan)[0].tolist()
    [[5.0, 4.0], [2.5, 4.0]]
    """
    k, m = len(tree.indicators), len(tree.nodes)
    values = np.asarray(values, dtype=np.float64)
    values = values[np.newaxis] if values.ndim == 2 else values  # noqa: PLR2004 - one table is one variant
    if values.ndim != 3 or values.shape[2] != k:  # noqa: PLR2004 - variants, units, indicators
        raise SpecError(f"got values of shape {values.shape}, but expected variants × units × {k} indicators")
    weights = np.atleast_2d(np.asarray(tree.weights if weights is None else weights, dtype=np.float64))
    if weights.shape[1] != k + m or not np.isfinite(weights).all() or (weights < 0).any():
        raise SpecError(
            f"got weights of shape {weights.shape}, but expected {k + m} entries, finite and at least 0"
        )
    if (weights[:, tree.children[-1]].sum(axis=1) <= 0).any():
        raise SpecError(f"a set of weights leaves nothing below {tree.nodes[-1]!r}; give one entry a weight")
    ways = tuple(tuple(way) for way in methods) if methods is not None else ((ARITHMETIC,) * m,)
    if not ways or any(len(way) != m for way in ways):
        raise SpecError(f"got ways of aggregating {ways!r}, but expected one method for each of {m} nodes")
    least_shares = tuple(tuple(f) for f in floors) if floors is not None else (tree.floors,) * len(ways)
    if len(least_shares) != len(ways) or any(len(f) != m for f in least_shares):
        raise SpecError(
            f"got floors {least_shares!r}, but expected one for each node in each of {len(ways)} ways"
        )
    given = [p for p in (variant, weighting, method, dropped) if p is not None]
    n = len(given[0]) if given else 1
    sizes = {"variant": len(values), "weighting": len(weights), "method": len(ways), "dropped": k + m - 1}
    places = {}
    for name, place in zip(sizes, (variant, weighting, method, dropped), strict=True):
        least = -1 if name == "dropped" else 0
        at = np.full(n, least, dtype=np.int64) if place is None else np.asarray(place, dtype=np.int64)
        if at.shape != (n,) or (at < least).any() or (at >= sizes[name]).any():
            raise SpecError(f"{name}: expected {n} places from {least} to {sizes[name] - 1}, got {at!r}")
        places[name] = at
    return Design(
        branches=tree,
        values=np.ascontiguousarray(np.moveaxis(values, 2, 0)),
        weights=weights,
        methods=ways,
        floors=least_shares,
        **places,
    )


def _power(way: Method) -> float:
    """Return the power in which a method wants its children's values; a function has them as they are."""
    return ARITHMETIC if callable(way) else float(way)


def raise_to(x: Floats, power: float, tree: Branches, node: int) -> Floats:
    """Return x^p, ln x for p = 0, of the children of a node.

    Raises
    ------
    SpecError
        If a value has no such power.
    """
    if power == ARITHMETIC:
        return x
    with np.errstate(invalid="ignore"):
        wrong = (x < 0) if power > 0 else (x <= 0)
    if wrong.any():
        kind = {GEOMETRIC: "geometric mean", HARMONIC: "harmonic mean"}.get(power, f"mean of power {power:g}")
        raise SpecError(
            f"node {tree.nodes[node]!r}: a {kind} meets the value {float(np.nanmin(x)):g}, but takes only "
            f"values {'of at least' if power > 0 else 'above'} 0; normalise to a range such as [1, 100]"
        )
    if power == GEOMETRIC:
        return np.log(x)
    return 1.0 / x if power == HARMONIC else x**power
