"""Where a customer's suppliers make things: how near, over how many places, and what has changed.

A site is a place where a supplier makes something for the customer in a year. All sites count the same: lists
of suppliers have no amounts. How precisely a list says where differs by year, and a list of divisions names a
supplier once in each, however many sites it has there. So

* a site without coordinates is never put anywhere: it widens the bounds of the share within a radius, by as
  much as its country allows;
* a level (city, division, country) is used in a year only where nearly all sites are known at it
  (`SupplierRule.known`), and two years are compared only at levels that both reach. Cities of one year are
  never compared with provinces of another;
* above the level of cities a supplier counts once in a division, in all years alike (a *presence*).

Intervals draw suppliers anew, with all their sites, since the sites of one supplier come and go together.
Where sites lie is found elsewhere (`cosmopolis.pipeline.production.suppliers`).
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import polars as pl
from numpy.typing import NDArray

from cosmopolis.measures.concentration import effective_number, hhi, shannon
from cosmopolis.networks.links import require
from cosmopolis.streams import stream

Floats = NDArray[np.float64]

HALF_GIRTH_KM: Final = 20_016.0
"""No two points on Earth are farther apart."""

LEVELS: Final = ("city", "division", "country")
"""From the finest to the coarsest."""

READINGS: Final = ("regional", "multi_site", "both", "neither", "unclear")
"""What the two axes of a strategy are read as; `unclear` where an interval holds a threshold."""

SITES = pl.Schema(
    {
        "customer": pl.String,
        "year": pl.Int64,
        "supplier": pl.String,
        "precision": pl.String,
        "country": pl.String,
        "division": pl.String,
        "city_id": pl.Int64,
        "distance_km": pl.Float64,
        "least_km": pl.Float64,
        "most_km": pl.Float64,
        "in_region": pl.Boolean,
    }
)
"""What is asked of each site. `distance_km` from the customer's centre, null where the site has no
coordinates; `least_km` and `most_km` bound it then (0 and `HALF_GIRTH_KM` where nothing is known);
`in_region`: whether it lies in the centre's own region."""

SUPPLIER_PLACES = pl.Schema(
    {
        "customer": pl.String,
        "year": pl.Int64,
        "precision": pl.String,
        "country": pl.String,
        "division": pl.String,
        "city_id": pl.Int64,
        "sites": pl.Int64,
        "suppliers": pl.Int64,
    }
)

SUPPLIER_RADIUS = pl.Schema(
    {
        "customer": pl.String,
        "centre": pl.Int64,
        "year": pl.Int64,
        "km": pl.Float64,
        "share": pl.Float64,
        "low": pl.Float64,
        "high": pl.Float64,
        "sites": pl.Int64,
        "placed": pl.Float64,
        "centre_place": pl.String,
    }
)

SUPPLIER_SPREAD = pl.Schema(
    {
        "customer": pl.String,
        "year": pl.Int64,
        "level": pl.String,
        "places": pl.Int64,
        "effective_number": pl.Float64,
        "shannon": pl.Float64,
        "hhi": pl.Float64,
        "low": pl.Float64,
        "high": pl.Float64,
        "sites": pl.Int64,
        "covered": pl.Float64,
    }
)

SUPPLIER_STRATEGY = pl.Schema(
    {
        "customer": pl.String,
        "year": pl.Int64,
        "regional": pl.Float64,
        "regional_low": pl.Float64,
        "regional_high": pl.Float64,
        "multi_site": pl.Float64,
        "multi_site_low": pl.Float64,
        "multi_site_high": pl.Float64,
        "reading": pl.String,
        "near": pl.Float64,
        "suppliers": pl.Int64,
        "sites": pl.Int64,
    }
)

SUPPLIER_CHANGES = pl.Schema(
    {
        "customer": pl.String,
        "from_year": pl.Int64,
        "to_year": pl.Int64,
        "level": pl.String,
        "place": pl.String,
        "entries": pl.Int64,
        "exits": pl.Int64,
        "stayed": pl.Int64,
        "sites_from": pl.Int64,
        "sites_to": pl.Int64,
    }
)


