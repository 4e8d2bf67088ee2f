"""A synthetic result: invented cities, links and scores in the true format, with every awkward case."""

import math
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from cosmopolis.index.rollup import COVERAGE, INDICATORS, SCORES
from cosmopolis.measures.networks import network_measures
from cosmopolis.networks.links import COUNTRY_LINKS, LINKS, kind
from cosmopolis.publish.result import (
    CITIES,
    CountryNote,
    EditionNote,
    GapNote,
    IndexNote,
    IndicatorNote,
    NetworkNote,
    NodeNote,
    Result,
    SourceNote,
)
from cosmopolis.sources.catalog import Source

YEAR = 2031
HOSTILE = '<script>alert(1)</script> & "Sons" {{ 7*7 }} </style>'
LONG = "Synthetic Llanfair" + "pwllgwyngyll" * 6
EAST, WEST = 3, 4
"""Ids of two cities on either side of the antimeridian."""

NO_DATA = 60
"""Id of the city without any score."""

_COUNTRIES = {
    "QA": ("Synthetic Arcadia", "合成阿卡迪亚", "Eastern Asia"),
    "QB": ("Synthetic Borduria", "合成博尔杜里亚", "Western Europe"),
    "QC": ("Synthetic Cockaigne", "", "Northern America"),
    "QD": ("Synthetic Dystopia", "合成敌托邦", "Southern Africa"),
}


def _cities(count: int) -> pl.DataFrame:
    """Spread invented cities over the globe by the golden angle."""
    rows: list[tuple[object, ...]] = []
    for n in range(1, count + 1):
        latitude = math.degrees(math.asin(0.86 * (2 * n / (count + 1) - 1)))
        longitude = (n * 137.50776) % 360 - 180
        name: str = f"Synthetic {n:02d}"
        name_zh: str | None = f"合成城{n:02d}"
        if n == 1:
            name = HOSTILE
        if n == 2:
            name = LONG
        if n == 5:
            name, name_zh = "=SYNTHETIC()", "+合成"
        if n == 6:
            name, name_zh = "Synthetic\x0bControl", None
        if n in (EAST, WEST):
            latitude, longitude = 35.0, 140.0 if n == EAST else -118.0
        country = list(_COUNTRIES)[n % 4]
        region = _COUNTRIES[country][2]
        rows.append((n, name, name_zh, country, region, latitude, longitude, 10_000 * (count + 9 - n), 1))
    return pl.DataFrame(rows, schema=CITIES, orient="row")


def _links(count: int) -> pl.DataFrame:
    rows = [("air", "routes", YEAR - 9, EAST, WEST, 40.0, 40)]
    rows += [
        ("air", "routes", YEAR - 9, origin, origin + step, 1.0 + (origin * 7) % 23, 1)
        for origin in range(1, count)
        for step in (1, 7, 19)
        if origin + step <= count and (origin, origin + step) != (EAST, WEST)
    ]
    rows += [("air", "routes", YEAR - 12, 7, n, 1.0, 1) for n in (8, 9)]
    rows += [("sea", "port_pairs", YEAR - 9, n, n + 10, 1.0, 1) for n in range(1, 20)]
    return pl.DataFrame(rows, schema=LINKS, orient="row").sort(LINKS.names()[:5])


def _scores(count: int) -> tuple[pl.DataFrame, pl.DataFrame]:
    scores, shares = [], []
    for node in ("vitality", "near", "far"):
        values = {
            n: None
            if n == NO_DATA or (node == "far" and n % 9 == 0)
            else round(100 / (1 + 0.04 * max(n, 2)), 6)
            for n in range(1, count + 1)
        }
        for n, value in values.items():
            rank = None if value is None else 1 + sum(v is not None and v > value for v in values.values())
            scores.append(("vitality", node, YEAR, n, value, rank, None, None))
            share = 0.0 if value is None else 0.5 if n % 9 == 0 and node == "vitality" else 1.0
            shares.append(("vitality", node, YEAR, n, share))
    return (
        pl.DataFrame(scores, schema=SCORES, orient="row"),
        pl.DataFrame(shares, schema=COVERAGE, orient="row"),
    )


def _source(id: str, *, bias: bool = False, **changes: Any) -> Source:  # noqa: A002, ANN401
    fields: dict[str, Any] = {
        "id": id,
        "title": {"en": f"Synthetic source {id}", "zh": f"合成数据源{id}"},
        "publisher": "Synthetic Publisher",
        "citation": "Synthetic Publisher (2031), Synthetic data.",
        "url": "https://example.org/data",
        "licence": "CC BY 4.0",
        "spdx": "CC-BY-4.0",
        "licence_url": "https://creativecommons.org/licenses/by/4.0/",
        "carrier": "",
        "years": (YEAR - 12, YEAR - 9),
        "kind": "routes",
        "coverage": {
            "countries": "world",
            "kinds": (),
            "years": (YEAR - 12, YEAR - 9),
            "note": {"en": "The synthetic world.", "zh": "合成世界。"},
        },
        "bias": {"en": "Leans to one side.", "zh": "偏向一侧。"} if bias else {},
        "scope": "index",
        "files": (),
    }
    return Source(**fields | changes)


