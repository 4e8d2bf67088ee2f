"""One function for each step of a build: it takes the state so far and gives the next, with what it did.

The formulas are in the modules of the steps; here they meet the tree, its overrides and the settings. A state
is never changed in place, so a build can start again from any of its steps.
"""

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

import numpy as np
import polars as pl

from cosmopolis.errors import SpecError, UnknownNameError, hint_near
from cosmopolis.index import denominate, impute, normalise, scaling, screen, treat, weighting
from cosmopolis.index.aggregate import roll
from cosmopolis.index.catalogue import Step
from cosmopolis.index.state import Done, State, count, differ, unit_series, way


def run(step: Step, state: State, *, then: Step | None = None) -> Done:
    """Do one step.

    Parameters
    ----------
    then
        The step `aggregate` that is to follow, which decides the default range and the scores of nodes that
        are weighed.

    Raises
    ------
    SpecError, UnknownNameError
        If the step cannot be done with these settings on these data.
    """
    if step.name == "normalise":
        return scaling.run(step, state, then)
    if step.name == "weigh":
        return weighting.run(step, state, then)
    return _RUNS[step.name](step, state)


def _denominate(step: Step, state: State) -> Done:
    by = {i.id: i.denominator for i in state.indicators if i.denominator is not None}
    for code, name in dict(step.settings.get("denominators", {})).items():
        if code not in state.codes:
            raise UnknownNameError(f"denominate: no indicator {code!r}" + hint_near(code, state.codes))
        by[code] = name
    scale = step.settings.get("scale", 1.0)
    if isinstance(scale, Mapping):
        for name in scale:
            if name not in state.extras:
                raise UnknownNameError(f"denominate: no denominator {name!r}" + hint_near(name, state.extras))
    values, divided = state.values.copy(), 0
    for at, code in enumerate(state.codes):
        name = by.get(code)
        if name:
            factor = float(scale.get(name, 1.0) if isinstance(scale, Mapping) else scale)
            values[:, at] = denominate.ratio(values[:, at], state.extras[name], scale=factor)
            divided += 1
    lost = int((np.isnan(values) & ~np.isnan(state.values)).sum())
    tail = f"; {count(lost, 'value')} lost for want of a denominator above or below 0" if lost else ""
    return Done(
        state=replace(state, values=values),
        changed=differ(values, state.values),
        message=f"{count(divided, 'indicator')} divided{tail}",
        report=pl.DataFrame(
            {
                "indicator": [c for c in state.codes if by.get(c)],
                "by": [by[c] for c in state.codes if by.get(c)],
            },
            schema={"indicator": pl.String(), "by": pl.String()},
        ),
    )


def _screen(step: Step, state: State) -> Done:
    of_units, of_indicators = step.settings.get("units"), step.settings.get("indicators")
    if of_units is None and of_indicators is None:
        raise SpecError("screen: say how much data is enough, units = 0.9 or indicators = 0.5 (shares, 0..1)")
    spec, values = state.spec, state.values
    gone: tuple[str, ...] = ()
    if of_indicators is not None:
        stays = screen.keep(values.T, share=of_indicators)
        gone = tuple(code for code, stay in zip(state.codes, stays, strict=True) if not stay)
        if gone:
            spec = spec.without(*gone)
            values = values[:, stays]
    kept = np.ones(len(state.units), dtype=np.bool_)
    report = screen.reasons(unit_series(state.units), values, kept, share=0.0)
    if of_units is not None:
        always = step.settings.get("keep", [])
        for unit in always:
            if unit not in state.units:
                raise UnknownNameError(
                    f"screen: no unit {unit!r} to keep" + hint_near(str(unit), map(str, state.units))
                )
        kept = screen.keep(values, share=of_units) | np.array([unit in always for unit in state.units])
        report = screen.reasons(unit_series(state.units), values, kept, share=of_units)
    if not kept.any():
        raise SpecError(f"screen: no unit has data for {of_units:.0%} of the indicators; ask for less")
    tail = f"; indicators dropped: {', '.join(gone)}" if gone else ""
    return Done(
        state=replace(
            state,
            spec=spec,
            units=tuple(unit for unit, stay in zip(state.units, kept, strict=True) if stay),
            values=values[kept],
            extras={name: column[kept] for name, column in state.extras.items()},
            groups={
                name: tuple(g for g, stay in zip(column, kept, strict=True) if stay)
                for name, column in state.groups.items()
            },
        ),
        changed=int((~kept).sum()) + len(gone),
        message=f"{count(int((~kept).sum()), 'unit')} of {len(kept)} dropped{tail}",
        report=report,
    )


