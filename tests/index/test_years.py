"""An index over years: one scale, gaps along time, clear refusals; and the five years of ASEM."""

import os
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest

from cosmopolis.errors import FormatError, SpecError, UnknownNameError
from cosmopolis.index import data, engine, panel, years
from cosmopolis.index.spec import Spec, from_mapping, from_toml

WORDS = """
id = "v"
data = { year = "year" }
[[indicator]]
id = "air"
parent = "v"
[[indicator]]
id = "delay"
parent = "v"
direction = -1
"""
SPEC = from_toml(WORDS)
FRAME = pl.DataFrame(
    {
        "unit": ["A", "B", "C"] * 3,
        "year": [2020] * 3 + [2021] * 3 + [2022] * 3,
        "air": [1.0, 3.0, 5.0, 1.0, 3.0, 9.0, 1.0, None, 9.0],
        "delay": [8.0, 6.0, 4.0, 8.0, 7.0, 2.0, 8.0, 5.0, 6.0],
    }
)


def _series(made: years.Years, unit: str, node: str = "v") -> list[float | None]:
    chosen = made.scores.filter((pl.col("unit") == unit) & (pl.col("node") == node))
    return chosen["score"].to_list()


def test_pooled_goalposts_are_worked_by_hand() -> None:
    made = years.build(SPEC, FRAME)
    assert made.goalposts == {"air": (1.0, 9.0), "delay": (2.0, 8.0)}
    assert _series(made, "A") == [0.0, 0.0, 0.0]
    assert _series(made, "C") == pytest.approx([(50 + 200 / 3) / 2, 100.0, (100 + 100 / 3) / 2])
    assert list(made.builds) == [2020, 2021, 2022]
    assert made.filled == 0


def test_a_unit_that_stands_still_falls_only_on_own_scales() -> None:
    still = FRAME.with_columns(
        air=pl.when(pl.col("unit") == "B").then(3.0).otherwise("air"),
        delay=pl.when(pl.col("unit") == "B").then(6.0).otherwise("delay"),
    )
    assert len(set(_series(years.build(SPEC, still), "B"))) == 1
    assert len(set(_series(years.build(SPEC, still, goalposts=2020), "B"))) == 1
    assert len(set(_series(years.build(SPEC, still, goalposts=None), "B"))) > 1


def test_frozen_scores_stay_when_a_year_comes() -> None:
    before = years.build(SPEC, FRAME.filter(pl.col("year") < 2022), goalposts=2020)
    after = years.build(SPEC, FRAME, goalposts=2020)
    assert after.scores.filter(pl.col("year") < 2022).equals(before.scores)
    assert _series(after, "C")[1] == pytest.approx((200.0 + 150.0) / 2)
    assert max(_series(years.build(SPEC, FRAME, goalposts=2020, clip=True), "C")) == 100.0  # type: ignore[type-var]


def test_the_frozen_year_itself_is_the_plain_build() -> None:
    plain = engine.build(SPEC, data.from_frame(FRAME, SPEC, year=2020))
    frozen = years.build(SPEC, FRAME, goalposts=2020).builds[2020]
    own = years.build(SPEC, FRAME, goalposts=None).builds[2020]
    assert own.scores.equals(plain.scores)
    assert frozen.node_scores == pytest.approx(plain.node_scores, abs=1e-12)


def test_an_edition_freezes_the_next() -> None:
    earlier = engine.build(SPEC, data.from_frame(FRAME, SPEC, year=2021))
    made = years.build(SPEC, FRAME, goalposts=earlier.bounds())
    assert made.scores.equals(years.build(SPEC, FRAME, goalposts=2021).scores)


def test_scores_are_those_of_the_frame_level() -> None:
    made = years.build(SPEC, FRAME)
    rows = FRAME.unpivot(index=["unit", "year"], variable_name="code", value_name="value")
    scaled = panel.scale(rows, panel.goalposts(rows), directions={"delay": -1})
    means = scaled.group_by("year", "unit").agg(pl.col("value").mean()).sort("year", "unit")
    assert made.scores["score"].to_list() == pytest.approx(means["value"].to_list())


def test_gaps_are_filled_along_time() -> None:
    made = years.build(SPEC, FRAME, fill="last")
    assert made.filled == 1
    assert made.builds[2022].data.values[1].tolist() == [3.0, 5.0]
    assert years.build(SPEC, FRAME, fill="linear").filled == 0
    assert years.build(SPEC, FRAME, fill="linear", ends=True).filled == 1


def test_units_may_come_and_go_and_are_ranked_where_they_have_a_row() -> None:
    part = FRAME.filter((pl.col("unit") != "B") | (pl.col("year") == 2020))
    made = years.build(SPEC, part, fill="last")
    assert [built.units for built in made.builds.values()] == [("A", "B", "C"), ("A", "C"), ("A", "C")]


def test_denominators_are_filled_too() -> None:
    spec = from_toml(WORDS.replace('id = "air"', 'id = "air"\ndenominator = "people"'))
    people = pl.Series([1.0, 2.0, 4.0, None, 2.0, 4.0, 1.0, 2.0, 4.0])
    made = years.build(spec, FRAME.with_columns(people=people), fill="linear")
    assert made.filled == 1
    assert made.goalposts["air"] == (1.0, 2.25)


def test_trends_of_scores() -> None:
    told = years.build(SPEC, FRAME).trends()
    row = told.row(by_predicate=pl.col("unit") == "A", named=True)
    assert (row["code"], row["known"], row["slope"]) == ("v", 3, 0.0)


