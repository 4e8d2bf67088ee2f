"""Roll normalised indicators up the tree: means and ballots that say what they stand on.

Every node may have its own way, and what has no data is left out of a node's mean and counted in its share.
The formulas themselves are in `index.means`. In an arithmetic mean a unit may make up for one dimension by
another in full; in a geometric one less so; in Copeland's ballot not at all by size.
"""

from collections.abc import Sequence

import numpy as np
import polars as pl
from numpy.typing import NDArray

from cosmopolis.errors import SpecError
from cosmopolis.index import means
from cosmopolis.index.tree import Method, Tree

ARITHMETIC = Method(name="arithmetic")

_SHARE_ROUNDING = 1e-12  # a share that is the floor but for rounding reaches it


def weighted_mean(
    values: Sequence[float | None],
    weights: Sequence[float],
    shares: Sequence[float] | None = None,
    *,
    floor: float = 0.0,
) -> tuple[float | None, float]:
    """Average the values that there are, and say on what share of the weight the mean stands.

    m = Σ w_c x_c / Σ w_c over the children c with a value; share = Σ w_c q_c / Σ w_c, above the line over
    those with a value, below over all, q_c being the share that child c itself stands on (1 for an
    indicator). The mean is null where no child has a value or share < floor.

    Parameters
    ----------
    values
        Scores of the children, null where there is none.
    weights
        Of the children, above 0; only the ratios matter.
    shares
        q_c; 1 for each if not given.
    floor
        Least share for a mean, 0..1.

    Examples
    --------
    >>> weighted_mean([80.0, None, 50.0], [2, 1, 1])
    (70.0, 0.75)
    """
    scores = np.array([[np.nan if x is None else x] for x in values], dtype=np.float64)
    parts = np.array([[1.0] for _ in values] if shares is None else [[q] for q in shares])
    mean, share = _mean(scores, parts, np.array(weights, dtype=np.float64), floor=floor)
    return (None if np.isnan(mean[0]) else float(mean[0])), float(share[0])


def frame(normalised: pl.DataFrame, tree: Tree) -> pl.DataFrame:
    """Score every node of a tree for every city.

    Parameters
    ----------
    normalised
        `indicator`, `city_id`, `normalised`, one row for each of the first two; a missing row is no data.

    Returns
    -------
    frame
        `node`, `city_id`, `score` (range of the tree, null below the floor), `weight_share` (0..1), sorted by
        node and city. A child below the floor has no score, so its parent does not stand on it either: the
        parent's share leaves out the data behind it.
    """
    cities = normalised["city_id"].unique().sort()
    place = pl.DataFrame({"city_id": cities, "at": np.arange(len(cities))})
    values = np.full((len(cities), len(tree.indicators)), np.nan)
    placed = normalised.drop_nulls("normalised").join(place, on="city_id", how="left")
    for column, indicator in enumerate(tree.indicators):
        part = placed.filter(pl.col("indicator") == indicator.id)
        values[part["at"].to_numpy(), column] = part["normalised"].to_numpy()
    scores, shares = roll(values, tree)
    parts = [
        pl.DataFrame(
            {
                "node": [node] * len(cities),
                "city_id": cities,
                "score": pl.Series(scores[:, at], dtype=pl.Float64).fill_nan(None),
                "weight_share": shares[:, at],
            },
            schema={
                "node": pl.String(),
                "city_id": cities.dtype,
                "score": pl.Float64(),
                "weight_share": pl.Float64(),
            },
        )
        for at, node in enumerate(tree.upward())
    ]
    return pl.concat(parts).sort("node", "city_id")


def wide(frame: pl.DataFrame, tree: Tree, *, method: Method = ARITHMETIC) -> pl.DataFrame:
    """Score every node for every row of a wide frame, `unit` and a column a code.

    Returns
    -------
    scores
        `unit` and a column a node, every node after those below it.

    Raises
    ------
    polars.exceptions.ColumnNotFoundError
        If an indicator of the tree is no column.
    """
    unit = frame.columns[0]
    codes = [indicator.id for indicator in tree.indicators]
    values = frame.select(pl.col(code).cast(pl.Float64).fill_null(np.nan) for code in codes).to_numpy()
    scores, _ = roll(values, tree, method=method)
    return frame.select(unit).with_columns(
        pl.Series(node, scores[:, at]).fill_nan(None) for at, node in enumerate(tree.upward())
    )