@dataclass(frozen=True, kw_only=True)
class SupplierRule:
    """What is asked of lists of suppliers, and how suppliers are drawn anew.

    Attributes
    ----------
    known
        Least share of sites that must be known at a level for the level to be used: what is said of those
        that are known then holds for at least four in five of all.
    near_km
        Radius of the strategy's `near`: the one in which the report of 2023 counted core suppliers.
    regional
        Share of sites in the centre's region above which suppliers are called regional: most of them.
    multi_site
        Mean effective number of countries of a supplier above which suppliers are called multi-site: half
        of a second country.
    draws
        How often suppliers are drawn anew, at least 2.
    level
        Share of the draws that an interval holds.
    seed
        Name of the draws.
    """

    known: float = 0.8
    near_km: float = 60.0
    regional: float = 0.5
    multi_site: float = 1.5
    draws: int = 200
    level: float = 0.9
    seed: str = "suppliers"

    def counts(self, suppliers: int, name: str) -> Floats:
        """Return how often each supplier is drawn (draws × suppliers): as many as there are."""
        random = stream(f"{self.seed}/{name}", 0)
        even = np.full(suppliers, 1.0 / suppliers)
        return random.multinomial(suppliers, even, size=self.draws).astype(np.float64)

    def bounds(self, values: Floats) -> tuple[float, float]:
        """Return the bounds of the middle `level` of some draws."""
        return _quantile(values, (1.0 - self.level) / 2.0), _quantile(values, (1.0 + self.level) / 2.0)


def _quantile(values: Floats, at: float) -> float:
    sound = values[np.isfinite(values)]
    return float(np.quantile(sound, at)) if len(sound) else float("nan")


def share_within(
    distance_km: Floats, least_km: Floats, most_km: Floats, km: float
) -> tuple[float, float, float]:
    """Return the share of sites within a radius, and the least and most it can be.

    s(r) = Σ_{d ≤ r} 1 / n over the n sites of which it is known whether they lie within r: those with a
    distance, and those whose bounds lie both within or both without. Least: all others lie without; most: all
    within. None of the three falls with r, and at half the Earth's girth all are 1.

    Parameters
    ----------
    distance_km
        Not a number where a site has no coordinates.
    least_km, most_km
        Bounds of the distance of such a site.

    Examples
    --------
    Three sites, one of which is known to lie in a country between 300 and 900 km away:

    >>> import numpy as np
    >>> d, least, most = np.array([10.0, 800.0, np.nan]), np.array([0, 0, 300.0]), np.array([0, 0, 900.0])
    >>> [share_within(d, least, most, km) for km in (100, 500, 1000)][1]
    (0.5, 0.3333333333333333, 0.6666666666666666)
    """
    inside, outside = _sides(distance_km, least_km, most_km, km)
    n = len(distance_km)
    if not n:
        return float("nan"), float("nan"), float("nan")
    known = int(inside.sum() + outside.sum())
    share = float(inside.sum()) / known if known else float("nan")
    return share, float(inside.sum()) / n, float(n - outside.sum()) / n


def _sides(
    distance_km: Floats, least_km: Floats, most_km: Floats, km: float
) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """Say which sites surely lie within a radius, and which surely without."""
    placed = np.isfinite(distance_km)
    inside = np.where(placed, distance_km <= km, (most_km <= km) | (km >= HALF_GIRTH_KM))
    outside = np.where(placed, distance_km > km, (least_km > km) & (km < HALF_GIRTH_KM))
    return inside.astype(np.bool_), outside.astype(np.bool_)


