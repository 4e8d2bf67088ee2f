"""Panels: gaps along time, goalposts that stay, trends against SciPy, and the five years of ASEM."""

import os
from pathlib import Path
from typing import Literal

import numpy as np
import polars as pl
import pytest
import scipy.stats
from hypothesis import given
from hypothesis import strategies as st

from cosmopolis.errors import FormatError, SpecError, UnknownNameError
from cosmopolis.index import impute, panel

YEARS = [2018, 2019, 2020, 2021, 2022]
NAN = float("nan")


def _panel(series: dict[tuple[str, str], list[float | None]], years: list[int] = YEARS) -> pl.DataFrame:
    return pl.DataFrame(
        [
            (unit, year, code, x)
            for (unit, code), of in series.items()
            for year, x in zip(years, of, strict=True)
        ],
        schema={"unit": pl.String, "year": pl.Int64, "code": pl.String, "value": pl.Float64},
        orient="row",
    )


SERIES: dict[tuple[str, str], list[float | None]] = {
    ("A", "x"): [1.0, None, None, 4.0, None],
    ("B", "x"): [None, None, 7.0, None, None],
    ("C", "x"): [None] * 5,
    ("A", "y"): [5.0, 4.0, 3.0, 2.0, 1.0],
}


def _values(frame: pl.DataFrame, unit: str, code: str) -> list[float | None]:
    chosen = frame.filter((pl.col("unit") == unit) & (pl.col("code") == code)).sort("year")
    return chosen["value"].to_list()


def test_gaps_are_filled_from_the_units_own_years() -> None:
    inner = panel.fill(_panel(SERIES))
    assert _values(inner, "A", "x") == [1.0, 2.0, 3.0, 4.0, None]
    held = panel.fill(_panel(SERIES), ends=True)
    assert _values(held, "A", "x") == [1.0, 2.0, 3.0, 4.0, 4.0]
    last = panel.fill(_panel(SERIES), how="last")
    assert _values(last, "A", "x") == [1.0, 1.0, 1.0, 4.0, 4.0]


@pytest.mark.parametrize(
    ("how", "ends", "expected"),
    [
        ("linear", False, [None, None, 7.0, None, None]),
        ("linear", True, [7.0] * 5),
        ("last", False, [None, None, 7.0, 7.0, 7.0]),
    ],
)
def test_a_series_with_one_value_does_not_crash(
    how: Literal["linear", "last"], *, ends: bool, expected: list[float | None]
) -> None:
    filled = panel.fill(_panel(SERIES), how=how, ends=ends)
    assert _values(filled, "B", "x") == expected
    assert _values(filled, "C", "x") == [None] * 5


def test_estimates_are_marked_and_data_stay() -> None:
    given_, filled = _panel(SERIES), panel.fill(_panel(SERIES), ends=True)
    joined = given_.join(filled, on=["unit", "year", "code"], suffix="_filled")
    known = joined.drop_nulls("value")
    assert (known["value"] == known["value_filled"]).all()
    assert not known["filled"].any()
    assert filled["filled"].sum() == 3 + 4


def test_years_of_the_axis_may_be_named() -> None:
    wide = panel.fill(_panel(SERIES), years=range(2017, 2024))
    assert wide["year"].unique().sort().to_list() == list(range(2017, 2024))
    assert _values(wide, "A", "y")[0] is None
    with pytest.raises(FormatError, match="has the year 2022"):
        panel.fill(_panel(SERIES), years=YEARS[:-1])


def test_each_level_of_filling_equals_the_one_below() -> None:
    filled = panel.fill(_panel(SERIES))
    for (unit, code), of in SERIES.items():
        series = np.array([NAN if x is None else x for x in of])
        expected = impute.along(series, YEARS)
        assert _values(filled, unit, code) == [None if np.isnan(x) else x for x in expected]


# --- goalposts


def test_goalposts_of_a_year_and_of_all() -> None:
    rows = _panel(SERIES)
    assert panel.goalposts(rows) == {"x": (1.0, 7.0), "y": (1.0, 5.0)}
    assert panel.goalposts(rows, year=2021) == {"x": (4.0, 4.0), "y": (2.0, 2.0)}
    with pytest.raises(UnknownNameError, match="no year 2023; there are 2018, 2019"):
        panel.goalposts(rows, year=2023)


def test_a_new_year_does_not_move_scores_on_frozen_goalposts() -> None:
    rows = _panel({("A", "x"): [1.0, 2.0], ("B", "x"): [3.0, 5.0]}, [2020, 2021])
    more = pl.concat([rows, _panel({("A", "x"): [50.0]}, [2022])])
    frozen = panel.goalposts(rows, year=2020)
    before, after = panel.scale(rows, frozen), panel.scale(more, frozen)
    assert after.filter(pl.col("year") < 2022).equals(before)
    assert _values(before, "B", "x") == [100.0, 200.0]
    assert _values(panel.scale(rows, frozen, clip=True), "B", "x") == [100.0, 100.0]
    pooled = panel.goalposts(more)
    assert not panel.scale(more, pooled).filter(pl.col("year") < 2022).equals(before)


