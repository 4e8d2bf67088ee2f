"""The state of a build between two steps, and what a step gives. No step is done here."""

from collections.abc import Mapping
from dataclasses import dataclass
from dataclasses import field as made

import numpy as np
import polars as pl

from cosmopolis.index.catalogue import Step
from cosmopolis.index.data import Floats, Unit
from cosmopolis.index.spec import Spec
from cosmopolis.index.tree import Indicator, Method, Transform


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


def way(step: Step | None) -> Method:
    """Return the way of aggregating that a step asks for, arithmetic where there is none."""
    if step is None:
        return Method(name="arithmetic")
    return Method(name=step.method, settings={k: v for k, v in step.settings.items() if k != "floor"})


def differ(new: Floats, old: Floats) -> int:
    """Return how many values of two tables differ; no data twice is no difference."""
    return int(((new != old) & ~(np.isnan(new) & np.isnan(old))).sum())


def count(number: int, word: str) -> str:
    """Return a number and a word, in the plural where there is not one."""
    return f"{number} {word}" if number == 1 else f"{number} {word}s"


def unit_series(units: tuple[Unit, ...]) -> pl.Series:
    """Return units as a column, whole numbers or text."""
    return pl.Series("unit", units, dtype=pl.Int64 if units and isinstance(units[0], int) else pl.String)
