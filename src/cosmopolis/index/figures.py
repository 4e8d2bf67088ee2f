"""Figures of an index as Vega-Lite charts: weights, ranks, contributions, correlations, change, sensitivity.

Each function makes one chart from a tree or a frame, in one language, with its data inside. Colours are told
apart in grey and by every kind of eye; what a colour says is said by place, sign or dash too. Nothing is
computed here but where things are drawn.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import altair as alt
import polars as pl

from cosmopolis.errors import SpecError, UnknownNameError, hint_near
from cosmopolis.index.drawing import (
    ACCENT,
    CONTRAST,
    FONT_SIZE,
    INK,
    MUTED,
    RAMP,
    Chart,
    Rows,
    finished,
    spread,
    ticks,
    words,
)
from cosmopolis.index.icicle import weight_tree

__all__ = ["contributions", "correlation_map", "rank_intervals", "sensitivity", "slopes", "weight_tree"]


def rank_intervals(
    ranks: pl.DataFrame,
    *,
    count: int = 40,
    level: float = 0.9,
    language: str = "en",
    font: str = "sans-serif",
) -> Chart:
    """Draw the rank of each unit as a dot and its interval as a bar.

    Parameters
    ----------
    ranks
        `unit`, `rank`, `rank_low`, `rank_high`, and `name` where there is one; units without a rank are left
        out, those without an interval get a hollow dot.
    count
        How many of the first units to show.
    level
        Of the interval, for the words.

    Raises
    ------
    UnknownNameError
        If a column is missing.
    """
    said = words(language)
    table = _needed(ranks, ("unit", "rank", "rank_low", "rank_high"))
    every = table.drop_nulls("rank").sort("rank", "unit")
    ties = dict(every.group_by("rank").len().rows())
    shown = every.head(count).to_dicts()
    labels = _labels(shown)
    rows = [
        {
            "unit": str(row["unit"]),
            "rank": row["rank"],
            "low": row["rank_low"],
            "high": row["rank_high"],
            "label": said["tied" if ties[row["rank"]] > 1 else "alone"].format(rank=row["rank"])
            + f"  {labels[row['unit']]}",
        }
        for row in shown
    ]
    most = max((max(row["rank"], row["high"] or 1) for row in rows), default=1)
    base = alt.Chart(alt.InlineData(values=rows))
    y = alt.Y(
        "label:N",
        sort=[row["label"] for row in rows],
        title=None,
        axis=alt.Axis(domain=False, ticks=False, labelPadding=8, grid=False, labelFontSize=FONT_SIZE),
    )
    title = said["interval"].format(level=f"{level:.0%}")
    if any(row["low"] is None or row["high"] is None for row in rows):
        title += said["gap"] + said["hollow"]
    x = alt.X(
        "low:Q",
        title=title,
        scale=alt.Scale(domain=[1, most], nice=False),
        axis=alt.Axis(values=ticks(most), titleAnchor="start", format="d"),
    )
    bars = (
        base.transform_filter("isValid(datum.low) && isValid(datum.high)")
        .mark_rule(strokeWidth=5, color="#9fb8c6", strokeCap="butt")
        .encode(x=x, x2="high:Q", y=y)
    )
    dots = base.mark_point(filled=True, size=46, stroke=ACCENT, strokeWidth=1.5, opacity=1).encode(
        x=alt.X("rank:Q"),
        y=y,
        fill=alt.condition(
            "isValid(datum.low) && isValid(datum.high)", alt.value(ACCENT), alt.value("#ffffff")
        ),
    )
    return finished(alt.layer(bars, dots).properties(width=460, height=alt.Step(17)), font)


def contributions(
    parts: pl.DataFrame,
    *,
    order: Sequence[str] | None = None,
    names: Mapping[str, str] | None = None,
    language: str = "en",
    font: str = "sans-serif",
) -> Chart:
    """Draw what the parts of a node add to the score of each unit, as stacked bars, the highest score first.

    Parameters
    ----------
    parts
        `unit`, `code` (the part), `points` (0 or more; see `importance.contributions`), and `name` of the
        unit where there is one. Null points are no data and take no room.
    order
        Of the parts, from the left; as they come if not given.
    names
        Of the parts; the code where there is none.

    Raises
    ------
    UnknownNameError
        If a column is missing.
    SpecError
        If points are negative, which cannot be stacked.
    """
    said = words(language)
    table = _needed(parts, ("unit", "code", "points"))
    least = table["points"].min()
    if isinstance(least, int | float) and least < 0:
        raise SpecError(f"got points of {least:g}, but a stack needs 0 or more; use a scale such as 0 to 100")
    codes = list(order) if order is not None else table["code"].unique(maintain_order=True).to_list()
    scores = (
        table.group_by("unit").agg(pl.col("points").sum()).sort("points", "unit", descending=[True, False])
    )
    shown = {code: (names or {}).get(code, code) for code in codes}
    label = _labels(table.unique("unit", maintain_order=True).to_dicts())
    units = [label[unit] for unit in scores["unit"]]
    rows = [
        {
            "unit": label[row["unit"]],
            "part": shown[row["code"]],
            "place": codes.index(row["code"]),
            "points": row["points"],
        }
        for row in table.drop_nulls("points").iter_rows(named=True)
        if row["code"] in shown
    ]
    totals = [
        {"unit": label[unit], "score": points, "said": f"{points:.1f}"} for unit, points in scores.rows()
    ]
    y = alt.Y(
        "unit:N",
        sort=units,
        title=None,
        axis=alt.Axis(domain=False, ticks=False, labelPadding=8, labelFontSize=FONT_SIZE),
    )
    bars = (
        alt.Chart(alt.InlineData(values=rows))
        .mark_bar(stroke="#ffffff", strokeWidth=1, height={"band": 0.78})
        .encode(
            x=alt.X(
                "points:Q",
                title=said["points"],
                stack="zero",
                axis=alt.Axis(titleAnchor="start", tickCount=6),
            ),
            y=y,
            order=alt.Order("place:Q"),
            color=alt.Color(
                "part:N",
                title=None,
                sort=list(shown.values()),
                scale=alt.Scale(domain=list(shown.values()), range=spread(RAMP, len(codes))),
                legend=alt.Legend(
                    orient="top", direction="horizontal", columns=4, symbolType="square", offset=8
                ),
            ),
            tooltip=["unit:N", "part:N", alt.Tooltip("points:Q", format=".2f")],
        )
    )
    ends = (
        alt.Chart(alt.InlineData(values=totals))
        .mark_text(align="left", dx=5, fontSize=FONT_SIZE, color=INK)
        .encode(x=alt.X("score:Q"), y=y, text="said:N")
    )
    return finished(alt.layer(bars, ends).properties(width=460, height=alt.Step(17)), font)


def correlation_map(
    correlations: pl.DataFrame,
    codes: Sequence[str],
    *,
    names: Mapping[str, str] | None = None,
    language: str = "en",
    font: str = "sans-serif",
) -> Chart:
    """Draw correlations of some indicators or nodes as a triangle of squares with their numbers.

    Parameters
    ----------
    correlations
        `code`, `other`, `r`, each pair once in either order: those of an audit.
    codes
        What to show, in this order.
    names
        The code where there is none.

    Raises
    ------
    UnknownNameError
        If a column is missing, or a code has no correlations.
    """
    said = words(language)
    table = _needed(correlations, ("code", "other", "r"))
    found = {frozenset(row[:2]): row[2] for row in table.select("code", "other", "r").rows()}
    known = set(table["code"]) | set(table["other"])
    for code in codes:
        if code not in known:
            raise UnknownNameError(f"there are no correlations of {code!r}" + hint_near(code, known))
    shown = [(names or {}).get(code, code) for code in codes]
    few = len(codes) <= 16  # noqa: PLR2004 - more numbers than these no longer fit into their squares
    rows = []
    for i, code in enumerate(codes):
        for j in range(i):
            r = found.get(frozenset({code, codes[j]}))
            number = (
                "×"
                if r is None
                else f"{r + 0.0:.2f}".replace("0.", ".").replace("-.00", ".00").replace("-", "−")
            )
            sign = "−" if r is not None and r <= -0.2 else ""  # noqa: PLR2004 - a sign on each square would be noise
            rows.append(
                {
                    "code": shown[i],
                    "other": shown[j],
                    "r": 0.0 if r is None else r,
                    "label": number if few or r is None else sign,
                    "light": r is not None and abs(r) > 0.55,  # noqa: PLR2004 - light letters on dark squares
                }
            )
    step = 34 if few else 17
    base = alt.Chart(alt.InlineData(values=rows))
    y = alt.Y("code:N", sort=shown[1:], title=None)
    x = alt.X("other:N", sort=shown[:-1], title=None, axis=alt.Axis(labelAngle=-60, orient="bottom"))
    axes: dict[str, Any] = {
        "domain": False,
        "ticks": False,
        "labelPadding": 6,
        "labelFontSize": FONT_SIZE,
        "grid": False,
    }
    squares = base.mark_rect(stroke="#ffffff", strokeWidth=1).encode(
        x=alt.X(
            "other:N", sort=shown[:-1], title=None, axis=alt.Axis(labelAngle=-60, labelAlign="right", **axes)
        ),
        y=alt.Y("code:N", sort=shown[1:], title=None, axis=alt.Axis(**axes)),
        color=alt.Color(
            "r:Q",
            title=said["correlation"]
            + (said["gap"] + said["no_correlation"] if any(row["label"] == "×" for row in rows) else "")
            + ("" if few else said["gap"] + said["minus"]),
            scale=alt.Scale(domain=[-1, 0, 1], range=["#a33b00", "#f7f7f5", ACCENT], interpolate="lab"),
            legend=alt.Legend(
                orient="top",
                gradientLength=180,
                gradientThickness=10,
                values=[-1, -0.5, 0, 0.5, 1],
                format=".1f",
            ),
        ),
        tooltip=["code:N", "other:N", alt.Tooltip("r:Q", format=".3f")],
    )
    numbers = base.mark_text(fontSize=FONT_SIZE - 0.5, baseline="middle").encode(
        x=x,
        y=y,
        text="label:N",
        color=alt.condition("datum.light", alt.value("#ffffff"), alt.value(INK)),
    )
    return finished(alt.layer(squares, numbers).properties(width=alt.Step(step), height=alt.Step(step)), font)


def slopes(
    ranks: pl.DataFrame, *, years: tuple[int, int], language: str = "en", font: str = "sans-serif"
) -> Chart:
    """Draw ranks of two years as lines: solid where a unit rises or stays, dashed where it falls.

    Parameters
    ----------
    ranks
        `unit`, `before`, `after` (ranks, null where the unit has none that year), and `name` where there is
        one. Give those to show; ranks stay those of all units, and a gap between shown ranks is drawn as one
        rank at most.
    years
        Of the two ranks, for the words.

    Raises
    ------
    UnknownNameError
        If a column is missing.
    """
    said = words(language)
    table = _needed(ranks, ("unit", "before", "after"))
    lines, ends = [], []
    for row in table.sort("after", "before", "unit", nulls_last=True).iter_rows(named=True):
        before, after = row["before"], row["after"]
        kind = "same"
        if before is not None and after is not None:
            kind = "up" if after < before else "down" if after > before else "same"
            points = ((0, before), (1, after))
            lines += [
                {"unit": str(row["unit"]), "x": x, "rank": rank, "kind": said[kind]} for x, rank in points
            ]
        name = str(row.get("name") or row["unit"])
        for side, rank, other, alone in ((0, before, after, "left"), (1, after, before, "entered")):
            if rank is not None:
                mark = f"{name} ({said[alone]})" if other is None else name
                ends.append({"x": side, "rank": rank, "name": mark})
    labels = _joined(ends, said["comma"])
    slots = _slots(end["rank"] for end in ends)
    for point in (*lines, *labels):
        point["at"] = slots[point["rank"]]
    most = max(slots.values(), default=1)
    kinds = [said["up"], said["same"], said["down"]]
    x = alt.X("x:Q", axis=None, scale=alt.Scale(domain=[0, 1], nice=False))
    y = alt.Y("at:Q", axis=None, scale=alt.Scale(domain=[0, most], reverse=True, nice=False))
    colour = alt.Color(
        "kind:N",
        title=None,
        scale=alt.Scale(domain=kinds, range=[ACCENT, "#8b98a3", CONTRAST]),
        legend=alt.Legend(orient="bottom", symbolType="stroke"),
    )
    dash = alt.StrokeDash(
        "kind:N",
        title=None,
        scale=alt.Scale(domain=kinds, range=[[1, 0], [1, 0], [5, 3]]),
        legend=alt.Legend(),
    )
    drawn = (
        alt.Chart(alt.InlineData(values=lines))
        .mark_line(strokeWidth=1.8)
        .encode(x=x, y=y, detail="unit:N", color=colour, strokeDash=dash)
    )
    at = alt.Chart(alt.InlineData(values=labels))
    dots = at.mark_point(filled=True, size=34, color=INK, opacity=1).encode(x=x, y=y)
    text: dict[str, Any] = {"fontSize": FONT_SIZE, "color": INK, "baseline": "middle"}
    left = (
        at.transform_filter("datum.x == 0")
        .mark_text(**text, align="right", dx=-9)
        .encode(x=x, y=y, text="label:N")
    )
    right = (
        at.transform_filter("datum.x == 1")
        .mark_text(**text, align="left", dx=9)
        .encode(x=x, y=y, text="label:N")
    )
    heads = (
        alt.Chart(
            alt.InlineData(values=[{"x": n, "at": 0, "label": str(year)} for n, year in enumerate(years)])
        )
        .mark_text(fontSize=FONT_SIZE + 1, color=MUTED, baseline="middle")
        .encode(x=x, y=y, text="label:N")
    )
    return finished(
        alt.layer(drawn, dots, left, right, heads).properties(width=220, height=17.0 * (most + 1)), font
    )


def sensitivity(
    indices: pl.DataFrame,
    *,
    names: Mapping[str, str] | None = None,
    language: str = "en",
    font: str = "sans-serif",
) -> Chart:
    """Draw Sobol's first- and total-order indices of each factor as bars with intervals.

    Parameters
    ----------
    indices
        `factor`, `first`, `first_low`, `first_high`, `total`, `total_low`, `total_high`; intervals may be
        null.
    names
        Of the factors.

    Raises
    ------
    UnknownNameError
        If a column is missing.
    """
    said = words(language)
    orders = ("first", "total")
    needed = ("factor", *(f"{order}{end}" for order in orders for end in ("", "_low", "_high")))
    table = _needed(indices, needed).sort("total", "factor", descending=[True, False], nulls_last=True)
    rows = [
        {
            "factor": (names or {}).get(row["factor"], row["factor"]),
            "order": said[order],
            "value": row[order],
            "low": row[f"{order}_low"],
            "high": row[f"{order}_high"],
        }
        for row in table.iter_rows(named=True)
        for order in orders
        if row[order] is not None
    ]
    factors = [(names or {}).get(factor, factor) for factor in table["factor"]]
    kinds = [said[order] for order in orders]
    base = alt.Chart(alt.InlineData(values=rows))
    offset = alt.YOffset("order:N", sort=kinds)
    y = alt.Y(
        "factor:N",
        sort=factors,
        title=None,
        scale=alt.Scale(paddingInner=0.35),
        axis=alt.Axis(domain=False, ticks=False, labelPadding=8, labelFontSize=FONT_SIZE),
    )
    bars = base.mark_bar(stroke=ACCENT, strokeWidth=1).encode(
        x=alt.X(
            "value:Q", title=said["variance"], axis=alt.Axis(format="%", titleAnchor="start", tickCount=6)
        ),
        y=y,
        yOffset=offset,
        color=alt.Color(
            "order:N",
            title=None,
            sort=kinds,
            scale=alt.Scale(domain=kinds, range=[ACCENT, "#cfdde5"]),
            legend=alt.Legend(orient="top", symbolType="square", symbolStrokeColor=ACCENT),
        ),
    )
    known = base.transform_filter("isValid(datum.low) && isValid(datum.high)")
    spans = [  # light around dark, to be seen on either bar
        known.mark_rule(color=colour, strokeWidth=width).encode(
            x=alt.X("low:Q"), x2="high:Q", y=y, yOffset=offset
        )
        for colour, width in (("#ffffff", 4.0), (INK, 1.4))
    ]
    height = alt.Step(15, **{"for": "offset"})
    return finished(alt.layer(bars, *spans).properties(width=440, height=height), font)


def _needed(table: pl.DataFrame, columns: Sequence[str]) -> pl.DataFrame:
    """Return the table if it has these columns."""
    for column in columns:
        if column not in table.columns:
            raise UnknownNameError(f"the table has no column {column!r}" + hint_near(column, table.columns))
    return table


def _slots(ranks: Iterable[int]) -> dict[int, int]:
    """Place ranks one below the other, and a gap between them as one free place."""
    placed: dict[int, int] = {}
    before, slot = 0, 0
    for rank in sorted(set(ranks)):
        slot += min(rank - before, 2)
        placed[rank] = slot
        before = rank
    return placed


def _labels(rows: Rows) -> dict[Any, str]:
    """Return the names of units, with the unit's own code behind where two have the same."""
    names = [str(row.get("name") or row["unit"]) for row in rows]
    return {
        row["unit"]: name if names.count(name) == 1 else f"{name} ({row['unit']})"
        for row, name in zip(rows, names, strict=True)
    }


def _joined(ends: Rows, comma: str) -> Rows:
    """Put the names of units with the same rank in the same year into one label."""
    found: dict[tuple[int, int], list[str]] = {}
    for end in ends:
        found.setdefault((end["x"], end["rank"]), []).append(end["name"])
    return [
        {
            "x": x,
            "rank": rank,
            "label": f"{comma.join(names)}  {rank}" if x == 0 else f"{rank}  {comma.join(names)}",
        }
        for (x, rank), names in sorted(found.items())
    ]
