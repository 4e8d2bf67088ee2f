"""Keeps what a step of the build made, under a name that says what it was made from.

The key of a step is the hash of its name, its settings, the keys of what it read, the text of the
program and the versions of the libraries that count. What is there under a key is whole: it is made in a
folder beside it and renamed at the end, so that an interrupted step leaves nothing that looks finished.
What was kept is read again only if each of its files still has the hash that it was written with; a step
that is damaged is made anew.
"""

import hashlib
import json
import os
import shutil
import sys
import tempfile
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from functools import cache
from importlib import metadata, resources
from pathlib import Path
from typing import Any

from polars.exceptions import ComputeError

from cosmopolis import __version__
from cosmopolis.pipeline.folder import cannot_write, file_hash

LIBRARIES = (
    "altair",
    "duckdb",
    "fonttools",
    "igraph",
    "numpy",
    "polars",
    "rapidfuzz",
    "scipy",
    "vl-convert-python",
)
"""Libraries whose version can change a result."""

_KEEP_STEPS = 60
"""Folders of steps that are kept; the ones used longest ago go first."""

_LISTING = "step.json"
"""File of a step that says the hash of each of its others."""

_DAY_SECONDS = 86_400.0


@cache
def versions() -> dict[str, str]:
    """Versions of Python, of Cosmopolis and of the libraries that can change a result."""
    python = ".".join(str(part) for part in sys.version_info[:3])
    return {
        "python": python,
        "cosmopolis": __version__,
        **{name: metadata.version(name) for name in LIBRARIES},
    }


@cache
def program_hash() -> str:
    """Hash of the text of the program: a changed formula makes new keys."""
    digest = hashlib.sha256()
    package = Path(str(resources.files("cosmopolis")))
    for path in sorted(package.rglob("*")):
        if path.is_file() and path.suffix in {".py", ".toml", ".csv", ".html", ".css", ".js", ".jinja"}:
            digest.update(path.relative_to(package).as_posix().encode())
            digest.update(path.read_bytes())
    return digest.hexdigest()


def hash_of(value: object) -> str:
    """Hash of anything that JSON can write."""
    return hashlib.sha256(
        json.dumps(value, sort_keys=True, default=str, ensure_ascii=False).encode()
    ).hexdigest()


def _listing(folder: Path) -> dict[str, str]:
    """Hash of each file of a step, by name."""
    return {path.name: file_hash(path) for path in sorted(folder.iterdir()) if path.name != _LISTING}


def _is_sound(folder: Path) -> bool:
    """Say whether a kept step is as it was written."""
    try:
        return bool(json.loads((folder / _LISTING).read_text(encoding="utf-8")) == _listing(folder))
    except (OSError, ValueError):
        return False


@dataclass(frozen=True, kw_only=True)
class StepCache:
    """A folder of steps; each step is a folder of files under its key."""

    folder: Path

    def key(self, name: str, inputs: Mapping[str, Any]) -> str:
        """Key of a step from what it is made from."""
        return hash_of([name, dict(inputs), program_hash(), versions()])

    def step(self, name: str, key: str, make: Callable[[Path], None]) -> Path:
        """Return the folder of a step, made by `make(folder)` if it is not there or is damaged.

        Raises
        ------
        ResultError
            If the folder of steps cannot be written.
        """
        place = self.folder / f"{name}-{key[:32]}"
        try:
            is_there = place.exists()
            if not is_there or not _is_sound(place):
                if is_there:
                    shutil.rmtree(place)
                self._make(name, place, make)
                self._tidy()
        except (OSError, ComputeError) as error:
            raise cannot_write(f"the step {name!r} to {place}", error, "--cache") from error
        with suppress(OSError):  # a cache that can only be read is good enough
            os.utime(place)
        return place

    def _make(self, name: str, place: Path, make: Callable[[Path], None]) -> None:
        """Make a step in a draft beside its place, and let it take the place."""
        self.folder.mkdir(parents=True, exist_ok=True)
        draft = Path(tempfile.mkdtemp(prefix=f".{name}-", dir=self.folder))
        try:
            make(draft)
            (draft / _LISTING).write_text(json.dumps(_listing(draft)), encoding="utf-8")
            try:
                draft.rename(place)
            except OSError:
                if not _is_sound(place):  # else another build made the same step meanwhile
                    raise
        finally:
            shutil.rmtree(draft, ignore_errors=True)

    def _tidy(self) -> None:
        """Remove the steps used longest ago, and drafts that an interrupted build left."""
        times: dict[Path, float] = {}
        for path in self.folder.iterdir():
            with suppress(FileNotFoundError):  # another build tidies too
                times[path] = path.stat().st_mtime
        steps = sorted((p for p in times if not p.name.startswith(".")), key=times.__getitem__, reverse=True)
        newest = times[steps[0]] if steps else 0.0
        stale = [p for p in times if p.name.startswith(".") and times[p] < newest - _DAY_SECONDS]
        for path in steps[_KEEP_STEPS:] + stale:
            shutil.rmtree(path, ignore_errors=True)
