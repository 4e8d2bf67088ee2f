"""Gravity: what distance, borders and languages do to ties, and which ties are stronger than they explain.

The ties of two cities are expected to grow with what each city has in all and to fall with distance. Each
city has an effect of its own, so size needs no measure. Links are counted records here, of one network and
field; the solver stands in `_ppml`, the meaning of a network elsewhere.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np
import polars as pl
from numpy.typing import NDArray
from scipy import stats

from cosmopolis.errors import FormatError, UnknownNameError, hint_near
from cosmopolis.measures import _ppml
from cosmopolis.measures.chance import poisson_interval, poisson_p, q_values
from cosmopolis.measures.distance import great_circle_km
from cosmopolis.networks.links import require

Floats = NDArray[np.float64]
Errors = Literal["dyadic", "robust"]
"""Standard errors robust to any variance of each pair (`robust`), or to pairs that share a city too."""

COUNTRY_TERMS: Mapping[str, str] = {
    "contiguous": "contiguous",
    "language": "common_language",
    "colony": "colony",
}
"""Terms that need a table of country pairs, and the column of it that each takes."""

TERMS = ("distance", "same_country", "same_region", *COUNTRY_TERMS)
"""Every term that there is: see `fit`."""

DEFAULT_TERMS = ("distance", "same_country", "same_region", "language")

GRAVITY = pl.Schema(
    {
        "network": pl.String,
        "field": pl.String,
        "from_year": pl.Int64,
        "to_year": pl.Int64,
        "term": pl.String,
        "estimate": pl.Float64,
        "standard_error": pl.Float64,
        "low": pl.Float64,
        "high": pl.Float64,
        "pairs": pl.Int64,
    }
)
"""Columns of the table of terms."""

PAIRS = pl.Schema(
    {
        "origin": pl.Int64,
        "destination": pl.Int64,
        "count": pl.Int64,
        "distance_km": pl.Float64,
        "expected": pl.Float64,
        "ratio": pl.Float64,
        "ratio_low": pl.Float64,
        "ratio_high": pl.Float64,
        "p_value": pl.Float64,
        "q_value": pl.Float64,
        "verdict": pl.String,
    }
)
"""Columns of the table of pairs."""

VERDICTS = ("over", "under", "as_expected")
"""What may be said of a pair."""

NEAREST_KM = 10.0
"""Distances below this count as this: two centres of one conurbation are no thousand times as near."""

COUNT_MIN = 5
"""Records below which a pair is not called over-connected: a few may be the work of one team, and the test
takes records to be independent."""

CITIES_MAX = 3000
"""Above this a fit's whole matrices would need more than 1 GB; the sample must be cut down first."""

_DIGITS = 9  # significant digits kept, so that another processor's rounding does not show


@dataclass(frozen=True, kw_only=True)
class Gravity:
    """A fitted model and the account of what could not take part.

    Attributes
    ----------
    terms
        By `GRAVITY`, in the order of `TERMS`.
    pairs
        By `PAIRS`: every pair of cities that took part, those without a link included.
    left_out
        Terms that were asked for and have no estimate, with the reason.
    silent
        Cities without any flow (directed: without flow out, or in): their effect would be minus infinity,
        so they take no part.
    separated
        Pairs whose zeros are predicted perfectly; they are not in `pairs`.
    outside
        Links with an end that is not among the cities given.
    unknown_pairs
        Pairs whose two countries are not in the table of country pairs; taken as without a common language
        and so on.
    """

    terms: pl.DataFrame
    pairs: pl.DataFrame
    left_out: Mapping[str, str]
    silent: pl.Series
    separated: int
    outside: int
    unknown_pairs: int


