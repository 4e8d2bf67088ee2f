"""Which industries of which countries supply which: direct inputs, and all that stands behind them.

Of an input–output table between countries. A share says from where things come, not whether they could come
from elsewhere.
"""

from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.typing import NDArray

from cosmopolis.errors import FormatError
from cosmopolis.networks.links import require, sum_exactly

Floats = NDArray[np.float64]

REST = "rest"
"""Origin industry of inputs that are known by country alone."""

SUPPLY_TIES = pl.Schema(
    {
        "year": pl.Int64,
        "origin": pl.String,
        "origin_sector": pl.String,
        "destination": pl.String,
        "destination_sector": pl.String,
        "value_musd": pl.Float64,
        "share": pl.Float64,
    }
)
"""Columns of the largest ties; `share` is the part of the buyer's inputs."""

SUPPLY_DEPENDENCE = pl.Schema(
    {
        "year": pl.Int64,
        "country": pl.String,
        "on": pl.String,
        "direct_musd": pl.Float64,
        "direct_share": pl.Float64,
        "upstream_share": pl.Float64,
        "rank": pl.Int64,
    }
)
"""Columns of who depends on whom; home (`on` = `country`) has no rank."""

_COLUMNS = ["year", "country", "sector", "output_musd", "origins", "origin_sectors", "values_musd"]
_DIGITS = 8  # of upstream shares: what a solver's order of sums may change lies below


@dataclass(frozen=True, kw_only=True)
class Economy:
    """The input coefficients of one year.

    Attributes
    ----------
    countries, sectors
        Of each node, an industry of a country; nodes are sorted by the two.
    output
        Gross output of each node, in million US dollars.
    coefficients
        T_ij = Z_ij / x_j: what j buys from i for one dollar of its output; 0 where j makes nothing.
    """

    countries: tuple[str, ...]
    sectors: tuple[str, ...]
    output: Floats
    coefficients: Floats


@dataclass(frozen=True, kw_only=True)
class Upstream:
    """All that is needed upstream of some deliveries.

    Attributes
    ----------
    needed
        (L − I) Y, with L = (I − T)⁻¹; rows are nodes, columns those of Y.
    bound
        What part of a column's sum the error can be at most.
    """

    needed: Floats
    bound: float


def _entries(inputs: pl.DataFrame) -> pl.DataFrame:
    """Return one row for each input of a buyer."""
    require(inputs, _COLUMNS, what="inputs of industries")
    return (
        inputs.select(_COLUMNS)
        .explode("origins", "origin_sectors", "values_musd")
        .drop_nulls("values_musd")
        .rename({"origins": "origin", "origin_sectors": "origin_sector", "values_musd": "value_musd"})
    )


def supply_ties(inputs: pl.DataFrame, *, largest: int) -> pl.DataFrame:
    """Return the largest purchases of industries from industries of another country.

    Parameters
    ----------
    inputs
        `year`, `country`, `sector` (the buyer), `output_musd`, and as lists `origins`, `origin_sectors`,
        `values_musd` (million US dollars). The origin industry `REST` stands for several, and is no tie.
    largest
        How many are kept of each year.

    Returns
    -------
    ties
        By `SUPPLY_TIES`, sorted by year, value (largest first) and names; `share` is of all that the buyer
        buys, at home too.

    Examples
    --------
    >>> inputs = pl.DataFrame({
    ...     "year": [2022], "country": ["DE"], "sector": ["C29"], "output_musd": [100.0],
    ...     "origins": [["DE", "CN"]], "origin_sectors": [["C24", "C26"]], "values_musd": [[30.0, 10.0]],
    ... })
    >>> supply_ties(inputs, largest=5).select("origin", "value_musd", "share").rows()
    [('CN', 10.0, 0.25)]
    """
    if largest < 1:
        raise FormatError(f"got largest = {largest}, but expected 1 or more ties")
    every = _entries(inputs)
    buyer = ["year", "country", "sector"]
    bought = sum_exactly(every, buyer, "value_musd").rename({"value_musd": "bought"})
    abroad = every.filter(
        (pl.col("origin") != pl.col("country"))
        & (pl.col("origin_sector") != REST)
        & (pl.col("value_musd") > 0)
    )
    order = ["year", "value_musd", "origin", "origin_sector", "country", "sector"]
    first = (
        abroad.sort(order, descending=[False, True, False, False, False, False])
        .group_by("year", maintain_order=True)
        .head(largest)
    )
    return (
        first.join(bought, on=buyer, how="left", maintain_order="left")
        .with_columns(share=pl.col("value_musd") / pl.col("bought"))
        .rename({"country": "destination", "sector": "destination_sector"})
        .select(pl.col(name).cast(dtype) for name, dtype in SUPPLY_TIES.items())
    )


def overspent(inputs: pl.DataFrame) -> pl.Series:
    """Say of each row whether its inputs cost as much as its output is worth, or more.

    Nothing would be left for those who work there, and what lies upstream of it could be without end.
    """
    require(inputs, _COLUMNS, what="inputs of industries")
    bought = inputs["values_musd"].list.sum()
    return ((bought > 0) & (bought >= inputs["output_musd"])).alias("overspent")


