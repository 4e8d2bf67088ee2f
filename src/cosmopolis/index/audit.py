"""Audit of an index: what it is made of, what counts in it, and what is worth a second look.

Availability, distribution, correlations within and across levels, consistency, principal components,
effective beside nominal weights, and findings by rules with thresholds. Nothing is changed here. Formulas
stand in `cosmopolis.index.describe`, `cosmopolis.index.correlation` and `cosmopolis.index.importance`.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl

from cosmopolis.errors import FormatError, SpecError, UnknownNameError, hint_near
from cosmopolis.index import describe, flags
from cosmopolis.index.correlation import (
    LEAST_UNITS,
    Components,
    Correlation,
    Gaps,
    Matrix,
    Vector,
    alpha,
    checked,
    components,
    constant,
    correlations,
)
from cosmopolis.index.engine import Built
from cosmopolis.index.flags import Thresholds
from cosmopolis.index.importance import effective
from cosmopolis.index.tree import Tree

Units = Sequence[str] | Sequence[int] | Sequence[str | int]

_PLAIN_STEPS = ("denominate", "impute", "screen")


@dataclass(frozen=True, kw_only=True)
class Audit:
    """What an audit found. Numbers that are not defined are null.

    Attributes
    ----------
    indicators
        `code`, `parent`, then the columns of `describe.distribution`, of the values before normalising, and
        `constant` (whether all units with data have the same value).
    units
        `unit`, `n` (indicators with data), `availability` (0..1), `weight_share` (share of the weight of the
        whole index that has data), `zeros` (number).
    availability
        `node`, `unit`, `availability`: share of the indicators below the node that the unit has data for.
    nodes
        `node`, `parent`, `children`, `indicators`, `availability` (mean over units), `thin_units` (units
        below the threshold), `alpha`, `alpha_units`, `dimensions` (components above the threshold),
        `first_share` (variance of the first component, 0..1), `pca_units`.
    correlations
        `code`, `other`, `relation` (`siblings`, `parent`, `ancestor`, `apart`), `n`, `r`: every pair once,
        the part before the whole.
    sizes
        `code`, `parent`, `other` (a denominator), `n`, `r` (of the values before any is divided), `divided`.
    components, loadings
        `node`, `component` (1, 2, ...), `eigenvalue`, `share`, `cumulative`; and `node`, `component`, `code`,
        `loading`. A node whose children do not allow it has no rows.
    weights
        `code`, `parent`, `nominal` and `effective` (shares in the parent), `ratio` of the two, `whole` and
        `effective_whole` (shares in the index).
    findings
        See `flags.FINDINGS`.
    thresholds, kind, gaps
        The settings.
    """

    indicators: pl.DataFrame
    units: pl.DataFrame
    availability: pl.DataFrame
    nodes: pl.DataFrame
    correlations: pl.DataFrame
    sizes: pl.DataFrame
    components: pl.DataFrame
    loadings: pl.DataFrame
    weights: pl.DataFrame
    findings: pl.DataFrame
    thresholds: Thresholds
    kind: Correlation
    gaps: Gaps


def audit(
    tree: Tree,
    *,
    units: Units,
    values: Matrix,
    normalised: Matrix,
    scores: Mapping[str, Vector],
    raw: Matrix | None = None,
    denominators: Mapping[str, Vector] | None = None,
    thresholds: Thresholds | None = None,
    kind: Correlation = "pearson",
    gaps: Gaps = "pairwise",
) -> Audit:
    """Audit an index.

    Parameters
    ----------
    tree
        Its columns are the indicators in its order.
    units
        One a row.
    values
        Units × indicators before filling, treating and normalising, divided if they are to be.
    normalised
        Units × indicators, more is better, as they enter the means.
    scores
        By node, one a unit.
    raw
        Units × indicators before any is divided; `values` if not given.
    denominators
        By name, one a unit: what indicators are or could be divided by.
    thresholds
        See `Thresholds`.
    kind
        Of correlation, always over the units that have both.
    gaps
        Of Cronbach's alpha; principal components are always listwise.

    Raises
    ------
    FormatError
        If shapes do not fit the tree and the units.
    UnknownNameError
        If a node has no scores.
    """
    t = thresholds or Thresholds()
    known, scaled = checked(values), checked(normalised)
    _check_shapes(tree, units, known, scaled, scores)
    codes = [indicator.id for indicator in tree.indicators]
    by_code = {code: scaled[:, j] for j, code in enumerate(codes)}
    by_code |= {node: np.asarray(scores[node], dtype=np.float64) for node in tree.upward()}
    described = _indicators(tree, known, t)
    per_unit, per_node = _availability(tree, units, known)
    nodes, parts, loadings = _nodes(tree, by_code, per_node, t, gaps)
    pairs = _pairs(tree, by_code, kind)
    sizes = _sizes(tree, known if raw is None else checked(raw), denominators or {}, kind)
    weights = _weights(tree, by_code)
    return Audit(
        indicators=described,
        units=per_unit,
        availability=per_node,
        nodes=nodes,
        correlations=pairs,
        sizes=sizes,
        components=parts,
        loadings=loadings,
        weights=weights,
        findings=flags.findings(
            tree,
            indicators=described,
            nodes=nodes,
            correlations=pairs,
            sizes=sizes,
            weights=weights,
            thresholds=t,
        ),
        thresholds=t,
        kind=kind,
        gaps=gaps,
    )


def profile(
    tree: Tree,
    *,
    units: Units,
    normalised: Matrix,
    unit: str | int,
    count: int | None = 5,
    order: describe.Order = "position",
) -> pl.DataFrame:
    """List a unit's strengths and weaknesses among the indicators of an index: see `describe.profile`.

    Raises
    ------
    UnknownNameError
        If there is no such unit.
    """
    rows = {name: row for row, name in enumerate(units)}
    if unit not in rows:
        raise UnknownNameError(f"there is no unit {unit!r}" + hint_near(str(unit), map(str, units)))
    shares = tree.effective_weights()
    return describe.profile(
        normalised, list(shares), np.array(list(shares.values())), rows[unit], count=count, order=order
    )


def of(
    built: Built,
    *,
    thresholds: Thresholds | None = None,
    kind: Correlation = "pearson",
    gaps: Gaps = "pairwise",
) -> Audit:
    """Audit a built index: `audit` of its units that have a place in the ranking.

    Distributions are of the values after dividing, without what was filled, before outliers are treated.
    """
    rows = {unit: row for row, unit in enumerate(built.data.units)}
    columns = {code: column for column, code in enumerate(built.data.codes)}
    at = [rows[unit] for unit in built.units]
    raw = built.data.values[at][:, [columns[code] for code in built.codes]]
    values = np.where(np.isnan(raw), np.nan, _divided(built, raw))
    scores = dict(zip(built.nodes, built.node_scores.T, strict=True))
    return audit(
        built.tree,
        units=built.units,
        values=values,
        normalised=built.normalised,
        scores=scores,
        raw=raw,
        denominators={name: built.data.extras[name][at] for name in built.data.extras},
        thresholds=thresholds,
        kind=kind,
        gaps=gaps,
    )


def profile_of(
    built: Built, unit: str | int, *, count: int | None = 5, order: describe.Order = "position"
) -> pl.DataFrame:
    """List the strengths and weaknesses of a unit of a built index: see `profile`."""
    return profile(
        built.tree, units=built.units, normalised=built.normalised, unit=unit, count=count, order=order
    )


def _divided(built: Built, raw: Matrix) -> Matrix:
    """Return the values of the last step that only divides, fills or screens, for what is left in the end."""
    last = None
    for stage in built.stages:
        if stage.step.name not in _PLAIN_STEPS:
            break
        last = stage
    if last is None:
        return raw
    rows = {unit: row for row, unit in enumerate(last.units)}
    columns = {code: column for column, code in enumerate(last.codes)}
    return last.values[[rows[unit] for unit in built.units]][:, [columns[code] for code in built.codes]]


def _check_shapes(
    tree: Tree, units: Units, values: Matrix, normalised: Matrix, scores: Mapping[str, Vector]
) -> None:
    """Raise if tables do not fit the tree and the units."""
    shape = (len(units), len(tree.indicators))
    for what, table in (("values", values), ("normalised values", normalised)):
        if table.shape != shape:
            raise FormatError(
                f"got {what} of shape {table.shape}, but expected {shape}, units × indicators of the tree"
            )
    for node in tree.upward():
        if node not in scores:
            raise UnknownNameError(f"there are no scores of node {node!r}" + hint_near(node, scores))
        if np.shape(scores[node]) != shape[:1]:
            raise FormatError(
                f"got scores of node {node!r} of shape {np.shape(scores[node])}, but expected {shape[:1]}"
            )


def _indicators(tree: Tree, values: Matrix, t: Thresholds) -> pl.DataFrame:
    codes = [indicator.id for indicator in tree.indicators]
    described = describe.distribution(values, codes, fence=t.fence, skew=t.skewness, kurt=t.kurtosis)
    flat = [constant(x[~np.isnan(x)]) and bool((~np.isnan(x)).any()) for x in values.T]
    parents = pl.Series("parent", [indicator.parent for indicator in tree.indicators], dtype=pl.String)
    return described.insert_column(1, parents).with_columns(pl.Series("constant", flat, dtype=pl.Boolean))


def _availability(tree: Tree, units: Units, values: Matrix) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Return what data units have, in all and below each node."""
    known = ~np.isnan(values)
    whole = np.array(list(tree.effective_weights().values()))
    per_unit = pl.DataFrame(
        {
            "unit": units,
            "n": known.sum(axis=1),
            "availability": known.mean(axis=1),
            "weight_share": known @ whole,
            "zeros": (values == 0).sum(axis=1),
        }
    ).cast({"n": pl.Int64, "zeros": pl.Int64})
    below = _below(tree)
    parts = [
        pl.DataFrame(
            {"node": [node] * len(units), "unit": units, "availability": known[:, below[node]].mean(axis=1)}
        )
        for node in sorted(below)
    ]
    return per_unit, pl.concat(parts)


