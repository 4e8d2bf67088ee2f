"""Which cities the city is most like over the indicators of the index, and what sets it apart.

Indicators are put into standard units over the sample: z = (x - mean) / σ of the treated and normalised
values, higher always better. Two cities are compared on the indicators that both have; their distance is the
root of the mean squared difference, d = √(Σ (z_a - z_b)² / n), in standard units, so that it does not grow
with the number of indicators. Nobody is a peer on fewer than `LEAST` indicators or half of the city's own.
"""

from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.typing import NDArray

from cosmopolis.publish.chapter import charts
from cosmopolis.publish.chapter.model import Block, Cell, Column, Section, Table, row
from cosmopolis.publish.chapter.studio import Studio
from cosmopolis.publish.profile.subject import Subject
from cosmopolis.publish.result import IndicatorNote
from cosmopolis.publish.view import View

PEERS = 5
"""Cities that are named as peers."""

LEAST = 3
"""Indicators that two cities must both have at least."""

COMMON = 0.25
"""Share of the cities with data from which on a value that they have in common sets none of them apart."""

_DIGITS = 9  # of distances: what is the same but for the last bits is the same


@dataclass(frozen=True, kw_only=True)
class Profiles:
    """Cities of the sample by indicator in standard units: `units` (cities, indicators), NaN for no data."""

    cities: tuple[int, ...]
    indicators: tuple[IndicatorNote, ...]
    units: NDArray[np.float64]

    def of(self, city: int) -> NDArray[np.float64] | None:
        """Return a city's row; None if it is not in the sample."""
        return self.units[self.cities.index(city)] if city in self.cities else None


@dataclass(frozen=True, kw_only=True)
class Peer:
    """A city, its distance in standard units, and the number of indicators that it stands on."""

    city: int
    distance: float
    shared: int


@dataclass(frozen=True, kw_only=True)
class Apart:
    """What sets a city apart in one indicator: its value, the peers' mean and bounds, in standard units."""

    note: IndicatorNote
    own: float
    peers: float | None
    low: float | None
    high: float | None


