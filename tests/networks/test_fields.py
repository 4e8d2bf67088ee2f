"""Frontier fields: the built-in file, files of the user's own, works and patents placed.

The placing of patents is recomputed here in plain Python, symbol by symbol, from the rule as it is told.
"""

import re
from pathlib import Path

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cosmopolis.engines.duckdb import Engine
from cosmopolis.errors import SpecError, UnknownNameError
from cosmopolis.networks import classify, fields
from cosmopolis.networks.classify import classify_classes, classify_patents, classify_works
from cosmopolis.networks.fields import Fields, built_in, parse

TREES = """
[sources]
herbal = "An herbal"

[[field]]
id = "trees"
kind = "science"
name = { en = "Trees", zh = "树木" }
definition = { en = "All of them.", zh = "全部。" }
sources = ["herbal"]
topics = ["T10001"]
asjc = ["11", "1702"]
not_topics = ["T10002"]
keywords = ["old-oaks"]
venues = ["Journal of Oaks"]

[[field]]
id = "saws"
kind = "technology"
name = { en = "Saws", zh = "锯" }
definition = { en = "For trees.", zh = "用于树木。" }
classes = ["B27", "H01M", "G06N10", "A01G23/08"]
not_classes = ["B27L", "H01M4"]
"""


def _saws(classes: str, not_classes: str = "[]") -> Fields:
    head, _, _ = TREES.partition("classes = ")
    return parse(f"{head}classes = {classes}\nnot_classes = {not_classes}\n")


def test_nine_of_science_and_seven_of_technology_five_of_them_named() -> None:
    assert built_in().ids("science") == (
        "artificial_intelligence",
        "quantum_information",
        "integrated_circuits",
        "brain_science",
        "genes_biotechnology",
        "clinical_medicine",
        "deep_exploration",
        "robotics",
        "hydrogen_and_storage",
    )
    assert built_in().ids("technology") == (
        "information_technology",
        "biotechnology",
        "intelligent_manufacturing",
        "new_energy",
        "new_materials",
        "new_energy_vehicles",
        "environmental_protection",
    )
    named = {one.id for one in built_in().fields if one.named}
    assert named == {
        *("artificial_intelligence", "brain_science", "quantum_information"),
        *("new_materials", "new_energy_vehicles"),
    }


def test_every_field_says_what_it_rests_on_and_has_chinese_words() -> None:
    for one in built_in().fields:
        assert one.sources, one.id
        for words in (one.name, one.definition):
            assert re.search(r"[\u4e00-\u9fff]", words["zh"]), one.id
            assert words["en"] != words["zh"]


def test_fields_are_picked_by_id_in_the_order_of_the_file() -> None:
    assert built_in().pick(["robotics", "artificial_intelligence"]).ids() == (
        "artificial_intelligence",
        "robotics",
    )
    assert built_in().pick([]) == built_in()
    with pytest.raises(UnknownNameError, match=r"no frontier field 'robotic'; did you mean 'robotics'"):
        built_in().pick(["robotic"])


# ---- works ----


@pytest.mark.parametrize(
    ("topics", "keywords", "venue", "inside"),
    [
        (["T10001"], [], None, True),
        (["https://openalex.org/T10001"], [], None, True),
        ([" t10001 "], [], None, True),
        (["T1000"], [], None, False),
        (["T100011"], [], None, False),
        (["subfields/1702"], [], None, True),
        (["https://openalex.org/subfields/1702"], [], None, True),
        (["1702"], [], None, True),
        (["fields/11"], [], None, True),
        (["11"], [], None, True),
        (["subfields/11"], [], None, False),
        (["fields/1702"], [], None, False),
        (["1703"], [], None, False),
        (["1702", "T10002"], [], None, False),
        (["T10002"], [], None, False),
        (["T10001", "T10002"], [], None, True),
        (["1702", "T10002"], ["old-oaks"], None, True),
        (["1702", "T10002"], [], "journal of oaks", True),
        ([], ["keywords/old-oaks"], None, True),
        ([], ["Old Oaks"], None, True),
        ([], ["oaks"], None, False),
        ([], [], "  JOURNAL OF OAKS ", True),
        ([], [], "Journal of Oaks and Elms", False),
        (["old-oaks"], ["T10001"], "1702", False),
        ([], [], None, False),
        (None, None, None, False),
        ([None], [None], None, False),
    ],
)
def test_a_work_is_placed_by_each_of_its_marks(
    topics: list[str] | None, keywords: list[str] | None, venue: str | None, *, inside: bool
) -> None:
    works = pl.DataFrame(
        {"work": ["w"], "topics": [topics], "keywords": [keywords], "venue": [venue]},
        schema={
            "work": pl.String,
            "topics": pl.List(pl.String),
            "keywords": pl.List(pl.String),
            "venue": pl.String,
        },
    )
    assert classify_works(works, parse(TREES)).rows() == ([("w", "trees")] if inside else [])


