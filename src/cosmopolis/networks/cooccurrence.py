"""Networks of cities that stand in one item: a paper, a patent, a project.

A pair of cities is linked by every item that names both. How an item's weight is shared among its pairs is
the choice of `counting`. Who wrote how much of an item is not known here.
"""

from typing import TYPE_CHECKING, Literal, get_args

import polars as pl

from cosmopolis.engines import duckdb
from cosmopolis.engines.projection import SHARE_UNITS, Projection
from cosmopolis.errors import UnknownNameError, hint_near
from cosmopolis.networks.links import UNUSED, Built, account, finish, require

if TYPE_CHECKING:
    from cosmopolis.engines import Engine

Counting = Literal["full", "fractional", "refined"]
"""How an item with n cities is shared among its pairs: see `links`."""

ROWS_SQL = "SELECT item, year, field, city_id FROM items"
"""The rows that an engine projects: see `cosmopolis.engines.projection`."""

_UNITS = {"fractional": "fractional_units", "refined": "refined_units"}
_ITEM = ["item", "year", "field"]
_NO_YEAR = 0  # stands for a missing year inside the query, whose joins need equal values


def links(
    items: pl.DataFrame,
    counting: str = "full",
    *,
    network: str = "coauthorship",
    engine: "Engine | None" = None,
) -> Built:
    """Link the cities that stand together in items.

    With a_ik = 1 if city i stands in item k, else 0, and n_k = Σ_i a_ik:

    * `full`: w_ij = Σ_k a_ik a_jk. Unit: items. An item with many cities weighs more in total.
    * `fractional`: w_ij = Σ_k a_ik a_jk / (n_k − 1). A city's links add up to its number of shared items.
    * `refined`: w_ij = Σ_k 2 a_ik a_jk / (n_k (n_k − 1)). All links add up to the number of shared items.

    Items in one city never enter. `count` is Σ_k a_ik a_jk under every counting.

    Parameters
    ----------
    items
        `item`, `city_id` (ids, or any labels), and optionally `year`, `field` and `row`. A city that is
        named twice in an item counts once.
    counting
        One of `full`, `fractional`, `refined`.
    network
        Name of the network in the links.
    engine
        Where the pairs are counted; a DuckDB with default limits if none is given.

    Returns
    -------
    built
        Undirected links. `used` and `unused` are by `row`, or by position from 1 where there is no `row`.

    Raises
    ------
    UnknownNameError
        If a column is missing or the counting is not known.

    Notes
    -----
    Fractional: Perianes-Rodriguez, Waltman & van Eck (2016), *Journal of Informetrics* 10(4), 1178–1195.
    Refined: Leydesdorff & Park (2017), Full and fractional counting in bibliometric
    networks, *Journal of Informetrics* 11.

    Examples
    --------
    >>> items = pl.DataFrame({"item": ["p", "p", "q", "q", "q", "r"], "city_id": [1, 2, 1, 2, 3, 1]})
    >>> links(items, "fractional").links.select("origin", "destination", "weight", "count").rows()
    [(1, 2, 1.5, 2), (1, 3, 0.5, 1), (2, 3, 0.5, 1)]
    """
    if counting not in get_args(Counting):
        raise UnknownNameError(f"there is no counting {counting!r}" + hint_near(counting, get_args(Counting)))
    require(items, ["item", "city_id"], what="items")
    has_year = "year" in items.columns
    rows = items.select(
        pl.col("row") if "row" in items.columns else pl.int_range(1, pl.len() + 1).alias("row"),
        pl.col("item"),
        pl.col("year") if has_year else pl.lit(_NO_YEAR, dtype=pl.Int64).alias("year"),
        pl.col("field") if "field" in items.columns else pl.lit("all").alias("field"),
        pl.col("city_id"),
    )
    whole = rows.drop_nulls()
    shared = whole.filter(pl.col("city_id").n_unique().over(_ITEM) > 1)
    pairs = _project(shared.select(*_ITEM, "city_id"), engine).pairs
    both = pairs.select("field", "year", "origin", "destination", "count", weight=weight(counting))
    if not has_year:
        both = both.with_columns(pl.lit(None, dtype=pl.Int64).alias("year"))
    used = shared["row"].unique().sort()
    single = whole.select("row", pl.lit("the item stands in one city only").alias("reason"))
    return Built(
        links=finish(both, network=network),
        used=used,
        unused=account(
            rows["row"],
            used,
            single.match_to_schema(UNUSED),
            otherwise="the row lacks its item, year, field or city",
        ),
    )


def weight(counting: str) -> pl.Expr:
    """Return the weight of a pair of a projection: a whole number of units, divided once."""
    if counting == "full":
        return pl.col("count").cast(pl.Float64)
    return pl.col(_UNITS[counting]).cast(pl.Float64) / float(SHARE_UNITS)


def _project(rows: pl.DataFrame, engine: "Engine | None") -> Projection:
    """Project rows with labels of any kind; whole numbers stay, all else becomes text."""
    if engine is None:
        with duckdb.Engine() as own:
            return _project(rows, own)
    plain = rows.with_columns(
        pl.col(name).cast(pl.Int64 if rows.schema[name].is_integer() else pl.String)
        for name in ("item", "city_id")
    ).cast({"year": pl.Int64, "field": pl.String})
    engine.register("items", plain)
    return engine.project(ROWS_SQL)
