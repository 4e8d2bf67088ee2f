"""Section on nearness: does co-operation come nearer, by year and field, and how sure that is."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import polars as pl

from cosmopolis.measures import trends
from cosmopolis.publish.chapter import charts
from cosmopolis.publish.chapter.desk import finite
from cosmopolis.publish.chapter.model import Block, Column, Section, Table, row
from cosmopolis.publish.chapter.studio import Studio
from cosmopolis.publish.innovation.countries import venues
from cosmopolis.publish.innovation.fields import shown_only
from cosmopolis.publish.innovation.topics import Desk, Topic

_SHARE_KM = re.compile(r"share_(\d+)_km")
_FALLS_NEARER = ("mean_km", "median_km")
"""Measures whose fall means nearer; a rise of any other means nearer."""

_FIRST_SAID = ("decay", "mean_km")
"""Measures that a finding leads with."""


@dataclass(frozen=True, kw_only=True)
class _Set:
    """What one panel shows."""

    key: str
    measures: tuple[str, ...]
    percent: bool
    zero: bool


@dataclass(frozen=True, kw_only=True)
class Verdict:
    """What a trend says of a measure: `nearer`, `farther`, `steady`, `unclear` or `too_few`."""

    measure: str
    says: str
    slope: float | None
    low: float | None
    high: float | None
    years: str


def _sets(measures: Sequence[str]) -> tuple[_Set, ...]:
    """Return the panels for the measures that there are."""
    near = sorted((m for m in measures if _SHARE_KM.fullmatch(m)), key=lambda m: int(_SHARE_KM.findall(m)[0]))
    made = (
        _Set(
            key="distance",
            measures=tuple(m for m in _FALLS_NEARER if m in measures),
            percent=False,
            zero=True,
        ),
        _Set(key="decay", measures=tuple(m for m in ("decay",) if m in measures), percent=False, zero=False),
        _Set(key="near", measures=tuple(near[:3]), percent=True, zero=True),
        _Set(
            key="within",
            measures=tuple(m for m in ("share_country", "share_region") if m in measures),
            percent=True,
            zero=True,
        ),
    )
    return tuple(panel for panel in made if panel.measures)


def section(desk: Desk, studio: Studio) -> Section:
    """Make the section."""
    w = desk.words
    table = desk.table("nearness").filter(pl.col("value").is_not_null() & pl.col("value").is_not_nan())
    blocks = []
    for topic in desk.topics:
        rows = topic.of(table).sort("measure", "year")
        if rows.is_empty():
            blocks.append(Block(title=topic.name, missing=desk.no_ties(topic, "innovation.no_nearness")))
            continue
        years = rows["year"].n_unique()
        if years < trends.YEARS_MIN:
            missing = w("innovation.few_years", n=years)
            blocks.append(Block(title=topic.name, missing=missing))
            continue
        alike = table.filter(pl.col("network") == topic.network)
        blocks.append(_block(desk, studio, topic, rows, alike))
    return Section(
        anchor="innovation-nearness",
        title=w("innovation.nearness"),
        lead=w("innovation.nearness_lead"),
        blocks=tuple(blocks),
        cautions=tuple(
            text
            for text in (
                venues(desk),
                w("innovation.nearness_tests", n=max(table["measure"].n_unique(), 1)),
                w("innovation.nearness_caution"),
                w("innovation.decay_note"),
            )
            if text
        ),
    )


def name_of(desk: Desk, measure: str) -> str:
    """Name a measure of nearness."""
    found = _SHARE_KM.fullmatch(measure)
    if found:
        return desk.words("innovation.share_km", km=desk.words.whole(int(found.group(1))))
    return desk.words.or_id("nearness_measure", measure)


def _line_name(desk: Desk, measure: str) -> str:
    found = _SHARE_KM.fullmatch(measure)
    if found:
        return desk.words("chapter.km", km=desk.words.whole(int(found.group(1))))
    return desk.words.or_id("nearness_line", measure)


def _trends(desk: Desk, topic: Topic) -> pl.DataFrame:
    """Return the trends of each measure: those of the result, else made from its yearly values."""
    if "nearness_trends" in desk.view.result.tables:
        return topic.of(desk.table("nearness_trends"))
    rows = topic.of(desk.table("nearness"))
    band = float(desk.settings.get("steady", trends.BAND))
    return trends.table(rows, ["network", "field", "measure"], band=band)


def verdicts(desk: Desk, topic: Topic, *, recent: bool = False) -> tuple[Verdict, ...]:
    """Return what each measure's trend says of nearness, in the order of the panels.

    Parameters
    ----------
    recent
        Whether of the shortest span of years that trends were followed over, instead of the longest; empty
        where there is only one.
    """
    found: dict[str, list[dict[str, Any]]] = {}
    for entry in _trends(desk, topic).iter_rows(named=True):
        found.setdefault(entry["measure"], []).append(entry)
    order = [measure for panel in _sets(sorted(found)) for measure in panel.measures]
    made = []
    for measure in order:
        spans = sorted(found[measure], key=lambda entry: (entry["to_year"] or 0) - (entry["from_year"] or 0))
        if recent and len(spans) == 1:
            continue
        entry = spans[0] if recent else spans[-1]
        falls = measure in _FALLS_NEARER
        says = {
            "rising": "farther" if falls else "nearer",
            "falling": "nearer" if falls else "farther",
        }.get(entry["verdict"], entry["verdict"])
        made.append(
            Verdict(
                measure=measure,
                says=says,
                slope=finite(entry["slope"]),
                low=finite(entry["low"]),
                high=finite(entry["high"]),
                years=desk.years((entry["from_year"], entry["to_year"])) if entry["from_year"] else "",
            )
        )
    return tuple(made)


def clauses(desk: Desk, found: Sequence[Verdict]) -> tuple[str, ...]:
    """Return what each measure says: decay first, which holds sizes equal, then mean distance.

    Measures are named and not counted: they overlap, and their number is no vote.
    """
    w = desk.words
    says = {verdict.measure: verdict.says for verdict in found}
    made = [
        w(f"nearness_says.{measure}", verdict=w(f"nearness_verdict.{says[measure]}"))
        for measure in _FIRST_SAID
        if measure in says
    ]
    for one in ("nearer", "farther", "steady", "unclear", "too_few"):
        names = [name_of(desk, m) for m, said in says.items() if said == one and m not in _FIRST_SAID]
        if names:
            verdict = w(f"nearness_verdict.{one}")
            made.append(w("nearness_says.others", measures=w.joined(names), verdict=verdict))
    return tuple(made)


def _told(found: Sequence[Verdict]) -> bool:
    """Say whether any measure has years enough for a verdict."""
    return any(verdict.says != "too_few" for verdict in found)


def sentences(desk: Desk, topic: Topic) -> tuple[str, ...]:
    """Return what is to be said of a field: all years first, then the last ones, then a yearly change."""
    found = verdicts(desk, topic)
    if not found:
        return ()
    text = [_overall_sentence(desk, one) for one in _wholes(desk, topic)]
    if not _told(found):
        return tuple(text)
    clear = [v for v in found if v.says in {"nearer", "farther"} and v.slope is not None]
    if clear:
        text.append(_slope(desk, min(clear, key=lambda v: v.measure != "decay")))
    return tuple(text)


def finding(desk: Desk, topic: Topic) -> str:
    """Return the sentences on a field over all years and over the last ones; empty for a mere sample."""
    if shown_only(desk, topic):
        return ""
    return desk.words.sentences(sentences(desk, topic)[: len(_wholes(desk, topic))])


def _wholes(desk: Desk, topic: Topic) -> tuple[tuple[Verdict, ...], ...]:
    """Return the verdicts over all years, and over the last ones where there is anything to say."""
    found, recent = verdicts(desk, topic), verdicts(desk, topic, recent=True)
    return tuple(one for one in (found, recent if _told(found) else ()) if one)


def _years_of(desk: Desk, found: Sequence[Verdict]) -> str:
    """Return the years that most trends are of."""
    ends = [verdict.years for verdict in found if verdict.years]
    return max(ends, key=lambda years: (ends.count(years), years)) if ends else desk.words.no_data


def _overall_sentence(desk: Desk, found: Sequence[Verdict]) -> str:
    w, years = desk.words, _years_of(desk, found)
    if not _told(found):
        return w("nearness_overall.none", years=years)
    said = w("common.semicolon").join(clauses(desk, found))
    return w("nearness_overall.said", years=years, clauses=said)


def _slope(desk: Desk, verdict: Verdict) -> str:
    """Say a measure's yearly change with its interval."""
    w = desk.words
    assert verdict.slope is not None  # noqa: S101 - asked of those that have one alone
    percent = verdict.measure.startswith("share_")

    def written(value: float) -> str:
        scaled, digits = (100 * value, 2) if percent else (value, 3 if verdict.measure == "decay" else 1)
        return ("+" if scaled > 0 else "") + w.number(scaled, digits=digits)

    unit = "points" if percent else "km" if verdict.measure in _FALLS_NEARER else "plain"
    known = verdict.low is not None and verdict.high is not None
    return w(
        f"nearness_slope.{unit}",
        measure=name_of(desk, verdict.measure),
        slope=written(verdict.slope),
        bounds=w("chapter.bounds", low=written(verdict.low), high=written(verdict.high))
        if known and verdict.low is not None and verdict.high is not None
        else w.no_data,
    )


