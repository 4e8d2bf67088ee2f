"""Sobol indices: how much of the variance of an outcome each uncertain choice explains.

Estimators on arrays, of any outcome; which outcomes of an index are looked at stands in `sensitivity`, the
points at which a model is run in `draws.saltelli`.
"""

from dataclasses import dataclass
from typing import Literal, TypeAlias, get_args

import numpy as np
from numpy.typing import NDArray

from cosmopolis.errors import SpecError, hint_near
from cosmopolis.index.draws import BLOCK, stream

Floats: TypeAlias = NDArray[np.float64]
Estimator = Literal["saltelli", "jansen"]


@dataclass(frozen=True, kw_only=True)
class Sobol:
    """First- and total-order indices; tables are factors × outcomes, not a number where nothing varies.

    Attributes
    ----------
    first
        S_i = Var E(y | x_i) / Var y: what the choice does alone.
    total
        T_i = 1 − Var E(y | all but x_i) / Var y: alone and together with others; T_i = 0 means of no effect.
    variance
        Var y of each outcome.
    """

    first: Floats
    total: Floats
    variance: Floats


def indices(a: Floats, b: Floats, ab: Floats, *, estimator: Estimator = "saltelli") -> Sobol:
    """Estimate Sobol indices from the outcomes at Saltelli's points.

    V is the variance of all outcomes at A and B together, means are over the n points:

    - T_i = mean (y_A − y_ABi)² / 2V (Jansen), always
    - S_i = mean y_B (y_ABi − y_A) / V with y about its mean (`saltelli`)
    - S_i = 1 − mean (y_B − y_ABi)² / 2V (`jansen`)

    Parameters
    ----------
    a, b
        Outcomes at A and at B: n, or n × outcomes.
    ab
        Outcomes at AB_1..AB_d: d × n, or d × n × outcomes.

    Returns
    -------
    sobol
        d, or d × outcomes. An estimate may fall a little outside 0..1.

    Raises
    ------
    SpecError
        If shapes do not fit or the estimator is unknown.

    Notes
    -----
    M. Jansen (1999), *Computer Physics Communications* 117, 35-43; A. Saltelli et al. (2010), the same, 181,
    259-270. The estimate of `jansen` errs less where an index is large, that of `saltelli` where it is small.

    Examples
    --------
    The second of two factors does nothing:

    >>> from cosmopolis.index.draws import saltelli
    >>> points = saltelli(1024, 2, seed=1)
    >>> y = points[:, :, 0] ** 2
    >>> got = indices(y[0], y[1], y[2:])
    >>> bool(np.abs(got.first - [1.0, 0.0]).max() < 0.01), got.total[1].item()
    (True, 0.0)
    """
    if estimator not in get_args(Estimator):
        raise SpecError(
            f"there is no estimator {estimator!r}" + hint_near(str(estimator), get_args(Estimator))
        )
    if a.shape != b.shape or ab.shape[1:] != a.shape or ab.ndim != a.ndim + 1:
        raise SpecError(
            f"outcomes do not fit: A {a.shape}, B {b.shape}, AB {ab.shape}; expected n, n and d × n"
        )
    both = np.concatenate([a, b])
    variance = both.var(axis=0)
    share = np.where(variance > 0, variance, np.nan)
    total = ((a - ab) ** 2).mean(axis=1) / (2.0 * share)
    if estimator == "jansen":
        first = 1.0 - ((b - ab) ** 2).mean(axis=1) / (2.0 * share)
    else:
        first = ((b - both.mean(axis=0)) * (ab - a)).mean(axis=1) / share
    return Sobol(first=first, total=total, variance=variance)


def bootstrap(
    a: Floats, b: Floats, ab: Floats, *, resamples: int, level: float, name: str = "bootstrap", seed: int = 0
) -> tuple[Sobol, Sobol]:
    """Return lower and upper bounds of the indices (`saltelli`), from points drawn again with replacement.

    Each resample takes n of the n points with all their outcomes; the bounds are the (1 − level) / 2 and
    (1 + level) / 2 quantiles (linear) over the resamples.

    Parameters
    ----------
    a, b, ab
        n × outcomes, d × n × outcomes. Where outcomes are whole numbers, as ranks are, all sums are exact.
    resamples
        How many; 0 gives bounds that are not a number.

    Returns
    -------
    low, high
        Of `first`, `total` and `variance`.

    Notes
    -----
    B. Efron (1979), *Annals of Statistics* 7, 1-26. The points are of a sequence that fills space more evenly
    than chance, so that the intervals are somewhat too wide.
    """
    n, outcomes = a.shape
    d = len(ab)
    drawn = np.empty((2 * d + 1, resamples, outcomes))
    # The average of squares about a shift near the mean, so that little is lost where values lie far from 0.
    shift = np.round(np.concatenate([a, b]).mean(axis=0))
    sums = np.stack([a + b - 2.0 * shift, (a - shift) ** 2 + (b - shift) ** 2])
    parts = np.concatenate([2.0 * (b - shift) * (ab - a), (a - ab) ** 2])
    for block, start in enumerate(range(0, resamples, BLOCK)):
        stop = min(start + BLOCK, resamples)
        rng = stream(name, seed, block=block)
        counts = rng.multinomial(n, np.full(n, 1.0 / n), size=BLOCK)[: stop - start].astype(np.float64)
        mean, square = (counts @ part / (2.0 * n) for part in sums)
        variance = square - mean**2
        share = np.where(variance > 0, variance, np.nan)
        for at, part in enumerate(parts):
            drawn[at, start:stop] = counts @ part / n / (2.0 * share)
        drawn[2 * d, start:stop] = variance
    tail = (1.0 - level) / 2.0
    return tuple(  # type: ignore[return-value]
        Sobol(first=bound[:d], total=bound[d : 2 * d], variance=bound[2 * d])
        for bound in (_quantile(drawn, tail), _quantile(drawn, 1.0 - tail))
    )


def _quantile(drawn: Floats, share: float) -> Floats:
    """Return a quantile over the second axis, over the draws there are; not a number where there are none."""
    out = np.full((drawn.shape[0], drawn.shape[2]), np.nan)
    known = ~np.isnan(drawn).all(axis=1) if drawn.shape[1] else np.zeros(out.shape, dtype=bool)
    some = np.moveaxis(drawn, 1, 2)[known]
    if len(some):
        out[known] = np.nanquantile(some, share, axis=1)
    return out
