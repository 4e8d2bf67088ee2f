"""Intervals of an edition: what is not varied gives points, what is varied gives bounds."""

import json
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl
import pytest
import world

from cosmopolis.edition import parse_edition
from cosmopolis.errors import SpecError
from cosmopolis.index.rollup import SCORES, Rolled, roll_up
from cosmopolis.index.tree import Indicator, Tree, parse
from cosmopolis.measures import headquarters
from cosmopolis.measures.networks import network_measures
from cosmopolis.networks.links import LINKS
from cosmopolis.pipeline.intervals import resampled, with_intervals
from cosmopolis.pipeline.networks import Woven
from cosmopolis.settings import IntervalSettings

if TYPE_CHECKING:
    from collections.abc import Callable

CITIES = range(1, 31)
BEST, ROOTLESS = 1, 30
"""A city that is first in everything; one with data in too few dimensions for a score of the root."""

NOTHING = IntervalSettings(
    replications=50, weight_noise=0.0, normalisations=["min-max"], aggregations=["arithmetic"], records=0
)

_WORDS = {"en": "x", "zh": "x"}


def _leaf(code: str, parent: str, **more: object) -> dict[str, Any]:
    leaf = {"id": code, "parent": parent, "weight": 1, "direction": 1, "name": _WORDS, "unit": _WORDS}
    return leaf | {"sources": ["s"]} | more


def _node(code: str) -> dict[str, Any]:
    return {"id": code, "parent": "v", "weight": 1, "name": _WORDS}


TREE: Tree = parse(
    {
        "id": "v",
        "name": _WORDS,
        "floor": 0.4,
        "node": [_node("links"), _node("firms"), _node("other")],
        "indicator": [
            _leaf("degree", "links", network="air", field="routes", measure="degree"),
            _leaf("strength", "links", network="air", field="routes", measure="strength", transform="log1p"),
            _leaf("services", "firms", table="headquarters", sector="services", transform="sqrt"),
            _leaf("a", "other", direction=-1),
            _leaf("b", "other"),
        ],
    }
)
LEAVES = {indicator.id: indicator for indicator in TREE.indicators}


