"""Suppliers' sites in an edition: they get their places, as precisely as their lists say, and are measured.

A row that says a division and no more gets no city, though a city may bear the division's name: "Yamagata" in
a list of prefectures is anywhere in it. Only in a country that is one city does every row lie in that city.
What was found confirms what the row says: an address in which no place is found is known to its division,
else to its country. All sites of a country that is known count at the level of countries; none is dropped
because its city is not known.

What the measures are stands in `cosmopolis.measures.suppliers`.
"""

from typing import Final

import numpy as np
import polars as pl

from cosmopolis.errors import SpecError
from cosmopolis.measures import suppliers as measures
from cosmopolis.measures.distance import great_circle_km
from cosmopolis.pipeline.cities import Atlas
from cosmopolis.pipeline.desk import Desk
from cosmopolis.pipeline.placing import REASONS
from cosmopolis.pipeline.production.firms import Firms
from cosmopolis.pipeline.production.made import Made
from cosmopolis.places.tails import division_keys, read_tails

SITED = pl.Schema(
    {
        "precision": pl.String,
        "country": pl.String,
        "division": pl.String,
        "place_id": pl.Int64,
        "city_id": pl.Int64,
        "latitude": pl.Float64,
        "longitude": pl.Float64,
        "reason": pl.String,
    }
)
"""What is found of each row: `precision` as confirmed (null: not even the country is known), and the `reason`
where no place is."""

_COMMAS: Final = r"[,;/、，；\n]"  # what parts of an address stand between
_IN_THE_CITY: Final = 0.9
"""Least share of a country's people that live in its one city for the country to be that city: Singapore,
Hong Kong, Monaco; not Malta or Guinea-Bissau."""

_MARGIN_KM: Final = 50.0
"""How far outside the outermost places of a country or state a site may still lie."""


def make(desk: Desk, firms: Firms) -> Made:
    """Place the sites of every list of suppliers and measure them; empty where the edition has no list."""
    found = []
    for source in desk.of_kind("supplier sites", "sites"):
        rows = desk.shelf.part(source, "sites")
        sited = place_sites(rows, desk.atlas)
        known = sited["precision"].is_not_null()
        lines = rows.hstack(sited.select("reason")).filter(~known)
        desk.shelf.account(
            source,
            "sites",
            rows["row"].filter(known),
            lines.select(
                "row", pl.lit("text").alias("column"), value="text", reason="reason"
            ).match_to_schema(REASONS),
            otherwise="neither the place nor the country is known",
        )
        kept = rows.select("customer", "year", "supplier").hstack(sited)
        found.append(kept.filter(pl.col("precision").is_not_null()))
    if not found:
        return Made()
    sites = pl.concat(found)
    centres = _centres(desk, firms, sites["customer"].unique().sort())
    measured = _measured(sites, centres, desk)
    settings = desk.edition.production
    rule = measures.SupplierRule(
        known=settings.supplier_known,
        near_km=settings.supplier_near_km,
        regional=settings.supplier_regional,
        multi_site=settings.supplier_multi_site,
        draws=settings.draws,
        level=desk.edition.intervals.level,
        seed=settings.seed,
    )
    return Made(
        tables={
            "supplier_places": measures.places(measured),
            "supplier_radius": measures.radius(measured, centres, radii_km=settings.near_km, rule=rule),
            "supplier_spread": measures.spread(measured, rule=rule),
            "supplier_strategy": measures.strategy(measured, rule=rule),
            "supplier_changes": measures.changes(measured, rule=rule),
        }
    )


def place_sites(rows: pl.DataFrame, atlas: Atlas) -> pl.DataFrame:
    """Find where the sites of a list lie.

    Parameters
    ----------
    rows
        Columns of the record table `supplier_site`.

    Returns
    -------
    sited
        A row for each row of `rows`, in its order: `SITED`. Coordinates are the row's own, else the place's.
    """
    indexed = rows.with_row_index("at")
    asked = indexed.filter(pl.col("precision").is_in(["address", "city"]))
    is_tail = (
        (pl.col("precision") == "address")
        & pl.col("country").is_not_null()
        & pl.col("latitude").is_null()
        & ~pl.col("text").str.contains(_COMMAS)
        & pl.col("text").str.contains(" ", literal=True)
    )
    by_tail, plain = asked.filter(is_tail), asked.filter(~is_tail)
    named = rows.drop_nulls("division").select("country", name="division").unique(maintain_order=True)
    tails = read_tails(by_tail, atlas.resolver, text="text", country="country", divisions=named)
    answers = atlas.resolver.resolve(
        plain, text="text", country="country", latitude="latitude", longitude="longitude"
    )
    columns = ["place_id", "city_id", "reason"]
    told = pl.concat(
        [
            by_tail.select("at").hstack(
                tails.select(*columns, read="division", said=pl.lit(None, pl.String))
            ),
            plain.select("at").hstack(
                answers.select(*columns, read=pl.lit(None, pl.String), said="place_country")
            ),
        ]
    )
    joined = indexed.join(told, on="at", how="left", maintain_order="left").with_columns(
        country=pl.coalesce("country", "said"), division=pl.coalesce("division", "read")
    )
    rest = joined.filter(pl.col("country").is_null())
    guessed = pl.Series("guess", atlas.countries.find_all(rest["text"]), dtype=pl.String)
    joined = joined.join(
        rest.select("at").hstack([guessed]), on="at", how="left", maintain_order="left"
    ).with_columns(country=pl.coalesce("country", "guess"))
    joined = _one_spelling(_in_city_states(joined, atlas))
    return _confirmed(joined, atlas)


