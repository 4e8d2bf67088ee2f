"""Fourth step of the build: each indicator's value for each city of the sample.

Absent from a source is not zero: a city in a country that the source covers and not named there has
zero, a city outside has no data. Which is which is the catalogue's `coverage`.
"""

from collections.abc import Mapping

import polars as pl

from cosmopolis.build.cities import Atlas
from cosmopolis.build.networks import Woven, coverage_of
from cosmopolis.edition import Edition
from cosmopolis.errors import SpecError, hint_near
from cosmopolis.index.tree import Indicator
from cosmopolis.measures import downscale, headquarters
from cosmopolis.sources.catalog import Catalog

VALUES = pl.Schema({"indicator": pl.String, "year": pl.Int64, "city_id": pl.Int64, "value": pl.Float64})
"""Columns of the values: null where there is no data."""

_TABLES = ("headquarters", "trade_share")


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
    SpecError
        If an indicator names a network, measure, table or source that there is not, or rests on a source
        that may only be shown.
    """
    frames = [VALUES.to_frame()]
    for indicator in edition.index.indicators:
        covered = woven.sample
        for source in indicator.sources:
            if source not in edition.sources:
                raise SpecError(
                    f"indicator {indicator.id!r}: {source!r} is not among the edition's sources"
                    + hint_near(source, edition.sources)
                )
            entry = catalog.source(source)
            if entry.scope != "index":
                raise SpecError(
                    f"indicator {indicator.id!r}: the source {source!r} may be shown, never enters an index"
                )
            covered = covered.filter(
                covered.is_in(coverage_of(entry.coverage["countries"], atlas, woven.sample).implode())
            )
        if not indicator.sources or any(source in missing for source in indicator.sources):
            covered = covered.clear()
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


def _known(
    indicator: Indicator, catalog: Catalog, atlas: Atlas, woven: Woven, measures: pl.DataFrame
) -> tuple[int | None, pl.DataFrame]:
    """Return the year of an indicator's data and `city_id, value` of the cities that are named."""
    empty = pl.DataFrame(schema={"city_id": pl.Int64, "value": pl.Float64})
    if not indicator.sources:
        return None, empty
    latest = max(year for source in indicator.sources for year in catalog.source(source).years)
    if indicator.table == "headquarters":
        return latest, headquarters.count(woven.headquarters, indicator.sector or "")
    if indicator.table == "trade_share":
        return latest, _trade_share(atlas, woven)
    if indicator.table is not None:
        raise SpecError(
            f"indicator {indicator.id!r}: there is no table {indicator.table!r}"
            + hint_near(indicator.table, _TABLES)
        )
    network = measures.filter((pl.col("network") == indicator.network) & (pl.col("field") == indicator.field))
    if network.is_empty():
        return latest, empty
    years = sorted(network["year"].unique().to_list())
    year = indicator.year or years[-1]
    found = network.filter(pl.col("year") == year)
    names = sorted(found["measure"].unique().to_list())
    if indicator.measure not in names:
        raise SpecError(
            f"indicator {indicator.id!r}: the network {indicator.network!r} has no measure "
            f"{indicator.measure!r} in {year}" + hint_near(indicator.measure or "", names)
        )
    shown = year if indicator.year else latest
    return shown, found.filter(pl.col("measure") == indicator.measure).select("city_id", "value")


def _trade_share(atlas: Atlas, woven: Woven) -> pl.DataFrame:
    """Sales and purchases of each country abroad, brought down to its cities by people."""
    ends = [woven.country_links.select(country=end, value="weight") for end in ("origin", "destination")]
    total = (
        pl.concat(ends)
        .sort("country", "value")
        .group_by("country", maintain_order=True)
        .agg(pl.col("value").sum())
    )
    return downscale.by_people(total, atlas.gazetteer.cities)
