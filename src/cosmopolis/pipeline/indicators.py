"""Fourth step of the build: each indicator's value for each city of the sample.

Absent from a source is not zero: a city in a country that the source covers and not named there has
zero, a city outside has no data. Which is which is the catalogue's `coverage`.
"""

from collections.abc import Mapping, Sequence

import polars as pl

from cosmopolis.edition import Edition
from cosmopolis.errors import SpecError, UnknownNameError, hint_near
from cosmopolis.firms import baskets
from cosmopolis.index.tree import Indicator
from cosmopolis.measures import centrality, concentration, downscale, headquarters
from cosmopolis.networks import fields as frontiers
from cosmopolis.networks.links import kind
from cosmopolis.pipeline.cities import Atlas
from cosmopolis.pipeline.networks import Woven, coverage_of
from cosmopolis.sources.catalog import Catalog

VALUES = pl.Schema({"indicator": pl.String, "year": pl.Int64, "city_id": pl.Int64, "value": pl.Float64})
"""Columns of the values: null where there is no data."""

_TABLES = ("field_totals", "headquarters", "trade_share")
_TOTALS = ("count", "fractional", "shared", "citations")
"""Columns of `field_totals` that an indicator may take."""


def check_indicators(edition: Edition, catalog: Catalog) -> None:
    """See that each indicator names sources, a network or a table, and a measure that there are.

    Raises
    ------
    SpecError, UnknownNameError
        If one does not, or rests on a source that may only be shown; the message names the nearest.
    """
    central = (centrality.measures_of(directed=True), centrality.measures_of(directed=False))
    every = {name for names in (*central, concentration.MEASURES) for name in names}
    for name in edition.networks.measures:
        if name not in every:
            raise UnknownNameError(f"[networks]: there is no measure {name!r}" + hint_near(name, every))
    for indicator in edition.index.indicators:
        where = f"indicator {indicator.id!r}"
        for source in indicator.sources:
            if source not in edition.sources:
                raise SpecError(
                    f"{where}: {source!r} is not among the edition's sources"
                    + hint_near(source, edition.sources)
                )
            if catalog.source(source).scope != "index":
                raise SpecError(f"{where}: the source {source!r} may be shown, never enters an index")
        if indicator.sources:
            _check_origin(indicator, edition, catalog, where)
            years = sorted({year for source in indicator.sources for year in catalog.source(source).years})
            if indicator.year is not None and indicator.year not in years:
                known = ", ".join(map(str, years))
                raise SpecError(f"{where}: year is {indicator.year}, but its sources are of {known}")


def _check_origin(indicator: Indicator, edition: Edition, catalog: Catalog, where: str) -> None:
    """See that an indicator's network, field and measure are known, or its table and sector group."""
    taken: Sequence[str] = edition.networks.measures
    if (indicator.network is None) == (indicator.table is None):
        got = "neither" if indicator.table is None else "both"
        raise SpecError(f"{where}: got {got}, but expected a network (with field and measure) or a table")
    if indicator.table is not None:
        if indicator.table not in _TABLES:
            raise UnknownNameError(
                f"{where}: there is no table {indicator.table!r}" + hint_near(indicator.table, _TABLES)
            )
        sectors, sector = _groups_of_firms(edition), indicator.sector or ""
        if indicator.table == "headquarters" and sector not in sectors:
            raise UnknownNameError(
                f"{where}: there is no sector group {sector!r}" + hint_near(sector, sectors)
            )
        if indicator.table == "field_totals":
            _check_frontier(indicator, edition, catalog, where)
        return
    try:
        network = kind(indicator.network or "", indicator.field or "")
    except UnknownNameError as error:
        raise UnknownNameError(f"{where}: {error}") from None
    if network.level != "city":
        raise SpecError(f"{where}: the network {indicator.network!r} joins countries, expected one of cities")
    suitable = [*centrality.measures_of(directed=network.directed), *concentration.MEASURES]
    names = [name for name in suitable if not taken or name in taken]
    measure = indicator.measure or ""
    if measure not in names:
        raise UnknownNameError(
            f"{where}: the network {indicator.network!r} has no measure {measure!r} in this edition"
            + hint_near(measure, names)
        )


def _groups_of_firms(edition: Edition) -> list[str]:
    """List what the firms of an indicator can be: sector groups, baskets and the edition's lists."""
    own = edition.production.baskets
    known = baskets.load(edition.path(own) if own else None)
    return [
        *headquarters.sectors(),
        *(f"basket:{basket.id}" for basket in known),
        *(f"list:{source}" for source in edition.sources),
    ]


def _check_frontier(indicator: Indicator, edition: Edition, catalog: Catalog, where: str) -> None:
    """See that an indicator of frontier fields names a field, and that its sources may enter."""
    if not indicator.field:
        raise SpecError(f"{where}: the table 'field_totals' needs a field, the id of a frontier")
    _check_field(indicator, edition, where)
    if indicator.measure not in _TOTALS:
        raise UnknownNameError(
            f"{where}: the table 'field_totals' has no measure {indicator.measure!r}"
            + hint_near(indicator.measure or "", _TOTALS)
        )
    mixed = [source for source in map(catalog.source, edition.sources) if source.kind == "papers"]
    only_shown = [source.id for source in mixed if source.scope != "index"]
    if only_shown:
        raise SpecError(
            f"{where}: its papers are those of all sources of the edition, and {only_shown[0]!r} may "
            "be shown, never enters an index; take the source out of the edition"
        )


