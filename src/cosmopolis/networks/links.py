"""The frame of links that every network gives, what its weights mean, and helpers for all of them.

Cities are GeoNames ids here, already resolved; this module does not know where they lie or what they are
called.
"""

import math
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib import resources

import polars as pl

from cosmopolis.errors import FormatError, UnknownNameError, hint_near


def _links_schema(place: type[pl.DataType]) -> pl.Schema:
    """Return the schema of links whose ends are named by a type."""
    columns: dict[str, type[pl.DataType]] = {
        "network": pl.String,
        "field": pl.String,
        "year": pl.Int64,
        "origin": place,
        "destination": place,
        "weight": pl.Float64,
        "count": pl.Int64,
    }
    return pl.Schema(columns)


LINKS = _links_schema(pl.Int64)
"""Columns of links between cities. Undirected ones stand once, with origin < destination."""

COUNTRY_LINKS = _links_schema(pl.String)
"""Columns of links between countries (ISO 3166-1 alpha-2), or between any labels."""

UNUSED = pl.Schema({"row": pl.Int64, "reason": pl.String})
"""Rows of records that stand behind no link, and why."""

SELF_LINK = "both ends lie in the same city"
"""Why a row whose two ends are one city makes no link."""

LINK_KEY = ("network", "field", "year", "origin", "destination")
"""The columns that name a link, in the order that links are sorted by."""

_REGISTRY_FIELDS = {"network", "field", "directed", "level", "name", "weight", "count", "note"}


@dataclass(frozen=True, kw_only=True)
class Kind:
    """What the links of one network and field mean.

    Attributes
    ----------
    network, field
        As in the links; the field `*` stands for any.
    directed
        Whether origin and destination are different roles.
    level
        `city` or `country`.
    name, weight, count, note
        Name, unit of the weight, what is counted and what to be wary of, each in `en` and `zh`.
    """

    network: str
    field: str
    directed: bool
    level: str
    name: Mapping[str, str]
    weight: Mapping[str, str]
    count: Mapping[str, str]
    note: Mapping[str, str]


@dataclass(frozen=True, kw_only=True)
class Built:
    """Links and the account of the rows that they were made from.

    Attributes
    ----------
    links
        By `LINKS`, or `COUNTRY_LINKS`.
    used
        Numbers of the rows that stand behind at least one link, ascending.
    unused
        By `UNUSED`: the other rows, one line each, ascending.
    """

    links: pl.DataFrame
    used: pl.Series
    unused: pl.DataFrame


@cache
def registry() -> tuple[Kind, ...]:
    """Return every kind of network, in the order of the registry."""
    text = resources.files(__package__).joinpath("networks.toml").read_text(encoding="utf-8")
    return tuple(Kind(**entry) for entry in tomllib.loads(text)["network"])


def kind(network: str, field: str) -> Kind:
    """Return what the links of a network and field mean.

    Raises
    ------
    UnknownNameError
        If there is no such network, or the network has no such field.

    Examples
    --------
    >>> kind("listings", "firms").directed
    True
    """
    of_network = [entry for entry in registry() if entry.network == network]
    if not of_network:
        known = [entry.network for entry in registry()]
        raise UnknownNameError(f"there is no network {network!r}" + hint_near(network, known))
    for entry in of_network:
        if entry.field in {field, "*"}:
            return entry
    fields = [entry.field for entry in of_network]
    raise UnknownNameError(f"network {network!r} has no field {field!r}" + hint_near(field, fields))


def require(frame: pl.DataFrame, columns: Sequence[str], *, what: str) -> None:
    """Raise `UnknownNameError` if a frame lacks a column; `what` names the frame in the message."""
    for column in columns:
        if column not in frame.columns:
            raise UnknownNameError(f"{what}: no column {column!r}" + hint_near(column, frame.columns))


