"""Power and prestige of cities in the network from headquarters to branches, with intervals by firm.

Power is to command: the branches elsewhere of the firms whose headquarters a city has. Prestige is to be
chosen: the branches that firms from elsewhere have there. Recursive measures also ask whom one commands.
What the links are stands in `cosmopolis.networks.ownership`.
"""

from typing import Final

import numpy as np
import polars as pl
from numpy.typing import NDArray
from scipy.sparse import csr_array, identity
from scipy.sparse.csgraph import connected_components

from cosmopolis.errors import SpecError
from cosmopolis.measures import centrality
from cosmopolis.networks import ownership
from cosmopolis.networks.interlocking import polars_frame
from cosmopolis.networks.links import check, require, undirected
from cosmopolis.streams import stream

OWNERSHIP_CITIES = pl.Schema(
    {
        "field": pl.String,
        "year": pl.Int64,
        "city_id": pl.Int64,
        "headquarters": pl.Int64,
        "branches": pl.Int64,
        "power": pl.Float64,
        "prestige": pl.Float64,
        "closeness": pl.Float64,
        "betweenness": pl.Float64,
        "recursive_power": pl.Float64,
        "rank": pl.Int64,
        "rank_low": pl.Int64,
        "rank_high": pl.Int64,
        "alter_centrality": pl.Float64,
        "alter_power": pl.Float64,
    }
)
"""Columns of the table of cities."""

BETA_SHARE: Final = 0.5
"""β as a share of the largest value at which recursive power is defined."""

DECIMALS: Final = 10
"""Recursive power is rounded to this many decimals: beyond, the last steps of the iterations show."""

_FIRMS = 2  # with branches elsewhere; of fewer, no draw says how sure a rank is
_STEPS = 10_000  # of power iteration and of a sum over ways; both end long before
_BOUNDS_MET = 1e-12
_TERM_GONE = 1e-17  # relative: below, a term changes no digit

Floats = NDArray[np.float64]


def spectral_radius(matrix: csr_array) -> float:
    """Return the largest absolute eigenvalue of a matrix without negative entries; 0 without a circle.

    Of each strongly connected part by power iteration on A + sI, s its largest row sum; after each step the
    radius lies between the least and the largest of the ratios (Collatz 1942, *Mathematische Zeitschrift* 48,
    221–226).

    Examples
    --------
    >>> float(round(spectral_radius(csr_array(np.array([[0.0, 4.0], [1.0, 0.0]]))), 9))
    2.0
    """
    largest = 0.0
    _, part = connected_components(matrix, directed=True, connection="strong")
    sizes = np.bincount(part)
    loops = matrix.diagonal()
    for label in np.flatnonzero(sizes > 1):
        inside = np.flatnonzero(part == label)
        block = matrix[inside][:, inside]
        shift = float(np.asarray(block.sum(axis=1)).max())
        shifted = block + shift * identity(len(inside), format="csr")
        vector = np.ones(len(inside))
        for _ in range(_STEPS):
            step = shifted @ vector
            ratios = step / vector
            vector = step / step.max()
            if ratios.max() - ratios.min() <= _BOUNDS_MET * ratios.max():
                break
        largest = max(largest, float(ratios.max()) - shift)
    single = loops[sizes[part] == 1]
    return max(largest, float(single.max(initial=0.0)))


def beta_centrality(matrix: csr_array, *, share: float = BETA_SHARE) -> Floats:
    """Return Bonacich's recursive power of each row's city.

    c(β) = α (I - βA)⁻¹ A 1 = α Σ_k β^k A^(k+1) 1: a city has power over those that it commands, and through
    them over those that they command. α is such that Σ c² = n, so that 1 is the middle. β = share / ρ(A), ρ
    the spectral radius; where nobody commands in a circle, ρ = 0, the largest out-degree takes its place.
    With share > 0 to command the powerful makes powerful, with share < 0 to command the weak does.

    Parameters
    ----------
    matrix
        A, n × n, without negative entries; a_ij: how much i commands j.
    share
        Between -1 and 1, both excluded; 0 gives the out-degree, scaled.

    Raises
    ------
    SpecError
        If the share is not between -1 and 1.

    Notes
    -----
    Bonacich (1987), *American Journal of Sociology* 92(5), 1170–1182, who takes β > 0 for hierarchies of
    power; for the world city network Boyd, Mahutga & Smith (2013), *Urban Studies* 50(8), 1641–1647, in reply
    to Neal (2011).

    Examples
    --------
    >>> chain = csr_array(np.array([[0.0, 1.0, 0.0], [0.0, 0.0, 1.0], [0.0, 0.0, 0.0]]))
    >>> c = beta_centrality(chain)
    >>> float(round(c[0] / c[1], 9)), float(round((c**2).sum(), 9))
    (1.5, 3.0)
    """
    if not -1.0 < share < 1.0:
        raise SpecError(f"got share = {share}, but expected a number between -1 and 1; {BETA_SHARE} is usual")
    n = matrix.shape[0]
    out = np.asarray(matrix.sum(axis=1), dtype=np.float64).ravel()
    if n == 0 or not out.any():
        return np.zeros(n)
    radius = spectral_radius(matrix)
    beta = share / (radius if radius > 0 else float(out.max()))
    term, total = out, out.copy()
    for _ in range(_STEPS):
        term = beta * (matrix @ term)
        total += term
        if np.abs(term).max() <= _TERM_GONE * np.abs(total).max():
            break
    rounded: Floats = np.round(total * np.sqrt(n / np.square(total).sum()), DECIMALS) + 0.0
    return rounded


