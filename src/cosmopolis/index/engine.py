"""Build an index: from a specification and data to scores and ranks, with a log of every step.

A build can be made again with any logged step done otherwise (`Built.rebuild`); the steps before it are not
done twice. How sure a rank is, and why it changed, is asked elsewhere (`uncertainty`, `change`).
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np
import polars as pl

from cosmopolis.errors import SpecError, UnknownNameError, hint_near
from cosmopolis.index import scales, tables
from cosmopolis.index.catalogue import Step
from cosmopolis.index.catalogue import step as checked
from cosmopolis.index.data import Data, Floats, Unit, check, from_frame
from cosmopolis.index.spec import Spec, check_order
from cosmopolis.index.state import State, unit_series
from cosmopolis.index.steps import run
from cosmopolis.index.tree import Tree

RAW = "raw"
"""Label of the table of values before any step."""


@dataclass(frozen=True, kw_only=True)
class Stage:
    """A logged step.

    Attributes
    ----------
    label
        Name of the step; a step done again has `-2` behind it.
    step
        What was done.
    state
        After it.
    changed
        How many values, units, indicators or weights it changed.
    message
        What it did, in words.
    report
        Details; its columns are the step's own.
    """

    label: str
    step: Step
    state: State
    changed: int
    message: str
    report: pl.DataFrame

    @property
    def units(self) -> tuple[Unit, ...]:
        """Units that are left after the step, ascending."""
        return self.state.units

    @property
    def codes(self) -> tuple[str, ...]:
        """Indicators that are left after the step."""
        return self.state.codes

    @property
    def values(self) -> Floats:
        """Units × indicators after the step."""
        return self.state.values


@dataclass(frozen=True, kw_only=True)
class Built:
    """A built index: what it was built from, every step, and its tables.

    Attributes
    ----------
    spec, data
        What it was built from.
    stages
        In the order in which they were done; the last is `aggregate`.
    """

    spec: Spec
    data: Data
    stages: tuple[Stage, ...]

    @property
    def labels(self) -> tuple[str, ...]:
        """Labels of the stages."""
        return tuple(stage.label for stage in self.stages)

    @property
    def tree(self) -> Tree:
        """The tree with the indicators that are left and the weights that were used."""
        return self.stages[-1].state.spec.tree

    @property
    def units(self) -> tuple[Unit, ...]:
        """Units that have a place in the ranking, ascending."""
        return self.stages[-1].units

    @property
    def codes(self) -> tuple[str, ...]:
        """Codes of the indicators that are left, the columns of `normalised`."""
        return self.stages[-1].codes

    @property
    def nodes(self) -> tuple[str, ...]:
        """Nodes, every one after those below it, the root last: the columns of `node_scores`."""
        return self.tree.upward()

    @property
    def normalised(self) -> Floats:
        """Units × indicators as they were aggregated."""
        return self.stages[-1].values

    @property
    def node_scores(self) -> Floats:
        """Units × nodes; not a number is no score."""
        scores = self.stages[-1].state.scores
        return np.zeros((0, 0)) if scores is None else scores

    @property
    def weight_shares(self) -> Floats:
        """Units × nodes: the share of the node's weight that its score stands on, 0..1."""
        shares = self.stages[-1].state.shares
        return np.zeros((0, 0)) if shares is None else shares

    def stage(self, label: str) -> Stage:
        """Return a logged step.

        Raises
        ------
        UnknownNameError
            If the build has no such step.
        """
        for stage in self.stages:
            if stage.label == label:
                return stage
        raise UnknownNameError(
            f"the build of {self.spec.tree.id!r} has no step {label!r}" + hint_near(label, self.labels)
        )

    def table(self, label: str) -> pl.DataFrame:
        """Return the wide table after a step, or of the raw values: `unit` and a column a code.

        Raises
        ------
        UnknownNameError
            If the build has no such step.
        """
        if label == RAW:
            return tables.wide(self.data.units, self.data.codes, self.data.values)
        stage = self.stage(label)
        return tables.wide(stage.units, stage.codes, stage.values)

    def changes(self, label: str) -> pl.DataFrame:
        """Return the values that a step changed: `indicator`, `unit`, `before`, `after`, sorted.

        Units and indicators that the step dropped are not among them; they are in its report.
        """
        place = self.labels.index(self.stage(label).label)
        before = self._before(place)
        after = self.stages[place].state
        rows = {unit: at for at, unit in enumerate(before.units)}
        columns = {code: at for at, code in enumerate(before.codes)}
        old = before.values[[rows[u] for u in after.units]][:, [columns[c] for c in after.codes]]
        new = after.values
        unit, code = np.nonzero((new != old) & ~(np.isnan(new) & np.isnan(old)))
        return pl.DataFrame(
            {
                "indicator": [after.codes[at] for at in code],
                "unit": unit_series(after.units).gather(unit),
                "before": pl.Series(old[unit, code]).fill_nan(None),
                "after": pl.Series(new[unit, code]).fill_nan(None),
            },
            schema_overrides={"indicator": pl.String(), "before": pl.Float64(), "after": pl.Float64()},
        ).sort("indicator", "unit")

    @cached_property
    def log(self) -> pl.DataFrame:
        """Every step: `step`, `method`, `settings`, `changed`, `message`."""
        return tables.log((s.label, s.step, s.changed, s.message) for s in self.stages)

    @cached_property
    def scores(self) -> pl.DataFrame:
        """Long: `node`, `unit`, `score`, `rank`, `weight_share`, sorted by node and unit."""
        return tables.scores(self.units, self.nodes, self.node_scores, self.weight_shares)

    @cached_property
    def ranks(self) -> pl.DataFrame:
        """Wide: `unit` and a column a node, the root first; ranks from unrounded scores, 1 the best."""
        return tables.ranks(self.units, self.tree, self.node_scores)

    @cached_property
    def indicators(self) -> pl.DataFrame:
        """Long: `indicator`, `unit`, `value` (as given), `treated` (as it entered normalising), `normalised`.

        For the units and indicators that are left, sorted by indicator and unit.
        """
        raw, entered = _start(self.spec, self.data), self._before(self._normalising())
        return tables.indicators(
            self.units,
            self.codes,
            {
                "value": self._as_left(raw),
                "treated": self._as_left(entered),
                "normalised": self.normalised,
            },
        )

    @cached_property
    def results(self) -> pl.DataFrame:
        """Wide, best first: `unit`, `name` (where there are names), `rank`, the nodes from the root down."""
        return tables.results(self.units, self.tree, self.node_scores, self.data.names)

    @cached_property
    def weights(self) -> pl.DataFrame:
        """`code`, `parent`, `weight` (as used), `share` (among siblings), `effective` (of the whole index).

        Nodes from the root down, then indicators in the order of the tree. `effective` is what the weights
        say; what indicators do is asked in the audit.
        """
        return tables.weights(self.tree)

    def bounds(self) -> dict[str, tuple[float, float]]:
        """Return least and greatest value of each indicator as it enters normalising.

        To freeze the scale of another build: `other.rebuild(step="normalise", method="goalposts",
        bounds=this.bounds(), clip=False)`. An indicator without data, or with one value, has none.
        """
        state = self._before(self._normalising())
        least, most = scales.bounds(state.values)
        return {
            code: (float(low), float(high))
            for code, low, high in zip(state.codes, least, most, strict=True)
            if low < high
        }

    def rebuild(
        self,
        *,
        step: str | None = None,
        method: str | Callable[..., float] | None = None,
        data: Data | pl.DataFrame | None = None,
        spec: Spec | None = None,
        **settings: Any,  # noqa: ANN401 - each method has its own
    ) -> "Built":
        """Build again with one logged step, the data or the specification replaced.

        Parameters
        ----------
        step
            Label of a logged step.
        method
            New method, with `settings` alone; without one, `settings` are laid over those of the step.
        data, spec
            In place of those of this build. A new specification brings its own steps.

        Raises
        ------
        UnknownNameError
            If the build has no such step, or there is no such method or setting.
        SpecError
            If nothing is to be replaced, or settings are given for no step.
        """
        if step is None:
            if method is not None or settings:
                raise SpecError("rebuild: got a method or settings, but no step that they are for")
            if data is None and spec is None:
                raise SpecError("rebuild: nothing to replace; give a step, data or a specification")
            return build(spec or self.spec, self.data if data is None else data)
        if spec is not None:
            raise SpecError(
                "rebuild: give a step or a specification, not both; a specification has its steps"
            )
        old = self.stage(step)
        place = self.labels.index(step)
        laid = settings if method is not None else {**old.step.settings, **settings}
        new = checked(old.step.name, old.step.method if method is None else method, laid, where="rebuild")
        done = tuple(new if at == place else s.step for at, s in enumerate(self.stages))
        changed = replace(self.spec, steps=done)
        if data is not None:
            return build(changed, data)
        if new.name == "aggregate":  # the range of the scale and weights from data depend on it
            place = next(
                (at for at, s in enumerate(self.stages) if s.step.name in {"normalise", "weigh"}), place
            )
        check_order(self.spec.tree, done, f"index {self.spec.tree.id!r}")
        wanted = set(changed.denominators) | set(changed.groups)
        missing = wanted - set(self.data.extras) - set(self.data.groups)
        if missing:
            names = ", ".join(sorted(missing))
            raise SpecError(f"rebuild: the data were read without {names}; give the frame again as data")
        return Built(
            spec=changed,
            data=self.data,
            stages=(
                *self.stages[:place],
                *_run(done, self._before(place), done=self.stages[:place]),
            ),
        )

    def _before(self, place: int) -> State:
        return self.stages[place - 1].state if place else _start(self.spec, self.data)

    def _normalising(self) -> int:
        """Return the place of the step that normalises, or of the last where there is none."""
        return next(
            (at for at, s in enumerate(self.stages) if s.step.name == "normalise"), len(self.stages) - 1
        )

    def _as_left(self, state: State) -> Floats:
        """Return the values of a state for the units and indicators that are left in the end."""
        rows = {unit: at for at, unit in enumerate(state.units)}
        columns = {code: at for at, code in enumerate(state.codes)}
        return state.values[[rows[u] for u in self.units]][:, [columns[c] for c in self.codes]]


