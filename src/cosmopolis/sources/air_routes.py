"""What the two vintages of the Air Routes graph have in common: from nodes and edges to airports and routes.

The graph is written as statements that build it, in Gremlin (2021) or openCypher (2022). Besides airports
and routes it has a version, countries, continents and `contains` edges from these to airports. **A row is a
statement**: every node is a row of the part `airports`, every edge one of the part `routes`, and those that
are no airport or no route are quarantined with that reason. They tell nothing new, as an airport's own
properties name its country.

Routes are directed, with a distance but without carriers, seats or frequency.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from cosmopolis.sources.raw import Raw
from cosmopolis.sources.text import Reject, raw_of


@dataclass(frozen=True, kw_only=True)
class Node:
    """A node statement: its number in the part, identity, label (`airport`, `country` ...) and properties."""

    row: int
    identity: str
    label: str
    properties: Mapping[str, str]


@dataclass(frozen=True, kw_only=True)
class Edge:
    """An edge statement: its number in the part, label (`route`, `contains`) and the nodes it links."""

    row: int
    label: str
    origin: str
    destination: str


def _end(identity: str, airports: Mapping[str, Node], others: Mapping[str, Node]) -> tuple[str | None, str]:
    """Return the IATA code of an edge's end, or None and why there is none."""
    if identity in airports:
        code = airports[identity].properties.get("code")
        return code, "" if code else f"airport {identity} has no code"
    if identity in others:
        return None, f"node {identity} is a {others[identity].label}, not an airport"
    return None, f"there is no airport with the identity {identity}"


def parts_of(  # the order of arguments is that of the files
    source: str,
    year: int,
    nodes: Iterable[Node],
    edges: Iterable[Edge],
    *,
    node_rejects: Iterable[Reject],
    edge_rejects: Iterable[Reject],
) -> tuple[Raw, Raw]:
    """Make the parts `airports` (table `airport`) and `routes` (table `air_route`).

    Of nodes with equal identities the first stands. `carriers` is null throughout: the source has none.

    Parameters
    ----------
    source
        Id of the source.
    year
        The vintage, given to each route.
    nodes, edges
        All statements that could be taken apart.
    node_rejects, edge_rejects
        Those that could not.
    """
    away_nodes, away_edges = list(node_rejects), list(edge_rejects)
    airports: dict[str, Node] = {}
    others: dict[str, Node] = {}
    for node in nodes:
        known = airports.get(node.identity) or others.get(node.identity)
        if known:
            reason = f"identity is the same as that of row {known.row}"
            away_nodes.append((node.row, "identity", node.identity, reason))
        elif node.label == "airport":
            airports[node.identity] = node
        else:
            others[node.identity] = node
            away_nodes.append((node.row, "label", node.label, f"label is {node.label}, not airport"))
    fields = ("code", "desc", "city", "region", "country", "lat", "lon")
    airport_rows = [(node.row, *map(node.properties.get, fields)) for node in airports.values()]
    route_rows = []
    for edge in edges:
        if edge.label != "route":
            away_edges.append((edge.row, "label", edge.label, f"label is {edge.label}, not route"))
            continue
        origin, no_origin = _end(edge.origin, airports, others)
        destination, no_destination = _end(edge.destination, airports, others)
        if no_origin:
            away_edges.append((edge.row, "origin", edge.origin, f"origin is unknown: {no_origin}"))
        elif no_destination:
            reason = f"destination is unknown: {no_destination}"
            away_edges.append((edge.row, "destination", edge.destination, reason))
        else:
            route_rows.append((edge.row, year, origin, destination, None))
    return (
        raw_of(source, "airports", "airport", airport_rows, away_nodes),
        raw_of(source, "routes", "air_route", route_rows, away_edges),
    )
