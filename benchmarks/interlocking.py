"""Times connectivity in the interlocking network beside other ways: `python benchmarks/interlocking.py`.

300,000 offices of 5,000 firms in 10,000 cities, drawn with cities of very unequal size; labels are texts.
Each way runs in a process of its own on the same table: the closed form of Cosmopolis, the same closed form
in pandas, the usual merge of offices with themselves by firm and sum by city in pandas (dplyr's `inner_join`
and `summarise` is the same; R is run where `Rscript` with dplyr is there), the matrix of cities × cities with
SciPy, and the dense one with NumPy. Sums must agree. Prints the rows of `benchmarks/RESULTS.md`; it judges
nothing.
"""

import argparse
import json
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import polars as pl
from numpy.typing import NDArray
from scipy.sparse import csr_matrix

from cosmopolis.measures import interlocking as measures
from cosmopolis.networks import interlocking

CITIES, FIRMS, OFFICES = 10_000, 5_000, 300_000
DRAWS = 200
_SEED = 20_261_124

_DPLYR = """
suppressMessages(library(dplyr)); t <- read.csv(commandArgs(TRUE)[1])
start <- Sys.time()
g <- inner_join(t, t, by = "firm", relationship = "many-to-many") |> filter(city.x != city.y) |>
  group_by(city.x) |> summarise(gnc = sum(value.x * value.y))
cat(as.numeric(Sys.time() - start, units = "secs"), sum(g$gnc), "\\n")
"""


def offices() -> pl.DataFrame:
    """Draw a roster, each office once."""
    draw = np.random.default_rng(_SEED)
    keys = np.empty(0, dtype=np.int64)
    while len(keys) < OFFICES:
        city = (CITIES * draw.random(OFFICES) ** 2).astype(np.int64)
        keys = np.unique(np.append(keys, city * FIRMS + draw.integers(0, FIRMS, OFFICES)))
    keys = draw.permutation(keys)[:OFFICES]
    return pl.DataFrame(
        {
            "city": pl.Series(keys // FIRMS).cast(pl.String).str.zfill(5).str.replace("^", "City "),
            "firm": pl.Series(keys % FIRMS).cast(pl.String).str.zfill(5).str.replace("^", "Firm "),
            "value": draw.integers(1, 6, OFFICES),
        }
    )


def cosmopolis_closed(table: pl.DataFrame) -> float:
    """Sum of all connectivities by Cosmopolis."""
    return float(interlocking.connectivity(table)["gnc"].sum())


def cosmopolis_intervals(table: pl.DataFrame) -> float:
    """Return the same after drawing the firms anew."""
    measures.by_firms(table, draws=DRAWS)
    return cosmopolis_closed(table)


def pandas_closed(table: pl.DataFrame) -> float:
    """Return the closed form as one writes it in pandas."""
    t = table.to_pandas()
    size = t.groupby("firm")["value"].transform("sum")
    return float((t["value"] * (size - t["value"])).groupby(t["city"]).sum().sum())


def pandas_merge(table: pl.DataFrame) -> float:
    """Merge the offices with themselves by firm, and sum by city."""
    t = table.to_pandas()
    both = t.merge(t, on="firm")
    both = both[both["city_x"] != both["city_y"]]
    return float((both["value_x"] * both["value_y"]).groupby(both["city_x"]).sum().sum())


def _matrix(table: pl.DataFrame) -> tuple[NDArray[np.uint32], NDArray[np.uint32], NDArray[np.float64]]:
    city, firm = (
        table[name].cast(pl.Enum(table[name].unique().sort())).to_physical().to_numpy()
        for name in ("city", "firm")
    )
    return city, firm, table["value"].to_numpy().astype(np.float64)


def sparse(table: pl.DataFrame) -> float:
    """Form the matrix of cities × cities with SciPy."""
    city, firm, value = _matrix(table)
    v = csr_matrix((value, (city, firm)))
    r = v @ v.T
    return float((np.asarray(r.sum(axis=1)).ravel() - r.diagonal()).sum())


def dense(table: pl.DataFrame) -> float:
    """Form the matrix of cities × cities with NumPy, in single precision, which is exact here."""
    city, firm, value = _matrix(table)
    v = np.zeros((city.max() + 1, firm.max() + 1), dtype=np.float32)
    v[city, firm] = value
    r = v @ v.T
    np.fill_diagonal(r, 0)
    return float(r.sum(axis=1, dtype=np.float64).sum())


WAYS: dict[str, tuple[str, Callable[[pl.DataFrame], float]]] = {
    "nothing": ("the table alone", lambda table: float(table.height)),
    "closed": ("Cosmopolis: `interlocking.connectivity`", cosmopolis_closed),
    "pandas-closed": ("pandas, the closed form", pandas_closed),
    "pandas-merge": ("pandas, offices merged by firm, summed by city", pandas_merge),
    "sparse": ("SciPy, cities × cities, sparse", sparse),
    "dense": ("NumPy, cities × cities, dense", dense),
    "intervals": (f"Cosmopolis: intervals of ranks, {DRAWS} draws of firms", cosmopolis_intervals),
}


def one(way: str, path: Path) -> None:
    """Time one way in this process, the best of five where it is quick; print seconds, sum and memory."""
    table = pl.read_parquet(path)
    run = WAYS[way][1]
    seconds: list[float] = []
    answer = 0.0
    while len(seconds) < 5 and sum(seconds) < 2:  # noqa: PLR2004 - five runs, or two seconds
        start = time.perf_counter()
        answer = run(table)
        seconds.append(time.perf_counter() - start)
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(json.dumps({"seconds": min(seconds), "sum": answer, "memory": memory}))


def main() -> None:
    """Run every way and print its row."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--way", choices=list(WAYS), help="run this one alone, on the table given")
    parser.add_argument("--table", type=Path)
    args = parser.parse_args()
    if args.way:
        one(args.way, args.table)
        return
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "offices.parquet"
        table = offices()
        table.write_parquet(path)
        sums = {}
        for way, (words, _) in WAYS.items():
            command = [sys.executable, __file__, "--way", way, "--table", str(path)]
            told = json.loads(subprocess.run(command, check=True, capture_output=True).stdout)  # noqa: S603
            print(f"| {words} | {told['seconds']:.3f} s | {told['memory']:.0f} MB |")
            if way != "nothing":
                sums[way] = told["sum"]
        rscript = shutil.which("Rscript")
        if rscript is None:
            print("R is not on this machine: dplyr was not run")
        else:
            file = Path(folder) / "offices.csv"
            table.write_csv(file)
            done = subprocess.run(  # noqa: S603
                [rscript, "-e", _DPLYR, str(file)], check=False, capture_output=True, text=True
            )
            print(
                f"| R, dplyr | {done.stdout.split()[0]} s | |" if done.stdout else "R has no dplyr: not run"
            )
        print(f"sums agree: {len(set(sums.values())) == 1}")


if __name__ == "__main__":
    main()
