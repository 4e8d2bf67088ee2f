"""The tree of an index: nodes, indicators, weights; read from settings and checked.

No numbers of cities here. A tree is data of an edition (TOML), never code.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from dataclasses import field as made
from typing import Any, Literal, get_args

from cosmopolis.errors import SpecError, hint_near
from cosmopolis.index import fields

Transform = Literal["none", "sqrt", "log1p", "ln"]
"""What is done to an indicator's values before they are brought to scale: `sqrt` is x -> √x, `log1p`
x -> ln(1 + x), `ln` x -> ln x; all draw in a long tail, the logarithms more."""

LANGUAGES = ("en", "zh")
"""Every name and unit is given in each of these."""

_TREE_KEYS = ("id", "name", "floor", "range", "node", "indicator")
_NODE_KEYS = ("id", "parent", "weight", "name", "floor")
_INDICATOR_KEYS = (
    "id",
    "parent",
    "weight",
    "direction",
    "name",
    "unit",
    "sources",
    "network",
    "measure",
    "field",
    "year",
    "table",
    "sector",
    "downscaled",
    "transform",
    "definition",
    "note",
)


@dataclass(frozen=True, kw_only=True)
class Method:
    """A way of doing one step, with its settings, where a node or an indicator has its own.

    Attributes
    ----------
    name
        Of the method, as in `index.catalogue`, or an own function (aggregation only).
    settings
        By name.
    """

    name: str | Callable[..., float]
    settings: Mapping[str, Any] = made(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Node:
    """An inner node: a dimension of the index.

    Attributes
    ----------
    id, parent
        Own name and that of the node above, which may be the index itself.
    weight
        Share among the children of the same parent; only the ratios matter.
    name
        In each of `LANGUAGES`.
    floor
        Own least share of weight with data; null takes that of the tree.
    aggregation
        Own way of aggregating the children; null takes that of the step.
    """

    id: str
    parent: str
    weight: float
    name: Mapping[str, str]
    floor: float | None = None
    aggregation: Method | None = None


@dataclass(frozen=True, kw_only=True)
class Indicator:
    """A leaf: a measure that an edition takes, with its direction and weight.

    Attributes
    ----------
    id, parent, weight, name
        As of a node.
    direction
        1 where more is better, -1 where less is.
    unit
        Of the values, in each of `LANGUAGES`.
    sources
        Ids of the sources that the values come from; none says that there is no open data, and keeps the
        indicator's weight in sight.
    network, measure, field
        Where the values are taken from, if from a network; else null.
    table, sector
        Where they are taken from, if from a table of records, and the sector group counted; else null.
    year
        Vintage of the values; null means the year of the roll-up.
    downscaled
        Whether a number of a country was spread over its cities: to be said beside the figure.
    transform
        See `Transform`.
    definition, note
        What the values are and what to be wary of, in each of `LANGUAGES`; may be empty.
    denominator
        Column of the data that the values are divided by.
    goalposts
        Worst and best of the scale in the indicator's unit, as (low, high) whatever the direction.
    target
        Value that earns the full score, in the indicator's unit.
    group
        Column of the data by whose groups gaps of this indicator are filled.
    treatment, normalisation
        Own way of treating outliers and of scaling; null takes that of the step.
    """

    id: str
    parent: str
    weight: float
    direction: int
    name: Mapping[str, str]
    unit: Mapping[str, str]
    sources: tuple[str, ...]
    network: str | None = None
    measure: str | None = None
    field: str | None = None
    year: int | None = None
    table: str | None = None
    sector: str | None = None
    downscaled: bool = False
    transform: Transform = "none"
    definition: Mapping[str, str] = made(default_factory=dict)
    note: Mapping[str, str] = made(default_factory=dict)
    denominator: str | None = None
    goalposts: tuple[float, float] | None = None
    target: float | None = None
    group: str | None = None
    treatment: Method | None = None
    normalisation: Method | None = None


@dataclass(frozen=True, kw_only=True)
class Tree:
    """An index: its root, nodes and indicators, in the order of the settings.

    Attributes
    ----------
    id, name
        Of the index; the root node has the same id.
    nodes, indicators
        All that stands below the root.
    floor
        Least share of a node's weight that must have data for the node to have a score, 0..1.
    range
        Lowest and highest score.
    aggregation
        Own way of aggregating at the root; null takes that of the step.
    """

    id: str
    name: Mapping[str, str]
    nodes: tuple[Node, ...]
    indicators: tuple[Indicator, ...]
    floor: float
    range: tuple[float, float] = (0.0, 100.0)
    aggregation: Method | None = None

    @property
    def entries(self) -> tuple[Node | Indicator, ...]:
        """All that stands below the root, nodes first, in the order of the settings."""
        below: list[Node | Indicator] = [*self.nodes, *self.indicators]
        return tuple(below)

    def children(self, node: str) -> tuple[Node | Indicator, ...]:
        """Return what hangs directly below a node, nodes first, in the order of the settings."""
        return tuple(child for child in self.entries if child.parent == node)

    def floor_of(self, node: str) -> float:
        """Return the least share of a node's weight that must have data."""
        own = next((entry.floor for entry in self.nodes if entry.id == node), None)
        return self.floor if own is None else own

    def aggregation_of(self, node: str) -> Method | None:
        """Return a node's own way of aggregating, null where it has none."""
        if node == self.id:
            return self.aggregation
        return next((entry.aggregation for entry in self.nodes if entry.id == node), None)

    def upward(self) -> tuple[str, ...]:
        """Return the ids of all nodes, every node after those below it, the root last."""
        return (*self._below(self.id), self.id)

    def downward(self) -> tuple[str, ...]:
        """Return the ids of all nodes, level by level from the root, in the order of the settings."""
        found = [self.id]
        for above in found:
            found += [child.id for child in self.nodes if child.parent == above]
        return tuple(found)

    def _below(self, node: str) -> Iterator[str]:
        for child in self.nodes:
            if child.parent == node:
                yield from self._below(child.id)
                yield child.id

    def effective_weights(self) -> dict[str, float]:
        """Return each indicator's share of the whole index, all together 1.

        W_i = Π over the way from i up to the root of w / Σ of the weights of the siblings and itself.
        """
        shares: dict[str, float] = {self.id: 1.0}
        weights: dict[str, float] = {}
        for node in reversed(self.upward()):
            children = self.children(node)
            total = sum(child.weight for child in children)
            for child in children:
                share = shares[node] * child.weight / total
                (shares if isinstance(child, Node) else weights)[child.id] = share
        return {indicator.id: weights[indicator.id] for indicator in self.indicators}


