"""Citations that the records of each city receive, whole and shared; where the citing comes from.

Counted on an engine, so that all papers of the world or all patents can be: rows lie in the engine's tables
(`items` and one of `counts`, `yearly`, `cites`), and the queries stand here once for every engine. Sources
differ in what they count, so numbers of two sources must not be laid side by side.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, get_args

import polars as pl

from cosmopolis.errors import FormatError, UnknownNameError, hint_near
from cosmopolis.measures.windows import Window
from cosmopolis.networks.links import LINKS, finish, require, sum_exactly

if TYPE_CHECKING:
    from cosmopolis.engines import Engine

Basis = Literal["counts", "yearly", "cites"]
"""Which table of the engine says who is cited: see `received`."""

RECEIVED = pl.Schema(
    {
        "field": pl.String,
        "year": pl.Int64,
        "city_id": pl.Int64,
        "records": pl.Int64,
        "records_known": pl.Int64,
        "citations": pl.Int64,
        "fractional": pl.Float64,
    }
)
"""Columns of citations received by field, year of publication and city."""

TOP = pl.Schema(
    {
        "field": pl.String,
        "from_year": pl.Int64,
        "to_year": pl.Int64,
        "position": pl.Int64,
        "city_id": pl.Int64,
        "records": pl.Int64,
        "records_known": pl.Int64,
        "citations": pl.Int64,
        "fractional": pl.Float64,
    }
)
"""Columns of the list of most cited cities."""

AMOUNTS = ("citations", "fractional")

_INCIDENCE = """
incidence AS (
    SELECT DISTINCT item, year, field, city_id FROM items
    WHERE item IS NOT NULL AND year IS NOT NULL AND field IS NOT NULL AND city_id IS NOT NULL
), sized AS (
    SELECT item, year, field, COUNT(*) AS cities FROM incidence GROUP BY item, year, field
)"""

_COUNTS = """
    SELECT s.item, s.year, s.field, SUM(c.citations) AS citations
    FROM sized s JOIN counts c ON c.item = s.item
    WHERE c.citations IS NOT NULL
    GROUP BY s.item, s.year, s.field"""

_YEARLY = """
    SELECT s.item, s.year, s.field,
        SUM(CASE WHEN c.year BETWEEN s.year AND s.year + {last} THEN c.citations ELSE 0 END) AS citations
    FROM sized s JOIN yearly c ON c.item = s.item
    WHERE c.citations IS NOT NULL AND {whole}
    GROUP BY s.item, s.year, s.field"""

_CITES = """
    SELECT s.item, s.year, s.field, COUNT(DISTINCT c.citing) AS citations
    FROM sized s LEFT JOIN cites c ON c.cited = s.item AND c.citing <> c.cited AND {within}
    WHERE {whole}
    GROUP BY s.item, s.year, s.field"""

_RECEIVED = """
WITH {incidence}, known AS ({known}
)
SELECT
    i.field, i.year, i.city_id, CAST(s.cities AS BIGINT) AS cities,
    CAST(COUNT(*) AS BIGINT) AS records,
    CAST(COUNT(k.citations) AS BIGINT) AS records_known,
    CAST(SUM(k.citations) AS BIGINT) AS citations
FROM incidence i
JOIN sized s ON s.item = i.item AND s.year = i.year AND s.field = i.field
LEFT JOIN known k ON k.item = i.item AND k.year = i.year AND k.field = i.field
GROUP BY i.field, i.year, i.city_id, s.cities
"""

_FLOWS = """
WITH {incidence}, cited_cities AS (
    SELECT DISTINCT item, city_id FROM incidence
), cited_sizes AS (
    SELECT item, COUNT(*) AS cities FROM cited_cities GROUP BY item
), pairs AS (
    SELECT DISTINCT citing, cited FROM cites WHERE citing IS NOT NULL AND cited IS NOT NULL
        AND citing <> cited
)
SELECT
    a.field, a.year, a.city_id AS origin, b.city_id AS destination,
    CAST(s.cities * z.cities AS BIGINT) AS parts, CAST(COUNT(*) AS BIGINT) AS citations
