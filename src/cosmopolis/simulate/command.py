"""What `cosmopolis simulate` does: a folder that serves as mirror, with truth, catalogue and edition beside.

```
DIR/SYNTHETIC                    says what this is
DIR/truth.json                   what was planted
DIR/catalog.toml                 the sources' entries, with titles that say so, laid over the built-in ones
DIR/edition.toml                 an edition of them: cosmopolis build DIR/edition.toml --mirror DIR
DIR/<source-id>/…                the files
```
"""

import json
import shutil
import sys
import time
from dataclasses import replace
from pathlib import Path
from typing import Final, TextIO

import polars as pl

from cosmopolis.errors import ResultError, SourceUnavailableError, UnknownNameError, hint_near
from cosmopolis.pipeline.cache import StepCache
from cosmopolis.pipeline.cities import make_atlas
from cosmopolis.pipeline.records import read_sources
from cosmopolis.settings import CitySettings
from cosmopolis.simulate import openalex, patents, table
from cosmopolis.simulate.names import institutions, mix
from cosmopolis.simulate.plan import Plan, invented_cities
from cosmopolis.sources import fetch
from cosmopolis.sources.catalog import load

FORMATS: Final = ("openalex", "table")
"""How works are written: as OpenAlex's snapshot, or as tables, several times quicker."""

MARK: Final = "SYNTHETIC"
"""File that says what a folder is; a folder with anything in it but without this file is not written to."""

CITIES: Final = 200
"""Cities where a gazetteer is at hand."""

INVENTED: Final = 60
"""Cities where none is."""

_PLACES = ("geonames", "country-names", "airports")
_CANDIDATES = 2  # times as many of the largest cities are looked at: not every name means one city


def run(
    folder: Path,
    *,
    works: int,
    patents_: int | None = None,
    seed: int = 0,
    form: str = "openalex",
    cities: int | None = None,
    mirror: Path | None = None,
    cache: Path | None = None,
    out: TextIO | None = None,
) -> int:
    """Write synthetic records and return the exit status.

    Parameters
    ----------
    folder
        Where to; it must be new, empty, or the folder of an earlier run, which is replaced.
    works, patents_
        How many of each; a tenth as many patents as works where nothing is said.
    seed
        The same gives the same bytes.
    form
        One of `FORMATS`.
    cities
        How many; `CITIES` of the gazetteer where it is in mirror or cache, else `INVENTED`.
    mirror, cache
        Where the gazetteer may be; nothing is downloaded.

    Raises
    ------
    UnknownNameError
        If there is no such format.
    SpecError
        If a number is out of bounds.
    ResultError
        If the folder holds something else.
    """
    out = out or sys.stdout
    if form not in FORMATS:
        raise UnknownNameError(f"there is no format {form!r}" + hint_near(form, FORMATS))
    _check_folder(folder)
    known = known_cities(cities or CITIES, mirror=mirror, cache=cache or fetch.default_cache())
    plan = Plan(
        works=works,
        patents=works // 10 if patents_ is None else patents_,
        seed=seed,
        cities=invented_cities(cities or INVENTED, seed=seed) if known is None else known,
        invented=known is None,
        fields=mix("science"),
        broken=3 if form == "openalex" and works else 0,
    )
    seconds = write(folder, plan, form=form)
    told = "invented cities, which no gazetteer knows" if plan.invented else "cities of the gazetteer"
    out.write(
        f"{folder}: {works} synthetic works and {plan.patents} patents in {plan.cities.height} {told}\n"
    )
    out.write(f"{works / max(seconds, 1e-9):.0f} works/s; truth.json says what is planted\n")
    return 0