def _below(tree: Tree) -> dict[str, list[int]]:
    """Return the columns of the indicators below each node."""
    columns = {indicator.id: [j] for j, indicator in enumerate(tree.indicators)}
    found: dict[str, list[int]] = {}
    for node in tree.upward():
        found[node] = sorted(j for child in tree.children(node) for j in (columns | found)[child.id])
    return found


def _nodes(
    tree: Tree, by_code: Mapping[str, Vector], availability: pl.DataFrame, t: Thresholds, gaps: Gaps
) -> tuple[pl.DataFrame, pl.DataFrame, pl.DataFrame]:
    """Return a row a node, the components of its children and their loadings."""
    parents = {node.id: node.parent for node in tree.nodes}
    below = _below(tree)
    rows, parts, loadings = [], [], []
    for node in sorted(below):
        codes = [child.id for child in tree.children(node)]
        values = np.column_stack([by_code[code] for code in codes])
        share = availability.filter(pl.col("node") == node)["availability"]
        consistency, alpha_units = alpha(values, gaps=gaps)
        found = _components(values)
        rows.append(
            {
                "node": node,
                "parent": parents.get(node),
                "children": len(codes),
                "indicators": len(below[node]),
                "availability": share.mean(),
                "thin_units": int((share < t.availability).sum()),
                "alpha": None if np.isnan(consistency) else consistency,
                "alpha_units": alpha_units,
                "dimensions": int((found.eigenvalues > t.eigenvalue).sum()) if found else None,
                "first_share": float(found.shares[0]) if found else None,
                "pca_units": found.units if found else 0,
            }
        )
        if found:
            total = np.cumsum(found.shares)
            for p in range(len(codes)):
                numbers = (float(found.eigenvalues[p]), float(found.shares[p]), float(total[p]))
                parts.append((node, p + 1, *numbers))
                loadings += [(node, p + 1, code, float(found.loadings[c, p])) for c, code in enumerate(codes)]
    text, whole, real = pl.String, pl.Int64, pl.Float64
    schema = {"node": text, "parent": text, "children": whole, "indicators": whole, "availability": real}
    schema |= {
        "thin_units": whole,
        "alpha": real,
        "alpha_units": whole,
        "dimensions": whole,
        "first_share": real,
    }
    return (
        pl.DataFrame(rows, schema=schema | {"pca_units": whole}),
        pl.DataFrame(
            parts,
            schema={"node": text, "component": whole, "eigenvalue": real, "share": real, "cumulative": real},
            orient="row",
        ),
        pl.DataFrame(
            loadings, schema={"node": text, "component": whole, "code": text, "loading": real}, orient="row"
        ),
    )


