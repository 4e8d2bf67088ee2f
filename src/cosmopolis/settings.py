"""The settings of an edition, section by section, with defaults; `cosmopolis.edition` reads and checks them.

No reading here. Why a default is what it is stands in docs/edition.md.
"""

from dataclasses import dataclass, field
from typing import Any

COUNTINGS = ("full", "fractional", "refined")
"""Ways to count co-authored works: see `cosmopolis.networks.cooccurrence`."""

NORMALISATIONS = ("min-max", "percentile-rank")
AGGREGATIONS = ("arithmetic", "geometric", "harmonic")
"""Ways that the intervals around ranks can vary: see `cosmopolis.pipeline.intervals`."""

DOWNSCALES = ("people", "headquarters")
"""Ways to bring a country's number down to its cities: see `cosmopolis.measures.downscale`."""

SIZES = ("mega", "large", "mid", "small", "micro", "nano")
"""Size classes of firms by market value, largest first."""


@dataclass(frozen=True, kw_only=True)
class CitySettings:
    """How places are merged into cities: see `cosmopolis.places.cities.CityRule`."""

    core_population: int = 50_000
    core_share: float = 0.5
    reach_km: float = 20.0
    reach_power: float = 0.3
    twin_km: float = 8.0
    core_density: float = 2_500.0
    exceptions: str = ""


@dataclass(frozen=True, kw_only=True)
class SampleRule:
    """Which cities are ranked: those that meet at least one of these.

    Attributes
    ----------
    largest
        So many most populous cities.
    capitals
        National capitals.
    port_countries, air_links, headquarters, papers
        Cities whose ports serve at least so many countries; that are joined by air to at least so many
        cities; that have the headquarters of at least so many listed firms; that stand in at least so many
        papers of the edition's fields in its last window. None: not asked.
    """

    largest: int = 280
    capitals: bool = True
    port_countries: int | None = None
    air_links: int | None = None
    headquarters: int | None = None
    papers: int | None = None


@dataclass(frozen=True, kw_only=True)
class InnovationSettings:
    """How papers and patents become networks and measures: see `cosmopolis.pipeline.innovation`.

    Attributes
    ----------
    fields
        A file of frontier fields of the user's own; empty: the built-in one.
    frontiers
        Ids of the fields that this edition is about; all of the file where none is named.
    first_year, last_year
        Years counted, both included.
    last_class_year
        Last year counted of tables of patent classes by area: what comes after is not published in full.
    window_years
        Years that are taken together where one year is too thin: communities, gravity, organisations.
    largest_record
        A record in more distinct cities than this makes no pairs, but counts in totals; null: none is cut.
    repeats_most
        Lists of at most so many works are searched for works that stand in them twice, or in another list
        too; an index of hundreds of millions keeps its own ids clean, and its titles do not fit in memory.
    seats
        Whether a paper whose address names an organisation and no place counts in the organisation's seat.
    near_km
        Radii within which the share of a network's ties is taken.
    gravity_cities
        So many cities with the most records enter the gravity model, with all the pairs between them.
    runs, resolution
        Seeded runs of the consensus of communities, and the resolution of modularity.
    significance
        Level below which a tie is beyond chance, after the correction for many tests.
    pairs
        So many strongest pairs of each field are told with the organisations behind them.
    inside_pairs
        So many strongest pairs of organisations inside each city are told, of each field.
    recent_years
        Trends are told over all years and over so many last ones.
    steady
        A yearly change within this share of a series' mean, either way, is called steady.
    panels
        Field and the venues whose papers alone count in its trends: in the years in which each of them has
        some. A trend over all venues would follow the lists that a source happens to have. A field that
        is not named is followed over all its records.
    partners
        Countries (ISO 3166-1 alpha-2) whose ties to every other country are followed by year.
    seed
        Name of all the draws.
    """

    fields: str = ""
    frontiers: list[str] = field(default_factory=list)
    first_year: int = 2000
    last_year: int = 2024
    last_class_year: int = 2012
    window_years: int = 5
    largest_record: int | None = None
    repeats_most: int = 5_000_000
    seats: bool = False
    near_km: list[float] = field(default_factory=lambda: [500.0, 1000.0])
    gravity_cities: int = 300
    runs: int = 50
    resolution: float = 1.0
    significance: float = 0.05
    pairs: int = 50
    inside_pairs: int = 10
    recent_years: int = 6
    steady: float = 0.02
    panels: dict[str, list[str]] = field(default_factory=dict)
    partners: list[str] = field(default_factory=lambda: ["CN"])
    seed: str = "innovation"


