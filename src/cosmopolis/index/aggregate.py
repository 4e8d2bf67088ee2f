"""Roll normalised indicators up the tree: weighted arithmetic means that say what they stand on.

Full compensation is built in: a city may make up for one dimension by another.
"""

from collections.abc import Sequence

import numpy as np
import polars as pl
from numpy.typing import NDArray

from cosmopolis.index.tree import Tree

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
    scores: dict[str, NDArray[np.float64]] = {}
    shares: dict[str, NDArray[np.float64]] = {}
    placed = normalised.drop_nulls("normalised").join(place, on="city_id", how="left")
    for indicator in tree.indicators:
        part = placed.filter(pl.col("indicator") == indicator.id)
        column = np.full(len(cities), np.nan)
        column[part["at"].to_numpy()] = part["normalised"].to_numpy()
        scores[indicator.id] = column
        shares[indicator.id] = np.ones(len(cities))
    parts = []
    for node in tree.upward():
        children = tree.children(node)
        scores[node], shares[node] = _mean(
            np.array([scores[child.id] for child in children]),
            np.array([shares[child.id] for child in children]),
            np.array([child.weight for child in children]),
            floor=tree.floor_of(node),
        )
        parts.append(
            pl.DataFrame(
                {
                    "node": [node] * len(cities),
                    "city_id": cities,
                    "score": pl.Series(scores[node], dtype=pl.Float64).fill_nan(None),
                    "weight_share": shares[node],
                },
                schema={
                    "node": pl.String(),
                    "city_id": cities.dtype,
                    "score": pl.Float64(),
                    "weight_share": pl.Float64(),
                },
            )
        )
    return pl.concat(parts).sort("node", "city_id")


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
