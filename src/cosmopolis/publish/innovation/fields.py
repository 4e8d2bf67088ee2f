"""Sections by field: the first cities with share, specialisation and growth; regions; citations received."""

import math

import polars as pl

from cosmopolis.publish import network_pages
from cosmopolis.publish.chapter import charts
from cosmopolis.publish.chapter.desk import finite
from cosmopolis.publish.chapter.model import Block, Cell, Column, Section, Table, row
from cosmopolis.publish.chapter.studio import Studio
from cosmopolis.publish.innovation.topics import WITHOUT_TIES, Desk, Topic

_SOURCE_KINDS = {"coauthorship": "papers", "copatenting": "patents", "patent_classes": "class counts"}
"""Kinds of source that each network's records come from."""

LEAST_RECORDS = 100
"""Records of a field below which no city is called the first: one more would change the order."""

_KNOWN_LEAST = 0.5
"""Part of a field's records with known citations below which cities are not ranked by them."""

_FIRST = 12
"""Bars of a chart: more cannot be told apart at a glance."""


def section(desk: Desk, studio: Studio) -> Section:
    """Make the section on the first cities of each field."""
    w = desk.words
    return Section(
        anchor="innovation-fields",
        title=w("innovation.fields"),
        lead=w("innovation.fields_lead"),
        blocks=tuple(_block(desk, studio, topic) for topic in desk.topics),
        cautions=(w("innovation.fields_caution"), w("innovation.growth_caution")),
    )


def specialisation(desk: Desk, topic: Topic) -> dict[int, float]:
    """Return each city's specialisation in a field over the last window, among the network's fields.

    RCA = (x_cf / x_c·) / (x_·f / x_··), from fractional totals; none where the network has one field.
    """
    fields = [other for other in desk.topics if other.network == topic.network]
    if len(fields) < 2:  # noqa: PLR2004 - one field cannot be special
        return {}
    totals = {other.field: desk.totals(other, desk.span(topic)) for other in fields}
    of_city: dict[int, list[float]] = {}
    for name in sorted(totals):
        for city_id, value in totals[name].sort("city_id").select("city_id", "fractional").iter_rows():
            of_city.setdefault(city_id, []).append(value)
    whole = math.fsum(value for values in of_city.values() for value in values)
    mine = totals[topic.field]
    field_whole = math.fsum(mine["fractional"].to_list())
    if whole <= 0 or field_whole <= 0:
        return {}
    return {
        city_id: (value / math.fsum(of_city[city_id])) / (field_whole / whole)
        for city_id, value in mine.select("city_id", "fractional").iter_rows()
        if math.fsum(of_city[city_id]) > 0
    }


def shown_only(desk: Desk, topic: Topic) -> bool:
    """Say whether all that a field's records come from may be shown and never ranked."""
    kind = _SOURCE_KINDS.get(topic.network)
    scopes = {
        note.source.scope
        for note in desk.view.result.sources
        if note.state == "used" and note.source.kind == kind
    }
    return scopes == {"show"}


def unranked(desk: Desk, topic: Topic) -> str:
    """Return the sentence that says why no city of a field is ranked; empty where cities are."""
    w, years = desk.words, desk.years(desk.span(topic))
    if shown_only(desk, topic):
        counts = topic.network in WITHOUT_TIES
        return w("innovation.shown_counts" if counts else "innovation.shown_sample", years=years)
    whole = math.fsum(desk.totals(topic, desk.span(topic))["fractional"].to_list())
    return w("innovation.few_records", years=years, n=round(whole)) if whole < LEAST_RECORDS else ""


def field_growth(rows: pl.DataFrame) -> float | None:
    """Return a field's own yearly growth between the windows that its cities' growth compares.

    g = ln(Σc₂ / Σc₁) / Δ over all cities, whose full counts are c₁ and c₂ in two windows of equal length Δ
    one after the other; None where a sum is 0.

    Examples
    --------
    >>> rows = pl.DataFrame(
    ...     {"from_year": 2000, "to_year": 2009, "count_from": [10, 30], "count_to": [60, 20]})
    >>> round(field_growth(rows), 4)  # ln 2 / 5
    0.1386
    """
    before, after = int(rows["count_from"].sum()), int(rows["count_to"].sum())
    if not before or not after:
        return None
    from_year, to_year = rows.select("from_year", "to_year").row(0)
    return math.log(after / before) / ((int(to_year) - int(from_year) + 1) / 2)


def growth_rows(desk: Desk, topic: Topic) -> pl.DataFrame:
    """Return a field's rows of growth up to the last window."""
    table = topic.of(desk.table("field_growth"))
    if table.is_empty():
        return table
    last = table.select("to_year", "from_year").sort("to_year", "from_year").row(-1)
    return table.filter((pl.col("to_year") == last[0]) & (pl.col("from_year") == last[1]))


