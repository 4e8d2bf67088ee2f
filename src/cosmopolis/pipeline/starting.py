"""What `cosmopolis new DIR` does: a folder with an edition of one's own that builds as it is.

```
DIR/edition.toml                  the edition; its id is the folder's name
DIR/catalog.toml                  what each of its own tables is, and which countries it covers
DIR/mirror/<source-id>/<file>     a template of every table of one's own, with a few invented rows
DIR/README.md                     what to do next
```

The templates lie in `cosmopolis/starter` as they are written, but for `@id@`, `@title@`, `@folder@` and
`@tables@`. What the columns mean stands in `docs/formats.md`.
"""

import re
import shlex
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from importlib import import_module, resources
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import Final, TextIO

from cosmopolis.errors import ResultError

FALLBACK_ID: Final = "edition"
"""Id of an edition whose folder's name has no letter or digit that an id may have."""


@dataclass(frozen=True, kw_only=True)
class OwnTable:
    """A table that users make themselves.

    Attributes
    ----------
    source
        Its id in the catalogue, and the name of its folder in a mirror.
    row
        What one row is.
    one_of
        Columns of which a row needs at least one.
    """

    source: str
    row: str
    one_of: tuple[str, ...] = ()

    @property
    def needed(self) -> tuple[str, ...]:
        """Columns that a table must have."""
        columns: tuple[str, ...] = self._reader("NEEDED")
        return columns

    @property
    def optional(self) -> tuple[str, ...]:
        """Columns that it may have."""
        columns: tuple[str, ...] = self._reader("OPTIONAL")
        return columns

    def _reader(self, name: str) -> tuple[str, ...]:
        module = import_module("cosmopolis.sources." + self.source.replace("-", "_"))
        return tuple(getattr(module, name, ()))


OWN_TABLES: Final = (
    OwnTable(
        source="paper-table",
        row="an address of an author of a paper",
        one_of=("affiliation", "organisation", "institution", "city"),
    ),
    OwnTable(
        source="patent-table",
        row="something of a patent: an inventor's place, an applicant, a class, a citation",
    ),
    OwnTable(source="company-table", row="a company in a year", one_of=("headquarters", "city")),
    OwnTable(source="office-table", row="an office or plant of a firm", one_of=("place", "city")),
    OwnTable(source="service-table", row="how much a city serves in the network of a firm (0 to 5)"),
    OwnTable(
        source="supplier-table",
        row="a site of a supplier for a customer",
        one_of=("address", "city", "division", "country", "latitude and longitude"),
    ),
    OwnTable(
        source="lighthouse-table",
        row="a factory on a list of lighthouses",
        one_of=("place", "city", "latitude and longitude"),
    ),
    OwnTable(source="trade-table", row="what one country sells to another in a year"),
)
"""Every table of one's own that there is."""


def run(folder: Path, *, out: TextIO | None = None) -> int:
    """Write the folder and return the exit status.

    Parameters
    ----------
    folder
        New or empty. Its name becomes the edition's title and, as far as an id may have its letters, its id.

    Raises
    ------
    ResultError
        If something else lies there, or it cannot be written.
    """
    out = out or sys.stdout
    _check_folder(folder)
    title = folder.resolve().name or FALLBACK_ID
    typed = shlex.quote(str(folder))
    words = {"id": id_of(title), "title": _quoted(title), "folder": typed, "tables": _tables()}
    written = 0
    for name, text in templates().items():
        path = folder / name
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(_filled(text, words), encoding="utf-8")
        except OSError as error:
            raise ResultError(f"{path} cannot be written: {error}; choose another folder") from error
        written += name.startswith("mirror/")
    out.write(
        f"{folder}: an edition with {written} tables of invented rows; README.md tells what to do next\n"
        f"cosmopolis build {shlex.quote(str(folder / 'edition.toml'))} "
        f"--mirror {shlex.quote(str(folder / 'mirror'))}\n"
    )
    return 0


def id_of(name: str) -> str:
    """Make an edition's id of a folder's name.

    Examples
    --------
    >>> id_of("My Cities 2026"), id_of("城市")
    ('my-cities-2026', 'edition')
    """
    return "-".join(re.findall(r"[a-z0-9]+", name.lower())) or FALLBACK_ID


def templates() -> Mapping[str, str]:
    """Return the text of each file of a new folder, by its path in it."""
    return dict(sorted(_texts(resources.files("cosmopolis").joinpath("starter"), "")))


def _texts(folder: Traversable, before: str) -> Iterator[tuple[str, str]]:
    for entry in folder.iterdir():
        if entry.is_dir():
            yield from _texts(entry, f"{before}{entry.name}/")
        else:
            yield before + entry.name, entry.read_text(encoding="utf-8")


def _filled(text: str, words: Mapping[str, str]) -> str:
    for name, word in words.items():
        text = text.replace(f"@{name}@", word)
    return text


def _quoted(title: str) -> str:
    """Write a title so that it may stand in quotation marks in TOML."""
    return "".join(letter if letter.isprintable() and letter not in '"\\' else "-" for letter in title)


def _tables() -> str:
    """Write the lines of the tables in the README."""
    return "\n".join(
        f"| `mirror/{table.source}/` | {table.row} | {_names(table.needed)} | {_names(table.one_of)} |"
        for table in OWN_TABLES
    )


def _names(columns: tuple[str, ...]) -> str:
    return ", ".join(f"`{name}`" for name in columns)


def _check_folder(folder: Path) -> None:
    if folder.exists() and not folder.is_dir():
        raise ResultError(f"{folder} is a file; expected the name of a new folder: choose another")
    if folder.is_dir() and (names := sorted(path.name for path in folder.iterdir())):
        more = f" and {len(names) - 1} more" if len(names) > 1 else ""
        raise ResultError(
            f"{folder} is not empty (it holds {names[0]!r}{more}) and is left alone: "
            "choose a new folder, or empty this one"
        )
