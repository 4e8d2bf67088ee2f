"""A country is found by name, code, alias, part or near spelling."""

import polars as pl
import pytest
from places_world import synthetic_countries

from cosmopolis.places.names import normal_form, simplified
from cosmopolis.places.resolve import Resolver


@pytest.mark.parametrize(
    ("text", "country"),
    [
        ("Arborea", "XA"),
        ("ARBOREA", "XA"),
        ("xaa", "XA"),
        ("XB", "XB"),
        ("树国", "XA"),
        ("Bosquie", "XB"),
        ("Northshire, Arborea", "XA"),
        ("in Arborea", "XA"),
        ("Arborea (country)", "XA"),
        ("Arborrea", "XA"),
        ("Atlantis", None),
        ("", None),
        (None, None),
    ],
)
def test_find(text: str | None, country: str | None) -> None:
    assert synthetic_countries().find(text) == country


def test_names_in_both_languages() -> None:
    known = synthetic_countries()
    assert known.name("XA", "en") == "Arborea"
    assert known.name("XA", "zh") == "树国"
    assert known.name("ZZ", "en") == "ZZ"


@pytest.mark.real
@pytest.mark.parametrize(
    ("text", "country"),
    [
        ("Viet Nam", "VN"),
        ("Wales, United Kingdom", "GB"),
        ("Kazakhstah", "KZ"),
        ("中国", "CN"),
        ("Côte d'Ivoire", "CI"),
        ("Georgia (country)", "GE"),
        ("Türkiye", "TR"),
    ],
)
def test_find_real(real_resolver: Resolver, text: str, country: str) -> None:
    assert real_resolver.countries.find(text) == country


def test_normal_forms() -> None:

    names = ["  ST. Gallen / Sankt-Gallen", "Łódź", "Þórshöfn", "São Paulo", "N’Djamena"]
    forms = pl.DataFrame({"n": names}).select(normal_form(pl.col("n")))["n"].to_list()
    assert forms == ["saint gallen sankt gallen", "lodz", "thorshofn", "sao paulo", "ndjamena"]
    assert simplified(pl.Series(["東京", "x"])).to_list() == ["东京", "x"]
