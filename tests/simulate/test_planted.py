"""What was planted is found again by the readers and the measures: sizes, decay, communities, shock, fields.

Bounds follow from the number of records, not from what was seen: a count of expectation e has the standard
deviation √e or less; |z| beyond 4.5 comes up once in 100,000.
"""

from dataclasses import dataclass
from pathlib import Path

import igraph
import numpy as np
import polars as pl
import pytest

from cosmopolis.engines.duckdb import Engine
from cosmopolis.engines.projection import SHARE_UNITS
from cosmopolis.measures import communities, gravity
from cosmopolis.networks import classify, fields
from cosmopolis.networks.links import LINKS
from cosmopolis.pipeline.parts import keep_folder
from cosmopolis.pipeline.records import Shelf
from cosmopolis.simulate.command import write
from cosmopolis.simulate.names import OTHER, mix
from cosmopolis.simulate.plan import Plan, invented_cities

WORKS = 60_000
PATENTS = 20_000
FAR = 4.5


@dataclass(frozen=True, kw_only=True)
class Planted:
    """A plan, and what was read of the files made from it: `item, year, city_id`, one row for each city."""

    plan: Plan
    folder: Path
    shelf: Shelf
    items: pl.DataFrame


def files(folder: Path, source: str, pattern: str) -> dict[str, Path]:
    home = folder / source
    return {path.relative_to(home).as_posix(): path for path in sorted(home.glob(pattern))}


@pytest.fixture(scope="module")
def planted(tmp_path_factory: pytest.TempPathFactory) -> Planted:
    folder = tmp_path_factory.mktemp("planted")
    plan = Plan(
        works=WORKS, patents=PATENTS, seed=7, cities=invented_cities(60, seed=7), fields=mix("science")
    )
    write(folder / "dir", plan, form="openalex")
    shelf = Shelf()
    for source, pattern in (
        ("openalex", "works/*/*.gz"),
        ("openalex-institutions", "institutions/*/*.gz"),
        ("patentsview", "*.tsv.gz"),
    ):
        found = files(folder / "dir", source, pattern)
        shelf.add_folder(source, keep_folder(source, found, folder / "kept", progress=False, jobs=1))
    seats = shelf.part("openalex-institutions", "organisations").select(
        institution="organisation", city_id="place_id"
    )
    items = (
        shelf.part("openalex", "affiliations")
        .join(seats, on="institution", how="inner", validate="m:1")
        .select("year", "city_id", item="work")
        .unique(maintain_order=True)
    )
    return Planted(plan=plan, folder=folder / "dir", shelf=shelf, items=items)


def counted(values: pl.Series, keys: list[int]) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    """Count how often each key stands in a column."""
    counts = dict(values.value_counts().iter_rows())
    return np.array([counts.get(key, 0) for key in keys], dtype=np.float64)


def links_of(items: pl.DataFrame) -> pl.DataFrame:
    """Make links of items, all years together."""
    with Engine(threads=1) as engine:
        engine.register("items", items)
        pairs = engine.project("SELECT item, 2000 AS year, 'all' AS field, city_id FROM items").pairs
    return pairs.select(
        network=pl.lit("coauthorship"),
        field="field",
        year=pl.col("year").cast(pl.Int64),
        origin="origin",
        destination="destination",
        weight=pl.col("fractional_units") / SHARE_UNITS,
        count="count",
    ).select(pl.col(name).cast(dtype) for name, dtype in LINKS.items())


def test_all_is_read_but_what_was_planted_broken(planted: Planted) -> None:
    shelf, plan = planted.shelf, planted.plan
    assert shelf.counts("openalex", "works") == (WORKS, plan.broken)
    reasons = shelf.ledger.reasons("openalex")
    unknown = reasons.pop("text is missing: the author has no affiliation")
    assert sum(reasons.values()) == plan.broken == 3
    admitted, away = shelf.counts("openalex", "affiliations")
    assert away == unknown
    assert planted.items["item"].n_unique() == WORKS  # a work keeps all of its cities
    # the first author of each city is never without an affiliation: of 1, 2, 3 people the others are half
    others = (admitted + away) / 2
    assert abs(unknown - plan.unaffiliated * others) < FAR * np.sqrt(plan.unaffiliated * others)
    for source, part in (("openalex-institutions", "organisations"), ("patentsview", "patents")):
        assert shelf.counts(source, part)[1] == 0
    assert shelf.counts("openalex-institutions", "organisations")[0] == 60 * plan.institutions


