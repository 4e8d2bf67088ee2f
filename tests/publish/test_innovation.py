"""The chapter on innovation: whole where tables are there, honest where they are not, in both languages."""

import json
import math
import re
from collections.abc import Callable
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from markupsafe import Markup

from cosmopolis.errors import UnknownNameError
from cosmopolis.networks.links import COUNTRY_LINKS
from cosmopolis.publish import charts as look
from cosmopolis.publish import render, report, tables
from cosmopolis.publish.chapter import charts, maps
from cosmopolis.publish.chapter.backbone import beyond_chance
from cosmopolis.publish.chapter.model import Chapter, Section
from cosmopolis.publish.geometry import Frame
from cosmopolis.publish.innovation import fields, nearness, ties
from cosmopolis.publish.innovation.chapter import chapter
from cosmopolis.publish.innovation.schemas import KEYS, SCHEMAS
from cosmopolis.publish.innovation.topics import Desk
from cosmopolis.publish.maps import Land, Node, Tie
from cosmopolis.publish.result import Result
from cosmopolis.publish.view import View
from cosmopolis.publish.words import LANGUAGES, Words

AI, ROBOTS = "artificial_intelligence", "robotics"
CONFIG = look.config("sans-serif")
OLD, NEW = (2020, 2024), (2025, 2029)
CITIES = range(1, 21)


def _frame(name: str, rows: list[tuple[object, ...]]) -> pl.DataFrame:
    return pl.DataFrame(rows, schema=SCHEMAS[name], orient="row")


