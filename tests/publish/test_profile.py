"""Pages on cities: places and likeness recomputed, sections with and without their tables, hostile names."""

import math
import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cosmopolis.errors import ResultError, UnknownNameError
from cosmopolis.publish import assets
from cosmopolis.publish.chapter.model import Section
from cosmopolis.publish.chapter.studio import Studio
from cosmopolis.publish.charts import config
from cosmopolis.publish.innovation.schemas import SCHEMAS as INNOVATION
from cosmopolis.publish.maps import Land, Node
from cosmopolis.publish.production.schemas import SCHEMAS
from cosmopolis.publish.profile import chain, firms, maps, page, peers, standing, ties
from cosmopolis.publish.profile.finding import find
from cosmopolis.publish.profile.subject import Subject, place_of
from cosmopolis.publish.result import Result
from cosmopolis.publish.view import View
from cosmopolis.publish.words import Words

YEAR = 2031
HOSTILE_CITY = 1
PATENTS = "copatenting"
CITY = 12


def _subject(result: Result, city: int = CITY, language: str = "en") -> Subject:
    return Subject(View(result, Words(language)), city)


def _studio(subject: Subject) -> Studio:
    land = Land(polygons=())
    return Studio(
        land=land,
        small_land=land,
        centre=11.0,
        config=config("sans-serif"),
        words=subject.words,
        number=1,
        prefix="profile",
    )


def _texts(section: Section) -> str:
    """Return all texts of a section, a cell after the other."""
    said = [section.title, section.lead, *section.cautions]
    for block in section.blocks:
        said += [block.title, *block.sentences, block.missing]
        for table in block.tables:
            said += [table.caption, *(column.label for column in table.columns), table.note]
            for row in table.rows:
                for cell in row:
                    said += [cell.text, cell.small, *cell.items]
        for figure in block.figures:
            said += [figure.label, *figure.notes]
    return " | ".join(text for text in said if text)


def _filled(tables: dict[str, pl.DataFrame]) -> dict[str, pl.DataFrame]:
    """Add the columns of the contract that a profile does not read, empty."""
    return {
        name: table.with_columns(
            pl.lit(None, dtype).alias(column)
            for column, dtype in SCHEMAS.get(name, {}).items()
            if column not in table.columns
        )
        for name, table in tables.items()
    }


# --- places


@given(st.lists(st.integers(0, 20), min_size=1, max_size=30), st.data())
def test_a_rank_is_one_more_than_the_better_ones(values: list[int], data: st.DataObject) -> None:
    table = pl.DataFrame({"city_id": range(len(values)), "value": [float(v) for v in values]})
    city = data.draw(st.integers(0, len(values) - 1))
    place = place_of(table, city)
    assert place is not None
    assert place.rank == 1 + sum(v > values[city] for v in values)
    assert (place.value, place.among) == (values[city], len(values))


def test_no_value_has_no_place() -> None:
    table = pl.DataFrame({"city_id": [1, 2], "value": [None, 3.0]})
    assert place_of(table, 1) is None
    assert place_of(table, 9) is None


def test_every_node_has_its_own_rank_and_count(result: Result) -> None:
    found = {one.node.id: one for one in standing.standings(_subject(result))}
    scores = result.table("scores")
    assert set(found) == set(scores["node"])
    for node, one in found.items():
        ranks = [r for r in scores.filter(pl.col("node") == node)["rank"].to_list() if r is not None]
        own = scores.filter((pl.col("node") == node) & (pl.col("city_id") == CITY))["rank"][0]
        assert one.place is not None
        assert (one.place.rank, one.place.among) == (own, len(ranks))


def test_less_is_better_where_the_indicator_says_so(result: Result) -> None:
    """`far_degree` counts down: the city of the least value is its first."""
    values = result.table("indicators").filter(pl.col("indicator") == "far_degree").drop_nulls("value")
    least = int(values.sort("value", "city_id")["city_id"][0])
    section = standing.section(_subject(result, least), _studio(_subject(result, least)))
    rows = section.blocks[1].tables[0].rows
    ranks = {row[0].text: row[2].text for row in rows}
    assert ranks["Far ties: degree"] == f"1 of {values.height}"
    assert ranks["Near ties: degree"].split()[0] != "1"


