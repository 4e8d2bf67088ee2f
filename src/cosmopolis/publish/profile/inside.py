"""Ties inside the city: which of its organisations work together, and how much of its records that is.

The tables `city_inside` and `city_organisations` of the last window; a result without them says so. Ties
with other cities are told by `chain` and `ties`.
"""

import polars as pl

from cosmopolis.publish.chapter.model import Block, Cell, Column, Table, row
from cosmopolis.publish.innovation.fields import shown_only
from cosmopolis.publish.innovation.topics import Desk, Topic
from cosmopolis.publish.profile.subject import Subject

PAIRS = 10
"""Pairs of organisations that are named for a field."""

_PATENTS = "copatenting"


def blocks(subject: Subject) -> tuple[Block, ...]:
    """Return what is known of ties inside the city; one line where nothing is."""
    w = subject.words
    table = subject.table("city_inside")
    if table is None:
        return (Block(title=w("profile.inside"), sentences=(w("profile.no_inside"),)),)
    desk = Desk(subject.view)
    found = [(topic, _own(subject, desk, topic, table)) for topic in desk.topics]
    found = [(topic, rows) for topic, rows in found if rows.height]
    if not found:
        return (Block(title=w("profile.inside"), sentences=(w("profile.none_inside"),)),)
    sentences = [_said(subject, desk, *found[0])]
    if any(topic.network == _PATENTS for topic, _ in found):
        sentences.append(w("profile.inside_patents"))
    whole = Block(
        title=w("profile.inside"),
        sentences=tuple(sentences),
        tables=(_summary(subject, desk, found, table),),
    )
    pairs = subject.table("city_organisations")
    listed = [] if pairs is None else [_pairs(subject, desk, topic, pairs) for topic, _ in found]
    tables = tuple(one for one in listed if one is not None)
    if not tables:
        return (whole,)
    return (whole, Block(sentences=(w("profile.inside_more"),), tables=tables, beside=True))


def _own(subject: Subject, desk: Desk, topic: Topic, table: pl.DataFrame) -> pl.DataFrame:
    """Return the city's rows of a field in the last window."""
    return subject.own(desk.in_last(topic.of(table)))


def _years(desk: Desk, rows: pl.DataFrame) -> str:
    from_year, to_year = rows.select("from_year", "to_year").row(0)
    return desk.years((from_year, to_year))


def _said(subject: Subject, desk: Desk, topic: Topic, rows: pl.DataFrame) -> str:
    """Say how much of the records of a field is co-operation inside the city."""
    w, cells = subject.words, rows.row(0, named=True)
    return w(
        "profile.inside_said",
        topic=topic.name,
        years=_years(desk, rows),
        city=subject.city.name,
        share=subject.percent(cells["joint"] / cells["records"]),
        joint=w.whole(cells["joint"]),
        n=w.whole(cells["records"]),
    )


def _summary(
    subject: Subject, desk: Desk, found: list[tuple[Topic, pl.DataFrame]], table: pl.DataFrame
) -> Table:
    """Give records, organisations and joint records of each field, and the share over all cities."""
    w, lines = subject.words, []
    for topic, rows in found:
        cells = rows.row(0, named=True)
        every = desk.in_last(topic.of(table)).select(pl.col("joint", "records").sum()).row(0)
        remark = w("profile.shown_only") if shown_only(desk, topic) else ""
        lines.append(
            row(
                Cell(text=topic.name, small=remark),
                _years(desk, rows),
                w.whole(cells["records"]),
                w.whole(cells["named"]),
                w.whole(cells["organisations"]),
                w.whole(cells["joint"]),
                subject.percent(cells["joint"] / cells["records"]),
                subject.percent(every[0] / every[1]),
            )
        )
    return Table(
        caption=w("profile.inside_table"),
        columns=(
            Column(label=w("profile.what")),
            Column(label=w("common.year")),
            Column(label=w("profile.records"), number=True),
            Column(label=w("profile.named_records"), number=True),
            Column(label=w("profile.organisations"), number=True),
            Column(label=w("profile.joint"), number=True),
            Column(label=w("profile.joint_share"), number=True),
            Column(label=w("profile.joint_everywhere"), number=True),
        ),
        rows=tuple(lines),
        note=w("profile.inside_note"),
        wide=True,
    )


def _pairs(subject: Subject, desk: Desk, topic: Topic, table: pl.DataFrame) -> Table | None:
    """List the pairs of organisations of a field with the most joint records; None where there is none."""
    w, rows = subject.words, _own(subject, desk, topic, table)
    if rows.is_empty():
        return None
    ends = ("organisation_origin", "organisation_destination")
    first = rows.sort("position", *ends).head(PAIRS)
    return Table(
        caption=w("profile.inside_pairs", topic=topic.name, years=_years(desk, rows)),
        columns=(
            Column(label=w("profile.organisation")),
            Column(label=w("profile.organisation_with")),
            Column(label=w("profile.joint"), number=True),
        ),
        rows=tuple(
            row(desk.organisation(one), desk.organisation(other), w.whole(count))
            for one, other, count in first.select(*ends, "count").iter_rows()
        ),
    )
