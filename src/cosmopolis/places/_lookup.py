"""Names, places, countries and divisions in the form in which a resolver looks them up.

A name is found by the hash of its normal form in a sorted column, another spelling by the hash of its
country and spoken form, a misspelt one by that of its country and first or last letters. Hashes only
point; what they point to is compared letter by letter.
"""

import csv
from dataclasses import dataclass
from functools import cached_property, lru_cache
from importlib import resources
from typing import NamedTuple

import numpy as np
import polars as pl

from cosmopolis.places._settings import ResolveRule
from cosmopolis.places._vocabulary import vocabulary
from cosmopolis.places.countries import Countries
from cosmopolis.places.gazetteer import Gazetteer
from cosmopolis.places.names import normal_form, spoken_form

_LATIN = r"^[a-z ]+$"
_CODE = r"^[A-Z]{2,3}$"


class Index(NamedTuple):
    """Hashes, sorted, and the row of `Lookup.names` that each points to."""

    hashes: np.ndarray
    rows: np.ndarray

    def pairs(self, wanted: pl.Series) -> tuple[np.ndarray, np.ndarray]:
        """Pair each wanted hash with every row it points to: `(row of wanted, row of names)`."""
        hashes = wanted.to_numpy()
        low = np.searchsorted(self.hashes, hashes, side="left")
        count = np.searchsorted(self.hashes, hashes, side="right") - low
        row = np.repeat(np.arange(len(hashes)), count)
        first = np.repeat(np.cumsum(count) - count, count)
        return row, self.rows[np.arange(len(row)) - first + np.repeat(low, count)]


def head_hash(key: str = "key") -> pl.Expr:
    """Hash of country and first two letters."""
    return pl.concat_str(pl.col("country"), pl.lit(">"), pl.col(key).str.slice(0, 2)).hash(seed=0)


def tail_hash(key: str = "key") -> pl.Expr:
    """Hash of country and last three letters."""
    return pl.concat_str(pl.col("country"), pl.lit("<"), pl.col(key).str.slice(-3)).hash(seed=0)


def spoken_hash(key: str = "key") -> pl.Expr:
    """Hash of country and spoken form, where names are romanised; elsewhere spaces alone are dropped."""
    spoken = (
        pl.when(pl.col("country").is_in(vocabulary().romanised))
        .then(spoken_form(pl.col(key), pl.col("country")))
        .otherwise(pl.col(key).str.replace_all(" ", "", literal=True))
    )
    return pl.concat_str(pl.col("country"), pl.lit("="), spoken).hash(seed=0)


@lru_cache(maxsize=1)
def division_aliases() -> pl.DataFrame:
    """Read the reviewed table of names of divisions that ships with the package: `country, admin1, name`."""
    text = resources.files("cosmopolis.places").joinpath("division_aliases.csv").read_text(encoding="utf-8")
    rows = [(row["country"], row["admin1"], row["alias"]) for row in csv.DictReader(text.splitlines())]
    return pl.DataFrame(
        rows, schema={"country": pl.String, "admin1": pl.String, "name": pl.String}, orient="row"
    )