def _block(desk: Desk, studio: Studio, topic: Topic, rows: pl.DataFrame, every: pl.DataFrame) -> Block:
    w = desk.words
    sets = _sets(every["measure"].unique().sort().to_list())
    years = (int(every["year"].min()), int(every["year"].max()))  # type: ignore[arg-type]
    said = {verdict.measure: verdict for verdict in verdicts(desk, topic)}
    panels = []
    for panel in sets:
        shown = every.filter(pl.col("measure").is_in(panel.measures))
        values = [v for c in ("value", "low", "high") for v in shown[c].to_list() if finite(v) is not None]
        domain = charts.span_of(values, zero=panel.zero)
        if panel.percent:
            domain = (max(domain[0], 0.0), min(domain[1], 1.0))
        series = [_series(desk, rows, measure) for measure in panel.measures]
        if not any(line.years for line in series):
            continue
        title = w.or_id("nearness_panel", panel.key)
        note = w("common.semicolon").join(
            w(
                "chapter.line_verdict",
                line=_line_name(desk, m),
                verdict=w(f"nearness_verdict.{said[m].says}"),
            )
            for m in panel.measures
            if m in said and w.has(f"nearness_verdict.{said[m].says}")
        )
        panels.append(
            studio.panel(
                charts.lines(series, years=years, domain=domain, percent=panel.percent),
                title=w("chapter.panel_title", topic=topic.name, years=title),
                description=w.sentences([_alt(desk, series, percent=panel.percent), note]),
                above=title,
                below=note,
            )
        )
    return Block(
        title=topic.name,
        sentences=sentences(desk, topic) or (w("innovation.no_trend"),),
        figures=(
            studio.figure(
                *panels,
                label=w("innovation.nearness_figure", topic=topic.name),
                shape="lines",
                notes=(w("innovation.band_key"),),
            ),
        ),
        tables=(_table(desk, topic, rows),),
    )