def _components(values: Matrix) -> Components | None:
    """Return the components of a node's children, None for one child or where they are not defined."""
    if values.shape[1] == 1:
        return None
    try:
        return components(values, least_units=LEAST_UNITS)
    except SpecError:  # said by other findings: constant, thin, not judged
        return None


def _pairs(tree: Tree, by_code: Mapping[str, Vector], kind: Correlation) -> pl.DataFrame:
    """Correlate every indicator and node with every other."""
    codes = list(by_code)
    r, n = correlations(np.column_stack(list(by_code.values())), kind=kind)
    parents = {entry.id: entry.parent for entry in tree.entries}
    first, second = np.triu_indices(len(codes), 1)
    relations = [_relation(codes[i], codes[j], parents) for i, j in zip(first, second, strict=True)]
    return pl.DataFrame(
        {
            "code": [codes[i] for i in first],
            "other": [codes[j] for j in second],
            "relation": relations,
            "n": n[first, second],
            "r": r[first, second],
        },
        schema={"code": pl.String, "other": pl.String, "relation": pl.String, "n": pl.Int64, "r": pl.Float64},
    ).with_columns(pl.col("r").fill_nan(None))


def _relation(code: str, other: str, parents: Mapping[str, str]) -> str:
    """Say how the second, which stands after the first on the way up, is related to it."""
    if parents[code] == other:
        return "parent"
    if parents[code] == parents.get(other):
        return "siblings"
    above = parents[code]
    while above in parents:
        above = parents[above]
        if above == other:
            return "ancestor"
    return "apart"


