"""The city's place in the chain from science to technology to industry: what it has at each stage, and whose.

Papers and institutions, patents, firms, capital, and who works together: inside the city (`inside`) and with
other cities.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import polars as pl

from cosmopolis.publish.chapter import charts
from cosmopolis.publish.chapter.model import Block, Cell, Column, Figure, Section, Table, row
from cosmopolis.publish.chapter.studio import Studio
from cosmopolis.publish.innovation.fields import shown_only
from cosmopolis.publish.innovation.topics import WITHOUT_TIES, Desk, Topic
from cosmopolis.publish.profile import inside
from cosmopolis.publish.profile.subject import Place, Subject, given, latest, place_of

ORGANISATIONS = 10
"""Institutions that are named."""

CAPITAL_SOURCE = "unicorns"
"""Source of young firms that took in much capital without a listing."""

INDUSTRY_4_0 = "industry_4_0"
INDUSTRY_GROUPS = ("information_technology", "technology", INDUSTRY_4_0)
"""Groups of firms that make something of technology."""

_STAGES = {"coauthorship": "science", "copatenting": "technology", "patent_classes": "technology"}
_PARTNERS = 3


@dataclass(frozen=True, kw_only=True)
class Link:
    """A link of the chain: its stage, what is counted, when, how much, its share of all, the city's place."""

    stage: str
    what: str
    years: str
    count: float | None
    share: float | None
    place: Place | None
    remark: str = ""


def links(subject: Subject) -> tuple[Link, ...]:
    """Return what the city has at each stage, those without data left out."""
    return (*_fields(subject), *_industry(subject), *_industry_4_0(subject), *_capital(subject))


def _fields(subject: Subject) -> list[Link]:
    """Return papers and patents by field, over the last window of each."""
    if subject.table("field_totals") is None:
        return []
    desk, found = Desk(subject.view), []
    for topic in desk.topics:
        window = desk.span(topic)
        totals = desk.totals(topic, window)
        own = subject.own(totals)
        sample = shown_only(desk, topic)
        count = float(own["fractional"][0]) if own.height else 0.0
        place = place_of(totals.select("city_id", value="fractional"), subject.id)
        found.append(
            Link(
                stage=_STAGES.get(topic.network, "science"),
                what=topic.name,
                years=desk.years(window),
                count=count,
                share=None if sample else float(own["share"][0] or 0.0) if own.height else 0.0,
                place=None if sample else place,
                remark=_remark(subject, topic, sample=sample),
            )
        )
    return found


def _remark(subject: Subject, topic: Topic, *, sample: bool) -> str:
    """Say how the records of a field are counted, and why its cities are not ranked."""
    if not sample:
        return subject.words("profile.fractional")
    counts = topic.network in WITHOUT_TIES
    return subject.words("profile.shown_counts" if counts else "profile.shown_only")


def _industry(subject: Subject) -> list[Link]:
    """Return headquarters of firms that make something of technology."""
    table = subject.table("headquarters")
    if table is None:
        return []
    found = []
    told = {INDUSTRY_4_0} if subject.table("industry40") is not None else set()  # its own table tells it
    for group in sorted(set(INDUSTRY_GROUPS) - told, key=INDUSTRY_GROUPS.index):
        of_group = latest(table.filter(pl.col("group") == group))
        if of_group.is_empty():
            continue
        own = subject.own(of_group)
        cells = own.row(0, named=True) if own.height else {}
        found.append(
            Link(
                stage="industry",
                what=subject.words(
                    "profile.basket_of" if subject.kind_of(group) == "basket" else "profile.headquarters_of",
                    group=subject.group(group),
                ),
                years=str(of_group["year"][0]),
                count=float(cells.get("firms") or 0),
                share=cells.get("share") or 0.0,
                place=given(cells, "firms", of_group["rank"].count()),
                remark=subject.counted(group),
            )
        )
    return found


def _industry_4_0(subject: Subject) -> list[Link]:
    """Return what the city invents and puts to use of Industry 4.0."""
    table = subject.table("industry40")
    if table is None:
        return []
    w, found = subject.words, []
    pairs = table.select("role", "measure").unique().sort("role", "measure")
    for role, measure in pairs.iter_rows():
        rows = latest(table.filter((pl.col("role") == role) & (pl.col("measure") == measure)))
        own = subject.own(rows)
        if own.is_empty():
            continue
        cells = own.row(0, named=True)
        what = w(
            "common.colon",
            label=w.or_id("profile_role", str(role)),
            text=w.or_id("profile_measure", str(measure)),
        )
        found.append(
            Link(
                stage="industry",
                what=what,
                years=str(cells["year"]),
                count=float(cells["count"]),
                share=cells["share"],
                place=given(cells, "count", rows["rank"].count()),
            )
        )
    return found


def _capital(subject: Subject) -> list[Link]:
    """Return young firms that took in much capital."""
    table = subject.table("firms")
    if table is None:
        return []
    young = table.filter(pl.col("sources").str.split(";").list.contains(CAPITAL_SOURCE))
    young = young.drop_nulls("city_id")
    if young.is_empty():
        return []
    counts = young.group_by("city_id").agg(value=pl.len().cast(pl.Float64)).sort("city_id")
    place = place_of(counts, subject.id)
    count = place.value if place else 0.0
    note = subject.view.source(CAPITAL_SOURCE)
    return [
        Link(
            stage="capital",
            what=subject.words("profile.unicorns"),
            years=str(max(note.source.years)) if note and note.source.years else "–",
            count=count,
            share=count / young.height,
            place=place,
            remark=subject.words("profile.unicorns_note"),
        )
    ]


