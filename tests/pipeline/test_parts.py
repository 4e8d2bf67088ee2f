"""Records of a folder source are read once; half a reading is not kept."""

import gzip
import json
import os
import time
from collections.abc import Iterator
from concurrent.futures.process import BrokenProcessPool
from pathlib import Path

import polars as pl
import pytest
from openalex_works import author, institution, work, write

from cosmopolis.errors import ResultError
from cosmopolis.pipeline import parts
from cosmopolis.pipeline.folder import file_hash
from cosmopolis.pipeline.parts import LISTING, Records, keep_folder
from cosmopolis.pipeline.records import Shelf
from cosmopolis.sources import openalex, readers
from cosmopolis.sources.lines import LineFile
from cosmopolis.sources.raw import Raw

DAYS = ("works/updated_date=2024-01-01", "works/updated_date=2024-01-02")


@pytest.fixture
def mirror(tmp_path: Path) -> Path:
    """Write three files of works, three works each, of which one has a line that is none."""
    home = tmp_path / "mirror" / "openalex"
    for number, name in enumerate((f"{DAYS[0]}/part_0.gz", f"{DAYS[0]}/part_1.gz", f"{DAYS[1]}/part_0.gz")):
        first = 10 * number
        people = [author(("Alder", [1]), at=(institution(1),)), author()]
        works = [work(first + n, *people[: n % 3]) for n in range(3)]
        write(home / name, [*works, *(["{"] if number == 1 else [])])
    return home