def sum_exactly(frame: pl.DataFrame, keys: Sequence[str], value: str) -> pl.DataFrame:
    """Sum a column of floats within groups so that the order of rows cannot matter.

    Each sum is exact and rounded once (Shewchuk 1997, *Discrete & Computational Geometry* 18, 305–363, as
    in `math.fsum`), so the result has the same bits on every machine and number of threads.

    Returns
    -------
    sums
        `keys` and `value`, one row a group, sorted by `keys`.

    Examples
    --------
    >>> frame = pl.DataFrame({"pair": [1, 1, 1], "x": [1e16, 1.0, -1e16]})
    >>> sum_exactly(frame, ["pair"], "x")["x"].to_list()
    [1.0]
    """
    groups = frame.group_by(keys).agg(pl.col(value)).sort(keys)
    sums = [math.fsum(values) for values in groups[value].to_list()]
    return groups.with_columns(pl.Series(value, sums, dtype=pl.Float64))


def finish(frame: pl.DataFrame, *, network: str, field: str | None = None) -> pl.DataFrame:
    """Put the columns of links in order, name the network, and sort.

    Parameters
    ----------
    frame
        `year`, `origin`, `destination`, `weight`, `count`, and `field` unless it is given.
    """
    named = frame.with_columns(pl.lit(network).alias("network"))
    if field is not None:
        named = named.with_columns(pl.lit(field).alias("field"))
    schema = COUNTRY_LINKS if frame.schema["origin"] == pl.String else LINKS
    return check(named.select(pl.col(name).cast(dtype) for name, dtype in schema.items()).sort(LINK_KEY))


def check(links: pl.DataFrame) -> pl.DataFrame:
    """Return the links if they are sound: known columns, no self link, no pair twice, finite weights.

    Raises
    ------
    FormatError
        With the first offending link.
    """
    require(links, list(LINKS), what="links")
    faults = (
        (pl.col("origin") == pl.col("destination"), "goes from a city to itself"),
        (pl.any_horizontal(pl.col("origin", "destination", "weight").is_null()), "has an empty cell"),
        (~pl.col("weight").is_finite() | (pl.col("weight") < 0), "has a weight that is not a number ≥ 0"),
        (pl.struct(LINK_KEY).is_duplicated(), "stands more than once"),
    )
    for is_bad, words in faults:
        bad = links.filter(is_bad)
        if not bad.is_empty():
            raise FormatError(f"{bad.height} links are unsound; the first {words}: {bad.row(0, named=True)}")
    return links


def account(rows: pl.Series, used: pl.Series, reasons: pl.DataFrame, *, otherwise: str) -> pl.DataFrame:
    """Write down the rows that stand behind no link, each with its reason.

    Parameters
    ----------
    rows
        All rows that came in.
    used
        Those behind a link.
    reasons
        By `UNUSED`: reasons that are known for some rows; the first for a row counts.
    otherwise
        The reason of the others.
    """
    rest = rows.filter(~rows.is_in(used.implode())).unique().sort().cast(pl.Int64).alias("row")
    first = reasons.unique("row", keep="first", maintain_order=True)
    return (
        rest.to_frame()
        .join(first, on="row", how="left", maintain_order="left")
        .with_columns(pl.col("reason").fill_null(otherwise))
        .match_to_schema(UNUSED)
    )


def undirected(links: pl.DataFrame) -> pl.DataFrame:
    """Add up the two directions of each pair; the result has origin < destination.

    Weights w and counts c of a pair become w_ab + w_ba and c_ab + c_ba, in the units of the links.

    Examples
    --------
    >>> both = pl.DataFrame(
    ...     [("air", "routes", 2022, 2, 1, 1.0, 1), ("air", "routes", 2022, 1, 2, 1.0, 1)],
    ...     schema=LINKS, orient="row",
    ... )
    >>> undirected(both).select("origin", "destination", "weight").rows()
    [(1, 2, 2.0)]
    """
    lower = pl.min_horizontal("origin", "destination")
    upper = pl.max_horizontal("origin", "destination")
    turned = links.with_columns(lower.alias("origin"), upper.alias("destination"))
    counts = turned.group_by(LINK_KEY).agg(pl.col("count").sum())
    weights = sum_exactly(turned, LINK_KEY, "weight")
    both = weights.join(counts, on=LINK_KEY, how="left", nulls_equal=True)
    return both.select(links.columns).sort(LINK_KEY)


def nodes(links: pl.DataFrame) -> pl.Series:
    """Return the ends of all links, each once, ascending."""
    return pl.concat([links["origin"], links["destination"]]).unique().sort().alias("city_id")