def test_an_interval_stands_beside_the_rank(result: Result) -> None:
    scores = result.table("scores").with_columns(
        rank_low=pl.when(pl.col("node") == "vitality").then(pl.col("rank") - 1).clip(1),
        rank_high=pl.when(pl.col("node") == "vitality").then(pl.col("rank") + 4),
    )
    rank = scores.filter((pl.col("node") == "vitality") & (pl.col("city_id") == CITY))["rank"][0]
    subject = _subject(replace(result, tables={**result.tables, "scores": scores}))
    text = standing.headline(subject, standing.standings(subject))
    assert f"its rank lies between {rank - 1} and {rank + 4}" in text
    assert f"{rank - 1}–{rank + 4}" in _texts(standing.section(subject, _studio(subject)))


# --- names


def _namesakes() -> pl.DataFrame:
    """Four cities of one name, two of them in QA; on the equator one degree is 111.2 km."""
    return pl.DataFrame(
        {
            "city_id": [1, 2, 3, 4, 5, 6],
            "name": ["Spring", "Spring", "Spring", "Great", "Vale", "Vale"],
            "name_zh": [None] * 6,
            "country": ["QA", "QA", "QB", "QA", "QA", "QB"],
            "population": [2_000, 9_000, 5_000, 70_000, 10, 20],
            "latitude": [0.0] * 6,
            "longitude": [11.0, 8.0, -5.0, 10.0, 40.0, 50.0],
        }
    )


def test_cities_of_one_name_and_country_are_told_apart() -> None:
    with pytest.raises(UnknownNameError) as error:
        find("spring", _namesakes(), {})
    assert str(error.value) == (
        "'spring' may be Spring, QA (id 2, 9,000 people, 222 km from Great); Spring, QB (3); "
        "Spring, QA (id 1, 2,000 people, 111 km from Great); give the id"
    )
    with pytest.raises(UnknownNameError, match=r"may be Vale, QB \(6\); Vale, QA \(5\); give .* and country"):
        find("Vale", _namesakes(), {})
    assert find("Vale, QA", _namesakes(), {}) == 5  # as advised


def test_the_greatest_city_is_told_apart_by_where_it_lies() -> None:
    cities = _namesakes().filter(pl.col("city_id") < 3)
    with pytest.raises(UnknownNameError, match=r"id 2, 9,000 people, latitude 0\.00, longitude 8\.00\)"):
        find("spring", cities, {})
    with pytest.raises(UnknownNameError, match=r"id 2, 9,000 people\); .* give the id$"):
        find("spring", cities.drop("latitude", "longitude"), {})


def test_a_choice_among_namesakes_is_said_and_others_are_not() -> None:
    said: list[str] = []
    assert find("Spring", _namesakes(), {}, ranked=frozenset({1, 4}), say=said.append) == 1
    taken = "Spring, QA (id 1, 2,000 people, 111 km from Great), the only ranked one of 3 cities of this name"
    assert said == [f"Spring: taken is {taken}"]
    assert find("Great", _namesakes(), {}, ranked=frozenset({4}), say=said.append) == 4
    assert find("1", _namesakes(), {}, ranked=frozenset({1}), say=said.append) == 1
    assert len(said) == 1


# --- networks


def test_partners_are_those_of_the_links_both_ways(result: Result) -> None:
    air = next(one for one in ties.tied(_subject(result)) if one.note.kind.network == "air")
    links = result.table("links").filter((pl.col("network") == "air") & (pl.col("year") == YEAR - 9))
    expected = {
        (row["destination"] if row["origin"] == CITY else row["origin"]): row["weight"]
        for row in links.iter_rows(named=True)
        if CITY in (row["origin"], row["destination"])
    }
    assert {partner.id: partner.weight for partner in air.partners} == expected
    weights = [partner.weight for partner in air.partners]
    assert weights == sorted(weights, reverse=True)
    assert air.place is not None
    assert air.place.value == math.fsum(expected.values())


def test_a_sample_is_shown_and_not_ranked(result: Result) -> None:
    networks = tuple(
        replace(note, scope="show") if note.kind.network == "air" else note for note in result.networks
    )
    subject = _subject(replace(result, networks=networks))
    table = ties.section(subject, _studio(subject)).blocks[0].tables[0]
    row = next(row for row in table.rows if row[0].text == "Air routes")
    assert row[0].small.startswith("Shown only: its source is a sample")
    assert row[3].text == "–"


