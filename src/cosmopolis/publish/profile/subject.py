"""What the sections of a profile read from: a view, the city, optional tables, and ranks within them."""

import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache, cached_property
from importlib import resources
from typing import Any

import polars as pl

from cosmopolis.publish.result import Text
from cosmopolis.publish.view import City, View
from cosmopolis.publish.words import Words

_SAME = 1e-9
"""Values that differ by less, as a share of the greater, are the same."""


_SMALL_SHARE = 0.01
_GROUP_FILES = ("sectors.toml", "baskets.toml")
"""Files of `cosmopolis.firms` that name groups of firms."""

_BASKETS = "baskets.toml"


@cache
def _group_names() -> Mapping[str, Text]:
    """Return the names of groups of firms by id, those of sector groups of the measures first."""
    names: dict[str, Text] = {}
    for package, files in (("cosmopolis.firms", _GROUP_FILES), ("cosmopolis.measures", _GROUP_FILES[:1])):
        for file in files:
            found = resources.files(package).joinpath(file)
            if found.is_file():
                entries = tomllib.loads(found.read_text(encoding="utf-8"))
                for id_, entry in entries.items():
                    if isinstance(entry, dict) and isinstance(entry.get("name"), dict):
                        names.setdefault(id_, entry["name"])
    return names


@cache
def _ids_of(file: str) -> frozenset[str]:
    """Return the groups that a file of `cosmopolis.firms` tells of."""
    return frozenset(tomllib.loads(resources.files("cosmopolis.firms").joinpath(file).read_text("utf-8")))


@cache
def _basket_notes() -> Mapping[str, Text]:
    """Return what the baskets of `cosmopolis.firms` hold, by id."""
    entries = tomllib.loads(resources.files("cosmopolis.firms").joinpath(_BASKETS).read_text("utf-8"))
    return {id_: entry.get("note", {}) for id_, entry in entries.items() if isinstance(entry, dict)}


@dataclass(frozen=True, kw_only=True)
class Place:
    """A place in an order: value, rank, of how many, and the interval of the rank where there is one."""

    value: float
    rank: int
    among: int
    low: int | None = None
    high: int | None = None


@dataclass(frozen=True)
class Subject:
    """A city of a result, in one language."""

    view: View
    id: int

    @property
    def words(self) -> Words:
        """The words of the page's language."""
        return self.view.words

    @cached_property
    def city(self) -> City:
        """The city as it is shown."""
        return self.view.cities[self.id]

    @cached_property
    def row(self) -> Mapping[str, Any]:
        """Return the city's row of the table of cities."""
        rows = self.view.result.table("cities").filter(pl.col("city_id") == self.id)
        return rows.row(0, named=True)

    def table(self, name: str) -> pl.DataFrame | None:
        """Return a table of the result; None if it is not there or empty."""
        found = self.view.result.tables.get(name)
        return None if found is None or found.is_empty() else found

    def own(self, table: pl.DataFrame) -> pl.DataFrame:
        """Return the city's rows of a table."""
        return table.filter(pl.col("city_id") == self.id)

    def at(self, level: str) -> object:
        """Return what the city is at a level of networks: itself, or its country."""
        return self.id if level == "city" else self.row["country"]

    def rank(self, place: Place | None) -> str:
        """Write a rank and of how many; "no data" for none."""
        w = self.words
        return w("profile.rank_of", rank=place.rank, n=place.among) if place else w.no_data

    def bounds(self, low: int | None, high: int | None) -> str:
        """Write an interval of ranks; says so where there is none."""
        w = self.words
        if low is None or high is None:
            return w("intervals.none")
        return f"{w.whole(low)}–{w.whole(high)}"

    def sourced(self, ids: Sequence[str]) -> str:
        """Write the sources of a figure or table; empty for none."""
        w = self.words
        titles = list(dict.fromkeys(self.view.source_title(source) for source in ids))
        return w("profile.sources_of", names=w("common.semicolon").join(titles)) if titles else ""

    def group(self, group: str) -> str:
        """Name a group of firms: sector, basket, size (`size:mega`) or a source's list (`list:<id>`)."""
        w = self.words
        if w.has(f"profile_group.{group}"):
            return w(f"profile_group.{group}")
        if group.startswith("size:"):
            size = group.removeprefix("size:")
            return w("profile.size_group", size=w.or_id("profile_size", size))
        if group.startswith("list:"):
            return self.view.source_title(group.removeprefix("list:"))
        return w.said(_group_names().get(group, {})) or group.replace("_", " ")

    def kind_of(self, group: str) -> str:
        """Say what a group of firms is: `all`, `sector`, `basket`, `size` or `list`."""
        head = group.partition(":")[0]
        if head in {"all", "size", "list"}:
            return head
        return "sector" if group in _ids_of("sectors.toml") else "basket"

    def counted(self, group: str) -> str:
        """Say what a sector or a basket counts, so that like names are told apart; empty for other groups."""
        w, kind = self.words, self.kind_of(group)
        if kind == "sector":
            return w("profile.sector_counts")
        if kind != "basket":
            return ""
        own_file = (self.view.result.edition.settings.get("production") or {}).get("baskets")
        note = "" if own_file else w.said(_basket_notes().get(group, {}))
        return w("common.colon", label=w("profile.basket"), text=note) if note else w("profile.basket")

    def percent(self, share: float | None) -> str:
        """Write a share with one decimal or two, for the shares of a city in the world are small."""
        w = self.words
        if share is None:
            return w.no_data
        return w.number(100 * share, digits=2 if 0 < share < _SMALL_SHARE else 1) + "%"

    def of_kinds(self, *kinds: str) -> tuple[str, ...]:
        """Return the ids of the sources of some kinds that were used, in the order of the edition."""
        return tuple(
            note.source.id
            for note in self.view.result.sources
            if note.source.kind in kinds and note.state == "used"
        )


