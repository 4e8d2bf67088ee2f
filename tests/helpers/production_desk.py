"""A desk of production in a small invented world: true readers, records and resolver over `places_world`."""

import gzip
from collections.abc import Mapping
from dataclasses import replace
from functools import cache
from pathlib import Path

import polars as pl
from places_world import PLACES, synthetic_countries

from cosmopolis.edition import load
from cosmopolis.pipeline.cities import Atlas
from cosmopolis.pipeline.desk import Desk
from cosmopolis.pipeline.parts import close_records, write
from cosmopolis.pipeline.production.firms import REGISTER, Firms
from cosmopolis.pipeline.records import Shelf
from cosmopolis.places import gazetteer
from cosmopolis.places.cities import CityRule
from cosmopolis.places.resolve import Resolver
from cosmopolis.sources import catalog, readers


@cache
def atlas() -> Atlas:
    """Make the atlas of two invented countries."""
    known = synthetic_countries()
    places = gazetteer.build(PLACES, rule=CityRule(exceptions=()))
    return Atlas(
        gazetteer=places,
        countries=known,
        resolver=Resolver(gazetteer=places, countries=known),
        key="synthetic",
    )


def desk_of(folder: Path, files: Mapping[str, Mapping[str, str]], *, draws: int = 20) -> Desk:
    """Make the desk of an edition with some sources, whose files are read and checked as those of a build.

    Parameters
    ----------
    folder
        Where files and records are written.
    files
        Text of each file, by source of the built-in catalogue and name.
    """
    shelf = Shelf()
    for source, texts in files.items():
        (folder / source).mkdir()
        paths = {name: folder / source / name for name in texts}
        for name, text in texts.items():
            content = text.encode()
            paths[name].write_bytes(gzip.compress(content, mtime=0) if name.endswith(".gz") else content)
        records = folder / f"records-{source}"
        records.mkdir()
        close_records(records, write(records, readers.read(source, paths)))
        shelf.add(source, source, records)
    opened = load("open")
    edition = replace(opened, sources=tuple(files), production=replace(opened.production, draws=draws))
    return Desk(edition=edition, catalog=catalog.load(), shelf=shelf, atlas=atlas())


def firms_of(*rows: tuple[str, int, str]) -> Firms:
    """Make a register of firms of `name, city_id, country`, with name and country as their ids."""
    plain: dict[str, list[str]] = {"exchanges": [], "sources": []}
    frame = pl.DataFrame(
        [
            {"firm": f"{name}, {country}", "name": name, "city_id": city, "country": country, **plain}
            for name, city, country in rows
        ],
        schema=REGISTER,
    )
    names = frame.select("firm", "name", "country")
    return Firms(frame=frame, names=names)
