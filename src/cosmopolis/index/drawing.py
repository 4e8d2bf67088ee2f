"""The look of an index's figures, and what drawing needs: words, widths of texts, colours, ticks."""

import functools
import tomllib
import unicodedata
from collections.abc import Mapping, Sequence
from importlib import resources
from typing import Any

import altair as alt

from cosmopolis.errors import UnknownNameError, hint_near
from cosmopolis.index.tree import LANGUAGES

Chart = alt.Chart | alt.LayerChart | alt.FacetChart
Rows = list[dict[str, Any]]

INK = "#1b2733"
MUTED = "#5a6672"
RULE = "#c9d1d8"
ACCENT = "#0b4f6c"
CONTRAST = "#d55e00"
RAMP = ("#16273f", "#1f5577", "#2f8094", "#56a78f", "#93c785", "#cfe08c", "#f6f0b4")
"""From dark to light, so that neighbours differ in grey too."""

FONT_SIZE = 11
_EM = {"narrow": 0.56, "wide": 1.0}  # width of a letter and of a Chinese character, of the font's size


@functools.cache
def _texts() -> Mapping[str, Mapping[str, str]]:
    text = (resources.files("cosmopolis.index") / "figures.toml").read_text(encoding="utf-8")
    found: dict[str, dict[str, str]] = tomllib.loads(text)
    return found


def words(language: str) -> dict[str, str]:
    """Return the words of the figures in a language.

    Raises
    ------
    UnknownNameError
        If there are none in it.

    Examples
    --------
    >>> words("zh")["rank"]
    '位次'
    """
    if language not in LANGUAGES:
        raise UnknownNameError(f"there are no words in {language!r}" + hint_near(language, LANGUAGES))
    return {key: texts[language] for key, texts in _texts().items()}


def finished(chart: Chart, font: str) -> Chart:
    """Put the look on that all figures share."""
    plain: dict[str, Any] = {
        "titleFontWeight": "normal",
        "titleFontSize": FONT_SIZE,
        "labelFontSize": FONT_SIZE,
    }
    done: Chart = chart.configure(
        background="#ffffff",
        font=font,
        padding=6,
        view={"stroke": None},
        axis={
            **plain,
            "labelColor": INK,
            "titleColor": MUTED,
            "domainColor": RULE,
            "tickColor": RULE,
            "gridColor": "#e6eaee",
            "labelLimit": 420,
        },
        legend={**plain, "labelColor": INK, "titleColor": MUTED, "labelLimit": 320, "titleLimit": 420},
    )
    return done


def text_width(text: str, size: float = FONT_SIZE) -> float:
    """Estimate the width of a text, in pixels."""
    wide = sum(unicodedata.east_asian_width(letter) in "WF" for letter in text)
    return size * (wide * _EM["wide"] + (len(text) - wide) * _EM["narrow"])


def wrapped(text: str, width: float) -> list[str]:
    """Break a text into lines of a width: between words, in Chinese between characters."""
    chinese = any(unicodedata.east_asian_width(letter) in "WF" for letter in text)
    pieces, gap = (list(text), "") if chinese else (text.split(" "), " ")
    lines = [pieces[0]]
    for piece in pieces[1:]:
        longer = lines[-1] + gap + piece
        if text_width(longer) <= width:
            lines[-1] = longer
        else:
            lines.append(piece)
    return lines


def spread(colours: Sequence[str], n: int) -> list[str]:
    """Pick n colours evenly along a row of them, mixing neighbours."""
    picked = []
    for k in range(n):
        at = k * (len(colours) - 1) / max(n - 1, 1)
        low = min(int(at), len(colours) - 2)
        pair = [[int(colours[low + e][c : c + 2], 16) for c in (1, 3, 5)] for e in (0, 1)]
        mixed = [round(a + (b - a) * (at - low)) for a, b in zip(*pair, strict=True)]
        picked.append("#" + "".join(f"{part:02x}" for part in mixed))
    return picked


def ticks(most: int) -> list[int]:
    """Return ranks to mark on an axis: 1, then round numbers."""
    step = next(s for s in (1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000, most) if most / s <= 8)  # noqa: PLR2004 - as many as are read at a glance
    return [1, *(n for n in range(step, most + 1, step) if n > 1)]
