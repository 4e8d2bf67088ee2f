"""Section on trade between countries: how many partners, and how near in politics and in space, by year."""

from collections.abc import Sequence
from typing import Any

import polars as pl

from cosmopolis.publish.chapter.desk import finite
from cosmopolis.publish.chapter.model import Block, Cell, Column, Figure, Section, Table, row
from cosmopolis.publish.chapter.studio import Studio
from cosmopolis.publish.production import figures
from cosmopolis.publish.production.desk import Desk, heading

KINDS = ("bilateral trade", "votes", "ideal points", "country pairs")

MEASURES = ("ideal_point_distance", "vote_agreement", "distance_km")
"""Nearness in politics by two measures, then in space."""

_RISES_NEARER = ("vote_agreement",)
"""Measures whose rise means nearer; a fall of any other does."""

_IN_SPACE = "distance_km"

_DECIDED = ("nearer", "farther", "steady")

_FLOWS = ("both", "exports", "imports")
_BASES = ("directed", "both_ways")
_WORLD = "*"
_UNTESTED = "too_few"
"""Verdict on a series of too few years for a test."""

_DIVERSITY = "effective_number"
_RATIO = "_ratio"
"""Ending of a measure over what the size of partners alone would give."""

_COUNTRIES = 8


def section(desk: Desk, studio: Studio) -> Section:
    """Make the section."""
    w = desk.words
    diversity, nearness = _flow(desk.table("trade_diversity")), _flow(desk.table("trade_nearness"))
    nearness = nearness.drop_nulls("value")
    if diversity.is_empty() and nearness.is_empty():
        return Section(
            anchor="production-trade",
            title=w("production.trade"),
            lead="",
            missing=desk.missing("production.no_trade", KINDS),
        )
    blocks = []
    if nearness.height:
        blocks.append(_nearness_block(desk, studio, nearness))
    if diversity.height:
        blocks.append(_diversity_block(desk, studio, diversity))
    return Section(
        anchor="production-trade",
        title=w("production.trade"),
        lead=finding(desk, diversity, nearness),
        blocks=tuple(blocks),
        cautions=(w("production.trade_caution"), w("production.nearness_caution")),
        sources=desk.sources(KINDS),
    )


def _flow(rows: pl.DataFrame) -> pl.DataFrame:
    """Return the rows of one flow and one basis, which alone make one line: both ways, else exports."""
    bases = set(rows["basis"].to_list())
    basis = next((name for name in _BASES if name in bases), None)
    if basis is not None:
        rows = rows.filter(pl.col("basis") == basis)
    there = set(rows["flow"].to_list())
    flow = next((name for name in _FLOWS if name in there), None)
    return rows if flow is None else rows.filter(pl.col("flow") == flow)


def _trends(desk: Desk, flow: str | None) -> dict[tuple[str, str], dict[str, Any]]:
    """Return the trend of each country's series over its longest span, by country and measure."""
    found: dict[tuple[str, str], dict[str, Any]] = {}
    rows = desk.table("trade_trends")
    if flow is not None:
        rows = rows.filter(pl.col("flow") == flow)
    for entry in rows.sort("country", "measure", "from_year", "to_year").iter_rows(named=True):
        key = (entry["country"], entry["measure"])
        if key not in found or _length(entry) > _length(found[key]):
            found[key] = entry
    return found


def _length(entry: dict[str, Any]) -> int:
    return int(entry["to_year"] or 0) - int(entry["from_year"] or 0)


def _followed(entries: Sequence[dict[str, Any]]) -> str:
    """Write the years that some trends are of: the first and the last of any."""
    years = [entry[key] for entry in entries for key in ("from_year", "to_year") if entry[key] is not None]
    return f"{min(years)}–{max(years)}" if years else ""


def says(measure: str, verdict: str) -> str:
    """Say what a trend means for nearness: `nearer`, `farther`, or the verdict itself.

    Examples
    --------
    >>> says("distance_km", "falling"), says("vote_agreement", "falling"), says("distance_km", "steady")
    ('nearer', 'farther', 'steady')
    """
    rises = "nearer" if measure in _RISES_NEARER else "farther"
    falls = "farther" if measure in _RISES_NEARER else "nearer"
    return {"rising": rises, "falling": falls}.get(verdict, verdict)


