"""Trade: diversity by a published number, nearness read pair by pair, what moved it, and planted trends."""

import math
import tomllib
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cosmopolis.errors import FormatError
from cosmopolis.measures import downscale, trade_partners
from cosmopolis.measures.country_pairs import Between
from cosmopolis.streams import stream

GOLDEN: dict[str, Any] = tomllib.loads(
    (Path(__file__).parents[1] / "golden" / "production.toml").read_text(encoding="utf-8")
)["partners"]
TRADE: dict[str, pl.DataType | type[pl.DataType]] = {
    "year": pl.Int64,
    "origin": pl.String,
    "destination": pl.String,
    "value_musd": pl.Float64,
}
Row = tuple[int, str, str | None, float]
NAMES = "ABCD"


def _trade(*rows: Row) -> pl.DataFrame:
    return pl.DataFrame(rows, schema=TRADE, orient="row")


def _between(seed: int, *, hidden: str = "") -> Between:
    """Return numbers of all pairs; those of a hidden country are not known."""
    values = stream("test trade", seed).uniform(0.1, 3.0, (4, 4))
    values = (values + values.T) / 2
    np.fill_diagonal(values, np.nan)
    for name in hidden:
        values[NAMES.index(name)] = values[:, NAMES.index(name)] = np.nan
    return Between(countries=tuple(NAMES), values=values)


def test_diversity_of_the_published_vector() -> None:
    rows = [(2000, "A", f"P{n}", float(value)) for n, value in enumerate(GOLDEN["values"])]
    (row,) = trade_partners.diversity(_trade(*rows), flows=["exports"]).iter_rows(named=True)
    assert row["hhi"] == pytest.approx(GOLDEN["hhi"])
    assert row["effective_number"] == pytest.approx(GOLDEN["effective_number"], abs=5e-7)
    shares = [value / sum(GOLDEN["values"]) for value in GOLDEN["values"]]
    assert row["shannon"] == pytest.approx(-sum(s * math.log(s) for s in shares))
    assert row["theil_t"] == pytest.approx(math.log(4) - row["shannon"])
    assert row["theil_l"] == pytest.approx(-sum(math.log(4 * s) for s in shares) / 4)
    assert (row["partners"], row["coverage"], row["value_musd"]) == (4, 1.0, 100.0)


def test_flows_and_partners_that_are_not_told() -> None:
    trade = _trade(
        (2000, "A", "B", 30.0), (2000, "B", "A", 10.0), (2000, "A", None, 20.0), (2000, "A", None, 40.0),
        (2000, "C", "A", 10.0), (2000, "D", "A", 0.0), (2000, "D", None, 5.0),
    )  # fmt: skip
    found = trade_partners.diversity(trade)
    of_a = {row["flow"]: row for row in found.filter(country="A").iter_rows(named=True)}
    assert [of_a[flow]["partners"] for flow in ("exports", "imports", "both")] == [1, 2, 2]
    assert of_a["exports"]["coverage"] == pytest.approx(30 / 90)
    assert of_a["imports"]["coverage"] == 1.0
    assert of_a["both"]["hhi"] == pytest.approx(0.8**2 + 0.2**2)  # 40 with B, 10 with C
    assert of_a["both"]["coverage"] == pytest.approx(50 / 110)
    assert found.filter(country="D").is_empty()  # it sells to nobody that is known
    assert found.select("country", "year", "flow").is_duplicated().sum() == 0


