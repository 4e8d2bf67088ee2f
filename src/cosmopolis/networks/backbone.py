"""Which ties are beyond chance, so that a map shows those and not all.

`disparity` needs the links alone and asks whether a link is a large part of what its cities have. `sdsm`
needs the records and asks whether two cities stand together in more of them, or in fewer, than cities and
records of these sizes would by chance. `verdicts` says which answers stand when thousands are asked at once.
Neither sees distance, language or borders: that is the gravity model's, in `cosmopolis.measures`.
"""

import math
from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np
import polars as pl
from numpy.typing import ArrayLike, NDArray
from scipy.sparse import csr_matrix
from scipy.special import erfc

from cosmopolis.errors import FormatError, SpecError, UnknownNameError, hint_near
from cosmopolis.networks import _chance
from cosmopolis.networks._chance import Classes
from cosmopolis.networks.links import check, require

Sizes = Literal["expected", "exact"]
"""Whether chance keeps the size of each record in expectation (SDSM as published) or exactly."""

Correction = Literal["none", "holm", "benjamini-hochberg"]
"""How p-values are corrected for their number: see `adjust`."""

SIGNIFICANCE = 0.05
"""Level of `verdicts`; by Benjamini & Hochberg the expected share of wrong ties among those shown."""

_BLOCK = 1 << 22  # numbers of pairs × sizes held at once
_DIGITS = 9  # significant digits of p-values: beyond, machines disagree
_RECORD = ("item", "year", "field")
_PAIR = {"origin": pl.Int64, "destination": pl.Int64, "count": pl.Int64}

Floats = NDArray[np.float64]
Whole = NDArray[np.int64]


@dataclass(frozen=True, kw_only=True)
class Margins:
    """What `sdsm` needs of the records: who stands with whom, and the two margins of the table behind it.

    Attributes
    ----------
    pairs
        `origin`, `destination`, `count`: records with both, origin < destination, count ≥ 1; sorted.
    cities
        `city_id`, `records`: in how many records each city stands; sorted.
    sizes
        `size`, `records`: how many records have so many distinct cities; sorted.
    alone, capped
        Records that are left out because they have one city, or too many.
    """

    pairs: pl.DataFrame
    cities: pl.DataFrame
    sizes: pl.DataFrame
    alone: int
    capped: int


def disparity(links: pl.DataFrame, *, directed: bool = False) -> pl.DataFrame:
    """Ask of each link whether it is a large part of the strength of a city at one of its ends.

    α_ij = (1 − w_ij / s_i)^(k_i − 1): the probability that one of k_i links gets so much or more of s_i, if
    s_i were broken at random into k_i parts. A link has one α from each end, and the smaller counts. From an
    end with one link (k = 1), which has it all, α = 1: it says nothing. In a directed network the origin is
    seen by its links going out, the destination by those coming in.

    Parameters
    ----------
    links
        Of one network, field and window. Links of weight zero are none.

    Returns
    -------
    frame
        `origin`, `destination`, `disparity_p`, sorted. A small value: beyond chance.

    Notes
    -----
    Serrano, Boguñá & Vespignani (2009), Extracting the multiscale backbone of complex weighted networks,
    *PNAS* 106, 6483–6488; that one of the two ends is enough is theirs. The smaller of two p-values is
    below 0.05 in more than 5 % of links even by chance.

    Examples
    --------
    >>> from cosmopolis.networks.links import LINKS
    >>> rows = [("air", "routes", 2022, a, b, w, 1) for a, b, w in [(1, 2, 8.0), (1, 3, 1.0), (1, 4, 1.0)]]
    >>> disparity(pl.DataFrame(rows, schema=LINKS, orient="row"))["disparity_p"].round(4).to_list()
    [0.04, 0.81, 0.81]
    """
    strong = check(links).filter(pl.col("weight") > 0).sort("origin", "destination")
    turned = strong.select(origin="destination", destination="origin", weight="weight")
    forward = strong.select("origin", "destination", "weight")
    outward, inward = (forward, turned) if directed else (pl.concat([forward, turned]),) * 2
    alphas = [
        _alphas(strong.get_column(end), strong["weight"], ends)
        for end, ends in (("origin", outward), ("destination", inward))
    ]
    return strong.select(
        "origin", "destination", pl.Series("disparity_p", np.minimum(*alphas), dtype=pl.Float64)
    )