def _sizes(tree: Tree, values: Matrix, denominators: Mapping[str, Vector], kind: Correlation) -> pl.DataFrame:
    """Correlate indicators with what they are or could be divided by."""
    schema = {"code": pl.String, "parent": pl.String, "other": pl.String, "n": pl.Int64, "r": pl.Float64}
    rows = []
    if denominators:
        names = sorted(denominators)
        r, n = correlations(values, np.column_stack([denominators[name] for name in names]), kind=kind)
        for j, indicator in enumerate(tree.indicators):
            for d, name in enumerate(names):
                divided = indicator.denominator == name
                rows.append((indicator.id, indicator.parent, name, int(n[j, d]), float(r[j, d]), divided))
    frame = pl.DataFrame(rows, schema={**schema, "divided": pl.Boolean}, orient="row")
    return frame.with_columns(pl.col("r").fill_nan(None))


def _weights(tree: Tree, by_code: Mapping[str, Vector]) -> pl.DataFrame:
    """Set effective beside nominal weights, in the node above and in the index."""
    rows: dict[str, dict[str, float | str | None]] = {}
    nominal = {tree.id: 1.0}
    for node in reversed(tree.upward()):
        children = tree.children(node)
        own = np.array([child.weight for child in children], dtype=np.float64)
        own /= own.sum()
        values = np.column_stack([by_code[child.id] for child in children])
        counts = effective(values, own, by_code[node])
        for child, weight, count in zip(children, own.tolist(), counts.tolist(), strict=True):
            nominal[child.id] = nominal[node] * weight
            rows[child.id] = {
                "code": child.id,
                "parent": node,
                "nominal": weight,
                "effective": count,
                "ratio": count / weight if weight > 0 else None,
                "whole": nominal[child.id],
            }
    leaves = [indicator.id for indicator in tree.indicators]
    values = np.column_stack([by_code[code] for code in leaves])
    at_top = dict(
        zip(
            leaves,
            effective(values, np.array([nominal[c] for c in leaves]), by_code[tree.id]).tolist(),
            strict=True,
        )
    )
    for node in tree.upward():
        at_top[node] = sum(at_top[child.id] for child in tree.children(node))
    numbers = ("nominal", "effective", "ratio", "whole", "effective_whole")
    schema: dict[str, type[pl.DataType]] = {"code": pl.String, "parent": pl.String}
    ordered = [rows[entry.id] | {"effective_whole": at_top[entry.id]} for entry in tree.entries]
    return pl.DataFrame(ordered, schema=schema | dict.fromkeys(numbers, pl.Float64)).with_columns(
        pl.col(numbers).fill_nan(None)
    )
