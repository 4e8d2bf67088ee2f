"""Air Routes graph, vintage 2021 (version 0.87 of 31 August 2021): airports and routes as Gremlin steps.

The files are chains of steps without line breaks between them: `.addV("airport").property(id,"1")
.property("code","ATL")...` makes a node, `.addE("route").property(id,"3748").from(V("1")).to(V("3"))
.property("dist",809)` an edge. Numbers may end in a letter for their type (`33.6d`). What a row is and what
becomes of it: `cosmopolis.sources.air_routes`.
"""

import re
from collections.abc import Mapping
from pathlib import Path

from cosmopolis.sources.air_routes import Edge, Node, parts_of
from cosmopolis.sources.raw import Raw
from cosmopolis.sources.text import Reject, path_of, read_text, wrong_format

SOURCE = "air-routes-2021"
YEAR = 2021
FILES = ("0_nodes.txt", "1_edges_part_1.txt", "2_edges_part_2.txt")

_VALUE = r'"(?:[^"\\]|\\.)*"|[-+\w.]+'
_PROPERTY = rf'\.property\((?:id|"\w+"),(?:{_VALUE})\)'
_NODE = re.compile(rf'\.addV\("(\w+)"\)((?:{_PROPERTY})*)')
_EDGE = re.compile(
    rf'\.addE\("(\w+)"\)(?:{_PROPERTY})*\.from\(V\("(\w+)"\)\)\.to\(V\("(\w+)"\)\)(?:{_PROPERTY})*'
)
_MEMBER = re.compile(rf'\.property\((id|"\w+"),({_VALUE})\)')
_STATEMENT = re.compile(r"(?=\.add[VE]\()")
_BETWEEN = re.compile(r"\s*(?:;|\bg)?\s*$")


def _value(written: str) -> str:
    if written.startswith('"'):
        return re.sub(r"\\(.)", r"\1", written[1:-1])
    return written.rstrip("dDfFlL")


def read(files: Mapping[str, Path]) -> tuple[Raw, ...]:
    """Read the parts `airports` and `routes` (see `cosmopolis.sources.air_routes.parts_of`).

    Rows are numbered over the files in their order.

    Parameters
    ----------
    files
        `0_nodes.txt`, `1_edges_part_1.txt` and `2_edges_part_2.txt`.
    """
    expected = 'Gremlin steps such as g.addV("airport") or g.addE("route")'
    nodes, edges = list[Node](), list[Edge]()
    node_rejects, edge_rejects = list[Reject](), list[Reject]()
    for name in FILES:
        path = path_of(files, name, source=SOURCE)
        before, *statements = _STATEMENT.split(read_text(path, source=SOURCE, expected=expected))
        if before.strip() != "g" or not statements:
            raise wrong_format(SOURCE, path, f"begins with {before[:40]!r}", expected)
        for statement in statements:
            step = _BETWEEN.sub("", statement)
            if step.startswith(".addV("):
                row = len(nodes) + len(node_rejects) + 1
                match = _NODE.fullmatch(step)
                properties = {n.strip('"'): _value(v) for n, v in _MEMBER.findall(match[2])} if match else {}
                if match and "id" in properties:
                    identity = properties["id"]
                    nodes.append(Node(row=row, identity=identity, label=match[1], properties=properties))
                else:
                    reason = "statement is not an addV step with an id"
                    node_rejects.append((row, "statement", step, reason))
            else:
                row = len(edges) + len(edge_rejects) + 1
                if match := _EDGE.fullmatch(step):
                    edges.append(Edge(row=row, label=match[1], origin=match[2], destination=match[3]))
                else:
                    reason = "statement is not an addE step from a node to a node"
                    edge_rejects.append((row, "statement", step, reason))
    return parts_of(SOURCE, YEAR, nodes, edges, node_rejects=node_rejects, edge_rejects=edge_rejects)
