"""Kept steps and the place of a result, by themselves: keys, drafts, tidying, locks."""

import os
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from filelock import FileLock

from cosmopolis.errors import FormatError, ResultError
from cosmopolis.pipeline import cache, folder
from cosmopolis.pipeline.cache import StepCache


@pytest.fixture
def steps(tmp_path: Path) -> StepCache:
    return StepCache(folder=tmp_path / "steps")


def _write(text: str) -> Callable[[Path], None]:
    def make(draft: Path) -> None:
        (draft / "made.txt").write_text(text, encoding="utf-8")

    return make


def _never(_: Path) -> None:
    raise AssertionError("a kept step is made again")


def test_a_step_is_made_once(steps: StepCache) -> None:
    key = steps.key("x", {"a": 1})
    first = steps.step("x", key, _write("1"))
    assert (first / "made.txt").read_text(encoding="utf-8") == "1"
    assert steps.step("x", key, _never) == first


def test_a_key_says_what_a_step_is_made_from(steps: StepCache, monkeypatch: pytest.MonkeyPatch) -> None:
    key = steps.key("x", {"a": 1, "b": [2]})
    assert steps.key("x", {"b": [2], "a": 1}) == key
    others = [steps.key("y", {"a": 1, "b": [2]}), steps.key("x", {"a": 1, "b": [3]})]
    monkeypatch.setattr(cache, "program_hash", lambda: "another program")
    others.append(steps.key("x", {"a": 1, "b": [2]}))
    monkeypatch.undo()
    monkeypatch.setattr(cache, "versions", lambda: {"polars": "another"})
    others.append(steps.key("x", {"a": 1, "b": [2]}))
    assert len({key, *others}) == 5


def test_a_step_that_fails_leaves_nothing(steps: StepCache) -> None:
    def fail(draft: Path) -> None:
        (draft / "half.txt").write_text("half", encoding="utf-8")
        raise FormatError("not in its format")

    with pytest.raises(FormatError, match="not in its format"):
        steps.step("x", "k", fail)
    assert list(steps.folder.iterdir()) == []


def test_of_two_that_make_the_same_step_the_first_stays(steps: StepCache) -> None:
    def overtaken(draft: Path) -> None:
        steps.step("x", "k", _write("first"))
        _write("second")(draft)

    place = steps.step("x", "k", overtaken)
    assert (place / "made.txt").read_text(encoding="utf-8") == "first"
    assert list(steps.folder.iterdir()) == [place]


def test_old_steps_and_old_drafts_go(steps: StepCache, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cache, "_KEEP_STEPS", 3)
    now = time.time()
    for age in range(5):
        place = steps.step(f"s{age}", "k", _write("x"))
        os.utime(place, (now - 10 * age, now - 10 * age))
    for name, seconds in ((".s-fresh", 60.0), (".s-stale", 2 * 86_400.0)):
        (steps.folder / name).mkdir()
        os.utime(steps.folder / name, (now - seconds, now - seconds))
    steps.step("new", "k", _write("x"))
    names = {path.name for path in steps.folder.iterdir()}
    assert names == {"new-k", "s0-k", "s1-k", ".s-fresh"}  # a fresh draft may be another build's


def test_a_second_build_gives_up_waiting_at_last(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(folder, "_WAIT_SECONDS", 0.05)
    place = tmp_path / "out"
    with (
        FileLock(tmp_path / ".out.lock"),
        pytest.raises(ResultError, match=r"another build has been writing to .*choose another --out"),
        folder.locked(place),
    ):
        pytest.fail("the place is locked")
    with folder.locked(place):
        assert not place.exists()


def test_an_interrupted_exchange_is_taken_back(tmp_path: Path) -> None:
    (tmp_path / ".out.old").mkdir()
    (tmp_path / ".out.old" / "manifest.json").write_text("{}", encoding="utf-8")
    (tmp_path / ".out.new-abc" / "tables").mkdir(parents=True)
    (tmp_path / ".other.new-abc").mkdir()
    folder.sweep(tmp_path / "out")
    assert {path.name for path in tmp_path.iterdir()} == {"out", ".other.new-abc"}
    assert (tmp_path / "out" / "manifest.json").is_file()
