"""Placement of affiliations: the ways, their order, and what the other rows of an organisation say."""

import os
from pathlib import Path

import polars as pl
import pytest
from places_world import PLACES, organisations, synthetic_countries

from cosmopolis.places import gazetteer, institutions, register
from cosmopolis.places.cities import CityRule
from cosmopolis.places.institutions import PLACED_SCHEMA, ROW_COLUMNS, WAYS, PlacementRule
from cosmopolis.places.register import Register
from cosmopolis.places.resolve import Resolver
from cosmopolis.records import admit
from cosmopolis.sources import paperlists, readers, ror

ALDER, ELM, CEDAR = 1, 4, 11


CEDAR_ROW: tuple[object, ...] = (CEDAR, "Cedar", "XA", "02", 60.0, 20.0, 700_000, [])


@pytest.fixture(scope="module")
def resolver() -> Resolver:
    """Resolve against the synthetic gazetteer, with one more city."""
    places = pl.concat([PLACES, pl.DataFrame([CEDAR_ROW], schema=PLACES.schema, orient="row")])
    return Resolver(
        gazetteer=gazetteer.build(places, rule=CityRule(exceptions=())),
        countries=synthetic_countries(),
        divisions=pl.DataFrame({"country": ["XA"], "admin1": ["03"], "name": ["Northshire"]}),
    )


@pytest.fixture(scope="module")
def known(resolver: Resolver) -> Register:
    """Make a register of a few organisations."""
    return register.build(
        [
            organisations(
                {
                    "organisation": "0abc00001",
                    "ror": "0abc00001",
                    "name": "Forest University",
                    "country": "XA",
                    "place_id": 1,
                },
                {
                    "organisation": "0abc00002",
                    "ror": "0abc00002",
                    "name": "Sap (Arborea)",
                    "country": "XA",
                    "place_id": 1,
                    "kinds": ["company"],
                },
                {"organisation": "I77", "name": "Elm School of Mines", "country": "XB", "place_id": 4},
                {
                    "organisation": "0abc00003",
                    "ror": "0abc00003",
                    "name": "Academy of Leaves",
                    "country": "XA",
                    "place_id": 1,
                    "kinds": ["facility"],
                },
                {
                    "organisation": "0abc00004",
                    "ror": "0abc00004",
                    "name": "Moss College",
                    "country": "XB",
                    "place_id": 8,
                },
            )
        ],
        resolver,
    )


def rows(*given: dict[str, str]) -> pl.DataFrame:
    """Make rows of an affiliation table."""
    return pl.DataFrame(
        [dict.fromkeys(ROW_COLUMNS) | row for row in given], schema=dict.fromkeys(ROW_COLUMNS, pl.String)
    )


def test_every_way(known: Register, resolver: Resolver) -> None:
    asked = rows(
        {"institution": "0abc00001"},
        {"institution": "I77"},
        {"text": "Sap Research, Cedar, Arborea"},
        {"text": "Forest University, Arborea"},
        {"text": "Alder Polytechnic, Arborea"},
        {"text": "Thicket College [Cedar, Arborea]"},
        {"text": "Sap Inc., Arborea"},
        {"text": "Thicket College"},
    )
    placed = institutions.place(asked, known, resolver)
    assert placed.schema == PLACED_SCHEMA
    assert placed["way"].to_list() == [
        *("ror", "openalex_institution", "text", "organisation_name"),
        *("text_part", "supplied", "none", "none"),
    ]
    assert placed["city_id"].to_list() == [ALDER, ELM, CEDAR, ALDER, ALDER, CEDAR, None, None]
    assert set(placed["way"]) <= set(WAYS)
    why = placed["reason"].to_list()
    assert why[:6] == [None] * 6
    assert "works in many" in why[6]
    assert "no place that is known" in why[7]


def test_a_seat_counts_only_if_the_rule_says_so(known: Register, resolver: Resolver) -> None:
    asked = rows({"text": "Sap Inc., Arborea"}, {"institution": "0abc00002"})
    without = institutions.place(asked, known, resolver)
    assert without.select("way", "city_id").rows() == [("none", None)] * 2
    with_seats = institutions.place(asked, known, resolver, rule=PlacementRule(seats=True))
    assert with_seats.select("way", "city_id").rows() == [("organisation_seat", ALDER)] * 2


