"""Input-output table: flows recomputed by hand, node order sector-major."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from cosmopolis.errors import FormatError
from cosmopolis.records import admit
from cosmopolis.sources import icio_2022
from cosmopolis.sources.raw import Raw

COUNTRIES, SECTORS = ["XAA", "XBB"], ["A01", "B05"]
OUTPUT = np.array([100.0, 200.0, 50.0, 0.0])  # A01 XAA, A01 XBB, B05 XAA, B05 XBB
INPUTS = np.array([0.5, 0.25, 0.4, 0.0])
SHARES = np.array(
    [
        [0.6, 0.1, 0.0, 0.0],
        [0.1, 0.7, 0.5, 0.0],
        [0.3, 0.0, 0.5, 0.0],
        [0.0, 0.2, 0.0, 0.0],
    ]
)


def _read(folder: Path, part: str = "flows", **arrays: NDArray[np.generic] | list[str]) -> Raw:
    content = {"A": SHARES, "omb": INPUTS, "go": OUTPUT, "countries": COUNTRIES, "sectors": SECTORS} | arrays
    path = folder / icio_2022.FILE
    arrays_of: dict[str, Any] = {name: np.asarray(array) for name, array in content.items()}
    np.savez_compressed(path, **arrays_of)
    flows, inputs = icio_2022.read({icio_2022.FILE: path})
    return flows if part == "flows" else inputs


def test_flows_by_hand(tmp_path: Path) -> None:
    raw = _read(tmp_path)
    assert (raw.part, raw.table, raw.rows_in) == ("flows", "trade_flow", 4)
    frame = admit(raw).frame
    assert frame.select("row", "year", "origin", "sector").rows() == [
        (1, 2022, "XAA", "A01"),
        (2, 2022, "XBB", "A01"),
        (3, 2022, "XAA", "B05"),
        (4, 2022, "XBB", "B05"),
    ]
    assert frame["destinations"].to_list() == [COUNTRIES] * 4
    # Inputs bought: 50 and 20 by industries of XAA, 50 and 0 by those of XBB.
    assert np.allclose(frame["values_musd"].to_list(), [[30, 5], [15, 35], [25, 0], [0, 10]])


def test_a_flow_that_is_no_number_is_a_reject(tmp_path: Path) -> None:
    broken = SHARES.copy()
    broken[2, 1] = np.nan
    raw = _read(tmp_path, A=broken)
    assert raw.frame["row"].to_list() == [1, 2, 4]
    assert raw.rejects.select("row", "column", "value").rows() == [(3, "values_musd", "XAA B05")]


def test_inputs_by_hand(tmp_path: Path) -> None:
    """Inputs below 1/10,000 of the buyer's are told by country alone; nothing of them is lost."""
    shares = SHARES.copy()
    shares[[0, 1], 1] = [0.1 - 9e-5, 0.7 + 9e-5]  # A01 XBB buys 0.1 of A01 XAA: told
    shares[[1, 2], 2] = [0.5 - 8e-5, 0.5]
    shares[3, 2] = 8e-5  # B05 XAA buys so little of B05 XBB: not told
    raw = _read(tmp_path, "inputs", A=shares)
    assert (raw.part, raw.table, raw.rows_in) == ("inputs", "industry_inputs", 4)
    frame = admit(raw).frame
    assert frame.select("row", "country", "sector", "output_musd").rows() == [
        (1, "XAA", "A01", 100.0),
        (2, "XBB", "A01", 200.0),
        (3, "XAA", "B05", 50.0),
        (4, "XBB", "B05", 0.0),
    ]
    assert frame["origins"].to_list() == [
        ["XAA", "XBB", "XAA"],
        ["XAA", "XBB", "XBB"],
        ["XBB", "XAA", "XBB"],
        [],
    ]
    assert frame["origin_sectors"].to_list() == [
        ["A01", "A01", "B05"],
        ["A01", "A01", "B05"],
        ["A01", "B05", "rest"],
        [],
    ]
    bought = OUTPUT * INPUTS
    sums = [sum(values) for values in frame["values_musd"].to_list()]
    assert np.allclose(sums, bought)
    assert np.allclose(frame["values_musd"].to_list()[2], np.array([0.5 - 8e-5, 0.5, 8e-5]) * bought[2])


def test_inputs_that_are_no_number_are_a_reject(tmp_path: Path) -> None:
    broken = SHARES.copy()
    broken[2, 1] = np.nan
    raw = _read(tmp_path, "inputs", A=broken)
    assert raw.frame["row"].to_list() == [1, 3, 4]
    assert raw.rejects.select("row", "column", "value").rows() == [(2, "values_musd", "XBB A01")]


def test_sizes_that_do_not_match(tmp_path: Path) -> None:
    with pytest.raises(FormatError, match=r"has 'omb' of shape \(3,\) and type float64, but expected"):
        _read(tmp_path, omb=INPUTS[:3])


def test_objects_are_never_unpickled(tmp_path: Path) -> None:
    with pytest.raises(FormatError, match="cannot be read"):
        _read(tmp_path, countries=np.array([{"a": 1}, None], dtype=object))


def test_an_array_is_missing(tmp_path: Path) -> None:
    path = tmp_path / icio_2022.FILE
    np.savez(path, A=SHARES)
    with pytest.raises(FormatError, match="omb"):
        icio_2022.read({icio_2022.FILE: path})


def test_an_array_that_is_no_archive(tmp_path: Path) -> None:
    path = tmp_path / icio_2022.FILE
    with path.open("wb") as file:
        np.save(file, SHARES)
    with pytest.raises(FormatError, match="cannot be read"):
        icio_2022.read({icio_2022.FILE: path})
