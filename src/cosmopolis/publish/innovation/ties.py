"""Sections on ties: the strongest pairs and who stands behind them; pairs against the gravity model."""

import math
from typing import Any

import polars as pl

from cosmopolis.measures.distance import great_circle_km
from cosmopolis.publish import network_pages
from cosmopolis.publish.innovation import charts, maps
from cosmopolis.publish.innovation.model import Block, Cell, Column, Figure, Section, Table, row
from cosmopolis.publish.innovation.studio import Studio
from cosmopolis.publish.innovation.topics import Desk, Topic, finite
from cosmopolis.publish.maps import Node, short

_FIRST = 12
_EXTREMES = 10
_ORGANISATIONS = 3
"""Pairs of organisations named for a tie; the table of ties holds them all."""

_LEAST_COUNT = 5
"""Records below which a pair is no finding: a ratio of one paper to a twentieth of one says nothing."""

_STANDINGS = {"over": "over", "under": "under", "as_expected": "as"}

_MAP_PAIRS = 30
_MAP_WIDTH = 440
_MAP_LABELS = 14
_PAIR_WIDTH = 190


def section(desk: Desk, studio: Studio) -> Section:
    """Make the section on the strongest pairs with the organisations behind them."""
    w = desk.words
    links = desk.in_last(desk.table("link_measures").filter(pl.col("weight") > 0))
    blocks = []
    for topic in desk.topics:
        mine = topic.of(links).sort("weight", "origin", "destination", descending=[True, False, False])
        if mine.is_empty():
            blocks.append(Block(title=topic.name, missing=w("innovation.no_links")))
            continue
        blocks.append(_pairs_block(desk, studio, topic, mine))
    return Section(
        anchor="innovation-pairs",
        title=w("innovation.pairs"),
        lead=w("innovation.pairs_lead"),
        blocks=tuple(blocks),
        cautions=(w("innovation.pairs_caution"),),
    )


def standing(
    ratio: float | None, low: float | None, high: float | None, *, verdict: str | None = None
) -> str:
    """Say whether a pair is tied `over`, `under` or `as` expected, or `unknown` without an interval.

    A verdict that was given, such as one corrected for many tests, goes before what the interval says.

    Examples
    --------
    >>> standing(2.0, 1.4, 2.9), standing(2.0, 0.8, 5.0), standing(0.4, 0.2, 0.9), standing(2.0, None, None)
    ('over', 'as', 'under', 'unknown')
    >>> standing(2.0, 1.4, 2.9, verdict="as_expected")
    'as'
    """
    if verdict in _STANDINGS:
        return _STANDINGS[verdict]
    if finite(ratio) is None or low is None or high is None or not (math.isfinite(low) and math.isfinite(high)):
        return "unknown"
    return "over" if low > 1 else "under" if high < 1 else "as"


def _behind(desk: Desk, topic: Topic, links: pl.DataFrame) -> dict[tuple[int, int], list[tuple[str, str, int]]]:
    """Return the organisations behind each pair of some links, first those with the most records."""
    window = links.select("from_year", "to_year").row(0)
    rows = (
        topic.of(desk.table("tie_organisations"))
        .filter((pl.col("from_year") == window[0]) & (pl.col("to_year") == window[1]))
        .sort("origin", "destination", "position", "organisation_origin", "organisation_destination")
    )
    found: dict[tuple[int, int], list[tuple[str, str, int]]] = {}
    names = ("origin", "destination", "organisation_origin", "organisation_destination", "count")
    for origin, destination, one, other, count in rows.select(names).iter_rows():
        ends = (other, one) if desk.turned(origin, destination) else (one, other)
        found.setdefault((origin, destination), []).append((*ends, count))
    return found


def _organisations_text(desk: Desk, entry: tuple[str, str, int]) -> str:
    w = desk.words
    one, other, count = entry
    if one == other:
        return w("innovation.same_organisation", name=desk.organisation(one), n=count)
    pair = desk.pair(desk.organisation(one), desk.organisation(other))
    return w("innovation.two_organisations", pair=pair, n=count)


