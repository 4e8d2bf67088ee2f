"""Merges places into cities (functional urban areas) by one rule and a reviewed table of exceptions.

The rule. Places are taken from the largest to the smallest.

1. A place of at least `core_population` people, or a national capital, opens a city, unless it lies
   within reach of a city already open in the same country that has at least twice its people
   (`core_share`), or within `twin_km` of one, whatever their sizes; then it joins that city. Of two twins
   of like size the better known opens first: the one with more names in the gazetteer.
2. A city of P people reaches `reach_km * (P / 1,000,000) ** reach_power` km from its core.
3. Every smaller place joins the city in its own country that it is nearest to, measured in reaches, if it
   lies within one reach; else it belongs to no city.

No city crosses a country's or territory's border. `exceptions.csv` says, row by row with a reason, where
the rule is overruled (`cosmopolis.places.exemptions`); `city_names.csv` holds the names that a reader
expects where the gazetteer's differ (`cosmopolis.places.city_names`).

Population counts nobody twice: GeoNames lists boroughs beside their city, with no mark. A place that lies
in the core's own first-level division, within the radius that the core's people would fill at
`core_density` people a km², and has less than `core_share` of its people, is taken for a part of the core
and not counted again, nor is a twin in that division (the larger of the two numbers stands); others are
added. The sum is therefore a lower bound; it is never more than the country's people where these are known.

Sources: the threshold of 50,000 is that of the functional urban areas of the EU and the OECD (Dijkstra,
Poelman and Veneri 2019, OECD Regional Development Working Papers 2019/11); reach and share are ours,
set so that the reviewed lists in `tests/places/test_cities.py` hold. GeoNames knows no commuters: these
cities are areas by size and distance, not by journeys to work.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
import polars as pl
from scipy.spatial import cKDTree

from cosmopolis.errors import SpecError
from cosmopolis.places.city_names import shown_names
from cosmopolis.places.exemptions import JOINS, Exemption, built_in_exemptions, read_exemptions
from cosmopolis.places.geometry import chord_of, km_of, unit_vectors

__all__ = ["CityRule", "Exemption", "built_in_exemptions", "merge_places", "read_exemptions"]

_MILLION = 1_000_000


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
    exceptions: tuple[Exemption, ...] = field(default_factory=built_in_exemptions)

    def reach(self, population: float) -> float:
        """Reach of a city in km: `reach_km * (population / 1e6) ** reach_power`."""
        return float(self.reach_km * (max(population, 1.0) / _MILLION) ** self.reach_power)


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
        latitude, longitude, population, places`; population is null where the gazetteer knows of none.

    Raises
    ------
    SpecError
        If an exception joins a place to one that lies in another country or is no city's core.
    """
    ground = _Ground(places=places, rule=rule)
    city = _open_cities(ground)
    _join_rest(ground, city)
    _join_told(ground, city)
    counted = _counted(ground, city)
    ids = ground.ids
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
    people = pl.min_horizontal("population", most)
    cities = cities.with_columns(population=pl.when(people > 0).then(people))
    names, names_zh = shown_names(cities)
    return with_city, cities.select(
        "city_id", names, names_zh, "country", "latitude", "longitude", "population", "places"
    )


@dataclass(frozen=True, kw_only=True)
class _Ground:
    """Places as columns of numbers, by row, and what the exceptions say of them."""

    places: pl.DataFrame
    rule: CityRule

    @cached_property
    def ids(self) -> np.ndarray:
        return self.places["place_id"].to_numpy()

    @cached_property
    def row_of(self) -> dict[int, int]:
        return {int(place): i for i, place in enumerate(self.ids)}

    @cached_property
    def people(self) -> np.ndarray:
        people = self.places["population"].to_numpy().astype(np.float64)
        people[[self.row_of[e.place_id] for e in self.said("doubt")]] = 0.0
        return people

    @cached_property
    def fame(self) -> np.ndarray:
        """How many names a place has."""
        return self.places["alternates"].list.len().fill_null(0).cast(pl.Int64).to_numpy()

    @cached_property
    def xyz(self) -> np.ndarray:
        return unit_vectors(self.places["latitude"].to_numpy(), self.places["longitude"].to_numpy())

    @cached_property
    def countries(self) -> list[str]:
        return self.places["country"].to_list()

    @cached_property
    def told(self) -> dict[int, int]:
        """Rows that an exception joins to the row of a core."""
        return {
            self.row_of[e.place_id]: self.row_of[int(e.value)]
            for e in self.said(*JOINS)
            if int(e.value) in self.row_of
        }

    @cached_property
    def reaches(self) -> dict[int, float]:
        return {self.row_of[e.place_id]: float(e.value) for e in self.said("reach")}

    def said(self, *actions: str) -> list[Exemption]:
        """Exceptions of these kinds about places that are there, in the table's order."""
        return [e for e in self.rule.exceptions if e.action in actions and e.place_id in self.row_of]

    def rows(self, action: str) -> list[int]:
        """Rows of the places of which the exceptions say this."""
        return [self.row_of[e.place_id] for e in self.said(action)]

    def reach(self, core: int) -> float:
        """Reach of the city around a core, km."""
        return max(self.reaches.get(core, self.rule.reach(self.people[core])), self.rule.twin_km)

    def km(self, i: int, j: int) -> float:
        """Distance between two places."""
        return float(km_of(np.asarray(np.linalg.norm(self.xyz[i] - self.xyz[j]))))


