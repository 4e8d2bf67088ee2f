"""Headquarters and exchanges: firms count once, and the reviewed table is sound."""

import polars as pl

from cosmopolis.networks.links import SELF_LINK
from cosmopolis.networks.ownership import exchanges, listings

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
    assert table.filter(pl.col("city").is_null())["exchange"].to_list() == ["OTCMKTS"]


def test_codes_of_one_exchange_agree() -> None:
    one = exchanges().group_by("mic").agg(pl.col("city").n_unique(), pl.col("country").n_unique())
    assert one["city"].max() == 1
    assert one["country"].max() == 1
