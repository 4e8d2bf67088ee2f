"""Uncertainty analysis of an index beside plain loops in NumPy and pandas, and beside COINr.

    python benchmarks/index_uncertainty.py [--data FOLDER] [--replications N] [--loops N]

Two indices, varied in the same way by each tool: normalisation (min–max or z-score) and ± 25 % even noise on
all weights. ASEM is COINr's example (51 units × 49 indicators, in FOLDER/coinr-asem); the other, 1,000 units
× 15 indicators, is synthetic. Every row is measured in a process of its own, from a built index to intervals
of ranks and scores at every node; peak memory is that of the process. Loops and COINr do fewer replications,
and their time is scaled to as many, their memory is not. COINr looks at ranks of the index alone; it runs
where `Rscript` finds its package, or its sources in the folder COINR_SOURCE.
"""

import argparse
import importlib
import importlib.util
import json
import os
import resource
import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from cosmopolis.index import data, engine, spec, uncertainty
from cosmopolis.index.designs import Floats, branches
from cosmopolis.index.engine import Built
from cosmopolis.index.variations import Choice, Noise

METHODS = ("min-max", "z-score")
NOISE = 0.25
SEED = 2024

ASEM = """
[data]
file = "ASEM_iData.csv"
metadata = "ASEM_iMeta.csv"
unit = "uCode"
[[step]]
name = "denominate"
[[step]]
name = "impute"
method = "group-mean"
group = "EurAsia_group"
[[step]]
name = "treat"
[[step]]
name = "normalise"
[[step]]
name = "aggregate"
"""

COINR = """
folder <- Sys.getenv("COINR_SOURCE")
if (nzchar(folder)) {
  for (file in list.files(file.path(folder, "R"), full.names = TRUE)) source(file)
  for (file in list.files(file.path(folder, "data"), full.names = TRUE)) load(file)
} else suppressPackageStartupMessages(library(COINr))
n <- as.integer(commandArgs(trailingOnly = TRUE)[1])
coin <- suppressMessages(build_example_coin(quietly = TRUE))
specs <- list(
  Normalisation = list(
    Address = "$Log$Normalise$global_specs", Type = "discrete",
    Distribution = list(
      list(f_n = "n_minmax", f_n_para = list(c(1, 100))),
      list(f_n = "n_zscore", f_n_para = list(c(10, 2))))),
  Weights = list(
    Address = "$Log$Aggregate$w", Type = "discrete",
    Distribution = get_noisy_weights(
      w = coin$Meta$Weights$Original, Nrep = n,
      noise_specs = data.frame(Level = 1:3, NoiseFactor = rep(0.25, 3)))))
start <- proc.time()[["elapsed"]]
got <- suppressMessages(get_sensitivity(
  coin, SA_specs = specs, N = n, SA_type = "UA", dset = "Aggregated", iCode = "Index", quietly = TRUE))
cat(sprintf("seconds=%f\\n", proc.time()[["elapsed"]] - start))
"""


def asem(folder: Path) -> Built:
    """Return COINr's example as built."""
    place = folder / "coinr-asem"
    plan = spec.from_toml(ASEM, folder=place)
    return engine.build(plan, data.read(plan, place))


def synthetic(units: int = 1000, indicators: int = 15, nodes: int = 3) -> Built:
    """Return a synthetic index: numbers of no city."""
    rng = np.random.default_rng(SEED)
    mapping = {
        "id": "synthetic",
        "node": [{"id": f"node-{at}", "parent": "synthetic"} for at in range(nodes)],
        "indicator": [{"id": f"i{at:02}", "parent": f"node-{at % nodes}"} for at in range(indicators)],
    }
    frame = pl.DataFrame({"unit": np.arange(units)}).with_columns(
        pl.Series(f"i{at:02}", rng.gamma(2.0, size=units)) for at in range(indicators)
    )
    return engine.build(spec.from_mapping(mapping), frame)


def entering(built: Built) -> Floats:
    """Return values as they enter normalising, more is better."""
    place = built.labels.index("normalise")
    values = built.stages[place - 1].values if place else built.data.values
    directed: Floats = values * np.array([indicator.direction for indicator in built.spec.tree.indicators])
    return directed


def ours(built: Built, n: int) -> None:
    """Analyse by Cosmopolis."""
    uncertainty.analyse(built, [Choice("normalise", METHODS), Noise(NOISE)], n=n, seed=SEED)


def numpy_loop(built: Built, n: int) -> None:
    """Analyse one replication after the other in NumPy: what one writes without a library."""
    tree = branches(built.spec.tree)
    values = entering(built)
    rng = np.random.default_rng(SEED)
    scores, places = [], []
    for _ in range(n):
        if rng.random() < 0.5:  # noqa: PLR2004 - either method
            low, high = values.min(axis=0), values.max(axis=0)
            normal = 100 * (values - low) / (high - low)
        else:
            normal = (values - values.mean(axis=0)) / values.std(axis=0, ddof=1)
        weights = tree.weights * (1 + NOISE * rng.uniform(-1, 1, len(tree.weights)))
        columns = list(normal.T)
        for children in tree.children:
            w = weights[list(children)]
            columns.append(np.stack([columns[c] for c in children], axis=1) @ w / w.sum())
        table = np.stack(columns[len(tree.indicators) :])
        ordered = np.sort(-table, axis=1)
        scores.append(table)
        places.append([1 + np.searchsorted(row, -score) for row, score in zip(ordered, table, strict=True)])
    for draws in (np.array(scores), np.array(places)):
        np.quantile(draws, [0.05, 0.5, 0.95], axis=0)


