"""Which files of NAME==VERSION a package index offers.

An institute that reaches nothing else reaches a package index, so data may travel inside a distribution.
This module reads an index's simple pages (HTML or JSON, over HTTP or from a folder) and names files; it is
no installer: nothing is resolved, built, installed or imported.
"""

import html
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from html.parser import HTMLParser
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urldefrag, urljoin, urlsplit

from packaging.utils import (
    InvalidSdistFilename,
    InvalidWheelFilename,
    canonicalize_name,
    parse_sdist_filename,
    parse_wheel_filename,
)
from packaging.version import InvalidVersion, Version

from cosmopolis.errors import SourceUnavailableError
from cosmopolis.sources.download import Session, local_path, read_page
from cosmopolis.sources.pip_settings import IndexSettings

ACCEPT = "application/vnd.pypi.simple.v1+json, text/html;q=0.2, */*;q=0.01"
"""The JSON answer is asked for first: it states lengths and hashes."""

VERSIONS_SHOWN = 3
"""How many of an index's versions a message names."""


@dataclass(frozen=True, kw_only=True)
class Distribution:
    """A file that an index offers; `sha256` is empty and `size` 0 where the index does not say."""

    filename: str
    url: str
    version: Version
    sha256: str = ""
    size: int = 0

    @property
    def is_wheel(self) -> bool:
        """Whether the file is a wheel, else it is a source distribution."""
        return self.filename.endswith(".whl")


class _Anchors(HTMLParser):
    """Collects the addresses of a page's links."""

    def __init__(self) -> None:
        super().__init__()
        self.base = ""
        self.addresses: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Take the address of a link, or the page's base."""
        address = dict(attrs).get("href")
        if tag == "a" and address:
            self.addresses.append(address)
        elif tag == "base" and address and not self.base:
            self.base = address


def distributions(
    session: Session, settings: IndexSettings, name: str, version: str
) -> Iterator[Distribution]:
    """Go through the files of NAME==VERSION that can be had: place by place, wheels first.

    Any platform's wheel will do, as it is only opened as an archive. A place is asked when those before it
    did not satisfy the caller.

    Raises
    ------
    SourceUnavailableError
        At the end, if no place has such a file; the message says for each why not.
    """
    reasons: list[str] = []
    found = False
    project = canonicalize_name(name)
    places = [(place, place) for place in settings.find_links]
    places += [(url, f"{url.rstrip('/')}/{project}/") for url in settings.index_urls]
    if not places:
        raise SourceUnavailableError(
            "no package index is configured and there is no pip to ask for the public one; "
            "set PIP_INDEX_URL to the address of an index's simple pages"
        )
    for place, url in places:
        try:
            offered = [
                distribution
                for distribution in _links(session, url)
                if _project_of(distribution.filename) == project
            ]
        except SourceUnavailableError as error:
            reasons.append(f"{place}: {error}")
            continue
        fitting = [distribution for distribution in offered if distribution.version == Version(version)]
        found = found or bool(fitting)
        if not fitting:
            latest = sorted({distribution.version for distribution in offered}, reverse=True)[:VERSIONS_SHOWN]
            has = f"has {', '.join(map(str, latest))}" if latest else "does not have the project"
            reasons.append(f"{place}: {has}")
        yield from sorted(fitting, key=lambda d: (not d.is_wheel, d.filename))
    if not found:
        raise SourceUnavailableError(f"no file of {name}=={version} in " + "; ".join(reasons))


def _parse_filename(filename: str) -> tuple[str, Version] | None:
    """Take project and version from a file's name, `None` where it is no wheel or source distribution."""
    try:
        if filename.endswith(".whl"):
            project, version, _, _ = parse_wheel_filename(filename)
            return project, version
        return parse_sdist_filename(filename)
    except (InvalidWheelFilename, InvalidSdistFilename, InvalidVersion):
        return None


def _project_of(filename: str) -> str:
    parsed = _parse_filename(filename)
    return parsed[0] if parsed else ""


def _distribution(url: str, *, filename: str = "", sha256: str = "", size: int = 0) -> Distribution | None:
    address, fragment = urldefrag(url)
    name = filename or unquote(urlsplit(address).path.rpartition("/")[2])
    parsed = _parse_filename(name)
    if parsed is None:
        return None
    if match := re.search(r"(?:^|&)sha256=([0-9a-fA-F]{64})", fragment):
        sha256 = sha256 or match[1].lower()
    return Distribution(filename=name, url=address, version=parsed[1], sha256=sha256, size=size)


def _links(session: Session, place: str) -> list[Distribution]:
    """Return every distribution that a folder or a page offers."""
    folder = local_path(place) if "://" in place else Path(place).expanduser()
    if folder is not None and folder.is_dir() and not (folder / "index.html").is_file():
        found = (_distribution(entry.resolve().as_uri()) for entry in sorted(folder.iterdir()))
        return [distribution for distribution in found if distribution]
    page = read_page(session, folder.resolve().as_uri() if folder else place, accept=ACCEPT)
    if page.media_type.endswith("json"):
        return _json_links(page.content, page.url)
    anchors = _Anchors()
    anchors.feed(page.content.decode("utf-8", errors="replace"))
    base = urljoin(page.url, html.unescape(anchors.base))
    found = (_distribution(urljoin(base, address)) for address in anchors.addresses)
    return [distribution for distribution in found if distribution]


def _json_links(content: bytes, url: str) -> list[Distribution]:
    try:
        files: list[dict[str, Any]] = json.loads(content)["files"]
        found = [
            _distribution(
                urljoin(url, str(file["url"])),
                filename=str(file["filename"]),
                sha256=str((file.get("hashes") or {}).get("sha256") or "").lower(),
                size=int(file.get("size") or 0),
            )
            for file in files
        ]
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        raise SourceUnavailableError(f"the index's JSON answer cannot be read: {error!r}") from error
    return [distribution for distribution in found if distribution]
