"""Frontier fields of science and technology: what defines them.

The fields stand in `fields.toml`, or in a file of the user's own in the same form. A work is placed by its
OpenAlex topics and keywords and by its venue, a patent by its CPC or IPC symbols; a record may be in several
fields or in none. This module reads and checks the file and makes the tables that records are joined with;
the joins stand in `cosmopolis.networks.classify`.
"""

import re
import tomllib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from importlib import resources
from pathlib import Path
from typing import Any, Final

import polars as pl

from cosmopolis.errors import SpecError, UnknownNameError, hint_near

KINDS: Final = ("science", "technology")
"""A field of science has works, one of technology has patents."""

ALL: Final = "all"
"""The field that every record is in, where it is asked for; no field of the file may be called so."""

LANGUAGES: Final = ("en", "zh")
SCIENCE_KEYS: Final = ("topics", "asjc", "not_topics", "keywords", "venues")
TECHNOLOGY_KEYS: Final = ("classes", "not_classes")

ASJC_FIELDS: Final = range(10, 37)
"""First two digits of the codes of the All Science Journal Classification."""

_REQUIRED = ("id", "kind", "name", "definition")
_OPTIONAL = ("named", "sources", *SCIENCE_KEYS, *TECHNOLOGY_KEYS)
_ID = re.compile(r"[a-z][a-z0-9]*(_[a-z0-9]+)*")
_TOPIC = re.compile(r"T\d{4,6}")
_ASJC = re.compile(r"\d{2}(\d{2})?")
_SYMBOL = re.compile(r"[A-HY](\d\d([A-Z](\d{1,4}(/(\d{2,6})?)?)?)?)?")
_SUBCLASS_LENGTH = 4  # G06N
_OPENALEX = "https://openalex.org/"

BROAD, BARRED, PLAIN = 1, 2, 3
"""How a mark of a work counts: an ASJC code does, unless the work bears a barred topic, unless another
mark places the work anyway. The greatest of a work's marks decides: the field has it unless that is BARRED.
"""


@dataclass(frozen=True, kw_only=True)
class Field:
    """A frontier field.

    Attributes
    ----------
    kind
        `science` or `technology`.
    name, definition
        By language.
    named
        Whether the published report names it; else it is a choice of whoever wrote the file.
    sources
        Keys of `Fields.sources` that it rests on.
    topics, not_topics, asjc, keywords, venues
        Of science: see `fields.toml`.
    classes, not_classes
        Of technology: CPC or IPC symbols, normalised (`symbol`).
    """

    id: str
    kind: str
    name: Mapping[str, str]
    definition: Mapping[str, str]
    named: bool = False
    sources: tuple[str, ...] = ()
    topics: tuple[str, ...] = ()
    asjc: tuple[str, ...] = ()
    not_topics: tuple[str, ...] = ()
    keywords: tuple[str, ...] = ()
    venues: tuple[str, ...] = ()
    classes: tuple[str, ...] = ()
    not_classes: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Fields:
    """Frontier fields in the order of their file, and what they rest on, by key."""

    fields: tuple[Field, ...]
    sources: Mapping[str, str] = field(default_factory=dict)

    def ids(self, kind: str | None = None) -> tuple[str, ...]:
        """Return the ids, of one kind or of both."""
        return tuple(one.id for one in self.fields if kind in (None, one.kind))

    def field(self, field_id: str) -> Field:
        """Return a field by its id.

        Raises
        ------
        UnknownNameError
            If there is none of that id; the message names the nearest.
        """
        for one in self.fields:
            if one.id == field_id:
                return one
        raise UnknownNameError(f"there is no frontier field {field_id!r}" + hint_near(field_id, self.ids()))

    def pick(self, ids: Iterable[str]) -> "Fields":
        """Return these fields alone, in the order of the file; all of them where none is named."""
        wanted = {self.field(field_id).id for field_id in ids} or set(self.ids())
        return Fields(fields=tuple(one for one in self.fields if one.id in wanted), sources=self.sources)

    def marks(self) -> pl.DataFrame:
        """Make the table that works are joined with.

        Returns
        -------
        marks
            `kind` (`topic`, `keyword`, `venue`), `code` in small letters, `field`, `weight` (`BROAD`,
            `BARRED`, `PLAIN`), sorted. A code stands in each form that a source may write: with and without
            the address of OpenAlex, an ASJC code as `subfields/1702` and as `1702`.
        """
        rows: set[tuple[str, str, str, int]] = set()
        for one in self.fields:
            for weight, codes in ((PLAIN, one.topics), (BARRED, one.not_topics)):
                rows |= {("topic", form, one.id, weight) for code in codes for form in _forms(code)}
            for code in one.asjc:
                path = f"{'subfields' if len(code) > 2 else 'fields'}/{code}"  # noqa: PLR2004 - 17 or 1702
                rows |= {("topic", form, one.id, BROAD) for form in (code, *_forms(path))}
            for code in one.keywords:
                bare = code.removeprefix("keywords/")
                forms = {bare, bare.replace("-", " "), *_forms(f"keywords/{bare}")}
                rows |= {("keyword", form.lower(), one.id, PLAIN) for form in forms}
            rows |= {("venue", venue.strip().lower(), one.id, PLAIN) for venue in one.venues}
        schema = {"kind": pl.String, "code": pl.String, "field": pl.String, "weight": pl.Int32}
        return pl.DataFrame(sorted(rows), schema=schema, orient="row")

    def symbols(self) -> pl.DataFrame:
        """Make the table that symbols of patents are joined with.

        Returns
        -------
        symbols
            `section` (its first letter), `prefix`, `length` of the prefix, `field`, `included` (1, or 0 for a
            symbol taken out), sorted. A main group ends in `/`, a subgroup in `$`, which the key of a symbol
            (`classify.ENDED_SQL`) ends in too.
        """
        rows = sorted(
            (prefix[0], prefix, len(prefix), one.id, included)
            for one in self.fields
            for included, codes in ((1, one.classes), (0, one.not_classes))
            for prefix in map(_prefix, codes)
        )
        schema = {
            "section": pl.String,
            "prefix": pl.String,
            "length": pl.Int32,
            "field": pl.String,
            "included": pl.Int32,
        }
        return pl.DataFrame(rows, schema=schema, orient="row")


