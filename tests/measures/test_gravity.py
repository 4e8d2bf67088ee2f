"""Gravity: planted slopes, another library, sums that must agree, and lists that must not be noise."""

import math
import warnings
from typing import Any

import numpy as np
import polars as pl
import pytest
from scipy import stats
from scipy.optimize import linprog

from cosmopolis.errors import FormatError, UnknownNameError
from cosmopolis.measures import _ppml, gravity
from cosmopolis.networks.links import LINKS
from cosmopolis.streams import stream

SLOPES = (-0.8, 0.5)


def _world(n: int, *, directed: bool, seed: int, low: float = 1.5) -> tuple[Any, list[Any]]:
    """Return means and the terms (ln distance, same group) of a random world."""
    draw = stream("gravity world", seed)
    xy, group = draw.uniform(0, 1, (n, 2)), draw.integers(0, 6, n)
    distance = np.hypot(xy[:, None, 0] - xy[None, :, 0], xy[:, None, 1] - xy[None, :, 1])
    np.fill_diagonal(distance, 1.0)
    terms = [np.log(distance), (group[:, None] == group[None, :]).astype(float)]
    a = draw.normal(0, 0.8, n)
    b = draw.normal(0, 0.8, n) if directed else a
    mean = np.exp(a[:, None] + b[None, :] + SLOPES[0] * terms[0] + SLOPES[1] * terms[1] - low)
    np.fill_diagonal(mean, 0.0)
    return mean, terms


def _drawn(mean: Any, *, directed: bool, seed: int) -> Any:  # noqa: ANN401
    flows = stream("gravity flows", seed).poisson(mean).astype(float)
    return flows if directed else np.triu(flows, 1) + np.triu(flows, 1).T


@pytest.mark.parametrize("directed", [False, True])
def test_planted_slopes_come_back_where_there_is_no_noise(directed: bool) -> None:  # noqa: FBT001
    mean, terms = _world(40, directed=directed, seed=1)
    fitted = _ppml.fit(mean, terms, directed=directed)
    assert np.abs(fitted.slopes - SLOPES).max() < 1e-9
    assert np.abs(fitted.expected - mean).max() < 1e-9 * mean.max()
    assert not fitted.separated.any()


@pytest.mark.parametrize("directed", [False, True])
def test_fitted_sums_are_observed_sums(directed: bool) -> None:  # noqa: FBT001
    mean, terms = _world(40, directed=directed, seed=2, low=1.0)
    flows = _drawn(mean, directed=directed, seed=2)
    loud = gravity.loud_cities(flows)
    flows, terms = flows[np.ix_(loud, loud)], [term[np.ix_(loud, loud)] for term in terms]
    assert (flows == 0).mean() > 0.3
    fitted = _ppml.fit(flows, terms, directed=directed)
    assert fitted.gap < 1e-10
    np.testing.assert_allclose(fitted.expected.sum(axis=0), flows.sum(axis=0), rtol=1e-9)
    np.testing.assert_allclose(fitted.expected.sum(axis=1), flows.sum(axis=1), rtol=1e-9)
    for term in terms:
        assert np.vdot(term, fitted.expected) == pytest.approx(float(np.vdot(term, flows)), rel=1e-9)