def economy(inputs: pl.DataFrame) -> Economy:
    """Make the input coefficients of a year.

    Inputs whose industry is not told (`REST`) are spread over the industries of their country in proportion
    to their output. An industry that sells and has no row is taken to buy nothing: what lies upstream ends
    with it.

    Parameters
    ----------
    inputs
        As in `supply_ties`, of one year.

    Raises
    ------
    FormatError
        If there is not one year, an industry stands twice, or one is `overspent`.
    """
    every = _entries(inputs)
    buyers = inputs.select("year", "country", "sector", "output_musd")
    if buyers["year"].n_unique() > 1 or buyers.select("country", "sector").is_duplicated().any():
        raise FormatError(
            f"got inputs of {buyers['year'].n_unique()} years and {buyers.height} rows, but expected one "
            "year and each industry of a country once"
        )
    if (wrong := inputs.filter(overspent(inputs))).height:
        raise FormatError(
            f"{wrong['country'][0]} {wrong['sector'][0]} buys inputs for its whole output of "
            f"{wrong['output_musd'][0]:g} million dollars or more; expected less: leave the industry out or "
            "mend its output"
        )
    nodes = _nodes(buyers, every)
    names = ["country", "sector"]
    placed = every.join(nodes.select(*names, buyer="node"), on=names, maintain_order="left").join(
        nodes.select(origin="country", origin_sector="sector", seller="node"),
        on=["origin", "origin_sector"],
        how="left",
        maintain_order="left",
    )
    output = nodes["output_musd"].to_numpy()
    flows = np.zeros((nodes.height, nodes.height))
    told = placed.drop_nulls("seller")
    np.add.at(flows, (told["seller"].to_numpy(), told["buyer"].to_numpy()), told["value_musd"].to_numpy())
    _spread(flows, placed.filter(pl.col("seller").is_null()), nodes["country"].to_numpy(), output)
    coefficients = np.divide(flows, output, out=flows, where=output > 0)  # who makes nothing buys nothing
    return Economy(
        countries=tuple(nodes["country"]), sectors=tuple(nodes["sector"]), output=output,
        coefficients=coefficients,
    )  # fmt: skip


def _nodes(buyers: pl.DataFrame, entries: pl.DataFrame) -> pl.DataFrame:
    """Return `node, country, sector, output_musd` of all that buy or sell, sorted by their names.

    `REST` is a node of its own only in a country without an industry that makes anything.
    """
    makers = buyers.filter(pl.col("output_musd") > 0)["country"].unique()
    sellers = entries.select(country="origin", sector="origin_sector").unique()
    apart = (pl.col("sector") != REST) | ~pl.col("country").is_in(makers.implode())
    return (
        pl.concat(
            [
                buyers.select("country", "sector", pl.col("output_musd").cast(pl.Float64)),
                sellers.filter(apart).with_columns(output_musd=pl.lit(None, dtype=pl.Float64)),
            ]
        )
        .group_by("country", "sector")
        .agg(pl.col("output_musd").max().fill_null(0.0))
        .sort("country", "sector")
        .with_row_index("node")
    )


def _spread(flows: Floats, unplaced: pl.DataFrame, country: NDArray[np.object_], output: Floats) -> None:
    """Add inputs that are known by country alone to the industries of that country, by their output."""
    for name, group in unplaced.sort("origin", "buyer").group_by("origin", maintain_order=True):
        own = np.flatnonzero((country == name[0]) & (output > 0))
        total = np.zeros(len(country))
        np.add.at(total, group["buyer"].to_numpy(), group["value_musd"].to_numpy())
        buying = np.flatnonzero(total)
        flows[np.ix_(own, buying)] += (output[own] / output[own].sum())[:, np.newaxis] * total[buying]


def upstream(coefficients: Floats, deliveries: Floats) -> Upstream:
    """Return what is needed upstream of deliveries, in all rounds: Σ_{n≥1} Tⁿ Y = (L − I) Y, L = (I − T)⁻¹.

    Solved as (I − T) X = T Y, without the inverse.

    Parameters
    ----------
    coefficients
        T, square, ≥ 0, each column's sum below 1.
    deliveries
        Y, a column for each question.

    Returns
    -------
    upstream
        X, and the bound of its error: with R = T Y − (I − T) X the error is (I − T)⁻¹ R, and ‖(I − T)⁻¹‖₁ ≤
        1 / (1 − max_j Σ_i T_ij).

    Notes
    -----
    Leontief (1936), *Review of Economics and Statistics* 18(3), 105–125; Miller & Blair (2009), *Input–Output
    Analysis*, 2nd edition, chapter 2.

    Examples
    --------
    >>> found = upstream(np.array([[0.0, 0.5], [0.5, 0.0]]), np.array([[1.0], [0.0]]))
    >>> found.needed.round(6).tolist()  # 1/4 + 1/16 + … of itself, 1/2 + 1/8 + … of the other
    [[0.333333], [0.666667]]
    """
    spent = coefficients.sum(axis=0)
    if coefficients.size and (spent.max() >= 1.0 or coefficients.min() < 0.0):
        raise FormatError(
            f"got input coefficients from {coefficients.min():g} on, with sums up to {spent.max():g}; "
            "expected none below 0 and sums below 1"
        )
    first = coefficients @ deliveries
    system = np.eye(len(coefficients)) - coefficients
    needed: Floats = np.linalg.solve(system, first).astype(np.float64, copy=False)
    off = np.abs(first - system @ needed).sum(axis=0) / (1.0 - spent.max(initial=0.0))
    total = np.abs(needed).sum(axis=0)
    parts = np.divide(off, total, out=np.zeros_like(off), where=total > 0)
    return Upstream(needed=needed, bound=float(parts.max(initial=0.0)))


