"""The catalogue of sources: what each data set is, whose it is, and where its files can be had.

The built-in catalogue is `catalog.toml` beside this module; a user's own catalogue is laid over it, source
by source and file by file, so that a carrier is swapped for the publisher's own file by three lines of
TOML. This module reads and checks; it opens no network and touches no data (`cosmopolis.sources.fetch`).
"""

import re
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from importlib.resources import files as package_files
from pathlib import Path
from typing import Any, Literal, TypedDict, cast

from packaging.version import InvalidVersion, Version

from cosmopolis.errors import SpecError, UnknownNameError, hint_near
from cosmopolis.sources.archive import is_safe_path

LANGUAGES = ("en", "zh")
"""Every text that a reader reads exists in each of these."""

SCOPES = ("index", "show")
"""`index`: may enter an index; `show`: may be shown, never enters an index."""

RESERVED_IDS = ("archives", "parts", "steps")
"""Folder names of the cache that no source may take."""

_ID = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")
_SHA256 = re.compile(r"[0-9a-f]{64}")
_COUNTRY = re.compile(r"[A-Z]{2}")
_PYPI = re.compile(r"pypi:(?P<name>[A-Za-z0-9][A-Za-z0-9._-]*)==(?P<version>[^!\s]+)!(?P<member>.+)")
_URL = re.compile(r"(?P<url>(?:https?|file)://[^!\s]+)(?:!(?P<member>.+))?")
_REQUIRED = (
    "title",
    "publisher",
    "citation",
    "url",
    "licence",
    "years",
    "kind",
    "coverage",
    "scope",
)
_OPTIONAL = ("spdx", "licence_url", "carrier", "bias", "locators", "files", "folder", "obtain")
_FOLDER_REQUIRED = ("patterns",)
_FOLDER_OPTIONAL = ("single",)
_FILE_REQUIRED = ("name", "sha256", "size")
_FILE_OPTIONAL = ("locators",)
_COVERAGE = ("countries", "kinds", "years", "note")


class Coverage(TypedDict):
    """What a source covers: whoever is outside has no data there, whoever is inside and not named has zero.

    `countries` is `"world"` or ISO 3166-1 alpha-2 codes, `kinds` what is listed, `years` the first and the
    last year, `note` the fine print by language.
    """

    countries: Literal["world"] | tuple[str, ...]
    kinds: tuple[str, ...]
    years: tuple[int, int]
    note: dict[str, str]


@dataclass(frozen=True, kw_only=True)
class Locator:
    """A place where a file can be had, taken apart.

    A distribution of the package index has `distribution` and `version`, anything else has `url`.
    `member` is the path inside the archive, empty where the file itself lies at `url`.
    """

    text: str
    distribution: str = ""
    version: str = ""
    url: str = ""
    member: str = ""

    @property
    def archive(self) -> str:
        """The locator less the member: what has to be downloaded."""
        return self.text.partition("!")[0] if self.member else self.text


@dataclass(frozen=True, kw_only=True)
class SourceFile:
    """One file of a source: its name in cache and mirror, hash, length in bytes and places in their order.

    Without a place it can only be had from a mirror.
    """

    name: str
    sha256: str
    size: int
    locators: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class Folder:
    """Files of a source that are not known beforehand: any number, found by patterns, without a hash.

    Attributes
    ----------
    patterns
        As `pathlib.Path.glob` takes them, below the source's folder; all files are those that any matches.
    single
        Whether the reader wants one file and several are a mistake (releases of a register).
    """

    patterns: tuple[str, ...]
    single: bool = False


@dataclass(frozen=True, kw_only=True)
class Source:
    """A published data set.

    Attributes
    ----------
    title, bias
        Text by language (`en`, `zh`); `bias` is empty where none is known.
    publisher, citation, url
        Of the data, never of the carrier.
    licence, spdx, licence_url
        Of the data: in words, its SPDX id where there is one, where it can be read.
    carrier
        What brings the file and under which licence, where that is not the publisher.
    years
        Vintages of the data.
    kind
        What the rows are, in one word.
    scope
        `index`, or `show` for what may be shown but never enters an index.
    files
        Files known by name, hash and length; empty for a folder source.
    folder
        Patterns of the files of a folder source, which only a mirror can have; else `None`.
    obtain
        How a mirror gets the files, for the message when none has them; `{mirror}` in it stands for the
        folder of the source in the mirror.
    """

    id: str
    title: dict[str, str]
    publisher: str
    citation: str
    url: str
    licence: str
    spdx: str
    licence_url: str
    carrier: str
    years: tuple[int, ...]
    kind: str
    coverage: Coverage
    bias: dict[str, str]
    scope: str
    files: tuple[SourceFile, ...] = ()
    folder: Folder | None = None
    obtain: str = ""

    @property
    def size(self) -> int:
        """Length of all files together, in bytes; 0 for a folder source, which has none known beforehand."""
        return sum(file.size for file in self.files)


