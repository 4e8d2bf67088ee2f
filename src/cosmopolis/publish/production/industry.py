"""Section on industry: where the firms of a basket have their seats, and whether the network has one pole."""

from typing import Any

import polars as pl

from cosmopolis.publish.chapter.desk import finite
from cosmopolis.publish.chapter.model import Block, Cell, Column, Section, Table, row
from cosmopolis.publish.chapter.studio import Studio
from cosmopolis.publish.production import figures, ownership
from cosmopolis.publish.production.desk import Desk

KINDS = ("firms",)
"""Kinds of source that headquarters come from."""

FIRST_BASKET = "technology"

_SHARES = ("first_share", "second_share", "placed_share")
_WHOLES = ("firms", "cities", "core_size", "network_firms", "network_branches")
_MEASURES = (
    *("firms", "placed_share", "cities", "first_share", "second_share", "gap", "hhi", "effective_cities"),
    *(
        "gini",
        "network_firms",
        "network_branches",
        "centralisation",
        "core_fit",
        "core_size",
        "assortativity",
    ),
)
"""Measures of structure in the order of the table; the result has more."""

_NAMED = 6
_ROWS_OF_OTHERS = 8
"""Rows of the centres of a basket that is not the first."""

_BRANCHES_KNOWN = 0.5
"""Branches and the core are told city by city where those of at least this share of the firms are known."""

Bounded = tuple[float | None, float | None, float | None]
_VERDICTS = ("unipolar", "bipolar", "multipolar", "unclear")


def section(desk: Desk, studio: Studio) -> Section:
    """Make the section."""
    w = desk.words
    baskets = _baskets(desk)
    if not baskets:
        return Section(
            anchor="production-industry",
            title=w("production.industry"),
            lead="",
            missing=desk.missing("production.no_industry", KINDS),
        )
    return Section(
        anchor="production-industry",
        title=w("production.industry"),
        lead=w.sentences([finding(desk, baskets[0]), desk.leaning(KINDS)]),
        biases=desk.biases(KINDS),
        blocks=(*_absent(desk, baskets), *(_block(desk, studio, basket) for basket in baskets)),
        cautions=(w("production.industry_caution"), w("production.verdict_rule")),
        sources=desk.sources((*KINDS, *_branch_kinds(desk))),
    )


def _branch_kinds(desk: Desk) -> tuple[str, ...]:
    """Return the kinds of source whose branches a shown measure of structure is of."""
    fields = desk.table("industry_structure").drop_nulls("network")["network"].unique().sort().to_list()
    return tuple(ownership.FIELD_KINDS[field] for field in fields if field in ownership.FIELD_KINDS)


def _baskets(desk: Desk) -> tuple[str, ...]:
    """Return the baskets that have centres, technology first."""
    found = desk.table("industry_centres")["basket"].unique().sort().to_list()
    return tuple(sorted(found, key=lambda basket: (basket != FIRST_BASKET, basket)))


def _absent(desk: Desk, baskets: tuple[str, ...]) -> tuple[Block, ...]:
    """Say that the basket that the section is about first of all has no firm, where it has none."""
    if FIRST_BASKET in baskets:
        return ()
    return (Block(title=name(desk, FIRST_BASKET), missing=desk.words("production.no_basket")),)


def _centres(desk: Desk, basket: str) -> pl.DataFrame:
    """Return a basket's centres of its last year, by rank."""
    mine = desk.last(desk.table("industry_centres").filter(pl.col("basket") == basket))
    return mine.sort("firms", "rank", "city_id", descending=[True, False, False])


def _verdict(desk: Desk, basket: str) -> dict[str, Any] | None:
    mine = desk.last(desk.table("industry_verdicts").filter(pl.col("basket") == basket))
    return mine.row(0, named=True) if mine.height else None


def _structure(desk: Desk, basket: str) -> dict[tuple[str, str], Bounded]:
    """Return each measure of a basket's structure in its last year, and the network that it is of."""
    mine = desk.last(desk.table("industry_structure").filter(pl.col("basket") == basket))
    columns = ("measure", "network", "value", "low", "high")
    found = {}
    for measure, network, value, low, high in mine.sort("measure", "network").select(columns).iter_rows():
        found[measure, network or ""] = (finite(value), finite(low), finite(high))
    return found


