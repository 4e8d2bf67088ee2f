"""Trade in an edition: with whom countries trade, how near their partners are, whose industries supply whose.

Countries, not cities: numbers of countries are brought down to cities at the end only, by the rule that the
edition names, and stand in a table of their own that says so. How far apart countries are is found in
`cosmopolis.pipeline.production.country_distances`.
"""

from dataclasses import dataclass

import polars as pl

from cosmopolis.measures import downscale, input_output, trade_partners
from cosmopolis.networks import flows
from cosmopolis.networks.links import sum_exactly
from cosmopolis.pipeline.cities import Atlas
from cosmopolis.pipeline.desk import Desk
from cosmopolis.pipeline.placing import unused
from cosmopolis.pipeline.production import country_distances as distances
from cosmopolis.pipeline.production.firms import Firms
from cosmopolis.pipeline.production.made import Made
from cosmopolis.pipeline.records import Shelf
from cosmopolis.settings import ProductionSettings
from cosmopolis.sources.former_countries import NO_COUNTRY

_TRADE = pl.Schema(
    {"year": pl.Int64, "origin": pl.String, "destination": pl.String, "value_musd": pl.Float64}
)
_PARTS = {trade_partners.DIRECTED: "trade", trade_partners.BOTH_WAYS: "both_ways"}
_FLOWS = {
    trade_partners.DIRECTED: trade_partners.FLOWS,
    trade_partners.BOTH_WAYS: ("both",),
}


def make(desk: Desk, firms: Firms) -> Made:
    """Make the tables of trade and of supply; empty where the edition has no source of them."""
    tables = _partners(desk)
    tables |= _supply(desk)
    values = _of_countries(tables)
    if not values.is_empty():
        tables["downscaled"] = _downscaled(desk, firms, values)
    return Made(tables={name: table for name, table in tables.items() if not table.is_empty()})


def intermediate(shelf: Shelf, atlas: Atlas) -> pl.DataFrame:
    """Return sales between the industries of countries as links, ISO 3166-1 alpha-2, and count the rows."""
    rows = shelf.part("icio-2022", "flows")
    codes = dict(
        atlas.countries.table.filter(pl.col("iso3").is_not_null()).select("iso3", "country").iter_rows()
    )
    named = rows.with_columns(
        pl.col("origin").replace_strict(codes, default=None, return_dtype=pl.String),
        pl.col("destinations").list.eval(
            pl.element().replace_strict(codes, default=None, return_dtype=pl.String)
        ),
    )
    built = flows.trade(named.filter(pl.col("origin").is_not_null()))
    strange = rows.filter(named["origin"].is_null()).select(
        "row",
        pl.lit("origin").alias("column"),
        value="origin",
        reason=pl.format("{} is a region of the table, not a country", "origin"),
    )
    lines = pl.concat([strange, unused(built, "destinations")])
    shelf.account("icio-2022", "flows", built.used, lines, otherwise="nothing is sold abroad")
    return built.links


@dataclass(frozen=True, kw_only=True)
class _Goods:
    """Trade of goods by basis, each pair once a year; null stands for a partner that is no country."""

    directed: pl.DataFrame
    both_ways: pl.DataFrame

    def of(self, basis: str) -> pl.DataFrame:
        """Return the trade of a basis."""
        return self.directed if basis == trade_partners.DIRECTED else self.both_ways

    @property
    def years(self) -> list[int]:
        """All years, ascending."""
        return sorted({*self.directed["year"], *self.both_ways["year"]})

    @property
    def countries(self) -> list[str]:
        """All countries that trade, ascending."""
        ends = (frame[end] for frame in (self.directed, self.both_ways) for end in ("origin", "destination"))
        return sorted({country for end in ends for country in end.drop_nulls()})


def _goods(desk: Desk) -> _Goods:
    """Return the trade of goods: of each year that of the first source that has it, sales before sums."""
    found: dict[str, pl.DataFrame] = {}
    taken: set[int] = set()
    for basis, part in _PARTS.items():
        frames = [_TRADE.to_frame()]
        for source in desk.of_kind("bilateral trade", part):
            frames.append(_coded_trade(desk, source, part, taken))
            taken |= set(frames[-1]["year"])
        found[basis] = pl.concat(frames)
    return _Goods(directed=found[trade_partners.DIRECTED], both_ways=found[trade_partners.BOTH_WAYS])


