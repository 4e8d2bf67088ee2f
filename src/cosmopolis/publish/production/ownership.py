"""Section on ownership: power and prestige of cities by their firms' branches, and how exact places are."""

import math

import polars as pl

from cosmopolis.networks.links import kind
from cosmopolis.publish import network_pages
from cosmopolis.publish.chapter.backbone import strongest
from cosmopolis.publish.chapter.desk import finite
from cosmopolis.publish.chapter.model import Block, Column, Figure, Section, Table, row
from cosmopolis.publish.chapter.studio import Studio
from cosmopolis.publish.production import figures
from cosmopolis.publish.production.desk import Desk

KINDS = ("offices", "legal entities", "organisations", "supplier sites")

FIELD_KINDS = {
    "offices": "offices",
    "subsidiaries": "legal entities",
    "research": "organisations",
    "suppliers": "supplier sites",
}
"""The kind of source that knows the branches of each field."""

NETWORK = "ownership"
LEVELS = ("city", "town", "country", "none")
"""From the finest to none: what is known of a row's place."""

_TIES = 200
_NAMED = 3


def section(desk: Desk, studio: Studio) -> Section:
    """Make the section."""
    w = desk.words
    fields = _fields(desk)
    if not fields:
        return Section(
            anchor="production-ownership",
            title=w("production.ownership"),
            lead="",
            missing=desk.missing("production.no_ownership", KINDS),
        )
    return Section(
        anchor="production-ownership",
        title=w("production.ownership"),
        lead=finding(desk, fields[0]),
        blocks=(
            *(_block(desk, studio, field, first=n == 0) for n, field in enumerate(fields)),
            *_precision(desk),
        ),
        cautions=(w("production.ownership_caution"),),
        sources=desk.sources(KINDS),
    )


def _fields(desk: Desk) -> tuple[str, ...]:
    """Return the kinds of ties that there are, those with most branches first."""
    table = desk.table("ownership_cities").filter(pl.col("power").is_not_null())
    sums = table.group_by("field").agg(pl.col("branches").sum())
    return tuple(sums.sort("branches", "field", descending=[True, False])["field"].to_list())


def _cities(desk: Desk, field: str) -> pl.DataFrame:
    """Return the cities of a field's last year by power."""
    mine = desk.last(desk.table("ownership_cities").filter(pl.col("field") == field))
    return mine.drop_nulls("power").sort("power", "city_id", descending=[True, False])


def name(desk: Desk, field: str) -> str:
    """Name what ties of ownership come from."""
    return desk.words.said(kind(NETWORK, field).name)


def is_one_firm(rows: pl.DataFrame) -> bool:
    """Return whether the branches of a field are those of one firm, by which no city can be ranked."""
    return int(rows["headquarters"].sum()) == 1


def _places(rows: pl.DataFrame) -> pl.DataFrame:
    """Return the cities that have branches of firms from elsewhere, those with most first."""
    held = rows.filter(pl.col("prestige") > 0)
    return held.sort("prestige", "city_id", descending=[True, False])


_SUPPLIERS = "suppliers"
"""Field of the links from suppliers' headquarters to the sites that lists of suppliers name."""


def finding(desk: Desk, field: str) -> str:
    """Say which city commands most branches elsewhere, and which holds most of others."""
    w, rows = desk.words, _cities(desk, field)
    if not (rows["power"] > 0).any():
        return w("production.no_power", field=name(desk, field), year=desk.year(rows))
    first = rows.row(0, named=True)
    if is_one_firm(rows):
        return _one_firm(desk, field, rows)
    text = [
        w(
            "production.most_power",
            field=name(desk, field),
            year=desk.year(rows),
            city=desk.city(first["city_id"]),
            n=round(first["power"]),
            rank=desk.rank(first["rank"], first["rank_low"], first["rank_high"]),
        )
    ]
    held = _places(rows)
    if held.height:
        best = held.row(0, named=True)
        text.append(w("production.most_prestige", city=desk.city(best["city_id"]), n=round(best["prestige"])))
    customers = desk.table("supplier_places")["customer"].unique().sort().to_list()
    if field == _SUPPLIERS and customers:
        text.append(w("production.sites_of", customers=w.joined(customers)))
    return w.sentences(text)


def _one_firm(desk: Desk, field: str, rows: pl.DataFrame) -> str:
    """Say where the branches are of the only firm that is known."""
    w, held = desk.words, _places(rows)
    names = [
        w("production.with_share", name=desk.city(city), share=w.whole(round(n)))
        for city, n in held.select("city_id", "prestige").head(_NAMED).iter_rows()
    ]
    text = [
        w(
            "production.one_firm",
            field=name(desk, field),
            year=desk.year(rows),
            city=desk.city(rows["city_id"][0]),
            n=round(rows["power"][0]),
            cities=held.height,
            names=w.joined(names),
        )
    ]
    kind_of_source = FIELD_KINDS.get(field)
    titles = [] if kind_of_source is None else [title for _, title in desk.sources((kind_of_source,))]
    if len(titles) == 1:
        text.append(w("production.one_firm_source", title=titles[0]))
    return w.sentences(text)


