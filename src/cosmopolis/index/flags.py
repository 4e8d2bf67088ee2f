"""What an audit finds worth a look: rules with thresholds, each finding a row with words in every language.

A flag is a question to the makers of an index, not a verdict. The numbers come from `cosmopolis.index.audit`,
the words stand in `audit.toml`.
"""

import functools
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from importlib import resources

import polars as pl

from cosmopolis.index.describe import FENCE
from cosmopolis.index.treat import KURTOSIS, SKEWNESS
from cosmopolis.index.tree import LANGUAGES, Tree

FINDINGS = pl.Schema(
    {
        "node": pl.String,
        "code": pl.String,
        "other": pl.String,
        "kind": pl.String,
        "value": pl.Float64,
        "threshold": pl.Float64,
        "en": pl.String,
        "zh": pl.String,
    }
)
"""Columns of the findings: where, on what (and what else), which rule, what was found and allowed, words."""


@dataclass(frozen=True, kw_only=True)
class Thresholds:
    """Where the rules draw their lines; each a setting with a reason, none a law.

    Attributes
    ----------
    availability
        Least share of units with data, and of indicators a unit has: with less, a score stands on a third or
        more of guesses or gaps.
    skewness, kurtosis
        An indicator is let pass if either is below: the gate of `cosmopolis.index.treat`.
    fence
        Interquartile ranges beyond the quartiles (Tukey 1977).
    zeros
        Most zeros, as a share: with more than half, the median unit has none.
    distinct
        Fewest different values: fewer make classes, and ranks full of ties.
    redundant
        Correlation above which two say the same: at 0.92 they share 85 % of their variance.
    opposed
        Correlation below which two parts of one node cancel out.
    silent
        Correlation with the node above, in size, below which a part is not heard there; below the negative of
        it, it runs against the node.
    weight_ratio
        Effective over nominal weight above which (or below the inverse of which) the weights mislead.
    alpha
        Least Cronbach's alpha: Nunnally (1978), *Psychometric Theory*.
    eigenvalue, dimensions
        Components above this eigenvalue say more than one indicator does (Kaiser 1960), and how many are
        allowed.
    size
        Correlation with a denominator, in size, above which an indicator not divided by it may measure size.
    least_units
        Fewest units for a correlation to be judged: with ten, a correlation of 0 lies within ±0.63 in 19 of
        20 draws.
    """

    availability: float = 0.65
    skewness: float = SKEWNESS
    kurtosis: float = KURTOSIS
    fence: float = FENCE
    zeros: float = 0.5
    distinct: int = 10
    redundant: float = 0.92
    opposed: float = -0.4
    silent: float = 0.2
    weight_ratio: float = 2.0
    alpha: float = 0.7
    eigenvalue: float = 1.0
    dimensions: int = 1
    size: float = 0.7
    least_units: int = 10


@dataclass(frozen=True, kw_only=True)
class _Flag:
    node: str
    code: str
    kind: str
    value: float
    threshold: float
    other: str | None = None


@functools.cache
def words() -> Mapping[str, Mapping[str, str]]:
    """Return what is said of each kind of finding, in the order of the findings."""
    text = (resources.files("cosmopolis.index") / "audit.toml").read_text(encoding="utf-8")
    found: dict[str, dict[str, str]] = tomllib.loads(text)
    return found


def findings(
    tree: Tree,
    *,
    indicators: pl.DataFrame,
    nodes: pl.DataFrame,
    correlations: pl.DataFrame,
    sizes: pl.DataFrame,
    weights: pl.DataFrame,
    thresholds: Thresholds,
) -> pl.DataFrame:
    """Apply every rule to the tables of an audit.

    Parameters
    ----------
    indicators, nodes, correlations, sizes, weights
        Of `cosmopolis.index.audit.Audit`.

    Returns
    -------
    frame
        See `FINDINGS`; by kind in the order of `words`, then by node, code and other.
    """
    found = [
        *_of_indicators(indicators, thresholds),
        *_of_sizes(sizes, thresholds),
        *_of_correlations(tree, correlations, thresholds),
        *_of_weights(weights, correlations, thresholds),
        *_of_nodes(nodes, thresholds),
    ]
    order = {kind: n for n, kind in enumerate(words())}
    found.sort(key=lambda flag: (order[flag.kind], flag.node, flag.code, flag.other or ""))
    names = {entry.id: entry.name for entry in tree.entries} | {tree.id: tree.name}
    rows = [
        {
            "node": flag.node,
            "code": flag.code,
            "other": flag.other,
            "kind": flag.kind,
            "value": flag.value,
            "threshold": flag.threshold,
            **{language: _said(flag, names, language) for language in LANGUAGES},
        }
        for flag in found
    ]
    return pl.DataFrame(rows, schema=FINDINGS)


