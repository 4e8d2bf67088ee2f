"""The result of an edition as the publishing modules need it: tables, settings, sources and gaps.

A `Result` is made once by the build and never changed. It checks on making that each table has the
columns of the contract, so that a page cannot come out half empty. It does not read or write files.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from dataclasses import field as made
from pathlib import Path
from typing import Any, Literal

import polars as pl

from cosmopolis.errors import UnknownNameError, hint_near
from cosmopolis.index.rollup import COVERAGE, INDICATORS, SCORES
from cosmopolis.measures.networks import NETWORK_MEASURES
from cosmopolis.networks.links import COUNTRY_LINKS, LINKS, Kind
from cosmopolis.publish.innovation import schemas as innovation
from cosmopolis.publish.production import schemas as production
from cosmopolis.sources.catalog import Source

Text = Mapping[str, str]
"""One text in each language: `{"en": ..., "zh": ...}`."""

CITIES = pl.Schema(
    {
        "city_id": pl.Int64,
        "name": pl.String,
        "name_zh": pl.String,
        "country": pl.String,
        "region": pl.String,
        "latitude": pl.Float64,
        "longitude": pl.Float64,
        "population": pl.Int64,
        "places": pl.Int64,
    }
)
SCHEMAS: Mapping[str, pl.Schema] = {
    "cities": CITIES,
    "links": LINKS,
    "country_links": COUNTRY_LINKS,
    "network_measures": NETWORK_MEASURES,
    "indicators": INDICATORS,
    "scores": SCORES,
    "coverage": COVERAGE,
}
"""The tables of a result that the report reads, with the columns that each must have."""


def said(text: Text, language: str) -> str:
    """Return a text in the language asked for, else in English, else in any, else empty.

    Examples
    --------
    >>> said({"en": "Ports", "zh": "港口"}, "zh"), said({"en": "Ports"}, "zh"), said({}, "en")
    ('港口', 'Ports', '')
    """
    return text.get(language) or text.get("en") or next((text[k] for k in sorted(text)), "")


@dataclass(frozen=True, kw_only=True)
class EditionNote:
    """What the report says of the edition itself.

    Attributes
    ----------
    title
        Title of the report.
    year, baseline
        The year it is about, and the year it compares with.
    sample_rule
        In words, which cities are in the sample.
    settings
        Every other setting that a reader may ask for; nested mappings are shown as `a.b`.
    """

    id: str
    title: Text
    year: int
    baseline: int
    sample_rule: Text
    settings: Mapping[str, Any] = made(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class NodeNote:
    """A node of the index tree; the root has no parent and the index's own id."""

    id: str
    name: Text
    parent: str | None
    weight: float
    note: Text = made(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class IndicatorNote:
    """An indicator as the index tree chooses it.

    Attributes
    ----------
    node
        Id of the node that it is rolled up into.
    weight
        Weight within that node.
    direction
        1 if more is better, -1 if less is better.
    unit, definition, note
        In words.
    sources
        Ids of the sources it stands on.
    year
        The year of its own data, which may not be the edition's.
    downscaled
        Whether a value of a wider area (a country) is given to its cities.
    """

    id: str
    name: Text
    node: str
    weight: float
    direction: Literal[1, -1]
    unit: Text
    definition: Text
    sources: tuple[str, ...]
    year: int | None
    downscaled: bool = False
    note: Text = made(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class IndexNote:
    """An index: its nodes, root first, and its indicators, in the order in which they are to be shown."""

    id: str
    name: Text
    nodes: tuple[NodeNote, ...]
    indicators: tuple[IndicatorNote, ...]

    @property
    def dimensions(self) -> tuple[NodeNote, ...]:
        """The nodes right below the root."""
        return tuple(node for node in self.nodes if node.parent == self.id)


@dataclass(frozen=True, kw_only=True)
class NetworkNote:
    """A network as it is to be shown, one page each.

    Attributes
    ----------
    kind
        What its links mean, from the registry of networks.
    sources
        Ids of the sources it stands on; their coverage and bias are said beside its figures.
    field
        As in the links, where the kind's field is `*`.
    title
        Name of that field, which follows the kind's; may be empty.
    year
        The year to draw; by default the latest that has links.
    scope
        `show` if it may be shown but never enters an index.
    """

    kind: Kind
    sources: tuple[str, ...]
    field: str | None = None
    title: Text = made(default_factory=dict)
    year: int | None = None
    scope: Literal["index", "show"] = "index"

    @property
    def id(self) -> str:
        """Network and field, as an anchor of its page."""
        return f"{self.kind.network}-{self.field or self.kind.field}"


@dataclass(frozen=True, kw_only=True)
class CountryNote:
    """A country's or territory's names and its M49 region."""

    name: Text
    region: str


@dataclass(frozen=True, kw_only=True)
class SourceNote:
    """A source of the catalogue and whether it was to be had: `used`, or `no data` with the reason why."""

    source: Source
    state: Literal["used", "no data"] = "used"
    reason: str = ""


@dataclass(frozen=True, kw_only=True)
class GapNote:
    """Something that a reader would expect and that is missing, with the reason."""

    what: Text
    why: Text


@dataclass(frozen=True, kw_only=True)
class Shown:
    """How much of a long list is shown; each a setting of the edition.

    Attributes
    ----------
    top
        The first cities: shown before the reader asks for all, and counted by world region.
    links
        Strongest links on a map: more become a grey cloth on a page's width.
    equal_links
        Links on a map where all have the same weight, so that none is stronger than another.
    labels
        Names on a map at most; where there is no room, fewer.
    rows
        Rows of the short tables of a network.
    centre
        Meridian at the middle of maps, degrees: at 11° E the edge cuts no country but by a tip.
    """

    top: int = 100
    links: int = 350
    equal_links: int = 1500
    labels: int = 26
    rows: int = 15
    centre: float = 11.0


@dataclass(frozen=True, kw_only=True)
class Result:
    """Everything that is published of an edition.

    Attributes
    ----------
    edition, index, networks, countries, sources, gaps
        Settings and notes; countries by ISO 3166-1 alpha-2.
    tables
        By name; at least those of `SCHEMAS`, and for the chapters those of `innovation.schemas` and
        `production.schemas` beside this module; others are written but not shown.
    ledger
        `{source: {rows_in, rows_used, rows_quarantined}}`.
    quarantine
        `{source: {reason: rows}}`.
    borders
        A GeoJSON FeatureCollection for the land of maps.
    borders_note
        In words, whose borders they are; added to each map's note.
    font
        A CJK font file (OpenType), of which the glyphs used go into each page; None: the reader's own
        fonts are used, and the report says so.
    shown
        How much of long lists is shown.
    profiles
        Ids of the cities that have a page of their own in the result, in the order to name them.
    version, hash
        Version of the program, and the hash that names the inputs and settings.

    Raises
    ------
    UnknownNameError
        If a table or a column of `SCHEMAS` is missing, or a column of a table of a chapter that is there.
    """

    edition: EditionNote
    index: IndexNote
    networks: tuple[NetworkNote, ...]
    countries: Mapping[str, CountryNote]
    sources: tuple[SourceNote, ...]
    gaps: tuple[GapNote, ...]
    tables: Mapping[str, pl.DataFrame]
    ledger: Mapping[str, Mapping[str, int]]
    quarantine: Mapping[str, Mapping[str, int]]
    borders: Mapping[str, Any]
    borders_note: Text = made(default_factory=dict)
    font: Path | None = None
    shown: Shown = Shown()
    profiles: tuple[int, ...] = ()
    version: str
    hash: str

    def __post_init__(self) -> None:
        """Check that no table and no column is missing."""
        chapters = {**innovation.SCHEMAS, **production.SCHEMAS}
        optional = {name: schema for name, schema in chapters.items() if name in self.tables}
        for name, schema in {**SCHEMAS, **optional}.items():
            if name not in self.tables:
                raise UnknownNameError(f"the result has no table {name!r}" + hint_near(name, self.tables))
            columns = self.tables[name].columns
            for column in schema.names():
                if column not in columns:
                    raise UnknownNameError(
                        f"the result's table {name!r} has no column {column!r}" + hint_near(column, columns)
                    )

    def table(self, name: str) -> pl.DataFrame:
        """Return a table by its name."""
        if name not in self.tables:
            raise UnknownNameError(f"the result has no table {name!r}" + hint_near(name, self.tables))
        return self.tables[name]

    def source(self, id: str) -> SourceNote | None:  # noqa: A002 - the field's own name
        """Return what is said of a source, None if it is not of this edition."""
        return next((note for note in self.sources if note.source.id == id), None)
