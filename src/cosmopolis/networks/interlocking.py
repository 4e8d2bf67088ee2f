"""The interlocking network of cities: firms with offices in several cities tie these cities together.

In comes a roster: how much each city serves in the network of each firm (0: no office … 5: headquarters), as
a long table (city, firm, value) or as a matrix (a row for each city, a column for each firm). Out come each
city's connectivity, without the matrix of cities × cities, and, where they are asked for, the links.

    r_ab = Σ_j v_aj v_bj,   GNC_a = Σ_{b≠a} r_ab = Σ_j v_aj (S_j − v_aj),   S_j = Σ_i v_ij

A link is *possible* work between two offices of one firm; no message, meeting or payment is known. How sure a
rank is, classes and hinterworlds stand in `cosmopolis.measures.interlocking`.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, Final

import numpy as np
import polars as pl
from numpy.typing import NDArray
from scipy.sparse import csr_matrix

from cosmopolis.errors import FormatError, UnknownNameError, hint_near
from cosmopolis.networks import backbone as chance

LARGEST_VALUE: Final = 5
"""Service value of a headquarters in the coding of GaWC; here any values ≥ 0 will do."""

BACKBONE_CITIES: Final = 1000
"""Rosters of more cities are not asked for chance unless that is wanted: it takes a minute from there on."""

_NO_FIRMS: Final = frozenset({"country", "sector", "year"})
_SECTOR_ROW: Final = "sector"

Floats = NDArray[np.float64]
Whole = NDArray[np.int64]


@dataclass(frozen=True, kw_only=True)
class Roster:
    """Cities, firms and the offices between them, as `roster` makes it of a table.

    Attributes
    ----------
    cities, firms
        Labels (whole numbers or texts), each once, ascending; those without any office are among them.
    city, firm
        For each office, the places of its city and its firm in these.
    value
        For each office, its service value, > 0.
    sectors
        Sector of each firm; null where not known.
    """

    cities: pl.Series
    firms: pl.Series
    city: Whole
    firm: Whole
    value: Floats
    sectors: pl.Series

    @property
    def sizes(self) -> Floats:
        """S_j: the sum of each firm's service values."""
        return np.bincount(self.firm, self.value, len(self.firms)).astype(np.float64)

    @property
    def largest(self) -> Floats:
        """h_j: the largest service value of each firm; 0 without an office."""
        most = np.zeros(len(self.firms))
        np.maximum.at(most, self.firm, self.value)
        return most

    @cached_property
    def matrix(self) -> Any:  # noqa: ANN401 - scipy has no types
        """V: cities × firms, sparse."""
        shape = (len(self.cities), len(self.firms))
        return csr_matrix((self.value, (self.city, self.firm)), shape=shape)

    def of_sector(self, sector: str) -> "Roster":
        """Return the roster with the offices of one sector alone; all cities stay."""
        known = self.sectors.drop_nulls().unique().to_list()
        if sector not in known:
            raise UnknownNameError(f"the roster has no sector {sector!r}" + hint_near(sector, known))
        inside = (self.sectors == sector).fill_null(value=False).to_numpy()
        place = np.cumsum(inside) - 1
        held = inside[self.firm]
        return replace(
            self,
            firms=self.firms.filter(pl.Series(inside)),
            sectors=self.sectors.filter(pl.Series(inside)),
            city=self.city[held],
            firm=place[self.firm[held]],
            value=self.value[held],
        )


def polars_frame(frame: object, *, what: str) -> pl.DataFrame:
    """Return a table as it is if it is a Polars frame; else say what to make of it.

    Raises
    ------
    FormatError
        If it is none; `what` names it in the message.

    Examples
    --------
    >>> polars_frame({"city": ["A"]}, what="values")
    Traceback (most recent call last):
    cosmopolis.errors.FormatError: values: expected a Polars frame, got a dict; polars.DataFrame(…) makes one
    """
    if isinstance(frame, pl.DataFrame):
        return frame
    kind = type(frame)
    package = kind.__module__.partition(".")[0]
    if isinstance(frame, pl.LazyFrame):
        advice = ".collect() makes one"
    elif package == "pandas":
        advice = "polars.from_pandas(frame) makes one"
    else:
        advice = "polars.DataFrame(…) makes one"
    name = kind.__name__ if package == "builtins" else f"{package} {kind.__name__}"
    raise FormatError(f"{what}: expected a Polars frame, got a {name}; {advice}")