def roll(
    values: NDArray[np.float64], tree: Tree, *, method: Method = ARITHMETIC, floor: float | None = None
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Score every node of a tree for every unit.

    Parameters
    ----------
    values
        Units × indicators in the order of the tree, normalised; not a number is no data.
    method
        Way of the nodes that have none of their own.
    floor
        In place of the tree's, for the nodes that have none of their own.

    Returns
    -------
    scores, shares
        Units × nodes, in the order of `tree.upward()`: scores (not a number below the floor) and the share of
        weight that each stands on.

    Raises
    ------
    SpecError
        If a mean meets values that it cannot take; the message names node and child.
    """
    known = {indicator.id: values[:, at] for at, indicator in enumerate(tree.indicators)}
    shares = {indicator.id: np.ones(len(values)) for indicator in tree.indicators}
    own_floor = {node.id: node.floor for node in tree.nodes}
    for node in tree.upward():
        children = tree.children(node)
        at_least = own_floor.get(node)
        if at_least is None:
            at_least = tree.floor if floor is None else floor
        try:
            known[node], shares[node] = combine(
                np.array([known[child.id] for child in children]),
                np.array([shares[child.id] for child in children]),
                np.array([child.weight for child in children]),
                method=tree.aggregation_of(node) or method,
                floor=at_least,
                range=tree.range,
            )
        except means.ValueRangeError as error:
            raise SpecError(f"node {node!r}, child {children[error.child].id!r}: {error}") from None
    nodes = tree.upward()
    return np.column_stack([known[n] for n in nodes]), np.column_stack([shares[n] for n in nodes])


def combine(
    scores: NDArray[np.float64],
    shares: NDArray[np.float64],
    weights: NDArray[np.float64],
    *,
    method: Method = ARITHMETIC,
    floor: float = 0.0,
    range: tuple[float, float] = (0.0, 100.0),  # noqa: A002 - the word of a specification
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Score one node from its children.

    Parameters
    ----------
    scores, shares
        Children × units: scores (not a number is none) and the shares of weight they stand on.
    weights
        Of the children, at least 0.
    method
        As in `catalogue.METHODS["aggregate"]`, or an own function.
    floor
        Least share for a score.
    range
        That Copeland's share of ballots is stretched over.

    Returns
    -------
    score, share
        Of each unit.
    """
    if method.name == "arithmetic":
        return _mean(scores, shares, weights, floor=floor)
    known = ~np.isnan(scores) & (weights > 0)[:, None]
    stands = np.where(known, weights[:, None] * shares, 0.0)
    share = np.asarray(np.add.reduce(stands, axis=0) / weights.sum(), dtype=np.float64)
    enough = known.any(axis=0) & (share >= floor - _SHARE_ROUNDING)
    values = np.where(known & enough, scores, np.nan)
    found = means.of(method, values, weights, range=range)
    return np.where(enough, found, np.nan), share


def _mean(
    scores: NDArray[np.float64], shares: NDArray[np.float64], weights: NDArray[np.float64], *, floor: float
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return means and shares of cities from children × cities tables; not a number is no score.

    Children are added one by one, in their order, so that a city's score cannot depend on the others.
    """
    n_cities = scores.shape[1]
    top, bottom, stands = np.zeros(n_cities), np.zeros(n_cities), np.zeros(n_cities)
    total = 0.0
    for score, share, weight in zip(scores, shares, weights, strict=True):
        known = ~np.isnan(score)
        top += np.where(known, weight * np.where(known, score, 0.0), 0.0)
        bottom += np.where(known, weight, 0.0)
        stands += np.where(known, weight * share, 0.0)
        total += float(weight)
    share_of_node = stands / total
    enough = (bottom > 0) & (share_of_node >= floor - _SHARE_ROUNDING)
    mean = top / np.where(bottom > 0, bottom, 1.0)
    # A mean lies between the least and the greatest; rounding may take it one bit beyond.
    mean = np.fmax(np.fmin(mean, np.fmax.reduce(scores)), np.fmin.reduce(scores))
    return np.where(enough, mean, np.nan), share_of_node
