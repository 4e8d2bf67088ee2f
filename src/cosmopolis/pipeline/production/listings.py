"""Firms of stock indices: where they sit, the exchanges that they are listed on, their sector groups.

The source `listed-firms` has a record table of its own, since a row is a firm in an index. Other lists of
companies are read by `cosmopolis.pipeline.production.firms`, which takes these firms in too.
"""

import polars as pl

from cosmopolis.measures import headquarters
from cosmopolis.networks import ownership
from cosmopolis.pipeline.cities import Atlas
from cosmopolis.pipeline.placing import not_placed, unused
from cosmopolis.pipeline.records import Shelf

SOURCE = "listed-firms"


def place_listings(shelf: Shelf, atlas: Atlas) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Return the rows of the source, by number, and what the resolver answers for each.

    The text alone is tried first, for the source's country is now that of the index and now that of the
    firm; the country helps where the text tells no place.
    """
    firms = shelf.part(SOURCE, "companies")
    alone = atlas.resolver.resolve(firms, text="headquarters")
    country = pl.Series("country_hint", atlas.countries.find_all(firms["country_text"]), dtype=pl.String)
    hinted = atlas.resolver.resolve(firms.hstack([country]), text="headquarters", country="country_hint")
    first = alone["place_id"].is_not_null() | country.is_null()
    answers = pl.concat([alone.filter(first), hinted.filter(~first)])
    order = pl.concat([firms["row"].filter(first), firms["row"].filter(~first)])
    return firms.sort("row"), answers.hstack([order]).sort("row").drop("row")


def venue_cities(atlas: Atlas) -> pl.DataFrame:
    """Return the reviewed table of exchanges with the `city_id` of each; null where a venue is no place."""
    venues = ownership.exchanges()
    answers = atlas.resolver.resolve(venues, text="city", country="country")
    return venues.hstack(answers.select("city_id"))


def listings(shelf: Shelf, atlas: Atlas) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Link headquarters to exchanges; returns links and the firms by city and sector group."""
    firms, answers = place_listings(shelf, atlas)
    placed = firms.hstack(answers.select("city_id")).filter(pl.col("city_id").is_not_null())
    built = ownership.listings(placed, venue_cities(atlas).select("exchange", "city_id"))
    table = headquarters.firms_by_sector(placed)
    used = pl.concat([built.used.cast(pl.Int64), table["row"]]).unique()
    lines = pl.concat([not_placed(firms, answers, "headquarters"), unused(built, "exchanges")])
    shelf.account(SOURCE, "companies", used, lines, otherwise="the firm has no sector group and no listing")
    return built.links, table
