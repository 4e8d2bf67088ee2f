"""How an industry is spread: the cities of its firms' headquarters, and its network from them to branches.

A basket is a list of firms (`cosmopolis.firms`). What is asked of it: how concentrated its headquarters are,
which cities come after the first, and, where branches are known, what shape the network has. Whether the
first city is a pole stands in `cosmopolis.measures.poles`.
"""

import math
from collections.abc import Sequence

import numpy as np
import polars as pl

from cosmopolis.errors import UnknownNameError, hint_near
from cosmopolis.measures import concentration, structure
from cosmopolis.measures.poles import Counts, Rule, Seats, counted, drawn_ranks, leads, quantiles
from cosmopolis.networks.links import LINKS, finish, require
from cosmopolis.networks.ownership import BRANCH
from cosmopolis.streams import stream

INDUSTRY_STRUCTURE = pl.Schema(
    {
        "basket": pl.String,
        "year": pl.Int64,
        "measure": pl.String,
        "value": pl.Float64,
        "low": pl.Float64,
        "high": pl.Float64,
        "network": pl.String,
    }
)
"""Columns of the table of structure; measures in `CONCENTRATIONS` and `SHAPES`. `network` names the field of
branches that a measure is of; it is null where headquarters alone are asked."""

INDUSTRY_CENTRES = pl.Schema(
    {
        "basket": pl.String,
        "year": pl.Int64,
        "city_id": pl.Int64,
        "firms": pl.Int64,
        "share": pl.Float64,
        "branches": pl.Int64,
        "role": pl.String,
        "core": pl.Boolean,
        "rank": pl.Int64,
        "rank_low": pl.Int64,
        "rank_high": pl.Int64,
    }
)
"""Columns of the table of headquarters' cities; `branches` and `core` are null where there is no network."""

INDUSTRY_40 = pl.Schema(
    {
        "city_id": pl.Int64,
        "role": pl.String,
        "measure": pl.String,
        "year": pl.Int64,
        "count": pl.Int64,
        "share": pl.Float64,
        "rank": pl.Int64,
        "rank_low": pl.Int64,
        "rank_high": pl.Int64,
    }
)
"""Columns of the table of inventors and implementers: see `roles`."""

ROLES = {
    "headquarters": "inventor",
    "patents": "inventor",
    "plants": "implementer",
    "lighthouses": "implementer",
}
"""What makes a city an inventor of automated manufacturing, and what one that puts it to use."""

PATENT_NETWORKS = ("copatenting", "patent_classes")
"""Networks of `field_totals` that count patents."""

CONCENTRATIONS = (
    "hhi",
    "effective_cities",
    "first_share",
    "second_share",
    "gap",
    "gini",
    "shannon",
    "theil_t",
)
"""Measures of how headquarters are spread over the cities that have any; beside them `firms` and `cities`."""

SHAPES = ("centralisation", "centralisation_out", "core_fit", "core_size", "assortativity")
"""Measures of the network from headquarters to branches, only where branches of enough firms are known. With
them `network_firms`, the firms with known branches in other cities, and `network_branches`, the branches."""

NETWORK_FIRMS_MIN = 10
"""With branches of fewer firms known, a network is those firms', not the industry's."""

_LEAST = {"effective_cities": 1.0, "core_fit": -1.0, "assortativity": -1.0}

_MOST = {
    **dict.fromkeys(("hhi", "first_share", "gini", *SHAPES), 1.0),
    "second_share": 0.5,
}


def ties_of(offices: pl.DataFrame, firms: pl.DataFrame) -> pl.DataFrame:
    """Return the ties from the headquarters of a basket's firms to their branches in other cities.

    Parameters
    ----------
    offices
        `firm`, `role`, `city_id` of placed offices; a headquarters says nothing here.
    firms
        `firm`, `city_id`: the basket, each firm with its headquarters.

    Returns
    -------
    frame
        `firm, origin, destination, weight` (branches), sorted by the first three.

    Examples
    --------
    >>> offices = pl.DataFrame({"firm": ["a", "a", "z"], "role": ["branch"] * 3, "city_id": [9, 7, 7]})
    >>> ties_of(offices, pl.DataFrame({"firm": ["a"], "city_id": [7]})).rows()
    [('a', 7, 9, 1.0)]
    """
    require(offices, ["firm", "role", "city_id"], what="offices")
    return (
        offices.filter((pl.col("role") == BRANCH) & pl.col("city_id").is_not_null())
        .select("firm", destination="city_id")
        .join(firms.select("firm", origin="city_id"), on="firm")
        .filter(pl.col("origin") != pl.col("destination"))
        .group_by("firm", "origin", "destination")
        .agg(weight=pl.len().cast(pl.Float64))
        .sort("firm", "origin", "destination")
    )


