"""Times the projection beside its peers: `python benchmarks/projection.py [--works 1e6 1e7] [--folder DIR]`.

Synthetic works (9 fields, 25 years, 3,000 cities by Zipf's law, on average 2.2 rows a work) are written as
Parquet; each program then reads the file and gives sorted links with counts, in a process of its own, whose
libraries are imported before the clock starts; memory is the peak of that process. SciPy's product AᵀA of the
incidence matrix knows neither field nor year. Every answer must have the same number of pairs and of pair
events. Prints the rows of `benchmarks/RESULTS.md`; `--picture FILE` draws time and memory against rows. It
judges nothing else.
"""

import argparse
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq

from cosmopolis.engines.duckdb import Engine

FIELDS = ("ai", "brain", "chips", "energy", "health", "materials", "ocean", "quantum", "space")
YEARS = (2000, 2025)
CITIES = 3_000
AT_HOME = 0.3
"""Share of a work's further rows that lie in the city of its first."""

ROWS_BEYOND_FIRST = 1.2
_SEED = 20_261_123
_PART = 1_000_000
_THREADS = 2
_PEERS_MOST_WORKS = 10_000_000
_RUNS = 3
_ROWS_SQL = "SELECT item, year, field, city_id FROM rows"
_JOIN_SQL = """
WITH incidence AS (SELECT DISTINCT item, year, field, city_id FROM rows),
sized AS (SELECT item, year, field, COUNT(*) AS n FROM incidence GROUP BY item, year, field)
SELECT a.field, a.year, a.city_id AS origin, b.city_id AS destination, COUNT(*) AS count,
    SUM(1.0 / (s.n - 1)) AS fractional, SUM(2.0 / (s.n * (s.n - 1))) AS refined
FROM incidence a
JOIN incidence b ON b.item = a.item AND b.year = a.year AND b.field = a.field AND b.city_id > a.city_id
JOIN sized s ON s.item = a.item AND s.year = a.year AND s.field = a.field
GROUP BY a.field, a.year, a.city_id, b.city_id
ORDER BY a.field, a.year, a.city_id, b.city_id
"""


def write_works(works: int, file: Path, *, shuffled: bool = False, text: bool = False) -> int:
    """Write synthetic rows `item, year, field, city_id`, items ascending unless shuffled; return how many."""
    draw = np.random.Generator(np.random.Philox(_SEED))
    ids = np.sort(draw.choice(12_000_000, CITIES, replace=False)).astype(np.int64)
    share = np.cumsum(1.0 / np.arange(1, CITIES + 1))
    share /= share[-1]
    order = draw.permutation(CITIES)
    item_type = pa.string() if text else pa.int64()
    schema = pa.schema(
        [("item", item_type), ("year", pa.int16()), ("field", pa.string()), ("city_id", pa.int64())]
    )
    count = 0
    with pq.ParquetWriter(file, schema, compression="zstd") as target:
        for start in range(0, works, _PART):
            size = min(_PART, works - start)
            rows = 1 + draw.poisson(ROWS_BEYOND_FIRST, size)
            first = np.cumsum(rows) - rows
            city = order[np.searchsorted(share, draw.random(int(rows.sum())))]
            is_home = draw.random(len(city)) < AT_HOME
            city = np.where(is_home, np.repeat(city[first], rows), city)
            field = pa.DictionaryArray.from_arrays(
                np.repeat(draw.integers(0, len(FIELDS), size).astype(np.int8), rows), list(FIELDS)
            )
            item = pl.Series(np.repeat(np.arange(start, start + size), rows))
            if text:
                item = item.cast(pl.String).str.zfill(12)
            table = pa.table(
                {
                    "item": item.to_arrow().cast(item_type),
                    "year": np.repeat(draw.integers(*YEARS, size).astype(np.int16), rows),
                    "field": field.cast(pa.string()),
                    "city_id": ids[city],
                },
                schema=schema,
            )
            if shuffled:
                table = table.take(draw.permutation(len(table)))
            target.write_table(table)
            count += len(table)
    return count


def ours(file: Path) -> tuple[int, int]:
    """Project with Cosmopolis; the answer is a frame."""
    with Engine(threads=_THREADS) as engine:
        engine.register("rows", [file])
        pairs = engine.project(_ROWS_SQL).pairs
    return pairs.height, int(pairs["count"].sum())


def ours_to_file(file: Path) -> tuple[int, int]:
    """Project with Cosmopolis; the answer is a Parquet file."""
    out = file.with_suffix(".pairs")
    with Engine(threads=_THREADS) as engine:
        engine.register("rows", [file])
        engine.project_to_file(_ROWS_SQL, out)
    counts = (
        pl.scan_parquet(out).select(pl.len(), pl.col("count").sum().alias("sum")).collect(engine="streaming")
    )
    out.unlink()
    return int(counts[0, 0]), int(counts[0, 1])