def build(
    spec: Spec,
    data: Data | pl.DataFrame | Mapping[str, Sequence[Any]],
    *,
    steps: Sequence[Step] | None = None,
) -> Built:
    """Build an index.

    Parameters
    ----------
    spec
        What to build.
    data
        A frame as of `data.from_frame` or its columns by name, or data that are checked already.
    steps
        In place of those of the specification.

    Returns
    -------
    built

    Raises
    ------
    SpecError, UnknownNameError
        If the data do not fit the specification, or a step cannot be done.

    Examples
    --------
    >>> from cosmopolis.index.spec import from_toml
    >>> spec = from_toml('''
    ... id = "v"
    ... [[indicator]]
    ... id = "air"
    ... parent = "v"
    ... [[indicator]]
    ... id = "delay"
    ... parent = "v"
    ... direction = -1
    ... ''')
    >>> built = build(spec, pl.DataFrame({"unit": ["A", "B"], "air": [1, 2], "delay": [9.0, 4.0]}))
    >>> built.results.rows()
    [('B', 1, 100.0), ('A', 2, 0.0)]
    >>> built.rebuild(step="normalise", range=[0, 1]).results["v"].to_list()
    [1.0, 0.0]
    """
    if steps is not None:
        again = [checked(one.name, one.method, one.settings) for one in steps]
        check_order(spec.tree, tuple(again), f"index {spec.tree.id!r}")
        spec = replace(spec, steps=tuple(again))
    if isinstance(data, Data):
        known = _picked(spec, data)
    else:
        known = from_frame(data if isinstance(data, pl.DataFrame) else pl.DataFrame(data), spec)
    return Built(spec=spec, data=known, stages=_run(spec.steps, _start(spec, known), done=()))