def _of_indicators(table: pl.DataFrame, t: Thresholds) -> Iterator[_Flag]:
    for row in table.iter_rows(named=True):
        at = {"node": row["parent"], "code": row["code"]}
        if row["n"] == 0:
            yield _Flag(**at, kind="no_data", value=0, threshold=1)
            continue
        if row["availability"] < t.availability:
            yield _Flag(**at, kind="thin", value=row["availability"], threshold=t.availability)
        if row["constant"]:
            yield _Flag(**at, kind="constant", value=row["distinct"], threshold=2)
            continue
        if not row["passes"]:
            yield _Flag(**at, kind="outliers", value=row["skewness"], threshold=t.skewness)
        if row["zeros"] > t.zeros:
            yield _Flag(**at, kind="zeros", value=row["zeros"], threshold=t.zeros)
        if row["distinct"] < t.distinct:
            yield _Flag(**at, kind="few_values", value=row["distinct"], threshold=t.distinct)


def _of_sizes(table: pl.DataFrame, t: Thresholds) -> Iterator[_Flag]:
    divided = table.filter("divided")["code"].unique().to_list()
    open_to = table.drop_nulls("r").filter(~pl.col("code").is_in(divided) & (pl.col("n") >= t.least_units))
    for row in open_to.iter_rows(named=True):
        if abs(row["r"]) > t.size:
            at = {"node": row["parent"], "code": row["code"], "other": row["other"]}
            yield _Flag(**at, kind="size", value=row["r"], threshold=t.size)


def _of_correlations(tree: Tree, table: pl.DataFrame, t: Thresholds) -> Iterator[_Flag]:
    parents = {entry.id: entry.parent for entry in tree.entries}
    leaves = {indicator.id for indicator in tree.indicators}
    judged = table.drop_nulls("r").filter(pl.col("n") >= t.least_units)
    few = len(table.filter((pl.col("n") < t.least_units) & (pl.col("relation") != "apart")))
    if few:
        yield _Flag(node=tree.id, code=tree.id, kind="not_judged", value=few, threshold=t.least_units)
    for row in judged.iter_rows(named=True):
        code, other, relation, r = row["code"], row["other"], row["relation"], row["r"]
        near = relation == "siblings"
        pair = {"node": parents[code] if near else tree.id, "code": code, "other": other, "value": r}
        if r > t.redundant and (near or {code, other} <= leaves):
            yield _Flag(**pair, kind="redundant", threshold=t.redundant)
        if near and r < t.opposed:
            yield _Flag(**pair, kind="opposed", threshold=t.opposed)
        if relation == "parent":
            above = pair | {"node": other}
            if r <= -t.silent:
                yield _Flag(**above, kind="negative", threshold=-t.silent)
            elif r < t.silent:
                yield _Flag(**above, kind="silent", threshold=t.silent)


def _of_weights(table: pl.DataFrame, correlations: pl.DataFrame, t: Thresholds) -> Iterator[_Flag]:
    heard = correlations.filter(
        (pl.col("relation") == "parent") & (pl.col("r") >= t.silent) & (pl.col("n") >= t.least_units)
    )
    for row in (
        table.drop_nulls("ratio").filter(pl.col("code").is_in(heard["code"].to_list())).iter_rows(named=True)
    ):
        at = {"node": row["parent"], "code": row["code"], "other": row["parent"], "value": row["ratio"]}
        if row["ratio"] > t.weight_ratio:
            yield _Flag(**at, kind="overweight", threshold=t.weight_ratio)
        elif row["ratio"] < 1 / t.weight_ratio:
            yield _Flag(**at, kind="underweight", threshold=1 / t.weight_ratio)


def _of_nodes(table: pl.DataFrame, t: Thresholds) -> Iterator[_Flag]:
    for row in table.iter_rows(named=True):
        at = {"node": row["node"], "code": row["node"]}
        if row["thin_units"]:
            yield _Flag(**at, kind="thin_units", value=row["thin_units"], threshold=t.availability)
        if row["alpha"] is not None and row["alpha_units"] >= t.least_units and row["alpha"] < t.alpha:
            yield _Flag(**at, kind="inconsistent", value=row["alpha"], threshold=t.alpha)
        if (
            row["dimensions"] is not None
            and row["pca_units"] >= t.least_units
            and row["dimensions"] > t.dimensions
        ):
            yield _Flag(**at, kind="several_dimensions", value=row["dimensions"], threshold=t.dimensions)


def _said(flag: _Flag, names: Mapping[str, Mapping[str, str]], language: str) -> str:
    """Fill a finding's words in."""
    texts = words()[flag.kind]

    def name(code: str | None) -> str:
        return "" if code is None else names.get(code, {}).get(language, code)

    way = texts["value"]
    value, threshold = _number(flag.value, way), _number(flag.threshold, texts.get("threshold", way))
    if value == threshold and way == "number" and flag.value != flag.threshold:
        value = _number(flag.value, way, digits=4)
    return texts[language].format(
        name=name(flag.code), other=name(flag.other), value=value, threshold=threshold
    )


def _number(value: float, way: str, *, digits: int = 2) -> str:
    """Write a number as a kind says; one that would look like its threshold gets more digits."""
    if way == "share":
        return f"{value:.0%}"
    return f"{value:.0f}" if way == "count" else f"{value:.{digits}f}".replace("-", "−")
