"""The command `network interlocking`: a roster of firms' offices in, links and connectivity of cities out.

Nothing is resolved here: cities are what the table calls them. Rosters of an edition become networks in
`cosmopolis.pipeline.production.services`.
"""

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import polars as pl

from cosmopolis.errors import CosmopolisError, FormatError
from cosmopolis.measures import interlocking as measures
from cosmopolis.networks import interlocking
from cosmopolis.networks.interlocking import Roster
from cosmopolis.pipeline.network_tables import read_rows, years_of
from cosmopolis.pipeline.resolving import write_table
from cosmopolis.settings import IntervalSettings, ProductionSettings

_NETWORK: Final = "interlocking"
_SECTOR_ROW: Final = "sector"
_ENDS: Final = 2


def interlocking_file(file: Path, *, out: Path | None, cities: Path | None) -> int:
    """Make the links between the cities of a roster, and the connectivity of each.

    Parameters
    ----------
    file
        CSV or Parquet: long, with `city`, `firm`, `value` and optionally `sector` and `year`; or a matrix,
        the cities in its first column, a column for each firm, and optionally a column `year` and a first row
        `sector`. Each year is a network of its own.
    out
        CSV or Parquet for the links `network, field, year, origin, destination, weight, count`, with
        `proportional`, `distance`, `sdsm_p` and `sdsm_q`; standard output if none is given.
    cities
        CSV or Parquet for each city, year and sector: see `cosmopolis.measures.interlocking.cities`.

    Raises
    ------
    UnknownNameError
        If a column is not there.
    FormatError
        If the file cannot be read, or a value is none, with the place; or if no roster has two cities.
    """
    frame = read_rows(file)
    rosters = list(_rosters(frame, file))
    _tell_lone_cities(rosters, file)
    links = [
        _links(roster).select(pl.lit(year, dtype=pl.Int64).alias("year"), pl.all())
        for year, roster in rosters
    ]
    network = pl.concat(links).select(
        pl.lit(_NETWORK).alias("network"), pl.lit(measures.ALL).alias("field"), pl.all()
    )
    write_table(network, out)
    _tell_odd_values(rosters)
    if cities is not None:
        settings = ProductionSettings()
        tables = [
            measures.cities(
                roster,
                draws=settings.draws,
                level=IntervalSettings().level,
                shift=settings.code_shift,
                ratio=settings.class_ratio,
                name=f"{settings.seed} {year}",
            ).select(pl.lit(year, dtype=pl.Int64).alias("year"), pl.all())
            for year, roster in rosters
        ]
        write_table(pl.concat(tables), cities)
    offices = sum(len(roster.value) for _, roster in rosters)
    places = pl.concat([roster.cities.cast(pl.String) for _, roster in rosters]).n_unique()
    firms = pl.concat([roster.firms.cast(pl.String) for _, roster in rosters]).n_unique()
    sys.stderr.write(
        f"cosmopolis: {offices} offices of {firms} firms in {places} cities gave {network.height} links\n"
    )
    return 0


def _tell_lone_cities(rosters: list[tuple[int | None, Roster]], file: Path) -> None:
    """Raise if no roster has two cities; say on standard error which years have none."""
    lone = [when for when, roster in rosters if len(roster.cities) < _ENDS]
    if len(lone) == len(rosters):
        label = rosters[0][1].cities[0]
        got = f"one city, {label!r}," if len(lone) == 1 else "one city in each year,"
        raise FormatError(
            f"{file} has {got} and a network needs two that share a firm; add the other cities where the "
            "firms have offices"
        )
    if lone:
        years = ", ".join(map(str, lone))
        sys.stderr.write(f"cosmopolis: no network of {years}: the roster has one city\n")


