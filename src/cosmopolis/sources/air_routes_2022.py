"""Air Routes graph, vintage 2022: airports and directed routes as openCypher statements.

One statement a line: `CREATE (a1:airport {id:'1',code:'ATL',...})` makes a node,
`(a1)-[:route {id: '3748', dist: 809}]->(a3),` an edge. Comments (`//`), empty lines and the bare `CREATE`
before a list of edges are no statements. What a row is and what becomes of it:
`cosmopolis.sources.air_routes`.
"""

import re
from collections.abc import Mapping
from pathlib import Path

from cosmopolis.sources.air_routes import Edge, Node, parts_of
from cosmopolis.sources.raw import Raw
from cosmopolis.sources.text import Reject, path_of, read_text, wrong_format

SOURCE = "air-routes-2022"
YEAR = 2022
FILE = "airports_full.txt"

_TEXT = r"'(?:[^'\\]|\\.)*'"
_PROPERTY = rf"\w+\s*:\s*(?:{_TEXT}|[-+\w.]+)"
_PROPERTIES = rf"\{{\s*({_PROPERTY}(?:\s*,\s*{_PROPERTY})*)\s*\}}"
_NODE = re.compile(rf"CREATE \((\w+):(\w+) {_PROPERTIES}\)")
_EDGE = re.compile(rf"\((\w+)\)-\[:(\w+) {_PROPERTIES}\]->\((\w+)\),?")
_MEMBER = re.compile(rf"(\w+)\s*:\s*({_TEXT}|[-+\w.]+)")


def _value(written: str) -> str:
    return re.sub(r"\\(.)", r"\1", written[1:-1]) if written.startswith("'") else written


def read(files: Mapping[str, Path]) -> tuple[Raw, ...]:
    """Read the parts `airports` and `routes` (see `cosmopolis.sources.air_routes.parts_of`).

    Parameters
    ----------
    files
        `airports_full.txt`.
    """
    path = path_of(files, FILE, source=SOURCE)
    expected = "openCypher statements such as CREATE (a1:airport {...})"
    nodes, edges = list[Node](), list[Edge]()
    node_rejects, edge_rejects = list[Reject](), list[Reject]()
    for line in map(str.strip, read_text(path, source=SOURCE, expected=expected).split("\n")):
        if not line or line.startswith("//") or line == "CREATE":
            continue
        if line.startswith("CREATE ("):
            row = len(nodes) + len(node_rejects) + 1
            if match := _NODE.fullmatch(line):
                properties = {name: _value(written) for name, written in _MEMBER.findall(match[3])}
                nodes.append(Node(row=row, identity=match[1], label=match[2], properties=properties))
            else:
                node_rejects.append((row, "statement", line, "statement is not a CREATE of one node"))
        else:
            row = len(edges) + len(edge_rejects) + 1
            if match := _EDGE.fullmatch(line):
                edges.append(Edge(row=row, label=match[2], origin=match[1], destination=match[4]))
            else:
                edge_rejects.append((row, "statement", line, "statement is not an edge between two nodes"))
    if not nodes:
        raise wrong_format(SOURCE, path, "has no statement that makes a node", expected)
    return parts_of(SOURCE, YEAR, nodes, edges, node_rejects=node_rejects, edge_rejects=edge_rejects)
