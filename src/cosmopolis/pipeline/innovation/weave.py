"""The whole way of innovation: from an edition's sources of papers and patents to links and tables."""

from collections.abc import Mapping
from dataclasses import dataclass, field

import polars as pl

from cosmopolis.edition import Edition
from cosmopolis.engines import open_engine
from cosmopolis.measures import country_trends, gravity, growth, specialisation
from cosmopolis.measures.windows import consecutive
from cosmopolis.networks import fields as frontiers
from cosmopolis.networks.links import COUNTRY_LINKS, LINKS
from cosmopolis.pipeline.cities import Atlas
from cosmopolis.pipeline.innovation import tables
from cosmopolis.pipeline.innovation.areas import NETWORK, class_totals
from cosmopolis.pipeline.innovation.items import PANEL, Desk, Items, papers
from cosmopolis.pipeline.innovation.patents import patents
from cosmopolis.pipeline.innovation.ties import tie
from cosmopolis.pipeline.networks import LAST_TOTALS
from cosmopolis.pipeline.records import Shelf
from cosmopolis.sources.catalog import Catalog

KINDS = ("papers", "patents", "class counts", "country cooperation")
"""Kinds of sources of which innovation is made; an edition without any of them has no such tables."""

_PARTS: Mapping[str, tuple[str, ...]] = {
    "papers": ("works", "affiliations"),
    "patents": ("patents", "parties", "citations"),
    "organisations": ("organisations",),
}
"""Parts of each kind of source that the tables are made of."""

_NO_TABLE = "no table of this edition is made of it"

_ORDERS: Mapping[str, tuple[str, ...]] = {
    "country_trends": ("network", "field", "origin", "destination", "from_year", "to_year"),
    "placement": ("source", "way"),
}
"""Tables whose parts come from several places, and the columns by which they are sorted in the end."""

OTHER_NETWORK = "coauthorship_all"
"""Network of works between countries in all fields, as another source counts them."""


@dataclass(kw_only=True)
class Innovation:
    """Networks and tables of innovation.

    Attributes
    ----------
    links, country_links
        By `cosmopolis.networks.links`.
    tables
        By name: see docs/tables.md.
    last_totals
        What indicators take: see `cosmopolis.pipeline.networks.Woven`.
    capped
        For each network the records in more cities than the edition's largest record.
    """

    links: pl.DataFrame = field(default_factory=LINKS.to_frame)
    country_links: pl.DataFrame = field(default_factory=COUNTRY_LINKS.to_frame)
    tables: dict[str, pl.DataFrame] = field(default_factory=dict)
    last_totals: pl.DataFrame = field(default_factory=LAST_TOTALS.to_frame)
    capped: Mapping[str, int] = field(default_factory=dict)


def weave(
    edition: Edition, catalog: Catalog, shelf: Shelf, atlas: Atlas, *, engine: str = "duckdb"
) -> Innovation | None:
    """Make every network and table of innovation that the edition's sources allow.

    Parameters
    ----------
    engine
        Where the records are placed and counted; it changes the time, never a byte.

    Returns
    -------
    innovation
        None where the edition has no source of papers, patents, classes or co-operation that is there.
    """
    there = [name for name in edition.sources if shelf.has(name)]
    if not any(catalog.source(name).kind in KINDS for name in there):
        return None
    own = edition.innovation.fields
    fields = frontiers.load(edition.path(own) if own else None)
    if edition.innovation.frontiers:
        fields = fields.pick(edition.innovation.frontiers)
    cities = atlas.cities()
    parts: dict[str, list[pl.DataFrame]] = {}
    woven = Innovation()
    with open_engine(engine) as runner:
        desk = Desk(edition=edition, catalog=catalog, shelf=shelf, atlas=atlas, fields=fields, engine=runner)
        pairs = _country_pairs(desk)
        last = []
        for items in (papers(desk), patents(desk)):
            if items is not None:
                made, totals = _network(items, desk, cities, pairs, woven)
                last.append(totals)
                for name, frame in made.items():
                    parts.setdefault(name, []).append(frame)
        _classes(desk, parts)
        _account_rest(desk)
    others = _cooperation(desk)
    if not others.is_empty():
        papers_alone = woven.country_links.filter(pl.col("network").str.starts_with("coauthorship"))
        parts["country_agreement"] = [country_trends.compare(papers_alone, others)]
        parts.setdefault("country_trends", []).append(tables.country_trends_table(others, edition.innovation))
        woven.country_links = pl.concat([woven.country_links, others]).sort(*COUNTRY_LINKS.names()[:5])
    if last:
        woven.last_totals = pl.concat(last).match_to_schema(LAST_TOTALS).sort("field", "city_id")
    woven.tables = {
        name: pl.concat(frames).sort(_ORDERS.get(name, ()), maintain_order=True)
        for name, frames in sorted(parts.items())
    }
    woven.tables["frontier_fields"] = pl.DataFrame(
        [
            (f.id, f.kind, f.name["en"], f.name["zh"], f.definition["en"], f.definition["zh"])
            for f in fields.fields
        ],
        schema=dict.fromkeys(("field", "kind", "name", "name_zh", "definition", "definition_zh"), pl.String),
        orient="row",
    )
    if "organisations" in woven.tables:
        every = woven.tables["organisations"].sort("organisation", "name")
        woven.tables["organisations"] = every.unique("organisation", keep="first", maintain_order=True)
    return woven


