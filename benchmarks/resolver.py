"""How often and how well texts resolve, and how fast: `python benchmarks/resolver.py --data DIR`.

DIR is a folder with `twin-cities/twin_cities.csv` (columns city1, country1, lat1, lng1 and the same for 2).
Text and country go in; the coordinates are only the answer. A text whose coordinates' nearest place of the
gazetteer lies in another country is left out and counted. Then the speed on a draw of the gazetteer's own
names. Prints the rows of `benchmarks/RESULTS.md`; it judges nothing.
"""

import argparse
import tempfile
import time
from pathlib import Path

import polars as pl

from cosmopolis.pipeline.cache import StepCache
from cosmopolis.pipeline.cities import make_atlas
from cosmopolis.pipeline.records import read_sources
from cosmopolis.places.geometry import km_between, nearest
from cosmopolis.places.resolve import Resolver
from cosmopolis.settings import CitySettings
from cosmopolis.sources.catalog import load
from cosmopolis.sources.fetch import default_cache

_SOURCES = ("geonames", "country-names", "airports")
_SEED = 20_261_123
_NEAR_KM = 30.0
_RUNS = 5


def twin_cities(folder: Path) -> pl.DataFrame:
    """Read both ends of every pair: `text, country, latitude, longitude`."""
    pairs = pl.read_csv(folder / "twin-cities" / "twin_cities.csv")
    ends = [
        pairs.select(text=f"city{k}", country=f"country{k}", latitude=f"lat{k}", longitude=f"lng{k}")
        for k in (1, 2)
    ]
    return pl.concat(ends).drop_nulls(["text", "country"])


def judged(resolver: Resolver, asked: pl.DataFrame) -> tuple[pl.DataFrame, int]:
    """Resolve texts and add how far off each answer is; leave out those filed under another country."""
    places = resolver.gazetteer.places
    at, _ = nearest(
        places["latitude"].to_numpy(),
        places["longitude"].to_numpy(),
        asked["latitude"].to_numpy(),
        asked["longitude"].to_numpy(),
    )
    there = places["country"].gather(at.tolist())
    said = pl.Series("said", resolver.countries.find_all(asked["country"]), dtype=pl.String)
    answers = resolver.resolve(asked, text="text", country="country")
    found = asked.hstack(answers).with_columns(
        km=km_between(
            pl.col("latitude"), pl.col("longitude"), pl.col("place_latitude"), pl.col("place_longitude")
        )
    )
    kept = found.filter((said == there).fill_null(value=False))
    return kept, found.height - kept.height


def rate(resolver: Resolver, asked: pl.DataFrame) -> float:
    """Distinct texts a second, the best of some runs."""
    best = 0.0
    for _ in range(_RUNS):
        start = time.perf_counter()
        resolver.resolve(asked, text="text", country="country")
        best = max(best, asked.height / (time.perf_counter() - start))
    return best


def main() -> None:
    """Run the benchmark and print its rows."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True, help="folder with twin-cities/twin_cities.csv")
    parser.add_argument("--cache", type=Path, default=default_cache(), help="folder with the pulled sources")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        steps = StepCache(folder=Path(folder))
        catalog = load()
        shelf = read_sources(
            [catalog.source(name) for name in _SOURCES],
            steps,
            mirror=None,
            cache=options.cache,
            offline=False,
            progress=True,
        )
        resolver = make_atlas(shelf, steps, CitySettings()).resolver
    rows = twin_cities(options.data)
    distinct = rows.unique(["text", "country"], keep="first", maintain_order=True)
    for label, asked in (("distinct texts", distinct), ("rows", rows)):
        kept, left_out = judged(resolver, asked)
        resolved = kept.filter(pl.col("way") != "unresolved")
        near = int((resolved["km"] <= _NEAR_KM).sum()) / resolved.height
        print(
            f"| twin cities, {label} ({kept.height}, {left_out} left out) | "
            f"{resolved.height / kept.height:.2%} resolved, {near:.2%} of them within {_NEAR_KM:.0f} km |"
        )
    print(f"| speed, {distinct.height} distinct texts | {rate(resolver, distinct):,.0f} texts/s |")
    names = resolver.gazetteer.names.join(
        resolver.gazetteer.places.select("place_id", "country"), on="place_id", maintain_order="left"
    )
    drawn = (
        names.sample(300_000, seed=_SEED).select(text="name", country="country").unique(maintain_order=True)
    )
    print(f"| speed, {drawn.height} distinct names drawn | {rate(resolver, drawn):,.0f} texts/s |")


if __name__ == "__main__":
    main()