def test_cities_have_their_share_of_the_works(planted: Planted) -> None:
    plan = planted.plan
    seen = counted(planted.items["city_id"], plan.cities["city_id"].to_list())
    expected = WORKS * plan.shares
    z = (seen - expected) / np.sqrt(expected * (1 - plan.shares))
    assert np.abs(z).max() < FAR
    assert 0.5 < float((z**2).mean()) < 2.0  # of 60 squares of standard normal draws the mean is 1 ± 0.18


def test_works_have_as_many_cities_as_planted(planted: Planted) -> None:
    number = planted.items.group_by("item").len()["len"]
    seen = counted(number, [1, 2, 3, 4])
    expected = WORKS * np.array(planted.plan.further)
    assert np.abs((seen - expected) / np.sqrt(expected)).max() < FAR


def test_pairs_follow_the_law(planted: Planted) -> None:
    plan = planted.plan
    two = planted.items.filter(pl.len().over("item") == 2)
    law = plan.pair_law
    place = {city: n for n, city in enumerate(plan.cities["city_id"])}
    seen = np.zeros_like(law)
    for origin, destination, count in links_of(two).select("origin", "destination", "count").iter_rows():
        a, b = sorted((place[origin], place[destination]))
        seen[a, b] = count
    upper = np.triu_indices(len(law), 1)
    assert abs(law[upper].sum() - 1) < 1e-9
    expected = two["item"].n_unique() * law[upper]
    thick = expected > 20  # there the normal law is near enough
    z = (seen[upper] - expected)[thick] / np.sqrt(expected[thick])
    assert thick.sum() > 100
    assert np.abs(z).max() < FAR
    assert abs(float((z**2).mean()) - 1) < FAR * np.sqrt(2 / thick.sum())


def test_decay_and_affinity_lie_within_their_intervals(planted: Planted) -> None:
    plan = planted.plan
    links = links_of(planted.items.filter(pl.len().over("item") == 2))
    cities = (
        plan.cities.with_columns(  # communities stand in for countries: both are a common effect of a group
            country=pl.Series([f"C{label}" for label in plan.community]), region=pl.lit(None, dtype=pl.String)
        )
    )
    terms = gravity.fit(links, cities, terms=("distance", "same_country")).terms
    found = {row["term"]: (row["estimate"], row["standard_error"]) for row in terms.iter_rows(named=True)}
    for term, true in (("distance", -plan.decay), ("same_country", np.log(plan.affinity))):
        estimate, error = found[term]
        assert abs(estimate - true) < 3 * error
        # a Poisson model of n ties knows a slope to about 1/√n over the spread of its term, here near 1: an
        # interval ten times as wide would not be that of this model
        assert error < 10 / np.sqrt(float(links["count"].sum()))


def test_communities_are_found(planted: Planted) -> None:
    plan = planted.plan
    found = communities.find(links_of(planted.items), runs=10).cities.sort("city_id")
    assert found.height == plan.cities.height
    true = pl.Series(plan.community).gather(plan.cities["city_id"].arg_sort())
    nmi = igraph.compare_communities(true.to_list(), found["community"].to_list(), method="nmi")
    # four ties in five lie within a community where one in five would by chance
    assert nmi > 0.9
    other = Plan(works=1, seed=8, cities=plan.cities).community
    assert igraph.compare_communities(true.to_list(), other.tolist(), method="nmi") < 0.3