def structure_table(
    found: Seats, ties: pl.DataFrame | None, *, basket: str, year: int, rule: Rule, network: str = ""
) -> pl.DataFrame:
    """Measure the structure of a basket.

    Parameters
    ----------
    found
        As of `seats`.
    ties
        From headquarters to branches, as of `ties_of`, of one field: sources that know some firms wholly and
        others not at all must not be put together. None or empty where no branch is known.
    network
        Name of the field.

    Returns
    -------
    frame
        By `INDUSTRY_STRUCTURE`, in the order of the measures; no row where a measure is not defined, but
        `firms` and `cities` are always there.

    Notes
    -----
    Drawing firms anew makes any spread look more concentrated than it is, for cities drop out. So bounds are
    the quantiles of the draws, less the difference between the draws' mean and the value, cut to what the
    measure can be. `firms`, `cities` and `core_size` have none; those of `gap` are explained at `verdict`. Of
    the network, the firms with branches are drawn.

    Examples
    --------
    >>> from cosmopolis.measures.poles import seats
    >>> firms = pl.DataFrame({"firm": ["a", "b", "c", "d"], "city_id": [7, 7, 7, 5]})
    >>> frame = structure_table(seats(firms, rule=Rule()), None, basket="t", year=2025, rule=Rule())
    >>> frame.filter(pl.col("measure").is_in(["hhi", "gap"]))["value"].to_list()
    [0.625, 3.0]
    """
    rows: list[tuple[str, float, float | None, float | None]] = [
        ("firms", float(found.firms), None, None),
        ("cities", float(len(found.cities)), None, None),
    ]
    if found.firms:
        value = _spread(found.counts)
        drawn = [_spread(row) for row in found.drawn]
        _, gaps = leads(found)
        for name in CONCENTRATIONS:
            if name == "gap":
                bounds = quantiles(gaps, rule.level)
            else:
                bounds = _shifted(value[name], [draw[name] for draw in drawn], name, rule.level)
            rows.append((name, value[name], *bounds))
    if ties is not None and is_network(ties):
        rows += [
            ("network_firms", float(ties["firm"].n_unique()), None, None),
            ("network_branches", math.fsum(ties["weight"]), None, None),
        ]
        shape, _ = structure.shape(_links(ties))
        shapes = _shapes_drawn(ties, rule)
        for name in SHAPES:
            known = [draw[name] for draw in shapes if math.isfinite(draw[name])]
            bounds = (None, None) if name == "core_size" else _shifted(shape[name], known, name, rule.level)
            rows.append((name, shape[name], *bounds))
    frame = pl.DataFrame(
        [(basket, year, *row, None) for row in rows if math.isfinite(row[1])],
        schema=INDUSTRY_STRUCTURE,
        orient="row",
    )
    of_network = pl.col("measure").is_in(["network_firms", "network_branches", *SHAPES])
    return frame.with_columns(
        *(pl.when(pl.col(name).is_finite()).then(name).alias(name) for name in ("low", "high")),
        network=pl.when(of_network).then(pl.lit(network, dtype=pl.String)),
    )


def centres(found: Seats, ties: pl.DataFrame | None, *, basket: str, year: int, rule: Rule) -> pl.DataFrame:
    """List the cities of a basket's headquarters, the first, the secondary centres and the others.

    Secondary centres are the cities that come next, until they and the first have `centres_share` of the
    firms; the city that reaches it and those with as many as it are secondary too, if they have two firms at
    least. `branches` are those of the basket's firms from elsewhere in the city, `core` says whether it is in
    the core of the network (`structure.core_periphery`).

    Parameters
    ----------
    found, ties
        As in `structure_table`. Cities that have branches alone are not listed.

    Returns
    -------
    frame
        By `INDUSTRY_CENTRES`, sorted by rank and city.

    Examples
    --------
    >>> from cosmopolis.measures.poles import seats
    >>> firms = pl.DataFrame({"firm": list("abcdefgh"), "city_id": [1, 1, 1, 2, 2, 3, 4, 5]})
    >>> centres(seats(firms, rule=Rule()), None, basket="t", year=2025, rule=Rule())["role"].to_list()
    ['first', 'secondary', 'other', 'other', 'other']
    """
    frame = drawn_ranks(found, rule=rule)
    before = (pl.col("firms").cum_sum() - pl.col("firms")) / max(found.firms, 1)
    least = frame.filter(before < rule.centres_share)["firms"].min()
    known = ties is not None and is_network(ties)
    links = LINKS.to_frame() if ties is None or not known else _links(ties)
    core = structure.shape(links)[1] if known else pl.Series("city_id", [], dtype=pl.Int64)
    received = links.group_by(city_id="destination").agg(
        branches=pl.col("weight").sum().round().cast(pl.Int64)
    )
    nothing = pl.lit(0 if known else None, dtype=pl.Int64)
    return (
        frame.join(received, on="city_id", how="left", maintain_order="left")
        .with_columns(
            pl.col("branches").fill_null(nothing),
            basket=pl.lit(basket),
            year=pl.lit(year),
            role=pl.when(pl.int_range(pl.len()) == 0)
            .then(pl.lit("first"))
            .when((pl.col("firms") >= pl.lit(least)) & (pl.col("firms") > 1))
            .then(pl.lit("secondary"))
            .otherwise(pl.lit("other")),
            core=pl.col("city_id").is_in(core.implode()) if known else pl.lit(None, dtype=pl.Boolean),
        )
        .select(pl.col(name).cast(dtype) for name, dtype in INDUSTRY_CENTRES.items())
        .sort("rank", "city_id")
    )


