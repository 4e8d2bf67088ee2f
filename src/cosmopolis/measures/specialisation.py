"""What each city has of a field: its share of the world, and whether that is more than its size explains.

The amounts are records counted by city, field and year. A quotient of small counts is mostly chance:
`intervals` says how far it may be trusted.
"""

import numpy as np
import polars as pl

from cosmopolis.errors import UnknownNameError, hint_near
from cosmopolis.measures.chance import binomial_interval, binomial_p
from cosmopolis.networks.links import require, sum_exactly

FIELD_TOTALS = pl.Schema(
    {
        "network": pl.String,
        "field": pl.String,
        "year": pl.Int64,
        "city_id": pl.Int64,
        "count": pl.Int64,
        "fractional": pl.Float64,
        "shared": pl.Int64,
        "citations": pl.Int64,
        "share": pl.Float64,
        "rca": pl.Float64,
    }
)
"""Columns of the table of cities by field and year."""

AMOUNTS = ("count", "fractional")
"""What shares may be taken of: whole records, or records shared evenly among their cities."""

_FIELDS_MIN = 2  # with one field every city is as specialised as the world


def quotients(totals: pl.DataFrame, *, amount: str = "fractional") -> pl.DataFrame:
    """Compute shares and revealed comparative advantage by year.

    With x_cf the amount of city c in field f and dots for sums: share s_cf = x_cf / x_.f, and
    RCA_cf = (x_cf / x_c.) / (x_.f / x_..), the location quotient of regional science. 1: as much of the field
    as the world has; 2: twice as much. No unit.

    Parameters
    ----------
    totals
        `field`, `year`, `city_id`, `count`, `fractional`. A city without a row in a field has none of it.
    amount
        `fractional`, so that shares add up to 1 over records and not over their mentions, or `count`.

    Returns
    -------
    frame
        `field, year, city_id, share, rca`, sorted by the first three. `rca` is null in years with fewer than
        two fields, and where the city or the field has nothing. Fields are those of `totals`: a city is
        compared with them alone, not with all science.

    Notes
    -----
    Balassa (1965), Trade liberalisation and "revealed" comparative advantage, *The Manchester School* 33(2),
    99–123. It has no upper bound and is skewed; (RCA − 1)/(RCA + 1) is symmetric (Laursen 2015, *Eurasian
    Business Review* 5, 99–115).

    Examples
    --------
    >>> totals = pl.DataFrame(
    ...     {"field": ["a", "b", "a"], "year": [2020] * 3, "city_id": [1, 1, 2],
    ...      "count": [1, 3, 4], "fractional": [1.0, 3.0, 4.0]})
    >>> quotients(totals)["rca"].to_list()
    [0.4, 1.6, 2.0]
    """
    if amount not in AMOUNTS:
        raise UnknownNameError(f"there is no amount {amount!r}" + hint_near(amount, AMOUNTS))
    require(totals, ["field", "year", "city_id", amount], what="totals")
    amounts = totals.with_columns(pl.col(amount).cast(pl.Float64))
    x = sum_exactly(amounts, ["field", "year", "city_id"], amount)
    of_field = sum_exactly(x, ["field", "year"], amount).rename({amount: "in_field"})
    of_city = sum_exactly(x, ["year", "city_id"], amount).rename({amount: "in_city"})
    of_all = sum_exactly(x, ["year"], amount).rename({amount: "in_all"})
    fields = of_field.filter(pl.col("in_field") > 0).group_by("year").agg(fields=pl.len())
    every = (
        x.join(of_field, on=["field", "year"])
        .join(of_city, on=["year", "city_id"])
        .join(of_all, on="year")
        .join(fields, on="year", how="left")
    )
    sound = (pl.col("fields") >= _FIELDS_MIN) & (pl.col("in_city") > 0) & (pl.col("in_field") > 0)
    rca = (pl.col(amount) * pl.col("in_all")) / (pl.col("in_city") * pl.col("in_field"))
    return every.select(
        "field",
        "year",
        "city_id",
        share=pl.when(pl.col("in_field") > 0).then(pl.col(amount) / pl.col("in_field")),
        rca=pl.when(sound).then(rca),
    ).sort("field", "year", "city_id")


