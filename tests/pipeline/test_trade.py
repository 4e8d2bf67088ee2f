"""Trade in an edition: every row counted, years of two sources kept apart, and what comes out of it."""

import gzip
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import polars as pl
import pyreadstat
import pytest
import world
from real_mirror import DATA
from world.facts import ALDER, BIRCH

from cosmopolis.edition import Edition, load
from cosmopolis.measures import trade_partners
from cosmopolis.measures.country_pairs import between
from cosmopolis.measures.distance import great_circle_km
from cosmopolis.measures.political_distance import ideal_point_distance
from cosmopolis.pipeline.cache import StepCache
from cosmopolis.pipeline.cities import open_atlas
from cosmopolis.pipeline.desk import Desk
from cosmopolis.pipeline.production import trade
from cosmopolis.pipeline.production.firms import REGISTER, Firms
from cosmopolis.pipeline.records import read_sources
from cosmopolis.records import admit
from cosmopolis.sources import catalog
from cosmopolis.sources.former_countries import FORMER, NO_COUNTRY
from cosmopolis.sources.readers import read

GIVEN = ("bilateral-trade", "un-votes", "un-ideal-points", "cepii-geodist")
SOURCES = ("geonames", "country-names", "icio-2022", "trade-table", *GIVEN)
YEARS = tuple(range(1988, 2013, 4))

OWN = """year,origin,destination,value_musd
2012,GBR,XBB,70
2012,GBR,XCC,30
2012,XBB,GBR,20
1900,GBR,XBB,5
2012,GBR,GBR,5
2012,QQQ,GBR,5
"""
MORE = "year,origin,destination,value_musd\n2012,GBR,XBB,7000\n"
"""Of 2012 alone: the other source's 2012 is then not taken. The second file says a pair again."""


BOTH_WAYS = "Country Code_source,Country Code_target,BTV\nXBB,GBR,9e6\n"


def _exports() -> str:
    """Arborea turns from Bosk to Copse; some goes where no country is, and Yugoslavia trades once."""
    lines = ['"exp","imp","time","export"']
    for number, year in enumerate(YEARS):
        lines += [
            f'"GBR","XBB","{year}",{(90 - 10 * number) * 1e6:g}',
            f'"GBR","XCC","{year}",{(10 + 10 * number) * 1e6:g}',
            f'"XBB","XCC","{year}",5e6',
            f'"GBR","UNS","{year}",25e6',
        ]
    return "\n".join([*lines, '"YUG","GBR","1988",1e6', '"GBR","TAN","1988",1e6', ""])


def _votes() -> tuple[str, str]:
    """Twelve roll calls a year that Arborea and Copse share and Bosk does not, and one where all agree."""
    votes, calls = ['"rcid","country","country_code","vote"'], ['"rcid","session","descr"']
    for year in (*YEARS, 1999):
        for call in range(13):
            number = year * 100 + call
            calls.append(f'{number},{year - 1945},"x"')
            for code, vote in (("GB", "yes"), ("XB", "no"), ("XC", "yes"), ("QQ", "no"), ("YU", "abstain")):
                votes.append(f'{number},"{code}","{code}","{"yes" if call == 12 else vote}"')
    return "\n".join([*votes, ""]), "\n".join([*calls, ""])


def _files(folder: Path) -> dict[str, dict[str, bytes]]:
    """Write what the four sources hold, in their formats."""
    votes, calls = _votes()
    points = pl.DataFrame(
        [
            (1, code, year + 0.0, point)
            for year in YEARS
            for code, point in (("GBR", 1.0), ("XBB", -1.0), ("XCC", 0.75), ("QQQ", 3.0))
        ],
        schema=["ccode", "iso3c", "year", "idealpointall"],
        orient="row",
    )
    pairs = pl.DataFrame(
        [("GBR", "XBB", 0, 0, 0, 900.0), ("XBB", "GBR", 0, 0, 0, 900.0)],
        schema=["iso_o", "iso_d", "contig", "comlang_off", "colony", "dist"],
        orient="row",
    )
    for name, frame in (("points.dta", points), ("pairs.dta", pairs)):
        pyreadstat.write_dta(frame, str(folder / name))
    return {
        "bilateral-trade": {
            "penppml_trade.csv.gz": gzip.compress(_exports().encode(), mtime=0),
            "bilateral_trade_value_2015_BTV.csv": BOTH_WAYS.encode(),
        },
        "un-votes": {
            "un_votes.csv.gz": gzip.compress(votes.encode(), mtime=0),
            "un_roll_calls.csv.gz": gzip.compress(calls.encode(), mtime=0),
        },
        "un-ideal-points": {"IdealpointsJuly2025.dta": (folder / "points.dta").read_bytes()},
        "cepii-geodist": {"dist_cepii.dta": (folder / "pairs.dta").read_bytes()},
    }


