"""Poisson pseudo-maximum likelihood with an effect for every city: the solver behind `gravity`.

Flows and terms are whole matrices, cities by cities. Newton's method on all parameters at once: the effects
are eliminated block by block, so a step costs one factorisation of a matrix as large as the number of
cities, and the slopes get their exact covariance. What the terms mean is not known here.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import cho_factor, cho_solve
from threadpoolctl import threadpool_limits

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]

STEPS_MAX = 200
"""Newton steps before giving up; a usual fit needs about ten, one with perfect prediction about thirty."""

TOLERANCE = 1e-11
"""Largest gap between observed and fitted sums, relative to what is summed, at which a fit is done."""

_NEAR = 1e-7  # gap at which perfect prediction is looked for
_RIDGE = 1e-12  # of the diagonal: keeps the factorisation alive where effects are known but for a constant
_VANISHING = 1e-5  # largest fitted value, of the mean flow, of a pair that is taken for perfectly predicted
_FALLING = (
    -0.25
)  # step of the linear predictor beyond which such a pair is still on its way to minus infinity
_LEVERAGE_MAX = 0.99  # a pair that the fit can follow at will says nothing of errors
_ALIKE = 1e-8  # share of a term that others must leave unexplained


@dataclass(frozen=True, kw_only=True)
class Fitted:
    """A fit: see `gravity.Gravity` for what is made of it.

    Attributes
    ----------
    slopes
        One for each term that is `kept`.
    robust, dyadic
        Their covariance by two sandwiches.
    kept
        For each term given, whether its slope is determined.
    expected
        n × n, 0 on the diagonal.
    separated
        Pairs that were left out: some combination of effects and terms predicts their zeros perfectly.
    steps, gap
        Newton steps made, and the largest relative gap of sums that is left.
    """

    slopes: Floats
    robust: Floats
    dyadic: Floats
    kept: list[bool]
    expected: Floats
    separated: Flags
    steps: int
    gap: float


@dataclass
class _State:
    """Parameters of the model and what follows from them."""

    origin: Floats
    destination: Floats
    slopes: Floats
    mean: Floats
    likelihood: float


def fit(flows: Floats, terms: Sequence[Floats], *, directed: bool) -> Fitted:
    """Fit E[y_ij] = exp(a_i + b_j + Σ_k β_k x_ijk) for i ≠ j; undirected with b = a, each pair once.

    Parameters
    ----------
    flows
        n × n, ≥ 0, whole or not; every row has a positive sum (directed: and every column). Symmetric if
        undirected. The diagonal is not looked at.
    terms
        n × n each; symmetric if undirected.

    Notes
    -----
    Linear algebra runs on one thread: at these sizes that is as fast, on a busy machine many times faster,
    and the bits do not depend on the number of cores.
    """
    with threadpool_limits(limits=1, user_api="blas"):
        return _fit(_Model(flows, terms, directed=directed))


def _fit(model: "_Model") -> Fitted:
    """Go Newton's steps until all sums agree."""
    state, steps, gap = model.start(), 0, np.inf
    while steps < STEPS_MAX:
        steps += 1
        gap = model.gap(state)
        step, change = model.step(state)
        if gap < _NEAR:
            lost = model.falling(state, change)
            if lost.any():
                model.leave_out(lost)
                state = model.start()  # afresh: what fell has carried effects and slopes far away
                continue
            if gap < TOLERANCE:
                break
        better = model.search(state, step)
        if better is None:  # rounding is all that is left
            break
        state = better
    robust, dyadic = model.covariances(state)
    return Fitted(
        slopes=state.slopes[model.kept],
        robust=robust,
        dyadic=dyadic,
        kept=model.kept.tolist(),
        expected=state.mean,
        separated=model.off & ~np.eye(model.n, dtype=bool),
        steps=steps,
        gap=float(gap),
    )