def name(desk: Desk, basket: str) -> str:
    """Name a basket of firms."""
    return desk.basket(basket) or desk.named(basket)


def finding(desk: Desk, basket: str) -> str:
    """Say who is first in a basket, and what the gap to the second says of poles."""
    w, centres = desk.words, _centres(desk, basket)
    first = centres.row(0, named=True)
    text = [
        w(
            "production.first_centre",
            year=desk.year(centres),
            basket=name(desk, basket),
            n=int(centres["firms"].sum()),
            city=desk.city(first["city_id"]),
            firms=first["firms"],
            share=desk.percent(first["share"]),
        )
    ]
    verdict = _verdict(desk, basket)
    if verdict is not None and verdict["verdict"] in _VERDICTS:
        text.append(_poles(desk, verdict))
    return w.sentences(text)


def _poles(desk: Desk, verdict: dict[str, Any]) -> str:
    w = desk.words
    if finite(verdict["gap"]) is None or verdict["second"] is None:
        return w("industry_verdict.alone")
    return w(
        f"industry_verdict.{verdict['verdict']}",
        first=desk.city(verdict["first"]),
        second=desk.city(verdict["second"]),
        gap=w.number(verdict["gap"], digits=2),
        bounds=desk.bounds(verdict["gap_low"], verdict["gap_high"]) or w("production.no_interval"),
    )


def _sentences(desk: Desk, basket: str, centres: pl.DataFrame) -> tuple[str, ...]:
    """Say how concentrated the seats are, and which the secondary centres are."""
    w, structure = desk.words, _structure(desk, basket)
    text = [] if basket == _baskets(desk)[0] else [finding(desk, basket)]
    text.append(desk.basket_note(basket))
    value, low, high = structure.get(("effective_cities", ""), (None, None, None))
    if value is not None:
        text.append(w("production.as_if", value=desk.value(value, low, high, digits=1)))
    second = centres.filter(pl.col("role") == "secondary")["city_id"].to_list()
    if second:
        names = w.joined([desk.city(city) for city in second[:_NAMED]])
        text.append(w("production.secondary", n=len(second), names=names))
    return (*(part for part in text if part), *_groups(desk, basket))


def _groups(desk: Desk, basket: str) -> tuple[str, ...]:
    """Say what becomes of the verdict where some cities are taken as one."""
    w, rows = desk.words, desk.last(desk.table("industry_groups").filter(pl.col("basket") == basket))
    rows = rows.filter(pl.col("cities") > 1)
    return tuple(
        w(
            "production.group_found",
            group=w.said({"en": entry["name"], "zh": entry["name_zh"] or entry["name"]}),
            cities=entry["cities"],
            firms=entry["firms"],
            share=desk.percent(entry["share"]),
            rank=desk.rank(entry["rank"], entry["rank_low"], entry["rank_high"]),
            verdict=_poles_with(desk, entry),
        )
        for entry in rows.sort("rank", "group", nulls_last=True).iter_rows(named=True)
    )


def _poles_with(desk: Desk, entry: dict[str, Any]) -> str:
    """Say whose poles there are where a group of cities is taken as one, the group by its own name."""
    w = desk.words
    if entry["first"] is None or entry["verdict"] not in _VERDICTS:
        return w.or_id("pole_verdict", entry["verdict"])

    def named(city: int | None) -> str:
        if city == entry["city_id"]:
            return w.said({"en": entry["name"], "zh": entry["name_zh"] or entry["name"]})
        return desk.city(city)

    first, second = named(entry["first"]), named(entry["second"])
    return w(f"group_verdict.{entry['verdict']}", first=first, second=second)


def _known_branches(desk: Desk, basket: str) -> tuple[int, int] | None:
    """Return how many of a basket's firms have known branches, and how many firms there are."""
    structure = _structure(desk, basket)
    firms, _, _ = structure.get(("firms", ""), (None, None, None))
    known = [value for (measure, _), (value, _, _) in structure.items() if measure == "network_firms"]
    found = max((value for value in known if value is not None), default=None)
    return None if firms is None or found is None else (round(found), round(firms))


