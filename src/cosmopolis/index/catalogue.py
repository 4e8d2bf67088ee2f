"""The names of the steps of an index, their methods and settings, and the check of what a user writes.

Names only: what a method does stands in the module of its step. An unknown name is always an error.
"""

import inspect
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from dataclasses import field as made
from math import isfinite
from types import MappingProxyType
from typing import Any

import numpy as np

from cosmopolis.errors import SpecError, UnknownNameError, hint_near

METHODS: Mapping[str, Mapping[str, tuple[str, ...]]] = MappingProxyType(
    {
        "denominate": {"ratio": ("scale", "denominators")},
        "screen": {"share": ("units", "indicators", "keep")},
        "impute": {
            "mean": (),
            "median": (),
            "group-mean": ("group",),
            "group-median": ("group",),
            "em": ("prior", "tolerance", "rounds"),
        },
        "transform": {"given": ()},
        "treat": {
            "winsorise": ("skewness", "kurtosis", "points", "log"),
            "winsorise-only": ("skewness", "kurtosis", "points"),
            "log": ("skewness", "kurtosis"),
            "none": (),
        },
        "normalise": {
            "min-max": ("range",),
            "z-score": ("mean", "deviation"),
            "percentile-rank": ("range",),
            "rank": (),
            "borda": (),
            "reference": ("unit", "range", "clip"),
            "target": ("range", "clip"),
            "best": ("range",),
            "fraction": ("scale",),
            "goalposts": ("range", "clip", "bounds"),
            "none": (),
        },
        "weigh": {
            "given": ("weights",),
            "equal": ("nodes",),
            "pca": ("nodes", "least_units"),
            "entropy": ("nodes",),
            "critic": ("nodes",),
            "optimised": ("weights", "kind", "tolerance"),
            "noisy": ("factor", "seed"),
        },
        "aggregate": {
            "arithmetic": ("floor",),
            "geometric": ("floor",),
            "harmonic": ("floor",),
            "power": ("p", "floor"),
            "copeland": ("floor",),
        },
    }
)
"""Settings by step and method; the first method of a step is its default."""

STEPS = ("denominate", "screen", "impute", "transform", "treat", "normalise", "weigh", "aggregate")
"""Steps in the order in which they are most often taken."""


_WORDS = {
    "number": "a number",
    "whole": "a whole number of at least 0",
    "truth": "true or false",
    "text": "text",
    "range": "[low, high] with low < high",
    "list": "a list",
    "table": "a table of values by code",
    "bounds": "a table of [low, high] by code, low < high",
    "number or table": "a number, or a table of numbers by denominator",
    "unit": "the code of a unit",
}
_KINDS = {
    "scale": "number or table",
    "denominators": "table",
    "units": "number",
    "indicators": "number",
    "keep": "list",
    "group": "text",
    "prior": "number",
    "tolerance": "number",
    "rounds": "whole",
    "skewness": "number",
    "kurtosis": "number",
    "points": "whole",
    "log": "truth",
    "range": "range",
    "mean": "number",
    "deviation": "number",
    "unit": "unit",
    "clip": "truth",
    "bounds": "bounds",
    "weights": "table",
    "nodes": "list",
    "least_units": "whole",
    "kind": "text",
    "factor": "number",
    "seed": "whole",
    "floor": "number",
    "p": "number",
}


@dataclass(frozen=True, kw_only=True)
class Step:
    """One step of a build: what is done, by which method, with which settings.

    Attributes
    ----------
    name
        One of `STEPS`.
    method
        Of the step; for `aggregate` it may be an own function of `values` and `weights`.
    settings
        By name; what is not said takes the method's default.
    """

    name: str
    method: str | Callable[..., float]
    settings: Mapping[str, Any] = made(default_factory=dict)


