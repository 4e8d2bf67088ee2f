"""Weights of siblings: equal, given, or drawn from the data; and what weights come to in the end.

Every method takes a matrix, units × indicators, of values that have their direction and their scale already
(not a number is no data), and gives one weight a column, none below 0, all together 1. What a weight *says*
is a judgement; what it *does* depends on spread and correlation too, which `cosmopolis.index.importance`
measures. Drawing many sets of weights for an uncertainty analysis is not done here.
"""

import zlib
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Literal, cast, get_args

import numpy as np
import polars as pl

from cosmopolis.errors import FormatError, SpecError, UnknownNameError, hint_near
from cosmopolis.index import importance
from cosmopolis.index.correlation import (
    LEAST_UNITS,
    SAME_VALUE_SHARE,
    Matrix,
    Vector,
    checked,
    components,
    constant,
    correlations,
    named,
    refuse_constant,
)
from cosmopolis.index.importance import Aggregation, Importance, Optimised, mean
from cosmopolis.index.tree import Tree

Method = Literal["equal", "given", "pca", "entropy", "critic", "optimised"]


def equal(n: int) -> Vector:
    """Give every column the same weight: w_j = 1 / n.

    Examples
    --------
    >>> equal(4).tolist()
    [0.25, 0.25, 0.25, 0.25]
    """
    if n < 1:
        raise SpecError(f"got {n} indicators to weigh, but expected at least one")
    return np.full(n, 1.0 / n)


def given(codes: Sequence[str], weights: Mapping[str, float], *, what: str = "weight") -> Vector:
    """Put weights that are given by code into the order of the columns: w_j = g_j / Σ g.

    Parameters
    ----------
    codes
        Of the columns.
    weights
        One for each code, 0 or more, not all 0; only the ratios matter.
    what
        What to call them in an error.

    Raises
    ------
    UnknownNameError
        If a code is not among the columns.
    SpecError
        If a column has none, or one is negative or no number, or all are 0.

    Examples
    --------
    >>> given(["air", "sea"], {"sea": 1, "air": 3}).tolist()
    [0.75, 0.25]
    """
    for code in weights:
        if code not in codes:
            raise UnknownNameError(f"got a {what} for {code!r}, which is not here" + hint_near(code, codes))
    for code in codes:
        if code not in weights:
            raise SpecError(f"there is no {what} for {code!r}; give one, 0 to leave it out")
        value = weights[code]
        if (
            isinstance(value, bool)
            or not isinstance(value, int | float | np.number)
            or not 0 <= value < np.inf
        ):
            raise SpecError(f"got {value!r} as {what} of {code!r}, but expected a number of 0 or more")
    found = np.array([weights[code] for code in codes], dtype=np.float64)
    if not found.sum() > 0:
        raise SpecError(f"every {what} is 0; give at least one above 0")
    return _to_one(found)


def pca(values: Matrix, *, codes: Sequence[str] = (), least_units: int = LEAST_UNITS) -> Vector:
    """Weigh columns by their share of the first principal component: w_j = a_j1².

    a_1 is the first component's vector of loadings, of length 1, so that the squares sum to 1. The square
    hides a negative loading, an indicator that runs against the others: look at `components` too.

    Raises
    ------
    SpecError
        As of `components`; also where the first two components are equally strong, so that neither is the
        first.

    Notes
    -----
    Nicoletti, Scarpetta and Boylaud (2000), OECD Economics Department Working Papers 226, take squared
    loadings as weights; OECD & JRC (2008), *Handbook on Constructing Composite Indicators*, section 6.1.

    Examples
    --------
    >>> pca(np.array([[1.0, 2.0], [2.0, 1.0], [3.0, 3.0]])).round(6).tolist()
    [0.5, 0.5]
    """
    found = components(values, codes=codes, least_units=least_units)
    strong = found.eigenvalues
    if len(strong) > 1 and strong[0] - strong[1] <= SAME_VALUE_SHARE * len(strong):
        raise SpecError(
            f"principal components: the first two are equally strong (eigenvalue {strong[0]:.6g}), so that "
            "neither is the first; choose another way to weigh"
        )
    squares: Vector = found.loadings[:, 0] ** 2
    return _to_one(squares)


