"""Of a work that an outdated mirror has in several partitions the newest counts, the older are told of."""

from pathlib import Path

import polars as pl
import pytest
from openalex_works import author, work, write

from cosmopolis.pipeline import newest as module
from cosmopolis.pipeline.newest import newest
from cosmopolis.pipeline.parts import Records, keep_folder
from cosmopolis.pipeline.records import Shelf

NAMES = [f"works/updated_date=2024-01-0{day}/part_0.gz" for day in (1, 2, 3)]


@pytest.fixture
def kept(tmp_path: Path) -> tuple[Records, ...]:
    """Keep three files: W1 in all of them, W2 in the first two, W3 to W5 once each."""
    alder, birch, cedar = (author((name, [])) for name in ("Alder", "Birch", "Cedar"))
    first = [work(1, alder, birch), work(2, alder), work(3, author())]
    second = [work(2, birch, author()), work(4, cedar), work(1, cedar)]
    files = {name: tmp_path / "mirror" / name for name in NAMES}
    for path, works in zip(files.values(), (first, second, [work(5), work(1, birch)]), strict=True):
        write(path, works)
    return keep_folder("openalex", files, tmp_path / "kept", progress=False, jobs=1)


def test_the_newest_of_each_work_counts(kept: tuple[Records, ...], tmp_path: Path) -> None:
    shelf = Shelf()
    shelf.add_folder("openalex", newest("openalex", kept, tmp_path / "kept"))
    works = shelf.part("openalex", "works")
    assert works["work"].to_list() == ["W3", "W2", "W4", "W5", "W1"]
    affiliations = shelf.part("openalex", "affiliations")
    assert affiliations.select("work", "text").rows() == [("W2", "Birch"), ("W4", "Cedar"), ("W1", "Birch")]
    shelf.use_all("openalex")
    assert shelf.ledger.entries()["openalex"] == {"rows_in": 17, "rows_used": 8, "rows_quarantined": 9}
    lines = shelf.ledger.tables()["openalex"]
    again, gone = "a later file has it again: ", "its work stands in a later file again"
    assert lines.filter(pl.col("part").str.starts_with("works")).select("part", "row", "reason").rows() == [
        (f"works:{NAMES[0]}", 1, f"{again}{NAMES[2]}, row 2"),
        (f"works:{NAMES[0]}", 2, f"{again}{NAMES[1]}, row 1"),
        (f"works:{NAMES[1]}", 3, f"{again}{NAMES[2]}, row 2"),
    ]
    rows = lines.filter(reason=gone).select("part", "row").rows()
    assert rows == [
        *((f"affiliations:{NAMES[0]}", row) for row in (1, 2, 3)),
        (f"affiliations:{NAMES[1]}", 4),
    ]


def test_it_is_looked_for_once(
    kept: tuple[Records, ...], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = newest("openalex", kept, tmp_path / "kept")
    monkeypatch.setattr(module, "_find", None)
    assert newest("openalex", kept, tmp_path / "kept") == first
    assert first[2] == kept[2]  # a file without older versions stays as it was read
    assert [records.folder.parent for records in first[:2]] == [first[0].folder.parent] * 2


def test_other_files_are_looked_at_anew_and_the_old_answer_goes(
    kept: tuple[Records, ...], tmp_path: Path
) -> None:
    home = tmp_path / "kept" / "openalex"
    newest("openalex", kept, tmp_path / "kept")
    two = newest("openalex", kept[:2], tmp_path / "kept")
    assert len(list(home.glob(f"{module.PREFIX}*"))) == 1
    assert not list(home.glob(".draft-*"))
    assert [pl.read_parquet(r.frame_path("works"))["work"].to_list() for r in two] == [
        ["W3"],
        ["W2", "W4", "W1"],
    ]


def test_where_nothing_is_older_nothing_is_written_anew(kept: tuple[Records, ...], tmp_path: Path) -> None:
    assert newest("openalex", kept[2:], tmp_path / "kept") == kept[2:]
    alone = {name: tmp_path / name for name in NAMES[:2]}
    for number, path in enumerate(alone.values()):
        write(path, [work(number)])
    others = keep_folder("openalex", alone, tmp_path / "kept", progress=False, jobs=1)
    assert newest("openalex", others, tmp_path / "kept") == others
