"""Replications laid out as arrays: an index built once for each combination of choices that is met.

What may be chosen stands in `variations`; scores come from `replicate`.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from dataclasses import field as made
from typing import Any

import numpy as np

from cosmopolis.errors import SpecError, UnknownNameError
from cosmopolis.index import catalogue, designs, draws, means
from cosmopolis.index.data import Unit
from cosmopolis.index.designs import Branches, Design, Floats, Method, Places
from cosmopolis.index.engine import Built
from cosmopolis.index.tree import Method as Way
from cosmopolis.index.variations import (
    LEAST_LEFT,
    Choice,
    Dirichlet,
    LeaveOut,
    Missing,
    Noise,
    Resampled,
    Variation,
    Weights,
    WeightSets,
    left_out,
    name_of,
    option_parts,
)

VARIANTS_MOST_BYTES = 500_000_000
"""Most that normalised values of all variants together may take."""


_MEANS = {"arithmetic": designs.ARITHMETIC, "geometric": designs.GEOMETRIC, "harmonic": designs.HARMONIC}


@dataclass(frozen=True, kw_only=True)
class Varied:
    """Replications laid out.

    Attributes
    ----------
    plan
        The design; its units are `units`.
    units
        Ascending: those of the index as built, and any that another choice brings in.
    builds
        How many different tables of normalised values there are.
    one_scale
        Whether all of them are on one scale, so that scores of different replications can be compared.
    """

    plan: Design
    units: tuple[Unit, ...]
    builds: int
    one_scale: bool


def lay_out(built: Built, variations: Sequence[Variation], levels: Places, *, seed: int) -> Varied:
    """Lay out replications as arrays.

    Parameters
    ----------
    levels
        n × variations: the level that each replication takes of each.
    seed
        Of what is drawn to make the levels themselves: weights, data struck out, records.

    Raises
    ------
    SpecError
        If the tables of all variants would take more than `VARIANTS_MOST_BYTES`, or a choice cannot be built.
    """
    tree = designs.branches(built.spec.tree)
    shaping = [(at, v) for at, v in enumerate(variations) if isinstance(v, Choice | Missing | Resampled)]
    combined, variant = [()], np.zeros(len(levels), dtype=np.int64)
    if shaping:
        found, place = np.unique(levels[:, [at for at, _ in shaping]], axis=0, return_inverse=True)
        combined, variant = [tuple(row) for row in found.tolist()], place.ravel()
    need = len(combined) * len(built.data.units) * len(tree.indicators) * 8
    if need > VARIANTS_MOST_BYTES:
        raise SpecError(
            f"the choices make {len(combined)} different tables, {need / 1e6:.0f} MB together, more than "
            f"{VARIANTS_MOST_BYTES / 1e6:.0f} MB; take fewer draws of data or fewer options"
        )
    maker = _Maker(built=built, variations=[v for _, v in shaping], seed=seed)
    results = [maker.build(row) for row in combined]
    units = tuple(sorted({unit for result in (built, *results) for unit in result.units}))
    ways = {_ways(result, tree): None for result in results}
    method = np.array([list(ways).index(_ways(result, tree)) for result in results], dtype=np.int64)
    base = np.array([_weights(result, tree) for result in results])
    drawn = [(at, v) for at, v in enumerate(variations) if isinstance(v, Noise | Dirichlet | WeightSets)]
    sets, weighting = base, variant
    if drawn:
        at, how = drawn[0]
        sets = _drawn(built, tree, how, int(levels[:, at].max()) + 1, seed)[levels[:, at]]
        # Noise is on the weights of each build; what is drawn anew has none where a choice screens it out.
        sets = sets * (base if isinstance(how, Noise) else base > 0)[variant]
        weighting = np.arange(len(levels))
    dropped = np.full(len(levels), -1, dtype=np.int64)
    for at, variation in enumerate(variations):
        if isinstance(variation, LeaveOut):
            places = np.array(
                [-1 if c is None else tree.entries.index(c) for c in left_out(built, variation)]
            )
            dropped = places[levels[:, at]]
    return Varied(
        plan=designs.design(
            tree,
            np.stack([_table(result, units, tree) for result in results]),
            weights=sets,
            methods=[[power for power, _ in way] for way in ways],
            floors=[[floor for _, floor in way] for way in ways],
            variant=variant,
            weighting=weighting,
            method=method[variant],
            dropped=dropped,
        ),
        units=units,
        builds=len(results),
        one_scale=len({_scale(result) for result in (built, *results)}) == 1,
    )


@dataclass(frozen=True, kw_only=True)
class _Maker:
    """Builds the index once for each combination of levels, the common beginnings only once."""

    built: Built
    variations: Sequence[Choice | Missing | Resampled]
    seed: int
    done: dict[tuple[tuple[int, int], ...], Built] = made(default_factory=dict)

    def build(self, levels: Sequence[int]) -> Built:
        """Return the index with a level of each variation: data first, then steps in the order of the log."""
        labels = [stage.label for stage in self.built.stages]
        order = sorted(
            range(len(self.variations)),
            key=lambda at: _place_of(self.variations[at], labels),
        )
        result = self.built
        way: tuple[tuple[int, int], ...] = ()
        for at in order:
            way = (*way, (at, levels[at]))
            if way not in self.done:
                self.done[way] = self._one(result, self.variations[at], levels[at])
            result = self.done[way]
        return result

    def _one(self, result: Built, variation: Choice | Missing | Resampled, level: int) -> Built:
        if isinstance(variation, Choice):
            return _rebuild(result, variation, level)
        values = result.data.values.copy()
        rng = draws.stream(variation.name, self.seed, block=level)
        if isinstance(variation, Missing):
            gone = (rng.random(values.shape) < variation.share) & ~np.isnan(values)
            left = (~np.isnan(values) & ~gone).sum(axis=0)
            values[gone & (left >= LEAST_LEFT)] = np.nan
        else:
            drawn = np.asarray(variation.draw(rng), dtype=np.float64)
            if drawn.shape != (len(values), len(variation.codes)):
                raise SpecError(
                    f"{variation.name!r}: draw gave values of shape {drawn.shape}, but expected "
                    f"{len(values)} units × {len(variation.codes)} indicators"
                )
            values[:, [result.data.codes.index(code) for code in variation.codes]] = drawn
        return result.rebuild(data=replace(result.data, values=values))


def _rebuild(result: Built, variation: Choice, level: int) -> Built:
    option = variation.options[level]
    method, settings = option_parts(option)
    if method == result.stage(variation.step).step.method:
        method = None  # the present method keeps its present settings
    try:
        return result.rebuild(step=variation.step, method=method, **settings)
    except (SpecError, UnknownNameError) as error:
        raise type(error)(f"option {option!r} of {name_of(variation)!r}: {error}") from None


def _place_of(variation: Variation, labels: Sequence[str]) -> int:
    return labels.index(variation.step) if isinstance(variation, Choice) else -1


def _table(result: Built, units: tuple[Unit, ...], tree: Branches) -> Floats:
    """Return normalised values, units × indicators of the specification; not a number where it has none."""
    at = {unit: place for place, unit in enumerate(units)}
    rows = [at[unit] for unit in result.units]
    columns = [tree.indicators.index(code) for code in result.codes]
    table = np.full((len(units), len(tree.indicators)), np.nan)
    table[np.ix_(rows, columns)] = result.normalised
    return table


def _scale(result: Built) -> tuple[object, ...]:
    """Return what tells the scale of scores: the range that values are brought to, else the method; ballots.

    The default range, which starts at 1 rather than 0 where a mean is geometric, counts as one.
    """
    votes = result.stages[-1].step.method == "copeland"
    step = next((stage.step for stage in result.stages if stage.step.name == "normalise"), None)
    if step is None:
        return "none", "", votes
    ranged = "range" in catalogue.methods("normalise")[str(step.method)]
    if ranged:
        return "range", repr(step.settings.get("range")), votes
    return str(step.method), repr(step.settings), votes


def _weights(result: Built, tree: Branches) -> Floats:
    """Return the weights that a build used; 0 for what it screened out."""
    weight = {entry.id: entry.weight for entry in result.tree.entries}
    return np.array([*(weight.get(code, 0.0) for code in tree.entries[:-1]), 1.0])


def _ways(result: Built, tree: Branches) -> tuple[tuple[Method, float], ...]:
    """Return method and floor of each node."""
    step = next(stage.step for stage in reversed(result.stages) if stage.step.name == "aggregate")
    own_floor = {node.id: node.floor for node in result.spec.tree.nodes}
    otherwise = step.settings.get("floor", result.spec.tree.floor)
    settings = {key: value for key, value in step.settings.items() if key != "floor"}
    out = []
    for node in tree.nodes:
        way = result.spec.tree.aggregation_of(node) or Way(name=step.method, settings=settings)
        floor = own_floor.get(node)
        out.append((_method(way, result.spec.tree.range), float(otherwise if floor is None else floor)))
    return tuple(out)


@dataclass(frozen=True)
class _Ballot:
    """A way of aggregating that is no mean of a power; equal where name, settings and range are."""

    name: str | Callable[..., float]
    settings: tuple[tuple[str, Any], ...]
    range: tuple[float, float]

    def __call__(self, values: Floats, weights: Floats) -> Floats:
        return means.of(
            Way(name=self.name, settings=dict(self.settings)), values.T, weights, range=self.range
        )


def _method(way: Way, bounds: tuple[float, float]) -> Method:
    if isinstance(way.name, str) and way.name in _MEANS:
        return _MEANS[way.name]
    if way.name == "power":
        power: float = way.settings["p"]
        return float(power)
    return _Ballot(way.name, tuple(sorted(way.settings.items())), bounds)


def _drawn(built: Built, tree: Branches, variation: Weights, n: int, seed: int) -> Floats:
    """Return n sets of weights; of `Noise` what to multiply weights by."""
    name = variation.name
    if isinstance(variation, Noise):
        factor = variation.factor
        by_entry = [factor.get(c, 0.0) if isinstance(factor, Mapping) else factor for c in tree.entries]
        ones = np.ones(len(tree.entries))
        return draws.noisy_weights(ones, n, factor=by_entry, kind=variation.kind, name=name, seed=seed)
    own = _weights(built, tree)
    if isinstance(variation, WeightSets):
        sets = [[s.get(c, w) for c, w in zip(tree.entries, own, strict=True)] for s in variation.sets]
        return np.array(sets, dtype=np.float64)
    wanted = tree.nodes if variation.nodes is None else variation.nodes
    groups = [tree.children[tree.nodes.index(node)] for node in wanted]
    return draws.dirichlet_weights(
        own, n, groups=groups, concentration=variation.concentration, name=name, seed=seed
    )
