"""Fifth step of the build: how sure each rank of the edition is.

The index is made many times over, each time with other choices that could have been made as well: weights
with noise, another normalisation, another mean, other records by chance. A city's interval holds the middle
share of its ranks. What is not varied is not in it: errors common to all records of a source, cities that a
source leaves out, the choice of indicators and of the sample.
"""

from collections.abc import Mapping, Sequence

import numpy as np
import polars as pl
from numpy.typing import NDArray

from cosmopolis.index import draws, scales
from cosmopolis.index.designs import ARITHMETIC, GEOMETRIC, HARMONIC, Branches, Floats, branches, design
from cosmopolis.index.intervals import summarise
from cosmopolis.index.normalise import transform
from cosmopolis.index.rollup import SCORES, Rolled
from cosmopolis.index.tree import Indicator, Tree
from cosmopolis.pipeline.indicators import links_of, totals_of
from cosmopolis.pipeline.networks import Woven
from cosmopolis.settings import IntervalSettings

RESAMPLED_NETWORKS = ("air", "sea", "listings", "ownership")
"""Networks whose links count records: routes, pairs of ports, firms, branches."""

_BOTH_ENDS = ("origin", "destination")
_ENDS: Mapping[str, Sequence[str]] = {
    "degree": _BOTH_ENDS,
    "strength": _BOTH_ENDS,
    "degree_out": ("origin",),
    "strength_out": ("origin",),
    "degree_in": ("destination",),
    "strength_in": ("destination",),
}
"""Measures that are sums over links, and the ends of the links that they are of."""

_MEANS = {"arithmetic": ARITHMETIC, "geometric": GEOMETRIC, "harmonic": HARMONIC}
_ABOVE_ZERO = (1.0, 100.0)  # a geometric or harmonic mean takes no zero
_SCALES = {"min-max": scales.min_max, "percentile-rank": scales.percentile_rank}


def with_intervals(
    rolled: Rolled, tree: Tree, settings: IntervalSettings, *, woven: Woven, threads: int | None = None
) -> pl.DataFrame:
    """Return the scores with `rank_low` and `rank_high` filled in.

    Of the ranks of a city in all replications, in ascending order, the bounds leave out (1 - level) / 2 at
    either end, rounded outwards. Where the published rank lies outside it becomes the bound: the interval
    always holds it. A node's score is there or not as in the published index, since floors say what data
    there are, which no replication changes; a city without a score has no bounds, and takes no part in the
    ranks of others.

    Parameters
    ----------
    rolled
        The index as published.
    settings
        What is varied, and how far; with no replications the bounds stay null.
    woven
        Links and firms, whose records are drawn anew.
    threads
        All processors if not given; no number depends on it.
    """
    if settings.replications == 0:
        return rolled.scores
    plan = branches(tree)
    sample = woven.sample.sort()
    values = _values(rolled, tree, settings, woven, sample)
    ranked = _by_node(rolled.scores, plan, len(sample))
    tables, methods = _variants(values, tree, settings)
    n, seed = settings.replications, settings.seed
    record = draws.choices(n, values.shape[0], name=f"{seed}: records", seed=0)
    scale = draws.choices(n, len(settings.normalisations), name=f"{seed}: normalisations", seed=0)
    way = draws.choices(n, len(settings.aggregations), name=f"{seed}: aggregations", seed=0)
    weights = draws.noisy_weights(
        plan.weights, n, factor=settings.weight_noise, name=f"{seed}: weights", seed=0
    )
    low, high = np.full(ranked.shape, np.nan), np.full(ranked.shape, np.nan)
    depths = _depths(plan)
    for depth in sorted(set(depths)):
        silent = _silent(plan, depths, ranked, depth)
        now = [node for node, of in enumerate(depths) if of == depth]
        summary = summarise(
            design(
                plan,
                np.where(silent, np.nan, tables),
                weights=weights,
                methods=[(method,) * len(plan.nodes) for method in methods],
                floors=[(0.0,) * len(plan.nodes)] * len(methods),
                variant=(way * len(settings.normalisations) + scale) * values.shape[0] + record,
                weighting=np.arange(n),
                method=way,
            ),
            nodes=now,
            level=settings.level,
            keep=[],
            threads=threads,
        )
        low[now] = np.fmin(summary.rank_low, ranked[now])
        high[now] = np.fmax(summary.rank_high, ranked[now])
    low[np.isnan(ranked)] = high[np.isnan(ranked)] = np.nan
    found = pl.DataFrame(
        {
            "node": np.repeat(plan.nodes, len(sample)),
            "city_id": np.tile(sample.to_numpy(), len(plan.nodes)),
            "rank_low": low.ravel(),
            "rank_high": high.ravel(),
        }
    ).with_columns(pl.col("rank_low", "rank_high").fill_nan(None).cast(pl.Int64))
    return (
        rolled.scores.drop("rank_low", "rank_high")
        .join(found, on=["node", "city_id"], how="left", maintain_order="left")
        .match_to_schema(SCORES)
    )


