"""Great circles against published distances and another formula."""

import math
import tomllib
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cosmopolis.measures.distance import EARTH_RADIUS_KM, great_circle_km

GOLDEN: dict[str, Any] = tomllib.loads(
    (Path(__file__).parents[1] / "golden" / "measures.toml").read_text(encoding="utf-8")
)["distance"]
POINTS = st.tuples(st.floats(-90, 90), st.floats(-180, 180))


@pytest.mark.parametrize("name", ["quarter", "london_new_york"])
def test_known_distances(name: str) -> None:
    *point, km = GOLDEN[name]
    assert float(great_circle_km(*point)) == pytest.approx(km, abs=0.0005)


@given(POINTS, POINTS)
def test_agrees_with_the_angle_between_vectors(a: tuple[float, float], b: tuple[float, float]) -> None:
    def vector(point: tuple[float, float]) -> np.ndarray:
        lat, lon = map(math.radians, point)
        return np.array([math.cos(lat) * math.cos(lon), math.cos(lat) * math.sin(lon), math.sin(lat)])

    u, v = vector(a), vector(b)
    angle = math.atan2(float(np.linalg.norm(np.cross(u, v))), float(u @ v))
    # Near the antipode the haversine loses half its digits: a metre or so.
    assert float(great_circle_km(*a, *b)) == pytest.approx(EARTH_RADIUS_KM * angle, abs=0.01)
    assert float(great_circle_km(*a, *b)) == float(great_circle_km(*b, *a))


def test_shapes_broadcast_and_gaps_stay_gaps() -> None:
    latitudes = np.array([0.0, 10.0, np.nan])
    table = great_circle_km(latitudes[:, None], 0.0, latitudes[None, :], 0.0)
    assert table.shape == (3, 3)
    assert table[0, 0] == 0.0
    assert np.isnan(table[2]).all()