def entropy(values: Matrix, *, codes: Sequence[str] = ()) -> Vector:
    """Weigh columns by how unevenly they are spread over the units.

    p_ij = x_ij / Σ_i x_ij, e_j = −Σ_i p_ij ln p_ij / ln u_j, w_j = (1 − e_j) / Σ_j (1 − e_j), over the u_j
    units with data in column j; 0 ln 0 = 0. A column that is the same for all units gets weight 0.

    Parameters
    ----------
    values
        Units × columns, none negative; 0 must mean none: shifting a column changes its weight.

    Raises
    ------
    SpecError
        If a value is negative, a column sums to 0 or has data for fewer than two units, or no column varies.

    Notes
    -----
    Shannon (1948), *Bell System Technical Journal* 27; Zeleny (1982), *Multiple Criteria Decision Making*,
    chapter 7.

    Examples
    --------
    >>> entropy(np.array([[1.0, 1.0], [1.0, 3.0]])).round(6).tolist()
    [0.0, 1.0]
    """
    table = checked(values)
    spread = np.zeros(table.shape[1])
    for j in range(table.shape[1]):
        x = table[~np.isnan(table[:, j]), j]
        if len(x) < 2:  # noqa: PLR2004 - ln 1 = 0
            raise SpecError(
                f"entropy: {named(j, codes)} has data for {len(x)} units, but expected at least two"
            )
        if x.min() < 0:
            raise SpecError(
                f"entropy: {named(j, codes)} has negative values, such as {x.min():g}, which are no shares; "
                "weigh after a normalisation without them, such as minmax"
            )
        if not x.sum() > 0:
            raise SpecError(f"entropy: {named(j, codes)} is 0 for every unit; leave it out")
        if not constant(x):
            p = x[x > 0] / x.sum()
            spread[j] = 1.0 + (p * np.log(p)).sum() / np.log(len(x))
    if not spread.sum() > 0:
        raise SpecError(
            "entropy: every indicator has the same value for all units; choose another way to weigh"
        )
    return _to_one(spread)


def critic(values: Matrix, *, codes: Sequence[str] = ()) -> Vector:
    """Weigh columns by contrast and conflict (CRITIC).

    C_j = σ_j Σ_k (1 − r_jk), w_j = C_j / Σ C; σ_j is the standard deviation of column j over its units with
    data, r_jk the correlation over those with both (pairwise). Columns must be on one scale: σ is not free of
    units.

    Raises
    ------
    SpecError
        If a column is the same for all units, two have too few units in common, or all run exactly together.

    Notes
    -----
    Diakoulaki, Mavrotas and Papayannakis (1995), *Computers & Operations Research* 22(7), 763-770.

    Examples
    --------
    >>> critic(np.array([[0.0, 0.0, 1.0], [0.5, 0.5, 0.0], [1.0, 1.0, 0.5]])).round(6).tolist()
    [0.25, 0.25, 0.5]
    """
    table = checked(values)
    refuse_constant(table, codes, "CRITIC", "all units with data")
    r, n = correlations(table)
    few = np.argwhere(n < LEAST_UNITS)
    if len(few):
        i, j = (int(at) for at in few[0])
        raise SpecError(
            f"CRITIC: {named(i, codes)} and {named(j, codes)} have {n[i, j]} units in common, but expected "
            f"at least {LEAST_UNITS}; impute, or leave one out"
        )
    if np.isnan(r).any():
        i, j = (int(at) for at in np.argwhere(np.isnan(r))[0])
        raise SpecError(
            f"CRITIC: {named(i, codes)} or {named(j, codes)} does not vary over the {n[i, j]} units that "
            "have both; impute, or leave one out"
        )
    # Rounding may take a correlation one bit beyond 1.
    conflict = np.clip(1.0 - r, 0.0, None).sum(axis=1)
    content = np.nanstd(table, axis=0, ddof=1) * np.where(conflict > SAME_VALUE_SHARE, conflict, 0.0)
    if not content.sum() > 0:
        raise SpecError("CRITIC: all indicators run exactly together; choose another way to weigh")
    return _to_one(content)