def methods(name: str) -> dict[str, tuple[str, ...]]:
    """Return the methods of a step and the settings of each.

    Raises
    ------
    UnknownNameError
        If there is no such step.

    Examples
    --------
    >>> methods("denominate")
    {'ratio': ('scale', 'denominators')}
    """
    if name not in STEPS:
        raise UnknownNameError(f"there is no step {name!r}" + hint_near(name, STEPS))
    return dict(METHODS[name])


def step(
    name: str,
    method: str | Callable[..., float] | None = None,
    settings: Mapping[str, Any] | None = None,
    *,
    where: str = "the steps",
) -> Step:
    """Make a step after checking its names.

    Parameters
    ----------
    name, method, settings
        As of `Step`; without a method the step's default is taken.
    where
        Words that say in an error where the step stands.

    Raises
    ------
    UnknownNameError
        If there is no such step, method or setting.
    SpecError
        If an own function is given where none can be, or it does not take `values` and `weights` by keyword;
        if a setting is not of its kind.

    Examples
    --------
    >>> step("impute", "group-mean", {"group": "region"}).method
    'group-mean'
    """
    known = methods(name)
    given = dict(settings or {})
    chosen = next(iter(known)) if method is None else method
    if callable(chosen):
        if name != "aggregate":
            raise SpecError(f"{where}: step {name!r} takes no own function; only 'aggregate' does")
        own(chosen, where)
        allowed: tuple[str, ...] = ("floor",)
    elif str(chosen) not in known:
        raise UnknownNameError(
            f"{where}: step {name!r} has no method {chosen!r}" + hint_near(str(chosen), known)
        )
    else:
        allowed = known[chosen]
    for key, value in given.items():
        if key not in allowed:
            tail = hint_near(key, allowed) if allowed else "; it has no settings"
            raise UnknownNameError(f"{where}: method {chosen!r} of {name!r} has no setting {key!r}{tail}")
        if not _is(value, _KINDS[key]):
            raise SpecError(f"{where}: {name!r} got {key} = {value!r}, but expected {_WORDS[_KINDS[key]]}")
    return Step(name=name, method=chosen, settings=given)


def own(function: Callable[..., float], where: str = "the steps") -> None:
    """Check that an own function of aggregation takes `values` and `weights` by keyword.

    Raises
    ------
    SpecError
        If it does not. A function such as `sum` would otherwise mix weights into the values unseen.

    Examples
    --------
    >>> own(lambda *, values, weights: float((values * weights).sum()))
    >>> own(sum)
    Traceback (most recent call last):
    ...
    cosmopolis.errors.SpecError: the steps: own function 'sum' cannot be called ...
    """
    name = getattr(function, "__name__", repr(function))
    try:
        inspect.signature(function).bind(values=None, weights=None)
    except (TypeError, ValueError) as error:
        raise SpecError(
            f"{where}: own function {name!r} cannot be called as f(values=..., weights=...), {error}; write "
            f"def {name if name.isidentifier() else 'mine'}(*, values, weights) and return one number"
        ) from None


def _is(value: Any, kind: str) -> bool:  # noqa: ANN401 - settings may hold anything
    """Say whether a value is of a kind of `_WORDS`."""
    whole = isinstance(value, int | np.integer) and not isinstance(value, bool)
    number = whole or (isinstance(value, float | np.floating) and isfinite(value))
    if kind == "range":
        pair = isinstance(value, list | tuple) and len(value) == 2  # noqa: PLR2004 - low and high
        return pair and all(_is(end, "number") for end in value) and value[0] < value[1]
    checks = {
        "number": number,
        "whole": whole and value >= 0,
        "truth": isinstance(value, bool),
        "text": isinstance(value, str),
        "list": isinstance(value, list | tuple),
        "table": isinstance(value, Mapping),
        "bounds": isinstance(value, Mapping) and all(_is(one, "range") for one in value.values()),
        "number or table": number
        or (isinstance(value, Mapping) and all(_is(one, "number") for one in value.values())),
        "unit": isinstance(value, str) or whole,
    }
    return bool(checks[kind])
