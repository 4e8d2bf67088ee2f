"""Baskets and sectors: the built-in files are sound, and a wrong file is told what is wrong."""

from pathlib import Path

import polars as pl
import pytest

from cosmopolis.errors import SpecError
from cosmopolis.firms import baskets
from cosmopolis.firms.sectors import sector_of, sectors, told_by_most
from cosmopolis.places.names import HAN

GOOD = """
[oaks]
name = { en = "Oaks", zh = "橡树" }
note = { en = "Ours.", zh = "自选。" }
sectors = ["energy"]
industries = ["Wood"]
firms = [{ name = "Acorn", country = "XA", sector = "timber", city = "Alder" }]
"""


def test_the_built_in_baskets_are_sound() -> None:
    every = {basket.id: basket for basket in baskets.load()}
    assert list(every) == ["technology", "services", "industry_4_0"]
    for basket in every.values():
        assert pl.Series([basket.name["zh"], basket.note["zh"]]).str.contains(HAN).all()
        names = [firm.name for firm in basket.firms]
        assert len(set(names)) == len(names)
        assert all(len(firm.country) == 2 and firm.country.isupper() for firm in basket.firms)
    services = every["services"]
    assert len(services.firms) == 42  # "forty-two", its note says
    assert {"banking", "insurance", "accountancy", "law", "advertising", "consultancy", "logistics"} == {
        firm.sector for firm in services.firms
    }


def test_what_a_basket_holds() -> None:
    (basket,) = baskets.parse(GOOD, where="own")
    firms = pl.DataFrame(
        {
            "sector": ["energy", "energy", None, "utilities", None],
            "industry": [None, "Gas", "WOOD", None, None],
            "size": ["mega", "nano", "large", "mega", None],
        },
        schema_overrides=dict.fromkeys(("sector", "industry", "size"), pl.String),
    )
    held = firms.select(held=basket.holds(["mega", "large"]))["held"].to_list()
    assert held == [True, False, True, False, False]


@pytest.mark.parametrize(
    ("before", "after", "message"),
    [
        ('"energy"', '"enargy"', "sectors has no 'enargy'; did you mean 'energy'"),
        ("industries", "industry", "'industry' is not a setting; did you mean 'industries'"),
        ('"timber", city = "Alder"', '"timber", town = "Alder"', "'town' is not a setting"),
        ('country = "XA", ', "", "country of 'Acorn' is None, expected a text"),
        (', zh = "自选。" }', " }", "note is"),
        ('name = { en = "Oaks", zh = "橡树" }', "", "name is None"),
        ('["Wood"]', '"Wood"', "industries is 'Wood', expected a list of texts"),
        ('firms = [{ name = "Acorn"', 'firms = ["Acorn", { name = "Acorn"', "got 'Acorn', expected"),
        ("[oaks]", "[oaks", "not valid TOML"),
        ("[oaks]", "oaks = 1\n[elms]", "got 1, expected a table"),
    ],
)
def test_a_wrong_file_says_what_is_wrong(before: str, after: str, message: str) -> None:
    with pytest.raises(SpecError, match=r"^own") as caught:
        baskets.parse(GOOD.replace(before, after), where="own")
    assert message in str(caught.value)


def test_a_firm_of_any_size_where_none_is_asked_for() -> None:
    technology = next(basket for basket in baskets.load() if basket.id == "technology")
    firms = pl.DataFrame(
        {"sector": ["information_technology"] * 2, "industry": [None, None], "size": ["mega", None]},
        schema=dict.fromkeys(("sector", "industry", "size"), pl.String),
    )
    assert firms.select(technology.holds(["mega"]))["sector"].to_list() == [True, False]
    assert firms.select(technology.holds([]))["sector"].to_list() == [True, True]


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(SpecError, match=r"none\.toml cannot be read"):
        baskets.load(tmp_path / "none.toml")


def test_sectors_are_each_told_once() -> None:
    for column in ("sectors", "industries", "indices"):
        words = [word for entry in sectors().values() for word in entry[column]]
        assert len(set(words)) == len(words)
        assert all(word == word.lower() for word in words)


def test_words_of_indices_are_no_sectors_too() -> None:
    names = {word for entry in sectors().values() for word in entry["sectors"]}
    assert not names & {word for entry in sectors().values() for word in entry["indices"]}


def test_the_sector_that_most_words_tell() -> None:
    words = pl.Series(
        [["Software", "Technology", "Financials"], ["Financials", "Health Care"], [], None, ["Odd"]]
    )
    told = told_by_most(words)
    assert told["sector"].to_list() == ["information technology", "financials", None, None, None]
    assert told["industry"].to_list() == [None, None, None, None, "Odd"]


def test_the_industry_goes_before_the_sector() -> None:
    told = pl.DataFrame(
        {"s": ["Energy", " ENERGY ", None, "Odd"], "i": ["Utilities", None, "Fintech", "Odd"]}
    )
    found = told.select(sector_of(pl.col("s"), pl.col("i"))).to_series().to_list()
    assert found == ["utilities", "energy", "financials", None]