def write(folder: Path, plan: Plan, *, form: str) -> float:
    """Write a plan's records, truth, catalogue and edition; return how long the works took, in seconds."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / MARK).write_text(
        "SYNTHETIC 合成数据\n\nEverything in this folder was made by `cosmopolis simulate`.\n"
        "It says nothing about the world.\n",
        encoding="utf-8",
    )
    for name in (openalex.WORKS, openalex.INSTITUTIONS, table.SOURCE, patents.SOURCE):
        shutil.rmtree(folder / name, ignore_errors=True)
    named = institutions(plan)
    start = time.perf_counter()
    if form == "openalex":
        openalex.write(folder, plan, named)
    else:
        table.write(folder / table.SOURCE, plan, named)
    seconds = time.perf_counter() - start
    technology = patents.fields(plan)
    if plan.patents:
        patents.write(folder / patents.SOURCE, replace(plan, fields=technology), named)
    truth = {**plan.truth(), "format": form, "patent_fields": technology}
    text = json.dumps(truth, ensure_ascii=False, indent=1)
    (folder / "truth.json").write_text(text + "\n", encoding="utf-8")
    sources = [
        *((openalex.WORKS, openalex.INSTITUTIONS) if form == "openalex" else (table.SOURCE,)),
        *((patents.SOURCE,) if plan.patents else ()),
    ]
    (folder / "catalog.toml").write_text(catalogue(sources, plan), encoding="utf-8")
    (folder / "edition.toml").write_text(edition(sources, plan), encoding="utf-8")
    return seconds


def _check_folder(folder: Path) -> None:
    if folder.exists() and (not folder.is_dir() or (any(folder.iterdir()) and not (folder / MARK).is_file())):
        raise ResultError(
            f"{folder} exists and holds no synthetic records; it is left alone: choose another folder"
        )


def known_cities(number: int, *, mirror: Path | None, cache: Path) -> pl.DataFrame | None:
    """Return the largest cities of the gazetteer whose name and country mean them; None without a gazetteer.

    Nothing is downloaded: the gazetteer's sources must lie in the mirror or in the cache.
    """
    catalog = load()
    sources = [catalog.source(name) for name in _PLACES]
    steps = StepCache(folder=cache / "steps")
    try:
        shelf = read_sources(sources, steps, mirror=mirror, cache=cache, offline=True, progress=False)
        if not shelf.has("geonames", "country-names"):
            return None
        atlas = make_atlas(shelf, steps, CitySettings())
    except SourceUnavailableError:
        return None
    columns = ["city_id", "name", "country", "latitude", "longitude"]
    largest = atlas.cities().sort("population", "city_id", descending=[True, False])
    asked = largest.head(_CANDIDATES * number).select(columns)
    answers = atlas.resolver.resolve(asked, text="name", country="country")
    return asked.filter(answers["city_id"] == asked["city_id"]).head(number)


def catalogue(sources: list[str], plan: Plan) -> str:
    """Write the entries of the sources, whose titles say that they are synthetic."""
    first, last = plan.years
    entries = []
    for name in sources:
        title = load().source(name).title
        entries.append(
            f"""[{name}]
title.en = "SYNTHETIC: {title["en"]}"
title.zh = "合成数据：{title["zh"]}"
publisher = "cosmopolis simulate (synthetic)"
citation = "Synthetic records of `cosmopolis simulate`, seed {plan.seed}. Not data."
licence = "CC0 1.0 (public domain dedication)"
spdx = "CC0-1.0"
years = [{last}]
coverage.years = [{first}, {last}]
coverage.note.en = "SYNTHETIC: made by a program, with a planted truth; it says nothing about the world."
coverage.note.zh = "合成数据：由程序生成并植入已知结构，与现实世界无关。"
bias.en = "Synthetic: nothing here is observed."
bias.zh = "合成数据：并非观测结果。"
"""
        )
    return "\n".join(entries)


def edition(sources: list[str], plan: Plan) -> str:
    """Write an edition of the sources."""
    first, last = plan.years
    places = ", ".join(f'"{name}"' for name in ("geonames", "country-names", "country-groups", *sources))
    papers = next(name for name in sources if name in (openalex.WORKS, table.SOURCE))
    leading = max((share, name) for name, share in plan.fields.items() if name != "other")[1]
    return f"""# SYNTHETIC 合成数据: made by `cosmopolis simulate`, not data.
id = "synthetic"
year = {last}
baseline = {first + 4}
catalog = "catalog.toml"
title = {{ en = "SYNTHETIC: simulated innovation networks", zh = "合成数据：模拟创新网络" }}
sources = [{places}]

[sample]
largest = 0
capitals = false
papers = 1

[innovation]
first_year = {first}
last_year = {last}

[index]
id = "synthetic_innovation"
name = {{ en = "SYNTHETIC: innovation", zh = "合成数据：创新" }}
floor = 0.5

[[index.indicator]]
id = "synthetic_papers"
parent = "synthetic_innovation"
weight = 1
direction = 1
name = {{ en = "SYNTHETIC: papers", zh = "合成数据：论文" }}
unit = {{ en = "papers, shared out among their cities", zh = "篇（按城市分摊）" }}
sources = ["{papers}"]
table = "field_totals"
field = "{leading}"
measure = "fractional"
"""