def _spread(counts: Counts) -> dict[str, float]:
    """Measure how firms are spread over the cities that have any."""
    held = np.sort(counts[counts > 0])[::-1].astype(np.float64)
    n = float(held.sum())
    second = float(held[1]) if len(held) > 1 else 0.0
    return {
        "hhi": concentration.hhi(held),
        "effective_cities": concentration.effective_number(held),
        "first_share": float(held[0]) / n,
        "second_share": second / n,
        "gap": float(held[0]) / second if second else math.inf,
        "gini": concentration.gini(held),
        "shannon": concentration.shannon(held),
        "theil_t": concentration.theil_t(held),
    }


def is_network(ties: pl.DataFrame) -> bool:
    """Say whether the ties are of enough firms to be a network of an industry (`NETWORK_FIRMS_MIN`)."""
    return ties["firm"].n_unique() >= NETWORK_FIRMS_MIN


def _links(ties: pl.DataFrame) -> pl.DataFrame:
    """Add the ties of firms up to links; w_ab is the number of branches."""
    summed = ties.group_by("origin", "destination").agg(
        weight=pl.col("weight").sum(), count=pl.col("firm").n_unique()
    )
    return finish(summed.with_columns(year=pl.lit(0)), network="ownership", field="basket")


def _shapes_drawn(ties: pl.DataFrame, rule: Rule) -> list[dict[str, float]]:
    """Measure the networks of firms drawn anew."""
    firms = ties["firm"].unique().sort()
    at = firms.search_sorted(ties["firm"]).to_numpy()
    n = len(firms)
    drawn = stream(f"{rule.seed}: branches", 0).multinomial(n, np.full(n, 1 / n), size=rule.draws)
    return [structure.shape(_links(ties.filter(pl.Series(row[at] > 0))))[0] for row in drawn]


def _shifted(value: float, drawn: list[float], name: str, level: float) -> tuple[float | None, float | None]:
    """Return the quantiles of the draws around the value instead of around their own mean."""
    low, high = quantiles(np.array(drawn), level)
    if low is None or high is None or not math.isfinite(value):
        return None, None
    bias = math.fsum(drawn) / len(drawn) - value
    least, most = _LEAST.get(name, 0.0), _MOST.get(name, math.inf)
    return min(max(low - bias, least), value), max(min(high - bias, most), value)


def patent_network(totals: pl.DataFrame, fields: Sequence[str]) -> str | None:
    """Return the network whose patents tell inventors: the one that names more cities in some fields.

    Parameters
    ----------
    totals
        `network, field, city_id`, one row a count; networks that count no patents are not looked at.
    fields
        Those of automated manufacturing.

    Returns
    -------
    network
        None where no network counts patents of the fields; of equal ones the first by name.

    Examples
    --------
    >>> rows = {"network": ["copatenting", "patent_classes", "patent_classes"], "field": "robots"}
    >>> patent_network(pl.DataFrame({**rows, "city_id": [1, 1, 2]}), ["robots"])
    'patent_classes'
    """
    mine = totals.filter(pl.col("network").is_in(PATENT_NETWORKS) & pl.col("field").is_in(list(fields)))
    cities = mine.group_by("network").agg(n=pl.col("city_id").n_unique())
    return next(iter(cities.sort("n", "network", descending=[True, False])["network"]), None)


def roles(counts: pl.DataFrame, *, measure: str, year: int, rule: Rule) -> pl.DataFrame:
    """Rank cities as inventors or implementers of automated manufacturing by one count.

    Inventors are told by headquarters and patents, implementers by plants and lighthouses (`ROLES`). The two
    are never put into one number: they are counts of different things.

    Parameters
    ----------
    counts
        `city_id`, `count`: records of each city, each city once.
    measure
        Of `ROLES`.

    Returns
    -------
    frame
        By `INDUSTRY_40`, sorted by rank and city; intervals when the records are drawn anew.

    Examples
    --------
    >>> counts = pl.DataFrame({"city_id": [3, 1], "count": [1, 3]})
    >>> roles(counts, measure="plants", year=2025, rule=Rule()).select("city_id", "role", "share").rows()
    [(1, 'implementer', 0.75), (3, 'implementer', 0.25)]
    """
    if measure not in ROLES:
        raise UnknownNameError(f"there is no measure {measure!r} of Industry 4.0" + hint_near(measure, ROLES))
    frame = drawn_ranks(counted(counts, rule=rule), rule=rule).rename({"firms": "count"})
    told = {"role": pl.lit(ROLES[measure]), "measure": pl.lit(measure), "year": pl.lit(year)}
    return (
        frame.with_columns(**told)
        .select(pl.col(name).cast(dtype) for name, dtype in INDUSTRY_40.items())
        .sort("rank", "city_id")
    )
