"""The city's place and partners in every network, and maps of its ties.

Ranks are by strength, the sum of a city's weights, but where a table gives a better measure of its own with
an interval: connectivity in the interlocking network, power in the ownership network.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import polars as pl

from cosmopolis.measures import centrality
from cosmopolis.publish.chapter.model import Block, Cell, Column, Figure, Panel, Section, Table, row
from cosmopolis.publish.chapter.studio import Studio
from cosmopolis.publish.maps import Node, Tie
from cosmopolis.publish.network_pages import (
    all_equal,
    links_of,
    name_of_network,
    shown_year,
)
from cosmopolis.publish.profile import maps
from cosmopolis.publish.profile.subject import Place, Subject, by_power, given, latest, place_of
from cosmopolis.publish.result import NetworkNote
from cosmopolis.publish.view import City

PARTNERS = 5
"""Partners that are named in the table."""

_LABELS = 7
_MEASURE = "strength"
_OWN_MEASURES: Mapping[str, tuple[str, str, str]] = {
    "interlocking": ("interlocking_cities", "roster", "gnc"),
    "ownership": ("ownership_cities", "field", "power"),
}
"""Networks whose table ranks cities itself: its name, the column of the field, the value."""


@dataclass(frozen=True, kw_only=True)
class Partner:
    """A city (or country) that the city is tied to, with the weight of the tie."""

    id: object
    weight: float


@dataclass(frozen=True, kw_only=True)
class Tied:
    """A network as the city stands in it.

    Attributes
    ----------
    year
        None where the network has no links at all.
    value
        What the city is ranked by; None where there is none.
    ranked
        Whether cities are ranked in it: not where its sources may be shown only, unless a table of its own
        ranks them.
    covered
        Whether its sources can speak of the city: a covered city without ties has zero of them, of any other
        nothing is known.
    """

    note: NetworkNote
    name: str
    year: int | None
    place: Place | None
    partners: tuple[Partner, ...]
    equal: bool
    value: float | None = None
    ranked: bool = True
    covered: bool = True


def tied(subject: Subject) -> tuple[Tied, ...]:
    """Return how the city stands in each network, in the order of the result."""
    return tuple(_tied(subject, note) for note in subject.view.result.networks)


def _tied(subject: Subject, note: NetworkNote) -> Tied:
    links = links_of(subject.view, note)
    year = shown_year(note, links)
    name = name_of_network(subject.view, note)
    if year is None:
        return Tied(note=note, name=name, year=None, place=None, partners=(), equal=False, covered=False)
    links = links.filter(pl.col("year") == year)
    place = _place(subject, note, links, year)
    return Tied(
        note=note,
        name=name,
        year=year,
        place=place,
        value=place.value if place else _own_value(subject, note),
        partners=_partners(subject, note, links),
        equal=all_equal(links),
        ranked=note.scope != "show" or _own_table(subject, note) is not None,
        covered=_covered(subject, note),
    )


def _covered(subject: Subject, note: NetworkNote) -> bool:
    """Say whether the sources of a network cover the city's country.

    Sources of one kind fill each other's gaps, those of different kinds are all needed, as in the index; a
    network without sources that were read covers nobody, one whose sources are not named everybody. A
    roster of offices covers the cities on it.
    """
    if note.kind.network == "interlocking":
        table = _own_table(subject, note)
        return table is not None and not subject.own(table).is_empty()
    kinds: dict[str, bool] = {}
    for id_ in note.sources:
        found = subject.view.source(id_)
        if found is None or found.state != "used":
            continue
        countries = found.source.coverage["countries"]
        inside = countries == "world" or subject.row["country"] in countries
        kinds[found.source.kind] = kinds.get(found.source.kind, False) or inside
    return all(kinds.values()) if kinds else not note.sources


def _own_value(subject: Subject, note: NetworkNote) -> float | None:
    """Return what the network's own table measures of a city that it does not rank."""
    table = _own_table(subject, note)
    own = None if table is None else subject.own(table)
    return None if own is None or own.is_empty() else own[_OWN_MEASURES[note.kind.network][2]][0]


