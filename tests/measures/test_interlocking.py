"""Cities of the interlocking network: draws taken by hand, bounds that are known, residuals by NumPy."""

from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cosmopolis.errors import FormatError, SpecError, UnknownNameError
from cosmopolis.measures import interlocking
from cosmopolis.networks.interlocking import connectivity, roster

TOY = pl.DataFrame({"city": list("ABCD"), "x": [5, 4, 2, 0], "y": [4, 3, 0, 3], "z": [3, 0, 2, 1]})


def _random(cities: int = 12, firms: int = 20, *, seed: int = 4, most: int = 5) -> pl.DataFrame:
    draw = np.random.default_rng(seed)
    size = (cities, firms)
    table = draw.integers(1, most + 1, size) * (draw.random(size) < np.linspace(0.9, 0.1, cities)[:, None])
    return pl.DataFrame(
        {"city": [f"c{k:02}" for k in range(cities)], **{f"f{k}": c for k, c in enumerate(table.T)}}
    )


def _ranks(frame: pl.DataFrame) -> dict[str, int]:
    return dict(connectivity(frame).select("city", "rank").iter_rows())


def test_the_calls_that_the_page_shows_run_and_have_the_columns_it_names() -> None:
    page = (Path(__file__).parents[2] / "docs" / "methods" / "interlocking.md").read_text(encoding="utf-8")
    code = page.split("```python\n")[1].split("```")[0]
    names: dict[str, Any] = {}
    exec(code, names)  # noqa: S102 - our own page
    checked = 0
    for line in code.splitlines():
        call, _, said = line.partition("  # ")
        columns = said.strip().split(";")[0].split(", ")
        if line.startswith(("interlocking.", "measures.")) and columns[0] in {"city", "origin"}:
            assert eval(call, names).columns == columns, call  # noqa: S307 - our own page
            checked += 1
    assert checked == 7


def test_a_firm_that_is_drawn_twice_counts_twice(monkeypatch: pytest.MonkeyPatch) -> None:
    """The one product of matrices is the connectivity of a table whose columns are repeated."""
    times = np.array([[2, 0, 1], [0, 3, 0]])

    class Draw:
        def multinomial(
            self, n: int, p: list[float], size: int
        ) -> np.ndarray[tuple[int, int], np.dtype[np.int64]]:
            assert (n, np.shape(p), size) == (3, (3,), 2)
            return times

    monkeypatch.setattr(interlocking, "stream", lambda name, seed: Draw())  # noqa: ARG005
    found = interlocking.by_firms(TOY, draws=2, level=0.9)
    expected = []
    for row in times:
        columns = {f"{name}{k}": TOY[name] for name, n in zip("xyz", row, strict=True) for k in range(n)}
        expected.append(connectivity(pl.DataFrame({"city": TOY["city"], **columns})).sort("city"))
    own = connectivity(TOY).sort("city")
    for name in ("relative", "rank"):
        # A city without connectivity in a draw stands behind all others of the four: three have some.
        drawn = np.column_stack([frame[name].fill_null(4).to_numpy() for frame in (*expected, own)])
        assert found[f"{name}_low"].to_list() == pytest.approx(drawn.min(axis=1).tolist())
        assert found[f"{name}_high"].to_list() == pytest.approx(drawn.max(axis=1).tolist())


def test_firms_are_drawn_within_their_sectors() -> None:
    """Each sector serves a city of its own: within sectors no draw changes how many firms a city has."""
    table = pl.DataFrame(
        {
            "city": ["A"] * 6 + ["B"] * 6 + ["C"] * 12,
            "firm": [f"f{k}" for k in range(12)] + [f"f{k}" for k in range(12)],
            "value": [2] * 6 + [1] * 6 + [2] * 6 + [2] * 6,
            "sector": (["law"] * 6 + ["ads"] * 6) * 2,
        }
    )
    within = interlocking.by_firms(table, draws=100)
    assert within.filter(pl.col("city") == "A").select("relative_low", "relative_high").row(0) == (
        2 / 3,
        2 / 3,
    )
    across = interlocking.by_firms(table, draws=100, within_sectors=False)
    assert across.filter(pl.col("city") == "A").select(
        pl.col("relative_low") < 0.6, pl.col("relative_high") > 0.7
    ).row(0) == (True, True)


def test_no_draw_says_anything_of_one_firm() -> None:
    found = interlocking.by_firms(TOY.select("city", "x"), draws=10)
    assert found.drop("city").null_count().row(0) == (4, 4, 4, 4)
    empty = interlocking.by_firms(TOY.clear(), draws=10)
    assert empty.is_empty()


def test_a_bound_covers_the_roster_and_most_draws() -> None:
    frame = _random()
    for found in (interlocking.by_firms(frame), interlocking.by_codes(frame)):
        ranks = _ranks(frame)
        for city, low, high in found.select("city", "rank_low", "rank_high").iter_rows():
            assert low <= ranks[city] <= high
    narrow = interlocking.by_firms(frame, level=0.5)
    wide = interlocking.by_firms(frame, level=0.99)
    assert (narrow["rank_low"] >= wide["rank_low"]).all()
    assert (narrow["rank_high"] <= wide["rank_high"]).all()
    assert not narrow["rank_high"].equals(wide["rank_high"])


