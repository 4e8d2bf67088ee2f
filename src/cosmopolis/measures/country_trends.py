"""Ties between countries by year: folded from ties between cities, tested for trends, compared with others.

A country's ties at home are left out: a share is of the world's international ties.
"""

from collections.abc import Collection, Sequence

import polars as pl
from scipy import stats

from cosmopolis.errors import FormatError
from cosmopolis.measures import trends
from cosmopolis.networks.links import COUNTRY_LINKS, check, finish, require, sum_exactly

COUNTRY_TRENDS = pl.Schema(
    {
        "network": pl.String,
        "field": pl.String,
        "origin": pl.String,
        "destination": pl.String,
        "from_year": pl.Int64,
        "to_year": pl.Int64,
        "slope": pl.Float64,
        "low": pl.Float64,
        "high": pl.Float64,
        "p_value": pl.Float64,
        "verdict": pl.String,
        "mean": pl.Float64,
        "years": pl.Int64,
        "serial": pl.Float64,
        "count": pl.Int64,
    }
)
"""Columns of the table of trends; `slope`, its bounds and `mean` are of the yearly share."""

AGREEMENT = pl.Schema(
    {
        "network": pl.String,
        "field": pl.String,
        "year": pl.Int64,
        "pairs": pl.Int64,
        "spearman": pl.Float64,
        "pairs_both": pl.Int64,
        "pearson_log": pl.Float64,
    }
)
"""Columns of a comparison with another edition's or publisher's country pairs."""

COUNT_MIN = 100
"""Records over all years below which a pair is not tested: its yearly share is mostly chance."""

_APART_MAX = 0.01  # part by which the two directions of a symmetric table may differ
_PAIRS_MIN = 3  # a correlation of two points is 1 or −1


def fold(links: pl.DataFrame, cities: pl.DataFrame) -> pl.DataFrame:
    """Add links between cities up to links between their countries.

    W_kl = Σ w_ij over cities i of country k and j of l, k ≠ l.

    Parameters
    ----------
    links
        Undirected, by `networks.links.LINKS`. Take weights of refined counting, which add up to records:
        under full counting a record counts once for every pair of cities, so several times for two countries.
    cities
        `city_id`, `country`.

    Returns
    -------
    country_links
        By `COUNTRY_LINKS`, origin < destination; `count` is the sum of counts of city pairs. Links with a
        city of unknown country are left out.

    Examples
    --------
    >>> from cosmopolis.networks.links import LINKS
    >>> rows = [("x", "a", 2020, 1, 2, 0.5, 1), ("x", "a", 2020, 1, 3, 1.0, 1)]
    >>> cities = pl.DataFrame({"city_id": [1, 2, 3], "country": ["XB", "XA", "XA"]})
    >>> fold(pl.DataFrame(rows, schema=LINKS, orient="row"), cities).row(0)
    ('x', 'a', 2020, 'XA', 'XB', 1.5, 2)
    """
    require(cities, ["city_id", "country"], what="cities")
    ends = check(links)
    for end in ("origin", "destination"):
        of_end = cities.select(pl.col("city_id").alias(end), pl.col("country").alias(f"_{end}"))
        ends = ends.join(of_end, on=end, how="inner")
    return _between(
        ends.drop("origin", "destination").rename({"_origin": "origin", "_destination": "destination"})
    )


def of_works(
    country_works: pl.DataFrame, *, network: str = "coauthorship", field: str = "all"
) -> pl.DataFrame:
    """Make country links of a publisher's table of works by country pair.

    Parameters
    ----------
    country_works
        `year`, `origin`, `destination`, `works`. A pair that stands in both directions counts once, with the
        larger number: real tables differ by single works. A country with itself is left out.

    Returns
    -------
    country_links
        By `COUNTRY_LINKS`.

    Raises
    ------
    FormatError
        If the two directions of a pair differ by more than one work and more than 1 %: the table is then one
        of directions.
    """
    require(country_works, ["year", "origin", "destination", "works"], what="works of country pairs")
    pairs = (
        country_works.filter(pl.col("origin") != pl.col("destination"), pl.col("works") > 0)
        .group_by(
            "year",
            pl.min_horizontal("origin", "destination").alias("origin"),
            pl.max_horizontal("origin", "destination").alias("destination"),
        )
        .agg(pl.col("works").max().alias("count"), pl.col("works").min().alias("least"))
        .sort("year", "origin", "destination")
    )
    apart = pl.col("count") - pl.col("least")
    unlike = pairs.filter(apart > 1, apart > _APART_MAX * pl.col("count"))
    if not unlike.is_empty():
        raise FormatError(
            f"{unlike.height} country pairs have other numbers in one direction than in the other, such as "
            f"{unlike.row(0, named=True)}; expected a symmetric table"
        )
    weighted = pairs.drop("least").with_columns(pl.col("count").cast(pl.Float64).alias("weight"))
    return finish(weighted, network=network, field=field)


def _between(ends: pl.DataFrame) -> pl.DataFrame:
    keys = ["network", "field", "year", "origin", "destination"]
    turned = ends.filter(pl.col("origin") != pl.col("destination")).with_columns(
        pl.min_horizontal("origin", "destination").alias("origin"),
        pl.max_horizontal("origin", "destination").alias("destination"),
    )
    counts = turned.group_by(keys).agg(pl.col("count").sum())
    both = sum_exactly(turned, keys, "weight").join(counts, on=keys)
    return both.select(pl.col(name).cast(dtype) for name, dtype in COUNTRY_LINKS.items()).sort(keys)