def standardised(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Put the columns of a table into standard units; NaN where a column has no spread.

    Examples
    --------
    >>> standardised(np.array([[1.0, 5.0], [3.0, 5.0], [np.nan, 5.0]])).tolist()
    [[-1.0, nan], [1.0, nan], [nan, nan]]
    """
    units = np.full_like(values, np.nan)
    for column in range(values.shape[1]):
        known = values[:, column][np.isfinite(values[:, column])]
        spread = float(known.std()) if known.size else 0.0
        if spread > 1e-12 * max(1.0, float(np.abs(known).max(initial=0.0))):
            units[:, column] = (values[:, column] - known.mean()) / spread
    return units


def profiles(view: View) -> Profiles:
    """Return all cities of the sample by indicator, in standard units."""
    index = view.result.index
    table = view.result.table("indicators").filter(pl.col("index") == index.id)
    cities = tuple(table["city_id"].unique().sort().to_list())
    places = {city: n for n, city in enumerate(cities)}
    columns = {note.id: n for n, note in enumerate(index.indicators)}
    values = np.full((len(cities), len(columns)), np.nan)
    for city, indicator, value in table.select("city_id", "indicator", "normalised").iter_rows():
        if indicator in columns and value is not None:
            values[places[city], columns[indicator]] = value
    return Profiles(cities=cities, indicators=index.indicators, units=standardised(values))


def nearest(every: Profiles, city: int, *, most: int = PEERS) -> tuple[Peer, ...]:
    """Return the cities most like a city, the nearest first; of equally near ones the lower id.

    Examples
    --------
    >>> units = np.array([[0.0, 0.0, 0.0], [3.0, 0.0, 0.0], [1.0, 1.0, 1.0]])
    >>> every = Profiles(cities=(1, 2, 3), indicators=(), units=units)
    >>> [(peer.city, round(peer.distance, 2)) for peer in nearest(every, 1)]
    [(3, 1.0), (2, 1.73)]
    """
    own = every.of(city)
    if own is None:
        return ()
    least = max(LEAST, (int(np.isfinite(own).sum()) + 1) // 2)
    found = []
    for other, units in zip(every.cities, every.units, strict=True):
        gaps = own - units
        known = np.isfinite(gaps)
        shared = int(known.sum())
        if other != city and shared >= least:
            distance = float(np.sqrt(np.mean(gaps[known] ** 2)))
            found.append(Peer(city=other, distance=round(distance, _DIGITS), shared=shared))
    return tuple(sorted(found, key=lambda peer: (peer.distance, peer.city))[:most])


def apart(every: Profiles, city: int, peers: tuple[Peer, ...]) -> tuple[Apart, ...]:
    """Return where a city differs, the most from its peers first, then from all where peers have no data."""
    own = every.of(city)
    if own is None:
        return ()
    rows = [every.cities.index(peer.city) for peer in peers]
    found = []
    for n, note in enumerate(every.indicators):
        if not np.isfinite(own[n]):
            continue
        theirs = [float(every.units[r, n]) for r in rows if np.isfinite(every.units[r, n])]
        found.append(
            Apart(
                note=note,
                own=float(own[n]),
                peers=sum(theirs) / len(theirs) if theirs else None,
                low=min(theirs, default=None),
                high=max(theirs, default=None),
            )
        )

    def size(one: Apart) -> float:
        return abs(one.own - one.peers) if one.peers is not None else -1.0

    return tuple(sorted(found, key=lambda one: (-round(size(one), _DIGITS), one.note.id)))


def common(every: Profiles, city: int, *, share: float = COMMON) -> frozenset[str]:
    """Return the indicators in which a city's value is that of many: such as no sea link far from the sea.

    Examples
    --------
    >>> import types
    >>> notes = (types.SimpleNamespace(id="sea"), types.SimpleNamespace(id="air"))
    >>> units = np.array([[-0.5, 1.0], [-0.5, 2.0], [-0.5, 3.0], [1.5, np.nan]])
    >>> every = Profiles(cities=(1, 2, 3, 4), indicators=notes, units=units)
    >>> common(every, 1, share=0.5), common(every, 4, share=0.5)
    (frozenset({'sea'}), frozenset())
    """
    own = every.of(city)
    if own is None:
        return frozenset()
    found = set()
    for n, note in enumerate(every.indicators):
        known = every.units[:, n][np.isfinite(every.units[:, n])]
        alike = int((np.round(known - own[n], _DIGITS) == 0).sum()) if np.isfinite(own[n]) else 0
        if alike > 1 and alike >= share * known.size:
            found.add(note.id)
    return frozenset(found)


def section(subject: Subject, studio: Studio) -> Section:
    """Make the section on peers."""
    w = subject.words
    every = profiles(subject.view)
    peers = nearest(every, subject.id)
    same = common(every, subject.id)
    found = apart(every, subject.id, peers)
    different = tuple(one for one in found if one.note.id not in same)
    blocks = [Block(missing=w("profile.no_peers"))] if not peers else [_peers(subject, peers)]
    if different:
        blocks.append(_apart(subject, studio, different, with_peers=bool(peers)))
    if same:
        names = w.joined([w.said(one.note.name) for one in found if one.note.id in same])
        share = w.share(COMMON)
        blocks.append(Block(sentences=(w("profile.in_common", names=names, share=share),)))
    return Section(
        anchor="peers",
        title=w("profile.peers"),
        lead=w("profile.peers_lead", n=PEERS),
        blocks=tuple(blocks),
    )


def _peers(subject: Subject, peers: tuple[Peer, ...]) -> Block:
    w, view = subject.words, subject.view
    root = view.scores.get(view.result.index.id, {})
    table = Table(
        caption=w("profile.peers_table"),
        columns=(
            Column(label=w("common.city")),
            Column(label=w("common.country")),
            Column(label=w("profile.distance"), number=True),
            Column(label=w("profile.shared"), number=True),
            Column(label=w("common.rank"), number=True),
        ),
        rows=tuple(
            row(
                view.city(peer.city),
                view.cities[peer.city].country if peer.city in view.cities else w.no_data,
                w.number(peer.distance, digits=2),
                w.whole(peer.shared),
                w.whole(root.get(peer.city, (None, None))[1]),
            )
            for peer in peers
        ),
        note=w("profile.peers_note"),
    )
    sentence = w(
        "profile.nearest",
        city=subject.city.name,
        peer=view.city(peers[0].city),
        distance=w.number(peers[0].distance, digits=2),
        n=peers[0].shared,
    )
    return Block(sentences=(sentence,), tables=(table,))


def _apart(subject: Subject, studio: Studio, different: tuple[Apart, ...], *, with_peers: bool) -> Block:
    w = subject.words
    dots = [
        charts.Dot(
            name=w.said(one.note.name),
            value=one.own,
            low=one.low,
            high=one.high,
            label=_signed(subject, one.own),
        )
        for one in different
    ]
    label = w("profile.apart_figure", city=subject.city.name)
    items = w("common.semicolon").join(w("profile.item", name=dot.name, text=dot.label) for dot in dots)
    panel = studio.panel(
        charts.intervals(
            dots, title=w("profile.units"), middle=0.0, log=False, percent=False, names_width=210
        ),
        title=label,
        description=w("profile.dots_alt", items=items),
    )
    sources = [source for one in different for source in one.note.sources]
    figure = studio.figure(
        panel,
        label=label,
        shape="chart",
        notes=(
            w("profile.apart_key") if with_peers else w("profile.apart_key_all"),
            subject.sourced(sources),
        ),
    )
    table = Table(
        caption=w("profile.apart_table"),
        columns=(
            Column(label=w("profile.indicator")),
            Column(label=w("profile.from_peers"), number=True),
            Column(label=w("profile.from_all"), number=True),
        ),
        rows=tuple(
            row(
                Cell(
                    text=w.said(one.note.name),
                    small=w("profile.downscaled") if one.note.downscaled else "",
                ),
                _signed(subject, one.own - one.peers) if one.peers is not None else w.no_data,
                _signed(subject, one.own),
            )
            for one in different
        ),
    )
    return Block(
        title=w("profile.apart"), sentences=_sentences(subject, different), figures=(figure,), tables=(table,)
    )


def _sentences(subject: Subject, different: tuple[Apart, ...]) -> tuple[str, ...]:
    """Say where the city differs most from its peers, and from all."""
    w, found = subject.words, []
    against = [one for one in different if one.peers is not None]
    if against:
        first = against[0]
        gap = first.own - (first.peers or 0.0)
        found.append(
            w(
                "profile.most_above" if gap > 0 else "profile.most_below",
                name=w.said(first.note.name),
                units=w.number(abs(gap), digits=1),
            )
        )
    far = max(different, key=lambda one: (abs(one.own), one.note.id))
    found.append(
        w(
            "profile.all_above" if far.own > 0 else "profile.all_below",
            name=w.said(far.note.name),
            units=w.number(abs(far.own), digits=1),
        )
    )
    return tuple(found)


def _signed(subject: Subject, units: float) -> str:
    """Write a number of standard units with its sign."""
    text = subject.words.number(abs(units), digits=2)
    if not text.strip("0.,"):
        return text
    return f"+{text}" if units > 0 else f"−{text}"
