"""Third step of the build: records get their cities, and become networks.

Here a record that lies in no city, or whose place cannot be told, is quarantined with what is known of it.
What a network is stands in `cosmopolis.networks`.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Protocol

import polars as pl

from cosmopolis.edition import Edition
from cosmopolis.engines import open_engine
from cosmopolis.measures import headquarters
from cosmopolis.networks import cooccurrence, flows, rail
from cosmopolis.networks.links import COUNTRY_LINKS, LINKS
from cosmopolis.pipeline.cities import Atlas, capital_cities
from cosmopolis.pipeline.placing import REASONS, not_placed, unused
from cosmopolis.pipeline.records import Shelf
from cosmopolis.places.airports import cities_served
from cosmopolis.settings import NetworkSettings, SampleRule
from cosmopolis.sources.catalog import Catalog

AIR_ROUTES = ("air-routes-2021", "air-routes-2022", "openflights-2014")
"""Sources of air routes; each has the parts `airports` and `routes`."""

LAST_TOTALS = pl.Schema(
    {
        "field": pl.String,
        "city_id": pl.Int64,
        "year": pl.Int64,
        "count": pl.Int64,
        "fractional": pl.Float64,
        "shared": pl.Int64,
        "citations": pl.Float64,
    }
)


@dataclass(kw_only=True)
class Woven:
    """The networks of an edition.

    Attributes
    ----------
    links, country_links
        By `cosmopolis.networks.links`.
    sample
        Cities that are ranked, ascending.
    covered
        For each network, the cities of the sample that its source can speak of; others have no data.
    headquarters
        `city_id, firm, sector`: one row for each listed firm and sector group.
    last_totals
        `LAST_TOTALS`: each city's records by frontier field in the last window, `year` its last year.
    """

    links: pl.DataFrame = field(default_factory=LINKS.to_frame)
    country_links: pl.DataFrame = field(default_factory=COUNTRY_LINKS.to_frame)
    sample: pl.Series = field(default_factory=lambda: pl.Series("city_id", [], dtype=pl.Int64))
    covered: dict[str, pl.Series] = field(default_factory=dict)
    headquarters: pl.DataFrame = field(default_factory=headquarters.FIRMS.to_frame)
    last_totals: pl.DataFrame = field(default_factory=LAST_TOTALS.to_frame)


class Frontier(Protocol):
    """What the networks of innovation give: see `cosmopolis.pipeline.innovation.weave`."""

    links: pl.DataFrame
    country_links: pl.DataFrame
    last_totals: pl.DataFrame


class Firms(Protocol):
    """What the networks of production and services give: see `cosmopolis.pipeline.production.weave`."""

    @property
    def links(self) -> pl.DataFrame:
        """Between cities."""

    @property
    def country_links(self) -> pl.DataFrame:
        """Between countries."""

    @property
    def headquarters(self) -> pl.DataFrame:
        """By `cosmopolis.measures.headquarters.FIRMS`."""


def weave(
    edition: Edition,
    catalog: Catalog,
    shelf: Shelf,
    atlas: Atlas,
    *,
    innovation: Frontier | None = None,
    production: Firms | None = None,
    engine: str = "duckdb",
) -> Woven:
    """Make every network that the edition's sources allow, and draw the sample.

    A source that bears no years in its rows gives its network the latest year of its catalogue entry.

    Parameters
    ----------
    innovation, production
        Networks of papers and patents, and of firms and trade, made before; none if not given.
    engine
        Where pairs of cities are counted; it changes the time, never a byte.
    """
    woven = Woven()
    if innovation is not None:
        woven.links, woven.country_links = innovation.links, innovation.country_links
        woven.last_totals = innovation.last_totals
    parts: list[pl.DataFrame] = [woven.links]
    if production is not None:
        parts.append(production.links)
        woven.country_links = pl.concat([woven.country_links, production.country_links])
        woven.headquarters = production.headquarters
    port_cities = pl.DataFrame(schema={"city_id": pl.Int64, "serves": pl.String})
    parts.extend(_air(shelf, atlas))
    if shelf.has("ports"):
        links, port_cities, speaks = _sea(shelf, atlas, max(catalog.source("ports").years))
        parts.append(links)
        woven.covered["sea"] = speaks
    if shelf.has("science-sample"):
        parts.append(_coauthorship(shelf, atlas, edition.networks.counting, engine))
    woven.links = pl.concat(parts)
    woven.sample = draw_sample(edition.sample, shelf, atlas, woven, port_cities)
    if shelf.has("railways"):
        links, woven.covered["rail"] = _rail(
            edition.networks, shelf, atlas, woven.sample, year=max(catalog.source("railways").years)
        )
        woven.links = pl.concat([woven.links, links])
    woven.links = woven.links.sort("network", "field", "year", "origin", "destination")
    _account_rest(shelf)
    return woven


def draw_sample(
    rule: SampleRule, shelf: Shelf, atlas: Atlas, woven: Woven, port_cities: pl.DataFrame
) -> pl.Series:
    """Choose the cities that are ranked: see `SampleRule`."""
    largest = atlas.gazetteer.cities.sort(
        "population", "city_id", descending=[True, False], nulls_last=True
    ).head(rule.largest)
    chosen = [largest["city_id"]]
    if rule.capitals:
        chosen.append(capital_cities(shelf, atlas))
    if rule.port_countries is not None:
        served = port_cities.group_by("city_id").agg(pl.col("serves").n_unique())
        chosen.append(served.filter(pl.col("serves") >= rule.port_countries)["city_id"])
    if rule.air_links is not None:
        air = woven.links.filter((pl.col("network") == "air") & (pl.col("field") == "routes"))
        latest = air.filter(pl.col("year") == pl.col("year").max())
        ends = pl.concat([latest.select(city_id="origin"), latest.select(city_id="destination")])
        counted = ends.group_by("city_id").agg(n=pl.len())
        chosen.append(counted.filter(pl.col("n") >= rule.air_links)["city_id"])
    if rule.headquarters is not None:
        firms = woven.headquarters.group_by("city_id").agg(n=pl.col("firm").n_unique())
        chosen.append(firms.filter(pl.col("n") >= rule.headquarters)["city_id"])
    if rule.papers is not None:
        papers = woven.last_totals.group_by("city_id").agg(n=pl.col("count").sum())
        chosen.append(papers.filter(pl.col("n") >= rule.papers)["city_id"])
    return pl.concat([series.cast(pl.Int64).alias("city_id") for series in chosen]).unique().sort()


def _air(shelf: Shelf, atlas: Atlas) -> list[pl.DataFrame]:
    """Air networks of every vintage; airports go to the city that they serve."""
    lists = [name for name in ("airports", *reversed(AIR_ROUTES)) if shelf.has(name)]
    if not lists:
        return []
    columns = ["iata", "city", "country", "latitude", "longitude"]
    every = pl.concat([shelf.part(name, "airports").select(columns) for name in lists])
    metropolitan = (
        shelf.part("airports", "metropolitan")
        if shelf.has("airports")
        else pl.DataFrame(
            schema={"row": pl.Int64, "iata": pl.String, "city": pl.String, "country": pl.String}
        )
    )
    served = cities_served(every, metropolitan, atlas.resolver)
    city_of = served.select("iata", "city_id")
    made, flown = [], []
    for name in AIR_ROUTES:
        if not shelf.has(name):
            continue
        routes = shelf.part(name, "routes")
        for end in ("origin", "destination"):
            routes = routes.join(
                city_of.rename({"iata": end, "city_id": f"{end}_city"}),
                on=end,
                how="left",
                maintain_order="left",
            )
        placed = routes.filter(pl.col("origin_city").is_not_null() & pl.col("destination_city").is_not_null())
        built = flows.air(placed)
        made.append(built.links)
        used = placed.filter(pl.col("row").is_in(built.used.implode()))
        flown.append(pl.concat([used["origin"], used["destination"].alias("origin")]).unique())
        lines = pl.concat([_ends_without_city(routes, served), unused(built, "destination")])
        shelf.account(name, "routes", built.used, lines, otherwise="the route joins no two cities")
    if not flown:  # the airports say what divisions of countries are called: see `pipeline.cities`
        for name in lists:
            shelf.use_all(name)
        return made
    codes = pl.concat(flown).unique()
    for name in lists:
        rows = shelf.part(name, "airports")
        shelf.account(
            name,
            "airports",
            rows.filter(pl.col("iata").is_in(codes.implode()))["row"],
            _airports_without_city(rows, served),
            otherwise="no route of the edition's sources joins this airport to another city",
        )
    if shelf.has("airports"):
        shelf.account(
            "airports",
            "metropolitan",
            metropolitan.filter(pl.col("iata").is_in(codes.implode()))["row"],
            REASONS.to_frame(),
            otherwise="no route of the edition's sources joins this airport to another city",
        )
    return made


def _ends_without_city(routes: pl.DataFrame, served: pl.DataFrame) -> pl.DataFrame:
    """Say which end of a route lies in no city, and what is known of it."""
    lines = []
    for end in ("origin", "destination"):
        bad = routes.filter(pl.col(f"{end}_city").is_null()).join(
            served, left_on=end, right_on="iata", how="left", maintain_order="left"
        )
        known = pl.format("{} serves {} ({}), which belongs to no city", end, "place_name", "place_country")
        lines.append(
            bad.select(
                "row",
                pl.lit(end).alias("column"),
                value=end,
                reason=pl.when(pl.col("place_id").is_not_null())
                .then(known)
                .when(pl.col("reason").is_null())
                .then(pl.format("no airport with the code {} is known", end))
                .otherwise(pl.format("{}: {}", end, "reason")),
            )
        )
    return pl.concat(lines)


def _airports_without_city(rows: pl.DataFrame, served: pl.DataFrame) -> pl.DataFrame:
    """Say of airports in no city what they serve."""
    joined = rows.select("row", "iata", "city").join(
        served.rename({"reason": "why"}), on="iata", how="left", maintain_order="left"
    )
    return joined.filter(pl.col("city_id").is_null()).select(
        "row",
        pl.lit("city").alias("column"),
        value="city",
        reason=pl.when(pl.col("place_id").is_not_null())
        .then(pl.format("it serves {} ({}), which belongs to no city", "place_name", "place_country"))
        .otherwise("why"),
    )


def _sea(shelf: Shelf, atlas: Atlas, year: int) -> tuple[pl.DataFrame, pl.DataFrame, pl.Series]:
    """Sea network; returns links, `city_id, serves`, and the cities that the source can speak of.

    A city with ports of which the source names no country served has no data; a city without a port
    has none of the ties, and that is zero.
    """
    ports = shelf.part("ports", "ports")
    answers = atlas.resolver.resolve(
        ports, text="name", country="country", latitude="latitude", longitude="longitude"
    )
    placed = ports.hstack(answers.select("city_id")).filter(pl.col("city_id").is_not_null())
    built = flows.sea(placed, year=year)
    lines = pl.concat([not_placed(ports, answers, "name"), unused(built, "serves")])
    shelf.account("ports", "ports", built.used, lines, otherwise="the port is tied to no other")
    serves = placed.select("city_id", "serves").explode("serves").drop_nulls()
    silent = placed["city_id"].unique().filter(~placed["city_id"].unique().is_in(serves["city_id"].implode()))
    everywhere = atlas.gazetteer.cities["city_id"]
    return built.links, serves, everywhere.filter(~everywhere.is_in(silent.implode()))


def _coauthorship(shelf: Shelf, atlas: Atlas, counting: str, engine: str) -> pl.DataFrame:
    """Co-authored works of the sample of one topic: shown, never in an index."""
    rows = shelf.part("science-sample", "affiliations")
    answers = atlas.resolver.resolve(rows, text="text", country="country")
    items = rows.hstack(answers.select("city_id")).filter(pl.col("city_id").is_not_null())
    named = items.select("row", "year", "city_id", item="work", field=pl.lit("bibliometrics"))
    with open_engine(engine) as runner:
        built = cooccurrence.links(named, counting, engine=runner)
    lines = pl.concat([not_placed(rows, answers, "text"), unused(built, "work")])
    shelf.account("science-sample", "affiliations", built.used, lines, otherwise="the work lies in one city")
    return built.links


def _rail(
    settings: NetworkSettings, shelf: Shelf, atlas: Atlas, sample: pl.Series, *, year: int
) -> tuple[pl.DataFrame, pl.Series]:
    """Railway reach among the cities of the sample; a city off the map of tracks has no data."""
    cities = atlas.gazetteer.cities.filter(pl.col("city_id").is_in(sample.implode()))
    built = rail.rail(
        shelf.part("railways", "nodes"),
        cities,
        year=year,
        reach_km=settings.reach_km,
        snap_km=settings.snap_km,
    )
    shelf.account(
        "railways", "nodes", built.used, unused(built, "node"), otherwise="on no city's piece of track"
    )
    return built.links, built.snapped.filter(pl.col("rail_nodes") > 0)["city_id"]


def _account_rest(shelf: Shelf) -> None:
    """Count the rows of the sources that are used whole, and those that this edition has no use for yet."""
    for source in ("geonames", "country-names", "country-groups", "world-borders"):
        if shelf.has(source):
            shelf.use_all(source)
    if shelf.has("ports"):
        none = pl.Series("row", [], dtype=pl.Int64)
        shelf.account(
            "ports",
            "lanes",
            none,
            REASONS.to_frame(),
            otherwise="no network of this edition uses the sea lanes",
        )


def coverage_of(countries: str | Iterable[str], atlas: Atlas, cities: pl.Series) -> pl.Series:
    """Return those of some cities that lie in the countries that a source covers (`world`: all)."""
    if countries == "world":
        return cities
    inside = atlas.gazetteer.cities.filter(
        pl.col("city_id").is_in(cities.implode()) & pl.col("country").is_in(sorted(countries))
    )
    return inside["city_id"].sort()
