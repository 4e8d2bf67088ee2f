"""Read the entries of a specification: nodes, indicators, weights, ways of doing a step.

Looser than `tree.parse`, which reads the trees of editions: names may be left out and weights may be 0.
"""

import tomllib
from collections.abc import Mapping
from typing import Any, get_args

from cosmopolis.errors import SpecError, hint_near
from cosmopolis.index import fields
from cosmopolis.index.catalogue import step
from cosmopolis.index.tree import LANGUAGES, Indicator, Method, Node, Transform, Tree

_NODE_KEYS = ("id", "parent", "weight", "name", "floor", "aggregation")
_INDICATOR_KEYS = (
    "id",
    "parent",
    "weight",
    "direction",
    "name",
    "unit",
    "sources",
    "denominator",
    "goalposts",
    "target",
    "group",
    "transform",
    "treatment",
    "normalisation",
    "definition",
    "note",
)


def node(entry: Mapping[str, Any], where: str) -> Node:
    """Read a node: `id`, `parent`, and optionally `weight` (1), `name`, `floor`, `aggregation`.

    Raises
    ------
    SpecError
        Unknown, missing or mistyped key, weight below 0.
    """
    where = fields.named(entry, where, "node")
    fields.known_keys(entry, _NODE_KEYS, where)
    code = fields.text(entry, "id", where)
    return Node(
        id=code,
        parent=fields.text(entry, "parent", where),
        weight=weight(entry, where) if "weight" in entry else 1.0,
        name=words(entry, "name", code, where),
        floor=fields.share(entry, "floor", where) if "floor" in entry else None,
        aggregation=method(entry["aggregation"], "aggregate", where) if "aggregation" in entry else None,
    )


def indicator(entry: Mapping[str, Any], where: str) -> Indicator:
    """Read an indicator: `id`, `parent`, and optionally the other fields of `tree.Indicator`.

    Weight and direction are 1 where they are not given.

    Raises
    ------
    SpecError
        Unknown, missing or mistyped key, weight below 0, direction not 1 or -1, goalposts not low < high.
    """
    where = fields.named(entry, where, "indicator")
    fields.known_keys(entry, _INDICATOR_KEYS, where)
    code = fields.text(entry, "id", where)
    direction = fields.typed(entry, "direction", int, where) if "direction" in entry else 1
    if direction not in {1, -1}:
        raise SpecError(
            f"{where}: got direction = {direction}, but expected 1 (more is better) or -1 (less is)"
        )
    transform: Transform = fields.typed(entry, "transform", str, where) if "transform" in entry else "none"
    if transform not in get_args(Transform):
        raise SpecError(
            f"{where}: there is no transform {transform!r}" + hint_near(transform, get_args(Transform))
        )
    sources = entry.get("sources", [])
    if not isinstance(sources, list) or not all(isinstance(s, str) and s for s in sources):
        raise SpecError(f"{where}: got sources = {sources!r}, but expected a list of source ids")
    return Indicator(
        id=code,
        parent=fields.text(entry, "parent", where),
        weight=weight(entry, where) if "weight" in entry else 1.0,
        direction=direction,
        name=words(entry, "name", code, where),
        unit=words(entry, "unit", "", where),
        sources=tuple(sources),
        transform=transform,
        definition=words(entry, "definition", "", where) if "definition" in entry else {},
        note=words(entry, "note", "", where) if "note" in entry else {},
        denominator=fields.text(entry, "denominator", where) if "denominator" in entry else None,
        goalposts=fields.pair(entry, "goalposts", where) if "goalposts" in entry else None,
        target=fields.number(entry, "target", where) if "target" in entry else None,
        group=fields.text(entry, "group", where) if "group" in entry else None,
        treatment=method(entry["treatment"], "treat", where) if "treatment" in entry else None,
        normalisation=method(entry["normalisation"], "normalise", where)
        if "normalisation" in entry
        else None,
    )


def weight(entry: Mapping[str, Any], where: str) -> float:
    """Read a weight of at least 0.

    Raises
    ------
    SpecError
        If it is below 0, not finite or not a number.

    Examples
    --------
    >>> weight({"weight": 2}, "index 'x'")
    2.0
    """
    value = fields.number(entry, "weight", where)
    if not 0 <= value < float("inf"):
        raise SpecError(f"{where}: got weight = {value:g}, but expected a number of at least 0")
    return value


def check_weights(tree: Tree, where: str) -> None:
    """Raise a SpecError if all children of a node have weight 0."""
    for above in tree.upward():
        children = tree.children(above)
        if not any(child.weight > 0 for child in children):
            raise SpecError(
                f"{where}: all that hangs below {above!r} has weight 0; give one child a weight above 0"
            )


def words(entry: Mapping[str, Any], key: str, otherwise: str, where: str) -> dict[str, str]:
    """Read a text in each of `LANGUAGES`; one text stands for all, none for `otherwise`.

    Examples
    --------
    >>> words({"name": "Air"}, "name", "air", "index 'x'")
    {'en': 'Air', 'zh': 'Air'}
    """
    given = entry.get(key, otherwise)
    if isinstance(given, str):
        return dict.fromkeys(LANGUAGES, given)
    if not isinstance(given, Mapping) or not given:
        raise SpecError(f"{where}: got {key} = {given!r}, but expected text or {{ en = ..., zh = ... }}")
    fields.known_keys(given, LANGUAGES, f"{where}, {key}")
    first = fields.text(given, next(iter(given)), f"{where}, {key}")
    return {
        language: fields.text(given, language, f"{where}, {key}") if language in given else first
        for language in LANGUAGES
    }


def method(given: Any, name: str, where: str) -> Method:  # noqa: ANN401 - settings may hold anything
    """Read a way of doing a step: a method's name, or a table of `method` and its settings.

    Parameters
    ----------
    given
        `"geometric"`, `{ method = "power", p = 0.5 }` or, in a cell of a sheet, that table as text.
    name
        Of the step.

    Raises
    ------
    SpecError, UnknownNameError
        If it is neither, or there is no such method or setting.

    Examples
    --------
    >>> method("{ method = 'power', p = 0.5 }", "aggregate", "index 'x'").settings
    {'p': 0.5}
    """
    if isinstance(given, str) and given.lstrip().startswith("{"):
        try:
            given = tomllib.loads(f"it = {given}")["it"]
        except tomllib.TOMLDecodeError as error:
            raise SpecError(f"{where}: got {given!r}, which is not a table of TOML: {error}") from None
    if isinstance(given, Mapping):
        settings = {key: value for key, value in given.items() if key != "method"}
        chosen = fields.need(given, "method", where)
    else:
        settings, chosen = {}, given
    done = step(name, chosen, settings, where=where)
    return Method(name=done.method, settings=done.settings)
