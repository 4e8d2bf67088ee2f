"""Complexity: a planted nested world, the method of reflections, other linear algebra, and real patents."""

import gzip
from itertools import product

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from numpy.typing import NDArray
from real_mirror import DATA
from scipy.io import mmread

from cosmopolis.errors import FormatError
from cosmopolis.measures import complexity, specialisation
from cosmopolis.streams import stream

Floats = complexity.Floats
Matrix = NDArray[np.bool_]
MATRICES = arrays(np.bool_, st.tuples(st.integers(2, 7), st.integers(2, 7)))


def _nested(n: int, *, noise: float = 0.0, seed: int = 0) -> Matrix:
    """Plant places that have the first activities: place c has n − c of n, the rarer ones on top."""
    matrix = np.arange(n)[None, :] < n - np.arange(n)[:, None]
    flips = stream("nested", seed).random((n, n)) < noise
    return np.asarray(matrix ^ flips, dtype=np.bool_)


def _reflections(m: Matrix, rounds: int = 4000) -> Floats:
    """Reflect as the paper of 2009 does, k_c,N = (1/k_c) Σ_p M_cp k_p,N−1, put to scale every other time."""
    k_c, k_p = m.sum(axis=1), m.sum(axis=0)
    place: Floats = k_c - k_c.mean()
    for _ in range(rounds):
        place = m.astype(float) @ ((m.T.astype(float) @ place) / k_p) / k_c
        place = (place - place.mean()) / place.std()
    return place


def test_a_planted_nested_world_is_ordered() -> None:
    eci, pci = complexity.indices(_nested(9))
    assert np.all(np.diff(eci) < 0)
    assert np.all(np.diff(pci) > 0)
    assert eci.mean() == pytest.approx(0.0, abs=1e-8)
    assert eci.std() == pytest.approx(1.0, abs=1e-8)


def test_reflections_without_end_give_the_index() -> None:
    for seed in range(5):
        m = _nested(12, noise=0.1, seed=seed)
        eci, pci = complexity.indices(m)
        known = ~np.isnan(eci)
        assert known.sum() >= 10
        part = m[np.ix_(known, ~np.isnan(pci))]
        limit = _reflections(part)
        assert abs(np.corrcoef(limit, eci[known])[0, 1]) == pytest.approx(1.0, abs=1e-9)
        assert np.corrcoef(eci[known], part.sum(axis=1))[0, 1] > 0


@settings(deadline=None, max_examples=80)
@given(MATRICES)
def test_another_way_through_linear_algebra(m: Matrix) -> None:
    """The eigenvector of the matrix itself, which is not symmetric, for places and for activities."""
    eci, pci = complexity.indices(m)
    known = ~np.isnan(eci)
    assert known.any() == (~np.isnan(pci)).any()
    if not known.any():
        return
    part = m[np.ix_(known, ~np.isnan(pci))].astype(float)
    k_c, k_p = part.sum(axis=1), part.sum(axis=0)
    for index, tilde in (
        (eci[known], (part / k_p) @ part.T / k_c[:, None]),
        (pci[~np.isnan(pci)], (part.T / k_c) @ part / k_p[:, None]),
    ):
        values, vectors = np.linalg.eig(tilde)
        second = vectors[:, np.argsort(-values.real)[1]].real
        assert abs(np.corrcoef(index, second)[0, 1]) == pytest.approx(1.0, abs=1e-6)
    # places are as complex as what they do, up to scale and shift
    average = part @ pci[~np.isnan(pci)] / k_c
    assert np.corrcoef(average, eci[known])[0, 1] == pytest.approx(1.0, abs=1e-6)


def test_the_sign_follows_diversity_and_order_does_not_matter() -> None:
    m = _nested(8, noise=0.15, seed=3)
    order = stream("order", 1).permutation(8)
    eci, pci = complexity.indices(m)
    turned, turned_pci = complexity.indices(m[order][:, order])
    assert turned == pytest.approx(eci[order], abs=1e-7, nan_ok=True)
    assert turned_pci == pytest.approx(pci[order], abs=1e-7, nan_ok=True)


def test_parts_that_cannot_be_compared_have_no_index() -> None:
    m = np.zeros((6, 6), dtype=bool)
    m[:3, :3] = _nested(3)
    m[3:5, 3:5] = _nested(2)
    eci, pci = complexity.indices(m)
    assert np.isnan(eci).tolist() == np.isnan(pci).tolist() == [False] * 3 + [True] * 3


@pytest.mark.parametrize("m", [np.zeros((3, 3)), np.eye(3), np.ones((3, 3)), np.ones((1, 4))])
def test_no_index_where_places_do_not_differ(m: Matrix) -> None:
    eci, pci = complexity.indices(m.astype(bool))
    assert np.isnan(eci).all()
    assert np.isnan(pci).all()


def test_a_list_is_no_matrix() -> None:
    with pytest.raises(FormatError, match="1 dimensions"):
        complexity.indices(np.ones(3, dtype=bool))


