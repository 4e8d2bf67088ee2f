"""Names of firms: known pairs are told apart, precision and recall are as documented."""

import tomllib
from pathlib import Path

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cosmopolis.errors import UnknownNameError
from cosmopolis.firms import matching
from cosmopolis.firms.names import firm_forms, web_domain

PAIRS = tomllib.loads((Path(__file__).parent / "pairs.toml").read_text(encoding="utf-8"))
EVERY = pl.DataFrame(
    [(kind, *pair) for kind in ("drawn", "hard", "later") for pair in PAIRS[kind]],
    schema=["kind", "a", "a_country", "b", "b_country", "same"],
    orient="row",
)
KNOWN = pl.DataFrame(
    [
        ("acorn", "Acorn Timber Holdings plc", "GB"),
        ("acorn us", "Acorn Timber, Inc.", "US"),
        ("birch", "Birch", "GB"),
        ("birch de", "Birch AG", "DE"),
        ("cedar", "Cedar & Sons Ltd.", "GB"),
    ],
    schema=matching.NAMES,
    orient="row",
)


def _said(pairs: pl.DataFrame) -> pl.Series:
    """Say of each pair whether the first name finds the second among all second names."""
    known = pairs.select(firm=pl.int_range(pl.len()).cast(pl.String), name="b", country="b_country")
    rule = matching.Rule()
    compared = matching.compare(matching.index(known), pairs["a"], pairs["a_country"], rule=rule)
    least = pl.when("apart").then(rule.abroad).otherwise(rule.threshold)
    meant = compared.filter((pl.col("query") == pl.col("place")) & (pl.col("score") >= least))["query"]
    return pl.int_range(pairs.height, eager=True).is_in(meant.implode())


def measured(kinds: tuple[str, ...]) -> tuple[int, float, float]:
    """Return how many pairs there are of some kinds, and precision and recall over them."""
    said = EVERY.with_columns(said=_said(EVERY)).filter(pl.col("kind").is_in(kinds))
    right = said.filter(pl.col("said") & pl.col("same")).height
    found, there = said.filter("said").height, said.filter("same").height
    return said.height, right / found, right / there


def _find(name: str, country: str | None) -> str | None:
    series = pl.Series([name]), pl.Series([country], dtype=pl.String)
    found: str | None = matching.match(matching.index(KNOWN), *series)["firm"].item()
    return found


@pytest.mark.parametrize(
    ("kinds", "pairs", "precision", "recall"),
    [
        (("drawn", "hard", "later"), 284, 0.98, 0.75),
        (("drawn",), 161, 0.96, 0.70),
        (("hard",), 71, 1.0, 0.86),
        (("later",), 52, 1.0, 0.66),
    ],
)
def test_precision_and_recall_of_the_labelled_pairs(
    kinds: tuple[str, ...], pairs: int, precision: float, recall: float
) -> None:
    height, got_precision, got_recall = measured(kinds)
    assert height == pairs
    assert got_precision >= precision
    assert got_recall >= recall


@pytest.mark.parametrize(
    ("name", "country", "firm"),
    [
        ("ACORN TIMBER", "GB", "acorn"),
        ("Acorn Timber Corp.", "US", "acorn us"),
        ("Acorn Timber", "FR", None),  # abroad, and two firms are as near
        ("Cedar and Sons", "FR", "cedar"),  # abroad, but two words are the same and nobody else has them
        ("Birch", "GB", "birch"),
        ("Birch", "FR", None),  # one word has namesakes everywhere
        ("Birch", None, None),
        ("Birch Capital", "GB", None),  # a word that tells another firm of the house
        ("CedarSons", None, "cedar"),  # spelt without the space
        ("Cedars Sons", None, None),
        ("Dogwood", "GB", None),
        ("", None, None),
    ],
)
def test_which_firm_a_name_means(name: str, country: str | None, firm: str | None) -> None:
    assert _find(name, country) == firm


