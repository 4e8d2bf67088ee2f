"""Backbones: published numbers, chance counted by hand on small tables, planted ties, and limits."""

import itertools
import math
import tomllib
from fractions import Fraction
from pathlib import Path
from typing import Any

import igraph as ig
import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from cosmopolis.errors import FormatError, SpecError, UnknownNameError
from cosmopolis.networks import backbone
from cosmopolis.networks._chance import Classes, exact_sizes, tails
from cosmopolis.networks.links import LINKS

GOLDEN: dict[str, Any] = tomllib.loads(
    (Path(__file__).parents[1] / "golden" / "innovation.toml").read_text(encoding="utf-8")
)


def _links(edges: list[tuple[int, int, float]]) -> pl.DataFrame:
    rows = [("coauthorship", "ai", 2024, a, b, w, 1) for a, b, w in edges]
    return pl.DataFrame(rows, schema=LINKS, orient="row")


def _items(table: np.ndarray[Any, Any]) -> pl.DataFrame:
    """Return the records of a 0-1 table, rows cities and columns records."""
    cities, records = np.nonzero(table)
    return pl.DataFrame({"item": records, "city_id": cities})


# Disparity filter.


def test_the_published_disparity_backbone_is_a_tree() -> None:
    golden = GOLDEN["disparity"]
    matrix = golden["matrix"]
    edges = [(a, b, float(matrix[a][b])) for a in range(10) for b in range(a + 1, 10) if matrix[a][b]]
    kept = backbone.disparity(_links(edges)).filter(pl.col("disparity_p") < golden["significance"])
    graph = ig.Graph(n=10, edges=kept.select("origin", "destination").rows())
    assert graph.is_tree()


def test_disparity_by_its_formula_from_both_ends() -> None:
    edges = [(1, 2, 6.0), (1, 3, 3.0), (2, 3, 1.0), (2, 4, 5.0)]
    found = {(a, b): p for a, b, p in backbone.disparity(_links(edges)).iter_rows()}
    # strengths 9, 12, 4, 5; links 2, 3, 2, 1: city 4 says nothing
    assert found[1, 2] == pytest.approx(min(1 - 6 / 9, (1 - 6 / 12) ** 2))
    assert found[1, 3] == pytest.approx(min(1 - 3 / 9, 1 - 3 / 4))
    assert found[2, 3] == pytest.approx(min((1 - 1 / 12) ** 2, 1 - 1 / 4))
    assert found[2, 4] == pytest.approx((1 - 5 / 12) ** 2)


def test_two_cities_with_one_link_say_nothing() -> None:
    assert backbone.disparity(_links([(1, 2, 7.0)]))["disparity_p"].to_list() == [1.0]


def test_a_directed_disparity_sees_what_goes_out_and_what_comes_in() -> None:
    edges = [(1, 2, 8.0), (1, 3, 2.0), (4, 2, 2.0), (2, 1, 5.0)]
    found = backbone.disparity(_links(edges), directed=True)
    by_pair = {(a, b): p for a, b, p in found.iter_rows()}
    assert by_pair[1, 2] == pytest.approx(0.2)  # 8 of 10 going out of 1, and 8 of 10 coming into 2
    assert by_pair[1, 3] == pytest.approx(0.8)
    assert by_pair[2, 1] == 1.0  # the only one out of 2, the only one into 1


def test_disparity_does_not_depend_on_the_order_of_links() -> None:
    draw = np.random.default_rng(3)
    edges = [(a, b, float(draw.random())) for a, b in itertools.combinations(range(20), 2)]
    links = _links(edges)
    assert backbone.disparity(links.sample(fraction=1, shuffle=True, seed=1)).equals(
        backbone.disparity(links)
    )


# The bipartite configuration model and the tails of sums.


def test_bicm_as_published() -> None:
    golden = GOLDEN["bicm"]
    table = np.array(golden["matrix"])
    found = backbone.bicm(table.sum(axis=1), table.sum(axis=0))
    assert found == pytest.approx(np.array(golden["probabilities"]), abs=golden["tolerance"])


