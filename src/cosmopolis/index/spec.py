"""The specification of an index: its tree, the steps of its building, and where its data are.

Written as TOML, as tables in the manner of COINr's `iMeta`, or made in Python. Any units will do: cities,
countries, firms. An edition's own trees are read by `tree.parse`, which asks for more (names in each
language, sources). No numbers of units here: those are in `data`.
"""

import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from dataclasses import field as made
from pathlib import Path
from typing import Any

from cosmopolis.errors import SpecError, hint_near
from cosmopolis.index import entries, fields, files, metadata
from cosmopolis.index.catalogue import Step, step
from cosmopolis.index.tree import Tree, check_shape

ALLOWANCES = ("all-missing", "constant")
"""What a specification may put up with: an indicator without any data, one that tells no unit apart."""

SCALES = ("own", "pooled")
"""On what years of a panel are scaled."""

_SPEC_KEYS = ("id", "name", "floor", "range", "aggregation", "allow", "data", "node", "indicator", "step")
_DATA_KEYS = ("file", "metadata", "unit", "name", "year", "sheet", "scale")


@dataclass(frozen=True, kw_only=True)
class Place:
    """Where the data of a specification are.

    Attributes
    ----------
    file
        CSV, Parquet or Excel, relative to the specification; null where the data are given in Python.
    metadata
        CSV with the tree in the manner of COINr's `iMeta`, in place of `node` and `indicator`.
    unit, name, year
        Columns with each unit's code, name and year; null where there is none.
    sheet
        Of an Excel file.
    scale
        Of several years: `own`, each year by its least and greatest values, or `pooled`, all years by those
        of all, so that scores of years can be compared.
    """

    file: str | None = None
    metadata: str | None = None
    unit: str = "unit"
    name: str | None = None
    year: str | None = None
    sheet: str | None = None
    scale: str = "own"


@dataclass(frozen=True, kw_only=True)
class Spec:
    """An index as it is to be built.

    Attributes
    ----------
    tree
        Nodes and indicators with their weights.
    steps
        In the order in which they are done; without any the shortest way is taken (`default_steps`).
    place
        Where the data are.
    allow
        Of `ALLOWANCES`: what is not an error in the data.
    """

    tree: Tree
    steps: tuple[Step, ...]
    place: Place = made(default_factory=Place)
    allow: tuple[str, ...] = ()

    @property
    def codes(self) -> tuple[str, ...]:
        """Codes of the indicators in the order of the tree."""
        return tuple(indicator.id for indicator in self.tree.indicators)

    @property
    def denominators(self) -> tuple[str, ...]:
        """Columns that indicators are divided by, in the order of their first use."""
        named = [i.denominator for i in self.tree.indicators if i.denominator is not None]
        for done in self.steps:
            named += [d for d in dict(done.settings.get("denominators", {})).values() if d]
        return tuple(dict.fromkeys(named))

    @property
    def groups(self) -> tuple[str, ...]:
        """Columns whose groups are used in filling gaps, in the order of their first use."""
        named = [i.group for i in self.tree.indicators if i.group is not None]
        named += [done.settings["group"] for done in self.steps if "group" in done.settings]
        return tuple(dict.fromkeys(named))

    def without(self, *codes: str) -> "Spec":
        """Return the specification without some indicators or nodes; what is left empty goes too.

        Raises
        ------
        SpecError
            If a code is unknown, or nothing would be left.
        """
        known = [entry.id for entry in self.tree.entries]
        for code in codes:
            if code not in known:
                raise SpecError(f"index {self.tree.id!r} has no {code!r}" + hint_near(code, known))
        nodes, leaves = list(self.tree.nodes), list(self.tree.indicators)
        gone = set(codes)
        while True:
            nodes = [n for n in nodes if n.id not in gone and n.parent not in gone]
            leaves = [i for i in leaves if i.id not in gone and i.parent not in gone]
            parents = {*(n.parent for n in nodes), *(i.parent for i in leaves)}
            kept = {n.id for n in nodes}
            empty = (kept - parents) | (parents - kept - {self.tree.id})
            if not empty:
                break
            gone |= empty
        if not leaves:
            raise SpecError(f"index {self.tree.id!r}: nothing is left without {', '.join(codes)}")
        tree = replace(self.tree, nodes=tuple(nodes), indicators=tuple(leaves))
        entries.check_weights(tree, f"index {tree.id!r}")
        return replace(self, tree=tree)

    def reweighted(self, weights: Mapping[str, float]) -> "Spec":
        """Return the specification with the weights of some nodes or indicators replaced, by code.

        Raises
        ------
        SpecError
            If a code is unknown or a weight is below 0 or not finite.
        """
        return replace(self, tree=reweighted(self.tree, weights))


