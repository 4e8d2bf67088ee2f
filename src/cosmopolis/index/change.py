"""Why a rank moved: the change between two builds, split into data, sample and method.

Two editions differ in three things: the values (data), who is ranked (sample), and the tree with its settings
(method). The index is built with every mixture of the two, 2³ = 8 builds, and each part is its Shapley
value: what swapping that one thing does, averaged over the 6 orders in which the three can be swapped. The
parts add up to the whole change exactly, and no order is preferred.

For any units and any way of building: `decompose` is given a function. What makes the mixtures of two
editions is `compare`; no files are read here. A part says what the change came from, not that it was caused
by it in the world.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise, permutations, product
from typing import Generic, TypeVar

import numpy as np
import polars as pl
from numpy.typing import NDArray

from cosmopolis.errors import FormatError, UnknownNameError, hint_near
from cosmopolis.index.ranks import ranks

PARTS = ("data", "sample", "method")
"""What two builds may differ in, in the order of the axes and columns here."""

KINDS = ("entered", "left", "gained_rank", "lost_rank")
"""Why a unit has no change of rank: it is only in the later or only in the earlier sample, or it is in both
and has a rank in one only."""

_ORDERS = tuple(permutations(range(3)))
_WHOLE_BITS = 45  # of the largest number; with the fraction's bits every sum of parts is exact in float64
_FRACTION_BITS = 5

Data = TypeVar("Data")
Method = TypeVar("Method")
Units = Sequence[str] | Sequence[int] | pl.Series
Build = Callable[[Data, pl.Series, Method], pl.DataFrame]
"""Builds an index from data, sample (ascending) and method: `unit`, `score`, a row for each unit of the
sample."""


@dataclass(frozen=True, kw_only=True)
class Side(Generic[Data, Method]):
    """One of the two builds that are compared.

    Attributes
    ----------
    data, method
        Whatever the building function takes. Data must know the units of both sides: see `complete`.
    sample
        Units that are ranked.
    """

    data: Data
    sample: Units
    method: Method


@dataclass(frozen=True, kw_only=True)
class Shares:
    """A change and its parts.

    Attributes
    ----------
    total
        n numbers, last less first; not a number where either is not.
    parts
        n × 3, in the order of `PARTS`; `parts.sum(axis=1) == total` exactly. Not a number where no order
        could be followed.
    orders
        n counts, of the 6 orders, that were averaged.
    """

    total: NDArray[np.float64]
    parts: NDArray[np.float64]
    orders: NDArray[np.int64]


@dataclass(frozen=True, kw_only=True)
class Change:
    """What changed between two builds.

    Attributes
    ----------
    units
        Units with a rank in both, ascending: `unit`, `score_from`, `score_to`, `score_change`,
        `score_by_data`, `score_by_sample`, `score_by_method`, `rank_from`, `rank_to`, `rank_change`,
        `rank_by_data`, `rank_by_sample`, `rank_by_method`, `common_rank_from`, `common_rank_to` (each
        edition built on the units that both have), `orders`. Changes are later less earlier: a rank change
        of −3 is a climb of three places.
    apart
        All others that have a rank in one or are in one sample only: `unit`, `kind` (see `KINDS`),
        `rank_from`, `rank_to`, and of units in both samples `by_data`, `by_sample`, `by_method`, the parts of
        the rank that was gained (together 1) or lost (together -1).
    """

    units: pl.DataFrame
    apart: pl.DataFrame


def moved(change: Change, *, to: str) -> Change:
    """Count what the data did as done by the sample or the method.

    For two builds from the same inputs: a value that differs was made so by the sample (a measure that counts
    the cities of the sample) or by the method, and the data did nothing.

    Parameters
    ----------
    to
        `sample` or `method`.

    Examples
    --------
    >>> units = pl.DataFrame({"score_by_data": [1.0], "score_by_sample": [2.0], "rank_by_data": [3.0],
    ...                       "rank_by_sample": [None]}, schema_overrides={"rank_by_sample": pl.Float64})
    >>> moved(Change(units=units, apart=pl.DataFrame()), to="sample").units.rows()
    [(0.0, 3.0, 0.0, 3.0)]
    """

    def done(frame: pl.DataFrame) -> pl.DataFrame:
        pairs = [(name, name.removesuffix("data") + to) for name in frame.columns if name.endswith("by_data")]
        sums = [
            pl.when(pl.col(data).is_not_null())
            .then(pl.col(data) + pl.col(other).fill_null(0.0))
            .otherwise(pl.col(other))
            .alias(other)
            for data, other in pairs
        ]
        none = [pl.when(pl.col(data).is_not_null()).then(0.0).alias(data) for data, _ in pairs]
        return frame.with_columns(*sums, *none)

    return Change(units=done(change.units), apart=done(change.apart))


def shapley(
    worlds: NDArray[np.float64],
    *,
    ends: tuple[NDArray[np.float64], NDArray[np.float64]] | None = None,
) -> Shares:
    """Split last less first into the parts of three things that were swapped.

    φ_i = Σ_{S ⊆ N∖i} |S|! (2 − |S|)! / 3! · (v(S ∪ i) − v(S)), N = {data, sample, method}, v(S) the build
    with those in S taken from the later side. It is the mean over the 3! orders of what swapping i does
    when its turn comes. Where some mixture has no value, the mean is over the orders that do not pass
    through it; where none is left, there are no parts.

    Parameters
    ----------
    worlds
        2 × 2 × 2 × n: numbers of n units with data, sample and method (in this order) of the earlier side
        (0) or the later (1); any unit of measurement, not a number where there is none.
    ends
        The numbers as published, if they are not `worlds[0, 0, 0]` and `worlds[1, 1, 1]`. What the rebuilding
        does not reproduce was made by other formulas and is added to the method.

    Returns
    -------
    shares
        In the unit of `worlds`, on a grid of 2⁻⁵⁰ of the largest number (a power of two), so that the parts
        add up without rounding; what is not used is 0 exactly.

    Raises
    ------
    ValueError
        If the shapes are others, or a number is infinite.

    Notes
    -----
    Shapley, L. S. (1953), "A value for n-person games", *Contributions to the Theory of Games II*, 307-317.
    Shorrocks, A. F. (2013), "Decomposition procedures for distributional analysis: a unified framework
    based on the Shapley value", *Journal of Economic Inequality* 11, 99-126.

    Examples
    --------
    Data alone adds 2; sample and method do nothing alone and 6 together, so they share it.

    >>> v = np.zeros((2, 2, 2, 1))
    >>> v[1] += 2
    >>> v[:, 1, 1] += 6
    >>> shapley(v).parts.tolist()
    [[2.0, 3.0, 3.0]]
    """
    if worlds.ndim != 4 or worlds.shape[:3] != (2, 2, 2):  # noqa: PLR2004 - three things and the units
        raise ValueError(f"got worlds of the shape {worlds.shape}, but expected (2, 2, 2, n)")
    first, last = (worlds[0, 0, 0], worlds[1, 1, 1]) if ends is None else ends
    if first.shape != worlds.shape[3:] or last.shape != worlds.shape[3:]:
        raise ValueError(f"got ends of {first.shape} and {last.shape}, but expected {worlds.shape[3:]} each")
    numbers = np.concatenate([worlds.reshape(8, -1), first[None], last[None]])
    if np.isinf(numbers).any():
        raise ValueError("a number is infinite; use not-a-number where there is none")
    known = ~np.isnan(numbers)
    filled = np.where(known, numbers, 0.0)
    exponent = int(np.frexp(np.abs(filled).max(initial=0.0))[1]) - _WHOLE_BITS
    whole = np.rint(np.ldexp(filled, -exponent)).astype(np.int64)
    ends_known = known[8] & known[9]
    steps, orders = _follow(whole[:8], known[:8] & ends_known)
    steps[:, 2] += orders * ((whole[0] - whole[8]) + (whole[9] - whole[7]))
    # The mean is over 6, 4, 3, 2 or 1 orders, so that no half of a 32nd is ever rounded.
    fine = 1 << _FRACTION_BITS
    divisor = np.maximum(orders, 1)[:, None]
    parts = (2 * fine * steps + divisor) // (2 * divisor)
    total = fine * (whole[9] - whole[8])
    parts[:, 2] = total - parts[:, 0] - parts[:, 1]
    scale = exponent - _FRACTION_BITS
    return Shares(
        total=np.where(ends_known, np.ldexp(total.astype(np.float64), scale), np.nan),
        parts=np.where(orders[:, None] > 0, np.ldexp(parts.astype(np.float64), scale), np.nan),
        orders=orders,
    )


def _follow(
    whole: NDArray[np.int64], known: NDArray[np.bool_]
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Add up what each swap does along the orders, and count the orders; rows of both are the 8 worlds."""
    n_units = whole.shape[1]
    steps = np.zeros((n_units, 3), dtype=np.int64)
    orders = np.zeros(n_units, dtype=np.int64)
    for order in _ORDERS:
        path = [0]
        for thing in order:
            path.append(path[-1] + (4 >> thing))
        passable = known[path].all(axis=0)
        for thing, (before, after) in zip(order, pairwise(path), strict=True):
            steps[:, thing] += np.where(passable, whole[after] - whole[before], 0)
        orders += passable
    return steps, orders


