"""OECD Inter-Country Input-Output table, year 2022: what each country's industries buy from each other's.

80 economies and 50 industries (ISIC Rev. 4 divisions and groups of them), without the rest of the world and
without final demand: an intermediate flow is a purchase by an industry, not by a household or a government.
Economies are named by ISO 3166-1 alpha-3.

The file is a NumPy archive of a model's benchmark and does not hold the flows themselves but

- `A[i, j]`, what share of node j's intermediate inputs comes from node i (columns sum to 1),
- `omb[j]`, the share of intermediate inputs in node j's output,
- `go[j]`, node j's gross output in million US dollars, and `z[i]`, what of node i's output is no
  intermediate sale,

so that the flow is Z[i, j] = A[i, j] * omb[j] * go[j]. (`s` is the model's own solution for `go`.) Looked at
in the file: row sums of Z are `go - z` within 2 million dollars; the gap comes from two nodes whose `omb`
was capped at 0.98 (pharmaceuticals of Iceland, air transport of Cyprus).

A node is an industry of a country, node = 80 * industry + country (sector-major). Looked at in the file: in
this order the largest producers of crude oil and gas are the United States, China, Saudi Arabia, Norway and
Russia, those of motor vehicles China, the United States, Germany, Japan and Korea, and every economy buys
36 % (Ireland) to 93 % of its inputs at home; in the other order oil comes from Chile, Czechia and Iceland
and home shares fall to 3 %. Imports from the rest of the world are missing, so home shares are a little too
high.

Both parts say the same flows: `flows` by seller, added up over the buying industries of a country, and
`inputs` by buyer, one by one. Most of the sixteen million flows are next to nothing, so that inputs below
1/10,000 of what the buyer buys (`SMALL`) are added up by country of origin, under the industry `REST`. They
are 1.7 % of the value of all inputs and 14 of 15 flows.
"""

import zlib
from collections.abc import Mapping
from pathlib import Path
from zipfile import BadZipFile

import numpy as np
import polars as pl
from numpy.typing import NDArray

from cosmopolis.sources.delimited import raw_block
from cosmopolis.sources.raw import Raw
from cosmopolis.sources.text import Reject, path_of, raw_of, read_bytes, wrong_format

SOURCE = "icio-2022"
YEAR = 2022
FILE = "bench_cache.npz"

SMALL = 1e-4
"""Share of a buyer's inputs below which an input is not told by industry."""

REST = "rest"
"""Stands for the industries of a country from each of which a buyer has less than that."""

_EXPECTED = "a NumPy archive with the arrays A, omb, go, countries and sectors of matching sizes"


def _arrays(path: Path) -> dict[str, NDArray[np.float64] | NDArray[np.str_]]:
    """Read the arrays that are needed and see that their kinds and sizes match."""
    read_bytes(path, source=SOURCE, expected=_EXPECTED)
    names = ("A", "omb", "go", "countries", "sectors")
    try:
        with path.open("rb") as file, np.load(file, allow_pickle=False) as archive:
            arrays = {name: archive[name] for name in names}
    except (BadZipFile, zlib.error, ValueError, EOFError, OSError, KeyError, TypeError) as error:
        raise wrong_format(SOURCE, path, f"cannot be read ({error})", _EXPECTED) from error
    nodes = arrays["countries"].size * arrays["sectors"].size
    shapes = {"A": (nodes, nodes), "omb": (nodes,), "go": (nodes,)}
    for name in names:
        array = arrays[name]
        kinds = "f" if name in shapes else "U"
        if array.dtype.kind not in kinds or array.shape != shapes.get(name, (array.size,)):
            got = f"has {name!r} of shape {array.shape} and type {array.dtype}"
            raise wrong_format(SOURCE, path, got, _EXPECTED)
    return arrays


