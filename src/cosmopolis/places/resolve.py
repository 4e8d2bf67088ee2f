"""Finds the place and the city that a text means, says how, how surely, and what else it could be.

The text may be a name in any script ("Wien/Vienna", "慕尼黑"), an address or affiliation ("Dept of
Physics, TU München, Germany"), a headquarters ("Saint Paul, Minnesota, U.S.") or a port ("Viet Nam, Hai
Phong"). It is split at its commas, slashes and brackets; parts that name a country or a first-level
division become hints; the others are looked up. Ways, from the surest to the least sure:

========== ==========================================================================
exact      a part is a place's name, letter by letter
alternate  a part is another of its names, letter by letter, in any script
normal     the same after `names.normal_form`, or without words such as "City of"
part       some words inside a part are the name of a place of some size
fuzzy      a part is within few letters of a name in the same country
coordinates no name fits; the nearest place to the coordinates given
unresolved nothing fits, or several do and none stands out
========== ==========================================================================

Homonyms are weighed by people, by whether the name is the place's first, by division and by
coordinates; the share of the weight that lies with the best place and those around it is its evidence.
With too little of it (`ResolveRule.accept`) nothing is guessed: the answer is unresolved, with its
candidates. Confidence is that share times the trust in the way.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Final

import numpy as np
import polars as pl
from rapidfuzz import fuzz, process

from cosmopolis.places.countries import Countries
from cosmopolis.places.gazetteer import Gazetteer
from cosmopolis.places.geometry import km_between
from cosmopolis.places.names import HAN, normal_form

ANSWER_SCHEMA: Final = pl.Schema(
    {
        "place_id": pl.Int64,
        "place_name": pl.String,
        "place_country": pl.String,
        "place_latitude": pl.Float64,
        "place_longitude": pl.Float64,
        "city_id": pl.Int64,
        "city_name": pl.String,
        "confidence": pl.Float64,
        "way": pl.String,
    }
)
"""Columns that are added to the rows that were asked for."""

WAYS: Final = ("exact", "alternate", "normal", "part", "fuzzy", "coordinates", "unresolved")
TRUST: Final = {
    "exact": 1.0,
    "alternate": 0.97,
    "normal": 0.95,
    "part": 0.75,
    "fuzzy": 0.75,
    "coordinates": 0.6,
}
"""How far each way is trusted when nothing else fits; confidence is this times the share of evidence."""

_SPLIT = r"[,;/|()\[\]（）、，；：\n\t]|\s[-–—]\s"
_AFFIX = (
    r"^(?:(?:the|greater|metropolitan|city|municipality|commune|town|village|district|county|province|"
    r"prefecture|governorate|port|republic|canton|region) (?:of |de |di |do |da |d |la |le |el )*)+|"
    r"(?: (?:city|municipality|town|township|village|district|county|urban|rural|metropolitan|area|borough|"
    r"province|prefecture|governorate|gmina|communaute|commune|region|harbour|harbor|port|shi|ku|si|gun|gu))+$"
)
_AFFIX_HAN = r"(?:特别行政区|自治区|自治州|地区|市|区|縣|县|州|府|港)$"
_DIGITS = r"(?:\b[\p{L}]?\d[\p{L}\d]*\b\s*)+"
_MAIN, _OTHER = 1.0, 0.2


@dataclass(frozen=True, kw_only=True)
class ResolveRule:
    """Settings of the resolver.

    Attributes
    ----------
    accept
        Least share of the evidence that the best place must hold where the country is known.
    accept_alone
        The same where it is not.
    same_km
        Candidates this near to the best, or in its city, speak for it.
    near_km
        Scale of the weight of coordinates; the nearest place counts within this distance.
    base_people
        People added to each place's, so that places without a number have a chance.
    people_power
        Power of a place's people in its weight: above one, a larger homonym counts for more.
    part_people
        Least people of a place whose name is looked for inside a longer text, where no country is known;
        where one is, long names of any place are looked for too.
    fuzzy_similarity
        Least similarity, 0..100 (normalised indel).
    """

    accept: float = 0.55
    accept_alone: float = 0.8
    same_km: float = 25.0
    near_km: float = 30.0
    base_people: float = 300.0
    people_power: float = 1.3
    part_people: int = 15_000
    fuzzy_similarity: float = 92.0


@dataclass(frozen=True, kw_only=True)
class Resolver:
    """Resolves texts against a gazetteer; make one and use it for many texts.

    Attributes
    ----------
    gazetteer, countries
        Where places and countries are looked up.
    divisions
        Names of first-level divisions: `country, admin1, name`.
    rule
        Settings.
    """

    gazetteer: Gazetteer
    countries: Countries
    divisions: pl.DataFrame = field(
        default_factory=lambda: pl.DataFrame(
            schema={"country": pl.String, "admin1": pl.String, "name": pl.String}
        )
    )
    rule: ResolveRule = field(default_factory=ResolveRule)

    @cached_property
    def _names(self) -> pl.DataFrame:
        """Names with the row of their place, in the order of their hash."""
        names = self.gazetteer.names
        rows = self.gazetteer.places.select("place_id").with_row_index("ix")
        return (
            names.join(rows, on="place_id", how="inner", maintain_order="left")
            .select("ix", "key", "name", "is_main", hash=pl.col("key").hash(seed=0))
            .sort("hash", maintain_order=True)
        )

    @cached_property
    def _hashes(self) -> np.ndarray:
        return self._names["hash"].to_numpy()

    @cached_property
    def _lengths(self) -> np.ndarray:
        return self._names["key"].str.len_chars().cast(pl.Int64).to_numpy()

    @cached_property
    def _places(self) -> pl.DataFrame:
        """Places with what weighs a candidate, by row."""
        return self.gazetteer.places.with_row_index("ix").with_columns(
            people=(pl.col("population") + self.rule.base_people).pow(self.rule.people_power)
        )

    @cached_property
    def _division_keys(self) -> pl.DataFrame:
        """Keys of divisions: their names and, where they are letters, their codes."""
        codes = self.divisions.filter(pl.col("admin1").str.contains(r"^[A-Z]{2,3}$"))
        named = pl.concat(
            [self.divisions, codes.with_columns(name=pl.col("admin1"))] if codes.height else [self.divisions]
        )
        return named.select("country", "admin1", key=normal_form(pl.col("name"))).unique().sort(pl.all())

    @cached_property
    def _country_keys(self) -> pl.DataFrame:
        return pl.DataFrame(
            {"key": list(self.countries.keys), "is_country": list(self.countries.keys.values())},
            schema={"key": pl.String, "is_country": pl.String},
        )

    @cached_property
    def _blocks(self) -> tuple[np.ndarray, np.ndarray]:
        """Hash of country and first or last letters of every name, sorted, with the name's row."""
        named = self._names.with_row_index("n").join(
            self._places.select("ix", "country"), on="ix", how="left", maintain_order="left"
        )
        blocks = pl.concat([named.select("n", hash=block) for block in _block_hashes()]).sort("hash", "n")
        return blocks["hash"].to_numpy(), blocks["n"].to_numpy()

    def resolve(
        self,
        frame: pl.DataFrame,
        *,
        text: str,
        country: str | None = None,
        latitude: str | None = None,
        longitude: str | None = None,
    ) -> pl.DataFrame:
        """Resolve a column of texts.

        Parameters
        ----------
        frame
            Any table.
        text
            The column with the text.
        country
            A column with a country's name or code: only places there are looked at.
        latitude, longitude
            Columns with coordinates in degrees, which weigh among homonyms and find the nearest place
            where no name fits.

        Returns
        -------
        answers
            A row for each row of `frame`, in its order: `ANSWER_SCHEMA`, then `reason` and `candidates`
            (texts, null where resolved).
        """
        columns = {"text": text, "country": country, "latitude": latitude, "longitude": longitude}
        asked = frame.select(
            *(
                (pl.col(column) if column else pl.lit(None)).cast(dtype, strict=False).alias(name)
                for (name, column), dtype in zip(
                    columns.items(), (pl.String, pl.String, pl.Float64, pl.Float64), strict=True
                )
            )
        )
        distinct = asked.unique(maintain_order=True).with_row_index("q")
        answers = self._resolve_distinct(distinct)
        keys = ["text", "country", "latitude", "longitude"]
        joined = asked.join(
            distinct.hstack(answers.drop("q")), on=keys, how="left", nulls_equal=True, maintain_order="left"
        )
        return joined.select(*ANSWER_SCHEMA, "reason", "candidates")

    def _resolve_distinct(self, asked: pl.DataFrame) -> pl.DataFrame:
        """Answer distinct questions `q, text, country, latitude, longitude`, in their order."""
        given = self.countries.find_all(asked["country"])
        asked = asked.with_columns(pl.Series("hint", given, dtype=pl.String))
        unknown = asked.filter(
            pl.col("country").is_not_null() & (pl.col("country") != "") & pl.col("hint").is_null()
        )
        open_ = asked.join(unknown, on="q", how="anti")
        segments, hints = self._segments(open_)
        doubts: list[pl.DataFrame] = []
        answers: list[pl.DataFrame] = []
        for find in (
            self._by_name,
            self._by_stripped_name,
            self._by_words,
            self._by_likeness,
            self._by_word_of_name,
        ):
            rest = open_["q"]
            if rest.is_empty():
                break
            candidates = find(segments.filter(pl.col("q").is_in(rest.implode())), hints)
            sure, unsure = self._decide(candidates, open_, hints)
            answers.append(sure)
            doubts.append(unsure)
            done = pl.concat([sure["q"], unsure["q"]])
            open_ = open_.filter(~pl.col("q").is_in(done.implode()))
        doubtful = pl.concat(doubts) if doubts else None
        near = self._by_coordinates(asked.filter(pl.col("latitude").is_not_null()), answers)
        return self._written(asked, pl.concat([*answers, near]), doubtful, unknown)

    def _segments(self, asked: pl.DataFrame) -> tuple[pl.DataFrame, pl.DataFrame]:
        """Split texts into parts and take the hints out.

        Returns
        -------
        segments, hints
            Parts that may be places: `q, position, parts, segment, key, is_hint`; hints: `q, hint,
            hint_given, admin1` (a list).
        """
        split = asked.select(
            "q",
            "hint",
            segment=pl.col("text").fill_null("").str.replace_all(_SPLIT, "\x1f").str.split("\x1f"),
        )
        parts = (
            split.explode("segment")
            .with_columns(pl.col("segment").str.strip_chars())
            .filter(pl.col("segment") != "")
            .with_columns(
                key=normal_form(pl.col("segment")),
                position=pl.int_range(pl.len()).over("q"),
                parts=pl.len().over("q").cast(pl.Int64),
            )
        )
        several = pl.col("parts") > 1
        tail = parts.with_columns(tail=pl.col("key").str.replace_all(_DIGITS, "").str.strip_chars())
        tail = tail.join(
            self._country_keys, left_on="tail", right_on="key", how="left", maintain_order="left"
        )
        named = tail.filter(several & pl.col("is_country").is_not_null()).select(
            "q", "position", "tail", "is_country"
        )
        regions = (
            tail.filter(several & (pl.col("position") > 0))
            .select("q", "position", "tail", "hint")
            .join(self._division_keys, left_on="tail", right_on="key", how="inner")
        )
        inferred = self._inferred_countries(named, regions)
        hints = asked.select("q", given="hint").join(inferred, on="q", how="left")
        region = (
            regions.join(hints, on="q", how="inner")
            .with_columns(target=pl.coalesce("given", "inferred"))
            .filter(pl.col("target").is_null() | (pl.col("target") == pl.col("country")))
            .with_columns(countries=pl.col("country").n_unique().over("q"))
            .filter(pl.col("countries") == 1)
        )
        of_region = region.group_by("q").agg(
            pl.col("admin1").unique().sort(), from_region=pl.col("country").first()
        )
        hints = (
            hints.join(of_region, on="q", how="left")
            .select(
                "q",
                hint=pl.coalesce("given", "inferred", "from_region"),
                hint_given=pl.col("given").is_not_null(),
                admin1="admin1",
            )
            .sort("q")
        )
        is_hint = pl.concat([named.select("q", "position"), region.select("q", "position")]).unique()
        parts = parts.join(
            is_hint.with_columns(is_hint=pl.lit(value=True)),
            on=["q", "position"],
            how="left",
            maintain_order="left",
        ).with_columns(pl.col("is_hint").fill_null(value=False))
        whole = asked.filter(pl.col("text").str.contains(_SPLIT)).select(
            "q",
            segment=pl.col("text").str.strip_chars(),
            key=normal_form(pl.col("text")),
            position=pl.lit(-1, dtype=pl.Int64),
            parts=pl.lit(1, dtype=pl.Int64),
            is_hint=pl.lit(value=False),
        )
        kept = ["q", "position", "parts", "segment", "key", "is_hint"]
        return pl.concat([parts.select(kept), whole.select(kept)]).sort("q", "position"), hints

    @staticmethod
    def _inferred_countries(named: pl.DataFrame, regions: pl.DataFrame) -> pl.DataFrame:
        """Find the country a text itself names: `q, inferred`.

        Georgia in "Atlanta, Georgia, U.S." is a division of another country named; of several
        countries left the first counts ("Woking, United Kingdom (offices) Dublin, Ireland (domicile)").
        """
        others = named.select("q", other="is_country").unique()
        as_region = (
            regions.select("q", "position", "country")
            .join(others, on="q", how="inner")
            .filter(pl.col("country") == pl.col("other"))
            .select("q", "position")
            .unique()
        )
        return (
            named.join(as_region, on=["q", "position"], how="anti")
            .sort("q", "position")
            .unique("q", keep="first", maintain_order=True)
            .select("q", inferred="is_country")
        )

    def _look_up(self, asked: pl.DataFrame) -> pl.DataFrame:
        """Join rows with a `key` to the names that have it."""
        hashes = asked.select(pl.col("key").hash(seed=0))["key"].to_numpy()
        row, name = _expand(self._hashes, hashes)
        found = asked[row].with_columns(pl.Series("n", name))
        return found.hstack(
            self._names[name].select("ix", name_key="key", name="name", is_main="is_main")
        ).filter(pl.col("key") == pl.col("name_key"))

    def _weighed(self, found: pl.DataFrame, hints: pl.DataFrame) -> pl.DataFrame:
        """Weigh candidates `q, ix, fit` by people and division, and drop those in other countries."""
        places = self._places[found["ix"]].select("country", "admin1", "people", "city_id")
        hinted = found.hstack(places).join(hints, on="q", how="left", maintain_order="left")
        in_division = (
            pl.when(pl.col("admin1_right").is_null())
            .then(1.0)
            .when(pl.col("admin1_right").list.contains(pl.col("admin1")))
            .then(30.0)
            .otherwise(1.0)
        )
        return hinted.filter(pl.col("hint").is_null() | (pl.col("hint") == pl.col("country"))).with_columns(
            weight=pl.col("people") * pl.col("fit") * in_division
        )

    def _by_name(self, segments: pl.DataFrame, hints: pl.DataFrame) -> pl.DataFrame:
        """Whole parts that are a name."""
        return self._fitting(segments, hints)

    def _by_stripped_name(self, segments: pl.DataFrame, hints: pl.DataFrame) -> pl.DataFrame:
        """Whole parts that are a name without "City of", postcodes or 市."""
        stripped = segments.with_columns(
            short=pl.col("key")
            .str.replace_all(_DIGITS, " ")
            .str.strip_chars()
            .str.replace_all(_AFFIX, "")
            .str.replace(_AFFIX_HAN, "")
            .str.strip_chars()
        ).filter((pl.col("short") != pl.col("key")) & (pl.col("short").str.len_chars() > 1))
        return self._fitting(stripped.with_columns(key="short").drop("short"), hints)

    def _fitting(self, segments: pl.DataFrame, hints: pl.DataFrame) -> pl.DataFrame:
        found = self._look_up(segments)
        letters = pl.col("name") == pl.col("segment")
        order = (
            pl.when(pl.col("position") < 0)
            .then(4.0)
            .when(pl.col("parts") > 3)
            .then(1.0 + pl.col("position"))
            .otherwise(1.0)
        )  # noqa: PLR2004, E501
        found = found.with_columns(
            way=pl.when(letters & pl.col("is_main"))
            .then(pl.lit("exact"))
            .when(letters)
            .then(pl.lit("alternate"))
            .otherwise(pl.lit("normal")),
            fit=pl.when("is_main").then(_MAIN).otherwise(_OTHER)
            * order
            * pl.when("is_hint").then(0.02).otherwise(1.0),
        )
        return self._weighed(found, hints).select("q", "ix", "city_id", "weight", "way", "country")

    def _by_words(self, segments: pl.DataFrame, hints: pl.DataFrame) -> pl.DataFrame:
        """Words inside a part that are the name of a place of some size; the longest run of words wins."""
        parts = segments.filter((pl.col("position") >= 0) & ~pl.col("is_hint"))
        han = parts.filter(pl.col("key").str.contains(HAN))
        words = parts.filter(~pl.col("key").str.contains(HAN)).with_columns(word=pl.col("key").str.split(" "))
        runs = [_runs(words, size, separator=" ") for size in (1, 2, 3)] + [
            _runs(han.with_columns(word=pl.col("key").str.split("")), size, separator="")
            for size in (2, 3, 4, 5)
        ]
        asked = pl.concat(runs)
        asked = asked.filter(
            ~pl.col("key").is_in(_COMMON_WORDS)
            & (pl.col("key").str.len_chars() > pl.when(pl.col("key").str.contains(HAN)).then(1).otherwise(3))
        )
        found = self._look_up(asked)
        found = found.with_columns(
            fit=pl.when("is_main").then(_MAIN).otherwise(_OTHER) * pl.lit(8.0).pow(pl.col("size")),
            way=pl.lit("part"),
        )
        found = self._weighed(found, hints)
        big = pl.Series(self._places["population"].gather(found["ix"])) >= self.rule.part_people
        long_name = pl.col("hint").is_not_null() & (
            (pl.col("size") > 1) | (pl.col("key").str.len_chars() > 5)
        )  # noqa: PLR2004
        return found.filter(big | found.select(long_name).to_series()).select(
            "q", "ix", "city_id", "weight", "way", "country"
        )

    def _by_word_of_name(self, segments: pl.DataFrame, hints: pl.DataFrame) -> pl.DataFrame:
        """Parts that are one word of a longer name in the country that is known ("Greccio")."""
        asked = segments.filter(
            ~pl.col("is_hint") & (pl.col("key").str.len_chars() > 4) & ~pl.col("key").str.contains(" ")
        )  # noqa: PLR2004, E501
        hashes, names = self._words
        row, at = _expand(hashes, asked.select(pl.col("key").hash(seed=0))["key"].to_numpy())
        found = asked[row].hstack(self._names[names[at]].select("ix", "is_main"))
        found = found.with_columns(fit=pl.when("is_main").then(_MAIN).otherwise(_OTHER), way=pl.lit("part"))
        found = self._weighed(found, hints).filter(pl.col("hint").is_not_null())
        return found.select("q", "ix", "city_id", "weight", "way", "country")

    @cached_property
    def _words(self) -> tuple[np.ndarray, np.ndarray]:
        """Hash of each long word of names of several words, sorted, with the name's row."""
        words = (
            self._names.select(n=pl.int_range(pl.len()), word=pl.col("key").str.split(" "))
            .filter(pl.col("word").list.len() > 1)
            .explode("word")
            .filter(pl.col("word").str.len_chars() > 4)  # noqa: PLR2004
            .select("n", hash=pl.col("word").hash(seed=0))
            .sort("hash", "n")
        )
        return words["hash"].to_numpy(), words["n"].to_numpy()

    def _by_likeness(self, segments: pl.DataFrame, hints: pl.DataFrame) -> pl.DataFrame:
        """Parts that are within few letters of a name, in the country that is known."""
        asked = (
            segments.filter(~pl.col("is_hint") & (pl.col("key").str.len_chars() >= 5))  # noqa: PLR2004
            .join(hints.select("q", country="hint"), on="q", how="inner", maintain_order="left")
            .filter(pl.col("country").is_not_null())
            .with_columns(length=pl.col("key").str.len_chars().cast(pl.Int64))
        )
        hashes, names = self._blocks
        pairs = []
        for block in _block_hashes():
            row, at = _expand(hashes, asked.select(hash=block)["hash"].to_numpy())
            like = np.abs(self._lengths[names[at]] - asked["length"].to_numpy()[row]) <= 2  # noqa: PLR2004
            pairs.append(asked[row[like]].with_columns(pl.Series("n", names[at[like]])))
        found = pl.concat(pairs)
        found = found.hstack(self._names[found["n"]].select("ix", "is_main", name_key="key"))
        likeness = process.cpdist(
            found["key"].to_list(),
            found["name_key"].to_list(),
            scorer=fuzz.ratio,
            dtype=np.float64,
            workers=-1,
        )
        found = (
            found.drop("country")
            .with_columns(pl.Series("likeness", likeness, dtype=pl.Float64))
            .filter(pl.col("likeness") >= self.rule.fuzzy_similarity)
        )
        found = found.with_columns(
            fit=pl.when("is_main").then(_MAIN).otherwise(_OTHER)
            * pl.lit(1.6).pow(pl.col("likeness") - 100.0),
            way=pl.lit("fuzzy"),
        )
        return self._weighed(found, hints).select("q", "ix", "city_id", "weight", "way", "country")

    def _decide(
        self, candidates: pl.DataFrame, asked: pl.DataFrame, hints: pl.DataFrame
    ) -> tuple[pl.DataFrame, pl.DataFrame]:
        """Choose the best candidate of each question, where one stands out.

        Returns
        -------
        sure, unsure
            `q, ix, way, share` and `q, candidates`.
        """
        order = {way: i for i, way in enumerate(WAYS)}
        ranked = (
            candidates.with_columns(trust=pl.col("way").replace_strict(order, return_dtype=pl.Int8))
            .group_by("q", "ix")
            .agg(pl.col("weight").max(), pl.col("trust").min(), pl.col("city_id").first())
        )
        spots = self._places[ranked["ix"]].select("latitude", "longitude")
        ranked = ranked.hstack(spots).join(
            asked.select("q", at_latitude="latitude", at_longitude="longitude"),
            on="q",
            how="left",
            maintain_order="left",
        )
        away = km_between(
            pl.col("latitude"), pl.col("longitude"), pl.col("at_latitude"), pl.col("at_longitude")
        )
        near = pl.when(away.is_null()).then(1.0).otherwise((-away / self.rule.near_km).exp() + 1e-12)
        ranked = ranked.with_columns(weight=pl.col("weight") * near).sort(
            "q", "weight", "ix", descending=[False, True, False]
        )
        best = ranked.unique("q", keep="first", maintain_order=True)
        joined = ranked.join(
            best.select("q", best_city="city_id", best_latitude="latitude", best_longitude="longitude"),
            on="q",
            how="left",
            maintain_order="left",
        )
        close = (
            km_between(
                pl.col("latitude"), pl.col("longitude"), pl.col("best_latitude"), pl.col("best_longitude")
            )
            <= self.rule.same_km
        ) | (pl.col("city_id") == pl.col("best_city")).fill_null(value=False)
        shares = joined.group_by("q", maintain_order=True).agg(
            share=(pl.when(close).then("weight").otherwise(0.0).sum() / pl.col("weight").sum()).round(9)
        )
        best = best.join(shares, on="q", how="left", maintain_order="left").with_columns(
            way=pl.col("trust").replace_strict({i: way for way, i in order.items()}, return_dtype=pl.String)
        )
        needed = pl.when(pl.col("hint").is_null()).then(self.rule.accept_alone).otherwise(self.rule.accept)
        best = best.join(hints.select("q", "hint"), on="q", how="left", maintain_order="left").with_columns(
            stands_out=pl.col("share") >= needed
        )
        sure = best.filter("stands_out").select("q", "ix", "way", "share")
        unsure = best.filter(~pl.col("stands_out")).select("q")
        return sure, self._listed(ranked.join(unsure, on="q", how="semi", maintain_order="left"))

    def _listed(self, ranked: pl.DataFrame) -> pl.DataFrame:
        """Write the first candidates of each question as text."""
        first = ranked.filter(pl.int_range(pl.len()).over("q") < 5)  # noqa: PLR2004 - as many as a reader weighs
        named = first.select("q").hstack(
            self._places[first["ix"]].select("place_id", "name", "country", "population")
        )
        text = pl.format("{} ({}, {}, {})", "name", "country", "place_id", "population")
        return named.group_by("q", maintain_order=True).agg(candidates=text.str.join("; "))

    def _by_coordinates(self, asked: pl.DataFrame, answers: Sequence[pl.DataFrame]) -> pl.DataFrame:
        """Take the nearest place to the coordinates where no name was found."""
        done = pl.concat([pl.DataFrame(schema={"q": pl.UInt32}), *(a.select("q") for a in answers)])
        rest = asked.join(done, on="q", how="anti", maintain_order="left").filter(
            pl.col("latitude").is_between(-90, 90) & pl.col("longitude").is_between(-180, 180)
        )
        empty = pl.DataFrame(schema={"q": pl.UInt32, "ix": pl.UInt32, "way": pl.String, "share": pl.Float64})
        if rest.is_empty():
            return empty
        from cosmopolis.places.geometry import nearest  # noqa: PLC0415 - SciPy only where it is needed

        ix, km = nearest(
            self._places["latitude"].to_numpy(), self._places["longitude"].to_numpy(),
            rest["latitude"].to_numpy(), rest["longitude"].to_numpy(),
        )  # fmt: skip
        found = rest.select("q", "hint").with_columns(
            pl.Series("ix", ix, dtype=pl.UInt32),
            pl.Series("km", km),
            way=pl.lit("coordinates"),
            share=pl.lit(1.0),
        )
        found = found.hstack(self._places[found["ix"]].select("country"))
        fits = (pl.col("km") <= self.rule.near_km) & (
            pl.col("hint").is_null() | (pl.col("hint") == pl.col("country"))
        )
        return pl.concat([empty, found.filter(fits).select("q", "ix", "way", "share")])

    def _written(
        self, asked: pl.DataFrame, found: pl.DataFrame, doubtful: pl.DataFrame | None, unknown: pl.DataFrame
    ) -> pl.DataFrame:
        """Write the answers out in the order of the questions."""
        found = found.sort("q")
        named = found.hstack(
            self._places[found["ix"]].select(
                "place_id", "name", "country", "latitude", "longitude", "city_id"
            )
        ).join(
            self.gazetteer.cities.select("city_id", city_name="name"),
            on="city_id",
            how="left",
            maintain_order="left",
        )
        trust = pl.col("way").replace_strict(TRUST, return_dtype=pl.Float64)
        written = named.select(
            "q",
            "place_id",
            place_name="name",
            place_country="country",
            place_latitude="latitude",
            place_longitude="longitude",
            city_id="city_id",
            city_name="city_name",
            confidence=(trust * pl.col("share")).round(4),
            way="way",
        )
        doubts = (
            doubtful
            if doubtful is not None
            else pl.DataFrame(schema={"q": pl.UInt32, "candidates": pl.String})
        )
        answers = (
            asked.select("q", "text", "country")
            .join(written, on="q", how="left", maintain_order="left")
            .join(doubts, on="q", how="left", maintain_order="left")
            .join(unknown.select("q", strange=pl.lit(value=True)), on="q", how="left", maintain_order="left")
        )
        missed = pl.col("place_id").is_null()
        reason = (
            pl.when(~missed)
            .then(pl.lit(None, dtype=pl.String))
            .when(pl.col("text").is_null() | (pl.col("text").str.strip_chars() == ""))
            .then(pl.lit("no text"))
            .when("strange")
            .then(pl.format("country {} is not known", "country"))
            .when(pl.col("candidates").is_not_null())
            .then(pl.lit("several places fit and none stands out"))
            .otherwise(pl.lit("no place of this name is known"))
        )
        return answers.select(
            "q",
            *(name for name in ANSWER_SCHEMA if name not in {"confidence", "way"}),
            pl.col("confidence").fill_null(0.0),
            pl.col("way").fill_null("unresolved"),
            reason=reason,
            candidates=pl.when(missed).then("candidates"),
        )