class _Model:
    """The flows and terms of a fit, with those pairs and terms that take part."""

    def __init__(self, flows: Floats, terms: Sequence[Floats], *, directed: bool) -> None:
        self.n = len(flows)
        self.directed = directed
        self.off = np.eye(self.n, dtype=bool)
        self.flows = np.where(self.off, 0.0, flows)
        self.terms = [np.where(self.off, 0.0, term) for term in terms]
        self.half = 1.0 if directed else 0.5  # an undirected pair stands twice in the matrices
        self.rows, self.columns = self.flows.sum(axis=1), self.flows.sum(axis=0)
        self.kept = np.ones(len(terms), dtype=bool)

    def start(self) -> _State:
        """Begin with independence, y_i. y_.j / y.., and no slopes."""
        total = self.flows.sum()
        state = self.state(
            np.log(self.rows) - np.log(total) / 2.0,
            np.log(self.columns) - np.log(total) / 2.0,
            np.zeros(len(self.terms)),
        )
        self.look_for_alike(state)
        return state

    def state(self, origin: Floats, destination: Floats, slopes: Floats) -> _State:
        """Compute means and log-likelihood, Σ (y η − μ)."""
        eta = origin[:, None] + destination[None, :]
        for slope, term in zip(slopes, self.terms, strict=True):
            if slope:
                eta += slope * term
        likelihood = float(np.vdot(self.flows, eta))
        with np.errstate(over="ignore"):
            mean = np.exp(eta, out=eta)
        mean[self.off] = 0.0
        return _State(origin, destination, slopes, mean, self.half * (likelihood - float(mean.sum())))

    def _used(self) -> list[Floats]:
        return [term for term, kept in zip(self.terms, self.kept, strict=True) if kept]

    def gap(self, state: _State) -> float:
        """Return the largest relative gap between observed and fitted sums, of cities and of terms."""
        gaps = [np.abs(state.mean.sum(axis=1) - self.rows) / self.rows]
        if self.directed:
            gaps.append(np.abs(state.mean.sum(axis=0) - self.columns) / self.columns)
        rest = self.flows - state.mean
        for term in self._used():
            scale = float(np.vdot(np.abs(term), self.flows)) or 1.0
            gaps.append(np.array([abs(float(np.vdot(term, rest))) / scale]))
        return float(max(gap.max() for gap in gaps))

    def step(self, state: _State) -> tuple[tuple[Floats, Floats, Floats], Floats]:
        """Return Newton's step of all parameters and the change of the linear predictor."""
        solve = self._solver(state.mean)
        rest = self.flows - state.mean
        u, v = solve(rest.sum(axis=1), rest.sum(axis=0))
        used = self._used()
        parts, inner = self._parts(state.mean, used, solve)
        slopes = np.zeros(len(self.terms))
        if used:
            score = np.array([self.half * float(np.vdot(term, rest)) for term in used])
            # Schur complement: the score less what the effects take
            score -= np.array([self._against(state.mean, term, u, v) for term in used])
            slopes[self.kept] = np.linalg.solve(inner, score)
            for slope, (p, q) in zip(slopes[self.kept], parts, strict=True):
                u, v = u - slope * p, v - slope * q
        change = u[:, None] + v[None, :]
        for slope, term in zip(slopes, self.terms, strict=True):
            if slope:
                change += slope * term
        return (u, v, slopes), change

    def _against(self, mean: Floats, term: Floats, u: Floats, v: Floats) -> float:
        """Return Σ μ x (u_i + v_j) over pairs."""
        weighted = mean * term
        return self.half * float(weighted.sum(axis=1) @ u + weighted.sum(axis=0) @ v)

    def _parts(
        self, mean: Floats, used: Sequence[Floats], solve: "_Solver"
    ) -> tuple[list[tuple[Floats, Floats]], Floats]:
        """Return each term's projection on the effects, and the information that is left for slopes."""
        parts = []
        inner = np.zeros((len(used), len(used)))
        for k, term in enumerate(used):
            weighted = mean * term
            parts.append(solve(weighted.sum(axis=1), weighted.sum(axis=0)))
            for m, other in enumerate(used[: k + 1]):
                rest = self._against(mean, other, *parts[k])
                inner[k, m] = inner[m, k] = self.half * float(np.vdot(weighted, other)) - rest
        return parts, inner

    def _solver(self, mean: Floats) -> "_Solver":
        return _Solver(mean, directed=self.directed)

    def look_for_alike(self, state: _State) -> None:
        """Drop terms that effects and the terms before them make up: their slope is not determined."""
        solve = self._solver(state.mean)
        candidates = np.flatnonzero(self.kept)
        used = [self.terms[k] for k in candidates]
        _, left = self._parts(state.mean, used, solve)
        scale = [self.half * float(np.vdot(state.mean * term, term)) for term in used]
        for k, place in enumerate(candidates):
            if left[k, k] <= _ALIKE * scale[k]:
                self.kept[place] = False
                state.slopes[place] = 0.0
                continue
            ratio = left[:, k] / left[k, k]
            left = left - np.outer(ratio, left[k])

    def falling(self, state: _State, change: Floats) -> Flags:
        """Return the zero pairs whose linear predictor still falls though all sums agree."""
        mean_flow = self.flows.sum() / (self.n * (self.n - 1.0))
        small = state.mean < _VANISHING * mean_flow
        lost: Flags = (self.flows == 0.0) & small & (change < _FALLING) & ~self.off
        return lost

    def leave_out(self, lost: Flags) -> None:
        """Take pairs out of the fit."""
        self.off |= lost
        for term in self.terms:
            term[lost] = 0.0

    def search(self, state: _State, step: tuple[Floats, Floats, Floats]) -> _State | None:
        """Go the step, or a half, a quarter … of it, so far that the likelihood does not fall."""
        u, v, slopes = step
        slack = 1e-13 * abs(state.likelihood)
        length = 1.0
        while length > 1e-6:  # noqa: PLR2004 - then the step is nothing but rounding
            to = self.state(
                state.origin + length * u, state.destination + length * v, state.slopes + length * slopes
            )
            if np.isfinite(to.likelihood) and to.likelihood >= state.likelihood - slack:
                return to
            length /= 2.0
        return None

    def covariances(self, state: _State) -> tuple[Floats, Floats]:
        """Return the covariance of the slopes robust to any variance, and robust to shared cities too.

        Each residual is divided by 1 − h with its leverage h (HC3): with an effect for every city the plain
        sandwich is too small.
        """
        used = self._used()
        if not used:
            return np.zeros((0, 0)), np.zeros((0, 0))
        solve = self._solver(state.mean)
        parts, inner = self._parts(state.mean, used, solve)
        bread = np.linalg.inv(inner)
        inward = [term - p[:, None] - q[None, :] for term, (p, q) in zip(used, parts, strict=True)]
        leverage = solve.leverage()
        for m, one in enumerate(inward):
            for o, other in enumerate(inward):
                leverage += bread[m, o] * one * other
        leverage *= state.mean
        rest = (self.flows - state.mean) / (1.0 - np.minimum(leverage, _LEVERAGE_MAX))
        rest[self.off] = 0.0
        scores = [one * rest for one in inward]
        k = len(used)
        each, pairs, cities = np.zeros((k, k)), np.zeros((k, k)), np.zeros((k, k))
        both = [score + score.T if self.directed else score for score in scores]
        sums = [score.sum(axis=1) for score in both]
        for m in range(k):
            for o in range(m + 1):
                each[m, o] = each[o, m] = self.half * float(np.vdot(scores[m], scores[o]))
                pairs[m, o] = pairs[o, m] = 0.5 * float(np.vdot(both[m], both[o]))
                cities[m, o] = cities[o, m] = float(sums[m] @ sums[o])
        return bread @ each @ bread, bread @ (cities - pairs) @ bread


