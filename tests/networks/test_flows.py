"""Air, sea and trade on the smallest cases, with every row accounted for."""

import itertools

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cosmopolis.errors import UnknownNameError
from cosmopolis.networks.flows import air, sea, trade
from cosmopolis.networks.links import COUNTRY_LINKS, LINKS, SELF_LINK, Built, undirected

CITIES = {"AAA": 1, "AAB": 1, "BBB": 2, "CCC": 3}


def _routes(*legs: tuple[str, str, list[str] | None], year: int = 2022) -> pl.DataFrame:
    return pl.DataFrame(
        [
            (row, year, origin, destination, CITIES[origin], CITIES[destination], carriers)
            for row, (origin, destination, carriers) in enumerate(legs, start=1)
        ],
        schema={
            "row": pl.Int64,
            "year": pl.Int64,
            "origin": pl.String,
            "destination": pl.String,
            "origin_city": pl.Int64,
            "destination_city": pl.Int64,
            "carriers": pl.List(pl.String),
        },
        orient="row",
    )


def _weights(built: Built, field: str) -> dict[tuple[int, int], tuple[float, int]]:
    rows = built.links.filter(pl.col("field") == field)
    return {(o, d): (w, c) for o, d, w, c in rows.select("origin", "destination", "weight", "count").rows()}


def _accounts_for(built: Built, rows: pl.Series) -> bool:
    return pl.concat([built.used, built.unused["row"]]).sort().to_list() == sorted(rows.to_list())


def test_routes_of_both_directions_and_all_airports_of_a_city_add_up() -> None:
    routes = _routes(("AAA", "BBB", None), ("BBB", "AAA", None), ("AAB", "BBB", None), ("CCC", "AAA", None))
    assert _weights(air(routes), "routes") == {(1, 2): (3.0, 3), (1, 3): (1.0, 1)}


def test_a_leg_that_stands_twice_counts_once_with_all_its_carriers() -> None:
    routes = _routes(("AAA", "BBB", ["X"]), ("AAA", "BBB", ["Y", "X"]))
    built = air(routes)
    assert _weights(built, "routes") == {(1, 2): (1.0, 1)}
    assert _weights(built, "carriers") == {(1, 2): (2.0, 1)}


def test_routes_whose_carriers_are_not_known_have_no_carriers_link() -> None:
    built = air(_routes(("AAA", "BBB", None), ("AAB", "CCC", [])))
    assert _weights(built, "carriers") == {}
    assert len(_weights(built, "routes")) == 2


def test_routes_within_a_city_are_unused_with_the_reason() -> None:
    built = air(_routes(("AAA", "AAB", ["X"]), ("AAA", "BBB", ["X"])))
    assert built.used.to_list() == [2]
    assert built.unused.rows() == [(1, SELF_LINK)]


def test_vintages_stay_apart() -> None:
    both = pl.concat([_routes(("AAA", "BBB", None)), _routes(("AAA", "BBB", None), year=2021)])
    assert air(both).links["year"].to_list() == [2021, 2022]


def test_no_routes_give_no_links_of_the_right_schema() -> None:
    built = air(_routes())
    assert built.links.schema == LINKS
    assert built.links.is_empty()


def test_a_missing_column_is_named_with_near_ones() -> None:
    with pytest.raises(UnknownNameError, match="air routes: no column 'carriers'; did you mean 'carrier'"):
        air(_routes().rename({"carriers": "carrier"}))


@given(
    st.lists(
        st.tuples(st.sampled_from(sorted(CITIES)), st.sampled_from(sorted(CITIES)), st.just(None)),
        max_size=12,
    )
)
def test_the_undirected_network_is_the_sum_of_the_directed_one(
    legs: list[tuple[str, str, list[str] | None]],
) -> None:
    routes = _routes(*legs)
    one_way = air(routes, directed=True)
    assert undirected(one_way.links).equals(air(routes).links)
    expected = {leg[:2] for leg in legs if CITIES[leg[0]] != CITIES[leg[1]]}
    assert air(routes).links["weight"].sum() == len(expected)
    assert _accounts_for(one_way, routes["row"])


PORTS = pl.DataFrame(
    [
        (1, "GRAAA", 11, "GR", ["IT", "GR"]),
        (2, "GRBBB", 12, "GR", ["GR"]),
        (3, "ITCCC", 13, "IT", ["GR"]),
        (4, "ITDDD", 13, "IT", ["GR", "FR"]),
        (5, "FREEE", 14, "FR", ["ES"]),
        (6, "ESFFF", 15, "ES", None),
        (7, "MTGGG", 16, "MT", ["MT"]),
        (8, "MTHHH", 16, "MT", ["MT"]),
    ],
    schema={
        "row": pl.Int64,
        "port": pl.String,
        "city_id": pl.Int64,
        "country": pl.String,
        "serves": pl.List(pl.String),
    },
    orient="row",
)


def test_ports_pair_when_each_serves_the_others_country() -> None:
    built = sea(PORTS, year=2020)
    assert _weights(built, "port_pairs") == {(11, 12): (1.0, 1), (11, 13): (2.0, 2)}
    assert built.used.to_list() == [1, 2, 3, 4]
    assert _accounts_for(built, PORTS["row"])


def test_ports_that_pair_with_none_say_why() -> None:
    reasons = dict(sea(PORTS, year=2020).unused.rows())
    assert "serves its own country" in reasons[5]
    assert "names no country" in reasons[6]
    assert reasons[7] == reasons[8] == SELF_LINK


def test_port_pairs_agree_with_a_plain_recount() -> None:
    expected: dict[tuple[int, int], int] = {}
    for p, q in itertools.combinations(PORTS.rows(named=True), 2):
        mutual = q["country"] in (p["serves"] or []) and p["country"] in (q["serves"] or [])
        if mutual and p["city_id"] != q["city_id"]:
            pair = (min(p["city_id"], q["city_id"]), max(p["city_id"], q["city_id"]))
            expected[pair] = expected.get(pair, 0) + 1
    got = _weights(sea(PORTS.sample(fraction=1, shuffle=True, seed=3), year=2020), "port_pairs")
    assert {pair: count for pair, (_, count) in got.items()} == expected


FLOWS = pl.DataFrame(
    {
        "row": [1, 2, 3, 4],
        "year": [2022] * 4,
        "origin": ["CN", "CN", "DE", "FR"],
        "destinations": [["CN", "DE", None], ["CN", "DE", None], ["CN", "FR", None], ["FR", "DE", None]],
        "values_musd": [[9.0, 0.1, 7.0], [9.0, 0.2, 7.0], [0.3, 0.0, 7.0], [5.0, 0.0, 7.0]],
    }
)


def test_trade_adds_industries_and_leaves_out_the_own_country() -> None:
    built = trade(FLOWS)
    assert built.links.schema == COUNTRY_LINKS
    rows = built.links.select("network", "field", "origin", "destination", "weight", "count").rows()
    assert rows == [
        ("trade", "intermediate", "CN", "DE", 0.30000000000000004, 2),
        ("trade", "intermediate", "DE", "CN", 0.3, 1),
    ]
    assert built.unused.rows() == [(4, "sells nothing to industries of another country")]
    assert _accounts_for(built, FLOWS["row"])


def test_trade_has_the_same_bits_whatever_the_order_of_rows() -> None:
    assert trade(FLOWS.reverse()).links.equals(trade(FLOWS).links)
