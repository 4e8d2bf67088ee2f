"""A script: build without drawing, and be killed when files under a folder are touched for the Nth time.

`python killed.py N FOLDER ARGUMENTS…` runs `cosmopolis ARGUMENTS`. A moment is just before a file under
FOLDER is opened for writing, or a folder or file there is made, renamed or removed: the places where a half
result could come from. With N = 0 nobody is killed, and the last line on stderr is the number of moments.
"""

import os
import signal
import sys
from pathlib import Path

from cosmopolis.cli import main
from cosmopolis.publish import report
from cosmopolis.publish.result import Result

_CHANGES = {
    "os.mkdir",
    "os.rename",
    "os.remove",
    "os.rmdir",
    "os.truncate",
    "shutil.rmtree",
    "tempfile.mkdtemp",
}


def draw_nothing(result: Result, folder: Path) -> dict[str, Path]:
    """Write something small in place of the report, for tests that are not about it."""
    folder.mkdir()
    paths = {language: folder / f"report.{language}.html" for language in ("en", "zh")}
    for language, path in paths.items():
        path.write_text(f"{result.edition.title[language]} {result.hash}", encoding="utf-8")
    return paths


def _main(at: int, folder: str, arguments: list[str]) -> int:
    moments = 0

    def watch(event: str, args: tuple[object, ...]) -> None:
        nonlocal moments
        is_write = event == "open" and isinstance(args[2], int) and args[2] & (os.O_WRONLY | os.O_RDWR)
        if (event in _CHANGES or is_write) and str(args[0]).startswith(folder):
            moments += 1
            if moments == at:
                os.kill(os.getpid(), signal.SIGKILL)

    report.write = draw_nothing
    sys.addaudithook(watch)
    status = main(arguments)
    print(moments, file=sys.stderr)  # noqa: T201
    return status


if __name__ == "__main__":
    sys.exit(_main(int(sys.argv[1]), sys.argv[2], sys.argv[3:]))
