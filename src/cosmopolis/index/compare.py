"""Two published results of one index side by side: what moved, why, and what they differ in.

A result's table of indicators holds every input of the index (`value` of each city and indicator), and its
settings hold the tree, so an index can be built again from them, with the data of one result and the sample
or method of the other (`change`). What acts before the values (sources, merging of cities, counting of
links) cannot: its effect is in the values, and counts as data. No files are read or written here.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace

import polars as pl

from cosmopolis.errors import ResultError, hint_near
from cosmopolis.index import change
from cosmopolis.index.ranks import ranks
from cosmopolis.index.rollup import roll_up
from cosmopolis.index.tree import Indicator, Tree

CHANGES = pl.Schema(
    {
        "index": pl.String,
        "city_id": pl.Int64,
        "from_year": pl.Int64,
        "to_year": pl.Int64,
        "rank_change": pl.Int64,
        "by_data": pl.Float64,
        "by_sample": pl.Float64,
        "by_method": pl.Float64,
    }
)
"""Columns of the table of changes: places, later less earlier (−3 is a climb of three), and their parts."""

SCORE_CHANGES = pl.Schema(
    {
        name.replace("rank_", "score_"): pl.Float64() if "rank" in name else kind
        for name, kind in CHANGES.items()
    }
)
"""Columns of the table of changes of the score: as `CHANGES`, in points of the index."""

_HEAD = dict(list(CHANGES.items())[:4])

APART = pl.Schema(
    _HEAD
    | {"kind": pl.String(), "rank_from": pl.Int64(), "rank_to": pl.Int64()}
    | {f"by_{part}": pl.Float64() for part in change.PARTS}
)
"""Columns of the table of cities that are not in both rankings; `kind` as in `change.KINDS`, and the parts of
a rank gained (1) or lost (-1)."""

TOP_MOVES = pl.Schema(_HEAD | {"kind": pl.String(), "rank_from": pl.Int64(), "rank_to": pl.Int64()})
"""Columns of the table of cities that entered the top N or left it."""

TOP_REGIONS = pl.Schema(
    {
        "index": pl.String,
        "from_year": pl.Int64,
        "to_year": pl.Int64,
        "region": pl.String,
        "count_from": pl.Int64,
        "count_to": pl.Int64,
        "change": pl.Int64,
    }
)
"""Columns of the table of cities in the top N by region."""

_DEFINITION = ("network", "measure", "field", "table", "sector", "downscaled")
_SAME_SCORE = 1e-9  # points of the index: a rebuilt score so near a published one is it


@dataclass(frozen=True, kw_only=True)
class Published:
    """A result as it was published.

    Attributes
    ----------
    name
        What messages call it.
    year
        Of the scores.
    tree
        The index with its weights and settings.
    indicators
        `index`, `indicator`, `city_id`, `value`: a row for every indicator and city of the sample.
    scores
        `index`, `node`, `city_id`, `score`.
    cities
        `city_id`, `name`, `region`.
    """

    name: str
    year: int
    tree: Tree
    indicators: pl.DataFrame
    scores: pl.DataFrame
    cities: pl.DataFrame

    @property
    def sample(self) -> pl.Series:
        """Cities of the sample, ascending."""
        return self._own(self.indicators)["city_id"].unique().sort().alias("unit")

    @property
    def values(self) -> pl.DataFrame:
        """All values as `unit`, `code`, `value`."""
        return self._own(self.indicators).select(unit="city_id", code="indicator", value="value")

    @property
    def root(self) -> pl.DataFrame:
        """Scores and ranks of the index itself: `unit`, `score`, `rank`."""
        root = self._own(self.scores).filter(pl.col("node") == self.tree.id)
        chosen = root.select(unit="city_id", score="score").sort("unit")
        return chosen.with_columns(ranks(chosen["score"]))

    def _own(self, table: pl.DataFrame) -> pl.DataFrame:
        return table.filter(pl.col("index") == self.tree.id)


@dataclass(frozen=True, kw_only=True)
class Comparison:
    """What became of an index between two results.

    Attributes
    ----------
    a, b
        The earlier and the later.
    change
        Each city's change and its parts.
    rebuilt
        For each of the two, how many cities' scores or ranks the building again did not reproduce: 0 if the
        formulas are the same. What it did not is counted as method.
    values
        Numbers of values, among the cities and indicators that both have: `same`, `revised`, `new` (no data
        before), `gone`.
    """

    a: Published
    b: Published
    change: change.Change
    rebuilt: tuple[int, int]
    values: Mapping[str, int]

    def tables(self, *, most: int = 100) -> dict[str, pl.DataFrame]:
        """Return the tables of a comparison, by the schemas above; `most` is the N of the top."""
        index = pl.lit(self.b.tree.id).alias("index")
        years = (
            pl.lit(self.a.year, dtype=pl.Int64).alias("from_year"),
            pl.lit(self.b.year, dtype=pl.Int64).alias("to_year"),
        )
        city = pl.col("unit").alias("city_id")
        made = {}
        for table, of, schema in (("changes", "rank", CHANGES), ("score_changes", "score", SCORE_CHANGES)):
            parts = [pl.col(f"{of}_by_{part}").alias(f"by_{part}") for part in change.PARTS]
            units = self.change.units.select(index, city, *years, f"{of}_change", *parts)
            made[table] = units.match_to_schema(schema)
        lists = {
            "entrants_leavers": (self.change.apart.sort("unit"), APART),
            "top_moves": (top(self.a.root, self.b.root, most=most), TOP_MOVES),
        }
        for table, (frame, schema) in lists.items():
            made[table] = frame.select(index, city, *years, *frame.columns[1:]).match_to_schema(schema)
        regions = counts(self.a.root, self.b.root, self.regions(), most=most).rename({"group": "region"})
        made["top_regions"] = regions.select(index, *years, *regions.columns).match_to_schema(TOP_REGIONS)
        return made

    def regions(self) -> pl.DataFrame:
        """Return `unit`, `group`: the region of each city, as the later result has it where it can."""
        gone = self.a.cities.filter(~pl.col("city_id").is_in(self.b.cities["city_id"].implode()))
        columns = {"unit": pl.col("city_id"), "group": pl.col("region").cast(pl.String)}
        return pl.concat([cities.select(**columns) for cities in (self.b.cities, gone)])


def compare(a: Published, b: Published) -> Comparison:
    """Compare two results of one index.

    The index is built again from the published values with each mixture of data, sample and method. Data are
    completed (`change.complete`) where one of the two could not have any: a city new in the sample counts
    as sample, an indicator new in the tree as method. An indicator whose definition changed (its network,
    measure, field, table, sector, or whether it was spread over cities) is a new one that took the old one's
    place, so it counts as method too; a newer year or source of the same is data.

    Parameters
    ----------
    a, b
        The earlier and the later.

    Returns
    -------
    comparison

    Raises
    ------
    ResultError
        If they hold different indexes, or a table does not fit its tree.
    """
    if a.tree.id != b.tree.id:
        raise ResultError(
            f"{a.name} holds the index {a.tree.id!r} and {b.name} the index {b.tree.id!r}; "
            "compare two results of the same index"
        )
    redefined = _redefined(a.tree, b.tree)
    sides = []
    codes = {}
    for side, result in (("before", a), ("after", b)):
        inner = {i.id: f"{i.id}\n{side}" if i.id in redefined else i.id for i in result.tree.indicators}
        _check(result, inner)
        codes[side] = inner
    values = {
        side: result.values.with_columns(pl.col("code").replace_strict(codes[side]))
        for side, result in (("before", a), ("after", b))
    }
    for side, other, result in (("before", "after", a), ("after", "before", b)):
        data = change.complete(
            values[side], values[other], units=result.sample, codes=list(codes[side].values())
        )
        method = _Method(tree=result.tree, codes=codes[side])
        sides.append(change.Side(data=data, sample=result.sample, method=method))
    if sides[0].data.equals(sides[1].data):
        sides[1] = replace(sides[1], data=sides[0].data)
    if _same_method(a.tree, b.tree) and not redefined:
        sides[1] = replace(sides[1], method=sides[0].method)
    missed = tuple(_missed(side, result) for side, result in zip(sides, (a, b), strict=True))
    published = None if missed == (0, 0) else (a.root.drop("rank"), b.root.drop("rank"))
    return Comparison(
        a=a,
        b=b,
        change=change.decompose(_build, sides[0], sides[1], published=published),
        rebuilt=(missed[0], missed[1]),
        values=_count_values(values["before"], values["after"]),
    )


def top(earlier: pl.DataFrame, later: pl.DataFrame, *, most: int = 100) -> pl.DataFrame:
    """List the units that came into the top, and those that went out of it.

    Parameters
    ----------
    earlier, later
        `unit`, `rank`; a unit that is missing has no rank.
    most
        N: the top are the units of rank ≤ N, more than N where units tie at N.

    Returns
    -------
    moved
        `unit`, `kind` (`entered` or `left`), `rank_from`, `rank_to` (null without a rank): those that
        entered by their new rank, then those that left by their old.

    Examples
    --------
    >>> a = pl.DataFrame({"unit": ["x", "y"], "rank": [1, 2]})
    >>> b = pl.DataFrame({"unit": ["x", "z"], "rank": [2, 1]})
    >>> top(a, b, most=1).rows()
    [('z', 'entered', None, 1), ('x', 'left', 1, 2)]
    """
    for frame, name in ((earlier, "earlier"), (later, "later")):
        change.need_columns(frame, ("unit", "rank"), f"the {name} ranks")
    joined = earlier.select("unit", rank_from="rank").join(
        later.select("unit", rank_to="rank"), on="unit", how="full", coalesce=True
    )
    was, now = ((pl.col(name) <= most).fill_null(value=False) for name in ("rank_from", "rank_to"))
    came, went = joined.filter(now & ~was), joined.filter(was & ~now)
    return pl.concat(
        [
            part.sort(by, "unit").select("unit", pl.lit(kind).alias("kind"), "rank_from", "rank_to")
            for part, kind, by in ((came, "entered", "rank_to"), (went, "left", "rank_from"))
        ]
    )


def counts(
    earlier: pl.DataFrame, later: pl.DataFrame, groups: pl.DataFrame, *, most: int = 100
) -> pl.DataFrame:
    """Count the units of each group in the top, before and after.

    Parameters
    ----------
    earlier, later
        `unit`, `rank`.
    groups
        `unit`, `group`, each unit once, such as the world region of a city. A unit without one is counted
        under null.
    most
        N, as of `top`.

    Returns
    -------
    counts
        `group`, `count_from`, `count_to`, `change`: most units after first, then by name; null last.

    Raises
    ------
    FormatError
        If a unit has two groups.

    Examples
    --------
    >>> a = pl.DataFrame({"unit": ["x", "y"], "rank": [1, 2]})
    >>> b = pl.DataFrame({"unit": ["x", "y"], "rank": [2, 1]})
    >>> groups = pl.DataFrame({"unit": ["x", "y"], "group": ["Asia", "Europe"]})
    >>> counts(a, b, groups, most=1).rows()
    [('Europe', 0, 1, 1), ('Asia', 1, 0, -1)]
    """
    change.need_columns(groups, ("unit", "group"), "the groups")
    change.need_once(groups["unit"], "the groups")
    sides = []
    for frame, name in ((earlier, "count_from"), (later, "count_to")):
        change.need_columns(frame, ("unit", "rank"), "the ranks")
        inside = frame.filter(pl.col("rank") <= most).join(groups, on="unit", how="left")
        sides.append(inside.group_by("group").agg(pl.len().cast(pl.Int64).alias(name)))
    number = pl.col("count_from", "count_to").fill_null(0)
    return (
        sides[0]
        .join(sides[1], on="group", how="full", coalesce=True, nulls_equal=True)
        .with_columns(number)
        .with_columns(change=pl.col("count_to") - pl.col("count_from"))
        .select("group", "count_from", "count_to", "change")
        .sort(["count_to", "group"], descending=[True, False], nulls_last=True)
    )


@dataclass(frozen=True, kw_only=True)
class _Method:
    """A tree, and the codes that its indicators have in the completed data."""

    tree: Tree
    codes: Mapping[str, str]


def _build(data: pl.DataFrame, sample: pl.Series, method: _Method) -> pl.DataFrame:
    """Roll up the index of a method and return its root's scores."""
    names = {code: name for name, code in method.codes.items()}
    values = (
        data.filter(pl.col("code").is_in(list(names)) & pl.col("unit").is_in(sample.implode()))
        .with_columns(pl.col("code").replace_strict(names))
        .rename({"unit": "city_id", "code": "indicator"})
    )
    scores = roll_up(method.tree, values, units=sample.to_list(), year=0).scores
    return scores.filter(pl.col("node") == method.tree.id).select(unit="city_id", score="score")


