"""Firms of the city, and the networks of firms: sectors, offices, ownership, supply, listings.

Each part reads a table of its own; what the result has no table for is named in one sentence.
"""

import re
from collections.abc import Callable, Sequence
from typing import Any

import polars as pl

from cosmopolis.publish.chapter import charts
from cosmopolis.publish.chapter.model import Block, Cell, Column, Figure, Section, Table, row
from cosmopolis.publish.chapter.studio import Studio
from cosmopolis.publish.profile.subject import Place, Subject, by_power, given, latest
from cosmopolis.publish.words import clean

FIRMS = 12
"""Firms that are named."""

GROUPS = 24
"""Sectors, baskets and sizes that are listed at most."""

_SIZES = ("mega", "large", "mid", "small", "micro", "nano")
_ORDER = {"all": 0, "sector": 1, "basket": 2, "size": 3, "list": 4}
_NAME_MOST = 60

_CITY_KNOWN = 0.5
"""Least share of a list's sites that are known to the city, for its year to tell what lies in one."""

_Part = Callable[[Subject, Studio, pl.DataFrame], "Block | None"]


def section(subject: Subject, studio: Studio) -> Section:
    """Make the section on firms."""
    w = subject.words
    parts: Sequence[tuple[str, str, _Part]] = (
        ("headquarters", "headquarters", _headquarters),
        ("firms", "named_firms", _firms),
        ("interlocking_cities", "interlocking", _interlocking),
        ("ownership_cities", "ownership", _ownership),
        ("supplier_places", "suppliers", _suppliers),
        ("financial_centres", "finance", _finance),
    )
    absent, empty, blocks = [], [], []
    for key, name, make in parts:
        table = subject.table(key)
        block = None if table is None else make(subject, studio, table)
        if table is None:
            absent.append(w(f"profile.{name}"))
        elif block is None:
            empty.append(w(f"profile.{name}"))
        else:
            blocks.append(block)
    sentences = []
    if empty:
        sentences.append(w("profile.none_of", city=subject.city.name, names=w.joined(empty)))
    if absent:
        sentences.append(w("profile.no_tables", names=w.joined(absent)))
    if sentences:
        blocks.append(Block(sentences=tuple(sentences)))
    return Section(
        anchor="firms", title=w("profile.firms"), lead=w("profile.firms_lead"), blocks=tuple(blocks)
    )


def _rank(subject: Subject, cells: dict[str, Any], value: str, among: int) -> Cell:
    """Return a cell with a rank and its interval."""
    return _placed(subject, given(cells, value, among))


def _placed(subject: Subject, place: Place | None) -> Cell:
    small = subject.bounds(place.low, place.high) if place and place.low is not None else ""
    return Cell(text=subject.rank(place), small=small)


def _headquarters(subject: Subject, studio: Studio, table: pl.DataFrame) -> Block | None:
    """Tell headquarters by sector with the location quotient."""
    w = subject.words
    last = table.filter(pl.col("year") == pl.col("year").max().over("group"))
    own = subject.own(last).filter(pl.col("firms") > 0)
    if own.is_empty():
        return None
    among = dict(last.group_by("group").agg(pl.col("rank").count()).iter_rows())
    kinds = {group: subject.kind_of(group) for group in own["group"].to_list()}
    own = own.filter(~pl.col("group").str.starts_with("list:")).with_columns(
        _order=pl.col("group").replace_strict(kinds).replace_strict(_ORDER, return_dtype=pl.Int64)
    )
    shown = own.sort("_order", -pl.col("firms"), "group").head(GROUPS)
    rows = tuple(
        row(
            Cell(
                text=subject.group(cells["group"]),
                small=subject.counted(cells["group"]) if kinds[cells["group"]] == "basket" else "",
            ),
            w.whole(cells["firms"]),
            subject.percent(cells["share"]),
            w.number(cells["location_quotient"], digits=2),
            _rank(subject, cells, "firms", among[cells["group"]]),
        )
        for cells in shown.iter_rows(named=True)
    )
    caption = w("profile.headquarters_table", years=_years(shown))
    caution = w("profile.more_groups", n=own.height - GROUPS) if own.height > GROUPS else ""
    sheet = Table(
        caption=caption,
        columns=(
            Column(label=w("profile.sector")),
            Column(label=w("profile.firms_count"), number=True),
            Column(label=w("profile.share_of_all"), number=True),
            Column(label=w("profile.quotient"), number=True),
            Column(label=w("common.rank"), number=True),
        ),
        rows=rows,
        note=w.sentences([w("profile.quotient_note"), w("profile.groups_note"), caution]),
    )
    return Block(title=w("profile.headquarters"), figures=_quotients(subject, studio, own), tables=(sheet,))


