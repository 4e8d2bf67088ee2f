"""Where the city stands in the index: rank and interval at every node, and every indicator behind them."""

from dataclasses import dataclass

import polars as pl

from cosmopolis.publish import charts, sureness
from cosmopolis.publish.chapter.model import Block, Cell, Column, Figure, Section, Table, row
from cosmopolis.publish.chapter.studio import Studio
from cosmopolis.publish.profile.subject import Place, Subject, given, place_of
from cosmopolis.publish.result import IndicatorNote, NodeNote


@dataclass(frozen=True, kw_only=True)
class Standing:
    """A node with the city's score and place; no place without a rank. `share` is of its weight with data."""

    node: NodeNote
    score: float | None
    place: Place | None
    share: float | None


def standings(subject: Subject) -> tuple[Standing, ...]:
    """Return the city's place at every node, the root first; empty if the city is not in the sample."""
    view = subject.view
    index = view.result.index
    scores = view.result.table("scores").filter((pl.col("index") == index.id) & (pl.col("year") == view.year))
    found = []
    for node in index.nodes:
        of_node = scores.filter(pl.col("node") == node.id)
        own = subject.own(of_node)
        if own.is_empty():
            continue
        cells = own.row(0, named=True)
        found.append(
            Standing(
                node=node,
                score=cells["score"],
                place=given(cells, "score", of_node["rank"].count()),
                share=view.shares.get(node.id, {}).get(subject.id),
            )
        )
    return tuple(found)


def section(subject: Subject, studio: Studio) -> Section:
    """Make the section on the index."""
    w, index = subject.words, subject.view.result.index
    found = standings(subject)
    lead = w("profile.standing_lead", index=w.said(index.name), year=str(subject.view.year))
    if not found:
        return Section(
            anchor="standing",
            title=w("profile.standing"),
            lead=lead,
            blocks=(Block(missing=w("profile.not_in_sample")),),
        )
    sources = [source for note in index.indicators for source in note.sources]
    block = Block(
        sentences=tuple(text for text in (_parts(subject, found),) if text),
        figures=_figures(subject, studio, found, sources),
        tables=(_nodes(subject, found),),
    )
    return Section(
        anchor="standing",
        title=w("profile.standing"),
        lead=lead,
        blocks=(block, _indicators(subject)),
    )


def headline(subject: Subject, found: tuple[Standing, ...]) -> str:
    """Return the city's rank in the whole index in a sentence."""
    w = subject.words
    root = next((one for one in found if one.node.parent is None), None)
    if root is None or root.place is None:
        return w("profile.unranked", city=subject.city.name)
    place = root.place
    index = w.said(subject.view.result.index.name)
    if place.low is None or place.high is None:
        return w("profile.headline", city=subject.city.name, index=index, rank=place.rank, n=place.among)
    return w(
        "profile.headline_sure",
        city=subject.city.name,
        index=index,
        rank=place.rank,
        n=place.among,
        low=place.low,
        high=place.high,
        part=sureness.part(subject.view),
    )


def _parts(subject: Subject, found: tuple[Standing, ...]) -> str:
    """Say in which part of the index the city is placed best and in which least; empty for fewer than two.

    Places are compared as shares of the cities that have one, for parts rank different numbers of cities.
    """
    w, root = subject.words, subject.view.result.index.id
    placed = [(one.place.rank / one.place.among, one) for one in found if one.place and one.node.id != root]
    if len(placed) < 2:  # noqa: PLR2004 - best and least are two
        return ""
    ordered = sorted(placed, key=lambda pair: (pair[0], pair[1].node.id))
    best, least = ordered[0][1], ordered[-1][1]
    if ordered[0][0] == ordered[-1][0]:
        return ""
    return w(
        "profile.best_and_least",
        best=w.said(best.node.name),
        best_rank=subject.rank(best.place),
        least=w.said(least.node.name),
        least_rank=subject.rank(least.place),
    )


def _figures(
    subject: Subject, studio: Studio, found: tuple[Standing, ...], sources: list[str]
) -> tuple[Figure, ...]:
    """Draw ranks and intervals by node; nothing if no node has a rank."""
    w = subject.words
    dots = [
        charts.RankDot(
            name=w.said(one.node.name),
            rank=one.place.rank,
            low=one.place.low,
            high=one.place.high,
            label=subject.bounds(one.place.low, one.place.high),
        )
        for one in found
        if one.place is not None
    ]
    if not dots:
        return ()
    label = w("profile.standing_figure", city=subject.city.name)
    items = w("common.semicolon").join(sureness.item(dot) for dot in dots)
    panel = studio.panel(
        charts.rank_intervals(dots, title=w("intervals.axis")),
        title=label,
        description=w("profile.dots_alt", items=items),
    )
    bare = w("intervals.hollow") if any(dot.low is None for dot in dots) else ""
    key = w("intervals.key", part=sureness.part(subject.view))
    return (studio.figure(panel, label=label, shape="chart", notes=(key, bare, subject.sourced(sources))),)


def _nodes(subject: Subject, found: tuple[Standing, ...]) -> Table:
    w = subject.words
    return Table(
        caption=w("profile.nodes"),
        columns=(
            Column(label=w("profile.node")),
            Column(label=w("common.score"), number=True),
            Column(label=w("common.rank"), number=True),
            Column(label=w("chapter.interval"), number=True),
            Column(label=w("common.share"), number=True),
        ),
        rows=tuple(
            row(
                w.said(one.node.name),
                w.number(one.score),
                subject.rank(one.place),
                subject.bounds(one.place.low, one.place.high) if one.place else w.no_data,
                w.share(one.share),
            )
            for one in found
        ),
    )


def _indicators(subject: Subject) -> Block:
    """List every indicator with the city's value and place; name those without data."""
    w, view = subject.words, subject.view
    index = view.result.index
    values = view.result.table("indicators").filter(pl.col("index") == index.id)
    rows, missing = [], []
    for note in index.indicators:
        name = w.said(note.name)
        place = _place(subject, note, values)
        if place is None:
            missing.append(name)
            continue
        marked = w("profile.downscaled") if note.downscaled else ""
        of_country = w("profile.downscaled_rank") if note.downscaled else ""
        rows.append(
            row(
                Cell(text=name, small=w.sentences([w.said(note.definition), marked])),
                Cell(text=w.amount(place.value), small=w.said(note.unit)),
                Cell(text=subject.rank(place), small=of_country),
                str(note.year) if note.year is not None else w.no_data,
                w("common.semicolon").join(view.source_title(source) for source in note.sources) or w.no_data,
            )
        )
    table = Table(
        caption=w("profile.indicators"),
        columns=(
            Column(label=w("profile.indicator")),
            Column(label=w("common.value"), number=True),
            Column(label=w("common.rank"), number=True),
            Column(label=w("common.year")),
            Column(label=w("common.sources")),
        ),
        rows=tuple(rows),
        note=w("profile.indicators_note"),
        wide=True,
    )
    gaps = w("profile.without", names=w.joined(missing)) if missing else ""
    return Block(
        title=w("profile.indicators_title"),
        sentences=(gaps,) if gaps else (),
        tables=(table,) if rows else (),
    )


def _place(subject: Subject, note: IndicatorNote, values: pl.DataFrame) -> Place | None:
    """Return the city's value and its place, the best first: the least where less is better."""
    of_note = values.filter((pl.col("indicator") == note.id) & pl.col("value").is_finite())
    turned = of_note.select("city_id", value=note.direction * pl.col("value"))
    place = place_of(turned, subject.id)
    if place is None:
        return None
    return Place(value=note.direction * place.value, rank=place.rank, among=place.among)
