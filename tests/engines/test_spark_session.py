"""What Spark lacks here is said with what to do, before anything is started."""

from importlib import metadata
from pathlib import Path

import pytest

from cosmopolis.engines import _spark_session, open_engine
from cosmopolis.errors import EngineError, UnknownNameError


def _java(folder: Path, script: str) -> Path:
    """Write a program that passes for Java, and return its home."""
    program = folder / "bin" / "java"
    program.parent.mkdir()
    program.write_text(f"#!/bin/sh\n{script}\n", encoding="utf-8")
    program.chmod(0o755)
    return folder


@pytest.mark.parametrize(
    ("script", "said"),
    [
        (
            """echo 'openjdk version "11.0.2" 2019-01-15' >&2""",
            r"got Java 11 at .*needs 17 or newer; install",
        ),
        ("""echo 'java version "1.8.0_402"' >&2""", "got Java 8 at"),
        ("echo hello", "got Java of an unknown version at"),
        ("exit 3", r"does not run \(.*exit status 3"),
    ],
)
def test_a_java_that_is_none_or_too_old(
    script: str, said: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("JAVA_HOME", str(_java(tmp_path, script)))
    with pytest.raises(EngineError, match=said):
        _spark_session.check_java()


def test_a_machine_without_java(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("JAVA_HOME", raising=False)
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(EngineError, match="no `java` on the path; install Java 17"):
        _spark_session.check_java()


@pytest.mark.parametrize(
    ("found", "said"),
    [
        ({}, r"needs pyspark, which is not installed; run `pip install 'cosmopolis\[spark\]'`"),
        ({"pyspark": "3.5.6", "pandas": "2.2.0"}, r"got pyspark 3\.5\.6, .*needs 4\.0 or newer"),
        ({"pyspark": "4.0.0"}, "needs pandas, which is not installed"),
    ],
)
def test_a_pyspark_that_is_missing_or_too_old(
    found: dict[str, str], said: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def version(name: str) -> str:
        if name not in found:
            raise metadata.PackageNotFoundError(name)
        return found[name]

    monkeypatch.setattr(metadata, "version", version)
    with pytest.raises(EngineError, match=said):
        open_engine("spark")


@pytest.mark.parametrize("limits", [{"threads": 0}, {"memory_mb": 511}])
def test_limits_that_spark_cannot_keep_are_refused(limits: dict[str, int]) -> None:
    with pytest.raises(ValueError, match="Spark needs 1 thread and 512 MB or more"):
        open_engine("spark", **limits)


def test_an_engine_that_there_is_not_is_answered_with_those_there_are() -> None:
    with pytest.raises(UnknownNameError, match="did you mean 'duckdb'"):
        open_engine("duckbd")
