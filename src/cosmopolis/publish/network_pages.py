"""The page of each network: what it is, how much of the world it sees, its map and its first cities.

Counts, sorts and shows; formulas are those of `cosmopolis.measures`.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import polars as pl

from cosmopolis.measures import centrality, concentration
from cosmopolis.publish.maps import Node, Tie
from cosmopolis.publish.result import NetworkNote, Shown
from cosmopolis.publish.view import Bias, View
from cosmopolis.publish.words import Words

MEASURES = ("strength", "degree", "betweenness")
"""The measures by which the first cities are listed."""


ALT_NAMES = 5
"""Names in the words that stand for a drawing."""


def described(words: Words, nodes: Sequence[Node], links: int, *, level: str = "city") -> str:
    """Say in words what a map shows: how many cities or countries and links, and the first names.

    Parameters
    ----------
    nodes
        Most important first.
    links
        How many are drawn.
    level
        `city` or `country`: what the nodes are.
    """
    if not nodes:
        return words("map.alt_none")
    return words(
        "map.alt",
        cities=words("count.cities" if level == "city" else "count.countries", n=len(nodes)),
        links=words("count.links", n=links),
        names=words.joined([node.name for node in nodes[:ALT_NAMES]]),
    )


@dataclass(frozen=True, kw_only=True)
class Vintage:
    """One year of a network in numbers, as text."""

    year: str
    shown: bool
    nodes: str
    links: str
    total: str
    hhi: str
    gini: str


@dataclass(frozen=True, kw_only=True)
class Leaders:
    """The first cities or countries by one measure: `(position, name, value)`."""

    measure: str
    what: str
    rows: tuple[tuple[str, str, str], ...]


@dataclass(frozen=True, kw_only=True)
class LinkRow:
    """A strong link."""

    position: str
    origin: str
    destination: str
    weight: str
    count: str


@dataclass(frozen=True, kw_only=True)
class NetworkPage:
    """A network as it is shown; `links` is empty where there is no data, `equal` if all weigh the same."""

    note: NetworkNote
    anchor: str
    name: str
    what: str
    unit: str
    counted: str
    wary: str
    vintage_note: str
    year: str
    vintages: tuple[Vintage, ...]
    leaders: tuple[Leaders, ...]
    links: tuple[LinkRow, ...]
    nodes: tuple[Node, ...]
    ties: tuple[Tie, ...]
    links_all: int
    years_all: int
    equal: bool
    coverage: tuple[Bias, ...]
    biases: tuple[Bias, ...]


def pages(view: View) -> tuple[NetworkPage, ...]:
    """Make the page of every network, in the order of the result."""
    return tuple(_page(view, note) for note in view.result.networks)


def name_of_network(view: View, note: NetworkNote) -> str:
    """Return the name of a network, with that of its field where it has one."""
    words = view.words
    name = words.said(note.kind.name)
    return words("common.colon", label=name, text=words.said(note.title)) if note.title else name


def links_of(view: View, note: NetworkNote) -> pl.DataFrame:
    """Return the links of a network in every year, the weights above zero."""
    table = view.result.table("links" if note.kind.level == "city" else "country_links")
    field = note.field or note.kind.field
    return table.filter(
        (pl.col("network") == note.kind.network) & (pl.col("field") == field) & (pl.col("weight") > 0)
    )


def all_equal(links: pl.DataFrame) -> bool:
    """Say whether no link is stronger than another."""
    return links["weight"].n_unique() <= 1


def strongest(links: pl.DataFrame, shown: Shown) -> pl.DataFrame:
    """Return the strongest links to draw, ties in the order of their ends' strength, then of their ids.

    Where all have the same weight, more are drawn: a cut among equals would show a part as the whole.
    """
    ends = pl.concat(
        [
            links.select(pl.col("origin").alias("end"), "weight"),
            links.select(pl.col("destination").alias("end"), "weight"),
        ]
    )
    strengths = dict(
        ends.sort("end", "weight")
        .group_by("end", maintain_order=True)
        .agg(pl.col("weight").sum())
        .iter_rows()
    )
    both = [
        strengths[origin] + strengths[destination]
        for origin, destination in links.select("origin", "destination").iter_rows()
    ]
    return (
        links.with_columns(pl.Series("_both", both, dtype=pl.Float64))
        .sort("weight", "_both", "origin", "destination", descending=[True, True, False, False])
        .head(shown.equal_links if all_equal(links) else shown.links)
        .drop("_both")
    )


def positions(values: Sequence[float]) -> list[int]:
    """Return the rank of each of some values in falling order; equal values share one.

    Examples
    --------
    >>> positions([9.0, 7.0, 7.0, 5.0])
    [1, 2, 2, 4]
    """
    ranks: list[int] = []
    for n, value in enumerate(values):
        ranks.append(ranks[-1] if n and value == values[n - 1] else n + 1)
    return ranks


def shown_year(note: NetworkNote, links: pl.DataFrame) -> int | None:
    """Return the year of a network to draw: the one asked for, else the latest full one; None without links.

    A year is full that has at least half as many links as the year with the most: a year that a source
    has only begun to cover would stand for the network badly.
    """
    if note.year is not None or links.is_empty():
        return note.year
    counts: dict[int, int] = dict(links.group_by("year").len().sort("year").iter_rows())
    return max(year for year, count in counts.items() if 2 * count >= max(counts.values()))


def country_places(view: View) -> Mapping[object, tuple[float, float]]:
    """Return where each country stands: longitude and latitude of its most populous city."""
    cities = view.result.table("cities").sort("population", "city_id", descending=[True, False])
    firsts = cities.unique("country", keep="first", maintain_order=True)
    return {row["country"]: (row["longitude"], row["latitude"]) for row in firsts.iter_rows(named=True)}


def _measures(view: View, note: NetworkNote, links: pl.DataFrame, year: int) -> pl.DataFrame:
    """Return `(id, measure, value)` of a network in a year."""
    if note.kind.level == "country":
        found = centrality.table(links, directed=note.kind.directed, measures=MEASURES)
    else:
        field = note.field or note.kind.field
        found = view.result.table("network_measures").filter(
            (pl.col("network") == note.kind.network) & (pl.col("field") == field) & (pl.col("year") == year)
        )
    return found.filter(pl.col("value") > 0).select(pl.col("city_id").alias("id"), "measure", "value")


def _of(measures: pl.DataFrame, measure: str) -> pl.DataFrame:
    """Return the values of one measure, the highest first."""
    return measures.filter(pl.col("measure") == measure).sort("value", "id", descending=[True, False])


def _vintage(
    view: View, links: pl.DataFrame, measures: pl.DataFrame, *, year: int, shown: int | None
) -> Vintage:
    """Count one year of a network; `links` and `measures` are of that year."""
    words = view.words
    ends = pl.concat([links["origin"], links["destination"]]).n_unique()
    strengths = _of(measures, "strength")["value"].to_numpy()
    given = len(strengths) > 0
    return Vintage(
        year=str(year),
        shown=year == shown,
        nodes=words.whole(ends),
        links=words.whole(links.height),
        total=words.amount(float(links.sort("origin", "destination")["weight"].sum())),
        hhi=words.number(concentration.hhi(strengths), digits=4) if given else words.no_data,
        gini=words.number(concentration.gini(strengths), digits=3) if given else words.no_data,
    )


def _leaders(view: View, note: NetworkNote, measures: pl.DataFrame, measure: str) -> Leaders:
    """List the first cities or countries by one measure."""
    words = view.words
    name_of = view.city if note.kind.level == "city" else view.country
    first = _of(measures, measure).head(view.result.shown.rows)
    values = [_tidy(value) for value in first["value"].to_list()]
    return Leaders(
        measure=words.or_id("measure", measure),
        what=words.or_id("measure_what", measure),
        rows=tuple(
            (words.whole(position), name_of(end), words.amount(value))
            for position, end, value in zip(positions(values), first["id"].to_list(), values, strict=True)
        ),
    )


def _page(view: View, note: NetworkNote) -> NetworkPage:
    words, shown = view.words, view.result.shown
    every = links_of(view, note)
    year = shown_year(note, every)
    by_year = {
        int(key[0]): group
        for key, group in every.sort("year").partition_by("year", as_dict=True, maintain_order=True).items()
    }
    measured = {y: _measures(view, note, group, y) for y, group in by_year.items()}
    links = by_year.get(year, every.clear()) if year is not None else every.clear()
    measures = measured.get(year) if year is not None else None
    if measures is None:
        measures = pl.DataFrame(
            schema={"id": links["origin"].dtype, "measure": pl.String, "value": pl.Float64}
        )
    listed = sorted(by_year)[-shown.rows :]
    name_of = view.city if note.kind.level == "city" else view.country
    strong = strongest(links, shown)
    first = strong.head(shown.rows)
    nodes, ties = _drawn(view, note, strong, measures)
    return NetworkPage(
        note=note,
        anchor=f"network-{note.id}".replace("_", "-").replace("*", "all"),
        name=name_of_network(view, note),
        what=words(f"network_what.{note.kind.network}")
        if words.has(f"network_what.{note.kind.network}")
        else "",
        unit=words.said(note.kind.weight),
        counted=words.said(note.kind.count),
        wary=words.said(note.kind.note),
        vintage_note=words(vintage_note(view, note)),
        year=str(year) if year is not None else words.no_data,
        vintages=tuple(
            _vintage(view, group, measured[y], year=y, shown=year)
            for y, group in sorted(by_year.items())
            if y == year or y in listed
        ),
        years_all=len(by_year),
        leaders=tuple(_leaders(view, note, measures, measure) for measure in MEASURES),
        links=tuple(
            LinkRow(
                position=words.whole(position),
                origin=name_of(row["origin"]),
                destination=name_of(row["destination"]),
                weight=words.amount(row["weight"]),
                count=words.whole(row["count"]),
            )
            for position, row in zip(
                positions(first["weight"].to_list()), first.iter_rows(named=True), strict=True
            )
        ),
        equal=all_equal(links),
        nodes=nodes,
        ties=ties,
        links_all=links.height,
        coverage=tuple(
            Bias(title=view.source_title(s), text=words.said(found.source.coverage["note"]))
            for s in note.sources
            if (found := view.source(s)) and found.source.coverage.get("note")
        ),
        biases=view.biases(note.sources),
    )


def vintage_note(view: View, note: NetworkNote) -> str:
    """Return the key of what is to be said of years side by side, by the kinds of the network's sources."""
    known = {one.source.id: one.source.kind for one in view.result.sources}
    kinds = {known.get(source) for source in note.sources}
    if "papers" in kinds:
        return "network.vintage_lists"
    return "network.vintage_patents" if "patents" in kinds else "network.vintage_note"


