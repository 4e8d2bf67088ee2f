"""Industry in an edition: poles and centres of baskets of firms, complexity, and who makes Industry 4.0.

Firms, their headquarters and the baskets come from the register (`firms`), branches from the offices that
were placed (`ownership`), patents from the tables of innovation. What is not there is left out: a city
without a row has no data, never a zero.
"""

from collections.abc import Mapping
from typing import Final

import polars as pl

from cosmopolis.errors import SpecError
from cosmopolis.measures import complexity, industry, poles
from cosmopolis.measures.poles import Rule
from cosmopolis.networks.ownership import BRANCH
from cosmopolis.pipeline.desk import Desk
from cosmopolis.pipeline.placing import not_placed
from cosmopolis.pipeline.production.firms import Firms
from cosmopolis.pipeline.production.made import Made

INDUSTRY_40_BASKET: Final = "industry_4_0"
"""The basket whose firms are those of Industry 4.0."""

PLANTS: Final = ("offices", "subsidiaries")
"""Fields of branches that are counted as plants. A firm's research company is no plant, and a list of
suppliers' sites says where those of one customer are, and nothing of others."""

NETWORKS: Final = ("offices", "research", "subsidiaries")
"""Fields of branches that can make an industry's network: one of them, that which knows most of its firms."""

SECTORS: Final = "sectors"
PATENT_CLASSES: Final = "patent classes"


def make(
    desk: Desk,
    firms: Firms,
    *,
    offices: pl.DataFrame | None = None,
    field_totals: pl.DataFrame | None = None,
) -> Made:
    """Make the tables of industry that the edition's sources allow.

    Parameters
    ----------
    firms
        The register of firms and the baskets.
    offices
        Offices that were placed: `field`, `year`, `name` (of the firm), `role`, `city_id`; those of a firm's
        last year count. None: none are known.
    field_totals
        Cities by frontier field and year (`measures.specialisation.FIELD_TOTALS`); None: there is no table.

    Returns
    -------
    made
        Tables `industry_structure`, `industry_centres`, `industry_verdicts`, `industry_groups`, `complexity`,
        `industry40`: those that have rows.
    """
    year = firms.year
    branches = _branches(firms, offices)
    tables = {} if year is None else _baskets(desk, firms, branches, year)
    tables["complexity"] = [*_sectors(desk, firms, year), *_patents(desk)]
    tables["industry40"] = _industry_40(desk, firms, branches, field_totals, year)
    whole = {name: pl.concat(frames) for name, frames in tables.items() if frames}
    return Made(tables={name: frame for name, frame in whole.items() if frame.height})


def _baskets(desk: Desk, firms: Firms, branches: pl.DataFrame, year: int) -> dict[str, list[pl.DataFrame]]:
    """Measure every basket that has a firm in a known city."""
    names = ("industry_structure", "industry_centres", "industry_verdicts", "industry_groups")
    tables: dict[str, list[pl.DataFrame]] = {name: [] for name in names}
    groups = city_groups(desk)
    for basket in firms.baskets["basket"].unique().sort():
        placed = members(firms, basket).drop_nulls("city_id")
        if placed.is_empty():
            continue
        rule = _rule(desk, basket)
        found = poles.seats(placed, rule=rule)
        network, ties = _network(branches, placed)
        parts = (
            industry.structure_table(found, ties, basket=basket, year=year, rule=rule, network=network),
            industry.centres(found, ties, basket=basket, year=year, rule=rule),
            poles.verdict(found, basket=basket, year=year, rule=rule),
            poles.groups(placed, groups, basket=basket, year=year, rule=rule),
        )
        for name, part in zip(names, parts, strict=True):
            tables[name].append(part)
    return tables


def _network(branches: pl.DataFrame, placed: pl.DataFrame) -> tuple[str, pl.DataFrame]:
    """Return the field that knows branches of most firms of a basket, and its ties from headquarters."""
    fields = [
        (field, industry.ties_of(branches.filter(pl.col("field") == field), placed)) for field in NETWORKS
    ]
    return max(fields, key=lambda pair: pair[1]["firm"].n_unique())


