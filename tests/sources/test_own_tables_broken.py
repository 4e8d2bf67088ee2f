"""Every table of one's own: one broken row of each kind is quarantined with its reason, the rest is used.

The good rows are those of the templates that `cosmopolis new` writes, so that these are proved, too.
"""

import csv
import io
from collections.abc import Mapping
from pathlib import Path

import polars as pl
import pytest

from cosmopolis.pipeline.starting import OWN_TABLES, templates
from cosmopolis.records import admit
from cosmopolis.sources import readers

NOWHERE = {"place": "", "city": "", "country": "", "latitude": "", "longitude": ""}

BROKEN: Mapping[str, Mapping[str, tuple[Mapping[str, str], str, str]]] = {
    "paper-table": {
        "no work": ({"work": ""}, "affiliations", "work"),
        "no year": ({"year": ""}, "affiliations", "year"),
        "a year in words": ({"year": "last"}, "affiliations", "year"),
        "an author before the first": ({"author": "0"}, "affiliations", "author"),
        "no address": ({"affiliation": "", "organisation": "", "city": ""}, "affiliations", "text"),
    },
    "patent-table": {
        "no patent": ({"patent": ""}, "parties", "patent"),
        "no place of an inventor": ({"place": "", "city": "", "country": ""}, "parties", "text"),
        "a latitude beyond the pole": ({"latitude": "91"}, "parties", "latitude"),
        "a longitude in words": ({"longitude": "east"}, "parties", "longitude"),
    },
    "company-table": {
        "no name": ({"name": "", "company": ""}, "companies", "company"),
        "no year": ({"year": ""}, "companies", "year"),
        "no headquarters": ({"headquarters": "", "city": ""}, "companies", "headquarters"),
        "another size": ({"size": "huge"}, "companies", "size"),
        "negative revenue": ({"revenue_musd": "-1"}, "companies", "revenue_musd"),
        "value in words": ({"market_value_musd": "much"}, "companies", "market_value_musd"),
        "half an employee": ({"employees": "0.5"}, "companies", "employees"),
        "a rank before the first": ({"rank": "0"}, "companies", "rank"),
        "another status": ({"status": "asleep"}, "companies", "status"),
    },
    "office-table": {
        "no firm": ({"firm": ""}, "offices", "firm"),
        "another role": ({"role": "kiosk"}, "offices", "role"),
        "no year": ({"year": ""}, "offices", "year"),
        "no place": (NOWHERE, "offices", "text"),
        "a negative size": ({"value": "-3"}, "offices", "value"),
        "a latitude beyond the pole": ({"latitude": "-90.5"}, "offices", "latitude"),
    },
    "service-table": {
        "no city": ({"city": "", "country": ""}, "values", "city"),
        "no firm": ({"firm": ""}, "values", "firm"),
        "no value": ({"value": ""}, "values", "value"),
        "a value above five": ({"value": "6"}, "values", "value"),
        "no year": ({"year": ""}, "values", "year"),
    },
    "supplier-table": {
        "no customer": ({"customer": ""}, "sites", "customer"),
        "no supplier": ({"supplier": ""}, "sites", "supplier"),
        "a year in words": ({"year": "soon"}, "sites", "year"),
        "nothing of where": (
            {"address": "", "city": "", "division": "", "country": "", "latitude": "", "longitude": ""},
            "sites",
            "text",
        ),
        "another precision": ({"precision": "street"}, "sites", "precision"),
        "a longitude beyond the line": ({"longitude": "181"}, "sites", "longitude"),
    },
    "lighthouse-table": {
        "no firm": ({"firm": ""}, "factories", "firm"),
        "no year": ({"year": ""}, "factories", "year"),
        "no place": (NOWHERE, "factories", "text"),
        "a latitude in words": ({"latitude": "north"}, "factories", "latitude"),
    },
    "trade-table": {
        "no year": ({"year": ""}, "trade", "year"),
        "two letters": ({"origin": "DE"}, "trade", "origin"),
        "no buyer": ({"destination": ""}, "trade", "destination"),
        "negative value": ({"value_musd": "-1"}, "trade", "value_musd"),
        "no value": ({"value_musd": ""}, "trade", "value_musd"),
    },
}
"""What may be wrong with a row: the cells that differ from a good row, the part and the column named."""

