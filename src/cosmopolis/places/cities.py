"""Merges places into cities (functional urban areas) by one rule and a reviewed table of exceptions.

The rule. Places are taken from the largest to the smallest.

1. A place of at least `core_population` people, or a national capital, opens a city, unless it lies
   within reach of a city already open in the same country that has at least twice its people
   (`core_share`), or within `twin_km` of one, whatever their sizes; then it joins that city. Of two twins of
   like size the better known opens first: the one with more names in the gazetteer.
2. A city of P people reaches `reach_km * (P / 1,000,000) ** reach_power` km from its core.
3. Every smaller place joins the city in its own country that it is nearest to, measured in reaches, if it
   lies within one reach; else it belongs to no city.

No city crosses a country's or territory's border. `exceptions.csv` says, row by row with a reason, where
the rule is overruled: `core` (this place opens a city first), `merge` (joins that city), `part` (joins it and its
people are in the city's own count), `apart` (opens a city although within reach), `reach` (reaches so many
km), `doubt` (the gazetteer's number of people contradicts itself: counted as none). `city_names.csv` holds
the names that a reader expects where the gazetteer's differ.

Population counts nobody twice: GeoNames lists boroughs beside their city, with no mark. A place that lies in
the core's own first-level division, within the radius that the core's people would fill at
`core_density` people a km², and has less than `core_share` of its people, is taken for a part of the core
and not counted again, nor is a twin in that division (the larger of the two numbers stands); others are added. The sum is therefore a lower bound; it is never more than the
country's people where these are known.

Sources: the threshold of 50,000 is that of the functional urban areas of the EU and the OECD (Dijkstra,
Poelman and Veneri 2019, OECD Regional Development Working Papers 2019/11); reach and share are ours,
set so that the reviewed lists in `tests/places/test_cities.py` hold.
"""

import csv
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from importlib import resources
from pathlib import Path
from typing import NamedTuple

import numpy as np
import polars as pl
from scipy.spatial import cKDTree

from cosmopolis.errors import SpecError, hint_near
from cosmopolis.places.geometry import chord_of, km_of, unit_vectors
from cosmopolis.places.names import simplified

_MILLION = 1_000_000
_ACTIONS = ("core", "merge", "part", "apart", "reach", "doubt")
_JOINS = ("merge", "part")


class Exemption(NamedTuple):
    """One row of the table of exceptions."""

    action: str
    place_id: int
    value: str
    reason: str


@dataclass(frozen=True, kw_only=True)
class CityRule:
    """The settings of the merge; see the module's text for what each does.

    Attributes
    ----------
    core_population
        People that a place needs to open a city.
    core_share
        A place with more than this share of a city's people stays apart from it.
    reach_km
        Reach of a city of one million people, km.
    reach_power
        How reach grows with people.
    twin_km
        Places nearer than this to a city's core are always part of it, km.
    core_density
        People a km² inside a core, to tell boroughs from neighbours.
    capitals
        Country to the name of its capital, as the gazetteer writes it.
    country_people
        Country to its people: the most that a city of it can have.
    exceptions
        Rows that overrule the rule.
    """

    core_population: int = 50_000
    core_share: float = 0.5
    reach_km: float = 20.0
    reach_power: float = 0.3
    twin_km: float = 8.0
    core_density: float = 2_500.0
    capitals: Mapping[str, str] = field(default_factory=dict)
    country_people: Mapping[str, int] = field(default_factory=dict)
    exceptions: tuple[Exemption, ...] = field(default_factory=lambda: built_in_exemptions())

    def reach(self, population: float) -> float:
        """Reach of a city in km: `reach_km * (population / 1e6) ** reach_power`."""
        return self.reach_km * (max(population, 1.0) / _MILLION) ** self.reach_power


@lru_cache(maxsize=1)
def built_in_exemptions() -> tuple[Exemption, ...]:
    """Read the reviewed table that ships with the package."""
    text = resources.files("cosmopolis.places").joinpath("exceptions.csv").read_text(encoding="utf-8")
    return _parse_exemptions(text.splitlines(), "exceptions.csv")


