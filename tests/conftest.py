"""What tests of the whole program share: a synthetic world, one result of it, and no cache but their own."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
import world
from hypothesis import settings
from world.killed import draw_nothing, write_no_page
from world.run import run

from cosmopolis.publish import report
from cosmopolis.publish.profile import page
from cosmopolis.sources.fetch import default_cache

settings.register_profile("untimed", parent=settings.default, deadline=None)
settings.load_profile("untimed")  # a busy machine fails no test

REAL_FILES = tuple(
    Path(folder)
    for folder in (os.environ.get("COSMOPOLIS_MIRROR"), os.environ.get("COSMOPOLIS_CACHE"), default_cache())
    if folder
)
"""Where the files of the real sources may lie on this machine."""


@pytest.fixture(scope="session", autouse=True)
def cache(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Give every test the same empty cache, and no mirror."""
    folder = tmp_path_factory.mktemp("cache")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("COSMOPOLIS_CACHE", str(folder))
        patch.delenv("COSMOPOLIS_MIRROR", raising=False)
        yield folder


@pytest.fixture(scope="session")
def real_files() -> tuple[Path, ...]:
    """Return the folders where files of the real sources may lie; only to be read."""
    return REAL_FILES


@pytest.fixture(scope="session")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> world.World:
    """Write the synthetic world, with all sources of the edition `open`."""
    return world.save(tmp_path_factory.mktemp("world"))


@pytest.fixture(scope="session")
def built(tiny: world.World, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Build the synthetic world once, report and all; to be read, never to be written."""
    out = tmp_path_factory.mktemp("built") / "tiny"
    answer = run("build", tiny.edition, "--mirror", tiny.mirror, "--offline", "--out", out)
    assert answer.status == 0, answer.err
    assert answer.out == f"{out}/report/report.en.html\n"
    assert answer.err.startswith("cosmopolis: built (")
    return out


@pytest.fixture
def no_drawing(monkeypatch: pytest.MonkeyPatch) -> None:
    """Leave the drawings out of the report, which take most of a build's time."""
    monkeypatch.setattr(report, "write", draw_nothing)
    monkeypatch.setattr(page, "write", write_no_page)