CASES = [(source, what) for source, kinds in BROKEN.items() for what in kinds]


def _template(source: str) -> tuple[str, list[dict[str, str]]]:
    """Return name and rows of a source's template."""
    ((path, text),) = [
        (path, text) for path, text in templates().items() if path.startswith(f"mirror/{source}/")
    ]
    return path.rpartition("/")[2], list(csv.DictReader(io.StringIO(text)))


def _read(folder: Path, source: str, rows: list[dict[str, str]], name: str) -> dict[str, pl.DataFrame]:
    """Write and read rows, see that each is used or quarantined, and return the quarantine by part."""
    with (folder / name).open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, fieldnames=list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
    return _quarantine(source, {name: folder / name})


def _quarantine(source: str, files: Mapping[str, Path]) -> dict[str, pl.DataFrame]:
    used: dict[str, list[pl.Series]] = {}
    lines: dict[str, pl.DataFrame] = {}
    for raw in readers.read(source, files):
        admitted = admit(raw)
        assert admitted.frame.height + admitted.quarantine["row"].n_unique() == admitted.rows_in
        used.setdefault(raw.part, []).append(admitted.frame["row"])
        before = [lines[raw.part]] if raw.part in lines else []
        lines[raw.part] = pl.concat([*before, admitted.quarantine])
    for part, rows in used.items():
        assert pl.concat([*rows, lines[part]["row"].unique()]).is_unique().all()
    return lines


def test_every_own_table_has_a_template_and_cases() -> None:
    sources = {table.source for table in OWN_TABLES}
    assert sources == {source for source in readers.READERS if source.endswith("-table")}
    assert sources == BROKEN.keys()


@pytest.mark.parametrize("table", OWN_TABLES, ids=[table.source for table in OWN_TABLES])
def test_the_rows_of_a_template_are_all_good(tmp_path: Path, table: object) -> None:
    source = str(getattr(table, "source", ""))
    name, rows = _template(source)
    assert all(away.is_empty() for away in _read(tmp_path, source, rows, name).values())


@pytest.mark.parametrize(
    ("source", "what"), CASES, ids=[f"{source}-{what.replace(' ', '_')}" for source, what in CASES]
)
def test_one_broken_row_is_quarantined_with_its_reason(tmp_path: Path, source: str, what: str) -> None:
    change, part, column = BROKEN[source][what]
    name, rows = _template(source)
    known = set(rows[0])
    broken = rows[0] | {key: value for key, value in change.items() if key in known}
    for key in ("company", "name"):  # no second row of the same company
        if source == "company-table" and broken[key] and key not in change:
            broken[key] += " II"
    if source == "service-table" and "firm" not in change:
        broken["firm"] += " II"
    if source == "patent-table":  # an inventor and nothing else
        broken |= {"applicant": "", "class": "", "cited": ""}
    if source == "trade-table" and not {"origin", "destination"} & change.keys():
        broken["destination"] = "FRA"
    lines = _read(tmp_path, source, [*rows, broken], name)
    told = [(line["part"], line["column"]) for away in lines.values() for line in away.iter_rows(named=True)]
    assert (part, column) in told
    last = len(rows) + 1
    for away in lines.values():
        assert set(away["row"]) <= {last}
        assert all(reason.startswith(f"{named} ") for named, reason in away.select("column", "reason").rows())


@pytest.mark.parametrize("source", BROKEN)
def test_a_row_that_is_cut_off_costs_itself_alone(tmp_path: Path, source: str) -> None:
    name, rows = _template(source)
    path = tmp_path / name
    header = ",".join(rows[0])
    good = templates()[f"mirror/{source}/{name}"].splitlines()[1:]
    path.write_text("\n".join([header, *good, good[0].split(",")[0]]) + "\n", encoding="utf-8")
    lines = pl.concat(list(_quarantine(source, {name: path}).values()))
    assert set(lines["row"]) == {len(good) + 1}
    assert "fields, not" in lines["reason"][0]
