"""The whole build: from an edition's settings to its result folder.

Sources, records, cities, networks, measures, index, intervals, report, in this order; a step whose inputs
have not changed is taken from the cache, and a result that is whole and was made from the same inputs is
left as it is.
"""

from __future__ import annotations

import json
import sys
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from time import perf_counter
from typing import TYPE_CHECKING, Any

import polars as pl
from tqdm import tqdm

from cosmopolis.edition import Edition, load
from cosmopolis.engines import check_engine, open_engine
from cosmopolis.errors import ResultError, SpecError
from cosmopolis.pipeline import folder as result_folder
from cosmopolis.pipeline.cache import StepCache, hash_of, program_hash, versions
from cosmopolis.pipeline.cities import Atlas, country_groups, open_atlas
from cosmopolis.pipeline.records import Shelf, read_sources
from cosmopolis.places import belt_and_road
from cosmopolis.sources.catalog import Catalog, Source
from cosmopolis.sources.catalog import load as load_catalog
from cosmopolis.sources.fetch import default_cache

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from cosmopolis.publish.result import Result

LINES_IN_MEMORY = 5_000_000
"""A longer quarantine is written without being read into memory."""

STEPS = (
    "sources",
    "cities",
    "innovation",
    "production",
    "networks",
    "measures",
    "index",
    "intervals",
    "report",
    "result",
)
"""What a progress bar counts."""


@dataclass(frozen=True, kw_only=True)
class Paths:
    """Where a build reads and writes.

    Attributes
    ----------
    out
        Folder of the result.
    mirror
        Folder of source files that is looked in before all else.
    cache
        Folder of fetched files and kept steps.
    """

    out: Path
    mirror: Path | None = None
    cache: Path


@dataclass(frozen=True, kw_only=True)
class Built:
    """What a build left.

    Attributes
    ----------
    out
        Folder of the result.
    unchanged
        Whether it was already there, whole and made from the same.
    seconds
        Time of each step.
    missing
        Sources that could not be had, with the reason.
    """

    out: Path
    unchanged: bool
    seconds: dict[str, float]
    missing: dict[str, str]

    @property
    def report(self) -> Path:
        """The report in English."""
        return self.out / "report" / "report.en.html"


class _Clock:
    """Times the steps and moves the progress bar on."""

    def __init__(self, *, progress: bool) -> None:
        self.seconds: dict[str, float] = {}
        self._bar = tqdm(
            total=len(STEPS),
            disable=not (progress and sys.stderr.isatty()),
            bar_format="{desc:<12}{bar:30} {n_fmt}/{total_fmt}",
            leave=False,
        )

    @contextmanager
    def step(self, name: str) -> Iterator[None]:
        """Time one step."""
        self._bar.set_description_str(name)
        start = perf_counter()
        yield
        self.seconds[name] = perf_counter() - start
        self._bar.update()

    def close(self) -> None:
        """Take the bar away."""
        self._bar.close()


def build(
    edition: str = "open",
    *,
    out: Path | None = None,
    mirror: Path | None = None,
    cache: Path | None = None,
    offline: bool = False,
    engine: str = "duckdb",
    progress: bool = True,
) -> Built:
    """Build an edition.

    Parameters
    ----------
    edition
        Name of a built-in edition, or path of an edition's file.
    out
        Folder of the result; `out/<edition id>` where none is named.
    mirror, offline
        See `cosmopolis.sources.fetch`.
    cache
        Folder of fetched files and kept steps; the user's cache folder where none is named.
    engine
        Where the big steps run, one of `cosmopolis.engines.ENGINES`. It changes the time and no byte of the
        tables, so it is told in the manifest and is no part of what the result is made from: a result that
        one engine made is whole for the other.
    progress
        Show progress on stderr, where that is a terminal.

    Raises
    ------
    CosmopolisError
        If the edition is wrong, a source without which there are no cities cannot be had, or the result
        cannot be written.
    """
    from cosmopolis.pipeline.indicators import check_indicators  # noqa: PLC0415 - SciPy and igraph when needed

    check_engine(engine)
    settings = load(edition)
    own = settings.path(settings.catalog) if settings.catalog else None
    catalog = load_catalog(own)
    for name in settings.sources:
        catalog.source(name)
    check_indicators(settings, catalog)
    _own_files(settings)
    home = cache or default_cache()
    paths = Paths(out=(out or Path("out") / settings.id).absolute(), mirror=mirror, cache=home)
    with result_folder.locked(paths.out):
        result_folder.sweep(paths.out)
        result_folder.check_place(paths.out)
        return _build(settings, catalog, paths, offline=offline, engine=engine, progress=progress)


