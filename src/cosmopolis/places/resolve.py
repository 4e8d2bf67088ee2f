"""Finds the place and the city that a text means, says how, how surely, and what else it could be.

The text may be a name in any script ("Wien/Vienna", "慕尼黑"), an address or affiliation ("Dept of
Physics, TU München, Germany"), a headquarters ("Saint Paul, Minnesota, U.S.") or a port ("Viet Nam, Hai
Phong"). It is split at its commas, slashes and brackets; parts that name a country or a first-level
division become hints; the others are looked up. Ways, from the surest to the least sure:

=========== =========================================================================
exact       a part is a place's name, letter by letter
alternate   a part is another of its names, letter by letter, in any script
normal      the same after `names.normal_form`, or without words such as "City of"
part        some words inside a part are the name of a place of some size
spelling    a part is a name spelt by another convention (Donghae for Tonghae, -sky for -skiy)
fuzzy       a part is within few letters of a name in the same country
coordinates no name fits; the nearest place to the coordinates given
unresolved  nothing fits, or several do and none stands out
=========== =========================================================================

Homonyms are weighed by people, by whether the name is the place's first, by division and by
coordinates; the share of the weight that lies with the best place and those around it is its evidence.
With too little of it (`ResolveRule.accept`) nothing is guessed: the answer is unresolved, with its
candidates. Confidence is that share times the trust in the way.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property
from typing import Final

import polars as pl

from cosmopolis.places._decision import (
    ANSWER_SCHEMA,
    SURE_SCHEMA,
    UNSURE_SCHEMA,
    by_coordinates,
    decide,
    written,
)
from cosmopolis.places._lookup import Lookup
from cosmopolis.places._pieces import by_head, by_pair, by_word_of_name, by_words
from cosmopolis.places._questions import Questions, taken_apart
from cosmopolis.places._settings import TRUST, WAYS, ResolveRule
from cosmopolis.places._spellings import by_adjective, by_likeness, by_spoken_form
from cosmopolis.places._wholes import by_area_name, by_name, by_town_name
from cosmopolis.places.countries import Countries
from cosmopolis.places.gazetteer import Gazetteer

__all__ = ["ANSWER_SCHEMA", "TRUST", "WAYS", "ResolveRule", "Resolver"]

_IN_TURN: Final[tuple[Callable[[Questions, Lookup], pl.DataFrame], ...]] = (
    by_name,
    by_town_name,
    by_area_name,
    by_adjective,
    by_spoken_form,
    by_pair,
    by_head,
    by_words,
    by_likeness,
    by_word_of_name,
)
"""The ways by name, from the surest; a text is asked of the next only where one finds nothing at all."""


def _no_divisions() -> pl.DataFrame:
    """Return an empty table of divisions."""
    return pl.DataFrame(schema={"country": pl.String, "admin1": pl.String, "name": pl.String})


def _as_divisions(asked: pl.DataFrame) -> pl.DataFrame:
    """Say of questions that they name a division: by `UNSURE_SCHEMA`."""
    reason = pl.format("names a first-level division of {}, not a place", "hint")
    return asked.select("q", reason=reason, candidates=pl.lit(None, dtype=pl.String))


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
    divisions: pl.DataFrame = field(default_factory=_no_divisions)
    rule: ResolveRule = field(default_factory=ResolveRule)

    @cached_property
    def _lookup(self) -> Lookup:
        return Lookup(
            gazetteer=self.gazetteer, countries=self.countries, divisions=self.divisions, rule=self.rule
        )

    def prepare(self) -> None:
        """Make every table of the look-up now rather than at the first question."""
        self._lookup.prepare()

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
        joined = asked.join(
            distinct.hstack(answers.drop("q")),
            on=list(columns),
            how="left",
            nulls_equal=True,
            maintain_order="left",
        )
        return joined.select(*ANSWER_SCHEMA, "reason", "candidates")

    def _resolve_distinct(self, asked: pl.DataFrame) -> pl.DataFrame:
        """Answer distinct questions `q, text, country, latitude, longitude`, in their order."""
        lookup = self._lookup
        given = self.countries.find_all(asked["country"])
        asked = asked.with_columns(pl.Series("hint", given, dtype=pl.String))
        unknown = asked.filter(
            pl.col("country").is_not_null() & (pl.col("country") != "") & pl.col("hint").is_null()
        )
        rest = asked.join(unknown, on="q", how="anti", maintain_order="left")
        questions = taken_apart(rest, lookup)
        found, doubtful = SURE_SCHEMA.to_frame(), UNSURE_SCHEMA.to_frame()
        for way in _IN_TURN:
            if rest.is_empty():
                break
            sure, unsure = decide(way(questions.of(rest["q"]), lookup), rest, questions, lookup)
            found, doubtful = pl.concat([found, sure]), pl.concat([doubtful, unsure])
            done = pl.concat([sure["q"], unsure["q"]])
            rest = rest.filter(~pl.col("q").is_in(done.implode()))
            if way is by_name:
                divisions = rest.join(questions.of_divisions, on="q", how="semi", maintain_order="left")
                doubtful = pl.concat([doubtful, _as_divisions(divisions)])
                rest = rest.join(divisions, on="q", how="anti", maintain_order="left")
        nameless = asked.join(found, on="q", how="anti", maintain_order="left")
        found = pl.concat([found, by_coordinates(nameless, lookup)])
        return written(asked, found, doubtful, unknown, lookup)