def test_a_work_of_two_fields_is_in_both_once_and_sorted() -> None:
    works = pl.LazyFrame(
        {"work": ["b", "a"], "venue": ["CoRL", "corl"], "topics": [["T10653"], ["T10653", "1707"]]}
    )
    both = ["artificial_intelligence", "robotics"]
    assert classify_works(works).rows() == [(work, one) for work in "ab" for one in both]


def test_the_field_of_everything_is_for_the_asking() -> None:
    works = pl.DataFrame({"work": ["a", "b"], "venue": ["icra", None]})
    assert classify_works(works).rows() == [("a", "robotics")]
    assert classify_works(works, everything=True).rows() == [("a", "all"), ("a", "robotics"), ("b", "all")]


def test_works_without_anything_that_places_them() -> None:
    with pytest.raises(UnknownNameError, match="topics"):
        classify_works(pl.DataFrame({"work": ["a"], "title": ["x"]}))
    with pytest.raises(UnknownNameError, match="'venues' places no works; did you mean 'venue'"):
        classify.works_sql(columns=("venues",))
    with pytest.raises(UnknownNameError, match="give at least one of topics, keywords, venue"):
        classify.works_sql(columns=())


def test_a_query_over_a_query() -> None:
    works = pl.DataFrame({"work": ["a", "b"], "year": [1999, 2001], "topics": [["T10001"], ["T10001"]]})
    with Engine() as engine:
        classify.register(engine, parse(TREES))
        engine.register("raw", works)
        sql = classify.works_sql("(SELECT work, topics FROM raw WHERE year > 2000)", columns=("topics",))
        assert engine.query(sql, order=("work", "field")).rows() == [("b", "trees")]


# ---- patents ----


@pytest.mark.parametrize(
    ("symbol", "inside"),
    [
        ("B27B5/02", True),
        ("B27", True),
        ("B27L", False),
        ("B27L1/00", False),
        ("B2", False),
        ("H01M", True),
        ("H01M10/05", True),
        ("H01M4/86", False),
        ("H01M4", False),
        ("H01M4/", False),
        ("H01M40/1", True),
        ("G06N10/20", True),
        ("G06N10", True),
        ("G06N 10/00", True),
        ("g06n10/00", True),
        ("G06N1/02", False),
        ("G06N101/00", False),
        ("G06N", False),
        ("A01G23/08", True),
        ("A01G23/083", False),
        ("A01G23/0", False),
        ("A01G23", False),
        ("", False),
        ("?", False),
    ],
)
def test_a_symbol_is_placed_by_prefix_of_whole_levels(symbol: str, *, inside: bool) -> None:
    patents = pl.DataFrame({"patent": ["p"], "classes": [[symbol]]})
    assert classify_patents(patents, parse(TREES)).rows() == ([("p", "saws")] if inside else [])


def test_the_longer_of_two_symbols_decides_whichever_it_is() -> None:
    batteries = _saws('["H01M", "H01M4/86"]', '["H01M4"]')
    symbols = ["H01M10/05", "H01M4/86", "H01M4/02", "H01M4/861"]
    patents = pl.DataFrame({"patent": symbols, "classes": [[symbol] for symbol in symbols]})
    assert classify_patents(patents, batteries)["patent"].to_list() == ["H01M10/05", "H01M4/86"]


def test_a_patent_is_in_a_field_if_one_of_its_symbols_is() -> None:
    patents = pl.DataFrame({"patent": ["p"], "classes": [["B27L1/00", "A01B1/00", "B27B1/00"]]})
    assert classify_patents(patents, parse(TREES)).rows() == [("p", "saws")]
    assert classify_patents(patents, parse(TREES), everything=True)["field"].to_list() == ["all", "saws"]


def test_patents_without_classes() -> None:
    classes = pl.Series([None, [], [None]], dtype=pl.List(pl.String))
    patents = pl.DataFrame({"patent": ["p", "q", "r"], "classes": classes})
    assert classify_patents(patents).rows() == []
    assert classify_patents(patents.clear()).rows() == []
    assert classify_patents(patents, everything=True)["patent"].to_list() == ["p", "q", "r"]


def _levels(symbol: str) -> list[str]:
    """Write out a symbol's section, class, subclass, main group and itself, as far as it goes."""
    bare = symbol.upper().replace(" ", "")
    main, _, sub = bare.partition("/")
    levels = [bare[:1], bare[:3], bare[:4]]
    if len(main) > 4:
        levels.append(main)
    if sub:
        levels.append(bare)
    return levels


def _is_in(symbol: str, one: fields.Field) -> bool:
    """Walk up from the symbol: the first level that the field names, in or out, decides."""
    for level in reversed(_levels(symbol)):
        if level in {code.removesuffix("/") for code in one.not_classes}:
            return False
        if level in {code.removesuffix("/") for code in one.classes}:
            return True
    return False


