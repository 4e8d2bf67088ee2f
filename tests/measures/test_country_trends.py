"""Country pairs: folding, shares with their zeros, planted trends, agreement with another set."""

import math
from pathlib import Path

import polars as pl
import pytest

from cosmopolis.errors import FormatError
from cosmopolis.measures.country_trends import (
    AGREEMENT,
    COUNTRY_TRENDS,
    compare,
    country_trends,
    fold,
    of_works,
    shares,
)
from cosmopolis.networks.links import COUNTRY_LINKS, LINKS
from cosmopolis.records import admit
from cosmopolis.sources import openalex_country_coauthorship as coauthorship
from cosmopolis.streams import stream

CITIES = pl.DataFrame({"city_id": [1, 2, 3, 4], "country": ["XA", "XA", "XB", None]})


def _country_links(rows: list[tuple[int, str, str, float]]) -> pl.DataFrame:
    full = [("x", "a", year, one, other, weight, round(weight)) for year, one, other, weight in rows]
    return pl.DataFrame(full, schema=COUNTRY_LINKS, orient="row")


def test_cities_fold_to_countries() -> None:
    rows = [
        ("x", "a", 2020, 1, 2, 1.0, 1),  # at home
        ("x", "a", 2020, 1, 3, 0.1, 1),
        ("x", "a", 2020, 2, 3, 0.2, 4),
        ("x", "a", 2020, 3, 4, 9.0, 9),  # of no known country
        ("x", "a", 2021, 2, 3, 0.5, 1),
    ]
    got = fold(pl.DataFrame(rows, schema=LINKS, orient="row"), CITIES)
    assert got.schema == COUNTRY_LINKS
    assert got.rows() == [
        ("x", "a", 2020, "XA", "XB", pytest.approx(0.3), 5),
        ("x", "a", 2021, "XA", "XB", 0.5, 1),
    ]


def test_works_of_a_symmetric_table_count_once() -> None:
    table = pl.DataFrame(
        {"year": [2020] * 4, "origin": ["XB", "XA", "XA", "XA"], "destination": ["XA", "XB", "XA", "XC"],
         "works": [3, 3, 50, 0]}
    )  # fmt: skip
    assert of_works(table).rows() == [("coauthorship", "all", 2020, "XA", "XB", 3.0, 3)]
    near = of_works(table.with_columns(works=pl.Series([3, 4, 50, 0])))
    assert near["count"].to_list() == [4]
    with pytest.raises(FormatError, match="1 country pairs have other numbers in one direction"):
        of_works(table.with_columns(works=pl.Series([3, 5, 50, 0])))


def test_a_year_without_a_tie_is_a_share_of_zero() -> None:
    links = _country_links([(2000, "XA", "XB", 3.0), (2000, "XA", "XC", 1.0), (2001, "XA", "XC", 5.0)])
    assert shares(links).select("destination", "year", "share", "count").rows() == [
        ("XB", 2000, 0.75, 3),
        ("XB", 2001, 0.0, 0),
        ("XC", 2000, 0.25, 1),
        ("XC", 2001, 1.0, 5),
    ]


def test_planted_trends_are_found_and_named() -> None:
    """The world grows fivefold; one pair's share doubles, one halves, one holds at a tenth."""
    draw = stream("country pairs", 1)
    rows = []
    for t in range(20):
        world = 100_000 * (1 + t / 4)
        parts = {("XA", "XB"): 0.05 * (1 + t / 19), ("XA", "XC"): 0.2 * (1 - t / 38), ("XA", "XD"): 0.1}
        rest = 1 - sum(parts.values())
        for (one, other), part in [*parts.items(), (("XE", "XF"), rest)]:
            rows.append((2000 + t, one, other, float(draw.poisson(world * part))))
    rows.append((2000, "XA", "XG", 20.0))
    got = country_trends(_country_links(rows), countries=["XA"])
    assert got.schema == COUNTRY_TRENDS
    assert got.select("destination", "verdict").rows() == [
        ("XB", "rising"),
        ("XC", "falling"),
        ("XD", "steady"),
    ]  # XE–XF is not of XA, XA–XG too small
    for slope, row in zip((0.05 / 19, -0.2 / 38, 0.0), got.iter_rows(named=True), strict=True):
        assert row["low"] <= slope <= row["high"]
    assert got.select("from_year", "to_year", "years").unique().rows() == [(2000, 2019, 20)]
    late = country_trends(_country_links(rows), years=(2010, 2014))
    assert late.select("from_year", "to_year").unique().rows() == [(2010, 2014)]
    assert ("XE", "XF") in late.select("origin", "destination").rows()


