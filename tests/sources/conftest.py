"""Fixtures for the tests of sources: a package index on this machine, and no other configured."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from index_server import IndexServer, make_sdist, make_wheel, serve

from cosmopolis.sources import download, pip_settings

PORTS = b"port,country\nXXAAA,XX\nXXBBB,XX\n"
LANES = bytes(range(256)) * 64
QUAYS = b"quay,port\n1,XXAAA\n"


@pytest.fixture
def clean_environ(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> pytest.MonkeyPatch:
    """Take every setting of pip, uv, proxies and certificates out of the environment."""
    for name in list(os.environ):
        if name.startswith(("PIP_", "UV_")) or name.upper().endswith(
            ("_PROXY", "CA_BUNDLE", "CERT_FILE", "CERT_DIR")
        ):
            monkeypatch.delenv(name)
    monkeypatch.setenv("PIP_CONFIG_FILE", os.devnull)
    monkeypatch.setenv("NETRC", str(tmp_path / "no-netrc"))
    monkeypatch.setattr(download, "BACKOFF_S", 0.0)
    return monkeypatch


@pytest.fixture
def index(clean_environ: pytest.MonkeyPatch) -> Iterator[IndexServer]:
    """Serve the project `harbours` as wheel and as source distribution, and point pip at it."""
    served = IndexServer()
    members = {"harbours/__init__.py": b"raise SystemExit", "harbours/data/ports.csv": PORTS}
    members |= {"harbours/data/lanes.bin": LANES, "harbours/data/quays.csv": QUAYS}
    served.projects["harbours"] = {
        "harbours-1.2.tar.gz": make_sdist({f"harbours-1.2/{name}": text for name, text in members.items()}),
        "harbours-1.2-py3-none-any.whl": make_wheel(members),
        "harbours-1.0-py3-none-any.whl": make_wheel({"harbours/data/ports.csv": b"old"}),
        "harbours.egg": b"not a distribution",
    }
    server = serve(served)
    clean_environ.setenv("PIP_INDEX_URL", served.index)
    clean_environ.setattr(pip_settings, "_pip_command", lambda: None)  # the variables say all; saves a second
    yield served
    server.shutdown()
    server.server_close()
