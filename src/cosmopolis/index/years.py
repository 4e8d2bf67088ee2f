"""Build an index for every year of a panel, on one scale, so that scores of years can be compared.

Filling, screening, treating and weights from data are done within each year; what is common is the scale (see
`panel` for the choice between frozen and pooled goalposts). A unit is ranked in the years that it has a row
in.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Literal

import numpy as np
import polars as pl

from cosmopolis.errors import FormatError, SpecError, UnknownNameError, hint_near
from cosmopolis.index import data as data_of
from cosmopolis.index import engine, impute, panel
from cosmopolis.index.data import Data, Floats, Unit
from cosmopolis.index.engine import Built
from cosmopolis.index.spec import ALLOWANCES, Spec

_HALF = 0.5  # around a value that is the same in all years, so that it gets the middle of the range


@dataclass(frozen=True, kw_only=True)
class Years:
    """An index built for the years of a panel.

    Attributes
    ----------
    builds
        By year, ascending.
    goalposts
        Least and greatest of each indicator as it enters normalising; empty if each year has its own scale.
    filled
        Number of values that were filled from the unit's other years.
    """

    builds: Mapping[int, Built]
    goalposts: Mapping[str, tuple[float, float]]
    filled: int

    @cached_property
    def scores(self) -> pl.DataFrame:
        """Long: `year`, `node`, `unit`, `score`, `rank`, `weight_share`, sorted by the first three."""
        parts = [
            built.scores.select(pl.lit(year, dtype=pl.Int64).alias("year"), pl.all())
            for year, built in self.builds.items()
        ]
        return pl.concat(parts).sort("year", "node", "unit")

    def trends(self, *, level: float = 0.95) -> pl.DataFrame:
        """Tell how each unit's score at each node (`code`) went, see `panel.trends`."""
        rows = self.scores.select("unit", "year", code="node", value="score")
        return panel.trends(rows, level=level)


def build(
    spec: Spec,
    frame: pl.DataFrame,
    *,
    goalposts: Literal["pooled"] | int | Mapping[str, tuple[float, float]] | None = "pooled",
    clip: bool = False,
    fill: Literal["linear", "last"] | None = None,
    ends: bool = False,
) -> Years:
    """Build an index for every year of a frame.

    Parameters
    ----------
    spec
        With `place.year`, the column of years. To be comparable its normalising must be `min-max`, whose
        least and greatest values the goalposts replace, or `goalposts` of its own.
    frame
        A row for each unit and year.
    goalposts
        `pooled`, over all years; a year, frozen there; (least, greatest) by code, such as `Built.bounds()`
        of an earlier edition; null for each year's own scale, whose scores cannot be compared between
        years.
    clip
        Whether scores beyond frozen goalposts are held at the ends of the range.
    fill, ends
        How gaps of indicators and denominators are filled along time first, see `panel.fill`; not at all by
        default.

    Returns
    -------
    years

    Raises
    ------
    SpecError
        If there is no column of years, the scale of some indicator cannot be shared between years, or a year
        cannot be built.
    UnknownNameError
        If the frozen year is not there, or goalposts are given for no indicator.

    Examples
    --------
    >>> from cosmopolis.index.spec import from_toml
    >>> spec = from_toml('''
    ... id = "v"
    ... data = { year = "year" }
    ... [[indicator]]
    ... id = "air"
    ... parent = "v"
    ... ''')
    >>> frame = pl.DataFrame({"unit": ["A", "B"] * 2, "year": [2020, 2020, 2021, 2021], "air": [1, 3, 1, 5]})
    >>> build(spec, frame).scores["score"].to_list()
    [0.0, 50.0, 0.0, 100.0]
    >>> build(spec, frame, goalposts=2020).scores["score"].to_list()
    [0.0, 100.0, 0.0, 200.0]
    """
    lenient = replace(spec, allow=ALLOWANCES)  # of one year; what no year has is asked below
    tables = _tables(lenient, frame)
    _some_data(spec, tables)
    filled = 0
    if fill is not None:
        tables, filled = _filled(tables, how=fill, ends=ends)
    own = next((s for s in spec.steps if s.name == "normalise"), None)
    if goalposts is None or (own is not None and own.method == "goalposts"):
        builds = {year: engine.build(lenient, table) for year, table in tables.items()}
        return Years(builds=builds, goalposts={}, filled=filled)
    _shareable(spec)
    builds = {year: engine.build(lenient, table) for year, table in tables.items()}
    for year, built in builds.items():
        _no_logarithms(built, year)
    posts = _posts(spec, builds, goalposts)
    label = next(s.label for s in next(iter(builds.values())).stages if s.step.name == "normalise")
    settings = {} if own is None or "range" not in own.settings else {"range": own.settings["range"]}
    scaled = {
        year: built.rebuild(
            step=label,
            method="goalposts",
            bounds={code: _apart(posts[code]) for code in built.codes},
            clip=clip,
            **settings,
        )
        for year, built in builds.items()
    }
    return Years(builds=scaled, goalposts=posts, filled=filled)


def _tables(spec: Spec, frame: pl.DataFrame) -> dict[int, Data]:
    """Read every year of a frame."""
    column = spec.place.year
    if column is None:
        raise SpecError(f"index {spec.tree.id!r} names no column of years; add [data] with year = '<column>'")
    if column not in frame.columns:
        raise UnknownNameError(
            f"data of {spec.tree.id!r}: no column {column!r}" + hint_near(column, frame.columns)
        )
    years = data_of.numbers(frame[column], tuple(range(frame.height)), where=f"data of {spec.tree.id!r}")
    if np.isnan(years).any() or (years != np.rint(years)).any():
        raise FormatError(f"the column {column!r} has rows without a whole year; say the year of each row")
    if not len(years):
        raise SpecError(f"data of {spec.tree.id!r}: there are no rows")
    return {int(year): data_of.from_frame(frame, spec, year=int(year)) for year in np.unique(years)}


