"""Section on pairs of countries by year: partners of one country, with the verdict of each trend."""

import math
from collections.abc import Mapping
from typing import Any

import polars as pl

from cosmopolis.measures import country_trends
from cosmopolis.measures.country_trends import COUNT_MIN
from cosmopolis.networks.fields import ALL
from cosmopolis.publish.chapter import charts
from cosmopolis.publish.chapter.desk import finite
from cosmopolis.publish.chapter.model import Block, Column, Panel, Section, Table, row
from cosmopolis.publish.chapter.studio import Studio
from cosmopolis.publish.innovation.topics import Desk, Topic

_FOCUS = "CN"
_PANELS = 8
_VERDICTS = ("rising", "steady", "falling", "unclear", "too_few")

_COMPARED = "coauthorship"
"""The network whose pairs are set beside another source's counts of all fields, which are of papers."""

_OTHER = "_all"
"""Ending of a network that another source counts for all fields together, by country."""

_PANEL = "_panel"
"""Ending of a network of the fixed venues alone."""

Pair = tuple[str, str]
Trends = dict[tuple[str, str], dict[str, Any]]


def venues(desk: Desk) -> str:
    """Say over which venues trends are followed; empty where the edition sets none."""
    w, panels = desk.words, desk.settings.get("panels")
    if not isinstance(panels, Mapping) or not panels:
        return ""
    items = [
        w(
            "innovation.venues_of",
            field=desk.field_name(field),
            venues=", ".join(str(name).upper() for name in names),
        )
        for field, names in panels.items()
        if names
    ]
    return w("innovation.venues", venues=w("common.semicolon").join(items)) if items else ""


def section(desk: Desk, studio: Studio) -> Section:
    """Make the section."""
    w = desk.words
    blocks = []
    for topic in _topics(desk):
        shares = _shares(desk, topic)
        if shares.is_empty():
            missing = desk.no_ties(topic, "innovation.no_countries")
            blocks.append(Block(title=topic.name, missing=missing))
            continue
        if is_untested(desk, topic):
            blocks.append(Block(title=topic.name, sentences=(w("innovation.none_tested", n=COUNT_MIN),)))
            continue
        blocks.append(_block(desk, studio, topic, shares))
    return Section(
        anchor="innovation-countries",
        title=w("innovation.countries"),
        lead=w("innovation.countries_lead"),
        blocks=tuple(blocks),
        cautions=tuple(text for text in (venues(desk), w("innovation.countries_caution")) if text),
    )


def _topics(desk: Desk) -> tuple[Topic, ...]:
    """Return the fields, and before them the counts of all fields that come by country alone."""
    networks = set(desk.view.result.table("country_links")["network"].to_list())
    others = [
        Topic(network=network + _OTHER, field=ALL, name=desk.topic_name(network + _OTHER, ALL))
        for network in dict.fromkeys(topic.network for topic in desk.topics)
        if network + _OTHER in networks
    ]
    return (*others, *desk.topics)


def _shares(desk: Desk, topic: Topic) -> pl.DataFrame:
    """Return each pair's share of the field's ties between countries by year, zeros included.

    Of the fixed venues where the result has their links, so that lines and trends are of the same records.
    """
    table = desk.view.result.table("country_links").filter(
        (pl.col("weight") > 0) & (pl.col("origin") != pl.col("destination"))
    )
    panel = Topic(network=topic.network + _PANEL, field=topic.field, name=topic.name).of(table)
    links = panel if panel.height else topic.of(table)
    return country_trends.shares(links).drop_nulls("share") if links.height else pl.DataFrame()


def _holds_panel(desk: Desk, topic: Topic) -> bool:
    """Say whether a field's lines are of other records than its trends."""
    panels = desk.settings.get("panels")
    table = desk.view.result.table("country_links")
    return (
        isinstance(panels, Mapping)
        and topic.field in panels
        and table.filter(pl.col("network") == topic.network + _PANEL).is_empty()
    )


def _focus(desk: Desk, shares: pl.DataFrame) -> str | None:
    """Return the country whose partners are shown; None to show the first pairs of all."""
    partners = desk.settings.get("partners", [_FOCUS])
    ends = set(shares["origin"].to_list()) | set(shares["destination"].to_list())
    return next((country for country in partners if country in ends), None)


def _first_pairs(shares: pl.DataFrame, focus: str | None) -> list[Pair]:
    """Return the pairs with the most records over all years, those of a country where one is given."""
    if focus is not None:
        shares = shares.filter((pl.col("origin") == focus) | (pl.col("destination") == focus))
    sums = (
        shares.group_by("origin", "destination")
        .agg(pl.col("count").sum())
        .sort("count", "origin", "destination", descending=[True, False, False])
    )
    return [(origin, destination) for origin, destination, _ in sums.head(_PANELS).iter_rows()]


