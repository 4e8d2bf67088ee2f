"""Figures: each is drawn, has the marks it should have, and says what it says in either language."""

from collections.abc import Callable
from typing import Any
from xml.etree import ElementTree as ET

import altair as alt
import numpy as np
import polars as pl
import pytest
import vl_convert

from cosmopolis.errors import SpecError, UnknownNameError
from cosmopolis.index import drawing, figures, importance
from cosmopolis.index.tree import LANGUAGES, Tree, parse

SVG = "{http://www.w3.org/2000/svg}"


def _drawn(chart: alt.TopLevelMixin) -> tuple[dict[str, int], list[str]]:
    """Draw a chart; return how many marks of each kind it has, apart from axes and legends, and its texts."""
    spec = chart.to_dict()
    image = vl_convert.vegalite_to_png(spec, vl_version="6.1")
    assert image[:4] == b"\x89PNG"
    assert len(image) > 2000
    svg = vl_convert.vegalite_to_svg(spec, vl_version="6.1", allowed_base_urls=[])
    root = ET.fromstring(svg)  # noqa: S314 - drawn here
    assert float(root.attrib["width"]) > 100
    marks: dict[str, int] = {}
    for group in root.iter(f"{SVG}g"):
        names = group.get("class", "").split()
        if "role-mark" in names:
            kind = names[0].removeprefix("mark-")
            marks[kind] = marks.get(kind, 0) + len(list(group))
    texts = ["".join(text.itertext()) for text in root.iter(f"{SVG}text")]
    return marks, [text for text in texts if text]


def _tree() -> Tree:
    def entry(code: str, parent: str, weight: float, en: str, zh: str) -> dict[str, object]:
        return {"id": code, "parent": parent, "weight": weight, "name": {"en": en, "zh": zh}}

    leaf = {"direction": 1, "unit": {"en": "x", "zh": "x"}, "sources": []}
    return parse(
        {
            "id": "root",
            "name": {"en": "Vitality", "zh": "活力"},
            "floor": 0.0,
            "node": [
                entry("links", "root", 3, "Strength of ties of every kind", "各类联系的总体强度与质量水平")
            ],
            "indicator": [
                entry("air", "links", 2, "Air", "航空") | leaf,
                entry("sea", "links", 1, "Sea", "航运") | leaf,
                entry("posts", "root", 1, "Embassies", "使领馆") | leaf,
            ],
        }
    )


def _ranks() -> pl.DataFrame:
    return pl.DataFrame(
        {
            "unit": [1, 2, 3, 4, 5],
            "name": ["Alpha", "Beta", "Gamma", "Gamma", "Epsilon"],
            "rank": [1, 2, 2, 4, None],
            "rank_low": [1, 1, None, 3, None],
            "rank_high": [2, 4, None, 4, None],
        }
    )


def _parts() -> pl.DataFrame:
    values = np.array([[80.0, 40.0], [60.0, 90.0], [50.0, np.nan]])
    points = importance.contributions(values, np.array([1.0, 3.0]))
    return pl.DataFrame(
        [
            {"unit": unit, "code": code, "points": float(points[i, j])}
            for i, unit in enumerate("ABC")
            for j, code in enumerate(["air", "sea"])
        ]
    ).with_columns(pl.col("points").fill_nan(None))


def _correlations(n: int) -> tuple[pl.DataFrame, list[str]]:
    codes = [f"c{i:02}" for i in range(n)]
    rows = [
        (codes[j], codes[i], None if (i, j) == (1, 0) else round(np.cos(i + j), 4))
        for i in range(n)
        for j in range(i)
    ]
    schema = {"code": pl.String, "other": pl.String, "r": pl.Float64}
    return pl.DataFrame(rows, schema=schema, orient="row"), codes


def _two_years() -> pl.DataFrame:
    return pl.DataFrame(
        {
            "unit": ["A", "B", "C", "D", "E"],
            "before": [1, 2, 3, 3, None],
            "after": [2, 1, 3, None, 90],
        }
    )