@dataclass(frozen=True, kw_only=True)
class Catalog(Mapping[str, Source]):
    """Sources by id, in the order of the catalogue."""

    sources: dict[str, Source]

    def __getitem__(self, source_id: str) -> Source:
        """Return a source; raises `KeyError` as every mapping does."""
        return self.sources[source_id]

    def __iter__(self) -> Iterator[str]:
        """Go through the ids in the catalogue's order."""
        return iter(self.sources)

    def __len__(self) -> int:
        """Count the sources."""
        return len(self.sources)

    def source(self, source_id: str) -> Source:
        """Return a source by its id.

        Raises
        ------
        UnknownNameError
            If there is none of that id; the message names the nearest.
        """
        if source_id not in self.sources:
            raise UnknownNameError(
                f"there is no source {source_id!r} in the catalogue"
                + hint_near(source_id, self.sources)
                + " (`cosmopolis sources list` shows all)"
            )
        return self.sources[source_id]


def parse_locator(text: str) -> Locator:
    """Take a locator apart.

    Raises
    ------
    SpecError
        If it has none of the known forms.

    Examples
    --------
    >>> parse_locator("pypi:harbours==1.2!harbours/data/ports.csv").member
    'harbours/data/ports.csv'
    >>> parse_locator("https://example.org/ports.zip!ports.csv").url
    'https://example.org/ports.zip'
    """
    if (match := _PYPI.fullmatch(text)) and _is_version(match["version"]):
        locator = Locator(
            text=text, distribution=match["name"], version=match["version"], member=match["member"]
        )
    elif match := _URL.fullmatch(text):
        locator = Locator(text=text, url=match["url"], member=match["member"] or "")
    else:
        raise SpecError(
            f"locator {text!r} has no known form; expected 'https://host/file', "
            "'https://host/archive.zip!path/in/archive', 'file:///folder/file' or "
            "'pypi:NAME==VERSION!path/in/archive'"
        )
    if locator.member and not is_safe_path(locator.member):
        raise SpecError(f"locator {text!r}: the path after '!' must be relative and without '..'")
    return locator


def _is_version(text: str) -> bool:
    try:
        Version(text)
    except InvalidVersion:
        return False
    return True


def load(path: Path | None = None) -> Catalog:
    """Read the built-in catalogue and lay the user's own over it.

    Parameters
    ----------
    path
        A TOML file in the same form. For an id that is built in, only what changes is given: a key
        replaces, a table (`title`, `bias`, `coverage`) is filled in, a file is found by its `name`.
        New ids need every required key.

    Raises
    ------
    SpecError
        If a file cannot be read or anything in it is unknown, missing or malformed.
    """
    raw = _read(package_files("cosmopolis.sources").joinpath("catalog.toml").read_text("utf-8"), "built-in")
    where = "catalogue"
    if path is not None:
        where = f"catalogue {path}"
        try:
            text = path.read_text("utf-8")
        except (OSError, UnicodeDecodeError) as error:
            raise SpecError(f"{where} cannot be read: {error}") from error
        for source_id, entry in _read(text, where).items():
            _check_keys(entry, (*_REQUIRED, *_OPTIONAL), f"{where}, source {source_id!r}")
            raw[source_id] = _overlay(raw.get(source_id, {}), entry, f"{where}, source {source_id!r}")
    sources = {source_id: _source(source_id, entry, where) for source_id, entry in raw.items()}
    return Catalog(sources=sources)


def _read(text: str, where: str) -> dict[str, dict[str, Any]]:
    try:
        raw = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise SpecError(f"{where}: not TOML: {error}") from error
    for key, entry in raw.items():
        if not isinstance(entry, dict):
            raise SpecError(f"{where}: {key!r} stands outside a source; expected tables such as [my-source]")
    return raw


