"""What is planted: cities and their sizes, the law by which they meet, years, a shock, fields, broken lines.

A work has a first city c, drawn by h_c ∝ s_c Z_c, and k further cities, all different, drawn by
q_cd = f_cd s_d / Z_c with Z_c = Σ_d f_cd s_d. So the two cities of a work that names two are drawn by

P(c, d) ∝ s_c s_d f_cd,    f_cd = max(d_cd, 1 km)^−β μ^[c and d in one community],

which is symmetric: a gravity law with city effects. Works of three cities and more have pairs beside it (two
cities that only share the first), which the law does not describe.
"""

from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from cosmopolis.errors import SpecError
from cosmopolis.places.geometry import EARTH_RADIUS_KM
from cosmopolis.streams import stream

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]

FURTHER_MAX = 3
"""A work names at most so many cities beside its first."""

NEAREST_KM = 1.0
"""Cities nearer than this attract each other as if they were so far apart."""

_TREES = (
    "Alder Birch Cedar Dogwood Elm Fir Ginkgo Hazel Ironwood Juniper Katsura Larch Maple Nutmeg Oak Pine "
    "Quince Rowan Spruce Tamarack Umbrella Viburnum Willow Yew Zelkova"
)
_ENDINGS = ("", "burg", "field", "ford", "ham", "haven", "mouth", "ton")
_COUNTRIES = ("XA", "XB", "XC", "XD", "XE", "XF")  # codes that ISO 3166 leaves to users


