"""The Research Organization Registry's data dump: every organisation, with all its names and its parents.

One file in the mirror: a release as the registry publishes it (a zip file) or the JSON file out of it, in
schema 2 or 1. Of a zip file with both, the one in schema 2 is read. An organisation's coordinates are those
of its GeoNames city, so that the GeoNames id says as much; of several places the first is taken, the seat. A
record that was withdrawn becomes a reject; one of an organisation that has ended stays.
"""

import json
import zipfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import msgspec
import orjson

from cosmopolis.errors import FormatError
from cosmopolis.sources._ror import WITHDRAWN, other_names, short_id
from cosmopolis.sources.raw import Raw
from cosmopolis.sources.text import Reject, collector_at_rest, raw_of, wrong_format

SOURCE = "ror-dump"

_EXPECTED = "the registry's data dump, a zip file with a JSON file or that JSON file, a list of organisations"
_ZIP = b"PK\x03\x04"


class _GeoNamesCity(msgspec.Struct):
    id: int | None = None
    city: str | None = None


class _Address(msgspec.Struct):  # schema 1
    lat: float | None = None
    lng: float | None = None
    city: str | None = None
    geonames_city: _GeoNamesCity | None = None


class _Country(msgspec.Struct):  # schema 1
    country_code: str | None = None


class _Label(msgspec.Struct):  # schema 1
    label: str | None = None


class _Details(msgspec.Struct):  # schema 2
    name: str | None = None
    country_code: str | None = None
    lat: float | None = None
    lng: float | None = None


class _Location(msgspec.Struct):  # schema 2
    geonames_id: int | None = None
    geonames_details: _Details | None = None


class _Name(msgspec.Struct):  # schema 2
    value: str | None = None
    types: list[str] = []


class _Relationship(msgspec.Struct):
    id: str | None = None
    type: str | None = None


class _Organisation(msgspec.Struct):
    """A record of either schema: `names` and `locations` tell schema 2."""

    id: str
    status: str | None = None
    types: list[str] = []
    relationships: list[_Relationship] = []
    names: list[_Name] | None = None
    locations: list[_Location] = []
    name: str | None = None
    aliases: list[str | None] = []
    acronyms: list[str | None] = []
    labels: list[_Label] = []
    country: _Country | None = None
    addresses: list[_Address] = []


_Place = tuple[str | None, int | None, str | None, float | None, float | None]


def _place(about: _Organisation) -> _Place:
    """Return country, GeoNames id, city, latitude and longitude of an organisation's first place."""
    if about.names is not None:
        at = about.locations[0] if about.locations else _Location()
        details = at.geonames_details or _Details()
        return details.country_code, at.geonames_id, details.name, details.lat, details.lng
    address = about.addresses[0] if about.addresses else _Address()
    city = address.geonames_city or _GeoNamesCity()
    country = about.country.country_code if about.country else None
    return country, city.id, city.city or address.city, address.lat, address.lng


def _names(about: _Organisation) -> tuple[str | None, list[str | None]]:
    """Return the name to be shown and all names."""
    if about.names is not None:
        shown = [name.value for name in about.names if "ror_display" in name.types]
        every = [name.value for name in about.names]
        return next(iter(shown or every), None), every
    labels = [label.label for label in about.labels]
    return about.name, [*labels, *about.aliases, *about.acronyms]


def _cells(about: _Organisation) -> tuple[object, ...]:
    """Return the values of an organisation in the order of the table's columns."""
    ror = short_id(about.id)
    name, names = _names(about)
    country, *place = _place(about)
    parents = [at.id for at in about.relationships if at.id and (at.type or "").lower() == "parent"]
    return (
        ror,
        ror,
        name,
        other_names(name, names),
        [kind.lower() for kind in about.types],
        country,
        *place,
        [short_id(parent) for parent in dict.fromkeys(parents)],
    )


def _contents(path: Path) -> bytes:
    """Return the JSON text of a dump, out of its zip file where it is in one."""
    with path.open("rb") as stream:
        if not stream.read(len(_ZIP)).startswith(_ZIP):
            return path.read_bytes()
    try:
        with zipfile.ZipFile(path) as archive:
            names = sorted(name for name in archive.namelist() if name.endswith(".json"))
            if not names:
                raise wrong_format(SOURCE, path, "has no JSON file in it", _EXPECTED)
            newest = [name for name in names if "schema_v2" in name] or names
            return archive.read(newest[-1])
    except (zipfile.BadZipFile, EOFError, OSError) as error:
        raise wrong_format(SOURCE, path, f"is a damaged zip file ({error})", _EXPECTED) from error


def _records(path: Path) -> Iterator[tuple[int, _Organisation | str, Any]]:
    """Give each record's number with the organisation, or with the reason why it is none and its text."""
    text = _contents(path)
    try:
        every = msgspec.json.decode(text, type=list[_Organisation])
    except msgspec.DecodeError:
        every = None  # one record is wrong, or the whole: record by record
    if every is not None:
        yield from ((row, about, None) for row, about in enumerate(every, start=1))
        return
    try:
        values = orjson.loads(text)
    except orjson.JSONDecodeError as error:
        raise wrong_format(SOURCE, path, f"is not JSON ({error})", _EXPECTED) from error
    if not isinstance(values, list):
        raise wrong_format(SOURCE, path, f"holds a JSON {type(values).__name__}", _EXPECTED)
    for row, value in enumerate(values, start=1):
        try:
            yield row, msgspec.convert(value, _Organisation), None
        except msgspec.ValidationError as error:
            yield row, f"the record is not an organisation: {error}", json.dumps(value, ensure_ascii=False)


@collector_at_rest()
def read(files: Mapping[str, Path]) -> tuple[Raw, ...]:
    """Read the part `organisations` for the table `organisation`; a row is a record's place in the list.

    Parameters
    ----------
    files
        One file, of any name.
    """
    if len(files) != 1:
        raise FormatError(f"{SOURCE}: got {len(files)} files, expected one: {_EXPECTED}")
    (path,) = files.values()
    rows, rejects = [], list[Reject]()
    for row, about, text in _records(path):
        if isinstance(about, str):
            rejects.append((row, "row", text, about))
        elif about.status == "withdrawn":
            rejects.append((row, "status", short_id(about.id), WITHDRAWN))
        else:
            rows.append((row, *_cells(about)))
    return (raw_of(SOURCE, "organisations", "organisation", rows, rejects),)
