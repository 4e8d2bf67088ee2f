"""Runs the command `cosmopolis`: in this process, or in one of its own."""

import io
import os
import subprocess
import sys
from collections.abc import Mapping
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass
from pathlib import Path

from cosmopolis.cli import main

KILLED = Path(__file__).with_name("killed.py")
"""A script that builds without drawing and kills itself at a moment: see there."""

_KEPT = ("PATH", "HOME", "LANG", "PYTHONPATH", "SYSTEMROOT", "TMPDIR", "VIRTUAL_ENV")


@dataclass(frozen=True, kw_only=True)
class Answer:
    """What a command said."""

    status: int
    out: str
    err: str

    @property
    def error(self) -> str:
        """The one line of an error that is the user's to mend."""
        assert self.status == 1, self
        assert self.out == "", self
        assert "Traceback" not in self.err, self.err
        (line,) = self.err.splitlines()
        assert line.startswith("cosmopolis: error: "), line
        return line.removeprefix("cosmopolis: error: ")


def run(*arguments: object) -> Answer:
    """Run the command in this process."""
    out = io.TextIOWrapper(io.BytesIO(), encoding="utf-8", newline="")
    err = io.StringIO()
    with redirect_stdout(out), redirect_stderr(err):
        try:
            status = main([str(argument) for argument in arguments])
        except SystemExit as error:
            status = int(error.code or 0)
    out.flush()
    written = out.buffer
    assert isinstance(written, io.BytesIO)
    return Answer(status=status, out=written.getvalue().decode("utf-8"), err=err.getvalue())


def environ(**more: str) -> dict[str, str]:
    """Return a small environment for a process: what it needs to start, and what is given."""
    return {name: os.environ[name] for name in _KEPT if name in os.environ} | more


def spawn(
    *arguments: object,
    script: Path | None = None,
    cwd: Path | None = None,
    env: Mapping[str, str] | None = None,
) -> Answer:
    """Run the command, or a script, in a process of its own."""
    program = ["-m", "cosmopolis"] if script is None else [str(script)]
    done = subprocess.run(  # noqa: S603 - our own program
        [sys.executable, *program, *map(str, arguments)],
        cwd=cwd,
        env=environ() if env is None else dict(env),
        capture_output=True,
        check=False,
        timeout=120,
    )
    return Answer(status=done.returncode, out=done.stdout.decode("utf-8"), err=done.stderr.decode("utf-8"))