def _verdict(desk: Desk, entry: dict[str, Any] | None, measure: str) -> str:
    w = desk.words
    if entry is None:
        return w("production.untested")
    if measure == _DIVERSITY:
        return w.or_id("trend_verdict", entry["verdict"])
    return w.or_id("trade_verdict", says(measure, entry["verdict"]))


def finding(desk: Desk, diversity: pl.DataFrame, nearness: pl.DataFrame) -> str:
    """Say which way the world's trade goes in politics and in space, and whose partners grow in number."""
    text = []
    if nearness.height:
        text += [_answer(desk, nearness), _beyond_size(desk, nearness)]
    if diversity.height:
        text.append(_more_partners(desk, diversity))
    return desk.words.sentences(text)


def _answer(desk: Desk, rows: pl.DataFrame) -> str:
    """Say whether the world's trade comes nearer in politics, and how far goods travel."""
    w, trends = desk.words, _trends(desk, str(rows["flow"][0]))
    said = {
        measure: says(measure, trends[_WORLD, measure]["verdict"])
        for measure in MEASURES
        if (_WORLD, measure) in trends
    }
    clauses = []
    votes = {measure: verdict for measure, verdict in said.items() if measure != _IN_SPACE}
    if votes:
        clauses.append(w(f"trade_politics.{in_politics(list(votes.values()))}"))
    if _IN_SPACE in said:
        values = _values(
            rows.filter((pl.col("country") == _WORLD) & (pl.col("measure") == _IN_SPACE)), "value"
        )
        verdict = said[_IN_SPACE] if said[_IN_SPACE] in _DECIDED else "unclear"
        ends = {
            end: _written(desk, _IN_SPACE, values[year] if values else None)
            for end, year in (("first", min(values, default=0)), ("last", max(values, default=0)))
        }
        clauses.append(w(f"trade_space.{verdict}", **ends))
    if not clauses:
        return ""
    key = "production.trade_both" if len(clauses) > 1 else "production.trade_one"
    years = _followed([trends[_WORLD, measure] for measure in said])
    return w(key, years=years, **dict(zip(("one", "other"), clauses, strict=False)))


def in_politics(verdicts: Sequence[str]) -> str:
    """Sum up what several measures say of nearness in politics.

    `nearer` or `farther` where all say so, `partly_` the same where others say nothing clear, `mixed` where
    they say both, else `steady` where all do and `unclear` where one does not.

    Examples
    --------
    >>> in_politics(["nearer", "nearer"]), in_politics(["unclear", "nearer"])
    ('nearer', 'partly_nearer')
    >>> in_politics(["nearer", "farther"]), in_politics(["steady", "steady"])
    ('mixed', 'steady')
    """
    found = set(verdicts)
    moved = found & {"nearer", "farther"}
    if len(moved) > 1:
        return "mixed"
    if moved:
        return moved.pop() if len(found) == 1 else f"partly_{moved.pop()}"
    return "steady" if found == {"steady"} else "unclear"


def _beyond_size(desk: Desk, rows: pl.DataFrame) -> str:
    """Say by which measure the world's trade comes nearer or goes farther than partners' size tells."""
    w, table = desk.words, desk.table("trade_trends")
    world = rows.filter(pl.col("country") == _WORLD).drop_nulls("ratio").sort("year")
    for measure in MEASURES:
        found = table.filter(
            (pl.col("country") == _WORLD)
            & (pl.col("flow") == str(rows["flow"][0]))
            & (pl.col("measure") == measure + _RATIO)
        ).sort("from_year", descending=True)
        for entry in found.iter_rows(named=True):
            mine = world.filter(
                (pl.col("measure") == measure)
                & pl.col("year").is_between(entry["from_year"], entry["to_year"])
            )
            verdict = says(measure, entry["verdict"])
            if verdict in {"nearer", "farther"} and mine.height:
                return w(
                    f"{'trade_lean_space' if measure == _IN_SPACE else 'trade_lean_politics'}.{verdict}",
                    measure=w.or_id("trade_gap", measure),
                    from_year=str(mine["year"][0]),
                    to_year=str(mine["year"][-1]),
                    first=w.share(mine["ratio"][0]),
                    last=w.share(mine["ratio"][-1]),
                )
    return ""


