"""Section on pairs of countries by year: partners of one country, with the verdict of each trend."""

import math
from collections.abc import Mapping

import polars as pl

from cosmopolis.publish.innovation import charts
from cosmopolis.publish.innovation.model import Block, Cell, Column, Section, Table, row
from cosmopolis.publish.innovation.studio import Studio
from cosmopolis.publish.innovation.topics import Desk, Topic, finite

_FOCUS = "CN"
_PANELS = 8
_VERDICTS = ("rising", "steady", "falling", "unclear", "too_few")

Pair = tuple[str, str]


def section(desk: Desk, studio: Studio) -> Section:
    """Make the section."""
    w = desk.words
    blocks = []
    for topic in desk.topics:
        links = topic.of(desk.view.result.table("country_links")).filter(
            (pl.col("weight") > 0) & (pl.col("origin") != pl.col("destination"))
        )
        if links.is_empty():
            blocks.append(Block(title=topic.name, missing=w("innovation.no_countries")))
            continue
        blocks.append(_block(desk, studio, topic, links))
    return Section(
        anchor="innovation-countries",
        title=w("innovation.countries"),
        lead=w("innovation.countries_lead"),
        blocks=tuple(blocks),
        cautions=(w("innovation.countries_caution"),),
    )


def _focus(desk: Desk, links: pl.DataFrame) -> str | None:
    """Return the country whose partners are shown; None to show the first pairs of all."""
    partners = desk.settings.get("partners", [_FOCUS])
    ends = set(links["origin"].to_list()) | set(links["destination"].to_list())
    return next((country for country in partners if country in ends), None)


def _first_pairs(links: pl.DataFrame, focus: str | None) -> list[Pair]:
    """Return the pairs with the most ties over all years, those of a country where one is given."""
    if focus is not None:
        links = links.filter((pl.col("origin") == focus) | (pl.col("destination") == focus))
    sums = (
        links.sort("origin", "destination", "year")
        .group_by("origin", "destination", maintain_order=True)
        .agg(pl.col("weight").sum())
        .sort("weight", "origin", "destination", descending=[True, False, False])
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
    links = topic.of(desk.view.result.table("country_links")).filter(
        (pl.col("weight") > 0) & (pl.col("origin") != pl.col("destination"))
    )
    if links.is_empty():
        return ()
    focus = _focus(desk, links)
    return _sentences(desk, topic, _first_pairs(links, focus), focus)


def _sentences(desk: Desk, topic: Topic, pairs: list[Pair], focus: str | None) -> tuple[str, ...]:
    w, trends = desk.words, _trends(desk, topic)
    text = []
    section = "pairs_say" if focus is None else "partners_say"
    for verdict in _VERDICTS:
        names = [
            _name(desk, pair, focus) for pair in pairs if pair in trends and trends[pair]["verdict"] == verdict
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


def _block(desk: Desk, studio: Studio, topic: Topic, links: pl.DataFrame) -> Block:
    w, view = desk.words, desk.view
    focus = _focus(desk, links)
    pairs = _first_pairs(links, focus)
    trends = _trends(desk, topic)
    years = (int(links["year"].min()), int(links["year"].max()))  # type: ignore[arg-type]
    panels, body, compared = [], [], False
    for pair in pairs:
        # A year without a tie is a zero where the network has ties in that year.
        mine = dict(_of_pair(links, pair).select("year", "weight").iter_rows())
        span = [year for year in range(years[0], years[1] + 1) if year in _years(links)]
        values = [float(mine.get(year, 0.0)) for year in span]
        entry = trends.get(pair)
        verdict = str(entry["verdict"]) if entry else ""
        word = w.or_id("trend_verdict", verdict) if verdict else w.no_data
        series = [_line(desk, "", span, values)]
        other = _compared(desk, topic, pair, dict(zip(span, values, strict=True)))
        if other is not None:
            series.append(other)
            compared = True
        name = _name(desk, pair, focus)
        drawn = [value for line in series for value in line.values]
        spec = charts.lines(
            series, years=years, domain=charts.span_of(drawn, zero=True), percent=False, width=150, names=26
        )
        description = w(
            "innovation.line_alt",
            name=name,
            first=w.amount(round(values[0], 1)),
            from_year=str(span[0]),
            last=w.amount(round(values[-1], 1)),
            to_year=str(span[-1]),
        )
        panels.append(
            studio.panel(
                spec,
                title=w("innovation.panel_title", topic=topic.name, years=name),
                description=w.sentences([description, word]),
                above=name,
                below=word,
            )
        )
        body.append(_row(desk, name, sum(values), entry, word))
    subject = w("innovation.partners_of", country=view.country(focus)) if focus else w("innovation.first_pairs")
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
                    Column(label=w("innovation.partner" if focus else "innovation.pair_head")),
                    Column(label=w("network.total"), number=True),
                    Column(label=w("innovation.slope"), number=True),
                    Column(label=w("innovation.interval"), number=True),
                    Column(label=w("innovation.trend")),
                ),
                rows=tuple(body),
                note=w("innovation.slope_note"),
            ),
        ),
    )


def _years(links: pl.DataFrame) -> set[int]:
    return set(links["year"].to_list())


def _of_pair(links: pl.DataFrame, pair: Pair) -> pl.DataFrame:
    return links.filter((pl.col("origin") == pair[0]) & (pl.col("destination") == pair[1])).sort("year")


def _line(desk: Desk, name: str, years: list[int], values: list[float]) -> charts.Series:
    none: list[float | None] = [None] * len(years)
    return charts.Series(name=name or " ", years=years, values=values, low=none, high=none)


def _compared(desk: Desk, topic: Topic, pair: Pair, own: Mapping[int, float]) -> charts.Series | None:
    """Return another count of a pair's ties, brought to the same mean over the years that both have."""
    ends = (pl.col("origin") == pair[0]) & (pl.col("destination") == pair[1])
    turned = (pl.col("origin") == pair[1]) & (pl.col("destination") == pair[0])
    table = desk.table("country_compare")
    rows = table.filter(
        (pl.col("network") == topic.network) & (ends | turned) & pl.col("other").is_not_null()
    ).sort("year")
    both = [year for year in rows["year"].to_list() if year in own]
    if len(both) < 2:  # noqa: PLR2004 - one year has no shape
        return None
    other = dict(rows.select("year", "other").iter_rows())
    mine, theirs = math.fsum(own[year] for year in both), math.fsum(other[year] for year in both)
    if mine <= 0 or theirs <= 0:
        return None
    name = desk.words("innovation.compare_line")
    return _line(desk, name, both, [other[year] * mine / theirs for year in both])


def _row(desk: Desk, name: str, total: float, entry: dict[str, object] | None, word: str) -> tuple[Cell, ...]:
    w = desk.words

    def number(key: str) -> float | None:
        value = entry.get(key) if entry else None
        return finite(value) if isinstance(value, float) else None

    slope, low, high = number("slope"), number("low"), number("high")
    return row(
        name,
        w.amount(round(total, 1)),
        w.no_data if slope is None else ("+" if slope > 0 else "") + w.number(slope, digits=3),
        desk.bounds(low, high, digits=3) or w.no_data,
        word,
    )
