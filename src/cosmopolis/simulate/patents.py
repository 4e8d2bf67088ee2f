"""Writes synthetic patents in the form of PatentsView's bulk tables, tab-separated and gzipped."""

from pathlib import Path

import polars as pl
from isal import igzip

from cosmopolis.simulate.draw import Block, blocks
from cosmopolis.simulate.names import Institutions, classes_of, mix
from cosmopolis.simulate.plan import Plan

SOURCE = "patentsview"

_LEVEL = 1
_FIRST = 90_000_000  # beyond all true numbers


class _Table:
    """A gzipped table that grows block by block, with the same bytes for the same rows."""

    def __init__(self, folder: Path, name: str) -> None:
        self._stream = (folder / f"{name}.tsv.gz").open("wb")
        self._blocks = 0

    def add(self, frame: pl.DataFrame) -> None:
        """Write rows, after the names of the columns in the first block."""
        text = frame.write_csv(separator="\t", quote_style="non_numeric", include_header=self._blocks == 0)
        self._stream.write(igzip.compress(text.encode(), _LEVEL, mtime=0))
        self._blocks += 1

    def close(self) -> None:
        self._stream.close()


def fields(plan: Plan) -> dict[str, float]:
    """Return the planted shares of the fields of technology, none where there are no patents."""
    return mix("technology") if plan.patents else {}


def write(folder: Path, plan: Plan, institutions: Institutions) -> None:
    """Write all patents of a plan, of which `fields` are those of technology.

    Parameters
    ----------
    folder
        Folder of the source in the mirror.
    """
    folder.mkdir(parents=True, exist_ok=True)
    places = _Table(folder, "g_location_disambiguated")
    places.add(
        plan.cities.select(
            location_id=pl.format("SYNTHETIC{}", "city_id"),
            disambig_city="name",
            disambig_state=pl.lit(None, dtype=pl.String),
            disambig_country="country",
            latitude="latitude",
            longitude="longitude",
        )
    )
    places.close()
    names = (
        "g_patent",
        "g_inventor_disambiguated",
        "g_assignee_disambiguated",
        "g_cpc_current",
        "g_us_patent_citation",
    )
    tables = {name: _Table(folder, name) for name in names}
    symbols = pl.Series(classes_of(plan.fields), dtype=pl.String)
    for block in blocks(plan, plan.patents, name="patents"):
        for name, frame in _frames(block, plan, institutions, symbols).items():
            tables[name].add(frame)
    for table in tables.values():
        table.close()


def _frames(
    block: Block, plan: Plan, institutions: Institutions, symbols: pl.Series
) -> dict[str, pl.DataFrame]:
    """Make the rows of a block for each table."""
    records = len(block.year)
    numbers = pl.int_range(block.first, block.first + records, dtype=pl.Int64, eager=True) + 1
    patents = pl.DataFrame({"number": numbers, "year": pl.Series(block.year)}).with_columns(
        patent_id=pl.format("SYNTHETIC{}", pl.col("number") + _FIRST)
    )
    record = pl.Series(block.record, dtype=pl.UInt32)
    people = pl.DataFrame(
        {
            "patent_id": patents["patent_id"].gather(record),
            "inventor_sequence": pl.Series(block.person - 1),
            "city_id": plan.cities["city_id"].gather(pl.Series(block.city, dtype=pl.UInt32)),
            "institution": pl.Series(block.institution, dtype=pl.Int64),
        }
    )
    owners = people.filter((pl.col("inventor_sequence") == 0) & (pl.col("institution") >= 0))
    older = patents.filter(pl.col("number") > 1)
    symbol = symbols.gather(pl.Series(block.field, dtype=pl.UInt32))
    return {
        "g_patent": patents.select(
            "patent_id",
            patent_type=pl.lit("utility"),
            patent_date=pl.format("{}-07-01", "year"),
            patent_title=pl.format("Synthetic patent {}", "number"),
            wipo_kind=pl.lit("B2"),
            num_claims=pl.lit(1),
            withdrawn=pl.lit(0),
            filename=pl.lit("synthetic"),
        ),
        "g_inventor_disambiguated": people.select(
            "patent_id",
            "inventor_sequence",
            inventor_id=pl.lit("synthetic"),
            disambig_inventor_name_first=pl.lit("Synthetic"),
            disambig_inventor_name_last=pl.format("Inventor {}", pl.col("inventor_sequence") + 1),
            gender_code=pl.lit(None, dtype=pl.String),
            location_id=pl.format("SYNTHETIC{}", "city_id"),
        ),
        "g_assignee_disambiguated": owners.select(
            "patent_id",
            assignee_sequence=pl.lit(0),
            assignee_id=pl.lit("synthetic"),
            disambig_assignee_individual_name_first=pl.lit(None, dtype=pl.String),
            disambig_assignee_individual_name_last=pl.lit(None, dtype=pl.String),
            disambig_assignee_organization=institutions.names.gather(owners["institution"]),
            assignee_type=pl.lit(2),
            location_id=pl.format("SYNTHETIC{}", "city_id"),
        ),
        "g_cpc_current": patents.select(
            "patent_id",
            cpc_sequence=pl.lit(0),
            cpc_section=symbol.str.slice(0, 1),
            cpc_class=symbol.str.slice(0, 3),
            cpc_subclass=symbol.str.slice(0, 4),
            cpc_group=symbol,
            cpc_type=pl.lit("inventional"),
        ),
        "g_us_patent_citation": older.select(
            "patent_id",
            citation_sequence=pl.lit(0),
            citation_patent_id=pl.format("SYNTHETIC{}", pl.col("number") // 2 + _FIRST),
            citation_date=pl.lit(None, dtype=pl.String),
            record_name=pl.lit("Synthetic"),
            wipo_kind=pl.lit("B2"),
            citation_category=pl.lit("cited by examiner"),
        ),
    }