def _redefined(a: Tree, b: Tree) -> set[str]:
    """Return the indicators of both trees whose values are not meant to be the same thing."""
    old = {i.id: i for i in a.indicators}
    both = [(old[i.id], i) for i in b.indicators if i.id in old and i.sources and old[i.id].sources]
    return {new.id for was, new in both if _definition(was) != _definition(new)}


def _definition(indicator: Indicator) -> tuple[object, ...]:
    return tuple(getattr(indicator, name) for name in _DEFINITION)


def _same_method(a: Tree, b: Tree) -> bool:
    """Say whether two trees are the same but for words, sources and years."""
    return _bare(a) == _bare(b)


def _bare(tree: Tree) -> Tree:
    """Return a tree without its words, sources and years."""
    return replace(
        tree,
        name={},
        nodes=tuple(replace(node, name={}) for node in tree.nodes),
        indicators=tuple(
            replace(i, name={}, unit={}, definition={}, note={}, sources=(), year=None)
            for i in tree.indicators
        ),
    )


def _missed(side: change.Side[pl.DataFrame, _Method], result: Published) -> int:
    """Count the cities whose published score or rank the building again does not give."""
    scored = _build(side.data, result.sample, side.method).sort("unit")
    rebuilt = scored.with_columns(ranks(scored["score"]))
    both = result.root.join(rebuilt, on="unit", how="full", coalesce=True, suffix="_rebuilt")
    near = (pl.col("score") - pl.col("score_rebuilt")).abs() <= _SAME_SCORE
    neither = pl.col("score").is_null() & pl.col("score_rebuilt").is_null()
    same = neither | (near & (pl.col("rank") == pl.col("rank_rebuilt"))).fill_null(value=False)
    return both.filter(~same).height


