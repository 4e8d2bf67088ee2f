"""Headquarters of firms by city and sector group.

The industries that sources name are free text; `sectors.toml`, reviewed, says by which words they belong to
which group. A firm can belong to several groups and counts once in each.
"""

import re
import tomllib
from functools import cache
from importlib import resources

import polars as pl

from cosmopolis.errors import UnknownNameError, hint_near
from cosmopolis.networks.links import require

FIRMS = pl.Schema({"row": pl.Int64, "city_id": pl.Int64, "firm": pl.String, "sector": pl.String})
"""Columns of the table of firms by sector group."""


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

    Returns
    -------
    frame
        `city_id, value`, in the order of `city_id`; cities without such a firm are not there.

    Raises
    ------
    UnknownNameError
        If there is no such sector group.
    """
    if sector not in sectors():
        raise UnknownNameError(f"there is no sector group {sector!r}" + hint_near(sector, sectors()))
    return (
        firms.filter(pl.col("sector") == sector)
        .group_by("city_id")
        .agg(value=pl.col("firm").n_unique().cast(pl.Float64))
        .sort("city_id")
    )
