"""Nearness (近域化): does co-operation come nearer? How far ties reach, by year, and whether that changes.

Only ties between cities are looked at: work that stays in one city has no length. Distance is between
centres. A change of mean length may come from cities that grow, with everybody as far-reaching as before;
the exponent of decay has the size of cities taken out.
"""

from collections.abc import Mapping, Sequence

import numpy as np
import polars as pl
from numpy.typing import NDArray

from cosmopolis.errors import FormatError
from cosmopolis.measures import gravity, trends
from cosmopolis.measures.distance import great_circle_km
from cosmopolis.networks.links import check, require
from cosmopolis.streams import stream

Floats = NDArray[np.float64]

NEARNESS = pl.Schema(
    {
        "network": pl.String,
        "field": pl.String,
        "year": pl.Int64,
        "measure": pl.String,
        "value": pl.Float64,
        "low": pl.Float64,
        "high": pl.Float64,
        "ties": pl.Int64,
    }
)
"""Columns of the table; `ties` is the number of counted ties (records by pair) that a value rests on."""

RADII_KM = (500.0, 1000.0)
"""Radii of the shares: a high-speed day trip there and back, and the size of a large country's region."""

DRAWS = 200
"""Bootstrap draws; the bounds of a 95 % interval then rest on five draws outside each."""

DECAY_CITIES = 300
"""Cities, those with most ties over all years, on which the exponent of decay is estimated each year."""

_READINGS: Mapping[str, Mapping[str, str]] = {
    "length": {"rising": "farther", "falling": "nearer"},
    "share": {"rising": "nearer", "falling": "farther"},
}
READINGS = ("nearer", "farther", "steady", "unclear", "too_few")
"""What a trend of nearness is read as."""

_TIED = 1e-12  # part of the total weight within which half of it counts as reached exactly


def weighted_median(values: Floats, weights: Floats) -> float:
    """Return the value below and above which half of the weight lies.

    Values in ascending order, W_k the weight of the first k: the first value with W_k > W/2; where a W_k is
    W/2 exactly (to 12 digits), the middle of that value and the next with weight. With equal weights it is
    the plain median. Not a number where there is no weight.

    Examples
    --------
    >>> weighted_median(np.array([10.0, 20.0, 90.0]), np.array([1.0, 1.0, 3.0]))
    90.0
    >>> weighted_median(np.array([10.0, 20.0]), np.array([1.0, 1.0]))
    15.0
    """
    order = np.argsort(values, kind="stable")
    return _sorted_median(values[order], weights[order])


def _sorted_median(x: Floats, w: Floats) -> float:
    reached = np.cumsum(w)
    if not len(w) or reached[-1] <= 0:
        return float("nan")
    half, slack = reached[-1] / 2.0, reached[-1] * _TIED
    first = int(np.searchsorted(reached, half - slack, side="left"))
    beyond = int(np.searchsorted(reached, half + slack, side="right"))
    if first == beyond:
        return float(x[first])
    return float((x[first] + x[beyond]) / 2.0)


def share_within(distance_km: Floats, weights: Floats, radius_km: float) -> float:
    """Return the share of ties up to a radius: s(r) = Σ_{d ≤ r} w / Σ w.

    It never falls with r and is 1 at half the Earth's girth. Not a number where there is no weight.

    Examples
    --------
    >>> share_within(np.array([100.0, 900.0]), np.array([3.0, 1.0]), 500.0)
    0.75
    """
    total = float(weights.sum())
    return float(weights[distance_km <= radius_km].sum()) / total if total > 0 else float("nan")


