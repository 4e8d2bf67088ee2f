"""Patents of an edition as items: which patent has inventors in which city, year and field, and who applied.

A patent stands where its inventors live. The organisations behind a tie are its applicants, wherever they
sit: two cities tied by the patents of one firm are tied by that firm.
"""

# ruff: noqa: S608 - what is put into the queries are this module's own names and numbers

from collections.abc import Sequence

import polars as pl

from cosmopolis.networks import classify
from cosmopolis.pipeline.innovation.items import PLACEMENT, Desk, Items, listed, settle
from cosmopolis.places.register import organisation_key

_PLACE_COLUMNS = ("text", "country", "latitude", "longitude")
_WHERE = """
p.text = a.text AND p.country IS NOT DISTINCT FROM a.country
AND p.latitude IS NOT DISTINCT FROM a.latitude AND p.longitude IS NOT DISTINCT FROM a.longitude
"""

_JUDGED = """
SELECT e.source, e.row,
    CASE WHEN c.patent IS NULL THEN 'its year is outside those of the edition'
         WHEN f.patent IS NULL THEN 'it is in no field of the edition'
         WHEN i.patent IS NULL THEN 'none of its inventors lives in a city'
    END AS reason, e.patent
FROM every_patent e
LEFT JOIN counted_patents c ON c.patent = e.patent
LEFT JOIN (SELECT DISTINCT patent FROM patent_fields) f ON f.patent = e.patent
LEFT JOIN (SELECT DISTINCT patent FROM inventor_places WHERE city_id IS NOT NULL) i ON i.patent = e.patent
"""

_JUDGED_PARTIES = """
SELECT p.source, p.row,
    CASE WHEN j.patent IS NULL THEN 'its patent is not in the list of patents'
         WHEN p.role = 'inventor' AND i.city_id IS NULL THEN i.reason
         WHEN p.role = 'applicant' AND p.name IS NULL THEN 'the applicant has no name'
         WHEN j.reason IS NOT NULL THEN CONCAT('its patent is not used: ', j.reason)
    END AS reason
FROM every_party p
LEFT JOIN judged_patents j ON j.patent = p.patent
LEFT JOIN inventor_places i ON i.source = p.source AND i.row = p.row
"""


def patents(desk: Desk) -> Items | None:
    """Place the patents of an edition's sources; None where there is no source of patents.

    Every row of the parts `patents` and `parties` is counted in the ledger.
    """
    lists = desk.of_kind("patents", "patents", "parties")
    if not lists:
        return None
    engine = desk.engine
    _keep_patents(desk, lists)
    _keep_inventors(desk)
    names = engine.query(
        "SELECT DISTINCT name FROM every_party WHERE role = 'applicant' AND name IS NOT NULL", order=("name",)
    )
    engine.register(
        "applicant_names",
        names.with_columns(organisation_key=organisation_key(pl.col("name"))),
    )
    engine.keep(
        "applicants",
        "SELECT DISTINCT p.patent, n.organisation_key, n.name AS organisation_name "
        "FROM every_party p JOIN applicant_names n ON n.name = p.name WHERE p.role = 'applicant'",
    )
    engine.keep(
        "patent_items",
        "SELECT i.patent AS item, c.year, f.field, i.city_id, a.organisation_key, a.organisation_name "
        "FROM inventor_places i JOIN counted_patents c ON c.patent = i.patent "
        "JOIN patent_fields f ON f.patent = i.patent LEFT JOIN applicants a ON a.patent = i.patent "
        "WHERE i.city_id IS NOT NULL",
    )
    engine.keep("judged_patents", _JUDGED)
    engine.keep("judged_parties", _JUDGED_PARTIES)
    for name in lists:
        settle(desk, name, "patents", judged="judged_patents", column="patent")
        settle(desk, name, "parties", judged="judged_parties", column="text")
    known = _cited(desk, lists)
    return Items(
        network="copatenting",
        view="patent_items",
        sources=tuple(lists),
        placement=_placement(desk),
        citations=known,
    )


