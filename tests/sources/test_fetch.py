"""Files arrive whole and verified, from the first place that has them, or not at all."""

import base64
import threading
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import pytest
from index_server import IndexServer, make_wheel, sha256

from cosmopolis.errors import SourceUnavailableError
from cosmopolis.sources import download as download_module
from cosmopolis.sources.catalog import Folder, Source, SourceFile, load
from cosmopolis.sources.fetch import obtain, obtain_each, states

PORTS = b"port,country\nXXAAA,XX\nXXBBB,XX\n"
LANES = bytes(range(256)) * 64
QUAYS = b"quay,port\n1,XXAAA\n"
WHEEL, SDIST = "harbours-1.2-py3-none-any.whl", "harbours-1.2.tar.gz"
IN_WHEEL = "pypi:harbours==1.2!harbours/data/{name}"


def make_source(
    files: dict[str, bytes], *locators: str, source_id: str = "harbours", version: str = "1.2"
) -> Source:
    """Make a source of these files with locators in which `{name}` stands for the file."""
    template = load().source("ports")
    return replace(
        template,
        id=source_id,
        files=tuple(
            SourceFile(
                name=name,
                sha256=sha256(content),
                size=len(content),
                locators=tuple(
                    locator.replace("{name}", name).replace("==1.2", f"=={version}") for locator in locators
                ),
            )
            for name, content in files.items()
        ),
    )


@pytest.fixture
def cache(tmp_path: Path) -> Path:
    return tmp_path / "cache"


@pytest.fixture
def source() -> Source:
    return make_source({"ports.csv": PORTS, "lanes.bin": LANES}, IN_WHEEL)


def leftovers(cache: Path) -> list[str]:
    """Name what lies in the cache beside the sources' own files and the locks."""
    return sorted(
        str(path.relative_to(cache))
        for path in cache.rglob("*")
        if path.is_file() and (path.parent.parent.name == "archives" or path.suffix == ".part")
    )


@pytest.mark.parametrize("json_answers", [True, False])
def test_files_come_out_of_a_wheel(
    *, json_answers: bool, index: IndexServer, source: Source, cache: Path
) -> None:
    index.json_answers = json_answers
    paths = obtain(source, cache=cache)
    assert {name: path.read_bytes() for name, path in paths.items()} == {
        "ports.csv": PORTS,
        "lanes.bin": LANES,
    }
    assert paths["ports.csv"] == cache / "harbours" / "ports.csv"
    assert index.file_requests() == 1
    assert leftovers(cache) == []
    assert obtain(source, cache=cache) == paths
    assert index.file_requests() == 1
    assert obtain(source, cache=cache, refresh=True) == paths
    assert index.file_requests() == 2


@pytest.mark.parametrize("kept", [WHEEL, SDIST])
@pytest.mark.parametrize("path", ["harbours/data/{name}", "harbours-1.2/harbours/data/{name}"])
def test_wheel_and_source_distribution_stand_in_for_each_other(
    kept: str, path: str, index: IndexServer, cache: Path
) -> None:
    index.projects["harbours"] = {kept: index.projects["harbours"][kept]}
    source = make_source({"ports.csv": PORTS}, f"pypi:harbours==1.2!{path}")
    assert obtain(source, cache=cache)["ports.csv"].read_bytes() == PORTS


def test_source_distribution_is_tried_where_the_wheel_lacks_the_file(index: IndexServer, cache: Path) -> None:
    index.projects["harbours"][WHEEL] = make_wheel({"harbours/__init__.py": b""})
    source = make_source({"ports.csv": PORTS}, IN_WHEEL)
    assert obtain(source, cache=cache)["ports.csv"].read_bytes() == PORTS
    assert index.file_requests() == 2


def test_folder_as_index(
    index: IndexServer, source: Source, cache: Path, tmp_path: Path, clean_environ: pytest.MonkeyPatch
) -> None:
    clean_environ.setenv("PIP_INDEX_URL", index.write_folder(tmp_path).as_uri())
    assert obtain(source, cache=cache)["lanes.bin"].read_bytes() == LANES
    assert index.requests == {}
    assert leftovers(cache) == []


