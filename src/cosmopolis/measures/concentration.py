"""How evenly an amount is spread: over a city's partners, over the cities of a world.

Numbers of concentration say nothing of the amount itself, and of partners at no tie: a partner that is
missing from the vector is not a partner of share zero. `hhi`, `effective_number` and `shannon` do not care
about shares of zero; `gini`, `hhi_normalised` and `theil_t` count them, and `theil_l` cannot bear one.

Beware of names. Theil (1967) has two indices: T, which weighs each logarithm by the share that one has, and
L, which weighs all alike and is also called the mean logarithmic deviation. Programs do not agree on which
of them "the Theil index" is; R's `REAT::theil` for one gives L.
"""

import math

import numpy as np
import polars as pl
from numpy.typing import ArrayLike, NDArray

from cosmopolis.errors import FormatError
from cosmopolis.networks.links import check

MEASURES = ("effective_partners", "gini", "hhi", "partners")
"""Measures that `table` gives."""

_BOUNDED_MIN = 2  # one value is all equal and has all at once


def shares(values: ArrayLike) -> NDArray[np.float64]:
    """Return each value's part of the total, s_i = x_i / Σ x; not a number where the total is zero.

    Parameters
    ----------
    values
        One dimension, each finite and ≥ 0, of any unit.

    Examples
    --------
    >>> shares([1, 3]).tolist()
    [0.25, 0.75]
    """
    x = np.asarray(values, dtype=np.float64)
    if x.ndim != 1 or not np.isfinite(x).all() or (x < 0).any():
        raise FormatError(
            f"got values of {x.ndim} dimensions with {int((~np.isfinite(x)).sum())} not finite and "
            f"{int((x < 0).sum())} negative, but shares need one row of finite values ≥ 0; "
            "leave out what has no data"
        )
    total = math.fsum(x)
    return x / total if total > 0 else np.full_like(x, np.nan)


def hhi(values: ArrayLike) -> float:
    """Return the Herfindahl–Hirschman index, H = Σ s_i² with shares s_i.

    Between 1/n (all equal) and 1 (one has all); not a number where the total is zero. No unit. Beware of
    the same index on shares in per cent, which is 10,000 times as large.

    Notes
    -----
    Hirschman (1964), The paternity of an index, *American Economic Review* 54(5), 761–762.

    Examples
    --------
    >>> round(hhi([20, 50, 20, 10]), 2)
    0.34
    """
    s = shares(values)
    return math.fsum(s * s) if len(s) else math.nan


def effective_number(values: ArrayLike) -> float:
    """Return how many equal parts would be as concentrated: 1 / H.

    Notes
    -----
    Hill (1973), Diversity and evenness, *Ecology* 54(2), 427–432: the number of order 2.

    Examples
    --------
    >>> round(effective_number([20, 50, 20, 10]), 6)
    2.941176
    """
    index = hhi(values)
    return 1.0 / index if index > 0 else math.nan


def hhi_normalised(values: ArrayLike) -> float:
    """Return the HHI between its bounds, H* = (H − 1/n) / (1 − 1/n), of n values.

    0 (all equal) to 1 (one has all); not a number where the total is zero or n < 2. No unit. Zeros count:
    n is how many could have a share, so leave out those that could not.

    Examples
    --------
    >>> round(hhi_normalised([20, 50, 20, 10]), 6)
    0.12
    """
    n = len(shares(values))
    return (hhi(values) - 1.0 / n) / (1.0 - 1.0 / n) if n >= _BOUNDED_MIN else math.nan


def shannon(values: ArrayLike) -> float:
    """Return the Shannon entropy, S = −Σ s_i ln s_i, with 0 ln 0 = 0.

    From 0 (one has all) to ln n (all equal), in nats; not a number where the total is zero. exp S is again
    an effective number, Hill's of order 1, to which small shares say more than to 1/H.

    Notes
    -----
    Shannon (1948), A mathematical theory of communication, *Bell System Technical Journal* 27, 379–423.

    Examples
    --------
    >>> round(shannon([10, 10, 10, 20, 50]), 6)
    1.359237
    """
    s = shares(values)
    if not len(s) or np.isnan(s).any():
        return math.nan
    held = s[s > 0]
    return abs(math.fsum(held * np.log(held)))


def theil_t(values: ArrayLike) -> float:
    """Return Theil's T, T = (1/n) Σ (x_i/μ) ln(x_i/μ) = ln n − S, with 0 ln 0 = 0.

    From 0 (all equal) to ln n (one has all), in nats; not a number where the total is zero. Zeros count.
    It adds up over groups, each weighed by its share of the total: see `theil_t_parts`. It is the generalised
    entropy of order 1; `theil_l` is that of order 0, another number.

    Notes
    -----
    Theil (1967), *Economics and Information Theory*, chapter 4.

    Examples
    --------
    >>> round(theil_t([10, 10, 10, 20, 50]), 7)
    0.2502012
    """
    s = shares(values)
    if not len(s) or np.isnan(s).any():
        return math.nan
    held = s[s > 0]
    return max(0.0, math.fsum(held * np.log(held * len(s))))