FROM pairs p
JOIN incidence a ON a.item = p.citing
JOIN sized s ON s.item = a.item AND s.year = a.year AND s.field = a.field
JOIN cited_cities b ON b.item = p.cited
JOIN cited_sizes z ON z.item = b.item
WHERE a.city_id <> b.city_id
GROUP BY a.field, a.year, a.city_id, b.city_id, s.cities * z.cities
"""


@dataclass(frozen=True, kw_only=True)
class Span:
    """A citation window: how many years, the year of publication being the first, and what is known.

    Attributes
    ----------
    years
        Length of the window: 5 counts citations of the year of publication and the next four.
    first, last
        First and last citing year that the source covers. A record whose window is not wholly within them
        has no data: its citations were not yet made, or are not told.
    """

    years: int
    first: int
    last: int


def received(engine: "Engine", *, basis: Basis, span: Span | None = None) -> pl.DataFrame:
    """Count the citations that the records of each city receive.

    With C_k the citations of record k and n_k its distinct cities: `citations` Σ_k C_k and `fractional`
    Σ_k C_k / n_k over the city's records; the first counts a citation once for every city of the record, the
    second once in all.

    Parameters
    ----------
    engine
        With the table `items` (`item, year, field, city_id`: records and their cities) and, by `basis`,

        * `counts` (`item, citations`): totals as the source gives them, of all years;
        * `yearly` (`item, year, citations`): by citing year; a record without any row has no data, so that
          one that is never cited needs a row of 0;
        * `cites` (`citing, cited`, and `year` of the citing record where a span is given): only citations by
          records of the table count, each pair once, and every record has data, at least 0. Records outside
          the source that cite are not known: a count within the set.

        For patents of one office (such as PCT, `WO`) put only its patents into `items`.
    span
        For `yearly` and `cites`: a window of the same length for all years of publication, without which
        older records have more citations because they are older.

    Returns
    -------
    frame
        By `RECEIVED`, sorted by the first three. `records_known` is the number of records with data;
        `citations` and `fractional` are null where there is none: no data is not zero.

    Raises
    ------
    UnknownNameError
        If the basis is not known, or the engine lacks a table.
    FormatError
        If a span is given for `counts`, which know no years, or is missing for `yearly`, or is empty.
    """
    if basis not in get_args(Basis):
        raise UnknownNameError(f"there is no basis {basis!r}" + hint_near(basis, get_args(Basis)))
    if (basis == "counts" and span is not None) or (basis == "yearly" and span is None):
        needed = "no span: totals know no years" if basis == "counts" else "a span"
        raise FormatError(f"got span = {span} for the basis {basis!r}, but expected {needed}")
    if span is not None and (span.years < 1 or span.first > span.last):
        raise FormatError(f"got {span}, but expected at least one year, and the first before the last")
    sql = _RECEIVED.format(incidence=_INCIDENCE, known=_known(basis, span))
    by_size = engine.query(sql, order=("field", "year", "city_id", "cities"))
    keys = ["field", "year", "city_id"]
    sums = by_size.group_by(keys).agg(
        pl.col("records", "records_known").sum(),
        pl.when(pl.col("citations").is_not_null().any()).then(pl.col("citations").sum()).alias("citations"),
    )
    parts = by_size.drop_nulls("citations").with_columns(fractional=pl.col("citations") / pl.col("cities"))
    shared = sum_exactly(parts, keys, "fractional")
    return (
        sums.join(shared, on=keys, how="left")
        .select(pl.col(name).cast(dtype) for name, dtype in RECEIVED.items())
        .sort(keys)
    )


def _known(basis: Basis, span: Span | None) -> str:
    """Return the query of the citations of each record that has data."""
    if basis == "counts":
        return _COUNTS
    if span is None:
        return _CITES.format(within="1 = 1", whole="1 = 1")
    last = int(span.years) - 1
    whole = f"s.year >= {int(span.first)} AND s.year + {last} <= {int(span.last)}"
    if basis == "yearly":
        return _YEARLY.format(last=last, whole=whole)
    return _CITES.format(within=f"c.year BETWEEN s.year AND s.year + {last}", whole=whole)


def top(
    table: pl.DataFrame, *, windows: Sequence[Window], amount: str = "fractional", most: int = 20
) -> pl.DataFrame:
    """List the cities whose records of a window are cited most.

    Parameters
    ----------
    table
        By `RECEIVED`.
    windows
        Of years of publication.
    amount
        `fractional`, by which the citations of the list add up to those of its records, or `citations`.
    most
        Positions at most; cities of equal amount share the smallest position, so that a list may be longer.

    Returns
    -------
    frame
        By `TOP`, sorted by field, window, position, city_id. Cities without data are not in it, and cities
        that were never cited neither.
    """
    if amount not in AMOUNTS:
        raise UnknownNameError(f"there is no amount {amount!r}" + hint_near(amount, AMOUNTS))
    require(table, list(RECEIVED), what="citations received")
    frames = [TOP.to_frame()]
    for low, high in windows:
        inside = table.filter(pl.col("year").is_between(low, high))
        keys = ["field", "city_id"]
        known = inside.drop_nulls("citations")
        sums = inside.group_by(keys).agg(pl.col("records", "records_known").sum())
        cited = known.group_by(keys).agg(pl.col("citations").sum())
        every = (
            sums.join(cited, on=keys)
            .join(sum_exactly(known, keys, "fractional"), on=keys)
            .filter(pl.col(amount) > 0)
            .with_columns(
                position=pl.col(amount).rank("min", descending=True).over("field").cast(pl.Int64),
                from_year=pl.lit(low, dtype=pl.Int64),
                to_year=pl.lit(high, dtype=pl.Int64),
            )
            .filter(pl.col("position") <= most)
        )
        frames.append(every.select(pl.col(name).cast(dtype) for name, dtype in TOP.items()))
    return pl.concat(frames).sort("field", "from_year", "to_year", "position", "city_id")


def flows(engine: "Engine", *, network: str = "citation") -> pl.DataFrame:
    """Link cities by citation: who cites whom.

    Every citation counts 1/(n_a n_b) between each of the n_a cities of the citing and each of the n_b of the
    cited record: `weight` is the sum, `count` the number of citations. Citations within a city are left out.
    What is known goes the other way, from destination to origin.

    Parameters
    ----------
    engine
        With the tables `items` and `cites`, as for `received`.

    Returns
    -------
    links
        By `networks.links.LINKS`, directed from citing to cited city; field and year are those of the citing
        record.
    """
    sql = _FLOWS.format(incidence=_INCIDENCE)
    keys = ["field", "year", "origin", "destination"]
    by_parts = engine.query(sql, order=(*keys, "parts"))
    if by_parts.is_empty():
        return LINKS.to_frame()
    weights = sum_exactly(by_parts.with_columns(weight=pl.col("citations") / pl.col("parts")), keys, "weight")
    counts = by_parts.group_by(keys).agg(pl.col("citations").sum().alias("count"))
    return finish(weights.join(counts, on=keys), network=network)