def test_the_address_of_a_firm_goes_before_its_id_and_an_id_before_other_addresses(
    known: Register, resolver: Resolver
) -> None:
    asked = rows(
        {"institution": "0abc00002", "text": "Sap, Cedar, Arborea"},
        {"institution": "0abc00001", "text": "Forest University, Cedar, Arborea"},
    )
    placed = institutions.place(asked, known, resolver)
    assert placed.select("way", "city_id").rows() == [("text", CEDAR), ("ror", ALDER)]


def test_an_address_goes_before_the_name_of_the_organisation(known: Register, resolver: Resolver) -> None:
    asked = rows(
        {"text": "Forest University, Cedar Campus, Cedar, Arborea", "organisation": "Forest University"}
    )
    assert institutions.place(asked, known, resolver)["city_id"].to_list() == [CEDAR]


def test_what_is_supplied_for_a_firm_at_its_seat_is_the_seat(known: Register, resolver: Resolver) -> None:
    asked = rows(
        {"text": "Sap Research [Alder, Arborea]", "organisation": "Sap"}, {"text": "Sap [Cedar, Arborea]"}
    )
    placed = institutions.place(asked, known, resolver)
    assert placed.select("way", "city_id").rows() == [("none", None), ("supplied", CEDAR)]


def test_a_country_or_an_acronym_is_no_place(known: Register, resolver: Resolver) -> None:
    asked = rows({"text": "Thicket College, Arborea"}, {"text": "Thicket College (OAK), Northshire, Arborea"})
    assert institutions.place(asked, known, resolver)["city_id"].to_list() == [None, None]


def test_other_rows_say_where_an_organisation_works(known: Register, resolver: Resolver) -> None:
    told = [{"text": f"Room {n}, Thicket College, Cedar, Arborea"} for n in range(5)]
    asked = rows(*told, {"text": "Thicket Coll."})
    placed = institutions.place(asked, known, resolver)
    assert placed.select("way", "city_id").row(5) == ("organisation_elsewhere", CEDAR)
    fewer = institutions.place(rows(*told[:4], {"text": "Thicket Coll."}), known, resolver)
    assert fewer.row(4, named=True)["way"] == "none"
    mixed = rows(*told, {"text": "Thicket College, Elm, Bosquia"}, {"text": "Thicket Coll."})
    assert institutions.place(mixed, known, resolver).row(6, named=True)["way"] == "none"  # 5 of 6 < 0.9


def test_rows_that_stand_for_many(known: Register, resolver: Resolver) -> None:
    asked = rows({"text": "Thicket College, Cedar, Arborea"}, {"text": "Thicket College"})
    once = institutions.place(asked, known, resolver)
    often = institutions.place(asked.with_columns(rows=pl.Series([5, 1])), known, resolver)
    assert (once["way"][1], often["way"][1]) == ("none", "organisation_elsewhere")


def test_an_academy_that_others_find_elsewhere_has_many_sites(known: Register, resolver: Resolver) -> None:
    bare = {"text": "Academy of Leaves, Arborea"}
    alone = institutions.place(rows(bare), known, resolver)
    assert alone.select("way", "city_id").rows() == [("organisation_name", ALDER)]
    told = [
        {"text": f"Room {n}, Academy of Leaves, {city}"}
        for n, city in enumerate(["Cedar, Arborea"] * 3 + ["Oak, Northshire, Arborea"] * 3)
    ]
    among = institutions.place(rows(bare, *told), known, resolver)
    assert among.select("way", "city_id").row(0) == ("none", None)


def test_a_place_without_a_city_is_told(known: Register, resolver: Resolver) -> None:
    placed = institutions.place(rows({"institution": "0abc00004"}), known, resolver)
    assert placed.select("way", "place_id", "city_id", "reason").rows() == [
        ("ror", 8, None, "its place belongs to no city")
    ]


def test_one_name_for_all_spellings(known: Register, resolver: Resolver) -> None:
    asked = rows(
        {"institution": "0abc00001"},
        {"text": "Dept. of Roots, Forest Univ., Arborea"},
        {"text": "Thicket Coll., Cedar, Arborea"},
        {"text": "Thicket College, Cedar, Arborea"},
        {"text": "Room 2, Thicket College, Cedar, Arborea"},
        {"organisation": "Unknown Institution", "text": "School of Bark, Cedar, Arborea"},
    )
    placed = institutions.place(asked, known, resolver)
    keys = placed["organisation_key"].to_list()
    assert keys[0] == keys[1]
    assert keys[2] == keys[3] == keys[4]
    names = placed["organisation_name"].to_list()
    assert names[:5] == ["Forest University"] * 2 + ["Thicket College"] * 3
    assert names[5] == "School of Bark"