def _more_partners(desk: Desk, rows: pl.DataFrame) -> str:
    """Count the countries whose partners grew and fell in number between the first and the last year."""
    w = desk.words
    trends = _trends(desk, str(rows["flow"][0]))
    of = [
        country
        for country in rows["country"].unique().sort().to_list()
        if trends.get((country, _DIVERSITY), {}).get("verdict", _UNTESTED) != _UNTESTED
    ]
    if of:
        verdicts = [trends[country, _DIVERSITY]["verdict"] for country in of]
        return w(
            "production.partners_trend",
            years=_followed([trends[country, _DIVERSITY] for country in of]),
            n=len(of),
            rising=verdicts.count("rising"),
            falling=verdicts.count("falling"),
        )
    ends = [
        (mine[_DIVERSITY][0], mine[_DIVERSITY][-1])
        for (_,), mine in rows.drop_nulls(_DIVERSITY)
        .sort("country", "year")
        .group_by("country", maintain_order=True)
        if mine.height > 1
    ]
    return w(
        "production.partners_ends",
        years=desk.years(desk.span(rows)),
        n=len(ends),
        rising=sum(after > before for before, after in ends),
        falling=sum(after < before for before, after in ends),
    )


def _written(desk: Desk, measure: str, value: float | None) -> str:
    if finite(value) is None or value is None:
        return desk.words.no_data
    if measure == "vote_agreement":
        return desk.percent(value)
    return desk.words.whole(round(value)) if measure == "distance_km" else desk.words.number(value, digits=2)


def _values(rows: pl.DataFrame, column: str) -> dict[int, float]:
    return dict(rows.drop_nulls(column).select("year", column).iter_rows())


def _nearness_block(desk: Desk, studio: Studio, rows: pl.DataFrame) -> Block:
    w = desk.words
    trends = _trends(desk, str(rows["flow"][0]))
    world = rows.filter(pl.col("country") == _WORLD)
    measures = [m for m in MEASURES if m in set(rows["measure"].to_list())]
    panels = []
    for measure in measures:
        values = _values(world.filter(pl.col("measure") == measure), "value")
        if not values:
            continue
        panels.append(
            figures.line_panel(
                desk,
                studio,
                [figures.series(" ", values)],
                title=heading(w.or_id("trade_measure", measure)),
                subject=w("production.world"),
                percent=measure == "vote_agreement",
                zero=measure != "vote_agreement",
                note=_verdict(desk, trends.get((_WORLD, measure)), measure),
                years=desk.span(world),
            )
        )
    drawn: list[Figure] = []
    if panels:
        label = w("production.nearness_figure")
        drawn.append(
            studio.figure(*panels, label=label, shape="lines", notes=(w("production.nearness_key"),))
        )
    countries = [_WORLD] if world.height else []
    countries += desk.countries(rows.filter(pl.col("country") != _WORLD), most=_COUNTRIES)
    table = _nearness_table(desk, rows, countries, measures, trends)
    return Block(
        title=w("production.nearness_title"),
        sentences=_covered(desk, rows),
        figures=tuple(drawn),
        tables=(table,) if table.rows else (),
    )


def _covered(desk: Desk, rows: pl.DataFrame) -> tuple[str, ...]:
    """Say on which part of trade each measure stands in the first and the last year of the world."""
    w = desk.words
    parts = []
    for measure in MEASURES:
        mine = rows.filter((pl.col("measure") == measure) & (pl.col("country") == _WORLD)).sort("year")
        known = mine.drop_nulls("covered")
        if known.height:
            parts.append(
                w(
                    "production.covered_part",
                    measure=w.or_id("trade_measure", measure),
                    first=w.share(known["covered"][0]),
                    last=w.share(known["covered"][-1]),
                )
            )
    return (w("production.covered", parts=w("common.semicolon").join(parts)),) if parts else ()


