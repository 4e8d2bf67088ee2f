"""How far apart countries are in an edition: in votes, in ideal points, in kilometres; by one set of codes.

Countries are named by ISO 3166-1 alpha-2, states that are no more by their four letters of ISO 3166-3. What
is done with the numbers stands in `cosmopolis.pipeline.production.trade`.
"""

from collections.abc import Iterable, Mapping, Sequence

import numpy as np
import polars as pl

from cosmopolis.measures import political_distance
from cosmopolis.measures.country_pairs import Between, Floats, between
from cosmopolis.measures.distance import great_circle_km
from cosmopolis.pipeline.cities import Atlas
from cosmopolis.pipeline.desk import Desk
from cosmopolis.pipeline.placing import REASONS
from cosmopolis.sources.former_countries import FORMER

IDEAL_POINTS, AGREEMENT, DISTANCE = "ideal_point_distance", "vote_agreement", "distance_km"
"""Measures of nearness."""

POLITICAL_DISTANCE = pl.Schema(
    {
        "year": pl.Int64,
        "country": pl.String,
        "other": pl.String,
        "measure": pl.String,
        "value": pl.Float64,
    }
)
"""Columns of the political distances of the largest traders, `country` < `other`."""

_UNANIMOUS = "the roll call was unanimous: all who voted gave the same vote"
_ANOTHER = "another source of the edition is taken: numbers of two do not mix"
_DIGITS = 10


def codes_by_iso3(atlas: Atlas) -> dict[str, str]:
    """Return the code of each country by its three letters, those of states that are no more included."""
    known = atlas.countries.table.filter(pl.col("iso3").is_not_null()).select("iso3", "country")
    return dict(known.iter_rows()) | {state.iso3: state.code for state in FORMER}


def codes_by_iso2(atlas: Atlas) -> dict[str, str]:
    """Return the code of each country by its two letters: their own, but for states that are no more."""
    return {code: code for code in atlas.countries.table["country"]} | {
        state.iso2: state.code for state in FORMER
    }


def coded(column: str, codes: Mapping[str, str]) -> pl.Expr:
    """Write a column of letters as codes; null where they are none."""
    return pl.col(column).replace_strict(dict(codes), default=None, return_dtype=pl.String)


def ideal_points(desk: Desk, years: Iterable[int]) -> dict[int, Between]:
    """Return the distances of ideal points by year, for all years of the source, and count its rows."""
    sources = desk.of_kind("ideal points", "points")
    rows = _first(desk, sources, "points")
    if rows is None:
        return {}
    named = rows.with_columns(country=coded("country", codes_by_iso3(desk.atlas)))
    known = named.drop_nulls("country").unique(["year", "country"], keep="first", maintain_order=True)
    desk.shelf.account(
        sources[0], "points", known["row"], _strange(rows, known), otherwise="its country is not told"
    )
    wanted = sorted({*years, *known["year"]})
    by_year = {year: political_distance.ideal_point_distance(known, year) for year in wanted}
    return {year: made for year, made in by_year.items() if len(made.countries) > 1}


def vote_agreement(desk: Desk) -> dict[int, Between]:
    """Return the agreement in votes by year, for all years of the source, and count its rows."""
    sources = desk.of_kind("votes", "votes")
    rows = _first(desk, sources, "votes")
    if rows is None:
        return {}
    named = rows.with_columns(country=coded("country", codes_by_iso2(desk.atlas)))
    known = named.drop_nulls("country").unique(["roll_call", "country"], keep="first", maintain_order=True)
    divided = political_distance.divided(rows)["row"]  # over all who voted, whoever is known here
    told = known.filter(pl.col("row").is_in(divided.implode()))
    unanimous = known.filter(~pl.col("row").is_in(told["row"].implode()))
    agreed = unanimous.select(
        "row",
        pl.lit("roll_call").alias("column"),
        pl.lit(None, dtype=pl.String).alias("value"),
        pl.lit(_UNANIMOUS).alias("reason"),
    )
    lines = pl.concat([_strange(rows, known), agreed])
    desk.shelf.account(sources[0], "votes", told["row"], lines, otherwise="its country is not told")
    least = desk.edition.production.roll_calls_min
    made = {}
    for (year,), group in told.group_by("year", maintain_order=True):
        found = political_distance.agreement(group, int(str(year)), roll_calls_min=least)
        if np.isfinite(found.values).any():
            made[int(str(year))] = found
    return dict(sorted(made.items()))


