"""Headquarters and branches in an edition: offices, research companies by country, trees of legal entities.

Every source gives offices, a headquarters or a branch of a firm in a place; which city a text means is the
resolver's business. Where a source does not say where a firm sits, the register of firms is asked
(`Firms.find`); a firm that it does not know is left out and counted. What only the country is known of goes
into the network between countries, and the table `ownership_precision` says how much that is.
"""

from dataclasses import dataclass

import polars as pl

from cosmopolis.measures import power
from cosmopolis.networks import ownership
from cosmopolis.networks.links import SELF_LINK, Built
from cosmopolis.networks.national_branches import national_branches
from cosmopolis.networks.ownership_trees import Trees, ultimate_parents
from cosmopolis.pipeline.desk import Desk
from cosmopolis.pipeline.placing import REASONS, not_placed
from cosmopolis.pipeline.production.firms import Firms
from cosmopolis.pipeline.production.made import Made
from cosmopolis.pipeline.production.suppliers import place_sites

OFFICES = "offices"
RESEARCH = "research"
SUBSIDIARIES = "subsidiaries"
SUPPLIERS = "suppliers"
"""Fields of the network, by what a branch is: an office, a company in research, a legal entity, a site."""

COUNTRY_NETWORK = "ownership_countries"

TOLD_MOST = 1_000_000
"""The rows of a longer part of a folder are settled by numbers, not told one by one."""

OWNERSHIP_PRECISION = pl.Schema({"source": pl.String, "level": pl.String, "rows": pl.Int64})
"""Columns of the table that says how well the places of rows are known: see `LEVELS`."""

OWNERSHIP_FIRMS = pl.Schema(
    {
        "field": pl.String,
        "year": pl.Int64,
        "firms": pl.Int64,
        "firms_placed": pl.Int64,
        "branches": pl.Int64,
        "branches_used": pl.Int64,
    }
)
"""Columns of the table of firms: all, those whose headquarters is known to the city, and their branches."""

OFFICES_PLACED = pl.Schema(
    {
        "field": pl.String,
        "year": pl.Int64,
        "firm": pl.String,
        "name": pl.String,
        "role": pl.String,
        "city_id": pl.Int64,
    }
)
"""Columns of the offices that other steps work with."""

LEVELS = ("city", "town", "country", "none")
"""A city; a town that belongs to no city; only the country; nothing."""

_HELD = pl.Schema(
    {
        "source": pl.String,
        "row": pl.Int64,
        "field": pl.String,
        "year": pl.Int64,
        "firm": pl.String,
        "name": pl.String,
        "role": pl.String,
        "city_id": pl.Int64,
        "place_id": pl.Int64,
        "country": pl.String,
        "value": pl.Float64,
    }
)
_SAME_COUNTRY = "both ends lie in the same country, and a network between cities knows too little of one"
_NO_FIRM = "no paper of this edition is to be placed by it, and it is no national branch of a firm"
_NO_ENTITY = "the parent at the top is not among the entities of the source"


@dataclass(frozen=True, kw_only=True)
class _Held:
    """Offices of one part of a source, by `_HELD`, and why rows that have no city have none (`REASONS`)."""

    source: str
    part: str
    offices: pl.DataFrame
    lines: pl.DataFrame
    counted: bool = True  # False: another step counts the rows of the part
    otherwise: str = ownership.NO_HEADQUARTERS


def make(desk: Desk, firms: Firms) -> tuple[Made, pl.DataFrame]:
    """Make the networks from headquarters to branches, one a field, and the tables of their cities.

    Returns
    -------
    made
        Links `ownership` and, between countries, `ownership_countries`; tables `ownership_cities`,
        `ownership_precision` and `ownership_firms`. Empty where the edition has no source of offices.
    offices
        By `OFFICES_PLACED`: the headquarters and branches in known cities that the links between cities are
        made of; `name` is the firm's as the source writes it.
    """
    held = [*_offices(desk), *_research(desk), *_entities(desk), *_suppliers(desk)]
    if not held:
        return Made(), OFFICES_PLACED.to_frame()
    every = pl.concat([part.offices for part in held]).with_row_index("at").cast({"at": pl.Int64})
    seats = _seats(every, firms)
    rows = pl.concat(
        [every.drop("row"), seats.with_columns(at=-1 - pl.int_range(pl.len()))], how="diagonal_relaxed"
    )
    rows = rows.rename({"at": "row"})
    in_city = _where_places_are_known(rows, share=desk.edition.production.ownership_known)
    placed = in_city.join(_firms_placed(in_city), on=["field", "year", "firm"], how="semi")
    built = ownership.branches(placed)
    by_country = ownership.branches(
        rows.drop_nulls("country").drop("city_id").rename({"country": "city_id"}), network=COUNTRY_NETWORK
    )
    used = pl.concat([placed["row"], by_country.used]).unique()
    for part in held:
        if part.counted:
            _count(desk, part, every, used, by_country)
    settings = desk.edition.production
    made = Made(
        links=built.links,
        country_links=by_country.links,
        tables={
            "ownership_cities": power.ownership_cities(
                placed,
                built.links,
                draws=settings.draws,
                level=desk.edition.intervals.level,
                seed=settings.seed,
            ),
            "ownership_precision": _precision(every),
            "ownership_firms": _firms_table(every, rows, placed),
        },
    )
    return made, placed.select(OFFICES_PLACED.names()).sort(OFFICES_PLACED.names())