def fit(
    links: pl.DataFrame,
    cities: pl.DataFrame,
    *,
    directed: bool = False,
    terms: Sequence[str] = DEFAULT_TERMS,
    country_pairs: pl.DataFrame | None = None,
    years: tuple[int, int] | None = None,
    nearest_km: float = NEAREST_KM,
    level: float = 0.95,
    rate: float = 0.05,
    count_min: int = COUNT_MIN,
    errors: Errors = "dyadic",
) -> Gravity:
    """Fit the gravity model to the links among some cities, pairs without a link included.

    Directed: E[c_ij] = exp(a_i + b_j + Σ_k β_k x_ijk) over all i ≠ j. Undirected: E[c_ij] =
    exp(a_i + a_j + Σ_k β_k x_ijk), each pair once. c_ij is the number of records of a link over all years
    given. Terms:

    * `distance`: ln max(d_ij, `nearest_km`), great circle; its slope is minus the exponent of decay.
    * `same_country`, `same_region`: 1 if both cities lie in one country, one region, else 0. A city without
      a region shares none.
    * `contiguous`, `language`, `colony`: 1 if the two countries have a common border, a common official
      language, a colonial past; 0 within one country, whose whole effect is that of `same_country`.

    exp(β) − 1 is the effect of a term of 0 and 1, all else equal.

    Parameters
    ----------
    links
        Of one network and field; undirected ones with origin < destination.
    cities
        The sample: `city_id`, `latitude`, `longitude` (degrees), `country`, `region`.
    country_pairs
        `origin`, `destination` (countries as in `cities`), `contiguous`, `common_language`, `colony`. Without
        it the terms that need it are left out.
    years
        First and last year of the window, for the table; those of the links if not given.
    level
        Of the intervals of slopes (normal) and ratios (exact Poisson; Garwood 1936).
    rate
        False discovery rate at which a pair is called `over` or `under` (Benjamini & Hochberg 1995).
    count_min
        Records that a pair must have to be called `over`.

    Raises
    ------
    UnknownNameError
        If a term or column is not known.
    FormatError
        If there is more than one network or field, a city twice or without country or coordinates, or a
        sample that is too large.

    Notes
    -----
    Santos Silva & Tenreyro (2006), The log of gravity, *Review of Economics and Statistics* 88(4), 641–658:
    Poisson pseudo-maximum likelihood takes zeros as they are and needs no Poisson variance. With effects
    fitted sums equal observed sums by city, exactly (Fally 2015, *Journal of International Economics* 97).
    Errors: sandwich with residuals divided by 1 − leverage (HC3; MacKinnon & White 1985, *Journal of
    Econometrics* 29, 305–325). Dyadic: Aronow, Samii & Assenova (2015), *Political Analysis* 23(4), 564–577;
    where the variance is not positive the robust one stands. Perfect prediction: Santos Silva
    & Tenreyro (2010), *Economics Letters* 107(2), 310–312.

    A pair's interval is that of its own count, given the expected value: Poisson noise says how sure the
    ratio is. That ratios differ among pairs more than Poisson noise is what is looked for, not a fault.

    Examples
    --------
    >>> from cosmopolis.networks.links import LINKS
    >>> rows = [("x", "all", 2020, a, b, 1.0, n) for a, b, n in [(1, 2, 8), (1, 3, 2), (2, 3, 4)]]
    >>> links = pl.DataFrame(rows, schema=LINKS, orient="row")
    >>> cities = pl.DataFrame(
    ...     {"city_id": [1, 2, 3], "latitude": [0.0, 0.0, 0.0], "longitude": [0.0, 1.0, 3.0],
    ...      "country": ["XA"] * 3, "region": ["R"] * 3})
    >>> fit(links, cities, terms=()).pairs.select("count", "expected").rows()
    [(8, 8.0), (2, 2.0), (4, 4.0)]
    """
    for term in terms:
        if term not in TERMS:
            raise UnknownNameError(f"there is no term {term!r}" + hint_near(term, TERMS))
    if errors not in get_args(Errors):
        raise UnknownNameError(
            f"there are no standard errors {errors!r}" + hint_near(errors, get_args(Errors))
        )
    require(links, ["network", "field", "year", "origin", "destination", "count"], what="links")
    sample = _sample(cities)
    named = _named(links, years)
    flows, outside = _flows(links, sample["city_id"], directed=directed)
    loud = loud_cities(flows)
    here, flows = sample.filter(pl.Series(loud)), flows[np.ix_(loud, loud)]
    wanted = [term for term in TERMS if term in terms]
    left_out = {}
    if country_pairs is None:
        left_out = dict.fromkeys((t for t in wanted if t in COUNTRY_TERMS), "no table of country pairs")
    used = [term for term in wanted if term not in left_out]
    distance_km = distances_km(here)
    values, unknown = _values(here, used, distance_km, country_pairs, nearest_km)
    if len(flows) < 2:  # noqa: PLR2004 - a pair needs two
        reasons = left_out | dict.fromkeys(used, "no flow")
        return Gravity(
            terms=GRAVITY.to_frame(),
            pairs=PAIRS.to_frame(),
            left_out=reasons,
            silent=sample["city_id"],
            separated=0,
            outside=outside,
            unknown_pairs=0,
        )
    fitted = _ppml.fit(flows, values, directed=directed)
    every = ~np.eye(len(flows), dtype=bool) if directed else np.triu(np.ones_like(flows, dtype=bool), 1)
    live = every & ~fitted.separated
    left_out |= {
        term: "made up by the effects of cities and the terms before it, or by perfectly predicted pairs"
        for term, kept in zip(used, fitted.kept, strict=True)
        if not kept
    }
    kept = [term for term, is_kept in zip(used, fitted.kept, strict=True) if is_kept]
    return Gravity(
        terms=_terms(fitted, kept, named, pairs=int(live.sum()), level=level, errors=errors),
        pairs=_pairs(
            here, flows, fitted.expected, distance_km, live, level=level, rate=rate, count_min=count_min
        ),
        left_out=left_out,
        silent=sample["city_id"].filter(pl.Series(~loud)),
        separated=int((every & fitted.separated).sum()),
        outside=outside,
        unknown_pairs=unknown if directed else unknown // 2,
    )


