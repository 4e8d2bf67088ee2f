"""The register of firms: every company of every list once, with its headquarters, and the tables of it.

Which two names are one firm is told by `cosmopolis.firms`, which city a text means by the resolver. What
firms own and where they are present is not known here (see `cosmopolis.pipeline.production.ownership`).
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property

import polars as pl

from cosmopolis.firms import baskets, linking, matching
from cosmopolis.firms.sectors import sector_of
from cosmopolis.measures import financial_centres, headquarters
from cosmopolis.networks import ownership
from cosmopolis.networks.links import LINK_KEY
from cosmopolis.pipeline.desk import Desk
from cosmopolis.pipeline.production import companies, investors
from cosmopolis.pipeline.production.listings import venue_cities
from cosmopolis.pipeline.production.made import Made

_COLUMNS: dict[str, pl.DataType | type[pl.DataType]] = {
    "firm": pl.String,
    "name": pl.String,
    "city_id": pl.Int64,
    "country": pl.String,
    "sector": pl.String,
    "industry": pl.String,
    "size": pl.String,
    "market_value_musd": pl.Float64,
    "exchanges": pl.List(pl.String),
    "sources": pl.List(pl.String),
}

REGISTER = pl.Schema(_COLUMNS)
"""Columns of the register; `sector`, `industry`, `size` and `market_value_musd` may be null."""

FIRMS = pl.Schema(
    {
        "firm": pl.String,
        "name": pl.String,
        "city_id": pl.Int64,
        "country": pl.String,
        "sector": pl.String,
        "industry": pl.String,
        "size": pl.String,
        "market_value_musd": pl.Float64,
        "listings": pl.Int64,
        "sources": pl.String,
    }
)
"""Columns of the table `firms`; `listings` counts exchanges, `sources` stand between semicolons."""

MEMBERS = pl.Schema(
    {
        "basket": pl.String,
        "name": pl.String,
        "sector": pl.String,
        "firm": pl.String,
        "city_id": pl.Int64,
        "way": pl.String,
    }
)
"""Columns of the table `basket_firms`.

