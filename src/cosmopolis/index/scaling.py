"""The step that normalises: each indicator by its own method or the step's, in the range of the index.

Where a mean of the tree takes no 0 and no range is given, the range is [1, 100], and the log says so. The
formulas are in `scales`.
"""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np
import polars as pl

from cosmopolis.errors import SpecError, UnknownNameError, hint_near
from cosmopolis.index import means, normalise, scales
from cosmopolis.index.catalogue import Step
from cosmopolis.index.state import Done, State, count, way
from cosmopolis.index.tree import Indicator

GEOMETRIC_RANGE = (1.0, 100.0)
"""Range of the scores where a mean takes no 0 and no range is given."""

_PLAIN_RANGE = (0.0, 100.0)
_RANGED = ("min-max", "best", "percentile-rank", "reference", "target", "goalposts")


def run(step: Step, state: State, then: Step | None) -> Done:
    """Normalise.

    Parameters
    ----------
    then
        The step `aggregate` that is to follow.

    Raises
    ------
    SpecError, UnknownNameError
        If an indicator tells no unit apart, or lacks what its method needs.
    """
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
        message=f"{count(len(ways), 'indicator')} normalised by {step.method}{said}",
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