def _coded_trade(desk: Desk, source: str, part: str, taken: set[int]) -> pl.DataFrame:
    """Return the trade of a part by `_TRADE` and count its rows."""
    settings = desk.edition.production
    codes = distances.codes_by_iso3(desk.atlas)
    rows = desk.shelf.part(source, part)
    named = rows.with_columns(
        seller=distances.coded("origin", codes), buyer=distances.coded("destination", codes)
    )
    pair = ["year", "seller", "buyer"]
    judged = named.with_columns(reason=_why_not(settings, taken))
    sound = judged.filter(pl.col("reason").is_null())
    lines = judged.filter(pl.col("reason").is_not_null()).select(
        "row",
        pl.when(pl.col("seller").is_null())
        .then(pl.lit("origin"))
        .when(pl.col("buyer").is_null())
        .then(pl.lit("destination"))
        .otherwise(pl.lit("year"))
        .alias("column"),
        pl.lit(None, dtype=pl.String).alias("value"),
        "reason",
    )
    desk.shelf.account(source, part, sound["row"], lines, otherwise="not used")
    partnerless = judged.filter(
        pl.col("year").is_between(settings.first_year, settings.last_year)
        & ~pl.col("year").is_in(sorted(taken))
        & pl.col("seller").is_not_null()
        & pl.col("buyer").is_null()
    )
    both = pl.concat([frame.select(*pair, "value_musd") for frame in (sound, partnerless)])
    sums = sum_exactly(both, pair, "value_musd")  # of partners that are not known, all together
    return sums.rename({"seller": "origin", "buyer": "destination"}).match_to_schema(_TRADE)


def _why_not(settings: ProductionSettings, taken: set[int]) -> pl.Expr:
    """Say why a row is not used; null where it is."""
    inside = pl.col("year").is_between(settings.first_year, settings.last_year)
    years = f"the edition follows trade from {settings.first_year} to {settings.last_year}"
    what = pl.col("destination").replace_strict(dict(NO_COUNTRY), default=None, return_dtype=pl.String)
    return (
        pl.when(~inside)
        .then(pl.lit(years))
        .when(pl.col("year").is_in(sorted(taken)))
        .then(pl.lit("another source or part of the edition has trade of this year"))
        .when(pl.col("seller").is_null())
        .then(pl.format("origin {} is no country of the edition's lists", "origin"))
        .when(pl.col("buyer").is_null())
        .then(
            pl.format(
                "destination {} is {}: it counts as trade whose partner is not known",
                "destination",
                pl.coalesce(what, pl.lit("no country of the edition's lists")),
            )
        )
        .when(pl.col("seller") == pl.col("buyer"))
        .then(pl.format("{} trades with itself", "origin"))
    )


def _partners(desk: Desk) -> dict[str, pl.DataFrame]:
    """Make the tables of partners, nearness, its trends and what moved it, and of political distances."""
    goods = _goods(desk)
    settings = desk.edition.production
    points = distances.ideal_points(desk, goods.years)
    votes = distances.vote_agreement(desk)
    political = {distances.IDEAL_POINTS: points, distances.AGREEMENT: votes}
    if not goods.years:
        return {}
    space = distances.distances_km(desk, goods.countries)
    between = {**political, distances.DISTANCE: dict.fromkeys(goods.years, space)}
    nearness, diversity = list[pl.DataFrame](), list[pl.DataFrame]()
    for basis, looked_at in _FLOWS.items():
        trade = goods.of(basis)
        diversity.append(trade_partners.diversity(trade, flows=looked_at, basis=basis))
        nearness.extend(
            trade_partners.nearness(trade, by_year, measure, flows=looked_at, basis=basis)
            for measure, by_year in between.items()
        )
    shifts = [
        trade_partners.shifts(goods.directed, by_year, measure) for measure, by_year in political.items()
    ]
    near = pl.concat(nearness).sort("country", "year", "flow", "measure")
    spread = pl.concat(diversity).sort("country", "year", "flow")
    return {
        "trade_diversity": spread,
        "trade_nearness": near,
        "trade_trends": trade_partners.trade_trends(near, spread, since=settings.trade_since),
        "trade_shifts": pl.concat(shifts).sort("country", "from_year", "flow", "measure"),
        "political_distance": distances.listed(political, _largest(spread, settings.traders)),
    }


