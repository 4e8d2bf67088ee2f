"""National branches by name: which companies are one firm, and which are not."""

import csv
import gzip
from collections import defaultdict
from pathlib import Path

import polars as pl
import pytest
from real_mirror import DATA

from cosmopolis.networks.national_branches import SHARED_NAMES, national_branches
from cosmopolis.records import admit
from cosmopolis.sources import ror

CODES = {"Arborea": "XA", "Birchland": "XB", "Copse": "XC"}


def _found(*rows: tuple[str, str] | tuple[str, str, str]) -> list[tuple[int, str, str]]:
    frame = pl.DataFrame(
        {
            "row": range(1, len(rows) + 1),
            "name": [row[0] for row in rows],
            "country": [row[1] for row in rows],
            "kinds": [[row[2]] if len(row) > 2 else ["company", "funder"] for row in rows],
            "organisation": [f"o{n}" for n in range(1, len(rows) + 1)],
            "parents": None,
        },
        schema_overrides={"parents": pl.List(pl.String)},
    )
    found = national_branches(frame, lambda texts: [CODES.get(text or "") for text in texts])
    assert set(found["role"]) <= {"branch"}
    return found.drop("role").rows()


def _roles(*parents: list[str] | None) -> list[str]:
    """Return the roles of companies of one firm, o1, o2 and so on, of which each names its parents."""
    countries = ["Arborea", "Birchland", "Copse"]
    frame = pl.DataFrame(
        {
            "row": range(1, len(parents) + 1),
            "organisation": [f"o{n}" for n in range(1, len(parents) + 1)],
            "name": [f"Acme ({countries[n % 3]})" for n in range(len(parents))],
            "country": [CODES[countries[n % 3]] for n in range(len(parents))],
            "kinds": [["company"]] * len(parents),
            "parents": parents,
        },
        schema_overrides={"parents": pl.List(pl.String), "row": pl.Int64},
    )
    found = national_branches(frame, lambda texts: [CODES.get(text or "") for text in texts])
    return found["role"].to_list()


def test_the_branch_that_others_name_as_their_parent_is_the_headquarters() -> None:
    assert _roles(["o2"], None, ["o2", "elsewhere"]) == ["branch", "headquarters", "branch"]
    assert _roles(["o2"], ["o3"], None) == ["branch", "branch", "headquarters"]  # the top of the chain


def test_two_tops_a_circle_or_parents_elsewhere_tell_no_headquarters() -> None:
    assert _roles(["o3"], ["o4"], None, None) == ["branch"] * 4
    assert _roles(["o2"], ["o1"], None) == ["branch"] * 3
    assert _roles(["elsewhere"], [], ["o3"]) == ["branch"] * 3


def test_companies_of_one_name_in_two_countries_are_branches_of_a_firm() -> None:
    assert _found(("Acme (Arborea)", "XA"), ("ACME (Birchland)", "XB"), ("Acme (Copse)", "XC")) == [
        (1, "Acme", "XA"),
        (2, "Acme", "XB"),
        (3, "Acme", "XC"),
    ]


def test_one_country_alone_makes_no_firm() -> None:
    assert _found(("Acme (Arborea)", "XA"), ("Acme (Arborea)", "XA"), ("Beta (Birchland)", "XB")) == []


def test_what_is_no_national_branch() -> None:
    assert not _found(
        ("Acme (Arborea)", "XA"),
        ("Acme (Birchland)", "XC"),  # the register has it elsewhere than its name says
        ("Acme (ACM)", "XB"),  # an acronym, no country
        ("Acme (Copse)", "XC", "education"),
        ("Acme", "XB"),
    )


def test_names_that_two_firms_share_are_left_out() -> None:
    shared = min(SHARED_NAMES)
    assert _found((f"{shared} (Arborea)", "XA"), (f"{shared} (Birchland)", "XB")) == []


@pytest.mark.real
def test_the_real_register_against_a_plain_reading(real_files: tuple[Path, ...]) -> None:
    """The companies of the union of ROR's records, by countries as the file itself names them."""
    paths = [place / ror.SOURCE / ror.FILE for place in (*real_files, DATA)]
    path = next((at for at in paths if at.is_file()), None)
    if path is None:
        pytest.skip("the records of the Research Organization Registry are not on this machine")
    with gzip.open(path, "rt", encoding="utf-8", newline="") as lines:
        records = [record for record in csv.DictReader(lines) if record["status"] != "withdrawn"]
    codes = {record["country"]: record["iso2"] for record in records}
    branches = defaultdict(set)
    for record in records:
        name, bracket, label = record["name"].removesuffix(")").rpartition("(")
        if (
            bracket
            and record["name"].endswith(")")
            and "company" in [kind.strip().lower() for kind in record["types"].split(";")]
            and codes.get(label) == record["iso2"]
            and name.strip() not in SHARED_NAMES
        ):
            branches[name.strip().lower()].add((record["ror"][-9:], record["iso2"]))
    firms = {name: found for name, found in branches.items() if len({country for _, country in found}) > 1}
    (raw,) = ror.read({ror.FILE: path})
    frame = admit(raw).frame
    found = national_branches(frame, lambda texts: [codes.get(text or "") for text in texts])
    ids = found.join(frame.select("row", "organisation"), on="row", how="left")
    assert {name for group in firms.values() for name, _ in group} == set(ids["organisation"])
    assert found["firm"].n_unique() == len(firms)
