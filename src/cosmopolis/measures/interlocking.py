"""What can be said of cities in the interlocking network: how sure ranks are, classes, hinterworlds, change.

Connectivity and links themselves are made in `cosmopolis.networks.interlocking`. Two doubts are kept apart,
for they are answered by different people: which firms stand on the roster (`by_firms`: another hundred firms
might have been chosen), and how their offices were coded (`by_codes`: another reader of the same web page
might have written 3 instead of 2). Neither sees firms and cities that were never looked at.
"""

import math
from collections.abc import Sequence
from typing import Final

import numpy as np
import polars as pl
from numpy.typing import NDArray
from scipy.sparse import csr_matrix
from scipy.stats import rankdata

from cosmopolis.errors import FormatError, SpecError, UnknownNameError, hint_near
from cosmopolis.networks.interlocking import LARGEST_VALUE, Roster, connectivity, polars_frame, roster
from cosmopolis.networks.links import require
from cosmopolis.streams import stream

DRAWS: Final = 200
"""How often firms or codes are drawn."""

ALL: Final = "all"
"""All sectors together."""

LEVEL: Final = 0.95
"""Share of the draws inside an interval."""

CLASSES: Final = (
    "alpha++",
    "alpha+",
    "alpha",
    "alpha-",
    "beta+",
    "beta",
    "beta-",
    "gamma+",
    "gamma",
    "gamma-",
    "high sufficiency",
    "sufficiency",
)
"""Names of classes, the most connected first; a city below the last has none."""

CLASS_RATIO: Final = 0.8
"""Least connectivity of a class, as a part of that of the class above it."""

INTERLOCKING_CITIES = pl.Schema(
    {
        "roster": pl.String,
        "sector": pl.String,
        "year": pl.Int64,
        "label": pl.String,
        "city_id": pl.Int64,
        "gnc": pl.Float64,
        "relative": pl.Float64,
        "rank": pl.Int64,
        "rank_low": pl.Int64,
        "rank_high": pl.Int64,
        "rank_low_codes": pl.Int64,
        "rank_high_codes": pl.Int64,
        "firms": pl.Int64,
        "class": pl.String,
        "relative_low": pl.Float64,
        "relative_high": pl.Float64,
        "part_of": pl.Int64,
    }
)
"""Columns of the table of cities. `sector` is `all` or one. `city_id` is null where no city is found for the
label, and where a label lies in the city of a more connected label, which `part_of` names then."""

INTERLOCKING_LINKS = pl.Schema(
    {
        "roster": pl.String,
        "year": pl.Int64,
        "origin": pl.Int64,
        "destination": pl.Int64,
        "weight": pl.Float64,
        "proportional": pl.Float64,
        "distance": pl.Float64,
        "firms": pl.Int64,
        "sdsm_p": pl.Float64,
        "sdsm_q": pl.Float64,
    }
)
"""Columns of the table of links between the cities that were found."""

HINTERWORLDS = pl.Schema(
    {
        "roster": pl.String,
        "year": pl.Int64,
        "city_id": pl.Int64,
        "other": pl.Int64,
        "links": pl.Float64,
        "expected": pl.Float64,
        "residual": pl.Float64,
        "position": pl.Int64,
        "standardised": pl.Float64,
    }
)
"""Columns of the table of hinterworlds."""

ROSTER_CHANGES = pl.Schema(
    {
        "from_roster": pl.String,
        "to_roster": pl.String,
        "city_id": pl.Int64,
        "label": pl.String,
        "relative_from": pl.Float64,
        "relative_to": pl.Float64,
        "change": pl.Float64,
        "standardised": pl.Float64,
        "class_from": pl.String,
        "class_to": pl.String,
        "rank_from": pl.Int64,
        "rank_to": pl.Int64,
    }
)
"""Columns of the table of changes between two rosters."""

Floats = NDArray[np.float64]


