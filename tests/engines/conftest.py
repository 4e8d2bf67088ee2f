"""Every engine that can run here, to prove each behaviour on each."""

from typing import TYPE_CHECKING

import pytest

from cosmopolis.engines import duckdb, open_engine
from cosmopolis.errors import EngineError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from cosmopolis.engines import Engine

SMALL = {
    "spark.sql.shuffle.partitions": "3",  # more than one, so that parts must be put together
    "spark.sql.adaptive.enabled": "false",  # small parts stay apart
    "spark.sql.execution.arrow.maxRecordsPerBatch": "1000",
}
"""Settings that make Spark cut small data into parts and batches."""


@pytest.fixture(scope="session")
def spark() -> "Iterator[Engine]":
    """Start Spark once for all tests; it takes seconds."""
    try:
        engine = open_engine("spark", threads=2, memory_mb=1024, settings=SMALL)
    except EngineError as error:
        pytest.skip(f"Spark cannot run here: {error}")
    with engine:
        yield engine


@pytest.fixture(params=["duckdb", "spark"])
def engine(request: pytest.FixtureRequest) -> "Iterator[Engine]":
    """Give each engine in turn."""
    if request.param == "spark":
        yield request.getfixturevalue("spark")
        return
    with duckdb.Engine(threads=2, memory_mb=256) as own:
        yield own