def test_no_name_finds_no_firm() -> None:
    nothing = pl.Series([None, None], dtype=pl.String)
    assert matching.match(matching.index(KNOWN), nothing).rows() == [(None, None)] * 2
    nobody = matching.index(matching.NAMES.to_frame())
    assert matching.match(nobody, pl.Series(["Acorn"])).rows() == [(None, None)]


def test_numbers_tell_firms_apart() -> None:
    known = pl.DataFrame([("ii", "Oak Capital Corp II", "US")], schema=matching.NAMES, orient="row")
    names = pl.Series(["Oak Capital Corp. II", "Oak Capital Corp. III"])
    assert matching.match(matching.index(known), names)["firm"].to_list() == ["ii", None]


def test_a_branch_that_is_listed_apart_is_not_its_parent() -> None:
    known = pl.DataFrame([("th", "Oak Timber (Thailand) plc", "TH")], schema=matching.NAMES, orient="row")
    found = matching.match(matching.index(known), pl.Series(["Oak Timber"]), pl.Series(["TW"]))
    assert found.rows() == [(None, None)]


def test_the_score_is_that_of_the_formula() -> None:
    """Dice's likeness with weights ln(1 + n / names), recomputed by hand in thousandths."""
    known = pl.DataFrame(
        [("a", "Oak Elm", None), ("b", "Oak Ash", None), ("c", "Yew", None)],
        schema=matching.NAMES,
        orient="row",
    )
    found = matching.compare(matching.index(known), pl.Series(["Oak Fir"]))
    oak, once = 916, 1386  # ln(1 + 3/2), ln(1 + 3/1)
    assert found["score"].to_list() == pytest.approx([2 * oak / (2 * oak + 2 * once)] * 2, abs=1e-12)


NAMES = st.text(alphabet="ABCDÉabcdé &.()-IVX123", max_size=20)


@settings(max_examples=40, deadline=None)
@given(names=st.lists(NAMES, min_size=1, max_size=8))
def test_every_name_finds_itself_or_a_namesake(names: list[str]) -> None:
    frame = pl.DataFrame(
        [(str(at), name, "GB") for at, name in enumerate(names)], schema=matching.NAMES, orient="row"
    )
    forms = firm_forms(frame["name"])
    compared = matching.compare(matching.index(frame), frame["name"], frame["country"])
    best = dict(compared.unique("query", keep="first", maintain_order=True).select("query", "score").rows())
    for at, form in enumerate(forms.to_list()):
        assert best.get(at, 0.0) == (1.0 if form else 0.0)


@settings(max_examples=15, deadline=None)
@given(order=st.permutations(range(KNOWN.height)))
def test_the_order_of_the_names_does_not_matter(order: list[int]) -> None:
    mixed = KNOWN[order]
    names, countries = pl.Series(["Acorn Timber", "Birch", "CedarSons"]), pl.Series(["US", "DE", "GB"])
    found = matching.match(matching.index(mixed), names, countries)
    assert found.equals(matching.match(matching.index(KNOWN), names, countries))


@pytest.mark.parametrize(
    ("name", "form"),
    [
        ("L'Oréal S.A.", "oreal"),
        ("AB Volvo (publ)", "volvo"),
        ("A.P. Møller - Mærsk A/S", "ap moller maersk"),
        ("Grupo México, S.A.B. de C.V.", "mexico"),
        ("株式会社アルダー", "アルダー"),
        ("Koninklijke Philips N.V.", "philips"),
        ("桤木股份有限公司", "桤木"),
        ("Group", "group"),
        ("(ACME)", "acme"),
    ],
)
def test_forms_of_names(name: str, form: str) -> None:
    assert firm_forms(pl.Series([name])).item() == form


def test_web_addresses() -> None:
    assert web_domain(pl.Series(["www.acorn.example/about", None, "acorn"])).to_list() == [
        "acorn.example",
        None,
        None,
    ]


def test_a_missing_column_is_named() -> None:
    with pytest.raises(UnknownNameError, match="no column 'country'"):
        matching.index(KNOWN.drop("country"))