def _growths(desk: Desk, topic: Topic) -> dict[int, tuple[float, float | None, float | None]]:
    """Return each city's yearly growth with its interval, as rates: e^g - 1."""
    table = growth_rows(desk, topic)
    if table.is_empty():
        return {}

    def rate(value: float | None) -> float | None:
        return None if finite(value) is None or value is None else math.expm1(value)

    found = {}
    for city_id, growth, low, high in table.select("city_id", "growth", "low", "high").iter_rows():
        value = rate(growth)
        if value is not None:
            found[city_id] = (value, rate(low), rate(high))
    return found


def _block(desk: Desk, studio: Studio, topic: Topic) -> Block:
    w, view, shown = desk.words, desk.view, desk.view.result.shown
    totals = desk.totals(topic, desk.span(topic)).filter(pl.col("fractional") > 0)
    years = desk.years(desk.span(topic))
    if totals.is_empty():
        return Block(title=topic.name, missing=w("innovation.no_records", years=years))
    reason = unranked(desk, topic)
    if reason:
        table = _table(desk, topic, totals.head(shown.rows), {}, {}, ranked=False)
        return Block(title=topic.name, sentences=(reason,), tables=(table,))
    # Counts of classes are not independent of each other: no interval holds for them.
    rca, growths = specialisation(desk, topic), {}
    if topic.network not in WITHOUT_TIES:
        growths = _growths(desk, topic)
    table = _table(desk, topic, totals.head(shown.rows), rca, growths)
    first = totals.head(_FIRST)
    names = [view.city(city_id) for city_id in first["city_id"].to_list()]
    growing = growth_rows(desk, topic)
    sentences = [_lead_sentence(desk, topic, totals)]
    drawn = [(city_id, growths[city_id]) for city_id in first["city_id"].to_list() if city_id in growths]
    whole = field_growth(growing) if drawn else None
    own = None if whole is None else math.expm1(whole)
    if own is not None:
        sentences.append(
            w(
                "innovation.growth_found",
                years=desk.years(growing.select("from_year", "to_year").row(0)),
                own=desk.change(own),
                n=len(drawn),
                up=sum(low is not None and low > own for _, (_, low, _) in drawn),
                down=sum(high is not None and high < own for _, (_, _, high) in drawn),
            )
        )
    label = w("innovation.fields_figure", topic=topic.name, years=years, n=len(names))
    rows = [
        charts.Bar(
            name=name,
            value=fractional,
            label=w("innovation.bar", value=w.whole(round(fractional)), share=desk.percent(share)),
        )
        for name, fractional, share in zip(
            names, first["fractional"].to_list(), first["share"].to_list(), strict=True
        )
    ]
    items = w("common.semicolon").join(f"{bar.name} {bar.label}" for bar in rows[:5])
    figures = [
        studio.figure(
            studio.panel(charts.bars(rows), title=label, description=w("chapter.bars_alt", items=items)),
            label=label,
            shape="chart",
            notes=(w("innovation.bar_key", unit=desk.unit(topic.network)),),
        )
    ]
    if drawn:
        from_year, to_year = growing.select("from_year", "to_year").row(0)
        label = w("innovation.growth_figure", topic=topic.name, years=desk.years((from_year, to_year)))
        dots = [
            charts.Dot(name=view.city(city_id), value=value, low=low, high=high, label=desk.change(value))
            for city_id, (value, low, high) in drawn
        ]
        items = w("common.semicolon").join(f"{dot.name} {dot.label}" for dot in dots[:5])
        panel = studio.panel(
            charts.intervals(
                dots,
                title=w("innovation.growth_axis"),
                middle=0.0 if own is None else own,
                log=False,
                percent=True,
            ),
            title=label,
            description=w("chapter.dots_alt", items=items),
        )
        note = w("innovation.growth_key") if own is not None else w("innovation.growth_key_none")
        figures.append(studio.figure(panel, label=label, shape="chart", notes=(note,)))
    return Block(
        title=topic.name,
        sentences=tuple(sentences),
        figures=tuple(figures),
        tables=(table,),
    )


def _lead_sentence(desk: Desk, topic: Topic, totals: pl.DataFrame) -> str:
    w, best = desk.words, totals.row(0, named=True)
    return w(
        "innovation.first_city",
        city=desk.view.city(best["city_id"]),
        years=desk.years(desk.span(topic)),
        count=best["count"],
        unit=desk.unit(topic.network),
        share=desk.percent(best["share"]),
    )


def leading(desk: Desk, topic: Topic) -> str:
    """Return the sentence that says which city is first in a field; empty where none is to be ranked."""
    if shown_only(desk, topic):
        return ""
    totals = desk.totals(topic, desk.span(topic)).filter(pl.col("fractional") > 0)
    if totals.is_empty():
        return ""
    return unranked(desk, topic) or _lead_sentence(desk, topic, totals)


