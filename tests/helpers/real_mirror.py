"""A mirror of an edition's real sources, for tests that build it: links to files that this machine has."""

import os
from pathlib import Path

import pytest

from cosmopolis.edition import load
from cosmopolis.sources import catalog
from cosmopolis.sources.fetch import states

DATA = Path(os.environ.get("COSMOPOLIS_DATA", Path(__file__).parents[3] / "shared" / "data"))
"""Folder `<source-id>/<file>` of real data that only a mirror has."""


def link_sources(edition: str, places: tuple[Path, ...], folder: Path) -> Path:
    """Fill a folder with links to the files of an edition's sources; skip the test where one is missing.

    Parameters
    ----------
    places
        Folders that are looked through, mirrors or caches; `DATA` comes last.
    """
    entries = catalog.load()
    for source in map(entries.source, load(edition).sources):
        for place in (*places, DATA):
            if all(state.state == "present" for state in states(source, mirror=place, cache=folder)):
                (folder / source.id).symlink_to(place.absolute() / source.id, target_is_directory=True)
                break
        else:
            pytest.skip(
                f"the real source {source.id!r} is not on this machine: `cosmopolis sources pull` gets what "
                "a package index has, COSMOPOLIS_DATA names the folder of the rest"
            )
    return folder
