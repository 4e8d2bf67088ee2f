"""Normal forms of names, so that `Sao Paulo`, `SÃO PAULO` and `São Paulo` are one key.

Two names with the same normal form are taken for the same name, two with the same spoken form for ones
worth comparing; nothing here decides which place is meant.
"""

from functools import lru_cache

import opencc
import polars as pl

_LETTERS = {
    "ß": "ss", "ø": "o", "đ": "d", "ð": "d", "ł": "l", "æ": "ae", "œ": "oe", "þ": "th", "ı": "i", "ə": "e",
    "ħ": "h", "ŋ": "n", "ʻ": "", "ʼ": "", "’": "", "‘": "", "'": "", "`": "", "´": "", "ʹ": "", "·": " ",
}  # fmt: skip
"""Letters that Unicode does not take apart, and apostrophes, which spellings add and drop at will."""

_WORDS = {r"\bst\b": "saint", r"\bste\b": "sainte", r"\bmt\b": "mount", r"\bft\b": "fort"}
"""Abbreviations in names of places, spelt out."""

HAN = r"\p{Han}"


def normal_form(name: pl.Expr) -> pl.Expr:
    """Give the key under which names are compared.

    Compatibility decomposition, marks of the Latin, Greek and Cyrillic scripts dropped, lower case,
    letters such as ø spelt out, `St` as `saint`, everything that is neither letter, mark nor digit as one
    space. Han characters stay as written: see `simplified`.

    Examples
    --------
    >>> pl.select(normal_form(pl.lit("  ST. Gallen / Sankt-Gallen"))).item()
    'saint gallen sankt gallen'
    """
    key = (
        name.str.normalize("NFKD")
        .str.replace_all(r"[\u0300-\u036f]", "")
        .str.to_lowercase()
        .str.replace_many(list(_LETTERS), list(_LETTERS.values()))
        .str.replace_all(r"[^\p{L}\p{M}\p{N}]+", " ")
        .str.normalize("NFC")
    )
    for pattern, word in _WORDS.items():
        key = key.str.replace_all(pattern, word)
    return key.str.strip_chars()


_SOUNDS = {
    "shch": "s", "tsch": "c", "sch": "s", "tch": "c", "sh": "s", "ch": "c", "zh": "z", "kh": "h",
    "gh": "g", "dh": "d", "th": "t", "ph": "f", "ck": "k", "tz": "c", "ts": "c", "q": "k", "w": "v",
    "y": "i", "j": "i", "ou": "u", "oo": "u", "ee": "i", "ai": "e", "ay": "e", "ei": "e", "ey": "e",
    "iy": "i", "yi": "i", "yy": "i", "ij": "i", "ii": "i", "aa": "a", "bb": "b", "cc": "c", "dd": "d",
    "ff": "f", "gg": "g", "kk": "k", "ll": "l", "mm": "m", "nn": "n", "pp": "p", "rr": "r", "ss": "s",
    "tt": "t", "uu": "u", "vv": "v", "zz": "z", " ": "",
}  # fmt: skip
"""What romanisations write for one another; longer first."""

_SOUNDS_KOREAN = {"eo": "o", "eu": "u", "ch": "c", "g": "k", "d": "t", "b": "p", "j": "c", "r": "l"}
"""Revised Romanisation and McCune-Reischauer: Donghae and Tonghae, Jeju and Cheju."""

_SOUNDS_JAPANESE = {
    "tsu": "tu", "chi": "ti", "shi": "si", "fu": "hu", "ji": "zi", "ou": "o", "oh": "o", "oo": "o",
    "mb": "nb", "mp": "np", "mm": "nm",
}  # fmt: skip
"""Hepburn and Kunrei: Tsushima and Tusima, Namba and Nanba."""


def spoken_form(key: pl.Expr, country: pl.Expr) -> pl.Expr:
    """Give the form in which different romanisations of a name fall together.

    It is coarse: two names with the same spoken form are worth comparing, not yet the same.

    Parameters
    ----------
    key
        A name's normal form.
    country
        Where the name is spoken: Korean and Japanese have systems of their own.

    Examples
    --------
    >>> pl.select(spoken_form(pl.lit("zaporizhzhya"), pl.lit("UA"))).item()
    'zaporizia'
    >>> pl.select(spoken_form(pl.lit("cheju"), pl.lit("KR"))).item()
    'cecu'
    """
    own = (
        pl.when(country.is_in(["KR", "KP"]))
        .then(_replaced(key, _SOUNDS_KOREAN))
        .when(country == "JP")
        .then(_replaced(key, _SOUNDS_JAPANESE))
        .otherwise(key)
    )
    twice = _replaced(_replaced(own, _SOUNDS), _SOUNDS)  # "zhzh" is "zz" after the first time, "z" then
    return twice.str.replace(r"[ae]h$", "a")


def _replaced(text: pl.Expr, letters: dict[str, str]) -> pl.Expr:
    """Replace letters from left to right, the first in the table that fits."""
    return text.str.replace_many(list(letters), list(letters.values()), leftmost=True)


@lru_cache(maxsize=1)
def _converter() -> opencc.OpenCC:
    return opencc.OpenCC("t2s")


def simplified(names: pl.Series) -> pl.Series:
    """Write Han characters in their simplified form (OpenCC, `t2s`); other scripts stay as they are.

    Examples
    --------
    >>> simplified(pl.Series(["東京", "Tokyo"])).to_list()
    ['东京', 'Tokyo']
    """
    converter = _converter()
    distinct = names.filter(names.str.contains(HAN)).unique().sort()
    if distinct.is_empty():
        return names
    changed = [converter.convert(name) for name in distinct]
    return names.replace(distinct, pl.Series(changed, dtype=pl.String))
