"""A script: builds without drawing, killed when files under a folder are touched for the Nth time.

`python killed.py JOBS` reads a JSON list of `{"at": N, "folder": FOLDER, "said": FILE, "arguments": [...]}`
and runs `cosmopolis ARGUMENTS` for each, two at a time, in processes that are forked off when everything is
imported, which saves most of their time. Standard output is a JSON list of their exit statuses; what each
said goes into its file.

A moment is just before a file under FOLDER is opened for writing, or a folder or file there is made, renamed
or removed: the places where a half result could come from. With N = 0 nobody is killed, and the last line
said is a JSON list of all moments, each `[event, path]`. With `"limit": BYTES` in a job no file can grow
longer, which is what a full disk looks like.
"""

import json
import os
import signal
import sys
import traceback
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import cosmopolis.pipeline.indicators
import cosmopolis.pipeline.notes
import cosmopolis.pipeline.run  # noqa: F401 - all imported before the first fork
from cosmopolis.cli import main
from cosmopolis.publish import report
from cosmopolis.publish.profile import page
from cosmopolis.publish.profile.change import Since
from cosmopolis.publish.result import Result

AT_A_TIME = 2

_CHANGES = {f"os.{verb}" for verb in ("mkdir", "rename", "remove", "rmdir", "truncate")} | {"shutil.rmtree"}


def draw_nothing(result: Result, folder: Path) -> dict[str, Path]:
    """Write something small in place of the report, for tests that are not about it."""
    folder.mkdir()
    paths = {language: folder / f"report.{language}.html" for language in ("en", "zh")}
    for language, path in paths.items():
        path.write_text(f"{result.edition.title[language]} {result.hash}", encoding="utf-8")
    return paths


def write_no_page(
    result: Result,
    cities: Sequence[int],
    folder: Path,
    *,
    since: Since | None = None,
    report_folder: str = "",
) -> list[Path]:
    """Write something small in place of the pages on cities, for tests that are not about them."""
    assert since is None
    folder.mkdir()
    paths = [folder / f"{city}.{language}.html" for city in cities for language in ("en", "zh")]
    for path in paths:
        path.write_text(f"{result.hash} {report_folder}", encoding="utf-8")
    return paths


def _work(at: int, folder: str, arguments: list[str], *, limit: int | None) -> int:
    moments: list[tuple[str, str]] = []

    def watch(event: str, args: tuple[object, ...]) -> None:
        is_write = event == "open" and isinstance(args[2], int) and args[2] & (os.O_WRONLY | os.O_RDWR)
        if (event in _CHANGES or is_write) and str(args[0]).startswith(folder):
            moments.append((event, str(args[0])))
            if len(moments) == at:
                os.kill(os.getpid(), signal.SIGKILL)

    report.write = draw_nothing
    page.write = write_no_page
    sys.addaudithook(watch)
    with _limited(limit):
        status = main(arguments)
    sys.stdout.flush()
    print(json.dumps(moments), file=sys.stderr)  # noqa: T201
    return status


@contextmanager
def _limited(length: int | None) -> Iterator[None]:
    """Let no file grow longer than so many bytes."""
    if length is None:
        yield
        return
    import resource  # noqa: PLC0415 - not on Windows

    sys.dont_write_bytecode = True
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (length, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


def _fork(job: dict[str, Any]) -> int:
    """Start a job in a process of its own and return its number."""
    process = os.fork()
    if process:
        return process
    said = os.open(job["said"], os.O_WRONLY | os.O_CREAT)
    os.dup2(said, 1)
    os.dup2(said, 2)
    status = 70
    try:
        status = _work(job["at"], job["folder"], job["arguments"], limit=job.get("limit"))
    except BaseException:  # noqa: BLE001 - said, for the test to see
        traceback.print_exc()
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(status)


def _run(jobs: list[dict[str, Any]]) -> list[int]:
    """Run the jobs and return their exit statuses, the signal less than zero for those that were killed."""
    running: dict[int, int] = {}
    statuses = [0] * len(jobs)
    for number, job in enumerate([*jobs, None]):
        while running and (job is None or len(running) == AT_A_TIME):
            process, status = os.wait()
            statuses[running.pop(process)] = os.waitstatus_to_exitcode(status)
        if job is not None:
            running[_fork(job)] = number
    return statuses


if __name__ == "__main__":
    print(json.dumps(_run(json.loads(Path(sys.argv[1]).read_text(encoding="utf-8")))))  # noqa: T201
