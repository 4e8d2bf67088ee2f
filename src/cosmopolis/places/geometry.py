"""Distances on the sphere for finding places: as an expression, and the nearest of many points."""

import numpy as np
import polars as pl
from scipy.spatial import cKDTree

EARTH_RADIUS_KM = 6371.009
"""Mean radius of the Earth (IUGG), km."""


def unit_vectors(latitude: np.ndarray, longitude: np.ndarray) -> np.ndarray:
    """Points on the unit sphere, n x 3, from degrees; the chord between two gives their distance."""
    lat, lon = np.radians(latitude), np.radians(longitude)
    return np.column_stack((np.cos(lat) * np.cos(lon), np.cos(lat) * np.sin(lon), np.sin(lat)))


def chord_of(km: float) -> float:
    """Chord on the unit sphere that spans a great-circle distance in km."""
    return float(2.0 * np.sin(min(km / EARTH_RADIUS_KM, np.pi) / 2.0))


def km_of(chords: np.ndarray) -> np.ndarray:
    """Great-circle distance in km that a chord on the unit sphere spans."""
    return np.asarray(2.0 * EARTH_RADIUS_KM * np.arcsin(np.clip(chords / 2.0, 0.0, 1.0)))


def km_between(latitude: pl.Expr, longitude: pl.Expr, to_latitude: pl.Expr, to_longitude: pl.Expr) -> pl.Expr:
    """Great-circle distance in km between points in degrees, by the haversine formula.

    d = 2 R asin sqrt(sin²(Δφ/2) + cos φ₁ cos φ₂ sin²(Δλ/2)); null where a coordinate is null.
    """
    lat, to_lat = latitude.radians(), to_latitude.radians()
    half_lat, half_lon = (to_lat - lat) / 2, (to_longitude - longitude).radians() / 2
    inside = half_lat.sin().pow(2) + lat.cos() * to_lat.cos() * half_lon.sin().pow(2)
    return 2 * EARTH_RADIUS_KM * inside.clip(0, 1).sqrt().arcsin()


def nearest(
    latitude: np.ndarray, longitude: np.ndarray, to_latitude: np.ndarray, to_longitude: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """For each point `to`, the row of the nearest point and the distance to it in km."""
    tree = cKDTree(unit_vectors(latitude, longitude))
    chords, rows = tree.query(unit_vectors(to_latitude, to_longitude))
    return np.asarray(rows), km_of(np.asarray(chords))
