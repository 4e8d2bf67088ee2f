"""With whom countries trade: how many partners share the trade, how near they are, and whether that changes.

Trade is that of goods in million US dollars a year, each pair once. Nearness is laid over it: political
(`measures.political_distance`) or in space. A partner that trades more has more say; whether a country trades
with near ones because they are large is told apart by `expected`.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import polars as pl
from numpy.typing import NDArray

from cosmopolis.errors import FormatError, hint_near
from cosmopolis.measures import concentration, trends
from cosmopolis.measures.country_pairs import Between
from cosmopolis.networks.links import require

Floats = NDArray[np.float64]

FLOWS = ("exports", "imports", "both")
"""What is looked at of a country's trade: what it sells, what it buys, or the two together."""

WORLD = "*"
"""Stands for all countries together."""

DIRECTED, BOTH_WAYS = "directed", "both_ways"
"""What trade rests on: sales of one country to another, or the sum of a pair's two directions."""

ALL_YEARS, RECENT = "all", "recent"
"""Years that a trend is taken over."""

TRADE_DIVERSITY = pl.Schema(
    {
        "country": pl.String,
        "year": pl.Int64,
        "flow": pl.String,
        "partners": pl.Int64,
        "hhi": pl.Float64,
        "effective_number": pl.Float64,
        "shannon": pl.Float64,
        "theil_t": pl.Float64,
        "theil_l": pl.Float64,
        "coverage": pl.Float64,
        "value_musd": pl.Float64,
        "basis": pl.String,
    }
)
"""Columns of the spread over partners; `coverage` is the share of the trade whose partner is known,
`value_musd` that trade, `basis` what it rests on: years of two bases are no one series."""

TRADE_NEARNESS = pl.Schema(
    {
        "country": pl.String,
        "year": pl.Int64,
        "flow": pl.String,
        "measure": pl.String,
        "value": pl.Float64,
        "covered": pl.Float64,
        "expected": pl.Float64,
        "ratio": pl.Float64,
        "basis": pl.String,
    }
)
"""Columns of nearness; `covered` is the share of the trade that the value rests on."""

TRADE_SHIFTS = pl.Schema(
    {
        "country": pl.String,
        "from_year": pl.Int64,
        "to_year": pl.Int64,
        "flow": pl.String,
        "measure": pl.String,
        "change": pl.Float64,
        "by_partners": pl.Float64,
        "by_distances": pl.Float64,
        "covered": pl.Float64,
    }
)
"""Columns of what a change of nearness comes from; `covered` is the lesser of the two years'."""

TRADE_TRENDS = pl.Schema(
    [
        ("country", pl.String()),
        ("flow", pl.String()),
        ("measure", pl.String()),
        ("span", pl.String()),
        *trends.TREND.items(),
        ("reading", pl.String()),
    ]
)
"""Columns of trends; a measure with `_ratio` is that of `ratio`, `span` one of `ALL_YEARS` and `RECENT`."""

CLOSENESS = ("vote_agreement",)
"""Measures that are high where partners are near; all others are distances."""

_READINGS: Mapping[str, tuple[str, str]] = {
    "effective_number": ("more_diverse", "less_diverse"),
    "closeness": ("nearer", "farther"),
    "distance": ("farther", "nearer"),
}
_DIGITS = 9  # of trade-weighted means that count, and places of their changes: orders of sums lie below


def _check(trade: pl.DataFrame, flows: Sequence[str]) -> None:
    """Raise if trade or flows are not as they must be."""
    require(trade, ["year", "origin", "destination", "value_musd"], what="trade")
    for flow in flows:
        if flow not in FLOWS:
            raise FormatError(f"there is no flow {flow!r}" + hint_near(flow, FLOWS))
    told = trade.drop_nulls(["origin", "destination"])
    if told.filter(pl.col("origin") == pl.col("destination")).height:
        raise FormatError("got trade of a country with itself, but expected trade between countries")
    if told.select("year", "origin", "destination").is_duplicated().any():
        raise FormatError("got a pair twice in a year, but expected each once; add them up, or leave one out")


