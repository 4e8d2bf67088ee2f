"""`cosmopolis compare`: read two result folders, print what moved and why, write the tables of changes.

Only reads and prints; what is compared, and how a change is split, is `cosmopolis.index.compare`.
"""

import re
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, TextIO

import polars as pl

from cosmopolis.errors import CosmopolisError, ResultError, SpecError
from cosmopolis.index.change import PARTS, moved
from cosmopolis.index.compare import Comparison, Published, compare, counts, top
from cosmopolis.index.tree import parse
from cosmopolis.pipeline import folder as result_folder
from cosmopolis.publish.tables import write_csv, write_parquet

_TABLES = ("indicators", "scores", "cities")
_MADE_FROM = ("settings", "inputs", "own_files", "missing", "program", "versions", "seeds")
_BEFORE_VALUES = ("settings.cities", "settings.networks", "inputs", "own_files", "missing")
_MOST_DIFFERENCES = 24
_MOST_NAMES = 12
_WIDTH = 48  # of a value in the list of differences


@dataclass(frozen=True, kw_only=True)
class Difference:
    """A thing that two results were not both made with.

    Attributes
    ----------
    key
        Where it stands, such as `settings.index.indicator.air.weight`.
    before, after
        Its value, null where there is none.
    """

    key: str
    before: object
    after: object


def run(
    dir_a: Path,
    dir_b: Path,
    *,
    out: Path | None = None,
    stream: TextIO | None = None,
    top_size: int = 100,
    movers: int = 10,
) -> int:
    """Compare two results, print a summary and write the tables of `index.compare`.

    Parameters
    ----------
    dir_a, dir_b
        Folders of the earlier and the later result.
    out
        Folder of the tables (Parquet and CSV); `out/compare-<name of dir_a>-<name of dir_b>` where none is
        named.
    stream
        Where the summary goes; standard output where none is named.
    top_size
        N of the top N that is counted by region.
    movers
        How many cities that climbed most, and that fell most, are listed.

    Returns
    -------
    status
        0.

    Raises
    ------
    ResultError
        If a folder holds no result, a table is not what its manifest says, the two hold different indexes,
        or the tables cannot be written.

    Examples
    --------
    >>> run(Path("out/open-2025"), Path("out/open-2026"))  # doctest: +SKIP
    """
    comparison, found = compared(dir_a, dir_b)
    place = out or Path("out") / f"compare-{_plain(dir_a)}-{_plain(dir_b)}"
    result_folder.check_outside(place, dir_a, dir_b)
    try:
        place.mkdir(parents=True, exist_ok=True)
        for name, table in comparison.tables(most=top_size).items():
            write_parquet(table, place / f"{name}.parquet")
            write_csv(table, place / f"{name}.csv")
    except OSError as error:
        raise ResultError(
            f"cannot write to {place}: {error.strerror or error}; choose another --out"
        ) from error
    to = stream or sys.stdout
    for line in summary(comparison, found, top_size=top_size, movers=movers):
        print(line, file=to)
    print(f"\n{place / 'changes.csv'}", file=to)
    return 0


def compared(dir_a: Path, dir_b: Path) -> tuple[Comparison, list[Difference]]:
    """Compare two results, and list what they were not both made with.

    Parameters
    ----------
    dir_a, dir_b
        Folders of the earlier and the later result.

    Raises
    ------
    ResultError
        As `run`.
    """
    names = _names(dir_a, dir_b)
    (a, made_a), (b, made_b) = (
        _read(folder, name) for folder, name in zip((dir_a, dir_b), names, strict=True)
    )
    comparison = compare(a, b)
    found = list(differences(made_a, made_b))
    cause = _cause_of_values(found)
    if cause:
        comparison = replace(comparison, change=moved(comparison.change, to=cause))
    return comparison, found


def _cause_of_values(found: Sequence[Difference]) -> str:
    """Say what revised values must come from where the inputs and the program are the same.

    The sample, if of all settings before the values only the sample's differ (a measure may count the
    cities of the sample); the method, if only others do; empty where it cannot be told.
    """
    before = [d.key for d in found if d.key.split(".")[0] != "settings" or _is_before_values(d.key)]
    of_sample = [key for key in before if key.startswith("settings.sample")]
    if not before:
        return ""
    if len(of_sample) == len(before):
        return "sample"
    of_method = [key for key in before if key.startswith(("settings.cities", "settings.networks"))]
    return "method" if len(of_method) == len(before) else ""


def _is_before_values(key: str) -> bool:
    return key.startswith(("settings.sample", "settings.cities", "settings.networks"))


