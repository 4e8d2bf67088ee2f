"""Intervals, medians and chances of ranks and scores over many replications.

Replications are scored block by block (`replicate`); what is kept for sorting is bounded, and where
it does not suffice for all nodes the replications are run again for the rest, to the same bits.
"""

import os
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np

from cosmopolis.errors import SpecError
from cosmopolis.index.designs import Design, Floats
from cosmopolis.index.replicate import Ranks, no_rank, rank_kind, ranks, run_blocks, scores

_ROWS = 32  # units sorted by one thread at a time
_ROUNDING = 1e-9  # α (p − 1) that is whole but for rounding is whole


@dataclass(frozen=True, kw_only=True)
class Summary:
    """What replications say of each unit at each node; tables are nodes × units.

    Attributes
    ----------
    nodes
        Places of the nodes, 0..m − 1.
    n
        Number of replications.
    present
        Share of the replications in which the unit has a score at the node.
    score_low, score_median, score_high, rank_low, rank_median, rank_high
        Over those; not a number where there are none.
    top
        Numbers × nodes × units: share of all replications with a rank of at most that number.
    ranks
        For each node kept units × replications; for `no rank` see `replicate.no_rank`.
    """

    nodes: tuple[int, ...]
    n: int
    present: Floats
    score_low: Floats
    score_median: Floats
    score_high: Floats
    rank_low: Floats
    rank_median: Floats
    rank_high: Floats
    top: Floats
    ranks: Mapping[int, Ranks]


