"""Networks that firms span: from the headquarters to their branches, and to the exchanges of their shares.

What power and prestige cities have in them is not measured here (`cosmopolis.measures.power`), nor is it
found out who owns whom (`cosmopolis.networks.ownership_trees`).

Whether a listing is sought by the firm or only a quotation by the venue is not known to the source; the
reviewed table of exchanges says which venues quote without asking.
"""

import tomllib
from importlib import resources

import polars as pl

from cosmopolis.networks.links import SELF_LINK, UNUSED, Built, account, finish, require, sum_exactly

HEADQUARTERS = "headquarters"
BRANCH = "branch"
"""The two roles of an office."""

NO_HEADQUARTERS = "no city is known to hold the firm's headquarters"
"""Why a branch makes no link."""

EXCHANGES = pl.Schema(
    {
        "exchange": pl.String,
        "mic": pl.String,
        "city": pl.String,
        "country": pl.String,
        "quotes": pl.Boolean,
        "reason": pl.String,
    }
)
"""Columns of the table of exchanges; city and country are null where a venue is no place."""


def exchanges() -> pl.DataFrame:
    """Return the reviewed table of exchanges, one row for each code, sorted by code.

    Returns
    -------
    frame
        By `EXCHANGES`: the code that sources use, the market identifier code (ISO 10383), the name of the
        city with its country for the resolver, whether the venue quotes foreign shares without the firm's
        doing, and the reason of the row.

    Examples
    --------
    >>> exchanges().filter(pl.col("exchange") == "SWX").select("mic", "city", "country").row(0)
    ('XSWX', 'Zürich', 'CH')
    """
    text = resources.files("cosmopolis.networks").joinpath("exchanges.toml").read_text(encoding="utf-8")
    rows = [
        {"exchange": code, **{name: entry.get(name) for name in EXCHANGES if name != "exchange"}}
        for entry in tomllib.loads(text)["exchange"]
        for code in entry["codes"]
    ]
    return pl.DataFrame(rows, schema=EXCHANGES).sort("exchange")


def listings(listings: pl.DataFrame, exchange_cities: pl.DataFrame) -> Built:
    """Link headquarters to the cities of the exchanges where firms are listed.

    w_ab = number of firms with headquarters in a and at least one listing in b, a ≠ b. A firm is known by
    its name and counts once, though it stands in several indices; its exchanges are those of all its
    rows, its headquarters that of its first row.

    Parameters
    ----------
    listings
        `row`, `year`, `firm`, `city_id` (of the headquarters) and `exchanges` (lists of codes).
    exchange_cities
        `exchange` (code) and `city_id`, null where the venue is no place.

    Returns
    -------
    built
        Directed links `listings`, field `firms`.

    Notes
    -----
    In the manner of Alderson & Beckfield (2004), *American Journal of Sociology* 109(4), 811–851, whose
    links run from headquarters to branches.

    Examples
    --------
    >>> firms = pl.DataFrame({
    ...     "row": [1, 2], "year": [2025, 2025], "firm": ["Acme", "Acme"], "city_id": [3, 3],
    ...     "exchanges": [["X"], ["X", "Y"]],
    ... })
    >>> places = pl.DataFrame({"exchange": ["X", "Y"], "city_id": [5, 3]})
    >>> listings(firms, places).links.select("origin", "destination", "weight").rows()
    [(3, 5, 1.0)]
    """
    require(listings, ["row", "year", "firm", "city_id", "exchanges"], what="listings")
    require(exchange_cities, ["exchange", "city_id"], what="exchange cities")
    rows = (
        listings.select("row", "year", "firm", "city_id", "exchanges")
        .sort("row")
        .with_columns(
            pl.col("city_id").first().over("year", "firm").alias("home"),
            pl.col("row").first().over("year", "firm").alias("first_row"),
        )
    )
    moved = rows.filter(pl.col("city_id") != pl.col("home"))
    places = exchange_cities.select("exchange", pl.col("city_id").alias("destination")).unique("exchange")
    named = (
        rows.filter(pl.col("city_id") == pl.col("home"))
        .explode("exchanges")
        .drop_nulls("exchanges")
        .join(places, left_on="exchanges", right_on="exchange", how="left")
    )
    placed = named.drop_nulls("destination")
    outside = placed.filter(pl.col("home") != pl.col("destination"))
    weights = outside.group_by("year", pl.col("home").alias("origin"), "destination").agg(
        pl.col("firm").n_unique().alias("count")
    )
    used = outside["row"].unique().sort()
    known = set(places["exchange"].to_list())
    reasons = pl.concat(
        [
            moved.select(
                "row",
                pl.format("the firm's headquarters lies elsewhere in row {}", "first_row").alias("reason"),
            ),
            rows.filter(pl.col("exchanges").list.drop_nulls().list.len().fill_null(0) == 0).select(
                "row", pl.lit("the source names no exchange").alias("reason")
            ),
            placed.select("row", pl.lit(SELF_LINK).alias("reason")),
            named.filter(pl.col("exchanges").is_in(list(known))).select(
                "row", pl.lit("none of the venues is an exchange with a place").alias("reason")
            ),
        ]
    ).match_to_schema(UNUSED)
    return Built(
        links=finish(
            weights.with_columns(pl.col("count").alias("weight")), network="listings", field="firms"
        ),
        used=used,
        unused=account(
            rows["row"], used, reasons, otherwise="no exchange of the row stands in the reviewed table"
        ),
    )


