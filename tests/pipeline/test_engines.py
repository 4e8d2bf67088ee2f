"""A build gives the same bytes whichever engine its big steps run in."""

import json
from pathlib import Path
from typing import Any

import pytest
import world
from world.run import run

from cosmopolis.engines import check_engine
from cosmopolis.errors import EngineError


def _manifest(out: Path) -> dict[str, Any]:
    read: dict[str, Any] = json.loads((out / "manifest.json").read_text(encoding="utf-8"))
    return read


@pytest.mark.usefixtures("no_drawing")
def test_tables_of_both_engines_have_the_same_bytes(built: Path, tiny: world.World, tmp_path: Path) -> None:
    try:
        check_engine("spark")
    except EngineError as error:
        pytest.skip(f"Spark cannot run here: {error}")
    build = ("build", tiny.edition, "--mirror", tiny.mirror, "--offline", "--out", tmp_path / "tiny")
    answer = run(*build, "--engine", "spark")
    assert answer.status == 0, answer.err
    made, expected = _manifest(tmp_path / "tiny"), _manifest(built)
    assert (made["engine"], expected["engine"]) == ("spark", "duckdb")
    assert made["tables"] == expected["tables"]
    assert made["hash"] == expected["hash"]
    assert made["ledger"] == expected["ledger"]
    again = run(*build)
    assert again.err.startswith("cosmopolis: unchanged (")
    assert _manifest(tmp_path / "tiny")["engine"] == "spark"


def test_an_engine_that_cannot_run_is_told_before_any_work(
    tiny: world.World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("JAVA_HOME", str(tmp_path))
    build = ("build", tiny.edition, "--mirror", tiny.mirror, "--offline", "--out", tmp_path / "out")
    said = run(*build, "--engine", "spark").error
    assert "the engine 'spark' needs" in said
    assert "use the engine 'duckdb'" in said
    assert not (tmp_path / "out").exists()
