"""Whether an industry has one pole: how far the first city of its headquarters is ahead, with intervals.

Cities are as they come in: a metropolis that is several cities there is several here, unless the caller puts
them together (`groups`). Intervals are over firms: as many as there are are drawn with replacement, and all
is counted anew. How concentrated the rest is stands in `cosmopolis.measures.industry`.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.typing import NDArray

from cosmopolis.errors import SpecError
from cosmopolis.networks.links import require
from cosmopolis.streams import stream

Floats = NDArray[np.float64]

Counts = NDArray[np.int64]

INDUSTRY_VERDICTS = pl.Schema(
    {
        "basket": pl.String,
        "year": pl.Int64,
        "verdict": pl.String,
        "first": pl.Int64,
        "second": pl.Int64,
        "gap": pl.Float64,
        "gap_low": pl.Float64,
        "gap_high": pl.Float64,
        "second_gap": pl.Float64,
        "second_gap_low": pl.Float64,
        "second_gap_high": pl.Float64,
        "firms": pl.Int64,
    }
)
"""Columns of the table of verdicts: see `verdict`."""

INDUSTRY_GROUPS = pl.Schema(
    {
        "basket": pl.String,
        "year": pl.Int64,
        "group": pl.String,
        "name": pl.String,
        "name_zh": pl.String,
        "city_id": pl.Int64,
        "cities": pl.Int64,
        "firms": pl.Int64,
        "share": pl.Float64,
        "rank": pl.Int64,
        "rank_low": pl.Int64,
        "rank_high": pl.Int64,
        "verdict": pl.String,
        "first": pl.Int64,
        "second": pl.Int64,
        "gap": pl.Float64,
        "gap_low": pl.Float64,
        "gap_high": pl.Float64,
    }
)
"""Columns of the table of groups of cities taken as one, each beside all other cities as they are.

