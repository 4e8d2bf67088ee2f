"""What is measured on the ties of innovation, table by table; formulas stand in `cosmopolis.measures`."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace

import polars as pl

from cosmopolis.engines.projection import SHARE_UNITS
from cosmopolis.measures import (
    citations,
    city_organisations,
    communities,
    country_trends,
    gravity,
    leaders,
    nearness,
    roles,
    similarity,
    tie_organisations,
)
from cosmopolis.measures.windows import Window, consecutive, of_links, of_totals
from cosmopolis.networks import backbone
from cosmopolis.pipeline.innovation.items import PANEL, Desk, Items
from cosmopolis.pipeline.innovation.ties import Ties
from cosmopolis.settings import InnovationSettings

_WINDOW = ["field", "from_year", "to_year"]
_WINDOW_SCHEMA = {"field": pl.String, "from_year": pl.Int64, "to_year": pl.Int64}
_PAIR_SCHEMA = {"origin": pl.Int64, "destination": pl.Int64}

COMMUNITIES = pl.Schema(
    {
        "network": pl.String,
        **_WINDOW_SCHEMA,
        "city_id": pl.Int64,
        "community": pl.Int64,
        "stability": pl.Float64,
        "within_z": pl.Float64,
        "participation": pl.Float64,
        "role": pl.String,
        "lineage": pl.Int64,
    }
)
"""Columns of the table of communities."""


def windows(settings: InnovationSettings) -> tuple[Window, ...]:
    """Return the windows of an edition, the last of them ending in its last year."""
    return consecutive(settings.first_year, settings.last_year, years=settings.window_years)


def windows_of(links: pl.DataFrame, spans: Sequence[Window]) -> Iterator[tuple[str, Window, pl.DataFrame]]:
    """Give the links of each field and window, in the form of links; `year` is the window's last."""
    folded = of_links(links, spans)
    for (field, first, last), group in folded.group_by(_WINDOW, maintain_order=True):
        own = group.with_columns(year=pl.lit(last, dtype=pl.Int64))
        yield str(field), (int(str(first)), int(str(last))), own.select(links.columns)


def named(frame: pl.DataFrame, network: str, field: str, window: Window) -> pl.DataFrame:
    """Put network, field and window before the columns of a frame."""
    leading = {"network": network, "field": field, "from_year": window[0], "to_year": window[1]}
    full = frame.with_columns(
        pl.lit(value, dtype=pl.String if isinstance(value, str) else pl.Int64).alias(name)
        for name, value in leading.items()
    )
    return full.select(*leading, pl.all().exclude(*leading))


