"""One firm across lists: planted truth is found, and lists come in any order of rows."""

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cosmopolis.errors import UnknownNameError
from cosmopolis.firms import linking

ROWS = pl.DataFrame(
    [
        ("register", "1", "Acorn Timber Holdings plc", "GB", 1, "GB01", "http://www.acorn.example"),
        ("register", "2", "Acorn Timber (India) Ltd.", "IN", 2, None, None),
        ("register", "3", "Birch Systems, Inc.", "US", 3, None, None),
        ("register", "4", "Cedar Bank AG", "DE", 4, None, None),
        ("register", "5", "CEDAR BANK", "DE", 4, None, None),
        ("index", "ACT", "Acorn Timber", "GB", 1, None, None),
        ("index", "BIR", "Birch", "US", 3, None, None),
        ("index", "DOG", "Dogwood Partners", "US", 3, None, None),
        ("list", "Acorn", "Acorn", "GB", 9, None, "https://acorn.example/about"),
        ("list", "Elm", "Elm plc", "GB", 1, "GB01", None),
        ("list", "Cedar Capital", "Cedar Capital", "DE", 4, None, None),
        ("list", "Dogwood", "Dogwood", "US", 3, None, None),
    ],
    schema=linking.ROWS,
    orient="row",
)
TRUTH = {
    "1": "register:1",
    "2": "register:2",  # listed apart from its parent
    "3": "register:3",
    "4": "register:4",
    "5": "register:4",  # the same but for capitals and the legal form
    "ACT": "register:1",
    "BIR": "register:3",  # all its words are the other's, and the city is one
    "DOG": "index:DOG",
    "Acorn": "list:Acorn",  # the website is one, but GB01 is taken first by the ISIN of another
    "Elm": "register:1",  # the ISIN is one
    "Cedar Capital": "list:Cedar Capital",  # a word that tells another firm of the house
    "Dogwood": "list:Dogwood",
}


def test_planted_firms_are_found() -> None:
    linked = linking.link(ROWS)
    assert linked.select("source", "company").equals(ROWS.select("source", "company"))
    assert dict(linked.select("company", "firm").iter_rows()) == TRUTH


def test_a_website_is_a_witness() -> None:
    linked = linking.link(ROWS.filter(pl.col("company") != "Elm"))
    assert dict(linked.select("company", "firm").iter_rows())["Acorn"] == "register:1"


def test_the_city_is_a_witness_only_where_it_is_one() -> None:
    moved = ROWS.with_columns(city_id=pl.when(pl.col("company") == "BIR").then(77).otherwise("city_id"))
    assert dict(linking.link(moved).select("company", "firm").iter_rows())["BIR"] == "index:BIR"


def test_two_of_one_list_are_not_one_firm_unless_their_names_are_the_same() -> None:
    rows = pl.DataFrame(
        [
            ("register", "1", "JP Morgan Chase", "US", 1, None, None),
            ("list", "a", "J.P. Morgan Chase & Co.", "US", 1, None, None),
            ("list", "b", "JPMorgan Chase", "US", 1, None, None),
            ("list", "c", "JP Morgan Chase Systems", "US", 1, None, None),
        ],
        schema=linking.ROWS,
        orient="row",
    )
    assert linking.link(rows)["firm"].to_list() == ["register:1", "register:1", "register:1", "list:c"]


@settings(max_examples=15, deadline=None)
@given(order=st.permutations(range(ROWS.height)))
def test_the_order_of_rows_within_lists_does_not_matter_to_who_is_together(order: list[int]) -> None:
    """The id of a firm is that of its first row; who is together with whom is not a matter of the order."""
    lists = pl.col("source").replace_strict(["register", "index", "list"], [0, 1, 2], return_dtype=pl.Int64)
    mixed = ROWS[order].sort(lists, maintain_order=True)
    together = linking.link(mixed).group_by("firm").agg(pl.col("company").sort())["company"].to_list()
    expected = linking.link(ROWS).group_by("firm").agg(pl.col("company").sort())["company"].to_list()
    assert sorted(together) == sorted(expected)


def test_one_list_and_none() -> None:
    assert linking.link(ROWS.head(1))["firm"].to_list() == ["register:1"]
    assert linking.link(ROWS.clear()).is_empty()


def test_a_missing_column_is_named() -> None:
    with pytest.raises(UnknownNameError, match="no column 'isin'"):
        linking.link(ROWS.drop("isin"))
