"""How much know-how an economy has, told by what it does and by who else does it.

A place is specialised in an activity (M_cp = 1) where it has more of it than the world's share:
`specialisation.quotients` says how much more. Diversity k_c is in how many activities a place is specialised,
ubiquity k_p how many places are specialised in an activity. Complexity weighs a place's activities by the
complexity of the other places that have them, and so on without end.

Amounts are whatever is counted by place and activity: firms by sector, patents by class, exports by product.
A quotient of small counts is mostly chance; leave out places and activities with little (`least`).
"""

from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.typing import NDArray
from scipy.linalg import eigh
from scipy.sparse import csr_matrix
from scipy.sparse.csgraph import connected_components
from scipy.stats import pearsonr

from cosmopolis.errors import FormatError
from cosmopolis.networks.links import require, sum_exactly

Floats = NDArray[np.float64]

COMPLEXITY = pl.Schema(
    {
        "level": pl.String,
        "field_system": pl.String,
        "year": pl.Int64,
        "kind": pl.String,
        "key": pl.String,
        "value": pl.Float64,
        "diversity": pl.Int64,
        "rank": pl.Int64,
        "orientation": pl.Float64,
    }
)
"""Columns of the table of complexity: of places (`kind` eci) and of activities (pci)."""

THRESHOLD = 1.0
"""A place is specialised in an activity from this quotient on: as much of it as the world has."""

SIGN_P = 0.05
"""Below this p-value of its correlation with diversity, the sign of the index is taken as told."""

DECIMALS = 9
"""Values are rounded to this many decimals: beyond, linear algebra libraries disagree."""

_SAME = 1e-9  # singular values nearer than this are equal, and the vector between them is not told
_LEAST = 2  # one place or one activity is no comparison


@dataclass(frozen=True, kw_only=True)
class Specialised:
    """Which place is specialised in which activity.

    Attributes
    ----------
    places, activities
        Names of rows and columns, ascending.
    matrix
        M, places × activities, true where specialised.
    """

    places: pl.Series
    activities: pl.Series
    matrix: NDArray[np.bool_]


def specialised(
    amounts: pl.DataFrame,
    *,
    place: str = "city_id",
    activity: str = "field",
    amount: str = "count",
    threshold: float = THRESHOLD,
    least: tuple[float, float] = (0.0, 0.0),
) -> Specialised:
    """Tell which places are specialised in which activities, M_cp = [RCA_cp ≥ threshold].

    RCA_cp = (x_cp / x_c.) / (x_.p / x_..), the location quotient, over the places and activities that are
    left: see `specialisation.quotients`.

    Parameters
    ----------
    amounts
        A column each of places, activities and amounts ≥ 0; rows of the same two are added up.
    least
        Least total of a place and of an activity, applied once, to the totals of all. What has less is left
        out before quotients are taken, as is what has nothing.

    Returns
    -------
    specialised
        Places and activities with something, even where they are specialised in nothing.

    Raises
    ------
    FormatError
        If an amount is missing, not finite or negative.

    Notes
    -----
    Balassa (1965), *The Manchester School* 33(2), 99–123.

    Examples
    --------
    >>> amounts = pl.DataFrame(
    ...     {"city_id": [1, 1, 2], "field": ["a", "b", "a"], "count": [1.0, 3.0, 4.0]})
    >>> specialised(amounts).matrix.tolist()
    [[False, True], [True, False]]
    """
    require(amounts, [place, activity, amount], what="amounts")
    x = amounts.with_columns(pl.col(amount).cast(pl.Float64))
    bad = x.filter(pl.col(amount).is_null() | ~pl.col(amount).is_finite() | (pl.col(amount) < 0))
    if bad.height:
        raise FormatError(
            f"{bad.height} amounts are no numbers ≥ 0; the first is {bad.row(0, named=True)}; "
            "leave out what has no data"
        )
    x = sum_exactly(x.filter(pl.col(amount) > 0), [place, activity], amount)
    totals = [sum_exactly(x, [name], amount) for name in (place, activity)]
    for total, low in zip(totals, least, strict=True):
        x = x.join(total.filter(pl.col(amount) >= low).drop(amount), on=total.columns[0], how="semi")
    places, activities = x[place].unique().sort(), x[activity].unique().sort()
    matrix = np.zeros((len(places), len(activities)))
    matrix[places.search_sorted(x[place]).to_numpy(), activities.search_sorted(x[activity]).to_numpy()] = x[
        amount
    ].to_numpy()
    rows, columns, total = matrix.sum(axis=1), matrix.sum(axis=0), matrix.sum()
    quotients = matrix * total >= threshold * rows[:, None] * columns[None, :] * (1.0 - _SAME)
    return Specialised(places=places, activities=activities, matrix=quotients & (matrix > 0))