def reweighted(tree: Tree, weights: Mapping[str, float]) -> Tree:
    """Return a tree with the weights of some nodes or indicators replaced, by code.

    Raises
    ------
    SpecError
        If a code is unknown, a weight is below 0 or not finite, or all children of a node have weight 0.
    """
    where = f"index {tree.id!r}"
    known = [entry.id for entry in tree.entries]
    for code in weights:
        if code not in known:
            raise SpecError(f"{where} has no {code!r} to weigh" + hint_near(code, known))
    new = {code: entries.weight({"weight": value}, f"{where}, {code!r}") for code, value in weights.items()}
    changed = replace(
        tree,
        nodes=tuple(replace(n, weight=new.get(n.id, n.weight)) for n in tree.nodes),
        indicators=tuple(replace(i, weight=new.get(i.id, i.weight)) for i in tree.indicators),
    )
    entries.check_weights(changed, where)
    return changed


def load(path: Path) -> Spec:
    """Read a specification from a TOML file.

    Raises
    ------
    SpecError
        If the file cannot be read, is not TOML, or says what cannot be.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except OSError as error:
        raise SpecError(f"cannot read the specification {path}: {error.strerror}") from None
    except UnicodeDecodeError:
        raise SpecError(f"{path.name} is not text in UTF-8; expected a TOML file or an .xlsx") from None
    return from_toml(text, folder=path.parent, where=path.name)


def from_toml(text: str, *, folder: Path | None = None, where: str = "the specification") -> Spec:
    """Read a specification from TOML.

    Parameters
    ----------
    text
        As of `from_mapping`.
    folder
        Where a file named by `data.metadata` is looked for.
    where
        Words that say in an error which specification it is.

    Raises
    ------
    SpecError
        If it is not TOML, or says what cannot be.

    Examples
    --------
    >>> spec = from_toml('''
    ... id = "hdi"
    ... [[indicator]]
    ... id = "life"
    ... parent = "hdi"
    ... goalposts = [20, 85]
    ... ''')
    >>> spec.codes, [done.name for done in spec.steps]
    (('life',), ['normalise', 'aggregate'])
    """
    try:
        mapping = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise SpecError(f"{where} is not TOML: {error}") from None
    return from_mapping(mapping, folder=folder, where=where)


def from_mapping(
    mapping: Mapping[str, Any], *, folder: Path | None = None, where: str = "the specification"
) -> Spec:
    """Make a specification from settings.

    Parameters
    ----------
    mapping
        `id`; `name`, `floor` (0), `range` (`[0, 100]`), `aggregation` of the root, `allow`; lists of tables
        `node`, `indicator` and `step` (`name`, `method` and its settings); and a table `data` with the keys
        of `Place`. Names and units are text or `{ en = ..., zh = ... }`.

    Raises
    ------
    SpecError
        Unknown, missing or mistyped key, code given twice, unknown parent, cycle, weight below 0, a node
        with nothing below it or with no weight below it.
    UnknownNameError
        Unknown step, method or setting.
    """
    fields.known_keys(mapping, _SPEC_KEYS, where)
    place = _place(mapping, where)
    if place.metadata is not None and ("node" in mapping or "indicator" in mapping):
        raise SpecError(f"{where}: give either data.metadata or the tables node and indicator, not both")
    if place.metadata is None:
        root = fields.text(mapping, "id", where)
        where = f"index {root!r}"
        tree = Tree(
            id=root,
            name=entries.words(mapping, "name", root, where),
            nodes=tuple(entries.node(entry, where) for entry in fields.tables(mapping, "node", where)),
            indicators=tuple(
                entries.indicator(entry, where) for entry in fields.tables(mapping, "indicator", where)
            ),
            floor=0.0,
        )
    else:
        tree = metadata.tree_of(files.rows((folder or Path()) / place.metadata), where=place.metadata)
        if "id" in mapping and mapping["id"] != tree.id:
            raise SpecError(f"{where}: got id = {mapping['id']!r}, but the metadata has the root {tree.id!r}")
        where = f"index {tree.id!r}"
    return complete(tree, mapping, place=place, where=where)


def complete(tree: Tree, mapping: Mapping[str, Any], *, place: Place, where: str) -> Spec:
    """Put a tree together with the settings that stand beside it: floor, range, aggregation, allow, steps.

    Raises
    ------
    SpecError, UnknownNameError
        As of `from_mapping`.
    """
    tree = replace(
        tree,
        floor=fields.share(mapping, "floor", where) if "floor" in mapping else tree.floor,
        range=fields.pair(mapping, "range", where) if "range" in mapping else tree.range,
        aggregation=entries.method(mapping["aggregation"], "aggregate", where)
        if "aggregation" in mapping
        else tree.aggregation,
    )
    allow = mapping.get("allow", [])
    if not isinstance(allow, list):
        raise SpecError(f"{where}: got allow = {allow!r}, but expected a list of {', '.join(ALLOWANCES)}")
    for word in allow:
        if word not in ALLOWANCES:
            raise SpecError(
                f"{where}: there is nothing to allow called {word!r}" + hint_near(str(word), ALLOWANCES)
            )
    steps = tuple(_step(entry, where) for entry in fields.tables(mapping, "step", where))
    return make(tree, steps, place=place, allow=tuple(allow))


def make(
    tree: Tree, steps: Iterable[Step] = (), *, place: Place | None = None, allow: tuple[str, ...] = ()
) -> Spec:
    """Check a tree and put it together with its steps.

    Raises
    ------
    SpecError
        As of `from_mapping`; also if the last step is not `aggregate`, or an indicator has a transform or a
        denominator and no step uses it.
    """
    where = f"index {tree.id!r}"
    check_shape(tree, where)
    entries.check_weights(tree, where)
    chosen = tuple(steps) or default_steps(tree)
    check_order(tree, chosen, where)
    return Spec(tree=tree, steps=chosen, place=place or Place(), allow=allow)


def default_steps(tree: Tree) -> tuple[Step, ...]:
    """Return the shortest way: divide and transform where the tree says so, normalise, aggregate.

    Nothing is filled, dropped or trimmed unless a specification asks for it. Where all indicators have
    goalposts they are the scale, otherwise the least and the greatest value.
    """
    steps = []
    if any(i.denominator is not None for i in tree.indicators):
        steps.append(step("denominate"))
    if any(i.transform != "none" for i in tree.indicators):
        steps.append(step("transform"))
    fixed = all(i.goalposts is not None for i in tree.indicators)
    return (*steps, step("normalise", "goalposts" if fixed else "min-max"), step("aggregate"))


def check_order(tree: Tree, steps: tuple[Step, ...], where: str) -> None:
    """Raise a SpecError if steps cannot follow each other so, or leave out what the tree asks for."""
    names = [done.name for done in steps]
    if names[-1:] != ["aggregate"] or "aggregate" in names[:-1]:
        raise SpecError(f"{where}: got the steps {', '.join(names)}, but expected one 'aggregate', the last")
    if names.count("normalise") > 1:
        raise SpecError(f"{where}: 'normalise' stands {names.count('normalise')} times; one scale is enough")
    for name, wish in (("denominate", "denominator"), ("transform", "transform")):
        asks = [i.id for i in tree.indicators if getattr(i, wish) not in {None, "none"}]
        if asks and name not in names:
            raise SpecError(
                f"{where}: {asks[0]!r} has a {wish}, but there is no step {name!r}; "
                f"add it, or leave the {wish} out"
            )
    if "normalise" not in names:
        against = [i.id for i in tree.indicators if i.direction < 0]
        if against:
            raise SpecError(
                f"{where}: of {against[0]!r} less is better, which only the step 'normalise' minds; "
                "add it (method = 'none' turns the direction and nothing else)"
            )


def _step(entry: Mapping[str, Any], where: str) -> Step:
    name = fields.text(entry, "name", f"{where}, a step")
    settings = {key: value for key, value in entry.items() if key not in {"name", "method"}}
    return step(name, entry.get("method"), settings, where=where)


def _place(mapping: Mapping[str, Any], where: str) -> Place:
    table = mapping.get("data", {})
    if not isinstance(table, Mapping):
        raise SpecError(f"{where}: got data = {table!r}, but expected a table [data] with a file")
    where = f"{where}, data"
    fields.known_keys(table, _DATA_KEYS, where)
    place = Place(**{key: fields.text(table, key, where) for key in table})
    if place.scale not in SCALES:
        raise SpecError(f"{where}: there is no scale {place.scale!r}" + hint_near(place.scale, SCALES))
    return place
