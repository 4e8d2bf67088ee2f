"""How strong cities are as places of listing: foreign firms on their exchanges, and the homes of these.

Only venues that a firm chooses count: what brokers quote without asking says nothing of a centre (`quotes` in
the table of exchanges). Trading, banking and currencies are not known here.
"""

import numpy as np
import polars as pl

from cosmopolis.measures.headquarters import rank_bounds
from cosmopolis.networks.links import require
from cosmopolis.streams import stream

FINANCIAL_CENTRES = pl.Schema(
    {
        "city_id": pl.Int64,
        "year": pl.Int64,
        "exchanges": pl.Int64,
        "listings": pl.Int64,
        "foreign": pl.Int64,
        "home_cities": pl.Int64,
        "strength": pl.Float64,
        "rank": pl.Int64,
        "rank_low": pl.Int64,
        "rank_high": pl.Int64,
    }
)
"""Columns of the table of financial centres."""


def table(
    firms: pl.DataFrame,
    venues: pl.DataFrame,
    *,
    year: int,
    draws: int,
    level: float,
    seed: str,
) -> pl.DataFrame:
    """Count what is listed in each city, and rank cities by what comes from abroad.

    A firm is foreign where its headquarters lies in another country or territory (ISO 3166-1) than the
    exchange. With f foreign firms of h home cities the strength is √(f h), firms: many firms of one place and
    one firm of many places are each worth less than both together. This is a measure of our own; `foreign`
    and `home_cities` stand beside it.

    Parameters
    ----------
    firms
        `firm`, `city_id`, `country` of the headquarters, `exchanges` (lists of codes).
    venues
        `exchange` (code), `mic`, `city_id`, `country`, `quotes`; those without a city and those that quote
        without asking are left out.
    year
        Year of the firms.
    draws, level, seed
        See `cosmopolis.measures.headquarters.table`.

    Returns
    -------
    frame
        By `FINANCIAL_CENTRES`, sorted by rank and city: every city with an exchange on which a firm is
        listed. `exchanges` are market identifier codes (ISO 10383) that occur, `listings` firms.

    Notes
    -----
    Cross-listings as a mark of financial centres: Wójcik (2011), *The Global Stock Market*. Bounds: a home
    city with n firms has Poisson(n) in a draw; the home cities that a draw is expected to lose, Σ exp(−n),
    are added again.

    Examples
    --------
    >>> firms = pl.DataFrame({"firm": ["a", "b", "c"], "city_id": [1, 2, 9], "country": ["SG", "CN", "GB"],
    ...                       "exchanges": [["L"], ["L"], ["L", "F"]]})
    >>> venues = pl.DataFrame({"exchange": ["L", "F"], "mic": ["XLON", "XFRA"], "city_id": [9, 8],
    ...                        "country": ["GB", "DE"], "quotes": [False, True]})
    >>> table(firms, venues, year=2026, draws=0, level=0.9, seed="doc").select(
    ...     "city_id", "listings", "foreign", "home_cities", "strength").rows()
    [(9, 3, 2, 2, 2.0)]
    """
    require(firms, ["firm", "city_id", "country", "exchanges"], what="firms")
    require(venues, ["exchange", "mic", "city_id", "country", "quotes"], what="venues")
    chosen = venues.filter(~pl.col("quotes")).drop_nulls("city_id").unique("exchange", keep="first")
    listed = (
        firms.select("firm", home="city_id", home_country="country", exchange="exchanges")
        .explode("exchange")
        .drop_nulls("exchange")
        .join(chosen.select("exchange", "mic", "city_id", "country"), on="exchange")
    )
    every = listed.group_by("city_id").agg(
        exchanges=pl.col("mic").n_unique().cast(pl.Int64), listings=pl.col("firm").n_unique().cast(pl.Int64)
    )
    abroad = listed.filter(pl.col("home_country") != pl.col("country")).drop_nulls("home")
    pairs = (
        abroad.unique(["firm", "home", "city_id"])
        .group_by("city_id", "home")
        .agg(firms=pl.len().cast(pl.Int64))
        .sort("city_id", "home")
    )
    reached = pairs.group_by("city_id").agg(
        foreign=pl.col("firms").sum(), home_cities=pl.len().cast(pl.Int64)
    )
    frame = (
        every.join(reached, on="city_id", how="left")
        .with_columns(pl.col("foreign", "home_cities").fill_null(0))
        .with_columns(year=pl.lit(year, dtype=pl.Int64), strength=_strength("foreign", "home_cities"))
        .with_columns(rank=pl.col("strength").rank("min", descending=True).cast(pl.Int64))
        .sort("rank", "city_id")
    )
    return frame.with_columns(_bounds(frame, pairs, draws=draws, level=level, seed=seed)).select(
        list(FINANCIAL_CENTRES)
    )


def _strength(foreign: str, home_cities: str) -> pl.Expr:
    return (pl.col(foreign) * pl.col(home_cities)).cast(pl.Float64).sqrt()


def _bounds(
    frame: pl.DataFrame, pairs: pl.DataFrame, *, draws: int, level: float, seed: str
) -> list[pl.Series]:
    """Return the bounds of the ranks."""
    if not draws or frame.is_empty():
        return [pl.Series(name, [None] * frame.height, dtype=pl.Int64) for name in ("rank_low", "rank_high")]
    place = {city: at for at, city in enumerate(frame["city_id"].to_list())}
    at = pairs["city_id"].replace_strict(place, return_dtype=pl.Int64).to_numpy()
    count = pairs["firms"].cast(pl.Float64).to_numpy()
    lost = np.exp(-count)
    rng = stream(f"{seed}: financial centres", 0)
    drawn = np.zeros((draws, frame.height))
    for row in drawn:
        times = rng.poisson(count)
        firms = np.bincount(at, weights=times, minlength=frame.height)
        homes = np.bincount(at, weights=(times > 0) + lost, minlength=frame.height)
        row[:] = np.sqrt(firms * homes)
    return rank_bounds(drawn, frame["rank"].to_numpy(), level=level)
