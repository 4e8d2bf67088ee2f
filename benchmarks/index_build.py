"""Times the index engine on many units, beside a plain loop: `python benchmarks/index_build.py`.

10,000 units × 100 indicators with gaps and outliers: impute, treat, normalise, weigh by CRITIC, aggregate by
ten dimensions. The loop does the same steps column by column with NumPy and SciPy, without log, checks
and tables. Prints the rows of `benchmarks/RESULTS.md`; it judges nothing.
"""

import resource
import time

import numpy as np
import polars as pl
from numpy.typing import NDArray
from scipy import stats

from cosmopolis import index

UNITS, INDICATORS, DIMENSIONS = 10_000, 100, 10
_SEED = 20_261_123
_POINTS = 5


def values() -> NDArray[np.float64]:
    """Draw lognormal values with 2 % of gaps, from a named seed."""
    draw = np.random.default_rng(_SEED)
    table = draw.lognormal(sigma=1.0, size=(UNITS, INDICATORS))
    table[draw.random(table.shape) < 0.02] = np.nan  # noqa: PLR2004 - the share of gaps
    return table


def engine(table: NDArray[np.float64]) -> float:
    """Build the index with every step; return the seconds."""
    codes = [f"i{k:03}" for k in range(INDICATORS)]
    spec = index.from_mapping(
        {
            "id": "root",
            "node": [{"id": f"d{k}", "parent": "root"} for k in range(DIMENSIONS)],
            "indicator": [{"id": code, "parent": f"d{k % DIMENSIONS}"} for k, code in enumerate(codes)],
            "step": [
                {"name": "impute", "method": "mean"},
                {"name": "treat"},
                {"name": "normalise", "method": "min-max"},
                {"name": "weigh", "method": "critic"},
                {"name": "aggregate", "method": "arithmetic"},
            ],
        }
    )
    frame = pl.DataFrame({"unit": [f"u{k:05}" for k in range(UNITS)]}).hstack(
        pl.DataFrame(dict(zip(codes, table.T, strict=True))).fill_nan(None)
    )
    start = time.perf_counter()
    index.build(spec, frame)
    return time.perf_counter() - start


def loop(table: NDArray[np.float64]) -> float:
    """Do the same steps column by column and node by node; return the seconds."""
    start = time.perf_counter()
    done = []
    for column in table.T:
        x = np.where(np.isnan(column), np.nanmean(column), column)
        y, moved = x.copy(), 0
        while abs(stats.skew(y, bias=False)) >= 2 and stats.kurtosis(y, bias=False) >= 3.5:  # noqa: PLR2004
            if moved == _POINTS:
                y = np.log(x - x.min() + 0.01 * (x.max() - x.min()))
                break
            y[np.argmax(y)] = np.sort(y)[-2 - moved]
            moved += 1
        done.append((y - y.min()) / (y.max() - y.min()) * 100.0)
    nodes = [critic_mean(np.column_stack(done[k::DIMENSIONS])) for k in range(DIMENSIONS)]
    critic_mean(np.column_stack(nodes)).argsort()
    return time.perf_counter() - start


def critic_mean(scores: NDArray[np.float64]) -> NDArray[np.float64]:
    """Average columns by their CRITIC weights."""
    spread = scores.std(axis=0, ddof=1) * (1.0 - np.corrcoef(scores.T)).sum(axis=0)
    mean: NDArray[np.float64] = scores @ (spread / spread.sum())
    return mean


def main() -> None:
    """Run the benchmark and print its rows."""
    table = values()
    ours = min(engine(table) for _ in range(3))
    plain = min(loop(table) for _ in range(3))
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(f"| engine, all steps, log and ranks | {ours:.2f} s | {peak:.0f} MB |")
    print(f"| plain loop of NumPy and SciPy | {plain:.2f} s | |")


if __name__ == "__main__":
    main()