def test_draws_are_the_same_and_others_with_another_seed() -> None:
    frame = _random()
    for measure in (interlocking.by_firms, interlocking.by_codes):
        one = measure(frame, draws=30, seed=1)
        assert one.equals(measure(frame.reverse(), draws=30, seed=1))
        assert not one.equals(measure(frame, draws=30, seed=2))


def test_headquarters_and_empty_cells_stay_as_they_are() -> None:
    """With nothing but headquarters no code is in doubt, unless these are."""
    frame = pl.DataFrame({"city": list("ABC"), "x": [5, 5, 0], "y": [5, 0, 5], "z": [5, 5, 0]})
    own = connectivity(frame).sort("city")["relative"].to_list()
    fixed = interlocking.by_codes(frame, draws=40)
    assert fixed["relative_low"].to_list() == fixed["relative_high"].to_list() == own
    loose = interlocking.by_codes(frame, draws=40, headquarters=True)
    assert loose["relative_low"].to_list() != own
    hidden = interlocking.by_codes(frame, draws=40, overlooked=0.5)
    assert hidden["relative_high"].to_list() != own


@pytest.mark.parametrize("absences", [False, True])
def test_an_office_vanishes_only_where_that_is_allowed(*, absences: bool) -> None:
    frame = pl.DataFrame({"city": ["A", "B"], "x": [1, 1], "y": [3, 4]})
    found = interlocking.by_codes(frame.select("city", "x"), draws=60, absences=absences)
    low = found["relative_low"].min()
    assert (low == 0) is absences


def test_a_shift_of_all_offices_of_a_firm_moves_more_than_single_ones() -> None:
    frame = _random(30, 40, most=4)

    def width(*, together: bool) -> float:
        found = interlocking.by_codes(frame, draws=300, together=together)
        return float((found["relative_high"] - found["relative_low"]).sum())

    assert width(together=True) > width(together=False)


def test_overlooked_offices_come_with_their_probability() -> None:
    """Half of 4,000 empty cells, within five standard deviations, and never a cell with an office."""
    one = roster(pl.DataFrame({"city": range(50), **{f"f{k}": [1, *[0] * 49] for k in range(80)}}))
    cells = interlocking._overlooked(one, 0.5, np.random.default_rng(1))  # noqa: SLF001
    assert abs(len(cells) - 49 * 80 / 2) < 5 * np.sqrt(49 * 80 / 4)
    assert len(np.unique(cells)) == len(cells)
    assert (cells >= 80).all()


def test_a_city_without_connectivity_has_no_rank_and_no_bounds_of_one() -> None:
    """Nobody but A serves in law: no city is first in it."""
    table = pl.DataFrame(
        {"city": list("ABC"), "x": [5, 0, 0], "y": [3, 0, 0], "z": [4, 3, 0], "u": [1, 1, 0]}
    )
    sectors = {"x": "law", "y": "law", "z": "ads", "u": "ads"}
    found = interlocking.cities(roster(table, sectors=sectors), draws=20)
    ranks = ["rank", "rank_low", "rank_high", "rank_low_codes", "rank_high_codes", "class"]
    law = found.filter(pl.col("sector") == "law")
    assert law["city"].to_list() == ["A", "B", "C"]
    assert law.select(ranks).null_count().row(0) == (3,) * 6
    assert law.select("relative", "relative_low", "relative_high").null_count().row(0) == (3, 3, 3)
    whole = found.filter(pl.col("sector") == "all")
    assert whole["rank"].to_list() == [1, 1, None]
    assert [whole[name].null_count() for name in ranks[:5]] == [1] * 5
    assert whole["relative_high"].to_list()[2] == 0.0


@pytest.mark.parametrize(
    ("options", "error", "words"),
    [
        ({"shift": 0}, SpecError, "shift = 0"),
        ({"draws": 0}, SpecError, "draws = 0, but expected at least 1; 200 is the default"),
        ({"level": 1.0}, SpecError, "level = 1.0"),
        ({"overlooked": 1.0}, SpecError, "overlooked = 1.0"),
    ],
)
def test_wrong_options(options: dict[str, float], error: type[Exception], words: str) -> None:
    with pytest.raises(error, match=words):
        interlocking.by_codes(TOY, **options)  # type: ignore[arg-type]


def test_values_that_are_no_codes_are_not_shifted() -> None:
    with pytest.raises(FormatError, match=r"from 3.0 to 40.0; expected whole numbers from 0 to 5"):
        interlocking.by_codes(pl.DataFrame({"city": list("AB"), "x": [40, 3]}))
    found = interlocking.cities(pl.DataFrame({"city": list("AB"), "x": [40, 3], "y": [1, 1]}), draws=5)
    assert found.select("rank_low_codes", "rank_low").rows() == [(None, 1), (None, 1)]


