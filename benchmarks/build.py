"""Times the build of the default edition and its sameness of bytes: `python benchmarks/build.py`.

Sources are pulled first, so that no download is timed. Then, each in a process of its own: `--help`, a
build with nothing kept, one more with nothing kept (for the hashes), and one where nothing changed.
Prints the rows of `benchmarks/RESULTS.md`; it judges nothing.
"""

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path


def run(command: list[str]) -> tuple[float, float]:
    """Run a command; return its wall time in seconds and its peak memory in MB."""
    start = time.perf_counter()
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)  # noqa: S603
    _, status, usage = os.wait4(process.pid, 0)
    seconds = time.perf_counter() - start
    if status:
        raise SystemExit(f"{' '.join(command)} failed with status {status}")
    return seconds, usage.ru_maxrss / 1024


def hashes(out: Path) -> dict[str, str]:
    """Hashes of all files of a result, from its manifest."""
    files: dict[str, str] = json.loads((out / "manifest.json").read_text(encoding="utf-8"))["files"]
    return files


def main() -> None:
    """Run the benchmark and print its rows."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cache", type=Path, help="folder with sources already pulled; else they are pulled")
    cache = parser.parse_args().cache
    cosmopolis = [sys.executable, "-m", "cosmopolis"]
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder)
        first, second = home / "first", home / "second"
        if cache:
            shutil.copytree(cache, first, ignore=shutil.ignore_patterns("steps", "archives", "parts"))
        run([*cosmopolis, "sources", "pull", "--cache", str(first)])
        shutil.copytree(first, second)
        build = [*cosmopolis, "build", "--offline", "--quiet"]
        rows = [
            ("`cosmopolis --help`", min(run([*cosmopolis, "--help"]) for _ in range(5))),
            ("build, nothing kept", run([*build, "--cache", str(first), "--out", str(home / "a")])),
            (
                "build, nothing kept, other folders",
                run([*build, "--cache", str(second), "--out", str(home / "b")]),
            ),
            ("build, nothing changed", run([*build, "--cache", str(first), "--out", str(home / "a")])),
        ]
        one, other = hashes(home / "a"), hashes(home / "b")
        for name, (seconds, memory) in rows:
            print(f"| {name} | {seconds:.2f} s | {memory:.0f} MB |")
        same = sum(one[name] == other.get(name) for name in one)
        print(f"{same} of {len(one)} files have the same hash in both builds")


if __name__ == "__main__":
    main()
