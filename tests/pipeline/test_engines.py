"""A build with an engine that cannot run here says so; that engines give the same is in `test_innovation`."""

from pathlib import Path

import world
from world.run import environ, spawn


def test_an_engine_that_cannot_run_is_told_before_any_work(tiny: world.World, tmp_path: Path) -> None:
    """In a process of its own: where a Spark runs already, it needs no Java to start."""
    build = ("build", tiny.edition, "--mirror", tiny.mirror, "--offline", "--out", tmp_path / "out")
    said = spawn(*build, "--engine", "spark", env=environ(JAVA_HOME=str(tmp_path))).error
    assert "the engine 'spark' needs" in said
    assert "use the engine 'duckdb'" in said
    assert not (tmp_path / "out").exists()
