"""The city that a text means: its name in either language, a GeoNames id, or "name, country".

Compares whole names, letters without accents and in any case; a part of a name finds nothing but a hint.
Places that are no cities of the result are not known here: `cosmopolis resolve` finds those.
"""

import difflib
import math
import unicodedata
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import polars as pl

from cosmopolis.errors import UnknownNameError
from cosmopolis.publish.result import CountryNote

_MOST = 5
"""Cities that a message names at most."""
_CUTOFF = 0.6
_EARTH_KM = 6371.0


@dataclass(frozen=True, kw_only=True)
class _Known:
    """A city as it can be asked for."""

    id: int
    names: tuple[str, ...]
    country: str | None
    population: int


def folded(text: str) -> str:
    """Return a text without accents, in small letters, with single spaces.

    Examples
    --------
    >>> folded("  São  Paulo ")
    'sao paulo'
    """
    plain = unicodedata.normalize("NFKD", text)
    return " ".join("".join(c for c in plain if not unicodedata.combining(c)).casefold().split())


def find(
    text: str,
    cities: pl.DataFrame,
    countries: Mapping[str, CountryNote],
    *,
    ranked: frozenset[int] = frozenset(),
    say: Callable[[str], None] | None = None,
) -> int:
    """Return the id of the city that a text means.

    Of several cities of one name the only one in the ranking is meant; if more or none are ranked, the text
    is ambiguous.

    Parameters
    ----------
    text
        A name in English or Chinese, a GeoNames id, or a name, a comma and a country: its name in either
        language or its ISO 3166-1 alpha-2 code.
    cities
        `city_id`, `name`, `name_zh`, `country`, `population`; with `latitude` and `longitude` (degrees)
        cities of one name are told apart by the nearest larger city too.
    countries
        Names by code.
    ranked
        Ids of the cities in the ranking.
    say
        Is told in a line which city was taken where several have the name and one is ranked.

    Raises
    ------
    UnknownNameError
        If no city or more than one is meant; the message names the nearest.

    Examples
    --------
    >>> cities = pl.DataFrame({"city_id": [1, 2], "name": ["Arx", "Arx"], "name_zh": [None, None],
    ...                        "country": ["QA", "QB"], "population": [9, 8]})
    >>> find("2", cities, {}), find("ARX, qb", cities, {}), find("arx", cities, {}, ranked=frozenset([1]))
    (2, 2, 1)
    """
    every = _known(cities)
    asked = text.strip()
    if asked.isdecimal():
        if int(asked) in {city.id for city in every}:
            return int(asked)
        raise UnknownNameError(
            f"there is no city with the GeoNames id {asked} in this result: it may be a part of a larger "
            "one; ask by name"
        )
    found = [city for city in every if folded(asked) in city.names]
    name, country = asked, ""
    if not found and ("," in asked or "，" in asked):
        name, _, country = (part.strip() for part in asked.replace("，", ",").rpartition(","))
        named = [city for city in every if folded(name) in city.names]
        found = [city for city in named if _lies_in(city, country, countries)]
        if named and not found:
            raise UnknownNameError(
                f"there is no {name} in {country}; of this name there are {_listed(named, cities, countries)}"
            )
    among = [city for city in found if city.id in ranked]
    if len(among) == 1 and len(found) > 1:
        if say is not None:
            taken = _listed(among, cities, countries, apart=True)
            say(f"{asked}: taken is {taken}, the only ranked one of {len(found)} cities of this name")
        found = among
    if not found:
        near = _nearest(folded(name), every)
        hint = f"; did you mean {_listed(near, cities, countries)}?" if near else ""
        raise UnknownNameError(f"there is no city {asked!r} in this result{hint}")
    if len(found) > 1:
        how = ", or the name and country" if len({city.country for city in found}) == len(found) else ""
        raise UnknownNameError(f"{asked!r} may be {_listed(found, cities, countries)}; give the id{how}")
    return found[0].id


