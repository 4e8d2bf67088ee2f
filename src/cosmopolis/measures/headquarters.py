"""Headquarters of firms: by city and sector group, and their shares, quotients and ranks by group.

The industries that sources name are free text; `sectors.toml`, reviewed, says by which words they belong to
which group. A firm can belong to several groups and counts once in each.
"""

import re
import tomllib
from functools import cache
from importlib import resources

import numpy as np
import polars as pl
from numpy.typing import NDArray
from scipy.stats import rankdata

from cosmopolis.errors import UnknownNameError, hint_near
from cosmopolis.networks.links import require
from cosmopolis.streams import stream

FIRMS = pl.Schema({"row": pl.Int64, "city_id": pl.Int64, "firm": pl.String, "sector": pl.String})
"""Columns of the table of firms by sector group."""

HEADQUARTERS = pl.Schema(
    {
        "group": pl.String,
        "city_id": pl.Int64,
        "year": pl.Int64,
        "firms": pl.Int64,
        "share": pl.Float64,
        "location_quotient": pl.Float64,
        "rank": pl.Int64,
        "rank_low": pl.Int64,
        "rank_high": pl.Int64,
    }
)
"""Columns of the table of headquarters by group."""

WHOLE = "all"
"""The group of all firms, which location quotients compare with."""


@cache
def sectors() -> dict[str, tuple[str, ...]]:
    """Return the sector groups: the words of each, in lower case.

    Examples
    --------
    >>> "software" in sectors()["technology"]
    True
    """
    text = resources.files("cosmopolis.measures").joinpath("sectors.toml").read_text(encoding="utf-8")
    return {
        name: tuple(word.casefold() for word in group["words"]) for name, group in tomllib.loads(text).items()
    }


def firms_by_sector(firms: pl.DataFrame) -> pl.DataFrame:
    """List each firm once for every sector group that one of its industries belongs to.

    Parameters
    ----------
    firms
        `row`, `firm`, `city_id` of the headquarters, `industries` (lists of texts).

    Returns
    -------
    frame
        By `FIRMS`, one line a row and group: a firm that stands in several rows has a line for each, so
        that every row is seen to be used; `count` counts the firm once. Sorted by all columns.

    Examples
    --------
    >>> firms = pl.DataFrame(
    ...     {"row": [1], "firm": ["Acme"], "city_id": [7], "industries": [["Software", "Banks"]]}
    ... )
    >>> firms_by_sector(firms).select("city_id", "sector").rows()
    [(7, 'services'), (7, 'technology')]
    """
    require(firms, ["row", "firm", "city_id", "industries"], what="firms")
    named = (
        firms.select("row", "city_id", "firm", industry="industries")
        .explode("industry")
        .with_columns(pl.col("industry").str.to_lowercase())
        .drop_nulls("industry")
    )
    lists = [
        named.filter(
            pl.col("industry").str.contains("|".join(rf"\b{re.escape(word)}" for word in words))
        ).select("row", "city_id", "firm", sector=pl.lit(sector))
        for sector, words in sectors().items()
    ]
    return pl.concat([FIRMS.to_frame(), *lists]).unique().sort("row", "sector", "city_id", "firm")


def count(firms: pl.DataFrame, sector: str) -> pl.DataFrame:
    """Count the firms of a sector group with headquarters in each city: H_c = |{f : hq(f) = c, s in S(f)}|.

    Parameters
    ----------
    firms
        By `FIRMS`.
    sector
        A sector group, or a group of another kind that bears a colon in its name (`list:unicorns`).

    Returns
    -------
    frame
        `city_id, value`, in the order of `city_id`; cities without such a firm are not there.

    Raises
    ------
    UnknownNameError
        If there is no such sector group.
    """
    if sector not in sectors() and ":" not in sector:
        raise UnknownNameError(f"there is no sector group {sector!r}" + hint_near(sector, sectors()))
    return (
        firms.filter(pl.col("sector") == sector)
        .group_by("city_id")
        .agg(value=pl.col("firm").n_unique().cast(pl.Float64))
        .sort("city_id")
    )


