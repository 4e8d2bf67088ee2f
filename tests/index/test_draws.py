"""Draws: the same for the same seed, of the shape and spread that their formulas say."""

import numpy as np
import pytest
from scipy.stats import qmc

from cosmopolis.errors import SpecError
from cosmopolis.index import draws


def test_name_seed_and_block_each_give_another_stream() -> None:
    first = [
        draws.stream(name, seed, block=block).random()
        for name, seed, block in (("a", 1, 0), ("a", 1, 0), ("b", 1, 0), ("a", 2, 0), ("a", 1, 1))
    ]
    assert first[0] == first[1]
    assert len(set(first)) == 4


def test_a_stream_is_pinned() -> None:
    """These numbers must never change: results of published editions hang on them."""
    assert draws.stream("weights", 2024).integers(0, 1000, 5).tolist() == [937, 699, 590, 807, 974]


@pytest.mark.parametrize("seed", [-1, 1.5, True, "x"])
def test_a_bad_seed_is_refused(seed: int) -> None:
    with pytest.raises(SpecError, match="whole number from 0"):
        draws.stream("a", seed)


def test_few_draws_are_the_first_of_many() -> None:
    many, few = (3 * draws.BLOCK + 5, draws.BLOCK + 7)
    w = [1.0, 2.0, 3.0]
    for draw in (
        lambda n: draws.uniforms(n, 2, name="u", seed=4),
        lambda n: draws.choices(n, 5, name="c", seed=4),
        lambda n: draws.noisy_weights(w, n, factor=0.2, seed=4),
        lambda n: draws.noisy_weights(w, n, factor=0.2, kind="normal", seed=4),
        lambda n: draws.dirichlet_weights(w, n, seed=4),
    ):
        assert (draw(many)[:few] == draw(few)).all()


def test_choices_are_even() -> None:
    counts = np.bincount(draws.choices(30_000, 3, name="c", seed=1), minlength=3)
    assert (np.abs(counts - 10_000) < 400).all()  # 4.9 standard deviations


def test_uniform_noise_stays_in_its_bounds_and_fills_them() -> None:
    got = draws.noisy_weights([1.0, 4.0, 0.0], 20_000, factor=[0.25, 0.5, 0.9], seed=1)
    assert (got[:, 2] == 0).all()
    for column, low, high in ((0, 0.75, 1.25), (1, 2.0, 6.0)):
        assert low <= got[:, column].min() < low + 0.01 * high
        assert high - 0.01 * high < got[:, column].max() <= high
        assert got[:, column].mean() == pytest.approx((low + high) / 2, rel=0.01)


def test_normal_noise_has_its_deviation_and_never_falls_below_zero() -> None:
    got = draws.noisy_weights([2.0, 1.0], 20_000, factor=[0.1, 2.0], kind="normal", seed=1)
    assert got[:, 0].std() == pytest.approx(0.2, rel=0.03)
    assert got[:, 0].mean() == pytest.approx(2.0, rel=0.01)
    assert got[:, 1].min() == 0.0


@pytest.mark.parametrize(
    ("factor", "kind", "message"),
    [(1.0, "uniform", "below 1"), (-0.1, "normal", "at least 0"), (0.1, "unifrom", "did you mean 'uniform'")],
)
def test_bad_noise_is_refused(factor: float, kind: draws.Noise, message: str) -> None:
    with pytest.raises(SpecError, match=message):
        draws.noisy_weights([1.0], 1, factor=factor, kind=kind)


def test_negative_weights_are_refused() -> None:
    with pytest.raises(SpecError, match="at least 0"):
        draws.noisy_weights([1.0, -1.0], 1, factor=0.1)


def test_dirichlet_keeps_sums_and_means_of_groups() -> None:
    w = [1.0, 3.0, 0.0, 5.0, 5.0, 7.0]
    got = draws.dirichlet_weights(w, 20_000, groups=[[0, 1, 2], [3, 4], [5]], seed=2)
    assert np.allclose(got[:, :3].sum(axis=1), 4.0)
    assert np.allclose(got[:, 3:5].sum(axis=1), 10.0)
    assert (got[:, 5] == 7.0).all()
    assert (got[:, 2] == 0.0).all()
    assert got.mean(axis=0) == pytest.approx(np.array(w), rel=0.02)


def test_dirichlet_of_equal_weights_is_flat() -> None:
    """With two siblings the share is then even on (0, 1); its variance is 1/12."""
    got = draws.dirichlet_weights([1.0, 1.0], 20_000, seed=2)[:, 0] / 2.0
    assert np.quantile(got, [0.1, 0.5, 0.9]) == pytest.approx([0.1, 0.5, 0.9], abs=0.015)
    assert got.var() == pytest.approx(1 / 12, rel=0.03)


def test_dirichlet_variance_falls_with_concentration() -> None:
    """Var p'_c = p_c (1 − p_c) / (a K + 1)."""
    a, w = 20.0, np.array([1.0, 3.0])
    got = draws.dirichlet_weights(w, 20_000, concentration=a, seed=2)[:, 0] / 4.0
    assert got.var() == pytest.approx(0.25 * 0.75 / (2 * a + 1), rel=0.03)
    with pytest.raises(SpecError, match="above 0"):
        draws.dirichlet_weights(w, 1, concentration=0.0)


def test_the_design_of_saltelli() -> None:
    n, d = 64, 3
    points = draws.saltelli(n, d, seed=5)
    a, b = points[0], points[1]
    assert points.min() >= 0
    assert points.max() < 1
    for i in range(d):
        others = [j for j in range(d) if j != i]
        assert (points[2 + i][:, i] == b[:, i]).all()
        assert (points[2 + i][:, others] == a[:, others]).all()
    # A Sobol sequence of n points has exactly one in each of n equal parts of a column, shifted or not.
    start = (a[:, 0] - a[0, 0]) % 1.0
    assert sorted(np.floor(start * n + 1e-9).astype(int).tolist()) == list(range(n))
    assert qmc.discrepancy(np.hstack([a, b])) < qmc.discrepancy(np.random.default_rng(0).random((n, 2 * d)))


@pytest.mark.parametrize("n", [0, 1, 100])
def test_the_design_takes_powers_of_two(n: int) -> None:
    with pytest.raises(SpecError, match="power of 2"):
        draws.saltelli(n, 2)


def test_nothing_to_vary_or_draw_is_refused() -> None:
    with pytest.raises(SpecError, match="at least one factor"):
        draws.saltelli(8, 0)
    with pytest.raises(SpecError, match="at least 1 draw"):
        draws.uniforms(0, 1, name="u", seed=1)
    with pytest.raises(SpecError, match="at least 1"):
        draws.choices(3, 0, name="u", seed=1)
