"""The interlocking network: numbers by hand, whole matrices beside the closed form, planted ties, errors."""

import tomllib
from pathlib import Path
from typing import Any, Literal

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from polars.testing import assert_frame_equal

from cosmopolis.errors import FormatError, UnknownNameError
from cosmopolis.networks import interlocking

GOLDEN: dict[str, Any] = tomllib.loads(
    (Path(__file__).parents[1] / "golden" / "production.toml").read_text(encoding="utf-8")
)["interlocking"]
TOY = GOLDEN["toy"]

Matrix = np.ndarray[Any, np.dtype[Any]]


def wide(matrix: Matrix | list[list[float]]) -> pl.DataFrame:
    table = np.asarray(matrix)
    labels = (
        [f"c{k:03}" for k in range(len(table))] if len(table) > 26 else list("ABCDEFGHIJKLMNOPQRSTUVWXYZ")
    )
    return pl.DataFrame({"city": labels[: len(table)], **{f"f{k:03}": c for k, c in enumerate(table.T)}})


def long(matrix: Matrix | list[list[float]]) -> pl.DataFrame:
    return wide(matrix).unpivot(index="city", variable_name="firm", value_name="value")


MATRICES = st.integers(2, 7).flatmap(
    lambda firms: st.lists(
        st.lists(st.integers(0, 5), min_size=firms, max_size=firms), min_size=2, max_size=8
    )
)


def test_the_toy_worked_by_hand() -> None:
    found = interlocking.connectivity(wide(TOY["values"]))
    assert found["city"].to_list() == list("ABCD")
    assert found["gnc"].to_list() == TOY["gnc"]
    assert found["relative"].round(4).to_list() == TOY["relative"]
    assert found["rank"].to_list() == [1, 2, 3, 3]
    links = interlocking.links(wide(TOY["values"]))
    told = {f"{a}{b}": r for a, b, r in links.select("origin", "destination", "weight").iter_rows()}
    assert told == TOY["links"]
    assert links["firms"].to_list() == [2, 2, 2, 1, 1, 1]
    # The most that a link can be: 5² + 4² + 3².
    assert links["proportional"].to_list() == [r / 50 for r in TOY["links"].values()]
    assert links["distance"].to_list() == [(50 - r) / 50 for r in TOY["links"].values()]


def test_long_and_wide_tables_are_one_roster_in_any_order() -> None:
    rows = long(TOY["values"])
    expected = interlocking.connectivity(wide(TOY["values"]))
    for table in (
        rows,
        rows.sample(fraction=1.0, shuffle=True, seed=3),
        rows.with_columns(pl.col("value").cast(pl.String)),
    ):
        assert_frame_equal(interlocking.connectivity(table), expected)
    other = rows.rename({"city": "place", "firm": "company", "value": "score"})
    named = interlocking.roster(other, city="place", firm="company", value="score")
    assert_frame_equal(interlocking.connectivity(named), expected)
    texts = wide(TOY["values"]).with_columns(pl.exclude("city").cast(pl.String).replace("0", " "))
    assert_frame_equal(interlocking.connectivity(texts), expected)
    holes = wide(TOY["values"]).with_columns(pl.exclude("city").replace(0, None))
    assert_frame_equal(interlocking.connectivity(holes), expected)


@given(MATRICES)
@settings(deadline=None)
def test_the_closed_form_is_the_sum_of_all_links(matrix: list[list[int]]) -> None:
    table = np.array(matrix)
    both = table @ table.T
    np.fill_diagonal(both, 0)
    found = interlocking.connectivity(wide(table)).sort("city")
    assert found["gnc"].to_list() == both.sum(axis=1).tolist()
    assert found["firms"].to_list() == (table > 0).sum(axis=1).tolist()
    assert found["service_value"].to_list() == table.sum(axis=1).tolist()
    links = interlocking.links(wide(table))
    assert links["weight"].sum() * 2 == both.sum()
    assert links.height == np.count_nonzero(np.triu(both))
    firms = interlocking.by_firm(wide(table)).group_by("city").agg(pl.col("gnc").sum())
    told = dict(firms.iter_rows())
    assert [told.get(city, 0.0) for city in found["city"]] == found["gnc"].to_list()


