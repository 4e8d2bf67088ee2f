"""Headquarters, exchanges and branches: sums over firms, every row told, and the reviewed table is sound."""

import random
from collections import defaultdict

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cosmopolis.errors import UnknownNameError
from cosmopolis.networks.links import COUNTRY_LINKS, LINKS, SELF_LINK
from cosmopolis.networks.ownership import NO_HEADQUARTERS, branches, exchanges, listings

PLACES = pl.DataFrame({"exchange": ["FRA", "LON", "OTCMKTS"], "city_id": [1, 2, None]})


def _firms(*rows: tuple[str, int, list[str] | None]) -> pl.DataFrame:
    return pl.DataFrame(
        [(row, 2025, *rest) for row, rest in enumerate(rows, start=1)],
        schema={
            "row": pl.Int64,
            "year": pl.Int64,
            "firm": pl.String,
            "city_id": pl.Int64,
            "exchanges": pl.List(pl.String),
        },
        orient="row",
    )


def test_a_firm_in_several_indices_counts_once_with_all_its_exchanges() -> None:
    firms = _firms(("Acme", 3, ["FRA", "FRA"]), ("Acme", 3, ["FRA", "LON"]), ("Beta", 3, ["LON"]))
    built = listings(firms, PLACES)
    assert built.links.select("origin", "destination", "weight", "count").rows() == [
        (3, 1, 1.0, 1),
        (3, 2, 2.0, 2),
    ]
    assert built.used.to_list() == [1, 2, 3]


def test_rows_behind_no_link_say_why() -> None:
    firms = _firms(
        ("Acme", 1, ["FRA", "OTCMKTS"]),
        ("Beta", 3, ["OTCMKTS"]),
        ("Gamma", 3, None),
        ("Delta", 3, ["XYZ"]),
        ("Eps", 3, ["LON"]),
        ("Eps", 4, ["LON"]),
    )
    built = listings(firms, PLACES)
    assert built.used.to_list() == [5]
    assert dict(built.unused.rows()) == {
        1: SELF_LINK,
        2: "none of the venues is an exchange with a place",
        3: "the source names no exchange",
        4: "no exchange of the row stands in the reviewed table",
        6: "the firm's headquarters lies elsewhere in row 5",
    }


def test_the_order_of_rows_does_not_matter() -> None:
    firms = _firms(("Acme", 3, ["FRA"]), ("Acme", 4, ["LON"]), ("Beta", 5, ["LON"]))
    assert listings(firms.reverse(), PLACES).links.equals(listings(firms, PLACES).links)


def test_the_reviewed_table_is_sound() -> None:
    table = exchanges()
    assert table["exchange"].is_unique().all()
    assert table["mic"].str.contains(r"^[A-Z]{4}$").all()
    assert table["reason"].str.len_chars().min() > 10  # type: ignore[operator]
    assert table["quotes"].null_count() == 0
    placed = table.drop_nulls("city")
    assert placed["country"].str.contains(r"^[A-Z]{2}$").all()
    nowhere = table.filter(pl.col("city").is_null())["exchange"].to_list()
    assert nowhere == ["NAE", "NAN", "OEM", "OID", "OQB", "OQX", "OTCMKTS", "PNK"]


def test_codes_of_one_exchange_agree() -> None:
    one = exchanges().group_by("mic").agg(pl.col("city").n_unique(), pl.col("country").n_unique())
    assert one["city"].max() == 1
    assert one["country"].max() == 1


OFFICES = pl.Schema(
    {
        "row": pl.Int64,
        "field": pl.String,
        "year": pl.Int64,
        "firm": pl.String,
        "role": pl.String,
        "city_id": pl.Int64,
        "value": pl.Float64,
    }
)
SEAT, BRANCH = "headquarters", "branch"


def _offices(*rows: tuple[str, str, int, float | None]) -> pl.DataFrame:
    full = [(row, "offices", 2020, *rest) for row, rest in enumerate(rows, start=1)]
    return pl.DataFrame(full, schema=OFFICES, orient="row")


