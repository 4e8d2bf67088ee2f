"""A synthetic world for tests of the whole build: a mirror, a catalogue over the built-in one, an edition.

Invented from end to end and written when a test runs, in the true format of every source of the edition
`open`, so that the build goes the way that it goes with the real files. `facts` says what there is, `formats`
writes it down, `save` puts it into a folder, `run` runs commands on it:

```
FOLDER/mirror/<source-id>/<file>      FOLDER/catalog.toml      FOLDER/edition.toml
```
"""

import hashlib
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache, partial
from importlib import resources
from pathlib import Path

from cosmopolis.sources.catalog import load
from world import facts, formats

SOURCES = (
    "geonames",
    "country-names",
    "country-groups",
    "airports",
    "air-routes-2022",
    "air-routes-2021",
    "openflights-2014",
    "ports",
    "railways",
    "listed-firms",
    "icio-2022",
    "science-sample",
    "world-borders",
    "cjk-font",
)

Files = Mapping[str, Mapping[str, bytes]]
"""Bytes by source and file name."""

_SETTINGS = {
    r'^id = "open"': 'id = "tiny"\ncatalog = "catalog.toml"',
    r"^title = .*$": 'title = { en = "Synthetic world", zh = "合成世界" }',
    r"^largest = \d+": "largest = 8",
    r"^port_countries = \d+": "port_countries = 2",
    r"^air_links = \d+": "air_links = 3",
    r"^headquarters = \d+": "headquarters = 2",
    r"^links = \d+": "links = 12",
    r"^profile_top = \d+": "profile_top = 1",
}
"""What the tiny edition says otherwise than `open`: patterns of lines and what stands there."""


@dataclass(frozen=True, kw_only=True)
class World:
    """A synthetic world in a folder."""

    folder: Path

    @property
    def mirror(self) -> Path:
        """Folder of the source files."""
        return self.folder / "mirror"

    @property
    def edition(self) -> Path:
        """The edition's file."""
        return self.folder / "edition.toml"

    @property
    def catalog(self) -> Path:
        """The catalogue that is laid over the built-in one."""
        return self.folder / "catalog.toml"


@cache
def files() -> Files:
    """Write the world down in the formats of its sources."""
    groups = (file.name for file in load().source("country-groups").files)
    return {
        "geonames": formats.geonames(),
        "country-names": formats.names(),
        "country-groups": formats.groups(groups),
        "airports": formats.airports(),
        "air-routes-2022": formats.routes_2022(),
        "air-routes-2021": formats.routes_2021(),
        "openflights-2014": formats.routes_2014(),
        "ports": formats.ports(),
        "railways": formats.railways(),
        "listed-firms": formats.firms(),
        "icio-2022": formats.trade(),
        "science-sample": formats.science(),
        "world-borders": formats.borders(),
        "cjk-font": formats.font(),
    }


def changed(source: str, members: Mapping[str, bytes]) -> Files:
    """Return the world with other files of one source, by name; those that are not given stay."""
    return {**files(), source: {**files()[source], **members}}


def edition_text(sources: Sequence[str] = SOURCES, **settings: str) -> str:
    """Return the tiny edition: `open` with a smaller sample.

    Parameters
    ----------
    sources
        Only these; an indicator of another source becomes one without data.
    settings
        Name of a setting to the right side of its first line, as TOML.
    """
    text = resources.files("cosmopolis.editions").joinpath("open.toml").read_text(encoding="utf-8")
    lines = [*_SETTINGS.items(), *((rf"^{name} = .*$", f"{name} = {settings[name]}") for name in settings)]
    for pattern, line in lines:
        text, count = re.subn(pattern, partial(_line, line), text, count=1, flags=re.MULTILINE)
        assert count, f"nothing in the edition looks like {pattern}"
    head, *indicators = re.split(r"(?=^\[\[index\.indicator\]\]$)", text, flags=re.MULTILINE)
    head = re.sub(
        r"^sources = \[.*?^\]$", f"sources = {json.dumps(sources)}", head, flags=re.MULTILINE | re.DOTALL
    )
    return head + "".join(_without_missing(indicator, sources) for indicator in indicators)


def _line(line: str, _: re.Match[str]) -> str:
    return line


def _without_missing(indicator: str, sources: Sequence[str]) -> str:
    """Return an indicator's text, its sources left out if one of them is not among those given."""
    found = re.search(r"^sources = (\[.*\])$", indicator, re.MULTILINE)
    assert found, indicator
    named = json.loads(found[1])
    return indicator if set(named) <= set(sources) else indicator.replace(found[0], "sources = []")


def catalog_text(of: Files) -> str:
    """Return a catalogue that says the hash and length of these files, and what the sources cover."""
    lines = []
    for source, members in of.items():
        lines += [f"[{source}]", f'title = {{ en = "Synthetic {source}", zh = "合成 {source}" }}']
        if source in facts.COVERED:
            lines.append(f"coverage.countries = {json.dumps(facts.COVERED[source])}")
        listed = [
            f'{{ name = "{name}", size = {len(data)}, sha256 = "{hashlib.sha256(data).hexdigest()}" }}'
            for name, data in members.items()
        ]
        lines.append("files = [\n  " + ",\n  ".join(listed) + ",\n]\n")
    return "\n".join(lines)


def save(folder: Path, of: Files | None = None, *, edition: str | None = None) -> World:
    """Write a world into a folder, made if it is not there, and return it."""
    of = files() if of is None else of
    for source, members in of.items():
        (folder / "mirror" / source).mkdir(parents=True, exist_ok=True)
        for name, data in members.items():
            (folder / "mirror" / source / name).write_bytes(data)
    world = World(folder=folder)
    world.catalog.write_text(catalog_text(of), encoding="utf-8")
    world.edition.write_text(edition_text() if edition is None else edition, encoding="utf-8")
    return world