def complete(own: pl.DataFrame, other: pl.DataFrame, *, units: Units, codes: Sequence[str]) -> pl.DataFrame:
    """Complete the data of one side where it was never asked for, with that of the other.

    A side speaks of its own units × its own indicators: there its value stands, and a missing one is no
    data. Of a unit or an indicator that it does not have it cannot speak; there the other's value is taken.
    Two sides so completed differ only where both speak. A new unit then counts as sample and a new
    indicator as method, neither as data.

    Parameters
    ----------
    own, other
        `unit`, `code`, `value`, one row for each of the first two.
    units, codes
        Of the own side.

    Returns
    -------
    completed
        `unit`, `code`, `value`, sorted by the first two.

    Examples
    --------
    >>> a = pl.DataFrame({"unit": ["x", "y"], "code": ["p", "p"], "value": [1.0, None]})
    >>> b = pl.DataFrame({"unit": ["x", "y", "z"], "code": ["p", "p", "p"], "value": [4.0, 5.0, 6.0]})
    >>> complete(a, b, units=["x", "y"], codes=["p"]).rows()
    [('x', 'p', 1.0), ('y', 'p', None), ('z', 'p', 6.0)]
    """
    for frame, name in ((own, "own"), (other, "other")):
        need_columns(frame, ("unit", "code", "value"), f"the {name} data")
    mine = pl.col("unit").is_in(_series(units).implode()) & pl.col("code").is_in(list(codes))
    columns = ("unit", "code", pl.col("value").cast(pl.Float64))
    return pl.concat([own.filter(mine).select(columns), other.filter(~mine).select(columns)]).sort(
        "unit", "code"
    )


