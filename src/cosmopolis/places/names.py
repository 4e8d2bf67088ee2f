"""Normal forms of names, so that `Sao Paulo`, `SÃO PAULO` and `São Paulo` are one key.

Two names with the same normal form are taken for the same name; nothing here decides which place is
meant.
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
