"""Sectors of firms: one set of words for what many sources call by their own.

The table is `sectors.toml`, reviewed by hand. What a sector says of a city is not known here; groups of
industries by their words are another thing (`cosmopolis.measures.headquarters`).
"""

import tomllib
from collections.abc import Mapping
from functools import cache
from importlib import resources
from typing import Any

import polars as pl


@cache
def sectors() -> Mapping[str, Mapping[str, Any]]:
    """Return the sectors by id: `name` (en, zh), `sectors`, `industries` and `indices` in small letters.

    Examples
    --------
    >>> sectors()["financials"]["name"]["en"]
    'Financials'
    """
    text = resources.files("cosmopolis.firms").joinpath("sectors.toml").read_text(encoding="utf-8")
    return tomllib.loads(text)


def _ids(column: str) -> dict[str, str]:
    return {word: name for name, entry in sectors().items() for word in entry[column]}


def sector_of(sector: pl.Expr, industry: pl.Expr) -> pl.Expr:
    """Return the id of a firm's sector; null where neither its sector nor its industry is in the table.

    An industry that tells a sector goes before the sector: a source that files power firms under energy has
    the industry right.

    Examples
    --------
    >>> told = pl.DataFrame({"s": ["Energy", "Energy", "Odd"], "i": ["Utilities", "Mining", "Fintech"]})
    >>> told.select(sector_of(pl.col("s"), pl.col("i")))["s"].to_list()
    ['utilities', 'energy', 'financials']
    """
    by_sector, by_industry = (
        text.str.strip_chars()
        .str.to_lowercase()
        .replace_strict(_ids(column), default=None, return_dtype=pl.String)
        for text, column in ((sector, "sectors"), (industry, "industries"))
    )
    return pl.coalesce(by_industry, by_sector).alias(sector.meta.output_name())


def told_by_most(words: pl.Series) -> pl.DataFrame:
    """Return sector and industry of firms of which a list says several words at once.

    The sector is the one that most of a firm's words tell; of equals the first of the table. The industry is
    the first word that tells no sector.

    Parameters
    ----------
    words
        Lists of texts.

    Returns
    -------
    told
        `sector` (in the table's own word for it, as `sector_of` takes it) and `industry`, row for row; null
        where no word tells one.

    Examples
    --------
    >>> lists = pl.Series([["Financials", "Payments", "Banks", "Industrials"], ["Odd"]])
    >>> told_by_most(lists).rows()
    [('financials', 'Payments'), (None, 'Odd')]
    """
    places = {name: place for place, name in enumerate(sectors())}
    known = {
        word: places[name]
        for name, entry in sectors().items()
        for word in (*entry["sectors"], *entry["indices"])
    }
    own = [entry["sectors"][0] for entry in sectors().values()]
    rows: list[tuple[str | None, str | None]] = []
    for texts in words.to_list():
        found = [known.get(text.strip().lower()) for text in texts or ()]
        votes = [place for place in found if place is not None]
        most = min(votes, key=lambda place: (-votes.count(place), place), default=None)
        rest = (text for text, place in zip(texts or (), found, strict=True) if place is None)
        rows.append((None if most is None else own[most], next(rest, None)))
    return pl.DataFrame(rows, schema={"sector": pl.String, "industry": pl.String}, orient="row")