@pytest.fixture
def read_files(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Note the files that are read."""
    names: list[str] = []

    def noted(source_id: str, lines: LineFile) -> Iterator[Raw]:
        assert source_id == "openalex"
        names.append(lines.name)
        return openalex.read_lines(lines)

    monkeypatch.setattr(readers, "read_lines", noted)
    return names


def files_of(mirror: Path) -> dict[str, Path]:
    return {path.relative_to(mirror).as_posix(): path for path in sorted(mirror.glob("works/*/*.gz"))}


def keep(mirror: Path, tmp_path: Path) -> tuple[Records, ...]:
    return keep_folder("openalex", files_of(mirror), tmp_path / "parts", progress=False, jobs=1)


def works_of(kept: tuple[Records, ...]) -> list[str]:
    return [name for records in kept for name in pl.read_parquet(records.frame_path("works"))["work"]]


def test_a_second_reading_reads_nothing(mirror: Path, tmp_path: Path, read_files: list[str]) -> None:
    first = keep(mirror, tmp_path)
    assert read_files == list(files_of(mirror))
    assert keep(mirror, tmp_path) == first
    assert len(read_files) == 3
    assert [records.file for records in first] == list(files_of(mirror))
    for records, (name, path) in zip(first, files_of(mirror).items(), strict=True):
        (facts,) = records.inputs.values()
        assert records.inputs.keys() == {name}
        assert facts == {"sha256": file_hash(path), "size": path.stat().st_size}


def test_only_what_changed_is_read_and_what_went_is_gone(
    mirror: Path, tmp_path: Path, read_files: list[str]
) -> None:
    keep(mirror, tmp_path)
    read_files.clear()
    one, two, three = files_of(mirror)
    write(mirror / one, [work(77)])
    (mirror / two).unlink()
    write(mirror / DAYS[1] / "part_9.gz", [work(99)])
    kept = keep(mirror, tmp_path)
    assert read_files == [one, f"{DAYS[1]}/part_9.gz"]
    assert works_of(kept) == ["W77", "W20", "W21", "W22", "W99"]
    assert [records.file for records in kept] == [one, three, f"{DAYS[1]}/part_9.gz"]
    left = {path.name for path in (tmp_path / "parts" / "openalex").iterdir()}
    assert left == {records.folder.name for records in kept}  # nothing of what changed or went


def test_a_file_with_another_time_is_read_again(mirror: Path, tmp_path: Path, read_files: list[str]) -> None:
    keep(mirror, tmp_path)
    read_files.clear()
    path = mirror / DAYS[0] / "part_1.gz"
    os.utime(path, (1, 1))
    keep(mirror, tmp_path)
    assert read_files == [f"{DAYS[0]}/part_1.gz"]


def test_another_reader_reads_all_again(
    mirror: Path, tmp_path: Path, read_files: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    keep(mirror, tmp_path)
    monkeypatch.setattr(readers, "code_hash", lambda _: "other")
    keep(mirror, tmp_path)
    assert len(read_files) == 6


def test_the_code_of_a_reader_is_that_of_what_it_imports() -> None:
    every = {source: readers.code_hash(source) for source in readers.READERS}
    assert len(set(every.values())) > len(every) // 2
    assert every["openalex"] != every["openalex-institutions"]
    assert every["openalex"] == readers.code_hash("openalex")


def test_kept_records_that_lost_a_byte_are_made_anew(
    mirror: Path, tmp_path: Path, read_files: list[str]
) -> None:
    kept = keep(mirror, tmp_path)
    read_files.clear()
    path = kept[1].frame_path("works")
    whole = path.read_bytes()
    path.write_bytes(whole[:-1])
    (kept[2].folder / LISTING).unlink()
    assert keep(mirror, tmp_path) == kept
    assert read_files == [kept[1].file, kept[2].file]
    assert path.read_bytes() == whole


def test_an_interrupted_reading_keeps_whole_files_alone(
    mirror: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def breaks(_: str, lines: LineFile) -> Iterator[Raw]:
        for number, raw in enumerate(openalex.read_lines(lines)):
            if lines.name.startswith(DAYS[1]) and number == 1:
                raise KeyboardInterrupt
            yield raw

    with monkeypatch.context() as patch:
        patch.setattr(readers, "read_lines", breaks)
        with pytest.raises(KeyboardInterrupt):
            keep(mirror, tmp_path)
    left = sorted((tmp_path / "parts" / "openalex").iterdir())
    assert [json.loads((path / LISTING).read_text())["file"][: len(DAYS[0])] for path in left] == [
        DAYS[0]
    ] * 2
    assert len(works_of(keep(mirror, tmp_path))) == 9


def test_drafts_of_a_killed_reading_are_swept(mirror: Path, tmp_path: Path) -> None:
    home = tmp_path / "parts" / "openalex"
    old, new = home / ".draft-old", home / ".draft-new"
    for draft in (old, new):
        draft.mkdir(parents=True)
    os.utime(old, (time.time() - 200_000,) * 2)
    keep(mirror, tmp_path)
    assert not old.exists()
    assert new.exists()  # another reading may be making it


def test_several_processes_make_the_same(
    mirror: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    one = keep(mirror, tmp_path)
    monkeypatch.setattr(parts, "_POOL_BYTES", 0)
    many = keep_folder("openalex", files_of(mirror), tmp_path / "others", progress=False, jobs=2)
    assert [records.parts for records in many] == [records.parts for records in one]
    for left, right in zip(one, many, strict=True):
        for path in left.folder.glob("*.parquet"):
            assert path.read_bytes() == (right.folder / path.name).read_bytes()


def test_a_process_that_is_killed_is_told_of(
    mirror: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object, **__: object) -> None:
        raise BrokenProcessPool

    monkeypatch.setattr(parts, "_make_all", broken)
    with pytest.raises(ResultError, match=r"too little memory.*fewer --jobs"):
        keep(mirror, tmp_path)


def test_a_cache_that_cannot_be_written(mirror: Path, tmp_path: Path) -> None:
    (tmp_path / "parts").write_text("a file")
    with pytest.raises(ResultError, match=r"cannot write the records of 'openalex'.*--cache"):
        keep(mirror, tmp_path)


@pytest.fixture
def shelf(mirror: Path, tmp_path: Path) -> Shelf:
    shelf = Shelf()
    shelf.add_folder("openalex", keep(mirror, tmp_path))
    return shelf


def test_a_part_is_scanned_file_by_file_or_put_together(shelf: Shelf, mirror: Path) -> None:
    assert shelf.has("openalex")
    assert shelf.parts_of("openalex") == ["works", "affiliations"]
    frames = [pl.read_parquet(path) for path in shelf.scan("openalex", "works")]
    assert [frame["row"].to_list() for frame in frames] == [[1, 2, 3]] * 3
    together = shelf.part("openalex", "works")
    assert together["row"].to_list() == [1, 2, 3, 4, 5, 6, 8, 9, 10]  # the line that is no work is row 7
    assert together.drop("row").equals(pl.concat(frames).drop("row"))
    assert shelf.counts("openalex", "works") == (9, 1)
    assert shelf.counts("openalex", "affiliations") == (6, 3)
    assert list(shelf.inputs["openalex"]) == list(files_of(mirror))


def test_rows_settled_one_by_one_are_told_by_file(shelf: Shelf) -> None:
    shelf.use_all("openalex", "affiliations")
    works = shelf.part("openalex", "works")
    lines = pl.DataFrame(
        {"row": [9], "column": ["year"], "value": [None], "reason": ["too late"]},
        schema_overrides={"value": pl.String},
    )
    used = works.filter(~pl.col("row").is_in([5, 9]))["row"]
    shelf.account("openalex", "works", used, lines, otherwise="of no use")
    assert shelf.ledger.entries()["openalex"] == {"rows_in": 19, "rows_used": 13, "rows_quarantined": 6}
    told = shelf.ledger.tables()["openalex"].select("part", "row", "value", "reason").rows()
    assert told == [
        *(
            (
                f"affiliations:{file}",
                3,
                f"W{10 * n + 2}, author 2",
                "text is missing: the author has no affiliation",
            )
            for n, file in enumerate(shelf.files.get("openalex", _names()))
        ),
        (f"works:{DAYS[0]}/part_1.gz", 2, None, "of no use"),
        (f"works:{DAYS[0]}/part_1.gz", 4, "{", told[4][3]),
        (f"works:{DAYS[1]}/part_0.gz", 2, "2020", "too late"),
    ]
    assert told[4][3].startswith("the line is not JSON")


def _names() -> list[str]:
    return [f"{DAYS[0]}/part_0.gz", f"{DAYS[0]}/part_1.gz", f"{DAYS[1]}/part_0.gz"]


def test_blocks_of_one_part_make_one_file_without_twins(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(parts, "ROWS_TOGETHER", 4)
    numbers = [1, 2, 3, 1, 4, 5, 2, 6]
    path = write(tmp_path / "part_0", [work(n, author((f"A {n}", []))) for n in numbers], packed=False)
    lines = LineFile(path, name="part_0", block_bytes=600)
    assert len(list(LineFile(path, name="part_0", block_bytes=600))) > 2
    (works, affiliations) = parts.write(tmp_path, openalex.read_lines(lines))
    assert (works.rows_in, works.rows_quarantined, works.last_row) == (8, 2, 8)
    assert (affiliations.rows_in, affiliations.rows_quarantined) == (8, 0)
    assert pl.read_parquet(tmp_path / "works.parquet")["row"].to_list() == [1, 2, 3, 5, 6, 8]
    assert pl.read_parquet(tmp_path / "works.quarantine.parquet").select("row", "value", "reason").rows() == [
        (4, "W1", "the same as row 1"),
        (7, "W2", "the same as row 2"),
    ]


def test_half_a_part_is_used_and_counted(mirror: Path, tmp_path: Path) -> None:
    path = mirror / DAYS[1] / "part_0.gz"
    write(path, [work(n) for n in range(2000)])
    data = path.read_bytes()
    path.write_bytes(data[: len(data) // 2])
    shelf = Shelf()
    shelf.add_folder("openalex", keep(mirror, tmp_path))
    shelf.use_all("openalex")
    entry = shelf.ledger.entries()["openalex"]
    assert entry["rows_in"] == entry["rows_used"] + entry["rows_quarantined"]
    assert any("half a file" in reason for reason in shelf.ledger.reasons("openalex"))
    assert gzip.decompress(data).count(b"\n") == 2000
