"""Which role a city plays in its community and between communities.

Two numbers and a name: how strongly a city is tied within its own community, against the other cities there
(z), and how evenly its ties are spread over all communities (P). Communities come from elsewhere, see
`communities`; a role is as sure as they are.
"""

from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.typing import ArrayLike, NDArray
from scipy.sparse import csr_matrix

from cosmopolis.errors import SpecError
from cosmopolis.networks.links import check, nodes, require

ROLES = ("R1", "R2", "R3", "R4", "R5", "R6", "R7")
"""Ultra-peripheral, peripheral, non-hub connector, non-hub kinless; provincial, connector, kinless hub."""

_EQUAL = 1e-12  # relative: sums that differ by less differ by rounding alone

Floats = NDArray[np.float64]
Labels = NDArray[np.int64]


@dataclass(frozen=True, kw_only=True)
class Thresholds:
    """Where one role ends and the next begins.

    The defaults are those of Guimerà & Amaral (2005), *Nature* 433, 895–900, found there on metabolic
    networks without weights; they are a convention, not a law.

    Attributes
    ----------
    hub
        z from which a city is a hub.
    others
        Largest P of R1, R2 and R3; above the last, R4.
    hubs
        Largest P of R5 and R6; above the last, R7.
    """

    hub: float = 2.5
    others: tuple[float, float, float] = (0.05, 0.62, 0.80)
    hubs: tuple[float, float] = (0.30, 0.75)

    def __post_init__(self) -> None:
        """Raise if limits do not grow within 0 and 1."""
        for name, limits in (("others", self.others), ("hubs", self.hubs)):
            if list(limits) != sorted(set(limits)) or not all(0 <= limit <= 1 for limit in limits):
                raise SpecError(f"got {name} = {limits}, but expected limits of P that grow within 0 and 1")


DEFAULT = Thresholds()


def within_z(matrix: csr_matrix, labels: ArrayLike) -> Floats:
    """Return how far the ties of each vertex to its own community are from the mean there.

    z_i = (κ_i − mean) / sd, where κ_i = Σ_{j in the community of i} w_ij, and mean and standard deviation
    are those of κ over the community as a whole population (divisor n, not n − 1). Where all κ of a
    community are equal, in one of a single city above all, z = 0.

    Parameters
    ----------
    matrix
        n × n, row i the ties of i, going out if the network is directed; what lies on the diagonal counts.
    labels
        Community of each vertex, n whole numbers.

    Notes
    -----
    Guimerà & Amaral (2005), *Nature* 433, 895–900. The Brain Connectivity Toolbox for Matlab divides by
    n − 1, its Python version by n: the same network has other z there.

    Examples
    --------
    >>> path = csr_matrix(np.array([[0, 1, 0], [1, 0, 1], [0, 1, 0]]))
    >>> within_z(path, [1, 1, 1]).round(4).tolist()
    [-0.7071, 1.4142, -0.7071]
    """
    within, own = _ties(matrix, labels)
    inside = within[np.arange(len(own)), own]
    z = np.zeros(len(own))
    for label in range(within.shape[1]):
        members = own == label
        kappa = inside[members]
        if kappa.max() - kappa.min() > _EQUAL * kappa.max():
            z[members] = (kappa - kappa.mean()) / kappa.std(ddof=0)
    return z


def participation(matrix: csr_matrix, labels: ArrayLike) -> Floats:
    """Return how evenly the ties of each vertex are spread over all communities.

    P_i = 1 − Σ_s (κ_is / k_i)², where κ_is is the sum of its ties to community s and k_i that of all. P is
    0 where all ties go to one community, and where there is no tie; it stays below 1 − 1/(number of
    communities), which it reaches where they are spread evenly.

    Parameters
    ----------
    matrix, labels
        As for `within_z`.

    Examples
    --------
    >>> participation(csr_matrix(np.ones((3, 3))), [1, 1, 2]).round(4).tolist()
    [0.4444, 0.4444, 0.4444]
    """
    within, _ = _ties(matrix, labels)
    total = within.sum(axis=1, keepdims=True)
    shares = np.divide(within, total, out=np.zeros_like(within), where=total > 0)
    spread: Floats = np.where(total[:, 0] > 0, 1.0 - (shares * shares).sum(axis=1), 0.0)
    return np.maximum(spread, 0.0)


