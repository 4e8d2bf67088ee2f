"""Co-occurrence: the toy worked by hand, the papers' invariants, and the same bits in any order."""

import itertools
import tomllib
from fractions import Fraction
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cosmopolis.engines.duckdb import Engine
from cosmopolis.errors import UnknownNameError
from cosmopolis.networks.cooccurrence import links
from cosmopolis.networks.links import COUNTRY_LINKS, LINKS

GOLDEN: dict[str, Any] = tomllib.loads(
    (Path(__file__).parents[1] / "golden" / "networks.toml").read_text(encoding="utf-8")
)["cooccurrence"]
COUNTINGS = ("full", "fractional", "refined")


def _items(papers: list[list[str]]) -> pl.DataFrame:
    rows = [(f"p{k}", city) for k, cities in enumerate(papers) for city in cities]
    return pl.DataFrame(rows, schema={"item": pl.String, "city_id": pl.String}, orient="row")


def _recount(papers: list[list[str]], counting: str) -> dict[tuple[str, str], Fraction]:
    """Count pair by pair in exact fractions: the definition, read another way."""
    got: dict[tuple[str, str], Fraction] = {}
    for cities in papers:
        n = len(set(cities))
        for pair in itertools.combinations(sorted(set(cities)), 2):
            share = {
                "full": Fraction(1),
                "fractional": Fraction(1, n - 1),
                "refined": Fraction(2, n * (n - 1)),
            }
            got[pair] = got.get(pair, Fraction(0)) + share[counting]
    return got


@pytest.mark.parametrize("counting", COUNTINGS)
def test_the_toy_gives_the_numbers_worked_by_hand(counting: str) -> None:
    got = links(_items(GOLDEN["papers"]), counting).links
    expected = {tuple(pair): Fraction(*parts) for pair, parts in GOLDEN[counting].items()}
    assert {(o, d): w for o, d, w in got.select("origin", "destination", "weight").rows()} == {
        pair: pytest.approx(float(weight), rel=1e-15) for pair, weight in expected.items()
    }
    assert got.schema == COUNTRY_LINKS


PAPERS = st.lists(st.lists(st.sampled_from("ABCDEF"), min_size=1, max_size=6), max_size=12)


@settings(max_examples=25, deadline=None)
@given(PAPERS)
def test_invariants_of_the_countings(papers: list[list[str]]) -> None:
    shared = [set(cities) for cities in papers if len(set(cities)) > 1]
    with Engine(threads=1) as engine:
        got = {c: links(_items(papers), c, engine=engine).links for c in COUNTINGS}
    for counting in COUNTINGS:
        expected = {
            pair: pytest.approx(float(w), rel=1e-12) for pair, w in _recount(papers, counting).items()
        }
        frame = got[counting].select("origin", "destination", "weight")
        assert {(o, d): w for o, d, w in frame.rows()} == expected
    assert got["refined"]["weight"].sum() == pytest.approx(len(shared))
    fractional = got["fractional"]
    for city in "ABCDEF":
        ends = fractional.filter((pl.col("origin") == city) | (pl.col("destination") == city))
        assert ends["weight"].sum() == pytest.approx(sum(city in cities for cities in shared))


@pytest.mark.parametrize("counting", COUNTINGS)
def test_the_same_bits_whatever_the_order_of_rows_and_the_threads(counting: str) -> None:
    items = _items([list("ABCDE"), list("ABC"), list("AB"), list("ABCD"), list("BD"), list("ABCDEF")] * 7)
    first = links(items, counting).links
    for seed, threads in ((1, 1), (2, 2), (3, 4)):
        with Engine(threads=threads) as engine:
            mixed = items.sample(fraction=1, shuffle=True, seed=seed)
            assert links(mixed, counting, engine=engine).links.equals(first)


def test_years_and_fields_stay_apart_and_ids_stay_numbers() -> None:
    items = pl.DataFrame(
        {
            "row": [5, 6, 7, 8, 9],
            "item": ["p", "p", "q", "q", "r"],
            "year": [2020, 2020, 2021, 2021, 2021],
            "field": ["f", "f", "g", "g", "g"],
            "city_id": [2, 1, 1, 2, 1],
        }
    )
    built = links(items, network="coauthorship")
    assert built.links.schema == LINKS
    assert built.links.rows() == [
        ("coauthorship", "f", 2020, 1, 2, 1.0, 1),
        ("coauthorship", "g", 2021, 1, 2, 1.0, 1),
    ]
    assert built.used.to_list() == [5, 6, 7, 8]
    assert built.unused.rows() == [(9, "the item stands in one city only")]


def test_a_row_with_an_empty_cell_is_unused_with_the_reason() -> None:
    items = pl.DataFrame({"item": ["p", "p", "p"], "city_id": [1, 2, None]})
    built = links(items)
    assert built.links["weight"].to_list() == [1.0]
    assert built.unused["reason"].to_list() == ["the row lacks its item, year, field or city"]


def test_no_items_give_no_links() -> None:
    assert links(pl.DataFrame(schema={"item": pl.String, "city_id": pl.Int64})).links.schema == LINKS


def test_an_unknown_counting_is_answered_with_the_known_ones() -> None:
    with pytest.raises(UnknownNameError, match="did you mean 'fractional'"):
        links(_items([["A", "B"]]), "fraction")