class _Solver:
    """Solves H (u, v) = (p, q) for the effects' block H of the information.

    Undirected, v = u: (diag(r) + M) u = p. Directed: diag(r) u + M v = p, Mᵀ u + diag(c) v = q; there the
    effects are known but for a constant, and the solution with Σ c v = 0 is taken.
    """

    def __init__(self, mean: Floats, *, directed: bool) -> None:
        self.mean, self.directed = mean, directed
        self.rows, columns = mean.sum(axis=1), mean.sum(axis=0)
        if directed:
            matrix = np.outer(columns, columns / columns.sum()) - mean.T @ (mean / self.rows[:, None])
            diagonal = columns
        else:
            matrix = mean.copy()
            diagonal = self.rows
        matrix[np.diag_indices_from(matrix)] += diagonal * (1.0 + _RIDGE)
        self.factor = cho_factor(matrix, overwrite_a=True, check_finite=False)

    def __call__(self, p: Floats, q: Floats) -> tuple[Floats, Floats]:
        """Return u and v."""
        if not self.directed:
            u = cho_solve(self.factor, p, check_finite=False)
            return u, u
        v = cho_solve(self.factor, q - self.mean.T @ (p / self.rows), check_finite=False)
        return (p - self.mean @ v) / self.rows, v

    def leverage(self) -> Floats:
        """Return z' H⁻¹ z for every pair, z its two effects."""
        inverse = cho_solve(self.factor, np.eye(len(self.rows)), check_finite=False)
        if not self.directed:
            own = np.diag(inverse)
            spread: Floats = own[:, None] + own[None, :] + 2.0 * inverse
            return spread
        share = self.mean / self.rows[:, None]  # H⁻¹ by blocks: destinations first, then origins
        across = share @ inverse
        origin = 1.0 / self.rows + np.einsum("ij,ij->i", across, share)
        spread = origin[:, None] + np.diag(inverse)[None, :] - 2.0 * across
        return np.asarray(spread)
