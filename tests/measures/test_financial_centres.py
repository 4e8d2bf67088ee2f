"""Financial centres: listings by hand, venues that quote unasked left out, bounds that hold the rank."""

import polars as pl
import pytest

from cosmopolis.errors import UnknownNameError
from cosmopolis.measures.financial_centres import FINANCIAL_CENTRES, table

FIRMS = pl.DataFrame(
    [
        ("a", 1, "XA", ["L", "Q"]),
        ("b", 1, "XA", ["L", "M"]),
        ("c", 2, "XB", ["L", "LX", "M"]),
        ("d", 9, "XC", ["L", "none"]),
        ("e", 3, "XA", ["M", None]),
        ("f", 3, "XA", None),
    ],
    schema={"firm": pl.String, "city_id": pl.Int64, "country": pl.String, "exchanges": pl.List(pl.String)},
    orient="row",
)
VENUES = pl.DataFrame(
    [
        ("L", "XLLL", 9, "XC", False),
        ("LX", "XLLX", 9, "XC", False),
        ("M", "XMMM", 1, "XA", False),
        ("Q", "XQQQ", 8, "XD", True),
        ("none", "XXXX", None, None, False),
    ],
    schema={
        "exchange": pl.String,
        "mic": pl.String,
        "city_id": pl.Int64,
        "country": pl.String,
        "quotes": pl.Boolean,
    },
    orient="row",
)


def test_listings_by_hand() -> None:
    frame = table(FIRMS, VENUES, year=2026, draws=0, level=0.9, seed="t")
    assert frame.schema == FINANCIAL_CENTRES
    assert frame.drop("year", "rank_low", "rank_high").rows() == [
        # city, exchanges, listings, foreign (a, b, c), home cities (1, 2), strength, rank
        (9, 2, 4, 3, 2, pytest.approx(6**0.5), 1),
        (1, 1, 3, 1, 1, 1.0, 2),
    ]


def test_a_venue_that_only_quotes_makes_no_centre() -> None:
    frame = table(FIRMS, VENUES, year=2026, draws=0, level=0.9, seed="t")
    assert 8 not in frame["city_id"]


def test_a_city_without_foreign_firms_is_there_with_none() -> None:
    alone = FIRMS.filter(pl.col("firm") == "e")
    frame = table(alone, VENUES, year=2026, draws=10, level=0.9, seed="t")
    assert frame.select("city_id", "listings", "foreign", "strength", "rank_low", "rank_high").rows() == [
        (1, 1, 0, 0.0, 1, 1)
    ]


def test_bounds_hold_the_rank_and_the_order_of_rows_does_not_matter() -> None:
    frame = table(FIRMS, VENUES, year=2026, draws=200, level=0.9, seed="t")
    assert frame.select("rank_low", "rank", "rank_high").rows() == [(1, 1, 2), (1, 2, 2)]
    again = table(FIRMS.reverse(), VENUES.reverse(), year=2026, draws=200, level=0.9, seed="t")
    assert again.equals(frame)


def test_nothing_listed_gives_an_empty_table() -> None:
    frame = table(FIRMS.clear(), VENUES, year=2026, draws=10, level=0.9, seed="t")
    assert frame.equals(FINANCIAL_CENTRES.to_frame())


def test_a_missing_column_is_named() -> None:
    with pytest.raises(UnknownNameError, match="no column 'quotes'"):
        table(FIRMS, VENUES.drop("quotes"), year=2026, draws=0, level=0.9, seed="t")
