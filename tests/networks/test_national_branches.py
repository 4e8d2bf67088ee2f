"""National branches by name: which companies are one firm, and which are not."""

import polars as pl

from cosmopolis.networks.national_branches import SHARED_NAMES, national_branches

CODES = {"Arborea": "XA", "Birchland": "XB", "Copse": "XC"}


def _found(*rows: tuple[str, str] | tuple[str, str, str]) -> list[tuple[int, str, str]]:
    frame = pl.DataFrame(
        {
            "row": range(1, len(rows) + 1),
            "name": [row[0] for row in rows],
            "country": [row[1] for row in rows],
            "kinds": [[row[2]] if len(row) > 2 else ["company", "funder"] for row in rows],
        }
    )
    return national_branches(frame, lambda texts: [CODES.get(text or "") for text in texts]).rows()


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