`way` is `kind` (by sector, industry and size), `name` (named, and found in a list), `file` (named, with the
city that the basket gives) or `none` (named, and nowhere found).
"""

BASKETS = "baskets"
"""Where firms come from that no list of the edition has."""

NETWORK, FIELD = "listings", "companies"


@dataclass(frozen=True, kw_only=True)
class Firms:
    """Every firm of an edition once.

    Attributes
    ----------
    frame
        By `REGISTER`, sorted by `firm`, the id: the list that knew the firm first and its id there.
    names
        By `cosmopolis.firms.matching.NAMES`: every name that a list has for a firm.
    baskets
        `basket, firm`: the firms of each basket, as far as they are in `frame`.
    year
        The latest year of the lists; null where there are none.
    rule
        When two names are one firm.
    """

    frame: pl.DataFrame = field(default_factory=REGISTER.to_frame)
    names: pl.DataFrame = field(default_factory=matching.NAMES.to_frame)
    baskets: pl.DataFrame = field(
        default_factory=lambda: pl.DataFrame(schema={"basket": pl.String, "firm": pl.String})
    )
    year: int | None = None
    rule: matching.Rule = field(default_factory=matching.Rule)

    @cached_property
    def index(self) -> matching.Index:
        """The names, taken apart once for all that is looked for among them."""
        return matching.index(self.names)

    def find(self, names: pl.Series, countries: pl.Series | None = None) -> pl.DataFrame:
        """Return the firm that each name means: `firm`, `score` (0..1), row for row; null where none is.

        Parameters
        ----------
        names
            Names of firms as written; null finds none.
        countries
            Countries (ISO 3166-1 alpha-2) of their headquarters, where known; null says nothing.
        """
        return matching.match(self.index, names, countries, rule=self.rule)

    def counted(self) -> pl.DataFrame:
        """Return the firms that indicators count, by `cosmopolis.measures.headquarters.FIRMS`.

        Their `sector` is a sector group, `basket:` and the id of a basket, or `list:` and a source.
        """
        listed = self.frame.with_row_index("row", 1).with_columns(pl.col("row").cast(pl.Int64))
        of_lists = listed.explode("sources").filter(pl.col("sources") != BASKETS)
        of_baskets = listed.join(self.baskets, on="firm", how="inner", maintain_order="left")
        groups = [
            of_lists.with_columns(sector=pl.format("list:{}", "sources")),
            of_baskets.with_columns(sector=pl.format("basket:{}", "basket")),
        ]
        plain = [group.drop_nulls("city_id").select(list(headquarters.FIRMS)) for group in groups]
        return pl.concat([self.by_sector_group(), *plain]).sort("row", "sector", "city_id", "firm")

    def by_sector_group(self) -> pl.DataFrame:
        """Return the firms of the lists by sector group: `cosmopolis.measures.headquarters.FIRMS`."""
        listed = self.frame.filter(~pl.col("sources").list.contains(BASKETS)).with_row_index("row", 1)
        words = pl.concat_list(pl.col("sector").str.replace_all("_", " "), "industry").list.drop_nulls()
        return headquarters.firms_by_sector(
            listed.with_columns(pl.col("row").cast(pl.Int64), industries=words)
        )


def make(desk: Desk) -> tuple[Made, Firms]:
    """Make the register of firms and its tables; both empty where the edition has no lists of companies.

    Tables: `firms`, `headquarters`, `financial_centres`, `basket_firms`, `firm_sources`; links `listings`,
    field `companies`, from headquarters to the exchanges that firms chose, and `investment`.
    """
    lists = companies.sources_of(desk)
    if not lists:
        return Made(), Firms()
    placed = {source: companies.placed(desk, source) for source in lists}
    rows = pl.concat([frame.sort("year", "row", descending=[True, False]) for frame, _ in placed.values()])
    rule = matching.Rule(threshold=desk.edition.production.name_likeness)
    linked = linking.link(rows, rule=linking.LinkRule(names=rule))
    rows = rows.join(linked.drop("score"), on=["source", "company"], how="left", maintain_order="left")
    register = register_of(rows, lists)
    names = rows.select("firm", "name", "country").unique(maintain_order=True).match_to_schema(matching.NAMES)
    year = int(rows["year"].max()) if rows.height else None  # type: ignore[arg-type]
    known = Firms(frame=register, names=names, year=year, rule=rule)
    members, added = _members(desk, known)
    firms = Firms(
        frame=pl.concat([register, added]).sort("firm"),
        names=pl.concat([names, added.select(list(matching.NAMES))]),
        baskets=members.drop_nulls("firm").select("basket", "firm").unique(maintain_order=True),
        year=year,
        rule=rule,
    )
    if year is None:
        return Made(), firms
    venues = venue_cities(desk.atlas)
    settings, level = desk.edition.production, desk.edition.intervals.level
    tables = {
        "firms": _firms(firms.frame),
        "headquarters": headquarters.table(
            pl.concat([_groups(register, year), _of_baskets(members, year), _of_lists(rows)]),
            draws=settings.draws,
            level=level,
            seed=settings.seed,
        ),
        "financial_centres": financial_centres.table(
            register, venues, year=year, draws=settings.draws, level=level, seed=settings.seed
        ),
        "basket_firms": members,
        "firm_sources": _sources(rows, {source: counted for source, (_, counted) in placed.items()}, venues),
    }
    links = pl.concat([_links(register, venues, year), investors.links(rows)])
    return Made(links=links.sort(*LINK_KEY), tables=tables), firms


def register_of(rows: pl.DataFrame, lists: Sequence[str]) -> pl.DataFrame:
    """Make one row of each firm: of what its lists say, the newest, and of equals the first list's.

    Its headquarters is that of the newest lists; where these name several cities, the one of them that most
    lists name, old ones too: a list may tell an office beside the headquarters.
    """
    order = pl.col("source").replace_strict(list(lists), list(range(len(lists))), return_dtype=pl.Int64)
    told = rows.with_columns(order=order, sector=sector_of(pl.col("sector"), pl.col("industry"))).sort(
        pl.col("year"), "order", "row", descending=[True, False, False]
    )
    told = told.with_columns(
        backed=pl.col("source").n_unique().over("firm", "city_id"),
        newest=pl.col("year") == pl.col("year").max().over("firm"),
    )
    first = [
        pl.col(name).drop_nulls().first() for name in ("sector", "industry", "size", "market_value_musd")
    ]
    return (
        told.group_by("firm", maintain_order=True)
        .agg(
            pl.col("name").first(),
            pl.col("city_id", "country")
            .sort_by("newest", "backed", descending=True, maintain_order=True)
            .first(),
            *first,
            pl.col("exchanges").explode(empty_as_null=False, keep_nulls=False).unique().sort(),
            pl.col("source").sort_by("order").unique(maintain_order=True).alias("sources"),
        )
        .select(list(REGISTER))
        .sort("firm")
    )


def _members(desk: Desk, known: Firms) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Fill the baskets; returns the table of members and the firms that only a basket knows."""
    settings = desk.edition.production
    own = desk.edition.path(settings.baskets) if settings.baskets else None
    every = baskets.load(own)
    kinds = [
        known.frame.filter(basket.holds(settings.sizes)).select(
            pl.lit(basket.id).alias("basket"),
            "name",
            "sector",
            "firm",
            "city_id",
            pl.lit("kind").alias("way"),
        )
        for basket in every
    ]
    named = pl.DataFrame(
        [(basket.id, f.name, f.sector, f.country, f.city or None) for basket in every for f in basket.firms],
        schema=dict.fromkeys(("basket", "name", "sector", "country", "city"), pl.String),
        orient="row",
    )
    seat = desk.atlas.resolver.resolve(named, text="city", country="country")["city_id"]
    found = known.find(named["name"], named["country"])["firm"]
    told = (
        named.with_columns(firm=found, seat=seat)
        .join(known.frame.select("firm", "city_id"), on="firm", how="left", maintain_order="left")
        .with_columns(
            way=pl.when(pl.col("firm").is_not_null())
            .then(pl.lit("name"))
            .when(pl.col("seat").is_not_null())
            .then(pl.lit("file"))
            .otherwise(pl.lit("none")),
            city_id=pl.coalesce("city_id", "seat"),
            firm=pl.coalesce(
                "firm",
                pl.when(pl.col("seat").is_not_null()).then(pl.format(BASKETS + ":{}", "name")),
            ),
        )
    )
    members = pl.concat([MEMBERS.to_frame(), *kinds, told.select(list(MEMBERS))])
    once = members.unique(["basket", "firm", "name"], keep="last", maintain_order=True)
    again = (
        pl.col("firm").is_not_null() & pl.struct("basket", "firm").is_duplicated() & (pl.col("way") == "kind")
    )
    added = (
        told.filter(pl.col("way") == "file")
        .unique("firm", keep="first", maintain_order=True)
        .with_columns(
            pl.lit(None, dtype=dtype).alias(name)
            for name, dtype in REGISTER.items()
            if name in {"industry", "size", "market_value_musd"}
        )
        .with_columns(
            sector=pl.lit(None, dtype=pl.String),
            exchanges=pl.lit([], dtype=pl.List(pl.String)),
            sources=pl.lit([BASKETS], dtype=pl.List(pl.String)),
        )
        .select(list(REGISTER))
    )
    return once.filter(~again).sort("basket", "firm", "name", nulls_last=True), added


