"""Sections on ties: the strongest pairs and who stands behind them; pairs against the gravity model."""

import math
from typing import Any

import polars as pl

from cosmopolis.measures.distance import great_circle_km
from cosmopolis.publish import network_pages
from cosmopolis.publish.chapter import charts, maps
from cosmopolis.publish.chapter.desk import finite
from cosmopolis.publish.chapter.model import Block, Cell, Column, Figure, Section, Table, row
from cosmopolis.publish.chapter.studio import Studio
from cosmopolis.publish.innovation.topics import Desk, Topic
from cosmopolis.publish.maps import Node, short

_FIRST = 12
_EXTREMES = 10
_ORGANISATIONS = 3
"""Pairs of organisations named for a tie; the table of ties holds them all."""

_LEAST_COUNT = 5
"""Records below which a pair is no finding: a ratio of one paper to a twentieth of one says nothing."""

_STANDINGS = {"over": "over", "under": "under", "as_expected": "as"}

_HOME_ROWS = 8
"""Rows of the first table: its pairs are mostly neighbours, those across a border say more."""

_MAP_PAIRS = 30
_MAP_WIDTH = 360
_MAP_LABELS = 12
_PAIR_WIDTH = 190


def section(desk: Desk, studio: Studio) -> Section:
    """Make the section on the strongest pairs with the organisations behind them."""
    w = desk.words
    blocks = []
    for topic in desk.topics:
        links = _last_links(desk, topic)
        if links.is_empty():
            blocks.append(Block(title=topic.name, missing=desk.no_ties(topic, "innovation.no_links_last")))
            continue
        blocks.append(_pairs_block(desk, studio, topic, links))
    return Section(
        anchor="innovation-pairs",
        title=w("innovation.pairs"),
        lead=w("innovation.pairs_lead"),
        blocks=tuple(blocks),
        cautions=(w("innovation.pairs_caution"),),
    )


def _last_links(desk: Desk, topic: Topic) -> pl.DataFrame:
    """Return a field's ties of the last window, those with most records first."""
    links = topic.of(desk.in_last(desk.table("link_measures"))).filter(pl.col("count") > 0)
    order = ("count", "weight", "origin", "destination")
    return links.sort(order, descending=[True, True, False, False])


def _abroad(desk: Desk, links: pl.DataFrame) -> pl.DataFrame:
    """Return the ties between cities of two countries."""
    country = dict(desk.view.result.table("cities").select("city_id", "country").iter_rows())
    across = [
        country.get(origin) != country.get(destination)
        for origin, destination in links.select("origin", "destination").iter_rows()
    ]
    return links.filter(pl.Series(across, dtype=pl.Boolean))


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
    if (
        finite(ratio) is None
        or low is None
        or high is None
        or not (math.isfinite(low) and math.isfinite(high))
    ):
        return "unknown"
    return "over" if low > 1 else "under" if high < 1 else "as"


def _behind(
    desk: Desk, topic: Topic, links: pl.DataFrame
) -> dict[tuple[int, int], list[tuple[str, str, int]]]:
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
    """Return the sentences on a field's strongest pairs; empty where none has `_LEAST_COUNT` records."""
    links = _last_links(desk, topic)
    if links.is_empty() or links["count"][0] < _LEAST_COUNT:
        return ""
    return desk.words.sentences(_sentences(desk, links, _behind(desk, topic, links)))


