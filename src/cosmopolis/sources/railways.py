"""The world's railways as a graph: nodes with coordinates, and for each its neighbours and the distances.

The file is a Python module with two literals, `graph=[{1: 2.02, 0: 0.0}, ...]` (neighbour: km) and
`nodes=[[-27.347, 17.942], ...]` (latitude, longitude). It is read as text and never imported or executed.

Looked at in the whole file: both lists have 274,974 entries; every link stands at both ends with the same
distance; distances are kilometres along the track, as on links of more than 5 km they are 1.0 to 3.8 times
the great circle (median 1.02) and never shorter. 158,922 nodes name themselves as a neighbour, most at 0 km:
these loops stay in the table and mean nothing for a path. The graph tells where track lies; not which
trains run, nor when.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import orjson

from cosmopolis.sources.raw import Raw
from cosmopolis.sources.text import Reject, collector_at_rest, path_of, raw_of, read_bytes, wrong_format

SOURCE = "railways"
FILE = "world_railways.py"

_EXPECTED = "a Python module with the lists graph=[{...}, ...] and nodes=[[...], ...]"
_COORDINATES = 2
_INTEGERS, _NUMBERS = frozenset({int}), frozenset({int, float})


def _items(data: bytes, name: str, opening: bytes, closing: bytes, path: Path) -> list[bytes]:
    """Cut the text of a list into the texts of its items, without their brackets."""
    start = data.find(name.encode() + b"=[" + opening)
    if start < 0:
        raise wrong_format(SOURCE, path, f"has no list named {name!r}", _EXPECTED)
    start += len(name) + 2 + len(opening)
    line = data.find(b"\n", start)
    end = data.rfind(b"]", start, line if line >= 0 else len(data))
    if end < 0:
        raise wrong_format(SOURCE, path, f"has a list named {name!r} without an end", _EXPECTED)
    return [item.removesuffix(closing) for item in data[start:end].split(b", " + opening)]


def _lists(items: list[bytes]) -> list[Any]:
    """Read each item, numbers between commas and colons, as a list; None where it is no such thing.

    All at once where nothing is broken, else one by one.
    """
    whole = b"],[".join(items).replace(b":", b",")
    try:
        lists: list[Any] = orjson.loads(b"[[" + whole + b"]]")
    except orjson.JSONDecodeError:
        lists = []
    if len(lists) != len(items):
        lists = [_list(item) for item in items]
    return lists


def _list(item: bytes) -> list[Any] | None:
    try:
        numbers: list[Any] = orjson.loads(b"[" + item.replace(b":", b",") + b"]")
    except orjson.JSONDecodeError:
        return None
    return numbers


def _reject(links: list[Any] | None, place: list[Any] | None, nodes: int) -> tuple[str, str] | None:
    """Say which column of a node cannot be read and why; None if all can be."""
    if place is None or len(place) != _COORDINATES or not _NUMBERS.issuperset(map(type, place)):
        return "latitude", "latitude cannot be read: coordinates are not two numbers"
    neighbours = [] if links is None else links[0::2]
    if (
        links is None
        or len(links) % 2
        or not _INTEGERS.issuperset(map(type, neighbours))
        or not _NUMBERS.issuperset(map(type, links))
    ):
        return "neighbours", "neighbours cannot be read: not pairs of a node's number and a distance"
    if links and not (min(neighbours) >= 0 and max(neighbours) < nodes):
        return "neighbours", f"neighbours has a number that is no node (nodes are 0 to {nodes - 1})"
    return None


@collector_at_rest()
def read(files: Mapping[str, Path]) -> tuple[Raw, ...]:
    """Read the part `nodes` for the table `rail_node`; row 1 is node 0.

    A node is a reject if its coordinates are not two numbers, if its neighbours are not pairs of a number
    and a distance, or if a neighbour is no node.

    Parameters
    ----------
    files
        `world_railways.py`.

    Raises
    ------
    FormatError
        If the lists are not there or not of one length: entries belong together by their position.
    """
    path = path_of(files, FILE, source=SOURCE)
    data = read_bytes(path, source=SOURCE, expected=_EXPECTED)
    graph = _items(data, "graph", b"{", b"}", path)
    nodes = _items(data, "nodes", b"[", b"]", path)
    del data
    if len(graph) != len(nodes):
        got = f"has {len(graph)} entries in 'graph' and {len(nodes)} in 'nodes', so that none can be matched"
        raise wrong_format(SOURCE, path, got, _EXPECTED)
    rows, rejects = [], list[Reject]()
    for node, (links, place) in enumerate(zip(_lists(graph), _lists(nodes), strict=True)):
        if problem := _reject(links, place, len(nodes)):
            column, reason = problem
            text = (nodes if column == "latitude" else graph)[node].decode("utf-8", "replace")
            rejects.append((node + 1, column, text, reason))
        else:
            rows.append((node + 1, node, *place, links[0::2], links[1::2]))
    return (raw_of(SOURCE, "nodes", "rail_node", rows, rejects),)
