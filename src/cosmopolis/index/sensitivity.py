"""Sensitivity of an index: which uncertain choice moves the ranks, and what leaving a part out would do.

The variations of `uncertainty` are run at Saltelli's points, and the variance of the outcomes split by
choice (`sobol`). Outcomes are the mean shift of rank of all units, and the rank of each unit.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl

from cosmopolis.index import draws, intervals, sobol, variants, variations
from cosmopolis.index.data import Unit
from cosmopolis.index.designs import Floats
from cosmopolis.index.engine import Built
from cosmopolis.index.replicate import no_rank, ranks
from cosmopolis.index.uncertainty import described, nominal
from cosmopolis.index.variations import LeaveOut, Variation

POINTS = 1024
"""Of a sample; the index is built POINTS × (choices + 2) times."""

RESAMPLES = 500
"""For the intervals of indices."""

_UNITS = 500  # looked at together, to bound the memory


@dataclass(frozen=True, kw_only=True)
class Sensitive:
    """Sobol indices of an index's choices.

    Attributes
    ----------
    mean_shift
        `variation, first, first_low, first_high, total, total_low, total_high`, of the mean absolute shift of
        rank: y = Σ_u |rank_u − rank as built| / number of units, over the units with a rank as built.
    all_ranks
        `variation, first, total`, of all ranks together: Σ_u V_u S_i,u / Σ_u V_u, with V_u the variance of
        the rank of unit u.
    units
        `unit, deviation` and the columns of `mean_shift`, of the rank of each unit; `deviation` is the root
        of V_u. Null where a unit's rank never changes.
    varied
        `variation, levels`.
    n, runs, seed, level
        Points of a sample, replications in all, and as given.
    """

    mean_shift: pl.DataFrame
    all_ranks: pl.DataFrame
    units: pl.DataFrame
    varied: pl.DataFrame
    n: int
    runs: int
    seed: int
    level: float


def analyse(
    built: Built,
    variation: Sequence[Variation],
    *,
    n: int = POINTS,
    seed: int = 0,
    level: float = 0.90,
    node: str | None = None,
    resamples: int = RESAMPLES,
    threads: int | None = None,
) -> Sensitive:
    """Split the variance of ranks by uncertain choice.

    Parameters
    ----------
    built, variation
        As in `uncertainty.analyse`.
    n
        Points of a sample, a power of 2; the index is built n (d + 2) times for d choices. Weights are n
        sets, and the choice of weights is which of them.
    seed
        Of all that is drawn; the same seed gives the same bytes.
    level
        Of the intervals of indices (bootstrap of the points).
    node
        Whose ranks are looked at; the root if not given.
    resamples
        Of the bootstrap; 0 for no intervals.
    threads
        All processors if not given.

    Returns
    -------
    sensitive
        A unit without a score in a replication counts as ranked behind all units, number of units + 1.

    Raises
    ------
    UnknownNameError, SpecError
        As in `uncertainty.analyse`; also if n is not a power of 2.

    Notes
    -----
    M. Saisana, A. Saltelli, S. Tarantola (2005), *Journal of the Royal Statistical Society A* 168, 307-323,
    for the outcomes; F. Gamboa et al. (2014), *Electronic Journal of Statistics* 8, 575-603, for all ranks
    together. An index is the share of a variance, not a size: look at `deviation` first.

    Examples
    --------
    >>> from cosmopolis.index import engine, spec
    >>> from cosmopolis.index.variations import Choice, Noise
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
    >>> same = Choice("normalise", ["min-max", {"range": [0, 1]}])
    >>> got = analyse(engine.build(plan, data), [Noise(0.5), same], n=64, seed=1)
    >>> got.mean_shift.filter(pl.col("total") == 0)["variation"].to_list()
    ['normalise']
    """
    variations.check(built, variation)
    d = len(variation)
    points = draws.saltelli(n, d, seed=seed)
    sizes = [variations.size(built, one) or n for one in variation]
    flat = points.reshape((d + 2) * n, d)
    levels = np.column_stack([draws.levels(flat[:, at], size) for at, size in enumerate(sizes)])
    varied = variants.lay_out(built, variation, levels, seed=seed)
    codes = built.spec.tree.upward()
    of = codes[-1] if node is None else variations.node_of(node, codes)
    table = intervals.rank_table(varied.plan, node=codes.index(of), threads=threads)
    ranked = ranks(nominal(built, varied.units, [of]))[0]
    names = [variations.name_of(one) for one in variation]
    shift = np.zeros((d + 2, n))
    parts, found = [], []
    for start in range(0, len(varied.units), _UNITS):
        some = slice(start, start + _UNITS)
        y = np.where(table[some] == no_rank(table), len(varied.units) + 1.0, table[some])
        y = y.T.reshape(d + 2, n, -1)
        known = ranked[some] != no_rank(ranked)
        # A sum in place of a mean has the same indices, and sums of whole numbers are exact in any order.
        shift += np.abs(y[:, :, known] - ranked[some][known]).sum(axis=2)
        parts.append(_estimated(y, names, resamples=resamples, level=level, seed=seed))
        found.append(sobol.indices(y[0], y[1], y[2:]))
    variance = np.concatenate([part.variance for part in found])
    unit = [unit for unit in varied.units for _ in names]
    deviation = np.repeat(np.sqrt(variance), d)
    mean_shift = _estimated(shift[:, :, np.newaxis], names, resamples=resamples, level=level, seed=seed)
    return Sensitive(
        mean_shift=mean_shift,
        all_ranks=_together(found, variance, names),
        units=pl.DataFrame({"unit": unit, "deviation": deviation}).hstack(pl.concat(parts)),
        varied=described(built, variation),
        n=n,
        runs=len(levels),
        seed=seed,
        level=level,
    )


def drop_one(
    built: Built, *, codes: Sequence[str] | None = None, node: str | None = None, threads: int | None = None
) -> pl.DataFrame:
    """Leave out each indicator and each node in turn and see what it does to the ranks.

    Parameters
    ----------
    codes
        What is left out, one at a time; all indicators and nodes but the root if not given.
    node
        Whose ranks are looked at; the root if not given.

    Returns
    -------
    frame
        `code, kind, mean_shift, most_shift, most_moved, correlation`: kind `indicator` or `node`; mean and
        greatest |rank without − rank as built| over the units with both, the first unit that moves most (null
        if none moves), and the Spearman correlation of the two ranks (null if either is the same for all). In
        the order of the tree, indicators first.

    Raises
    ------
    UnknownNameError, SpecError
        If a code is unknown, or nothing would be left.

    Notes
    -----
    Other indicators keep their normalised values, and siblings their weights' ratios.

    Examples
    --------
    >>> from cosmopolis.index import engine, spec
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
    >>> drop_one(engine.build(plan, data)).select("code", "most_shift", "most_moved").rows()
    [('air', 1, 'A'), ('sea', 0, None)]
    """
    tree = built.spec.tree
    entries = [*(leaf.id for leaf in tree.indicators), *(inner.id for inner in tree.nodes)]
    left = entries if codes is None else list(codes)
    without = [LeaveOut(left, nothing=False)]
    variations.check(built, without)
    varied = variants.lay_out(built, without, np.arange(len(left))[:, np.newaxis], seed=0)
    upward = tree.upward()
    of = upward[-1] if node is None else variations.node_of(node, upward)
    table = intervals.rank_table(varied.plan, node=upward.index(of), threads=threads)
    before = ranks(nominal(built, varied.units, [of]))[0]
    nodes = {inner.id for inner in tree.nodes}
    rows = [
        (code, "node" if code in nodes else "indicator", *_moved(before, table[:, at], varied.units))
        for at, code in enumerate(left)
    ]
    unit_kind = pl.String if isinstance(varied.units[0], str) else pl.Int64
    return pl.DataFrame(
        rows,
        schema={
            "code": pl.String,
            "kind": pl.String,
            "mean_shift": pl.Float64,
            "most_shift": pl.Int64,
            "most_moved": unit_kind,
            "correlation": pl.Float64,
        },
        orient="row",
    )


def _moved(
    before: np.ndarray[tuple[int], np.dtype[np.unsignedinteger]],
    after: np.ndarray[tuple[int], np.dtype[np.unsignedinteger]],
    units: Sequence[Unit],
) -> tuple[float | None, int | None, Unit | None, float | None]:
    """Return mean and greatest shift, the unit of the greatest, and the correlation of ranks."""
    both = np.flatnonzero((before != no_rank(before)) & (after != no_rank(after)))
    if not len(both):
        return None, None, None, None
    one, other = before[both].astype(np.int64), after[both].astype(np.int64)
    shift = np.abs(one - other)
    most = int(shift.max())
    moved = units[both[int(shift.argmax())]] if most else None
    a, b = (_middle(x) for x in (one, other))
    spread = float(np.sqrt((a**2).sum() * (b**2).sum()))
    return float(shift.sum()) / len(both), most, moved, float((a * b).sum()) / spread if spread else None


def _middle(rank: np.ndarray[tuple[int], np.dtype[np.int64]]) -> Floats:
    """Return ranks about their mean, those of equal units the mean of the places that they share."""
    values, inverse, counts = np.unique(rank, return_inverse=True, return_counts=True)
    del values
    middle = np.cumsum(counts) - (counts - 1) / 2.0
    out: Floats = middle[inverse] - (len(rank) + 1) / 2.0
    return out


def _estimated(y: Floats, names: Sequence[str], *, resamples: int, level: float, seed: int) -> pl.DataFrame:
    """Return indices with bounds, a row for each outcome and choice, in this order."""
    found = sobol.indices(y[0], y[1], y[2:])
    low, high = sobol.bootstrap(y[0], y[1], y[2:], resamples=resamples, level=level, seed=seed)
    columns = {
        "first": found.first,
        "first_low": low.first,
        "first_high": high.first,
        "total": found.total,
        "total_low": low.total,
        "total_high": high.total,
    }
    return pl.DataFrame({"variation": list(names) * y.shape[2]}).with_columns(
        pl.Series(name, table.T.ravel()).fill_nan(None) for name, table in columns.items()
    )


def _together(found: Sequence[sobol.Sobol], variance: Floats, names: Sequence[str]) -> pl.DataFrame:
    """Weigh the indices of all outcomes by their variances."""
    whole = float(variance.sum())
    columns: dict[str, list[float | None]] = {}
    for name in ("first", "total"):
        table = np.concatenate([getattr(part, name) for part in found], axis=1)
        columns[name] = [x / whole if whole else None for x in np.nansum(table * variance, axis=1).tolist()]
    return pl.DataFrame(
        {"variation": list(names), **columns},
        schema={"variation": pl.String, "first": pl.Float64, "total": pl.Float64},
    )