def test_values_that_are_the_same_in_all_years_get_the_middle() -> None:
    flat = FRAME.with_columns(air=pl.lit(7.0))
    made = years.build(SPEC, flat)
    assert made.builds[2021].normalised[:, 0].tolist() == [50.0] * 3


def _text(old: str, new: str) -> Spec:
    return from_toml(WORDS.replace(old, new))


@pytest.mark.parametrize(
    ("spec", "frame", "more", "error", "words"),
    [
        (_text('data = { year = "year" }', ""), FRAME, {}, SpecError, "names no column of years"),
        (SPEC, FRAME.rename({"year": "Year"}), {}, UnknownNameError, "did you mean 'Year'"),
        (SPEC, FRAME.with_columns(year=pl.col("year") + 0.5), {}, FormatError, "without a whole year"),
        (SPEC, FRAME.clear(), {}, SpecError, "there are no rows"),
        (SPEC, FRAME, {"goalposts": 2019}, UnknownNameError, "no year 2019; there are 2020, 2021, 2022"),
        (SPEC, FRAME, {"goalposts": "poled"}, UnknownNameError, "did you mean 'pooled'"),
        (SPEC, FRAME, {"goalposts": {"air": (0, 9)}}, SpecError, "no goalposts of 'delay'"),
        (SPEC, FRAME, {"goalposts": {"airs": (0, 9)}}, UnknownNameError, "did you mean 'air'"),
        (
            SPEC,
            FRAME.with_columns(air=pl.when(pl.col("year") == 2020).then(1.0).otherwise("air")),
            {"goalposts": 2020},
            SpecError,
            "both 1, and other years have other values",
        ),
        (SPEC, FRAME.with_columns(air=pl.lit(None, dtype=pl.Float64)), {}, SpecError, "in any year"),
        (
            _text(
                "direction = -1",
                'direction = -1\n[[step]]\nname = "normalise"\nmethod = "rank"\n[[step]]\nname = "aggregate"',
            ),
            FRAME,
            {},
            SpecError,
            "normalising by 'rank', which goalposts cannot replace",
        ),
    ],
)
def test_what_cannot_be_is_said(
    spec: Spec, frame: pl.DataFrame, more: dict[str, Any], error: type[Exception], words: str
) -> None:
    with pytest.raises(error, match=words):
        years.build(spec, frame, **more)


# --- ASEM: 51 countries, 49 indicators, five years


@pytest.fixture(scope="module")
def asem() -> tuple[Spec, pl.DataFrame]:
    place = Path(os.environ.get("COSMOPOLIS_DATA", Path(__file__).parents[3] / "shared" / "data"))
    folder = place / "coinr-asem"
    if not (folder / "ASEM_iData_p.csv").is_file():
        pytest.skip("ASEM_iData_p.csv is not there; set COSMOPOLIS_DATA to the folder that holds coinr-asem")
    mapping = {
        "data": {
            "file": "ASEM_iData_p.csv",
            "metadata": "ASEM_iMeta.csv",
            "unit": "uCode",
            "name": "uName",
            "year": "Time",
        },
        "step": [{"name": "denominate"}, {"name": "normalise"}, {"name": "aggregate"}],
    }
    spec = from_mapping(mapping, folder=folder)
    return spec, data.read(spec, folder)


def test_asem_over_five_years(asem: tuple[Spec, pl.DataFrame]) -> None:
    spec, frame = asem
    holes = frame.with_columns(
        Renew=pl.when((pl.col("uCode") == "AUT") & (pl.col("Time") == "2020")).then(None).otherwise("Renew")
    )
    made = years.build(spec, holes, fill="linear", ends=True)
    assert list(made.builds) == [2018, 2019, 2020, 2021, 2022]
    assert made.scores.height == 5 * 51 * len(made.builds[2018].nodes)
    normalised = np.concatenate([built.normalised for built in made.builds.values()])
    assert np.nanmin(normalised, axis=0) == pytest.approx(np.zeros(49), abs=1e-9)
    assert np.nanmax(normalised, axis=0) == pytest.approx(np.full(49, 100.0))
    assert made.filled == 1  # its own 64 gaps are the same in all years
    told = made.trends()
    assert told["known"].unique().to_list() == [5]
    assert (told["slope_low"] <= told["slope_high"]).all()


def test_asem_pooled_scores_are_recomputed_from_the_file(asem: tuple[Spec, pl.DataFrame]) -> None:
    spec, frame = asem
    made = years.build(spec, frame)
    renew = frame.select(
        "uCode", pl.col("Time").cast(pl.Int64), pl.col("Renew").cast(pl.Float64, strict=False)
    )
    least, most = renew["Renew"].min(), renew["Renew"].max()
    assert made.goalposts["Renew"] == (least, most)
    at = spec.codes.index("Renew")
    for year, built in made.builds.items():
        own = renew.filter(pl.col("Time") == year).sort("uCode")["Renew"].to_numpy()
        expected = 100 * (own - least) / (most - least)  # type: ignore[operator]
        assert built.normalised[:, at] == pytest.approx(expected, nan_ok=True)


def test_asem_2018_frozen_is_asem_2018(asem: tuple[Spec, pl.DataFrame]) -> None:
    spec, frame = asem
    frozen = years.build(spec, frame, goalposts=2018).builds[2018]
    plain = engine.build(spec, data.from_frame(frame, spec, year=2018))
    assert frozen.node_scores == pytest.approx(plain.node_scores, abs=1e-9)