@settings(max_examples=80, deadline=None)
@given(st.lists(st.lists(st.booleans(), min_size=5, max_size=5), min_size=1, max_size=7))
def test_bicm_meets_every_margin(rows: list[list[bool]]) -> None:
    table = np.array(rows, dtype=int)
    found = backbone.bicm(table.sum(axis=1), table.sum(axis=0))
    assert found.sum(axis=1) == pytest.approx(table.sum(axis=1), abs=1e-7)
    assert found.sum(axis=0) == pytest.approx(table.sum(axis=0), abs=1e-7)
    assert ((found >= 0) & (found <= 1)).all()


def test_margins_without_choice_give_zeros_and_ones() -> None:
    nested = np.array([[1, 1, 1], [1, 1, 0], [1, 0, 0]])
    assert backbone.bicm(nested.sum(axis=1), nested.sum(axis=0)).tolist() == nested.tolist()
    # The first two rows hold all of the first two columns, others none; what is left is a coin.
    found = backbone.bicm([3, 3, 1, 1], [3, 3, 1, 1])
    half = [[0.5, 0.5]] * 2
    assert found[:2, :2].tolist() == [[1.0, 1.0]] * 2
    assert found[2:, 2:].tolist() == [[0.0, 0.0]] * 2
    assert found[:2, 2:] == pytest.approx(np.array(half))
    assert found[2:, :2] == pytest.approx(np.array(half))


@pytest.mark.parametrize(
    ("degrees", "sizes", "words"),
    [
        ([2, 1], [1, 1], "cities stand in records 3 times"),
        ([3, 0], [1, 2], "no records can have these sizes"),
    ],
)
def test_margins_of_no_table_are_refused(degrees: list[int], sizes: list[int], words: str) -> None:
    with pytest.raises(FormatError, match=words):
        backbone.bicm(degrees, sizes)


def test_the_published_poisson_binomial() -> None:
    golden = GOLDEN["poisson_binomial"]
    found = backbone.poisson_binomial(golden["successes"], golden["probabilities"], by="refined normal")
    assert found == pytest.approx((golden["lower"], golden["upper"]), abs=golden["tolerance"])


def _by_hand(p: list[Fraction]) -> list[Fraction]:
    """Return the distribution of a sum of trials, exactly."""
    mass = [Fraction(1)]
    for chance in p:
        longer = [Fraction(0), *(m * chance for m in mass)]
        mass = [a + b for a, b in zip(longer, [*(m * (1 - chance) for m in mass), Fraction(0)], strict=True)]
    return mass


@settings(max_examples=60, deadline=None)
@given(
    st.lists(
        st.tuples(st.sampled_from([0.0, 1e-6, 0.003, 0.09, 0.11, 0.5, 0.93, 1.0]), st.integers(1, 5)),
        min_size=1,
        max_size=4,
    )
)
def test_tails_have_all_their_digits(classes: list[tuple[float, int]]) -> None:
    mass = _by_hand([Fraction(p) for p, m in classes for _ in range(m)])
    p, m = np.array([[p for p, _ in classes]]), np.array([m for _, m in classes])
    for k in range(len(mass)):
        upper, lower = tails(np.array([k]), p, m)
        assert upper[0] == pytest.approx(float(sum(mass[k:])), rel=1e-9)
        assert lower[0] == pytest.approx(float(sum(mass[: k + 1])), rel=1e-9)


@pytest.mark.parametrize(("n", "p", "k"), [(100_000, 0.001, 400), (100_000, 0.3, 29_000), (2_000, 0.02, 3)])
def test_far_tails_of_large_binomials(n: int, p: float, k: int) -> None:
    upper, lower = tails(np.array([k]), np.array([[p]]), np.array([n]))
    assert upper[0] == pytest.approx(stats.binom.sf(k - 1, n, p), rel=1e-8)
    assert lower[0] == pytest.approx(stats.binom.cdf(k, n, p), rel=1e-8)
    assert min(upper[0], lower[0]) < 1e-9  # far indeed


# SDSM.


def test_sdsm_as_published() -> None:
    """The package's numbers are of the refined normal approximation; the exact ones differ by up to 0.03."""
    golden = GOLDEN["sdsm"]
    table = np.array(golden["matrix"])
    p = backbone.bicm(table.sum(axis=1), table.sum(axis=0))
    for a, b in itertools.product(range(3), repeat=2):
        together = int((table[a] * table[b]).sum())
        lower, upper = backbone.poisson_binomial(together, p[a] * p[b], by="refined normal")
        assert lower == pytest.approx(golden["lower"][a][b], abs=golden["tolerance"])
        assert upper == pytest.approx(golden["upper"][a][b], abs=golden["tolerance"])