def branches(offices: pl.DataFrame, *, network: str = "ownership") -> Built:
    """Link the cities of headquarters to the cities of branches.

    x_ab = Σ_f h_fa b_fb, a ≠ b, with h_fa = 1 where firm f has a headquarters in city a, else 0, and b_fb the
    size of its branches in b: their number, or the sum of `value` where the table has one. A firm with
    headquarters in two cities commands its branches from both; a second headquarters row in one city says
    nothing new.

    Parameters
    ----------
    offices
        `row`, `field`, `year`, `firm`, `role` (`headquarters` or `branch`), `city_id`, and `value`, the size
        of a branch in a unit of the table; where it is null the branch counts 1. Cities may be ids or any
        labels, countries for instance.
    network
        Name of the links.

    Returns
    -------
    built
        Directed links; `count` is the number of branches.

    Notes
    -----
    Alderson & Beckfield (2004), *American Journal of Sociology* 109(4), 811–851.

    Examples
    --------
    >>> offices = pl.DataFrame({
    ...     "row": [1, 2, 3, 4], "field": "offices", "year": 2020, "firm": "Acme", "city_id": [3, 5, 5, 3],
    ...     "role": ["headquarters", "branch", "branch", "branch"], "value": None,
    ... })
    >>> built = branches(offices)
    >>> built.links.select("origin", "destination", "weight", "count").rows()
    [(3, 5, 2.0, 2)]
    >>> built.unused.rows()
    [(4, 'both ends lie in the same city')]
    """
    require(offices, ["row", "field", "year", "firm", "role", "city_id", "value"], what="offices")
    of_firm = ["field", "year", "firm"]
    seats = offices.filter(pl.col("role") == HEADQUARTERS)
    heads = seats.select(*of_firm, origin="city_id").unique()
    held = offices.filter(pl.col("role") == BRANCH).select(
        "row", *of_firm, destination="city_id", weight=pl.col("value").cast(pl.Float64).fill_null(1.0)
    )
    pairs = held.join(heads, on=of_firm, nulls_equal=True)
    ties = pairs.filter(pl.col("origin") != pl.col("destination"))
    keys = ["field", "year", "origin", "destination"]
    counts = ties.group_by(keys).agg(pl.len().alias("count"))
    links = sum_exactly(ties, keys, "weight").join(counts, on=keys, how="left", nulls_equal=True)
    commanding = seats.join(
        ties.select(*of_firm, city_id="origin").unique(),
        on=[*of_firm, "city_id"],
        how="semi",
        nulls_equal=True,
    )
    used = pl.concat([ties["row"], commanding["row"]]).unique().sort()
    reasons = pl.concat(
        [
            pairs.select("row", pl.lit(SELF_LINK).alias("reason")),
            held.select("row", pl.lit(NO_HEADQUARTERS).alias("reason")),
        ]
    ).match_to_schema(UNUSED)
    return Built(
        links=finish(links, network=network),
        used=used,
        unused=account(
            offices["row"], used, reasons, otherwise="the firm has no branch known to lie in another city"
        ),
    )
