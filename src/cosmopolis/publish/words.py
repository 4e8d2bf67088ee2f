"""Every word that a reader reads, in Chinese and English, and numbers as each language writes them.

The words stand in `words.toml`, those of tables and of chapters in files of their own: a key has one text
a language, or in English one for each plural form. No text of a language stands in code. Numbers, shares and
lists are written by Babel. Names of cities, countries and sources are data and come with the result.
"""

import functools
import math
import tomllib
from collections.abc import Iterable, Mapping
from importlib import resources
from typing import Any

from babel import Locale
from babel.lists import format_list
from babel.numbers import format_compact_decimal, format_decimal, format_percent

from cosmopolis.errors import UnknownNameError, hint_near
from cosmopolis.publish.result import Text, said

LANGUAGES = ("en", "zh")
"""The languages of the report, by the first part of their BCP 47 tag."""

_FILES = (
    ("words.toml",),
    ("columns.toml",),
    ("chapter", "words.toml"),
    ("innovation", "words.toml"),
    ("production", "words.toml"),
    ("profile", "words.toml"),
)
"""The files of words; no section stands in two of them."""

_LOCALES = {"en": "en_GB", "zh": "zh_Hans_CN"}
_GAPS = {"en": " ", "zh": ""}
_TAGS = {"en": "en", "zh": "zh-Hans"}


@functools.cache
def _texts() -> Mapping[str, Mapping[str, Any]]:
    """Read the words as `{"section.key": {"en": ..., "zh": ...}}`."""
    tables = tomllib.loads(all_text())
    return {f"{section}.{key}": text for section, keys in tables.items() for key, text in keys.items()}


def keys() -> tuple[str, ...]:
    """Return every key of the words."""
    return tuple(_texts())


def all_text() -> str:
    """Return every text of every language in one, for whoever needs to know the characters."""
    folder = resources.files("cosmopolis.publish")
    return "\n".join(folder.joinpath(*file).read_text(encoding="utf-8") for file in _FILES)


def _texts_of(key: str) -> Mapping[str, Any]:
    """Return a key's texts in every language."""
    texts = _texts()
    if key not in texts:
        raise UnknownNameError(f"there are no words {key!r} in words.toml" + hint_near(key, texts))
    return texts[key]


def clean(name: str) -> str:
    """Leave out control characters, which neither XML nor a reader can do anything with."""
    if name.isprintable():
        return name
    return "".join(c for c in name if c.isprintable() or c in "\u200c\u200d")


class Words:
    """The words of one language: call it with a key and the values that its text names.

    Parameters
    ----------
    language
        `en` or `zh`.

    Raises
    ------
    UnknownNameError
        If there is no such language, or when called, no such key.

    Examples
    --------
    >>> Words("en")("count.cities", n=1), Words("en")("count.cities", n=1200)
    ('1 city', '1,200 cities')
    """

    def __init__(self, language: str) -> None:
        if language not in LANGUAGES:
            raise UnknownNameError(f"there are no words in {language!r}" + hint_near(language, LANGUAGES))
        self.language = language
        self.tag = _TAGS[language]
        self.locale = Locale.parse(_LOCALES[language])

    def __call__(self, key: str, /, **values: object) -> str:
        """Return a text with its values in place; a whole number `n` picks the plural form."""
        text = _texts_of(key)[self.language]
        if isinstance(text, Mapping):
            n = values.get("n", 0)
            form = self.locale.plural_form(n if isinstance(n, int | float) else 0)
            text = text.get(form, text["other"])
        written = {
            name: self.whole(value) if isinstance(value, int) else value for name, value in values.items()
        }
        return str(text).format(**written)

    def has(self, key: str) -> bool:
        """Say whether there are such words."""
        return key in _texts()

    def or_id(self, section: str, name: str) -> str:
        """Return the words for a name of the data (a region, a measure), else the name itself."""
        return self(f"{section}.{name}") if self.has(f"{section}.{name}") else name

    def said(self, text: Text) -> str:
        """Return a text of the result in this language."""
        return said(text, self.language)

    @property
    def no_data(self) -> str:
        """What stands where there is no number."""
        return self("common.no_data")

    def number(self, value: float | None, *, digits: int = 1) -> str:
        """Write a number with a fixed count of decimals; "no data" for none."""
        if value is None or not math.isfinite(value):
            return self.no_data
        pattern = "#,##0." + "0" * digits if digits else "#,##0"
        return str(format_decimal(value, format=pattern, locale=self.locale))

    def whole(self, value: float | None) -> str:
        """Write a whole number; "no data" for none."""
        return self.number(value, digits=0)

    def amount(self, value: float | None) -> str:
        """Write a number of any size with three significant digits, whole numbers whole."""
        if value is None or not math.isfinite(value):
            return self.no_data
        if value == round(value) or abs(value) >= 100:  # noqa: PLR2004 - three digits stand before the point
            return self.whole(value)
        small = value != 0 and abs(value) < 0.001  # noqa: PLR2004 - three decimals would show as zero
        pattern = "0.##E0" if small else "#,##0.###" if abs(value) < 1 else "#,##0.##"
        return str(format_decimal(value, format=pattern, locale=self.locale))

    def compact(self, value: float | None) -> str:
        """Write a large number shortly, such as a population; "no data" for none."""
        if value is None or not math.isfinite(value):
            return self.no_data
        return str(format_compact_decimal(value, locale=self.locale, fraction_digits=1))

    def share(self, value: float | None) -> str:
        """Write a share of 0..1 as whole per cent, 0% and 100% only where it is; "no data" for none."""
        if value is None or not math.isfinite(value):
            return self.no_data
        if 1e-9 < value < 1 - 1e-9:  # noqa: PLR2004 - beyond what sums of weights are off by
            value = min(max(value, 0.01), 0.99)
        return str(format_percent(value, format="#,##0%", locale=self.locale))

    def sentences(self, texts: Iterable[str]) -> str:
        """Put sentences one after the other; empty ones are left out."""
        return _GAPS[self.language].join(text for text in texts if text)

    def joined(self, names: Iterable[str]) -> str:
        """Write names as a list: commas and a last "and"."""
        return str(format_list(list(names), locale=self.locale))
