"""The schema of links, the registry, and the helpers that every network uses."""

import random

import polars as pl
import pytest

from cosmopolis.errors import FormatError, UnknownNameError
from cosmopolis.networks import links as module
from cosmopolis.networks.links import LINKS


def _links(*rows: tuple[int, int, float]) -> pl.DataFrame:
    full = [("air", "routes", 2022, origin, destination, weight, 1) for origin, destination, weight in rows]
    return pl.DataFrame(full, schema=LINKS, orient="row")


def test_every_kind_is_described_in_both_languages() -> None:
    kinds = module.registry()
    assert len({(kind.network, kind.field) for kind in kinds}) == len(kinds)
    for kind in kinds:
        assert kind.level in {"city", "country"}
        for text in (kind.name, kind.weight, kind.count, kind.note):
            assert set(text) == {"en", "zh"}
            assert all(text.values())


def test_a_field_that_stands_for_any_matches_any() -> None:
    assert module.kind("coauthorship", "robotics").network == "coauthorship"


@pytest.mark.parametrize(
    ("network", "field", "words"),
    [
        ("airr", "routes", "there is no network 'airr'; did you mean 'air'"),
        ("air", "route", "network 'air' has no field 'route'; did you mean 'routes'"),
    ],
)
def test_unknown_names_are_answered_with_near_ones(network: str, field: str, words: str) -> None:
    with pytest.raises(UnknownNameError, match=words):
        module.kind(network, field)


def test_both_directions_add_up_to_one_pair() -> None:
    got = module.undirected(_links((2, 1, 1.5), (1, 2, 2.0), (3, 1, 4.0)))
    assert got.select("origin", "destination", "weight", "count").rows() == [(1, 2, 3.5, 2), (1, 3, 4.0, 1)]
    assert got.schema == LINKS


def test_adding_directions_keeps_links_without_a_year() -> None:
    both = _links((2, 1, 1.0), (1, 2, 1.0)).with_columns(pl.lit(None, dtype=pl.Int64).alias("year"))
    assert module.undirected(both)["count"].to_list() == [2]


def test_the_sum_has_the_same_bits_in_any_order() -> None:
    draw = random.Random("sum_exactly")  # noqa: S311 - no secret
    values = [draw.uniform(-1, 1) * 10 ** draw.randint(-12, 12) for _ in range(500)]
    frame = pl.DataFrame({"k": [i % 3 for i in range(500)], "x": values})
    first = module.sum_exactly(frame, ["k"], "x")
    for seed in range(5):
        assert module.sum_exactly(frame.sample(fraction=1, shuffle=True, seed=seed), ["k"], "x").equals(first)


@pytest.mark.parametrize(
    ("rows", "words"),
    [
        ([(1, 1, 1.0)], "goes from a city to itself"),
        ([(1, 2, 1.0), (1, 2, 2.0)], "stands more than once"),
        ([(1, 2, float("nan"))], "not a number"),
        ([(1, 2, -1.0)], "not a number"),
    ],
)
def test_unsound_links_are_refused(rows: list[tuple[int, int, float]], words: str) -> None:
    with pytest.raises(FormatError, match=words):
        module.check(_links(*rows))


def test_a_missing_column_is_named() -> None:
    with pytest.raises(UnknownNameError, match="links: no column 'weight'"):
        module.check(_links((1, 2, 1.0)).drop("weight"))


def test_account_prefers_the_first_known_reason() -> None:
    reasons = pl.DataFrame({"row": [2, 2], "reason": ["first", "second"]}, schema=module.UNUSED)
    got = module.account(pl.Series([3, 1, 2]), pl.Series([1]), reasons, otherwise="other")
    assert got.rows() == [(2, "first"), (3, "other")]


def test_nodes_are_each_once_ascending() -> None:
    assert module.nodes(_links((3, 1, 1.0), (1, 2, 1.0))).to_list() == [1, 2, 3]
