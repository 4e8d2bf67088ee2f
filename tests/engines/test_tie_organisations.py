"""Organisations behind ties: the same answer on every engine."""

from typing import TYPE_CHECKING

import polars as pl

from cosmopolis.measures import tie_organisations

if TYPE_CHECKING:
    from cosmopolis.engines import Engine


def test_organisations_behind_ties(engine: "Engine") -> None:
    rows = pl.DataFrame(
        [
            ("a", 2011, "ai", 1, "华为"),
            ("a", 2011, "ai", 1, "华为"),
            ("a", 2011, "ai", 2, "华为"),
            ("b", 2012, "ai", 1, "École"),
            ("b", 2012, "ai", 2, None),
            ("b", 2012, "ai", 2, "B"),
            ("c", 2013, "ai", 1, None),
            ("c", 2013, "ai", 2, "B"),
            ("d", 2016, "ai", 1, "A"),
            ("d", 2016, "ai", 2, "B"),
            (None, 2012, "ai", 1, "A"),
            (None, 2012, "ai", 2, "B"),
        ],
        schema={
            "item": pl.String,
            "year": pl.Int64,
            "field": pl.String,
            "city_id": pl.Int64,
            "key": pl.String,
        },
        orient="row",
    )
    pairs = pl.DataFrame(
        {"field": "ai", "from_year": 2010, "to_year": 2014, "origin": [1], "destination": [2]}
    )
    engine.register("tied_rows", rows)
    found = tie_organisations.behind(engine, "tied_rows", pairs, network="coauthorship", organisation="key")
    assert found.organisations.schema == tie_organisations.TIE_ORGANISATIONS
    columns = ("organisation_origin", "organisation_destination", "count", "position", "same_organisation")
    assert found.organisations.select(columns).rows() == [
        ("École", "B", 1, 1, False),
        ("华为", "华为", 1, 1, True),
    ]
    assert found.coverage.schema == tie_organisations.COVERAGE
    assert found.coverage.rows() == [("coauthorship", "ai", 2010, 2014, 1, 2, 3, 2, 1, 2)]