def roster(
    values: "pl.DataFrame | Roster",
    *,
    city: str = "city",
    firm: str = "firm",
    value: str = "value",
    sector: str = "sector",
    sectors: Mapping[str, str] | None = None,
) -> Roster:
    """Take a table of service values in, long or wide.

    A table with the columns `firm` and `value` is long: a row for each office. Any other is a matrix: its
    first column has the cities, each other column is a firm, and a first row whose city is the word `sector`
    has the sectors of the firms. An empty cell of a matrix is no office; in a long table it is an error, and
    a city or firm that shall count without an office has a row of value 0. Spaces around labels are no part
    of them.

    Parameters
    ----------
    values
        The table, a Polars frame of one year. A roster is returned as it is.
    city, firm, value, sector
        Names of the columns of a long table; `sector` may be missing.
    sectors
        Sector of each firm that has one, for a table that does not tell; they take the place of those that it
        tells.

    Raises
    ------
    UnknownNameError
        If a column is not there, or a firm with a sector is not on the roster.
    FormatError
        If a value is not a finite number ≥ 0, a label is empty, an office stands twice, or a firm has two
        sectors; with the first place where it does. If a matrix has a column `year`, `country` or `sector`,
        which would be read as a firm. If the table is no Polars frame.

    Examples
    --------
    >>> wide = pl.DataFrame({"city": ["A", "B"], "Firm 1": [5, 4], "Firm 2": [2, 0]})
    >>> long = pl.DataFrame(
    ...     {"city": ["A", "B", "A"], "firm": ["Firm 1", "Firm 1", "Firm 2"], "value": [5, 4, 2]}
    ... )
    >>> roster(wide).value.tolist() == roster(long).value.tolist() == [5.0, 2.0, 4.0]
    True
    >>> roster(wide, sectors={"Firm 1": "law", "Firm 2": "ads"}).sectors.to_list()
    ['law', 'ads']
    """
    if isinstance(values, Roster):
        return values
    values = polars_frame(values, what="service values")
    if sectors is not None:
        return _with_sectors(roster(values, city=city, firm=firm, value=value, sector=sector), sectors)
    if firm in values.columns or value in values.columns:
        for name in (city, firm, value):
            if name not in values.columns:
                raise UnknownNameError(
                    f"service values: no column {name!r}" + hint_near(name, values.columns)
                )
        return _of_long(
            values[city].alias("city"),
            values[firm].alias("firm"),
            _numbers(values[value]),
            _stripped(values[sector].cast(pl.String)) if sector in values.columns else None,
        )
    return _of_wide(values, city)


def _with_sectors(one: Roster, sectors: Mapping[str, str]) -> Roster:
    """Return the roster with sectors that are told apart from it."""
    known = one.firms.cast(pl.String).to_list()
    for name in sectors:
        if name not in known:
            raise UnknownNameError(f"the roster has no firm {name!r}" + hint_near(name, known))
    return replace(one, sectors=pl.Series("sector", [sectors.get(name) for name in known], dtype=pl.String))


def _stripped(labels: pl.Series) -> pl.Series:
    """Return labels without spaces around them, null where nothing is left."""
    if labels.dtype.is_integer():
        return labels
    text = labels.cast(pl.String).str.strip_chars()
    return text.set(text == "", None)


def _numbers(column: pl.Series, *, above: int = 0) -> pl.Series:
    """Read service values; say which is none. So many rows of the table stand above the first."""
    text = column.str.strip_chars() if column.dtype == pl.String else column
    numbers = text.cast(pl.Float64, strict=False)
    bad = ~(numbers.is_finite() & (numbers >= 0)).fill_null(value=False)
    if bad.any():
        at = int(bad.arg_true()[0])
        got = "an empty cell" if column[at] is None else repr(column[at])
        raise FormatError(
            f"service values: {got} in row {at + 1 + above} of {column.name!r} is none, expected 0 (no "
            f"office) to {LARGEST_VALUE} (headquarters), or any number ≥ 0; such cells in the column: "
            f"{int(bad.sum())}"
        )
    return numbers