def _overlay(below: dict[str, Any], above: dict[str, Any], where: str) -> dict[str, Any]:
    """Lay one source's entry over another's."""
    merged = dict(below)
    for key, value in above.items():
        both_tables = isinstance(value, dict) and isinstance(merged.get(key), dict)
        merged[key] = {**merged[key], **value} if both_tables else value
    by_name = {file["name"]: dict(file) for file in below.get("files", [])}
    if "locators" in above:  # a new carrier for the whole source replaces the old one of each file
        for file in by_name.values():
            file.pop("locators", None)
    given: list[str] = []
    for file in _tables(above.get("files", []), f"{where}, files"):
        name = _text(file, "name", f"{where}, a file")
        given.append(name)
        by_name[name] = {**by_name.get(name, {}), **file}
    _check_once(given, where)
    if by_name:
        merged["files"] = list(by_name.values())
    return merged


def _source(source_id: str, entry: dict[str, Any], where: str) -> Source:
    where = f"{where}, source {source_id!r}"
    if not _ID.fullmatch(source_id) or source_id in RESERVED_IDS:
        raise SpecError(
            f"{where}: an id is made of small letters, digits and '-', and is none of "
            + ", ".join(map(repr, RESERVED_IDS))
        )
    _check_keys(entry, (*_REQUIRED, *_OPTIONAL), where, required=_REQUIRED)
    scope = _text(entry, "scope", where)
    if scope not in SCOPES:
        raise SpecError(f"{where}: scope is {scope!r}" + hint_near(scope, SCOPES))
    templates = _texts(entry.get("locators", []), f"{where}, locators")
    files = [_file(file, templates, where) for file in _tables(entry.get("files", []), f"{where}, files")]
    folder = _folder(entry["folder"], f"{where}, folder") if "folder" in entry else None
    if bool(files) == bool(folder):
        raise SpecError(
            f"{where}: {'both files and a folder' if files else 'no files'}; expected at least one of "
            "`files`, or `folder` with the patterns of files that are not known beforehand"
        )
    _check_once([file.name for file in files], where)
    return Source(
        id=source_id,
        title=_by_language(entry["title"], f"{where}, title"),
        publisher=_text(entry, "publisher", where),
        citation=_text(entry, "citation", where),
        url=_text(entry, "url", where),
        licence=_text(entry, "licence", where),
        spdx=_text(entry, "spdx", where, default=""),
        licence_url=_text(entry, "licence_url", where, default=""),
        carrier=_text(entry, "carrier", where, default=""),
        years=_years(entry["years"], f"{where}, years"),
        kind=_text(entry, "kind", where),
        coverage=_coverage(entry["coverage"], f"{where}, coverage"),
        bias=_by_language(entry["bias"], f"{where}, bias") if entry.get("bias") else {},
        scope=scope,
        files=tuple(files),
        folder=folder,
        obtain=_text(entry, "obtain", where, default=""),
    )


def _folder(entry: object, where: str) -> Folder:
    if not isinstance(entry, dict):
        raise SpecError(f"{where} is {entry!r}; expected a table such as {{ patterns = ['*/part_*.gz'] }}")
    _check_keys(entry, (*_FOLDER_REQUIRED, *_FOLDER_OPTIONAL), where, required=_FOLDER_REQUIRED)
    patterns = _texts(entry["patterns"], f"{where}, patterns")
    if not patterns:
        raise SpecError(f"{where}: no patterns; expected at least one such as '*/part_*.gz'")
    if wrong := [pattern for pattern in patterns if not is_safe_path(pattern)]:
        raise SpecError(f"{where}: pattern {wrong[0]!r} must be relative and without '..'")
    single = entry.get("single", False)
    if not isinstance(single, bool):
        raise SpecError(f"{where}: single is {single!r}; expected true or false")
    return Folder(patterns=patterns, single=single)


