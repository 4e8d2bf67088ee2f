"""Puts a result down at once or not at all.

A result is written into a hidden folder beside its place, `.NAME.new-…`, and takes the place by renaming at
the very end. A build that is killed leaves the old result as it was; what it left behind is swept away by
the next. One build at a time writes to a place: a second waits for the first.
"""

import glob
import hashlib
import json
import shutil
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from filelock import FileLock, Timeout
from polars.exceptions import ComputeError

from cosmopolis.errors import CosmopolisError, ResultError

MANIFEST = "manifest.json"
PARTS = ("quarantine", "report", "tables")
"""Folders of every result; together with the manifest they tell a result from any other folder."""

_WAIT_SECONDS = 600


def file_hash(path: Path) -> str:
    """SHA-256 of a file."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def write_json(path: Path, value: object) -> None:
    """Write JSON that is the same bytes for the same value."""
    text = json.dumps(value, ensure_ascii=False, indent=2, sort_keys=True)
    path.write_text(text + "\n", encoding="utf-8", newline="\n")


def read_manifest(place: Path) -> dict[str, Any]:
    """Read the manifest of a result.

    Raises
    ------
    ResultError
        If the folder holds no result, or its manifest cannot be read.
    """
    path = place / MANIFEST
    if not path.is_file():
        raise ResultError(
            f"{place} is no result of Cosmopolis: it has no {MANIFEST}; `cosmopolis build` makes one"
        )
    try:
        manifest = json.loads(path.read_text(encoding="utf-8"))
    except ValueError as error:
        raise ResultError(f"{path} cannot be read as JSON ({error}); build the edition again") from error
    if not isinstance(manifest, dict) or not isinstance(manifest.get("files"), dict):
        raise ResultError(f"{path} is not a manifest: it does not list its files; build the edition again")
    return manifest


def differences(place: Path, manifest: Mapping[str, Any]) -> list[str]:
    """Compare a result with its manifest; each line names a file that is missing, changed or added."""
    expected: dict[str, str] = manifest["files"]
    there = {p.relative_to(place).as_posix() for p in place.rglob("*") if p.is_file()} - {MANIFEST}
    lines = [f"{name}: is not in the manifest" for name in sorted(there - set(expected))]
    for name, digest in sorted(expected.items()):
        path = place / name
        if name not in there:
            lines.append(f"{name}: is missing")
        elif file_hash(path) != digest:
            lines.append(f"{name}: is not what the manifest says")
    return lines


@contextmanager
def locked(place: Path) -> Iterator[None]:
    """Hold the lock of a place while a build writes to it.

    Raises
    ------
    ResultError
        If the folder that the place lies in cannot be written, or another build holds the lock for too long.
    """
    lock = FileLock(place.parent / f".{place.name}.lock", timeout=_WAIT_SECONDS)
    try:
        place.parent.mkdir(parents=True, exist_ok=True)
        lock.acquire()
    except Timeout as error:
        raise ResultError(
            f"another build has been writing to {place} for {_WAIT_SECONDS} s; wait, or choose another --out"
        ) from error
    except OSError as error:
        raise ResultError(
            f"cannot write beside {place}: {error.strerror or error}; choose another --out"
        ) from error
    try:
        yield
    finally:
        lock.release()


def check_place(place: Path) -> None:
    """See that a result may take a place: nothing is there, or a result, or an empty folder.

    Raises
    ------
    ResultError
        If it is taken by something else, which is left alone.
    """
    if place.is_dir():
        marks = (place / MANIFEST, *(place / name for name in PARTS))
        free = all(mark.exists() for mark in marks) or not any(place.iterdir())
    else:
        free = not place.exists() and not place.is_symlink()
    if not free:
        raise ResultError(
            f"{place} exists and is no result of Cosmopolis; it is left alone: choose another --out"
        )


def put(place: Path, write: Callable[[Path], None]) -> None:
    """Write a result by `write(folder)` and let it take its place. The lock must be held.

    Raises
    ------
    ResultError
        If the place is taken by something that is no result.
    """
    check_place(place)
    sweep(place)
    draft = Path(tempfile.mkdtemp(prefix=f".{place.name}.new-", dir=place.parent))
    draft.chmod(0o755)
    old = place.parent / f".{place.name}.old"
    try:
        write(draft)
        if place.exists():
            place.rename(old)
        draft.rename(place)
        shutil.rmtree(old, ignore_errors=True)
    except (OSError, ComputeError) as error:
        raise cannot_write(f"the result to {place}", error, "--out") from error
    finally:
        sweep(place)


def cannot_write(what: str, error: OSError | ComputeError, option: str) -> Exception:
    """Make the error for something that cannot be written, or return one that says something else.

    A disk that is full while a Parquet file is written comes as Polars' `ComputeError`, in several words.
    """
    is_other = isinstance(error, ComputeError) and not str(error).startswith("parquet:")
    if is_other or isinstance(error, CosmopolisError):
        return error
    why = getattr(error, "strerror", None) or str(error)
    return ResultError(f"cannot write {what}: {why}; make room on the disk, or choose another {option}")


def sweep(place: Path) -> None:
    """Clear away what an interrupted build left, and bring an old result back if its place is empty."""
    old = place.parent / f".{place.name}.old"
    if old.is_dir():
        if place.exists():
            shutil.rmtree(old, ignore_errors=True)
        else:
            old.rename(place)
    for draft in place.parent.glob(f".{glob.escape(place.name)}.new-*"):
        shutil.rmtree(draft, ignore_errors=True)


def check_outside(place: Path, *kept: Path) -> None:
    """Raise if a folder to write to lies in a result, whose manifest would no longer be true.

    Raises
    ------
    ResultError
        With the result that it lies in.
    """
    for folder in kept:
        if place.absolute().is_relative_to(folder.absolute()):
            raise ResultError(
                f"{place} lies in the result {folder}, which stays as it is; choose another --out"
            )