def _of_wide(values: pl.DataFrame, city: str) -> Roster:
    """Take a matrix in."""
    if values.width < 2:  # noqa: PLR2004 - cities and a firm
        raise FormatError(
            f"service values: got the columns {values.columns}, but expected a long table (city, firm, "
            "value) or a matrix with the cities in its first column and a column for each firm"
        )
    label = city if city in values.columns else values.columns[0]
    firms = [name for name in values.columns if name != label]
    for name in firms:
        if name.strip().casefold() in _NO_FIRMS:
            raise FormatError(
                f"service values: the column {name!r} of the matrix would be read as a firm; take it out, "
                "or make the table long, with the columns city, firm and value"
            )
    sectors = _sector_row(values, label)
    above = 0 if sectors is None else 1
    values = values.slice(above)
    cities = _stripped(values[label])
    twice = cities.filter(cities.is_duplicated() & cities.is_not_null())
    if len(twice):
        raise FormatError(
            f"service values: the city {twice[0]!r} has {int((cities == twice[0]).sum())} rows of the "
            "matrix; give each city one row, and each year by itself"
        )
    if cities.null_count():
        raise _no_label(cities, "city", above=above)
    columns = [_numbers(_filled(values[name]), above=above).to_numpy() for name in firms]
    told = None if sectors is None else [sectors[name] for name in firms]
    return _of_long(
        cities.gather(np.repeat(np.arange(values.height), len(firms))),
        pl.Series(firms * values.height, dtype=pl.String),
        pl.Series(np.column_stack(columns).ravel()),
        None if told is None else _stripped(pl.Series(told * values.height, dtype=pl.String)),
    )


def _sector_row(values: pl.DataFrame, label: str) -> dict[str, str | None] | None:
    """Return the sectors of firms that the first row of a matrix tells; None if it is a city."""
    if values.is_empty() or str(values[label][0]).strip().lower() != _SECTOR_ROW:
        return None
    cells = values.drop(label).row(0, named=True)
    return {name: None if cell is None else str(cell) for name, cell in cells.items()}


def _no_label(labels: pl.Series, what: str, *, above: int = 0) -> FormatError:
    at = int(labels.is_null().arg_true()[0]) + 1 + above
    return FormatError(f"service values: row {at} names no {what}; fill it in or leave the row out")


def _filled(column: pl.Series) -> pl.Series:
    """Take empty cells of a matrix for no office."""
    if column.dtype == pl.String:
        return column.set(column.is_null() | (column.str.strip_chars() == ""), "0")
    return column.fill_null(0) if column.dtype.is_numeric() else column.cast(pl.Float64).fill_null(0.0)


def _coded(labels: pl.Series, what: str) -> tuple[pl.Series, Whole]:
    """Return the labels, each once and ascending, and the place of each row's label in them."""
    if labels.null_count():
        raise _no_label(labels, what)
    known = labels.unique().sort()
    if labels.dtype.is_integer():
        places = known.alias("label").to_frame().with_row_index("place")
        asked = labels.alias("label").to_frame().join(places, on="label", how="left", maintain_order="left")
        return known, asked["place"].to_numpy().astype(np.int64)
    return known, labels.cast(pl.Enum(known)).to_physical().to_numpy().astype(np.int64)


def _of_long(cities: pl.Series, firms: pl.Series, numbers: pl.Series, sectors: pl.Series | None) -> Roster:
    """Make a roster of offices; those of value 0 say that the city and the firm are on the roster."""
    cities, firms = _stripped(cities), _stripped(firms)
    city_names, city = _coded(cities, "city")
    firm_names, firm = _coded(firms, "firm")
    value = numbers.to_numpy().astype(np.float64)
    office = city * np.int64(len(firm_names)) + firm
    order, office = _ascending(office, len(city_names) * len(firm_names))
    twice = np.flatnonzero(np.diff(office) == 0)
    if len(twice):
        one, other = sorted(order[twice[0] : twice[0] + 2].tolist())
        raise FormatError(
            f"service values: {len(twice)} offices stand twice; the first is {firms[one]!r} in "
            f"{cities[one]!r}, rows {one + 1} and {other + 1}; give each firm one value in a city, and each "
            "year by itself"
        )
    order = order[value[order] > 0]
    return Roster(
        cities=city_names.alias("city"),
        firms=firm_names.alias("firm"),
        city=city[order],
        firm=firm[order],
        value=value[order],
        sectors=_sectors(firms, firm_names, sectors),
    )