def section(subject: Subject, studio: Studio) -> Section:
    """Make the section on the chain."""
    w, found = subject.words, links(subject)
    missing = [
        w(f"profile_stage.{stage}")
        for stage in ("science", "technology", "industry", "capital")
        if all(link.stage != stage for link in found)
    ]
    block = Block(
        sentences=(w("profile.no_stage", names=w.joined(missing)),) if missing else (),
        figures=_figures(subject, studio, found),
        tables=(_table(subject, found),) if found else (),
    )
    blocks = (block, *inside.blocks(subject), *_institutions(subject))
    return Section(anchor="chain", title=w("profile.chain"), lead=w("profile.chain_lead"), blocks=blocks)


def _sources(subject: Subject) -> tuple[str, ...]:
    return subject.of_kinds("papers", "patents", "class counts", "organisations", "firms", "lighthouses")


def _figures(subject: Subject, studio: Studio, found: Sequence[Link]) -> tuple[Figure, ...]:
    """Draw the city's share of the world at each stage."""
    w = subject.words
    rows = [
        charts.Bar(name=link.what, value=link.share, label=subject.percent(link.share))
        for link in found
        if link.share is not None
    ]
    if not any(bar.value for bar in rows):
        return ()
    label = w("profile.chain_figure", city=subject.city.name)
    items = w("common.semicolon").join(w("profile.item", name=bar.name, text=bar.label) for bar in rows)
    panel = studio.panel(
        charts.bars(rows, names_width=230), title=label, description=w("chapter.bars_alt", items=items)
    )
    return (
        studio.figure(
            panel,
            label=label,
            shape="chart",
            notes=(w("profile.chain_key"), subject.sourced(_sources(subject))),
        ),
    )


def _table(subject: Subject, found: Sequence[Link]) -> Table:
    w = subject.words
    return Table(
        caption=w("profile.chain_table"),
        columns=(
            Column(label=w("profile.what")),
            Column(label=w("profile.stage")),
            Column(label=w("common.year")),
            Column(label=w("profile.count"), number=True),
            Column(label=w("profile.share_of_all"), number=True),
            Column(label=w("common.rank"), number=True),
        ),
        rows=tuple(
            row(
                Cell(text=link.what, small=link.remark),
                w(f"profile_stage.{link.stage}"),
                link.years,
                w.amount(link.count),
                "–" if link.share is None else subject.percent(link.share),
                Cell(
                    text=subject.rank(link.place) if link.share else "–",
                    small=subject.bounds(link.place.low, link.place.high)
                    if link.place and link.place.low is not None
                    else "",
                ),
            )
            for link in found
        ),
        note=w("profile.chain_note"),
        wide=True,
    )


def _institutions(subject: Subject) -> tuple[Block, ...]:
    """List the institutions behind the city's ties by field, with the partners that each works with."""
    table = subject.table("tie_organisations")
    if table is None:
        return ()
    w, desk = subject.words, Desk(subject.view)
    tables = []
    for topic in desk.topics:
        rows = _of_topic(desk, topic, table, subject.id)
        if rows.is_empty():
            continue
        from_year, to_year = rows.select("from_year", "to_year").row(0)
        tables.append(
            Table(
                caption=w("chapter.panel_title", topic=topic.name, years=desk.years((from_year, to_year))),
                columns=(
                    Column(label=w("profile.institution")),
                    Column(label=w("profile.joint"), number=True),
                    Column(label=w("profile.with")),
                ),
                rows=tuple(
                    row(
                        desk.organisation(mine),
                        w.whole(sum(rows.filter(pl.col("mine") == mine)["count"].to_list())),
                        Cell(text="", items=_partners(desk, rows.filter(pl.col("mine") == mine))),
                    )
                    for mine in _first(rows)
                ),
            )
        )
    if not tables:
        return ()
    caution = w("profile.institutions_note")
    return (Block(title=w("profile.institutions"), sentences=(caution,), tables=tuple(tables)),)


def _of_topic(desk: Desk, topic: Topic, table: pl.DataFrame, city: int) -> pl.DataFrame:
    """Return the ties of the city's institutions in the last window: `mine`, `other`, `place`, `count`."""
    rows = desk.in_last(topic.of(table))
    parts = []
    for here, there in (("origin", "destination"), ("destination", "origin")):
        parts.append(
            rows.filter(pl.col(here) == city).select(
                "from_year",
                "to_year",
                "count",
                mine=f"organisation_{here}",
                other=f"organisation_{there}",
                place=there,
            )
        )
    return pl.concat(parts)


def _first(rows: pl.DataFrame) -> list[str]:
    sums = rows.group_by("mine").agg(pl.col("count").sum())
    return sums.sort("count", "mine", descending=[True, False])["mine"].head(ORGANISATIONS).to_list()


def _partners(desk: Desk, rows: pl.DataFrame) -> tuple[str, ...]:
    """Name the partners of an institution with their cities and joint records."""
    first = rows.sort("count", "other", "place", descending=[True, False, False]).head(_PARTNERS)
    return tuple(
        desk.words(
            "profile.partner_institution",
            name=desk.organisation(other),
            city=desk.view.city(place),
            n=count,
        )
        for other, place, count in first.select("other", "place", "count").iter_rows()
    )