def places(sites: pl.DataFrame) -> pl.DataFrame:
    """Count sites and suppliers by place, as precisely as each is known: `SUPPLIER_PLACES`."""
    keys = ["customer", "year", "precision", "country", "division", "city_id"]
    require(sites, [*keys, "supplier"], what="sites")
    counted = sites.group_by(keys).agg(sites=pl.len(), suppliers=pl.col("supplier").n_unique())
    return (
        counted.sort(keys, nulls_last=True)
        .select(SUPPLIER_PLACES.names())
        .match_to_schema(SUPPLIER_PLACES, integer_cast="upcast")
    )


def radius(
    sites: pl.DataFrame, centres: pl.DataFrame, *, radii_km: Sequence[float], rule: SupplierRule | None = None
) -> pl.DataFrame:
    """Measure which share of a customer's sites lies within each radius of its centre, by year.

    `low` and `high` hold both chance and ignorance: `low` is a low quantile, over draws of suppliers, of the
    least share that the sites without coordinates allow, `high` a high one of the most. `share` is null where
    less than `rule.known` of the sites have coordinates (`placed`): bounds are then all there is to say.

    Parameters
    ----------
    sites
        By `SITES`.
    centres
        `customer`, `city_id`, `place`: the city of the centre, and the name of the place that distances are
        from, where it is not the city itself. A customer without a city has no row.
    radii_km
        Growing.

    Returns
    -------
    frame
        By `SUPPLIER_RADIUS`.
    """
    require(sites, SITES.names(), what="sites")
    rule = rule or SupplierRule()
    known = dict(centres.select("customer", "city_id").drop_nulls().iter_rows())
    named = dict(centres.select("customer", "place").iter_rows())
    rows = []
    for customer, year, frame in _years(sites.filter(pl.col("customer").is_in(sorted(known)))):
        index, n = _suppliers(frame)
        drawn = rule.counts(n, f"radius/{customer}/{year}")
        d, least, most = (
            frame[name].cast(pl.Float64).fill_null(float("nan")).to_numpy()
            for name in ("distance_km", "least_km", "most_km")
        )
        total = drawn @ np.bincount(index, minlength=n).astype(np.float64)
        placed = float(np.isfinite(d).mean())
        for km in radii_km:
            inside, outside = _sides(d, least, most, km)
            share, *_ = share_within(d, least, most, km)
            low, _ = rule.bounds(drawn @ np.bincount(index, weights=inside, minlength=n) / total)
            without = drawn @ np.bincount(index, weights=outside, minlength=n)
            _, high = rule.bounds((total - without) / total)
            told = share if placed >= rule.known else None
            low, high = (min(low, share), max(high, share)) if told is not None else (low, high)
            row = (customer, known[customer], year, float(km), told, low, high, frame.height, placed)
            rows.append((*row, named[customer]))
    return pl.DataFrame(rows, schema=SUPPLIER_RADIUS, orient="row")


def spread(sites: pl.DataFrame, *, rule: SupplierRule | None = None) -> pl.DataFrame:
    """Measure over how many places a customer's sites are spread, by year and level.

    With s_i the share of place i in what is known at the level, sites for cities, presences for divisions and
    countries (`sites` of the table says how many): effective number 1 / Σ s_i²,
    Shannon's entropy −Σ s_i ln s_i and HHI Σ s_i² (`measures.concentration`). `low` and `high` bound the
    effective number over draws of suppliers; such draws repeat suppliers and so lie somewhat low.

    Returns
    -------
    frame
        By `SUPPLIER_SPREAD`; a level at which less than `rule.known` of the sites are known (`covered`) has
        no row.
    """
    require(sites, SITES.names(), what="sites")
    rule = rule or SupplierRule()
    rows = []
    for customer, year, frame in _years(sites):
        for level in LEVELS:
            counted = _counted(frame, level)
            told = counted.drop_nulls("place")
            covered = told.height / counted.height
            if covered < rule.known:
                continue
            counts = _table(told)
            by_supplier = rule.counts(len(counts), f"spread/{customer}/{year}")
            drawn = by_supplier @ counts
            totals = drawn.sum(axis=1)
            effective = totals**2 / (drawn**2).sum(axis=1)
            low, high = rule.bounds(effective)
            by_place = counts.sum(axis=0)
            value = effective_number(by_place)
            row = (len(by_place), value, shannon(by_place), hhi(by_place), min(low, value), max(high, value))
            rows.append((customer, year, level, *row, told.height, covered))
    return pl.DataFrame(rows, schema=SUPPLIER_SPREAD, orient="row")


