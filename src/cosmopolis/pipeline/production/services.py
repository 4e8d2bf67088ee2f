"""Services in an edition: rosters of firms and their offices become the interlocking network.

Connectivity is that of the whole roster, label by label as its makers wrote it, so that it can be compared
with what they published; a label for which no city is found counts in it, is shown by its label, and its rows
are quarantined with the reason. Links on maps and in the index join the cities that were found.
"""

from dataclasses import dataclass
from itertools import pairwise

import polars as pl

from cosmopolis.measures import interlocking as measures
from cosmopolis.networks import interlocking
from cosmopolis.networks.interlocking import Roster
from cosmopolis.networks.links import LINKS, finish
from cosmopolis.pipeline.desk import Desk
from cosmopolis.pipeline.placing import REASONS, not_placed
from cosmopolis.pipeline.production.made import Made

NETWORK = "interlocking"

_WITHOUT_PLACE = "; its offices count in the connectivity, under the label"


@dataclass(frozen=True, kw_only=True)
class _Listed:
    """One roster: its source, its year, its name in the tables, its offices and the cities of its labels."""

    source: str
    year: int
    name: str
    roster: Roster
    places: pl.DataFrame  # label, city_id, part_of: a row for each label


def make(desk: Desk) -> Made:
    """Make the interlocking network of every roster, and the tables of its cities, links and changes."""
    listed = [one for source in desk.of_kind("service values", "values") for one in _rosters(source, desk)]
    if not listed:
        return Made()
    cities = {one.name: _cities(one, desk) for one in listed}
    links = {one.name: _links(one) for one in listed}
    return Made(
        links=pl.concat([LINKS.to_frame(), *(_network(one, links[one.name]) for one in listed)]),
        tables={
            "interlocking_cities": pl.concat(list(cities.values())),
            "interlocking_links": pl.concat(list(links.values())),
            "hinterworlds": pl.concat([_hinterworlds(one, cities[one.name], desk) for one in listed]),
            "roster_changes": _changes(listed, cities),
        },
    )


def _rosters(source: str, desk: Desk) -> list[_Listed]:
    """Return the rosters of a source, one a year, and account for its rows."""
    rows = desk.shelf.part(source, "values").sort("row")
    first = pl.col("sector").drop_nulls().first().over("year", "firm")
    rows = rows.with_columns(own=first)
    strange = rows.filter(pl.col("sector") != pl.col("own"))
    kept = rows.join(strange, on="row", how="anti", maintain_order="left").with_columns(sector="own")
    answers = desk.atlas.resolver.resolve(kept, text="city", country="country")
    lines = [
        not_placed(kept, answers, "city").with_columns(pl.col("reason") + _WITHOUT_PLACE),
        strange.select(
            "row",
            pl.lit("sector").alias("column"),
            value="sector",
            reason=pl.format("the firm {} stands in the sector {} before", "firm", "own"),
        ),
    ]
    placed = kept.hstack(answers.select("city_id"))
    desk.shelf.account(
        source,
        "values",
        placed.filter(pl.col("city_id").is_not_null())["row"],
        pl.concat([REASONS.to_frame(), *lines]),
        otherwise="no city is found",
    )
    found = []
    for (year,), group in placed.group_by("year", maintain_order=True):
        roster = interlocking.roster(group)
        found.append((int(str(year)), roster, _places(group, roster)))
    return [
        _Listed(
            source=source,
            year=year,
            name=source if len(found) == 1 else f"{source} {year}",
            roster=roster,
            places=places,
        )
        for year, roster, places in sorted(found, key=lambda one: one[0])
    ]


def _places(rows: pl.DataFrame, roster: Roster) -> pl.DataFrame:
    """Give each label its city; of several labels in one city the most connected stands for it."""
    of_label = rows.select("city", "city_id").unique("city", keep="first", maintain_order=True)
    ranked = (
        interlocking.connectivity(roster)
        .select("city")
        .join(of_label, on="city", how="left", maintain_order="left")
    )
    stands = pl.col("city_id").is_first_distinct()
    return ranked.select(
        label="city",
        city_id=pl.when(stands).then("city_id"),
        part_of=pl.when(~stands).then("city_id"),
    )


