"""What is not tested or too thin is said so and not drawn; years, borders and means are spoken of rightly."""

from collections.abc import Mapping
from dataclasses import replace

import polars as pl
import pytest

from cosmopolis.publish import network_pages, report
from cosmopolis.publish.innovation import countries, structure, ties
from cosmopolis.publish.innovation.schemas import SCHEMAS
from cosmopolis.publish.innovation.topics import Desk, Topic
from cosmopolis.publish.result import Result
from cosmopolis.publish.view import View
from cosmopolis.publish.words import Words

AI = Topic(network="coauthorship", field="artificial_intelligence", name="AI")
PATENTS = Topic(network="copatenting", field="robotics", name="Patents")


def _desk(result: Result, **tables: pl.DataFrame) -> Desk:
    return Desk(View(replace(result, tables={**result.tables, **tables}), Words("en")))


def _rows(name: str, *given: Mapping[str, object]) -> pl.DataFrame:
    """Make rows of a table of the chapter; what is not given is null."""
    schema = SCHEMAS[name]
    return pl.DataFrame([dict.fromkeys(schema) | dict(row) for row in given], schema=schema)


def _ties(*counts: int) -> pl.DataFrame:
    window = {"network": AI.network, "field": AI.field, "from_year": 2025, "to_year": 2029}
    return _rows(
        "link_measures",
        *(window | {"origin": 1, "destination": n + 2, "count": c, "weight": float(c)}
          for n, c in enumerate(counts)),
    )  # fmt: skip


@pytest.mark.parametrize(("most", "said"), [(4, False), (5, True)])
def test_a_pair_of_few_records_is_not_called_the_strongest(result: Result, *, most: int, said: bool) -> None:
    desk = _desk(result, link_measures=_ties(most, 2))
    assert ("is the strongest pair" in ties.strongest_sentence(desk, AI)) is said


def test_a_field_is_untested_only_beside_fields_that_are_tested(result: Result) -> None:
    trend = {"network": AI.network, "field": AI.field, "origin": "QA", "destination": "QB"}
    some = _desk(result, country_trends=_rows("country_trends", trend))
    assert not countries.is_untested(some, AI)
    assert countries.is_untested(some, PATENTS)
    none = _desk(result, country_trends=_rows("country_trends"))
    assert not countries.is_untested(none, PATENTS)


def test_a_pair_without_a_trend_is_said_to_be_not_tested(result: Result) -> None:
    desk = _desk(result)
    assert countries.verdict(desk, {}, ("QA", "QB")) == "not tested: under 100 records"
    known = {("QA", "QB"): {"verdict": "rising"}}
    assert countries.verdict(desk, known, ("QA", "QB")) == "rising"


@pytest.mark.parametrize(("topic", "said"), [(AI, True), (PATENTS, False)])
def test_only_papers_are_compared_with_counts_of_papers(result: Result, *, topic: Topic, said: bool) -> None:
    row = {
        "network": topic.network,
        "field": topic.field,
        "year": 2029,
        "pairs": 30,
        "spearman": 0.5,
    }
    agreement = pl.DataFrame([row])
    assert bool(countries.agreement(_desk(result, country_agreement=agreement), topic)) is said


def test_the_stability_of_a_group_is_the_mean_of_its_cities(result: Result) -> None:
    rows = pl.DataFrame(
        {
            "city_id": [1, 2, 3],
            "from_year": 2025,
            "to_year": 2029,
            "stability": [1.0, 1.0, 0.25],
            "role": "R2",
        }
    )
    text = " ".join(structure.sentences(_desk(result), rows, 1))
    assert "mean stability of a city is 0.75" in text


@pytest.mark.parametrize(
    ("kinds", "said"),
    [
        (("papers",), "Venues enter and leave"),
        (("organisations", "papers"), "Venues enter and leave"),
        (("patents",), "Coverage of patents"),
        (("air routes",), "unless the source is the same"),
        ((), "unless the source is the same"),
    ],
)
def test_years_of_lists_are_not_comparable(result: Result, kinds: tuple[str, ...], said: str) -> None:
    first = result.sources[0]
    sources = tuple(
        replace(first, source=replace(first.source, id=f"s{n}", kind=kind)) for n, kind in enumerate(kinds)
    )
    note = replace(result.networks[0], sources=tuple(one.source.id for one in sources))
    view = View(replace(result, sources=sources), Words("en"))
    assert said in view.words(network_pages.vintage_note(view, note))


def test_no_word_of_borders_where_none_are_drawn(result: Result) -> None:
    def said(changed: Result) -> bool:
        return any("Borders" in text for text in report.map_notes(View(changed, Words("en")), ()))

    plain = replace(result, borders_note={})
    bare = {"type": "FeatureCollection", "features": []}
    feature = {"type": "Feature", "properties": {}, "geometry": {"type": "Polygon", "coordinates": []}}
    assert not said(replace(plain, borders=bare))
    assert said(replace(plain, borders={"type": "FeatureCollection", "features": [feature]}))
