"""Goods that countries sell to each other: every fourth year from 1964 to 2016, and 2015 both ways.

Two files of different hands:

- `penppml_trade.csv.gz`, the example data of the R package penppml after the World Bank's Deep Trade
  Agreements: a row for each exporter, importer and year with the exports, agreements and their provisions.
  Each triple stands once, whatever agreements it has; a 0 is a pair that did not trade. Values are in US
  dollars: China's exports to the United States of 2012 stand as 3.52e11 (China's customs: 352 billion
  dollars), those of all pairs come to 1.599e13 (World Trade Organization, press release 688 of 2013: 18.3
  trillion), 87 %. Goods that only pass through seem to be left out: over all years Hong Kong sells 0.19
  trillion and buys 2.36. Only exporters that report are there: the Soviet Union buys here and does not sell.
- `bilateral_trade_value_2015_BTV.csv`, harmonised from UN Comtrade for a study of shipping: a row for each
  pair of 2015 that trades, in either order, with the value of both directions together in US dollars: China
  and the United States have 5.89e11, all pairs 1.542e13.

Countries have three letters of ISO 3166-1, of today or of old, or the World Bank's own for what is no
country (`former_countries`). Values are given in million dollars.
"""

from collections.abc import Iterator, Mapping
from pathlib import Path

import polars as pl

from cosmopolis.sources.delimited import Delimited, raw_block
from cosmopolis.sources.former_countries import FORMER, RENAMED
from cosmopolis.sources.raw import Raw
from cosmopolis.sources.text import path_of

SOURCE = "bilateral-trade"
EXPORTS = "penppml_trade.csv.gz"
BOTH_WAYS = "bilateral_trade_value_2015_BTV.csv"
BOTH_WAYS_YEAR = 2015

DOLLARS_PER_UNIT = 1e6
"""Values are given in millions of them."""

_EXPORTS = ("exp", "imp", "time", "export")
_BOTH_WAYS = ("country code_source", "country code_target", "btv")


def today(column: str, year: pl.Expr) -> pl.Expr:
    """Write three letters of a country as `former_countries.iso3_of` does, for a whole column."""
    code = pl.col(column).str.strip_chars().replace(dict(RENAMED))
    for state in FORMER:
        if state.then is not None:
            gone = (code == state.iso3) & (year > state.last_year)
            code = pl.when(gone).then(pl.lit(state.then)).otherwise(code)
    return code


def _millions(column: str) -> pl.Expr:
    """Turn dollars into millions; what is no number stays as text, to be quarantined as it is."""
    number = pl.col(column).str.strip_chars().cast(pl.Float64, strict=False)
    return pl.coalesce((number / DOLLARS_PER_UNIT).cast(pl.String), column)


def read(files: Mapping[str, Path]) -> Iterator[Raw]:
    """Read the parts `trade` and `both_ways`, both for the table `country_trade`.

    Parameters
    ----------
    files
        `penppml_trade.csv.gz` (`trade`: sold by origin to destination) and
        `bilateral_trade_value_2015_BTV.csv` (`both_ways`: both directions, in the file's order of the two).
    """
    exports = Delimited(
        path=path_of(files, EXPORTS, source=SOURCE),
        source=SOURCE,
        needed=_EXPORTS,
        expected="a gzipped table with the columns " + ", ".join(_EXPORTS),
        separator=",",
    )
    pairs = Delimited(
        path=path_of(files, BOTH_WAYS, source=SOURCE),
        source=SOURCE,
        needed=_BOTH_WAYS,
        expected="a table with the columns " + ", ".join(_BOTH_WAYS),
        separator=",",
        folded=True,
    )
    return _parts(exports, pairs)


def _parts(exports: Delimited, pairs: Delimited) -> Iterator[Raw]:
    """Give the parts block by block."""
    for block, rejects in exports.blocks():
        year = pl.col("time").str.strip_chars().cast(pl.Int64, strict=False)
        rows = block.select(
            "row",
            year="time",
            origin=today("exp", year),
            destination=today("imp", year),
            value_musd=_millions("export"),
        )
        yield raw_block(SOURCE, "trade", "country_trade", rows, rejects)
    for block, rejects in pairs.blocks():
        year = pl.lit(BOTH_WAYS_YEAR, dtype=pl.Int64)
        rows = block.select(
            "row",
            year=year,
            origin=today(_BOTH_WAYS[0], year),
            destination=today(_BOTH_WAYS[1], year),
            value_musd=_millions(_BOTH_WAYS[2]),
        )
        yield raw_block(SOURCE, "both_ways", "country_trade", rows, rejects)
