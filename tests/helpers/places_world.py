"""A synthetic gazetteer for the tests of places: two invented countries."""

import polars as pl

from cosmopolis.places import countries
from cosmopolis.places.countries import Countries
from cosmopolis.records import table_named

PLACES = pl.DataFrame(
    [
        (1, "Alder", "XA", "01", 10.0, 10.0, 4_000_000, ["桤城", "Alderstadt", "Ольха"]),
        (2, "Alder East", "XA", "01", 10.0, 10.1, 300_000, []),
        (3, "Birch", "XA", "02", 10.2, 10.0, 900_000, ["Birchville"]),
        (4, "Elm", "XB", "01", 10.0, 10.2, 600_000, ["榆城"]),
        (5, "Oak", "XA", "03", 30.0, 10.0, 500_000, []),
        (6, "Oak", "XA", "04", -30.0, 10.0, 480_000, []),
        (7, "Fern", "XA", "03", 30.1, 10.1, 2_000, ["Farn"]),
        (8, "Moss", "XB", "02", -50.0, 60.0, 900, []),
        (9, "Saint Ivy", "XB", "02", -51.0, 61.0, 80_000, ["Sankt Ivy"]),
        (10, "Linden-Königsberg", "XB", "02", -52.0, 62.0, 70_000, []),
    ],
    schema={
        "place_id": pl.Int64,
        "name": pl.String,
        "country": pl.String,
        "admin1": pl.String,
        "latitude": pl.Float64,
        "longitude": pl.Float64,
        "population": pl.Int64,
        "alternates": pl.List(pl.String),
    },
    orient="row",
)
"""A synthetic gazetteer: two invented countries, homonyms, a border, a village."""


def synthetic_countries() -> Countries:
    """Make two invented countries."""
    names = pl.DataFrame(
        {
            "country": ["XA", "XB"],
            "iso3": ["XAA", "XBB"],
            "name": ["Arborea", "Bosquia"],
            "name_zh": ["树国", "林国"],
            "other_names": [["Republic of Arborea"], ["Bosquie"]],
            "region": ["R", "R"],
            "subregion": ["S", "S"],
            "income": [None, None],
        },
        schema_overrides={"income": pl.String},
    )
    listed = pl.DataFrame(
        {
            "country": ["XA", "XB"],
            "iso3": ["XAA", "XBB"],
            "name": ["Arborea", "Bosquia"],
            "capital": ["Alder", "Moss"],
        }
    )
    return countries.build(names, listed)


def organisations(*rows: dict[str, object]) -> pl.DataFrame:
    """Make a record table of organisations, each row with what differs from a plain school."""
    columns = {column.name: column.dtype for column in table_named("organisation").columns}
    full = [dict.fromkeys(columns) | {"kinds": ["education"]} | row for row in rows]
    return pl.DataFrame(full, schema=columns).with_row_index("row", offset=1)