def test_a_network_without_ties_is_named(result: Result) -> None:
    text = _texts(ties.section(_subject(result, 60), _studio(_subject(result, 60))))
    assert "Zero ties: the sources cover the city’s country and name no tie of it in Sea links." in text
    assert "Not in the samples or lists of Co-authored works" not in text  # it has no tie of anybody
    assert "No data: the sources do not cover the city’s country, or the network has no tie at all" in text


def test_outside_the_countries_of_a_source_there_is_no_data_and_not_zero(result: Result) -> None:
    """City 60 lies in QA: a source of QB and QC alone cannot speak of it."""
    said = {}
    for countries in (("QB", "QC"), ("QA", "QC")):
        (first, *others) = result.sources
        source = replace(first.source, coverage={**first.source.coverage, "countries": countries})
        changed = replace(result, sources=(replace(first, source=source), *others))
        subject = _subject(changed, 60)
        assert subject.row["country"] == "QA"
        said[countries] = ties.section(subject, _studio(subject)).blocks[0].sentences
    assert not [text for text in said["QB", "QC"] if text.startswith("Zero ties")]
    assert "Sea links" in said["QB", "QC"][-1]
    assert "Sea links" in said["QA", "QC"][0]
    assert "Sea links" not in said["QA", "QC"][-1]


def test_a_city_outside_a_sample_has_neither_zero_nor_no_data(result: Result) -> None:
    networks = tuple(
        replace(note, scope="show") if note.kind.network == "sea" else note for note in result.networks
    )
    subject = _subject(replace(result, networks=networks), 60)
    first = ties.section(subject, _studio(subject)).blocks[0].sentences[0]
    assert first == "Not in the samples or lists of Sea links; this says nothing of ties outside them."


def test_an_own_table_gives_rank_and_interval(result: Result) -> None:
    """The ownership network is ranked by power, with the interval of its table."""
    note = next(note for note in result.networks if note.kind.network == "air")
    kind = replace(note.kind, network="ownership", field="research", directed=True)
    links = (
        result.table("links")
        .filter(pl.col("network") == "air")
        .with_columns(network=pl.lit("ownership"), field=pl.lit("research"))
    )
    table = pl.DataFrame(
        {
            "field": ["research", "research"],
            "year": [YEAR - 9, YEAR - 9],
            "city_id": [CITY, 13],
            "headquarters": [2, 1],
            "branches": [3, 1],
            "power": [7.0, 9.0],
            "prestige": [1.0, 2.0],
            "rank": [2, 1],
            "rank_low": [1, 1],
            "rank_high": [2, 2],
        }
    )
    changed = replace(
        result,
        networks=(replace(note, kind=kind),),
        tables={**result.tables, "links": links, **_filled({"ownership_cities": table})},
    )
    subject = _subject(changed)
    (one,) = ties.tied(subject)
    assert one.place is not None
    assert (one.place.value, one.place.rank, one.place.low, one.place.high) == (7.0, 2, 1, 2)
    text = _texts(firms.section(subject, _studio(subject)))
    assert "research sites of firms | 2,022 | 2 | 3 | 7 | 1 | 2 of 2 | 1–2".replace("2,022", "2022") in text


@pytest.mark.parametrize(("heads", "power"), [([2, 1], [0.0, 9.0]), ([1, 0], [7.0, 0.0])])
def test_no_rank_by_power_without_power_or_by_one_firm_alone(
    result: Result, heads: list[int], power: list[float]
) -> None:
    rows = {"field": ["research"] * 2, "year": [YEAR] * 2, "city_id": [CITY, 13], "headquarters": heads}
    more = {"branches": [3, 1], "power": power, "prestige": [1.0, 2.0], "rank": [2, 1]}
    table = pl.DataFrame({**rows, **more, "rank_low": [1, 1], "rank_high": [2, 2]})
    changed = replace(result, tables={**result.tables, **_filled({"ownership_cities": table})})
    subject = _subject(changed)
    section = firms.section(subject, _studio(subject))
    (sheet,) = (table for block in section.blocks for table in block.tables if "prestige" in table.caption)
    assert [cells[-1].text for cells in sheet.rows] == ["not ranked"]
    assert not sheet.rows[0][-1].small