def test_branches_of_all_firms_of_a_city_add_up() -> None:
    built = branches(
        _offices(
            ("Acme", SEAT, 1, None),
            ("Acme", BRANCH, 2, None),
            ("Acme", BRANCH, 2, 40.0),
            ("Beta", SEAT, 1, None),
            ("Beta", BRANCH, 2, None),
            ("Beta", BRANCH, 3, 0.5),
        )
    )
    assert built.links.schema == LINKS
    assert built.links.select("origin", "destination", "weight", "count").rows() == [
        (1, 2, 42.0, 3),
        (1, 3, 0.5, 1),
    ]
    assert built.used.to_list() == [1, 2, 3, 4, 5, 6]


def test_a_firm_with_two_headquarters_commands_from_both_and_one_city_counts_once() -> None:
    built = branches(
        _offices(
            ("Acme", SEAT, 1, None),
            ("Acme", SEAT, 2, None),
            ("Acme", SEAT, 2, None),
            ("Acme", BRANCH, 3, None),
        )
    )
    assert built.links.select("origin", "destination", "weight").rows() == [(1, 3, 1.0), (2, 3, 1.0)]
    assert built.used.to_list() == [1, 2, 3, 4]


def test_offices_behind_no_link_say_why() -> None:
    built = branches(
        _offices(
            ("Acme", SEAT, 1, None),
            ("Acme", BRANCH, 1, None),
            ("Beta", BRANCH, 2, None),
            ("Gamma", SEAT, 3, None),
        )
    )
    assert built.links.is_empty()
    assert built.unused.rows() == [
        (1, "the firm has no branch known to lie in another city"),
        (2, SELF_LINK),
        (3, NO_HEADQUARTERS),
        (4, "the firm has no branch known to lie in another city"),
    ]


def test_years_and_fields_are_networks_of_their_own() -> None:
    one = _offices(("Acme", SEAT, 1, None), ("Acme", BRANCH, 2, None))
    other = one.with_columns(row=pl.col("row") + 2, year=pl.lit(2021, dtype=pl.Int64), role=pl.lit(BRANCH))
    undated = one.with_columns(
        row=pl.col("row") + 4, year=pl.lit(None, dtype=pl.Int64), field=pl.lit("plants")
    )
    built = branches(pl.concat([one, other, undated]))
    assert built.links.select("field", "year", "origin", "destination").rows() == [
        ("offices", 2020, 1, 2),
        ("plants", None, 1, 2),
    ]
    assert built.unused["row"].to_list() == [3, 4]


def test_countries_are_linked_in_the_same_way() -> None:
    rows = _offices(("Acme", SEAT, 1, None), ("Acme", BRANCH, 2, None))
    codes = rows.with_columns(city_id=pl.Series(["XA", "XB"]))
    built = branches(codes, network="ownership_countries")
    assert built.links.schema == COUNTRY_LINKS
    assert built.links.select("network", "origin", "destination").rows() == [
        ("ownership_countries", "XA", "XB")
    ]


def test_a_missing_column_is_named() -> None:
    with pytest.raises(UnknownNameError, match="no column 'value'"):
        branches(_offices().drop("value"))


@settings(max_examples=60, deadline=None)
@given(
    st.lists(
        st.tuples(
            st.sampled_from("ABC"),
            st.sampled_from([SEAT, BRANCH]),
            st.integers(1, 4),
            st.integers(1, 9) | st.none(),
        ),
        max_size=14,
    ),
    st.randoms(use_true_random=False),
)
def test_links_are_the_sum_of_the_definition_in_any_order(
    rows: list[tuple[str, str, int, int | None]], shuffle: random.Random
) -> None:
    expected: dict[tuple[int, int], float] = defaultdict(float)
    for firm in "ABC":
        for a in {city for name, role, city, _ in rows if (name, role) == (firm, SEAT)}:
            for name, role, b, value in rows:
                if (name, role) == (firm, BRANCH) and a != b:
                    expected[a, b] += 1 if value is None else value
    frame = _offices(*rows)
    built = branches(frame)
    assert {
        (a, b): weight for a, b, weight in built.links.select("origin", "destination", "weight").iter_rows()
    } == dict(expected)
    assert sorted([*built.used, *built.unused["row"]]) == list(range(1, len(rows) + 1))
    order = list(range(len(rows)))
    shuffle.shuffle(order)
    assert branches(frame[order]).links.equals(built.links)