def _index() -> IndexNote:
    names = {"near": ("Near ties", "近程联系"), "far": ("Far ties", "远程联系")}
    return IndexNote(
        id="vitality",
        name={"en": "Synthetic vitality", "zh": "合成活力"},
        nodes=(
            NodeNote(
                id="vitality", name={"en": "Synthetic vitality", "zh": "合成活力"}, parent=None, weight=1
            ),
            *(
                NodeNote(id=i, name={"en": en, "zh": zh}, parent="vitality", weight=0.5)
                for i, (en, zh) in names.items()
            ),
        ),
        indicators=tuple(
            IndicatorNote(
                id=f"{node}_degree",
                name={"en": f"{en}: degree", "zh": f"{zh}：度"},
                node=node,
                weight=1.0,
                direction=1 if node == "near" else -1,
                unit={"en": "partners", "zh": "个"},
                definition={"en": "Number of synthetic partners.", "zh": "合成联系对象数。"},
                sources=("synthetic-air", "synthetic-lost"),
                year=YEAR - 9,
                downscaled=node == "far",
            )
            for node, (en, zh) in names.items()
        ),
    )


def make(*, count: int = 60, font: Path | None = None) -> Result:
    """Make the synthetic result."""
    cities, links = _cities(count), _links(count)
    scores, coverage = _scores(count)
    indicators = pl.DataFrame(
        [
            (
                "vitality",
                f"{node}_degree",
                YEAR,
                n,
                None if n == NO_DATA else float(n % 17),
                float(n % 17),
                1.0,
            )
            for node in ("near", "far")
            for n in range(1, count + 1)
        ],
        schema=INDICATORS,
        orient="row",
    )
    countries = pl.DataFrame(
        [
            ("trade", "intermediate", YEAR - 10, o, d, w, 3)
            for o, d, w in (("QA", "QB", 12.5e3), ("QC", "QD", 9.0))
        ],
        schema=COUNTRY_LINKS,
        orient="row",
    )
    square = [[-20.0, -10.0], [20.0, -10.0], [20.0, 30.0], [-20.0, 30.0], [-20.0, -10.0]]
    return Result(
        edition=EditionNote(
            id="synthetic",
            title={"en": "Synthetic cities of the world", "zh": "合成的全球城市"},
            year=YEAR,
            baseline=YEAR - 1,
            sample_rule={"en": "Sixty invented cities.", "zh": "六十个虚构城市。"},
            settings={"sample": {"cities": count, "kinds": ["invented", "<b>"]}},
        ),
        index=_index(),
        networks=(
            NetworkNote(kind=kind("air", "routes"), sources=("synthetic-air",)),
            NetworkNote(kind=kind("sea", "port_pairs"), sources=("synthetic-air",)),
            NetworkNote(kind=kind("trade", "intermediate"), sources=("synthetic-lost",)),
            NetworkNote(kind=kind("coauthorship", "x"), field="x", sources=("synthetic-lost",), scope="show"),
        ),
        countries={
            code: CountryNote(name={"en": en, "zh": zh}, region=region)
            for code, (en, zh, region) in _COUNTRIES.items()
        },
        sources=(
            SourceNote(source=_source("synthetic-air", bias=True)),
            SourceNote(
                source=_source("synthetic-lost", url="javascript:alert(1)", licence_url="", spdx=""),
                state="no data",
                reason="not in <mirror>",
            ),
        ),
        gaps=(
            GapNote(
                what={"en": "Patents", "zh": "专利"}, why={"en": "No open source.", "zh": "没有开放数据。"}
            ),
        ),
        tables={
            "cities": cities,
            "links": links,
            "country_links": countries,
            "network_measures": network_measures(links, measures=["degree", "strength", "betweenness"]),
            "indicators": indicators,
            "scores": scores,
            "coverage": coverage,
        },
        ledger={"synthetic-air": {"rows_in": 1200, "rows_used": 1195, "rows_quarantined": 5}},
        quarantine={"synthetic-air": {"latitude is above 90": 3, "name is missing": 2}},
        borders={
            "type": "FeatureCollection",
            "features": [
                {
                    "type": "Feature",
                    "properties": {},
                    "geometry": {"type": "Polygon", "coordinates": [square]},
                }
            ],
        },
        borders_note={"en": "A synthetic square.", "zh": "一个合成的方块。"},
        font=font,
        version="0.0.0",
        hash="0123456789abcdef" * 4,
    )


@pytest.fixture(scope="session")
def result() -> Result:
    return make()


@pytest.fixture
def changed(result: Result) -> Callable[..., Result]:
    """Return the synthetic result with some tables changed."""

    def change(**tables: pl.DataFrame) -> Result:
        return replace(result, tables={**result.tables, **tables})

    return change


@pytest.fixture(scope="session")
def report(result: Result, tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """Return the synthetic report's pages by language."""
    from cosmopolis.publish import report as module  # noqa: PLC0415 - only where pages are wanted

    files = module.write(result, tmp_path_factory.mktemp("report"))
    return {language: file.read_text(encoding="utf-8") for language, file in files.items()}