def members(firms: Firms, basket: str) -> pl.DataFrame:
    """Return the firms of a basket, each once: `firm`, `city_id` of its headquarters, null where unknown."""
    inside = firms.baskets.filter(pl.col("basket") == basket)["firm"]
    return firms.frame.filter(pl.col("firm").is_in(inside.implode())).select("firm", "city_id")


def city_groups(desk: Desk) -> dict[str, tuple[str, str, list[int]]]:
    """Find the cities of the edition's groups: for each its names in English and Chinese, and their ids.

    Raises
    ------
    SpecError
        If no city of a name is found, or not one alone.
    """
    groups = {}
    for group, told in desk.edition.production.city_groups.items():
        names = pl.DataFrame({"text": told["cities"]}, schema={"text": pl.String})
        answers = desk.atlas.resolver.resolve(names, text="text")
        for name, city, reason in names.hstack(answers.select("city_id", "reason")).rows():
            if city is None:
                raise SpecError(
                    f"[production] city_groups.{group}: no city is found for {name!r}"
                    f" ({reason or 'the place belongs to no city'}); write it with its division and country,"
                    " such as 'San Jose, California, United States'"
                )
        groups[group] = (told["en"], told["zh"], sorted(set(answers["city_id"].to_list())))
    return groups


def _rule(desk: Desk, about: str) -> Rule:
    """Return what the edition's settings say, with draws of their own for a subject."""
    settings = desk.edition.production
    return Rule(
        draws=settings.draws,
        level=desk.edition.intervals.level,
        seed=f"{settings.seed}: industry, {about}",
        pole_gap=settings.pole_gap,
        centres_share=settings.centres_share,
    )


def _branches(firms: Firms, offices: pl.DataFrame | None) -> pl.DataFrame:
    """Return the placed branches whose firm is in the register: `field, firm, role, city_id`."""
    schema = {"field": pl.String, "firm": pl.String, "role": pl.String, "city_id": pl.Int64}
    if offices is None or firms.frame.is_empty():
        return pl.DataFrame(schema=schema)
    held = offices.filter((pl.col("role") == BRANCH) & pl.col("city_id").is_not_null())
    held = held.filter(pl.col("year").eq_missing(pl.col("year").max().over("field", "name")))
    names = held.select("name").drop_nulls().unique().sort("name")
    found = names.hstack(firms.find(names["name"]).select(registered="firm"))
    return (
        held.drop("firm", strict=False)
        .join(found, on="name", how="inner")
        .rename({"registered": "firm"})
        .drop_nulls("firm")
        .select(pl.col(name).cast(dtype) for name, dtype in schema.items())
        .sort("field", "firm", "city_id")
    )


def _sectors(desk: Desk, firms: Firms, year: int | None) -> list[pl.DataFrame]:
    """Measure the complexity of cities and countries by headquarters in sectors."""
    if year is None:
        return []
    least = float(desk.edition.production.complexity_firms)
    tables = []
    for level, place in (("city", "city_id"), ("country", "country")):
        counts = firms.frame.drop_nulls([place, "sector"]).group_by(place, "sector").agg(count=pl.len())
        found = complexity.specialised(counts, place=place, activity="sector", least=(least, least))
        tables.append(complexity.table(found, level=level, field_system=SECTORS, year=year))
    return tables


