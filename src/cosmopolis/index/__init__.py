r"""Scores and ranks from a tree of indicators, for any units: cities, countries, firms.

>>> from cosmopolis import index
>>> spec = index.from_toml("id = 'v'\n[[indicator]]\nid = 'air'\nparent = 'v'")
>>> index.build(spec, {"unit": ["A", "B"], "air": [1, 3]}).results["unit"].to_list()
['B', 'A']

What is built is said in a specification (`spec`): a tree (`tree`), the steps (`catalogue`) and the data
(`data`). The steps are `denominate`, `screen`, `impute`, `treat`, `normalise` (formulas in `scales`), `weigh`
and `aggregate` (formulas in `means`), each usable by itself on vectors, matrices and frames; `engine` does
them in order and logs them. `rollup` is the short way that the editions of cities use. When to use which
method, and its trap, stands in `docs/methods/index.md`.
"""

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from cosmopolis.index.catalogue import Step, step
    from cosmopolis.index.data import Data
    from cosmopolis.index.engine import Built, build
    from cosmopolis.index.spec import Spec, from_mapping, from_toml, load

_HOMES = {
    "Built": "engine",
    "Data": "data",
    "Spec": "spec",
    "Step": "catalogue",
    "build": "engine",
    "from_mapping": "spec",
    "from_toml": "spec",
    "load": "spec",
    "step": "catalogue",
}
"""Public names and their modules, imported when first asked for, so that a roll-up is quick."""

__all__ = ["Built", "Data", "Spec", "Step", "build", "from_mapping", "from_toml", "load", "step"]


def __getattr__(name: str) -> Any:  # noqa: ANN401 - of any kind
    if name in _HOMES:
        return getattr(importlib.import_module(f"{__name__}.{_HOMES[name]}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