def _flows_of(trade: pl.DataFrame, flows: Sequence[str]) -> pl.DataFrame:
    """Return `flow, country, partner, year, value_musd`, one row for each pair with trade."""
    _check(trade, flows)
    sold = trade.select("year", "value_musd", country="origin", partner="destination")
    bought = trade.select("year", "value_musd", country="destination", partner="origin")
    parts = {"exports": sold, "imports": bought, "both": pl.concat([sold, bought.select(sold.columns)])}
    every = [parts[flow].with_columns(flow=pl.lit(flow)) for flow in flows]
    return (
        pl.concat(every)
        .filter(pl.col("country").is_not_null() & (pl.col("value_musd") > 0))
        .sort("flow", "country", "year", "partner", "value_musd")
        .group_by("flow", "country", "year", "partner", maintain_order=True)
        .agg(pl.col("value_musd").sum())
    )


def diversity(trade: pl.DataFrame, *, flows: Sequence[str] = FLOWS, basis: str = DIRECTED) -> pl.DataFrame:
    """Measure how a country's trade is spread over its partners.

    Over the partners that are known and with whom there is trade: their number, HHI H = Σ s², effective
    number 1/H, Shannon's entropy, Theil's T and L (`measures.concentration`).

    Parameters
    ----------
    trade
        `year`, `origin`, `destination`, `value_musd`: what origin sells to destination, each pair once a
        year; null stands for a partner that is no country or is not told.
    flows
        Of `FLOWS`. Where only the sum of both directions of a pair is known: `both` alone, and `basis`
        `BOTH_WAYS`.

    Returns
    -------
    frame
        By `TRADE_DIVERSITY`, sorted by the first three. A country without trade with a known partner has no
        row.

    Examples
    --------
    >>> trade = pl.DataFrame({
    ...     "year": [2016] * 5, "origin": ["A"] * 5, "destination": ["B", "C", "D", "E", None],
    ...     "value_musd": [20.0, 50.0, 20.0, 10.0, 25.0],
    ... })
    >>> made = diversity(trade, flows=["exports"]).select("partners", "hhi", "effective_number", "coverage")
    >>> made.with_columns(pl.col("effective_number").round(6)).rows()
    [(4, 0.34, 2.941176, 0.8)]
    """
    ties = _flows_of(trade, flows)
    groups = (
        ties.group_by("country", "year", "flow", maintain_order=True)
        .agg(
            pl.col("value_musd").filter(pl.col("partner").is_not_null()).alias("known"),
            pl.col("value_musd").sum().alias("total"),
        )
        .filter(pl.col("known").list.len() > 0)
        .sort("country", "year", "flow")
    )
    rows = []
    for country, year, flow, known, total in groups.iter_rows():
        values = np.array(known)
        h = concentration.hhi(values)
        entropy = concentration.shannon(values)
        theil = (concentration.theil_t(values), concentration.theil_l(values))
        sum_known = float(values.sum())
        rows.append(
            (
                country,
                year,
                flow,
                len(values),
                h,
                1.0 / h,
                entropy,
                *theil,
                sum_known / total,
                sum_known,
                basis,
            )
        )
    return pl.DataFrame(rows, schema=TRADE_DIVERSITY, orient="row")