def _table(
    desk: Desk,
    topic: Topic,
    totals: pl.DataFrame,
    rca: dict[int, float],
    growths: dict[int, tuple[float, float | None, float | None]],
    *,
    ranked: bool = True,
) -> Table:
    """Make the table of a field's cities; where they are not ranked, by name and without positions."""
    w, view = desk.words, desk.view
    if not ranked:
        names = [view.city(city_id) for city_id in totals["city_id"].to_list()]
        totals = totals.with_columns(pl.Series("name", names, dtype=pl.String)).sort("name", "city_id")
    positions = network_pages.positions(totals["fractional"].to_list())
    body = []
    for position, entry in zip(positions, totals.iter_rows(named=True), strict=True):
        city_id = entry["city_id"]
        city = view.cities.get(city_id)
        cells: list[Cell | str] = [
            *([w.whole(position)] if ranked else []),
            Cell(text=view.city(city_id), small=city.country if city else ""),
            w.whole(entry["count"]),
            w.number(entry["fractional"]),
            desk.percent(entry["share"]),
        ]
        if rca:
            cells.append(w.number(rca.get(city_id), digits=2))
        if growths:
            value, low, high = growths.get(city_id, (None, None, None))
            bounds = (
                ""
                if low is None or high is None
                else w("chapter.bounds", low=desk.change(low), high=desk.change(high))
            )
            cells.append(Cell(text=w.no_data if value is None else desk.change(value), small=bounds))
        body.append(row(*cells))
    columns = [
        *([Column(label=w("common.rank"), number=True)] if ranked else []),
        Column(label=w("common.city")),
        Column(label=w("innovation.count"), number=True),
        Column(label=w("innovation.fractional"), number=True),
        Column(label=w("chapter.share"), number=True),
    ]
    if rca:
        columns.append(Column(label=w("innovation.rca"), number=True))
    if growths:
        columns.append(Column(label=w("innovation.growth"), number=True))
    notes = [w("innovation.rca_note") if rca else w("innovation.rca_none")]
    if not ranked:
        notes = [w("innovation.by_name", n=totals.height)]
    if topic.network in WITHOUT_TIES:
        notes.append(w("innovation.counts_note"))
    return Table(
        caption=w("innovation.fields_table", topic=topic.name, years=desk.years(desk.span(topic))),
        columns=tuple(columns),
        rows=tuple(body),
        head=1 if ranked else 0,
        note=w.sentences(notes),
    )


def regions(desk: Desk, studio: Studio) -> Section:
    """Make the section on the first cities of each world region."""
    w = desk.words
    blocks = []
    table = desk.in_last(desk.table("region_leaders"))
    for topic in desk.topics:
        rows = topic.of(table).sort("region", "position", "city_id")
        if rows.is_empty():
            blocks.append(Block(title=topic.name, missing=desk.no_ties(topic, "innovation.no_leaders")))
            continue
        reason = unranked(desk, topic)
        if reason:
            blocks.append(Block(title=topic.name, missing=reason))
            continue
        blocks.append(_region_block(desk, studio, topic, rows))
    return Section(
        anchor="innovation-regions",
        title=w("innovation.regions"),
        lead=w("innovation.regions_lead"),
        blocks=tuple(blocks),
        cautions=(w("innovation.regions_caution"),),
    )


def _region_block(desk: Desk, studio: Studio, topic: Topic, rows: pl.DataFrame) -> Block:
    w, view, most = desk.words, desk.view, 3
    firsts = rows.filter(pl.col("position") == 1).sort("fractional", "region", descending=[True, False])
    firsts = firsts.unique("region", keep="first", maintain_order=True)
    years = desk.years(rows.select("from_year", "to_year").row(0))
    bars, body = [], []
    for entry in firsts.iter_rows(named=True):
        region, city = view.region(entry["region"]), view.city(entry["city_id"])
        bars.append(
            charts.Bar(
                name=region,
                value=entry["fractional"],
                label=w("innovation.leader", city=city, share=desk.percent(entry["share"])),
            )
        )
        others = rows.filter(pl.col("region") == entry["region"]).head(most)
        cells = [
            Cell(
                text=view.city(other["city_id"]),
                small=w(
                    "innovation.bar", value=w.number(other["fractional"]), share=desk.percent(other["share"])
                ),
            )
            for other in others.iter_rows(named=True)
        ]
        body.append(row(region, *cells, *[Cell(text="")] * (most - len(cells))))
    best = firsts.row(0, named=True)
    label = w("innovation.regions_figure", topic=topic.name, years=years)
    items = w("common.semicolon").join(f"{bar.name} {bar.label}" for bar in bars[:5])
    panel = studio.panel(charts.bars(bars), title=label, description=w("chapter.bars_alt", items=items))
    sentence = w(
        "innovation.region_first",
        city=view.city(best["city_id"]),
        region=view.region(best["region"]),
        share=desk.percent(best["share"]),
        n=firsts.height,
    )
    ordinals = (w("chapter.first"), w("chapter.second"), w("chapter.third"))
    return Block(
        title=topic.name,
        sentences=(sentence,),
        figures=(studio.figure(panel, label=label, shape="chart"),),
        tables=(
            Table(
                caption=w("innovation.regions_table", topic=topic.name, years=years),
                columns=(Column(label=w("common.region")), *(Column(label=text) for text in ordinals)),
                rows=tuple(body),
                note=w("innovation.regions_note"),
            ),
        ),
    )