def _build(
    settings: Edition, catalog: Catalog, paths: Paths, *, offline: bool, engine: str, progress: bool
) -> Built:
    clock = _Clock(progress=progress)
    steps = StepCache(folder=paths.cache / "steps")
    try:
        with clock.step("sources"):
            wanted = [catalog.source(name) for name in settings.sources]
            shelf = read_sources(
                wanted, steps, mirror=paths.mirror, cache=paths.cache, offline=offline, progress=progress
            )
        identity = _identity(settings, catalog, shelf)
        if _is_whole(paths.out, identity):
            return Built(out=paths.out, unchanged=True, seconds=clock.seconds, missing=shelf.missing)
        with clock.step("cities"):
            atlas = open_atlas(settings, shelf, steps)
            from cosmopolis.pipeline import profiling  # noqa: PLC0415 - fonts are imported when pages are made

            profiling.named(settings, atlas)  # a name that means no city is said at once
        tables = _tables(settings, catalog, shelf, atlas, clock, engine=engine)
        ledger = shelf.ledger.entries()
        with clock.step("report"):
            from cosmopolis.pipeline.notes import make_result  # noqa: PLC0415 - charts are imported when drawn

            result = make_result(
                settings,
                catalog,
                shelf,
                atlas,
                tables,
                hash_=hash_of(identity),
                profiles=profiling.chosen(settings, atlas, tables["scores"]),
            )
            result_folder.put(
                paths.out,
                partial(
                    _write,
                    result=result,
                    shelf=shelf,
                    identity=identity,
                    ledger=ledger,
                    edition=settings,
                    engine=engine,
                ),
            )
        return Built(out=paths.out, unchanged=False, seconds=clock.seconds, missing=shelf.missing)
    finally:
        clock.close()


def _identity(settings: Edition, catalog: Catalog, shelf: Shelf) -> dict[str, Any]:
    """Everything that a result is made from: settings, program, libraries, and the hash of every input."""
    inputs = {
        name: shelf.inputs.get(name)
        or {f.name: {"sha256": f.sha256, "size": f.size} for f in catalog.source(name).files}
        for name in settings.sources
        if name not in shelf.missing
    }
    return {
        "edition": settings.id,
        "settings": settings.raw,
        "inputs": inputs,
        "catalog": {name: hash_of(_facts(catalog.source(name))) for name in settings.sources},
        "own_files": _own_files(settings),
        "missing": shelf.missing,
        "program": program_hash(),
        "versions": versions(),
        "seeds": {
            "intervals": settings.intervals.seed,
            "innovation": settings.innovation.seed,
            "production": settings.production.seed,
        },
    }


def _facts(source: Source) -> dict[str, Any]:
    """Return what the catalogue says of a source, less its files and where they can be had."""
    return {name: value for name, value in asdict(source).items() if name != "files"}


def _own_files(settings: Edition) -> dict[str, str]:
    """Hash of each file of the user's own that the edition names.

    Raises
    ------
    SpecError
        If one cannot be read.
    """
    named = (
        ("[report], borders", "borders", settings.report.borders),
        ("[cities], exceptions", "exceptions", settings.cities.exceptions),
        ("[innovation], fields", "fields", settings.innovation.fields),
        ("[production], baskets", "baskets", settings.production.baskets),
    )
    hashes = {}
    for where, name, path in named:
        if path:
            try:
                hashes[name] = result_folder.file_hash(settings.path(path))
            except OSError as error:
                raise SpecError(
                    f"edition {settings.id!r}, {where}: {path!r} cannot be read ({error.strerror}); "
                    f"relative paths start from {settings.folder}"
                ) from error
    return hashes


def _is_whole(out: Path, identity: dict[str, Any]) -> bool:
    """Say whether a result is there that was made from the same and is as its manifest says."""
    if not (out / result_folder.MANIFEST).is_file():
        return False
    try:
        manifest = result_folder.read_manifest(out)
    except ResultError:
        return False
    return manifest.get("hash") == hash_of(identity) and not result_folder.differences(out, manifest)


