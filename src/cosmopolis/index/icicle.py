"""The tree of weights as a figure: boxes beside boxes, as high as they weigh."""

from typing import Any

import altair as alt

from cosmopolis.index.drawing import (
    FONT_SIZE,
    INK,
    MUTED,
    Chart,
    Rows,
    finished,
    spread,
    text_width,
    words,
    wrapped,
)
from cosmopolis.index.tree import Tree


def weight_tree(
    tree: Tree, *, language: str = "en", font: str = "sans-serif", leaf_height: float = 15.0
) -> Chart:
    """Draw the tree of weights as an icicle: the index at the left, indicators at the right.

    The height of a box is its weight in the whole.

    Parameters
    ----------
    tree
        Of the index.
    leaf_height
        Height of the lightest indicator, in pixels, as long as the indicators do not take more than 30 each,
        or the whole more than 1800; those too low for a line of text then bear none.

    Returns
    -------
    chart
        A rectangle for each node and indicator, with its name and share of the whole.
    """
    said = words(language)
    shares = tree.effective_weights()
    least = min((share for share in shares.values() if share > 0), default=1.0)
    height = min(max(320.0, leaf_height / least), max(320.0, 30.0 * len(shares)), 1800.0)
    levels = _levels(tree)
    deepest = max(levels.values())
    names = _names(tree, language)
    columns: list[float] = []
    for level in range(deepest + 1):
        leaves = [names[i.id] for i in tree.indicators if level == deepest]
        inner = [names[node] for node in (tree.id, *(n.id for n in tree.nodes)) if levels[node] == level]
        longest = max((text_width(name) for name in leaves + inner), default=0.0)
        columns.append(min(max(longest, 60.0), 330.0 if level == deepest else 130.0) + 52.0)
    starts = [sum(columns[:level]) for level in range(deepest + 2)]
    rows: Rows = []

    def place(code: str, top: float, share: float) -> None:
        children = tree.children(code)
        level, end = levels[code], levels[code] if children else deepest
        low, wide = share * height, starts[end + 1] - starts[level]
        lines = wrapped(names[code], wide - 50.0)
        fits = max(1, int(low // (FONT_SIZE + 2)))
        shown = lines if len(lines) <= fits else [names[code]]
        rows.append(
            {
                "code": code,
                "name": names[code],
                "share": share,
                "x": starts[level],
                "x2": starts[end + 1],
                "y": top,
                "y2": top + low,
                "middle": top + low / 2,
                "label": "\n".join(shown) if low >= FONT_SIZE - 1 else "",
                "percent": f"{100 * share:.3g}%" if low >= FONT_SIZE - 1 else "",
                "limit": wide - 50.0,
                "level": level if children else deepest,
            }
        )
        total = sum(child.weight for child in children)
        for child in children:
            part = share * child.weight / total
            place(child.id, top, part)
            top += part * height

    place(tree.id, 0.0, 1.0)
    base = alt.Chart(alt.InlineData(values=rows))
    y = alt.Y("y:Q", axis=None, scale=alt.Scale(domain=[0, height], reverse=True, nice=False))
    x = alt.X("x:Q", axis=None, scale=alt.Scale(domain=[0, starts[-1]], nice=False))
    tints = ["#b9ccd6", "#d3dfe6", "#e6edf1", "#f3f6f8"]
    boxes = base.mark_rect(stroke="#ffffff", strokeWidth=1.5).encode(
        x=x,
        x2="x2:Q",
        y=y,
        y2="y2:Q",
        color=alt.Color(
            "level:O",
            legend=None,
            scale=alt.Scale(domain=list(range(deepest + 1)), range=spread(tints, deepest + 1)),
        ),
        tooltip=["name:N", alt.Tooltip("share:Q", title=said["share"], format=".2%")],
    )
    text: dict[str, Any] = {"baseline": "middle", "fontSize": FONT_SIZE, "color": INK, "lineBreak": "\n"}
    layers: list[alt.Chart] = [boxes]
    for n_lines in sorted({row["label"].count("\n") for row in rows}):
        here = base.transform_filter(f"length(split(datum.label, '\\n')) == {n_lines + 1}")
        up = -n_lines * (FONT_SIZE + 2) / 2
        limits = sorted({row["limit"] for row in rows if row["label"].count("\n") == n_lines})
        layers += [
            here.transform_filter(f"datum.limit == {limit}")
            .mark_text(**text, align="left", dx=6, dy=up, limit=limit, lineHeight=FONT_SIZE + 2)
            .encode(x="x:Q", y=alt.Y("middle:Q"), text="label:N")
            for limit in limits
        ]
    layers.append(
        base.mark_text(**(text | {"color": MUTED}), align="right", dx=-6).encode(
            x="x2:Q", y=alt.Y("middle:Q"), text="percent:N"
        )
    )
    return finished(alt.layer(*layers).properties(width=starts[-1], height=height), font)


def _names(tree: Tree, language: str) -> dict[str, str]:
    named = {tree.id: tree.name} | {entry.id: entry.name for entry in tree.entries}
    return {code: name.get(language, code) for code, name in named.items()}


def _levels(tree: Tree) -> dict[str, int]:
    """Return how far each node and indicator is from the root."""
    found = {tree.id: 0}
    for node in reversed(tree.upward()):
        found |= {child.id: found[node] + 1 for child in tree.children(node)}
    return found