@given(MATRICES)
@settings(deadline=None, max_examples=30)
def test_asymmetric_links_are_parts_of_what_the_firms_of_the_origin_could_give(
    matrix: list[list[int]],
) -> None:
    table = np.array(matrix)
    expected = {}
    for a, own in enumerate(table):
        most = sum(table[:, j].max() ** 2 for j in range(table.shape[1]) if own[j] > 0)
        for b, other in enumerate(table):
            if a != b and own @ other:
                expected["ABCDEFGH"[a], "ABCDEFGH"[b]] = own @ other / most
    found = interlocking.asymmetric(wide(table))
    assert {(a, b): x for a, b, x in found.iter_rows()} == pytest.approx(expected, rel=1e-15)
    assert found["asymmetric"].max() is None or found["asymmetric"].max() <= 1.0  # type: ignore[operator]


def test_values_of_any_unit_give_the_same_bits_in_any_order() -> None:
    draw = np.random.default_rng(5)
    rows = long(draw.random((40, 30)) * (draw.random((40, 30)) < 0.3))
    one = interlocking.connectivity(rows)
    other = interlocking.connectivity(rows.sample(fraction=1.0, shuffle=True, seed=1))
    assert one.equals(other)
    assert interlocking.links(rows).equals(interlocking.links(rows.reverse()))


def test_sectors_add_up_and_every_city_stands_in_each() -> None:
    sectors = {"f000": "law", "f001": "ads", "f002": "law"}
    one = interlocking.roster(wide(TOY["values"]), sectors=sectors)
    told = long(TOY["values"]).with_columns(sector=pl.col("firm").replace(sectors))
    found = interlocking.by_sector(one)
    assert found.equals(interlocking.by_sector(told))
    assert found.group_by("sector").len().sort("sector").rows() == [("ads", 4), ("law", 4)]
    sums = found.group_by("city").agg(pl.col("gnc").sum()).sort("city")
    assert sums["gnc"].to_list() == TOY["gnc"]
    assert interlocking.by_sector(wide(TOY["values"])).is_empty()
    with pytest.raises(UnknownNameError, match="no sector 'low'; did you mean 'law'"):
        one.of_sector("low")
    with pytest.raises(UnknownNameError, match="no firm 'f00'; did you mean 'f002'"):
        interlocking.roster(wide(TOY["values"]), sectors={"f00": "law"})


def test_cities_and_firms_without_an_office_stay() -> None:
    found = interlocking.connectivity(wide([[5, 0], [0, 0], [2, 0]]))
    assert found.select("city", "gnc", "rank", "firms").rows() == [
        ("A", 10.0, 1, 1),
        ("C", 10.0, 1, 1),
        ("B", 0.0, None, 0),
    ]
    alone = interlocking.connectivity(wide([[5, 0], [0, 2]]))
    assert alone.select("gnc", "relative", "rank").rows() == [(0.0, None, None), (0.0, None, None)]
    assert interlocking.links(wide([[5, 0], [0, 2]])).is_empty()


@pytest.mark.parametrize("sizes", ["expected", "exact"])
def test_firms_that_are_sorted_into_two_cities_stand_out(sizes: Literal["expected", "exact"]) -> None:
    """Two hundred firms go to three cities of forty at random, and fourteen more all to the same two."""
    draw = np.random.default_rng(11)
    table = np.zeros((40, 214), dtype=int)
    for firm in range(200):
        table[draw.choice(40, 3, replace=False), firm] = draw.integers(1, 6)
    table[[17, 31], 200:] = 1
    found = interlocking.backbone(wide(table), sizes=sizes)
    shared = interlocking.links(wide(table))
    assert found.select("origin", "destination", "firms").equals(
        shared.select("origin", "destination", "firms")
    )
    beyond = found.filter(pl.col("sdsm_q") < 0.05)
    assert beyond.select("origin", "destination").rows() == [("c017", "c031")]
    uncorrected = interlocking.backbone(wide(table), sizes=sizes, correction="none")
    assert uncorrected.select("sdsm_p", "sdsm_q").equals(found.select("sdsm_p", sdsm_q="sdsm_p"))
    assert uncorrected.filter(pl.col("sdsm_q") < 0.05).height > 1