def _alphas(cities: pl.Series, weights: pl.Series, ends: pl.DataFrame) -> Floats:
    """Return α of links as seen from one end."""
    groups = ends.sort("origin", "destination").group_by("origin", maintain_order=True).agg("weight")
    strengths = [math.fsum(values) for values in groups["weight"].to_list()]
    seen = groups.select(
        "origin", s=pl.Series(strengths, dtype=pl.Float64), k=pl.col("weight").list.len().cast(pl.Float64)
    )
    own = cities.alias("origin").to_frame().join(seen, on="origin", how="left", maintain_order="left")
    s, k = own["s"].to_numpy(), own["k"].to_numpy()
    rest = np.maximum(1.0 - weights.to_numpy() / s, 0.0)
    return np.where(k > 1, rest ** (k - 1.0), 1.0)


def margins(items: pl.DataFrame, *, alone: bool = False, largest_record: int | None = None) -> Margins:
    """Count what `sdsm` needs from records.

    Parameters
    ----------
    items
        `item`, `city_id`, and optionally `year`, `field`, of one network, field and window. A city that is
        named twice in a record counts once; rows with an empty cell do not count.
    alone
        Whether records in one city belong to the table. By default they do not: they say how much a city
        works, not with whom.
    largest_record
        Records in more cities than this are left out, as they make no links.

    Examples
    --------
    >>> items = pl.DataFrame({"item": ["p", "p", "q", "q", "r"], "city_id": [1, 2, 1, 3, 1]})
    >>> found = margins(items)
    >>> found.cities.rows(), found.sizes.rows(), found.alone
    ([(1, 2), (2, 1), (3, 1)], [(2, 2)], 1)
    """
    require(items, ["item", "city_id"], what="items")
    keys = [column for column in _RECORD if column in items.columns]
    whole = items.select(*keys, "city_id").drop_nulls().unique()
    sized = whole.with_columns(size=pl.len().over(keys))
    kept = sized.filter(pl.col("size") <= (largest_record or pl.col("size")))
    capped = sized.filter(pl.col("size") > (largest_record or pl.col("size"))).select(keys).n_unique()
    singles = kept.filter(pl.col("size") == 1).height
    if not alone:
        kept = kept.filter(pl.col("size") > 1)
    record = (
        kept.select(pl.struct(keys).rank("dense").alias("record"))["record"].to_numpy().astype(np.int64) - 1
    )
    ids = kept["city_id"].unique().sort()
    at = ids.search_sorted(kept["city_id"]).to_numpy().astype(np.int64)
    sizes = np.bincount(record)
    lengths, records = np.unique(sizes, return_counts=True)
    table = csr_matrix((np.ones(len(at), dtype=np.int64), (record, at)), shape=(len(sizes), len(ids)))
    both = (table.T @ table).tocoo()
    upper = both.row < both.col
    pairs = pl.DataFrame(
        {
            "origin": ids.gather(both.row[upper].astype(np.int64)),
            "destination": ids.gather(both.col[upper].astype(np.int64)),
            "count": both.data[upper].astype(np.int64),
        }
    )
    return Margins(
        pairs=pairs.sort("origin", "destination"),
        cities=pl.DataFrame({"city_id": ids, "records": np.bincount(at, minlength=len(ids))}),
        sizes=pl.DataFrame({"size": lengths, "records": records}),
        alone=0 if alone else singles,
        capped=capped,
    )


