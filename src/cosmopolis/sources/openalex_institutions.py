"""Institutions of the OpenAlex snapshot: names, country and the place of the seat.

A folder of gzip-compressed JSON Lines, `institutions/updated_date=…/part_….gz`, an institution a line. Nearly
all are organisations of the ROR register and have its id; `organisation` is that id, else OpenAlex's own
(`I…`), as in the affiliations of works (`cosmopolis.sources.openalex`). Coordinates are those of the city.
"""

from collections.abc import Iterator

import msgspec
import polars as pl

from cosmopolis.sources._ror import other_names, short_id
from cosmopolis.sources.json_lines import Decoder, broken_off, rejected_lines
from cosmopolis.sources.lines import LineFile
from cosmopolis.sources.raw import Raw
from cosmopolis.sources.text import raw_of

SOURCE = "openalex-institutions"

_ID = "https://openalex.org/"


class _Geo(msgspec.Struct):
    city: str | None = None
    geonames_city_id: str | int | None = None
    country_code: str | None = None
    latitude: float | None = None
    longitude: float | None = None


class _Related(msgspec.Struct):
    id: str | None = None
    ror: str | None = None
    relationship: str | None = None


class _Institution(msgspec.Struct):
    id: str
    ror: str | None = None
    display_name: str | None = None
    display_name_alternatives: list[str | None] | None = None
    display_name_acronyms: list[str | None] | None = None
    country_code: str | None = None
    type: str | None = None
    geo: _Geo | None = None
    associated_institutions: list[_Related] | None = None
    lineage: list[str] | None = None


_INSTITUTIONS = Decoder(_Institution, name="an institution")


def _parents(about: _Institution) -> list[str]:
    """Return the ids of those that an institution belongs to: named as such, else all of its lineage."""
    named = [at for at in about.associated_institutions or () if at.relationship == "parent"]
    if named:
        ids = [short_id(at.ror) if at.ror else (at.id or "") for at in named]
    else:
        ids = [line for line in about.lineage or () if line != about.id]
    return [one.removeprefix(_ID) for one in dict.fromkeys(ids) if one]


def _cells(about: _Institution) -> tuple[object, ...]:
    """Return the values of an institution in the order of the table's columns."""
    ror = short_id(about.ror) if about.ror else None
    geo = about.geo or _Geo()
    names = [*(about.display_name_alternatives or ()), *(about.display_name_acronyms or ())]
    return (
        ror or about.id.removeprefix(_ID),
        ror,
        about.display_name,
        other_names(about.display_name, names),
        [about.type] if about.type else [],
        about.country_code or geo.country_code,
        str(geo.geonames_city_id) if geo.geonames_city_id else None,
        geo.city,
        geo.latitude,
        geo.longitude,
        _parents(about),
    )


def read_lines(lines: LineFile) -> Iterator[Raw]:
    """Read one file of institutions: the part `organisations`, block by block.

    Parameters
    ----------
    lines
        A file of the snapshot.

    Yields
    ------
    raw
        Rows for the table `organisation`, numbered as the lines of the file.
    """
    before = 0
    empty = raw_of(SOURCE, "organisations", "organisation", []).frame.drop("row")
    for block in lines:
        good, wrong, count = _INSTITUTIONS.decode(block)
        made = raw_of(
            SOURCE,
            "organisations",
            "organisation",
            [(before + 1 + line, *_cells(institution)) for line, institution in good],
        )
        rejects = pl.concat([made.rejects, rejected_lines(SOURCE, "organisations", wrong, before=before)])
        yield Raw(
            source=SOURCE,
            part="organisations",
            table="organisation",
            frame=made.frame,
            rejects=rejects,
            rows_in=made.rows_in + len(wrong),
        )
        before += count
    yield from broken_off(lines, SOURCE, "organisations", "organisation", empty, before=before)
