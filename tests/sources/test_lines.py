"""Files of lines come block by block and whole, hashed; one that breaks off says so and gives what it has."""

import gzip
import hashlib
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cosmopolis.sources.lines import LineFile

LINES = [f"line {number} {'x' * (number % 97)}".encode() for number in range(4000)]
PLAIN = b"\n".join(LINES) + b"\n"


def read(tmp_path: Path, data: bytes, *, block_bytes: int = 1000) -> tuple[list[bytes], LineFile]:
    path = tmp_path / "part_0"
    path.write_bytes(data)
    lines = LineFile(path, name="part_0", block_bytes=block_bytes)
    return list(lines), lines


@pytest.mark.parametrize("packed", [PLAIN, gzip.compress(PLAIN)], ids=["plain", "gzip"])
def test_blocks_are_whole_lines_and_together_the_file(tmp_path: Path, packed: bytes) -> None:
    blocks, lines = read(tmp_path, packed)
    assert b"".join(blocks) == PLAIN
    assert all(block.endswith(b"\n") for block in blocks)
    assert (lines.sha256, lines.size) == (hashlib.sha256(packed).hexdigest(), len(packed))
    assert lines.broken == ""


@settings(deadline=None)  # files are written
@given(
    lines=st.lists(st.binary(max_size=30).map(lambda line: line.replace(b"\n", b"")), max_size=30),
    block_bytes=st.integers(1, 60),
    cuts=st.lists(st.integers(0, 900), max_size=3),
    ends=st.booleans(),
)
def test_members_of_a_gzip_file_are_read_one_after_the_other(
    tmp_path_factory: pytest.TempPathFactory,
    lines: list[bytes],
    block_bytes: int,
    cuts: list[int],
    *,
    ends: bool,
) -> None:
    plain = b"\n".join(lines) + (b"\n" if ends else b"")
    edges = [0, *sorted(min(cut, len(plain)) for cut in cuts), len(plain)]
    members = b"".join(gzip.compress(plain[a:b]) for a, b in pairwise(edges))
    blocks, read_lines = read(tmp_path_factory.mktemp("gz"), members + b"\0" * 7, block_bytes=block_bytes)
    assert b"".join(blocks) == plain
    assert read_lines.broken == ""
    assert all(block.endswith(b"\n") for block in blocks[:-1])


def test_half_a_file_gives_the_whole_lines_before_the_break(tmp_path: Path) -> None:
    packed = gzip.compress(PLAIN)
    half = packed[: len(packed) // 2]
    blocks, lines = read(tmp_path, half)
    got = b"".join(blocks)
    assert 0 < len(got) < len(PLAIN)
    assert PLAIN.startswith(got)
    assert got.endswith(b"\n")
    assert "half a file" in lines.broken
    assert (lines.sha256, lines.size) == (hashlib.sha256(half).hexdigest(), len(half))


def test_damage_ends_the_file_and_what_follows_is_still_hashed(tmp_path: Path) -> None:
    rest = gzip.compress(PLAIN)
    data = gzip.compress(b"first\n") + rest[:40] + b"\xff" * 40 + rest[80:]
    blocks, lines = read(tmp_path, data)
    assert b"".join(blocks).startswith(b"first\n")
    assert "damaged" in lines.broken
    assert (lines.sha256, lines.size) == (hashlib.sha256(data).hexdigest(), len(data))


def test_something_else_after_the_gzip_data(tmp_path: Path) -> None:
    blocks, lines = read(tmp_path, gzip.compress(b"first\nsecond\n") + b"<html>")
    assert blocks == [b"first\nsecond\n"]
    assert "something else" in lines.broken


def test_an_empty_file_has_no_lines(tmp_path: Path) -> None:
    assert read(tmp_path, b"")[0] == []
    assert read(tmp_path, gzip.compress(b""))[0] == []


def test_a_line_without_end_is_no_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("cosmopolis.sources.lines.LINE_BYTES_MAX", 100_000)
    blocks, lines = read(tmp_path, b"x" * 600_000)
    assert blocks == []
    assert "not made of lines" in lines.broken
    assert lines.size == 600_000