def sdsm(counts: Margins, *, sizes: str = "exact", absent: float | None = None) -> pl.DataFrame:
    """Ask of each pair of cities whether it stands together in more or fewer records than by chance.

    By chance, city i stands in record k with probability p_ik, whoever else does, and the number of records
    that i and j share is X_ij = Σ_k Bernoulli(p_ik p_jk), a Poisson binomial variable; its tails are exact
    here. Two kinds of chance:

    * `expected`: the stochastic degree sequence model. p_ik = x_i y_k / (1 + x_i y_k) so that each city
      stands in its number of records, and each record holds its number of cities, *on average* (`bicm`). A
      record of two cities then often has none, one, three; chance makes up to twice as many pairs as there
      are (n²/2 against n(n − 1)/2 of a record with n), and ties look weaker than they are.
    * `exact`: each record holds exactly its number of cities: the set S with probability proportional to
      ∏_{i∈S} x_i; each city stands in its number of records on average. Chance makes exactly as many pairs
      as there are. Records of papers and patents are small, so this is the default.

    Parameters
    ----------
    counts
        From `margins`.
    sizes
        `exact` or `expected`.
    absent
        Also list pairs that never stand together though chance would have it, those with p_lower up to this.

    Returns
    -------
    frame
        `origin`, `destination`, `count`, `expected` (Σ_k of the probabilities), `p_upper` = P(X ≥ count),
        `p_lower` = P(X ≤ count), to nine digits; sorted.

    Raises
    ------
    UnknownNameError
        If there is no such kind of chance.
    FormatError
        If the margins do not belong together.

    Notes
    -----
    Neal (2014), The backbone of bipartite projections, *Social Networks* 39, 84–97. Chance of exact sizes:
    conditional Bernoulli draws, Chen, Dempster & Liu (1994), *Biometrika* 81, 457–469. Cities with equally
    many records are alike, and so are records of equal size, so time and memory follow the number of
    different sizes and of pairs, never cities × records.

    Examples
    --------
    >>> items = pl.DataFrame({"item": [1, 1, 2, 2, 3, 3, 4, 4], "city_id": [1, 2, 1, 2, 3, 4, 3, 4]})
    >>> sdsm(margins(items)).select("count", pl.col("expected").round(4), pl.col("p_upper").round(4)).rows()
    [(2, 0.6667, 0.1319), (2, 0.6667, 0.1319)]
    """
    if sizes not in get_args(Sizes):
        raise UnknownNameError(f"there is no chance with sizes {sizes!r}" + hint_near(sizes, get_args(Sizes)))
    if counts.cities.is_empty():
        return pl.DataFrame(
            schema={**_PAIR, "expected": pl.Float64, "p_upper": pl.Float64, "p_lower": pl.Float64}
        )
    degrees, of_city, cities = np.unique(
        counts.cities["records"].to_numpy(), return_inverse=True, return_counts=True
    )
    classes = Classes(
        degrees=degrees.astype(np.int64),
        cities=cities.astype(np.int64),
        sizes=counts.sizes["size"].to_numpy().astype(np.int64),
        records=counts.sizes["records"].to_numpy().astype(np.int64),
    )
    chance = _chance.exact_sizes(classes) if sizes == "exact" else _chance.expected_sizes(classes)
    pairs = counts.pairs.sort("origin", "destination")
    if absent is not None:
        never = _absent(chance, counts.cities["city_id"], of_city, pairs, absent)
        pairs = pl.concat([pairs, never]).sort("origin", "destination")
    class_of = pl.DataFrame({"city_id": counts.cities["city_id"], "of": of_city.astype(np.int64)})
    coded = pairs.join(
        class_of, left_on="origin", right_on="city_id", how="left", maintain_order="left"
    ).join(
        class_of, left_on="destination", right_on="city_id", how="left", maintain_order="left", suffix="_to"
    )
    alike = coded.select(
        a=pl.min_horizontal("of", "of_to"), b=pl.max_horizontal("of", "of_to"), count="count"
    )
    if alike.select(pl.any_horizontal(pl.all().is_null().any())).item():
        raise FormatError("a city of the pairs is not among the cities; take both from the same records")
    kinds = alike.unique().sort("a", "b", "count")
    rated = kinds.hstack(_rated(chance, *(kinds[name].to_numpy() for name in ("a", "b", "count"))))
    found = alike.join(rated, on=["a", "b", "count"], how="left", maintain_order="left")
    return pairs.hstack(found.select("expected", "p_upper", "p_lower"))