def by_firms(
    values: pl.DataFrame | Roster,
    *,
    draws: int = DRAWS,
    seed: int = 0,
    name: str = "interlocking firms",
    level: float = LEVEL,
    within_sectors: bool = True,
) -> pl.DataFrame:
    """Draw the firms of a roster anew, with replacement, and see how far connectivity and rank move.

    A firm that is drawn w_j times counts w_j times: GNC_a = Σ_j w_j v_aj (S_j − v_aj), so that all draws
    together are one product of matrices.

    Parameters
    ----------
    values
        As for `cosmopolis.networks.interlocking.roster`.
    draws
        At least 1.
    seed, name
        Of the stream of random numbers: see `cosmopolis.streams.stream`.
    level
        Share of the draws inside the interval.
    within_sectors
        Whether as many firms of each sector are drawn as the roster has, as rosters are made by sector. Firms
        of unknown sector, and those that are alone in theirs, are a sector together.

    Returns
    -------
    frame
        `city`, `relative_low`, `relative_high`, `rank_low`, `rank_high`, a row for each city, by label.
        Bounds are drawn values with at least `level` of the draws between them; they include the value of the
        roster itself. They are null for a roster of fewer than two firms, of which no draw says anything.

    Notes
    -----
    Efron (1979), Bootstrap methods, *Annals of Statistics* 7(1), 1–26. The interval says how much hangs on
    the choice of firms where these are drawn from many alike; leading firms of a sector are not.

    Examples
    --------
    >>> toy = pl.DataFrame({"city": list("ABC"), "x": [5, 4, 0], "y": [4, 3, 0], "z": [3, 0, 2]})
    >>> by_firms(toy, draws=50).select("city", "rank_low", "rank_high").rows()
    [('A', 1, 1), ('B', 1, 3), ('C', 1, 3)]
    """
    one = _checked(values, draws, level)
    draw = stream(name, seed)
    times = np.zeros((len(one.firms), draws))
    groups = one.sectors.fill_null("") if within_sectors else one.sectors.clear(len(one.firms)).fill_null("")
    groups = groups.set(groups.is_unique(), "")
    for sector in groups.unique().sort():
        members = (groups == sector).arg_true().to_numpy()
        times[members] = draw.multinomial(
            len(members), np.full(len(members), 1.0 / len(members)), size=draws
        ).T
    added = one.value * (one.sizes[one.firm] - one.value)
    table = csr_matrix((added, (one.city, one.firm)), shape=(len(one.cities), len(one.firms)))
    bounds = _bounds(one, np.asarray(table @ times), level)
    if len(one.firms) > 1:
        return bounds
    return bounds.with_columns(pl.when(pl.lit(value=False)).then(pl.exclude("city")))


