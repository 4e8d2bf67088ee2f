"""Which of a network's ties are drawn: those beyond chance where a test was made, the strongest of them."""

import polars as pl

P_VALUES = ("sdsm_q", "sdsm_p", "disparity_p")
"""What tells a tie from chance, the better first: corrected for many tests, and knowing a record's size."""


def beyond_chance(links: pl.DataFrame, *, significance: float) -> tuple[pl.DataFrame, str]:
    """Return the ties beyond chance and the column that says so; all ties and "" where no test was made.

    Examples
    --------
    >>> links = pl.DataFrame({"origin": [1, 1], "sdsm_p": [0.01, 0.5]})
    >>> kept, column = beyond_chance(links, significance=0.05)
    >>> kept.height, column
    (1, 'sdsm_p')
    """
    for column in (column for column in P_VALUES if column in links.columns):
        known = links.filter(pl.col(column).is_not_null() & pl.col(column).is_not_nan())
        if known.height:
            return known.filter(pl.col(column) < significance), column
    return links, ""


def strongest(links: pl.DataFrame, most: int) -> pl.DataFrame:
    """Return the strongest ties, equal ones by their ids."""
    return links.sort("weight", "origin", "destination", descending=[True, False, False]).head(most)
