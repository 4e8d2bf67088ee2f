"""Section on placing: how many addresses found their city, by which way, and what is missing."""

from cosmopolis.publish.innovation import charts, symbols
from cosmopolis.publish.innovation.model import Block, Column, Key, Section, Table, row
from cosmopolis.publish.innovation.studio import Studio
from cosmopolis.publish.innovation.topics import Desk

WAYS = (
    "ror",
    "openalex_institution",
    "text",
    "text_part",
    "supplied",
    "organisation_name",
    "organisation_elsewhere",
    "organisation_seat",
    "coordinates",
    "region",
)
"""Ways of placing in the order of the key, like beside like; others come after, by name."""

NOT_PLACED = ("none", "ambiguous", "unknown", "not_placed")
"""What the table calls rows that found no city."""


def section(desk: Desk, studio: Studio) -> Section:
    """Make the section."""
    w = desk.words
    table = desk.table("placement")
    block = Block(missing=w("innovation.no_placement"))
    if table["rows"].sum():
        block = _block(desk, studio)
    return Section(
        anchor="innovation-placing",
        title=w("innovation.placing"),
        lead=w("innovation.placing_lead"),
        blocks=(block,),
        cautions=(w("innovation.placing_caution"),),
    )


def _block(desk: Desk, studio: Studio) -> Block:
    w, view = desk.words, desk.view
    counts: dict[str, dict[str, tuple[int, int]]] = {}
    for source, way, rows, records in desk.table("placement").iter_rows():
        counts.setdefault(source, {})[way] = (rows, records)
    sources = sorted(counts, key=lambda source: (-sum(n for n, _ in counts[source].values()), source))
    found = {way for ways in counts.values() for way in ways}
    placed = [way for way in WAYS if way in found] + sorted(found - set(WAYS) - set(NOT_PLACED))
    lost = [way for way in NOT_PLACED if way in found]

    every = sum(n for ways in counts.values() for n, _ in ways.values())
    by_way = {way: sum(ways.get(way, (0, 0))[0] for ways in counts.values()) for way in (*placed, *lost)}
    seen = sum(by_way[way] for way in placed)
    ways_text = w.joined(
        [
            w("innovation.way_share", way=w.or_id("placing_way", way), share=w.share(by_way[way] / every))
            for way in placed
        ]
    )
    sentences = [
        w(
            "innovation.placed",
            placed=seen,
            n=every,
            share=w.share(seen / every),
        ),
        w("innovation.placed_ways", ways=ways_text) if placed else "",
        w("innovation.not_placed", n=every - seen) if every > seen else w("innovation.all_placed"),
    ]
    parts = []
    for source in sources:
        whole = sum(n for n, _ in counts[source].values())
        for way in (*placed, *lost):
            rows = counts[source].get(way, (0, 0))[0]
            if rows and whole:
                place = _place(way)
                parts.append(charts.Part(bar=view.source_title(source), place=place, share=rows / whole))
    titles = [view.source_title(source) for source in sources]
    label = w("innovation.placing_figure")
    panel = studio.panel(
        charts.stacked(parts, titles), title=label, description=w.sentences([label, *sentences])
    )
    key = Key(
        entries=tuple(
            (symbols.swatch(charts.way_colour(_place(way))), w.or_id("placing_way", way))
            for way in (*placed, *lost[:1])
        )
    )
    body = []
    for source in sources:
        whole = sum(n for n, _ in counts[source].values())
        for way in (*placed, *lost):
            rows, records = counts[source].get(way, (0, 0))
            if rows:
                name = w.or_id("placing_way", way)
                body.append(
                    row(
                        view.source_title(source),
                        name,
                        w.whole(rows),
                        w.share(rows / whole),
                        w.whole(records),
                    )
                )
    columns = (
        Column(label=w("sources.source")),
        Column(label=w("innovation.way")),
        Column(label=w("innovation.addresses"), number=True),
        Column(label=w("innovation.share"), number=True),
        Column(label=w("innovation.records"), number=True),
    )
    return Block(
        sentences=tuple(text for text in sentences if text),
        figures=(studio.figure(panel, label=label, shape="chart", keys=(key,)),),
        tables=(
            Table(
                caption=w("innovation.placing_table"),
                columns=columns,
                rows=tuple(body),
                note=w("innovation.placing_records"),
            ),
        ),
    )


def _place(way: str) -> int | None:
    """Return a way's place in the palette; None if it found no city."""
    if way in NOT_PLACED:
        return None
    return WAYS.index(way) if way in WAYS else len(WAYS)