def _cities(one: _Listed, desk: Desk) -> pl.DataFrame:
    """Return the table of cities of a roster: all firms first, then sector by sector."""
    settings = desk.edition.production
    table = measures.cities(
        one.roster,
        draws=settings.draws,
        level=desk.edition.intervals.level,
        shift=settings.code_shift,
        ratio=settings.class_ratio,
        name=f"{settings.seed} {one.name}",
    )
    return (
        table.rename({"city": "label"})
        .join(one.places, on="label", how="left", maintain_order="left")
        .with_columns(roster=pl.lit(one.name), year=pl.lit(one.year))
        .select(pl.col(name).cast(dtype) for name, dtype in measures.INTERLOCKING_CITIES.items())
    )


def _links(one: _Listed) -> pl.DataFrame:
    """Return the table of links between the cities that were found."""
    found = interlocking.links(one.roster)
    if len(one.roster.cities) <= interlocking.BACKBONE_CITIES:
        chance = interlocking.backbone(one.roster).select("origin", "destination", "sdsm_p", "sdsm_q")
        found = found.join(chance, on=["origin", "destination"], how="left")
    else:
        nothing = pl.lit(None, dtype=pl.Float64)
        found = found.with_columns(sdsm_p=nothing, sdsm_q=nothing)
    return (
        _between_cities(found, one.places, "origin", "destination")
        .with_columns(
            roster=pl.lit(one.name),
            year=pl.lit(one.year),
            origin=pl.min_horizontal("origin", "destination"),
            destination=pl.max_horizontal("origin", "destination"),
        )
        .select(pl.col(name).cast(dtype) for name, dtype in measures.INTERLOCKING_LINKS.items())
        .sort("origin", "destination")
    )


def _between_cities(frame: pl.DataFrame, places: pl.DataFrame, *ends: str) -> pl.DataFrame:
    """Put the cities in the place of labels; rows with a label that stands for no city are left out."""
    known = places.drop_nulls("city_id").select("label", "city_id")
    for end in ends:
        frame = frame.join(
            known.rename({"label": end, "city_id": f"{end}_city"}), on=end, how="inner", maintain_order="left"
        ).with_columns(pl.col(f"{end}_city").alias(end))
    return frame


def _network(one: _Listed, table: pl.DataFrame) -> pl.DataFrame:
    """Write the table of links as links of the network."""
    return finish(table.with_columns(count="firms"), network=NETWORK, field=one.source)


def _hinterworlds(one: _Listed, cities: pl.DataFrame, desk: Desk) -> pl.DataFrame:
    """Return the hinterworlds of the most connected cities that were found."""
    first = cities.filter((pl.col("sector") == measures.ALL) & pl.col("city_id").is_not_null())
    labels = first["label"].head(desk.edition.production.hinterworlds).to_list()
    found = _between_cities(measures.hinterworlds(one.roster, labels), one.places, "city", "other")
    return found.with_columns(
        roster=pl.lit(one.name),
        year=pl.lit(one.year),
        city_id="city",
        position=pl.int_range(1, pl.len() + 1).over("city"),
    ).select(pl.col(name).cast(dtype) for name, dtype in measures.HINTERWORLDS.items())


def _changes(listed: list[_Listed], cities: dict[str, pl.DataFrame]) -> pl.DataFrame:
    """Compare each roster with the next, by year, city by city."""
    frames = [measures.ROSTER_CHANGES.to_frame()]
    order = sorted(listed, key=lambda one: (one.year, one.name))
    for before, after in pairwise(order):
        old, new = (
            cities[one.name].filter((pl.col("sector") == measures.ALL) & pl.col("city_id").is_not_null())
            for one in (before, after)
        )
        labels = pl.concat([new.select("city_id", "label"), old.select("city_id", "label")])
        frames.append(
            measures.change(old, new, city="city_id")
            .join(labels.unique("city_id", keep="first", maintain_order=True), on="city_id", how="left")
            .with_columns(from_roster=pl.lit(before.name), to_roster=pl.lit(after.name))
            .sort("city_id")
            .select(pl.col(name).cast(dtype) for name, dtype in measures.ROSTER_CHANGES.items())
        )
    return pl.concat(frames)