def decompose(
    build: Build[Data, Method],
    a: Side[Data, Method],
    b: Side[Data, Method],
    *,
    published: tuple[pl.DataFrame, pl.DataFrame] | None = None,
) -> Change:
    """Split each unit's change of score and rank between two builds.

    Builds all mixtures of data, sample and method of the two (what is the same object is not built twice),
    ranks each from unrounded scores, and splits by `shapley`. Units in one sample only are in no other
    mixture, so they cannot be split; nor can those without a score in one of the two.

    Parameters
    ----------
    build
        See `Build`; must give the same for the same.
    a, b
        The earlier and the later side.
    published
        `unit`, `score` of both as they were published, if not what `build` makes; see `ends` of `shapley`.

    Returns
    -------
    change

    Raises
    ------
    FormatError
        If a unit is twice in a sample or a build, or a build scores a unit outside its sample.
    UnknownNameError
        If a build lacks a column.

    Examples
    --------
    A score that is the value times the method's factor; only the value of "y" changes.

    >>> def build(data, sample, factor):
    ...     return pl.DataFrame({"unit": sample, "score": [factor * data[u] for u in sample]})
    >>> a = Side(data={"x": 1.0, "y": 2.0}, sample=["x", "y"], method=10.0)
    >>> b = Side(data={"x": 1.0, "y": 0.0}, sample=["x", "y"], method=10.0)
    >>> decompose(build, a, b).units.select("unit", "rank_change", "rank_by_data", "rank_by_method").rows()
    [('x', -1, -1.0, 0.0), ('y', 1, 1.0, 0.0)]
    """
    samples = (_sample(a.sample), _sample(b.sample))
    common = samples[0].filter(samples[0].is_in(samples[1].implode()))
    worlds = _worlds(build, a, b, samples)
    first, last = worlds[0], worlds[7]
    if published is not None:
        first, last = (
            _ranked(*pair, "the scores published") for pair in zip(published, samples, strict=True)
        )
    split = {name: _split([*worlds, first, last], name, common) for name in ("score", "rank", "has_rank")}
    ends = first.join(last, on="unit", how="full", coalesce=True, suffix="_to", maintain_order="left_right")
    both = ends.filter(pl.col("rank").is_not_null() & pl.col("rank_to").is_not_null()).sort("unit")
    placed = pl.DataFrame(
        {
            "unit": common,
            "orders": pl.Series(split["rank"].orders, dtype=pl.Int64),
            "score_change": pl.Series(split["score"].total).fill_nan(None),
            "rank_change": pl.Series(split["rank"].total).fill_nan(None).cast(pl.Int64),
            **_parts(split["score"], "score_by_"),
            **_parts(split["rank"], "rank_by_"),
        }
    )
    own = [
        _ranked(build(side.data, common, side.method), common, "the common sample")
        .select("unit", "rank")
        .rename({"rank": f"common_rank_{end}"})
        for side, end in ((a, "from"), (b, "to"))
    ]
    units = (
        both.join(placed, on="unit", how="left", maintain_order="left")
        .join(own[0], on="unit", how="left", maintain_order="left")
        .join(own[1], on="unit", how="left", maintain_order="left")
        .select(_UNIT_COLUMNS)
    )
    came_or_went = pl.DataFrame({"unit": common, **_parts(split["has_rank"], "by_")})
    return Change(units=units, apart=_apart(ends, samples, came_or_went))


