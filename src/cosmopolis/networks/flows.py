"""Air, sea and trade: networks of what moves, or could move, between places.

No distances and no traffic: the sources of the default edition know which routes, port ties and trade
values there are, not how many aircraft or ships run.
"""

import polars as pl

from cosmopolis.networks.links import SELF_LINK, UNUSED, Built, account, finish, require, sum_exactly

_PAIR = ["year", "origin", "destination"]


def air(routes: pl.DataFrame, *, directed: bool = False) -> Built:
    """Make city pairs from directed airport routes.

    Field `routes`: w_ab = number of distinct directed airport routes with one end in a and the other in b
    (a pair flown both ways by one route has w = 2). Field `carriers`: w_ab = Σ over those routes of the
    number of distinct carriers, of routes whose carriers are known; the count is the number of such routes.

    Parameters
    ----------
    routes
        `row`, `year`, `origin`, `destination` (airport codes), `origin_city`, `destination_city` (ids)
        and `carriers` (lists of codes; null or empty where not known).
    directed
        Keep the direction: a -> b and b -> a are then two links.

    Returns
    -------
    built
        Links `air`; unused are the routes within a city.

    Notes
    -----
    Route networks of cities in this form: Guimerà, Mossa, Turtschi & Amaral (2005), *PNAS* 102, 7794–7799.

    Examples
    --------
    >>> routes = pl.DataFrame({
    ...     "row": [1, 2, 3], "year": [2022] * 3,
    ...     "origin": ["AAA", "BBB", "AAC"], "destination": ["BBB", "AAA", "BBB"],
    ...     "origin_city": [10, 20, 10], "destination_city": [20, 10, 20],
    ...     "carriers": [["X", "Y"], ["X"], None],
    ... })
    >>> air(routes).links.select("field", "origin", "destination", "weight", "count").rows()
    [('carriers', 10, 20, 3.0, 2), ('routes', 10, 20, 3.0, 3)]
    """
    columns = ["row", *_PAIR, "origin_city", "destination_city", "carriers"]
    require(routes, columns, what="air routes")
    outside = routes.filter(pl.col("origin_city") != pl.col("destination_city"))
    if directed:
        ends = (pl.col("origin_city"), pl.col("destination_city"))
    else:
        ends = (
            pl.min_horizontal("origin_city", "destination_city"),
            pl.max_horizontal("origin_city", "destination_city"),
        )
    legs = outside.select(
        "year",
        pl.concat_str(["origin", "destination"], separator=">").alias("leg"),
        ends[0].alias("origin"),
        ends[1].alias("destination"),
        pl.col("carriers").cast(pl.List(pl.String)),
    )
    routes_of = legs.group_by(_PAIR).agg(pl.col("leg").n_unique().alias("count"))
    known = legs.explode("carriers").drop_nulls("carriers")
    carriers_of = known.group_by(_PAIR).agg(
        pl.struct("leg", "carriers").n_unique().alias("weight"), pl.col("leg").n_unique().alias("count")
    )
    links = pl.concat(
        [
            finish(carriers_of, network="air", field="carriers"),
            finish(routes_of.with_columns(pl.col("count").alias("weight")), network="air", field="routes"),
        ]
    )
    used = outside["row"].unique().sort()
    unused = account(routes["row"], used, UNUSED.to_frame(), otherwise=SELF_LINK)
    return Built(links=links, used=used, unused=unused)


