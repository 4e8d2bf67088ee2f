"""From values of indicators to the tables of an index: normalise, aggregate, rank.

Point values only: how sure a rank is, and what moved it between editions, is not known here; the
columns for it are there and empty.
"""

from collections.abc import Iterable
from dataclasses import dataclass

import polars as pl

from cosmopolis.errors import FormatError, UnknownNameError, hint_near
from cosmopolis.index import aggregate, normalise, ranks
from cosmopolis.index.tree import Tree

INDICATORS = pl.Schema(
    {
        "index": pl.String,
        "indicator": pl.String,
        "year": pl.Int64,
        "city_id": pl.Int64,
        "value": pl.Float64,
        "treated": pl.Float64,
        "normalised": pl.Float64,
    }
)
"""Columns of the table of indicators: `value` as measured, `treated`, and `normalised` in the range."""

SCORES = pl.Schema(
    {
        "index": pl.String,
        "node": pl.String,
        "year": pl.Int64,
        "city_id": pl.Int64,
        "score": pl.Float64,
        "rank": pl.Int64,
        "rank_low": pl.Int64,
        "rank_high": pl.Int64,
    }
)
"""Columns of the table of scores; the root's node is the index's own id."""

COVERAGE = pl.Schema(
    {
        "index": pl.String,
        "node": pl.String,
        "year": pl.Int64,
        "city_id": pl.Int64,
        "weight_share": pl.Float64,
    }
)
"""Columns of the table of coverage: the share of the node's weight that the score stands on, 0..1."""


@dataclass(frozen=True, kw_only=True)
class Rolled:
    """The tables of an index.

    Attributes
    ----------
    indicators, scores, coverage
        By `INDICATORS`, `SCORES` and `COVERAGE`, sorted by index, indicator or node, year and city.
    """

    indicators: pl.DataFrame
    scores: pl.DataFrame
    coverage: pl.DataFrame


def roll_up(tree: Tree, values: pl.DataFrame, *, units: Iterable[int], year: int) -> Rolled:
    """Score and rank the cities of a sample.

    Direction first, then min–max over the cities of the sample, then the weighted mean up the tree over
    what has data, then ranks from unrounded scores.

    Parameters
    ----------
    tree
        The index.
    values
        `indicator`, `city_id`, `value`. Null, or no row, is no data; zero is zero. Cities outside the
        sample play no part, not in the least and greatest values either.
    units
        Ids of the cities of the sample.
    year
        Year of the scores, and of the indicators that do not state their own.

    Returns
    -------
    rolled
        A row of `indicators` for every indicator and city, of `scores` and `coverage` for every node and
        city.

    Raises
    ------
    UnknownNameError
        If a value is of an indicator that the tree does not have, or a column is missing.
    FormatError
        If an indicator and city stand twice, a value is not finite, or a city is twice in the sample.

    Examples
    --------
    >>> from cosmopolis.index.tree import parse
    >>> words = {"en": "x", "zh": "x"}
    >>> tree = parse({
    ...     "id": "v", "name": words, "floor": 0.5, "indicator": [{
    ...         "id": "a", "parent": "v", "weight": 1, "direction": 1, "name": words, "unit": words,
    ...         "sources": ["s"],
    ...     }],
    ... })
    >>> values = pl.DataFrame({"indicator": ["a", "a"], "city_id": [1, 2], "value": [3.0, 7.0]})
    >>> roll_up(tree, values, units=[1, 2, 3], year=2024).scores.select("city_id", "score", "rank").rows()
    [(1, 0.0, 2), (2, 100.0, 1), (3, None, None)]
    """
    sample = _sample(units)
    full = _complete(tree, values, sample)
    indicators = normalise.frame(full, tree)
    rolled = aggregate.frame(indicators, tree)
    scores = ranks.frame(rolled)
    own_year = pl.col("indicator").replace_strict(
        {i.id: year if i.year is None else i.year for i in tree.indicators}, return_dtype=pl.Int64
    )
    index, at = pl.lit(tree.id).alias("index"), pl.lit(year, dtype=pl.Int64).alias("year")
    nothing = pl.lit(None, dtype=pl.Int64)
    return Rolled(
        indicators=indicators.select(
            index, "indicator", own_year.alias("year"), "city_id", "value", "treated", "normalised"
        )
        .match_to_schema(INDICATORS)
        .sort("index", "indicator", "year", "city_id"),
        scores=scores.select(
            index,
            "node",
            at,
            "city_id",
            "score",
            "rank",
            nothing.alias("rank_low"),
            nothing.alias("rank_high"),
        )
        .match_to_schema(SCORES)
        .sort("index", "node", "year", "city_id"),
        coverage=rolled.select(index, "node", at, "city_id", "weight_share")
        .match_to_schema(COVERAGE)
        .sort("index", "node", "year", "city_id"),
    )


def _sample(units: Iterable[int]) -> pl.Series:
    """Return the cities of the sample in ascending order, each once."""
    sample = pl.Series("city_id", list(units), dtype=pl.Int64).sort()
    twice = sample.filter(sample.is_duplicated())
    if len(twice):
        raise FormatError(f"city {twice[0]} is in the sample more than once; name each city once")
    return sample


def _complete(tree: Tree, values: pl.DataFrame, sample: pl.Series) -> pl.DataFrame:
    """Check the values and make a row for every indicator and city of the sample, null where none is."""
    for column in ("indicator", "city_id", "value"):
        if column not in values.columns:
            raise UnknownNameError(
                f"values of {tree.id!r}: no column {column!r}" + hint_near(column, values.columns)
            )
    ids = [indicator.id for indicator in tree.indicators]
    for name in values["indicator"].unique().sort().to_list():
        if name not in ids:
            raise UnknownNameError(f"index {tree.id!r} has no indicator {name!r}" + hint_near(name, ids))
    keys = ["indicator", "city_id"]
    given = values.select("indicator", pl.col("city_id").cast(pl.Int64), pl.col("value").cast(pl.Float64))
    twice = given.filter(pl.struct(keys).is_duplicated()).sort(keys)
    if not twice.is_empty():
        name, city, _ = twice.row(0)
        raise FormatError(f"indicator {name!r} has more than one value for city {city}; give one")
    every = pl.DataFrame({"indicator": ids}, schema={"indicator": pl.String()}).join(
        sample.to_frame(), how="cross"
    )
    return every.join(given, on=keys, how="left")