@dataclass(frozen=True, kw_only=True)
class Lookup:
    """Tables of one gazetteer, each made when it is first needed."""

    gazetteer: Gazetteer
    countries: Countries
    divisions: pl.DataFrame
    rule: ResolveRule

    @cached_property
    def names(self) -> pl.DataFrame:
        """Names with the row of their place: `ix, key, name, is_main`, in the order of the hash of `key`."""
        rows = self.gazetteer.places.select("place_id").with_row_index("ix")
        return (
            self.gazetteer.names.join(rows, on="place_id", how="inner", maintain_order="left")
            .select("ix", "key", "name", "is_main", hash=pl.col("key").hash(seed=0))
            .sort("hash", maintain_order=True)
        )

    @cached_property
    def places(self) -> pl.DataFrame:
        """Places by row, with the country that their territory is filed under and their `weight`.

        weight = (people + base) ** people_power * (1 + names) ** fame_power, times `member_weight` for
        parts of another place's city.
        """
        rule = self.rule
        spellings = self.gazetteer.names.group_by("place_id").agg(spellings=pl.len())
        under = pl.col("country").replace_strict(
            dict(self.countries.territories), default=None, return_dtype=pl.String
        )
        member = (pl.col("city_id") != pl.col("place_id")).fill_null(value=False)
        people = (pl.col("population") + rule.base_people).pow(rule.people_power)
        fame = pl.col("spellings").fill_null(0).add(1).pow(rule.fame_power)
        return (
            self.gazetteer.places.with_row_index("ix")
            .join(spellings, on="place_id", how="left", maintain_order="left")
            .with_columns(
                under=under,
                weight=people * fame * pl.when(member).then(rule.member_weight).otherwise(1.0),
            )
            .drop("spellings")
        )

    @cached_property
    def main_of_divisions(self) -> pl.DataFrame:
        """Rows of the places with at least half the people of the largest of their division: `ix`."""
        largest = pl.col("population").max().over("country", "admin1")
        has = (pl.col("population") > 0) & pl.col("admin1").is_not_null() & (pl.col("admin1") != "")
        return self.places.filter(has).filter(2 * pl.col("population") >= largest).select("ix")

    @cached_property
    def division_keys(self) -> pl.DataFrame:
        """Keys of divisions: their names, their codes where these are letters, and the reviewed aliases."""
        codes = self.divisions.filter(pl.col("admin1").str.contains(_CODE))
        columns = ["country", "admin1", "name"]
        named = pl.concat(
            [
                self.divisions.select(columns),
                codes.with_columns(name=pl.col("admin1")).select(columns),
                division_aliases(),
            ]
        )
        return named.select("country", "admin1", key=normal_form(pl.col("name"))).unique().sort(pl.all())

    @cached_property
    def country_keys(self) -> pl.DataFrame:
        """Keys of countries: `key, is_country`."""
        return pl.DataFrame(
            {"key": list(self.countries.keys), "is_country": list(self.countries.keys.values())},
            schema={"key": pl.String, "is_country": pl.String},
        )

    @cached_property
    def by_key(self) -> Index:
        """Names by their normal form."""
        return Index(self.names["hash"].to_numpy(), np.arange(self.names.height))

    @cached_property
    def by_spoken(self) -> Index:
        """Names in Latin letters by country and spoken form."""
        return self._index(self._in_country.filter(pl.col("key").str.contains(_LATIN)), spoken_hash())

    @cached_property
    def by_head(self) -> Index:
        """Main names by country and first letters."""
        return self._index(self._in_country.filter("is_main"), head_hash())

    @cached_property
    def by_ends(self) -> Index:
        """Names of the places that a misspelt name may mean, by country and first or last letters."""
        large = self._in_country.filter(pl.col("population") >= self.rule.fuzzy_people)
        return self._index(large, head_hash(), tail_hash())

    @cached_property
    def by_word(self) -> Index:
        """Main names of several words by each of their long words."""
        words = (
            self._in_country.filter("is_main")
            .with_columns(word=pl.col("key").str.split(" "))
            .filter(pl.col("word").list.len() > 1)
            .explode("word")
            .filter(pl.col("word").str.len_chars() >= self.rule.word_letters)
        )
        return self._index(words, pl.col("word").hash(seed=0))

    @property
    def _in_country(self) -> pl.DataFrame:
        """Names with their row and their place's country and people."""
        return (
            self.names.select("ix", "key", "is_main")
            .with_row_index("n")
            .join(
                self.places.select("ix", "country", "population"), on="ix", how="left", maintain_order="left"
            )
        )

    @staticmethod
    def _index(names: pl.DataFrame, *hashes: pl.Expr) -> Index:
        """Sort the hashes of names, each with the row it points to."""
        table = pl.concat([names.select("n", hash=expression) for expression in hashes]).sort("hash", "n")
        return Index(table["hash"].to_numpy(), table["n"].to_numpy())

    def prepare(self) -> None:
        """Make every table now."""
        for table in ("country_keys", "division_keys", "main_of_divisions"):
            getattr(self, table)
        for index in ("by_key", "by_spoken", "by_head", "by_ends", "by_word"):
            getattr(self, index)

    def find(self, asked: pl.DataFrame) -> pl.DataFrame:
        """Join rows with a `key` to the names that have it: adds `ix, name_key, name, is_main`."""
        found = self.pointed(asked, self.by_key, pl.col("key").hash(seed=0))
        return found.filter(pl.col("key") == pl.col("name_key"))

    def pointed(self, asked: pl.DataFrame, index: Index, wanted: pl.Expr) -> pl.DataFrame:
        """Join rows to the names that an index points to; what is found must still be compared."""
        row, name = index.pairs(asked.select(wanted.alias("hash"))["hash"])
        return asked[row].hstack(
            self.names[name].select("ix", name_key="key", name="name", is_main="is_main")
        )