def pandas_loop(built: Built, n: int) -> None:
    """Analyse one replication after the other in pandas."""
    pandas: Any = importlib.import_module("pandas")
    tree = branches(built.spec.tree)
    values = pandas.DataFrame(entering(built), index=built.units, columns=tree.indicators)
    rng = np.random.default_rng(SEED)
    scores, places = [], []
    for _ in range(n):
        if rng.random() < 0.5:  # noqa: PLR2004 - either method
            normal = 100 * (values - values.min()) / (values.max() - values.min())
        else:
            normal = (values - values.mean()) / values.std()
        weights = tree.weights * (1 + NOISE * rng.uniform(-1, 1, len(tree.weights)))
        for node, children in zip(tree.nodes, tree.children, strict=True):
            w = weights[list(children)]
            names = [tree.entries[child] for child in children]
            normal[node] = normal[names].mul(w / w.sum(), axis=1).sum(axis=1)
        nodes = normal[list(tree.nodes)]
        scores.append(nodes)
        places.append(nodes.rank(ascending=False, method="min"))
    for draws in (scores, places):
        pandas.concat(draws).groupby(level=0).quantile([0.05, 0.5, 0.95])


TOOLS: dict[str, Callable[[Built, int], None]] = {
    "cosmopolis": ours,
    "NumPy loop": numpy_loop,
    "pandas loop": pandas_loop,
}


def measure(case: str, tool: str, n: int, folder: Path) -> None:
    """Run one tool in this process and print seconds and peak memory as JSON."""
    built = asem(folder) if case == "ASEM" else synthetic()
    TOOLS[tool](built, min(n, 20))  # imports and first calls
    start = time.perf_counter()
    TOOLS[tool](built, n)
    seconds = time.perf_counter() - start
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(json.dumps({"seconds": seconds, "peak": peak}))


def coinr(n: int) -> tuple[float | None, str]:
    """Return the seconds that COINr takes, or why it does not run."""
    rscript = shutil.which("Rscript")
    if rscript is None:
        return None, "COINr: not run, there is no Rscript"
    done = subprocess.run(  # noqa: S603 - a fixed script
        [rscript, "-e", COINR, str(n)], capture_output=True, text=True, check=False
    )
    found = [line for line in done.stdout.splitlines() if line.startswith("seconds=")]
    if not found:
        return None, "COINr: not run, " + (done.stderr.strip().splitlines() or ["no result"])[-1]
    return float(found[0].removeprefix("seconds=")), ""


def main() -> None:
    """Measure all and print the table."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        "--data", type=Path, default=Path(os.environ.get("COSMOPOLIS_DATA", "../shared/data"))
    )
    parser.add_argument("--replications", type=int, default=10_000)
    parser.add_argument("--loops", type=int, default=200)
    parser.add_argument("--one", nargs=2, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.one:
        case, tool = given.one
        measure(case, tool, given.replications, given.data)
        return
    notes = []
    print("| index | tool | replications run | seconds | seconds for all | times ours | peak MB |")
    print("|---|---|---:|---:|---:|---:|---:|")
    for case in ("ASEM", "1,000 × 15"):
        if case == "ASEM" and not (given.data / "coinr-asem").is_dir():
            notes.append("ASEM: not run, no folder coinr-asem in --data")
            continue
        base = None
        for tool in TOOLS:
            if tool == "pandas loop" and importlib.util.find_spec("pandas") is None:
                notes.append("pandas loop: not run, pandas is not installed")
                continue
            n = given.replications if tool == "cosmopolis" else given.loops
            command = [sys.executable, __file__, "--one", case, tool, "--replications", str(n)]
            done = subprocess.run(  # noqa: S603 - this very file
                [*command, "--data", str(given.data)], capture_output=True, text=True, check=True
            )
            got = json.loads(done.stdout)
            whole = got["seconds"] * given.replications / n
            base = whole if base is None else base
            print(
                f"| {case} | {tool} | {n:,} | {got['seconds']:.2f} | {whole:.2f} | {whole / base:.0f} "
                f"| {got['peak']:.0f} |"
            )
        if case == "ASEM" and base is not None:
            n = min(given.loops, 100)
            seconds, why = coinr(n)
            if seconds is None:
                notes.append(why)
            else:
                whole = seconds * given.replications / n
                print(f"| {case} | COINr | {n:,} | {seconds:.2f} | {whole:.2f} | {whole / base:.0f} | |")
    load = ", ".join(f"{x:.1f}" for x in os.getloadavg())
    notes.append(f"{len(os.sched_getaffinity(0))} processors; load over 1, 5 and 15 minutes {load}")
    print("\n" + "\n".join(dict.fromkeys(notes)))


if __name__ == "__main__":
    main()