def test_file_of_a_publisher_comes_before_the_package(
    index: IndexServer, cache: Path, tmp_path: Path
) -> None:
    index.projects["publisher"] = {"ports.csv": PORTS, "all.zip": make_wheel({"in/lanes.bin": LANES})}
    near = tmp_path / "near.csv"
    near.write_bytes(QUAYS)
    files = make_source({"ports.csv": PORTS}, f"{index.url}/files/{{name}}", IN_WHEEL).files
    files += make_source({"lanes.bin": LANES}, f"{index.url}/files/all.zip!in/{{name}}").files
    files += make_source({"quays.csv": QUAYS}, near.as_uri()).files
    paths = obtain(replace(make_source({}), files=files), cache=cache)
    assert [path.read_bytes() for path in paths.values()] == [PORTS, LANES, QUAYS]
    assert index.requests == {"/files/ports.csv": 1, "/files/all.zip": 1}
    assert leftovers(cache) == []


def test_mirror_is_looked_in_first_and_left_alone(
    index: IndexServer, source: Source, cache: Path, tmp_path: Path
) -> None:
    mirror = tmp_path / "mirror"
    (mirror / "harbours").mkdir(parents=True)
    (mirror / "harbours" / "ports.csv").write_bytes(PORTS)
    paths = obtain(source, mirror=mirror, cache=cache)
    assert paths["ports.csv"] == mirror / "harbours" / "ports.csv"
    assert paths["lanes.bin"] == cache / "harbours" / "lanes.bin"
    assert [path.name for path in (mirror / "harbours").iterdir()] == ["ports.csv"]
    assert index.file_requests() == 1


