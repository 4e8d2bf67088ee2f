"""Papers of an edition as items: which work stands in which city, year and field, and by which organisation.

The joins run in an engine over the records' own files, so that one paper list and a snapshot of hundreds of
millions of works go the same way. What a field means stands in `networks.fields`, what an address means in
`places.institutions`; here only the rows are counted and handed on.
"""

# ruff: noqa: S608 - what is put into the queries are this module's own names and numbers

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import polars as pl

from cosmopolis.networks import classify, duplicates
from cosmopolis.networks.fields import Fields
from cosmopolis.pipeline.desk import Desk as Steps
from cosmopolis.places import institutions, register

if TYPE_CHECKING:
    from cosmopolis.engines import Engine

PANEL = ":panel"
"""End of the name of a field's records in the venues of its panel."""

TOLD_MOST = 1_000_000
"""Rows of a part of one file up to which each row that is not used is told by itself."""

PLACEMENT = pl.Schema(
    {"source": pl.String, "way": pl.String, "rows": pl.Int64, "records": pl.Int64},
)
"""Columns of the table of ways in which addresses were placed."""

_WORK_COLUMNS = ("row", "work", "year", "title", "venue", "topics", "keywords", "citations")
_ROW_COLUMNS = institutions.ROW_COLUMNS
_KEY = " || chr(31) || ".join(f"COALESCE({column}, '')" for column in _ROW_COLUMNS)


@dataclass(frozen=True, kw_only=True)
class Items:
    """The records of a network, in the engine.

    Attributes
    ----------
    network
        `coauthorship` or `copatenting`.
    view
        Table with `item, year, field, city_id, organisation_key, organisation_name`; rows may repeat.
    sources
        Where they come from.
    placement
        By `PLACEMENT`.
    citations
        Query of `item, citations`; None where no record bears citations.
    """

    network: str
    view: str
    sources: tuple[str, ...]
    placement: pl.DataFrame
    citations: str | None


@dataclass(frozen=True, kw_only=True)
class Desk(Steps):
    """What every step here works with."""

    fields: Fields
    engine: "Engine"

    def is_folder(self, source: str) -> bool:
        """Say whether a source is a folder of files, whose rows are settled by numbers."""
        return self.catalog.source(source).folder is not None


def papers(desk: Desk) -> Items | None:
    """Place the papers of an edition's sources; None where there is no source of papers.

    Every row of the parts `works` and `affiliations` is counted in the ledger: as used where it stands behind
    a city's total, else with the first reason that holds.
    """
    engine, shelf = desk.engine, desk.shelf
    lists = desk.of_kind("papers", "works", "affiliations")
    if not lists:
        return None
    _keep_works(desk, lists)
    _keep_rows(desk, lists)
    columns = ", ".join(_ROW_COLUMNS)
    distinct = engine.query(
        f"SELECT {columns}, CAST(COUNT(*) AS BIGINT) AS rows FROM paper_rows GROUP BY {columns}",
        order=_ROW_COLUMNS,
    )
    registers = desk.of_kind("organisations", "organisations")
    resolver = desk.atlas.resolver
    known = register.build([shelf.part(name, "organisations") for name in registers], resolver)
    rule = institutions.PlacementRule(seats=desk.edition.innovation.seats)
    placed = institutions.place(distinct, known, resolver, rule=rule)
    for name in registers:
        shelf.use_all(name)
    engine.register("placed", distinct.drop("rows").hstack(placed))
    engine.keep("placed_keys", f"SELECT {_KEY} AS key, * FROM placed")
    engine.keep(
        "paper_places",
        "SELECT r.source, r.row, r.work, p.city_id, p.way, p.reason, p.organisation_key, p.organisation_name "
        f"FROM (SELECT *, {_KEY} AS key FROM paper_rows) r JOIN placed_keys p ON p.key = r.key",
    )
    engine.keep(
        "paper_items",
        "SELECT p.work AS item, w.year, f.field, p.city_id, p.organisation_key, p.organisation_name "
        "FROM paper_places p JOIN counted_works w ON w.work = p.work JOIN work_fields f ON f.work = p.work "
        "WHERE p.city_id IS NOT NULL",
    )
    _account(desk, lists)
    cited = engine.query("SELECT COUNT(citations) AS n FROM counted_works", order=("n",)).item()
    return Items(
        network="coauthorship",
        view="paper_items",
        sources=tuple(lists),
        placement=_placement(engine),
        citations="SELECT work AS item, citations FROM counted_works" if cited else None,
    )


