"""Drawings fit to stand in a page: nothing loaded, nothing run, ids of their own."""

import re

from cosmopolis.publish import charts, render

ROWS = [
    {"region": "<script>alert(1)</script>", "cities": 3, "label": "3"},
    {"region": "Synthetic\x0b region", "cities": 1, "label": "1"},
]


def _svg(id: str = "a") -> str:  # noqa: A002
    return str(
        render.svg(
            charts.region_bars(ROWS),
            config=charts.config("sans-serif"),
            id=id,
            title='Bars "1" & <2>',
            description="D",
        )
    )


def test_markup_in_names_is_text() -> None:
    drawing = _svg()
    assert "<script" not in drawing
    assert "&lt;script&gt;" in drawing
    assert "\x0b" not in drawing


def test_title_and_description_are_said() -> None:
    drawing = _svg("bars")
    assert 'role="img"' in drawing
    assert 'aria-labelledby="bars-title bars-description"' in drawing
    assert "&lt;2&gt;" in drawing


def test_ids_do_not_collide() -> None:
    first, second = (set(re.findall(r' id="([^"]+)"', _svg(id))) for id in ("a", "b"))  # noqa: A001
    assert first
    assert not first & second


def test_numbers_are_short_and_size_is_the_page_s() -> None:
    drawing = _svg()
    assert not re.search(r'(?: d| transform| x| y)="[^"]*\d\.\d\d', drawing)
    assert not re.search(r"<svg[^>]* width=", drawing)
    assert "font-family" not in drawing


def test_same_bytes_twice() -> None:
    assert _svg() == _svg()