def read(files: Mapping[str, Path]) -> tuple[Raw, ...]:
    r"""Read the part `flows` for the table `trade_flow` and `inputs` for `industry_inputs`.

    A row of `flows` is an origin (country and industry); its values are what the industries of each country
    buy from it, in million US dollars:

    .. math:: v_{(r,u),k} = \sum_q A_{(r,u),(q,k)} \, \mathrm{omb}_{(q,k)} \, \mathrm{go}_{(q,k)}

    with r, q industries and u, k countries, summed in the order of industries. A row of `inputs` is a buyer
    (q, k); its values are A · omb · go one by one, and what is left of each country of origin.

    Parameters
    ----------
    files
        `bench_cache.npz`.
    """
    arrays = _arrays(path_of(files, FILE, source=SOURCE))
    countries = [str(code) for code in arrays["countries"]]
    sectors = [str(code) for code in arrays["sectors"]]
    shares = np.asarray(arrays["A"], dtype=np.float64)
    output = np.asarray(arrays["go"], dtype=np.float64)
    bought = np.asarray(arrays["omb"], dtype=np.float64) * output
    return (
        _flows(shares, bought, countries, sectors),
        _inputs(shares, bought, output, countries, sectors),
    )


def _flows(
    shares: NDArray[np.float64], bought: NDArray[np.float64], countries: list[str], sectors: list[str]
) -> Raw:
    """Add up what each seller sells to the industries of each country."""
    width = len(countries)
    flows = np.zeros((len(shares), width))
    for start in range(0, len(shares), width):  # one buying industry after the other: a fixed order of sums
        buyers = slice(start, start + width)
        flows += shares[:, buyers] * bought[buyers]
    rows, rejects = [], list[Reject]()
    for node, values in enumerate(flows):
        sector, country = divmod(node, width)
        if np.isfinite(values).all():
            cells = (countries[country], sectors[sector], list(countries), values.tolist())
            rows.append((node + 1, YEAR, *cells))
        else:
            value = f"{countries[country]} {sectors[sector]}"
            rejects.append((node + 1, "values_musd", value, "values_musd has a value that is no number"))
    return raw_of(SOURCE, "flows", "trade_flow", rows, rejects)


def _inputs(
    shares: NDArray[np.float64],
    bought: NDArray[np.float64],
    output: NDArray[np.float64],
    countries: list[str],
    sectors: list[str],
) -> Raw:
    """Tell each buyer's inputs, the small ones by country of origin alone."""
    width = len(countries)
    values = shares.T * bought[:, np.newaxis]  # a row for each buyer
    sound = np.isfinite(values).all(axis=1)
    values[~sound] = 0.0
    told = (shares.T >= SMALL) & (values > 0)
    small = np.where(told, 0.0, values)
    rest = np.zeros((len(values), width))
    for start in range(0, len(values), width):  # one selling industry after the other
        rest += small[:, start : start + width]
    buyer, seller = np.nonzero(told)
    rest_buyer, rest_country = np.nonzero(rest > 0)
    names = pl.Series("sector", [*sectors, REST], dtype=pl.String)
    entries = pl.DataFrame(
        {
            "buyer": np.concatenate([buyer, rest_buyer]),
            "origins": pl.Series(countries).gather(np.concatenate([seller % width, rest_country])),
            "origin_sectors": names.gather(
                np.concatenate([seller // width, np.full(len(rest_buyer), len(sectors))])
            ),
            "values_musd": np.concatenate([values[told], rest[rest_buyer, rest_country]]),
        }
    )
    lists = entries.sort("buyer", maintain_order=True).group_by("buyer", maintain_order=True).agg(pl.all())
    nodes = np.arange(len(values))
    rows = pl.DataFrame(
        {
            "row": nodes + 1,
            "year": np.full(len(nodes), YEAR),
            "country": pl.Series(countries).gather(nodes % width),
            "sector": names.gather(nodes // width),
            "output_musd": output,
            "buyer": nodes,
        }
    ).filter(pl.Series(sound))
    empty = [pl.col(name).fill_null([]) for name in ("origins", "origin_sectors", "values_musd")]
    frame = rows.join(lists, on="buyer", how="left", maintain_order="left").with_columns(empty).drop("buyer")
    rejects = [
        (
            int(node) + 1,
            "values_musd",
            f"{countries[node % width]} {sectors[node // width]}",
            "values_musd has a value that is no number",
        )
        for node in nodes[~sound]
    ]
    return raw_block(SOURCE, "inputs", "industry_inputs", frame, rejects)