_UNIT_COLUMNS: tuple[str | pl.Expr, ...] = (
    "unit",
    pl.col("score").alias("score_from"),
    "score_to",
    "score_change",
    *(f"score_by_{part}" for part in PARTS),
    pl.col("rank").alias("rank_from"),
    "rank_to",
    "rank_change",
    *(f"rank_by_{part}" for part in PARTS),
    "common_rank_from",
    "common_rank_to",
    "orders",
)


def _split(frames: Sequence[pl.DataFrame], name: str, units: pl.Series) -> Shares:
    """Split a column of the 8 worlds and the two ends; `has_rank` is 1 or 0."""
    columns = np.stack([_column(frame, "rank" if name == "has_rank" else name, units) for frame in frames])
    if name == "has_rank":
        columns = (~np.isnan(columns)).astype(np.float64)
    return shapley(columns[:8].reshape(2, 2, 2, -1), ends=(columns[8], columns[9]))


def _parts(shares: Shares, head: str) -> dict[str, pl.Series]:
    """Return the parts as columns, null where there are none; adding 0 makes -0 a 0."""
    columns = zip(PARTS, shares.parts.T, strict=True)
    return {f"{head}{part}": pl.Series(column).fill_nan(None) + 0.0 for part, column in columns}


def _worlds(
    build: Build[Data, Method],
    a: Side[Data, Method],
    b: Side[Data, Method],
    samples: tuple[pl.Series, pl.Series],
) -> list[pl.DataFrame]:
    """Build and rank all mixtures, data slowest, method fastest."""
    built: dict[tuple[int, int, int], pl.DataFrame] = {}
    differs = (a.data is not b.data, not samples[0].equals(samples[1]), a.method is not b.method)
    sides = (a, b)
    worlds = []
    for mixture in product((0, 1), repeat=3):
        data, sample, method = (way if other else 0 for way, other in zip(mixture, differs, strict=True))
        key = (data, sample, method)
        if key not in built:
            what = "the build of data {}, sample {}, method {}".format(*("ab"[way] for way in key))
            scored = build(sides[data].data, samples[sample], sides[method].method)
            built[key] = _ranked(scored, samples[sample], what)
        worlds.append(built[key])
    return worlds


