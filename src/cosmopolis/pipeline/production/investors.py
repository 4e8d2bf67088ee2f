"""Cities that the same investors have firms in: capital ties, from lists that name a firm's investors.

Where an investor sits is not known to these lists, nor how much it put in: a tie says that somebody bought
into firms of both cities.
"""

import polars as pl

from cosmopolis.firms.names import firm_forms
from cosmopolis.networks import cooccurrence
from cosmopolis.networks.links import LINKS, require

NETWORK = "investment"


def links(companies: pl.DataFrame) -> pl.DataFrame:
    """Link the cities whose firms have investors in common.

    An investor is known by the form of its name (`cosmopolis.firms.names`). With n_k the cities in which
    investor k has a firm, w_ij = Σ_k 1/(n_k − 1) over the investors in both: a city's links add up to its
    investors that are elsewhere too. `count` is the number of investors in common.

    Parameters
    ----------
    companies
        `source`, `year`, `city_id`, `investors` (lists of names).

    Returns
    -------
    links
        Undirected links `investment`; the field is the source, for two lists have not the same firms.

    Examples
    --------
    >>> firms = pl.DataFrame({"source": ["s"] * 3, "year": [2022] * 3, "city_id": [1, 2, 3],
    ...                       "investors": [["Oak Capital", "Elm"], ["Oak Capital LLC"], ["Elm Fund"]]})
    >>> links(firms).select("field", "origin", "destination", "weight", "count").rows()
    [('s', 1, 2, 1.0, 1)]
    """
    require(companies, ["source", "year", "city_id", "investors"], what="companies")
    told = companies.select("year", "city_id", field="source", item="investors").explode("item")
    named = told.with_columns(item=firm_forms(told["item"])).drop_nulls()
    if named.is_empty():
        return LINKS.to_frame()
    return cooccurrence.links(named, "fractional", network=NETWORK).links
