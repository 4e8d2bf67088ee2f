"""All measures of all networks in one table, by the registry of networks.

No formula here: see `centrality` and `concentration`.
"""

from collections.abc import Mapping, Sequence

import polars as pl

from cosmopolis.errors import UnknownNameError, hint_near
from cosmopolis.measures import centrality, concentration
from cosmopolis.networks.links import kind

NETWORK_MEASURES = pl.Schema(
    {
        "network": pl.String,
        "field": pl.String,
        "year": pl.Int64,
        "city_id": pl.Int64,
        "measure": pl.String,
        "value": pl.Float64,
    }
)
"""Columns of the table of measures."""


def network_measures(
    links: pl.DataFrame,
    *,
    nodes: Mapping[str, pl.Series] | None = None,
    measures: Sequence[str] | None = None,
) -> pl.DataFrame:
    """Measure every network, field and year in a frame of links.

    Parameters
    ----------
    links
        By `cosmopolis.networks.links.LINKS`, of any number of networks, fields and years.
    nodes
        For each network the cities that its source covers: those without a link have degree zero. Cities
        outside have no row, and no row is no data.
    measures
        Names of `centrality.measures_of` or `concentration.MEASURES`; those of a network that do not suit
        its kind are left out. All if none are given.

    Returns
    -------
    frame
        By `NETWORK_MEASURES`, sorted by all columns but the last.

    Raises
    ------
    UnknownNameError
        If a measure is not known for any kind of network.
    """
    every = {
        *centrality.measures_of(directed=True),
        *centrality.measures_of(directed=False),
        *concentration.MEASURES,
    }
    for name in measures or ():
        if name not in every:
            raise UnknownNameError(f"there is no measure {name!r}" + hint_near(name, every))
    frames = [NETWORK_MEASURES.to_frame()]
    keys = ["network", "field", "year"]
    for (network, field, year), group in links.sort(keys).group_by(keys, maintain_order=True):
        directed = kind(str(network), str(field)).directed
        central = [m for m in centrality.measures_of(directed=directed) if measures is None or m in measures]
        covered = None if nodes is None else nodes.get(str(network))
        parts = [
            centrality.table(group, directed=directed, nodes=covered, measures=central),
            concentration.table(group, directed=directed).filter(
                pl.lit(value=True) if measures is None else pl.col("measure").is_in(list(measures))
            ),
        ]
        frames.extend(
            part.select(
                pl.lit(network, dtype=pl.String).alias("network"),
                pl.lit(field, dtype=pl.String).alias("field"),
                pl.lit(year, dtype=pl.Int64).alias("year"),
                "city_id",
                "measure",
                "value",
            )
            for part in parts
        )
    return pl.concat(frames).sort("network", "field", "year", "city_id", "measure")