@dataclass(frozen=True, kw_only=True)
class ProductionSettings:
    """How firms, suppliers and trade become networks and measures: see `cosmopolis.pipeline.production`.

    Attributes
    ----------
    baskets
        A file of baskets of firms of the user's own; empty: the built-in one.
    sizes
        Size classes of the firms that count as the world's most valuable; none named: firms of any size.
    name_likeness
        Least likeness of two firms' names, in one country, to be one firm (`cosmopolis.firms.matching`).
        Below 0.9 most labelled pairs that differ in more than legal forms are two firms of one house.
    near_km
        Radii within which the share of a firm's suppliers is taken.
    first_year, last_year
        Years of trade that are followed, both included.
    draws
        How often firms, offices and sites are drawn anew for intervals.
    code_shift
        How far a service value may be off, either way, in the intervals of the interlocking network.
    class_ratio
        Least connectivity of a class of cities as a part of that of the class above (Alpha++ from 0.8 of the
        first city). Ours, for cut-offs are not published: see `measures.interlocking.cut_offs`.
    hinterworlds
        So many most connected cities have their hinterworlds listed.
    trade_since
        First of the recent years over which trends of trade are tested besides all: by default the first with
        the states that followed the Soviet Union.
    roll_calls_min
        Roll calls in which two countries must both have voted for their agreement to be known.
    traders
        So many countries with the most trade have their political distances listed pair by pair.
    ties
        So many largest ties between industries of countries are kept.
    downscale
        How a country's number is brought down to its cities: `people` or `headquarters`.
    centres
        Customers of lists of suppliers and the place that distances are from, such as
        `Apple = "Cupertino, California"`; of others the headquarters that the firms know.
    supplier_known, supplier_near_km, supplier_regional, supplier_multi_site
        `known`, `near_km`, `regional` and `multi_site` of `cosmopolis.measures.suppliers.SupplierRule`.
    ownership_known
        Share of the branches of a field and year whose place must be known for a network between cities;
        below it the few that are named stand for countries that are one city.
    pole_gap
        From this lead on, in times the second city's headquarters, a first city can be a pole: 2 is what the
        rank-size rule gives by itself (`cosmopolis.measures.poles`).
    centres_share
        The first city and the secondary centres of an industry have at least this share of its headquarters.
    city_groups
        Cities that are also taken as one when poles are looked for, by an id of the group:
        `san_francisco_bay = { en = "San Francisco Bay Area", zh = "旧金山湾区", cities = ["San Jose,
        California, United States", …] }`.
    industry40_fields
        Frontier fields whose patents make a city an inventor of Industry 4.0.
    complexity_firms, complexity_patents
        Least total of a place, and of an activity, that counts for economic complexity: of headquarters by
        sector, of patent classes by area. Below, a specialisation is mostly chance.
    seed
        Name of all the draws.
    """

    baskets: str = ""
    sizes: list[str] = field(default_factory=lambda: ["mega", "large"])
    name_likeness: float = 0.9
    near_km: list[float] = field(default_factory=lambda: [20.0, 60.0, 150.0, 500.0, 1000.0, 3000.0, 10000.0])
    first_year: int = 1964
    last_year: int = 2016
    trade_since: int = 1992
    roll_calls_min: int = 10
    traders: int = 20
    draws: int = 200
    code_shift: int = 1
    class_ratio: float = 0.8
    hinterworlds: int = 20
    ties: int = 2000
    downscale: str = "people"
    centres: dict[str, str] = field(default_factory=dict)
    supplier_known: float = 0.8
    ownership_known: float = 0.5
    supplier_near_km: float = 60.0
    supplier_regional: float = 0.5
    supplier_multi_site: float = 1.5
    pole_gap: float = 2.0
    centres_share: float = 0.5
    city_groups: dict[str, dict[str, Any]] = field(default_factory=dict)
    industry40_fields: list[str] = field(default_factory=lambda: ["intelligent_manufacturing"])
    complexity_firms: int = 10
    complexity_patents: int = 500
    seed: str = "production"


@dataclass(frozen=True, kw_only=True)
class NetworkSettings:
    """Settings of the networks: see `cosmopolis.networks`.

    Attributes
    ----------
    measures
        Names of `cosmopolis.measures` that are taken of every network; all where none is named.
    """

    reach_km: float = 500.0
    snap_km: float = 15.0
    counting: str = "fractional"
    measures: list[str] = field(default_factory=list)


@dataclass(frozen=True, kw_only=True)
class IntervalSettings:
    """What is varied for the intervals around ranks: see `cosmopolis.pipeline.intervals`.

    Attributes
    ----------
    replications
        How often the index is made; 0: no intervals.
    level
        Share of the replications that an interval holds.
    weight_noise
        A weight w is drawn evenly from w (1 - noise) to w (1 + noise).
    normalisations, aggregations
        Ways that are as likely as each other: of `NORMALISATIONS` and `AGGREGATIONS`.
    records
        How many times the records are drawn anew; 0: they stay as they are.
    seed
        Name of all the draws; another name gives other draws.
    """

    replications: int = 2000
    level: float = 0.9
    weight_noise: float = 0.25
    normalisations: list[str] = field(default_factory=lambda: ["min-max", "percentile-rank"])
    aggregations: list[str] = field(default_factory=lambda: ["arithmetic", "geometric"])
    records: int = 40
    seed: str = "intervals"


@dataclass(frozen=True, kw_only=True)
class ReportSettings:
    """How much the report shows, and whose borders it draws (a GeoJSON file; empty: the source's).

    Attributes
    ----------
    profile_top
        So many of the first cities have a page of their own in the result; 0: none of them.
    profiles
        Further cities that have one: names in either language, GeoNames ids, or "name, country".
    """

    top: int = 100
    links: int = 350
    labels: int = 26
    equal_links: int = 1500
    rows: int = 15
    centre: float = 11.0
    borders: str = ""
    profile_top: int = 5
    profiles: list[str] = field(default_factory=list)
