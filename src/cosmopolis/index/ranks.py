"""Put cities in order by their unrounded scores."""

from collections.abc import Sequence

import polars as pl


def ranks(scores: pl.Series) -> pl.Series:
    """Return the rank of each score, 1 for the highest.

    rank_i = 1 + number of cities with a score above that of i. Equal scores share the smallest rank and the
    ranks behind are left out (1, 2, 2, 4). No score, no rank.

    Examples
    --------
    >>> ranks(pl.Series([70.0, None, 80.0, 70.0])).to_list()
    [2, None, 1, 2]
    """
    return scores.rank("min", descending=True).cast(pl.Int64).alias("rank")


def frame(scores: pl.DataFrame, *, by: Sequence[str] = ("node",)) -> pl.DataFrame:
    """Rank the scores within groups.

    Parameters
    ----------
    scores
        `city_id`, `score` and the columns of `by`.

    Returns
    -------
    frame
        `scores` with `rank` (Int64), in the order of rows that it had.
    """
    rank = pl.col("score").rank("min", descending=True).over(*by).cast(pl.Int64)
    return scores.with_columns(rank.alias("rank"))