def test_rows_keep_their_order_and_repeats(known: Register, resolver: Resolver) -> None:
    texts = ["Elm, Bosquia", None, "Cedar, Arborea", "Elm, Bosquia", "", "Cedar, Arborea"]
    asked = pl.DataFrame({"text": texts}).with_columns(
        pl.lit(None, dtype=pl.String).alias(name) for name in ROW_COLUMNS if name != "text"
    )
    placed = institutions.place(asked, known, resolver)
    assert placed["city_id"].to_list() == [ELM, None, CEDAR, ELM, None, CEDAR]
    assert placed["reason"].to_list()[1] == "names neither a place nor an organisation"
    assert institutions.place(asked.clear(), known, resolver).schema == PLACED_SCHEMA
    backwards = institutions.place(asked.reverse(), known, resolver)
    assert backwards.reverse().equals(placed)


REAL = {
    "Dept. of Computer Science, University of Washington, USA": "Seattle",
    "University of Minnesota": "Minneapolis",
    "Carnegie Mellon University": "Pittsburgh",
    "The Chinese University of Hong Kong, Shenzhen": "Shenzhen",
    "The Chinese University of Hong Kong": "Hong Kong",
    "HKUST (Guangzhou)": "Guangzhou",
    "Harbin Institute of Technology (Shenzhen), China": "Shenzhen",
    "Max Planck Institute for Intelligent Systems, Tübingen, Germany": "Tübingen",
    "Google Research, Zurich, Switzerland": "Zurich",
    "Huzhou Institute of Zhejiang University, Huzhou, China": "Huzhou",
    "Key Laboratory of Machine Perception (MOE), Peking University": "Beijing",
    "CSAIL, MIT": "Boston",
    "Technische Universität München, Garching, Germany": "Munich",
    "National University of Singapore, Singapore": "Singapore",
    "Waseda University, Tokyo, Japan": "Tokyo",
    "Google": None,
    "Microsoft Research": None,
    "Department of Computer Science": None,
    "Key Laboratory of Agriculture, Ministry of Education, China": None,
}
"""Addresses that a crude look-up gets wrong, and the city that each of them means, if any."""


@pytest.mark.real
def test_addresses_that_a_crude_look_up_gets_wrong(real_resolver: Resolver) -> None:
    known = register.build([organisations()], real_resolver)
    placed = institutions.place(rows(*({"text": text} for text in REAL)), known, real_resolver)
    cities = real_resolver.gazetteer.cities.select("city_id", "name")
    named = placed.join(cities, on="city_id", how="left", maintain_order="left")["name"].to_list()
    assert dict(zip(REAL, named, strict=True)) == REAL


def test_a_name_that_the_reviewed_table_bars_places_nothing(
    resolver: Resolver, monkeypatch: pytest.MonkeyPatch
) -> None:
    listed = organisations(
        {"organisation": "0a", "ror": "0a", "name": "Alder University", "country": "XA", "place_id": CEDAR}
    )
    asked = rows(
        {"text": "Alder University"}, {"organisation": "Alder Univ."}, {"text": "Alder University, Arborea"}
    )
    asked = pl.concat([asked, rows({"text": "Alder University, Cedar, Arborea"})])
    reviewed = register.reviewed_organisations().clear()

    def placed(table: pl.DataFrame) -> list[int | None]:
        monkeypatch.setattr(register, "reviewed_organisations", lambda: table)
        return institutions.place(asked, register.build([listed], resolver), resolver)["city_id"].to_list()

    assert placed(reviewed) == [CEDAR] * 4
    barred = pl.DataFrame([("Alder University", "", "XA", "", "many")], schema=reviewed.schema, orient="row")
    assert placed(barred) == [None, None, None, CEDAR]


