"""Last step but one: everything that the publishing modules need, put together as one `Result`."""

import json
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

import polars as pl

from cosmopolis import __version__
from cosmopolis.edition import Edition
from cosmopolis.errors import FormatError
from cosmopolis.index.tree import Indicator
from cosmopolis.networks import fields as frontiers
from cosmopolis.networks.links import Kind, registry
from cosmopolis.pipeline.cities import Atlas
from cosmopolis.pipeline.profiling import country_notes
from cosmopolis.pipeline.records import Shelf
from cosmopolis.publish.result import (
    EditionNote,
    GapNote,
    IndexNote,
    IndicatorNote,
    NetworkNote,
    NodeNote,
    Result,
    Shown,
    SourceNote,
)
from cosmopolis.publish.words import LANGUAGES, Words
from cosmopolis.records import admit
from cosmopolis.sources import world_borders
from cosmopolis.sources.catalog import Catalog

FONT_SOURCE = "cjk-font"

_LONGITUDE_MAX, _LATITUDE_MAX = 360.0, 90.0
"""Largest degrees that a base map may use: some run past the antimeridian."""

NETWORK_SOURCES: Mapping[tuple[str, str], tuple[str, ...]] = {
    ("air", "routes"): ("air-routes-2022", "air-routes-2021", "openflights-2014", "airports"),
    ("air", "carriers"): ("openflights-2014", "airports"),
    ("sea", "port_pairs"): ("ports",),
    ("rail", "reach"): ("railways",),
    ("coauthorship", "bibliometrics"): ("science-sample",),
    ("trade", "intermediate"): ("icio-2022",),
}
"""Which sources stand behind each network and field."""

NETWORK_KINDS: Mapping[str, tuple[str, ...]] = {
    "coauthorship": ("papers", "organisations"),
    "copatenting": ("patents",),
    "coauthorship_all": ("country cooperation",),
    "listings": ("firms",),
    "interlocking": ("service values",),
}
"""Which kinds of sources stand behind the networks of every other field."""

OWNERSHIP = ("ownership", "ownership_countries")
OWNERSHIP_KINDS: Mapping[str, tuple[str, ...]] = {
    "offices": ("offices", "firms"),
    "research": ("organisations", "firms"),
    "subsidiaries": ("legal entities",),
    "suppliers": ("supplier sites", "firms"),
}
"""Which kinds of sources stand behind the networks of ownership, by field."""


def make_result(
    edition: Edition,
    catalog: Catalog,
    shelf: Shelf,
    atlas: Atlas,
    tables: Mapping[str, pl.DataFrame],
    *,
    hash_: str,
    profiles: tuple[int, ...] = (),
) -> Result:
    """Put the result of a build together; `profiles` are the cities that have a page of their own."""
    return Result(
        edition=EditionNote(
            id=edition.id,
            title=edition.title,
            year=edition.year,
            baseline=edition.baseline,
            sample_rule=_sample_rule(edition),
            settings={
                **{k: v for k, v in edition.raw.items() if k not in {"index", "title", "sources"}},
                "intervals": asdict(edition.intervals),
                "production": asdict(edition.production),
            },
        ),
        index=_index(edition, tables["indicators"]),
        networks=_networks(edition, catalog, tables),
        countries=country_notes(atlas),
        sources=tuple(
            SourceNote(
                source=catalog.source(name),
                state="no data" if name in shelf.missing else "used",
                reason=shelf.missing.get(name, ""),
            )
            for name in edition.sources
        ),
        gaps=_gaps(edition, catalog, shelf),
        tables=tables,
        ledger=shelf.ledger.entries(),
        quarantine={
            source: _kinds_of_reasons(shelf.ledger.reasons(source)) for source in shelf.ledger.sources()
        },
        borders=_borders(edition, shelf),
        borders_note=_borders_note(edition, catalog),
        font=next(iter(shelf.files.get(FONT_SOURCE, {}).values()), None),
        shown=Shown(
            top=edition.report.top,
            links=edition.report.links,
            labels=edition.report.labels,
            equal_links=edition.report.equal_links,
            rows=edition.report.rows,
            centre=edition.report.centre,
        ),
        profiles=profiles,
        version=__version__,
        hash=hash_,
    )