def _network(
    items: Items, desk: Desk, cities: pl.DataFrame, pairs: pl.DataFrame | None, woven: Innovation
) -> tuple[dict[str, pl.DataFrame], pl.DataFrame]:
    """Make the links and tables of one network; return the tables and the totals of the last window."""
    settings, network = desk.edition.innovation, items.network
    every = tie(
        items,
        desk.engine,
        cities.select("city_id", "country"),
        counting=desk.edition.networks.counting,
        largest_record=settings.largest_record,
    )
    plain = {name: name for name in every.totals["field"].unique().to_list() if not name.endswith(PANEL)}
    panels = {name + PANEL: name for name in settings.panels if name in plain}
    ties = every.of_fields(plain)
    followed = every.of_fields({name: name for name in plain if name + PANEL not in panels} | panels)
    woven.links = pl.concat([woven.links, ties.links()])
    woven.country_links = pl.concat([woven.country_links, ties.country_links()])
    if panels:
        panel = every.of_fields(panels).country_links()
        panel = panel.with_columns(network=pl.lit(f"{network}_panel"))
        woven.country_links = pl.concat([woven.country_links, panel])
    woven.capped = {**woven.capped, network: every.capped}
    amounts = tables.shares(ties.totals)
    received = tables.cited(items, desk)
    totals = specialisation.field_totals(amounts, network=network, citations=received)
    totals = tables.with_known(totals, received)
    terms, models = tables.gravity_tables(ties, cities, pairs, settings)
    links = tables.links_of_windows(ties, models, tables.chance(ties, items, desk), settings)
    near = tables.nearness_table(followed, cities, settings)
    made = {
        "placement": items.placement,
        "field_totals": totals,
        "field_growth": growth.growth(amounts, network=network, windows=tables.windows(settings)),
        "gravity": terms,
        "gravity_pairs": tables.gravity_pairs(models, network),
        "link_measures": links,
        "nearness": near,
        "nearness_trends": tables.nearness_trends(near, settings),
        "country_trends": tables.country_trends_table(followed.country_links(), settings),
        "communities": tables.community_table(ties, settings),
        **tables.leader_table(ties, cities, settings),
        **tables.organisation_tables(links, ties, items, desk, cities),
    }
    return made, _last(totals, desk.edition)


def _last(totals: pl.DataFrame, edition: Edition) -> pl.DataFrame:
    """Add the years of the last window up, for indicators."""
    first, last = tables.windows(edition.innovation)[-1]
    return (
        totals.filter(pl.col("year").is_between(first, last))
        .sort("field", "city_id", "year")
        .group_by("field", "city_id", maintain_order=True)
        .agg(
            pl.col("count", "shared", "fractional").sum(),
            citations=pl.when(pl.col("citations").is_not_null().any()).then(pl.col("citations").sum()),
        )
        .with_columns(year=pl.lit(last, dtype=pl.Int64), citations=pl.col("citations").cast(pl.Float64))
        .select(LAST_TOTALS.names())
    )


def _classes(desk: Desk, parts: dict[str, list[pl.DataFrame]]) -> None:
    """Add the tables of patent classes by metropolitan area, where there is a source of them."""
    settings = desk.edition.innovation
    amounts, placement = class_totals(desk)
    if amounts.is_empty():
        return
    spans = consecutive(settings.first_year, settings.last_class_year, years=settings.window_years)
    parts.setdefault("placement", []).append(placement)
    totals = tables.with_known(specialisation.field_totals(amounts, network=NETWORK), None)
    parts.setdefault("field_totals", []).append(totals)
    if len(spans) > 1:
        parts.setdefault("field_growth", []).append(growth.growth(amounts, network=NETWORK, windows=spans))


def _country_pairs(desk: Desk) -> pl.DataFrame | None:
    """Return what is known of pairs of countries, by ISO 3166-1 alpha-2; None without a source of it."""
    for source in desk.of_kind("country pairs", "pairs"):
        desk.shelf.use_all(source)
        return gravity.by_alpha2(desk.shelf.part(source, "pairs"), desk.atlas.countries.table)
    return None


def _cooperation(desk: Desk) -> pl.DataFrame:
    """Return works of two countries as another source counts them, as links of a network of its own."""
    settings = desk.edition.innovation
    frames = [COUNTRY_LINKS.to_frame()]
    for source in desk.of_kind("country cooperation", "country_works"):
        rows = desk.shelf.part(source, "country_works")
        desk.shelf.use_all(source)
        span = pl.col("year").is_between(settings.first_year, settings.last_year)
        frames.append(country_trends.of_works(rows.filter(span), network=OTHER_NETWORK))
    return pl.concat(frames)


def _account_rest(desk: Desk) -> None:
    """Count the rows of parts that no table of this edition is made of.

    Organisations without papers are counted by those who look for firms among them
    (`cosmopolis.pipeline.production.ownership`).
    """
    none = pl.Series("row", [], dtype=pl.Int64)
    no_lines = pl.DataFrame(
        schema=dict.fromkeys(("column", "value", "reason"), pl.String) | {"row": pl.Int64}
    )
    for kind, known in _PARTS.items():
        for source in desk.of_kind(kind):
            for part in desk.shelf.parts_of(source):
                if part in known:
                    continue
                if desk.is_folder(source):
                    rows = desk.shelf.counts(source, part)[0]
                    desk.shelf.ledger.count(source, part, used=0, aside={_NO_TABLE: rows})
                else:
                    desk.shelf.account(source, part, none, no_lines, otherwise=_NO_TABLE)