def table(groups: pl.DataFrame, *, draws: int, level: float, seed: str) -> pl.DataFrame:
    """Count headquarters by group and city, with shares, location quotients and ranks with intervals.

    With n_cg the firms of group g with headquarters in city c and dots for sums, the share is n_cg / n_.g and
    the location quotient LQ_cg = (n_cg / n_.g) / (n_c. / n_..), where n_c. are the firms of the group `WHOLE`
    in the same year: 2 means twice as many as the city's firms at large would have. No unit. Rank 1 has the
    most; equals share a rank.

    Parameters
    ----------
    groups
        `group`, `year`, `firm`, `city_id`: a line for each group of a firm; a firm counts once in each.
    draws, level, seed
        How often firms are drawn anew for the bounds of ranks, the share of the draws that bounds hold, and
        the name of the draws. Without draws the bounds are null.

    Returns
    -------
    frame
        By `HEADQUARTERS`, sorted by group, year, rank and city. A city without a firm of a group has no row.
        The quotient is null where the year has no group `WHOLE`.

    Notes
    -----
    Location quotient: Isard (1960), *Methods of Regional Analysis*. Bounds: bootstrap with Poisson
    weights (Hanley & MacGibbon 2006, *Computer Methods and Programs in Biomedicine* 83, 57–62): a firm counts
    Poisson(1) times in a draw, so a city's n firms count Poisson(n) times. They say how far a rank hangs on
    which firms a source happens to hold, and nothing of whole countries that it lacks.

    Examples
    --------
    >>> firms = pl.DataFrame({"group": ["all", "all", "all", "it"], "year": [2026] * 4,
    ...                       "firm": ["a", "b", "c", "c"], "city_id": [1, 1, 2, 2]})
    >>> table(firms, draws=0, level=0.9, seed="doc").select(
    ...     "group", "city_id", "share", "location_quotient", "rank").rows()[0::2]
    [('all', 1, 0.6666666666666666, 1.0, 1), ('it', 2, 1.0, 3.0, 1)]
    """
    require(groups, ["group", "year", "firm", "city_id"], what="groups of firms")
    keys = ["group", "year", "city_id"]
    counted = groups.unique([*keys, "firm"]).group_by(keys).agg(firms=pl.len().cast(pl.Int64)).sort(keys)
    whole = counted.filter(pl.col("group") == WHOLE).select("year", "city_id", of_city="firms")
    shared = (
        counted.with_columns(total=pl.col("firms").sum().over("group", "year"))
        .join(whole, on=["year", "city_id"], how="left", maintain_order="left")
        .join(
            whole.group_by("year").agg(everywhere=pl.col("of_city").sum()),
            on="year",
            how="left",
            maintain_order="left",
        )
        .with_columns(share=pl.col("firms") / pl.col("total"))
        .with_columns(
            location_quotient=pl.col("firms") * pl.col("everywhere") / (pl.col("total") * pl.col("of_city")),
            rank=pl.col("firms").rank("min", descending=True).over("group", "year").cast(pl.Int64),
        )
    )
    parts = [
        part.with_columns(
            _bounds(part, draws=draws, level=level, seed=f"{seed}: headquarters, {group}, {year}")
        )
        for (group, year), part in shared.group_by(["group", "year"], maintain_order=True)
    ]
    every = pl.concat([HEADQUARTERS.to_frame(), *(part.select(list(HEADQUARTERS)) for part in parts)])
    return every.sort("group", "year", "rank", "city_id")


def _bounds(part: pl.DataFrame, *, draws: int, level: float, seed: str) -> list[pl.Series]:
    """Return the bounds of the ranks of one group and year."""
    if not draws:
        return [pl.Series(name, [None] * part.height, dtype=pl.Int64) for name in ("rank_low", "rank_high")]
    drawn = stream(seed, 0).poisson(part["firms"].to_numpy(), size=(draws, part.height))
    return rank_bounds(drawn, part["rank"].to_numpy(), level=level)


def rank_bounds(
    drawn: NDArray[np.float64] | NDArray[np.int64], rank: NDArray[np.int64], *, level: float
) -> list[pl.Series]:
    """Return `rank_low` and `rank_high`, which hold a share of the ranks in draws, and the rank itself.

    Parameters
    ----------
    drawn
        Draws × cities, more is better.
    rank
        Ranks as published, 1 the first.
    level
        Share of the draws that the bounds hold; what is left out is halved between both ends, and the bounds
        are rounded outwards.

    Examples
    --------
    >>> [bound.to_list() for bound in rank_bounds(np.array([[3, 1], [1, 3]]), np.array([1, 2]), level=0.9)]
    [[1, 1], [2, 2]]
    """
    ranks = rankdata(-drawn, method="min", axis=1)
    outside = (1.0 - level) / 2.0
    low = np.minimum(np.quantile(ranks, outside, axis=0, method="lower"), rank)
    high = np.maximum(np.quantile(ranks, 1.0 - outside, axis=0, method="higher"), rank)
    return [
        pl.Series(name, bound.astype(np.int64), dtype=pl.Int64)
        for name, bound in (("rank_low", low), ("rank_high", high))
    ]