def _read(folder: Path, name: str) -> tuple[Published, dict[str, Any]]:
    """Read a result and make sure that its tables are those that were published."""
    manifest = result_folder.read_manifest(folder)
    wanted = {f"tables/{table}.parquet" for table in _TABLES}
    for line in result_folder.differences(folder, manifest):
        if line.split(":")[0] in wanted:
            raise ResultError(f"{folder}: {line}; build the edition again")
    missing = sorted(wanted - set(manifest["files"]))
    if missing:
        raise ResultError(
            f"{folder}: {missing[0]} is not in the {result_folder.MANIFEST}; build the edition again"
        )
    try:
        tree = parse(manifest["settings"]["index"])
        year = int(manifest["year"])
    except (KeyError, TypeError, ValueError, SpecError) as error:
        what = (
            str(error)
            if isinstance(error, CosmopolisError)
            else f"no settings of an index and year ({error})"
        )
        raise ResultError(
            f"{folder / result_folder.MANIFEST} is not of this version: {what}; build the edition again"
        ) from error
    tables = {}
    for table in _TABLES:
        try:
            tables[table] = pl.read_parquet(folder / "tables" / f"{table}.parquet")
        except (OSError, pl.exceptions.PolarsError) as error:
            raise ResultError(f"{folder}: tables/{table}.parquet cannot be read: {error}") from error
    return Published(name=name, year=year, tree=tree, **tables), {k: manifest.get(k) for k in _MADE_FROM}


def summary(
    comparison: Comparison, found: Sequence[Difference], *, top_size: int = 100, movers: int = 10
) -> Iterator[str]:
    """Give the lines of the summary, for a reader at a terminal."""
    a, b, units = comparison.a, comparison.b, comparison.change.units
    names = _city_names(a, b)
    yield f"{b.tree.id}: {a.name} ({a.year}) -> {b.name} ({b.year})"
    yield (
        f"cities: {len(a.sample)} -> {len(b.sample)}, of which {units.height} are ranked in both; "
        f"{', '.join(_kinds(comparison.change.apart)) or 'none came or went'}"
    )
    leaders = [", ".join(names[c] for c in side.root.filter(pl.col("rank") == 1)["unit"]) for side in (a, b)]
    yield (
        f"leader: {leaders[0]}, as before" if leaders[0] == leaders[1] else f"leader: {' -> '.join(leaders)}"
    )
    yield ""
    yield from _differences(comparison, found)
    yield ""
    yield from _parts(units)
    for title, chosen in (
        ("biggest climbs", units.filter(pl.col("rank_change") < 0).sort("rank_change", "rank_to")),
        (
            "biggest falls",
            units.filter(pl.col("rank_change") > 0).sort(
                ["rank_change", "rank_to"], descending=[True, False]
            ),
        ),
    ):
        if not chosen.is_empty():
            yield ""
            yield from _movers(title, chosen.head(movers), names)
    yield ""
    yield from _top(comparison, names, top_size)


def differences(before: object, after: object, *, key: str = "") -> Iterator[Difference]:
    """Go through two nested settings and give what is not the same, in the order of keys.

    Lists of tables that each have an `id` are matched by it; other lists are compared whole.

    Examples
    --------
    >>> a = {"year": 2025, "node": [{"id": "x", "weight": 1}]}
    >>> b = {"year": 2025, "node": [{"id": "x", "weight": 2}]}
    >>> [(d.key, d.before, d.after) for d in differences(a, b)]
    [('node.x.weight', 1, 2)]
    """
    old, new = _keyed(before), _keyed(after)
    if old is not None and new is not None:
        for name in sorted(old.keys() | new.keys()):
            yield from differences(old.get(name), new.get(name), key=f"{key}.{name}" if key else name)
    elif before != after:
        yield Difference(key=key, before=before, after=after)


def _keyed(value: object) -> Mapping[str, Any] | None:
    """Return a mapping, or a list of tables with ids as one; else null."""
    if isinstance(value, Mapping):
        return value
    if isinstance(value, list) and value and all(isinstance(v, Mapping) and "id" in v for v in value):
        keyed = {str(entry["id"]): entry for entry in value}
        return keyed if len(keyed) == len(value) else None
    return None


def _kinds(apart: pl.DataFrame) -> list[str]:
    words = {
        "entered": "came into the sample",
        "left": "went out of it",
        "gained_rank": "gained a rank",
        "lost_rank": "lost theirs",
    }
    numbers = {kind: apart.filter(pl.col("kind") == kind).height for kind in words}
    return [f"{number} {words[kind]}" for kind, number in numbers.items() if number]