def citations(desk: Desk, studio: Studio) -> Section:
    """Make the section on citations received; a box with the reason where there is no count of them."""
    w, shown = desk.words, desk.view.result.shown
    blocks = []
    for topic in desk.topics:
        totals = desk.totals(topic, desk.span(topic))
        part = _known_part(desk, topic)
        known = totals.filter(pl.col("citations").is_not_null() & (pl.col("citations") > 0))
        if known.is_empty():
            kind = "other" if topic.network == "coauthorship" else "copatenting"
            blocks.append(Block(title=topic.name, missing=w(f"citations_missing.{kind}")))
            continue
        if shown_only(desk, topic):
            blocks.append(Block(title=topic.name, missing=unranked(desk, topic)))
            continue
        if part is not None and part < _KNOWN_LEAST:
            missing = w("citations_missing.part", share=w.share(part))
            blocks.append(Block(title=topic.name, missing=missing))
            continue
        known = known.sort("citations", "city_id", descending=[True, False])
        blocks.append(_citation_block(desk, studio, topic, known.head(shown.rows)))
    if not any(topic.network == "copatenting" for topic in desk.topics):
        reasons = [
            w("common.colon", label=w.said(note.source.title) or note.source.id, text=note.reason)
            for note in desk.view.result.sources
            if note.state == "no data" and note.source.kind == "patents"
        ]
        missing = w.sentences([w("citations_missing.network"), *reasons])
        blocks.append(Block(title=w("innovation.patents"), missing=missing))
    return Section(
        anchor="innovation-citations",
        title=w("innovation.citations"),
        lead=w("innovation.citations_lead"),
        blocks=tuple(blocks),
        cautions=(w("innovation.citations_caution"),),
    )


def _known_part(desk: Desk, topic: Topic) -> float | None:
    """Return the part of a field's records whose citations are known; None where the result does not say."""
    rows = topic.of(desk.table("field_totals"))
    if "records_known" not in rows.columns:
        return None
    rows = rows.filter(pl.col("year").is_between(*desk.span(topic)))
    whole = int(rows["count"].sum())
    return int(rows["records_known"].fill_null(0).sum()) / whole if whole else None


def _citation_block(desk: Desk, studio: Studio, topic: Topic, known: pl.DataFrame) -> Block:
    w, view = desk.words, desk.view
    years = desk.years(desk.span(topic))
    first = known.head(_FIRST)
    bars = [
        charts.Bar(name=view.city(city_id), value=float(value), label=w.whole(value))
        for city_id, value in first.select("city_id", "citations").iter_rows()
    ]
    label = w("innovation.citations_figure", topic=topic.name, years=years, n=len(bars))
    items = w("common.semicolon").join(f"{bar.name} {bar.label}" for bar in bars[:5])
    panel = studio.panel(charts.bars(bars), title=label, description=w("chapter.bars_alt", items=items))
    positions = network_pages.positions([float(value) for value in known["citations"].to_list()])
    body = tuple(
        row(
            w.whole(position),
            view.city(entry["city_id"]),
            w.whole(entry["citations"]),
            w.number(entry["citations"] / entry["count"]) if entry["count"] else w.no_data,
        )
        for position, entry in zip(positions, known.iter_rows(named=True), strict=True)
    )
    sentence = w(
        "innovation.most_cited",
        city=bars[0].name,
        years=years,
        citations=bars[0].label,
    )
    return Block(
        title=topic.name,
        sentences=(sentence,),
        figures=(studio.figure(panel, label=label, shape="chart"),),
        tables=(
            Table(
                caption=w("innovation.citations_table", topic=topic.name, years=years),
                columns=(
                    Column(label=w("common.rank"), number=True),
                    Column(label=w("common.city")),
                    Column(label=w("innovation.citations_received"), number=True),
                    Column(label=w("innovation.citations_each"), number=True),
                ),
                rows=body,
                head=1,
            ),
        ),
    )