@pytest.mark.parametrize(("power", "wanted"), [(4.0, "2 of 3"), (0.0, "not ranked")])
def test_both_tables_rank_by_power_among_cities_that_have_some(
    result: Result, power: float, wanted: str
) -> None:
    """Six cities stand in the table, two or three of them with power: the same number in both places."""
    cities = [CITY, 13, 14, 15, 16, 17]
    powers = [power, 9.0, 2.0, 0.0, 0.0, 0.0]
    table = pl.DataFrame(
        {
            "field": ["research"] * 6,
            "year": [YEAR - 9] * 6,
            "city_id": cities,
            "headquarters": [1, 2, 1, 0, 0, 0],
            "branches": [1] * 6,
            "power": powers,
            "prestige": [1.0] * 6,
            "rank": [1 + sum(other > one for other in powers) for one in powers],
        }
    )
    note = next(note for note in result.networks if note.kind.network == "air")
    kind = replace(note.kind, network="ownership", field="research", directed=True)
    links = (
        result.table("links")
        .filter(pl.col("network") == "air")
        .with_columns(network=pl.lit("ownership"), field=pl.lit("research"))
    )
    tables = {**result.tables, "links": links, **_filled({"ownership_cities": table})}
    subject = _subject(replace(result, networks=(replace(note, kind=kind),), tables=tables))
    (sheet,) = ties.section(subject, _studio(subject)).blocks[0].tables
    section = firms.section(subject, _studio(subject))
    (other,) = (table for block in section.blocks for table in block.tables if "prestige" in table.caption)
    assert (sheet.rows[0][3].text, other.rows[0][-1].text) == (wanted, wanted)
    assert sheet.rows[0][2].text == other.rows[0][4].text == f"{power:.0f}"


# --- maps


def test_near_ends_are_enlarged_and_lie_inside() -> None:
    nodes = [
        Node(name=str(n), latitude=48.0 + n, longitude=lon, value=1.0)
        for n, lon in enumerate((11.6, 16.4, 8.5))
    ]
    frame = maps.window(nodes, centre=11.0)
    assert frame.zoom > 1
    at = frame.pixels([node.longitude for node in nodes], [node.latitude for node in nodes])
    assert ((at > 0) & (at < [frame.width, frame.height])).all()


@settings(max_examples=60)
@given(
    st.lists(
        st.tuples(st.floats(-80, 80), st.floats(-180, 180)).map(lambda p: (round(p[0], 2), round(p[1], 2))),
        min_size=1,
        max_size=6,
    )
)
def test_every_end_lies_within_the_window(ends: list[tuple[float, float]]) -> None:
    nodes = [Node(name="", latitude=lat, longitude=lon, value=1.0) for lat, lon in ends]
    frame = maps.window(nodes, centre=11.0)
    at = frame.pixels([lon for _, lon in ends], [lat for lat, _ in ends])
    assert ((at >= 0) & (at <= [frame.width, frame.height])).all()


def test_a_window_goes_the_shorter_way_round_the_date_line() -> None:
    pair = [Node(name="", latitude=52.0, longitude=lon, value=1.0) for lon in (177.0, -176.0)]
    frame = maps.window(pair, centre=11.0)
    assert frame.zoom > 1
    assert abs(frame.centre) > 170


# --- peers


def test_standard_units_have_mean_zero_and_spread_one() -> None:
    values = np.array([[1.0, 2.0], [4.0, np.nan], [7.0, 8.0], [2.0, 5.0]])
    units = peers.standardised(values)
    for column in range(2):
        known = units[:, column][np.isfinite(units[:, column])]
        assert known.mean() == pytest.approx(0)
        assert known.std() == pytest.approx(1)
    assert np.isnan(units[1, 1])


def _profiles(units: np.ndarray) -> peers.Profiles:
    return peers.Profiles(cities=tuple(range(len(units))), indicators=(), units=units)


def test_the_planted_twin_is_the_nearest_peer() -> None:
    units = np.random.default_rng(7).normal(size=(40, 6))
    units[31] = units[4] + 0.01
    first = peers.nearest(_profiles(units), 4)[0]
    assert (first.city, first.shared) == (31, 6)
    assert first.distance == pytest.approx(0.01)