def _trends(desk: Desk, topic: Topic) -> tuple[Trends, Trends]:
    """Return the trend of each pair of countries over all years, and over the last where there is one."""
    found: dict[Pair, list[dict[str, Any]]] = {}
    for entry in topic.of(desk.table("country_trends")).iter_rows(named=True):
        found.setdefault((entry["origin"], entry["destination"]), []).append(entry)
    whole: Trends = {}
    recent: Trends = {}
    for pair, entries in found.items():
        spans = sorted(entries, key=lambda entry: (entry["to_year"] or 0) - (entry["from_year"] or 0))
        for ends in (pair, pair[::-1]):
            whole[ends] = spans[-1]
            if len(spans) > 1:
                recent[ends] = spans[0]
    return whole, recent


def is_untested(desk: Desk, topic: Topic) -> bool:
    """Say whether a field has no pair with a trend though others have one: its lines would be chance."""
    every = desk.table("country_trends")
    return every.height > 0 and topic.of(every).is_empty()


def _name(desk: Desk, pair: Pair, focus: str | None) -> str:
    if focus is None:
        return desk.country_pair(*pair)
    return desk.view.country(pair[1] if pair[0] == focus else pair[0])


def sentences(desk: Desk, topic: Topic) -> tuple[str, ...]:
    """Return what the trends of the first pairs say, one sentence a verdict."""
    shares = _shares(desk, topic)
    if shares.is_empty() or is_untested(desk, topic):
        return ()
    focus = _focus(desk, shares)
    return _sentences(desk, topic, _first_pairs(shares, focus), focus)


def _sentences(desk: Desk, topic: Topic, pairs: list[Pair], focus: str | None) -> tuple[str, ...]:
    """Say which pairs rise, hold and fall: over the last years first, then over all."""
    whole, recent = _trends(desk, topic)
    said = [_span_sentence(desk, pairs, focus, trends) for trends in (recent, whole)]
    found = tuple(text for text in said if text)
    return found or (desk.words("innovation.no_trend"),)


def _span(trends: Trends, pairs: list[Pair]) -> str:
    """Return the years that trends are of: the first and last of any."""
    years = [trends[pair][key] for pair in pairs if pair in trends for key in ("from_year", "to_year")]
    known = [year for year in years if year is not None]
    return f"{min(known)}–{max(known)}" if known else ""


def _span_sentence(desk: Desk, pairs: list[Pair], focus: str | None, trends: Trends) -> str:
    w = desk.words
    section = "pairs_say" if focus is None else "partners_say"
    text = []
    for verdict in _VERDICTS:
        of = [pair for pair in pairs if pair in trends and trends[pair]["verdict"] == verdict]
        names = [_name(desk, pair, focus) for pair in of]
        if names:
            text.append(w(f"{section}.{verdict}", names=w.joined(names)))
    if not text:
        return ""
    values = {
        "years": _span(trends, pairs) or w.no_data,
        "verdicts": w("common.semicolon").join(text),
    }
    if focus is None:
        return w("innovation.pairs_trend", **values)
    return w("innovation.partners_trend", country=desk.view.country(focus), **values)


def agreement(desk: Desk, topic: Topic) -> str:
    """Say how far the pairs agree with another count, in the last year that both have; else empty."""
    if topic.network != _COMPARED:
        return ""
    rows = topic.of(desk.table("country_agreement")).drop_nulls("spearman").sort("year")
    if rows.is_empty():
        return ""
    last = rows.row(-1, named=True)
    return desk.words(
        "innovation.agreement",
        year=str(last["year"]),
        pairs=last["pairs"],
        spearman=desk.words.number(last["spearman"], digits=2),
    )