def _partners(subject: Subject, note: NetworkNote, links: pl.DataFrame) -> tuple[Partner, ...]:
    """Return the city's partners, the strongest first, then the most populous; both directions are summed."""
    me = subject.at(note.kind.level)
    out = links.filter(pl.col("origin") == me).select(id="destination", weight="weight")
    into = links.filter(pl.col("destination") == me).select(id="origin", weight="weight")
    summed = (
        pl.concat([out, into])
        .sort("id", "weight")
        .group_by("id", maintain_order=True)
        .agg(pl.col("weight").sum())
    )
    people: dict[object, int] = {}
    if note.kind.level == "city":
        people = dict(subject.view.result.table("cities").select("city_id", "population").iter_rows())
    rows = sorted(summed.iter_rows(), key=lambda r: (-r[1], -(people.get(r[0]) or 0), r[0]))
    return tuple(Partner(id=id_, weight=weight) for id_, weight in rows)


def _own_table(subject: Subject, note: NetworkNote) -> pl.DataFrame | None:
    """Return the last year of the table that ranks a network's cities itself; None where there is none."""
    own = _OWN_MEASURES.get(note.kind.network)
    table = subject.table(own[0]) if own else None
    if own is None or table is None:
        return None
    field = note.field or note.kind.field
    rows = table.filter((pl.col(own[1]) == field) | pl.col(own[1]).str.starts_with(f"{field} "))
    if "sector" in rows.columns:
        rows = rows.filter(pl.col("sector") == "all")
    return latest(rows)


def _place(subject: Subject, note: NetworkNote, links: pl.DataFrame, year: int) -> Place | None:
    """Return the city's place by the network's main measure."""
    field = note.field or note.kind.field
    table = _own_table(subject, note)
    if table is not None:
        if note.kind.network == "ownership":
            return by_power(table, subject.id)
        mine = subject.own(table)
        value = _OWN_MEASURES[note.kind.network][2]
        return given(mine.row(0, named=True), value, table["rank"].count()) if mine.height else None
    if note.kind.level == "country":
        found = centrality.table(links, directed=note.kind.directed, measures=(_MEASURE,))
    else:
        found = subject.view.result.table("network_measures").filter(
            (pl.col("network") == note.kind.network) & (pl.col("field") == field) & (pl.col("year") == year)
        )
    values = found.filter((pl.col("measure") == _MEASURE) & (pl.col("value") > 0))
    return place_of(values.select("city_id", "value"), subject.at(note.kind.level))


def section(subject: Subject, studio: Studio) -> Section:
    """Make the section on networks."""
    w = subject.words
    every = tied(subject)
    there = [one for one in every if one.partners]
    sentences = _without(subject, every)
    panels = [_panel(subject, studio, one) for one in there if one.note.kind.level == "city"]
    sources = [source for one in there for source in one.note.sources]
    figures: tuple[Figure, ...] = ()
    if panels:
        figures = (
            studio.figure(
                *panels,
                label=w("profile.ties_figure", city=subject.city.name),
                shape="maps",
                notes=(
                    w("profile.ties_key"),
                    w("map.projection"),
                    w.said(subject.view.result.borders_note),
                    subject.sourced(sources),
                ),
            ),
        )
    block = Block(
        sentences=tuple(sentences),
        figures=figures,
        tables=(_table(subject, there),) if there else (),
        missing="" if every else w("profile.no_networks"),
    )
    cautions = dict.fromkeys(
        w("common.colon", label=w.said(one.note.kind.name), text=w.said(one.note.kind.note))
        for one in there
        if one.note.kind.note
    )
    return Section(
        anchor="ties",
        title=w("profile.ties"),
        lead=w("profile.ties_lead"),
        blocks=(block,),
        cautions=tuple(cautions),
    )


def _without(subject: Subject, every: Sequence[Tied]) -> list[str]:
    """Name the networks in which the city has no tie: zero, outside a sample, or no data."""
    groups: dict[str, list[str]] = {
        "profile.zero_ties": [],
        "profile.sample_ties": [],
        "profile.no_ties": [],
    }
    for one in every:
        if not one.partners:
            sample = one.year is not None and one.note.scope == "show"
            covered = "profile.zero_ties" if one.covered else "profile.no_ties"
            key = "profile.sample_ties" if sample else covered
            groups[key].append(one.name)
    w = subject.words
    return [w(key, names=w.joined(names)) for key, names in groups.items() if names]


def _name(subject: Subject, one: Tied, partner: Partner) -> str:
    if one.note.kind.level == "country":
        return subject.view.country(str(partner.id))
    return subject.view.city(partner.id)  # type: ignore[arg-type]