@pytest.mark.parametrize("directed", [False, True])
def test_agrees_with_another_library(directed: bool) -> None:  # noqa: FBT001
    """Slopes, expected values and errors as from a table with a dummy for every city."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        import statsmodels.api as sm  # noqa: PLC0415 - slow to import, and it warns
    mean, terms = _world(12, directed=directed, seed=3, low=0.0)
    flows = _drawn(mean, directed=directed, seed=3)
    fitted = _ppml.fit(flows, terms, directed=directed)
    every = ~np.eye(12, dtype=bool) if directed else np.triu(np.ones((12, 12), dtype=bool), 1)
    i, j = np.nonzero(every)
    dummies = np.zeros((len(i), 24 if directed else 12))
    dummies[np.arange(len(i)), i] += 1
    dummies[np.arange(len(i)), j + (12 if directed else 0)] += 1
    if directed:
        dummies = dummies[:, :-1]
    design = np.column_stack([*(term[i, j] for term in terms), dummies])
    other = sm.GLM(flows[i, j], design, family=sm.families.Poisson()).fit(tol=1e-12)
    np.testing.assert_allclose(fitted.slopes, other.params[:2], rtol=1e-7)
    np.testing.assert_allclose(fitted.expected[i, j], other.fittedvalues, rtol=1e-6)
    leverage = other.get_influence().hat_matrix_diag
    bread = np.linalg.inv(design.T @ (design * other.fittedvalues[:, None]))
    scores = design * ((flows[i, j] - other.fittedvalues) / (1 - leverage))[:, None]
    np.testing.assert_allclose(
        fitted.robust, (bread @ scores.T @ scores @ bread)[:2, :2], rtol=1e-5, atol=1e-12
    )
    shared = (i[:, None] == i) | (i[:, None] == j) | (j[:, None] == i) | (j[:, None] == j)
    np.testing.assert_allclose(
        fitted.dyadic, (bread @ scores.T @ shared @ scores @ bread)[:2, :2], rtol=1e-5, atol=1e-12
    )


def test_slopes_are_unbiased_and_intervals_cover_with_many_zeros() -> None:
    runs, n = 150, 30
    estimates, inside = [], []
    for seed in range(runs):
        mean, terms = _world(n, directed=False, seed=seed)
        flows = _drawn(mean, directed=False, seed=seed)
        loud = gravity.loud_cities(flows)
        flows, terms = flows[np.ix_(loud, loud)], [term[np.ix_(loud, loud)] for term in terms]
        fitted = _ppml.fit(flows, terms, directed=False)
        error = gravity.standard_errors(fitted, "dyadic")
        estimates.append(fitted.slopes)
        inside.append(np.abs(fitted.slopes - SLOPES) < 1.96 * error)
    drawn = np.array(estimates)
    assert (np.abs(drawn.mean(axis=0) - SLOPES) < 3.5 * drawn.std(axis=0) / math.sqrt(runs)).all()
    covered = np.array(inside).sum(axis=0)
    assert (covered >= stats.binom.ppf(0.001, runs, 0.91)).all()  # 91 %: with 30 cities a little below 95 %
    assert (covered <= stats.binom.ppf(0.999, runs, 0.97)).all()


def _links(flows: Any, *, directed: bool = False) -> pl.DataFrame:  # noqa: ANN401
    rows = [
        ("x", "all", 2020, int(a) + 1, int(b) + 1, 1.0, int(flows[a, b]))
        for a, b in zip(*np.nonzero(flows), strict=True)
        if directed or a < b
    ]
    return pl.DataFrame(rows, schema=LINKS, orient="row")


def _cities(n: int, *, seed: int = 1) -> pl.DataFrame:
    draw = stream("gravity cities", seed)
    country = draw.integers(0, 5, n)
    return pl.DataFrame(
        {
            "city_id": np.arange(1, n + 1),
            "latitude": draw.uniform(-60, 60, n),
            "longitude": draw.uniform(-180, 180, n),
            "country": [f"X{'ABCDE'[c]}" for c in country],
            "region": [f"R{c // 2}" for c in country],
        }
    )


def _means(cities: pl.DataFrame, *, language: float = 0.0, level: float = 11.0) -> Any:  # noqa: ANN401
    """Return means by distance (−1.2), country (0.9) and a language that XA and XB share."""
    distance = np.maximum(gravity.distances_km(cities), gravity.NEAREST_KM)
    country = cities["country"].to_numpy()
    same = country[:, None] == country[None, :]
    speak = np.isin(country, ["XA", "XB"])
    shared = (speak[:, None] & speak[None, :]) & ~same
    a = stream("sizes", 1).normal(0, 0.7, cities.height)
    mean = np.exp(level + a[:, None] + a - 1.2 * np.log(distance) + 0.9 * same + language * shared)
    np.fill_diagonal(mean, 0.0)
    return mean


def test_terms_of_places_and_of_country_pairs() -> None:
    cities = _cities(60)
    flows = _drawn(_means(cities, language=0.7), directed=False, seed=4)
    pairs = pl.DataFrame(
        {"origin": ["XA", "XA", "XC"], "destination": ["XB", "XC", "XB"], "common_language": [1, 0, 0]}
    )
    terms = ("language", "distance", "same_country")
    model = gravity.fit(_links(flows), cities, terms=terms, country_pairs=pairs)
    assert model.terms["term"].to_list() == ["distance", "same_country", "language"]
    planted = np.array([-1.2, 0.9, 0.7])
    got = model.terms.select("estimate", "standard_error", "low", "high").to_numpy()
    assert (np.abs(got[:, 0] - planted) < 4 * got[:, 1]).all()
    assert (got[:, 1] < 0.1).all()
    reach = 1.959963984540054 * got[:, 1]
    np.testing.assert_allclose(got[:, 2:], np.column_stack([got[:, 0] - reach, got[:, 0] + reach]), atol=1e-8)
    codes = cities["country"].to_list()
    known = [{"XA", "XB"}, {"XA", "XC"}, {"XB", "XC"}]
    foreign = [{a, b} for at, a in enumerate(codes) for b in codes[:at] if a != b]
    assert model.unknown_pairs == sum(pair not in known for pair in foreign)
    without = gravity.fit(_links(flows), cities, terms=terms)
    assert without.left_out == {"language": "no table of country pairs"}
    assert without.terms["term"].to_list() == ["distance", "same_country"]


def test_noise_alone_is_hardly_ever_named_and_planted_pairs_are() -> None:
    cities = _cities(60)
    mean = _means(cities)
    named = [
        gravity.fit(_links(_drawn(mean, directed=False, seed=seed)), cities, terms=("distance",
            "same_country")).pairs.filter(pl.col("verdict") != "as_expected").height
        for seed in range(10)
    ]  # fmt: skip
    assert sum(bool(n) for n in named) <= 3  # an exact test names nothing in 95 of 100 worlds of noise
    planted = [(0, 1), (2, 3), (4, 5), (6, 7)]
    for a, b in planted:
        mean[a, b] = mean[b, a] = 6 * mean[a, b] + 30
    model = gravity.fit(_links(_drawn(mean, directed=False, seed=0)), cities, terms=("distance",))
    over = gravity.standouts(model.pairs, "over")
    assert {(a + 1, b + 1) for a, b in planted} <= set(over.select("origin", "destination").rows())
    assert over["ratio_low"].is_sorted(descending=True)
    assert (over["ratio_low"] > 1).all()


def test_a_few_records_are_not_called_over_connected() -> None:
    """Two tiny cities far apart with four records are beyond chance, and may be one team."""
    cities = _cities(60)
    flows = _drawn(_means(cities), directed=False, seed=0)
    flows[:2] = flows[:, :2] = 0.0
    flows[0, 1] = flows[1, 0] = 4.0
    flows[0, 5] = flows[5, 0] = flows[1, 6] = flows[6, 1] = 1.0
    four = gravity.fit(_links(flows), cities, terms=("distance",)).pairs.row(0, named=True)
    assert (four["origin"], four["destination"], four["count"]) == (1, 2, 4)
    assert four["q_value"] < 0.001
    assert four["verdict"] == "as_expected"
    lower = gravity.fit(_links(flows), cities, terms=("distance",), count_min=4).pairs
    assert lower.row(0, named=True)["verdict"] == "over"


def test_every_pair_has_a_row_and_its_numbers_follow_from_count_and_expected() -> None:
    cities = _cities(25)
    flows = _drawn(_means(cities, level=10.0), directed=False, seed=5)
    pairs = gravity.fit(_links(flows), cities, terms=("distance",)).pairs
    assert pairs.select("origin", "destination").rows() == sorted(
        pairs.select("origin", "destination").rows()
    )
    assert (pairs["count"] == 0).any()
    for row in pairs.iter_rows(named=True):
        c, mean = row["count"], row["expected"]
        low = stats.chi2.ppf(0.025, 2 * c) / 2 if c else 0.0
        assert row["ratio_low"] == pytest.approx(low / mean, rel=1e-6)
        assert row["ratio_high"] == pytest.approx(stats.chi2.ppf(0.975, 2 * c + 2) / 2 / mean, rel=1e-6)
        tails = min(stats.poisson.cdf(c, mean), stats.poisson.sf(c - 1, mean))
        assert row["p_value"] == pytest.approx(min(1.0, 2 * tails), rel=1e-5)
    by_hand = stats.false_discovery_control(pairs["p_value"].to_numpy())
    np.testing.assert_allclose(pairs["q_value"].to_numpy(), by_hand, rtol=1e-8)


def test_the_order_of_rows_does_not_change_a_bit() -> None:
    cities = _cities(40)
    links = _links(_drawn(_means(cities), directed=False, seed=6))
    first = gravity.fit(links, cities)
    mixed = gravity.fit(
        links.sample(fraction=1, shuffle=True, seed=1), cities.sample(fraction=1, shuffle=True, seed=2)
    )
    assert mixed.terms.equals(first.terms)
    assert mixed.pairs.equals(first.pairs)


def test_cities_without_flow_are_set_aside_and_counted() -> None:
    cities = _cities(5)
    flows = np.zeros((5, 5))
    flows[0, 1], flows[1, 0], flows[1, 2], flows[2, 0], flows[3, 0] = 4, 2, 3, 1, 2
    model = gravity.fit(_links(flows, directed=True), cities, directed=True, terms=())
    assert model.silent.to_list() == [4, 5]  # nothing flows to city 4, nothing to or from 5
    assert set(model.pairs["origin"]) == {1, 2, 3}


def test_a_pair_that_is_predicted_perfectly_is_left_out_and_the_rest_fitted() -> None:
    """All flow of a star goes through its centre: the effects of the leaves drive their pairs to zero."""
    cities = _cities(5)
    flows = np.zeros((5, 5))
    flows[0, 1:] = flows[1:, 0] = [3, 4, 5, 6]
    model = gravity.fit(_links(flows), cities, terms=())
    assert model.separated == 6
    assert model.pairs["expected"].to_list() == pytest.approx([3, 4, 5, 6])


def _predicted(flows: Any, terms: list[Any], *, directed: bool) -> set[tuple[int, int]]:  # noqa: ANN401
    """Find the zero pairs that some combination of effects and terms drives down with nothing to lose.

    By linear programming: as many pairs as can be have z ≤ −1, where z ≤ 0 for zeros and z = 0 for flows.
    """
    n = len(flows)
    every = ~np.eye(n, dtype=bool) if directed else np.triu(np.ones((n, n), dtype=bool), 1)
    i, j = np.nonzero(every)
    design = np.zeros((len(i), 2 * n if directed else n))
    design[np.arange(len(i)), i] += 1
    design[np.arange(len(i)), j + (n if directed else 0)] += 1
    design = np.column_stack([design, *(term[i, j] for term in terms)])
    zero = np.flatnonzero(flows[i, j] == 0)
    some, none = design[flows[i, j] > 0], design[zero]
    k, m = design.shape[1], len(zero)
    if not m:
        return set()
    found = linprog(
        np.concatenate([np.zeros(k), -np.ones(m)]),
        A_ub=np.vstack([np.hstack([none, np.zeros((m, m))]), np.hstack([none, np.eye(m)])]),
        b_ub=np.zeros(2 * m),
        A_eq=np.hstack([some, np.zeros((len(some), m))]),
        b_eq=np.zeros(len(some)),
        bounds=[(None, None)] * k + [(0, 1)] * m,
    )
    return {(int(i[at]), int(j[at])) for at in zero[found.x[k:] > 0.5]}


def test_perfect_prediction_is_found_as_by_linear_programming() -> None:
    """In sparse little worlds; what is left has a fit in which all sums agree."""
    separated = 0
    for seed in range(300):
        draw = stream("sparse", seed)
        n, directed = int(draw.integers(2, 11)), bool(draw.integers(2))
        size = draw.choice([0.05, 0.1, 0.2, 0.5]) * np.exp(draw.normal(0, 1, n))
        flows = draw.poisson(size[:, None] * np.exp(draw.normal(0, 1, n))).astype(float)
        flows = flows if directed else np.triu(flows, 1) + np.triu(flows, 1).T
        np.fill_diagonal(flows, 0)
        loud = gravity.loud_cities(flows)
        flows, n = flows[np.ix_(loud, loud)], int(loud.sum())
        if n < 2:
            continue
        _, terms = _world(n, directed=directed, seed=seed)
        terms = terms[: draw.integers(0, 3)]
        fitted = _ppml.fit(flows, terms, directed=directed)
        ends = np.nonzero(fitted.separated if directed else np.triu(fitted.separated))
        got = {(int(a), int(b)) for a, b in zip(*ends, strict=True)}
        assert got == _predicted(flows, terms, directed=directed), seed
        assert fitted.gap < 1e-9, seed
        separated += bool(got)
    assert separated > 25


def test_a_term_that_forbids_all_flow_has_no_estimate() -> None:
    cities = _cities(30).with_columns(country=pl.Series(["XA"] * 15 + ["XB"] * 15))
    mean = np.full((30, 30), 5.0)
    mean[:15, 15:] = mean[15:, :15] = 0.0  # nothing across the border
    flows = _drawn(mean, directed=False, seed=7)
    np.fill_diagonal(flows, 0.0)
    model = gravity.fit(_links(flows), cities, terms=("distance", "same_country"))
    assert model.separated == 225
    assert list(model.left_out) == ["same_country"]
    assert model.terms["term"].to_list() == ["distance"]


def test_a_term_that_another_makes_up_has_no_estimate() -> None:
    cities = _cities(30).with_columns(region=pl.col("country"))
    flows = _drawn(_means(cities), directed=False, seed=8)
    model = gravity.fit(_links(flows), cities, terms=("same_country", "same_region"))
    assert model.terms["term"].to_list() == ["same_country"]
    assert list(model.left_out) == ["same_region"]


def test_links_outside_the_sample_and_near_centres() -> None:
    cities = pl.DataFrame(
        {"city_id": [1, 2, 3], "latitude": [0.0, 0.0, 9.0], "longitude": [0.0, 0.01, 0.0],
         "country": ["XA"] * 3, "region": [None] * 3},
        schema_overrides={"region": pl.String},
    )  # fmt: skip
    rows = [("x", "all", 2020, a, b, 1.0, n) for a, b, n in [(1, 2, 9), (1, 3, 4), (2, 3, 5), (3, 9, 7)]]
    links = pl.DataFrame(rows, schema=LINKS, orient="row")
    model = gravity.fit(links, cities, terms=("same_region",))
    assert model.outside == 1
    assert list(model.left_out) == ["same_region"]  # nobody has a region: the term is zero
    assert model.pairs["distance_km"][0] == pytest.approx(6371.009 * math.radians(0.01))


def test_no_flow_at_all_gives_empty_tables() -> None:
    model = gravity.fit(LINKS.to_frame(), _cities(4))
    assert model.terms.is_empty()
    assert model.pairs.is_empty()
    assert model.silent.to_list() == [1, 2, 3, 4]


def test_years_of_a_window_are_added() -> None:
    cities = _cities(20)
    flows = _drawn(_means(cities), directed=False, seed=9)
    once = _links(2 * flows)
    twice = pl.concat([_links(flows), _links(flows).with_columns(year=pl.lit(2022, dtype=pl.Int64))])
    by_years = gravity.fit(twice, cities)
    assert by_years.pairs.equals(gravity.fit(once, cities).pairs)
    assert by_years.terms.select("from_year", "to_year").row(0) == (2020, 2022)
    window = gravity.fit(twice, cities, years=(2018, 2022)).terms
    assert window.select("from_year", "to_year").row(0) == (2018, 2022)


def test_wrong_names_and_frames_are_answered() -> None:
    cities, links = _cities(4), LINKS.to_frame()
    with pytest.raises(UnknownNameError, match="there is no term 'distanse'; did you mean 'distance'"):
        gravity.fit(links, cities, terms=("distanse",))
    with pytest.raises(UnknownNameError, match="there are no standard errors 'clustered'"):
        gravity.fit(links, cities, errors="clustered")  # type: ignore[arg-type]
    with pytest.raises(UnknownNameError, match="there is no verdict 'ower'"):
        gravity.standouts(gravity.PAIRS.to_frame(), "ower")
    with pytest.raises(FormatError, match="2 cities that stand more than once"):
        gravity.fit(links, pl.concat([cities, cities.head(1)]))
    with pytest.raises(FormatError, match="1 without coordinates"):
        gravity.fit(links, cities.with_columns(pl.col("latitude").replace(cities["latitude"][0], None)))
    two = pl.concat([_links(np.array([[0, 1], [1, 0]])), _links(np.array([[0, 1], [1, 0]]))])
    two = two.with_columns(field=pl.Series(["a", "b"]))
    with pytest.raises(FormatError, match="links of 2 networks and fields"):
        gravity.fit(two, cities)
    with pytest.raises(FormatError, match="takes up to 3000"):
        gravity.fit(links, _cities(gravity.CITIES_MAX + 1))


def test_country_codes_are_turned_into_those_of_cities() -> None:
    pairs = pl.DataFrame(
        {"origin": ["XBB", "XAA", "XCC"], "destination": ["XAA", "XBB", "XAA"], "common_language": [1, 1, 0]}
    )
    countries = pl.DataFrame({"country": ["XA", "XB", "XD"], "iso3": ["XAA", "XBB", None]})
    got = gravity.by_alpha2(pairs, countries)
    assert got.rows() == [("XA", "XB", 1), ("XB", "XA", 1)]