def alter_measures(matrix: csr_array) -> tuple[Floats, Floats]:
    """Return Neal's alter-based centrality and power.

    With symmetric ties a_ij and d_j = Σ_k a_jk: centrality Σ_j a_ij d_j, to be tied to those who have many
    ties; power Σ_j a_ij / d_j, to be tied to those who depend on it.

    Notes
    -----
    Neal (2011), *Urban Studies* 48(13), 2733–2748, where they are called recursive; renamed in Neal (2013),
    *Urban Studies* 50(8), 1648–1662.

    Examples
    --------
    >>> star = csr_array(np.array([[0.0, 1.0, 1.0], [1.0, 0.0, 0.0], [1.0, 0.0, 0.0]]))
    >>> [measure.tolist() for measure in alter_measures(star)]
    [[2.0, 2.0, 2.0], [2.0, 0.5, 0.5]]
    """
    degree = np.asarray(matrix.sum(axis=1), dtype=np.float64).ravel()
    inverse = np.divide(1.0, degree, out=np.zeros_like(degree), where=degree > 0)
    return np.asarray(matrix @ degree), np.asarray(matrix @ inverse)


def positions(links: pl.DataFrame, *, cities: pl.Series | None = None) -> pl.DataFrame:
    """Measure each city of one network of headquarters and branches.

    `power` p_a = Σ_b x_ab and `prestige` q_b = Σ_a x_ab, in the unit of the links; `closeness` and
    `betweenness` on steps as in `cosmopolis.measures.centrality`, whose ways follow command;
    `recursive_power` as in `beta_centrality`; `alter_centrality` and `alter_power` as in `alter_measures`, on
    ties without direction, x_ab + x_ba.

    Parameters
    ----------
    links
        Of one field and year, by `cosmopolis.networks.links`; ends are ids or labels.
    cities
        Cities that have their place in the table though no link touches them.

    Returns
    -------
    frame
        `city_id` and the measures, sorted by city.

    Examples
    --------
    >>> from cosmopolis.networks.links import LINKS
    >>> rows = [("ownership", "offices", 2020, 1, 2, 3.0, 3), ("ownership", "offices", 2020, 2, 3, 1.0, 1)]
    >>> frame = positions(pl.DataFrame(rows, schema=LINKS, orient="row"))
    >>> frame.select("city_id", "power", "prestige").rows()
    [(1, 3.0, 0.0), (2, 1.0, 3.0), (3, 0.0, 1.0)]
    """
    polars_frame(links, what="links")
    names = {
        "strength_out": "power",
        "strength_in": "prestige",
        "closeness": "closeness",
        "betweenness": "betweenness",
    }
    long = centrality.table(links, directed=True, nodes=cities, measures=list(names))
    wide = long.pivot("measure", index="city_id", values="value", maintain_order=True)
    frame = wide.select("city_id", *(pl.col(name).alias(as_) for name, as_ in names.items())).sort("city_id")
    directed = _matrix(check(links), frame["city_id"])
    central, power = alter_measures(_both_ways(_matrix(undirected(links), frame["city_id"])))
    return frame.with_columns(
        recursive_power=beta_centrality(directed), alter_centrality=central, alter_power=power
    )


def _matrix(links: pl.DataFrame, cities: pl.Series) -> csr_array:
    """Return the weights as a matrix whose rows and columns are cities, ascending."""
    ends = [cities.search_sorted(links[end]).to_numpy() for end in ("origin", "destination")]
    n = len(cities)
    return csr_array((links["weight"].to_numpy(), (ends[0], ends[1])), shape=(n, n))


def _both_ways(matrix: csr_array) -> csr_array:
    return (matrix + matrix.T).tocsr()