def available_threads() -> int:
    """Return the number of processors that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def summarise(
    plan: Design,
    *,
    nodes: Sequence[int] | None = None,
    level: float = 0.90,
    top: Sequence[int] = (),
    keep: Sequence[int] | None = None,
    threads: int | None = None,
    memory_bytes: int = 400_000_000,
) -> Summary:
    """Score and rank all replications and sum up scores and ranks of every unit.

    An interval is bounded by draws themselves and rounded outwards: of p draws in ascending order, counted
    from 0, low is number ⌊α (p − 1)⌋ and high number ⌈(1 − α)(p − 1)⌉, α = (1 − level) / 2. The median is the
    middle draw or the mean of the two in the middle.

    Parameters
    ----------
    nodes
        Places 0..m − 1; all if not given.
    level
        Share of the replications that an interval holds at least, above 0 and at most 1.
    top
        The N of "probability of being in the top N".
    keep
        Nodes, of those wanted, whose ranks are all kept, 2 bytes for each replication and unit; the root if
        not given.
    threads
        All processors if not given; no number depends on it.
    memory_bytes
        Most that draws held for sorting take; the ranks kept come on top.

    Raises
    ------
    SpecError
        If the level is no share or a top number is below 1.

    Examples
    --------
    >>> from cosmopolis.index.designs import Branches, design
    >>> tree = Branches(
    ...     indicators=("a", "b"), nodes=("v",), children=((0, 1),), weights=np.ones(3), floors=(0.0,)
    ... )
    >>> sets = np.array([[1.0, 1.0, 1.0], [3.0, 1.0, 1.0]])
    >>> plan = design(tree, np.array([[0.0, 10.0], [4.0, 4.0]]), weights=sets, weighting=np.array([0, 1]))
    >>> got = summarise(plan, top=[1])
    >>> got.score_low.tolist(), got.rank_high.tolist(), got.top.tolist()
    ([[2.5, 4.0]], [[2.0, 2.0]], [[[0.5, 0.5]]])
    """
    if not 0 < level <= 1:
        raise SpecError(f"got level = {level!r}, but expected a share above 0 and at most 1, such as 0.90")
    if any(number < 1 for number in top):
        raise SpecError(f"got top = {list(top)!r}, but expected numbers of units from 1")
    wanted = tuple(range(len(plan.branches.nodes))) if nodes is None else tuple(nodes)
    kept = wanted[-1:] if keep is None else tuple(keep)
    kind = rank_kind(plan.units)
    out = np.empty((7 + len(top), len(wanted), plan.units))
    kept_ranks = {node: np.empty((plan.units, plan.n), dtype=kind) for node in kept}
    workers = available_threads() if threads is None else max(1, threads)
    rows = max(1, min(int(memory_bytes // (plan.n * (8 + kind.itemsize))), plan.units * len(wanted)))
    held_scores, held_ranks = np.empty((rows, plan.n)), np.empty((rows, plan.n), dtype=kind)
    for batch in _batches(len(wanted), plan.units, rows):
        pieces = [(wanted[place], units, start) for place, units, start in batch]
        _fill(plan, pieces, (held_scores, held_ranks), kept_ranks, workers)
        parts = [
            (place, first, min(first + _ROWS, units.stop), start + first - units.start)
            for place, units, start in batch
            for first in range(units.start, units.stop, _ROWS)
        ]

        def work(part: tuple[int, int, int, int]) -> None:
            place, first, end, row = part
            held = slice(row, row + end - first)
            out[:, place, first:end] = _sum_up(held_scores[held], held_ranks[held], level=level, top=top)

        with ThreadPoolExecutor(workers) as pool:
            for _done in pool.map(work, parts):
                pass
    return Summary(
        nodes=wanted,
        n=plan.n,
        present=out[0],
        score_low=out[1],
        score_median=out[2],
        score_high=out[3],
        rank_low=out[4],
        rank_median=out[5],
        rank_high=out[6],
        top=out[7:],
        ranks=kept_ranks,
    )


def rank_table(plan: Design, *, node: int, threads: int | None = None) -> Ranks:
    """Return the ranks at one node, units × replications; for `no rank` see `replicate.no_rank`."""
    out = np.empty((plan.units, plan.n), dtype=rank_kind(plan.units))

    def work(rows: slice) -> None:
        out[:, rows] = ranks(scores(plan, rows, nodes=[node])[node]).T

    run_blocks(plan, work, threads=available_threads() if threads is None else threads)
    return out


def _batches(nodes: int, units: int, rows: int) -> Iterator[list[tuple[int, slice, int]]]:
    """Cut nodes × units into batches of at most so many rows: (place of the node, units, first row)."""
    batch: list[tuple[int, slice, int]] = []
    used = 0
    for place in range(nodes):
        start = 0
        while start < units:
            stop = min(units, start + rows - used)
            batch.append((place, slice(start, stop), used))
            used += stop - start
            start = stop
            if used == rows:
                yield batch
                batch, used = [], 0
    if batch:
        yield batch


def _fill(
    plan: Design,
    pieces: list[tuple[int, slice, int]],
    held: tuple[Floats, Ranks],
    kept: Mapping[int, Ranks],
    threads: int,
) -> None:
    """Run all replications and hold scores and ranks of the pieces, a row for a unit at a node."""
    held_scores, held_ranks = held
    nodes = sorted({node for node, _, _ in pieces})

    def work(rows: slice) -> None:
        for node, table in scores(plan, rows, nodes=nodes).items():
            ranked = ranks(table)
            for of, units, start in pieces:
                if of == node:
                    at = slice(start, start + units.stop - units.start)
                    held_scores[at, rows] = table[:, units].T
                    held_ranks[at, rows] = ranked[:, units].T
            if node in kept:
                kept[node][:, rows] = ranked.T

    run_blocks(plan, work, threads=threads)


def _sum_up(draws: Floats, ranked: Ranks, *, level: float, top: Sequence[int]) -> Floats:
    """Return statistics × rows in the order of `Summary`; sorts the draws, each row for itself, in place."""
    n = draws.shape[1]
    tops = [(ranked <= number).sum(axis=1) / n for number in top]
    draws.sort(axis=1)
    ranked.sort(axis=1)
    count = (ranked != no_rank(ranked)).sum(axis=1)
    last = np.maximum(count - 1, 0)
    tail = (1.0 - level) / 2.0
    low = np.floor(tail * last + _ROUNDING).astype(np.int64)
    high = np.ceil((1.0 - tail) * last - _ROUNDING).astype(np.int64)
    row = np.arange(len(draws))
    out = [count / n]
    for table in (draws, ranked):
        middle = (table[row, last // 2].astype(np.float64) + table[row, (last + 1) // 2]) / 2.0
        both = (table[row, low], middle, table[row, high])
        out += [np.where(count > 0, statistic, np.nan) for statistic in both]
    return np.array([*out, *tops])