def read_exemptions(path: Path) -> tuple[Exemption, ...]:
    """Read a table of exceptions: columns action, place_id, value, reason."""
    return _parse_exemptions(path.read_text(encoding="utf-8-sig").splitlines(), str(path))


def _parse_exemptions(lines: list[str], where: str) -> tuple[Exemption, ...]:
    rows = []
    for number, line in enumerate(csv.DictReader(lines), start=2):
        action, place, value = line.get("action") or "", line.get("place_id") or "", line.get("value") or ""
        reason = line.get("reason") or ""
        if action not in _ACTIONS:
            raise SpecError(f"{where}, line {number}: action is {action!r}" + hint_near(action, _ACTIONS))
        if not place.isdigit() or (action in _JOINS and not value.isdigit()):
            raise SpecError(
                f"{where}, line {number}: place_id and the value of a {action} are GeoNames ids, "
                f"got {place!r} and {value!r}"
            )
        if not reason:
            raise SpecError(f"{where}, line {number}: every exception gives its reason")
        rows.append(Exemption(action, int(place), value, reason))
    return tuple(rows)


def merge_places(places: pl.DataFrame, *, rule: CityRule) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Give each place its city.

    Parameters
    ----------
    places
        Record table `place`: `place_id, name, country, admin1, latitude, longitude, population,
        alternates`.

    Returns
    -------
    places, cities
        `places` with `city_id` (null where in no city); cities with `city_id, name, name_zh, country,
        latitude, longitude, population, places`.
    """
    ids = places["place_id"].to_numpy()
    row_of = {int(place): i for i, place in enumerate(ids)}
    people = places["population"].to_numpy().astype(np.float64)
    for e in rule.exceptions:
        if e.action == "doubt" and e.place_id in row_of:
            people[row_of[e.place_id]] = 0.0
    xyz = unit_vectors(places["latitude"].to_numpy(), places["longitude"].to_numpy())
    countries = places["country"].to_list()
    known = [e for e in rule.exceptions if e.place_id in row_of]
    reaches = {row_of[e.place_id]: float(e.value) for e in known if e.action == "reach"}
    city = _open_cities(places, rule, known, row_of, people, xyz, countries, reaches)
    _join_rest(city, rule, people, xyz, countries, reaches)
    for e in known:
        if e.action in _JOINS and int(e.value) in row_of:
            city[row_of[e.place_id]] = row_of[int(e.value)]
    parts = [row_of[e.place_id] for e in known if e.action == "part"]
    counted = _counted(places, city, people, xyz, rule, parts)
    with_city = places.with_columns(
        city_id=pl.Series([int(ids[c]) if c >= 0 else None for c in city], dtype=pl.Int64)
    )
    cities = (
        with_city.with_columns(counted=pl.Series(counted))
        .filter(pl.col("city_id").is_not_null())
        .group_by("city_id")
        .agg(population=pl.col("counted").sum(), places=pl.len().cast(pl.Int64))
        .join(places.drop("population"), left_on="city_id", right_on="place_id", how="left")
        .sort("city_id")
    )
    most = pl.col("country").replace_strict(rule.country_people, default=None, return_dtype=pl.Int64)
    cities = cities.with_columns(pl.min_horizontal("population", most).alias("population"))
    names, names_zh = _shown_names(cities)
    return with_city, cities.select(
        "city_id", names, names_zh, "country", "latitude", "longitude", "population", "places"
    )


def _open_cities(
    places: pl.DataFrame,
    rule: CityRule,
    known: list[Exemption],
    row_of: dict[int, int],
    people: np.ndarray,
    xyz: np.ndarray,
    countries: list[str],
    reaches: dict[int, float],
) -> np.ndarray:
    """Step 1: open cities from the largest place down; returns each place's city as a row number or -1."""
    city = np.full(len(people), -1, dtype=np.int64)
    forced = [row_of[e.place_id] for e in known if e.action == "core"]
    apart = {row_of[e.place_id] for e in known if e.action == "apart"}
    told = {
        row_of[e.place_id]: row_of[int(e.value)]
        for e in known
        if e.action in _JOINS and int(e.value) in row_of
    }
    capital = _capital_rows(places, rule.capitals)
    able = [i for i in range(len(people)) if people[i] >= rule.core_population or i in capital]
    ids = places["place_id"].to_numpy()
    fame = places["alternates"].list.len().fill_null(0).cast(pl.Int64).to_numpy()
    standing = _standing(able, people, fame, xyz, countries, rule)
    able.sort(key=lambda i: (-standing[i], -fame[i], ids[i]))
    order = forced + [i for i in able if i not in set(forced)]
    tree = cKDTree(xyz[order]) if order else None
    place_in_order = {row: k for k, row in enumerate(order)}
    claims: dict[int, list[tuple[float, int, float]]] = {}
    for i in order:
        if i in told:
            city[i] = told[i]
            continue
        if i not in forced and i not in apart:
            offers = [
                (share, core)
                for share, core, km in claims.get(place_in_order[i], ())
                if km <= rule.twin_km or people[i] <= rule.core_share * people[core]
            ]
            if offers:
                city[i] = min(offers)[1]
                continue
        city[i] = i
        reach = max(reaches.get(i, rule.reach(people[i])), rule.twin_km)
        near = tree.query_ball_point(xyz[i], chord_of(reach)) if tree is not None else []
        for k in near:
            if countries[order[k]] == countries[i] and order[k] != i:
                km = float(km_of(np.linalg.norm(xyz[order[k]] - xyz[i])))
                claims.setdefault(k, []).append((km / reach, i, km))
    return city


