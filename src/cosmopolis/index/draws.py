"""Random draws for uncertainty analysis: named seeds, weights, choices, designs for sensitivity.

Every draw is made in blocks of `BLOCK` rows, each from a stream of its own that follows from a name, a
number and the block's place. So a draw depends on neither threads nor platform, and the first rows of a long
draw are the short draw of the same seed. Nothing here knows what is drawn for: see `uncertainty`.
"""

from collections.abc import Iterator, Sequence
from typing import Literal, get_args

import numpy as np
from numpy.typing import NDArray
from scipy.stats import qmc

from cosmopolis.errors import SpecError, hint_near
from cosmopolis.streams import stream

__all__ = [
    "BLOCK",
    "choices",
    "dirichlet_weights",
    "levels",
    "noisy_weights",
    "saltelli",
    "stream",
    "uniforms",
]

Floats = NDArray[np.float64]
Places = NDArray[np.int64]
Noise = Literal["uniform", "normal"]
"""How noise on weights is spread: evenly between two bounds, or as a normal curve."""

BLOCK = 1024
"""Rows that share a stream of random numbers. Part of what a seed means: another size, other numbers."""


def uniforms(n: int, columns: int, *, name: str, seed: int) -> Floats:
    """Draw n × columns numbers from [0, 1).

    Examples
    --------
    >>> few, many = (uniforms(n, 2, name="x", seed=1) for n in (3, 5000))
    >>> bool((few == many[:3]).all())
    True
    """
    out = np.empty((n, columns))
    for start, stop, rng in _blocks(n, name, seed):
        out[start:stop] = rng.random((BLOCK, columns))[: stop - start]
    return out


def choices(n: int, size: int, *, name: str, seed: int) -> Places:
    """Choose one of `size` things n times, each as likely as the others.

    Examples
    --------
    >>> choices(6, 3, name="normalise", seed=1).tolist()
    [1, 2, 2, 0, 2, 0]
    """
    return levels(uniforms(n, 1, name=name, seed=seed)[:, 0], size)


def levels(u: Floats, size: int) -> Places:
    """Turn numbers of [0, 1) into places 0..size − 1: ⌊u · size⌋.

    Examples
    --------
    >>> levels(np.array([0.0, 0.49, 0.5, 0.999]), 2).tolist()
    [0, 0, 1, 1]
    """
    if size < 1:
        raise SpecError(f"got {size} things to choose from, but expected at least 1")
    return np.minimum((u * size).astype(np.int64), size - 1)


def noisy_weights(
    weights: Sequence[float] | Floats,
    n: int,
    *,
    factor: float | Sequence[float] | Floats,
    kind: Noise = "uniform",
    name: str = "weights",
    seed: int = 0,
) -> Floats:
    """Draw weights around given ones.

    w'_c = w_c (1 + f_c z_c), with z_c from [−1, 1) evenly (`uniform`), or from the normal curve with mean 0
    and deviation 1 (`normal`; what falls below 0 is 0). Only ratios of weights matter, so none is rescaled.

    Parameters
    ----------
    weights
        w, at least 0, one for each entry of a tree.
    n
        How many sets of weights.
    factor
        f, for all or for each: 0.25 is ± 25 %. Below 1 if `uniform`, so that every weight stays above 0.

    Returns
    -------
    sets
        n × entries.

    Raises
    ------
    SpecError
        If a factor or weight is out of bounds, or the kind unknown.

    Notes
    -----
    `uniform` is the noise of COINr (`get_noisy_weights`). W. Becker et al. (2017), *Ecological Indicators*
    80, 12-22, on weights and importance.

    Examples
    --------
    >>> noisy_weights([1.0, 2.0], 2, factor=0.0).tolist()
    [[1.0, 2.0], [1.0, 2.0]]
    """
    if kind not in get_args(Noise):
        raise SpecError(f"there is no noise of kind {kind!r}" + hint_near(str(kind), get_args(Noise)))
    w = _weights(weights)
    f = np.broadcast_to(np.asarray(factor, dtype=np.float64), w.shape)
    if not np.isfinite(f).all() or (f < 0).any() or (kind == "uniform" and (f >= 1).any()):
        most = "below 1" if kind == "uniform" else "finite"
        raise SpecError(f"got a noise factor of {factor!r}, but expected at least 0 and {most}")
    out = np.empty((n, len(w)))
    for start, stop, rng in _blocks(n, name, seed):
        shape = (BLOCK, len(w))
        z = 2.0 * rng.random(shape) - 1.0 if kind == "uniform" else rng.standard_normal(shape)
        out[start:stop] = np.maximum(w * (1.0 + f * z), 0.0)[: stop - start]
    return out