def _sample(cities: pl.DataFrame) -> pl.DataFrame:
    """Return the cities in the order of their ids, or say what is wrong with them."""
    columns = ["city_id", "latitude", "longitude", "country", "region"]
    require(cities, columns, what="cities")
    sample = cities.select(columns).sort("city_id")
    twice = sample.filter(pl.col("city_id").is_duplicated())
    bare = sample.filter(pl.any_horizontal(pl.col("city_id", "latitude", "longitude", "country").is_null()))
    if not twice.is_empty() or not bare.is_empty():
        first = (twice if not twice.is_empty() else bare).row(0, named=True)
        raise FormatError(
            f"got {twice.height} cities that stand more than once and {bare.height} without coordinates or "
            f"country, such as {first}; expected each city once, with both"
        )
    if sample.height > CITIES_MAX:
        raise FormatError(
            f"got {sample.height} cities, but a gravity model takes up to {CITIES_MAX}; give those with the "
            "most records"
        )
    return sample


def _named(links: pl.DataFrame, years: tuple[int, int] | None) -> tuple[str, str, int | None, int | None]:
    """Return network, field and window of the links."""
    kinds = links.select("network", "field").unique().sort("network", "field")
    if kinds.height > 1:
        raise FormatError(
            f"got links of {kinds.height} networks and fields, such as {kinds.rows()[:2]}, but a gravity "
            "model is of one; filter the links first"
        )
    network, field = kinds.row(0) if kinds.height else ("", "")
    low, high = years or (links["year"].min(), links["year"].max())
    return str(network), str(field), low, high  # type: ignore[return-value]


def _flows(links: pl.DataFrame, ids: pl.Series, *, directed: bool) -> tuple[Floats, int]:
    """Return counts as a matrix and the number of links with an end outside."""
    place = pl.DataFrame({"id": ids, "at": np.arange(len(ids))})
    ends = links.join(place.rename({"id": "origin", "at": "from"}), on="origin", how="left").join(
        place.rename({"id": "destination", "at": "to"}), on="destination", how="left"
    )
    inside = ends.drop_nulls(["from", "to"]).filter(pl.col("from") != pl.col("to"))
    flows = np.zeros((len(ids), len(ids)))
    rows, columns = inside["from"].to_numpy(), inside["to"].to_numpy()
    np.add.at(flows, (rows, columns), inside["count"].to_numpy().astype(np.float64))
    return (flows if directed else flows + flows.T), ends.height - inside.height


