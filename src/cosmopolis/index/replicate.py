"""Scores and ranks of an index, thousands of times over, each time built a little otherwise.

Arrays in, arrays out. A `Design` holds the few tables of normalised values (variants), the sets of weights
and the ways of aggregating, and for each replication which of them it takes. What is varied, and why, is the
business of `variations`; how values are normalised that of the steps before.

Sums run child by child in the order of the tree, and each replication is computed for itself: so a score is
the same to the bit whatever the number of threads, the size of a block or the other units. For this reason no
matrix product is used, whose order of summing differs between machines; working in blocks that stay in the
processor's cache makes up for it.
"""

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from cosmopolis.index.designs import ARITHMETIC, GEOMETRIC, HARMONIC, Design, Floats, Method, Places, raise_to

Ranks: TypeAlias = NDArray[Any]
"""Unsigned whole numbers, as narrow as the number of units allows; the greatest one says `no rank`."""

_CELLS = 65_536  # replications × units in a block: 0.5 MB of float64, so a few tables fit in a core's cache
_SHARE_ROUNDING = 1e-12  # a share that is the floor but for rounding reaches it


def scores(
    plan: Design, rows: slice = slice(None), *, nodes: Sequence[int] | None = None
) -> dict[int, Floats]:
    """Score units at nodes in some replications.

    Parameters
    ----------
    rows
        Which replications.
    nodes
        Places 0..m − 1; the root if not given.

    Returns
    -------
    scores
        For each node wanted replications × units; not a number below the floor.

    Raises
    ------
    SpecError
        If a mean that is not arithmetic meets a value that it is not made for.
    """
    tree = plan.branches
    k = len(tree.indicators)
    wanted = (len(tree.nodes) - 1,) if nodes is None else tuple(nodes)
    weights = _weights(plan, rows)
    variant, method = plan.variant[rows], plan.method[rows]
    done: dict[int, Floats] = {}
    shares: dict[int, Floats] = {}
    for node in tree.below(wanted):
        block = _Block(plan=plan, node=node, weights=weights, variant=variant, done=done, shares=shares)
        ways: dict[int, tuple[Method, float]] = {
            way: (plan.methods[way][node], plan.floors[way][node]) for way in np.unique(method).tolist()
        }
        if len(set(ways.values())) == 1:
            done[k + node], share = block.mean(*next(iter(ways.values())), None)
        else:
            done[k + node] = np.empty((len(variant), plan.units))
            share = np.ones((len(variant), plan.units))
            for way, what in ways.items():
                some = np.flatnonzero(method == way)
                done[k + node][some], part = block.mean(*what, some)
                share[some] = 1.0 if part is None else part
        if share is not None:
            shares[k + node] = share
    return {node: done[k + node] for node in wanted}


def ranks(scores: Floats) -> Ranks:
    """Rank the units of each row, 1 for the highest; equal scores share the smallest rank.

    rank = 1 + number of units of the row with a score above. Not a number has no rank, see `no_rank`.

    Examples
    --------
    >>> ranks(np.array([[70.0, np.nan, 80.0, 70.0]])).tolist()
    [[2, 65535, 1, 2]]
    """
    n, units = scores.shape
    kind = rank_kind(units)
    key = np.negative(scores)
    order = np.argsort(key, axis=1)
    order += np.arange(n)[:, np.newaxis] * units
    ordered = key.ravel()[order]
    position = np.broadcast_to(np.arange(1, units + 1, dtype=kind), (n, units))
    differ = ordered[:, 1:] != ordered[:, :-1]
    if not differ.all():
        first = np.ones((n, units), dtype=kind)
        first[:, 1:] = np.where(differ, position[:, 1:], 0)
        position = np.maximum.accumulate(first, axis=1)
    out = np.empty(n * units, dtype=kind)
    out[order.ravel()] = position.ravel()
    table = out.reshape(n, units)
    table[np.isnan(scores)] = no_rank(table)
    return table


def rank_kind(units: int) -> np.dtype[Any]:
    """Return the narrowest kind of number that holds the ranks of so many units and `no rank`."""
    return np.dtype(np.uint16 if units < np.iinfo(np.uint16).max else np.uint32)


def no_rank(table: Ranks) -> int:
    """Return the number that stands for `no rank` in a table of ranks: the greatest of its kind."""
    return int(np.iinfo(table.dtype).max)