def _known(cities: pl.DataFrame) -> tuple[_Known, ...]:
    """Return the cities, the greatest first."""
    ordered = cities.sort("population", "city_id", descending=[True, False], nulls_last=True)
    columns = ordered.select("city_id", "name", "name_zh", "country", "population").iter_rows()
    return tuple(
        _Known(
            id=city,
            names=tuple(folded(one) for one in (name, name_zh) if one),
            country=country,
            population=population or 0,
        )
        for city, name, name_zh, country, population in columns
    )


def _lies_in(city: _Known, country: str, countries: Mapping[str, CountryNote]) -> bool:
    code = city.country or ""
    note = countries.get(code)
    names = [code, *(note.name.values() if note else ())]
    return folded(country) in {folded(name) for name in names if name}


def _nearest(name: str, every: tuple[_Known, ...]) -> list[_Known]:
    """Return the cities whose names begin with or hold a text, else those written most alike."""
    if not name:
        return []
    ways = (
        [city for city in every if any(one.startswith(name) for one in city.names)],
        [city for city in every if any(name in one for one in city.names)],
    )
    for found in ways:
        if found:
            return found[:_MOST]
    names: dict[str, _Known] = {}
    for city in every:
        for one in city.names:
            names.setdefault(one, city)
    close = difflib.get_close_matches(name, list(names), n=_MOST, cutoff=_CUTOFF)
    return list({names[one].id: names[one] for one in close}.values())


def _listed(
    found: list[_Known],
    cities: pl.DataFrame,
    countries: Mapping[str, CountryNote],
    *,
    apart: bool = False,
) -> str:
    """Name cities with their countries and ids, in English, as all messages are.

    Those of one name and country, or all where `apart` says so, with people and the nearest larger city.
    """
    names = dict(cities.select("city_id", "name").iter_rows())
    keys = [(names[city.id], city.country) for city in found]

    def one(city: _Known) -> str:
        note = countries.get(city.country or "")
        country = (note.name.get("en") if note else None) or city.country
        id_ = str(city.id)
        if apart or keys.count((names[city.id], city.country)) > 1:
            id_ = ", ".join([f"id {city.id}", *_tokens(city, cities)])
        return f"{names[city.id]}, {country} ({id_})" if country else f"{names[city.id]} ({id_})"

    more = f" and {len(found) - _MOST} more" if len(found) > _MOST else ""
    return "; ".join(one(city) for city in found[:_MOST]) + more


def _tokens(city: _Known, cities: pl.DataFrame) -> list[str]:
    """Tell a city from others of its name: its people, and the nearest larger city with its distance."""
    tokens = [f"{city.population:,} people"] if city.population else []
    if not {"latitude", "longitude"} <= set(cities.columns):
        return tokens
    columns = cities.select("city_id", "name", "population", "latitude", "longitude").drop_nulls()
    rows = {row[0]: row for row in columns.iter_rows()}
    if city.id not in rows:
        return tokens
    _, own_name, people, latitude, longitude = rows[city.id]
    larger = [
        (_km(latitude, longitude, row[3], row[4]), row[0], row[1])
        for row in rows.values()
        if row[2] > people and row[1] != own_name
    ]
    if larger:
        km, _, name = min(larger)
        return [*tokens, f"{km:.0f} km from {name}"]
    return [*tokens, f"latitude {latitude:.2f}, longitude {longitude:.2f}"]


def _km(lat_a: float, lon_a: float, lat_b: float, lon_b: float) -> float:
    """Return the great-circle distance of two points in degrees, km (haversine)."""
    a, b = math.radians(lat_a), math.radians(lat_b)
    half = math.radians(lon_b - lon_a) / 2
    root = math.sin((b - a) / 2) ** 2 + math.cos(a) * math.cos(b) * math.sin(half) ** 2
    return 2 * _EARTH_KM * math.asin(min(1.0, math.sqrt(root)))