def test_a_unit_that_stands_still_keeps_its_score() -> None:
    rows = _panel({("A", "x"): [2.0, 2.0], ("B", "x"): [3.0, 9.0], ("C", "x"): [1.0, 1.0]}, [2020, 2021])
    scaled = panel.scale(rows, panel.goalposts(rows))
    assert _values(scaled, "A", "x")[0] == _values(scaled, "A", "x")[1]


def test_pooled_scores_span_the_range_in_the_right_direction() -> None:
    rows = _panel(SERIES)
    up = panel.scale(rows, panel.goalposts(rows), low=1.0)
    down = panel.scale(rows, panel.goalposts(rows), directions={"y": -1})
    assert _values(up, "A", "y") == [100.0, 75.25, 50.5, 25.75, 1.0]
    assert _values(down, "A", "y") == [0.0, 25.0, 50.0, 75.0, 100.0]
    assert _values(down, "A", "x") == _values(panel.scale(rows, panel.goalposts(rows)), "A", "x")


def test_goalposts_that_are_wrong_are_said() -> None:
    rows = _panel(SERIES)
    with pytest.raises(UnknownNameError, match="no goalposts of 'y'"):
        panel.scale(rows, {"x": (0.0, 1.0)})
    with pytest.raises(SpecError, match="the lower one first"):
        panel.scale(rows, {"x": (1.0, 0.0), "y": (0.0, 1.0)})
    with pytest.raises(SpecError, match="direction 2"):
        panel.scale(rows, panel.goalposts(rows), directions={"x": 2})
    with pytest.raises(UnknownNameError, match="no code 'z'"):
        panel.scale(rows, panel.goalposts(rows), directions={"z": 1})
    flat = _panel({("A", "x"): [3.0, 3.0, None]}, [2020, 2021, 2022])
    assert _values(panel.scale(flat, panel.goalposts(flat)), "A", "x") == [50.0, 50.0, None]


# --- trends

NUMBERS = st.one_of(st.none(), st.integers(-1000, 1000).map(float))


@given(st.lists(NUMBERS, min_size=5, max_size=5), st.sampled_from([0.5, 0.9, 0.95]))
def test_the_slope_is_that_of_scipy(series: list[float | None], level: float) -> None:
    values = np.array([NAN if x is None else x for x in series])
    found = panel.trend(values, YEARS, level=level)
    known = ~np.isnan(values)
    t, x = np.array(YEARS, dtype=float)[known], values[known]
    assert found.known.tolist() == [known.sum()]
    if len(x) < 2:
        assert np.isnan(found.slope).all()
        return
    fit = scipy.stats.linregress(t, x)
    size = 1e-9 * max(1.0, float(np.abs(x).max()))
    assert found.slope[0] == pytest.approx(fit.slope, abs=size)
    if len(x) < 3:
        assert np.isnan(found.low).all()
        return
    if np.ptp(x) == 0:
        assert (found.low[0], found.high[0]) == pytest.approx((0.0, 0.0), abs=1e-9)
        return
    reach = scipy.stats.t.ppf((1 + level) / 2, len(x) - 2) * fit.stderr
    assert found.low[0] == pytest.approx(fit.slope - reach, abs=1e-5)
    assert found.high[0] == pytest.approx(fit.slope + reach, abs=1e-5)


def test_growth_is_that_of_compound_interest() -> None:
    money = np.array([100.0 * 1.03**year for year in range(5)])
    assert panel.growth(money, YEARS) == pytest.approx(0.03)
    money[[1, 4]] = NAN
    assert panel.growth(money, YEARS) == pytest.approx(0.03)
    table = np.array([[1.0, NAN, NAN], [0.0, 1.0, 2.0], [1.0, 2.0, -1.0], [NAN] * 3, [4.0, 9.0, 1.0]])
    grown = panel.growth(table, [2020, 2021, 2022])
    assert np.isnan(grown[:4]).all()
    assert grown[4] == pytest.approx(-0.5)


def test_trends_of_a_frame_are_those_of_the_series() -> None:
    told = panel.trends(_panel(SERIES))
    assert told.columns == [
        "unit", "code", "known", "first_year", "last_year", "growth", "slope", "slope_low", "slope_high",
    ]  # fmt: skip
    rows = {(r["unit"], r["code"]): r for r in told.iter_rows(named=True)}
    assert rows["C", "x"] | {"unit": "", "code": ""} == dict.fromkeys(told.columns) | {
        "unit": "", "code": "", "known": 0,
    }  # fmt: skip
    assert (rows["B", "x"]["first_year"], rows["B", "x"]["slope"]) == (2020, None)
    assert (rows["A", "x"]["slope"], rows["A", "x"]["slope_low"]) == (pytest.approx(1.0), None)
    assert rows["A", "y"]["slope_high"] == pytest.approx(-1.0)


