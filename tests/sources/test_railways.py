"""The railway graph: two literals of a Python module, read as text."""

from pathlib import Path

import pytest

from cosmopolis.errors import FormatError
from cosmopolis.records import admit
from cosmopolis.sources import railways
from cosmopolis.sources.raw import Raw


def _read(folder: Path, graph: str, nodes: str) -> Raw:
    path = folder / railways.FILE
    path.write_text(
        f"\nfrom elsewhere import GeoGraph\ngraph=[{graph}]\nnodes=[{nodes}]\n"
        "railways = GeoGraph(graph=graph, nodes=nodes)\n",
        encoding="utf-8",
    )
    (raw,) = railways.read({railways.FILE: path})
    return raw


def test_nodes_with_neighbours(tmp_path: Path) -> None:
    raw = _read(tmp_path, "{1: 2.5, 0: 0.0}, {0: 2.5}, {}", "[-10.5, 20], [-10.4, 20.1], [0, 0]")
    assert (raw.part, raw.table, raw.rows_in) == ("nodes", "rail_node", 3)
    assert admit(raw).frame.rows() == [
        (1, 0, -10.5, 20.0, [1, 0], [2.5, 0.0]),
        (2, 1, -10.4, 20.1, [0], [2.5]),
        (3, 2, 0.0, 0.0, [], []),
    ]


def test_lists_of_different_lengths_cannot_be_matched(tmp_path: Path) -> None:
    with pytest.raises(FormatError, match="3 entries in 'graph' and 2 in 'nodes'"):
        _read(tmp_path, "{1: 1.0}, {0: 1.0}, {}", "[1, 2], [3, 4]")


def test_a_module_without_the_graph(tmp_path: Path) -> None:
    path = tmp_path / railways.FILE
    path.write_text("import os\nnodes=[[1, 2]]\n", encoding="utf-8")
    with pytest.raises(FormatError, match="has no list named 'graph', but expected a Python module"):
        railways.read({railways.FILE: path})


def test_a_module_that_was_cut_off(tmp_path: Path) -> None:
    path = tmp_path / railways.FILE
    path.write_text("graph=[{1: 1.0}, {0: 1.0", encoding="utf-8")
    with pytest.raises(FormatError, match="a list named 'graph' without an end"):
        railways.read({railways.FILE: path})