def _where_places_are_known(rows: pl.DataFrame, *, share: float) -> pl.DataFrame:
    """Return offices in cities, of those fields and years that know the places of enough branches."""
    known = pl.col("place_id").is_not_null() | pl.col("city_id").is_not_null()
    of_branches = rows.filter(pl.col("role") == ownership.BRANCH).group_by("field", "year")
    enough = of_branches.agg(known=known.mean()).filter(pl.col("known") >= share)
    return rows.drop_nulls("city_id").join(
        enough.select("field", "year"), on=["field", "year"], how="semi", maintain_order="left"
    )


def _firms_placed(in_city: pl.DataFrame) -> pl.DataFrame:
    """Name the firms whose headquarters lies in a known city."""
    seat = pl.col("role") == ownership.HEADQUARTERS
    return in_city.filter(seat).select("field", "year", "firm").unique()


def _seats(every: pl.DataFrame, firms: Firms) -> pl.DataFrame:
    """Find headquarters in the register of firms, for those firms whose source tells none.

    A name that several firms of the register bear is looked for once more in each country where the firm has
    a branch; it is found if those countries hold one firm of that name, not if they hold two.
    """
    of_firm = ["field", "year", "firm"]
    told = every.filter(pl.col("role") == ownership.HEADQUARTERS).select(of_firm).unique()
    wanted = every.join(told, on=of_firm, how="anti", maintain_order="left").sort(*of_firm, "row")
    names = wanted.select("name").unique().sort("name")
    by_name = names.hstack(firms.find(names["name"]).select(found="firm")).drop_nulls("found")
    abroad = (
        wanted.select("name", "country")
        .drop_nulls("country")
        .join(by_name, on="name", how="anti")
        .unique()
        .sort("name", "country")
    )
    by_country = (
        abroad.hstack(firms.find(abroad["name"], abroad["country"]).select(found="firm"))
        .drop_nulls("found")
        .filter(pl.col("found").n_unique().over("name") == 1)
        .select("name", "found")
        .unique()
    )
    register = firms.frame.select(found="firm", city_id="city_id", country="country")
    return (
        wanted.select(*of_firm, "name")
        .unique(of_firm, keep="first", maintain_order=True)
        .join(pl.concat([by_name, by_country]), on="name", how="inner", maintain_order="left")
        .join(register, on="found", how="inner", maintain_order="left")
        .drop_nulls("city_id")
        .select(*of_firm, "name", "city_id", "country", role=pl.lit(ownership.HEADQUARTERS))
    )


def _count(desk: Desk, part: _Held, every: pl.DataFrame, used: pl.Series, by_country: Built) -> None:
    """Count the rows of a part: those behind a table, and the others with their reasons."""
    mine = every.filter(
        (pl.col("source") == part.source) & (pl.col("field") == part.offices["field"].first())
    )
    behind = mine.filter(pl.col("at").is_in(used.implode()))["row"]
    said = mine.select("row", "at").join(
        by_country.unused.rename({"row": "at"}), on="at", how="left", maintain_order="left"
    )
    reason = pl.col("reason").replace({SELF_LINK: _SAME_COUNTRY})
    lines = said.drop_nulls("reason").select(
        "row", column=pl.lit("firm"), value=pl.lit(None, dtype=pl.String), reason=reason
    )
    told = pl.concat([part.lines, lines])
    _settle(desk, part.source, part.part, behind, told, otherwise=part.otherwise)


