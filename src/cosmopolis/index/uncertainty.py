"""Uncertainty of an index: an interval for every score and rank, chances of places, by replications.

Say what may be otherwise (`variations`); the index is built so many times over, each time with one level of
each choice drawn at random and independently, and the replications are summed up (`intervals`). What an
interval says is how far ranks hang on these choices, each taken to be as good as the other: it is no
confidence interval of a sample, unless records are resampled.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl

from cosmopolis.errors import SpecError, UnknownNameError, hint_near
from cosmopolis.index import draws, intervals, variants, variations
from cosmopolis.index.data import Unit
from cosmopolis.index.designs import Floats
from cosmopolis.index.engine import Built
from cosmopolis.index.replicate import Ranks, no_rank, ranks
from cosmopolis.index.variations import Variation

REPLICATIONS = 1000
"""Enough for the bounds of a 90 % interval to hang on some 50 replications each."""


@dataclass(frozen=True, kw_only=True)
class Uncertain:
    """An index with its uncertainty.

    Attributes
    ----------
    intervals
        `node, unit, score, score_low, score_median, score_high, rank, rank_low, rank_median, rank_high,
        present`: score and rank of the index as built, and over the replications; `present` is the share of
        the replications in which the unit has a score. Scores of replications are null where these are not
        all on one scale (`one_scale`). Sorted by node and unit.
    chances
        `node, unit, top, probability`: share of the replications with a rank of at most `top`.
    varied
        `variation, levels`: what was varied; `levels` is null where each replication has its own.
    one_scale
        Whether all replications are normalised to one scale: z-scores and 0..100 are not.
    units, root
        Codes.
    n, seed, level
        As given.
    builds
        Number of times that the steps before the weights were done.
    ranks
        By node kept, units × replications; for no rank see `replicate.no_rank`.
    """

    intervals: pl.DataFrame
    chances: pl.DataFrame
    varied: pl.DataFrame
    one_scale: bool
    units: tuple[Unit, ...]
    root: str
    n: int
    seed: int
    level: float
    builds: int
    ranks: Mapping[str, Ranks]

    def probability_ahead(self, a: Unit, b: Unit, *, node: str | None = None) -> float:
        """Return the probability that unit a is ahead of unit b.

        p = (replications with rank a < rank b, and half of those with equal ranks) / replications in which
        both have a rank; not a number if there are none. So p(a, b) + p(b, a) = 1.

        Parameters
        ----------
        node
            The root if not given; must be one whose ranks were kept.

        Raises
        ------
        UnknownNameError
            If there is no such unit, or the ranks of the node were not kept.
        """
        kept = self._kept(node)
        one, other = kept[self._place(a)], kept[self._place(b)]
        both = (one != no_rank(kept)) & (other != no_rank(kept))
        count = int(both.sum())
        wins = int((both & (one < other)).sum()) + 0.5 * int((both & (one == other)).sum())
        return wins / count if count else float("nan")

    def probability_top(self, unit: Unit, number: int, *, node: str | None = None) -> float:
        """Return the share of all replications in which a unit has a rank of at most `number`.

        Raises
        ------
        UnknownNameError
            If there is no such unit, or the ranks of the node were not kept.
        """
        kept = self._kept(node)
        row = kept[self._place(unit)]
        return int(((row <= number) & (row != no_rank(kept))).sum()) / self.n

    def _kept(self, node: str | None) -> Ranks:
        name = self.root if node is None else node
        if name not in self.ranks:
            raise UnknownNameError(
                f"ranks of node {name!r} were not kept; name it in keep = [...]" + hint_near(name, self.ranks)
            )
        return self.ranks[name]

    def _place(self, unit: Unit) -> int:
        if unit not in self.units:
            raise UnknownNameError(
                f"there is no unit {unit!r}" + hint_near(str(unit), [str(known) for known in self.units])
            )
        return self.units.index(unit)


def analyse(
    built: Built,
    variation: Sequence[Variation],
    *,
    n: int = REPLICATIONS,
    seed: int = 0,
    level: float = 0.90,
    nodes: Sequence[str] | None = None,
    top: Sequence[int] = (10,),
    keep: Sequence[str] | None = None,
    threads: int | None = None,
) -> Uncertain:
    """Build an index n times over with what may be otherwise drawn at random.

    Parameters
    ----------
    built
        The index as it is.
    variation
        What may be otherwise, each independent of the others.
    n
        Number of replications.
    seed
        Of all that is drawn: the same seed gives the same bytes, on any number of threads; more replications
        go on where fewer ended.
    level
        Of the intervals, see `intervals.summarise` for their bounds.
    nodes
        Those wanted; all if not given.
    top
        The N of the chances of being in the top N.
    keep
        Nodes whose ranks are kept, for `probability_ahead`; the root if not given.
    threads
        All processors if not given.

    Returns
    -------
    uncertain

    Raises
    ------
    UnknownNameError
        If a variation names a step, method, setting, indicator or node that is not there, or `nodes` or
        `keep` do.
    SpecError
        If variations stand in each other's way, a choice cannot be built, or a number is out of bounds.

    Notes
    -----
    M. Saisana, A. Saltelli, S. Tarantola (2005), *Journal of the Royal Statistical Society A* 168, 307-323.

    Examples
    --------
    >>> from cosmopolis.index import engine, spec
    >>> from cosmopolis.index.variations import Noise
    >>> plan = spec.from_toml('''
    ... id = "v"
    ... [[indicator]]
    ... id = "air"
    ... parent = "v"
    ... [[indicator]]
    ... id = "sea"
    ... parent = "v"
    ... ''')
    >>> data = pl.DataFrame({"unit": ["A", "B", "C"], "air": [9.0, 5.0, 1.0], "sea": [7.0, 9.0, 1.0]})
    >>> got = analyse(engine.build(plan, data), [Noise(0.5)], n=500, seed=1, top=[1])
    >>> got.intervals.select("unit", "rank", "rank_low", "rank_high").rows()
    [('A', 1, 1, 2), ('B', 2, 1, 2), ('C', 3, 3, 3)]
    >>> got.probability_ahead("A", "C")
    1.0
    """
    if n < 1:
        raise SpecError(f"got n = {n}, but expected at least 1 replication")
    variations.check(built, variation)
    codes = built.spec.tree.upward()
    wanted = codes if nodes is None else _nodes(nodes, codes, "nodes")
    kept = wanted[-1:] if keep is None else _nodes(keep, wanted, "keep")
    columns = [_levels(built, one, n, seed) for one in variation]
    varied = variants.lay_out(built, variation, np.column_stack(columns), seed=seed)
    places = [codes.index(node) for node in wanted]
    summary = intervals.summarise(
        varied.plan,
        nodes=places,
        level=level,
        top=top,
        keep=[codes.index(node) for node in kept],
        threads=threads,
    )
    scores = nominal(built, varied.units, wanted)
    return Uncertain(
        intervals=_intervals(summary, wanted, varied.units, scores, one_scale=varied.one_scale),
        chances=_chances(summary, wanted, varied.units, top),
        varied=described(built, variation),
        one_scale=varied.one_scale,
        units=varied.units,
        root=codes[-1],
        n=n,
        seed=seed,
        level=level,
        builds=varied.builds,
        ranks={codes[node]: table for node, table in summary.ranks.items()},
    )


def described(built: Built, variation: Sequence[Variation]) -> pl.DataFrame:
    """Return what is varied: `variation, levels`."""
    return pl.DataFrame(
        {
            "variation": [variations.name_of(one) for one in variation],
            "levels": [variations.size(built, one) for one in variation],
        },
        schema={"variation": pl.String, "levels": pl.Int64},
    )


def nominal(built: Built, units: Sequence[Unit], nodes: Sequence[str]) -> Floats:
    """Return the scores of an index as built, nodes × units; not a number where there is none."""
    out = np.full((len(nodes), len(units)), np.nan)
    at = {unit: place for place, unit in enumerate(units)}
    columns = [at[unit] for unit in built.units]
    for row, node in enumerate(nodes):
        if node in built.nodes:
            out[row, columns] = built.node_scores[:, built.nodes.index(node)]
    return out


def _levels(
    built: Built, variation: Variation, n: int, seed: int
) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
    count = variations.size(built, variation)
    if count is None:
        return np.arange(n, dtype=np.int64)
    return draws.choices(n, count, name=f"level of {variations.name_of(variation)}", seed=seed)


def _nodes(given: Sequence[str], valid: Sequence[str], what: str) -> tuple[str, ...]:
    for node in given:
        if node not in valid:
            raise UnknownNameError(f"{what}: there is no node {node!r}" + hint_near(node, valid))
    return tuple(node for node in valid if node in given)


def _intervals(
    summary: intervals.Summary,
    nodes: Sequence[str],
    units: Sequence[Unit],
    scores: Floats,
    *,
    one_scale: bool,
) -> pl.DataFrame:
    ranked = ranks(scores)
    rank = np.where(ranked == no_rank(ranked), np.nan, ranked)
    columns = {
        "score": scores,
        "score_low": summary.score_low,
        "score_median": summary.score_median,
        "score_high": summary.score_high,
        "rank": rank,
        "rank_low": summary.rank_low,
        "rank_median": summary.rank_median,
        "rank_high": summary.rank_high,
        "present": summary.present,
    }
    whole = ("rank", "rank_low", "rank_high")
    return (
        _long(nodes, units)
        .with_columns(pl.Series(name, table.ravel()).fill_nan(None) for name, table in columns.items())
        .with_columns(pl.col(*whole).cast(pl.Int64))
        .with_columns(pl.when(one_scale).then(pl.col("score_low", "score_median", "score_high")))
        .sort("node", "unit")
    )


def _chances(
    summary: intervals.Summary, nodes: Sequence[str], units: Sequence[Unit], top: Sequence[int]
) -> pl.DataFrame:
    parts = [
        _long(nodes, units).with_columns(
            pl.lit(number, dtype=pl.Int64).alias("top"), pl.Series("probability", summary.top[at].ravel())
        )
        for at, number in enumerate(top)
    ]
    if not parts:
        empty = _long(nodes, units).clear()
        return empty.with_columns(top=pl.lit(0, dtype=pl.Int64), probability=pl.lit(0.0))
    return pl.concat(parts).sort("node", "unit", "top")


def _long(nodes: Sequence[str], units: Sequence[Unit]) -> pl.DataFrame:
    return pl.DataFrame(
        {
            "node": [node for node in nodes for _ in units],
            "unit": [unit for _ in nodes for unit in units],
        }
    )