def _said(key: str, **values: object) -> dict[str, str]:
    """Words of the report in every language."""
    return {language: Words(language)(key, **values) for language in LANGUAGES}


_LEAST = ("port_countries", "air_links", "headquarters", "papers")
"""Parts of the sample rule that ask for a least number."""


def _sample_rule(edition: Edition) -> dict[str, str]:
    """Write the sample rule out in words."""
    rule = edition.sample
    least = {name: getattr(rule, name) for name in _LEAST}
    parts = [
        *([_said("sample.largest", n=rule.largest)] if rule.largest else []),
        *([_said("sample.capitals")] if rule.capitals else []),
        *(_said(f"sample.{name}", n=n) for name, n in least.items() if n is not None),
    ]
    return {
        language: Words(language)(
            "sample.rule", parts=Words(language)("sample.and").join(p[language] for p in parts)
        )
        for language in LANGUAGES
    }


def _index(edition: Edition, indicators: pl.DataFrame) -> IndexNote:
    tree = edition.index
    root = NodeNote(id=tree.id, name=tree.name, parent=None, weight=1.0)
    years = dict(indicators.select("indicator", "year").unique(["indicator"]).iter_rows())
    return IndexNote(
        id=tree.id,
        name=tree.name,
        nodes=(root, *(NodeNote(id=n.id, name=n.name, parent=n.parent, weight=n.weight) for n in tree.nodes)),
        indicators=tuple(_indicator(i, years.get(i.id)) for i in tree.indicators),
    )


def _indicator(indicator: Indicator, year: int | None) -> IndicatorNote:
    return IndicatorNote(
        id=indicator.id,
        name=indicator.name,
        node=indicator.parent,
        weight=indicator.weight,
        direction=1 if indicator.direction > 0 else -1,
        unit=indicator.unit,
        definition=indicator.definition or indicator.name,
        sources=indicator.sources,
        year=year,
        downscaled=indicator.downscaled,
        note=indicator.note,
    )


def _networks(
    edition: Edition, catalog: Catalog, tables: Mapping[str, pl.DataFrame]
) -> tuple[NetworkNote, ...]:
    """Networks that have links, in the order of the registry."""
    there = pl.concat(
        [tables["links"].select("network", "field"), tables["country_links"].select("network", "field")]
    )
    pairs = set(there.unique().iter_rows())
    return tuple(
        _network(kind, field, edition, catalog)
        for kind in registry()
        for network, field in sorted(pairs)
        if network == kind.network and kind.field in {"*", field}
    )


def _network(kind: Kind, field: str, edition: Edition, catalog: Catalog) -> NetworkNote:
    known = NETWORK_SOURCES.get((kind.network, field))
    if known is None:
        of_field = OWNERSHIP_KINDS if kind.network in OWNERSHIP else {}
        kinds = of_field.get(field, NETWORK_KINDS.get(kind.network, ()))
        known = tuple(s for s in edition.sources if catalog.source(s).kind in kinds)
    sources = tuple(s for s in known if s in edition.sources)
    return NetworkNote(
        kind=kind,
        title=_field_name(edition, field) if kind.field == "*" else {},
        sources=sources,
        field=field if kind.field == "*" else None,
        scope="show" if any(catalog.source(s).scope == "show" for s in sources) else "index",
    )


def _field_name(edition: Edition, field: str) -> Mapping[str, str]:
    """Return a frontier field's name in each language; none if it is not one of the edition's file."""
    own = edition.innovation.fields
    fields = frontiers.load(edition.path(own) if own else None)
    return fields.field(field).name if field in fields.ids() else {}


