"""Members of archives come out whole, and nothing else does."""

import stat
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest
from index_server import make_sdist, make_wheel

from cosmopolis.errors import FormatError
from cosmopolis.sources.archive import extract, is_safe_path

Make = Callable[[dict[str, bytes]], bytes]

CONTENT = b"port,country\nXXAAA,XX\n"


@pytest.mark.parametrize(("make", "suffix"), [(make_wheel, "whl"), (make_sdist, "tar.gz")])
def test_member_is_written_and_nothing_else(make: Make, suffix: str, tmp_path: Path) -> None:
    archive = tmp_path / f"a.{suffix}"
    archive.write_bytes(make({"a/b.csv": CONTENT, "../evil": b"x", "/etc/evil": b"x", "a/c.csv": b"y"}))
    folder = tmp_path / "out"
    folder.mkdir()
    extract(archive, "a/b.csv", folder / "b.csv", size=len(CONTENT))
    assert (folder / "b.csv").read_bytes() == CONTENT
    assert [path.name for path in folder.iterdir()] == ["b.csv"]
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted([archive.name, "out"])


@pytest.mark.parametrize(
    "member", ["../evil", "/etc/evil", "a/../evil", "a//b", "C:/evil", "a\\b", "", "./a"]
)
def test_unsafe_paths_are_refused(member: str, tmp_path: Path) -> None:
    archive = tmp_path / "a.whl"
    archive.write_bytes(make_wheel({member or "x": b"x"}))
    assert not is_safe_path(member)
    with pytest.raises(FormatError, match="is refused"):
        extract(archive, member, tmp_path / "out", size=1)
    assert not (tmp_path / "out").exists()


def test_links_are_refused(tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_bytes(b"x")
    tarred = tmp_path / "a.tar.gz"
    tarred.write_bytes(make_sdist({}, links={"a/b.csv": str(secret)}))
    zipped = tmp_path / "a.whl"
    with zipfile.ZipFile(zipped, "w") as archive:
        info = zipfile.ZipInfo("a/b.csv")
        info.external_attr = (stat.S_IFLNK | 0o777) << 16
        archive.writestr(info, str(secret))
    for path in (tarred, zipped):
        with pytest.raises(FormatError, match="link or a folder"):
            extract(path, "a/b.csv", tmp_path / "out", size=1000)


@pytest.mark.parametrize("make", [make_wheel, make_sdist])
def test_member_longer_than_the_catalogue_says_is_refused(make: Make, tmp_path: Path) -> None:
    archive = tmp_path / "bomb"
    archive.write_bytes(make({"a/b.csv": b"\0" * 10_000_000}))
    with pytest.raises(FormatError, match="10000000 bytes long, expected 20 bytes"):
        extract(archive, "a/b.csv", tmp_path / "out", size=20)
    assert not (tmp_path / "out").exists()


def test_a_zip_that_lies_about_its_length_is_cut(tmp_path: Path) -> None:
    archive = tmp_path / "a.whl"
    content = make_wheel({"a/b.csv": b"\0" * 10_000_000})
    archive.write_bytes(content.replace((10_000_000).to_bytes(4, "little"), (20).to_bytes(4, "little")))
    with pytest.raises(FormatError):
        extract(archive, "a/b.csv", tmp_path / "out", size=20)
    assert not (tmp_path / "out").exists() or (tmp_path / "out").stat().st_size <= 20


def test_errors_name_what_is_near(tmp_path: Path) -> None:
    archive = tmp_path / "a.whl"
    archive.write_bytes(make_wheel({"a/data/ports.csv": b"x", "a/data/lanes.csv": b"x"}))
    with pytest.raises(FormatError, match=r"no member 'a/ports\.csv'.*'a/data/ports\.csv'"):
        extract(archive, "a/ports.csv", tmp_path / "out", size=1)
    archive.write_bytes(b"no archive at all")
    with pytest.raises(FormatError, match="neither a zip nor a tar file"):
        extract(archive, "a/ports.csv", tmp_path / "out", size=1)
    archive.write_bytes(make_wheel({"a/b.csv": CONTENT * 99})[:-60])
    with pytest.raises(FormatError):
        extract(archive, "a/b.csv", tmp_path / "out", size=10_000)
