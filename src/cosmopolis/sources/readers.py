"""Which reader reads which source, found by the source's id in the catalogue.

A reader is the module of `cosmopolis.sources` named after the source. It has `read(files)`, which gives the
parts of all files together, one `Raw` for each or, where a file is big, many that follow one another; or, for
a folder of files of lines that stand for themselves, `read_lines(lines)`, which gives those of one file.
It is imported when it is used. To add a source: write the module, name it in `READERS`.
"""

import ast
import hashlib
from collections.abc import Iterable, Iterator, Mapping
from importlib import import_module, resources
from pathlib import Path
from types import ModuleType

from cosmopolis.errors import UnknownNameError, hint_near
from cosmopolis.sources.lines import LineFile
from cosmopolis.sources.raw import Raw

READERS: tuple[str, ...] = (
    "air-routes-2021",
    "air-routes-2022",
    "airports",
    "apple-suppliers",
    "bilateral-trade",
    "cepii-geodist",
    "company-table",
    "country-groups",
    "country-names",
    "financedatabase",
    "fortune-500-us",
    "fortune-global-500",
    "gawc-2000",
    "geonames",
    "gleif",
    "gleif-sample",
    "icio-2022",
    "icml-nips-iclr",
    "lighthouse-table",
    "listed-firms",
    "oecd-regpat",
    "office-table",
    "openalex",
    "openalex-country-coauthorship",
    "openalex-institutions",
    "openalex-sample",
    "openflights-2014",
    "paper-table",
    "paperlists",
    "patent-table",
    "patents-metro-cpc",
    "patentsview",
    "patentsview-sample",
    "ports",
    "railways",
    "ror",
    "ror-dump",
    "science-sample",
    "service-table",
    "sp500",
    "supplier-table",
    "tcs-offices",
    "trade-table",
    "un-ideal-points",
    "un-votes",
    "unicorns",
    "world-borders",
)
"""Ids of the sources that have a reader."""


def _module(source_id: str) -> ModuleType:
    """Import a source's reader."""
    if source_id not in READERS:
        raise UnknownNameError(f"there is no reader for source {source_id!r}" + hint_near(source_id, READERS))
    return import_module("cosmopolis.sources." + source_id.replace("-", "_"))


def read(source_id: str, files: Mapping[str, Path]) -> Iterable[Raw]:
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
        One `Raw` for each kind of row that the source has, or several with row numbers that go on.

    Raises
    ------
    UnknownNameError
        If no reader is there for the source, or a file that the reader needs is not among `files`.
    FormatError
        If a file as a whole is not in the format of the source.
    """
    module = _module(source_id)
    if hasattr(module, "read_lines"):
        return (raw for name, path in files.items() for raw in module.read_lines(LineFile(path, name=name)))
    parts: Iterable[Raw] = module.read(files)
    return parts


def reads_file_by_file(source_id: str) -> bool:
    """Say whether a source's files are read one by one, each standing for itself (`read_lines`)."""
    return hasattr(_module(source_id), "read_lines")


def read_lines(source_id: str, lines: LineFile) -> Iterator[Raw]:
    """Read one file of a source whose files stand for themselves; see `reads_file_by_file`."""
    parts: Iterator[Raw] = _module(source_id).read_lines(lines)
    return parts


def code_hash(source_id: str) -> str:
    """Hash of the text of a source's reader and of the modules of this package that it imports.

    What was read with the same code need not be read again, however the rest of the program changes.
    """
    _module(source_id)
    texts: dict[str, bytes] = {}
    waiting = ["cosmopolis.sources." + source_id.replace("-", "_")]
    while waiting:
        name = waiting.pop()
        path = _path_of_module(name)
        if name in texts or path is None:
            continue
        texts[name] = path.read_bytes()
        for node in ast.walk(ast.parse(texts[name])):
            if isinstance(node, ast.ImportFrom) and node.module:
                waiting += [node.module, *(f"{node.module}.{alias.name}" for alias in node.names)]
            elif isinstance(node, ast.Import):
                waiting += [alias.name for alias in node.names]
    digest = hashlib.sha256()
    for name, text in sorted(texts.items()):
        digest.update(name.encode() + b"\0" + text)
    return digest.hexdigest()


def _path_of_module(name: str) -> Path | None:
    """Return where a module of this package lies; None for others, and for names inside a module."""
    first, *rest = name.split(".")
    if first != "cosmopolis":
        return None
    path = Path(str(resources.files("cosmopolis"))).joinpath(*rest)
    found = [file for file in (path.with_suffix(".py"), path / "__init__.py") if rest and file.is_file()]
    return found[0] if found else None