def _precision(every: pl.DataFrame) -> pl.DataFrame:
    """Count rows by source and by how well their place is known."""
    level = (
        pl.when(pl.col("city_id").is_not_null())
        .then(pl.lit("city"))
        .when(pl.col("place_id").is_not_null())
        .then(pl.lit("town"))
        .when(pl.col("country").is_not_null())
        .then(pl.lit("country"))
        .otherwise(pl.lit("none"))
    )
    counts = every.group_by("source", level=level).agg(rows=pl.len().cast(pl.Int64))
    whole = every.select("source").unique().join(pl.DataFrame({"level": LEVELS}), how="cross")
    order = pl.col("level").cast(pl.Enum(LEVELS))
    return (
        whole.join(counts, on=["source", "level"], how="left")
        .with_columns(pl.col("rows").fill_null(0))
        .sort("source", order)
        .match_to_schema(OWNERSHIP_PRECISION)
    )


def _firms_table(every: pl.DataFrame, rows: pl.DataFrame, placed: pl.DataFrame) -> pl.DataFrame:
    """Count firms and branches, and those that made the network between cities."""
    branch = pl.col("role") == ownership.BRANCH
    of_network = ["field", "year"]
    whole = every.group_by(of_network).agg(
        firms=pl.col("firm").n_unique().cast(pl.Int64), branches=branch.sum().cast(pl.Int64)
    )
    seated = (
        _firms_placed(rows.drop_nulls("city_id"))
        .group_by(of_network)
        .agg(firms_placed=pl.len().cast(pl.Int64))
    )
    used = placed.group_by(of_network).agg(branches_used=branch.sum().cast(pl.Int64))
    return (
        whole.join(seated, on=of_network, how="left")
        .join(used, on=of_network, how="left")
        .with_columns(pl.col("firms_placed", "branches_used").fill_null(0))
        .select(OWNERSHIP_FIRMS.names())
        .sort(of_network)
        .match_to_schema(OWNERSHIP_FIRMS)
    )


def _country(answers: pl.DataFrame, given: pl.Series | None = None) -> pl.Series:
    """Return the country as given, else that of the place found."""
    found = answers["place_country"]
    return (
        found
        if given is None
        else answers.select(pl.coalesce(given.alias("given"), "place_country")).to_series()
    )


def _held(rows: pl.DataFrame, **columns: pl.Expr | pl.Series) -> pl.DataFrame:
    """Put offices in the order of `_HELD`; columns that are not given are null."""
    frame = rows.with_columns(**columns)
    missing = [
        pl.lit(None, dtype=dtype).alias(name) for name, dtype in _HELD.items() if name not in frame.columns
    ]
    return frame.with_columns(missing).select(pl.col(name).cast(dtype) for name, dtype in _HELD.items())


def _offices(desk: Desk) -> list[_Held]:
    """Read the offices of sources that list them."""
    found = []
    for source in desk.of_kind("offices", "offices"):
        rows = desk.shelf.part(source, "offices")
        at = {"country": "country", "latitude": "latitude", "longitude": "longitude"}
        answers = desk.atlas.resolver.resolve(rows, text="text", **at)
        offices = _held(
            rows,
            source=pl.lit(source),
            field=pl.lit(OFFICES),
            name=pl.col("firm"),
            city_id=answers["city_id"],
            place_id=answers["place_id"],
            country=_country(answers, rows["country"]),
        )
        found.append(
            _Held(source=source, part="offices", offices=offices, lines=not_placed(rows, answers, "text"))
        )
    return found


def _research(desk: Desk) -> list[_Held]:
    """Read the companies that a register of organisations names by country."""
    found = []
    has_papers = bool(desk.of_kind("papers", "works", "affiliations"))  # which use the register whole
    places = desk.atlas.gazetteer.places.select("place_id", at="city_id")
    for source in desk.of_kind("organisations", "organisations"):
        rows = desk.shelf.part(source, "organisations")
        branches = national_branches(rows, desk.atlas.countries.find_all)
        mine = branches.join(rows.drop("country"), on="row", how="left", maintain_order="left")
        at = {"country": "country", "latitude": "latitude", "longitude": "longitude"}
        answers = desk.atlas.resolver.resolve(mine, text="city", **at)
        direct = mine.select("place_id").join(places, on="place_id", how="left", maintain_order="left")
        offices = _held(
            mine,
            source=pl.lit(source),
            field=pl.lit(RESEARCH),
            year=pl.lit(max(desk.catalog.source(source).years)),
            name=pl.col("firm"),
            city_id=answers.select(pl.coalesce(direct["at"], "city_id")).to_series(),
            place_id=answers["place_id"],
        )
        found.append(
            _Held(
                source=source,
                part="organisations",
                offices=offices,
                lines=REASONS.to_frame(),
                counted=not has_papers,
                otherwise=_NO_FIRM,
            )
        )
    return found