def _run(steps: tuple[Step, ...], state: State, *, done: tuple[Stage, ...]) -> tuple[Stage, ...]:
    """Do the steps that are not done yet."""
    stages: list[Stage] = []
    labels = [stage.label for stage in done]
    state = replace(state, scores=None, shares=None)
    for step in steps[len(done) :]:
        times = sum(label == step.name or label.startswith(f"{step.name}-") for label in labels)
        made = run(step, state, then=steps[-1])
        labels.append(step.name if not times else f"{step.name}-{times + 1}")
        stages.append(
            Stage(
                label=labels[-1],
                step=step,
                state=made.state,
                changed=made.changed,
                message=made.message,
                report=made.report,
            )
        )
        state = made.state
    return tuple(stages)


def _start(spec: Spec, data: Data) -> State:
    return State(spec=spec, units=data.units, values=data.values, extras=data.extras, groups=data.groups)


def _picked(spec: Spec, data: Data) -> Data:
    """Return the columns of data that a specification asks for, in its order."""
    for wanted, there in (
        (spec.codes, data.codes),
        (spec.denominators, data.extras),
        (spec.groups, data.groups),
    ):
        for name in wanted:
            if name not in there:
                raise UnknownNameError(
                    f"data of {spec.tree.id!r}: no column {name!r}" + hint_near(name, there)
                )
    if data.codes == spec.codes:
        found = data
    else:
        place = {code: at for at, code in enumerate(data.codes)}
        found = replace(data, codes=spec.codes, values=data.values[:, [place[code] for code in spec.codes]])
    check(found, allow=spec.allow, where=f"data of {spec.tree.id!r}")
    return found