def strategy(sites: pl.DataFrame, *, rule: SupplierRule | None = None) -> pl.DataFrame:
    """Measure the two axes of a customer's strategy, by year: how regional, and how multi-site.

    * `regional`: share of the presences in the centre's own region of the world (M49), of those whose country
      is known. `near`: share of the sites within `rule.near_km` of the centre, null where less than
      `rule.known` of them have coordinates.
    * `multi_site`: mean over suppliers of the effective number of countries of their presences, 1 / Σ s_c².

    They are two axes and not two ends of one: a chain can be both, or neither. Countries are known in all
    years alike, so that years compare. Read against `rule.regional` and `rule.multi_site`; `unclear` where an
    interval holds its threshold.

    Returns
    -------
    frame
        By `SUPPLIER_STRATEGY`; `regional` is null, and the reading `unclear`, without a centre.
    """
    require(sites, SITES.names(), what="sites")
    rule = rule or SupplierRule()
    rows = []
    for customer, year, every in _years(sites):
        frame = _counted(every, "country").drop_nulls("place")
        if frame.is_empty():
            continue
        index, n = _suppliers(frame)
        drawn = rule.counts(n, f"strategy/{customer}/{year}")
        known = frame["in_region"].is_not_null().to_numpy()
        inside = frame["in_region"].fill_null(value=False).to_numpy()
        of_region = np.bincount(index, weights=known, minlength=n)
        in_region = np.bincount(index, weights=inside & known, minlength=n)
        counts = _table(frame)
        effective = counts.sum(axis=1) ** 2 / (counts**2).sum(axis=1)
        multi = float(effective.mean())
        multi_low, multi_high = rule.bounds(drawn @ effective / drawn.sum(axis=1))
        sited = (min(multi_low, multi), max(multi_high, multi))
        share, bounds = None, None
        if of_region.sum():
            with np.errstate(invalid="ignore", divide="ignore"):
                low, high = rule.bounds((drawn @ in_region) / (drawn @ of_region))
            share = float(in_region.sum() / of_region.sum())
            bounds = (min(low, share), max(high, share))
        told = reading(bounds, sited, rule)
        axes = (share, *(bounds or (None, None)), multi, *sited, told)
        rows.append((customer, year, *axes, _near(every, rule), n, every.height))
    return pl.DataFrame(rows, schema=SUPPLIER_STRATEGY, orient="row")


def reading(regional: tuple[float, float] | None, multi_site: tuple[float, float], rule: SupplierRule) -> str:
    """Read two intervals against `rule.regional` and `rule.multi_site`: one of `READINGS`.

    Examples
    --------
    >>> rule = SupplierRule()
    >>> reading((0.7, 0.9), (1.0, 1.2), rule), reading((0.05, 0.2), (1.8, 2.2), rule)
    ('regional', 'multi_site')
    >>> reading((0.4, 0.6), (1.8, 2.2), rule)
    'unclear'
    """
    if regional is None or regional[0] <= rule.regional <= regional[1]:
        return "unclear"
    if multi_site[0] <= rule.multi_site <= multi_site[1]:
        return "unclear"
    found = (regional[0] > rule.regional, multi_site[0] > rule.multi_site)
    return {(True, False): "regional", (False, True): "multi_site", (True, True): "both"}.get(
        found, "neither"
    )