def _groups(register: pl.DataFrame, year: int) -> pl.DataFrame:
    """Put the firms of the lists into the groups of all, of sectors and of sizes."""
    whole = register.select(pl.lit(headquarters.WHOLE).alias("group"), "firm", "city_id")
    sectors = register.drop_nulls("sector").select(pl.col("sector").alias("group"), "firm", "city_id")
    sizes = register.drop_nulls("size").select(pl.format("size:{}", "size").alias("group"), "firm", "city_id")
    return _dated(pl.concat([whole, sectors, sizes]), pl.lit(year, dtype=pl.Int64))


def _of_baskets(members: pl.DataFrame, year: int) -> pl.DataFrame:
    """Put the members of baskets into their groups."""
    held = members.drop_nulls(["firm", "city_id"]).select(pl.col("basket").alias("group"), "firm", "city_id")
    return _dated(held, pl.lit(year, dtype=pl.Int64))


def _of_lists(rows: pl.DataFrame) -> pl.DataFrame:
    """Put the firms of each list into a group of its own, year by year, with the headquarters of the year."""
    held = rows.unique(["source", "year", "firm"], keep="first", maintain_order=True)
    return _dated(held.with_columns(group=pl.format("list:{}", "source")), pl.col("year"))


def _dated(frame: pl.DataFrame, year: pl.Expr) -> pl.DataFrame:
    return frame.select("group", year.alias("year"), "firm", "city_id")


def _firms(frame: pl.DataFrame) -> pl.DataFrame:
    """Write the register as a table for readers."""
    return frame.with_columns(
        listings=pl.col("exchanges").list.len().cast(pl.Int64), sources=pl.col("sources").list.join(";")
    ).select(list(FIRMS))


def _sources(rows: pl.DataFrame, counted: dict[str, dict[str, int]], venues: pl.DataFrame) -> pl.DataFrame:
    """Count what each list gives, how many of its firms another list has too, and unknown exchanges."""
    listed = rows.select("source", exchange="exchanges").explode("exchange").drop_nulls("exchange")
    strange = listed.join(venues, on="exchange", how="anti")
    unknown = strange.group_by("source").agg(unknown_exchanges=pl.len().cast(pl.Int64))
    held = rows.select("source", "firm").unique()
    shared = held.with_columns(shared=(pl.len().over("firm") > 1).cast(pl.Int64))
    of_list = shared.group_by("source").agg(firms=pl.len().cast(pl.Int64), shared=pl.col("shared").sum())
    given = pl.DataFrame([{"source": source, **numbers} for source, numbers in counted.items()])
    return (
        given.join(of_list, on="source", how="left", maintain_order="left")
        .join(unknown, on="source", how="left", maintain_order="left")
        .with_columns(pl.col("firms", "shared", "unknown_exchanges").fill_null(0))
        .select(list(companies.SOURCES))
        .match_to_schema(companies.SOURCES)
    )


def _links(register: pl.DataFrame, venues: pl.DataFrame, year: int) -> pl.DataFrame:
    """Link headquarters to the cities of the exchanges that firms chose."""
    rows = register.with_row_index("row", 1).select(
        pl.col("row").cast(pl.Int64),
        pl.lit(year, dtype=pl.Int64).alias("year"),
        "firm",
        "city_id",
        "exchanges",
    )
    chosen = venues.select("exchange", city_id=pl.when(~pl.col("quotes")).then("city_id"))
    return ownership.listings(rows, chosen).links.with_columns(field=pl.lit(FIELD))
