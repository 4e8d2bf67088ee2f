"""Who stands at the top: ties from each legal entity to the one that consolidates it, followed to the end.

Where a tree lies on the map is not known here (`cosmopolis.networks.ownership`). A tie says that the parent
consolidates the child's accounts, not how much of it it owns: joint ventures and minority holdings are not in
it.
"""

import math
from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.typing import NDArray
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from cosmopolis.networks.links import UNUSED, require

SELF_TIE = "the entity is its own parent"
CYCLE = "the ties of these entities run in a circle: none of them stands at the top"
"""Why a tie is not followed."""

PARENTS = pl.Schema(
    {
        "entity": pl.String,
        "ultimate": pl.String,
        "steps": pl.Int64,
        "reported": pl.String,
        "reason": pl.String,
    }
)
"""Columns of `Trees.parents`."""


@dataclass(frozen=True, kw_only=True)
class Trees:
    """The trees that ties make.

    Attributes
    ----------
    parents
        By `PARENTS`, one row for each entity that a tie names, sorted by `entity`: the entity at the top of
        its tree (itself where it has no parent), the number of direct ties to there, and the ultimate parent
        that the register reports, null where it reports none. `ultimate` and `steps` are null where the way
        up ends in a circle, and `reason` says so.
    unused
        By `cosmopolis.networks.links.UNUSED`: the ties that were not followed, ascending.
    disagreeing
        So many entities whose reported ultimate parent is not the one at the top of their direct ties.
    """

    parents: pl.DataFrame
    unused: pl.DataFrame
    disagreeing: int


def ultimate_parents(ties: pl.DataFrame) -> Trees:
    """Find the ultimate parent of each entity.

    Direct ties are followed from child to parent until an entity without one. Where an entity has no direct
    tie but the register reports its ultimate parent, that tie is followed instead. Of several direct parents
    the one of the latest year counts, of those the first row. Ties in a circle are told and not followed, so
    whoever's way leads into a circle has no ultimate parent.

    Parameters
    ----------
    ties
        `row`, `child`, `parent`, `kind` (`direct` or `ultimate`), `year` (may be null).

    Returns
    -------
    trees
        By pointer doubling: about n log₂ d steps for n entities in trees d deep.

    Examples
    --------
    >>> ties = pl.DataFrame({
    ...     "row": [1, 2, 3, 4], "child": ["c", "b", "x", "y"], "parent": ["b", "a", "y", "x"],
    ...     "kind": "direct", "year": 2020,
    ... })
    >>> trees = ultimate_parents(ties)
    >>> trees.parents.select("entity", "ultimate", "steps").head(3).rows()
    [('a', 'a', 0), ('b', 'a', 1), ('c', 'a', 2)]
    >>> trees.unused["row"].to_list()
    [3, 4]
    """
    require(ties, ["row", "child", "parent", "kind", "year"], what="ownership ties")
    own = ties.filter(pl.col("child") == pl.col("parent"))
    rest = ties.filter(pl.col("child") != pl.col("parent")).sort(
        pl.col("kind") != "direct", "child", pl.col("year"), "row", descending=[False, False, True, False],
        nulls_last=True,
    )  # fmt: skip
    kinds = rest.partition_by("kind", as_dict=True)
    none = rest.clear()
    direct, reported = kinds.get(("direct",), none), kinds.get(("ultimate",), none)
    firsts = direct.unique("child", keep="first", maintain_order=True)
    tops = reported.unique("child", keep="first", maintain_order=True)
    instead = tops.join(firsts, on="child", how="anti", maintain_order="left")
    followed = pl.concat([firsts, instead])
    names = pl.concat([rest["child"], rest["parent"], own["child"]]).unique().sort()
    child = names.search_sorted(followed["child"]).to_numpy().astype(np.int64)
    parent = names.search_sorted(followed["parent"]).to_numpy().astype(np.int64)
    up = np.arange(len(names), dtype=np.int64)
    up[child] = parent
    top, steps = _climb(up)
    stuck = up[top] != top
    on_circle = _on_circle(child, parent, len(names))
    parents = (
        pl.DataFrame({"entity": names, "ultimate": names.gather(top), "steps": steps, "stuck": stuck})
        .join(tops.select(entity="child", reported="parent"), on="entity", how="left", maintain_order="left")
        .with_columns(
            *(pl.when(~pl.col("stuck")).then(name).alias(name) for name in ("ultimate", "steps")),
            reason=pl.when("stuck").then(pl.lit("the way up leads into a circle of ties")),
        )
        .match_to_schema(PARENTS, extra_columns="ignore")
    )
    known = parents.drop_nulls(["ultimate", "reported"])
    return Trees(
        parents=parents,
        unused=_unused(
            own,
            followed.filter(on_circle[child]),
            [("direct", direct, firsts), ("ultimate", reported, tops)],
        ),
        disagreeing=known.filter(pl.col("ultimate") != pl.col("reported")).height,
    )


def _climb(up: NDArray[np.int64]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return who stands at the top of each way up and how far; a way into a circle ends somewhere on it."""
    at, steps = up.copy(), (up != np.arange(len(up))).astype(np.int64)
    for _ in range(math.ceil(math.log2(len(up) + 1)) + 1):
        further = at[at]
        if np.array_equal(further, at):
            break
        steps += steps[at]
        at = further
    return at, steps


def _on_circle(child: NDArray[np.int64], parent: NDArray[np.int64], n: int) -> NDArray[np.bool_]:
    """Say which entities lie on a circle of ties."""
    if not len(child):
        return np.zeros(n, dtype=np.bool_)
    graph = coo_array((np.ones(len(child), dtype=np.int8), (child, parent)), shape=(n, n)).tocsr()
    _, part = connected_components(graph, directed=True, connection="strong")
    on_circle: NDArray[np.bool_] = np.bincount(part)[part] > 1
    return on_circle


def _unused(
    own: pl.DataFrame, circles: pl.DataFrame, told: list[tuple[str, pl.DataFrame, pl.DataFrame]]
) -> pl.DataFrame:
    """Write down the ties that are not followed; `told`: ties of a kind, and the one of each child."""
    doubles = [
        every.join(kept.select("child", first="row"), on="child")
        .filter(pl.col("row") != pl.col("first"))
        .select("row", reason=pl.format("the entity's {} parent is told by row {}", pl.lit(kind), "first"))
        for kind, every, kept in told
    ]
    lines = [
        own.select("row", pl.lit(SELF_TIE).alias("reason")),
        circles.select("row", pl.lit(CYCLE).alias("reason")),
    ]
    return pl.concat([*lines, *doubles]).match_to_schema(UNUSED).sort("row")