@given(MATRICES)
def test_proximity_and_density_pair_by_pair(m: Matrix) -> None:
    near, density = complexity.proximity(m), complexity.relatedness_density(m)
    places, activities = m.shape
    for p, q in product(range(activities), repeat=2):
        k, both = max(m[:, p].sum(), m[:, q].sum()), (m[:, p] & m[:, q]).sum()
        assert near[p, q] == pytest.approx(both / k if p != q and k else 0.0)
    for c, p in product(range(places), range(activities)):
        total = sum(near[q, p] for q in range(activities))
        has = sum(near[q, p] for q in range(activities) if m[c, q])
        assert density[c, p] == pytest.approx(has / total if total else np.nan, nan_ok=True)


def test_specialised_is_the_location_quotient_from_one_on() -> None:
    draw = stream("amounts", 4)
    counts = draw.integers(0, 6, (7, 5))
    rows = [(2020, c, f"f{p}", int(counts[c, p])) for c, p in np.argwhere(counts > 0)]
    frame = pl.DataFrame(rows, schema=["year", "city_id", "field", "count"], orient="row")
    found = complexity.specialised(frame)
    quotients = specialisation.quotients(frame, amount="count").filter(pl.col("rca") >= 1 - 1e-9)
    mine = {(found.places[int(c)], found.activities[int(p)]) for c, p in np.argwhere(found.matrix)}
    assert mine == set(quotients.select("city_id", "field").iter_rows())


def test_places_and_activities_with_little_are_left_out() -> None:
    frame = pl.DataFrame({"city_id": [1, 1, 2, 3], "field": ["a", "b", "a", "c"], "count": [5, 5, 1, 9]})
    found = complexity.specialised(frame, least=(2.0, 6.0))
    assert found.places.to_list() == [1, 3]
    assert found.activities.to_list() == ["a", "c"]  # a has 6 with city 2, which is left out


def test_amounts_that_are_none() -> None:
    frame = pl.DataFrame({"city_id": [1], "field": ["a"], "count": [-1]})
    with pytest.raises(FormatError, match="leave out what has no data"):
        complexity.specialised(frame)


def test_the_table() -> None:
    """A nested world of four, and a fifth place that has nothing in common with it."""
    matrix = np.zeros((5, 5), dtype=bool)
    matrix[:4, :4], matrix[4, 4] = _nested(4), True
    found = complexity.Specialised(
        places=pl.Series([11, 12, 13, 14, 15]), activities=pl.Series(["a", "b", "c", "d", "z"]), matrix=matrix
    )
    got = complexity.table(found, level="city", field_system="sectors", year=2020)
    assert got.schema == complexity.COMPLEXITY
    assert got.select("kind", "key", "diversity", "rank").rows() == [
        ("eci", "11", 4, 1), ("eci", "12", 3, 2), ("eci", "13", 2, 3), ("eci", "14", 1, 4),
        ("eci", "15", 1, None),
        ("pci", "d", 1, 1), ("pci", "c", 2, 2), ("pci", "b", 3, 3), ("pci", "a", 4, 4),
        ("pci", "z", 1, None),
    ]  # fmt: skip
    values = got.filter(pl.col("kind") == "eci")["value"].drop_nulls().to_numpy()
    expected = np.corrcoef(values, [4, 3, 2, 1])[0, 1]
    assert got["orientation"].to_list() == pytest.approx([expected] * 10, abs=1e-8)


def test_no_ranks_where_the_sign_is_not_told() -> None:
    """Two like groups of places, each with activities of its own: an axis of which no end is the richer."""
    matrix = np.zeros((8, 9), dtype=bool)
    matrix[:4, :4], matrix[4:, 4:8], matrix[:, 8] = _nested(4), _nested(4), True
    matrix[0, 4] = True  # the groups meet
    found = complexity.Specialised(
        places=pl.Series(range(8)), activities=pl.Series(list("abcdefghi")), matrix=matrix
    )
    got = complexity.table(found, level="city", field_system="sectors", year=2020)
    assert got["value"].null_count() == 0
    assert abs(got["orientation"][0]) < 0.6
    assert got["rank"].null_count() == got.height


@pytest.mark.real
def test_patents_of_metropolitan_areas() -> None:
    """Areas by classes of 2010: the index is its own reflection, and the first way to reach it agrees."""
    path = DATA / "patents-metro-cpc" / "MA_x_cpc4" / "MA_tec_anno_2010.mtx.gz"
    if not path.is_file():
        pytest.skip("the real source 'patents-metro-cpc' is not here: COSMOPOLIS_DATA names its folder")
    with gzip.open(path) as file:
        cells = mmread(file).tocoo()
    frame = pl.DataFrame({"city_id": cells.row, "field": cells.col, "count": cells.data})
    found = complexity.specialised(frame, least=(500.0, 100.0))
    eci, pci = complexity.indices(found.matrix)
    rows, columns = ~np.isnan(eci), ~np.isnan(pci)
    assert rows.sum() > 200
    assert columns.sum() > 500
    m = found.matrix[np.ix_(rows, columns)].astype(float)
    k_c, k_p = m.sum(axis=1), m.sum(axis=0)
    reflected = m @ ((m.T @ eci[rows]) / k_p) / k_c
    assert np.corrcoef(reflected, eci[rows])[0, 1] == pytest.approx(1.0, abs=1e-12)
    assert np.corrcoef(_reflections(m > 0, 300), eci[rows])[0, 1] == pytest.approx(1.0, abs=1e-6)
    assert np.corrcoef(eci[rows], k_c)[0, 1] > 0
