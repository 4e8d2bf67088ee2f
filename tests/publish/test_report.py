"""The report: whole, safe, self-contained, honest about what is missing, in both languages."""

import base64
import hashlib
import re
from collections import Counter
from collections.abc import Callable
from html.parser import HTMLParser
from pathlib import Path

import polars as pl
import pytest

from cosmopolis.errors import UnknownNameError
from cosmopolis.publish import report as module
from cosmopolis.publish.result import Result
from cosmopolis.publish.view import View, headline, region_rows
from cosmopolis.publish.words import LANGUAGES, Words

LOADING = {
    "src",
    "srcset",
    "poster",
    "data",
    "background",
    "action",
    "formaction",
    "xlink:href",
    "manifest",
    "ping",
}


class Page(HTMLParser):
    """The tags, ids, links and texts of a page."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.texts: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note a tag."""
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        """Note a text."""
        self.texts.append(data)

    def all(self, tag: str) -> list[dict[str, str | None]]:
        """Return the attributes of each tag of a kind."""
        return [attributes for name, attributes in self.tags if name == tag]


@pytest.fixture(scope="module", params=LANGUAGES)
def language(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture(scope="module")
def text(report: dict[str, str], language: str) -> str:
    return report[language]


@pytest.fixture(scope="module")
def page(text: str) -> Page:
    return Page(text)


def test_nothing_is_loaded_from_anywhere(page: Page, text: str) -> None:
    for tag, attributes in page.tags:
        assert tag not in {"link", "img", "iframe", "object", "embed", "base", "audio", "video", "source"}
        assert not LOADING & set(attributes), (tag, attributes)
        href = attributes.get("href") or ""
        assert tag == "a" or not href or href.startswith("#"), (tag, href)
    styles = "".join(re.findall(r"<style>.*?</style>", text, re.DOTALL))
    assert "@import" not in styles
    assert all(url.startswith(('"data:', "data:", "#")) for url in re.findall(r"url\(([^)]*)", text))
    script = "".join(re.findall(r"<script>.*?</script>", text, re.DOTALL))
    assert not re.search(r"https?:|fetch|XMLHttp|import\(|WebSocket|sendBeacon", script)


def test_policy_lets_only_our_script_run(page: Page, text: str) -> None:
    (policy,) = (m["content"] for m in page.all("meta") if m.get("http-equiv") == "Content-Security-Policy")
    (script,) = re.findall(r"<script>(.*?)</script>", text, re.DOTALL)
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    assert policy is not None
    assert policy.startswith("default-src 'none'")
    assert f"script-src 'sha256-{digest}'" in policy


def test_names_are_data_never_markup(page: Page, text: str) -> None:
    assert len(page.all("script")) == 1
    assert "alert(1)" in text
    assert "<script>alert" not in text
    assert "{{ 7*7 }}" in text
    assert not any(name.startswith("on") for _, attributes in page.tags for name in attributes)
    assert not any((a.get("href") or "").startswith("javascript") for a in page.all("a"))
    assert "\x0b" not in text


def test_ids_are_unique_and_anchors_lead_somewhere(page: Page) -> None:
    ids = Counter(attributes["id"] for _, attributes in page.tags if attributes.get("id"))
    assert [name for name, count in ids.items() if count > 1] == []
    for attributes in page.all("a"):
        href = attributes["href"] or ""
        if href.startswith("#"):
            assert href[1:] in ids, href
    for _, attributes in page.tags:
        for name in (attributes.get("aria-labelledby") or "").split():
            assert name in ids


def test_references_within_drawings_hold(page: Page, text: str) -> None:
    ids = {attributes["id"] for _, attributes in page.tags if attributes.get("id")}
    found = re.findall(r"url\(#([^)]*)\)", text)
    assert found
    assert set(found) <= ids


def test_language_is_said(page: Page, language: str) -> None:
    assert page.all("html")[0]["lang"] == {"en": "en", "zh": "zh-Hans"}[language]
    other = "zh" if language == "en" else "en"
    assert any(a["href"] == f"report.{other}.html" for a in page.all("a"))


def test_tables_have_headers_with_scope_and_captions(page: Page) -> None:
    assert all(head.get("scope") in {"col", "row"} for head in page.all("th"))
    assert len(page.all("caption")) == len(page.all("table"))


def test_every_drawing_has_a_name(page: Page) -> None:
    drawings = page.all("svg")
    assert len(drawings) == 5  # world, regions, and the three networks with links
    assert all(drawing["role"] == "img" and drawing["aria-labelledby"] for drawing in drawings)


def _row(text: str, name: str) -> str:
    rows: list[str] = re.findall(r"<tr.*?</tr>", text, re.DOTALL)
    return next(row for row in rows if name in row)


def test_no_data_is_said_never_zero(text: str, language: str) -> None:
    name, words = {"en": ("Synthetic 60", "no data"), "zh": ("合成城60", "无数据")}[language]
    row = _row(text, name)
    assert row.count(words) == 5  # rank, score, two dimensions, share
    assert not re.search(r">\s*0(\.0)?%?\s*<", row)


def test_share_of_weight_is_shown(text: str, language: str) -> None:
    row = _row(text, {"en": "Synthetic 09", "zh": "合成城09"}[language])
    assert "50%" in row


def test_ties_are_said(text: str, language: str) -> None:
    tied = {"en": "tied", "zh": "并列"}[language]
    assert text.count(f'<span class="tied">{tied}</span>') == 2


def test_every_city_stands_in_the_ranking(page: Page) -> None:
    assert sum("data-v" in attributes for attributes in page.all("td")) == 60 * 5


def test_bias_stands_beside_what_it_touches(text: str, language: str) -> None:
    bias = {"en": "Leans to one side.", "zh": "偏向一侧。"}[language]
    assert text.count(bias) == 1 + 2 + 2 + 1  # ranking, two networks, two indicators, the source itself


def test_what_is_shown_only_is_said(text: str, language: str) -> None:
    section = re.search(r'<section id="network-coauthorship-x".*?</section>', text, re.DOTALL)
    assert section is not None
    words = Words(language)
    assert words("network.show_only").split(",")[0] in section.group()
    assert words("network.empty") in section.group()


def test_own_year_of_indicators_and_downscaling(text: str, language: str) -> None:
    words = Words(language)
    assert words("indicators.other_year", year="2022", edition="2031").split("’")[0] in text
    assert text.count(words("indicators.downscaled").split("’")[0]) == 1


def test_sources_ledger_and_gaps(text: str, language: str) -> None:
    assert "1,195" in text
    assert "not in &lt;mirror&gt;" in text
    assert {"en": "No open source.", "zh": "没有开放数据。"}[language] in text
    assert "latitude is above 90" in text


def test_without_a_font_the_report_says_so(text: str, language: str) -> None:
    assert Words(language)("method.font_none").split("’")[0] in text
    assert "@font-face" not in text


def test_same_bytes_twice(report: dict[str, str], result: Result, tmp_path: Path) -> None:
    again = module.write(result, tmp_path)
    assert {k: file.read_text(encoding="utf-8") for k, file in again.items()} == report


def test_one_language_does_not_stray_into_the_other(report: dict[str, str]) -> None:
    """Of the words for the sections not one Chinese shows in English, nor the other way round."""
    for key in ("ranking.title", "map.title", "sources.ledger", "common.share", "network.top_links"):
        assert Words("zh")(key) not in report["en"]
        assert Words("en")(key) not in report["zh"]


def test_headline_follows_the_scores(changed: Callable[..., Result]) -> None:
    base = changed()
    scores = base.table("scores")
    alone = scores.with_columns(
        rank=pl.when((pl.col("city_id") == 2) & (pl.col("node") == "vitality")).then(2).otherwise("rank")
    )
    assert "share first place among 59 cities" in headline(View(base, Words("en")))
    assert headline(View(base, Words("zh"))).endswith("并列第一。")
    assert "leads 59 cities" in headline(View(changed(scores=alone), Words("en")))
    assert headline(View(changed(scores=scores.clear()), Words("zh"))).startswith("无数据")


def test_regions_count_the_first(changed: Callable[..., Result]) -> None:
    rows = region_rows(View(changed(), Words("en")))
    assert sum(row.top for row in rows) == 59
    assert [row.top for row in rows] == sorted((row.top for row in rows), reverse=True)


@pytest.mark.parametrize(
    "case", ["no links", "no scores", "one city", "not a number", "no cities", "unknown ends"]
)
def test_awkward_results_come_out_whole(case: str, changed: Callable[..., Result], tmp_path: Path) -> None:
    base = changed()
    links, scores, cities = base.table("links"), base.table("scores"), base.table("cities")
    tables = {
        "no links": {
            "links": links.clear(),
            "country_links": base.table("country_links").clear(),
            "network_measures": base.table("network_measures").clear(),
        },
        "no scores": {"scores": scores.clear(), "coverage": base.table("coverage").clear()},
        "one city": {
            "cities": cities.head(1),
            "scores": scores.filter(pl.col("city_id") == 1),
            "links": links.clear(),
        },
        "not a number": {
            "scores": scores.with_columns(score=pl.lit(float("nan")), rank=pl.lit(None, pl.Int64))
        },
        "no cities": {"cities": cities.clear(), "scores": scores.clear(), "links": links.clear()},
        "unknown ends": {"cities": cities.head(30)},
    }[case]
    for file in module.write(changed(**tables), tmp_path).values():
        text = file.read_text(encoding="utf-8")
        assert text.rstrip().endswith("</html>")
        assert not re.search(r">\s*(nan|None|null|inf)\s*<", text)


def test_missing_table_or_column_is_named(changed: Callable[..., Result]) -> None:
    cities = changed().table("cities")
    with pytest.raises(UnknownNameError, match="'cities' has no column 'name_zh'"):
        changed(cities=cities.drop("name_zh"))
