"""Nearness: small cases by hand, properties, planted decay and trend, intervals that cover."""

import math
from itertools import pairwise
from typing import Any

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cosmopolis.errors import FormatError
from cosmopolis.measures import nearness as near
from cosmopolis.measures.distance import great_circle_km
from cosmopolis.networks.links import LINKS
from cosmopolis.streams import stream

PAIRS = st.lists(st.tuples(st.integers(0, 20_000), st.integers(0, 9)), min_size=1, max_size=30)
KM_A_DEGREE = 6371.009 * math.pi / 180


def _cities(n: int) -> pl.DataFrame:
    draw = stream("nearness cities", 1)
    country = draw.integers(0, 5, n)
    return pl.DataFrame(
        {
            "city_id": np.arange(1, n + 1),
            "latitude": draw.uniform(-60, 60, n),
            "longitude": draw.uniform(-180, 180, n),
            "country": [f"X{'ABCDE'[c]}" for c in country],
            "region": [f"R{c // 2}" for c in country],
        }
    )


def _links(rows: list[tuple[int, int, int, float, int]]) -> pl.DataFrame:
    return pl.DataFrame([("x", "a", *row) for row in rows], schema=LINKS, orient="row")


def _value(table: pl.DataFrame, measure: str) -> dict[str, Any]:
    return table.filter(pl.col("measure") == measure).row(0, named=True)


ROW = pl.DataFrame(  # five places on the equator, in degrees from the first
    {
        "city_id": [1, 2, 3, 4, 5],
        "latitude": [0.0] * 5,
        "longitude": [0.0, 1.0, 6.0, 90.0, 50.0],
        "country": ["XA", "XA", "XB", "XC", None],
        "region": ["R", "R", "R", "S", None],
    }
)


def test_a_case_by_hand() -> None:
    """Ties of 1, 6 and 90 degrees with weights 1, 0.5 and 0.5, and one to a place of no known country."""
    links = _links([(2020, 1, 2, 1.0, 2), (2020, 1, 3, 0.5, 1), (2020, 1, 4, 0.5, 1), (2020, 2, 5, 2.0, 3)])
    table = near.nearness(links, ROW)
    got = {row["measure"]: (row["value"], row["ties"]) for row in table.iter_rows(named=True)}
    mean = KM_A_DEGREE * (1 * 1 + 0.5 * 6 + 0.5 * 90 + 2 * 49) / 4
    assert got["mean_km"] == (pytest.approx(mean), 7)
    assert got["median_km"][0] == pytest.approx(KM_A_DEGREE * 49)  # 1.5 of 4 lie below, 2 at it
    assert got["share_500_km"][0] == 0.25
    assert got["share_1000_km"][0] == 0.375
    assert got["share_country"] == (0.5, 4)  # of the 2 whose countries are known
    assert got["share_region"] == (0.75, 4)
    assert table.schema == near.NEARNESS
    edge = float(great_circle_km(0.0, 0.0, 0.0, 1.0))
    for radius, share in ((edge, 0.25), (edge * (1 - 1e-12), 0.0)):  # what lies at the radius is within it
        at = near.nearness(links, ROW, radii_km=(radius,), decay_cities=0)
        assert at.filter(pl.col("measure").str.starts_with("share_1"))["value"].to_list() == [share]


@given(PAIRS)
def test_the_weighted_median_is_the_median_of_repeated_values(pairs: list[tuple[int, int]]) -> None:
    values, weights = (np.array(column, dtype=float) for column in zip(*pairs, strict=True))
    repeated = np.repeat(values, weights.astype(int))
    got = near.weighted_median(values, weights)
    if len(repeated):
        assert got == np.median(repeated)
        assert near.weighted_median(values, weights / 3) == np.median(repeated)
    else:
        assert math.isnan(got)


@given(PAIRS)
def test_shares_within_never_fall_and_reach_one(pairs: list[tuple[int, int]]) -> None:
    km, weights = (np.array(column, dtype=float) for column in zip(*pairs, strict=True))
    if not weights.any():
        return
    shares = [near.share_within(km, weights, radius) for radius in (0.0, 500.0, 1000.0, 9000.0, 20_016.0)]
    assert all(a <= b for a, b in pairwise(shares))
    assert shares[-1] == 1.0
    assert shares[0] == pytest.approx(weights[km == 0].sum() / weights.sum())


def test_no_two_places_lie_beyond_half_the_girth() -> None:
    cities = _cities(60)
    lat, lon = cities["latitude"].to_numpy(), cities["longitude"].to_numpy()
    assert great_circle_km(lat[:, None], lon[:, None], lat, lon).max() <= 20_016
    links = _links([(2020, a, b, 1.0, 1) for a in range(1, 60) for b in range(a + 1, 61)])
    table = near.nearness(links, cities, radii_km=(0.0, 20_016.0), draws=20)
    assert _value(table, "share_20016_km")["value"] == 1.0
    assert _value(table, "share_0_km")["value"] == 0.0


def _means(cities: pl.DataFrame, exponent: float, level: float) -> Any:  # noqa: ANN401
    lat, lon = cities["latitude"].to_numpy(), cities["longitude"].to_numpy()
    km = np.maximum(great_circle_km(lat[:, None], lon[:, None], lat, lon), 10.0)
    size = stream("nearness sizes", 1).normal(0, 0.5, cities.height)
    return np.triu(np.exp(level + size[:, None] + size - exponent * np.log(km / 1000.0)), 1)