def test_sdsm_is_the_exact_poisson_binomial_of_bicm() -> None:
    table = np.array(GOLDEN["sdsm"]["matrix"])
    p = backbone.bicm(table.sum(axis=1), table.sum(axis=0))
    counts = backbone.margins(_items(table), alone=True)
    found = backbone.sdsm(counts, sizes="expected", absent=1.0)
    assert found.select("origin", "destination", "count").rows() == [(0, 1, 0), (0, 2, 2), (1, 2, 0)]
    for a, b, together, expected, upper, lower in found.iter_rows():
        mass = _by_hand([Fraction(x) for x in (p[a] * p[b]).tolist()])
        assert expected == pytest.approx((p[a] * p[b]).sum(), rel=1e-8)
        assert upper == pytest.approx(float(sum(mass[together:])), rel=1e-8)
        assert lower == pytest.approx(float(sum(mass[: together + 1])), rel=1e-8)


def test_records_of_exact_size_by_counting_all_of_them() -> None:
    classes = Classes(
        degrees=np.array([5, 3, 2, 1]),
        cities=np.array([1, 2, 1, 3]),
        sizes=np.array([1, 2, 3]),
        records=np.array([2, 4, 2]),
    )
    chance = exact_sizes(classes)
    assert (chance.single * classes.records).sum(axis=1) == pytest.approx(classes.degrees, rel=1e-9)
    of = np.repeat(np.arange(4), classes.cities)
    x = chance.pools[0].fitness[of]
    for place, size in enumerate(classes.sizes.tolist()):
        records = list(itertools.combinations(range(7), size))
        weights = [math.prod(x[list(record)]) for record in records]
        for a, b in itertools.combinations(range(7), 2):
            both = math.fsum(w for w, record in zip(weights, records, strict=True) if {a, b} <= set(record))
            found = chance.pairs(of[[a]], of[[b]])[0, place]
            assert found == pytest.approx(both / math.fsum(weights), abs=1e-12)


@settings(max_examples=60, deadline=None)
@given(st.lists(st.sets(st.integers(0, 6), min_size=1, max_size=7), min_size=1, max_size=12))
def test_chance_of_exact_size_makes_as_many_pairs_as_there_are(records: list[set[int]]) -> None:
    items = pl.DataFrame(
        [(k, city) for k, record in enumerate(records) for city in record],
        schema={"item": pl.Int64, "city_id": pl.Int64},
        orient="row",
    )
    counts = backbone.margins(items)
    assert counts.alone == sum(len(record) == 1 for record in records)
    exact = backbone.sdsm(counts, absent=1.0)
    assert exact["expected"].sum() == pytest.approx(exact["count"].sum(), rel=1e-6, abs=1e-9)
    assert exact.select(pl.col("p_upper", "p_lower").is_between(0, 1).all()).row(0) == (True, True)
    cities = counts.cities.height
    assert exact.height == cities * (cities - 1) // 2
    loose = backbone.sdsm(counts, sizes="expected", absent=1.0)
    assert math.fsum(loose["expected"]) >= math.fsum(exact["expected"]) - 1e-6  # the caveat of the docstring


def test_by_chance_alone_nothing_is_found_where_sizes_are_exact() -> None:
    """Records of two cities drawn by chance: SDSM as published finds ties that are missing, falsely."""
    draw = np.random.default_rng(11)
    weights = draw.pareto(1.5, 60) + 0.1
    rows = [
        (k, int(city))
        for k in range(4000)
        for city in draw.choice(60, 2, replace=False, p=weights / weights.sum())
    ]
    counts = backbone.margins(
        pl.DataFrame(rows, schema={"item": pl.Int64, "city_id": pl.Int64}, orient="row")
    )
    told = {
        sizes: set(backbone.verdicts(backbone.sdsm(counts, sizes=sizes))["verdict"].to_list())
        for sizes in ("exact", "expected")
    }
    assert told["exact"] == {"chance"}
    assert "less" in told["expected"]


