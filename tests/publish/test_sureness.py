"""Intervals of ranks in the report: shown and said where there are any, no trace where there are none."""

import re
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from cosmopolis.publish import report as module
from cosmopolis.publish import sureness
from cosmopolis.publish.result import Result
from cosmopolis.publish.view import View
from cosmopolis.publish.words import LANGUAGES, Words

NO_BOUNDS = 13
"""Id of a city with a rank and no interval."""

SETTINGS = {
    "replications": 2000,
    "level": 0.9,
    "weight_noise": 0.25,
    "aggregations": ["arithmetic", "geometric"],
    "records": 40,
}


def _bounded(result: Result, settings: Any = None, bounds: Mapping[int, tuple[int, int]] = {}) -> Result:  # noqa: ANN401
    """Give every city but one bounds two ranks to either side, some their own; of the dimensions none."""
    root = (pl.col("node") == "vitality") & pl.col("rank").is_not_null() & (pl.col("city_id") != NO_BOUNDS)
    low, high = (pl.col("rank") - 2).clip(1, None), pl.col("rank") + 2
    for city, (lowest, highest) in bounds.items():
        own = pl.col("city_id") == city
        low, high = (pl.when(own).then(n).otherwise(e) for n, e in ((lowest, low), (highest, high)))
    scores = result.table("scores").with_columns(
        rank_low=pl.when(root).then(low).cast(pl.Int64), rank_high=pl.when(root).then(high).cast(pl.Int64)
    )
    more = {} if settings is None else {"intervals": settings}
    return replace(
        result,
        tables={**result.tables, "scores": scores},
        edition=replace(result.edition, settings={**result.edition.settings, **more}),
        shown=replace(result.shown, top=20),
    )


def _alone(result: Result) -> Result:
    """Let the second city come after the first."""
    own = (pl.col("city_id") == 2) & (pl.col("node") == "vitality")
    scores = result.table("scores").with_columns(rank=pl.when(own).then(2).otherwise("rank"))
    return replace(result, tables={**result.tables, "scores": scores})


