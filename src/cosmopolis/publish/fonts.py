"""The part of a CJK font that a report needs, as a style rule that carries it inside the page.

Only the glyphs of the characters used are kept, as WOFF2 in base64, so that Chinese shows in a real
font on a machine that has none. Without a font file the reader's own fonts are used.
"""

import base64
import io
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from fontTools import subset
from fontTools.ttLib import TTFont, TTLibError

from cosmopolis.errors import FormatError

FAMILY = "Cosmopolis Sans"
"""What the embedded font is called in the pages' style."""

FALLBACK = '"Noto Sans CJK SC", "Source Han Sans SC", "PingFang SC", "Microsoft YaHei", sans-serif'
"""The reader's own fonts, in the order in which they are looked for."""

_FEATURES = ("kern", "liga", "pwid", "tnum")
_TABLES_LEFT_OUT = ("vhea", "vmtx", "VORG", "BASE", "DSIG")


@dataclass(frozen=True, kw_only=True)
class Subset:
    """A font's part: its bytes, their form, and the characters asked for that the font has no glyph for."""

    data: bytes
    form: str = "woff2"
    missing: tuple[str, ...]

    @property
    def rule(self) -> str:
        """The `@font-face` rule with the font inside."""
        data = base64.b64encode(self.data).decode("ascii")
        return (
            f'@font-face{{font-family:"{FAMILY}";font-weight:400;font-display:block;'
            f'src:url("data:font/{self.form};base64,{data}") format("{self.form}")}}'
        )


def family_of(font: Path) -> str:
    """Return a font file's own family name, which a renderer that loads the file knows it by.

    Raises
    ------
    FormatError
        If the file is not an OpenType font.
    """
    with _opened(font) as loaded:
        return str(loaded["name"].getBestFamilyName())


def cut(font: Path, characters: Iterable[str], *, quick: bool = False) -> Subset:
    """Cut a font down to the glyphs of some characters.

    Parameters
    ----------
    font
        An OpenType or TrueType file.
    characters
        The characters (or texts) to show.
    quick
        Whether the part is for one of many pages: WOFF in place of WOFF2, and no measures taken anew, for a
        third of the time and a quarter more bytes. The file must be one that `cut_file` made.

    Returns
    -------
    subset
        The same bytes for the same font and characters.

    Raises
    ------
    FormatError
        If the file is not an OpenType font.
    """
    form = "woff" if quick else "woff2"
    data, missing = _cut(font, characters, flavor=form, hints_left=not quick)
    return Subset(data=data, form=form, missing=missing)


def cut_file(font: Path, characters: Iterable[str]) -> bytes:
    """Cut a font down to the glyphs of some characters, as a font file that can be cut again.

    Returns
    -------
    data
        An OpenType or TrueType file, as the font is; the same bytes for the same font and characters.

    Raises
    ------
    FormatError
        If the file is not an OpenType font.
    """
    data, _ = _cut(font, characters, flavor=None, hints_left=True)
    return data


def _cut(
    font: Path, characters: Iterable[str], *, flavor: str | None, hints_left: bool
) -> tuple[bytes, tuple[str, ...]]:
    """Return a font's part in a flavour (None: as it is), and the characters that have no glyph."""
    every = set[str]().union(*characters)
    wanted = {ord(c) for c in every if c.isprintable()} | {0x20}
    options = subset.Options()
    options.hinting = not hints_left
    options.layout_features = list(_FEATURES)
    options.drop_tables += list(_TABLES_LEFT_OUT)
    options.name_IDs = [0, 1, 2, 4, 6, 13, 14]
    options.recalc_timestamp = False
    with _opened(font, measure=hints_left) as loaded:
        missing = sorted(wanted - set(loaded.getBestCmap()))
        subsetter = subset.Subsetter(options)
        subsetter.populate(unicodes=sorted(wanted))
        subsetter.subset(loaded)
        loaded.flavor = flavor
        out = io.BytesIO()
        loaded.save(out, reorderTables=False)
    return out.getvalue(), tuple(chr(code) for code in missing)


def _opened(font: Path, *, measure: bool = True) -> TTFont:
    """Open a font file's bytes; a lazy font reads its tables from them as it goes."""
    try:
        data = io.BytesIO(font.read_bytes())
        return TTFont(data, lazy=True, recalcTimestamp=False, recalcBBoxes=measure)
    except (TTLibError, OSError) as error:
        raise FormatError(
            f"font {font.name!r}: got {error}, expected an OpenType font (.otf or .ttf); "
            "give another file, or none to use the reader's own fonts"
        ) from error
