"""What may be otherwise in an index: methods and settings of steps, weights, what is left out, the data.

Each variation is one uncertain choice with a list of levels; a replication takes one level of each. How
levels become arrays stands in `variants`; who takes which level is drawn in `uncertainty` (at random) and
`sensitivity` (by Saltelli's design).
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

import numpy as np
from numpy.typing import NDArray

from cosmopolis.errors import SpecError, UnknownNameError, hint_near
from cosmopolis.index import catalogue, draws
from cosmopolis.index.engine import Built

Option: TypeAlias = str | Callable[..., float] | Mapping[str, Any]
"""A method by name, an own function (step `aggregate`), or settings, with `method` among them or not."""

LEAST_LEFT = 3
"""An indicator of which fewer values would be left in a draw of `Missing` keeps all of its values."""


@dataclass(frozen=True)
class Choice:
    """The method or settings of a step.

    Attributes
    ----------
    step
        As it is called in the log: `"normalise"`; the second of a name `"impute-2"`.
    options
        Each as likely as the others; name the present one too if it is to be among them. Settings without a
        method, or with the present one, are laid over the present settings.
    name
        Of the choice in results; the step's if not given.
    """

    step: str
    options: Sequence[Option]
    name: str = ""


@dataclass(frozen=True)
class Noise:
    """Noise on weights, see `draws.noisy_weights`.

    Attributes
    ----------
    factor
        For all entries of the tree, or by code; codes not named keep their weight.
    kind
        `uniform` or `normal`.
    """

    factor: float | Mapping[str, float] = 0.25
    kind: draws.Noise = "uniform"
    name: str = "weights"


@dataclass(frozen=True)
class Dirichlet:
    """Shares of siblings drawn around their weights, see `draws.dirichlet_weights`.

    Attributes
    ----------
    concentration
        1 with equal weights is "any weights at all"; 20 stays near.
    nodes
        Whose children's weights are drawn; all if not given.
    """

    concentration: float = 1.0
    nodes: Sequence[str] | None = None
    name: str = "weights"


@dataclass(frozen=True)
class WeightSets:
    """Sets of weights, such as those of experts asked; each as likely as the others.

    Attributes
    ----------
    sets
        By code; codes not named keep their weight.
    """

    sets: Sequence[Mapping[str, float]]
    name: str = "weights"


@dataclass(frozen=True)
class LeaveOut:
    """One indicator or node left out at a time.

    Attributes
    ----------
    codes
        Which; or all `indicators`, or all `nodes` but the root.
    nothing
        Whether "nothing left out" is one of the levels, as likely as each other.
    """

    codes: Sequence[str] | Literal["indicators", "nodes"] = "indicators"
    nothing: bool = True
    name: str = "left out"


@dataclass(frozen=True)
class Missing:
    """A share of the data struck out at random before the first step, then built as ever.

    Each value that there is goes with probability `share`, whatever it is (missing completely at random).

    Attributes
    ----------
    share
        0..1, below 1.
    draws
        How many times data are struck out; replications take one of these each.
    """

    share: float
    draws: int = 100
    name: str = "missing"


@dataclass(frozen=True)
class Resampled:
    """Indicators measured again on resampled records, such as a bootstrap of a network's links.

    Attributes
    ----------
    codes
        Of the indicators.
    draw
        Given a stream of random numbers, returns their values: units × codes, in the order of the units of
        the data, in the units of measurement of the data; not a number is no data.
    draws
        How many times records are drawn; replications take one of these each.
    """

    codes: Sequence[str]
    draw: Callable[[np.random.Generator], NDArray[np.float64]]
    draws: int = 100
    name: str = "records"


Weights: TypeAlias = Noise | Dirichlet | WeightSets
Variation: TypeAlias = Choice | Weights | LeaveOut | Missing | Resampled


def check(built: Built, variations: Sequence[Variation]) -> None:
    """Refuse variations that name what is not there, or that stand in each other's way.

    Raises
    ------
    UnknownNameError
        If there is no such step, method, setting, indicator or node.
    SpecError
        If a name stands twice, weights are drawn twice, or there is nothing to choose from.
    """
    if not variations:
        raise SpecError("there is nothing to vary; give at least one variation, such as Noise(0.25)")
    names = [variation.name or getattr(variation, "step", "") for variation in variations]
    for name in names:
        if names.count(name) > 1:
            raise SpecError(f"two variations are called {name!r}; give each a name of its own")
    drawn = [v for v in variations if isinstance(v, Noise | Dirichlet | WeightSets)]
    if len(drawn) > 1:
        raise SpecError("weights are drawn in more than one way; give one of Noise, Dirichlet, WeightSets")
    steps = [variation.step for variation in variations if isinstance(variation, Choice)]
    if "weigh" in steps and drawn and not isinstance(drawn[0], Noise):
        raise SpecError("weights are drawn, and the step 'weigh' is varied; give one of the two, or Noise")
    for variation in variations:
        _check_one(built, variation)
        count = size(built, variation)
        if count is not None and count < 1:
            raise SpecError(f"{name_of(variation)!r}: there is nothing to choose from")


def size(built: Built, variation: Variation) -> int | None:
    """Return the number of levels of a variation, null where each replication has its own."""
    match variation:
        case Choice():
            return len(variation.options)
        case WeightSets():
            return len(variation.sets)
        case LeaveOut():
            return len(left_out(built, variation))
        case Missing() | Resampled():
            return variation.draws
        case _:
            return None


def name_of(variation: Variation) -> str:
    """Return what a variation is called in results."""
    return variation.step if isinstance(variation, Choice) and not variation.name else variation.name


def option_parts(option: Option) -> tuple[str | Callable[..., float] | None, dict[str, Any]]:
    """Return the method of an option, null for the present one, and its settings.

    Examples
    --------
    >>> option_parts({"method": "power", "p": 0.5}), option_parts("z-score"), option_parts({"points": 3})
    (('power', {'p': 0.5}), ('z-score', {}), (None, {'points': 3}))
    """
    if not isinstance(option, Mapping):
        return option, {}
    return option.get("method"), {key: value for key, value in option.items() if key != "method"}


def node_of(node: str, nodes: Sequence[str]) -> str:
    """Return a node after checking that there is one of that name.

    Raises
    ------
    UnknownNameError
        If there is none.
    """
    _known([node], nodes, "ranks", kind="node")
    return node


def left_out(built: Built, variation: LeaveOut) -> list[str | None]:
    """Return what is left out at each level, null for nothing."""
    tree = built.spec.tree
    if variation.codes == "indicators":
        codes = [indicator.id for indicator in tree.indicators]
    elif variation.codes == "nodes":
        codes = [node.id for node in tree.nodes]
    else:
        codes = list(variation.codes)
    return [None, *codes] if variation.nothing else list(codes)


def _check_one(built: Built, variation: Variation) -> None:
    entries = [entry.id for entry in built.spec.tree.entries]
    match variation:
        case Choice():
            _check_choice(built, variation)
        case Noise() if isinstance(variation.factor, Mapping):
            _known(variation.factor, entries, "noise")
        case Dirichlet() if variation.nodes is not None:
            _known(variation.nodes, built.spec.tree.upward(), "drawn weights", kind="node")
        case WeightSets():
            for weights in variation.sets:
                built.spec.reweighted(weights)
        case LeaveOut():
            _check_left_out(built, variation, entries)
        case Missing() if not 0 <= variation.share < 1:
            raise SpecError(f"got share = {variation.share!r}, but expected at least 0 and below 1")
        case Resampled():
            _known(variation.codes, built.data.codes, "records")
        case _:
            pass


def _check_left_out(built: Built, variation: LeaveOut, entries: Sequence[str]) -> None:
    codes = [code for code in left_out(built, variation) if code is not None]
    _known(codes, entries, "leaving out")
    for code in codes:
        built.spec.without(code)


def _check_choice(built: Built, variation: Choice) -> None:
    done = built.stage(variation.step).step
    for option in variation.options:
        method, settings = option_parts(option)
        method = done.method if method is None else method
        catalogue.step(done.name, method, settings, where=f"choice {name_of(variation)!r}")


def _known(codes: Iterable[str], valid: Sequence[str], what: str, *, kind: str = "code") -> None:
    for code in codes:
        if code not in valid:
            raise UnknownNameError(f"{what}: the index has no {kind} {code!r}" + hint_near(code, valid))