def _in_city_states(joined: pl.DataFrame, atlas: Atlas) -> pl.DataFrame:
    """Give the rows without a place of a country that is one city that city."""
    alone = (
        atlas.gazetteer.cities.filter(pl.len().over("country") == 1)
        .filter(pl.col("country").is_in(_city_states(atlas)))
        .select("country", state_city="city_id")
    )
    return joined.join(alone, on="country", how="left", maintain_order="left").with_columns(
        place_id=pl.coalesce("place_id", "state_city"), city_id=pl.coalesce("city_id", "state_city")
    )


def _city_states(atlas: Atlas) -> list[str]:
    """List countries nearly all of whose people live in cities; one with a town and villages is none."""
    people = atlas.gazetteer.places.group_by("country").agg(
        whole=pl.col("population").sum(),
        inside=pl.col("population").filter(pl.col("city_id").is_not_null()).sum(),
    )
    told = people.filter(pl.col("inside") >= _IN_THE_CITY * pl.col("whole"))
    return told["country"].sort().to_list()


def _one_spelling(joined: pl.DataFrame) -> pl.DataFrame:
    """Give each division of a country the spelling that the list has most often."""
    keys = pl.Series("key", division_keys(joined["division"]), dtype=pl.String)
    keyed = joined.hstack([keys])
    most = (
        keyed.drop_nulls("division")
        .group_by("country", "key", "division")
        .len()
        .sort("country", "key", "len", "division", descending=[False, False, True, False])
        .unique(["country", "key"], keep="first", maintain_order=True)
        .select("country", "key", spelt="division")
    )
    return (
        keyed.join(most, on=["country", "key"], how="left", maintain_order="left")
        .with_columns(division="spelt")
        .drop("spelt", "key")
    )


def _confirmed(joined: pl.DataFrame, atlas: Atlas) -> pl.DataFrame:
    """Say how precisely each row is known by now, and give its coordinates: `SITED`."""
    where = atlas.gazetteer.places.select("place_id", at_latitude="latitude", at_longitude="longitude")
    found = pl.col("place_id").is_not_null() | pl.col("latitude").is_not_null()
    precise = pl.when(pl.col("precision") == "address").then(pl.lit("address")).otherwise(pl.lit("city"))
    precision = (
        pl.when(found & pl.col("country").is_not_null())
        .then(precise)
        .when(pl.col("division").is_not_null() & pl.col("country").is_not_null())
        .then(pl.lit("division"))
        .when(pl.col("country").is_not_null())
        .then(pl.lit("country"))
    )
    return (
        joined.join(where, on="place_id", how="left", maintain_order="left")
        .with_columns(
            precision=precision,
            latitude=pl.coalesce("latitude", "at_latitude"),
            longitude=pl.coalesce("longitude", "at_longitude"),
            reason=pl.when(~found).then(
                pl.coalesce("reason", pl.format("the list says a {} and no more", "precision"))
            ),
        )
        .select(SITED.names())
        .match_to_schema(SITED)
    )