def _woven() -> Woven:
    """Return links that are denser, and firms that are more, the lower a city's number."""
    rows = [
        ("air", "routes", 2022, a, b, 120.0 / (a + b), 1 + 60 // (a * b))
        for a in CITIES
        for b in CITIES
        if a < b and (a == BEST or a * b < 120)
    ]
    firms = [(row, city, f"f{city}-{row}", "services") for city in CITIES for row in range(40 // city)]
    return Woven(
        links=pl.DataFrame(rows, schema=LINKS, orient="row"),
        sample=pl.Series("city_id", list(CITIES), dtype=pl.Int64),
        headquarters=pl.DataFrame(firms, schema=headquarters.FIRMS, orient="row"),
    )


def _published(woven: Woven) -> Rolled:
    measures = network_measures(woven.links, measures=["degree", "strength"])
    found = {
        name: dict(measures.filter(pl.col("measure") == name).select("city_id", "value").iter_rows())
        for name in ("degree", "strength")
    }
    firms = dict(headquarters.count(woven.headquarters, "services").iter_rows())
    rng = np.random.default_rng(5)
    noise = dict(zip(CITIES, rng.random((len(CITIES), 2)).tolist(), strict=True))
    columns: dict[str, Callable[[int], float | None]] = {
        "degree": lambda city: found["degree"].get(city, 0.0),
        "strength": lambda city: found["strength"].get(city, 0.0),
        "services": lambda city: None if city > 15 else firms.get(city, 0.0),
        "a": lambda city: -9.0 if city == BEST else noise[city][0],
        "b": lambda city: 9.0 if city == BEST else noise[city][1],
    }
    values = [
        {"indicator": name, "city_id": city, "value": value(city)}
        for name, value in columns.items()
        for city in CITIES
        if city != ROOTLESS or name == "b"
    ]
    return roll_up(TREE, pl.DataFrame(values), units=CITIES, year=2026)


WOVEN = _woven()
ROLLED = _published(WOVEN)


def _scores(settings: IntervalSettings, *, threads: int | None = None) -> pl.DataFrame:
    return with_intervals(ROLLED, TREE, settings, woven=WOVEN, threads=threads)


def _width(scores: pl.DataFrame) -> float:
    return float((scores["rank_high"] - scores["rank_low"]).drop_nulls().to_numpy().mean())


def test_without_variation_an_interval_is_a_point() -> None:
    scores = _scores(NOTHING)
    assert scores["rank_low"].equals(scores["rank"].alias("rank_low"), null_equal=True)
    assert scores["rank_high"].equals(scores["rank"].alias("rank_high"), null_equal=True)


def test_nothing_else_of_the_scores_changes() -> None:
    scores = _scores(IntervalSettings(replications=100))
    assert scores.schema == SCORES
    assert scores.drop("rank_low", "rank_high").equals(ROLLED.scores.drop("rank_low", "rank_high"))


def test_bounds_are_there_where_a_score_is_and_hold_the_rank() -> None:
    scores = _scores(IntervalSettings(replications=200))
    assert scores["rank"].null_count() > 0
    for bound in ("rank_low", "rank_high"):
        assert (scores[bound].is_null() == scores["rank"].is_null()).all()
    ranked = scores.drop_nulls("rank")
    assert (ranked["rank_low"] <= ranked["rank"]).all()
    assert (ranked["rank"] <= ranked["rank_high"]).all()
    most = ranked.group_by("node").agg(pl.len(), pl.col("rank_high").max())
    assert (most["rank_high"] <= most["len"]).all()  # a city without a score is in nobody's way


def test_a_city_without_a_score_above_has_one_below() -> None:
    of = dict(
        _scores(IntervalSettings(replications=50))
        .filter(pl.col("city_id") == ROOTLESS)
        .select("node", "rank_high")
        .iter_rows()
    )
    assert of["v"] is None
    assert of["firms"] is None
    assert of["other"] is not None


@pytest.mark.parametrize("aggregation", ["arithmetic", "geometric", "harmonic"])
@pytest.mark.parametrize("normalisation", ["min-max", "percentile-rank"])
def test_the_first_in_everything_is_first_for_sure(aggregation: str, normalisation: str) -> None:
    settings = IntervalSettings(
        replications=100, normalisations=[normalisation], aggregations=[aggregation], records=0
    )
    best = _scores(settings).filter(pl.col("city_id") == BEST)
    assert best.height == 4
    assert set(best["rank_low"]) == set(best["rank_high"]) == {1}


def test_the_same_settings_give_the_same_and_threads_do_not_matter() -> None:
    settings = IntervalSettings(replications=300)
    first = _scores(settings, threads=1)
    assert first.equals(_scores(settings, threads=4))
    assert not first.equals(_scores(IntervalSettings(replications=300, seed="others")))


def test_more_noise_makes_wider_intervals() -> None:
    widths = [
        _width(_scores(replace(NOTHING, replications=300, weight_noise=noise))) for noise in (0.05, 0.3, 0.9)
    ]
    assert widths == sorted(widths)
    assert widths[0] < widths[-1]


@pytest.mark.parametrize(
    "more",
    [
        {"records": 20},
        {"normalisations": ["min-max", "percentile-rank"]},
        {"aggregations": ["arithmetic", "harmonic"]},
    ],
)
def test_each_choice_makes_intervals_of_points(more: dict[str, Any]) -> None:
    assert _width(_scores(replace(NOTHING, replications=200, **more))) > 0


def test_without_replications_there_are_no_intervals() -> None:
    assert _scores(IntervalSettings(replications=0))["rank_low"].is_null().all()


@pytest.mark.parametrize("code", ["degree", "strength", "services"])
def test_draws_of_records_lie_around_the_value(code: str) -> None:
    drawn = resampled(LEAVES[code], WOVEN, WOVEN.sample, records=400, seed="x")
    assert drawn is not None
    published = ROLLED.indicators.filter(pl.col("indicator") == code).sort("city_id")["value"]
    known = published.is_not_null().to_numpy() & (published.fill_null(0).to_numpy() > 0)
    value = published.fill_null(0).to_numpy()[known]
    mean, error = drawn.mean(axis=0)[known], drawn.std(axis=0)[known] / np.sqrt(400)
    assert (abs(mean - value) <= 5 * error + 1e-9).all()
    assert (drawn >= 0).all()
    assert drawn.std(axis=0)[known].max() > 0


def test_a_city_without_records_has_none_in_any_draw() -> None:
    sample = pl.Series("city_id", [2, 777], dtype=pl.Int64)
    drawn = resampled(LEAVES["degree"], WOVEN, sample, records=5, seed="x")
    assert drawn is not None
    assert drawn[:, 1].tolist() == [0.0] * 5


@pytest.mark.parametrize(
    "more",
    [
        {},
        {"network": "air", "field": "routes", "measure": "betweenness"},
        {"network": "rail", "field": "reach", "measure": "degree"},
        {"table": "trade_share"},
        {"network": "sea", "field": "port_pairs", "measure": "strength"},  # no link of it
    ],
)
def test_what_is_no_count_of_records_is_not_drawn(more: dict[str, str]) -> None:
    given = parse({"id": "v", "name": _WORDS, "floor": 0, "indicator": [_leaf("x", "v", **more)]})
    (indicator,) = given.indicators
    assert isinstance(indicator, Indicator)
    assert resampled(indicator, WOVEN, WOVEN.sample, records=3, seed="x") is None


def test_the_result_of_a_build_has_intervals(built: Path) -> None:
    scores = pl.read_parquet(built / "tables" / "scores.parquet")
    assert scores["rank_low"].is_not_null().any()
    assert (scores["rank_low"].is_null() == scores["score"].is_null()).all()
    assert (scores["rank_low"] <= scores["rank_high"]).drop_nulls().all()
    manifest = json.loads((built / "manifest.json").read_text(encoding="utf-8"))
    assert manifest["seeds"] == {
        "intervals": "intervals",
        "innovation": "innovation",
        "production": "production",
    }


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("level = 0.9 ", "level = 0.0 ", "level is 0.0, expected a share above 0"),
        ("level = 0.9 ", "level = 1.5 ", "level is 1.5, expected a share above 0"),
        ("weight_noise = 0.25", "weight_noise = 1.0", "expected a share below 1"),
        ("records = 40", "records = -1", "expected a number of at least 0"),
        ('"percentile-rank"]', '"percentile"]', "no 'percentile'.*'percentile-rank'"),
        ('["arithmetic", "geometric"]', "[]", "aggregations is empty"),
        ('seed = "intervals"', "seed = 1", "expected a text"),
    ],
)
def test_a_wrong_setting_is_one_clear_error(old: str, new: str, words: str) -> None:
    text = world.edition_text()
    assert old in text
    with pytest.raises(SpecError, match=rf"\[intervals\]: .*{words}"):
        parse_edition(text.replace(old, new, 1), where="tiny", folder=Path())


def test_the_edition_says_what_is_the_default() -> None:
    assert parse_edition(world.edition_text(), where="x", folder=Path()).intervals == IntervalSettings()