def _quotients(subject: Subject, studio: Studio, own: pl.DataFrame) -> tuple[Figure, ...]:
    """Draw the location quotients of sectors; one line is the world's mean."""
    w = subject.words
    sectors = own.filter(pl.col("_order") == _ORDER["sector"])
    sectors = sectors.drop_nulls("location_quotient").sort(
        "location_quotient", "group", descending=[True, False]
    )
    if sectors.is_empty():
        return ()
    rows = [
        charts.Bar(
            name=subject.group(group),
            value=quotient,
            label=w("profile.bar", value=w.number(quotient, digits=2), n=firms),
            mark=1.0,
        )
        for group, quotient, firms in sectors.select("group", "location_quotient", "firms")
        .head(GROUPS)
        .iter_rows()
    ]
    label = w("profile.quotient_figure", city=subject.city.name)
    items = w("common.semicolon").join(w("profile.item", name=bar.name, text=bar.label) for bar in rows)
    panel = studio.panel(charts.bars(rows), title=label, description=w("chapter.bars_alt", items=items))
    notes = (w("profile.quotient_key"), subject.sourced(subject.of_kinds("firms")))
    return (studio.figure(panel, label=label, shape="chart", notes=notes),)


def _years(rows: pl.DataFrame) -> str:
    years = rows["year"].unique().sort().to_list()
    return str(years[-1]) if len(years) == 1 else f"{years[0]}–{years[-1]}"


def _firms(subject: Subject, studio: Studio, table: pl.DataFrame) -> Block | None:
    """Name the greatest firms with headquarters in the city."""
    del studio
    w = subject.words
    own = subject.own(table)
    if own.is_empty():
        return None
    size = pl.col("size").replace_strict(
        {name: n for n, name in enumerate(_SIZES)}, default=len(_SIZES), return_dtype=pl.Int64
    )
    ordered = own.with_columns(_size=size).sort(
        "_size", "listings", "name", "firm", descending=[False, True, False, False], nulls_last=True
    )
    rows = tuple(
        row(
            _cut(cells["name"]),
            subject.group(cells["sector"]) if cells["sector"] else w.no_data,
            w.or_id("profile_size", cells["size"]) if cells["size"] else w.no_data,
            w.whole(cells["listings"]),
            w.joined([_brief(subject, s) for s in (cells["sources"] or "").split(";") if s]),
        )
        for cells in ordered.head(FIRMS).iter_rows(named=True)
    )
    sheet = Table(
        caption=w("profile.firms_table", n=own.height),
        columns=(
            Column(label=w("profile.firm")),
            Column(label=w("profile.sector")),
            Column(label=w("profile.size")),
            Column(label=w("profile.listings"), number=True),
            Column(label=w("common.sources")),
        ),
        rows=rows,
        note=w("profile.firms_note"),
        wide=True,
    )
    return Block(title=w("profile.named_firms"), tables=(sheet,))


def _brief(subject: Subject, source: str) -> str:
    """Return a source's title up to its first colon."""
    return re.split("[:\uff1a]", subject.view.source_title(source))[0]