def indices(matrix: NDArray[np.bool_]) -> tuple[Floats, Floats]:
    """Return the complexity of places (ECI) and of activities (PCI).

    ECI is the eigenvector with the second largest eigenvalue of
    M̃_cc' = Σ_p M_cp M_c'p / (k_c k_p), put to mean 0 and standard deviation 1 (of the whole population); PCI
    that of M̃_pp' = Σ_c M_cp M_cp' / (k_c k_p). An eigenvector has no sign of its own: ECI is turned so that
    it rises with diversity k_c (Pearson's r > 0), and PCI so that complex places have complex activities.
    Where r = 0, PCI falls with ubiquity.

    Parameters
    ----------
    matrix
        Places × activities, true where a place is specialised.

    Returns
    -------
    eci, pci
        No unit; one for each row and column. Not a number outside the largest connected part of places and
        activities (most places; then the first), since parts cannot be compared, and everywhere where the
        second eigenvalue is not one of its own.

    Notes
    -----
    Hidalgo & Hausmann (2009), The building blocks of economic complexity, *PNAS* 106(26), 10570–10575;
    Hausmann, Hidalgo et al. (2014), *The Atlas of Economic Complexity*, MIT Press. Computed from the singular
    vectors of k_c^-½ M k_p^-½, which is steadier than the eigenvectors of M̃. ECI is not diversity: before it
    is put to scale, its mean with k_c as weights is 0 (Mealy, Farmer & Teytelboym 2019, *Science Advances* 5,
    eaau1705); it orders places along the line that parts alike from unlike best.

    Examples
    --------
    >>> nested = np.array([[1, 1, 1], [1, 1, 0], [1, 0, 0]], dtype=bool)
    >>> eci, pci = indices(nested)
    >>> bool(eci[0] > eci[1] > eci[2]), bool(pci[0] < pci[1] < pci[2])
    (True, True)
    """
    m = np.asarray(matrix, dtype=np.bool_)
    if m.ndim != _LEAST:
        raise FormatError(f"got a matrix of {m.ndim} dimensions, but expected places × activities")
    eci, pci = np.full(m.shape[0], np.nan), np.full(m.shape[1], np.nan)
    rows, columns = _largest_part(m)
    if len(rows) < _LEAST or len(columns) < _LEAST:
        return eci, pci
    part = m[np.ix_(rows, columns)].astype(np.float64)
    diversity, ubiquity = part.sum(axis=1), part.sum(axis=0)
    scaled = part / np.sqrt(diversity)[:, None] / np.sqrt(ubiquity)[None, :]
    left, right = _second(scaled)
    if not left.size:
        return eci, pci
    place, activity = left / np.sqrt(diversity), right / np.sqrt(ubiquity)
    along = float(np.dot(place - place.mean(), diversity - diversity.mean()))
    size = np.linalg.norm(place - place.mean()) * np.linalg.norm(diversity - diversity.mean())
    if abs(along) <= _SAME * size:
        along = -float(np.dot(activity - activity.mean(), ubiquity - ubiquity.mean()))
    sign = -1.0 if along < 0 else 1.0
    eci[rows], pci[columns] = _standard(sign * place), _standard(sign * activity)
    return eci, pci


def _second(scaled: Floats) -> tuple[Floats, Floats]:
    """Return the second pair of singular vectors of a matrix, up to their lengths; empty where not told.

    By the eigenvectors of the smaller of M Mᵀ and Mᵀ M.
    """
    wide = scaled.shape[0] < scaled.shape[1]
    low = scaled if wide else scaled.T
    n = low.shape[0]
    values, vectors = eigh(low @ low.T, subset_by_index=(max(n - 3, 0), n - 1))
    second = values[-2]
    alone = n == _LEAST or second - values[-3] > _SAME
    if second <= _SAME or 1.0 - second <= _SAME or not alone:
        return np.zeros(0), np.zeros(0)
    one = np.asarray(vectors[:, -2], dtype=np.float64)
    other: Floats = low.T @ one
    return (one, other) if wide else (other, one)


def _standard(values: Floats) -> Floats:
    """Put values to mean 0 and standard deviation 1."""
    spread = values.std()
    return (
        np.round((values - values.mean()) / spread, DECIMALS) if spread > 0 else np.full_like(values, np.nan)
    )


