"""The tree of an index from a table of metadata, in the manner of COINr's `iMeta`.

Many institutes keep their indicators so in a sheet. `Level` is not needed: the tree follows from the parents.
"""

from collections.abc import Iterable, Mapping
from typing import Any

from cosmopolis.errors import SpecError, hint_near
from cosmopolis.index import entries, fields
from cosmopolis.index.tree import Tree

COLUMNS = {
    "iCode": "id",
    "iName": "name",
    "Direction": "direction",
    "Weight": "weight",
    "Level": "",
    "Parent": "parent",
    "Type": "type",
    "Unit": "unit",
    "Target": "target",
    "Denominator": "denominator",
    "Goalpost_low": "low",
    "Goalpost_high": "high",
    "Group": "group",
    "Transform": "transform",
    "Treatment": "treatment",
    "Normalisation": "normalisation",
    "Aggregation": "aggregation",
    "Floor": "floor",
    "Source": "source",
}
"""Columns of the table and the fields that they stand for; those after `Denominator` are ours."""

TYPES = ("Indicator", "Aggregate", "Group", "Denominator")
"""What a row may be. Groups and denominators are columns of the data and no part of the tree."""

_NODE_FIELDS = ("id", "parent", "weight", "name", "floor", "aggregation")
_INDICATOR_FIELDS = (
    "id",
    "parent",
    "weight",
    "direction",
    "name",
    "unit",
    "denominator",
    "target",
    "group",
    "transform",
    "treatment",
    "normalisation",
)
_NUMBERS = ("weight", "direction", "target", "low", "high", "floor")


def tree_of(rows: Iterable[Mapping[str, Any]], *, where: str = "the metadata") -> Tree:
    """Make a tree from rows of metadata.

    Parameters
    ----------
    rows
        A row for each entry with the columns of `COLUMNS`, of which `iCode`, `Parent` and `Type` must be
        there. The one `Aggregate` without a parent is the root. An empty cell is null; cells may be text.

    Raises
    ------
    SpecError
        Unknown column or type, text where a number should be, no root or more than one, and what is wrong
        in an entry.

    Examples
    --------
    >>> tree_of([
    ...     {"iCode": "hdi", "Parent": None, "Type": "Aggregate"},
    ...     {"iCode": "life", "Parent": "hdi", "Type": "Indicator", "Unit": "years"},
    ... ]).effective_weights()
    {'life': 1.0}
    """
    kept: dict[str, list[dict[str, Any]]] = {kind: [] for kind in TYPES}
    for line, row in enumerate(rows, start=2):
        here = f"{where}, line {line}"
        entry = _entry(row, here)
        if not entry:
            continue
        kind = entry.pop("type", None)
        if kind not in TYPES:
            got = "no Type" if kind is None else f"the Type {kind!r}"
            raise SpecError(f"{here}: got {got}, but expected one" + hint_near(str(kind), TYPES))
        kept[kind].append(entry)
    roots = [entry for entry in kept["Aggregate"] if "parent" not in entry]
    if len(roots) != 1:
        found = ", ".join(repr(entry.get("id")) for entry in roots) or "none"
        raise SpecError(
            f"{where}: expected one row of Type 'Aggregate' without a Parent, the root; got {found}"
        )
    root = fields.text(roots[0], "id", where)
    where = f"index {root!r}"
    return Tree(
        id=root,
        name=entries.words(roots[0], "name", root, where),
        nodes=tuple(
            entries.node(_only(entry, _NODE_FIELDS), where)
            for entry in kept["Aggregate"]
            if entry is not roots[0]
        ),
        indicators=tuple(entries.indicator(_indicator(entry), where) for entry in kept["Indicator"]),
        floor=fields.share(roots[0], "floor", where) if "floor" in roots[0] else 0.0,
        aggregation=entries.method(roots[0]["aggregation"], "aggregate", where)
        if "aggregation" in roots[0]
        else None,
    )


def _entry(row: Mapping[str, Any], where: str) -> dict[str, Any]:
    """Return the fields of a row that are not empty, numbers as numbers."""
    entry: dict[str, Any] = {}
    for column, cell in row.items():
        if column not in COLUMNS:
            raise SpecError(f"{where}: unknown column {column!r}" + hint_near(column, COLUMNS))
        field = COLUMNS[column]
        value = cell.strip() if isinstance(cell, str) else cell
        if not field or value is None or value == "":
            continue
        if field in _NUMBERS and isinstance(value, str):
            try:
                value = float(value)
            except ValueError:
                raise SpecError(f"{where}: got {column} = {value!r}, but expected a number") from None
        if field == "direction" and float(value).is_integer():
            value = int(value)
        if field in {"id", "parent", "unit", "name"}:
            value = str(value)
        entry[field] = value
    return entry


def _only(entry: Mapping[str, Any], known: tuple[str, ...]) -> dict[str, Any]:
    return {field: entry[field] for field in known if field in entry}


def _indicator(entry: Mapping[str, Any]) -> dict[str, Any]:
    """Return the fields of an indicator; the two goalposts as one, the source as a list."""
    made = _only(entry, _INDICATOR_FIELDS)
    if "low" in entry or "high" in entry:
        made["goalposts"] = [entry[end] for end in ("low", "high") if end in entry]
    if "source" in entry:
        made["sources"] = [part.strip() for part in str(entry["source"]).split(";")]
    return made
