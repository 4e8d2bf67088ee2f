"""One function for each step of a build: it takes the state so far and gives the next, with what it did.

The formulas are in the modules of the steps; here they meet the tree, its overrides and the settings. A state
is never changed in place, so a build can start again from any of its steps.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from dataclasses import field as made
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from cosmopolis.errors import SpecError, UnknownNameError, hint_near
from cosmopolis.index import denominate, impute, means, normalise, scales, screen, treat, weigh
from cosmopolis.index.aggregate import combine, roll
from cosmopolis.index.catalogue import Step
from cosmopolis.index.data import Floats, Unit
from cosmopolis.index.spec import Spec, reweighted
from cosmopolis.index.tree import Indicator, Method, Transform

GEOMETRIC_RANGE = (1.0, 100.0)
"""Range of the scores where a mean takes no 0 and no range is given."""

_PLAIN_RANGE = (0.0, 100.0)
_RANGED = ("min-max", "best", "percentile-rank", "reference", "target", "goalposts")


@dataclass(frozen=True, kw_only=True)
class State:
    """A build after some of its steps.

    Attributes
    ----------
    spec
        With the tree as it is now: indicators that are left, weights, range.
    units, values, extras, groups
        As of `data.Data`, of the units that are left.
    transformed
        Transform done to each indicator so far, by code.
    logged
        Indicators of which the treatment took the logarithm.
    scores, shares
        Units × nodes after aggregation; null before.
    """

    spec: Spec
    units: tuple[Unit, ...]
    values: Floats
    extras: Mapping[str, Floats]
    groups: Mapping[str, tuple[str | None, ...]]
    transformed: Mapping[str, Transform] = made(default_factory=dict)
    logged: frozenset[str] = frozenset()
    scores: Floats | None = None
    shares: Floats | None = None

    @property
    def codes(self) -> tuple[str, ...]:
        """Codes of the indicators that are left."""
        return self.spec.codes

    @property
    def indicators(self) -> tuple[Indicator, ...]:
        """The indicators that are left."""
        return self.spec.tree.indicators


@dataclass(frozen=True, kw_only=True)
class Done:
    """What a step gave.

    Attributes
    ----------
    state
        After the step.
    changed
        Number of values changed or filled, units and indicators dropped, or weights changed.
    message
        What was done, in words.
    report
        Details, a frame of the step's own columns; may be empty.
    """

    state: State
    changed: int
    message: str
    report: pl.DataFrame = made(default_factory=pl.DataFrame)


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
        return _normalise(step, state, then)
    if step.name == "weigh":
        return _weigh(step, state, then)
    return _RUNS[step.name](step, state)


def way(step: Step | None) -> Method:
    """Return the way of aggregating that a step asks for, arithmetic where there is none."""
    if step is None:
        return Method(name="arithmetic")
    return Method(name=step.method, settings={k: v for k, v in step.settings.items() if k != "floor"})


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
    tail = f"; {_count(lost, 'value')} lost for want of a denominator above or below 0" if lost else ""
    return Done(
        state=replace(state, values=values),
        changed=_differ(values, state.values),
        message=f"{_count(divided, 'indicator')} divided{tail}",
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
    report = screen.reasons(_series(state.units), values, kept, share=0.0)
    if of_units is not None:
        always = step.settings.get("keep", [])
        for unit in always:
            if unit not in state.units:
                raise UnknownNameError(
                    f"screen: no unit {unit!r} to keep" + hint_near(str(unit), map(str, state.units))
                )
        kept = screen.keep(values, share=of_units) | np.array([unit in always for unit in state.units])
        report = screen.reasons(_series(state.units), values, kept, share=of_units)
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
        message=f"{_count(int((~kept).sum()), 'unit')} of {len(kept)} dropped{tail}",
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
        message=f"{_count(int(filled.sum()), 'value')} filled{tail}",
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
        changed=_differ(values, state.values),
        message=f"{_count(len(how) - len(state.transformed), 'indicator')} transformed",
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
        changed=_differ(values, state.values),
        message=f"{_count(counts['winsorised'], 'indicator')} winsorised at {_count(points, 'point')}, "
        f"{counts['log']} by logarithm{tail}",
        report=report,
    )


def _normalise(step: Step, state: State, then: Step | None) -> Done:
    low_high, said = _range(step, state, then)
    ways = [
        (str(i.normalisation.name), dict(i.normalisation.settings))
        if i.normalisation is not None
        else (str(step.method), dict(step.settings))
        for i in state.indicators
    ]
    values = np.full(state.values.shape, np.nan)
    together: dict[str, list[int]] = {}
    for at, (name, settings) in enumerate(ways):
        together.setdefault(repr((name, sorted(settings.items()))), []).append(at)
    same = scales.constant(state.values)
    for places in together.values():
        name, settings = ways[places[0]]
        members = [state.indicators[at] for at in places]
        flat = [i.id for i, at in zip(members, places, strict=True) if same[at]]
        if flat and name in scales.NEEDS_SPREAD and "constant" not in state.spec.allow:
            raise SpecError(
                f"normalise: indicator {flat[0]!r} has zero variance, the same value for all units that have "
                "data, and tells none apart; leave it out, or say allow = ['constant'] to give all the middle"
            )
        settings["range"] = tuple(settings.get("range", low_high))
        options = _options(name, settings, members, state)
        try:
            values[:, places] = normalise.array(
                state.values[:, places], method=name, direction=[i.direction for i in members], **options
            )
        except SpecError as error:
            names = ", ".join(repr(i.id) for i in members[:8])
            raise SpecError(f"normalise: {error} (columns: {names})") from None
    tree = replace(state.spec.tree, range=low_high)
    return Done(
        state=replace(state, spec=replace(state.spec, tree=tree), values=values),
        changed=int((~np.isnan(values)).sum()),
        message=f"{_count(len(ways), 'indicator')} normalised by {step.method}{said}",
        report=pl.DataFrame(
            {
                "indicator": state.codes,
                "method": [name for name, _ in ways],
                "direction": [i.direction for i in state.indicators],
            },
            schema={"indicator": pl.String(), "method": pl.String(), "direction": pl.Int64()},
        ),
    )


def _range(step: Step, state: State, then: Step | None) -> tuple[tuple[float, float], str]:
    """Return the range of the scores, and the words that say it."""
    tree = state.spec.tree
    if "range" in step.settings:
        low, high = step.settings["range"]
        if not low < high:
            raise SpecError(
                f"normalise: got range = [{low}, {high}], but expected [low, high] with low < high"
            )
        return (float(low), float(high)), f" to [{low:g}, {high:g}]"
    if step.method not in _RANGED:
        return tree.range, ""
    used = [(n, tree.aggregation_of(n) or way(then)) for n in tree.upward()]
    above = [n for n, method in used if (means.least_score(method) or 0.0) > 0]
    if above and tree.range == _PLAIN_RANGE:
        low, high = GEOMETRIC_RANGE
        return GEOMETRIC_RANGE, (
            f" to [{low:g}, {high:g}], not [0, 100], as the mean of {above[0]!r} takes no 0; give a range to "
            "choose your own"
        )
    return tree.range, f" to [{tree.range[0]:g}, {tree.range[1]:g}]"


def _options(
    name: str, settings: Mapping[str, Any], members: list[Indicator], state: State
) -> dict[str, Any]:
    """Return the options of `normalise.array`, with what the tree says of goalposts and targets."""
    options = {key: value for key, value in settings.items() if key not in {"unit", "bounds"}}
    if name == "goalposts":
        given = dict(settings.get("bounds", {}))
        for code in given:
            if code not in state.codes:
                raise UnknownNameError(
                    f"normalise: bounds for no indicator {code!r}" + hint_near(code, state.codes)
                )
        ends = [
            given[i.id] if i.id in given else _in_unit(i, i.goalposts, "goalposts", state) for i in members
        ]
        options["goalposts"] = tuple(np.array(end, dtype=np.float64) for end in zip(*ends, strict=True))
    if name == "target":
        options["target"] = np.array(
            [_in_unit(i, None if i.target is None else (i.target,), "target", state)[0] for i in members]
        )
    if name == "reference":
        if "unit" not in settings:
            raise SpecError(
                "normalise: 'reference' needs unit = '<code>', the unit that distances are measured to"
            )
        if settings["unit"] not in state.units:
            raise UnknownNameError(
                f"normalise: no unit {settings['unit']!r}"
                + hint_near(str(settings["unit"]), map(str, state.units))
            )
        options["reference"] = state.units.index(settings["unit"])
    return options


def _in_unit(
    indicator: Indicator, given: tuple[float, ...] | None, what: str, state: State
) -> tuple[float, ...]:
    """Return goalposts or a target, brought through the same transform as the values."""
    if given is None:
        raise SpecError(
            f"normalise: {indicator.id!r} has no {what}; give it one, or another method of its own"
        )
    if indicator.id in state.logged:
        raise SpecError(
            f"normalise: the treatment took the logarithm of {indicator.id!r}, whose {what} is in its own "
            "unit; give it treatment = 'winsorise-only' or 'none'"
        )
    how = state.transformed.get(indicator.id, "none")
    return tuple(
        normalise.transformed(np.array(given, dtype=np.float64), how, what=f"{what} of {indicator.id}")
    )


def _weigh(step: Step, state: State, then: Step | None) -> Done:
    tree, settings = state.spec.tree, dict(step.settings)
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
        new = _by_data(step, state, then, nodes=nodes, targets=targets, settings=settings)
    before = {entry.id: entry.weight for entry in tree.entries}
    changed = reweighted(tree, new)
    moved = sum(entry.weight != before[entry.id] for entry in changed.entries)
    return Done(
        state=replace(state, spec=replace(state.spec, tree=changed)),
        changed=moved,
        message=f"{_count(moved, 'weight')} changed by {step.method}",
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
) -> dict[str, float]:
    """Weigh node by node upward, each from the scores that the weights below it give."""
    tree, method = state.spec.tree, way(then)
    for code in targets or ():
        if code not in {entry.id for entry in tree.entries}:
            raise UnknownNameError(
                f"weigh: no {code!r} in the tree" + hint_near(code, [entry.id for entry in tree.entries])
            )
    scores = {code: state.values[:, at] for at, code in enumerate(state.codes)}
    found: dict[str, float] = {}
    for node in tree.upward():
        children = tree.children(node)
        if nodes is None or node in nodes:
            own = dict(settings)
            if targets is not None:
                own["weights"] = {child.id: targets[child.id] for child in children if child.id in targets}
            found.update(weigh.tree(tree, scores, method=step.method, nodes=[node], **own))  # type: ignore[arg-type]
        weights = np.array([found.get(child.id, child.weight) for child in children])
        table = np.array([scores[child.id] for child in children])
        chosen = tree.aggregation_of(node) or method
        scores[node], _ = combine(table, np.ones(table.shape), weights, method=chosen, range=tree.range)
    return found


def _aggregate(step: Step, state: State) -> Done:
    tree, method = state.spec.tree, way(step)
    floor = step.settings.get("floor")
    if floor is not None and not 0 <= floor <= 1:
        raise SpecError(f"aggregate: got floor = {floor}, but expected a share of the weight from 0 to 1")
    scores, shares = roll(state.values, tree, method=method, floor=floor)
    without = int(np.isnan(scores[:, -1]).sum())
    own = [n for n in tree.upward() if tree.aggregation_of(n) is not None]
    tail = f"; own way of {', '.join(own)}" if own else ""
    tail += f"; {_count(without, 'unit')} without a score" if without else ""
    name = getattr(method.name, "__name__", repr(method.name)) if callable(method.name) else method.name
    return Done(
        state=replace(state, scores=scores, shares=shares),
        changed=int((~np.isnan(scores)).sum()),
        message=f"{_count(len(tree.upward()), 'node')} scored by {name}{tail}",
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


def _differ(new: NDArray[np.float64], old: NDArray[np.float64]) -> int:
    return int(((new != old) & ~(np.isnan(new) & np.isnan(old))).sum())


def _count(number: int, word: str) -> str:
    return f"{number} {word}" if number == 1 else f"{number} {word}s"


def _series(units: tuple[Unit, ...]) -> pl.Series:
    return pl.Series("unit", units, dtype=pl.Int64 if units and isinstance(units[0], int) else pl.String)
