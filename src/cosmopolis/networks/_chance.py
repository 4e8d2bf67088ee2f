"""How often two cities would stand in one record if records chose their cities by chance.

Cities that stand in equally many records are alike, and so are records of equal size: everything here is by
class of city and class of record, never by city × record. Given how likely each pair of classes is in each
class of records, the number of common records is a sum of binomials; `tails` gives its tails. The words of
the public functions stand in `backbone`.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from cosmopolis.errors import FormatError

Floats = NDArray[np.float64]
Whole = NDArray[np.int64]

CLOSE = 1e-10
"""Expected numbers of records of each city meet the given ones to this relative difference."""

_SWEEPS_MAX = 20_000  # a few dozen are usual
_NEWTON_STEPS = 60
_REACH = 8.5  # deviations of a tilted sum on a side that a transform covers; beyond is less than 1e-15
_REACH_MORE = 14  # … and so many whole numbers more, for small sums, which lean to one side
_SMALL = 0.1  # below, the logarithm of 1 + p z, |z| ≤ 2, is taken by its series
_TERMS = 22  # … of so many terms: 0.2 ** 23 is 1e-16
_BLOCK = 1 << 21  # numbers of one transform held at once


@dataclass(frozen=True, kw_only=True)
class Classes:
    """Cities by the number of their records, records by the number of their cities.

    Attributes
    ----------
    degrees, cities
        For each class of cities, how many records each has, and how many such cities there are.
    sizes, records
        For each class of records, how many cities each has, and how many such records there are.
    """

    degrees: Whole
    cities: Whole
    sizes: Whole
    records: Whole


@dataclass(frozen=True, kw_only=True)
class Pool:
    """Classes of cities from which some classes of records take exactly so many cities.

    Attributes
    ----------
    cities, fitness
        Places of the classes of cities, and their multipliers x.
    records, sizes
        Places of the classes of records, and how many cities each takes from this pool.
    """

    cities: Whole
    fitness: Floats
    records: Whole
    sizes: Whole


@dataclass(frozen=True, kw_only=True)
class Chance:
    """What chance gives.

    Attributes
    ----------
    single
        Classes of cities × classes of records: the probability that a city stands in a record.
    pools
        Empty where cities stand in a record independently of each other; else those of exact sizes.
    """

    classes: Classes
    single: Floats
    pools: tuple[Pool, ...] = ()

    def pairs(self, a: Whole, b: Whole) -> Floats:
        """Return the probability that cities of classes a and b stand both in a record of each class."""
        found = self.single[a] * self.single[b]
        for pool in self.pools:
            place = np.full(len(self.single), -1)
            place[pool.cities] = np.arange(len(pool.cities))
            within = np.flatnonzero((place[a] >= 0) & (place[b] >= 0))
            ones, of_one = np.unique(place[a[within]], return_inverse=True)
            others, of_other = np.unique(place[b[within]], return_inverse=True)
            for column, size in zip(pool.records, pool.sizes.tolist(), strict=True):
                both = _pairs_of_exact_size(pool, self.classes.cities, size, ones, others)
                found[within, column] = both[of_one, of_other]
        return found


def expected_sizes(classes: Classes) -> Chance:
    """Solve the bipartite configuration model: degrees and sizes are met in expectation.

    p_ik = x_i y_k / (1 + x_i y_k) with Σ_k p_ik = c_i, Σ_i p_ik = n_k (see `backbone.bicm`).

    Raises
    ------
    FormatError
        If no such records can exist.
    """
    _check(classes)
    c, u = classes.degrees.astype(np.int64), classes.cities
    n, m = classes.sizes.astype(np.int64), classes.records
    rows, columns = np.argsort(-c, kind="stable"), np.argsort(-n, kind="stable")
    single = np.empty((len(c), len(n)))
    single[np.ix_(rows, columns)] = _blocks(c[rows], u[rows], n[columns], m[columns])
    return Chance(classes=classes, single=single)


def exact_sizes(classes: Classes) -> Chance:
    """Solve the model in which every record has exactly its size, and degrees are met in expectation.

    A record of size n takes the set S of n cities with probability ∏_{i∈S} x_i / Σ_{|T|=n} ∏_{i∈T} x_i.

    Raises
    ------
    FormatError
        If no such records can exist.
    """
    _check(classes)
    rows = np.argsort(-classes.degrees, kind="stable")
    single = np.zeros((len(rows), len(classes.sizes)))
    pools = tuple(
        _pools(classes, (rows, classes.degrees[rows]), (np.arange(len(classes.sizes)), classes.sizes))
    )
    for pool in pools:
        single[np.ix_(pool.cities, pool.records)] = (
            _singles_of_exact_sizes(pool, classes.cities) if len(pool.fitness) else 1.0
        )
    return Chance(classes=classes, single=single, pools=tuple(pool for pool in pools if len(pool.fitness)))


def _pools(
    classes: Classes, of_cities: tuple[Whole, Whole], of_records: tuple[Whole, Whole]
) -> Iterator[Pool]:
    """Find from which cities records choose, apart what is certain: pools without fitness are taken whole.

    If the first S cities stand in records as often as these can take them, records of up to S cities take
    all from those, and larger ones take all of those and the others from the rest.

    Parameters
    ----------
    of_cities, of_records
        Places of classes, with the degrees or sizes that are left to explain; degrees descend.
    """
    (rows, c), (columns, n) = of_cities, of_records
    if not len(columns):
        return
    u, m = classes.cities[rows], classes.records[columns]
    first = np.cumsum(u)
    room = np.minimum(first[:, None], n[None, :]) @ m - np.cumsum(c * u)
    if room.min() < 0:
        raise FormatError("no records can have these sizes and these cities; take both from the same records")
    tight = np.flatnonzero(room[:-1] == 0)
    if not len(tight):
        yield Pool(cities=rows, fitness=_fitness(c, u, n, m), records=columns, sizes=n)
        return
    end = int(tight[0]) + 1
    small = n <= first[end - 1]
    large = ~small
    yield Pool(cities=rows[:end], fitness=np.empty(0), records=columns[large], sizes=n[large])
    within = c[:end] - m[large].sum()
    yield from _pools(classes, (rows[:end], within), (columns[small], n[small]))
    beyond = n[large] - first[end - 1]
    yield from _pools(classes, (rows[end:], c[end:]), (columns[large], beyond))


def _fitness(c: Whole, u: Whole, n: Whole, m: Whole) -> Floats:
    """Return the multipliers with which cities stand in records of exact size as often as they do."""
    x: Floats = c / c.max()
    every = np.arange(len(c))
    for _ in range(_SWEEPS_MAX):
        pool = Pool(cities=every, fitness=x, records=np.arange(len(n)), sizes=n)
        found = (_singles_of_exact_sizes(pool, u) * m).sum(axis=1)
        if np.abs(found / c - 1.0).max() < CLOSE:
            return x
        x = x * (c / found)
        x /= x.max()
    raise FormatError(
        f"the probabilities did not settle in {_SWEEPS_MAX} turns; the numbers of records and cities leave "
        "too little choice"
    )


def _check(classes: Classes) -> None:
    """Raise if degrees and sizes do not belong to the same records."""
    by_cities = int((classes.degrees * classes.cities).sum())
    by_records = int((classes.sizes * classes.records).sum())
    if by_cities != by_records:
        raise FormatError(
            f"cities stand in records {by_cities} times, but records hold cities {by_records} times; "
            "take both from the same records, each city once in a record"
        )


def _blocks(c: Whole, u: Whole, n: Whole, m: Whole) -> Floats:
    """Solve the configuration model where degrees and sizes descend, apart what is certain.

    If the first S classes of cities stand in all records of the first T classes, and no other city in any
    other record, those cells are 1 and 0, and the rest falls into two smaller problems (Gale & Ryser's
    condition holds with equality).
    """
    if not len(c) or not len(n):
        return np.zeros((len(c), len(n)))
    of_cities = np.concatenate([[0], np.cumsum(u)])
    of_records = np.concatenate([[0], np.cumsum(m)])
    ends_of_cities = np.concatenate([[0], np.cumsum(c * u)])
    ends_of_records = np.concatenate([[0], np.cumsum(n * m)])
    left = ends_of_records[-1] - ends_of_records
    slack = of_cities[:, None] * of_records[None, :] + left[None, :] - ends_of_cities[:, None]
    if slack.min() < 0:
        raise FormatError("no records can have these sizes and these cities; take both from the same records")
    slack[0, -1] = slack[-1, 0] = 1
    if slack.min() > 0:
        return _solve(c, u, n, m)
    s, t = (int(found[0]) for found in np.nonzero(slack == 0))
    p = np.zeros((len(c), len(n)))
    p[:s, :t] = 1.0
    p[:s, t:] = _blocks(c[:s] - of_records[t], u[:s], n[t:], m[t:])
    p[s:, :t] = _blocks(c[s:], u[s:], n[:t] - of_cities[s], m[:t])
    return p


def _solve(c: Whole, u: Whole, n: Whole, m: Whole) -> Floats:
    """Solve the configuration model where nothing is certain, by turns for cities and for records.

    Each turn is one Newton step on the logarithms of its multipliers; sums alone, so that the number of
    threads changes no bit.
    """
    ends = float((c * u).sum())
    x, y = np.log(c / np.sqrt(ends)), np.log(n / np.sqrt(ends))
    for _ in range(_SWEEPS_MAX):
        p = _logistic(x[:, None] + y[None, :])
        found = (p * m).sum(axis=1)
        if np.abs(found / c - 1.0).max() < CLOSE:
            return p
        x = x + np.clip((c - found) / (p * (1.0 - p) * m).sum(axis=1), -1.0, 1.0)
        for _ in range(2):
            p = _logistic(x[:, None] + y[None, :])
            gap = n - (p * u[:, None]).sum(axis=0)
            y = y + np.clip(gap / (p * (1.0 - p) * u[:, None]).sum(axis=0), -1.0, 1.0)
    raise FormatError(
        f"the probabilities did not settle in {_SWEEPS_MAX} turns; the numbers of records and cities leave "
        "too little choice"
    )


def _logistic(t: Floats) -> Floats:
    """Return 1 / (1 + e^−t)."""
    found: Floats = 1.0 / (1.0 + np.exp(-t))
    return found


def _circle(x: Floats, cities: Whole, size: int) -> tuple[NDArray[np.complex128], NDArray[np.complex128]]:
    """Return the points at which records of a size are summed up: their weights, and p of each class there.

    With y such that Σ_i x_i y / (1 + x_i y) = n, and z_t = y e^{2πit/L}: weights
    ∏_i (1 + x_i z_t) / z_t^n, scaled to a sum of 1, and p_i(z_t) = x_i z_t / (1 + x_i z_t). The sum of the
    weights times p_i is the probability of i, that of the weights times p_i p_j the one of both. Points t
    and L − t are conjugate, so half of them are given, with twice the weight.
    """
    log_x = np.log(x)
    log_y = float(np.log(size) - np.log((x * cities).sum()))
    p = _logistic(log_x + log_y)
    for _ in range(_NEWTON_STEPS):
        step = float(np.clip((size - (p * cities).sum()) / (p * (1.0 - p) * cities).sum(), -1.0, 1.0))
        log_y += step
        p = _logistic(log_x + log_y)
        if abs(step) < CLOSE:
            break
    half = _reach(float((p * (1.0 - p) * cities).sum())) // 2
    turn = np.exp(2j * np.pi * np.arange(half + 1) / (2 * half + 1))
    growth = 1.0 + p[:, None] * (turn[None, :] - 1.0)
    weights = np.exp((cities[:, None] * np.log(growth)).sum(axis=0) - size * np.log(turn))
    weights[1:] *= 2.0
    return weights / weights.sum().real, p[:, None] * turn[None, :] / growth


def _singles_of_exact_sizes(pool: Pool, cities: Whole) -> Floats:
    """Return the probability of each class of cities of a pool in each of its classes of records."""
    u = cities[pool.cities]
    single = np.ones((len(u), len(pool.sizes)))
    for place, size in enumerate(pool.sizes.tolist()):
        if size < u.sum():
            weights, at = _circle(pool.fitness, u, size)
            single[:, place] = np.clip((at * weights).sum(axis=1).real, 0.0, 1.0)
    return single


def _pairs_of_exact_size(pool: Pool, cities: Whole, size: int, ones: Whole, others: Whole) -> Floats:
    """Return the probability of both of two cities, by their classes in a pool, in a record of a size."""
    u = cities[pool.cities]
    if size < 2:  # noqa: PLR2004 - no room for two
        return np.zeros((len(ones), len(others)))
    if size == u.sum():
        return np.ones((len(ones), len(others)))
    weights, at = _circle(pool.fitness, u, size)
    one, other = (at * weights)[ones], at[others]
    parts = [
        np.einsum("at,bt->ab", np.ascontiguousarray(x), np.ascontiguousarray(y))
        for x, y in ((one.real, other.real), (one.imag, other.imag))
    ]
    both: Floats = np.clip(parts[0] - parts[1], 0.0, 1.0)
    return both


def tails(observed: Whole, p: Floats, records: Whole) -> tuple[Floats, Floats]:
    """Return the chance of at least, and of at most, so many successes in a sum of binomials.

    X = Σ_d B(m_d, p_d), each B independent.

    Parameters
    ----------
    observed
        o of each sum, n whole numbers from 0 to Σ m.
    p
        n × D probabilities.
    records
        m, D whole numbers.

    Returns
    -------
    upper, lower
        P(X ≥ o) and P(X ≤ o), each to about twelve digits, small ones too.

    Notes
    -----
    The distribution is tilted so that its mean is o, transformed there (Fourier), and tilted back, so that
    a small tail has as many digits as a large one.
    """
    certain = p >= 1.0
    o = observed - (certain * records).sum(axis=1)
    p = np.where(certain, 0.0, p)
    most = ((p > 0) * records).sum(axis=1)
    mean = (p * records).sum(axis=1)
    upper, lower = np.ones(len(o)), np.ones(len(o))
    none, all_ = (o <= 0) & (most > 0), (o >= most) & (most > 0)
    lower[none] = np.exp((records * np.log1p(-p[none])).sum(axis=1))
    lower[o < 0] = 0.0
    with np.errstate(divide="ignore"):
        logs = np.where(p[all_] > 0, np.log(p[all_]), 0.0)
    upper[all_] = np.exp((records * logs).sum(axis=1))
    upper[o > most] = 0.0
    rest = np.flatnonzero((o > 0) & (o < most))
    if len(rest):
        tilt = _tilts(o[rest], p[rest], records)
        upper[rest], lower[rest] = _tilted_tails(o[rest], p[rest], records, tilt, mean[rest])
    return upper, lower


def _tilts(o: Whole, p: Floats, records: Whole) -> Floats:
    """Return θ with Σ_d m_d p_d e^θ / (1 − p_d + p_d e^θ) = o."""
    with np.errstate(divide="ignore"):
        log_odds = np.log(p) - np.log1p(-p)
    tilt: Floats = np.log(o / (p * records).sum(axis=1))
    for _ in range(_NEWTON_STEPS):
        tilted = _logistic(log_odds + tilt[:, None])
        gap = o - (tilted * records).sum(axis=1)
        step = np.clip(gap / (tilted * (1.0 - tilted) * records).sum(axis=1), -1.0, 1.0)
        tilt = tilt + step
        if np.abs(step).max() < CLOSE:
            break
    return tilt


def _tilted_tails(o: Whole, p: Floats, records: Whole, tilt: Floats, mean: Floats) -> tuple[Floats, Floats]:
    """Return both tails of sums whose tilted mean is o, 0 < o < Σ m."""
    with np.errstate(divide="ignore"):
        log_odds = np.log(p) - np.log1p(-p)
    tilted = _logistic(log_odds + tilt[:, None])
    log_back = (records * (np.log1p(-p) - np.log1p(-tilted))).sum(axis=1) - tilt * o
    spread = (tilted * (1.0 - tilted) * records).sum(axis=1)
    upper, lower = np.empty(len(o)), np.empty(len(o))
    lengths = np.array([_length(2 * _reach(value)) for value in spread.tolist()])
    for length in np.unique(lengths).tolist():
        group = np.flatnonzero(lengths == length)
        half = length // 2
        turn = np.exp(2j * np.pi * np.arange(half + 1) / length) - 1.0
        steps = np.arange(half)
        for part in _parts(len(group), length):
            rows = group[part]
            log_f = _log_transform(tilted[rows], records, turn)
            # X − o, so that places 0 and beyond are at least o, and the last places are below o
            log_f -= o[rows, None] * (2j * np.pi * np.arange(half + 1) / length)
            mass: Floats = np.maximum(np.fft.irfft(np.conj(np.exp(log_f)), n=length, axis=1), 0.0)
            back = np.exp(-np.abs(tilt[rows, None]) * steps)
            one = np.exp(log_back[rows]) * mass[:, 0]
            above = np.exp(log_back[rows]) * (mass[:, :half] * back).sum(axis=1)
            below_steps = mass[:, (-steps) % length]
            below = np.exp(log_back[rows]) * (below_steps * back).sum(axis=1)
            is_above = o[rows] >= mean[rows]
            upper[rows] = np.where(is_above, above, 1.0 - below + one)
            lower[rows] = np.where(is_above, 1.0 - above + one, below)
    return np.minimum(upper, 1.0), np.minimum(lower, 1.0)


def _log_transform(p: Floats, records: Whole, turn: NDArray[np.complex128]) -> NDArray[np.complex128]:
    """Return Σ_d m_d log(1 + p_d z) for each sum and each z; small p all at once, by the sums of powers."""
    small = np.where(p <= _SMALL, p, 0.0)
    sums = np.empty((len(p), _TERMS))
    power = small * records
    for term in range(_TERMS):
        sums[:, term] = power.sum(axis=1) * ((-1) ** term / (term + 1))
        power *= small
    powers = np.cumprod(np.tile(turn, (_TERMS, 1)), axis=0)
    log_f: NDArray[np.complex128] = np.einsum("rs,sz->rz", sums, powers.real) + 1j * np.einsum(
        "rs,sz->rz", sums, powers.imag
    )
    for d, m in enumerate(records.tolist()):
        large = np.flatnonzero(p[:, d] > _SMALL)
        log_f[large] += m * np.log1p(p[large, d, None] * turn)
    return log_f


def _reach(variance: float) -> int:
    """Return how far from its mean a sum of this variance may fall."""
    return int(_REACH * np.sqrt(variance)) + _REACH_MORE


def _length(least: int) -> int:
    """Return the next of 2, 3, 4, 6, 8, 12, 16, …, whose transforms are quick."""
    power = 1 << (least - 1).bit_length()
    return power * 3 // 4 if power * 3 // 4 >= least else power


def _parts(n: int, width: int) -> Iterator[slice]:
    """Cut n rows of a width into pieces that fit into memory."""
    rows = max(1, _BLOCK // width)
    for start in range(0, n, rows):
        yield slice(start, min(start + rows, n))