def _tell_odd_values(rosters: list[tuple[int | None, Roster]]) -> None:
    """Say on standard error how many values are no codes, and what is not given for that."""
    values = pl.concat([pl.Series(roster.value) for _, roster in rosters])
    above = values.filter(values > interlocking.LARGEST_VALUE).to_list()
    parts = values.filter((values <= interlocking.LARGEST_VALUE) & (values % 1 != 0))
    words = []
    if above:
        words.append(
            f"{len(above)} values lie outside 0 to {interlocking.LARGEST_VALUE} (the largest is "
            f"{max(above):g}; an edition sets such rows aside)"
        )
    if len(parts):
        words.append(f"{len(parts)} values are no whole numbers")
    if words:
        sys.stderr.write(
            f"cosmopolis: {' and '.join(words)}: connectivity counts them as they are, and the interval by "
            "codes is not given where they count\n"
        )


def _rosters(frame: pl.DataFrame, file: Path) -> Iterator[tuple[int | None, Roster]]:
    """Give the roster of each year, by year; one without a year where the table tells none."""
    frame = frame.rename({name: name.strip() for name in frame.columns})
    frame = frame.filter(~pl.all_horizontal(pl.all().is_null()))  # empty lines
    known = {name.lower(): name for name in frame.columns}
    is_long = bool({"firm", "value"} & set(known))
    if is_long:
        frame = frame.rename({name: low for low, name in known.items() if low in _COLUMNS})
    year = "year" if is_long else known.get("year")
    sectors = None if is_long else _sector_row(frame)
    if sectors is not None:
        frame = frame.slice(1)
    if frame.is_empty():
        raise FormatError(f"{file} has no rows below its header; expected offices, or a matrix of cities")
    country = known.get("country")
    rows = frame if country is None or is_long else frame.drop(country)
    for when, group in _by_year(rows, year, file):
        try:
            yield when, interlocking.roster(group, sectors=sectors)
        except CosmopolisError as error:
            of_year = "" if when is None else f", year {when}"
            raise type(error)(f"{file}{of_year}: {error}") from error


_COLUMNS: Final = ("city", "firm", "value", "sector", "year")


def _sector_row(frame: pl.DataFrame) -> dict[str, str] | None:
    """Return the sectors that the first row of a matrix tells."""
    first = frame.head(1)
    label = first.columns[0] if first.width else ""
    if first.is_empty() or str(first[label][0]).strip().lower() != _SECTOR_ROW:
        return None
    cells = first.drop(label).row(0, named=True)
    return {
        name: str(cell).strip()
        for name, cell in cells.items()
        if cell is not None and name.lower() not in {"country", "year"}
    }


def _by_year(frame: pl.DataFrame, year: str | None, file: Path) -> Iterator[tuple[int | None, pl.DataFrame]]:
    """Give the rows of each year."""
    if year is None or year not in frame.columns:
        yield None, frame
        return
    column = frame[year]
    if column.dtype == pl.String:
        column = years_of(column, file)
    if not column.dtype.is_integer():
        raise FormatError(f"{file}: column {year!r} is {column.dtype}, expected whole numbers")
    if column.null_count():
        at = int(column.is_null().arg_true()[0])
        raise FormatError(f"{file}: row {at + 1} has no year; fill it in, or take the column {year!r} out")
    rows = frame.drop(year)
    for when in column.unique().sort():
        yield int(when), rows.filter(column == when)


def _links(roster: Roster) -> pl.DataFrame:
    """Return the links of a roster, and what chance says of them where the roster is not too large."""
    found = interlocking.links(roster).rename({"firms": "count"})
    columns = ["origin", "destination", "weight", "count", "proportional", "distance"]
    if len(roster.cities) > interlocking.BACKBONE_CITIES:
        nothing = pl.lit(None, dtype=pl.Float64)
        sys.stderr.write(
            f"cosmopolis: {len(roster.cities)} cities are more than {interlocking.BACKBONE_CITIES}: sdsm_p "
            "and sdsm_q are left empty; `cosmopolis.networks.interlocking.backbone` makes them\n"
        )
        return found.select(*columns, nothing.alias("sdsm_p"), nothing.alias("sdsm_q"))
    chance = interlocking.backbone(roster).select("origin", "destination", "sdsm_p", "sdsm_q")
    both = found.join(chance, on=["origin", "destination"], how="left", maintain_order="left")
    return both.select(*columns, "sdsm_p", "sdsm_q")
