"""Which reader reads which source, found by the source's id in the catalogue.

A reader is the module of `cosmopolis.sources` named after the source, with `read(files) -> tuple[Raw, ...]`.
It is imported when it is used. To add a source: write the module, name it in `READERS`.
"""

from collections.abc import Mapping
from importlib import import_module
from pathlib import Path

from cosmopolis.errors import UnknownNameError, hint_near
from cosmopolis.sources.raw import Raw

READERS: tuple[str, ...] = (
    "air-routes-2021",
    "air-routes-2022",
    "airports",
    "country-groups",
    "country-names",
    "geonames",
    "icio-2022",
    "listed-firms",
    "openflights-2014",
    "ports",
    "railways",
    "science-sample",
    "world-borders",
)
"""Ids of the sources that have a reader."""


def read(source_id: str, files: Mapping[str, Path]) -> tuple[Raw, ...]:
    """Read the files of a source.

    Parameters
    ----------
    source_id
        Id of the source in the catalogue, such as `country-names`.
    files
        Where each of its files lies, by the catalogue's file name.

    Returns
    -------
    parts
        One `Raw` for each kind of row that the source has.

    Raises
    ------
    UnknownNameError
        If no reader is there for the source, or a file that the reader needs is not among `files`.
    FormatError
        If a file as a whole is not in the format of the source.
    """
    if source_id not in READERS:
        raise UnknownNameError(f"there is no reader for source {source_id!r}" + hint_near(source_id, READERS))
    module = import_module("cosmopolis.sources." + source_id.replace("-", "_"))
    parts: tuple[Raw, ...] = module.read(files)
    return parts