def _ascending(keys: Whole, below: int) -> tuple[Whole, Whole]:
    """Return the order that sorts whole numbers, equals by their place, and the numbers in that order.

    Where number and place fit into one integer, sorting these is many times faster than sorting places.
    """
    n = max(len(keys), 1)
    if below * n < 2**63:
        packed = np.sort(keys * n + np.arange(len(keys)))
        return packed % n, packed // n
    order = np.argsort(keys, kind="stable")
    return order, keys[order]


def _sectors(firms: pl.Series, names: pl.Series, sectors: pl.Series | None) -> pl.Series:
    """Return the sector of each firm."""
    if sectors is None:
        return pl.Series("sector", [None] * len(names), dtype=pl.String)
    told = pl.DataFrame([firms.cast(names.dtype).alias("firm"), sectors.alias("sector")])
    told = told.drop_nulls("sector").unique().sort("firm", "sector")
    twice = told.filter(pl.col("firm").is_duplicated())
    if twice.height:
        name, *both = twice["firm"][0], *twice["sector"].head(2)
        raise FormatError(
            f"service values: the firm {name!r} has the sectors {both[0]!r} and {both[1]!r}; give it one"
        )
    found = names.alias("firm").to_frame().join(told, on="firm", how="left", maintain_order="left")
    return found["sector"]


def connectivity(values: pl.DataFrame | Roster) -> pl.DataFrame:
    """Return the global network connectivity of each city.

    GNC_a = Σ_{b≠a} Σ_j v_aj v_bj = Σ_j v_aj (S_j − v_aj), S_j = Σ_i v_ij: one pass over the offices, so
    that time and memory follow their number and never the square of the number of cities. Exact where the
    values are whole numbers.

    Parameters
    ----------
    values
        As for `roster`.

    Returns
    -------
    frame
        A row for each city, the most connected first, equals by label: `city`, `gnc` (products of service
        values), `relative` (gnc / the largest; null where that is 0), `rank` (1 + cities with more; null
        where gnc is 0), `firms` (with an office there), `service_value` (Σ_j v_aj).

    Notes
    -----
    Taylor (2001), Specification of the world city network, *Geographical Analysis* 33(2), 181–194 (GaWC
    RB 23); Taylor, Catalano & Walker (2002), Measurement of the world city network, *Urban Studies* 39(13),
    2367–2376 (RB 43).

    Examples
    --------
    >>> toy = pl.DataFrame({"city": list("ABCD"), "x": [5, 4, 2, 0], "y": [4, 3, 0, 3], "z": [3, 0, 2, 1]})
    >>> connectivity(toy).select("city", "gnc", "rank").rows()
    [('A', 63.0, 1), ('B', 49.0, 2), ('C', 26.0, 3), ('D', 26.0, 3)]
    """
    one = roster(values)
    n = len(one.cities)
    gnc = np.bincount(one.city, one.value * (one.sizes[one.firm] - one.value), n)
    most = gnc.max(initial=0.0)
    return (
        pl.DataFrame(
            {
                "city": one.cities,
                "gnc": gnc,
                "relative": gnc / most if most > 0 else np.full(n, np.nan),
                "firms": np.bincount(one.city, minlength=n).astype(np.int64),
                "service_value": np.bincount(one.city, one.value, n),
            }
        )
        .with_columns(
            pl.col("relative").fill_nan(None),
            pl.when(pl.col("gnc") > 0)
            .then(pl.col("gnc").rank("min", descending=True).cast(pl.Int64))
            .alias("rank"),
        )
        .sort("rank", "city", nulls_last=True)
        .select("city", "gnc", "relative", "rank", "firms", "service_value")
    )