@dataclass(frozen=True, kw_only=True)
class Plan:
    """The settings of synthetic records.

    Attributes
    ----------
    works, patents
        How many of each.
    seed
        A whole number from 0; the same gives the same bytes.
    cities
        `city_id, name, country, latitude, longitude`, the largest first.
    invented
        Whether the cities are invented, so that no gazetteer knows them.
    size_exponent
        α of sizes s = rank^−α.
    decay
        β, the exponent of distance.
    communities, affinity
        How many there are, and μ, by which two cities of one attract each other more.
    years
        The first and the last.
    growth
        Of the number of records by year.
    shock_year, shock
        The year in which this share of the records is missing.
    further
        Shares of works with no, one, two and three cities beside the first.
    fields
        Share of each field, summing to 1; `other` is in none.
    institutions
        In each city.
    broken
        Lines that are no works, at the end of the first file of works.
    unaffiliated
        Share of authors without any affiliation.
    """

    works: int
    patents: int = 0
    seed: int = 0
    cities: pl.DataFrame
    invented: bool = True
    size_exponent: float = 1.0
    decay: float = 0.6
    communities: int = 5
    affinity: float = 20.0
    years: tuple[int, int] = (2000, 2024)
    growth: float = 0.05
    shock_year: int = 2020
    shock: float = 0.4
    further: tuple[float, ...] = (0.5, 0.35, 0.1, 0.05)
    fields: dict[str, float] = field(default_factory=lambda: {"other": 1.0})
    institutions: int = 3
    broken: int = 3
    unaffiliated: float = 0.02

    def __post_init__(self) -> None:
        """Check the settings."""
        whole = {"works": self.works, "patents": self.patents, "seed": self.seed}
        for name, value in whole.items():
            if value < 0:
                raise SpecError(f"{name} is {value}, expected a whole number from 0")
        if self.cities.height <= FURTHER_MAX:
            raise SpecError(f"got {self.cities.height} cities, expected more than {FURTHER_MAX}")
        if not 1 <= self.communities <= self.cities.height:
            raise SpecError(
                f"got {self.communities} communities of {self.cities.height} cities, expected 1 to as many"
            )
        if not self.years[0] <= self.shock_year <= self.years[1]:
            raise SpecError(f"the shock year {self.shock_year} is not within the years {self.years}")

    @cached_property
    def community(self) -> Integers:
        """Community of each city, from 0, drawn without regard to place: neither explains the other."""
        order = stream("simulate communities", self.seed).permutation(self.cities.height)
        labels = np.empty(self.cities.height, dtype=np.int64)
        labels[order] = np.arange(self.cities.height) % self.communities
        return labels

    @cached_property
    def sizes(self) -> Floats:
        """Sizes s of the cities, summing to 1."""
        ranks = np.arange(1, self.cities.height + 1, dtype=np.float64)
        sizes = ranks**-self.size_exponent
        return np.asarray(sizes / sizes.sum(), dtype=np.float64)

    @cached_property
    def attraction(self) -> Floats:
        """Attraction f of every two cities, 0 of a city and itself."""
        latitude, longitude = (np.radians(self.cities[name].to_numpy()) for name in ("latitude", "longitude"))
        half = np.sin((latitude[:, None] - latitude) / 2) ** 2 + np.cos(latitude[:, None]) * np.cos(
            latitude
        ) * (np.sin((longitude[:, None] - longitude) / 2) ** 2)
        km = 2 * EARTH_RADIUS_KM * np.arcsin(np.sqrt(np.clip(half, 0.0, 1.0)))
        same = self.community[:, None] == self.community
        force = np.maximum(km, NEAREST_KM) ** -self.decay * np.where(same, self.affinity, 1.0)
        np.fill_diagonal(force, 0.0)
        return np.asarray(force, dtype=np.float64)

    @cached_property
    def meeting(self) -> Floats:
        """Chance q_cd that a work of first city c has d as the next, by row."""
        pull = self.attraction * self.sizes
        return np.asarray(pull / pull.sum(axis=1, keepdims=True), dtype=np.float64)

    @cached_property
    def first(self) -> Floats:
        """Chance h_c that a city is a work's first."""
        pull = self.sizes * (self.attraction * self.sizes).sum(axis=1)
        return np.asarray(pull / pull.sum(), dtype=np.float64)

    @cached_property
    def pair_law(self) -> Floats:
        """Chance of every two cities to be those of a work with two: symmetric, its upper half sums to 1."""
        law = self.first[:, None] * self.meeting
        return np.asarray(law + law.T, dtype=np.float64)

    @cached_property
    def shares(self) -> Floats:
        """Chance of each city to stand in a work, exactly.

        Of k cities drawn all different with chances q, P(d) = q_d e_{k−1}(q without d) / e_k(q), with e the
        elementary symmetric polynomials: e_2 = (1 − p_2)/2, e_3 = (1 − 3 p_2 + 2 p_3)/6, p the power sums.
        """
        q = self.meeting
        p2, p3 = (q**2).sum(axis=1, keepdims=True), (q**3).sum(axis=1, keepdims=True)
        e2, e3 = (1 - p2) / 2, (1 - 3 * p2 + 2 * p3) / 6
        among = (np.zeros_like(q), q, q * (1 - q) / e2, q * (e2 - q * (1 - q)) / e3)
        shares = self.first.copy()
        for share, chance in zip(self.further, among, strict=True):
            shares += share * (self.first[:, None] * chance).sum(axis=0)
        return np.asarray(shares, dtype=np.float64)

    @cached_property
    def by_year(self) -> Floats:
        """Share of the records in each year."""
        years = np.arange(self.years[0], self.years[1] + 1)
        weights = (1 + self.growth) ** (years - self.years[0]).astype(np.float64)
        weights[years == self.shock_year] *= 1 - self.shock
        return np.asarray(weights / weights.sum(), dtype=np.float64)

    def truth(self) -> dict[str, Any]:
        """Return all that is planted, for `truth.json`."""
        columns = ["city_id", "name", "country", "latitude", "longitude"]
        cities = self.cities.select(columns).with_columns(
            size=pl.Series(self.sizes), share=pl.Series(self.shares), community=pl.Series(self.community + 1)
        )
        years = range(self.years[0], self.years[1] + 1)
        return {
            "synthetic": True,
            "note": "Synthetic records made by `cosmopolis simulate`; nothing here is about the world.",
            "works": self.works,
            "patents": self.patents,
            "seed": self.seed,
            "invented_cities": self.invented,
            "size_exponent": self.size_exponent,
            "decay_exponent": self.decay,
            "decay_holds_for": "records that name two cities",
            "communities": self.communities,
            "affinity": self.affinity,
            "years": list(self.years),
            "growth": self.growth,
            "shock_year": self.shock_year,
            "shock": self.shock,
            "by_year": dict(zip(map(str, years), self.by_year.tolist(), strict=True)),
            "further_cities": list(self.further),
            "fields": self.fields,
            "broken_lines": self.broken,
            "unaffiliated": self.unaffiliated,
            "cities": cities.to_dicts(),
        }


def invented_cities(number: int, *, seed: int = 0) -> pl.DataFrame:
    """Make cities of no gazetteer, evenly strewn over the inhabited latitudes.

    Examples
    --------
    >>> invented_cities(2).select("name", "country").rows()
    [('Synthetic Alder', 'XA'), ('Synthetic Birch', 'XB')]
    """
    trees, draws = _TREES.split(), stream("simulate cities", seed)
    most = len(trees) * len(_ENDINGS)
    if not 0 < number <= most:
        raise SpecError(
            f"got {number} invented cities, expected 1 to {most}; with a gazetteer there may be more"
        )
    low, high = np.sin(np.radians([-40.0, 60.0]))
    latitude = np.degrees(np.arcsin(draws.uniform(low, high, number)))
    longitude = draws.uniform(-180.0, 180.0, number)
    return pl.DataFrame(
        {
            "city_id": pl.Series(range(1, number + 1), dtype=pl.Int64),
            "name": [f"Synthetic {trees[n % len(trees)]}{_ENDINGS[n // len(trees)]}" for n in range(number)],
            "country": [_COUNTRIES[n % len(_COUNTRIES)] for n in range(number)],
            "latitude": latitude.round(4),
            "longitude": longitude.round(4),
        }
    )
