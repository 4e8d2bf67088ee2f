"""What the report says of indicators, sources, gaps and settings, as rows to show."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import polars as pl

from cosmopolis.publish.result import IndicatorNote, NodeNote, SourceNote
from cosmopolis.publish.view import Bias, View

_REASONS_MOST = 12
"""Reasons of a source's quarantine that are listed; the rest is counted in one line."""


@dataclass(frozen=True, kw_only=True)
class IndicatorCard:
    """An indicator as it is shown."""

    note: IndicatorNote
    name: str
    dimension: str
    definition: str
    unit: str
    year: str
    other_year: bool
    sources: tuple[tuple[str, str], ...]
    direction: str
    weight_in: str
    weight_all: str
    with_data: str
    highest: str
    remark: str
    biases: tuple[Bias, ...]


@dataclass(frozen=True, kw_only=True)
class NodeRow:
    """A dimension: name, weight in the index, remark, and its indicators with their weights in it."""

    name: str
    weight: str
    remark: str
    indicators: tuple[tuple[str, str, str], ...]


@dataclass(frozen=True, kw_only=True)
class SourceCard:
    """A source as it is shown; row counts as text, "no data" where it was not read."""

    note: SourceNote
    title: str
    years: str
    coverage: str
    bias: str
    used: bool
    rows_in: str
    rows_used: str
    rows_quarantined: str
    reasons: tuple[tuple[str, str], ...]


@dataclass(frozen=True, kw_only=True)
class LedgerSum:
    """The ledger of all sources, and the titles of those whose rows do not add up."""

    rows_in: str
    rows_used: str
    rows_quarantined: str
    unbalanced: tuple[str, ...]


def _weights(view: View) -> Mapping[str, tuple[float, float]]:
    """Return each node's and indicator's share of its parent's weight and of the whole index's.

    A share is w / Σ w over all that have the same parent.
    """
    index = view.result.index
    kids: dict[str, list[tuple[str, float]]] = {}
    for node in index.nodes:
        if node.parent is not None:
            kids.setdefault(node.parent, []).append((f"node:{node.id}", node.weight))
    for indicator in index.indicators:
        kids.setdefault(indicator.node, []).append((f"indicator:{indicator.id}", indicator.weight))
    shares: dict[str, tuple[float, float]] = {}

    def walk(parent: str, whole: float) -> None:
        total = sum(weight for _, weight in kids.get(parent, ()))
        for key, weight in kids.get(parent, ()):
            part = weight / total if total else 0.0
            shares[key] = (part, part * whole)
            if key.startswith("node:"):
                walk(key.removeprefix("node:"), part * whole)

    walk(index.id, 1.0)
    return shares


def indicator_cards(view: View) -> tuple[IndicatorCard, ...]:
    """Describe every indicator, in the order of the index."""
    words, index, edition = view.words, view.result.index, view.result.edition
    weights = _weights(view)
    nodes = {node.id: node for node in index.nodes}
    values = view.result.table("indicators").filter(pl.col("index") == index.id)
    cards = []
    for note in index.indicators:
        rows = values.filter(pl.col("indicator") == note.id)
        given = rows.filter(pl.col("value").is_not_null() & pl.col("value").is_not_nan())
        best = given.sort("value", "city_id", descending=[note.direction == 1, False]).head(1)
        highest = (
            f"{view.city(best['city_id'][0])} ({words.amount(best['value'][0])})"
            if best.height
            else words.no_data
        )
        part, whole = weights.get(f"indicator:{note.id}", (0.0, 0.0))
        other = note.year is not None and note.year != edition.year
        year = words.no_data if note.year is None else str(note.year)
        cards.append(
            IndicatorCard(
                note=note,
                name=words.said(note.name),
                dimension=words.said(nodes[note.node].name) if note.node in nodes else note.node,
                definition=words.said(note.definition),
                unit=words.said(note.unit),
                year=words("indicators.other_year", year=year, edition=str(edition.year)) if other else year,
                other_year=other,
                sources=tuple((s, view.source_title(s)) for s in note.sources),
                direction=words("indicators.more" if note.direction == 1 else "indicators.less"),
                weight_in=words.share(part),
                weight_all=words.share(whole),
                with_data=words(
                    "count.of_cities",
                    some=words.whole(given["city_id"].n_unique()),
                    n=max(len(view.ranking), rows["city_id"].n_unique()),
                ),
                highest=highest,
                remark=words.said(note.note),
                biases=view.biases(note.sources),
            )
        )
    return tuple(cards)


