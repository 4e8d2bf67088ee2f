"""Section on placing: how many addresses found their city, by which way, and what is missing."""

from collections.abc import Sequence

from cosmopolis.publish.chapter import charts, symbols
from cosmopolis.publish.chapter.model import Block, Column, Key, Section, Table, row
from cosmopolis.publish.chapter.studio import Studio
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

NO_CITY = "no_city"
"""What the table calls rows whose place was found and belongs to no city."""

NOT_PLACED = ("none", "ambiguous", "unknown", "not_placed", NO_CITY)
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

    titles = {source: view.source_title(source) for source in sources}
    seen = {
        source: sum(n for way, (n, _) in ways.items() if way not in NOT_PLACED)
        for source, ways in counts.items()
    }
    whole = {source: sum(n for n, _ in ways.values()) for source, ways in counts.items()}
    sentences = [
        w(
            "innovation.placed",
            source=titles[source],
            placed=seen[source],
            n=whole[source],
            share=w.share(seen[source] / whole[source]),
        )
        for source in sources
        if whole[source]
    ]
    outside = sum(ways.get(NO_CITY, (0, 0))[0] for ways in counts.values())
    if outside:
        sentences.append(w("innovation.outside_cities", n=outside))
    parts = [
        charts.Part(bar=titles[source], place=_place(way), share=counts[source][way][0] / whole[source])
        for source in sources
        for way in (*placed, *lost)
        if way in counts[source] and counts[source][way][0]
    ]
    label = w("innovation.placing_figure")
    panel = studio.panel(
        charts.stacked(parts, [titles[source] for source in sources]),
        title=label,
        description=w.sentences([label, *sentences]),
    )
    key = Key(
        entries=tuple(
            (symbols.swatch(charts.way_colour(_place(ways[0]))), w.joined(_names(desk, ways)))
            for ways in (*((way,) for way in placed), tuple(lost))
            if ways
        )
    )
    body = [
        row(
            titles[source],
            w.whole(whole[source]),
            *(
                w.share(counts[source][way][0] / whole[source]) if counts[source].get(way, (0, 0))[0] else "–"
                for way in (*placed, *lost)
            ),
            w.whole(sum(counts[source].get(way, (0, 0))[1] for way in lost if way != NO_CITY)),
        )
        for source in sources
        if whole[source]
    ]
    columns = (
        Column(label=w("sources.source")),
        Column(label=w("innovation.addresses"), number=True),
        *(Column(label=w.or_id("placing_way", way), number=True) for way in (*placed, *lost)),
        Column(label=w("innovation.records_lost"), number=True),
    )
    return Block(
        sentences=tuple(sentences),
        figures=(studio.figure(panel, label=label, shape="chart", keys=(key,)),),
        tables=(
            Table(
                caption=w("innovation.placing_table"),
                columns=columns,
                rows=tuple(body),
                note=w("innovation.placing_records"),
                wide=True,
            ),
        ),
    )


def _names(desk: Desk, ways: Sequence[str]) -> list[str]:
    """Name ways of placing."""
    return [desk.words.or_id("placing_way", way) for way in ways]


def _place(way: str) -> int | None:
    """Return a way's place in the palette; None if it found no city."""
    if way in NOT_PLACED:
        return None
    return WAYS.index(way) if way in WAYS else len(WAYS)