def intervals(totals: pl.DataFrame, *, level: float = 0.95) -> pl.DataFrame:
    """Compute how far a city's specialisation may be trusted, from whole counts.

    Given a city's records n = x_c., those in field f are taken as binomial; the exact interval of their share
    (Clopper & Pearson 1934, *Biometrika* 26, 404–413) is divided by the world's share, which is taken as
    known. `p_value` is two-sided for RCA = 1: min(1, 2 min(P(X ≤ x), P(X ≥ x))) with the world's share.

    Parameters
    ----------
    totals
        `field`, `year`, `city_id`, `count`.
    level
        Coverage, at least.

    Returns
    -------
    frame
        `field, year, city_id, rca, low, high, p_value`, sorted by the first three; `rca` of whole counts.
        Null where `quotients` has no RCA.

    Notes
    -----
    A city with a large part of the world's records stands on both sides of the quotient; its interval is a
    little too wide. A record in two fields counts in both.

    Examples
    --------
    >>> totals = pl.DataFrame(
    ...     {"field": ["a", "b", "a", "b"], "year": [2020] * 4, "city_id": [1, 1, 2, 2],
    ...      "count": [2, 0, 50, 52]})
    >>> intervals(totals).select(pl.col(pl.Float64).round(4)).row(0)  # two of two
    (2.0, 0.3162, 2.0, 0.5)
    """
    rca = quotients(totals.with_columns(fractional=pl.col("count")), amount="count").drop("share")
    frame = (
        rca.join(totals.select("field", "year", "city_id", "count"), on=["field", "year", "city_id"])
        .with_columns(n=pl.col("count").sum().over("year", "city_id"))
        .with_columns(world=pl.col("count").sum().over("field", "year") / pl.col("count").sum().over("year"))
        .sort("field", "year", "city_id")
    )
    x = frame["count"].to_numpy().astype(np.float64)
    n, world = frame["n"].to_numpy().astype(np.float64), frame["world"].to_numpy()
    low, high = binomial_interval(x, n, level=level)
    p = binomial_p(x, n, world)
    with np.errstate(invalid="ignore", divide="ignore"):
        bounds = frame.with_columns(
            low=pl.Series(low / world), high=pl.Series(high / world), p_value=pl.Series(p)
        )
    known = pl.col("rca").is_not_null()
    return bounds.select(
        "field", "year", "city_id", "rca",
        *(pl.when(known).then(pl.col(name)).alias(name) for name in ("low", "high", "p_value")),
    )  # fmt: skip


def field_totals(
    totals: pl.DataFrame, *, network: str, citations: pl.DataFrame | None = None
) -> pl.DataFrame:
    """Put the table of cities by field and year together.

    Parameters
    ----------
    totals
        `field`, `year`, `city_id`, `count` (records that name the city), `shared` (those of them that name
        another city too), `fractional` (Σ 1/n over them, n cities each).
    network
        Name of the network that the records make.
    citations
        `field`, `year`, `city_id`, `citations`, as of `citations.received`; null where there is no data.

    Returns
    -------
    frame
        By `FIELD_TOTALS`, sorted by the first four.
    """
    keys = ["field", "year", "city_id"]
    require(totals, [*keys, "count", "shared", "fractional"], what="totals")
    names = [*keys, "citations"]
    none = pl.DataFrame(schema={name: FIELD_TOTALS[name] for name in names})
    known = none if citations is None else citations.select(names)
    return (
        totals.join(quotients(totals), on=keys, how="left")
        .join(known, on=keys, how="left")
        .with_columns(network=pl.lit(network))
        .select(pl.col(name).cast(dtype) for name, dtype in FIELD_TOTALS.items())
        .sort("network", *keys)
    )