def nearness(
    links: pl.DataFrame,
    cities: pl.DataFrame,
    *,
    records: pl.DataFrame | None = None,
    radii_km: Sequence[float] = RADII_KM,
    draws: int = DRAWS,
    level: float = 0.95,
    decay_cities: int = DECAY_CITIES,
    seed: int = 0,
) -> pl.DataFrame:
    """Measure how far the ties of each network, field and year reach.

    With weights w and great-circle distances d of links:

    * `mean_km` Σ w d / Σ w; `median_km` as `weighted_median`.
    * `share_500_km`, `share_1000_km` …: as `share_within`; `share_country`, `share_region`: share of ties
      between cities of one country, of one region, among those whose both countries, regions are known.
    * `decay`: −β of `gravity.fit` with ln distance as the only term, on the same `decay_cities` cities each
      year; a tie twice as long is 2^−decay times as frequent. Borders and languages are within it.

    Parameters
    ----------
    links
        Undirected, by `networks.links.LINKS`. Weights of refined counting make every record count once.
    cities
        `city_id`, `latitude`, `longitude` (degrees), `country`, `region` (M49).
    records
        `field`, `year`, `records`: how many records stand behind the links. The ties of one record come and
        go together; with this the bootstrap draws Σ count / records ties at a time, as if all records had
        equally many. Without it every tie is drawn for itself, and intervals are too narrow where records
        have many cities.
    draws, level, seed
        Of the Poisson bootstrap: a link of c ties stands for m N ties, N ~ Poisson(c / m), m ties being drawn
        together; its weight becomes w m N / c. Bounds are quantiles of the draws. Those of `decay` are
        normal, with dyadic errors.

    Returns
    -------
    frame
        By `NEARNESS`, sorted by the first four. A measure that is not defined has no row; a link with a
        city that is not among `cities` has no length and is not in `ties`.

    Notes
    -----
    Poisson bootstrap: Hanley & MacGibbon (2006), *Computer Methods and Programs in Biomedicine* 83, 57–62.
    Chance of drawing aside, no interval knows of records that are missing from a source.

    Examples
    --------
    >>> from cosmopolis.networks.links import LINKS
    >>> rows = [("x", "a", 2020, 1, 2, 3.0, 3), ("x", "a", 2020, 1, 3, 1.0, 1)]
    >>> cities = pl.DataFrame(
    ...     {"city_id": [1, 2, 3], "latitude": [0.0, 0.0, 0.0], "longitude": [0.0, 3.0, 90.0],
    ...      "country": ["XA", "XA", "XB"], "region": ["R", "R", "S"]})
    >>> table = nearness(pl.DataFrame(rows, schema=LINKS, orient="row"), cities, draws=50)
    >>> table.filter(measure="share_country").select("value", "ties").row(0)
    (0.75, 4)
    """
    require(cities, ["city_id", "latitude", "longitude", "country", "region"], what="cities")
    if draws < 2 or min(radii_km, default=0) < 0 or len(set(_names(radii_km))) < len(radii_km):  # noqa: PLR2004
        raise FormatError(
            f"got draws = {draws}, radii {list(radii_km)} km, but expected 2 or more, and different ones ≥ 0"
        )
    keys = ["network", "field", "year"]
    ends = _with_length(check(links), cities)
    together = _together(ends, records)
    frames = [NEARNESS.to_frame()]
    for (network, field, year), group in ends.group_by(keys, maintain_order=True):
        name = f"nearness: {network}, {field}, {year}"
        size = together.get((str(field), int(str(year))), 1.0)
        rows = _measure(group, radii_km, draws=draws, level=level, size=size, name=name, seed=seed)
        frame = pl.DataFrame(rows, schema=["measure", "value", "low", "high", "ties"], orient="row")
        named = frame.with_columns(network=pl.lit(network), field=pl.lit(field), year=pl.lit(year))
        frames.append(named.select(pl.col(c).cast(dtype) for c, dtype in NEARNESS.items()))
    for _, group in links.sort(keys).group_by(["network", "field"], maintain_order=True):
        frames.append(decay(group, cities, cities_most=decay_cities, level=level))
    return pl.concat(frames).sort(*keys, "measure")


def _with_length(links: pl.DataFrame, cities: pl.DataFrame) -> pl.DataFrame:
    """Lay places beside both ends, and the distance; sorted by network, field, year, distance."""
    ends = links.filter(pl.col("count") > 0)
    for end in ("origin", "destination"):
        of_end = cities.drop_nulls(["latitude", "longitude"]).select(
            pl.col("city_id").alias(end),
            *(pl.col(c).alias(f"{end}_{c}") for c in ("latitude", "longitude", "country", "region")),
        )
        ends = ends.join(of_end, on=end, how="inner")
    places = [ends[f"{end}_{c}"].to_numpy() for end in ("origin", "destination") for c in
              ("latitude", "longitude")]  # fmt: skip
    return ends.with_columns(distance_km=pl.Series(great_circle_km(*places), dtype=pl.Float64)).sort(
        "network", "field", "year", "distance_km", "origin", "destination"
    )


def _together(ends: pl.DataFrame, records: pl.DataFrame | None) -> dict[tuple[str, int], float]:
    """Return how many ties a record has in the mean, by field and year; at least 1."""
    if records is None:
        return {}
    require(records, ["field", "year", "records"], what="records of fields")
    ties = ends.group_by("network", "field", "year").agg(pl.col("count").sum())
    both = ties.join(records, on=["field", "year"]).filter(pl.col("records") > 0)
    return {
        (field, year): max(1.0, count / number)
        for field, year, count, number in both.select("field", "year", "count", "records").iter_rows()
    }


def _names(radii_km: Sequence[float]) -> list[str]:
    """Return the names of the shares within radii."""
    return [f"share_{radius:g}_km" for radius in radii_km]