def _cited(desk: Desk, lists: Sequence[str]) -> str | None:
    """Return the query of `item, citations`; None where no source knows any.

    A source with a part `citations` has its citations counted, each pair of patents once and none of a patent
    by itself; of another its own totals are taken. Citations of patents that do not count here are set aside.
    """
    engine = desk.engine
    listed_pairs = [name for name in lists if "citations" in desk.shelf.parts_of(name)]
    queries = []
    for place, name in enumerate(listed_pairs):
        engine.register(f"citations_{place}", desk.shelf.scan(name, "citations"))
        pair = f"'{name}:' || c.citing AS citing, '{name}:' || c.cited AS cited"
        engine.keep(f"cites_{place}", f"SELECT '{name}' AS source, c.row, {pair} FROM citations_{place} c")
        engine.keep(
            f"judged_cites_{place}",
            "SELECT c.source, c.row, CASE WHEN c.citing = c.cited THEN 'the patent cites itself' "
            "WHEN j.patent IS NULL THEN 'the cited patent is not in the list of patents' "
            "WHEN j.reason IS NOT NULL THEN CONCAT('the cited patent is not used: ', j.reason) "
            "END AS reason "
            f"FROM cites_{place} c LEFT JOIN judged_patents j ON j.patent = c.cited",
        )
        settle(desk, name, "citations", judged=f"judged_cites_{place}", column="cited")
        queries.append(
            "SELECT p.patent AS item, CAST(COUNT(DISTINCT c.citing) AS BIGINT) AS citations "
            f"FROM counted_patents p LEFT JOIN cites_{place} c "
            f"ON c.cited = p.patent AND c.citing <> p.patent WHERE p.source = '{name}' GROUP BY p.patent"
        )
    own = listed([name for name in lists if name not in listed_pairs])
    totals = f"FROM counted_patents WHERE citations IS NOT NULL AND source IN ({own})"
    if engine.query(f"SELECT COUNT(*) AS n {totals}", order=("n",)).item():
        queries.append(f"SELECT patent AS item, citations {totals}")
    return " UNION ALL ".join(queries) or None


def _keep_patents(desk: Desk, lists: Sequence[str]) -> None:
    """Keep `every_patent`, `every_party`, `counted_patents` (of the years) and `patent_fields`."""
    engine, settings = desk.engine, desk.edition.innovation
    patents_of, parties_of = [], []
    for place, name in enumerate(lists):
        engine.register(f"patents_{place}", desk.shelf.scan(name, "patents"))
        engine.register(f"parties_{place}", desk.shelf.scan(name, "parties"))
        named = f"'{name}' AS source, row, '{name}:' || patent AS patent"
        patents_of.append(f"SELECT {named}, year, classes, citations FROM patents_{place}")
        parties_of.append(f"SELECT {named}, role, name, {', '.join(_PLACE_COLUMNS)} FROM parties_{place}")
    engine.keep("every_patent", " UNION ALL ".join(patents_of))
    engine.keep("every_party", " UNION ALL ".join(parties_of))
    engine.keep(
        "counted_patents",
        f"SELECT * FROM every_patent WHERE year BETWEEN {settings.first_year} AND {settings.last_year}",
    )
    classify.register(engine, desk.fields)
    placed = classify.patents_sql("counted_patents", unnest=engine.dialect.unnest)
    wanted = listed(sorted(desk.fields.ids("technology")))
    engine.keep("patent_fields", f"SELECT patent, field FROM ({placed}) AS f WHERE field IN ({wanted})")


def _keep_inventors(desk: Desk) -> None:
    """Keep `inventor_places`: the city of each inventor's address, or the reason why it has none."""
    engine = desk.engine
    columns = ", ".join(_PLACE_COLUMNS)
    distinct = engine.query(
        f"SELECT DISTINCT {columns} FROM every_party WHERE role = 'inventor'", order=_PLACE_COLUMNS
    )
    answers = desk.atlas.resolver.resolve(
        distinct, text="text", country="country", latitude="latitude", longitude="longitude"
    )
    known = pl.format("the place found is {} ({}), which belongs to no city", "place_name", "place_country")
    said = answers.select(
        "city_id",
        "way",
        reason=pl.when(pl.col("city_id").is_null()).then(
            pl.when(pl.col("place_id").is_not_null()).then(known).otherwise("reason")
        ),
    )
    engine.register("places_of_inventors", distinct.hstack(said))
    engine.keep(
        "inventor_places",
        "SELECT a.source, a.row, a.patent, p.city_id, p.way, p.reason FROM every_party a "
        f"JOIN places_of_inventors p ON {_WHERE} WHERE a.role = 'inventor'",
    )


def _placement(desk: Desk) -> pl.DataFrame:
    """Count inventors and patents by source and way of placing."""
    found = desk.engine.query(
        "SELECT source, CASE WHEN way = 'unresolved' THEN 'none' WHEN city_id IS NULL THEN 'no_city' "
        "WHEN way = 'coordinates' THEN way ELSE 'text' END AS way, CAST(COUNT(*) AS BIGINT) AS rows, "
        "CAST(COUNT(DISTINCT patent) AS BIGINT) AS records FROM inventor_places GROUP BY 1, 2",
        order=("source", "way"),
    )
    return found.match_to_schema(PLACEMENT)
