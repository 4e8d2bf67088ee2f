"""What the section on suppliers says of a firm's strategy: its sites in one region, and in many countries."""

from cosmopolis.measures.suppliers import SupplierRule
from cosmopolis.publish.chapter import scatter
from cosmopolis.publish.chapter.model import Block, Cell, Column, Table, row
from cosmopolis.publish.chapter.studio import Studio
from cosmopolis.publish.production.desk import Desk

_YEARS = 12
"""Rows of the table of strategies."""

_RULE = SupplierRule()
"""Where the reading of a strategy turns."""


def blocks(desk: Desk, studio: Studio) -> tuple[Block, ...]:
    """Draw firms on the two axes: sites in one region, and more than one site; a lone firm by year."""
    w = desk.words
    rows = desk.table("supplier_strategy").drop_nulls(["regional", "multi_site"]).sort("customer", "year")
    if rows.is_empty():
        return ()
    lone = rows["customer"].n_unique() == 1
    last = rows if lone else rows.group_by("customer", maintain_order=True).tail(1)
    ends = {rows["year"].min(), rows["year"].max()}
    dots = [
        scatter.Dot(
            name=str(entry["year"]) if lone and entry["year"] in ends else "" if lone else entry["customer"],
            x=entry["regional"],
            y=entry["multi_site"],
            x_low=entry["regional_low"],
            x_high=entry["regional_high"],
            y_low=entry["multi_site_low"],
            y_high=entry["multi_site_high"],
        )
        for entry in last.iter_rows(named=True)
    ]
    label = w("production.strategy_figure")
    said = [
        w(
            "production.strategy",
            customer=entry["customer"],
            year=str(entry["year"]),
            regional=desk.percent_bounds(entry["regional"], entry["regional_low"], entry["regional_high"]),
            multi=desk.value(entry["multi_site"], entry["multi_site_low"], entry["multi_site_high"]),
            reading=_reading(desk, entry["reading"]),
        )
        for entry in rows.group_by("customer", maintain_order=True).tail(1).iter_rows(named=True)
    ]
    panel = studio.panel(
        scatter.scatter(
            dots,
            x_title=w("production.regional_axis"),
            y_title=w("production.multi_axis"),
            turns=(_RULE.regional, _RULE.multi_site),
            joined=lone,
        ),
        title=label,
        description=w.sentences([label, *said]),
    )
    notes = [w("production.strategy_key")]
    if scatter.end_of_shares(dots, _RULE.regional) < _RULE.regional:
        notes.append(w("production.strategy_beyond", share=w.share(_RULE.regional)))
    figure = studio.figure(panel, label=label, shape="chart", notes=tuple(notes))
    table = Table(
        caption=w("production.strategy_table"),
        columns=(
            Column(label=w("common.year" if lone else "production.customer")),
            Column(label=w("production.regional"), number=True),
            Column(label=w("production.multi"), number=True),
            Column(label=w("production.reading")),
        ),
        rows=tuple(
            row(
                str(entry["year"]) if lone else desk.pair(entry["customer"], str(entry["year"])),
                Cell(
                    text=desk.percent(entry["regional"]),
                    small=desk.percent_range(entry["regional_low"], entry["regional_high"]),
                ),
                Cell(
                    text=w.number(entry["multi_site"], digits=2),
                    small=desk.bounds(entry["multi_site_low"], entry["multi_site_high"]),
                ),
                _reading(desk, entry["reading"]),
            )
            for entry in last.tail(_YEARS).iter_rows(named=True)
        ),
        note=w("production.strategy_note"),
    )
    return (
        Block(
            title=w("production.strategy_title"),
            sentences=tuple(said),
            figures=(figure,),
            tables=(table,),
        ),
    )


def _reading(desk: Desk, reading: str | None) -> str:
    return desk.words.or_id("supplier_reading", reading) if reading else desk.words.no_data