def _impute(step: Step, state: State) -> Done:
    name, settings = str(step.method), {k: v for k, v in step.settings.items() if k != "group"}
    fill, gaps = impute.METHODS[name], np.isnan(state.values)
    if not name.startswith("group-"):
        values = fill(state.values, **settings) if gaps.any() else state.values
    else:
        values = state.values.copy()
        by: dict[str, list[int]] = {}
        for at in np.flatnonzero(gaps.any(axis=0)):
            column = state.indicators[at].group or step.settings.get("group")
            if column is None:
                raise SpecError(
                    f"impute: {state.codes[at]!r} has gaps and no group; give group = '<column>' to the step "
                    "or the indicator"
                )
            by.setdefault(column, []).append(int(at))
        for column, places in by.items():
            values[:, places] = fill(values[:, places], state.groups[column])
    filled = gaps & ~np.isnan(values)
    left = int(np.isnan(values).sum())
    tail = f", {left} left" if left else ""
    return Done(
        state=replace(state, values=values),
        changed=int(filled.sum()),
        message=f"{count(int(filled.sum()), 'value')} filled{tail}",
        report=pl.DataFrame(
            {"indicator": state.codes, "filled": filled.sum(axis=0), "left": np.isnan(values).sum(axis=0)},
            schema={"indicator": pl.String(), "filled": pl.Int64(), "left": pl.Int64()},
        ).filter((pl.col("filled") > 0) | (pl.col("left") > 0)),
    )


def _transform(_: Step, state: State) -> Done:
    values, how = state.values.copy(), dict(state.transformed)
    for at, indicator in enumerate(state.indicators):
        if indicator.transform != "none" and indicator.id not in how:
            values[:, at] = normalise.transformed(values[:, at], indicator.transform, what=indicator.id)
            how[indicator.id] = indicator.transform
    return Done(
        state=replace(state, values=values, transformed=how),
        changed=differ(values, state.values),
        message=f"{count(len(how) - len(state.transformed), 'indicator')} transformed",
        report=pl.DataFrame(
            {"indicator": list(how), "transform": list(how.values())},
            schema={"indicator": pl.String(), "transform": pl.String()},
        ),
    )


def _treat(step: Step, state: State) -> Done:
    own = {i.id: i.treatment for i in state.indicators if i.treatment is not None}

    def settings(code: str) -> dict[str, Any]:
        override = own.get(code)
        if override is None:
            return {"method": step.method, **step.settings}
        return {"method": override.name, **override.settings}

    values, report = treat.matrix(state.values, state.codes, settings)
    counts = {name: report.filter(pl.col("treatment") == name).height for name in ("winsorised", "log")}
    points, failed = int(report["points"].sum()), report.filter(~pl.col("passed"))["indicator"].to_list()
    tail = f"; still not passing: {', '.join(failed)}" if failed else ""
    return Done(
        state=replace(
            state,
            values=values,
            logged=state.logged | set(report.filter(pl.col("treatment") == "log")["indicator"].to_list()),
        ),
        changed=differ(values, state.values),
        message=f"{count(counts['winsorised'], 'indicator')} winsorised at {count(points, 'point')}, "
        f"{counts['log']} by logarithm{tail}",
        report=report,
    )


def _aggregate(step: Step, state: State) -> Done:
    tree, method = state.spec.tree, way(step)
    floor = step.settings.get("floor")
    if floor is not None and not 0 <= floor <= 1:
        raise SpecError(f"aggregate: got floor = {floor}, but expected a share of the weight from 0 to 1")
    scores, shares = roll(state.values, tree, method=method, floor=floor)
    without = int(np.isnan(scores[:, -1]).sum())
    own = [n for n in tree.upward() if tree.aggregation_of(n) is not None]
    tail = f"; own way of {', '.join(own)}" if own else ""
    tail += f"; {count(without, 'unit')} without a score" if without else ""
    name = getattr(method.name, "__name__", repr(method.name)) if callable(method.name) else method.name
    return Done(
        state=replace(state, scores=scores, shares=shares),
        changed=int((~np.isnan(scores)).sum()),
        message=f"{count(len(tree.upward()), 'node')} scored by {name}{tail}",
        report=pl.DataFrame(
            {
                "node": tree.upward(),
                "scored": (~np.isnan(scores)).sum(axis=0),
                "least_share": np.nanmin(shares, axis=0) if len(shares) else np.zeros(shares.shape[1]),
            },
            schema={"node": pl.String(), "scored": pl.Int64(), "least_share": pl.Float64()},
        ),
    )


_RUNS: dict[str, Callable[[Step, State], Done]] = {
    "denominate": _denominate,
    "screen": _screen,
    "impute": _impute,
    "transform": _transform,
    "treat": _treat,
    "aggregate": _aggregate,
}