def _block(desk: Desk, studio: Studio, basket: str) -> Block:
    w, centres = desk.words, _centres(desk, basket)
    year, drawn = desk.year(centres), []
    if basket == _baskets(desk)[0]:
        drawn.append(
            figures.city_map(
                desk,
                studio,
                [(city, firms) for city, firms in centres.select("city_id", "firms").iter_rows()],
                label=w("production.centres_figure", basket=name(desk, basket), year=year),
                node_title=w("production.headquarters_key"),
            )
        )
    tables = (_centres_table(desk, basket, centres), _structure_table(desk, basket, year))
    return Block(
        title=name(desk, basket),
        sentences=_sentences(desk, basket, centres),
        figures=tuple(drawn),
        tables=tuple(table for table in tables if table.rows),
        beside=True,
    )


def _centres_table(desk: Desk, basket: str, centres: pl.DataFrame) -> Table:
    w = desk.words
    known = _known_branches(desk, basket)
    branches = known is not None and known[1] > 0 and known[0] / known[1] >= _BRANCHES_KNOWN
    most = desk.rows if basket == _baskets(desk)[0] else _ROWS_OF_OTHERS
    body = []
    for entry in centres.head(most).iter_rows(named=True):
        role = w.or_id("centre_role", entry["role"]) if entry["role"] else w.no_data
        core = w("production.in_core") if branches and entry["core"] else ""
        body.append(
            row(
                desk.rank(entry["rank"], entry["rank_low"], entry["rank_high"]),
                desk.city_cell(entry["city_id"]),
                w.whole(entry["firms"]),
                desk.percent(entry["share"]),
                *([w.whole(entry["branches"])] if branches else []),
                w("common.semicolon").join(text for text in (role, core) if text),
            )
        )
    return Table(
        caption=w("production.centres_table", basket=name(desk, basket), year=desk.year(centres)),
        columns=(
            Column(label=w("production.rank_interval"), number=True),
            Column(label=w("common.city")),
            Column(label=w("production.headquarters"), number=True),
            Column(label=w("chapter.share"), number=True),
            *([Column(label=w("production.branches"), number=True)] if branches else []),
            Column(label=w("production.role")),
        ),
        rows=tuple(body),
        head=1,
        note=w.sentences([desk.drawn("firms"), _branches_note(desk, known, shown=branches)]),
    )


def _branches_note(desk: Desk, known: tuple[int, int] | None, *, shown: bool) -> str:
    """Say of how many firms branches are known; nothing where no network was measured."""
    if known is None:
        return ""
    key = "production.branches_known" if shown else "production.branches_left_out"
    return desk.words(key, some=known[0], n=known[1])


def _structure_table(desk: Desk, basket: str, year: str) -> Table:
    w, structure = desk.words, _structure(desk, basket)
    order = sorted(
        (key for key in structure if key[0] in _MEASURES), key=lambda k: (_MEASURES.index(k[0]), k[1])
    )

    def written(measure: str, value: float | None) -> str:
        if value is None:
            return w.no_data
        if measure in _SHARES:
            return desk.percent(value)
        return w.whole(round(value)) if measure in _WHOLES else w.number(value, digits=3)

    body = []
    for measure, network in order:
        value, low, high = structure[measure, network]
        bounds = ""
        if low is not None and high is not None:
            bounds = w("chapter.bounds", low=written(measure, low), high=written(measure, high))
        small = ownership.name(desk, network) if network else ""
        head = Cell(text=w.or_id("industry_measure", measure), small=small)
        body.append(row(head, written(measure, value), bounds))
    return Table(
        caption=w("production.structure_table", basket=name(desk, basket), year=year),
        columns=(
            Column(label=w("chapter.measure")),
            Column(label=w("common.value"), number=True),
            Column(label=w("chapter.interval"), number=True),
        ),
        rows=tuple(body),
        note=w("production.structure_note"),
    )