def _series(desk: Desk, rows: pl.DataFrame, measure: str) -> charts.Series:
    mine = rows.filter(pl.col("measure") == measure).sort("year")
    return charts.Series(
        name=_line_name(desk, measure),
        years=mine["year"].to_list(),
        values=mine["value"].to_list(),
        low=[finite(value) for value in mine["low"].to_list()],
        high=[finite(value) for value in mine["high"].to_list()],
    )


def _written(desk: Desk, measure: str, value: float | None) -> str:
    if finite(value) is None or value is None:
        return desk.words.no_data
    if measure.startswith("share_"):
        return desk.percent(value)
    return desk.words.number(value, digits=2) if measure == "decay" else desk.words.whole(round(value))


def _alt(desk: Desk, series: Sequence[charts.Series], *, percent: bool) -> str:
    """Say each line's first and last value."""
    w = desk.words

    def text(value: float) -> str:
        return desk.percent(value) if percent else w.amount(value)

    return w.sentences(
        [
            w(
                "chapter.line_alt",
                name=line.name,
                first=text(line.values[0]),
                from_year=str(line.years[0]),
                last=text(line.values[-1]),
                to_year=str(line.years[-1]),
            )
            for line in series
            if line.years
        ]
    )


def _table(desk: Desk, topic: Topic, rows: pl.DataFrame) -> Table:
    """Show the first and the last year's values with intervals, and the verdict of each measure."""
    w = desk.words
    found, recent = verdicts(desk, topic), verdicts(desk, topic, recent=True)
    spans = [one for one in (found, recent) if one]
    sets = _sets(rows["measure"].unique().sort().to_list())
    order = [measure for panel in sets for measure in panel.measures]
    body = []
    for measure in order:
        mine = rows.filter(pl.col("measure") == measure).sort("year")
        ends = [mine.row(0, named=True), mine.row(-1, named=True)]
        cells = []
        for end in ends:
            low, high = finite(end["low"]), finite(end["high"])
            bounds = (
                w("chapter.bounds", low=_written(desk, measure, low), high=_written(desk, measure, high))
                if low is not None and high is not None
                else ""
            )
            value = _written(desk, measure, end["value"])
            cells.append(w("chapter.in_year", year=str(end["year"]), value=value))
            cells.append(bounds)
        says = [next((v.says for v in span if v.measure == measure), "") for span in spans]
        words = [w(f"nearness_verdict.{one}") if one else w.no_data for one in says]
        body.append(row(name_of(desk, measure), *cells, *words))
    interval = w("chapter.interval")
    return Table(
        caption=w("innovation.nearness_table", topic=topic.name),
        columns=(
            Column(label=w("chapter.measure")),
            Column(label=w("chapter.first_year"), number=True),
            Column(label=interval, number=True),
            Column(label=w("chapter.last_year"), number=True),
            Column(label=interval, number=True),
            *(Column(label=w("innovation.trend_of", years=_years_of(desk, span))) for span in spans),
        ),
        rows=tuple(body),
        wide=True,
    )