def _differences(comparison: Comparison, found: Sequence[Difference]) -> Iterator[str]:
    """Say what the two were made from that is not the same."""
    counted = comparison.values
    yield (
        f"values of cities and indicators that both have: {counted['same']} the same, "
        f"{counted['revised']} revised, {counted['new']} new, {counted['gone']} gone"
    )
    if not found:
        yield "settings, inputs and program: the same"
    else:
        yield "made from other:"
        for difference in found[:_MOST_DIFFERENCES]:
            yield f"  {difference.key}: {_short(difference.before)} -> {_short(difference.after)}"
        if len(found) > _MOST_DIFFERENCES:
            yield f"  and {len(found) - _MOST_DIFFERENCES} more"
    upstream = sorted({key for key in _BEFORE_VALUES if any(_lies_in(d, key) for d in found)})
    if upstream:
        yield f"  ({', '.join(upstream)} act before the values: what they do is counted as data or sample)"
    for side, missed in zip((comparison.a, comparison.b), comparison.rebuilt, strict=True):
        if missed:
            yield (
                f"note: this program gives {missed} cities of {side.name} another score than was published; "
                "the difference is counted as method"
            )


def _lies_in(difference: Difference, key: str) -> bool:
    return difference.key == key or difference.key.startswith(f"{key}.")


def _short(value: object) -> str:
    if value is None:
        return "none"
    if isinstance(value, Mapping) and "sha256" in value:
        return str(value["sha256"])[:12]
    text = " ".join(str(value).split())
    return text if len(text) <= _WIDTH else f"{text[: _WIDTH - 1]}…"


def _parts(units: pl.DataFrame) -> Iterator[str]:
    """Say how much of all movement each part makes."""
    moved = units.filter(pl.col("rank_change") != 0).height
    sums = {part: float(units[f"rank_by_{part}"].abs().sum()) for part in PARTS}
    total = sum(sums.values())
    yield f"ranks: {moved} of {units.height} moved"
    if total > 0:
        shares = ", ".join(f"{part} {100 * size / total:.0f} %" for part, size in sums.items())
        yield f"of all places moved by a part alone: {shares}"
    unsplit = units.filter(pl.col("orders") == 0).height
    if unsplit:
        yield f"{unsplit} cities have no score in some mixture of the two, and their change is not split"


def _movers(title: str, chosen: pl.DataFrame, names: Mapping[int, str]) -> Iterator[str]:
    """Give a table of cities that moved; a climb is negative, as in the table `changes`."""
    yield f"{title + ' (- is up)':<24} rank       change     data   sample   method   on the common sample"
    for row in chosen.iter_rows(named=True):
        parts = "".join(f"{_signed(row[f'rank_by_{part}']):>9}" for part in PARTS)
        ranks = f"{row['rank_from']:>4} -> {row['rank_to']:<4}{row['rank_change']:>+6}"
        common = f"{_rank(row['common_rank_from'])} -> {_rank(row['common_rank_to'])}"
        yield f"  {names[row['unit']][:22]:<22} {ranks}{parts}   {common}"


def _signed(number: float | None) -> str:
    return "-" if number is None else f"{number:+.1f}" if round(number, 1) else "0.0"


def _rank(rank: int | None) -> str:
    return "no rank" if rank is None else str(rank)


def _top(comparison: Comparison, names: Mapping[int, str], size: int) -> Iterator[str]:
    """Count the top by region, and name who came and went."""
    a, b = comparison.a, comparison.b
    yield f"top {size} by region"
    for row in counts(a.root, b.root, comparison.regions(), most=size).iter_rows(named=True):
        change = f"{row['change']:+d}" if row["change"] else "0"
        yield f"  {row['group'] or 'no region':<32}{row['count_from']:>4} -> {row['count_to']:<4}{change:>4}"
    moved = top(a.root, b.root, most=size)
    for kind, title in (("entered", "came in"), ("left", "went out")):
        rows = moved.filter(pl.col("kind") == kind)
        shown = rows.head(_MOST_NAMES).iter_rows(named=True)
        said = [f"{names[r['unit']]} ({_rank(r['rank_from'])} -> {_rank(r['rank_to'])})" for r in shown]
        more = f" and {rows.height - _MOST_NAMES} more" if rows.height > _MOST_NAMES else ""
        yield f"{title} ({rows.height}): {', '.join(said)}{more}" if said else f"{title}: none"


def _city_names(a: Published, b: Published) -> dict[int, str]:
    """Name the cities of both, as the later does where it can."""
    names: dict[int, str] = {}
    for cities in (a.cities, b.cities):
        names |= {c: name for c, name in cities.select("city_id", "name").rows() if name}
    every: Sequence[int] = pl.concat([a.sample, b.sample]).unique().to_list()
    return {city: names.get(city, f"city {city}") for city in every}


def _names(dir_a: Path, dir_b: Path) -> tuple[str, str]:
    """Name two folders by as little of their paths as tells them apart."""
    a, b = dir_a.absolute(), dir_b.absolute()
    return (a.name, b.name) if a.name != b.name else (str(dir_a), str(dir_b))


def _plain(folder: Path) -> str:
    """Return a folder's name with what is safe in a file's name."""
    return re.sub(r"[^\w.]+", "_", folder.absolute().name) or "result"
