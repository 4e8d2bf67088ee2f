"""Compiles functions of arrays with Numba; keeps what was compiled where the machine allows it.

The machine code is kept beside the module or, where that folder cannot be written, in the user's cache; where
neither can be, each process compiles anew, which takes seconds and changes nothing else. Functions that call
each other stand in one module, since what is kept is renewed only if its own module changes.
"""

from collections.abc import Callable
from typing import TypeVar, cast

import numba

_Function = TypeVar("_Function", bound=Callable[..., object])


def compiled(function: _Function) -> _Function:
    """Return a function compiled at its first call, which runs without the interpreter's lock."""
    try:
        made = numba.njit(cache=True, nogil=True)(function)
    except RuntimeError:  # no folder to keep it in
        made = numba.njit(nogil=True)(function)
    return cast("_Function", made)