def by_codes(
    values: pl.DataFrame | Roster,
    *,
    shift: int = 1,
    draws: int = DRAWS,
    seed: int = 0,
    name: str = "interlocking codes",
    level: float = LEVEL,
    headquarters: bool = False,
    absences: bool = False,
    overlooked: float = 0.0,
    together: bool = False,
) -> pl.DataFrame:
    """Shift the service values at random and see how far connectivity and rank move.

    Each value becomes v + d, d drawn evenly from −shift … +shift. Who codes offices is in doubt about their
    importance, not about their being there, nor about where a firm has its headquarters; so by default a 0
    stays 0, a 5 stays 5, and 1 to 4 stay between 1 and 4.

    Parameters
    ----------
    values
        Coded in whole numbers from 0 to 5.
    shift
        At least 1.
    draws, seed, name, level
        As for `by_firms`.
    headquarters
        Whether a 5 may become less and others 5.
    absences
        Whether an office may not be there after all (1 become 0).
    overlooked
        Probability that a 0 hides an office of value 1. Three of four cells of a roster are 0, so that a
        tenth of them outweighs every other doubt.
    together
        Whether all offices of a firm share one shift, as when one reader is stricter than another. That moves
        connectivities more than errors of single offices do, but cities together, so that ranks move less.

    Returns
    -------
    frame
        As of `by_firms`.

    Raises
    ------
    FormatError
        If a value is no whole number from 0 to 5.

    Notes
    -----
    The question of Liu & Taylor (2011), A robustness assessment of GaWC global network connectivity ranking,
    *Urban Geography* 32(8), 1227–1237 (GaWC RB 368).

    Examples
    --------
    >>> toy = pl.DataFrame({"city": list("ABC"), "x": [5, 4, 0], "y": [4, 3, 0], "z": [3, 0, 2]})
    >>> by_codes(toy, draws=50).select("city", "rank_low", "rank_high").rows()
    [('A', 1, 1), ('B', 2, 2), ('C', 3, 3)]
    """
    one = _checked(values, draws, level)
    if shift < 1:
        raise SpecError(f"got shift = {shift}, but expected a whole number of at least 1")
    if not _are_codes(one.value):
        raise FormatError(
            f"service values: codes are shifted, and these go from {one.value.min()} to {one.value.max()}; "
            f"expected whole numbers from 0 to {LARGEST_VALUE}; `by_firms` works with any values"
        )
    if not 0 <= overlooked < 1:
        raise SpecError(f"got overlooked = {overlooked}, but expected a probability from 0 to below 1")
    draw = stream(name, seed)
    fixed = np.zeros(len(one.value), dtype=bool) if headquarters else one.value == LARGEST_VALUE
    low, high = (0 if absences else 1), (LARGEST_VALUE if headquarters else LARGEST_VALUE - 1)
    drawn = np.empty((len(one.cities), draws))
    for column in range(draws):
        moves = draw.integers(-shift, shift, size=len(one.firms if together else one.value), endpoint=True)
        moved = np.clip(one.value + (moves[one.firm] if together else moves), low, high)
        now = np.where(fixed, one.value, moved)
        city, firm = one.city, one.firm
        if overlooked:
            hidden = _overlooked(one, overlooked, draw)
            city, firm = np.append(city, hidden // len(one.firms)), np.append(firm, hidden % len(one.firms))
            now = np.append(now, np.ones(len(hidden)))
        sums = np.bincount(firm, now, len(one.firms))
        drawn[:, column] = np.bincount(city, now * (sums[firm] - now), len(one.cities))
    return _bounds(one, drawn, level)


def _are_codes(values: Floats) -> bool:
    return bool(((values % 1 == 0) & (values <= LARGEST_VALUE)).all())


def _overlooked(one: Roster, share: float, draw: np.random.Generator) -> NDArray[np.int64]:
    """Draw cells without an office, each with this probability and by itself.

    A cell is its city times the number of firms, plus its firm. So many throws as a Poisson variable of mean
    −cells ln(1 − p) hit each cell with probability p, independently of the others.
    """
    cells = len(one.cities) * len(one.firms)
    drawn = np.unique(draw.integers(0, cells, size=draw.poisson(-cells * np.log1p(-share))))
    return drawn[~np.isin(drawn, one.city * len(one.firms) + one.firm)].astype(np.int64)


def _checked(values: pl.DataFrame | Roster, draws: int, level: float) -> Roster:
    """Return the roster; raise if it cannot be drawn so."""
    if draws < 1:
        raise SpecError(f"got draws = {draws}, but expected at least 1; {DRAWS} is the default")
    if not 0 < level < 1:
        raise SpecError(f"got level = {level}, but expected a share between 0 and 1, such as {LEVEL}")
    return roster(values)


def _bounds(one: Roster, drawn: Floats, level: float) -> pl.DataFrame:
    """Return the bounds of draws (cities × draws) of connectivity."""
    own = connectivity(one).sort("city")
    most = drawn.max(axis=0, initial=0.0)
    relative = drawn / np.where(most > 0, most, 1.0)
    ranks = rankdata(-drawn, method="min", axis=0) if len(drawn) else drawn
    columns = {"city": own["city"]}
    for name, values, roster_has in (("relative", relative, own["relative"]), ("rank", ranks, own["rank"])):
        known = roster_has.is_not_null()
        held = roster_has.fill_null(0).to_numpy().astype(np.float64)
        tail = (1.0 - level) / 2.0
        low = np.quantile(values, tail, axis=1, method="lower") if len(values) else held
        high = np.quantile(values, 1.0 - tail, axis=1, method="higher") if len(values) else held
        for end, bound in (("low", np.minimum(low, held)), ("high", np.maximum(high, held))):
            own_name = f"{name}_{end}"
            columns[own_name] = pl.Series(own_name, bound).cast(roster_has.dtype).set(~known, None)
    return pl.DataFrame(columns)


def cities(
    values: pl.DataFrame | Roster,
    *,
    draws: int = DRAWS,
    level: float = LEVEL,
    shift: int = 1,
    ratio: float = CLASS_RATIO,
    name: str = "interlocking",
    seed: int = 0,
) -> pl.DataFrame:
    """Return all that is said of the cities of a roster, for all firms and for each sector.

    Parameters
    ----------
    draws, level, shift, ratio
        See `by_firms`, `by_codes` and `cut_offs`. With a shift of 0, and where the values are not codes from
        0 to 5, the bounds by codes are null.
    name, seed
        Of the streams of random numbers: each sector has two of its own.

    Returns
    -------
    frame
        `sector` (`all` first), the columns of `cosmopolis.networks.interlocking.connectivity`, of `by_firms`,
        `rank_low_codes`, `rank_high_codes` of `by_codes`, and `class`; by sector, rank and city. Ranks and
        their bounds are null where a city has no connectivity.

    Examples
    --------
    >>> toy = pl.DataFrame({"city": list("AB"), "x": [5, 4], "y": [4, 3]})
    >>> cities(toy, draws=20).select("sector", "city", "rank", "rank_high_codes", "class").rows()
    [('all', 'A', 1, 1, 'alpha++'), ('all', 'B', 1, 1, 'alpha++')]
    """
    one = roster(values)
    frames = []
    for sector in (ALL, *one.sectors.drop_nulls().unique().sort()):
        part = one if sector == ALL else one.of_sector(sector)
        own = f"{name} {sector}"
        table = connectivity(part)
        firms = by_firms(part, draws=draws, level=level, name=f"{own} firms", seed=seed)
        if shift and _are_codes(part.value):
            codes = by_codes(part, shift=shift, draws=draws, level=level, name=f"{own} codes", seed=seed)
        else:
            nothing = pl.lit(None, dtype=pl.Int64)
            codes = firms.select("city", rank_low=nothing, rank_high=nothing)
        frames.append(
            table.with_columns(classify(table["relative"], ratio=ratio), sector=pl.lit(sector))
            .join(firms, on="city", how="left")
            .join(codes.select("city", "rank_low", "rank_high"), on="city", how="left", suffix="_codes")
            .sort("rank", "city", nulls_last=True)
            .select("sector", *table.columns, pl.exclude("sector", "class", *table.columns), "class")
        )
    return pl.concat(frames)


def cut_offs(ratio: float = CLASS_RATIO, classes: Sequence[str] = CLASSES) -> pl.DataFrame:
    """Return the least relative connectivity of each class: ratio, ratio², ratio³, and so on.

    GaWC publishes the classes of its rosters and not their cut-offs. This rule is ours: connectivity is a
    ratio, so classes are equally wide on its logarithm, and a city climbs a class, anywhere on the ladder, by
    growing about a quarter (1/0.8) against the first. One number, to be set, instead of twelve.

    Returns
    -------
    frame
        `class`, `least`.

    Examples
    --------
    >>> cut_offs().head(2).rows()
    [('alpha++', 0.8), ('alpha+', 0.64)]
    """
    if not 0 < ratio < 1:
        raise SpecError(
            f"got a class ratio of {ratio}, but expected a number between 0 and 1, such as {CLASS_RATIO}"
        )
    least = [float(f"{ratio**step:.12g}") for step in range(1, len(classes) + 1)]
    return pl.DataFrame(
        {"class": list(classes), "least": least}, schema={"class": pl.String, "least": pl.Float64}
    )


def classify(
    relative: pl.Series, *, ratio: float = CLASS_RATIO, classes: Sequence[str] = CLASSES
) -> pl.Series:
    """Return the class of each city by its relative connectivity (see `cut_offs`).

    Returns
    -------
    found
        `class`; null below the last class, and where the connectivity is null.

    Examples
    --------
    >>> classify(pl.Series([1.0, 0.8, 0.79, 0.01])).to_list()
    ['alpha++', 'alpha++', 'alpha+', None]
    """
    table = cut_offs(ratio, classes)
    x = relative.to_numpy().astype(np.float64)
    above = table["least"].to_numpy()[None, :] <= x[:, None]
    first = np.where(above.any(axis=1), above.argmax(axis=1), len(table))
    names = [*table["class"], None]
    return pl.Series("class", [names[place] for place in first.tolist()], dtype=pl.String)


def hinterworlds(values: pl.DataFrame | Roster, cities: Sequence[object] | None = None) -> pl.DataFrame:
    """Ask to which other cities a city is linked more, or less, than their connectivity would have it.

    For city a the links r_ab to all others, b ≠ a, are regressed on GNC_b by least squares with an intercept;
    the residual says how much more (over-linked) or less (under-linked) than expected. Divided by its
    standard error, s = √(Σ e² / (n − 3)) over n − 1 others, it is `standardised`.

    Parameters
    ----------
    cities
        Labels; all of the roster if not given.

    Returns
    -------
    frame
        `city`, `other`, `links` (r_ab), `expected`, `residual`, `standardised` (null where every residual is
        0, or there are fewer than four cities), `position` (1: the most over-linked), by city and position,
        equals by label.

    Notes
    -----
    In the manner of Taylor & Walker (2004), Urban hinterworlds revisited, *Geography* 89(2), 145–151. r_ab is
    itself a part of GNC_b, as there: for the largest links the residual is a little too small.

    Examples
    --------
    >>> toy = pl.DataFrame({"city": list("ABCD"), "x": [5, 4, 2, 0], "y": [4, 3, 0, 3], "z": [3, 0, 2, 1]})
    >>> hinterworlds(toy, ["A"]).select("other", "links", pl.col("residual").round(3)).rows()
    [('C', 16.0, 0.5), ('B', 32.0, 0.0), ('D', 15.0, -0.5)]
    """
    one = roster(values)
    known = one.cities.to_list()
    wanted = known if cities is None else list(cities)
    place_of = {label: place for place, label in enumerate(known)}
    for label in wanted:
        if label not in place_of:
            raise UnknownNameError(
                f"the roster has no city {label!r}" + hint_near(str(label), map(str, known))
            )
    gnc = connectivity(one).sort("city")["gnc"].to_numpy()
    frames = [_HINTERWORLD.to_frame().cast({"city": one.cities.dtype, "other": one.cities.dtype})]
    for label in wanted:
        place = place_of[label]
        row = np.asarray((one.matrix @ one.matrix[place].T).todense()).ravel()
        others = np.delete(np.arange(len(known)), place)
        if len(others):
            frames.append(_residuals(one.cities, place, others, row[others], gnc[others]))
    return pl.concat(frames)


_HINTERWORLD = pl.Schema(
    {
        "city": pl.String,
        "other": pl.String,
        "links": pl.Float64,
        "expected": pl.Float64,
        "residual": pl.Float64,
        "standardised": pl.Float64,
        "position": pl.Int64,
    }
)


def _residuals(
    labels: pl.Series, place: int, others: NDArray[np.int64], y: Floats, x: Floats
) -> pl.DataFrame:
    """Regress the links of one city on the connectivity of the others."""
    n = len(y)
    middle_x, middle_y = math.fsum(x) / n, math.fsum(y) / n
    dx, dy = x - middle_x, y - middle_y
    spread = math.fsum(dx * dx)
    expected = middle_y + (math.fsum(dx * dy) / spread if spread > 0 else 0.0) * dx
    residual = np.array([float(f"{e:.9f}") for e in y - expected])
    free = n - 2
    error = math.sqrt(math.fsum(residual * residual) / free) if free > 0 else 0.0
    return (
        pl.DataFrame(
            {
                "city": labels.gather(np.full(n, place)),
                "other": labels.gather(others),
                "links": y,
                "expected": expected,
                "residual": residual,
                "standardised": pl.Series(residual / error if error > 0 else [None] * n, dtype=pl.Float64),
            }
        )
        .sort("residual", "other", descending=[True, False])
        .with_columns(position=pl.int_range(1, pl.len() + 1, dtype=pl.Int64))
    )


def change(before: pl.DataFrame, after: pl.DataFrame, *, city: str = "city") -> pl.DataFrame:
    """Compare the cities of two rosters by their relative connectivity.

    change_a = relative_a(after) − relative_a(before); standardised = (change − mean) / standard deviation
    (of the population) over the cities on both rosters, which takes away what moves all of them: the first
    city, against which all others are measured.

    Parameters
    ----------
    before, after
        From `connectivity`, or one sector of `cities`: the columns `relative`, `rank`, one that names the
        city, and `class` where known; one row a city.
    city
        The column that names the city in both.

    Returns
    -------
    frame
        The city, `relative_from`, `relative_to`, `change`, `standardised`, `class_from`, `class_to`,
        `rank_from`, `rank_to`, every city of either roster, sorted by it. A city that is on one of them has
        nulls: whether it had no office or was not looked at, the roster does not say.

    Examples
    --------
    >>> old = pl.DataFrame({"city": ["A", "B", "C"], "relative": [1.0, 0.5, 0.3], "rank": [1, 2, 3]})
    >>> new = pl.DataFrame({"city": ["A", "B", "D"], "relative": [1.0, 0.6, 0.2], "rank": [1, 2, 3]})
    >>> change(old, new).select("city", pl.col("change").round(2), pl.col("standardised").round(2)).rows()
    [('A', 0.0, -1.0), ('B', 0.1, 1.0), ('C', None, None), ('D', None, None)]
    """
    sides = []
    for frame, side in ((before, "from"), (after, "to")):
        polars_frame(frame, what=f"the roster {side!r}")
        require(frame, [city, "relative", "rank"], what=f"the roster {side!r}")
        twice = frame.filter(pl.col(city).is_duplicated())
        if twice.height:
            raise FormatError(
                f"the roster {side!r}: {twice[city][0]!r} has more than one row; compare one sector and year"
            )
        rating = pl.col("class") if "class" in frame.columns else pl.lit(None, dtype=pl.String)
        sides.append(
            frame.select(
                city,
                pl.col("relative").alias(f"relative_{side}"),
                pl.col("rank").alias(f"rank_{side}"),
                rating.alias(f"class_{side}"),
            )
        )
    both = sides[0].join(sides[1], on=city, how="full", coalesce=True).sort(city)
    both = both.with_columns(change=pl.col("relative_to") - pl.col("relative_from"))
    moved = both["change"].drop_nulls().to_list()
    mean = math.fsum(moved) / len(moved) if moved else 0.0
    deviation = math.sqrt(math.fsum((x - mean) ** 2 for x in moved) / len(moved)) if moved else 0.0
    z = (pl.col("change") - mean) / deviation if deviation > 0 else pl.lit(None, dtype=pl.Float64)
    names = ("relative_from", "relative_to", "change", "standardised", "class_from", "class_to")
    return both.with_columns(standardised=z).select(city, *names, "rank_from", "rank_to")