def _indices() -> pl.DataFrame:
    return pl.DataFrame(
        {
            "factor": ["weights", "scale"],
            "first": [0.3, -0.01],
            "first_low": [0.2, -0.03],
            "first_high": [0.4, 0.02],
            "total": [0.5, 0.6],
            "total_low": [0.4, None],
            "total_high": [0.6, None],
        }
    )


def _correlation_map(language: str) -> alt.TopLevelMixin:
    table, codes = _correlations(5)
    return figures.correlation_map(table, codes, language=language)


CHARTS: dict[str, Callable[[str], alt.TopLevelMixin]] = {
    "weight_tree": lambda language: figures.weight_tree(_tree(), language=language),
    "rank_intervals": lambda language: figures.rank_intervals(_ranks(), language=language),
    "contributions": lambda language: figures.contributions(_parts(), language=language),
    "correlation_map": _correlation_map,
    "slopes": lambda language: figures.slopes(_two_years(), years=(2023, 2024), language=language),
    "sensitivity": lambda language: figures.sensitivity(_indices(), language=language),
}


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("name", CHARTS)
def test_every_figure_is_drawn_in_either_language(name: str, language: str) -> None:
    _, texts = _drawn(CHARTS[name](language))
    assert texts
    chinese = any("\u4e00" <= letter <= "\u9fff" for text in texts for letter in text)
    assert chinese == (language == "zh")


@pytest.mark.parametrize("name", CHARTS)
def test_the_same_figure_twice_is_the_same(name: str) -> None:
    assert CHARTS[name]("en").to_dict() == CHARTS[name]("en").to_dict()


def test_the_tree_has_a_box_for_each_node_with_its_share() -> None:
    marks, texts = _drawn(figures.weight_tree(_tree()))
    assert marks["rect"] == 5
    assert {"Vitality", "Air", "Sea", "Embassies", "100%", "75%", "50%", "25%"} <= set(texts)
    joined = "".join(texts)
    assert "Strength of ties" in joined
    assert "every kind" in joined


def test_the_boxes_of_the_tree_fill_their_parents() -> None:
    rows = _values(figures.weight_tree(_tree()))
    box = {row["code"]: row for row in rows}
    height = box["root"]["y2"]
    assert box["links"]["y2"] - box["links"]["y"] == pytest.approx(0.75 * height)
    assert (box["air"]["y"], box["sea"]["y2"]) == pytest.approx((box["links"]["y"], box["links"]["y2"]))
    assert box["posts"]["y"] == pytest.approx(box["links"]["y2"])
    assert box["posts"]["x2"] == box["air"]["x2"]  # an indicator right below the index reaches the edge too


def _values(chart: alt.TopLevelMixin) -> list[dict[str, Any]]:
    spec = chart.to_dict()
    datasets = list(spec.get("datasets", {}).values())
    found: list[dict[str, Any]] = datasets[0] if datasets else spec["data"]["values"]
    return found


def test_ranks_have_dots_and_intervals_and_say_ties() -> None:
    marks, texts = _drawn(figures.rank_intervals(_ranks()))
    assert marks["symbol"] == 4  # the fifth has no rank
    assert marks["rule"] == 3  # the third has no interval
    assert [text for text in texts if any(n in text for n in ("Alpha", "Beta", "Gamma"))] == [
        "1  Alpha",
        "2=  Beta",
        "2=  Gamma (3)",
        "4  Gamma (4)",
    ]
    assert any("90% interval" in text and "hollow: no interval" in text for text in texts)
    few, texts = _drawn(figures.rank_intervals(_ranks(), count=1, level=0.5))
    assert few["symbol"] == 1
    assert any("50% interval" in text and "hollow" not in text for text in texts)


def test_contributions_stack_to_the_score() -> None:
    marks, texts = _drawn(figures.contributions(_parts(), names={"air": "Flights"}))
    assert marks["rect"] == 5  # the third unit has no data for the sea
    assert [text for text in texts if text in {"A", "B", "C"}] == ["B", "A", "C"]
    assert {"82.5", "50.0", "Flights", "sea"} <= set(texts)
    with pytest.raises(SpecError, match="points of -1"):
        figures.contributions(_parts().with_columns(points=pl.lit(-1.0)))