def optimised(
    values: Matrix,
    target: Mapping[str, float],
    *,
    codes: Sequence[str],
    kind: Importance = "correlation",
    aggregation: Aggregation = mean,
    tolerance: float = 1e-4,
) -> Optimised:
    """Seek weights under which columns count for what they are meant to: `importance.optimised` by code.

    Parameters
    ----------
    target
        By code, above 0; only the ratios matter.

    Raises
    ------
    UnknownNameError, SpecError
        As of `given` for the target; as of `importance.optimised` for the values.

    Examples
    --------
    >>> x = np.array([[0.0, 0.0], [10.0, 1.0], [0.0, 1.0], [10.0, 0.0]])
    >>> found = optimised(x, {"a": 1, "b": 1}, codes=["a", "b"])
    >>> (found.weights * 11).round(3).tolist(), found.matched
    ([1.0, 10.0], True)
    """
    t = given(codes, target, what="target importance")
    return importance.optimised(
        values, t, codes=codes, kind=kind, aggregation=aggregation, tolerance=tolerance
    )


def noisy(weights: Vector, factor: float, rng: np.random.Generator) -> Vector:
    """Shake weights: w_j (1 + f u_j), u_j uniform in −1..1, brought back to sum 1.

    Parameters
    ----------
    factor
        f, 0..1: 0.25 moves each weight by up to a quarter of itself.
    rng
        A generator made from a named seed.

    Examples
    --------
    >>> noisy(np.array([0.5, 0.5]), 0.0, np.random.default_rng(1)).tolist()
    [0.5, 0.5]
    """
    if not 0 <= factor <= 1:
        raise SpecError(
            f"got factor = {factor:g}, but expected 0 (no noise) to 1 (each weight from 0 to twice)"
        )
    shaken: Vector = weights * (1.0 + factor * rng.uniform(-1.0, 1.0, size=weights.shape))
    return _to_one(shaken)


def matrix(
    values: Matrix,
    codes: Sequence[str],
    *,
    method: Method = "equal",
    weights: Mapping[str, float] | None = None,
    **settings: Any,  # noqa: ANN401 - each method has its own
) -> Vector:
    """Weigh the columns of a matrix by a method named in settings.

    Parameters
    ----------
    values
        Units × columns; of no account for `equal` and `given`.
    codes
        Of the columns.
    method
        See `Method`.
    weights
        By code: those of `given`, the target of `optimised`.
    settings
        Passed to the method.

    Raises
    ------
    UnknownNameError
        If there is no such method.
    SpecError
        If weights are missing, or given where none are used; and what the method raises.

    Examples
    --------
    >>> matrix(np.zeros((0, 2)), ["air", "sea"], method="given", weights={"air": 1, "sea": 3}).tolist()
    [0.25, 0.75]
    """
    if method not in get_args(Method):
        raise UnknownNameError(f"there is no way to weigh {method!r}" + hint_near(method, get_args(Method)))
    if (weights is None) == (method in {"given", "optimised"}):
        raise SpecError(
            f"method {method!r} needs weights by code"
            if weights is None
            else f"method {method!r} takes no weights; use 'given' or 'optimised', or leave them out"
        )
    if values.ndim != 2 or values.shape[1] != len(codes):  # noqa: PLR2004 - rows and columns
        raise FormatError(f"got values of shape {values.shape}, but expected units × {len(codes)} indicators")
    if method == "equal":
        return equal(len(codes))
    if method == "given":
        return given(codes, weights or {})
    if method == "optimised":
        return optimised(values, weights or {}, codes=codes, **settings).weights
    ways: Mapping[str, Callable[..., Vector]] = {"pca": pca, "entropy": entropy, "critic": critic}
    return ways[method](values, codes=codes, **settings)


def frame(
    wide: pl.DataFrame,
    *,
    method: Method = "equal",
    weights: Mapping[str, float] | None = None,
    **settings: Any,  # noqa: ANN401 - each method has its own
) -> pl.DataFrame:
    """Weigh the indicators of a wide frame (`unit`, then one column a code): `code`, `weight`, in order.

    Examples
    --------
    >>> frame(pl.DataFrame({"unit": ["A", "B"], "air": [1.0, 2.0], "sea": [1.0, None]}))["weight"].to_list()
    [0.5, 0.5]
    """
    codes = [name for name in wide.columns if name != "unit"]
    values = wide.select(pl.col(codes).cast(pl.Float64).fill_null(float("nan"))).to_numpy()
    found = matrix(values, codes, method=method, weights=weights, **settings)
    return pl.DataFrame(
        {"code": codes, "weight": found}, schema={"code": pl.String(), "weight": pl.Float64()}
    )


