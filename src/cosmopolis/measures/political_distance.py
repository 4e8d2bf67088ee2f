"""How near countries are politically: by their ideal points, and by how often they vote alike.

Both rest on what the General Assembly of the United Nations puts to the vote, and on nothing else: neither
alliances nor sanctions are known here.
"""

import numpy as np
import polars as pl
from numpy.typing import NDArray

from cosmopolis.errors import FormatError
from cosmopolis.measures.country_pairs import Between
from cosmopolis.networks.links import require

ROLL_CALLS_MIN = 10
"""Roll calls in which both must have voted: with fewer, one vote moves the agreement by more than 0.1."""

YES, ABSTAIN, NO = 1, 2, 3
"""Codes of votes."""


def ideal_point_distance(points: pl.DataFrame, year: int) -> Between:
    """Return the distance of ideal points, d_ij = |θ_i − θ_j|, in the units of the points.

    Parameters
    ----------
    points
        `year`, `country`, `ideal_point`; each country once a year.
    year
        The year that is taken.

    Notes
    -----
    Bailey, Strezhnev & Voeten (2017), *Journal of Conflict Resolution* 61(2), 430–456. Points of different
    releases are on different scales and must not be mixed.

    Examples
    --------
    >>> points = pl.DataFrame(
    ...     {"year": [2019] * 2, "country": ["CA", "US"], "ideal_point": [1.416297, 2.694793]})
    >>> round(float(ideal_point_distance(points, 2019).values[0, 1]), 6)
    1.278496
    """
    require(points, ["year", "country", "ideal_point"], what="ideal points")
    chosen = points.filter(pl.col("year") == year).drop_nulls("ideal_point").sort("country")
    theta = chosen["ideal_point"].cast(pl.Float64).to_numpy()
    values = np.abs(theta[:, np.newaxis] - theta[np.newaxis, :])
    np.fill_diagonal(values, np.nan)
    return Between(countries=tuple(chosen["country"]), values=values)


def divided(votes: pl.DataFrame) -> pl.DataFrame:
    """Return the votes of the roll calls that were not unanimous, in their order.

    A roll call is unanimous if all who voted gave the same vote; an abstention is a vote, so that yes from
    all but one who abstains is not unanimous. It is looked at over all countries, not pair by pair.

    Parameters
    ----------
    votes
        `roll_call`, `vote`.

    Examples
    --------
    >>> votes = pl.DataFrame({"roll_call": [1, 1, 2, 2], "country": ["A", "B"] * 2, "vote": [1, 1, 1, 2]})
    >>> divided(votes)["roll_call"].unique().to_list()
    [2]
    """
    require(votes, ["roll_call", "vote"], what="votes")
    differs = pl.col("vote").min().over("roll_call") != pl.col("vote").max().over("roll_call")
    return votes.filter(differs)


def agreement(votes: pl.DataFrame, year: int, *, roll_calls_min: int = ROLL_CALLS_MIN) -> Between:
    """Return how much countries agree in the roll calls of a year, a_ij = mean of 1 − |v_i − v_j| / 2.

    Over the roll calls in which both voted, with 1 yes, 2 abstention, 3 no; unanimous ones are left out
    (`divided`). 1: always the same; 0: always yes against no; who abstains is half way between.

    Parameters
    ----------
    votes
        `roll_call`, `year`, `country`, `vote` (1, 2 or 3); each country once a roll call.
    year
        The year that is taken.
    roll_calls_min
        Fewer roll calls than this in which both voted, and the agreement of the two is not known.

    Raises
    ------
    FormatError
        If a vote is none of the three, or a country votes twice in a roll call.

    Notes
    -----
    The score and the rule for unanimous votes are those of Voeten's own script (DyadicAgreementScores.R of
    his repository); the least number of roll calls is ours. Computed for all pairs at once from the 0/1
    matrices U₁ (vote ≥ 2) and U₂ (vote = 3) of countries by roll calls, C being who voted: Σ |v_i − v_j| =
    Σ_k U_k (C − U_k)ᵀ + (C − U_k) U_kᵀ, all whole numbers.

    Examples
    --------
    >>> votes = pl.DataFrame({
    ...     "roll_call": [1, 1, 1, 2, 2, 2], "year": [2000] * 6,
    ...     "country": ["A", "B", "C"] * 2, "vote": [1, 1, 3, 1, 2, 3],
    ... })
    >>> agreement(votes, 2000, roll_calls_min=1).at(["A", "B", "C"])[0].tolist()
    [nan, 0.75, 0.0]
    """
    require(votes, ["roll_call", "year", "country", "vote"], what="votes")
    if not votes["vote"].is_in([YES, ABSTAIN, NO]).all():
        strange = votes.filter(~pl.col("vote").is_in([YES, ABSTAIN, NO]))["vote"][0]
        raise FormatError(f"got a vote {strange!r}, but expected 1 (yes), 2 (abstention) or 3 (no)")
    chosen = divided(votes.filter(pl.col("year") == year))
    countries = chosen["country"].unique().sort()
    calls = chosen["roll_call"].unique().sort()
    row = chosen["country"].replace_strict(countries, range(len(countries)), return_dtype=pl.Int64)
    column = chosen["roll_call"].replace_strict(calls, range(len(calls)), return_dtype=pl.Int64)
    cast = np.zeros((len(countries), len(calls)), dtype=np.float64)
    at = (row.to_numpy().astype(np.int64), column.to_numpy().astype(np.int64))
    np.add.at(cast, at, chosen["vote"].to_numpy())
    if chosen.select("country", "roll_call").is_duplicated().any():
        raise FormatError("got a country that votes twice in a roll call, but each must stand once")
    joint, apart = _sums(cast)
    values = np.full_like(joint, np.nan)
    np.divide(2.0 * joint - apart, 2.0 * joint, out=values, where=joint >= max(1, roll_calls_min))
    np.fill_diagonal(values, np.nan)
    return Between(countries=tuple(countries), values=values)


def _sums(cast: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return for each pair in how many roll calls both voted, and Σ |v_i − v_j| over them; 0 is no vote."""
    voted = (cast > 0).astype(np.float64)
    joint = voted @ voted.T
    apart = np.zeros_like(joint)
    for least in (ABSTAIN, NO):
        above = (cast >= least).astype(np.float64)
        one_way = above @ (voted - above).T
        apart += one_way + one_way.T
    return joint, apart