def _largest(spread: pl.DataFrame, number: int) -> list[str]:
    """Name the countries with the most trade in the last year."""
    last = spread.filter((pl.col("flow") == "both") & (pl.col("year") == pl.col("year").max()))
    return last.sort("value_musd", "country", descending=[True, False]).head(number)["country"].to_list()


def _supply(desk: Desk) -> dict[str, pl.DataFrame]:
    """Make the tables of ties between industries of countries and of who depends on whom."""
    codes = distances.codes_by_iso3(desk.atlas)
    ties, dependence = [], []
    taken: set[int] = set()
    for source in desk.of_kind("trade", "inputs"):
        rows = desk.shelf.part(source, "inputs")
        lines = rows.select(
            "row",
            pl.lit("values_musd").alias("column"),
            pl.lit(None, dtype=pl.String).alias("value"),
            reason=pl.when(pl.col("year").is_in(sorted(taken)))
            .then(pl.lit("another source of the edition has inputs of this year"))
            .when(pl.col("values_musd").list.sum() <= 0)
            .then(pl.lit("the industry buys nothing"))
            .when(pl.Series(input_output.overspent(rows)))
            .then(pl.lit("the inputs cost as much as the output is worth, or more")),
        ).filter(pl.col("reason").is_not_null())
        used = rows.filter(~pl.col("row").is_in(lines["row"].implode()))
        desk.shelf.account(source, "inputs", used["row"], lines, otherwise="not used")
        taken |= set(used["year"])
        named = used.with_columns(
            pl.col("country").replace(codes),
            pl.col("origins").list.eval(pl.element().replace(codes)),
        )
        ties.append(input_output.supply_ties(named, largest=desk.edition.production.ties))
        dependence.append(input_output.dependence(named))
    if not ties:
        return {}
    return {"supply_ties": pl.concat(ties), "supply_dependence": pl.concat(dependence)}


def _of_countries(tables: dict[str, pl.DataFrame]) -> pl.DataFrame:
    """Return the numbers of countries that are amounts, `measure, year, country, value`, of the last year."""
    schema = {"measure": pl.String, "year": pl.Int64, "country": pl.String, "value": pl.Float64}
    found = [pl.DataFrame(schema=schema)]
    if "trade_diversity" in tables:
        trade = tables["trade_diversity"].filter(
            (pl.col("basis") == trade_partners.DIRECTED) & (pl.col("flow") != "both")
        )
        last = trade.filter(pl.col("year") == pl.col("year").max())
        found.append(
            last.select(pl.format("{}_musd", "flow").alias("measure"), "year", "country", value="value_musd")
        )
    if "supply_dependence" in tables:
        abroad = tables["supply_dependence"].filter(pl.col("on") != pl.col("country"))
        last = abroad.filter(pl.col("year") == pl.col("year").max())
        bought = sum_exactly(last, ["year", "country"], "direct_musd")
        found.append(
            bought.select(
                pl.lit("inputs_from_abroad_musd").alias("measure"), "year", "country", value="direct_musd"
            )
        )
    return pl.concat(found)


def _downscaled(desk: Desk, firms: Firms, values: pl.DataFrame) -> pl.DataFrame:
    """Bring numbers of countries down to cities by the edition's rule; what comes out unknown has no row."""
    rule = desk.edition.production.downscale
    cities = desk.atlas.gazetteer.cities
    seated = firms.frame.select("city_id").join(
        cities.select("city_id", "country"), on="city_id", how="inner", maintain_order="left"
    )
    frames = [downscale.DOWNSCALED.to_frame()]
    for (measure, year), group in values.group_by("measure", "year", maintain_order=True):
        of_country = group.select("country", "value")
        if rule == "headquarters":
            shared = downscale.by_headquarters(of_country, seated)
        else:
            shared = downscale.by_people(of_country, cities)
        frames.append(
            shared.drop_nulls("value").select(
                pl.lit(str(measure)).alias("measure"),
                pl.lit(int(str(year)), dtype=pl.Int64).alias("year"),
                pl.col("city_id").cast(pl.Int64),
                pl.col("value").cast(pl.Float64),
                pl.lit(rule).alias("rule"),
            )
        )
    return pl.concat(frames).sort("measure", "year", "city_id")