def _largest_part(m: NDArray[np.bool_]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return rows and columns of the connected part with most places; of equal ones the first."""
    rows, columns = m.shape
    at, to = np.nonzero(m)
    graph = csr_matrix((np.ones(len(at)), (at, rows + to)), shape=(rows + columns, rows + columns))
    _, labels = connected_components(graph, directed=False)
    has = m.any(axis=1)
    if not has.any():
        none = np.zeros(0, dtype=np.int64)
        return none, none
    names, first, counts = np.unique(labels[:rows][has], return_index=True, return_counts=True)
    largest = names[np.lexsort((first, -counts))[0]]
    return (
        np.flatnonzero(has & (labels[:rows] == largest)).astype(np.int64),
        np.flatnonzero(m.any(axis=0) & (labels[rows:] == largest)).astype(np.int64),
    )


def proximity(matrix: NDArray[np.bool_]) -> Floats:
    """Return how related each two activities are, φ_pp' = min(P(p | p'), P(p' | p)).

    = Σ_c M_cp M_cp' / max(k_p, k_p'): of the places with the more common of the two, the share that has both.

    Parameters
    ----------
    matrix
        Places × activities, true where a place is specialised.

    Returns
    -------
    proximity
        Activities × activities, 0 to 1, with 0 on the diagonal: an activity says nothing of itself.

    Notes
    -----
    Hidalgo, Klinger, Barabási & Hausmann (2007), The product space conditions the development of nations,
    *Science* 317, 482–487. There the diagonal is 1.

    Examples
    --------
    >>> proximity(np.array([[1, 1], [1, 0]], dtype=bool)).tolist()
    [[0.0, 0.5], [0.5, 0.0]]
    """
    m = np.asarray(matrix, dtype=np.float64)
    ubiquity = m.sum(axis=0)
    most = np.maximum(ubiquity[:, None], ubiquity[None, :])
    near: Floats = np.divide(m.T @ m, most, out=np.zeros_like(most), where=most > 0)
    np.fill_diagonal(near, 0.0)
    return near


def relatedness_density(matrix: NDArray[np.bool_]) -> Floats:
    """Return how near each activity is to what each place does, ω_cp = Σ_p' M_cp' φ_pp' / Σ_p' φ_pp'.

    Parameters
    ----------
    matrix
        Places × activities, true where a place is specialised.

    Returns
    -------
    density
        Places × activities, 0 to 1: the share of what is related to the activity that the place has, p' ≠ p.
        Not a number for activities that are related to nothing.

    Notes
    -----
    Hidalgo et al. (2007) as in `proximity`; on regions and technologies Boschma, Balland & Kogler (2015),
    *Industrial and Corporate Change* 24(1), 223–250.

    Examples
    --------
    >>> relatedness_density(np.array([[1, 1], [1, 0]], dtype=bool)).tolist()
    [[1.0, 1.0], [0.0, 1.0]]
    """
    near = proximity(matrix)
    total = near.sum(axis=0)
    related = np.asarray(matrix, dtype=np.float64) @ near
    density = np.full(related.shape, np.nan)
    known = total > 0
    density[:, known] = related[:, known] / total[known]
    return density


def table(found: Specialised, *, level: str, field_system: str, year: int) -> pl.DataFrame:
    """Put the complexity of places and activities into one table.

    Parameters
    ----------
    found
        As of `specialised`.
    level, field_system, year
        What stands in these columns: `city` or `country`, the kind of activities, the year.

    Returns
    -------
    frame
        By `COMPLEXITY`, sorted by kind, value (the highest first) and key. `diversity` of an activity is its
        ubiquity, the number of places specialised in it. `rank` 1 is the most complex. Value and rank are
        null where there is no index. `orientation` is the correlation of ECI with diversity, by which the
        sign of both was told. Where it is not different from 0 beyond chance (two-sided p < `SIGN_P`), values
        are an axis along which places differ, but which of its ends is the complex one is not told: ranks are
        null.

    Examples
    --------
    >>> nested = np.array([[1, 1, 1, 1], [1, 1, 1, 0], [1, 1, 0, 0], [1, 0, 0, 0]], dtype=bool)
    >>> found = Specialised(places=pl.Series([1, 2, 3, 4]), activities=pl.Series(list("abcd")), matrix=nested)
    >>> table(found, level="city", field_system="sectors", year=2025).select("kind", "key", "rank").rows()[:2]
    [('eci', '1', 1), ('eci', '2', 2)]
    """
    eci, pci = indices(found.matrix)
    known = ~np.isnan(eci)
    held = found.matrix[known].sum(axis=1).astype(np.float64)
    orientation, p_value = None, 1.0
    if len(held) > _LEAST and len(np.unique(held)) > 1:
        orientation, p_value = (float(number) for number in pearsonr(eci[known], held))
    told = p_value < SIGN_P
    parts = [
        pl.DataFrame(
            {
                "kind": kind,
                "key": names.cast(pl.String),
                "value": pl.Series(values, dtype=pl.Float64).fill_nan(None),
                "diversity": pl.Series(found.matrix.sum(axis=axis), dtype=pl.Int64),
            },
            schema_overrides={"kind": pl.String},
        ).with_columns(rank=pl.when(told).then(pl.col("value").rank("min", descending=True).cast(pl.Int64)))
        for kind, names, values, axis in zip(
            ("eci", "pci"), (found.places, found.activities), (eci, pci), (1, 0), strict=True
        )
    ]
    return (
        pl.concat(parts)
        .with_columns(
            level=pl.lit(level),
            field_system=pl.lit(field_system),
            year=pl.lit(year),
            orientation=pl.lit(orientation, dtype=pl.Float64).round(DECIMALS),
        )
        .select(pl.col(name).cast(dtype) for name, dtype in COMPLEXITY.items())
        .sort(["kind", "value", "key"], descending=[False, True, False], nulls_last=True)
    )
