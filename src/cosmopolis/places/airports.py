"""Which city an airport serves: by the sources' own words, not by the nearest city in a circle.

Schiphol lies in Haarlemmermeer and serves Amsterdam; Narita serves Tokyo, Malpensa Milan, Luton London.
"""

import polars as pl

from cosmopolis.places.resolve import Resolver


def cities_served(airports: pl.DataFrame, metropolitan: pl.DataFrame, resolver: Resolver) -> pl.DataFrame:
    """Find the place and city that each airport serves.

    The name looked up is the city of the airport's metropolitan code (TYO for NRT) where it has one,
    else the city that the airport's own row names; coordinates weigh among homonyms and find the nearest
    place where no name fits.

    Parameters
    ----------
    airports
        `iata, city, country, latitude, longitude` (record table `airport`); of rows with the same code the
        first counts.
    metropolitan
        `iata, city, country` (record table `metropolitan_airport`).

    Returns
    -------
    served
        `iata`, the resolver's answer, `reason` and `candidates`, one row for each airport in the order of
        `iata`.
    """
    first = airports.unique("iata", keep="first", maintain_order=True).sort("iata")
    named = first.join(
        metropolitan.select("iata", metropolitan_city="city", metropolitan_country="country").unique(
            "iata", keep="first", maintain_order=True
        ),
        on="iata",
        how="left",
        maintain_order="left",
    ).with_columns(
        text=pl.coalesce("metropolitan_city", "city"),
        in_country=pl.coalesce("metropolitan_country", "country"),
    )
    answers = resolver.resolve(
        named, text="text", country="in_country", latitude="latitude", longitude="longitude"
    )
    return named.select("iata").hstack(answers)


def divisions_of(airports: pl.DataFrame, resolver: Resolver) -> pl.DataFrame:
    """Learn names of first-level divisions from airports that state theirs: `country, admin1, name`.

    The gazetteer has codes of divisions without names. An airport's division name belongs to the code of
    the place that it serves, where its city is found by name; the code that most airports of a name agree
    on counts, if more than half do.
    """
    named = airports.filter(
        pl.col("division").is_not_null() & (pl.col("division") != "") & (pl.col("division") != pl.col("city"))
    )
    answers = resolver.resolve(
        named, text="city", country="country", latitude="latitude", longitude="longitude"
    )
    places = resolver.gazetteer.places.select("place_id", "admin1")
    found = (
        named.select("country", name="division")
        .hstack(answers.select("place_id", "way"))
        .join(places, on="place_id", how="left", maintain_order="left")
        .filter(
            pl.col("admin1").is_not_null()
            & (pl.col("admin1") != "")
            & pl.col("way").is_in(["exact", "alternate", "normal"])
        )
    )
    votes = found.group_by("country", "name", "admin1").agg(votes=pl.len())
    of_name = votes.with_columns(share=pl.col("votes") / pl.col("votes").sum().over("country", "name"))
    return of_name.filter(pl.col("share") > 0.5).select("country", "admin1", "name").sort(pl.all())  # noqa: PLR2004
