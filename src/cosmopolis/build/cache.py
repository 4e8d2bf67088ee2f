"""Keeps what a step of the build made, under a name that says what it was made from.

The key of a step is the hash of its name, its settings, the keys of what it read, the text of the
program and the versions of the libraries that count. What is there under a key is whole: it is made in a
folder beside it and renamed at the end, so that an interrupted step leaves nothing that looks finished.
"""

import hashlib
import json
import os
import shutil
import sys
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from importlib import metadata, resources
from pathlib import Path
from typing import Any

from cosmopolis import __version__

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


@dataclass(frozen=True, kw_only=True)
class StepCache:
    """A folder of steps; each step is a folder of files under its key."""

    folder: Path

    def key(self, name: str, inputs: Mapping[str, Any]) -> str:
        """Key of a step from what it is made from."""
        return hash_of([name, dict(inputs), program_hash(), versions()])

    def step(self, name: str, key: str, make: Callable[[Path], None]) -> Path:
        """Return the folder of a step, made by `make(folder)` if it is not there."""
        place = self.folder / f"{name}-{key[:32]}"
        if place.is_dir():
            os.utime(place)
            return place
        self.folder.mkdir(parents=True, exist_ok=True)
        draft = Path(tempfile.mkdtemp(prefix=f".{name}-", dir=self.folder))
        try:
            make(draft)
            try:
                draft.rename(place)
            except OSError:
                if not place.is_dir():  # else another build made the same step meanwhile
                    raise
        finally:
            shutil.rmtree(draft, ignore_errors=True)
        self._tidy()
        return place

    def _tidy(self) -> None:
        """Remove the steps used longest ago, and drafts that an interrupted build left."""
        entries = [(path.stat().st_mtime, path) for path in self.folder.iterdir() if path.is_dir()]
        steps = sorted((entry for entry in entries if not entry[1].name.startswith(".")), reverse=True)
        newest = steps[0][0] if steps else 0.0
        a_day = 86_400.0
        stale = [path for time, path in entries if path.name.startswith(".") and time < newest - a_day]
        for path in [path for _, path in steps[_KEEP_STEPS:]] + stale:
            shutil.rmtree(path, ignore_errors=True)