`city_id` is the city that stands for the group, the one of its cities with most firms.
"""

POLE_GAP = 2.0
"""From this lead on a first city is a pole: twice the second, what the rank-size rule alone would give it."""

CENTRES_SHARE = 0.5
"""The first city and the secondary centres together have at least this share of the headquarters."""

FIRMS_MIN = 10
"""With fewer firms no verdict is given."""


@dataclass(frozen=True, kw_only=True)
class Rule:
    """What is drawn, and from when on a lead counts.

    Attributes
    ----------
    draws
        How often firms are drawn anew; 0: no intervals, and then no verdict.
    level
        Share of the draws that an interval holds.
    seed
        Name of the draws.
    pole_gap, centres_share
        As `POLE_GAP`, `CENTRES_SHARE`.
    """

    draws: int = 200
    level: float = 0.9
    seed: str = "industry"
    pole_gap: float = POLE_GAP
    centres_share: float = CENTRES_SHARE


@dataclass(frozen=True, kw_only=True)
class Seats:
    """Headquarters of a basket by city.

    Attributes
    ----------
    cities
        Cities with any, the one with most first, of equal ones that with the smallest id.
    counts
        How many firms each has.
    drawn
        Draws × cities: how many it has of firms drawn anew.
    """

    cities: pl.Series
    counts: Counts
    drawn: Counts

    @property
    def firms(self) -> int:
        """How many firms there are."""
        return int(self.counts.sum())


def seats(firms: pl.DataFrame, *, rule: Rule) -> Seats:
    """Count a basket's headquarters by city, and draw its firms anew.

    Parameters
    ----------
    firms
        `firm`, `city_id` of its headquarters, each firm once; those without a city must be left out before.

    Raises
    ------
    SpecError
        If a firm stands twice or has no city.

    Examples
    --------
    >>> found = seats(pl.DataFrame({"firm": ["a", "b", "c"], "city_id": [7, 5, 7]}), rule=Rule(draws=4))
    >>> found.cities.to_list(), found.counts.tolist(), found.drawn.sum(axis=1).tolist()
    ([7, 5], [2, 1], [3, 3, 3, 3])
    """
    require(firms, ["firm", "city_id"], what="firms")
    if firms["firm"].is_duplicated().any() or firms["city_id"].null_count():
        raise SpecError("firms: got a firm twice or without a city, but expected each once, with its city")
    return counted(firms.group_by("city_id").agg(count=pl.len().cast(pl.Int64)), rule=rule)


def counted(counts: pl.DataFrame, *, rule: Rule) -> Seats:
    """Draw the records behind counts of cities anew; a city of count zero is left out.

    Parameters
    ----------
    counts
        `city_id`, `count`, each city once.
    """
    require(counts, ["city_id", "count"], what="counts")
    held = counts.filter(pl.col("count") > 0).sort("count", "city_id", descending=[True, False])
    numbers = held["count"].to_numpy().astype(np.int64)
    n = int(numbers.sum())
    drawn = np.zeros((rule.draws, len(numbers)), dtype=np.int64)
    if n:
        drawn = stream(rule.seed, 0).multinomial(n, numbers / n, size=rule.draws)
    return Seats(cities=held["city_id"], counts=numbers, drawn=drawn)


def drawn_ranks(found: Seats, *, rule: Rule) -> pl.DataFrame:
    """Return each city's rank by firms, with the interval in which it lies when firms are drawn anew.

    Returns
    -------
    frame
        `city_id, firms, share, rank, rank_low, rank_high`, in the order of `Seats.cities`; 1 is the first,
        equal cities share the better rank. Bounds are null without draws; they hold the rank itself.
    """
    ranks = pl.Series(found.counts).rank("min", descending=True).cast(pl.Int64)
    frame = pl.DataFrame(
        {
            "city_id": found.cities,
            "firms": found.counts,
            "share": found.counts / max(found.firms, 1),
            "rank": ranks,
        }
    )
    if not len(found.drawn) or not len(found.counts):
        return frame.with_columns(
            rank_low=pl.lit(None, dtype=pl.Int64), rank_high=pl.lit(None, dtype=pl.Int64)
        )
    places = np.stack(
        [len(row) - np.searchsorted(np.sort(row), row, side="right") + 1 for row in found.drawn]
    )
    outside = (1.0 - rule.level) / 2.0
    low = np.quantile(places, outside, axis=0, method="lower")
    high = np.quantile(places, 1.0 - outside, axis=0, method="higher")
    return frame.with_columns(
        rank_low=pl.min_horizontal("rank", pl.Series("low", low, dtype=pl.Int64)),
        rank_high=pl.max_horizontal("rank", pl.Series("high", high, dtype=pl.Int64)),
    )


def verdict(found: Seats, *, basket: str, year: int, rule: Rule) -> pl.DataFrame:
    """Say whether a basket has one pole, two, many, or whether that is unclear.

    The gap is first/second: how many times the headquarters of the second city the first has. Its interval:
    in each draw the first city, always the same, against the largest of the others in that draw. So it is
    below 1 where another city is ahead, and cautious: whichever rival chance favours counts.

    ============ =============================================================================
    unipolar     gap ≥ `pole_gap`, and its lower bound > 1: the lead is beyond chance
    bipolar      gap < `pole_gap`, while the second has that lead over the third
    multipolar   neither, and the upper bound of the gap is below `pole_gap`: no pole hides there
    unclear      else; and always with fewer than `FIRMS_MIN` firms or without draws
    ============ =============================================================================

    Returns
    -------
    frame
        By `INDUSTRY_VERDICTS`, one row, none for a basket without firms. A gap is null where there is no
        second city, and so is a bound where in a draw no other city had any.

    Notes
    -----
    The rule is ours. Two to one is what the rank-size rule gives to the first city of any list (Zipf 1949,
    *Human Behavior and the Principle of Least Effort*), and what Jefferson (1939, The law of the primate
    city, *Geographical Review* 29, 226–232) asks of a primate city at least.

    Examples
    --------
    >>> firms = pl.DataFrame({"firm": list("abcdefghijklmnop"), "city_id": [1] * 12 + [2, 3, 4, 5]})
    >>> verdict(seats(firms, rule=Rule()), basket="t", year=2025, rule=Rule())["verdict"].item()
    'unipolar'
    """
    if not found.firms:
        return INDUSTRY_VERDICTS.to_frame()
    gap, drawn = leads(found)
    next_gap, next_drawn = leads(found, place=1) if len(found.counts) > 1 else (math.nan, drawn[:0])
    low, high = quantiles(drawn, rule.level)
    next_low, next_high = quantiles(next_drawn, rule.level)
    said = "unclear"
    if low is not None and high is not None and found.firms >= FIRMS_MIN:
        if gap >= rule.pole_gap and low > 1:
            said = "unipolar"
        elif gap < rule.pole_gap and next_gap >= rule.pole_gap and next_low is not None and next_low > 1:
            said = "bipolar"
        elif high < rule.pole_gap:
            said = "multipolar"
    numbers = [gap, low, high, next_gap, next_low, next_high]
    row = (
        basket,
        year,
        said,
        int(found.cities[0]),
        int(found.cities[1]) if len(found.cities) > 1 else None,
        *(number if number is not None and math.isfinite(number) else None for number in numbers),
        found.firms,
    )
    return pl.DataFrame([row], schema=INDUSTRY_VERDICTS, orient="row")


def leads(found: Seats, *, place: int = 0) -> tuple[float, Floats]:
    """Return how many times a city has the firms of its largest follower: as it is, and in each draw.

    The city stays the same in all draws; its follower is in each the largest of those that stand behind it as
    things are.
    """
    if len(found.counts) <= place + 1:
        return math.inf, np.full(len(found.drawn), math.inf)
    mine = found.drawn[:, place].astype(np.float64)
    rival = found.drawn[:, place + 1 :].max(axis=1).astype(np.float64)
    drawn = np.divide(mine, rival, out=np.full(len(mine), math.inf), where=rival > 0)
    return float(found.counts[place] / found.counts[place + 1]), drawn


def quantiles(drawn: Floats, level: float) -> tuple[float | None, float | None]:
    """Return the bounds that hold a share of the draws; None without draws."""
    if not len(drawn):
        return None, None
    outside = (1.0 - level) / 2.0
    return (
        float(np.quantile(drawn, outside, method="lower")),
        float(np.quantile(drawn, 1.0 - outside, method="higher")),
    )


def regroup(firms: pl.DataFrame, cities: list[int]) -> tuple[pl.DataFrame, int | None]:
    """Take several cities as one, which stands under the id of the one of them with most firms.

    Returns
    -------
    firms, city_id
        With the cities put together; and the id, None where none of the cities has a firm.
    """
    inside = firms.filter(pl.col("city_id").is_in(cities))
    if inside.is_empty():
        return firms, None
    most = inside.group_by("city_id").agg(n=pl.len()).sort("n", "city_id", descending=[True, False])
    one = int(most["city_id"][0])
    city = pl.when(pl.col("city_id").is_in(cities)).then(pl.lit(one)).otherwise("city_id")
    return firms.with_columns(city_id=city.cast(firms.schema["city_id"])), one


def groups(
    firms: pl.DataFrame,
    cities: Mapping[str, tuple[str, str, list[int]]],
    *,
    basket: str,
    year: int,
    rule: Rule,
) -> pl.DataFrame:
    """Say of each group of cities where it stands when it is taken as one city among the others.

    Parameters
    ----------
    firms
        `firm`, `city_id`.
    cities
        For each group its names in English and Chinese, and its cities.

    Returns
    -------
    frame
        By `INDUSTRY_GROUPS`, sorted by group; a group without firms has no row.
    """
    parts = [INDUSTRY_GROUPS.to_frame()]
    for group, (name, name_zh, members) in sorted(cities.items()):
        together, one = regroup(firms, members)
        if one is None:
            continue
        found = seats(together, rule=rule)
        mine = drawn_ranks(found, rule=rule).filter(pl.col("city_id") == one)
        held = firms.filter(pl.col("city_id").is_in(members))["city_id"].n_unique()
        said = verdict(found, basket=basket, year=year, rule=rule).drop("firms")
        parts.append(
            said.join(mine.with_columns(basket=pl.lit(basket)), on="basket")
            .with_columns(
                group=pl.lit(group), name=pl.lit(name), name_zh=pl.lit(name_zh), cities=pl.lit(held)
            )
            .select(pl.col(column).cast(dtype) for column, dtype in INDUSTRY_GROUPS.items())
        )
    return pl.concat(parts)
