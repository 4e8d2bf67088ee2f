"""Pairs and totals counted another way: a self-join in plain SQL, and shares as exact fractions."""

import math
from collections.abc import Callable
from fractions import Fraction
from functools import cache

import duckdb
import polars as pl

SHARE_UNITS = math.lcm(*range(1, 25))
"""Whole for every share of a record of up to 24 cities."""

PAIRS_SQL = """
WITH incidence AS (
    SELECT DISTINCT item, year, field, city_id FROM rows
    WHERE item IS NOT NULL AND year IS NOT NULL AND field IS NOT NULL AND city_id IS NOT NULL
), sized AS (
    SELECT item, year, field, COUNT(*) AS cities FROM incidence GROUP BY item, year, field
)
SELECT
    a.field, a.year, a.city_id AS origin, b.city_id AS destination, s.cities, COUNT(*) AS items
FROM incidence a
JOIN incidence b ON b.item = a.item AND b.year = a.year AND b.field = a.field AND b.city_id > a.city_id
JOIN sized s ON s.item = a.item AND s.year = a.year AND s.field = a.field
GROUP BY a.field, a.year, a.city_id, b.city_id, s.cities
"""
"""Pairs of cities and, for each number of cities that a record has, how many records name both."""

TOTALS_SQL = """
WITH incidence AS (
    SELECT DISTINCT item, year, field, city_id FROM rows
    WHERE item IS NOT NULL AND year IS NOT NULL AND field IS NOT NULL AND city_id IS NOT NULL
), sized AS (
    SELECT item, year, field, COUNT(*) AS cities FROM incidence GROUP BY item, year, field
)
SELECT a.field, a.year, a.city_id, s.cities, COUNT(*) AS items
FROM incidence a JOIN sized s ON s.item = a.item AND s.year = a.year AND s.field = a.field
GROUP BY a.field, a.year, a.city_id, s.cities
"""
"""Cities and, for each number of cities that a record has, how many records name them."""

Sums = dict[tuple[object, ...], tuple[int, ...]]


@cache
def units(share: Fraction) -> int:
    """Return a share in units, to the nearest, halves up."""
    return math.floor(share * SHARE_UNITS + Fraction(1, 2))


def _add(rows: list[tuple[object, ...]], parts: Callable[[int], tuple[Fraction, ...]]) -> Sums:
    """Add up the parts of each key, which depend on the number of cities of a record."""
    sums: Sums = {}
    for *key, cities, items in rows:
        assert isinstance(cities, int)
        assert isinstance(items, int)
        here = tuple(items * units(part) for part in parts(cities))
        before = sums.get(tuple(key), (0,) * len(here))
        sums[tuple(key)] = tuple(a + b for a, b in zip(before, here, strict=True))
    return dict(sorted(sums.items(), key=lambda entry: tuple(entry[0])))


def recount(rows: pl.DataFrame, largest_record: int | None = None) -> tuple[Sums, Sums]:
    """Return the sums of pairs (count, fractional, refined) and of cities (count, shared, 1/n), in order."""
    most = largest_record or math.inf
    with duckdb.connect() as connection:
        connection.register("rows", rows.to_arrow())
        pairs = connection.sql(PAIRS_SQL).fetchall()
        totals = connection.sql(TOTALS_SQL).fetchall()
    of_pairs = _add(
        [row for row in pairs if row[-2] <= most],
        lambda n: (Fraction(1, SHARE_UNITS), Fraction(1, n - 1), Fraction(2, n * (n - 1))),
    )
    of_cities = _add(
        totals,
        lambda n: (Fraction(1, SHARE_UNITS), Fraction(int(n > 1), SHARE_UNITS), Fraction(1, n)),
    )
    return of_pairs, of_cities