@settings(max_examples=50, deadline=None)
@given(
    st.dictionaries(
        st.tuples(st.sampled_from(NAMES), st.sampled_from([*NAMES, None])), st.floats(0.5, 100.0), min_size=1
    ),
    st.integers(0, 50),
    st.sampled_from(["", "A", "BD"]),
)
def test_nearness_pair_by_pair(sales: dict[tuple[str, str | None], float], seed: int, hidden: str) -> None:
    pairs = {key: value for key, value in sales.items() if key[0] != key[1]}
    between = _between(seed, hidden=hidden)
    trade = _trade(*[(2000, a, b, value) for (a, b), value in pairs.items()])
    found = trade_partners.nearness(trade, {2000: between}, "d")
    got = {(row["country"], row["flow"]): row for row in found.iter_rows(named=True)}

    def weight(flow: str, a: str, b: str | None) -> float:
        sold = pairs.get((a, b), 0.0)
        bought = 0.0 if b is None else pairs.get((b, a), 0.0)
        return {"exports": sold, "imports": bought, "both": sold + bought}[flow]

    apart = {
        (a, b): float(between.at([a, b])[0, 1])
        for a in NAMES for b in NAMES
        if a != b and np.isfinite(between.at([a, b])[0, 1])
    }  # fmt: skip
    traders = {name for key in pairs for name in key if name is not None}
    mean_of: dict[str, float] = {}
    for flow in trade_partners.FLOWS:
        for a in NAMES:
            known = {b: weight(flow, a, b) for b in NAMES if (a, b) in apart}
            if sum(known.values()) == 0:
                assert (a, flow) not in got
                continue
            row = got[a, flow]
            mean = sum(w * apart[a, b] for b, w in known.items()) / sum(known.values())
            size = {b: sum(weight(flow, c, b) for c in NAMES if c != b) for b in known if b in traders}
            assert row["value"] == pytest.approx(mean, rel=1e-8)
            whole = sum(weight(flow, a, b) for b in [*NAMES, None] if b != a)
            assert row["covered"] == pytest.approx(sum(known.values()) / whole, abs=2e-8)
            expected = sum(w * apart[a, b] for b, w in size.items()) / sum(size.values())
            assert row["expected"] == pytest.approx(expected, abs=2e-8)
            assert row["ratio"] == pytest.approx(mean / expected, abs=2e-8)
            if flow == "both":
                mean_of[a] = mean * sum(known.values())
    if mean_of:
        weight_of = sum(weight("both", a, b) for a in NAMES for b in NAMES if (a, b) in apart)
        assert got["*", "both"]["value"] == pytest.approx(sum(mean_of.values()) / weight_of, abs=2e-8)


def test_what_moved_nearness_adds_up() -> None:
    """Trade alone changes, then distances alone; the sum of the two is the change."""
    before = _trade((2000, "A", "B", 30.0), (2000, "A", "C", 10.0), (2000, "A", "D", 5.0))
    after = _trade((2004, "A", "B", 10.0), (2004, "A", "C", 30.0), (2004, "A", "D", 9.0))
    same, other = _between(1), _between(2)
    trade = pl.concat([before, after])
    by_trade = trade_partners.shifts(trade, {2000: same, 2004: same}, "d").filter(country="A", flow="exports")
    assert by_trade["by_distances"].to_list() == [0.0]
    assert by_trade["change"].to_list() == pytest.approx(by_trade["by_partners"].to_list())
    again = before.with_columns(year=pl.lit(2004, dtype=pl.Int64))
    by_move = trade_partners.shifts(pl.concat([before, again]), {2000: same, 2004: other}, "d")
    assert by_move["by_partners"].abs().max() == 0.0
    both = trade_partners.shifts(trade, {2000: same, 2004: other}, "d")
    parts = both["by_partners"] + both["by_distances"]
    assert both["change"].to_list() == pytest.approx(parts.to_list(), abs=2e-8)
    near = trade_partners.nearness(trade, {2000: same, 2004: other}, "d").filter(country="*")
    (change,) = both.filter(country="*")["change"]
    assert change == pytest.approx(near["value"][1] - near["value"][0], abs=2e-8)
    assert both.filter(country="*")["covered"].to_list() == [1.0]


