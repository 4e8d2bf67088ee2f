"""How fast OpenAlex's files become records, beside plain `gzip -dc`: `python benchmarks/openalex.py`.

With `--data DIR`, a folder with `openalex-sample/works.jsonl.gz`, real works are repeated under new ids until
each of two files holds `--megabytes`; without it, synthetic works are written. Then, taking turns: `gzip -dc`
of the files to nothing; ours, from the files to admitted and quarantined rows in Parquet, in two processes
and in one; DuckDB's `read_ndjson` of the same fields to Parquet, still nested. Best of some runs, each in a
process of its own. Prints the rows of `benchmarks/RESULTS.md`; it judges nothing.
"""

import argparse
import gzip
import re
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from itertools import count
from pathlib import Path

_FILES = 2
_RUNS = 3
_ID = re.compile(rb'"https://openalex\.org/W\d+"')

_OURS = """
import resource, sys
from pathlib import Path
from cosmopolis.pipeline.parts import keep_folder
if __name__ == "__main__":
    home = Path(sys.argv[1])
    files = {path.name: path for path in sorted(home.glob("*.gz"))}
    keep_folder("openalex", files, home / "kept", progress=False, jobs=int(sys.argv[2]))
    print(max(resource.getrusage(who).ru_maxrss for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)))
"""

_DUCKDB = """
import duckdb, resource, sys
duckdb.sql("SET threads = 2")
named = "STRUCT(id VARCHAR, display_name VARCHAR)"
columns = {
    "id": "VARCHAR", "publication_year": "BIGINT", "title": "VARCHAR", "cited_by_count": "BIGINT",
    "primary_location": f"STRUCT(source {named})",
    "topics": "STRUCT(id VARCHAR, subfield STRUCT(id VARCHAR), field STRUCT(id VARCHAR))[]",
    "keywords": "STRUCT(id VARCHAR)[]",
    "counts_by_year": "STRUCT(year BIGINT, cited_by_count BIGINT)[]",
    "referenced_works": "VARCHAR[]",
    "authorships": "STRUCT(institutions STRUCT(id VARCHAR, display_name VARCHAR, ror VARCHAR, country_code "
    "VARCHAR)[], countries VARCHAR[], affiliations STRUCT(raw_affiliation_string VARCHAR, institution_ids "
    "VARCHAR[])[], raw_affiliation_strings VARCHAR[])[]",
}
duckdb.read_json(f"{sys.argv[1]}/*.gz", columns=columns, format="newline_delimited", maximum_object_size=2**26
    ).write_parquet(f"{sys.argv[1]}/duckdb.parquet", compression="zstd")
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)
"""


def works(data: Path | None) -> list[bytes]:
    """Return the lines to repeat: those of the real sample, or synthetic ones."""
    if data is not None:
        with gzip.open(data / "openalex-sample" / "works.jsonl.gz") as stream:
            return stream.read().splitlines()
    with tempfile.TemporaryDirectory() as folder:
        subprocess.run(  # noqa: S603
            [sys.executable, "-m", "cosmopolis", "simulate", folder, "--works", "3000"], check=True
        )
        lines = []
        for path in sorted(Path(folder).glob("openalex/works/*/*.gz")):
            with gzip.open(path) as stream:
                lines += stream.read().splitlines()
        return lines


def repeated(lines: list[bytes]) -> Iterator[bytes]:
    """Give the lines again and again, each time with another id."""
    for number in count(1):
        for place, line in enumerate(lines):
            yield _ID.sub(b'"https://openalex.org/W%d"' % (number * len(lines) + place), line, count=1)


def make(home: Path, lines: list[bytes], size: int) -> int:
    """Write the files, each of `size` bytes of JSON, and return how long they are together, unzipped."""
    endless, total = repeated(lines), 0
    for number in range(_FILES):
        held = 0
        with gzip.open(home / f"part_{number:04}.gz", "wb", compresslevel=6) as stream:
            while held < size:
                held += stream.write(next(endless) + b"\n")
        total += held
    return total


Run = tuple[float, float, str]
"""Wall time and time of the processor, in seconds, and what was printed."""


def _processor() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def timed(command: list[str], *, told: bool = True) -> Run:
    """Run a command."""
    start, processor = time.perf_counter(), _processor()
    out = subprocess.PIPE if told else subprocess.DEVNULL
    done = subprocess.run(command, check=True, stdout=out, text=True)  # noqa: S603
    return time.perf_counter() - start, _processor() - processor, done.stdout or ""


def main() -> None:
    """Run the benchmark and print its rows."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, help="folder with openalex-sample/works.jsonl.gz")
    parser.add_argument("--megabytes", type=int, default=400, help="JSON in each of the two files (400)")
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder)
        lines = works(args.data)
        size = make(home, lines, args.megabytes * 1_000_000) / 1e6
        files = [str(path) for path in sorted(home.glob("*.gz"))]
        packed = sum(Path(file).stat().st_size for file in files) / 1e6
        print(f"{_FILES} files, {packed:.0f} MB, {size:.0f} MB of JSON unzipped")
        (home / "ours.py").write_text(_OURS, encoding="utf-8")
        (home / "peer.py").write_text(_DUCKDB, encoding="utf-8")

        def ours(jobs: int) -> Callable[[], Run]:
            def run() -> Run:
                shutil.rmtree(home / "kept", ignore_errors=True)
                return timed([sys.executable, str(home / "ours.py"), str(home), str(jobs)])

            return run

        cases: dict[str, Callable[[], Run]] = {
            "`gzip -dc`": lambda: timed(["gzip", "-dc", *files], told=False),
            "ours, 2 processes": ours(2),
            "ours, 1 process": ours(1),
            "DuckDB `read_ndjson`, 2 threads": lambda: timed(
                [sys.executable, str(home / "peer.py"), str(home)]
            ),
        }
        best: dict[str, Run] = {}
        for _ in range(_RUNS):
            for name, case in cases.items():
                found = case()
                best[name] = min(best.get(name, found), found)
        base = best["`gzip -dc`"][0]
        for name, (seconds, processor, said) in best.items():
            memory = f"{int(said) / 1024:.0f} MB" if said.strip() else ""
            speed, ratio = f"{size / seconds:.0f} MB/s", f"{base / seconds:.2f}"
            print(f"| {name} | {seconds:.2f} s | {speed} | {ratio} | {processor:.2f} s | {memory} |")


if __name__ == "__main__":
    main()
