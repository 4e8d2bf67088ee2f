"""A build that is killed leaves no half result, and the next one goes on from there.

`world/killed.py` kills a build (SIGKILL) just before it touches a file for the Nth time. Which N: every
renaming of the result's own folder, some of the kept steps, and others drawn with a seed; once with nothing
in the result's place and once with an older result there.
"""

import json
import random
import shutil
import signal
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest
import world
from world.killed import draw_nothing, write_no_page
from world.run import KILLED, run, spawn

from cosmopolis.publish import report
from cosmopolis.publish.profile import page

SEED = 20_260_906
FEW = ("geonames", "country-names", "airports", "air-routes-2022", "ports")
MOMENTS = 12

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="Windows has no SIGKILL")


@dataclass(frozen=True, kw_only=True)
class Case:
    """A build: in which folder, over an older result or not, killed at which moment (0: never)."""

    folder: Path
    over_old: bool
    moment: int = 0
    event: str = ""

    @property
    def out(self) -> Path:
        """Where the result goes."""
        return self.folder / "tiny"

    @property
    def said(self) -> str:
        """What the build said."""
        return self.folder.with_suffix(".said").read_text(encoding="utf-8")


def _bytes(out: Path) -> dict[str, bytes]:
    return {p.relative_to(out).as_posix(): p.read_bytes() for p in sorted(out.rglob("*")) if p.is_file()}


def _arguments(small: world.World, folder: Path) -> list[str]:
    places = ("--mirror", small.mirror, "--cache", folder / "cache", "--out", folder / "tiny")
    return [str(argument) for argument in ("build", small.edition, "--offline", *places)]


def _run_all(small: world.World, cases: list[Case]) -> list[int]:
    """Run the builds, two at a time, and return their exit statuses."""
    jobs = [
        {
            "at": case.moment,
            "folder": str(case.folder),
            "said": str(case.folder.with_suffix(".said")),
            "arguments": _arguments(small, case.folder),
        }
        for case in cases
    ]
    file = cases[0].folder.with_suffix(".json")
    file.write_text(json.dumps(jobs), encoding="utf-8")
    answer = spawn(file, script=KILLED)
    assert answer.status == 0, answer.err
    statuses: list[int] = json.loads(answer.out)
    return statuses


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> world.World:
    """Write a synthetic edition of few sources."""
    return world.save(tmp_path_factory.mktemp("few"), edition=world.edition_text(FEW))


@pytest.fixture(scope="module")
def old(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Build an older result, of another sample."""
    folder = tmp_path_factory.mktemp("old")
    older = world.save(folder, edition=world.edition_text(FEW, largest="2"))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(report, "write", draw_nothing)
        patch.setattr(page, "write", write_no_page)
        assert run(*_arguments(older, folder)).status == 0
    return folder / "tiny"


def _prepared(folder: Path, old: Path | None) -> Path:
    folder.mkdir()
    if old is not None:
        shutil.copytree(old, folder / "tiny")
    return folder


def _chosen(moments: list[list[str]], rng: random.Random) -> list[int]:
    """Choose every renaming of the result and what follows the last, that of the last step, and others."""
    renamed = [n for n, (event, _) in enumerate(moments, start=1) if event == "os.rename"]
    of_steps = [n for n in renamed if "/steps/" in moments[n - 1][1]]
    first = [*(n for n in renamed if n not in of_steps), of_steps[-1]]
    first += [renamed[-1] + 1] if renamed[-1] < len(moments) else []
    rest = sorted(set(range(1, len(moments) + 1)) - set(first))
    return first + rng.sample(rest, MOMENTS // 2 - len(first))


@pytest.fixture(scope="module")
def cases(tmp_path_factory: pytest.TempPathFactory, small: world.World, old: Path) -> list[Case]:
    """Kill builds at all the moments chosen."""
    base, rng = tmp_path_factory.mktemp("killed"), random.Random(SEED)  # noqa: S311 - no secret
    before = {"new": None, "old": old}
    whole = [
        Case(folder=_prepared(base / f"{kind}-0", there), over_old=there is not None)
        for kind, there in before.items()
    ]
    assert _run_all(small, whole) == [0, 0]
    killed = []
    for (kind, there), case in zip(before.items(), whole, strict=True):
        moments = json.loads(case.said.splitlines()[-1])
        for n in _chosen(moments, rng):
            folder = _prepared(base / f"{kind}-{n}", there)
            event = " ".join(moments[n - 1])
            killed.append(Case(folder=folder, over_old=there is not None, moment=n, event=event))
    assert _run_all(small, killed) == [-signal.SIGKILL] * MOMENTS
    return killed


@pytest.mark.usefixtures("no_drawing")
def test_killed_at_any_moment(cases: list[Case], small: world.World, old: Path, tmp_path: Path) -> None:
    assert run(*_arguments(small, tmp_path)).status == 0
    expected, before = _bytes(tmp_path / "tiny"), _bytes(old)
    seen = set()
    for case in cases:
        assert case.said == "", case
        if case.out.exists():
            assert run("check", case.out).status == 0, case
            left = _bytes(case.out)
            assert left in (expected, before), case
            seen.add("old" if left == before else "new")
        elif case.over_old:  # between two renamings: the old result stands beside its place
            assert _bytes(case.folder / ".tiny.old") == before, case
            seen.add("aside")
        again = run(*_arguments(small, case.folder))
        assert again.status == 0, (case, again.err)
        assert _bytes(case.out) == expected, case
        left_over = {path.name for path in case.folder.iterdir()} - {"tiny", "cache", ".tiny.lock"}
        assert left_over == set(), case
    assert seen == {"old", "new", "aside"}


@pytest.mark.usefixtures("no_drawing")
def test_kept_steps_are_taken_up_again(cases: list[Case], small: world.World) -> None:
    """What was finished before a kill is not made a second time."""
    case = next(case for case in cases if case.event.startswith("os.rename") and "/.atlas-" in case.event)
    steps = case.folder / "cache" / "steps"
    kept = {path: path.stat().st_mtime_ns for path in steps.glob("records-*/*.parquet")}
    assert kept
    assert run(*_arguments(small, case.folder)).status == 0
    assert {path: path.stat().st_mtime_ns for path in kept} == kept


def test_two_builds_at_once(small: world.World, tmp_path: Path) -> None:
    """The second waits for the first, and finds its work done."""
    twice = [Case(folder=tmp_path / name, over_old=False) for name in ("one", "two")]
    arguments = _arguments(small, tmp_path)
    jobs = [
        {"at": 0, "folder": "nowhere", "said": str(case.folder.with_suffix(".said")), "arguments": arguments}
        for case in twice
    ]
    (tmp_path / "jobs.json").write_text(json.dumps(jobs), encoding="utf-8")
    answer = spawn(tmp_path / "jobs.json", script=KILLED)
    assert json.loads(answer.out) == [0, 0], [case.said for case in twice]
    said = sorted(line.split(" (")[0] for case in twice for line in case.said.splitlines() if "(" in line)
    assert said == ["cosmopolis: built", "cosmopolis: unchanged"]
    assert run("check", tmp_path / "tiny").status == 0
    assert {path.name for path in tmp_path.glob(".tiny*")} <= {".tiny.lock"}