def _open(edition: Edition, entries: catalog.Catalog, mirror: Path, cache: Path) -> Desk:
    steps = StepCache(folder=cache / "steps")
    shelf = read_sources(
        [entries.source(name) for name in edition.sources],
        steps,
        mirror=mirror,
        cache=cache,
        offline=True,
        progress=False,
    )
    assert not shelf.missing
    return Desk(edition=edition, catalog=entries, shelf=shelf, atlas=open_atlas(edition, shelf, steps))


def _desk(folder: Path, sources: tuple[str, ...] = SOURCES) -> Desk:
    of = {**world.files(), **_files(folder)}
    made = world.save(folder, of, edition=world.edition_text(sources))
    (made.mirror / "trade-table").mkdir()
    (made.mirror / "trade-table" / "own.csv").write_text(OWN, encoding="utf-8")
    (made.mirror / "trade-table" / "second.csv").write_text(MORE, encoding="utf-8")
    return _open(load(str(made.edition)), catalog.load(made.catalog), made.mirror, folder / "cache")


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Desk:
    return _desk(tmp_path_factory.mktemp("trade"))


@pytest.fixture(scope="module")
def tables(desk: Desk) -> Mapping[str, pl.DataFrame]:
    return trade.make(desk, Firms()).tables


def test_every_row_is_used_or_quarantined(desk: Desk, tables: Mapping[str, pl.DataFrame]) -> None:
    assert tables
    for source in ("geonames", "country-names"):
        desk.shelf.use_all(source)
    trade.intermediate(desk.shelf, desk.atlas)
    entries = {source: tuple(entry.values()) for source, entry in desk.shelf.ledger.entries().items()}
    assert entries["trade-table"] == (7, 3, 4)
    sold = 4 * len(YEARS) + 2 + 1
    away = 1 * len(YEARS) + 1 + 3  # no country; TAN; 2012, of which the other source is taken
    assert entries["bilateral-trade"] == (sold, sold - away, away)
    voters = 3 * (len(YEARS) + 1) + 2  # Yugoslavia to 1992; after it is Serbia, which is not in this world
    cast = 13 * 5 * (len(YEARS) + 1)
    assert entries["un-votes"] == (cast, 12 * voters, cast - 12 * voters)
    assert entries["un-ideal-points"] == (4 * len(YEARS), 3 * len(YEARS), len(YEARS))
    reasons = desk.shelf.ledger.reasons("un-votes")
    assert sum(n for reason, n in reasons.items() if "unanimous" in reason) == voters
    told = desk.shelf.ledger.reasons("trade-table")
    assert "the edition follows trade from 1964 to 2016" in told
    assert "the same as row 1 of own.csv" in told  # across files


def test_partners_of_a_country(tables: Mapping[str, pl.DataFrame]) -> None:
    found = tables["trade_diversity"].filter(country="GB", flow="exports")
    assert found["year"].to_list() == list(YEARS)
    assert found["basis"].unique().to_list() == [trade_partners.DIRECTED]
    first, last = found.row(0, named=True), found.row(-1, named=True)
    assert first["hhi"] == pytest.approx(0.9**2 + 0.1**2)
    assert first["coverage"] == pytest.approx(100 / 126)  # 25 where nobody tells, 1 to Tanganyika
    assert (last["hhi"], last["coverage"]) == (pytest.approx(0.7**2 + 0.3**2), 1.0)  # the own table's 2012
    both = tables["trade_diversity"].filter(year=2015)
    assert both.select("country", "flow", "basis", "value_musd").rows() == [
        ("GB", "both", "both_ways", 9.0),
        ("XB", "both", "both_ways", 9.0),
    ]


def test_nearness_of_a_country(tables: Mapping[str, pl.DataFrame]) -> None:
    near = tables["trade_nearness"].filter(country="GB", year=1988, flow="exports")
    values = dict(near.select("measure", "value").iter_rows())
    assert values["ideal_point_distance"] == pytest.approx(0.9 * 2.0 + 0.1 * 0.25)
    assert values["vote_agreement"] == pytest.approx(0.9 * 0.0 + 0.1 * 1.0)
    capitals = float(great_circle_km(51.0, 0.0, 0.0, 14.0))  # Alder and Cedar: not in the source
    assert values["distance_km"] == pytest.approx(0.9 * 900.0 + 0.1 * capitals)
    covered = dict(near.select("measure", "covered").iter_rows())
    assert covered == dict.fromkeys(values, pytest.approx(100 / 126))
    trends = tables["trade_trends"].filter(country="GB", flow="exports", span="recent")
    readings = dict(trends.select("measure", "reading").iter_rows())
    assert readings["ideal_point_distance"] in {"nearer", "unclear"}
    shifts = tables["trade_shifts"].filter(country="GB", flow="exports", measure="ideal_point_distance")
    assert shifts["by_distances"].abs().max() == 0.0
    assert (shifts.filter(pl.col("to_year") < 2012)["by_partners"] < 0).all()


def test_distances_of_the_largest_traders_in_all_years(tables: Mapping[str, pl.DataFrame]) -> None:
    found = tables["political_distance"].filter(country="GB", other="XB", measure="vote_agreement")
    assert found["year"].to_list() == sorted([*YEARS, 1999])
    assert found["value"].unique().to_list() == [0.0]
    assert "YUCS" in tables["trade_diversity"]["country"].to_list()