def nearness(
    trade: pl.DataFrame,
    between: Mapping[int, Between],
    measure: str,
    *,
    flows: Sequence[str] = FLOWS,
    basis: str = DIRECTED,
) -> pl.DataFrame:
    """Measure how near a country's partners are, weighted by trade: Σ_j w_ij d_ij / Σ_j w_ij.

    Over the partners whose d is known. `expected` is the same with the weights of partners of the world at
    large, m_j in place of w_ij, m_j being what all countries of the table sell to j (for imports: buy from j;
    for both: the sum): what the value would be if country i chose its partners by their size alone. `ratio`
    is value / expected: a distance ratio below 1, or an agreement ratio above 1, says that it trades with
    nearer ones than that. The world (`*`) is the mean over countries, weighted by their trade, and flow is
    `both`.

    Parameters
    ----------
    trade
        As in `diversity`.
    between
        For each year the pairs' numbers; years that are not there have no rows.
    measure
        What the number is called.

    Returns
    -------
    frame
        By `TRADE_NEARNESS`, sorted by the first four.

    Notes
    -----
    A fall may come from trade that turns to nearer partners or from partners that move nearer: see `shifts`.

    Examples
    --------
    >>> trade = pl.DataFrame({
    ...     "year": [2016] * 3, "origin": ["A", "A", "B"], "destination": ["B", "C", "C"],
    ...     "value_musd": [30.0, 10.0, 20.0],
    ... })
    >>> km = Between(countries=("A", "B", "C"), values=np.array(
    ...     [[np.nan, 100.0, 500.0], [100.0, np.nan, 300.0], [500.0, 300.0, np.nan]]))
    >>> made = nearness(trade, {2016: km}, "distance_km", flows=["exports"])
    >>> made.filter(country="A").select("value", "covered", "expected", "ratio").rows()
    [(200.0, 1.0, 300.0, 0.666666667)]
    """
    names = tuple(dict.fromkeys(flows))
    frames = [TRADE_NEARNESS.to_frame()]
    for one in _years(trade, between, names):
        frames.extend(_nearness_rows(one, flow, measure) for flow in names)
        frames.append(_nearness_of_all(one, measure))
    made = pl.concat(frames).with_columns(pl.col("basis").fill_null(basis))
    return made.sort("country", "year", "flow", "measure")


def shifts(
    trade: pl.DataFrame, between: Mapping[int, Between], measure: str, *, flows: Sequence[str] = FLOWS
) -> pl.DataFrame:
    r"""Say what a change of nearness comes from: other partners, or partners that have moved.

    Between one year with trade and the next, with shares s of the partners whose d is known in that year:

    .. math:: \Delta = \underbrace{\sum_j \Delta s_j \, \bar d_j}_{\text{by partners}}
              + \underbrace{\sum_j \bar s_j \, \Delta d_j}_{\text{by distances}}

    where the bar is the mean of the two years. A partner whose d is known in one of them alone is left out
    and the shares are of the rest, so that `change` need not be the difference of `nearness`. For the world
    (`*`) the shares are those of pairs in all trade.

    Returns
    -------
    frame
        By `TRADE_SHIFTS`, sorted.

    Notes
    -----
    Bennet (1920), *Journal of the Royal Statistical Society* 83(3), 455–462: exact, and the same backwards.
    """
    names = tuple(dict.fromkeys(flows))
    frames = [TRADE_SHIFTS.to_frame()]
    for ends in pairwise(_years(trade, between, names)):
        both = np.isfinite(ends[0].apart) & np.isfinite(ends[1].apart)
        made = []
        for flow in names:
            held = [np.where(both, end.weights(flow), 0.0) for end in ends]
            rows = _moves(ends[0].countries, ends, held, [end.total(flow) for end in ends])
            made.append(rows.with_columns(flow=pl.lit(flow)))
        held = [np.where(both, end.weights("both"), 0.0).reshape(1, -1) for end in ends]
        total = [end.total("both").sum(keepdims=True) for end in ends]
        made.append(_moves((WORLD,), ends, held, total).with_columns(flow=pl.lit("both")))
        years = {"from_year": ends[0].year, "to_year": ends[1].year}
        dated = pl.concat(made).with_columns(
            pl.lit(measure).alias("measure"),
            *(pl.lit(year, dtype=pl.Int64).alias(name) for name, year in years.items()),
        )
        frames.append(dated.select(TRADE_SHIFTS.names()))
    return pl.concat(frames).sort("country", "from_year", "flow", "measure")