def duckdb_join(file: Path) -> tuple[int, int]:
    """Join the rows with themselves in DuckDB."""
    import duckdb  # noqa: PLC0415 - measured in a process of its own

    with duckdb.connect(config={"threads": _THREADS}) as connection:
        connection.read_parquet(str(file)).create_view("rows")
        pairs = connection.sql(_JOIN_SQL).to_arrow_table()
    return len(pairs), int(np.asarray(pairs["count"]).sum())


def polars_join(file: Path) -> tuple[int, int]:
    """Join the rows with themselves in Polars."""
    keys = ["item", "year", "field"]
    rows = pl.scan_parquet(file).unique()
    sized = rows.with_columns(n=pl.len().over(keys)).filter(pl.col("n") > 1)
    n = pl.col("n").cast(pl.Float64)
    pairs = (
        sized.join(sized.drop("n"), on=keys, suffix="_other")
        .filter(pl.col("city_id") < pl.col("city_id_other"))
        .group_by("field", "year", "city_id", "city_id_other")
        .agg(
            pl.len().alias("count"),
            (1.0 / (n - 1.0)).sum().alias("fractional"),
            (2.0 / (n * (n - 1.0))).sum().alias("refined"),
        )
        .sort("field", "year", "city_id", "city_id_other")
        .collect()
    )
    return pairs.height, int(pairs["count"].sum())


def scipy_product(file: Path) -> tuple[int, int]:
    """Multiply the incidence matrix with itself in SciPy: full counting, no field, no year."""
    from scipy import sparse  # noqa: PLC0415 - measured in a process of its own

    table = pq.read_table(file, columns=["item", "city_id"])
    item, city = (np.asarray(table[name]) for name in ("item", "city_id"))
    _, column = np.unique(city, return_inverse=True)
    incidence = sparse.csr_matrix(
        (np.ones(len(item), np.int32), (item, column)), shape=(int(item.max()) + 1, int(column.max()) + 1)
    )
    incidence.sum_duplicates()
    incidence.data[:] = 1
    product = sparse.triu(incidence.T @ incidence, k=1, format="csr")
    product.sort_indices()
    return product.nnz, int(product.sum())


def kernel(file: Path) -> tuple[int, int]:
    """Project rows that lie in memory as Arrow columns with coded fields; reading is left out."""
    global _started  # noqa: PLW0603 - the clock starts after reading
    import duckdb  # noqa: PLC0415 - measured in a process of its own

    from cosmopolis.engines.projection import project_batches  # noqa: PLC0415

    with duckdb.connect(config={"threads": _THREADS}) as connection:
        names = ", ".join(f"'{name}'" for name in FIELDS)
        rows = connection.sql(
            f"SELECT item, year, list_position([{names}], field) AS field, city_id FROM '{file}'"  # noqa: S608
        ).to_arrow_table()
    project_batches(rows.slice(0, 1_000).to_batches(), threads=_THREADS, field_labels=list(FIELDS))
    _started = time.perf_counter()
    pairs = project_batches(rows.to_batches(), threads=_THREADS, field_labels=list(FIELDS)).pairs
    return pairs.height, int(pairs["count"].sum())


_started = 0.0
KERNEL = "its kernel alone, rows in memory"
TO_FILE = "Cosmopolis, links to a Parquet file"
PROGRAMS: dict[str, Callable[[Path], tuple[int, int]]] = {
    "Cosmopolis": ours,
    TO_FILE: ours_to_file,
    KERNEL: kernel,
    "DuckDB self-join": duckdb_join,
    "Polars self-join": polars_join,
    "SciPy product, no field or year": scipy_product,
}


def measure(name: str, file: Path) -> None:
    """Run one program and print what it took, for the process that asked."""
    global _started  # noqa: PLW0603 - a program may start the clock anew
    import cosmopolis.engines._projector  # noqa: F401, PLC0415 - as all other libraries, before the clock starts

    _started = time.perf_counter()
    pairs, events = PROGRAMS[name](file)
    seconds = time.perf_counter() - _started
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    print(json.dumps({"seconds": seconds, "megabytes": peak, "pairs": pairs, "events": events}))


def timed(name: str, file: Path, runs: int) -> dict[str, float]:
    """Run one program some times, each in a process of its own; the quickest time, the highest peak."""
    answers = []
    for _ in range(runs):
        done = subprocess.run(  # noqa: S603 - our own program
            [sys.executable, __file__, "--one", name, str(file)], capture_output=True, check=True, text=True
        )
        answers.append(json.loads(done.stdout.splitlines()[-1]))
    return {
        **answers[0],
        "seconds": min(answer["seconds"] for answer in answers),
        "megabytes": max(answer["megabytes"] for answer in answers),
    }


