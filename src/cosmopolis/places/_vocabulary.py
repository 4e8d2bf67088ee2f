"""What a resolver knows of words: where texts are cut, what stands around a name, what is never one.

The words themselves stand in `resolver_words.toml`, by kind and language; here they become patterns on
normal forms (`names.normal_form`).
"""

import tomllib
from dataclasses import dataclass
from functools import lru_cache
from importlib import resources
from typing import Any, Final

SPLIT: Final = r"[,;/|()\[\]（）、，；：\n\t]|\s[-–—]\s"
"""Where a text is cut into parts."""

SPLIT_HAN: Final = r"(\p{Han}{2,}?(?:特别行政区|自治区|自治州|省|市|区|县|都|府|県|道))"
"""Parts of an address in Han characters, which go from the large to the small: 广东省深圳市南山区."""

DIGITS: Final = r"(?:\b[\p{L}]?\d[\p{L}\d]*\b\s*)+"
"""House numbers and postcodes, in normal form."""


@dataclass(frozen=True, kw_only=True)
class Vocabulary:
    """Patterns and words of `resolver_words.toml`.

    Attributes
    ----------
    town, area
        Pattern of the words around a name that are a town's own; of those of an area named after it.
    no_town
        Pattern of areas that are not named after a town in the countries `no_town_countries`.
    adjective
        Pattern of the endings of adjectives made of a town's name in `adjective_countries`.
    locative
        Pattern of what follows a name's head ("am Main").
    pair
        Pattern of what stands between the two names of one town.
    common
        Words that are no name of a place when they stand inside a text.
    institution
        Pattern of the words of institutions and addresses.
    romanised
        Countries whose names have several romanisations.
    """

    town: str
    area: str
    no_town: str
    no_town_countries: tuple[str, ...]
    adjective: str
    adjective_countries: tuple[str, ...]
    locative: str
    pair: str
    common: tuple[str, ...]
    institution: str
    romanised: tuple[str, ...]


@lru_cache(maxsize=1)
def vocabulary() -> Vocabulary:
    """Read the words that ship with the package."""
    text = resources.files("cosmopolis.places").joinpath("resolver_words.toml").read_text(encoding="utf-8")
    words = tomllib.loads(text)
    institution = words["institution"]["words"]
    spaced = [word for word in institution if word.isascii()]
    joined = [word for word in institution if not word.isascii()]
    return Vocabulary(
        town=_around(words["town"], words["joints"]),
        area=_around(words["area"], words["joints"]),
        no_town=rf"\b(?:{_either(words['no_town']['words'])})\b",
        no_town_countries=tuple(words["no_town"]["countries"]),
        adjective=rf"(?:{_either(words['adjective']['endings'])})$",
        adjective_countries=tuple(words["adjective"]["countries"]),
        locative=rf" (?:{_either(words['locative']['words'])}) .*$",
        pair=rf"[-–—]| (?:{_either(words['pair']['words'])}) ",
        common=tuple(words["common"]["words"]),
        institution=rf"\b(?:{_either(spaced)})\b|{_either(joined)}",
        romanised=tuple(words["romanised"]["countries"]),
    )


def _either(words: list[str]) -> str:
    """Write a pattern of any of the words, longest first, so that none hides a longer one."""
    return "|".join(sorted(words, key=lambda word: (-len(word), word)))


def _around(words: dict[str, Any], joints: list[str]) -> str:
    """Write a pattern of words before or after a name, in any number, or endings that are joined to it."""
    before = rf"^(?:(?:{_either(words['before'])}) (?:(?:{_either(joints)}) )*)+"
    after = rf"(?: (?:{_either(words['after'])}))+$"
    joined = rf"(?:{_either(words['after_joined'])})$"
    return f"{before}|{after}|{joined}"
