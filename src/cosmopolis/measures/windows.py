"""Windows of years: links and totals of single years added up, so that small numbers can be compared.

A window is a pair of first and last year, both included. What is measured in it is not known here.
"""

from collections.abc import Sequence

import polars as pl

from cosmopolis.errors import FormatError
from cosmopolis.networks.links import require, sum_exactly

Window = tuple[int, int]

YEARS = 5
"""Length of a window by default: the length of a plan, and enough papers for most cities of a sample."""


def consecutive(first: int, last: int, *, years: int = YEARS) -> tuple[Window, ...]:
    """Cut a span of years into windows from its end; a rest at the beginning that is too short is left out.

    Examples
    --------
    >>> consecutive(1998, 2009)
    ((2000, 2004), (2005, 2009))
    """
    if years < 1:
        raise FormatError(f"got windows of {years} years, but expected at least 1")
    starts = range(last - years + 1, first - 1, -years)
    return tuple((start, start + years - 1) for start in reversed(starts))


def _windowed(frame: pl.DataFrame, windows: Sequence[Window]) -> pl.DataFrame:
    """Give each row the windows that its year lies in; rows of other years fall away."""
    for low, high in windows:
        if low > high:
            raise FormatError(f"got the window {low}–{high}, but expected the first year before the last")
    table = pl.DataFrame(
        [(year, low, high) for low, high in windows for year in range(low, high + 1)],
        schema={"year": pl.Int64, "from_year": pl.Int64, "to_year": pl.Int64},
        orient="row",
    )
    return frame.join(table, on="year", how="inner")


def of_links(links: pl.DataFrame, windows: Sequence[Window]) -> pl.DataFrame:
    """Add the links of each window.

    Returns
    -------
    frame
        `network, field, from_year, to_year, origin, destination, weight, count`, sorted by the first six.

    Examples
    --------
    >>> from cosmopolis.networks.links import LINKS
    >>> rows = [("x", "a", year, 1, 2, 1.5, 2) for year in (2001, 2002, 2003)]
    >>> of_links(pl.DataFrame(rows, schema=LINKS, orient="row"), [(2001, 2002)]).row(0)
    ('x', 'a', 2001, 2002, 1, 2, 3.0, 4)
    """
    require(links, ["network", "field", "year", "origin", "destination", "weight", "count"], what="links")
    keys = ["network", "field", "from_year", "to_year", "origin", "destination"]
    rows = _windowed(links, windows)
    counts = rows.group_by(keys).agg(pl.col("count").sum())
    return (
        sum_exactly(rows, keys, "weight")
        .join(counts, on=keys, how="left")
        .select(*keys, "weight", "count")
        .sort(keys)
    )


def of_totals(totals: pl.DataFrame, windows: Sequence[Window]) -> pl.DataFrame:
    """Add the totals of cities in each window.

    Parameters
    ----------
    totals
        `field`, `year`, `city_id`, `count` (records), `fractional` (Σ 1/n).

    Returns
    -------
    frame
        `field, from_year, to_year, city_id, count, fractional`, sorted by the first four.
    """
    require(totals, ["field", "year", "city_id", "count", "fractional"], what="totals")
    keys = ["field", "from_year", "to_year", "city_id"]
    rows = _windowed(totals, windows)
    counts = rows.group_by(keys).agg(pl.col("count").sum())
    return (
        sum_exactly(rows, keys, "fractional")
        .join(counts, on=keys, how="left")
        .select(*keys, "count", "fractional")
        .sort(keys)
    )