def _block(desk: Desk, studio: Studio, topic: Topic, shares: pl.DataFrame) -> Block:
    w, view = desk.words, desk.view
    untested = w("innovation.not_tested", n=COUNT_MIN)
    focus = _focus(desk, shares)
    pairs = _first_pairs(shares, focus)
    whole, recent = _trends(desk, topic)
    years = (int(shares["year"].min()), int(shares["year"].max()))  # type: ignore[arg-type]
    panels, body, compared = [], [], False
    for pair in pairs:
        mine = shares.filter((pl.col("origin") == pair[0]) & (pl.col("destination") == pair[1])).sort("year")
        own: dict[int, float] = dict(mine.select("year", "share").iter_rows())
        word = w("common.semicolon").join(
            w("innovation.span_verdict", years=_span(trends, [pair]), verdict=verdict(desk, trends, pair))
            for trends in (recent, whole)
            if pair in trends
        )
        series = [_line(" ", own)]
        other = _compared(desk, topic, pair, own)
        if other:
            series.append(_line(w("innovation.compare_line"), other))
            compared = True
        name = _name(desk, pair, focus)
        panels.append(_panel(desk, studio, topic, series, name=name, word=word or untested, years=years))
        body.append(
            row(
                name,
                w.whole(int(mine["count"].sum())),
                desk.percent(own[max(own)]),
                *_change_cells(desk, (recent or whole).get(pair)),
                *(verdict(desk, trends, pair) for trends in (recent, whole) if trends),
            )
        )
    subject = (
        w("innovation.partners_of", country=view.country(focus)) if focus else w("innovation.first_pairs")
    )
    notes = [w("innovation.countries_key")]
    if compared:
        notes.append(w("innovation.compare_key"))
    if _holds_panel(desk, topic):
        notes.append(w("innovation.lines_all"))
    sentences = (*_sentences(desk, topic, pairs, focus), agreement(desk, topic))
    return Block(
        title=topic.name,
        sentences=tuple(text for text in sentences if text),
        figures=(
            studio.figure(
                *panels,
                label=w("innovation.countries_figure", topic=topic.name, subject=subject),
                shape="small",
                notes=tuple(notes),
            ),
        ),
        tables=(
            Table(
                caption=w("innovation.countries_table", topic=topic.name, subject=subject),
                columns=(
                    Column(label=w("innovation.partner" if focus else "innovation.countries_pair")),
                    Column(label=w("innovation.count"), number=True),
                    Column(label=w("innovation.share_last", year=str(years[1])), number=True),
                    Column(
                        label=w("innovation.slope", years=_span(recent or whole, pairs) or untested),
                        number=True,
                    ),
                    Column(label=w("chapter.interval"), number=True),
                    *(
                        Column(label=w("innovation.trend_of", years=_span(trends, pairs)))
                        for trends in (recent, whole)
                        if trends
                    ),
                ),
                rows=tuple(body),
                note=w("innovation.slope_note"),
            ),
        ),
    )


def _panel(
    desk: Desk,
    studio: Studio,
    topic: Topic,
    series: list[charts.Series],
    *,
    name: str,
    word: str,
    years: tuple[int, int],
) -> Panel:
    """Draw one pair; the first line is its own, the second what it is compared with."""
    w, own = desk.words, series[0]
    drawn = [value for line in series for value in line.values]
    spec = charts.lines(
        series, years=years, domain=charts.span_of(drawn, zero=True), percent=True, width=150, names=26
    )
    description = w(
        "chapter.line_alt",
        name=name,
        first=desk.percent(own.values[0]),
        from_year=str(own.years[0]),
        last=desk.percent(own.values[-1]),
        to_year=str(own.years[-1]),
    )
    return studio.panel(
        spec,
        title=w("chapter.panel_title", topic=topic.name, years=name),
        description=w.sentences([description, word]),
        above=name,
        below=word,
    )


def _line(name: str, values: Mapping[int, float]) -> charts.Series:
    none: list[float | None] = [None] * len(values)
    years = sorted(values)
    return charts.Series(name=name, years=years, values=[values[y] for y in years], low=none, high=none)


def _compared(desk: Desk, topic: Topic, pair: Pair, own: Mapping[int, float]) -> dict[int, float]:
    """Return a pair's share in another count of all fields, brought to the same mean over common years."""
    if topic.network != _COMPARED:
        return {}
    every = Topic(network=topic.network + _OTHER, field=ALL, name="")
    shares = desk.remember(every, lambda: _shares(desk, every))
    if shares.is_empty():
        return {}
    mine = shares.filter((pl.col("origin") == pair[0]) & (pl.col("destination") == pair[1]))
    other: dict[int, float] = dict(mine.select("year", "share").iter_rows())
    both = sorted(set(other) & set(own))
    here, there = math.fsum(own[year] for year in both), math.fsum(other[year] for year in both)
    if len(both) < 2 or here <= 0 or there <= 0:  # noqa: PLR2004 - one year has no shape
        return {}
    return {year: other[year] * here / there for year in both}


def verdict(desk: Desk, trends: Trends, pair: Pair) -> str:
    """Return the verdict of a pair's trend, and that it was not tested where it has none."""
    w = desk.words
    if pair not in trends:
        return w("innovation.not_tested", n=COUNT_MIN)
    return w.or_id("trend_verdict", trends[pair]["verdict"])


def _change_cells(desk: Desk, entry: Mapping[str, Any] | None) -> tuple[str, str]:
    """Return the change a year in percentage points, and its interval."""
    w = desk.words

    def points(key: str) -> str:
        known = finite(entry[key]) if entry else None
        if known is None:
            return ""
        return ("+" if known > 0 else "") + w.number(100 * known, digits=2)

    low, high = points("low"), points("high")
    bounds = w("chapter.bounds", low=low, high=high) if low and high else w.no_data
    return points("slope") or w.no_data, bounds