def dimension_rows(view: View) -> tuple[NodeRow, ...]:
    """List the dimensions with their weights and indicators."""
    words, index = view.words, view.result.index
    weights = _weights(view)

    def below(node: NodeNote) -> Iterator[IndicatorNote]:
        yield from (indicator for indicator in index.indicators if indicator.node == node.id)
        for child in index.nodes:
            if child.parent == node.id:
                yield from below(child)

    return tuple(
        NodeRow(
            name=words.said(node.name),
            weight=words.share(weights[f"node:{node.id}"][1]),
            remark=words.said(node.note),
            indicators=tuple(
                (note.id, words.said(note.name), words.share(weights[f"indicator:{note.id}"][1]))
                for note in below(node)
            ),
        )
        for node in index.dimensions
    )


def source_cards(view: View) -> tuple[SourceCard, ...]:
    """Describe every source with its ledger, in the order of the catalogue."""
    words, result = view.words, view.result
    cards = []
    for note in result.sources:
        entry = result.ledger.get(note.source.id, {})
        reasons = sorted(
            result.quarantine.get(note.source.id, {}).items(), key=lambda item: (-item[1], item[0])
        )
        rest = sum(count for _, count in reasons[_REASONS_MOST:])
        shown = [(reason, words.whole(count)) for reason, count in reasons[:_REASONS_MOST]]
        cards.append(
            SourceCard(
                note=note,
                title=words.said(note.source.title),
                years=words.joined([str(year) for year in note.source.years]),
                coverage=words.said(note.source.coverage.get("note", {})),
                bias=words.said(note.source.bias),
                used=note.state == "used",
                rows_in=words.whole(entry.get("rows_in")),
                rows_used=words.whole(entry.get("rows_used")),
                rows_quarantined=words.whole(entry.get("rows_quarantined")),
                reasons=(*shown, ("…", words.whole(rest))) if rest else tuple(shown),
            )
        )
    return tuple(cards)


def ledger_sum(view: View) -> LedgerSum:
    """Add up the ledger and name the sources that do not balance."""
    words, ledger = view.words, view.result.ledger
    total = {
        key: sum(entry.get(key, 0) for entry in ledger.values())
        for key in ("rows_in", "rows_used", "rows_quarantined")
    }
    bad = [
        view.source_title(source)
        for source, entry in ledger.items()
        if entry.get("rows_in", 0) != entry.get("rows_used", 0) + entry.get("rows_quarantined", 0)
    ]
    return LedgerSum(**{key: words.whole(value) for key, value in total.items()}, unbalanced=tuple(bad))


def gap_rows(view: View) -> tuple[tuple[str, str], ...]:
    """Say what is missing and why: the gaps given, and the sources that could not be had."""
    words = view.words
    given = [(words.said(gap.what), words.said(gap.why)) for gap in view.result.gaps]
    absent = [
        (words("gaps.source", title=words.said(note.source.title) or note.source.id), note.reason)
        for note in view.result.sources
        if note.state == "no data"
    ]
    return (*given, *absent)


def setting_rows(view: View) -> tuple[tuple[str, str], ...]:
    """List the edition's settings, nested ones as `a.b`, in their own order."""

    def flat(prefix: str, value: Any) -> Iterator[tuple[str, str]]:  # noqa: ANN401 - any setting
        if isinstance(value, Mapping):
            for key, part in value.items():
                yield from flat(f"{prefix}.{key}" if prefix else str(key), part)
        elif isinstance(value, list | tuple):
            yield prefix, ", ".join(str(part) for part in value)
        else:
            yield prefix, str(value).lower() if isinstance(value, bool) else str(value)

    return tuple(flat("", view.result.edition.settings))
