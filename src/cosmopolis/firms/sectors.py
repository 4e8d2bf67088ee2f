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
    """Return the sectors by id: `name` (en, zh), `sectors` and `industries` in small letters.

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
