"""Who makes a tie: the organisations behind each pair of cities.

A record that stands in two cities stands there through organisations: a university here and a firm there,
or one firm with laboratories in both. Which organisation an address means was decided before
(`cosmopolis.places`); rows without one are counted here, never guessed. Two organisations of one group are
two unless the keys say otherwise.
"""

from dataclasses import dataclass
from typing import TYPE_CHECKING

import polars as pl

from cosmopolis.engines.frames import check_name
from cosmopolis.errors import SpecError
from cosmopolis.networks.links import require

if TYPE_CHECKING:
    from cosmopolis.engines import Engine

MOST = 10
"""Pairs of organisations listed for a pair of cities."""

TIE_ORGANISATIONS = pl.Schema(
    {
        "network": pl.String,
        "field": pl.String,
        "from_year": pl.Int64,
        "to_year": pl.Int64,
        "origin": pl.Int64,
        "destination": pl.Int64,
        "organisation_origin": pl.String,
        "organisation_destination": pl.String,
        "count": pl.Int64,
        "position": pl.Int64,
        "same_organisation": pl.Boolean,
    }
)
"""Columns of the table of organisations behind ties."""

COVERAGE = pl.Schema(
    {
        "network": pl.String,
        "field": pl.String,
        "from_year": pl.Int64,
        "to_year": pl.Int64,
        "origin": pl.Int64,
        "destination": pl.Int64,
        "records": pl.Int64,
        "named": pl.Int64,
        "same": pl.Int64,
        "organisation_pairs": pl.Int64,
    }
)
"""Columns of the account of the records behind each tie."""

_PAIR = ("field", "from_year", "to_year", "origin", "destination")
_TABLE = "tied_pairs"

_TIED_SQL = """
WITH ends AS (
    SELECT field, origin AS city_id FROM tied_pairs UNION SELECT field, destination FROM tied_pairs
), present AS (
    SELECT DISTINCT r.item, r.year, r.field, r.city_id, r.{organisation} AS organisation
    FROM {rows} r
    JOIN ends e ON e.field = r.field AND e.city_id = r.city_id
    WHERE r.item IS NOT NULL AND r.year IS NOT NULL
), tied AS (
    SELECT
        p.field, p.from_year, p.to_year, p.origin, p.destination, a.item, a.year,
        a.organisation AS organisation_origin, b.organisation AS organisation_destination
    FROM tied_pairs p
    JOIN present a ON a.field = p.field AND a.city_id = p.origin AND a.year BETWEEN p.from_year AND p.to_year
    JOIN present b ON b.item = a.item AND b.year = a.year AND b.field = a.field AND b.city_id = p.destination
)
"""

_BEHIND_SQL = """
SELECT
    field, from_year, to_year, origin, destination, organisation_origin, organisation_destination,
    COUNT(*) AS records
FROM tied
WHERE organisation_origin IS NOT NULL AND organisation_destination IS NOT NULL
GROUP BY field, from_year, to_year, origin, destination, organisation_origin, organisation_destination
"""

_COVERAGE_SQL = """
, each_record AS (
    SELECT
        field, from_year, to_year, origin, destination, item, year,
        MAX(CASE WHEN organisation_origin IS NOT NULL AND organisation_destination IS NOT NULL
            THEN 1 ELSE 0 END) AS is_named,
        MAX(CASE WHEN organisation_origin = organisation_destination THEN 1 ELSE 0 END) AS is_same
    FROM tied
    GROUP BY field, from_year, to_year, origin, destination, item, year
)
SELECT
    field, from_year, to_year, origin, destination,
    COUNT(*) AS records, {named} AS named, {same} AS same
FROM each_record
GROUP BY field, from_year, to_year, origin, destination
"""


@dataclass(frozen=True, kw_only=True)
class Behind:
    """The organisations behind ties, and the account of the records.

    Attributes
    ----------
    organisations
        By `TIE_ORGANISATIONS`, sorted by its columns up to `destination`, then `position` and the two
        organisations.
    coverage
        By `COVERAGE`, a line for each pair asked: `records` in both cities, `named` of them with an
        organisation at both ends, `same` with one organisation at both ends, and how many
        `organisation_pairs` there are in all.
    """

    organisations: pl.DataFrame
    coverage: pl.DataFrame


