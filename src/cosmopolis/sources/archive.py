"""One member of a zip, wheel or tar file, written to a file of the caller's.

Nothing else of the archive is unpacked, nothing in it is run, and a member is never followed to another
place: absolute paths, `..`, links and members longer than expected are refused. This module does not
judge what the bytes are; that is the hash's business (`cosmopolis.sources.fetch`).
"""

import lzma
import stat
import tarfile
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path, PurePosixPath
from typing import IO

from cosmopolis.errors import FormatError, hint_near

CHUNK_BYTES = 1 << 20
"""How much is held in memory at a time."""

_BROKEN = (zipfile.BadZipFile, tarfile.TarError, zlib.error, lzma.LZMAError, EOFError, RuntimeError)


def is_safe_path(member: str) -> bool:
    r"""Say whether a member's path stays below the archive's own top.

    Examples
    --------
    >>> is_safe_path("package/data/ports.csv")
    True
    >>> is_safe_path("../ports.csv"), is_safe_path("/ports.csv"), is_safe_path("C:\\ports.csv")
    (False, False, False)
    """
    parts = member.split("/")
    return bool(member) and "\\" not in member and ":" not in parts[0] and not {"", ".", ".."} & set(parts)


@contextmanager
def _open_zip(archive: Path, member: str, size: int) -> Iterator[IO[bytes]]:
    with zipfile.ZipFile(archive) as zipped:
        try:
            info = zipped.getinfo(member)
        except KeyError:
            raise _missing(archive, member, zipped.namelist()) from None
        if info.is_dir() or stat.S_ISLNK(info.external_attr >> 16):
            raise FormatError(f"member {member!r} of {archive.name} is a link or a folder, expected a file")
        if info.file_size > size:
            raise _too_long(archive, member, size, info.file_size)
        with zipped.open(info) as stream:
            yield stream


@contextmanager
def _open_tar(archive: Path, member: str, size: int) -> Iterator[IO[bytes]]:
    with tarfile.open(archive) as tarred:
        names: list[str] = []
        for info in tarred:
            name = info.name.removeprefix("./")
            names.append(name)
            if name == member:
                break
        else:
            raise _missing(archive, member, names)
        stream = tarred.extractfile(info) if info.isreg() else None
        if stream is None:
            raise FormatError(f"member {member!r} of {archive.name} is a link or a folder, expected a file")
        if info.size > size:
            raise _too_long(archive, member, size, info.size)
        with stream:
            yield stream


def _missing(archive: Path, member: str, names: list[str]) -> FormatError:
    same = [name for name in names if PurePosixPath(name).name == PurePosixPath(member).name]
    return FormatError(f"{archive.name} has no member {member!r}" + hint_near(member, same or names))


def _too_long(archive: Path, member: str, size: int, got: int | None = None) -> FormatError:
    shown = "longer" if got is None else f"{got} bytes long"
    return FormatError(f"member {member!r} of {archive.name} is {shown}, expected {size} bytes")


def extract(archive: Path, member: str, target: Path, *, size: int) -> None:
    """Write one member of an archive to `target`.

    Parameters
    ----------
    archive
        A zip file (also a wheel) or a tar file with any compression that Python can read.
    member
        The member's path as it stands in the archive, with `/`.
    target
        The file to write; its folder exists. On an error it may be left half written.
    size
        The member's expected length in bytes. Nothing beyond it is written.

    Raises
    ------
    FormatError
        If the path is unsafe, the archive cannot be read, or the member is missing, no plain file or
        longer than `size`.
    """
    if not is_safe_path(member):
        raise FormatError(f"member path {member!r} is refused: expected a relative path without '..'")
    try:
        is_zip = zipfile.is_zipfile(archive)
        if not is_zip and not tarfile.is_tarfile(archive):
            raise FormatError(f"{archive.name} is neither a zip nor a tar file")
        opened = _open_zip(archive, member, size) if is_zip else _open_tar(archive, member, size)
        with opened as stream, target.open("wb") as written:
            left = size
            while chunk := stream.read(CHUNK_BYTES):
                left -= len(chunk)
                if left < 0:
                    raise _too_long(archive, member, size)
                written.write(chunk)
    except _BROKEN as error:
        raise FormatError(f"{archive.name} cannot be read at member {member!r}: {error}") from error
