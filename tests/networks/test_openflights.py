"""A network with a known answer: OpenFlights 2014, airport by airport.

The counts are those of a plain reading of the file. By the codes in the file all 67,663 rows give 3,425
airports, 37,595 directed and 19,257 undirected pairs, one of which leads from an airport to itself and so
makes no link; by ids, the 66,771 rows whose two airports are known give fewer.
"""

import csv
import os
import tomllib
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from cosmopolis.networks.flows import air
from cosmopolis.networks.links import SELF_LINK, nodes

ROOT = Path(__file__).parents[2]
DATA = Path(os.environ.get("COSMOPOLIS_DATA", ROOT.parent / "shared" / "data")) / "openflights"
ROUTES = DATA / "openflights_routes.dat"
AIRPORTS = DATA / "openflights_airports.dat"
GOLDEN: dict[str, Any] = tomllib.loads(
    (Path(__file__).parents[1] / "golden" / "networks.toml").read_text(encoding="utf-8")
)["openflights"]

pytestmark = pytest.mark.skipif(
    not (ROUTES.is_file() and AIRPORTS.is_file()),
    reason="the OpenFlights files are not at $COSMOPOLIS_DATA/openflights nor ../shared/data/openflights",
)


@pytest.fixture(scope="module")
def rows() -> list[list[str]]:
    with ROUTES.open(encoding="utf-8", newline="") as file:
        return list(csv.reader(file))


@pytest.fixture(scope="module")
def known_ids() -> set[str]:
    with AIRPORTS.open(encoding="utf-8", newline="") as file:
        return {row[0] for row in csv.reader(file)}


def _routes(legs: list[tuple[int, str, str, str]]) -> pl.DataFrame:
    """Take airports for cities, numbered by their code or id."""
    frame = pl.DataFrame(legs, schema=["row", "carrier", "origin", "destination"], orient="row")
    number = {
        name: i
        for i, name in enumerate(sorted({*frame["origin"].to_list(), *frame["destination"].to_list()}))
    }
    return frame.select(
        "row",
        pl.lit(2014, dtype=pl.Int64).alias("year"),
        "origin",
        "destination",
        pl.col("origin").replace_strict(number, return_dtype=pl.Int64).alias("origin_city"),
        pl.col("destination").replace_strict(number, return_dtype=pl.Int64).alias("destination_city"),
        pl.concat_list("carrier").alias("carriers"),
    )


def test_all_rows_by_code(rows: list[list[str]]) -> None:
    routes = _routes([(i, row[0], row[2], row[4]) for i, row in enumerate(rows, start=1)])
    one_way = air(routes, directed=True)
    directed = one_way.links.filter(pl.col("field") == "routes")
    both = air(routes).links.filter(pl.col("field") == "routes")
    assert routes.height == GOLDEN["rows"]
    assert len(nodes(directed)) == GOLDEN["airports"]
    assert directed.height + GOLDEN["self_pairs"] == GOLDEN["directed_pairs"]
    assert both.height + GOLDEN["self_pairs"] == GOLDEN["undirected_pairs"]
    assert one_way.unused["reason"].to_list() == [SELF_LINK]
    assert len(one_way.used) + one_way.unused.height == GOLDEN["rows"]

    # The same again without any of the code above: sets of pairs.
    pairs = {(row[2], row[4]) for row in rows}
    assert len(pairs) == GOLDEN["directed_pairs"]
    assert len({frozenset(pair) for pair in pairs}) == GOLDEN["undirected_pairs"]
    assert [pair for pair in pairs if pair[0] == pair[1]] == [("PKN", "PKN")]
    assert both["weight"].sum() == len(pairs) - GOLDEN["self_pairs"]
    carriers = {(row[0], row[2], row[4]) for row in rows if row[2] != row[4]}
    assert one_way.links.filter(pl.col("field") == "carriers")["weight"].sum() == len(carriers)


def test_rows_whose_airports_are_known_by_id(rows: list[list[str]], known_ids: set[str]) -> None:
    legs = [
        (i, row[0], row[3], row[5])
        for i, row in enumerate(rows, start=1)
        if row[3] in known_ids and row[5] in known_ids
    ]
    assert len(legs) == GOLDEN["rows_with_known_airports"]
    routes = _routes(legs)
    directed = air(routes, directed=True).links.filter(pl.col("field") == "routes")
    both = air(routes).links.filter(pl.col("field") == "routes")
    assert len(nodes(directed)) == GOLDEN["airports_known"]
    assert directed.height + GOLDEN["self_pairs"] == GOLDEN["directed_pairs_known"]
    assert both.height + GOLDEN["self_pairs"] == GOLDEN["undirected_pairs_known"]
