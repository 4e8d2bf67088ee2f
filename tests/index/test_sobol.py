"""Sobol indices of the Ishigami function against its closed formula, and against SciPy."""

import numpy as np
import pytest
from scipy import stats

from cosmopolis.errors import SpecError
from cosmopolis.index import draws, sobol
from cosmopolis.index.sobol import Estimator, Floats

A, B = 7.0, 0.1


def _ishigami(u: Floats) -> Floats:
    """Return sin x1 + a sin² x2 + b x3⁴ sin x1, with x even on (−π, π)."""
    x = np.pi * (2.0 * u - 1.0)
    out: Floats = np.sin(x[..., 0]) + A * np.sin(x[..., 1]) ** 2 + B * x[..., 2] ** 4 * np.sin(x[..., 0])
    return out


def _closed() -> tuple[list[float], list[float], float]:
    """Return first- and total-order indices and the variance; Ishigami & Homma (1990).

    V1 = (1 + b π⁴/5)² / 2, V2 = a²/8, V3 = 0, V13 = 8 b² π⁸ / 225, the others 0.
    """
    v1 = (1 + B * np.pi**4 / 5) ** 2 / 2
    v2 = A**2 / 8
    v13 = 8 * B**2 * np.pi**8 / 225
    v = v1 + v2 + v13
    return [v1 / v, v2 / v, 0.0], [(v1 + v13) / v, v2 / v, v13 / v], v


def test_the_closed_formula_gives_the_published_values() -> None:
    first, total, variance = _closed()
    assert first == pytest.approx([0.3139, 0.4424, 0.0], abs=5e-5)
    assert total == pytest.approx([0.5576, 0.4424, 0.2437], abs=5e-5)
    assert variance == pytest.approx(A**2 / 8 + B * np.pi**4 / 5 + B**2 * np.pi**8 / 18 + 0.5)


@pytest.mark.parametrize("estimator", ["jansen", "saltelli"])
def test_ishigami(estimator: Estimator) -> None:
    y = _ishigami(draws.saltelli(2**14, 3, seed=2024))
    got = sobol.indices(y[0], y[1], y[2:], estimator=estimator)
    first, total, variance = _closed()
    assert got.first == pytest.approx(first, abs=0.005)
    assert got.total == pytest.approx(total, abs=0.005)
    assert float(got.variance) == pytest.approx(variance, rel=0.005)


def test_scipy_says_the_same_of_the_same_points() -> None:
    y = _ishigami(draws.saltelli(1024, 3, seed=5))
    got = sobol.indices(y[0], y[1], y[2:], estimator="saltelli")
    func = {"f_A": y[0][np.newaxis], "f_B": y[1][np.newaxis], "f_AB": y[2:][:, np.newaxis, :]}
    peer = stats.sobol_indices(func=func, n=1024)
    # SciPy divides by the variance of A and B together, and so do we.
    assert got.first == pytest.approx(np.ravel(peer.first_order), abs=1e-10)
    assert got.total == pytest.approx(np.ravel(peer.total_order), abs=1e-10)


def test_additive_outcomes_have_equal_indices_and_sum_to_one() -> None:
    points = draws.saltelli(4096, 3, seed=1)
    y = points @ np.array([1.0, 2.0, 3.0])
    got = sobol.indices(y[0], y[1], y[2:])
    expected = np.array([1.0, 4.0, 9.0]) / 14.0
    assert got.first == pytest.approx(expected, abs=0.01)
    assert got.total == pytest.approx(expected, abs=0.01)


def test_many_outcomes_are_each_as_alone() -> None:
    points = draws.saltelli(256, 2, seed=1)
    y = np.stack([points[..., 0], points[..., 0] * points[..., 1], np.zeros(points.shape[:2])], axis=2)
    got = sobol.indices(y[0], y[1], y[2:])
    assert got.first.shape == (2, 3)
    for at in range(2):
        alone = sobol.indices(y[0, :, at], y[1, :, at], y[2:, :, at])
        assert got.first[:, at] == pytest.approx(alone.first)
        assert got.total[:, at] == pytest.approx(alone.total)
    assert np.isnan(got.first[:, 2]).all()
    assert np.isnan(got.total[:, 2]).all()


def test_an_affine_outcome_has_the_same_indices() -> None:
    y = _ishigami(draws.saltelli(512, 3, seed=2))
    z = 1000.0 - 3.0 * y
    for estimator in ("jansen", "saltelli"):
        one, two = (sobol.indices(x[0], x[1], x[2:], estimator=estimator) for x in (y, z))
        assert one.first == pytest.approx(two.first, abs=1e-9)
        assert one.total == pytest.approx(two.total, abs=1e-9)


def _plain_bootstrap(y: Floats, resamples: int, seed: int) -> Floats:
    """Return total indices of each resample, resample by resample."""
    n = y.shape[1]
    out = []
    for counts in draws.stream("bootstrap", seed).multinomial(n, np.full(n, 1 / n), size=resamples):
        at = np.repeat(np.arange(n), counts)
        out.append(sobol.indices(y[0, at], y[1, at], y[2:, at]).total)
    return np.array(out)


def test_bootstrap_equals_resampling_one_by_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sobol, "BLOCK", 64)
    y = np.round(100 * _ishigami(draws.saltelli(128, 3, seed=3)))
    slow = _plain_bootstrap(y, 64, seed=9)
    low, high = sobol.bootstrap(
        y[0][:, np.newaxis], y[1][:, np.newaxis], y[2:][:, :, np.newaxis], resamples=64, level=0.9, seed=9
    )
    assert low.total[:, 0] == pytest.approx(np.quantile(slow, 0.05, axis=0))
    assert high.total[:, 0] == pytest.approx(np.quantile(slow, 0.95, axis=0))


def test_bootstrap_covers_the_truth() -> None:
    y = _ishigami(draws.saltelli(1024, 3, seed=3))[:, :, np.newaxis]
    low, high = sobol.bootstrap(y[0], y[1], y[2:], resamples=300, level=0.99, seed=1)
    first, total, _ = _closed()
    assert (low.first[:, 0] <= first).all()
    assert (first <= high.first[:, 0]).all()
    assert (low.total[:, 0] <= total).all()
    assert (total <= high.total[:, 0]).all()
    none, _ = sobol.bootstrap(y[0], y[1], y[2:], resamples=0, level=0.99)
    assert np.isnan(none.first).all()


def test_what_cannot_be_is_refused() -> None:
    y = np.zeros((4, 8))
    with pytest.raises(SpecError, match="did you mean 'jansen'"):
        sobol.indices(y[0], y[1], y[2:], estimator="janson")  # type: ignore[arg-type]
    with pytest.raises(SpecError, match="do not fit"):
        sobol.indices(y[0], y[1], y[2])
