"""Countries and territories: finding the one that a text means, their regions and groups.

A country is its ISO 3166-1 alpha-2 code (XK for Kosovo, which has none). Names come from the sources
`country-names` and `geonames` and from a reviewed table of everyday names, `country_aliases.csv`.
"""

import csv
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from importlib import resources

import polars as pl
from rapidfuzz import fuzz, process

from cosmopolis.places.names import normal_form

_FUZZY_CUTOFF = 88.0
"""Least similarity (0..100, normalised indel) at which a misspelt country is taken for known."""

_ASIDE = re.compile(r"\([^)]*\)")
_LEAD = re.compile(r"^(?:in|the)\s+")


@lru_cache(maxsize=1)
def built_in_territories() -> Mapping[str, str]:
    """Read the reviewed table of territories that ships with the package."""
    text = resources.files("cosmopolis.places").joinpath("territories.csv").read_text(encoding="utf-8")
    return {row["territory"]: row["country"] for row in csv.DictReader(text.splitlines())}


@dataclass(frozen=True, kw_only=True)
class Countries:
    """Names and codes of countries.

    Attributes
    ----------
    table
        `country, iso3, name, name_zh, region, subregion, income, capital`, in the order of `country`;
        regions are those of M49.
    keys
        Normal form of a name or code to the country.
    territories
        A territory with a code of its own to the country that some sources file it under.
    """

    table: pl.DataFrame
    keys: Mapping[str, str]
    territories: Mapping[str, str] = field(default_factory=built_in_territories)

    def find(self, text: str | None) -> str | None:
        """Return the country that a text means, or None.

        The text as a whole, without asides, by its last part that is known, or misspelt.

        Examples
        --------
        `"Viet Nam"` → VN; `"Wales, United Kingdom"` → GB; `"in Italy"` → IT; `"Kazakhstah"` → KZ.
        """
        if not text:
            return None
        return self.find_all([text])[0]

    def find_all(self, texts: Iterable[str | None]) -> list[str | None]:
        """Return the country of each text; each distinct text is looked at once."""
        given = list(texts)
        distinct = sorted({text for text in given if text})
        tries = [[_ASIDE.sub(" ", text), *reversed(re.split(r"[,;/]", text))] for text in distinct]
        keys = iter(
            keys_of([text for text, more in zip(distinct, tries, strict=True) for text in (text, *more)])
        )
        found = {}
        for text, more in zip(distinct, tries, strict=True):
            whole, *others = [next(keys) for _ in range(1 + len(more))]
            found[text] = self._find_key(whole, others)
        return [found[text] if text else None for text in given]

    def _find_key(self, whole: str, others: list[str]) -> str | None:
        """Find a country by the normal form of a text, else of its parts, else by likeness."""
        if whole in self.keys:
            return self.keys[whole]
        parts = [self.keys[key] for other in others if (key := _LEAD.sub("", other)) in self.keys]
        for part in parts:  # "Hong Kong, China" is the territory, wherever it stands
            if self.territories.get(part) in parts:
                return part
        if parts:
            return parts[0]
        long_enough = [key for key in self.keys if len(key) > 4]  # noqa: PLR2004 - codes are not misspelt names
        match = process.extractOne(whole, long_enough, scorer=fuzz.ratio, score_cutoff=_FUZZY_CUTOFF)
        return self.keys[match[0]] if match else None

    def name(self, country: str, language: str) -> str:
        """Name of a country in `en` or `zh`; its code where the source has no name."""
        row = self.table.filter(pl.col("country") == country)
        column = "name_zh" if language == "zh" else "name"
        return str(row[column][0]) if row.height and row[column][0] else country


def keys_of(texts: Iterable[str]) -> list[str]:
    """Return the normal forms of some texts."""
    series = pl.Series("text", list(texts), dtype=pl.String)
    return series.to_frame().select(normal_form(pl.col("text")))["text"].to_list()


def build(names: pl.DataFrame, gazetteer: pl.DataFrame) -> Countries:
    """Join the record tables `country_name` and `country`, and read the reviewed aliases.

    A name that two countries share ("Congo") is no key of either.
    """
    table = (
        names.drop("row", strict=False)
        .join(
            gazetteer.select("country", "capital", other="name", other3="iso3"),
            on="country",
            how="full",
            coalesce=True,
        )
        .with_columns(name=pl.coalesce("name", "other"), iso3=pl.coalesce("iso3", "other3"))
        .sort("country")
    )
    owners: dict[str, set[str]] = {}
    for row in table.iter_rows(named=True):
        spellings = [
            row["country"],
            row["iso3"],
            row["name"],
            row["name_zh"],
            row["other"],
            *(row["other_names"] or []),
        ]
        for key in keys_of([s for s in spellings if s]):
            owners.setdefault(key, set()).add(row["country"])
    keys = {key: next(iter(who)) for key, who in owners.items() if len(who) == 1 and key}
    text = resources.files("cosmopolis.places").joinpath("country_aliases.csv").read_text(encoding="utf-8")
    aliases = list(csv.DictReader(text.splitlines()))
    known = set(table["country"])
    for key, row in zip(keys_of([a["alias"] for a in aliases]), aliases, strict=True):
        if row["country"] in known:
            keys[key] = row["country"]
    table = _with_reviewed_names(table)
    kept = ["country", "iso3", "name", "name_zh", "region", "subregion", "income", "capital"]
    return Countries(table=table.select(kept), keys=dict(sorted(keys.items())))


def _with_reviewed_names(table: pl.DataFrame) -> pl.DataFrame:
    """Replace names by the reviewed ones, where there are any."""
    text = resources.files("cosmopolis.places").joinpath("country_names.csv").read_text(encoding="utf-8")
    rows = list(csv.DictReader(text.splitlines()))
    for column in ("name", "name_zh"):
        reviewed = {row["country"]: row[column] for row in rows if row[column]}
        shown = pl.col("country").replace_strict(reviewed, default=None, return_dtype=pl.String)
        table = table.with_columns(pl.coalesce(shown, column).alias(column))
    return table