def test_distances_are_over_what_both_have_and_the_same_either_way() -> None:
    units = np.array(
        [[0.0, 1.0, 2.0, np.nan], [3.0, 1.0, np.nan, 9.0], [0.0, 5.0, 2.0, 1.0], [1.0, 1.0, 1.0, 1.0]]
    )
    every = _profiles(units)
    there = {peer.city: peer for peer in peers.nearest(every, 0, most=9)}
    assert set(there) == {2, 3}  # city 1 shares only two indicators
    assert there[2].distance == pytest.approx(math.sqrt((0 + 16 + 0) / 3))
    back = {peer.city: peer for peer in peers.nearest(every, 2, most=9)}
    assert back[0].distance == there[2].distance


def test_what_sets_apart_is_ordered_by_the_difference_from_the_peers(result: Result) -> None:
    every = replace(
        _profiles(np.array([[3.0, 0.0], [0.0, 0.5], [1.0, 0.5]])), indicators=result.index.indicators
    )
    found = peers.apart(
        every, 0, (peers.Peer(city=1, distance=1, shared=2), peers.Peer(city=2, distance=1, shared=2))
    )
    assert [one.note.id for one in found] == [note.id for note in result.index.indicators]
    assert (found[0].own, found[0].peers, found[0].low, found[0].high) == (3.0, 0.5, 0.0, 1.0)


def test_a_value_that_many_share_sets_nobody_apart(result: Result) -> None:
    """The port alone has sea links: the others' zero is no mark of theirs, though far below the peers'."""
    units = np.array([[-0.5, float(n)] for n in range(7)] + [[3.5, 7.0]])
    every = replace(_profiles(units), indicators=result.index.indicators)
    near, far = (note.id for note in result.index.indicators)
    assert peers.common(every, 0) == {near}
    assert peers.common(every, 7) == frozenset()
    assert far not in peers.common(every, 3)
    few = replace(
        every, units=np.array([[-0.5, n] for n in range(2)] + [[float(n), 9 + n] for n in range(8)])
    )
    assert peers.common(few, 0) == frozenset()  # two of ten


def test_what_is_in_common_is_left_out_of_the_list_and_named(result: Result) -> None:
    table = result.table("indicators")
    inland = (pl.col("indicator") == "near_degree") & (pl.col("city_id") % 2 == CITY % 2)
    table = table.with_columns(normalised=pl.when(inland).then(0.0).otherwise(pl.col("city_id").cast(float)))
    subject = _subject(replace(result, tables={**result.tables, "indicators": table}))
    *_, apart, left = peers.section(subject, _studio(subject)).blocks
    assert [cells[0].text for cells in apart.tables[0].rows] == ["Far ties: degree"]
    assert "Near ties" not in " ".join(apart.sentences)
    (sentence,) = left.sentences
    assert "shared by 25% or more" in sentence
    assert sentence.endswith("few: Near ties: degree.")


def test_the_rank_of_a_downscaled_number_is_marked(result: Result) -> None:
    subject = _subject(result)
    rows = standing.section(subject, _studio(subject)).blocks[1].tables[0].rows
    marks = {cells[0].text: cells[2].small for cells in rows}
    assert marks == {
        "Near ties: degree": "",
        "Far ties: degree": "of a downscaled number: it follows the country",
    }
    assert rows[0][0].small == "Number of synthetic partners."


# --- sections of optional tables


def test_without_tables_every_gap_is_named(result: Result) -> None:
    subject = _subject(result)
    text = _texts(firms.section(subject, _studio(subject)))
    for name in (
        "Headquarters by sector",
        "interlocking",
        "Headquarters and branches",
        "Supplier sites",
        "Financial centre",
    ):
        assert name in text
    text = _texts(chain.section(subject, _studio(subject)))
    assert "No data in this edition: Science, Technology, Industry and Capital." in text
    assert "No data on ties inside the city" in text