def _nearness_table(
    desk: Desk,
    rows: pl.DataFrame,
    countries: list[str],
    measures: list[str],
    trends: dict[tuple[str, str], dict[str, Any]],
) -> Table:
    """List each country's first and last year by every measure, with the verdict of its trend."""
    w = desk.words
    body = []
    for country in countries:
        cells = []
        for measure in measures:
            mine = rows.filter((pl.col("measure") == measure) & (pl.col("country") == country))
            values = _values(mine, "value")
            if not values:
                cells.append(Cell(text=w.no_data))
                continue
            first, last = min(values), max(values)
            ends = (_written(desk, measure, values[year]) for year in (first, last))
            verdict = _verdict(desk, trends.get((country, measure)), measure)
            small = w("common.semicolon").join((verdict, desk.years((first, last))))
            cells.append(
                Cell(
                    text=w("production.moved", **dict(zip(("before", "after"), ends, strict=True))),
                    small=small,
                )
            )
        body.append(row(w("production.world") if country == _WORLD else desk.view.country(country), *cells))
    return Table(
        caption=w("production.nearness_table"),
        columns=(
            Column(label=w("common.country")),
            *(Column(label=heading(w.or_id("trade_measure", measure))) for measure in measures),
        ),
        rows=tuple(body),
        note=w("production.nearness_table_note"),
        wide=True,
    )


def _diversity_block(desk: Desk, studio: Studio, rows: pl.DataFrame) -> Block:
    w = desk.words
    trends = _trends(desk, str(rows["flow"][0]))
    panels, body = [], []
    for country in desk.countries(rows, most=_COUNTRIES):
        mine = rows.filter(pl.col("country") == country).drop_nulls(_DIVERSITY).sort("year")
        if mine.is_empty():
            continue
        verdict = _verdict(desk, trends.get((country, _DIVERSITY)), _DIVERSITY)
        name = desk.view.country(country)
        panels.append(
            figures.line_panel(
                desk,
                studio,
                [figures.series(" ", _values(mine, _DIVERSITY))],
                title=name,
                subject=w("production.effective_partners"),
                note=verdict,
                years=desk.span(rows),
                small=True,
            )
        )
        first, last = mine.row(0, named=True), mine.row(-1, named=True)
        body.append(
            row(
                name,
                w.whole(last["partners"]),
                w("chapter.in_year", value=w.number(first[_DIVERSITY]), year=str(first["year"])),
                w("chapter.in_year", value=w.number(last[_DIVERSITY]), year=str(last["year"])),
                w.number(last["hhi"], digits=3),
                w.number(last["theil_t"], digits=3),
                w.number(last["theil_l"], digits=3),
                desk.percent(last["coverage"]) if finite(last["coverage"]) is not None else w.no_data,
                verdict,
            )
        )
    if not panels:
        return Block(title=w("production.diversity_title"), missing=w("production.no_partners"))
    return Block(
        title=w("production.diversity_title"),
        figures=(
            studio.figure(
                *panels,
                label=w("production.diversity_figure"),
                shape="small",
                notes=(w("production.diversity_key"),),
            ),
        ),
        tables=(
            Table(
                caption=w("production.diversity_table"),
                columns=(
                    Column(label=w("common.country")),
                    Column(label=w("production.partners"), number=True),
                    Column(label=w("production.effective_first"), number=True),
                    Column(label=w("production.effective_last"), number=True),
                    Column(label=w("production.hhi"), number=True),
                    Column(label=w("production.theil_t"), number=True),
                    Column(label=w("production.theil_l"), number=True),
                    Column(label=w("common.coverage"), number=True),
                    Column(label=w("production.trend")),
                ),
                rows=tuple(body),
                note=w("production.diversity_note"),
                wide=True,
            ),
        ),
    )