def run_blocks(plan: Design, work: Callable[[slice], None], *, threads: int) -> None:
    """Do some work on all replications, block by block, on one thread or more."""
    step = max(1, _CELLS // max(1, plan.units))
    blocks = [slice(start, min(start + step, plan.n)) for start in range(0, plan.n, step)]
    _ = plan.columns, plan.complete  # made once, before the threads part
    if threads <= 1 or len(blocks) == 1:
        for block in blocks:
            work(block)
        return
    with ThreadPoolExecutor(threads) as pool:
        for _done in pool.map(work, blocks):
            pass


@dataclass(frozen=True, kw_only=True)
class _Block:
    """One node in some replications; `done` and `shares` hold the nodes scored before it."""

    plan: Design
    node: int
    weights: Floats
    variant: Places
    done: dict[int, Floats]
    shares: dict[int, Floats]

    @property
    def children(self) -> tuple[int, ...]:
        return self.plan.branches.children[self.node]

    def mean(self, way: Method, floor: float, some: Places | None) -> tuple[Floats, Floats | None]:
        """Return scores and shares with data (null: all) of the node in some of the replications."""
        weights = self.weights if some is None else self.weights[some]
        if callable(way):
            return self._own(way, floor, weights, some)
        whole = self.plan.complete[len(self.plan.branches.indicators) + self.node]
        share: Floats | None = None
        if whole:
            mean = self._whole(float(way), weights, some)
        else:
            mean, share = self._with_gaps(float(way), floor, weights, some)
        return _root_of(mean, float(way)), share

    def _whole(self, power: float, weights: Floats, some: Places | None) -> Floats:
        shape = (len(weights), self.plan.units)
        top, part = np.zeros(shape), np.empty(shape)
        bottom = np.zeros((len(weights), 1))
        least, most = np.full(shape, np.inf), np.full(shape, -np.inf)
        for child in self.children:
            x, w = self._child(child, power, some), weights[:, child, np.newaxis]
            np.multiply(x, w, out=part)
            top += part
            bottom += w
            # An entry without weight may stand outside; that only loosens the bounds against rounding.
            np.minimum(least, x, out=least)
            np.maximum(most, x, out=most)
        top /= bottom
        np.maximum(top, least, out=top)
        np.minimum(top, most, out=top)
        return top

    def _with_gaps(
        self, power: float, floor: float, weights: Floats, some: Places | None
    ) -> tuple[Floats, Floats]:
        shape = (len(weights), self.plan.units)
        top, bottom, stands = np.zeros(shape), np.zeros(shape), np.zeros(shape)
        least, most = np.full(shape, np.nan), np.full(shape, np.nan)
        total = np.zeros((len(weights), 1))
        for child in self.children:
            x, w = self._child(child, power, some), weights[:, child, np.newaxis]
            known = ~np.isnan(x)
            held = np.where(known, w, 0.0)
            top += held * np.where(known, x, 0.0)
            bottom += held
            stands += held * self._share(child, some)
            total += w
            least, most = np.fmin(least, x), np.fmax(most, x)
        share = stands / np.where(total > 0, total, 1.0)
        enough = (bottom > 0) & (share >= floor - _SHARE_ROUNDING)
        mean = np.fmin(np.fmax(top / np.where(bottom > 0, bottom, 1.0), least), most)
        return np.where(enough, mean, np.nan), share

    def _own(
        self,
        way: Callable[[Floats, Floats], Floats],
        floor: float,
        weights: Floats,
        some: Places | None,
    ) -> tuple[Floats, Floats]:
        """Call a function of all units once for each replication; it is not shown entries of weight 0."""
        shape = (len(weights), self.plan.units)
        columns = [np.broadcast_to(self._child(child, ARITHMETIC, some), shape) for child in self.children]
        mean, share = self._with_gaps(ARITHMETIC, floor, weights, some)
        enough = ~np.isnan(mean)
        # What has too little data for a score takes no part in the scores of others either.
        table = np.where(enough[:, :, np.newaxis], np.stack(columns, axis=2), np.nan)
        out = np.full(shape, np.nan)
        for row, (values, given) in enumerate(zip(table, weights[:, self.children], strict=True)):
            shown = np.flatnonzero(given > 0)
            if len(shown):
                out[row] = way(values[:, shown], given[shown])
        return np.where(enough, out, np.nan), share

    def _child(self, child: int, power: float, some: Places | None) -> Floats:
        """Return x^p of a child: replications × units, or 1 × units if it is the same in all."""
        if child in self.done:
            x = self.done[child] if some is None else self.done[child][some]
            return raise_to(x, power, self.plan.branches, self.node)
        column = self.plan.columns[child, power]
        if len(column) == 1:
            return column
        return column[self.variant if some is None else self.variant[some]]

    def _share(self, child: int, some: Places | None) -> Floats | float:
        share = self.shares.get(child)
        if share is None:
            return 1.0
        return share if some is None else share[some]


def _weights(plan: Design, rows: slice) -> Floats:
    """Return the weights of some replications, with what is dropped, and what that empties, at 0."""
    weights = plan.weights[plan.weighting[rows]]
    dropped = plan.dropped[rows]
    out = np.flatnonzero(dropped >= 0)
    weights[out, dropped[out]] = 0.0
    k = len(plan.branches.indicators)
    for node, children in enumerate(plan.branches.children[:-1]):
        weights[(weights[:, children] <= 0).all(axis=1), k + node] = 0.0
    return weights


def _root_of(mean: Floats, power: float) -> Floats:
    """Undo `raise_to`."""
    if power == ARITHMETIC:
        return mean
    if power == GEOMETRIC:
        return np.exp(mean)
    return 1.0 / mean if power == HARMONIC else mean ** (1.0 / power)
