"""Listed firms: companies of a Python literal, read as text; nothing in it runs."""

from pathlib import Path
from typing import Any

import pytest

from cosmopolis.errors import FormatError
from cosmopolis.records import admit
from cosmopolis.sources import listed_firms
from cosmopolis.sources.raw import Raw


def _read(folder: Path, indices: dict[str, Any] | str) -> Raw:
    path = folder / listed_firms.FILE
    path.write_text(f'"""\nAuto-generated.\n"""\n\nINDICES = {indices}\n\n', encoding="utf-8")
    (raw,) = listed_firms.read({listed_firms.FILE: path})
    return raw


def _company(**more: object) -> dict[str, object]:
    return {"name": "Alder Mills", "symbol": "ALD.QA", "country": "Arborea", "industries": ["Wood"]} | more


def test_headquarters_from_the_text_on_the_firm_else_from_country(tmp_path: Path) -> None:
    companies = [
        _company(metadata={"headquarters": "Alder , Arborea"}),
        _company(country="Birch, Northwood"),
        _company(country="Birch, Northwood", metadata={"headquarters": "Copse, Northwood , U.S."}),
        _company(country="none"),
    ]
    raw = _read(tmp_path, {"TREE 4": {"name": "TREE 4", "companies": companies, "yahoo": "^TREE"}})
    assert (raw.part, raw.table, raw.rows_in) == ("companies", "listing", 4)
    admitted = admit(raw)
    assert admitted.frame.rows() == [
        (1, 2026, "Alder Mills", "TREE 4", "Alder , Arborea", "Arborea", ["Wood"], []),
        (2, 2026, "Alder Mills", "TREE 4", "Birch, Northwood", None, ["Wood"], []),
        (3, 2026, "Alder Mills", "TREE 4", "Copse, Northwood , U.S.", None, ["Wood"], []),
    ]
    assert admitted.quarantine.select("row", "reason").rows() == [(4, "headquarters is missing")]


def _quote(yahoo: str, google: str) -> dict[str, str]:
    return {"yahoo": yahoo, "google": google, "currency": "EUR"}


MANY = ["AMS", "FRA"]


@pytest.mark.parametrize(
    ("company", "exchanges"),
    [
        (_company(symbols=[_quote("A.F", "FRA:A"), _quote("A", "AMS:A"), _quote("", "FRA:B")]), MANY),
        (_company(symbols=[_quote("A.MI", "A.MI")]), ["BIT"]),
        (_company(symbols=[_quote("A.F", "FRA:A"), _quote("A.MI", "A.MI")]), ["FRA"]),
        (_company(symbol="A.PA"), ["EPA"]),
        (_company(symbols=[_quote("BF.B", "BF.B")], metadata={"traded_as": "NYSE : BF.B ASX : X"}), ["NYSE"]),
        (_company(symbols=[_quote("A", "A")], metadata={"traded_as": "Nasdaq : A"}), ["NASDAQ"]),
        (_company(symbols=[_quote("A", "A")]), []),
    ],
)  # fmt: skip
def test_exchanges(tmp_path: Path, company: dict[str, object], exchanges: list[str]) -> None:
    raw = _read(tmp_path, {"TREE 4": {"name": "TREE 4", "companies": [company]}})
    assert raw.frame["exchanges"].to_list() == [exchanges]


def test_companies_keep_the_index_they_stand_in(tmp_path: Path) -> None:
    one, two = _company(name="It's Alder"), _company(name='Birch "B" }, {')
    indices = {
        "A": {"name": "A", "companies": [one, two]},
        "B": {"name": "B", "companies": []},
        "C's": {"name": "C's", "companies": [one]},
    }
    raw = _read(tmp_path, indices)
    assert raw.frame.select("row", "index", "firm").rows() == [
        (1, "A", "It's Alder"),
        (2, "A", 'Birch "B" }, {'),
        (3, "C's", "It's Alder"),
    ]


def test_nothing_in_the_module_is_run(tmp_path: Path) -> None:
    mark = tmp_path / "mark"
    bomb = f"__import__('pathlib').Path({str(mark)!r}).touch()"
    raw = _read(tmp_path, f"{{'A': {{'name': 'A', 'companies': [{{'name': {bomb}}}]}}}}")
    assert not mark.exists()
    assert raw.rejects["reason"].to_list() == ["firm cannot be read: ValueError in the company's text"]


def test_a_module_without_indices(tmp_path: Path) -> None:
    with pytest.raises(FormatError, match="has no indices with companies, but expected a Python module"):
        _read(tmp_path, "{}")
