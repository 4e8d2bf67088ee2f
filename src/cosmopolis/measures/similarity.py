"""How close two cities are, given how much each has: normalised strength of a link.

Counts grow with the size of both cities; these measures take the size out. They are of whole counts (a
record that names both cities counts once), whatever the weight of the link. What size, distance and border
explain together is the matter of `gravity`.
"""

from collections.abc import Sequence

import polars as pl

from cosmopolis.errors import FormatError
from cosmopolis.measures.windows import Window, of_links, of_totals
from cosmopolis.networks.links import require, sum_exactly

LINK_MEASURES = pl.Schema(
    {
        "network": pl.String,
        "field": pl.String,
        "from_year": pl.Int64,
        "to_year": pl.Int64,
        "origin": pl.Int64,
        "destination": pl.Int64,
        "weight": pl.Float64,
        "count": pl.Int64,
        "salton": pl.Float64,
        "association": pl.Float64,
        "jaccard": pl.Float64,
        "expected": pl.Float64,
        "ratio": pl.Float64,
        "ratio_low": pl.Float64,
        "ratio_high": pl.Float64,
        "q_value": pl.Float64,
        "verdict": pl.String,
        "disparity_p": pl.Float64,
        "sdsm_p": pl.Float64,
    }
)
"""Columns of the table of links; those of other measures are null until these are laid beside."""

_EXPECTED = ("expected", "ratio", "ratio_low", "ratio_high", "q_value", "verdict")


def similarity(links: pl.DataFrame, totals: pl.DataFrame) -> pl.DataFrame:
    """Compute Salton's cosine, association strength and Jaccard's index of links in windows.

    With x the records that name both cities, c_i and c_j those that name each, and m all records of the
    field and window that name any city:

    * `salton` x / √(c_i c_j), 0..1: 1 if each names the other always.
    * `association` m x / (c_i c_j): times as many as if cities met by chance, c_i c_j / m.
    * `jaccard` x / (c_i + c_j − x), 0..1: part of the records of either that name both.

    Parameters
    ----------
    links
        `field, from_year, to_year, origin, destination, count`, as of `windows.of_links`.
    totals
        `field, from_year, to_year, city_id, count, fractional`, as of `windows.of_totals`, for all cities:
        m is Σ `fractional`.

    Returns
    -------
    frame
        The links with `salton`, `association`, `jaccard`.

    Raises
    ------
    FormatError
        If a link names more records than one of its cities has: links and totals are of other records.

    Notes
    -----
    Salton & McGill (1983), *Introduction to Modern Information Retrieval*; van Eck & Waltman (2009), How to
    normalize cooccurrence data?, *JASIST* 60(8), 1635–1651. They tell two kinds apart, set-theoretic (cosine,
    Jaccard) and probabilistic (association strength), and find that co-occurrences are best normalised by
    the second. The two cities of a single record have the highest association of all: read it with `count`.

    Examples
    --------
    >>> window = {"field": "a", "from_year": 2000, "to_year": 2004}
    >>> links = pl.DataFrame({**window, "origin": [1], "destination": [2], "count": [3]})
    >>> totals = pl.DataFrame(
    ...     {**window, "city_id": [1, 2], "count": [4, 3], "fractional": [2.3333, 1.6667]})
    >>> similarity(links, totals).select("association", "jaccard").row(0)  # 4 · 3 / (4 · 3), 3 / 4
    (1.0, 0.75)
    """
    window = ["field", "from_year", "to_year"]
    require(links, [*window, "origin", "destination", "count"], what="links of windows")
    require(totals, [*window, "city_id", "count", "fractional"], what="totals of windows")
    records = sum_exactly(totals, window, "fractional").rename({"fractional": "_m"})
    sized = links.join(records, on=window, how="left", maintain_order="left")
    for end, size in (("origin", "_i"), ("destination", "_j")):
        of_end = totals.select(*window, pl.col("city_id").alias(end), pl.col("count").alias(size))
        sized = sized.join(of_end, on=[*window, end], how="left", maintain_order="left")
    bad = sized.filter(
        (pl.col("count") > pl.col("_i")) | (pl.col("count") > pl.col("_j")) | pl.any_horizontal(
            pl.col("_i", "_j").is_null())
    )  # fmt: skip
    if not bad.is_empty():
        row = bad.row(0, named=True)
        raise FormatError(
            f"{bad.height} links have more records than one of their cities; the first, "
            f"{row['origin']}–{row['destination']} in {row['field']!r} {row['from_year']}–{row['to_year']}, "
            f"has {row['count']}, its cities {row['_i']} and {row['_j']}; give totals of the same records"
        )
    x, i, j = (pl.col(name).cast(pl.Float64) for name in ("count", "_i", "_j"))
    return sized.with_columns(
        salton=x / (i * j).sqrt(), association=pl.col("_m") * x / (i * j), jaccard=x / (i + j - x)
    ).drop("_m", "_i", "_j")


def link_measures(
    links: pl.DataFrame,
    totals: pl.DataFrame,
    *,
    windows: Sequence[Window],
    expected: pl.DataFrame | None = None,
) -> pl.DataFrame:
    """Put the table of links by window together.

    Parameters
    ----------
    links
        By `networks.links.LINKS`, of one network.
    totals
        `field`, `year`, `city_id`, `count`, `fractional`, of the same records.
    expected
        Pairs of gravity models (`gravity.PAIRS`) with `field`, `from_year`, `to_year`; pairs that no model
        has, such as those of small cities, have null.

    Returns
    -------
    frame
        By `LINK_MEASURES`, sorted by the first six.
    """
    folded = similarity(of_links(links, windows), of_totals(totals, windows))
    keys = ["field", "from_year", "to_year", "origin", "destination"]
    if expected is not None:
        require(expected, [*keys, *_EXPECTED], what="pairs of gravity models")
        folded = folded.join(expected.select(*keys, *_EXPECTED), on=keys, how="left")
    missing = [name for name in LINK_MEASURES if name not in folded.columns]
    return (
        folded.with_columns(pl.lit(None).alias(name) for name in missing)
        .select(pl.col(name).cast(dtype) for name, dtype in LINK_MEASURES.items())
        .sort("network", *keys)
    )