def gravity_tables(
    ties: Ties, cities: pl.DataFrame, country_pairs: pl.DataFrame | None, settings: InnovationSettings
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Return the table `gravity`, and every pair of all models with field and window."""
    amounts = of_totals(shares(ties.totals), windows(settings))
    terms, pairs = [gravity.GRAVITY.to_frame()], [_model_pairs(gravity.PAIRS.to_frame(), "", (0, 0)).clear()]
    for field, window, group in windows_of(ties.links(), windows(settings)):
        own = amounts.filter(
            (pl.col("field") == field) & (pl.col("from_year") == window[0]) & (pl.col("to_year") == window[1])
        )
        first = own.sort("count", "city_id", descending=[True, False])["city_id"].head(
            settings.gravity_cities
        )
        model = gravity.fit(
            group,
            cities.filter(pl.col("city_id").is_in(first.implode())),
            country_pairs=country_pairs,
            years=window,
            rate=settings.significance,
        )
        terms.append(model.terms)
        pairs.append(_model_pairs(model.pairs, field, window))
    return pl.concat(terms).sort("network", *_WINDOW, "term"), pl.concat(pairs)


def _model_pairs(pairs: pl.DataFrame, field: str, window: Window) -> pl.DataFrame:
    """Put field and window before the pairs of a model."""
    return named(pairs, "", field, window).drop("network")


def gravity_pairs(pairs: pl.DataFrame, network: str) -> pl.DataFrame:
    """Return the table `gravity_pairs`: pairs that stand out, those without any record among them."""
    return (
        pairs.filter(pl.col("verdict") != "as_expected")
        .select(pl.lit(network).alias("network"), pl.all())
        .sort("network", *_WINDOW, "origin", "destination")
    )


def chance(ties: Ties, items: Items, desk: Desk) -> pl.DataFrame:
    """Ask of each pair in each window whether chance explains it.

    Returns
    -------
    frame
        Field, window, pair, `disparity_p`, `sdsm_p` and `sdsm_q`: the latter corrected for all pairs of
        cities of the window, those that never met among them (Benjamini & Hochberg).
    """
    settings = desk.edition.innovation
    frames = []
    for field, window, group in windows_of(ties.links(), windows(settings)):
        rows = desk.engine.query(
            f"SELECT DISTINCT item, city_id FROM {items.view} "  # noqa: S608 - our own names and numbers
            f"WHERE field = '{field}' AND year BETWEEN {window[0]} AND {window[1]}",
            order=("item", "city_id"),
        )
        counts = backbone.margins(rows, largest_record=settings.largest_record)
        found = backbone.sdsm(counts).select("origin", "destination", sdsm_p="p_upper")
        n = counts.cities.height
        q = backbone.adjust(found["sdsm_p"].to_numpy(), tests=n * (n - 1) // 2)
        found = found.with_columns(pl.Series("sdsm_q", q, dtype=pl.Float64))
        own = backbone.disparity(group).join(found, on=["origin", "destination"], how="left")
        frames.append(named(own, items.network, field, window).drop("network"))
    schema = {
        **_WINDOW_SCHEMA,
        **_PAIR_SCHEMA,
        "disparity_p": pl.Float64,
        "sdsm_p": pl.Float64,
        "sdsm_q": pl.Float64,
    }
    return pl.concat([pl.DataFrame(schema=schema), *frames])


def links_of_windows(
    ties: Ties, pairs: pl.DataFrame, by_chance: pl.DataFrame, settings: InnovationSettings
) -> pl.DataFrame:
    """Return the table `link_measures`."""
    measured = similarity.link_measures(
        ties.links(), shares(ties.totals), windows=windows(settings), expected=pairs
    )
    keys = [*_WINDOW, "origin", "destination"]
    return (
        measured.drop("disparity_p", "sdsm_p")
        .join(by_chance, on=keys, how="left", maintain_order="left")
        .sort("network", *keys)
    )


def community_table(ties: Ties, settings: InnovationSettings) -> pl.DataFrame:
    """Return the table `communities`, with labels that last from window to window (`lineage`)."""
    by_field: dict[str, list[pl.DataFrame]] = {}
    for field, window, group in windows_of(ties.links(), windows(settings)):
        found = communities.find(
            group,
            runs=settings.runs,
            resolution=settings.resolution,
            seed=f"{settings.seed}: communities, {ties.network}, {field}, {window[0]}",
        )
        table = roles.table(group, found.cities)
        by_field.setdefault(field, []).append(named(table, ties.network, field, window))
    frames = [frame for found in by_field.values() for frame in communities.track(found)]
    if not frames:
        return pl.DataFrame(schema=COMMUNITIES)
    return pl.concat(frames).match_to_schema(COMMUNITIES).sort("network", *_WINDOW, "city_id")


def shares(totals_by_year: pl.DataFrame) -> pl.DataFrame:
    """Turn whole units of totals into records shared out among their cities."""
    return totals_by_year.with_columns(fractional=pl.col("fractional_units") / SHARE_UNITS)


def twice(
    frame: pl.DataFrame,
    settings: InnovationSettings,
    follow: Callable[[pl.DataFrame, tuple[int, int]], pl.DataFrame],
) -> pl.DataFrame:
    """Follow series over all years that have data and over the last ones; each span once."""
    years = frame["year"].drop_nulls()
    if years.is_empty():
        return follow(frame, (settings.first_year, settings.last_year))
    last = int(str(years.max()))
    spans = {
        (int(str(years.min())), last),
        (max(int(str(years.min())), last - settings.recent_years + 1), last),
    }
    return pl.concat([follow(frame, span) for span in sorted(spans)])


def nearness_table(ties: Ties, cities: pl.DataFrame, settings: InnovationSettings) -> pl.DataFrame:
    """Return the table `nearness`, of weights under which every record counts once."""
    refined = replace(ties, counting="refined")
    records = (
        refined.pairs.group_by("field", "year")
        .agg(pl.col("refined_units").sum())
        .select("field", "year", records=pl.col("refined_units") / SHARE_UNITS)
        .sort("field", "year")
    )
    return nearness.nearness(
        refined.links(),
        cities,
        records=records,
        radii_km=settings.near_km,
        decay_cities=settings.gravity_cities,
    )


def nearness_trends(near: pl.DataFrame, settings: InnovationSettings) -> pl.DataFrame:
    """Return the table `nearness_trends`, over all years of a field and over its last ones."""
    frames = [
        twice(
            of_field,
            settings,
            lambda frame, years: nearness.nearness_trends(
                frame.filter(pl.col("year").is_between(*years)), band=settings.steady
            ),
        )
        for _, of_field in near.group_by("field", maintain_order=True)
    ]
    empty = nearness.nearness_trends(near.clear())
    keys = ["network", "field", "measure", "from_year", "to_year"]
    return pl.concat([empty, *frames]).unique(keys, keep="first", maintain_order=True).sort(keys)


def country_trends_table(country_links: pl.DataFrame, settings: InnovationSettings) -> pl.DataFrame:
    """Return the table `country_trends` of the edition's partners, each field over its own years."""
    frames = [
        twice(
            of_field,
            settings,
            lambda links, years: country_trends.country_trends(
                links, years=years, countries=settings.partners, band=settings.steady
            ),
        )
        for _, of_field in country_links.group_by("network", "field", maintain_order=True)
    ]
    return pl.concat([country_trends.COUNTRY_TRENDS.to_frame(), *frames])


def leader_table(ties: Ties, cities: pl.DataFrame, settings: InnovationSettings) -> dict[str, pl.DataFrame]:
    """Return the tables `region_leaders` and `region_shares`."""
    amounts, spans = shares(ties.totals), windows(settings)
    return {
        "region_leaders": leaders.region_leaders(amounts, cities, network=ties.network, windows=spans),
        "region_shares": leaders.region_shares(amounts, cities, network=ties.network, windows=spans),
    }


def last_windows(totals: pl.DataFrame, spans: Sequence[Window]) -> pl.DataFrame:
    """Return the last window in which a network has records, for each of its fields.

    Examples
    --------
    >>> totals = pl.DataFrame({"field": ["b", "a"], "year": [2013, 2008]})
    >>> last_windows(totals, [(2005, 2009), (2010, 2014), (2015, 2019)]).rows()
    [('a', 2010, 2014), ('b', 2010, 2014)]
    """
    fields = totals["field"].unique().sort()
    filled = [span for span in spans if totals["year"].is_between(*span).any()]
    if not filled:
        return pl.DataFrame(schema=_WINDOW_SCHEMA)
    first, last = filled[-1]
    return pl.DataFrame({"field": fields, "from_year": first, "to_year": last}, schema=_WINDOW_SCHEMA)


def organisation_tables(
    links: pl.DataFrame, ties: Ties, items: Items, desk: Desk, cities: pl.DataFrame
) -> dict[str, pl.DataFrame]:
    """Return organisations behind ties and inside cities, the records that they tell of, and names.

    `tie_organisations` and `tie_coverage`: of each field and window the strongest pairs are taken, and the
    strongest of two countries. `city_organisations` and `city_inside`: all cities in the last window.

    Parameters
    ----------
    links
        The table `link_measures` of the network.
    """
    settings = desk.edition.innovation
    pair = ["origin", "destination"]
    country = dict(cities.select("city_id", "country").iter_rows())
    ends = [pl.col(end).replace_strict(country, default=None, return_dtype=pl.String) for end in pair]
    ordered = links.sort(
        *_WINDOW, "weight", "count", *pair, descending=[False, False, False, True, True, False, False]
    )
    strongest = [
        frame.group_by(_WINDOW, maintain_order=True).head(settings.pairs)
        for frame in (ordered, ordered.filter(ends[0] != ends[1]))
    ]
    asked = pl.concat(strongest).select(*_WINDOW, *pair).unique(maintain_order=True)
    found = tie_organisations.behind(
        desk.engine, items.view, asked, network=items.network, organisation="organisation_key"
    )
    within = city_organisations.inside(
        desk.engine,
        items.view,
        last_windows(ties.totals, windows(settings)),
        network=items.network,
        most=settings.inside_pairs,
        organisation="organisation_key",
    )
    ends_of = ("organisation_origin", "organisation_destination")
    tables_of = (found.organisations, within.organisations)
    keys = pl.concat([table[end] for table in tables_of for end in ends_of]).unique()
    names = desk.engine.query(
        "SELECT organisation_key AS organisation, MIN(organisation_name) AS name "  # noqa: S608 - our own name
        f"FROM {items.view} WHERE organisation_key IS NOT NULL GROUP BY organisation_key",
        order=("organisation",),
    )
    return {
        "tie_organisations": found.organisations,
        "tie_coverage": found.coverage,
        "city_organisations": within.organisations,
        "city_inside": within.records,
        "organisations": names.filter(pl.col("organisation").is_in(keys.implode())),
    }


def cited(items: Items, desk: Desk) -> pl.DataFrame | None:
    """Return what the records of each city are cited; None where no record bears citations."""
    if items.citations is None:
        return None
    engine = desk.engine
    engine.keep(
        "items",
        f"SELECT item, year, field, city_id FROM {items.view} WHERE field NOT LIKE '%{PANEL}'",  # noqa: S608
    )
    engine.keep("counts", items.citations)
    return citations.received(engine, basis="counts")


def with_known(totals: pl.DataFrame, received: pl.DataFrame | None) -> pl.DataFrame:
    """Add `records_known` to the table `field_totals`: of how many records the citations are known."""
    keys = ["field", "year", "city_id"]
    if received is None:
        return totals.with_columns(records_known=pl.lit(0, dtype=pl.Int64))
    known = received.select(*keys, "records_known")
    return totals.join(known, on=keys, how="left", maintain_order="left").with_columns(
        pl.col("records_known").fill_null(0)
    )