def _drawn(mean: Any, year: int, *, seed: int) -> list[tuple[int, int, int, float, int]]:  # noqa: ANN401
    counts = stream("nearness flows", seed).poisson(mean)
    return [
        (year, int(a) + 1, int(b) + 1, float(counts[a, b]), int(counts[a, b]))
        for a, b in zip(*np.nonzero(counts), strict=True)
    ]


def test_intervals_cover_the_planted_world() -> None:
    """In 60 worlds of few ties the interval of 95 % holds the expected value 50 to 60 times."""
    cities = _cities(25)
    mean = _means(cities, 1.0, -1.0)
    lat, lon = cities["latitude"].to_numpy(), cities["longitude"].to_numpy()
    km = great_circle_km(lat[:, None], lon[:, None], lat, lon)
    truth = {
        "mean_km": float((mean * km).sum() / mean.sum()),
        "share_1000_km": float(mean[km <= 1000].sum() / mean.sum()),
    }
    held = dict.fromkeys(truth, 0)
    for seed in range(60):
        table = near.nearness(_links(_drawn(mean, 2020, seed=seed)), cities, decay_cities=0)
        for measure, value in truth.items():
            row = _value(table, measure)
            held[measure] += row["low"] <= value <= row["high"]
    assert all(n >= 50 for n in held.values()), held


def test_ties_that_are_drawn_together_widen_the_interval() -> None:
    cities = _cities(40)
    links = _links(_drawn(_means(cities, 1.0, 1.0), 2020, seed=1))
    ties = links["count"].sum()
    alone = _value(near.nearness(links, cities, draws=400, decay_cities=0), "mean_km")
    records = pl.DataFrame({"field": ["a"], "year": [2020], "records": [ties // 9]})
    nine = _value(near.nearness(links, cities, records=records, draws=400, decay_cities=0), "mean_km")
    assert alone["value"] == nine["value"]
    ratio = (nine["high"] - nine["low"]) / (alone["high"] - alone["low"])
    assert ratio == pytest.approx(3.0, rel=0.25)  # √9


def test_a_planted_decay_comes_back_each_year_and_its_trend_is_read() -> None:
    """Every year ties fall faster with distance: decay and the near share rise, lengths fall."""
    cities = _cities(50)
    rows, planted = [], {}
    for t in range(8):
        planted[2000 + t] = 0.7 + 0.1 * t
        mean = _means(cities, planted[2000 + t], 2.0)
        rows += _drawn(mean, 2000 + t, seed=t)
    table = near.nearness(_links(rows), cities, draws=20)
    decays = table.filter(pl.col("measure") == "decay")
    assert decays["year"].to_list() == list(planted)
    for row in decays.iter_rows(named=True):
        error = (row["high"] - row["low"]) / 2 / 1.96
        assert abs(row["value"] - planted[row["year"]]) < 4 * error
        assert error < 0.06
    read = dict(near.nearness_trends(table).select("measure", "reading").rows())
    assert read["decay"] == read["mean_km"] == read["median_km"] == read["share_1000_km"] == "nearer"
    turned = table.with_columns(year=-pl.col("year"))
    read = dict(near.nearness_trends(turned).select("measure", "reading").rows())
    assert read["decay"] == read["mean_km"] == "farther"


def test_size_of_cities_is_no_nearness() -> None:
    """Two near cities grow tenfold: lengths fall, the decay stays."""
    cities = _cities(30)
    mean = _means(cities, 1.0, 2.0)
    both = mean + mean.T
    lat, lon = cities["latitude"].to_numpy(), cities["longitude"].to_numpy()
    km = great_circle_km(lat[:, None], lon[:, None], lat, lon) + 1e9 * np.eye(30)
    a, b = np.unravel_index(km.argmin(), km.shape)
    grown = np.ones(30)
    grown[[a, b]] = 10.0
    later = np.triu(both * grown[:, None] * grown, 1)
    table = near.nearness(_links(_drawn(mean, 2000, seed=1) + _drawn(later, 2001, seed=2)), cities, draws=50)
    lengths = table.filter(pl.col("measure") == "mean_km")
    assert lengths["high"][1] < lengths["low"][0]
    for row in table.filter(pl.col("measure") == "decay").iter_rows(named=True):
        assert abs(row["value"] - 1.0) < row["high"] - row["low"] < 0.25  # within four standard errors


def test_runs_and_orders_give_the_same_bits_and_a_seed_other_bounds() -> None:
    cities = _cities(40)
    links = _links(_drawn(_means(cities, 1.0, 0.5), 2020, seed=1))
    first = near.nearness(links, cities, draws=30)
    mixed = links.sample(fraction=1, shuffle=True, seed=1)
    assert near.nearness(mixed, cities.reverse(), draws=30).equals(first)
    other = near.nearness(links, cities, draws=30, seed=1)
    assert other["value"].equals(first["value"])
    assert not other["low"].equals(first["low"])


def test_cities_without_a_place_have_no_length() -> None:
    links = _links([(2020, 1, 2, 1.0, 2), (2020, 1, 9, 5.0, 5)])
    table = near.nearness(links, ROW)
    assert _value(table, "mean_km")["ties"] == 2
    assert _value(table, "mean_km")["value"] == pytest.approx(KM_A_DEGREE)


def test_nothing_gives_an_empty_table_and_wrong_settings_are_refused() -> None:
    assert near.nearness(LINKS.to_frame(), ROW).schema == near.NEARNESS
    with pytest.raises(FormatError, match="draws = 1"):
        near.nearness(LINKS.to_frame(), ROW, draws=1)
    with pytest.raises(FormatError, match=r"radii \[500, 500.0\] km"):
        near.nearness(LINKS.to_frame(), ROW, radii_km=(500, 500.0))