def shares(country_links: pl.DataFrame) -> pl.DataFrame:
    """Compute each pair's share of the world's international ties by year, years without a tie included.

    s_kl,t = W_kl,t / Σ W_..,t; 0 in a year in which the field has ties and the pair none.

    Returns
    -------
    frame
        `network, field, origin, destination, year, share, count`, sorted by the first five.
    """
    pair = ["network", "field", "origin", "destination"]
    require(country_links, [*pair, "year", "weight", "count"], what="country links")
    worlds = sum_exactly(country_links, ["network", "field", "year"], "weight").rename({"weight": "world"})
    every = country_links.select(pair).unique().join(worlds, on=["network", "field"])
    return (
        every.join(country_links.select(*pair, "year", "weight", "count"), on=[*pair, "year"], how="left")
        .select(
            *pair,
            "year",
            share=pl.when(pl.col("world") > 0).then(pl.col("weight").fill_null(0.0) / pl.col("world")),
            count=pl.col("count").fill_null(0),
        )
        .sort(*pair, "year")
    )


def country_trends(
    country_links: pl.DataFrame,
    *,
    years: tuple[int, int] | None = None,
    countries: Collection[str] | None = None,
    count_min: int = COUNT_MIN,
    level: float = 0.95,
    band: float = trends.BAND,
) -> pl.DataFrame:
    """Test the share of each country pair for a trend.

    Parameters
    ----------
    country_links
        By `COUNTRY_LINKS`, each pair once.
    years
        First and last year to look at; all if not given.
    countries
        Only pairs with one of these; all if not given. Shares stay those of the world.
    count_min
        Pairs with fewer records in these years are not tested and have no row.
    level, band
        As in `trends.trend`.

    Returns
    -------
    frame
        By `COUNTRY_TRENDS`, sorted by the first four. Of so many tests some are wrong: each stands for its
        pair alone.
    """
    within = country_links if years is None else country_links.filter(pl.col("year").is_between(*years))
    pair = ["network", "field", "origin", "destination"]
    by_year = shares(within)
    if countries is not None:
        named = sorted(countries)
        by_year = by_year.filter(pl.col("origin").is_in(named) | pl.col("destination").is_in(named))
    sums = by_year.group_by(pair).agg(pl.col("count").sum()).filter(pl.col("count") >= count_min)
    tested = trends.table(
        by_year.drop("count").join(sums, on=pair, how="semi"), pair, value="share", level=level, band=band
    )
    return (
        tested.join(sums, on=pair, how="left")
        .select(pl.col(name).cast(dtype) for name, dtype in COUNTRY_TRENDS.items())
        .sort(pair)
    )


def compare(ours: pl.DataFrame, theirs: pl.DataFrame) -> pl.DataFrame:
    """Compare two sets of country links, year by year.

    Over pairs among the countries that both sets have in the year: `spearman`, the rank correlation of
    weights where a pair that a set does not have counts 0; `pearson_log`, the correlation of log weights over
    the `pairs_both` that both have. Null below three pairs, or where one side does not vary.

    Parameters
    ----------
    ours
        By `COUNTRY_LINKS`, of any number of networks and fields.
    theirs
        By `COUNTRY_LINKS`, of one network and field, with which each of ours is compared.

    Returns
    -------
    frame
        By `AGREEMENT`, for years that both have, sorted by the first three.
    """
    require(ours, list(COUNTRY_LINKS), what="our country links")
    require(theirs, list(COUNTRY_LINKS), what="their country links")
    by_year = {year: group for (year,), group in theirs.group_by(["year"], maintain_order=True)}
    keys = ["network", "field", "year"]
    rows = [
        (network, field, year, *_agreement(group, by_year[year]))
        for (network, field, year), group in ours.sort(keys).group_by(keys, maintain_order=True)
        if year in by_year
    ]
    return pl.DataFrame(rows, schema=AGREEMENT, orient="row").sort(keys)


def _agreement(ours: pl.DataFrame, theirs: pl.DataFrame) -> tuple[int, float | None, int, float | None]:
    """Return pairs, rank correlation, pairs of both, correlation of logs for one year."""
    common = sorted(_countries(ours) & _countries(theirs))
    ends = ["origin", "destination"]
    mine, other = (
        frame.filter(pl.col("origin").is_in(common), pl.col("destination").is_in(common)).select(
            *ends, pl.col("weight").alias(name)
        )
        for frame, name in ((ours, "a"), (theirs, "b"))
    )
    both = mine.join(other, on=ends, how="full", coalesce=True).sort(ends)
    a, b = both["a"].fill_null(0.0), both["b"].fill_null(0.0)
    positive = both.filter(pl.col("a") > 0, pl.col("b") > 0)
    spearman = _correlation(stats.rankdata(a).tolist(), stats.rankdata(b).tolist())
    pearson = _correlation(positive["a"].log().to_list(), positive["b"].log().to_list())
    return both.height, spearman, positive.height, pearson


def _countries(links: pl.DataFrame) -> set[str]:
    return set(links["origin"]) | set(links["destination"])


def _correlation(a: Sequence[float], b: Sequence[float]) -> float | None:
    if len(a) < _PAIRS_MIN or min(a) == max(a) or min(b) == max(b):
        return None
    return float(stats.pearsonr(a, b).statistic)
