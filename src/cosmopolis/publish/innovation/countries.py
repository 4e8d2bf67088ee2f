"""Section on pairs of countries by year: partners of one country, with the verdict of each trend."""

import math
from collections.abc import Mapping

import polars as pl

from cosmopolis.measures import country_trends
from cosmopolis.publish.innovation import charts
from cosmopolis.publish.innovation.model import Block, Cell, Column, Panel, Section, Table, row
from cosmopolis.publish.innovation.studio import Studio
from cosmopolis.publish.innovation.topics import Desk, Topic, finite

_FOCUS = "CN"
_PANELS = 8
_VERDICTS = ("rising", "steady", "falling", "unclear", "too_few")

Pair = tuple[str, str]


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
    for topic in desk.topics:
        shares = _shares(desk, topic)
        if shares.is_empty():
            blocks.append(Block(title=topic.name, missing=w("innovation.no_countries")))
            continue
        blocks.append(_block(desk, studio, topic, shares))
    return Section(
        anchor="innovation-countries",
        title=w("innovation.countries"),
        lead=w("innovation.countries_lead"),
        blocks=tuple(blocks),
        cautions=tuple(text for text in (venues(desk), w("innovation.countries_caution")) if text),
    )


def _shares(desk: Desk, topic: Topic) -> pl.DataFrame:
    """Return each pair's share of the field's ties between countries by year, zeros included."""
    links = topic.of(desk.view.result.table("country_links")).filter(
        (pl.col("weight") > 0) & (pl.col("origin") != pl.col("destination"))
    )
    return country_trends.shares(links).drop_nulls("share") if links.height else pl.DataFrame()


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


def _trends(desk: Desk, topic: Topic) -> Mapping[Pair, dict[str, object]]:
    """Return the trend of each pair of countries."""
    table = topic.of(desk.table("country_trends"))
    found: dict[Pair, dict[str, object]] = {}
    for entry in table.iter_rows(named=True):
        found[entry["origin"], entry["destination"]] = entry
        found.setdefault((entry["destination"], entry["origin"]), entry)
    return found


def _name(desk: Desk, pair: Pair, focus: str | None) -> str:
    if focus is None:
        return desk.country_pair(*pair)
    return desk.view.country(pair[1] if pair[0] == focus else pair[0])


def sentences(desk: Desk, topic: Topic) -> tuple[str, ...]:
    """Return what the trends of the first pairs say, one sentence a verdict."""
    shares = _shares(desk, topic)
    if shares.is_empty():
        return ()
    focus = _focus(desk, shares)
    return _sentences(desk, topic, _first_pairs(shares, focus), focus)


def _sentences(desk: Desk, topic: Topic, pairs: list[Pair], focus: str | None) -> tuple[str, ...]:
    w, trends = desk.words, _trends(desk, topic)
    text = []
    section = "pairs_say" if focus is None else "partners_say"
    for verdict in _VERDICTS:
        names = [
            _name(desk, pair, focus)
            for pair in pairs
            if pair in trends and trends[pair]["verdict"] == verdict
        ]
        if names:
            text.append(w(f"{section}.{verdict}", names=w.joined(names)))
    if not text:
        return (w("innovation.no_trend"),)
    first = trends[next(pair for pair in pairs if pair in trends)]
    values = {
        "topic": desk.field_name(topic.field),
        "unit": desk.unit(topic.network),
        "years": f"{first['from_year']}–{first['to_year']}",
        "verdicts": w("common.semicolon").join(text),
    }
    if focus is None:
        return (w("innovation.pairs_trend", **values),)
    return (w("innovation.partners_trend", country=desk.view.country(focus), **values),)


def _block(desk: Desk, studio: Studio, topic: Topic, shares: pl.DataFrame) -> Block:
    w, view = desk.words, desk.view
    focus = _focus(desk, shares)
    pairs = _first_pairs(shares, focus)
    trends = _trends(desk, topic)
    years = (int(shares["year"].min()), int(shares["year"].max()))  # type: ignore[arg-type]
    panels, body, compared = [], [], False
    for pair in pairs:
        mine = shares.filter((pl.col("origin") == pair[0]) & (pl.col("destination") == pair[1])).sort("year")
        own: dict[int, float] = dict(mine.select("year", "share").iter_rows())
        entry = trends.get(pair)
        word = w.or_id("trend_verdict", str(entry["verdict"])) if entry else w.no_data
        series = [_line(" ", own)]
        other = _compared(desk, topic, pair, own)
        if other:
            series.append(_line(w("innovation.compare_line"), other))
            compared = True
        name = _name(desk, pair, focus)
        panels.append(_panel(desk, studio, topic, series, name=name, word=word, years=years))
        body.append(_row(desk, name, word, count=int(mine["count"].sum()), share=own[max(own)], entry=entry))
    subject = (
        w("innovation.partners_of", country=view.country(focus)) if focus else w("innovation.first_pairs")
    )
    notes = [w("innovation.countries_key")]
    if compared:
        notes.append(w("innovation.compare_key"))
    return Block(
        title=topic.name,
        sentences=_sentences(desk, topic, pairs, focus),
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
                    Column(label=w("innovation.slope"), number=True),
                    Column(label=w("innovation.interval"), number=True),
                    Column(label=w("innovation.trend")),
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
        "innovation.line_alt",
        name=name,
        first=desk.percent(own.values[0]),
        from_year=str(own.years[0]),
        last=desk.percent(own.values[-1]),
        to_year=str(own.years[-1]),
    )
    return studio.panel(
        spec,
        title=w("innovation.panel_title", topic=topic.name, years=name),
        description=w.sentences([description, word]),
        above=name,
        below=word,
    )


def _line(name: str, values: Mapping[int, float]) -> charts.Series:
    none: list[float | None] = [None] * len(values)
    years = sorted(values)
    return charts.Series(name=name, years=years, values=[values[y] for y in years], low=none, high=none)


def _compared(desk: Desk, topic: Topic, pair: Pair, own: Mapping[int, float]) -> dict[int, float]:
    """Return another count's share of a pair, brought to the same mean over the years that both have."""
    ends = (pl.col("origin") == pair[0]) & (pl.col("destination") == pair[1])
    turned = (pl.col("origin") == pair[1]) & (pl.col("destination") == pair[0])
    rows = desk.table("country_compare").filter(
        (pl.col("network") == topic.network) & (ends | turned) & pl.col("other").is_not_null()
    )
    other: dict[int, float] = dict(rows.select("year", "other").iter_rows())
    both = sorted(set(other) & set(own))
    mine, theirs = math.fsum(own[year] for year in both), math.fsum(other[year] for year in both)
    if len(both) < 2 or mine <= 0 or theirs <= 0:  # noqa: PLR2004 - one year has no shape
        return {}
    return {year: other[year] * mine / theirs for year in both}


def _row(
    desk: Desk, name: str, word: str, *, count: int, share: float, entry: dict[str, object] | None
) -> tuple[Cell, ...]:
    w = desk.words

    def points(key: str) -> str:
        value = entry.get(key) if entry else None
        known = finite(value) if isinstance(value, float) else None
        if known is None:
            return w.no_data
        return ("+" if known > 0 else "") + w.number(100 * known, digits=2)

    low, high = points("low"), points("high")
    known = w.no_data not in (low, high)
    bounds = w("innovation.bounds", low=low, high=high) if known else w.no_data
    return row(name, w.whole(count), desk.percent(share), points("slope"), bounds, word)