def _tables(
    settings: Edition, catalog: Catalog, shelf: Shelf, atlas: Atlas, clock: _Clock, *, engine: str
) -> dict[str, pl.DataFrame]:
    """Make every table of the result."""
    from cosmopolis.index.rollup import roll_up  # noqa: PLC0415
    from cosmopolis.measures.networks import network_measures  # noqa: PLC0415
    from cosmopolis.pipeline.indicators import indicator_values  # noqa: PLC0415 - SciPy and igraph when needed
    from cosmopolis.pipeline.innovation.weave import Innovation  # noqa: PLC0415
    from cosmopolis.pipeline.innovation.weave import weave as weave_innovation  # noqa: PLC0415
    from cosmopolis.pipeline.intervals import with_intervals  # noqa: PLC0415
    from cosmopolis.pipeline.networks import weave  # noqa: PLC0415
    from cosmopolis.pipeline.production.weave import weave as weave_production  # noqa: PLC0415

    with open_engine(engine):  # Spark starts once for both steps
        with clock.step("innovation"):
            innovation = weave_innovation(settings, catalog, shelf, atlas, engine=engine) or Innovation()
        with clock.step("production"):
            production = weave_production(settings, catalog, shelf, atlas, innovation.tables)
        with clock.step("networks"):
            woven = weave(
                settings, catalog, shelf, atlas, innovation=innovation, production=production, engine=engine
            )
    with clock.step("measures"):
        measures = network_measures(woven.links, measures=settings.networks.measures or None)
    with clock.step("index"):
        values = indicator_values(settings, catalog, atlas, woven, measures=measures, missing=shelf.missing)
        rolled = roll_up(settings.index, values.drop("year"), units=woven.sample, year=settings.year)
        years = values.select("indicator", own="year").unique()
        indicators = rolled.indicators.join(
            years, on="indicator", how="left", maintain_order="left"
        ).with_columns(year="own")
    with clock.step("intervals"):
        scores = with_intervals(rolled, settings.index, settings.intervals, woven=woven)
    named = set(measures["city_id"]) | set(woven.sample) | _cities_of(innovation.tables)
    named |= _cities_of(production.tables)
    cities = atlas.cities()
    return {
        "cities": cities.filter(pl.col("city_id").is_in(sorted(named)) | (pl.col("population") > 0)),
        "links": woven.links,
        "country_links": woven.country_links,
        "network_measures": measures,
        "indicators": indicators.drop("own"),
        "scores": scores,
        "coverage": rolled.coverage,
        "country_groups": country_groups(shelf),
        "belt_and_road": belt_and_road.table(),
        **innovation.tables,
        **production.tables,
    }


def _cities_of(tables: Mapping[str, pl.DataFrame]) -> set[int]:
    """Return every city that one of some tables names."""
    columns = ("city_id", "origin", "destination", "centre", "other")
    return {
        city
        for table in tables.values()
        for name in columns
        if table.schema.get(name) == pl.Int64
        for city in table[name].unique().drop_nulls().to_list()
    }


def _write(
    folder: Path,
    *,
    result: Result,
    shelf: Shelf,
    identity: dict[str, Any],
    ledger: dict[str, Any],
    edition: Edition,
    engine: str,
) -> None:
    """Write a result into an empty folder, the manifest last."""
    from cosmopolis.pipeline import profiling  # noqa: PLC0415
    from cosmopolis.publish import assets, report, tables  # noqa: PLC0415 - charts are imported when drawn
    from cosmopolis.publish.profile import page  # noqa: PLC0415

    tables.write(result, folder / "tables")
    away = folder / "quarantine"
    away.mkdir()
    for source in shelf.ledger.sources():
        lines, many = shelf.ledger.lines(source), ledger[source]["rows_quarantined"] > LINES_IN_MEMORY
        tables.write_parquet(lines if many else lines.collect(), away / f"{source}.parquet")
    report.write(result, folder / "report")
    assets.write(result, folder / assets.FOLDER)
    if result.profiles:
        # Made from what was just written, so that the command makes the same pages from the folder.
        page.write(
            profiling.read_result(folder),
            result.profiles,
            folder / profiling.FOLDER,
            report_folder="../report",
        )
    files = {
        path.relative_to(folder).as_posix(): result_folder.file_hash(path)
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }
    manifest = {
        **identity,
        "title": dict(edition.title),
        "year": edition.year,
        "hash": hash_of(identity),
        "engine": engine,
        "ledger": ledger,
        "tables": {name: digest for name, digest in files.items() if name.startswith("tables/")},
        "files": files,
    }
    result_folder.write_json(folder / result_folder.MANIFEST, json.loads(json.dumps(manifest, default=str)))