def _production(result: Result) -> Result:
    tables = {
        "headquarters": pl.DataFrame(
            {
                "group": ["all", "all", "technology", "size:mega"],
                "city_id": [CITY, 13, CITY, CITY],
                "year": [YEAR] * 4,
                "firms": [8, 2, 6, 1],
                "share": [0.8, 0.2, 0.75, 1.0],
                "location_quotient": [1.0, 1.0, 1.25, 1.5],
                "rank": [1, 2, 1, 1],
                "rank_low": [1, 1, 1, 1],
                "rank_high": [1, 2, 3, 1],
            }
        ),
        "firms": pl.DataFrame(
            {
                "firm": ["a", "b", "c"],
                "name": ["<b>Synthetic Small</b>", "Synthetic Great", "Synthetic Young"],
                "city_id": [CITY, CITY, CITY],
                "country": ["QA"] * 3,
                "sector": ["information_technology", None, None],
                "industry": [None, None, None],
                "size": ["small", "mega", None],
                "listings": [1, 2, 0],
                "sources": ["synthetic-air", "synthetic-air;synthetic-lost", "unicorns"],
            }
        ),
        "interlocking_cities": pl.DataFrame(
            {
                "roster": ["synthetic-air", "synthetic-air"],
                "sector": ["all", "all"],
                "year": [YEAR, YEAR],
                "label": ["X", "Y"],
                "city_id": [CITY, 13],
                "gnc": [120.0, 240.0],
                "relative": [0.5, 1.0],
                "rank": [2, 1],
                "rank_low": [1, 1],
                "rank_high": [2, 2],
                "firms": [7, 9],
                "class": ["beta+", "alpha"],
            }
        ),
        "hinterworlds": pl.DataFrame(
            {
                "roster": ["synthetic-air"] * 2,
                "year": [YEAR] * 2,
                "city_id": [CITY] * 2,
                "other": [20, 21],
                "links": [9.0, 1.0],
                "expected": [5.0, 5.0],
                "residual": [4.0, -4.0],
                "position": [1, 2],
            }
        ),
        "supplier_places": pl.DataFrame(
            {
                "customer": ["Synthetic Pear"] * 3,
                "year": [YEAR, YEAR, YEAR - 1],
                "precision": ["city"] * 3,
                "country": ["QA"] * 3,
                "division": [None] * 3,
                "city_id": [CITY, 13, CITY],
                "sites": [4, 1, 99],
                "suppliers": [3, 1, 99],
            }
        ),
        "financial_centres": pl.DataFrame(
            {
                "city_id": [CITY, 13],
                "year": [YEAR, YEAR],
                "exchanges": [1, 2],
                "listings": [30, 60],
                "foreign": [10, 20],
                "home_cities": [5, 6],
                "strength": [11.0, 22.0],
                "rank": [2, 1],
                "rank_low": [2, 1],
                "rank_high": [2, 1],
            }
        ),
    }
    return replace(result, tables={**result.tables, **_filled(tables)})


def test_firms_and_their_networks_are_told(result: Result) -> None:
    subject = _subject(_production(result))
    text = _texts(firms.section(subject, _studio(subject)))
    assert "All firms | 8 | 80.0% | 1.00 | 1 of 2 | 1–1" in text
    basket = "Technology | a basket of firms, chosen by this edition: Firms of information technology, and of"
    assert basket in text
    assert "most valuable; unlisted firms are not among them. | 6 | 75.0% | 1.25 | 1 of 1 | 1–3" in text
    assert "Size: mega | 1 | 100.0% | 1.50 | 1 of 1 | 1–1" in text
    assert text.index("Synthetic Great") < text.index("Synthetic Small") < text.index("Synthetic Young")
    assert "beta+ | 120 | 50.0% | 2 of 2 | 1–2 | 7" in text
    assert "Tied more than its connectivity tells: Synthetic 20. | Tied less: Synthetic 21." in text
    assert "Synthetic Pear | 2031 | 4 | 3" in text
    assert "99" not in text  # an earlier year's
    assert "Listings | 30 | Listings of firms from other countries | 10" in text
    assert "No data in this edition: Headquarters and branches." in text


def _supplied(result: Result, here: int | None) -> Result:
    """Add lists of a customer: to the city, then mostly to the province with one city left."""
    table = pl.DataFrame(
        {
            "customer": ["Synthetic Pear"] * 5,
            "year": [YEAR - 3, YEAR - 3, YEAR - 2, YEAR - 1, YEAR - 1],
            "precision": ["address", "division", "division", "division", "city"],
            "country": ["QA"] * 5,
            "division": [None, "North", "North", "North", None],
            "city_id": [here, None, None, None, 13],
            "sites": [7, 3, 9, 9, 1],
            "suppliers": [5, 3, 9, 9, 1],
        }
    )
    return replace(result, tables={**result.tables, **_filled({"supplier_places": table})})


