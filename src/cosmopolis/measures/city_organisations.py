"""Ties inside a city: which of its organisations stand together in records, and how many records join any.

Ties between cities say nothing of a university and a firm of one town. Which organisation an address means
was decided before (`cosmopolis.places`); records without one are counted here, never guessed. Two names that
no register joins are two organisations, and a group is not its subsidiaries: both make ties that are none.
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
"""Pairs of organisations listed for a city."""

_WINDOW = {"network": pl.String, "field": pl.String, "from_year": pl.Int64, "to_year": pl.Int64}

CITY_ORGANISATIONS = pl.Schema(
    {
        **_WINDOW,
        "city_id": pl.Int64,
        "organisation_origin": pl.String,
        "organisation_destination": pl.String,
        "count": pl.Int64,
        "position": pl.Int64,
    }
)
"""Columns of the table of pairs of organisations of one city; the first of a pair is below the second."""

CITY_INSIDE = pl.Schema(
    {
        **_WINDOW,
        "city_id": pl.Int64,
        "records": pl.Int64,
        "organisations": pl.Int64,
        "named": pl.Int64,
        "joint": pl.Int64,
    }
)
"""Columns of the account of each city's records."""

_SPAN = ("field", "from_year", "to_year")
_CITY = (*_SPAN, "city_id")
_PAIR = (*_CITY, "organisation_origin", "organisation_destination")
_TABLE = "inside_spans"

_PRESENT_SQL = """
WITH present AS (
    SELECT DISTINCT
        s.field, s.from_year, s.to_year, r.city_id, r.item, r.year, r.{organisation} AS organisation
    FROM {rows} r
    JOIN inside_spans s ON s.field = r.field AND r.year BETWEEN s.from_year AND s.to_year
    WHERE r.item IS NOT NULL AND r.city_id IS NOT NULL
)
"""

_PAIRS_SQL = """
, pairs AS (
    SELECT
        a.field, a.from_year, a.to_year, a.city_id,
        a.organisation AS organisation_origin, b.organisation AS organisation_destination,
        COUNT(*) AS records
    FROM present a
    JOIN present b ON b.field = a.field AND b.from_year = a.from_year AND b.to_year = a.to_year
        AND b.city_id = a.city_id AND b.item = a.item AND b.year = a.year AND b.organisation > a.organisation
    GROUP BY a.field, a.from_year, a.to_year, a.city_id, a.organisation, b.organisation
), ranked AS (
    SELECT
        field, from_year, to_year, city_id, organisation_origin, organisation_destination, records,
        RANK() OVER (
            PARTITION BY field, from_year, to_year, city_id ORDER BY records DESC
        ) AS shared_place,
        ROW_NUMBER() OVER (
            PARTITION BY field, from_year, to_year, city_id
            ORDER BY records DESC, organisation_origin, organisation_destination
        ) AS own_place
    FROM pairs
)
SELECT
    field, from_year, to_year, city_id, organisation_origin, organisation_destination, records,
    CAST(shared_place AS BIGINT) AS shared_place
FROM ranked
WHERE own_place <= {most}
"""

_RECORDS_SQL = """
, each_record AS (
    SELECT field, from_year, to_year, city_id, item, year, COUNT(organisation) AS known
    FROM present
    GROUP BY field, from_year, to_year, city_id, item, year
), each_city AS (
    SELECT
        field, from_year, to_year, city_id,
        CASE WHEN known >= 1 THEN 1 ELSE 0 END AS is_named,
        CASE WHEN known >= 2 THEN 1 ELSE 0 END AS is_joint
    FROM each_record
)
SELECT field, from_year, to_year, city_id, COUNT(*) AS records, {named} AS named, {joint} AS joint
FROM each_city
GROUP BY field, from_year, to_year, city_id
"""

_ORGANISATIONS_SQL = """
SELECT field, from_year, to_year, city_id, CAST(COUNT(DISTINCT organisation) AS BIGINT) AS organisations
FROM present
GROUP BY field, from_year, to_year, city_id
"""