def _rated(chance: _chance.Chance, a: Whole, b: Whole, observed: Whole) -> list[pl.Series]:
    """Return expected numbers and tails of pairs of classes, a block of pairs at a time."""
    records = chance.classes.records
    rows = max(1, _BLOCK // len(records))
    columns: dict[str, list[float]] = {"expected": [], "p_upper": [], "p_lower": []}
    for start in range(0, len(a), rows):
        part = slice(start, start + rows)
        ends, of_pair = np.unique(np.column_stack([a[part], b[part]]), axis=0, return_inverse=True)
        p = chance.pairs(ends[:, 0], ends[:, 1])[of_pair]
        upper, lower = _chance.tails(observed[part], p, records)
        for name, values in zip(columns, ((p * records).sum(axis=1), upper, lower), strict=True):
            columns[name].extend(_rounded(values))
    return [pl.Series(name, values, dtype=pl.Float64) for name, values in columns.items()]


def _absent(
    chance: _chance.Chance, ids: pl.Series, of_city: NDArray[np.intp], pairs: pl.DataFrame, most: float
) -> pl.DataFrame:
    """List the pairs without a common record whose chance of having none is at most so much.

    Cities repel each other in records of exact size (p_ij ≤ p_i p_j), so pairs of classes that fail with
    p_i p_j need no closer look.
    """
    records, single = chance.classes.records, chance.single
    near: list[tuple[int, int]] = []
    for a in range(len(single)):
        with np.errstate(divide="ignore"):
            none = np.exp((records * np.log1p(-single[a] * single[a:])).sum(axis=1))
        near.extend((a, a + int(step)) for step in np.flatnonzero(none <= most))
    ends = np.array(near, dtype=np.int64).reshape(-1, 2)
    _, lower = _chance.tails(
        np.zeros(len(ends), dtype=np.int64), chance.pairs(ends[:, 0], ends[:, 1]), records
    )
    likely = ends[lower <= most].tolist()
    members = [np.flatnonzero(of_city == place) for place in range(len(single))]
    grids = [np.meshgrid(members[a], members[b], indexing="ij") for a, b in likely]
    rows = [np.column_stack([one.ravel(), other.ravel()]) for one, other in grids]
    both = np.sort(np.concatenate([np.empty((0, 2), dtype=np.int64), *rows]), axis=1)
    both = np.unique(both[both[:, 0] < both[:, 1]], axis=0)
    every = pl.DataFrame(
        {"origin": ids.gather(both[:, 0]), "destination": ids.gather(both[:, 1])}
    ).with_columns(pl.lit(0, dtype=pl.Int64).alias("count"))
    return every.join(pairs, on=["origin", "destination"], how="anti").cast({"count": pairs.schema["count"]})


def bicm(degrees: ArrayLike, sizes: ArrayLike) -> Floats:
    """Return the probabilities of the bipartite configuration model.

    Of all distributions of 0–1 tables with these margins on average the one with the largest entropy:
    p_ik = x_i y_k / (1 + x_i y_k), Σ_k p_ik = degree of i, Σ_i p_ik = size of k. Margins that leave a cell
    no choice give it 0 or 1. The table is formed here; `sdsm` does not need it.

    Parameters
    ----------
    degrees, sizes
        Whole numbers from 0: sums of rows and of columns of one 0–1 table.

    Returns
    -------
    probabilities
        Degrees × sizes, met to a relative difference of 1e-10.

    Notes
    -----
    Saracco, Di Clemente, Gabrielli & Squartini (2015), Randomizing bipartite networks, *Scientific Reports*
    5, 10595.

    Examples
    --------
    >>> bicm([1, 1, 2], [1, 1, 2]).round(3).tolist()
    [[0.216, 0.216, 0.568], [0.216, 0.216, 0.568], [0.568, 0.568, 0.863]]
    """
    c, of_row, u = np.unique(np.asarray(degrees, dtype=np.int64), return_inverse=True, return_counts=True)
    n, of_column, m = np.unique(np.asarray(sizes, dtype=np.int64), return_inverse=True, return_counts=True)
    single = _chance.expected_sizes(Classes(degrees=c, cities=u, sizes=n, records=m)).single
    return single[np.ix_(of_row, of_column)]


def poisson_binomial(
    successes: int, probabilities: ArrayLike, *, by: Literal["exact", "refined normal"] = "exact"
) -> tuple[float, float]:
    """Return the chance of at most, and of at least, so many successes in trials of unequal probability.

    Parameters
    ----------
    by
        `exact`, or the refined normal approximation with x = (k + ½ − μ)/σ:
        P(X ≤ k) ≈ Φ(x) + γ (1 − x²) φ(x) / 6, γ the skewness, which R's backbone uses. On the nine trials
        below it is wrong by 0.002, in the far tail by orders of magnitude.

    Returns
    -------
    lower, upper
        P(X ≤ k) and P(X ≥ k).

    Notes
    -----
    Hong (2013), On computing the distribution function for the Poisson binomial distribution,
    *Computational Statistics and Data Analysis* 59, 41–51.

    Examples
    --------
    >>> p = [0.123, 0.234, 0.345, 0.456, 0.567, 0.678, 0.789, 0.801, 0.911]
    >>> [tuple(round(x, 4) for x in poisson_binomial(5, p, by=way)) for way in ("exact", "refined normal")]
    [(0.6791, 0.6284), (0.6773, 0.6268)]
    """
    p = np.asarray(probabilities, dtype=np.float64)
    if p.ndim != 1 or not ((p >= 0) & (p <= 1)).all():
        raise SpecError("got probabilities that are not one row of numbers between 0 and 1")
    if by == "exact":
        kinds, trials = np.unique(p, return_counts=True)
        upper, lower = _chance.tails(np.array([successes]), kinds[None, :], trials)
        return float(lower[0]), float(upper[0])
    mean, variance = math.fsum(p), math.fsum(p * (1 - p))
    skewness = math.fsum(p * (1 - p) * (1 - 2 * p)) / variance**1.5

    def below(k: int) -> float:
        x = (k + 0.5 - mean) / math.sqrt(variance)
        density = math.exp(-x * x / 2) / math.sqrt(2 * math.pi)
        return float(erfc(-x / math.sqrt(2)) / 2 + skewness * (1 - x * x) * density / 6)

    lower_, upper_ = below(successes), 1.0 - below(successes - 1)
    return min(max(lower_, 0.0), 1.0), min(max(upper_, 0.0), 1.0)


def adjust(p: ArrayLike, correction: str = "benjamini-hochberg", *, tests: int | None = None) -> Floats:
    """Correct p-values for their number.

    With p sorted ascending, i = 1..m:

    * `holm`: max_{j≤i} min(1, (m − j + 1) p_j). The chance of even one wrong answer stays below the level.
    * `benjamini-hochberg`: min_{j≥i} min(1, m p_j / j). The expected share of wrong ones among those found
      stays below the level.
    * `none`: p.

    Parameters
    ----------
    tests
        m, where more were made than are listed; those not listed are taken to have larger p.

    Returns
    -------
    adjusted
        In the order of `p`; compare with the level.

    Notes
    -----
    Holm (1979), *Scandinavian Journal of Statistics* 6, 65–70. Benjamini & Hochberg (1995), *Journal of the
    Royal Statistical Society* B 57, 289–300.

    Examples
    --------
    >>> [adjust([0.01, 0.04, 0.03], way).round(4).tolist() for way in ("holm", "benjamini-hochberg")]
    [[0.03, 0.06, 0.06], [0.03, 0.04, 0.04]]
    """
    known = get_args(Correction)
    if correction not in known:
        raise UnknownNameError(f"there is no correction {correction!r}" + hint_near(correction, known))
    values = np.asarray(p, dtype=np.float64)
    m = len(values) if tests is None else tests
    if m < len(values):
        raise SpecError(f"got {len(values)} p-values, but tests = {m}; give the number of all tests made")
    order = np.argsort(values, kind="stable")
    place = np.arange(1, len(values) + 1)
    ascending = values[order]
    if correction == "holm":
        ascending = np.maximum.accumulate((m - place + 1) * ascending)
    elif correction == "benjamini-hochberg":
        ascending = np.minimum.accumulate((m / place * ascending)[::-1])[::-1]
    adjusted = np.empty_like(values)
    adjusted[order] = np.minimum(ascending, 1.0)
    return adjusted


def verdicts(
    frame: pl.DataFrame,
    *,
    significance: float = SIGNIFICANCE,
    correction: str = "benjamini-hochberg",
    tests: int | None = None,
) -> pl.DataFrame:
    """Say which pairs meet more or less often than by chance.

    Two-sided: p = min(1, 2 min(p_upper, p_lower)), corrected for the number of pairs asked.

    Parameters
    ----------
    frame
        From `sdsm`.
    significance
        Between 0 and 1; not for pairs but for the whole map, by `correction`: without one, 5 % of thousands
        of chance pairs would be shown.
    tests
        As for `adjust`: N(N − 1)/2 for N cities, if pairs that never meet were asked too.

    Returns
    -------
    rated
        `frame` with `p_adjusted` and `verdict` (`more`, `less` or `chance`).

    Examples
    --------
    >>> asked = pl.DataFrame({"p_upper": [0.001, 0.9, 0.5], "p_lower": [1.0, 0.2, 0.6]})
    >>> verdicts(asked)["verdict"].to_list()
    ['more', 'chance', 'chance']
    """
    require(frame, ["p_upper", "p_lower"], what="pairs")
    if not 0 < significance < 1:
        raise SpecError(f"got significance = {significance}, but expected a level between 0 and 1")
    both = frame.select(pl.min_horizontal(1.0, 2.0 * pl.min_horizontal("p_upper", "p_lower")))
    adjusted = adjust(both.to_series().to_numpy(), correction, tests=tests)
    return frame.with_columns(pl.Series("p_adjusted", adjusted, dtype=pl.Float64)).with_columns(
        verdict=pl.when(pl.col("p_adjusted") >= significance)
        .then(pl.lit("chance"))
        .when(pl.col("p_upper") < pl.col("p_lower"))
        .then(pl.lit("more"))
        .otherwise(pl.lit("less"))
    )


def _rounded(values: Floats) -> list[float]:
    """Round to significant digits, so that the last bits of a machine's arithmetic do not show."""
    return [float(f"{value:.{_DIGITS}g}") for value in values.tolist()]