@pytest.mark.parametrize(
    ("here", "wanted"),
    [
        (CITY, "Synthetic Pear: 2028 is the last year with most sites known to the city; from 2029 its list"),
        (13, "Synthetic Pear: no site in Synthetic 12 in 2028, the last year with most sites known to"),
        (None, "Synthetic Pear: no data; its lists give most sites by province or country only."),
    ],
)
def test_supplier_sites_are_of_the_last_year_known_to_the_city(
    result: Result, here: int | None, wanted: str
) -> None:
    subject = _subject(_supplied(result, here))
    section = firms.section(subject, _studio(subject))
    (block,) = (block for block in section.blocks if block.title == "Supplier sites")
    (sentence,) = block.sentences
    assert sentence.startswith(wanted)
    rows = [[cell.text for cell in row] for table in block.tables for row in table.rows]
    assert rows == ([["Synthetic Pear", "2028", "7", "5"]] if here == CITY else [])
    assert "place nothing of these" not in _texts(section)


def test_counts_of_technology_firms_say_what_they_count(result: Result) -> None:
    made = _production(result)
    more = made.table("headquarters").with_columns(
        group=pl.col("group").replace({"size:mega": "information_technology"})
    )
    made = replace(made, tables={**made.tables, "headquarters": more})
    remarks = {
        language: {
            link.what: link.remark for link in chain.links(_subject(made, language=language)) if link.remark
        }
        for language in ("en", "zh")
    }
    sector, basket = "Headquarters, sector “Information technology”", "Headquarters, basket “Technology”"
    assert "eleven sectors (as in GICS)" in remarks["en"][sector]
    assert "among the world's most valuable" in remarks["en"][basket]
    assert "十一个行业门类" in remarks["zh"]["企业总部（“信息技术”行业）"]
    assert "市值居全球前列" in remarks["zh"]["企业总部（“科技”企业组合）"]
    own = replace(made.edition, settings={"production": {"baskets": "mine.toml"}})
    links = {link.what: link.remark for link in chain.links(_subject(replace(made, edition=own)))}
    assert links[basket] == "a basket of firms, chosen by this edition"


def test_the_chain_counts_industry_and_capital(result: Result) -> None:
    subject = _subject(_production(result))
    found = {link.stage: link for link in chain.links(subject)}
    assert set(found) == {"industry", "capital"}
    assert (found["industry"].count, found["industry"].share) == (6, 0.75)
    assert (found["capital"].count, found["capital"].share) == (1, 1.0)
    text = _texts(chain.section(subject, _studio(subject)))
    assert "No data in this edition: Science and Technology." in text


def test_what_the_sources_place_nothing_of_is_said(result: Result) -> None:
    subject = _subject(_production(result), 40)
    text = _texts(firms.section(subject, _studio(subject)))
    assert "place nothing of these in Synthetic 40:" in text
    assert "Headquarters by sector" in text


def _inside(result: Result) -> Result:
    """Add papers of two windows and patents, and the organisations that work together in the city."""

    def made(name: str, rows: list[tuple[object, ...]]) -> pl.DataFrame:
        return pl.DataFrame(rows, schema=INNOVATION[name], orient="row")

    columns = dict.fromkeys(INNOVATION["field_totals"])
    totals = [
        columns
        | {"network": network, "field": "ai", "year": year, "city_id": CITY, "count": n, "fractional": 1.0}
        for network, year, n in (
            ("coauthorship", 2020, 9),
            ("coauthorship", 2024, 40),
            ("copatenting", 2024, 3),
        )
    ]
    old, new = ("coauthorship", "ai", 2015, 2019), ("coauthorship", "ai", 2020, 2024)
    patents = (PATENTS, "ai", 2020, 2024)
    tables = {
        "field_totals": pl.DataFrame(totals, schema=INNOVATION["field_totals"]),
        "city_inside": made(
            "city_inside",
            [
                (*old, CITY, 77, 7, 70, 70),
                (*new, 13, 66, 6, 60, 60),
                (*new, CITY, 40, 5, 32, 10),
                (*patents, CITY, 3, 0, 0, 0),
            ],
        ),
        "city_organisations": made(
            "city_organisations",
            [
                (*old, CITY, "a", "d", 55, 1),
                (*new, 13, "a", "e", 44, 1),
                (*new, CITY, "b", "c", 8, 1),
                (*new, CITY, "a", "b", 2, 2),
                *((*new, CITY, "x", f"y{n:02}", 1, 3) for n in range(20)),
            ],
        ),
        "organisations": pl.DataFrame(
            {"organisation": ["a", "b", "c"], "name": ["Ash", "<i>Birch</i>", "Cedar"]}
        ),
    }
    return replace(result, tables={**result.tables, **tables})


