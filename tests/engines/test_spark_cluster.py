"""Spark with two worker processes gives the integers that DuckDB gives, also when one of them is killed."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from polars.testing import assert_frame_equal

from cosmopolis.engines import _spark_session, duckdb
from cosmopolis.errors import EngineError

SCRIPT = Path(__file__).with_name("cluster.py")


def _spark_home(folder: Path) -> Path:
    """Lay out a Spark whose workers do not write into the installed one."""
    import pyspark  # noqa: PLC0415 - may be missing

    home = folder / "spark"
    home.mkdir()
    for part in Path(pyspark.__path__[0]).iterdir():
        (home / part.name).symlink_to(part)
    return home


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, Any]]:
    """Run both projections in a process of their own."""
    if not Path("/proc/self/stat").exists():
        pytest.skip("the workers' processes are found by /proc, which this system does not have")
    try:
        _spark_session.check_pyspark()
        _spark_session.check_java()
    except EngineError as error:
        pytest.skip(f"Spark cannot run here: {error}")
    folder = tmp_path_factory.mktemp("cluster")
    rows = _rows()
    for k in range(4):
        rows.gather_every(4, k).write_parquet(folder / f"rows-{k}.parquet")
    done = subprocess.run(  # noqa: S603 - our own script
        [sys.executable, str(SCRIPT), str(folder)],
        env=os.environ | {"SPARK_HOME": str(_spark_home(folder))},
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    return folder, json.loads(done.stdout)


def _rows() -> pl.DataFrame:
    """Return 600 papers in up to 12 cities, with gaps."""
    papers = [(k, 2000 + k % 5, f"field {k % 3}", k * k % 13) for k in range(600)]
    rows = [
        (k, year, field, (start + step * 5) % 40)
        for k, year, field, start in papers
        for step in range(k % 12)
    ]
    frame = pl.DataFrame(rows, schema=["item", "year", "field", "city_id"], orient="row")
    return frame.with_columns(city_id=pl.when(pl.col("item") % 50 != 7).then("city_id"))


@pytest.mark.parametrize("name", ["calm", "killed"])
def test_two_workers_give_what_one_machine_gives(name: str, told: tuple[Path, dict[str, Any]]) -> None:
    folder, said = told
    with duckdb.Engine(threads=1) as engine:
        engine.register("papers", _rows())
        expected = engine.project("SELECT * FROM papers")
    assert expected.pairs.height > 1000
    assert_frame_equal(pl.read_parquet(folder / name / "pairs.parquet"), expected.pairs)
    assert_frame_equal(pl.read_parquet(folder / name / "totals.parquet"), expected.totals)
    account = [expected.records, expected.singles, expected.capped, expected.null_rows]
    assert said[name]["account"] == account
    assert all(count > 0 for count in (account[0], account[1], account[3]))


def test_both_workers_were_at_work_and_one_was_killed(told: tuple[Path, dict[str, Any]]) -> None:
    _, said = told
    calm, killed = said["calm"]["kernels"], said["killed"]["kernels"]
    assert sorted(kernel["part"] for kernel in calm) == [0, 1, 2, 3]
    assert len({kernel["executor"] for kernel in calm}) == 2
    first, *again = [kernel["executor"] for kernel in killed if kernel["part"] == 0]
    assert first == said["victim"]
    assert again  # the part was begun anew, by another process
    assert said["victim"] not in again
    assert not Path(f"/proc/{said['victim']}").exists()
    (reason,) = said["removed"]
    assert "137" in reason  # 128 + 9: ended by SIGKILL