def test_supply_by_hand(tables: Mapping[str, pl.DataFrame]) -> None:
    """Each node buys half its output: four fifths at home, the rest from Arborea (who buys from Bosk)."""
    found = tables["supply_dependence"].filter(country="XC")
    assert found.select("on", "direct_share", "rank").rows() == [
        ("GB", pytest.approx(0.2), 1),
        ("XB", 0.0, 2),
        ("XC", pytest.approx(0.8), None),
    ]
    (upstream,) = found.filter(on="XB")["upstream_share"]
    # of one dollar of Copse: .4 at home and .1 in Arborea, of which .4 there and .1 in Bosk, and so on
    t = [[0.4, 0.1, 0.1], [0.1, 0.4, 0.0], [0.0, 0.0, 0.4]]
    total, term = [0.0] * 3, [0.0, 0.0, 1.0]
    for _ in range(200):
        term = [sum(t[i][j] * term[j] for j in range(3)) for i in range(3)]
        total = [a + b for a, b in zip(total, term, strict=True)]
    assert upstream == pytest.approx(total[1] / sum(total), abs=6e-9)
    ties = tables["supply_ties"]
    assert ties["value_musd"].is_sorted(descending=True)
    assert ties.row(0, named=True)["share"] == pytest.approx(0.2)


def test_downscaled_by_people_and_by_headquarters(
    desk: Desk, tables: Mapping[str, pl.DataFrame], tmp_path: Path
) -> None:
    by_people = tables["downscaled"].filter(measure="exports_musd")
    assert (by_people["year"].unique().to_list(), by_people["rule"].unique().to_list()) == (
        [2012],
        ["people"],
    )
    assert by_people["value"].null_count() == 0
    country = desk.atlas.gazetteer.cities.select("city_id", "country")
    sums = (
        by_people.join(country, on="city_id").group_by("country").agg(pl.col("value").sum()).sort("country")
    )
    assert sums.rows() == [("GB", pytest.approx(100.0)), ("XB", pytest.approx(20.0))]
    firms = pl.DataFrame(
        {"firm": ["a", "b"], "name": ["A", "B"], "city_id": [ALDER, BIRCH], "country": ["GB", "XB"]}
    )
    register = Firms(
        frame=pl.concat([REGISTER.to_frame(), firms.select(firms.columns)], how="diagonal_relaxed")
    )
    plain = _desk(tmp_path, ("geonames", "country-names", "trade-table"))
    production = replace(plain.edition.production, downscale="headquarters")
    seated = replace(plain, edition=replace(plain.edition, production=production))
    found = trade.make(seated, register).tables["downscaled"].filter(measure="exports_musd")
    assert found.select("city_id", "value", "rule").rows() == [
        (ALDER, pytest.approx(100.0), "headquarters"),
        (BIRCH, pytest.approx(20.0), "headquarters"),
    ]


def test_without_sources_there_is_nothing(tmp_path: Path) -> None:
    assert trade.make(_desk(tmp_path, SOURCES[:2]), Firms()).tables == {}


def test_names_of_states_that_are_no_more() -> None:
    assert all(state.name and state.name_zh and len(state.code) == 4 for state in FORMER)


@pytest.mark.real
def test_the_real_trade() -> None:
    """The two last years: Germany trades with its like, the United States stand at the end of the axis."""
    records: dict[str, pl.DataFrame] = {}
    for source, part in (
        ("bilateral-trade", "trade"),
        ("un-ideal-points", "points"),
        ("cepii-geodist", "pairs"),
    ):
        files = {file.name: DATA / source / file.name for file in catalog.load().source(source).files}
        if not all(path.is_file() for path in files.values()):
            pytest.skip(f"the files of {source} are not in the folder of real data")
        records[part] = pl.concat([admit(raw).frame for raw in read(source, files) if raw.part == part])
    sold = records["trade"].filter(pl.col("year") >= 2012, ~pl.col("destination").is_in(list(NO_COUNTRY)))
    years = sold["year"].unique().sort().to_list()
    points = {year: ideal_point_distance(records["points"], year) for year in years}
    km = between(records["pairs"].select(country="origin", other="destination", value="distance_km"))
    political = trade_partners.nearness(sold, points, "points", flows=["both"]).filter(year=2016)
    value = dict(political.select("country", "value").iter_rows())
    assert value["DEU"] < value["*"] < value["USA"]
    assert (political.filter(country="*")["covered"] > 0.85).all()
    space = trade_partners.nearness(sold, dict.fromkeys(years, km), "km", flows=["both"]).filter(year=2016)
    ratio = dict(space.select("country", "ratio").iter_rows())
    assert ratio["DEU"] < ratio["*"] < 1
    number = trade_partners.diversity(sold, flows=["both"]).filter(year=2016)
    partners = dict(number.select("country", "effective_number").iter_rows())
    assert partners["MEX"] < 3 < partners["CHN"]  # most of Mexico's trade is with one country
