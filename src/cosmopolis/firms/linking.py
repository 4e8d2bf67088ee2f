"""One firm across sources: rows of many lists become firms, each known by its first row.

A list has a firm once as a rule: two rows of one list are one firm only by the list's own id, or where the
names are the same but for legal forms and spaces. Which names are alike is told by
`cosmopolis.firms.matching`.
"""

from dataclasses import dataclass, field

import polars as pl

from cosmopolis.firms import matching
from cosmopolis.firms.names import firm_forms, web_domain
from cosmopolis.networks.links import require

ROWS = pl.Schema(
    {
        "source": pl.String,
        "company": pl.String,
        "name": pl.String,
        "country": pl.String,
        "city_id": pl.Int64,
        "isin": pl.String,
        "website": pl.String,
    }
)
"""Columns of the rows that are linked; `country`, `city_id`, `isin` and `website` may be null."""

LINKED = pl.Schema({"source": pl.String, "company": pl.String, "firm": pl.String, "score": pl.Float64})
"""What is told: the firm of each company of each source, and how alike the names are, 1 for its first."""

_SAME = 0.999999  # names that differ in spaces and legal forms alone


@dataclass(frozen=True, kw_only=True)
class LinkRule:
    """When two companies of two sources are one firm.

    Attributes
    ----------
    names
        When two names alone are.
    website
        Least likeness of the names where the web address is one.
    city
        Least likeness where both sit in one city and all words of one name are the other's ("Cisco", "Cisco
        Systems").
    """

    names: matching.Rule = field(default_factory=matching.Rule)
    website: float = 0.4
    city: float = 0.6


def link(rows: pl.DataFrame, *, rule: LinkRule | None = None) -> pl.DataFrame:
    """Link the companies of several sources.

    Sources are taken in the order in which they first appear. A company is the firm of an earlier source
    with which it shares the ISIN; else the one most alike by name where that is enough by `rule`; else a
    firm of its own, with the id `source:company`. Of several companies of one source that would be the same
    firm, the most alike is, and the others look for the next, unless their names are the same but for spaces.

    Parameters
    ----------
    rows
        By `ROWS`; of rows with the same source and company the first counts.

    Returns
    -------
    linked
        By `LINKED`, one line a source and company, in the order of the rows.

    Examples
    --------
    >>> rows = pl.DataFrame({
    ...     "source": ["a", "a", "b"], "company": ["1", "2", "x"],
    ...     "name": ["Delta Air Lines, Inc.", "Delta Electronics", "Delta Airlines"],
    ...     "country": ["US", "TW", "US"], "city_id": [1, 2, 1],
    ... }).with_columns(isin=pl.lit(None, dtype=pl.String), website=pl.lit(None, dtype=pl.String))
    >>> link(rows)["firm"].to_list()
    ['a:1', 'a:2', 'a:1']
    """
    require(rows, list(ROWS), what="companies")
    rule = rule or LinkRule()
    if rows.is_empty():
        return LINKED.to_frame()
    once = rows.select(list(ROWS)).unique(["source", "company"], keep="first", maintain_order=True)
    sources = once["source"].unique(maintain_order=True).to_list()
    known = once.with_row_index("place").with_columns(
        pl.col("place").cast(pl.Int64),
        form=firm_forms(once["name"]),
        domain=web_domain(once["website"]),
        order=pl.col("source").replace_strict(sources, list(range(len(sources))), return_dtype=pl.Int64),
    )
    same = pl.col("place").first().over("source", "form", "country", "city_id")
    known = known.with_columns(
        leader=pl.when(pl.col("form").is_not_null() & pl.col("city_id").is_not_null())
        .then(same)
        .otherwise("place")
    )
    pairs = _pairs(known, rule)
    firm_of, score_of = _greedy(known, pairs)
    return known.select(
        "source",
        "company",
        firm=pl.col("leader").replace_strict(firm_of, return_dtype=pl.String),
        score=pl.col("leader").replace_strict(score_of, return_dtype=pl.Float64),
    ).match_to_schema(LINKED)


def _pairs(known: pl.DataFrame, rule: LinkRule) -> pl.DataFrame:
    """Return `later, earlier, score`: companies of two sources that may be one, the surest first."""
    leaders = known.filter(pl.col("place") == pl.col("leader"))
    later = leaders.filter(pl.col("order") > 0)
    if later.is_empty():
        return pl.DataFrame(schema={"later": pl.Int64, "earlier": pl.Int64, "score": pl.Float64})
    among = matching.index(leaders.select(pl.col("place").cast(pl.String).alias("firm"), "name", "country"))
    compared = matching.compare(among, later["name"], later["country"], rule=rule.names)
    alike = compared.select(
        later=later["place"].gather(compared["query"]),
        earlier=pl.col("firm").cast(pl.Int64),
        score="score",
        apart="apart",
        part="part",
    )
    facts = leaders.select("place", "order", "domain", "city_id")
    renamed = {"place": "later", "order": "of", "domain": "site", "city_id": "city_of"}
    named = alike.join(facts.rename(renamed), on="later").join(
        facts.rename({"place": "earlier"}), on="earlier"
    )
    by_name = pl.col("score") >= pl.when("apart").then(rule.names.abroad).otherwise(rule.names.threshold)
    by_site = (pl.col("site") == pl.col("domain")).fill_null(value=False) & (pl.col("score") >= rule.website)
    by_city = (
        (pl.col("city_id") == pl.col("city_of")).fill_null(value=False)
        & pl.col("part")
        & (pl.col("score") >= rule.city)
    )
    good = named.filter((pl.col("order") < pl.col("of")) & (by_name | by_site | by_city)).select(
        "later", "earlier", "score", sure=by_site.cast(pl.Int64), apart="apart"
    )
    codes = leaders.drop_nulls("isin").select("place", "order", "isin")
    by_isin = (
        codes.join(codes, on="isin", suffix="_of")
        .filter(pl.col("order_of") < pl.col("order"))
        .select(
            later="place",
            earlier="place_of",
            score=pl.lit(1.0),
            sure=pl.lit(2, dtype=pl.Int64),
            apart=pl.lit(value=False),
        )
    )
    return (
        pl.concat([good, by_isin])
        .sort("sure", "score", "apart", "later", "earlier", descending=[True, True, False, False, False])
        .unique(["later", "earlier"], keep="first", maintain_order=True)
        .select("later", "earlier", "score")
    )


def _greedy(known: pl.DataFrame, pairs: pl.DataFrame) -> tuple[dict[int, str], dict[int, float]]:
    """Give each leading company its firm: sources in order, within a source the surest pair first."""
    ids = known.select(pl.format("{}:{}", "source", "company")).to_series().to_list()
    order = known["order"].to_list()
    leaders = known.filter(pl.col("place") == pl.col("leader"))["place"].to_list()
    firm_of: dict[int, str] = {}
    score_of: dict[int, float] = {}
    of_source: dict[int, list[tuple[int, int, float]]] = {}
    for later, earlier, score in pairs.iter_rows():
        of_source.setdefault(order[later], []).append((later, earlier, score))
    by_source: dict[int, list[int]] = {}
    for place in leaders:
        by_source.setdefault(order[place], []).append(place)
    for source, places in sorted(by_source.items()):
        taken: set[str] = set()
        for later, earlier, score in of_source.get(source, []):
            firm = firm_of[earlier]
            if later not in firm_of and (firm not in taken or score >= _SAME):
                firm_of[later], score_of[later] = firm, score
                taken.add(firm)
        for place in places:
            if place not in firm_of:
                firm_of[place], score_of[place] = ids[place], 1.0
    return firm_of, score_of
