"""What `cosmopolis sources list|pull|check` does; the command line itself is `cosmopolis.cli`."""

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TextIO

from cosmopolis.errors import SourceUnavailableError, UnknownNameError, hint_near
from cosmopolis.sources.catalog import Source, load
from cosmopolis.sources.fetch import default_cache, obtain_each, states

ACTIONS = ("list", "pull", "check")
"""What can be done with sources."""

_COLUMNS = ("id", "state", "size", "years", "scope", "licence")


def run(
    action: str,
    ids: Sequence[str] = (),
    *,
    mirror: Path | None = None,
    cache: Path | None = None,
    offline: bool = False,
    catalog_path: Path | None = None,
    out: TextIO | None = None,
) -> int:
    """List, pull or check sources and return the exit status.

    Parameters
    ----------
    action
        `list` shows what the catalogue holds and what is on this machine; `pull` gets what is not; `check`
        looks at the hash of every file that is.
    ids
        The sources meant, in this order; all of the catalogue where none is named.
    mirror, cache, offline
        As in `fetch.obtain`; the cache is `fetch.default_cache()` where none is named.
    catalog_path
        A user's catalogue, laid over the built-in one.
    out
        Where to write, stdout where none is named.

    Returns
    -------
    status
        0, or 1 if a source could not be pulled or a file is damaged. A source that only a mirror can have
        counts where it is named.

    Raises
    ------
    UnknownNameError
        If the action or a source is not known; the message names the nearest.
    SpecError
        If the catalogue is wrong.
    """
    out = out or sys.stdout
    if action not in ACTIONS:
        raise UnknownNameError(f"there is no action {action!r} on sources" + hint_near(action, ACTIONS))
    catalog = load(catalog_path)
    sources = [catalog.source(source_id) for source_id in dict.fromkeys(ids)] or list(catalog.values())
    cache = cache or default_cache()
    if action == "list":
        return _list(sources, mirror, cache, out)
    if action == "check":
        return _check(sources, mirror, cache, out)
    return _pull(sources, mirror, cache, out, offline=offline, named=bool(ids))


def size_text(size: int) -> str:
    """Write a length in bytes for a reader.

    Examples
    --------
    >>> size_text(79627443), size_text(740)
    ('79.6 MB', '740 B')
    """
    for unit, factor in (("GB", 1e9), ("MB", 1e6), ("kB", 1e3)):
        if size >= factor:
            return f"{size / factor:.1f} {unit}"
    return f"{size} B"


def _list(sources: list[Source], mirror: Path | None, cache: Path, out: TextIO) -> int:
    rows = [
        (
            source.id,
            _state(source, mirror, cache),
            "folder" if source.folder else size_text(source.size),
            " ".join(map(str, source.years)),
            source.scope,
            source.spdx or source.licence,
        )
        for source in sources
    ]
    widths = [max(len(row[i]) for row in [_COLUMNS, *rows]) for i in range(len(_COLUMNS))]
    widths[-1] = 0  # no blanks at the end of a line

    def line(row: Sequence[str]) -> str:
        return "  ".join(
            cell.rjust(width) if name == "size" else cell.ljust(width)
            for name, cell, width in zip(_COLUMNS, row, widths, strict=True)
        )

    out.write(line(_COLUMNS) + "\n")
    out.writelines(
        f"{line(row)}\n    {source.title['en']} | {source.publisher}\n"
        for source, row in zip(sources, rows, strict=True)
    )
    total = size_text(sum(source.size for source in sources))
    out.write(f"{len(sources)} sources, {total}; cache {cache}, mirror {mirror or 'none'}\n")
    return 0


def _state(source: Source, mirror: Path | None, cache: Path) -> str:
    """Say in a word or two where a source is, the hashes not looked at."""
    best: dict[str, str] = {}
    for state in states(source, mirror=mirror, cache=cache):
        if state.state == "present":
            best.setdefault(state.file, state.place)
    lacking = len(source.files) - len(best) if source.folder is None else 0
    if not best:
        return "not here"
    if lacking:
        return f"{lacking} of {len(source.files)} lacking"
    places = sorted(set(best.values()), reverse=True)
    return "+".join({"mirror": "mirror", "cache": "cached"}[place] for place in places)


def _pull(
    sources: list[Source], mirror: Path | None, cache: Path, out: TextIO, *, offline: bool, named: bool
) -> int:
    failures = passed = 0
    for source, obtained in obtain_each(sources, mirror=mirror, cache=cache, offline=offline):
        if isinstance(obtained, SourceUnavailableError):
            if not named and not any(file.locators for file in source.files):
                passed += 1  # nobody asked for it by name, and nothing here could bring it
                continue
            failures += 1
            out.write(f"{obtained}\n")
        else:
            count = f"{len(obtained)} files" if len(obtained) > 1 else "1 file"
            size = sum(path.stat().st_size for path in obtained.values())
            out.write(f"{source.id}: here, {count}, {size_text(size)}\n")
        out.flush()
    if passed:
        out.write(
            f"{passed} more sources are had from a mirror alone and are not here; `cosmopolis sources pull "
            "ID` says of each how a mirror gets it\n"
        )
    if failures:
        out.write(f"{failures} of {len(sources)} sources cannot be had\n")
    return 1 if failures else 0


def _check(sources: list[Source], mirror: Path | None, cache: Path, out: TextIO) -> int:
    damaged = 0
    for source in sources:
        found = states(source, mirror=mirror, cache=cache, check=True)
        bad = [state for state in found if state.state == "damaged"]
        missing = sum(state.state == "missing" for state in found)
        good = sum(state.state == "good" for state in found)
        loose = sum(state.state == "present" for state in found)  # of folders, whose hashes nobody states
        parts = [f"{good} good"] if good else []
        parts += [f"{loose} here, no hash known"] if loose else []
        parts += [f"{len(bad)} damaged"] if bad else []
        parts += [f"{missing} missing"] if missing else []
        out.write(f"{source.id}: {', '.join(parts)}\n")
        out.writelines(f"    damaged: {state.path}: {state.reason}\n" for state in bad)
        damaged += len(bad)
    if damaged:
        out.write(f"{damaged} files are damaged; `cosmopolis sources pull` gets those of the cache again\n")
    return 1 if damaged else 0
