"""How many affiliations are placed, by which way and how fast: `python benchmarks/placement.py --data DIR`.

DIR is a mirror with `paperlists`, `icml-nips-iclr`, `openalex-sample` and `ror`. Addresses of robotics (ICRA,
IROS), of other conferences and of the sample are placed together, as an edition does. The seat of an
organisation of many sites is checked against its addresses that name a place. With `--sample N SEED` it also
prints placements to be judged by eye. Prints the rows of `benchmarks/RESULTS.md`; it judges nothing.
"""

import argparse
import tempfile
import time
from pathlib import Path

import polars as pl

from cosmopolis.pipeline.cache import StepCache
from cosmopolis.pipeline.cities import Atlas, make_atlas
from cosmopolis.pipeline.records import Shelf, read_sources
from cosmopolis.places import institutions, register
from cosmopolis.places.institutions import ROW_COLUMNS, PlacementRule
from cosmopolis.settings import CitySettings
from cosmopolis.sources.catalog import load
from cosmopolis.sources.fetch import default_cache

_PLACES = ("geonames", "country-names", "airports")
_PAPERS = ("paperlists", "icml-nips-iclr", "openalex-sample")
_ROBOTICS = ("icra-", "iros-")
_RUNS = 3


def open_sources(folder: Path, options: argparse.Namespace) -> tuple[Shelf, Atlas]:
    """Read the sources and make the atlas."""
    steps, catalog = StepCache(folder=folder), load()
    wanted = [catalog.source(name) for name in (*_PLACES, *_PAPERS, "ror")]
    shelf = read_sources(wanted, steps, mirror=options.data, cache=options.cache, offline=True, progress=True)
    return shelf, make_atlas(shelf, steps, CitySettings())


def addresses(shelf: Shelf) -> pl.DataFrame:
    """Put the addresses of all sources together: `group, work` and the columns of a row."""
    robotics = pl.any_horizontal(pl.col("work").str.starts_with(venue) for venue in _ROBOTICS)
    frames = []
    for source in _PAPERS:
        rows = pl.concat([pl.read_parquet(path) for path in shelf.scan(source, "affiliations")])
        group = {
            "icml-nips-iclr": pl.lit("ICML, NeurIPS, ICLR"),
            "openalex-sample": pl.lit("OpenAlex sample"),
        }
        other = pl.when(robotics).then(pl.lit("robotics")).otherwise(pl.lit("AI"))
        frames.append(rows.select("work", *ROW_COLUMNS, group=group.get(source, other)))
    return pl.concat(frames)


def print_shares(placed: pl.DataFrame) -> None:
    """Print the share of rows and of papers by group, and of rows by way."""
    groups = placed.group_by("group").agg(
        rows=pl.len(),
        city=pl.col("city_id").is_not_null().mean(),
        place=pl.col("place_id").is_not_null().mean(),
        papers=pl.col("work").n_unique(),
        some=pl.col("work").filter(pl.col("city_id").is_not_null()).n_unique(),
    )
    for row in groups.sort("rows", descending=True).iter_rows(named=True):
        print(
            f"| {row['group']} | {row['rows']:,} | {row['city']:.1%} | {row['place']:.1%} | "
            f"{row['papers']:,} | {row['some'] / row['papers']:.1%} |"
        )
    ways = placed.group_by("group", "way").len().pivot("group", index="way", values="len").fill_null(0)
    for row in ways.sort("way").iter_rows(named=True):
        shares = " | ".join(
            f"{row[g] / placed.filter(pl.col('group') == g).height:.1%}" for g in ways.columns[1:]
        )
        print(f"| {row['way']} ({', '.join(ways.columns[1:])}) | {shares} |")


def print_seats(rows: pl.DataFrame, known: register.Register, atlas: Atlas) -> None:
    """Say how often a seat is the place that an address of the same organisation names."""
    placed = institutions.place(rows, known, atlas.resolver)
    guessed = institutions.place(rows, known, atlas.resolver, rule=PlacementRule(seats=True))
    seat = guessed.filter(pl.col("way") == "organisation_seat")
    seats = seat.group_by("organisation_key", "city_id").len("unplaced")
    told = placed.filter(pl.col("way") == "text").join(
        seats, on="organisation_key", how="inner", suffix="_seat"
    )
    by_key = told.group_by("organisation_key").agg(
        named=pl.len(), right=(pl.col("city_id") == pl.col("city_id_seat")).fill_null(value=False).mean()
    )
    checked = seats.join(by_key.filter(pl.col("named") >= 5), on="organisation_key", how="inner")  # noqa: PLR2004
    right = float((checked["right"] * checked["unplaced"]).sum()) / int(checked["unplaced"].sum())
    share = seat["city_id"].is_not_null().sum() / rows.height
    print(f"| rows that only a seat would place | {share:.1%}, of which about {right:.0%} would be right |")


def main() -> None:
    """Run the benchmark and print its rows."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True, help="mirror with the sources of papers")
    parser.add_argument("--cache", type=Path, default=default_cache(), help="folder with the pulled sources")
    parser.add_argument(
        "--sample", type=int, nargs=2, metavar=("N", "SEED"), help="print placements to judge"
    )
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        shelf, atlas = open_sources(Path(folder), options)
        rows = addresses(shelf)
        organisations = shelf.part("ror", "organisations")
    atlas.resolver.prepare()
    start = time.perf_counter()
    known = register.build([organisations], atlas.resolver)
    print(
        f"| register of {known.organisations.height:,} organisations | {time.perf_counter() - start:.1f} s |"
    )
    best = 0.0
    for _ in range(_RUNS):
        start = time.perf_counter()
        answers = institutions.place(rows, known, atlas.resolver)
        best = max(best, rows.height / (time.perf_counter() - start))
    distinct = rows.n_unique(ROW_COLUMNS)
    print(f"| {rows.height:,} rows, {distinct:,} distinct | {best:,.0f} rows/s |")
    placed = rows.hstack(answers)
    print_shares(placed)
    print_seats(rows, known, atlas)
    if options.sample:
        cities = atlas.gazetteer.cities.select("city_id", city="name")
        drawn = placed.filter(pl.col("city_id").is_not_null()).sample(
            options.sample[0], seed=options.sample[1]
        )
        for row in drawn.join(cities, on="city_id", how="left").sort("way", "text").iter_rows(named=True):
            print(f"{row['way']}: {row['text']} -> {row['city']}")


if __name__ == "__main__":
    main()