def _suppliers(desk: Desk) -> list[_Held]:
    """Read the sites of suppliers, whose firms sit where the register of firms says."""
    found = []
    for source in desk.of_kind("supplier sites", "sites"):
        rows = desk.shelf.part(source, "sites")
        sited = place_sites(rows, desk.atlas)
        offices = _held(
            rows,
            source=pl.lit(source),
            field=pl.lit(SUPPLIERS),
            firm=pl.col("supplier"),
            name=pl.col("supplier"),
            role=pl.lit(ownership.BRANCH),
            city_id=sited["city_id"],
            place_id=sited["place_id"],
            country=sited["country"],
        )
        found.append(
            _Held(source=source, part="sites", offices=offices, lines=REASONS.to_frame(), counted=False)
        )
    return found


def _entities(desk: Desk) -> list[_Held]:
    """Read the legal entities of trees of ownership: who stands at the top is the headquarters."""
    found = []
    for source in desk.of_kind("legal entities", "entities", "ties"):
        ties = desk.shelf.part(source, "ties")
        active = ties.filter(pl.col("status").fill_null("active") == "active")
        trees = ultimate_parents(active)
        rows = desk.shelf.part(source, "entities")
        inactive = (pl.col("status") == "inactive").fill_null(value=False)
        tops = trees.parents.select(lei="entity", firm="ultimate", why="reason")
        named = rows.join(tops, on="lei", how="left", maintain_order="left")
        titles = rows.filter(~inactive).select(firm="lei", title="name")
        known = named.filter(~inactive).join(titles, on="firm", how="left", maintain_order="left")
        mine = known.drop_nulls("title")
        answers = desk.atlas.resolver.resolve(mine, text="text", country="country")
        offices = _held(
            mine,
            source=pl.lit(source),
            field=pl.lit(SUBSIDIARIES),
            year=pl.lit(max(desk.catalog.source(source).years)),
            name=pl.col("title"),
            role=pl.when(pl.col("lei") == pl.col("firm"))
            .then(pl.lit(ownership.HEADQUARTERS))
            .otherwise(pl.lit(ownership.BRANCH)),
            city_id=answers["city_id"],
            place_id=answers["place_id"],
        )
        reason = (
            pl.when(inactive)
            .then(pl.lit("the entity is no longer active"))
            .when(pl.col("why").is_not_null())
            .then("why")
            .when(pl.col("firm").is_null())
            .then(pl.lit("no tie of ownership names the entity"))
            .otherwise(pl.lit(_NO_ENTITY))
        )
        others = named.join(mine.select("row"), on="row", how="anti", maintain_order="left")
        lines = others.select("row", column=pl.lit("lei"), value="lei", reason=reason)
        found.append(_Held(source=source, part="entities", offices=offices, lines=lines))
        _count_ties(desk, source, ties, trees, mine["lei"])
    return found


def _count_ties(desk: Desk, source: str, ties: pl.DataFrame, trees: Trees, entities: pl.Series) -> None:
    """Count the ties between a register's entities that lead to the top; say why the others do not."""
    led = ties.filter(pl.col("child").is_in(entities.implode()))["row"]
    used = led.filter(~led.is_in(trees.unused["row"].implode()))
    ended = ties.filter(pl.col("status").fill_null("active") != "active")
    used = used.filter(~used.is_in(ended["row"].implode()))
    reasons = [
        ended.select("row", reason=pl.format("the relationship is {}", "status"), column=pl.lit("status")),
        trees.unused.select("row", "reason", column=pl.lit("parent")),
    ]
    lines = pl.concat(reasons).with_columns(value=pl.lit(None, dtype=pl.String))
    _settle(desk, source, "ties", used, lines.match_to_schema(REASONS), otherwise=_NO_ENTITY)


def _settle(
    desk: Desk, source: str, part: str, used: pl.Series, lines: pl.DataFrame, *, otherwise: str
) -> None:
    """Count a part's rows; those of a register of more than `TOLD_MOST` rows by numbers."""
    rows_in = desk.shelf.counts(source, part)[0]
    if desk.catalog.source(source).folder is None or rows_in <= TOLD_MOST:
        desk.shelf.account(source, part, used, lines, otherwise=otherwise)
        return
    behind = used.unique()
    first = lines.unique("row", keep="first").filter(~pl.col("row").is_in(behind.implode()))
    aside = dict(first.group_by("reason").len().sort("reason").iter_rows())
    rest = rows_in - len(behind) - first.height
    aside[otherwise] = aside.get(otherwise, 0) + rest
    desk.shelf.ledger.count(source, part, used=len(behind), aside=aside)