def by_sector(values: pl.DataFrame | Roster, sectors: Sequence[str] | None = None) -> pl.DataFrame:
    """Return the connectivity of each city in each sector: the model over the firms of that sector alone.

    GNC_a = Σ_sectors GNC_a(sector) where every firm has a sector; `relative` and `rank` are within a sector.

    Parameters
    ----------
    sectors
        Those wanted; all that the roster has, ascending, if not given.

    Returns
    -------
    frame
        `sector` and the columns of `connectivity`, every city in every sector.

    Examples
    --------
    >>> long = pl.DataFrame(
    ...     {"city": list("ABA"), "firm": list("xxy"), "value": [5, 4, 2], "sector": ["law", "law", "ads"]}
    ... )
    >>> by_sector(long).select("sector", "city", "gnc").rows()
    [('ads', 'A', 0.0), ('ads', 'B', 0.0), ('law', 'A', 20.0), ('law', 'B', 20.0)]
    """
    one = roster(values)
    wanted = one.sectors.drop_nulls().unique().sort().to_list() if sectors is None else list(sectors)
    named = pl.lit(None, dtype=pl.String).alias("sector")
    frames = [connectivity(one).clear().select(named, pl.all())]
    frames += [
        connectivity(one.of_sector(sector)).select(pl.lit(sector, dtype=pl.String).alias("sector"), pl.all())
        for sector in wanted
    ]
    return pl.concat(frames)


def by_firm(values: pl.DataFrame | Roster) -> pl.DataFrame:
    """Return what each office adds to the connectivity of its city: v_aj (S_j − v_aj).

    Returns
    -------
    frame
        `city`, `firm`, `sector`, `value`, `gnc`, by city and firm; `gnc` of a city adds up to its
        connectivity.

    Examples
    --------
    >>> wide = pl.DataFrame({"city": ["A", "B"], "x": [5, 4], "y": [2, 0]})
    >>> by_firm(wide).select("city", "firm", "gnc").rows()
    [('A', 'x', 20.0), ('A', 'y', 0.0), ('B', 'x', 20.0)]
    """
    one = roster(values)
    return pl.DataFrame(
        {
            "city": one.cities.gather(one.city),
            "firm": one.firms.gather(one.firm),
            "sector": one.sectors.gather(one.firm),
            "value": one.value,
            "gnc": one.value * (one.sizes[one.firm] - one.value),
        }
    )


def links(values: pl.DataFrame | Roster) -> pl.DataFrame:
    """Return the link of each pair of cities that share a firm.

    r_ab = Σ_j v_aj v_bj; proportional link R_ab = r_ab / H with the most that a link can be, H = Σ_j h_j²,
    h_j = max_i v_ij: two cities that both had each firm's largest office; distance D_ab = 1 − R_ab (RB 23,
    eq. 12 and 13). A pair that is not listed shares no firm: r = R = 0, D = 1.

    Returns
    -------
    frame
        `origin`, `destination` (labels, origin before destination), `weight` (r_ab), `firms` (with an office
        in both), `proportional`, `distance`; sorted by the labels.

    Notes
    -----
    As long as there are pairs of cities that share a firm: of 10,000 cities there may be 50 million.

    Examples
    --------
    >>> toy = pl.DataFrame({"city": list("ABCD"), "x": [5, 4, 2, 0], "y": [4, 3, 0, 3], "z": [3, 0, 2, 1]})
    >>> links(toy)["weight"].to_list()
    [32.0, 16.0, 15.0, 8.0, 9.0, 2.0]
    >>> links(toy).select("origin", "destination", pl.col("distance").round(2)).row(0)
    ('A', 'B', 0.36)
    """
    one = roster(values)
    present = (one.matrix > 0).astype(np.int64)
    row, column, weight = _entries(one.matrix @ one.matrix.T, above=True)
    _, _, shared = _entries(present @ present.T, above=True)  # in the same places
    most = float(np.square(one.largest).sum())
    return pl.DataFrame(
        {
            "origin": one.cities.gather(row),
            "destination": one.cities.gather(column),
            "weight": weight,
            "firms": shared.astype(np.int64),
            "proportional": weight / most,
            "distance": (most - weight) / most,
        }
    )