def _measure(
    group: pl.DataFrame,
    radii_km: Sequence[float],
    *,
    draws: int,
    level: float,
    size: float,
    name: str,
    seed: int,
) -> list[tuple[str, float, float, float, int]]:
    """Measure one field and year; `group` is sorted by distance."""
    km = group["distance_km"].to_numpy()
    weight, count = group["weight"].to_numpy(), group["count"].to_numpy().astype(np.float64)
    within = [int(np.searchsorted(km, radius, side="right")) for radius in radii_km]
    same: dict[str, NDArray[np.intp]] = {}  # places of the links within one country, one region
    known: dict[str, NDArray[np.intp]] = {}  # and of those of which that can be told
    for part in ("country", "region"):
        one, other = group[f"origin_{part}"], group[f"destination_{part}"]
        known[part] = (one.is_not_null() & other.is_not_null()).arg_true().to_numpy().astype(np.intp)
        same[part] = (one == other).fill_null(value=False).arg_true().to_numpy().astype(np.intp)
    names = ["mean_km", "median_km", *_names(radii_km), "share_country", "share_region"]

    def values(w: Floats) -> list[float]:
        reached = np.concatenate([[0.0], np.cumsum(w)])
        total = reached[-1]
        if total <= 0:
            return [np.nan] * len(names)
        parts = [
            (w[same[p]].sum(), w[known[p]].sum() if len(known[p]) < len(w) else total)
            for p in ("country", "region")
        ]
        return [
            float((w * km).sum() / total),
            _sorted_median(km, w),
            *(float(reached[at] / total) for at in within),
            *(float(inside / all_of) if all_of > 0 else np.nan for inside, all_of in parts),
        ]

    found = values(weight)
    rng = stream(name, seed)
    drawn = np.array([values(weight * size * rng.poisson(count / size) / count) for _ in range(draws)])
    ties = {part: int(count[known[part]].sum()) for part in known}
    rows = []
    for at, (measure, value) in enumerate(zip(names, found, strict=True)):
        sound = drawn[~np.isnan(drawn[:, at]), at]
        if np.isnan(value) or not len(sound):
            continue
        low, high = np.quantile(sound, [(1.0 - level) / 2.0, (1.0 + level) / 2.0])
        rests_on = ties.get(measure.removeprefix("share_"), int(count.sum()))
        rows.append((measure, value, float(low), float(high), rests_on))
    return rows


def decay(
    links: pl.DataFrame, cities: pl.DataFrame, *, cities_most: int = DECAY_CITIES, level: float = 0.95
) -> pl.DataFrame:
    """Estimate the exponent of distance decay of each year, on the same cities.

    Parameters
    ----------
    links
        Undirected, of one network and field.
    cities_most
        The sample: cities with most ties over all years, the lower id first where they tie.

    Returns
    -------
    frame
        By `NEARNESS`, measure `decay`; a year in which it is not determined has no row.
    """
    placed = cities.drop_nulls(["latitude", "longitude", "country"])
    inside = links.filter(
        pl.col("origin").is_in(placed["city_id"].implode()),
        pl.col("destination").is_in(placed["city_id"].implode()),
    )
    ends = pl.concat(
        [inside.select(pl.col(end).alias("city_id"), "count") for end in ("origin", "destination")]
    )
    most = (
        ends.group_by("city_id")
        .agg(pl.col("count").sum())
        .sort("count", "city_id", descending=[True, False])
        .head(cities_most)
    )
    sample = placed.join(most, on="city_id", how="semi")
    ids = sample["city_id"].implode()
    among = inside.filter(pl.col("origin").is_in(ids), pl.col("destination").is_in(ids)).sort("year")
    frames = [NEARNESS.to_frame()]
    for (year,), group in among.group_by(["year"], maintain_order=True):
        terms = gravity.fit(group, sample, terms=("distance",), level=level).terms
        frames.append(
            terms.filter(pl.col("standard_error") > 0).select(
                "network",
                "field",
                year=pl.lit(year, dtype=pl.Int64),
                measure=pl.lit("decay"),
                value=-pl.col("estimate"),
                low=-pl.col("high"),
                high=-pl.col("low"),
                ties=pl.lit(int(group["count"].sum()), dtype=pl.Int64),
            )
        )
    return pl.concat(frames)


def nearness_trends(table: pl.DataFrame, *, level: float = 0.95, band: float = trends.BAND) -> pl.DataFrame:
    """Test each measure for a trend and read it.

    Parameters
    ----------
    table
        By `NEARNESS`.

    Returns
    -------
    frame
        `network, field, measure`, the columns of `trends.TREND`, and `reading`: `nearer` where a length falls
        or a share or the decay rises, `farther` the other way round, else the verdict. Sorted by the first
        three.
    """
    keys = ["network", "field", "measure"]
    tested = trends.table(table, keys, level=level, band=band)
    of_length = pl.col("measure").is_in(["mean_km", "median_km"])
    read = [pl.col("verdict").replace(dict(_READINGS[kind])).alias(kind) for kind in ("length", "share")]
    return (
        tested.with_columns(read)
        .with_columns(reading=pl.when(of_length).then("length").otherwise("share"))
        .drop("length", "share")
    )