def behind(
    engine: "Engine",
    rows: str,
    pairs: pl.DataFrame,
    *,
    network: str,
    most: int = MOST,
    organisation: str = "organisation",
) -> Behind:
    """Count the records through which organisations tie pairs of cities.

    For cities a and b and organisations A and B: the number of records with a row (A, a) and a row (B, b).
    A record with two organisations in a city counts for both, so these counts add up to more than the
    records of the tie. A = B is one organisation in both cities. A record is an item of a year and field.

    Parameters
    ----------
    engine
        Where the rows are known.
    rows
        Name of a table with `item`, `year`, `field`, `city_id` and the organisation; rows may repeat, and
        the organisation may be missing.
    pairs
        `field`, `from_year`, `to_year`, `origin`, `destination`: the ties asked about, years included.
    network
        Name of the network in the answer.
    most
        So many pairs of organisations are listed for a tie, first those with most records, of equals by name.
        `position` is 1 + the number of those with more records, so equals share one.
    organisation
        Name of the organisation's column.

    Raises
    ------
    SpecError
        If `most` is below 1, or a pair stands twice or is of one city.
    UnknownNameError
        If a table or column is not there.

    Examples
    --------
    >>> from cosmopolis.engines.duckdb import Engine
    >>> rows = pl.DataFrame({
    ...     "item": ["p", "p", "q", "q"], "year": 2020, "field": "ai",
    ...     "city_id": [1, 2, 1, 2], "organisation": ["GE", "GE", "Fudan", "GE"],
    ... })
    >>> pairs = pl.DataFrame(
    ...     {"field": "ai", "from_year": 2020, "to_year": 2024, "origin": [1], "destination": [2]}
    ... )
    >>> with Engine(threads=1) as engine:
    ...     engine.register("papers", rows)
    ...     found = behind(engine, "papers", pairs, network="coauthorship").organisations
    >>> found.select("organisation_origin", "organisation_destination", "count", "position").rows()
    [('Fudan', 'GE', 1, 1), ('GE', 'GE', 1, 1)]
    """
    require(pairs, _PAIR, what="pairs")
    if most < 1:
        raise SpecError(f"got most = {most}, but expected at least 1; {MOST} is the default")
    asked = pairs.select(_PAIR).sort(_PAIR)
    for fault, words in (
        (asked.is_duplicated(), "stands more than once"),
        (asked["origin"] == asked["destination"], "is of one city"),
    ):
        if fault.any():
            raise SpecError(f"a pair {words}: {asked.filter(fault).row(0, named=True)}")
    for name in (rows, organisation):
        check_name(name)
    engine.register(_TABLE, asked)
    tied = _TIED_SQL.format(rows=rows, organisation=organisation)
    order = (*_PAIR, "organisation_origin", "organisation_destination")
    counted = engine.query(tied + _BEHIND_SQL, order=order).rename({"records": "count"})
    sums = {name: engine.dialect.whole_sum(f"is_{name}") for name in ("named", "same")}
    covered = engine.query(tied + _COVERAGE_SQL.format(**sums), order=_PAIR)
    kinds = counted.group_by(_PAIR).agg(organisation_pairs=pl.len())
    coverage = (
        asked.join(covered, on=_PAIR, how="left", maintain_order="left")
        .join(kinds, on=_PAIR, how="left", maintain_order="left")
        .with_columns(pl.col("records", "named", "same", "organisation_pairs").fill_null(0))
    )
    ranked = counted.with_columns(
        position=pl.col("count").rank("min", descending=True).over(_PAIR).cast(pl.Int64),
        same_organisation=pl.col("organisation_origin") == pl.col("organisation_destination"),
    ).sort(*_PAIR, "position", "organisation_origin", "organisation_destination")
    first = ranked.filter(pl.int_range(pl.len()).over(_PAIR) < most)
    return Behind(
        organisations=_named(first, network, TIE_ORGANISATIONS),
        coverage=_named(coverage, network, COVERAGE),
    )


def _named(frame: pl.DataFrame, network: str, schema: pl.Schema) -> pl.DataFrame:
    """Name the network and put the columns in order."""
    full = frame.with_columns(network=pl.lit(network, dtype=pl.String))
    cities = frame.schema["origin"]  # ids, or labels in small examples
    return full.select(
        pl.col(name).cast(cities if name in ("origin", "destination") else dtype)
        for name, dtype in schema.items()
    )