def dirichlet_weights(
    weights: Sequence[float] | Floats,
    n: int,
    *,
    groups: Sequence[Sequence[int]] | None = None,
    concentration: float = 1.0,
    name: str = "weights",
    seed: int = 0,
) -> Floats:
    """Draw the shares of siblings from a Dirichlet distribution with their given shares as mean.

    (w'_1..w'_K)/Σw ~ Dirichlet(a K p_1..a K p_K), p_c = w_c / Σ w, for K siblings with a weight above 0. With
    a = 1 and equal weights every set of shares is as likely as any other; the larger a, the nearer to p.

    Parameters
    ----------
    weights
        w, one for each entry of a tree.
    groups
        Places of siblings; each group is drawn alone and keeps its sum. One group of all if not given;
        entries in no group keep their weight.
    concentration
        a, above 0.

    Returns
    -------
    sets
        n × entries.

    Raises
    ------
    SpecError
        If a weight is below 0 or a is not above 0.

    Notes
    -----
    Gamma variates of shape a K p_c, divided by their sum. The flat case, every set of weights alike, is that
    of SMAA: R. Lahdelma, J. Hokkanen, P. Salminen (1998), *European Journal of Operational Research* 106.

    Examples
    --------
    >>> sets = dirichlet_weights([1.0, 1.0, 5.0], 4, groups=[[0, 1]], seed=3)
    >>> bool(np.allclose(sets[:, :2].sum(axis=1), 2.0)), sets[:, 2].tolist()
    (True, [5.0, 5.0, 5.0, 5.0])
    """
    if not 0 < concentration < np.inf:
        raise SpecError(f"got concentration = {concentration!r}, but expected a number above 0")
    w = _weights(weights)
    out = np.tile(w, (n, 1))
    drawn = [
        np.array([c for c in group if w[c] > 0], dtype=np.intp)
        for group in ([range(len(w))] if groups is None else groups)
    ]
    for start, stop, rng in _blocks(n, name, seed):
        for group in drawn:
            if len(group) < 2:  # noqa: PLR2004 - an only child has nobody to share with
                continue
            mean = w[group] / w[group].sum()
            gamma = rng.standard_gamma(concentration * len(group) * mean, size=(BLOCK, len(group)))
            # All zero happens with tiny shapes only; then the given shares stand.
            gamma = np.where(gamma.sum(axis=1, keepdims=True) > 0, gamma, mean)
            share = gamma / gamma.sum(axis=1, keepdims=True)
            out[start:stop, group] = (share * w[group].sum())[: stop - start]
    return out


def saltelli(n: int, factors: int, *, name: str = "sobol", seed: int = 0) -> Floats:
    """Return the points at which a model is run for Sobol indices.

    Two n × d samples A and B from one Sobol sequence of 2d columns, shifted by one random vector modulo 1
    (Cranley & Patterson), and for each factor i the sample A with column i taken from B.

    Parameters
    ----------
    n
        A power of 2; the model is run n (d + 2) times.
    factors
        d.

    Returns
    -------
    points
        (d + 2) × n × d, in [0, 1): A, B, AB_1..AB_d.

    Raises
    ------
    SpecError
        If n is not a power of 2 or there is no factor.

    Notes
    -----
    A. Saltelli et al. (2010), *Computer Physics Communications* 181, 259-270. The shift: R. Cranley,
    T. Patterson (1976), *SIAM Journal on Numerical Analysis* 13, 904-914.

    Examples
    --------
    >>> points = saltelli(8, 3, seed=1)
    >>> points.shape, bool((points[2][:, 0] == points[1][:, 0]).all())
    ((5, 8, 3), True)
    """
    if n < 2 or n & (n - 1):  # noqa: PLR2004 - one point has no variance
        raise SpecError(f"got n = {n}, but expected a power of 2 such as {2 ** max(1, int(n).bit_length())}")
    if factors < 1:
        raise SpecError("there is nothing to vary; give at least one factor")
    sequence = qmc.Sobol(2 * factors, scramble=False).random(n)
    shift = stream(name, seed).random(2 * factors)
    both = (sequence + shift) % 1.0
    a, b = both[:, :factors], both[:, factors:]
    points = np.tile(a, (factors + 2, 1, 1))
    points[1] = b
    for factor in range(factors):
        points[2 + factor][:, factor] = b[:, factor]
    return points


def _weights(weights: Sequence[float] | Floats) -> Floats:
    w = np.asarray(weights, dtype=np.float64)
    if w.ndim != 1 or not np.isfinite(w).all() or (w < 0).any():
        raise SpecError(f"got weights {weights!r}, but expected a list of numbers of at least 0")
    return w


def _blocks(n: int, name: str, seed: int) -> Iterator[tuple[int, int, np.random.Generator]]:
    """Give first row, end row and stream of every block; a block is always drawn whole, then cut."""
    if n < 1:
        raise SpecError(f"got n = {n}, but expected at least 1 draw")
    for block, start in enumerate(range(0, n, BLOCK)):
        yield start, min(start + BLOCK, n), stream(name, seed, block=block)