def _gaps(edition: Edition, catalog: Catalog, shelf: Shelf) -> tuple[GapNote, ...]:
    """Everything a reader would expect and that is missing: indicators without a source, sources not had."""
    without = [
        GapNote(what=indicator.name, why=indicator.note or _said("gap.no_source"))
        for indicator in edition.index.indicators
        if not indicator.sources
    ]
    not_had = [
        GapNote(what=catalog.source(name).title, why=dict.fromkeys(LANGUAGES, reason))
        for name, reason in sorted(shelf.missing.items())
    ]
    return (*without, *not_had)


def _kinds_of_reasons(reasons: Mapping[str, int]) -> dict[str, int]:
    """Count quarantined rows by the kind of reason: what stands in brackets and names is left out."""
    lines = pl.DataFrame(
        {"reason": list(reasons), "rows": list(reasons.values())},
        schema={"reason": pl.String, "rows": pl.Int64},
    )
    general = (
        pl.col("reason")
        .str.replace_all(r" \([^)]*\)", "")
        .str.replace(
            r"^(origin|destination)( |:).*?(which belongs|no place|several places|no text|serves)", "${1}: $3"
        )
        .str.replace(r"^it serves .*, which", "it serves a place which")
        .str.replace(r"^the place found is .*, which", "the place found is one which")
        .str.replace(r": .*$", "")
        .str.replace(r"row \d+", "another row")
        .str.replace(r"code [A-Z0-9]{3}", "its code")
    )
    counted = (
        lines.group_by(general.alias("reason"))
        .agg(pl.col("rows").sum())
        .sort("rows", "reason", descending=[True, False])
    )
    return dict(counted.iter_rows())


def _borders(edition: Edition, shelf: Shelf) -> dict[str, Any]:
    """Outlines of countries as GeoJSON: the user's own file, else the source's; empty where neither is."""
    if edition.report.borders:
        frame = _own_borders(edition.path(edition.report.borders))
    elif shelf.has("world-borders"):
        frame = shelf.part("world-borders", "borders")
    else:
        return {"type": "FeatureCollection", "features": []}
    features = [
        {"type": "Feature", "properties": {"name": name}, "geometry": json.loads(geometry)}
        for name, geometry in frame.select("name", "geometry").iter_rows()
    ]
    return {"type": "FeatureCollection", "features": features}


def _own_borders(path: Path) -> pl.DataFrame:
    """Read the user's own border file, which must be right as a whole: half a base map is none.

    Raises
    ------
    FormatError
        If a feature is not an outline, or coordinates are not degrees.
    """
    admitted = admit(world_borders.from_geojson(path))
    if not admitted.quarantine.is_empty():
        row, reason = admitted.quarantine.select("row", "reason").row(0)
        bad = admitted.quarantine["row"].n_unique()
        raise FormatError(
            f"borders {path}: {bad} of {admitted.rows_in} features cannot be drawn; feature {row}: {reason}"
        )
    for name, geometry in admitted.frame.select("name", "geometry").iter_rows():
        far = [point for point in _points(json.loads(geometry)["coordinates"]) if not _is_degrees(point)]
        if far:
            raise FormatError(
                f"borders {path}: {name or 'a feature'} has the point {far[0]}, expected longitude and "
                "latitude in degrees (WGS 84); transform the file first"
            )
    return admitted.frame


def _points(coordinates: list[Any]) -> list[list[float]]:
    """List the points of nested coordinates."""
    if coordinates and not isinstance(coordinates[0], list):
        return [coordinates]
    return [point for part in coordinates for point in _points(part)]


def _is_degrees(point: list[float]) -> bool:
    longitude, latitude = point[0], point[1]
    return abs(longitude) <= _LONGITUDE_MAX and abs(latitude) <= _LATITUDE_MAX


def _borders_note(edition: Edition, catalog: Catalog) -> dict[str, str]:
    if edition.report.borders:
        return _said("borders.own", file=Path(edition.report.borders).name)
    if "world-borders" not in edition.sources:
        return {}
    title = catalog.source("world-borders").title
    return {
        language: Words(language)("borders.source", title=title.get(language, "")) for language in LANGUAGES
    }