def _check_field(indicator: Indicator, edition: Edition, where: str) -> None:
    """See that an indicator's field is one of the edition's frontiers: another would be zero everywhere."""
    own = edition.innovation.fields
    known = frontiers.load(edition.path(own) if own else None).pick(edition.innovation.frontiers).ids()
    if indicator.field not in known:
        raise UnknownNameError(
            f"{where}: the edition has no frontier field {indicator.field!r}"
            + hint_near(indicator.field or "", known)
        )


def indicator_values(
    edition: Edition,
    catalog: Catalog,
    atlas: Atlas,
    woven: Woven,
    *,
    measures: pl.DataFrame,
    missing: Mapping[str, str],
) -> pl.DataFrame:
    """Give each indicator a value for each city of the sample, or none.

    Parameters
    ----------
    measures
        All measures of all networks (`cosmopolis.measures.networks`).
    missing
        Sources that could not be had: their indicators have no data.

    Raises
    ------
    SpecError, UnknownNameError
        As `check_indicators`.
    """
    check_indicators(edition, catalog)
    frames = [VALUES.to_frame()]
    for indicator in edition.index.indicators:
        covered = _covered(indicator, catalog, atlas, woven.sample, missing)
        year, known = _known(indicator, catalog, atlas, woven, measures)
        if indicator.network in woven.covered:
            covered = covered.filter(covered.is_in(woven.covered[indicator.network].implode()))
        frames.append(
            pl.DataFrame({"city_id": woven.sample})
            .join(known, on="city_id", how="left", maintain_order="left")
            .with_columns(
                value=pl.when(pl.col("city_id").is_in(covered.implode())).then(pl.col("value").fill_null(0.0))
            )
            .select(
                indicator=pl.lit(indicator.id),
                year=pl.lit(year, dtype=pl.Int64),
                city_id="city_id",
                value="value",
            )
        )
    return pl.concat(frames)


def _covered(
    indicator: Indicator, catalog: Catalog, atlas: Atlas, sample: pl.Series, missing: Mapping[str, str]
) -> pl.Series:
    """Return the cities of the sample that an indicator's sources can speak of.

    Sources of one kind fill each other's gaps: what one of them covers is covered. Those of different kinds
    are all needed.
    """
    kinds: dict[str, list[str]] = {}
    for source in indicator.sources:
        kinds.setdefault(catalog.source(source).kind, []).append(source)
    covered = sample if kinds else sample.clear()
    for sources in kinds.values():
        there = [catalog.source(source) for source in sources if source not in missing]
        spoken = [coverage_of(entry.coverage["countries"], atlas, sample) for entry in there]
        covered = covered.filter(covered.is_in(pl.concat([sample.clear(), *spoken]).unique().implode()))
    return covered


def links_of(indicator: Indicator, woven: Woven) -> pl.DataFrame:
    """Return the links that an indicator's measure is taken of: of its year, or of the latest."""
    links = woven.links.filter(
        (pl.col("network") == indicator.network) & (pl.col("field") == indicator.field)
    )
    year = pl.col("year").max() if indicator.year is None else pl.lit(indicator.year)
    return links.filter(pl.col("year") == year)


def _known(
    indicator: Indicator, catalog: Catalog, atlas: Atlas, woven: Woven, measures: pl.DataFrame
) -> tuple[int | None, pl.DataFrame]:
    """Return the year of an indicator's data and `city_id, value` of the cities that are named."""
    if not indicator.sources:
        return None, pl.DataFrame(schema={"city_id": pl.Int64, "value": pl.Float64})
    latest = max(year for source in indicator.sources for year in catalog.source(source).years)
    if indicator.table == "headquarters":
        return latest, headquarters.count(woven.headquarters, indicator.sector or "")
    if indicator.table == "trade_share":
        return latest, _trade_share(atlas, woven)
    if indicator.table == "field_totals":
        return latest_total(woven, indicator)
    network = measures.filter(
        (pl.col("network") == indicator.network)
        & (pl.col("field") == indicator.field)
        & (pl.col("measure") == indicator.measure)
    )
    if indicator.year is not None:
        found, shown = network.filter(pl.col("year") == indicator.year), indicator.year
    else:
        found, shown = network.filter(pl.col("year") == pl.col("year").max()), latest
    return shown, found.select("city_id", "value")


def totals_of(indicator: Indicator, woven: Woven) -> pl.DataFrame:
    """Return `city_id, year, count, value` of an indicator's field in the last window, without gaps."""
    value = pl.col(indicator.measure or "").cast(pl.Float64)
    of_field = woven.last_totals.filter(pl.col("field") == indicator.field)
    return of_field.select("city_id", "year", "count", value=value).drop_nulls("value").sort("city_id")


def latest_total(woven: Woven, indicator: Indicator) -> tuple[int | None, pl.DataFrame]:
    """Return the last year of the last window and the city totals of an indicator's field in it."""
    totals = totals_of(indicator, woven)
    year = None if totals.is_empty() else int(totals["year"][0])
    return year, totals.select("city_id", "value")


def _trade_share(atlas: Atlas, woven: Woven) -> pl.DataFrame:
    """Sales and purchases of each country abroad, brought down to its cities by people."""
    trade = woven.country_links.filter((pl.col("network") == "trade") & (pl.col("field") == "intermediate"))
    ends = [trade.select(country=end, value="weight") for end in ("origin", "destination")]
    total = (
        pl.concat(ends)
        .sort("country", "value")
        .group_by("country", maintain_order=True)
        .agg(pl.col("value").sum())
    )
    return downscale.by_people(total, atlas.gazetteer.cities)