def distance(desk: Desk, origin: int, destination: int) -> float | None:
    """Return the kilometres between two cities; None where one has no place."""
    one, other = desk.view.cities.get(origin), desk.view.cities.get(destination)
    if one is None or other is None:
        return None
    return float(great_circle_km(one.latitude, one.longitude, other.latitude, other.longitude))


def strongest_sentence(desk: Desk, topic: Topic) -> str:
    """Return the sentence on a field's strongest pair; empty without ties."""
    links = topic.of(desk.in_last(desk.table("link_measures").filter(pl.col("weight") > 0)))
    if links.is_empty():
        return ""
    links = links.sort("weight", "origin", "destination", descending=[True, False, False])
    return desk.words.sentences(_sentences(desk, topic, links, _behind(desk, topic, links)))


def _sentences(
    desk: Desk,
    topic: Topic,
    links: pl.DataFrame,
    behind: dict[tuple[int, int], list[tuple[str, str, int]]],
) -> list[str]:
    w, best = desk.words, links.row(0, named=True)
    text = [
        w(
            "innovation.strongest",
            topic=desk.field_name(topic.field),
            unit=desk.unit(topic.network),
            years=desk.years((best["from_year"], best["to_year"])),
            pair=desk.city_pair(best["origin"], best["destination"]),
            n=best["count"],
        )
    ]
    known = behind.get((best["origin"], best["destination"]))
    if known:
        text.append(w("innovation.behind_it", organisations=_organisations_text(desk, known[0])))
    return text


def _pairs_block(desk: Desk, studio: Studio, topic: Topic, links: pl.DataFrame) -> Block:
    w, shown = desk.words, desk.view.result.shown
    years = desk.years(links.select("from_year", "to_year").row(0))
    behind = _behind(desk, topic, links)
    bars = [
        charts.Bar(
            name=desk.city_pair(entry["origin"], entry["destination"]),
            value=entry["weight"],
            label=w.amount(round(entry["weight"], 1)),
            mark=finite(entry["expected"]),
        )
        for entry in links.head(_FIRST).iter_rows(named=True)
    ]
    label = w("innovation.pairs_figure", topic=topic.name, years=years, n=len(bars))
    items = w("common.semicolon").join(f"{bar.name} {bar.label}" for bar in bars[:5])
    panel = studio.panel(
        charts.bars(bars, names_width=_PAIR_WIDTH), title=label, description=w("innovation.bars_alt", items=items)
    )
    marked = any(bar.mark is not None for bar in bars)
    figure = studio.figure(
        panel,
        label=label,
        shape="chart",
        notes=(w("innovation.pairs_key", unit=desk.unit(topic.network)), w("innovation.expected_key") if marked else ""),
    )
    first = links.head(shown.rows)
    positions = network_pages.positions(first["weight"].to_list())
    body = []
    for position, entry in zip(positions, first.iter_rows(named=True), strict=True):
        origin, destination = entry["origin"], entry["destination"]
        kilometres = distance(desk, origin, destination)
        known = behind.get((origin, destination), [])[:_ORGANISATIONS]
        body.append(
            row(
                w.whole(position),
                desk.city_pair(origin, destination),
                w.amount(round(entry["weight"], 1)),
                w.whole(entry["count"]),
                w.whole(kilometres if kilometres is None else round(kilometres)),
                *_ratio_cells(desk, entry),
                Cell(
                    text="" if known else w.no_data,
                    items=tuple(_organisations_text(desk, pair) for pair in known),
                ),
            )
        )
    sentences = _sentences(desk, topic, links, behind)
    if not behind:
        sentences.append(w("innovation.no_organisations"))
    return Block(
        title=topic.name,
        sentences=tuple(sentences),
        figures=(figure, _pairs_map(desk, studio, topic, links.head(_MAP_PAIRS), years)),
        tables=(
            Table(
                caption=w("innovation.pairs_table", topic=topic.name, years=years),
                columns=(
                    Column(label=w("common.rank"), number=True),
                    Column(label=w("innovation.pair_head")),
                    Column(label=w("common.weight"), number=True),
                    Column(label=w("innovation.count"), number=True),
                    Column(label=w("innovation.distance"), number=True),
                    Column(label=w("innovation.ratio"), number=True),
                    Column(label=w("innovation.standing")),
                    Column(label=w("innovation.organisations")),
                ),
                rows=tuple(body),
                head=1,
                note=w.sentences([w("innovation.ratio_note"), w("innovation.organisations_note")]),
                wide=True,
            ),
        ),
    )