def theil_l(values: ArrayLike) -> float:
    """Return Theil's L, the mean logarithmic deviation, L = (1/n) Σ ln(μ/x_i).

    From 0 (all equal), without upper bound, in nats; infinite where a value is zero, not a number where the
    total is. It weighs the poor end of the list, T the rich one.

    Notes
    -----
    Theil (1967), *Economics and Information Theory*, chapter 4. What R's `REAT::theil` returns is L.

    Examples
    --------
    >>> round(theil_l([10, 10, 10, 20, 50]), 7)
    0.2326302
    """
    s = shares(values)
    if not len(s) or np.isnan(s).any():
        return math.nan
    if (s == 0).any():
        return math.inf
    return max(0.0, -math.fsum(np.log(s * len(s))) / len(s))


def theil_t_parts(values: ArrayLike, groups: ArrayLike) -> tuple[float, float]:
    """Split Theil's T into what lies within groups and what lies between them.

    T = Σ_g s_g T_g + Σ_g s_g ln(s_g n / n_g), with s_g the share and n_g the size of group g.

    Parameters
    ----------
    values
        As in `theil_t`.
    groups
        The group of each value: a country for each city, say.

    Returns
    -------
    within, between
        In nats; they add up to `theil_t`.

    Raises
    ------
    FormatError
        If there is not one group for each value.

    Examples
    --------
    >>> within, between = theil_t_parts([1, 1, 2, 2], ["a", "a", "b", "b"])
    >>> within, round(between, 6) == round(theil_t([1, 1, 2, 2]), 6)
    (0.0, True)
    """
    s = shares(values)
    names, at = np.unique(np.asarray(groups), return_inverse=True)
    if len(at) != len(s):
        raise FormatError(f"got {len(at)} groups of {len(s)} values, but each value needs one group")
    if not len(s) or np.isnan(s).any():
        return math.nan, math.nan
    within, between = [], []
    for group in range(len(names)):
        members = s[at == group]
        share = math.fsum(members)
        if share > 0:
            within.append(share * theil_t(members))
            between.append(share * math.log(share * len(s) / len(members)))
    return math.fsum(within), math.fsum(between)


def gini(values: ArrayLike) -> float:
    """Return the Gini coefficient, G = Σ_i Σ_j |x_i − x_j| / (2 n² x̄).

    Between 0 (all equal) and 1 − 1/n (one has all); not a number where the total is zero. No unit. It is
    the coefficient of the whole population; the sample's, n/(n−1) as large, is another. Zeros count:
    adding cities that have nothing raises it.

    Notes
    -----
    Gini (1912), *Variabilità e mutabilità*. Computed from the ranks of the sorted values as
    G = Σ_i (2i − n − 1) x_(i) / (n Σ x).

    Examples
    --------
    >>> gini([0, 0, 0, 1])
    0.75
    """
    s = np.sort(shares(values))
    n = len(s)
    return math.fsum((2.0 * np.arange(1, n + 1) - n - 1.0) * s) / n if n else math.nan


def table(links: pl.DataFrame, *, directed: bool) -> pl.DataFrame:
    """Measure how each city's ties are spread over its partners.

    The values are the weights of a city's links, of those going out where the network is directed. A
    city without links has no row: where there are no ties, their spread is not defined.

    Parameters
    ----------
    links
        Of one network, field and year.
    directed
        Whether origin and destination are different roles.

    Returns
    -------
    frame
        `city_id`, `measure`, `value`, sorted. Measures: `partners` (number), `effective_partners` (1/H),
        `hhi` and `gini` (over the partners that there are).

    Examples
    --------
    >>> from cosmopolis.networks.links import LINKS
    >>> pair = pl.DataFrame([("air", "routes", 2022, 1, 2, 4.0, 4)], schema=LINKS, orient="row")
    >>> table(pair, directed=False).filter(pl.col("measure") == "hhi").rows()
    [(1, 'hhi', 1.0), (2, 'hhi', 1.0)]
    """
    ends = check(links).select(pl.col("origin").alias("city_id"), pl.col("destination").alias("to"), "weight")
    if not directed:
        turned = ends.select(pl.col("to").alias("city_id"), pl.col("city_id").alias("to"), "weight")
        ends = pl.concat([ends, turned])
    groups = (
        ends.filter(pl.col("weight") > 0)
        .sort("city_id", "to")
        .group_by("city_id", maintain_order=True)
        .agg("weight")
    )
    rows = [
        (city, measure, value)
        for city, weights in groups.iter_rows()
        for measure, value in zip(
            MEASURES,
            (effective_number(weights), gini(weights), hhi(weights), float(len(weights))),
            strict=True,
        )
    ]
    return pl.DataFrame(
        rows,
        schema={"city_id": links.schema["origin"], "measure": pl.String(), "value": pl.Float64()},
        orient="row",
    )