def _forms(code: str) -> tuple[str, str]:
    return code.lower(), f"{_OPENALEX}{code}".lower()


def symbol(text: str) -> str:
    """Write a CPC or IPC symbol as `G06N10/20`, `G06N10/`, `G06N`, `G06` or `G`.

    Raises
    ------
    SpecError
        If it is none.

    Examples
    --------
    >>> symbol("g06n 10/20"), symbol("G06N10"), symbol("H01M")
    ('G06N10/20', 'G06N10/', 'H01M')
    """
    bare = "".join(text.upper().split())
    if not _SYMBOL.fullmatch(bare):
        raise SpecError(
            f"{text!r} is no CPC or IPC symbol; expected a section 'G', a class 'G06', a subclass 'G06N', "
            "a main group 'G06N10' or a subgroup 'G06N10/20'"
        )
    return bare if "/" in bare or len(bare) <= _SUBCLASS_LENGTH else f"{bare}/"


def _prefix(normalised: str) -> str:
    return f"{normalised}$" if "/" in normalised and not normalised.endswith("/") else normalised


@cache
def built_in() -> Fields:
    """Return the fields of `fields.toml`.

    Examples
    --------
    >>> len(built_in().ids("science")), len(built_in().ids("technology"))
    (9, 7)
    """
    text = resources.files("cosmopolis.networks").joinpath("fields.toml").read_text("utf-8")
    return parse(text, where="fields.toml")


def load(path: Path | None = None) -> Fields:
    """Read a file of fields; the built-in one if none is named.

    Raises
    ------
    SpecError
        If it cannot be read, or anything in it is unknown, missing, doubled or malformed.
    """
    if path is None:
        return built_in()
    try:
        text = path.read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise SpecError(f"fields {path} cannot be read: {error}") from error
    return parse(text, where=f"fields {path}")


def parse(text: str, *, where: str = "fields") -> Fields:
    """Read the text of a file of fields and check every part of it.

    Raises
    ------
    SpecError
        As `load`.
    """
    try:
        raw = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise SpecError(f"{where}: not TOML: {error}") from error
    _check_keys(raw, ("sources", "field"), where, required=("field",))
    sources = raw.get("sources", {})
    if not isinstance(sources, dict) or not all(isinstance(value, str) for value in sources.values()):
        raise SpecError(f"{where}: [sources] must hold texts, such as cpc = 'CPC scheme, …'")
    entries = raw["field"]
    if not isinstance(entries, list) or not entries:
        raise SpecError(f"{where}: expected tables [[field]]")
    fields = tuple(_field(entry, place, sources, where) for place, entry in enumerate(entries, start=1))
    ids = [one.id for one in fields]
    if twice := sorted({one for one in ids if ids.count(one) > 1}):
        raise SpecError(f"{where}: field {twice[0]!r} stands there twice; give each an id of its own")
    return Fields(fields=fields, sources=sources)