def _pairs_map(desk: Desk, studio: Studio, topic: Topic, links: pl.DataFrame, years: str) -> Figure:
    """Draw the strongest pairs on a map, their cities by the sum of these ties."""
    w = desk.words
    at = network_pages.places(desk.view, "city")
    sums: dict[int, float] = {}
    for origin, destination, weight in links.select("origin", "destination", "weight").iter_rows():
        sums[origin] = sums.get(origin, 0.0) + weight
        sums[destination] = sums.get(destination, 0.0) + weight
    nodes = [
        Node(name=short(desk.view.city(c)), longitude=at[c][0], latitude=at[c][1], value=value)
        for c, value in sorted(sums.items(), key=lambda item: (-item[1], item[0]))
        if c in at
    ]
    ties = network_pages.ties_of(links, at)
    scale = maps.Scale(
        node=max((node.value for node in nodes), default=1.0), tie=max((tie.weight for tie in ties), default=1.0)
    )
    label = w("innovation.pairs_map", topic=topic.name, years=years, n=links.height)
    panel = studio.panel(
        maps.panel(
            nodes, ties, studio.small_land, frame=studio.frame(_MAP_WIDTH), scale=scale, labels=_MAP_LABELS
        ),
        title=label,
        description=w(
            "map.alt",
            cities=w("count.cities", n=len(nodes)),
            links=w("count.links", n=len(ties)),
            names=w.joined([node.name for node in nodes[:5]]),
        ),
    )
    return studio.figure(panel, label=label, shape="chart", notes=(w("innovation.pairs_map_key"),))


def _ratio_cells(desk: Desk, entry: dict[str, Any]) -> tuple[Cell, Cell]:
    """Return a pair's ratio with its interval, and what it says."""
    w = desk.words
    ratio, low, high = finite(entry["ratio"]), finite(entry["ratio_low"]), finite(entry["ratio_high"])
    if ratio is None:
        return Cell(text=w.no_data), Cell(text=w.no_data)
    kind = standing(ratio, low, high, verdict=entry.get("verdict"))
    return (
        Cell(text=w.number(ratio, digits=2), small=desk.bounds(low, high)),
        Cell(text=w(f"ratio_standing.{kind}")),
    )


def gravity(desk: Desk, studio: Studio) -> Section:
    """Make the section on pairs tied more or less than size and distance let expect."""
    w = desk.words
    links = desk.in_last(desk.table("link_measures"))
    model = desk.in_last(desk.table("gravity"))
    blocks = []
    for topic in desk.topics:
        mine, terms = topic.of(links).filter(pl.col("ratio").is_not_null()), topic.of(model)
        if mine.is_empty() and terms.is_empty():
            blocks.append(Block(title=topic.name, missing=w("innovation.no_gravity")))
            continue
        blocks.append(_gravity_block(desk, studio, topic, mine, terms))
    return Section(
        anchor="innovation-gravity",
        title=w("innovation.gravity"),
        lead=w("innovation.gravity_lead"),
        blocks=tuple(blocks),
        cautions=(w("innovation.gravity_caution"),),
    )


