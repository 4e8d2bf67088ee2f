"""Section on services: the interlocking network of offices, its ranking, classes, sectors and backbone."""

from typing import Any

import polars as pl

from cosmopolis.publish import network_pages
from cosmopolis.publish.chapter.backbone import beyond_chance, strongest
from cosmopolis.publish.chapter.model import Block, Cell, Column, Figure, Section, Table, row
from cosmopolis.publish.chapter.studio import Studio
from cosmopolis.publish.production import figures, rosters
from cosmopolis.publish.production.desk import Desk

KINDS = ("service values",)

ALL = "all"
"""What the table calls all sectors together."""

_TIES = 200
_FIRSTS = 3
_CLASS_NAMES = 12


def section(desk: Desk, studio: Studio) -> Section:
    """Make the section."""
    w = desk.words
    found = _rosters(desk)
    if not found:
        return Section(
            anchor="production-services",
            title=w("production.services"),
            lead="",
            missing=desk.missing("production.no_services", KINDS),
        )
    return Section(
        anchor="production-services",
        title=w("production.services"),
        lead=finding(desk, found[0]),
        blocks=(
            *(_block(desk, studio, roster, first=n == 0) for n, roster in enumerate(found)),
            *rosters.hinterworlds(desk, found[0]),
            *rosters.changes(desk),
        ),
        cautions=(w("production.services_caution"), w("production.classes_caution")),
        sources=desk.sources(KINDS),
    )


def _rosters(desk: Desk) -> tuple[str, ...]:
    """Return the rosters, the latest first."""
    last = desk.table("interlocking_cities").group_by("roster").agg(pl.col("year").max())
    return tuple(last.sort("year", "roster", descending=[True, False])["roster"].to_list())


def _cities(desk: Desk, roster: str, sector: str | None = None) -> pl.DataFrame:
    """Return a roster's cities of its last year, by connectivity: of one sector, or of all together."""
    mine = desk.last(desk.table("interlocking_cities").filter(pl.col("roster") == roster))
    sectors = set(mine["sector"].to_list())
    wanted = sector or (ALL if ALL in sectors else min(sectors, default=ALL))
    mine = mine.filter(pl.col("sector") == wanted).drop_nulls("gnc")
    return mine.sort("gnc", "label", descending=[True, False])


def finding(desk: Desk, roster: str) -> str:
    """Say which city is best connected, by how much, and how sure the first places are."""
    w, rows = desk.words, _cities(desk, roster)
    if rows.is_empty():
        return ""
    first = rows.row(0, named=True)
    text = [
        w(
            "production.first_connected",
            roster=desk.roster(roster),
            year=desk.year(rows),
            n=rows.height,
            city=desk.city(first["city_id"], first["label"]),
            gnc=w.whole(round(first["gnc"])),
            rank=desk.rank(first["rank"], first["rank_low"], first["rank_high"]),
        )
    ]
    follow = rows.slice(1, _FIRSTS)
    if follow.height:
        items = [
            w(
                "production.with_share",
                name=desk.city(entry["city_id"], entry["label"]),
                share=desk.percent(entry["relative"]),
            )
            for entry in follow.iter_rows(named=True)
        ]
        text.append(w("production.follow", names=w.joined(items)))
    return w.sentences(text)


def _block(desk: Desk, studio: Studio, roster: str, *, first: bool) -> Block:
    rows = _cities(desk, roster)
    text = () if first else (finding(desk, roster),)
    drawn = _map(desk, studio, roster, rows)
    tables = (
        _ranking(desk, roster, rows),
        _classes(desk, roster, rows),
        _regions(desk, roster, rows),
        _sectors(desk, roster),
    )
    return Block(
        title=desk.words("production.roster_year", roster=desk.roster(roster), year=desk.year(rows)),
        sentences=(*text, *_unplaced(desk, rows)),
        figures=() if drawn is None else (drawn,),
        tables=tuple(table for table in tables if table.rows),
        beside=True,
    )


def _unplaced(desk: Desk, rows: pl.DataFrame) -> tuple[str, ...]:
    """Count the cities of a roster that are none of this edition's."""
    unknown = rows.filter(pl.col("city_id").is_null() & pl.col("part_of").is_null())["label"].to_list()
    if not unknown:
        return ()
    names = desk.words.joined([desk.named(label) for label in unknown[:_FIRSTS]])
    return (desk.words("production.unplaced", n=len(unknown), names=names),)


def _map(desk: Desk, studio: Studio, roster: str, rows: pl.DataFrame) -> Figure | None:
    """Draw the cities by connectivity, and the ties that are beyond chance."""
    w = desk.words
    known = rows.drop_nulls("city_id")
    if known.is_empty():
        return None
    links = desk.last(
        desk.table("interlocking_links").filter((pl.col("roster") == roster) & (pl.col("weight") > 0))
    )
    kept, column = beyond_chance(links, significance=desk.significance)
    drawn = strongest(kept if kept.height else links, min(_TIES, desk.view.result.shown.links))
    ties = network_pages.ties_of(drawn, network_pages.places(desk.view, "city"))
    if column:
        tested = {"test": w(f"interlock_test.{column}"), "level": f"{desk.significance:g}", "n": links.height}
        note = (
            w("production.backbone", some=kept.height, **tested)
            if kept.height
            else w("production.none_beyond", **tested)
        )
    else:
        note = w("production.no_backbone")
    return figures.city_map(
        desk,
        studio,
        list(known.select("city_id", "gnc").iter_rows()),
        label=w(
            "production.services_figure" if column and kept.height else "production.services_figure_all",
            roster=desk.roster(roster),
            n=len(ties),
        ),
        node_title=w("production.gnc_key"),
        ties=ties,
        tie_title=w("production.interlock_key"),
        notes=(note,) if links.height else (w("production.no_links"),),
    )


