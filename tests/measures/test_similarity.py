"""Normalised links: the definitions on sets of records, chance, and bounds."""

import math
from itertools import combinations

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cosmopolis.errors import FormatError
from cosmopolis.measures.similarity import LINK_MEASURES, link_measures, similarity
from cosmopolis.networks.links import LINKS

WINDOWS = ((2000, 2004),)
PAPERS = st.lists(st.sets(st.integers(1, 5), min_size=1, max_size=5), min_size=1, max_size=30)
Papers = list[set[int]]


def _links(papers: Papers) -> pl.DataFrame:
    counts: dict[tuple[int, int], int] = {}
    for paper in papers:
        for pair in combinations(sorted(paper), 2):
            counts[pair] = counts.get(pair, 0) + 1
    rows = [("coauthorship", "a", 2000, i, j, float(n), n) for (i, j), n in counts.items()]
    return pl.DataFrame(rows, schema=LINKS, orient="row")


def _totals(papers: Papers) -> pl.DataFrame:
    rows = [
        ("a", 2000, city, sum(city in p for p in papers), sum(1 / len(p) for p in papers if city in p))
        for city in sorted(set().union(*papers))
    ]
    schema = {"field": pl.String, "year": pl.Int64, "city_id": pl.Int64, "count": pl.Int64}
    return pl.DataFrame(rows, schema=schema | {"fractional": pl.Float64}, orient="row")


@given(PAPERS)
def test_measures_are_those_of_sets_of_records(papers: Papers) -> None:
    got = link_measures(_links(papers), _totals(papers), windows=WINDOWS)
    assert got.schema == LINK_MEASURES
    for row in got.iter_rows(named=True):
        a = {k for k, paper in enumerate(papers) if row["origin"] in paper}
        b = {k for k, paper in enumerate(papers) if row["destination"] in paper}
        assert row["salton"] == pytest.approx(len(a & b) / math.sqrt(len(a) * len(b)))
        assert row["jaccard"] == pytest.approx(len(a & b) / len(a | b))
        chance = len(a) * len(b) / len(papers)
        assert row["association"] == pytest.approx(len(a & b) / chance)
        assert 0 < row["jaccard"] <= row["salton"] <= 1 + 1e-12


def test_the_toy_of_four_papers() -> None:
    """A–B stand together in 3 of 4 papers; A in 4, B in 3: 3/√12, 4·3/12, 3/4."""
    papers = [{1, 2}, {1, 2, 3}, {1}, {1, 2, 3, 4}]
    row = link_measures(_links(papers), _totals(papers), windows=WINDOWS).row(0, named=True)
    assert (row["origin"], row["destination"], row["count"]) == (1, 2, 3)
    assert row["salton"] == pytest.approx(3 / math.sqrt(12))
    assert (row["association"], row["jaccard"]) == (pytest.approx(1.0), 0.75)


def test_pairs_of_a_gravity_model_stand_beside() -> None:
    papers: Papers = [{1, 2}, {2, 3}]
    window = {"field": "a", "from_year": 2000, "to_year": 2004}
    model = pl.DataFrame({**window, "origin": [1], "destination": [2], "expected": [0.5], "ratio": [2.0]})
    model = model.with_columns(ratio_low=0.05, ratio_high=11.0, q_value=1.0, verdict=pl.lit("as_expected"))
    got = link_measures(_links(papers), _totals(papers), windows=WINDOWS, expected=model)
    assert got.select("expected", "verdict", "disparity_p").rows() == [
        (0.5, "as_expected", None),
        (None, None, None),
    ]


@pytest.mark.parametrize("count", [1, None])
def test_totals_of_other_records_are_refused(count: int | None) -> None:
    papers: Papers = [{1, 2}, {1, 2}]
    totals = _totals(papers)
    wrong = (
        totals.filter(pl.col("city_id") == 1)
        if count is None
        else totals.with_columns(count=pl.lit(count, dtype=pl.Int64))
    )
    with pytest.raises(FormatError, match="1 links have more records than one of their cities"):
        link_measures(_links(papers), wrong, windows=WINDOWS)


def test_nothing_gives_an_empty_table() -> None:
    totals = _totals([{1}]).clear()
    assert link_measures(LINKS.to_frame(), totals, windows=WINDOWS).schema == LINK_MEASURES


def test_windows_are_needed() -> None:
    papers: Papers = [{1, 2}]
    with pytest.raises(Exception, match="no column 'from_year'"):
        similarity(_links(papers), _totals(papers))