def trade_trends(
    nearness: pl.DataFrame,
    diversity: pl.DataFrame,
    *,
    since: int,
    level: float = 0.95,
    years_min: int = trends.YEARS_MIN,
) -> pl.DataFrame:
    """Test the series of nearness and diversity for trends, over all years and over the recent ones.

    Parameters
    ----------
    nearness, diversity
        By `TRADE_NEARNESS` and `TRADE_DIVERSITY`. Years of the basis `DIRECTED` are taken.
    since
        First of the recent years: a series that turned has no trend as a whole.
    level, years_min
        As in `measures.trends.trend`.

    Returns
    -------
    frame
        By `TRADE_TRENDS`, sorted by the first four: each measure of nearness, its ratio (`…_ratio`) and
        `effective_number`. `reading` puts the verdict into words: `nearer`, `farther`, `more_diverse`,
        `less_diverse`, or as the verdict.
    """
    key = ["country", "flow", "measure", "span"]
    near = nearness.filter(pl.col("basis") == DIRECTED)
    spread = diversity.filter(pl.col("basis") == DIRECTED)
    ratio, number = pl.format("{}_ratio", "measure"), pl.lit("effective_number")
    series = pl.concat(
        [
            near.select("country", "flow", "measure", "year", "value"),
            near.select("country", "flow", ratio.alias("measure"), "year", value="ratio"),
            spread.select("country", "flow", number.alias("measure"), "year", value="effective_number"),
        ]
    ).drop_nulls("value")
    spans = [
        series.with_columns(span=pl.lit(ALL_YEARS)),
        series.filter(pl.col("year") >= since).with_columns(span=pl.lit(RECENT)),
    ]
    table = trends.table(pl.concat(spans), key, level=level, years_min=years_min)
    readings = [
        _reading(measure, verdict)
        for measure, verdict in zip(table["measure"], table["verdict"], strict=True)
    ]
    return table.with_columns(pl.Series("reading", readings, dtype=pl.String)).select(TRADE_TRENDS.names())


def _reading(measure: str, verdict: str) -> str:
    """Put a verdict into words."""
    if verdict not in {"rising", "falling"}:
        return verdict
    if measure == "effective_number":
        kind = measure
    else:
        kind = "closeness" if measure.removesuffix("_ratio") in CLOSENESS else "distance"
    return _READINGS[kind][verdict == "falling"]


@dataclass(frozen=True, kw_only=True)
class _Year:
    """The trade of a year as matrices over the countries of all years.

    `sold[i, j]` is what i sells to j; `sold_beyond`, `bought_beyond` what it trades with partners that are no
    country; `apart` the number of each pair.
    """

    year: int
    countries: tuple[str, ...]
    sold: Floats
    sold_beyond: Floats
    bought_beyond: Floats
    apart: Floats

    def weights(self, flow: str) -> Floats:
        """Return the trade of each country (row) with each partner."""
        if flow == "both":
            return self.sold + self.sold.T
        return self.sold if flow == "exports" else self.sold.T

    def total(self, flow: str) -> Floats:
        """Return the whole trade of each country, with partners that are no country too."""
        total: Floats = self.weights(flow).sum(axis=1)
        if flow != "imports":
            total = total + self.sold_beyond
        return total if flow == "exports" else total + self.bought_beyond


def _years(trade: pl.DataFrame, between: Mapping[int, Between], flows: Sequence[str]) -> Iterator[_Year]:
    """Give the years that have both trade and a number of pairs, in their order."""
    _check(trade, flows)
    used = trade.filter(pl.col("value_musd") > 0)
    countries = tuple(sorted({*used["origin"].drop_nulls(), *used["destination"].drop_nulls()}))
    size = len(countries)
    place = {country: number for number, country in enumerate(countries)}
    for year in used["year"].unique().sort():
        if year not in between:
            continue
        rows = used.filter(pl.col("year") == year).sort("origin", "destination")
        ends = [
            rows[end].replace_strict(place, default=size, return_dtype=pl.Int64).fill_null(size).to_numpy()
            for end in ("origin", "destination")
        ]
        sold = np.zeros((size + 1, size + 1))
        np.add.at(sold, (ends[0], ends[1]), rows["value_musd"].cast(pl.Float64).to_numpy())
        yield _Year(
            year=int(year), countries=countries, sold=sold[:-1, :-1], sold_beyond=sold[:-1, -1],
            bought_beyond=sold[-1, :-1], apart=between[int(year)].at(countries),
        )  # fmt: skip