def test_ties_inside_the_city_are_those_of_the_last_window(result: Result) -> None:
    subject = _subject(_inside(result))
    text = _texts(chain.section(subject, _studio(subject)))
    assert "No data on ties inside" not in text
    assert (
        "25.0% of the records that name Synthetic 12 join two or more organisations of the city (10 of 40)"
        in text
    )
    assert "2020–2024 | 40 | 32 | 5 | 10 | 25.0% | 66.0%" in text  # (10 + 60) of (40 + 66)
    assert "2020–2024 | 3 | 0 | 0 | 0 | 0.0% | 0.0%" in text
    assert "its organisations are the applicants, wherever they sit" in text
    assert "<i>Birch</i> | Cedar | 8 | Ash | <i>Birch</i> | 2 | x | y00 | 1" in text
    assert "y07" in text
    assert "y08" not in text  # ten are listed
    for other in ("55", "44", "77", "70"):
        assert other not in text


def test_a_city_without_records_is_apart_from_a_result_without_tables(result: Result) -> None:
    made = _inside(result)
    subject = _subject(made, 40)
    text = _texts(chain.section(subject, _studio(subject)))
    assert "No data on ties inside the city: no paper or patent of the last years names it." in text
    tables = {name: table for name, table in made.tables.items() if name != "city_inside"}
    subject = _subject(replace(made, tables=tables))
    text = _texts(chain.section(subject, _studio(subject)))
    assert "No data on ties inside the city: this result has no papers or patents whose" in text


def test_ties_inside_the_city_are_told_in_chinese(result: Result) -> None:
    subject = _subject(_inside(result), language="zh")
    text = _texts(chain.section(subject, _studio(subject)))
    assert "40条记录中，10条由两家及以上同城机构合作完成，占25.0%。" in text
    assert "合作最多的同城机构" in text


# --- whole pages and assets


def test_names_are_data_on_the_page(result: Result, tmp_path: Path) -> None:
    files = page.write(_production(result), [HOSTILE_CITY, CITY], tmp_path)
    assert [path.name for path in files] == ["1.en.html", "1.zh.html", "12.en.html", "12.zh.html"]
    for path in files:
        text = path.read_text(encoding="utf-8")
        assert len(re.findall(r"<script", text)) == 1
        assert "<script>alert(1)" not in text
        assert "{{" not in text.replace("{{ 7*7 }}", "")
        assert "49" not in re.findall(r"<h1>.*?</h1>", text)[0]
        assert "<b>Synthetic Small" not in text
    assert "&lt;script&gt;alert(1)" in files[0].read_text(encoding="utf-8")


def test_assets_hold_all_but_the_tables(result: Result, tmp_path: Path) -> None:
    wanted = replace(result, profiles=(12, 3))
    assets.write(wanted, tmp_path / "assets")
    read = assets.read(tmp_path / "assets", result.tables)
    for name in ("edition", "index", "networks", "countries", "sources", "gaps", "shown", "profiles", "hash"):
        assert getattr(read, name) == getattr(wanted, name), name
    again = assets.write(read, tmp_path / "again")
    for name, path in assets.write(wanted, tmp_path / "assets").items():
        assert path.read_bytes() == again[name].read_bytes()


def test_assets_of_another_version_are_refused(result: Result, tmp_path: Path) -> None:
    files = assets.write(result, tmp_path / "assets")
    files["notes.json"].write_text('{"edition": {"colour": "red"}}', encoding="utf-8")
    with pytest.raises(ResultError, match=r"not of this version .* build the edition again"):
        assets.read(tmp_path / "assets", result.tables)
