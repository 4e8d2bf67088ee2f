"""Words are data: both languages whole, no language in code, numbers as each language writes them."""

import math
import re
import string
import tomllib
from importlib import resources
from pathlib import Path
from typing import Any

import pytest

from cosmopolis.errors import UnknownNameError
from cosmopolis.publish.words import LANGUAGES, Words, all_text, clean, keys

TEXTS: dict[str, dict[str, Any]] = {
    f"{section}.{key}": text
    for section, entries in tomllib.loads(all_text()).items()
    for key, text in entries.items()
}
IDEOGRAPH = re.compile(r"[\u4e00-\u9fff]")
NAMED_BY_DATA = {
    "region",
    "measure",
    "measure_what",
    "network_what",
    "network_map",
    "column",
    "column_unit",
    "table",
    "sample",
    "intervals",
    "varied",
    "varied_value",
    "citations_missing",
    "innovation_network",
    "placing_way",
    "backbone_test",
    "ratio_standing",
    "nearness_measure",
    "nearness_line",
    "nearness_panel",
    "nearness_verdict",
    "nearness_overall",
    "nearness_says",
    "nearness_slope",
    "gravity_term",
    "gravity_says",
    "trend_verdict",
    "partners_say",
    "pairs_say",
    "city_role",
    "drawn_anew",
    "industry_verdict",
    "pole_verdict",
    "group_verdict",
    "industry_measure",
    "centre_role",
    "firm_size",
    "complexity_of",
    "field_system",
    "industry40_first",
    "industry40_without",
    "industry40_role",
    "industry40_measure",
    "site_precision",
    "spread_panel",
    "supplier_level",
    "supplier_reading",
    "trade_measure",
    "trade_verdict",
    "trade_politics",
    "trade_space",
    "trade_gap",
    "trade_lean_politics",
    "trade_lean_space",
    "downscaled_measure",
    "downscale_rule",
    "interlock_test",
    "roster_name",
    "service_sector",
    "roster_class",
    "place_level",
    "icio_sector",
    "profile_stage",
    "profile_part",
    "profile_apart",
    "profile_group",
    "profile_size",
    "profile_role",
    "profile_measure",
    "profile_field",
}
"""Sections whose keys are names in the data, put together at run time."""


def _forms(text: object) -> list[str]:
    return list(text.values()) if isinstance(text, dict) else [str(text)]


def _names(text: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(text) if name is not None}


@pytest.mark.parametrize("key", sorted(TEXTS))
def test_key_has_every_language_none_empty_same_values(key: str) -> None:
    text = TEXTS[key]
    assert sorted(text) == sorted(LANGUAGES)
    assert all(form.strip() for language in LANGUAGES for form in _forms(text[language]))
    # A plural's singular may leave {n} out: "the only city".
    asked = [set().union(*map(_names, _forms(text[language]))) for language in LANGUAGES]
    assert asked[0] == asked[1]


@pytest.mark.parametrize("key", sorted(TEXTS))
def test_english_has_no_chinese_and_chinese_has_some(key: str) -> None:
    if key in {"cover.other_language", "common.name"} or key.startswith("measure."):
        return
    assert not any(IDEOGRAPH.search(form) for form in _forms(TEXTS[key]["en"]))
    for form in _forms(TEXTS[key]["zh"]):
        assert IDEOGRAPH.search(form) or not re.search(r"\w", re.sub(r"\{\w*\}", "", form))


def _code() -> dict[str, str]:
    root = Path(str(resources.files("cosmopolis")))
    return {
        file.relative_to(root).as_posix(): file.read_text(encoding="utf-8")
        for file in sorted(root.rglob("*"))
        if file.suffix in {".py", ".html", ".js", ".css"}
    }


def _publish() -> dict[str, str]:
    return {name: code for name, code in _code().items() if name.startswith("publish/")}


def test_no_chinese_in_code() -> None:
    for name, code in _publish().items():
        assert not IDEOGRAPH.search(code.replace("港口", "")), name  # the docstring of `said` shows one


def test_every_key_is_used_and_every_key_used_is_there() -> None:
    code = "\n".join(_code().values())
    for key in keys():
        if key.split(".")[0] not in NAMED_BY_DATA and not key.startswith("method."):
            assert f'"{key}"' in code or f"'{key}'" in code, f"{key} is used nowhere"
    for used in set(re.findall(r"""\bw\(["']([a-z_]+\.[a-z_]+)["']""", code)):
        assert used in TEXTS, used


@pytest.mark.parametrize("name", ["body", "chapter", "profile", "sections"])
def test_templates_hold_no_words(name: str) -> None:
    page = re.sub(r"\{[%{#].*?[%}#]\}", " ", _code()[f"publish/templates/{name}.html"], flags=re.DOTALL)
    assert not re.findall(r">[^<]*[A-Za-z]{2,}[^<]*<", page)


def test_plural_forms() -> None:
    english, chinese = Words("en"), Words("zh")
    assert english("count.links", n=1) == "1 link"
    assert english("count.links", n=1234) == "1,234 links"
    assert chinese("count.links", n=1234) == "1,234条联系"


@pytest.mark.parametrize("value", [None, math.nan, math.inf])
def test_what_is_no_number_is_no_data(value: float | None) -> None:
    english, chinese = Words("en"), Words("zh")
    for write in ("number", "whole", "amount", "share"):
        assert getattr(english, write)(value) == "no data"
        assert getattr(chinese, write)(value) == "无数据"


def test_numbers() -> None:
    words = Words("en")
    assert words.number(12.345) == "12.3"
    assert words.number(0.0) == "0.0"
    assert words.share(0.4567) == "46%"
    assert [words.amount(x) for x in (3.0, 1234.5, 12.345, 0.5, 0.00012)] == [
        "3",
        "1,234",
        "12.34",
        "0.5",
        "1.2E-4",
    ]


def test_share_is_whole_only_when_it_is() -> None:
    words = Words("en")
    assert words.share(0.999) == "99%"
    assert words.share(0.001) == "1%"
    assert (words.share(0.0), words.share(1.0)) == ("0%", "100%")


def test_lists() -> None:
    assert Words("en").joined(["a", "b", "c"]) == "a, b and c"
    assert Words("zh").joined(["甲", "乙", "丙"]) == "甲、乙和丙"


def test_unknown_names_teach() -> None:
    with pytest.raises(UnknownNameError, match=r"cover\.title|cover\.contents"):
        Words("en")("cover.contens")
    with pytest.raises(UnknownNameError, match="'en', 'zh'"):
        Words("xx")


def test_values_are_not_read_as_formats() -> None:
    assert "{0.__class__}" in Words("en")("common.colon", label="x", text="{0.__class__}")


def test_control_characters_leave() -> None:
    assert clean("a\x00b\x0bc\u202ed\u200de") == "abcd\u200de"
