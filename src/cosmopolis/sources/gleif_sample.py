"""A sample of the register of legal entities: 200 entities of four countries, 50 ties. No cities.

Two CSV files that somebody cut from GLEIF's golden copy: entities with name and country, ties from child to
parent. Many parents of the ties are not among the entities. It shows how trees are followed and says nothing
of any city; the whole register is the source `gleif`.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Final

from cosmopolis.sources.gleif import KINDS
from cosmopolis.sources.raw import Raw
from cosmopolis.sources.text import Reject, csv_rows, path_of, raw_of, read_text

SOURCE = "gleif-sample"

ENTITIES: Final = "gleif_L1_nodes_in_network_sample.csv"
TIES: Final = "gleif_L2_edges_sample.csv"

_DIRECTION: Final = "child_to_parent"


def read(files: Mapping[str, Path]) -> tuple[Raw, ...]:
    """Read the parts `entities` (table `legal_entity`) and `ties` (`ownership_tie`).

    Parameters
    ----------
    files
        `gleif_L1_nodes_in_network_sample.csv` and `gleif_L2_edges_sample.csv`.
    """
    return _entities(path_of(files, ENTITIES, source=SOURCE)), _ties(path_of(files, TIES, source=SOURCE))


def _entities(path: Path) -> Raw:
    text = read_text(path, source=SOURCE, expected="a CSV file of legal entities")
    rejects: list[Reject] = []
    rows = [
        (row, cells["lei"], cells["legal_name"], None, cells["country"], None, None, None)
        for row, cells in csv_rows(
            text, ("lei", "legal_name", "country"), source=SOURCE, path=path, rejects=rejects
        )
    ]
    return raw_of(SOURCE, "entities", "legal_entity", rows, rejects)


def _ties(path: Path) -> Raw:
    text = read_text(path, source=SOURCE, expected="a CSV file of ties between legal entities")
    rejects: list[Reject] = []
    needed = ("firm_i", "firm_j", "relation_type", "relation_direction", "year")
    rows = []
    for row, cells in csv_rows(text, needed, source=SOURCE, path=path, rejects=rejects):
        if cells["relation_direction"] != _DIRECTION:
            reason = f"relation_direction is not {_DIRECTION}: who the parent is cannot be told"
            rejects.append((row, "relation_direction", cells["relation_direction"], reason))
            continue
        kind = KINDS.get(cells["relation_type"], cells["relation_type"])
        year = cells["year"].removesuffix(".0") or None
        rows.append((row, cells["firm_i"], cells["firm_j"], kind, year, None))
    return raw_of(SOURCE, "ties", "ownership_tie", rows, rejects)