def _totals() -> pl.DataFrame:
    """Make totals in which a city's records fall with its id, and robots are the even cities' speciality."""
    rows: list[tuple[object, ...]] = []
    for field, most, even in ((AI, 4000, 1), (ROBOTS, 400, 3)):
        for year in range(OLD[0], NEW[1] + 1):
            for city in CITIES:
                count = (most // city) * (even if city % 2 == 0 else 1)
                rows.append(("coauthorship", field, year, city, count, count / 2, count // 3, None, 0.1, 1.0))
    for year in range(OLD[0], OLD[1] + 1):
        rows += [("patent_classes", ROBOTS, year, city, 40, 40.0, None, None, 0.1, None) for city in (7, 8)]
    return _frame("field_totals", rows)


def _links() -> pl.DataFrame:
    rows: list[tuple[object, ...]] = []
    for field in (AI, ROBOTS):
        for from_year, to_year in (OLD, NEW):
            for a, b in ((1, 2), (1, 3), (2, 3), (3, 4), (5, 9), (2, 4)):
                count = 120 // (a + b)
                p = 0.01 if (a, b) != (5, 9) else 0.5
                ratio = {(1, 2): 2.0, (1, 3): 0.5}.get((a, b), 1.0)
                bounds = (ratio / 1.2, ratio * 1.2)
                sdsm = p if field == AI else None
                measured = (count / 2, count, 0.1, 2.0, count / ratio, ratio, *bounds, p, sdsm)
                rows.append(("coauthorship", field, from_year, to_year, a, b, *measured))
    return _frame("link_measures", rows)


def _nearness() -> tuple[pl.DataFrame, pl.DataFrame]:
    rows: list[tuple[object, ...]] = []
    trends: list[tuple[object, ...]] = []
    values = {"mean_km": 5000.0, "decay": 0.5, "share_500_km": 0.2, "share_country": 0.4}
    for field in (AI, ROBOTS):
        for measure, value in values.items():
            rows += [
                ("coauthorship", field, year, measure, value, value * 0.9, value * 1.1, 300)
                for year in range(OLD[0], NEW[1] + 1)
            ]
            verdict = "unclear" if field == ROBOTS else "falling" if measure == "mean_km" else "rising"
            span = (OLD[0], NEW[1])
            trends.append(("coauthorship", field, measure, *span, 0.5, 0.4, 0.6, 0.01, verdict))
            trends.append(("coauthorship", field, measure, 2025, 2029, 0.5, None, None, 0.3, "unclear"))
    return _frame("nearness", rows), _frame("nearness_trends", trends)


def _countries() -> tuple[pl.DataFrame, pl.DataFrame]:
    links: list[tuple[object, ...]] = []
    trends: list[tuple[object, ...]] = []
    for field in (AI, ROBOTS):
        for year in range(OLD[0], NEW[1] + 1):
            links += [("coauthorship", field, year, "QA", "QB", 30.0 + year % 7, 60)]
            links += [("coauthorship", field, year, "QA", "QC", 10.0, 20)]
        span = (OLD[0], NEW[1])
        trends.append(("coauthorship", field, "QA", "QB", *span, 0.01, 0.005, 0.02, 0.01, "rising"))
        trends.append(("coauthorship", field, "QA", "QC", *span, -0.01, -0.02, -0.005, 0.01, "falling"))
        trends.append(("coauthorship", field, "QA", "QB", 2025, 2029, 0.0, None, None, 0.9, "unclear"))
    return pl.DataFrame(links, schema=COUNTRY_LINKS, orient="row"), _frame("country_trends", trends)


def _tables() -> dict[str, pl.DataFrame]:
    near, near_trends = _nearness()
    links, country_trends = _countries()
    topics = ((AI, 0), (ROBOTS, 1))
    return {
        "country_links": links,
        "country_trends": country_trends,
        "nearness": near,
        "nearness_trends": near_trends,
        "field_totals": _totals(),
        "link_measures": _links(),
        "placement": _frame(
            "placement",
            [
                ("synthetic-air", "ror", 60, 30),
                ("synthetic-air", "text", 30, 20),
                ("synthetic-air", "none", 10, 5),
            ],
        ),
        "field_growth": _frame(
            "field_growth",
            [
                ("coauthorship", field, city, OLD[0], NEW[1], 50, 60, growth, growth - 0.1, growth + 0.1)
                for field, _ in topics
                for city, growth in ((1, 0.2), (2, 0.0), (3, -0.2))
            ],
        ),
        "gravity": _frame(
            "gravity",
            [
                ("coauthorship", AI, *NEW, "distance", -1.0, 0.1, -1.2, -0.8, 190),
                ("coauthorship", AI, *NEW, "language", 0.1, 0.2, -0.3, 0.5, 190),
                ("coauthorship", AI, *NEW, "same_country", math.log(4), 0.1, math.log(3), math.log(5), 190),
            ],
        ),
        "gravity_pairs": _frame(
            "gravity_pairs",
            [
                ("coauthorship", AI, *NEW, 1, 2, 40, 20.0, 2.0, 1.7, 2.4, "over"),
                ("coauthorship", AI, *NEW, 6, 7, 0, 12.0, 0.0, 0.0, 0.3, "under"),
            ],
        ),
        "tie_organisations": _frame(
            "tie_organisations",
            [
                ("coauthorship", AI, *NEW, 1, 2, "a", "b", 9, 1),
                ("coauthorship", AI, *NEW, 1, 2, "a", "a", 4, 2),
            ],
        ),
        "organisations": pl.DataFrame(
            {"organisation": ["a", "b"], "name": ["Synthetic <Lab>", "Synthetic Works"]}
        ),
        "communities": _frame(
            "communities",
            [
                (
                    "coauthorship",
                    AI,
                    *NEW,
                    city,
                    1 if city < 4 else 2,
                    0.9,
                    3.0,
                    0.5,
                    "R6" if city == 1 else "R2",
                )
                for city in (1, 2, 3, 4, 5, 9)
            ],
        ),
        "region_leaders": _frame(
            "region_leaders",
            [
                ("coauthorship", AI, *NEW, "Eastern Asia", 1, 4, 90, 50.0, 0.6),
                ("coauthorship", AI, *NEW, "Western Europe", 1, 1, 400, 300.0, 0.9),
            ],
        ),
    }


@pytest.fixture(scope="module")
def made(result: Result) -> Result:
    note = replace(
        result.edition, settings={"innovation": {"partners": ["QA"], "panels": {AI: ["synthconf"]}}}
    )
    return replace(result, edition=note, tables={**result.tables, **_tables()})


def _without(made: Result, *names: str) -> Result:
    return replace(made, tables={name: table for name, table in made.tables.items() if name not in names})


def _no_drawing(*_: object, **__: object) -> Markup:
    """Stand in for a drawing, which takes most of the time."""
    return Markup('<svg viewBox="0 0 10 10"/>')


def _chapter(made: Result, language: str = "en", *, drawn: bool = False) -> Chapter:
    with pytest.MonkeyPatch.context() as patch:
        if not drawn:
            patch.setattr(render, "svg", _no_drawing)
        found = chapter(View(made, Words(language)), land=Land(polygons=[]), config=CONFIG, number=9)
    assert found is not None
    return found


def _section(made: Chapter, anchor: str) -> Section:
    return next(section for section in made.sections if section.anchor == f"innovation-{anchor}")


@pytest.fixture(scope="module", params=LANGUAGES)
def language(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture(scope="module")
def pages(made: Result, tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    files = report.write(made, tmp_path_factory.mktemp("innovation"))
    return {key: file.read_text(encoding="utf-8") for key, file in files.items()}


@pytest.fixture(scope="module")
def english(made: Result) -> Chapter:
    return _chapter(made)


class _Page(HTMLParser):
    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note a tag."""
        self.tags.append((tag, dict(attrs)))


def test_no_totals_no_chapter(result: Result, made: Result) -> None:
    view = View(result, Words("en"))
    assert chapter(view, land=Land(polygons=[]), config=CONFIG, number=1) is None
    empty = replace(made, tables={**made.tables, "field_totals": _totals().clear()})
    assert chapter(View(empty, Words("en")), land=Land(polygons=[]), config=CONFIG, number=1) is None


def test_ten_sections_in_order_and_in_the_contents(pages: dict[str, str], language: str) -> None:
    text = pages[language]
    anchors = re.findall(r'<section id="(innovation-[a-z]+)"', text)
    assert len(anchors) == 10
    links = re.findall(r'<li><a href="#(innovation-[a-z]+)"', text)
    assert links == anchors
    counts = re.findall(r'<span class="count">([\d.]+)</span>', text)
    assert counts[-15:] == ["5", *(f"5.{n}" for n in range(1, 11)), "6", "7", "8", "9"]


def test_figures_are_numbered_on(pages: dict[str, str], language: str) -> None:
    word = {"en": r"Figure (\d+)", "zh": r"图(\d+)"}[language]
    numbers = [int(n) for n in re.findall(rf'<span class="number">{word}</span>', pages[language])]
    assert numbers == sorted(numbers)
    assert len(numbers) == len(set(numbers))
    assert numbers[-1] > 15


def test_page_is_sound(pages: dict[str, str], language: str) -> None:
    text = pages[language]
    page = _Page(text)
    ids = [a["id"] for _, a in page.tags if a.get("id")]
    assert len(ids) == len(set(ids))
    for tag, attributes in page.tags:
        href = attributes.get("href") or ""
        if href.startswith("#"):
            assert href[1:] in ids, href
        assert tag not in {"img", "iframe", "object", "link"}
        if tag == "svg":
            named = attributes.get("role") == "img" and attributes.get("aria-labelledby")
            assert named or attributes.get("aria-hidden") == "true"
        for name in (attributes.get("aria-labelledby") or "").split():
            assert name in ids
    assert len(re.findall("<caption>", text)) == len(re.findall("<table", text))
    assert len(re.findall("<script", text)) == 1
    assert "Synthetic &lt;Lab&gt;" in text
    assert not re.search(r">\s*(nan|None|null|inf)\s*<", text)


def test_same_chapter_twice(made: Result) -> None:
    assert _chapter(made, "zh", drawn=True) == _chapter(made, "zh", drawn=True)


def test_land_is_drawn_once_and_used_again(made: Result) -> None:
    ring = [[float(x), float(10 + x % 3)] for x in range(-60, 61)]
    square = [[*ring, [60.0, -20.0], [-60.0, -20.0], ring[0]]]
    borders = {"type": "Feature", "geometry": {"type": "Polygon", "coordinates": square}}
    found = _chapter(replace(made, borders=borders), drawn=True)
    drawings = "".join(panel.drawing for f in _figures(found, "maps") for panel in f.panels)
    defined = re.findall(r'id="(innovation-outline-\d+)"', drawings)
    assert len(defined) == len(set(defined)) == 2  # the land, and the meridians and parallels
    for name in defined:
        assert drawings.count(f'href="#{name}"') == 3  # two fields, two windows, the first defines


def _figures(made: Chapter, anchor: str) -> list[Any]:
    return [figure for block in _section(made, anchor).blocks for figure in block.figures]


@pytest.mark.parametrize("name", ["placement", "link_measures", "nearness", "gravity", "communities"])
def test_missing_table_says_no_data_in_its_section(name: str, made: Result) -> None:
    anchor = {"placement": "placing", "link_measures": "pairs"}.get(name, name)
    found = _chapter(_without(made, name, "gravity_pairs", "link_measures" if name == "gravity" else ""))
    assert len(found.sections) == 10
    assert all(block.missing for block in _section(found, anchor).blocks)
    for section in found.sections:
        for block in section.blocks:
            assert block.missing or block.sentences


def test_empty_tables_are_as_missing_ones(made: Result) -> None:
    optional = {
        name: schema for name, schema in SCHEMAS.items() if name not in {"field_totals", "nearness_trends"}
    }
    empty = {name: pl.DataFrame(schema=schema) for name, schema in optional.items()}
    assert _chapter(replace(made, tables={**made.tables, **empty})) == _chapter(_without(made, *optional))


def test_missing_column_is_named(made: Result) -> None:
    with pytest.raises(UnknownNameError, match="'nearness' has no column 'low'"):
        replace(made, tables={**made.tables, "nearness": made.table("nearness").drop("low")})


def test_placing_counts_every_row(english: Chapter) -> None:
    block = _section(english, "placing").blocks[0]
    assert "90 of 100 rows (90%)" in block.sentences[0]
    (table,) = block.tables
    assert [cell.text for cell in table.rows[0]] == [
        "Synthetic source synthetic-air",
        "100",
        "60%",
        "30%",
        "10%",
        "5",
    ]


def test_a_town_that_is_no_city_is_not_counted_as_found(made: Result) -> None:
    rows: list[tuple[object, ...]] = [("s", "text", 70, 30), ("s", "none", 10, 5), ("s", "no_city", 20, 9)]
    changed = replace(made, tables={**made.tables, "placement": _frame("placement", rows)})
    block = _section(_chapter(changed), "placing").blocks[0]
    assert "70 of 100 rows (70%)" in block.sentences[0]
    assert "20 rows lie in towns that are no cities" in block.sentences[1]
    assert [cell.text for cell in block.tables[0].rows[0]][1:] == ["100", "70%", "10%", "20%", "5"]


def test_first_city_and_its_share(made: Result, english: Chapter) -> None:
    counts = {city: 4000 // city * 5 for city in CITIES}
    share = counts[1] / sum(counts.values())
    sentence = _section(english, "fields").blocks[0].sentences[0]
    assert f"{100 * share:.1f}%" in sentence
    assert "2025–2029" in sentence
    assert "full count 20,000" in sentence
    totals = Desk(View(made, Words("en"))).totals(Desk(View(made, Words("en"))).topics[1], NEW)
    assert totals["share"].sum() == pytest.approx(1.0)


def test_specialisation_is_the_location_quotient(made: Result) -> None:
    desk = Desk(View(made, Words("en")))
    topic = next(topic for topic in desk.topics if topic.field == ROBOTS and topic.network == "coauthorship")
    found = fields.specialisation(desk, topic)
    ai = {c: 4000 // c for c in CITIES}
    robots = {c: 400 // c * (3 if c % 2 == 0 else 1) for c in CITIES}
    world = sum(robots.values()) / (sum(robots.values()) + sum(ai.values()))
    for city in CITIES:
        assert found[city] == pytest.approx(robots[city] / (robots[city] + ai[city]) / world)
    assert all(found[city] > 1 for city in CITIES if city % 2 == 0)


def test_share_is_gained_only_beyond_the_field_s_own_growth(made: Result, english: Chapter) -> None:
    sentence = _section(english, "fields").blocks[0].sentences[1]
    assert f"changed by +{100 * ((60 / 50) ** (1 / 5) - 1):.1f}% a year" in sentence
    assert "Of the 3 cities drawn, 1 gained share of it and 1 lost share" in sentence
    faster = made.table("field_growth").with_columns(count_to=pl.lit(500))
    block = _section(_chapter(replace(made, tables={**made.tables, "field_growth": faster})), "fields")
    assert "0 gained share of it and 3 lost share" in block.blocks[0].sentences[1]


def test_a_sample_is_shown_and_not_ranked(made: Result) -> None:
    note = made.sources[0]
    sample = replace(note, state="used", source=replace(note.source, kind="papers", scope="show"))
    others = tuple(one for one in made.sources if one.source.kind != "papers")
    cited = made.table("field_totals").with_columns(citations=pl.col("count") * 3)
    changed = replace(made, sources=(sample, *others), tables={**made.tables, "field_totals": cited})
    desk = Desk(View(changed, Words("en")))
    assert fields.leading(desk, desk.topics[0]) == ""
    found = _chapter(changed)
    block = _section(found, "fields").blocks[0]
    assert block.sentences == ("2025–2029: a sample chosen by queries: shown, not ranked.",)
    names = [cells[0].text for cells in block.tables[0].rows]
    assert names == sorted(names)
    assert len(block.tables[0].columns) == 4
    assert "not ranked" in _section(found, "regions").blocks[0].missing
    assert "not ranked" in _section(found, "citations").blocks[0].missing


def test_classes_end_before_the_last_window(english: Chapter) -> None:
    block = next(b for b in _section(english, "fields").blocks if "patent classes" in b.title)
    assert "2020–2024" in block.sentences[0]
    for anchor in ("maps", "nearness", "pairs", "gravity", "communities"):
        assert "no ties" in _section(english, anchor).blocks[-1].missing


def test_few_records_make_no_leader(made: Result) -> None:
    small = made.table("field_totals").with_columns(pl.col("count") // 100, pl.col("fractional") / 1000)
    changed = replace(made, tables={**made.tables, "field_totals": small})
    desk = Desk(View(changed, Words("en")))
    assert "too few to rank" in fields.leading(desk, desk.topics[0])
    block = _section(_chapter(changed), "fields").blocks[0]
    assert not block.figures
    assert len(block.sentences) == len(block.tables) == 1
    assert block.tables[0].columns[0].label == "City"
    assert len(block.tables[0].columns) == 4


def test_maps_hold_ties_beyond_chance_alone(made: Result, english: Chapter) -> None:
    for figure in _figures(english, "maps"):
        assert [panel.title for panel in figure.panels] == ["2020–2024", "2025–2029"]
        assert all(panel.note == "5 of 5 ties" for panel in figure.panels)
        assert any("beyond chance" in note for note in figure.notes)
    bare = made.table("link_measures").with_columns(
        pl.lit(None, pl.Float64).alias(name) for name in ("disparity_p", "sdsm_p")
    )
    found = _chapter(replace(made, tables={**made.tables, "link_measures": bare}))
    for figure in _figures(found, "maps"):
        assert all(panel.note == "6 of 6 ties" for panel in figure.panels)
        assert any("No test against chance" in note for note in figure.notes)


def test_a_field_of_few_records_without_ties_beyond_chance_is_not_drawn(made: Result) -> None:
    links = made.table("link_measures").with_columns(sdsm_p=pl.lit(0.9))
    few = made.table("field_totals").with_columns(pl.col("fractional") / 10_000)
    none = replace(made, tables={**made.tables, "link_measures": links})
    both = replace(none, tables={**none.tables, "field_totals": few})
    assert "too few to draw" in _section(_chapter(both), "maps").blocks[0].missing
    assert not _section(_chapter(none), "maps").blocks[0].missing


def test_the_corrected_test_goes_first() -> None:
    links = _links().filter(pl.col("field") == AI).with_columns(sdsm_q=pl.lit(0.9))
    kept, column = beyond_chance(links, significance=0.05)
    assert (kept.height, column) == (0, "sdsm_q")


def test_measures_are_named_and_not_counted(made: Result) -> None:
    desk = Desk(View(made, Words("en")))
    found = [
        nearness.Verdict(measure=measure, says=says, slope=None, low=None, high=None, years="")
        for measure, says in (
            ("mean_km", "unclear"),
            ("median_km", "nearer"),
            ("decay", "farther"),
            ("share_country", "nearer"),
        )
    ]
    assert nearness.clauses(desk, found) == (
        "by the decay of ties with distance, sizes held equal: farther",
        "by mean distance: no clear trend",
        "by median distance and share within the country: nearer",
    )


def test_nearness_speaks_by_the_verdicts(english: Chapter) -> None:
    ai, robots = _section(english, "nearness").blocks[:2]
    lead = "by the decay of ties with distance, sizes held equal: "
    assert ai.sentences[0].startswith(f"2020–2029, {lead}nearer; by mean distance: nearer; by share within")
    assert ai.sentences[1].startswith(f"2025–2029, {lead}no clear trend; by mean distance: no clear trend")
    assert ai.sentences[2].startswith("The decay exponent changes by")
    assert robots.sentences[0].startswith(f"2020–2029, {lead}no clear trend")
    assert not any("nearer" in text for text in robots.sentences)
    assert "4 measures are tested" in " ".join(_section(english, "nearness").cautions)
    assert "SYNTHCONF" in _section(english, "nearness").cautions[0]


def test_nearness_is_tested_where_no_trend_is_given(made: Result) -> None:
    rising = made.table("nearness").with_columns(value=pl.col("value") * (pl.col("year") - 2000) / 10)
    changed = _without(made, "nearness_trends")
    desk = Desk(View(replace(changed, tables={**changed.tables, "nearness": rising}), Words("en")))
    found = {verdict.measure: verdict.says for verdict in nearness.verdicts(desk, desk.topics[0])}
    assert found == {
        "mean_km": "farther",
        "decay": "nearer",
        "share_500_km": "nearer",
        "share_country": "nearer",
    }


def test_pairs_with_the_organisations_behind_them(english: Chapter) -> None:
    block = _section(english, "pairs").blocks[0]
    home, abroad = block.tables
    assert home.rows[0][2].text == "40"
    assert home.rows[0][6].text == "more than expected"
    assert home.rows[1][6].text == "less than expected"
    assert home.rows[0][7].items == (
        "Synthetic <Lab> – Synthetic Works (9)",
        "Synthetic <Lab>, the same organisation in both cities (4)",
    )
    assert home.rows[1][7].text == "no data"
    assert len(abroad.rows) == 5  # 5 and 9 lie in one country


def test_ends_and_their_organisations_turn_together(made: Result) -> None:
    """The city with more records is named first, and so is its organisation."""
    turned = made.table("field_totals").with_columns(
        count=pl.when(pl.col("city_id") == 2).then(100_000).otherwise("count")
    )
    found = _chapter(replace(made, tables={**made.tables, "field_totals": turned}))
    cells = _section(found, "pairs").blocks[0].tables[0].rows[0]
    assert cells[1].text.endswith(str(View(made, Words("en")).city(1)))
    assert cells[7].items[0] == "Synthetic Works – Synthetic <Lab> (9)"


@given(ratio=st.floats(0.01, 100), below=st.floats(1.0, 10), above=st.floats(1.0, 10))
def test_standing_is_said_only_where_the_interval_leaves_out_one(
    ratio: float, below: float, above: float
) -> None:
    low, high = ratio / below, ratio * above
    found = ties.standing(ratio, low, high)
    assert (found == "over") == (low > 1)
    assert (found == "under") == (high < 1)


def test_gravity_in_words(english: Chapter) -> None:
    block = _section(english, "gravity").blocks[0]
    text = " ".join(block.sentences)
    assert "twice the distance leaves 0.50 times the ties (0.44 to 0.57)" in text
    assert "4.00 times the ties" in text
    assert "(3.00 to 5.00)" in text
    assert "Whether common official language counts cannot be said" in text
    assert "Of 190 pairs with an interval, 1 have more ties than expected and 1 fewer" in text


def test_countries_by_share_with_both_spans(english: Chapter) -> None:
    block = _section(english, "countries").blocks[0]
    assert "without a clear trend with Synthetic Borduria" in block.sentences[0]
    assert "2025–2029" in block.sentences[0]
    assert "rising with Synthetic Borduria; falling with Synthetic Cockaigne" in block.sentences[1]
    shares = [row[2].text for row in block.tables[0].rows]
    last = 30.0 + NEW[1] % 7
    assert shares == [f"{100 * last / (last + 10):.1f}%", f"{100 * 10 / (last + 10):.1f}%"]
    assert [panel.note for panel in block.figures[0].panels] == [
        "2025–2029: unclear; 2020–2029: rising",
        "2020–2029: falling",
    ]


def test_communities_and_roles(english: Chapter, made: Result) -> None:
    block = _section(english, "communities").blocks[0]
    communities, roles = block.tables
    assert [row[1].text for row in communities.rows] == ["3", "3"]
    assert [row[0].text for row in roles.rows] == ["Connector hub (R6)", "Peripheral (R2)"]
    chinese = _section(_chapter(made, "zh"), "communities").blocks[0].tables[1]
    assert [row[0].text for row in chinese.rows] == ["连接枢纽（R6）", "边缘城市（R2）"]


def test_label_that_lasts_goes_before_the_window_s_own(made: Result) -> None:
    lasting = made.table("communities").with_columns(lineage=pl.col("community") + 40)
    found = _chapter(replace(made, tables={**made.tables, "communities": lasting}))
    rows = _section(found, "communities").blocks[0].tables[0].rows
    assert sorted(re.findall(r"\((\d+)\)", " ".join(row[0].text for row in rows))) == ["41", "42"]


def test_citations_without_data_say_why(english: Chapter) -> None:
    blocks = _section(english, "citations").blocks
    assert all(block.missing for block in blocks)
    assert any("PCT" in block.missing for block in blocks)


def test_citations_rank_only_where_they_are_known(made: Result) -> None:
    cited = made.table("field_totals").with_columns(
        citations=pl.col("count") * 3, records_known=pl.col("count")
    )
    desk = replace(made, tables={**made.tables, "field_totals": cited})
    block = _section(_chapter(desk), "citations").blocks[0]
    assert "60,000 times" in block.sentences[0]
    thin = cited.with_columns(records_known=pl.col("count") // 10)
    block = _section(
        _chapter(replace(made, tables={**made.tables, "field_totals": thin})), "citations"
    ).blocks[0]
    assert "Citations are known for 10% of this field" in block.missing


def test_described_in_the_package(made: Result, tmp_path: Path) -> None:
    files = tables.write(made, tmp_path)
    described = json.loads(files["datapackage.json"].read_bytes())
    found = {resource["name"]: resource for resource in described["resources"]}
    for name in SCHEMAS:
        if name in made.tables:
            assert found[name]["title_zh"], name
            assert found[name]["schema"]["primaryKey"] == list(KEYS[name]), name
            assert all("description" in column for column in found[name]["schema"]["fields"]), name


def _paths(drawing: str) -> list[ET.Element]:
    return list(ET.fromstring(drawing).iter("path"))  # noqa: S314 - drawn by ourselves


def _panel(ties_: list[Tie], nodes: list[Node], scale: maps.Scale) -> str:
    spec = maps.panel(nodes, ties_, Land(polygons=[]), frame=Frame(width=360), scale=scale, labels=5)
    return str(render.svg(spec, config=CONFIG, id="p", title="P", description="D"))


def test_small_maps_share_one_scale() -> None:
    """The same value has the same size whatever else the panel holds."""
    scale = maps.Scale(node=100.0, tie=16.0)
    small = Node(name="A", longitude=0, latitude=0, value=25.0)
    large = Node(name="B", longitude=60, latitude=0, value=100.0)
    thin = Tie(origin=(0, 0), destination=(60, 0), weight=4.0)
    thick = Tie(origin=(0, 10), destination=(60, 10), weight=16.0)

    def drawn(ties_: list[Tie], nodes: list[Node]) -> tuple[set[str], set[str]]:
        paths = _paths(_panel(ties_, nodes, scale))
        circles = {p.get("d", "") for p in paths if p.get("fill") == look.CONTRAST}
        widths = {p.get("stroke-width", "") for p in paths if p.get("stroke") == look.ACCENT}
        return circles, widths

    alone, both = drawn([thin], [small]), drawn([thin, thick], [small, large])
    assert len(alone[0]) == len(alone[1]) == 1
    assert alone[0] < both[0]
    assert alone[1] < both[1]


def test_ties_cross_the_edge_the_short_way() -> None:
    tie = Tie(origin=(-118.2, 34.0), destination=(139.7, 35.7), weight=1.0)
    (line,) = [
        p for p in _paths(_panel([tie], [], maps.Scale(node=1.0, tie=1.0))) if p.get("stroke") == look.ACCENT
    ]
    assert line.get("d", "").count("M") == 2


def test_communities_differ_by_colour_and_shape() -> None:
    assert len(set(maps.COLOURS)) == len(set(maps.SHAPES)) == len(maps.COLOURS) == len(maps.SHAPES)


def _texts(spec: look.Spec) -> list[str]:
    drawing = render.svg(spec, config=CONFIG, id="c", title="C", description="D")
    return [text.text or "" for text in ET.fromstring(str(drawing)).iter("text")]  # noqa: S314 - ours


def test_lines_name_themselves_and_keep_apart() -> None:
    years = list(range(2000, 2011))
    none: list[float | None] = [None] * len(years)
    series = [
        charts.Series(name=name, years=years, values=[value] * len(years), low=none, high=none)
        for name, value in (("one", 5.0), ("two", 5.01))
    ]
    spec = charts.lines(series, years=(2000, 2010), domain=(0.0, 10.0), percent=False)
    assert {"one", "two"} <= set(_texts(spec))
    ends = {end["name"]: end["at"] for end in spec["datasets"]["ends"]}
    assert ends["two"] - ends["one"] >= 0.99


@pytest.mark.parametrize(("years", "pieces"), [((2000, 2001, 2002, 2003), 1), ((2000, 2001, 2009, 2010), 2)])
def test_a_year_without_a_value_breaks_the_line(years: tuple[int, ...], pieces: int) -> None:
    bounds: list[float | None] = [0.5] * 4
    series = charts.Series(name="s", years=years, values=[1.0, 2.0, 3.0, 4.0], low=bounds, high=[5.0] * 4)
    spec = charts.lines([series], years=(2000, 2010), domain=(0.0, 10.0), percent=False)
    drawing = str(render.svg(spec, config=CONFIG, id="l", title="L", description="D"))
    line = [p for p in _paths(drawing) if p.get("stroke") == look.ACCENT]
    band = [p for p in _paths(drawing) if p.get("fill") == look.ACCENT]
    assert sum(p.get("d", "").count("M") for p in line) == pieces
    assert sum(p.get("d", "").count("M") for p in band) == pieces


def test_too_few_years_are_not_followed(made: Result) -> None:
    young = made.table("nearness").filter(pl.col("year") >= NEW[1] - 1)
    found = _chapter(replace(made, tables={**made.tables, "nearness": young}))
    assert "2 years only" in _section(found, "nearness").blocks[0].missing


@given(st.lists(st.floats(0.001, 1e6), min_size=1, max_size=20), st.booleans())
def test_axes_hold_their_values(values: list[float], zero: bool) -> None:  # noqa: FBT001 - drawn by hypothesis
    low, high = charts.span_of(values, zero=zero)
    slack = 1e-6 * max(values)
    assert low <= min(values) + slack
    assert high >= max(values) - slack
    assert low < high
    assert not zero or low == 0


@given(st.floats(0.05, 1e7))
def test_keys_have_round_steps_within_the_scale(most: float) -> None:
    steps = maps.round_steps(most)
    assert steps == sorted(steps)
    assert steps[0] > 0
    assert steps[-1] <= most * 1.0001
    assert steps[-1] >= most / 2.5


def test_shares_of_a_bar_are_stacked_to_one() -> None:
    parts = [charts.Part(bar="A", place=0, share=0.25), charts.Part(bar="A", place=None, share=0.75)]
    rows = charts.stacked(parts, ["A"])["datasets"]["rows"]
    assert [(row["start"], row["end"]) for row in rows] == [(0.0, 0.25), (0.25, 1.0)]


def test_chinese_and_english_say_the_same_numbers(made: Result) -> None:
    """Every number of a sentence in one language stands in the other too."""
    cities = made.table("cities").with_columns(name_zh=pl.col("name"))
    alike = replace(made, tables={**made.tables, "cities": cities})
    english, chinese = _chapter(alike, "en"), _chapter(alike, "zh")

    def numbers(found: Chapter, anchor: str) -> list[list[str]]:
        return [
            sorted(re.findall(r"\d[\d,.]*\d|\d", " ".join(block.sentences)))
            for block in _section(found, anchor).blocks
        ]

    for anchor in ("placing", "fields", "maps", "pairs", "gravity", "countries", "regions"):
        assert numbers(english, anchor) == numbers(chinese, anchor), anchor


def test_totals_alone_say_no_data_everywhere_else(changed: Callable[..., Result]) -> None:
    found = _chapter(changed(field_totals=_totals()), "zh")
    shown = {section.anchor for section in found.sections if any(block.figures for block in section.blocks)}
    # The result's own networks of countries are not of these fields.
    assert shown == {"innovation-fields"}
