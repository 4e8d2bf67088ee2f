"""How sure a count is: exact intervals and tests for shares and Poisson counts, and many tests at once.

Nothing here knows what is counted.
"""

import numpy as np
from numpy.typing import NDArray
from scipy import special

Floats = NDArray[np.float64]


def binomial_interval(x: Floats, n: Floats, *, level: float = 0.95) -> tuple[Floats, Floats]:
    """Return the exact interval of a share, x of n (Clopper & Pearson 1934); 0 … 1 where n = 0."""
    tail = (1.0 - level) / 2.0
    low = np.where(x > 0, special.betaincinv(np.maximum(x, 1e-9), n - x + 1.0, tail), 0.0)
    high = np.where(x < n, special.betainccinv(x + 1.0, np.maximum(n - x, 1e-9), tail), 1.0)
    return low, high


def binomial_p(x: Floats, n: Floats, share: Floats) -> Floats:
    """Return the two-sided p-value of x of n for a share, twice the smaller tail and at most 1."""
    below = np.where(x < n, special.betainc(np.maximum(n - x, 1e-9), x + 1.0, 1.0 - share), 1.0)
    above = np.where(x > 0, special.betainc(np.maximum(x, 1e-9), n - x + 1.0, share), 1.0)
    return np.minimum(1.0, 2.0 * np.minimum(below, above))


def poisson_interval(count: Floats, *, level: float = 0.95) -> tuple[Floats, Floats]:
    """Return the exact interval of a Poisson mean: Γ⁻¹(α/2; c) … Γ⁻¹(1 − α/2; c + 1), from 0 if c = 0.

    Notes
    -----
    Garwood (1936), Fiducial limits for the Poisson distribution, *Biometrika* 28, 437–442.

    Examples
    --------
    >>> low, high = poisson_interval(np.array([0.0]))
    >>> round(float(high[0]), 3)  # −ln 0.025
    3.689
    """
    distinct, at = np.unique(count, return_inverse=True)
    tail = (1.0 - level) / 2.0
    low = np.where(distinct > 0, special.gammaincinv(np.maximum(distinct, 1e-9), tail), 0.0)
    high = special.gammainccinv(distinct + 1.0, tail)
    return low[at], high[at]


def poisson_p(count: Floats, mean: Floats) -> Floats:
    """Return the two-sided p-value of a count: min(1, 2 min(P(X ≤ c), P(X ≥ c))), X ~ Poisson(mean).

    Examples
    --------
    >>> poisson_p(np.array([0.0]), np.array([3.0])).round(4).tolist()  # 2 exp(−3)
    [0.0996]
    """
    below = special.pdtr(count, mean)
    above = np.where(count > 0, special.pdtrc(np.maximum(count - 1.0, 0.0), mean), 1.0)
    p: Floats = np.minimum(1.0, 2.0 * np.minimum(below, above))
    return p


def q_values(p: Floats) -> Floats:
    """Return the smallest false discovery rate at which each test would be named.

    q_(i) = min_{j ≥ i} min(1, p_(j) m / j) for the m p-values in ascending order.

    Notes
    -----
    Benjamini & Hochberg (1995), *Journal of the Royal Statistical Society B* 57(1), 289–300.

    Examples
    --------
    >>> q_values(np.array([0.01, 0.5, 0.02])).tolist()
    [0.03, 0.5, 0.03]
    """
    order = np.argsort(p, kind="stable")
    scaled = p[order] * len(p) / np.arange(1, len(p) + 1)
    q = np.empty_like(p)
    q[order] = np.minimum(np.minimum.accumulate(scaled[::-1])[::-1], 1.0)
    return q