def loud_cities(flows: Floats) -> NDArray[np.bool_]:
    """Find the cities with flow out and in, looking again when one has gone."""
    loud = np.ones(len(flows), dtype=bool)
    while True:
        left = flows * np.outer(loud, loud)
        still = (left.sum(axis=0) > 0) & (left.sum(axis=1) > 0)
        if (still == loud).all():
            return loud
        loud = still


def distances_km(sample: pl.DataFrame) -> Floats:
    """Return great-circle distances, n × n."""
    lat, lon = sample["latitude"].to_numpy(), sample["longitude"].to_numpy()
    return great_circle_km(lat[:, None], lon[:, None], lat[None, :], lon[None, :])


def _values(
    sample: pl.DataFrame,
    terms: Sequence[str],
    distance_km: Floats,
    country_pairs: pl.DataFrame | None,
    nearest_km: float,
) -> tuple[list[Floats], int]:
    """Return the terms as matrices, and how many ordered pairs of cities lie in unknown country pairs."""
    code = {name: np.unique(sample[name].fill_null("").to_numpy(), return_inverse=True) for name in
            ("country", "region")}  # fmt: skip
    countries, at = code["country"]
    same = at[:, None] == at[None, :]
    regions, of = code["region"]
    together = (of[:, None] == of[None, :]) & (regions[of] != "")[:, None]
    values: list[Floats] = []
    unknown = 0
    for term in terms:
        if term == "distance":
            values.append(np.log(np.maximum(distance_km, nearest_km)))
        elif term == "same_country":
            values.append(same.astype(np.float64))
        elif term == "same_region":
            values.append(together.astype(np.float64))
        elif country_pairs is not None:
            table, known = _country_matrix(country_pairs, countries.tolist(), COUNTRY_TERMS[term])
            values.append(np.where(same, 0.0, table[at[:, None], at[None, :]]))
            unknown = int((~known[at[:, None], at[None, :]] & ~same).sum())
    return values, unknown


def _country_matrix(
    country_pairs: pl.DataFrame, countries: Sequence[str], column: str
) -> tuple[Floats, NDArray[np.bool_]]:
    """Return a column of the table of country pairs as a symmetric matrix, and which pairs it has."""
    require(country_pairs, ["origin", "destination", column], what="country pairs")
    place = {country: at for at, country in enumerate(countries)}
    table = np.zeros((len(countries), len(countries)))
    known = np.zeros(table.shape, dtype=bool)
    rows = country_pairs.select("origin", "destination", pl.col(column).cast(pl.Float64)).drop_nulls()
    for origin, destination, value in rows.iter_rows():
        if origin in place and destination in place:
            a, b = place[origin], place[destination]
            table[a, b] = table[b, a] = max(table[a, b], value)
            known[a, b] = known[b, a] = True
    return table, known


def _terms(
    fitted: _ppml.Fitted,
    kept: Sequence[str],
    named: tuple[str, str, int | None, int | None],
    *,
    pairs: int,
    level: float,
    errors: Errors,
) -> pl.DataFrame:
    """Make the table of terms."""
    error = standard_errors(fitted, errors)
    reach = float(stats.norm.ppf(0.5 + level / 2.0)) * error
    network, field, low, high = named
    frame = pl.DataFrame(
        {
            "network": pl.Series([network] * len(kept), dtype=pl.String),
            "field": pl.Series([field] * len(kept), dtype=pl.String),
            "from_year": pl.Series([low] * len(kept), dtype=pl.Int64),
            "to_year": pl.Series([high] * len(kept), dtype=pl.Int64),
            "term": pl.Series(kept, dtype=pl.String),
            "estimate": fitted.slopes,
            "standard_error": error,
            "low": fitted.slopes - reach,
            "high": fitted.slopes + reach,
            "pairs": pl.Series([pairs] * len(kept), dtype=pl.Int64),
        }
    )
    return _rounded(frame).match_to_schema(GRAVITY)


