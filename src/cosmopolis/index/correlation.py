"""How columns go together: correlations, principal components, consistency.

Arrays only: units × columns, not a number is no data. Each function says which units it stands on: those that
two columns have in common (pairwise), or those with data in every column (listwise).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np
from numpy.typing import NDArray
from scipy import stats

from cosmopolis.errors import FormatError, SpecError, UnknownNameError, hint_near

Vector = NDArray[np.float64]
Matrix = NDArray[np.float64]
Correlation = Literal["pearson", "spearman", "kendall"]

Gaps = Literal["pairwise", "listwise"]
"""Which units a number of several columns stands on: those that two have in common, or that all have."""

SAME_VALUE_SHARE = 1e-12
"""Values whose span is below this share of the largest are all the same, but for rounding."""

LEAST_UNITS = 3
"""Between two units every correlation is 1 or -1, so that fewer than three say nothing."""


@dataclass(frozen=True, kw_only=True)
class Components:
    """Principal components of the correlation matrix of some columns.

    Attributes
    ----------
    eigenvalues
        One a component, largest first; they sum to the number of columns.
    shares
        Of the variance, 0..1: eigenvalues over their sum.
    loadings
        Columns × components, each component of length 1, its sign such that its loadings sum to 0 or more.
    units
        How many units were used: those with data in every column.
    """

    eigenvalues: Vector
    shares: Vector
    loadings: Matrix
    units: int


def correlations(
    values: Matrix, others: Matrix | None = None, *, kind: Correlation = "pearson"
) -> tuple[Matrix, NDArray[np.int64]]:
    """Correlate columns with columns over the units that have both (pairwise complete).

    `pearson`: r = Σ (x − x̄)(y − ȳ) / √(Σ (x − x̄)² Σ (y − ȳ)²), means and sums over the common units.
    `spearman`: the same of the ranks among the common units, ties at their mean rank. `kendall`: τ_b = (C −
    D) / √((P − T_x)(P − T_y)), with C and D pairs of units in the same and in opposite order, P all pairs,
    and T those tied in x or in y.

    Parameters
    ----------
    values, others
        Units × columns; the second is the first if not given.

    Returns
    -------
    r
        Columns × columns of the second, -1..1; not a number where one of the two does not vary over the
        common units.
    n
        How many units each stands on.

    Raises
    ------
    UnknownNameError
        If there is no such kind.

    Notes
    -----
    Pearson (1895), *Proceedings of the Royal Society* 58; Spearman (1904), *American Journal of Psychology*
    15; Kendall (1945), *Biometrika* 33. Kendall's, and Spearman's over gaps,
    take a step for each pair of columns: slow for very many.

    Examples
    --------
    >>> r, n = correlations(np.array([[1.0, 2.0], [2.0, 1.0], [3.0, 3.0], [4.0, np.nan]]))
    >>> r.round(6).tolist(), n.tolist()
    ([[1.0, 0.5], [0.5, 1.0]], [[4, 3], [3, 3]])
    """
    if kind not in get_args(Correlation):
        raise UnknownNameError(f"there is no correlation {kind!r}" + hint_near(kind, get_args(Correlation)))
    if kind != "pearson":
        return _by_order(checked(values), None if others is None else checked(others), kind)
    x, x_known = _standard(checked(values))
    y, y_known = (x, x_known) if others is None else _standard(checked(others))
    n = x_known.T @ y_known
    x_sum, y_sum = x.T @ y_known, x_known.T @ y
    with np.errstate(invalid="ignore", divide="ignore"):
        products = x.T @ y - x_sum * y_sum / n
        x_square = (x**2).T @ y_known - x_sum**2 / n
        y_square = x_known.T @ (y**2) - y_sum**2 / n
        varies = (n > 1) & (x_square > SAME_VALUE_SHARE * n) & (y_square > SAME_VALUE_SHARE * n)
        r = np.where(varies, products / np.sqrt(x_square * y_square), np.nan)
    if others is None:
        r = (r + r.T) / 2.0
        np.fill_diagonal(r, np.where(np.isnan(np.diagonal(r)), np.nan, 1.0))
    return np.clip(r, -1.0, 1.0), n.astype(np.int64)


def components(values: Matrix, *, codes: Sequence[str] = (), least_units: int = LEAST_UNITS) -> Components:
    """Find the principal components of the columns, each brought to mean 0 and standard deviation 1.

    R a_p = λ_p a_p, R being the matrix of correlations over the units with data in every column (listwise).

    Parameters
    ----------
    values
        Units × columns.
    codes
        Names of the columns, for errors.
    least_units
        Fewest units with data in every column.

    Raises
    ------
    SpecError
        If a column has the same value for all of these units, or there are too few of them; each names the
        columns to blame.

    Notes
    -----
    Jolliffe (2002), *Principal Component Analysis*, chapter 2.

    Examples
    --------
    >>> found = components(np.array([[1.0, 2.0], [2.0, 1.0], [3.0, 3.0]]))
    >>> found.eigenvalues.round(6).tolist(), found.shares.round(6).tolist()
    ([1.5, 0.5], [0.75, 0.25])
    """
    table = checked(values)
    whole = table[~np.isnan(table).any(axis=1)]
    if len(whole) < least_units:
        gaps = np.isnan(table).sum(axis=0)
        worst = int(np.argmax(gaps))
        raise SpecError(
            f"principal components: got {len(whole)} units with data in all {table.shape[1]} indicators, but "
            f"expected at least {least_units}; {named(worst, codes)} lacks data for most, {gaps[worst]} of "
            f"{len(table)} units: impute, or leave it out"
        )
    refuse_constant(
        whole, codes, "principal components", f"the {len(whole)} units with data in all indicators"
    )
    z = (whole - whole.mean(axis=0)) / whole.std(axis=0)
    found, vectors = np.linalg.eigh(z.T @ z / len(z))
    eigenvalues, loadings = np.clip(found[::-1], 0.0, None), vectors[:, ::-1]
    return Components(
        eigenvalues=eigenvalues,
        shares=eigenvalues / eigenvalues.sum(),
        loadings=loadings * _signs(loadings),
        units=len(whole),
    )


def alpha(values: Matrix, *, gaps: Gaps = "pairwise") -> tuple[float, int]:
    """Measure how far columns tell one story: Cronbach's alpha.

    α = k / (k − 1) · (1 − Σ_j c_jj / Σ_j Σ_l c_jl), of k columns with covariances c; with all data, the
    double sum is the variance of the columns' sum.

    Parameters
    ----------
    values
        Units × columns, on one scale and in one direction.
    gaps
        `pairwise`: c_jl over the units that both have; `listwise`: over the units with data in every column.

    Returns
    -------
    alpha
        1 at most with all data; below 0 where columns run against each other; not a number for one column, or
        where the covariances do not sum to more than 0.
    units
        How many units it stands on: the fewest that two columns have in common.

    Raises
    ------
    UnknownNameError
        If gaps are dealt with in no known way.

    Notes
    -----
    Cronbach (1951), *Psychometrika* 16, 297-334.

    Examples
    --------
    >>> value, units = alpha(np.array([[1.0, 2.0], [2.0, 1.0], [3.0, 3.0], [4.0, np.nan]]), gaps="listwise")
    >>> round(value, 6), units
    (0.666667, 3)
    """
    if gaps not in get_args(Gaps):
        raise UnknownNameError(f"there is no way {gaps!r} with gaps" + hint_near(gaps, get_args(Gaps)))
    table = checked(values)
    if gaps == "listwise":
        table = table[~np.isnan(table).any(axis=1)]
    k = table.shape[1]
    c, n = covariances(table)
    least = int(n.min())
    total = c.sum()
    if k < 2 or np.isnan(total) or total <= SAME_VALUE_SHARE * np.abs(c).sum():  # noqa: PLR2004 - nothing to compare
        return float("nan"), least
    return float(k / (k - 1) * (1.0 - np.trace(c) / total)), least


def covariances(values: Matrix) -> tuple[Matrix, NDArray[np.int64]]:
    """Return covariances of columns over the units that both have, and how many these are.

    c = Σ (x − x̄)(y − ȳ) / (n − 1), means and sums over the n common units; not a number for fewer than two.

    Examples
    --------
    >>> covariances(np.array([[1.0, 2.0], [3.0, 6.0], [5.0, np.nan]]))[0].tolist()
    [[4.0, 4.0], [4.0, 8.0]]
    """
    table = checked(values)
    known = ~np.isnan(table)
    n = known.astype(np.float64).T @ known
    first = np.where(known, table, 0.0).sum(axis=0) / np.maximum(known.sum(axis=0), 1)
    x = np.where(
        known, table - first, 0.0
    )  # about each column's own mean, so that little is lost in rounding
    x_sum = x.T @ known
    with np.errstate(invalid="ignore", divide="ignore"):
        c: Matrix = np.where(n > 1, (x.T @ x - x_sum * x_sum.T / n) / (n - 1), np.nan)
    return c, n.astype(np.int64)


def _by_order(values: Matrix, others: Matrix | None, kind: Correlation) -> tuple[Matrix, NDArray[np.int64]]:
    """Correlate by rank; columns without gaps are ranked once."""
    second = values if others is None else others
    whole = not (np.isnan(values).any() or np.isnan(second).any())
    if kind == "spearman" and whole and len(values):
        return correlations(
            stats.rankdata(values, axis=0), None if others is None else stats.rankdata(second, axis=0)
        )
    r = np.full((values.shape[1], second.shape[1]), np.nan)
    n = np.zeros(r.shape, dtype=np.int64)
    for i in range(r.shape[0]):
        for j in range(i if others is None else 0, r.shape[1]):
            both = ~np.isnan(values[:, i]) & ~np.isnan(second[:, j])
            n[i, j] = both.sum()
            x, y = values[both, i], second[both, j]
            if constant(x) or constant(y):
                continue
            if kind == "kendall":
                r[i, j] = float(stats.kendalltau(x, y).statistic)
            else:
                ranks = np.column_stack([stats.rankdata(x), stats.rankdata(y)])
                r[i, j] = correlations(ranks)[0][0, 1]
    if others is None:
        lower = np.tril_indices(len(r), -1)
        r[lower], n[lower] = r.T[lower], n.T[lower]
    return np.clip(r, -1.0, 1.0), n


def _standard(table: Matrix) -> tuple[Matrix, Matrix]:
    """Return columns of mean 0 and standard deviation 1, 0 where there is no data, and 1 where there is."""
    known = ~np.isnan(table)
    n = np.maximum(known.sum(axis=0), 1)
    filled = np.where(known, table, 0.0)
    centred = np.where(known, table - filled.sum(axis=0) / n, 0.0)
    spread = np.sqrt((centred**2).sum(axis=0) / n)
    size = np.abs(filled).max(axis=0, initial=0.0)
    varies = spread > SAME_VALUE_SHARE * size
    return np.where(varies, centred / np.where(varies, spread, 1.0), 0.0), known.astype(np.float64)


def checked(values: Matrix) -> Matrix:
    """Return a matrix of floats, refusing what is none and what is infinite."""
    table = np.array(values, dtype=np.float64, order="C")  # one layout, so that sums have one order
    if table.ndim != 2 or table.shape[1] == 0:  # noqa: PLR2004 - rows and columns
        raise FormatError(f"got values of shape {table.shape}, but expected units × indicators")
    if np.isinf(table).any():
        raise FormatError("values hold infinity; write not a number where there is no data")
    return table


def refuse_constant(table: Matrix, codes: Sequence[str], method: str, where: str) -> None:
    """Raise one error that names every column without variance."""
    same = [j for j in range(table.shape[1]) if constant(table[~np.isnan(table[:, j]), j])]
    if same:
        names = ", ".join(named(j, codes) for j in same)
        raise SpecError(
            f"{method}: no variance in {names}, the same for {where}; leave out what tells no units apart"
        )


def constant(x: Vector) -> bool:
    """Say whether all values are the same, but for rounding."""
    return len(x) == 0 or bool(x.max() - x.min() <= SAME_VALUE_SHARE * np.abs(x).max())


def named(j: int, codes: Sequence[str]) -> str:
    """Return what to call a column in an error."""
    return repr(codes[j]) if j < len(codes) else f"column {j + 1}"


def _signs(loadings: Matrix) -> Vector:
    """Return each component's sign, such that its loadings sum to 0 or more; on 0, the largest is above 0."""
    sums = loadings.sum(axis=0)
    largest = loadings[np.argmax(np.abs(loadings), axis=0), np.arange(loadings.shape[1])]
    return np.where(np.where(np.abs(sums) > SAME_VALUE_SHARE, sums, largest) < 0, -1.0, 1.0)
