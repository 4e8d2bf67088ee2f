"""Rows of big tables put away on disk by patent, to be brought together a tenth at a time.

A patent's classes and citations stand in tables far longer than that of the patents, and not beside each
other. Each row goes into the bucket of its patent, by the last digit of its number; buckets are then read one
after the other, so that memory follows the number of patents and not of rows.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Final

import polars as pl

DIGITS: Final = "0123456789"
BUCKETS: Final = len(DIGITS) + 1
"""One for each last digit, and one for numbers that end in something else."""


def bucket_of(column: str) -> pl.Expr:
    """Tell the bucket of a patent by its number."""
    last = pl.col(column).str.tail(1)
    digit = last.str.extract(f"^[{DIGITS}]$", 0).cast(pl.Int64, strict=False)
    return digit.fill_null(len(DIGITS)).alias("bucket")


class Buckets:
    """Rows of one kind in a folder of their own.

    Parameters
    ----------
    folder
        Where the folder is made; it goes when the caller removes it.
    name
        Name of the folder.
    schema
        Columns of the rows, `patent` (text) among them.
    """

    def __init__(self, folder: Path, name: str, schema: Mapping[str, type[pl.DataType]]) -> None:
        self._home = folder / name
        self._home.mkdir()
        self._schema = dict(schema)
        self._blocks = 0

    def add(self, frame: pl.DataFrame) -> None:
        """Put a block of rows away."""
        rows = frame.select(*self._schema).with_columns(bucket_of("patent"))
        for (bucket,), part in rows.partition_by("bucket", as_dict=True, include_key=False).items():
            part.write_parquet(self._home / f"{bucket}-{self._blocks}.parquet", compression="lz4")
        self._blocks += 1

    def bucket(self, bucket: int) -> pl.LazyFrame:
        """Return the rows of a bucket, in the order in which they came."""
        paths = [self._home / f"{bucket}-{block}.parquet" for block in range(self._blocks)]
        paths = [path for path in paths if path.is_file()]
        return pl.scan_parquet(paths) if paths else pl.LazyFrame(schema=self._schema)

    def counts(self, bucket: int, name: str) -> pl.DataFrame:
        """Count the rows of each patent of a bucket."""
        counted = self.bucket(bucket).group_by("patent").agg(pl.len().cast(pl.Int64).alias(name))
        return counted.sort("patent").collect()