def _keep_works(desk: Desk, lists: Sequence[str]) -> None:
    """Keep `every_work`, `repeats`, `counted_works` (those of the years, each once) and `work_fields`."""
    engine, settings = desk.engine, desk.edition.innovation
    parts = []
    for place, name in enumerate(lists):
        engine.register(f"works_{place}", desk.shelf.scan(name, "works"))
        columns = ", ".join(c for c in _WORK_COLUMNS if c != "work")
        parts.append(f"SELECT '{name}' AS source, '{name}:' || work AS work, {columns} FROM works_{place}")
    engine.keep("every_work", " UNION ALL ".join(parts))
    small = [name for name in lists if sum(desk.shelf.counts(name, "works")) <= settings.repeats_most]
    titled = engine.query(
        f"SELECT source, work, year, venue, title FROM every_work WHERE source IN ({listed(small)})",
        order=("work",),
    )
    engine.register("repeats", duplicates.find(titled, sources=small))
    engine.keep(
        "counted_works",
        "SELECT w.* FROM every_work w LEFT JOIN repeats d ON d.work = w.work "
        f"WHERE d.work IS NULL AND w.year BETWEEN {settings.first_year} AND {settings.last_year}",
    )
    classify.register(engine, desk.fields)
    engine.keep("plain_fields", classify.works_sql("counted_works", unnest=engine.dialect.unnest))
    sciences = sorted(desk.fields.ids("science"))
    panels = [
        _panel_sql(field, venues, engine)
        for field, venues in sorted(settings.panels.items())
        if field in sciences
    ]
    plain = f"SELECT work, field FROM plain_fields WHERE field IN ({listed(sciences)})"
    engine.keep("work_fields", " UNION ALL ".join([plain, *panels]))


def _panel_sql(field: str, venues: Sequence[str], engine: "Engine") -> str:
    """Write the query of a field's works in its panel, in the years in which each venue has some."""
    names = ", ".join(_quoted(venue.casefold()) for venue in venues)
    of_panel = (
        "FROM counted_works w JOIN plain_fields f ON f.work = w.work "
        f"WHERE f.field = {_quoted(field)} AND LOWER(TRIM(w.venue)) IN ({names})"
    )
    years = engine.query(
        f"SELECT w.year, COUNT(DISTINCT LOWER(TRIM(w.venue))) AS venues {of_panel} GROUP BY w.year",
        order=("year",),
    )
    whole = years.filter(pl.col("venues") == len(set(venues)))["year"].to_list()
    listed = ", ".join(map(str, whole)) or "NULL"
    return f"SELECT w.work, {_quoted(field + PANEL)} AS field {of_panel} AND w.year IN ({listed})"


def _keep_rows(desk: Desk, lists: Sequence[str]) -> None:
    """Keep `paper_rows`: the addresses of all works."""
    parts = []
    for place, name in enumerate(lists):
        desk.engine.register(f"addresses_{place}", desk.shelf.scan(name, "affiliations"))
        parts.append(
            f"SELECT '{name}' AS source, row, '{name}:' || work AS work, {', '.join(_ROW_COLUMNS)} "
            f"FROM addresses_{place}"
        )
    desk.engine.keep("paper_rows", " UNION ALL ".join(parts))


