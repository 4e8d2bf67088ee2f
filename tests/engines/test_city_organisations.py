"""Ties inside cities: the same answer on every engine."""

from typing import TYPE_CHECKING

import polars as pl

from cosmopolis.measures import city_organisations

if TYPE_CHECKING:
    from cosmopolis.engines import Engine


def test_organisations_inside_cities(engine: "Engine") -> None:
    """Names are in the order of their bytes, where tables of languages and of UTF-16 have others."""
    names = ["b", "B", "é", "华为", "😀"]  # the last is below the one before it in UTF-16
    rows: list[tuple[object, ...]] = [("a", 2021, "ai", 1, name) for name in reversed(names)]
    rows += [
        ("a", 2021, "ai", 1, "b"),
        ("b", 2024, "ai", 1, "😀"),
        ("b", 2024, "ai", 1, "华为"),
        ("c", 2022, "ai", 1, None),
        ("d", 2022, "ai", 1, "B"),
        ("d", 2022, "ai", 2, "b"),
        ("e", 2025, "ai", 1, "B"),
        ("e", 2025, "ai", 1, "b"),
        (None, 2022, "ai", 1, "B"),
        (None, 2022, "ai", 1, "b"),
        ("f", 2022, "ai", None, "B"),
    ]
    schema = {
        "item": pl.String,
        "year": pl.Int64,
        "field": pl.String,
        "city_id": pl.Int64,
        "key": pl.String,
    }
    engine.register("inside_rows", pl.DataFrame(rows, schema=schema, orient="row"))
    spans = pl.DataFrame({"field": "ai", "from_year": [2020], "to_year": [2024]})
    found = city_organisations.inside(
        engine, "inside_rows", spans, network="coauthorship", most=4, organisation="key"
    )
    assert found.organisations.schema == city_organisations.CITY_ORGANISATIONS
    columns = ("city_id", "organisation_origin", "organisation_destination", "count", "position")
    assert found.organisations.select(columns).rows() == [
        (1, "华为", "😀", 2, 1),
        (1, "B", "b", 1, 2),
        (1, "B", "é", 1, 2),
        (1, "B", "华为", 1, 2),
    ]
    assert found.records.schema == city_organisations.CITY_INSIDE
    assert found.records.rows() == [
        ("coauthorship", "ai", 2020, 2024, 1, 4, 5, 3, 2),
        ("coauthorship", "ai", 2020, 2024, 2, 1, 1, 1, 0),
    ]