def test_classes_are_equally_wide_on_a_logarithm() -> None:
    table = interlocking.cut_offs(0.5, ["one", "two", "three"])
    assert table.rows() == [("one", 0.5), ("two", 0.25), ("three", 0.125)]
    relative = pl.Series([1.0, 0.5, 0.4999, 0.25, 0.125, 0.1249, 0.0, None])
    found = interlocking.classify(relative, ratio=0.5, classes=["one", "two", "three"])
    assert found.to_list() == ["one", "one", "two", "two", "three", None, None, None]
    with pytest.raises(SpecError, match=r"class ratio of 1\.5"):
        interlocking.cut_offs(1.5)


@given(st.integers(0, 10_000))
@settings(deadline=None, max_examples=25)
def test_hinterworlds_are_residuals_of_least_squares(seed: int) -> None:
    frame = _random(8, 6, seed=seed)
    table = frame.drop("city").to_numpy().astype(float)
    both = table @ table.T
    gnc = both.sum(axis=1) - both.diagonal()
    found = interlocking.hinterworlds(frame)
    assert found.height == 8 * 7
    for a in range(8):
        others = [b for b in range(8) if b != a]
        design = np.column_stack([np.ones(7), gnc[others]])
        fit, *_ = np.linalg.lstsq(design, both[a, others], rcond=None)
        error = both[a, others] - design @ fit
        own = found.filter(pl.col("city") == f"c{a:02}").sort("other")
        assert own["links"].to_list() == both[a, others].tolist()
        assert own["residual"].to_numpy() == pytest.approx(error, abs=1e-6)
        if (error**2).sum() > 1e-6:
            scale = np.sqrt((error**2).sum() / 5)
            assert own["standardised"].to_numpy() == pytest.approx(error / scale, abs=1e-6)
        assert sorted(own["position"]) == list(range(1, 8))


def test_a_planted_hinterworld_is_found() -> None:
    """Nine firms of a region serve only its two cities; nothing else ties these two more than others."""
    draw = np.random.default_rng(2)
    table = (draw.random((20, 200)) < 0.3).astype(int)
    region = np.zeros((20, 40), dtype=int)
    region[[4, 15]] = 2
    both = np.hstack([table, region])
    frame = pl.DataFrame({"city": range(20), **{f"f{k}": c for k, c in enumerate(both.T)}})
    first = interlocking.hinterworlds(frame, [4]).row(0, named=True)
    assert (first["other"], first["position"]) == (15, 1)
    assert first["standardised"] > 2
    with pytest.raises(UnknownNameError, match="the roster has no city 99"):
        interlocking.hinterworlds(frame, [99])


def test_change_between_two_rosters_is_free_of_what_moves_all() -> None:
    old = pl.DataFrame({"city_id": [1, 2, 3, 9], "relative": [1.0, 0.8, 0.6, 0.1], "rank": [1, 2, 3, 4]})
    old = old.with_columns(interlocking.classify(old["relative"]))
    new = pl.DataFrame({"city_id": [1, 2, 3, 8], "relative": [1.0, 0.6, 0.5, 0.2], "rank": [1, 2, 3, 4]})
    new = new.with_columns(interlocking.classify(new["relative"]))
    found = interlocking.change(old, new, city="city_id")
    assert found["city_id"].to_list() == [1, 2, 3, 8, 9]
    assert found["change"].to_list() == pytest.approx([0.0, -0.2, -0.1, None, None])
    assert found["standardised"].to_list() == pytest.approx(
        [1.2247449, -1.2247449, 0.0, None, None], abs=1e-6
    )
    assert found.row(1, named=True)["class_from"] == "alpha++"
    assert found.row(1, named=True)["class_to"] == "alpha"
    same = interlocking.change(old, old, city="city_id")
    assert same["change"].to_list() == [0.0] * 4
    assert same["standardised"].null_count() == 4
    with pytest.raises(FormatError, match="roster 'to': expected a Polars frame, got a polars LazyFrame"):
        interlocking.change(old, new.lazy(), city="city_id")  # type: ignore[arg-type]
    with pytest.raises(FormatError, match="roster 'to': 1 has more than one row"):
        interlocking.change(old, pl.concat([new, new]), city="city_id")


def test_all_that_is_said_of_cities_agrees_with_its_parts() -> None:
    sectors = {"x": "law", "y": "ads", "z": "law"}
    found = interlocking.cities(roster(TOY, sectors=sectors), draws=25, name="test")
    assert found.group_by("sector", maintain_order=True).len().rows() == [("all", 4), ("ads", 4), ("law", 4)]
    whole = found.filter(pl.col("sector") == "all").drop("sector")
    assert whole.select(connectivity(TOY).columns).equals(connectivity(TOY))
    codes = interlocking.by_codes(TOY, draws=25, name="test all codes")
    assert (
        whole.sort("city")
        .select(rank_low="rank_low_codes", rank_high="rank_high_codes")
        .equals(codes.select("rank_low", "rank_high"))
    )
    assert found["class"].equals(interlocking.classify(found["relative"]))
    unshifted = interlocking.cities(TOY, draws=5, shift=0)
    assert unshifted["rank_low_codes"].null_count() == 4
