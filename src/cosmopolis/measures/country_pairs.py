"""A number for each pair of countries, such as a distance, as a matrix that trade can be laid over.

What the number is stands in `measures.political_distance`; pairs of cities are links (`networks.links`).
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.typing import NDArray

from cosmopolis.errors import FormatError
from cosmopolis.networks.links import require

Floats = NDArray[np.float64]


@dataclass(frozen=True, kw_only=True)
class Between:
    """A number for each pair of countries; of a country with itself there is none.

    Attributes
    ----------
    countries
        Each once, ascending.
    values
        Square, in their order, the same both ways; not a number where nothing is known, and on the diagonal.
    """

    countries: tuple[str, ...]
    values: Floats

    def __post_init__(self) -> None:
        """Raise if the matrix is not as it must be."""
        size = len(self.countries)
        if self.values.shape != (size, size) or list(self.countries) != sorted(set(self.countries)):
            raise FormatError(
                f"got {size} countries, {len(set(self.countries))} of them different, and a matrix of shape "
                f"{self.values.shape}; expected each country once, ascending, and a square matrix of them"
            )

    def at(self, countries: Sequence[str]) -> Floats:
        """Return the matrix of some countries, in their order; not a number where one is not known."""
        place = {country: number for number, country in enumerate(self.countries)}
        rows = np.array([place.get(country, -1) for country in countries], dtype=np.int64)
        found = np.full((len(countries), len(countries)), np.nan)
        known = np.flatnonzero(rows >= 0)
        found[np.ix_(known, known)] = self.values[np.ix_(rows[known], rows[known])]
        return found

    def table(self) -> pl.DataFrame:
        """Return `country`, `other`, `value`, both ways, sorted, of the pairs that are known."""
        row, column = np.nonzero(np.isfinite(self.values))
        names = pl.Series(self.countries, dtype=pl.String)
        return pl.DataFrame(
            {"country": names.gather(row), "other": names.gather(column), "value": self.values[row, column]}
        )


def between(pairs: pl.DataFrame, *, countries: Iterable[str] = ()) -> Between:
    """Make a matrix of a table of pairs.

    Parameters
    ----------
    pairs
        `country`, `other`, `value`; a pair in one order holds for both, and if it stands in both orders the
        mean is taken. Null is not known.
    countries
        Countries that the matrix must have besides.

    Examples
    --------
    >>> pairs = pl.DataFrame({"country": ["B", "B"], "other": ["A", "C"], "value": [2.0, 5.0]})
    >>> between(pairs).at(["A", "B"]).tolist()
    [[nan, 2.0], [2.0, nan]]
    """
    require(pairs, ["country", "other", "value"], what="pairs of countries")
    known = pairs.drop_nulls().filter(pl.col("country") != pl.col("other"))
    names = tuple(sorted({*known["country"], *known["other"], *countries}))
    place = {country: number for number, country in enumerate(names)}
    row = known["country"].replace_strict(place, return_dtype=pl.Int64).to_numpy().astype(np.int64)
    column = known["other"].replace_strict(place, return_dtype=pl.Int64).to_numpy().astype(np.int64)
    sums, counts = np.zeros((len(names), len(names))), np.zeros((len(names), len(names)))
    for first, second in ((row, column), (column, row)):
        np.add.at(sums, (first, second), known["value"].cast(pl.Float64).to_numpy())
        np.add.at(counts, (first, second), 1.0)
    values = np.full_like(sums, np.nan)
    np.divide(sums, counts, out=values, where=counts > 0)
    return Between(countries=names, values=values)