def _patents(desk: Desk) -> list[pl.DataFrame]:
    """Measure the complexity of cities and countries by classes of patents, in the last window of years.

    The rows are counted in the ledger where the tables of innovation are made of them.
    """
    settings = desk.edition.innovation
    least = float(desk.edition.production.complexity_patents)
    frames = []
    for source in desk.of_kind("class counts", "counts"):
        rows = desk.shelf.part(source, "counts").filter(pl.col("year") <= settings.last_class_year)
        rows = rows.filter(pl.col("year") > pl.col("year").max() - settings.window_years)
        areas = rows.select("area", "country").unique().sort("area", "country")
        answers = desk.atlas.resolver.resolve(areas, text="area", country="country")
        placed = areas.hstack(answers.select("city_id"))
        frames.append(rows.join(placed, on=["area", "country"], how="left", maintain_order="left"))
    if not frames:
        return []
    every = pl.concat(frames, how="diagonal_relaxed")
    year = int(every.select(pl.col("year").max()).item() or settings.last_class_year)
    tables = []
    for level, place in (("city", "city_id"), ("country", "country")):
        amounts = every.drop_nulls(place)
        found = complexity.specialised(amounts, place=place, activity="class", least=(least, least))
        tables.append(complexity.table(found, level=level, field_system=PATENT_CLASSES, year=year))
    return tables


def _industry_40(
    desk: Desk,
    firms: Firms,
    branches: pl.DataFrame,
    field_totals: pl.DataFrame | None,
    year: int | None,
) -> list[pl.DataFrame]:
    """Rank inventors and implementers by whatever is known of them."""
    counts: dict[str, tuple[int, pl.DataFrame]] = {}
    if year is not None:
        held = members(firms, INDUSTRY_40_BASKET)
        counts["headquarters"] = (year, _by_city(held))
        plants = branches.filter(pl.col("field").is_in(PLANTS))
        counts["plants"] = (year, _by_city(plants.join(held.select("firm"), on="firm", how="semi")))
    if field_totals is not None:
        counts.update(_patents_of_fields(desk, field_totals))
    counts.update(_lighthouses(desk))
    return [
        industry.roles(found, measure=measure, year=last, rule=_rule(desk, f"Industry 4.0, {measure}"))
        for measure, (last, found) in counts.items()
        if found.height
    ]


def _by_city(rows: pl.DataFrame) -> pl.DataFrame:
    """Count rows by city: `city_id, count`."""
    return rows.drop_nulls("city_id").group_by("city_id").agg(count=pl.len().cast(pl.Int64)).sort("city_id")


def _patents_of_fields(desk: Desk, totals: pl.DataFrame) -> Mapping[str, tuple[int, pl.DataFrame]]:
    """Count patents of the edition's fields of automated manufacturing in the last window of years.

    Of two networks of patents, the one that names more cities: a count is never the sum of two.
    """
    settings = desk.edition
    mine = totals.filter(
        pl.col("network").is_in(industry.PATENT_NETWORKS)
        & pl.col("field").is_in(settings.production.industry40_fields)
    )
    if mine.is_empty():
        return {}
    network = industry.patent_network(mine, settings.production.industry40_fields)
    of_network = mine.filter(pl.col("network") == network)
    last = of_network.select(pl.col("year").max()).item()
    window = of_network.filter(pl.col("year") > last - settings.innovation.window_years)
    return {"patents": (int(last), window.group_by("city_id").agg(pl.col("count").sum()).sort("city_id"))}


def _lighthouses(desk: Desk) -> Mapping[str, tuple[int, pl.DataFrame]]:
    """Place the factories of every table and count them by city, each once however often it is named."""
    frames = []
    for source in desk.of_kind("lighthouses", "factories"):
        rows = desk.shelf.part(source, "factories")
        answers = desk.atlas.resolver.resolve(
            rows, text="text", country="country", latitude="latitude", longitude="longitude"
        )
        placed = rows.hstack(answers.select("city_id")).drop_nulls("city_id")
        lines = not_placed(rows, answers, "text")
        desk.shelf.account(source, "factories", placed["row"], lines, otherwise="the factory lies in no city")
        frames.append(placed)
    if not frames:
        return {}
    every = pl.concat(frames, how="diagonal_relaxed")
    once = every.unique(["firm", "factory", "city_id"])
    last = every.select(pl.col("year").max()).item()
    return {} if last is None else {"lighthouses": (int(last), _by_city(once))}