def _roster(subject: Subject, roster: str) -> str:
    """Name a roster: its source, and the year where the source has several."""
    source, _, year = roster.rpartition(" ")
    if source and year.isdecimal():
        return subject.words("chapter.in_year", value=subject.view.source_title(source), year=year)
    return subject.view.source_title(roster)


def _cut(name: str) -> str:
    known = clean(name)
    return known if len(known) <= _NAME_MOST else known[: _NAME_MOST - 1].rstrip() + "…"


def _interlocking(subject: Subject, studio: Studio, table: pl.DataFrame) -> Block | None:
    """Tell the city's connectivity in the interlocking network, and whom it is tied to beyond expectation."""
    del studio
    w = subject.words
    rows = []
    for roster in table["roster"].unique().sort().to_list():
        of_roster = latest(table.filter((pl.col("roster") == roster) & (pl.col("sector") == "all")))
        own = subject.own(of_roster)
        if own.is_empty():
            continue
        cells = own.row(0, named=True)
        rows.append(
            row(
                _roster(subject, str(roster)),
                str(cells["year"]),
                str(cells["class"] or w.no_data),
                Cell(text=w.amount(cells["gnc"]), small=subject.percent(cells["relative"])),
                _rank(subject, cells, "gnc", of_roster["rank"].count()),
                w.whole(cells["firms"]),
            )
        )
    if not rows:
        return None
    sheet = Table(
        caption=w("profile.interlocking_table"),
        columns=(
            Column(label=w("profile.roster")),
            Column(label=w("common.year")),
            Column(label=w("profile.class")),
            Column(label=w("profile.connectivity"), number=True),
            Column(label=w("common.rank"), number=True),
            Column(label=w("profile.firms_count"), number=True),
        ),
        rows=tuple(rows),
        note=w("profile.interlocking_note"),
        wide=True,
    )
    return Block(title=w("profile.interlocking"), sentences=_hinterworld(subject), tables=(sheet,))


def _hinterworld(subject: Subject) -> tuple[str, ...]:
    """Name the cities that the city is tied to more, and less, than their connectivity tells."""
    table = subject.table("hinterworlds")
    if table is None:
        return ()
    own = subject.own(table).drop_nulls("residual")
    if own.is_empty():
        return ()
    w = subject.words
    said = []
    for key, part, falling in (
        ("profile.more_tied", own.filter(pl.col("residual") > 0), True),
        ("profile.less_tied", own.filter(pl.col("residual") < 0), False),
    ):
        names = part.sort("residual", "other", descending=[falling, False])["other"].head(5).to_list()
        if names:
            said.append(w(key, cities=w.joined([subject.view.city(city) for city in names])))
    return tuple(said)


def _ownership(subject: Subject, studio: Studio, table: pl.DataFrame) -> Block | None:
    """Tell what firms of the city hold elsewhere, and what others hold here."""
    del studio
    w = subject.words
    rows = []
    for field in table["field"].unique().sort().to_list():
        of_field = latest(table.filter(pl.col("field") == field))
        own = subject.own(of_field)
        if own.is_empty():
            continue
        cells = own.row(0, named=True)
        place = by_power(of_field, subject.id)
        rows.append(
            row(
                w.or_id("profile_field", str(field)),
                str(cells["year"]),
                w.whole(cells["headquarters"]),
                w.whole(cells["branches"]),
                w.amount(cells["power"]),
                w.amount(cells["prestige"]),
                _placed(subject, place) if place else Cell(text=w("profile.powerless")),
            )
        )
    if not rows:
        return None
    sheet = Table(
        caption=w("profile.ownership_table"),
        columns=(
            Column(label=w("profile.ties_of")),
            Column(label=w("common.year")),
            Column(label=w("profile.heads"), number=True),
            Column(label=w("profile.branches"), number=True),
            Column(label=w("profile.power"), number=True),
            Column(label=w("profile.prestige"), number=True),
            Column(label=w("common.rank"), number=True),
        ),
        rows=tuple(rows),
        note=w("profile.ownership_note"),
        wide=True,
    )
    return Block(title=w("profile.ownership"), tables=(sheet,))