def compile_seconds(file: Path) -> float:
    """Seconds of the first projection ever, when nothing compiled is kept."""
    with tempfile.TemporaryDirectory() as cache:
        start = time.perf_counter()
        subprocess.run(  # noqa: S603 - our own program
            [sys.executable, __file__, "--one", "Cosmopolis", str(file)],
            env={**os.environ, "NUMBA_CACHE_DIR": cache},
            capture_output=True,
            check=True,
        )
        return time.perf_counter() - start


def draw_picture(rows: list[dict[str, float | str]], file: Path) -> None:
    """Draw time and memory against rows, on logarithmic scales."""
    import altair as alt  # noqa: PLC0415 - only where a picture is asked for

    shown = [row for row in rows if row["program"] != KERNEL]
    base = alt.Chart(pl.DataFrame(shown)).encode(
        alt.X(
            "rows:Q",
            title="rows",
            scale=alt.Scale(type="log"),
            axis=alt.Axis(format="~s", values=[10.0**k for k in range(4, 10)]),
        ),
        alt.Color("program:N", title=None, legend=alt.Legend(orient="bottom", columns=2, labelLimit=400)),
    )
    parts = [
        base.mark_line(point=True)
        .encode(alt.Y(f"{column}:Q", title=title, scale=alt.Scale(type="log")))
        .properties(width=320, height=260)
        for column, title in (("seconds", "seconds"), ("megabytes", "peak memory, MB"))
    ]
    alt.hconcat(*parts).save(file)


def main() -> None:
    """Run the benchmark and print its rows."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--works", type=float, nargs="+", default=[1e6, 3e6, 1e7], help="numbers of works")
    parser.add_argument("--folder", type=Path, help="where the rows are kept (a temporary folder)")
    parser.add_argument(
        "--runs", type=int, default=_RUNS, help="runs of each program, the quickest counts (3)"
    )
    parser.add_argument("--orders", action="store_true", help="also shuffled rows, and items as text")
    parser.add_argument("--picture", type=Path, help="SVG of time and memory against rows")
    parser.add_argument("--one", nargs=2, metavar=("PROGRAM", "FILE"), help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.one:
        measure(options.one[0], Path(options.one[1]))
        return
    with tempfile.TemporaryDirectory() as temporary:
        folder = options.folder or Path(temporary)
        folder.mkdir(parents=True, exist_ok=True)
        rows: list[dict[str, float | str]] = []
        print("| works | rows | program | time | peak memory | pairs |")
        print("|---:|---:|---|---:|---:|---:|")
        forms: list[tuple[str, dict[str, bool]]] = [("sorted", {})]
        if options.orders:
            forms += [("shuffled", {"shuffled": True}), ("text items", {"text": True})]
        for works in (int(number) for number in sorted(options.works)):
            for form, how in forms:
                rows.extend(compare(works, form, how, folder, options.runs))
        mine = [
            row
            for row in rows
            if row["program"] == "Cosmopolis, links to a Parquet file" and row["form"] == "sorted"
        ]
        if len(mine) > 1:
            x, y = (np.log([float(row[name]) for row in mine]) for name in ("rows", "seconds"))
            print(f"\nTime grows as rows to the power of {np.polyfit(x, y, 1)[0]:.2f}.")
        first = min(int(number) for number in options.works)
        seconds = compile_seconds(folder / f"{first}-sorted.parquet")
        print(f"The first projection ever, which is compiled: {seconds:.1f} s.")
        if options.picture:
            draw_picture([row for row in rows if row["form"] == "sorted"], options.picture)


def compare(
    works: int, form: str, how: dict[str, bool], folder: Path, runs: int
) -> list[dict[str, float | str]]:
    """Run every program that is apt on one file of rows, print its line and return it."""
    file = folder / f"{works}-{form.replace(' ', '-')}.parquet"
    count = pq.read_metadata(file).num_rows if file.exists() else write_works(works, file, **how)
    found: list[dict[str, float | str]] = []
    for name, program in PROGRAMS.items():
        if works > _PEERS_MOST_WORKS and program is not ours_to_file:
            continue
        if form != "sorted" and program is not ours:
            continue
        answer = timed(name, file, runs)
        if not name.startswith("SciPy") and found and answer["pairs"] != found[0]["pairs"]:
            raise SystemExit(
                f"{name} gave {answer['pairs']} pairs, but {found[0]['program']} {found[0]['pairs']}"
            )
        if found and answer["events"] != found[0]["events"]:
            raise SystemExit(
                f"{name} counted {answer['events']}, but {found[0]['program']} {found[0]['events']}"
            )
        label = name if form == "sorted" else f"{name}, {form}"
        print(
            f"| {works:,} | {count:,} | {label} | {answer['seconds']:.2f} s | {answer['megabytes']:,.0f} MB "
            f"| {answer['pairs']:,.0f} |",
            flush=True,
        )
        found.append({"works": works, "rows": count, "program": name, "form": form, **answer})
    return found


if __name__ == "__main__":
    main()