def _sentences(
    desk: Desk,
    links: pl.DataFrame,
    behind: dict[tuple[int, int], list[tuple[str, str, int]]],
) -> list[str]:
    """Say which pair is the strongest, and which across a border, and who stands behind each.

    Pairs with fewer than `_LEAST_COUNT` records are not called strong.
    """
    w, best = desk.words, links.row(0, named=True)
    if best["count"] < _LEAST_COUNT:
        years = desk.years((best["from_year"], best["to_year"]))
        return [w("innovation.few_joint", years=years, n=_LEAST_COUNT)]

    def who(entry: dict[str, Any]) -> list[str]:
        known = behind.get((entry["origin"], entry["destination"]))
        if not known:
            return []
        return [w("innovation.behind_it", organisations=_organisations_text(desk, known[0]))]

    text = [
        w(
            "innovation.strongest",
            years=desk.years((best["from_year"], best["to_year"])),
            pair=desk.city_pair(best["origin"], best["destination"]),
            n=best["count"],
        ),
        *who(best),
    ]
    abroad = _abroad(desk, links)
    if abroad.height and abroad["count"][0] >= _LEAST_COUNT:
        first = abroad.row(0, named=True)
        if (first["origin"], first["destination"]) != (best["origin"], best["destination"]):
            pair = desk.city_pair(first["origin"], first["destination"])
            text += [w("innovation.strongest_abroad", pair=pair, n=first["count"]), *who(first)]
    return text


def _pairs_block(desk: Desk, studio: Studio, topic: Topic, links: pl.DataFrame) -> Block:
    w = desk.words
    years = desk.years(links.select("from_year", "to_year").row(0))
    behind = _behind(desk, topic, links)
    abroad = _abroad(desk, links)
    sentences = _sentences(desk, links, behind)
    if links["count"][0] < _LEAST_COUNT:
        return Block(title=topic.name, sentences=tuple(sentences))
    if abroad.height and abroad["count"][0] < _LEAST_COUNT:
        abroad = abroad.clear()
    figures = [_pairs_chart(desk, studio, topic, links, years, kind=w("innovation.pairs_home"))]
    home = w("innovation.pairs_home")
    tables = [_pairs_table(desk, topic, links.head(_HOME_ROWS), behind, years=years, kind=home)]
    if abroad.height:
        kind = w("innovation.pairs_abroad")
        figures.append(_pairs_chart(desk, studio, topic, abroad, years, kind=kind))
        figures.append(_pairs_map(desk, studio, topic, abroad.head(_MAP_PAIRS), years))
        tables.append(_pairs_table(desk, topic, abroad, behind, years=years, kind=kind))
    if not behind:
        sentences.append(w("innovation.no_organisations"))
    known = topic.of(desk.in_last(desk.table("tie_coverage")))
    records, named = (int(known[column].sum()) for column in ("records", "named"))
    if records:
        sentences.append(w("innovation.coverage", share=w.share(named / records)))
    return Block(title=topic.name, sentences=tuple(sentences), figures=tuple(figures), tables=tuple(tables))


def _pairs_chart(
    desk: Desk, studio: Studio, topic: Topic, links: pl.DataFrame, years: str, *, kind: str
) -> Figure:
    """Draw the first pairs by their records, with what the model expects."""
    w = desk.words
    bars = [
        charts.Bar(
            name=desk.city_pair(entry["origin"], entry["destination"]),
            value=float(entry["count"]),
            label=w.whole(entry["count"]),
            mark=finite(entry["expected"]),
        )
        for entry in links.head(_FIRST).iter_rows(named=True)
    ]
    label = w("innovation.pairs_figure", topic=topic.name, years=years, kind=kind)
    items = w("common.semicolon").join(f"{bar.name} {bar.label}" for bar in bars[:5])
    marked = any(bar.mark is not None for bar in bars)
    return studio.figure(
        studio.panel(
            charts.bars(bars, names_width=_PAIR_WIDTH),
            title=label,
            description=w("chapter.bars_alt", items=items),
        ),
        label=label,
        shape="chart",
        notes=(
            w("innovation.pairs_key", unit=desk.unit(topic.network)),
            w("innovation.expected_key") if marked else "",
        ),
    )


