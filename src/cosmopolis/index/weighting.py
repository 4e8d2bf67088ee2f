"""The step that weighs: new weights by code, given, drawn or found in the scores node by node upward.

The methods are in `weigh`; here they meet the tree.
"""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np
import polars as pl

from cosmopolis.errors import SpecError, UnknownNameError, hint_near
from cosmopolis.index import weigh
from cosmopolis.index.aggregate import combine
from cosmopolis.index.catalogue import Step
from cosmopolis.index.spec import reweighted
from cosmopolis.index.state import Done, State, count, way


def run(step: Step, state: State, then: Step | None) -> Done:
    """Weigh.

    Parameters
    ----------
    then
        The step `aggregate` that is to follow, which scores the nodes that are weighed.

    Raises
    ------
    SpecError, UnknownNameError
        If a code or node is unknown, a weight below 0, or the method cannot be used on the scores.
    """
    tree, settings = state.spec.tree, dict(step.settings)
    missed: dict[str, float] = {}
    if step.method == "given":
        new = dict(settings.get("weights", {}))
    elif step.method == "noisy":
        new = _noisy(state, settings)
    else:
        targets = settings.pop("weights", None)
        nodes = settings.pop("nodes", None)
        if targets is not None:
            nodes = [n for n in tree.upward() if any(child.id in targets for child in tree.children(n))]
        for node in nodes or ():
            if node not in tree.upward():
                raise UnknownNameError(f"weigh: no node {node!r}" + hint_near(node, tree.upward()))
        new, missed = _by_data(step, state, then, nodes=nodes, targets=targets, settings=settings)
    before = {entry.id: entry.weight for entry in tree.entries}
    changed = reweighted(tree, new)
    moved = sum(entry.weight != before[entry.id] for entry in changed.entries)
    return Done(
        state=replace(state, spec=replace(state.spec, tree=changed)),
        changed=moved,
        message=f"{count(moved, 'weight')} changed by {step.method}" + _said_of_missed(missed),
        report=pl.DataFrame(
            {
                "code": list(new),
                "before": [before[code] for code in new],
                "weight": [float(new[code]) for code in new],
            },
            schema={"code": pl.String(), "before": pl.Float64(), "weight": pl.Float64()},
        ),
    )


def _noisy(state: State, settings: Mapping[str, Any]) -> dict[str, float]:
    for name in ("factor", "seed"):
        if name not in settings:
            raise SpecError(f"weigh: 'noisy' needs {name}; the same seed gives the same weights")
    tree = state.spec.tree
    found: dict[str, float] = {}
    draw = np.random.default_rng(settings["seed"])
    for node in tree.upward():
        children = tree.children(node)
        weights = np.array([child.weight for child in children])
        shaken = weigh.noisy(weights / weights.sum(), settings["factor"], draw)
        found.update(zip((child.id for child in children), shaken.tolist(), strict=True))
    return found


def _by_data(
    step: Step,
    state: State,
    then: Step | None,
    *,
    nodes: list[str] | None,
    targets: Mapping[str, float] | None,
    settings: dict[str, Any],
) -> tuple[dict[str, float], dict[str, float]]:
    """Weigh node by node upward, each from the scores that the weights below it give.

    Returns
    -------
    weights, missed
        Weights by code; for each node whose target importance cannot be reached, the largest difference left.
    """
    tree, method = state.spec.tree, way(then)
    for code in targets or ():
        if code not in {entry.id for entry in tree.entries}:
            raise UnknownNameError(
                f"weigh: no {code!r} in the tree" + hint_near(code, [entry.id for entry in tree.entries])
            )
    scores = {code: state.values[:, at] for at, code in enumerate(state.codes)}
    found: dict[str, float] = {}
    missed: dict[str, float] = {}
    for node in tree.upward():
        children = tree.children(node)
        if nodes is None or node in nodes:
            own = dict(settings)
            if targets is not None:
                own["weights"] = {child.id: targets[child.id] for child in children if child.id in targets}
            if step.method == "optimised":
                (best,) = weigh.balance(tree, scores, own.pop("weights"), **own).values()
                found.update(zip((child.id for child in children), best.weights.tolist(), strict=True))
                if not best.matched:
                    missed[node] = best.residual
            else:
                found.update(weigh.tree(tree, scores, method=step.method, nodes=[node], **own))  # type: ignore[arg-type]
        weights = np.array([found.get(child.id, child.weight) for child in children])
        table = np.array([scores[child.id] for child in children])
        chosen = tree.aggregation_of(node) or method
        scores[node], _ = combine(table, np.ones(table.shape), weights, method=chosen, range=tree.range)
    return found, missed


def _said_of_missed(missed: Mapping[str, float]) -> str:
    """Say at which nodes the target importance cannot be reached by weights that are not negative."""
    return "".join(
        f"; at {node!r} no weights reach the target: the largest difference left is {residual:.3g}"
        for node, residual in missed.items()
    )
