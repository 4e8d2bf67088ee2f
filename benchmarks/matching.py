"""How fast and how well names of firms are matched: `python benchmarks/matching.py --data DIR`.

DIR is a mirror with `financedatabase`, `fortune-global-500`, `fortune-500-us`, `sp500` and `unicorns`.
Names of the four lists are looked for among the names of the first. Two plain ways run beside it on the
same names, each in a process of its own: every pair by `rapidfuzz` (`token_sort_ratio`, what thefuzz
wraps), and every pair by the standard library (`difflib`) over a pandas column, both on names in small
letters and on so few names as finish. How well each tells the labelled pairs of `tests/firms/pairs.toml`
apart is told for likenesses of 0.9. Seconds of the processor stand beside those of the clock, for other
programs may run. Prints the rows of `benchmarks/RESULTS.md`; it judges nothing.
"""

import argparse
import difflib
import multiprocessing
import time
import tomllib
from collections.abc import Callable
from pathlib import Path
from typing import TypeAlias

import pandas as pd  # type: ignore[import-untyped]
import polars as pl
from rapidfuzz import fuzz, process

from cosmopolis.firms import linking, matching
from cosmopolis.records import admit
from cosmopolis.sources import readers

REGISTER = "financedatabase"
LISTS = ("fortune-global-500", "fortune-500-us", "sp500", "unicorns")
PAIRS = Path(__file__).parents[1] / "tests" / "firms" / "pairs.toml"
_THRESHOLD = 0.9
_FEW = {"rapidfuzz, every pair": 500, "pandas and difflib, every pair": 5}


def companies(folder: Path, source: str) -> pl.DataFrame:
    """Read a list: one line a company, the newest first, without countries, which some lists do not say."""
    files = {path.name: path for path in sorted((folder / source).iterdir())}
    rows = pl.concat([admit(raw).frame for raw in readers.read(source, files)])
    return (
        rows.sort("year", "row", descending=[True, False])
        .unique("company", keep="first", maintain_order=True)
        .select(
            pl.lit(source).alias("source"),
            "company",
            "name",
            pl.lit(None, dtype=pl.String).alias("country"),
            pl.lit(None, dtype=pl.Int64).alias("city_id"),
            "isin",
            "website",
        )
    )


def ours(known: pl.Series, asked: pl.Series) -> None:
    """Match names as an edition does."""
    names = pl.DataFrame(
        {"firm": known, "name": known, "country": pl.Series([None] * len(known), dtype=pl.String)}
    )
    matching.match(matching.index(names), asked)


def every_pair(known: pl.Series, asked: pl.Series) -> None:
    """Compare every pair by rapidfuzz, the best alone kept."""
    choices = known.str.to_lowercase().to_list()
    for name in asked.str.to_lowercase():
        process.extractOne(name, choices, scorer=fuzz.token_sort_ratio, score_cutoff=100 * _THRESHOLD)


def with_difflib(known: pl.Series, asked: pl.Series) -> None:
    """Compare every pair by the standard library, column by column as one would in pandas."""
    column = pd.Series(known.str.to_lowercase().to_list())
    for name in asked.str.to_lowercase():
        scores = column.map(lambda other, name=name: difflib.SequenceMatcher(None, name, other).ratio())
        scores.idxmax()


WAYS: dict[str, Callable[[pl.Series, pl.Series], None]] = {
    "Cosmopolis": ours,
    "rapidfuzz, every pair": every_pair,
    "pandas and difflib, every pair": with_difflib,
}


Told: TypeAlias = tuple[float, float, float]
"""Seconds of the clock, seconds of the processor, peak memory in MB."""


def _timed(way: str, known: pl.Series, asked: pl.Series, queue: "multiprocessing.Queue[Told]") -> None:
    start, used = time.perf_counter(), time.process_time()
    WAYS[way](known, asked)
    status = Path("/proc/self/status").read_text(encoding="ascii")
    peak_kb = next(int(line.split()[1]) for line in status.splitlines() if line.startswith("VmHWM"))
    queue.put((time.perf_counter() - start, time.process_time() - used, peak_kb / 1024))


def measured(way: str, known: pl.Series, asked: pl.Series) -> Told:
    """Run one way in a process of its own."""
    context = multiprocessing.get_context("spawn")
    queue: multiprocessing.Queue[Told] = context.Queue()
    child = context.Process(target=_timed, args=(way, known, asked, queue))
    child.start()
    told = queue.get()
    child.join()
    return told


def judged() -> None:
    """Print precision and recall on the labelled pairs, of each way with its own likeness."""
    pairs = [pair for kind in tomllib.loads(PAIRS.read_text(encoding="utf-8")).values() for pair in kind]
    same = [pair[4] for pair in pairs]
    frame = pl.DataFrame(
        [(str(at), b, country) for at, (_, _, b, country, _) in enumerate(pairs)],
        schema=matching.NAMES,
        orient="row",
    )
    compared = matching.compare(
        matching.index(frame),
        pl.Series([pair[0] for pair in pairs]),
        pl.Series([pair[1] for pair in pairs]),
    )
    own = set(
        compared.filter(
            (pl.col("query") == pl.col("place"))
            & (pl.col("score") >= pl.when("apart").then(matching.Rule().abroad).otherwise(_THRESHOLD))
        )["query"]
    )
    lower = [(a.lower(), b.lower()) for a, _, b, _, _ in pairs]
    said = {
        "Cosmopolis": [at in own for at in range(len(pairs))],
        "rapidfuzz, every pair": [fuzz.token_sort_ratio(a, b) >= 100 * _THRESHOLD for a, b in lower],
        "pandas and difflib, every pair": [
            difflib.SequenceMatcher(None, a, b).ratio() >= _THRESHOLD for a, b in lower
        ],
    }
    for way, answers in said.items():
        right = sum(yes and truth for yes, truth in zip(answers, same, strict=True))
        print(
            f"| {way}: precision, recall over {len(pairs)} labelled pairs, {sum(same)} of them one firm "
            f"| {right / sum(answers):.3f}, {right / sum(same):.3f} |"
        )


def main() -> None:
    """Print the rows."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--data", type=Path, required=True, help="mirror with the lists")
    folder = parser.parse_args().data
    register = companies(folder, REGISTER)
    lists = [companies(folder, source) for source in LISTS]
    known, asked = register["name"], pl.concat(lists)["name"]
    print(f"{len(known):,} names of the register, {len(asked):,} of the lists\n")
    print("| what | time | processor | names/s | pairs/s | memory |")
    print("|---|---|---|---|---|---|")
    for way in WAYS:
        few = asked.sample(min(_FEW.get(way, len(asked)), len(asked)), seed=1)
        seconds, used, peak_mb = measured(way, known, few)
        pairs = len(known) * len(few)
        print(
            f"| {way}, {len(few):,} names | {seconds:.2f} s | {used:.2f} s | {len(few) / seconds:,.1f} "
            f"| {pairs / seconds:,.0f} | {peak_mb:,.0f} MB |"
        )
    start, used = time.perf_counter(), time.process_time()
    linked = linking.link(pl.concat([register, *lists]))
    seconds, used = time.perf_counter() - start, time.process_time() - used
    firms = linked["firm"].n_unique()
    print(
        f"| Cosmopolis, {linked.height:,} companies of five lists linked to {firms:,} firms "
        f"| {seconds:.2f} s | {used:.2f} s | {linked.height / seconds:,.1f} | | |"
    )
    print("\n| what | result |")
    print("|---|---|")
    judged()


if __name__ == "__main__":
    main()