def _entries(product: Any, *, above: bool) -> tuple[Whole, Whole, Floats]:  # noqa: ANN401 - scipy has no types
    """Return rows, columns and values of a sparse square matrix, row by row: above, or off, its diagonal."""
    product = product.tocsr()
    product.sort_indices()
    every = product.tocoo()
    kept = every.row < every.col if above else every.row != every.col
    return every.row[kept].astype(np.int64), every.col[kept].astype(np.int64), every.data[kept]


def asymmetric(values: pl.DataFrame | Roster) -> pl.DataFrame:
    """Return each link as a part of what the firms of the city at its origin could give it.

    A_ab = r_ab / H_a, H_a = Σ_{j: v_aj > 0} h_j²: the most that a link can be through the firms present in a
    (RB 23, eq. 15). A small city whose few firms all sit in London too leans on London, not London on it.

    Returns
    -------
    frame
        `origin`, `destination`, `asymmetric` (0..1), both directions of each pair that shares a firm; sorted.

    Notes
    -----
    "Only firms located in a city are used to compute the new totals" (GaWC data set 7.3) is taken to mean the
    firms of the origin, with their largest values anywhere on the roster.

    Examples
    --------
    >>> wide = pl.DataFrame({"city": ["A", "B"], "x": [5, 4], "y": [2, 0]})
    >>> asymmetric(wide)["asymmetric"].round(4).to_list()
    [0.6897, 0.8]
    """
    one = roster(values)
    row, column, weight = _entries(one.matrix @ one.matrix.T, above=False)
    most = (one.matrix > 0).astype(np.float64) @ np.square(one.largest)
    return pl.DataFrame(
        {
            "origin": one.cities.gather(row),
            "destination": one.cities.gather(column),
            "asymmetric": weight / most[row],
        }
    )


def backbone(
    values: pl.DataFrame | Roster,
    *,
    sizes: chance.Sizes = "expected",
    correction: chance.Correction = "benjamini-hochberg",
) -> pl.DataFrame:
    """Ask of each pair of cities whether it shares more firms than chance would have it.

    Large cities share many firms with everyone, whatever the firms decide: Neal's question to the model. Here
    chance keeps how many firms a city has and how many cities a firm has (on average: the stochastic degree
    sequence model; see `cosmopolis.networks.backbone.sdsm`) and forgets which. Service values do not count,
    an office is an office.

    Parameters
    ----------
    sizes
        As for `sdsm`; `exact` is slow where firms have offices in hundreds of cities.
    correction
        How probabilities are corrected for all pairs of cities with an office. Without, five of a hundred
        pairs that chance alone makes are below 0.05.

    Returns
    -------
    frame
        `origin`, `destination`, `firms`, `expected`, `sdsm_p` (P of so many or more), `sdsm_q` (corrected),
        for pairs that share a firm; sorted. Beyond chance is a pair whose `sdsm_q` is small.

    Notes
    -----
    Neal (2013), Brute force and sorting processes: two perspectives on world city network formation, *Urban
    Studies* 50(6), 1277–1291 (GaWC RB 403); Neal (2014), *Social Networks* 39, 84–97.

    Examples
    --------
    >>> toy = pl.DataFrame({"city": ["A", "B", "C"], "x": [1, 1, 0], "y": [1, 1, 0], "z": [0, 1, 1]})
    >>> backbone(toy).select("origin", "destination", "firms").rows()
    [('A', 'B', 2), ('B', 'C', 1)]
    """
    one = roster(values)
    counts = chance.margins(pl.DataFrame({"item": one.firm, "city_id": one.city}), alone=True)
    found = chance.sdsm(counts, sizes=sizes)
    n = counts.cities.height
    tests = n * (n - 1) // 2
    q = chance.adjust(found["p_upper"].to_numpy(), correction, tests=tests)
    return found.select(
        one.cities.gather(found["origin"]).alias("origin"),
        one.cities.gather(found["destination"]).alias("destination"),
        firms="count",
        expected="expected",
        sdsm_p="p_upper",
        sdsm_q=pl.Series(q, dtype=pl.Float64),
    )
