"""Lists of companies: what each reader makes of its own words, and the real files."""

import gzip
import tomllib
from collections.abc import Mapping
from pathlib import Path

import polars as pl
import pytest
from real_mirror import DATA

from cosmopolis.records import admit
from cosmopolis.sources import readers

GOLDEN = Path(__file__).parents[1] / "golden"

FINANCEDATABASE = """company_id,name,sector,industry,country,state,city,website,market_cap,isin,any_active,all_exchanges,all_symbols,source
1,Acorn plc,Energy,Gas,Arborea,QA,Alder,,Mega Cap,,True,FRA;LSE,AC.F;ACN.L,csv_2026-08-16
2,Beech AG,Energy,Gas,Arborea,,Birch,,,,True,FRA;LSE,BE.F;0QBX.L,csv_2026-08-16
3,Cedar SA,Energy,Gas,Arborea,,Birch,,,,False,IOB;LSE,0QCX.IL;0QCX.L,json_2023-02-13
"""  # noqa: E501 - the true header


def _read(folder: Path, source: str, name: str, text: str) -> pl.DataFrame:
    path = folder / name
    data = text.encode()
    path.write_bytes(gzip.compress(data, mtime=0) if name.endswith(".gz") else data)
    return pl.concat([admit(raw).frame for raw in readers.read(source, {name: path})])


def test_a_quotation_in_london_is_no_listing_there(tmp_path: Path) -> None:
    frame = _read(tmp_path, "financedatabase", "companies.csv.gz", FINANCEDATABASE)
    assert frame["exchanges"].to_list() == [["FRA", "LSE"], ["FRA", "IOB"], ["IOB"]]
    assert frame["headquarters"].to_list() == ["Alder, QA, Arborea", "Birch, Arborea", "Birch, Arborea"]
    assert frame["size"].to_list() == ["mega", None, None]
    assert frame["status"].to_list() == ["active", "active", "delisted"]
    assert frame["year"].to_list() == [2026, 2026, 2023]


@pytest.mark.parametrize(
    ("place", "country", "text"),
    [
        ('"Bentonville, Ark."', "U.S.", "Bentonville, Arkansas, United States"),
        ('"Boise, Idaho"', "U.S.", "Boise, Idaho"),
        ("New York City", "U.S.", "New York City, U.S."),
        ('"Calgary, Alberta, Canada"', "Canada", "Calgary, Alberta, Canada"),
        ("London", "Britain/Neth.", "London, Britain"),
        ('"D眉sseldorf, Germany"', "Germany", "Düsseldorf, Germany"),
    ],
)
def test_headquarters_as_fortune_writes_them(tmp_path: Path, place: str, country: str, text: str) -> None:
    header = "Rank\tCompany\tRevenues\tEmployees\tCountry\tSector\tIndustry\tHQ Location\tCompany Website\n"
    row = f'1\tAcorn\t"$1,234.50 "\t-\t{country}\tEnergy\tGas\t{place}\t\n'
    frame = _read(tmp_path, "fortune-global-500", "fortune_global500_2019_hq.tsv", header + row)
    assert frame.select("headquarters", "revenue_musd", "employees").row(0) == (text, 1234.5, None)


def test_unicorns_of_a_city_state_and_their_investors(tmp_path: Path) -> None:
    header = (
        "Company,Valuation,Date Joined,Industry,City,Country,Investor 1,Investor 2,Investor 3,Investor 4\n"
    )
    rows = (
        "Acorn,$180B,01-02-2020,Health,Alder,Arborea,Oak Capital, Elm Fund,,\nBeech,$950M,,,,Hong Kong,,,,\n"
    )
    frame = _read(tmp_path, "unicorns", "unicorn_companies_2022.csv", header + rows)
    assert frame.select("headquarters", "market_value_musd", "investors").rows() == [
        ("Alder, Arborea", 180_000.0, ["Oak Capital", "Elm Fund"]),
        ("Hong Kong", 950.0, []),
    ]


def test_the_first_of_two_headquarters_counts(tmp_path: Path) -> None:
    header = "Symbol,Security,GICS Sector,GICS Sub-Industry,Headquarters Location\n"
    frame = _read(
        tmp_path,
        "sp500",
        "constituents.csv",
        header + 'A,Acorn,Energy,Gas,"Alder, Quasar[2]; Birch, Quasar"\n',
    )
    assert frame["headquarters"].item() == "Alder, Quasar"


def test_a_table_of_ones_own(tmp_path: Path) -> None:
    header = "NAME,year,city,country,exchanges,investors,market_value_musd\n"
    rows = "Acorn,2020,Alder,XA,LSE; NYSE,Oak,7.5\nBeech,2020,Birch,Arborea,,,\n"
    frame = _read(tmp_path, "company-table", "own.csv", header + rows)
    columns = ("company", "headquarters", "country_text", "exchanges", "investors", "market_value_musd")
    assert frame.select(columns).rows() == [
        ("Acorn", "Alder", "XA", ["LSE", "NYSE"], ["Oak"], 7.5),
        ("Beech", "Birch, Arborea", "Arborea", [], [], None),
    ]


REAL: Mapping[str, tuple[int, int]] = {
    "financedatabase": (50_802, 37_780),
    "fortune-global-500": (501, 500),
    "fortune-500-us": (2_000, 1_500),
    "sp500": (503, 502),
    "unicorns": (1_074, 1_073),
}
"""Rows of each real file, and those with a place."""


@pytest.mark.real
@pytest.mark.parametrize("source", REAL)
def test_the_real_list(source: str) -> None:
    files = {path.name: path for path in sorted((DATA / source).glob("*"))}
    if not files:
        pytest.skip(f"the real source {source!r} is not on this machine; COSMOPOLIS_DATA names the folder")
    admitted = [admit(raw) for raw in readers.read(source, files)]
    rows_in = sum(part.rows_in for part in admitted)
    assert (rows_in, sum(part.frame.height for part in admitted)) == REAL[source]
    reasons = set(pl.concat([part.quarantine for part in admitted])["reason"])
    assert reasons <= {
        "headquarters is missing: headquarters and city are both empty",
        "row is the mark of the file's end",
    }


@pytest.mark.real
def test_the_global_500_has_the_firms_that_fortune_told() -> None:
    golden = tomllib.loads((GOLDEN / "production.toml").read_text(encoding="utf-8"))["fortune_global_500"]
    files = {path.name: path for path in (DATA / "fortune-global-500").glob("*")}
    if not files:
        pytest.skip(
            "the real source 'fortune-global-500' is not on this machine; COSMOPOLIS_DATA names the folder"
        )
    (raw,) = readers.read("fortune-global-500", files)
    frame = admit(raw).frame
    counted = dict(frame.group_by("country_text").len().iter_rows())
    assert {country: counted[country] for country in golden["firms"]} == golden["firms"]
    assert round(float(frame["revenue_musd"].sum()) / 1e6, 1) == golden["revenue_trillion_usd"]
    assert frame["year"].unique().to_list() == [golden["year"]]