_WORK_REASON = """
CASE WHEN d.work IS NOT NULL THEN 'it stands in another list, or earlier in this one, too'
     WHEN c.work IS NULL THEN 'its year is outside those of the edition'
     WHEN f.work IS NULL THEN 'it is in no field of the edition'
     WHEN p.work IS NULL THEN 'none of its addresses lies in a city'
END
"""
"""Why a work is not used; null where it is."""

_JUDGED = f"""
SELECT w.source, w.row, w.work, {_WORK_REASON} AS reason
FROM every_work w
LEFT JOIN repeats d ON d.work = w.work
LEFT JOIN counted_works c ON c.work = w.work
LEFT JOIN (SELECT DISTINCT work FROM work_fields) f ON f.work = w.work
LEFT JOIN (SELECT DISTINCT work FROM paper_places WHERE city_id IS NOT NULL) p ON p.work = w.work
"""

_JUDGED_ROWS = """
SELECT p.source, p.row,
    CASE WHEN j.work IS NULL THEN 'its work is not in the list of works'
         WHEN p.city_id IS NULL THEN p.reason
         WHEN j.reason IS NOT NULL THEN CONCAT('its work is not used: ', j.reason)
    END AS reason
FROM paper_places p LEFT JOIN judged_works j ON j.work = p.work
"""


def _account(desk: Desk, lists: Sequence[str]) -> None:
    """Settle every row of every list in the ledger."""
    desk.engine.keep("judged_works", _JUDGED)
    desk.engine.keep("judged_rows", _JUDGED_ROWS)
    for name in lists:
        settle(desk, name, "works", judged="judged_works", column="work")
        settle(desk, name, "affiliations", judged="judged_rows", column="text")


def settle(desk: Desk, source: str, part: str, *, judged: str, column: str) -> None:
    """Count the rows of a part as used or set aside, by `source, row, reason` of a table.

    The rows of a source of several files, or of more than `TOLD_MOST` rows, are settled by numbers.
    """
    where = f"FROM {judged} WHERE source = {_quoted(source)}"
    files, rows_in = len(desk.shelf.scan(source, part)), desk.shelf.counts(source, part)[0]
    if desk.is_folder(source) and (files > 1 or rows_in > TOLD_MOST):
        sql = f"SELECT reason, CAST(COUNT(*) AS BIGINT) AS n {where} GROUP BY reason"
        counts: Mapping[str | None, int] = dict(desk.engine.query(sql, order=("reason",)).iter_rows())
        aside = {reason: n for reason, n in counts.items() if reason is not None}
        desk.shelf.ledger.count(source, part, used=counts.get(None, 0), aside=aside)
        return
    rows = desk.engine.query(f"SELECT row, reason {where}", order=("row",))
    lines = rows.drop_nulls("reason").select(
        "row", column=pl.lit(column), value=pl.lit(None, dtype=pl.String), reason="reason"
    )
    used = rows.filter(pl.col("reason").is_null())["row"]
    desk.shelf.account(source, part, used, lines, otherwise="it stands behind no table")


def _placement(engine: "Engine") -> pl.DataFrame:
    """Count rows and works by source and way of placing; `no_city`: the place found belongs to no city."""
    way = "CASE WHEN city_id IS NULL AND way <> 'none' THEN 'no_city' ELSE way END"
    found = engine.query(
        "SELECT source, way, CAST(COUNT(*) AS BIGINT) AS rows, "
        "CAST(COUNT(DISTINCT work) AS BIGINT) AS records "
        f"FROM (SELECT source, work, {way} AS way FROM paper_places) AS p GROUP BY source, way",
        order=("source", "way"),
    )
    return found.match_to_schema(PLACEMENT)


def _quoted(text: str) -> str:
    """Write a text as a literal of SQL."""
    return "'" + text.replace("'", "''") + "'"


def listed(texts: Iterable[str]) -> str:
    """Write texts as a list of SQL that is never empty."""
    return ", ".join(map(_quoted, texts)) or "NULL"