def sea(ports: pl.DataFrame, *, year: int) -> Built:
    """Pair ports that serve each other's country, and sum the pairs by city.

    w_ab = number of port pairs (p in a, q in b) with country(q) in serves(p) and country(p) in serves(q).
    Ports of one country pair only if both serve their own country. It is an approximation: the source
    knows the countries that a port serves, not the ports.

    Parameters
    ----------
    ports
        `row`, `port`, `city_id`, `country` and `serves` (lists of ISO 3166-1 alpha-2 codes).
    year
        Year of the source's vintage.

    Returns
    -------
    built
        Undirected links `sea`, field `port_pairs`.

    Examples
    --------
    >>> ports = pl.DataFrame({
    ...     "row": [1, 2, 3], "port": ["GRAAA", "ITBBB", "ITCCC"], "city_id": [7, 5, 6],
    ...     "country": ["GR", "IT", "IT"], "serves": [["IT"], ["GR"], ["FR"]],
    ... })
    >>> sea(ports, year=2020).links.select("origin", "destination", "weight").rows()
    [(5, 7, 1.0)]
    """
    require(ports, ["row", "port", "city_id", "country", "serves"], what="ports")
    ties = (
        ports.select("row", "port", "city_id", "country", "serves")
        .explode("serves")
        .drop_nulls("serves")
        .unique()
    )
    pairs = ties.join(ties, left_on=["country", "serves"], right_on=["serves", "country"], suffix="_other")
    pairs = pairs.filter(pl.col("port") < pl.col("port_other"))
    between = pairs.filter(pl.col("city_id") != pl.col("city_id_other"))
    counted = (
        between.select(
            pl.lit(year, dtype=pl.Int64).alias("year"),
            pl.min_horizontal("city_id", "city_id_other").alias("origin"),
            pl.max_horizontal("city_id", "city_id_other").alias("destination"),
            "port",
            "port_other",
        )
        .group_by(_PAIR)
        .agg(pl.struct("port", "port_other").n_unique().alias("count"))
    )
    used = pl.concat([between["row"], between["row_other"]]).unique().sort()
    within = pl.concat([pairs["row"], pairs["row_other"]]).unique().sort()
    blank = ports["row"].filter(~ports["row"].is_in(ties["row"].implode()))
    reasons = pl.concat(
        [
            pl.DataFrame({"row": within, "reason": [SELF_LINK] * len(within)}, schema=UNUSED),
            pl.DataFrame(
                {"row": blank, "reason": ["the source names no country that the port serves"] * len(blank)},
                schema=UNUSED,
            ),
        ]
    )
    return Built(
        links=finish(
            counted.with_columns(pl.col("count").alias("weight")), network="sea", field="port_pairs"
        ),
        used=used,
        unused=account(
            ports["row"],
            used,
            reasons,
            otherwise="no port of a country that it serves serves its own country",
        ),
    )


def trade(flows: pl.DataFrame) -> Built:
    """Add up what each country's industries sell to the industries of other countries.

    w_ab = Σ over the industries s of a of the sales of s to b, in million US dollars, a ≠ b; the count is
    the number of industries that sell to b. A pair without sales has no link.

    Parameters
    ----------
    flows
        `row`, `year`, `origin` (ISO 3166-1 alpha-2), `destinations` (lists of the same, null where the
        table's region is no country), `values_musd` (lists as long).

    Returns
    -------
    built
        Directed links between countries, network `trade`, field `intermediate`.

    Examples
    --------
    >>> flows = pl.DataFrame({
    ...     "row": [1, 2], "year": [2022, 2022], "origin": ["CN", "CN"],
    ...     "destinations": [["CN", "DE"], ["CN", "DE"]], "values_musd": [[9.0, 1.5], [9.0, 2.0]],
    ... })
    >>> trade(flows).links.select("origin", "destination", "weight", "count").rows()
    [('CN', 'DE', 3.5, 2)]
    """
    require(flows, ["row", "year", "origin", "destinations", "values_musd"], what="trade flows")
    sales = (
        flows.select("row", "year", "origin", "destinations", "values_musd")
        .explode("destinations", "values_musd")
        .rename({"destinations": "destination"})
        .drop_nulls(["destination", "values_musd"])
        .filter((pl.col("origin") != pl.col("destination")) & (pl.col("values_musd") != 0))
    )
    counts = sales.group_by(_PAIR).agg(pl.col("row").n_unique().alias("count"))
    sums = sum_exactly(sales, _PAIR, "values_musd").rename({"values_musd": "weight"})
    used = sales["row"].unique().sort()
    return Built(
        links=finish(sums.join(counts, on=_PAIR), network="trade", field="intermediate"),
        used=used,
        unused=account(
            flows["row"], used, UNUSED.to_frame(), otherwise="sells nothing to industries of another country"
        ),
    )
