"""How far apart points on the globe lie.

On a sphere: an ellipsoid differs by up to about half a per cent, less than the extent of a city.
"""

import numpy as np
from numpy.typing import ArrayLike, NDArray

from cosmopolis.places.geometry import EARTH_RADIUS_KM

__all__ = ["EARTH_RADIUS_KM", "great_circle_km"]


def great_circle_km(
    latitude: ArrayLike, longitude: ArrayLike, other_latitude: ArrayLike, other_longitude: ArrayLike
) -> NDArray[np.float64]:
    """Return the great-circle distance between points, by the haversine formula.

    d = 2 R arcsin √h with h = sin²(Δφ/2) + cos φ₁ cos φ₂ sin²(Δλ/2), latitudes φ, longitudes λ, and the mean
    radius R = 6371.009 km.

    Parameters
    ----------
    latitude, longitude, other_latitude, other_longitude
        Degrees; of any shapes that broadcast together.

    Returns
    -------
    distance_km
        Of the broadcast shape; not a number where a coordinate is not one.

    Notes
    -----
    Sinnott (1984), Virtues of the haversine, *Sky and Telescope* 68(2), 159. It stays exact for near
    points, where the arc cosine does not.

    Examples
    --------
    >>> round(float(great_circle_km(0.0, 0.0, 0.0, 90.0)), 4)
    10007.5575
    """
    phi, lam = np.radians(latitude), np.radians(longitude)
    other_phi, other_lam = np.radians(other_latitude), np.radians(other_longitude)
    half_phi, half_lam = np.sin((other_phi - phi) / 2.0), np.sin((other_lam - lam) / 2.0)
    h = half_phi**2 + np.cos(phi) * np.cos(other_phi) * half_lam**2
    distance_km: NDArray[np.float64] = 2.0 * EARTH_RADIUS_KM * np.arcsin(np.sqrt(np.clip(h, 0.0, 1.0)))
    return distance_km
