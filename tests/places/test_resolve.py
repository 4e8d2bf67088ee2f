"""Each way of the resolver on an invented gazetteer, and the texts of the issue on the real one."""

from dataclasses import replace

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cosmopolis.places.resolve import ANSWER_SCHEMA, Resolver


def _one(resolver: Resolver, text: str | None, country: str | None = None) -> dict[str, object]:
    frame = pl.DataFrame({"t": [text], "c": [country]}, schema={"t": pl.String, "c": pl.String})
    return resolver.resolve(frame, text="t", country="c").row(0, named=True)


@pytest.mark.parametrize(
    ("text", "country", "place", "way"),
    [
        ("Alder", None, 1, "exact"),
        ("桤城", None, 1, "alternate"),
        ("Ольха", None, 1, "alternate"),
        ("ALDER", None, 1, "normal"),
        ("City of Alder", None, 1, "normal"),
        ("Alder/Alderstadt", None, 1, "exact"),
        ("Bosquia, Elm", None, 4, "exact"),
        ("Institute of Trees, University of Birch, Arborea", None, 3, "part"),
        ("St. Ivy", None, 9, "normal"),
        ("Aldre", "Arborea", None, "unresolved"),
        ("Birchvile", "Arborea", 3, "fuzzy"),
        ("Oak, Northshire, Arborea", None, 5, "exact"),
        ("Oak, Southshire, Arborea", None, 6, "exact"),
        ("Moss", "XB", 8, "exact"),
        ("Moss", "树国", None, "unresolved"),
        ("Nowhere", None, None, "unresolved"),
    ],
)
def test_ways(tiny_resolver: Resolver, text: str, country: str | None, place: int | None, way: str) -> None:
    answer = _one(tiny_resolver, text, country)
    assert (answer["place_id"], answer["way"]) == (place, way)
    confidence = answer["confidence"]
    assert isinstance(confidence, float)
    assert (confidence > 0) == (place is not None)


def test_homonyms_are_not_guessed(tiny_resolver: Resolver) -> None:
    answer = _one(tiny_resolver, "Oak", "Arborea")
    assert answer["way"] == "unresolved"
    assert "Oak (XA, 5, 500000)" in str(answer["candidates"])
    assert "Oak (XA, 6, 480000)" in str(answer["candidates"])


def test_a_part_may_name_a_country_or_a_division(tiny_resolver: Resolver) -> None:
    rows = {"country": ["XA", "XB"], "admin1": ["03", "09"], "name": ["Bosquia", "Bosquia"]}
    resolver = replace(tiny_resolver, divisions=pl.DataFrame(rows))
    assert _one(resolver, "Oak, Bosquia")["place_id"] == 5
    assert _one(resolver, "Elm, Bosquia")["place_id"] == 4
    assert _one(resolver, "Oak, Bosquia", "Bosquia")["way"] == "unresolved"


def test_a_place_outside_every_city_has_none(tiny_resolver: Resolver) -> None:
    answer = _one(tiny_resolver, "Moss", "Bosquia")
    assert answer["place_name"] == "Moss"
    assert answer["city_id"] is None


@pytest.mark.parametrize(
    ("text", "country", "reason"),
    [
        (None, None, "no text"),
        ("  ", None, "no text"),
        ("Alder", "Atlantis", "country Atlantis is not known"),
    ],
)
def test_reasons(tiny_resolver: Resolver, text: str | None, country: str | None, reason: str) -> None:
    assert _one(tiny_resolver, text, country)["reason"] == reason


def test_coordinates_weigh_and_find(tiny_resolver: Resolver) -> None:
    frame = pl.DataFrame({"t": ["Oak", None, None], "lat": [-30.0, 10.01, 0.0], "lon": [10.0, 10.01, -120.0]})
    answers = tiny_resolver.resolve(frame, text="t", latitude="lat", longitude="lon")
    assert answers["place_id"].to_list() == [6, 1, None]
    assert answers["way"].to_list() == ["exact", "coordinates", "unresolved"]


def test_order_and_repeats_are_kept(tiny_resolver: Resolver) -> None:
    texts = ["Elm", "Alder", "Elm", "", "Alder"]
    answers = tiny_resolver.resolve(pl.DataFrame({"t": texts}), text="t")
    assert answers["place_id"].to_list() == [4, 1, 4, None, 1]
    assert answers.columns[: len(ANSWER_SCHEMA)] == list(ANSWER_SCHEMA)


_TEXTS = st.lists(
    st.one_of(
        st.sampled_from(["Alder", "Oak", "Elm, Bosquia", "桤城", "Fern", "St Ivy", ""]), st.text(max_size=20)
    ),
    max_size=8,
)


@given(_TEXTS)
@settings(max_examples=60, deadline=None)
def test_an_answer_does_not_depend_on_the_other_rows(tiny_resolver: Resolver, texts: list[str]) -> None:
    together = tiny_resolver.resolve(pl.DataFrame({"t": texts}, schema={"t": pl.String}), text="t")
    alone = [tiny_resolver.resolve(pl.DataFrame({"t": [text]}), text="t") for text in texts]
    assert together.equals(pl.concat([together.clear(), *alone]))


@given(_TEXTS, st.sampled_from(["XA", "XB"]))
@settings(max_examples=40, deadline=None)
def test_a_given_country_is_kept_to(tiny_resolver: Resolver, texts: list[str], country: str) -> None:
    frame = pl.DataFrame({"t": texts, "c": [country] * len(texts)}, schema={"t": pl.String, "c": pl.String})
    found = tiny_resolver.resolve(frame, text="t", country="c")["place_country"].drop_nulls()
    assert (found == country).all()


@pytest.mark.real
@pytest.mark.parametrize(
    ("text", "city"),
    [
        ("Dept of Physics, TU München, Germany", "Munich"),
        ("Saint Paul, Minnesota, U.S.", "Minneapolis"),
        ("Viet Nam, Hai Phong", "Haiphong"),
        ("Wien/Vienna", "Vienna"),
        ("慕尼黑", "Munich"),
        ("Atlanta, Georgia, U.S.", "Atlanta"),
        ("Cambridge, MA, USA", "Boston"),
        ("Massachusetts Institute of Technology, Cambridge, MA", "Boston"),
        ("Atlanta, Georgia", "Atlanta"),
        ("Tbilisi, Georgia", "Tbilisi"),
        ("London, ON", "London"),
        ("Hong Kong, China", "Hong Kong"),
        ("Islington, London", "London"),
        ("广东省深圳市南山区", "Shenzhen"),
        ("Cambridge, UK", "Cambridge"),
        ("1426 West 3rd Street, Cleveland, Ohio, United States", "Cleveland"),
        ("清华大学, 北京, 中国", "Beijing"),
        ("Washington, D.C.", "Washington, D.C."),
        ("Singapore", "Singapore"),
    ],
)
def test_texts_as_they_come(real_resolver: Resolver, text: str, city: str) -> None:
    assert _one(real_resolver, text)["city_name"] == city


@pytest.mark.real
@pytest.mark.parametrize(
    "text", ["Cambridge", "San Jose", "Richmond, CA", "Springfield, United States", "Xyzzyville"]
)
def test_what_nobody_can_tell_stays_open(real_resolver: Resolver, text: str) -> None:
    assert _one(real_resolver, text)["way"] == "unresolved"
