"""Compiled: rows to records. A record is written as its group, its number of cities and their codes.

Rows come in batches of any size in which items never descend, so that the rows of an item lie together; an
item that is cut by the end of a batch is carried over to the next. What a code stands for is not known here.
"""

import numpy as np
from numpy.typing import NDArray

from cosmopolis.engines._compiled import compiled

RECORDS, SINGLES, CAPPED, EVENTS, LARGEST = range(5)
"""Places of an account: records, those with one city, those above the cap, pair events, most cities."""

_SHORT = 32  # up to here sorting by insertion is quickest
_HASH = np.uint64(0x9E3779B97F4A7C15)
_SHIFT = np.uint64(32)
_LOW = np.uint64(0xFFFFFFFF)


@compiled
def code_integers(
    values: NDArray[np.int64],
    keys: NDArray[np.int64],
    codes: NDArray[np.int32],
    size: int,
    out: NDArray[np.int32],
) -> tuple[NDArray[np.int64], NDArray[np.int32], int]:
    """Give each value the number of distinct values seen before it, by an open hash table.

    `keys` and `codes` (−1 where free) have a power of two of slots; they are returned, grown if need be,
    with the number of distinct values.
    """
    mask = np.uint64(len(keys) - 1)
    last, code = np.int64(0), np.int32(-1)
    for row in range(len(values)):
        value = values[row]
        if code >= 0 and value == last:
            out[row] = code
            continue
        slot = ((np.uint64(value) * _HASH) >> _SHIFT) & mask
        while codes[slot] >= 0 and keys[slot] != value:
            slot = (slot + np.uint64(1)) & mask
        if codes[slot] < 0:
            codes[slot] = size
            keys[slot] = value
            size += 1
            if size * 2 > len(keys):
                more = len(keys) * 4
                new_keys = np.zeros(more, np.int64)
                new_codes = np.full(more, -1, np.int32)
                mask = np.uint64(more - 1)
                for old in range(len(keys)):
                    if codes[old] >= 0:
                        slot = ((np.uint64(keys[old]) * _HASH) >> _SHIFT) & mask
                        while new_codes[slot] >= 0:
                            slot = (slot + np.uint64(1)) & mask
                        new_codes[slot] = codes[old]
                        new_keys[slot] = keys[old]
                keys, codes = new_keys, new_codes
            code = np.int32(size - 1)
        else:
            code = codes[slot]
        last = value
        out[row] = code
    return keys, codes, size


@compiled
def sort_short(values: NDArray[np.uint64], size: int) -> None:
    """Sort the first values of an array, by insertion if they are few."""
    if size > _SHORT:
        values[:size].sort()
        return
    for right in range(1, size):
        value = values[right]
        left = right - 1
        while left >= 0 and values[left] > value:
            values[left + 1] = values[left]
            left -= 1
        values[left + 1] = value


@compiled
def _write_item(
    segment: NDArray[np.uint64],
    held: int,
    words: NDArray[np.uint32],
    at: int,
    cap: int,
    account: NDArray[np.int64],
) -> int:
    """Write the records of one item, whose rows are held as group and city; return the next free word."""
    sort_short(segment, held)
    row = 0
    while row < held:
        group = segment[row] >> _SHIFT
        head = at
        at += 2
        last = np.uint64(0)
        cities = 0
        while row < held and segment[row] >> _SHIFT == group:
            if cities == 0 or segment[row] != last:
                last = segment[row]
                words[at] = np.uint32(last & _LOW)
                at += 1
                cities += 1
            row += 1
        words[head] = np.uint32(group)
        words[head + 1] = np.uint32(cities)
        account[RECORDS] += 1
        if cities == 1:
            account[SINGLES] += 1
        elif cities > cap:
            account[CAPPED] += 1
        else:
            account[EVENTS] += cities * (cities - 1) // 2
        account[LARGEST] = max(account[LARGEST], cities)
    return at


@compiled
def group_rows(
    items: NDArray[np.int64],
    groups: NDArray[np.int32],
    cities: NDArray[np.int32],
    segment: NDArray[np.uint64],
    held: int,
    last: int,
    words: NDArray[np.uint32],
    at: int,
    cap: int,
    account: NDArray[np.int64],
) -> tuple[int, int, int, int]:
    """Write the records of all items but the last one of a batch, which is held back.

    Parameters
    ----------
    items, groups, cities
        The rows of the batch.
    segment, held, last
        The rows of the item that was held back, how many they are, and which item; `segment` has room for
        all rows of the batch besides.
    words, at
        Records as written so far and the next free word; three words a row must be free.
    cap
        Most cities that a record may have and still make pairs.
    account
        Counted up in place.

    Returns
    -------
    held, last, at, row
        As above, and the first row whose item is less than the one before it, −1 if there is none.
    """
    for row in range(len(items)):
        item = items[row]
        if held > 0 and item != last:
            if item < last:
                return held, last, at, row
            at = _write_item(segment, held, words, at, cap, account)
            held = 0
        last = item
        segment[held] = (np.uint64(groups[row]) << _SHIFT) | np.uint64(cities[row])
        held += 1
    return held, last, at, -1


@compiled
def write_rest(
    segment: NDArray[np.uint64],
    held: int,
    words: NDArray[np.uint32],
    at: int,
    cap: int,
    account: NDArray[np.int64],
) -> int:
    """Write the records of the item that was held back last; return the next free word."""
    if held == 0:
        return at
    return _write_item(segment, held, words, at, cap, account)