def test_the_shock_year_is_the_one_that_falls_out(planted: Planted) -> None:
    plan = planted.plan
    years = list(range(plan.years[0], plan.years[1] + 1))
    seen = counted(planted.shelf.part("openalex", "works")["year"], years)
    expected = WORKS * plan.by_year
    assert np.abs((seen - expected) / np.sqrt(expected)).max() < FAR
    # against the mean of its neighbours, a year of steady growth falls short by next to nothing
    short = 1 - seen[1:-1] / np.sqrt(seen[:-2] * seen[2:])
    assert years[1 + int(short.argmax())] == plan.shock_year
    spread = np.sqrt(1 / seen[1:-1] + (1 / seen[:-2] + 1 / seen[2:]) / 4)[short.argmax()]
    assert abs(short.max() - plan.shock) < FAR * spread


def test_works_lie_in_the_fields_of_the_mix(planted: Planted) -> None:
    plan = planted.plan
    works = planted.shelf.part("openalex", "works").select("work", "venue", "topics", "keywords")
    with Engine(threads=1) as engine:
        engine.register("works", works)
        classify.register(engine, fields.built_in())
        sql = classify.works_sql("works", unnest="UNNEST")
        found = engine.query(f"SELECT * FROM ({sql}) AS f", order=("work", "field"))  # noqa: S608
    assert found["work"].is_unique().all()  # no work is in two fields
    names = [name for name in plan.fields if name != OTHER]
    counts = dict(found["field"].value_counts().iter_rows())
    assert set(counts) == set(names)
    expected = WORKS * np.array([plan.fields[name] for name in names])
    seen = np.array([counts[name] for name in names])
    assert np.abs((seen - expected) / np.sqrt(expected)).max() < FAR


def test_patents_follow_the_same_law(planted: Planted) -> None:
    plan, shelf = planted.plan, planted.shelf
    patents = shelf.part("patentsview", "patents")
    assert patents.height == PATENTS
    assert set(patents["classes"].list.len()) == {1}
    inventors = shelf.part("patentsview", "parties").filter(role="inventor")
    assert inventors["patent"].n_unique() == PATENTS
    at = plan.cities.select("city_id", "latitude", "longitude")
    seen = inventors.join(at, on=["latitude", "longitude"], how="inner").unique(["patent", "city_id"])
    counts = counted(seen["city_id"], plan.cities["city_id"].to_list())
    expected = PATENTS * plan.shares
    assert np.abs((counts - expected) / np.sqrt(expected)).max() < FAR
    classes = set(patents["classes"].explode())
    assert len(classes) == len(mix("technology"))


def test_patents_lie_in_the_fields_of_the_mix(planted: Planted) -> None:
    patents = planted.shelf.part("patentsview", "patents").select("patent", "classes")
    with Engine(threads=1) as engine:
        engine.register("patents", patents)
        classify.register(engine, fields.built_in())
        sql = classify.patents_sql("patents", unnest="UNNEST")
        found = engine.query(f"SELECT * FROM ({sql}) AS f", order=("patent", "field"))  # noqa: S608
    counts = dict(found["field"].value_counts().iter_rows())
    shares = {name: share for name, share in mix("technology").items() if name != OTHER}
    for name, share in shares.items():
        expected = PATENTS * share
        assert abs(counts[name] - expected) < FAR * np.sqrt(expected)


def test_the_table_has_the_same_works(planted: Planted, tmp_path: Path) -> None:
    write(tmp_path / "dir", planted.plan, form="table")
    found = files(tmp_path / "dir", "paper-table", "*.parquet")
    shelf = Shelf()
    shelf.add_folder(
        "paper-table", keep_folder("paper-table", found, tmp_path / "kept", progress=False, jobs=1)
    )
    works, rows = shelf.part("paper-table", "works"), shelf.part("paper-table", "affiliations")
    assert (works.height, shelf.counts("paper-table", "works")[1]) == (WORKS, 0)
    assert shelf.counts("paper-table", "affiliations")[1] == 0
    true = planted.shelf.part("openalex", "works")
    assert works["year"].equals(true["year"])
    assert works["citations"].equals(true["citations"])
    others = planted.shelf.part("openalex", "affiliations")
    for column in ("author", "institution", "country"):
        assert rows[column].equals(others[column])