def _pairs_table(
    desk: Desk,
    topic: Topic,
    links: pl.DataFrame,
    behind: dict[tuple[int, int], list[tuple[str, str, int]]],
    *,
    years: str,
    kind: str,
) -> Table:
    """List the first pairs with distance, ratio to what is expected, and organisations."""
    w = desk.words
    first = links.head(desk.view.result.shown.rows)
    positions = network_pages.positions([float(count) for count in first["count"].to_list()])
    body = []
    for position, entry in zip(positions, first.iter_rows(named=True), strict=True):
        origin, destination = entry["origin"], entry["destination"]
        kilometres = distance(desk, origin, destination)
        known = behind.get((origin, destination), [])[:_ORGANISATIONS]
        body.append(
            row(
                w.whole(position),
                desk.city_pair(origin, destination),
                w.whole(entry["count"]),
                w.number(entry["weight"]),
                w.whole(kilometres if kilometres is None else round(kilometres)),
                *_ratio_cells(desk, entry),
                Cell(
                    text="" if known else w.no_data,
                    items=tuple(_organisations_text(desk, pair) for pair in known),
                ),
            )
        )
    return Table(
        caption=w("innovation.pairs_table", topic=topic.name, years=years, kind=kind),
        columns=(
            Column(label=w("common.rank"), number=True),
            Column(label=w("innovation.pair_head")),
            Column(label=w("innovation.count"), number=True),
            Column(label=w("common.weight"), number=True),
            Column(label=w("innovation.distance"), number=True),
            Column(label=w("innovation.ratio"), number=True),
            Column(label=w("innovation.standing")),
            Column(label=w("innovation.organisations")),
        ),
        rows=tuple(body),
        head=1,
        note=w.sentences([w("innovation.ratio_note"), w("innovation.organisations_note")]),
        wide=True,
    )


