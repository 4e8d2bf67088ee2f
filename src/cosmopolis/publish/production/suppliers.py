"""Section on a firm's suppliers: how near they are, over how many places they spread, by which strategy."""

from collections.abc import Mapping
from typing import Any

import polars as pl

from cosmopolis.publish.chapter.model import Block, Cell, Column, Figure, Panel, Section, Table, row
from cosmopolis.publish.chapter.studio import Studio
from cosmopolis.publish.production import figures, strategy
from cosmopolis.publish.production.desk import Desk, heading

KINDS = ("supplier sites",)

PRECISIONS = ("address", "city", "division", "country")
"""From the finest to the coarsest: what a list says of a site's place."""

_NEAR_KM = (60.0, 500.0, 3000.0)
"""Radii drawn where the table has them: a metropolitan area, a day's drive, a part of the world."""

_LINES = 3
_MAPPED_SHARE = 0.5
"""Part of the sites that must be known to a city for a year to be mapped."""

_LEVELS = {"country": 0, "division": 1, "city": 2}
"""Levels of places in the order of tables: countries are known in every year."""


def section(desk: Desk, studio: Studio) -> Section:
    """Make the section."""
    w = desk.words
    customers = _customers(desk)
    if not customers:
        return Section(
            anchor="production-suppliers",
            title=w("production.suppliers"),
            lead="",
            missing=desk.missing("production.no_suppliers", KINDS),
        )
    blocks = [_block(desk, studio, customer) for customer in customers]
    return Section(
        anchor="production-suppliers",
        title=w("production.suppliers"),
        lead=w.sentences([finding(desk, customer) for customer in customers[:_LINES]]),
        blocks=(*blocks, *strategy.blocks(desk, studio)),
        cautions=(w("production.suppliers_caution"), w("production.precision_caution")),
        sources=desk.sources(KINDS),
    )


def _customers(desk: Desk) -> tuple[str, ...]:
    names: set[str] = set()
    for table in ("supplier_radius", "supplier_spread", "supplier_places"):
        names |= set(desk.table(table)["customer"].to_list())
    return tuple(sorted(names))


def _of(desk: Desk, table: str, customer: str) -> pl.DataFrame:
    return desk.table(table).filter(pl.col("customer") == customer)