@pytest.mark.real
def test_suzhou_university_is_neither_in_jiangsu_nor_in_anhui(real_resolver: Resolver) -> None:
    anhui = real_resolver.gazetteer.cities.filter(pl.col("city_id") == 1793743)["city_id"].item()
    listed = organisations(
        {"organisation": "0a", "ror": "0a", "name": "Suzhou University", "country": "CN", "place_id": anhui}
    )
    known = register.build([listed], real_resolver)
    texts = (
        "Suzhou University",
        "Suzhou University, China",
        "Soochow University",
        "Soochow University, Suzhou",
    )
    placed = institutions.place(rows(*({"text": text} for text in texts)), known, real_resolver)
    assert placed["city_id"].to_list() == [None, None, 1886760, 1886760]


def test_an_organisation_has_one_key_whether_its_row_names_the_country_or_not(
    known: Register, resolver: Resolver
) -> None:
    asked = rows(
        {"institution": "0abc00001"}, {"text": "Forest University, Arborea"}, {"text": "Forest University"}
    )
    placed = institutions.place(asked, known, resolver)
    assert placed["organisation_key"].n_unique() == 1
    assert placed["organisation_name"].to_list() == ["Forest University"] * 3


def test_the_address_of_an_institute_goes_before_its_id(known: Register, resolver: Resolver) -> None:
    asked = rows(
        {"institution": "0abc00003", "text": "Academy of Leaves, Cedar, Arborea"},
        {"institution": "0abc00003", "text": "Academy of Leaves"},
    )
    placed = institutions.place(asked, known, resolver)
    assert placed.select("way", "city_id").rows() == [("text", CEDAR), ("ror", ALDER)]


def test_blocks_change_nothing(known: Register, resolver: Resolver, monkeypatch: pytest.MonkeyPatch) -> None:
    asked = rows(
        *({"text": f"Room {n}, Thicket College, Cedar, Arborea"} for n in range(6)),
        {"text": "Thicket Coll."},
        {"institution": "0abc00001", "text": "Cedar, Arborea"},
        {"text": "Forest University"},
        {"text": "Sap Research [Cedar, Arborea]", "organisation": "Sap"},
        {},
    )
    whole = institutions.place(asked, known, resolver)
    monkeypatch.setattr(institutions, "ROWS_AT_ONCE", 2)
    assert institutions.place(asked, known, resolver).equals(whole)
    assert "organisation_elsewhere" in whole["way"].to_list()


@pytest.mark.real
def test_most_addresses_of_the_real_lists_are_placed(real_resolver: Resolver) -> None:
    data = Path(os.environ.get("COSMOPOLIS_DATA", Path(__file__).parents[3] / "shared" / "data"))
    for source in ("paperlists", "ror"):
        if not (data / source).is_dir():
            pytest.skip(f"{data / source} is not there; COSMOPOLIS_DATA names the folder that holds {source}")
    lists = readers.read("paperlists", {name: data / "paperlists" / name for name in paperlists.FILES})
    addresses = next(admit(raw).frame for raw in lists if raw.part == "affiliations")
    (listed,) = readers.read("ror", {ror.FILE: data / "ror" / ror.FILE})
    known = register.build([admit(listed).frame], real_resolver)
    drawn = addresses.sample(40_000, seed=20_261_123)
    placed = drawn.hstack(institutions.place(drawn, known, real_resolver))
    robotics = pl.col("work").str.contains("^(?:icra|iros)-")
    shares = dict(placed.group_by(robotics).agg(pl.col("city_id").is_not_null().mean()).rows())
    assert shares[True] >= 0.8
    assert shares[False] >= 0.75


def test_a_seat_that_the_addresses_contradict_is_no_guess(known: Register, resolver: Resolver) -> None:
    bare = {"text": "Sap Inc., Arborea"}
    elsewhere = [{"text": f"Room {n}, Sap, Cedar, Arborea"} for n in range(3)]
    also = [{"text": f"Room {n}, Sap, Oak, Northshire, Arborea"} for n in range(3)]
    with_seats = PlacementRule(seats=True)
    few = institutions.place(rows(bare, *elsewhere), known, resolver, rule=with_seats)
    assert few.select("way", "city_id").row(0) == ("organisation_seat", ALDER)
    many = institutions.place(rows(bare, *elsewhere, *also), known, resolver, rule=with_seats)
    assert many.select("way", "city_id").row(0) == ("none", None)
    assert "works in many" in many["reason"][0]
    lenient = PlacementRule(seats=True, seat_share=0.0)
    kept = institutions.place(rows(bare, *elsewhere, *also), known, resolver, rule=lenient)
    assert kept.select("way", "city_id").row(0) == ("organisation_seat", ALDER)