def _suppliers(subject: Subject, studio: Studio, table: pl.DataFrame) -> Block | None:
    """Tell the sites in the city that supply a firm, in the last year whose sites are known to the city."""
    del studio
    w = subject.words
    shares = (
        table.group_by("customer", "year")
        .agg(known=pl.col("sites").filter(pl.col("city_id").is_not_null()).sum() / pl.col("sites").sum())
        .filter(pl.col("known") >= _CITY_KNOWN)
        .group_by("customer")
        .agg(pl.col("year").max())
    )
    last = table.join(shares, on=["customer", "year"], how="semi")
    remarks = _coarser(subject, table, dict(shares.iter_rows()))
    own = (
        subject.own(last)
        .group_by("customer", "year")
        .agg(pl.col("sites").sum(), pl.col("suppliers").sum())
        .sort("sites", "customer", descending=[True, False])
    )
    if own.is_empty():
        return Block(title=w("profile.suppliers"), sentences=remarks) if remarks else None
    sheet = Table(
        caption=w("profile.suppliers_table"),
        columns=(
            Column(label=w("profile.customer")),
            Column(label=w("common.year")),
            Column(label=w("profile.sites"), number=True),
            Column(label=w("profile.suppliers_count"), number=True),
        ),
        rows=tuple(
            row(_cut(customer), str(year), w.whole(sites), w.whole(suppliers))
            for customer, year, sites, suppliers in own.iter_rows()
        ),
        note=subject.sourced(subject.of_kinds("supplier sites")),
    )
    return Block(title=w("profile.suppliers"), sentences=remarks, tables=(sheet,))


def _coarser(subject: Subject, table: pl.DataFrame, usable: dict[str, int]) -> tuple[str, ...]:
    """Say of which firms the later lists know most sites to the province or country only."""
    w, said = subject.words, []
    for customer in table["customer"].unique().sort().to_list():
        years = table.filter(pl.col("customer") == customer)["year"].unique().sort().to_list()
        last = usable.get(customer)
        later = [year for year in years if last is None or year > last]
        if last is None:
            said.append(w("profile.suppliers_unplaced", customer=_cut(customer)))
        elif later:
            here = table.filter(
                (pl.col("customer") == customer)
                & (pl.col("year") == last)
                & (pl.col("city_id") == subject.id)
            )
            key = "profile.suppliers_until" if here.height else "profile.suppliers_none_until"
            years_said = {"year": str(last), "since": str(later[0])}
            said.append(w(key, customer=_cut(customer), city=subject.city.name, **years_said))
    return tuple(said)


def _finance(subject: Subject, studio: Studio, table: pl.DataFrame) -> Block | None:
    """Tell the exchanges of the city and the firms listed on them."""
    del studio
    w = subject.words
    last = latest(table)
    own = subject.own(last)
    if own.is_empty():
        return None
    cells = own.row(0, named=True)
    sheet = Table(
        caption=w("profile.finance_table", years=str(cells["year"])),
        columns=(
            Column(label=w("profile.what")),
            Column(label=w("common.value"), number=True),
        ),
        rows=(
            row(w("profile.exchanges"), w.whole(cells["exchanges"])),
            row(w("profile.listings"), w.whole(cells["listings"])),
            row(w("profile.foreign"), w.whole(cells["foreign"])),
            row(w("profile.home_cities"), w.whole(cells["home_cities"])),
            row(w("profile.finance_strength"), w.amount(cells["strength"])),
            row(w("common.rank"), _rank(subject, cells, "strength", last["rank"].count())),
        ),
        note=subject.sourced(subject.of_kinds("firms")),
    )
    return Block(title=w("profile.finance"), tables=(sheet,))