def _ranked(scored: pl.DataFrame, sample: pl.Series, what: str) -> pl.DataFrame:
    """Return `unit`, `score`, `rank` of a sample, in its order; refuse what the sample does not have."""
    need_columns(scored, ("unit", "score"), what)
    need_once(scored["unit"], what)
    outside = scored["unit"].filter(~scored["unit"].is_in(sample.implode())).sort()
    if len(outside):
        raise FormatError(f"{what}: {outside[0]!r} has a score and is not in the sample")
    score = pl.col("score").cast(pl.Float64).fill_nan(None)
    full = sample.to_frame().join(scored.select("unit", score), on="unit", how="left", maintain_order="left")
    return full.with_columns(ranks(full["score"]))


def _apart(
    ends: pl.DataFrame, samples: tuple[pl.Series, pl.Series], came_or_went: pl.DataFrame
) -> pl.DataFrame:
    """List the units that have no rank in one of the two, with the reason."""
    was, now = (pl.col("unit").is_in(sample.implode()) for sample in samples)
    ranked = pl.col("rank").is_not_null(), pl.col("rank_to").is_not_null()
    kind = (
        pl.when(~was)
        .then(pl.lit("entered"))
        .when(~now)
        .then(pl.lit("left"))
        .when(ranked[1] & ~ranked[0])
        .then(pl.lit("gained_rank"))
        .when(ranked[0] & ~ranked[1])
        .then(pl.lit("lost_rank"))
    )
    return (
        ends.select("unit", kind.alias("kind"), rank_from="rank", rank_to="rank_to")
        .drop_nulls("kind")
        .join(came_or_went, on="unit", how="left", maintain_order="left")
        .sort(
            pl.col("kind").replace_strict({k: i for i, k in enumerate(KINDS)}, return_dtype=pl.Int8), "unit"
        )
    )


def _column(frame: pl.DataFrame, name: str, units: pl.Series) -> NDArray[np.float64]:
    """Return numbers of units in their order, not a number where there is none."""
    found = units.to_frame().join(frame.select("unit", name), on="unit", how="left", maintain_order="left")
    return found[name].cast(pl.Float64).fill_null(float("nan")).to_numpy()


def _series(units: Units) -> pl.Series:
    return units.alias("unit") if isinstance(units, pl.Series) else pl.Series("unit", list(units))


def _sample(units: Units) -> pl.Series:
    """Return the units of a sample in ascending order, each once."""
    sample = _series(units).sort()
    need_once(sample, "the sample")
    return sample


def need_once(units: pl.Series, what: str) -> None:
    """Raise a `FormatError` if a unit stands more than once in `what`."""
    twice = units.filter(units.is_duplicated()).sort()
    if len(twice):
        raise FormatError(f"{what}: {twice[0]!r} stands more than once; name each unit once")


def need_columns(frame: pl.DataFrame, columns: Sequence[str], what: str) -> None:
    """Raise an `UnknownNameError` if `what` lacks a column."""
    for column in columns:
        if column not in frame.columns:
            raise UnknownNameError(f"{what}: no column {column!r}" + hint_near(column, frame.columns))