def _standing(
    able: list[int],
    people: np.ndarray,
    fame: np.ndarray,
    xyz: np.ndarray,
    countries: list[str],
    rule: CityRule,
) -> dict[int, float]:
    """People by which places are ordered: a better known twin takes over the larger one's number."""
    standing = {i: float(people[i]) for i in able}
    tree = cKDTree(xyz[able]) if able else None
    for a, b in sorted(tree.query_pairs(chord_of(rule.twin_km))) if tree is not None else ():
        known, other = sorted((able[a], able[b]), key=lambda i: (-fame[i], i))
        if countries[known] == countries[other] and people[known] >= rule.core_share * people[other]:
            standing[known] = max(standing[known], float(people[other]))
    return standing


def _capital_rows(places: pl.DataFrame, capitals: Mapping[str, str]) -> set[int]:
    """Rows of the national capitals: in each country the most populous place of that name."""
    if not capitals:
        return set()
    wanted = pl.DataFrame({"country": list(capitals), "capital": list(capitals.values())})
    known = (
        places.with_row_index("i")
        .join(wanted, on="country")
        .filter((pl.col("name") == pl.col("capital")) | pl.col("alternates").list.contains(pl.col("capital")))
        .with_columns(same=(pl.col("name") == pl.col("capital")))
        .sort("country", "same", "population", "place_id", descending=[False, True, True, False])
        .unique("country", keep="first", maintain_order=True)
    )
    return set(known["i"].to_list())


def _join_rest(
    city: np.ndarray,
    rule: CityRule,
    people: np.ndarray,
    xyz: np.ndarray,
    countries: list[str],
    reaches: dict[int, float],
) -> None:
    """Step 3: each place that opened no city joins the nearest in reaches, in its own country."""
    cores = np.flatnonzero(city == np.arange(len(city)))
    rest = np.flatnonzero(city < 0)
    if not len(cores) or not len(rest):
        return
    tree = cKDTree(xyz[rest])
    best = np.full(len(rest), np.inf)
    for core in cores:
        reach = reaches.get(int(core), rule.reach(people[core]))
        near = np.array(tree.query_ball_point(xyz[core], chord_of(reach)), dtype=np.int64)
        if not len(near):
            continue
        share = km_of(np.linalg.norm(xyz[rest[near]] - xyz[core], axis=1)) / reach
        for k, s in zip(near, share, strict=True):
            if s < best[k] and countries[rest[k]] == countries[core]:
                best[k], city[rest[k]] = s, core


