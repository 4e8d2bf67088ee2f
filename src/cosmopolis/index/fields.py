"""Read single fields of a settings table, each with an error that says where it stands and what was expected.

Not for rules between fields: those are with the tree and the specification.
"""

from collections.abc import Iterable, Mapping
from typing import Any

from cosmopolis.errors import SpecError, hint_near

_KIND_WORDS = {str: "text", int: "a whole number", bool: "true or false"}


def named(entry: Mapping[str, Any], where: str, kind: str) -> str:
    """Return the words that say which entry an error is in."""
    return f"{where}, {kind} {entry['id']!r}" if "id" in entry else f"{where}, a {kind} without id"


def known_keys(entry: Mapping[str, Any], known: Iterable[str], where: str) -> None:
    """Raise a SpecError if a key is not known."""
    names = tuple(known)
    for key in entry:
        if key not in names:
            raise SpecError(f"{where}: unknown key {key!r}" + hint_near(str(key), names))


def need(entry: Mapping[str, Any], key: str, where: str) -> Any:  # noqa: ANN401 - settings may hold anything
    """Return the value of a key that must be there."""
    if key not in entry:
        raise SpecError(f"{where}: the key {key!r} is missing")
    return entry[key]


def typed(entry: Mapping[str, Any], key: str, kind: type, where: str) -> Any:  # noqa: ANN401 - of that kind
    """Return the value of a key that must be there and of a kind."""
    value = need(entry, key, where)
    if not isinstance(value, kind) or (kind is int and isinstance(value, bool)):
        raise SpecError(f"{where}: got {key} = {value!r}, but expected {_KIND_WORDS[kind]}")
    return value


def text(entry: Mapping[str, Any], key: str, where: str) -> str:
    """Return a text that is not empty."""
    value: str = typed(entry, key, str, where)
    if not value.strip():
        raise SpecError(f"{where}: {key} is an empty text")
    return value


def number(entry: Mapping[str, Any], key: str, where: str) -> float:
    """Return a number, whole or not."""
    value = need(entry, key, where)
    if isinstance(value, bool) or not isinstance(value, int | float) or value != value:  # noqa: PLR0124 - NaN
        raise SpecError(f"{where}: got {key} = {value!r}, but expected a number")
    return float(value)


def pair(entry: Mapping[str, Any], key: str, where: str) -> tuple[float, float]:
    """Return two numbers `[low, high]`, low < high."""
    bounds = need(entry, key, where)
    numbers = isinstance(bounds, list | tuple) and all(
        isinstance(b, int | float) and not isinstance(b, bool) for b in bounds
    )
    if not numbers or len(bounds) != 2 or not bounds[0] < bounds[1]:  # noqa: PLR2004 - low and high
        raise SpecError(f"{where}: got {key} = {bounds!r}, but expected [low, high] with low < high")
    return float(bounds[0]), float(bounds[1])


def share(entry: Mapping[str, Any], key: str, where: str) -> float:
    """Return a share of the weight, 0..1."""
    value = number(entry, key, where)
    if not 0 <= value <= 1:
        raise SpecError(f"{where}: got {key} = {value:g}, but expected a share of the weight from 0 to 1")
    return value


def tables(entry: Mapping[str, Any], key: str, where: str) -> list[Mapping[str, Any]]:
    """Return a list of tables; an absent key is an empty list."""
    found = entry.get(key, [])
    if not isinstance(found, list) or not all(isinstance(table, Mapping) for table in found):
        raise SpecError(f"{where}: {key!r} must be a list of tables, each written [[{key}]]")
    return found