def _planted() -> pl.DataFrame:
    """Draw records of two cities by chance, but cities 0 and 1 meet often, and 2 and 3 never do."""
    draw = np.random.default_rng(5)
    rows: list[tuple[str, int]] = []
    k = 0
    while k < 6000:
        a, b = (int(city) for city in draw.choice(30, 2, replace=False))
        if {a, b} == {2, 3}:
            continue
        rows += [(f"p{k}", a), (f"p{k}", b)]
        k += 1
    rows += [(f"q{k}", city) for k in range(60) for city in (0, 1)]
    return pl.DataFrame(rows, schema={"item": pl.String, "city_id": pl.Int64}, orient="row")


def test_planted_ties_and_a_planted_gap_are_found() -> None:
    counts = backbone.margins(_planted())
    found = backbone.verdicts(backbone.sdsm(counts, absent=0.05), tests=30 * 29 // 2)
    by_pair = {(a, b): v for a, b, v in found.select("origin", "destination", "verdict").iter_rows()}
    assert by_pair[0, 1] == "more"
    assert by_pair[2, 3] == "less"
    assert sum(verdict != "chance" for verdict in by_pair.values()) <= 4  # 2 planted, few by chance


def test_rows_may_come_in_any_order_and_twice() -> None:
    items = _planted()
    first = backbone.sdsm(backbone.margins(items), absent=0.2)
    twice = pl.concat([items, items.head(100)]).sample(fraction=1, shuffle=True, seed=2)
    assert backbone.sdsm(backbone.margins(twice), absent=0.2).equals(first)


def test_single_records_and_capped_ones_are_counted_apart() -> None:
    rows = [("a", 1), ("b", 1), ("b", 2), ("c", 1), ("c", 2), ("c", 3), ("d", None), (None, 3)]
    items = pl.DataFrame(rows, schema={"item": pl.String, "city_id": pl.Int64}, orient="row")
    counts = backbone.margins(items, largest_record=2)
    assert (counts.alone, counts.capped) == (1, 1)
    assert counts.pairs.rows() == [(1, 2, 1)]
    assert backbone.margins(items, alone=True).cities.rows() == [(1, 3), (2, 2), (3, 1)]


def test_the_same_item_in_two_years_is_two_records() -> None:
    items = pl.DataFrame({"item": ["p"] * 4, "year": [1, 1, 2, 2], "city_id": [1, 2, 1, 2]})
    assert backbone.margins(items).sizes.rows() == [(2, 2)]


def test_no_records_give_no_pairs() -> None:
    items = pl.DataFrame(schema={"item": pl.String, "city_id": pl.Int64})
    found = backbone.sdsm(backbone.margins(items))
    assert found.is_empty()
    assert backbone.verdicts(found).is_empty()


def test_a_wrong_chance_is_answered_with_the_near_one() -> None:
    counts = backbone.margins(_planted())
    with pytest.raises(UnknownNameError, match="did you mean 'exact'"):
        backbone.sdsm(counts, sizes="exakt")


# Many tests at once.


@settings(max_examples=60, deadline=None)
@given(st.lists(st.floats(0, 1), min_size=1, max_size=12))
def test_corrections_by_their_definitions(p: list[float]) -> None:
    m = len(p)
    assert backbone.adjust(p, "none").tolist() == p
    assert backbone.adjust(p) == pytest.approx(stats.false_discovery_control(p), abs=1e-12)
    holm = backbone.adjust(p, "holm")
    for level in (0.01, 0.05, 0.3):
        rejected: set[int] = set()
        for step, place in enumerate(sorted(range(m), key=p.__getitem__)):  # Holm's steps down
            if p[place] * (m - step) >= level:
                break
            rejected.add(place)
        assert {place for place in range(m) if holm[place] < level} == rejected


def test_tests_that_are_not_listed_count() -> None:
    assert backbone.adjust([0.01], tests=10).tolist() == pytest.approx([0.1])
    with pytest.raises(SpecError, match="got 2 p-values, but tests = 1"):
        backbone.adjust([0.1, 0.2], tests=1)


def test_wrong_settings_are_refused() -> None:
    asked = pl.DataFrame({"p_upper": [0.5], "p_lower": [0.6]})
    with pytest.raises(UnknownNameError, match="did you mean 'holm'"):
        backbone.verdicts(asked, correction="holms")
    with pytest.raises(SpecError, match="got significance = 5"):
        backbone.verdicts(asked, significance=5)
    with pytest.raises(SpecError, match="between 0 and 1"):
        backbone.poisson_binomial(1, [1.2])