def _counted(
    places: pl.DataFrame,
    city: np.ndarray,
    people: np.ndarray,
    xyz: np.ndarray,
    rule: CityRule,
    parts: list[int],
) -> np.ndarray:
    """People of each place that are not yet counted in its core."""
    core = np.where(city >= 0, city, np.arange(len(city)))
    km = km_of(np.linalg.norm(xyz - xyz[core], axis=1))
    radius_km = np.sqrt(people[core] / (np.pi * rule.core_density))
    admin1 = places["admin1"].fill_null("").to_numpy()
    itself = core == np.arange(len(city))
    same = (admin1 == admin1[core]) | (admin1 == "") | (admin1[core] == "")
    small = (km <= radius_km) & (people <= rule.core_share * people[core])
    part = ~itself & same & (small | (km <= rule.twin_km))
    part[parts] = True
    counted = np.where(part, 0.0, people)
    np.maximum.at(counted, core[part], people[part])
    return counted.astype(np.int64)


@lru_cache(maxsize=1)
def _reviewed_names() -> tuple[dict[int, str], dict[int, str]]:
    """Read the reviewed names that ship with the package: English and Chinese, by city."""
    text = resources.files("cosmopolis.places").joinpath("city_names.csv").read_text(encoding="utf-8")
    rows = list(csv.DictReader(text.splitlines()))
    en = {int(row["city_id"]): row["name"] for row in rows if row["name"]}
    zh = {int(row["city_id"]): row["name_zh"] for row in rows if row["name_zh"]}
    return en, zh


def _shown_names(cities: pl.DataFrame) -> tuple[pl.Series, pl.Series]:
    """Names of cities as a reader expects them, English and Chinese."""
    en, zh = _reviewed_names()
    names = [en.get(city, name) for city, name in cities.select("city_id", "name").iter_rows()]
    chosen = chinese_names(cities.select(pl.col("city_id").alias("place_id"), "country", "alternates"))
    names_zh = [zh.get(city, name) for city, name in zip(cities["city_id"], chosen, strict=True)]
    return pl.Series("name", names, dtype=pl.String), pl.Series("name_zh", names_zh, dtype=pl.String)


def chinese_names(places: pl.DataFrame) -> pl.Series:
    """Choose the Chinese name among alternates that carry no language.

    Names of Han characters only are written in simplified form; the one that most spellings agree on
    wins, then one that was simplified already, then the shortest, then the first in code order. A
    trailing 市 is dropped where something of two characters is left. Null where there is none.
    """
    named = (
        places.select("place_id", pl.col("alternates").alias("name"))
        .explode("name", empty_as_null=False)
        .filter(pl.col("name").str.contains(r"^[\p{Han}·]{2,}$"))
    )
    simple = named.with_columns(simplified(named["name"]).alias("simple"))
    best = (
        simple.with_columns(
            pl.when(pl.col("simple").str.contains(r"^.{2,}市$"))
            .then(pl.col("simple").str.replace("市$", ""))
            .otherwise("simple")
            .alias("short"),
            same=pl.col("simple") == pl.col("name"),
        )
        .group_by("place_id", "short")
        .agg(pl.len().alias("votes"), pl.col("same").any())
        .with_columns(length=pl.col("short").str.len_chars())
        .sort("place_id", "votes", "same", "length", "short", descending=[False, True, True, False, False])
        .unique("place_id", keep="first", maintain_order=True)
    )
    return places.select("place_id").join(best, on="place_id", how="left", maintain_order="left")["short"]