def _count_values(before: pl.DataFrame, after: pl.DataFrame) -> dict[str, int]:
    """Count the values that stayed, were revised, came and went, of the units and codes that both have."""
    units = before.select("unit").unique().join(after.select("unit").unique(), on="unit")
    codes = before.select("code").unique().join(after.select("code").unique(), on="code")
    joined = (
        units.join(codes, how="cross")
        .join(before, on=["unit", "code"], how="left")
        .join(after, on=["unit", "code"], how="left", suffix="_after")
    )
    old, new = pl.col("value"), pl.col("value_after")
    return {
        "same": joined.filter(old.eq_missing(new)).height,
        "revised": joined.filter(old.is_not_null() & new.is_not_null() & (old != new)).height,
        "new": joined.filter(old.is_null() & new.is_not_null()).height,
        "gone": joined.filter(old.is_not_null() & new.is_null()).height,
    }


def _check(result: Published, codes: Mapping[str, str]) -> None:
    """Refuse tables that lack a column or do not fit the tree."""
    wanted = {
        "indicators": (result.indicators, ("index", "indicator", "city_id", "value")),
        "scores": (result.scores, ("index", "node", "city_id", "score")),
        "cities": (result.cities, ("city_id", "name", "region")),
    }
    for name, (table, columns) in wanted.items():
        change.need_columns(table, columns, f"{result.name}: the table {name!r}")
    for name in sorted(set(result.values["code"].to_list()) - set(codes)):
        raise ResultError(
            f"{result.name}: the table 'indicators' has {name!r}, which is no indicator of {result.tree.id!r}"
            + hint_near(name, codes)
        )
    if result.sample.is_empty():
        raise ResultError(
            f"{result.name}: the table 'indicators' has no city of the index {result.tree.id!r}"
        )