def ownership_cities(
    offices: pl.DataFrame, links: pl.DataFrame, *, draws: int, level: float, seed: str
) -> pl.DataFrame:
    """Measure each city that has a headquarters or a branch, field by field and year by year.

    Ranks are by power, the largest first; equals share the smaller rank, and a city without power has none.
    Their intervals say how far a rank hangs on single firms: each firm counts n ~ Poisson(1) times in a draw,
    with all its branches, and the middle `level` of the ranks is given, rounded outwards; it always holds the
    rank as published. Bounds are null where fewer than two firms have a branch in another city: one firm says
    nothing of chance.

    Parameters
    ----------
    offices
        As for `cosmopolis.networks.ownership.branches`, which made the links.
    links
        Links of several fields and years.
    draws
        How often firms are drawn; 0: no intervals.
    level
        Share of the draws that an interval holds.
    seed
        Name of the draws.

    Returns
    -------
    frame
        By `OWNERSHIP_CITIES` (cities keep their type where they are labels), sorted by field, year and city.
        `headquarters` counts firms, `branches` rows of branches, those of firms from the city itself too.

    Notes
    -----
    Bootstrap with Poisson weights: Hanley & MacGibbon (2006), *Computer Methods and Programs in Biomedicine*
    83(1), 57–62.

    Examples
    --------
    >>> offices = pl.DataFrame({
    ...     "row": [1, 2, 3], "field": "offices", "year": 2020, "firm": "Acme", "city_id": [3, 5, 6],
    ...     "role": ["headquarters", "branch", "branch"], "value": None,
    ... })
    >>> links = ownership.branches(offices).links
    >>> table = ownership_cities(offices, links, draws=20, level=0.9, seed="doc")
    >>> table.select("city_id", "headquarters", "branches", "power", "rank").rows()
    [(3, 1, 0, 2.0, 1), (5, 0, 1, 0.0, None), (6, 0, 1, 0.0, None)]
    """
    polars_frame(offices, what="offices")
    polars_frame(links, what="links")
    require(offices, ["field", "year", "firm", "role", "city_id", "value"], what="offices")
    if not 0.0 < level <= 1.0:
        raise SpecError(f"got level = {level}, but expected a share above 0 and at most 1; 0.9 is usual")
    frames = [OWNERSHIP_CITIES.to_frame().with_columns(pl.col("city_id").cast(offices.schema["city_id"]))]
    of_network = ["field", "year"]
    for (field, year), held in offices.sort(
        *of_network, "row" if "row" in offices.columns else "firm"
    ).group_by(of_network, maintain_order=True):
        own = links.filter((pl.col("field") == field) & pl.col("year").eq_missing(year))
        cities = held["city_id"].unique().sort()
        is_seat = pl.col("role") == ownership.HEADQUARTERS
        counts = held.group_by("city_id").agg(
            headquarters=pl.col("firm").filter(is_seat).n_unique().cast(pl.Int64),
            branches=(~is_seat).sum().cast(pl.Int64),
        )
        frame = positions(own, cities=cities).join(counts, on="city_id", how="left", maintain_order="left")
        place = pl.col("power").rank("min", descending=True).cast(pl.Int64)
        rank = pl.when(pl.col("power") > 0).then(place)
        frame = frame.with_columns(
            field=pl.lit(field, dtype=pl.String), year=pl.lit(year, dtype=pl.Int64), rank=rank
        )
        drawn = _drawn_ranks(held, frame["city_id"], draws=draws, seed=f"{seed}: ownership, {field}, {year}")
        frames.append(_with_bounds(frame, drawn, level).select(frames[0].columns))
    return pl.concat(frames).sort(*of_network, "city_id")


def _drawn_ranks(offices: pl.DataFrame, cities: pl.Series, *, draws: int, seed: str) -> NDArray[np.int64]:
    """Draw firms anew and rank cities by power: draws × cities; no draws of fewer than two firms."""
    firms = offices["firm"].unique().sort()
    seats = offices.filter(pl.col("role") == ownership.HEADQUARTERS).select("firm", origin="city_id").unique()
    held = offices.filter(pl.col("role") == ownership.BRANCH).select(
        "firm", destination="city_id", weight=pl.col("value").cast(pl.Float64).fill_null(1.0)
    )
    pairs = held.join(seats, on="firm").filter(pl.col("origin") != pl.col("destination"))
    pairs = pairs.sort("firm", "origin", "destination", "weight")
    if pairs["firm"].n_unique() < _FIRMS:
        return np.empty((0, len(cities)), dtype=np.int64)
    row = firms.search_sorted(pairs["firm"]).to_numpy()
    column = cities.search_sorted(pairs["origin"]).to_numpy()
    of_city = csr_array((pairs["weight"].to_numpy(), (column, row)), shape=(len(cities), len(firms)))
    rng = stream(seed, 0)
    ranks = np.empty((draws, len(cities)), dtype=np.int64)
    for draw in range(draws):
        power = of_city @ rng.poisson(1.0, size=len(firms)).astype(np.float64)
        ascending = np.sort(power)
        ranks[draw] = 1 + len(power) - np.searchsorted(ascending, power, side="right")
    return ranks


def _with_bounds(frame: pl.DataFrame, drawn: NDArray[np.int64], level: float) -> pl.DataFrame:
    """Add the bounds of the ranks; they are null without draws, and where there is no rank."""
    if not len(drawn):
        return frame.with_columns(
            rank_low=pl.lit(None, dtype=pl.Int64), rank_high=pl.lit(None, dtype=pl.Int64)
        )
    ranked = pl.col("rank").is_not_null()
    outside = (1.0 - level) / 2.0
    low = np.quantile(drawn, outside, axis=0, method="lower")
    high = np.quantile(drawn, 1.0 - outside, axis=0, method="higher")
    return frame.with_columns(
        rank_low=pl.when(ranked).then(pl.min_horizontal("rank", pl.Series("low", low, dtype=pl.Int64))),
        rank_high=pl.when(ranked).then(pl.max_horizontal("rank", pl.Series("high", high, dtype=pl.Int64))),
    )