def _extremes(links: pl.DataFrame) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Return the pairs above and those below what is expected, the farthest first by the bound nearer to one."""
    # A pair with few records may still be one of which many were expected.
    known = _tested(links).filter(
        (pl.max_horizontal("count", "expected") >= _LEAST_COUNT) & (pl.col("ratio") > 0)
    )
    above, below = pl.col("ratio_low") > 1, pl.col("ratio_high") < 1
    if "verdict" in links.columns:
        above, below = above & (pl.col("verdict") == "over"), below & (pl.col("verdict") == "under")
    over = known.filter(above).sort("ratio_low", "origin", "destination", descending=[True, False, False])
    return over, known.filter(below).sort("ratio_high", "origin", "destination")


def _tested(links: pl.DataFrame) -> pl.DataFrame:
    """Return the pairs that have an interval."""
    return links.filter(pl.col("ratio_low").is_finite() & pl.col("ratio_high").is_finite())


def _gravity_block(
    desk: Desk, studio: Studio, topic: Topic, links: pl.DataFrame, terms: pl.DataFrame
) -> Block:
    w = desk.words
    over, under = _extremes(links)
    sentences = list(_term_sentences(desk, terms))
    tested = _tested(links)
    if tested.height:
        sentences.append(w("innovation.over_under", n=tested.height, over=over.height, under=under.height))
        corrected = "verdict" in links.columns
        sentences.append(w("innovation.tests_corrected" if corrected else "innovation.tests_plain"))
    figures = []
    drawn = pl.concat([over.head(_EXTREMES), under.head(_EXTREMES).reverse()])
    if drawn.height:
        years = desk.years(links.select("from_year", "to_year").row(0))
        label = w("innovation.gravity_figure", topic=topic.name, years=years)
        dots = [
            charts.Dot(
                name=desk.city_pair(entry["origin"], entry["destination"]),
                value=entry["ratio"],
                low=entry["ratio_low"],
                high=entry["ratio_high"],
                label=w.number(entry["ratio"], digits=2),
            )
            for entry in drawn.iter_rows(named=True)
        ]
        items = w("common.semicolon").join(f"{dot.name} {dot.label}" for dot in dots[:5])
        panel = studio.panel(
            charts.intervals(
                dots,
                title=w("innovation.ratio_axis"),
                middle=1.0,
                log=True,
                percent=False,
                names_width=_PAIR_WIDTH,
            ),
            title=label,
            description=w("innovation.dots_alt", items=items),
        )
        figures.append(
            studio.figure(
                panel,
                label=label,
                shape="chart",
                notes=(w("innovation.ratio_key"), w("innovation.ratio_least", n=_LEAST_COUNT)),
            )
        )
    return Block(
        title=topic.name,
        sentences=tuple(sentences),
        figures=tuple(figures),
        tables=(_terms_table(desk, topic, terms),) if terms.height else (),
        missing="" if terms.height else w("innovation.no_terms"),
    )


def _term_sentences(desk: Desk, terms: pl.DataFrame) -> list[str]:
    """Say what distance, border and language do, only as far as their intervals let."""
    w = desk.words
    text = []
    for entry in terms.iter_rows(named=True):
        term, estimate = entry["term"], entry["estimate"]
        low, high = finite(entry["low"]), finite(entry["high"])
        if finite(estimate) is None or low is None or high is None or not w.has(f"gravity_says.{term}"):
            continue
        if low <= 0 <= high:
            text.append(w("innovation.term_unclear", term=w.or_id("gravity_term", term)))
            continue
        # Twice the distance: 2^β of the ties; a border or a shared language: e^β of them.
        factors = [(math.pow(2.0, b) if term == "distance" else math.exp(b)) for b in (estimate, low, high)]
        bounds = w("innovation.bounds", low=w.number(factors[1], digits=2), high=w.number(factors[2], digits=2))
        text.append(w(f"gravity_says.{term}", factor=w.number(factors[0], digits=2), bounds=bounds))
    return text


def _terms_table(desk: Desk, topic: Topic, terms: pl.DataFrame) -> Table:
    w = desk.words
    years = desk.years(terms.select("from_year", "to_year").row(0))
    body = tuple(
        row(
            w.or_id("gravity_term", entry["term"]),
            w.number(entry["estimate"], digits=3),
            w.number(entry["standard_error"], digits=3),
            desk.bounds(entry["low"], entry["high"], digits=3) or w.no_data,
        )
        for entry in terms.iter_rows(named=True)
    )
    return Table(
        caption=w("innovation.gravity_table", topic=topic.name, years=years),
        columns=(
            Column(label=w("innovation.term")),
            Column(label=w("innovation.estimate"), number=True),
            Column(label=w("innovation.error"), number=True),
            Column(label=w("innovation.interval"), number=True),
        ),
        rows=body,
        note=w("innovation.gravity_pairs", n=int(terms["pairs"].max() or 0)),  # type: ignore[arg-type]
    )