def _some_data(spec: Spec, tables: Mapping[int, Data]) -> None:
    """Refuse an indicator that has no data in any year, unless the specification allows it."""
    if "all-missing" in spec.allow:
        return
    for at, code in enumerate(spec.codes):
        if all(np.isnan(table.values[:, at]).all() for table in tables.values()):
            raise SpecError(
                f"indicator {code!r} has no data in any year; leave it out, or say allow = ['all-missing']"
            )


def _filled(
    tables: Mapping[int, Data], *, how: Literal["linear", "last"], ends: bool
) -> tuple[dict[int, Data], int]:
    """Fill gaps of each unit from its own other years, in the years that it has a row in."""
    years = list(tables)
    units = sorted({unit for table in tables.values() for unit in table.units}, key=_order)
    rows = {unit: at for at, unit in enumerate(units)}
    places = {year: np.array([rows[unit] for unit in table.units]) for year, table in tables.items()}

    def along(columns: Mapping[int, Floats]) -> dict[int, Floats]:
        series = np.full((len(units), len(years)), np.nan)
        for at, year in enumerate(years):
            series[places[year], at] = columns[year]
        made = impute.along(series, years, how=how, ends=ends)
        return {year: made[places[year], at] for at, year in enumerate(years)}

    new = {year: table.values.copy() for year, table in tables.items()}
    extras: dict[int, dict[str, Floats]] = {year: {} for year in years}
    first = tables[years[0]]
    for at in range(len(first.codes)):
        for year, column in along({year: table.values[:, at] for year, table in tables.items()}).items():
            new[year][:, at] = column
    for name in first.extras:
        for year, column in along({year: table.extras[name] for year, table in tables.items()}).items():
            extras[year][name] = column
    made = {year: replace(table, values=new[year], extras=extras[year]) for year, table in tables.items()}
    before, after = (
        sum(
            int(np.isnan(table.values).sum()) + sum(int(np.isnan(x).sum()) for x in table.extras.values())
            for table in of.values()
        )
        for of in (tables, made)
    )
    return made, before - after


def _order(unit: Unit) -> tuple[int, str]:
    return (unit, "") if isinstance(unit, int) else (0, unit)


def _shareable(spec: Spec) -> None:
    """Refuse ways of normalising that are made anew from each year's values."""
    own = next((s for s in spec.steps if s.name == "normalise"), None)
    if own is None or own.method != "min-max":
        name = "no step 'normalise'" if own is None else f"normalising by {own.method!r}"
        raise SpecError(
            f"index {spec.tree.id!r} has {name}, which goalposts cannot replace; use 'min-max', or "
            "goalposts=None for each year's own scale"
        )
    for indicator in spec.tree.indicators:
        if indicator.normalisation is not None and indicator.normalisation.name != "goalposts":
            raise SpecError(
                f"indicator {indicator.id!r} is normalised by {indicator.normalisation.name!r}, made anew "
                "each year; give it goalposts, or goalposts=None for each year's own scale"
            )


def _no_logarithms(built: Built, year: int) -> None:
    """Refuse a treatment whose logarithm is taken from each year's own least value."""
    for stage in built.stages:
        if stage.state.logged:
            code = min(stage.state.logged)
            raise SpecError(
                f"in {year} the treatment took the logarithm of {code!r}, measured from that year's least "
                "value, so years share no scale; give it transform = 'log1p' or treatment = 'winsorise-only'"
            )


def _posts(
    spec: Spec, builds: Mapping[int, Built], goalposts: str | int | Mapping[str, tuple[float, float]]
) -> dict[str, tuple[float, float]]:
    """Return the goalposts of every indicator."""
    rows = pl.concat(
        [
            built.indicators.select(
                "unit", pl.lit(year, dtype=pl.Int64).alias("year"), code="indicator", value="treated"
            )
            for year, built in builds.items()
        ]
    )
    over_all = panel.goalposts(rows)
    if isinstance(goalposts, str):
        if goalposts != "pooled":
            raise UnknownNameError(f"there are no goalposts {goalposts!r}" + hint_near(goalposts, ["pooled"]))
        chosen: Mapping[str, tuple[float, float]] = over_all
    elif isinstance(goalposts, Mapping):
        for code in goalposts:
            if code not in spec.codes:
                raise UnknownNameError(f"goalposts of no indicator {code!r}" + hint_near(code, spec.codes))
        chosen = goalposts
    else:
        chosen = panel.goalposts(rows, year=goalposts)
    posts = {}
    for code in spec.codes:
        if code not in over_all:
            posts[code] = (0.0, 0.0)  # no data in any year, nothing to scale
            continue
        if code not in chosen:
            raise SpecError(f"there are no goalposts of {code!r}; give them, or goalposts='pooled'")
        posts[code] = chosen[code]
        least, most = posts[code]
        if least == most and over_all[code] != posts[code]:
            raise SpecError(
                f"goalposts of {code!r} are both {least:g}, and other years have other values; "
                "freeze another year, or goalposts='pooled'"
            )
    return posts


def _apart(posts: tuple[float, float]) -> tuple[float, float]:
    """Return goalposts that lie apart; a value that is the same everywhere is then in their middle."""
    least, most = posts
    return (least - _HALF, most + _HALF) if least == most else posts