def dependence(inputs: pl.DataFrame) -> pl.DataFrame:
    """Return from where the inputs of each country's industries come, at the first step and in all.

    With y_k the output of country k's industries (nothing elsewhere): `direct_share` of c is c's part of
    T y_k, the inputs bought; `upstream_share` its part of (L − I) y_k, those and the inputs of the inputs,
    and so on. Goods are counted at every step that they take, as in gross output, not by value added. Shares
    add up to 1 over c, home included; what the table lacks (the rest of the world) is in none.

    Parameters
    ----------
    inputs
        As in `supply_ties`; any number of years.

    Returns
    -------
    dependence
        By `SUPPLY_DEPENDENCE`, sorted by year, country and `on`; `rank` orders the countries abroad by
        upstream share, equal ones by code. A country whose industries buy nothing has no row.

    Notes
    -----
    The direct and the looked-through foreign share of Baldwin, Freeman & Theodorakopoulos (2022), *Horses for
    Courses: Measuring Foreign Supply Chain Exposure*, NBER working paper 30525, each country's industries
    weighed by their gross output.

    Examples
    --------
    >>> inputs = pl.DataFrame({
    ...     "year": [2022] * 3, "country": ["A", "B", "C"], "sector": ["x"] * 3, "output_musd": [10.0] * 3,
    ...     "origins": [["B"], ["C"], []], "origin_sectors": [["x"], ["x"], []],
    ...     "values_musd": [[5.0], [5.0], []],
    ... })
    >>> dependence(inputs).filter(country="A").select("on", "direct_share", "upstream_share").rows()
    [('A', 0.0, 0.0), ('B', 1.0, 0.66666667), ('C', 0.0, 0.33333333)]
    """
    require(inputs, _COLUMNS, what="inputs of industries")
    years = inputs["year"].unique().sort().to_list()
    made = [_dependence(inputs.filter(pl.col("year") == year), int(year)) for year in years]
    return pl.concat([SUPPLY_DEPENDENCE.to_frame(), *made])


def _parts(values: Floats) -> Floats:
    """Return what part of its column's sum each value is; not a number where there is no sum."""
    total = values.sum(axis=0)
    parts = np.full_like(values, np.nan)
    np.divide(values, total, out=parts, where=total > 0)
    return parts


def _dependence(inputs: pl.DataFrame, year: int) -> pl.DataFrame:
    """Return the dependence of the countries of one year."""
    made = economy(inputs)
    names = sorted(set(made.countries))
    member = np.array([[node == name for name in names] for node in made.countries], dtype=np.float64)
    deliveries = member * made.output[:, np.newaxis]
    whole = member.T @ upstream(made.coefficients, deliveries).needed
    on, country = np.nonzero(np.ones((len(names), len(names))))
    series = pl.Series(names, dtype=pl.String)
    shares = pl.DataFrame(
        {
            "country": series.gather(country),
            "on": series.gather(on),
            "upstream_share": _parts(whole)[on, country],
        }
    )
    bought = sum_exactly(_entries(inputs), ["country", "origin"], "value_musd")
    all_bought = sum_exactly(bought, ["country"], "value_musd").rename({"value_musd": "total"})
    direct = bought.join(all_bought, on="country").filter(pl.col("total") > 0)
    rows = (
        shares.join(direct.select("country", "total").unique(), on="country", how="inner")
        .join(direct.rename({"origin": "on"}).drop("total"), on=["country", "on"], how="left")
        .with_columns(
            year=pl.lit(year, dtype=pl.Int64),
            direct_musd=pl.col("value_musd").fill_null(0.0),
            upstream_share=pl.col("upstream_share").round(_DIGITS),
        )
        .with_columns(direct_share=pl.col("direct_musd") / pl.col("total"))
    )
    abroad = rows.filter(pl.col("on") != pl.col("country")).sort(
        "country", "upstream_share", "on", descending=[False, True, False]
    )
    ranks = abroad.with_columns(rank=pl.int_range(1, pl.len() + 1, dtype=pl.Int64).over("country"))
    return (
        rows.join(ranks.select("country", "on", "rank"), on=["country", "on"], how="left")
        .sort("country", "on")
        .select(pl.col(name).cast(dtype) for name, dtype in SUPPLY_DEPENDENCE.items())
    )