@pytest.fixture(scope="module")
def pages(result: Result, tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    files = module.write(_bounded(result, SETTINGS), tmp_path_factory.mktemp("bounded"))
    return {language: file.read_text(encoding="utf-8") for language, file in files.items()}


@pytest.mark.parametrize("language", LANGUAGES)
def test_without_bounds_there_is_no_trace(language: str, report: dict[str, str]) -> None:
    text, w = re.sub(r"<style>.*?</style>", "", report[language], flags=re.DOTALL), Words(language)
    for key in ("intervals.title", "intervals.head", "intervals.none", "method.intervals_title"):
        assert f">{w(key)}<" not in text
    assert 'class="between"' not in text
    assert "figure-intervals" not in text
    assert w("method.limits").replace("’", "&#39;") in text or w("method.limits") in text
    assert f'<span class="number">{w("common.figure", number="1")}</span> {w("map.title")}' in text


@pytest.mark.parametrize("language", LANGUAGES)
def test_interval_stands_beside_the_rank_and_is_read_out(language: str, pages: dict[str, str]) -> None:
    text, w = pages[language], Words(language)
    cells = re.findall(r'<td class="n rank" data-v="(\d*)">(.*?)</td>', text)
    assert len(cells) == 60
    seventh = next(cell for rank, cell in cells if rank == "7")
    assert '<span aria-hidden="true">5–9</span>' in seventh
    assert f'<span class="heard">{w("intervals.heard", low=5, high=9)}</span>' in seventh
    assert next(cell for rank, cell in cells if rank == str(NO_BOUNDS)).count(w("intervals.none")) == 1
    assert "between" not in next(cell for rank, cell in cells if rank == "")
    assert text.count(f'<span class="tied">{w("common.tied")}</span>') == 2


@pytest.mark.parametrize("language", LANGUAGES)
def test_figure_comes_first_and_says_what_was_varied(language: str, pages: dict[str, str]) -> None:
    text, w = pages[language], Words(language)
    found = re.search(r"<figure>(?:(?!</figure>).)*figure-intervals.*?</figure>", text, re.DOTALL)
    assert found is not None
    figure = found.group()
    assert w("common.figure", number="1") in figure
    assert f'<span class="number">{w("common.figure", number="2")}</span> {w("map.title")}' in text
    assert {"en": "First: ", "zh": "前几位："}[language] in figure
    assert w("intervals.hollow") in figure
    assert {"en": "each weight within: ±25%", "zh": "各权重浮动范围：±25%"}[language] in figure
    assert {"en": "arithmetic and geometric", "zh": "算术平均和几何平均"}[language] in figure
    assert figure.count(">5–9<") == 1
    drawn = sum(f"{name} {n:02d}" in figure for n in range(7, 40) for name in ("Synthetic",))
    assert drawn in {24, 0}  # the first 30, of which six have other names; Chinese ones in Chinese


@pytest.mark.parametrize("language", LANGUAGES)
def test_method_and_limits_speak_of_intervals(language: str, pages: dict[str, str]) -> None:
    text, w = pages[language], Words(language)
    assert w("method.intervals", share="90%") in text
    assert w("method.limits_intervals") in text
    assert w("method.limits") not in text


@pytest.mark.parametrize(
    ("bounds", "english", "chinese"),
    [
        ((1, 1), "is first in at least nine of ten variations.", "在至少九成的变动方案中，"),
        ((1, 7), "lies between 1 and 7 in nine of ten variations.", "介于第1位与第7位之间。"),
        ((3, 3), "is 3.", "的位次为第3位。"),
    ],
)
def test_lead_is_as_sure_as_its_interval(
    bounds: tuple[int, int], english: str, chinese: str, result: Result
) -> None:
    changed = _bounded(_alone(result), bounds={1: bounds})
    assert sureness.lead(View(changed, Words("en"))).endswith(english)
    assert chinese in sureness.lead(View(changed, Words("zh")))


def test_those_that_share_the_lead_are_spoken_of_together(result: Result) -> None:
    def said(bounds: dict[int, tuple[int, int]]) -> str:
        return sureness.lead(View(_bounded(result, bounds=bounds), Words("en")))

    assert said({1: (1, 1), 2: (1, 1)}) == "Each is first in at least nine of ten variations."
    assert said({1: (1, 1), 2: (1, 4)}) == "The rank of each lies between 1 and 4 in nine of ten variations."


def test_nothing_is_said_of_a_leader_without_interval(result: Result) -> None:
    changed = _bounded(result)
    root = (pl.col("node") == "vitality") & (pl.col("city_id") == 1)
    scores = changed.table("scores").with_columns(
        pl.when(root).then(None).otherwise(name).alias(name) for name in ("rank_low", "rank_high")
    )
    assert (
        sureness.lead(View(replace(changed, tables={**changed.tables, "scores": scores}), Words("en"))) == ""
    )


def test_rivals_and_findings_are_counted(result: Result) -> None:
    view = View(_bounded(_alone(result)), Words("en"))
    assert sureness.rivals(view) == "2 other cities could also be first."
    width, stay = sureness.findings(view)
    assert "5 ranks or more" in width
    assert stay.startswith("Of the 19 cities with an interval among the first 20, 17 have")
    assert "No other" in sureness.rivals(
        View(_bounded(_alone(result), bounds={2: (2, 4), 3: (2, 5)}), Words("en"))
    )


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        (None, ""),
        ("weights", "What was varied: weights."),
        ({"en": "Weights.", "zh": "权重。"}, "Weights."),
        ({"note": {"en": "Weights.", "zh": "权重。"}, "level": 0.9}, "Weights."),
        ({"level": 0.9}, ""),
        ({"own": {"x": True}, "seed": "s"}, "What was varied: own.x: true; name of the draws: s."),
    ],
)
def test_what_was_varied_is_the_settings_own(settings: Any, said: str, result: Result) -> None:  # noqa: ANN401
    assert sureness.varied(View(_bounded(result, settings), Words("en"))) == said


def test_another_level_is_said(result: Result) -> None:
    view = View(_bounded(result, {"level": 0.8}), Words("en"))
    assert sureness.part(view) == "80% of the variations"


def test_two_cities_of_one_name_keep_their_rows(changed: Callable[..., Result], tmp_path: Path) -> None:
    cities = changed().table("cities")
    same = cities.with_columns(name=pl.when(pl.col("city_id") < 30).then(pl.lit("Twin")).otherwise("name"))
    file = module.write(_bounded(changed(cities=same)), tmp_path)["en"]
    assert file.read_text(encoding="utf-8").count(">Twin</text>") >= 29