def _block(desk: Desk, studio: Studio, field: str, *, first: bool) -> Block:
    rows = _cities(desk, field)
    one = is_one_firm(rows)
    ranked = rows.filter(pl.col("power") > 0)
    tables: tuple[Table, ...] = ()
    if ranked.height:
        tables = (_one_firm_table(desk, field, rows),) if one else (_table(desk, field, ranked),)
    drawn: tuple[Figure, ...] = ()
    if first and ranked.height:
        drawn = ((_one_firm_map if one else _map)(desk, studio, field, rows),)
    return Block(
        title=name(desk, field),
        sentences=() if first else (finding(desk, field),),
        figures=drawn,
        tables=tables,
    )


def _one_firm_map(desk: Desk, studio: Studio, field: str, rows: pl.DataFrame) -> Figure:
    return figures.city_map(
        desk,
        studio,
        list(_places(rows).select("city_id", "prestige").iter_rows()),
        label=desk.words("production.one_firm_figure", field=name(desk, field)),
        node_title=desk.words("production.branch_key"),
    )


def _one_firm_table(desk: Desk, field: str, rows: pl.DataFrame) -> Table:
    """List where one firm has its branches, without ranks."""
    w, held = desk.words, _places(rows)
    whole = math.fsum(held["prestige"])
    return Table(
        caption=w("production.one_firm_table", field=name(desk, field), year=desk.year(rows)),
        columns=(
            Column(label=w("common.city")),
            Column(label=w("production.branches"), number=True),
            Column(label=w("chapter.share"), number=True),
        ),
        rows=tuple(
            row(desk.city_cell(city), w.whole(round(n)), desk.percent(n / whole))
            for city, n in held.select("city_id", "prestige").head(desk.rows).iter_rows()
        ),
        note=w("production.one_firm_note"),
    )


def _map(desk: Desk, studio: Studio, field: str, rows: pl.DataFrame) -> Figure:
    w = desk.words
    links = desk.view.result.table("links").filter(
        (pl.col("network") == NETWORK) & (pl.col("field") == field) & (pl.col("weight") > 0)
    )
    links = desk.last(links.filter(pl.col("origin") != pl.col("destination")))
    drawn = strongest(links, min(_TIES, desk.view.result.shown.links))
    ties = network_pages.ties_of(drawn, network_pages.places(desk.view, "city"))
    return figures.city_map(
        desk,
        studio,
        list(rows.select("city_id", "power").iter_rows()),
        label=w("production.ownership_figure", field=name(desk, field), n=len(ties)),
        node_title=w("production.power_key"),
        ties=ties,
        tie_title=w("production.branch_key"),
    )


def _table(desk: Desk, field: str, rows: pl.DataFrame) -> Table:
    w = desk.words

    def number(value: float | None, digits: int) -> str:
        known = finite(value)
        return w.no_data if known is None else w.number(known, digits=digits)

    return Table(
        caption=w("production.ownership_table", field=name(desk, field), year=desk.year(rows)),
        columns=(
            Column(label=w("production.rank_interval"), number=True),
            Column(label=w("common.city")),
            Column(label=w("production.headquarters"), number=True),
            Column(label=w("production.branches"), number=True),
            Column(label=w("production.power"), number=True),
            Column(label=w("production.prestige"), number=True),
            Column(label=w("production.betweenness"), number=True),
            Column(label=w("production.recursive_power"), number=True),
        ),
        rows=tuple(
            row(
                desk.rank(entry["rank"], entry["rank_low"], entry["rank_high"]),
                desk.city_cell(entry["city_id"]),
                w.whole(entry["headquarters"]),
                w.whole(entry["branches"]),
                number(entry["power"], 0),
                number(entry["prestige"], 0),
                number(entry["betweenness"], 3),
                number(entry["recursive_power"], 3),
            )
            for entry in rows.head(desk.rows).iter_rows(named=True)
        ),
        head=1,
        note=w.sentences([w("production.power_note"), desk.drawn("firms")]),
        wide=True,
    )


def _precision(desk: Desk) -> tuple[Block, ...]:
    """Say of each source how many of its rows are known to the city, and how many to the country alone."""
    w, table = desk.words, desk.table("ownership_precision")
    table = table.filter(pl.col("rows") > 0)
    if table.is_empty():
        return ()
    text, body = [], []
    there = set(table["level"].to_list())
    levels = [level for level in LEVELS if level in there] + sorted(there - set(LEVELS))
    for source in table["source"].unique().sort().to_list():
        counts: dict[str, int] = dict(
            table.filter(pl.col("source") == source).select("level", "rows").iter_rows()
        )
        whole, title = sum(counts.values()), desk.view.source_title(source)
        cities, countries = counts.get("city", 0), counts.get("country", 0)
        if not cities:
            text.append(w("production.country_alone", source=title))
        elif countries:
            share = w.share(countries / whole)
            text.append(w("production.country_part", source=title, share=share, n=countries))
        body.append(row(title, w.whole(whole), *(w.share(counts.get(level, 0) / whole) for level in levels)))
    return (
        Block(
            title=w("production.precision_title"),
            sentences=tuple(text),
            tables=(
                Table(
                    caption=w("production.precision_table"),
                    columns=(
                        Column(label=w("sources.source")),
                        Column(label=w("production.rows"), number=True),
                        *(Column(label=w.or_id("place_level", level), number=True) for level in levels),
                    ),
                    rows=tuple(body),
                ),
            ),
        ),
    )