def _centres(desk: Desk, firms: Firms, customers: pl.Series) -> pl.DataFrame:
    """Find each customer's centre: `customer, city_id, place, country, latitude, longitude`.

    The place that the edition names, else the city of the headquarters of the firm of that name.
    """
    named = desk.edition.production.centres
    texts = [named.get(customer) for customer in customers]
    asked = pl.DataFrame({"customer": customers, "text": pl.Series(texts, dtype=pl.String)})
    answers = desk.atlas.resolver.resolve(asked, text="text")
    for customer, text, place in zip(customers, texts, answers["place_id"], strict=True):
        if text is not None and place is None:
            raise SpecError(
                f"edition {desk.edition.id!r}, [production.centres]: {customer} is {text!r}, which means no "
                "place that is known; write city and country, such as 'Cupertino, United States'"
            )
    firm = firms.find(customers)["firm"]
    seats = pl.DataFrame({"firm": firm.cast(pl.String)}).join(
        firms.frame.select("firm", seat="city_id"), on="firm", how="left", maintain_order="left"
    )
    cities = desk.atlas.gazetteer.cities.select("city_id", "country", "latitude", "longitude")
    return (
        asked.select("customer")
        .hstack(
            answers.select(
                "city_id", "place_id", "place_name", "place_latitude", "place_longitude", "place_country"
            )
        )
        .hstack(seats.select("seat"))
        .with_columns(city_id=pl.when(pl.col("place_country").is_null()).then("seat").otherwise("city_id"))
        .join(cities, on="city_id", how="left", maintain_order="left")
        .select(
            "customer",
            "city_id",
            place=pl.when(pl.col("place_id") != pl.col("city_id")).then("place_name"),
            country=pl.coalesce("place_country", "country"),
            latitude=pl.coalesce("place_latitude", "latitude"),
            longitude=pl.coalesce("place_longitude", "longitude"),
        )
    )


def _measured(sites: pl.DataFrame, centres: pl.DataFrame, desk: Desk) -> pl.DataFrame:
    """Add distance to the centre, its bounds, and whether a site is in the centre's region of the world."""
    regions = desk.atlas.countries.table.select("country", region="subregion")
    of_centre = centres.join(regions, on="country", how="left", maintain_order="left").select(
        "customer", from_latitude="latitude", from_longitude="longitude", centre_region="region"
    )
    frame = (
        sites.join(of_centre, on="customer", how="left", maintain_order="left")
        .join(regions, on="country", how="left", maintain_order="left")
        .with_columns(admin1=_admin1(sites, desk))
    )
    ends = ("latitude", "longitude", "from_latitude", "from_longitude")
    distance = great_circle_km(*(_numbers(frame[name]) for name in ends))
    frame = frame.with_columns(distance_km=pl.Series(distance).fill_nan(None))
    bounds = _bounds(frame, desk.atlas)
    return (
        frame.join(
            bounds, on=["customer", "country", "admin1"], how="left", nulls_equal=True, maintain_order="left"
        )
        .with_columns(
            pl.col("least_km").fill_null(0.0),
            pl.col("most_km").fill_null(measures.HALF_GIRTH_KM),
            in_region=pl.col("region") == pl.col("centre_region"),
        )
        .select(measures.SITES.names())
        .match_to_schema(measures.SITES)
    )


def _numbers(column: pl.Series) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    return column.cast(pl.Float64).fill_null(float("nan")).to_numpy()


def _admin1(sites: pl.DataFrame, desk: Desk) -> pl.Series:
    """Give the gazetteer's code of each site's division, where the gazetteer itself names it."""
    divisions = desk.shelf.part("geonames", "divisions").select("country", "admin1", "name")
    keys = pl.Series("key", division_keys(divisions["name"]), dtype=pl.String)
    known = (
        divisions.hstack([keys]).unique(["country", "key"], keep="none").select("country", "key", "admin1")
    )
    asked = sites.select("country").hstack(
        [pl.Series("key", division_keys(sites["division"]), dtype=pl.String)]
    )
    return asked.join(known, on=["country", "key"], how="left", maintain_order="left")["admin1"]


def _bounds(frame: pl.DataFrame, atlas: Atlas) -> pl.DataFrame:
    """Bound the distance from a centre to anywhere in a country, or a division of it, by its places.

    `customer, country, admin1, least_km, most_km`; `admin1` null stands for the whole country.
    """
    asked = frame.filter(pl.col("distance_km").is_null() & pl.col("from_latitude").is_not_null())
    pairs = asked.select("customer", "country", "admin1", "from_latitude", "from_longitude").unique()
    places = atlas.gazetteer.places.select("country", "latitude", "longitude", at="admin1")
    every = pairs.join(places, on="country", how="inner").filter(
        pl.col("admin1").is_null() | (pl.col("admin1") == pl.col("at"))
    )
    km = great_circle_km(
        *(_numbers(every[name]) for name in ("latitude", "longitude", "from_latitude", "from_longitude"))
    )
    return (
        every.with_columns(km=pl.Series(km))
        .group_by("customer", "country", "admin1")
        .agg(
            least_km=(pl.col("km").min() - _MARGIN_KM).clip(lower_bound=0.0),
            most_km=(pl.col("km").max() + _MARGIN_KM).clip(upper_bound=measures.HALF_GIRTH_KM),
        )
        .sort("customer", "country", "admin1")
    )