def _field(entry: Any, place: int, sources: Mapping[str, str], where: str) -> Field:  # noqa: ANN401 - of a file
    if not isinstance(entry, dict):
        raise SpecError(f"{where}: field {place} is {entry!r}; expected a table [[field]]")
    field_id = entry.get("id")
    where = f"{where}, field {field_id if isinstance(field_id, str) else place!r}"
    _check_keys(entry, (*_REQUIRED, *_OPTIONAL), where, required=_REQUIRED)
    if not isinstance(field_id, str) or not _ID.fullmatch(field_id) or field_id == ALL:
        raise SpecError(
            f"{where}: an id is made of small letters, digits and '_', begins with a letter "
            f"and is not {ALL!r}"
        )
    kind = entry["kind"]
    if kind not in KINDS:
        raise SpecError(f"{where}: kind is {kind!r}" + hint_near(str(kind), KINDS))
    keys, others = (SCIENCE_KEYS, TECHNOLOGY_KEYS) if kind == "science" else (TECHNOLOGY_KEYS, SCIENCE_KEYS)
    if wrong := [key for key in others if key in entry]:
        raise SpecError(
            f"{where}: {wrong[0]!r} is no key of a field of {kind}, which is defined by {', '.join(keys)}"
        )
    if not isinstance(entry.get("named", False), bool):
        raise SpecError(f"{where}: named is {entry['named']!r}; expected true or false")
    lists = {key: _texts(entry, key, where) for key in keys}
    for key, values in lists.items():
        lists[key] = tuple(_checked(value, key, where) for value in values)
    _check_marks(lists, keys, where)
    rests = _texts(entry, "sources", where)
    for source in rests:
        if source not in sources:
            raise SpecError(
                f"{where}: there is no source {source!r} in [sources]" + hint_near(source, sources)
            )
    return Field(
        id=field_id,
        kind=kind,
        name=_by_language(entry["name"], f"{where}, name"),
        definition=_by_language(entry["definition"], f"{where}, definition"),
        named=entry.get("named", False),
        sources=rests,
        **lists,
    )


def _checked(value: str, key: str, where: str) -> str:
    """Return one value of a list, normalised where it is a symbol."""
    if key in TECHNOLOGY_KEYS:
        try:
            return symbol(value)
        except SpecError as error:
            raise SpecError(f"{where}, {key}: {error}") from None
    if key in ("topics", "not_topics") and not _TOPIC.fullmatch(value):
        bare = value.removeprefix(_OPENALEX).upper()
        hint = f"; did you mean {bare!r}?" if _TOPIC.fullmatch(bare) else ""
        raise SpecError(
            f"{where}, {key}: {value!r} is no OpenAlex topic; expected an id such as 'T10028'{hint}"
        )
    if key == "asjc" and not (_ASJC.fullmatch(value) and int(value[:2]) in ASJC_FIELDS):
        bare = value.rpartition("/")[2]
        hint = f"; did you mean {bare!r}?" if bare != value and _ASJC.fullmatch(bare) else ""
        raise SpecError(
            f"{where}, asjc: {value!r} is no ASJC code; expected four digits of a subfield ('1702') or two "
            f"of a field ('17'), from {ASJC_FIELDS[0]} to {ASJC_FIELDS[-1]}{hint}"
        )
    return value


def _check_marks(lists: Mapping[str, tuple[str, ...]], keys: Sequence[str], where: str) -> None:
    """Raise if a list names a value twice, if a value is in and out, or if nothing is in."""
    for key, values in lists.items():
        if twice := sorted({value for value in values if values.count(value) > 1}):
            raise SpecError(f"{where}, {key}: {twice[0]!r} stands there twice")
    for key in keys:
        both = sorted(set(lists[key]) & set(lists.get(f"not_{key}", ())))
        if both:
            raise SpecError(f"{where}: {both[0]!r} stands in {key} and in not_{key}; leave it out of one")
    if not any(values for key, values in lists.items() if not key.startswith("not_")):
        named = ", ".join(key for key in keys if not key.startswith("not_"))
        raise SpecError(f"{where}: nothing is in the field; give at least one of {named}")
    covering = [_prefix(code) for code in lists.get("classes", ())]
    for code in lists.get("not_classes", ()):
        if not any(_prefix(code).startswith(prefix) for prefix in covering):
            raise SpecError(
                f"{where}, not_classes: {code!r} is under none of the field's classes"
                + hint_near(code, lists["classes"])
            )
    if lists.get("not_topics") and not lists["asjc"]:
        raise SpecError(f"{where}: not_topics takes works out of ASJC codes, but the field has no asjc")


def _check_keys(
    entry: Mapping[str, Any], valid: Sequence[str], where: str, *, required: Sequence[str]
) -> None:
    for key in entry:
        if key not in valid:
            raise SpecError(f"{where}: unknown key {key!r}" + hint_near(key, valid))
    if missing := [key for key in required if key not in entry]:
        raise SpecError(f"{where}: {', '.join(missing)} missing; required are {', '.join(required)}")


def _texts(entry: Mapping[str, Any], key: str, where: str) -> tuple[str, ...]:
    value = entry.get(key, [])
    if not isinstance(value, list) or not all(isinstance(text, str) and text.strip() for text in value):
        raise SpecError(f"{where}: {key} is {value!r}; expected a list of texts")
    return tuple(value)


def _by_language(value: object, where: str) -> dict[str, str]:
    if not isinstance(value, dict):
        raise SpecError(f"{where} is {value!r}; expected a table with {' and '.join(LANGUAGES)}")
    _check_keys(value, LANGUAGES, where, required=LANGUAGES)
    for language, text in value.items():
        if not isinstance(text, str) or not text.strip():
            raise SpecError(f"{where}: {language} is {text!r}; expected a text")
    return value