def role(z: Floats, p: Floats, *, thresholds: Thresholds = DEFAULT) -> list[str]:
    """Return the role of each z and P.

    A limit itself belongs to the role below it: P = 0.05 is R1; but z = 2.5 is a hub.

    Examples
    --------
    >>> role(np.array([0.0, 0.3, 2.5117]), np.array([0.0, 0.62, 0.5121]))
    ['R1', 'R2', 'R6']
    """
    others = np.searchsorted(thresholds.others, p, side="left")
    hubs = len(thresholds.others) + 1 + np.searchsorted(thresholds.hubs, p, side="left")
    return [ROLES[place] for place in np.where(z >= thresholds.hub, hubs, others)]


def table(
    links: pl.DataFrame, communities: pl.DataFrame, *, weighted: bool = True, thresholds: Thresholds = DEFAULT
) -> pl.DataFrame:
    """Give every city of one undirected network its z, its P and its role.

    Parameters
    ----------
    links
        Of one network, field and window; each pair once. Links of weight zero are none.
    communities
        `city_id`, `community`, as from `communities.find`.
    weighted
        Whether ties are weighed: then κ and k are sums of weights, else numbers of partners. In published
        work they are numbers of partners; where nearly every city has some tie to every other, weights tell
        more.
    thresholds
        See `Thresholds`.

    Returns
    -------
    frame
        `communities` with `within_z`, `participation`, `role`, sorted by `city_id`. A city without links
        has z = 0 and P = 0.

    Raises
    ------
    SpecError
        If a city with links has no community.

    Examples
    --------
    >>> from cosmopolis.networks.links import LINKS
    >>> ties = [(1, 2), (1, 3), (2, 3), (3, 4)]
    >>> rows = [("coauthorship", "ai", 2024, a, b, 1.0, 1) for a, b in ties]
    >>> links = pl.DataFrame(rows, schema=LINKS, orient="row")
    >>> found = table(links, pl.DataFrame({"city_id": [1, 2, 3, 4], "community": [1, 1, 1, 2]}))
    >>> found.filter(city_id=3).select(pl.col("participation").round(4), "role").rows()
    [(0.4444, 'R2')]
    """
    require(communities, ["city_id", "community"], what="communities")
    strong = check(links).filter(pl.col("weight") > 0).sort("origin", "destination")
    cities = communities.sort("city_id")
    ids = cities["city_id"]
    ends = nodes(strong)
    lost = ends.filter(~ends.is_in(ids.implode()))
    if len(lost):
        raise SpecError(
            f"{len(lost)} cities with links have no community, the first is {lost[0]}; "
            "give the partition of the whole network"
        )
    tails, heads = (ids.search_sorted(strong[end]).to_numpy() for end in ("origin", "destination"))
    weights = strong["weight"].to_numpy().astype(np.float64) if weighted else np.ones(strong.height)
    matrix = csr_matrix(
        (np.tile(weights, 2), (np.concatenate([tails, heads]), np.concatenate([heads, tails]))),
        shape=(len(ids), len(ids)),
    )
    labels = cities["community"].to_numpy()
    z, p = within_z(matrix, labels), participation(matrix, labels)
    return cities.with_columns(
        pl.Series("within_z", z, dtype=pl.Float64),
        pl.Series("participation", p, dtype=pl.Float64),
        pl.Series("role", role(z, p, thresholds=thresholds), dtype=pl.String),
    )


def _ties(matrix: csr_matrix, labels: ArrayLike) -> tuple[Floats, Labels]:
    """Return the ties of each vertex to each community, and the place of its own."""
    names, own = np.unique(np.asarray(labels), return_inverse=True)
    if matrix.shape != (len(own), len(own)):
        raise SpecError(
            f"got a matrix of {matrix.shape[0]} × {matrix.shape[1]} and {len(own)} labels, "
            "but expected n × n and n"
        )
    member = csr_matrix((np.ones(len(own)), (np.arange(len(own)), own)), shape=(len(own), len(names)))
    ties: Floats = (matrix @ member).toarray()
    return ties, own
