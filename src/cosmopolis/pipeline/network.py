"""The command `network`: a table with any labels in, the links of a network out, nothing resolved.

Here is looked at what was asked for; each kind of network has a module of its own.
"""

from pathlib import Path

from cosmopolis.errors import ResultError, SpecError, UnknownNameError, hint_near
from cosmopolis.pipeline.network_cooccurrence import cooccurrence_file
from cosmopolis.pipeline.network_interlocking import interlocking_file
from cosmopolis.pipeline.network_ownership import ownership_file
from cosmopolis.pipeline.resolving import check_suffix

KINDS = ("cooccurrence", "interlocking", "ownership")
"""Kinds of network that a table can be made into."""


def network_file(
    kind: str,
    file: Path,
    *,
    out: Path | None,
    cities: Path | None,
    counting: str,
    largest_record: int | None,
) -> int:
    """Make the links of a table, and the measures of its cities.

    Parameters
    ----------
    kind
        One of `KINDS`; what the table must have stands in the module of the kind.
    out
        CSV or Parquet for the links; standard output if none is given.
    cities
        CSV or Parquet for the measures of cities.
    counting, largest_record
        See `cosmopolis.pipeline.network_cooccurrence`; the other kinds take neither.

    Raises
    ------
    UnknownNameError
        If the kind, the counting or a column is not known.
    FormatError
        If the file cannot be read or holds what it must not.
    SpecError
        If an option does not fit the kind.
    ResultError
        If the folder of a file to write is not there.
    """
    if kind not in KINDS:
        raise UnknownNameError(f"there is no network of the kind {kind!r}" + hint_near(kind, KINDS))
    if kind != "cooccurrence" and (counting != "full" or largest_record is not None):
        raise SpecError(
            f"--counting and --largest-record belong to the kind cooccurrence, not to {kind}; leave them out"
        )
    for path in (out, cities):
        check_suffix(path)
        if path is not None and not path.parent.is_dir():
            raise ResultError(f"cannot write {path}: there is no folder {path.parent}; make it first")
    if kind == "interlocking":
        return interlocking_file(file, out=out, cities=cities)
    if kind == "ownership":
        return ownership_file(file, out=out, cities=cities)
    return cooccurrence_file(file, out=out, cities=cities, counting=counting, largest_record=largest_record)