def tree(
    tree: Tree,
    scores: Mapping[str, Vector],
    *,
    method: str = "given",
    nodes: Sequence[str] | None = None,
    weights: Mapping[str, float] | None = None,
    **settings: Any,  # noqa: ANN401 - each method has its own
) -> dict[str, float]:
    """Weigh the children of nodes of an index, each node by itself.

    Parameters
    ----------
    scores
        By code: normalised values of each indicator and scores of each node below those to weigh, one a unit;
        of no account for `given`, `equal` and `noisy`.
    method
        See `Method`; also `noisy`, with `factor` and `seed`, which shakes the weights of the tree.
    nodes
        Those whose children to weigh; all if not given.
    weights
        By code, for `given` (who is not named keeps the weight in the tree) and `optimised` (targets; a node
        none of whose children is named is left as it is).

    Returns
    -------
    weights
        By code, for the children of these nodes only; siblings together 1.

    Raises
    ------
    UnknownNameError
        If a node, a code or the method is unknown.
    SpecError
        What the method raises, and at which node.
    """
    known = [entry.id for entry in tree.entries]
    for code in weights or {}:
        if code not in known:
            raise UnknownNameError(f"got a weight for {code!r}, which is not here" + hint_near(code, known))
    found: dict[str, float] = {}
    for node in _nodes(tree, nodes):
        children = tree.children(node)
        codes = [child.id for child in children]
        own = {child.id: child.weight for child in children}
        named_here = {code: weights[code] for code in codes if weights and code in weights}
        try:
            if method == "noisy":
                weighed = _noisy(node, given(codes, own), **settings)
            elif method == "given":
                weighed = given(codes, own | named_here)
            elif method == "optimised" and weights is not None and not named_here:
                weighed = given(codes, own)
            else:
                values = np.column_stack([scores[code] for code in codes]) if method != "equal" else None
                weighed = matrix(
                    np.zeros((0, len(codes))) if values is None else values,
                    codes,
                    method=cast("Method", method),
                    weights=named_here or weights,
                    **settings,
                )
        except SpecError as error:
            raise SpecError(f"node {node!r}: {error}") from error
        found.update(zip(codes, weighed.tolist(), strict=True))
    return found


def balance(
    tree: Tree,
    scores: Mapping[str, Vector],
    target: Mapping[str, float],
    **settings: Any,  # noqa: ANN401 - those of `optimised`
) -> dict[str, Optimised]:
    """Seek weights for the target importance of children of nodes, by node, with the residual of each.

    Parameters
    ----------
    target
        By code; for all children of a node or none.

    Examples
    --------
    >>> from cosmopolis.index.tree import parse
    >>> name = {"en": "x", "zh": "x"}
    >>> leaf = {"parent": "i", "weight": 1, "direction": 1, "name": name, "unit": name, "sources": []}
    >>> tree = parse({"id": "i", "name": name, "floor": 0, "indicator": [{"id": c, **leaf} for c in "ab"]})
    >>> scores = {"a": np.array([0.0, 10.0, 0.0, 10.0]), "b": np.array([0.0, 1.0, 1.0, 0.0])}
    >>> (balance(tree, scores, {"a": 1, "b": 1})["i"].weights * 11).round(3).tolist()
    [1.0, 10.0]
    """
    found = {}
    for node in tree.upward():
        codes = [child.id for child in tree.children(node)]
        here = {code: target[code] for code in codes if code in target}
        if here:
            values = np.column_stack([scores[code] for code in codes])
            found[node] = optimised(values, here, codes=codes, **settings)
    return found


def _nodes(tree: Tree, nodes: Sequence[str] | None) -> tuple[str, ...]:
    """Return the nodes to weigh, from below upward."""
    known = tree.upward()
    for node in nodes or ():
        if node not in known:
            raise UnknownNameError(f"there is no node {node!r}" + hint_near(node, known))
    return tuple(node for node in known if nodes is None or node in nodes)


def _noisy(node: str, weights: Vector, *, factor: float = 0.25, seed: int = 0) -> Vector:
    """Shake the weights at a node by a stream of its own, so that no other node's draws move it."""
    return noisy(weights, factor, np.random.default_rng([seed, zlib.crc32(node.encode())]))


def _to_one(parts: Vector) -> Vector:
    """Bring weights to sum 1."""
    weights: Vector = parts / parts.sum()
    return weights
