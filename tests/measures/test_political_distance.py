"""Political distance: published ideal points, agreement vote by vote, and what unanimous means."""

import tomllib
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cosmopolis.errors import FormatError
from cosmopolis.measures import political_distance
from cosmopolis.measures.country_pairs import Between, between

GOLDEN: dict[str, Any] = tomllib.loads(
    (Path(__file__).parents[1] / "golden" / "production.toml").read_text(encoding="utf-8")
)["ideal_points"]
VOTE = {"year": pl.Int64, "roll_call": pl.Int64, "country": pl.String, "vote": pl.Int64}
BALLOTS = st.dictionaries(
    st.tuples(st.integers(1, 6), st.sampled_from("ABCDE")), st.integers(1, 3), min_size=1, max_size=30
)


def _votes(ballots: dict[tuple[int, str], int], year: int = 2000) -> pl.DataFrame:
    rows = [(year, call, country, vote) for (call, country), vote in ballots.items()]
    return pl.DataFrame(rows, schema=VOTE, orient="row")


def test_the_published_points() -> None:
    points = pl.DataFrame(GOLDEN["points"], schema=["country", "year", "ideal_point"], orient="row")
    for year, distance in GOLDEN["distance"].items():
        found = political_distance.ideal_point_distance(points, int(year)).at(["CA", "US"])
        assert found[0, 1] == pytest.approx(distance, abs=GOLDEN["tolerance"])
        assert found[0, 1] == found[1, 0]
        assert np.isnan(np.diag(found)).all()


@settings(max_examples=60, deadline=None)
@given(BALLOTS)
def test_agreement_vote_by_vote(ballots: dict[tuple[int, str], int]) -> None:
    made = political_distance.agreement(_votes(ballots), 2000, roll_calls_min=1)
    by_call: dict[int, dict[str, int]] = {}
    for (call, country), vote in ballots.items():
        by_call.setdefault(call, {})[country] = vote
    divided = [call for call in by_call.values() if len(set(call.values())) > 1]
    for first in "ABCDE":
        for second in "ABCDE":
            scores = [
                1 - abs(call[first] - call[second]) / 2
                for call in divided
                if first in call and second in call and first != second
            ]
            (found,) = made.at([first, second])[:1, 1] if first != second else [np.nan]
            if scores:
                assert found == pytest.approx(sum(scores) / len(scores), abs=1e-12)
            else:
                assert np.isnan(found)


def test_an_abstention_divides_and_an_absence_does_not() -> None:
    ballots = {(1, "A"): 1, (1, "B"): 1, (1, "C"): 2, (2, "A"): 1, (2, "B"): 1}
    assert political_distance.divided(_votes(ballots))["roll_call"].to_list() == [1, 1, 1]
    found = political_distance.agreement(_votes(ballots), 2000, roll_calls_min=1).at(["A", "B", "C"])
    assert found[0].tolist()[1:] == [1.0, 0.5]


def test_too_few_roll_calls_say_nothing() -> None:
    ballots = {(call, country): 1 + (country == "B") for call in range(1, 5) for country in "AB"}
    assert political_distance.agreement(_votes(ballots), 2000, roll_calls_min=4).at("AB")[0, 1] == 0.5
    assert np.isnan(political_distance.agreement(_votes(ballots), 2000, roll_calls_min=5).at("AB")[0, 1])
    assert political_distance.agreement(_votes(ballots), 1999).countries == ()


def test_votes_that_are_none() -> None:
    with pytest.raises(FormatError, match="got a vote 8, but expected 1"):
        political_distance.agreement(_votes({(1, "A"): 8}), 2000)
    twice = pl.concat([_votes({(1, "A"): 1, (1, "B"): 2}), _votes({(1, "A"): 1})])
    with pytest.raises(FormatError, match="votes twice in a roll call"):
        political_distance.agreement(twice, 2000)


def test_pairs_stand_both_ways() -> None:
    pairs = pl.DataFrame(
        {"country": ["B", "A", "A"], "other": ["A", "B", "A"], "value": [2.0, 4.0, 9.0]},
    )
    made = between(pairs, countries=["C"])
    assert made.countries == ("A", "B", "C")
    assert made.table().rows() == [("A", "B", 3.0), ("B", "A", 3.0)]
    assert np.isnan(made.at(["C", "B", "Z"])).all()
    with pytest.raises(FormatError, match="expected each country once, ascending"):
        Between(countries=("B", "A"), values=np.zeros((2, 2)))