def test_contributions_of_units_sum_to_their_mean() -> None:
    x = np.array([[80.0, 40.0], [60.0, np.nan], [np.nan, np.nan]])
    w = np.array([1.0, 3.0])
    points = importance.contributions(x, w)
    assert np.nansum(points[:2], axis=1) == pytest.approx(importance.mean(x, w)[:2])
    assert np.isnan(points[2]).all()


def test_correlations_have_a_square_each_and_a_number_or_a_sign() -> None:
    table, codes = _correlations(5)
    marks, texts = _drawn(figures.correlation_map(table, codes, names={"c00": "Zero"}))
    assert marks["rect"] == 10
    assert {"×", "Zero", "−.42", ".96"} <= set(texts)
    assert any("×: not defined" in text for text in texts)
    table, codes = _correlations(20)
    marks, texts = _drawn(figures.correlation_map(table, codes))
    assert marks["rect"] == 190
    assert texts.count("−") == table.filter(pl.col("r") <= -0.2).height
    with pytest.raises(UnknownNameError, match="no correlations of 'c0'; did you mean 'c"):
        figures.correlation_map(table, ["c0"])


def test_slopes_join_two_years_and_say_who_came_and_went() -> None:
    marks, texts = _drawn(figures.slopes(_two_years(), years=(2023, 2024)))
    assert marks["line"] == 3
    assert marks["symbol"] == 3 + 4  # C and D share a rank in the first year
    assert {"2023", "2024", "C, D (left)  3", "90  E (new)", "1  B"} <= set(texts)
    _, texts = _drawn(figures.slopes(_two_years(), years=(2023, 2024), language="zh"))
    assert {"C、D (退出)  3", "90  E (新进入)"} <= set(texts)


def test_sensitivity_has_two_bars_a_factor_with_intervals_where_there_are_any() -> None:
    marks, texts = _drawn(figures.sensitivity(_indices(), names={"scale": "Scaling"}))
    assert marks["rect"] == 4
    assert marks["rule"] == 2 * 3
    assert [text for text in texts if text in {"weights", "Scaling"}] == ["Scaling", "weights"]


@pytest.mark.parametrize("name", ["rank_intervals", "contributions", "slopes", "sensitivity"])
def test_a_missing_column_is_named(name: str) -> None:
    wrong = pl.DataFrame({"units": ["A"], "factors": ["B"]})
    settings = {"years": (1, 2)} if name == "slopes" else {}
    with pytest.raises(UnknownNameError, match=r"no column '(unit|factor)'; did you mean"):
        getattr(figures, name)(wrong, **settings)


def test_words_are_there_in_either_language() -> None:
    assert drawing.words("en").keys() == drawing.words("zh").keys()
    with pytest.raises(UnknownNameError, match="no words in 'fr'"):
        drawing.words("fr")


def test_texts_are_broken_between_words_and_between_characters() -> None:
    assert drawing.wrapped("Strength of ties", 60.0) == ["Strength", "of ties"]
    assert drawing.wrapped("联系的总体强度", 44.0) == ["联系的总", "体强度"]
    assert drawing.text_width("城") > drawing.text_width("c")


def test_colours_are_spread_from_dark_to_light() -> None:
    assert drawing.spread(drawing.RAMP, 7) == list(drawing.RAMP)
    for n in (1, 2, 5, 9):
        picked = drawing.spread(drawing.RAMP, n)
        grey = [
            sum(w * int(c[at : at + 2], 16) for w, at in ((0.3, 1), (0.59, 3), (0.11, 5))) for c in picked
        ]
        assert len(set(picked)) == n
        assert grey == sorted(grey)


@pytest.mark.parametrize(("most", "expected"), [(1, [1]), (8, list(range(1, 9))), (45, [1, 10, 20, 30, 40])])
def test_marks_on_an_axis_of_ranks(most: int, expected: list[int]) -> None:
    assert drawing.ticks(most) == expected