def test_mirror_with_a_wrong_hash_is_refused_and_the_next_place_tried(
    index: IndexServer, source: Source, cache: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    mirror = tmp_path / "mirror"
    (mirror / "harbours").mkdir(parents=True)
    (mirror / "harbours" / "ports.csv").write_bytes(PORTS.replace(b"A", b"B"))
    paths = obtain(source, mirror=mirror, cache=cache)
    assert paths["ports.csv"] == cache / "harbours" / "ports.csv"
    assert "ports.csv is refused: its hash is wrong" in caplog.text
    assert index.file_requests() == 1
    caplog.clear()
    with pytest.raises(SourceUnavailableError, match=r"mirror: refused, its hash is wrong.*cache: not there"):
        obtain(source, mirror=mirror, cache=tmp_path / "other", offline=True)


def test_damaged_cache_is_mended(index: IndexServer, source: Source, cache: Path) -> None:
    path = obtain(source, cache=cache)["ports.csv"]
    path.write_bytes(PORTS[:-1])
    assert [state.state for state in states(source, cache=cache)] == ["damaged", "present"]
    assert obtain(source, cache=cache)["ports.csv"].read_bytes() == PORTS
    assert index.file_requests() == 2


def test_offline_asks_no_other_place(index: IndexServer, source: Source, cache: Path) -> None:
    with pytest.raises(SourceUnavailableError) as caught:
        obtain(source, cache=cache, offline=True)
    assert str(caught.value) == (
        "source 'harbours': 2 of 2 files cannot be had: ports.csv, lanes.bin "
        "[cache: not there; offline: no other place was asked]; "
        "go online, or give a --mirror with harbours/ports.csv"
    )
    assert index.requests == {}
    assert not cache.exists()


def test_download_that_breaks_is_resumed(index: IndexServer, source: Source, cache: Path) -> None:
    index.break_after = (2, 100)
    assert obtain(source, cache=cache)["lanes.bin"].read_bytes() == LANES
    assert index.ranges_asked == ["", "bytes=100-", "bytes=200-"]


def test_download_is_resumed_by_the_next_run(index: IndexServer, source: Source, cache: Path) -> None:
    del index.projects["harbours"][SDIST]
    index.break_after = (3, 100)
    with pytest.raises(SourceUnavailableError, match=r"harbours==1\.2: .*broke off"):
        obtain(source, cache=cache)
    assert leftovers(cache) == [f"archives/harbours-1.2/{WHEEL}.part"]
    assert not (cache / "harbours").exists()
    asked = len(index.ranges_asked)
    obtain(source, cache=cache)
    assert index.ranges_asked[asked:] == ["bytes=300-"]
    assert leftovers(cache) == []


def test_server_without_ranges_is_asked_from_zero(index: IndexServer, source: Source, cache: Path) -> None:
    index.ranges, index.break_after = False, (2, 100)
    assert obtain(source, cache=cache)["lanes.bin"].read_bytes() == LANES


@pytest.mark.parametrize("index_hashes", [True, False])
@pytest.mark.parametrize("left_over", [b"x" * 50, b"x" * 100_000])
def test_part_that_does_not_fit_is_thrown_away(
    *, left_over: bytes, index_hashes: bool, index: IndexServer, source: Source, cache: Path
) -> None:
    index.index_hashes = index_hashes
    part = cache / "archives" / "harbours-1.2" / f"{WHEEL}.part"
    part.parent.mkdir(parents=True)
    part.write_bytes(left_over)
    assert obtain(source, cache=cache)["lanes.bin"].read_bytes() == LANES
    assert leftovers(cache) == []


def test_whole_part_is_not_downloaded_again(index: IndexServer, source: Source, cache: Path) -> None:
    part = cache / "archives" / "harbours-1.2" / f"{WHEEL}.part"
    part.parent.mkdir(parents=True)
    part.write_bytes(index.projects["harbours"][WHEEL])
    assert obtain(source, cache=cache)["ports.csv"].read_bytes() == PORTS


def test_wrong_hash_of_the_index_is_refused(index: IndexServer, source: Source, cache: Path) -> None:
    del index.projects["harbours"][SDIST]
    index.json_answers = False
    page = index.page("harbours", "/files/")
    wrong = page.replace(sha256(index.projects["harbours"][WHEEL]), "0" * 64)
    index.page = lambda *_: wrong  # type: ignore[method-assign]
    with pytest.raises(SourceUnavailableError, match=rf"{WHEEL}: its hash is wrong.*expected 0000"):
        obtain(source, cache=cache)
    assert not (cache / "harbours").exists()
    assert leftovers(cache) == []


def test_wrong_hash_of_a_member_is_refused_and_the_rest_kept(index: IndexServer, cache: Path) -> None:
    source = make_source({"ports.csv": PORTS.replace(b"A", b"B"), "lanes.bin": LANES}, IN_WHEEL)
    with pytest.raises(
        SourceUnavailableError, match=r"1 of 2 files cannot be had: ports\.csv .*hash is wrong"
    ):
        obtain(source, cache=cache)
    assert [path.name for path in (cache / "harbours").iterdir()] == ["lanes.bin"]
    assert leftovers(cache) == []
    assert index.file_requests() == 2


def test_member_longer_than_the_catalogue_says_is_refused(index: IndexServer, cache: Path) -> None:
    index.projects["harbours"][WHEEL] = make_wheel({"harbours/data/ports.csv": b"\0" * 1_000_000})
    del index.projects["harbours"][SDIST]
    with pytest.raises(SourceUnavailableError, match=f"1000000 bytes long, expected {len(PORTS)}"):
        obtain(make_source({"ports.csv": PORTS}, IN_WHEEL), cache=cache)


def test_web_page_in_place_of_a_file_is_told(index: IndexServer, source: Source, cache: Path) -> None:
    index.html_for_files = True
    with pytest.raises(SourceUnavailableError, match=r"web page \(HTML, status 200\) instead of the file"):
        obtain(source, cache=cache)
    assert leftovers(cache) == []


def test_server_that_fails_for_a_moment_is_asked_again(
    index: IndexServer, source: Source, cache: Path
) -> None:
    index.status = (2, 503)
    obtain(source, cache=cache)
    index.status = (99, 503)
    with pytest.raises(SourceUnavailableError, match="answered 503"):
        obtain(source, cache=cache, refresh=True)
    assert index.status == (99 - 2 * download_module.ATTEMPTS, 503)  # the wheel and the source distribution


def test_credentials_in_a_locator_are_used_and_never_shown(index: IndexServer, cache: Path) -> None:
    index.projects["publisher"] = {"ports.csv": PORTS}
    index.token = base64.b64encode(b"ann:se cret").decode()
    locator = f"{index.url}/files/{{name}}".replace("//", "//ann:se%20cret@", 1)
    assert obtain(make_source({"ports.csv": PORTS}, locator), cache=cache)["ports.csv"].read_bytes() == PORTS
    lost = make_source({"none.csv": PORTS}, locator, "http://ann:se%20cret@127.0.0.1:9/{name}")
    with pytest.raises(SourceUnavailableError, match=r"answered 404.*cannot be reached") as caught:
        obtain(lost, cache=cache)
    assert "cret" not in str(caught.value)


def test_nothing_anywhere_is_told_in_one_line(index: IndexServer, cache: Path, tmp_path: Path) -> None:
    source = make_source(
        {f"{letter}.csv": PORTS for letter in "abcde"}, f"{index.url}/none/{{name}}", IN_WHEEL, version="3"
    )
    with pytest.raises(SourceUnavailableError) as caught:
        obtain(source, mirror=tmp_path / "mirror", cache=cache)
    message = str(caught.value)
    assert "\n" not in message
    assert "5 of 5 files cannot be had: a.csv" in message
    for reason in (
        "mirror: not there",
        "cache: not there",
        "answered 404",
        "harbours==3: no file of",
        "has 1.2",
    ):
        assert reason in message
    assert index.requests["/simple/harbours/"] == 1


def test_unreachable_host_is_waited_for_once(
    source: Source, cache: Path, clean_environ: pytest.MonkeyPatch
) -> None:
    clean_environ.setenv("PIP_INDEX_URL", "http://127.0.0.1:9/simple")
    pauses: list[float] = []
    clean_environ.setattr(
        download_module, "time", SimpleNamespace(sleep=pauses.append)
    )  # of this module alone
    other = make_source({"quays.csv": QUAYS}, IN_WHEEL, source_id="quays", version="2")
    results = {s.id: obtained for s, obtained in obtain_each([source, other], cache=cache)}
    assert all("cannot be reached" in str(error) for error in results.values())
    assert len(pauses) == download_module.ATTEMPTS - 1
    assert [path.suffix for path in (cache / "archives").iterdir()] == [".lock", ".lock"]


def test_sources_that_share_an_archive_download_it_once(
    index: IndexServer, source: Source, cache: Path
) -> None:
    other = make_source({"quays.csv": QUAYS}, IN_WHEEL, source_id="quays")
    bad = make_source({"none.csv": QUAYS}, IN_WHEEL, source_id="none")
    results = {s.id: obtained for s, obtained in obtain_each([source, bad, other], cache=cache)}
    assert isinstance(results["none"], SourceUnavailableError)
    assert results["quays"] == {"quays.csv": cache / "quays" / "quays.csv"}
    assert index.requests[f"/files/{WHEEL}"] == 1


def test_two_at_once_do_not_disturb_each_other(index: IndexServer, source: Source, cache: Path) -> None:
    obtained: list[bytes] = []

    def work() -> None:
        obtained.append(obtain(source, cache=cache, progress=False)["lanes.bin"].read_bytes())

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert obtained == [LANES] * 4
    assert index.file_requests() == 1
    assert leftovers(cache) == []


def test_cache_that_cannot_be_written_is_told(index: IndexServer, source: Source, tmp_path: Path) -> None:
    blocked = tmp_path / "file"
    blocked.write_bytes(b"")
    with pytest.raises(SourceUnavailableError, match="the cache cannot be written"):
        obtain(source, cache=blocked / "cache")
    assert index.file_requests() == 0


def test_states_of_files(index: IndexServer, source: Source, cache: Path, tmp_path: Path) -> None:
    mirror = tmp_path / "mirror"
    (mirror / "harbours").mkdir(parents=True)
    (mirror / "harbours" / "lanes.bin").write_bytes(LANES[::-1])
    assert [s.state for s in states(source, cache=cache)] == ["missing", "missing"]
    obtain(source, cache=cache)
    assert index.file_requests() == 1
    found = states(source, mirror=mirror, cache=cache, check=True)
    assert [(s.file, s.place, s.state) for s in found] == [
        ("ports.csv", "cache", "good"),
        ("lanes.bin", "mirror", "damaged"),
        ("lanes.bin", "cache", "good"),
    ]


@pytest.mark.network
def test_a_real_source_comes_from_the_configured_index(tmp_path: Path) -> None:
    source = load().source("country-names")
    try:
        paths = obtain(source, cache=tmp_path)
    except SourceUnavailableError as error:
        if "cannot be reached" in str(error) or "no package index" in str(error) or "answered" in str(error):
            pytest.skip(f"no index in reach: {error}")
        raise
    assert states(source, cache=tmp_path, check=True)[0].state == "good"
    assert set(paths) == {source.files[0].name}


def make_folder(*patterns: str, single: bool = False) -> Source:
    """Make a folder source of these patterns."""
    how = "copy it to {mirror}"
    folder = Folder(patterns=patterns, single=single)
    return replace(load().source("ports"), id="harbours", files=(), folder=folder, obtain=how)


def test_files_of_a_folder_are_found_in_the_mirror_before_the_cache(tmp_path: Path, cache: Path) -> None:
    source, mirror = make_folder("works/*/part_*.gz", "works/*/*.jsonl"), tmp_path / "mirror"
    names = ("works/b=2/part_1.gz", "works/b=2/part_0.gz", "works/a=1/x.jsonl", "works/manifest")
    for home in (mirror, cache):
        for name in names:
            path = home / "harbours" / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(PORTS)
    wanted = ["works/a=1/x.jsonl", "works/b=2/part_0.gz", "works/b=2/part_1.gz"]
    found = obtain(source, mirror=mirror, cache=cache)
    assert list(found) == wanted
    assert set(found.values()) == {mirror / "harbours" / name for name in wanted}
    assert obtain(source, cache=cache)[wanted[0]] == cache / "harbours" / wanted[0]
    seen = [(state.file, state.place, state.state) for state in states(source, mirror=mirror, cache=cache)]
    assert seen == [(name, "mirror", "present") for name in wanted]


def test_a_folder_that_nobody_has_says_how_a_mirror_gets_it(tmp_path: Path, cache: Path) -> None:
    source = make_folder("*/part_*.gz")
    with pytest.raises(SourceUnavailableError) as caught:
        obtain(source, cache=cache)
    for words in (
        "no file like '*/part_*.gz'",
        "no mirror is given",
        "copy it to MIRROR/harbours",
        "--mirror",
    ):
        assert words in str(caught.value)
    with pytest.raises(SourceUnavailableError, match=f"copy it to {tmp_path}/harbours"):
        obtain(source, mirror=tmp_path, cache=cache)
    assert [state.state for state in states(source, cache=cache)] == ["missing"]


def test_where_one_file_is_wanted_two_are_a_mistake(tmp_path: Path, cache: Path) -> None:
    source, home = make_folder("*.zip", single=True), tmp_path / "harbours"
    home.mkdir()
    (home / "v1.zip").write_bytes(PORTS)
    assert list(obtain(source, mirror=tmp_path, cache=cache)) == ["v1.zip"]
    (home / "v2.zip").write_bytes(PORTS)
    with pytest.raises(SourceUnavailableError, match=r"2 files \(v1\.zip, v2\.zip\), expected one"):
        obtain(source, mirror=tmp_path, cache=cache)


def test_a_file_without_a_place_is_had_from_a_mirror_alone(tmp_path: Path, cache: Path) -> None:
    source = make_source({"ports.csv": PORTS})
    with pytest.raises(
        SourceUnavailableError, match=r"no address is known.*give a --mirror with harbours/ports"
    ):
        obtain(source, cache=cache)
    (tmp_path / "harbours").mkdir()
    (tmp_path / "harbours" / "ports.csv").write_bytes(PORTS)
    assert obtain(source, mirror=tmp_path, cache=cache)["ports.csv"].read_bytes() == PORTS
