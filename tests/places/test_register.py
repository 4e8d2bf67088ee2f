"""The register of organisations: names, ids, homonyms, and the reviewed table."""

from collections import Counter

import polars as pl
import pytest
from places_world import organisations

from cosmopolis.places import register
from cosmopolis.places.register import organisation_key
from cosmopolis.places.resolve import Resolver


def found(known: register.Register, name: str, country: str | None) -> list[tuple[str, int | None]]:
    """Look one name up: organisation and city."""
    asked = pl.DataFrame(
        {"q": [1], "name": [name], "country": [country]}, schema_overrides={"country": pl.String}
    ).select("q", "country", key=organisation_key(pl.col("name")))
    return known.by_name(asked).select("organisation", "city_id").rows()


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("The University of Alder", "Univ. of Alder"),
        ("Universität Alder", "University of Alder"),
        ("Université d'Alder", "Universite d’Alder"),
        ("University of Alder, Birch", "University of Alder at Birch"),
        ("Alder Inst. of Technol.", "Alder Institute of Technology"),
        ("Alder Robots Co., Ltd.", "Alder Robots"),
        ("Alder Centre for AI", "Alder Center for Artificial Intelligence"),
        ("1University of Alder", "University of Alder"),
        ("University of Alder2", "University of Alder"),
        ("University of Alder†*", "University of Alder"),
    ],
)
def test_spellings_of_one_name(one: str, other: str) -> None:
    keys = pl.DataFrame({"name": [one, other]}).select(organisation_key(pl.col("name")))["name"]
    assert keys[0] == keys[1] != ""


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("University of Washington", "Washington University"),
        ("3M", "M"),
        ("Data61", "Data"),
        ("Group", ""),
        ("Alder Institute", "Alder University"),
    ],
)
def test_names_that_stay_apart(one: str, other: str) -> None:
    keys = pl.DataFrame({"name": [one, other]}).select(organisation_key(pl.col("name")))["name"]
    assert keys[0] != keys[1]


def test_an_organisation_lies_where_its_geonames_id_does(tiny_resolver: Resolver) -> None:
    listed = organisations(
        {"organisation": "0a", "name": "Alder U", "country": "XA", "place_id": 2, "city": "Moss"},
        {"organisation": "0b", "name": "Elm U", "country": "XB", "place_id": 999, "city": "Elm"},
        {
            "organisation": "0c",
            "name": "Oak U",
            "country": "XA",
            "city": "Oak",
            "latitude": -30.1,
            "longitude": 10.0,
        },
        {"organisation": "0d", "name": "Lost U", "country": "XB", "city": "Nowhere"},
    )
    known = register.build([listed], tiny_resolver)
    places = {
        row[0]: row[1:] for row in known.organisations.select("organisation", "place_id", "city_id").rows()
    }
    assert places["0a"] == (2, 1)  # a part of Alder, whatever the text says
    assert places["0b"] == (4, 4)  # the gazetteer lacks the id: by the name of the city
    assert places["0c"] == (6, 6)  # of two homonyms the one at the coordinates
    assert places["0d"] == (None, None)


def test_a_city_name_far_from_the_coordinates_is_a_homonym(tiny_resolver: Resolver) -> None:
    far = {"organisation": "0a", "name": "Fern U", "country": "XA", "city": "Fern"}
    listed = organisations({**far, "latitude": 10.19, "longitude": 10.0})
    known = register.build([listed], tiny_resolver).organisations.filter(pl.col("organisation") == "0a")
    assert known["place_id"].item() == 3  # Birch lies there; Fern is 2,000 km away


def test_a_name_of_two_cities_is_none(tiny_resolver: Resolver) -> None:
    listed = organisations(
        {"organisation": "0a", "name": "Forest Institute", "country": "XA", "place_id": 1},
        {"organisation": "0b", "name": "Forest Institute", "country": "XA", "place_id": 5},
        {"organisation": "0c", "name": "Forest Institute", "country": "XB", "place_id": 4},
        {"organisation": "0d", "name": "Wood School", "country": "XA", "place_id": 1},
        {"organisation": "0e", "name": "Wood School", "country": "XA", "place_id": 2},
    )
    known = register.build([listed], tiny_resolver)
    assert found(known, "Forest Institute", "XA") == []
    assert found(known, "Forest Institute", "XB") == [("0c", 4)]
    assert found(known, "Forest Institute", None) == [("0c", 4)]
    assert found(known, "Wood School", "XA") == [("0d", 1)]  # two organisations in one city