def _tidy(value: float) -> float:
    """Round what is whole but for the last bits."""
    return round(value, 6)


def places(view: View, level: str) -> Mapping[object, tuple[float, float]]:
    """Return longitude and latitude of every end of links, by id."""
    if level == "country":
        return country_places(view)
    return {city.id: (city.longitude, city.latitude) for city in view.cities.values()}


def ties_of(links: pl.DataFrame, at: Mapping[object, tuple[float, float]]) -> tuple[Tie, ...]:
    """Return the links whose ends have a place on the map, as lines."""
    return tuple(
        Tie(origin=at[o], destination=at[d], weight=w)
        for o, d, w in links.select("origin", "destination", "weight").iter_rows()
        if o in at and d in at
    )


def _drawn(
    view: View, note: NetworkNote, strong: pl.DataFrame, measures: pl.DataFrame
) -> tuple[tuple[Node, ...], tuple[Tie, ...]]:
    """Return what is drawn: the strongest links, their ends, and the strongest cities."""
    at = places(view, note.kind.level)
    ends: Sequence[object] = pl.concat([strong["origin"], strong["destination"]]).unique().to_list()
    strengths = _of(measures, "strength")
    firsts = set(strengths["id"].head(view.result.shown.links).to_list()) | set(ends)
    name_of = view.city if note.kind.level == "city" else view.country
    nodes = tuple(
        Node(name=name_of(end), longitude=at[end][0], latitude=at[end][1], value=value)
        for end, _, value in strengths.iter_rows()
        if end in firsts and end in at
    )
    return nodes, ties_of(strong, at)
