"""A result as one language's reader sees it: names looked up, numbers written, rows in order.

`View` holds the result and the words of a language; the functions make the rows of each section that is
about cities and scores. Pages of networks are `cosmopolis.publish.network_pages`, notes on indicators
and sources `cosmopolis.publish.notes`.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property

import polars as pl

from cosmopolis.publish.result import Result, SourceNote
from cosmopolis.publish.words import Words, clean


@dataclass(frozen=True, kw_only=True)
class City:
    """A city as it is shown: its name in the reader's language and in the other, country, region, place."""

    id: int
    name: str
    other: str
    country: str
    region: str
    latitude: float
    longitude: float


@dataclass(frozen=True, kw_only=True)
class Cell:
    """A score to show: its text, the number to sort by, the part of the weight that it stands on."""

    text: str
    value: float | None
    share: str = ""


@dataclass(frozen=True, kw_only=True)
class Bounds:
    """The lowest and the highest rank of an interval, and both as text."""

    low: int
    high: int
    text: str


@dataclass(frozen=True, kw_only=True)
class RankRow:
    """A row of the ranking; no bounds where no interval is computed."""

    city: City
    rank: int | None
    tied: bool
    score: Cell
    dimensions: tuple[Cell, ...]
    share: Cell
    bounds: Bounds | None = None


@dataclass(frozen=True, kw_only=True)
class RegionRow:
    """A row of the table of regions; `first` is its first city and that city's rank."""

    region: str
    top: int
    sample: int
    first: str
    first_rank: int


@dataclass(frozen=True, kw_only=True)
class Bias:
    """What is known of a source's lean."""

    title: str
    text: str


@dataclass(frozen=True)
class View:
    """A result in one language."""

    result: Result
    words: Words

    @cached_property
    def cities(self) -> Mapping[int, City]:
        """Every city by its id."""
        chinese = self.words.language == "zh"
        cities = {}
        for row in self.result.table("cities").iter_rows(named=True):
            name, name_zh = clean(row["name"]), clean(row["name_zh"] or "")
            shown, other = (name_zh or name, name) if chinese else (name, name_zh)
            cities[row["city_id"]] = City(
                id=row["city_id"],
                name=shown,
                other="" if other == shown else other,
                country=self.country(row["country"]),
                region=self.region(row["region"]),
                latitude=row["latitude"],
                longitude=row["longitude"],
            )
        return cities

    def city(self, city_id: int) -> str:
        """Name a city; its id where the table of cities lacks it."""
        city = self.cities.get(city_id)
        return city.name if city else str(city_id)

    def country(self, code: str | None) -> str:
        """Name a country; its code where its name is not known."""
        if not code:
            return self.words.no_data
        note = self.result.countries.get(code)
        return clean(self.words.said(note.name)) or code if note else code

    def region(self, region: str | None) -> str:
        """Name a world region."""
        return self.words.or_id("region", region) if region else self.words.no_data

    @cached_property
    def year(self) -> int:
        """The year of the scores shown: the edition's, else the latest that there is."""
        years = self.result.table("scores")["year"].unique().to_list()
        return self.result.edition.year if not years or self.result.edition.year in years else max(years)

    @cached_property
    def scores(self) -> Mapping[str, Mapping[int, tuple[float | None, int | None]]]:
        """Score and rank by node and city."""
        return {
            str(node): {city: (score, rank) for city, score, rank in group.iter_rows()}
            for (node,), group in self._of_index("scores")
            .select("node", "city_id", "score", "rank")
            .partition_by("node", as_dict=True, include_key=False)
            .items()
        }

    @cached_property
    def bounds(self) -> Mapping[int, Bounds]:
        """Interval of the rank in the whole index, by city; only those that have one."""
        words, root = self.words, pl.col("node") == self.result.index.id
        table = self._of_index("scores").filter(root).select("city_id", "rank_low", "rank_high").drop_nulls()
        return {
            city: Bounds(low=low, high=high, text=f"{words.whole(low)}–{words.whole(high)}")
            for city, low, high in table.iter_rows()
        }

    @cached_property
    def shares(self) -> Mapping[str, Mapping[int, float]]:
        """Share of the weight that has data, by node and city."""
        return {
            str(node): dict(group.iter_rows())
            for (node,), group in self._of_index("coverage")
            .select("node", "city_id", "weight_share")
            .partition_by("node", as_dict=True, include_key=False)
            .items()
        }

    def _of_index(self, table: str) -> pl.DataFrame:
        """Return the rows of a table that belong to the index and the year shown."""
        return self.result.table(table).filter(
            (pl.col("index") == self.result.index.id) & (pl.col("year") == self.year)
        )

    @cached_property
    def ranking(self) -> tuple[RankRow, ...]:
        """Every city of the sample, by rank; those without a score last, by name."""
        index = self.result.index
        root = self.scores.get(index.id, {})
        taken: dict[int, int] = {}
        for _, rank in root.values():
            if rank is not None:
                taken[rank] = taken.get(rank, 0) + 1
        rows = [
            RankRow(
                city=self.cities[city_id],
                rank=rank,
                tied=rank is not None and taken[rank] > 1,
                score=Cell(text=self.words.number(score), value=_finite(score)),
                dimensions=tuple(self._dimension(node.id, city_id) for node in index.dimensions),
                share=self._share(city_id, score),
                bounds=self.bounds.get(city_id),
            )
            for city_id, (score, rank) in root.items()
            if city_id in self.cities
        ]
        return tuple(
            sorted(rows, key=lambda r: (r.rank is None, r.rank or 0, r.city.name.casefold(), r.city.id))
        )

    def _dimension(self, node: str, city_id: int) -> Cell:
        score, _ = self.scores.get(node, {}).get(city_id, (None, None))
        share = self.shares.get(node, {}).get(city_id)
        partial = score is not None and share is not None and share < 1 - 1e-9
        return Cell(
            text=self.words.number(score),
            value=_finite(score),
            share=self.words.share(share) if partial else "",
        )

    def _share(self, city_id: int, score: float | None) -> Cell:
        share = self.shares.get(self.result.index.id, {}).get(city_id)
        if score is None and not share:
            return Cell(text=self.words.no_data, value=None)
        return Cell(text=self.words.share(share), value=_finite(share))

    @property
    def ranked(self) -> tuple[RankRow, ...]:
        """The cities that have a rank."""
        return tuple(row for row in self.ranking if row.rank is not None)

    def source(self, source_id: str) -> SourceNote | None:
        """Return what is said of a source."""
        return self.result.source(source_id)

    def source_title(self, source_id: str) -> str:
        """Return a source's title, its id where it is not of this edition."""
        note = self.source(source_id)
        return self.words.said(note.source.title) or source_id if note else source_id

    def biases(self, source_ids: Iterable[str]) -> tuple[Bias, ...]:
        """Return what is known of the lean of some sources, in their order, each once."""
        found = []
        for source_id in dict.fromkeys(source_ids):
            note = self.source(source_id)
            if note and note.source.bias:
                text = self.words.said(note.source.bias)
                found.append(Bias(title=self.source_title(source_id), text=text))
        return tuple(found)