_COMMON_WORDS: Final = [
    "university", "institute", "department", "school", "college", "center", "centre", "national", "research",
    "technology", "science", "sciences", "international", "laboratory", "hospital", "group", "company", "street",
    "road", "avenue", "north", "south", "east", "west", "central", "county", "state", "city", "park", "land",
    "institut", "ecole", "universite", "universitat", "universidad", "universita", "medical", "business",
    "mobile", "nice", "reading", "orange", "best", "bath", "normal", "union", "media", "most", "split", "hall",
    "island", "port", "green", "enterprise", "independence", "commerce", "industry", "liberty", "santa", "saint",
    "santo", "general", "royal", "data", "bank", "bank of", "much", "many", "lund university", "data center",
]  # fmt: skip
"""Words of affiliations and addresses that are also names of places; never looked for on their own."""


def _block_hashes() -> tuple[pl.Expr, pl.Expr]:
    """Hashes of country and first two, or last three letters: who shares neither is no near spelling."""
    head = pl.concat_str(pl.col("country"), pl.lit(">"), pl.col("key").str.slice(0, 2))
    tail = pl.concat_str(pl.col("country"), pl.lit("<"), pl.col("key").str.slice(-3))
    return head.hash(seed=0), tail.hash(seed=0)


def _expand(sorted_hashes: np.ndarray, wanted: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Pair each wanted hash with every place where it stands: `(row of wanted, place)`."""
    low = np.searchsorted(sorted_hashes, wanted, side="left")
    count = np.searchsorted(sorted_hashes, wanted, side="right") - low
    row = np.repeat(np.arange(len(wanted)), count)
    first = np.repeat(np.cumsum(count) - count, count)
    return row, np.arange(len(row)) - first + np.repeat(low, count)


def _runs(words: pl.DataFrame, size: int, *, separator: str) -> pl.DataFrame:
    """Runs of `size` words of each part: `q, key, size`."""
    word = words.select("q", word=pl.col("word").list.filter(pl.element() != ""))
    pieces = [pl.col("word").list.slice(k).alias(f"w{k}") for k in range(size)]
    long_enough = word.filter(pl.col("word").list.len() >= size)
    trimmed = long_enough.select(
        "q",
        *(piece.list.head(pl.col("word").list.len() - size + 1) for piece in pieces),
    )
    exploded = trimmed.explode([f"w{k}" for k in range(size)])
    return exploded.select(
        "q",
        key=pl.concat_str([f"w{k}" for k in range(size)], separator=separator),
        size=pl.lit(size, dtype=pl.Int64),
    ).unique(maintain_order=True)