def _radii(rows: pl.DataFrame) -> list[float]:
    """Return the radii to draw, at most three: the usual ones, else spread over those that there are."""
    there = rows["km"].unique().sort().to_list()
    found = [km for km in _NEAR_KM if km in there]
    if found or len(there) <= _LINES:
        return found or there
    return [there[0], there[len(there) // 2], there[-1]]


def finding(desk: Desk, customer: str) -> str:
    """Say which share of a firm's sites lies near its seat, then and now, and over how many countries."""
    w = desk.words
    text = []
    rows = _of(desk, "supplier_radius", customer).drop_nulls("share")
    if rows.height:
        near = rows.filter(pl.col("km") == _radii(rows)[0]).sort("year")
        first, last = near.row(0, named=True), near.row(-1, named=True)
        text.append(
            w(
                "production.near_share",
                customer=customer,
                year=str(last["year"]),
                share=desk.percent_bounds(last["share"], last["low"], last["high"]),
                km=w.amount(last["km"]),
                city=_centre(desk, last["centre"], last["centre_place"]),
            )
        )
        if first["year"] != last["year"]:
            text.append(
                w(
                    "production.near_before" if apart(first, last) else "production.near_like_before",
                    year=str(first["year"]),
                    share=desk.percent_bounds(first["share"], first["low"], first["high"]),
                )
            )
    spread = _of(desk, "supplier_spread", customer).filter(pl.col("level") == "country").sort("year")
    if spread.height:
        first, last = spread.row(0, named=True), spread.row(-1, named=True)
        values = {
            "customer": customer,
            "year": str(last["year"]),
            "value": desk.value(last["effective_number"], last["low"], last["high"], digits=1),
            "n": last["places"],
        }
        if first["year"] == last["year"]:
            text.append(w("production.spread_once", **values))
        else:
            before = desk.value(first["effective_number"], first["low"], first["high"], digits=1)
            text.append(w("production.spread", before=before, before_year=str(first["year"]), **values))
    return w.sentences(text)


def apart(one: Mapping[str, Any], other: Mapping[str, Any]) -> bool:
    """Say whether the intervals of two numbers (`low`, `high`) have nothing in common.

    Examples
    --------
    >>> apart({"low": 0.1, "high": 0.2}, {"low": 0.3, "high": 0.4})
    True
    >>> apart({"low": 0.1, "high": 0.3}, {"low": 0.3, "high": 0.4})
    False
    """
    bounds = (one["low"], one["high"], other["low"], other["high"])
    return None not in bounds and (one["high"] < other["low"] or other["high"] < one["low"])


def _centre(desk: Desk, city: int, place: str | None) -> str:
    """Name the place that distances are from, with its city."""
    named = desk.city(city)
    return named if place is None else desk.words("production.place_in_city", place=place, city=named)


def _block(desk: Desk, studio: Studio, customer: str) -> Block:
    drawn = [_map(desk, studio, customer), _curves(desk, studio, customer)]
    return Block(
        title=customer,
        sentences=tuple(
            text
            for text in (
                _precision(desk, customer),
                _placed(desk, customer),
                _vague(desk, customer),
                _changed(desk, customer),
            )
            if text
        ),
        figures=tuple(figure for figure in drawn if figure is not None),
        tables=tuple(
            table for table in (_radius_table(desk, customer), _changes(desk, customer)) if table.rows
        ),
        beside=True,
    )


def _precision(desk: Desk, customer: str) -> str:
    """Say how exactly the places of the last year's sites are known."""
    w, rows = desk.words, desk.last(_of(desk, "supplier_places", customer))
    if rows.is_empty():
        return ""
    sums: dict[str, int] = dict(rows.group_by("precision").agg(pl.col("sites").sum()).iter_rows())
    order = [name for name in PRECISIONS if name in sums] + sorted(set(sums) - set(PRECISIONS))
    parts = [
        w("production.precision_part", n=sums[name], level=w.or_id("site_precision", name)) for name in order
    ]
    return w(
        "production.precision",
        year=desk.year(rows),
        sites=int(rows["sites"].sum()),
        parts=w("common.semicolon").join(parts),
    )


def _placed(desk: Desk, customer: str) -> str:
    """Say on which part of the sites the shares within a radius stand."""
    rows = _of(desk, "supplier_radius", customer).sort("year", "km")
    if rows.is_empty() or rows["placed"].null_count() == rows.height:
        return ""
    by_year = rows.group_by("year", maintain_order=True).agg(pl.col("placed").max()).drop_nulls()
    low, high = float(by_year["placed"].min()), float(by_year["placed"].max())  # type: ignore[arg-type]
    w = desk.words
    if w.share(low) == w.share(high):
        return w("production.placed_same", share=w.share(low))
    return w("production.placed", low=w.share(low), high=w.share(high))


def _vague(desk: Desk, customer: str) -> str:
    """Say between which bounds the nearest share lies in years that have no share."""
    w, rows = desk.words, _of(desk, "supplier_radius", customer)
    told = rows.drop_nulls("share")
    if rows.is_empty():
        return ""
    km = _radii(told if told.height else rows)[0]
    vague = rows.filter((pl.col("km") == km) & pl.col("share").is_null()).drop_nulls(["low", "high"])
    if vague.is_empty():
        return ""
    years = w.joined([str(year) for year in vague["year"].sort().to_list()])
    low, high = float(vague["low"].min()), float(vague["high"].max())  # type: ignore[arg-type]
    return w("production.near_vague", years=years, low=desk.percent(low), high=desk.percent(high))


def _map(desk: Desk, studio: Studio, customer: str) -> Figure | None:
    w = desk.words
    rows = _of(desk, "supplier_places", customer)
    year = _mapped_year(rows)
    if year is None:
        return None
    every = rows.filter(pl.col("year") == year)
    known = every.drop_nulls("city_id")
    sums = (
        known.group_by("city_id")
        .agg(pl.col("sites").sum())
        .sort("sites", "city_id", descending=[True, False])
    )
    drawn = int(known["sites"].sum())
    return figures.city_map(
        desk,
        studio,
        [(city, sites) for city, sites in sums.iter_rows()],
        label=w("production.suppliers_figure", customer=customer, year=desk.year(known)),
        node_title=w("production.sites_key"),
        notes=(w("production.sites_drawn", n=drawn, all=w.whole(int(every["sites"].sum()))),),
    )


def _mapped_year(rows: pl.DataFrame) -> int | None:
    """Return the last year in which half of the sites are known to a city, else the one that knows most.

    Examples
    --------
    >>> rows = pl.DataFrame({"year": [1, 1, 2, 2], "city_id": [7, None, 7, None], "sites": [9, 1, 1, 9]})
    >>> _mapped_year(rows)
    1
    """
    shares = (
        rows.group_by("year")
        .agg(known=pl.col("sites").filter(pl.col("city_id").is_not_null()).sum() / pl.col("sites").sum())
        .filter(pl.col("known") > 0)
        .with_columns(enough=pl.min_horizontal("known", pl.lit(_MAPPED_SHARE)))
        .sort("enough", "year")
    )
    return int(shares["year"][-1]) if shares.height else None


def _curves(desk: Desk, studio: Studio, customer: str) -> Figure | None:
    """Draw shares within radii and the spread over places by year, with their intervals."""
    w = desk.words
    panels: list[Panel] = []
    rows = _of(desk, "supplier_radius", customer).drop_nulls("share")
    if rows.height:
        lines = []
        for km in _radii(rows):
            mine = rows.filter(pl.col("km") == km)
            values = {
                y: (s, low, high)
                for y, s, low, high in mine.select("year", "share", "low", "high").iter_rows()
            }
            lines.append(figures.series(w("chapter.km", km=w.amount(km)), values))
        title = w("production.radius_panel")
        panels.append(figures.line_panel(desk, studio, lines, title=title, subject=customer, percent=True))
    spread = _of(desk, "supplier_spread", customer).drop_nulls("effective_number")
    for level in ("country", "division", "city"):
        mine = spread.filter(pl.col("level") == level)
        if mine.is_empty():
            continue
        values = {
            y: (v, low, high)
            for y, v, low, high in mine.select("year", "effective_number", "low", "high").iter_rows()
        }
        title = w("spread_panel." + level)
        panels.append(
            figures.line_panel(
                desk, studio, [figures.series(" ", values)], title=title, subject=customer, zero=True
            )
        )
    if not panels:
        return None
    return studio.figure(
        *panels,
        label=w("production.curves_figure", customer=customer),
        shape="lines",
        notes=(w("production.band_key"), w("production.effective_note")),
    )


def _radius_table(desk: Desk, customer: str) -> Table:
    """List the share within each radius in the first and the last year."""
    w = desk.words
    rows = _of(desk, "supplier_radius", customer).drop_nulls("share").sort("km", "year")
    body = []
    for km in rows["km"].unique().sort().to_list():
        mine = rows.filter(pl.col("km") == km)
        ends = [mine.row(0, named=True), mine.row(-1, named=True)]
        cells = [
            Cell(
                text=desk.percent(end["share"]),
                small=w("common.semicolon").join(
                    text for text in (str(end["year"]), desk.percent_range(end["low"], end["high"])) if text
                ),
            )
            for end in ends
        ]
        body.append(row(w("chapter.km", km=w.amount(km)), *cells))
    return Table(
        caption=w("production.radius_table", customer=customer),
        columns=(
            Column(label=w("production.radius"), number=False),
            Column(label=w("chapter.first_year"), number=True),
            Column(label=w("chapter.last_year"), number=True),
        ),
        rows=tuple(body),
        note=desk.drawn("sites") if body else "",
    )


def _last_changes(desk: Desk, customer: str, level: str) -> pl.DataFrame:
    """Return the places of a level that stayed, came and went between the last two years that compare."""
    mine = _of(desk, "supplier_changes", customer).filter(pl.col("level") == level)
    if mine.is_empty():
        return mine
    last = mine.select("to_year", "from_year").sort("to_year", "from_year").row(-1)
    return mine.filter((pl.col("to_year") == last[0]) & (pl.col("from_year") == last[1]))


def _changed(desk: Desk, customer: str) -> str:
    """Say how many countries came, went and stayed between the last two years, and which."""
    w, rows = desk.words, _last_changes(desk, customer, "country")
    if rows.is_empty():
        return ""
    years = desk.years(rows.select("from_year", "to_year").row(0))
    names = [
        w("common.semicolon").join(_place(desk, "country", at) for at in moved["place"].sort().to_list())
        or w("production.nobody")
        for moved in (rows.filter(pl.col(side) > 0) for side in ("entries", "exits"))
    ]
    counts = {side: int(rows[side].sum()) for side in ("entries", "exits", "stayed")}
    text = [w("production.changed", years=years, **counts)]
    if counts["entries"] or counts["exits"]:
        text.append(w("production.changes_list", entries=names[0], exits=names[1]))
    return w.sentences(text)


def _changes(desk: Desk, customer: str) -> Table:
    """Count places that came, went and stayed, from year to year, at every level that compares."""
    w, rows = desk.words, _of(desk, "supplier_changes", customer)
    sums: dict[tuple[tuple[int, int], str], tuple[int, int, int]] = {
        ((first, last), level): (entries, exits, stayed)
        for first, last, level, entries, exits, stayed in rows.group_by("from_year", "to_year", "level")
        .agg(pl.col("entries", "exits", "stayed").sum())
        .iter_rows()
    }
    levels = sorted({level for _, level in sums}, key=lambda level: (_LEVELS.get(level, len(_LEVELS)), level))
    body = []
    for years in sorted({years for years, _ in sums}):
        cells = []
        for level in levels:
            moved = sums.get((years, level))
            if moved is None:
                cells.append(Cell(text="–"))
                continue
            text = w("production.in_out", entries=moved[0], exits=moved[1])
            cells.append(Cell(text=text, small=w("production.stay", n=moved[2])))
        body.append(row(desk.years(years), *cells))
    return Table(
        caption=w("production.changes_table", customer=customer),
        columns=(
            Column(label=w("chapter.window")),
            *(Column(label=heading(w.or_id("supplier_level", level)), number=True) for level in levels),
        ),
        rows=tuple(body),
        note=w("production.changes_note"),
    )


def _place(desk: Desk, level: str, place: str) -> str:
    if level == "city" and place.isdecimal():
        return desk.city(int(place))
    return desk.view.country(place) if level == "country" else desk.named(place)
