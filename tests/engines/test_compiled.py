"""Compiled functions work where nothing can be kept, and keep what they can."""

import subprocess
import sys
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import numba
import pytest

from cosmopolis.engines import _compiled


def _twice(number: int) -> int:
    return 2 * number


def test_without_a_folder_to_keep_it_in_a_function_is_compiled_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[bool] = []

    def without_folder(*, cache: bool = False, nogil: bool) -> Callable[..., Any]:
        asked.append(cache)
        if cache:
            raise RuntimeError("cannot cache function '_twice': no locator available")
        made: Callable[..., Any] = numba.njit(nogil=nogil)
        return made

    monkeypatch.setattr(_compiled, "numba", SimpleNamespace(njit=without_folder))
    assert _compiled.compiled(_twice)(21) == 42
    assert asked == [True, False]


def test_importing_the_network_does_not_import_the_compiler() -> None:
    program = "import sys, cosmopolis.networks.cooccurrence; sys.exit('numba' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 0  # noqa: S603