def test_panels_that_are_wrong_are_said() -> None:
    rows = _panel(SERIES)
    with pytest.raises(UnknownNameError, match="no column 'year'; did you mean 'years'"):
        panel.fill(rows.rename({"year": "years"}))
    with pytest.raises(FormatError, match="unit 'A' has more than one value of 'x' in 2018"):
        panel.fill(pl.concat([rows, rows.head(1)]))
    with pytest.raises(FormatError, match="years are String"):
        panel.fill(rows.cast({"year": pl.String}))
    with pytest.raises(FormatError, match="values are String"):
        panel.fill(rows.cast({"value": pl.String}))
    with pytest.raises(FormatError, match="no unit, year or code"):
        panel.fill(rows.with_columns(code=pl.lit(None, dtype=pl.String)))
    with pytest.raises(FormatError, match="has inf of 'x'"):
        panel.fill(_panel({("A", "x"): [float("inf")]}, [2020]))
    with pytest.raises(FormatError, match="ascending"):
        panel.trend(np.zeros(2), [2021, 2020])
    with pytest.raises(FormatError, match="got 3 values"):
        panel.growth(np.zeros(3), [2020, 2021])
    with pytest.raises(SpecError, match="between 0 and 1"):
        panel.trend(np.zeros(2), [2020, 2021], level=95)


def test_an_empty_panel_stays_empty() -> None:
    nothing = _panel({})
    assert panel.fill(nothing).is_empty()
    assert panel.trends(nothing).is_empty()
    assert panel.goalposts(nothing) == {}
    assert panel.scale(nothing, {}).is_empty()


# --- ASEM: 51 countries, 49 indicators, five years


@pytest.fixture(scope="module")
def asem() -> pl.DataFrame:
    place = Path(os.environ.get("COSMOPOLIS_DATA", Path(__file__).parents[3] / "shared" / "data"))
    file = place / "coinr-asem" / "ASEM_iData_p.csv"
    if not file.is_file():
        pytest.skip("ASEM_iData_p.csv is not there; set COSMOPOLIS_DATA to the folder that holds coinr-asem")
    return pl.read_csv(file, null_values="NA", infer_schema_length=None)


def _long(wide: pl.DataFrame) -> pl.DataFrame:
    groups = [name for name in wide.columns if name.endswith("_group")]
    return (
        wide.drop("uName", *groups)
        .rename({"uCode": "unit", "Time": "year"})
        .with_columns(pl.exclude("unit", "year").cast(pl.Float64))
        .unpivot(index=["unit", "year"], variable_name="code", value_name="value")
    )


def test_asem_is_filled_along_its_years(asem: pl.DataFrame) -> None:
    rows = _long(asem).sort("unit", "code", "year").with_row_index()
    hole = pl.col("index") % 7 == 0
    rows = rows.with_columns(value=pl.when(hole).then(None).otherwise("value")).drop("index")
    filled = panel.fill(rows, ends=True)
    assert filled.height == rows.height == 51 * 5 * 53
    gaps = filled["value"].null_count()
    empty = rows.group_by("unit", "code").agg(pl.col("value").count()).filter(pl.col("value") == 0).height
    assert gaps == 5 * empty
    assert filled["filled"].sum() == rows["value"].null_count() - gaps > 1000
    joined = rows.drop_nulls("value").join(filled, on=["unit", "year", "code"])
    assert (joined["value"] == joined["value_right"]).all()


def test_asem_scores_of_years_are_comparable(asem: pl.DataFrame) -> None:
    rows = _long(asem)
    pooled, frozen = panel.goalposts(rows), panel.goalposts(rows, year=2018)
    assert all(pooled[c][0] <= frozen[c][0] <= frozen[c][1] <= pooled[c][1] for c in frozen)
    scaled = panel.scale(rows, frozen).filter(pl.col("year") == 2018)
    assert scaled.group_by("code").agg(pl.col("value").min()).get_column("value").to_list() == [0.0] * 53
    assert panel.scale(rows, pooled)["value"].is_between(0.0, 100.0).sum() == rows["value"].count()


def test_asem_trends(asem: pl.DataFrame) -> None:
    told = panel.trends(_long(asem))
    lpi = asem.filter(pl.col("uCode") == "AUT").sort("Time")["LPI"].to_numpy()
    row = told.row(by_predicate=(pl.col("unit") == "AUT") & (pl.col("code") == "LPI"), named=True)
    assert row["slope"] == pytest.approx(np.polyfit(YEARS, lpi, 1)[0], rel=1e-6)
    assert row["growth"] == pytest.approx((lpi[-1] / lpi[0]) ** 0.25 - 1)
    assert row["slope_low"] < row["slope"] < row["slope_high"]