def _means(one: _Year, flow: str) -> tuple[Floats, Floats, Floats]:
    """Return for each country the mean over its trade, that over the partners' size, and the trade known."""
    known = np.isfinite(one.apart)
    apart = np.where(known, one.apart, 0.0)
    held = np.where(known, one.weights(flow), 0.0)
    size = one.weights(flow).sum(axis=0)
    weight = held.sum(axis=1)
    value = _ratio((held * apart).sum(axis=1), weight)
    expected = _ratio((apart * size).sum(axis=1), (known * size).sum(axis=1))
    return value, expected, weight


def _nearness_rows(one: _Year, flow: str, measure: str) -> pl.DataFrame:
    """Return the rows of the countries of a year."""
    value, expected, weight = _means(one, flow)
    covered = _ratio(weight, one.total(flow))
    rows = _rows(one.countries, value=value, covered=covered, expected=expected)
    return _named(rows, year=one.year, flow=flow, measure=measure)


def _nearness_of_all(one: _Year, measure: str) -> pl.DataFrame:
    """Return the row of the world."""
    value, expected, weight = _means(one, "both")
    whole = weight.sum(keepdims=True)
    means = [_ratio(np.nansum(weight * number, keepdims=True), whole) for number in (value, expected)]
    covered = _ratio(whole, one.total("both").sum(keepdims=True))
    rows = _rows((WORLD,), value=means[0], covered=covered, expected=means[1])
    return _named(rows, year=one.year, flow="both", measure=measure)


def _rows(countries: Sequence[str], *, value: Floats, covered: Floats, expected: Floats) -> pl.DataFrame:
    """Return the numbers of `TRADE_NEARNESS` of the countries that have a value."""
    columns = {"value": value, "covered": covered, "expected": expected, "ratio": _ratio(value, expected)}
    frame = pl.DataFrame({"country": pl.Series(countries, dtype=pl.String), **columns})
    known = frame.filter(pl.col("value").is_finite())
    return known.with_columns(pl.col(*columns).round_sig_figs(_DIGITS).fill_nan(None))


def _named(rows: pl.DataFrame, *, year: int, flow: str, measure: str) -> pl.DataFrame:
    """Put rows in the order of `TRADE_NEARNESS`; the basis is given later."""
    named = rows.with_columns(
        pl.lit(year, dtype=pl.Int64).alias("year"),
        flow=pl.lit(flow),
        measure=pl.lit(measure),
        basis=pl.lit(None, dtype=pl.String),
    )
    return named.select(TRADE_NEARNESS.names())


def _moves(
    countries: Sequence[str], ends: tuple[_Year, _Year], held: Sequence[Floats], total: Sequence[Floats]
) -> pl.DataFrame:
    """Return the numbers of `TRADE_SHIFTS`; `held` has a row for each country, where both years know d."""
    width = held[0].shape[1]
    apart = [np.where(np.isfinite(end.apart), end.apart, 0.0).reshape(-1, width) for end in ends]
    sums = [kept.sum(axis=1) for kept in held]
    shares = [_ratio(kept, kept_sum[:, np.newaxis]) for kept, kept_sum in zip(held, sums, strict=True)]
    columns = {
        "change": (shares[1] * apart[1] - shares[0] * apart[0]).sum(axis=1),
        "by_partners": ((shares[1] - shares[0]) * (apart[0] + apart[1]) / 2.0).sum(axis=1),
        "by_distances": ((shares[0] + shares[1]) / 2.0 * (apart[1] - apart[0])).sum(axis=1),
        "covered": np.minimum(*(_ratio(kept, every) for kept, every in zip(sums, total, strict=True))),
    }
    frame = pl.DataFrame({"country": pl.Series(countries, dtype=pl.String), **columns})
    return frame.filter(pl.col("change").is_finite()).with_columns(pl.col(*columns).round(_DIGITS))


def _ratio(part: Floats, whole: Floats) -> Floats:
    """Return part / whole; not a number where there is no whole."""
    found: Floats = np.full(np.broadcast_shapes(part.shape, whole.shape), np.nan)
    np.divide(part, whole, out=found, where=np.broadcast_to(whole, found.shape) > 0)
    return found
