"""1,500 works of OpenAlex by 58 authors around one institute of geosciences, as the snapshot has them.

A gzipped file of JSON Lines, read as a file of the snapshot is (`cosmopolis.sources.openalex`): good to try
the whole way from a work to a link of cities, unfit for any index.
"""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path

import polars as pl

from cosmopolis.sources import openalex
from cosmopolis.sources.lines import LineFile
from cosmopolis.sources.raw import Raw
from cosmopolis.sources.text import path_of, read_bytes, wrong_format

SOURCE = "openalex-sample"
FILE = "works.jsonl.gz"

_GZIP = b"\x1f\x8b"
_EXPECTED = "a gzipped file of works, JSON Lines"


def read(files: Mapping[str, Path]) -> Iterator[Raw]:
    """Read the parts `works` and `affiliations`, as the reader of the snapshot does.

    Parameters
    ----------
    files
        `works.jsonl.gz`.
    """
    path = path_of(files, FILE, source=SOURCE)
    if not read_bytes(path, source=SOURCE, expected=_EXPECTED).startswith(_GZIP):
        raise wrong_format(SOURCE, path, "is not a gzip file", _EXPECTED)
    return _parts(path)


def _parts(path: Path) -> Iterator[Raw]:
    """Give the parts under this source's name."""
    for raw in openalex.read_lines(LineFile(path, name=FILE)):
        yield replace(raw, source=SOURCE, rejects=raw.rejects.with_columns(source=pl.lit(SOURCE)))