def _first(desk: Desk, sources: Sequence[str], part: str) -> pl.DataFrame | None:
    """Return the rows of the first source of a kind and set those of the others aside."""
    none = pl.Series("row", [], dtype=pl.Int64)
    for other in sources[1:]:
        desk.shelf.account(other, part, none, REASONS.to_frame(), otherwise=_ANOTHER)
    return desk.shelf.part(sources[0], part) if sources else None


def _strange(rows: pl.DataFrame, known: pl.DataFrame) -> pl.DataFrame:
    """Return lines, by `REASONS`, for the rows whose country is none or stands twice."""
    return rows.filter(~pl.col("row").is_in(known["row"].implode())).select(
        "row",
        pl.lit("country").alias("column"),
        value="country",
        reason=pl.format("{} is no country of the edition's lists, or stands there twice", "country"),
    )


def distances_km(desk: Desk, countries: Sequence[str]) -> Between:
    """Return the distances between countries in kilometres.

    Of the source of country pairs (between the largest cities), where the edition has one; of a pair that it
    lacks, the great circle between the capitals. A state that is no more lies where its capital lay.
    """
    seats = {state.code: state.seat for state in FORMER}
    there = [seats.get(country, country) for country in countries]
    pairs = pl.DataFrame(schema={"country": pl.String, "other": pl.String, "value": pl.Float64})
    by_iso3 = codes_by_iso3(desk.atlas)
    for source in desk.of_kind("country pairs", "pairs")[:1]:
        desk.shelf.use_all(source)
        pairs = desk.shelf.part(source, "pairs").select(
            country=coded("origin", by_iso3), other=coded("destination", by_iso3), value="distance_km"
        )
    known = between(pairs)
    values = known.at(countries)
    for more in (_at_seats(known, there), _between_capitals(desk, there)):
        values = np.where(np.isfinite(values), values, more)
    values[values == 0.0] = np.nan  # two states of one capital
    np.fill_diagonal(values, np.nan)
    order = np.argsort(np.array(countries, dtype=object))
    return Between(countries=tuple(countries[at] for at in order), values=values[np.ix_(order, order)])


def _at_seats(known: Between, seats: Sequence[str]) -> Floats:
    """Return distances between the countries in which capitals lie today; a seat may stand twice."""
    names = sorted(set(seats))
    matrix = known.at(names)
    at = np.array([names.index(seat) for seat in seats], dtype=np.int64)
    return matrix[np.ix_(at, at)]


def _between_capitals(desk: Desk, seats: Sequence[str]) -> np.ndarray[tuple[int, ...], np.dtype[np.float64]]:
    """Return great circles between capitals; not a number where the gazetteer has none."""
    table = desk.shelf.part("geonames", "countries").filter(pl.col("capital").is_not_null())
    answers = desk.atlas.resolver.resolve(table, text="capital", country="country")
    cities = desk.atlas.gazetteer.cities.select("city_id", "latitude", "longitude")
    capitals = (
        table.select("country")
        .hstack(answers.select("city_id"))
        .join(cities, on="city_id", how="left", maintain_order="left")
        .unique("country", keep="first", maintain_order=True)
    )
    placed = pl.DataFrame({"country": pl.Series(seats, dtype=pl.String)}).join(
        capitals, on="country", how="left", maintain_order="left"
    )
    latitude = placed["latitude"].to_numpy().astype(np.float64)
    longitude = placed["longitude"].to_numpy().astype(np.float64)
    return great_circle_km(
        latitude[:, np.newaxis], longitude[:, np.newaxis], latitude[np.newaxis], longitude[np.newaxis]
    )


def listed(distances: Mapping[str, Mapping[int, Between]], countries: Iterable[str]) -> pl.DataFrame:
    """Return the distances of some countries, pair by pair, by `POLITICAL_DISTANCE`."""
    names = sorted(set(countries))
    frames = [POLITICAL_DISTANCE.to_frame()]
    for measure, by_year in distances.items():
        for year, made in by_year.items():
            here = [name for name in names if name in made.countries]
            table = Between(countries=tuple(here), values=made.at(here)).table()
            frames.append(
                table.filter(pl.col("country") < pl.col("other")).select(
                    pl.lit(year, dtype=pl.Int64).alias("year"),
                    "country",
                    "other",
                    pl.lit(measure).alias("measure"),
                    pl.col("value").round(_DIGITS),
                )
            )
    return pl.concat(frames).sort("year", "country", "other", "measure")
