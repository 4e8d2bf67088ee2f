"""Why ranks differ between two builds of the engine, for any units: data, sample and method (`change`)."""

from dataclasses import replace

import numpy as np
import polars as pl
from numpy.typing import NDArray

from cosmopolis.errors import SpecError
from cosmopolis.index import change, engine
from cosmopolis.index.change import Change, Side
from cosmopolis.index.data import Data, Unit
from cosmopolis.index.engine import Built
from cosmopolis.index.spec import ALLOWANCES, Spec


def builds(a: Built, b: Built) -> Change:
    """Split what changed between two builds of the engine into data, sample and method.

    Data are the values, denominators and groups; the sample is who has a row in them, before any screening;
    the method is the specification, tree and steps. What one build has no column or row for is taken from
    the other (`change.complete`), so that a new unit counts as sample and a new indicator as method. A
    mixture may leave an indicator without data, or with one value: it is built as if the specification
    allowed that.

    Parameters
    ----------
    a, b
        The earlier and the later.

    Returns
    -------
    change

    Raises
    ------
    SpecError
        If they are of different indexes, units are texts in one and numbers in the other, or a mixture cannot
        be built.

    Examples
    --------
    >>> from cosmopolis.index.spec import from_toml
    >>> words = '''
    ... id = "v"
    ... [[indicator]]
    ... id = "air"
    ... parent = "v"
    ... [[indicator]]
    ... id = "sea"
    ... parent = "v"
    ... '''
    >>> frame = pl.DataFrame({"unit": ["A", "B", "C"], "air": [1, 2, 4], "sea": [9, 5, 1]})
    >>> first = engine.build(from_toml(words), frame)
    >>> later = first.rebuild(spec=first.spec.reweighted({"sea": 3.0}))
    >>> builds(first, later).units.select("unit", "rank_from", "rank_to", "rank_by_method").rows()
    [('A', 1, 1, 0.0), ('B', 3, 2, -1.0), ('C', 1, 3, 2.0)]
    """
    if a.spec.tree.id != b.spec.tree.id:
        raise SpecError(
            f"got builds of the indexes {a.spec.tree.id!r} and {b.spec.tree.id!r}; give two of the same index"
        )
    if isinstance(a.data.units[0], int) != isinstance(b.data.units[0], int):
        raise SpecError("units are texts in one build and numbers in the other; give both the same codes")
    units = tuple(_series(tuple({*a.data.units, *b.data.units})).sort().to_list())
    own, other = _completed(a.data, b.data, units), _completed(b.data, a.data, units)
    if _equal(own, other):
        other = own
    method = a.spec if a.spec == b.spec else b.spec
    return change.decompose(
        _build,
        Side(data=own, sample=_series(a.data.units), method=a.spec),
        Side(data=other, sample=_series(b.data.units), method=method),
    )


def _build(data: Data, sample: pl.Series, spec: Spec) -> pl.DataFrame:
    """Build an index on some units of completed data and return the root's scores."""
    rows = {unit: at for at, unit in enumerate(data.units)}
    chosen = sample.to_list()
    at = [rows[unit] for unit in chosen]
    part = replace(
        data,
        units=tuple(chosen),
        values=data.values[at],
        extras={name: column[at] for name, column in data.extras.items()},
        groups={name: tuple(column[row] for row in at) for name, column in data.groups.items()},
    )
    built = engine.build(replace(spec, allow=ALLOWANCES), part)
    return pl.DataFrame({"unit": _series(built.units), "score": built.node_scores[:, -1]})


def _completed(own: Data, other: Data, units: tuple[Unit, ...]) -> Data:
    """Return data of all units and columns: the own where there are such, else the other's."""
    codes = (*own.codes, *sorted(set(other.codes) - set(own.codes)))
    sides = [(side, _rows(side, units)) for side in (other, own)]  # the own laid over the other's
    values = np.full((len(units), len(codes)), np.nan)
    extras = {name: np.full(len(units), np.nan) for name in sorted({*own.extras, *other.extras})}
    groups: dict[str, list[str | None]] = {
        name: [None] * len(units) for name in sorted({*own.groups, *other.groups})
    }
    for side, rows in sides:
        has = np.flatnonzero(rows >= 0)
        for at, code in enumerate(side.codes):
            values[has, codes.index(code)] = side.values[rows[has], at]
        for name, column in side.extras.items():
            extras[name][has] = column[rows[has]]
        for name, names in side.groups.items():
            for row in has.tolist():
                groups[name][row] = names[rows[row]]
    return Data(
        units=units,
        codes=codes,
        values=values,
        extras=extras,
        groups={name: tuple(names) for name, names in groups.items()},
    )


def _rows(data: Data, units: tuple[Unit, ...]) -> NDArray[np.int64]:
    """Return the row that each unit has in data, or -1."""
    place = {unit: at for at, unit in enumerate(data.units)}
    return np.array([place.get(unit, -1) for unit in units], dtype=np.int64)


def _equal(a: Data, b: Data) -> bool:
    """Say whether two completed data, of the same units, hold the same."""
    if set(a.codes) != set(b.codes) or a.groups != b.groups or set(a.extras) != set(b.extras):
        return False
    order = [b.codes.index(code) for code in a.codes]
    return np.array_equal(a.values, b.values[:, order], equal_nan=True) and all(
        np.array_equal(column, b.extras[name], equal_nan=True) for name, column in a.extras.items()
    )


def _series(units: tuple[Unit, ...]) -> pl.Series:
    whole = bool(units) and isinstance(units[0], int)
    return pl.Series("unit", units, dtype=pl.Int64 if whole else pl.String)
