"""What changed for the city since another result of the same index: ranks, scores, and the values behind."""

from dataclasses import dataclass

import polars as pl

from cosmopolis.index.change import PARTS
from cosmopolis.index.compare import Comparison, Published
from cosmopolis.publish.chapter.model import Block, Column, Section, Table, row
from cosmopolis.publish.profile.subject import Subject
from cosmopolis.publish.result import Text


@dataclass(frozen=True, kw_only=True)
class Since:
    """An earlier result to tell the change from: the comparison with it, its title, and its hash."""

    comparison: Comparison
    title: Text
    hash: str


def section(subject: Subject, since: Since) -> Section:
    """Make the section on what changed."""
    w, comparison = subject.words, since.comparison
    return Section(
        anchor="change",
        title=w("profile.change"),
        lead=w(
            "profile.change_lead",
            title=w.said(since.title),
            year=str(comparison.a.year),
            hash=since.hash[:16],
        ),
        blocks=(_moved(subject, comparison), _values(subject, comparison)),
    )


def _moved(subject: Subject, comparison: Comparison) -> Block:
    """Tell the change of the rank and what made it, and the ranks of every node."""
    w = subject.words
    units = comparison.change.units.filter(pl.col("unit") == subject.id)
    if units.is_empty():
        apart = comparison.change.apart.filter(pl.col("unit") == subject.id)
        kind = apart["kind"][0] if apart.height else "absent"
        return Block(sentences=(w(f"profile_apart.{kind}", city=subject.city.name),))
    cells = units.row(0, named=True)
    sentences = [
        w("profile.same_rank", rank=cells["rank_to"])
        if not cells["rank_change"]
        else w(
            "profile.climbed" if cells["rank_change"] < 0 else "profile.fell",
            n=abs(cells["rank_change"]),
            before=cells["rank_from"],
            now=cells["rank_to"],
        )
    ]
    tables = []
    if cells["orders"]:
        tables.append(
            Table(
                caption=w("profile.parts"),
                columns=(
                    Column(label=w("profile.part")),
                    Column(label=w("profile.places"), number=True),
                    Column(label=w("profile.points"), number=True),
                ),
                rows=tuple(
                    row(
                        w(f"profile_part.{part}"),
                        signed(subject, cells[f"rank_by_{part}"]),
                        signed(subject, cells[f"score_by_{part}"]),
                    )
                    for part in PARTS
                ),
                note=w("profile.parts_note"),
            )
        )
    else:
        sentences.append(w("profile.not_split"))
    tables.append(_nodes(subject, comparison))
    return Block(sentences=tuple(sentences), tables=tuple(tables))


def signed(subject: Subject, number: float | None) -> str:
    """Write a change with its sign; "no data" for none."""
    w = subject.words
    if number is None:
        return w.no_data
    if not round(number, 1):
        return w.number(0.0)
    return ("+" if number > 0 else "−") + w.number(abs(number))


def _places(side: Published, city: int) -> dict[str, tuple[float | None, int | None]]:
    """Return the city's score and rank at every node of a result."""
    own = side.scores.filter(pl.col("index") == side.tree.id)
    mine = own.filter(pl.col("city_id") == city).select("node", "score", "rank")
    return {node: (score, rank) for node, score, rank in mine.iter_rows()}


def _nodes(subject: Subject, comparison: Comparison) -> Table:
    w = subject.words
    was, now = _places(comparison.a, subject.id), _places(comparison.b, subject.id)
    return Table(
        caption=w("profile.nodes_change"),
        columns=(
            Column(label=w("profile.node")),
            Column(label=w("profile.rank_before"), number=True),
            Column(label=w("profile.rank_now"), number=True),
            Column(label=w("profile.score_before"), number=True),
            Column(label=w("profile.score_now"), number=True),
        ),
        rows=tuple(
            row(
                w.said(node.name),
                w.whole(was.get(node.id, (None, None))[1]),
                w.whole(now.get(node.id, (None, None))[1]),
                w.number(was.get(node.id, (None, None))[0]),
                w.number(now.get(node.id, (None, None))[0]),
            )
            for node in subject.view.result.index.nodes
        ),
    )


def _values(subject: Subject, comparison: Comparison) -> Block:
    """List the indicators whose value changed."""
    w = subject.words
    sides = [
        dict(side.values.filter(pl.col("unit") == subject.id).select("code", "value").iter_rows())
        for side in (comparison.a, comparison.b)
    ]
    was, now = sides
    rows = []
    for note in subject.view.result.index.indicators:
        old, new = was.get(note.id), now.get(note.id)
        if old != new:
            rows.append(row(w.said(note.name), w.amount(old), w.amount(new), w.said(note.unit)))
    if not rows:
        return Block(sentences=(w("profile.values_same"),))
    table = Table(
        caption=w("profile.values_change"),
        columns=(
            Column(label=w("profile.indicator")),
            Column(label=w("profile.before"), number=True),
            Column(label=w("profile.now"), number=True),
            Column(label=w("common.unit")),
        ),
        rows=tuple(rows),
    )
    return Block(tables=(table,))