def test_partners_known_in_one_year_are_left_out() -> None:
    trade = _trade(
        (2000, "A", "B", 30.0), (2000, "A", "C", 10.0), (2004, "A", "B", 10.0), (2004, "A", "C", 30.0)
    )
    found = trade_partners.shifts(trade, {2000: _between(1), 2004: _between(2, hidden="C")}, "d")
    row = found.filter(country="A", flow="exports").row(0, named=True)
    assert row["covered"] == 0.25
    assert row["by_partners"] == 0.0  # all that is left goes to B
    assert row["change"] == pytest.approx(_between(2).at("AB")[0, 1] - _between(1).at("AB")[0, 1])


def test_a_planted_trend_is_found_and_named() -> None:
    """A turns from its far partner to the near one, year by year; before 1992 it did the opposite."""
    km = np.array([[np.nan, 100.0, 900.0], [100.0, np.nan, 500.0], [900.0, 500.0, np.nan]])
    years = range(1964, 2017, 4)
    rows: list[Row] = []
    for year in years:
        near = 10.0 + abs(year - 1992)
        rows += [(year, "A", "B", near), (year, "A", "C", 60.0 - near)]
    trade = _trade(*rows)
    between = Between(countries=("A", "B", "C"), values=km)
    near_table = trade_partners.nearness(trade, dict.fromkeys(years, between), "distance_km")
    agree = near_table.with_columns(measure=pl.lit("vote_agreement"))
    made = trade_partners.trade_trends(
        pl.concat([near_table, agree]), trade_partners.diversity(trade), since=1992
    )
    recent = made.filter(country="A", flow="exports", span="recent")
    assert dict(recent.select("measure", "reading").iter_rows()) == {
        "distance_km": "nearer",
        "distance_km_ratio": "steady",  # all of the world's trade is A's, and turns with it
        "effective_number": "more_diverse",
        "vote_agreement": "farther",  # the same numbers, read as closeness
        "vote_agreement_ratio": "steady",
    }
    whole = made.filter(country="A", flow="exports", span="all", measure="distance_km")
    assert whole["reading"].to_list() == ["unclear"]  # there and back
    assert recent["from_year"].to_list() == [1992] * recent.height


def test_years_of_another_basis_are_in_no_trend() -> None:
    trade = _trade(*[(year, "A", "B", 1.0) for year in range(2000, 2006)])
    one = trade_partners.diversity(trade, flows=["both"], basis=trade_partners.BOTH_WAYS)
    none = trade_partners.nearness(trade, {}, "d")
    assert trade_partners.trade_trends(none, one, since=2000).is_empty()
    other = trade_partners.diversity(trade, flows=["both"])
    assert set(trade_partners.trade_trends(none, other, since=2000)["verdict"]) == {"steady"}


@pytest.mark.parametrize(
    ("rows", "flows", "match"),
    [
        ([(2000, "A", "A", 1.0)], ("both",), "trade of a country with itself"),
        ([(2000, "A", "B", 1.0)] * 2, ("both",), "got a pair twice in a year"),
        ([(2000, "A", "B", 1.0)], ("export",), "there is no flow 'export'; did you mean 'exports'"),
    ],
)
def test_trade_that_is_none(rows: list[Row], flows: tuple[str, ...], match: str) -> None:
    with pytest.raises(FormatError, match=match):
        trade_partners.diversity(_trade(*rows), flows=flows)
    with pytest.raises(FormatError, match=match):
        trade_partners.nearness(_trade(*rows), {2000: _between(1)}, "d", flows=flows)


def test_a_number_by_people_and_by_headquarters() -> None:
    """Nothing of a country's number is lost where it has cities, firms; others are not there."""
    values = pl.DataFrame({"country": ["XA", "XB", "XC"], "value": [8.0, 5.0, 1.0]})
    cities = pl.DataFrame({"city_id": [3, 1, 2], "country": ["XB", "XA", "XA"], "population": [7, 30, 10]})
    assert downscale.by_people(values, cities).rows() == [(1, 6.0), (2, 2.0), (3, 5.0)]
    firms = pl.DataFrame({"city_id": [2, 2, 2, 1, None, 9], "country": ["XA"] * 5 + ["XD"]})
    assert downscale.by_headquarters(values, firms).rows() == [(1, 2.0), (2, 6.0)]