def resampled(
    indicator: Indicator, woven: Woven, sample: pl.Series, *, records: int, seed: str
) -> Floats | None:
    """Draw the records behind an indicator anew and return its values, draws × cities; None if it cannot be.

    Each record counts n ~ Poisson(1) times in a draw. A link made of c records then counts N ~ Poisson(c);
    its weight w becomes w N / c, and it is there if N > 0. So a degree falls by what is expected,
    sum over the links of exp(-c), which is added again: the draws lie around the value as published.

    Parameters
    ----------
    sample
        Cities, in the order of the columns.
    records
        Number of draws.
    seed
        Name of the draws; those of one network and field, or of the firms, are the same for all indicators.

    Notes
    -----
    Bootstrap with Poisson weights: Hanley & MacGibbon (2006), *Computer Methods and Programs in Biomedicine*
    83(1), 57-62.
    """
    if indicator.sources and indicator.table == "headquarters":
        return _firms(woven.headquarters, indicator.sector or "", sample, records=records, seed=seed)
    if indicator.sources and indicator.table == "field_totals":
        return _totals(indicator, woven, sample, records=records, seed=seed)
    network, measure = indicator.network, indicator.measure or ""
    if not indicator.sources or network not in RESAMPLED_NETWORKS or measure not in _ENDS:
        return None
    links = links_of(indicator, woven).filter(pl.col("weight") > 0)
    if links.is_empty():
        return None
    place = {city: at for at, city in enumerate(sample.to_list())}
    ends = [
        links[end].replace_strict(place, default=len(place), return_dtype=pl.Int64).to_numpy()
        for end in _ENDS[measure]
    ]
    count, weight = links["count"].cast(pl.Float64).to_numpy(), links["weight"].to_numpy()
    is_degree = measure.startswith("degree")
    name = f"{seed}: {network}, {indicator.field}, {links['year'][0]}"
    rng, out = draws.stream(name, 0), np.zeros((records, len(sample)))
    for draw in range(records):
        times = rng.poisson(count)
        of_link = (times > 0) + np.exp(-count) if is_degree else weight * times / count
        for end in ends:
            out[draw] += np.bincount(end, weights=of_link, minlength=len(sample) + 1)[: len(sample)]
    return out


def _totals(indicator: Indicator, woven: Woven, sample: pl.Series, *, records: int, seed: str) -> Floats:
    """Draw papers anew: a city's total t from c papers becomes t N / c with N ~ Poisson(c).

    A paper of several cities is drawn for each of them apart, so that cities move independently.
    """
    totals = totals_of(indicator, woven).filter(pl.col("count") > 0)
    place = {city: at for at, city in enumerate(sample.to_list())}
    column = totals["city_id"].replace_strict(place, default=len(place), return_dtype=pl.Int64).to_numpy()
    count, value = totals["count"].cast(pl.Float64).to_numpy(), totals["value"].to_numpy()
    times = draws.stream(f"{seed}: totals, {indicator.field}", 0).poisson(count, size=(records, len(count)))
    out = np.zeros((records, len(sample) + 1))
    for row, drawn in zip(out, times, strict=True):
        row[column] = value * drawn / count
    return out[:, :-1]


