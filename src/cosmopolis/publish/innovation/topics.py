"""What the sections of the chapter share: fields and their names, windows, settings, rows of a table."""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import polars as pl

from cosmopolis.networks.fields import ALL, built_in
from cosmopolis.publish.chapter.desk import ChapterDesk
from cosmopolis.publish.innovation.schemas import SCHEMAS
from cosmopolis.publish.words import clean

NETWORKS = ("coauthorship", "copatenting", "patent_classes")
"""Papers, then patents, then counts of classes that make no ties: the order of the chapter."""

WITHOUT_TIES = ("patent_classes",)
"""Networks by name alone: totals of cities without ties between them."""

_SIGNIFICANCE = 0.05
_WINDOW_YEARS = 5
_NAME_MOST = 80


@dataclass(frozen=True, kw_only=True)
class Topic:
    """A field of a network, with its name as the page shows it."""

    network: str
    field: str
    name: str

    def of(self, table: pl.DataFrame) -> pl.DataFrame:
        """Return a table's rows of this field."""
        return table.filter((pl.col("network") == self.network) & (pl.col("field") == self.field))


@dataclass(frozen=True)
class Desk(ChapterDesk):
    """A view with what the chapter reads from it."""

    schemas = SCHEMAS

    @cached_property
    def settings(self) -> Mapping[str, Any]:
        """The edition's settings of innovation; empty where it says nothing."""
        found = self.view.result.edition.settings.get("innovation")
        return found if isinstance(found, Mapping) else {}

    @property
    def significance(self) -> float:
        """Level below which a tie is beyond chance."""
        return float(self.settings.get("significance", _SIGNIFICANCE))

    @cached_property
    def topics(self) -> tuple[Topic, ...]:
        """Every field that has totals: papers first, the fields with most records first."""
        totals = self.table("field_totals")
        sums = (
            totals.group_by("network", "field")
            .agg(pl.col("count").sum())
            .sort("count", "network", "field", descending=[True, False, False])
        )
        ordered = sorted(
            sums.iter_rows(),
            key=lambda row: (NETWORKS.index(row[0]) if row[0] in NETWORKS else 99, -row[2], row[1]),
        )
        return tuple(
            Topic(network=network, field=name, name=self.topic_name(network, name))
            for network, name, _ in ordered
        )

    @cached_property
    def _field_names(self) -> Mapping[str, Mapping[str, str]]:
        """Names of fields: of the result, else of the built-in file."""
        names: dict[str, Mapping[str, str]] = {one.id: one.name for one in built_in().fields}
        for name, english, chinese in (
            self.table("frontier_fields").select("field", "name", "name_zh").iter_rows()
        ):
            names[name] = {"en": english or name, "zh": chinese or english or name}
        return names

    def field_name(self, name: str) -> str:
        """Name a frontier field; its id where nothing names it."""
        if name == ALL:
            return self.words("innovation.all_fields")
        return clean(self.words.said(self._field_names.get(name, {}))) or name

    def topic_name(self, network: str, name: str) -> str:
        """Name a field together with what its ties are made of."""
        kind = self.words.or_id("innovation_network", network)
        return self.words("innovation.topic", field=self.field_name(name), network=kind)

    def unit(self, network: str) -> str:
        """Name what is counted: papers or patents."""
        return self.words.or_id("innovation_network", network)

    @cached_property
    def windows(self) -> tuple[tuple[int, int], ...]:
        """Every window of the links, in order; of the years of the totals where there are no links."""
        links = self.table("link_measures")
        if links.height:
            return tuple(
                links.select("from_year", "to_year").unique().sort("from_year", "to_year").iter_rows()
            )
        years = self.table("field_totals")["year"]
        if not len(years):
            return ()
        last, first = int(years.max()), int(years.min())  # type: ignore[arg-type]
        width = int(self.settings.get("window_years", _WINDOW_YEARS))
        ends = range(last, first - 1, -width)
        return tuple((max(end - width + 1, first), end) for end in sorted(ends))

    @property
    def last(self) -> tuple[int, int]:
        """The last window."""
        return self.windows[-1]

    def span(self, topic: Topic) -> tuple[int, int]:
        """Return the last window; for a network that ends before it, as many years up to its own last one."""
        rows = self.table("field_totals").filter(pl.col("network") == topic.network)
        if rows.filter(pl.col("year").is_between(*self.last)).height:
            return self.last
        end, width = int(rows["year"].max()), self.last[1] - self.last[0]  # type: ignore[arg-type]
        return end - width, end

    def no_ties(self, topic: Topic, key: str) -> str:
        """Say why a field has nothing to show where ties are wanted."""
        return self.words("innovation.without_ties" if topic.network in WITHOUT_TIES else key)

    def in_last(self, table: pl.DataFrame) -> pl.DataFrame:
        """Return a table's rows of its own last window."""
        if table.is_empty():
            return table
        windows = table.select("to_year", "from_year").sort("to_year", "from_year")
        to_year, from_year = windows.row(-1)
        return table.filter((pl.col("from_year") == from_year) & (pl.col("to_year") == to_year))

    def totals(self, topic: Topic, window: tuple[int, int]) -> pl.DataFrame:
        """Sum a field's totals over a window by city, the greatest first."""
        rows = topic.of(self.table("field_totals")).filter(pl.col("year").is_between(*window))
        # Sorted first, so that sums of floats come out the same on every machine.
        summed = (
            rows.sort("city_id", "year")
            .group_by("city_id", maintain_order=True)
            .agg(
                pl.col("count").sum(),
                pl.col("fractional").sum(),
                pl.when(pl.col("citations").is_not_null().any())
                .then(pl.col("citations").sum())
                .alias("citations"),
            )
        )
        whole = math.fsum(summed["fractional"].to_list())
        share = pl.col("fractional") / whole if whole > 0 else pl.lit(None, pl.Float64)
        return summed.with_columns(share.alias("share")).sort(
            "fractional", "city_id", descending=[True, False]
        )

    def remember(self, topic: Topic, make: Callable[[], pl.DataFrame]) -> pl.DataFrame:
        """Return a table of a field that is made once."""
        if topic not in self._made:
            self._made[topic] = make()
        return self._made[topic]

    @cached_property
    def _made(self) -> dict[Topic, pl.DataFrame]:
        return {}

    @cached_property
    def _sizes(self) -> Mapping[int, int]:
        return dict(self.table("field_totals").group_by("city_id").agg(pl.col("count").sum()).iter_rows())

    def turned(self, origin: int, destination: int) -> bool:
        """Say whether the second city of a tie is named first, because it has more records."""
        return self._sizes.get(destination, 0) > self._sizes.get(origin, 0)

    def city_pair(self, origin: int, destination: int) -> str:
        """Name the two cities of a tie, the greater first."""
        if self.turned(origin, destination):
            origin, destination = destination, origin
        return self.pair(self.view.city(origin), self.view.city(destination))

    @cached_property
    def _organisations(self) -> Mapping[str, str]:
        return dict(self.table("organisations").select("organisation", "name").iter_rows())

    def organisation(self, name: str) -> str:
        """Name an organisation; what the table gives, where no name is known."""
        known = clean(self._organisations.get(name) or name)
        return known if len(known) <= _NAME_MOST else known[: _NAME_MOST - 1].rstrip() + "…"
