"""A font is cut to the glyphs used; what it lacks is named."""

import base64
import io
from pathlib import Path

import pytest
from fontTools.fontBuilder import FontBuilder
from fontTools.pens.ttGlyphPen import TTGlyphPen
from fontTools.ttLib import TTFont

from cosmopolis.errors import FormatError
from cosmopolis.publish import fonts


@pytest.fixture(scope="module")
def font(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Make a font of four square glyphs."""
    characters = {ord("A"): "A", ord(" "): "space", ord("城"): "cheng", ord("市"): "shi"}
    pen = TTGlyphPen(None)
    for n, point in enumerate([(0, 0), (0, 700), (700, 700), (700, 0)]):
        (pen.lineTo if n else pen.moveTo)(point)
    pen.closePath()
    square = pen.glyph()
    names = [".notdef", *characters.values()]
    builder = FontBuilder(1000, isTTF=True)
    builder.setupGlyphOrder(names)
    builder.setupCharacterMap(characters)
    builder.setupGlyf(dict.fromkeys(names, square))
    builder.setupHorizontalMetrics(dict.fromkeys(names, (800, 0)))
    builder.setupHorizontalHeader(ascent=800, descent=-200)
    builder.setupNameTable({"familyName": "Synthetic Sans", "styleName": "Regular"})
    builder.setupOS2()
    builder.setupPost()
    builder.updateHead(created=0, modified=0)
    file = tmp_path_factory.mktemp("font") / "synthetic.ttf"
    builder.save(file)
    return file


def test_only_the_glyphs_used_stay(font: Path) -> None:
    cut = fonts.cut(font, ["A城", "A"])
    kept = TTFont(io.BytesIO(cut.data))
    assert sorted(kept.getBestCmap()) == [0x20, ord("A"), ord("城")]
    assert kept.flavor == "woff2"


def test_what_the_font_lacks_is_named(font: Path) -> None:
    assert fonts.cut(font, ["A市ß\n"]).missing == ("ß",)


def test_same_bytes_twice_whatever_the_order(font: Path) -> None:
    assert fonts.cut(font, ["A城市"]).data == fonts.cut(font, ["市", "城", "A"]).data


def test_a_quick_part_of_a_cut_file_has_the_same_glyphs(font: Path, tmp_path: Path) -> None:
    file = tmp_path / "font.ttf"
    file.write_bytes(fonts.cut_file(font, ["A城市"]))
    assert sorted(TTFont(file).getBestCmap()) == [0x20, ord("A"), ord("城"), ord("市")]
    cut = fonts.cut(file, ["城ß"], quick=True)
    kept = TTFont(io.BytesIO(cut.data))
    assert (sorted(kept.getBestCmap()), kept.flavor, cut.missing) == ([0x20, ord("城")], "woff", ("ß",))
    assert 'format("woff")' in cut.rule
    assert "font/woff;base64" in cut.rule


def test_rule_carries_the_font_inside(font: Path) -> None:
    cut = fonts.cut(font, ["A"])
    assert base64.b64encode(cut.data).decode() in cut.rule
    assert "http" not in cut.rule


def test_family(font: Path) -> None:
    assert fonts.family_of(font) == "Synthetic Sans"


def test_no_font_is_an_error_that_teaches(tmp_path: Path) -> None:
    file = tmp_path / "not.otf"
    file.write_text("no font")
    with pytest.raises(FormatError, match=r"not\.otf.*expected an OpenType font"):
        fonts.cut(file, ["A"])