def _ranking(desk: Desk, roster: str, rows: pl.DataFrame) -> Table:
    w = desk.words
    codes = rows["rank_low_codes"].is_not_null().any()
    body = [
        row(
            desk.rank(entry["rank"], entry["rank_low"], entry["rank_high"]),
            *(
                [
                    w("production.between", low=entry["rank_low_codes"], high=entry["rank_high_codes"])
                    if entry["rank_low_codes"] is not None and entry["rank_high_codes"] is not None
                    else w.no_data
                ]
                if codes
                else []
            ),
            _cell(desk, entry),
            w.whole(round(entry["gnc"])),
            desk.percent(entry["relative"]),
            w.whole(entry["firms"]),
            _class(desk, entry["class"]),
        )
        for entry in rows.head(desk.rows).iter_rows(named=True)
    ]
    return Table(
        caption=w("production.services_table", roster=desk.roster(roster), year=desk.year(rows)),
        columns=(
            Column(label=w("production.rank_interval"), number=True),
            *([Column(label=w("production.by_codes"), number=True)] if codes else []),
            Column(label=w("common.city")),
            Column(label=w("production.gnc"), number=True),
            Column(label=w("production.relative"), number=True),
            Column(label=w("production.firms"), number=True),
            Column(label=w("production.class")),
        ),
        rows=tuple(body),
        head=2 if codes else 1,
        note=w.sentences([desk.drawn("offices"), w("production.codes_note") if codes else ""]),
        wide=True,
    )


def _cell(desk: Desk, entry: dict[str, Any]) -> Cell:
    """Return the cell of a city; of a label that lies in another's city, with that city's name below."""
    if entry["part_of"] is None:
        return desk.city_cell(entry["city_id"], entry["label"])
    small = desk.words("production.part_of", city=desk.city(entry["part_of"]))
    return Cell(text=desk.named(entry["label"]), small=small)


def _class(desk: Desk, name: str | None) -> str:
    return desk.words.or_id("roster_class", name) if name else desk.words("production.no_class")


def _classes(desk: Desk, roster: str, rows: pl.DataFrame) -> Table:
    """List the cities of each class, in the order in which classes come along the ranking."""
    w = desk.words
    body = []
    for name in rows["class"].drop_nulls().unique(maintain_order=True).to_list():
        mine = rows.filter(pl.col("class") == name)
        names = [
            desk.city(entry["city_id"], entry["label"])
            for entry in mine.head(_CLASS_NAMES).iter_rows(named=True)
        ]
        body.append(row(_class(desk, name), w.whole(mine.height), w.joined(names)))
    return Table(
        caption=w("production.classes_table", roster=desk.roster(roster)),
        columns=(
            Column(label=w("production.class")),
            Column(label=w("production.cities"), number=True),
            Column(label=w("production.first_cities")),
        ),
        rows=tuple(body),
        note=w("production.classes_note", n=_CLASS_NAMES) if body else "",
    )


def _regions(desk: Desk, roster: str, rows: pl.DataFrame) -> Table:
    """Count the first cities of the ranking by world region."""
    w, first = desk.words, rows.head(desk.view.result.shown.top)
    by_region: dict[str, list[str]] = {}
    for city_id, label in first.select("city_id", "label").iter_rows():
        known = None if city_id is None else desk.view.cities.get(city_id)
        region = known.region if known else w("production.no_city")
        by_region.setdefault(region, []).append(desk.city(city_id, label))
    order = sorted(by_region.items(), key=lambda item: (-len(item[1]), item[0]))
    return Table(
        caption=w("production.regions_table", roster=desk.roster(roster), n=first.height),
        columns=(
            Column(label=w("common.region")),
            Column(label=w("production.cities"), number=True),
            Column(label=w("production.first_cities")),
        ),
        rows=tuple(row(region, w.whole(len(names)), w.joined(names[:_FIRSTS])) for region, names in order),
    )


def _sectors(desk: Desk, roster: str) -> Table:
    """List the first cities of each sector of services."""
    w = desk.words
    mine = desk.last(desk.table("interlocking_cities").filter(pl.col("roster") == roster))
    sectors = [name for name in mine["sector"].unique().sort().to_list() if name != ALL]
    if len(sectors) < 2 and ALL not in mine["sector"]:  # noqa: PLR2004 - a lone sector is the ranking itself
        sectors = []
    body = []
    for sector in sectors:
        cells = [
            Cell(
                text=desk.city(entry["city_id"], entry["label"]),
                small=w(
                    "production.rank_share",
                    rank=desk.rank(entry["rank"], entry["rank_low"], entry["rank_high"]),
                    share=desk.percent(entry["relative"]),
                ),
            )
            for entry in _cities(desk, roster, sector).head(_FIRSTS).iter_rows(named=True)
        ]
        name = w.or_id("service_sector", sector)
        body.append(row(name, *cells, *[Cell(text="")] * (_FIRSTS - len(cells))))
    return Table(
        caption=w("production.service_sectors_table", roster=desk.roster(roster)),
        columns=(
            Column(label=w("production.sector")),
            Column(label=w("chapter.first")),
            Column(label=w("chapter.second")),
            Column(label=w("chapter.third")),
        ),
        rows=tuple(body),
        note=w("production.relative_note") if body else "",
    )