def _finite(value: float | None) -> float | None:
    return value if value is not None and value == value and abs(value) != float("inf") else None  # noqa: PLR0124


def headline(view: View) -> str:
    """Return the sentence of the cover: who leads, or who shares the lead, among how many."""
    words, ranked, year = view.words, view.ranked, str(view.year)
    leaders = [row.city.name for row in ranked if row.rank == 1]
    if not leaders:
        return words("cover.nobody_leads", year=year)
    if len(leaders) > 1:
        return words("cover.shares_lead", cities=words.joined(leaders), n=len(ranked), year=year)
    return words("cover.leads", city=leaders[0], n=len(ranked), year=year)


def lede(view: View) -> tuple[str, ...]:
    """Return the sentences below the headline: who follows, where the first lie, on what weight it stands."""
    words, ranked = view.words, view.ranked
    if not ranked:
        return ()
    sentences = []
    after = [row.city.name for row in ranked if row.rank != 1][:2]
    if after:
        sentences.append(words("cover.follow", cities=words.joined(after), n=len(after)))
    regions = [row for row in region_rows(view) if row.top]
    most = [row for row in regions if row.top == regions[0].top]
    top = view.result.shown.top
    if len(ranked) > top and len(most) == 1:
        sentences.append(words("cover.region_leads", top=top, region=most[0].region, n=most[0].top))
    elif len(ranked) > top:
        names = words.joined([row.region for row in most])
        sentences.append(words("cover.region_tie", top=top, regions=names, n=most[0].top))
    lead = ranked[0]
    if lead.share.value is not None and lead.share.value < 1 - 1e-9:
        sentences.append(words("cover.stands_on", score=lead.score.text, share=lead.share.text))
    else:
        sentences.append(words("cover.stands_whole", score=lead.score.text))
    return tuple(sentences)


def top_cities(view: View) -> tuple[RankRow, ...]:
    """Return the first cities, those that share the last rank counted in."""
    return tuple(row for row in view.ranked if row.rank is not None and row.rank <= view.result.shown.top)


def region_rows(view: View) -> tuple[RegionRow, ...]:
    """Count the first cities by world region, the most first, then by name."""
    top = {row.city.id for row in top_cities(view)}
    by_region: dict[str, list[RankRow]] = {}
    for row in view.ranked:
        by_region.setdefault(row.city.region, []).append(row)
    rows = [
        RegionRow(
            region=region,
            top=sum(row.city.id in top for row in cities),
            sample=len(cities),
            first=cities[0].city.name,
            first_rank=cities[0].rank or 0,
        )
        for region, cities in by_region.items()
    ]
    return tuple(sorted(rows, key=lambda row: (-row.top, -row.sample, row.region)))