@pytest.mark.parametrize(
    ("table", "error", "words"),
    [
        (
            {"city": ["A"], "firms": ["x"], "value": [1]},
            UnknownNameError,
            "no column 'firm'; did you mean 'firms'",
        ),
        (
            {"city": ["A"], "firm": ["x"], "value": ["3a"]},
            FormatError,
            r"'3a' in row 1 of 'value'.*0 \(no off",
        ),
        ({"city": ["A"], "firm": ["x"], "value": [-1]}, FormatError, "-1 in row 1"),
        ({"city": ["A"], "firm": ["x"], "value": [float("nan")]}, FormatError, "nan in row 1"),
        ({"city": ["A"], "firm": ["x"], "value": [None]}, FormatError, "an empty cell in row 1"),
        ({"city": [None], "firm": ["x"], "value": [1]}, FormatError, "row 1 names no city"),
        ({"city": ["A"], "firm": [None], "value": [1]}, FormatError, "row 1 names no firm"),
        (
            {"city": ["A", "B", "A"], "firm": ["x", "x", "x"], "value": [1, 2, 3]},
            FormatError,
            "1 offices stand twice; the first is 'x' in 'A', rows 1 and 3",
        ),
        (
            {"city": ["A", "B"], "firm": ["x", "x"], "value": [1, 2], "sector": ["law", "ads"]},
            FormatError,
            "the firm 'x' has the sectors 'ads' and 'law'",
        ),
        ({"city": ["A", "A"], "x": [1, 2]}, FormatError, "the city 'A' has 2 rows of the matrix"),
        (
            {"city": ["A", "B"], "x": [1, 2], "Year": [1, 2]},
            FormatError,
            "'Year' of the matrix would be read",
        ),
        ({"city": ["A", "B"]}, FormatError, "or a matrix with the cities in its first column"),
    ],
)
def test_what_is_said_of_wrong_tables(table: dict[str, Any], error: type[Exception], words: str) -> None:
    with pytest.raises(error, match=words):
        interlocking.connectivity(pl.DataFrame(table))


def test_spaces_around_labels_are_no_part_of_them() -> None:
    rows = pl.DataFrame(
        {
            "city": ["London ", " London", "Paris"],
            "firm": ["x", " y", "y "],
            "value": [5, 2, 3],
            "sector": ["law", " ads", "ads"],
        }
    )
    found = interlocking.roster(rows)
    assert (found.cities.to_list(), found.firms.to_list()) == (["London", "Paris"], ["x", "y"])
    assert found.sectors.to_list() == ["law", "ads"]
    with pytest.raises(FormatError, match="the first is 'x' in 'A', rows 1 and 2"):
        interlocking.roster(pl.DataFrame({"city": ["A", " A "], "firm": ["x", "x"], "value": [1, 2]}))
    with pytest.raises(FormatError, match="the city 'A' has 2 rows of the matrix"):
        interlocking.roster(pl.DataFrame({"city": ["A", " A "], "x": [1, 2]}))
    with pytest.raises(FormatError, match="row 2 names no city"):
        interlocking.roster(pl.DataFrame({"city": ["A", "  "], "x": [1, 2]}))


def test_the_first_row_of_a_matrix_may_tell_sectors() -> None:
    texts = wide(TOY["values"]).cast(pl.String)
    row = pl.DataFrame({"city": [" Sector"], "f000": ["law "], "f001": ["ads"], "f002": [""]})
    found = interlocking.roster(pl.concat([row, texts]))
    assert found.sectors.to_list() == ["law", "ads", None]
    assert interlocking.connectivity(found).equals(interlocking.connectivity(texts))
    other = interlocking.roster(pl.concat([row, texts]), sectors={"f002": "law"})
    assert other.sectors.to_list() == [None, None, "law"]
    wrong = pl.concat([row, texts.with_columns(f001=pl.lit("many"))])
    with pytest.raises(FormatError, match="'many' in row 2 of 'f001'"):
        interlocking.roster(wrong)


def test_a_table_of_another_library_is_told_apart() -> None:
    table = pl.DataFrame({"city": ["A"], "x": [1]})
    frame = type("DataFrame", (), {"__module__": "pandas"})()
    with pytest.raises(FormatError, match=r"got a pandas DataFrame; polars\.from_pandas\(frame\) makes one"):
        interlocking.connectivity(frame)
    with pytest.raises(FormatError, match=r"got a polars LazyFrame; \.collect\(\) makes one"):
        interlocking.links(table.lazy())  # type: ignore[arg-type]


@given(st.lists(st.integers(0, 9), max_size=30))
def test_both_ways_of_sorting_are_one(keys: list[int]) -> None:
    numbers = np.array(keys, dtype=np.int64)
    packed, plain = (interlocking._ascending(numbers, below) for below in (10, 2**62))  # noqa: SLF001
    assert packed[0].tolist() == plain[0].tolist() == sorted(range(len(keys)), key=lambda k: (keys[k], k))
    assert packed[1].tolist() == plain[1].tolist() == sorted(keys)