def changes(sites: pl.DataFrame, *, rule: SupplierRule | None = None) -> pl.DataFrame:
    """Say which places came and went from each year that is there to the next.

    At every level that both years reach (`rule.known`), in the countries in which both do. A place has one of
    `entries` (only in the later year), `exits` (only in the earlier) and `stayed`, so that the three add up
    to numbers of places; the sites or presences behind are counted beside. A year that was not published is
    passed over: `from_year` and `to_year` say what is compared.

    Returns
    -------
    frame
        By `SUPPLIER_CHANGES`; `place` is a city's id, a country's code, or a country's code and a division
        (`CN Jiangsu`).
    """
    require(sites, SITES.names(), what="sites")
    rule = rule or SupplierRule()
    rows: list[tuple[object, ...]] = []
    before: tuple[str, int, pl.DataFrame] | None = None
    for customer, year, frame in _years(sites):
        if before is not None and before[0] == customer:
            for level in LEVELS:
                moved = _moved(before[2], frame, level, rule.known)
                rows += [(customer, before[1], year, level, *row) for row in moved]
        before = (customer, year, frame)
    return pl.DataFrame(rows, schema=SUPPLIER_CHANGES, orient="row")


def _moved(
    earlier: pl.DataFrame, later: pl.DataFrame, level: str, known: float
) -> Iterator[tuple[str, int, int, int, int, int]]:
    """Give place, entry, exit, stay and both years' numbers, by place; nothing where a year is too vague.

    A country that is too vague in one of the years is left out.
    """
    counts, vague = [], set[str]()
    for frame in (earlier, later):
        counted = _counted(frame, level)
        told = counted.drop_nulls("place")
        if told.height < known * counted.height:
            return
        shares = counted.group_by("country").agg(share=pl.col("place").is_not_null().mean())
        vague.update(shares.filter(pl.col("share") < known)["country"].drop_nulls())
        counts.append(told.group_by("country", "place").len())
    first, second = (
        dict(numbers.filter(~pl.col("country").is_in(sorted(vague))).select("place", "len").iter_rows())
        for numbers in counts
    )
    for place in sorted(first.keys() | second.keys()):
        was, stands = first.get(place, 0), second.get(place, 0)
        yield place, int(not was), int(not stands), int(bool(was and stands)), was, stands


def _years(sites: pl.DataFrame) -> Iterator[tuple[str, int, pl.DataFrame]]:
    """Give the sites of each customer and year, in their order."""
    ordered = sites.sort("customer", "year", "supplier", maintain_order=True)
    for (customer, year), frame in ordered.group_by("customer", "year", maintain_order=True):
        yield str(customer), int(year), frame


def _suppliers(frame: pl.DataFrame) -> tuple[NDArray[np.int64], int]:
    """Return the number of each site's supplier, from 0, and how many there are."""
    ranks = frame["supplier"].rank("dense").to_numpy().astype(np.int64) - 1
    return ranks, int(ranks.max(initial=-1)) + 1


def _counted(frame: pl.DataFrame, level: str) -> pl.DataFrame:
    """Give what counts at a level, sites or presences, with the place of each, `place`; null if not known."""
    if level == "city":
        return frame.with_columns(place=pl.col("city_id").cast(pl.String))
    once = frame.unique(["supplier", "country", "division"], keep="first", maintain_order=True)
    division = pl.format("{} {}", "country", "division")
    return once.with_columns(place=division if level == "division" else pl.col("country"))


def _table(told: pl.DataFrame) -> Floats:
    """Count the sites of each supplier in each place: suppliers × places, in their order."""
    rows, n = _suppliers(told)
    columns = told["place"].rank("dense").to_numpy().astype(np.int64) - 1
    width = int(columns.max(initial=-1)) + 1
    counts = np.bincount(rows * width + columns, minlength=n * width)
    return counts.reshape(n, width).astype(np.float64)


def _near(frame: pl.DataFrame, rule: SupplierRule) -> float | None:
    """Share of the sites with coordinates within the near radius; none where too few have them."""
    d = frame["distance_km"].drop_nulls().to_numpy()
    enough = len(d) > 0 and len(d) >= rule.known * frame.height
    return float((d <= rule.near_km).mean()) if enough else None
