"""Streams of random numbers that follow from a name and a seed, the same on every machine.

Nothing here knows what is drawn: see `index.draws` for weights and choices, the measures for records.
"""

import hashlib

import numpy as np

from cosmopolis.errors import SpecError


def stream(name: str, seed: int, *, block: int = 0) -> np.random.Generator:
    """Return the stream of random numbers of a name and a seed.

    Streams of different names, seeds or blocks are independent.

    Parameters
    ----------
    name
        What the numbers are for, such as `"weights"`.
    seed
        A whole number from 0.
    block
        Place of a block of rows that shares a stream, from 0.

    Raises
    ------
    SpecError
        If the seed is not a whole number from 0.

    Notes
    -----
    PCG64 started by NumPy's `SeedSequence` from the SHA-256 of the name, with the seed, and spawned by block.

    Examples
    --------
    >>> float(stream("weights", 7).random()) == float(stream("weights", 7).random())
    True
    >>> float(stream("weights", 7).random()) == float(stream("records", 7).random())
    False
    """
    if isinstance(seed, bool) or not isinstance(seed, int | np.integer) or seed < 0:
        raise SpecError(f"got seed = {seed!r}, but expected a whole number from 0")
    digest = hashlib.sha256(name.encode()).digest()
    words = [int.from_bytes(digest[at : at + 4], "big") for at in range(0, 16, 4)]
    start = np.random.SeedSequence(entropy=[*words, int(seed)], spawn_key=(block,))
    return np.random.Generator(np.random.PCG64(start))