SYMBOLS = st.builds(
    lambda letter, number, sub, group, rest: f"{letter}{number:02d}{sub}{group}{rest}",
    st.sampled_from("ABCDEFGHY"),
    st.integers(1, 99),
    st.sampled_from("ABCDFJKLMNSW"),
    st.integers(1, 99),
    st.sampled_from(["/00", "/04", "/08", "/0525", ""]),
)
NEAR = st.sampled_from(
    [code for one in built_in().fields for code in (*one.classes, *one.not_classes)],
).flatmap(
    lambda code: st.sampled_from([code.removesuffix("/"), f"{code.partition('/')[0]}/02", f"{code[:4]}60/10"])
)


@settings(deadline=None, max_examples=25)
@given(
    st.lists(
        st.one_of(SYMBOLS, NEAR.filter(lambda code: len(code) > 3)), min_size=1, max_size=30, unique=True
    )
)
def test_symbols_are_placed_as_a_walk_up_their_levels_places_them(symbols: list[str]) -> None:
    placed = classify_classes(pl.Series("class", symbols))
    expected = sorted(
        (symbol, one.id)
        for symbol in symbols
        for one in built_in().fields
        if one.kind == "technology" and _is_in(symbol, one)
    )
    assert placed.rows() == expected


# ---- files of the user's own ----


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("[[field]]", "[[fields]]", r"unknown key 'fields'; did you mean 'field'"),
        ('id = "saws"', 'id = "trees"', r"'trees' stands there twice"),
        ('id = "saws"', 'id = "all"', r"is not 'all'"),
        ('id = "saws"', 'id = "Saws"', r"small letters"),
        ('id = "saws"', "id = 7", r"field 2: an id is made of"),
        ('id = "saws"\n', "", r"field 2: id missing"),
        ('kind = "technology"', 'kind = "tecnology"', r"'tecnology'; did you mean 'technology'"),
        ('kind = "technology"', 'kind = "science"', r"'classes' is no key of a field of science"),
        ('kind = "science"', 'kind = "technology"', r"'topics' is no key of a field of technology"),
        ("topics = [", "topic = [", r"unknown key 'topic'; did you mean 'topics'"),
        ('"T10001"', '"10001"', r"no OpenAlex topic"),
        ('"T10001"', '"https://openalex.org/T10001"', r"did you mean 'T10001'"),
        ('"T10001"', '"T10001", "T10001"', r"topics: 'T10001' stands there twice"),
        ('"T10002"', '"T10001"', r"'T10001' stands in topics and in not_topics"),
        ('"1702"', '"subfields/1702"', r"did you mean '1702'"),
        ('"1702"', '"0702"', r"from 10 to 36"),
        ('"1702"', '"170"', r"four digits"),
        ('"1702"', "1702", r"expected a list of texts"),
        ('asjc = ["11", "1702"]\n', "", r"the field has no asjc"),
        ('"herbal"]', '"herball"]', r"no source 'herball' in \[sources\]; did you mean 'herbal'"),
        ('"H01M"', '"H1M"', r"classes: 'H1M' is no CPC or IPC symbol"),
        ('"H01M"', '"H01M10/1"', r"no CPC or IPC symbol"),
        ('"H01M"', '"I01M"', r"no CPC or IPC symbol"),
        ('"G06N10"', '"G06N10", "g06n 10/"', r"'G06N10/' stands there twice"),
        ('"B27L"', '"B27"', r"'B27' stands in classes and in not_classes"),
        ('"B27L"', '"A27L"', r"not_classes: 'A27L' is under none of the field's classes"),
        ('zh = "锯"', 'zz = "锯"', r"unknown key 'zz'"),
        (', zh = "锯"', "", r"zh missing"),
        ('zh = "锯"', 'zh = " "', r"expected a text"),
        (
            'classes = ["B27", "H01M", "G06N10", "A01G23/08"]\nnot_classes = ["B27L", "H01M4"]',
            "",
            r"nothing is in",
        ),
        ("[sources]", "[sources", r"not TOML"),
        ('kind = "technology"', 'kind = "technology"\nnamed = "yes"', r"expected true or false"),
    ],
)
def test_a_wrong_file_says_what_is_wrong(old: str, new: str, message: str) -> None:
    assert old in TREES
    with pytest.raises(SpecError, match=message):
        parse(TREES.replace(old, new))


def test_a_file_that_is_not_there_and_one_that_is(tmp_path: Path) -> None:
    with pytest.raises(SpecError, match="cannot be read"):
        fields.load(tmp_path / "none.toml")
    (tmp_path / "own.toml").write_text(TREES, encoding="utf-8")
    assert fields.load(tmp_path / "own.toml").ids() == ("trees", "saws")
    assert fields.load() == built_in()
