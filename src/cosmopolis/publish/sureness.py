"""What the report says of how sure ranks are: of the lead, of the first cities, of what was varied.

Reads the bounds that the build gives (`rank_low`, `rank_high`) and says nothing where there are none.
Bounds are the pipeline's to compute.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from cosmopolis.publish import charts
from cosmopolis.publish.result import said
from cosmopolis.publish.view import Bounds, View
from cosmopolis.publish.words import LANGUAGES

FIRST = 30
"""Cities in the figure."""

_LEVEL = 0.9


def level(view: View) -> float:
    """Return the share of variations that an interval holds, 0.9 where the settings do not say."""
    settings = _settings(view)
    given = settings.get("level") if isinstance(settings, Mapping) else None
    return float(given) if isinstance(given, int | float) and 0 < given <= 1 else _LEVEL


def part(view: View) -> str:
    """Return in words which part of the variations an interval holds."""
    w, share = view.words, level(view)
    return w("intervals.nine_of_ten") if share == _LEVEL else w("intervals.part", share=w.share(share))


def lead(view: View) -> str:
    """Return how sure the lead is, in one sentence; empty without intervals or with nobody to be ahead of.

    A lead holds only if the interval of every leader is first place alone.
    """
    w = view.words
    first = [row for row in view.ranked if row.rank == 1]
    found = [row.bounds for row in first if row.bounds is not None]
    if len(view.ranked) == 1 or not found or len(found) < len(first):
        return ""
    low, high = min(bounds.low for bounds in found), max(bounds.high for bounds in found)
    kind = "holds" if high == 1 else "same" if low == high else "between"
    key = f"{kind}_shared" if len(first) > 1 else kind
    cities = w.joined([row.city.name for row in first])
    return w(f"intervals.{key}", cities=cities, low=low, high=high, part=part(view))


def rivals(view: View) -> str:
    """Return how many that do not lead have an interval that reaches first place; empty without intervals."""
    others = [row.bounds for row in view.ranked if row.rank != 1 and row.bounds is not None]
    if not others:
        return ""
    n = sum(bounds.low == 1 for bounds in others)
    return view.words("intervals.reach_first", n=n) if n else view.words("intervals.none_reach")


def findings(view: View) -> tuple[str, ...]:
    """Return what the intervals come to: how wide they are, and how many of the first stay so."""
    w, top = view.words, view.result.shown.top
    rows = [(row.rank or 0, row.bounds) for row in view.ranked if row.bounds is not None]
    if not rows:
        return ()
    widths = sorted(bounds.high - bounds.low + 1 for _, bounds in rows)
    # The greatest width that at least half of the cities have.
    said_of = [w("intervals.width", n=widths[len(widths) // 2])]
    first = [bounds for rank, bounds in rows if rank <= top]
    if first and len(rows) > len(first):
        stay = sum(bounds.high <= top for bounds in first)
        said_of.append(w("intervals.stay", some=stay, n=len(first), top=top))
    return tuple(said_of)


def varied(view: View) -> str:
    """Return what was varied, as the edition's settings tell it; empty where they do not."""
    w, settings = view.words, _settings(view)
    if not settings:
        return ""
    if not isinstance(settings, Mapping):
        return w("intervals.varied", items=str(settings))
    for text in (settings, settings.get("note"), settings.get("text")):
        if isinstance(text, str):
            return text
        if isinstance(text, Mapping) and text and set(text) <= set(LANGUAGES):
            return said(text, w.language)
    items = [
        w("common.colon", label=w.or_id("varied", key), text=_value(view, key, value))
        for key, value in _flat("", settings)
        if key != "level"
    ]
    return w("intervals.varied", items=w("common.semicolon").join(items)) if items else ""


def _settings(view: View) -> Any:  # noqa: ANN401 - any setting
    return view.result.edition.settings.get("intervals")


def _flat(prefix: str, settings: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    for key, value in settings.items():
        name = f"{prefix}.{key}" if prefix else str(key)
        if isinstance(value, Mapping):
            yield from _flat(name, value)
        else:
            yield name, value


def _value(view: View, key: str, value: Any) -> str:  # noqa: ANN401 - any setting
    w = view.words
    if isinstance(value, list | tuple):
        return w.joined([w.or_id("varied_value", str(piece)) for piece in value])
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, int | float):
        return f"±{w.share(value)}" if key == "weight_noise" else w.amount(value)
    return str(value)


def chart_rows(view: View) -> tuple[charts.RankDot, ...]:
    """Return the first cities with their ranks and bounds, as the figure shows them."""
    w = view.words
    return tuple(
        charts.RankDot(
            name=row.city.name,
            rank=row.rank or 0,
            low=row.bounds.low if row.bounds else None,
            high=row.bounds.high if row.bounds else None,
            label=row.bounds.text if row.bounds else w("intervals.none"),
        )
        for row in view.ranked[:FIRST]
    )


def item(dot: charts.RankDot) -> str:
    """Name a city with its rank and interval, for who cannot see the figure."""
    return f"{dot.name} {dot.rank} ({dot.label})"


def bounds_text(view: View, bounds: Bounds) -> str:
    """Say an interval in words."""
    key = "heard_same" if bounds.low == bounds.high else "heard"
    return view.words(f"intervals.{key}", low=bounds.low, high=bounds.high)
