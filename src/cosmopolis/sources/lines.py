"""Big files of lines, compressed or not, read block by block with bounded memory and hashed on the way.

A block is a run of whole lines. A file that breaks off (half a download, a damaged disk) gives the lines
before the break and then says why it ends: what was read is good, and the break is one row that is not.
What a line holds is the reader's business (`cosmopolis.sources.openalex`).
"""

import hashlib
from collections.abc import Callable, Iterator
from pathlib import Path

from isal import isal_zlib
from isal.igzip_lib import IsalError

BLOCK_BYTES = 16_000_000
"""Lines are handed over in blocks of about this length: enough for a vector, little for a memory."""

LINE_BYTES_MAX = 1_000_000_000
"""A longer line is no line: the file is something else."""

_READ_BYTES = 1 << 18  # compressed bytes at a time; as much may be lost before a break
_GZIP = b"\x1f\x8b"
_GZIP_BITS = 31  # window bits that mean a gzip header and trailer
_DAMAGED: tuple[type[Exception], ...] = (IsalError, EOFError)  # type: ignore[assignment] # the stub says None


class LineFile:
    r"""A file of lines, iterated over as blocks of bytes that begin and end with a line.

    Parameters
    ----------
    path
        The file; gzip is told by its first bytes, not by its name.
    name
        What the file is called in messages and records: its path below the source's folder.
    moved
        Called with the number of bytes of the file that were read since the last call.

    Attributes
    ----------
    sha256, size
        Hash and length of the file as it lies on the disk, when it has been iterated over to the end.
    broken
        Why the file ends before its end, empty where it does not; known when it was iterated over.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = Path(folder) / "part_0.jsonl"
    ...     _ = path.write_bytes(b'{"id": 1}\n{"id": 2}')
    ...     lines = LineFile(path, name="part_0.jsonl")
    ...     (list(lines), lines.size, lines.broken)
    ([b'{"id": 1}\n{"id": 2}'], 19, '')
    """

    def __init__(
        self,
        path: Path,
        *,
        name: str,
        block_bytes: int = BLOCK_BYTES,
        moved: Callable[[int], None] | None = None,
    ) -> None:
        self.path, self.name = path, name
        self.sha256, self.size, self.broken = "", 0, ""
        self._block_bytes, self._moved = block_bytes, moved

    def __iter__(self) -> Iterator[bytes]:
        """Read the file once, from its beginning."""
        self.sha256, self.size, self.broken = "", 0, ""
        held: list[
            bytes
        ] = []  # pieces since the last block; all but the newest have gone beyond no line's end
        length = 0
        for piece in self._plain():
            if self.broken:
                continue  # only to hash the file to its end
            held.append(piece)
            length += len(piece)
            if length < self._block_bytes:
                continue
            end = piece.rfind(b"\n") + 1
            if end:
                yield b"".join([*held[:-1], piece[:end]])
                held, length = [piece[end:]], len(piece) - end
            elif length > LINE_BYTES_MAX:
                self.broken = f"a line is longer than {LINE_BYTES_MAX} bytes: the file is not made of lines"
                held = []
        rest = b"".join(held)
        if self.broken:
            rest = rest[: rest.rfind(b"\n") + 1]  # a line that the break cut in two is not one
        if rest:
            yield rest

    def _plain(self) -> Iterator[bytes]:
        """Give what the file holds, decompressed; the file is read and hashed to its end in any case."""
        pieces = self._read()
        first = next(pieces, b"")
        if not first.startswith(_GZIP):
            yield first
            yield from pieces
            return
        stream, piece = isal_zlib.decompressobj(_GZIP_BITS), first
        while True:
            try:
                plain = stream.decompress(piece)
            except _DAMAGED as error:
                self.broken = f"the gzip data is damaged ({error})"
                break
            if plain:
                yield plain
            if stream.eof:
                piece = stream.unused_data.lstrip(b"\0") or next(pieces, b"").lstrip(b"\0")
                if not piece:
                    break
                stream = isal_zlib.decompressobj(_GZIP_BITS)  # one member after the other
                if not piece.startswith(_GZIP[: len(piece)]):
                    self.broken = "after the gzip data comes something else"
                    break
                continue
            piece = next(pieces, b"")
            if not piece:
                self.broken = "the gzip data ends before its end: half a file"
                break
        for _ in pieces:
            pass

    def _read(self) -> Iterator[bytes]:
        """Give the bytes of the file as they lie on the disk, and hash them."""
        digest = hashlib.sha256()
        with self.path.open("rb") as stream:
            while piece := stream.read(max(len(_GZIP), min(_READ_BYTES, self._block_bytes))):
                digest.update(piece)
                self.size += len(piece)
                if self._moved is not None:
                    self._moved(len(piece))
                yield piece
        self.sha256 = digest.hexdigest()