def parse(mapping: Mapping[str, Any]) -> Tree:
    """Read a tree from settings, and refuse it with one clear error if anything is wrong.

    Parameters
    ----------
    mapping
        `id`, `name`, `floor`, `range` (optional, `[0, 100]`), and lists of tables `node` and `indicator`,
        with the keys of `Node` and `Indicator`.

    Returns
    -------
    tree

    Raises
    ------
    SpecError
        Unknown, missing or mistyped key, id given twice, unknown parent, cycle, weight not above 0,
        direction not 1 or -1, a node with nothing below it.

    Examples
    --------
    >>> words = {"en": "Air", "zh": "航空"}
    >>> tree = parse({
    ...     "id": "vitality", "name": {"en": "Vitality", "zh": "活力"}, "floor": 0.5,
    ...     "node": [{"id": "links", "parent": "vitality", "weight": 1, "name": words}],
    ...     "indicator": [{
    ...         "id": "air", "parent": "links", "weight": 1, "direction": 1, "name": words,
    ...         "unit": {"en": "routes", "zh": "航线"}, "sources": ["air-routes-2022"],
    ...     }],
    ... })
    >>> tree.upward()
    ('links', 'vitality')
    """
    fields.known_keys(mapping, _TREE_KEYS, "an index")
    root = fields.text(mapping, "id", "an index")
    where = f"index {root!r}"
    tree = Tree(
        id=root,
        name=_words(mapping, "name", where),
        nodes=tuple(_node(entry, where) for entry in fields.tables(mapping, "node", where)),
        indicators=tuple(_indicator(entry, where) for entry in fields.tables(mapping, "indicator", where)),
        floor=fields.share(mapping, "floor", where),
        range=fields.pair(mapping, "range", where) if "range" in mapping else (0.0, 100.0),
    )
    check_shape(tree, where)
    return tree


