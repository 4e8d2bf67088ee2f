"""The table of all measures takes direction from the registry and coverage from the caller."""

import polars as pl
import pytest

from cosmopolis.errors import UnknownNameError
from cosmopolis.measures import centrality, concentration
from cosmopolis.measures.networks import NETWORK_MEASURES, network_measures
from cosmopolis.networks.links import LINKS

BOTH = pl.DataFrame(
    [
        ("listings", "firms", 2025, 3, 1, 2.0, 2),
        ("air", "routes", 2022, 1, 2, 3.0, 3),
        ("air", "routes", 2021, 1, 2, 1.0, 1),
    ],
    schema=LINKS,
    orient="row",
)


def test_each_network_is_measured_as_on_its_own() -> None:
    got = network_measures(BOTH, nodes={"air": pl.Series([1, 2, 7])})
    assert got.schema == NETWORK_MEASURES
    assert got.equals(got.sort(got.columns[:-1]))
    air = BOTH.filter(pl.col("network") == "air", pl.col("year") == 2022)
    expected = pl.concat(
        [
            centrality.table(air, directed=False, nodes=pl.Series([7])),
            concentration.table(air, directed=False),
        ]
    ).sort("city_id", "measure")
    mine = got.filter(pl.col("network") == "air", pl.col("year") == 2022)
    assert mine.select("city_id", "measure", "value").equals(expected)
    assert set(got.filter(pl.col("network") == "listings")["measure"]) >= {"degree_in", "strength_out"}


def test_a_choice_of_measures_leaves_out_those_that_do_not_suit() -> None:
    got = network_measures(BOTH, measures=["eigenvector", "strength_in", "hhi"])
    pairs = set(got.select("network", "measure").rows())
    assert pairs == {("air", "eigenvector"), ("air", "hhi"), ("listings", "strength_in"), ("listings", "hhi")}


def test_an_unknown_measure_is_answered_with_near_ones() -> None:
    with pytest.raises(UnknownNameError, match="did you mean 'degree'"):
        network_measures(BOTH, measures=["degre"])


def test_no_links_give_an_empty_table() -> None:
    assert network_measures(LINKS.to_frame()).schema == NETWORK_MEASURES