def _open_cities(ground: _Ground) -> np.ndarray:
    """Step 1: open cities from the largest place down; returns each place's city as a row number or -1."""
    rule, people = ground.rule, ground.people
    city = np.full(len(people), -1, dtype=np.int64)
    forced, apart = ground.rows("core"), set(ground.rows("apart"))
    capital = _capital_rows(ground.places, rule.capitals)
    able = [i for i in range(len(people)) if people[i] >= rule.core_population or i in capital or i in apart]
    standing = _standing(ground, able)
    able.sort(key=lambda i: (-standing[i], -ground.fame[i], ground.ids[i]))
    order = forced + [i for i in able if i not in set(forced)]
    if not order:
        return city
    tree = cKDTree(ground.xyz[order])
    claims: dict[int, list[tuple[float, int, float]]] = {}
    for i in order:
        if i in ground.told:
            city[i] = ground.told[i]
            continue
        if i not in apart and i not in forced:
            offers = [
                (share, core)
                for share, core, km in claims.get(i, ())
                if km <= rule.twin_km or people[i] <= rule.core_share * people[core]
            ]
            if offers:
                city[i] = min(offers)[1]
                continue
        city[i] = i
        reach = ground.reach(i)
        for k in tree.query_ball_point(ground.xyz[i], chord_of(reach)):
            other = order[k]
            if other != i and ground.countries[other] == ground.countries[i]:
                km = ground.km(other, i)
                claims.setdefault(other, []).append((km / reach, i, km))
    return city


def _standing(ground: _Ground, able: list[int]) -> dict[int, float]:
    """People by which places are ordered: a better known twin takes over the larger one's number."""
    people, rule = ground.people, ground.rule
    standing = {i: float(people[i]) for i in able}
    tree = cKDTree(ground.xyz[able]) if able else None
    for a, b in sorted(tree.query_pairs(chord_of(rule.twin_km))) if tree is not None else ():
        known, other = sorted((able[a], able[b]), key=lambda i: (-ground.fame[i], i))
        like = people[known] >= rule.core_share * people[other]
        if like and ground.countries[known] == ground.countries[other]:
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


def _join_rest(ground: _Ground, city: np.ndarray) -> None:
    """Step 3: each place that opened no city joins the nearest in reaches, in its own country."""
    cores = np.flatnonzero(city == np.arange(len(city)))
    rest = np.flatnonzero(city < 0)
    if not len(cores) or not len(rest):
        return
    tree = cKDTree(ground.xyz[rest])
    best = np.full(len(rest), np.inf)
    for core in cores:
        reach = ground.reach(int(core))
        near = np.array(tree.query_ball_point(ground.xyz[core], chord_of(reach)), dtype=np.int64)
        if not len(near):
            continue
        share = km_of(np.linalg.norm(ground.xyz[rest[near]] - ground.xyz[core], axis=1)) / reach
        for k, s in zip(near, share, strict=True):
            if s < best[k] and ground.countries[rest[k]] == ground.countries[core]:
                best[k], city[rest[k]] = s, core


def _join_told(ground: _Ground, city: np.ndarray) -> None:
    """Join places as the exceptions say; those that had joined a place which is itself joined go along."""
    for place, core in ground.told.items():
        if ground.countries[place] != ground.countries[core]:
            raise SpecError(
                f"exceptions: place {ground.ids[place]} ({ground.countries[place]}) cannot join "
                f"{ground.ids[core]} ({ground.countries[core]}); a city does not cross a border"
            )
        if city[core] != core:
            raise SpecError(
                f"exceptions: place {ground.ids[place]} is told to join {ground.ids[core]}, which is no "
                f"city's core; expected the core's id, or a row `core` or `apart` for {ground.ids[core]}"
            )
        city[place] = core


def _counted(ground: _Ground, city: np.ndarray) -> np.ndarray:
    """People of each place that are not yet counted in its core."""
    rule, people = ground.rule, ground.people
    core = np.where(city >= 0, city, np.arange(len(city)))
    km = km_of(np.linalg.norm(ground.xyz - ground.xyz[core], axis=1))
    radius_km = np.sqrt(people[core] / (np.pi * rule.core_density))
    admin1 = ground.places["admin1"].fill_null("").to_numpy()
    itself = core == np.arange(len(city))
    same = (admin1 == admin1[core]) | (admin1 == "") | (admin1[core] == "")
    small = (km <= radius_km) & (people <= rule.core_share * people[core])
    part = ~itself & same & (small | (km <= rule.twin_km))
    part[ground.rows("part")] = True
    counted = np.where(part, 0.0, people)
    np.maximum.at(counted, core[part], people[part])
    return counted.astype(np.int64)