def standard_errors(fitted: _ppml.Fitted, errors: Errors) -> Floats:
    """Return the slopes' standard errors; where the dyadic variance is not positive, the robust one."""
    robust, dyadic = np.diag(fitted.robust), np.diag(fitted.dyadic)
    variance = np.where(dyadic > 0, dyadic, robust) if errors == "dyadic" else robust
    error: Floats = np.sqrt(np.maximum(variance, 0.0))
    return error


def _rounded(frame: pl.DataFrame) -> pl.DataFrame:
    return frame.with_columns(pl.col(pl.Float64).round_sig_figs(_DIGITS))


def _pairs(
    sample: pl.DataFrame,
    flows: Floats,
    expected: Floats,
    distance_km: Floats,
    live: NDArray[np.bool_],
    *,
    level: float,
    rate: float,
    count_min: int,
) -> pl.DataFrame:
    """Make the table of pairs, sorted by origin and destination."""
    ids = sample["city_id"].to_numpy()
    rows, columns = np.nonzero(live)
    count, mean = flows[rows, columns], expected[rows, columns]
    low, high = poisson_interval(count, level=level)
    p = poisson_p(count, mean)
    q = q_values(p)
    ratio = count / mean
    named = (q < rate) & ((ratio < 1.0) | (count >= count_min))
    verdict = np.where(named, np.where(ratio > 1.0, "over", "under"), "as_expected")
    frame = pl.DataFrame(
        {
            "origin": ids[rows],
            "destination": ids[columns],
            "count": count.astype(np.int64),
            "distance_km": distance_km[rows, columns],
            "expected": mean,
            "ratio": ratio,
            "ratio_low": low / mean,
            "ratio_high": high / mean,
            "p_value": p,
            "q_value": q,
            "verdict": pl.Series(verdict, dtype=pl.String),
        }
    )
    return _rounded(frame.match_to_schema(PAIRS))


def standouts(pairs: pl.DataFrame, verdict: str, *, most: int = 20) -> pl.DataFrame:
    """Return the pairs that may be named as `over` or `under`, the surest first.

    Over-connected pairs stand by the lower bound of their ratio, descending; under-connected ones by the
    upper bound, ascending: a list by the ratio itself would be a list of small counts. Ties by ids.

    Parameters
    ----------
    pairs
        By `PAIRS`.
    verdict
        `over` or `under`.
    most
        How many at most.
    """
    if verdict not in VERDICTS:
        raise UnknownNameError(f"there is no verdict {verdict!r}" + hint_near(verdict, VERDICTS))
    bound, down = ("ratio_low", True) if verdict == "over" else ("ratio_high", False)
    chosen = pairs.filter(pl.col("verdict") == verdict)
    return chosen.sort(
        bound, "expected", "origin", "destination", descending=[down, True, False, False]
    ).head(most)


def by_alpha2(country_pairs: pl.DataFrame, countries: pl.DataFrame) -> pl.DataFrame:
    """Name the countries of a table of country pairs by ISO alpha-2 codes, as cities do.

    Parameters
    ----------
    country_pairs
        Record table `country_pair`, by alpha-3 codes.
    countries
        `country` (alpha-2), `iso3`.

    Returns
    -------
    country_pairs
        Without the pairs of countries that are not among `countries`, in the order of both ends.
    """
    require(countries, ["country", "iso3"], what="countries")
    codes = dict(countries.drop_nulls("iso3").select("iso3", "country").iter_rows())
    ends = [pl.col(end).replace_strict(codes, default=None, return_dtype=pl.String) for end in
            ("origin", "destination")]  # fmt: skip
    return (
        country_pairs.with_columns(ends).drop_nulls(["origin", "destination"]).sort("origin", "destination")
    )
