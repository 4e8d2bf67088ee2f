"""The tables of a built index as frames: wide and long, in a fixed order of rows."""

from collections.abc import Callable, Iterable, Mapping
from typing import Any

import numpy as np
import polars as pl

from cosmopolis.index.catalogue import Step
from cosmopolis.index.data import Floats, Unit
from cosmopolis.index.state import unit_series
from cosmopolis.index.tree import Tree

LOG = pl.Schema(
    {
        "step": pl.String,
        "method": pl.String,
        "settings": pl.String,
        "changed": pl.Int64,
        "message": pl.String,
    }
)
"""Columns of the log."""


def wide(units: tuple[Unit, ...], codes: tuple[str, ...], values: Floats) -> pl.DataFrame:
    """Return `unit` and a column a code, null for no data.

    Examples
    --------
    >>> wide(("A",), ("x",), np.array([[np.nan]])).row(0)
    ('A', None)
    """
    columns = [pl.Series(code, values[:, at], dtype=pl.Float64) for at, code in enumerate(codes)]
    return pl.DataFrame([unit_series(units), *columns]).with_columns(pl.col(codes).fill_nan(None))


def ranks(units: tuple[Unit, ...], tree: Tree, table: Floats) -> pl.DataFrame:
    """Return `unit` and the rank at each node, from the root down, of a table in the order upward."""
    scored = wide(units, tree.upward(), table)
    return scored.select("unit", *(_rank(node).alias(node) for node in tree.downward()))


def scores(units: tuple[Unit, ...], nodes: tuple[str, ...], table: Floats, shares: Floats) -> pl.DataFrame:
    """Return `node`, `unit`, `score`, `rank`, `weight_share`, sorted by node and unit."""
    column = unit_series(units)
    parts = [
        pl.DataFrame(
            {
                "unit": column,
                "score": pl.Series(table[:, at], dtype=pl.Float64).fill_nan(None),
                "weight_share": shares[:, at],
            }
        ).select(pl.lit(node).alias("node"), "unit", "score", _rank("score"), "weight_share")
        for at, node in sorted(enumerate(nodes), key=lambda pair: pair[1])
    ]
    return pl.concat(parts)


def results(units: tuple[Unit, ...], tree: Tree, table: Floats, names: Mapping[Unit, str]) -> pl.DataFrame:
    """Return `unit`, `name` (where there are names), `rank` and the scores from the root down, best first."""
    scored = wide(units, tree.upward(), table).select("unit", _rank(tree.id), *tree.downward())
    if names:
        column = pl.Series("name", [names.get(unit) for unit in units], dtype=pl.String)
        scored = scored.insert_column(1, column)
    return scored.sort("rank", "unit", nulls_last=True)


def indicators(units: tuple[Unit, ...], codes: tuple[str, ...], values: Mapping[str, Floats]) -> pl.DataFrame:
    """Return `indicator`, `unit` and the given columns, sorted by indicator and unit.

    Parameters
    ----------
    values
        Units × indicators, by the name of the column.
    """
    n = len(units)
    order = sorted(range(len(codes)), key=lambda at: codes[at])
    names = pl.Series("indicator", [codes[at] for at in order], dtype=pl.String)
    return pl.DataFrame(
        {
            "indicator": names.gather(np.repeat(np.arange(len(order)), n)),
            "unit": unit_series(units).gather(np.tile(np.arange(n), len(order))),
            **{name: pl.Series(table.T[order].ravel()).fill_nan(None) for name, table in values.items()},
        }
    )


def weights(tree: Tree) -> pl.DataFrame:
    """Return `code`, `parent`, `weight`, `share` among siblings and `effective`, of the whole index.

    Nodes from the root down, then indicators in the order of the tree.
    """
    nodes = tree.upward()
    totals = {node: sum(child.weight for child in tree.children(node)) for node in nodes}
    effective, rows = {tree.id: 1.0}, []
    entries = {entry.id: entry for entry in tree.entries}
    for code in (*tree.downward()[1:], *(indicator.id for indicator in tree.indicators)):
        entry = entries[code]
        share = entry.weight / totals[entry.parent]
        effective[code] = effective[entry.parent] * share
        rows.append((code, entry.parent, entry.weight, share, effective[code]))
    schema = {
        "code": pl.String(),
        "parent": pl.String(),
        "weight": pl.Float64(),
        "share": pl.Float64(),
        "effective": pl.Float64(),
    }
    return pl.DataFrame(rows, schema=schema, orient="row")


def log(stages: Iterable[tuple[str, Step, int, str]]) -> pl.DataFrame:
    """Return `step`, `method`, `settings`, `changed`, `message` from label, step, count and words."""
    rows = [
        (label, _name(step.method), _written(step.settings), changed, message)
        for label, step, changed, message in stages
    ]
    return pl.DataFrame(rows, schema=LOG, orient="row")


def _rank(column: str) -> pl.Expr:
    """Return ranks of unrounded scores, as `ranks.ranks` gives them."""
    return pl.col(column).rank("min", descending=True).cast(pl.Int64).alias("rank")


def _name(method: str | Callable[..., float]) -> str:
    return method if isinstance(method, str) else f"own function {getattr(method, '__name__', '')}".strip()


def _written(settings: Mapping[str, Any]) -> str:
    return ", ".join(f"{key} = {value!r}" for key, value in settings.items())
