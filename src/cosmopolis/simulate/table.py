"""Writes synthetic works as tables of the source `paper-table`, in Parquet: small and quick."""

from pathlib import Path

import numpy as np
import polars as pl
import pyarrow.parquet as pq

from cosmopolis.simulate.draw import Block, blocks
from cosmopolis.simulate.names import VENUE, Institutions, topics_of
from cosmopolis.simulate.plan import Plan

SOURCE = "paper-table"

_BLOCKS_A_FILE = 40  # two million works


def write(folder: Path, plan: Plan, institutions: Institutions) -> int:
    """Write all works of a plan, a row for each author with an affiliation, and return how many rows.

    Parameters
    ----------
    folder
        Folder of the source in the mirror.
    """
    folder.mkdir(parents=True, exist_ok=True)
    rows = 0
    writer: pq.ParquetWriter | None = None
    for number, block in enumerate(blocks(plan, plan.works, name="works")):
        table = _rows(block, plan, institutions).to_arrow(compat_level=pl.CompatLevel.oldest())
        if number % _BLOCKS_A_FILE == 0:
            if writer is not None:
                writer.close()
            path = folder / f"synthetic_works_{number // _BLOCKS_A_FILE:04}.parquet"
            writer = pq.ParquetWriter(path, table.schema, compression="zstd", compression_level=1)
        if writer is not None:
            writer.write_table(table)
        rows += table.num_rows
    if writer is not None:
        writer.close()
    return rows


def _rows(block: Block, plan: Plan, institutions: Institutions) -> pl.DataFrame:
    """Make the rows of a block: what every row of a record has, and its person's institution."""
    known = np.flatnonzero(block.institution >= 0)
    record, at = block.record[known], pl.Series(block.institution[known], dtype=pl.UInt32)
    topics = pl.Series([topic for topic, _ in topics_of(plan.fields)], dtype=pl.String)
    field = pl.Series(block.field[record], dtype=pl.UInt32)
    return pl.DataFrame(
        {
            "work": pl.Series(record + block.first + 1),
            "year": pl.Series(block.year[record]),
            "field": topics.gather(field),
            "citations": pl.Series(block.citations[record]),
            "author": pl.Series(block.person[known]),
            "organisation": institutions.names.gather(at),
            "institution": institutions.rors.gather(at),
            "city": institutions.cities.gather(at),
            "country": institutions.countries.gather(at),
        }
    ).with_columns(pl.format("SYNTHETIC{}", "work").alias("work"), pl.lit(VENUE).alias("venue"))