def test_agreement_by_hand() -> None:
    ours = _country_links(
        [(2000, "XA", "XB", 1.0), (2000, "XA", "XC", math.e), (2000, "XB", "XC", math.e**2),
         (2000, "XA", "XZ", 99.0), (2001, "XA", "XB", 1.0), (1999, "XA", "XB", 1.0)]
    )  # fmt: skip
    theirs = _country_links(
        [(2000, "XA", "XB", 1.0), (2000, "XA", "XC", math.e**2), (2000, "XB", "XC", math.e**4),
         (2000, "XB", "XD", 7.0), (2000, "XA", "XD", 0.5), (2001, "XA", "XB", 9.0)]
    )  # fmt: skip
    got = compare(ours, theirs)
    assert got.schema == AGREEMENT
    assert got.row(0) == ("x", "a", 2000, 3, pytest.approx(1.0), 3, pytest.approx(1.0))
    assert got.row(1) == ("x", "a", 2001, 1, None, 1, None)
    assert got.height == 2  # 1999 is not theirs


def test_a_pair_that_one_side_lacks_counts_zero() -> None:
    ours = _country_links([(2000, "XA", "XB", 4.0), (2000, "XB", "XC", 2.0), (2000, "XC", "XD", 1.0)])
    theirs = _country_links([(2000, "XA", "XB", 4.0), (2000, "XC", "XD", 2.0), (2000, "XA", "XD", 3.0)])
    row = compare(ours, theirs).row(0, named=True)
    # ours (AB 4, AD 0, BC 2, CD 1), theirs (4, 3, 0, 2): ranks 4 1 3 2 and 4 3 1 2
    assert row["pairs"] == 4
    assert row["spearman"] == pytest.approx(0.2)  # 1 − 6 (0 + 4 + 4 + 0) / (4 · 15)
    assert (row["pairs_both"], row["pearson_log"]) == (2, None)


def test_nothing_gives_empty_tables() -> None:
    none = COUNTRY_LINKS.to_frame()
    assert country_trends(none).schema == COUNTRY_TRENDS
    assert compare(none, none).schema == AGREEMENT
    assert fold(LINKS.to_frame(), CITIES).schema == COUNTRY_LINKS


@pytest.mark.real
def test_what_the_real_counts_say_of_china(real_files: tuple[Path, ...]) -> None:
    """Its share with the United States rose until 2018 and has fallen since; with Germany it rises."""
    found = [folder / coauthorship.SOURCE / coauthorship.FILE for folder in real_files]
    paths = [path for path in found if path.is_file()]
    if not paths:
        pytest.skip("the counts of country co-authorship are neither in the mirror nor in the cache")
    (raw,) = coauthorship.read({coauthorship.FILE: paths[0]})
    links = of_works(admit(raw).frame)
    by_year = shares(links).filter(origin="CN", destination="US")
    assert by_year.sort("share")["year"].last() == 2018
    tested = {
        years: dict(
            country_trends(links, years=years, countries=["CN"]).select("origin", "destination", "verdict")
            .select(pl.concat_str("origin", "destination"), "verdict").rows()
        )
        for years in ((1990, 2023), (2018, 2023))
    }  # fmt: skip
    assert tested[1990, 2023]["CNDE"] == tested[1990, 2023]["CNGB"] == "rising"
    assert tested[1990, 2023]["CNUS"] == "unclear"  # it turned
    assert tested[2018, 2023]["CNUS"] == "falling"
    itself = compare(links, links)
    assert itself["spearman"].to_list() == pytest.approx([1.0] * 34)