def _file(entry: dict[str, Any], templates: tuple[str, ...], where: str) -> SourceFile:
    name = _text(entry, "name", f"{where}, a file")
    where = f"{where}, file {name!r}"
    _check_keys(entry, (*_FILE_REQUIRED, *_FILE_OPTIONAL), where, required=_FILE_REQUIRED)
    own = _texts(entry.get("locators", []), f"{where}, locators")
    locators = tuple(locator.replace("{name}", name) for locator in own or templates)
    if not is_safe_path(name) or ("/" in name and locators) or name.endswith(".part"):
        raise SpecError(
            f"{where}: expected a plain file name without '/' that does not end in '.part' "
            "(a file that only a mirror has may lie in a folder)"
        )
    sha256 = _text(entry, "sha256", where)
    if not _SHA256.fullmatch(sha256):
        raise SpecError(f"{where}: sha256 is {sha256!r}; expected 64 hexadecimal digits in small letters")
    size = entry["size"]
    if not isinstance(size, int) or isinstance(size, bool) or size < 0:
        raise SpecError(f"{where}: size is {size!r}; expected the file's length in bytes")
    for locator in locators:
        try:
            parse_locator(locator)
        except SpecError as error:
            raise SpecError(f"{where}: {error}") from None
    return SourceFile(name=name, sha256=sha256, size=size, locators=locators)


def _coverage(entry: object, where: str) -> Coverage:
    if not isinstance(entry, dict):
        raise SpecError(f"{where} is {entry!r}; expected a table with {', '.join(_COVERAGE)}")
    _check_keys(entry, _COVERAGE, where, required=_COVERAGE)
    countries = entry["countries"]
    if countries != "world":
        if not isinstance(countries, list):
            raise SpecError(f"{where}: countries is {countries!r}; expected 'world' or a list of codes")
        countries = _texts(countries, f"{where}, countries")
        if wrong := [code for code in countries if not _COUNTRY.fullmatch(code)]:
            raise SpecError(f"{where}: country {wrong[0]!r} is not two capital letters (ISO 3166-1 alpha-2)")
    years = _years(entry["years"], f"{where}, years")
    if len(years) != 2 or years[0] > years[1]:  # noqa: PLR2004 - first and last
        raise SpecError(f"{where}: years is {list(years)}; expected the first and the last year")
    return Coverage(
        countries=countries,
        kinds=_texts(entry["kinds"], f"{where}, kinds"),
        years=(years[0], years[1]),
        note=_by_language(entry["note"], f"{where}, note"),
    )


def _check_keys(
    entry: dict[str, Any], valid: tuple[str, ...], where: str, *, required: tuple[str, ...] = ()
) -> None:
    for key in entry:
        if key not in valid:
            raise SpecError(f"{where}: unknown key {key!r}" + hint_near(key, valid))
    if missing := [key for key in required if key not in entry]:
        raise SpecError(f"{where}: {', '.join(missing)} missing; required are {', '.join(required)}")


def _check_once(names: list[str], where: str) -> None:
    if twice := sorted({name for name in names if names.count(name) > 1}):
        raise SpecError(f"{where}: file {twice[0]!r} is given twice")


def _text(entry: dict[str, Any], key: str, where: str, *, default: str | None = None) -> str:
    value = entry.get(key, default)
    if not isinstance(value, str) or (default is None and not value.strip()):
        raise SpecError(f"{where}: {key} is {value!r}; expected a text")
    return value


def _texts(value: object, where: str) -> tuple[str, ...]:
    if not isinstance(value, list) or not all(isinstance(text, str) and text for text in value):
        raise SpecError(f"{where} is {value!r}; expected a list of texts")
    return tuple(value)


def _tables(value: object, where: str) -> list[dict[str, Any]]:
    if not isinstance(value, list) or not all(isinstance(table, dict) for table in value):
        raise SpecError(f"{where}: expected a list of tables such as {{ name = '...', sha256 = '...' }}")
    return cast("list[dict[str, Any]]", value)


def _years(value: object, where: str) -> tuple[int, ...]:
    if not isinstance(value, list) or not value or not all(type(year) is int for year in value):
        raise SpecError(f"{where} is {value!r}; expected a list of years such as [2022]")
    return tuple(value)


def _by_language(value: object, where: str) -> dict[str, str]:
    if not isinstance(value, dict):
        raise SpecError(f"{where} is {value!r}; expected a table with {' and '.join(LANGUAGES)}")
    _check_keys(value, LANGUAGES, where, required=LANGUAGES)
    return {language: _text(value, language, where) for language in LANGUAGES}