def check_shape(tree: Tree, where: str) -> None:
    """Raise if ids repeat, a parent is unknown, nodes go round in a circle or lead to no indicator."""
    seen = {tree.id}
    for entry in tree.entries:
        if entry.id in seen:
            raise SpecError(
                f"{where}: the id {entry.id!r} is given twice; ids name one node or indicator each"
            )
        seen.add(entry.id)
    parents = {node.id: node.parent for node in tree.nodes}
    for entry in tree.entries:
        if entry.parent not in parents and entry.parent != tree.id:
            known = [tree.id, *parents]
            raise SpecError(
                f"{where}: {entry.id!r} has the parent {entry.parent!r}, which is no node"
                + hint_near(entry.parent, known)
            )
    for start in parents:
        way = [start]
        while way[-1] in parents:
            above = parents[way[-1]]
            if above in way:
                circle = " -> ".join([*way[way.index(above) :], above])
                raise SpecError(
                    f"{where}: nodes go round in a circle, {circle}; one must hang from {tree.id!r}"
                )
            way.append(above)
    for node in (*parents, tree.id):
        if not tree.children(node):
            raise SpecError(
                f"{where}: node {node!r} has nothing below it; give it an indicator or leave it out"
            )


def _node(entry: Mapping[str, Any], where: str) -> Node:
    where = fields.named(entry, where, "node")
    fields.known_keys(entry, _NODE_KEYS, where)
    return Node(
        id=fields.text(entry, "id", where),
        parent=fields.text(entry, "parent", where),
        weight=_weight(entry, where),
        name=_words(entry, "name", where),
        floor=fields.share(entry, "floor", where) if "floor" in entry else None,
    )


def _indicator(entry: Mapping[str, Any], where: str) -> Indicator:
    where = fields.named(entry, where, "indicator")
    fields.known_keys(entry, _INDICATOR_KEYS, where)
    direction = fields.typed(entry, "direction", int, where)
    if direction not in {1, -1}:
        raise SpecError(
            f"{where}: got direction = {direction}, but expected 1 (more is better) or -1 (less is)"
        )
    transform: Transform = fields.typed(entry, "transform", str, where) if "transform" in entry else "none"
    if transform not in get_args(Transform):
        raise SpecError(
            f"{where}: there is no transform {transform!r}" + hint_near(transform, get_args(Transform))
        )
    sources = fields.need(entry, "sources", where)
    if not isinstance(sources, list) or not all(isinstance(s, str) and s for s in sources):
        raise SpecError(f"{where}: got sources = {sources!r}, but expected a list of source ids")
    return Indicator(
        id=fields.text(entry, "id", where),
        parent=fields.text(entry, "parent", where),
        weight=_weight(entry, where),
        direction=direction,
        name=_words(entry, "name", where),
        unit=_words(entry, "unit", where),
        sources=tuple(sources),
        network=fields.text(entry, "network", where) if "network" in entry else None,
        measure=fields.text(entry, "measure", where) if "measure" in entry else None,
        field=fields.text(entry, "field", where) if "field" in entry else None,
        year=fields.typed(entry, "year", int, where) if "year" in entry else None,
        downscaled=fields.typed(entry, "downscaled", bool, where) if "downscaled" in entry else False,
        table=fields.text(entry, "table", where) if "table" in entry else None,
        sector=fields.text(entry, "sector", where) if "sector" in entry else None,
        transform=transform,
        definition=_words(entry, "definition", where) if "definition" in entry else {},
        note=_words(entry, "note", where) if "note" in entry else {},
    )


def _weight(entry: Mapping[str, Any], where: str) -> float:
    weight = fields.number(entry, "weight", where)
    if not 0 < weight < float("inf"):
        raise SpecError(
            f"{where}: got weight = {weight:g}, but expected a number above 0; leave out what has no weight"
        )
    return weight


def _words(entry: Mapping[str, Any], key: str, where: str) -> dict[str, str]:
    words = fields.need(entry, key, where)
    if not isinstance(words, Mapping):
        raise SpecError(f"{where}: got {key} = {words!r}, but expected {{ en = ..., zh = ... }}")
    fields.known_keys(words, LANGUAGES, f"{where}, {key}")
    return {language: fields.text(words, language, f"{where}, {key}") for language in LANGUAGES}