def _items(subject: Subject, one: Tied) -> tuple[str, ...]:
    """Name the strongest partners with the weights of the ties, where these differ."""
    w = subject.words
    first = one.partners[:PARTNERS]
    if one.equal:
        return tuple(_name(subject, one, partner) for partner in first)
    return tuple(
        w("profile.partner", name=_name(subject, one, partner), weight=w.amount(round(partner.weight, 6)))
        for partner in first
    )


def _table(subject: Subject, there: list[Tied]) -> Table:
    w = subject.words
    rows = []
    for one in there:
        country = one.note.kind.level == "country"
        remarks = [
            w("profile.of_country", country=subject.city.country) if country else "",
            w("profile.shown_only") if one.note.scope == "show" else "",
            w.said(one.note.kind.weight),
        ]
        place = one.place
        has_bounds = place is not None and place.low is not None and one.ranked
        bounds = subject.bounds(place.low, place.high) if place and has_bounds else ""
        rows.append(
            row(
                Cell(text=one.name, small=w("common.semicolon").join(text for text in remarks if text)),
                str(one.year),
                w.amount(round(one.value, 6)) if one.value is not None else w.no_data,
                Cell(text=_rank(subject, one), small=bounds),
                w.whole(len(one.partners)),
                Cell(text="", items=_items(subject, one)),
            )
        )
    return Table(
        caption=w("profile.ties_table"),
        columns=(
            Column(label=w("profile.network")),
            Column(label=w("common.year")),
            Column(label=w("profile.strength"), number=True),
            Column(label=w("common.rank"), number=True),
            Column(label=w("profile.partners"), number=True),
            Column(label=w("profile.strongest")),
        ),
        rows=tuple(rows),
        note=w("profile.ties_note"),
        wide=True,
    )


def _rank(subject: Subject, one: Tied) -> str:
    """Write the rank; a city whose own table measures it and does not rank it is told so."""
    if not one.ranked:
        return "–"
    bare = one.place is None and one.value is not None
    return subject.words("profile.powerless") if bare else subject.rank(one.place)


def _panel(subject: Subject, studio: Studio, one: Tied) -> Panel:
    """Map the city's ties in one network."""
    w, view = subject.words, subject.view
    me = subject.city
    drawn = [p for p in one.partners if p.id in view.cities][: view.result.shown.links]
    nodes, ties = [_node(me)], []
    for partner in drawn:
        city = view.cities[partner.id]  # type: ignore[index]
        nodes.append(_node(city))
        ends = ((me.longitude, me.latitude), (city.longitude, city.latitude))
        ties.append(Tie(origin=ends[0], destination=ends[1], weight=partner.weight))
    frame = maps.window(nodes, centre=studio.centre)
    land = studio.small_land if frame.zoom == 1 else studio.land
    title = w("chapter.panel_title", topic=one.name, years=str(one.year))
    first = w.joined([_name(subject, one, partner) for partner in one.partners[:PARTNERS]])
    below = w("profile.partners_drawn", n=len(drawn), all=w.whole(len(one.partners)))
    panel = studio.panel(
        maps.ties_map(nodes, ties, land, frame=frame),
        title=title,
        description=w("profile.ties_alt", city=me.name, n=len(drawn), names=first),
        above=title,
        below=below if len(drawn) < len(one.partners) else w("profile.partners_all", n=len(drawn)),
    )
    return _with_names(panel, nodes, frame, most=_LABELS)


def _with_names(panel: Panel, nodes: Sequence[Node], frame: maps.Window, *, most: int) -> Panel:
    return replace(panel, drawing=maps.named(panel.drawing, maps.names(nodes, frame=frame, most=most)))


def _node(city: City) -> Node:
    return Node(name=city.name, latitude=city.latitude, longitude=city.longitude, value=1.0)


def locator(subject: Subject, studio: Studio) -> Panel:
    """Map where the city lies."""
    nodes = [_node(subject.city)]
    frame = maps.window(nodes, centre=studio.centre)
    label = subject.words("profile.locator", city=subject.city.name)
    spec = maps.ties_map(nodes, [], studio.small_land, frame=frame)
    panel = studio.panel(spec, title=label, description=label)
    return _with_names(panel, nodes, frame, most=1)
