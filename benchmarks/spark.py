"""Times the projection on Spark beside Spark's own self-join: `python benchmarks/spark.py [--works 1e6 3e6]`.

The rows are those of `benchmarks/projection.py`. Each way runs on a Spark of two threads in a process of its
own, after a first run on 10,000 works that starts Spark's and Python's workers; both bring the same sorted
pairs back as a frame, and the benchmark stops if their number or their counts differ. Memory is the most that
the process, Spark's Java and its Python workers held together, looked at ten times a second. Prints the rows
of `benchmarks/RESULTS.md`. It judges nothing else.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from pathlib import Path

import polars as pl

from cosmopolis.engines.spark import Engine
from projection import write_works

_THREADS = 2
_MEMORY_MB = 4096
_WARM_WORKS = 10_000
_ROWS_SQL = "SELECT item, year, field, city_id FROM rows"
_JOIN_SQL = """
WITH incidence AS (SELECT DISTINCT item, year, field, city_id FROM rows),
sized AS (SELECT item, year, field, COUNT(*) AS n FROM incidence GROUP BY item, year, field)
SELECT a.field, a.year, a.city_id AS origin, b.city_id AS destination, COUNT(*) AS count,
    SUM(1.0D / (s.n - 1)) AS fractional, SUM(2.0D / (s.n * (s.n - 1))) AS refined
FROM incidence a
JOIN incidence b ON b.item = a.item AND b.year = a.year AND b.field = a.field AND b.city_id > a.city_id
JOIN sized s ON s.item = a.item AND s.year = a.year AND s.field = a.field
GROUP BY a.field, a.year, a.city_id, b.city_id
"""
_KEYS = ("field", "year", "origin", "destination")


def kernel(engine: Engine) -> pl.DataFrame:
    """Project with the kernel in Spark's Python workers."""
    return engine.project(_ROWS_SQL).pairs


def join(engine: Engine) -> pl.DataFrame:
    """Join the rows with themselves in Spark SQL."""
    return engine.query(_JOIN_SQL, order=_KEYS)


WAYS: dict[str, Callable[[Engine], pl.DataFrame]] = {
    "Cosmopolis on Spark": kernel,
    "Spark's own self-join": join,
}


class Memory(threading.Thread):
    """Looks at the memory of a process and all that it started, until `stop` is set."""

    def __init__(self) -> None:
        super().__init__(daemon=True)
        self.stop = threading.Event()
        self.peak_mb = 0.0

    def run(self) -> None:
        """Look ten times a second."""
        while not self.stop.wait(0.1):
            self.peak_mb = max(self.peak_mb, _family_mb(os.getpid()))


def _family_mb(root: int) -> float:
    """Return the memory, in MB, of a process and its descendants; shared pages count for each."""
    parents, pages = {}, {}
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            stat = (folder / "stat").read_text(encoding="utf-8").rsplit(")", 1)[1].split()
        except OSError:  # it has ended
            continue
        parents[int(folder.name)], pages[int(folder.name)] = int(stat[1]), int(stat[21])
    family, size = {root}, 0
    while len(family) != size:
        size = len(family)
        family |= {child for child, parent in parents.items() if parent in family}
    return sum(pages.get(process, 0) for process in family) * os.sysconf("SC_PAGE_SIZE") / 1e6


def measure(way: str, file: Path, runs: int) -> None:
    """Run one way some times and print what it took, for the process that asked."""
    run = WAYS[way]
    start = time.perf_counter()
    with Engine(threads=_THREADS, memory_mb=_MEMORY_MB) as engine, tempfile.TemporaryDirectory() as folder:
        engine.register("rows", pl.DataFrame({"n": [1]}))
        starting = time.perf_counter() - start
        write_works(_WARM_WORKS, Path(folder) / "warm.parquet")
        engine.register("rows", [Path(folder) / "warm.parquet"])
        run(engine)
        engine.register("rows", [file])
        memory = Memory()
        memory.start()
        seconds = []
        for _ in range(runs):
            start = time.perf_counter()
            pairs = run(engine)
            seconds.append(time.perf_counter() - start)
        memory.stop.set()
    answer = {
        "starting": starting,
        "seconds": min(seconds),
        "megabytes": memory.peak_mb,
        "pairs": pairs.height,
        "events": int(pairs["count"].sum()),
    }
    print(json.dumps(answer))


def main() -> None:
    """Run the benchmark and print its rows."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--works", type=float, nargs="+", default=[1e6], help="numbers of works")
    parser.add_argument("--runs", type=int, default=2, help="runs of each way, the quickest counts (2)")
    parser.add_argument("--one", nargs=2, metavar=("WAY", "FILE"), help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.one:
        measure(options.one[0], Path(options.one[1]), options.runs)
        return
    print("| works | rows | way | time | of all processes | pairs |")
    print("|---:|---:|---|---:|---:|---:|")
    with tempfile.TemporaryDirectory() as folder:
        for works in (int(number) for number in options.works):
            file = Path(folder) / f"{works}.parquet"
            compare(works, write_works(works, file), file, options.runs)


def compare(works: int, rows: int, file: Path, runs: int) -> None:
    """Run both ways on one file and print their lines."""
    answers = []
    for way in WAYS:
        done = subprocess.run(  # noqa: S603 - our own program
            [sys.executable, __file__, "--runs", str(runs), "--one", way, str(file)],
            capture_output=True,
            check=True,
            text=True,
        )
        answers.append(json.loads(done.stdout.splitlines()[-1]))
        found = answers[-1]
        if (found["pairs"], found["events"]) != (answers[0]["pairs"], answers[0]["events"]):
            raise SystemExit(f"{way} gave {found}, but the first way {answers[0]}")
        print(
            f"| {works:,} | {rows:,} | {way} | {found['seconds']:.1f} s | {found['megabytes']:,.0f} MB "
            f"| {found['pairs']:,} |",
            flush=True,
        )
    ratio = answers[1]["seconds"] / answers[0]["seconds"]
    print(f"\nThe kernel is {ratio:.1f} times as fast; Spark started in {answers[0]['starting']:.1f} s.\n")


if __name__ == "__main__":
    main()