def latest(table: pl.DataFrame) -> pl.DataFrame:
    """Return a table's rows of its last year.

    Examples
    --------
    >>> latest(pl.DataFrame({"year": [2020, 2024, 2024], "firms": [9, 1, 2]}))["firms"].to_list()
    [1, 2]
    """
    return table if table.is_empty() else table.filter(pl.col("year") == table["year"].max())


def by_power(rows: pl.DataFrame, city: object) -> Place | None:
    """Return the place of a city by power in an ownership network; None where it has none.

    Cities are ranked among those with power above 0; where all ties are of one firm, nobody is.

    Parameters
    ----------
    rows
        Those of `ownership_cities` of one field and year.

    Examples
    --------
    >>> rows = pl.DataFrame({"city_id": [1, 2, 3], "power": [5.0, 0.0, 9.0], "rank": [2, 3, 1],
    ...                      "headquarters": [1, 0, 2]})
    >>> by_power(rows, 1), by_power(rows, 2)
    (Place(value=5.0, rank=2, among=2, low=None, high=None), None)
    """
    powerful = rows.filter(pl.col("power") > 0)
    own = powerful.filter(pl.col("city_id") == city)
    if own.is_empty() or rows["headquarters"].sum() == 1:
        return None
    return given(own.row(0, named=True), "power", powerful["rank"].count())


def place_of(values: pl.DataFrame, city: object, *, key: str = "city_id") -> Place | None:
    """Return the place of a city among all that have a value; equal values share a rank.

    Parameters
    ----------
    values
        `key` and `value`, a row for each.

    Examples
    --------
    >>> values = pl.DataFrame({"city_id": [1, 2, 3], "value": [5.0, 9.0, 5.0]})
    >>> place_of(values, 3)
    Place(value=5.0, rank=2, among=3, low=None, high=None)
    """
    known = values.drop_nulls("value")
    own = known.filter(pl.col(key) == city)
    if own.is_empty():
        return None
    value = float(own["value"][0])
    before = known.filter(pl.col("value") > value + _SAME * abs(value)).height
    return Place(value=value, rank=before + 1, among=known.height)


def given(row: Mapping[str, Any], value: str, among: int) -> Place | None:
    """Return the place that a table itself gives, with its interval; None without a rank."""
    if row.get("rank") is None:
        return None
    number = row.get(value)
    return Place(
        value=float(number) if number is not None else float("nan"),
        rank=int(row["rank"]),
        among=among,
        low=row.get("rank_low"),
        high=row.get("rank_high"),
    )
