"""The chapter on production and services: whole where tables are there, one line where they are not."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from markupsafe import Markup

from cosmopolis.errors import UnknownNameError
from cosmopolis.measures.specialisation import FIELD_TOTALS
from cosmopolis.networks.links import kind
from cosmopolis.publish import charts as look
from cosmopolis.publish import maps as world
from cosmopolis.publish import render, report
from cosmopolis.publish.chapter import charts, maps, scatter
from cosmopolis.publish.chapter.model import Chapter, Section
from cosmopolis.publish.chapter.studio import Studio
from cosmopolis.publish.maps import Land
from cosmopolis.publish.production import factories, trade
from cosmopolis.publish.production.chapter import chapter
from cosmopolis.publish.production.desk import Desk
from cosmopolis.publish.production.schemas import CITY_COLUMNS, KEYS, SCHEMAS
from cosmopolis.publish.result import NetworkNote, Result
from cosmopolis.publish.view import View
from cosmopolis.publish.words import LANGUAGES, Words

CONFIG = look.config("sans-serif")
YEAR = 2025
CITIES = range(1, 31)
COUNTRIES = ("QA", "QB", "QC", "QD")
ANCHORS = (
    "production-industry",
    "production-headquarters",
    "production-industry40",
    "production-suppliers",
    "production-trade",
    "production-supply",
    "production-services",
    "production-ownership",
    "production-finance",
)


def _frame(name: str, rows: Sequence[tuple[object, ...]]) -> pl.DataFrame:
    """Make a table; columns at its end that a row leaves out are empty."""
    schema = SCHEMAS[name]
    whole = [row + (None,) * (len(schema) - len(row)) for row in rows]
    return pl.DataFrame(whole, schema=schema, orient="row")


def _industry() -> dict[str, pl.DataFrame]:
    """Make a basket whose first city has twice the headquarters of the second."""
    counts = {city: {1: 40, 2: 20}.get(city, 30 // city) for city in CITIES}
    whole = sum(counts.values())
    centres = [
        (
            *("technology", YEAR, city, count, count / whole, 5 * count),
            *("first" if city == 1 else "secondary" if city < 4 else "other", city < 3),
            *(city, max(1, city - 1), city + 1),
        )
        for city, count in counts.items()
        if count
    ]
    measures = {"firms": 150.0, "hhi": 0.13, "effective_cities": 7.5, "first_share": 0.3, "core_fit": 0.6}
    bay = ("technology", YEAR, "bay", "Synthetic Bay", "合成湾区", 2, 2, 45, 0.35, 1, 1, 2, "bipolar", 2, 3)
    far = ("technology", YEAR, "far", "Synthetic Coast", "合成海岸", 7, 3, 9, 0.07, 4, 3, 6, "unipolar", 3, 2)
    return {
        "industry_centres": _frame("industry_centres", list(centres)),
        "industry_structure": _frame(
            "industry_structure",
            [("technology", YEAR, name, value, value * 0.9, value * 1.1) for name, value in measures.items()],
        ),
        "industry_verdicts": _frame(
            "industry_verdicts", [("technology", YEAR, "unipolar", 1, 2, 2.0, 1.4, 2.6)]
        ),
        "industry_groups": _frame("industry_groups", [bay, far]),
        "headquarters": _frame(
            "headquarters",
            [
                (group, city, YEAR, n // city, (n // city) / n, 1.2, city, max(1, city - 2), city + 2)
                for group, n in (
                    *(("all", 900), ("information_technology", 300), ("financials", 200)),
                    *(("technology", 100), ("size:mega", 60), ("size:small", 500)),
                )
                for city in CITIES
            ],
        ),
        "complexity": _frame(
            "complexity",
            [
                ("city", "sectors", YEAR, "eci", str(city), 2.0 - city / 10, 8 - city % 5, city)
                for city in range(1, 15)
            ]
            + [
                ("city", "sectors", YEAR, "pci", name, value, 12, n + 1)
                for n, (name, value) in enumerate(
                    (("information_technology", 1.1), ("financials", 0.2), ("energy", -0.9))
                )
            ],
        ),
        "industry40": _frame(
            "industry40",
            [
                (city, role, measure, YEAR, 60 // city, (60 // city) / 200, city, max(1, city - 1), city + 2)
                for role, measure, shift in (
                    ("inventor", "headquarters", 0),
                    ("inventor", "patents", 2),
                    ("implementer", "lighthouses", 5),
                )
                for city in range(1 + shift, 20 + shift)
            ],
        ),
        "financial_centres": _frame(
            "financial_centres",
            [(c, YEAR, 2, 900 // c, 300 // c, 90 // c, 300.0 / c, c, max(1, c - 1), c + 1) for c in CITIES],
        ),
    }


def _suppliers() -> dict[str, pl.DataFrame]:
    """Make a firm whose sites were known to the city until 2023, and to the province from then on."""
    places: list[tuple[object, ...]] = []
    radius: list[tuple[object, ...]] = []
    spread: list[tuple[object, ...]] = []
    strategy: list[tuple[object, ...]] = []
    for year in range(2016, 2026):
        near = year < 2024
        places += [
            (
                *("Synthetic Phones", year, "city" if near else "division", "QA", f"Division {city}"),
                *(city if near else None, 60 // city, 3),
            )
            for city in (5, 7, 9, 12, 20)
        ]
        places.append(("Synthetic Phones", year, "country", "QB", None, None, 4, 2))
        for km, share in ((60.0, 0.2), (500.0, 0.5), (3000.0, 0.8)):
            value = share + 0.01 * (year - 2016)
            radius.append(
                ("Synthetic Phones", 5, year, km, value if near else None, value - 0.1, value + 0.1, 34, 0.9)
            )
        for level in ("country", "division"):
            value = 4.0 + 0.2 * (year - 2016)
            spread.append(
                ("Synthetic Phones", year, level, 9, value, 1.5, 1 / value, value - 0.3, value + 0.3)
            )
        regional, multi = 0.7 - 0.01 * (year - 2016), 1.3 + 0.05 * (year - 2016)
        strategy.append(
            (
                *("Synthetic Phones", year, regional, regional - 0.05, regional + 0.05),
                *(multi, multi - 0.1, multi + 0.1, "unclear"),
            )
        )
    changes = [
        ("Synthetic Phones", 2024, 2025, "country", "QA", 0, 0, 1),
        ("Synthetic Phones", 2024, 2025, "country", "QB", 1, 0, 0),
        ("Synthetic Phones", 2024, 2025, "country", "QC", 0, 1, 0),
        ("Synthetic Phones", 2016, 2017, "division", "QA North", 0, 0, 1),
    ]
    return {
        "supplier_places": _frame("supplier_places", places),
        "supplier_radius": _frame("supplier_radius", radius),
        "supplier_spread": _frame("supplier_spread", spread),
        "supplier_strategy": _frame("supplier_strategy", strategy),
        "supplier_changes": _frame("supplier_changes", list(changes)),
    }


def _trend(slope: float, verdict: str) -> tuple[object, ...]:
    """Return what `measures.trends` says of a slope."""
    return (1990, 2016, 27, 1.0, slope, slope * 0.5, slope * 2, 0.01, 0.1, verdict)


def _trade() -> dict[str, pl.DataFrame]:
    """Make trade that comes nearer in politics and goes farther in space."""
    diversity: list[tuple[object, ...]] = []
    nearness: list[tuple[object, ...]] = []
    trends: list[tuple[object, ...]] = []
    slopes = {"ideal_point_distance": (1.5, -0.01), "vote_agreement": (0.6, 0.004), "distance_km": (5000, 30)}
    for n, country in enumerate(COUNTRIES):
        for year in range(1990, 2017):
            value = 6.0 + n + 0.1 * (year - 1990) * (1 if n % 2 else -1)
            diversity += [
                (country, year, flow, 150, 1 / value, value, 3.0, 1.2, 1.5, 0.98, 9.0, "directed")
                for flow in ("both", "exports")
            ]
        verdict = "rising" if n % 2 else "falling"
        trends.append((country, "both", "effective_number", "all", *_trend(0.1, verdict)))
    for country in ("*", *COUNTRIES):
        for measure, (start, slope) in slopes.items():
            nearness += [
                (country, year, "both", measure, start + slope * (year - 1990), 0.93, 1.0, 1.0, "directed")
                for year in range(1990, 2017)
            ]
            verdict = "rising" if slope > 0 else "falling"
            trends.append((country, "both", measure, "all", *_trend(slope, verdict)))
    supply = [
        (2022, "QA", "C26", "QB", "C29", 1500.0 * 1000, 0.2),
        (2022, "QA", "C26", "QA", "C29", 9e6, 0.5),
        (2022, "QC", "B06", "QB", "C19", 700.0 * 1000, 0.4),
    ]
    depends = [
        (
            2022,
            country,
            on,
            7.0,
            0.1,
            0.3 if on == country else 0.2 if on == "QA" else 0.05,
            None if on == country else 1,
        )
        for country in COUNTRIES
        for on in COUNTRIES
    ]
    return {
        "trade_diversity": _frame("trade_diversity", diversity),
        "trade_nearness": _frame("trade_nearness", nearness),
        "trade_trends": _frame("trade_trends", trends),
        "supply_ties": _frame("supply_ties", list(supply)),
        "supply_dependence": _frame("supply_dependence", list(depends)),
        "downscaled": _frame(
            "downscaled", [("exports_musd", 2016, city, 900.0 / city, "people") for city in CITIES]
        ),
    }


def _services() -> dict[str, pl.DataFrame]:
    """Make two rosters of which the later has two sectors, a city of no place and one within another."""
    cities: list[tuple[object, ...]] = []
    classes = {1: "alpha++", 2: "alpha", 3: "alpha", 4: "beta"}
    for roster, year in (("Synthetic 2020", 2020), ("Synthetic 2025", YEAR)):
        for sector, scale in (("all", 1.0), ("law", 0.3), ("banking", 0.5)):
            for city in CITIES:
                gnc = 60_000 * scale / city
                place = None if city in (9, 10) else city
                rank = (city, max(1, city - 1), city + 2, max(1, city - 2), city + 3)
                part = 1 if city == 10 else None
                cities.append(
                    (
                        roster,
                        sector,
                        year,
                        f"Roster {city}",
                        place,
                        gnc,
                        1 / city,
                        *rank,
                        90,
                        classes.get(city),
                        None,
                        None,
                        part,
                    )
                )
    links = [
        ("Synthetic 2025", YEAR, a, b, 900.0 / (a * b), 0.1, 0.5, 40, p, p)
        for a in range(1, 8)
        for b, p in ((a + 1, 0.001), (a + 9, 0.6))
    ]
    hinter = [
        ("Synthetic 2025", YEAR, city, other, 100.0, 90.0, 10.0 - other, position, (10.0 - other) / 4)
        for city in (1, 2)
        for position, other in enumerate(range(3, 17), start=1)
    ]
    changes = [
        (
            *(
                "Synthetic 2020",
                "Synthetic 2025",
                city,
                f"Roster {city}",
                1 / city,
                1 / city + 0.01 * (5 - city),
            ),
            *(0.01 * (5 - city), (5.0 - city) / 3, "beta", "alpha" if city == 1 else "beta"),
        )
        for city in range(1, 12)
    ]
    return {
        "interlocking_cities": _frame("interlocking_cities", cities),
        "interlocking_links": _frame("interlocking_links", list(links)),
        "hinterworlds": _frame("hinterworlds", list(hinter)),
        "roster_changes": _frame("roster_changes", list(changes)),
        "ownership_cities": _frame(
            "ownership_cities",
            [
                (
                    "research",
                    YEAR,
                    c,
                    30 // c,
                    20,
                    200.0 / c,
                    5.0 * c,
                    0.4,
                    0.01,
                    0.5 / c,
                    c,
                    max(1, c - 1),
                    c + 1,
                )
                for c in CITIES
            ],
        ),
        "ownership_precision": _frame(
            "ownership_precision",
            [
                ("synthetic-air", "city", 60),
                ("synthetic-air", "country", 40),
                ("synthetic-lost", "country", 9),
            ],
        ),
    }


def tables() -> dict[str, pl.DataFrame]:
    """Return every table of the chapter."""
    return {**_industry(), **_suppliers(), **_trade(), **_services()}


@pytest.fixture(scope="module")
def made(result: Result) -> Result:
    note = replace(result.edition, settings={"production": {"draws": 200, "countries": ["QA", "QB", "QC"]}})
    ownership = kind("ownership", "research")
    links = pl.DataFrame(
        [("ownership", "research", YEAR, 1, n, 9.0 - n, 2) for n in range(2, 8)],
        schema=result.table("links").schema,
        orient="row",
    )
    return replace(
        result,
        edition=note,
        networks=(
            *result.networks,
            NetworkNote(kind=ownership, field="research", sources=("synthetic-air",)),
        ),
        tables={**result.tables, **tables(), "links": pl.concat([result.table("links"), links])},
    )


def _no_drawing(*_: object, **__: object) -> Markup:
    """Stand in for a drawing, which takes most of the time."""
    return Markup('<svg viewBox="0 0 10 10"/>')


def _chapter(made: Result, language: str = "en", *, drawn: bool = False) -> Chapter:
    with pytest.MonkeyPatch.context() as patch:
        if not drawn:
            patch.setattr(render, "svg", _no_drawing)
            for module, name in ((charts, "lines"), (charts, "bars"), (maps, "panel"), (world, "world_map")):
                patch.setattr(module, name, lambda *_, **__: {})
        found = chapter(View(made, Words(language)), land=Land(polygons=[]), config=CONFIG, number=9)
    assert found is not None
    return found


def _section(made: Chapter, anchor: str) -> Section:
    return next(section for section in made.sections if section.anchor == f"production-{anchor}")


def _with(made: Result, changed: Mapping[str, pl.DataFrame]) -> Result:
    return replace(made, tables={**made.tables, **changed})


@pytest.fixture(scope="module", params=LANGUAGES)
def language(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture(scope="module")
def pages(made: Result, tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    files = report.write(made, tmp_path_factory.mktemp("production"))
    return {key: file.read_text(encoding="utf-8") for key, file in files.items()}


@pytest.fixture(scope="module")
def english(made: Result) -> Chapter:
    return _chapter(made)


def test_no_table_no_chapter(result: Result) -> None:
    view = View(result, Words("en"))
    assert chapter(view, land=Land(polygons=[]), config=CONFIG, number=1) is None
    empty = _with(result, {name: pl.DataFrame(schema=schema) for name, schema in SCHEMAS.items()})
    assert chapter(View(empty, Words("en")), land=Land(polygons=[]), config=CONFIG, number=1) is None


def test_sections_in_order_and_numbered(pages: dict[str, str], language: str) -> None:
    text = pages[language]
    assert tuple(re.findall(r'<section id="(production-[a-z0-9]+)"', text)) == ANCHORS
    assert tuple(re.findall(r'<li><a href="#(production-[a-z0-9]+)"', text)) == ANCHORS
    counts = re.findall(r'<span class="count">([\d.]+)</span>', text)
    start = counts.index("5")
    assert counts[start : start + 11] == ["5", *(f"5.{n}" for n in range(1, 10)), "6"]


def test_figures_are_numbered_on(pages: dict[str, str], language: str) -> None:
    word = {"en": r"Figure (\d+)", "zh": r"图(\d+)"}[language]
    before, mine = pages[language].split('<section id="production"')
    first, own = (
        [int(n) for n in re.findall(rf'<span class="number">{word}</span>', part)] for part in (before, mine)
    )
    assert own == list(range(own[0], own[0] + len(own)))
    assert own[0] > first[-1]


def test_page_is_sound(pages: dict[str, str], language: str) -> None:
    text = pages[language]
    ids = re.findall(r'\sid="([^"]+)"', text)
    assert len(ids) == len(set(ids))
    for href in re.findall(r'href="#([^"]+)"', text):
        assert href in ids, href
    assert not re.search(r">\s*(nan|None|null|inf)\s*<", text)
    assert len(re.findall("<caption>", text)) == len(re.findall("<table", text))


def test_same_chapter_twice(made: Result) -> None:
    assert _chapter(made, "zh", drawn=True) == _chapter(made, "zh", drawn=True)


def test_every_section_leads_with_a_finding(english: Chapter) -> None:
    assert [section.anchor for section in english.shown] == list(ANCHORS)
    for (title, texts), section in zip(english.findings, english.shown, strict=True):
        assert title == section.title
        assert texts == (section.lead,)
        assert re.search(r"\d", section.lead)


_ALONE = {
    "industry": ("industry_centres", "industry_structure", "industry_verdicts", "industry_groups"),
    "headquarters": ("headquarters", "complexity"),
    "industry40": ("industry40",),
    "suppliers": (
        *("supplier_places", "supplier_radius", "supplier_spread"),
        *("supplier_strategy", "supplier_changes"),
    ),
    "trade": ("trade_diversity", "trade_nearness", "trade_trends"),
    "supply": ("supply_ties", "supply_dependence", "downscaled"),
    "services": ("interlocking_cities", "interlocking_links", "hinterworlds", "roster_changes"),
    "ownership": ("ownership_cities", "ownership_precision"),
    "finance": ("financial_centres",),
}


@pytest.mark.parametrize("anchor", _ALONE)
def test_a_section_stands_on_its_own_tables_and_the_rest_is_a_line_each(result: Result, anchor: str) -> None:
    every = tables()
    alone = _with(result, {name: every[name] for name in _ALONE[anchor]})
    found = _chapter(alone)
    assert [section.anchor for section in found.shown] == [f"production-{anchor}"]
    assert len(found.without) == len(ANCHORS) - 1
    for section in found.without:
        assert section.missing.startswith("This edition has")
        assert not section.blocks


@pytest.mark.parametrize("name", sorted(SCHEMAS))
def test_a_missing_table_is_as_an_empty_one_and_breaks_nothing(made: Result, name: str) -> None:
    without = replace(made, tables={key: table for key, table in made.tables.items() if key != name})
    empty = _with(made, {name: made.table(name).clear()})
    found = _chapter(without, "zh")
    assert found == _chapter(empty, "zh")
    assert len(found.sections) == len(ANCHORS)


def test_a_missing_column_is_named(made: Result) -> None:
    with pytest.raises(UnknownNameError, match="'headquarters' has no column 'share'"):
        _with(made, {"headquarters": made.table("headquarters").drop("share")})


def test_keys_and_columns_of_cities_are_of_their_tables() -> None:
    for name, schema in SCHEMAS.items():
        assert set(KEYS[name]) <= set(schema.names()), name
        assert set(CITY_COLUMNS.get(name, ())) <= set(schema.names()), name


def test_ranks_are_written_with_their_intervals(made: Result) -> None:
    english, chinese = (Desk(View(made, Words(language))) for language in LANGUAGES)
    assert english.rank(3, 2, 5) == "3 (2–5)"
    assert chinese.rank(3, 2, 5) == "3（2–5）"
    assert english.rank(3, None, 5) == "3"
    assert english.rank(None, None, None) == "no data"


def test_the_verdict_of_poles_is_said_with_gap_and_interval(made: Result) -> None:
    section = _section(_chapter(made), "industry")
    assert "2.00 times as many" in section.lead
    assert "(1.40 to 2.60)" in section.lead
    assert "one pole" in section.lead
    bay, far = section.blocks[0].sentences[-2:]
    assert "Synthetic Bay would have 45 headquarters (35.0%) and rank 1 (1–2); " in bay
    assert bay.endswith("two poles, Synthetic Bay and Synthetic 03.")
    assert far.endswith("rank 4 (3–6); the network then has one pole, Synthetic 03.")
    chinese = _section(_chapter(made, "zh"), "industry").blocks[0].sentences
    assert chinese[-1].endswith("此时网络呈单极格局，以合成城03为极。")
    verdicts = made.table("industry_verdicts").with_columns(verdict=pl.lit("unclear"))
    unclear = _section(_chapter(_with(made, {"industry_verdicts": verdicts})), "industry")
    assert "cannot be said" in unclear.lead
    alone = made.table("industry_verdicts").with_columns(
        second=pl.lit(None, pl.Int64), gap=pl.lit(None, pl.Float64)
    )
    assert (
        "No other city has any"
        in _section(_chapter(_with(made, {"industry_verdicts": alone})), "industry").lead
    )


def test_a_first_basket_without_firms_is_said_so(made: Result) -> None:
    changed = {
        name: made.table(name).with_columns(basket=pl.lit("services"))
        for name in ("industry_centres", "industry_verdicts", "industry_structure", "industry_groups")
    }
    section = _section(_chapter(_with(made, changed)), "industry")
    assert section.lead.startswith("Services to business, 2025")
    assert [block.title for block in section.blocks] == ["Technology", "Services to business"]
    assert section.blocks[0].missing
    assert section.blocks[1].figures


def test_headquarters_count_firms_once_and_sizes_come_in_order(english: Chapter) -> None:
    section = _section(english, "headquarters")
    whole = sum(900 // city for city in CITIES)
    assert f"of {whole:,} firms" in section.lead
    sizes = next(t for b in section.blocks for t in b.tables if t.caption.startswith("First cities by size"))
    assert [cells[0].text for cells in sizes.rows] == ["Mega cap", "Small cap"]
    sectors = next(
        t for b in section.blocks for t in b.tables if t.caption.startswith("First cities by sector")
    )
    assert [cells[0].text for cells in sectors.rows] == ["Information technology", "Financials", "Technology"]


def test_lists_of_one_source_are_no_sectors(made: Result) -> None:
    table = made.table("headquarters")
    listed = table.filter(pl.col("group") == "all").with_columns(group=pl.lit("list:x"), year=pl.lit(2030))
    changed = _with(
        made,
        {"headquarters": pl.concat([table, listed.match_to_schema(table.schema, integer_cast="upcast")])},
    )
    assert _section(_chapter(changed), "headquarters") == _section(_chapter(made), "headquarters")


def test_years_without_a_share_have_bounds_alone(english: Chapter) -> None:
    section = _section(english, "suppliers")
    assert "2023: 27.0% (17.0% to 37.0%)" in section.lead
    said = " ".join(section.blocks[0].sentences)
    assert "2024 and 2025: places are known too coarsely" in said
    # The shares that lie behind are 28 % and 29 %, known to a tenth either way.
    assert "between 18.0% and 39.0%" in said


def test_the_map_of_suppliers_says_what_it_leaves_out(made: Result, english: Chapter) -> None:
    drawn = _section(english, "suppliers").blocks[0].figures[0]
    places = made.table("supplier_places").filter(pl.col("year") == 2023)
    known = places.drop_nulls("city_id")["sites"].sum()
    assert "2023" in drawn.label
    assert f"{known} sites of {places['sites'].sum()} are known to a city" in drawn.notes[0]


def test_countries_that_came_and_went_are_named(english: Chapter) -> None:
    said = " ".join(_section(english, "suppliers").blocks[0].sentences)
    assert "1 stayed, 1 came in and 1 left" in said
    assert "Came in: Synthetic Borduria. Left: Synthetic Cockaigne." in said


def test_trade_says_what_a_trend_means_for_nearness(english: Chapter) -> None:
    lead = _section(english, "trade").lead
    assert lead.startswith("In 1990–2016, world trade came nearer in politics")
    assert "goods travel farther than before (mean distance 5,000 km at first, 5,780 km at last)" in lead
    assert (
        "Of 4 countries with a trend test (1990–2016), 2 spread their trade over more partners and 2 over"
        in lead
    )


def test_power_by_suppliers_sites_names_the_customers(made: Result) -> None:
    table = made.table("ownership_cities").with_columns(field=pl.lit("suppliers"))
    lead = _section(_chapter(_with(made, {"ownership_cities": table})), "ownership").lead
    assert "those on the lists of suppliers of Synthetic" in lead
    assert "lists of suppliers" not in _section(_chapter(made), "ownership").lead


def test_a_country_of_too_few_years_is_not_counted_as_tested(made: Result) -> None:
    trends = made.table("trade_trends")
    diverse = pl.col("measure") == "effective_number"
    one = trends.filter(diverse & (pl.col("country") != "*"))["country"].sort()[0]
    few = trends.with_columns(
        verdict=pl.when(diverse & (pl.col("country") == one)).then(pl.lit("too_few")).otherwise("verdict")
    )
    assert (
        "Of 3 countries with a trend test"
        in _section(_chapter(_with(made, {"trade_trends": few})), "trade").lead
    )


def test_trade_without_a_clear_trend_does_not_claim_one(made: Result) -> None:
    trends = made.table("trade_trends").with_columns(
        verdict=pl.when(pl.col("measure") == "vote_agreement")
        .then(pl.lit("steady"))
        .otherwise(pl.lit("unclear"))
    )
    lead = _section(_chapter(_with(made, {"trade_trends": trends})), "trade").lead
    assert "did not clearly come nearer in politics, nor move apart" in lead
    assert "how far goods travel shows no clear trend" in lead


def test_nearness_beyond_the_size_of_partners_is_said_where_a_trend_is_clear(made: Result) -> None:
    assert "Set against the size" not in _section(_chapter(made), "trade").lead
    nearness = made.table("trade_nearness").with_columns(ratio=1.2 - (pl.col("year") - 1990) / 100)
    row = ("*", "both", "ideal_point_distance_ratio", "recent", 2000, *_trend(-0.01, "falling")[1:])
    trends = pl.concat([made.table("trade_trends"), _frame("trade_trends", [row])])
    changed = _with(made, {"trade_nearness": nearness, "trade_trends": trends})
    lead = _section(_chapter(changed), "trade").lead
    assert "trade leans more to the politically near than before" in lead
    assert "voting positions of partners was 94% of what size alone would give, and 110% in 2000" in lead


def test_one_line_is_of_one_flow_and_one_basis(made: Result) -> None:
    table = made.table("trade_diversity")
    other = table.with_columns(basis=pl.lit("both_ways"), effective_number=pl.lit(999.0))
    changed = _chapter(_with(made, {"trade_diversity": pl.concat([table, other])}))
    assert _section(changed, "trade") == _section(_chapter(made), "trade")


def test_home_is_nobody_to_depend_on(english: Chapter) -> None:
    section = _section(english, "supply")
    assert (
        "Synthetic Arcadia is the first foreign source of inputs, direct and indirect, of 3 of 4"
        in section.lead
    )
    assert "US$1.5T" in section.lead  # the larger tie within a country is none across a border
    dependence = section.blocks[0].tables[0]
    for cells in dependence.rows:
        assert cells[0].text not in [cell.text for cell in cells[1:]]


def test_downscaled_numbers_are_marked(made: Result) -> None:
    for language, mark in (("en", "ownscaled"), ("zh", "由国家数据分摊")):
        block = _section(_chapter(made, language), "supply").blocks[-1]
        assert mark in block.title
        assert all(mark in figure.label for figure in block.figures)


def test_both_sides_of_industry_4_are_compared(made: Result) -> None:
    lead = _section(_chapter(made), "industry40").lead
    # Inventors 1 to 12 and implementers 6 to 15 are among the first ten.
    assert "7 stand on both sides" in lead
    inventors = made.table("industry40").filter(pl.col("role") == "inventor")
    alone = _section(_chapter(_with(made, {"industry40": inventors})), "industry40").lead
    assert "Of implementers there are no data" in alone


def test_the_first_cities_of_a_roster_are_counted_by_region(made: Result, english: Chapter) -> None:
    roster = _section(english, "services").blocks[0]
    table = next(table for table in roster.tables if "by region" in table.caption)
    counted = [int(cells[1].text) for cells in table.rows]
    whole = made.table("interlocking_cities").filter(
        (pl.col("sector") == "all") & (pl.col("year") == pl.col("year").max())
    )
    assert sum(counted) == min(100, whole.drop_nulls("gnc").height)
    assert counted == sorted(counted, reverse=True)


def test_a_place_of_no_city_keeps_its_name(english: Chapter) -> None:
    block = _section(english, "services").blocks[0]
    ranking = next(table for table in block.tables if table.wide)
    cells = {cells[2].text: cells[2].small for cells in ranking.rows}
    assert cells["Roster 9"] == "in no city of this edition"
    assert cells["Roster 10"].startswith("part of ")
    assert any(text.startswith("1 city of the roster") for text in block.sentences)


def test_only_ties_beyond_chance_are_drawn(made: Result, english: Chapter) -> None:
    drawn = _section(english, "services").blocks[0].figures[0]
    assert "7 strongest ties beyond chance" in drawn.label
    assert "7 of 14" in drawn.notes[0]
    untested = made.table("interlocking_links").with_columns(
        sdsm_p=pl.lit(None, pl.Float64), sdsm_q=pl.lit(None, pl.Float64)
    )
    plain = _section(_chapter(_with(made, {"interlocking_links": untested})), "services").blocks[0].figures[0]
    assert "14 strongest ties" in plain.label
    assert "No test against chance" in plain.notes[0]


def test_hinterworlds_name_both_sides(english: Chapter) -> None:
    block = next(b for b in _section(english, "services").blocks if b.title == "Hinterworlds")
    over, under = block.tables[0].rows[0][1:]
    assert all("+" in item for item in over.items)
    assert all("-" in item for item in under.items)


def test_precision_says_plainly_where_only_the_country_is_known(english: Chapter) -> None:
    block = _section(english, "ownership").blocks[-1]
    assert "Synthetic source synthetic-lost: only the country is known" in " ".join(block.sentences)
    assert "of 40 rows (40%) only the country is known" in " ".join(block.sentences)


def test_what_was_not_had_is_said_with_its_reason(result: Result) -> None:
    lost = next(note for note in result.sources if note.state == "no data")
    source = replace(lost.source, kind="firms")
    sources = tuple(replace(note, source=source) if note is lost else note for note in result.sources)
    changed = replace(_with(result, _suppliers()), sources=sources)
    section = _section(_chapter(changed), "finance")
    assert "Synthetic source synthetic-lost: not in <mirror>" in section.missing


@pytest.mark.parametrize(
    ("measure", "verdict", "says"),
    [
        ("ideal_point_distance", "rising", "farther"),
        ("vote_agreement", "rising", "nearer"),
        ("distance_km", "unclear", "unclear"),
    ],
)
def test_says(measure: str, verdict: str, says: str) -> None:
    assert trade.says(measure, verdict) == says


def test_chinese_and_english_say_the_same_numbers(made: Result) -> None:
    """Every number of a lead in one language stands in the other too."""
    cities = made.table("cities").with_columns(name_zh=pl.col("name"))
    alike = _with(made, {"cities": cities})
    english, chinese = _chapter(alike, "en"), _chapter(alike, "zh")

    def numbers(text: str) -> list[str]:
        return sorted(re.findall(r"\d[\d,.]*\d|\d", text))

    for one, other in zip(english.sections, chinese.sections, strict=True):
        if one.anchor != "production-supply":  # T and 万亿 stand for other powers of ten
            assert numbers(one.lead) == numbers(other.lead), one.anchor
        for block, twin in zip(one.blocks, other.blocks, strict=True):
            said = (" ".join(block.sentences), " ".join(twin.sentences))
            assert numbers(said[0]) == numbers(said[1]), (one.anchor, said)


def test_a_scatter_holds_its_points_and_where_the_reading_turns() -> None:
    dots = [scatter.Dot(name="a", x=0.2, y=1.1, y_high=3.4), scatter.Dot(name="b", x=0.9, y=1.3)]
    spec = scatter.scatter(dots, x_title="X", y_title="Y", turns=(0.5, 1.5), joined=True)
    assert [row["name"] for row in spec["datasets"]["dots"]] == ["a", "b"]
    assert spec["datasets"]["turns"] == [{"x": 0.5, "y": 1.5}]
    drawing = str(render.svg(spec, config=CONFIG, id="s", title="S", description="D"))
    assert re.findall(r"<text[^>]*>([ab])</text>", drawing) == ["a", "b"]


def test_an_axis_of_shares_ends_near_its_values_and_says_where_it_would_turn() -> None:
    dots = [scatter.Dot(name="a", x=0.11, x_high=0.14, y=1.2)]
    spec = scatter.scatter(dots, x_title="Sites gjpqy", y_title="Y", turns=(0.5, 1.5))
    drawing = str(render.svg(spec, config=CONFIG, id="s", title="S", description="D"))
    assert ">20%<" in drawing
    assert ">50%<" not in drawing
    assert drawing.count("stroke-dasharray") == 1
    height = re.search(r'viewBox="0 0 [\d.]+ ([\d.]+)"', drawing)
    origin = re.search(r'<g fill="none" transform="translate\([\d.]+,([\d.]+)\)"', drawing)
    title = re.search(r"translate\(0,([\d.]+)\)[^>]*>Sites gjpqy", drawing)
    assert height is not None
    assert origin is not None
    assert title is not None
    below = float(height[1]) - float(origin[1]) - 300 - float(title[1])
    assert below >= 12 * 0.35  # room for descenders of 12 pixels' type
    assert scatter.end_of_shares([scatter.Dot(name="a", x=0.97, y=1.0)], 0.5) == 1.0


def test_land_is_drawn_once_in_the_chapter(made: Result) -> None:
    ring = [[float(x), float(10 + x % 3)] for x in range(-60, 61)]
    square = [[*ring, [60.0, -20.0], [-60.0, -20.0], ring[0]]]
    borders: dict[str, Any] = {"type": "Feature", "geometry": {"type": "Polygon", "coordinates": square}}
    found = _chapter(replace(made, borders=borders), drawn=True)
    panels = [p for s in found.sections for b in s.blocks for f in b.figures for p in f.panels]
    drawings = "".join(panel.drawing for panel in panels)
    defined = re.findall(r'id="(production-outline-\d+)"', drawings)
    assert len(defined) == len(set(defined))
    for name in set(re.findall(r'href="#([^"]+)"', drawings)):
        assert name in defined


def test_the_report_is_written_where_there_is_nothing_of_production(result: Result, tmp_path: Path) -> None:
    page = report.write(result, tmp_path)["en"].read_text(encoding="utf-8")
    assert 'id="production"' not in page


def test_an_index_that_ranks_nobody_is_a_line(made: Result) -> None:
    table = made.table("complexity").with_columns(rank=pl.lit(None, pl.Int64))
    section = _section(_chapter(_with(made, {"complexity": table})), "headquarters")
    assert section.blocks[-1].sentences == (
        "2025: the index is an axis whose upper end is not told, and ranks nobody.",
    )
    assert not section.blocks[-1].tables


def test_a_measure_of_branches_says_of_which(made: Result) -> None:
    table = made.table("industry_structure").with_columns(
        network=pl.when(pl.col("measure") == "core_fit").then(pl.lit("research"))
    )
    twice = pl.concat(
        [table, table.filter(pl.col("measure") == "core_fit").with_columns(network=pl.lit("offices"))]
    )
    block = _section(_chapter(_with(made, {"industry_structure": twice})), "industry").blocks[0]
    structure = next(t for t in block.tables if t.caption.endswith("structure"))
    found = [cells[0].small for cells in structure.rows if cells[0].text == "Core–periphery fit"]
    assert found == ["Headquarters to offices", "Headquarters to research companies"]


@pytest.mark.parametrize(("known", "shown"), [(75.0, True), (74.0, False), (None, False)])
def test_branches_are_listed_where_those_of_half_the_firms_are_known(
    made: Result, *, known: float | None, shown: bool
) -> None:
    structure = made.table("industry_structure")
    if known is not None:
        row = ("technology", YEAR, "network_firms", known, None, None, "research")
        structure = pl.concat([structure, _frame("industry_structure", [row])])
    block = _section(_chapter(_with(made, {"industry_structure": structure})), "industry").blocks[0]
    table = next(t for t in block.tables if t.caption.endswith("centres"))
    assert ("Branches" in [column.label for column in table.columns]) == shown
    assert ("core" in table.rows[0][-1].text) == shown
    assert ("of 150 firms" in table.note) == (known is not None)
    assert ("not listed by city" in table.note) == (known is not None and not shown)


def test_a_verdict_stands_beside_the_lean_of_its_lists(made: Result) -> None:
    note = next(note for note in made.sources if note.state == "used")
    source = replace(note.source, kind="firms", bias={"en": "Has no firm of Sylvania.", "zh": "没有企业。"})
    leaning = tuple(replace(one, source=source) if one is note else one for one in made.sources)
    for language, text in (("en", "Has no firm of Sylvania."), ("zh", "没有企业。")):
        found = _chapter(replace(made, sources=leaning), language)
        for anchor in ("industry", "headquarters", "industry40"):
            assert text in [said for _, said in _section(found, anchor).biases], anchor
    lead = _section(_chapter(replace(made, sources=leaning)), "industry").lead
    assert lead.endswith("whose bias this section states.")


def test_ranks_by_power_are_of_cities_with_power(made: Result) -> None:
    table = made.table("ownership_cities").with_columns(
        power=pl.when(pl.col("city_id") <= 3).then(pl.col("power")).otherwise(0.0)
    )
    block = _section(_chapter(_with(made, {"ownership_cities": table})), "ownership").blocks[0]
    assert len(block.tables[0].rows) == 3
    assert "Cities without power are not ranked" in block.tables[0].note


def test_branches_of_one_firm_rank_no_city(made: Result) -> None:
    one = pl.col("city_id") == 3
    table = made.table("ownership_cities").with_columns(
        headquarters=one.cast(pl.Int64),
        power=pl.when(one).then(60.0).otherwise(0.0),
        prestige=pl.when(one).then(0.0).otherwise(60.0 - 2 * pl.col("city_id")),
    )
    section = _section(_chapter(_with(made, {"ownership_cities": table})), "ownership")
    assert "one firm alone, with headquarters in Synthetic 03 and 60 branches elsewhere" in section.lead
    assert "Synthetic 04 (52)" in section.lead
    listed = section.blocks[0].tables[0]
    assert [column.label for column in listed.columns] == ["City", "Branches", "Share"]
    assert listed.rows[2][0].text == "Synthetic 04"
    nobody = table.with_columns(power=pl.lit(0.0))
    without = _section(_chapter(_with(made, {"ownership_cities": nobody})), "ownership")
    assert "no firm is known with a branch in another city" in without.lead
    assert not without.blocks[0].tables


def test_industry_4_names_the_sources_of_what_it_shows(made: Result) -> None:
    known = next(note for note in made.sources if note.state == "used")
    kinds = ("firms", "lighthouses", "patents", "class counts", "offices")
    sources = tuple(replace(known, source=replace(known.source, id=kind, kind=kind)) for kind in kinds)
    fields = {"production": {"industry40_fields": ["robots"]}}
    rows = [("copatenting", "robots", YEAR, 1), ("patent_classes", "robots", YEAR, 1)]
    rows.append(("patent_classes", "robots", YEAR, 2))
    nothing = (None,) * (len(FIELD_TOTALS) - 4)
    totals = pl.DataFrame([row + nothing for row in rows], schema=FIELD_TOTALS, orient="row")
    changed = replace(
        _with(made, {"field_totals": totals}),
        sources=sources,
        edition=replace(made.edition, settings=fields),
    )
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(render, "svg", _no_drawing)
        patch.setattr(maps, "panel", lambda *_, **__: {})
        view = View(changed, Words("en"))
        studio = Studio.open(view, land=Land(polygons=[]), config=CONFIG, number=1, prefix="p")
        found = factories.section(Desk(view), studio)
    assert [source for source, _ in found.sources] == ["firms", "lighthouses", "class counts"]


def test_where_no_tie_is_beyond_chance_the_strongest_are_drawn_and_said_so(made: Result) -> None:
    table = made.table("interlocking_links").with_columns(sdsm_q=pl.lit(1.0))
    drawn = _section(_chapter(_with(made, {"interlocking_links": table})), "services").blocks[0].figures[0]
    assert "14 strongest ties" in drawn.label
    assert "beyond chance" not in drawn.label
    assert "None of 14 ties is beyond chance" in drawn.notes[0]


def test_changes_of_places_stand_side_by_side_by_level(english: Chapter) -> None:
    block = _section(english, "suppliers").blocks[0]
    table = next(t for t in block.tables if "came and went" in t.caption)
    assert [column.label for column in table.columns] == ["Years", "Countries", "Provinces and states"]
    rows = {cells[0].text: [(cell.text, cell.small) for cell in cells[1:]] for cells in table.rows}
    assert rows["2024–2025"] == [("+1 −1", "1 stayed"), ("–", "")]
    assert rows["2016–2017"] == [("–", ""), ("+0 −0", "1 stayed")]


@pytest.mark.parametrize(("every", "pieces"), [(1, 4), (4, 1)])
def test_a_series_of_every_fourth_year_is_one_line(every: int, pieces: int) -> None:
    none: list[float | None] = [None] * 4
    line = charts.Series(
        name="s", years=[2000, 2004, 2008, 2012], values=[1.0, 2.0, 3.0, 4.0], low=none, high=none
    )
    spec = charts.lines([line], years=(2000, 2012), domain=(0.0, 5.0), percent=False, every=every)
    assert sum(row["value"] is None for row in spec["datasets"]["rows"]) == pieces - 1


def test_cities_with_a_page_of_their_own_are_linked(made: Result) -> None:
    links = _chapter(replace(made, profiles=(2, 3)), "zh").links
    assert [href for href, _ in links] == ["../profiles/2.zh.html", "../profiles/3.zh.html"]
    assert [name for _, name in links][1] == "合成城03"