def _pairs_map(desk: Desk, studio: Studio, topic: Topic, links: pl.DataFrame, years: str) -> Figure:
    """Draw the strongest pairs on a map, their cities by the sum of these ties."""
    w = desk.words
    at = network_pages.places(desk.view, "city")
    sums: dict[int, float] = {}
    links = links.with_columns(weight=pl.col("count").cast(pl.Float64))
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
        node=max((node.value for node in nodes), default=1.0),
        tie=max((tie.weight for tie in ties), default=1.0),
    )
    label = w("innovation.pairs_map", topic=topic.name, years=years, n=links.height)
    panel = studio.panel(
        maps.panel(
            nodes, ties, studio.small_land, frame=studio.frame(_MAP_WIDTH), scale=scale, labels=_MAP_LABELS
        ),
        title=label,
        description=network_pages.described(w, nodes, len(ties)),
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
    links, model = desk.in_last(desk.table("link_measures")), desk.in_last(desk.table("gravity"))
    blocks = []
    for topic in desk.topics:
        mine, terms = topic.of(links).filter(pl.col("ratio").is_not_null()), topic.of(model)
        if mine.is_empty() and terms.is_empty():
            blocks.append(Block(title=topic.name, missing=desk.no_ties(topic, "innovation.no_gravity")))
            continue
        blocks.append(_gravity_block(desk, studio, topic, mine, terms))
    return Section(
        anchor="innovation-gravity",
        title=w("innovation.gravity"),
        lead=w("innovation.gravity_lead"),
        blocks=tuple(blocks),
        cautions=(w("innovation.gravity_caution"),),
    )


def _extremes(desk: Desk, topic: Topic, links: pl.DataFrame) -> tuple[pl.DataFrame, pl.DataFrame, bool]:
    """Return the pairs above and those below what is expected, the surest first.

    Taken from `gravity_pairs`, which holds pairs without a record too and is corrected for many tests; where
    the result has no such table, from the intervals of the ties. The last value says which.
    """
    columns = ("origin", "destination", "count", "expected", "ratio", "ratio_low", "ratio_high")
    pairs = topic.of(desk.in_last(desk.table("gravity_pairs")))
    corrected = "gravity_pairs" in desk.view.result.tables
    if corrected:
        above, below = pl.col("verdict") == "over", pl.col("verdict") == "under"
    else:
        pairs, above, below = links, pl.col("ratio_low") > 1, pl.col("ratio_high") < 1
    # A pair with few records may still be one of which many were expected.
    known = pairs.filter(
        pl.col("ratio_low").is_finite()
        & pl.col("ratio_high").is_finite()
        & (pl.max_horizontal("count", "expected") >= _LEAST_COUNT)
    )
    if "p_value" not in known.columns:
        # Without a test the bound nearer to one says how sure it is.
        nearer = pl.max_horizontal("ratio_low", 1 / pl.col("ratio_high"))
        known = known.with_columns(p_value=1 / nearer)
    # Of so many records p may be zero to the last digit: then the greater surplus or lack goes first.
    known = known.with_columns(_apart=(pl.col("count") - pl.col("expected")).abs().round(6))
    order = known.sort("p_value", "_apart", "origin", "destination", descending=[False, True, False, False])
    return order.filter(above).select(columns), order.filter(below).select(columns), corrected


def _gravity_block(
    desk: Desk, studio: Studio, topic: Topic, links: pl.DataFrame, terms: pl.DataFrame
) -> Block:
    w = desk.words
    over, under, corrected = _extremes(desk, topic, links)
    sentences = list(_term_sentences(desk, terms))
    if corrected or links.height:
        pairs = int(terms["pairs"].max() or 0) if corrected and terms.height else links.height  # type: ignore[arg-type]
        sentences.append(w("innovation.over_under", n=pairs, over=over.height, under=under.height))
        sentences.append(w("innovation.tests_corrected" if corrected else "innovation.tests_plain"))
    drawn = pl.concat([over.head(_EXTREMES), under.head(_EXTREMES).reverse()])
    years = desk.last if links.is_empty() else links.select("from_year", "to_year").row(0)
    figures = (_ratio_figure(desk, studio, topic, drawn, desk.years(years)),) if drawn.height else ()
    return Block(
        title=topic.name,
        sentences=tuple(sentences),
        figures=figures,
        tables=(_terms_table(desk, topic, terms),) if terms.height else (),
        missing="" if terms.height else w("innovation.no_terms"),
    )


def _ratio_figure(desk: Desk, studio: Studio, topic: Topic, drawn: pl.DataFrame, years: str) -> Figure:
    """Draw ratios with their intervals; a pair without any record stands at the least value drawn."""
    w = desk.words
    bounds = [v for c in ("ratio", "ratio_low", "ratio_high") for v in drawn[c].to_list() if v > 0]
    least = min(bounds, default=1.0) / 1.5
    dots = [
        charts.Dot(
            name=desk.city_pair(entry["origin"], entry["destination"]),
            value=max(entry["ratio"], least),
            low=max(entry["ratio_low"], least),
            high=max(entry["ratio_high"], least),
            label=w.amount(entry["ratio"]),
        )
        for entry in drawn.iter_rows(named=True)
    ]
    label = w("innovation.gravity_figure", topic=topic.name, years=years)
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
        description=w("chapter.dots_alt", items=items),
    )
    notes = (w("innovation.ratio_key"), w("innovation.ratio_least", n=_LEAST_COUNT))
    return studio.figure(panel, label=label, shape="chart", notes=notes)


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
        # Twice the distance: 2^β of the ties; one country or one language: e^β of them.
        factors = [(math.pow(2.0, b) if term == "distance" else math.exp(b)) for b in (estimate, low, high)]
        bounds = w("chapter.bounds", low=w.number(factors[1], digits=2), high=w.number(factors[2], digits=2))
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
            Column(label=w("chapter.interval"), number=True),
        ),
        rows=body,
        note=w("innovation.gravity_pairs", n=int(terms["pairs"].max() or 0)),  # type: ignore[arg-type]
    )
