"""A script: two projections on a Spark of two worker processes; in the second, one of them is killed at work.

`python cluster.py FOLDER` reads `FOLDER/rows-*.parquet`, writes the answers to `FOLDER/calm` and
`FOLDER/killed`, and prints a JSON object of what happened. Kernels say in a file that they have begun, and
wait for one another's files, so nothing is left to chance.
"""

import json
import os
import signal
import sys
import time
from collections.abc import Iterable, Iterator
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import Any

import pyarrow as pa

from cosmopolis.engines import projection, spark

WAIT_SECONDS = 60
SETTINGS = {
    "spark.sql.shuffle.partitions": "4",
    "spark.sql.adaptive.enabled": "false",
    "spark.scheduler.minRegisteredResourcesRatio": "1.0",  # begin when both workers are there
    "spark.scheduler.maxRegisteredResourcesWaitingTime": f"{WAIT_SECONDS}s",
    "spark.locality.wait": "0",
}

_kernel = projection.partial_sums


def watched(
    batches: Iterable[pa.RecordBatch],
    *,
    signs: str,
    kill: bool,
    **options: Any,  # noqa: ANN401 - the kernel's own
) -> Iterator[pa.RecordBatch]:
    """Say that a kernel has begun, wait until both workers are at work, kill one or none, and work."""
    from pyspark import TaskContext  # noqa: PLC0415 - in the worker

    context = TaskContext.get()
    if context is None:  # the engine tries the kernel where it is
        yield from _kernel(batches, **options)
        return
    executor = _parent(os.getppid())  # above this worker there are its daemon and the executor
    sign = {"part": context.partitionId(), "executor": executor}
    folder = Path(signs)
    (folder / f"{time.monotonic_ns()}-{os.getpid()}").write_text(json.dumps(sign), encoding="utf-8")
    end = time.monotonic() + WAIT_SECONDS
    while len({seen["executor"] for seen in _read(folder)}) < 2 and time.monotonic() < end:
        time.sleep(0.02)
    done = list(_kernel(batches, **options))
    yield from done[:1]
    if kill and sign["part"] == 0:
        with suppress(FileExistsError), (folder.parent / "victim").open("x", encoding="utf-8") as victim:
            victim.write(str(executor))
            victim.flush()
            os.kill(executor, signal.SIGKILL)
    yield from done[1:]


def _parent(process: int) -> int:
    """Return the parent of a process."""
    stat = Path(f"/proc/{process}/stat").read_text(encoding="utf-8")
    return int(stat.rsplit(")", 1)[1].split()[1])


def _read(folder: Path) -> list[dict[str, int]]:
    """Read the signs that are whole."""
    texts = [path.read_text(encoding="utf-8") for path in sorted(folder.iterdir())]
    return [json.loads(text) for text in texts if text.endswith("}")]


def main(folder: Path) -> dict[str, Any]:
    """Project twice and tell what happened."""
    told: dict[str, Any] = {}
    with spark.Engine(master="local-cluster[2,1,1024]", memory_mb=1024, settings=SETTINGS) as engine:
        engine.register("papers", sorted(folder.glob("rows-*.parquet")))
        for name in ("calm", "killed"):
            signs = folder / f"{name}-signs"
            signs.mkdir()
            projection.partial_sums = partial(watched, signs=str(signs), kill=name == "killed")
            got = engine.project("SELECT * FROM papers")
            (folder / name).mkdir()
            got.pairs.write_parquet(folder / name / "pairs.parquet")
            got.totals.write_parquet(folder / name / "totals.parquet")
            account = [got.records, got.singles, got.capped, got.null_rows]
            told[name] = {"account": account, "kernels": _read(signs)}
        told["victim"] = int((folder / "victim").read_text(encoding="utf-8"))
        told["removed"] = _removed(engine)
    return told


def _removed(engine: spark.Engine) -> list[str]:
    """Return why Spark says that it lost executors."""
    java: Any = engine._session.sparkContext._jsc  # noqa: SLF001 - pyspark does not tell
    every = java.sc().statusStore().executorList(False)  # noqa: FBT003 - Java
    each = (every.apply(place) for place in range(every.size()))
    return [executor.removeReason().get() for executor in each if executor.removeReason().isDefined()]


if __name__ == "__main__":
    print(json.dumps(main(Path(sys.argv[1]))))  # noqa: T201