def test_the_main_name_goes_before_another_ones_acronym(tiny_resolver: Resolver) -> None:
    listed = organisations(
        {
            "organisation": "0a",
            "name": "Xylem Institute",
            "country": "XA",
            "place_id": 1,
            "other_names": ["XIT"],
        },
        {"organisation": "0b", "name": "XIT", "country": "XA", "place_id": 5},
    )
    known = register.build([listed], tiny_resolver)
    assert found(known, "XIT", "XA") == [("0b", 5)]
    assert found(known, "XIT", None) == []  # an acronym needs a country
    assert found(known, "Xylem Inst.", None) == [("0a", 1)]


def test_a_firm_is_known_without_its_country_and_has_many_sites(tiny_resolver: Resolver) -> None:
    listed = organisations(
        {"organisation": "0a", "name": "Sap (Arborea)", "country": "XA", "place_id": 1, "kinds": ["company"]},
        {"organisation": "0b", "name": "Sap (Bosquia)", "country": "XB", "place_id": 4, "kinds": ["company"]},
        {
            "organisation": "0c",
            "name": "Root (Station)",
            "country": "XA",
            "place_id": 5,
            "kinds": ["facility"],
        },
    )
    known = register.build([listed], tiny_resolver)
    assert found(known, "Sap Inc.", "XA") == [("0a", 1)]
    assert found(known, "Sap", "XB") == [("0b", 4)]
    assert found(known, "Sap", None) == []
    assert found(known, "Root", "XA") == []
    sites = dict(known.organisations.select("organisation", "sites").rows())
    assert (sites["0a"], sites["0c"]) == ("unlikely", "likely")
    assert known.organisations.filter(pl.col("organisation") == "0a")["known_as"].item() == "Sap"


@pytest.mark.parametrize("name", ["Department of Computer Science", "Ministry of Education", "AI Lab"])
def test_words_of_any_department_are_no_name(tiny_resolver: Resolver, name: str) -> None:
    listed = organisations({"organisation": "0a", "name": name, "country": "XA", "place_id": 1})
    assert found(register.build([listed], tiny_resolver), name, "XA") == []


def test_ids_of_ror_and_openalex(tiny_resolver: Resolver) -> None:
    listed = organisations(
        {"organisation": "I7", "ror": "0abc00001", "name": "Alder U", "country": "XA", "place_id": 1},
        {"organisation": "0abc00002", "ror": "0abc00002", "name": "Elm U", "country": "XB", "place_id": 4},
    )
    known = register.build([listed], tiny_resolver)
    ids = pl.Series(["0abc00001", "I7", "0abc00002", "0zzz00009", None])
    answer = known.by_id(ids).select("institution", "organisation").rows()
    assert answer == [("0abc00001", "I7"), ("0abc00002", "0abc00002"), ("I7", "I7")]


def test_the_first_of_two_registers_counts(tiny_resolver: Resolver) -> None:
    first = organisations({"organisation": "0a", "name": "Alder U", "country": "XA", "place_id": 1})
    second = organisations({"organisation": "0a", "name": "Alder U", "country": "XA", "place_id": 5})
    known = register.build([first, second], tiny_resolver).organisations
    assert known.filter(pl.col("organisation") == "0a")["place_id"].to_list() == [1]


def test_the_reviewed_table_is_well_formed() -> None:
    table = register.reviewed_organisations()
    assert table.null_count().sum_horizontal().item() == 0
    assert set(table["sites"]) <= set(register.SITES)
    assert set(table.filter(pl.col("city") == "")["sites"]) <= {"many"}
    assert table["country"].str.contains(r"^[A-Z]{2}$").all()
    spelt = table.select(
        "country", who="name", spelling=pl.concat_list("name", pl.col("other_names").str.split("|"))
    ).explode("spelling")
    keyed = spelt.filter(pl.col("spelling") != "").with_columns(key=organisation_key(pl.col("spelling")))
    assert (keyed["key"] != "").all()
    owners = keyed.group_by("country", "key").agg(pl.col("who").unique().sort())
    twice = owners.filter(pl.col("who").list.len() > 1)
    assert twice.rows() == []
    assert Counter(table.select("country", "name").rows()).most_common(1)[0][1] == 1


@pytest.mark.real
def test_every_reviewed_city_is_found(real_resolver: Resolver) -> None:
    table = register.reviewed_organisations().filter(pl.col("city") != "")
    answers = real_resolver.resolve(table, text="city", country="country")
    lost = table.filter(answers["place_id"].is_null())["name"].to_list()
    assert lost == []
    elsewhere = table.hstack(answers.select("place_country")).filter(
        pl.col("country") != pl.col("place_country")
    )
    assert elsewhere["name"].to_list() == []