def _firms(firms: pl.DataFrame, sector: str, sample: pl.Series, *, records: int, seed: str) -> Floats:
    """Draw firms anew and count those of a sector group; a firm has the same draws in each group."""
    names = firms["firm"].unique().sort()
    times = draws.stream(f"{seed}: firms", 0).poisson(1.0, size=(records, len(names)))
    place = {city: at for at, city in enumerate(sample.to_list())}
    seen = firms.filter(pl.col("sector") == sector).select("city_id", "firm").unique().sort("city_id", "firm")
    city = seen["city_id"].replace_strict(place, default=len(place), return_dtype=pl.Int64).to_numpy()
    column = names.search_sorted(seen["firm"]).to_numpy()
    out = np.zeros((records, len(sample)))
    for row, drawn in zip(out, times, strict=True):
        row[:] = np.bincount(city, weights=drawn[column], minlength=len(sample) + 1)[: len(sample)]
    return out


def _values(
    rolled: Rolled, tree: Tree, settings: IntervalSettings, woven: Woven, sample: pl.Series
) -> NDArray[np.float64]:
    """Return transformed values, more is better: draws x cities x indicators; without draws, as published."""
    out = np.empty((max(1, settings.records), len(sample), len(tree.indicators)))
    for at, indicator in enumerate(tree.indicators):
        own = rolled.indicators.filter(pl.col("indicator") == indicator.id).sort("city_id")
        drawn = (
            resampled(indicator, woven, sample, records=settings.records, seed=settings.seed)
            if settings.records
            else None
        )
        treated = own["treated"].cast(pl.Float64).fill_null(np.nan).to_numpy()
        if drawn is None:
            column = np.broadcast_to(treated, out.shape[:2])
        else:
            flat = transform(pl.Series(indicator.id, drawn.ravel()), indicator.transform).to_numpy()
            column = np.where(np.isnan(treated), np.nan, flat.reshape(drawn.shape))
        out[:, :, at] = indicator.direction * column
    return out


def _variants(
    values: NDArray[np.float64], tree: Tree, settings: IntervalSettings
) -> tuple[NDArray[np.float64], list[float]]:
    """Normalise every draw in every way, and say the power of every mean.

    Tables are in the order of aggregations, normalisations, draws. The arithmetic mean has the range of the
    tree, as published; the others one above zero.
    """
    n_draws, n_cities, k = values.shape
    columns = np.moveaxis(values, 1, 0).reshape(n_cities, n_draws * k)
    tables = []
    for aggregation in settings.aggregations:
        low, high = tree.range if aggregation == "arithmetic" else _ABOVE_ZERO
        for normalisation in settings.normalisations:
            scaled = _SCALES[normalisation](columns, low=low, high=high)
            tables.append(np.moveaxis(scaled.reshape(n_cities, n_draws, k), 0, 1))
    return np.concatenate(tables), [_MEANS[name] for name in settings.aggregations]


def _by_node(scores: pl.DataFrame, plan: Branches, n_cities: int) -> NDArray[np.float64]:
    """Return the published ranks, nodes x cities in ascending order; not a number without a score."""
    of_node = [scores.filter(pl.col("node") == node).sort("city_id")["rank"] for node in plan.nodes]
    table = [column.cast(pl.Float64).fill_null(np.nan).to_numpy() for column in of_node]
    return np.array(table).reshape(len(plan.nodes), n_cities)


def _depths(plan: Branches) -> list[int]:
    """Return how far each node lies below the root."""
    k, out = len(plan.indicators), [0] * len(plan.nodes)
    for node in reversed(range(len(plan.nodes))):
        for child in plan.children[node]:
            if child >= k:
                out[child - k] = out[node] + 1
    return out


def _silent(
    plan: Branches, depths: Sequence[int], ranked: NDArray[np.float64], depth: int
) -> NDArray[np.bool_]:
    """Say, cities x indicators, which values play no part at the nodes of a depth.

    Those below a node, of this depth or deeper, at which the city has no score for want of data. A node
    further up that has no score takes nothing away from those below it.
    """
    k = len(plan.indicators)
    out = np.zeros((ranked.shape[1], k), dtype=np.bool_)
    below: list[list[int]] = []
    for node, children in enumerate(plan.children):
        leaves = [leaf for child in children for leaf in ([child] if child < k else below[child - k])]
        below.append(leaves)
        if depths[node] >= depth:
            out[np.ix_(np.isnan(ranked[node]), leaves)] = True
    return out