@dataclass(frozen=True, kw_only=True)
class Inside:
    """The ties inside cities, and the account of the records.

    Attributes
    ----------
    organisations
        By `CITY_ORGANISATIONS`, sorted by its columns up to `city_id`, then `position` and the two
        organisations. Cities without a pair have no row.
    records
        By `CITY_INSIDE`, a row for each city with a record, sorted by its columns up to `city_id`: `records`
        that name the city, `named` of them with a known organisation there, `joint` with two or more, and how
        many `organisations` are known in all. The share of co-operation inside the city is joint / records;
        as some organisations are not known, it is a least one.
    """

    organisations: pl.DataFrame
    records: pl.DataFrame


def inside(
    engine: "Engine",
    rows: str,
    spans: pl.DataFrame,
    *,
    network: str,
    most: int = MOST,
    organisation: str = "organisation",
) -> Inside:
    """Count the records in which two organisations of one city stand together.

    For a city c and organisations A < B: the number of records with a row (A, c) and a row (B, c). A record
    with n organisations of the city counts for n(n − 1)/2 pairs, so these counts add up to more than the
    records that are joint. A record is an item of a year and field.

    Parameters
    ----------
    engine
        Where the rows are known.
    rows
        Name of a table with `item`, `year`, `field`, `city_id` and the organisation; rows may repeat, and
        the organisation may be missing.
    spans
        `field`, `from_year`, `to_year`: what is asked about, years included.
    network
        Name of the network in the answer.
    most
        So many pairs are listed for a city, first those with most records, of equals by name (as bytes of
        UTF-8). `position` is 1 + the number of the city's pairs with more records, so equals share one.
    organisation
        Name of the organisation's column.

    Raises
    ------
    SpecError
        If `most` is below 1, or a span stands twice.
    UnknownNameError
        If a table or column is not there.

    Examples
    --------
    >>> from cosmopolis.engines.duckdb import Engine
    >>> rows = pl.DataFrame({
    ...     "item": ["p", "p", "q", "q", "r"], "year": 2020, "field": "ai", "city_id": [1, 1, 1, 2, 1],
    ...     "organisation": ["GE", "Fudan", "GE", "Fudan", None],
    ... })
    >>> spans = pl.DataFrame({"field": ["ai"], "from_year": [2020], "to_year": [2024]})
    >>> with Engine(threads=1) as engine:
    ...     engine.register("papers", rows)
    ...     found = inside(engine, "papers", spans, network="coauthorship")
    >>> found.organisations.select(pl.col("city_id", "^organisation_.*$", "count")).rows()
    [(1, 'Fudan', 'GE', 1)]
    >>> found.records.select("city_id", "records", "organisations", "named", "joint").rows()
    [(1, 3, 2, 2, 1), (2, 1, 1, 1, 0)]
    """
    require(spans, _SPAN, what="spans")
    if most < 1:
        raise SpecError(f"got most = {most}, but expected at least 1; {MOST} is the default")
    asked = spans.select(_SPAN).sort(_SPAN)
    twice = asked.is_duplicated()
    if twice.any():
        raise SpecError(f"a span stands more than once: {asked.filter(twice).row(0, named=True)}")
    for name in (rows, organisation):
        check_name(name)
    engine.register(_TABLE, asked)
    present = _PRESENT_SQL.format(rows=rows, organisation=organisation)
    pairs = engine.query(present + _PAIRS_SQL.format(most=int(most)), order=_PAIR)
    sums = {name: engine.dialect.whole_sum(f"is_{name}") for name in ("named", "joint")}
    records = engine.query(present + _RECORDS_SQL.format(**sums), order=_CITY)
    known = engine.query(present + _ORGANISATIONS_SQL, order=_CITY)
    listed = pairs.rename({"records": "count", "shared_place": "position"}).sort(
        *_CITY, "position", "organisation_origin", "organisation_destination"
    )
    counted = records.join(known, on=_CITY, how="left", maintain_order="left")
    leading = pl.lit(network, dtype=pl.String).alias("network")
    return Inside(
        organisations=listed.with_columns(leading).match_to_schema(CITY_ORGANISATIONS),
        records=counted.with_columns(leading).match_to_schema(CITY_INSIDE),
    )
